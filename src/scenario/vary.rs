//! `--vary KEY=V1,V2` and `--vary KEY=FROM..TO[:STEPS|log]`: a key of the scenario, and the values that a study gives it.
//!
//! A value is text as `--set` takes it, so a point of a study is nothing but a list of settings: whoever wants to look
//! at one point by itself runs the scenario with `--set` and the values of that row. Between the ends of a range, values
//! are worked out in the unit of its beginning ([`quantity`]); the ends themselves stay as they were written.

use std::ops::Range;

use super::keys::Type;
use super::keys::top::SCENARIO;
use super::paths;
use super::tree::Origin;
use super::{Diagnostics, Draft, lexical};

pub mod quantity;

use quantity::{Quantity, Spacing};

/// Points of a range without a number of steps.
const DEFAULT_STEPS: usize = 10;

/// Most points of one range: a slip of the finger, not a study.
const MAX_STEPS: usize = 10_000;

/// One key and the values that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Vary {
    /// The dotted path, as written.
    pub key: String,
    /// The values, as `--set` takes them, in the order of the study.
    pub values: Vec<String>,
    /// The range that they come from.
    pub range: Option<Between>,
}

/// A range of quantities.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    from: Quantity,
    to: Quantity,
    /// How points lie between the ends.
    pub spacing: Spacing,
    /// Only whole numbers mean something.
    whole: bool,
}

impl Between {
    /// The value at `share` of the way, from 0 to 1, as `--set` takes it.
    pub fn at(&self, share: f64) -> String {
        self.from.towards(&self.to, share.clamp(0.0, 1.0), self.spacing, self.whole)
    }

    /// The value of this measure (in the unit of the beginning) as `--set` takes it.
    pub fn written(&self, measure: f64) -> String {
        self.from.written(measure, self.whole)
    }

    /// Both ends in the unit of the beginning.
    pub fn ends(&self) -> (f64, f64) {
        (self.from.number(), self.to.measured_as(&self.from).unwrap_or_else(|| self.to.number()))
    }

    /// The unit that measures are in, such as `/day`; empty for plain numbers.
    pub fn unit(&self) -> String {
        self.from.unit()
    }

    /// Only whole numbers mean something.
    pub fn is_whole(&self) -> bool {
        self.whole
    }
}

impl Vary {
    /// Reads the argument `text` about the scenario of `draft`. Problems go to `diagnostics`.
    pub fn read(text: &str, draft: &Draft, diagnostics: &mut Diagnostics) -> Option<Vary> {
        let file = diagnostics.add_file("--vary", text);
        let Some(equals) = top_level(text, '=').first().copied() else {
            let origin = Origin { file, span: 0..text.len() };
            diagnostics.error(&origin, "expected KEY=V1,V2 or KEY=FROM..TO such as clusters.eu.nodes=10..100:5", "");
            return None;
        };
        let parts = match paths::split(text[..equals].trim_end()) {
            Ok(parts) => parts,
            Err((span, message)) => {
                diagnostics.error(&Origin { file, span }, message, "");
                return None;
            }
        };
        let key = text[..equals].trim().to_string();
        let rest = &text[equals + 1..];
        let whole = matches!(paths::type_of(&draft.root, Type::Table(&SCENARIO), &parts), Some(Type::Count(_)));
        let values = equals + 1..text.len();
        match values_of(rest, whole) {
            Ok((values, range)) => Some(Vary { key, values, range }),
            Err(problem) => {
                diagnostics.error(&Origin { file, span: values }, problem, "");
                None
            }
        }
    }

    /// A value of this key as an argument of `--set`.
    pub fn set(&self, value: &str) -> String {
        format!("{}={value}", self.key)
    }

    /// The value at `share` of the way from 0 to 1: of a range the point there, of a list the element there.
    pub fn at(&self, share: f64) -> String {
        match &self.range {
            Some(range) => range.at(share),
            None => {
                let index = (share.clamp(0.0, 1.0) * self.values.len() as f64) as usize;
                self.values[index.min(self.values.len() - 1)].clone()
            }
        }
    }

    /// A value as a number in [`Vary::unit`]; `None` when it is a word, a list or a table.
    pub fn measure(&self, value: &str) -> Option<f64> {
        let first = Quantity::read(&self.values[0])?;
        Quantity::read(value)?.measured_as(&first)
    }

    /// The unit of [`Vary::measure`]: that of the first value.
    pub fn unit(&self) -> String {
        Quantity::read(&self.values[0]).map(|first| first.unit()).unwrap_or_default()
    }
}

