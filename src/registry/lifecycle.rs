//! Lifecycle policies: which images of a repository the service acts on.
//!
//! How the service reads a policy (B10 to B16):
//!
//! 1. Every rule is first held against the whole repository: a count rule ranks all images that satisfy its selection,
//!    whatever other rules do to them.
//! 2. An image belongs to the first rule, in order of priority, whose selection it satisfies. Only that rule can act on
//!    it; when that rule keeps it, it stays.
//! 3. A rule acts on its own images that are beyond its count, or older than its days.
//! 4. A rule sees only images of its own storage class (B4), and none is acted on while an index needs it, though it
//!    counts as present (B20, O10).
//!
//! So an image goes exactly when the first rule whose selection it satisfies would act on it by that rule's own
//! ranking. Written so, one walk from the oldest image to the youngest decides everything ([`Sweep`]): a count rule
//! needs to know only how many images that satisfy it are still to come, and the walk can end as soon as no rule can
//! act on what is left. [`Tally`] keeps those counts up to date as images come and go, so that a repository in which
//! nothing can expire costs nothing to look at.
//!
//! An image that was archived and restored stands among the others by the moment of the restore (B19), while its age
//! in days still counts from its push (B16): there the walk cannot end early.
//!
//! Ages are counted from the arrival in *this* repository (B24). When the service runs a policy is the caller's to say
//! (B22).

use super::{Count, LifecycleAction, LifecyclePolicy, LifecycleRule, Selection, StorageClass};
use crate::units::{DAY, Time};

/// An image as a lifecycle policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a, T> {
    /// When it arrived in this repository.
    pub pushed: Time,
    /// When it was last restored from the archive, if ever (B19).
    pub restored: Option<Time>,
    /// When it was last pulled, by the service's record (B17).
    pub pulled: Option<Time>,
    /// Since when it is in the archive, if it is there (B18).
    pub archived: Option<Time>,
    /// An index of the standard class needs it (B20).
    pub needed: bool,
    /// Its tags.
    pub tags: &'a [T],
}

