//! The service's own files and settings: policies, lifecycles, quotas, and powers that it lacks.

use super::*;
use crate::registry::policy::{CREATE_REPOSITORY, REPLICATE_IMAGE, RegistryPolicy};
use crate::registry::quota::Call;
use crate::registry::{Count, LifecycleAction, Patterns, Selection};
use crate::strategy::Existing;

/// Two accounts: `hub` has the repositories, `leaf` runs them.
const TWO: &str = r#"
accounts = { hub = "111122223333", leaf = "444455556666" }
strategies = ["replication"]
[[repositories]]
name = "prod/api"
registry = "hub/us-east-1"
[[repositories]]
name = "dev/api"
registry = "hub/us-east-1"
[[clusters]]
name = "leaf"
registry = "leaf/eu-west-1"
"#;

/// A folder with a file in it; the scenario's `FILE` becomes the file's path.
fn with_file(text: &str, content: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.json");
    std::fs::write(&path, content).expect("written");
    let text = text.replace("FILE", &format!("{:?}", path.display().to_string()));
    (folder, text)
}

fn policy(actions: &str, resource: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "FromHub", "Effect": "Allow",
            "Principal": {{"AWS": "arn:aws:iam::111122223333:root"}}, "Action": {actions}, "Resource": "{resource}"}}]}}"#
    )
}

fn said(text: &str) -> Vec<(String, String)> {
    scenario(text).1.into_iter().map(|(message, label, _)| (message, label)).collect()
}

const LEAF: &str = "[[registries]]\nregistry = \"leaf/eu-west-1\"\n";
const BOTH: &str = "[\"ecr:ReplicateImage\", \"ecr:CreateRepository\"]";

#[test]
fn a31_a_policy_in_a_file_is_judged_as_the_service_does() {
    let text = format!("{TWO}{LEAF}policy = FILE\n");
    let (_folder, good_text) = with_file(&text, &policy(BOTH, "arn:aws:ecr:eu-west-1:444455556666:repository/*"));
    assert_eq!(said(&good_text), []);
    let model = good(&good_text).model;
    let leaf = &model.registries[1];
    let there = "arn:aws:ecr:eu-west-1:444455556666:repository/prod/api";
    assert!(leaf.policy.allows("111122223333", REPLICATE_IMAGE, there));
    assert!(leaf.policy.allows("111122223333", CREATE_REPOSITORY, there));
    assert!(!leaf.policy.allows("999988887777", REPLICATE_IMAGE, there));
    assert_eq!(model.registries[0].policy, RegistryPolicy::Open);
    assert_eq!(good(&good_text).inputs.len(), 1);
    // Some repositories only: the first of which copies fail is named.
    let (_folder, text) = with_file(&text, &policy(BOTH, "arn:aws:ecr:eu-west-1:444455556666:repository/prod/*"));
    assert_eq!(
        said(&text),
        [(
            "copies of `dev/api` to leaf/eu-west-1 fail: no statement of the registry policy allows it".to_string(),
            "account 111122223333 needs `ecr:ReplicateImage` there (fact A31)".to_string()
        )]
    );
}

#[test]
fn a32_without_the_right_to_create_the_repository_must_be_there() {
    let text = format!("{TWO}{LEAF}policy = FILE\n");
    let replicate = policy("\"ecr:ReplicateImage\"", "*");
    let (_folder, text) = with_file(&text, &replicate);
    let found = said(&text);
    assert_eq!(
        found[0].0,
        "copies of `prod/api` to leaf/eu-west-1 fail until somebody creates `prod/api`: no statement of the registry \
         policy allows it"
    );
    assert!(found[0].1.contains("`ecr:CreateRepository`") && found[0].1.ends_with("(fact A32)"));
    let there = format!("{text}repositories = [\"prod/api\", \"dev/api\"]\n");
    assert_eq!(said(&there), []);
    assert_eq!(good(&there).model.registries[1].repositories, ["prod/api", "dev/api"]);
    let wrong = format!("{text}repositories = [\"prod/api\", \"prod/api\", \"Dev\"]\n");
    let wrong: Vec<String> = said(&wrong).into_iter().map(|(message, _)| message).collect();
    assert_eq!(
        wrong[..2],
        ["`prod/api` is there twice", "`Dev` is no repository name: capital letters are not allowed"]
    );
}

