//! The examples of the format as models, checked value by value, and every message that is this part's to give.

use std::path::{Path, PathBuf};

mod examples;
mod faults;
mod files;
mod lints;
mod parts;
mod refusals;
mod service;

use super::super::values::testing::{problems, tree};
use super::*;
use crate::demand::{IfMissing, NodeCache, PathKind, Pushes, Trigger, VersionChoice, VersionFilter};
use crate::scenario::{Metric, TimeTarget};
use crate::strategy::{Kind, Runner};
use crate::units::{Bandwidth, DAY, HOUR, Span, Time};

type Problems = Vec<(String, String, String)>;

/// A scenario from text; paths lead into the repository's folder `scenarios`.
fn scenario(text: &str) -> (Option<Scenario>, Problems) {
    let mut diagnostics = Diagnostics::default();
    let file = diagnostics.add_file("test.toml", text);
    let root = tree(file, text);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let resolve = |_: &Origin, path: &str| -> PathBuf { folder.join(path) };
    let built = build(&root, Path::new("scenarios/test.toml"), &resolve, &mut diagnostics);
    (built, problems(&diagnostics))
}

fn good(text: &str) -> Scenario {
    let (scenario, problems) = scenario(text);
    scenario.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn messages(text: &str) -> Vec<String> {
    let (_, problems) = scenario(text);
    problems.into_iter().map(|(message, ..)| message).collect()
}

const QUICK: &str = r#"
[[repositories]]
name = "shop/api"
registry = "us-east-1"
[[clusters]]
name = "eu"
registry = "eu-west-1"
"#;

const WORKED: &str = r#"
schema = 1
title = "Worked example: six strategies by hand"
strategies = [
  { name = "pull-across", kind = "cross-region-pull" },
  { name = "central", kind = "centralized", egress = "unlimited" },
  { name = "replicate", kind = "replication", delay = "0s" },
  { name = "cache-kept", kind = "pull-through-cache" },
  { name = "cache-12h", kind = "pull-through-cache", ttl = "12h" },
  { name = "noon-job", kind = "scheduled-copy", times = "12:00", per_image = "0s" },
  { name = "bound", kind = "clairvoyant" },
]
run = { start = 2026-04-01T00:00:00Z, duration = "30d", trials = 1 }
prices = { book = "aws-2026-09", cross_region_pull = "inter-region" }
network = { preset = "ideal" }
[[repositories]]
name = "app"
registry = "us-east-1"
image = { size = "200 MB", layers = 1, new_bytes = "100%" }
push = { times = "00:00" }
[[clusters]]
name = "remote"
registries = ["eu-west-1", "ap-southeast-1"]
nodes = 1
cache = "none"
path = "internet"
if_missing = "home"
pulls = { times = "01:00,07:00,13:00,19:00" }
"#;

/// Loads a scenario file as the program does.
fn loaded(text: &str, sets: &[&str]) -> (Option<Scenario>, Problems) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.toml");
    std::fs::write(&path, text).expect("written");
    let mut diagnostics = Diagnostics::default();
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let scenario = load(&path, &sets, &mut diagnostics);
    (scenario, problems(&diagnostics))
}
