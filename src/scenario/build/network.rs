//! `[network]` and `[service]`: links, clients, quotas.

use super::run::table_or_empty;
use crate::cloud::law::{BBR_GOODPUT, CUBIC_GOODPUT};
use crate::cloud::{Client, Links, RegionId, Requests, SlowStart, regions};
use crate::engine::Service;
use crate::registry::quota::Call;
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::values::{Quantity, Reading};
use crate::sim::Law;
use crate::units::parse::RateText;
use crate::units::{Bandwidth, Bytes, DAY, NANOS, Span};

/// Ceiling of one connection (theory B3).
const STREAM_MAX: Bandwidth = Bandwidth(70e6);
/// Bytes in flight of one connection (theory B3).
const STREAM_WINDOW: Bytes = Bytes(3_550_000);

/// Whether times and limits are switched off (`network.preset = "ideal"`).
pub fn ideal(r: &mut Reading<'_>, root: &Node) -> bool {
    let table = table_or_empty(root, "network");
    r.or(&table, "preset", false, |r, n| r.word(n, &[("measured", false), ("ideal", true)]))
}

/// Reads the client's habits.
pub fn client(r: &mut Reading<'_>, root: &Node, ideal: bool) -> Client {
    let table = &table_or_empty(root, "network");
    let mut client = {
        let words = [("containerd", Client::CONTAINERD), ("skopeo-1.9", Client::SKOPEO_1_9)];
        r.or(table, "client", Client::CONTAINERD, |r, n| r.word(n, &words))
    };
    if ideal {
        (client.start, client.request_time, client.layer_start) = (Span::ZERO, Span::ZERO, Span::ZERO);
    }
    let usual = client.pull;
    let in_a_row = r.or(table, "serial_requests", usual.opening + 1 + usual.closing, |r, n| r.count(n, 0));
    let pull = Requests { opening: in_a_row.saturating_sub(1 + usual.closing), ..usual };
    Client {
        request_round_trips: r.or(table, "request_round_trips", client.request_round_trips, |r, n| r.count(n, 0)),
        request_time: r.or(table, "request_time", client.request_time, |r, n| r.duration(n)),
        pull,
        push: client.push,
        start: r.or(table, "client_start", client.start, |r, n| r.duration(n)),
        layer_start: r.or(table, "layer_start", client.layer_start, |r, n| r.duration(n)),
        parallel_layers: client.parallel_layers,
    }
}

