//! Pulls before, while and after a fault, strategy by strategy: served upwards, failed downwards, on one root scale.
//!
//! One chart for each fault. All regions are added up: a pull that the standby serves is as good as one at home.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::canvas::{Anchor, Area, Canvas, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, NameColumn, TICK, Words};
use super::palette::{BROKEN, Colour, INK, LIMIT, MUTED, SERVED};
use super::scale::Scale;
use super::{FAULT_PREFIX, Figure, LeftOut};
use crate::report::numbers::{count, count_tick, duration, list, of};
use crate::report::reading::{Reading, Recovery, Strategy};
use crate::study::tables::FaultText;

/// Served and failed pulls by bin: start (s), served, failed.
type Bins = Vec<(f64, f64, f64)>;

/// A strategy's small chart.
struct Cell<'a> {
    recovery: Recovery<'a>,
    bins: Bins,
    /// Length of a bin (s).
    bin: f64,
}

/// One chart for each fault.
pub fn all(reading: &Reading) -> Vec<Result<Figure, LeftOut>> {
    let faults = &reading.run().faults;
    faults.iter().zip(names(faults)).map(|(fault, name)| draw(reading, fault, name)).collect()
}

/// File names: letters that every file system takes, and no two alike.
fn names(faults: &[FaultText]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for fault in faults {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || "_-".contains(letter) { letter } else { '-' };
        let slug: String = fault.name.chars().map(plain).take(80).collect();
        let wanted = format!("{FAULT_PREFIX}{slug}");
        let again = (2..).map(|number| format!("{wanted}-{number}"));
        names.extend(std::iter::once(wanted.clone()).chain(again).find(|name| !names.contains(name)));
    }
    names
}

fn draw(reading: &Reading, fault: &FaultText, name: String) -> Result<Figure, LeftOut> {
    let mut cells = Vec::new();
    for recovery in reading.recoveries(fault) {
        if let Some((bins, bin)) = bins(reading, fault, recovery.strategy.name()) {
            cells.push(Cell { recovery, bins, bin });
        }
    }
    cells.sort_by(|a, b| fate(&a.recovery).partial_cmp(&fate(&b.recovery)).unwrap_or(Ordering::Equal));
    let Some(bin) = cells.first().map(|cell| cell.bin) else {
        return Err(LeftOut { name, reason: format!("no pull ended around the fault {}", fault.name) });
    };
    let words = Words {
        name,
        title: title(fault, &cells),
        subtitle: format!(
            "Pulls that ended, per {} (at most {}), in all regions together, on a root scale; {}",
            duration(bin),
            count(cells.iter().flat_map(|cell| &cell.bins).map(|it| it.1.max(it.2)).fold(0.0, f64::max)),
            frame::trials(reading)
        ),
        caption:
            "Served pulls go up, pulls that gave up go down; heights follow the square root, so that a rush does not \
                  flatten the everyday beside it. Time runs from the start of the fault. A dot marks when half of the \
                  strikes were recovered from: every node that fails over has unpacked what it asked for."
                .into(),
        alt: cells
            .iter()
            .map(|cell| format!("{}: {}", cell.recovery.strategy.name(), remark(&cell.recovery)))
            .collect::<Vec<_>>()
            .join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| paint(canvas, area, fault, &cells)))
}

/// A strategy's bins in order of time, and their length.
fn bins(reading: &Reading, fault: &FaultText, strategy: &str) -> Option<(Bins, f64)> {
    // Nanoseconds tell bins apart exactly; all regions have the same.
    let mut sums: BTreeMap<i64, (f64, f64, f64)> = BTreeMap::new();
    let rows = reading.tables.disruptions.iter().filter(|row| row.strategy == strategy && row.fault == fault.name);
    let mut length = None;
    for row in rows {
        length = Some(row.bin_s);
        let sum = sums.entry((row.seconds_from_start * 1e9) as i64).or_insert((row.seconds_from_start, 0.0, 0.0));
        *sum = (sum.0, sum.1 + row.served, sum.2 + row.failed);
    }
    Some((sums.into_values().collect(), length?))
}

