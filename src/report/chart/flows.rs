//! Bytes and dollars from region to region: a table of numbers shaded by dollars.
//!
//! Rows are pairs of regions, columns are strategies. Numbers in cells beat arrows on a map: they can be compared, and
//! twelve strategies still fit.

use std::collections::BTreeMap;

use super::canvas::{Anchor, Area, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, Words};
use super::palette::{HEAT, INK, MUTED, WHITE, colour};
use super::{Figure, LeftOut};
use crate::report::numbers::{bytes, money};
use crate::report::reading::{Reading, Strategy, dollars};
use crate::units::BILL_GB;

/// Pairs with a row of their own; the rest share one.
const ROWS: usize = 9;

/// Money (dollars a month) and volume [bytes a month].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Flow {
    money: f64,
    volume: f64,
}

/// What flows between regions, by pair and strategy index; means over trials.
fn flows(reading: &Reading) -> BTreeMap<(String, String), Vec<Flow>> {
    let index: BTreeMap<&str, usize> =
        reading.strategies.iter().enumerate().map(|(index, it)| (it.name(), index)).collect();
    // Months of all trials of a strategy together: sums over them become means per month.
    let mut months = vec![0.0; index.len()];
    for row in &reading.tables.trials {
        if let Some(index) = index.get(row.strategy.as_str()) {
            months[*index] += row.months;
        }
    }
    let mut flows: BTreeMap<(String, String), Vec<Flow>> = BTreeMap::new();
    for row in &reading.tables.bill {
        let (Some(from), Some(to), Some(index)) =
            (&row.from_region, &row.to_region, index.get(row.strategy.as_str()).copied())
        else {
            continue;
        };
        if row.unit != "GB" || months[index] == 0.0 {
            continue;
        }
        let pair = flows.entry((from.clone(), to.clone())).or_insert_with(|| vec![Flow::default(); months.len()]);
        pair[index].money += dollars(&row.cost_usd).unwrap_or(0.0) / months[index];
        pair[index].volume += dollars(&row.quantity).unwrap_or(0.0) * BILL_GB as f64 / months[index];
    }
    flows
}

fn sum(flows: &[Flow]) -> Flow {
    flows
        .iter()
        .fold(Flow::default(), |sum, flow| Flow { money: sum.money + flow.money, volume: sum.volume + flow.volume })
}

/// Draws the chart.
pub fn draw(reading: &Reading) -> Result<Figure, LeftOut> {
    let flows = flows(reading);
    let mut pairs: Vec<(String, Vec<Flow>)> =
        flows.iter().map(|((from, to), flows)| (format!("{from} → {to}"), flows.clone())).collect();
    pairs.retain(|(_, flows)| sum(flows).volume > 0.0);
    if pairs.is_empty() {
        return Err(LeftOut { name: "flows".into(), reason: "no bytes cross from one region to another".into() });
    }
    pairs.sort_by(|a, b| {
        sum(&b.1).money.total_cmp(&sum(&a.1).money).then(sum(&b.1).volume.total_cmp(&sum(&a.1).volume))
    });
    let title = title(reading, &pairs);
    let count = pairs.len();
    let mut rows: Vec<(String, Vec<Flow>)> = pairs;
    if rows.len() > ROWS + 1 {
        let rest = rows.split_off(ROWS);
        let others = (0..reading.strategies.len())
            .map(|index| sum(&rest.iter().map(|(_, flows)| flows[index]).collect::<Vec<_>>()));
        rows.push((format!("{} other pairs", rest.len()), others.collect()));
    }
    let words = Words {
        name: "flows".into(),
        title,
        subtitle: format!(
            "Dollars a month for bytes from region to region, and how many bytes; {}",
            frame::trials(reading)
        ),
        caption:
            "Only transfer between regions is counted: copies, cache fetches and pulls across. Darker cells cost more."
                .into(),
        alt: format!(
            "A table of {count} {} of regions and {} strategies, shaded by dollars",
            if count == 1 { "pair" } else { "pairs" },
            reading.strategies.len()
        ),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let order = reading.by_cost();
        let columns: Vec<(Strategy, usize)> = order
            .iter()
            .filter_map(|it| Some((*it, reading.strategies.iter().position(|other| other.name() == it.name())?)))
            .collect();
        let names = rows.iter().map(|(name, _)| LABEL.width(name)).fold(0.0, f64::max).min(380.0);
        let left = area.left + names + 24.0;
        let width = ((area.right - left) / columns.len() as f64).min(230.0);
        let size = if width < 96.0 {
            15.0
        } else if width < 125.0 {
            17.0
        } else {
            20.0
        };
        let head = 3.0 * size * 1.2 + 16.0;
        let total_gap = 10.0;
        let height = ((area.height() - head - total_gap) / (rows.len() + 1) as f64).min(104.0);
        let most = rows.iter().flat_map(|(_, flows)| flows.iter().map(|flow| flow.money)).fold(0.0, f64::max);

        for (column, (strategy, _)) in columns.iter().enumerate() {
            let x = left + width * column as f64;
            canvas.rectangle(
                Area {
                    left: x + 3.0,
                    top: area.top + head - 10.0,
                    right: x + width - 3.0,
                    bottom: area.top + head - 4.0,
                },
                colour(strategy),
            );
            let lines = name_lines(strategy.name(), size, width - 8.0);
            for (line, text) in lines.iter().enumerate() {
                let y = area.top + head - 22.0 - (lines.len() - 1 - line) as f64 * size * 1.2;
                canvas.text((x + width / 2.0, y), text, Type::new(size, INK).anchored(Anchor::Middle));
            }
        }
        let cell = |x: f64, y: f64, flow: Flow, shade: Option<f64>, look: Type| {
            if let Some(share) = shade {
                let fill = WHITE.towards(HEAT, if flow.volume > 0.0 { 0.07 + 0.7 * share } else { 0.0 });
                canvas.rectangle(
                    Area { left: x + 2.0, top: y + 2.0, right: x + width - 2.0, bottom: y + height - 2.0 },
                    fill,
                );
            }
            let middle = (x + width / 2.0, y + height / 2.0);
            if flow.volume == 0.0 {
                canvas.text((middle.0, middle.1 + 6.0), "–", Type { colour: MUTED, ..look });
            } else if height >= size * 2.5 {
                canvas.text((middle.0, middle.1 - 3.0), &money(flow.money), look);
                canvas.text(
                    (middle.0, middle.1 + size * 0.98),
                    &bytes(flow.volume),
                    Type { size: size * 0.85, weight: Weight::Regular, ..look },
                );
            } else {
                canvas.text((middle.0, middle.1 + size * 0.36), &money(flow.money), look);
            }
        };
        let look = Type::new(size, INK).anchored(Anchor::Middle);
        for (index, (name, flows)) in rows.iter().enumerate() {
            let y = area.top + head + height * index as f64;
            let name = font::fit(name, LABEL.size, Weight::Regular, names + 1.0);
            canvas.text((area.left, y + height / 2.0 + 7.0), &name, LABEL);
            for (column, (_, strategy)) in columns.iter().enumerate() {
                let flow = flows[*strategy];
                let share = if most > 0.0 { flow.money / most } else { 0.0 };
                cell(left + width * column as f64, y, flow, Some(share), look);
            }
        }
        let y = area.top + head + height * rows.len() as f64 + total_gap;
        canvas.line(&[(area.left, y - 4.0), (left + width * columns.len() as f64, y - 4.0)], MUTED, 1.5);
        canvas.text((area.left, y + height / 2.0 + 7.0), "all", LABEL.bold());
        for (column, (_, strategy)) in columns.iter().enumerate() {
            let total = sum(&rows.iter().map(|(_, flows)| flows[*strategy]).collect::<Vec<_>>());
            cell(left + width * column as f64, y, total, None, look.bold());
        }
    }))
}

