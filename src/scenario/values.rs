//! Typed reading of a scenario's tree: a node in, a quantity out, and every failure reported where it is written.
//!
//! Nothing in here stops at a problem: a value that cannot be read is reported and its default is used instead, so that
//! one look at a file finds all that is wrong with it; whoever called decides at the end, by the diagnostics, whether
//! there is a model. A place that has been reported once is not reported again, since whatever follows from a broken
//! value means nothing.
//!
//! Laws, opening hours, schedules, names and files are in the folder beside this one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::diagnostics::{Diagnostics, Finding, Severity};
use super::tree::{Entry, Node, Origin, Value};
use super::{Assumption, Input};
use crate::units::parse::{self, MomentText, Parsed, PriceUnit, RateText};
use crate::units::{Bandwidth, Price, Span, Time, Usd};

mod files;
mod hours;
mod law;
mod names;
mod schedule;

pub use files::Loaded;
pub use hours::mean_interval;
pub use law::Quantity;
pub use names::{Named, Places, Wanted, listed_names};

/// The stretch of virtual time that a run covers.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// `run.start`.
    pub start: jiff::Timestamp,
    /// Where the warm-up begins: at or before [`Time::START`].
    pub begin: Time,
    /// First moment after the run.
    pub end: Time,
}

impl Window {
    /// The moment of a timestamp, clipped to what a clock can hold.
    pub fn time(&self, at: jiff::Timestamp) -> Time {
        clip(at.as_nanosecond() - self.start.as_nanosecond())
    }
}

fn clip(nanoseconds: i128) -> Time {
    Time(i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX }))
}

/// Where a path that is written at a place leads.
pub type Resolve<'a> = &'a dyn Fn(&Origin, &str) -> PathBuf;

/// What reading a scenario needs at hand, and what it gathers on the way.
pub struct Reading<'a> {
    /// Problems.
    pub diagnostics: &'a mut Diagnostics,
    /// The run's time; known after `[run]` has been read.
    pub window: Window,
    /// Accounts, regions and registries named so far.
    pub places: Places,
    /// What results rest on.
    pub assumptions: Vec<Assumption>,
    /// Files read so far.
    pub inputs: Vec<Input>,
    /// Whether nothing was wrong before this reading: else what is absent may have been refused already.
    clean: bool,
    resolve: Resolve<'a>,
    files: BTreeMap<PathBuf, Option<Rc<Loaded>>>,
}

