//! Charts at slide quality: SVG first, and PNG from the same SVG.
//!
//! A chart is a function from a [`Reading`] to a [`Figure`]. Its title states the finding with its numbers, worked out
//! from the rows; its subtitle says what is plotted, over how many trials and with which interval; its footer says which
//! scenario, price book and seed. A chart with nothing to show returns [`LeftOut`] with the reason.
//!
//! Beneath lie a [`canvas`] (primitives in a 1600 × 900 frame, drawn with plotters at four times that, because its
//! backends take whole pixels), [`scale`] (value to place, ticks), [`palette`] (a strategy has one colour in all charts)
//! and [`font`] (the embedded Inter, text measured; the only fonts that the PNG renderer sees).

use resvg::{tiny_skia, usvg};
use thiserror::Error;

use crate::report::reading::Reading;

pub mod canvas;
pub mod font;
pub mod palette;
pub mod scale;
pub mod sweep;

pub mod breakeven;
mod capacity;
mod convergence;
mod cost;
mod cumulative_cost;
mod differences;
mod disruption;
mod distribution;
mod flows;
mod frame;
mod frontier;
mod place;
mod pull_parts;
pub mod screening;
pub mod tornado;
pub mod strategy_map;

pub use capacity::{Nearness, nearness};

/// Names of the charts that a run has one of, in the order of the report; files are `charts/NAME.svg` and `.png`.
pub const NAMES: [&str; 10] = [
    "cost",
    "differences",
    "cost-and-time",
    "pull-time",
    "lag",
    "cumulative-cost",
    "flows",
    "pull-parts",
    "capacity",
    "convergence",
];

/// How the names of charts begin that a run has as many of as it has faults; they come after the others.
pub const FAULT_PREFIX: &str = "pulls-around-";

/// A drawn chart.
#[derive(Clone, Debug)]
pub struct Figure {
    /// File name without extension.
    pub name: String,
    /// The finding.
    pub title: String,
    /// What is plotted.
    pub subtitle: String,
    /// A sentence or two for those who cannot see it.
    pub alt: String,
    /// How to read it, for the page.
    pub caption: String,
    /// SVG that names the font but does not carry it; for pages that do.
    pub svg: String,
}

/// A chart that has nothing to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// File name without extension.
    pub name: String,
    /// Why, as a sentence.
    pub reason: String,
}

