//! Rules seen together: chains that will not chain, loops, and powers that the service lacks.

use super::{Diagnostics, Look, Looked, findings, quoted};
use crate::cloud::RegistryId;
use crate::registry::Extension;

/// Looks at the rules of each strategy together.
pub fn review(look: &Look<'_>, out: &mut Diagnostics) {
    for strategy in 0..look.model.strategies.len() {
        let rules = look.rules(strategy);
        rules.iter().for_each(|rule| mounting(look, rule, out));
        for rule in rules.iter().filter(|rule| rule.places.is_written) {
            lacking(rule, out);
            for next in
                rules.iter().filter(|next| next.places.is_written && rule.rule.destinations.contains(&next.from))
            {
                follow(look, &rules, rule, next, out);
            }
        }
    }
}

/// What happens to the copies of a rule where another rule begins (A20): nothing.
fn follow(look: &Look<'_>, rules: &[Looked<'_>], rule: &Looked<'_>, next: &Looked<'_>, out: &mut Diagnostics) {
    let home = rule.from;
    let selected = look.names.select(home, next.rule);
    let is_copied = |rule: &Looked<'_>, id| rule.selection.hits.binary_search_by_key(&id, |hit| hit.repository).is_ok();
    let passing: Vec<_> = selected.hits.iter().map(|hit| hit.repository).filter(|id| is_copied(rule, *id)).collect();
    let Some(first) = passing.first() else { return };
    let [a, b] = [home, next.from].map(|id| look.registry_name(id));
    if next.rule.destinations.contains(&home) {
        let message = format!("rules lead from {a} to {b} and back: this is safe, copies are not copied on");
        out.found(&findings::LOOP, &next.places.rule, message, "");
    }
    let reaches =
        |to| rules.iter().any(|one| one.from == home && one.rule.destinations.contains(&to) && is_copied(one, *first));
    let missed: Vec<String> = next
        .rule
        .destinations
        .iter()
        .filter(|to| **to != home && !reaches(**to))
        .map(|to| look.registry_name(*to))
        .collect();
    if !missed.is_empty() {
        let name = quoted(&[&look.repository(*first).name]);
        let message = format!(
            "this rule does not pass on what {b} gets from {a}: {} gets no {name}; copy there from {a} too",
            super::listed(&missed)
        );
        out.found(&findings::NO_CHAIN, &next.places.rule, message, "");
    }
}

/// A power that the service lacks: what it is called, whether a rule has it, and what the service does instead.
pub type Lack = (&'static str, fn(&Extension) -> bool, &'static str);

/// All of them.
pub const LACKING: [Lack; 5] = [
    ("tag-filter", |one| one.tags.is_some(), "the service cannot filter by tag (facts A10, A16)"),
    ("status-filter", |one| one.tagged.is_some(), "the service cannot filter by status (facts A10, A16)"),
    ("wildcard-filter", |one| one.wildcards, "the service takes plain prefixes without `*` (fact A11)"),
    ("exclude-filter", |one| one.except.is_some(), "the service cannot leave repositories out (facts A10, A16)"),
    ("rename", |one| one.rename.is_some(), "the service keeps a repository's name (fact A28)"),
];

fn lacking(looked: &Looked<'_>, out: &mut Diagnostics) {
    for (name, _, lack) in LACKING.iter().filter(|(_, uses, _)| uses(&looked.rule.extension)) {
        let message = format!("not possible today: `{name}`; {lack}");
        out.found(&findings::NOT_POSSIBLE_TODAY, &looked.places.rule, message, "");
    }
}

/// Layers are mounted instead of copied only where both sides have mounting on (A75).
fn mounting(look: &Look<'_>, looked: &Looked<'_>, out: &mut Diagnostics) {
    let on = |id: RegistryId| look.model.registries[usize::from(id.0)].blob_mounting;
    let differs = |to: &&RegistryId| on(looked.from) != on(**to);
    if let Some(to) = looked.rule.destinations.iter().find(differs) {
        let (with, without) = if on(looked.from) { (looked.from, *to) } else { (*to, looked.from) };
        let [with, without] = [with, without].map(|id| look.registry_name(id));
        let message = format!("blob mounting is on in {with} and off in {without}: copies bring their layers again");
        out.found(&findings::MOUNTING_ON_ONE_SIDE, &looked.places.rule, message, "");
    }
}
