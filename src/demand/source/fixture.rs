//! Small demand to build tests from.

use std::sync::Arc;

use super::super::*;
use crate::sim::Calendar;
use crate::units::{DAY, HOUR};

pub(in crate::demand) fn repository(name: &str) -> Repository {
    Repository {
        name: name.into(),
        key: EntityKey::named("repository", name),
        home: RegistryId(0),
        image: ImageLaw {
            layers: LayerLaw::Drawn {
                size: Law::Constant(200e6),
                count: Law::Constant(4.0),
                largest: Law::Constant(0.4),
            },
            new_bytes: NewBytes::Share(0.25),
            base: None,
            compression: 2.6,
            platforms: 1,
            attachments: None,
        },
        pushes: Pushes::None,
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
    }
}

pub(in crate::demand) fn cluster(name: &str) -> Cluster {
    let path = Path { local: PathKind::Internet, remote: PathKind::Internet };
    Cluster {
        name: name.into(),
        key: EntityKey::named("cluster", name),
        registry: RegistryId(0),
        nodes: 1,
        runs: vec![RepositoryId(0)],
        growth: 0.0,
        per_node: 20,
        popularity: 0.9,
        triggers: Vec::new(),
        version: VersionChoice::Newest,
        cache: NodeCache::None,
        path,
        nat_gateways: 0,
        endpoints: 0,
        if_missing: None,
        backoff_first: Span::seconds(10),
        backoff_max: Span::seconds(300),
        give_up: Span::seconds(3600),
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
    }
}

pub(in crate::demand) fn demand(repositories: Vec<Repository>, clusters: Vec<Cluster>) -> Demand {
    Demand { repositories, bases: Vec::new(), clusters }
}

/// Thirty days of April 2026.
pub(in crate::demand) fn calendar() -> Calendar {
    Calendar {
        start: "2026-04-01T00:00:00Z".into(),
        end: Time(30 * DAY),
        first_day: Time(0),
        days: (1..=30).map(|day| format!("2026-04-{day:02}")).collect(),
        months: vec!["2026-04".into()],
        month_starts: vec![Time(0), Time(30 * DAY)],
    }
}

/// Moments by hour of day on each of the first `days` days.
pub(in crate::demand) fn daily(hours: &[i64], days: i64) -> Vec<Time> {
    (0..days).flat_map(|day| hours.iter().map(move |hour| Time(day * DAY + hour * HOUR))).collect()
}

/// A push at a rate per day.
pub(in crate::demand) fn rate(per_day: f64) -> Pushes {
    Pushes::Rate { intensity: intensity(per_day), even: false }
}

/// So many a day from 100 days before the start to 1000 days after it.
pub(in crate::demand) fn intensity(per_day: f64) -> Intensity {
    Intensity::constant(Time(-100 * DAY), Time(1000 * DAY), per_day / DAY as f64)
}

pub(in crate::demand) fn listed(at: i64, tag: &str) -> ListedPush {
    ListedPush {
        at: Time(at),
        tag: tag.into(),
        bytes: None,
        new_bytes: None,
        layers: None,
        digest: None,
        same_as: None,
        edit: None,
    }
}

pub(in crate::demand) fn deploy(on: VersionFilter, within: i64, nodes: f64) -> Trigger {
    Trigger::Deploy { on, delay: Law::Constant(0.0), within: Span(within), nodes }
}

pub(in crate::demand) fn list<T>(rows: Vec<T>) -> Arc<[T]> {
    rows.into()
}
