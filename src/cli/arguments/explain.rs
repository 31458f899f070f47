//! What `replisim explain` takes.

use std::path::PathBuf;

use clap::Args;

/// `replisim explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  replisim explain shop.toml --image shop/api:v12\n  replisim explain shop.toml --image \
                  shop/api               its newest image\n  replisim explain shop.toml --image shop/api@40 --strategy \
                  replication\n  replisim explain shop.toml --image shop/api:latest --trial 3 --json > latest.json\n\nA \
                  tag that moves means the image that was given it last; every image has a number, by which\nREPO@NUMBER \
                  names it. The sum of an image's costs can be repeated by hand: docs/explain.md."
)]
pub struct ExplainArguments {
    /// The scenario file
    pub scenario: PathBuf,
    /// The image: REPO:TAG, REPO@NUMBER, REPO@DIGEST as events tell it, or REPO for its newest
    #[arg(long, value_name = "IMAGE")]
    pub image: String,
    /// Under this strategy only; may be given many times [default: all]
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
    /// In this trial
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub trial: u64,
    /// Change a value of the scenario, by its dotted path; may be given many times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}
