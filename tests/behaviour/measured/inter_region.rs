//! Defaults of distance and throughput against a published grid of measurements between regions.

use replisim::cloud::law::many_connections;
use replisim::cloud::regions::{self, RegionInfo};
use replisim::units::{Bandwidth, Span};

use super::{Compared, Row, number, print_groups, print_rows, rows};

/// What the provider lets a machine send to another region, less headers (bytes/s).
const MACHINE: Bandwidth = Bandwidth(5e9 / 8.0 * 1448.0 / 1500.0);

/// The two regions of a row when both are ours.
fn pair(row: &Row) -> Option<(&'static RegionInfo, &'static RegionInfo)> {
    let find = |column: &str| regions::find(row[column].strip_prefix("aws:")?);
    Some((find("src_region")?, find("dst_region")?))
}

fn band(milliseconds: f64) -> &'static str {
    match milliseconds {
        ..40.0 => "under 40 ms",
        40.0..90.0 => "40 to 90 ms",
        90.0..150.0 => "90 to 150 ms",
        150.0..220.0 => "150 to 220 ms",
        _ => "220 ms and more",
    }
}

/// Nearest band first.
fn sort(compared: &mut [(f64, Compared)]) {
    compared.sort_by(|a, b| a.0.total_cmp(&b.0));
}

#[test]
fn round_trips_from_distance() {
    let Some(rows) = rows("skyplane/rtt_2022_04.csv") else { return };
    let (mut table, mut estimate) = (Vec::new(), Vec::new());
    for row in &rows {
        let Some((from, to)) = pair(row) else { continue };
        let measured = number(row, "avg_rtt_ms");
        let group = band(measured);
        let of = |span: Span| span.as_seconds() * 1e3;
        let what = format!("{} to {}", from.code, to.code);
        let known =
            Compared { group: group.into(), what: what.clone(), measured, predicted: of(regions::rtt(from, to).span) };
        table.push((measured, known));
        let guess = Compared { group: group.into(), what, measured, predicted: of(regions::rtt_by_distance(from, to)) };
        estimate.push((measured, guess));
    }
    sort(&mut table);
    sort(&mut estimate);
    let table: Vec<Compared> = table.into_iter().map(|row| row.1).collect();
    let estimate: Vec<Compared> = estimate.into_iter().map(|row| row.1).collect();
    print_rows("Round trips", "ms", &estimate);
    print_groups("Round trips in the table (rounded to whole milliseconds)", &table);
    let medians = print_groups("Round trips if they were estimated from distance", &estimate);
    assert!(medians.values().all(|median| *median < 0.35), "{medians:?}");
}

#[test]
fn many_connections_between_regions() {
    for file in ["skyplane/throughput_2022_01.csv", "skyplane/throughput_2022_11.csv"] {
        let Some(rows) = rows(file) else { return };
        let mut compared = Vec::new();
        for row in &rows {
            let Some((from, to)) = pair(row) else { continue };
            let rtt = regions::rtt(from, to);
            let connections = number(row, "connections") as u32;
            let within = Span::from_seconds(number(row, "runtime_s"));
            let predicted = many_connections(MACHINE, connections, rtt.span, within).0 * 8.0 / 1e9;
            let milliseconds = rtt.span.as_seconds() * 1e3;
            let group = match rtt.estimated {
                true => "distance estimated".to_string(),
                false => band(milliseconds).to_string(),
            };
            let what = format!("{} to {}", from.code, to.code);
            let measured = number(row, "received_bps") / 1e9;
            compared.push((
                milliseconds + if rtt.estimated { 1e4 } else { 0.0 },
                Compared { group, what, measured, predicted },
            ));
        }
        sort(&mut compared);
        let compared: Vec<Compared> = compared.into_iter().map(|row| row.1).collect();
        let medians = print_groups(&format!("Throughput of 64 connections, {file}"), &compared);
        assert!(medians.values().all(|median| *median < 0.10), "{medians:?}");
    }
}
