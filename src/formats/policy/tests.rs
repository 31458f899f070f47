//! Policies as people publish them, right and wrong, and every message.

use super::*;
use crate::registry::RegistryPolicy;
use proptest::prelude::*;

/// As the user guide shows it: another account may copy, and make repositories.
const GUIDE: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "ReplicationAccessCrossAccount",
            "Effect": "Allow",
            "Principal": {
                "AWS": "arn:aws:iam::111122223333:root"
            },
            "Action": [
                "ecr:CreateRepository",
                "ecr:ReplicateImage"
            ],
            "Resource": [
                "arn:aws:ecr:us-west-2:444455556666:repository/*"
            ]
        }
    ]
}"#;

fn good(text: &str) -> Policy {
    read(text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The problems of a text: message, label, and what they are about.
fn refused(text: &str) -> Vec<(String, String, String)> {
    let problems = read(text).expect_err("a refusal");
    problems.into_iter().map(|p| (p.message, p.label, text[p.span].to_string())).collect()
}

/// The only message for the guide's policy with something else in it.
fn refusal(from: &str, to: &str) -> String {
    let mut problems = refused(&GUIDE.replace(from, to));
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.remove(0).0
}

fn warnings(text: &str) -> Vec<(String, String)> {
    good(text).warnings.into_iter().map(|problem| (problem.message, text[problem.span].to_string())).collect()
}

fn allows(text: &str, account: &str, action: &str) -> bool {
    let here = "arn:aws:ecr:us-west-2:444455556666:repository/prod/api";
    RegistryPolicy::Statements(good(text).statements).allows(account, action, here)
}

#[test]
fn the_user_guides_policy_lets_the_account_copy_and_create() {
    let policy = good(GUIDE);
    assert_eq!(policy.warnings, []);
    assert_eq!(policy.statements[0].sid.as_deref(), Some("ReplicationAccessCrossAccount"));
    assert_eq!(policy.statements[0].accounts, ["111122223333"]);
    assert_eq!(policy.resources[0].value, "arn:aws:ecr:us-west-2:444455556666:repository/*");
    assert_eq!(&GUIDE[policy.resources[0].span.clone()], "\"arn:aws:ecr:us-west-2:444455556666:repository/*\"");
    assert!(allows(GUIDE, "111122223333", REPLICATE_IMAGE) && allows(GUIDE, "111122223333", CREATE_REPOSITORY));
    assert!(!allows(GUIDE, "111122223333", IMPORT_UPSTREAM_IMAGE) && !allows(GUIDE, "444455556666", REPLICATE_IMAGE));
}

#[test]
fn what_get_registry_policy_prints_is_read_with_its_places() {
    let printed = |policy: &str| serde_json::json!({ "registryId": "444455556666", "policyText": policy }).to_string();
    let text = printed(GUIDE);
    let policy = good(&text);
    assert_eq!(policy.statements, good(GUIDE).statements);
    assert_eq!(&text[policy.resources[0].span.clone()], r#"\"arn:aws:ecr:us-west-2:444455556666:repository/*\""#);
    let problems = refused(&printed(&GUIDE.replace("\"Effect\"", "\"effect\"")));
    assert_eq!(problems[0].0, "a statement needs `Effect`");
    assert_eq!(
        (problems[1].0.as_str(), problems[1].2.as_str()),
        ("unknown key `effect`, did you mean `Effect`?", r#"\"effect\""#)
    );
}

#[test]
fn principals_are_accounts_or_everyone() {
    let with = |principal: &str| {
        GUIDE.replace("{\n                \"AWS\": \"arn:aws:iam::111122223333:root\"\n            }", principal)
    };
    for principal in [
        "\"*\"",
        "{\"AWS\": \"*\"}",
        "{\"AWS\": \"111122223333\"}",
        "{\"AWS\": [\"999988887777\", \"arn:aws:iam::111122223333:root\"]}",
        "{\"AWS\": \"arn:aws-us-gov:iam::111122223333:root\"}",
    ] {
        assert!(allows(&with(principal), "111122223333", REPLICATE_IMAGE), "{principal}");
        assert_eq!(warnings(&with(principal)), [], "{principal}");
    }
    // A copy comes from the account's own service-linked role, which these are not.
    for principal in [
        "{\"AWS\": \"arn:aws:iam::111122223333:role/ecr-replication\"}",
        "{\"AWS\": \"arn:aws:iam::111122223333:user/ci\"}",
        "{\"AWS\": \"arn:aws:sts::111122223333:assumed-role/ci/x\"}",
        "{\"Service\": \"replication.ecr.amazonaws.com\"}",
    ] {
        let text = with(principal);
        assert!(!allows(&text, "111122223333", REPLICATE_IMAGE), "{principal}");
        let said = warnings(&text);
        assert!(said.len() == 1 && said[0].0.ends_with("is not the account itself, which replicates"), "{said:?}");
    }
    for (principal, message) in [
        ("\"111122223333\"", "the principal `111122223333` stands in an object"),
        ("{\"AWS\": \"11112222333\"}", "`11112222333` is no principal"),
        ("{\"AWS\": \"arn:aws:iam::*:root\"}", "`arn:aws:iam::*:root` is no principal"),
        ("{\"AWS\": \"arn:aws:iam::111122223333:role/*\"}", "`arn:aws:iam::111122223333:role/*` is no principal"),
        ("{\"AWS\": 111122223333}", "`AWS` is a string or a list of strings, found a number"),
        ("{\"AWS\": [111122223333]}", "`AWS` is a string, found a number; write \"111122223333\" in quotes"),
        ("{\"aws\": \"*\"}", "unknown key `aws`, did you mean `AWS`?"),
        ("[\"*\"]", "`Principal` is a string, found a list"),
    ] {
        let problems = refused(&with(principal));
        assert_eq!(problems[0].0, message);
    }
}

#[test]
fn actions_are_of_the_registry() {
    for (action, message) in
        [("ReplicateImage", "`ReplicateImage` is no action"), (":x", "`:x` is no action"), ("", "`` is no action")]
    {
        assert_eq!(refusal("ecr:ReplicateImage", action), message);
    }
    let text = GUIDE.replace("ecr:ReplicateImage", "ecr:ReplicateImages");
    let message = "no action `ecr:ReplicateImages`, did you mean `ecr:ReplicateImage`?";
    assert_eq!(warnings(&text), [(message.to_string(), "\"ecr:ReplicateImages\"".to_string())]);
    let text = GUIDE.replace("ecr:CreateRepository", "s3:GetObject");
    let message = "`s3:GetObject` has no meaning for a registry, which knows only `ecr:` actions";
    assert_eq!(warnings(&text), [(message.to_string(), "\"s3:GetObject\"".to_string())]);
    for fine in ["ecr:replicateimage", "ecr:*", "*", "ecr:Replicate*", "ecr:BatchGetImage"] {
        assert_eq!(warnings(&GUIDE.replace("ecr:ReplicateImage", fine)), [], "{fine}");
    }
}

#[test]
fn resources_are_repositories_of_a_registry() {
    let guide = "arn:aws:ecr:us-west-2:444455556666:repository/*";
    for (resource, fault) in [
        ("repository/prod", "it begins with `arn:`"),
        ("arn:amazon:ecr:us-west-2:444455556666:repository/*", "a partition is called `aws` or `aws-us-gov`"),
        ("arn:aws:s3:::bucket", "its service is `ecr`"),
        ("arn:aws:ecr:::repository/*", "it names a region and an account"),
        ("arn:aws:ecr:us-west-2:444455556666:prod/api", "it names a repository: `repository/..`"),
        ("arn:aws:ecr:us-west-2:44445555666:repository/x", "its account is twelve digits"),
        ("arn:aws:ecr:us-west-2", "parts are missing"),
    ] {
        assert_eq!(refusal(guide, resource), format!("`{resource}` is no ECR resource: {fault}"));
    }
    for fine in ["*", "arn:aws:ecr:*", "arn:aws:ecr:us-*:444455556666:repository/prod-?", "arn:*:ecr:*:*:*"] {
        assert_eq!(warnings(&GUIDE.replace(guide, fine)), [], "{fine}");
    }
}

#[test]
fn what_is_not_judged_is_said_and_read_the_safe_way() {
    let condition = "\"Effect\": \"Allow\", \"Condition\": {\"StringEquals\": {\"aws:PrincipalOrgID\": \"o-1\"}}";
    let text = GUIDE.replace("\"Effect\": \"Allow\"", condition);
    assert_eq!(warnings(&text)[0].0, "conditions are not judged: this statement never allows here");
    assert!(!allows(&text, "111122223333", REPLICATE_IMAGE));
    let text = text.replace("\"Allow\"", "\"Deny\"");
    assert_eq!(warnings(&text)[0].0, "conditions are not judged: this statement always denies here");
    assert!(good(&text).statements[0].conditional);
    // A condition without anything in it holds always.
    let text = GUIDE.replace("\"Effect\": \"Allow\"", "\"Effect\": \"Allow\", \"Condition\": {}");
    assert_eq!(warnings(&text), []);
    assert!(allows(&text, "111122223333", REPLICATE_IMAGE));
    let text = GUIDE.replace("repository/*", "repository/${aws:PrincipalAccount}/*");
    assert_eq!(warnings(&text)[0].0, "policy variables are not judged: this statement never allows here");
    assert_eq!(
        refusal("\"Effect\": \"Allow\"", "\"Effect\": \"Allow\", \"Condition\": []"),
        "`Condition` is an object, found a list"
    );
}

#[test]
fn the_opposites_of_keys_are_known_and_exclude_them() {
    let text = r#"{"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "NotAction": "ecr:Get*",
                   "NotResource": "arn:aws:ecr:us-west-2:444455556666:repository/dev/*"}}"#;
    let statement = &good(text).statements[0];
    assert!(statement.not_accounts && statement.not_actions && statement.not_resources && !statement.allow);
    assert_eq!(good(text).resources, []);
    for key in ["Principal", "Action", "Resource"] {
        let both = GUIDE.replace(&format!("\"{key}\":"), &format!("\"Not{key}\": \"*\", \"{key}\":"));
        assert_eq!(refused(&both)[0].0, format!("`{key}` and `Not{key}` exclude each other; keep one"));
        let none = GUIDE.replace(&format!("\"{key}\":"), "\"Condition\":");
        assert!(refused(&none).iter().any(|problem| problem.0 == format!("a statement needs `{key}`")));
    }
}

#[test]
fn every_problem_is_reported_in_file_order() {
    let text = r#"{"version": "2012-10-17", "Version": "2012-10-18", "Statement": [{"Sid": 1, "Effect": "allow",
        "Principal": "everyone", "Action": "replicate", "Resource": "all"}, []]}"#;
    let said: Vec<String> = refused(text).into_iter().map(|(message, ..)| message).collect();
    assert_eq!(
        said,
        [
            "unknown key `version`, did you mean `Version`?",
            "unknown `Version` `2012-10-18`, did you mean `2012-10-17`?",
            "`Sid` is a string, found a number; write \"1\" in quotes",
            "unknown `Effect` `allow`, did you mean `Allow`?",
            "the principal `everyone` stands in an object",
            "`replicate` is no action",
            "`all` is no ECR resource: it begins with `arn:`",
            "expected a statement, an object, found a list",
        ]
    );
    assert_eq!(refused("{}")[0].0, "a policy needs `Statement`");
    assert_eq!(refused("\"x\"")[0].0, "expected a policy, an object, found a string");
    assert_eq!(refused("{\"Statement\": [{\"Effect\": \"Allow\"}]}").len(), 3);
    assert_eq!(refused("{\"policyText\": 3}")[0].0, "`policyText` is a string that holds the document, found a number");
    let many = format!("{{\"Statement\": [{}]}}", vec!["1"; 100].join(","));
    assert_eq!(refused(&many).len(), crate::formats::MOST_PROBLEMS);
}

