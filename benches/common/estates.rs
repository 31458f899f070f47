//! Scenarios made in a bench: what an estate must have for a measurement, and nothing that would be measured with it.

use std::path::Path;

use replisim::scenario::{self, Diagnostics, Scenario};

/// Reads a scenario file; one that does not load is a mistake of the bench.
pub fn read(path: &Path) -> Scenario {
    let mut diagnostics = Diagnostics::default();
    let scenario = scenario::load(path, &[], &mut diagnostics);
    scenario.unwrap_or_else(|| panic!("{} does not load:\n{}", path.display(), diagnostics.render(false)))
}

/// Reads a scenario from its text.
pub fn of(text: &str) -> Scenario {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = directory.path().join("bench.toml");
    std::fs::write(&path, text).expect("a temporary file");
    read(&path)
}

/// An estate where pulls go on at a steady rate and meet no queue: [`NODES`] nodes, evenly in the first so many
/// of [`REGIONS`], pull from the copies that there are in their regions.
#[derive(Clone, Copy)]
pub struct Steady {
    /// Regions that pull, the first of which has the home registry.
    pub regions: usize,
    /// Repositories, each pushed three times a week.
    pub repositories: usize,
    /// Pulls in all, expected.
    pub pulls: f64,
    /// Whether nodes keep what they pulled; else every pull moves its image.
    pub warm: bool,
    /// How images get to the regions: the scenario's text.
    pub strategy: &'static str,
}

/// Copies of everything, everywhere, from the beginning on.
const REPLICATION: &str = r#"{ kind = "replication", existing_images = "present" }"#;

/// Nodes of all regions together: what grows with the regions shall be the regions.
const NODES: usize = 400;

/// Pulls a second of all regions together.
const RATE: f64 = 400.0;

impl Steady {
    /// Four regions, 40 repositories, replicated.
    pub fn new(pulls: f64, warm: bool) -> Steady {
        Steady { regions: 4, repositories: 40, pulls, warm, strategy: REPLICATION }
    }

    /// The estate as a scenario of one trial.
    pub fn scenario(self) -> Scenario {
        let Steady { regions, repositories, pulls, warm, strategy } = self;
        let (seconds, rate, nodes) = (pulls / RATE, RATE / regions as f64, NODES / regions);
        let places = REGIONS[..regions].iter().map(|region| format!("{region:?}")).collect::<Vec<_>>().join(", ");
        let cache = if warm { "200 GB" } else { "none" };
        of(&format!(
            r#"
            schema = 1
            strategies = [{strategy}]
            run = {{ duration = "{seconds:.0}s", trials = 1 }}
            service = {{ quotas = "unlimited" }}
            prices = {{ override = {{ storage = "$0.10/GB-month", inter_region = "$0.02/GB" }} }}
            defaults = {{ registries = {{ templates = [{{ prefix = "ROOT", lifecycle = {{ keep = 10 }} }}] }} }}

            [[repositories]]
            name = "service"
            count = {repositories}
            registry = "us-east-1"
            push = {{ rate = "3/week" }}
            lifecycle = {{ keep = 10 }}
            existing = 10

            [[clusters]]
            name = "nodes"
            registries = [{places}]
            nodes = {nodes}
            cache = "{cache}"
            parallel_images = 64
            unpack = "instant"
            pulls = {{ rate = "{rate}/s" }}
            "#
        ))
    }
}

/// Thirty regions, the home first.
pub const REGIONS: [&str; 30] = [
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "ap-southeast-1",
    "eu-central-1",
    "us-east-2",
    "ap-northeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "sa-east-1",
    "ap-south-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "us-west-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-east-1",
    "me-south-1",
    "af-south-1",
    "eu-south-1",
    "ap-southeast-3",
    "me-central-1",
    "eu-central-2",
    "eu-south-2",
    "ap-south-2",
    "ap-southeast-4",
    "il-central-1",
    "ca-west-1",
    "mx-central-1",
];