#[test]
fn a33_a_policy_of_another_region_names_nothing_here() {
    let text = format!("{TWO}{LEAF}policy = FILE\n");
    let (_folder, text) = with_file(&text, &policy(BOTH, "arn:aws:ecr:us-west-2:444455556666:repository/*"));
    let found = said(&text);
    assert_eq!(found[0].0, "`arn:aws:ecr:us-west-2:444455556666:repository/*` names nothing in leaf/eu-west-1");
    assert!(found[1].0.starts_with("copies of `prod/api` to leaf/eu-west-1 fail: "));
}

#[test]
fn none_and_a_region_that_is_not_enabled_stop_copies() {
    let none = format!("{TWO}{LEAF}policy = \"none\"\n");
    assert_eq!(good(&none).model.registries[1].policy, RegistryPolicy::Statements(Vec::new()));
    assert!(said(&none)[0].0.starts_with("copies of `prod/api` to leaf/eu-west-1 fail: no statement"));
    // A30: within an account no policy is asked.
    let own = TWO.replace("leaf/eu-west-1", "hub/eu-west-1")
        + "[[registries]]\nregistry = \"hub/eu-west-1\"\npolicy = \"none\"\n";
    assert_eq!(said(&own), []);
    let off = format!("{TWO}{LEAF}region_enabled = false\n");
    assert!(!good(&off).model.registries[1].region_enabled);
    assert_eq!(
        said(&off),
        [("copies to leaf/eu-west-1 fail: its account has not enabled the region".to_string(), "fact A37".to_string())]
    );
    let home = format!("{TWO}[[registries]]\nregistry = \"hub/us-east-1\"\nregion_enabled = false\n");
    assert_eq!(said(&home)[0].0, "`prod/api` is at home in hub/us-east-1, whose region is not enabled");
    assert!(scenario(&home).0.is_none());
}

#[test]
fn a_wrong_policy_is_refused_where_it_is_wrong() {
    let text = format!("{TWO}{LEAF}policy = FILE\n");
    let (_folder, text) = with_file(&text, &policy(BOTH, "*").replace("\"Allow\"", "\"allow\""));
    let (built, found) = scenario(&text);
    assert!(built.is_none());
    assert_eq!(found[0].0, "unknown `Effect` `allow`, did you mean `Allow`?");
    assert_eq!(found[0].2, "\"allow\"");
    let (_folder, text) = with_file(&format!("{TWO}{LEAF}policy = FILE\n"), "{");
    assert!(scenario(&text).0.is_none());
    let conditional = policy(BOTH, "*").replace("\"Effect\"", "\"Condition\": {\"Bool\": {}}, \"Effect\"");
    let (_folder, text) = with_file(&format!("{TWO}{LEAF}policy = FILE\n"), &conditional);
    assert_eq!(said(&text)[0].0, "conditions are not judged: this statement never allows here");
}

const LIFECYCLE: &str = r#"{"rules": [
    {"rulePriority": 1, "description": "archive what nobody has pulled",
     "selection": {"tagStatus": "tagged", "tagPatternList": ["v*"], "countType": "sinceImagePulled", "countUnit": "days",
                   "countNumber": 60}, "action": {"type": "transition", "targetStorageClass": "archive"}},
    {"rulePriority": 2, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 30},
     "action": {"type": "expire"}}]}"#;

#[test]
fn a_lifecycle_file_is_read_at_home_and_in_templates() {
    let text = QUICK.replace("[[clusters]]", "lifecycle = FILE\n[[clusters]]")
        + "[[registries]]\nregistry = \"eu-west-1\"\ntemplates = [{ prefix = \"ROOT\", lifecycle = FILE }]\n";
    let (_folder, good_text) = with_file(&text, LIFECYCLE);
    let registries = good(&good_text).model.registries;
    let policy = &registries[0].lifecycle[0].1;
    assert_eq!(policy.rules[0].selection, Selection::Patterns(vec![Patterns(vec!["v*".into()])]));
    assert_eq!((policy.rules[0].count, policy.rules[0].action), (Count::DaysSincePull(60), LifecycleAction::Archive));
    assert_eq!(registries[1].templates[0].lifecycle.as_ref(), Some(policy));
    let (_folder, text) = with_file(&text, &LIFECYCLE.replace("transition", "expire"));
    let (built, found) = scenario(&text);
    assert!(built.is_none());
    let messages: Vec<&str> = found.iter().map(|(message, ..)| message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "rule of priority 1: days since the last pull can only archive an image, not expire it",
            "rule of priority 1: `targetStorageClass` goes with the action `transition`",
        ]
    );
}

