//! `pulls`: what makes a cluster pull.

use std::sync::Arc;

use super::faults;
use super::repositories::Estate;
use crate::demand::{Cluster, ListedPull, RepositoryId, Trigger, VersionChoice, VersionFilter};
use crate::formats::{did_you_mean, traces};
use crate::scenario::diagnostics::findings;
use crate::scenario::tree::{Node, Value};
use crate::scenario::values::{Named, Quantity, Reading, listed_names, one_or_many, table_at};
use crate::sim::Law;
use crate::units::parse::HoursText;
use crate::units::{HOUR, Span, Time};

/// How long a deploy takes when a cluster does not say.
const DEPLOY_WITHIN: Span = Span::seconds(600);
/// How long scaled-up nodes stay.
const KEEP: f64 = (4 * HOUR) as f64;

/// Between a fault and the first node of a failover.
const FAILOVER_AFTER: f64 = (HOUR / 4) as f64;
/// How long the nodes of a failover take to come up.
const FAILOVER_WITHIN: Span = Span(HOUR / 2);

/// What triggers other than deploys ask for: what was deployed when there are deploys or a failover, else the newest.
pub fn version(r: &mut Reading<'_>, cluster: &Node) -> VersionChoice {
    let pulls = cluster.get("pulls");
    let deploys = pulls.is_none_or(|pulls| pulls.get("deploy").is_some() || pulls.get("failover").is_some());
    let default = if deploys { VersionChoice::Deployed } else { VersionChoice::Newest };
    let Some(node) = pulls.and_then(|pulls| pulls.get("version")) else { return default };
    if matches!(node.value, Value::Table(_)) {
        let last = node.get("newest_of").and_then(|last| r.count(last, 1));
        return last.map_or(default, VersionChoice::NewestOf);
    }
    let words = [("deployed", VersionChoice::Deployed), ("newest", VersionChoice::Newest)];
    r.word(node, &words).unwrap_or(default)
}

/// What a cluster is called, and what all are.
#[derive(Clone, Copy)]
pub struct Called<'a> {
    /// In the file.
    pub group: &'a str,
    /// By itself: with its registry, where the group has several.
    pub member: &'a str,
    /// All groups.
    pub all: &'a [&'a str],
}

impl Called<'_> {
    fn is(&self, name: &str) -> bool {
        name == self.group || name == self.member
    }

    /// Whether any cluster is called so.
    fn is_somebody(&self, name: &str) -> bool {
        self.all.contains(&name) || name.split_once('@').is_some_and(|(group, _)| self.all.contains(&group))
    }
}

/// Unknown clusters of a trace that are named.
const STRANGERS: usize = 3;

/// Reads `pulls`. The cluster has everything but its triggers; `faults` are the names of what it may fail over on, and
/// `called` is what it is called.
pub fn triggers(
    r: &mut Reading<'_>,
    table: &Node,
    (estate, faults): (&Estate, &[String]),
    cluster: &Cluster,
    called: Called<'_>,
) -> Vec<Trigger> {
    let Some(pulls) = table.get("pulls") else {
        let text = "a cluster without `pulls` deploys every release on all of its nodes within 10 minutes";
        r.assume("clusters.pulls", "{ deploy = \"10m\" }", "choice", text);
        let always = Law::Constant(0.0);
        return vec![Trigger::Deploy { on: VersionFilter::Release, delay: always, within: DEPLOY_WITHIN, nodes: 1.0 }];
    };
    let mut triggers = Vec::new();
    for entry in pulls.entries() {
        if entry.key == "list" {
            triggers.extend(list(r, &entry.node, estate, cluster));
            continue;
        }
        for item in one_or_many(&entry.node) {
            // A value in place of a table is the short form: it stands for one key.
            let long = |key: &str| match item.value {
                Value::Table(_) => item.clone(),
                _ => table_at(item, vec![(key, item.clone())]),
            };
            triggers.extend(match entry.key.as_str() {
                "deploy" => Some(deploy(r, &long("within"))),
                "scale_up" => scale_up(r, &long("rate"), cluster),
                "churn" => churn(r, &long("rate")),
                "rate" => rate(r, &long("rate"), cluster),
                "times" => long("times").get("times").and_then(|n| r.schedule(n)).map(Trigger::Times),
                "trace" => trace(r, &long("file"), estate, cluster, called),
                "failover" => failover(r, &long("of"), faults),
                _ => None,
            });
        }
    }
    triggers
}

fn deploy(r: &mut Reading<'_>, table: &Node) -> Trigger {
    let filter = |r: &mut Reading<'_>, node: &Node| {
        Some(match node.text() {
            Some("release") => VersionFilter::Release,
            Some("build") => VersionFilter::Build,
            Some("all") => VersionFilter::All,
            _ => VersionFilter::Tags(r.patterns(node)?),
        })
    };
    Trigger::Deploy {
        on: r.or(table, "on", VersionFilter::Release, filter),
        delay: r.or(table, "delay", Law::Constant(0.0), |r, n| r.law(n, Quantity::Duration)),
        within: r.or(table, "within", DEPLOY_WITHIN, |r, n| r.duration(n)),
        nodes: r.or(table, "nodes", 1.0, |r, n| r.share(n)),
    }
}

fn scale_up(r: &mut Reading<'_>, table: &Node, cluster: &Cluster) -> Option<Trigger> {
    let rate = r.needed(table, "rate", "`scale_up`").and_then(|n| r.rate(n));
    let hours = r.or(table, "hours", HoursText::Always, |r, n| r.hours(n));
    let nodes = r.or(table, "nodes", 1, |r, n| r.count(n, 1));
    let within = r.or(table, "within", Span::seconds(60), |r, n| r.duration(n));
    let keep = r.or(table, "keep", Law::Constant(KEEP), |r, n| r.law(n, Quantity::Duration));
    Some(Trigger::ScaleUp { intensity: r.intensity(&rate?, &hours, cluster.growth), nodes, within, keep })
}

