//! Predictions against measurements.
//!
//! The measurements are no part of this repository: `REPLISIM_DATA` names the folder that has them, and without it these
//! tests say so and pass. Each prints an error table in Markdown; docs/validation.md has those of the released program.
//!
//! ```text
//! REPLISIM_DATA=/path/to/data cargo test --release --test behaviour measured -- --nocapture --test-threads 1
//! ```

mod inter_region;
mod nodes;
mod transfers;

use std::collections::HashMap;
use std::path::PathBuf;

use super::common::root;

/// A row of a table of measurements, by column.
type Row = HashMap<String, String>;

/// The rows of a file under `REPLISIM_DATA`; `None`, said aloud, when it is not there.
fn rows(file: &str) -> Option<Vec<Row>> {
    let Some(folder) = std::env::var_os("REPLISIM_DATA") else {
        eprintln!("skipped: REPLISIM_DATA is not set");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    let Ok(mut reader) = csv::Reader::from_path(&path) else {
        eprintln!("skipped: no {}", path.display());
        return None;
    };
    Some(reader.deserialize().map(|row| row.expect("a readable row")).collect())
}

/// A number of a row; 0 where it has none.
fn number(row: &Row, column: &str) -> f64 {
    match row[column].as_str() {
        "" => 0.0,
        text => text.parse().unwrap_or_else(|_| panic!("`{text}` in {column} is no number")),
    }
}

/// The value in the middle.
fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Linear between order statistics.
fn quantile(values: &[f64], p: f64) -> f64 {
    assert!(!values.is_empty(), "a quantile of nothing");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = p * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// A prediction beside its measurement.
struct Compared {
    group: String,
    what: String,
    measured: f64,
    predicted: f64,
}

impl Compared {
    fn error(&self) -> f64 {
        self.predicted / self.measured - 1.0
    }
}

/// Prints every comparison, and writes them to `outputs/validation/` for the notebook that draws them.
fn print_rows(title: &str, unit: &str, compared: &[Compared]) {
    let folder = root().join("outputs/validation");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let name = title.to_lowercase().replace(' ', "-");
    let mut file = csv::Writer::from_path(folder.join(name).with_extension("csv")).expect("the file can be made");
    file.write_record(["group", "what", "unit", "measured", "predicted"]).expect("rows can be written");
    for row in compared {
        let (measured, predicted) = (row.measured.to_string(), row.predicted.to_string());
        file.write_record([&row.group, &row.what, unit, &measured, &predicted]).expect("rows can be written");
    }
    file.flush().expect("rows can be written");
    println!("\n{title}\n\n| group | what | measured ({unit}) | predicted ({unit}) | error |\n|---|---|---|---|---|");
    for row in compared {
        let (measured, predicted, error) = (row.measured, row.predicted, 100.0 * row.error());
        println!("| {} | {} | {measured:.3} | {predicted:.3} | {error:+.1} % |", row.group, row.what);
    }
}

/// Prints the errors of each group; returns the median absolute error by group.
fn print_groups(title: &str, compared: &[Compared]) -> HashMap<String, f64> {
    println!("\n{title}\n\n| group | n | median abs. error | 90th percentile | median error |\n|---|---|---|---|---|");
    let mut groups: Vec<&str> = Vec::new();
    for row in compared {
        if !groups.contains(&row.group.as_str()) {
            groups.push(&row.group);
        }
    }
    let mut medians = HashMap::new();
    for group in groups {
        let errors: Vec<f64> = compared.iter().filter(|row| row.group == group).map(Compared::error).collect();
        let sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
        let [middle, far, bias] = [median(&sizes), quantile(&sizes, 0.9), median(&errors)].map(|share| 100.0 * share);
        println!("| {group} | {} | {middle:.1} % | {far:.1} % | {bias:+.1} % |", errors.len());
        medians.insert(group.to_string(), middle / 100.0);
    }
    medians
}
