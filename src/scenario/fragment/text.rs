//! An estate as TOML, what no file said as commented placeholders.

use std::fmt::Display;

use super::estate::{Cluster, Estate, Place, RegistrySettings, Repository};
use super::{Fragment, Source};
use crate::formats::native::NativeTemplate;
use crate::registry::{Count, LifecyclePolicy, LifecycleRule, Mutability, Selection};
use crate::scenario::Diagnostics;
use crate::scenario::tree::Origin;

/// Nodes of a placeholder cluster.
const NODES: u32 = 10;

/// Writes an estate down.
pub fn write(estate: &Estate, sources: &[Source], beside: bool, diagnostics: &mut Diagnostics) -> Fragment {
    let header = header(sources, diagnostics);
    let mut writer = Writer { estate, beside, diagnostics, fragment: Fragment::default() };
    writer.fragment.scenario = header;
    writer.accounts();
    writer.strategies();
    for registry in &estate.registries {
        writer.registry(registry);
    }
    for repository in &estate.repositories {
        writer.repository(repository);
    }
    for cluster in &estate.clusters {
        writer.cluster(cluster);
    }
    writer.notes();
    writer.fragment
}

fn header(sources: &[Source], diagnostics: &Diagnostics) -> String {
    let mut text = String::from("# Made by `replisim import` from:\n");
    for source in sources {
        // Whatever a file is called, its name is one line of a comment.
        text += &format!("# - {}: {}\n", diagnostics.file(source.file).0.escape_debug(), source.form);
    }
    text += "# Such files say nothing of images, pushes, nodes and pulls. Sizes and pushes are the defaults of the manual;\n";
    text += "# what is marked \"replace\" is a placeholder.\n";
    text += "schema = 1\n";
    text
}

/// A TOML text.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list(texts: impl IntoIterator<Item = String>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| quoted(&text)).collect();
    format!("[{}]", texts.join(", "))
}

struct Writer<'a> {
    estate: &'a Estate,
    beside: bool,
    diagnostics: &'a mut Diagnostics,
    fragment: Fragment,
}

