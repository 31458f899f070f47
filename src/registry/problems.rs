//! What the service would refuse in a lifecycle policy (B1 to B7), as data with the place that it is at, so that a
//! reader of a file can point there.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{Count, LifecycleAction, LifecyclePolicy, LifecycleRule, Selection, StorageClass};

/// Rules of a policy at most.
pub const RULES_MAX: usize = 50;
/// Wildcards in one pattern at most (B3).
pub const WILDCARDS_MAX: usize = 4;
/// Days in the archive before a rule may expire an image (B5, C5).
pub const ARCHIVE_DAYS_MIN: u32 = 90;

/// What is wrong with a policy. Positions count from 0, in the order given; `first` is an earlier rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LifecycleProblem {
    /// More than 50 rules.
    #[error("{found} rules; the service takes at most 50 in a policy")]
    TooManyRules {
        /// How many there are.
        found: usize,
    },
    /// A priority of 0.
    #[error("a rule's priority is at least 1")]
    PriorityZero {
        /// The rule.
        rule: usize,
    },
    /// A priority that another rule has.
    #[error("another rule has this priority; each rule needs its own")]
    PriorityTaken {
        /// The rule.
        rule: usize,
        /// The other one.
        first: usize,
    },
    /// A count of 0.
    #[error("a rule counts at least 1")]
    CountZero {
        /// The rule.
        rule: usize,
    },
    /// A rule for tagged images that names no tags (B1).
    #[error("a rule for tagged images lists the prefixes or the patterns of their tags")]
    NoTags {
        /// The rule.
        rule: usize,
    },
    /// A pattern with more than four wildcards (B3).
    #[error("{found} wildcards in a tag pattern; the service takes at most 4")]
    TooManyWildcards {
        /// The rule.
        rule: usize,
        /// Position among its patterns.
        entry: usize,
        /// How many there are.
        found: usize,
    },
    /// An entry that is several patterns, or takes images away.
    #[error("a tag pattern is one text in which only `*` has a meaning")]
    NotOnePattern {
        /// The rule.
        rule: usize,
        /// Position among its patterns.
        entry: usize,
    },
    /// A rule for all images with a rule of its class after it (B2).
    #[error("a rule for any image has the highest priority number of its storage class")]
    AnyNotLast {
        /// The rule.
        rule: usize,
    },
    /// Another rule of the class is for all images (B2).
    #[error("another rule is for any image; one in each storage class can be")]
    SecondAny {
        /// The rule.
        rule: usize,
        /// The other one.
        first: usize,
    },
    /// Another rule of the class is for untagged images (B6).
    #[error("another rule is for untagged images; one in each storage class can be")]
    SecondUntagged {
        /// The rule.
        rule: usize,
        /// The other one.
        first: usize,
    },
    /// Another rule of the class lists the same prefixes (B6, O9).
    #[error("another rule of this storage class lists the same prefixes")]
    SamePrefixes {
        /// The rule.
        rule: usize,
        /// The other one.
        first: usize,
    },
    /// A count of images or of days since push or pull over archived images (B4).
    #[error("archived images are counted only by days since their transition")]
    ArchiveCount {
        /// The rule.
        rule: usize,
    },
    /// Days since the transition over images that made none (B4).
    #[error("days since the transition are counted only over the archive storage class")]
    StandardTransition {
        /// The rule.
        rule: usize,
    },
    /// Days since the last pull with another action than to archive (B5).
    #[error("days since the last pull can only archive an image, not expire it")]
    PullExpires {
        /// The rule.
        rule: usize,
    },
    /// Days since the transition with another action than to expire (B5).
    #[error("days since the transition can only expire an image; it is archived already")]
    TransitionArchives {
        /// The rule.
        rule: usize,
    },
    /// Fewer than 90 days since the transition (B5).
    #[error("{found} days in the archive; the service takes at least 90")]
    TransitionTooShort {
        /// The rule.
        rule: usize,
        /// How many days.
        found: u32,
    },
}

impl LifecycleProblem {
    /// The rule that it is about, where it is about one.
    pub fn rule(&self) -> Option<usize> {
        match *self {
            LifecycleProblem::TooManyRules { .. } => None,
            LifecycleProblem::PriorityZero { rule }
            | LifecycleProblem::PriorityTaken { rule, .. }
            | LifecycleProblem::CountZero { rule }
            | LifecycleProblem::NoTags { rule }
            | LifecycleProblem::TooManyWildcards { rule, .. }
            | LifecycleProblem::NotOnePattern { rule, .. }
            | LifecycleProblem::AnyNotLast { rule }
            | LifecycleProblem::SecondAny { rule, .. }
            | LifecycleProblem::SecondUntagged { rule, .. }
            | LifecycleProblem::SamePrefixes { rule, .. }
            | LifecycleProblem::ArchiveCount { rule }
            | LifecycleProblem::StandardTransition { rule }
            | LifecycleProblem::PullExpires { rule }
            | LifecycleProblem::TransitionArchives { rule }
            | LifecycleProblem::TransitionTooShort { rule, .. } => Some(rule),
        }
    }