impl<'a, T> Candidate<'a, T> {
    /// An image of the standard class that was never pulled or archived, and that no index needs.
    pub fn new(pushed: Time, tags: &'a [T]) -> Candidate<'a, T> {
        Candidate { pushed, restored: None, pulled: None, archived: None, needed: false, tags }
    }

    /// Its place in the order of age (B19).
    fn since(&self) -> Time {
        self.restored.unwrap_or(self.pushed)
    }

    /// When it was last of use: pulled, restored, or pushed (B17).
    fn used(&self) -> Time {
        self.pulled.map_or(self.since(), |pulled| pulled.max(self.since()))
    }

    fn class(&self) -> StorageClass {
        if self.archived.is_some() { StorageClass::Archive } else { StorageClass::Standard }
    }
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

    /// Positions of the images that the policy acts on at `now`, and what it does with them; oldest first. Of images of
    /// one moment, the later in the slice is the younger.
    pub fn acts_on<T: AsRef<str>>(&self, images: &[Candidate<'_, T>], now: Time) -> Vec<(usize, LifecycleAction)> {
        let mut order: Vec<usize> = (0..images.len()).collect();
        order.sort_by_key(|&index| images[index].since());
        let mut sweep = Sweep { policy: self, left: self.count(images), now };
        order.into_iter().filter_map(|index| Some((index, sweep.verdict(&images[index])?))).collect()
    }

    /// For each rule, the images that satisfy its selection.
    fn count<T: AsRef<str>>(&self, images: &[Candidate<'_, T>]) -> Vec<u32> {
        let seen = |rule: &LifecycleRule| images.iter().filter(|image| rule.sees(image.class(), image.tags)).count();
        self.rules.iter().map(|rule| u32::try_from(seen(rule)).unwrap_or(u32::MAX)).collect()
    }

    fn any(count: Count) -> LifecyclePolicy {
        LifecyclePolicy { rules: vec![LifecycleRule::expire(1, Selection::Any, count)] }
    }
}

impl LifecycleRule {
    /// Whether an image of this class with these tags satisfies it.
    fn sees<T: AsRef<str>>(&self, class: StorageClass, tags: &[T]) -> bool {
        self.class == class && self.selection.selects(tags)
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
    /// Whether a rule acts on an image, when so many images (itself included) that satisfy the rule are no older.
    fn acts<T>(self, image: &Candidate<'_, T>, no_older: u32, now: Time) -> bool {
        match self {
            Count::MoreThan(kept) => no_older > kept,
            Count::DaysSincePush(days) => is_older(image.pushed, days, now),
            Count::DaysSincePull(days) => is_older(image.used(), days, now),
            Count::DaysSinceTransition(days) => image.archived.is_some_and(|at| is_older(at, days, now)),
        }
    }

    /// Whether a rule may act on any of so many images that satisfy it, none pushed before `oldest` and none restored.
    fn can_act(self, oldest: Time, left: u32, now: Time) -> bool {
        match self {
            Count::MoreThan(kept) => left > kept,
            // No image was pulled before it was pushed.
            Count::DaysSincePush(days) | Count::DaysSincePull(days) => left > 0 && is_older(oldest, days, now),
            Count::DaysSinceTransition(_) => left > 0,
        }
    }
}

/// Strictly: an image aged exactly so many days is acted on at the first run after that moment (O11).
fn is_older(since: Time, days: u32, now: Time) -> bool {
    (now - since).0 > i64::from(days).saturating_mul(DAY)
}

/// A policy with, for each of its rules, the number of images that satisfy its selection, all taken to be of the
/// standard class: where some are archived, [`LifecyclePolicy::acts_on`] counts anew.
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

    /// The policy alone.
    pub(super) fn policy(&self) -> &LifecyclePolicy {
        &self.policy
    }

    /// Counts an image with these tags in.
    pub(super) fn enters<T: AsRef<str>>(&mut self, tags: &[T]) {
        for (rule, count) in self.policy.rules.iter().zip(&mut self.satisfying) {
            *count += u32::from(rule.sees(StorageClass::Standard, tags));
        }
    }

    /// Counts an image out that was counted in with these tags.
    pub(super) fn leaves<T: AsRef<str>>(&mut self, tags: &[T]) {
        for (rule, count) in self.policy.rules.iter().zip(&mut self.satisfying) {
            *count -= u32::from(rule.sees(StorageClass::Standard, tags));
        }
    }

    /// A walk over the images that were counted in, as they are at `now`.
    pub(super) fn sweep(&self, now: Time) -> Sweep<'_> {
        Sweep { policy: &self.policy, left: self.satisfying.clone(), now }
    }

    /// Whether no rule can act on anything, the oldest image being of this age.
    pub(super) fn is_quiet(&self, oldest: Time, now: Time) -> bool {
        nothing_can_go(&self.policy, &self.satisfying, oldest, now)
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
    /// Whether no rule can act on the next image, pushed then, or on any younger one, none of which was restored.
    pub(super) fn is_over(&self, next: Time) -> bool {
        nothing_can_go(self.policy, &self.left, next, self.now)
    }

    /// Walks over the next image and says what the policy does with it.
    pub(super) fn verdict<T: AsRef<str>>(&mut self, image: &Candidate<'_, T>) -> Option<LifecycleAction> {
        let mut verdict = None;
        for (rule, left) in self.policy.rules.iter().zip(&mut self.left) {
            if rule.sees(image.class(), image.tags) {
                verdict.get_or_insert(rule.count.acts(image, *left, self.now).then_some(rule.action));
                *left -= 1;
            }
        }
        verdict.flatten().filter(|_| !image.needed)
    }
}

/// Whether no rule acts on an image pushed at `oldest` or later, when so many images from there on satisfy each.
fn nothing_can_go(policy: &LifecyclePolicy, left: &[u32], oldest: Time, now: Time) -> bool {
    policy.rules.iter().zip(left).all(|(rule, &left)| !rule.count.can_act(oldest, left, now))
}

#[cfg(test)]
pub(super) mod tests;
