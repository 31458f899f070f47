//! `[[repositories]]`: members of a `count`, rows of a catalogue and real images spelt out; promotion.

use std::collections::HashMap;
use std::sync::Arc;

use super::images;
use super::lifecycle;
use super::places::{self, members};
use super::pushes::{self, Plan};
use crate::cloud::RegistryId;
use crate::demand::{Base, Promotion, Pushes, RealImage, Repository, RepositoryId, VersionFilter};
use crate::formats::{self, catalogue, manifests};
use crate::registry::{LifecyclePolicy, Mutability};
use crate::scenario::diagnostics::findings;
use crate::scenario::tree::{Entry, Node, Origin, Value};
use crate::scenario::values::{Named, Quantity, Reading, elements, one_or_many};
use crate::sim::{EntityKey, Law};

/// The most members of a `count`.
const MOST_MEMBERS: u32 = 1_000_000;
/// The most versions of a repository that are there at the start.
pub const MOST_EXISTING: u32 = 100_000;

/// Repositories and what belongs to them elsewhere in the model.
#[derive(Default)]
pub struct Estate {
    /// Members spelt out, in file order.
    pub repositories: Vec<Repository>,
    /// Shared bases.
    pub bases: Vec<Base>,
    /// Lifecycle policies at home.
    pub lifecycle: Vec<(RegistryId, String, LifecyclePolicy)>,
    /// Mutability that a repository sets for its home.
    pub mutability: Vec<(RegistryId, String, Mutability)>,
    /// By repository: where it is written.
    pub origins: Vec<Origin>,
}

impl Estate {
    /// The names of all repositories.
    pub fn names(&self) -> Vec<&str> {
        self.repositories.iter().map(|repository| repository.name.as_str()).collect()
    }

    /// Home registries, in order of first mention.
    pub fn homes(&self) -> Vec<RegistryId> {
        let mut homes = Vec::new();
        for repository in &self.repositories {
            if !homes.contains(&repository.home) {
                homes.push(repository.home);
            }
        }
        homes
    }
}

/// Repositories that one table makes.
struct Group {
    /// The table; of a catalogue's row, with the row's cells in it.
    node: Node,
    /// The label under which they are written together.
    name: String,
    /// Names of the members.
    names: Vec<String>,
    /// Where the name is written.
    origin: Origin,
    /// Whether it is a repository on its own, which takes its preset's medians.
    lone: bool,
    /// Real images, by member.
    real: Option<Vec<Arc<[RealImage]>>>,
}

/// Reads `[bases]` and `[[repositories]]`.
pub fn repositories(r: &mut Reading<'_>, root: &Node) -> Estate {
    let mut estate = Estate { bases: images::bases(r, root), ..Estate::default() };
    let mut layers = RealLayers::default();
    let mut groups: Vec<Group> = Vec::new();
    for element in elements(root, "repositories") {
        groups.extend(spelt_out(r, element, &mut layers));
    }
    unique(r, &groups);
    let mut ids: HashMap<&str, RepositoryId> = HashMap::new();
    for name in groups.iter().flat_map(|group| &group.names) {
        let next = RepositoryId(ids.len() as u32);
        ids.entry(name).or_insert(next);
    }
    let targets: Vec<Vec<(Promotion, Vec<RepositoryId>, Origin)>> =
        groups.iter().map(|group| promotions(r, group, &groups, &ids)).collect();
    let mut promoted = vec![false; ids.len()];
    for (group, targets) in groups.iter().zip(&targets) {
        for (_, to, _) in targets {
            for (name, to) in group.names.iter().zip(to) {
                promoted[to.0 as usize] |= ids[name.as_str()] != *to;
            }
        }
    }
    for (group, targets) in groups.iter().zip(&targets) {
        instantiate(r, group, targets, &ids, &promoted, &mut estate);
    }
    check_promotions(r, &estate, &groups, &targets);
    if estate.repositories.is_empty() {
        r.missing(&root.origin, "a scenario needs a repository");
    }
    estate
}

