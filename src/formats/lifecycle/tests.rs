//! Policies as people publish them, right and wrong, and every message.

use super::*;
use proptest::prelude::*;

/// A policy of one rule.
fn one(selection: &str, action: &str) -> String {
    format!(
        r#"{{"rules": [{{"rulePriority": 1, "description": "a rule of a policy that is long enough for the interface",
            "selection": {{{selection}}}, "action": {{{action}}}}}]}}"#
    )
}

const EXPIRE: &str = r#""type": "expire""#;
const ARCHIVE: &str = r#""type": "transition", "targetStorageClass": "archive""#;

fn rule(selection: &str, action: &str) -> LifecycleRule {
    let read = read(&one(selection, action)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(read.warnings, []);
    read.policy.rules[0].clone()
}

/// The problems of a text: message, label, and what they are about.
fn refused(text: &str) -> Vec<(String, String, String)> {
    let problems = read(text).expect_err("a refusal");
    problems.into_iter().map(|p| (p.message, p.label, text[p.span].to_string())).collect()
}

/// The only message and label of a policy of one rule.
fn refusal(selection: &str, action: &str) -> (String, String) {
    let mut problems = refused(&one(selection, action));
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let (message, label, _) = problems.remove(0);
    (message, label)
}

#[test]
fn the_user_guides_examples_are_read() {
    let untagged = |more: &str| rule(&format!(r#""tagStatus": "untagged", {more}"#), EXPIRE);
    assert_eq!(
        untagged(r#""countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14"#),
        LifecycleRule::expire(1, Selection::Untagged, Count::DaysSincePush(14))
    );
    assert_eq!(
        untagged(r#""countType": "imageCountMoreThan", "countNumber": 1"#),
        LifecycleRule::expire(1, Selection::Untagged, Count::MoreThan(1))
    );
    let patterns = r#""tagStatus": "tagged", "tagPatternList": ["alpha*", "beta*"], "countType": "sinceImagePushed",
                      "countNumber": 5, "countUnit": "days""#;
    let both = Selection::Patterns(vec![Patterns(vec!["alpha*".into()]), Patterns(vec!["beta*".into()])]);
    assert_eq!(rule(patterns, EXPIRE), LifecycleRule::expire(1, both, Count::DaysSincePush(5)));
    let prefixes =
        r#""tagStatus": "tagged", "tagPrefixList": ["prod"], "countType": "imageCountMoreThan", "countNumber": 2"#;
    let prod = Selection::Prefixes(vec!["prod".into()]);
    assert_eq!(rule(prefixes, EXPIRE), LifecycleRule::expire(1, prod, Count::MoreThan(2)));
    let unpulled = r#""tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 90"#;
    let archived = LifecycleRule {
        action: LifecycleAction::Archive,
        ..LifecycleRule::expire(1, Selection::Any, Count::DaysSincePull(90))
    };
    assert_eq!(rule(unpulled, ARCHIVE), archived);
    let old = r#""tagStatus": "any", "storageClass": "archive", "countType": "sinceImageTransitioned",
                 "countUnit": "days", "countNumber": 365"#;
    let expired = LifecycleRule {
        class: StorageClass::Archive,
        ..LifecycleRule::expire(1, Selection::Any, Count::DaysSinceTransition(365))
    };
    assert_eq!(rule(old, EXPIRE), expired);
}

const THREE: &str = r#"{
    "rules": [
        {
            "rulePriority": 20,
            "description": "everything else goes after a while",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 30},
            "action": {"type": "expire"}
        },
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "tagged", "tagPatternList": ["prod*"], "countType": "imageCountMoreThan", "countNumber": 9},
            "action": {"type": "expire"}
        },
        {
            "rulePriority": 2,
            "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1},
            "action": {"type": "expire"}
        }
    ]
}"#;

#[test]
fn rules_come_in_the_order_of_their_priority() {
    let policy = read(THREE).expect("a policy").policy;
    let priorities: Vec<u32> = policy.rules.iter().map(|rule| rule.priority).collect();
    assert_eq!(priorities, [1, 2, 20]);
}

#[test]
fn what_get_lifecycle_policy_prints_is_read_with_its_places() {
    let printed = |policy: &str| {
        serde_json::json!({ "registryId": "111122223333", "repositoryName": "api", "lifecyclePolicyText": policy })
            .to_string()
    };
    assert_eq!(read(&printed(THREE)).expect("a policy"), read(THREE).expect("a policy"));
    let problems = refused(&printed(&THREE.replace("expire", "expier")));
    assert_eq!(problems.len(), 3);
    assert_eq!(problems[0].0, "rule of priority 20: unknown `type` `expier`, did you mean `expire`?");
    assert_eq!(problems[0].2, r#"\"expier\""#);
    let problems = refused(r#"{"lifecyclePolicyText": {"rules": []}}"#);
    assert_eq!(problems[0].0, "`lifecyclePolicyText` is a string that holds the document, found an object");
}

#[test]
fn b1_a_list_of_tags_goes_with_tagged_and_one_is_wanted() {
    let count = r#""countType": "imageCountMoreThan", "countNumber": 1"#;
    let tagged = |list: &str| refusal(&format!(r#""tagStatus": "tagged", {list}{count}"#), EXPIRE);
    assert_eq!(
        tagged(""),
        (
            "rule of priority 1: `tagStatus` \"tagged\" wants `tagPatternList` or `tagPrefixList`".into(),
            "fact B1".into()
        )
    );
    let both = tagged(r#""tagPrefixList": ["a"], "tagPatternList": ["b*"], "#);
    assert_eq!(both.0, "rule of priority 1: `tagPrefixList` and `tagPatternList` exclude each other; keep one");
    assert_eq!(
        tagged(r#""tagPatternList": [], "#).0,
        "rule of priority 1: `tagPatternList` is empty; it holds at least one"
    );
    assert_eq!(
        tagged(r#""tagPrefixList": [""], "#).0,
        "rule of priority 1: an empty text in `tagPrefixList` selects nothing"
    );
    assert_eq!(tagged(r#""tagPatternList": ["!v*"], "#).0, "rule of priority 1: no tag holds `!`");
    let any = refusal(&format!(r#""tagStatus": "any", "tagPrefixList": ["v"], {count}"#), EXPIRE);
    let message = "rule of priority 1: `tagPrefixList` goes with `tagStatus` \"tagged\", not with \"any\"";
    assert_eq!(any, (message.into(), "fact B1".into()));
    let untagged = refusal(&format!(r#""tagStatus": "untagged", "tagPatternList": ["v"], {count}"#), EXPIRE);
    assert!(untagged.0.ends_with("not with \"untagged\""));
}

#[test]
fn b2_b6_and_priorities_are_judged_over_all_rules() {
    let said = |text: &str| -> Vec<(String, String)> {
        refused(text).into_iter().map(|(message, label, _)| (message, label)).collect()
    };
    let expected = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(message, label)| (message.to_string(), label.to_string())).collect()
    };
    let after = "a rule for any image has the highest priority number of its storage class";
    let same = "rule of priority 1: another rule has this priority; each rule needs its own";
    let first = format!("rule of priority 1: {after}");
    let mut found = said(&THREE.replace("20", "1"));
    found.sort();
    assert_eq!(found, expected(&[(&first, "fact B2"), (same, "fact B7")]));
    let message = "rule of priority 20: another rule is for any image; one in each storage class can be";
    assert_eq!(said(&THREE.replace("\"untagged\"", "\"any\"")), expected(&[(message, "fact B2")]));
    let twice = THREE.replace("\"tagged\", \"tagPatternList\": [\"prod*\"]", "\"untagged\"");
    let message = "rule of priority 2: another rule is for untagged images; one in each storage class can be";
    assert_eq!(said(&twice), expected(&[(message, "fact B6")]));
    let prefixes = |list: &str| {
        let list = format!("\"tagStatus\": \"tagged\", \"tagPrefixList\": {list}");
        let text = THREE.replace("\"tagPatternList\": [\"prod*\"]", "\"tagPrefixList\": [\"v\", \"prod\"]");
        text.replace("\"tagStatus\": \"untagged\"", &list)
    };
    let message = "rule of priority 2: another rule of this storage class lists the same prefixes";
    assert_eq!(said(&prefixes("[\"prod\", \"v\", \"v\"]")), expected(&[(message, "fact B6")]));
    // O9, B2: lists that overlap are legal, and so is one rule for `any` image in each class.
    assert_eq!(read(&prefixes("[\"prod\"]")).map(|read| read.policy.rules.len()), Ok(3));
    let archived = "\"any\", \"storageClass\": \"archive\", \"countType\": \"sinceImageTransitioned\"";
    let classes = THREE
        .replace("\"untagged\", \"countType\": \"sinceImagePushed\"", archived)
        .replace("\"countNumber\": 1}", "\"countNumber\": 90}");
    assert_eq!(read(&classes).map(|read| read.policy.rules.len()), Ok(3));
}

#[test]
fn b3_a_pattern_has_four_wildcards_at_most() {
    let of = |pattern: &str| {
        format!(
            r#""tagStatus": "tagged", "tagPatternList": ["{pattern}"], "countType": "imageCountMoreThan", "countNumber": 1"#
        )
    };
    rule(&of("*a*b*c*"), EXPIRE);
    let refused = refusal(&of("*a*b*c*d*"), EXPIRE);
    assert_eq!(
        refused,
        ("rule of priority 1: 5 wildcards in a tag pattern; the service takes at most 4".into(), "fact B3".into())
    );
}

#[test]
fn b4_b5_counts_fit_their_class_and_action() {
    let since = |kind: &str, days: u32, class: &str| {
        format!(r#""tagStatus": "any", {class}"countType": "{kind}", "countUnit": "days", "countNumber": {days}"#)
    };
    let archive = r#""storageClass": "archive", "#;
    for (selection, action, message, label) in [
        (
            since("sinceImagePulled", 30, ""),
            EXPIRE,
            "days since the last pull can only archive an image, not expire it",
            "fact B5",
        ),
        (
            since("sinceImageTransitioned", 100, ""),
            EXPIRE,
            "days since the transition are counted only over the archive storage class",
            "fact B4",
        ),
        (
            since("sinceImageTransitioned", 100, archive),
            ARCHIVE,
            "days since the transition can only expire an image; it is archived already",
            "fact B5",
        ),
        (
            since("sinceImageTransitioned", 89, archive),
            EXPIRE,
            "89 days in the archive; the service takes at least 90",
            "fact B5",
        ),
        (
            since("sinceImagePushed", 89, archive),
            EXPIRE,
            "archived images are counted only by days since their transition",
            "fact B4",
        ),
    ] {
        assert_eq!(refusal(&selection, action), (format!("rule of priority 1: {message}"), label.into()));
    }
    rule(&since("sinceImagePushed", 30, ""), ARCHIVE);
    rule(&since("sinceImageTransitioned", 90, archive), EXPIRE);
}

#[test]
fn b5_a_transition_names_its_target() {
    let any = r#""tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1"#;
    let (message, label) = refusal(any, r#""type": "transition""#);
    assert_eq!(message, "rule of priority 1: the action `transition` wants `targetStorageClass` \"archive\"");
    assert_eq!(label, "fact B5");
    let (message, _) = refusal(any, r#""type": "expire", "targetStorageClass": "archive""#);
    assert_eq!(message, "rule of priority 1: `targetStorageClass` goes with the action `transition`");
}

#[test]
fn b7_keys_and_units_are_strict() {
    let text = r#"{"rules": [
        {"rulePriority": 0, "selection": {"tagStatus": "any", "countType": "sinceImagePushed", "countNumber": "14"}},
        {"rulePriority": 2, "selections": {}, "action": {"type": "expire"}},
        {"selection": {"tagStatus": "Any", "countType": "imageCountMoreThan", "countUnit": "days", "countNumber": 0.5},
         "action": {"type": "delete"}}], "version": "1"}"#;
    let said: Vec<String> = refused(text).into_iter().map(|(message, ..)| message).collect();
    assert_eq!(
        said,
        [
            "rule of priority 0: a rule needs `action`",
            "rule of priority 0: `rulePriority` is a whole number from 1 to 4294967295, found 0",
            "rule of priority 0: this `countType` wants `countUnit` \"days\"",
            "rule of priority 0: `countNumber` is a number, found a string; write 14 without quotes",
            "rule of priority 2: a rule needs `selection`",
            "rule of priority 2: unknown key `selections`, did you mean `selection`?",
            "rule 3: a rule needs `rulePriority`",
            "rule 3: unknown `tagStatus` `Any`, did you mean `any`?",
            "rule 3: `countUnit` has no meaning beside `imageCountMoreThan`; leave it out",
            "rule 3: `countNumber` is a whole number from 1 to 4294967295, found 0.5",
            "rule 3: unknown `type` `delete`",
            "unknown key `version`",
        ]
    );
    assert_eq!(refused("[]")[0].0, "expected a lifecycle policy, an object, found a list");
    assert_eq!(refused("{}")[0].0, "a lifecycle policy needs `rules`");
    assert_eq!(refused("{\"rules\": {}}")[0].0, "`rules` is a list, found an object");
    assert_eq!(refused("{\"rules\": []}")[0].0, "0 rules; the service takes 1 to 50 in a policy");
    assert_eq!(refused("{\"rules\": [")[0].0, "expected a value, found the end of the file");
}

#[test]
fn a9_a_policy_has_fifty_rules_and_30_720_characters_at_most() {
    let rules = |count: u32| {
        let rule = |n| {
            format!(
                r#"{{"rulePriority": {n}, "selection": {{"tagStatus": "tagged", "tagPrefixList": ["v{n}"],
                "countType": "imageCountMoreThan", "countNumber": 1}}, "action": {{"type": "expire"}}}}"#
            )
        };
        format!("{{\"rules\": [{}]}}", (1..=count).map(rule).collect::<Vec<_>>().join(","))
    };
    assert_eq!(read(&rules(50)).expect("a policy").policy.rules.len(), 50);
    assert_eq!(refused(&rules(51))[0].0, "51 rules; the service takes 1 to 50 in a policy");
    let padded = |length: usize| format!("{THREE}{}", " ".repeat(length - THREE.chars().count()));
    assert_eq!(read(&padded(30_720)).expect("a policy").warnings, []);
    let (message, label, _) = refused(&padded(30_721)).remove(0);
    assert_eq!(
        (message.as_str(), label.as_str()),
        ("30721 characters; the service takes at most 30,720 in a policy", "fact A.9")
    );
    // Too short a text is worth a note only: a copy of a policy may have lost its blanks.
    let short = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}"#;
    assert_eq!(read(short).expect("a policy").warnings, []);
    let warned = refused("{\"rules\": 1}");
    assert_eq!(warned.len(), 1, "a note is not shown beside a refusal");
}

#[test]
fn a_wildcard_in_a_prefix_is_warned_of() {
    let text = one(
        r#""tagStatus": "tagged", "tagPrefixList": ["v*"], "countType": "imageCountMoreThan", "countNumber": 1"#,
        EXPIRE,
    );
    let read = read(&text).expect("a policy");
    let message = "rule of priority 1: a prefix has no wildcards; no tag begins with `v*`";
    assert_eq!((read.warnings.len(), read.warnings[0].message.as_str()), (1, message));
    assert_eq!(&text[read.warnings[0].span.clone()], "\"v*\"");
}

/// Documents that look like policies: the right keys with values that fit seldom.
fn near_policy() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "1",
        "0",
        "-3",
        "90",
        "\"any\"",
        "\"tagged\"",
        "\"untagged\"",
        "\"days\"",
        "\"expire\"",
        "\"transition\"",
        "\"archive\"",
        "\"sinceImagePulled\"",
        "\"imageCountMoreThan\"",
        "[\"v*\"]",
        "[]",
        "{}",
        "null",
        "true",
        "\"\"",
    ]);
    let key = prop::sample::select(vec![
        "rulePriority",
        "selection",
        "action",
        "tagStatus",
        "tagPatternList",
        "tagPrefixList",
        "storageClass",
        "countType",
        "countUnit",
        "countNumber",
        "type",
        "targetStorageClass",
        "x",
    ]);
    let object = move |value: BoxedStrategy<String>| {
        prop::collection::btree_map(key.clone(), value, 0..6).prop_map(|members| {
            let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            format!("{{{}}}", members.join(", "))
        })
    };
    let leaf = value.prop_map(str::to_string).boxed();
    let inner = prop_oneof![leaf.clone(), object(leaf)].boxed();
    prop::collection::vec(object(inner), 0..4).prop_map(|rules| format!("{{\"rules\": [{}]}}", rules.join(", ")))
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]{}\",:a1\\\\ é]{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn near_policies_are_read_or_refused_at_a_place_within_them(text in near_policy()) {
        match read(&text) {
            Ok(read) => prop_assert!(read.policy.rules.is_sorted_by_key(|rule| rule.priority)),
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                prop_assert!(problems.iter().all(|problem| text.get(problem.span.clone()).is_some()));
            }
        }
        // As a "get" call prints it, the verdict is the same.
        let wrapped = serde_json::json!({ "lifecyclePolicyText": text }).to_string();
        prop_assert_eq!(read(&text).is_ok(), read(&wrapped).is_ok());
        if let Err(problems) = read(&wrapped) {
            prop_assert!(problems.iter().all(|problem| wrapped.get(problem.span.clone()).is_some()));
        }
    }
}
