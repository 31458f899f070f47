//! What several files say together: each registry once, each repository at one home.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Source, at};
use crate::cloud::regions;
use crate::formats::native::{Home, NativePolicy, NativeTemplate, Settings};
use crate::formats::strict::Placed;
use crate::registry::names::{is_account_id, validate_repository};
use crate::registry::{LifecyclePolicy, Mutability};
use crate::scenario::Diagnostics;
use crate::scenario::tree::{FileId, Origin};

/// A registry: account id and region.
pub type Place = (String, String);

/// A registry's own settings.
pub struct RegistrySettings {
    pub place: Place,
    pub policy: Option<(NativePolicy, Origin)>,
    pub templates: Vec<(NativeTemplate, Origin)>,
    /// Repositories that are there and whose home is elsewhere.
    pub present: Vec<String>,
}

/// A repository at its home.
pub struct Repository {
    pub name: String,
    pub home: Place,
    pub mutability: Option<Mutability>,
    /// Text, meaning and place.
    pub lifecycle: Option<(String, LifecyclePolicy, Origin)>,
    /// No file names it: what it stands for.
    pub stands_for: Option<String>,
    origin: Option<Origin>,
}

/// A replication rule.
pub struct Rule {
    pub from: Place,
    pub to: Vec<Place>,
    pub prefixes: Vec<String>,
    pub deletes: bool,
}

/// A cache rule whose upstream is a registry of the service.
pub struct Cache {
    pub at: Place,
    pub upstream: Place,
    /// What names at the upstream begin with; empty = anything.
    pub prefix: String,
}

/// Nodes somewhere that run something.
pub struct Cluster {
    pub at: Place,
    /// Prefixes of what it runs; none = everything.
    pub prefixes: BTreeSet<String>,
}

/// Everything.
pub struct Estate {
    /// Ids, the first is the one that files are about; and their names.
    pub accounts: Vec<(String, String)>,
    pub registries: Vec<RegistrySettings>,
    pub repositories: Vec<Repository>,
    pub rules: Vec<Rule>,
    pub caches: Vec<Cache>,
    pub clusters: Vec<Cluster>,
}

impl Estate {
    /// A registry as a scenario writes it.
    pub fn name(&self, (account, region): &Place) -> String {
        let name = self.accounts.iter().find(|(id, _)| id == account).map_or("", |(_, name)| name);
        format!("{name}/{region}")
    }
}

/// Puts together what files say.
pub fn gather(sources: &[Source], settings: &Settings, diagnostics: &mut Diagnostics) -> Estate {
    let mut gathering = Gathering { settings, diagnostics, registries: Vec::new(), homes: Vec::new() };
    let mut rules = Vec::new();
    for source in sources {
        gathering.replications(source, &mut rules);
    }
    let mut repositories = gathering.repositories(sources, &rules);
    gathering.lifecycles(sources, &mut repositories);
    for source in sources {
        gathering.settings(source);
    }
    let caches = gathering.caches(sources);
    let Gathering { registries, homes, .. } = gathering;
    stand_ins(&rules, &caches, &homes, &mut repositories);
    let clusters = clusters(&rules, &caches, &repositories);
    let accounts = accounts(settings, &rules, &caches, &registries, &repositories);
    Estate { accounts, registries, repositories, rules, caches, clusters }
}

struct Gathering<'a> {
    settings: &'a Settings,
    diagnostics: &'a mut Diagnostics,
    registries: Vec<RegistrySettings>,
    /// Registries that files are about, in order of mention.
    homes: Vec<Place>,
}

