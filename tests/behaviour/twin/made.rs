//! Scenarios made to bring about what seldom happens.

use super::{follow, from_files};

/// An archive after some days, then expiry, as the service's JSON.
const ARCHIVING: &str = r#"{"rules": [
  {"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
   "countNumber": 3}, "action": {"type": "expire"}},
  {"rulePriority": 2, "selection": {"tagStatus": "tagged", "tagPatternList": ["v*"], "countType": "sinceImagePulled",
   "countUnit": "days", "countNumber": 4}, "action": {"type": "transition", "targetStorageClass": "archive"}},
  {"rulePriority": 3, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9},
   "action": {"type": "expire"}},
  {"rulePriority": 4, "selection": {"tagStatus": "any", "storageClass": "archive", "countType":
   "sinceImageTransitioned", "countUnit": "days", "countNumber": 90}, "action": {"type": "expire"}}]}"#;

/// Lists of tags, of which an image needs one for each entry (B14), and the same count in two rules.
const LISTS: &str = r#"{"rules": [
  {"rulePriority": 1, "selection": {"tagStatus": "tagged", "tagPrefixList": ["v", "lat"], "countType":
   "imageCountMoreThan", "countNumber": 2}, "action": {"type": "expire"}},
  {"rulePriority": 5, "selection": {"tagStatus": "tagged", "tagPatternList": ["*1", "v*"], "countType":
   "imageCountMoreThan", "countNumber": 1}, "action": {"type": "transition", "targetStorageClass": "archive"}},
  {"rulePriority": 9, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 4},
   "action": {"type": "expire"}}]}"#;

/// Every strategy that copies.
const ALL: &str = r#"[
  "cross-region-pull", { kind = "replication", delay = "typical" }, "pull-through-cache",
  { name = "ttl", kind = "pull-through-cache", ttl = "20h" },
  { name = "lone", kind = "pull-through-cache", share_fetch = false, refresh = "2h" },
  { name = "job", kind = "scheduled-copy", every = "7h", runner = "destination", failures = "10%" },
  { name = "elsewhere", kind = "scheduled-copy", every = "5h", runner = "ap-southeast-1", silent_failures = "10%" },
  { kind = "centralized", registry = "eu-west-1" } ]"#;

/// One repository at home in us-east-1 and a cluster in eu-west-1.
fn scenario(head: &str, strategies: &str, repository: &str) -> String {
    format!(
        r#"
schema = 1
strategies = {strategies}
{head}
[[repositories]]
name = "team/app"
registry = "us-east-1"
{repository}
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 3
give_up = "30m"
pulls = {{ deploy = "10m", rate = "6/day" }}
[[clusters]]
name = "ap"
registry = "ap-southeast-1"
nodes = 1
pulls = {{ rate = "3/day" }}
"#
    )
}

fn agrees(name: &str, text: &str) {
    let scenario = from_files(&[("test.toml", text), ("archiving.json", ARCHIVING), ("lists.json", LISTS)]);
    for trial in 1..=2 {
        let (problems, entries) = follow(&scenario, trial);
        assert!(problems.is_empty(), "{name}:\n{}", problems.join("\n"));
        assert!(entries > 20, "{name}: {entries} entries");
    }
}

const RUN: &str = r#"run = { duration = "12d" }"#;

#[test]
fn a23_indexes_and_attachments() {
    let repository = r#"
image = { platforms = 3, attachments = { count = 2, size = "1 MB" }, size = "90 MB" }
push = { rate = "2/day" }
existing = 3
tags = { moving = ["latest"] }
lifecycle = { keep = 9, untagged_days = 2 }
"#;
    agrees("indexes", &scenario(RUN, ALL, repository));
}

#[test]
fn b14_lists_of_tags_on_indexes() {
    let repository = r#"
image = { platforms = 2, attachments = { count = 1, size = "1 MB" }, size = "90 MB" }
push = { rate = "3/day" }
tags = { moving = ["latest", "lately"], release_every = 2 }
lifecycle = "lists.json"
"#;
    agrees("lists", &scenario(RUN, ALL, repository));
}

