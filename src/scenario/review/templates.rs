//! Creation templates: what the service creates under them, and what only looks so (A38).

use std::borrow::Cow;
use std::collections::HashSet;

use super::{DeclaredTemplates, Diagnostics, Look, findings, has_kind, is_cache, is_replication, quoted};
use crate::cloud::RegistryId;
use crate::demand::RepositoryId;
use crate::registry::{CreationTemplate, template_for};

/// A repository that the service creates in some registry, by its name there.
pub type Created<'a> = (Cow<'a, str>, RepositoryId);

/// What the service creates in the registries of an element, by name.
#[derive(Default)]
pub struct Arrivals<'a> {
    /// Because copies arrive.
    pub copied: Vec<Created<'a>>,
    /// Because caches fetch.
    pub cached: Vec<Created<'a>>,
}

/// Looks at each template.
pub fn review(look: &Look<'_>, out: &mut Diagnostics) {
    let any = |is| look.model.strategies.iter().any(|strategy| has_kind(strategy, is));
    let (replicates, caches) = (any(is_replication), any(is_cache));
    if !replicates && !caches {
        return;
    }
    for declared in &look.origins.templates {
        let arrivals = arrivals(look, declared);
        let templates = templates(look, declared);
        for (template, places) in templates.iter().zip(&declared.templates) {
            let (wants_copies, wants_cached) = (template.for_replication, template.for_cache);
            if let Some(origin) = &places.purpose
                && !(wants_copies && replicates || wants_cached && caches)
            {
                let word = if wants_copies { "replicates" } else { "caches" };
                let message = format!("no strategy {word}: the template `{}` is for nothing", template.prefix);
                out.found(&findings::TEMPLATE_UNUSED, origin, message, "");
                continue;
            }
            let names = || {
                let copied = arrivals.copied.iter().filter(|_| wants_copies);
                copied.chain(arrivals.cached.iter().filter(|_| wants_cached)).map(|(name, _)| &**name)
            };
            let alike: Vec<&str> = names().filter(|name| looks_meant(template, templates, name)).collect();
            let prefix = &template.prefix;
            let beside = format!("{} not below `{prefix}/`", if alike.len() == 1 { "is" } else { "are" });
            if !names().any(|name| decides(template, templates, name)) {
                let message = format!("nothing is created under the template `{prefix}`");
                let label = match alike.is_empty() {
                    true => String::new(),
                    false => format!("{} {beside}", quoted(&alike)),
                };
                out.found(&findings::TEMPLATE_SELECTS_NOTHING, &places.prefix, message, label);
            } else if !alike.is_empty() {
                let message = format!("the template `{prefix}` is not for {}, which {beside}", quoted(&alike));
                out.found(&findings::TEMPLATE_PREFIX, &places.prefix, message, "");
            }
        }
    }
}

/// The templates of an element.
pub fn templates<'a>(look: &Look<'a>, declared: &DeclaredTemplates) -> &'a [CreationTemplate] {
    declared.registries.first().map_or(&[], |id| &look.model.registries[usize::from(id.0)].templates)
}

/// Whether a template decides about a repository.
pub fn decides(template: &CreationTemplate, templates: &[CreationTemplate], name: &str) -> bool {
    template_for(templates, name).is_some_and(|found| std::ptr::eq(found, template))
}

/// Whether a name begins like a template's prefix, is not below it, and has no template that fits it better.
fn looks_meant(template: &CreationTemplate, templates: &[CreationTemplate], name: &str) -> bool {
    let rest = name.strip_prefix(template.prefix.as_str());
    let begins_alike = rest.is_some_and(|rest| !rest.starts_with('/'));
    begins_alike && template_for(templates, name).is_none_or(|other| other.prefix.len() < template.prefix.len())
}

/// What the service creates in the registries of an element.
pub fn arrivals<'a>(look: &'a Look<'_>, declared: &DeclaredTemplates) -> Arrivals<'a> {
    let registries: HashSet<RegistryId> = declared.registries.iter().copied().collect();
    let mut arrivals = Arrivals::default();
    for looked in look.all_rules() {
        if looked.rule.destinations.iter().any(|to| registries.contains(to)) {
            let rename = looked.rule.extension.rename.as_ref();
            arrivals.copied.extend(looked.selection.hits.iter().map(|hit| {
                let name = look.repository(hit.repository).name.as_str();
                (rename.map_or(Cow::Borrowed(name), |to| to.replace("{name}", name).into()), hit.repository)
            }));
        }
    }
    if look.model.strategies.iter().any(|strategy| has_kind(strategy, is_cache)) {
        for cluster in look.model.demand.clusters.iter().filter(|one| registries.contains(&one.registry)) {
            let far = cluster.runs.iter().filter(|id| look.repository(**id).home != cluster.registry);
            arrivals.cached.extend(far.map(|id| (Cow::Borrowed(look.repository(*id).name.as_str()), *id)));
        }
    }
    for list in [&mut arrivals.copied, &mut arrivals.cached] {
        list.sort_unstable();
        list.dedup();
    }
    arrivals
}
