//! The time-to-live that would have cost least, over the gaps between pulls that a run has shown.
//!
//! A cache that drops an image T after its last pull keeps its bytes for min(g, T) of a gap of length g, and fetches them
//! again when g > T; behind the last pull it keeps them for T at most and fetches nothing. As T rises, keeping costs more
//! and more, and a fetch is saved only where T reaches a gap: the minimum sits at nothing or at the length of a gap, and
//! never behind the longest one. A job looks now and then, so T is a whole number of its steps, and a gap counts by the
//! steps that it takes to cover it; over those the minimum is exact.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use super::verify::Means;
use super::ways::{Column, Manner, Ttls, Way, break_even_exactly, destinations, pure};
use crate::cloud::RegistryId;
use crate::engine::journal::Entry;
use crate::engine::{Model, run_with_journal};
use crate::scenario::Scenario;
use crate::study::StudyError;
use crate::study::in_order::in_order;
use crate::units::{HOUR, Span, Time};

/// How often a job can look: the step of its times-to-live.
const STEP: Span = Span(HOUR);

/// Gaps between the pulls of images, by how many steps cover them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gaps {
    step: Span,
    bins: BTreeMap<i64, Bin>,
}

/// Gaps that the same number of steps covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bin {
    /// Bytes of all of them.
    bytes: u128,
    /// Bytes times nanoseconds of all of them.
    kept: u128,
    /// Bytes of those that a pull ended.
    pulled: u128,
}

impl Bin {
    fn add(&mut self, other: &Bin) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.kept = self.kept.saturating_add(other.kept);
        self.pulled = self.pulled.saturating_add(other.pulled);
    }
}

impl Gaps {
    /// None yet, for times-to-live of whole steps.
    pub fn new(step: Span) -> Gaps {
        Gaps { step: Span(step.0.max(1)), bins: BTreeMap::new() }
    }

    /// So long an image of so many bytes was not pulled; then it was, or (`pulled` = false) the run ended.
    pub fn add(&mut self, gap: Span, bytes: u64, pulled: bool) {
        let gap = gap.0.max(0);
        let steps = gap / self.step.0 + i64::from(gap % self.step.0 > 0);
        let bytes = u128::from(bytes);
        let kept = bytes.saturating_mul(gap.unsigned_abs().into());
        self.bins.entry(steps).or_default().add(&Bin { bytes, kept, pulled: if pulled { bytes } else { 0 } });
    }

    /// Adds another's, of the same step.
    pub fn join(&mut self, other: &Gaps) {
        for (steps, bin) in &other.bins {
            self.bins.entry(*steps).or_default().add(bin);
        }
    }

    /// The time-to-live of whole steps that costs least, the shortest of equal ones; `even` is for how long keeping bytes
    /// costs as much as fetching them once.
    pub fn best(&self, even: Span) -> Span {
        let even: u128 = even.0.max(0).unsigned_abs().into();
        let mut left = Bin::default();
        self.bins.values().for_each(|bin| left.add(bin));
        // All that is not covered is kept for the whole of T, and fetched again if it is pulled again.
        let cost = |ttl: u128, covered: u128, left: &Bin| {
            let kept = covered.saturating_add(ttl.saturating_mul(left.bytes));
            kept.saturating_add(even.saturating_mul(left.pulled))
        };
        let (mut least, mut best, mut covered) = (cost(0, 0, &left), Span(0), 0u128);
        for (steps, bin) in &self.bins {
            left.bytes = left.bytes.saturating_sub(bin.bytes);
            left.pulled = left.pulled.saturating_sub(bin.pulled);
            covered = covered.saturating_add(bin.kept);
            let ttl = Span(steps.saturating_mul(self.step.0));
            let one = cost(ttl.0.unsigned_abs().into(), covered, &left);
            if one < least {
                (least, best) = (one, ttl);
            }
        }
        best
    }
}

