//! `[prices]`: the terms of a bill, and whether every price that the scenario needs is there.

use std::collections::BTreeMap;

use super::clusters::Clusters;
use super::repositories::Estate;
use super::run::table_or_empty;
use super::strategies::Strategies;
use crate::billing::{
    AlreadyUsed, Discount, GbMonth, LineItem, Need, Override, Overrides, PriceBook, PullReading, Terms,
};
use crate::cloud::{Cloud, RegionId};
use crate::demand::{EditKind, PathKind, Pushes, Repository};
use crate::formats::{did_you_mean, price_list};
use crate::registry::{LifecycleAction, RegistrySettings, Scanning};
use crate::scenario::tree::{Node, Value};
use crate::scenario::values::Reading;
use crate::strategy::Kind;
use crate::units::Bytes;
use crate::units::parse::PriceUnit;

/// The book that is used when none is named.
const BOOK: &str = "aws-2026-09";

const LINE_ITEMS: [(&str, LineItem); 10] = [
    ("storage", LineItem::Storage),
    ("archive", LineItem::Archive),
    ("retrieval", LineItem::Retrieval),
    ("copy", LineItem::Copy),
    ("pull", LineItem::Pull),
    ("nat", LineItem::Nat),
    ("endpoint", LineItem::Endpoint),
    ("scan", LineItem::Scan),
    ("runner", LineItem::Runner),
    ("people", LineItem::People),
];

/// Reads `[prices]`; `None` without a price book.
pub fn terms(r: &mut Reading<'_>, root: &Node) -> Option<Terms> {
    let table = &table_or_empty(root, "prices");
    let book = book(r, table)?;
    let words = [("inter-region", PullReading::InterRegion), ("internet", PullReading::Internet)];
    let mut terms = Terms::new(book);
    if table.get("cross_region_pull").is_none() {
        let text = "pulls out of another region are priced like copies, the lower of two readings of the service's \
                    pages, so that replication is not oversold";
        r.assume("prices.cross_region_pull", "inter-region", "C13 to C15", text);
    }
    terms.reading = r.or(table, "cross_region_pull", PullReading::InterRegion, |r, n| r.word(n, &words));
    terms.free_tier = r.or(table, "free_tier", false, |r, n| r.flag(n));
    terms.discount = r.or(table, "discount", Discount::default(), discount);
    terms.already_used = r.or(table, "already_used", AlreadyUsed::default(), |r, n| {
        Some(AlreadyUsed { internet: Bytes(r.or(n, "internet", 0, |r, n| r.size(n))) })
    });
    terms.gb_month = match table.get("gb_month") {
        Some(node) if node.text() != Some("calendar") => {
            let span = r.duration(node).filter(|span| span.0 > 0);
            span.map_or(GbMonth::Calendar, GbMonth::Fixed)
        }
        _ => GbMonth::Calendar,
    };
    if let Some(node) = table.get("override") {
        terms.overrides = Overrides {
            storage: price(r, node, "storage", PriceUnit::GbMonth),
            inter_region: price(r, node, "inter_region", PriceUnit::Gb),
            internet: price(r, node, "internet", PriceUnit::Gb),
            nat_data: price(r, node, "nat_data", PriceUnit::Gb),
            nat_hour: price(r, node, "nat_hour", PriceUnit::Hour),
            endpoint_hour: price(r, node, "endpoint_hour", PriceUnit::Hour),
        };
    }
    Some(terms)
}

fn book(r: &mut Reading<'_>, table: &Node) -> Option<PriceBook> {
    if let Some(node) = table.get("file") {
        let file = r.file(node)?;
        if price_list::is_list(&file.name) {
            let book = r.rows(&file, price_list::over_newest(&file.name, &file.text))?;
            let text = "prices that the list does not give are those of the newest built-in book";
            r.assume("prices.file", &file.name, "", text);
            return Some(book);
        }
        return match PriceBook::parse(&file.name, &file.text) {
            Ok(book) => Some(book),
            Err(problems) => {
                for problem in problems {
                    let origin = r.place(&file, problem.span);
                    r.error(&origin, problem.message, "");
                }
                None
            }
        };
    }
    let name = table.get("book").and_then(Node::text).unwrap_or(BOOK);
    let book = PriceBook::builtin(name);
    if book.is_none() {
        let near = did_you_mean(name, PriceBook::builtin_names());
        let known: Vec<&str> = PriceBook::builtin_names().collect();
        let origin = table.get("book").map_or(&table.origin, |node| &node.origin);
        r.error(origin, format!("no price book `{name}`{near}"), format!("price books: {}", known.join(", ")));
    }
    book
}

fn discount(r: &mut Reading<'_>, node: &Node) -> Option<Discount> {
    if !matches!(node.value, Value::Table(_)) {
        return r.share(node).map(Discount::flat);
    }
    let mut shares = BTreeMap::new();
    for entry in node.entries() {
        let Some((_, item)) = LINE_ITEMS.iter().find(|(name, _)| *name == entry.key) else {
            let names = LINE_ITEMS.map(|(name, _)| name);
            let near = did_you_mean(&entry.key, names);
            let label = format!("line items: {}", names.join(", "));
            r.error(&entry.key_origin, format!("no line item `{}`{near}", entry.key), label);
            continue;
        };
        if let Some(share) = r.share(&entry.node) {
            shares.insert(*item, share);
        }
    }
    Some(Discount::by_item(shares))
}