/// Who recovers first comes first; then those under which fewer pulls fail.
fn fate(recovery: &Recovery) -> (f64, f64) {
    (recovery.standby.map_or(0.0, |it| it.median), recovery.pulls_failed)
}

/// Names in a title; more are counted.
const NAMED: usize = 2;

fn title(fault: &FaultText, cells: &[Cell]) -> String {
    let known: Vec<(&str, f64)> =
        cells.iter().filter_map(|cell| Some((cell.recovery.strategy.name(), cell.recovery.standby?.median))).collect();
    let told = known.len();
    let (back, lost): (Vec<_>, Vec<_>) = known.into_iter().partition(|it| it.1.is_finite());
    let verb = if lost.len() == 1 { "does" } else { "do" };
    let lost: Vec<String> = match lost.len() {
        0 => Vec::new(),
        1..=NAMED => lost.iter().map(|it| frame::shortened(it.0)).collect(),
        many => vec![format!("{many} of {told}")],
    };
    match (back.first(), back.last()) {
        (Some(first), _) if !lost.is_empty() => format!(
            "While {}, {} recovers in {}; {} never {verb}",
            fault.text,
            frame::shortened(first.0),
            duration(first.1),
            list(&lost)
        ),
        (Some(first), Some(last)) if first.0 != last.0 => format!(
            "While {}, {} recovers in {}, {} in {}",
            fault.text,
            frame::shortened(first.0),
            duration(first.1),
            frame::shortened(last.0),
            duration(last.1)
        ),
        (Some(only), _) => {
            format!("While {}, {} recovers in {}", fault.text, frame::shortened(only.0), duration(only.1))
        }
        (None, _) if !lost.is_empty() => format!("While {}, no strategy recovers", fault.text),
        (None, _) => failing(fault, cells),
    }
}

/// The finding where nobody stands by: how many pulls fail.
fn failing(fault: &FaultText, cells: &[Cell]) -> String {
    let failed: Vec<(&str, f64)> =
        cells.iter().map(|cell| (cell.recovery.strategy.name(), cell.recovery.pulls_failed)).collect();
    let told = |it: &(&str, f64)| format!("{} under {}", of(it.1, "pull fails", "pulls fail"), frame::shortened(it.0));
    match failed[..] {
        [] => format!("While {}", fault.text),
        [.., most] if most.1 == 0.0 => format!("While {}, no pull fails", fault.text),
        [only] => format!("While {}, {}", fault.text, told(&only)),
        [least, .., most] => format!(
            "While {}, {}, {} under {}",
            fault.text,
            told(&most),
            if least.1 == 0.0 { "none".to_owned() } else { count(least.1) },
            frame::shortened(least.0)
        ),
    }
}

/// What became of a strategy, beside its name.
fn remark(recovery: &Recovery) -> String {
    let failed = match recovery.pulls_failed {
        0.0 => "no pull fails".to_owned(),
        failed => of(failed, "pull fails", "pulls fail"),
    };
    match recovery.standby {
        None => failed,
        Some(standby) if standby.median.is_infinite() => format!("never recovers, {failed}"),
        Some(standby) if standby.worst.is_infinite() => {
            format!("recovers in {}, but not always; {failed}", duration(standby.median))
        }
        Some(standby) => format!("recovers in {}, {failed}", duration(standby.median)),
    }
}

/// Width of a column of figures.
const COLUMN: f64 = 132.0;

