//! Copies and pulls between real registry servers over shaped links, each run told as a scenario.
//!
//! A run sets its links, buffers, congestion control, mode and layers, and nothing else: the client is the profile
//! `skopeo-1.9` throughout. The unit is a flow's median over the repeats.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use replisim::engine::journal::Entry;
use replisim::engine::run_with_journal;
use replisim::units::Time;

use super::super::common::read;
use super::{Compared, Row, median, number, print_groups, print_rows, rows};

/// Regions to stand for those of the measurements, the source first.
const REGIONS: [&str; 8] = [
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "ap-southeast-1",
    "ap-northeast-1",
    "sa-east-1",
];

/// What the measuring machine moves where nothing is shaped, both registries' and the client's hashing and TLS
/// included (Mbit/s). A property of that machine, read off its own local pulls.
const UNSHAPED: f64 = 1650.0;

/// When images whose layers are partly there already are pushed for the second time (ms).
const AGAIN: u64 = 60_000;

/// A flow of a run, over its repeats.
struct Flow {
    row: Row,
    seconds: Vec<f64>,
}

impl Flow {
    fn has(&self, column: &str) -> bool {
        !self.row[column].is_empty()
    }

    fn mode(&self) -> &str {
        &self.row["mode"]
    }

    fn layers(&self, column: &str) -> Vec<u64> {
        let sizes = self.row[column].split(';').filter(|size| !size.is_empty());
        sizes.map(|size| size.parse().expect("bytes")).collect()
    }

    fn group(&self) -> &'static str {
        match (self.mode().contains("local"), self.row["concurrency"].as_str(), self.row["cc"].as_str()) {
            (true, "1", _) => "inside a region, alone",
            (true, ..) => "inside a region, several",
            (false, "1", _) => "alone",
            (false, _, "bbr") => "several, bbr",
            (false, ..) => "several, cubic",
        }
    }
}

/// A run as a scenario, and whether its transfers are copies (or else pulls).
fn scenario(flows: &[Flow]) -> (String, bool) {
    let first = &flows[0];
    let is_copy = ["replicate", "push"].contains(&first.mode());
    let mut regions = vec![first.row["src_region"].as_str()];
    for flow in flows {
        let name = flow.row["dst_region"].as_str();
        if !regions.contains(&name) {
            regions.push(name);
        }
    }
    let code = |name: &str| REGIONS[regions.iter().position(|region| *region == name).expect("listed")];
    let source = REGIONS[0];
    let [mut rtt, mut limit, mut buffer, mut egress] = [const { String::new() }; 4];
    let mut seen = Vec::new();
    for flow in flows {
        let to = code(&flow.row["dst_region"]);
        if seen.contains(&to) {
            continue;
        }
        seen.push(to);
        write!(rtt, "\"{to}>{to}\" = \"0s\", ").expect("text");
        if to != source {
            let pair = format!("\"{source}>{to}\"");
            write!(rtt, "{pair} = \"{} us\", ", 1000.0 * number(&flow.row, "link_rtt_ms")).expect("text");
            write!(limit, "{pair} = \"{} Mbit/s\", ", flow.row["link_mbit"]).expect("text");
            write!(buffer, "{pair} = \"{} B\", ", flow.row["link_buf_bytes"]).expect("text");
        }
        if flow.has("egress_mbit") {
            egress = format!("registry_egress = \"{} Mbit/s\"", flow.row["egress_mbit"]);
        }
    }
    if !seen.contains(&source) {
        write!(rtt, "\"{source}>{source}\" = \"0s\", ").expect("text");
    } else {
        egress = format!("registry_egress = \"{UNSHAPED} Mbit/s\"");
    }
    // Without TLS a request takes two round trips; the client tries TLS first, in vain.
    let plain = if first.row["tls"] == "0" { "request_round_trips = 2\nserial_requests = 5" } else { "" };
    let strategy = match first.mode() {
        "replicate" => {
            r#"{ kind = "scheduled-copy", runner = "destination", every = "50ms", per_image = "0s", parallel = 1000 }"#
        }
        "push" => r#"{ kind = "scheduled-copy", every = "50ms", per_image = "0s", parallel = 1000 }"#,
        _ => r#"{ kind = "cross-region-pull" }"#,
    };
    let mut text = format!(
        r#"schema = 1
strategies = [{strategy}]
run = {{ duration = "10m", trials = 1 }}
service = {{ quotas = "unlimited" }}

[network]
client = "skopeo-1.9"
stream_max = "unlimited"
stream_window = "unlimited"
slow_start = "ramp"
congestion = "{}"
rtt = {{ {} }}
pair_limit = {{ {} }}
pair_buffer = {{ {} }}
{egress}
{plain}
"#,
        first.row["cc"],
        rtt.trim_end_matches(", "),
        limit.trim_end_matches(", "),
        buffer.trim_end_matches(", "),
    );
    for (index, flow) in flows.iter().enumerate() {
        let (all, moved) = (flow.layers("layer_bytes"), flow.layers("moved_layer_bytes"));
        // A version's new layers are its top ones.
        let mut sizes = all.clone();
        for size in &moved {
            sizes.remove(sizes.iter().rposition(|other| other == size).expect("a layer that moved is one of all"));
        }
        sizes.extend(&moved);
        let sizes: Vec<String> = sizes.iter().map(|size| format!("\"{size} B\"")).collect();
        let at = (1000.0 * number(&flow.row, "sched_s")).round() as u64;
        let pushes = match (is_copy, moved.len() == all.len()) {
            (false, _) => "{ at = \"0s\", tag = \"v\" }".to_string(),
            (true, true) => format!("{{ at = \"{at}ms\", tag = \"v\" }}"),
            (true, false) => {
                format!("{{ at = \"0s\", tag = \"old\" }}, {{ at = \"{}ms\", tag = \"v\" }}", AGAIN + at)
            }
        };
        let pulls = match is_copy {
            true => "pulls = { list = [] }".to_string(),
            false => format!("pulls = {{ list = [{{ at = \"{}ms\", repository = \"f{index}\" }}] }}", 1000 + at),
        };
        let parallel = if flow.mode().contains("dir") { "parallel_layers = 1" } else { "" };
        write!(
            text,
            r#"
[[repositories]]
name = "f{index}"
registry = "{source}"
image = {{ layer_sizes = [{}], new_bytes = "{} B" }}
push = {{ list = [{pushes}] }}

[[clusters]]
name = "c{index}"
registry = "{}"
nodes = 1
runs = ["f{index}"]
node_bandwidth = "unlimited"
unpack = "instant"
{parallel}
{pulls}
"#,
            sizes.join(", "),
            moved.iter().sum::<u64>(),
            code(&flow.row["dst_region"]),
        )
        .expect("text");
    }
    (text, is_copy)
}

