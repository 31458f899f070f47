//! The twin follows a trial's journal entry by entry and says where it would have gone another way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use replisim::cloud::RegistryId;
use replisim::demand::{EditKind, RepositoryId};
use replisim::engine::journal::{CopyKind, Copying, Entry, Reference, Remover};
use replisim::engine::{Cause, Model, Outcome};
use replisim::registry::{CreatedBy, Image, LifecycleAction, ReplicationRule};
use replisim::strategy::{Kind, PullThroughCache, Replication, Strategy};
use replisim::units::{DAY, Span, Time};

use super::books::{Books, Shelves};
use super::copies::brief;
use super::lifecycle;
use super::repository::Repository;
use super::rules;

/// A repository, an image of it, its tag, and where it goes.
pub(super) type Pair = (RepositoryId, u32, Option<Arc<str>>, RegistryId);

/// A copy on its way.
pub(super) struct Under {
    pub copy: Arc<Copying>,
    pub ordered: Time,
    pub begun: Option<Time>,
    pub layers: BTreeMap<u32, u64>,
}

pub struct Twin<'m> {
    pub(super) model: &'m Model,
    pub(super) replications: Vec<&'m Replication>,
    pub(super) rules: Vec<(RegistryId, ReplicationRule)>,
    pub(super) caches: Vec<PullThroughCache>,
    homes: Vec<RegistryId>,
    pub(super) begin: Time,
    pub(super) now: Time,
    pub(super) shelves: Shelves,
    pub(super) books: Books<'m>,
    pub(super) images: BTreeMap<u32, Arc<Image>>,
    /// Copies that the last push or restore leads to and that have not been ordered yet.
    pub(super) owed: Vec<Pair>,
    /// Copies that were there before, which are to be placed yet.
    pub(super) owed_placed: Vec<Pair>,
    /// What was pushed before the rules existed.
    pub(super) before: Vec<(RepositoryId, u32, Option<Arc<str>>)>,
    pub(super) backfill: Option<Vec<Pair>>,
    /// Deletions to be carried out at once.
    pub(super) removals: Vec<Pair>,
    pub(super) copies: BTreeMap<u64, Under>,
    /// When a layer last came to a repository on the wire.
    pub(super) moved: BTreeMap<(RegistryId, RepositoryId, u32), Time>,
    pub(super) arrived: u64,
    pub(super) failed: u64,
    pub(super) backfilled: (u64, u64),
    pulls: BTreeSet<u64>,
    pub(super) restoring: BTreeMap<(RegistryId, RepositoryId, u32), Time>,
    problems: Vec<String>,
}

