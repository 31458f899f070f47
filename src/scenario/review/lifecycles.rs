//! Lifecycle policies held against the images that they will see: rules that never act, and copies that they take away.

use std::collections::{HashMap, HashSet};

use super::tags::Shape;
use super::templates::{Arrivals, arrivals, decides, templates};
use super::{DeclaredTemplates, Diagnostic, Diagnostics, Look, findings};
use crate::cloud::RegistryId;
use crate::demand::{Cluster, Pushes, Repository, RepositoryId, Trigger, VersionChoice, VersionFilter};
use crate::registry::{
    Count, CreationTemplate, LifecycleAction, LifecyclePolicy, LifecycleRule, Mutability, Patterns, Selection, glob,
};
use crate::scenario::tree::Origin;

/// Looks at the policies at home and at those of creation templates.
pub fn review(look: &Look<'_>, out: &mut Diagnostics) {
    let mut homes: HashMap<&Origin, Vec<RepositoryId>> = HashMap::new();
    for (id, origin) in (0u32..).zip(&look.origins.repositories) {
        homes.entry(origin).or_default().push(RepositoryId(id));
    }
    for (origin, repositories) in homes {
        let first = look.repository(repositories[0]);
        let settings = &look.model.registries[usize::from(first.home.0)];
        if settings.lifecycle.is_empty() {
            continue;
        }
        if let Some(policy) = settings.home(&first.name).lifecycle {
            let seen = Seen { look, policy: &policy, repositories: &repositories, origin };
            seen.rules(out);
            seen.counts(&|cluster| Some(cluster), out);
        }
    }
    for declared in &look.origins.templates {
        let all = arrivals(look, declared);
        let templates = templates(look, declared);
        for (template, places) in templates.iter().zip(&declared.templates) {
            if let (Some(policy), Some(origin)) = (&template.lifecycle, &places.lifecycle) {
                let repositories = under(template, templates, &all);
                let seen = Seen { look, policy, repositories: &repositories, origin };
                seen.rules(out);
                let here: HashSet<RegistryId> = declared.registries.iter().copied().collect();
                seen.counts(&|cluster| here.contains(&cluster.registry).then_some(cluster), out);
                seen.sweeps(template, out);
                seen.archives(template, declared, out);
            }
        }
    }
}

