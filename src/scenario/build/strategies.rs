//! `[[strategies]]`: how images reach clusters, kind by kind.

use super::clusters::{Clusters, IF_MISSING};
use super::repositories::Estate;
use super::rules;
use crate::cloud::RegistryId;
use crate::demand::{ClusterId, RepositoryId};
use crate::registry::{Patterns, ReplicationRule};
use crate::scenario::diagnostics::findings;
use crate::scenario::review::RuleOrigins;
use crate::scenario::tree::{Node, Origin, Value};
use crate::scenario::values::{Named, Quantity, Reading, elements, listed_names, one_or_many, table_at};
use crate::sim::Law;
use crate::strategy::{
    Centralized, Exception, Existing, Kind, PullThroughCache, Replication, Runner, ScheduledCopy, Strategy,
};
use crate::units::parse::PriceUnit;
use crate::units::{Bandwidth, HOUR, Span, Time, Usd};

/// Strategies, and what a reader of results must know of them.
#[derive(Default)]
pub struct Strategies {
    /// Enabled ones, in file order.
    pub list: Vec<Strategy>,
    /// Where each is written.
    pub origins: Vec<Origin>,
    /// By strategy: where its rules are written, in the order of [`Strategy::rules`].
    pub rules: Vec<Vec<RuleOrigins>>,
    /// Sentences.
    pub notes: Vec<String>,
}

impl Strategies {
    /// Their names.
    pub fn names(&self) -> Vec<&str> {
        self.list.iter().map(|strategy| strategy.name.as_str()).collect()
    }
}

/// The kinds, in the order in which a scenario without `strategies` runs them.
const KINDS: [&str; 6] =
    ["cross-region-pull", "replication", "pull-through-cache", "scheduled-copy", "centralized", "clairvoyant"];

/// A minute that doubles so often is longer than virtual time.
const MOST_RETRIES: u32 = 30;
/// Kinds that serve the whole estate or nothing of it.
const WHOLE: [&str; 2] = ["centralized", "clairvoyant"];

/// 10 Gbit/s.
const EGRESS: Bandwidth = Bandwidth(1.25e9);
/// Ninety dollars.
const WAGE: Usd = Usd(90_000_000_000);

/// Reads `strategies`; without the key, one of each kind.
pub fn strategies(r: &mut Reading<'_>, root: &Node, estate: &Estate, clusters: &Clusters) -> Strategies {
    let mut out = Strategies::default();
    let text = |text: &str| Node { value: Value::Text(text.into()), origin: root.origin.clone() };
    let written = root.get("strategies").is_some();
    let default: Vec<Node> = KINDS.iter().map(|kind| table_at(root, vec![("kind", text(kind))])).collect();
    let tables: Vec<Node> = match root.get("strategies") {
        Some(_) => elements(root, "strategies").into_iter().map(long_form).collect(),
        None => default,
    };
    for table in &tables {
        let Some(kind_node) = r.needed(table, "kind", "a strategy") else { continue };
        let kind_name = kind_node.text().unwrap_or_default().to_string();
        if !written && kind_name == "centralized" && estate.homes().len() > 1 {
            out.notes.push("the strategy `centralized` is left out: there are several home registries".into());
            continue;
        }
        let name = r.optional(table, "name", |r, n| r.text(n, "a name").map(str::to_string));
        let name = name.unwrap_or_else(|| kind_name.clone());
        if out.list.iter().any(|strategy| strategy.name == name) {
            let origin = table.get("name").map_or(&kind_node.origin, |node| &node.origin);
            r.error(origin, format!("strategy `{name}` is there twice"), "give each a `name` of its own");
        }
        let mut rules = Vec::new();
        let Some(kind) = kind(r, table, &name, (estate, clusters), &mut rules) else { continue };
        let if_missing = r.optional(table, "if_missing", |r, n| r.word(n, &IF_MISSING));
        let exceptions = exceptions(r, table, &name, (estate, clusters), &mut rules);
        notes(&kind, &name, &mut out.notes);
        out.list.push(Strategy { name, kind, if_missing, exceptions });
        out.origins.push(table.origin.clone());
        out.rules.push(rules);
    }
    if out.list.is_empty() {
        r.missing(&root.origin, "a scenario needs a strategy");
    }
    out
}

