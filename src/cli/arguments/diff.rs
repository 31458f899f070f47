//! `replisim diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Simulation;

/// `replisim diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  git show main:shop.toml > old.toml\n  replisim diff old.toml shop.toml\n  replisim diff \
                  outputs/shop outputs/shop-40\n  replisim diff old.toml shop.toml --format markdown > comment.md      \
                  for a pull request\n\n--set changes both. Without --seed and --trials both are run with those of OLD, so \
                  that differences are taken trial by trial. Exit code 0 whatever differs."
)]
pub struct DiffArguments {
    /// A scenario file, or the directory of a finished run: before
    pub old: PathBuf,
    /// A scenario file, or the directory of a finished run: after
    pub new: PathBuf,
    /// How to say it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DiffFormat,
    /// How it is simulated.
    #[command(flatten)]
    pub simulation: Simulation,
    /// Compare this strategy only; may be given many times [default: all]
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
}

/// How a difference is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    // No doc comments: help lists the three words on one line.
    Text,
    Markdown,
    Json,
}
