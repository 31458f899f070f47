//! The files of a recommendation: what the service takes, the same as Terraform, and the reasons in words.
//!
//! | file | what it is |
//! |---|---|
//! | `replication.json` | the rules as `put-replication-configuration` takes them; of further home registries `replication-NAME.json` |
//! | `lifecycle/*.json` | what evicts images from caches: the policies of creation templates |
//! | `pull-through-cache.json` | cache rules, each with the registry to make it in |
//! | `main.tf` | all of it as Terraform |
//! | `recommendation.md` | the answer, and what it rests on |
//! | `scenario.toml` | the scenario with the recommendation as one more strategy |
//! | `optimize.csv` | what each way costs for each repository and registry |

use std::path::{Path, PathBuf};

use super::write::{File, WriteError, replace};
use crate::scenario::Scenario;
use crate::study::optimize::Optimum;

mod fragment;
mod native;
mod page;
mod table;
mod terraform;
mod words;

#[cfg(test)]
mod tests;

pub use fragment::Base;
pub use native::{CacheInput, CacheRule};
pub use page::{summary_json, terminal};

/// Every file of a recommendation, as bytes.
pub fn files(scenario: &Scenario, optimum: &Optimum, base: &Base) -> Vec<File> {
    let mut files = native::replication(scenario, optimum);
    files.extend(native::lifecycles(scenario, optimum));
    files.push(native::caches(scenario, optimum));
    files.push(terraform::file(scenario, optimum));
    files.push(page::file(scenario, optimum));
    files.extend(fragment::files(scenario, optimum, base));
    files.push(table::file(scenario, optimum));
    files
}

/// Writes the files of a recommendation into `dir`, and takes away what an earlier one left under names of ours.
///
/// # Errors
/// When something cannot be written; then `dir` holds what it held before.
pub fn write(dir: &Path, files: &[File]) -> Result<Vec<PathBuf>, WriteError> {
    replace(dir, files, &stale(dir), &|from, to| std::fs::rename(from, to))
}

/// A file under a name of ours in a directory without the table that every recommendation has: somebody else's.
pub fn foreign(dir: &Path) -> Option<PathBuf> {
    if dir.join(table::NAME).exists() {
        return None;
    }
    let always = ["replication.json", "pull-through-cache.json", "main.tf", "recommendation.md", "scenario.toml"];
    let names = always.into_iter().map(str::to_owned).chain(stale(dir));
    names.map(|name| dir.join(name)).find(|path| path.exists())
}

/// Names of ours that are there from an earlier recommendation.
fn stale(dir: &Path) -> Vec<String> {
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<String>>()
    };
    let is_ours = |name: &String| name.starts_with("replication-") && name.ends_with(".json");
    let mut stale: Vec<String> =
        names(dir).into_iter().filter(|name| is_ours(name) || name == "delay-values.csv").collect();
    let policies = names(&dir.join("lifecycle")).into_iter().filter(|name| name.ends_with(".json"));
    stale.extend(policies.map(|name| format!("lifecycle/{name}")));
    stale.sort();
    stale
}
