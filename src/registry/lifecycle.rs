//! Lifecycle policies: which images of a repository the service acts on.
//!
//! How the service reads a policy (B10 to B16):
//!
//! 1. Every rule is first held against the whole repository: a count rule ranks all images that satisfy its selection,
//!    whatever other rules do to them.
//! 2. An image belongs to the first rule, in order of priority, whose selection it satisfies. Only that rule can act on
//!    it; when that rule keeps it, it stays.
//! 3. A rule acts on its own images that are beyond its count, or older than its days.
//!
//! So an image goes exactly when the first rule whose selection it satisfies would act on it by that rule's own
//! ranking. Written so, one walk from the oldest image to the youngest decides everything ([`Sweep`]): a count rule
//! needs to know only how many images that satisfy it are still to come, and the walk can end as soon as no rule can
//! act on what is left. [`Tally`] keeps those counts up to date as images come and go, so that a repository in which
//! nothing can expire costs nothing to look at.
//!
//! Here is only the standard storage class with the action to expire. Ages are counted from the arrival in *this*
//! repository (B24). When the service runs a policy is the caller's to say (B22).

use super::{Count, LifecyclePolicy, LifecycleRule, Selection};
use crate::units::{DAY, Time};

/// An image as a lifecycle policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a, T> {
    /// When it arrived in this repository.
    pub pushed: Time,
    /// Its tags.
    pub tags: &'a [T],
}

impl LifecyclePolicy {
    /// A policy of these rules, put in order of priority.
    pub fn new(mut rules: Vec<LifecycleRule>) -> LifecyclePolicy {
        rules.sort_by_key(|rule| rule.priority);
        LifecyclePolicy { rules }
    }

    /// Keeps the `n` youngest images (the short form `{ keep = n }`).
    pub fn keep(n: u32) -> LifecyclePolicy {
        LifecyclePolicy::any(Count::MoreThan(n))
    }

    /// Expires images older than `n` days (the short form `{ days = n }`).
    pub fn days(n: u32) -> LifecyclePolicy {
        LifecyclePolicy::any(Count::DaysSincePush(n))
    }

    /// The same policy after a first rule that expires untagged images older than `n` days (the short form's
    /// `untagged_days = n`): it gets priority 1 and the others move up by one.
    pub fn with_untagged_days(mut self, n: u32) -> LifecyclePolicy {
        for rule in &mut self.rules {
            rule.priority = rule.priority.saturating_add(1);
        }
        let rule = LifecycleRule::expire(1, Selection::Untagged, Count::DaysSincePush(n));
        self.rules.insert(0, rule);
        self
    }

    /// Positions of the images that the policy acts on at `now`, oldest first. Of images pushed at one moment, the
    /// later in the slice is the younger.
    pub fn acts_on<T: AsRef<str>>(&self, images: &[Candidate<'_, T>], now: Time) -> Vec<usize> {
        let mut tally = Tally::new(self.clone());
        for image in images {
            tally.enters(image.tags);
        }
        let mut order: Vec<usize> = (0..images.len()).collect();
        order.sort_by_key(|&index| images[index].pushed);
        let mut sweep = tally.sweep(now);
        order.retain(|&index| !sweep.is_over(images[index].pushed) && sweep.acts_on(&images[index]));
        order
    }

    fn any(count: Count) -> LifecyclePolicy {
        LifecyclePolicy { rules: vec![LifecycleRule::expire(1, Selection::Any, count)] }
    }
}

impl Selection {
    /// Whether an image with these tags satisfies it: for each entry of a list, some tag must fit (B14).
    pub fn selects<T: AsRef<str>>(&self, tags: &[T]) -> bool {
        let any = |fits: &dyn Fn(&str) -> bool| tags.iter().any(|tag| fits(tag.as_ref()));
        match self {
            Selection::Untagged => tags.is_empty(),
            Selection::Any => true,
            Selection::Prefixes(prefixes) => {
                !tags.is_empty() && prefixes.iter().all(|prefix| any(&|tag| tag.starts_with(prefix.as_str())))
            }
            Selection::Patterns(patterns) => {
                !tags.is_empty() && patterns.iter().all(|pattern| any(&|tag| pattern.matches(tag)))
            }
        }
    }
}

impl Count {
    /// Whether a rule acts on an image pushed then, when so many images (itself included) that satisfy the rule are no
    /// older than it.
    fn acts(self, pushed: Time, no_older: u32, now: Time) -> bool {
        match self {
            Count::MoreThan(kept) => no_older > kept,
            // Strictly older: an image aged exactly so many days goes at the first run after that moment (O11).
            // Pull-based and archive rules act on nothing here.
            Count::DaysSincePull(_) | Count::DaysSinceTransition(_) => false,
            Count::DaysSincePush(days) => no_older > 0 && (now - pushed).0 > i64::from(days).saturating_mul(DAY),
        }
    }
}

/// A policy with, for each of its rules, the number of images that satisfy its selection.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    policy: LifecyclePolicy,
    satisfying: Vec<u32>,
}

impl Tally {
    /// The policy over an empty repository.
    pub(super) fn new(policy: LifecyclePolicy) -> Tally {
        let satisfying = vec![0; policy.rules.len()];
        Tally { policy, satisfying }
    }

    /// Counts an image with these tags in.
    pub(super) fn enters<T: AsRef<str>>(&mut self, tags: &[T]) {
        for (rule, count) in self.policy.rules.iter().zip(&mut self.satisfying) {
            *count += u32::from(rule.selection.selects(tags));
        }
    }

    /// Counts an image out that was counted in with these tags.
    pub(super) fn leaves<T: AsRef<str>>(&mut self, tags: &[T]) {
        for (rule, count) in self.policy.rules.iter().zip(&mut self.satisfying) {
            *count -= u32::from(rule.selection.selects(tags));
        }
    }

    /// Whether no rule can act on anything, the oldest image being of this age.
    pub(super) fn is_quiet(&self, oldest: Time, now: Time) -> bool {
        nothing_can_go(&self.policy, &self.satisfying, oldest, now)
    }

    /// A walk over the images that were counted in, as they are at `now`.
    pub(super) fn sweep(&self, now: Time) -> Sweep<'_> {
        Sweep { policy: &self.policy, left: self.satisfying.clone(), now }
    }
}

/// A walk over a repository from the oldest image to the youngest.
pub(super) struct Sweep<'a> {
    policy: &'a LifecyclePolicy,
    /// For each rule, the images that satisfy it and were not walked over yet.
    left: Vec<u32>,
    now: Time,
}

impl Sweep<'_> {
    /// Whether no rule can act on the next image, pushed then, or on any younger one.
    pub(super) fn is_over(&self, next: Time) -> bool {
        nothing_can_go(self.policy, &self.left, next, self.now)
    }

    /// Walks over the next image and says whether the policy acts on it.
    pub(super) fn acts_on<T: AsRef<str>>(&mut self, image: &Candidate<'_, T>) -> bool {
        let mut verdict = None;
        for (rule, left) in self.policy.rules.iter().zip(&mut self.left) {
            if rule.selection.selects(image.tags) {
                verdict.get_or_insert(rule.count.acts(image.pushed, *left, self.now));
                *left -= 1;
            }
        }
        verdict.unwrap_or(false)
    }
}

/// Whether no rule acts on an image pushed at `oldest` or later, when so many images from there on satisfy each.
fn nothing_can_go(policy: &LifecyclePolicy, left: &[u32], oldest: Time, now: Time) -> bool {
    policy.rules.iter().zip(left).all(|(rule, &left)| !rule.count.acts(oldest, left, now))
}

#[cfg(test)]
mod tests;