#[test]
fn a40_edits_with_and_without_deletes() {
    let strategies = r#"[
  { name = "plain", kind = "replication", delay = "2s" },
  { name = "deletes", kind = "replication", rules = [
    { to = "eu-west-1", deletes = true }, { to = ["ap-southeast-1", "eu-west-1"], prefixes = ["team/"] } ] },
  { name = "slow", kind = "replication", delay = "30h", rules = [{ to = ["eu-west-1", "ap-southeast-1"], deletes = true }] },
  "pull-through-cache",
  { name = "ttl", kind = "pull-through-cache", ttl = "20h" },
  { kind = "scheduled-copy", every = "9h" } ]"#;
    for image in
        ["{ size = \"90 MB\" }", "{ size = \"90 MB\", platforms = 2, attachments = { count = 1, size = \"2 MB\" } }"]
    {
        let repository = format!(
            r#"
image = {image}
push = {{ list = [
  {{ at = "0d", tag = "a" }}, {{ at = "1h", tag = "b", same_as = "a" }}, {{ at = "2h", tag = "c" }},
  {{ at = "1d", tag = "b", action = "untag" }}, {{ at = "26h", tag = "c", action = "archive" }},
  {{ at = "27h", tag = "d" }}, {{ at = "28h", tag = "c", action = "restore" }},
  {{ at = "28h10m", tag = "c", action = "restore" }}, {{ at = "2d", tag = "d", action = "archive" }},
  {{ at = "50h", tag = "d2", same_as = "d" }}, {{ at = "3d", tag = "a", action = "untag" }},
  {{ at = "75h", tag = "c", action = "archive" }}, {{ at = "78h", tag = "c", action = "delete" }},
  {{ at = "4d", tag = "e" }}, {{ at = "4d", tag = "e2", same_as = "e" }}, {{ at = "5d", tag = "e", action = "delete" }},
  {{ at = "6d", tag = "d", action = "archive" }}, {{ at = "150h", tag = "d2", action = "restore" }},
  {{ at = "150h5m", tag = "d2", action = "untag" }}, {{ at = "150h10m", tag = "d", action = "untag" }} ] }}
"#
        );
        agrees("edits", &scenario(RUN, strategies, &repository));
    }
}

#[test]
fn a26_immutable_copies_and_a38_templates() {
    let head = r#"
run = { duration = "12d" }
registries = [
  { registry = "eu-west-1", templates = [
    { prefix = "ROOT", mutability = "mutable" },
    { prefix = "team", mutability = "immutable", mutability_except = ["lat*"], lifecycle = "archiving.json" } ] },
  { registry = "ap-southeast-1", mutability = "immutable", repositories = ["team/app"] } ]
"#;
    let repository = r#"
image = { size = "90 MB" }
push = { rate = "3/day" }
tags = { moving = ["latest", "stable"] }
existing = 4
lifecycle = { days = 4 }
"#;
    agrees("immutable", &scenario(head, ALL, repository));
    let own = format!("{repository}mutability = \"immutable\"\nmutability_except = [\"latest\"]\n");
    agrees("immutable home", &scenario(head, ALL, &own));
}

#[test]
fn b4_archives_at_home_and_at_the_copies() {
    let head = r#"
run = { duration = "40d", warm_up = "3d" }
service = { pull_time_lag = "6h", copy_counts_as_pull = true, lifecycle_delay = "5h" }
registries = [{ registry = ["eu-west-1", "ap-southeast-1"], templates = [{ prefix = "ROOT", lifecycle = "archiving.json" }] }]
"#
    .replace("registry = [\"eu-west-1\", \"ap-southeast-1\"]", "registry = \"eu-west-1\"");
    let repository = r#"
image = { size = "90 MB", attachments = { count = 1, size = "2 MB" } }
push = { rate = "1/2d" }
existing = 3
lifecycle = "archiving.json"
"#;
    agrees("archive", &scenario(&head, ALL, repository));
    let indexes = repository.replace("size = \"90 MB\",", "size = \"90 MB\", platforms = 2,");
    agrees("archived indexes", &scenario(&head, ALL, &indexes));
}

#[test]
fn a50_backfills_bring_what_is_there() {
    let strategies = r#"[
  { name = "backfill", kind = "replication", existing_images = "backfill" },
  { name = "later", kind = "replication", existing_images = "backfill", since = "5d", copy_failures = "20%", retries = 1 },
  { name = "present", kind = "replication", existing_images = "present", since = "2d" },
  { name = "narrow", kind = "replication", existing_images = "backfill", parallel_copies = 1, delay = "1h" },
  { name = "absent", kind = "replication", since = "3d" } ]"#;
    let repository = r#"
image = { size = "90 MB", platforms = 2 }
push = { rate = "3/day" }
tags = { moving = ["latest"] }
existing = 6
lifecycle = { keep = 8, untagged_days = 1 }
"#;
    agrees("backfill", &scenario(RUN, strategies, repository));
}

