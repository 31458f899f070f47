//! `replication`: rules copy pushed images, as Amazon ECR does.
//!
//! A push to a matching repository after the rules exist triggers one copy per image, tag and destination (facts A17 to
//! A19). Copies never trigger copies (A20): only home pushes are heard of here. The service delay, failures and retries
//! of a copy are drawn when it is ordered, each named by (image, tag, destination, attempt).
//!
//! Deletions follow only where a rule says so (A41 to A45), at once: how long the service takes is not known (O6).
//! Images that were there before the rules are brought by backfills, one for each destination, each begun as soon as
//! the service admits it (A50 to A53).

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::cloud::{RegionId, RegistryId};
use crate::demand::{Asked, Push, RepositoryId};
use crate::registry::backfill::{self, Backfill};
use crate::registry::rules::{Reached, copies};
use crate::registry::{Image, ReplicationRule};
use crate::sim::{EntityKey, Purpose, Stream};
use crate::units::{Span, Time};

use super::behaviour::{Action, Behaviour, Copy, CopyFailure, Lane, Removed, Route, View, resolve};
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
    copies_attachments: bool,
    backfills: Vec<Running>,
    /// Positions of backfills that have not begun, in order.
    waiting: VecDeque<usize>,
    /// What backfills will bring, by source and destination, until they are asked for.
    existing: Vec<(RegistryId, RegistryId, Vec<Item>)>,
}

/// A backfill of one source to one destination.
struct Running {
    source: RegistryId,
    to: RegistryId,
    state: Backfill<Item>,
}

/// An image and tag that was there before the rules.
#[derive(Clone)]
struct Item {
    repository: RepositoryId,
    image: Arc<Image>,
    tag: Option<Arc<str>>,
    pushed: Time,
    /// Its repository's name at the destination, where a rule gives it another one.
    rename: Option<String>,
}

/// What a copy is ordered for.
struct Order<'o> {
    item: &'o Item,
    home: RegistryId,
    to: RegistryId,
    lane: u32,
    /// When it is ordered.
    at: Time,
    backfill: Option<u32>,
}

impl<'a> Replicate<'a> {
    /// Replication by these settings in one trial.
    pub fn new(
        settings: &'a Replication,
        seed: u64,
        trial: u64,
        retry_moves_bytes_again: bool,
        copies_attachments: bool,
    ) -> Self {
        let mut sources: Vec<(RegistryId, Vec<ReplicationRule>)> = Vec::new();
        for (source, rule) in &settings.rules {
            match sources.iter_mut().find(|(registry, _)| registry == source) {
                Some((_, rules)) => rules.push(rule.clone()),
                None => sources.push((*source, vec![rule.clone()])),
            }
        }
        Replicate {
            settings,
            sources,
            seed,
            trial,
            retry_moves_bytes_again,
            copies_attachments,
            backfills: Vec::new(),
            waiting: VecDeque::new(),
            existing: Vec::new(),
        }
    }

    fn lane(&self, home: RegistryId) -> Option<usize> {
        self.sources.iter().position(|(registry, _)| *registry == home)
    }

    /// The lane of a home registry and where its rules send a push; `None` = nowhere, by itself.
    fn reached_by(&self, push: &Push, home: RegistryId, view: &dyn View) -> Option<(u32, Vec<Reached>)> {
        let stays = push.image.subject.is_some() && !self.copies_attachments;
        let lane = self.lane(home).filter(|_| !stays && !comes_along(push))?;
        Some((lane as u32, copies(&self.sources[lane].1, view.name(push.repository), push.tag.as_deref())))
    }

