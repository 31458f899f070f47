//! The listener: of all that happens in a trial it keeps what is about one image.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::copies::Copied;
use super::costs::{Cost, Costs};
use super::lifecycle;
use super::pulls::{End, Pulls, Tally};
use super::records::{CopyLife, EVENTS, Event, Stay};
use super::reference::Found;
use super::tenancy::{Tenancy, bytes_of, family};
use super::words::Words;
use crate::billing::{Bill, LineItem};
use crate::cloud::RegistryId;
use crate::demand::{EditKind, PathKind, RepositoryId};
use crate::engine::journal::{Act, Copying, Entry, Pulling, Reference, Remover};
use crate::registry::{CreatedBy, Image, LifecycleAction, Scanning, StorageClass};
use crate::scenario::Scenario;
use crate::strategy::{Kind, Strategy};
use crate::units::{DAY, Time, Usd};

/// What was kept.
pub(super) struct Told {
    pub pushed: Option<Time>,
    pub tags: BTreeSet<Arc<str>>,
    pub places: Vec<Stay>,
    pub copies: Vec<CopyLife>,
    pub events: Vec<Event>,
    pub events_in_all: u64,
    pub pulls: Pulls,
    pub costs: Vec<Cost>,
    pub cost: Usd,
}

/// A stay that is under way or over.
struct Visit {
    registry: RegistryId,
    by: &'static str,
    from: Time,
    until: Option<(Time, String)>,
    tags: BTreeSet<Arc<str>>,
}

/// A pull of the repository that is not over.
struct Asked {
    at: Time,
    found: Option<bool>,
    bytes: u64,
    cold: bool,
}

/// Follows a trial.
pub(super) struct Follower<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) words: Words<'a>,
    repository: RepositoryId,
    pub(super) image: Arc<Image>,
    family: BTreeSet<u32>,
    home: RegistryId,
    tenancy: Tenancy<'a>,
    pub(super) costs: Costs<'a>,
    pulls: Tally<'a>,
    asked: BTreeMap<u64, Asked>,
    pub(super) copies: BTreeMap<u64, Copied>,
    visits: Vec<Visit>,
    /// Who made the repository in a registry, and under which name.
    pub(super) made: BTreeMap<RegistryId, (Time, CreatedBy, Option<Arc<str>>)>,
    /// Children of the index at home, which are scanned by themselves.
    scanned: BTreeSet<u32>,
    pushed: Option<Time>,
    tags: BTreeSet<Arc<str>>,
    events: Vec<Event>,
    events_in_all: u64,
}

