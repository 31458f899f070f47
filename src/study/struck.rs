//! What faults did, over all trials of a strategy.
//!
//! Faults of the whole run are left out: they have no start to recover from. Of each strike only a few figures are
//! kept. Pulls around a strike are many, so they are kept for the first strike of each fault in a trial, summed over
//! trials.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Around, StrikeOutcome};
use crate::faults::{Fault, Strike, When};

/// All that is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Struck {
    /// By trial, then in order of time; without the pulls around.
    pub strikes: Vec<Hit>,
    /// By fault.
    pub around: BTreeMap<usize, AroundSums>,
}

/// One strike.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hit {
    /// From 1.
    pub trial: u64,
    /// What it did; without the pulls around it.
    pub outcome: StrikeOutcome,
}

/// Pulls around the first strike of a fault in each trial.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AroundSums {
    /// The strike of the first of these trials.
    pub strike: Strike,
    /// Trials summed.
    pub trials: u64,
    /// Sums over these trials, on the clock of the first.
    pub sum: Around,
    /// The first trial by itself.
    first: Around,
    /// Whether strikes of another length were met: their bins are others, so the first trial stands alone.
    differs: bool,
}

impl Struck {
    /// Adds what a trial's strikes did.
    pub fn add(&mut self, faults: &[Fault], trial: u64, strikes: Vec<StrikeOutcome>) {
        let mut seen = BTreeSet::new();
        for mut outcome in strikes.into_iter().filter(|it| can_end(faults, it.strike.fault)) {
            let around = outcome.around.take();
            if let Some(around) = around.filter(|_| seen.insert(outcome.strike.fault)) {
                self.add_around(outcome.strike, around);
            }
            self.strikes.push(Hit { trial, outcome });
        }
    }

    fn add_around(&mut self, strike: Strike, around: Around) {
        let Some(sums) = self.around.get_mut(&strike.fault) else {
            let sums = AroundSums { strike, trials: 1, sum: around.clone(), first: around, differs: false };
            self.around.insert(strike.fault, sums);
            return;
        };
        let offset = |strike: Strike, around: &Around| strike.from.0.saturating_sub(around.from.0);
        let same = around.bin == sums.first.bin && offset(strike, &around) == offset(sums.strike, &sums.first);
        if !same && !sums.differs {
            (sums.sum, sums.trials, sums.differs) = (sums.first.clone(), 1, true);
        }
        if sums.differs {
            return;
        }
        sums.trials += 1;
        for (mine, theirs) in [(&mut sums.sum.served, &around.served), (&mut sums.sum.failed, &around.failed)] {
            for (mine, theirs) in mine.iter_mut().flatten().zip(theirs.iter().flatten()) {
                *mine = mine.saturating_add(*theirs);
            }
        }
    }
}

/// Whether a fault has a start and an end within the run.
pub(super) fn can_end(faults: &[Fault], fault: usize) -> bool {
    faults.get(fault).is_some_and(|fault| !matches!(fault.when, When::WholeRun))
}
