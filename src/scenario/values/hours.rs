//! Opening hours and rates to intensities.
//!
//! Hours are local: an opening begins on a local day and belongs to it, however late it ends. A local time that the
//! clock change skips is one hour later, a doubled one is the first of the two. What a rate counts per depends on its
//! unit: `/day` is per *open* day and spread over that day's opening; `/h` and shorter are per open time; `/week` and
//! `/15d` are per calendar time: what a local week brings is pressed into that week's open time. The whole opening and
//! the whole week set the rate, also when the run covers only a part of them.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Reading, Window};
use crate::scenario::tree::Node;
use crate::sim::{Intensity, Piece};
use crate::units::parse::{self, HoursText, RateText, RateUnit};
use crate::units::{DAY, Span, Time};

impl Reading<'_> {
    /// Opening hours, as written.
    pub fn hours(&mut self, node: &Node) -> Option<HoursText> {
        self.parsed(node, "opening hours such as \"Mon-Fri 09:00-18:00 America/New_York\"", parse::hours)
    }

    /// Expected events over the whole window, warm-up included.
    pub fn intensity(&self, rate: &RateText, hours: &HoursText, growth: f64) -> Intensity {
        Intensity { pieces: pieces(&self.window, rate, hours), growth }
    }
}

/// What a rate's unit counts.
enum Per {
    /// Open days.
    OpenDay,
    /// Open time.
    OpenTime,
    /// Calendar time.
    Calendar,
}

fn per(rate: &RateText) -> Per {
    match rate.unit {
        RateUnit::Day if rate.per_count == 1.0 => Per::OpenDay,
        RateUnit::Day | RateUnit::Week => Per::Calendar,
        _ => Per::OpenTime,
    }
}

/// The mean time between events, over whole weeks of winter time; `None` for a rate of zero.
pub fn mean_interval(rate: &RateText, hours: &HoursText) -> Option<Span> {
    let week = 7.0 * DAY as f64;
    let (open_days, open_time) = match hours {
        HoursText::Always => (7.0, week),
        HoursText::Weekly { days, from, to, .. } => {
            let open_days = days.0.iter().filter(|open| **open).count() as f64;
            let minutes = (i64::from(*to) - i64::from(*from) - 1).rem_euclid(1440) + 1;
            (open_days, open_days * minutes as f64 * 60e9)
        }
    };
    let weekly = match per(rate) {
        Per::OpenDay => rate.count * open_days,
        Per::OpenTime => rate.per_nanosecond() * open_time,
        Per::Calendar => rate.per_nanosecond() * week,
    };
    (weekly > 0.0).then(|| Span(libm::round(week / weekly) as i64))
}

fn pieces(window: &Window, rate: &RateText, hours: &HoursText) -> Vec<Piece> {
    let (days, from, to, zone) = match hours {
        HoursText::Always => {
            return vec![Piece { begin: window.begin, end: window.end, rate: rate.per_nanosecond() }];
        }
        HoursText::Weekly { days, from, to, zone } => (days, *from, *to, zone),
    };
    // The parser has looked the zone up already.
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let mut pieces: Vec<Piece> = Vec::new();
    let Some(mut monday) = first_monday(window, &zone) else { return pieces };
    loop {
        let Some((week_begin, next)) = local(window, &zone, monday, 0).zip(later(monday, 7)) else { return pieces };
        if week_begin >= window.end {
            return pieces;
        }
        let Some(week_end) = local(window, &zone, next, 0) else { return pieces };
        let openings: Vec<(Time, Time)> = (0..7)
            .filter(|day| days.0[*day as usize])
            .filter_map(|day| {
                let date = later(monday, day)?;
                let end =
                    if to > from { local(window, &zone, date, to) } else { local(window, &zone, later(date, 1)?, to) };
                Some((local(window, &zone, date, from)?, end?))
            })
            .filter(|(begin, end)| begin < end)
            .collect();
        let open: i64 = openings.iter().map(|(begin, end)| end.0 - begin.0).sum();
        for (begin, end) in openings {
            let rate = match per(rate) {
                Per::OpenDay => rate.count / (end.0 - begin.0) as f64,
                Per::OpenTime => rate.per_nanosecond(),
                Per::Calendar => rate.per_nanosecond() * (week_end.0 - week_begin.0) as f64 / open as f64,
            };
            // A clock change can make an opening begin before the one ahead of it has ended.
            let done = pieces.last().map_or(window.begin, |piece| piece.end);
            let (begin, end) = (begin.max(done), end.min(window.end));
            if begin < end {
                pieces.push(Piece { begin, end, rate });
            }
        }
        monday = next;
    }
}

