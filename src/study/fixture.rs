//! A small scenario and outcomes made by hand, for the tests of this room.
//!
//! Two regions, one account, April 2026 (30 days, so one month covered). The home stores, the other region gets copies
//! or pulls. Usage of a strategy's trial is chosen so that costs come out by hand: a GB kept for the whole of April in
//! us-east-1 costs $0.10, a GB from us-east-1 to eu-west-1 costs $0.02.

use crate::billing::{PriceBook, Terms};
use crate::cloud::{Account, AccountId, Client, Cloud, Links, RegionId, Registry, RegistryId, SlowStart};
use crate::demand::{Demand, ImageLaw, LayerLaw, NewBytes, Pushes, Repository, TagTemplate, Tags};
use crate::engine::{
    BoundHints, DailySeries, Model, Outcome, Probe, ProbeMetric, ProbeResult, PullTimes, RepositoryCounts, Service,
};
use crate::ledger::{Item, MeterKey};
use crate::registry::Patterns;
use crate::scenario::{Metric, Objective, RunPlan, Scenario};
use crate::sim::{Calendar, EntityKey, Histogram, Law};
use crate::strategy::{Existing, Kind, Replication, Strategy};
use crate::units::{BILL_GB, Bandwidth, Bytes, DAY, Span, Time};

/// us-east-1.
pub const HOME: RegionId = RegionId(0);
/// eu-west-1.
pub const AWAY: RegionId = RegionId(1);

/// Three strategies: `across` (the baseline), `copies` (replication at `typical` delay) and `bound`.
pub fn scenario() -> Scenario {
    Scenario {
        title: "Fixture".into(),
        description: String::new(),
        path: "fixture.toml".into(),
        model: model(),
        terms: Terms::new(PriceBook::builtin("aws-2026-09").expect("it ships")),
        run: RunPlan { seed: 1, trials: 4, precision: None, max_trials: 1000, baseline: 0 },
        objectives: Vec::new(),
        value: None,
        assumptions: Vec::new(),
        notes: vec!["a note of the reader".into()],
        inputs: Vec::new(),
        sources: Vec::new(),
        settings: Default::default(),
    }
}

/// Adds an objective on every strategy, and a probe of its own when `probe` says what to measure.
pub fn require(scenario: &mut Scenario, metric: Metric, probe: Option<ProbeMetric>, within: Option<Span>) {
    let objective = scenario.objectives.len();
    let strategies = vec![true; scenario.model.strategies.len()];
    scenario.objectives.push(Objective { name: format!("o{objective}"), metric, strategies, in_trials: None });
    if let Some(metric) = probe {
        let (repositories, clusters, tags) = (vec![true], Vec::new(), Patterns::all());
        scenario.model.probes.push(Probe { objective, metric, repositories, clusters, tags, within });
    }
}

fn model() -> Model {
    let calendar = Calendar {
        start: "2026-04-01T00:00:00Z".into(),
        end: Time(30 * DAY),
        first_day: Time::START,
        days: (1..=30).map(|day| format!("2026-04-{day:02}")).collect(),
        months: vec!["2026-04".into()],
        month_starts: vec![Time::START, Time(30 * DAY)],
    };
    let strategy = |name: &str, kind| Strategy { name: name.into(), kind, if_missing: None, exceptions: Vec::new() };
    Model {
        cloud: cloud(),
        calendar,
        warm_up: Span::ZERO,
        demand: Demand { repositories: vec![repository()], ..Demand::default() },
        registries: Vec::new(),
        service: Service {
            lifecycle_delay: Law::Constant(0.0),
            retry_moves_bytes_again: false,
            copies_attachments: true,
            moved_tag_deletes: false,
            pull_time_lag: Span(DAY),
            copy_counts_as_pull: false,
            quotas: [
                f64::INFINITY,
                2000.0,
                f64::INFINITY,
                f64::INFINITY,
                f64::INFINITY,
                f64::INFINITY,
                f64::INFINITY,
                f64::INFINITY,
            ],
        },
        strategies: vec![
            strategy("across", Kind::CrossRegionPull),
            strategy("copies", Kind::Replication(replication())),
            strategy("bound", Kind::Clairvoyant { push_ahead: false }),
        ],
        faults: Vec::new(),
        probes: Vec::new(),
        bound: BoundHints { fetch: Vec::new(), store: Vec::new() },
        plain: false,
    }
}

