//! `replisim run`: a scenario in, tables, charts and a report out.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use replisim::report::{self, WriteError};
use replisim::scenario::{self, Diagnostics, Scenario};
use replisim::study::tables::Tables;
use replisim::study::{self, Options, StudyError};

use super::arguments::{RunArguments, Shared};
use super::progress::Bar;
use super::{Exit, Stop, events, interrupt, output};
use events::Events;

/// Runs the scenario.
pub fn run(arguments: &RunArguments, shared: &Shared) -> Result<Exit, Stop> {
    let events_printed = arguments.events.as_deref().is_some_and(events::is_printed);
    if events_printed && shared.json {
        return Err(Stop::Usage("standard output takes either `--events -` or `--json`, not both".into()));
    }
    let scenario = load(arguments, shared)?;
    let strategies = selected(&scenario, &arguments.strategy)?;
    let target = Target::prepare(arguments)?;
    let events = arguments.events.as_deref().map(Events::begin).transpose().inspect_err(|_| target.leave())?;
    let interrupted = interrupt::flag()?;

    let options = Options { strategies, jobs: arguments.jobs.map_or(0, usize::from) };
    let bar = Bar::new(shared.quiet || shared.json);
    let outcome = simulate(&scenario, &options, events, &bar, &interrupted);
    bar.clear();
    let (mut tables, events) = outcome.inspect_err(|_| target.leave())?;
    tables.run.peak_memory_bytes = peak_memory();
    if interrupted.load(Ordering::Relaxed) {
        drop(events);
        target.leave();
        return Err(Stop::Interrupted);
    }

    let written = report::write_run(&target.directory, &tables).inspect_err(|_| target.leave());
    let files = written.map_err(|error| Stop::Failed(error.to_string()))?;
    if let Some(events) = events {
        events.keep()?;
    }
    if shared.json {
        output::print(&report::summary_json(&tables))?;
    } else if !shared.quiet && !events_printed {
        output::print(&report::terminal_summary(&tables, &files))?;
    }
    if interrupted.load(Ordering::Relaxed) {
        return Ok(Exit::Interrupted);
    }
    Ok(if arguments.fail_on_miss && is_missed(&tables) { Exit::Missed } else { Exit::Done })
}

/// Everything that takes long. Events come first: they are quick, and a full disk is found before the rest is run.
fn simulate(
    scenario: &Scenario,
    options: &Options,
    mut events: Option<Events>,
    bar: &Bar,
    interrupted: &AtomicBool,
) -> Result<(Tables, Option<Events>), Stop> {
    if let Some(events) = &mut events {
        events.write(scenario, options, bar, interrupted)?;
    }
    let tables = study::compare(scenario, options, bar, interrupted).map_err(stop)?;
    Ok((tables, events))
}

/// The checked scenario; its problems go to standard error.
fn load(arguments: &RunArguments, shared: &Shared) -> Result<Scenario, Stop> {
    let mut sets = arguments.set.clone();
    sets.extend(arguments.seed.map(|seed| format!("run.seed={seed}")));
    sets.extend(arguments.trials.map(|trials| format!("run.trials={trials}")));
    let mut diagnostics = Diagnostics::default();
    let scenario = scenario::load(&arguments.scenario, &sets, &mut diagnostics);
    output::problems(&diagnostics, shared.quiet);
    scenario.ok_or(Stop::Invalid)
}

/// Indices of the strategies named, ascending; `None` = all.
pub(super) fn selected(scenario: &Scenario, names: &[String]) -> Result<Option<Vec<usize>>, Stop> {
    if names.is_empty() {
        return Ok(None);
    }
    let known: Vec<&str> = scenario.model.strategies.iter().map(|strategy| strategy.name.as_str()).collect();
    let mut indices = Vec::new();
    for name in names {
        match known.iter().position(|known| known == name) {
            Some(index) => indices.push(index),
            None => return Err(Stop::Usage(unknown_strategy(name, &known))),
        }
    }
    indices.sort_unstable();
    indices.dedup();
    Ok(Some(indices))
}

pub(super) fn unknown_strategy(name: &str, known: &[&str]) -> String {
    // Near enough to be a slip of the finger.
    let near = known.iter().map(|known| (strsim::jaro_winkler(name, known), known)).filter(|(near, _)| *near > 0.8);
    let hint = match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, near)) => format!(", did you mean `{near}`?"),
        None => format!("; the scenario has {}", known.join(", ")),
    };
    format!("no strategy `{name}`{hint}")
}

/// Where results go.
pub(super) struct Target {
    pub directory: PathBuf,
    /// It was made for this run, so an interrupted run takes it away again.
    is_new: bool,
}

impl Target {
    /// Finds out now, and not after a long run, whether results can be written.
    fn prepare(arguments: &RunArguments) -> Result<Target, Stop> {
        Target::prepare_in(arguments.out.clone().unwrap_or_else(|| default_directory(&arguments.scenario)))
    }

    /// The same for a directory.
    pub(super) fn prepare_in(directory: PathBuf) -> Result<Target, Stop> {
        let is_new = !directory.exists();
        report::write::prepare(&directory).map_err(|error: WriteError| Stop::Failed(error.to_string()))?;
        Ok(Target { directory, is_new })
    }

    /// Leaves nothing behind of a run without results.
    pub(super) fn give_up(&self, error: StudyError) -> Stop {
        self.leave();
        stop(error)
    }

    /// Takes the directory away again if it was made for this run.
    pub(super) fn leave(&self) {
        if self.is_new {
            // Only an empty directory goes; should it have to stay, it does no harm.
            let _ = std::fs::remove_dir(&self.directory);
        }
    }
}

/// Why a study has no result, to whoever asked for it.
pub(super) fn stop(error: StudyError) -> Stop {
    match error {
        StudyError::Interrupted => Stop::Interrupted,
        error => Stop::Failed(error.to_string()),
    }
}

fn default_directory(scenario: &Path) -> PathBuf {
    Path::new("outputs").join(scenario.file_stem().unwrap_or(scenario.as_os_str()))
}

/// Whether some objective, in all regions together, is missed.
fn is_missed(tables: &Tables) -> bool {
    tables.objectives.iter().any(|row| row.region == "all" && row.met == Some(false))
}

/// The most memory that this process ever held, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use replisim::study::tables::ObjectiveRow;

    use super::*;

    #[test]
    fn a_near_name_is_offered_and_a_far_one_gets_the_list() {
        let known = ["cross-region-pull", "replication"];
        assert_eq!(unknown_strategy("replicaton", &known), "no strategy `replicaton`, did you mean `replication`?");
        let far = "no strategy `zzz`; the scenario has cross-region-pull, replication";
        assert_eq!(unknown_strategy("zzz", &known), far);
    }

    #[test]
    fn results_go_beside_where_one_stands() {
        assert_eq!(default_directory(Path::new("scenarios/global-saas.toml")), Path::new("outputs/global-saas"));
    }

    #[test]
    fn only_an_objective_missed_everywhere_counts_as_missed() {
        let row = |region: &str, met| ObjectiveRow { region: region.into(), met, ..Default::default() };
        let of = |rows: Vec<_>| is_missed(&Tables { objectives: rows, ..Tables::default() });
        assert!(of(vec![row("all", Some(true)), row("all", Some(false))]));
        assert!(!of(vec![row("all", Some(true)), row("eu-west-1", Some(false))]));
        assert!(!of(vec![row("all", None)]), "what cannot be judged cannot be missed");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_holds_some_memory() {
        assert!(peak_memory().is_some_and(|bytes| bytes > 1_000_000));
    }
}
