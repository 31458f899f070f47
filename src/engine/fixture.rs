//! A small model for tests of the engine: the worked example, with ideal links.

use crate::cloud::{Account, AccountId, Client, Cloud, Links, RegionId, Registry, RegistryId, SlowStart};
use crate::demand::{
    Cluster, Demand, ImageLaw, LayerLaw, NewBytes, NodeCache, Path, PathKind, Pushes, Repository, RepositoryId,
    TagTemplate, Tags, Trigger, Unpack, VersionChoice,
};
use crate::registry::{Extension, RegistrySettings, ReplicationRule, quota::Call};
use crate::sim::{Calendar, EntityKey, Law};
use crate::strategy::{Existing, Kind, PullThroughCache, Replication, Runner, ScheduledCopy, Strategy};
use crate::units::{Bandwidth, Bytes, DAY, HOUR, Span, Time, Usd};

use super::{BoundHints, Model, Service};

/// Days of the worked example.
pub const DAYS: i64 = 30;

/// us-east-1 pushes 200 MB a day at midnight; eu-west-1 and ap-southeast-1 pull four times a day.
pub fn worked_example() -> Model {
    let regions: Vec<String> = ["us-east-1", "eu-west-1", "ap-southeast-1"].map(String::from).into();
    let registries = (0..3).map(|region| Registry { account: AccountId(0), region: RegionId(region) }).collect();
    let unlimited = vec![vec![Bandwidth::UNLIMITED; 3]; 3];
    let client = Client::CONTAINERD;
    let cloud = Cloud {
        accounts: vec![Account { name: "main".into(), id: "000000000001".into() }],
        regions,
        registries,
        links: Links {
            rtt: vec![vec![Span::ZERO; 3]; 3],
            estimated: Vec::new(),
            stream_max: Bandwidth::UNLIMITED,
            stream_window: None,
            slow_start: SlowStart::None,
            efficiency: 1.0,
            pair_limit: unlimited,
            pair_buffer: vec![vec![Bytes(0); 3]; 3],
            registry_egress: vec![Bandwidth::UNLIMITED; 3],
            client,
        },
    };
    let calendar = Calendar {
        start: "2026-04-01T00:00:00Z".into(),
        end: Time(DAYS * DAY),
        first_day: Time(0),
        days: (1..=DAYS).map(|day| format!("2026-04-{day:02}")).collect(),
        months: vec!["2026-04".into()],
        month_starts: vec![Time(0), Time(DAYS * DAY)],
    };
    let repository = Repository {
        name: "app".into(),
        key: EntityKey::named("repository", "app"),
        home: RegistryId(0),
        image: ImageLaw {
            layers: LayerLaw::Listed(vec![200_000_000]),
            new_bytes: NewBytes::Share(1.0),
            base: None,
            compression: 2.6,
            platforms: 1,
            attachments: None,
        },
        pushes: Pushes::Times((0..DAYS).map(|day| Time(day * DAY)).collect()),
        batch: Law::Constant(1.0),
        batch_within: Span::ZERO,
        tags: Tags {
            release_every: 1,
            release: TagTemplate("v{n}".into()),
            build: TagTemplate("build-{n}".into()),
            moving: Vec::new(),
        },
        promotions: Vec::new(),
        existing: 0,
        existing_gap: Span(DAY),
        weight: 1.0,
    };
    let cluster = |registry: u16| Cluster {
        name: format!("remote@{registry}"),
        key: EntityKey::named("cluster", &registry.to_string()),
        registry: RegistryId(registry),
        nodes: 1,
        runs: vec![RepositoryId(0)],
        growth: 0.0,
        per_node: 20,
        popularity: 0.9,
        triggers: vec![Trigger::Times(
            (0..DAYS).flat_map(|day| [1, 7, 13, 19].map(|hour| Time(day * DAY + hour * HOUR))).collect(),
        )],
        version: VersionChoice::Newest,
        cache: NodeCache::None,
        path: Path { local: PathKind::Internet, remote: PathKind::Internet },
        nat_gateways: 0,
        endpoints: 0,
        if_missing: None,
        backoff_first: Span::seconds(10),
        backoff_max: Span::seconds(300),
        give_up: Span(HOUR),
        node_bandwidth: Bandwidth::UNLIMITED,
        parallel_layers: 3,
        parallel_images: 1,
        unpack: Unpack {
            rate: Bandwidth::UNLIMITED,
            burst: None,
            then: Bandwidth::UNLIMITED,
            parallel: 1,
            layer_overhead: Span::ZERO,
        },
    };
    let settings = RegistrySettings::default();
    // In units of one fetch: a byte held for six days costs what a byte fetched does.
    let store = 1.0 / (6 * DAY) as f64;
    Model {
        cloud,
        calendar,
        warm_up: Span::ZERO,
        demand: Demand { repositories: vec![repository], bases: Vec::new(), clusters: vec![cluster(1), cluster(2)] },
        registries: vec![settings; 3],
        service: Service {
            lifecycle_delay: Law::Constant(0.0),
            retry_moves_bytes_again: false,
            copies_attachments: true,
            moved_tag_deletes: false,
            pull_time_lag: Span(DAY),
            copy_counts_as_pull: false,
            quotas: [f64::INFINITY; Call::COUNT],
        },
        strategies: vec![
            strategy(Kind::CrossRegionPull),
            strategy(Kind::Replication(replication())),
            strategy(Kind::PullThroughCache(cache(None))),
            strategy(Kind::PullThroughCache(cache(Some(Span(12 * HOUR))))),
            strategy(Kind::ScheduledCopy(noon_job())),
            strategy(Kind::Clairvoyant { push_ahead: false }),
        ],
        faults: Vec::new(),
        probes: Vec::new(),
        bound: BoundHints { fetch: vec![(RegionId(0), 1.0); 3], store: vec![vec![store]; 3] },
    }
}

fn strategy(kind: Kind) -> Strategy {
    Strategy { name: kind.name().into(), kind, if_missing: None, exceptions: Vec::new() }
}

/// Rules to both remote registries, without delay.
pub fn replication() -> Replication {
    let rule = ReplicationRule {
        destinations: vec![RegistryId(1), RegistryId(2)],
        prefixes: Vec::new(),
        deletes: false,
        extension: Extension::default(),
    };
    Replication {
        rules: vec![(RegistryId(0), rule)],
        delay: Law::Constant(0.0),
        delay_name: "0s".into(),
        since: Time(i64::MIN),
        parallel_copies: None,
        copy_failures: 0.0,
        retries: 3,
        existing: Existing::Absent,
    }
}

fn cache(ttl: Option<Span>) -> PullThroughCache {
    PullThroughCache { refresh: Span(DAY), ttl, share_fetch: true }
}

fn noon_job() -> ScheduledCopy {
    ScheduledCopy {
        times: (0..DAYS).map(|day| Time(day * DAY + 12 * HOUR)).collect(),
        copies: vec![(RepositoryId(0), vec![RegistryId(1), RegistryId(2)])],
        tags: crate::registry::Patterns::all(),
        runner: Runner::Source,
        parallel: 4,
        per_image: Span::ZERO,
        failures: 0.0,
        silent_failures: 0.0,
        runner_cost: Usd(0),
        toil_hours: 0.0,
        wage: Usd(0),
    }
}
