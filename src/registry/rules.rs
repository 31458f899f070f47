//! A registry's replication configuration: which destinations a repository reaches, why, and what the service would
//! refuse.
//!
//! A rule selects repositories by name prefix; several prefixes are alternatives (A14), none selects everything (A13).
//! Several rules that select a repository add up, and a destination named twice gets one copy (A15). Copies never set
//! off further copies (A20), so this is all there is to "where does it go".
//!
//! Problems come back as data with the place they are at (positions of rule, destination, filter), so that a reader of
//! a file can point at them.

use thiserror::Error;

use super::filter::{PrefixError, can_select, validate_pattern, validate_prefix};
use super::{Extension, ReplicationRule, glob};
use crate::cloud::RegistryId;

/// Rules of a configuration at most (A4, the newest API model).
pub const RULES_MAX: usize = 25;
/// Rules of a configuration that the service's quota page promises (A4).
pub const RULES_PROMISED: usize = 10;
/// Different destinations over all rules of a configuration at most (A5).
pub const DESTINATIONS_MAX: usize = 25;
/// Destinations listed in one rule at most (A5).
pub const RULE_DESTINATIONS_MAX: usize = 100;
/// Filters in one rule at most; a list of filters that is present has at least one (A6, O16).
pub const FILTERS_MAX: usize = 100;

/// A rule that selects a repository, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected<'a> {
    /// Position of the rule.
    pub rule: usize,
    /// The first of its prefixes with which the name begins; `None` = the rule has no filters (A13).
    pub prefix: Option<&'a str>,
}

/// What is wrong with a configuration; positions count from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleProblem {
    /// More than [`RULES_MAX`] rules.
    #[error("{found} rules; the service takes at most 25 in a registry")]
    TooManyRules {
        /// How many there are.
        found: usize,
    },
    /// More than [`RULES_PROMISED`] rules: a warning.
    #[error("{found} rules; the service's API takes 25, its quota page promises only 10")]
    ManyRules {
        /// How many there are.
        found: usize,
    },
    /// The destination that makes more than [`DESTINATIONS_MAX`] different ones.
    #[error("a destination too many; all rules of a registry together reach at most 25")]
    TooManyDestinations {
        /// The rule.
        rule: usize,
        /// Position among its destinations.
        destination: usize,
    },
    /// A rule that lists more than [`RULE_DESTINATIONS_MAX`] destinations.
    #[error("{found} destinations in one rule; the service takes at most 100")]
    LongDestinationList {
        /// The rule.
        rule: usize,
        /// How many there are.
        found: usize,
    },
    /// A rule that goes nowhere.
    #[error("a rule has at least one destination")]
    NoDestination {
        /// The rule.
        rule: usize,
    },
    /// A destination that is the source itself.
    #[error("a registry cannot replicate to itself")]
    ToItself {
        /// The rule.
        rule: usize,
        /// Position among its destinations.
        destination: usize,
    },
    /// More than [`FILTERS_MAX`] filters.
    #[error("{found} filters in one rule; the service takes at most 100")]
    TooManyFilters {
        /// The rule.
        rule: usize,
        /// How many there are.
        found: usize,
    },
    /// A filter that the service refuses.
    #[error("{error}")]
    BadFilter {
        /// The rule.
        rule: usize,
        /// Position among its filters.
        filter: usize,
        /// Why.
        error: PrefixError,
    },
    /// A legal filter with which no repository name can begin: a warning.
    #[error("no repository name can begin so")]
    IdleFilter {
        /// The rule.
        rule: usize,
        /// Position among its filters.
        filter: usize,
    },
}

impl RuleProblem {
    /// Whether the service would refuse the configuration; otherwise it is only worth a warning.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, RuleProblem::ManyRules { .. } | RuleProblem::IdleFilter { .. })
    }

    /// The fact behind it, by its number in the manual.
    pub fn fact(&self) -> &'static str {
        match self {
            RuleProblem::TooManyRules { .. } | RuleProblem::ManyRules { .. } => "A4",
            RuleProblem::TooManyDestinations { .. } | RuleProblem::LongDestinationList { .. } => "A5",
            RuleProblem::NoDestination { .. } => "A2",
            RuleProblem::ToItself { .. } => "A7",
            RuleProblem::TooManyFilters { .. } => "A6",
            RuleProblem::BadFilter { .. } => "A11",
            RuleProblem::IdleFilter { .. } => "O16",
        }
    }
}