fn paint(canvas: &Canvas, area: Area, fault: &FaultText, cells: &[Cell]) {
    let strategies: Vec<Strategy> = cells.iter().map(|cell| cell.recovery.strategy).collect();
    let names = NameColumn::new(area.left, &strategies, 300.0);
    let columns = columns(cells);
    let top = area.top + 66.0;
    let row = ((area.bottom - 34.0 - top) / cells.len() as f64).min(260.0);
    let table = area.right - COLUMN * columns.len() as f64;
    let plot = Area { left: names.right + 48.0, top, right: table - 26.0, bottom: top + row * cells.len() as f64 };
    let from = cells.iter().filter_map(|cell| Some(cell.bins.first()?.0)).fold(0.0, f64::min);
    let until = cells.iter().filter_map(|cell| Some(cell.bins.last()?.0 + cell.bin)).fold(1.0, f64::max);
    let x = Scale::linear((from, until), (plot.left, plot.right));
    keys(canvas, area, cells);
    if let Some(lasts) = fault.lasts_s {
        band(canvas, plot, (x.at(0.0), x.at(lasts)), &format!("{}, {}", fault.text, duration(lasts)));
    }
    for (at, text) in hours(from, until) {
        frame::tick_below(canvas, plot, x.at(at), &text);
    }
    for (index, column) in columns.iter().enumerate() {
        let at = (table + COLUMN * (index as f64 + 0.5), top - 14.0);
        canvas.text(at, column.title, TICK.anchored(Anchor::Middle));
    }
    let served = cells.iter().flat_map(|cell| &cell.bins).map(|it| it.1).fold(0.0, f64::max);
    let failed = cells.iter().flat_map(|cell| &cell.bins).map(|it| it.2).fold(0.0, f64::max);
    for (index, cell) in cells.iter().enumerate() {
        let top = plot.top + row * index as f64;
        let own = Area { top: top + row * 0.08, bottom: top + row * 0.92, ..plot };
        let y = Scale::linear((root(-failed), root(served.max(failed * 0.01))), (own.bottom, own.top));
        ticks(canvas, own, &y, served, failed);
        steps(canvas, cell, (&x, &y), SERVED, |it| it.1);
        steps(canvas, cell, (&x, &y), LIMIT, |it| -it.2);
        canvas.line(&[(plot.left, y.at(0.0)), (plot.right, y.at(0.0))], MUTED, 1.5);
        if let Some(back) = cell.recovery.standby.map(|it| it.median).filter(|back| *back <= until) {
            canvas.dot((x.at(back), y.at(0.0)), 7.0, INK);
        }
        let middle = top + row / 2.0;
        names.row(canvas, middle, &cell.recovery.strategy, "");
        for (index, column) in columns.iter().enumerate() {
            let (text, is_bad) = (column.text)(fault, &cell.recovery);
            let look = if is_bad { Type { colour: LIMIT, ..LABEL }.bold() } else { LABEL };
            let at = (table + COLUMN * (index as f64 + 0.5), middle + 7.5);
            canvas.text(at, &text, Type { size: 20.0, ..look }.anchored(Anchor::Middle));
        }
    }
}

/// A column of figures beside the plot.
struct Column {
    title: &'static str,
    /// What stands in it, and whether that is a failure.
    text: fn(&FaultText, &Recovery) -> (String, bool),
}

/// Without a standby there is nothing to recover.
fn columns(cells: &[Cell]) -> Vec<Column> {
    let mut columns = Vec::new();
    if cells.iter().any(|cell| cell.recovery.standby.is_some()) {
        columns.push(Column { title: "recovers in", text: |_, recovery| time(recovery.standby.map(|it| it.median)) });
        if cells.iter().any(|cell| cell.recovery.standby.is_some_and(|it| it.worst != it.median)) {
            columns.push(Column { title: "at worst", text: |_, recovery| time(recovery.standby.map(|it| it.worst)) });
        }
        let missing: fn(&FaultText, &Recovery) -> (String, bool) = |fault, recovery| {
            let missing = recovery.standby.map(|it| it.missing);
            let of = if fault.needed > 0 { format!(" of {}", fault.needed) } else { String::new() };
            (missing.map_or("–".into(), |missing| format!("{missing}{of}")), missing.is_some_and(|it| it > 0))
        };
        columns.push(Column { title: "images missing", text: missing });
    }
    columns.push(Column { title: "pulls failed", text: |_, recovery| (count(recovery.pulls_failed), false) });
    columns
}

