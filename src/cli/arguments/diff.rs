//! `replisim diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `replisim diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  git show main:shop.toml > old.toml\n  replisim diff old.toml shop.toml\n  replisim diff \
                  outputs/shop outputs/shop-40\n  replisim diff old.toml shop.toml --format markdown > comment.md      \
                  for a pull request\n\nBoth are run with OLD's seed and trials, so that differences are taken trial by \
                  trial. Exit code 0\nwhatever differs."
)]
pub struct DiffArguments {
    /// A scenario file, or the directory of a finished run: before
    pub old: PathBuf,
    /// A scenario file, or the directory of a finished run: after
    pub new: PathBuf,
    /// How to say it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DiffFormat,
    /// Change a value of both scenarios, by its dotted path; may be given many times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Trials of each strategy [default: those of OLD]
    #[arg(long, value_name = "N")]
    pub trials: Option<u64>,
    /// Seed of all random draws [default: that of OLD]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Compare this strategy only; may be given many times [default: all]
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
    /// Threads [default: one per core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

/// How a difference is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    // No doc comments: help lists the three words on one line.
    Text,
    Markdown,
    Json,
}
