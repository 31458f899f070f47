//! What all charts share: title, subtitle and footer around a body, keys, axes.

use super::Figure;
use super::canvas::{Anchor, Area, Canvas, HEIGHT, Point, Type, WIDTH, svg};
use super::font::{self, Weight};
use super::palette::{Colour, GRID, INK, MUTED, WHITE, colour, dash};
use crate::report::numbers;
use crate::report::reading::{Reading, Strategy};

/// Left and right margin of everything.
pub const MARGIN: f64 = 64.0;
/// Labels beside bars and lines.
pub const LABEL: Type = Type::new(21.0, INK);
/// Values on axes, and remarks.
pub const TICK: Type = Type::new(19.0, MUTED);

const TITLE: Type = Type::new(37.0, INK).bold();
const SUBTITLE: Type = Type::new(22.0, MUTED);
const FOOTER: Type = Type::new(17.0, MUTED);

/// The words of a chart.
pub struct Words {
    /// File name without extension.
    pub name: String,
    /// The finding.
    pub title: String,
    /// What is plotted.
    pub subtitle: String,
    /// How to read it.
    pub caption: String,
    /// What it shows, for those who cannot see it; the title is put before it.
    pub alt: String,
}

/// A chart: words around what `paint` draws into the body.
pub fn figure(reading: &Reading, words: Words, paint: impl FnOnce(&Canvas, Area)) -> Figure {
    let alt = format!("{}. {}", words.title.trim_end_matches('.'), words.alt);
    let room = WIDTH - 2.0 * MARGIN;
    let svg = svg(&alt, |canvas| {
        let mut title = TITLE;
        let mut lines = font::wrap(&words.title, title.size, title.weight, room);
        if lines.len() > 2 {
            title.size = 31.0;
            lines = font::wrap(&words.title, title.size, title.weight, room);
        }
        let mut baseline = 38.0;
        for (index, line) in lines.iter().take(2).enumerate() {
            baseline += title.size * if index == 0 { 1.0 } else { 1.22 };
            // A third line would push the chart off the slide.
            let cut = index == 1 && lines.len() > 2;
            let line = if cut { format!("{line} …") } else { line.clone() };
            canvas.text((MARGIN, baseline), &font::fit(&line, title.size, title.weight, room), title);
        }
        baseline += 38.0;
        let subtitle = font::fit(&words.subtitle, SUBTITLE.size, Weight::Regular, room);
        canvas.text((MARGIN, baseline), &subtitle, SUBTITLE);
        let footer = font::fit(&footer(reading), FOOTER.size, Weight::Regular, room);
        canvas.text((MARGIN, HEIGHT - 28.0), &footer, FOOTER);
        paint(canvas, Area { left: MARGIN, top: baseline + 34.0, right: WIDTH - MARGIN, bottom: HEIGHT - 72.0 });
    });
    Figure { name: words.name, title: words.title, subtitle: words.subtitle, alt, caption: words.caption, svg }
}

