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