fn time(seconds: Option<f64>) -> (String, bool) {
    (seconds.map_or("–".into(), duration), seconds.is_some_and(f64::is_infinite))
}

/// The ground of the time that something is broken, and what it is.
fn band(canvas: &Canvas, plot: Area, (from, until): (f64, f64), text: &str) {
    canvas.rectangle(Area { left: from, right: until.min(plot.right), ..plot }, BROKEN);
    let look = Type { colour: LIMIT, size: 19.0, ..LABEL };
    let text = font::fit(text, look.size, Weight::Regular, plot.width());
    let half = look.width(&text) / 2.0;
    let middle = f64::midpoint(from, until).clamp(plot.left + half, (plot.right - half).max(plot.left + half));
    canvas.text((middle, plot.top - 14.0), &text, look.anchored(Anchor::Middle));
}

/// Heights: a rush of hundreds and the everyday of a few are both to be seen.
fn root(value: f64) -> f64 {
    libm::copysign(libm::sqrt(value.abs()), value)
}

/// Zero, and what there is room for above and below it.
fn ticks(canvas: &Canvas, plot: Area, y: &Scale, served: f64, failed: f64) {
    const APART: f64 = 22.0;
    frame::tick_left(canvas, plot, y.at(0.0), "0");
    for (sign, most) in [(1.0, served), (-1.0, failed)] {
        let mut last = y.at(0.0);
        for tick in [round(most / 8.0), round(most)].into_iter().filter(|tick| *tick > 0.0) {
            let place = y.at(root(sign * tick));
            if (place - last).abs() >= APART {
                frame::tick_left(canvas, plot, place, &count_tick(tick));
                last = place;
            }
        }
    }
}

/// The largest of 1, 2, 5, 10, .. that is not above a value; nothing below one.
fn round(value: f64) -> f64 {
    if !(value >= 1.0 && value.is_finite()) {
        return 0.0;
    }
    let decade = libm::pow(10.0, libm::floor(libm::log10(value)));
    [5.0, 2.0, 1.0].into_iter().map(|factor| factor * decade).find(|it| *it <= value * 1.000_001).unwrap_or(decade)
}

/// What the colours are.
fn keys(canvas: &Canvas, area: Area, cells: &[Cell]) {
    let parts = [("pulls served", SERVED), ("pulls that failed", LIMIT)];
    frame::keys(canvas, area, &parts);
    let at = (area.left, area.top + 18.0);
    if cells.iter().any(|cell| cell.recovery.standby.is_some_and(|it| it.median.is_finite())) {
        let right = at.0 + parts.iter().map(|(text, _)| 27.0 + LABEL.width(text) + 34.0).sum::<f64>();
        canvas.dot((right + 9.0, at.1 - 7.0), 7.0, INK);
        canvas.text((right + 27.0, at.1), "recovered", LABEL);
    }
}

/// The bins as one shape that stands on zero.
fn steps(canvas: &Canvas, cell: &Cell, (x, y): (&Scale, &Scale), colour: Colour, value: fn(&(f64, f64, f64)) -> f64) {
    let (Some(first), Some(last)) = (cell.bins.first(), cell.bins.last()) else { return };
    if cell.bins.iter().all(|it| value(it) == 0.0) {
        return;
    }
    let mut points = vec![(x.at(first.0), y.at(0.0))];
    for it in &cell.bins {
        points.extend([(x.at(it.0), y.at(root(value(it)))), (x.at(it.0 + cell.bin), y.at(root(value(it))))]);
    }
    points.push((x.at(last.0 + cell.bin), y.at(0.0)));
    canvas.polygon(&points, colour);
}

/// Ticks of time at most so many.
const TICKS: f64 = 7.0;