/// One price, or a table by region or pair.
fn price(r: &mut Reading<'_>, table: &Node, key: &str, unit: PriceUnit) -> Override {
    let Some(node) = table.get(key) else { return Override::default() };
    if !matches!(node.value, Value::Table(_)) {
        return r.price(node, unit).map(Override::flat).unwrap_or_default();
    }
    let mut out = Override::default();
    for entry in node.entries() {
        let Some(price) = r.price(&entry.node, unit) else { continue };
        let codes: Vec<&str> = entry.key.split('>').map(str::trim).collect();
        for code in &codes {
            if crate::cloud::regions::find(code).is_none() {
                let near = crate::cloud::regions::near(code).map(|near| format!(", did you mean `{near}`?"));
                r.error(&entry.key_origin, format!("no region `{code}`{}", near.unwrap_or_default()), "");
            }
        }
        match codes.as_slice() {
            [region] => {
                out.by_region.insert((*region).to_string(), price);
            }
            [from, to] if key == "inter_region" => {
                out.by_pair.insert(((*from).to_string(), (*to).to_string()), price);
            }
            _ => r.error(&entry.key_origin, "a price is by region; only `inter_region` is by pair", ""),
        }
    }
    out
}

/// Whether a lifecycle policy of a registry moves images to the archive class.
fn archives_anything(settings: &RegistrySettings) -> bool {
    let at_home = settings.lifecycle.iter().map(|(_, policy)| policy);
    let made = settings.templates.iter().filter_map(|template| template.lifecycle.as_ref());
    at_home.chain(made).flat_map(|policy| &policy.rules).any(|rule| rule.action == LifecycleAction::Archive)
}

/// Reports every price that will be needed and that nobody gives, where its region is first named.
pub fn check(
    r: &mut Reading<'_>,
    terms: &Terms,
    cloud: &Cloud,
    registries: &[RegistrySettings],
    estate: &Estate,
    clusters: &Clusters,
    strategies: &Strategies,
) {
    let region = |id: crate::cloud::RegistryId| cloud.registry(id).region;
    let mut needs: Vec<Need> = Vec::new();
    // Where clients archive images by hand.
    let archives = |repository: &&Repository| match &repository.pushes {
        Pushes::List(rows) => rows.iter().any(|row| row.edit == Some(EditKind::Archive)),
        _ => false,
    };
    let edited: Vec<RegionId> =
        estate.repositories.iter().filter(archives).map(|repository| region(repository.home)).collect();
    for (registry, settings) in cloud.registries.iter().zip(registries) {
        needs.push(Need::Storage(registry.region));
        if settings.scanning == Scanning::Enhanced {
            needs.push(Need::Scan(registry.region));
        }
        if archives_anything(settings) || edited.contains(&registry.region) {
            needs.extend([Need::Archive(registry.region), Need::Retrieval(registry.region)]);
        }
    }
    for cluster in &clusters.list {
        let to = region(cluster.registry);
        if cluster.nat_gateways > 0 {
            needs.push(Need::NatHour(to));
        }
        if cluster.endpoints > 0 {
            needs.push(Need::EndpointHour(to));
        }
        let mut crosses = false;
        for id in &cluster.runs {
            let from = region(estate.repositories[id.0 as usize].home);
            if from != to {
                crosses = true;
                needs.push(Need::Pull { from, to });
                needs.push(Need::Copy { from, to });
            }
        }
        if cluster.path.local == PathKind::Nat || (crosses && cluster.path.remote == PathKind::Nat) {
            needs.push(Need::NatData(to));
        }
    }
    for strategy in &strategies.list {
        let mut copies: Vec<(RegionId, RegionId)> = Vec::new();
        match &strategy.kind {
            Kind::Replication(replication) => {
                for (from, rule) in &replication.rules {
                    copies.extend(rule.destinations.iter().map(|to| (region(*from), region(*to))));
                }
            }
            Kind::ScheduledCopy(job) => {
                for (id, to) in &job.copies {
                    let home = region(estate.repositories[id.0 as usize].home);
                    copies.extend(to.iter().map(|to| (home, region(*to))));
                }
            }
            Kind::Centralized(central) => {
                let from = region(central.registry);
                let pulls = clusters.list.iter().map(|cluster| region(cluster.registry)).filter(|to| *to != from);
                needs.extend(pulls.map(|to| Need::Pull { from, to }));
            }
            Kind::CrossRegionPull | Kind::PullThroughCache(_) | Kind::Clairvoyant { .. } => {}
        }
        needs.extend(copies.into_iter().filter(|(from, to)| from != to).map(|(from, to)| Need::Copy { from, to }));
    }
    needs.sort_unstable();
    needs.dedup();
    for missing in terms.missing(cloud, &needs) {
        let place = cloud.regions.iter().position(|region| *region == missing.region);
        let Some(origin) = place.and_then(|index| r.places.region_origins.get(index)).cloned() else { continue };
        let key = missing.what.key();
        let label = format!("give one: prices.override.{key} = {{ \"{}\" = \"$..\" }} (fact C20)", missing.region);
        // Several prices of one region may be missing; each is said.
        r.diagnostics.error(&origin, missing.to_string(), label);
    }
}