fn title(reading: &Reading, pairs: &[(String, Vec<Flow>)]) -> String {
    let totals: Vec<(Strategy, Flow)> = reading
        .strategies
        .iter()
        .enumerate()
        .filter(|(_, it)| !it.is_bound())
        .map(|(index, it)| (*it, sum(&pairs.iter().map(|(_, flows)| flows[index]).collect::<Vec<_>>())))
        .collect();
    let most = totals.iter().max_by(|a, b| a.1.volume.total_cmp(&b.1.volume));
    let least = totals.iter().filter(|(_, flow)| flow.volume > 0.0).min_by(|a, b| a.1.volume.total_cmp(&b.1.volume));
    match (most, least) {
        (Some(most), Some(least)) if most.0.name() != least.0.name() && most.1.volume > least.1.volume => format!(
            "{} moves {} a month between regions ({}), {} only {} ({})",
            frame::shortened(most.0.name()),
            bytes(most.1.volume),
            money(most.1.money),
            frame::shortened(least.0.name()),
            bytes(least.1.volume),
            money(least.1.money)
        ),
        (Some(most), _) if most.1.volume > 0.0 => {
            format!("{} a month cross between regions and cost {}", bytes(most.1.volume), money(most.1.money))
        }
        _ => "Only the bound moves bytes between regions".to_owned(),
    }
}

/// A name broken at hyphens into at most three lines.
fn name_lines(name: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in name.split_inclusive(['-', '_', '.', ' ']) {
        match lines.last_mut() {
            Some(line) if font::width(&format!("{line}{part}"), size, Weight::Regular) <= room => line.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    if lines.len() > 3 {
        lines.truncate(3);
        lines[2].push('…');
    }
    lines.iter().map(|line| font::fit(line, size, Weight::Regular, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn transfer_dollars_agree_with_the_summary() {
        let tables = fixture::tables();
        let reading = Reading::of(&tables);
        let flows = flows(&reading);
        for (index, row) in tables.summary.iter().enumerate() {
            let total: f64 = flows.values().map(|pair| pair[index].money).sum();
            assert!((total - row.transfer_usd_month).abs() < 1e-6, "{}: {total}", row.strategy);
        }
    }

    #[test]
    fn names_break_at_hyphens() {
        assert_eq!(name_lines("replicate-by-prefix", 20.0, 120.0), ["replicate-", "by-prefix"]);
    }
}
