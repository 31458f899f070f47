//! Who may copy where, and what the service makes there (A30 to A39).

use super::super::common::summary;
use super::*;

const ACCOUNTS: &str = "accounts = { dev = \"111122223333\", prod = \"444455556666\" }\n";

/// One push at home in `dev`, copied to `prod` (another region) under this policy.
fn across(registry: &str, files: &[(&str, &str)], pushes: &str, faults: &str) -> Tables {
    let top = format!(
        "{}\n{ACCOUNTS}registries = [{{ registry = \"prod/eu-west-1\", {registry} }}]\n{faults}",
        replication("")
    );
    let home = format!(
        "[[repositories]]\nname = \"app\"\nregistry = \"dev/us-east-1\"\n{ONE_LAYER}push = {{ list = [{pushes}] }}\n"
    );
    run_with(&[&days(4, &top), &home, &cluster("p", "prod/eu-west-1", IDLE)], files)
}

const PUSH: &str = "{ at = \"1h\", tag = \"v\" }";

fn outcome(tables: &Tables) -> (f64, Vec<(&str, &str, &str, f64)>) {
    (summary(tables, "r").copies, failures(tables, "r"))
}

fn statement(actions: &str, account: &str, resource: &str) -> String {
    format!(
        "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"s\",\"Effect\":\"Allow\",\
         \"Principal\":{{\"AWS\":\"arn:aws:iam::{account}:root\"}},\"Action\":[{actions}],\"Resource\":[\"{resource}\"]}}]}}"
    )
}

#[test]
fn a30_within_an_account_no_policy_is_asked() {
    let top = format!("{}\nregistries = [{{ registry = \"*/eu-west-1\", policy = \"none\" }}]", replication(""));
    let tables = run(&[&days(2, &top), &app(PUSH), &eu(IDLE)]);
    assert_eq!(outcome(&tables), (1.0, vec![]));
}

#[test]
fn a31_a32_another_account_must_allow_the_copy_and_the_repository() {
    let refused = |cause| (0.0, vec![("copy", cause, "eu-west-1", 1.0)]);
    assert_eq!(outcome(&across("policy = \"allow\"", &[], PUSH, "")), (1.0, vec![]));
    assert_eq!(outcome(&across("policy = \"none\"", &[], PUSH, "")), refused("not-allowed"));
    let all = "arn:aws:ecr:eu-west-1:444455556666:repository/*";
    let copy_only = "\"ecr:ReplicateImage\"";
    let both = "\"ecr:ReplicateImage\",\"ecr:CreateRepository\"";
    let file = "policy = \"policy.json\"";
    let with = |text: &str, registry: &str| across(registry, &[("policy.json", text)], PUSH, "");
    assert_eq!(outcome(&with(&statement(both, "111122223333", all), file)), (1.0, vec![]));
    // The repository must be there when the policy does not let the source make it.
    let copy_only = statement(copy_only, "111122223333", all);
    assert_eq!(outcome(&with(&copy_only, file)), refused("cannot-create-repository"));
    let there = format!("{file}, repositories = [\"app\"]");
    assert_eq!(outcome(&with(&copy_only, &there)), (1.0, vec![]));
    // A33: another account, or another repository, is not this one.
    assert_eq!(outcome(&with(&statement(both, "999999999999", all), file)), refused("not-allowed"));
    let elsewhere = "arn:aws:ecr:eu-west-1:444455556666:repository/other*";
    assert_eq!(outcome(&with(&statement(both, "111122223333", elsewhere), file)), refused("not-allowed"));
}

#[test]
fn a32_what_failed_comes_with_the_next_push_and_not_by_itself() {
    // The permission is missing for a day: the first copy fails and is not tried again (O13).
    let fault =
        "faults = [{ kind = \"missing-permission\", registry = \"prod/eu-west-1\", at = \"0d\", lasts = \"1d\" }]";
    let tables = across("policy = \"allow\"", &[], PUSH, fault);
    assert_eq!(outcome(&tables), (0.0, vec![("copy", "not-allowed", "eu-west-1", 1.0)]));
    let again = format!("{PUSH}, {{ at = \"2d\", tag = \"v\", same_as = \"v\" }}");
    let tables = across("policy = \"allow\"", &[], &again, fault);
    assert_eq!(outcome(&tables), (1.0, vec![("copy", "not-allowed", "eu-west-1", 1.0)]));
    let create = fault.replace("lasts", "lacks = [\"ecr:CreateRepository\"], lasts");
    let tables = across("policy = \"allow\"", &[], &again, &create);
    assert_eq!(outcome(&tables), (1.0, vec![("copy", "cannot-create-repository", "eu-west-1", 1.0)]));
}