impl<'m> Twin<'m> {
    pub fn new(model: &'m Model, strategy: &'m Strategy) -> Twin<'m> {
        let kinds: Vec<&Kind> =
            std::iter::once(&strategy.kind).chain(strategy.exceptions.iter().map(|one| &one.kind)).collect();
        let centre = match &strategy.kind {
            Kind::Centralized(central) => Some(central.registry),
            _ => None,
        };
        let replications: Vec<&Replication> = kinds
            .iter()
            .filter_map(|kind| match kind {
                Kind::Replication(replication) => Some(replication),
                _ => None,
            })
            .collect();
        let caches = kinds
            .iter()
            .filter_map(|kind| match kind {
                Kind::PullThroughCache(cache) => Some(*cache),
                _ => None,
            })
            .collect();
        let begin = Time::START + Span(-model.warm_up.0);
        let repositories = &model.demand.repositories;
        let homes: Vec<RegistryId> = repositories.iter().map(|one| centre.unwrap_or(one.home)).collect();
        let mut shelves = Shelves::new();
        for (number, repository) in repositories.iter().enumerate() {
            let id = RepositoryId(number as u32);
            for (index, settings) in model.registries.iter().enumerate() {
                let registry = RegistryId(index as u16);
                let owner = match registry == homes[number] {
                    true => &model.registries[usize::from(repository.home.0)],
                    false if settings.repositories.contains(&repository.name) => settings,
                    false => continue,
                };
                let made = rules::at_home(owner, &repository.name);
                shelves.insert((registry, id), Repository::new(made, settings.blob_mounting, begin));
            }
        }
        Twin {
            model,
            rules: strategy.rules().cloned().collect(),
            replications,
            caches,
            homes,
            begin,
            now: Time(i64::MIN),
            shelves,
            books: Books::new(model),
            images: BTreeMap::new(),
            owed: Vec::new(),
            owed_placed: Vec::new(),
            before: Vec::new(),
            backfill: None,
            removals: Vec::new(),
            copies: BTreeMap::new(),
            moved: BTreeMap::new(),
            arrived: 0,
            failed: 0,
            backfilled: (0, 0),
            pulls: BTreeSet::new(),
            restoring: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn check(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds && self.problems.len() < 12 {
            self.problems.push(format!("{:?}: {}", self.now, problem()));
        }
    }

    /// The next entry.
    pub fn follow(&mut self, at: Time, entry: &Entry) {
        self.check(at >= self.now, || format!("time runs back to {at:?} by {entry:?}"));
        self.settle(entry);
        self.now = at;
        self.books.until(at);
        match entry {
            Entry::Pushed(what) => self.pushed(what),
            Entry::PushRefused { what, cause } => {
                let is_whole = what.image.children.iter().all(|child| self.has(what, child.id));
                let clashes = what.tag.as_ref().is_some_and(|tag| self.shelf(what).clashes(what.image.id, tag));
                let right = match cause {
                    Cause::TagImmutable => is_whole && clashes,
                    Cause::Missing => !is_whole,
                    cause => *cause == Cause::Outage,
                };
                self.check(right, || format!("refused without a reason: {entry:?}"));
            }
            Entry::Placed(what) => {
                let pair = (what.repository, what.image.id, what.tag.clone(), what.registry);
                let expected = take(&mut self.owed_placed, &pair);
                self.check(expected, || format!("placed against the rules: {}", named(what)));
                self.change((what.registry, what.repository), false, |shelf, now| {
                    shelf.receive(now, &what.image, what.tag.as_deref());
                });
            }
            Entry::Created { registry, repository, by, name } => {
                let name = name.as_deref().unwrap_or(&self.model.demand.repositories[repository.0 as usize].name);
                let settings = &self.model.registries[usize::from(registry.0)];
                let mounts = *by == CreatedBy::Replication && settings.blob_mounting;
                let made = Repository::new(rules::created(settings, name, *by), mounts, self.now.max(self.begin));
                let before = self.shelves.insert((*registry, *repository), made);
                self.check(before.is_none(), || format!("made twice: {entry:?}"));
            }
            Entry::CopyOrdered(copy) => self.copy_ordered(copy),
            Entry::CopyBegun { copy, bytes } => self.copy_begun(copy, *bytes),
            Entry::CopyMoved { copy, bytes, cut } => self.copy_moved(copy, *bytes, *cut),
            Entry::CopyArrived { copy, tag_set, new_image } => self.copy_arrived(copy, *tag_set, *new_image),
            Entry::CopyFailed { copy, cause } => self.copy_failed(copy, *cause),
            Entry::TagRemoved { what, by } => self.tag_removed(what, *by),
            Entry::ImageDeleted { registry, repository, image, tags, by } => {
                let at = (*registry, *repository);
                let needed = self.shelves[&at].is_needed(image.id, false);
                self.check(!needed, || format!("an index needs {entry:?}"));
                match by {
                    Remover::Client => self.deleted(at, image.id, tags),
                    Remover::Replication => {
                        let whole = (*repository, image.id, None, *registry);
                        let last = |tag: &Arc<str>| (*repository, image.id, Some(tag.clone()), *registry);
                        let expected = take(&mut self.removals, &whole)
                            || (tags.len() == 1 && tags.iter().any(|tag| take(&mut self.removals, &last(tag))));
                        self.check(expected, || format!("no rule deletes {entry:?}"));
                    }
                }
                self.change(at, true, |shelf, _| shelf.take(image.id));
            }
            Entry::Archived(what) => {
                let needed = self.shelf(what).is_needed(what.image.id, true);
                self.check(!needed, || format!("a standard index needs {}", named(what)));
                self.change((what.registry, what.repository), false, |shelf, now| shelf.put_away(now, what.image.id));
            }
            Entry::RestoreBegun(what) => {
                let archived = self.shelf(what).images.get(&what.image.id).is_some_and(|held| held.archived.is_some());
                self.check(archived, || format!("it was not archived: {}", named(what)));
                self.restoring.insert((what.registry, what.repository, what.image.id), at);
            }
            Entry::Restored { registry, repository, image } => self.restored((*registry, *repository), image),
            Entry::EditRefused { registry, repository, tag, kind, cause } => {
                let shelf = &self.shelves[&(*registry, *repository)];
                let image = shelf.tags.get(&**tag).copied();
                let archived = |id: u32| shelf.images[&id].archived.is_some();
                let right = match (image, cause) {
                    (_, Cause::Outage) | (None, Cause::Missing) => true,
                    (Some(id), Cause::Missing) => *kind == EditKind::Restore && !archived(id),
                    (Some(id), Cause::NeededByIndex) => shelf.is_needed(id, *kind == EditKind::Archive),
                    _ => false,
                };
                self.check(right, || format!("refused without a reason: {entry:?}"));
            }
            Entry::Upkeep { registry, repository, acts } => {
                let policy = acts.iter().filter(|act| !act.swept).map(|act| (act.image.id, act.action)).collect();
                let swept = acts.iter().filter(|act| act.swept).map(|act| (act.image.id, act.action)).collect();
                self.upkeep((*registry, *repository), &policy, &swept);
                let home = *registry == self.homes[repository.0 as usize];
                for act in acts {
                    let id = act.image.id;
                    let tags: BTreeSet<String> = act.tags.iter().map(ToString::to_string).collect();
                    let held = self.shelves[&(*registry, *repository)].tags_of(id);
                    let same = tags.iter().map(String::as_str).collect::<BTreeSet<_>>() == held;
                    self.check(same, || format!("other tags than {act:?}"));
                    match act.action {
                        LifecycleAction::Expire => {
                            if home {
                                self.deleted((*registry, *repository), id, &act.tags);
                            }
                            self.change((*registry, *repository), true, |shelf, _| shelf.take(id));
                        }
                        LifecycleAction::Archive => {
                            self.change((*registry, *repository), false, |shelf, now| shelf.put_away(now, id));
                        }
                    }
                }
            }
            Entry::Evicted { registry, repository, image } => {
                let ttl = self.caches.iter().filter_map(|cache| cache.ttl).min();
                let held = self.shelves[&(*registry, *repository)].images.get(&image.id);
                let due = held.and_then(|held| held.used).zip(ttl).is_some_and(|(used, ttl)| used + ttl <= at);
                self.check(due, || format!("evicted too early: {entry:?}"));
                self.change((*registry, *repository), true, |shelf, _| shelf.evict(image.id));
            }
            Entry::PullAsked(pull) => {
                let fresh = self.pulls.insert(pull.id);
                self.check(fresh, || format!("asked twice: {pull:?}"));
            }
            Entry::PullFound { pull, registry, image, warm } => {
                let shelf = self.shelves.get_mut(&(*registry, pull.repository));
                let there = shelf.as_ref().is_some_and(|shelf| shelf.can_pull(image.id));
                if let Some(shelf) = shelf {
                    shelf.note_pull(image.id, at);
                    if let Some(held) = shelf.images.get_mut(&image.id) {
                        held.used = held.used.map(|used| used.max(at));
                    }
                }
                self.check(there || *warm, || format!("found what is not there: {entry:?}"));
                let same = pull.moving || pull.image.id == image.id;
                self.check(same, || format!("another image than it asked for: {entry:?}"));
            }
            Entry::PullServed { pull, .. } | Entry::PullFailed { pull, .. } => {
                let open = self.pulls.remove(&pull.id);
                self.check(open, || format!("over twice, or never asked for: {pull:?}"));
            }
            Entry::PullMoved { .. } | Entry::Fault { .. } => {}
        }
    }

    /// The end of the journal; what is wrong with it, and with the outcome.
    pub fn close(mut self, outcome: &Outcome) -> Vec<String> {
        let faulty = !self.model.faults.is_empty();
        self.settle(&Entry::Fault { strike: 0, fault: 0, begins: false });
        let end = self.model.calendar.end;
        let under_way: Vec<_> = self.copies.values().map(|under| brief(&under.copy)).collect();
        self.check(faulty || under_way.is_empty(), || format!("never arrived: {}", under_way.join(", ")));
        let open = self.pulls.len();
        self.check(open == 0, || format!("{open} pulls neither served nor failed"));
        let tick = self.replications.first().map_or(end, |replication| replication.since).max(self.begin);
        if tick < end && self.replications.len() == 1 {
            self.begin_backfill();
        }
        let (processed, failed) = self.backfilled;
        let given_up = processed >= 100 && 2 * failed >= processed;
        let left = self.backfill.take().unwrap_or_default();
        self.check(left.is_empty() || given_up || faulty, || format!("not backfilled: {left:?}"));
        for ((registry, id), shelf) in self.shelves.clone() {
            let due = match (shelf.watched, shelf.last_run) {
                (None, _) => continue,
                (Some(since), None) => since,
                (Some(_), Some(last)) => last,
            };
            self.check(due + Span(DAY) >= end, || format!("no daily run in {registry:?} of {id:?} after {due:?}"));
        }
        let arrived = self.arrived;
        self.check(arrived == outcome.copies, || format!("{arrived} copies, the engine says {}", outcome.copies));
        let failed = self.failed;
        self.check(failed == outcome.copies_failed, || format!("{failed} failed, not {}", outcome.copies_failed));
        self.problems.extend(self.books.differences(outcome));
        self.problems
    }

    /// Whatever the last push, restore or deletion leads to has been ordered before anything else happens.
    fn settle(&mut self, next: &Entry) {
        if !matches!(next, Entry::CopyOrdered(_)) && !self.owed.is_empty() {
            let owed = std::mem::take(&mut self.owed);
            self.check(false, || format!("not copied: {owed:?}, but {next:?}"));
        }
        let places = matches!(next, Entry::Placed(_) | Entry::Created { .. });
        if !places && !self.owed_placed.is_empty() {
            let owed = std::mem::take(&mut self.owed_placed);
            self.check(false, || format!("not placed: {owed:?}, but {next:?}"));
        }
        let removes = match next {
            Entry::TagRemoved { by, .. } | Entry::ImageDeleted { by, .. } => *by == Remover::Replication,
            _ => false,
        };
        if removes {
            return;
        }
        for (repository, image, tag, to) in std::mem::take(&mut self.removals) {
            let nothing = self.shelves.get(&(to, repository)).is_none_or(|shelf| match &tag {
                None => !shelf.images.contains_key(&image) || shelf.is_needed(image, false),
                Some(tag) => {
                    let last = shelf.tags_of(image).len() == 1;
                    shelf.tags.get(&**tag) != Some(&image) || (last && shelf.is_needed(image, false))
                }
            });
            self.check(nothing, || format!("not deleted: {tag:?} of {image} of {repository:?} in {to:?}"));
        }
    }

    pub(super) fn name(&self, repository: RepositoryId) -> &'m str {
        &self.model.demand.repositories[repository.0 as usize].name
    }

