//! Four small panels: time per item from zero, against what grows in powers of ten.

use replisim::report::chart::canvas::{Anchor, Area, Canvas, HEIGHT, Type, WIDTH, svg};
use replisim::report::chart::palette::{Colour, GRID, INK, MUTED};
use replisim::report::chart::scale::{Scale, from_zero};
use replisim::report::chart::{Figure, font};

use crate::{Panel, Point};

const MARGIN: f64 = 64.0;
/// Between panels, across and down.
const GAP: (f64, f64) = (96.0, 62.0);
/// First and second line of a panel: colours that the colour-blind can tell apart.
const LINES: [Colour; 2] = [Colour(0x00, 0x72, 0xb2), Colour(0xd5, 0x5e, 0x00)];

const TITLE: Type = Type::new(34.0, INK).bold();
const SUBTITLE: Type = Type::new(21.0, MUTED);
const PANEL: Type = Type::new(22.0, INK).bold();
const TICK: Type = Type::new(18.0, MUTED);

/// Draws the panels two by two.
pub fn draw(panels: &[Panel; 4]) -> Figure {
    let title = title(panels);
    let subtitle = format!("Processor time per item, one thread. {}", machine());
    let alt = panels.iter().map(|panel| format!("{}: {}.", panel.title, growth(panel))).collect::<Vec<_>>().join(" ");
    let alt = format!("{title}. {alt}");
    let body = Area { left: MARGIN, top: 152.0, right: WIDTH - MARGIN, bottom: HEIGHT - 34.0 };
    let (width, height) = ((body.width() - GAP.0) / 2.0, (body.height() - GAP.1) / 2.0);
    let svg = svg(&alt, |canvas| {
        canvas.text((MARGIN, 70.0), &font::fit(&title, TITLE.size, TITLE.weight, WIDTH - 2.0 * MARGIN), TITLE);
        canvas.text((MARGIN, 106.0), &subtitle, SUBTITLE);
        for (index, panel) in panels.iter().enumerate() {
            let left = body.left + (index % 2) as f64 * (width + GAP.0);
            let top = body.top + (index / 2) as f64 * (height + GAP.1);
            paint(canvas, Area { left, top, right: left + width, bottom: top + height }, panel);
        }
    });
    let name = "growth".to_owned();
    Figure { name, title, subtitle, alt, caption: String::new(), svg }
}

/// The finding: what the pulls of the longest run cost against those of the shortest.
fn title(panels: &[Panel; 4]) -> String {
    let points = &panels[0].series[0].points;
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    format!(
        "A warm pull takes {} in a run of {}, {} in one of {}",
        time(first.nanoseconds_per_item()),
        count(first.x),
        time(last.nanoseconds_per_item()),
        count(last.x)
    )
}

/// How each line of a panel goes.
fn growth(panel: &Panel) -> String {
    let lines = panel.series.iter().filter_map(|series| {
        let (first, last) = (series.points.first()?, series.points.last()?);
        let ends = [first, last].map(|point| format!("{} at {}", time(point.nanoseconds_per_item()), count(point.x)));
        Some(format!("{} {}", series.name, ends.join(", ")))
    });
    lines.collect::<Vec<_>>().join("; ")
}

fn paint(canvas: &Canvas, area: Area, panel: &Panel) {
    canvas.text((area.left, area.top), panel.title, PANEL);
    let mut x = area.left;
    for (series, colour) in panel.series.iter().zip(LINES) {
        let look = Type::new(18.0, colour).bold();
        canvas.text((x, area.top + 27.0), series.name, look);
        x += look.width(series.name) + 26.0;
    }
    let points = || panel.series.iter().flat_map(|series| &series.points);
    let most = points().map(Point::nanoseconds_per_item).fold(0.0, f64::max);
    let (least_x, most_x) =
        points().fold((f64::MAX, 0.0), |(least, most), point| (point.x.min(least), point.x.max(most)));
    let ticks = from_zero(most, 4);
    let plot =
        Area { left: area.left + 78.0, top: area.top + 50.0, right: area.right - 12.0, bottom: area.bottom - 52.0 };
    let down = Scale::linear((0.0, ticks[ticks.len() - 1]), (plot.bottom, plot.top));
    let across = Scale::logarithmic((least_x, most_x), (plot.left + 12.0, plot.right));
    for tick in &ticks {
        let y = down.at(*tick);
        canvas.line(&[(plot.left, y), (plot.right + 12.0, y)], GRID, 1.5);
        canvas.text((plot.left - 10.0, y + 6.0), &time(*tick), TICK.anchored(Anchor::End));
    }
    // Every line of a panel has the same places.
    for point in &panel.series[0].points {
        canvas.text((across.at(point.x), plot.bottom + 24.0), &count(point.x), TICK.anchored(Anchor::Middle));
    }
    let middle = (plot.left + plot.right) / 2.0;
    canvas.text((middle, plot.bottom + 48.0), panel.axis, TICK.anchored(Anchor::Middle));
    for (series, colour) in panel.series.iter().zip(LINES) {
        let places: Vec<_> =
            series.points.iter().map(|point| (across.at(point.x), down.at(point.nanoseconds_per_item()))).collect();
        canvas.line(&places, colour, 3.0);
        places.iter().for_each(|place| canvas.dot(*place, 5.0, colour));
    }
}

/// Nanoseconds as people write them.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        0.0 => "0".to_owned(),
        ns if ns < 99.5 => format!("{} ns", round(ns)),
        ns if ns < 995.0 => format!("{ns:.0} ns"),
        ns => format!("{} µs", round(ns / 1e3)),
    }
}

/// Two digits, without a trailing zero.
fn round(value: f64) -> String {
    let text = if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A whole number as people write it.
fn count(value: f64) -> String {
    match value {
        value if value >= 1e9 => format!("{} billion", value / 1e9),
        value if value >= 1e6 => format!("{} million", value / 1e6),
        value if value >= 1e3 => format!("{},{:03}", (value / 1e3) as u64, value as u64 % 1_000),
        value => format!("{value}"),
    }
}

/// What was measured on, and when.
fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1)).unwrap_or("");
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d");
    format!("{}, {today}", if name.is_empty() { "processor unknown" } else { name.trim() })
}
