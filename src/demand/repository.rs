//! One repository's own clock: when it is pushed to, how many versions there are so far, and which of them somebody may
//! still ask for.
//!
//! Versions are numbered from 1, existing ones first, promoted ones included; each `release_every`-th of the
//! repository's *own* versions is a release.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::books::Books;
use super::versions::Versions;
use super::{Demand, ListedPush, Pushes, RealImage, Repository, Trigger};
use crate::sim::{Arrivals, Purpose, Stream};
use crate::units::Time;

/// The state of a repository's pushes.
pub(super) struct RepositoryState<'a> {
    pub(super) config: &'a Repository,
    clock: Clock<'a>,
    batches: Stream,
    /// `None` when its images are real ones.
    pub(super) images: Option<Versions>,
    /// Versions so far.
    pub(super) versions: u32,
    /// Versions of its own so far.
    pub(super) own: u32,
    /// Releases by `release_every` so far.
    pub(super) releases: u32,
    /// Push events so far, retags included: the index of draws that belong to one of them.
    pub(super) events: u32,
    pub(super) promotions: Vec<PromotionCounts>,
    /// [`super::Tags::moving`].
    pub(super) moving: Vec<Arc<str>>,
    /// Listed tags that are set more than once.
    repeated: HashSet<&'a str>,
    /// What may be asked for.
    pub(super) books: Books<'a>,
}

/// How often a promotion has come to pass.
#[derive(Clone, Copy, Default)]
pub(super) struct PromotionCounts {
    /// Versions that counted.
    pub(super) matched: u32,
    /// Promotions made.
    pub(super) made: u32,
}

enum Clock<'a> {
    Never,
    Arrivals(Box<(Arrivals, Stream)>),
    Times(std::slice::Iter<'a, Time>),
    List(&'a [ListedPush]),
    /// The images that are not existing ones, and how many have been pushed.
    Manifests {
        images: &'a [RealImage],
        next: usize,
        end: Time,
    },
}

impl<'a> RepositoryState<'a> {
    pub(super) fn new(
        config: &'a Repository,
        demand: &'a Demand,
        seed: u64,
        trial: u64,
        begin: Time,
        end: Time,
    ) -> RepositoryState<'a> {
        let stream = |purpose| Stream::new(seed, trial, config.key, purpose);
        let mut wanted: Vec<&str> = Vec::new();
        let mut edited = false;
        let mut rows: Vec<&ListedPush> = Vec::new();
        let mut repeated = HashSet::new();
        let clock = match &config.pushes {
            Pushes::None => Clock::Never,
            Pushes::Rate { intensity, even } => {
                let arrivals = if *even { Arrivals::even } else { Arrivals::poisson };
                Clock::Arrivals(Box::new((arrivals(intensity.clone(), begin), stream(Purpose::PushTimes))))
            }
            Pushes::Times(times) => Clock::Times(times[times.partition_point(|at| *at < begin)..].iter()),
            Pushes::List(list) => {
                let list = &list[list.partition_point(|push| push.at < begin)..];
                wanted.extend(list.iter().filter_map(|push| push.same_as.as_deref()));
                edited = list.iter().any(|push| push.edit.is_some());
                let pushed = || list.iter().filter(|push| push.edit.is_none());
                let mut digests = HashSet::new();
                rows.extend(pushed().filter(|push| {
                    push.same_as.is_none() && push.digest.as_deref().is_none_or(|digest| digests.insert(digest))
                }));
                repeated = repeated_tags(pushed().map(|push| (push.tag.as_str(), push.digest.as_deref())));
                Clock::List(list)
            }
            Pushes::Manifests(images) => {
                let existing = images.len().min(config.existing as usize);
                repeated = repeated_tags(images.iter().map(|image| (image.tag.as_str(), None)));
                Clock::Manifests { images: &images[existing..], next: 0, end }
            }
        };
        let images = (!matches!(clock, Clock::Manifests { .. }))
            .then(|| Versions::new(config, demand, (seed, trial), config.existing as usize, &rows));
        RepositoryState {
            config,
            clock,
            batches: stream(Purpose::PushBatch),
            images,
            versions: 0,
            own: 0,
            releases: 0,
            events: 0,
            promotions: vec![PromotionCounts::default(); config.promotions.len()],
            moving: config.tags.moving.iter().map(|tag| tag.as_str().into()).collect(),
            repeated,
            books: Books::new(wanted.into_iter(), edited),
        }
    }

    /// When the next push event comes. Call it once per event.
    pub(super) fn advance(&mut self) -> Option<Time> {
        match &mut self.clock {
            Clock::Never => None,
            Clock::Arrivals(clock) => clock.0.next(&mut clock.1),
            Clock::Times(times) => times.next().copied(),
            Clock::List(list) => list.first().map(|push| push.at),
            Clock::Manifests { images, next, end } => {
                let (index, count) = (*next as i128, images.len() as i128);
                *next += 1;
                // The i-th of n in the middle of its n-th part of the period.
                (index < count).then(|| Time((i128::from(end.0) * (2 * index + 1) / (2 * count)) as i64))
            }
        }
    }

    /// Versions of the push event that is due.
    pub(super) fn batch(&mut self) -> u32 {
        match self.clock {
            Clock::List(_) | Clock::Manifests { .. } | Clock::Never => 1,
            Clock::Arrivals(_) | Clock::Times(_) => {
                libm::round(self.config.batch.sample(&mut self.batches)).max(1.0) as u32
            }
        }
    }

    /// The row that is due, if pushes are listed.
    pub(super) fn next_row(&mut self) -> Option<&'a ListedPush> {
        let Clock::List(list) = &mut self.clock else { return None };
        let (first, rest) = list.split_first()?;
        *list = rest;
        Some(first)
    }

    /// The real image of the repository's next own version, if it has such.
    pub(super) fn next_manifest(&self) -> Option<&'a RealImage> {
        match &self.config.pushes {
            Pushes::Manifests(images) => images.get(self.own as usize),
            _ => None,
        }
    }

    /// Whether `tag` moves from version to version.
    pub(super) fn moves(&self, tag: &str) -> bool {
        self.repeated.contains(tag) || self.moving.iter().any(|moving| **moving == *tag)
    }
}

/// Lets every repository know which versions and tags the clusters may ask for.
pub(super) fn announce<'a>(demand: &'a Demand, repositories: &mut [RepositoryState<'a>]) {
    for cluster in &demand.clusters {
        for id in &cluster.runs {
            let books = &mut repositories[id.0 as usize].books;
            books.serve(cluster.version);
            if cluster.deploys_by_fault() {
                books.serve_releases();
            }
        }
        for trigger in &cluster.triggers {
            let Trigger::List(pulls) = trigger else { continue };
            for pull in pulls.iter() {
                let books = &mut repositories[pull.repository.0 as usize].books;
                match &pull.tag {
                    Some(tag) => books.serve_tag(tag),
                    None => books.serve(cluster.version),
                }
            }
        }
    }
}

/// Tags that are set on more than one image.
fn repeated_tags<'a>(tags: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> HashSet<&'a str> {
    let mut first: HashMap<&str, Option<&str>> = HashMap::new();
    let mut repeated = HashSet::new();
    for (tag, digest) in tags {
        match first.get(tag) {
            None => drop(first.insert(tag, digest)),
            Some(earlier) if digest.is_some() && *earlier == digest => {}
            Some(_) => drop(repeated.insert(tag)),
        }
    }
    repeated
}