    pub(super) fn home(&self, repository: RepositoryId) -> RegistryId {
        self.homes[repository.0 as usize]
    }

    pub(super) fn shelf(&self, what: &Reference) -> &Repository {
        &self.shelves[&(what.registry, what.repository)]
    }

    fn has(&self, what: &Reference, image: u32) -> bool {
        self.shelf(what).images.contains_key(&image)
    }

    /// Changes a repository, weighs it again, and charges what left the archive early (C4, C5); `gone` = it left for
    /// good.
    pub(super) fn change<T>(
        &mut self,
        at: (RegistryId, RepositoryId),
        gone: bool,
        act: impl FnOnce(&mut Repository, Time) -> T,
    ) -> T {
        let shelf = self.shelves.get_mut(&at).expect("the repository was made");
        let before = self.books.archived(at);
        let archived = |shelf: &Repository| -> BTreeMap<u32, Time> {
            shelf.images.iter().filter_map(|(id, held)| Some((*id, held.archived?))).collect()
        };
        let were = archived(shelf);
        let result = act(shelf, self.now);
        let are = archived(shelf);
        self.books.weigh(&self.shelves, at);
        let left = before.saturating_sub(self.books.archived(at));
        // Those that leave together were archived together, but for an index and children of another age.
        if let Some(since) = were.iter().filter(|(id, _)| !are.contains_key(id)).map(|(_, since)| *since).max() {
            self.books.left_archive(at.0, left, since, !gone);
        }
        result
    }

