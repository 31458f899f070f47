//! Mergeable histograms of durations, for quantiles.
//!
//! Counts are integers, so merging is exact and does not depend on order. A quantile is right to one part in a
//! thousand (three significant digits); smallest and largest value are exact.

use crate::units::Span;

/// Durations from 0 to centuries; recorded in microseconds.
#[derive(Clone)]
pub struct Histogram {
    /// Allocated with the first value: most cells of a run stay empty.
    counts: Option<hdrhistogram::Histogram<u64>>,
    count: u64,
    /// Events that never ended: they count as infinite in every quantile.
    infinite: u64,
    sum: i128,
    min: Span,
    max: Span,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: None, count: 0, infinite: 0, sum: 0, min: Span(i64::MAX), max: Span::ZERO }
    }
}

impl Histogram {
    /// Records `count` events that took `value`.
    pub fn record(&mut self, value: Span, count: u64) {
        if count == 0 {
            return;
        }
        let counts = self.counts.get_or_insert_with(empty);
        counts.record_n(micros(value), count).expect("a histogram that resizes itself takes every value");
        self.count += count;
        self.sum += i128::from(value.0) * i128::from(count);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Records events that never ended.
    pub fn record_infinite(&mut self, count: u64) {
        self.infinite += count;
    }

    /// Adds all that `other` holds.
    pub fn merge(&mut self, other: &Histogram) {
        if let Some(theirs) = &other.counts {
            let counts = self.counts.get_or_insert_with(empty);
            counts.add(theirs).expect("both histograms resize themselves");
        }
        self.count += other.count;
        self.infinite += other.infinite;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Events recorded, the infinite ones included.
    pub fn count(&self) -> u64 {
        self.count + self.infinite
    }

    /// Events that never ended.
    pub fn infinite(&self) -> u64 {
        self.infinite
    }

    /// Mean of the finite events, in seconds.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / 1e9)
    }

    /// The smallest value with at least `q` of all events at or below it, in seconds: infinite when that event never
    /// ended, `None` when nothing was recorded.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        let rank = (libm::ceil(q * total as f64) as u64).clamp(1, total);
        if rank > self.count {
            return Some(f64::INFINITY);
        }
        let counts = self.counts.as_ref()?;
        // The bucket's upper end at rank/count of the finite part, within what was really seen.
        let micros = counts.value_at_quantile(rank as f64 / self.count as f64);
        let value = Span((micros as i64).saturating_mul(1000)).clamp(self.min, self.max);
        Some(value.as_seconds())
    }

    /// Share of all events that took at most `limit`; `None` when nothing was recorded.
    pub fn share_within(&self, limit: Span) -> Option<f64> {
        let total = self.count();
        let within = match &self.counts {
            None => 0,
            Some(_) if limit >= self.max => self.count,
            Some(_) if limit < self.min => 0,
            Some(counts) => {
                let all = counts.count_between(0, micros(limit));
                all.min(self.count)
            }
        };
        (total > 0).then(|| within as f64 / total as f64)
    }
}

fn micros(value: Span) -> u64 {
    ((value.0.max(0) as u64) + 500) / 1000
}

fn empty() -> hdrhistogram::Histogram<u64> {
    let mut counts = hdrhistogram::Histogram::new(3).expect("three significant digits are within the crate's bounds");
    counts.auto(true);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_exact_and_a_merge_is_the_whole() {
        let mut one = Histogram::default();
        one.record(Span(1_234_567_891), 5);
        assert_eq!(one.quantile(0.5), Some(1.234567891));
        let (mut left, mut right, mut whole) = (Histogram::default(), Histogram::default(), Histogram::default());
        for i in 0..1000i64 {
            let value = Span::seconds(i);
            if i % 3 == 0 {
                left.record(value, 1)
            } else {
                right.record(value, 1)
            }
            whole.record(value, 1);
        }
        left.merge(&right);
        for q in [0.0, 0.5, 0.95, 0.99, 1.0] {
            assert_eq!(left.quantile(q), whole.quantile(q));
        }
        let median = whole.quantile(0.5).unwrap();
        assert!((median / 499.0 - 1.0).abs() < 0.002, "{median}");
        assert_eq!(whole.share_within(Span::seconds(2000)), Some(1.0));
    }

    #[test]
    fn an_event_that_never_ended_is_infinite() {
        let mut histogram = Histogram::default();
        histogram.record(Span::seconds(1), 97);
        histogram.record_infinite(3);
        assert_eq!(histogram.quantile(0.95), Some(1.0));
        assert_eq!(histogram.quantile(0.98), Some(f64::INFINITY));
        assert_eq!(histogram.share_within(Span::seconds(1)), Some(0.97));
    }
}