/// Makes the repositories of a group.
fn instantiate(
    r: &mut Reading<'_>,
    group: &Group,
    targets: &[(Promotion, Vec<RepositoryId>, Origin)],
    ids: &HashMap<&str, RepositoryId>,
    promoted: &[bool],
    estate: &mut Estate,
) {
    let node = &group.node;
    let home = r.needed(node, "registry", "a repository").and_then(|n| r.registry(n));
    let home = home.unwrap_or_else(|| r.stand_in(&group.origin));
    let image = images::image(r, node, &estate.bases, group.lone);
    let into = |name: &String| promoted[ids[name.as_str()].0 as usize];
    let silent = group.real.is_some() || (node.get("push").is_none() && group.names.iter().all(into));
    let plan = if silent { Plan::none() } else { pushes::pushes(r, node) };
    if let (Some(_), Some(entry)) = (&group.real, node.entry("push")) {
        r.error(&entry.key_origin, "`push` and `manifests` exclude each other; keep one", "");
    }
    let tags = pushes::tags(r, node);
    let existing = r.or(node, "existing", 0, |r, n| r.count_up_to(n, 0, MOST_EXISTING));
    let weight = r.or(node, "weight", 1.0, |r, n| r.number(n, 0.0));
    let lifecycle = node.get("lifecycle").and_then(|n| lifecycle::lifecycle(r, n, &group.name, Some(home)));
    let mutability = places::mutability(r, node);
    for (index, name) in group.names.iter().enumerate() {
        if ids[name.as_str()].0 as usize != estate.repositories.len() {
            // A name that is there twice has been reported.
            continue;
        }
        let pushes = match &group.real {
            Some(real) => Pushes::Manifests(real[index].clone()),
            None if node.get("push").is_none() && into(name) => Pushes::None,
            None => plan.of(name),
        };
        if let (Some(_), Pushes::List(rows)) = (&plan.trace, &pushes)
            && rows.is_empty()
        {
            let message = format!("the trace has no row of `{name}` within the run");
            r.found(&findings::OUTSIDE_THE_RUN, &group.origin, message, "");
        }
        estate.origins.push(group.origin.clone());
        estate.repositories.push(Repository {
            name: name.clone(),
            key: EntityKey::named("repository", name),
            home,
            image: image.clone(),
            pushes,
            batch: plan.batch.clone(),
            batch_within: plan.batch_within,
            tags: tags.clone(),
            promotions: targets.iter().map(|(one, to, _)| Promotion { to: to[index], ..one.clone() }).collect(),
            existing,
            existing_gap: plan.gap,
            weight,
        });
        estate.lifecycle.extend(lifecycle.clone().map(|policy| (home, name.clone(), policy)));
        estate.mutability.extend(mutability.clone().map(|mutability| (home, name.clone(), mutability)));
    }
}

/// The groups that a table makes: itself, the rows of its catalogue, or its real repositories.
fn spelt_out(r: &mut Reading<'_>, element: &Node, layers: &mut RealLayers) -> Vec<Group> {
    let Some(name_node) = r.needed(element, "name", "a repository") else { return Vec::new() };
    let Some(name) = r.text(name_node, "a name").map(str::to_string) else { return Vec::new() };
    let origin = name_node.origin.clone();
    if let Some(node) = element.get("catalogue") {
        return catalogue_rows(r, element, node, &name);
    }
    let mut group = Group { node: element.clone(), name, names: Vec::new(), origin, lone: false, real: None };
    if let Some(node) = element.get("manifests") {
        let Some(real) = real_repositories(r, node, layers) else { return Vec::new() };
        if real.is_empty() {
            r.error(&node.origin, "`manifests` selects no repository", "");
        }
        (group.names, group.real) = {
            let (names, images): (Vec<String>, Vec<Arc<[RealImage]>>) =
                real.into_iter().map(|one| (one.name, Arc::from(one.images))).unzip();
            (names, Some(images))
        };
        return vec![group];
    }
    if !is_repository_name(&group.name) {
        bad_name(r, &group.origin, &group.name);
    }
    match element.get("count").map(|node| r.count_up_to(node, 1, MOST_MEMBERS)) {
        Some(count) => group.names = members(&group.name, count.unwrap_or(1)),
        None => {
            group.names = vec![group.name.clone()];
            group.lone = true;
        }
    }
    vec![group]
}

fn bad_name(r: &mut Reading<'_>, origin: &Origin, name: &str) {
    let label = "2 to 256 lower case letters and digits, with single . _ - / between them";
    r.error(origin, format!("`{name}` is no repository name"), label);
}

/// The service's grammar: `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`, 2 to 256 characters.
fn is_repository_name(name: &str) -> bool {
    let plain = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (2..=256).contains(&name.len()) && name.split(['/', '.', '_', '-']).all(plain)
}