/// Gaps by repository and registry.
type Observed = BTreeMap<(u32, RegistryId), Gaps>;

/// The best time-to-live of every repository at every registry, from runs of all trials in which everything is pulled
/// across: pulls do not depend on where they are served from.
///
/// # Errors
/// See [`StudyError`].
pub fn observe(scenario: &Scenario, means: Means<'_>) -> Result<Ttls, StudyError> {
    let mut model = scenario.model.clone();
    let destinations = destinations(&model);
    let across = Column::Same(Way::Across);
    let strategy = pure(&model, &Manner::of(&model), across, &destinations, &Ttls::new(), "across");
    let index = model.strategies.len();
    model.strategies.push(strategy);
    let trials = scenario.run.trials.max(1);
    means.progress.planned(trials);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(means.jobs).build()?;
    let make = |trial: usize| {
        let mut watch = Watch { model: &model, last: BTreeMap::new(), seen: BTreeMap::new() };
        run_with_journal(&model, index, scenario.run.seed, trial as u64 + 1, &mut |at, entry| watch.see(at, entry));
        means.progress.trial_done();
        watch.close()
    };
    let mut all: Observed = BTreeMap::new();
    let finished = in_order(&pool, trials as usize, means.interrupt, make, |_, seen| {
        for (key, gaps) in &seen {
            all.entry(*key).or_insert_with(|| Gaps::new(STEP)).join(gaps);
        }
        ControlFlow::Continue(())
    });
    if !finished || means.interrupt.load(Ordering::Relaxed) {
        return Err(StudyError::Interrupted);
    }
    // What is best dropped at once is dropped when the job next looks.
    let best =
        |(key, gaps): (&(u32, RegistryId), &Gaps)| (*key, gaps.best(break_even_exactly(key.1, &model)).max(STEP));
    Ok(all.iter().map(best).collect())
}

/// Sees when images are pulled at registries that are not their home.
struct Watch<'a> {
    model: &'a Model,
    /// When an image was last pulled, and its bytes; by repository, registry and image.
    last: BTreeMap<(u32, RegistryId, u32), (Time, u64)>,
    seen: Observed,
}

