//! An account export: what the AWS command line prints about registries, one directory per account and region.
//!
//! ```text
//! DIR/ACCOUNT/REGION/describe-repositories.json
//!                    describe-registry.json         replication; may be absent
//!                    describe-images.json           or describe-images/*.json, one per repository
//!                    lifecycle/*.json               get-lifecycle-policy; may be absent
//!                    get-metric-data.json           RepositoryPullCount; may be absent, get-metric-data-*.json too
//! ```
//!
//! ACCOUNT is an account id of twelve digits, or a name, a hyphen and the id (`prod-111122223333`). Which repository a
//! file is about is said in it, not by its name. Unlike the other readers this one opens files, since an export is a
//! tree of them; keys that it does not know are the service's business and let pass.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::replication::{self, Rule};
use super::{MOST_PROBLEMS, Problem, json, streamed};
use crate::cloud::regions;

mod outputs;

#[cfg(test)]
mod tests;

pub use outputs::Image;

/// The largest file of an export, in bytes.
pub const LARGEST: u64 = 512 << 20;

/// What an export holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Export {
    /// By account, then region.
    pub registries: Vec<Registry>,
}

/// One account in one region.
#[derive(Clone, Debug, PartialEq)]
pub struct Registry {
    /// Twelve digits.
    pub account: String,
    /// The account's name, if its directory says one.
    pub account_name: Option<String>,
    /// A region code.
    pub region: String,
    /// By name.
    pub repositories: Vec<Repository>,
    /// What it replicates, if it does.
    pub replication: Option<Replication>,
    /// Recorded pulls.
    pub pulls: Option<Pulls>,
}

/// A repository as it is in one registry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// Second of the Unix epoch in which it was made.
    pub created: Option<i64>,
    /// Whether tags stay where they are.
    pub immutable: bool,
    /// Patterns of tags that may move all the same.
    pub mutable_tags: Vec<String>,
    /// In the order of the file.
    pub images: Vec<Image>,
    /// The policy's text.
    pub lifecycle: Option<String>,
}

/// A registry's replication configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Replication {
    /// As written, without what `describe-registry` has around it.
    pub text: String,
    /// The same, read.
    pub rules: Vec<Rule>,
}

/// Recorded pulls of a registry.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulls {
    /// Second of the Unix epoch at which the first recorded interval begins.
    pub start: i64,
    /// Seconds from there to the end of the last recorded interval.
    pub seconds: i64,
    /// Pulls in that time by repository; none of zero.
    pub counts: BTreeMap<String, u64>,
}

/// What is wrong in a file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The file or directory.
    pub file: PathBuf,
    /// The file's text, for the line; empty when it could not be read.
    pub text: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// Reads an export.
///
/// # Errors
/// What is wrong in its files, up to [`MOST_PROBLEMS`] of them.
pub fn read(dir: &Path) -> Result<Export, Vec<Wrong>> {
    let mut reader = Reader { wrong: Vec::new() };
    let mut export = Export::default();
    for (account_name, account_dir) in reader.directories(dir) {
        let (name, id) = match account_name.rsplit_once('-') {
            Some((name, id)) => (Some(name.to_string()), id),
            None => (None, account_name.as_str()),
        };
        if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
            let message = "expected a directory named by an account id of 12 digits, such as `111122223333` or \
                           `prod-111122223333`";
            reader.refuse(&account_dir, message);
            continue;
        }
        for (region, registry_dir) in reader.directories(&account_dir) {
            if let Some(message) = regions::refused(&region) {
                reader.refuse(&registry_dir, message);
            } else if let Some(registry) = reader.registry(&registry_dir, (id, name.clone()), &region) {
                export.registries.push(registry);
            }
        }
    }
    if export.registries.is_empty() && reader.wrong.is_empty() {
        reader.refuse(dir, "no export in here: expected ACCOUNT/REGION/describe-repositories.json");
    }
    if reader.wrong.is_empty() { Ok(export) } else { Err(reader.wrong) }
}

struct Reader {
    wrong: Vec<Wrong>,
}

impl Reader {
    fn refuse(&mut self, file: &Path, message: impl Into<String>) {
        self.report(file, String::new(), Problem::new(0..0, message, ""));
    }

    fn report(&mut self, file: &Path, text: String, problem: Problem) {
        if self.wrong.len() < MOST_PROBLEMS {
            self.wrong.push(Wrong { file: file.to_path_buf(), text, problem });
        }
    }

