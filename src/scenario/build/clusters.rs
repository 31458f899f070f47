//! `[[clusters]]`: nodes that pull, members of `registries` spelt out.

use super::pulls;
use super::repositories::Estate;
use super::run::table_or_empty;
use crate::cloud::RegistryId;
use crate::demand::{Cluster, IfMissing, NodeCache, Path, PathKind, RepositoryId, Unpack};
use crate::scenario::tree::{Node, Origin, Value};
use crate::scenario::values::{Named, Reading, elements};
use crate::sim::EntityKey;
use crate::units::{Bandwidth, NANOS, Span};

/// Clusters and the names under which they were written.
#[derive(Default)]
pub struct Clusters {
    /// Members spelt out, in file order.
    pub list: Vec<Cluster>,
    /// By cluster: the name in the file.
    pub groups: Vec<String>,
    /// By cluster: where it is written.
    pub origins: Vec<Origin>,
}

impl Clusters {
    /// Names of all clusters.
    pub fn names(&self) -> Vec<&str> {
        self.list.iter().map(|cluster| cluster.name.as_str()).collect()
    }

    /// Names under which they were written, by cluster.
    pub fn groups(&self) -> Vec<&str> {
        self.groups.iter().map(String::as_str).collect()
    }
}

/// Uncompressed bytes a second of a node on a disk, and on an SSD (theory A5).
const UNPACK: [(&str, f64); 2] = [("disk", 65e6), ("ssd", 156e6)];
/// Per layer (theory A6).
const LAYER_OVERHEAD: Span = Span(30_000_000);
/// A node's link (theory A6).
const NODE_BANDWIDTH: Bandwidth = Bandwidth(625e6);
const NODES: u32 = 10;
/// The most nodes of a cluster.
pub const MOST_NODES: u32 = 1_000_000;
/// Clusters are numbered in 16 bits.
const MOST_CLUSTERS: usize = 65_535;
const PER_NODE: u32 = 20;
const POPULARITY: f64 = 0.9;
const CACHE: u64 = 80_000_000_000;

/// Defaults that results rest on: key, value, source, and what it means.
const DEFAULTS: [(&str, &str, &str, &str); 5] = [
    ("nodes", "10", "choice", "a cluster has 10 nodes"),
    ("per_node", "20", "choice", "a node runs 20 repositories, or all that its cluster runs"),
    ("popularity", "0.9", "theory A6", "repositories are popular by Zipf's law with exponent 0.9, in file order"),
    ("cache", "80 GB", "choice", "a node keeps images in 80 GB, least recently used go first"),
    (
        "give_up",
        "1h",
        "choice",
        "a pull that finds nothing asks again after 10 s, doubling to 5 min, and fails after an hour",
    ),
];

