use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Simulation;

/// `replisim sensitivity`.
#[derive(Debug, Args)]
#[command(
    after_help = "Every assumption of the scenario that has a plausible range goes over it, alone and together with \
                        the others; what the file says itself stays, unless --vary names it. Each point has 5 \
                        trials unless --trials says otherwise.\n\nExamples:\n  replisim \
                        sensitivity shop.toml\n  replisim sensitivity shop.toml --vary clusters.eu.nodes=10..80\n  \
                        replisim sensitivity shop.toml --only --vary \
                        prices.cross_region_pull=inter-region,internet --vary 'repositories.\"*\".image.size=50 MB..500 MB:log'\n  replisim \
                        sensitivity shop.toml --metric pull-p95 --strategy replication --strategy pull-through-cache"
)]
pub struct SensitivityArguments {
    /// The scenario file
    pub scenario: PathBuf,
    /// Vary this key of the scenario as well, over a range or over a list of values; may be given many times
    #[arg(long, value_name = "KEY=FROM..TO")]
    pub vary: Vec<String>,
    /// Vary nothing but the keys of --vary
    #[arg(long, requires = "vary")]
    pub only: bool,
    /// Ways through the ranges in which all keys move, each one point per key and one more
    #[arg(long, value_name = "R", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub trajectories: u64,
    /// What the choice of a strategy is taken by
    #[arg(long, value_name = "METRIC", default_value = "cost")]
    pub metric: DecisionMetric,
    /// How it is simulated.
    #[command(flatten)]
    pub simulation: Simulation,
    /// Directory for the results [default: outputs/<file stem>-sensitivity]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Choose from this strategy; may be given many times [default: all but bounds]
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
}

/// What a decision is taken by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DecisionMetric {
    // No doc comments: help lists the words on one line.
    Cost,
    PullP95,
    LagP99,
}
