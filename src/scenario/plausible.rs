//! What a scenario leaves to a default that could as well be something else: the factors of a sensitivity study.
//!
//! Which values are plausible is said once, at the key ([`Plausible`]). A scenario's tree is walked with the key tables;
//! a key that is not there, in whatever elements of a list, is a candidate. It is a factor of this scenario when writing
//! its default changes nothing (so the default is what is in force), and the ends of its range make two scenarios: both
//! are held against the model that comes out, so no rule about which key wins over which is told twice. Elements that
//! leave one key to its default move together: they share the assumption.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

use super::keys::top::SCENARIO;
use super::keys::{Key, Plausible, Type};
use super::tree::{Node, Origin, Value};
use super::vary::Vary;
use super::{Diagnostics, Draft, Scenario};

/// One thing that is not known, and the values that it could have.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// How it is called: a path without the names of elements, such as `clusters.unpack`; of `--vary`, its path.
    pub key: String,
    /// The paths that are set.
    pub paths: Vec<String>,
    /// What is in force without it; empty where the scenario's own value is.
    pub default: String,
    /// How the beginning of its range is called.
    pub from: String,
    /// How the end of its range is called.
    pub to: String,
    /// Where the range comes from.
    pub source: String,
    vary: Vary,
}

impl Factor {
    /// The factor of an argument `--vary`; `None` when it has but one value.
    pub fn of_vary(vary: Vary) -> Option<Factor> {
        if vary.values.len() < 2 {
            return None;
        }
        Some(Factor {
            key: vary.key.clone(),
            paths: vec![vary.key.clone()],
            default: String::new(),
            from: vary.at(0.0),
            to: vary.at(1.0),
            source: "--vary".into(),
            vary,
        })
    }

    /// The settings that put it at `share` of its range, from 0 to 1.
    pub fn settings(&self, share: f64) -> Vec<String> {
        let value = self.vary.at(share);
        self.paths.iter().map(|path| format!("{path}={value}")).collect()
    }

    /// How far along its range the value at `share` is. A list has only its elements, at equal distances, and a whole
    /// number is rounded: both move in jumps, and an effect is told for the distance really gone.
    pub fn position(&self, share: f64) -> f64 {
        let value = self.vary.at(share);
        match &self.vary.range {
            None => {
                let last = (self.vary.values.len() - 1) as f64;
                self.vary.values.iter().position(|known| *known == value).map_or(share, |index| index as f64 / last)
            }
            Some(range) if range.is_whole() => {
                let (from, to) = range.ends();
                let Some(measure) = self.vary.measure(&value) else { return share };
                let way = |measure: f64| match range.spacing {
                    super::vary::quantity::Spacing::Even => (measure - from) / (to - from),
                    super::vary::quantity::Spacing::Logarithmic => libm::log(measure / from) / libm::log(to / from),
                };
                if from == to { share } else { way(measure) }
            }
            Some(_) => share,
        }
    }
}

/// A scenario with these settings; `None` when it is refused.
type Load<'a> = &'a dyn Fn(&[String]) -> Option<Scenario>;

/// The assumptions of the scenario of `draft` that have a plausible range and are in force. `load` reads the same
/// scenario with further settings; whatever those already say is no assumption any more.
pub fn factors(draft: &Draft, load: Load<'_>) -> Vec<Factor> {
    let Some(base) = load(&[]) else { return Vec::new() };
    let mut candidates = Vec::new();
    visit(&draft.root, Type::Table(&SCENARIO), &Place::default(), &mut candidates);
    let trial = Trial { load, base: print(&base) };
    candidates.iter().flat_map(|candidate| of_candidate(candidate, draft, &trial)).collect()
}

/// A key that some places leave to its default.
struct Candidate {
    key: String,
    plausible: &'static [Plausible],
    paths: Vec<String>,
}

/// Where the walk is.
#[derive(Clone, Default)]
struct Place {
    /// As `--set` takes it.
    path: String,
    /// Without the names of elements.
    key: String,
}

impl Place {
    fn inside(&self, name: &str) -> Place {
        let join = |before: &str| if before.is_empty() { name.to_string() } else { format!("{before}.{name}") };
        Place { path: join(&self.path), key: join(&self.key) }
    }

    fn element(&self, name: &str) -> Place {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let name = if plain { name.to_string() } else { format!("\"{name}\"") };
        Place { path: format!("{}.{name}", self.path), key: self.key.clone() }
    }
}

/// Finds the keys with plausible values that are absent from `node`, a value of type `ty`, and from all in it.
fn visit(node: &Node, ty: Type, place: &Place, found: &mut Vec<Candidate>) {
    match (&node.value, ty) {
        (Value::List(items), _) => {
            let Some(inner) = ty.element() else { return };
            for (index, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Node::text).map_or(index.to_string(), str::to_string);
                visit(item, inner, &place.element(&name), found);
            }
        }
        (Value::Table(entries), Type::Map(_, inner)) => {
            for entry in entries {
                visit(&entry.node, *inner, &place.element(&entry.key), found);
            }
        }
        (Value::Table(_), Type::Law(_)) => {}
        (Value::Table(_), _) => {
            let Some(table) = ty.table() else { return };
            let groups = table.groups_for(node);
            let is_excluded = |key: &Key| {
                groups.iter().any(|group| {
                    let others = group.alternatives.iter().filter(|keys| !keys.contains(&key.name));
                    let own = group.alternatives.iter().any(|keys| keys.contains(&key.name));
                    own && others.flat_map(|keys| keys.iter()).any(|other| node.get(other).is_some())
                })
            };
            for key in table.keys_for(node) {
                let place = place.inside(key.name);
                match node.get(key.name) {
                    Some(inner) => visit(inner, key.ty, &place, found),
                    None if is_excluded(key) => {}
                    None if !key.plausible.is_empty() => note(key, place, found),
                    None => absent(node, key.ty, &place, found),
                }
            }
        }
        _ => {}
    }
}