    fn order(&self, order: &Order<'_>, view: &dyn View) -> Action {
        let Order { item, home, to, lane, at, backfill } = *order;
        let name = view.name(item.repository);
        let entity = EntityKey::named("copy", name)
            .child(u64::from(item.image.id))
            .child(EntityKey::named("tag", item.tag.as_deref().unwrap_or_default()).0)
            .child(u64::from(to.0));
        let delay = self.settings.delay.sample(&mut Stream::new(self.seed, self.trial, entity, Purpose::CopyDelay));
        let mut start = at + Span(libm::round(delay.max(0.0)) as i64);
        let mut wait = FIRST_RETRY;
        let mut failed = 0;
        let fails = |attempt: u32, at: Time| {
            let by_fault = view.copy_failures(home, to, at);
            let share = 1.0 - (1.0 - self.settings.copy_failures) * (1.0 - by_fault);
            let key = entity.child(u64::from(attempt));
            share > 0.0 && Stream::new(self.seed, self.trial, key, Purpose::CopyFailure).chance(share)
        };
        while fails(failed, start) {
            if failed == self.settings.retries {
                let Item { repository, image, tag, .. } = item.clone();
                let (why, ticket) = (CopyFailure::Attempts, backfill);
                return Action::Failed { repository, image, tag, from: home, to, at: start, why, ticket };
            }
            failed += 1;
            start = start + wait;
            wait = wait + wait;
        }
        Action::Copy(Copy {
            repository: item.repository,
            image: item.image.clone(),
            tag: item.tag.clone(),
            from: home,
            to,
            runner: None,
            pushed: item.pushed,
            start,
            overhead: Span::ZERO,
            lane: Some(lane),
            attempts_metered: if self.retry_moves_bytes_again { failed + 1 } else { 1 },
            name: item.rename.as_deref().map(Arc::from),
            ticket: backfill,
            backfill: backfill.is_some(),
        })
    }

    fn keep_for_backfill(&mut self, push: &Push, home: RegistryId, reached: Vec<Reached>) {
        for Reached { destination: to, rename, .. } in reached {
            let item = Item { rename, ..item(push) };
            match self.existing.iter_mut().find(|(from, into, _)| (*from, *into) == (home, to)) {
                Some((_, _, items)) => items.push(item),
                None => self.existing.push((home, to, vec![item])),
            }
        }
    }

    /// Starts backfills that are admitted now, and hands out the next replications of all that run.
    fn advance(&mut self, now: Time, view: &dyn View, actions: &mut Vec<Action>) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|&index| {
            let Running { source, to, .. } = self.backfills[index];
            let runs = |other: &&Running| other.source == source && other.state.state() == backfill::State::InProgress;
            let running: Vec<RegionId> =
                self.backfills.iter().filter(runs).map(|other| view.region(other.to)).collect();
            let admitted = backfill::admits(&running, view.region(to));
            if admitted {
                self.backfills[index].state.start();
            }
            !admitted
        });
        self.waiting = waiting;
        for index in 0..self.backfills.len() {
            while let Some(item) = self.backfills[index].state.take() {
                let Running { source, to, .. } = self.backfills[index];
                let Some(lane) = self.lane(source) else { continue };
                let (lane, backfill) = (lane as u32, Some(index as u32));
                actions.push(self.order(&Order { item: &item, home: source, to, lane, at: now, backfill }, view));
            }
        }
    }
}