    /// What is in a directory, by name.
    fn entries(&mut self, dir: &Path) -> Vec<(String, PathBuf)> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => {
                self.refuse(dir, format!("cannot read this directory: {error}"));
                return Vec::new();
            }
        };
        let named = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, entry.path()));
        let mut found: Vec<(String, PathBuf)> =
            entries.filter_map(Result::ok).filter_map(named).filter(|(name, _)| !name.starts_with('.')).collect();
        found.sort();
        found
    }

    fn directories(&mut self, dir: &Path) -> Vec<(String, PathBuf)> {
        self.entries(dir).into_iter().filter(|(_, path)| path.is_dir()).collect()
    }

    /// JSON files of a directory that may be absent.
    fn files(&mut self, dir: &Path, stem: &str) -> Vec<PathBuf> {
        if !dir.is_dir() {
            return Vec::new();
        }
        let is_one = |name: &str| name.starts_with(stem) && name.ends_with(".json");
        self.entries(dir).into_iter().filter(|(name, _)| is_one(name)).map(|(_, path)| path).collect()
    }

    /// The text of a file; nothing for an empty one, which a command without an answer leaves.
    fn text(&mut self, file: &Path) -> Option<String> {
        let size = fs::metadata(file).map(|data| data.len()).unwrap_or_default();
        if size > LARGEST {
            self.refuse(file, format!("{} MiB; a file of an export may have {}", size >> 20, LARGEST >> 20));
            return None;
        }
        match fs::read(file).map(String::from_utf8) {
            Ok(Ok(text)) => Some(text).filter(|text| !text.trim().is_empty()),
            Ok(Err(_)) => {
                self.refuse(file, "this is not UTF-8 text");
                None
            }
            Err(error) => {
                self.refuse(file, format!("cannot read this file: {error}"));
                None
            }
        }
    }

    /// What a file says, by its type.
    fn output<T: for<'t> serde::Deserialize<'t>>(&mut self, file: &Path) -> Option<T> {
        let text = self.text(file)?;
        match streamed::parse(&text, std::marker::PhantomData::<T>) {
            Ok(output) => Some(output),
            Err(problem) => {
                self.report(file, text, problem);
                None
            }
        }
    }

    fn registry(&mut self, dir: &Path, account: (&str, Option<String>), region: &str) -> Option<Registry> {
        let list = dir.join("describe-repositories.json");
        let mut repositories: BTreeMap<String, Repository> = BTreeMap::new();
        for described in self.output::<outputs::Repositories>(&list)?.repositories {
            if described.registry_id.as_ref().is_some_and(|id| id != account.0) {
                let message = format!("`{}` is of another account than its directory says", described.repository_name);
                self.refuse(&list, message);
            }
            let repository = described.into_repository();
            repositories.insert(repository.name.clone(), repository);
        }
        let mut files = self.files(dir, "describe-images");
        files.extend(self.files(&dir.join("describe-images"), ""));
        for file in files {
            for image in self.output::<outputs::Images>(&file).map(|output| output.image_details).unwrap_or_default() {
                match repositories.get_mut(&image.repository_name) {
                    Some(repository) => repository.images.push(image),
                    None => {
                        let message =
                            format!("images of `{}`, a repository not in {}", image.repository_name, list.display());
                        self.refuse(&file, message);
                        break;
                    }
                }
            }
        }
        for file in self.files(&dir.join("lifecycle"), "") {
            let Some(policy) = self.output::<outputs::Lifecycle>(&file) else { continue };
            match repositories.get_mut(&policy.repository_name) {
                Some(repository) => repository.lifecycle = Some(policy.lifecycle_policy_text),
                None => {
                    let message =
                        format!("a policy of `{}`, a repository not in {}", policy.repository_name, list.display());
                    self.refuse(&file, message);
                }
            }
        }
        let mut results = Vec::new();
        for file in self.files(dir, "get-metric-data") {
            results.extend(self.output::<outputs::Metrics>(&file).map(|output| output.results).unwrap_or_default());
        }
        Some(Registry {
            account: account.0.to_string(),
            account_name: account.1,
            region: region.to_string(),
            replication: self.replication(&dir.join("describe-registry.json")),
            pulls: outputs::pulls(&results),
            repositories: repositories.into_values().collect(),
        })
    }

    /// The configuration inside `describe-registry`, read as the service reads it.
    fn replication(&mut self, file: &Path) -> Option<Replication> {
        if !file.exists() {
            return None;
        }
        let text = self.text(file)?;
        let outer = match json::parse(&text) {
            Ok(outer) => outer,
            Err(problem) => {
                self.report(file, text, problem);
                return None;
            }
        };
        let inner = outer.get("replicationConfiguration")?;
        let rules = inner.get("rules").map(|rules| &rules.value);
        if matches!(rules, Some(json::Value::List(rules)) if rules.is_empty()) {
            return None;
        }
        let configuration = text[inner.span.clone()].to_string();
        match replication::read(&configuration) {
            Ok(rules) => Some(Replication { text: configuration, rules }),
            Err(problems) => {
                for mut problem in problems {
                    problem.span = problem.span.start + inner.span.start..problem.span.end + inner.span.start;
                    self.report(file, text.clone(), problem);
                }
                None
            }
        }
    }
}