/// The repositories that the service creates from a template, ids ascending.
fn under(template: &CreationTemplate, templates: &[CreationTemplate], all: &Arrivals<'_>) -> Vec<RepositoryId> {
    let copied = all.copied.iter().filter(|_| template.for_replication);
    let created = copied.chain(all.cached.iter().filter(|_| template.for_cache));
    let mut ids: Vec<RepositoryId> =
        created.filter(|(name, _)| decides(template, templates, name)).map(|(_, id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// A policy and the repositories that have it.
struct Seen<'a> {
    look: &'a Look<'a>,
    policy: &'a LifecyclePolicy,
    repositories: &'a [RepositoryId],
    origin: &'a Origin,
}

impl<'a> Seen<'a> {
    fn all(&self) -> impl Iterator<Item = &'a Repository> {
        let look = self.look;
        self.repositories.iter().map(move |id| look.repository(*id))
    }

    /// For each kind of image, the templates of the tags that it has.
    fn tag_sets(&self) -> HashSet<Vec<&'a str>> {
        let mut sets = HashSet::new();
        for id in self.repositories {
            sets.extend(tag_sets(self.look, *id));
        }
        sets
    }

    /// Rules that never act (B3, B12, B14).
    fn rules(&self, out: &mut Diagnostics) {
        let sets: Vec<Vec<Shape>> =
            self.tag_sets().iter().map(|set| set.iter().map(|tag| Shape::template(tag)).collect()).collect();
        for (index, rule) in self.policy.rules.iter().enumerate() {
            let earlier = || self.policy.rules[..index].iter().filter(|one| one.class == rule.class);
            let by =
                earlier().find(|one| claims(&one.selection, &rule.selection)).or_else(|| self.claims_all(rule, index));
            if let Some(by) = by {
                let message = format!(
                    "the lifecycle rule of priority {} never acts: that of priority {} claims all that it selects",
                    rule.priority, by.priority
                );
                out.found(&findings::LIFECYCLE_SHADOWED, self.origin, message, "");
                continue;
            }
            let entries = entries(&rule.selection);
            let shapes: Vec<Shape> = entries.iter().map(|entry| Shape::pattern(entry)).collect();
            let idle =
                entries.iter().zip(&shapes).find(|(_, shape)| !sets.iter().flatten().any(|tag| tag.overlaps(shape)));
            if sets.is_empty() || entries.is_empty() {
                continue;
            }
            if let Some((entry, _)) = idle {
                let tags = self.tag_sets();
                let mut tags: Vec<&str> = tags.iter().flatten().copied().collect();
                tags.sort_unstable();
                tags.dedup();
                let message = format!(
                    "the lifecycle rule of priority {} wants a tag like `{entry}`, and there is none",
                    rule.priority
                );
                out.found(
                    &findings::LIFECYCLE_MATCHES_NO_TAG,
                    self.origin,
                    message,
                    format!("tags: {}", super::listed(&tags)),
                );
            } else if entries.len() > 1 && !sets.iter().any(|set| has_all(set, &shapes)) {
                let message = format!(
                    "the lifecycle rule of priority {} wants a tag for each of {}, and no image has all of them",
                    rule.priority,
                    super::quoted(&entries)
                );
                out.found(&findings::LIFECYCLE_LIST_MEANS_AND, self.origin, message, "write one rule for each");
            }
        }
    }

    /// The rule that claims every tagged image before a rule for any image, where no untagged one is left for it.
    fn claims_all(&self, rule: &LifecycleRule, index: usize) -> Option<&'a LifecycleRule> {
        if rule.selection != Selection::Any {
            return None;
        }
        let mut earlier = self.policy.rules[..index].iter().filter(|one| one.class == rule.class);
        let takes_untagged = earlier.clone().any(|one| one.selection == Selection::Untagged);
        let every_tag = |one: &&LifecycleRule| {
            let entries = entries(&one.selection);
            !entries.is_empty() && entries.iter().all(|entry| entry.bytes().all(|byte| byte == b'*'))
        };
        let by = earlier.find(every_tag)?;
        (takes_untagged || !self.all().any(may_be_untagged)).then_some(by)
    }

    /// Policies that count images, held against what clusters ask for (B15, B20, O10).
    fn counts(&self, judged: &dyn Fn(&'a Cluster) -> Option<&'a Cluster>, out: &mut Diagnostics) {
        let count = self.policy.rules.iter().find_map(|rule| match rule.count {
            Count::MoreThan(count) if rule.selection == Selection::Any && rule.action == LifecycleAction::Expire => {
                Some(count)
            }
            _ => None,
        });
        let Some(keep) = count else { return };
        if let Some(one) = self.all().find(|one| images_per_version(one) > 1) {
            let each = images_per_version(one);
            let message = format!(
                "the {keep} images that the policy keeps of `{}` are {} versions: each is {each} images",
                one.name,
                keep / each
            );
            out.found(&findings::KEEP_COUNTS_CHILDREN, self.origin, message, "");
        }
        if self.look.all_rules().iter().any(|looked| looked.rule.extension.tags.is_some()) {
            return;
        }
        let clusters = self.look.model.demand.clusters.iter().zip(&self.look.origins.clusters);
        for (cluster, place) in clusters {
            let Some(cluster) = judged(cluster) else { continue };
            let runs = |id: &&RepositoryId| cluster.runs.binary_search(id).is_ok();
            let lacking = self.repositories.iter().filter(runs).map(|id| self.look.repository(*id)).find(|one| {
                u64::from(keep) < u64::from(reach_back(one, cluster)).saturating_mul(u64::from(images_per_version(one)))
            });
            if let Some(one) = lacking {
                let message = format!(
                    "the policy keeps {keep} images of `{}`, and `{}` may ask for a version {} back",
                    one.name,
                    cluster.name,
                    reach_back(one, cluster) - 1
                );
                let diagnostic = Diagnostic::of(&findings::STANDBY_KEEPS_TOO_FEW, self.origin, message);
                out.report(diagnostic.also(place, "this cluster"));
                return;
            }
        }
    }

    /// A rule for untagged images, where copies arrive without their tag (A26).
    fn sweeps(&self, template: &CreationTemplate, out: &mut Diagnostics) {
        let sweeps =
            |rule: &LifecycleRule| rule.selection == Selection::Untagged && rule.action == LifecycleAction::Expire;
        let Some(rule) = self.policy.rules.iter().find(|rule| sweeps(rule)) else { return };
        let mutability = template.mutability.clone().unwrap_or_else(Mutability::mutable);
        let stays = |tag: &&str| !tag.contains("{n}") && !tag.contains("{r}") && mutability.freezes(tag);
        let loses_all =
            |id: &&RepositoryId| tag_sets(self.look, **id).iter().any(|set| !set.is_empty() && set.iter().all(stays));
        if let Some(id) = self.repositories.iter().find(loses_all) {
            let message = format!(
                "later copies of `{}` arrive without a tag, and the rule of priority {} expires them",
                self.look.repository(*id).name,
                rule.priority
            );
            out.found(
                &findings::UNTAGGED_SWEEPS_COPIES,
                self.origin,
                message,
                "its tags move, and are immutable there",
            );
        }
    }

    /// A rule that archives what nobody pulls, where nobody pulls until the bad day (B17, B24).
    fn archives(&self, template: &CreationTemplate, declared: &DeclaredTemplates, out: &mut Diagnostics) {
        let archives = |rule: &LifecycleRule| {
            matches!(rule.count, Count::DaysSincePull(_)) && rule.action == LifecycleAction::Archive
        };
        let Some(rule) = self.policy.rules.iter().find(|rule| archives(rule)) else { return };
        if !template.for_replication || self.repositories.is_empty() {
            return;
        }
        let rules = self.look.all_rules();
        let is_copied_to = |id: RegistryId| rules.iter().any(|looked| looked.rule.destinations.contains(&id));
        let is_pulled = |id: RegistryId| {
            let runs = |cluster: &Cluster| self.repositories.iter().any(|one| cluster.runs.binary_search(one).is_ok());
            let mut clusters = self.look.model.demand.clusters.iter();
            clusters.any(|cluster| cluster.registry == id && !cluster.is_cold_standby() && runs(cluster))
        };
        if let Some(id) = declared.registries.iter().find(|id| is_copied_to(**id) && !is_pulled(**id)) {
            let message = format!(
                "the rule of priority {} archives copies in {} that no running cluster pulls",
                rule.priority,
                self.look.registry_name(*id)
            );
            out.found(&findings::ARCHIVE_EMPTIES_STANDBY, self.origin, message, "archived images cannot be pulled");
        }
    }
}

