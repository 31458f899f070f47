//! UTC days and months of a run, worked out once, so that nothing behind the scenario reader needs a calendar.

use crate::units::{DAY, Time};

/// The days and months that a run covers. Index 0 is the day (month) that holds `run.start`.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// `run.start` as RFC 3339 in UTC, for reports.
    pub start: String,
    /// End of the run (exclusive).
    pub end: Time,
    /// First moment of day 0; at or before the start.
    pub first_day: Time,
    /// ISO dates of the days.
    pub days: Vec<String>,
    /// ISO months such as `2026-04`.
    pub months: Vec<String>,
    /// First moments of the months, and of the month after the last: one more than `months`.
    pub month_starts: Vec<Time>,
}

impl Calendar {
    /// The day that holds `time`, which must lie in the run.
    pub fn day(&self, time: Time) -> usize {
        (time - self.first_day).0.div_euclid(DAY).max(0) as usize
    }

    /// The month that holds `time`, which must lie in the run.
    pub fn month(&self, time: Time) -> usize {
        self.month_starts.partition_point(|start| *start <= time).saturating_sub(1).min(self.months.len() - 1)
    }

    /// The month that holds the `day`-th day.
    pub fn month_of_day(&self, day: usize) -> usize {
        self.month(Time(self.first_day.0 + day as i64 * DAY))
    }

    /// First moment after the `day`-th day.
    pub fn day_end(&self, day: usize) -> Time {
        Time(self.first_day.0 + (day as i64 + 1) * DAY)
    }

    /// Nanoseconds of the whole `month`.
    pub fn month_length(&self, month: usize) -> i64 {
        self.month_starts[month + 1].0 - self.month_starts[month].0
    }

    /// Months covered by [start, end): a partly covered month counts as covered hours over hours of that month.
    pub fn months_covered(&self) -> f64 {
        (0..self.months.len())
            .map(|month| {
                let from = self.month_starts[month].max(Time::START);
                let to = self.month_starts[month + 1].min(self.end);
                (to - from).0.max(0) as f64 / self.month_length(month) as f64
            })
            .sum()
    }
}