/// Reads `[[clusters]]`.
pub fn clusters(
    r: &mut Reading<'_>,
    root: &Node,
    estate: &Estate,
    faults: &[String],
    ideal: bool,
    client_layers: u32,
) -> Clusters {
    let mut clusters = Clusters::default();
    let all: Vec<&str> = elements(root, "clusters").iter().filter_map(|one| one.get("name")?.text()).collect();
    for element in elements(root, "clusters") {
        let Some(name) = r.needed(element, "name", "a cluster").and_then(|n| r.text(n, "a name").map(str::to_string))
        else {
            continue;
        };
        let mut members: Vec<(String, RegistryId)> = match (element.get("registry"), element.get("registries")) {
            (Some(node), _) => r.registry(node).map(|id| (name.clone(), id)).into_iter().collect(),
            (None, Some(node)) => {
                let wanted = r.registries(node);
                let called = |r: &Reading<'_>, id| format!("{name}@{}", r.places.full_name(id));
                wanted.iter().map(|one| (called(r, one.registry), one.registry)).collect()
            }
            (None, None) => {
                r.missing(&element.origin, "a cluster needs `registry` or `registries`");
                Vec::new()
            }
        };
        if members.is_empty() {
            members.push((name.clone(), r.stand_in(&element.origin)));
        }
        let template = template(r, element, estate, ideal, client_layers);
        if clusters.list.len() + members.len() > MOST_CLUSTERS {
            r.error(&element.origin, format!("too many clusters; at most {MOST_CLUSTERS}"), "");
            break;
        }
        for (member, registry) in members {
            if clusters.list.iter().any(|cluster| cluster.name == member) {
                r.error(&element.origin, format!("cluster `{member}` is there twice"), "");
                continue;
            }
            let mut cluster = template.clone();
            cluster.key = EntityKey::named("cluster", &member);
            cluster.registry = registry;
            let called = pulls::Called { group: &name, member: &member, all: &all };
            cluster.triggers = pulls::triggers(r, element, (estate, faults), &cluster, called);
            cluster.name = member;
            clusters.list.push(cluster);
            clusters.groups.push(name.clone());
            clusters.origins.push(element.origin.clone());
        }
    }
    if clusters.list.is_empty() {
        r.missing(&root.origin, "a scenario needs a cluster");
    }
    clusters
}

/// What all members of a table have in common; name, registry and triggers are filled in later.
fn template(r: &mut Reading<'_>, table: &Node, estate: &Estate, ideal: bool, client_layers: u32) -> Cluster {
    let names = estate.names();
    let what = Named { names: &names, groups: &[], one: "repository", plural: "repositories" };
    let runs = r.selected(table, "runs", what);
    let backoff = table_or_empty(table, "backoff");
    for (key, value, source, text) in DEFAULTS {
        if table.get(key).is_none() {
            r.assume(&format!("clusters.{key}"), value, source, text);
        }
    }
    Cluster {
        name: String::new(),
        key: EntityKey(0),
        registry: RegistryId(0),
        nodes: r.or(table, "nodes", NODES, |r, n| r.count_up_to(n, 1, MOST_NODES)),
        runs: (0u32..).zip(&runs).filter(|(_, runs)| **runs).map(|(id, _)| RepositoryId(id)).collect(),
        growth: r.or(table, "growth", 0.0, |r, n| r.growth(n)),
        per_node: r.or(table, "per_node", PER_NODE, |r, n| r.count(n, 1)),
        popularity: r.or(table, "popularity", POPULARITY, |r, n| r.number(n, 0.0)),
        triggers: Vec::new(),
        version: pulls::version(r, table),
        cache: r.or(table, "cache", NodeCache::Bytes(CACHE), cache),
        path: path(r, table),
        nat_gateways: r.or(table, "nat_gateways", 0, |r, n| r.count(n, 0)),
        endpoints: r.or(table, "endpoints", 0, |r, n| r.count(n, 0)),
        if_missing: r.optional(table, "if_missing", |r, n| r.word(n, &IF_MISSING)),
        backoff_first: r.or(&backoff, "first", Span::seconds(10), |r, n| positive(r, n)),
        backoff_max: r.or(&backoff, "max", Span::seconds(300), |r, n| positive(r, n)),
        give_up: r.or(table, "give_up", Span::seconds(3600), |r, n| r.duration(n)),
        node_bandwidth: r.or(
            table,
            "node_bandwidth",
            if ideal { Bandwidth::UNLIMITED } else { NODE_BANDWIDTH },
            |r, n| r.bandwidth(n),
        ),
        parallel_layers: r.or(table, "parallel_layers", client_layers, |r, n| r.count(n, 1)),
        parallel_images: r.or(table, "parallel_images", 1, |r, n| r.count_up_to(n, 1, 10_000)),
        unpack: unpack(r, table, ideal),
    }
}

/// The words of `if_missing`.
pub const IF_MISSING: [(&str, IfMissing); 3] =
    [("wait", IfMissing::Wait), ("home", IfMissing::Home), ("fail", IfMissing::Fail)];