/// Key paths that a catalogue's column may name, and whether its cells are numbers.
const PATHS: [(&str, bool); 33] = [
    ("registry", false),
    ("weight", true),
    ("existing", true),
    ("mutability", false),
    ("image.preset", false),
    ("image.size", false),
    ("image.layers", true),
    ("image.largest_layer", false),
    ("image.new_bytes", false),
    ("image.base", false),
    ("image.compression", true),
    ("image.platforms", true),
    ("push.rate", false),
    ("push.hours", false),
    ("push.times", false),
    ("push.growth", false),
    ("push.batch", true),
    ("push.batch_within", false),
    ("push.arrivals", false),
    ("push.trace", false),
    ("tags.release_every", true),
    ("tags.release", false),
    ("tags.build", false),
    ("promote.to", false),
    ("promote.of", false),
    ("promote.every", true),
    ("promote.after", false),
    ("promote.tag", false),
    ("lifecycle.keep", true),
    ("lifecycle.days", true),
    ("lifecycle.untagged_days", true),
    ("lifecycle", false),
    ("name", false),
];

/// Keys of which giving one clears the others.
const EXCLUSIVE: [&[&str]; 2] =
    [&["push.rate", "push.times", "push.list", "push.trace"], &["lifecycle.keep", "lifecycle.days"]];

fn catalogue_rows(r: &mut Reading<'_>, element: &Node, path: &Node, label: &str) -> Vec<Group> {
    let Some(file) = r.file(path) else { return Vec::new() };
    let Some(catalogue) = r.rows(&file, catalogue::read(&file.text)) else { return Vec::new() };
    let known = PATHS.map(|(path, _)| path);
    for (column, span) in &catalogue.columns {
        if !known.contains(&column.as_str()) {
            let near = formats::did_you_mean(column, known);
            let origin = r.place(&file, span.clone());
            r.error(&origin, format!("unknown column `{column}`{near}"), "columns are key paths of a repository");
        }
    }
    let mut groups = Vec::new();
    for row in catalogue.rows {
        let mut group = Group {
            node: element.clone(),
            name: label.to_string(),
            names: Vec::new(),
            origin: element.origin.clone(),
            lone: false,
            real: None,
        };
        for ((column, _), (cell, span)) in catalogue.columns.iter().zip(row) {
            let Some((_, number)) = PATHS.iter().find(|(path, _)| path == column) else { continue };
            if cell.is_empty() {
                continue;
            }
            let origin = r.place(&file, span);
            if column == "name" {
                if !is_repository_name(&cell) {
                    bad_name(r, &origin, &cell);
                }
                group.origin = origin.clone();
                group.names = vec![cell.clone()];
            }
            let value = match (number, cell.parse::<i64>(), cell.parse::<f64>()) {
                (true, Ok(whole), _) => Value::Integer(whole),
                (true, _, Ok(number)) => Value::Number(number),
                _ => Value::Text(cell),
            };
            for other in EXCLUSIVE.iter().filter(|keys| keys.contains(&column.as_str())).flat_map(|keys| keys.iter()) {
                remove(&mut group.node, other);
            }
            set(&mut group.node, column, Node { value, origin });
        }
        groups.push(group);
    }
    groups
}

/// Puts a value at a key path, making tables on the way.
fn set(node: &mut Node, path: &str, value: Node) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    if !matches!(node.value, Value::Table(_)) {
        node.value = Value::Table(Vec::new());
    }
    let Value::Table(entries) = &mut node.value else { return };
    let index = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
        let empty = Node { value: Value::Table(Vec::new()), origin: value.origin.clone() };
        entries.push(Entry { key: key.into(), key_origin: value.origin.clone(), node: empty });
        entries.len() - 1
    });
    match rest {
        Some(rest) => set(&mut entries[index].node, rest, value),
        None => entries[index] = Entry { key: key.into(), key_origin: value.origin.clone(), node: value },
    }
}

/// Takes the value at a key path away.
fn remove(node: &mut Node, path: &str) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let Value::Table(entries) = &mut node.value else { return };
    match rest {
        None => entries.retain(|entry| entry.key != key),
        Some(rest) => {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == key) {
                remove(&mut entry.node, rest);
            }
        }
    }
}

/// Files of layers read so far: two tables that name one file share its blobs.
#[derive(Default)]
struct RealLayers {
    /// By path as written: the layers, and the number of the first.
    files: Vec<(String, Arc<manifests::Layers>, u32)>,
}

fn real_repositories(
    r: &mut Reading<'_>,
    table: &Node,
    known: &mut RealLayers,
) -> Option<Vec<manifests::RealRepository>> {
    let images = r.needed(table, "images", "`manifests`").and_then(|n| r.file(n));
    let layers = r.needed(table, "layers", "`manifests`").and_then(|n| r.file(n));
    let select = r.optional(table, "select", |r, n| r.patterns(n));
    let top = r.optional(table, "top", |r, n| r.count(n, 1)).map(|top| top as usize);
    let (images, file) = (images?, layers?);
    let read =
        known.files.iter().find(|(name, ..)| *name == file.name).map(|(_, layers, first)| (layers.clone(), *first));
    let (layers, first) = match read {
        Some(read) => read,
        None => {
            let layers = Arc::new(r.rows(&file, manifests::layers(&file.text))?);
            let first = known.files.last().map_or(0, |(_, layers, first)| first + layers.len() as u32);
            known.files.push((file.name.clone(), layers.clone(), first));
            (layers, first)
        }
    };
    r.rows(&images, manifests::images(&images.text, &layers, select.as_ref(), top, first))
}

