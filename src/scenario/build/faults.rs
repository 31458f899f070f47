//! `[[faults]]`: what goes wrong, and which of it nobody would notice.

use super::clusters::Clusters;
use super::repositories::Estate;
use super::strategies::Strategies;
use crate::cloud::{RegionId, RegistryId, regions};
use crate::faults::{Fault, FaultKind, When};
use crate::registry::policy::{CREATE_REPOSITORY, IMPORT_UPSTREAM_IMAGE, REPLICATE_IMAGE};
use crate::scenario::diagnostics::findings;
use crate::scenario::tree::{Node, Origin};
use crate::scenario::values::{Named, Quantity, Reading, elements, listed_names, one_or_many};
use crate::sim::{EntityKey, Law};
use crate::strategy::{Kind, Strategy};
use crate::units::Span;
use crate::units::parse::HoursText;

/// A fault that strikes more often than this in a run is a slip of a unit.
const MOST_STRIKES: f64 = 1e5;
/// Longer than every run.
const FOREVER: Law = Law::Constant(i64::MAX as f64);

/// What a permission of `missing-permission` is called.
pub const ACTIONS: [&str; 5] =
    [REPLICATE_IMAGE, CREATE_REPOSITORY, IMPORT_UPSTREAM_IMAGE, "ecr:BatchGetImage", "ecr:PutImage"];

/// Faults and where each is written.
#[derive(Default)]
pub struct Faults {
    /// Enabled ones, in file order.
    pub list: Vec<Fault>,
    /// By fault.
    pub origins: Vec<Origin>,
}

impl Faults {
    /// How often a fault is expected to strike in a trial.
    pub fn expected(&self, fault: usize) -> f64 {
        match self.list.get(fault).map(|fault| &fault.when) {
            Some(When::Rate(intensity)) => intensity.total(),
            _ => 1.0,
        }
    }
}

/// The names of the faults, which clusters and objectives name before the faults themselves can be read.
pub fn names(r: &mut Reading<'_>, root: &Node) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for table in elements(root, "faults") {
        let Some(node) = table.get("name").or_else(|| table.get("kind")) else {
            r.missing(&table.origin, "a fault needs `kind`");
            names.push(String::new());
            continue;
        };
        let name = r.text(node, "a name").unwrap_or_default().to_string();
        if names.contains(&name) {
            r.error(&node.origin, format!("fault `{name}` is there twice"), "give each a `name` of its own");
        }
        names.push(name);
    }
    names
}

