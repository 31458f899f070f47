//! A checked tree to a model: defaults are filled, names become ids, calendars become moments.
//!
//! One file per part of a scenario, each knowing the keys of its tables and their defaults with their sources. Every
//! default that no source backs, and every estimate, is written down as an [`Assumption`](super::Assumption), since
//! reports name what their results rest on. All parts are read whatever is wrong in the others, so that one look finds
//! every problem; a model comes out only when there was no error.

use std::path::{Path, PathBuf};

use super::diagnostics::Diagnostics;
use super::review::review;
use super::tree::{Node, Origin};
use super::values::{Reading, Resolve};
use super::{LostTimeValue, Scenario};
use crate::cloud::Cloud;
use crate::demand::Demand;
use crate::engine::Model;
use crate::units::Usd;
use crate::units::parse::PriceUnit;

mod clusters;
mod extensions;
mod extent;
mod faults;
mod images;
mod lifecycle;
mod listed;
mod native;
mod network;
mod objectives;
mod origins;
mod places;
mod presets;
mod prices;
mod pulls;
mod pushes;
mod repositories;
mod rules;
mod run;
mod strategies;

/// Reads and builds the scenario at `path` with the `--set` arguments `sets`. Every problem goes to `diagnostics`;
/// `None` when one of them is an error.
pub fn load(path: &Path, sets: &[String], diagnostics: &mut Diagnostics) -> Option<Scenario> {
    let draft = super::read(path, sets, diagnostics)?;
    let resolve = |origin: &Origin, relative: &str| draft.resolve(origin, relative);
    let mut scenario = build(&draft.root, path, &resolve, diagnostics)?;
    scenario.inputs.splice(0..0, draft.files.iter().cloned());
    scenario.sources.extend(draft.files.iter().map(|input| PathBuf::from(&input.file)));
    scenario.settings = super::settings::settings(&draft.root);
    Some(scenario)
}

/// The scenario of a merged, expanded, shape-checked tree; `None` when there is an error. `resolve` says where a path
/// that is written at a place leads.
fn build(root: &Node, path: &Path, resolve: Resolve<'_>, diagnostics: &mut Diagnostics) -> Option<Scenario> {
    let mut r = Reading::new(diagnostics, resolve);
    let run = run::run(&mut r, root);
    places::accounts(&mut r, root);
    let ideal = network::ideal(&mut r, root);
    let estate = repositories::repositories(&mut r, root);
    let fault_names = faults::names(&mut r, root);
    let client = network::client(&mut r, root, ideal);
    let mut clusters = clusters::clusters(&mut r, root, &estate, &fault_names, ideal, client.parallel_layers);
    run::scale_demand(&mut r, root, &mut clusters);
    let mut strategies = strategies::strategies(&mut r, root, &estate, &clusters);
    extensions::extensions(&mut r, root, &mut strategies);
    let baseline = run::baseline(&mut r, root, &strategies);
    let registries = places::registries(&mut r, root, &estate);
    let faults = faults::faults(&mut r, root, &fault_names, &strategies);
    let terms = prices::terms(&mut r, root);
    let links = network::links(&mut r, root, ideal, client);
    let service = network::service(&mut r, root, ideal);
    let (objectives, probes) = objectives::objectives(&mut r, root, &estate, &clusters, &strategies, &fault_names);
    let value = root.get("value").map(|value| LostTimeValue {
        waiting_hour: r.or(value, "waiting", Usd(0), |r, n| r.money(n, PriceUnit::Hour)),
        downtime_hour: r.or(value, "downtime", Usd(0), |r, n| r.money(n, PriceUnit::Hour)),
    });
    // It is shown on terminals, to which a control character may be an order.
    let plain = |text: &str| text.replace(|letter: char| letter.is_control() && letter != '\n', "\u{fffd}");
    let text = |key: &str| root.get(key).and_then(Node::text).map(plain);
    let stem = || path.file_stem().map(|stem| plain(&stem.to_string_lossy())).unwrap_or_default();
    let cloud = Cloud {
        accounts: r.places.accounts.clone(),
        regions: r.places.regions.clone(),
        registries: r.places.registries.clone(),
        links,
    };
    extent::check(&mut r, root, &run, &estate, &clusters, &faults, strategies.list.len());
    let terms = terms?;
    // What is refused is mended first: a half-read scenario would be warned of in vain.
    if !r.diagnostics.has_errors() {
        faults::lints(&mut r, &faults, &estate, &clusters, &strategies.list);
    }
    prices::check(&mut r, &terms, &cloud, &registries, &estate, &clusters, &strategies);
    let calendar = run::calendar(&r)?;
    let bound = terms.bound_hints(&cloud, &calendar);
    let warm_up = crate::units::Span(-r.window.begin.0);
    if r.diagnostics.has_errors() {
        return None;
    }
    let origins = origins::origins(&mut r, root, &estate, &clusters, &mut strategies);
    let notes = strategies.notes;
    let sources = r.paths();
    let Reading { assumptions, inputs, diagnostics, .. } = r;
    let demand = Demand { repositories: estate.repositories, bases: estate.bases, clusters: clusters.list };
    let model = Model {
        cloud,
        calendar,
        warm_up,
        demand,
        registries,
        service,
        strategies: strategies.list,
        faults: faults.list,
        probes,
        bound,
        plain: false,
    };
    review(&model, &origins, diagnostics);
    if diagnostics.has_errors() {
        return None;
    }
    Some(Scenario {
        title: text("title").unwrap_or_else(stem),
        description: text("description").unwrap_or_default(),
        path: path.to_path_buf(),
        model,
        run: super::RunPlan { baseline, ..run },
        objectives,
        value,
        terms,
        assumptions,
        notes,
        inputs,
        sources,
        settings: Default::default(),
    })
}

#[cfg(test)]
mod tests;
