//! A scenario of an account export: what is there, who copies it where, how fast it grows and how often it is pulled.
//!
//! Every number in the text has a comment that says where it is from, and what an export cannot say is named as an
//! assumption where it stands, so that whoever knows better can change it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::formats::account::{Export, Registry};

mod homes;
mod rates;

#[cfg(test)]
mod tests;

use homes::Home;
use rates::Pushes;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The text of a scenario, and the files that it names: paths beside it, and what is in them.
pub fn scenario(export: &Export) -> (String, Vec<(PathBuf, String)>) {
    let mut writer = Writer { export, homes: homes::homes(export), now: rates::now(export), files: Vec::new() };
    (writer.text(), writer.files)
}

struct Writer<'e> {
    export: &'e Export,
    homes: Vec<Home>,
    /// The newest second that the export knows of: the time it was made.
    now: i64,
    files: Vec<(PathBuf, String)>,
}

/// Writing into a `String` cannot fail.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {{ let _ = writeln!($out, $($text)*); }};
}

impl Writer<'_> {
    fn text(&mut self) -> String {
        let mut out = String::new();
        let day = date(self.now);
        let (homes, copies) = (self.homes.len(), self.homes.iter().map(|home| home.copies.len()).sum::<usize>());
        line!(
            out,
            "# Made from an account export: {} registries, {homes} repositories and {copies} replicated copies of",
            self.export.registries.len()
        );
        line!(out, "# them. Each number says where it is from; what an export cannot say is marked \"assumed\".");
        line!(out, "\nschema = 1\ntitle = {}", quoted(&format!("Estate as exported on {day}")));
        self.strategies(&mut out);
        line!(out, "\n[run]");
        line!(out, "start = {day}T00:00:00Z{}the day of the newest push, pull or count in the export", comment());
        line!(out, "duration = \"30d\"{}assumed: a month to come like the month behind", comment());
        line!(out, "trials = 5{}assumed: enough for a first look", comment());
        self.accounts(&mut out);
        self.templates(&mut out);
        for at in 0..self.homes.len() {
            self.repository(&mut out, at);
        }
        self.clusters(&mut out);
        out
    }

    fn strategies(&mut self, out: &mut String) {
        line!(out, "strategies = [");
        let mut rules = Vec::new();
        for registry in &self.export.registries {
            let Some(replication) = &registry.replication else { continue };
            let path = format!("replication/{}-{}.json", registry.account, registry.region);
            rules.push(format!("    {{ from = {}, file = {} }},\n", quoted(&called(registry)), quoted(&path)));
            self.files.push((path.into(), format!("{}\n", replication.text.trim_end())));
        }
        if !rules.is_empty() {
            line!(out, "  # describe-registry: the rules in force; images that are there have been copied already");
            line!(
                out,
                "  {{ name = \"today\", kind = \"replication\", existing_images = \"present\", rules = [\n{}  ] }},",
                rules.concat()
            );
        }
        line!(out, "  \"cross-region-pull\",");
        line!(out, "  {{ name = \"to-where-pulled\", kind = \"replication\", existing_images = \"present\" }},");
        line!(out, "  \"pull-through-cache\",\n  \"clairvoyant\",\n]");
    }

    fn accounts(&self, out: &mut String) {
        line!(out, "\n[accounts]");
        let mut known: BTreeMap<&str, String> = BTreeMap::new();
        for registry in &self.export.registries {
            known.entry(&registry.account).or_insert_with(|| account(registry));
        }
        for (id, name) in &known {
            line!(out, "{name} = \"{id}\"{}a directory of the export", comment());
        }
        let rules = self.export.registries.iter().filter_map(|registry| registry.replication.as_ref());
        let named = rules.flat_map(|replication| &replication.rules).flat_map(|rule| &rule.destinations);
        let ids: BTreeSet<&str> = named.map(|destination| destination.account.value.as_str()).collect();
        for id in ids.into_iter().filter(|id| !known.contains_key(id)) {
            line!(
                out,
                "account-{id} = \"{id}\"{}describe-registry: a destination that is not in the export",
                comment()
            );
        }
    }

    /// Lifecycle policies of copies, where one policy is that of all of them: the format gives copies their settings by
    /// creation template, not one by one.
    fn templates(&mut self, out: &mut String) {
        let export = self.export;
        for (at, registry) in export.registries.iter().enumerate() {
            let copies = self.homes.iter().filter(|home| home.copies.contains(&at));
            let policies: BTreeSet<Option<&String>> = copies
                .filter_map(|home| registry.repositories.iter().find(|repository| repository.name == home.original))
                .map(|repository| repository.lifecycle.as_ref())
                .collect();
            match policies.iter().copied().collect::<Vec<_>>().as_slice() {
                [] | [None] => {}
                [Some(policy)] => {
                    let path = format!("lifecycle/{}-{}-copies.json", registry.account, registry.region);
                    line!(out, "\n[[registries]]\nregistry = {}", quoted(&called(registry)));
                    line!(out, "# get-lifecycle-policy: all copies there have this one");
                    line!(out, "templates = [{{ prefix = \"ROOT\", lifecycle = {} }}]", quoted(&path));
                    self.files.push((path.into(), format!("{policy}\n")));
                }
                several => {
                    line!(
                        out,
                        "\n# Left out: copies in {} have {} different lifecycle policies;",
                        called(registry),
                        several.len()
                    );
                    line!(out, "# give them by prefix in `templates` of a [[registries]] entry.");
                }
            }
        }
    }

    fn repository(&mut self, out: &mut String, at: usize) {
        let home = &self.homes[at];
        let registry = &self.export.registries[home.registry];
        let repository = &registry.repositories[home.repository];
        line!(out, "\n[[repositories]]");
        let name = quoted(&home.name);
        if home.name == home.original {
            line!(out, "name = {name}{}describe-repositories", comment());
        } else {
            line!(
                out,
                "name = {name}{}describe-repositories: `{}`, a name that another registry has too",
                comment(),
                home.original
            );
        }
        let copies: Vec<String> = home.copies.iter().map(|copy| called(&self.export.registries[*copy])).collect();
        let copied = if copies.is_empty() {
            "no rule copies it".to_string()
        } else {
            format!("copies in {}", copies.join(", "))
        };
        line!(out, "registry = {}{}home; {copied}", quoted(&called(registry)), comment());
        if repository.immutable {
            line!(out, "mutability = \"immutable\"{}describe-repositories", comment());
            if !repository.mutable_tags.is_empty() {
                let patterns: Vec<String> = repository.mutable_tags.iter().map(|tag| quoted(tag)).collect();
                line!(out, "mutability_except = [{}]{}describe-repositories", patterns.join(", "), comment());
            }
        }
        let versions = rates::versions(repository);
        match rates::median_size(&versions) {
            Some((bytes, of)) => {
                line!(out, "image = {{ size = \"{bytes} B\" }}{}describe-images: median of {of}", comment());
            }
            None => line!(out, "# describe-images: no image there, so the usual size is assumed"),
        }
        line!(out, "existing = {}{}describe-images: images there now", versions.len(), comment());
        if let Some((template, shared)) = rates::tag_template(&versions) {
            line!(
                out,
                "tags = {{ release = {} }}{}describe-images: {shared} of its tags read so",
                quoted(&template),
                comment()
            );
        }
        match rates::pushes(repository, &versions, self.now) {
            Pushes::Rate { count, seconds, how } => {
                line!(out, "push = {{ rate = \"{count}/{}\" }}{}describe-images: {how}", time(seconds), comment());
            }
            Pushes::None => {
                line!(out, "push = {{ list = [] }}{}describe-images: no push in the last 30 days", comment())
            }
        }
        let pulled = rates::pulls_a_day(self.export, home);
        line!(out, "weight = {pulled}{}get-metric-data: its pulls a day, over all registries", comment());
        if let Some(policy) = &repository.lifecycle {
            let file = home.name.replace('/', "__");
            let path = format!("lifecycle/{}-{}-{file}.json", registry.account, registry.region);
            line!(out, "lifecycle = {}{}get-lifecycle-policy", quoted(&path), comment());
            self.files.push((path.into(), format!("{policy}\n")));
        }
    }

    /// One cluster per registry with pulls on record.
    fn clusters(&self, out: &mut String) {
        line!(
            out,
            "\n# Clusters: one per registry that recorded pulls (get-metric-data, RepositoryPullCount). Assumed: nodes that pull"
        );
        line!(
            out,
            "# from a registry are in its region; each recorded pull is one BatchGetImage call and moves a whole image (`cache` ="
        );
        line!(
            out,
            "# \"none\"); nodes that keep images ask without moving bytes: set cache = {{ warm = \"50%\" }} if half of them do."
        );
        line!(out, "# Which repository is pulled goes by `weight`, which is one number for all clusters.");
        let mut any = false;
        for (at, registry) in self.export.registries.iter().enumerate() {
            let Some(pulls) = &registry.pulls else { continue };
            let here = rates::pulled_here(self.export, &self.homes, at);
            let total: u64 = here.iter().map(|(_, count)| *count).sum();
            if total == 0 {
                continue;
            }
            any = true;
            let unknown = pulls.counts.keys().filter(|name| homes::pulled(&self.homes, at, name).is_none());
            let unknown: Vec<&str> = unknown.map(String::as_str).collect();
            let off = rates::misdrawn(self.export, &self.homes, &here);
            let names: Vec<String> = here.iter().map(|(home, _)| quoted(&self.homes[*home].name)).collect();
            line!(out, "\n[[clusters]]\nname = {}", quoted(&format!("{}-{}", account(registry), registry.region)));
            line!(out, "registry = {}{}where the pulls were recorded", quoted(&called(registry)), comment());
            line!(out, "runs = [{}repositories with pulls there", comment());
            for chunk in names.chunks(4) {
                line!(out, "  {},", chunk.join(", "));
            }
            line!(out, "]");
            line!(
                out,
                "per_node = {}{}all of them on every node, so that `weight` alone decides",
                names.len(),
                comment()
            );
            line!(out, "popularity = 0{}the same", comment());
            line!(
                out,
                "nodes = 10{}assumed: an export knows no nodes; with a rate and no cache it hardly matters",
                comment()
            );
            line!(out, "cache = \"none\"{}assumed: see above", comment());
            let window = format!("{} to {}", date(pulls.start), date(pulls.start + pulls.seconds));
            line!(
                out,
                "# get-metric-data: {total} pulls from {window}; {off:.0}% of them were of other repositories than `weight` says"
            );
            if !unknown.is_empty() {
                line!(out, "# Left out: pulls of {}, which are not in the export", unknown.join(", "));
            }
            line!(out, "pulls = {{ rate = \"{total}/{}\" }}", time(pulls.seconds));
        }
        if !any {
            line!(out, "\n# No pulls are on record: add clusters by hand.");
        }
    }
}

/// An account's name in the scenario.
fn account(registry: &Registry) -> String {
    registry.account_name.clone().unwrap_or_else(|| format!("account-{}", registry.account))
}

/// A registry in the scenario.
fn called(registry: &Registry) -> String {
    format!("{}/{}", account(registry), registry.region)
}

fn comment() -> &'static str {
    "  # "
}

/// Seconds, as whole days where they are.
fn time(seconds: i64) -> String {
    if seconds % DAY == 0 { format!("{}d", seconds / DAY) } else { format!("{seconds}s") }
}

fn date(second: i64) -> String {
    let time = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_string().chars().take("2026-09-20".len()).collect()
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
