//! What clients take away: a tag, an image, its place in the standard class.

use super::{Refused, Repository};
use crate::units::Time;

/// What taking a tag away came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untagged {
    /// The image, by id, has other tags and stays.
    TagOnly(u32),
    /// It was the last tag, so the image, by id, is deleted (A43).
    Image(u32),
}

impl Repository {
    /// Takes a tag away, and with the last one the image (A42, A43).
    ///
    /// # Errors
    /// [`Refused::NoSuchTag`]; [`Refused::NeededByIndex`] when the image would go and an index here lists it (B20).
    pub fn untag(&mut self, tag: &str) -> Result<Untagged, Refused> {
        let place = self.place_of(tag).ok_or(Refused::NoSuchTag)?;
        let held = self.shelf.get(place).ok_or(Refused::NoSuchTag)?;
        let image = held.image.id;
        if held.tags.as_slice().len() > 1 {
            self.drop_tag(place, tag);
            return Ok(Untagged::TagOnly(image));
        }
        self.delete(image)?;
        Ok(Untagged::Image(image))
    }

    /// Deletes an image by its digest, with all its tags (A44). The children of an index stay; so does an archived
    /// image's minimum charge, which is the caller's to count (C5).
    ///
    /// # Errors
    /// [`Refused::NoSuchImage`]; [`Refused::NeededByIndex`] when an index here, of either class, lists it (B20).
    pub fn delete(&mut self, image: u32) -> Result<(), Refused> {
        if let Some(&index) = self.kin.indexes_of(image).first().filter(|_| self.contains(image)) {
            return Err(Refused::NeededByIndex { index });
        }
        self.take_out(image).map(|_| ()).ok_or(Refused::NoSuchImage)
    }

    /// Moves an image to the archive; an index takes its children along where no other standard index needs them. An
    /// image that is archived already stays as it is, with its moment.
    ///
    /// # Errors
    /// [`Refused::NoSuchImage`]; [`Refused::NeededByIndex`] when an index of the standard class lists it (B20).
    pub fn archive(&mut self, at: Time, image: u32) -> Result<(), Refused> {
        if !self.contains(image) {
            return Err(Refused::NoSuchImage);
        }
        if let Some(index) = self.standard_index_of(image) {
            return Err(Refused::NeededByIndex { index });
        }
        self.put_away(at, image);
        Ok(())
    }

    /// Brings an image back from the archive, an index with its children; it counts as pushed now where images are
    /// ranked by age (B19). A standard image stays as it is. How long it takes (C6) is the caller's to say.
    ///
    /// # Errors
    /// [`Refused::NoSuchImage`]; [`Refused::ChildMissing`] when the lifecycle policy took a child of an archived index.
    pub fn restore(&mut self, at: Time, image: u32) -> Result<(), Refused> {
        let held = self.image(image).ok_or(Refused::NoSuchImage)?;
        if let Some(child) = self.missing_child(held) {
            return Err(Refused::ChildMissing { child });
        }
        self.bring_back(at, image);
        Ok(())
    }

    /// A clean-up job removes an image and its tags, an index with the untagged children that no other index lists; the
    /// answer is the bytes that no other image here needs, or `None` when there is no such image or an index needs it.
    pub fn remove(&mut self, image: u32) -> Option<u64> {
        if !self.kin.indexes_of(image).is_empty() {
            return None;
        }
        let (held, mut freed) = self.take_out(image)?;
        for child in &held.image.children {
            let place = self.places.get(child.id);
            let is_untagged =
                place.and_then(|place| self.shelf.get(place)).is_some_and(|child| child.tags.as_slice().is_empty());
            if is_untagged {
                freed += self.remove(child.id).unwrap_or_default();
            }
        }
        Some(freed)
    }
}
