//! What a lifecycle policy acts on, by the service's words (B10 to B21): every rule is held against the whole
//! repository, then results are applied in order of priority.

use std::collections::{BTreeMap, BTreeSet};

use replisim::registry::{Count, LifecycleAction, Selection, StorageClass};
use replisim::units::{DAY, Span, Time};

use super::repository::{Held, Repository};
use super::rules;

/// Images and what is done with them.
pub type Acts = BTreeMap<u32, LifecycleAction>;

/// One run of the policy; the records of pulls are brought up to date by it.
pub fn policy(repository: &mut Repository, now: Time, lag: Span) -> Acts {
    for held in repository.images.values_mut() {
        if let Some(pulled) = held.pulled
            && held.recorded.is_none_or(|recorded| pulled - recorded >= lag)
        {
            held.recorded = Some(pulled);
        }
    }
    let mut acts = Acts::new();
    let Some(policy) = &repository.lifecycle else { return acts };
    let mut rules = policy.rules.clone();
    rules.sort_by_key(|rule| rule.priority);
    // Images that satisfied the selection of a rule of higher priority (B12).
    let mut claimed: BTreeSet<u32> = BTreeSet::new();
    for rule in &rules {
        let in_class = |held: &&Held| held.archived.is_some() == (rule.class == StorageClass::Archive);
        let mut seen: Vec<&Held> = repository
            .images
            .values()
            .filter(in_class)
            .filter(|held| is_selected(&rule.selection, &repository.tags_of(held.image.id)))
            .collect();
        seen.sort_by_key(|held| std::cmp::Reverse((held.since, held.order)));
        for (rank, held) in seen.iter().enumerate() {
            let due = match rule.count {
                Count::MoreThan(keep) => rank >= keep as usize,
                Count::DaysSincePush(days) => is_older(held.pushed, days, now),
                Count::DaysSincePull(days) => {
                    is_older(held.recorded.map_or(held.since, |pulled| pulled.max(held.since)), days, now)
                }
                Count::DaysSinceTransition(days) => held.archived.is_some_and(|at| is_older(at, days, now)),
            };
            let id = held.image.id;
            if due && !claimed.contains(&id) && !repository.is_needed(id, true) {
                acts.insert(id, rule.action);
            }
        }
        claimed.extend(seen.iter().map(|held| held.image.id));
    }
    acts
}

/// What is about images that are gone, or archived (B21).
pub fn sweep(repository: &Repository) -> Acts {
    let mut acts = Acts::new();
    for (id, held) in &repository.images {
        let Some(subject) = held.image.subject.filter(|_| !repository.is_needed(*id, true)) else { continue };
        match repository.images.get(&subject) {
            None if repository.met.contains(&subject) => {
                acts.insert(*id, LifecycleAction::Expire);
            }
            Some(subject) if subject.archived.is_some() && held.archived.is_none() => {
                acts.insert(*id, LifecycleAction::Archive);
            }
            _ => {}
        }
    }
    acts
}

fn is_selected(selection: &Selection, tags: &BTreeSet<&str>) -> bool {
    match selection {
        Selection::Any => true,
        Selection::Untagged => tags.is_empty(),
        Selection::Prefixes(all) => {
            !tags.is_empty() && all.iter().all(|prefix| tags.iter().any(|tag| tag.starts_with(prefix.as_str())))
        }
        Selection::Patterns(all) => {
            !tags.is_empty() && all.iter().all(|pattern| tags.iter().any(|tag| rules::selects(pattern, tag)))
        }
    }
}

/// Strictly older than so many days (O11).
fn is_older(since: Time, days: u32, now: Time) -> bool {
    i128::from(now.0) - i128::from(since.0) > i128::from(days) * i128::from(DAY)
}