/// Goes on into a table that is not written: its keys may be left to their defaults all the same.
fn absent(node: &Node, ty: Type, place: &Place, found: &mut Vec<Candidate>) {
    let is_one = matches!(ty, Type::Table(_) | Type::Short(..))
        || matches!(ty, Type::OneOrMany(inner) if matches!(inner, Type::Table(_) | Type::Short(..)));
    if is_one {
        let origin = Origin { file: node.origin.file, span: node.origin.span.clone() };
        visit(&Node { value: Value::Table(Vec::new()), origin }, ty, place, found);
    }
}

fn note(key: &Key, place: Place, found: &mut Vec<Candidate>) {
    match found.iter_mut().find(|candidate| candidate.key == place.key) {
        Some(candidate) => candidate.paths.push(place.path),
        None => found.push(Candidate { key: place.key, plausible: key.plausible, paths: vec![place.path] }),
    }
}

/// What candidates are held against.
struct Trial<'a> {
    load: Load<'a>,
    base: u64,
}

impl Trial<'_> {
    /// What the scenario is with `value` at all of `paths`.
    fn with(&self, paths: &[String], value: &str) -> Option<u64> {
        let sets: Vec<String> = paths.iter().map(|path| format!("{path}={value}")).collect();
        (self.load)(&sets).map(|scenario| print(&scenario))
    }

    fn changes_nothing(&self, paths: &[String], value: &str) -> bool {
        self.with(paths, value) == Some(self.base)
    }
}

/// The factors of a candidate: one for each of the key's defaults that is in force somewhere.
fn of_candidate(candidate: &Candidate, draft: &Draft, trial: &Trial<'_>) -> Vec<Factor> {
    let mut factors: Vec<Factor> = Vec::new();
    let mut left = candidate.paths.clone();
    for plausible in candidate.plausible {
        if left.is_empty() {
            break;
        }
        let (here, others): (Vec<String>, Vec<String>) = if trial.changes_nothing(&left, plausible.default) {
            (std::mem::take(&mut left), Vec::new())
        } else if left.len() == 1 {
            continue;
        } else {
            left.into_iter().partition(|path| trial.changes_nothing(std::slice::from_ref(path), plausible.default))
        };
        left = others;
        let argument = |path: &String| format!("{path}={}", plausible.values);
        let vary = here.first().and_then(|path| Vary::read(&argument(path), draft, &mut Diagnostics::default()));
        let Some(vary) = vary.filter(|vary| vary.values.len() > 1) else { continue };
        let ends = (trial.with(&here, &vary.at(0.0)), trial.with(&here, &vary.at(1.0)));
        if let (Some(low), Some(high)) = ends
            && low != high
        {
            factors.push(factor(&candidate.key, plausible, here, vary));
        }
    }
    if factors.len() > 1 {
        for factor in &mut factors {
            factor.key = format!("{} (default {})", factor.key, factor.default);
        }
    }
    factors
}

fn factor(key: &str, plausible: &Plausible, paths: Vec<String>, vary: Vary) -> Factor {
    let (from, to) = match plausible.words {
        Some((from, to)) => (from.to_string(), to.to_string()),
        None => (vary.at(0.0), vary.at(1.0)),
    };
    let default = if plausible.words.is_some() { "x1".to_string() } else { plausible.default.to_string() };
    Factor { key: key.to_string(), paths, default, from, to, source: plausible.source.to_string(), vary }
}

/// A number that two scenarios share only when they simulate and price alike. Within one run of the program: it rests
/// on how values are printed for debugging.
fn print(scenario: &Scenario) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(format!("{:?}", scenario.model).as_bytes());
    hasher.write(format!("{:?}", scenario.terms).as_bytes());
    hasher.finish()
}

/// The ranges in Markdown, for the manual: one row for each default that is an assumption.
pub fn ranges_table() -> String {
    let mut out = String::from("| in | key | default | plausible | source |\n|---|---|---|---|---|\n");
    for table in super::keys::all_tables() {
        let kinds = table.kinds.map(|kinds| kinds.kinds).unwrap_or_default();
        let keys = table.keys.iter().map(|key| (table.what, key));
        let own = kinds.iter().flat_map(|kind| kind.keys.iter().map(|key| (kind.name, key)));
        for (what, key) in keys.chain(own) {
            for plausible in key.plausible {
                let (default, values) = in_words(plausible);
                let row = format!("| {what} | `{}` | {default} | {values} | {} |\n", key.name, plausible.source);
                // Exceptions of a strategy have the keys of the kinds again.
                if !out.contains(&row) {
                    out.push_str(&row);
                }
            }
        }
    }
    out
}

/// A default and its plausible values as the manual shows them.
pub fn in_words(plausible: &Plausible) -> (String, String) {
    match plausible.words {
        Some((from, to)) => ("as measured, drawn".into(), format!("{from} to {to}")),
        None => (format!("`{}`", plausible.default), format!("`{}`", plausible.values)),
    }
}

#[cfg(test)]
mod tests;
