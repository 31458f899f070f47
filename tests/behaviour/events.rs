//! `--events`: every line is one that the service would send, and there are as many as the tables count.
//!
//! The schema here is written by hand from the service's sample events (A62 to A64) and its API model (A60, A61); it
//! knows nothing of the code that makes the lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use replisim::scenario::Scenario;
use replisim::study::events::{self, Event};
use replisim::study::{Options, StudyError, Unseen};
use serde_json::Value;

use super::common::{SHORT_MONITORING, all_bundled, bundled, read, root, run_on};

/// The lines of these strategies; all when `None`.
fn lines_of(scenario: &Scenario, strategies: Option<Vec<usize>>, jobs: usize) -> Vec<Value> {
    let mut lines = Vec::new();
    let options = Options { strategies, jobs };
    let mut sink = |event: &Event| {
        lines.push(serde_json::to_value(event).expect("JSON"));
        ControlFlow::Continue(())
    };
    events::events(scenario, &options, &Unseen, &AtomicBool::new(false), &mut sink).expect("the trial runs");
    lines
}

fn lines(scenario: &Scenario) -> Vec<Value> {
    lines_of(scenario, None, 0)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value}"))
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Whether these keys are there, and no others but those that may be.
fn has(value: &Value, required: &[&str], optional: &[&str]) -> bool {
    let (found, required) = (keys(value), required.iter().copied().collect::<BTreeSet<_>>());
    required.is_subset(&found) && found.difference(&required).all(|key| optional.contains(key))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| is_hex(hex, 64))
}

fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00Z"
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() >= 3 && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// The repository's ARN, where an event names it.
fn arn(line: &Value, repository: &str) -> Value {
    let (region, account) = (text(line, "region"), text(line, "account"));
    serde_json::json!([format!("arn:aws:ecr:{region}:{account}:repository/{repository}")])
}

/// Panics when a line is not as the service's pages have it.
fn check(line: &Value) {
    let envelope = [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
        "strategy",
        "replisim",
    ];
    assert!(has(line, &envelope, &[]), "{line}");
    assert_eq!(line["version"], "0");
    let id: Vec<&str> = text(line, "id").split('-').collect();
    assert!(id.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && is_hex(&id.concat(), 32), "{line}");
    assert!(is_account(text(line, "account")) && is_region(text(line, "region")) && is_time(text(line, "time")));
    assert!(has(&line["replisim"], &["trial"], &["cause"]) && line["replisim"]["trial"] == 1, "{line}");
    let detail = &line["detail"];
    let kind = text(line, "detail-type");
    assert_eq!(line["source"], if kind == "replisim.ReplicationStatus" { "replisim" } else { "aws.ecr" });
    match kind {
        "ECR Image Action" | "ECR Referrer Action" => {
            let media: &[&str] = &["manifest-media-type", "artifact-media-type"];
            let required: &[&str] = &["result", "repository-name", "image-digest", "action-type"];
            match text(detail, "action-type") {
                "PUSH" | "DELETE" => {
                    let optional = if kind == "ECR Referrer Action" { media } else { &[] };
                    assert!(has(detail, required, &[optional, &["image-tag"]].concat()), "{line}");
                }
                "UPDATE_STORAGE_CLASS" => {
                    let required = [required, &["target-storage-class", "manifest-media-type"]].concat();
                    assert!(has(detail, &required, &["artifact-media-type", "last-activated-at"]), "{line}");
                    let restored = text(detail, "target-storage-class") == "STANDARD";
                    assert!(restored || detail["target-storage-class"] == "ARCHIVE", "{line}");
                    assert_eq!(restored, !detail["last-activated-at"].is_null(), "{line}");
                }
                other => panic!("action {other}"),
            }
            assert_eq!((&detail["result"], &line["resources"]), (&"SUCCESS".into(), &serde_json::json!([])));
            assert!(is_digest(text(detail, "image-digest")));
        }
        "ECR Replication Action" => {
            let required =
                ["result", "repository-name", "image-digest", "source-account", "action-type", "source-region"];
            assert!(has(detail, &required, &["image-tag"]), "{line}");
            assert!(matches!(text(detail, "result"), "SUCCESS" | "FAILED") && detail["action-type"] == "REPLICATE");
            assert!(is_account(text(detail, "source-account")) && is_region(text(detail, "source-region")));
            let from = (text(detail, "source-account"), text(detail, "source-region"));
            assert_ne!(from, (text(line, "account"), text(line, "region")), "told at the destination: {line}");
            assert_eq!(line["resources"], arn(line, text(detail, "repository-name")));
            assert_eq!(detail["result"] == "FAILED", !line["replisim"]["cause"].is_null(), "{line}");
            assert!(is_digest(text(detail, "image-digest")));
        }
        "ECR Pull Through Cache Action" => {
            let required = [
                "rule-version",
                "sync-status",
                "ecr-repository-prefix",
                "repository-name",
                "upstream-registry-url",
                "image-digest",
            ];
            assert!(has(detail, &required, &["image-tag", "failure-code", "failure-reason"]), "{line}");
            let failed = text(detail, "sync-status") == "FAILED";
            assert!(failed || detail["sync-status"] == "SUCCESS", "{line}");
            assert_eq!(failed, !detail["failure-code"].is_null() && !detail["failure-reason"].is_null(), "{line}");
            let upstream: Vec<&str> = text(detail, "upstream-registry-url").split('.').collect();
            assert!(is_account(upstream[0]) && upstream[1..3] == ["dkr", "ecr"] && is_region(upstream[3]), "{line}");
            assert_eq!(line["resources"], arn(line, text(detail, "repository-name")));
            assert!(is_digest(text(detail, "image-digest")));
        }
        "replisim.ReplicationStatus" => {
            assert!(has(detail, &["repositoryName", "imageId", "replicationStatuses"], &[]), "{line}");
            assert!(has(&detail["imageId"], &["imageDigest"], &["imageTag"]), "{line}");
            assert!(is_digest(text(&detail["imageId"], "imageDigest")));
            let statuses = detail["replicationStatuses"].as_array().expect("a list");
            assert!(!statuses.is_empty());
            for status in statuses {
                assert!(has(status, &["region", "registryId", "status"], &["failureCode"]), "{line}");
                assert!(is_account(text(status, "registryId")) && is_region(text(status, "region")));
                let failed = text(status, "status") == "FAILED";
                assert!(failed || matches!(text(status, "status"), "IN_PROGRESS" | "COMPLETE"), "{line}");
                assert_eq!(failed, !status["failureCode"].is_null(), "{line}");
            }
            assert_eq!(line["resources"], arn(line, text(detail, "repositoryName")));
        }
        other => panic!("detail-type {other}"),
    }
}

