//! What a command reads: a scenario with its settings, and the strategies that are named.

use std::path::{Path, PathBuf};

use replisim::scenario::{self, Diagnostics, Scenario};

use super::arguments::Shared;
use super::{Stop, output};

/// The checked scenario; its problems go to standard error.
pub fn load(path: &Path, sets: &[String], shared: &Shared) -> Result<Scenario, Stop> {
    let mut diagnostics = Diagnostics::default();
    let scenario = scenario::load(path, sets, &mut diagnostics);
    output::problems(&diagnostics, shared.quiet);
    scenario.ok_or(Stop::Invalid)
}

/// Refuses to replace a file that the scenario is read from; `option` says where else a result can go.
pub fn spare(scenario: &Scenario, result: &Path, option: &str) -> Result<(), Stop> {
    let is_it = |source: &PathBuf| matches!((source.canonicalize(), result.canonicalize()), (Ok(a), Ok(b)) if a == b);
    match scenario.sources.iter().find(|source| is_it(source)) {
        Some(_) => Err(Stop::Usage(format!(
            "the scenario is read from `{}`, which a result would replace; name another place with {option}",
            result.display()
        ))),
        None => Ok(()),
    }
}

/// Indices of the strategies named, ascending; `None` = all.
pub fn selected(scenario: &Scenario, names: &[String]) -> Result<Option<Vec<usize>>, Stop> {
    if names.is_empty() {
        return Ok(None);
    }
    let known: Vec<&str> = scenario.model.strategies.iter().map(|strategy| strategy.name.as_str()).collect();
    let mut indices = Vec::new();
    for name in names {
        match known.iter().position(|known| known == name) {
            Some(index) => indices.push(index),
            None => return Err(unknown_strategy(name, &known)),
        }
    }
    indices.sort_unstable();
    indices.dedup();
    Ok(Some(indices))
}

/// Says that there is no such strategy, and which one may be meant.
pub fn unknown_strategy(name: &str, known: &[&str]) -> Stop {
    // Near enough to be a slip of the finger.
    let near = known.iter().map(|known| (strsim::jaro_winkler(name, known), known)).filter(|(near, _)| *near > 0.8);
    let hint = match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, near)) => format!(", did you mean `{near}`?"),
        None => format!("; the scenario has {}", known.join(", ")),
    };
    Stop::Usage(format!("no strategy `{name}`{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_offered_and_a_far_one_gets_the_list() {
        let said = |name| match unknown_strategy(name, &["cross-region-pull", "replication"]) {
            Stop::Usage(message) => message,
            other => panic!("{other:?}"),
        };
        assert_eq!(said("replicaton"), "no strategy `replicaton`, did you mean `replication`?");
        assert_eq!(said("zzz"), "no strategy `zzz`; the scenario has cross-region-pull, replication");
    }
}