/// How messages speak of faults.
pub fn named<'a>(names: &'a [&'a str]) -> Named<'a> {
    Named { names, groups: &[], one: "fault", plural: "faults" }
}

/// Reads `[[faults]]`. Every registry of the scenario must be known by now.
pub fn faults(r: &mut Reading<'_>, root: &Node, names: &[String], strategies: &Strategies) -> Faults {
    let mut faults = Faults::default();
    for (table, name) in elements(root, "faults").into_iter().zip(names) {
        let Some((kind, lasting)) = kind(r, table, strategies) else { continue };
        let Some((when, lasts)) = when(r, table, lasting) else { continue };
        let key = EntityKey::named("fault", name);
        faults.list.push(Fault { name: name.clone(), key, when, lasts, kind });
        faults.origins.push(table.origin.clone());
    }
    faults
}

/// `at` or `rate`, and `lasts`; a `lasting` fault may go without and is there all the time.
fn when(r: &mut Reading<'_>, table: &Node, lasting: bool) -> Option<(When, Law)> {
    let lasts = r.optional(table, "lasts", |r, n| r.law(n, Quantity::Duration));
    let when = match (table.get("at"), table.get("rate")) {
        (Some(at), None) => r.event(at).map(When::At),
        (None, Some(node)) => {
            let rate = r.rate(node)?;
            let intensity = r.intensity(&rate, &HoursText::Always, 0.0);
            if intensity.total() > MOST_STRIKES {
                let message = format!("the fault strikes about {:.1e} times in a run", intensity.total());
                r.error(&node.origin, message, "at most 100,000");
            }
            Some(When::Rate(intensity))
        }
        (Some(_), Some(node)) => {
            r.error(&node.origin, "`at` and `rate` exclude each other; keep one", "");
            None
        }
        (None, None) if lasting && table.get("lasts").is_none() => Some(When::WholeRun),
        (None, None) => {
            r.missing(&table.origin, "a fault needs `at` or `rate`: when it strikes");
            None
        }
    };
    if !lasting {
        r.needed(table, "lasts", "a fault");
    }
    Some((when?, lasts.unwrap_or(FOREVER)))
}

/// The kind, and whether it may last the whole run.
fn kind(r: &mut Reading<'_>, table: &Node, strategies: &Strategies) -> Option<(FaultKind, bool)> {
    let node = r.needed(table, "kind", "a fault")?;
    let word = r.text(node, "a kind of fault")?;
    let registry_of = |r: &mut Reading<'_>| r.needed(table, "registry", "this fault").and_then(|n| registry(r, n));
    let kind = match word {
        "region-outage" => {
            FaultKind::RegionOutage(r.needed(table, "region", "a region-outage").and_then(|n| region(r, n))?)
        }
        "registry-outage" => FaultKind::RegistryOutage(registry_of(r)?),
        "slow-link" => FaultKind::SlowLink {
            from: r.or(table, "from", None, |r, n| either(r, n, region)),
            to: r.or(table, "to", None, |r, n| either(r, n, region)),
            bandwidth: r.or(table, "bandwidth", 1.0, |r, n| {
                let share = r.share(n)?;
                if share <= 0.0 {
                    let label = "what is cut altogether is a region-outage";
                    r.error(&n.origin, "a slow link keeps some of its bandwidth", label);
                    return None;
                }
                Some(share)
            }),
            extra_rtt: r.or(table, "extra_rtt", Span::ZERO, |r, n| r.duration(n)),
        },
        "throttling" => FaultKind::Throttling {
            registry: registry_of(r)?,
            quota: r.needed(table, "quota", "throttling").and_then(|n| r.share(n))?,
        },
        "copy-failures" => FaultKind::CopyFailures {
            from: r.or(table, "from", None, |r, n| either(r, n, registry)),
            to: r.or(table, "to", None, |r, n| either(r, n, registry)),
            share: r.needed(table, "share", "copy-failures").and_then(|n| r.share(n))?,
        },
        "missing-permission" => {
            let words = ACTIONS.map(|action| (action, action));
            let lacks = match table.get("lacks") {
                None => vec![REPLICATE_IMAGE],
                Some(list) => one_or_many(list).iter().filter_map(|n| r.word(n, &words)).collect(),
            };
            if let (true, Some(list)) = (lacks.is_empty(), table.get("lacks")) {
                r.error(&list.origin, "a permission must be missing", format!("some of: {}", ACTIONS.join(", ")));
            }
            let lacks = lacks.into_iter().map(str::to_string).collect();
            FaultKind::MissingPermission { registry: registry_of(r)?, lacks }
        }
        "job-stopped" => {
            FaultKind::JobStopped { strategy: r.optional(table, "strategy", |r, n| job(r, n, strategies)) }
        }
        _ => {
            let label = "kinds: region-outage, registry-outage, slow-link, throttling, copy-failures, missing-permission, \
                         job-stopped";
            r.error(&node.origin, format!("unknown kind `{word}`"), label);
            return None;
        }
    };
    let lasting = matches!(kind, FaultKind::CopyFailures { .. });
    Some((kind, lasting))
}

/// `*`, or one.
fn either<T>(r: &mut Reading<'_>, node: &Node, one: fn(&mut Reading<'_>, &Node) -> Option<T>) -> Option<Option<T>> {
    if node.text() == Some("*") { Some(None) } else { one(r, node).map(Some) }
}

/// A region in which the scenario has a registry.
fn region(r: &mut Reading<'_>, node: &Node) -> Option<RegionId> {
    let code = r.text(node, "a region such as \"eu-west-1\"")?;
    if regions::find(code).is_none() {
        return r.region_code(&node.origin, code);
    }
    let used = |region: &usize| r.places.registries.iter().any(|registry| usize::from(registry.region.0) == *region);
    let found = (0..r.places.regions.len()).filter(used).find(|region| r.places.regions[*region] == code);
    if found.is_none() {
        let names: Vec<&str> =
            (0..r.places.regions.len()).filter(used).map(|at| r.places.regions[at].as_str()).collect();
        let label = format!("regions: {}", listed_names(&names));
        r.error(&node.origin, format!("no registry of the scenario is in `{code}`"), label);
    }
    found.map(|region| RegionId(region as u16))
}

