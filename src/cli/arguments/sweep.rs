//! `replisim sweep` and `replisim merge`.

use std::path::PathBuf;

use clap::Args;
use replisim::study::sweep::Shard;

use super::Simulation;

/// `replisim sweep`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  replisim sweep shop.toml --vary clusters.eu.nodes=10,20,40\n  replisim sweep shop.toml \
                        --vary clusters.eu.nodes=1..100:10log --vary run.duration=30d,90d\n  replisim sweep shop.toml \
                        --vary clusters.eu.nodes=1..100 --vary 'repositories.\"shop/api\".push.rate=1/day..20/day' \
                        --lhs 200\n  replisim sweep shop.toml --vary clusters.eu.nodes=1..100 --resume     after it was \
                        stopped or killed\n  replisim sweep shop.toml --vary clusters.eu.nodes=1..100 --shard 2/3 --out \
                        part-2\n\nSeveral --vary give every combination of their values, the first slowest. Finished \
                        points are kept at once."
)]
pub struct SweepArguments {
    /// The scenario file
    pub scenario: PathBuf,
    /// A key and its values: KEY=V1,V2 or KEY=FROM..TO[:STEPS|log]; may be given many times
    #[arg(long, value_name = "KEY=VALUES", required = true)]
    pub vary: Vec<String>,
    /// Instead of every combination: N points of a Latin hypercube over the ranges
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub lhs: Option<u32>,
    /// How it is simulated.
    #[command(flatten)]
    pub simulation: Simulation,
    /// Directory for the results [default: outputs/<file stem>-sweep]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Run this strategy only; may be given many times [default: all]
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
    /// Go on with the unfinished sweep in the directory, if there is one
    #[arg(long)]
    pub resume: bool,
    /// Run the I-th of N parts only; `merge` joins them
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
}

/// `replisim merge`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  replisim merge part-1 part-2 part-3 --out outputs/shop-sweep\n\nThe result equals the \
                        sweep without shards, byte for byte."
)]
pub struct MergeArguments {
    /// The directories of all shards of a sweep, in any order
    #[arg(required = true, value_name = "DIR")]
    pub shards: Vec<PathBuf>,
    /// Directory for the whole sweep
    #[arg(long, value_name = "DIR", required = true)]
    pub out: PathBuf,
}
