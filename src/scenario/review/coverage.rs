//! Copies held against who runs what: what is missing where it is run, and what is copied for nobody.

use std::collections::HashMap;

use super::{Diagnostic, Diagnostics, Look, Looked, counted, findings, is_replication, listed, quoted};
use crate::cloud::RegistryId;
use crate::demand::{Cluster, ClusterId, IfMissing, Pushes, Repository, RepositoryId};
use crate::strategy::{Existing, Kind, Strategy};
use crate::units::Time;

/// Looks at what each strategy copies.
pub fn review(look: &Look<'_>, out: &mut Diagnostics) {
    let runs = runs(look);
    for (index, strategy, _) in look.strategies() {
        let rules = look.rules(index);
        if rules.is_empty() && !is_replication(&strategy.kind) {
            continue;
        }
        missing(look, index, &rules, out);
        rules.iter().for_each(|rule| for_nobody(look, rule, &runs, out));
        existing(look, index, &rules, &runs, out);
    }
}

/// By registry: what clusters there run, ids ascending.
type Runs = HashMap<RegistryId, Vec<RepositoryId>>;

fn runs(look: &Look<'_>) -> Runs {
    let mut runs = Runs::new();
    for cluster in &look.model.demand.clusters {
        runs.entry(cluster.registry).or_default().extend(&cluster.runs);
    }
    sorted(runs)
}

fn sorted(mut lists: Runs) -> Runs {
    for list in lists.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    lists
}

fn is_run(runs: &Runs, registry: RegistryId, id: RepositoryId) -> bool {
    runs.get(&registry).is_some_and(|list| list.binary_search(&id).is_ok())
}

/// Clusters that run what no rule brings to them (A17).
fn missing(look: &Look<'_>, index: usize, rules: &[Looked<'_>], out: &mut Diagnostics) {
    let mut copied = Runs::new();
    for rule in rules {
        for to in &rule.rule.destinations {
            copied.entry(*to).or_default().extend(rule.selection.hits.iter().map(|hit| hit.repository));
        }
    }
    let copied = sorted(copied);
    let strategy = &look.model.strategies[index];
    let clusters: Vec<_> =
        (0u16..).map(ClusterId).zip(&look.model.demand.clusters).zip(&look.origins.clusters).collect();
    for members in clusters.chunk_by(|(_, a), (_, b)| a == b) {
        let mut lacking: Vec<&Cluster> = Vec::new();
        let mut lacked: Vec<RepositoryId> = Vec::new();
        for ((id, cluster), _) in members {
            let before = lacked.len();
            lacked.extend(cluster.runs.iter().filter(|repository| {
                look.repository(**repository).home != cluster.registry
                    && !is_run(&copied, cluster.registry, **repository)
                    && waits_for_copies(strategy, **repository, (*id, cluster))
            }));
            if lacked.len() > before {
                lacking.push(cluster);
            }
        }
        let Some(first) = lacking.first() else { continue };
        lacked.sort_unstable();
        lacked.dedup();
        let there = look.registry_name(first.registry);
        let who: Vec<&str> = lacking.iter().map(|cluster| cluster.name.as_str()).collect();
        let message = format!(
            "no rule of `{}` copies to {there} what {} runs: {}",
            strategy.name,
            quoted(&who),
            look.names(&lacked)
        );
        let diagnostic = Diagnostic::of(&findings::NOT_COPIED, &look.origins.strategies[index], message);
        out.report(diagnostic.label("its pulls find nothing there").also(members[0].1, "this cluster"));
    }
}

/// Whether a cluster's pulls of a repository depend on copies by replication.
fn waits_for_copies(strategy: &Strategy, repository: RepositoryId, (id, cluster): (ClusterId, &Cluster)) -> bool {
    let exception = strategy
        .exceptions
        .iter()
        .find(|one| one.repositories.binary_search(&repository).is_ok() && one.clusters.binary_search(&id).is_ok());
    let (kind, if_missing) = match exception {
        Some(exception) => (&exception.kind, exception.if_missing),
        None => (&strategy.kind, strategy.if_missing),
    };
    is_replication(kind) && if_missing.or(cluster.if_missing) != Some(IfMissing::Home)
}

/// Copies that no cluster pulls: they cost transfer and storage (C1, C12).
fn for_nobody(look: &Look<'_>, looked: &Looked<'_>, runs: &Runs, out: &mut Diagnostics) {
    let hits = &looked.selection.hits;
    if hits.is_empty() {
        return;
    }
    let (used, idle): (Vec<RegistryId>, Vec<RegistryId>) =
        looked.rule.destinations.iter().partition(|to| hits.iter().any(|hit| is_run(runs, **to, hit.repository)));
    if !idle.is_empty() {
        let names: Vec<String> = idle.iter().map(|to| look.registry_name(*to)).collect();
        let message = format!("no cluster in {} runs what this rule copies there", listed(&names));
        out.found(&findings::COPIES_NOBODY_PULLS, &looked.places.rule, message, "");
    }
    let nowhere: Vec<RepositoryId> =
        hits.iter().map(|hit| hit.repository).filter(|id| used.iter().all(|to| !is_run(runs, *to, *id))).collect();
    if !used.is_empty() && !nowhere.is_empty() {
        let how_many = counted(nowhere.len(), "repository", "repositories");
        let message =
            format!("this rule copies {how_many} that no cluster at a destination runs: {}", look.names(&nowhere));
        out.found(&findings::COPIES_NOBODY_PULLS, &looked.places.rule, message, "");
    }
}

/// Images that were there before the rules stay behind (A18).
fn existing(look: &Look<'_>, index: usize, rules: &[Looked<'_>], runs: &Runs, out: &mut Diagnostics) {
    let strategy = &look.model.strategies[index];
    let Kind::Replication(replication) = &strategy.kind else { return };
    if replication.existing != Existing::Absent {
        return;
    }
    let has_late_rules = replication.since > Time::START;
    let is_early = |one: &Repository| one.existing > 0 || has_late_rules && !matches!(one.pushes, Pushes::None);
    let mut behind: Vec<RepositoryId> = Vec::new();
    for rule in rules {
        let ids = rule.selection.hits.iter().map(|hit| hit.repository).filter(|id| is_early(look.repository(*id)));
        behind.extend(ids.filter(|id| rule.rule.destinations.iter().any(|to| is_run(runs, *to, *id))));
    }
    behind.sort_unstable();
    behind.dedup();
    if !behind.is_empty() {
        let message = format!(
            "`{}` is not retroactive: what {} got before its rules is not copied: {}",
            strategy.name,
            counted(behind.len(), "repository", "repositories"),
            look.names(&behind)
        );
        out.found(&findings::EXISTING_STAY_BEHIND, &look.origins.strategies[index], message, "");
    }
}
