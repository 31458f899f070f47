//! Which image is meant by `REPO:TAG`, `REPO@NUMBER` or `REPO`.
//!
//! Images of a simulation have no digests; each has a number, unique in its trial, that stands for it. A tag that was
//! set several times means the image that was given it last.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;

use super::tenancy::bytes_of;
use super::words::Words;
use crate::demand::RepositoryId;
use crate::engine::journal::Entry;
use crate::engine::run_with_journal;
use crate::formats::did_you_mean;
use crate::registry::Image;
use crate::scenario::Scenario;
use crate::units::Time;

/// Tags named from each end of a repository's pushes, where one is not found.
const NEAR: usize = 3;
/// Images named that held the tag before.
const EARLIER: usize = 5;

/// Which image is explained.
#[derive(Clone, Debug, Serialize)]
pub struct ImageFacts {
    /// Its repository.
    pub repository: String,
    /// The registry where clients push it.
    pub home: String,
    /// The tag by which it was found; `null` = by number, and it has none.
    pub tag: Option<String>,
    /// Its number in the trial, which stands for its digest: `REPO@NUMBER` names it.
    pub number: u32,
    /// When it was first pushed; `null` = never, it came as a part of an index.
    pub pushed: Option<String>,
    /// Compressed bytes of its layers, an index's children included.
    pub bytes: u64,
    /// Layers, an index's children's included.
    pub layers: usize,
    /// Images of an index; 0 = it is none.
    pub platforms: usize,
    /// Of a signature or an SBOM: the number of the image that it is about.
    pub subject: Option<u32>,
    /// How many images were given the tag in the trial, this one included.
    pub holders: u64,
    /// Numbers of those that were given it before: the last five.
    pub earlier: Vec<u32>,
}

/// Why an image cannot be found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No such repository.
    #[error("no repository `{name}`{hint}")]
    Repository {
        /// As typed.
        name: String,
        /// What would be right.
        hint: String,
    },
    /// A digest was typed.
    #[error("images of a simulation have numbers instead of digests: `{repository}@12` is the image with number 12")]
    Digest {
        /// The repository.
        repository: String,
    },
    /// Nothing was pushed under that name.
    #[error("trial {trial} pushes no `{reference}`{hint}")]
    Image {
        /// As typed.
        reference: String,
        /// The trial.
        trial: u64,
        /// What is there, or why it is not.
        hint: String,
    },
}

/// What was typed.
pub(super) struct Wanted {
    repository: RepositoryId,
    name: String,
    which: Which,
}

enum Which {
    Tag(String),
    Number(u32),
    Newest,
}

/// The image.
pub(super) struct Found {
    pub repository: RepositoryId,
    pub image: Arc<Image>,
    pub tag: Option<Arc<str>>,
    /// Images that were given the tag, and the last of those before it.
    holders: u64,
    earlier: Vec<u32>,
}

impl Wanted {
    pub fn parse(scenario: &Scenario, text: &str) -> Result<Wanted, Unknown> {
        let (name, which) = match (text.split_once('@'), text.rsplit_once(':')) {
            (Some((name, number)), _) => {
                let digest = || Unknown::Digest { repository: name.to_string() };
                (name, Which::Number(number.parse().map_err(|_| digest())?))
            }
            (None, Some((name, tag))) => (name, Which::Tag(tag.to_string())),
            (None, None) => (text, Which::Newest),
        };
        let repositories = &scenario.model.demand.repositories;
        match repositories.iter().position(|repository| repository.name == name) {
            Some(index) => Ok(Wanted { repository: RepositoryId(index as u32), name: name.to_string(), which }),
            None => {
                let names = || repositories.iter().map(|repository| repository.name.as_str());
                let near = did_you_mean(name, names());
                let hint = match near.is_empty() {
                    true => format!("; the scenario has {}", some(names(), repositories.len())),
                    false => near,
                };
                Err(Unknown::Repository { name: name.to_string(), hint })
            }
        }
    }
}

/// Some names of many.
fn some<'a>(names: impl Iterator<Item = &'a str>, all: usize) -> String {
    let few: Vec<String> = names.take(2 * NEAR).map(|name| format!("`{name}`")).collect();
    let more = all.saturating_sub(few.len());
    if more > 0 { format!("{} and {more} more", few.join(", ")) } else { few.join(", ") }
}

/// What was heard about the wanted image.
#[derive(Default)]
struct Heard {
    image: Option<Arc<Image>>,
    tag: Option<Arc<str>>,
    holders: u64,
    earlier: VecDeque<u32>,
    /// First tags, last tags, and nearest ones with their distances.
    first: Vec<Arc<str>>,
    last: VecDeque<Arc<str>>,
    near: Vec<(usize, Arc<str>)>,
    refused: Option<&'static str>,
}