/// How many lines of a strategy are of a kind and result.
fn count(lines: &[Value], strategy: &str, kind: &str, result: (&str, &str)) -> f64 {
    let of = |line: &&Value| {
        line["strategy"] == strategy && line["detail-type"] == kind && line["detail"][result.0] == result.1
    };
    lines.iter().filter(of).count() as f64
}

#[test]
fn every_line_of_every_bundled_scenario_is_as_the_service_documents_it_and_in_order() {
    let mut kinds = BTreeSet::new();
    for (name, scenario) in all_bundled() {
        let lines = lines(&scenario);
        assert!(!lines.is_empty(), "{name}");
        let mut ids = BTreeSet::new();
        let mut last = ("", "");
        for line in &lines {
            check(line);
            kinds.insert((text(line, "detail-type").to_string(), line["detail"]["result"].to_string()));
            assert!(ids.insert(text(line, "id")), "{name}: an id twice");
            let at = (text(line, "strategy"), text(line, "time"));
            assert!(last.0 != at.0 || last.1 <= at.1, "{name}: {last:?} before {at:?}");
            last = at;
        }
    }
    let failed = ("ECR Replication Action".to_string(), "\"FAILED\"".to_string());
    assert!(kinds.len() >= 5 && kinds.contains(&failed), "{kinds:?}");
}

/// What the tables of one trial say of a strategy, and what its lines do.
fn agree(scenario: &Scenario) {
    let tables = run_on(scenario, 1);
    let lines = lines(scenario);
    for row in &tables.trials {
        let name = row.strategy.as_str();
        let not_sent: f64 = tables
            .failures
            .iter()
            .filter(|failure| failure.strategy == name && failure.event == "copy")
            .filter(|failure| failure.cause == "region-not-enabled" || row.strategy.contains("job"))
            .map(|failure| failure.count)
            .sum();
        let replicated = |result| count(&lines, name, "ECR Replication Action", ("result", result));
        let fetched = |result| count(&lines, name, "ECR Pull Through Cache Action", ("sync-status", result));
        let mut pushes: BTreeMap<&str, f64> = BTreeMap::new();
        let is_push = |line: &&Value| line["detail"]["action-type"] == "PUSH";
        for line in lines.iter().filter(is_push) {
            *pushes.entry(text(line, "strategy")).or_default() += 1.0;
        }
        // Clients push the same under every strategy; a job pushes its copies beside them.
        let by_clients = pushes.values().copied().fold(f64::INFINITY, f64::min);
        let by_job = pushes[name] - by_clients;
        let copies = replicated("SUCCESS") + fetched("SUCCESS") + by_job;
        assert_eq!(copies, row.copies as f64, "copies of {name}");
        assert_eq!(replicated("FAILED") + fetched("FAILED") + not_sent, row.copies_failed as f64, "failed: {name}");
    }
}