#[test]
fn a74_layers_that_repositories_share() {
    let head = r#"
run = { duration = "12d" }
bases = { java = { size = "60 MB", renew = "1/3d" } }
registries = [
  { registry = "us-east-1", blob_mounting = true }, { registry = "eu-west-1", blob_mounting = true },
  { registry = "ap-southeast-1" } ]
"#;
    let second = r#"
image = { size = "120 MB", base = "java" }
push = { rate = "2/day" }
existing = 2
lifecycle = { keep = 3 }
promote = { to = "team/prod", every = 2 }
[[repositories]]
name = "team/prod"
registry = "us-east-1"
lifecycle = "archiving.json"
[[repositories]]
name = "web"
registry = "us-east-1"
image = { size = "100 MB", base = "java" }
push = { rate = "2/day" }
lifecycle = { days = 2 }
"#;
    agrees("mounting", &scenario(head, ALL, second));
}

#[test]
fn a31_faults_and_permissions() {
    let faults = [
        r#"{ kind = "region-outage", region = "eu-west-1", at = "2d", lasts = "7h" }, { name = "us", kind = "region-outage", region = "us-east-1", at = "4d", lasts = "5h" }"#,
        r#"{ kind = "registry-outage", registry = "us-east-1", rate = "1/day", lasts = "3h" }, { kind = "slow-link", at = "1d", lasts = "2d", bandwidth = "1%" }"#,
        r#"{ kind = "throttling", registry = "us-east-1", quota = "0%", at = "3d", lasts = "5h" }, { kind = "copy-failures", share = "30%" }"#,
        r#"{ kind = "region-outage", region = "eu-west-1", at = "119h", lasts = "4d" }"#,
        r#"{ kind = "registry-outage", registry = "us-east-1", at = "119h", lasts = "4d" }"#,
        r#"{ kind = "job-stopped", at = "1d", lasts = "2d" }, { kind = "region-outage", region = "ap-southeast-1", rate = "2/day", lasts = "20m" }"#,
    ];
    let repository = r#"
image = { size = "900 MB", platforms = 2 }
push = { rate = "8/day" }
tags = { moving = ["latest"] }
existing = 2
lifecycle = { keep = 6, untagged_days = 1 }
"#;
    for faults in faults {
        let head = format!("run = {{ duration = \"5d\" }}\nfaults = [{faults}]");
        agrees(faults, &scenario(&head, ALL, repository));
    }
}

#[test]
fn a20_two_homes_that_copy_to_each_other_and_other_accounts() {
    let text = r#"
schema = 1
run = { duration = "8d", warm_up = "1d" }
accounts = { dev = "111122223333", prod = "444455556666" }
extensions = ["tag-filter", "exclude-filter", "rename"]
service = { retry_moves_bytes_again = true }
strategies = [
  { name = "loop", kind = "replication", copy_failures = "20%", rules = [
    { from = "dev/us-east-1", to = ["prod/us-east-1", "prod/eu-west-1"] },
    { from = "prod/us-east-1", to = ["dev/us-east-1", "prod/eu-west-1"], deletes = true },
    { from = "dev/us-east-1", to = ["prod/eu-west-1", "dev/eu-west-1"], prefixes = ["ap", "x/"] } ] },
  { name = "filters", kind = "replication", rules = [
    { from = "dev/us-east-1", to = "prod/us-east-1", tags = ["v*", "!v2*"], deletes = true },
    { from = "prod/us-east-1", to = "prod/eu-west-1", except = "prod-*", rename = "{name}-dr" } ] },
  { name = "mixed", kind = "cross-region-pull", exceptions = [
    { repositories = "apple*", kind = "replication" }, { clusters = "eu", kind = "pull-through-cache", ttl = "9h" } ] } ]
registries = [
  { registry = "prod/eu-west-1", policy = "none" },
  { registry = "prod/us-east-1", templates = [{ prefix = "apple", lifecycle = { keep = 2 } }] } ]
[[repositories]]
name = "apple"
registry = "dev/us-east-1"
push = { rate = "2/day" }
tags = { moving = ["latest"] }
lifecycle = { keep = 4 }
[[repositories]]
name = "apple/x"
registry = "dev/us-east-1"
push = { rate = "2/day" }
lifecycle = { keep = 4 }
[[repositories]]
name = "prod-app"
registry = "prod/us-east-1"
push = { rate = "2/day" }
lifecycle = { days = 2 }
[[clusters]]
name = "eu"
registry = "prod/eu-west-1"
if_missing = "home"
[[clusters]]
name = "us"
registry = "prod/us-east-1"
if_missing = "home"
"#;
    agrees("two homes", text);
}

#[test]
fn a15_exceptions_with_the_same_rule_make_one_copy() {
    let strategies = r#"[{ kind = "replication", delay = "2s", exceptions = [
      { clusters = "ap", kind = "replication", delay = "2s" } ] }]"#;
    agrees("exceptions", &scenario(RUN, strategies, "push = { rate = \"2/day\" }"));
}