impl Writer<'_> {
    fn line(&mut self, line: impl Display) {
        self.fragment.scenario += &format!("{line}\n");
    }

    fn place(&self, place: &Place) -> String {
        self.estate.name(place)
    }

    fn accounts(&mut self) {
        self.line("\n[accounts]");
        for (id, name) in &self.estate.accounts {
            self.line(format!("{name} = \"{id}\""));
        }
    }

    fn strategies(&mut self) {
        if !self.estate.rules.is_empty() {
            self.line("\n[[strategies]]\nname = \"as-configured\"\nkind = \"replication\"\nrules = [");
            for rule in &self.estate.rules {
                let to = list(rule.to.iter().map(|place| self.place(place)));
                let mut line = format!("  {{ from = {}, to = {to}", quoted(&self.place(&rule.from)));
                if !rule.prefixes.is_empty() {
                    line += &format!(", prefixes = {}", list(rule.prefixes.clone()));
                }
                if rule.deletes {
                    line += ", deletes = true";
                }
                self.line(line + " },");
            }
            self.line("]");
        }
        if !self.estate.caches.is_empty() {
            self.line("\n[[strategies]]\nname = \"cached\"\nkind = \"pull-through-cache\"");
            self.line(
                "# Every cluster outside an image's home fetches through a cache of its own registry. Cache rules:",
            );
            for cache in &self.estate.caches {
                let from = self.place(&cache.upstream);
                self.line(format!("# - {} from {from}, prefix {}", self.place(&cache.at), quoted(&cache.prefix)));
            }
        }
        self.line("\n[[strategies]]\nkind = \"cross-region-pull\"");
    }

    fn registry(&mut self, registry: &RegistrySettings) {
        self.line(format!("\n[[registries]]\nregistry = {}", quoted(&self.place(&registry.place))));
        if !registry.present.is_empty() {
            let mut present = registry.present.clone();
            present.sort();
            present.dedup();
            self.line(format!("repositories = {}", list(present)));
        }
        if let Some((policy, origin)) = &registry.policy {
            let several = self.estate.registries.iter().filter(|one| one.policy.is_some()).count() > 1;
            let (account, region) = &registry.place;
            let file = if several { format!("policy-{account}-{region}.json") } else { "policy.json".into() };
            let value = match policy.policy.statements.as_slice() {
                [] => Some(quoted("none")),
                _ => self.file(file, &policy.text, origin, "a registry policy is a file of its own"),
            };
            self.line(format!("policy = {}", value.unwrap_or_default()));
        }
        if !registry.templates.is_empty() {
            let templates: Vec<String> =
                registry.templates.iter().map(|(template, origin)| self.template(template, origin)).collect();
            self.line(format!("templates = [\n{}]", templates.concat()));
        }
    }

    fn template(&mut self, template: &NativeTemplate, origin: &Origin) -> String {
        let prefix = template.prefix.value.trim_end_matches('/');
        let mut line = format!("  {{ prefix = {}", quoted(prefix));
        for (key, value) in mutability(template.mutability.as_ref()) {
            line += &format!(", {key} = {value}");
        }
        if let Some((text, policy)) = &template.lifecycle
            && let Some(value) = self.lifecycle(&format!("template-{prefix}"), text, policy, origin)
        {
            line += &format!(", lifecycle = {value}");
        }
        match (template.for_replication, template.for_cache) {
            (true, false) => line += ", for = [\"replication\"]",
            (false, true) => line += ", for = [\"pull-through-cache\"]",
            _ => {}
        }
        line + " },\n"
    }

    fn repository(&mut self, repository: &Repository) {
        self.line("\n[[repositories]]");
        let replace = match &repository.stands_for {
            Some(what) => format!("   # not in the file: replace; stands for {what}"),
            None => String::new(),
        };
        self.line(format!("name = {}{replace}", quoted(&repository.name)));
        self.line(format!("registry = {}", quoted(&self.place(&repository.home))));
        for (key, value) in mutability(repository.mutability.as_ref()) {
            self.line(format!("{key} = {value}"));
        }
        if let Some((text, policy, origin)) = &repository.lifecycle
            && let Some(value) = self.lifecycle(&repository.name, text, policy, origin)
        {
            self.line(format!("lifecycle = {value}"));
        }
    }

    fn cluster(&mut self, cluster: &Cluster) {
        let place = self.place(&cluster.at);
        // One account, one word.
        let name = match self.estate.clusters.iter().all(|one| one.at.0 == cluster.at.0) {
            true => cluster.at.1.clone(),
            false => place.replace('/', "-"),
        };
        self.line(format!("\n[[clusters]]\nname = {}   # not in the file: replace", quoted(&name)));
        self.line(format!("registry = {}", quoted(&place)));
        if !cluster.prefixes.is_empty() {
            self.line(format!("runs = {}", list(cluster.prefixes.iter().map(|prefix| format!("{prefix}*")))));
        }
        self.line(format!("nodes = {NODES}   # not in the file: replace"));
    }

    /// A lifecycle in short where that says the same, else as a file.
    fn lifecycle(&mut self, name: &str, text: &str, policy: &LifecyclePolicy, origin: &Origin) -> Option<String> {
        if let Some(short) = short(policy) {
            return Some(short);
        }
        let why = format!("the lifecycle of `{name}` says more than `keep`, `days` and `untagged_days` can");
        self.file(format!("lifecycle/{name}.json"), text, origin, &why)
    }

    /// A file beside the scenario, and its name in it.
    fn file(&mut self, name: String, text: &str, origin: &Origin, why: &str) -> Option<String> {
        if !self.beside {
            self.diagnostics.error(origin, format!("{why}: it needs a file beside the scenario"), "give --out DIR");
            return None;
        }
        let value = quoted(&name);
        self.fragment.files.push((name, text.to_string()));
        Some(value)
    }

    fn notes(&mut self) {
        let mut placeholders = Vec::new();
        let stand_ins: Vec<&str> = self
            .estate
            .repositories
            .iter()
            .filter(|repository| repository.stands_for.is_some())
            .map(|repository| repository.name.as_str())
            .collect();
        if !stand_ins.is_empty() {
            placeholders.push(format!("repositories {}", stand_ins.join(", ")));
        }
        let clusters = self.estate.clusters.len();
        placeholders.push(format!("{clusters} cluster{} of {NODES} nodes", if clusters == 1 { "" } else { "s" }));
        let note = format!("placeholders, to be replaced: {}", placeholders.join("; "));
        self.fragment.notes.push(note);
        self.fragment.notes.push("image sizes, pushes and pulls are in no such file: they are the defaults".into());
    }
}

/// The keys of a mutability that is not the default (A39), and their values.
fn mutability(mutability: Option<&Mutability>) -> Vec<(&'static str, String)> {
    let Some(mutability) = mutability else { return Vec::new() };
    let word = if mutability.immutable { "immutable" } else { "mutable" };
    let mut keys = vec![("mutability", quoted(word))];
    if !mutability.except.0.is_empty() {
        keys.push(("mutability_except", list(mutability.except.0.clone())));
    }
    keys
}

/// A lifecycle in the scenario's own words, if they mean exactly the same.
fn short(policy: &LifecyclePolicy) -> Option<String> {
    let (untagged, rest) = match policy.rules.as_slice() {
        [first, rest @ ..] if first.selection == Selection::Untagged => (Some(first), rest),
        rest => (None, rest),
    };
    let plain =
        |rule: &LifecycleRule| *rule == LifecycleRule::expire(rule.priority, rule.selection.clone(), rule.count);
    if !policy.rules.iter().all(plain) {
        return None;
    }
    let any = match rest {
        [] => None,
        [any] if any.selection == Selection::Any => Some(any.count),
        _ => return None,
    };
    let mut keys = Vec::new();
    match any {
        Some(Count::MoreThan(keep)) => keys.push(format!("keep = {keep}")),
        Some(Count::DaysSincePush(days)) => keys.push(format!("days = {days}")),
        Some(_) => return None,
        None => {}
    }
    match untagged.map(|rule| rule.count) {
        Some(Count::DaysSincePush(days)) => keys.push(format!("untagged_days = {days}")),
        Some(_) => return None,
        None => {}
    }
    (!keys.is_empty()).then(|| format!("{{ {} }}", keys.join(", ")))
}
