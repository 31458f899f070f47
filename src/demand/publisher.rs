//! Turns push events into images, versions and tags, and says what they lead to elsewhere.
//!
//! One event puts one image into one repository under one or more tags: the version's own (by template, or as listed),
//! then, on a release, the moving ones. What is a *version* and what is a *release*:
//!
//! | event | version | release |
//! |---|---|---|
//! | a push by rate, times, list or manifest | yes | each `release_every`-th |
//! | a promotion into another repository | yes | yes |
//! | a promotion into the same repository | no | yes |
//! | a promotion of an image that is there already | no | yes |
//! | a listed tag put on an image that is there (`same_as`, or a digest seen before) | no | no |
//!
//! Versions count for promotions, others do not; so a ring of promotions ends where it began. In a promotion's tag
//! `{n}` is the number of the version in the repository that it comes from. Existing versions are not promoted.
//!
//! A version that is an index is pushed after its children, and its attachments after it; these have no tag. A list may
//! also take away, archive or restore what it has pushed.

use std::collections::HashMap;
use std::sync::Arc;

use super::books::Version;
use super::image::{Bases, Ids};
use super::repository::{RepositoryState, announce};
use super::versions::attachments;
use super::{Demand, Edit, ListedPush, Push, Pushes, Repository, RepositoryId, VersionFilter};
use crate::registry::Image;
use crate::sim::{Calendar, Purpose, Stream};
use crate::units::{Span, Time};

/// One push event, done.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) at: Time,
    pub(super) repository: RepositoryId,
    pub(super) image: Arc<Image>,
    /// Of the version that the image is in this repository.
    pub(super) number: u32,
    /// The how-manieth event of the repository, from 0.
    pub(super) event: u32,
    pub(super) version: bool,
    pub(super) release: bool,
    pub(super) new_image: bool,
    pub(super) promoted: bool,
    /// The version's own first; whether each moves.
    pub(super) tags: Vec<(Arc<str>, bool)>,
    /// Pushed with it, after it.
    pub(super) attachments: Vec<Arc<Image>>,
}

/// What a repository's clock brings.
pub(super) enum Due {
    /// A push.
    Push(Published),
    /// Something is done to what was pushed.
    Edit(Edit),
}

impl Published {
    /// Which of its tags a filter selects it by.
    pub(super) fn selected(&self, filter: &VersionFilter) -> Option<usize> {
        match filter {
            VersionFilter::Release => self.release.then_some(0),
            VersionFilter::Build => (self.version && !self.release).then_some(0),
            VersionFilter::All => (self.version || self.release).then_some(0),
            VersionFilter::Tags(patterns) => self.tags.iter().position(|(tag, _)| patterns.matches(tag)),
        }
    }

    /// The version as a deploy asks for it by one of its tags.
    pub(super) fn asked_by(&self, tag: usize) -> Version {
        let (tag, moving) = self.tags[tag].clone();
        Version::new(self.number, self.image.clone(), tag, moving)
    }

    /// One occurrence per tag; before them, those of an index's children where the index is new, and after them those of
    /// what was pushed along with it.
    pub(super) fn pushes(&self) -> impl Iterator<Item = Push> + '_ {
        let untagged = |image: &Arc<Image>| Push {
            at: self.at,
            repository: self.repository,
            image: image.clone(),
            tag: None,
            release: false,
            new_image: true,
            promoted: self.promoted,
        };
        let children = self.image.children.iter().filter(|_| self.new_image);
        let tagged = self.tags.iter().enumerate().map(move |(index, (tag, _))| Push {
            tag: Some(tag.clone()),
            release: self.release,
            new_image: self.new_image && index == 0,
            promoted: self.promoted && index == 0,
            ..untagged(&self.image)
        });
        children.map(untagged).chain(tagged).chain(self.attachments.iter().map(untagged))
    }
}

/// A promotion that is due.
#[derive(Debug)]
pub(super) struct Pending {
    from: RepositoryId,
    /// Index into the promotions of `from`.
    promotion: usize,
    /// Number of the version in `from`.
    number: u32,
    image: Arc<Image>,
}

/// Where an image with promotions ahead has been put so far, under which version number.
#[derive(Default)]
struct Journey {
    pending: u32,
    seen: Vec<(RepositoryId, u32)>,
}

