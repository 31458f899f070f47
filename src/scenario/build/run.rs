//! `[run]`: when, how often, against what; and the calendar of the run.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::clusters::{Clusters, MOST_NODES};
use super::strategies::Strategies;
use crate::demand::Trigger;
use crate::scenario::RunPlan;
use crate::scenario::tree::{Node, Origin, Value};
use crate::scenario::values::{Named, Reading, Window};
use crate::sim::Calendar;
use crate::units::parse::{self, MomentText};
use crate::units::{DAY, Span, Time};

/// `run.start` when none is given: never today, so that a scenario gives the same result tomorrow.
const START: &str = "2026-01-01T00:00:00Z";
/// `run.duration` when none is given.
const DURATION: Span = Span(90 * DAY);
/// `run.trials` when none are given.
const TRIALS: u64 = 20;
/// `run.max_trials` when none are given.
const MOST_TRIALS: u64 = 1000;

/// More trials than this add nothing that an interval shows.
const TRIALS_LIMIT: u64 = 10_000_000;

/// A table without entries at the place of the whole file, for a table that is not written.
pub fn table_or_empty(root: &Node, key: &str) -> Node {
    root.get(key).cloned().unwrap_or_else(|| {
        let at = root.origin.span.start;
        Node { value: Value::Table(Vec::new()), origin: Origin { file: root.origin.file, span: at..at } }
    })
}

