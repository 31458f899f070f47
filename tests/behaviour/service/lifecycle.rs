//! Lifecycle policies as the service runs them, from its own files (B10 to B25).

use super::super::common::summary;
use super::*;

/// `app` with this policy at home, for so many days; the policy runs each noon unless `service` says otherwise. Bytes
/// stored at home when each day ends, of all classes.
fn kept(policy: &str, days_run: u32, rows: &str, service: &str) -> Vec<f64> {
    by_day(&at_home(policy, days_run, rows, service, IDLE), "stored", "us-east-1")
}

fn at_home(policy: &str, days_run: u32, rows: &str, service: &str, pulls: &str) -> Tables {
    let top = days(
        days_run,
        &format!(
            "strategies = [{{ name = \"r\", kind = \"cross-region-pull\" }}]\nservice = {{ lifecycle_delay = \"12h\"{service} }}"
        ),
    );
    let home = repository("app", &format!("lifecycle = \"p.json\"\n{ONE_LAYER}push = {{ list = [{rows}] }}"));
    run_with(&[&top, &home, &eu(pulls)], &[("p.json", policy)])
}

fn images(counts: &[u32]) -> Vec<f64> {
    counts.iter().map(|count| f64::from(*count) * IMAGE).collect()
}

fn rule(priority: u32, selection: &str, action: &str) -> String {
    format!("{{\"rulePriority\":{priority},\"selection\":{{{selection}}},\"action\":{action}}}")
}

fn policy(rules: &[String]) -> String {
    format!("{{\"rules\":[{}]}}", rules.join(","))
}

const EXPIRE: &str = "{\"type\":\"expire\"}";
const ARCHIVE: &str = "{\"type\":\"transition\",\"targetStorageClass\":\"archive\"}";

fn tagged(prefixes: &str, keep: u32) -> String {
    format!(
        "\"tagStatus\":\"tagged\",\"tagPrefixList\":[{prefixes}],\"countType\":\"imageCountMoreThan\",\"countNumber\":{keep}"
    )
}

fn since(status: &str, what: &str, days: u32) -> String {
    format!("\"tagStatus\":\"{status}\",\"countType\":\"{what}\",\"countUnit\":\"days\",\"countNumber\":{days}")
}

