//! A node that rests is a node whose pulls nobody looked at one by one, and nothing else.

use proptest::prelude::*;

use replisim::engine::{Model, run};

use super::super::common::{NONE, differences};
use super::drawn::{self, Scope};
use super::{fixed, scenario};

/// Pulls at a rate become so many that it pays to let nodes rest, and some of what may wake them is added.
fn busy(text: &str, more: &[&str]) -> String {
    let mut text = text.to_string();
    for (few, many) in [("4/day", "1100/day"), ("10/day", "1200/day"), ("5/day", "1300/day")] {
        text = text.replace(&format!("pulls = {{ rate = \"{few}\""), &format!("pulls = {{ rate = \"{many}\""));
        text = text.replace(&format!("1m\", rate = \"{few}\""), &format!("1m\", rate = \"{many}\""));
    }
    for more in more {
        text = format!("{text}{more}\n");
    }
    text
}

proptest! {
    #![proptest_config(fixed(12))]

    #[test]
    fn a_resting_node_pulls_what_a_waking_one_does(
        text in drawn::scenario(Scope { faults: false, ..Scope::ALL }),
        quota in prop::sample::select(vec!["", "[service]\nquotas = { batch_get_image = \"2/s\" }", "[service]\nquotas = { get_authorization_token = \"1/s\" }"]),
        places in prop::sample::select(vec!["1", "2", "9"]),
    ) {
        let text = busy(&text, &[quota]).replace("parallel_images = 2", &format!("parallel_images = {places}"));
        let scenario = scenario(&text, &["run.duration=30h"]);
        for strategy in 0..scenario.model.strategies.len() {
            let resting = run(&scenario.model, strategy, 1, 1);
            let awake = run(&Model { plain: true, ..scenario.model.clone() }, strategy, 1, 1);
            prop_assert_eq!(differences(&resting, &awake), NONE, "strategy {}", strategy);
        }
    }
}

/// Uses are told late: of images that all nodes pull at one moment in between, in a warm-up, and where what was last used
/// decides what a node or a cache keeps.
const TOLD_LATE: &str = r#"
schema = 1
run = { duration = "2d", warm_up = "1d", seed = 8, trials = 1 }
network = { preset = "ideal" }
strategies = [
  { kind = "cross-region-pull" }, { kind = "pull-through-cache", ttl = "7h" }, { name = "bound", kind = "clairvoyant" },
]
repositories = [
  { name = "r0", registry = "us-east-1", existing = 2, push = { rate = "6/day" }, image = { size = "150 MB", layers = 6, new_bytes = "100%" } },
  { name = "r1", registry = "us-east-1", existing = 2, push = { rate = "2/day" }, image = { size = "90 MB", layers = 7, new_bytes = "25%" } },
  { name = "r2", registry = "us-east-1", existing = 2, push = { rate = "1/day" }, image = { size = "70 MB", layers = 5, new_bytes = "25%" } },
  { name = "r3", registry = "us-east-1", existing = 1, push = { list = [] }, image = { size = "120 MB", layers = 5 } },
]
registries = [{ registry = "us-east-1" }, { registry = "eu-west-1" }]

[[clusters]]
name = "few-bytes"
registry = "eu-west-1"
nodes = 4
pulls = { rate = "3000/day", times = "06:00,18:00" }
cache = "450 MB"
popularity = 2.5
parallel_images = 2

[[clusters]]
name = "no-cache"
registry = "eu-west-1"
nodes = 3
pulls = { rate = "2000/day" }
cache = "none"
parallel_images = 9
"#;

#[test]
fn what_is_told_late_is_told_all_the_same() {
    let scenario = scenario(TOLD_LATE, &[]);
    for strategy in 0..scenario.model.strategies.len() {
        let resting = run(&scenario.model, strategy, 1, 1);
        let awake = run(&Model { plain: true, ..scenario.model.clone() }, strategy, 1, 1);
        assert_eq!(differences(&resting, &awake), NONE, "strategy {strategy}");
        assert!(resting.pulls > 9_000 && resting.pulls_cold > 4_000, "{} {}", resting.pulls, resting.pulls_cold);
    }
}

/// Nodes that have their images from the start ask a cache for manifests before anybody fetches anything: it has no shelf for
/// them to be counted on until the nodes that keep nothing come, and fetch other versions.
const NO_SHELF_YET: &str = r#"
schema = 1
run = { duration = "1d", seed = 3, trials = 1 }
network = { preset = "ideal" }
strategies = [{ kind = "pull-through-cache", ttl = "7h" }]
repositories = [
  { name = "app", count = 4, registry = "us-east-1", existing = 9, push = { list = [] }, image = { size = "90 MB", layers = 5 } },
]
registries = [{ registry = "us-east-1" }, { registry = "eu-west-1" }]

[[clusters]]
name = "has-all"
registry = "eu-west-1"
nodes = 3
pulls = { rate = "30000/day" }
cache = "40 GB"

[[clusters]]
name = "no-cache"
registry = "eu-west-1"
nodes = 2
pulls = { times = "06:00", version = { newest_of = 9 } }
cache = "none"
"#;

#[test]
fn a_shelf_that_comes_to_be_is_noticed() {
    let scenario = scenario(NO_SHELF_YET, &[]);
    let resting = run(&scenario.model, 0, 1, 1);
    let awake = run(&Model { plain: true, ..scenario.model.clone() }, 0, 1, 1);
    assert_eq!(differences(&resting, &awake), NONE);
    let counted: u64 = resting.by_repository.iter().map(|counts| counts.pulls).sum();
    assert!(counted > 15_000 && counted + 5_000 < resting.pulls, "{counted} of {}", resting.pulls);
}
