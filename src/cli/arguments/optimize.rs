//! `replisim optimize`.

use std::path::PathBuf;

use clap::Args;

use super::Simulation;

/// `replisim optimize`.
#[derive(Debug, Args)]
#[command(after_help = "Objectives are those of the scenario and those given here:\n  lag p99 <= 30s; lag 99% within \
                        30s; the same with pull_time and release_everywhere\n  recovery <= 4h; images_missing <= 0; \
                        pulls_failed <= 0.1%; cost <= $500/month\n  residency prod/* in eu-west-1,eu-central-1\n\nExamples:\n  \
                        replisim optimize shop.toml\n  replisim optimize shop.toml --objective 'pull_time p95 <= 1m' \
                        --objective 'cost <= $500/month'\n  replisim optimize shop.toml --with-jobs --set \
                        clusters.eu.nodes=40 --out outputs/shop-40-optimize\n  aws ecr put-replication-configuration \
                        --replication-configuration \\\n    file://outputs/shop-optimize/replication.json")]
pub struct OptimizeArguments {
    /// The scenario file
    pub scenario: PathBuf,
    /// Require this too; may be given many times
    #[arg(long, value_name = "OBJECTIVE")]
    pub objective: Vec<String>,
    /// Consider caches that drop images so long after their last pull: the service cannot, a job of yours has to
    #[arg(long)]
    pub with_jobs: bool,
    /// How it is simulated.
    #[command(flatten)]
    pub simulation: Simulation,
    /// Directory for the results [default: outputs/<file stem>-optimize]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