impl<'a> Follower<'a> {
    pub fn new(scenario: &'a Scenario, strategy: &Strategy, found: &Found) -> Follower<'a> {
        let words = Words::new(scenario);
        let home = match &strategy.kind {
            Kind::Centralized(central) => central.registry,
            _ => scenario.model.demand.repositories[found.repository.0 as usize].home,
        };
        Follower {
            scenario,
            words,
            repository: found.repository,
            image: found.image.clone(),
            family: family(&found.image),
            home,
            tenancy: Tenancy::new(&scenario.model, found.repository, &found.image),
            costs: Costs::new(scenario),
            pulls: Tally::new(words),
            asked: BTreeMap::new(),
            copies: BTreeMap::new(),
            visits: Vec::new(),
            made: BTreeMap::new(),
            scanned: BTreeSet::new(),
            pushed: None,
            tags: BTreeSet::new(),
            events: Vec::new(),
            events_in_all: 0,
        }
    }

    /// The next entry of the journal.
    pub fn follow(&mut self, at: Time, entry: &Entry) {
        let before = match entry {
            Entry::Upkeep { registry, .. } => self.tenancy.class(*registry, self.image.id),
            _ => None,
        };
        self.tenancy.follow(at, entry);
        match entry {
            Entry::Pushed(what) => self.was_pushed(at, what),
            Entry::PushRefused { what, cause } if self.is_it(what.repository, &what.image) => {
                let text = format!("a client's push was refused: {}", cause.name());
                self.tell(at, "push-refused", Some(what.registry), what.tag.as_ref(), text);
            }
            Entry::Placed(what) => {
                self.takes_tag(at, what);
                if self.is_it(what.repository, &what.image) {
                    self.arrives(at, what.registry, what.tag.as_ref(), "placed");
                    let text = "copied before the run began, as the scenario says".to_string();
                    self.tell(at, "placed", Some(what.registry), what.tag.as_ref(), text);
                }
            }
            Entry::Created { registry, repository, by, name } if *repository == self.repository => {
                self.made.insert(*registry, (at, *by, name.clone()));
            }
            Entry::CopyOrdered(copy) if self.is_ours(copy) => self.copy_ordered(at, copy),
            Entry::CopyBegun { copy, bytes } if self.is_ours(copy) => self.copy_begun(at, copy, *bytes),
            Entry::CopyMoved { copy, bytes, cut } if self.is_ours(copy) => self.copy_moved(at, copy, *bytes, *cut),
            Entry::CopyArrived { copy, tag_set, new_image } => self.copy_arrived(at, copy, *tag_set, *new_image),
            Entry::CopyFailed { copy, cause } if self.is_ours(copy) => {
                if let Some(copied) = self.copies.get_mut(&copy.id) {
                    copied.failed = Some(cause.name());
                }
                let text = format!("copy {} failed for good: {}", copy.id, cause.name());
                self.tell_copy(at, "copy-failed", copy, None, text);
            }
            Entry::TagRemoved { what, by } if self.is_it(what.repository, &what.image) => {
                self.drops_tag(what.registry, what.tag.as_ref());
                let text = format!("tag taken off by {}", by_whom(*by));
                self.tell(at, "tag-removed", Some(what.registry), what.tag.as_ref(), text);
            }
            Entry::ImageDeleted { registry, repository, image, by, .. } if self.is_it(*repository, image) => {
                self.goes(at, *registry, "deleted", &format!("deleted by {}", by_whom(*by)));
            }
            Entry::Archived(what) if self.is_it(what.repository, &what.image) => {
                self.tell(at, "archived", Some(what.registry), None, "a client moved it to the archive".into());
            }
            Entry::RestoreBegun(what) if self.is_it(what.repository, &what.image) => {
                self.tell(at, "restore-begun", Some(what.registry), None, "a client asked for it back".into());
            }
            Entry::Restored { registry, repository, image } if self.is_it(*repository, image) => {
                self.tell(at, "restored", Some(*registry), None, "back from the archive".into());
            }
            Entry::EditRefused { registry, repository, tag, kind, cause } if *repository == self.repository => {
                let held = self.visits.iter().any(|visit| visit.registry == *registry && visit.tags.contains(tag));
                if held {
                    let text = format!("a client's {} was refused: {}", edit(*kind), cause.name());
                    self.tell(at, "edit-refused", Some(*registry), Some(tag), text);
                }
            }
            Entry::Upkeep { registry, repository, acts } if *repository == self.repository => {
                let image = self.image.id;
                for act in acts.iter().filter(|act| act.image.id == image) {
                    self.acted_on(at, *registry, act, before.unwrap_or_default());
                }
            }
            Entry::Evicted { registry, repository, image } if self.is_it(*repository, image) => {
                self.goes(at, *registry, "evicted", "its time-to-live since the last pull is over");
            }
            Entry::Fault { fault, begins, .. } => {
                let is_there = self.visits.iter().any(|visit| visit.until.is_none());
                if is_there {
                    let name = &self.scenario.model.faults[*fault].name;
                    let (event, word) = if *begins { ("fault-begins", "begins") } else { ("fault-ends", "ends") };
                    self.tell(at, event, None, None, format!("fault `{name}` {word}"));
                }
            }
            Entry::PullAsked(pull)
                if pull.repository == self.repository && (pull.moving || self.family.contains(&pull.image.id)) =>
            {
                self.asked.insert(pull.id, Asked { at, found: None, bytes: 0, cold: false });
            }
            Entry::PullFound { pull, image, warm, .. } => {
                let is_it = self.family.contains(&image.id);
                if let Some(asked) = self.asked.get_mut(&pull.id) {
                    asked.found = Some(is_it);
                    asked.cold = !warm;
                }
            }
            Entry::PullMoved { pull, registry, bytes, times } => self.pull_moved(pull, *registry, *bytes, *times),
            Entry::PullServed { pull, registry, times } => {
                self.pull_over(pull, &End::Served(*registry, *times));
            }
            Entry::PullFailed { pull, cause } => self.pull_over(pull, &End::Failed(*cause)),
            _ => {}
        }
    }

    /// The trial is over and priced.
    pub fn close(mut self, bill: &Bill) -> Told {
        self.tenancy.close();
        for stretch in &self.tenancy.stretches {
            self.costs.kept(stretch);
        }
        for left in &self.tenancy.left {
            self.costs.left_archive(left);
        }
        let (costs, cost) = self.costs.priced(bill);
        let end = self.scenario.model.calendar.end;
        let places = self.visits.iter().map(|visit| {
            let until = visit.until.as_ref().map_or(end, |(at, _)| *at).clamp(Time::START, end);
            let class = self.tenancy.class(visit.registry, self.image.id).filter(|_| visit.until.is_none());
            Stay {
                place: self.words.place(visit.registry),
                arrived: self.words.moment(visit.from),
                by: visit.by,
                gone: visit.until.as_ref().map(|(at, _)| self.words.moment(*at)),
                gone_by: visit.until.as_ref().map(|(_, by)| by.clone()),
                days: (until - visit.from.clamp(Time::START, end)).0 as f64 / DAY as f64,
                class: class.map(|class| if class == StorageClass::Archive { "archive" } else { "standard" }),
                tags: visit.tags.iter().map(|tag| tag.to_string()).collect(),
            }
        });
        let places = places.collect();
        let words = self.words;
        let copies = self.copies.into_values().map(|copied| copied.told(&words));
        Told {
            pushed: self.pushed,
            tags: self.tags,
            places,
            copies: copies.collect(),
            events: self.events,
            events_in_all: self.events_in_all,
            pulls: self.pulls.close(),
            costs,
            cost,
        }
    }

    fn is_it(&self, repository: RepositoryId, image: &Image) -> bool {
        repository == self.repository && image.id == self.image.id
    }

    pub(super) fn is_ours(&self, copy: &Copying) -> bool {
        copy.repository == self.repository && self.family.contains(&copy.image.id)
    }

    fn tell(&mut self, at: Time, event: &'static str, place: Option<RegistryId>, tag: Option<&Arc<str>>, text: String) {
        self.events_in_all += 1;
        if self.events.len() < EVENTS {
            self.events.push(Event {
                time: self.words.moment(at),
                seconds: at.seconds(),
                event,
                place: place.map(|registry| self.words.place(registry)),
                tag: tag.map(|tag| tag.to_string()),
                copy: None,
                bytes: None,
                text,
            });
        }
    }

    pub(super) fn tell_copy(
        &mut self,
        at: Time,
        event: &'static str,
        copy: &Copying,
        bytes: Option<u64>,
        text: String,
    ) {
        let before = self.events.len();
        self.tell(at, event, Some(copy.to), copy.tag.as_ref(), text);
        if let Some(told) = self.events.get_mut(before) {
            (told.copy, told.bytes) = (Some(copy.id), bytes);
        }
    }

    pub(super) fn scan(&mut self, registry: RegistryId, at: Time) {
        if self.scenario.model.registries[usize::from(registry.0)].scanning == Scanning::Enhanced {
            let place = self.scenario.model.cloud.registry(registry);
            self.costs.scanned((place.account, place.region), at);
        }
    }

    fn was_pushed(&mut self, at: Time, what: &Reference) {
        self.takes_tag(at, what);
        let is_ours = what.repository == self.repository && self.family.contains(&what.image.id);
        if is_ours && (self.scanned.insert(what.image.id)) {
            self.scan(what.registry, at);
        }
        if what.image.id == self.image.id && what.repository != self.repository {
            let name = &self.scenario.model.demand.repositories[what.repository.0 as usize].name;
            let tag = what.tag.as_deref().unwrap_or("no tag");
            self.tell(
                at,
                "also-pushed",
                Some(what.registry),
                None,
                format!("the same image is now `{name}:{tag}` too"),
            );
        }
        if !self.is_it(what.repository, &what.image) {
            return;
        }
        let is_first = self.arrives(at, what.registry, what.tag.as_ref(), "push");
        self.pushed.get_or_insert(at);
        self.tags.extend(what.tag.clone());
        let (event, text) = match is_first {
            true => ("pushed", "a client's push is whole".to_string()),
            false => ("tag-set", "a further tag on the same image".to_string()),
        };
        let before = self.events.len();
        self.tell(at, event, Some(what.registry), what.tag.as_ref(), text);
        let bytes = bytes_of(&self.image);
        if let Some(told) = self.events.get_mut(before).filter(|_| is_first) {
            told.bytes = Some(bytes);
        }
    }

    /// Another image may take a tag of this one.
    pub(super) fn takes_tag(&mut self, at: Time, what: &Reference) {
        let Some(tag) = what.tag.as_ref().filter(|_| what.repository == self.repository) else { return };
        if what.image.id != self.image.id && self.drops_tag(what.registry, Some(tag)) {
            let text = format!("the tag has moved on to image {}", what.image.id);
            self.tell(at, "tag-moved", Some(what.registry), Some(tag), text);
        }
    }

    fn drops_tag(&mut self, registry: RegistryId, tag: Option<&Arc<str>>) -> bool {
        let Some(tag) = tag else { return false };
        let mut here = self.visits.iter_mut().filter(|visit| visit.registry == registry && visit.until.is_none());
        here.next().is_some_and(|visit| visit.tags.remove(tag))
    }

    /// The image is in a registry, under a tag; whether it was not before.
    pub(super) fn arrives(&mut self, at: Time, registry: RegistryId, tag: Option<&Arc<str>>, by: &'static str) -> bool {
        let here = self.visits.iter_mut().find(|visit| visit.registry == registry && visit.until.is_none());
        let is_new = here.is_none();
        match here {
            Some(visit) => visit.tags.extend(tag.cloned()),
            None => {
                let tags = tag.cloned().into_iter().collect();
                self.visits.push(Visit { registry, by, from: at, until: None, tags });
            }
        }
        is_new
    }

    fn goes(&mut self, at: Time, registry: RegistryId, event: &'static str, why: &str) {
        let here = self.visits.iter_mut().find(|visit| visit.registry == registry && visit.until.is_none());
        if let Some(visit) = here {
            visit.until = Some((at, why.to_string()));
        }
        self.tell(at, event, Some(registry), None, why.to_string());
    }

    fn acted_on(&mut self, at: Time, registry: RegistryId, act: &Act, class: StorageClass) {
        let here = self.visits.iter().find(|visit| visit.registry == registry && visit.until.is_none());
        let days = here.map_or(0.0, |visit| (at - visit.from).0 as f64 / DAY as f64);
        let model = &self.scenario.model;
        let repository = &model.demand.repositories[self.repository.0 as usize];
        let made = self.made.get(&registry);
        let name = made.and_then(|(_, _, name)| name.as_deref()).unwrap_or(&repository.name);
        let policy = match made {
            // Under one central registry too, a repository keeps the settings of its own home.
            _ if registry == self.home => model.registries[usize::from(repository.home.0)].home(name).lifecycle,
            Some((_, by, _)) => model.registries[usize::from(registry.0)].created(name, *by).lifecycle,
            None => model.registries[usize::from(registry.0)].home(name).lifecycle,
        };
        let why = lifecycle::reason(policy.as_ref(), act, class, days);
        match act.action {
            LifecycleAction::Expire => self.goes(at, registry, "expired", &why),
            LifecycleAction::Archive => self.tell(at, "archived", Some(registry), None, why),
        }
    }

    fn pull_moved(&mut self, pull: &Pulling, registry: RegistryId, bytes: u64, (begun, at): (Time, Time)) {
        let Some(asked) = self.asked.get_mut(&pull.id).filter(|asked| asked.found == Some(true)) else { return };
        asked.bytes = asked.bytes.saturating_add(bytes);
        if begun >= self.scenario.model.calendar.end {
            return;
        }
        let cluster = &self.scenario.model.demand.clusters[usize::from(pull.cluster.0)];
        let cloud = &self.scenario.model.cloud;
        let (here, there) = (cloud.registry(cluster.registry), cloud.registry(registry));
        let (ends, what) = ((there.region, here.region), || format!("pull {}", pull.id));
        self.costs.moved(LineItem::Pull, there.account, ends, bytes, at, &what);
        let path = if here.region == there.region { cluster.path.local } else { cluster.path.remote };
        if path == PathKind::Nat {
            self.costs.moved(LineItem::Nat, here.account, ends, bytes, at, &what);
        }
    }

    fn pull_over(&mut self, pull: &Pulling, end: &End) {
        let Some(asked) = self.asked.remove(&pull.id) else { return };
        let wanted = self.family.contains(&pull.image.id);
        match asked.found {
            Some(true) => self.pulls.over(pull, asked.at, asked.bytes, asked.cold, end),
            Some(false) if wanted && asked.at >= Time::START => self.pulls.given_another(),
            None if wanted => self.pulls.over(pull, asked.at, asked.bytes, false, end),
            _ => {}
        }
    }
}

fn by_whom(remover: Remover) -> &'static str {
    match remover {
        Remover::Client => "a client",
        Remover::Replication => "replication, since a rule carries deletions out (A41)",
    }
}

fn edit(kind: EditKind) -> &'static str {
    match kind {
        EditKind::Untag => "untag",
        EditKind::Delete => "delete",
        EditKind::Archive => "archive",
        EditKind::Restore => "restore",
    }
}