fn positive(r: &mut Reading<'_>, node: &Node) -> Option<Span> {
    let span = r.duration(node)?;
    if span.0 < NANOS / 1000 {
        r.error(&node.origin, "a back-off waits at least 1 ms", "");
        return None;
    }
    Some(span)
}

fn cache(r: &mut Reading<'_>, node: &Node) -> Option<NodeCache> {
    if matches!(node.value, Value::Table(_)) {
        return node.get("warm").and_then(|warm| r.share(warm)).map(NodeCache::Warm);
    }
    match node.text() {
        Some("none") => Some(NodeCache::None),
        Some("unlimited") => Some(NodeCache::Unlimited),
        _ => r.size(node).map(NodeCache::Bytes),
    }
}

fn path(r: &mut Reading<'_>, table: &Node) -> Path {
    let words = [
        ("s3-gateway", PathKind::S3Gateway),
        ("nat", PathKind::Nat),
        ("internet", PathKind::Internet),
        ("none", PathKind::None),
    ];
    // From another region the gateway does not serve: bytes go through NAT (fact C37).
    let far = |kind| if kind == PathKind::S3Gateway { PathKind::Nat } else { kind };
    let Some(node) = table.get("path") else {
        let text = "nodes reach layers through an S3 gateway endpoint, and layers of another region through NAT";
        r.assume("clusters.path", "s3-gateway", "C34, C37", text);
        return Path { local: PathKind::S3Gateway, remote: PathKind::Nat };
    };
    if matches!(node.value, Value::Table(_)) {
        let local = r.or(node, "local", PathKind::S3Gateway, |r, n| r.word(n, &words));
        let remote = r.or(node, "remote", PathKind::S3Gateway, |r, n| r.word(n, &words));
        return Path { local, remote: far(remote) };
    }
    let kind = r.word(node, &words).unwrap_or(PathKind::S3Gateway);
    Path { local: kind, remote: far(kind) }
}

fn unpack(r: &mut Reading<'_>, table: &Node, ideal: bool) -> Unpack {
    let steady = |rate| (rate, None, rate);
    let mut instant = ideal;
    let mut read = |r: &mut Reading<'_>, node: &Node| -> Option<(Bandwidth, Option<u64>, Bandwidth)> {
        instant = false;
        if matches!(node.value, Value::Table(_)) {
            let rate = r.needed(node, "rate", "`unpack`").and_then(|n| r.bandwidth(n))?;
            let burst = r.optional(node, "burst", |r, n| r.size(n));
            let then = r.or(node, "then", rate, |r, n| r.bandwidth(n));
            return Some((rate, burst, then));
        }
        let text = r.text(node, "disk, ssd, instant, or a bandwidth")?;
        if text == "instant" {
            instant = true;
            return Some(steady(Bandwidth::UNLIMITED));
        }
        match UNPACK.iter().find(|(word, _)| *word == text) {
            Some((_, rate)) => Some(steady(Bandwidth(*rate))),
            None => r.bandwidth(node).map(steady),
        }
    };
    let rate = match table.get("unpack") {
        Some(node) => read(r, node),
        None if ideal => Some(steady(Bandwidth::UNLIMITED)),
        None => {
            let text = "nodes unpack 65 MB of uncompressed bytes a second: real images on a cloud disk";
            r.assume("clusters.unpack", "disk", "theory A5", text);
            None
        }
    };
    let (rate, burst, then) = rate.unwrap_or(steady(Bandwidth(UNPACK[0].1)));
    let overhead = if instant { Span::ZERO } else { LAYER_OVERHEAD };
    Unpack {
        rate,
        burst,
        then,
        parallel: r.or(table, "parallel_unpack", 1, |r, n| r.count(n, 1)),
        layer_overhead: r.or(table, "layer_overhead", overhead, |r, n| r.duration(n)),
    }
}