/// Where a pushed image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The registry.
    pub destination: RegistryId,
    /// Deletions at the source are carried out there too (A41).
    pub deletes: bool,
    /// The repository's name there, where it is another than at the source (extension `rename`).
    pub rename: Option<String>,
}

/// The rules that select a repository, in order.
pub fn selected_by<'a>(rules: &'a [ReplicationRule], repository: &str) -> Vec<Selected<'a>> {
    let selects = |(index, rule): (usize, &'a ReplicationRule)| {
        if rule.extension.except.as_ref().is_some_and(|except| except.matches(repository)) {
            return None;
        }
        if rule.prefixes.is_empty() {
            return Some(Selected { rule: index, prefix: None });
        }
        let prefix = rule.prefixes.iter().find(|prefix| begins(repository, prefix, rule.extension.wildcards))?;
        Some(Selected { rule: index, prefix: Some(prefix) })
    };
    rules.iter().enumerate().filter_map(selects).collect()
}

/// Whether a name begins with a prefix (A12); with `wildcards`, a `*` in the prefix is any run of characters.
fn begins(repository: &str, prefix: &str, wildcards: bool) -> bool {
    match wildcards && prefix.contains('*') {
        true => glob(&format!("{prefix}*"), repository),
        false => repository.starts_with(prefix),
    }
}

/// The registries that a push to this repository is copied to, each once, in the order in which the selecting rules
/// name them.
pub fn destinations(rules: &[ReplicationRule], repository: &str) -> Vec<RegistryId> {
    let mut reached = Vec::new();
    for selected in selected_by(rules, repository) {
        for &destination in &rules[selected.rule].destinations {
            if !reached.contains(&destination) {
                reached.push(destination);
            }
        }
    }
    reached
}

/// Where a push of this tag (`None` = an untagged image) to this repository is copied to: each destination once (A15),
/// in the order in which the selecting rules name them.
///
/// Deletions are carried out where any of the rules that lead there says so (O14). The first rule that leads there gives
/// the repository its name.
pub fn copies(rules: &[ReplicationRule], repository: &str, tag: Option<&str>) -> Vec<Reached> {
    let mut reached: Vec<Reached> = Vec::new();
    for selected in selected_by(rules, repository) {
        let rule = &rules[selected.rule];
        if !rule.extension.takes(tag) {
            continue;
        }
        for &destination in &rule.destinations {
            match reached.iter_mut().find(|known| known.destination == destination) {
                Some(known) => known.deletes |= rule.deletes,
                None => {
                    let rename = rule.extension.rename.as_ref().map(|name| name.replace("{name}", repository));
                    reached.push(Reached { destination, deletes: rule.deletes, rename });
                }
            }
        }
    }
    reached
}

impl Extension {
    /// Whether its filters of tags and of status let a push of this tag pass.
    fn takes(&self, tag: Option<&str>) -> bool {
        let tags = self.tags.as_ref().is_none_or(|tags| tag.is_some_and(|tag| tags.matches(tag)));
        tags && self.tagged.is_none_or(|tagged| tagged == tag.is_some())
    }
}

/// Everything that is wrong with the configuration of the registry `source`, in the order of its rules.
pub fn problems(source: RegistryId, rules: &[ReplicationRule]) -> Vec<RuleProblem> {
    let mut problems = Vec::new();
    match rules.len() {
        found if found > RULES_MAX => problems.push(RuleProblem::TooManyRules { found }),
        found if found > RULES_PROMISED => problems.push(RuleProblem::ManyRules { found }),
        _ => {}
    }
    let mut reached = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        destination_problems(source, index, rule, &mut reached, &mut problems);
        filter_problems(index, rule, &mut problems);
    }
    problems
}

