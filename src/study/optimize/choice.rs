//! The way for each cell: the cheapest that may be chosen, and where objectives ask for more, dearer ones.
//!
//! An objective about times is one sum over cells (see [`judged`](super::judged)). Beginning at the cheapest ways, the
//! move that brings it nearest to its target per dollar is made until it is reached: the usual greedy for such a
//! knapsack, not more than one cell's worth away from the least cost.

use std::collections::BTreeMap;

use super::cells::{Cell, Cells, Counts};
use super::judged::Judged;
use crate::cloud::RegistryId;

/// What is wished for before the service's limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Wishes {
    /// By cell: a column.
    pub columns: Vec<usize>,
    /// By cell: an objective asks for it, so that a cheaper way will not do.
    pub required: Vec<bool>,
    /// Indices of objectives that no choice reaches, by what was counted.
    pub out_of_reach: Vec<usize>,
}

/// What a repair asks for on top.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repair {
    /// By judged objective: the part of the distance from its share to one that is asked for too.
    pub margins: Vec<f64>,
    /// Columns that cells must have.
    pub fixed: BTreeMap<usize, usize>,
}

/// A sum that must not be negative.
struct Constraint<'a> {
    judged: usize,
    share: f64,
    /// `None` = all places together.
    place: Option<RegistryId>,
    all: &'a Judged,
}

impl Constraint<'_> {
    fn slack(&self, counts: &Counts) -> f64 {
        let [events, within] = counts.within.get(self.judged).copied().unwrap_or_default();
        within as f64 - self.share * events as f64
    }

    fn of(&self, cell: &Cell, column: usize) -> f64 {
        let here = self.place.is_none_or(|place| place == cell.destination);
        if here { self.slack(&cell.ways[column].counts) } else { 0.0 }
    }
}

/// The cheapest column of a cell among those that pass; of equal ones the first.
pub fn cheapest(cell: &Cell, passes: impl Fn(usize) -> bool) -> Option<usize> {
    let may = |column: &usize| cell.ways[*column].barred.is_none() && passes(*column);
    (0..cell.ways.len()).filter(may).min_by_key(|column| cell.ways[*column].cost)
}

/// Chooses for every cell.
pub fn wishes(cells: &Cells, judged: &[Judged], repair: &Repair) -> Wishes {
    let first = |(index, cell): (usize, &Cell)| match repair.fixed.get(&index) {
        Some(column) => *column,
        None if cell.runs => cheapest(cell, |_| true).unwrap_or(0),
        None => 0,
    };
    let mut wishes = Wishes {
        columns: cells.cells.iter().enumerate().map(first).collect(),
        required: (0..cells.cells.len()).map(|index| repair.fixed.contains_key(&index)).collect(),
        out_of_reach: Vec::new(),
    };
    let constraints = constraints(cells, judged, repair);
    for constraint in &constraints {
        if !reach(cells, constraint, &constraints, &mut wishes)
            && !wishes.out_of_reach.contains(&constraint.all.objective)
        {
            wishes.out_of_reach.push(constraint.all.objective);
        }
    }
    wishes
}

fn constraints<'a>(cells: &Cells, judged: &'a [Judged], repair: &Repair) -> Vec<Constraint<'a>> {
    let mut constraints = Vec::new();
    for (index, one) in judged.iter().enumerate() {
        let margin = repair.margins.get(index).copied().unwrap_or(0.0);
        let share = one.share + (1.0 - one.share) * margin;
        let places = match one.by_place {
            true => cells.destinations.iter().copied().map(Some).collect(),
            false => vec![None],
        };
        constraints.extend(places.into_iter().map(|place| Constraint { judged: index, share, place, all: one }));
    }
    constraints
}

/// Moves cells until the constraint holds; whether it does. A move that takes another constraint below zero is no move.
fn reach(cells: &Cells, wanted: &Constraint, all: &[Constraint], wishes: &mut Wishes) -> bool {
    let sum = |one: &Constraint, columns: &[usize]| {
        let home = if one.place.is_none() { one.slack(&cells.at_home) } else { 0.0 };
        cells
            .cells
            .iter()
            .zip(columns)
            .filter(|(cell, _)| cell.runs)
            .fold(home, |sum, (cell, column)| sum + one.of(cell, *column))
    };
    let mut slacks: Vec<f64> = all.iter().map(|one| sum(one, &wishes.columns)).collect();
    let mut slack = sum(wanted, &wishes.columns);
    // Counts are whole numbers and shares have few digits; what is left of a sum below this is rounding.
    const DUST: f64 = 1e-6;
    while slack < -DUST {
        let mut best: Option<(f64, usize, usize, f64)> = None;
        for (index, cell) in cells.cells.iter().enumerate().filter(|(_, cell)| cell.runs) {
            let now = wishes.columns[index];
            for column in (0..cell.ways.len()).filter(|column| cell.ways[*column].barred.is_none()) {
                let gain = wanted.of(cell, column) - wanted.of(cell, now);
                let spoils = |(one, slack): (&Constraint, &f64)| {
                    let change = one.of(cell, column) - one.of(cell, now);
                    change < 0.0 && slack + change < -DUST && *slack >= -DUST
                };
                if gain <= DUST || all.iter().zip(&slacks).any(spoils) {
                    continue;
                }
                let price = (cell.ways[column].cost - cell.ways[now].cost).0.max(1) as f64;
                let worth = gain.min(-slack) / price;
                if best.is_none_or(|(most, ..)| worth > most) {
                    best = Some((worth, index, column, gain));
                }
            }
        }
        let Some((_, index, column, gain)) = best else { return false };
        let cell = &cells.cells[index];
        for (one, slack) in all.iter().zip(&mut slacks) {
            *slack += one.of(cell, column) - one.of(cell, wishes.columns[index]);
        }
        wishes.columns[index] = column;
        wishes.required[index] = true;
        slack += gain;
    }
    true
}