#[test]
fn settings_of_the_service_reach_the_model() {
    let text = format!(
        "[service]\npull_time_lag = \"2h\"\ncopy_counts_as_pull = true\n[service.quotas]\nput_image = \"3/s\"\n\
         get_authorization_token = \"unlimited\"\nupload_layer_part = \"30000/m\"\n[value]\ndowntime = \"$5000/h\"\n{QUICK}\
         [[registries]]\nregistry = \"eu-west-1\"\nblob_mounting = true\n"
    );
    let scenario = good(&text);
    let service = &scenario.model.service;
    assert_eq!((service.pull_time_lag, service.copy_counts_as_pull), (Span(2 * HOUR), true));
    let quota = |call: Call| service.quotas[call as usize];
    assert_eq!((quota(Call::PutImage), quota(Call::BatchGetImage)), (3.0, 2000.0));
    assert!(quota(Call::GetAuthorizationToken).is_infinite());
    assert!((quota(Call::UploadLayerPart) - 500.0).abs() < 1e-9);
    assert_eq!(scenario.value.map(|value| value.downtime_hour.to_string()).as_deref(), Some("5000.000000000"));
    assert!(scenario.model.registries[1].blob_mounting && !scenario.model.registries[0].blob_mounting);
    let plain = good(QUICK).model.service;
    assert_eq!((plain.pull_time_lag, plain.copy_counts_as_pull), (Span(DAY), false));
    let none = good(&format!("service = {{ quotas = \"unlimited\" }}\n{QUICK}")).model.service;
    assert!(none.quotas.iter().all(|quota| quota.is_infinite()));
}

/// QUICK with one replication strategy of these rules, and these extensions.
fn ruled(rule: &str, extensions: &str) -> String {
    format!(
        "schema = 1\nextensions = [{extensions}]\nstrategies = [{{ name = \"dr\", kind = \"replication\", \
         existing_images = \"backfill\", rules = [{{ to = \"eu-west-1\", {rule} }}] }}]\n{QUICK}"
    )
}

#[test]
fn rules_may_replicate_deletes_and_ask_for_what_the_service_lacks() {
    let rule = "deletes = true, tags = [\"v*\", \"!v0*\"], status = \"tagged\", except = \"shop/api\", \
                rename = \"dr/{name}\", prefixes = [\"sh*p/\"]";
    let all = "\"tag-filter\", \"status-filter\", \"exclude-filter\", \"rename\", \"wildcard-filter\"";
    let (built, problems) = loaded(&ruled(rule, all), &[]);
    let scenario = built.unwrap_or_else(|| panic!("{problems:#?}"));
    let Kind::Replication(replication) = &scenario.model.strategies[0].kind else { panic!("replication") };
    assert_eq!(replication.existing, Existing::Backfill);
    let rule = &replication.rules[0].1;
    assert!(rule.deletes && rule.extension.wildcards);
    assert_eq!(rule.extension.tags, Some(Patterns(vec!["v*".into(), "!v0*".into()])));
    assert_eq!((rule.extension.tagged, rule.extension.rename.as_deref()), (Some(true), Some("dr/{name}")));
    assert_eq!(rule.extension.except, Some(Patterns(vec!["shop/api".into()])));
    let impossible: Vec<&str> =
        scenario.notes.iter().map(String::as_str).filter(|note| note.starts_with("not possible today: ")).collect();
    assert_eq!(
        impossible,
        [
            "not possible today: dr uses the extension `tag-filter`; the service cannot filter by tag (facts A10, A16)",
            "not possible today: dr uses the extension `status-filter`; the service cannot filter by status (facts A10, A16)",
            "not possible today: dr uses the extension `wildcard-filter`; the service takes plain prefixes without `*` (fact A11)",
            "not possible today: dr uses the extension `exclude-filter`; the service cannot leave repositories out (facts A10, A16)",
            "not possible today: dr uses the extension `rename`; the service keeps a repository's name (fact A28)",
        ]
    );
    // Deletes are the service's own (A41).
    let (built, problems) = loaded(&ruled("deletes = true", ""), &[]);
    assert_eq!(problems, []);
    assert!(!built.expect("a scenario").notes.iter().any(|note| note.starts_with("not possible")));
}

