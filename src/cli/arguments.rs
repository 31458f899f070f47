//! What can be typed. Names and flags are a contract; the texts are what `--help` shows.

use std::path::PathBuf;

mod breakeven;
mod diff;
mod explain;
mod optimize;
mod report;
mod sensitivity;
mod sweep;

pub use breakeven::BreakevenArguments;
pub use diff::{DiffArguments, DiffFormat};
pub use explain::ExplainArguments;
pub use optimize::OptimizeArguments;
pub use report::ReportArguments;
pub use sensitivity::{DecisionMetric, SensitivityArguments};
pub use sweep::{MergeArguments, SweepArguments};

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use replisim::scenario;

/// What it costs, and how long it takes, to get container images to clusters in many regions and accounts.
#[derive(Debug, Parser)]
#[command(
    name = "replisim",
    version,
    long_about = "What it costs, and how long it takes, to get container images to clusters in many regions and \
                  accounts.\n\nThe same pushes and pulls run in virtual time through each strategy of a scenario: \
                  replication on push, pulls across regions, pull-through caches, scheduled copies, one central \
                  registry, and a lower bound. Out come dollars a month by line item, pull times and copy lags, with \
                  intervals.",
    after_help = "Examples:\n  replisim init shop.toml          a commented scenario to start from\n  replisim check \
                  shop.toml         what is wrong with it, all at once\n  replisim run shop.toml           results in \
                  outputs/shop/, a summary here\n\nExit codes: 0 done; 1 a run failed; 2 wrong usage, or an invalid or \
                  missing input file;\n3 an objective was missed (run --fail-on-miss); 130 interrupted."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to say it.
    #[command(flatten)]
    pub shared: Shared,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Every command")]
pub struct Shared {
    /// Say nothing but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print the summary as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Colours; `auto` looks at the terminal and at NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    // No doc comments: help lists the three words on one line.
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario: compare its strategies and write tables, charts and a report
    Run(RunArguments),
    /// Check scenarios: every problem at once, no simulation
    Check(CheckArguments),
    /// Explain one image: who selected it, its copies and pulls, what took it, what each step cost
    Explain(ExplainArguments),
    /// Find where strategies cost the same: from which value of a key on does another one pay?
    Breakeven(BreakevenArguments),
    /// Run a scenario at many points: every combination of values, or a sample of them
    Sweep(SweepArguments),
    /// Join the shards of a sweep
    Merge(MergeArguments),
    /// Say which assumptions the choice of a strategy turns on
    Sensitivity(SensitivityArguments),
    /// Recommend what to replicate, cache or pull across, and write it as the service takes it
    Optimize(OptimizeArguments),
    /// Say what a change of scenario, rules, prices or lifecycle does to cost, times and objectives
    Diff(DiffArguments),
    /// Make a scenario of configuration files: replication rules, policies, CloudFormation, Terraform
    Import(ImportArguments),
    /// Draw the charts and reports of a finished run again, from its tables and run.json alone
    Report(ReportArguments),
    /// Show and compare price books
    Prices {
        /// Which.
        #[command(subcommand)]
        command: PricesCommand,
    },
    /// Write a commented scenario to start from
    Init(InitArguments),
    /// Print the JSON Schema of the scenario file, for editors
    #[command(after_help = "Example:\n  replisim schema > scenario.schema.json")]
    Schema,
    /// Print what completes replisim's arguments in a shell
    #[command(
        after_help = "Examples:\n  replisim completions bash > ~/.local/share/bash-completion/completions/replisim\n  \
                            replisim completions zsh > ~/.zfunc/_replisim\n  replisim completions fish > \
                            ~/.config/fish/completions/replisim.fish"
    )]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  replisim man > replisim.1 && man ./replisim.1")]
    Man,
}

impl Command {
    /// Threads that it was told to take, if it was.
    pub fn jobs(&self) -> Option<u16> {
        let simulation = match self {
            Command::Run(run) => &run.simulation,
            Command::Sweep(sweep) => &sweep.simulation,
            Command::Breakeven(breakeven) => &breakeven.simulation,
            Command::Diff(diff) => &diff.simulation,
            Command::Optimize(optimize) => &optimize.simulation,
            Command::Sensitivity(sensitivity) => &sensitivity.simulation,
            _ => return None,
        };
        simulation.jobs
    }
}

/// Options of every command that runs trials: one name and one meaning for all of them.
#[derive(Clone, Debug, Args)]
pub struct Simulation {
    /// Change a value of the scenario, by its dotted path; may be given many times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Seed of all random draws; like `--set run.seed=N`
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Trials of each strategy; like `--set run.trials=N`
    #[arg(long, value_name = "N")]
    pub trials: Option<u64>,
    /// Threads [default: one per core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

impl Simulation {
    /// All settings as `--set` takes them; seed and trials come last and win.
    pub fn sets(&self) -> Vec<String> {
        let mut sets = self.set.clone();
        sets.extend(self.seed.map(|seed| format!("run.seed={seed}")));
        sets.extend(self.trials.map(|trials| format!("run.trials={trials}")));
        sets
    }