/// A digest that rows of traces still name.
#[derive(Default)]
struct Digest {
    rows_left: u32,
    image: Option<Arc<Image>>,
    seen: Vec<(RepositoryId, u32)>,
}

/// All repositories' pushes.
pub(super) struct Publisher<'a> {
    pub(super) repositories: Vec<RepositoryState<'a>>,
    calendar: &'a Calendar,
    seed: u64,
    trial: u64,
    bases: Bases<'a>,
    ids: Ids,
    digests: HashMap<&'a str, Digest>,
    /// By image id.
    journeys: HashMap<u32, Journey>,
}

impl<'a> Publisher<'a> {
    pub(super) fn new(
        demand: &'a Demand,
        calendar: &'a Calendar,
        seed: u64,
        trial: u64,
        begin: Time,
        end: Time,
    ) -> Publisher<'a> {
        let state = |config| RepositoryState::new(config, demand, seed, trial, begin, end);
        let mut repositories: Vec<RepositoryState<'a>> = demand.repositories.iter().map(state).collect();
        announce(demand, &mut repositories);
        let mut digests: HashMap<&str, Digest> = HashMap::new();
        for repository in &demand.repositories {
            let Pushes::List(rows) = &repository.pushes else { continue };
            for digest in rows.iter().filter(|row| row.at >= begin).filter_map(|row| row.digest.as_deref()) {
                digests.entry(digest).or_default().rows_left += 1;
            }
        }
        Publisher {
            repositories,
            calendar,
            seed,
            trial,
            bases: Bases::new(&demand.bases, seed, trial, begin),
            ids: Ids::default(),
            digests,
            journeys: HashMap::new(),
        }
    }

    fn state(&mut self, repository: RepositoryId) -> &mut RepositoryState<'a> {
        &mut self.repositories[repository.0 as usize]
    }

    /// The versions that are at home before `begin`, in order of time.
    pub(super) fn existing(&mut self, begin: Time) -> Vec<Published> {
        let mut due: Vec<(Time, RepositoryId)> = Vec::new();
        for (id, state) in (0..).map(RepositoryId).zip(&self.repositories) {
            let Repository { existing, existing_gap: Span(gap), pushes, .. } = state.config;
            let count = match pushes {
                Pushes::Manifests(images) => images.len().min(*existing as usize) as i64,
                _ => i64::from(*existing),
            };
            // The last one lies one gap before the beginning.
            due.extend((1..=count).map(|back| (Time(begin.0.saturating_sub(gap.max(&1).saturating_mul(back))), id)));
        }
        due.sort_unstable();
        due.into_iter().map(|(at, id)| self.push(id, at)).collect()
    }

    /// What a repository's clock brings; `None` for a listed tag whose image is not there.
    pub(super) fn due(&mut self, repository: RepositoryId, at: Time) -> Option<Due> {
        let state = self.state(repository);
        match state.next_row() {
            Some(ListedPush { edit: Some(kind), at, tag, .. }) => {
                state.books.edit(tag, *kind);
                Some(Due::Edit(Edit { at: *at, repository, tag: tag.as_str().into(), kind: *kind }))
            }
            Some(row) => self.listed(repository, row).map(Due::Push),
            None => Some(Due::Push(self.push(repository, at))),
        }
    }

    /// A version by the repository's law, or its next real image.
    fn push(&mut self, repository: RepositoryId, at: Time) -> Published {
        let state = &mut self.repositories[repository.0 as usize];
        let manifest = state.next_manifest();
        let image = match (manifest, &mut state.images) {
            (Some(real), _) => self.ids.real(real, state.config.image.compression),
            (None, Some(images)) => images.next(at, &mut self.bases, &mut self.ids),
            (None, None) => unreachable!("a repository of real images has a push per image and no more"),
        };
        self.version(repository, at, image, manifest.map(|real| real.tag.as_str()))
    }

    /// A row of a list or trace.
    fn listed(&mut self, repository: RepositoryId, row: &'a ListedPush) -> Option<Published> {
        if let Some(same_as) = &row.same_as {
            let holder = self.state(repository).books.holder(same_as)?.clone();
            return Some(self.retag(repository, row, holder.image, holder.number));
        }
        let Some(name) = row.digest.as_deref() else { return Some(self.listed_version(repository, row, None)) };
        let digest = self.digests.entry(name).or_default();
        let image = digest.image.clone();
        let seen = digest.seen.iter().find(|(at, _)| *at == repository).map(|(_, number)| *number);
        let published = match (image, seen) {
            (Some(image), Some(number)) => self.retag(repository, row, image, number),
            (image, _) => self.listed_version(repository, row, image),
        };
        let digest = self.digests.entry(name).or_default();
        digest.rows_left = digest.rows_left.saturating_sub(1);
        if digest.rows_left == 0 {
            self.digests.remove(name);
        } else {
            digest.image = Some(published.image.clone());
            digest.seen.extend(published.version.then_some((repository, published.number)));
        }
        Some(published)
    }

    fn listed_version(&mut self, repository: RepositoryId, row: &ListedPush, image: Option<Arc<Image>>) -> Published {
        let state = &mut self.repositories[repository.0 as usize];
        let images = state.images.as_mut().expect("only real images have no lineage, and they are not listed");
        let image = image.unwrap_or_else(|| images.next(row.at, &mut self.bases, &mut self.ids));
        self.version(repository, row.at, image, Some(&row.tag))
    }

    /// An own version of a repository.
    fn version(&mut self, repository: RepositoryId, at: Time, image: Arc<Image>, tag: Option<&str>) -> Published {
        let calendar = self.calendar;
        let state = self.state(repository);
        state.versions += 1;
        state.own += 1;
        let tags = &state.config.tags;
        let release = tags.release_every > 0 && state.own.is_multiple_of(tags.release_every);
        state.releases += u32::from(release);
        let template = if release { &tags.release } else { &tags.build };
        let tag = match tag {
            Some(tag) => (tag.into(), state.moves(tag)),
            None => (template.fill(state.versions, state.releases, at, calendar), template.is_moving()),
        };
        let (number, config) = (state.versions, state.config);
        let attachments = attachments(config, &image, number, (self.seed, self.trial), &mut self.ids);
        let event = Event { at, image, number, version: true, release, new_image: true, promoted: false };
        Published { attachments, ..self.publish(repository, event, tag) }
    }

    /// A listed tag on an image that the repository has.
    fn retag(&mut self, repository: RepositoryId, row: &ListedPush, image: Arc<Image>, number: u32) -> Published {
        let tag = (row.tag.as_str().into(), self.state(repository).moves(&row.tag));
        let event =
            Event { at: row.at, image, number, version: false, release: false, new_image: false, promoted: false };
        self.publish(repository, event, tag)
    }

    /// Carries a promotion out.
    pub(super) fn promote(&mut self, pending: Pending, at: Time) -> Published {
        let calendar = self.calendar;
        let Pending { from, promotion, number, image } = pending;
        let state = self.state(from);
        state.promotions[promotion].made += 1;
        let config = &state.config.promotions[promotion];
        let to = config.to;
        let tag = config.tag.fill(number, state.promotions[promotion].made, at, calendar);
        let moving = config.tag.is_moving() || self.state(to).moves(&tag);
        let journey = self.journeys.entry(image.id).or_default();
        let there = journey.seen.iter().find(|(repository, _)| *repository == to).map(|(_, number)| *number);
        let id = image.id;
        let version = there.is_none();
        let number = there.unwrap_or_else(|| {
            let state = &mut self.repositories[to.0 as usize];
            state.versions += 1;
            journey.seen.push((to, state.versions));
            state.versions
        });
        let event = Event { at, image, number, version, release: true, new_image: version, promoted: true };
        let published = self.publish(to, event, (tag, moving));
        if let Some(journey) = self.journeys.get_mut(&id) {
            journey.pending = journey.pending.saturating_sub(1);
        }
        published
    }

    fn publish(&mut self, repository: RepositoryId, event: Event, tag: (Arc<str>, bool)) -> Published {
        let state = self.state(repository);
        let mut tags = vec![tag];
        if event.release {
            let moving = state.moving.iter().filter(|moving| **moving != tags[0].0).cloned().collect::<Vec<_>>();
            tags.extend(moving.into_iter().map(|tag| (tag, true)));
        }
        let Event { at, image, number, version, release, new_image, promoted } = event;
        let event = state.events;
        state.events += 1;
        let attachments = Vec::new();
        let published = Published {
            at,
            repository,
            image,
            number,
            event,
            version,
            release,
            new_image,
            promoted,
            tags,
            attachments,
        };
        state.books.record(&published);
        published
    }

    /// Promotions that a push leads to, before `end`. Call it once for each push, after [`Self::promote`] too.
    pub(super) fn onward(&mut self, published: &Published, end: Time) -> Vec<(Time, Pending)> {
        let (seed, trial) = (self.seed, self.trial);
        let mut due = Vec::new();
        let state = self.state(published.repository);
        if published.version {
            for (index, promotion) in state.config.promotions.iter().enumerate() {
                let counts = &mut state.promotions[index];
                if published.selected(&promotion.of).is_none() {
                    continue;
                }
                counts.matched += 1;
                if !counts.matched.is_multiple_of(promotion.every.max(1)) {
                    continue;
                }
                let key = state.config.key.child(index as u64).child(u64::from(counts.matched));
                let mut stream = Stream::new(seed, trial, key, Purpose::Promotion);
                let after = Span(libm::round(promotion.after.sample(&mut stream)).max(0.0) as i64);
                let at = published.at + after;
                if at < end {
                    let (number, image) = (published.number, published.image.clone());
                    due.push((at, Pending { from: published.repository, promotion: index, number, image }));
                }
            }
        }
        let id = published.image.id;
        if !due.is_empty() {
            let journey = self.journeys.entry(id).or_default();
            journey.pending += due.len() as u32;
            if !journey.seen.iter().any(|(repository, _)| *repository == published.repository) {
                journey.seen.push((published.repository, published.number));
            }
        }
        if self.journeys.get(&id).is_some_and(|journey| journey.pending == 0) {
            self.journeys.remove(&id);
        }
        due
    }
}

