//! `replisim sensitivity`: which assumptions the choice of a strategy turns on.

use std::sync::atomic::{AtomicBool, Ordering};

use replisim::report::sensitivity as pages;
use replisim::scenario::{self, Diagnostics, Factor, Scenario, Vary, plausible};
use replisim::study::sensitivity::{Figure, Plan, SensitivityError, choices, sensitivity};

use super::arguments::{DecisionMetric, SensitivityArguments, Shared};
use super::progress::Bar;
use super::target::Target;
use super::{Exit, Stop, input, interrupt, output};

/// Trials at a point unless something is said: all points run the same demand, so few of them tell points apart.
const TRIALS: &str = "run.trials=5";

/// Runs the study.
pub fn run(arguments: &SensitivityArguments, shared: &Shared) -> Result<Exit, Stop> {
    let path = &arguments.scenario;
    let mut sets = vec![TRIALS.to_string()];
    sets.extend(arguments.simulation.sets());
    let scenario = input::load(path, &sets, shared)?;
    let mut indices = choices(&scenario);
    if let Some(named) = input::selected(&scenario, &arguments.strategy)? {
        indices.retain(|index| named.contains(index));
    }
    if indices.is_empty() {
        return Err(Stop::Usage("there is no strategy to choose: the bound is none".into()));
    }
    let names = |indices: &[usize]| -> Vec<String> {
        indices.iter().map(|index| scenario.model.strategies[*index].name.clone()).collect()
    };
    let factors = factors(arguments, &scenario, &mut sets, shared)?;
    if factors.is_empty() {
        return Err(Stop::Usage(
            "the scenario rests on no assumption with a plausible range; name keys with --vary KEY=FROM..TO".into(),
        ));
    }
    let plan = Plan {
        factors,
        trajectories: arguments.trajectories,
        strategies: names(&indices),
        figure: match arguments.metric {
            DecisionMetric::Cost => Figure::Cost,
            DecisionMetric::PullP95 => Figure::PullP95,
            DecisionMetric::LagP99 => Figure::LagP99,
        },
        jobs: arguments.simulation.threads(),
    };
    let target = Target::prepare(arguments.out.as_deref(), path, "-sensitivity")?;
    let interrupted = interrupt::flag()?;

    let is_told = AtomicBool::new(false);
    let load = |further: &[String]| {
        let mut diagnostics = Diagnostics::default();
        let scenario = scenario::load(path, &[&sets, further].concat(), &mut diagnostics);
        if scenario.is_none() && !is_told.swap(true, Ordering::Relaxed) {
            output::problems(&diagnostics, true);
        }
        scenario
    };
    let bar = Bar::new(shared.quiet || shared.json);
    let outcome = sensitivity(&plan, &load, &bar, &interrupted);
    bar.clear();
    let study = outcome.map_err(|error| match error {
        SensitivityError::Study(error) => target.give_up(error),
        SensitivityError::Refused(_) => target.give_up(Stop::Invalid),
        error @ SensitivityError::Undecided(_) => target.give_up(Stop::Usage(error.to_string())),
    })?;
    pages::write(&target.directory, &study).map_err(|error| target.give_up(error))?;
    if shared.json {
        let value = serde_json::to_value(&study).map_err(|error| Stop::Failed(error.to_string()))?;
        output::print_json(&value)?;
    } else if !shared.quiet {
        output::print(&pages::summary(&study, &target.directory))?;
    }
    Ok(if interrupted.load(Ordering::Relaxed) { Exit::Interrupted } else { Exit::Done })
}

/// What moves: the assumptions of the scenario, and the keys that were named. Where a file has no `strategies`, they are
/// written into `sets`, so that their keys have paths.
fn factors(
    arguments: &SensitivityArguments,
    scenario: &Scenario,
    sets: &mut Vec<String>,
    shared: &Shared,
) -> Result<Vec<Factor>, Stop> {
    let path = &arguments.scenario;
    let mut diagnostics = Diagnostics::default();
    let draft = scenario::read(path, sets, &mut diagnostics).ok_or(Stop::Invalid)?;
    let draft = if draft.root.get("strategies").is_none() {
        let names: Vec<String> =
            scenario.model.strategies.iter().map(|strategy| format!("\"{}\"", strategy.name)).collect();
        sets.insert(0, format!("strategies=[{}]", names.join(", ")));
        scenario::read(path, sets, &mut diagnostics).ok_or(Stop::Invalid)?
    } else {
        draft
    };
    let mut diagnostics = Diagnostics::default();
    let varied: Vec<Option<Vary>> =
        arguments.vary.iter().map(|text| Vary::read(text, &draft, &mut diagnostics)).collect();
    if diagnostics.has_errors() {
        output::problems(&diagnostics, shared.quiet);
        return Err(Stop::Invalid);
    }
    let mut named = Vec::new();
    for vary in varied.into_iter().flatten() {
        let key = vary.key.clone();
        if named.iter().any(|factor: &Factor| factor.key == key) {
            return Err(Stop::Usage(format!("`{key}` is varied twice")));
        }
        named.push(
            Factor::of_vary(vary)
                .ok_or_else(|| Stop::Usage(format!("--vary {key} has one value; nothing would move")))?,
        );
    }
    if arguments.only {
        return Ok(named);
    }
    // What is varied by hand is no assumption: it is in force wherever assumptions are looked for.
    let in_force: Vec<String> = named.iter().flat_map(|factor| factor.settings(0.0)).collect();
    let load =
        |further: &[String]| scenario::load(path, &[&**sets, further, &in_force].concat(), &mut Diagnostics::default());
    let mut factors = plausible::factors(&draft, &load);
    factors.extend(named);
    Ok(factors)
}
