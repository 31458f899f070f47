//! The settings with which a repository comes into being.
//!
//! A repository at its home was made by its owner, with the owner's settings. A repository that the service makes,
//! because a copy or a cache fetch arrives and none is there, takes them from a creation template (A38) or from the
//! registry's defaults (A39). One that is there already is used as it is.

use super::{CreationTemplate, LifecyclePolicy, Mutability, RegistrySettings, Repository};

/// The template that matches every repository.
const ROOT: &str = "ROOT";

/// Why the service makes a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatedBy {
    /// A copy arrives.
    Replication,
    /// A pull-through cache fetches.
    Cache,
}

/// With what settings a repository starts.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositorySettings {
    /// Whether tags may move.
    pub mutability: Mutability,
    /// What expires.
    pub lifecycle: Option<LifecyclePolicy>,
}

impl RepositorySettings {
    /// An empty repository with these settings.
    pub fn create(self) -> Repository {
        Repository::new(self.mutability, self.lifecycle)
    }
}

impl CreationTemplate {
    /// How specific a match this is: the length of the prefix, 0 for `ROOT`; `None` = no match. `prod` and `prod/` both
    /// mean `prod/..`, neither `prod` itself nor `production`.
    fn matches(&self, repository: &str) -> Option<usize> {
        if self.prefix == ROOT {
            return Some(0);
        }
        let prefix = self.prefix.strip_suffix('/').unwrap_or(&self.prefix);
        repository.strip_prefix(prefix)?.starts_with('/').then_some(prefix.len())
    }

    /// Whether it is for repositories made for this purpose.
    fn is_for(&self, purpose: CreatedBy) -> bool {
        match purpose {
            CreatedBy::Replication => self.for_replication,
            CreatedBy::Cache => self.for_cache,
        }
    }
}

/// The template that decides about a repository: the longest matching prefix, whatever it is for (O15). Of two that
/// are equally long the first.
pub fn template_for<'a>(templates: &'a [CreationTemplate], repository: &str) -> Option<&'a CreationTemplate> {
    let matching = templates.iter().filter_map(|template| Some((template.matches(repository)?, template)));
    // `max_by_key` takes the last of equals, so it looks from the end.
    matching.rev().max_by_key(|(length, _)| *length).map(|(_, template)| template)
}

impl RegistrySettings {
    /// Settings of a repository that the service makes here.
    pub fn created(&self, repository: &str, by: CreatedBy) -> RepositorySettings {
        match template_for(&self.templates, repository).filter(|template| template.is_for(by)) {
            Some(template) => RepositorySettings {
                mutability: template.mutability.clone().unwrap_or_else(Mutability::mutable),
                lifecycle: template.lifecycle.clone(),
            },
            None => RepositorySettings { mutability: self.mutability.clone(), lifecycle: None },
        }
    }

    /// Settings of a repository whose home this is.
    pub fn home(&self, repository: &str) -> RepositorySettings {
        let mutability = find(&self.home_mutability, repository).unwrap_or(&self.mutability).clone();
        RepositorySettings { mutability, lifecycle: find(&self.lifecycle, repository).cloned() }
    }
}

/// Looks a name up in a list that is sorted by name.
fn find<'a, T>(list: &'a [(String, T)], name: &str) -> Option<&'a T> {
    let index = list.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
    Some(&list[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(prefix: &str, keep: u32) -> CreationTemplate {
        CreationTemplate {
            prefix: prefix.into(),
            mutability: Some(Mutability::immutable()),
            lifecycle: Some(LifecyclePolicy::keep(keep)),
            for_replication: true,
            for_cache: true,
        }
    }

    fn settings(templates: Vec<CreationTemplate>) -> RegistrySettings {
        RegistrySettings {
            mutability: Mutability::mutable(),
            home_mutability: vec![("b".into(), Mutability::immutable())],
            templates,
            lifecycle: vec![("a".into(), LifecyclePolicy::keep(1)), ("b".into(), LifecyclePolicy::days(9))],
            ..RegistrySettings::default()
        }
    }

    #[test]
    fn the_longest_prefix_wins_and_ends_at_a_slash() {
        let templates = [template("ROOT", 1), template("prod", 2), template("prod/api/", 3), template("prod/api", 4)];
        for (repository, expected) in [
            ("prod/web", "prod"),
            ("prod/api/v2", "prod/api/"),
            ("prod/api", "prod"),
            ("prod", "ROOT"),
            ("production/x", "ROOT"),
            ("dev/prod/x", "ROOT"),
        ] {
            let found = template_for(&templates, repository).map(|template| template.prefix.as_str());
            assert_eq!(found, Some(expected), "{repository}");
        }
        assert_eq!(template_for(&templates[1..], "dev/x"), None);
    }

    #[test]
    fn a_template_for_another_purpose_leaves_the_defaults() {
        let mut narrow = template("prod", 2);
        narrow.for_replication = false;
        let settings = settings(vec![template("ROOT", 1), narrow]);
        // The longest match decides alone: the root template does not step in.
        let made = settings.created("prod/api", CreatedBy::Replication);
        assert_eq!(made, RepositorySettings { mutability: Mutability::mutable(), lifecycle: None });
        assert_eq!(settings.created("prod/api", CreatedBy::Cache).lifecycle, Some(LifecyclePolicy::keep(2)));
        assert_eq!(settings.created("dev/api", CreatedBy::Replication).lifecycle, Some(LifecyclePolicy::keep(1)));
    }

    #[test]
    fn a_template_that_is_silent_on_mutability_makes_mutable_tags() {
        let mut silent = template("prod", 2);
        silent.mutability = None;
        let mut settings = settings(vec![silent]);
        settings.mutability = Mutability::immutable();
        assert_eq!(settings.created("prod/api", CreatedBy::Replication).mutability, Mutability::mutable());
        assert_eq!(settings.created("dev/api", CreatedBy::Replication).mutability, Mutability::immutable());
    }

    #[test]
    fn a_home_repository_has_its_owner_s_settings() {
        let settings = settings(vec![template("ROOT", 1)]);
        assert_eq!(
            settings.home("a"),
            RepositorySettings { mutability: Mutability::mutable(), lifecycle: Some(LifecyclePolicy::keep(1)) }
        );
        assert_eq!(
            settings.home("b"),
            RepositorySettings { mutability: Mutability::immutable(), lifecycle: Some(LifecyclePolicy::days(9)) }
        );
        assert_eq!(settings.home("c"), RepositorySettings { mutability: Mutability::mutable(), lifecycle: None });
        assert!(settings.home("c").create().is_empty());
    }
}
