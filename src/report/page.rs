//! What both pages say: sentences, charts and tables of text, ready for a template.
//!
//! Everything here is plain text; escaping is the page's business, since Markdown and HTML fear different letters.

mod grids;

use serde::Serialize;

use crate::report::numbers::{self, date};
use crate::report::{Rendered, chart};
use crate::scenario::{Assumption, Input};

/// A table of text.
#[derive(Debug, Default, Serialize)]
pub struct Grid {
    /// What it is.
    pub title: String,
    /// A remark under the title, or nothing.
    pub note: String,
    /// Columns.
    pub head: Vec<Column>,
    /// One text per column.
    pub rows: Vec<Vec<String>>,
}

/// A column of a [`Grid`].
#[derive(Debug, Serialize)]
pub struct Column {
    /// Its name.
    pub text: String,
    /// Whether it holds numbers, which are set flush right.
    pub number: bool,
}

/// A chart on a page.
#[derive(Debug, Serialize)]
pub struct Picture<'a> {
    /// File name without extension.
    pub name: &'a str,
    /// The finding.
    pub title: &'a str,
    /// What is plotted.
    pub subtitle: &'a str,
    /// For those who cannot see it.
    pub alt: &'a str,
    /// How to read it.
    pub caption: &'a str,
    /// The drawing.
    pub svg: &'a str,
}

impl<'a> Picture<'a> {
    fn of(figure: &'a chart::Figure) -> Picture<'a> {
        Picture {
            name: &figure.name,
            title: &figure.title,
            subtitle: &figure.subtitle,
            alt: &figure.alt,
            caption: &figure.caption,
            svg: &figure.svg,
        }
    }
}

/// A chart that is not there.
#[derive(Debug, Serialize)]
pub struct Missing<'a> {
    /// File name without extension.
    pub name: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// All that a template fills in.
#[derive(Debug, Serialize)]
pub struct Page<'a> {
    pub title: &'a str,
    pub description: &'a str,
    /// Period, trials, prices, in one line.
    pub facts: String,
    pub verdict: &'a [String],
    pub times: &'a [String],
    pub recovery: &'a [String],
    pub failures: &'a [String],
    pub requirements: &'a [String],
    pub impossible: &'a [String],
    pub cautions: &'a [String],
    pub pictures: Vec<Picture<'a>>,
    /// Charts of faults: they stand with what is said of them.
    pub fault_pictures: Vec<Picture<'a>>,
    pub missing: Vec<Missing<'a>>,
    pub summary: Vec<Grid>,
    pub objectives: Vec<Grid>,
    pub disruption: Vec<Grid>,
    pub comparison: Vec<Grid>,
    pub payers: Vec<Grid>,
    pub assumptions: &'a [Assumption],
    pub inputs: &'a [Input],
    /// The command that makes these results again.
    pub command: String,
    pub version: &'a str,
    pub seed: u64,
    /// Events, in words.
    pub effort: String,
    /// `@font-face` rules, for the page that carries its font.
    pub font: &'static str,
}

impl<'a> Page<'a> {
    /// Gathers the page.
    pub fn of(rendered: &'a Rendered<'a>) -> Page<'a> {
        let (reading, findings) = (&rendered.reading, &rendered.findings);
        let run = reading.run();
        let title = if run.title.is_empty() { "replisim run" } else { &run.title };
        let (fault_pictures, pictures): (Vec<_>, Vec<_>) =
            rendered.figures.iter().map(Picture::of).partition(|picture| picture.name.starts_with(chart::FAULT_PREFIX));
        Page {
            title,
            description: &run.description,
            facts: facts(rendered),
            verdict: &findings.verdict,
            times: &findings.times,
            recovery: &findings.recovery,
            failures: &findings.failures,
            requirements: &findings.requirements,
            impossible: &findings.impossible,
            cautions: &findings.cautions,
            pictures,
            fault_pictures,
            missing: rendered.left_out.iter().map(|it| Missing { name: &it.name, reason: &it.reason }).collect(),
            summary: grids::summary(reading),
            objectives: grids::objectives(reading),
            disruption: grids::failures(reading),
            comparison: grids::comparison(reading),
            payers: grids::payers(reading),
            assumptions: &run.assumptions,
            inputs: &run.inputs,
            command: command(rendered),
            version: &run.version,
            seed: run.seed,
            effort: effort(rendered),
            font: chart::font::css(),
        }
    }
}

fn facts(rendered: &Rendered) -> String {
    let run = rendered.reading.run();
    let mut parts = vec![numbers::of(rendered.reading.trials() as f64, "trial", "trials")];
    if !run.start.is_empty() {
        let day = run.start.get(..10).unwrap_or(&run.start);
        parts.push(format!("{} from {}", numbers::of(run.days, "day", "days"), date(day)));
    }
    if !run.price_book.is_empty() {
        parts.push(format!("prices of {}", run.price_book));
    }
    if !run.cross_region_pull.is_empty() {
        parts.push(format!("pulls across regions at the {} price", run.cross_region_pull));
    }
    if !run.baseline.is_empty() {
        parts.push(format!("baseline {}", run.baseline));
    }
    parts.join(", ")
}

/// The command line that gives these numbers again; trials are repeated because `precision` may have chosen them.
fn command(rendered: &Rendered) -> String {
    let run = rendered.reading.run();
    let scenario = if run.scenario.is_empty() { "SCENARIO" } else { &run.scenario };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    let scenario = if scenario.chars().all(plain) {
        scenario.to_owned()
    } else {
        format!("'{}'", scenario.replace('\'', r"'\''"))
    };
    format!("replisim run {scenario} --seed {} --trials {}", run.seed, rendered.reading.trials())
}

/// Wall time and memory stay in `run.json`: they differ from run to run, and a report may not.
fn effort(rendered: &Rendered) -> String {
    format!("{} simulated", numbers::of(rendered.reading.run().events as f64, "event", "events"))
}
