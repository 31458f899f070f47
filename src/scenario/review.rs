//! `check` as a reviewer: what a good scenario says and hardly means, and what its rules, policies and lifecycles do.
//!
//! The review works on the built model and on the places where its parts are written. Each finding is a line of
//! [`findings`] and a few lines in the file of its subject here; it never changes the model.
//! Nothing is told that was already refused: a half-read scenario is not reviewed.

use super::diagnostics::{Diagnostic, Diagnostics, findings};
use super::tree::Origin;
use crate::cloud::{Cloud, RegistryId};
use crate::demand::{Repository, RepositoryId};
use crate::engine::Model;
use crate::registry::ReplicationRule;
use crate::strategy::{Kind, Strategy};

mod chains;
mod clusters;
mod coverage;
mod filters;
mod kinds;
mod lifecycles;
mod permissions;
mod tags;
mod templates;
pub mod policies;
pub mod reach;

pub use chains::LACKING;
use reach::{Names, Selection};

/// Where a rule is written.
#[derive(Clone, Debug)]
pub struct RuleOrigins {
    /// The rule; of rules from clusters the strategy.
    pub rule: Origin,
    /// By destination.
    pub destinations: Vec<Origin>,
    /// By filter.
    pub filters: Vec<Origin>,
    /// Whether somebody wrote it; otherwise it comes from the clusters.
    pub is_written: bool,
}

/// Where a creation template is written.
#[derive(Clone, Debug)]
pub struct TemplateOrigins {
    /// Its prefix.
    pub prefix: Origin,
    /// Its lifecycle, if it has one.
    pub lifecycle: Option<Origin>,
    /// `for`, if it is written.
    pub purpose: Option<Origin>,
}

/// The templates of an element of `registries`.
#[derive(Clone, Debug)]
pub struct DeclaredTemplates {
    /// The registries that have them.
    pub registries: Vec<RegistryId>,
    /// Where each is written.
    pub templates: Vec<TemplateOrigins>,
}

/// Where the parts of a model are written.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// By region: where it is first named.
    pub regions: Vec<Origin>,
    /// By repository: its lifecycle at home, or where its name is written.
    pub repositories: Vec<Origin>,
    /// By cluster; those of one element have one place.
    pub clusters: Vec<Origin>,
    /// By strategy.
    pub strategies: Vec<Origin>,
    /// By strategy: its rules, in the order of [`Strategy::rules`].
    pub rules: Vec<Vec<RuleOrigins>>,
    /// Creation templates.
    pub templates: Vec<DeclaredTemplates>,
}

/// What the files of this folder look at.
struct Look<'a> {
    model: &'a Model,
    origins: &'a Origins,
    names: Names<'a>,
    /// By repository: from where images are promoted into it, and under which tag.
    promoted: Vec<Vec<(RepositoryId, &'a str)>>,
    /// By strategy and rule: what it selects.
    selections: Vec<Vec<Selection>>,
}

/// A rule and all that is known of it.
#[derive(Clone, Copy)]
struct Looked<'a> {
    from: RegistryId,
    rule: &'a ReplicationRule,
    places: &'a RuleOrigins,
    selection: &'a Selection,
}

impl<'a> Look<'a> {
    fn cloud(&self) -> &'a Cloud {
        &self.model.cloud
    }

    fn repository(&self, id: RepositoryId) -> &'a Repository {
        &self.model.demand.repositories[id.0 as usize]
    }

    fn promoted(&self, id: RepositoryId) -> &[(RepositoryId, &'a str)] {
        &self.promoted[id.0 as usize]
    }

    fn registry_name(&self, id: RegistryId) -> String {
        self.cloud().registry_name(id)
    }

    /// Whether two registries belong to different accounts.
    fn crosses_accounts(&self, one: RegistryId, other: RegistryId) -> bool {
        self.cloud().registry(one).account != self.cloud().registry(other).account
    }

    /// A few names, and how many more there are.
    fn names(&self, ids: &[RepositoryId]) -> String {
        let names: Vec<&str> = ids.iter().map(|id| self.repository(*id).name.as_str()).collect();
        listed(&names)
    }

    /// The strategies and where they are written.
    fn strategies(&self) -> impl Iterator<Item = (usize, &'a Strategy, &'a Origin)> {
        let strategies = self.model.strategies.iter().zip(&self.origins.strategies).enumerate();
        strategies.map(|(index, (strategy, origin))| (index, strategy, origin))
    }

    /// The rules of a strategy.
    fn rules(&self, strategy: usize) -> Vec<Looked<'_>> {
        let rules = self.model.strategies[strategy].rules();
        rules
            .zip(&self.origins.rules[strategy])
            .zip(&self.selections[strategy])
            .map(|(((from, rule), places), selection)| Looked { from: *from, rule, places, selection })
            .collect()
    }

    /// The rules of all strategies.
    fn all_rules(&self) -> Vec<Looked<'_>> {
        (0..self.model.strategies.len()).flat_map(|strategy| self.rules(strategy)).collect()
    }
}

/// Reviews a model.
pub fn review(model: &Model, origins: &Origins, out: &mut Diagnostics) {
    let names = Names::new(&model.demand.repositories);
    let of_strategy = |strategy: &Strategy| strategy.rules().map(|(from, rule)| names.select(*from, rule)).collect();
    let selections = model.strategies.iter().map(of_strategy).collect();
    let mut promoted = vec![Vec::new(); model.demand.repositories.len()];
    for (id, source) in (0u32..).zip(&model.demand.repositories) {
        for promotion in &source.promotions {
            promoted[promotion.to.0 as usize].push((RepositoryId(id), promotion.tag.0.as_str()));
        }
    }
    let look = Look { model, origins, names, promoted, selections };
    let parts: [fn(&Look<'_>, &mut Diagnostics); 8] = [
        filters::review,
        coverage::review,
        chains::review,
        permissions::review,
        templates::review,
        lifecycles::review,
        kinds::review,
        clusters::review,
    ];
    for part in parts {
        part(&look, out);
    }
}

/// Whether a strategy, or an exception of it, is of a kind.
fn has_kind(strategy: &Strategy, is: fn(&Kind) -> bool) -> bool {
    is(&strategy.kind) || strategy.exceptions.iter().any(|exception| is(&exception.kind))
}

fn is_replication(kind: &Kind) -> bool {
    matches!(kind, Kind::Replication(_))
}

fn is_cache(kind: &Kind) -> bool {
    matches!(kind, Kind::PullThroughCache(_))
}

/// Names for a message: three of them when there are more than four.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let shown = if names.len() > 4 { 3 } else { names.len() };
    let mut text = names[..shown].iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len() - shown {
        0 if names.is_empty() => "none".into(),
        0 => text,
        more => {
            text += &format!(" and {more} more");
            text
        }
    }
}

/// Names in backquotes.
fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    listed(&quoted)
}

/// `1 repository`, `3 repositories`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