/// A kind in place of a table stands for a strategy of that kind.
fn long_form(node: &Node) -> Node {
    match node.value {
        Value::Text(_) => table_at(node, vec![("kind", node.clone())]),
        _ => node.clone(),
    }
}

fn notes(kind: &Kind, name: &str, notes: &mut Vec<String>) {
    match kind {
        Kind::PullThroughCache(cache) if cache.ttl.is_some() => notes.push(format!(
            "{name}: the service cannot drop images so long after their last pull (fact B5); this needs a clean-up job"
        )),
        Kind::ScheduledCopy(job) if job.runner_cost == Usd(0) || job.toil_hours == 0.0 => notes.push(format!(
            "{name}: the runner or the people who tend it cost nothing here, so the job looks cheaper than it is"
        )),
        _ => {}
    }
}

fn exceptions(
    r: &mut Reading<'_>,
    table: &Node,
    name: &str,
    (estate, clusters): (&Estate, &Clusters),
    rules: &mut Vec<RuleOrigins>,
) -> Vec<Exception> {
    let mut exceptions = Vec::new();
    let items = table.get("exceptions").map(one_or_many).unwrap_or_default();
    if let (Some(own), Some(entry)) = (table.get("kind").and_then(Node::text), table.entry("exceptions"))
        && WHOLE.contains(&own)
        && !items.is_empty()
    {
        let message = format!("`{own}` takes no exceptions: it serves every pair of repository and cluster");
        r.error(&entry.key_origin, message, "");
        return exceptions;
    }
    for item in items {
        if let Some(node) = item.get("kind")
            && let Some(word) = node.text().filter(|word| WHOLE.contains(word))
        {
            let label = "cross-region-pull, replication, pull-through-cache, scheduled-copy";
            r.error(&node.origin, format!("an exception cannot be `{word}`: that kind serves the whole estate"), label);
            continue;
        }
        let repositories = chosen_repositories(r, item, "repositories", estate);
        let (names, groups) = (clusters.names(), clusters.groups());
        let what = Named { names: &names, groups: &groups, one: "cluster", plural: "clusters" };
        let selected = r.selected(item, "clusters", what);
        let clusters_of = (0u16..).zip(&selected).filter(|(_, yes)| **yes).map(|(id, _)| ClusterId(id)).collect();
        let if_missing = r.optional(item, "if_missing", |r, n| r.word(n, &IF_MISSING));
        if let Some(kind) = kind(r, item, name, (estate, clusters), rules) {
            exceptions.push(Exception { repositories, clusters: clusters_of, kind, if_missing });
        }
    }
    exceptions
}

fn chosen_repositories(r: &mut Reading<'_>, table: &Node, key: &str, estate: &Estate) -> Vec<RepositoryId> {
    let names = estate.names();
    let what = Named { names: &names, groups: &[], one: "repository", plural: "repositories" };
    let selected = r.selected(table, key, what);
    (0u32..).zip(&selected).filter(|(_, yes)| **yes).map(|(id, _)| RepositoryId(id)).collect()
}