fn footer(reading: &Reading) -> String {
    let run = reading.run();
    let parts = [
        run.title.clone(),
        if run.price_book.is_empty() { String::new() } else { format!("prices {}", run.price_book) },
        format!("seed {}", run.seed),
        if run.version.is_empty() { String::new() } else { format!("replisim {}", run.version) },
        // A slide travels alone: it must not promise what the service cannot do.
        if reading.impossible().next().is_some() { "partly not possible today".to_owned() } else { String::new() },
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ·  ")
}

/// `mean of 20 trials` or `1 trial`.
pub fn trials(reading: &Reading) -> String {
    match reading.trials() {
        1 => "1 trial".to_owned(),
        count => format!("mean of {}", numbers::of(count as f64, "trial", "trials")),
    }
}

/// A name as a title can hold it.
pub fn shortened(name: &str) -> String {
    font::fit(name, TITLE.size, TITLE.weight, 640.0)
}

/// A vertical grid line with its value below.
pub fn tick_below(canvas: &Canvas, area: Area, x: f64, text: &str) {
    canvas.line(&[(x, area.top), (x, area.bottom)], GRID, 1.5);
    canvas.text((x, area.bottom + 28.0), text, TICK.anchored(Anchor::Middle));
}

/// A horizontal grid line with its value to the left.
pub fn tick_left(canvas: &Canvas, area: Area, y: f64, text: &str) {
    canvas.line(&[(area.left, y), (area.right, y)], GRID, 1.5);
    canvas.text((area.left - 12.0, y + 7.0), text, TICK.anchored(Anchor::End));
}

/// A text that begins at the point, on white: readable over grid lines.
pub fn on_white(canvas: &Canvas, at: Point, text: &str, look: Type) {
    let ground = Area {
        left: at.0 - 4.0,
        top: at.1 - look.size * 0.85,
        right: at.0 + look.width(text) + 4.0,
        bottom: at.1 + look.size * 0.3,
    };
    canvas.rectangle(ground, WHITE);
    canvas.text(at, text, look);
}

/// Keys of parts from the left at the top of the area, in further rows where one is not enough; returns the height that
/// these further rows take.
pub fn keys(canvas: &Canvas, area: Area, parts: &[(&str, Colour)]) -> f64 {
    const ROW: f64 = 32.0;
    let (mut x, mut y) = (area.left, area.top + 18.0);
    for (text, colour) in parts {
        let text = font::fit(text, LABEL.size, Weight::Regular, 380.0);
        let width = 27.0 + LABEL.width(&text);
        if x + width > area.right && x > area.left {
            x = area.left;
            y += ROW;
        }
        canvas.rectangle(Area { left: x, top: y - 16.0, right: x + 18.0, bottom: y + 2.0 }, *colour);
        canvas.text((x + 27.0, y), &text, LABEL);
        x += width + 34.0;
    }
    y - area.top - 18.0
}

/// Keys of strategies in rows from the left, as line samples; returns the height taken.
pub fn strategy_keys(canvas: &Canvas, area: Area, strategies: &[Strategy]) -> f64 {
    const ROW: f64 = 32.0;
    let size = if strategies.len() > 8 { 18.0 } else { 21.0 };
    let look = Type { size, ..LABEL };
    let (mut x, mut y) = (area.left, area.top + 18.0);
    for strategy in strategies {
        let name = font::fit(strategy.name(), size, Weight::Regular, 380.0);
        let width = 52.0 + look.width(&name);
        if x + width > area.right && x > area.left {
            x = area.left;
            y += ROW;
        }
        sample(canvas, (x, y - size * 0.35), strategy);
        canvas.text((x + 52.0, y), &name, look);
        x += width + 30.0;
    }
    y - area.top + 14.0
}

/// A piece of a strategy's line, 42 wide.
pub fn sample(canvas: &Canvas, at: Point, strategy: &Strategy) {
    canvas.dashed(&[at, (at.0 + 42.0, at.1)], colour(strategy), 4.5, dash(strategy));
}

/// Rows of strategies at the left of bars: a dot in the strategy's colour and its name.
pub struct NameColumn {
    /// Where the names begin.
    left: f64,
    /// Where the bars may begin.
    pub right: f64,
    look: Type,
    room: f64,
}

impl NameColumn {
    /// Room for these names, at most `most` wide.
    pub fn new(left: f64, strategies: &[Strategy], most: f64) -> NameColumn {
        let look = Type { size: if strategies.len() > 9 { 19.0 } else { 22.0 }, ..LABEL };
        let widest = strategies.iter().map(|it| look.width(it.name())).fold(0.0, f64::max).min(most);
        NameColumn { left, right: left + 28.0 + widest + 22.0, look, room: widest + 1.0 }
    }

    /// One name, vertically centred on `y`, with a remark beneath if there is one.
    pub fn row(&self, canvas: &Canvas, y: f64, strategy: &Strategy, remark: &str) {
        canvas.dot((self.left + 9.0, y), 9.0, colour(strategy));
        let name = font::fit(strategy.name(), self.look.size, Weight::Regular, self.room);
        let lift = if remark.is_empty() { 0.0 } else { 10.0 };
        canvas.text((self.left + 28.0, y + self.look.size * 0.36 - lift), &name, self.look);
        if !remark.is_empty() {
            let remark = font::fit(remark, 17.0, Weight::Regular, self.room.max(110.0));
            canvas.text((self.left + 28.0, y + 20.0), &remark, Type::new(17.0, MUTED));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::svg;
    use super::*;

    #[test]
    fn keys_that_do_not_fit_in_a_row_go_into_the_next() {
        let area = Area { left: 64.0, top: 100.0, right: 900.0, bottom: 800.0 };
        let parts = |count: usize| vec![("replicate-to-everywhere", INK); count];
        let _ = svg("keys", |canvas| {
            assert_eq!(keys(canvas, area, &parts(2)), 0.0);
            let further = keys(canvas, area, &parts(9));
            assert!(further >= 64.0 && further % 32.0 == 0.0, "{further}");
        });
    }
}