/// Names are unique over the whole file.
fn unique(r: &mut Reading<'_>, groups: &[Group]) {
    let mut seen: HashMap<&str, ()> = HashMap::new();
    for group in groups {
        for name in &group.names {
            if seen.insert(name, ()).is_some() {
                r.error(&group.origin, format!("repository `{name}` is there twice"), "each repository has one home");
            }
        }
    }
}

/// The promotions of a group, and for each where every member goes.
fn promotions(
    r: &mut Reading<'_>,
    group: &Group,
    groups: &[Group],
    ids: &HashMap<&str, RepositoryId>,
) -> Vec<(Promotion, Vec<RepositoryId>, Origin)> {
    let Some(list) = group.node.get("promote") else { return Vec::new() };
    let mut promotions = Vec::new();
    for table in one_or_many(list) {
        let own: Vec<RepositoryId> = group.names.iter().map(|name| ids[name.as_str()]).collect();
        let to = match table.get("to") {
            None => Some(own.clone()),
            Some(node) => target(r, node, group, groups, ids),
        };
        let promotion = Promotion {
            to: RepositoryId(0),
            of: r.or(table, "of", VersionFilter::All, |r, n| {
                let words = [("release", 0), ("build", 1), ("all", 2)];
                let all = [VersionFilter::Release, VersionFilter::Build, VersionFilter::All];
                r.word(n, &words).map(|index| all[index].clone())
            }),
            every: r.or(table, "every", 1, |r, n| r.count(n, 1)),
            after: r.or(table, "after", Law::Constant(0.0), |r, n| r.law(n, Quantity::Duration)),
            tag: r.or(table, "tag", crate::demand::TagTemplate("v{r}".into()), pushes::template),
        };
        promotions.extend(to.map(|to| (promotion, to, table.origin.clone())));
    }
    promotions
}

/// Where each member is promoted to: one repository for all, or, member by member, another group of the same size.
fn target(
    r: &mut Reading<'_>,
    node: &Node,
    group: &Group,
    groups: &[Group],
    ids: &HashMap<&str, RepositoryId>,
) -> Option<Vec<RepositoryId>> {
    let text = r.text(node, "a repository")?;
    if let Some(id) = ids.get(text) {
        return Some(vec![*id; group.names.len()]);
    }
    let pair = groups.iter().find(|other| other.name == text && other.names.len() == group.names.len());
    if let Some(pair) = pair {
        return Some(pair.names.iter().map(|name| ids[name.as_str()]).collect());
    }
    let mut names: Vec<&str> = groups.iter().flat_map(|group| &group.names).map(String::as_str).collect();
    names.dedup();
    r.named(node, Named { names: &names, groups: &[], one: "repository", plural: "repositories" });
    None
}

/// Promotion stays in one registry and does not run in circles.
fn check_promotions(
    r: &mut Reading<'_>,
    estate: &Estate,
    groups: &[Group],
    targets: &[Vec<(Promotion, Vec<RepositoryId>, Origin)>],
) {
    let repositories = &estate.repositories;
    for (group, targets) in groups.iter().zip(targets) {
        for (_, to, origin) in targets {
            for (name, to) in group.names.iter().zip(to) {
                let from = repositories.iter().position(|repository| repository.name == *name);
                let (Some(from), Some(target)) = (from, repositories.get(to.0 as usize)) else { continue };
                if repositories[from].home != target.home {
                    let homes = (r.places.name(repositories[from].home), r.places.name(target.home));
                    let message = format!("`{}` lives in {}, `{name}` in {}", target.name, homes.1, homes.0);
                    r.error(origin, message, "a promotion stays in one registry");
                } else if to.0 as usize != from && reaches(repositories, to.0 as usize, from) {
                    r.error(origin, format!("`{name}` would be promoted into itself by a circle"), "");
                }
            }
        }
    }
}

/// Whether promotions lead from one repository to another (a promotion within a repository leads nowhere).
fn reaches(repositories: &[Repository], from: usize, to: usize) -> bool {
    let mut seen = vec![false; repositories.len()];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(repositories[at].promotions.iter().map(|p| p.to.0 as usize).filter(|next| *next != at));
        }
    }
    false
}