/// Reads a kind; where its rules are written goes to `rules`.
fn kind(
    r: &mut Reading<'_>,
    table: &Node,
    name: &str,
    (estate, clusters): (&Estate, &Clusters),
    rules: &mut Vec<RuleOrigins>,
) -> Option<Kind> {
    let node = r.needed(table, "kind", "a strategy")?;
    let words: Vec<(&str, &str)> = KINDS.iter().map(|kind| (*kind, *kind)).collect();
    Some(match r.word(node, &words)? {
        "cross-region-pull" => Kind::CrossRegionPull,
        "replication" => {
            let (read, places) = rules::rules(r, table, estate, clusters);
            rules.extend(places);
            Kind::Replication(replication(r, table, name, read))
        }
        "pull-through-cache" => Kind::PullThroughCache(PullThroughCache {
            refresh: r.or(table, "refresh", Span(24 * HOUR), |r, n| r.duration(n)),
            ttl: match table.get("ttl") {
                Some(node) if node.text() != Some("never") => r.duration(node),
                _ => None,
            },
            share_fetch: r.or(table, "share_fetch", true, |r, n| r.flag(n)),
        }),
        "scheduled-copy" => Kind::ScheduledCopy(scheduled_copy(r, table, name, estate, clusters)),
        "centralized" => Kind::Centralized(centralized(r, table, name, estate)?),
        _ => Kind::Clairvoyant { push_ahead: r.or(table, "push_ahead", false, |r, n| r.flag(n)) },
    })
}

/// All of replication but its rules, which are read.
fn replication(
    r: &mut Reading<'_>,
    table: &Node,
    name: &str,
    rules: Vec<(RegistryId, ReplicationRule)>,
) -> Replication {
    let (delay, delay_name) = delay(r, table, name);
    let from_clusters = table.get("rules").is_none_or(|rules| rules.text() == Some("from-clusters"));
    if let (true, Some(entry)) = (from_clusters, table.entry("from")) {
        let label = "rules from clusters begin at every home; `from` is the source of a rules file";
        r.found(&findings::FROM_WITHOUT_EFFECT, &entry.key_origin, "`from` has no effect here", label);
    }
    let words = [("absent", Existing::Absent), ("present", Existing::Present), ("backfill", Existing::Backfill)];
    Replication {
        rules,
        delay,
        delay_name,
        since: r.or(table, "since", Time(i64::MIN), |r, n| r.moment(n)),
        parallel_copies: match table.get("parallel_copies") {
            Some(node) if node.text() != Some("unlimited") => r.count(node, 1),
            Some(_) => None,
            None => {
                let text = "the service copies any number of images at a time";
                r.assume("strategies.parallel_copies", "unlimited", "A69", text);
                None
            }
        },
        copy_failures: r.or(table, "copy_failures", 0.0, |r, n| r.share(n)),
        retries: r.or(table, "retries", 3, |r, n| r.count_up_to(n, 0, MOST_RETRIES)),
        existing: r.or(table, "existing_images", Existing::Absent, |r, n| r.word(n, &words)),
    }
}

/// The service time of a copy before its bytes move, and how it was written.
fn delay(r: &mut Reading<'_>, table: &Node, name: &str) -> (Law, String) {
    let node = table.get("delay");
    let written = node.map_or(Some("typical"), Node::text).unwrap_or("a law of the scenario").to_string();
    let law = match (Replication::named_delay(&written), node) {
        (Some(law), _) => law,
        (None, Some(node)) => r.law(node, Quantity::Duration).unwrap_or(Law::Constant(0.0)),
        (None, None) => Law::Constant(0.0),
    };
    // A plain duration has been expanded to a law by now; reports show it as it was written.
    let written = match node.and_then(|node| node.get("constant")).and_then(Node::text) {
        Some(plain) => plain.to_string(),
        None => written,
    };
    if ["typical", "fast", "slow"].contains(&written.as_str()) {
        let what = match written.as_str() {
            "typical" => "half of the copies within 3 s, 90 % within 15 s, 99 % within 2 min, 99.9 % within 30 min",
            "fast" => "2 s",
            _ => "half of the copies within 30 s, 99 % within 30 min",
        };
        let text = format!(
            "the service takes this long before it moves a copy's bytes: {what}; no measurement of it is published"
        );
        r.assume(&format!("strategies.{name}.delay"), written.clone(), "A67 to A69", text);
    }
    (law, written)
}