/// Every combination of the values, as lists of settings; the first key varies slowest. Without a key there is one
/// point: the scenario as it is.
pub fn grid(keys: &[Vary]) -> impl Iterator<Item = Vec<String>> + '_ {
    let count: usize = keys.iter().map(|vary| vary.values.len()).product();
    (0..count).map(move |point| {
        let mut rest = point;
        let mut values: Vec<String> = Vec::with_capacity(keys.len());
        for vary in keys.iter().rev() {
            values.push(vary.values[rest % vary.values.len()].clone());
            rest /= vary.values.len();
        }
        values.reverse();
        values
    })
}

/// The values of the text behind the `=`, and the range that they come from.
fn values_of(text: &str, whole: bool) -> Result<(Vec<String>, Option<Between>), String> {
    let commas = top_level(text, ',');
    if commas.is_empty()
        && let Some((span, middle)) = dots(text)
    {
        return range(text, span, middle, whole);
    }
    let ends: Vec<usize> = commas.iter().copied().chain([text.len()]).collect();
    let starts = std::iter::once(0).chain(commas.iter().map(|comma| comma + 1));
    let values: Vec<String> = starts.zip(ends).map(|(start, end)| text[start..end].trim().to_string()).collect();
    match values.iter().position(String::is_empty) {
        Some(index) => Err(format!("value {} of {} is empty", index + 1, values.len())),
        None => Ok((without_repeats(values), None)),
    }
}

/// `FROM..TO[:STEPS|log]`; the dots are at `span`, and `middle` is where they end.
fn range(text: &str, span: usize, middle: usize, whole: bool) -> Result<(Vec<String>, Option<Between>), String> {
    let (to, steps, spacing) = match text.rsplit_once(':') {
        Some((head, tail)) if head.len() >= middle => {
            let (digits, spacing) = match tail.trim().strip_suffix("log") {
                Some(digits) => (digits.trim(), Spacing::Logarithmic),
                None => (tail.trim(), Spacing::Even),
            };
            let steps = if digits.is_empty() && spacing == Spacing::Logarithmic {
                DEFAULT_STEPS
            } else {
                digits.parse().map_err(|_| {
                    format!(
                        "behind `:` comes a number of points, `log`, or both such as `20log`; found `{}`",
                        lexical::clip(tail)
                    )
                })?
            };
            (&head[middle..], steps, spacing)
        }
        _ => (&text[middle..], DEFAULT_STEPS, Spacing::Even),
    };
    let from = text[..span].trim();
    let end = |text: &str| {
        Quantity::read(text).ok_or_else(|| {
            format!(
                "`{}` is no quantity that a range could begin or end with; list the values: KEY=V1,V2",
                lexical::clip(text)
            )
        })
    };
    let (low, high) = (end(from)?, end(to.trim())?);
    if high.measured_as(&low).is_none() {
        let to = lexical::clip(to.trim());
        return Err(format!("a range has one kind of quantity, but `{}` and `{to}` are two", lexical::clip(from)));
    }
    if !(2..=MAX_STEPS).contains(&steps) {
        return Err(format!("a range has 2 to {MAX_STEPS} points, both ends included"));
    }
    let between = Between { from: low, to: high, spacing, whole };
    let (least, most) = between.ends();
    if spacing == Spacing::Logarithmic && (least <= 0.0 || most <= 0.0) {
        return Err("a range in the logarithm begins and ends above zero".into());
    }
    let points = (0..steps).map(|step| between.at(step as f64 / (steps - 1) as f64));
    Ok((without_repeats(points.collect()), Some(between)))
}

fn without_repeats(values: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(values.len());
    let mut seen = std::collections::HashSet::new();
    kept.extend(values.into_iter().filter(|value| seen.insert(value.clone())));
    kept
}

/// Where `wanted` stands outside quotes and brackets.
fn top_level(text: &str, wanted: char) -> Vec<usize> {
    let (mut quote, mut depth, mut found) = (None, 0usize, Vec::new());
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, c) if c == wanted && depth == 0 => found.push(at),
            _ => {}
        }
    }
    found
}

/// Where the two dots of a range begin and end, if it is one.
fn dots(text: &str) -> Option<(usize, usize)> {
    let found: Range<usize> =
        top_level(text, '.').windows(2).find(|pair| pair[1] == pair[0] + 1).map(|pair| pair[0]..pair[1] + 1)?;
    Some((found.start, found.end))
}

#[cfg(test)]
mod tests;