    fn upkeep(&mut self, at: (RegistryId, RepositoryId), policy: &lifecycle::Acts, swept: &lifecycle::Acts) {
        let (now, lag) = (self.now, self.model.service.pull_time_lag);
        let Some(shelf) = self.shelves.get_mut(&at) else { return };
        let in_time = match (shelf.watched, shelf.last_run.replace(now)) {
            (None, _) => false,
            (Some(since), None) => since <= now && now <= since + Span(DAY),
            (Some(_), Some(last)) => now == last + Span(DAY),
        };
        let expected = lifecycle::policy(shelf, now, lag);
        let mut after = shelf.clone();
        for (image, action) in policy {
            match action {
                LifecycleAction::Expire => after.take(*image),
                LifecycleAction::Archive => after.put_away(now, *image),
            }
        }
        let expected_swept = lifecycle::sweep(&after);
        self.check(in_time, || format!("a daily run of {at:?} out of time"));
        self.check(expected == *policy, || format!("{at:?}: the policy acts on {expected:?}, not {policy:?}"));
        self.check(expected_swept == *swept, || format!("{at:?}: swept is {expected_swept:?}, not {swept:?}"));
    }

    pub(super) fn copy_ordered(&mut self, copy: &Arc<Copying>) {
        let pair = (copy.repository, copy.image.id, copy.tag.clone(), copy.to);
        let at_home = copy.from == self.home(copy.repository) && copy.from != copy.to;
        self.check(at_home, || format!("a copy of a copy (A20): {}", brief(copy)));
        let known = self.images.get(&copy.image.id).is_some_and(|image| *image == copy.image);
        self.check(known, || format!("another image than was pushed (A29): {}", brief(copy)));
        let expected = match copy.kind {
            CopyKind::Push => take(&mut self.owed, &pair),
            CopyKind::Backfill => {
                self.begin_backfill();
                self.backfill.as_mut().is_some_and(|backfill| take(backfill, &pair))
            }
            CopyKind::Job => true,
            CopyKind::Fetch => !self.caches.is_empty(),
        };
        self.check(expected, || format!("no rule orders {}", brief(copy)));
        let under = Under { copy: copy.clone(), ordered: self.now, begun: None, layers: BTreeMap::new() };
        self.copies.insert(copy.id, under);
    }
}

/// Takes one out; whether it was there.
pub(super) fn take(pairs: &mut Vec<Pair>, pair: &Pair) -> bool {
    let position = pairs.iter().position(|other| other == pair);
    position.map(|position| pairs.remove(position)).is_some()
}

/// A reference without its layers.
pub(super) fn named(what: &Reference) -> String {
    let Reference { registry, repository, image, tag } = what;
    format!("image {} {tag:?} of {repository:?} in {registry:?}", image.id)
}