/// `reached` = the different destinations so far.
fn destination_problems(
    source: RegistryId,
    index: usize,
    rule: &ReplicationRule,
    reached: &mut Vec<RegistryId>,
    problems: &mut Vec<RuleProblem>,
) {
    match rule.destinations.len() {
        0 => problems.push(RuleProblem::NoDestination { rule: index }),
        found if found > RULE_DESTINATIONS_MAX => {
            problems.push(RuleProblem::LongDestinationList { rule: index, found });
        }
        _ => {}
    }
    for (position, &destination) in rule.destinations.iter().enumerate() {
        if destination == source {
            problems.push(RuleProblem::ToItself { rule: index, destination: position });
        } else if !reached.contains(&destination) {
            reached.push(destination);
            // One message for the first one too many; the rest would only repeat it.
            if reached.len() == DESTINATIONS_MAX + 1 {
                problems.push(RuleProblem::TooManyDestinations { rule: index, destination: position });
            }
        }
    }
}

fn filter_problems(index: usize, rule: &ReplicationRule, problems: &mut Vec<RuleProblem>) {
    if rule.prefixes.len() > FILTERS_MAX {
        problems.push(RuleProblem::TooManyFilters { rule: index, found: rule.prefixes.len() });
    }
    for (filter, prefix) in rule.prefixes.iter().enumerate() {
        let validate = if rule.extension.wildcards { validate_pattern } else { validate_prefix };
        match validate(prefix) {
            Err(error) => problems.push(RuleProblem::BadFilter { rule: index, filter, error }),
            Ok(()) if !can_select(&prefix.replace('*', "a")) => {
                problems.push(RuleProblem::IdleFilter { rule: index, filter })
            }
            Ok(()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Patterns, fixed};
    use super::*;
    use proptest::prelude::*;

    const SOURCE: RegistryId = RegistryId(0);

    fn rule(destinations: impl IntoIterator<Item = u16>, prefixes: &[&str]) -> ReplicationRule {
        ReplicationRule {
            destinations: destinations.into_iter().map(RegistryId).collect(),
            prefixes: prefixes.iter().map(|prefix| prefix.to_string()).collect(),
            deletes: false,
            extension: Extension::default(),
        }
    }

    fn reached(rules: &[ReplicationRule], repository: &str) -> Vec<u16> {
        destinations(rules, repository).into_iter().map(|registry| registry.0).collect()
    }

    #[test]
    fn a_filter_is_a_plain_string_prefix() {
        let rules = [rule([1], &["apple"])];
        for (repository, expected) in
            [("apple", true), ("apples", true), ("apple/x", true), ("app", false), ("my/apple", false)]
        {
            assert_eq!(!reached(&rules, repository).is_empty(), expected, "{repository}");
        }
    }

    #[test]
    fn filters_are_alternatives_and_rules_add_up() {
        let rules = [rule([3, 1], &["prod/", "base/"]), rule([1, 2], &["prod/api"]), rule([4], &[])];
        assert_eq!(reached(&rules, "prod/api"), [3, 1, 2, 4]);
        assert_eq!(reached(&rules, "prod/web"), [3, 1, 4]);
        assert_eq!(reached(&rules, "base/java"), [3, 1, 4]);
        assert_eq!(reached(&rules, "dev/api"), [4]);
        assert_eq!(reached(&rules[..2], "dev/api"), [0u16; 0]);
    }

    #[test]
    fn it_says_which_rule_selects_and_by_what() {
        let rules = [rule([1], &["prod/", "p"]), rule([2], &["dev/"]), rule([3], &[])];
        assert_eq!(
            selected_by(&rules, "prod/api"),
            [Selected { rule: 0, prefix: Some("prod/") }, Selected { rule: 2, prefix: None }]
        );
        assert_eq!(selected_by(&rules[..2], "prune"), [Selected { rule: 0, prefix: Some("p") }]);
    }

    #[test]
    fn a_copy_goes_to_each_destination_once_and_deletes_where_any_rule_says_so() {
        let deleting = |rule| ReplicationRule { deletes: true, ..rule };
        let rules = [rule([1, 2], &["prod/"]), deleting(rule([2, 3], &[])), rule([3], &["prod/api"])];
        let to = |destination: u16, deletes| Reached { destination: RegistryId(destination), deletes, rename: None };
        // A15, O14.
        assert_eq!(copies(&rules, "prod/api", Some("v1")), [to(1, false), to(2, true), to(3, true)]);
        assert_eq!(copies(&rules, "dev/api", None), [to(2, true), to(3, true)]);
        assert_eq!(copies(&rules[..1], "dev/api", None), []);
    }

    #[test]
    fn powers_that_the_service_lacks_narrow_a_rule_or_rename_its_copies() {
        let with = |rule, extension| ReplicationRule { extension, ..rule };
        let patterns = |list: &[&str]| Some(Patterns(list.iter().map(ToString::to_string).collect()));
        let reached = |rule: &ReplicationRule, repository: &str, tag| {
            copies(std::slice::from_ref(rule), repository, tag).len() == 1
        };
        let tags = with(rule([1], &[]), Extension { tags: patterns(&["v*", "!v0*"]), ..Extension::default() });
        assert!(reached(&tags, "api", Some("v1")));
        assert!(!reached(&tags, "api", Some("v0.9")) && !reached(&tags, "api", None));
        let tagged = |tagged| with(rule([1], &[]), Extension { tagged: Some(tagged), ..Extension::default() });
        assert!(reached(&tagged(true), "api", Some("x")) && !reached(&tagged(true), "api", None));
        assert!(!reached(&tagged(false), "api", Some("x")) && reached(&tagged(false), "api", None));
        let except = with(rule([1], &["prod/"]), Extension { except: patterns(&["*-old"]), ..Extension::default() });
        assert!(reached(&except, "prod/api", None) && !reached(&except, "prod/api-old", None));
        assert_eq!(selected_by(std::slice::from_ref(&except), "prod/api-old"), []);
        assert_eq!(destinations(std::slice::from_ref(&except), "prod/api-old"), []);
        let wild = with(rule([1], &["*/api", "prod-*"]), Extension { wildcards: true, ..Extension::default() });
        assert!(reached(&wild, "team/api", None) && reached(&wild, "team/x/apis", None));
        assert!(reached(&wild, "prod-x", None) && !reached(&wild, "api", None) && !reached(&wild, "dev", None));
        assert_eq!(selected_by(std::slice::from_ref(&wild), "prod-x")[0].prefix, Some("prod-*"));
        // Without the extension a `*` is a character that no name has (A11).
        assert!(!reached(&rule([1], &["prod-*"]), "prod-x", None));
        let rename = with(rule([1], &[]), Extension { rename: Some("dr/{name}-dr".into()), ..Extension::default() });
        let found = copies(&[rename, rule([1, 2], &[])], "team/api", None);
        assert_eq!(found[0].rename.as_deref(), Some("dr/team/api-dr"));
        assert_eq!((found.len(), found[1].rename.as_deref()), (2, None));
    }

    #[test]
    fn an_allowed_wildcard_is_no_problem_and_the_rest_of_the_grammar_holds() {
        let mut one = rule([1], &["prod-*", "Prod*", "*"]);
        one.extension.wildcards = true;
        assert_eq!(
            problems(SOURCE, &[one]),
            [
                RuleProblem::BadFilter { rule: 0, filter: 1, error: PrefixError::Capital { at: 0 } },
                RuleProblem::BadFilter { rule: 0, filter: 2, error: PrefixError::Length(1) },
            ]
        );
    }

    fn any_rule() -> impl Strategy<Value = ReplicationRule> {
        let prefixes = prop::collection::vec("[ab*]{1,3}", 0..3);
        let extension = (prop::option::of("[ab*]{1,2}"), any::<bool>(), prop::option::of(any::<bool>()));
        (prop::collection::vec(1u16..5, 1..4), prefixes, extension, any::<bool>()).prop_map(
            |(to, prefixes, (except, wildcards, tagged), deletes)| ReplicationRule {
                destinations: to.into_iter().map(RegistryId).collect(),
                prefixes,
                deletes,
                extension: Extension {
                    except: except.map(|pattern| Patterns(vec![pattern])),
                    wildcards,
                    tagged,
                    ..Extension::default()
                },
            },
        )
    }

    proptest! {
        #![proptest_config(fixed(1000))]

        #[test]
        fn copies_are_what_each_rule_by_itself_says(
            rules in prop::collection::vec(any_rule(), 0..4),
            name in "[ab]{1,4}",
            tag in prop::option::of("[ab]"),
        ) {
            let tag = tag.as_deref();
            let together = copies(&rules, &name, tag);
            for id in (1..5).map(RegistryId) {
                let leads = |rule: &&ReplicationRule| {
                    let prefixed = |prefix: &String| match rule.extension.wildcards {
                        true => glob(&format!("{prefix}*"), &name),
                        false => name.starts_with(prefix.as_str()),
                    };
                    rule.destinations.contains(&id)
                        && (rule.prefixes.is_empty() || rule.prefixes.iter().any(prefixed))
                        && !rule.extension.except.as_ref().is_some_and(|except| except.matches(&name))
                        && rule.extension.tagged.is_none_or(|tagged| tagged == tag.is_some())
                };
                let leading: Vec<_> = rules.iter().filter(leads).collect();
                let found: Vec<_> = together.iter().filter(|reached| reached.destination == id).collect();
                prop_assert_eq!(found.len(), usize::from(!leading.is_empty()));
                prop_assert!(found.iter().all(|one| one.deletes == leading.iter().any(|rule| rule.deletes)));
            }
        }
    }

    #[test]
    fn a_good_configuration_has_no_problems() {
        let rules: Vec<_> = (0..10).map(|index| rule([1 + index, 11 + index], &["prod/", "base"])).collect();
        assert_eq!(problems(SOURCE, &rules), []);
        assert_eq!(problems(SOURCE, &[]), []);
        // The same destination in several rules counts once.
        let rules: Vec<_> = (0..10).map(|_| rule(1..=25, &["prod/"])).collect();
        assert_eq!(problems(SOURCE, &rules), []);
    }

    #[test]
    fn above_ten_rules_is_a_warning_and_above_twenty_five_a_refusal() {
        let rules: Vec<_> = (0..26).map(|_| rule([1], &[])).collect();
        assert_eq!(problems(SOURCE, &rules[..10]), []);
        for count in [11, 25] {
            let found = problems(SOURCE, &rules[..count]);
            assert_eq!(found, [RuleProblem::ManyRules { found: count }]);
            assert!(!found[0].is_refusal());
        }
        let found = problems(SOURCE, &rules);
        assert_eq!(found, [RuleProblem::TooManyRules { found: 26 }]);
        assert!(found[0].is_refusal());
    }

    #[test]
    fn the_twenty_sixth_destination_is_pointed_at_once() {
        let rules = [rule(1..=20, &["a/"]), rule((10..=25).chain(30..=35), &["b/"])];
        assert_eq!(problems(SOURCE, &rules), [RuleProblem::TooManyDestinations { rule: 1, destination: 16 }]);
    }

    #[test]
    fn every_other_refusal_is_found_in_one_go() {
        let many: Vec<String> = (0..101).map(|index| format!("p{index}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let rules =
            [rule([1, 0], &["prod-*", "-x", "ok"]), rule([], &["Prod"]), rule(vec![1; 101], &[]), rule([1], &many)];
        let found = problems(SOURCE, &rules);
        assert_eq!(
            found,
            [
                RuleProblem::ToItself { rule: 0, destination: 1 },
                RuleProblem::BadFilter { rule: 0, filter: 0, error: PrefixError::Wildcard { at: 5 } },
                RuleProblem::IdleFilter { rule: 0, filter: 1 },
                RuleProblem::NoDestination { rule: 1 },
                RuleProblem::BadFilter { rule: 1, filter: 0, error: PrefixError::Capital { at: 0 } },
                RuleProblem::LongDestinationList { rule: 2, found: 101 },
                RuleProblem::TooManyFilters { rule: 3, found: 101 },
            ]
        );
        let facts: Vec<_> = found.iter().map(RuleProblem::fact).collect();
        assert_eq!(facts, ["A7", "A11", "O16", "A2", "A11", "A5", "A6"]);
        assert_eq!(found.iter().filter(|problem| !problem.is_refusal()).count(), 1);
        assert_eq!(found[1].to_string(), "the service takes plain prefixes without `*`");
    }
}
