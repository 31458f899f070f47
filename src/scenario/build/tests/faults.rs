//! Faults, failover, and what is required of both.

use super::*;
use crate::cloud::{RegionId, RegistryId};
use crate::faults::{Fault, FaultKind, When};
use crate::sim::Law;
use crate::units::NANOS;

const PLACES: &str = r#"
accounts = { hub = "111122223333", bu = "300000000001" }
[[repositories]]
name = "shop/api"
registry = "hub/us-east-1"
[[clusters]]
name = "eu"
registry = "hub/eu-west-1"
[[clusters]]
name = "bu"
registry = "bu/eu-west-1"
"#;

fn of(faults: &str) -> Vec<Fault> {
    good(&format!("faults = [{faults}]\n{PLACES}")).model.faults
}

fn said(faults: &str) -> Vec<String> {
    messages(&format!("faults = [{faults}]\n{PLACES}"))
}

#[test]
fn every_kind_is_read() {
    let all = of(r#"
        { kind = "region-outage", region = "eu-west-1", at = "45d", lasts = "8h" },
        { kind = "registry-outage", registry = "bu/eu-west-1", rate = "1/30d", lasts = { exponential = { mean = "2h" } } },
        { kind = "slow-link", from = "us-east-1", bandwidth = "10%", extra_rtt = "80 ms", at = "1d", lasts = "1d" },
        { kind = "throttling", registry = "hub/us-east-1", quota = "25%", at = "1d", lasts = "1d" },
        { kind = "copy-failures", to = "bu/eu-west-1", share = "2%" },
        { name = "flaky for a day", kind = "copy-failures", share = "50%", at = "1d", lasts = "1d" },
        { kind = "missing-permission", registry = "bu/eu-west-1", at = "0d", lasts = "14d" },
        { name = "no-pull", kind = "missing-permission", registry = "bu/eu-west-1", lacks = ["ecr:BatchGetImage", "ecr:CreateRepository"], at = "0d", lasts = "14d" },
        { kind = "job-stopped", strategy = "scheduled-copy", at = "10d", lasts = "3d" },
        { name = "all-jobs", kind = "job-stopped", at = "10d", lasts = "3d" },
        { name = "not this one", enabled = false, kind = "region-outage", region = "moon-1" },
    "#);
    let names: Vec<(&str, &str)> = all.iter().map(|fault| (fault.name.as_str(), fault.kind.name())).collect();
    assert_eq!(names[0], ("region-outage", "region-outage"));
    assert_eq!((names[5], names.len()), (("flaky for a day", "copy-failures"), 10));
    assert!(matches!(all[0].when, When::At(Time(at)) if at == 45 * DAY));
    assert_eq!(all[0].lasts, Law::Constant((8 * HOUR) as f64));
    assert!(matches!(all[0].kind, FaultKind::RegionOutage(RegionId(1))));
    let When::Rate(intensity) = &all[1].when else { panic!("a rate") };
    assert!((intensity.total() - 3.0).abs() < 1e-9);
    assert!(matches!(all[1].kind, FaultKind::RegistryOutage(RegistryId(2))));
    let FaultKind::SlowLink { from, to, bandwidth, extra_rtt } = all[2].kind else { panic!("a slow link") };
    assert_eq!((from, to, bandwidth, extra_rtt), (Some(RegionId(0)), None, 0.1, Span(NANOS / 1000 * 80)));
    assert!(matches!(all[3].kind, FaultKind::Throttling { registry: RegistryId(0), quota } if quota == 0.25));
    assert!(matches!(all[4].when, When::WholeRun));
    let FaultKind::CopyFailures { from, to, share } = all[4].kind else { panic!("copy failures") };
    assert_eq!((from, to, share), (None, Some(RegistryId(2)), 0.02));
    assert!(matches!(all[5].when, When::At(_)));
    let lacks = |index: usize| match &all[index].kind {
        FaultKind::MissingPermission { lacks, .. } => lacks.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(lacks(6), ["ecr:ReplicateImage"]);
    assert_eq!(lacks(7), ["ecr:BatchGetImage", "ecr:CreateRepository"]);
    assert!(matches!(all[8].kind, FaultKind::JobStopped { strategy: Some(3) }));
    assert!(matches!(all[9].kind, FaultKind::JobStopped { strategy: None }));
}

#[test]
fn faults_that_cannot_be_are_refused() {
    let rest = "at = \"1d\", lasts = \"1d\"";
    for (fault, message) in [
        (
            "{ kind = \"region-outage\", region = \"eu-wset-1\", REST }",
            "no region `eu-wset-1`, did you mean `eu-west-1`?",
        ),
        ("{ kind = \"region-outage\", region = \"eu-west-3\", REST }", "no registry of the scenario is in `eu-west-3`"),
        (
            "{ kind = \"registry-outage\", registry = \"bu/us-east-1\", REST }",
            "the scenario does not use the registry `bu/us-east-1`",
        ),
        ("{ kind = \"slow-link\", bandwidth = \"0%\", REST }", "a slow link keeps some of its bandwidth"),
        (
            "{ kind = \"job-stopped\", strategy = \"scheduled-cpoy\", REST }",
            "no strategy `scheduled-cpoy`, did you mean `scheduled-copy`?",
        ),
        (
            "{ kind = \"job-stopped\", strategy = \"replication\", REST }",
            "`replication` is a replication; only a scheduled-copy has a job to stop",
        ),
        (
            "{ kind = \"missing-permission\", registry = \"bu/eu-west-1\", lacks = [\"ecr:ReplicateImages\"], REST }",
            "unknown value `ecr:ReplicateImages`, did you mean `ecr:ReplicateImage`?",
        ),
        (
            "{ kind = \"missing-permission\", registry = \"bu/eu-west-1\", lacks = [], REST }",
            "a permission must be missing",
        ),
        ("{ kind = \"region-outage\", region = \"eu-west-1\", at = \"1d\" }", "a fault needs `lasts`"),
        (
            "{ kind = \"region-outage\", region = \"eu-west-1\", lasts = \"1d\" }",
            "a fault needs `at` or `rate`: when it strikes",
        ),
        (
            "{ kind = \"copy-failures\", share = \"1%\", lasts = \"1d\" }",
            "a fault needs `at` or `rate`: when it strikes",
        ),
        (
            "{ kind = \"region-outage\", region = \"eu-west-1\", at = \"95d\", lasts = \"1d\" }",
            "this moment lies after the end of the run",
        ),
        (
            "{ kind = \"region-outage\", region = \"eu-west-1\", rate = \"1/s\", lasts = \"1d\" }",
            "the fault strikes about 7.8e6 times in a run",
        ),
    ] {
        let said = said(&fault.replace("REST", rest));
        assert!(said.iter().any(|one| one == message), "{fault}: {said:#?}");
    }
    let twice = "{ kind = \"region-outage\", region = \"eu-west-1\", REST }, ".repeat(2).replace("REST", rest);
    assert_eq!(said(&twice), ["fault `region-outage` is there twice"]);
}

#[test]
fn a_fault_that_nobody_can_notice_is_told() {
    let rest = "at = \"1d\", lasts = \"1d\"";
    for (fault, seen) in [
        // A30: within an account replication needs no permission.
        ("{ kind = \"missing-permission\", registry = \"hub/eu-west-1\", REST }", false),
        ("{ kind = \"missing-permission\", registry = \"bu/eu-west-1\", REST }", true),
        (
            "{ kind = \"missing-permission\", registry = \"hub/eu-west-1\", lacks = [\"ecr:BatchImportUpstreamImage\"], REST }",
            true,
        ),
        (
            "{ kind = \"missing-permission\", registry = \"hub/us-east-1\", lacks = [\"ecr:BatchImportUpstreamImage\"], REST }",
            false,
        ),
        (
            "{ kind = \"missing-permission\", registry = \"hub/us-east-1\", lacks = [\"ecr:BatchGetImage\"], REST }",
            true,
        ),
        ("{ kind = \"slow-link\", REST }", false),
        ("{ kind = \"slow-link\", bandwidth = \"50%\", REST }", true),
        ("{ kind = \"throttling\", registry = \"hub/us-east-1\", quota = \"100%\", REST }", false),
        ("{ kind = \"copy-failures\", share = \"0%\" }", false),
        ("{ kind = \"job-stopped\", REST }", true),
    ] {
        let said = said(&fault.replace("REST", rest));
        assert_eq!(said.iter().all(|one| !one.ends_with("changes nothing")), seen, "{fault}: {said:#?}");
    }
    let text = format!("strategies = [\"replication\"]\nfaults = [{{ kind = \"job-stopped\", {rest} }}]\n{PLACES}");
    assert_eq!(messages(&text), ["the fault `job-stopped` changes nothing"]);
}

/// A standby in eu-west-1 for a home in us-east-1.
fn standby(pulls: &str, more: &str) -> String {
    format!(
        "faults = [{{ name = \"home-down\", kind = \"region-outage\", region = \"us-east-1\", at = \"45d\", lasts = \"8h\" }}]\n\
         {more}\n{QUICK}pulls = {pulls}\n"
    )
}

#[test]
fn a_failover_hangs_on_its_fault() {
    let of = |pulls: &str| good(&standby(pulls, "")).model.demand.clusters[0].clone();
    let cluster = of("{ failover = \"home-down\" }");
    let [Trigger::Failover { of: 0, after, within }] = cluster.triggers.as_slice() else { panic!("a failover") };
    assert_eq!((after, *within), (&Law::Constant((HOUR / 4) as f64), Span(HOUR / 2)));
    assert!(cluster.is_cold_standby() && cluster.fails_over_on(0));
    assert_eq!(cluster.version, VersionChoice::Deployed);
    let cluster = of(
        "{ deploy = \"10m\", failover = { of = \"home-down\", after = { uniform = { min = \"5m\", max = \"1h\" } }, within = \"1h\" } }",
    );
    assert!(!cluster.is_cold_standby() && cluster.fails_over_on(0));
    assert!(matches!(cluster.triggers[1], Trigger::Failover { after: Law::Uniform { .. }, within: Span(HOUR), .. }));
    let (_, found) = scenario(&standby("{ failover = \"home-dwon\" }", ""));
    let (message, label, _) = &found[0];
    assert_eq!(
        (message.as_str(), label.as_str()),
        ("no fault `home-dwon`, did you mean `home-down`?", "faults: home-down")
    );
    let scenario = good(&standby("{ failover = \"home-down\" }", ""));
    assert!(scenario.assumptions.iter().any(|one| one.key == "clusters.pulls.failover.after"));
}

#[test]
fn a_standby_that_the_fault_strikes_too_is_warned_of() {
    let text = standby("{ failover = \"home-down\" }", "").replace("\"eu-west-1\"", "\"us-east-1\"");
    let said = messages(&text);
    assert!(said.contains(&"`eu` fails over on `home-down`, which strikes it too".to_string()), "{said:?}");
}

#[test]
fn recovery_is_required_of_what_fails_over() {
    let text = |objective: &str| standby("{ failover = \"home-down\" }", &format!("objectives = [{objective}]"));
    let of = |objective: &str| good(&text(objective)).objectives[0].metric.clone();
    let at_most = Span(4 * HOUR);
    assert_eq!(of("{ metric = \"recovery\", at_most = \"4h\" }"), Metric::Recovery { at_most, fault: None });
    let named = "{ metric = \"recovery\", at_most = \"4h\", fault = \"home-down\" }";
    assert_eq!(of(named), Metric::Recovery { at_most, fault: Some(0) });
    let missing = "{ metric = \"images_missing\", at_most = 3, fault = \"home-down\" }";
    assert_eq!(of(missing), Metric::ImagesMissing { at_most: 3, fault: Some(0) });
    let refused = |objective: &str| messages(&text(objective));
    assert_eq!(refused("{ metric = \"recovery\", at_most = \"4h\", fault = \"home\" }"), ["no fault `home`"]);
    assert_eq!(
        refused("{ metric = \"recovery\", at_most = \"4h\", clusters = \"eu\" }"),
        ["`clusters` does not go with `recovery`: it counts all that fails over; filter by `fault`"]
    );
    for (fault, which) in [("", "any fault"), (", fault = \"home-down\"", "`home-down`")] {
        let objective = format!("objectives = [{{ metric = \"recovery\", at_most = \"4h\"{fault} }}]");
        assert_eq!(
            messages(&standby("{ deploy = \"10m\" }", &objective)),
            [format!("no cluster fails over on {which}")]
        );
    }
}

#[test]
fn pulls_that_fail_are_counted_within_filters() {
    let text =
        |filter: &str| format!("objectives = [{{ metric = \"pulls_failed\", at_most = \"1%\"{filter} }}]\n{QUICK}");
    assert!(good(&text("")).model.probes.is_empty());
    let filtered = good(&text(", clusters = \"eu\", tags = \"v1*\""));
    assert_eq!(filtered.model.probes.len(), 1);
    let probe = &filtered.model.probes[0];
    assert_eq!((probe.objective, probe.metric, probe.within), (0, crate::engine::ProbeMetric::PullTime, None));
    assert!(probe.tags.matches("v12") && !probe.tags.matches("v2"));
    assert_eq!(messages(&text(", clusters = \"us\"")), ["`clusters` selects no cluster"]);
}

#[test]
fn filters_that_mean_nothing_are_refused() {
    for (objective, message) in [
        (
            "metric = \"cost\", at_most = \"$500/month\", tags = \"v*\"",
            "`tags` does not go with `cost`: a bill knows accounts; filter by `account`",
        ),
        (
            "metric = \"residency\", regions = \"*\", clusters = \"eu\"",
            "`clusters` does not go with `residency`: it is about whole repositories",
        ),
    ] {
        assert_eq!(messages(&format!("objectives = [{{ {objective} }}]\n{QUICK}")), [message]);
    }
    let cost = "objectives = [{ metric = \"cost\", at_most = \"$500/month\", account = \"main\" }]\n";
    assert!(matches!(good(&format!("{cost}{QUICK}")).objectives[0].metric, Metric::Cost { account: Some(0), .. }));
}

#[test]
fn a_disabled_fault_is_as_if_it_were_absent() {
    let text = standby("{ deploy = \"10m\" }", "")
        .replace("{ name = \"home-down\"", "{ enabled = false, name = \"home-down\"");
    assert!(good(&text).model.faults.is_empty());
}