#[test]
fn a34_a_policy_has_10_240_characters_at_most() {
    let padded = |length: usize| format!("{GUIDE}{}", " ".repeat(length - GUIDE.chars().count()));
    assert_eq!(good(&padded(10_240)).warnings, []);
    let (message, label, _) = refused(&padded(10_241)).remove(0);
    assert_eq!(message, "10241 characters; the service takes at most 10,240 in a policy");
    assert_eq!(label, "fact A34");
}

fn near_policy() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "\"*\"",
        "\"Allow\"",
        "\"Deny\"",
        "\"111122223333\"",
        "\"arn:aws:iam::111122223333:root\"",
        "\"arn:\"",
        "[]",
        "\"ecr:*\"",
        "\"arn:aws:ecr:*\"",
        "\"::::::\"",
        "{\"AWS\": \"*\"}",
        "{\"AWS\": \"arn:aws:iam::1:x/\"}",
        "null",
        "{\"AWS\": [\"\", \"arn:aws:sts:::\"]}",
        "1",
        "\"é:${}\"",
        "[\"*\", \"ecr:é\"]",
        "{}",
    ]);
    let key = prop::sample::select(KEYS.to_vec());
    let statement = prop::collection::btree_map(key, value, 0..9).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        format!("{{{}}}", members.join(", "))
    });
    prop::collection::vec(statement, 0..3).prop_map(|list| format!("{{\"Statement\": [{}]}}", list.join(", ")))
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]{}\",:a1\\\\ é]{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn near_policies_are_read_or_refused_at_a_place_within_them(text in near_policy()) {
        let wrapped = serde_json::json!({ "policyText": text }).to_string();
        prop_assert_eq!(read(&text).is_ok(), read(&wrapped).is_ok());
        for text in [text, wrapped] {
            let problems = read(&text).map_or_else(|problems| problems, |policy| policy.warnings);
            prop_assert!(problems.iter().all(|problem| text.get(problem.span.clone()).is_some()));
        }
    }
}
