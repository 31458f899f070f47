//! `scheduled-copy`: the hand-written job. At each run it copies every image and tag that no earlier run copied.
//!
//! An image that fails visibly is tried again by the next run; one that fails silently is thought done and never tried
//! again. Bytes pass through a runner, which is a machine in some registry's region and account.

use std::sync::Arc;

use slab::Slab;

use crate::cloud::RegistryId;
use crate::demand::{Asked, IfMissing, Push, RepositoryId};
use crate::registry::Image;
use crate::sim::{EntityKey, Purpose, Stream};
use crate::units::Time;

use super::behaviour::{Action, Behaviour, Copy, CopyFailure, Lane, Route, View, resolve};
use super::{Runner, ScheduledCopy};

/// An image and tag that is still to be copied to one destination.
struct Pending {
    repository: RepositoryId,
    image: Arc<Image>,
    tag: Arc<str>,
    to: RegistryId,
    pushed: Time,
    tries: u32,
}

/// The job at work.
pub struct Job<'a> {
    settings: &'a ScheduledCopy,
    seed: u64,
    trial: u64,
    /// Where its people and, when it stands still, its runner are.
    seat: RegistryId,
    pending: Vec<Pending>,
    /// Copies that a run began, by ticket.
    under_way: Slab<Pending>,
    next: usize,
}

impl<'a> Job<'a> {
    /// A job with nothing copied yet; `seat` is the registry whose region hosts a runner at the source.
    pub fn new(settings: &'a ScheduledCopy, seed: u64, trial: u64, seat: RegistryId) -> Self {
        Job { settings, seed, trial, seat, pending: Vec::new(), under_way: Slab::new(), next: 0 }
    }

    fn schedule_next(&mut self, actions: &mut Vec<Action>) {
        self.next += 1;
        actions.extend(self.settings.times.get(self.next).map(|at| Action::Tick(*at)));
    }

    fn note(&mut self, push: &Push) {
        // A job copies tags; what has none stays behind.
        let Some(tag) = push.tag.as_ref().filter(|tag| self.settings.tags.matches(tag)) else { return };
        let Some((_, destinations)) = self.settings.copies.iter().find(|(id, _)| *id == push.repository) else {
            return;
        };
        self.pending.extend(destinations.iter().map(|to| Pending {
            repository: push.repository,
            image: push.image.clone(),
            tag: tag.clone(),
            to: *to,
            pushed: push.at,
            tries: 0,
        }));
    }
}

impl Behaviour for Job<'_> {
    fn lanes(&self) -> Vec<Lane> {
        let runner = match self.settings.runner {
            Runner::At(registry) => registry,
            Runner::Source | Runner::Destination => self.seat,
        };
        vec![Lane { capacity: Some(self.settings.parallel), runner: Some(runner) }]
    }

    fn on_begin(&mut self, _view: &dyn View, actions: &mut Vec<Action>) {
        actions.extend(self.settings.times.first().map(|at| Action::Tick(*at)));
    }

    fn on_skipped(&mut self, actions: &mut Vec<Action>) {
        self.schedule_next(actions);
    }

    fn on_existing(&mut self, push: &Push, _view: &dyn View) -> Vec<RegistryId> {
        self.note(push);
        Vec::new()
    }

    fn on_push(&mut self, push: &Push, _view: &dyn View, _actions: &mut Vec<Action>) {
        self.note(push);
    }

    fn on_tick(&mut self, now: Time, view: &dyn View, actions: &mut Vec<Action>) {
        self.schedule_next(actions);
        let mut again = Vec::new();
        for mut item in std::mem::take(&mut self.pending) {
            let from = view.home(item.repository);
            let is_at = |registry| {
                view.holder(registry, item.repository, &item.tag).is_some_and(|holder| holder.id == item.image.id)
            };
            // A tag that has moved on since is copied with the image that it is on now; one pushed again is there.
            if from == item.to || !is_at(from) || is_at(item.to) {
                continue;
            }
            let entity = EntityKey::named("job", view.name(item.repository))
                .child(u64::from(item.image.id))
                .child(EntityKey::named("tag", &item.tag).0)
                .child(u64::from(item.to.0))
                .child(u64::from(item.tries));
            let draw = Stream::new(self.seed, self.trial, entity, Purpose::JobFailure).uniform();
            let silent = self.settings.silent_failures;
            // A fault adds to the failures that the job has anyway; both are seen. So is a registry that is down.
            let reachable = view.is_up(from) && view.is_up(item.to);
            let seen = self.settings.failures + view.copy_failures(from, item.to, now);
            if !reachable || draw < silent + seen {
                let why = match reachable {
                    false => CopyFailure::Outage,
                    true if draw < silent => CopyFailure::Unnoticed,
                    true => CopyFailure::Attempts,
                };
                let (repository, to) = (item.repository, item.to);
                let (image, tag) = (item.image.clone(), Some(item.tag.clone()));
                let (at, ticket) = (now, None);
                actions.push(Action::Failed { repository, image, tag, from, to, at, why, ticket });
                if why != CopyFailure::Unnoticed {
                    item.tries += 1;
                    again.push(item);
                }
                continue;
            }
            let runner = match self.settings.runner {
                Runner::Source => from,
                Runner::Destination => item.to,
                Runner::At(registry) => registry,
            };
            let (repository, to, pushed) = (item.repository, item.to, item.pushed);
            let (image, tag) = (item.image.clone(), Some(item.tag.clone()));
            let ticket = self.under_way.insert(item) as u32;
            actions.push(Action::Copy(Copy {
                repository,
                image,
                tag,
                from,
                to,
                runner: Some(runner),
                pushed,
                start: now,
                overhead: self.settings.per_image,
                lane: Some(0),
                attempts_metered: 1,
                name: None,
                ticket: Some(ticket),
                backfill: false,
            }));
        }
        self.pending = again;
    }

    fn on_copied(&mut self, ticket: u32, succeeded: bool, _now: Time, _view: &dyn View, _actions: &mut Vec<Action>) {
        let item = self.under_way.try_remove(ticket as usize);
        if let Some(item) = item.filter(|_| !succeeded) {
            // What was refused is seen, and tried again by the next run.
            self.pending.push(Pending { tries: item.tries + 1, ..item });
        }
    }

    fn route(&mut self, request: &Asked, at: RegistryId, _now: Time, view: &dyn View) -> Route {
        Route::From(at, resolve(request, at, view))
    }

    fn if_missing(&self) -> IfMissing {
        IfMissing::Home
    }
}
