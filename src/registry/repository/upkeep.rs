//! What the service does by itself: it runs the lifecycle policy, and clears up after subjects that are gone.

use std::sync::Arc;

use super::super::lifecycle::Candidate;
use super::super::{Image, LifecycleAction, StorageClass, Tag};
use super::Repository;
use crate::units::{Span, Time};

/// An image that the service expired or archived.
#[derive(Clone, Debug)]
pub struct Acted {
    /// The image. The children that an index takes into the archive along with it are not listed again.
    pub image: Arc<Image>,
    /// What was done with it.
    pub action: LifecycleAction,
    /// The tags that it had; an archived image keeps them.
    pub tags: Vec<Tag>,
    /// Bytes that left the archive with it, and since when they were there (C5).
    pub left_archive: Option<(u64, Time)>,
}

impl Repository {
    /// Whether a rule of the lifecycle policy asks when images were pulled.
    pub fn records_pulls(&self) -> bool {
        self.pulls.is_some()
    }

    /// An image was pulled. Only the lifecycle policy reads this, so it is kept where a rule asks for it (B17).
    pub fn record_pull(&mut self, image: u32, at: Time) {
        if let Some(pulls) = &mut self.pulls
            && self.places.has(image)
        {
            pulls.note(image, at);
        }
    }

    /// Runs the lifecycle policy once and adds to `acted` each image that it acted on, oldest first.
    ///
    /// The recorded last pull of an image is refreshed at a run when the last pull is at least `pull_time_lag` after the
    /// one recorded before (B23). An image that an index needs when the run begins is safe in that run (B20): children
    /// of an index that is acted on can go at the next.
    pub fn apply_lifecycle(&mut self, now: Time, pull_time_lag: Span, acted: &mut Vec<Acted>) {
        let is_plain = !self.kin.has_indexes() && self.archived.is_empty() && self.pushed.is_empty();
        let verdicts =
            if is_plain && self.pulls.is_none() { self.plain_verdicts(now) } else { self.verdicts(now, pull_time_lag) };
        for (image, action) in verdicts {
            self.act(now, image, action, acted);
        }
    }

    /// Clears up after subjects, as the service does within a day (B21): what is about an image that is gone is
    /// removed, what is about an archived one is archived. What is about an image that has not come yet stays (A24), and
    /// so does an image that an index of the standard class needs. Restoring a subject restores nothing else.
    pub fn sweep_referrers(&mut self, now: Time, acted: &mut Vec<Acted>) {
        let mut due = Vec::new();
        for (subject, referrers) in self.kin.referrers() {
            let action = match (self.contains(subject), self.archived.contains_key(&subject)) {
                (false, _) if referrers.met => LifecycleAction::Expire,
                (true, true) => LifecycleAction::Archive,
                _ => continue,
            };
            due.extend(referrers.images.iter().map(|&image| (image, action)));
        }
        for (image, action) in due {
            let is_done = action == LifecycleAction::Archive && !self.can_pull(image);
            if !is_done && self.standard_index_of(image).is_none() {
                self.act(now, image, action, acted);
            }
        }
    }

    /// Whether something is here that is about an image: a signature, an SBOM.
    pub fn has_referrers(&self) -> bool {
        self.kin.has_referrers()
    }

    /// What the policy does where no image was archived or restored, none is needed by an index, and no rule asks for
    /// pulls: only images at least as old as the last one that could possibly go are looked at; when none can, none is.
    fn plain_verdicts(&self, now: Time) -> Vec<(u32, LifecycleAction)> {
        let mut verdicts = Vec::new();
        let Some(tally) = &self.lifecycle else { return verdicts };
        if self.shelf.iter().next().is_none_or(|(oldest, _)| tally.is_quiet(oldest, now)) {
            return verdicts;
        }
        let mut sweep = tally.sweep(now);
        for (pushed, held) in self.shelf.iter() {
            if sweep.is_over(pushed) {
                break;
            }
            let verdict = sweep.verdict(&Candidate::new(pushed, held.tags.as_slice()));
            verdicts.extend(verdict.map(|action| (held.image.id, action)));
        }
        verdicts
    }

    /// What the policy does, every image looked at.
    fn verdicts(&mut self, now: Time, pull_time_lag: Span) -> Vec<(u32, LifecycleAction)> {
        // Out of the way, so that it can be changed while the rest is read.
        let mut pulls = self.pulls.take();
        let seen = self.shelf.iter().map(|(since, held)| {
            let id = held.image.id;
            let candidate = Candidate {
                pushed: self.first_pushed(id, since),
                restored: self.pushed.contains_key(&id).then_some(since),
                pulled: pulls.as_mut().and_then(|pulls| pulls.refresh(id, pull_time_lag)),
                archived: self.archived_at(id),
                needed: self.standard_index_of(id).is_some(),
                tags: held.tags.as_slice(),
            };
            (id, candidate)
        });
        let (ids, candidates): (Vec<u32>, Vec<_>) = seen.unzip();
        let acts = self.lifecycle.as_ref().map(|tally| tally.policy().acts_on(&candidates, now)).unwrap_or_default();
        self.pulls = pulls;
        acts.into_iter().map(|(index, action)| (ids[index], action)).collect()
    }

    /// Does to an image what the service decided on.
    fn act(&mut self, now: Time, image: u32, action: LifecycleAction, acted: &mut Vec<Acted>) {
        match action {
            LifecycleAction::Expire => {
                let (since, before) = (self.archived_at(image), self.bytes(StorageClass::Archive));
                let taken = self.take_out(image);
                let left_archive = since.map(|since| (before - self.bytes(StorageClass::Archive), since));
                acted.extend(taken.map(|(held, _)| Acted {
                    image: held.image,
                    action,
                    tags: held.tags.into_vec(),
                    left_archive,
                }));
            }
            LifecycleAction::Archive => {
                let held = self.places.get(image).and_then(|place| self.shelf.get(place));
                acted.extend(held.map(|held| Acted {
                    image: Arc::clone(&held.image),
                    action,
                    tags: held.tags.as_slice().to_vec(),
                    left_archive: None,
                }));
                self.put_away(now, image);
            }
        }
    }
}