#[test]
fn there_are_as_many_lines_as_copies_and_failures_in_the_tables() {
    for (name, sets) in [
        ("shop", &["run.duration=5d", "run.trials=1"][..]),
        ("good-habits", &["run.duration=3d", "run.trials=1"]),
        ("cross-account", &["run.duration=5d", "run.trials=1"]),
        ("gotcha-region-not-enabled", &["run.duration=5d", "run.trials=1"]),
        ("hand-written-job", &["run.duration=9d", "run.trials=1"]),
        ("monitoring", &SHORT_MONITORING),
    ] {
        agree(&read(&bundled(name), sets));
    }
}

#[test]
fn what_comes_before_the_run_is_followed_and_not_told() {
    let scenario = read(&bundled("shop"), &["run.duration=2d", "run.warm_up=4d", "run.trials=1"]);
    agree(&scenario);
    let start = scenario.model.calendar.start.as_str();
    assert!(lines(&scenario).iter().all(|line| text(line, "time") >= start));
}

#[test]
fn lines_do_not_depend_on_threads_and_strategies_can_be_chosen() {
    let scenario = read(&bundled("shop"), &["run.duration=3d"]);
    let all = lines_of(&scenario, None, 1);
    assert_eq!(lines_of(&scenario, None, 2), all);
    let name = scenario.model.strategies[1].name.as_str();
    let of_one: Vec<Value> = all.into_iter().filter(|line| line["strategy"] == name).collect();
    assert_eq!(lines_of(&scenario, Some(vec![1]), 2), of_one);
}

#[test]
fn every_copy_ends_the_status_that_it_began() {
    let scenario = read(&bundled("good-habits"), &["run.duration=3d"]);
    let mut newest: BTreeMap<(String, String, String), Value> = BTreeMap::new();
    let lines = lines(&scenario);
    for line in lines.iter().filter(|line| line["source"] == "replisim") {
        let (strategy, detail) = (text(line, "strategy").to_string(), &line["detail"]);
        let key = (strategy, text(detail, "repositoryName").into(), text(&detail["imageId"], "imageDigest").into());
        let before = newest.insert(key, detail["replicationStatuses"].clone());
        assert_ne!(before.as_ref(), Some(&detail["replicationStatuses"]), "told though it did not change: {line}");
    }
    let open = newest.values().flat_map(|statuses| statuses.as_array().expect("a list"));
    let open = open.filter(|status| status["status"] == "IN_PROGRESS").count();
    // What was ordered in the last moments may have its turn after the end.
    assert!(newest.len() > 100 && open <= 2, "{open} of {}", newest.len());
}

#[test]
fn an_interruption_or_a_full_sink_ends_the_telling() {
    let scenario = read(&bundled("shop"), &["run.duration=3d"]);
    let options = Options { strategies: None, jobs: 1 };
    let mut told = 0;
    let mut once = |_: &Event| {
        told += 1;
        ControlFlow::Break(())
    };
    events::events(&scenario, &options, &Unseen, &AtomicBool::new(false), &mut once).expect("no error");
    assert_eq!(told, 1);
    let stopped = events::events(&scenario, &options, &Unseen, &AtomicBool::new(true), &mut |_| {
        panic!("nothing is told after an interruption")
    });
    assert!(matches!(stopped, Err(StudyError::Interrupted)));
}

/// Whether an EventBridge pattern of lists and nested objects matches an event.
fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(pattern) => pattern.iter().all(|(key, pattern)| matches(pattern, &event[key])),
        Value::Array(values) => values.contains(event),
        _ => false,
    }
}

#[test]
fn the_manual_shows_lines_of_its_scenario_and_a_rule_that_matches() {
    let page = fs::read_to_string(root().join("docs/events.md")).expect("the page is there");
    let blocks = |language: &str| -> Vec<String> {
        let fence = format!("```{language}\n");
        let parts = page.split(&fence).skip(1);
        parts.filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
    };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = Path::join(dir.path(), "events.toml");
    fs::write(&path, &blocks("toml")[0]).expect("a temporary file");
    let lines = lines(&read(&path, &[]));
    let (mut shown, mut patterns) = (BTreeSet::new(), Vec::new());
    for block in blocks("json") {
        let value: Value = serde_json::from_str(&block).expect("JSON");
        if value["id"].is_null() {
            patterns.push(value);
        } else {
            assert!(lines.contains(&value), "no such line: {value}");
            shown.insert(text(&value, "detail-type").to_string());
        }
    }
    let made: BTreeSet<String> = lines.iter().map(|line| text(line, "detail-type").to_string()).collect();
    assert_eq!(shown, made, "one sample of each kind");
    assert_eq!(made.len(), 5);
    assert_eq!(patterns.len(), 1);
    let matched: Vec<&Value> = lines.iter().filter(|line| matches(&patterns[0], line)).collect();
    assert_eq!(matched.len(), 2, "the version and its signature");
    assert!(matched.iter().all(|line| line["replisim"]["cause"] == "not-allowed"));
}