/// A registry that the scenario uses.
fn registry(r: &mut Reading<'_>, node: &Node) -> Option<RegistryId> {
    let before = r.places.clone();
    let found = r.registry(node)?;
    if usize::from(found.0) < before.registries.len() {
        return Some(found);
    }
    let names: Vec<String> = (0..before.registries.len()).map(|id| before.name(RegistryId(id as u16))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let message = format!("the scenario does not use the registry `{}`", r.places.name(found));
    r.places = before;
    r.error(&node.origin, message, format!("registries: {}", listed_names(&names)));
    None
}

/// The index of a strategy that runs a job.
fn job(r: &mut Reading<'_>, node: &Node, strategies: &Strategies) -> Option<usize> {
    let names = strategies.names();
    let index = r.named(node, Named { names: &names, groups: &[], one: "strategy", plural: "strategies" })?;
    let strategy = &strategies.list[index];
    if !kinds(strategy).any(|kind| matches!(kind, Kind::ScheduledCopy(_))) {
        let message =
            format!("`{}` is a {}; only a scheduled-copy has a job to stop", strategy.name, strategy.kind.name());
        r.error(&node.origin, message, "");
        return None;
    }
    Some(index)
}

/// The kind of a strategy, and those of its exceptions.
fn kinds(strategy: &Strategy) -> impl Iterator<Item = &Kind> {
    std::iter::once(&strategy.kind).chain(strategy.exceptions.iter().map(|exception| &exception.kind))
}

/// Warns of faults that change nothing, and of a standby that is struck itself.
pub fn lints(r: &mut Reading<'_>, faults: &Faults, estate: &Estate, clusters: &Clusters, strategies: &[Strategy]) {
    for (index, (fault, origin)) in faults.list.iter().zip(&faults.origins).enumerate() {
        if let Some(why) = unseen(r, fault, estate, clusters, strategies) {
            r.found(
                &findings::FAULT_WITHOUT_EFFECT,
                origin,
                format!("the fault `{}` changes nothing", fault.name),
                why,
            );
        }
        let struck = |registry: RegistryId| match fault.kind {
            FaultKind::RegionOutage(region) => r.places.registries[usize::from(registry.0)].region == region,
            FaultKind::RegistryOutage(down) => registry == down,
            _ => false,
        };
        let standby = clusters.list.iter().find(|one| one.fails_over_on(index) && struck(one.registry));
        if let Some(standby) = standby {
            let message = format!("`{}` fails over on `{}`, which strikes it too", standby.name, fault.name);
            r.found(&findings::STANDBY_STRUCK, origin, message, "a standby lies where the fault does not reach");
        }
    }
}

/// Why nobody would notice a fault.
fn unseen(
    r: &Reading<'_>,
    fault: &Fault,
    estate: &Estate,
    clusters: &Clusters,
    strategies: &[Strategy],
) -> Option<String> {
    match &fault.kind {
        FaultKind::RegionOutage(_) | FaultKind::RegistryOutage(_) => None,
        FaultKind::SlowLink { bandwidth, extra_rtt, .. } => (*bandwidth >= 1.0 && *extra_rtt == Span::ZERO)
            .then(|| "neither `bandwidth` nor `extra_rtt` is given".into()),
        FaultKind::Throttling { quota, .. } => (*quota >= 1.0).then(|| "the whole quota is left".into()),
        FaultKind::CopyFailures { share, .. } => (*share <= 0.0).then(|| "no attempt fails".into()),
        FaultKind::JobStopped { .. } => {
            let job = strategies.iter().flat_map(kinds).any(|kind| matches!(kind, Kind::ScheduledCopy(_)));
            (!job).then(|| "no strategy is a scheduled-copy".into())
        }
        FaultKind::MissingPermission { registry, lacks } => {
            let replicated = || strategies.iter().flat_map(kinds).any(|kind| crosses_into(r, kind, *registry));
            let cached = || strategies.iter().flat_map(kinds).any(|kind| caches_in(kind, *registry, estate, clusters));
            let needed = |action: &String| match action.as_str() {
                REPLICATE_IMAGE => replicated(),
                CREATE_REPOSITORY => replicated() || cached(),
                IMPORT_UPSTREAM_IMAGE => cached(),
                _ => true,
            };
            let why =
                "replication asks for no permission within an account (fact A30), and nothing else needs it there";
            (!lacks.iter().any(needed)).then(|| why.into())
        }
    }
}

/// Whether replication copies into a registry out of another account.
fn crosses_into(r: &Reading<'_>, kind: &Kind, registry: RegistryId) -> bool {
    let Kind::Replication(replication) = kind else { return false };
    let account = |id: RegistryId| r.places.registries[usize::from(id.0)].account;
    replication
        .rules
        .iter()
        .any(|(from, rule)| rule.destinations.contains(&registry) && account(*from) != account(registry))
}

/// Whether a registry caches what clusters pull through it.
fn caches_in(kind: &Kind, registry: RegistryId, estate: &Estate, clusters: &Clusters) -> bool {
    let far = |id: &crate::demand::RepositoryId| estate.repositories[id.0 as usize].home != registry;
    matches!(kind, Kind::PullThroughCache(_))
        && clusters.list.iter().any(|cluster| cluster.registry == registry && cluster.runs.iter().any(far))
}