impl<'a> Reading<'a> {
    /// A reading that has seen nothing yet.
    pub fn new(diagnostics: &'a mut Diagnostics, resolve: Resolve<'a>) -> Reading<'a> {
        Reading {
            clean: !diagnostics.has_errors(),
            diagnostics,
            window: Window { start: jiff::Timestamp::UNIX_EPOCH, begin: Time::START, end: Time::START },
            places: Places::default(),
            assumptions: Vec::new(),
            inputs: Vec::new(),
            resolve,
            files: BTreeMap::new(),
        }
    }

    /// Reports an error, unless its place has one already.
    pub fn error(&mut self, origin: &Origin, message: impl Into<String>, label: impl Into<String>) {
        if !self.diagnostics.has_error_at(origin) {
            self.diagnostics.error(origin, message, label);
        }
    }

    /// Reports a finding; one that is an error unless its place has an error already.
    pub fn found(
        &mut self,
        finding: &'static Finding,
        origin: &Origin,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        if finding.severity != Severity::Error || !self.diagnostics.has_error_at(origin) {
            self.diagnostics.found(finding, origin, message, label);
        }
    }

    /// Notes an assumption that results rest on.
    pub fn assume(&mut self, key: &str, value: impl Into<String>, source: &str, text: impl Into<String>) {
        let assumption = Assumption { key: key.into(), value: value.into(), source: source.into(), text: text.into() };
        if !self.assumptions.contains(&assumption) {
            self.assumptions.push(assumption);
        }
    }

    /// The value of `key`, read, if the table has it and it can be read.
    pub fn optional<T>(
        &mut self,
        table: &Node,
        key: &str,
        read: impl FnOnce(&mut Self, &Node) -> Option<T>,
    ) -> Option<T> {
        table.get(key).and_then(|node| read(self, node))
    }

    /// The value of `key`, read, or its default.
    pub fn or<T>(
        &mut self,
        table: &Node,
        key: &str,
        default: T,
        read: impl FnOnce(&mut Self, &Node) -> Option<T>,
    ) -> T {
        self.optional(table, key, read).unwrap_or(default)
    }

    /// The value of a key that must be there.
    pub fn needed<'n>(&mut self, table: &'n Node, key: &str, what: &str) -> Option<&'n Node> {
        let node = table.get(key);
        if node.is_none() {
            self.missing(&table.origin, format!("{what} needs `{key}`"));
        }
        node
    }

    /// Reports that something is not there, unless it may have been written and refused.
    pub fn missing(&mut self, origin: &Origin, message: impl Into<String>) {
        if self.clean {
            self.error(origin, message, "");
        }
    }

    /// Whether what is absent was never written.
    pub fn is_clean(&self) -> bool {
        self.clean
    }

    fn shape<T>(&mut self, node: &Node, expected: &str) -> Option<T> {
        self.error(&node.origin, format!("expected {expected}, found {}", kind(node)), "");
        None
    }

    /// A text.
    pub fn text<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n str> {
        match node.text() {
            Some(text) => Some(text),
            None => self.shape(node, expected),
        }
    }

    /// A text with one of these meanings.
    pub fn word<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let text = self.text(node, &format!("one of {}", names.join(", ")))?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let near = crate::formats::did_you_mean(text, names.iter().copied());
            self.error(&node.origin, format!("unknown value `{text}`{near}"), format!("one of {}", names.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A truth value.
    pub fn flag(&mut self, node: &Node) -> Option<bool> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => self.shape(node, "true or false"),
        }
    }

    /// A whole number of at least `least`.
    pub fn count(&mut self, node: &Node, least: u32) -> Option<u32> {
        match node.value {
            Value::Integer(value) if value < i64::from(least) => {
                self.error(&node.origin, format!("a count of at least {least} is wanted, found {value}"), "");
                None
            }
            Value::Integer(value) => match u32::try_from(value) {
                Ok(value) => Some(value),
                Err(_) => {
                    self.error(&node.origin, format!("the count is too large; at most {}", u32::MAX), "");
                    None
                }
            },
            _ => self.shape(node, "a count"),
        }
    }

    /// A whole number of at least `least` and at most `most`.
    pub fn count_up_to(&mut self, node: &Node, least: u32, most: u32) -> Option<u32> {
        let count = self.count(node, least)?;
        if count > most {
            self.error(&node.origin, format!("the count is too large; at most {most}"), "");
            return None;
        }
        Some(count)
    }

    /// A whole number that may be large.
    pub fn long_count(&mut self, node: &Node, least: u64) -> Option<u64> {
        match node.value {
            Value::Integer(value) => match u64::try_from(value).ok().filter(|value| *value >= least) {
                Some(value) => Some(value),
                None => {
                    self.error(&node.origin, format!("a count of at least {least} is wanted, found {value}"), "");
                    None
                }
            },
            _ => self.shape(node, "a count"),
        }
    }

    /// A pure number of at least `least`.
    pub fn number(&mut self, node: &Node, least: f64) -> Option<f64> {
        let value = match node.value {
            Value::Integer(value) => value as f64,
            Value::Number(value) => value,
            _ => return self.shape(node, "a number"),
        };
        if !value.is_finite() || value < least {
            self.error(&node.origin, format!("a number of at least {least} is wanted, found {value}"), "");
            return None;
        }
        Some(value)
    }

    fn parsed<T>(&mut self, node: &Node, expected: &str, read: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        let text = self.text(node, expected)?;
        match read(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(&node.origin, error.message, error.label);
                None
            }
        }
    }

    /// Bytes.
    pub fn size(&mut self, node: &Node) -> Option<u64> {
        self.parsed(node, "a size such as \"200 MB\"", parse::size).map(|bytes| bytes.0)
    }

    /// A length of time.
    pub fn duration(&mut self, node: &Node) -> Option<Span> {
        self.parsed(node, "a duration such as \"90d\"", parse::duration)
    }

    /// A fraction in [0, 1].
    pub fn share(&mut self, node: &Node) -> Option<f64> {
        self.parsed(node, "a share such as \"15%\"", parse::share)
    }

    /// A rate.
    pub fn rate(&mut self, node: &Node) -> Option<RateText> {
        self.parsed(node, "a rate such as \"3/day\"", parse::rate)
    }

    /// A share rate.
    pub fn share_rate(&mut self, node: &Node) -> Option<RateText> {
        self.parsed(node, "a share rate such as \"10%/day\"", parse::share_rate)
    }

    /// Growth as a continuous rate per nanosecond: ln(1 + share) / period.
    pub fn growth(&mut self, node: &Node) -> Option<f64> {
        let rate = self.share_rate(node)?;
        Some(libm::log1p(rate.count) / (rate.per_count * rate.unit.span().0 as f64))
    }

    /// A bandwidth.
    pub fn bandwidth(&mut self, node: &Node) -> Option<Bandwidth> {
        self.parsed(node, "a bandwidth such as \"5 Gbit/s\"", parse::bandwidth)
    }

    /// A price per unit.
    pub fn price(&mut self, node: &Node, unit: PriceUnit) -> Option<Price> {
        let expected = format!("a price such as \"{}\"", unit.example());
        let price = self.parsed(node, &expected, |text| parse::price_per(text, unit))?;
        if price.price().is_none() {
            self.error(&node.origin, "the price is too large", "below $9,000,000");
        }
        price.price()
    }

    /// An amount of money per unit.
    pub fn money(&mut self, node: &Node, unit: PriceUnit) -> Option<Usd> {
        let expected = format!("an amount such as \"{}\"", unit.example());
        self.parsed(node, &expected, |text| parse::money(text, unit))
    }

    /// Working time a month.
    pub fn toil(&mut self, node: &Node) -> Option<Span> {
        self.parsed(node, "working time such as \"4h/month\"", parse::toil)
    }

    /// A moment, wherever it lies.
    pub fn moment(&mut self, node: &Node) -> Option<Time> {
        let text = match &node.value {
            Value::Moment(text) | Value::Text(text) => text,
            _ => return self.shape(node, "a moment such as \"45d\" or 2026-02-19T00:00:00Z"),
        };
        match parse::moment(text) {
            Ok(MomentText::SinceStart(span)) => Some(Time(span.0)),
            Ok(MomentText::Absolute(at)) => Some(clip(at - self.window.start.as_nanosecond())),
            Err(error) => {
                self.error(&node.origin, error.message, error.label);
                None
            }
        }
    }

    /// A moment at which something happens: in [start, end).
    pub fn event(&mut self, node: &Node) -> Option<Time> {
        let at = self.moment(node)?;
        if at < Time::START || at >= self.window.end {
            let side = if at < Time::START { "before the start" } else { "after the end" };
            self.error(&node.origin, format!("this moment lies {side} of the run"), self.span_of_run());
            return None;
        }
        Some(at)
    }

    /// The run in words, for labels.
    pub fn span_of_run(&self) -> String {
        let end = self.window.start.as_nanosecond() + i128::from(self.window.end.0);
        match jiff::Timestamp::from_nanosecond(end) {
            Ok(end) => format!("the run covers {} to {end}", self.window.start),
            Err(_) => format!("the run starts at {}", self.window.start),
        }
    }
}

