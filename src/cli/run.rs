//! `replisim run`: a scenario in, tables, charts and a report out.

use std::sync::atomic::{AtomicBool, Ordering};

use replisim::report;
use replisim::scenario::Scenario;
use replisim::study::tables::Tables;
use replisim::study::{self, Options};

use super::arguments::{RunArguments, Shared};
use super::progress::Bar;
use super::target::Target;
use super::{Exit, Stop, events, input, interrupt, output};
use events::Events;

/// Runs the scenario.
pub fn run(arguments: &RunArguments, shared: &Shared) -> Result<Exit, Stop> {
    let events_printed = arguments.events.as_deref().is_some_and(events::is_printed);
    if events_printed && shared.json {
        return Err(Stop::Usage("standard output takes either `--events -` or `--json`, not both".into()));
    }
    let mut scenario = input::load(&arguments.scenario, &arguments.simulation.sets(), shared)?;
    scenario.model.plain = arguments.plain;
    let strategies = input::selected(&scenario, &arguments.strategy)?;
    let target = Target::prepare(arguments.out.as_deref(), &arguments.scenario, "")?;
    let begin = |path| Events::begin(path, &scenario, &target.directory);
    let events = arguments.events.as_deref().map(begin).transpose().map_err(|stop| target.give_up(stop))?;
    let interrupted = interrupt::flag()?;

    let options = Options { strategies, jobs: arguments.simulation.threads() };
    let bar = Bar::new(shared.quiet || shared.json);
    let outcome = simulate(&scenario, &options, events, &bar, &interrupted);
    bar.clear();
    let (mut tables, events) = outcome.map_err(|stop| target.give_up(stop))?;
    tables.run.peak_memory_bytes = peak_memory();
    if interrupted.load(Ordering::Relaxed) {
        drop(events);
        return Err(target.give_up(Stop::Interrupted));
    }

    let files = report::write_run(&target.directory, &tables).map_err(|error| target.give_up(error))?;
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
    let tables = study::compare(scenario, options, bar, interrupted)?;
    Ok((tables, events))
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