impl Gathering<'_> {
    /// The registry that something is about, as the file says it, or who reads it.
    fn home(&mut self, home: &Home, origin: &Origin) -> Option<Place> {
        let account = match &home.account {
            Some(account) => Some(account.value.clone()),
            None => self.settings.account.clone(),
        };
        let region = match &home.region {
            Some(region) => self.region(origin.file, region),
            None => self.settings.region.clone(),
        };
        let open = [
            (account.is_none(), "account", "give --account ID"),
            (region.is_none() && home.region.is_none(), "region", "give --region R"),
        ];
        for (_, what, mend) in open.iter().filter(|(is_open, ..)| *is_open) {
            self.diagnostics.error(origin, format!("the file does not say of which {what} this is"), *mend);
        }
        let place = (account.filter(|id| is_account_id(id))?, region?);
        if !self.homes.contains(&place) {
            self.homes.push(place.clone());
        }
        Some(place)
    }

    /// A region that exists.
    fn region(&mut self, file: FileId, region: &Placed<String>) -> Option<String> {
        if let Some(message) = regions::refused(&region.value) {
            self.diagnostics.error(&at(file, &region.span), message, "fact A8");
            return None;
        }
        Some(region.value.clone())
    }

    fn replications(&mut self, source: &Source, rules: &mut Vec<Rule>) {
        for replication in &source.native.replications {
            let origin = at(source.file, &replication.span);
            let Some(from) = self.home(&replication.home, &origin) else { continue };
            if rules.iter().any(|rule: &Rule| rule.from == from) && !replication.rules.is_empty() {
                let message = format!("a second replication configuration of {}/{}", from.0, from.1);
                self.diagnostics.error(&origin, message, "a registry has one (facts A1, A3)");
                continue;
            }
            let mut own = Vec::new();
            for rule in &replication.rules {
                if rule.destinations.is_empty() {
                    self.diagnostics.error(&at(source.file, &rule.span), "this rule has no destination", "fact A2");
                }
                let mut to = Vec::new();
                for destination in &rule.destinations {
                    let Some(region) = self.region(source.file, &destination.region) else { continue };
                    let place = (destination.account.value.clone(), region);
                    if place == from {
                        let message = format!("a rule of {}/{} cannot copy to itself", from.0, from.1);
                        self.diagnostics.error(&at(source.file, &destination.span), message, "fact A7");
                    }
                    to.push(place);
                }
                let prefixes = rule.prefixes.iter().map(|prefix| prefix.value.clone()).collect();
                own.push(Rule { from: from.clone(), to, prefixes, deletes: rule.deletes });
            }
            rules.extend(own);
        }
    }

    /// Every repository at one home: of several registries, one that rules copy out of, else the first.
    fn repositories(&mut self, sources: &[Source], rules: &[Rule]) -> Vec<Repository> {
        let mut found: Vec<Repository> = Vec::new();
        let mut places: HashMap<(String, Place), usize> = HashMap::new();
        for source in sources {
            for one in &source.native.repositories {
                let origin = at(source.file, &one.name.span);
                if let Err(error) = validate_repository(&one.name.value) {
                    let message = format!("`{}` is no repository name: {error}", one.name.value);
                    self.diagnostics.error(&origin, message, "");
                    continue;
                }
                let Some(home) = self.home(&one.home, &origin) else { continue };
                if let Some(known) = places.get(&(one.name.value.clone(), home.clone())).map(|index| &mut found[*index])
                {
                    if known.mutability.is_some() && one.mutability.is_some() && known.mutability != one.mutability {
                        let message = format!("`{}` is given twice, with another mutability", known.name);
                        self.diagnostics.error(&origin, message, "keep one");
                    }
                    known.mutability = known.mutability.take().or_else(|| one.mutability.clone());
                    continue;
                }
                let (name, mutability) = (one.name.value.clone(), one.mutability.clone());
                let origin = Some(origin);
                places.insert((name.clone(), home.clone()), found.len());
                found.push(Repository { name, home, mutability, lifecycle: None, stands_for: None, origin });
            }
        }
        // One that rules copy out of comes first, and is the home.
        found.sort_by_key(|one| !rules.iter().any(|rule| rule.from == one.home));
        let (mut kept, mut names) = (Vec::new(), HashSet::new());
        for one in found {
            if names.insert(one.name.clone()) {
                kept.push(one);
                continue;
            }
            self.registry(&one.home).present.push(one.name.clone());
            if let (Some(_), Some(origin)) = (&one.mutability, &one.origin) {
                self.elsewhere(&one.name, "mutability", origin);
            }
        }
        kept
    }

    fn elsewhere(&mut self, name: &str, what: &str, origin: &Origin) {
        let message =
            format!("the {what} of this second `{name}` is left out: a repository of a scenario has one home");
        let label = "what copies live by is set in `templates` of `[[registries]]`";
        self.diagnostics.warning(origin, message, label);
    }

    fn lifecycles(&mut self, sources: &[Source], repositories: &mut Vec<Repository>) {
        let named = repositories.iter().enumerate().map(|(index, one)| (one.name.clone(), index));
        let mut named: HashMap<String, usize> = named.collect();
        for source in sources {
            for one in &source.native.lifecycles {
                let origin = at(source.file, &one.span);
                let Some(home) = self.home(&one.home, &origin) else { continue };
                let lifecycle = Some((one.text.clone(), one.policy.clone(), origin.clone()));
                let name = match &one.repository {
                    Some(name) => name.value.clone(),
                    None => unused("example", repositories),
                };
                if let Err(error) = validate_repository(&name) {
                    self.diagnostics.error(&origin, format!("`{name}` is no repository name: {error}"), "");
                    continue;
                }
                let stands_for =
                    one.repository.is_none().then(|| "a lifecycle policy whose file names no repository".into());
                let index = *named.entry(name.clone()).or_insert(repositories.len());
                match repositories.get_mut(index) {
                    Some(known) if known.home != home => {
                        self.registry(&home).present.push(name.clone());
                        self.elsewhere(&name, "lifecycle", &origin);
                    }
                    Some(known) if known.lifecycle.is_some() => {
                        let message = format!("a second lifecycle policy of `{name}`");
                        self.diagnostics.error(&origin, message, "a repository has one (fact B8)");
                    }
                    Some(known) => known.lifecycle = lifecycle,
                    None => repositories.push(Repository {
                        name,
                        home,
                        mutability: None,
                        lifecycle,
                        stands_for,
                        origin: Some(origin),
                    }),
                }
            }
        }
    }

    /// Registry policies and creation templates.
    fn settings(&mut self, source: &Source) {
        for policy in &source.native.policies {
            let origin = at(source.file, &policy.span);
            let Some(place) = self.home(&policy.home, &origin) else { continue };
            let registry = self.registry(&place);
            if registry.policy.is_some() {
                let message = format!("a second policy of the registry {}/{}", place.0, place.1);
                self.diagnostics.error(&origin, message, "a registry has one (fact A33)");
            } else {
                registry.policy = Some((policy.clone(), origin));
            }
        }
        for template in &source.native.templates {
            let origin = at(source.file, &template.prefix.span);
            let Some(place) = self.home(&template.home, &origin) else { continue };
            let prefix = template.prefix.value.trim_end_matches('/');
            let registry = self.registry(&place);
            let twice = registry.templates.iter().any(|(one, _)| one.prefix.value.trim_end_matches('/') == prefix);
            registry.templates.push((template.clone(), origin.clone()));
            if twice {
                let message = format!("a second template with the prefix `{prefix}`");
                self.diagnostics.error(&origin, message, "a registry has one for each (fact A38)");
            } else if prefix != "ROOT"
                && let Err(error) = validate_repository(prefix)
            {
                self.diagnostics.error(
                    &origin,
                    format!("`{prefix}` is no prefix of repositories: {error}"),
                    "fact A38",
                );
            }
        }
    }

    fn caches(&mut self, sources: &[Source]) -> Vec<Cache> {
        let mut caches = Vec::new();
        for source in sources {
            for cache in &source.native.caches {
                let origin = at(source.file, &cache.upstream.span);
                let Some(place) = self.home(&cache.home, &at(source.file, &cache.span)) else { continue };
                let Some((account, region)) = upstream(&cache.upstream.value) else {
                    let message = format!(
                        "the cache of `{}` is left out: its upstream is not in the scenario",
                        cache.upstream.value
                    );
                    self.diagnostics.warning(&origin, message, "upstreams are registries of the service (fact A83)");
                    continue;
                };
                let region = Placed { value: region, span: cache.upstream.span.clone() };
                let Some(region) = self.region(source.file, &region) else { continue };
                let prefix = cache.upstream_prefix.as_ref().map(|prefix| prefix.value.trim_end_matches('/'));
                let prefix = prefix.filter(|prefix| *prefix != "ROOT" && !prefix.is_empty());
                let prefix = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
                if place == (account.clone(), region.clone()) {
                    let message = format!("a cache of {account}/{region} cannot have itself as upstream");
                    self.diagnostics.error(&origin, message, "fact A83");
                    continue;
                }
                if !prefix.is_empty() && validate_repository(prefix.trim_end_matches('/')).is_err() {
                    self.diagnostics.error(&origin, format!("`{prefix}` is no prefix of repositories"), "fact A83");
                    continue;
                }
                caches.push(Cache { at: place, upstream: (account, region), prefix });
            }
        }
        caches
    }

    fn registry(&mut self, place: &Place) -> &mut RegistrySettings {
        let known = self.registries.iter().position(|one| one.place == *place);
        let index = known.unwrap_or_else(|| {
            let (policy, templates, present) = (None, Vec::new(), Vec::new());
            self.registries.push(RegistrySettings { place: place.clone(), policy, templates, present });
            self.registries.len() - 1
        });
        &mut self.registries[index]
    }
}

