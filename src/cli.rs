//! The command line: arguments, progress, exit codes.
//!
//! It knows what was typed and where answers go: results to files, the summary to standard output, progress and
//! diagnostics to standard error. What a scenario means, how it is run and how results look is the library's; one file
//! per command says which of its functions are called, in which order.
//!
//! Exit codes are a contract: see [`Exit`].

use std::process::ExitCode;

use clap::Parser;

mod arguments;
mod breakeven;
mod check;
mod check_text;
mod diff;
mod events;
mod explain;
mod import;
mod init;
mod input;
mod interrupt;
mod manual;
mod merge;
mod optimize;
mod output;
mod prices;
mod progress;
mod report;
mod run;
mod sensitivity;
mod sweep;
mod target;

use arguments::{Arguments, Command};

/// How the program ends. The numbers are part of its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A run failed, such as results that cannot be written.
    Failed = 1,
    /// Wrong usage, or an invalid, missing or unreadable input file.
    Wrong = 2,
    /// `--fail-on-miss`, and an objective was missed.
    Missed = 3,
    /// Ctrl-C, or a termination signal.
    Interrupted = 130,
}

/// Why a command ended without its result.
#[derive(Debug)]
enum Stop {
    /// Everything has been said already, as diagnostics about a file.
    Invalid,
    /// Wrong usage, in words.
    Usage(String),
    /// The run failed, in words.
    Failed(String),
    /// The user's wish.
    Interrupted,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no error; a closed pipe there is none either.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Wrong as u8 } else { Exit::Done as u8 });
        }
    };
    output::choose_colour(arguments.shared.color);
    if let Some(jobs) = arguments.command.jobs() {
        // Pictures are drawn by the pool that all share. Only one that is there already could be an error here.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(jobs.into()).build_global();
    }
    let exit = dispatch(&arguments).unwrap_or_else(explain);
    ExitCode::from(exit as u8)
}

fn dispatch(arguments: &Arguments) -> Result<Exit, Stop> {
    let shared = &arguments.shared;
    match &arguments.command {
        Command::Run(run) => run::run(run, shared),
        Command::Sweep(sweep) => sweep::run(sweep, shared),
        Command::Merge(merge) => merge::run(merge, shared),
        Command::Breakeven(breakeven) => breakeven::run(breakeven, shared),
        Command::Check(check) => check::run(check, shared),
        Command::Diff(diff) => diff::run(diff, shared),
        Command::Explain(explain) => explain::run(explain, shared),
        Command::Optimize(optimize) => optimize::run(optimize, shared),
        Command::Import(import) => import::run(import, shared),
        Command::Init(init) => init::run(init, shared),
        Command::Sensitivity(sensitivity) => sensitivity::run(sensitivity, shared),
        Command::Schema => output::print(&replisim::scenario::schema()).map(|()| Exit::Done),
        Command::Report(report) => report::run(report, shared),
        Command::Prices { command } => prices::run(command, shared),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man => manual::page(),
    }
}

/// Says why there is no result.
fn explain(stop: Stop) -> Exit {
    match stop {
        Stop::Invalid => Exit::Wrong,
        Stop::Usage(message) => {
            output::error(&message);
            Exit::Wrong
        }
        Stop::Failed(message) => {
            output::error(&message);
            Exit::Failed
        }
        Stop::Interrupted => {
            output::note("interrupted; nothing was written");
            Exit::Interrupted
        }
    }
}