    /// The fact behind it, by its number in the manual.
    pub fn fact(&self) -> &'static str {
        match self {
            LifecycleProblem::TooManyRules { .. } => "A.9",
            LifecycleProblem::PriorityZero { .. }
            | LifecycleProblem::PriorityTaken { .. }
            | LifecycleProblem::CountZero { .. } => "B7",
            LifecycleProblem::NoTags { .. } => "B1",
            LifecycleProblem::TooManyWildcards { .. } | LifecycleProblem::NotOnePattern { .. } => "B3",
            LifecycleProblem::AnyNotLast { .. } | LifecycleProblem::SecondAny { .. } => "B2",
            LifecycleProblem::SecondUntagged { .. } | LifecycleProblem::SamePrefixes { .. } => "B6",
            LifecycleProblem::ArchiveCount { .. } | LifecycleProblem::StandardTransition { .. } => "B4",
            LifecycleProblem::PullExpires { .. }
            | LifecycleProblem::TransitionArchives { .. }
            | LifecycleProblem::TransitionTooShort { .. } => "B5",
        }
    }
}

impl LifecyclePolicy {
    /// Everything that the service would refuse, rule by rule; the rules may stand in any order.
    pub fn problems(&self) -> Vec<LifecycleProblem> {
        let mut problems = Vec::new();
        if self.rules.len() > RULES_MAX {
            problems.push(LifecycleProblem::TooManyRules { found: self.rules.len() });
        }
        for (position, rule) in self.rules.iter().enumerate() {
            rule.problems_alone(position, &mut problems);
            self.problems_with_others(position, rule, &mut problems);
        }
        problems
    }

    /// What is wrong with a rule because of the others.
    fn problems_with_others(&self, position: usize, rule: &LifecycleRule, problems: &mut Vec<LifecycleProblem>) {
        let earlier = |alike: &dyn Fn(&LifecycleRule) -> bool| self.rules[..position].iter().position(alike);
        if let Some(first) = earlier(&|other| other.priority == rule.priority) {
            problems.push(LifecycleProblem::PriorityTaken { rule: position, first });
        }
        let mates = || self.rules.iter().filter(|other| other.class == rule.class);
        let is_any = |other: &LifecycleRule| other.selection == Selection::Any;
        // Where two are for any image that is the problem, not which of them is the last.
        if is_any(rule) && mates().any(|other| !is_any(other) && other.priority > rule.priority) {
            problems.push(LifecycleProblem::AnyNotLast { rule: position });
        }
        let alike = earlier(&|other| other.class == rule.class && is_same(&other.selection, &rule.selection));
        problems.extend(alike.map(|first| match rule.selection {
            Selection::Any => LifecycleProblem::SecondAny { rule: position, first },
            Selection::Untagged => LifecycleProblem::SecondUntagged { rule: position, first },
            Selection::Prefixes(_) | Selection::Patterns(_) => LifecycleProblem::SamePrefixes { rule: position, first },
        }));
    }
}

impl LifecycleRule {
    /// What is wrong with the rule by itself.
    fn problems_alone(&self, rule: usize, problems: &mut Vec<LifecycleProblem>) {
        if self.priority == 0 {
            problems.push(LifecycleProblem::PriorityZero { rule });
        }
        match &self.selection {
            Selection::Untagged | Selection::Any => {}
            Selection::Prefixes(prefixes) => {
                problems.extend(prefixes.is_empty().then_some(LifecycleProblem::NoTags { rule }));
            }
            Selection::Patterns(patterns) => {
                problems.extend(patterns.is_empty().then_some(LifecycleProblem::NoTags { rule }));
                for (entry, pattern) in patterns.iter().enumerate() {
                    let [text] = pattern.0.as_slice() else {
                        problems.push(LifecycleProblem::NotOnePattern { rule, entry });
                        continue;
                    };
                    let found = text.matches('*').count();
                    if text.starts_with('!') {
                        problems.push(LifecycleProblem::NotOnePattern { rule, entry });
                    } else if found > WILDCARDS_MAX {
                        problems.push(LifecycleProblem::TooManyWildcards { rule, entry, found });
                    }
                }
            }
        }
        self.count_problems(rule, problems);
    }

    /// What its count cannot be together with (B4, B5).
    fn count_problems(&self, rule: usize, problems: &mut Vec<LifecycleProblem>) {
        let (Count::MoreThan(number)
        | Count::DaysSincePush(number)
        | Count::DaysSincePull(number)
        | Count::DaysSinceTransition(number)) = self.count;
        if number == 0 {
            problems.push(LifecycleProblem::CountZero { rule });
        }
        if let Count::DaysSinceTransition(found) = self.count {
            if self.class == StorageClass::Standard {
                problems.push(LifecycleProblem::StandardTransition { rule });
            }
            if self.action == LifecycleAction::Archive {
                problems.push(LifecycleProblem::TransitionArchives { rule });
            }
            if (1..ARCHIVE_DAYS_MIN).contains(&found) {
                problems.push(LifecycleProblem::TransitionTooShort { rule, found });
            }
        } else if self.class == StorageClass::Archive {
            problems.push(LifecycleProblem::ArchiveCount { rule });
        }
        if matches!(self.count, Count::DaysSincePull(_)) && self.action == LifecycleAction::Expire {
            problems.push(LifecycleProblem::PullExpires { rule });
        }
    }
}

/// Whether the service takes two rules of a class for the same: it compares lists of prefixes as sets (B6, O9), and
/// patterns not at all.
fn is_same(one: &Selection, other: &Selection) -> bool {
    let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<String>>();
    match (one, other) {
        (Selection::Any, Selection::Any) | (Selection::Untagged, Selection::Untagged) => true,
        (Selection::Prefixes(one), Selection::Prefixes(other)) => set(one) == set(other),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
