//! What a strategy was to do with an image, and why: each rule with its verdict, and what stands in its way.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::reference::Found;
use super::words::Words;
use crate::cloud::RegistryId;
use crate::registry::policy::{CREATE_REPOSITORY, REPLICATE_IMAGE, repository_arn};
use crate::registry::{Extension, ReplicationRule, copies, selected_by};
use crate::scenario::Scenario;
use crate::strategy::{Existing, Kind, Replication, ScheduledCopy, Strategy};
use crate::units::{NANOS, Span, Time};

/// What was to be done with an image.
#[derive(Clone, Debug, Serialize)]
pub struct Selection {
    /// In a few words each: what the strategy does, and what is special about this image.
    pub reasons: Vec<String>,
    /// Every replication rule, in the order of the scenario; those of exceptions come last.
    pub rules: Vec<RuleVerdict>,
}

/// What a rule makes of an image.
#[derive(Clone, Debug, Serialize)]
pub struct RuleVerdict {
    /// Its position, from 1, over all rules of the strategy.
    pub rule: usize,
    /// Whose rule it is: the registry that it copies from.
    pub from: String,
    /// Its filters.
    pub prefixes: Vec<String>,
    /// Whether it copies this image.
    pub selected: bool,
    /// Why, or why not.
    pub reason: String,
    /// Where it leads.
    pub destinations: Vec<DestinationVerdict>,
    /// It carries deletions out at the destinations.
    pub deletes: bool,
}

/// What a rule's destination makes of an image.
#[derive(Clone, Debug, Serialize)]
pub struct DestinationVerdict {
    /// The registry.
    pub to: String,
    /// Whether this rule is why the image is copied there.
    pub copied: bool,
    /// Why it is not, or what will stop it.
    pub reason: Option<String>,
}

/// Says what a strategy was to do with the image, which was pushed then and under these tags.
pub(super) fn of(
    scenario: &Scenario,
    strategy: &Strategy,
    found: &Found,
    pushed: Option<Time>,
    tags: &BTreeSet<Arc<str>>,
) -> Selection {
    let look = Look { scenario, words: Words::new(scenario), found, pushed, tags };
    let mut reasons = look.by_kind(&strategy.kind);
    let mut rules = Vec::new();
    look.rules(&strategy.kind, &mut rules);
    for exception in &strategy.exceptions {
        if !exception.repositories.contains(&found.repository) {
            continue;
        }
        let clusters: Vec<&str> = exception.clusters.iter().map(|cluster| look.words.cluster(*cluster)).collect();
        if !clusters.is_empty() {
            let special = look.by_kind(&exception.kind).join("; ");
            let who = if clusters.len() > 6 { format!("{} clusters", clusters.len()) } else { clusters.join(", ") };
            reasons.push(format!(
                "exception: {who} {} served by {}: {special}",
                if clusters.len() == 1 { "is" } else { "are" },
                exception.kind.name()
            ));
        }
        look.rules(&exception.kind, &mut rules);
    }
    Selection { reasons, rules }
}

struct Look<'a> {
    scenario: &'a Scenario,
    words: Words<'a>,
    found: &'a Found,
    pushed: Option<Time>,
    tags: &'a BTreeSet<Arc<str>>,
}

