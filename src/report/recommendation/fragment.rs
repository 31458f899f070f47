//! `scenario.toml`: the scenario with the recommendation as one more strategy, to be run and checked like any other.

use std::fmt::Write;

use super::native::replication_file;
use super::words::{Others, file_of, list, quoted, selectors};
use crate::demand::IfMissing;
use crate::registry::Mutability;
use crate::report::write::File;
use crate::scenario::Scenario;
use crate::sim::Law;
use crate::strategy::{Existing, Replication};
use crate::study::optimize::Optimum;
use crate::study::optimize::plan::NAME;
use crate::study::optimize::requirement::Requirement;
use crate::study::optimize::ways::{Keep, Manner, Way, homes, hours};
use crate::units::{NANOS, Time};

/// What the file stands on.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    /// The scenario, relative to the file.
    pub path: &'a str,
    /// The scenario lists its strategies; else it runs one of each kind.
    pub lists_strategies: bool,
    /// What was required on the command line.
    pub requirements: &'a [Requirement],
}

/// The file, and those that it needs besides the service's own.
pub fn files(scenario: &Scenario, optimum: &Optimum, base: &Base) -> Vec<File> {
    let model = &scenario.model;
    let mut text = format!(
        "# Made by `replisim optimize`: the scenario with what is recommended as one more strategy. Check and run it:\n#   replisim check scenario.toml\n#   replisim run scenario.toml --strategy {NAME}\nschema = 1\nextends = {}\n",
        quoted(base.path)
    );
    for requirement in base.requirements {
        let _ = write!(text, "\n[[objectives]]\n{}\n", requirement.keys);
    }
    let mut beside = Vec::new();
    for registry in optimum.plan.registries() {
        let name = model.cloud.registry_name(registry);
        let _ = write!(
            text,
            "\n[[registries]]\nname = {}\nregistry = {}\ntemplates = [\n",
            quoted(&format!("{NAME}-{}", name.replace('/', "-"))),
            quoted(&name)
        );
        for template in optimum.plan.templates(model, registry) {
            let _ = write!(text, "  {{ prefix = {}", quoted(&template.prefix));
            if let Some(mutability) = &template.mutability {
                text += &self::mutability(mutability);
            }
            if template.lifecycle.is_some() {
                let _ = write!(text, ", lifecycle = {}", quoted(&file_of(model, registry, &template.prefix)));
            }
            match (template.for_replication, template.for_cache) {
                (true, false) => text += ", for = [\"replication\"]",
                (false, true) => text += ", for = [\"pull-through-cache\"]",
                _ => {}
            }
            text += " },\n";
        }
        text += "]\n";
    }
    if !base.lists_strategies {
        for strategy in &model.strategies {
            let _ = write!(text, "\n[[strategies]]\nkind = {}\n", quoted(strategy.kind.name()));
        }
    }
    let manner = Manner::of(model);
    let main = if optimum.plan.rules.is_empty() { Way::Across } else { Way::Replicate };
    let _ = write!(text, "\n[[strategies]]\nname = {}\n", quoted(NAME));
    let mut keys = kind(main, &manner);
    if main == Way::Replicate {
        let with_rules =
            homes(model).into_iter().filter(|home| optimum.plan.rules.iter().any(|(from, _)| from == home));
        let rules: Vec<String> = with_rules
            .map(|home| {
                let from = quoted(&model.cloud.registry_name(home));
                format!("{{ from = {from}, file = {} }}", quoted(&replication_file(model, home)))
            })
            .collect();
        keys.push(format!("rules = [{}]", rules.join(", ")));
        keys.extend(replication(&manner.replication, &mut beside));
    }
    for key in keys {
        let _ = writeln!(text, "{key}");
    }
    text += "exceptions = [\n";
    for group in optimum.plan.groups(model, &optimum.cells).iter().filter(|group| group.way != main) {
        let clusters: Vec<&str> =
            group.clusters.iter().map(|id| model.demand.clusters[usize::from(id.0)].name.as_str()).collect();
        let mut keys = vec![
            format!("repositories = {}", list(&selectors(scenario, optimum, group, Others::Served))),
            format!("clusters = {}", list(&clusters)),
        ];
        keys.extend(kind(group.way, &manner));
        let _ = writeln!(text, "  {{ {} }},", keys.join(", "));
    }
    text += "]\n";
    let mut files = vec![File { name: "scenario.toml".into(), bytes: text.into_bytes() }];
    files.extend(beside);
    files
}

