use std::path::PathBuf;

use clap::Args;

use super::Simulation;

/// `replisim breakeven`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  replisim breakeven shop.toml      from how many pulls on does replication pay?\n  \
                        replisim breakeven shop.toml --vary clusters.eu.nodes=5..80\n  replisim breakeven shop.toml \
                        --vary prices.override.inter_region='$0.005/GB..$0.1/GB:9log'\n  replisim breakeven shop.toml \
                        --vary run.demand=0.2..5:9log --vary repositories.\\\"shop/api\\\".image.size='100 MB..1 GB:5'\
                        \n\nA range is FROM..TO with 10 points, FROM..TO:STEPS, or FROM..TO:log; between them the crossing \
                        is searched\nfor. A list of values is only looked at. With a second key the crossing is found \
                        for each of its values."
)]
pub struct BreakevenArguments {
    /// The scenario file
    pub scenario: PathBuf,
    /// A key, by its dotted path, and the values that it takes; may be given twice [default: run.demand=0.1..10:13log]
    #[arg(long, value_name = "KEY=FROM..TO[:STEPS|log]")]
    pub vary: Vec<String>,
    /// How it is simulated.
    #[command(flatten)]
    pub simulation: Simulation,
    /// Directory for the results [default: outputs/<file stem>-breakeven]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Compare this strategy only with others named so; may be given many times [default: all but the bound]
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
}
