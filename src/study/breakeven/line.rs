//! The points of one varied key, everything else fixed: a grid first, then whatever a search asks for.

use super::BreakevenError;
use super::root::{Bracket, Sample, Until, narrow};
use crate::billing::PullReading;
use crate::scenario::{Scenario, Vary};
use crate::study::evaluate::Evaluation;
use crate::study::statistics::Estimate;

/// Runs the scenario with these `--set` arguments.
pub type Evaluate<'a> = dyn Fn(&[String]) -> Result<(Scenario, Evaluation), BreakevenError> + 'a;

/// A step of the grid over this is how close a search comes.
const FINENESS: f64 = 1000.0;

/// A simulated point.
pub struct Point {
    /// The value as `--set` takes it.
    pub value: String,
    /// The value in the key's unit; of words, the place in the list.
    pub at: f64,
    /// Whether it was asked for, or found by a search.
    pub on_grid: bool,
    /// Which of the two readings [`Evaluation::costs`] are under.
    reading: PullReading,
    pub evaluation: Evaluation,
}

impl Point {
    /// Dollars a month of each trial.
    pub fn costs(&self, strategy: usize, reading: PullReading) -> Option<&[f64]> {
        let evaluation = &self.evaluation;
        if reading == self.reading {
            evaluation.costs.get(strategy).map(Vec::as_slice)
        } else {
            evaluation.other_costs.get(strategy)?.as_deref()
        }
    }

    /// The cost of `a` minus that of `b`, paired by trial.
    pub fn difference(&self, a: usize, b: usize, reading: PullReading) -> Option<Estimate> {
        Some(Estimate::of_differences(self.costs(a, reading)?, self.costs(b, reading)?))
    }

    /// Bytes that `pulling` moves across for each byte that `replicating` copies.
    pub fn pulls_per_image(&self, pulling: usize, replicating: usize) -> Option<f64> {
        let bytes = |strategy: usize| self.evaluation.summary.get(strategy).map(|row| row.cross_region_bytes);
        let copied = bytes(replicating).filter(|bytes| *bytes > 0.0)?;
        Some(bytes(pulling)? / copied)
    }
}

/// One key at fixed settings.
pub struct Line<'a> {
    pub vary: &'a Vary,
    /// `--set` arguments besides the key's own.
    fixed: Vec<String>,
    evaluate: &'a Evaluate<'a>,
    /// Ascending.
    pub points: Vec<Point>,
}

/// Two strategies under a reading.
#[derive(Clone, Copy)]
pub struct Pair {
    pub a: usize,
    pub b: usize,
    pub reading: PullReading,
}

/// Where two strategies cost the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    pub at: f64,
    /// Ends of the interval; `None` = not within the range, or not known.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// `a` is the dearer one below it.
    pub a_wins_above: bool,
}