/// What the program says of a run: seconds by flow.
fn predict(flows: &[Flow]) -> Vec<f64> {
    let (text, is_copy) = scenario(flows);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("run.toml");
    std::fs::write(&path, &text).expect("a temporary file");
    let scenario = read(&path, &[]);
    let flow = |repository: replisim::demand::RepositoryId| -> usize {
        let name = &scenario.model.demand.repositories[repository.0 as usize].name;
        name[1..].parse().expect("a flow's number")
    };
    let mut begun: Vec<Option<Time>> = vec![None; flows.len()];
    let mut seconds = vec![f64::NAN; flows.len()];
    run_with_journal(&scenario.model, 0, scenario.run.seed, 1, &mut |at, entry| match entry {
        Entry::CopyBegun { copy, .. } if is_copy && copy.tag.as_deref() == Some("v") => {
            begun[flow(copy.repository)] = Some(at);
        }
        Entry::CopyArrived { copy, .. } if is_copy && copy.tag.as_deref() == Some("v") => {
            let flow = flow(copy.repository);
            seconds[flow] = (at - begun[flow].expect("it has begun")).as_seconds();
        }
        Entry::PullServed { pull, times, .. } if !is_copy => {
            let all = times.waiting + times.queueing + times.transfer + times.unpack;
            seconds[flow(pull.repository)] = all.as_seconds();
        }
        _ => {}
    });
    assert!(seconds.iter().all(|seconds| seconds.is_finite()), "a transfer did not end:\n{text}");
    seconds
}

#[test]
fn transfers_between_registries() {
    let Some(rows) = rows("realbench/transfers.csv") else { return };
    let mut runs: BTreeMap<(String, String), BTreeMap<String, Flow>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row["rc"] == "0") {
        let run = runs.entry((row["case"].clone(), row["variant"].clone())).or_default();
        let seconds = number(&row, "duration_s");
        run.entry(row["flow"].clone()).or_insert_with(|| Flow { row, seconds: Vec::new() }).seconds.push(seconds);
    }
    let mut compared = Vec::new();
    for ((case, variant), flows) in runs {
        let flows: Vec<Flow> = flows.into_values().collect();
        if flows[0].mode().contains("cache") {
            println!("not predicted: {case} {variant}, through a cache of another make");
            continue;
        }
        for (flow, predicted) in flows.iter().zip(predict(&flows)) {
            let what = format!("{case} {variant} {}", flow.row["flow"]);
            compared.push(Compared { group: flow.group().into(), what, measured: median(&flow.seconds), predicted });
        }
    }
    compared.sort_by(|a, b| a.group.cmp(&b.group));
    print_rows("Transfers between registries", "s", &compared);
    let mut medians = print_groups("Transfers between registries, by group", &compared);
    for row in compared.iter_mut() {
        row.group = if row.group.starts_with("several") { "several".into() } else { row.group.clone() };
    }
    medians.extend(print_groups("Both kinds of congestion control together", &compared));
    assert!(medians["alone"] <= 0.05, "alone: {}", medians["alone"]);
    assert!(medians["several"] <= 0.10, "several: {}", medians["several"]);
}
