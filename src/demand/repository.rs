//! One repository's own clock: when it is pushed to, how many versions there are so far, and which of them somebody may
//! still ask for.
//!
//! Versions are numbered from 1, existing ones first, promoted ones included; each `release_every`-th of the
//! repository's *own* versions is a release. Only what a trigger can ask for is kept: as many of the newest versions as
//! some cluster chooses from, and the holders of tags that a list names.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::image::Lineage;
use super::publisher::Published;
use super::{Demand, ListedPush, Pushes, RealImage, Repository, Trigger, VersionChoice};
use crate::registry::Image;
use crate::sim::{Arrivals, Purpose, Stream};
use crate::units::Time;

/// A version as a trigger asks for it.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// From 1 in its repository.
    pub(super) number: u32,
    pub(super) image: Arc<Image>,
    /// The tag to ask by.
    pub(super) tag: Arc<str>,
    /// Whether that tag moves.
    pub(super) moving: bool,
}

/// The state of a repository's pushes.
pub(super) struct RepositoryState<'a> {
    pub(super) config: &'a Repository,
    clock: Clock<'a>,
    batches: Stream,
    /// `None` when its images are real ones.
    pub(super) lineage: Option<Lineage>,
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
    /// The newest versions, oldest first; at most `depth`.
    recent: VecDeque<Version>,
    depth: usize,
    /// What holds the tags that a list of pushes or pulls names.
    wanted: HashMap<&'a str, Option<Version>>,
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
        let mut wanted = HashMap::new();
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
                wanted.extend(list.iter().filter_map(|push| Some((push.same_as.as_deref()?, None))));
                let mut digests = HashSet::new();
                rows.extend(list.iter().filter(|push| {
                    push.same_as.is_none() && push.digest.as_deref().is_none_or(|digest| digests.insert(digest))
                }));
                repeated = repeated_tags(list.iter().map(|push| (push.tag.as_str(), push.digest.as_deref())));
                Clock::List(list)
            }
            Pushes::Manifests(images) => {
                let existing = images.len().min(config.existing as usize);
                repeated = repeated_tags(images.iter().map(|image| (image.tag.as_str(), None)));
                Clock::Manifests { images: &images[existing..], next: 0, end }
            }
        };
        let lineage = (!matches!(clock, Clock::Manifests { .. })).then(|| {
            let mut shape = stream(Purpose::ImageShape);
            Lineage::new(&config.image, &demand.bases, &mut shape, config.existing as usize, &rows)
        });
        RepositoryState {
            config,
            clock,
            batches: stream(Purpose::PushBatch),
            lineage,
            versions: 0,
            own: 0,
            releases: 0,
            events: 0,
            promotions: vec![PromotionCounts::default(); config.promotions.len()],
            moving: config.tags.moving.iter().map(|tag| tag.as_str().into()).collect(),
            repeated,
            recent: VecDeque::new(),
            depth: 1,
            wanted,
        }
    }

    /// Notes what a cluster that runs the repository, or lists pulls of it, may ask for.
    pub(super) fn serve(&mut self, version: VersionChoice) {
        if let VersionChoice::NewestOf(depth) = version {
            self.depth = self.depth.max(depth as usize);
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

    /// Remembers a push for those who may ask for it.
    pub(super) fn record(&mut self, published: &Published) {
        let version = |(tag, moving): &(Arc<str>, bool)| Version {
            number: published.number,
            image: published.image.clone(),
            tag: tag.clone(),
            moving: *moving,
        };
        if !self.wanted.is_empty() {
            for tag in &published.tags {
                if let Some(holder) = self.wanted.get_mut(&*tag.0) {
                    *holder = Some(version(tag));
                }
            }
        }
        if published.version {
            if self.recent.len() == self.depth {
                self.recent.pop_front();
            }
            self.recent.extend(published.tags.first().map(version));
        }
    }

    /// The `back`-th newest version, 0 being the newest.
    pub(super) fn recent(&self, back: usize) -> Option<&Version> {
        self.recent.iter().nth_back(back)
    }

    /// How many of the newest `n` versions there are.
    pub(super) fn available(&self, n: u32) -> usize {
        self.recent.len().min(n as usize)
    }

    /// What holds a tag that a list names.
    pub(super) fn holder(&self, tag: &str) -> Option<&Version> {
        self.wanted.get(tag)?.as_ref()
    }
}

/// Lets every repository know which versions and tags the clusters may ask for.
pub(super) fn announce<'a>(demand: &'a Demand, repositories: &mut [RepositoryState<'a>]) {
    for cluster in &demand.clusters {
        for id in &cluster.runs {
            repositories[id.0 as usize].serve(cluster.version);
        }
        for trigger in &cluster.triggers {
            let Trigger::List(pulls) = trigger else { continue };
            for pull in pulls.iter() {
                let repository = &mut repositories[pull.repository.0 as usize];
                match &pull.tag {
                    Some(tag) => drop(repository.wanted.entry(tag).or_default()),
                    None => repository.serve(cluster.version),
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
