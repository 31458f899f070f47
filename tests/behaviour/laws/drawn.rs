//! Small scenarios drawn at random. Each piece of text comes from its own numbers, so that a failing case shrinks.

use proptest::prelude::*;

/// Places; all in one account.
pub const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-southeast-1"];

/// What may be drawn besides repositories, clusters and strategies.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Outages, slow links, throttling, failing copies.
    pub faults: bool,
    /// Copies may go from where they are again: times to live, templates with policies, replicated deletes.
    pub leaves: bool,
    /// Indexes with a child per platform, and attachments.
    pub indexes: bool,
    /// Links with limits; otherwise calls, links and unpacking take no time.
    pub links: bool,
    /// A time before the period that is not metered, and images that are there when it begins.
    pub before: bool,
}

impl Scope {
    /// Everything.
    pub const ALL: Scope = Scope { faults: true, leaves: true, indexes: true, links: true, before: true };
    /// Nothing but demand and strategies.
    pub const CALM: Scope = Scope { faults: false, leaves: false, indexes: false, links: false, before: false };
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    (0..texts.len()).prop_map(move |index| texts[index])
}

/// The first of two where a scope leaves the rest out.
fn only(allowed: bool, texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    one_of(if allowed { texts } else { &texts[..1] })
}

const LIFECYCLES: [&str; 5] = [
    "",
    "lifecycle = { keep = 3 }",
    "lifecycle = { keep = 1 }",
    "lifecycle = { days = 1 }",
    "lifecycle = { days = 2, untagged_days = 1 }",
];

/// A repository without its name.
fn repository(scope: Scope) -> impl Strategy<Value = String> {
    let pushes = one_of(&[
        "push = { rate = \"2/day\" }",
        "push = { rate = \"6/day\", batch = 2, batch_within = \"1h\" }",
        "push = { times = \"03:00,15:00\" }",
        "push = { list = [{ at = \"1h\", tag = \"a\" }, { at = \"20h\", tag = \"b\" }, { at = \"20h\", tag = \"a\" }] }",
        "push = { list = [] }",
    ]);
    let shape = (1usize..300, 1usize..7, one_of(&["25%", "100%", "1 MB", "0%"]), one_of(&["", ", base = \"os\""]));
    let index = only(scope.indexes, &["", ", platforms = 3", ", attachments = { count = 2, size = \"1 MB\" }"]);
    let moving =
        one_of(&["", "tags = { moving = [\"latest\"] }", "tags = { moving = [\"latest\"], release_every = 2 }"]);
    let existing = only(scope.before, &["", "existing = 1", "existing = 3"]);
    let home = one_of(&REGIONS[..2]);
    (home, pushes, shape, (index, existing), one_of(&LIFECYCLES), moving).prop_map(
        |(home, pushes, (size, layers, new, base), (index, existing), lifecycle, moving)| {
            let layers = if base.is_empty() { layers } else { layers + 4 };
            format!(
                "registry = \"{home}\"\n{pushes}\n{existing}\n{lifecycle}\n{moving}\n\
                 image = {{ size = \"{size} MB\", layers = {layers}, new_bytes = \"{new}\"{base}{index} }}\n"
            )
        },
    )
}

/// A cluster without its name.
fn cluster(scope: Scope) -> impl Strategy<Value = String> {
    let pulls = one_of(&[
        "pulls = { rate = \"4/day\" }",
        "pulls = { deploy = \"30m\" }",
        "pulls = { deploy = \"1m\", rate = \"10/day\" }",
        "pulls = { times = \"06:00,18:00\" }",
        "pulls = { rate = \"5/day\", churn = \"40%/day\" }",
        "pulls = { rate = \"5/day\", version = { newest_of = 3 } }",
        "pulls = { rate = \"2/day\", scale_up = { rate = \"2/day\", nodes = 2, keep = \"5h\" } }",
    ]);
    let cache = one_of(&["none", "unlimited", "400 MB"]);
    let path = one_of(&["s3-gateway", "nat", "internet"]);
    let home = one_of(&["home", "wait"]);
    let links = only(
        scope.links,
        &[
            "",
            "node_bandwidth = \"50 Mbit/s\"\nparallel_images = 2",
            "node_bandwidth = \"1 Gbit/s\"\nparallel_layers = 1",
            "node_bandwidth = \"unlimited\"\nparallel_layers = 8\nunpack = \"instant\"",
        ],
    );
    (one_of(&REGIONS), 1usize..4, pulls, cache, (path, home, links, 0usize..3)).prop_map(
        |(region, nodes, pulls, cache, (path, home, links, gateways))| {
            format!(
                "registry = \"{region}\"\nnodes = {nodes}\n{pulls}\ncache = \"{cache}\"\npath = \"{path}\"\n\
                 if_missing = \"{home}\"\nnat_gateways = {gateways}\n{links}\n"
            )
        },
    )
}

fn network(scope: Scope) -> impl Strategy<Value = &'static str> {
    only(
        scope.links,
        &[
            "network = { preset = \"ideal\" }",
            "network = { slow_start = \"none\" }",
            "network = { slow_start = \"ramp\", registry_egress = \"100 Mbit/s\", efficiency = 0.85 }",
            "network = { pair_limit = \"40 Mbit/s\", stream_window = \"1 MB\" }",
            "network = { client = \"skopeo-1.9\", pair_limit = { \"us-east-1>eu-west-1\" = \"9 Mbit/s\" } }",
        ],
    )
}