/// For each kind of image of a repository, the templates of the tags that it has; none when it has no images.
fn tag_sets<'a>(look: &Look<'a>, id: RepositoryId) -> Vec<Vec<&'a str>> {
    let repository = look.repository(id);
    let tags = &repository.tags;
    let own = || repository.promotions.iter().filter(|one| one.to == id).map(|one| one.tag.0.as_str());
    let moving = || tags.moving.iter().map(String::as_str);
    let mut sets: Vec<Vec<&str>> = Vec::new();
    match &repository.pushes {
        // Any of their images may get any of their tags.
        Pushes::List(rows) => sets.push(rows.iter().map(|row| row.tag.as_str()).chain(own()).collect()),
        Pushes::Manifests(images) => sets.push(images.iter().map(|image| image.tag.as_str()).chain(own()).collect()),
        pushes if !matches!(pushes, Pushes::None) || repository.existing > 0 => {
            if tags.release_every > 0 {
                sets.push(std::iter::once(tags.release.0.as_str()).chain(moving()).chain(own()).collect());
            }
            if tags.release_every != 1 {
                sets.push(std::iter::once(tags.build.0.as_str()).chain(own()).collect());
            }
        }
        _ => {}
    }
    let others = look.promoted(id).iter().filter(|(source, _)| *source != id);
    sets.extend(others.map(|(_, tag)| std::iter::once(*tag).chain(moving()).chain(own()).collect()));
    sets
}

/// Whether images of a repository may be without a tag.
fn may_be_untagged(repository: &Repository) -> bool {
    let tags = &repository.tags;
    let moves = tags.release.is_moving() || tags.build.is_moving() || !tags.moving.is_empty();
    let listed = matches!(repository.pushes, Pushes::List(_) | Pushes::Manifests(_));
    moves || listed || images_per_version(repository) > 1 || repository.promotions.iter().any(|one| one.tag.is_moving())
}

/// Images that a version is: an index and its children, and what is attached.
fn images_per_version(repository: &Repository) -> u32 {
    let children = if repository.image.platforms > 1 { repository.image.platforms } else { 0 };
    let attached = repository.image.attachments.as_ref().map_or(0, |one| one.count);
    1u32.saturating_add(children).saturating_add(attached)
}

/// How many of the newest versions of a repository a cluster may ask for.
fn reach_back(repository: &Repository, cluster: &Cluster) -> u32 {
    let on_release = cluster.triggers.iter().any(|trigger| {
        matches!(trigger, Trigger::Deploy { on: VersionFilter::Release, .. } | Trigger::Failover { .. })
    });
    let own = !matches!(repository.pushes, Pushes::None | Pushes::List(_) | Pushes::Manifests(_));
    match cluster.version {
        VersionChoice::NewestOf(count) => count,
        VersionChoice::Deployed if own && on_release => repository.tags.release_every.max(1),
        _ => 1,
    }
}

/// The list of a rule for tagged images, as patterns.
fn entries(selection: &Selection) -> Vec<String> {
    match selection {
        Selection::Untagged | Selection::Any => Vec::new(),
        Selection::Prefixes(prefixes) => prefixes.iter().map(|prefix| format!("{prefix}*")).collect(),
        Selection::Patterns(patterns) => patterns.iter().flat_map(|Patterns(list)| list.iter().cloned()).collect(),
    }
}

/// Whether every image that satisfies `later` satisfies `first` too (B12, B14): each entry of `first` is implied by some
/// entry of `later`. A `*` of an implied entry can only be met by a `*`.
fn claims(first: &Selection, later: &Selection) -> bool {
    let (first, later) = (entries(first), entries(later));
    !first.is_empty() && !later.is_empty() && first.iter().all(|one| later.iter().any(|other| glob(one, other)))
}

/// Whether an image with these tags can have one for each entry. One tag must do for all that it has to.
fn has_all(tags: &[Shape], entries: &[Shape]) -> bool {
    let each = entries.iter().all(|entry| tags.iter().any(|tag| tag.overlaps(entry)));
    let together = || entries.iter().enumerate().all(|(at, one)| entries[..at].iter().all(|other| one.overlaps(other)));
    each && (tags.len() > 1 || together())
}
