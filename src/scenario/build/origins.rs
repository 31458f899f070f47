//! Where the parts of the model are written, for the review.

use std::collections::HashMap;

use super::clusters::Clusters;
use super::repositories::Estate;
use super::strategies::Strategies;
use crate::cloud::RegistryId;
use crate::scenario::review::{DeclaredTemplates, Origins, TemplateOrigins};
use crate::scenario::tree::{Node, Origin};
use crate::scenario::values::{Reading, elements, one_or_many};

/// Gathers the places of a scenario in which nothing is wrong.
pub fn origins(
    r: &mut Reading<'_>,
    root: &Node,
    estate: &Estate,
    clusters: &Clusters,
    strategies: &mut Strategies,
) -> Origins {
    let lifecycles: HashMap<&Origin, &Origin> = elements(root, "repositories")
        .into_iter()
        .filter_map(|element| Some((&element.get("name")?.origin, &element.get("lifecycle")?.origin)))
        .collect();
    let repository = |origin| lifecycles.get(origin).map_or(origin, |lifecycle| *lifecycle).clone();
    Origins {
        regions: r.places.region_origins.clone(),
        repositories: estate.origins.iter().map(repository).collect(),
        clusters: clusters.origins.clone(),
        strategies: strategies.origins.clone(),
        rules: std::mem::take(&mut strategies.rules),
        templates: templates(r, root),
    }
}

/// The templates of each element of `registries`, with the registries that have them: of several elements the last counts.
fn templates(r: &mut Reading<'_>, root: &Node) -> Vec<DeclaredTemplates> {
    let mut declared: Vec<DeclaredTemplates> = Vec::new();
    let mut last: HashMap<RegistryId, usize> = HashMap::new();
    for element in elements(root, "registries") {
        let (Some(registry), Some(list)) = (element.get("registry"), element.get("templates")) else { continue };
        for wanted in r.registries(registry) {
            last.insert(wanted.registry, declared.len());
        }
        let templates = one_or_many(list).iter().map(|template| TemplateOrigins {
            prefix: template.get("prefix").map_or(&template.origin, |node| &node.origin).clone(),
            lifecycle: template.get("lifecycle").map(|node| node.origin.clone()),
            purpose: template.get("for").map(|node| node.origin.clone()),
        });
        declared.push(DeclaredTemplates { registries: Vec::new(), templates: templates.collect() });
    }
    for (registry, index) in last {
        declared[index].registries.push(registry);
    }
    declared.iter_mut().for_each(|one| one.registries.sort_unstable());
    declared
}