impl Watch<'_> {
    fn see(&mut self, at: Time, entry: &Entry) {
        let Entry::PullFound { pull, image, .. } = entry else { return };
        let repository = pull.repository.0;
        let registry = self.model.demand.clusters[usize::from(pull.cluster.0)].registry;
        if registry == self.model.demand.repositories[repository as usize].home {
            return;
        }
        let bytes = image.pulled().layers.iter().map(|layer| layer.bytes).sum();
        if let Some((before, bytes)) = self.last.insert((repository, registry, image.id), (at, bytes)) {
            self.gap((repository, registry), (before, at), bytes, true);
        }
    }

    /// A gap, of which the part within the period is paid for.
    fn gap(&mut self, key: (u32, RegistryId), (from, to): (Time, Time), bytes: u64, pulled: bool) {
        let (from, end) = (from.max(Time::START), self.model.calendar.end);
        if to >= Time::START && from <= end {
            self.seen.entry(key).or_insert_with(|| Gaps::new(STEP)).add(to.min(end) - from, bytes, pulled);
        }
    }

    fn close(mut self) -> Observed {
        let end = self.model.calendar.end;
        for ((repository, registry, _), (at, bytes)) in std::mem::take(&mut self.last) {
            self.gap((repository, registry), (at, end), bytes, false);
        }
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::DAY;

    /// Length in nanoseconds, bytes, whether a pull ended it.
    type Gap = (i64, u64, bool);

    /// By the definition, gap by gap.
    fn cost(gaps: &[Gap], even: i64, ttl: i64) -> u128 {
        let one = |(gap, bytes, pulled): &Gap| {
            let fetch = if *pulled && *gap > ttl { even } else { 0 };
            u128::from(*bytes) * (gap.min(&ttl) + fetch).unsigned_abs() as u128
        };
        gaps.iter().map(one).sum()
    }

    /// The slow twin: every whole number of steps up to the longest gap and beyond.
    fn by_hand(gaps: &[Gap], even: i64, step: i64) -> i64 {
        let longest = gaps.iter().map(|gap| gap.0).max().unwrap_or(0);
        let all = (0..=longest / step + 2).map(|steps| steps * step);
        all.min_by_key(|ttl| (cost(gaps, even, *ttl), *ttl)).unwrap_or(0)
    }

    fn best(gaps: &[Gap], even: i64, step: i64) -> i64 {
        let mut all = Gaps::new(Span(step));
        gaps.iter().for_each(|(gap, bytes, pulled)| all.add(Span(*gap), *bytes, *pulled));
        all.best(Span(even)).0
    }

    /// Pulls on days 0, 1, 2, 10, 11 and 30 of a run of 36 days, and fetching costs as much as 6 days of keeping. Covering
    /// the gaps of a day keeps six days (one of each gap and one at the end) and fetches twice: as much as 18 days.
    #[test]
    fn short_gaps_are_covered_and_long_ones_are_not() {
        let day = |days: i64, pulled: bool| (days * DAY, 2_000_000_000, pulled);
        let gaps = [day(1, true), day(1, true), day(8, true), day(1, true), day(19, true), day(6, false)];
        let costs = [0, 1, 8, 19].map(|days| cost(&gaps, 6 * DAY, days * DAY) / 2_000_000_000 / u128::from(DAY as u64));
        assert_eq!(costs, [30, 18, 31, 36]);
        assert_eq!(best(&gaps, 6 * DAY, 1), DAY);
        assert_eq!(best(&gaps, 6 * DAY, HOUR), DAY);
    }

    #[test]
    fn nothing_is_kept_where_fetching_is_free_and_all_gaps_are_covered_where_it_is_dear() {
        let gaps = [(5 * HOUR, 7, true), (90 * HOUR, 7, true), (400 * HOUR, 7, false)];
        assert_eq!(best(&gaps, 0, HOUR), 0);
        assert_eq!(best(&gaps, 9_999 * HOUR, HOUR), 90 * HOUR);
        assert_eq!(best(&[], 6 * DAY, HOUR), 0);
        // A job that looks every hour covers a gap of 61 minutes with two.
        assert_eq!(best(&[(61 * HOUR / 60, 7, true)], DAY, HOUR), 2 * HOUR);
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(20260105), failure_persistence: None, ..ProptestConfig::with_cases(300) })]
        #[test]
        fn the_best_time_to_live_equals_that_of_trying_all(
            gaps in prop::collection::vec((0i64..60, 0u64..5, any::<bool>()), 0..12),
            even in 0i64..80, step in 1i64..9, cut in 0usize..12,
        ) {
            let expected = by_hand(&gaps, even, step);
            prop_assert_eq!(best(&gaps, even, step), expected);
            // And at a step of one no time between two gaps is better than the best gap.
            let fine = best(&gaps, even, 1);
            prop_assert!(fine == 0 || gaps.iter().any(|gap| gap.0 == fine));
            // Trials may be joined in any parts.
            let (one, two) = gaps.split_at(cut.min(gaps.len()));
            let part = |gaps: &[Gap]| {
                let mut part = Gaps::new(Span(step));
                gaps.iter().for_each(|(gap, bytes, pulled)| part.add(Span(*gap), *bytes, *pulled));
                part
            };
            let mut joined = part(two);
            joined.join(&part(one));
            prop_assert_eq!(joined, part(&gaps));
        }
    }

    #[test]
    fn no_bytes_and_no_time_overflow() {
        let mut gaps = Gaps::new(Span(0));
        for _ in 0..3 {
            gaps.add(Span(i64::MAX), u64::MAX, true);
            gaps.add(Span(i64::MIN), u64::MAX, false);
        }
        assert!(gaps.best(Span(i64::MAX)) >= Span(0));
    }
}