/// A version a day at midnight under these tags, oldest first.
fn daily(tags: &[&str]) -> String {
    tags.iter()
        .enumerate()
        .map(|(day, tag)| format!("{{ at = \"{day}d\", tag = \"{tag}\" }}"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn b10_b13_rules_see_the_whole_repository_and_claim_in_order() {
    // V1 and V2 of the user guide's examples: A[beta-1,prod-1] B[beta-2,prod-2] C[beta-3].
    let rows = "{ at = \"1h\", tag = \"beta-1\" }, { at = \"1h\", tag = \"prod-1\", same_as = \"beta-1\" }, \
                { at = \"2h\", tag = \"beta-2\" }, { at = \"2h\", tag = \"prod-2\", same_as = \"beta-2\" }, { at = \"3h\", tag = \"beta-3\" }";
    let (prod, beta) = (tagged("\"prod\"", 1), tagged("\"beta\"", 1));
    assert_eq!(kept(&policy(&[rule(1, &prod, EXPIRE), rule(2, &beta, EXPIRE)]), 1, rows, ""), images(&[2]));
    assert_eq!(kept(&policy(&[rule(1, &beta, EXPIRE), rule(2, &prod, EXPIRE)]), 1, rows, ""), images(&[1]));
}

#[test]
fn b14_every_prefix_of_a_rule_must_be_met() {
    // V4: A[alpha,beta] B[alpha,beta] C[alpha,beta]; one that has only alpha is not selected.
    let both = |n: u32| {
        format!(
            "{{ at = \"{n}h\", tag = \"alpha-{n}\" }}, {{ at = \"{n}h\", tag = \"beta-{n}\", same_as = \"alpha-{n}\" }}"
        )
    };
    let rows = format!("{{ at = \"0h\", tag = \"alpha-0\" }}, {}, {}, {}", both(1), both(2), both(3));
    assert_eq!(kept(&policy(&[rule(1, &tagged("\"alpha\",\"beta\"", 1), EXPIRE)]), 1, &rows, ""), images(&[2]));
}

#[test]
fn b15_b22_the_youngest_stay_and_the_rest_go_at_the_daily_run() {
    let one =
        policy(&[rule(1, "\"tagStatus\":\"any\",\"countType\":\"imageCountMoreThan\",\"countNumber\":1", EXPIRE)]);
    assert_eq!(kept(&one, 4, &daily(&["a", "b", "c"]), ""), images(&[1, 1, 1, 1]));
    // Pushed after the run of the day: there until the next one.
    let late = "{ at = \"13h\", tag = \"a\" }, { at = \"14h\", tag = \"b\" }, { at = \"37h\", tag = \"c\" }";
    assert_eq!(kept(&one, 3, late, ""), images(&[2, 2, 1]));
}

#[test]
fn b16_an_image_goes_at_the_first_run_after_so_many_days() {
    let two_days = policy(&[rule(1, &since("any", "sinceImagePushed", 2), EXPIRE)]);
    // Two days old at 48 h, gone at 60 h.
    assert_eq!(kept(&two_days, 4, "{ at = \"0h\", tag = \"a\" }", ""), images(&[1, 1, 0, 0]));
    // Two days old at 61 h, gone at 84 h.
    assert_eq!(kept(&two_days, 4, "{ at = \"13h\", tag = \"a\" }", ""), images(&[1, 1, 1, 0]));
    // Exactly two days old at a run: it is not older, so it goes a day later (O11).
    assert_eq!(kept(&two_days, 4, "{ at = \"12h\", tag = \"a\" }", ""), images(&[1, 1, 1, 0]));
}

#[test]
fn b17_b23_a_pull_keeps_an_image_for_as_long_as_it_is_recorded() {
    let unpulled = policy(&[rule(1, &since("any", "sinceImagePulled", 3), ARCHIVE)]);
    let archived = |service: &str, rows: &[(&str, &str)]| {
        let tables = at_home(&unpulled, 31, "{ at = \"0h\", tag = \"a\" }", service, &pulls(rows));
        // Days of the archive out of the month's 31.
        (quantity(&tables, "r", "archive", "us-east-1") * GB / IMAGE * 31.0 * 100.0).round() / 100.0
    };
    // Never pulled: the push counts. Three days old at 72 h, archived at 84 h = day 3.5.
    assert_eq!(archived("", &[]), 27.5);
    // Pulled at day 3 and recorded: older than three days at day 6, archived at 6.5.
    assert_eq!(archived(", pull_time_lag = \"0s\"", &[("3d", "a")]), 24.5);
    assert_eq!(archived("", &[("3d", "a")]), 24.5);
    // A second pull within a day of the recorded one is not recorded, unless there is no lag.
    let two = [("3d", "a"), ("3d20h", "a")];
    // The record is of day 3 at the run of 3.5; the pull of 3d20h is less than a day after it.
    assert_eq!(archived("", &two), 24.5);
    // Recorded: three days old at 6 d 20 h, archived at 7.5.
    assert_eq!(archived(", pull_time_lag = \"0s\"", &two), 23.5);
}

#[test]
fn b18_an_archived_image_goes_ninety_days_and_more_after_its_transition() {
    let expire = format!("\"storageClass\":\"archive\",{}", since("any", "sinceImageTransitioned", 90));
    let both = policy(&[rule(1, &since("any", "sinceImagePushed", 2), ARCHIVE), rule(2, &expire, EXPIRE)]);
    // Archived at day 2.5; ninety days old at day 92.5, which is the moment of a run: not older, so gone at 93.5.
    let stored = kept(&both, 96, "{ at = \"0h\", tag = \"a\" }", "");
    assert_eq!(stored.iter().filter(|bytes| **bytes > 0.0).count(), 93);
}

#[test]
fn b19_a_restored_image_is_as_old_as_its_restore() {
    // Archived by hand and restored at day 3 and 20 minutes: younger than the image of day 2, which goes.
    let rows = "{ at = \"0d\", tag = \"a\" }, { at = \"1h\", tag = \"a\", action = \"archive\" }, { at = \"2d\", tag = \"b\" }, { at = \"3d\", tag = \"a\", action = \"restore\" }";
    let one =
        policy(&[rule(1, "\"tagStatus\":\"any\",\"countType\":\"imageCountMoreThan\",\"countNumber\":1", EXPIRE)]);
    let tables = at_home(&one, 5, rows, "", &pulls(&[("4d", "a"), ("4d", "b")]));
    assert_eq!(by_day(&tables, "stored", "us-east-1"), images(&[1, 1, 2, 1, 1]));
    assert_eq!(failures(&tables, "r"), [("pull", "image-missing", "eu-west-1", 1.0)]);
}

#[test]
fn b20_children_of_an_index_stay_while_it_lives() {
    let untagged = policy(&[rule(1, &since("untagged", "sinceImagePushed", 1), EXPIRE)]);
    let top = days(
        5,
        "strategies = [{ name = \"r\", kind = \"cross-region-pull\" }]\nservice = { lifecycle_delay = \"12h\" }",
    );
    let rows = "{ at = \"0d\", tag = \"v\" }, { at = \"3d\", tag = \"v\", action = \"delete\" }";
    let home = repository(
        "app",
        &format!(
            "lifecycle = \"p.json\"\nimage = {{ layer_sizes = [\"100 MB\"], platforms = 2 }}\npush = {{ list = [{rows}] }}"
        ),
    );
    let tables = run_with(&[&top, &home, &eu(IDLE)], &[("p.json", &untagged)]);
    // The index goes by hand on day 3, its children at the run of that noon.
    assert_eq!(by_day(&tables, "stored", "us-east-1"), images(&[2, 2, 2, 0, 0]));
}

#[test]
fn b21_what_refers_to_an_image_goes_within_a_day_after_it() {
    let top = days(
        4,
        &format!(
            "{}\nservice = {{ lifecycle_delay = \"12h\" }}",
            replication("rules = [{ to = \"eu-west-1\", deletes = true }]")
        ),
    );
    let rows = "{ at = \"0d\", tag = \"v\" }, { at = \"1d\", tag = \"v\", action = \"delete\" }";
    let home = repository(
        "app",
        &format!(
            "image = {{ layer_sizes = [\"100 MB\"], attachments = {{ count = 2, size = \"1 MB\" }} }}\npush = {{ list = [{rows}] }}"
        ),
    );
    let tables = run(&[&top, &home, &eu(IDLE)]);
    assert_eq!(by_day(&tables, "stored", "us-east-1"), [102e6, 0.0, 0.0, 0.0]);
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [102e6, 0.0, 0.0, 0.0]);
    assert_eq!(failures(&tables, "r"), []);
}

#[test]
fn b22_the_daily_run_is_drawn_once_and_lies_within_a_day() {
    let two_days = policy(&[rule(1, &since("any", "sinceImagePushed", 2), EXPIRE)]);
    let top = days(5, "strategies = [{ name = \"r\", kind = \"cross-region-pull\" }]");
    let home = repository(
        "app",
        &format!("count = 20\nlifecycle = \"p.json\"\n{ONE_LAYER}push = {{ list = [{{ at = \"0d\", tag = \"v\" }}] }}"),
    );
    let tables = run_with(&[&top, &home, &eu(IDLE)], &[("p.json", &two_days)]);
    // All twenty are two days old at day 2 and gone by day 3.
    let stored = by_day(&tables, "stored", "us-east-1");
    assert_eq!((stored[1], stored[2], stored[3]), (20.0 * IMAGE, 0.0, 0.0));
    // Drawn from the whole day: on average half of it.
    let served = quantity(&tables, "r", "storage", "us-east-1") * GB / IMAGE / 20.0 * 31.0;
    assert!((2.3..2.7).contains(&served), "{served}");
}

#[test]
fn b24_a_replica_s_policy_counts_from_the_arrival_and_by_pulls_there() {
    let unpulled = policy(&[rule(1, &since("any", "sinceImagePulled", 2), ARCHIVE)]);
    let template =
        "registries = [{ registry = \"ca-central-1\", templates = [{ prefix = \"ROOT\", lifecycle = \"p.json\" }] }]";
    let archived = |delay: &str, pulls: &str| {
        let strategies = replication("").replace("\"0s\"", &format!("\"{delay}\""));
        let top = days(
            31,
            &format!("{strategies}\n{template}\nservice = {{ lifecycle_delay = \"12h\", pull_time_lag = \"0s\" }}"),
        );
        let tables = run_with(
            &[&top, &app("{ at = \"0d\", tag = \"v\" }"), &cluster("ca", "ca-central-1", pulls)],
            &[("p.json", &unpulled)],
        );
        assert_eq!(failures(&tables, "r"), []);
        (quantity(&tables, "r", "archive", "ca-central-1") * GB / IMAGE * 31.0 * 100.0).round() / 100.0
    };
    // Two days after arrival, at the next noon: day 2.5. Arrived at 13 h: two days old at 61 h, archived at day 3.5.
    assert_eq!(archived("0s", IDLE), 28.5);
    assert_eq!(archived("13h", IDLE), 27.5);
    // A pull there on day 1 keeps it until 3.5.
    assert_eq!(archived("0s", &pulls(&[("1d", "v")])), 27.5);
}

#[test]
fn b25_an_expiry_at_home_leaves_replicas_alone() {
    let one_day = policy(&[rule(1, &since("any", "sinceImagePushed", 1), EXPIRE)]);
    let top = days(3, &format!("{}\nservice = {{ lifecycle_delay = \"12h\" }}", replication("")));
    let home = repository(
        "app",
        &format!("lifecycle = \"p.json\"\n{ONE_LAYER}push = {{ list = [{{ at = \"0d\", tag = \"v\" }}] }}"),
    );
    let tables = run_with(&[&top, &home, &eu(&pulls(&[("2d", "v")]))], &[("p.json", &one_day)]);
    assert_eq!(by_day(&tables, "stored", "us-east-1"), images(&[1, 0, 0]));
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), images(&[1, 1, 1]));
    assert_eq!(summary(&tables, "r").pulls_failed, 0.0);
}