fn scheduled_copy(
    r: &mut Reading<'_>,
    table: &Node,
    name: &str,
    estate: &Estate,
    clusters: &Clusters,
) -> ScheduledCopy {
    let times = match (table.get("times"), table.get("every")) {
        (Some(node), _) => r.schedule(node),
        (None, Some(node)) => r.every(node),
        (None, None) => {
            r.assume(&format!("strategies.{name}.every"), "1h", "choice", "the job runs every hour");
            let hour = Node { value: Value::Text("1h".into()), origin: table.origin.clone() };
            r.every(&hour)
        }
    };
    let repositories = chosen_repositories(r, table, "copies", estate);
    let to: Option<Vec<RegistryId>> =
        table.get("to").map(|node| r.registries(node).into_iter().map(|one| one.registry).collect());
    let copies = repositories.into_iter().map(|id| {
        let home = estate.repositories[id.0 as usize].home;
        let mut destinations: Vec<RegistryId> = Vec::new();
        let of_clusters =
            || clusters.list.iter().filter(|one| one.runs.binary_search(&id).is_ok()).map(|one| one.registry);
        for registry in to.clone().unwrap_or_else(|| of_clusters().collect()) {
            if registry != home && !destinations.contains(&registry) {
                destinations.push(registry);
            }
        }
        (id, destinations)
    });
    let copies: Vec<(RepositoryId, Vec<RegistryId>)> = copies.filter(|(_, to)| !to.is_empty()).collect();
    if table.get("per_image").is_none() {
        r.assume(
            &format!("strategies.{name}.per_image"),
            "2s",
            "choice",
            "the job spends 2 s on an image besides its bytes",
        );
    }
    if table.get("parallel").is_none() {
        r.assume(&format!("strategies.{name}.parallel"), "4", "choice", "the job copies four images at a time");
    }
    if table.get("toil").is_some() && table.get("wage").is_none() {
        r.assume(&format!("strategies.{name}.wage"), "$90/h", "choice", "an hour of people's work costs $90");
    }
    let toil = r.or(table, "toil", Span::ZERO, |r, n| r.toil(n));
    ScheduledCopy {
        times: times.unwrap_or_default(),
        copies,
        tags: r.or(table, "tags", Patterns::all(), |r, n| r.patterns(n)),
        runner: match table.get("runner") {
            None => Runner::Source,
            Some(node) if node.text() == Some("destination") => Runner::Destination,
            Some(node) => r.registry(node).map_or(Runner::Source, Runner::At),
        },
        parallel: r.or(table, "parallel", 4, |r, n| r.count(n, 1)),
        per_image: r.or(table, "per_image", Span::seconds(2), |r, n| r.duration(n)),
        failures: r.or(table, "failures", 0.0, |r, n| r.share(n)),
        silent_failures: r.or(table, "silent_failures", 0.0, |r, n| r.share(n)),
        runner_cost: r.or(table, "runner_cost", Usd(0), |r, n| r.money(n, PriceUnit::Hour)),
        toil_hours: toil.0 as f64 / HOUR as f64,
        wage: r.or(table, "wage", WAGE, |r, n| r.money(n, PriceUnit::Hour)),
    }
}

fn centralized(r: &mut Reading<'_>, table: &Node, name: &str, estate: &Estate) -> Option<Centralized> {
    let registry = match (table.get("registry"), estate.homes().as_slice()) {
        (Some(node), _) => r.registry(node)?,
        (None, [home]) => *home,
        // Every repository was refused, and that has been said.
        (None, []) if r.diagnostics.has_errors() => return None,
        (None, homes) => {
            let names: Vec<String> = homes.iter().map(|home| r.places.name(*home)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let label = format!("home registries: {}", listed_names(&names));
            r.error(&table.origin, "`registry` is needed: there are several home registries", label);
            return None;
        }
    };
    if table.get("egress").is_none() {
        let text = "the central registry sends at most 10 Gbit/s";
        r.assume(&format!("strategies.{name}.egress"), "10 Gbit/s", "choice", text);
    }
    Some(Centralized { registry, egress: r.or(table, "egress", EGRESS, |r, n| r.bandwidth(n)) })
}
