//! How far the copies of each image are, as the source would answer (A60, A61).

use std::collections::BTreeMap;

use crate::cloud::RegistryId;
use crate::demand::RepositoryId;
use crate::engine::Cause;

/// An image in a repository of a registry.
pub type Place = (RegistryId, RepositoryId, u32);

/// Copies to one destination: of every tag of the image, and again after each push.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Where to.
    pub to: RegistryId,
    /// Ordered, and neither arrived nor failed.
    under_way: u32,
    /// How the last one that ended did.
    last: Option<Cause>,
}

impl Destination {
    /// The service's word, and why it failed.
    pub fn status(&self) -> (&'static str, Option<&'static str>) {
        match self.last {
            _ if self.under_way > 0 => ("IN_PROGRESS", None),
            None => ("COMPLETE", None),
            Some(cause) => ("FAILED", Some(cause.name())),
        }
    }
}

/// The statuses of every image that is at a source; what is gone there cannot be asked for.
#[derive(Default)]
pub struct Statuses {
    images: BTreeMap<Place, Vec<Destination>>,
}

impl Statuses {
    /// A copy is ordered. Returns the image's statuses when they change.
    pub fn ordered(&mut self, image: Place, to: RegistryId) -> Option<&[Destination]> {
        let destinations = self.images.entry(image).or_default();
        let index = destinations.iter().position(|destination| destination.to == to).unwrap_or_else(|| {
            destinations.push(Destination { to, under_way: 0, last: None });
            destinations.len() - 1
        });
        destinations[index].under_way += 1;
        (destinations[index].under_way == 1).then_some(destinations)
    }

    /// A copy has arrived, or failed. Returns the image's statuses when they change.
    pub fn ended(&mut self, image: Place, to: RegistryId, failed: Option<Cause>) -> Option<&[Destination]> {
        let destinations = self.images.get_mut(&image)?;
        let destination = destinations.iter_mut().find(|destination| destination.to == to)?;
        destination.under_way = destination.under_way.saturating_sub(1);
        destination.last = failed;
        (destination.under_way == 0).then_some(destinations)
    }

    /// An image went from a registry.
    pub fn gone(&mut self, image: Place) {
        self.images.remove(&image);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(destinations: Option<&[Destination]>) -> Vec<(u16, &'static str, Option<&'static str>)> {
        let each = |destination: &Destination| {
            let (status, code) = destination.status();
            (destination.to.0, status, code)
        };
        destinations.unwrap_or_default().iter().map(each).collect()
    }

    #[test]
    fn an_image_is_in_progress_until_the_last_of_its_tags_has_arrived() {
        let image = (RegistryId(0), RepositoryId(3), 7);
        let (east, west) = (RegistryId(1), RegistryId(2));
        let mut statuses = Statuses::default();
        assert_eq!(told(statuses.ordered(image, east)), [(1, "IN_PROGRESS", None)]);
        assert!(statuses.ordered(image, east).is_none(), "a second tag changes nothing");
        assert_eq!(told(statuses.ordered(image, west)), [(1, "IN_PROGRESS", None), (2, "IN_PROGRESS", None)]);
        assert!(statuses.ended(image, east, None).is_none());
        assert_eq!(told(statuses.ended(image, east, None)), [(1, "COMPLETE", None), (2, "IN_PROGRESS", None)]);
        let failed = told(statuses.ended(image, west, Some(Cause::NotAllowed)));
        assert_eq!(failed, [(1, "COMPLETE", None), (2, "FAILED", Some("not-allowed"))]);
        assert_eq!(told(statuses.ordered(image, west))[1], (2, "IN_PROGRESS", None), "a new push asks again");
    }

    #[test]
    fn what_is_gone_at_the_source_has_no_status() {
        let image = (RegistryId(0), RepositoryId(0), 1);
        let mut statuses = Statuses::default();
        statuses.ordered(image, RegistryId(1));
        statuses.gone(image);
        assert!(statuses.ended(image, RegistryId(1), None).is_none());
    }
}
