//! The life of an image: what is told agrees with the hand, with the bill and with the registries' own state.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use replisim::engine::journal::Entry;
use replisim::engine::run_with_journal;
use replisim::report::lives_text;
use replisim::scenario::Scenario;
use replisim::strategy::Kind;
use replisim::study::events::{Detail, Event};
use replisim::study::life::{Life, Lives, explain};
use replisim::study::{Options, Unseen, events};

use super::common::{bundled, read, root};

fn from_text(text: &str, sets: &[&str]) -> Scenario {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("test.toml");
    std::fs::write(&path, text).expect("a temporary file");
    read(&path, sets)
}

fn tell(scenario: &Scenario, image: &str) -> Lives {
    explain(scenario, image, None, 1).unwrap_or_else(|error| panic!("{image}: {error}"))
}

fn under<'a>(lives: &'a Lives, strategy: &str) -> &'a Life {
    lives.strategies.iter().find(|life| life.strategy == strategy).expect("the strategy is told")
}

fn dollars(amount: &str) -> f64 {
    amount.parse().expect("a decimal")
}

fn item(life: &Life, item: &str) -> f64 {
    life.costs.iter().filter(|cost| cost.line_item == item).map(|cost| dollars(&cost.cost_usd)).sum()
}

/// The images that a strategy's trial pushes, each once; children of an index are a part of it.
fn images(scenario: &Scenario, strategy: usize) -> Vec<String> {
    let mut pushed = BTreeSet::new();
    let mut children = BTreeSet::new();
    run_with_journal(&scenario.model, strategy, scenario.run.seed, 1, &mut |_, entry| {
        if let Entry::Pushed(what) = entry {
            pushed.insert((what.repository, what.image.id));
            children.extend(what.image.children.iter().map(|child| (what.repository, child.id)));
        }
    });
    let name = |index: u32| &scenario.model.demand.repositories[index as usize].name;
    pushed.difference(&children).map(|(repository, image)| format!("{}@{image}", name(repository.0))).collect()
}

/// The slow twin of the bill: image by image, each stored and moved byte has one that pays for it.
fn all_images_make_the_bill(name: &str, scenario: &Scenario) {
    for (index, strategy) in scenario.model.strategies.iter().enumerate() {
        if matches!(strategy.kind, Kind::Clairvoyant { .. }) {
            continue;
        }
        let mut sum = 0.0;
        let mut bill = (0.0, 0.0);
        for image in images(scenario, index) {
            let lives = explain(scenario, &image, Some(&[index]), 1).expect("it was pushed");
            let life = &lives.strategies[0];
            sum += dollars(&life.cost_usd);
            bill = (dollars(&life.bill_usd), dollars(&life.nobodys_usd));
            let rows: f64 = life.costs.iter().map(|cost| dollars(&cost.cost_usd)).sum();
            assert!((rows - dollars(&life.cost_usd)).abs() < 1e-8, "{name}: rows of {image} do not add up");
        }
        let due = bill.0 - bill.1;
        // Every row of every image is rounded to 10^-9 dollars.
        assert!((sum - due).abs() < 2e-6 && due > 0.0, "{name}, `{}`: images {sum}, bill {due}", strategy.name);
    }
}