impl Look<'_> {
    fn name(&self) -> &str {
        &self.scenario.model.demand.repositories[self.found.repository.0 as usize].name
    }

    fn home(&self) -> RegistryId {
        self.scenario.model.demand.repositories[self.found.repository.0 as usize].home
    }

    fn by_kind(&self, kind: &Kind) -> Vec<String> {
        let home = self.words.place(self.home());
        match kind {
            Kind::CrossRegionPull => vec![format!("nothing is copied: nodes pull from {home}")],
            Kind::Clairvoyant { .. } => vec!["a lower bound, under which nothing is copied".into()],
            Kind::Centralized(central) => {
                vec![format!(
                    "nothing is copied: everybody pushes to and pulls from {}",
                    self.words.place(central.registry)
                )]
            }
            Kind::PullThroughCache(cache) => {
                let mut reasons = vec!["no rule: a region's first pull fetches it and keeps it there".to_string()];
                reasons.push(match cache.ttl {
                    Some(ttl) => format!("it is dropped {} after its last pull there", length(ttl)),
                    None => "nothing drops it there but a lifecycle policy".into(),
                });
                reasons
            }
            Kind::ScheduledCopy(job) => vec![self.by_job(job)],
            Kind::Replication(replication) => self.by_replication(replication),
        }
    }

    fn by_job(&self, job: &ScheduledCopy) -> String {
        let Some((_, to)) = job.copies.iter().find(|(id, _)| *id == self.found.repository) else {
            return format!("the job does not copy `{}`", self.name());
        };
        let to: Vec<String> = to.iter().map(|registry| self.words.place(*registry)).collect();
        let taken: Vec<String> =
            self.tags.iter().filter(|tag| job.tags.matches(tag)).map(|tag| format!("`{tag}`")).collect();
        match (self.tags.is_empty(), taken.is_empty()) {
            (true, _) => "the job copies tags, and this image has none".into(),
            (false, true) => format!("the job leaves it out: none of its tags is like {}", job.tags.0.join(", ")),
            (false, false) => format!("the job copies {} to {} at its next run", taken.join(", "), to.join(", ")),
        }
    }

    fn by_replication(&self, replication: &Replication) -> Vec<String> {
        let mut reasons = Vec::new();
        let image = &self.found.image;
        if image.subject.is_some() && !self.scenario.model.service.copies_attachments {
            reasons.push(
                "it is about another image, and `service.copies_attachments` is off: no rule copies it (A24)".into(),
            );
        }
        if self.tags.is_empty() && image.subject.is_none() {
            reasons.push("it has no tag: a child of an index is copied with its index, not by itself (A23)".into());
        }
        if self.pushed.is_some_and(|pushed| pushed < replication.since) {
            reasons.push(format!(
                "it was pushed before the rules exist ({}): {}",
                self.words.moment(replication.since),
                match replication.existing {
                    Existing::Absent => "it is not copied (A17), unless it is pushed under a further tag later",
                    Existing::Present => "the scenario takes it as copied already",
                    Existing::Backfill => "a backfill brings it (A50)",
                }
            ));
        }
        if replication.rules.is_empty() {
            reasons.push("there are no rules".into());
        }
        reasons
    }

    fn rules(&self, kind: &Kind, verdicts: &mut Vec<RuleVerdict>) {
        let Kind::Replication(replication) = kind else { return };
        let stays = self.found.image.subject.is_some() && !self.scenario.model.service.copies_attachments;
        let mut reached: Vec<(RegistryId, usize)> = Vec::new();
        for (from, rule) in &replication.rules {
            let number = verdicts.len() + 1;
            let (mut selected, reason) = self.verdict(*from, rule);
            selected &= !stays;
            let destinations = rule.destinations.iter().map(|to| {
                let earlier = reached.iter().find(|(known, _)| known == to).map(|(_, rule)| *rule);
                let refused = if selected { self.refused(*from, *to, rule) } else { None };
                if selected && earlier.is_none() {
                    reached.push((*to, number));
                }
                DestinationVerdict {
                    to: self.words.place(*to),
                    copied: selected && earlier.is_none() && refused.is_none(),
                    reason: match (selected, earlier) {
                        (true, Some(earlier)) => Some(format!("rule {earlier} leads there already (A15)")),
                        _ => refused,
                    },
                }
            });
            verdicts.push(RuleVerdict {
                rule: number,
                from: self.words.place(*from),
                prefixes: rule.prefixes.clone(),
                selected,
                destinations: destinations.collect(),
                reason,
                deletes: rule.deletes,
            });
        }
    }

    /// Whether a rule copies the image, and why.
    fn verdict(&self, from: RegistryId, rule: &ReplicationRule) -> (bool, String) {
        let name = self.name();
        if from != self.home() {
            let home = self.words.place(self.home());
            return (false, format!("it is a rule of {}, and `{name}` is at home in {home}", self.words.place(from)));
        }
        let one = std::slice::from_ref(rule);
        let selected = selected_by(one, name);
        let Some(selected) = selected.first() else {
            let except = rule.extension.except.as_ref().filter(|except| except.matches(name));
            let reason = match (except, rule.prefixes.as_slice()) {
                (Some(except), _) => format!("its exception {} takes `{name}` out", quoted(&except.0)),
                (None, [prefix]) => format!("`{name}` does not begin with `{prefix}`"),
                (None, prefixes) => format!("`{name}` begins with none of {}", quoted(prefixes)),
            };
            return (false, reason);
        };
        let by_name = match selected.prefix {
            Some(prefix) => format!("`{name}` begins with `{prefix}`"),
            None => "it has no filter, so it selects every repository (A13)".into(),
        };
        let takes = |tag: Option<&str>| !rule.destinations.is_empty() && !copies(one, name, tag).is_empty();
        let taken: Vec<&str> = self.tags.iter().map(|tag| &**tag).filter(|tag| takes(Some(tag))).collect();
        if rule.extension == Extension::default() {
            return (true, by_name);
        }
        if taken.is_empty() && !(self.tags.is_empty() && takes(None)) {
            return (false, format!("{by_name}, but its filter of tags lets none of the image's pass"));
        }
        let tags: Vec<String> = taken.into_iter().map(str::to_string).collect();
        let by_tag = if tags.is_empty() { String::new() } else { format!(", and it takes {}", quoted(&tags)) };
        (true, format!("{by_name}{by_tag}"))
    }

    /// Why a copy would fail for want of a permission, as far as that does not change (A31 to A37).
    fn refused(&self, from: RegistryId, to: RegistryId, rule: &ReplicationRule) -> Option<String> {
        let model = &self.scenario.model;
        let enabled = |registry: RegistryId| model.registries[usize::from(registry.0)].region_enabled;
        if let Some(off) = [from, to].into_iter().find(|registry| !enabled(*registry)) {
            return Some(format!("copies fail: the region of {} is not enabled (A37)", self.words.place(off)));
        }
        let (source, there) = (model.cloud.registry(from), model.cloud.registry(to));
        if source.account == there.account {
            return None;
        }
        let id = |account: crate::cloud::AccountId| model.cloud.accounts[usize::from(account.0)].id.as_str();
        let name =
            rule.extension.rename.as_ref().map_or(self.name().to_string(), |to| to.replace("{name}", self.name()));
        let partition = model.cloud.partition(there.region);
        let arn = repository_arn(partition, model.cloud.region(there.region), id(there.account), &name);
        let settings = &model.registries[usize::from(to.0)];
        let is_there = settings.repositories.contains(&name);
        let needed = [Some(REPLICATE_IMAGE), Some(CREATE_REPOSITORY).filter(|_| !is_there)];
        let judged = needed.into_iter().flatten().find_map(|action| {
            settings.policy.judge(id(source.account), action, &arn).err().map(|denial| (action, denial))
        });
        judged.map(|(action, denial)| format!("copies fail: {action}: {denial}"))
    }
}

fn quoted(list: &[String]) -> String {
    let some: Vec<String> = list.iter().take(6).map(|one| format!("`{one}`")).collect();
    let more = list.len().saturating_sub(some.len());
    if more > 0 { format!("{} and {more} more", some.join(", ")) } else { some.join(", ") }
}

/// `12h`, as scenarios write it.
fn length(span: Span) -> String {
    match span.0 / NANOS {
        seconds if seconds % 86_400 == 0 && seconds > 0 => format!("{} d", seconds / 86_400),
        seconds if seconds % 3_600 == 0 && seconds > 0 => format!("{} h", seconds / 3_600),
        seconds if seconds % 60 == 0 && seconds > 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