#[test]
fn an_extension_that_nothing_uses_is_warned_of() {
    let text = ruled("tags = \"v*\"", "\"tag-filter\", \"rename\"");
    let (built, problems) = loaded(&text, &[]);
    assert!(built.is_some());
    assert_eq!(problems, [("no rule uses the extension `rename`".into(), "leave it out".into(), "\"rename\"".into())]);
    // A strategy that is switched off uses nothing; an exception uses what its rules say.
    let off =
        text.replace("name = \"dr\"", "enabled = false, name = \"dr\"").replace("}] }]", "}] }, \"clairvoyant\"]");
    let (_, problems) = loaded(&off, &[]);
    let messages: Vec<&str> = problems.iter().map(|(message, ..)| message.as_str()).collect();
    assert_eq!(messages, ["no rule uses the extension `tag-filter`", "no rule uses the extension `rename`"]);
    let exception = format!(
        "schema = 1\nextensions = [\"tag-filter\"]\nstrategies = [{{ kind = \"cross-region-pull\", exceptions = [{{ kind = \
         \"replication\", rules = [{{ to = \"eu-west-1\", tags = \"v*\" }}] }}] }}]\n{QUICK}"
    );
    let (built, problems) = loaded(&exception, &[]);
    assert_eq!(problems, []);
    assert!(built.expect("a scenario").notes[0].starts_with("not possible today: cross-region-pull uses "));
}

#[test]
fn wrong_values_of_extensions_are_refused() {
    let all = "\"tag-filter\", \"status-filter\", \"exclude-filter\", \"rename\", \"wildcard-filter\"";
    let first = |rule: &str| loaded(&ruled(rule, all), &[]).1[0].0.clone();
    for (rule, message) in [
        ("rename = \"copy\"", "a new name holds `{name}`, the old one"),
        (
            "rename = \"{name}-\"",
            "`{name}-` makes no repository names: `.`, `_`, `-` and `/` stand between letters or digits, one at a time",
        ),
        (
            "rename = \"{name}-{tag}\"",
            "`{name}-{tag}` makes no repository names: `{` is not allowed; a repository name is made of a-z, 0-9, `.`, `_`, `-` and `/`",
        ),
        ("rename = \"{name}\"", "this new name is the old one"),
        ("except = \"lab/*\"", "`except` selects no repository"),
        ("tags = \"v*\", status = \"untagged\"", "an untagged image has none of the `tags`; keep one of the two"),
        ("prefixes = [\"Prod-*\"]", "invalid filter `Prod-*`: capital letters are not allowed"),
        ("prefixes = [\"*\"]", "invalid filter `*`: leave the prefixes out to select every repository"),
        ("status = \"taged\"", "unknown `status` `taged`, did you mean `tagged`?"),
    ] {
        assert_eq!(first(rule), message, "{rule}");
    }
    let long = format!("rename = \"{}{{name}}\"", "a".repeat(250));
    assert_eq!(first(&long), "the new name of `shop/api` is longer than 256 characters");
}

#[test]
fn the_services_file_may_replicate_deletes() {
    let text = format!("strategies = [{{ kind = \"replication\", rules = FILE }}]\n{QUICK}");
    let rules = r#"{"rules": [{"destinations": [{"region": "eu-west-1", "registryId": "000000000001"}],
                    "deleteReplication": {"enabled": true}}]}"#;
    let (_folder, text) = with_file(&text, rules);
    let scenario = good(&text);
    let Kind::Replication(replication) = &scenario.model.strategies[0].kind else { panic!("replication") };
    assert!(replication.rules[0].1.deletes);
}