fn cloud() -> Cloud {
    let account = AccountId(0);
    let pairs = |value: Span| vec![vec![value; 2]; 2];
    Cloud {
        accounts: vec![Account { name: "main".into(), id: "000000000001".into() }],
        regions: vec!["us-east-1".into(), "eu-west-1".into()],
        registries: vec![Registry { account, region: HOME }, Registry { account, region: AWAY }],
        links: Links {
            rtt: pairs(Span::ZERO),
            estimated: Vec::new(),
            stream_max: Bandwidth::UNLIMITED,
            stream_window: None,
            slow_start: SlowStart::None,
            efficiency: 1.0,
            pair_limit: vec![vec![Bandwidth::UNLIMITED; 2]; 2],
            pair_buffer: vec![vec![Bytes(0); 2]; 2],
            registry_egress: vec![Bandwidth::UNLIMITED; 2],
            client: Client::CONTAINERD,
        },
    }
}

fn repository() -> Repository {
    Repository {
        name: "app".into(),
        key: EntityKey(1),
        home: RegistryId(0),
        image: ImageLaw {
            layers: LayerLaw::Listed(vec![BILL_GB]),
            new_bytes: NewBytes::Share(1.0),
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
        existing_gap: Span::ZERO,
        weight: 1.0,
    }
}

fn replication() -> Replication {
    Replication {
        rules: Vec::new(),
        delay: Replication::named_delay("typical").expect("a named delay"),
        delay_name: "typical".into(),
        since: Time(i64::MIN),
        parallel_copies: None,
        copy_failures: 0.0,
        retries: 3,
        existing: Existing::Absent,
    }
}

/// A histogram of whole seconds.
pub fn seconds(values: &[i64]) -> Histogram {
    let mut histogram = Histogram::default();
    values.iter().for_each(|value| histogram.record(Span::seconds(*value), 1));
    histogram
}

/// What a probe saw: these seconds, so many of them within the limit.
pub fn seen(values: &[i64], within: u64) -> ProbeResult {
    ProbeResult { histogram: seconds(values), within }
}

/// One trial: 1 GB at home all month ($0.10); `across` pulls 5 × trial GB over ($0.10 × trial), `copies` copies 1 GB
/// over ($0.02) and keeps it there ($0.10), `bound` copies 1 GB.
pub fn outcome(model: &Model, strategy: usize, seed: u64, trial: u64) -> Outcome {
    let mut outcome = Outcome { demand_hash: seed * 1000 + trial, events: 10, ..Outcome::default() };
    let month = u128::from(BILL_GB) * DAY as u128;
    store(&mut outcome, HOME, month);
    let gb = u128::from(BILL_GB);
    match &model.strategies[strategy].kind {
        Kind::CrossRegionPull => cross(&mut outcome, Item::Pull, 5 * gb * u128::from(trial)),
        Kind::Replication(_) => {
            store(&mut outcome, AWAY, month);
            cross(&mut outcome, Item::Copy, gb);
            outcome.copies = 1;
            let lag = if replication_is_typical(model, strategy) { 4 } else { 40 };
            outcome.lag = vec![Histogram::default(), seconds(&[lag])];
        }
        _ => cross(&mut outcome, Item::Copy, gb),
    }
    outcome.pulls = 2;
    outcome.pulls_cold = 1;
    outcome.waiting_ns = 3_600_000_000_000;
    outcome.stored_bytes_end = BILL_GB;
    outcome.pull_times = vec![
        PullTimes::default(),
        PullTimes { pull: seconds(&[0, trial as i64]), transfer: seconds(&[0, trial as i64]), ..PullTimes::default() },
    ];
    let (repository, registry) = (0, 1);
    let counts = RepositoryCounts { repository, registry, pulls: 2, copies: 1, copies_never_pulled: trial % 2 };
    outcome.by_repository = vec![counts];
    outcome.series = vec![DailySeries { pulls: vec![2 * trial], peak_egress: vec![0.5], ..DailySeries::default() }];
    outcome.stored_in = vec![(0, 0)];
    outcome
}

fn replication_is_typical(model: &Model, strategy: usize) -> bool {
    matches!(&model.strategies[strategy].kind, Kind::Replication(replication) if replication.delay_name == "typical")
}

/// So many byte-nanoseconds on each day of April.
pub fn store(outcome: &mut Outcome, region: RegionId, a_day: u128) {
    let key = MeterKey { item: Item::Storage, account: AccountId(0), region, from: None, to: None };
    let meter = outcome.ledger.meter(key);
    (0..30).for_each(|day| outcome.ledger.add_day(meter, day, a_day));
    outcome.ledger.add_share(meter, 0, 0, 30 * a_day);
}

/// So many bytes from home to the other region, on the first day.
fn cross(outcome: &mut Outcome, item: Item, bytes: u128) {
    let key = MeterKey { item, account: AccountId(0), region: HOME, from: Some(HOME), to: Some(AWAY) };
    let meter = outcome.ledger.meter(key);
    outcome.ledger.add_day(meter, 0, bytes);
    outcome.ledger.add_share(meter, 0, 0, bytes);
}