/// Reads the links between all regions named so far.
pub fn links(r: &mut Reading<'_>, root: &Node, ideal: bool, client: Client) -> Links {
    let table = &table_or_empty(root, "network");
    let size = r.places.regions.len();
    let mut rtt = vec![vec![Span::ZERO; size]; size];
    let mut estimated = Vec::new();
    let known: Vec<_> = r.places.regions.iter().map(|code| regions::find(code)).collect();
    let cells =
        rtt.iter_mut().zip(0u16..).flat_map(|(row, from)| row.iter_mut().zip(0u16..).map(move |cell| (from, cell)));
    for (from, (cell, to)) in cells.filter(|_| !ideal) {
        let (Some(a), Some(b)) = (known[usize::from(from)], known[usize::from(to)]) else { continue };
        let known = regions::rtt(a, b);
        *cell = known.span;
        if known.estimated {
            estimated.push((RegionId(from), RegionId(to)));
        }
    }
    let mut written = Vec::new();
    for entry in table.get("rtt").map(Node::entries).unwrap_or_default() {
        if let (Some(pair), Some(span)) = (pair(r, entry), r.duration(&entry.node)) {
            written.push((pair, span));
        }
    }
    let both = written.clone();
    for ((from, to), span) in written {
        rtt[from][to] = span;
        estimated.retain(|pair| *pair != (RegionId(from as u16), RegionId(to as u16)));
        if !both.iter().any(|(pair, _)| *pair == (to, from)) {
            rtt[to][from] = span;
            estimated.retain(|pair| *pair != (RegionId(to as u16), RegionId(from as u16)));
        }
    }
    assume_round_trips(r, ideal, &estimated);
    let pair_limit = by_pair(r, table.get("pair_limit"), size, Bandwidth::UNLIMITED, |r, n| r.bandwidth(n));
    let pair_buffer = by_pair(r, table.get("pair_buffer"), size, Bytes(0), |r, n| r.size(n).map(Bytes));
    let goodput = [("none", 1.0), ("cubic", CUBIC_GOODPUT), ("bbr", BBR_GOODPUT)];
    let goodput = r.or(table, "congestion", 1.0, |r, n| r.word(n, &goodput));
    let stream_window = match table.get("stream_window") {
        Some(node) if node.text() == Some("unlimited") => None,
        Some(node) => {
            let window = r.size(node);
            if window == Some(0) {
                r.error(&node.origin, "a window of nothing moves nothing", "such as \"3.55 MB\"");
            }
            window.map(Bytes)
        }
        None => (!ideal).then_some(STREAM_WINDOW),
    };
    let stream_max =
        r.or(table, "stream_max", if ideal { Bandwidth::UNLIMITED } else { STREAM_MAX }, |r, n| r.bandwidth(n));
    let words = [("delay", SlowStart::Delay), ("ramp", SlowStart::Ramp), ("none", SlowStart::None)];
    Links {
        rtt,
        estimated,
        stream_max,
        stream_window,
        slow_start: r
            .or(table, "slow_start", if ideal { SlowStart::None } else { SlowStart::Delay }, |r, n| r.word(n, &words)),
        efficiency: r.or(table, "efficiency", goodput, |r, n| {
            let share = r.number(n, 0.0)?;
            if share <= 0.0 || share > 1.0 {
                r.error(&n.origin, "the efficiency lies above 0 and is at most 1", "");
                return None;
            }
            Some(share)
        }),
        pair_limit,
        pair_buffer,
        registry_egress: egress(r, table),
        client,
    }
}

