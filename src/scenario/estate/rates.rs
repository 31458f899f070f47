//! Numbers of a scenario out of an export: sizes, push rates, pull rates.

use std::collections::BTreeMap;

use super::DAY;
use super::homes::{Home, pulled};
use crate::formats::account::{Export, Image, Repository};

/// How far back pushes are counted.
const WINDOW: i64 = 30 * DAY;

/// How often a repository is pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pushes {
    /// So many pushes in so many seconds.
    Rate { count: usize, seconds: i64, how: String },
    /// None lately.
    None,
}

/// The newest second that an export knows of.
pub(super) fn now(export: &Export) -> i64 {
    let repositories = export.registries.iter().flat_map(|registry| &registry.repositories);
    let images = repositories.flat_map(|repository| &repository.images);
    let seen = images.flat_map(|image| [Some(image.pushed()), image.pulled()]).flatten();
    let counted = export.registries.iter().filter_map(|registry| registry.pulls.as_ref());
    seen.chain(counted.map(|pulls| pulls.start + pulls.seconds)).max().unwrap_or_default()
}

/// The images that are versions: not what is about another image, nor, where there are indexes, their untagged parts.
pub(super) fn versions(repository: &Repository) -> Vec<&Image> {
    let has_indexes = repository.images.iter().any(Image::is_index);
    let is_part = |image: &Image| has_indexes && image.tags.is_empty() && !image.is_index();
    repository.images.iter().filter(|image| !image.is_attachment() && !is_part(image)).collect()
}

/// The median size of tagged versions, the larger of two in the middle, and of what it is; of untagged ones if none
/// has a tag.
pub(super) fn median_size(versions: &[&Image]) -> Option<(u64, String)> {
    let sizes = |of: &dyn Fn(&Image) -> bool| {
        let mut sizes: Vec<u64> =
            versions.iter().filter(|image| image.bytes > 0 && of(image)).map(|image| image.bytes).collect();
        sizes.sort_unstable();
        sizes
    };
    let tagged = sizes(&|image| !image.tags.is_empty());
    let (sizes, which) = if tagged.is_empty() { (sizes(&|_| true), "untagged") } else { (tagged, "tagged") };
    let median = sizes.get(sizes.len() / 2)?;
    Some((*median, format!("{} {which} image{}", sizes.len(), if sizes.len() == 1 { "" } else { "s" })))
}

/// Pushes in the last 30 days. Where the oldest image there is younger than that (the repository is new, or a lifecycle
/// policy has taken what was before), the others came in the time since.
pub(super) fn pushes(repository: &Repository, versions: &[&Image], now: i64) -> Pushes {
    let from = now - WINDOW;
    let oldest = versions.iter().map(|image| image.pushed()).min();
    let recent = versions.iter().filter(|image| image.pushed() > from).count();
    match oldest {
        Some(oldest) if oldest > from && recent > 1 && now > oldest => Pushes::Rate {
            count: recent - 1,
            seconds: now - oldest,
            how: format!("{} pushes in {:.1} days since the oldest image there", recent - 1, days(now - oldest)),
        },
        _ if recent == 0 => Pushes::None,
        _ => {
            // One image, or a window that is full.
            let since = repository.created.filter(|created| *created > from && *created + DAY < now).unwrap_or(from);
            let how = format!("{recent} pushed in the last {:.1} days", days(now - since));
            Pushes::Rate { count: recent, seconds: now - since, how }
        }
    }
}

fn days(seconds: i64) -> f64 {
    seconds as f64 / DAY as f64
}

/// A template of the shape that most tags have, and how many of how many: what is before the number, then the number.
/// Lifecycle rules select by such prefixes.
pub(super) fn tag_template(versions: &[&Image]) -> Option<(String, String)> {
    let mut shapes: BTreeMap<&str, usize> = BTreeMap::new();
    let tags = || versions.iter().flat_map(|image| &image.tags);
    for tag in tags().filter(|tag| tag.bytes().any(|b| b.is_ascii_digit())) {
        let head = &tag[..tag.find(|c: char| c.is_ascii_digit()).unwrap_or_default()];
        let prefix = match head.rfind(['-', '_', '.']) {
            Some(at) => &head[..=at],
            // `v1` is a version, `a1b2c3d` a commit.
            None if head == "v" => head,
            None => "",
        };
        *shapes.entry(prefix).or_default() += 1;
    }
    let (prefix, count) = shapes.into_iter().max_by_key(|(prefix, count)| (*count, std::cmp::Reverse(*prefix)))?;
    Some((format!("{prefix}{{n}}"), format!("{count} of {}", tags().count())))
}

/// Pulls of a repository a day, over all registries that have it.
pub(super) fn pulls_a_day(export: &Export, home: &Home) -> f64 {
    let here = std::iter::once(home.registry).chain(home.copies.iter().copied());
    let rate = here.filter_map(|at| {
        let pulls = export.registries[at].pulls.as_ref()?;
        Some(pulls.counts.get(&home.original).copied()? as f64 / days(pulls.seconds))
    });
    // To a millionth: weights are shares, not counts.
    (rate.sum::<f64>() * 1e6).round() / 1e6
}

/// Pulls on record in a registry, by home.
pub(super) fn pulled_here(export: &Export, homes: &[Home], registry: usize) -> Vec<(usize, u64)> {
    let counts = export.registries[registry].pulls.iter().flat_map(|pulls| &pulls.counts);
    let found = counts.filter_map(|(name, count)| Some((pulled(homes, registry, name)?, *count)));
    let mut found: Vec<(usize, u64)> = found.collect();
    found.sort_unstable();
    found
}

/// Percent of a registry's pulls that weights over all registries give to other repositories than its record does.
pub(super) fn misdrawn(export: &Export, homes: &[Home], here: &[(usize, u64)]) -> f64 {
    let weights: Vec<f64> = here.iter().map(|(home, _)| pulls_a_day(export, &homes[*home])).collect();
    let weight: f64 = weights.iter().sum();
    let total: u64 = here.iter().map(|(_, count)| *count).sum();
    let gap = |((_, count), own): (&(usize, u64), &f64)| (*count as f64 / total as f64 - own / weight).abs();
    50.0 * here.iter().zip(&weights).map(gap).sum::<f64>()
}
