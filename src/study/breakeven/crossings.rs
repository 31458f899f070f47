//! Crossings as rows of `breakeven.csv`: as found, in pulls per image, and by the closed form.

use super::closed_form::{Verdict, closed_form};
use super::line::{Crossing, Line, Pair};
use super::tables::{Breakeven, ClosedForm, CrossingRow, PULLS_PER_IMAGE, Threshold};
use super::{BreakevenError, FixedCells, Load, Study};
use crate::strategy::Kind;

impl Study<'_> {
    fn row(&self, pair: Pair, fixed: &FixedCells) -> CrossingRow {
        let (fixed_key, fixed_value) = fixed.clone().unzip();
        CrossingRow {
            key: self.key.key.clone(),
            fixed_key,
            fixed_value,
            reading: pair.reading.name().into(),
            strategy_a: self.name(pair.a).into(),
            strategy_b: self.name(pair.b).into(),
            unit: self.key.unit(),
            ..CrossingRow::default()
        }
    }

    /// The cheaper one throughout is named first.
    pub(super) fn no_crossing(&self, line: &Line, pair: Pair, fixed: &FixedCells) -> CrossingRow {
        let last = line.points.iter().rev().find_map(|point| {
            point.difference(pair.a, pair.b, pair.reading).map(|it| it.mean).filter(|mean| *mean != 0.0)
        });
        let pair = if last.is_some_and(|mean| mean > 0.0) { Pair { a: pair.b, b: pair.a, ..pair } } else { pair };
        CrossingRow { method: "none".into(), ..self.row(pair, fixed) }
    }

    pub(super) fn crossing(&self, line: &Line, pair: Pair, crossing: &Crossing, fixed: &FixedCells) -> CrossingRow {
        let pair = if crossing.a_wins_above { pair } else { Pair { a: pair.b, b: pair.a, ..pair } };
        CrossingRow {
            crossing: Some(crossing.at),
            ci_low: crossing.low,
            ci_high: crossing.high,
            method: if line.vary.range.is_some() { "root" } else { "interpolated" }.into(),
            ..self.row(pair, fixed)
        }
    }

    /// The pair as (pulls across, replicates), whichever way round it is.
    fn as_pull_and_copy(&self, pair: Pair) -> Option<(usize, usize)> {
        match (self.kind(pair.a), self.kind(pair.b)) {
            (Kind::CrossRegionPull, Kind::Replication(_)) => Some((pair.a, pair.b)),
            (Kind::Replication(_), Kind::CrossRegionPull) => Some((pair.b, pair.a)),
            _ => None,
        }
    }

    /// The same crossing in pulls per image, if the key changes these.
    pub(super) fn in_pulls(
        &self,
        line: &Line,
        pair: Pair,
        crossing: &Crossing,
        fixed: &FixedCells,
    ) -> Option<CrossingRow> {
        let (pulling, replicating) = self.as_pull_and_copy(pair)?;
        let measure = |at: f64| line.pulls_per_image(at, pulling, replicating);
        let ends = [line.points.first()?, line.points.last()?].map(|point| measure(point.at));
        let (Some(first), Some(last)) = (ends[0], ends[1]) else { return None };
        if (first - last).abs() <= 0.01 * first.max(last) {
            return None;
        }
        let (mut low, mut high) = (crossing.low.and_then(measure), crossing.high.and_then(measure));
        if first > last {
            std::mem::swap(&mut low, &mut high);
        }
        let copies_win_above = crossing.a_wins_above == (pair.a == replicating) && first < last
            || crossing.a_wins_above != (pair.a == replicating) && first > last;
        let (a, b) = if copies_win_above { (replicating, pulling) } else { (pulling, replicating) };
        Some(CrossingRow {
            key: PULLS_PER_IMAGE.into(),
            crossing: Some(measure(crossing.at)?),
            ci_low: low,
            ci_high: high,
            unit: "pulls".into(),
            method: if line.vary.range.is_some() { "root" } else { "interpolated" }.into(),
            ..self.row(Pair { a, b, ..pair }, fixed)
        })
    }

    /// The closed form for every strategy that replicates against the one that pulls across, where the key leaves its
    /// answer alone.
    pub(super) fn closed_forms(
        &self,
        load: &Load,
        line: &Line,
        fixed: &[String],
        cells: &FixedCells,
        result: &mut Breakeven,
    ) -> Result<(), BreakevenError> {
        let is_plain = |kind: &Kind| matches!(kind, Kind::CrossRegionPull);
        let Some(pulling) = (0..self.systems.len()).find(|system| is_plain(self.kind(*system))) else { return Ok(()) };
        let ends = [&self.key.values[0], &self.key.values[self.key.values.len() - 1]].map(|value| {
            let sets: Vec<String> = fixed.iter().cloned().chain([self.key.set(value)]).collect();
            load(&sets).map_err(BreakevenError::Invalid)
        });
        let [first, last] = ends;
        let ends = [first?, last?];
        let copying = (0..self.systems.len()).filter(|system| matches!(self.kind(*system), Kind::Replication(_)));
        for replicating in copying {
            for reading in self.readings() {
                let months = self.base.model.calendar.months_covered();
                let moved = line.points.iter().filter_map(|point| point.evaluation.summary.get(pulling));
                let most = moved.map(|row| row.cross_region_bytes / months).fold(0.0, f64::max);
                let (p, r) = (self.systems[pulling], self.systems[replicating]);
                let verdicts = [0, 1].map(|end| closed_form(&ends[end], reading, p, r, most));
                let [mut verdict, other] = verdicts;
                let thresholds = |it: &Verdict| it.thresholds.iter().map(|it| it.pulls_per_image).collect();
                let (one, two): (Vec<f64>, Vec<f64>) = (thresholds(&verdict), thresholds(&other));
                let same = one.len() == two.len() && one.iter().zip(&two).all(|(a, b)| (a - b).abs() <= 1e-9 * a.abs());
                if !same {
                    verdict.reasons.push(format!("`{}` changes it", self.key.key));
                    verdict.thresholds.clear();
                }
                let more = other.reasons.into_iter().filter(|reason| !verdict.reasons.contains(reason));
                verdict.reasons.extend(more.collect::<Vec<_>>());
                if verdict.reasons.is_empty() {
                    self.closed_rows(&verdict.thresholds, Pair { a: replicating, b: pulling, reading }, cells, result);
                }
                if result.record.retention_days.is_none() {
                    result.record.retention_days = verdict.days;
                }
                result.record.closed_form.push(ClosedForm {
                    replicating: self.name(replicating).into(),
                    pulling: self.name(pulling).into(),
                    reading: reading.name().into(),
                    fixed_value: cells.as_ref().map(|(_, value)| value.clone()),
                    reasons: verdict.reasons,
                    thresholds: verdict.thresholds,
                });
            }
        }
        Ok(())
    }

    /// One row when all destinations have the same answer, else one for each.
    fn closed_rows(&self, thresholds: &[Threshold], pair: Pair, cells: &FixedCells, result: &mut Breakeven) {
        let Some(first) = thresholds.first() else { return };
        let alike = thresholds.iter().all(|it| (it.pulls_per_image / first.pulls_per_image - 1.0).abs() < 1e-9);
        let row = |pulls: f64, cells: &FixedCells| CrossingRow {
            key: PULLS_PER_IMAGE.into(),
            crossing: Some(pulls),
            ci_low: Some(pulls),
            ci_high: Some(pulls),
            unit: "pulls".into(),
            method: "closed-form".into(),
            ..self.row(pair, cells)
        };
        if alike {
            result.crossings.push(row(first.pulls_per_image, cells));
        } else if cells.is_none() {
            let of = |it: &Threshold| row(it.pulls_per_image, &Some(("destination".into(), it.destination.clone())));
            result.crossings.extend(thresholds.iter().map(of));
        }
    }
}