/// The elements of a list of tables that are enabled.
pub fn elements<'n>(root: &'n Node, key: &str) -> Vec<&'n Node> {
    let enabled = |node: &&Node| !matches!(node.get("enabled").map(|flag| &flag.value), Some(Value::Bool(false)));
    root.get(key).map(|list| list.items().iter().filter(enabled).collect()).unwrap_or_default()
}

/// The items of a list, or the one that stands in place of a list.
pub fn one_or_many(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// A table with these entries at the place of `node`: the long form of something written short.
pub fn table_at(node: &Node, entries: Vec<(&str, Node)>) -> Node {
    let entry = |(key, value): (&str, Node)| Entry { key: key.into(), key_origin: node.origin.clone(), node: value };
    Node { value: Value::Table(entries.into_iter().map(entry).collect()), origin: node.origin.clone() }
}

/// What kind of value a node holds, in words.
fn kind(node: &Node) -> &'static str {
    match node.value {
        Value::Text(_) => "a text",
        Value::Integer(_) | Value::Number(_) => "a number",
        Value::Bool(_) => "a truth value",
        Value::Moment(_) => "a date",
        Value::List(_) => "a list",
        Value::Table(_) => "a table",
    }
}

#[cfg(test)]
pub mod testing;

#[cfg(test)]
mod tests {
    use super::testing::read;
    use super::*;

