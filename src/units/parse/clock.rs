//! Clock texts: opening hours, schedules and moments.
//!
//! Local times are kept as written, with the name of their zone; turning them into moments of a run takes a calendar,
//! which is the scenario reader's business.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use super::super::Span;
use super::{ParseError, Parsed, clip, duration, expected};

/// Days of the week, Monday first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekdays(pub [bool; 7]);

impl Weekdays {
    /// Every day.
    pub const ALL: Weekdays = Weekdays([true; 7]);
}

/// Opening hours as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoursText {
    /// All the time.
    Always,
    /// On some days, from a local time to another.
    Weekly {
        /// Days on which an opening begins.
        days: Weekdays,
        /// Minute of the local day at which it begins, 0 to 1439.
        from: u16,
        /// Minute of the local day at which it ends, 0 to 1440; not above `from` = on the next day.
        to: u16,
        /// IANA name.
        zone: String,
    },
}

/// A schedule as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleText {
    /// On which days.
    pub days: Weekdays,
    /// At which minutes of the local day, ascending, each once.
    pub minutes: Vec<u16>,
    /// IANA name.
    pub zone: String,
}

/// A moment as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentText {
    /// So long after `run.start`.
    SinceStart(Span),
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    Absolute(i128),
}

const DAY_NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Reads opening hours: `"always"`, or `[days] from-to [zone]` such as `"Mon-Fri 09:00-18:00 America/New_York"`.
///
/// # Errors
/// Anything else; an unknown time zone; an opening without length.
pub fn hours(text: &str) -> Parsed<HoursText> {
    let example = "Mon-Fri 09:00-18:00 America/New_York";
    let wrong = || expected("opening hours", example, text, "[days] from-to [zone], or \"always\"");
    if text.trim() == "always" {
        return Ok(HoursText::Always);
    }
    let (days, clock, zone) = words(text).ok_or_else(wrong)?;
    let (from, to) = clock.split_once('-').ok_or_else(wrong)?;
    let (from, to) = (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?);
    if from == 1440 {
        return Err(wrong());
    }
    if from == to {
        return Err(ParseError::new("the opening hours have no length", "write \"always\" for no limit"));
    }
    Ok(HoursText::Weekly { days, from, to, zone: zone_of(zone)? })
}

/// Reads a schedule: `[days] times [zone]`, such as `"00:00"` or `"Mon-Fri 09:30,14:00 Europe/Dublin"`.
///
/// # Errors
/// Anything else; an unknown time zone.
pub fn schedule(text: &str) -> Parsed<ScheduleText> {
    let example = "Mon-Fri 09:30,14:00 Europe/Dublin";
    let wrong = || expected("a schedule", example, text, "[days] times [zone]");
    let (days, clock, zone) = words(text).ok_or_else(wrong)?;
    let minutes: Option<Vec<u16>> = clock.split(',').map(|time| minute(time).filter(|m| *m < 1440)).collect();
    let mut minutes = minutes.ok_or_else(wrong)?;
    minutes.sort_unstable();
    minutes.dedup();
    Ok(ScheduleText { days, minutes, zone: zone_of(zone)? })
}

/// Reads a moment: a duration since `run.start`, a date (00:00 UTC), or a date-time with an offset.
///
/// # Errors
/// Anything else; a local date-time, which would need a zone.
pub fn moment(text: &str) -> Parsed<MomentText> {
    let trimmed = text.trim();
    if let Ok(span) = duration(trimmed) {
        return Ok(MomentText::SinceStart(span));
    }
    if let Ok(at) = trimmed.parse::<Timestamp>() {
        return Ok(MomentText::Absolute(at.as_nanosecond()));
    }
    if trimmed.len() == 10
        && let Ok(date) = trimmed.parse::<civil::Date>()
        && let Ok(at) = TimeZone::UTC.to_timestamp(date.to_datetime(civil::Time::midnight()))
    {
        return Ok(MomentText::Absolute(at.as_nanosecond()));
    }
    if trimmed.parse::<civil::DateTime>().is_ok() && trimmed.len() > 10 {
        return Err(ParseError::new(
            format!("the moment {:?} needs an offset; write it with \"Z\" for UTC", clip(trimmed)),
            "such as 2026-02-19T00:00:00Z",
        ));
    }
    Err(expected("a moment", "45d", text, "a duration since run.start, or a date-time with an offset"))
}

/// What clock text this has the shape of, in words.
pub(super) fn shape(text: &str) -> Option<&'static str> {
    if text.get(..10).is_some_and(|date| date.parse::<civil::Date>().is_ok()) {
        return Some("a date");
    }
    let (_, clock, _) = words(text)?;
    if let Some((from, to)) = clock.split_once('-') {
        return (minute(from).is_some() && minute(to).is_some()).then_some("opening hours");
    }
    clock.split(',').all(|time| minute(time).is_some()).then_some("a schedule")
}

/// The days, the clock and the zone of `[days] clock [zone]`.
fn words(text: &str) -> Option<(Weekdays, &str, Option<&str>)> {
    let mut words = text.split_whitespace().peekable();
    let days = match words.peek()?.as_bytes().first()? {
        b if b.is_ascii_digit() => Weekdays::ALL,
        _ => weekdays(words.next()?)?,
    };
    let (clock, zone) = (words.next()?, words.next());
    words.next().is_none().then_some((days, clock, zone))
}

/// `Mon-Fri`, `Mon,Wed`, or a mixture; a range may run over Sunday.
fn weekdays(text: &str) -> Option<Weekdays> {
    let day = |name: &str| DAY_NAMES.iter().position(|day| *day == name);
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let mut at = first;
        days[at] = true;
        while at != last {
            at = (at + 1) % 7;
            days[at] = true;
        }
    }
    Some(Weekdays(days))
}

/// The minute of the day of `HH:MM`; `24:00` is 1440.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u16>());
    let (hour, minute) = (two(hour)?.ok()?, two(minute)?.ok()?);
    (minute < 60 && (hour < 24 || (hour == 24 && minute == 0))).then_some(hour * 60 + minute)
}

/// A zone's proper name; UTC when none is written.
fn zone_of(name: Option<&str>) -> Parsed<String> {
    let Some(name) = name else { return Ok("UTC".into()) };
    match TimeZone::get(name) {
        Ok(zone) => Ok(zone.iana_name().unwrap_or(name).to_string()),
        Err(_) => Err(ParseError::new(
            format!("no time zone {:?}", clip(name)),
            "zones have IANA names such as Europe/Dublin or America/New_York",
        )),
    }
}
