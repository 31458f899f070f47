use super::*;
use proptest::prelude::*;

fn settings() -> Settings {
    Settings { account: Some("111122223333".into()), region: Some("us-east-1".into()), ..Settings::default() }
}

fn refused(text: &str) -> (Option<Form>, Vec<String>) {
    let failure = read(text, &settings()).expect_err("refused");
    for problem in &failure.problems {
        assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
    }
    (failure.form, failure.problems.into_iter().map(|problem| problem.message).collect())
}

/// A template whose one replication rule copies to this account.
fn template(account: &str, more: &str) -> String {
    format!(
        "Resources:\n  R:\n    Type: AWS::ECR::ReplicationConfiguration\n    Properties:\n      \
         ReplicationConfiguration:\n        Rules:\n          - Destinations:\n              - Region: eu-west-1\n                \
         RegistryId: {account}\n{more}"
    )
}

fn account(account: &str, more: &str) -> Result<String, Vec<String>> {
    match read(&template(account, more), &settings()) {
        Ok((_, native)) => Ok(native.replications[0].rules[0].destinations[0].account.value.clone()),
        Err(failure) => Err(failure.problems.into_iter().map(|problem| problem.message).collect()),
    }
}

#[test]
fn the_form_is_told_by_what_is_in_the_file() {
    for (text, expected) in [
        (r#"{"rules": []}"#, Form::Replication),
        (r#"{"registryId": "111122223333", "replicationConfiguration": {"rules": []}}"#, Form::Registry),
        (
            "Resources:\n  A: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: ab } }\n",
            Form::CloudFormation,
        ),
        (r#"{"Version": "2012-10-17", "Statement": []}"#, Form::RegistryPolicy),
        ("\u{feff}{\"rules\": []}", Form::Replication),
        ("rules: []\n", Form::Replication),
    ] {
        assert_eq!(read(text, &settings()).expect("read").0, expected, "{text}");
    }
}

#[test]
fn what_is_of_no_form_says_what_would_be() {
    for (text, expected) in [
        ("{}", "nothing is recognised here"),
        ("[1]", "nothing is recognised here: a list and no object"),
        ("hello", "nothing is recognised here: a string and no object"),
        (r#"{"version": 4, "serial": 1, "lineage": "x", "resources": []}"#, "this is a state as Terraform stores it"),
        ("resource \"aws_ecr_repository\" \"a\" {\n}\n", "this is Terraform's source, whose values are not worked out"),
        ("apiVersion: v1\nkind: Pod\n", "nothing is recognised here"),
        ("", "expected a document, found an empty file"),
        ("{\"rules\": [}", "expected a value, found `}`"),
    ] {
        let (form, messages) = refused(text);
        assert_eq!((form, messages[0].as_str()), (None, expected), "{text}");
    }
    assert_eq!(refused("Resources: {}\n").1, ["no resource of this template is of ECR (`AWS::ECR::..`)"]);
    assert_eq!(refused(r#"{"format_version": "1.0"}"#).1, ["nothing is planned, or there: no resources"]);
}

#[test]
fn text_in_another_encoding_is_named() {
    let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(decode(utf16).expect_err("UTF-16").contains("PowerShell"));
    for unmarked in [b"{\0}\0".to_vec(), b"\0{\0}".to_vec()] {
        assert_eq!(decode(unmarked).expect_err("UTF-16"), "is UTF-16 text; save it as UTF-8");
    }
    assert_eq!(
        decode(b"{\"a\": \"\xe9\"}".to_vec()).expect_err("Latin-1"),
        "is not UTF-8 text: the byte at offset 7 is none"
    );
}

#[test]
fn a_file_may_not_be_endless() {
    let long = "#".repeat(MOST_YAML + 1);
    assert_eq!(refused(&long).1, ["10 MB; at most 10 MB are read"]);
    let many = format!("[{}0]", "0,".repeat(json::MOST_VALUES));
    assert_eq!(refused(&many).1, [format!("more than {} values", json::MOST_VALUES)]);
    assert_eq!(refused(&"{\"a\":".repeat(100_000)).1, ["nested deeper than 64 levels"]);
}

#[test]
fn an_account_may_be_said_in_every_way_that_is_known_before_deployment() {
    let parameters = "Parameters:\n  A: { Type: String, Default: 222233334444 }\n  L: { Type: CommaDelimitedList, \
                      Default: '333344445555,444455556666' }\nMappings:\n  M: { a: { b: '555566667777' } }\nConditions:\n  \
                      Yes: !Equals [!Ref A, '222233334444']\n  No: !Not [!Condition Yes]\n  Both: !And [!Condition Yes, \
                      !Condition No]\n  Either: !Or [!Condition Yes, !Condition No]\n";
    for (written, expected) in [
        ("'123456789012'", "123456789012"),
        ("123456789012", "123456789012"),
        ("089912345678", "089912345678"),
        ("!Ref AWS::AccountId", "111122223333"),
        ("{ Ref: AWS::AccountId }", "111122223333"),
        ("!Ref A", "222233334444"),
        ("!Sub '${A}'", "222233334444"),
        ("!Sub ['${X}', { X: !Ref A }]", "222233334444"),
        ("{ 'Fn::Join': ['', ['1234', '56789012']] }", "123456789012"),
        ("!Select [1, !Ref L]", "444455556666"),
        ("!Select [0, !Split [':', '666677778888:x']]", "666677778888"),
        ("!FindInMap [M, a, b]", "555566667777"),
        ("!If [Yes, '123456789012', !ImportValue x]", "123456789012"),
        ("!If [No, '123456789012', !Ref A]", "222233334444"),
        ("!If [Both, '123456789012', !Ref A]", "222233334444"),
        ("!If [Either, '123456789012', !Ref A]", "123456789012"),
    ] {
        assert_eq!(account(written, parameters), Ok(expected.to_string()), "{written}");
    }
}

#[test]
fn a_mapping_may_have_a_default() {
    let mappings = "Mappings:\n  M: { a: { b: '555566667777' } }\n";
    for (written, expected) in [
        ("!FindInMap [M, a, b, { DefaultValue: x }]", Ok("555566667777")),
        ("!FindInMap [M, z, b, { DefaultValue: !Ref AWS::AccountId }]", Ok("111122223333")),
        ("!FindInMap [M, z, b, x]", Err("`Fn::FindInMap` takes a list of 3")),
    ] {
        let expected = expected.map(str::to_string).map_err(|message| vec![message.to_string()]);
        assert_eq!(account(written, mappings), expected, "{written}");
    }
}

/// The resources of a template.
fn resources(resources: &str) -> Result<Native, Vec<String>> {
    match read(&format!("Resources:\n{resources}"), &settings()) {
        Ok((_, native)) => Ok(native),
        Err(failure) => Err(failure.problems.into_iter().map(|problem| problem.message).collect()),
    }
}

#[test]
fn what_no_simulation_uses_need_not_be_known() {
    let native = resources(
        "  Role:\n    Type: AWS::IAM::Role\n    Properties: { A: !ImportValue a, B: '{{resolve:ssm:/b}}', C: !Nope c }\n  \
         Repo:\n    Type: AWS::ECR::Repository\n    Properties:\n      RepositoryName: ab\n      \
         ImageScanningConfiguration: { ScanOnPush: !If [Nope, true, false] }\n      \
         EncryptionConfiguration: { EncryptionType: KMS, KmsKey: !GetAtt Key.Arn }\n      \
         EmptyOnDelete: !Ref Nobody\n      Tags: [{ Key: a, Value: !ImportValue b }]\n      \
         RepositoryPolicyText: { Statement: [{ Principal: { AWS: !ImportValue c } }] }\n      \
         LifecyclePolicy:\n        RegistryId: !ImportValue d\n        LifecyclePolicyText: '{\"rules\": [{\"rulePriority\": 1, \
         \"selection\": {\"tagStatus\": \"any\", \"countType\": \"imageCountMoreThan\", \"countNumber\": 3}, \"action\": \
         {\"type\": \"expire\"}}]}'\n  \
         Cache:\n    Type: AWS::ECR::PullThroughCacheRule\n    Properties:\n      { EcrRepositoryPrefix: hub, \
         UpstreamRegistryUrl: registry-1.docker.io, CredentialArn: !Ref Secret, CustomRoleArn: !GetAtt Role.Arn }\n  \
         Scan:\n    Type: AWS::ECR::RegistryScanningConfiguration\n    Condition: Nope\n    Properties: !ImportValue e\n  \
         Fn::ForEach::Topics: [T, [a, b], { 'T${T}': { Type: AWS::SNS::Topic } }]\n",
    );
    let native = native.expect("everything that is used is written out");
    assert_eq!((native.repositories.len(), native.lifecycles.len(), native.caches.len()), (1, 1, 1));
    let warnings: Vec<&str> = native.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        warnings,
        [
            "the repository policy of `Repo` is left out",
            "`Scan` is left out: AWS::ECR::RegistryScanningConfiguration is not read"
        ]
    );
}

#[test]
fn what_a_simulation_uses_must_be_known_and_is_named_with_its_place() {
    for (written, expected) in [
        ("RepositoryName: !Sub '${Nobody}-app'", "the template has no parameter or resource `Nobody`"),
        ("RepositoryName: !If [Nope, a, b]", "no condition `Nope`"),
        (
            "{ RepositoryName: ab, ImageTagMutability: !ImportValue m }",
            "`m` is exported by another stack, and not known here",
        ),
        (
            "{ RepositoryName: ab, LifecyclePolicy: { LifecyclePolicyText: !ImportValue l } }",
            "`l` is exported by another stack, and not known here",
        ),
        ("ImageTagMutability: MUTABLE", "`A` has no `RepositoryName`: it gets a name at deployment"),
        ("{ RepositoryName: ab, ImageScaning: {} }", "unknown key `ImageScaning`"),
    ] {
        let text = format!("  A:\n    Type: AWS::ECR::Repository\n    Properties:\n      {written}\n");
        assert_eq!(resources(&text).err(), Some(vec![expected.to_string()]), "{written}");
    }
    let looped = "  Fn::ForEach::R: [R, [a, b], { 'R${R}': { Type: AWS::ECR::Repository } }]\n";
    let messages = resources(looped).expect_err("loops are not expanded");
    assert_eq!(messages, ["`Fn::ForEach::R` is expanded at deployment, and not here"]);
}

#[test]
fn a_part_of_a_template_is_told_from_other_files() {
    for text in [
        "Replication:\n  Type: AWS::ECR::ReplicationConfiguration\n  Properties: {}\n",
        "Type: AWS::ECR::ReplicationConfiguration\nProperties: {}\n",
        r#"{"Replication": {"Type": "AWS::ECR::ReplicationConfiguration"}}"#,
    ] {
        assert_eq!(refused(text), (None, vec!["this is a part of a CloudFormation template".to_string()]), "{text}");
    }
}

#[test]
fn what_only_a_deployment_knows_is_said_once_and_never_guessed() {
    for (written, expected) in [
        ("!ImportValue Shared-Account", "`Shared-Account` is exported by another stack, and not known here"),
        ("!Ref Nobody", "the template has no parameter or resource `Nobody`"),
        ("!Ref AWS::StackName", "`AWS::StackName` is known at deployment only"),
        ("!Sub '${Nobody}'", "the template has no parameter or resource `Nobody`"),
        ("!Sub '${R.Arn}'", "`Arn` of `R` is known at deployment only"),
        ("!Ref R", "the resource `R` gets its name at deployment"),
        ("!Ref S", "the parameter `S` is stored elsewhere, under `/a`"),
        ("'{{resolve:ssm:/a}}'", "`{{resolve:ssm:/a}}` is looked up at deployment"),
        ("!FindInMap [M, a, b]", "the mappings have no `M` > `a` > `b`"),
        ("!If [C, a, b]", "no condition `C`"),
        ("!Cidr [a, 1, 2]", "`Fn::Cidr` is worked out at deployment, and not known here"),
        ("!Join ['', [!Ref Nobody, x]]", "the template has no parameter or resource `Nobody`"),
        ("!Select [9, [a]]", "there is no item 9 of 1"),
        ("!Sub '${'", "`${` without its `}`"),
        ("!Join x", "`Fn::Join` takes a list of 2"),
        ("011112222333", "`011112222333` without quotes is an octal number; write \"011112222333\" in quotes"),
    ] {
        let more = "Parameters:\n  S: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /a }\n";
        assert_eq!(account(written, more), Err(vec![expected.to_string()]), "{written}");
    }
}

#[test]
fn a_hole_of_sub_is_marked_itself() {
    let text = template("!Sub 'x${Nobody}'", "");
    let failure = read(&text, &settings()).expect_err("open");
    assert_eq!(&text[failure.problems[0].span.clone()], "${Nobody}");
}

#[test]
fn templates_that_refer_to_themselves_or_double_come_to_an_end() {
    let mut loops = String::from("  A:\n    Type: AWS::ECR::Repository\n    Properties: { RepositoryName: !Ref A }\n");
    assert_eq!(account("!Ref A", &loops), Err(vec!["this refers to itself, or too deep".into()]));
    loops = "Conditions: { C: !Not [!Condition C] }\n".into();
    assert_eq!(account("!If [C, a, b]", &loops), Err(vec!["this refers to itself, or too deep".into()]));
    let repository = |index: usize, name: &str| {
        format!("  A{index}:\n    Type: AWS::ECR::Repository\n    Properties:\n      RepositoryName: {name}\n")
    };
    let mut doubling = repository(0, "ab");
    for index in 1..40 {
        doubling += &repository(index, &format!("!Sub '${{A{}}}${{A{}}}'", index - 1, index - 1));
    }
    let problems = account("'123456789012'", &doubling).expect_err("too long");
    assert!(
        problems.iter().all(|message| message.contains("more than") || message.contains("too deep")),
        "{problems:?}"
    );
}

#[test]
fn a_lifecycle_in_a_template_is_judged_where_it_stands() {
    let text = "Resources:\n  A:\n    Type: AWS::ECR::Repository\n    Properties:\n      RepositoryName: ab\n      \
                LifecyclePolicy:\n        LifecyclePolicyText: |\n          {\"rules\": [{\"rulePriority\": 1, \"selection\": \
                {\"tagStatus\": \"sometimes\", \"countType\": \"imageCountMoreThan\", \"countNumber\": 3},\n           \
                \"action\": {\"type\": \"expire\"}}]}\n";
    let failure = read(text, &settings()).expect_err("no such status");
    assert!(failure.problems[0].message.contains("unknown `tagStatus` `sometimes`"), "{:?}", failure.problems);
    assert_eq!(&text[failure.problems[0].span.clone()], "\"sometimes\"");
}

#[test]
fn keys_are_those_of_the_form() {
    let text = template("'123456789012'", "            repositoryFilters: []\n");
    let (form, messages) = refused(&text);
    assert_eq!(form, Some(Form::CloudFormation));
    assert_eq!(messages, ["unknown key `repositoryFilters`, did you mean `RepositoryFilters`?"]);
}

/// Texts that are nearly something.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("Resources:\n  R:\n    Type: AWS::ECR::ReplicationConfiguration\n    Properties:\n".to_string()),
        Just("      ReplicationConfiguration: ".to_string()),
        Just("{ Rules: [{ Destinations: [!Ref A] }] }\n".to_string()),
        Just("{\"planned_values\": {\"root_module\": {\"resources\": [".to_string()),
        Just("{\"address\": \"a\", \"type\": \"aws_ecr_repository\", \"values\": {\"name\": ".to_string()),
        Just("!Sub '${A}${".to_string()),
        Just("!Join [a, [b, c]]".to_string()),
        Just("{\"rules\": [{\"destinations\": [{}]}]}".to_string()),
        Just("\"lifecyclePolicyText\": \"{\\\"rules\\\": [\"".to_string()),
        "[ \\n:{}\\[\\],\"'&*!0-9a-z]{0,12}",
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_makes_a_reader_panic(text in nearly()) {
        if let Err(failure) = read(&text, &settings()) {
            prop_assert!(!failure.problems.is_empty());
            for problem in failure.problems {
                prop_assert!(text.get(problem.span.clone()).is_some(), "{:?}", problem);
            }
        }
    }

    #[test]
    fn a_broken_file_makes_no_reader_panic(file in 0..5usize, at in 0..6000usize, byte in "[ \\n:{}\\[\\],\"'0a]?") {
        let file = ["multi-region.yaml", "literal.json", "terraform-plan.json", "get-lifecycle-policy.json", "imports.yaml"][file];
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(file);
        let mut text = std::fs::read_to_string(path).expect("a test's file");
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        match byte.is_empty() {
            true => text.truncate(at),
            false => text.insert_str(at, &byte),
        }
        let _ = read(&text, &settings());
    }
}