/// Per node, so growth is in the number of nodes alone.
fn churn(r: &mut Reading<'_>, table: &Node) -> Option<Trigger> {
    let rate = r.needed(table, "rate", "`churn`").and_then(|n| r.share_rate(n))?;
    Some(Trigger::Churn { intensity: r.intensity(&rate, &HoursText::Always, 0.0) })
}

fn rate(r: &mut Reading<'_>, table: &Node, cluster: &Cluster) -> Option<Trigger> {
    let rate = r.needed(table, "rate", "`rate`").and_then(|n| r.rate(n));
    let hours = r.or(table, "hours", HoursText::Always, |r, n| r.hours(n));
    Some(Trigger::Rate { intensity: r.intensity(&rate?, &hours, cluster.growth) })
}

fn failover(r: &mut Reading<'_>, table: &Node, faults: &[String]) -> Option<Trigger> {
    let names: Vec<&str> = faults.iter().map(String::as_str).collect();
    let of = r.needed(table, "of", "`failover`").and_then(|n| r.named(n, faults::named(&names)));
    for (key, value, text) in [
        ("after", "15m", "the nodes of a failover come up from 15 minutes after the fault on"),
        ("within", "30m", "the nodes of a failover take 30 minutes to come up"),
    ] {
        if table.get(key).is_none() {
            r.assume(&format!("clusters.pulls.failover.{key}"), value, "choice", text);
        }
    }
    let after = r.or(table, "after", Law::Constant(FAILOVER_AFTER), |r, n| r.law(n, Quantity::Duration));
    let within = r.or(table, "within", FAILOVER_WITHIN, |r, n| r.duration(n));
    Some(Trigger::Failover { of: of?, after, within })
}

fn list(r: &mut Reading<'_>, list: &Node, estate: &Estate, cluster: &Cluster) -> Option<Trigger> {
    let names = estate.names();
    let what = Named { names: &names, groups: &[], one: "repository", plural: "repositories" };
    let mut pulls = Vec::new();
    for item in one_or_many(list) {
        let at = r.needed(item, "at", "a pull").and_then(|n| r.event(n));
        let repository = r.needed(item, "repository", "a pull").and_then(|n| r.named(n, what));
        let tag = r.optional(item, "tag", |r, n| r.text(n, "a tag").map(str::to_string));
        let node = r.optional(item, "node", |r, n| {
            let node = r.count(n, 1)?;
            if node > cluster.nodes {
                r.error(&n.origin, format!("no node {node}; the cluster has {}", cluster.nodes), "nodes count from 1");
            }
            Some(node - 1)
        });
        if let (Some(at), Some(repository)) = (at, repository) {
            pulls.push(ListedPull { at, repository: RepositoryId(repository as u32), tag, node });
        }
    }
    pulls.sort_by_key(|pull| pull.at);
    Some(Trigger::List(Arc::from(pulls)))
}

fn trace(r: &mut Reading<'_>, table: &Node, estate: &Estate, cluster: &Cluster, called: Called<'_>) -> Option<Trigger> {
    let node = r.needed(table, "file", "`trace`")?;
    let file = r.file(node)?;
    let start = r.window.start;
    let rows = r.rows(&file, traces::pulls(&file.text, start))?;
    let ids: std::collections::HashMap<&str, u32> =
        estate.repositories.iter().map(|repository| repository.name.as_str()).zip(0..).collect();
    let (mut pulls, mut outside, mut unknown) = (Vec::new(), 0usize, 0usize);
    let mut strangers: Vec<String> = Vec::new();
    for row in rows {
        if let Some(name) = row.cluster.filter(|name| !called.is(name)) {
            if !called.is_somebody(&name) && !strangers.contains(&name) && strangers.len() < STRANGERS {
                strangers.push(name);
            }
            continue;
        }
        if row.at < Time::START || row.at >= r.window.end {
            outside += 1;
            continue;
        }
        let Some(id) = ids.get(row.repository.as_str()) else {
            unknown += 1;
            if unknown <= crate::formats::MOST_PROBLEMS {
                let names = estate.names();
                let near = did_you_mean(&row.repository, names.iter().copied());
                let origin = r.place(&file, row.span);
                let label = format!("repositories: {}", listed_names(&names));
                r.error(&origin, format!("no repository `{}`{near}", row.repository), label);
            }
            continue;
        };
        if row.node.is_some_and(|node| node > cluster.nodes) {
            let origin = r.place(&file, row.span);
            let message = format!("no node {}; the cluster has {}", row.node.unwrap_or_default(), cluster.nodes);
            r.error(&origin, message, "nodes count from 1");
            continue;
        }
        let repository = RepositoryId(*id);
        pulls.push(ListedPull { at: row.at, repository, tag: row.tag, node: row.node.map(|node| node - 1) });
    }
    if let Some(first) = strangers.first() {
        let near = did_you_mean(first, called.all.iter().copied());
        let message = format!("`{}` has pulls by `{}`, which no cluster is called", file.name, strangers.join("`, `"));
        r.found(&findings::TRACE_WITHOUT_CLUSTER, &node.origin, message + &near, "these rows are left out");
    }
    if outside > 0 {
        let label = r.span_of_run();
        let message = format!("{outside} rows of `{}` lie outside the run and are left out", file.name);
        r.found(&findings::OUTSIDE_THE_RUN, &node.origin, message, label);
    }
    Some(Trigger::List(Arc::from(pulls)))
}