    #[test]
    fn each_failure_is_reported_at_its_value() {
        let text = "a = \"90 MB\"\nb = -1\nc = \"2/month\"\nd = 0.15\ne = 2030-01-01\nf = \"instnt\"\n";
        let ((), problems) = read(text, "2026-01-01T00:00:00Z", 30, |reading, root| {
            assert_eq!(reading.optional(root, "a", |r, n| r.duration(n)), None);
            assert_eq!(reading.or(root, "b", 7, |r, n| r.count(n, 0)), 7);
            assert_eq!(reading.optional(root, "c", |r, n| r.rate(n)), None);
            assert_eq!(reading.optional(root, "d", |r, n| r.share(n)), None);
            assert_eq!(reading.optional(root, "e", |r, n| r.event(n)), None);
            assert_eq!(reading.optional(root, "f", |r, n| r.word(n, &[("instant", 1), ("disk", 2)])), None);
            assert_eq!(reading.optional(root, "f", |r, n| r.duration(n)), None, "reported once");
        });
        let said: Vec<(&str, &str)> = problems.iter().map(|(message, _, at)| (message.as_str(), at.as_str())).collect();
        assert_eq!(
            said,
            [
                ("expected a duration such as \"90d\", found a size", "\"90 MB\""),
                ("a count of at least 0 is wanted, found -1", "-1"),
                ("a rate per month is ambiguous; write \"2/30d\"", "\"2/month\""),
                ("expected a share such as \"15%\", found a number", "0.15"),
                ("this moment lies after the end of the run", "2030-01-01"),
                ("unknown value `instnt`, did you mean `instant`?", "\"instnt\""),
            ]
        );
        assert_eq!(problems[0].1, "time units: ns us ms s m h d w");
        assert_eq!(problems[4].1, "the run covers 2026-01-01T00:00:00Z to 2026-01-31T00:00:00Z");
    }

    #[test]
    fn moments_are_dates_or_durations() {
        let text = "a = \"45d\"\nb = 2026-02-15T00:00:00Z\nc = \"2026-02-15\"\n";
        let (times, problems) = read(text, "2026-01-01T00:00:00Z", 90, |reading, root| {
            ["a", "b", "c"].map(|key| reading.optional(root, key, |r, n| r.event(n)))
        });
        assert_eq!(times, [Some(Time(45 * crate::units::DAY)); 3]);
        assert!(problems.is_empty());
    }

    #[test]
    fn growth_is_continuous() {
        let (growth, _) = read("g = \"100%/30d\"", "2026-01-01T00:00:00Z", 90, |reading, root| {
            reading.optional(root, "g", |r, n| r.growth(n)).expect("a growth")
        });
        assert!((growth * 30.0 * crate::units::DAY as f64 - std::f64::consts::LN_2).abs() < 1e-12);
    }
}