#[test]
fn a37_a_region_that_is_not_enabled_takes_no_copies() {
    let tables = across("region_enabled = false", &[], PUSH, "");
    assert_eq!(outcome(&tables), (0.0, vec![("copy", "region-not-enabled", "eu-west-1", 1.0)]));
}

#[test]
fn a38_the_longest_template_decides_alone_and_prefixes_end_at_a_slash() {
    // Three versions a day apart of each repository; a template that keeps one leaves one at the end.
    let rows = (0..3).map(|day| format!("{{ at = \"{day}d\", tag = \"v{day}\" }}")).collect::<Vec<_>>().join(", ");
    let names = ["prod/web", "prod/team/web", "production", "dev"];
    let keys = format!("{ONE_LAYER}push = {{ list = [{rows}] }}");
    let repositories: String = names.iter().map(|name| repository(name, &keys)).collect();
    let top = |templates: &str| {
        format!(
            "{}\nservice = {{ lifecycle_delay = \"1h\" }}\nregistries = [{{ registry = \"eu-west-1\", templates = [{templates}] }}]",
            replication("")
        )
    };
    let stored = |templates: &str| {
        let tables = run(&[&days(5, &top(templates)), &repositories, &eu(IDLE)]);
        names.map(|name| {
            let dollars = place(&tables, "r", name, "eu-west-1").expect("it was copied").storage_usd_month;
            // 5 days of 744 hours: image-days of 100 MB.
            (dollars * (5.0 * 24.0 / 744.0) / 0.10 * GB / IMAGE * 744.0 / 24.0 * 1000.0).round() / 1000.0
        })
    };
    // Each image stays: 5 + 4 + 3 image-days. Kept one: each day's arrival is alone one hour later.
    let (all, one) = (12.0, 5.0 + 2.0 / 24.0);
    let rounded = |days: f64| (days * 1000.0).round() / 1000.0;
    let prod = "{ prefix = \"prod\", lifecycle = { keep = 1 } }";
    assert_eq!(stored(prod), [rounded(one), rounded(one), all, all]);
    assert_eq!(stored("{ prefix = \"ROOT\", lifecycle = { keep = 1 } }"), [rounded(one); 4]);
    let team = "{ prefix = \"prod/team\", lifecycle = { keep = 2 } }";
    // Keep two: from day 2, 1 h on there are two.
    assert_eq!(stored(&format!("{prod}, {team}")), [rounded(one), rounded(1.0 + 2.0 * 4.0 + 1.0 / 24.0), all, all]);
    // O15: the longest that matches decides, even if it is not meant for replication.
    let not_for = "{ prefix = \"prod/team\", lifecycle = { keep = 2 }, for = [\"pull-through-cache\"] }";
    assert_eq!(stored(&format!("{prod}, {not_for}")), [rounded(one), all, all, all]);
}

#[test]
fn a39_a_repository_that_is_there_keeps_its_own_settings() {
    let rows = "{ at = \"0d\", tag = \"a\" }, { at = \"1d\", tag = \"b\" }";
    let with = |there: &str| {
        let top = format!(
            "{}\nservice = {{ lifecycle_delay = \"1h\" }}\nregistries = [{{ registry = \"eu-west-1\", {there} \
             templates = [{{ prefix = \"ROOT\", lifecycle = {{ keep = 1 }} }}] }}]",
            replication("")
        );
        by_day(&run(&[&days(3, &top), &app(rows), &eu(IDLE)]), "stored", "eu-west-1")
    };
    assert_eq!(with(""), [IMAGE, IMAGE, IMAGE]);
    assert_eq!(with("repositories = [\"app\"],"), [IMAGE, 2.0 * IMAGE, 2.0 * IMAGE]);
}