impl Behaviour for Replicate<'_> {
    fn lanes(&self) -> Vec<Lane> {
        self.sources.iter().map(|_| Lane { capacity: self.settings.parallel_copies, runner: None }).collect()
    }

    fn on_begin(&mut self, _view: &dyn View, actions: &mut Vec<Action>) {
        if self.settings.existing == Existing::Backfill {
            actions.push(Action::Tick(self.settings.since));
        }
    }

    fn on_tick(&mut self, now: Time, view: &dyn View, actions: &mut Vec<Action>) {
        for (source, to, items) in std::mem::take(&mut self.existing) {
            let items = still_there(items, source, view);
            self.waiting.push_back(self.backfills.len());
            self.backfills.push(Running { source, to, state: Backfill::new(items) });
        }
        self.advance(now, view, actions);
    }

    fn on_existing(&mut self, push: &Push, view: &dyn View) -> Vec<RegistryId> {
        let home = view.home(push.repository);
        let Some((_, reached)) = self.reached_by(push, home, view) else { return Vec::new() };
        match self.settings.existing {
            Existing::Absent => Vec::new(),
            Existing::Present => reached.into_iter().map(|reached| reached.destination).collect(),
            Existing::Backfill => {
                self.keep_for_backfill(push, home, reached);
                Vec::new()
            }
        }
    }

    fn on_push(&mut self, push: &Push, view: &dyn View, actions: &mut Vec<Action>) {
        let home = view.home(push.repository);
        let Some((lane, reached)) = self.reached_by(push, home, view) else { return };
        if push.at < self.settings.since {
            if self.settings.existing == Existing::Backfill {
                self.keep_for_backfill(push, home, reached);
            }
            return;
        }
        for Reached { destination: to, rename, .. } in reached {
            let item = Item { rename, ..item(push) };
            actions.push(self.order(&Order { item: &item, home, to, lane, at: push.at, backfill: None }, view));
        }
    }

    fn on_removed(&mut self, removed: &Removed, view: &dyn View, actions: &mut Vec<Action>) {
        if removed.at < self.settings.since {
            return;
        }
        let (repository, home) = (removed.repository, view.home(removed.repository));
        let name = view.name(repository);
        let Some(lane) = self.lane(home) else { return };
        let rules = &self.sources[lane].1;
        // A deletion reaches whatever a push of this image could have reached, under any of its tags or none.
        let tags = removed.tags.iter().map(|tag| Some(&**tag)).chain([None]);
        let mut done: Vec<(RegistryId, Option<&str>)> = Vec::new();
        for tag in tags.filter(|tag| removed.whole || tag.is_some()) {
            for reached in copies(rules, name, tag).into_iter().filter(|reached| reached.deletes) {
                let what = if removed.whole { None } else { tag };
                if !done.contains(&(reached.destination, what)) {
                    done.push((reached.destination, what));
                    let (at, image, tag) = (reached.destination, removed.image.clone(), what.map(Arc::from));
                    actions.push(Action::Remove { repository, at, image, tag });
                }
            }
        }
    }

    fn on_copied(&mut self, backfill: u32, succeeded: bool, now: Time, view: &dyn View, actions: &mut Vec<Action>) {
        if let Some(running) = self.backfills.get_mut(backfill as usize) {
            running.state.processed(succeeded);
            self.advance(now, view, actions);
        }
    }

    fn route(&mut self, request: &Asked, at: RegistryId, _now: Time, view: &dyn View) -> Route {
        Route::From(at, resolve(request, at, view))
    }
}

/// What of these is at its home now, under the tags that it has now: what a backfill finds when it begins.
fn still_there(items: Vec<Item>, source: RegistryId, view: &dyn View) -> Vec<Item> {
    let mut seen = BTreeSet::new();
    let now = |mut item: Item| {
        let is_on = |holder: Arc<Image>| holder.id == item.image.id;
        item.tag = item.tag.filter(|tag| view.holder(source, item.repository, tag).is_some_and(is_on));
        item
    };
    let there = |item: &Item| view.holds(source, item.repository, item.image.id);
    let items = items.into_iter().filter(there).map(now);
    items.filter(|item| seen.insert((item.repository, item.image.id, item.tag.clone()))).collect()
}

/// Children of an index come along with it (A23); they are no copies of their own. An image that is restored without a
/// tag is (A17).
fn comes_along(push: &Push) -> bool {
    push.tag.is_none() && push.image.subject.is_none() && (push.new_image || push.promoted)
}

fn item(push: &Push) -> Item {
    let Push { repository, image, tag, at, .. } = push.clone();
    Item { repository, image, tag, pushed: at, rename: None }
}
