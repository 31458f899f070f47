//! What strikes of faults do to people: how long a standby takes to come up, what is missing there, which pulls fail.

use std::sync::Arc;

use crate::demand::{Asked, ClusterId, Push, RepositoryId, Request, Trigger};
use crate::faults::{Strike, When};
use crate::registry::Image;
use crate::units::{Span, Time};

use super::Model;
use super::outcome::{Around, StrikeOutcome};

/// The recoveries of a trial.
pub(super) struct Recoveries<'a> {
    model: &'a Model,
    /// By strike.
    strikes: Vec<Watched>,
    /// Strikes with a window of pulls around them.
    windows: Vec<usize>,
    /// The newest release of each repository, and when it was pushed.
    newest: Vec<Option<Release>>,
}

/// A release as a standby would ask for it.
#[derive(Clone)]
pub(super) struct Release {
    pub image: Arc<Image>,
    pub tag: Arc<str>,
    pub pushed: Time,
}

struct Watched {
    outcome: StrikeOutcome,
    asked: u64,
    served: u64,
    /// When the last of those served was unpacked.
    last: Time,
    /// The run ended before all nodes had come up.
    cut_short: bool,
}

impl<'a> Recoveries<'a> {
    pub fn new(model: &'a Model, strikes: &[Strike]) -> Self {
        let mut seen = vec![false; model.faults.len()];
        let watched = |strike: &Strike| {
            let whole = matches!(model.faults[strike.fault].when, When::WholeRun);
            // One window for each fault is enough for a chart, and bounds what random faults take in memory.
            let judged = strike.from >= Time::START;
            let first = judged && !std::mem::replace(&mut seen[strike.fault], true);
            let around = (first && !whole).then(|| Around::new(strike, model.cloud.regions.len()));
            let outcome = StrikeOutcome {
                strike: *strike,
                recovery: None,
                images_missing: None,
                oldest_missing: None,
                pulls_failed: 0,
                around,
            };
            Watched { outcome, asked: 0, served: 0, last: strike.from, cut_short: false }
        };
        let newest = vec![None; model.demand.repositories.len()];
        let strikes: Vec<Watched> = strikes.iter().map(watched).collect();
        let windows = (0..strikes.len()).filter(|index| strikes[*index].outcome.around.is_some()).collect();
        Recoveries { model, strikes, windows, newest }
    }

    /// Clusters that fail over on a fault.
    pub fn standbys(&self, fault: usize) -> impl Iterator<Item = ClusterId> + use<'a> {
        let fails_over = move |triggers: &[Trigger]| {
            triggers.iter().any(|trigger| matches!(trigger, Trigger::Failover { of, .. } if *of == fault))
        };
        let clusters = (0u16..).map(ClusterId).zip(&self.model.demand.clusters);
        clusters.filter(move |(_, cluster)| fails_over(&cluster.triggers)).map(|(id, _)| id)
    }

    /// A release was pushed.
    pub fn released(&mut self, push: &Push) {
        let Some(tag) = push.tag.clone() else { return };
        let release = Release { image: push.image.clone(), tag, pushed: push.at };
        self.newest[push.repository.0 as usize] = Some(release);
    }

    /// The newest release of a repository.
    pub fn newest(&self, repository: RepositoryId) -> Option<&Release> {
        self.newest[repository.0 as usize].as_ref()
    }

    /// What a strike finds missing when it begins: the ages of these releases.
    pub fn missing(&mut self, strike: usize, ages: &[Span]) {
        let outcome = &mut self.strikes[strike].outcome;
        outcome.images_missing = Some(u32::try_from(ages.len()).unwrap_or(u32::MAX));
        outcome.oldest_missing = ages.iter().max().copied();
    }

    /// A node asks for an image.
    pub fn asked(&mut self, request: &Asked) {
        if let Some(watched) = request.failover.and_then(|strike| self.strikes.get_mut(strike as usize)) {
            watched.asked += 1;
        }
    }

    /// A pull is unpacked at `end`.
    pub fn served(&mut self, request: &Asked, region: usize, end: Time) {
        if let Some(watched) = request.failover.and_then(|strike| self.strikes.get_mut(strike as usize)) {
            watched.served += 1;
            watched.last = watched.last.max(end);
        }
        for &window in &self.windows {
            self.strikes[window].count(end, |around, bin| around.served[region][bin] += 1);
        }
    }

    /// A pull is given up at `end`.
    pub fn failed(&mut self, request: &Request, region: usize, end: Time) {
        for watched in &mut self.strikes {
            let strike = watched.outcome.strike;
            watched.outcome.pulls_failed += u64::from(request.at < strike.until && end >= strike.from);
            watched.count(end, |around, bin| around.failed[region][bin] += 1);
        }
    }

    /// The run ended before the failovers of these strikes were over.
    pub fn cut_short(&mut self, strikes: &[u32]) {
        for strike in strikes {
            self.strikes[*strike as usize].cut_short = true;
        }
    }

    /// Ends the trial. Strikes of the warm-up, which nobody judges, are left out.
    pub fn close(mut self) -> Vec<StrikeOutcome> {
        for index in 0..self.strikes.len() {
            let fault = self.strikes[index].outcome.strike.fault;
            if self.standbys(fault).next().is_none() {
                continue;
            }
            let Watched { outcome, asked, served, last, cut_short } = &mut self.strikes[index];
            let complete = *asked > 0 && asked == served && !*cut_short;
            outcome.recovery = Some(complete.then(|| *last - outcome.strike.from));
        }
        let begins = |outcome: &StrikeOutcome| {
            let whole = matches!(self.model.faults[outcome.strike.fault].when, When::WholeRun);
            whole || outcome.strike.from >= Time::START
        };
        self.strikes.into_iter().map(|watched| watched.outcome).filter(begins).collect()
    }
}

impl Watched {
    fn count(&mut self, at: Time, add: impl FnOnce(&mut Around, usize)) {
        let Some(around) = &mut self.outcome.around else { return };
        let bin = (at - around.from).0.div_euclid(around.bin.0);
        if (0..Around::BINS as i64).contains(&bin) {
            add(around, bin as usize);
        }
    }
}
