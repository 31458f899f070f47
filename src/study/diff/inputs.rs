//! What went in: settings of the scenario, files that it names, assumptions, and the run itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::study::tables::RunRecord;

/// Something that went in and differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputChange {
    /// `setting` (a key of the scenario), `file` (named by it), `assumption`, or `run` (seed, version, ..).
    pub kind: &'static str,
    /// The key, file or subject.
    pub name: String,
    /// Before; `None` = it was not there. Of a file: its SHA-256.
    pub old: Option<String>,
    /// After.
    pub new: Option<String>,
}

/// What differs between the inputs of two runs.
pub(super) fn compare(old: &RunRecord, new: &RunRecord) -> Vec<InputChange> {
    let mut changes = Vec::new();
    let told = !old.settings.is_empty() && !new.settings.is_empty();
    if told {
        changes.extend(between("setting", &old.settings, &new.settings));
    }
    changes.extend(between("file", &files(old, told), &files(new, told)));
    changes.extend(between("assumption", &assumptions(old), &assumptions(new)));
    changes.extend(between("run", &facts(old, told), &facts(new, told)));
    changes
}

fn between(kind: &'static str, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<InputChange> {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let change = |name: &String| InputChange {
        kind,
        name: name.clone(),
        old: old.get(name).cloned(),
        new: new.get(name).cloned(),
    };
    names.into_iter().map(change).filter(|change| change.old != change.new).collect()
}

/// Hashes by file, seen from where the scenario is: the same tree may be checked out twice. The scenario's own file is
/// left out when its settings are told: a comment is no change.
fn files(run: &RunRecord, told: bool) -> BTreeMap<String, String> {
    let scenario = Path::new(&run.scenario);
    let beside = scenario.parent().unwrap_or(Path::new(""));
    let mut files = BTreeMap::new();
    for input in &run.inputs {
        let path = Path::new(&input.file);
        let name = path.strip_prefix(beside).unwrap_or(path).display().to_string();
        if path != scenario {
            files.insert(name, input.sha256.clone());
        } else if !told {
            files.insert("the scenario".to_string(), input.sha256.clone());
        }
    }
    files
}

/// What was assumed, by subject; one subject may have several.
fn assumptions(run: &RunRecord) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for assumption in &run.assumptions {
        let text = format!("{} ({})", assumption.value, assumption.text);
        found.entry(assumption.key.clone()).and_modify(|all| *all = format!("{all}; {text}")).or_insert(text);
    }
    found
}

/// What the run says of itself. Where the settings are told, they tell most of it.
fn facts(run: &RunRecord, told: bool) -> BTreeMap<String, String> {
    let always = [
        ("version", run.version.clone()),
        ("seed", run.seed.to_string()),
        ("trials", run.trials.to_string()),
        ("price book", run.price_book.clone()),
    ];
    let untold = [
        ("start", run.start.clone()),
        ("days", run.days.to_string()),
        ("baseline", run.baseline.clone()),
        ("cross-region pull", run.cross_region_pull.clone()),
    ];
    let untold = untold.into_iter().filter(|_| !told);
    always.into_iter().chain(untold).map(|(name, value)| (name.to_string(), value)).collect()
}