const MANY_WAYS: &str = r#"
schema = 1
strategies = [
  "cross-region-pull", { name = "rules", kind = "replication", rules = [{ to = ["eu-west-1"], prefixes = ["team/"] }, { to = ["eu-west-1", "ap-southeast-1"] }] },
  { name = "cache", kind = "pull-through-cache", ttl = "20h" },
  { name = "job", kind = "scheduled-copy", every = "7h", runner = "ap-southeast-1" },
  { kind = "centralized", registry = "eu-west-1" },
]
run = { start = 2026-01-29T00:00:00Z, duration = "6d", trials = 1 }
bases = { os = { size = "80 MB", layers = 2 } }
[[repositories]]
name = "team/app"
registry = "us-east-1"
image = { size = "200 MB", layers = 5, base = "os", new_bytes = "30%" }
push = { rate = "2/day" }
existing = 2
tags = { moving = ["latest"] }
lifecycle = { keep = 4 }
[[repositories]]
name = "other"
registry = "us-east-1"
image = { size = "120 MB", platforms = 2 }
push = { rate = "1/day" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 2
pulls = { deploy = "10m", rate = "4/day" }
[[clusters]]
name = "ap"
registry = "ap-southeast-1"
nodes = 1
if_missing = "home"
pulls = { rate = "3/day" }
"#;

fn many_ways() -> Scenario {
    from_text(MANY_WAYS, &[])
}

#[test]
fn the_worked_example_is_told_as_the_hand_tells_it() {
    let scenario = read(&bundled("worked-example"), &[]);
    let all = images(&scenario, 0);
    assert_eq!(all.len(), 30);
    let (moved, day) = (0.00372529, 0.000620882);
    let near = |found: f64, by_hand: f64, what: &str| {
        assert!((found - by_hand).abs() < 0.6e-6, "{what}: {found} is not {by_hand}");
    };
    for (index, image) in all.iter().enumerate().step_by(7) {
        let lives = tell(&scenario, image);
        let days = 30.0 - index as f64;
        let rules = under(&lives, "replicate");
        near(item(rules, "storage"), 3.0 * days * day, "three places");
        near(item(rules, "copy"), 2.0 * moved, "two copies");
        assert_eq!((item(rules, "pull"), rules.copies.len(), rules.pulls.count), (0.0, 2, 8));
        let across = under(&lives, "pull-across");
        near(item(across, "storage"), days * day, "home");
        near(item(across, "pull"), 8.0 * moved, "every pull crosses");
        let job = under(&lives, "noon-job");
        near(item(job, "storage"), (days + 2.0 * (days - 0.5)) * day, "half a day late");
        near(item(job, "copy"), 2.0 * moved, "two copies");
        near(item(job, "pull"), 4.0 * moved, "before noon from home");
        let cache = under(&lives, "cache-12h");
        let kept = if days > 1.0 { 30.0 } else { 23.0 };
        near(item(cache, "storage"), (days + 2.0 * kept / 24.0) * day, "from 01:00 to 12 h after 19:00");
        assert_eq!(lives.left_out, ["bound"]);
    }
}

#[test]
fn images_add_up_to_the_bill_of_the_worked_example() {
    let scenario = read(&bundled("worked-example"), &["run.duration=5d"]);
    all_images_make_the_bill("worked example", &scenario);
    let scenario = read(&bundled("worked-example"), &["run.duration=5d", "prices.cross_region_pull=internet"]);
    all_images_make_the_bill("internet tiers", &scenario);
}

#[test]
fn images_add_up_to_the_bill_where_they_share_layers_and_expire() {
    all_images_make_the_bill("many ways", &many_ways());
}

#[test]
fn a74_images_add_up_to_the_bill_where_repositories_share_layers() {
    let text = r#"
schema = 1
strategies = [{ name = "r", kind = "replication" }]
registries = [{ registry = "us-east-1", blob_mounting = true }, { registry = "eu-west-1", blob_mounting = true }]
run = { start = 2026-01-05T00:00:00Z, duration = "4d", trials = 1 }
bases = { os = { size = "80 MB", layers = 1 } }
defaults = { repositories = { registry = "us-east-1", lifecycle = { keep = 1 }, push = { rate = "2/day" } } }
repositories = [
  { name = "one", image = { size = "100 MB", layers = 2, base = "os" } },
  { name = "two", image = { size = "100 MB", layers = 2, base = "os" } },
]
clusters = [{ name = "eu", registry = "eu-west-1", nodes = 1, pulls = { rate = "2/day" } }]
"#;
    all_images_make_the_bill("mounting", &from_text(text, &[]));
}

#[test]
fn c3_to_c6_images_add_up_to_the_bill_with_an_archive() {
    let rows = r#"{ at = "0d", tag = "v" }, { at = "1d", tag = "v", action = "archive" }, { at = "11d", tag = "v", action = "restore" }, { at = "12d", tag = "w" }, { at = "13d", tag = "w", action = "archive" }, { at = "14d", tag = "w", action = "delete" }"#;
    let text = format!(
        r#"
schema = 1
strategies = [{{ name = "r", kind = "replication" }}]
run = {{ start = 2026-01-05T00:00:00Z, duration = "20d", trials = 1 }}
[[repositories]]
name = "app"
registry = "us-east-1"
image = {{ size = "100 MB", layers = 1 }}
push = {{ list = [{rows}] }}
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 1
pulls = {{ times = "05:00" }}
"#
    );
    let scenario = from_text(&text, &[]);
    all_images_make_the_bill("archive", &scenario);
    let lives = tell(&scenario, "app:v");
    let events: Vec<&str> = lives.strategies[0].events.iter().map(|event| event.event).collect();
    for event in ["archived", "restore-begun", "restored"] {
        assert!(events.contains(&event), "{event} is missing: {events:?}");
    }
    assert!(item(&lives.strategies[0], "retrieval") > 0.0);
}

#[test]
fn rules_say_why_they_select_and_why_not() {
    let scenario = many_ways();
    let lives = tell(&scenario, "team/app");
    let rules = &under(&lives, "rules").selection.rules;
    assert_eq!(rules.len(), 2);
    assert!(rules[0].selected && rules[0].reason == "`team/app` begins with `team/`", "{:?}", rules[0]);
    // A15: the second rule leads to eu-west-1 too, and only the first one's copy is made.
    let there: Vec<(bool, Option<&str>)> =
        rules[1].destinations.iter().map(|one| (one.copied, one.reason.as_deref())).collect();
    assert_eq!(there, [(false, Some("rule 1 leads there already (A15)")), (true, None)]);
    let lives = tell(&scenario, "other");
    let rules = &under(&lives, "rules").selection.rules;
    assert_eq!((rules[0].selected, rules[0].reason.as_str()), (false, "`other` does not begin with `team/`"));
    assert!(rules[1].selected && rules[1].reason.contains("A13"), "{:?}", rules[1]);
    assert!(
        under(&lives, "job").selection.reasons[0].contains("the job copies"),
        "{:?}",
        under(&lives, "job").selection
    );
}

#[test]
fn a_lifecycle_policy_is_named_with_its_rule() {
    let scenario = many_ways();
    let first = &images(&scenario, 0)[2];
    let lives = tell(&scenario, first);
    let home = &under(&lives, "rules").places[0];
    assert!(home.gone.is_some(), "four younger ones came: {home:?}");
    let by = home.gone_by.as_deref().expect("a reason");
    assert!(by.starts_with("lifecycle rule of priority 2 expires images beyond the 4 youngest; it came "), "{by}");
    let event = under(&lives, "rules").events.iter().find(|event| event.event == "expired").expect("is told");
    assert_eq!(event.text, by);
}

#[test]
fn a_moving_tag_means_its_last_holder_and_numbers_name_the_others() {
    let scenario = many_ways();
    let latest = tell(&scenario, "team/app:latest");
    assert!(latest.image.holders > 3 && latest.image.earlier.len() > 2, "{:?}", latest.image);
    let before = latest.image.earlier.last().expect("an earlier one");
    let earlier = tell(&scenario, &format!("team/app@{before}"));
    let moved = earlier.strategies[0].events.iter().find(|event| event.event == "tag-moved").expect("is told");
    assert_eq!(moved.tag.as_deref(), Some("latest"));
    assert_eq!(moved.text, format!("the tag has moved on to image {}", latest.image.number));
    // The newest image is what a repository alone means.
    let newest = tell(&scenario, "team/app");
    assert_eq!(newest.image.number, latest.image.number);
    // It goes by its own tag, which no other image had, however many images there are.
    assert_ne!(newest.image.tag.as_deref(), Some("latest"));
    assert_eq!((newest.image.holders, newest.image.earlier.len()), (1, 0), "{:?}", newest.image);
    assert!(!lives_text(&newest).contains("held it"), "{}", lives_text(&newest));
    assert!(lives_text(&latest).contains("before this one, the latest first: team/app@"), "{}", lives_text(&latest));
}

/// What `run --events` tells of can be asked for as it stands there.
#[test]
fn the_digest_of_an_event_names_its_image() {
    let scenario = many_ways();
    let all = || Options { strategies: Some(vec![1]), jobs: 1 };
    let mut told = BTreeSet::new();
    let mut sink = |event: &Event| {
        if let Detail::Image(action) = &event.detail
            && action.action_type == "PUSH"
        {
            told.insert((action.repository_name.clone(), action.image_digest.clone()));
        }
        ControlFlow::Continue(())
    };
    events(&scenario, &all(), &Unseen, &AtomicBool::new(false), &mut sink).expect("a trial");
    let mut numbers = BTreeSet::new();
    for (repository, digest) in told.iter().take(6) {
        let lives = tell(&scenario, &format!("{repository}@{digest}"));
        assert_eq!((&lives.image.repository, &lives.image.digest), (repository, digest));
        let by_number = tell(&scenario, &format!("{repository}@{}", lives.image.number));
        assert_eq!(by_number.image.digest, *digest);
        numbers.insert(lives.image.number);
    }
    assert_eq!(numbers.len(), 6);
}

#[test]
fn failures_of_pushes_copies_and_pulls_have_their_causes() {
    let text = r#"
schema = 1
strategies = [{ name = "r", kind = "replication", rules = [{ from = "main/us-east-1", to = ["prod/eu-west-1"] }] }]
accounts = { main = "111111111111", prod = "222222222222" }
registries = [{ registry = "prod/eu-west-1", policy = "none" }]
run = { duration = "2d", trials = 1 }
[[repositories]]
name = "app"
registry = "main/us-east-1"
image = { size = "100 MB", layers = 1 }
push = { times = "01:00" }
[[clusters]]
name = "eu"
registry = "prod/eu-west-1"
nodes = 1
give_up = "10m"
pulls = { times = "02:00" }
"#;
    let scenario = from_text(text, &[]);
    let lives = tell(&scenario, "app");
    let life = &lives.strategies[0];
    assert_eq!(life.copies[0].failed, Some("not-allowed"));
    let text = lives_text(&lives);
    assert!(text.contains(" storage main/us-east-1: "), "who pays is told where there are several accounts: {text}");
    let verdict = &life.selection.rules[0].destinations[0];
    assert!(
        !verdict.copied && verdict.reason.as_deref().is_some_and(|it| it.contains("ecr:ReplicateImage")),
        "{verdict:?}"
    );
    assert_eq!((life.pulls.count, life.pulls.failed), (1, 1));
    assert_eq!(life.pulls.list[0].cause, Some("image-missing"));
    assert!(text.contains("failed: 1 image-missing"), "{text}");
}

/// An outage stands in the timeline between what it cut short and what came after it, with its name.
#[test]
fn a_fault_is_a_part_of_the_timeline() {
    let text = r#"
schema = 1
strategies = [{ name = "r", kind = "replication", delay = "10m" }]
run = { start = 2026-03-02T00:00:00Z, duration = "3d", trials = 1 }
faults = [{ name = "west-down", kind = "region-outage", region = "eu-west-1", at = "1h5m", lasts = "6h" }]
[[repositories]]
name = "app"
registry = "us-east-1"
image = { size = "100 MB", layers = 1 }
push = { list = [{ at = "1h", tag = "v1" }] }
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 1
pulls = { times = "12:00" }
"#;
    let lives = tell(&from_text(text, &[]), "app:v1");
    let life = &lives.strategies[0];
    let events: Vec<(&str, f64)> = life.events.iter().map(|event| (event.event, event.seconds)).collect();
    let at = |name: &str| events.iter().find(|(event, _)| *event == name).map(|(_, at)| *at).expect("is told");
    let (minute, hour) = (60.0, 3600.0);
    assert_eq!((at("fault-begins"), at("fault-ends")), (hour + 5.0 * minute, 7.0 * hour + 5.0 * minute));
    assert!(at("copy-arrived") >= at("fault-ends"), "no copy comes into a region that is down: {events:?}");
    assert!(events.is_sorted_by(|a, b| a.1 <= b.1), "{events:?}");
    // The wait for the region is told as delay of the copy, and the line adds up.
    let copy = &life.copies[0];
    assert!(copy.delay_s.is_some_and(|delay| delay >= 6.0 * hour), "{copy:?}");
    let printed = lives_text(&lives);
    assert!(printed.contains(" fault-begins: fault `west-down` begins\n"), "{printed}");
}

/// What goes through a NAT gateway is paid for by the image, byte for byte: cold pulls x size x price.
#[test]
fn pulls_through_a_gateway_have_a_line_of_their_own() {
    let text = r#"
schema = 1
strategies = [{ name = "home", kind = "cross-region-pull" }]
run = { start = 2026-03-02T00:00:00Z, duration = "2d", trials = 1 }
[[repositories]]
name = "app"
registry = "us-east-1"
image = { size = "100 MB", layers = 1 }
push = { list = [{ at = "1h", tag = "v1" }] }
[[clusters]]
name = "eu"
registry = "eu-west-1"
path = "nat"
nodes = 3
pulls = { deploy = { delay = "1h", within = "5m" } }
"#;
    let lives = tell(&from_text(text, &[]), "app:v1");
    let life = &lives.strategies[0];
    assert_eq!((life.pulls.count, life.pulls.cold), (3, 3));
    let gigabytes = 3.0 * 100e6 / 1_073_741_824.0;
    // eu-west-1: 0.048 dollars a GB through the gateway, and 0.02 from us-east-1 to it.
    assert!((item(life, "nat") - gigabytes * 0.048).abs() < 1e-9, "{:?}", life.costs);
    assert!((item(life, "pull") - gigabytes * 0.02).abs() < 1e-9, "{:?}", life.costs);
    // The gateway's hours are nobody's.
    assert!(life.costs.iter().all(|cost| cost.unit != "hour"));
    let printed = lives_text(&lives);
    assert!(printed.contains("nat us-east-1 -> eu-west-1: 0.279396772 GB x $0.048 = $0.013411045"), "{printed}");
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let scenario = many_ways();
    let wrong = |image: &str| explain(&scenario, image, None, 1).expect_err("there is no such image").to_string();
    assert_eq!(wrong("team/ap:v1"), "no repository `team/ap`, did you mean `team/app`?");
    assert_eq!(wrong("nothing"), "no repository `nothing`; the scenario has `team/app`, `other`");
    let near = wrong("team/app:latset");
    assert!(near.starts_with("trial 1 pushes no `team/app:latset`, did you mean `latest`? Its tags are `"), "{near}");
    assert!(wrong("team/app:zzzzzzzzzz").contains("; its tags are `"), "{}", wrong("team/app:zzzzzzzzzz"));
    assert!(wrong("team/app@sha256:12").contains("a digest is `sha256:` and 64 small hexadecimal digits"));
    let unknown = format!("team/app@sha256:{}", "0".repeat(64));
    assert!(wrong(&unknown).contains("; digests are made from the seed, the trial and the image"));
    assert!(wrong("team/app@99999").contains("pushes no `team/app@99999`"));
}

#[test]
fn every_line_fits_a_hundred_columns() {
    for name in ["quickstart", "good-habits", "cross-account", "hand-written-job", "disaster-recovery"] {
        let struck = ["run.duration=3d", "faults.use1-down.at=2d"];
        let sets = if name == "disaster-recovery" { &struck[..] } else { &struck[..1] };
        let scenario = read(&bundled(name), sets);
        let repository = &scenario.model.demand.repositories[0].name;
        for line in lives_text(&tell(&scenario, repository)).lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
    }
}

#[test]
fn a17_what_was_there_before_the_rules_is_told_so() {
    let scenario = read(&bundled("gotcha-not-retroactive"), &[]);
    let lives = tell(&scenario, "app:v1");
    let alone = under(&lives, "rules-alone");
    assert!(alone.selection.reasons[0].contains("it is not copied (A17)"), "{:?}", alone.selection);
    // Its second tag is a push of its own, which the rules see.
    assert_eq!((alone.copies.len(), alone.copies[0].tag.as_deref()), (1, Some("v1-again")));
    let backfill = under(&lives, "rules-and-backfill");
    assert!(backfill.selection.reasons[0].contains("a backfill brings it (A50)"), "{:?}", backfill.selection);
    let by: Vec<(&str, Option<usize>)> = backfill.copies.iter().map(|copy| (copy.by, copy.rule)).collect();
    assert_eq!(by, [("backfill", Some(1)), ("rule", Some(1))]);
}

/// After a wanted change, run with `REPLISIM_GOLDEN=write` and look at the difference.
#[test]
fn the_page_shows_what_the_command_prints() {
    let path = root().join("docs/explain.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let blocks: Vec<&str> = page.split("```text\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    let command = "replisim explain scenarios/worked-example.toml --image app@7 --strategy replicate";
    assert!(page.contains(command));
    let mut lives = {
        let scenario = read(&root().join("scenarios/worked-example.toml"), &[]);
        explain(&scenario, "app@7", Some(&[2]), 1).expect("the image is there")
    };
    lives.scenario = Path::new("scenarios/worked-example.toml").display().to_string();
    let printed = lives_text(&lives);
    if std::env::var_os("REPLISIM_GOLDEN").is_some_and(|it| it == "write") {
        std::fs::write(&path, page.replace(blocks[0], printed.trim_end())).expect("the page can be written");
        return;
    }
    assert_eq!(blocks[0], printed.trim_end(), "docs/explain.md shows another output");
}