/// Runs a trial and finds the image in it.
pub(super) fn find(scenario: &Scenario, wanted: &Wanted, strategy: usize, trial: u64) -> Result<Found, Unknown> {
    let mut heard = Heard::default();
    run_with_journal(&scenario.model, strategy, scenario.run.seed, trial, &mut |_, entry| match entry {
        Entry::Pushed(what) if what.repository == wanted.repository => {
            heard.pushed(&wanted.which, &what.image, what.tag.as_ref());
        }
        Entry::PushRefused { what, cause } if what.repository == wanted.repository => {
            if let (Which::Tag(tag), Some(refused)) = (&wanted.which, &what.tag)
                && **refused == **tag
            {
                heard.refused = Some(cause.name());
            }
        }
        _ => {}
    });
    let Some(image) = heard.image.clone() else { return Err(heard.unknown(wanted, trial)) };
    let Heard { tag, holders, earlier, .. } = heard;
    Ok(Found { repository: wanted.repository, image, tag, holders, earlier: earlier.into() })
}

impl Heard {
    /// Hears of a push.
    fn pushed(&mut self, which: &Which, image: &Arc<Image>, tag: Option<&Arc<str>>) {
        if let Some(tag) = tag {
            self.note(which, tag);
        }
        let is_it = match which {
            Which::Tag(wanted) => tag.is_some_and(|tag| **tag == **wanted),
            Which::Number(number) => image.id == *number,
            Which::Newest => tag.is_some(),
        };
        if !is_it {
            return;
        }
        let is_new = self.image.as_ref().is_none_or(|known| known.id != image.id);
        if is_new {
            self.holders += 1;
            self.earlier.extend(self.image.as_ref().map(|known| known.id));
            while self.earlier.len() > EARLIER {
                self.earlier.pop_front();
            }
            self.image = Some(image.clone());
            self.tag = None;
        }
        // Of several tags of the newest image the first is its own.
        self.tag = self.tag.take().or(tag.cloned());
    }

    fn note(&mut self, which: &Which, tag: &Arc<str>) {
        if self.first.contains(tag) || self.last.contains(tag) {
            return;
        }
        if self.first.len() < NEAR {
            self.first.push(tag.clone());
        } else {
            self.last.push_back(tag.clone());
            if self.last.len() > NEAR {
                self.last.pop_front();
            }
        }
        if let Which::Tag(wanted) = which {
            let distance = strsim::damerau_levenshtein(wanted, tag);
            if !self.near.iter().any(|(_, known)| known == tag) {
                self.near.push((distance, tag.clone()));
                self.near.sort();
                self.near.truncate(NEAR);
            }
        }
    }

    fn unknown(&self, wanted: &Wanted, trial: u64) -> Unknown {
        let reference = match &wanted.which {
            Which::Tag(tag) => format!("{}:{tag}", wanted.name),
            Which::Number(number) => format!("{}@{number}", wanted.name),
            Which::Newest => wanted.name.clone(),
        };
        let quoted = |tags: Vec<&Arc<str>>| {
            let tags: BTreeSet<String> = tags.into_iter().map(|tag| format!("`{tag}`")).collect();
            tags.into_iter().collect::<Vec<_>>().join(", ")
        };
        let hint = match (self.refused, self.first.is_empty()) {
            (Some(cause), _) => format!("; its push was refused: {cause}"),
            (None, true) => "; nothing with a tag is pushed to that repository".to_string(),
            (None, false) => {
                let ends: Vec<&Arc<str>> = self.first.iter().chain(&self.last).collect();
                let allowed = if let Which::Tag(tag) = &wanted.which { (tag.len() / 3).clamp(1, 3) } else { 0 };
                let near: Vec<&Arc<str>> =
                    self.near.iter().filter(|(distance, _)| *distance <= allowed).map(|(_, tag)| tag).collect();
                let first: Vec<String> = ends.iter().map(|tag| format!("`{tag}`")).collect();
                let dots = if self.last.is_empty() {
                    first.join(", ")
                } else {
                    format!("{}, .., {}", first[..NEAR].join(", "), first[NEAR..].join(", "))
                };
                match near.is_empty() {
                    true => format!("; its tags are {dots}"),
                    false => format!(", did you mean {}? Its tags are {dots}", quoted(near)),
                }
            }
        };
        Unknown::Image { reference, trial, hint }
    }
}

impl Found {
    pub fn facts(&self, scenario: &Scenario, pushed: Option<Time>) -> ImageFacts {
        let words = Words::new(scenario);
        let repository = &scenario.model.demand.repositories[self.repository.0 as usize];
        ImageFacts {
            repository: repository.name.clone(),
            home: words.place(repository.home),
            tag: self.tag.as_deref().map(str::to_string),
            number: self.image.id,
            pushed: pushed.map(|at| words.moment(at)),
            bytes: bytes_of(&self.image),
            layers: self.image.all_layers().len(),
            platforms: self.image.children.len(),
            subject: self.image.subject,
            holders: if self.tag.is_some() { self.holders } else { 1 },
            earlier: self.earlier.clone(),
        }
    }
}