/// Why a picture cannot be made from a chart: a fault of this program, not of its input.
#[derive(Debug, Error)]
pub enum PngError {
    /// The SVG does not parse.
    #[error("the chart is not valid SVG: {0}")]
    Svg(#[from] usvg::Error),
    /// No memory for the pixels.
    #[error("no memory for the picture")]
    Memory,
    /// The encoder failed.
    #[error("the picture cannot be encoded: {0}")]
    Encode(String),
}

/// All charts that have something to show, and why the others are left out.
pub fn all(reading: &Reading) -> (Vec<Figure>, Vec<LeftOut>) {
    let drawn = [
        cost::draw(reading),
        differences::draw(reading),
        frontier::draw(reading),
        distribution::pull_time(reading),
        distribution::lag(reading),
        cumulative_cost::draw(reading),
        flows::draw(reading),
        pull_parts::draw(reading),
        capacity::draw(reading),
        convergence::draw(reading),
    ];
    let (mut figures, mut left_out) = (Vec::new(), Vec::new());
    for chart in drawn.into_iter().chain(disruption::all(reading)) {
        match chart {
            Ok(figure) => figures.push(figure),
            Err(reason) => left_out.push(reason),
        }
    }
    (figures, left_out)
}

/// The chart as a file of its own: the font travels inside.
pub fn standalone(figure: &Figure) -> String {
    let style = format!("<defs><style>{}</style></defs>", font::css());
    match figure.svg.find('>') {
        Some(end) => format!("{}{style}{}", &figure.svg[..=end], &figure.svg[end + 1..]),
        None => figure.svg.clone(),
    }
}

/// The chart as PNG of 1600 × 900 pixels, with no fonts but the embedded ones.
///
/// # Errors
/// Only when this program draws nonsense or memory runs out.
pub fn png(figure: &Figure) -> Result<Vec<u8>, PngError> {
    let options =
        usvg::Options { fontdb: font::database(), font_family: font::FAMILY.to_owned(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&figure.svg, &options)?;
    let mut pixels = tiny_skia::Pixmap::new(canvas::WIDTH as u32, canvas::HEIGHT as u32).ok_or(PngError::Memory)?;
    resvg::render(&tree, tiny_skia::Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| PngError::Encode(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::study::tables::Tables;

    fn charts_of(tables: &Tables) -> (Vec<Figure>, Vec<LeftOut>) {
        let (figures, left_out) = all(&Reading::of(tables));
        for figure in &figures {
            assert!(!figure.svg.contains("NaN") && !figure.svg.contains("inf"), "{} draws nonsense", figure.name);
            assert!(roxml(&figure.svg), "{} is not XML", figure.name);
        }
        (figures, left_out)
    }

    fn roxml(svg: &str) -> bool {
        usvg::roxmltree::Document::parse(svg).is_ok()
    }

    #[test]
    fn every_chart_is_drawn_or_says_why_not() {
        for tables in [fixture::tables(), fixture::crowd(), fixture::alone(), fixture::nothing(), Tables::default()] {
            let (figures, left_out) = charts_of(&tables);
            let mut names: Vec<_> =
                figures.iter().map(|figure| &figure.name).chain(left_out.iter().map(|chart| &chart.name)).collect();
            names.sort_unstable();
            let faults = tables.run.faults.iter().map(|fault| format!("{FAULT_PREFIX}{}", fault.name));
            let mut all: Vec<String> = NAMES.into_iter().map(str::to_owned).chain(faults).collect();
            all.sort_unstable();
            assert_eq!(names, all.iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_full_run_draws_all_charts() {
        assert_eq!(charts_of(&fixture::tables()).1, []);
    }

    #[test]
    fn without_copies_there_is_no_lag_chart_and_the_reason_is_given() {
        let (_, left_out) = charts_of(&fixture::alone());
        assert!(left_out.iter().any(|chart| chart.name == "lag" && chart.reason.contains("no strategy copies")));
    }

    #[test]
    fn names_of_users_cannot_break_out_of_the_svg() {
        let tables = fixture::run(&[("<script>\"&'", "replication")], 2);
        for figure in charts_of(&tables).0 {
            assert!(!figure.svg.contains("<script>"), "{}", figure.name);
        }
    }

    #[test]
    fn quantiles_that_never_come_are_drawn() {
        let (figures, left_out) = charts_of(&fixture::never());
        // A time that never comes has no place on an axis beside costs.
        assert_eq!(left_out.iter().map(|chart| chart.name.as_str()).collect::<Vec<_>>(), ["cost-and-time"]);
        assert!(figures.iter().any(|figure| figure.svg.contains("the rest never ends")));
    }

    #[test]
    fn a_picture_has_the_size_of_a_slide() {
        let tables = fixture::alone();
        let figure = &charts_of(&tables).0[0];
        let bytes = png(figure).expect("renders");
        // Width and height stand big-endian at offsets 16 and 20 of a PNG.
        assert_eq!(&bytes[16..24], [0, 0, 0x06, 0x40, 0, 0, 0x03, 0x84]);
    }

    /// Writes all charts of all fixtures to the directory in `REPLISIM_CHARTS`, for looking at.
    #[test]
    fn charts_can_be_looked_at() {
        let Some(dir) = std::env::var_os("REPLISIM_CHARTS") else { return };
        let fixtures = [
            ("full", fixture::tables()),
            ("crowd", fixture::crowd()),
            ("alone", fixture::alone()),
            ("nothing", fixture::nothing()),
            ("never", fixture::never()),
        ];
        for (name, tables) in fixtures {
            crate::report::write_run(&std::path::Path::new(&dir).join(name), &tables).expect("writes");
        }
    }
}