/// The registry of a host such as `111122223333.dkr.ecr.us-east-1.amazonaws.com`.
fn upstream(host: &str) -> Option<Place> {
    let host = host.strip_prefix("https://").unwrap_or(host).trim_end_matches('/');
    let (account, rest) = host.split_once(".dkr.ecr.")?;
    let region = rest.strip_suffix(".amazonaws.com")?;
    is_account_id(account).then(|| (account.to_string(), region.to_string()))
}

/// A name that no repository has yet.
fn unused(name: &str, repositories: &[Repository]) -> String {
    let is_free = |name: &String| !repositories.iter().any(|one| one.name == *name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_string()).chain(numbered).find(is_free).unwrap_or_default()
}

/// Repositories for what rules and caches select and no file names; at least one.
fn stand_ins(rules: &[Rule], caches: &[Cache], homes: &[Place], repositories: &mut Vec<Repository>) {
    let mut wanted: Vec<(&Place, &str, String)> = Vec::new();
    for rule in rules {
        let by_prefix = |prefix: &'_ String| format!("what begins with `{prefix}`");
        wanted.extend(rule.prefixes.iter().map(|prefix| (&rule.from, prefix.as_str(), by_prefix(prefix))));
        if rule.prefixes.is_empty() {
            wanted.push((&rule.from, "", "every repository of this registry".into()));
        }
    }
    for cache in caches {
        let what = format!("what the cache rules of {}/{} fetch", cache.at.0, cache.at.1);
        wanted.push((&cache.upstream, &cache.prefix, what));
    }
    // Longer prefixes first: what stands for one stands for those that it begins with.
    wanted.sort_by_key(|(_, prefix, _)| std::cmp::Reverse(prefix.len()));
    for (home, prefix, what) in wanted {
        if !repositories.iter().any(|one| one.home == *home && one.name.starts_with(prefix)) {
            stand_in(home, prefix, what, repositories);
        }
    }
    if let (Some(home), true) = (homes.first(), repositories.is_empty()) {
        stand_in(home, "", "the repositories, which no file names".into(), repositories);
    }
}