/// A value for each pair of regions: one for all, or a table by pair.
fn by_pair<T: Copy>(
    r: &mut Reading<'_>,
    node: Option<&Node>,
    size: usize,
    default: T,
    read: impl Fn(&mut Reading<'_>, &Node) -> Option<T>,
) -> Vec<Vec<T>> {
    let mut cells = vec![vec![default; size]; size];
    let Some(node) = node else { return cells };
    if matches!(node.value, Value::Table(_)) {
        for entry in node.entries() {
            if let (Some((from, to)), Some(value)) = (pair(r, entry), read(r, &entry.node)) {
                cells[from][to] = value;
            }
        }
    } else if let Some(value) = read(r, node) {
        for (from, row) in cells.iter_mut().enumerate() {
            for (to, cell) in row.iter_mut().enumerate() {
                if from != to {
                    *cell = value;
                }
            }
        }
    }
    cells
}

fn assume_round_trips(r: &mut Reading<'_>, ideal: bool, estimated: &[(RegionId, RegionId)]) {
    if ideal {
        let text = "links have no limits and no delays, calls no quotas, and unpacking takes no time";
        r.assume("network.preset", "ideal", "choice", text);
        return;
    }
    let name = |r: &Reading<'_>, id: RegionId| r.places.regions[usize::from(id.0)].clone();
    let pairs: Vec<String> = estimated
        .iter()
        .filter(|(from, to)| from < to)
        .map(|(from, to)| format!("{} and {}", name(r, *from), name(r, *to)))
        .collect();
    if !pairs.is_empty() {
        let text = format!("round-trip times are estimated from distance between {}", pairs.join("; "));
        r.assume("network.rtt", "estimated", "theory B1", text);
    }
    let text = "one connection moves at most 70 MB/s, and 3.55 MB per round trip: measured between 17 regions";
    r.assume("network.stream_max", "70 MB/s", "theory B3", text);
    let text = "registries and pairs of regions have no limit of their own unless the scenario sets one";
    r.assume("network.registry_egress", "unlimited", "choice", text);
}

/// The regions of a key such as `us-east-1>eu-west-1`, as indices; regions that the scenario does not use are an error.
fn pair(r: &mut Reading<'_>, entry: &Entry) -> Option<(usize, usize)> {
    let Some((from, to)) = entry.key.split_once('>') else {
        r.error(&entry.key_origin, format!("`{}` is no pair of regions", entry.key), "such as \"us-east-1>eu-west-1\"");
        return None;
    };
    let mut index = |code: &str| {
        let code = code.trim();
        let found = r.places.regions.iter().position(|region| region == code);
        if found.is_none() {
            let names: Vec<&str> = r.places.regions.iter().map(String::as_str).collect();
            let near = crate::formats::did_you_mean(code, names.iter().copied());
            let label = format!("regions: {}", crate::scenario::values::listed_names(&names));
            r.error(&entry.key_origin, format!("no registry is in the region `{code}`{near}"), label);
        }
        found
    };
    let (from, to) = (index(from), index(to));
    Some((from?, to?))
}

fn egress(r: &mut Reading<'_>, table: &Node) -> Vec<Bandwidth> {
    let size = r.places.registries.len();
    let mut egress = vec![Bandwidth::UNLIMITED; size];
    match table.get("registry_egress") {
        Some(node) if matches!(node.value, Value::Table(_)) => {
            for entry in node.entries() {
                let key = Node { value: Value::Text(entry.key.clone()), origin: entry.key_origin.clone() };
                if let (Some(id), Some(limit)) = (r.registry(&key), r.bandwidth(&entry.node)) {
                    match egress.get_mut(usize::from(id.0)) {
                        Some(cell) => *cell = limit,
                        None => r.error(&entry.key_origin, format!("nothing is stored in `{}`", entry.key), ""),
                    }
                }
            }
        }
        Some(node) => {
            if let Some(limit) = r.bandwidth(node) {
                egress.fill(limit);
            }
        }
        None => {}
    }
    egress
}

/// Calls a second: one a day. Whoever is refused asks again within seconds until it is let through: under a quota of a
/// call a year that is simulated for years.
const LEAST_QUOTA: f64 = 1.15e-5;

/// Reads `[service]`.
pub fn service(r: &mut Reading<'_>, root: &Node, ideal: bool) -> Service {
    let table = &table_or_empty(root, "service");
    let quotas = &table_or_empty(table, "quotas");
    let unlimited = quotas.text() == Some("unlimited") || ideal;
    let quota = |r: &mut Reading<'_>, (key, default): (&str, f64)| match quotas.get(key) {
        Some(node) if node.text() == Some("unlimited") => f64::INFINITY,
        Some(node) => r.rate(node).map_or(default, |rate: RateText| {
            let per_second = rate.per_nanosecond() * NANOS as f64;
            if rate.count <= 0.0 {
                r.error(&node.origin, "a quota is above zero", "or \"unlimited\"");
            } else if per_second < LEAST_QUOTA {
                r.error(
                    &node.origin,
                    "a quota is at least one call a day",
                    "a throttling fault leaves less for a while",
                );
            }
            per_second
        }),
        None if unlimited => f64::INFINITY,
        None => default,
    };
    let delay = match table.get("lifecycle_delay") {
        Some(node) => r.law(node, Quantity::Duration),
        None => {
            let text = "a lifecycle policy runs once a day, at a time drawn for each repository";
            r.assume("service.lifecycle_delay", "uniform, 0 to 24 h", "B22", text);
            None
        }
    };
    Service {
        lifecycle_delay: delay.unwrap_or(Law::Uniform { min: 0.0, max: DAY as f64 }),
        retry_moves_bytes_again: r.or(table, "retry_moves_bytes_again", false, |r, n| r.flag(n)),
        copies_attachments: r.or(table, "copies_attachments", true, |r, n| r.flag(n)),
        moved_tag_deletes: r.or(table, "moved_tag_deletes", false, |r, n| r.flag(n)),
        pull_time_lag: r.or(table, "pull_time_lag", Span(DAY), |r, n| r.duration(n)),
        copy_counts_as_pull: r.or(table, "copy_counts_as_pull", false, |r, n| r.flag(n)),
        quotas: Call::ALL.map(|call| quota(r, call.default_quota())),
    }
}
