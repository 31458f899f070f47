//! Rules and filters one by one: what they select, and what adds nothing.

use super::{Diagnostic, Diagnostics, Look, Looked, findings, listed, quoted};
use crate::registry::ReplicationRule;
use crate::registry::filter::can_select;

/// Looks at each rule by itself, and at pairs of rules of one registry.
pub fn review(look: &Look<'_>, out: &mut Diagnostics) {
    for strategy in 0..look.model.strategies.len() {
        let rules: Vec<Looked<'_>> = look.rules(strategy).into_iter().filter(|rule| rule.places.is_written).collect();
        for (index, rule) in rules.iter().enumerate() {
            selected(look, rule, out);
            for filter in 0..rule.rule.prefixes.len() {
                if !covered_filter(rule, filter, out) {
                    sibling(look, rule, filter, out);
                }
            }
            covered_rule(&rules, index, out);
            duplicates(look, rule, out);
        }
    }
}

/// What selects nothing (A12, O16).
fn selected(look: &Look<'_>, looked: &Looked<'_>, out: &mut Diagnostics) {
    let Looked { from, rule, places, selection } = *looked;
    let is_idle = |filter: &str| !can_select(&filter.replace('*', "a"));
    for (filter, origin) in rule.prefixes.iter().zip(&places.filters).filter(|(filter, _)| is_idle(filter)) {
        let message = format!("no repository name begins with `{filter}`");
        out.found(&findings::IDLE_FILTER, origin, message, "the service takes it all the same");
    }
    let there = || {
        let names: Vec<&str> = look.names.of(from).iter().map(|(name, _)| *name).collect();
        format!("repositories there: {}", listed(&names))
    };
    if selection.hits.is_empty() {
        if rule.prefixes.is_empty() || !rule.prefixes.iter().all(|filter| is_idle(filter)) {
            let message = format!("this rule selects no repository of {}", look.registry_name(from));
            out.found(&findings::RULE_SELECTS_NOTHING, &places.rule, message, there());
        }
        return;
    }
    for (filter, (prefix, origin)) in rule.prefixes.iter().zip(&places.filters).enumerate() {
        if selection.filters[filter] == 0 && !is_idle(prefix) {
            let message = format!("no repository of {} begins with `{prefix}`", look.registry_name(from));
            out.found(&findings::FILTER_SELECTS_NOTHING, origin, message, there());
        }
    }
}

/// A filter that begins with another of its rule (A14). Of two that are equal the later is told.
fn covered_filter(looked: &Looked<'_>, filter: usize, out: &mut Diagnostics) -> bool {
    let prefixes = &looked.rule.prefixes;
    let prefix = &prefixes[filter];
    let covers = |(at, other): (usize, &String)| {
        at != filter && !other.contains('*') && prefix.starts_with(other.as_str()) && (prefix != other || at < filter)
    };
    let Some(by) = prefixes.iter().enumerate().position(covers) else { return false };
    let message = match prefixes[by] == *prefix {
        true => format!("the filter `{prefix}` is there twice"),
        false => format!("the filter `{prefix}` adds nothing to `{}`", prefixes[by]),
    };
    let origins = &looked.places.filters;
    out.report(Diagnostic::of(&findings::FILTER_COVERED, &origins[filter], message).also(&origins[by], ""));
    true
}

/// A filter that ends within a part of a name (A12): it was meant for `prod` and `prod/..`, or for `prod-..`, and catches
/// names that only begin alike.
fn sibling(look: &Look<'_>, looked: &Looked<'_>, filter: usize, out: &mut Diagnostics) {
    let prefix = looked.rule.prefixes[filter].as_str();
    let ends_in_word = prefix.ends_with(|c: char| c.is_ascii_alphanumeric());
    if !ends_in_word || prefix.contains('*') {
        return;
    }
    let mut sides: [Vec<&str>; 3] = Default::default();
    for (name, _) in look.names.beginning(looked.from, prefix) {
        let side = match name.as_bytes().get(prefix.len()) {
            None | Some(b'/') => 0,
            Some(b'.' | b'_' | b'-') => 1,
            Some(_) => 2,
        };
        sides[side].push(name);
    }
    let [part, joined, longer] = sides;
    let (meant, caught, mend) = match (part.is_empty(), joined.is_empty(), longer.is_empty()) {
        (false, true, true) | (true, _, true) | (true, true, _) => return,
        (false, ..) => (part, [joined, longer].concat(), format!("`{prefix}/` selects what is below `{prefix}` only")),
        (true, ..) => (joined, longer, format!("end it with the separator, such as `{prefix}-`")),
    };
    let message = format!("the prefix `{prefix}` catches {} beside {}", quoted(&caught), quoted(&meant));
    out.found(&findings::PREFIX_CATCHES_SIBLING, &looked.places.filters[filter], message, mend);
}

/// A rule all of whose copies another makes too (A14, A15). Of two that are equal the later is told.
fn covered_rule(rules: &[Looked<'_>], index: usize, out: &mut Diagnostics) {
    let own = &rules[index];
    let covers = |(at, other): (usize, &Looked<'_>)| {
        at != index
            && other.from == own.from
            && includes(other.rule, own.rule)
            && (at < index || !includes(own.rule, other.rule))
    };
    if let Some(by) = rules.iter().enumerate().position(covers) {
        let message = "another rule makes all copies of this one";
        let diagnostic = Diagnostic::of(&findings::RULE_COVERED, &own.places.rule, message);
        out.report(diagnostic.also(&rules[by].places.rule, "this one"));
    }
}

/// Whether a rule does all that another does. Rules with powers that the service lacks are not compared.
fn includes(rule: &ReplicationRule, other: &ReplicationRule) -> bool {
    let plain = rule.extension == Default::default() && other.extension == Default::default();
    plain
        && (rule.deletes || !other.deletes)
        && !other.destinations.is_empty()
        && other.destinations.iter().all(|to| rule.destinations.contains(to))
        && (rule.prefixes.is_empty()
            || !other.prefixes.is_empty()
                && other.prefixes.iter().all(|prefix| rule.prefixes.iter().any(|one| prefix.starts_with(one.as_str()))))
}

/// Destinations that are there twice (A15).
fn duplicates(look: &Look<'_>, looked: &Looked<'_>, out: &mut Diagnostics) {
    let (destinations, origins) = (&looked.rule.destinations, &looked.places.destinations);
    for (at, to) in destinations.iter().enumerate() {
        if let Some(first) = destinations[..at].iter().position(|other| other == to) {
            let message =
                format!("{} is a destination of this rule already; it gets one copy", look.registry_name(*to));
            let diagnostic = Diagnostic::of(&findings::DUPLICATE_DESTINATION, &origins[at], message);
            out.report(diagnostic.also(&origins[first], ""));
        }
    }
}
