//! Which image is meant by `REPO:TAG`, `REPO@NUMBER`, `REPO@DIGEST` or `REPO`.
//!
//! Each image of a simulation has a number, unique in its trial, and the digest that events are told with. A tag that
//! was set several times means the image that was given it last.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
use crate::study::digests::digest;
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
    /// The digest under which `run --events` tells of it in this trial.
    pub digest: String,
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
    /// How many times the tag was given to another image than the one that had it, this one's time included.
    pub holders: u64,
    /// Numbers of those that had it before this one: the last five.
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
    /// What follows the `@` is neither a number nor a digest.
    #[error("`{repository}@12` is the image with number 12; a digest is `sha256:` and 64 small hexadecimal digits")]
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
    Digest(String),
    Newest,
}

/// The image.
pub(super) struct Found {
    pub repository: RepositoryId,
    pub image: Arc<Image>,
    pub tag: Option<Arc<str>>,
    digest: String,
    /// Images that were given the tag, and the last of those before it.
    holders: u64,
    earlier: Vec<u32>,
}

impl Wanted {
    pub fn parse(scenario: &Scenario, text: &str) -> Result<Wanted, Unknown> {
        let (name, which) = match (text.split_once('@'), text.rsplit_once(':')) {
            (Some((name, digest)), _) if is_digest(digest) => (name, Which::Digest(digest.to_string())),
            (Some((name, number)), _) => {
                let neither = || Unknown::Digest { repository: name.to_string() };
                (name, Which::Number(number.parse().map_err(|_| neither())?))
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

fn is_digest(text: &str) -> bool {
    let small_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(small_hex))
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
    /// Of each tag, who was given it.
    held: BTreeMap<Arc<str>, Held>,
    /// Who had the image's tag before it.
    earlier: VecDeque<u32>,
    /// First tags, last tags, and nearest ones with their distances.
    first: Vec<Arc<str>>,
    last: VecDeque<Arc<str>>,
    near: Vec<(usize, Arc<str>)>,
    refused: Option<&'static str>,
}

/// Who was given a tag.
#[derive(Default)]
struct Held {
    /// How many times another image was given it.
    holders: u64,
    /// The last of them: the one that has it now, and [`EARLIER`] before it.
    last: VecDeque<u32>,
}

/// Runs a trial and finds the image in it.
pub(super) fn find(scenario: &Scenario, wanted: &Wanted, strategy: usize, trial: u64) -> Result<Found, Unknown> {
    let mut heard = Heard::default();
    run_with_journal(&scenario.model, strategy, scenario.run.seed, trial, &mut |_, entry| match entry {
        Entry::Pushed(what) if what.repository == wanted.repository => {
            let is_it = match &wanted.which {
                Which::Tag(wanted) => what.tag.as_ref().is_some_and(|tag| **tag == **wanted),
                Which::Number(number) => what.image.id == *number,
                Which::Digest(wanted) => digest(scenario.run.seed, trial, what.image.id) == *wanted,
                Which::Newest => what.tag.is_some(),
            };
            heard.pushed(&wanted.which, is_it, &what.image, what.tag.as_ref());
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
    let Heard { tag, held, earlier, .. } = heard;
    let holders = tag.as_ref().and_then(|tag| held.get(tag)).map_or(1, |held| held.holders);
    let digest = digest(scenario.run.seed, trial, image.id);
    Ok(Found { repository: wanted.repository, image, tag, digest, holders, earlier: earlier.into() })
}

impl Heard {
    /// Hears of a push.
    fn pushed(&mut self, which: &Which, is_it: bool, image: &Arc<Image>, tag: Option<&Arc<str>>) {
        if let Some(tag) = tag {
            self.note(which, tag);
            let held = self.held.entry(tag.clone()).or_default();
            if held.last.back() != Some(&image.id) {
                held.holders += 1;
                held.last.push_back(image.id);
                if held.last.len() > EARLIER + 1 {
                    held.last.pop_front();
                }
            }
        }
        if !is_it {
            return;
        }
        if self.image.as_ref().is_none_or(|known| known.id != image.id) {
            self.image = Some(image.clone());
            self.tag = None;
        }
        // Of several tags of the image the first is its own.
        if let (None, Some(tag)) = (&self.tag, tag) {
            self.tag = Some(tag.clone());
            let before = self.held.get(tag).into_iter().flat_map(|held| &held.last);
            self.earlier = before.copied().filter(|number| *number != image.id).collect();
        }
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
            Which::Digest(digest) => format!("{}@{digest}", wanted.name),
            Which::Newest => wanted.name.clone(),
        };
        let quoted = |tags: Vec<&Arc<str>>| {
            let tags: BTreeSet<String> = tags.into_iter().map(|tag| format!("`{tag}`")).collect();
            tags.into_iter().collect::<Vec<_>>().join(", ")
        };
        let hint = match (self.refused, self.first.is_empty()) {
            (Some(cause), _) => format!("; its push was refused: {cause}"),
            (None, _) if matches!(wanted.which, Which::Digest(_)) => {
                "; digests are made from the seed, the trial and the image: give those of the run that told it"
                    .to_string()
            }
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
            digest: self.digest.clone(),
            pushed: pushed.map(|at| words.moment(at)),
            bytes: bytes_of(&self.image),
            layers: self.image.all_layers().len(),
            platforms: self.image.children.len(),
            subject: self.image.subject,
            holders: self.holders,
            earlier: self.earlier.clone(),
        }
    }
}