/// What a push event does, before its tags are complete.
struct Event {
    at: Time,
    image: Arc<Image>,
    number: u32,
    version: bool,
    release: bool,
    new_image: bool,
    promoted: bool,
}

#[cfg(test)]
mod tests {
    use super::super::source::fixture::{calendar, demand, list, listed, repository};
    use super::super::{Promotion, TagTemplate};
    use super::*;
    use crate::sim::Law;

    #[test]
    fn a_journey_is_forgotten_with_its_last_promotion() {
        let to = |to, tag: &str| Promotion {
            to: RepositoryId(to),
            of: VersionFilter::All,
            every: 1,
            after: Law::Constant(0.0),
            tag: TagTemplate(tag.into()),
        };
        // Two ways from dev to prod: the second finds the image there.
        let dev = Repository { promotions: vec![to(1, "a-{r}"), to(1, "b-{r}")], ..repository("dev") };
        let demand = demand(vec![dev, repository("prod")], Vec::new());
        let calendar = calendar();
        let end = Time(100);
        let mut publisher = Publisher::new(&demand, &calendar, 1, 1, Time(0), end);
        let published = publisher.push(RepositoryId(0), Time(5));
        let mut seen = Vec::new();
        for (at, pending) in publisher.onward(&published, end) {
            let published = publisher.promote(pending, at);
            seen.push((published.tags[0].0.to_string(), published.version, published.release, published.number));
            assert!(publisher.onward(&published, end).is_empty());
        }
        assert_eq!(seen, [("a-1".into(), true, true, 1), ("b-1".into(), false, true, 1)]);
        assert!(publisher.journeys.is_empty());
        let late = publisher.push(RepositoryId(0), end);
        assert!(publisher.onward(&late, end).is_empty(), "what would come after the end does not come");
        assert!(publisher.journeys.is_empty());
    }

    #[test]
    fn a_digest_is_forgotten_with_its_last_row() {
        let row = |tag, digest: &str| ListedPush { digest: Some(digest.into()), ..listed(0, tag) };
        let rows = vec![row("a", "x"), row("b", "y"), row("c", "x")];
        let demand = demand(vec![Repository { pushes: Pushes::List(list(rows)), ..repository("app") }], Vec::new());
        let calendar = calendar();
        let mut publisher = Publisher::new(&demand, &calendar, 1, 1, Time(0), Time(100));
        let held = [(); 3].map(|()| {
            let due = publisher.due(RepositoryId(0), Time(0));
            (matches!(due, Some(Due::Push(published)) if published.version), publisher.digests.len())
        });
        assert_eq!(held, [(true, 2), (true, 1), (false, 0)]);
    }
}
