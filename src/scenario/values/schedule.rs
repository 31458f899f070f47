//! Schedules to lists of moments, by the calendar and the clock of their zone.

use jiff::tz::TimeZone;

use super::hours::{later, local};
use super::{Reading, Window};
use crate::scenario::tree::Node;
use crate::units::parse::{self, ScheduleText};
use crate::units::{Span, Time};

/// More moments than this are refused: a list that long is a mistake and would fill the memory.
pub const MOST_MOMENTS: i64 = 10_000_000;

impl Reading<'_> {
    /// A schedule as the moments of the window, warm-up included, ascending.
    pub fn schedule(&mut self, node: &Node) -> Option<Vec<Time>> {
        let text = self.parsed(node, "a schedule such as \"00:00\"", parse::schedule)?;
        Some(moments(&self.window, &text))
    }

    /// Every `every` from one interval after the window's begin on.
    pub fn every(&mut self, node: &Node) -> Option<Vec<Time>> {
        let Span(every) = self.duration(node)?;
        if every <= 0 {
            self.error(&node.origin, "an interval is above zero", "");
            return None;
        }
        let length = self.window.end.0 - self.window.begin.0;
        if length / every > MOST_MOMENTS {
            self.error(&node.origin, format!("this would run more than {MOST_MOMENTS} times"), "");
            return None;
        }
        // Counted from the start, so that a warm-up moves no run: those at or before its beginning are left out.
        let first = self.window.begin.0.div_euclid(every) + 1;
        Some((first..).map(|k| Time(k * every)).take_while(|at| *at < self.window.end).collect())
    }
}

/// A local time that a clock change skips comes one hour later; a doubled one comes once, the first time.
fn moments(window: &Window, schedule: &ScheduleText) -> Vec<Time> {
    // The parser has looked the zone up already.
    let zone = TimeZone::get(&schedule.zone).unwrap_or(TimeZone::UTC);
    let mut times = Vec::new();
    let Ok(begin) = window.start.checked_add(jiff::SignedDuration::from_nanos(window.begin.0)) else { return times };
    let mut date = Some(zone.to_datetime(begin).date());
    while let Some(day) = date {
        match local(window, &zone, day, 0) {
            Some(midnight) if midnight < window.end => {}
            _ => break,
        }
        if schedule.days.0[day.weekday().to_monday_zero_offset() as usize] {
            let of_day = schedule.minutes.iter().filter_map(|minute| local(window, &zone, day, *minute));
            times.extend(of_day.filter(|at| (window.begin..window.end).contains(at)));
        }
        date = later(day, 1);
    }
    // A skipped time may fall on, or behind, the one after it.
    times.sort_unstable();
    times.dedup();
    times
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use crate::units::HOUR;

    fn hours_of(schedule: &str, start: &str, days: i64) -> Vec<f64> {
        let (times, problems) = read(&format!("t = \"{schedule}\""), start, days, |reading, root| {
            reading.optional(root, "t", |r, n| r.schedule(n)).expect("a schedule")
        });
        assert!(problems.is_empty());
        times.iter().map(|at| at.0 as f64 / HOUR as f64).collect()
    }

    #[test]
    fn the_first_moment_of_the_period_is_included() {
        assert_eq!(hours_of("00:00", "2026-04-01T00:00:00Z", 2), [0.0, 24.0]);
        assert_eq!(hours_of("Wed 01:00,13:00", "2026-04-01T00:00:00Z", 2), [1.0, 13.0]);
    }

    #[test]
    fn local_times_follow_the_clock() {
        assert_eq!(hours_of("Fri,Mon 09:30 America/New_York", "2026-03-06T00:00:00Z", 4), [14.5, 72.0 + 13.5]);
        // Skipped: 02:30 on 2026-03-08 runs at 03:30 local, 07:30 UTC. With 03:30 on the list too it runs once.
        assert_eq!(hours_of("02:30 America/New_York", "2026-03-08T05:00:00Z", 1), [2.5]);
        assert_eq!(hours_of("02:30,03:30 America/New_York", "2026-03-08T05:00:00Z", 1), [2.5]);
        // Doubled: 01:30 on 2026-11-01 is 05:30 and 06:30 UTC; only the first runs.
        assert_eq!(hours_of("01:30 America/New_York", "2026-11-01T04:00:00Z", 1), [1.5]);
    }

    #[test]
    fn an_interval_first_runs_one_interval_after_the_start() {
        let (times, _) = read("e = \"8h\"\nz = \"0s\"", "2026-04-01T00:00:00Z", 1, |reading, root| {
            assert_eq!(reading.optional(root, "z", |r, n| r.every(n)), None);
            reading.optional(root, "e", |r, n| r.every(n)).expect("an interval")
        });
        assert_eq!(times, [Time(8 * HOUR), Time(16 * HOUR)]);
    }
}