/// Reads `[run]` and sets the reading's window. The baseline is filled in later.
pub fn run(r: &mut Reading<'_>, root: &Node) -> RunPlan {
    let table = table_or_empty(root, "run");
    let start = r.optional(&table, "start", start);
    if start.is_none() {
        r.assume("run.start", START, "choice", format!("the run starts at {START}"));
    }
    let duration = r.optional(&table, "duration", |r, n| {
        let span = r.duration(n)?;
        if span.0 <= 0 {
            r.error(&n.origin, "the run must last some time", "");
            return None;
        }
        Some(span)
    });
    if duration.is_none() {
        r.assume("run.duration", "90d", "choice", "the run lasts 90 days");
    }
    let warm_up = r.or(&table, "warm_up", Span::ZERO, |r, n| r.duration(n));
    let start = start.or_else(|| START.parse().ok()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let end = Time(duration.unwrap_or(DURATION).0);
    r.window = Window { start, begin: Time(-warm_up.0), end };
    let precision = r.optional(&table, "precision", |r, n| {
        let share = r.share(n)?;
        if share <= 0.0 {
            r.error(&n.origin, "a precision is above zero", "");
            return None;
        }
        Some(share)
    });
    let trials = r.optional(&table, "trials", |r, n| trials_up_to(r, n, 1));
    if trials.is_none() && precision.is_none() {
        r.assume("run.trials", TRIALS.to_string(), "choice", format!("{TRIALS} trials of each strategy are run"));
    }
    RunPlan {
        seed: r.or(&table, "seed", 1, |r, n| r.long_count(n, 0)),
        trials: trials.unwrap_or(TRIALS),
        precision,
        max_trials: r.or(&table, "max_trials", MOST_TRIALS, |r, n| trials_up_to(r, n, 10)),
        baseline: 0,
    }
}

/// A number of trials of at least `least`.
fn trials_up_to(r: &mut Reading<'_>, node: &Node, least: u64) -> Option<u64> {
    let trials = r.long_count(node, least)?;
    if trials > TRIALS_LIMIT {
        r.error(&node.origin, format!("too many trials; at most {TRIALS_LIMIT}"), "");
        return None;
    }
    Some(trials)
}

fn start(r: &mut Reading<'_>, node: &Node) -> Option<jiff::Timestamp> {
    let text = match &node.value {
        Value::Moment(text) | Value::Text(text) => text,
        _ => {
            r.error(&node.origin, "expected a date such as 2026-01-01", "");
            return None;
        }
    };
    let at = match parse::moment(text) {
        Ok(MomentText::Absolute(at)) => jiff::Timestamp::from_nanosecond(at).ok(),
        Ok(MomentText::SinceStart(_)) => {
            r.error(&node.origin, "the start is a date such as 2026-01-01, not a duration", "");
            return None;
        }
        Err(error) => {
            r.error(&node.origin, error.message, error.label);
            return None;
        }
    };
    // Local calendars need some room on both sides.
    let at = at.filter(|at| (1970..=2200).contains(&at.to_zoned(TimeZone::UTC).year()));
    if at.is_none() {
        r.error(&node.origin, "the start lies outside the years 1970 to 2200", "");
    }
    at
}

/// Multiplies what clusters ask for by `run.demand`.
pub fn scale_demand(r: &mut Reading<'_>, root: &Node, clusters: &mut Clusters) {
    let Some(node) = root.get("run").and_then(|run| run.get("demand")) else { return };
    let Some(factor) = r.number(node, 0.0).filter(|factor| *factor != 1.0) else { return };
    for cluster in &mut clusters.list {
        let nodes = libm::round(f64::from(cluster.nodes) * factor).max(1.0);
        if nodes > f64::from(MOST_NODES) {
            let message = format!("so much demand needs more than {MOST_NODES} nodes in cluster `{}`", cluster.name);
            return r.error(&node.origin, message, "");
        }
        cluster.nodes = nodes as u32;
        for trigger in &mut cluster.triggers {
            if let Trigger::Rate { intensity } | Trigger::ScaleUp { intensity, .. } = trigger {
                intensity.pieces.iter_mut().for_each(|piece| piece.rate *= factor);
            }
        }
    }
}

/// The index of the strategy that comparisons are against.
pub fn baseline(r: &mut Reading<'_>, root: &Node, strategies: &Strategies) -> usize {
    let Some(node) = root.get("run").and_then(|run| run.get("baseline")) else { return 0 };
    let names: Vec<&str> = strategies.list.iter().map(|strategy| strategy.name.as_str()).collect();
    r.named(node, Named { names: &names, groups: &[], one: "strategy", plural: "strategies" }).unwrap_or(0)
}

/// The UTC days and months of the run; `None` when the run reaches beyond the calendar.
pub fn calendar(r: &Reading<'_>) -> Option<Calendar> {
    let window = r.window;
    let utc = |at: Time| {
        let at = window.start.checked_add(jiff::SignedDuration::from_nanos(at.0)).ok()?;
        Some(at.to_zoned(TimeZone::UTC).datetime())
    };
    let midnight = |date: Date| {
        let at = TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()?;
        Some(window.time(at))
    };
    let first = utc(Time::START)?.date();
    let last = utc(Time(window.end.0 - 1))?.date();
    let (mut days, mut date) = (Vec::new(), first);
    while date <= last {
        days.push(date.to_string());
        date = date.tomorrow().ok()?;
    }
    let (mut months, mut month_starts, mut month) = (Vec::new(), Vec::new(), first.first_of_month());
    loop {
        month_starts.push(midnight(month)?);
        if month > last {
            break;
        }
        months.push(format!("{:04}-{:02}", month.year(), month.month()));
        month = month.last_of_month().tomorrow().ok()?;
    }
    Some(Calendar {
        start: window.start.to_string(),
        end: window.end,
        first_day: midnight(first)?,
        days,
        months,
        month_starts,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::values::testing::read;
    use super::*;
    use crate::units::HOUR;

    #[test]
    fn the_calendar_counts_utc_days_and_months() {
        let text = "[run]\nstart = 2026-01-30T12:00:00Z\nduration = \"30d\"\n";
        let (calendar, problems) = read(text, START, 1, |r, root| {
            run(r, root);
            calendar(r).expect("a calendar")
        });
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(calendar.start, "2026-01-30T12:00:00Z");
        assert_eq!(calendar.first_day, Time(-12 * HOUR));
        assert_eq!((calendar.days.len(), calendar.days[30].as_str()), (31, "2026-03-01"));
        assert_eq!(calendar.months, ["2026-01", "2026-02", "2026-03"]);
        assert_eq!(calendar.month_starts[1], Time(36 * HOUR));
        assert_eq!(calendar.month_length(1), 28 * DAY);
        // 36 of 744 hours, all of February, 12 of 744 hours.
        assert!((calendar.months_covered() - (36.0 / 744.0 + 1.0 + 12.0 / 744.0)).abs() < 1e-12);
    }

    #[test]
    fn a_whole_month_is_one_month() {
        let text = "[run]\nstart = 2026-04-01\nduration = \"30d\"\nwarm_up = \"10d\"\n";
        let (calendar, _) = read(text, START, 1, |r, root| {
            run(r, root);
            assert_eq!(r.window.begin, Time(-10 * DAY));
            calendar(r).expect("a calendar")
        });
        assert_eq!((calendar.days.len(), calendar.months.len()), (30, 1));
        assert_eq!(calendar.months_covered(), 1.0);
    }

    #[test]
    fn defaults_are_assumptions_and_errors_are_placed() {
        let text = "[run]\nduration = \"0d\"\nstart = \"45d\"\ntrials = 0\n";
        let (plan, problems) = read(text, START, 1, |r, root| {
            let plan = run(r, root);
            assert!(r.assumptions.iter().any(|assumption| assumption.key == "run.duration"));
            plan
        });
        assert_eq!((plan.seed, plan.trials, plan.max_trials), (1, 20, 1000));
        let messages: Vec<&str> = problems.iter().map(|(message, ..)| message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the start is a date such as 2026-01-01, not a duration",
                "the run must last some time",
                "a count of at least 1 is wanted, found 0",
            ]
        );
    }
}