impl<'a> Line<'a> {
    /// Simulates the grid.
    pub fn over(vary: &'a Vary, fixed: Vec<String>, evaluate: &'a Evaluate<'a>) -> Result<Line<'a>, BreakevenError> {
        let mut line = Line { vary, fixed, evaluate, points: Vec::new() };
        let measures: Option<Vec<f64>> = vary.values.iter().map(|value| vary.measure(value)).collect();
        for (index, value) in vary.values.iter().enumerate() {
            let at = measures.as_ref().map_or(index as f64, |measures| measures[index]);
            line.run(value.clone(), at, true)?;
        }
        Ok(line)
    }

    /// Whether values are quantities: only then is there anything between two of them.
    pub fn is_measured(&self) -> bool {
        self.vary.values.iter().all(|value| self.vary.measure(value).is_some())
    }

    /// Index of the new point.
    fn run(&mut self, value: String, at: f64, on_grid: bool) -> Result<usize, BreakevenError> {
        let mut sets = self.fixed.clone();
        sets.push(self.vary.set(&value));
        let (scenario, evaluation) = (self.evaluate)(&sets)?;
        let place = self.points.partition_point(|point| point.at < at);
        let reading = scenario.terms.reading;
        self.points.insert(place, Point { value, at, on_grid, reading, evaluation });
        Ok(place)
    }

    /// The point nearest to `at` that can be written, simulated if it is new.
    fn point_at(&mut self, at: f64) -> Result<&Point, BreakevenError> {
        let Some(range) = &self.vary.range else { return Err(BreakevenError::NothingBetween) };
        let value = range.written(at);
        if let Some(found) = self.points.iter().position(|point| point.value == value) {
            return Ok(&self.points[found]);
        }
        let at = self.vary.measure(&value).unwrap_or(at);
        let place = self.run(value, at, false)?;
        Ok(&self.points[place])
    }

    /// Every crossing of a pair, ascending.
    pub fn crossings(&mut self, pair: Pair) -> Result<Vec<Crossing>, BreakevenError> {
        let differences = |points: &[Point]| -> Vec<(f64, Estimate)> {
            points.iter().filter_map(|it| Some((it.at, it.difference(pair.a, pair.b, pair.reading)?))).collect()
        };
        // Points where both cost the same to the last digit say nothing about the sign.
        let signed: Vec<(f64, Estimate)> =
            differences(&self.points).into_iter().filter(|(_, difference)| difference.mean != 0.0).collect();
        let mut found = Vec::new();
        let mut edge = f64::NEG_INFINITY;
        for (index, ends) in signed.windows(2).enumerate() {
            let sign = ends[0].1.mean.signum();
            if sign == ends[1].1.mean.signum() {
                continue;
            }
            let step = ends[1].0 - ends[0].0;
            let until = self.until(step);
            let start = Bracket { low: (ends[0].0, ends[0].1.mean), high: (ends[1].0, ends[1].1.mean) };
            let bracket = self.search(start, until, pair, &|difference| difference.mean)?;
            // The interval ends where the next crossing begins to be in doubt.
            let next =
                signed[index + 1..].windows(2).find(|ends| ends[0].1.mean.signum() == sign).map(|ends| ends[0].0);
            let limits = (edge, next.unwrap_or(f64::INFINITY));
            let low = self.end_of_doubt(bracket, (sign, -1.0), limits, until, pair)?;
            let high = self.end_of_doubt(bracket, (sign, 1.0), limits, until, pair)?;
            found.push(Crossing { at: bracket.zero(), low, high, a_wins_above: sign > 0.0 });
            edge = bracket.high.0;
        }
        Ok(found)
    }

    fn until(&self, step: f64) -> Until {
        match &self.vary.range {
            Some(range) if range.is_whole() => Until::Neighbours,
            _ => Until::Within(step / FINENESS),
        }
    }

    /// Narrows a bracket of a curve over the paired difference. Between the values of a list nothing is simulated.
    fn search(
        &mut self,
        start: Bracket,
        until: Until,
        pair: Pair,
        curve: &dyn Fn(&Estimate) -> f64,
    ) -> Result<Bracket, BreakevenError> {
        if self.vary.range.is_none() {
            return Ok(start);
        }
        narrow(start, until, |at| -> Result<Sample, BreakevenError> {
            let point = self.point_at(at)?;
            let difference = point.difference(pair.a, pair.b, pair.reading).ok_or(BreakevenError::NoPrice)?;
            Ok((point.at, curve(&difference)))
        })
    }

    /// Where, going from a crossing to one side, the paired 95 % interval first leaves zero out: the crossing's interval
    /// is every place where it does not (an inverted test, as Fieller's). `None` when that is beyond the `limits`.
    fn end_of_doubt(
        &mut self,
        crossing: Bracket,
        (sign, side): (f64, f64),
        limits: (f64, f64),
        until: Until,
        pair: Pair,
    ) -> Result<Option<f64>, BreakevenError> {
        // Above zero where the difference is significantly as it is on this side.
        let clear = |it: &Estimate| it.half_width.map_or(f64::NAN, |half| -side * sign * it.mean - half);
        let samples: Vec<Sample> = self
            .points
            .iter()
            .filter_map(|it| Some((it.at, clear(&it.difference(pair.a, pair.b, pair.reading)?))))
            .filter(|(at, _)| (limits.0..=limits.1).contains(at))
            .collect();
        if samples.iter().any(|(_, value)| value.is_nan()) {
            return Ok(None);
        }
        let value_at = |at: f64| samples.iter().find(|sample| sample.0 == at).copied();
        let (Some(low), Some(high)) = (value_at(crossing.low.0), value_at(crossing.high.0)) else { return Ok(None) };
        let (near, far) = if side < 0.0 { (low, high) } else { (high, low) };
        let (inner, outer) = if near.1 > 0.0 {
            (far, Some(near))
        } else {
            let beyond = samples.iter().copied().filter(|it| side * (it.0 - near.0) > 0.0 && it.1 > 0.0);
            (near, beyond.min_by(|a, b| (side * a.0).total_cmp(&(side * b.0))))
        };
        let Some(outer) = outer else { return Ok(None) };
        // The nearest known place on the inner side of the end.
        let within =
            samples.iter().copied().filter(|it| side * (it.0 - inner.0) >= 0.0 && side * (outer.0 - it.0) > 0.0);
        let inner = within.max_by(|a, b| (side * a.0).total_cmp(&(side * b.0))).unwrap_or(inner);
        let start = if side < 0.0 { Bracket { low: outer, high: inner } } else { Bracket { low: inner, high: outer } };
        let bracket = self.search(start, until, pair, &clear)?;
        // Rounded outwards: a search that stops early must not claim to know better.
        let edge = if side < 0.0 { bracket.low.0 } else { bracket.high.0 };
        Ok(Some(if matches!(until, Until::Within(_)) && self.vary.range.is_some() { edge } else { bracket.zero() }))
    }

    /// The measure `pulls_per_image` at a place, on straight lines between points.
    pub fn pulls_per_image(&self, at: f64, pulling: usize, replicating: usize) -> Option<f64> {
        let known: Vec<Sample> =
            self.points.iter().filter_map(|it| Some((it.at, it.pulls_per_image(pulling, replicating)?))).collect();
        let above = known.partition_point(|sample| sample.0 < at);
        match (above.checked_sub(1).and_then(|below| known.get(below)), known.get(above)) {
            (_, Some(exact)) if exact.0 == at => Some(exact.1),
            (Some(below), Some(above)) => Some(below.1 + (above.1 - below.1) * (at - below.0) / (above.0 - below.0)),
            _ => None,
        }
    }
}