/// The Monday of the local week before the one in which the window begins: an opening of its Sunday may reach over.
fn first_monday(window: &Window, zone: &TimeZone) -> Option<Date> {
    let begin = window.start.checked_add(jiff::SignedDuration::from_nanos(window.begin.0)).ok()?;
    let date = zone.to_datetime(begin).date();
    later(date, -i64::from(date.weekday().to_monday_zero_offset()) - 7)
}

/// The date so many days later.
pub fn later(date: Date, days: i64) -> Option<Date> {
    date.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// The moment at which a local clock shows this minute of the day (1440 = the end of the day).
pub fn local(window: &Window, zone: &TimeZone, date: Date, minute: u16) -> Option<Time> {
    let (date, minute) = if minute == 1440 { (later(date, 1)?, 0) } else { (date, minute) };
    let clock = date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
    // "Compatible" is the rule of the scenario format: a skipped time is later by the gap, a doubled one the first.
    let at = zone.to_ambiguous_timestamp(clock).compatible().ok()?;
    Some(window.time(at))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use crate::units::{HOUR, NANOS};

    /// The pieces of a rate under hours, as (begin and end in hours since the start, events in it).
    fn pieces_of(rate: &str, hours: &str, start: &str, days: i64) -> Vec<(f64, f64, f64)> {
        let text = format!("rate = \"{rate}\"\nhours = \"{hours}\"");
        let (intensity, problems) = read(&text, start, days, |reading, root| {
            let rate = reading.optional(root, "rate", |r, n| r.rate(n)).expect("a rate");
            let hours = reading.optional(root, "hours", |r, n| r.hours(n)).expect("hours");
            reading.intensity(&rate, &hours, 0.0)
        });
        assert!(problems.is_empty(), "{problems:?}");
        let hour = HOUR as f64;
        let piece = |p: &Piece| {
            let events = p.rate * (p.end.0 - p.begin.0) as f64;
            (p.begin.0 as f64 / hour, p.end.0 as f64 / hour, libm::round(events * 1e9) / 1e9)
        };
        intensity.pieces.iter().map(piece).collect()
    }

    fn sum(pieces: &[(f64, f64, f64)]) -> f64 {
        pieces.iter().map(|(_, _, events)| events).sum()
    }

    #[test]
    fn a_rate_per_day_counts_open_days() {
        // 2026-03-06 is a Friday; New York is at UTC-5 until 2026-03-08, then at UTC-4.
        let pieces = pieces_of("4/day", "Mon-Fri 09:00-18:00 America/New_York", "2026-03-06T00:00:00Z", 5);
        assert_eq!(pieces, [(14.0, 23.0, 4.0), (72.0 + 13.0, 72.0 + 22.0, 4.0), (96.0 + 13.0, 96.0 + 22.0, 4.0)]);
        // In November the clock goes back: Friday 2026-10-30 at UTC-4, Monday 2026-11-02 at UTC-5.
        let pieces = pieces_of("4/day", "Mon-Fri 09:00-18:00 America/New_York", "2026-10-30T00:00:00Z", 4);
        assert_eq!(pieces, [(13.0, 22.0, 4.0), (72.0 + 14.0, 72.0 + 23.0, 4.0)]);
    }

    #[test]
    fn an_opening_over_the_clock_change_is_as_long_as_it_is() {
        // 22:00 to 06:00: seven hours in the night to 2026-03-08, nine in the night to 2026-11-01; 8 events in each.
        let spring = pieces_of("8/day", "Sat 22:00-06:00 America/New_York", "2026-03-07T00:00:00Z", 3);
        assert_eq!(spring, [(27.0, 34.0, 8.0)]);
        let autumn = pieces_of("8/day", "Sat 22:00-06:00 America/New_York", "2026-10-31T00:00:00Z", 3);
        assert_eq!(autumn, [(26.0, 35.0, 8.0)]);
        // By the hour, the short night brings seven and the long one nine.
        assert_eq!(sum(&pieces_of("1/h", "Sat 22:00-06:00 America/New_York", "2026-03-07T00:00:00Z", 3)), 7.0);
        assert_eq!(sum(&pieces_of("1/h", "Sat 22:00-06:00 America/New_York", "2026-10-31T00:00:00Z", 3)), 9.0);
    }

    #[test]
    fn a_skipped_opening_is_one_hour_later_and_a_doubled_one_runs_from_the_first() {
        // 02:30 is skipped on 2026-03-08: 03:30 local = 07:30 UTC.
        let spring = pieces_of("1/day", "Sun 02:30-04:00 America/New_York", "2026-03-08T00:00:00Z", 1);
        assert_eq!(spring, [(7.5, 8.0, 1.0)]);
        // An opening that lies in the gap as a whole has no length and brings nothing.
        assert_eq!(pieces_of("1/day", "Sun 02:00-03:00 America/New_York", "2026-03-08T00:00:00Z", 1), []);
        // 01:30 is doubled on 2026-11-01: the first is 05:30 UTC; 02:00 is 07:00 UTC.
        let autumn = pieces_of("1/day", "Sun 01:30-02:00 America/New_York", "2026-11-01T00:00:00Z", 1);
        assert_eq!(autumn, [(5.5, 7.0, 1.0)]);
    }

    #[test]
    fn a_rate_per_week_is_per_calendar_time_pressed_into_open_time() {
        let week = pieces_of("14/week", "Mon-Fri 09:00-18:00", "2026-01-05T00:00:00Z", 7);
        assert_eq!((week.len(), sum(&week)), (5, 14.0));
        assert!(week.iter().all(|(_, _, events)| (events - 2.8).abs() < 1e-6));
        // Four weeks of 30/15d bring 56, whatever the opening hours; a week with a clock change is an hour shorter.
        assert!((sum(&pieces_of("30/15d", "Mon 10:00-11:00", "2026-01-05T00:00:00Z", 28)) - 56.0).abs() < 1e-6);
        let spring = pieces_of("168/week", "Mon-Fri 09:00-18:00 America/New_York", "2026-03-02T05:00:00Z", 7);
        assert!((sum(&spring) - 167.0).abs() < 1e-6);
        // A rate per day without hours, and one per week, are the same thing.
        assert!((sum(&pieces_of("2/day", "always", "2026-01-05T00:00:00Z", 7)) - 14.0).abs() < 1e-6);
        assert!((sum(&pieces_of("14/week", "always", "2026-01-05T00:00:00Z", 7)) - 14.0).abs() < 1e-6);
    }

    #[test]
    fn a_window_cuts_openings_and_leaves_their_rate() {
        let cut = pieces_of("9/day", "Mon-Fri 09:00-18:00", "2026-01-05T12:00:00Z", 1);
        assert_eq!(cut, [(0.0, 6.0, 6.0), (21.0, 24.0, 3.0)]);
        // An opening of the Sunday before reaches into the window.
        let over = pieces_of("8/day", "Sun 22:00-06:00", "2026-01-05T00:00:00Z", 1);
        assert_eq!(over, [(0.0, 6.0, 6.0)]);
    }

    #[test]
    fn the_mean_interval_is_over_whole_weeks() {
        let interval = |rate: &str, hours: &str| {
            mean_interval(&parse::rate(rate).expect("a rate"), &parse::hours(hours).expect("hours")).map(|s| s.0)
        };
        assert_eq!(interval("1/day", "always"), Some(DAY));
        assert_eq!(interval("1/day", "Mon-Fri 09:00-17:00"), Some(DAY * 7 / 5));
        assert_eq!(interval("1/h", "Mon-Fri 22:00-06:00"), Some(168 * 3_600 * NANOS / 40));
        assert_eq!(interval("1/week", "Mon 09:00-17:00"), Some(7 * DAY));
        assert_eq!(interval("24/day", "00:00-24:00"), Some(HOUR));
        assert_eq!(interval("0/day", "always"), None);
    }
}
