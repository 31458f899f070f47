//! Warnings that need the whole scenario.

use super::*;

/// Messages of a scenario that is good all the same.
fn warnings(text: &str) -> Vec<String> {
    let (built, problems) = scenario(text);
    assert!(built.is_some(), "{problems:?}");
    problems.into_iter().map(|(message, ..)| message).collect()
}

#[test]
fn a_scenario_that_says_what_it_means_is_not_warned_of() {
    assert_eq!(warnings(QUICK), Vec::<String>::new());
}

#[test]
fn a_cluster_at_home_learns_that_no_strategy_matters_to_it() {
    let text = QUICK.replace("registry = \"eu-west-1\"", "registry = \"us-east-1\"");
    let message = "all that the clusters run is at home in their registries; the strategies do not differ";
    assert_eq!(warnings(&text), [message]);
    // Beside a cluster elsewhere it is worth a note, which is no warning.
    let beside = text + "[[clusters]]\nname = \"asia\"\nregistry = \"ap-southeast-1\"\n";
    assert_eq!(warnings(&beside), Vec::<String>::new());
}

#[test]
fn a_deploy_that_nothing_triggers_is_told() {
    let builds = QUICK.replace("[[clusters]]", "tags = { release_every = 0 }\n[[clusters]]");
    assert_eq!(warnings(&builds), ["no push triggers the deploy of `eu`"]);
    let told =
        |on: &str| warnings(&(builds.clone() + &format!("pulls = {{ deploy = {{ on = {on}, within = \"10m\" }} }}\n")));
    assert_eq!(told("\"build\""), Vec::<String>::new());
    assert_eq!(told("[\"build-*\"]"), Vec::<String>::new());
    assert_eq!(told("[\"v*\"]").len(), 1);
}

#[test]
fn copies_that_expire_by_age_can_empty_a_standby() {
    let policy = |lifecycle: &str| {
        let templates = format!("templates = [{{ prefix = \"shop\", lifecycle = {lifecycle} }}]\n");
        warnings(&format!("{QUICK}[[registries]]\nregistry = \"eu-west-1\"\n{templates}"))
    };
    assert_eq!(policy("{ days = 14 }"), ["copies of `shop/api` for `eu` expire by age"]);
    assert_eq!(policy("{ keep = 5 }"), Vec::<String>::new());
}

#[test]
fn a_tag_that_moves_stays_behind_in_immutable_copies() {
    let quick = format!("strategies = [\"replication\"]\n{QUICK}");
    let moving = quick.replace("[[clusters]]", "tags = { moving = [\"latest\"] }\n[[clusters]]");
    let frozen = format!("{moving}[[registries]]\nregistry = \"eu-west-1\"\nmutability = \"immutable\"\n");
    assert_eq!(warnings(&moving), Vec::<String>::new());
    assert_eq!(warnings(&frozen), ["the moving tag `latest` of `shop/api` stays behind in immutable copies"]);
}