fn stand_in(home: &Place, prefix: &str, what: String, repositories: &mut Vec<Repository>) {
    let name = match prefix.chars().last() {
        None => "example".to_string(),
        Some('.' | '_' | '-' | '/') => format!("{prefix}example"),
        Some(_) => format!("{prefix}/example"),
    };
    // A filter may begin or run in ways that no name does.
    let name = if validate_repository(&name).is_ok() { unused(&name, repositories) } else { return };
    let home = home.clone();
    repositories.push(Repository {
        name,
        home,
        mutability: None,
        lifecycle: None,
        stands_for: Some(what),
        origin: None,
    });
}

/// One for each registry that something is copied or fetched into; at least one.
fn clusters(rules: &[Rule], caches: &[Cache], repositories: &[Repository]) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut add = |at: &Place, prefixes: Vec<&str>| {
        let known = clusters.iter().position(|one| one.at == *at);
        let index = known.unwrap_or_else(|| {
            clusters.push(Cluster { at: at.clone(), prefixes: BTreeSet::new() });
            clusters.len() - 1
        });
        let prefixes =
            prefixes.into_iter().filter(|prefix| repositories.iter().any(|one| one.name.starts_with(prefix)));
        clusters[index].prefixes.extend(prefixes.map(str::to_string));
    };
    for rule in rules {
        let prefixes: Vec<&str> = rule.prefixes.iter().map(String::as_str).collect();
        for to in &rule.to {
            add(to, if prefixes.is_empty() { vec![""] } else { prefixes.clone() });
        }
    }
    for cache in caches {
        add(&cache.at, vec![&cache.prefix]);
    }
    if let (Some(first), true) = (repositories.first(), rules.is_empty() && caches.is_empty()) {
        add(&first.home, vec![""]);
    }
    for cluster in &mut clusters {
        if cluster.prefixes.contains("") {
            cluster.prefixes.clear();
        }
    }
    clusters
}

/// The accounts and their names.
fn accounts(
    settings: &Settings,
    rules: &[Rule],
    caches: &[Cache],
    registries: &[RegistrySettings],
    repositories: &[Repository],
) -> Vec<(String, String)> {
    let rules = rules.iter().flat_map(|rule| std::iter::once(&rule.from).chain(&rule.to));
    let caches = caches.iter().flat_map(|cache| [&cache.at, &cache.upstream]);
    let places = rules.chain(caches).chain(registries.iter().map(|one| &one.place));
    let ids = places.chain(repositories.iter().map(|one| &one.home)).map(|(account, _)| account);
    let mut accounts: Vec<(String, String)> = Vec::new();
    for id in ids {
        if !accounts.iter().any(|(known, _)| known == id) {
            let own = settings.account.as_ref() == Some(id);
            accounts.push((id.clone(), if own { "source".into() } else { format!("account-{id}") }));
        }
    }
    accounts.sort_by_key(|(_, name)| name != "source");
    accounts
}