/// The keys that say how pairs are served.
fn kind(way: Way, manner: &Manner) -> Vec<String> {
    let mut keys = match way {
        Way::Across => vec!["kind = \"cross-region-pull\"".to_string()],
        Way::Replicate => vec!["kind = \"replication\"".to_string()],
        Way::Cache(keep) => {
            let mut keys = vec!["kind = \"pull-through-cache\"".to_string()];
            keys.push(format!("refresh = \"{}\"", duration(manner.cache.refresh.0 as f64)));
            if !manner.cache.share_fetch {
                keys.push("share_fetch = false".into());
            }
            if let Keep::Ttl(ttl) = keep {
                keys.push(format!("ttl = \"{}\"", hours(ttl)));
            }
            keys
        }
    };
    if let Some(if_missing) = manner.if_missing(way) {
        let word = match if_missing {
            IfMissing::Wait => "wait",
            IfMissing::Home => "home",
            IfMissing::Fail => "fail",
        };
        keys.push(format!("if_missing = \"{word}\""));
    }
    keys
}

fn replication(settings: &Replication, beside: &mut Vec<File>) -> Vec<String> {
    let mut keys = Vec::new();
    match Replication::named_delay(&settings.delay_name) {
        Some(_) => keys.push(format!("delay = {}", quoted(&settings.delay_name))),
        None => keys.push(format!("delay = {}", law(&settings.delay, beside))),
    }
    if settings.since > Time(i64::MIN) {
        keys.push(format!("since = \"{}\"", duration(settings.since.0 as f64)));
    }
    if let Some(copies) = settings.parallel_copies {
        keys.push(format!("parallel_copies = {copies}"));
    }
    if settings.copy_failures > 0.0 {
        keys.push(format!("copy_failures = \"{}\"", percent(settings.copy_failures)));
    }
    keys.push(format!("retries = {}", settings.retries));
    let existing = match settings.existing {
        Existing::Absent => "absent",
        Existing::Present => "present",
        Existing::Backfill => "backfill",
    };
    keys.push(format!("existing_images = \"{existing}\""));
    keys
}

/// A law of durations, in the words of the scenario format.
fn law(law: &Law, beside: &mut Vec<File>) -> String {
    let text = |nanos: f64| format!("\"{}\"", duration(nanos));
    let max = |max: &Option<f64>| max.map_or(String::new(), |max| format!(", max = {}", text(max)));
    match law {
        Law::Constant(value) => text(*value),
        Law::Uniform { min, max } => format!("{{ uniform = {{ min = {}, max = {} }} }}", text(*min), text(*max)),
        Law::Exponential { mean, max: most } => {
            format!("{{ exponential = {{ mean = {}{} }} }}", text(*mean), max(most))
        }
        Law::Lognormal { median, sigma, max: most } => {
            format!("{{ lognormal = {{ median = {}, sigma = {sigma:?}{} }} }}", text(*median), max(most))
        }
        Law::Geometric { mean } => format!("{{ geometric = {{ mean = {mean:?} }} }}"),
        Law::Quantiles(points) => {
            let points: Vec<String> = points
                .iter()
                .map(|(probability, value)| format!("[\"{}\", {}]", percent(*probability), text(*value)))
                .collect();
            format!("{{ quantiles = [{}] }}", points.join(", "))
        }
        Law::Values(values) => {
            let rows: String = values.iter().map(|value| format!("{}\n", duration(*value))).collect();
            beside.push(File { name: "delay-values.csv".into(), bytes: format!("value\n{rows}").into_bytes() });
            "{ values = \"delay-values.csv\" }".into()
        }
    }
}

/// A duration: whole seconds where it is that, else nanoseconds.
fn duration(nanos: f64) -> String {
    let whole = libm::round(nanos) as i64;
    if whole % NANOS == 0 { format!("{}s", whole / NANOS) } else { format!("{whole}ns") }
}

/// A share as the scenario format writes it; nine decimals are more than any share is known to.
fn percent(share: f64) -> String {
    let text = format!("{:.9}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn mutability(mutability: &Mutability) -> String {
    let word = if mutability.immutable { "immutable" } else { "mutable" };
    let except = match mutability.except.0.is_empty() {
        true => String::new(),
        false => format!(", mutability_except = {}", list(&mutability.except.0)),
    };
    format!(", mutability = \"{word}\"{except}")
}