fn faults(scope: Scope) -> impl Strategy<Value = Vec<&'static str>> {
    let one = one_of(&[
        "{ name = \"a\", kind = \"slow-link\", from = \"*\", to = \"eu-west-1\", bandwidth = \"30%\", extra_rtt = \"100ms\", at = \"9h\", lasts = \"20h\" }",
        "{ name = \"b\", kind = \"copy-failures\", share = \"30%\" }",
        "{ name = \"c\", kind = \"registry-outage\", registry = \"us-east-1\", at = \"15h\", lasts = \"6h\" }",
        "{ name = \"d\", kind = \"region-outage\", region = \"eu-west-1\", at = \"30h\", lasts = \"5h\" }",
        "{ name = \"e\", kind = \"throttling\", registry = \"us-east-1\", quota = \"1%\", at = \"3h\", lasts = \"30h\" }",
    ]);
    let most = if scope.faults { 3 } else { 0 };
    prop::collection::vec(one, 0..=most).prop_map(|mut list| {
        list.sort_unstable();
        list.dedup();
        list
    })
}

fn strategies(scope: Scope) -> impl Strategy<Value = String> {
    let delay = one_of(&["0s", "typical", "5h"]);
    let existing = only(scope.before, &["absent", "present", "backfill"]);
    let rules = only(
        scope.leaves,
        &[
            "",
            ", rules = [{ from = \"us-east-1\", to = \"eu-west-1\", deletes = true }, { from = \"eu-west-1\", to = \"ap-southeast-1\" }]",
        ],
    );
    let ttl = only(scope.leaves, &["never", "7h", "30h"]);
    let retries = only(scope.faults, &["", ", copy_failures = \"20%\", retries = 2"]);
    let runner = one_of(&["", ", runner = \"destination\"", ", runner = \"ap-southeast-1\""]);
    let (hours, parallel) = (1usize..20, one_of(&["", ", parallel_copies = 1"]));
    (delay, existing, rules, ttl, retries, (runner, hours, parallel)).prop_map(
        |(delay, existing, rules, ttl, retries, (runner, hours, parallel))| {
            format!(
                "strategies = [ {{ name = \"across\", kind = \"cross-region-pull\" }},\n  \
                 {{ name = \"copies\", kind = \"replication\", delay = \"{delay}\", existing_images = \"{existing}\"{rules}{retries}{parallel} }},\n  \
                 {{ name = \"cache\", kind = \"pull-through-cache\", ttl = \"{ttl}\" }},\n  \
                 {{ name = \"job\", kind = \"scheduled-copy\", every = \"{hours}h\"{runner}, runner_cost = \"$1/h\", toil = \"2h/month\" }},\n  \
                 {{ name = \"centre\", kind = \"centralized\", registry = \"eu-west-1\" }} ]\n"
            )
        },
    )
}

fn registries(scope: Scope) -> impl Strategy<Value = String> {
    let templates = only(
        scope.leaves,
        &[
            "",
            "templates = [{ prefix = \"ROOT\", lifecycle = { keep = 2 } }]",
            "templates = [{ prefix = \"ROOT\", lifecycle = { days = 1 } }]",
        ],
    );
    (templates, one_of(&["none", "enhanced"])).prop_map(|(templates, scanning)| {
        // The others are named so that faults may strike them, whoever else uses them.
        let others = "[[registries]]\nregistry = \"us-east-1\"\n[[registries]]\nregistry = \"eu-west-1\"\n";
        format!("{others}[[registries]]\nregistry = \"ap-southeast-1\"\nscanning = \"{scanning}\"\n{templates}\n")
    })
}

/// A scenario as text, `run` left to the caller's choice of days.
pub fn scenario(scope: Scope) -> impl Strategy<Value = String> {
    let head = (2usize..6, 1usize..29, 0u64..1000, only(scope.before, &["0d", "1d"]));
    let parts = (
        prop::collection::vec(repository(scope), 1..=3),
        prop::collection::vec(cluster(scope), 1..=3),
        registries(scope),
    );
    (head, strategies(scope), network(scope), faults(scope), parts).prop_map(
        |((days, start, seed, warm_up), strategies, network, faults, (repositories, clusters, registries))| {
            let mut text = format!(
                "schema = 1\nrun = {{ start = 2026-01-{start:02}, duration = \"{days}d\", warm_up = \"{warm_up}\", \
                 seed = {seed}, trials = 1 }}\n{network}\n{strategies}faults = [{}]\nbases = {{ os = {{ size = \"20 MB\" }} }}\n",
                faults.join(",\n")
            );
            for (number, repository) in repositories.iter().enumerate() {
                text += &format!("[[repositories]]\nname = \"r{number}\"\n{repository}");
            }
            for (number, cluster) in clusters.iter().enumerate() {
                text += &format!("[[clusters]]\nname = \"c{number}\"\n{cluster}");
            }
            text + &registries
        },
    )
}
