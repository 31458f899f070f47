//! `replication`: rules copy pushed images, as Amazon ECR does.
//!
//! A push to a matching repository after the rules exist triggers one copy per image, tag and destination (facts A17 to
//! A19). Copies never trigger copies (A20): only home pushes are heard of here. The service delay, failures and retries
//! of a copy are drawn when it is ordered, each named by (image, tag, destination, attempt).

use crate::cloud::RegistryId;
use crate::demand::{Push, Request};
use crate::registry::{ReplicationRule, destinations};
use crate::sim::{EntityKey, Purpose, Stream};
use crate::units::{Span, Time};

use super::behaviour::{Action, Behaviour, Copy, Lane, Route, View, resolve};
use super::{Existing, Replication};

/// Wait before the first retry of a failed copy; it doubles (scenario format: `retries`).
const FIRST_RETRY: Span = Span::seconds(60);

/// Replication at work.
pub struct Replicate<'a> {
    settings: &'a Replication,
    /// The rules of each source registry; the position is the source's lane.
    sources: Vec<(RegistryId, Vec<ReplicationRule>)>,
    seed: u64,
    trial: u64,
    retry_moves_bytes_again: bool,
}

impl<'a> Replicate<'a> {
    /// Replication by these settings in one trial.
    pub fn new(settings: &'a Replication, seed: u64, trial: u64, retry_moves_bytes_again: bool) -> Self {
        let mut sources: Vec<(RegistryId, Vec<ReplicationRule>)> = Vec::new();
        for (source, rule) in &settings.rules {
            match sources.iter_mut().find(|(registry, _)| registry == source) {
                Some((_, rules)) => rules.push(rule.clone()),
                None => sources.push((*source, vec![rule.clone()])),
            }
        }
        Replicate { settings, sources, seed, trial, retry_moves_bytes_again }
    }

    /// The lane of a home registry and where its rules send a repository.
    fn destinations(&self, home: RegistryId, name: &str) -> Option<(u32, Vec<RegistryId>)> {
        let lane = self.sources.iter().position(|(registry, _)| *registry == home)?;
        Some((lane as u32, destinations(&self.sources[lane].1, name)))
    }

    fn order(&self, push: &Push, home: RegistryId, to: RegistryId, lane: u32, name: &str) -> Action {
        let entity = EntityKey::named("copy", name)
            .child(u64::from(push.image.id))
            .child(EntityKey::named("tag", push.tag.as_deref().unwrap_or_default()).0)
            .child(u64::from(to.0));
        let delay = self.settings.delay.sample(&mut Stream::new(self.seed, self.trial, entity, Purpose::CopyDelay));
        let mut start = push.at + Span(libm::round(delay.max(0.0)) as i64);
        let mut wait = FIRST_RETRY;
        let mut failed = 0;
        if self.settings.copy_failures > 0.0 {
            let fails = |attempt: u32| {
                let key = entity.child(u64::from(attempt));
                Stream::new(self.seed, self.trial, key, Purpose::CopyFailure).chance(self.settings.copy_failures)
            };
            while fails(failed) {
                if failed == self.settings.retries {
                    return Action::Failed { repository: push.repository, to, at: start };
                }
                failed += 1;
                start = start + wait;
                wait = wait + wait;
            }
        }
        Action::Copy(Copy {
            repository: push.repository,
            image: push.image.clone(),
            tag: push.tag.clone(),
            from: home,
            to,
            runner: None,
            pushed: push.at,
            start,
            overhead: Span::ZERO,
            lane: Some(lane),
            attempts_metered: if self.retry_moves_bytes_again { failed + 1 } else { 1 },
        })
    }
}

impl Behaviour for Replicate<'_> {
    fn lanes(&self) -> Vec<Lane> {
        self.sources.iter().map(|_| Lane { capacity: self.settings.parallel_copies, runner: None }).collect()
    }

    fn on_existing(&mut self, push: &Push, view: &dyn View) -> Vec<RegistryId> {
        match self.settings.existing {
            Existing::Absent | Existing::Backfill => Vec::new(),
            Existing::Present => {
                let home = view.home(push.repository);
                self.destinations(home, view.name(push.repository)).map(|(_, to)| to).unwrap_or_default()
            }
        }
    }

    fn on_push(&mut self, push: &Push, view: &dyn View, actions: &mut Vec<Action>) {
        if push.at < self.settings.since {
            return;
        }
        let home = view.home(push.repository);
        let name = view.name(push.repository);
        if let Some((lane, to)) = self.destinations(home, name) {
            actions.extend(to.into_iter().map(|to| self.order(push, home, to, lane, name)));
        }
    }

    fn route(&mut self, request: &Request, at: RegistryId, _now: Time, view: &dyn View) -> Route {
        Route::From(at, resolve(request, at, view))
    }
}