/// Units of time: seconds, name, and steps that divide the next unit well.
const UNITS: [(f64, &str, &[f64]); 4] = [
    (1.0, "s", &[1.0, 5.0, 10.0, 30.0]),
    (60.0, "min", &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0]),
    (3_600.0, "h", &[1.0, 2.0, 4.0, 6.0, 12.0]),
    (86_400.0, "d", &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0]),
];

/// Ticks from the start of the fault to both sides: in hours, unless it is far shorter or longer.
fn hours(from: f64, until: f64) -> Vec<(f64, String)> {
    let mut steps = UNITS.iter().flat_map(|(unit, name, steps)| steps.iter().map(move |step| (*step, *unit, *name)));
    let fits = |(step, unit, _): &(f64, f64, &str)| (until - from) / (step * unit) <= TICKS;
    let (step, unit, name) = steps.find(fits).unwrap_or(((until - from) / 86_400.0 / TICKS, 86_400.0, "d"));
    let length = step * unit;
    let (first, last) = (libm::ceil(from / length - 1e-9) as i64, libm::floor(until / length + 1e-9) as i64);
    let text = |at: f64| match at {
        0.0 => "0".to_owned(),
        at => format!("{}{} {name}", if at < 0.0 { "−" } else { "" }, count_tick(at.abs())),
    };
    (first..=last).map(|number| (length * number as f64, text(step * number as f64))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_title_says_who_recovers_and_who_does_not() {
        let tables = fixture::tables();
        let drawn = all(&Reading::of(&tables));
        let [Ok(figure)] = &drawn[..] else { panic!("one fault") };
        assert_eq!(figure.name, "pulls-around-use1-down");
        assert!(
            figure.title.starts_with("While us-east-1 is down, replication recovers in ")
                && figure.title.ends_with("; 3 of 5 never do"),
            "{}",
            figure.title
        );
        assert!(figure.alt.contains("cross-region-pull: never recovers, 2,"), "{}", figure.alt);
    }

    #[test]
    fn without_a_standby_failed_pulls_are_the_finding() {
        let mut tables = fixture::tables();
        for row in &mut tables.recovery {
            (row.recovery_s, row.images_missing, row.oldest_missing_s) = (None, None, None);
        }
        let drawn = all(&Reading::of(&tables));
        let title = &drawn[0].as_ref().expect("drawn").title;
        assert!(title.contains("pulls fail under") && title.ends_with(", none under replication"), "{title}");
    }

    #[test]
    fn a_fault_without_pulls_is_left_out_with_its_reason() {
        let mut tables = fixture::tables();
        tables.disruptions.clear();
        let left_out = all(&Reading::of(&tables)).remove(0).expect_err("nothing to draw");
        assert_eq!(left_out.reason, "no pull ended around the fault use1-down");
    }

    #[test]
    fn names_of_faults_are_safe_as_file_names_and_stay_apart() {
        let fault = |name: &str| FaultText { name: name.into(), ..FaultText::default() };
        let names = names(&[fault("../../etc"), fault("a b"), fault("a/b")]);
        assert_eq!(names, ["pulls-around-------etc", "pulls-around-a-b", "pulls-around-a-b-2"]);
    }

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!([0.3, 1.0, 7.0, 99.0, 260.0].map(round), [0.0, 1.0, 5.0, 50.0, 200.0]);
        assert_eq!((root(-9.0), root(4.0)), (-3.0, 2.0));
    }

    #[test]
    fn time_is_told_in_hours_from_the_start() {
        let told = |from: f64, until: f64| hours(from, until).into_iter().map(|it| it.1).collect::<Vec<_>>().join(" ");
        assert_eq!(told(-4.0 * 3600.0, 16.0 * 3600.0), "−4 h 0 4 h 8 h 12 h 16 h");
        assert_eq!(told(-600.0, 2400.0), "−10 min 0 10 min 20 min 30 min 40 min");
        assert_eq!(told(-86_400.0, 345_600.0), "−1 d 0 1 d 2 d 3 d 4 d");
    }
}
