//! What one more of something costs as the work grows: pulls, flows in flight, repositories, regions.
//!
//!     cargo bench --bench growth [-- --billion] [-- --docs]
//!
//! Each point is a scenario made here and run by the engine, one trial of one strategy on one thread; the time is the
//! processor's. `--billion` adds a run of 10^9 pulls; `--docs` puts figure and table into the manual instead of the folder
//! for temporary files.

use std::fs;
use std::path::Path;

#[path = "../common/cpu.rs"]
mod cpu;
#[path = "../common/estates.rs"]
mod estates;

mod figure;
mod measure;

/// A line of a panel.
struct Series {
    name: &'static str,
    points: Vec<Point>,
}

/// A measurement.
struct Point {
    /// How much of what grows.
    x: f64,
    /// How many items were timed.
    items: u64,
    /// Processor time (s).
    seconds: f64,
}

impl Point {
    fn nanoseconds_per_item(&self) -> f64 {
        self.seconds * 1e9 / self.items as f64
    }
}

/// A question, with its answer.
struct Panel {
    /// For the table.
    name: &'static str,
    /// What an item is and what grows.
    title: &'static str,
    /// What grows.
    axis: &'static str,
    series: Vec<Series>,
}

fn main() {
    let flag = |name: &str| std::env::args().any(|argument| argument == name);
    if !flag("--bench") {
        return; // `cargo test --benches` starts it as well, and wants to know no more than that it builds.
    }
    let panels = [
        measure::pulls(if flag("--billion") { 9 } else { 8 }),
        measure::flows(),
        measure::repositories(),
        measure::regions(),
    ];
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let folder = if flag("--docs") { &docs } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
    let figure = figure::draw(&panels);
    fs::create_dir_all(folder).expect("the folder can be made");
    fs::write(folder.join("growth.csv"), csv(&panels)).expect("the table can be written");
    fs::write(folder.join("growth.svg"), replisim::report::chart::standalone(&figure)).expect("so can the figure");
    let png = replisim::report::chart::png(&figure).expect("the figure is a picture");
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("growth.png"), png).expect("so can the picture");
    println!("{}: growth.svg and growth.csv", folder.display());
}

fn csv(panels: &[Panel]) -> String {
    let mut text = String::from("panel,series,x,items,cpu_s,ns_per_item\n");
    for panel in panels {
        for series in &panel.series {
            for point in &series.points {
                let Point { x, items, seconds } = point;
                let per_item = point.nanoseconds_per_item();
                text += &format!("{},{},{x},{items},{seconds:.6},{per_item:.1}\n", panel.name, series.name);
            }
        }
    }
    text
}