    /// Threads; 0 = one per core.
    pub fn threads(&self) -> usize {
        self.jobs.map_or(0, usize::from)
    }
}

/// `replisim run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  replisim run shop.toml\n  replisim run shop.toml --set clusters.eu.nodes=40 \
                        --out outputs/shop-40\n  replisim run shop.toml --trials 100 --strategy replication --strategy \
                        pull-through-cache\n  replisim run shop.toml --quiet --fail-on-miss      in a pipeline: 3 says \
                        that an objective is missed")]
pub struct RunArguments {
    /// The scenario file
    pub scenario: PathBuf,
    /// How it is simulated.
    #[command(flatten)]
    pub simulation: Simulation,
    /// Directory for the results [default: outputs/<file stem>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Run this strategy only; may be given many times [default: all]
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
    /// Write the events that the service would send, as JSON Lines: trial 1 of every strategy that is run; `-` is
    /// standard output, which then has no summary
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// End with exit code 3 when an objective is missed
    #[arg(long)]
    pub fail_on_miss: bool,
    /// Work everything out the slow, obvious way, to check the fast one: the results are the same
    #[arg(long)]
    pub plain: bool,
}

/// `replisim check`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  replisim check shop.toml\n  replisim check --strict scenarios/*.toml\n\nWarnings \
                        leave the exit code at 0, or make it 2 with --strict."
)]
pub struct CheckArguments {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    pub scenarios: Vec<PathBuf>,
    /// Change a value of the scenarios, by its dotted path; may be given many times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Treat warnings like errors
    #[arg(long)]
    pub strict: bool,
}

/// `replisim import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  replisim import replication.json --account 111122223333 --region us-east-1 > shop.toml\n  \
                  replisim import template.yaml --account 111122223333 --region us-east-1 --parameter Stage=prod\n  \
                  terraform show -json > state.json\n  \
                  replisim import state.json --account 111122223333 --region us-east-1 --out estate\n\nA file's form \
                  is told by what is in it. What cannot be resolved is named with its place (exit code 2), and never \
                  guessed."
)]
pub struct ImportArguments {
    /// Replication configurations, `describe-registry` and `get-..-policy` outputs, registry and lifecycle policies,
    /// CloudFormation templates (JSON, YAML), outputs of `terraform show -json`; or the directory of an account export
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The account that files are about, where they do not say: 12 digits
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// The region that files are about, where they do not say
    #[arg(long, value_name = "R")]
    pub region: Option<String>,
    /// A parameter of the templates; may be given many times [default: the template's own]
    #[arg(long, value_name = "NAME=VALUE")]
    pub parameter: Vec<String>,
    /// Write scenario.toml here, and beside it the policies that need a file [default: standard output, no files]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `replisim init`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  replisim init shop.toml\n  replisim init --template multi-account estate.toml")]
pub struct InitArguments {
    /// What the scenario starts from
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = template_names())]
    pub template: String,
    /// The file to write; it must not exist yet
    pub file: PathBuf,
}

fn template_names() -> PossibleValuesParser {
    PossibleValuesParser::new(scenario::TEMPLATES.iter().map(|(name, _)| *name))
}

/// `replisim prices`.
#[derive(Debug, Subcommand)]
pub enum PricesCommand {
    /// Print a price book, to read or to start one's own from
    #[command(after_help = "Examples:\n  replisim prices show\n  replisim prices show > my-prices.toml      then set \
                            prices.file = \"my-prices.toml\" in the scenario")]
    Show {
        /// A built-in book, or a file [default: the newest built-in one]
        book: Option<String>,
    },
    /// Make a price book of the provider's price lists
    #[command(
        after_help = "A price list is a bulk offer file (.json or .csv) or what `aws pricing get-products` prints. Prices \
                      that the lists give replace those of the base, with the list as their source; of two lists the \
                      later one counts. What was taken, what was left and why, and what stays of the base goes to \
                      standard error.\n\nExamples:\n  replisim prices import AmazonECR.json AWSDataTransfer.csv --out \
                      my-prices.toml\n  aws pricing get-products --region us-east-1 --service-code AmazonECR > \
                      ecr.json\n  replisim prices import ecr.json"
    )]
    Import {
        /// Price lists, of at most 512 MiB each
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The book that the lists are laid over: a built-in one, or a file [default: the newest built-in one]
        #[arg(long, value_name = "BOOK")]
        base: Option<String>,
        /// Write the book to this file, not to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print what differs between two price books
    #[command(after_help = "Example:\n  replisim prices diff aws-2026-09 my-prices.toml")]
    Diff {
        /// A built-in book, or a file
        old: String,
        /// A built-in book, or a file
        new: String,
    },
}
