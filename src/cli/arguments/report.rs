//! `replisim report`.

use std::path::PathBuf;

use clap::Args;

/// `replisim report`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  replisim report outputs/shop      after an update of replisim: today's charts for \
                  yesterday's numbers\n  replisim report outputs/shop --prices my-prices.toml --out outputs/shop-mine\n\n\
                  With --prices the bills are worked out again from the usage that they hold; nothing is simulated."
)]
pub struct ReportArguments {
    /// The directory of results
    pub directory: PathBuf,
    /// Price the run again under this book: a built-in one, a file, or a price list (JSON, CSV) over the newest book
    #[arg(long, value_name = "BOOK")]
    pub prices: Option<String>,
    /// Directory for what is drawn [default: the directory of results; must be named with --prices]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
