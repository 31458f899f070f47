//! What happens at home in the twin, and which copies and deletions follow from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use replisim::cloud::RegistryId;
use replisim::demand::RepositoryId;
use replisim::engine::journal::{Reference, Remover};
use replisim::registry::Image;
use replisim::strategy::Existing;

use super::replay::{Pair, Twin, named, take};
use super::rules;

impl Twin<'_> {
    /// Whether replication rules exist by now (A17).
    fn has_rules(&self) -> bool {
        self.replications.iter().any(|one| self.now >= one.since)
    }

    pub(super) fn pushed(&mut self, what: &Reference) {
        let (repository, image) = (what.repository, &what.image);
        let known = self.images.entry(image.id).or_insert_with(|| image.clone()).clone();
        self.check(known == *image, || format!("another image under the same digest: {}", named(what)));
        self.check(what.registry == self.home(repository), || format!("pushed away from home: {}", named(what)));
        let tag = what.tag.as_deref();
        let taken = self.change((what.registry, repository), false, |shelf, now| shelf.push(now, image, tag));
        self.check(taken, || format!("taken although it is to be refused: {}", named(what)));
        // Children come along with their index and are no copies of their own (A23).
        if tag.is_none() && image.subject.is_none() {
            return;
        }
        let pair = |to: &RegistryId| (repository, image.id, what.tag.clone(), *to);
        let reached = rules::destinations(&self.rules, what.registry, self.name(repository), tag);
        let existing = self.now < self.begin;
        if existing && self.replications.iter().any(|one| one.existing == Existing::Present) {
            self.owed_placed.extend(reached.keys().map(pair));
        } else if !existing && self.has_rules() {
            self.owed.extend(reached.keys().map(pair));
        } else {
            self.before.push((repository, image.id, what.tag.clone()));
        }
    }

    pub(super) fn restored(&mut self, at: (RegistryId, RepositoryId), image: &Arc<Image>) {
        let asked = self.restoring.remove(&(at.0, at.1, image.id));
        let archived = self.shelves[&at].images.get(&image.id).is_some_and(|held| held.archived.is_some());
        self.check(archived && asked.is_some(), || format!("nothing to restore: {at:?} {}", image.id));
        self.change(at, false, |shelf, now| shelf.bring_back(now, image.id));
        if !self.has_rules() {
            return;
        }
        let tags: Vec<Option<Arc<str>>> =
            self.shelves[&at].tags_of(image.id).iter().map(|t| Some((*t).into())).collect();
        for tag in if tags.is_empty() { vec![None] } else { tags } {
            let reached = rules::destinations(&self.rules, at.0, self.name(at.1), tag.as_deref());
            self.owed.extend(reached.keys().map(|to| (at.1, image.id, tag.clone(), *to)));
        }
    }

    pub(super) fn tag_removed(&mut self, what: &Reference, by: Remover) {
        let Some(tag) = &what.tag else { return };
        let (registry, repository, image) = (what.registry, what.repository, what.image.id);
        let right = self.shelf(what).tags.get(&**tag) == Some(&image) && self.shelf(what).tags_of(image).len() > 1;
        self.check(right, || format!("not one of several tags: {}", named(what)));
        match by {
            Remover::Client if !self.has_rules() => {}
            Remover::Client => {
                let reached = rules::destinations(&self.rules, registry, self.name(repository), Some(tag));
                let deleting = reached.iter().filter(|(_, deletes)| **deletes).map(|(to, _)| *to);
                self.removals.extend(deleting.map(|to| (repository, image, Some(tag.clone()), to)));
            }
            Remover::Replication => {
                let expected = take(&mut self.removals, &(repository, image, Some(tag.clone()), registry));
                self.check(expected, || format!("no rule takes away {}", named(what)));
            }
        }
        self.change((registry, repository), false, |shelf, _| shelf.tags.remove(&**tag));
    }

    /// An image goes from home: it is to go from wherever a rule that carries deletions out has sent it (A43 to A45).
    pub(super) fn deleted(&mut self, at: (RegistryId, RepositoryId), image: u32, tags: &[Arc<str>]) {
        let held: BTreeSet<String> = self.shelves[&at].tags_of(image).iter().map(|tag| tag.to_string()).collect();
        let named: BTreeSet<String> = tags.iter().map(ToString::to_string).collect();
        self.check(held == named, || format!("other tags than {tags:?} on {image}"));
        if !self.has_rules() {
            return;
        }
        let mut to = BTreeSet::new();
        for tag in tags.iter().map(|tag| Some(&**tag)).chain([None]) {
            let reached = rules::destinations(&self.rules, at.0, self.name(at.1), tag);
            to.extend(reached.into_iter().filter(|(_, deletes)| *deletes).map(|(to, _)| to));
        }
        self.removals.extend(to.into_iter().map(|to| (at.1, image, None, to)));
    }

    /// What backfills bring: what was there before the rules and is there now, under the tags that it has now (A50).
    pub(super) fn begin_backfill(&mut self) {
        let asked = self.replications.iter().any(|one| one.existing == Existing::Backfill);
        if !asked || self.backfill.is_some() {
            return;
        }
        let mut pairs: BTreeSet<Pair> = BTreeSet::new();
        for (repository, image, tag) in &self.before {
            let home = self.home(*repository);
            let shelf = &self.shelves[&(home, *repository)];
            let tag = tag.clone().filter(|tag| shelf.tags.get(&**tag) == Some(image));
            if shelf.can_pull(*image) {
                let reached = rules::destinations(&self.rules, home, self.name(*repository), tag.as_deref());
                pairs.extend(reached.keys().map(|to| (*repository, *image, tag.clone(), *to)));
            }
        }
        self.backfill = Some(pairs.into_iter().collect());
    }
}
