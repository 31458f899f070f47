//! Amazon ECR's semantics as a state machine: repositories, images, layers, tags, replication rules, lifecycle.
//!
//! It can be tested with no engine: every operation takes the moment it happens at, and nothing in here waits, draws
//! random numbers or knows a price. Facts are cited by the numbers under which the manual restates them (A1, B10, ..).
//!
//! What happens in a registry, and where it is:
//!
//! | question | answer |
//! |---|---|
//! | what is in a repository after a push, an arriving copy, an edit, a run of its lifecycle policy? | [`Repository`] |
//! | which images does a policy act on? | [`LifecyclePolicy::acts_on`] |
//! | what would the service refuse in a policy? | [`LifecyclePolicy::problems`] |
//! | which layers are there, and how many images hold each? | [`Holders`] |
//! | who is charged for a layer that repositories share? | [`Mounts`] |
//! | where does a pushed image go, by which rule, and what would the service refuse? | [`rules`], [`filter`] |
//! | with what settings does a repository start? | [`RegistrySettings::home`], [`RegistrySettings::created`] |
//! | does a quota let a call through? | [`Quota`] |
//! | what may things be called? | [`names`], [`Patterns`] |
//!
//! ```
//! # use std::sync::Arc;
//! # use replisim::registry::{Image, Layer, LifecyclePolicy, Mutability, Repository};
//! # use replisim::units::{DAY, Span, Time};
//! let mut repository = Repository::new(Mutability::mutable(), Some(LifecyclePolicy::keep(1)));
//! let version = |id| {
//!     let layers = vec![Layer { id: 0, bytes: 100 }, Layer { id, bytes: 20 }];
//!     Arc::new(Image::new(id, layers, 2.6))
//! };
//! repository.push(Time(0), &version(1), "v1")?;
//! let stored = repository.push(Time(DAY), &version(2), "v2")?;
//! assert_eq!(stored.bytes_added, 20); // the other layer was there
//! let mut acted = Vec::new();
//! repository.apply_lifecycle(Time(2 * DAY), Span(DAY), &mut acted);
//! assert_eq!(acted.iter().map(|acted| acted.image.id).collect::<Vec<_>>(), [1]);
//! assert_eq!(repository.stored_bytes(), 120);
//! # Ok::<(), replisim::registry::Refused>(())
//! ```

use std::sync::Arc;

use crate::cloud::RegistryId;

pub mod backfill;
pub mod filter;
pub mod names;
pub mod policy;
pub mod quota;
pub mod rules;
mod hash;
mod holders;
mod kin;
mod layers;
mod lifecycle;
mod mounts;
mod patterns;
mod places;
mod problems;
mod pulls;
mod repository;
mod shelf;
mod tags;
mod template;

pub use filter::{PrefixError, validate_pattern, validate_prefix};
pub use holders::Holders;
pub use lifecycle::Candidate;
pub use mounts::{Charge, Mounts};
pub use patterns::{Patterns, glob};
pub use places::Places;
pub use policy::{Denial, RegistryPolicy};
pub use problems::LifecycleProblem;
pub use quota::Quota;
pub use repository::{Acted, Refused, Repository, Stored, Untagged};
pub use rules::{Reached, RuleProblem, Selected, copies, destinations, selected_by};
pub use tags::Tag;
pub use template::{CreatedBy, RepositorySettings, template_for};

/// A layer: a compressed blob. Two layers of one id are the same blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Stands for the digest; dense within a trial.
    pub id: u32,
    /// Compressed bytes.
    pub bytes: u64,
}

/// An image: one manifest digest.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Stands for the manifest digest; dense within a trial, in order of creation.
    pub id: u32,
    /// Layers, bottom first, each at most once.
    pub layers: Vec<Layer>,
    /// Uncompressed bytes over compressed ones.
    pub compression: f64,
    /// Of an index (manifest list): one image per platform, the one that nodes pull first. An index has no layers of
    /// its own (A23).
    pub children: Vec<Arc<Image>>,
    /// Of a signature or an SBOM: the image that it is about, by id (A24).
    pub subject: Option<u32>,
}

impl Image {
    /// A plain image.
    pub fn new(id: u32, layers: Vec<Layer>, compression: f64) -> Image {
        Image { id, layers, compression, children: Vec::new(), subject: None }
    }

    /// What a node downloads and unpacks: the image itself, or an index's child for the node's platform.
    pub fn pulled(&self) -> &Image {
        self.children.first().map_or(self, Arc::as_ref)
    }

    /// All layers that a copy brings: its own and its children's, each at most once.
    pub fn all_layers(&self) -> Vec<Layer> {
        let mut all = self.layers.clone();
        for layer in self.children.iter().flat_map(|child| &child.layers) {
            if !all.iter().any(|other| other.id == layer.id) {
                all.push(*layer);
            }
        }
        all
    }
}

/// How an image is stored (B4, C3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StorageClass {
    /// Can be pulled.
    #[default]
    Standard,
    /// Must be restored first (C6).
    Archive,
}

/// One rule of a replication configuration (fact A2).
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicationRule {
    /// Destinations, without the source itself.
    pub destinations: Vec<RegistryId>,
    /// Repository-name prefixes; none = every repository (A12, A13, A14).
    pub prefixes: Vec<String>,
    /// Deletions at the source are carried out at the destinations too (A41).
    pub deletes: bool,
    /// What the service cannot do (A16, A28): only in scenarios that ask for it by name.
    pub extension: Extension,
}

/// Powers of a rule that the service lacks; the default is none of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extension {
    /// Only these tags (`tag-filter`).
    pub tags: Option<Patterns>,
    /// Only tagged, or only untagged images (`status-filter`).
    pub tagged: Option<bool>,
    /// Not these repositories (`exclude-filter`).
    pub except: Option<Patterns>,
    /// The repository's name at the destination, with a hole `{name}` (`rename`).
    pub rename: Option<String>,
    /// `*` in a prefix is any run of characters (`wildcard-filter`).
    pub wildcards: bool,
}

/// Settings of a registry.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistrySettings {
    /// Tag mutability of repositories pushed to or created here (A39).
    pub mutability: Mutability,
    /// Mutability of repositories whose home this is and that set their own, by full name, sorted by name.
    pub home_mutability: Vec<(String, Mutability)>,
    /// Settings of repositories that the service creates here; longest prefix wins (A38).
    pub templates: Vec<CreationTemplate>,
    /// Lifecycle policy of each repository whose home this is, by its full name, sorted by name.
    pub lifecycle: Vec<(String, LifecyclePolicy)>,
    /// Whether layers are shared between repositories (A74, A75).
    pub blob_mounting: bool,
    /// What arriving images are charged for.
    pub scanning: Scanning,
    /// What other accounts may do here (A31 to A35).
    pub policy: RegistryPolicy,
    /// Whether the account has enabled the region (A37).
    pub region_enabled: bool,
    /// Names of repositories that are there from the start, empty.
    pub repositories: Vec<String>,
}

impl Default for RegistrySettings {
    /// A registry as the service sets it up, that lets every account copy into it.
    fn default() -> Self {
        RegistrySettings {
            mutability: Mutability::mutable(),
            home_mutability: Vec::new(),
            templates: Vec::new(),
            lifecycle: Vec::new(),
            blob_mounting: false,
            scanning: Scanning::None,
            policy: RegistryPolicy::Open,
            region_enabled: true,
            repositories: Vec::new(),
        }
    }
}

/// A repository creation template (A38).
#[derive(Clone, Debug, PartialEq)]
pub struct CreationTemplate {
    /// `ROOT`, or a prefix with an implied `/` at its end.
    pub prefix: String,
    /// Mutability of repositories made from it; `None` = mutable.
    pub mutability: Option<Mutability>,
    /// Lifecycle policy of repositories made from it.
    pub lifecycle: Option<LifecyclePolicy>,
    /// Applied to repositories that replication makes.
    pub for_replication: bool,
    /// Applied to repositories that a pull-through cache makes.
    pub for_cache: bool,
}

/// Whether a tag may move (A26, A27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutability {
    /// Tags stay on their image.
    pub immutable: bool,
    /// Tags for which the opposite holds; the service takes up to [`Mutability::EXCEPT_MAX`] patterns.
    pub except: Patterns,
}

impl Mutability {
    /// Patterns of exceptions that the service takes (A27).
    pub const EXCEPT_MAX: usize = 5;

    /// Every tag may move (the service's default, A39).
    pub fn mutable() -> Mutability {
        Mutability { immutable: false, except: Patterns(Vec::new()) }
    }

    /// No tag may move.
    pub fn immutable() -> Mutability {
        Mutability { immutable: true, except: Patterns(Vec::new()) }
    }

    /// Whether this tag stays on its image.
    pub fn freezes(&self, tag: &str) -> bool {
        self.immutable != self.except.matches(tag)
    }
}

/// Image scanning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanning {
    /// None.
    None,
    /// Free.
    Basic,
    /// Charged for each image that arrives (C9).
    Enhanced,
}

/// A lifecycle policy: rules in order of priority.
#[derive(Clone, Debug, PartialEq)]
pub struct LifecyclePolicy {
    /// Ascending in priority.
    pub rules: Vec<LifecycleRule>,
}

/// One lifecycle rule.
#[derive(Clone, Debug, PartialEq)]
pub struct LifecycleRule {
    /// Lower is applied first; unique.
    pub priority: u32,
    /// Which images it sees.
    pub selection: Selection,
    /// Of which storage class (B4).
    pub class: StorageClass,
    /// When it acts on them.
    pub count: Count,
    /// What it does with them (B5).
    pub action: LifecycleAction,
}

impl LifecycleRule {
    /// A rule that expires images of the standard class.
    pub fn expire(priority: u32, selection: Selection, count: Count) -> LifecycleRule {
        LifecycleRule { priority, selection, class: StorageClass::Standard, count, action: LifecycleAction::Expire }
    }
}

/// What a lifecycle rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifecycleAction {
    /// Deletes.
    Expire,
    /// Moves to the archive class.
    Archive,
}

/// Which images a lifecycle rule sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// Images without a tag.
    Untagged,
    /// All.
    Any,
    /// Images that, for each entry, have some tag that starts so (B14).
    Prefixes(Vec<String>),
    /// Images that, for each entry, have some tag that matches the pattern (B3, B14).
    Patterns(Vec<Patterns>),
}

/// When a lifecycle rule acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// On all but the so many youngest (B15).
    MoreThan(u32),
    /// So many days after the push (B16).
    DaysSincePush(u32),
    /// So many days after the last recorded pull (B17).
    DaysSincePull(u32),
    /// So many days after it was archived (B18).
    DaysSinceTransition(u32),
}

/// Room that a full list of so many takes on. Repositories are many and small, so that doubling would waste half of what they
/// take; a large one still moves each of its items only so often.
fn room_for_more(items: usize) -> usize {
    8 + items / 16
}

/// Property tests of this room: so many cases, always the same ones.
#[cfg(test)]
fn fixed(cases: u32) -> proptest::test_runner::Config {
    use proptest::test_runner::{Config, RngSeed};
    Config { rng_seed: RngSeed::Fixed(20260105), failure_persistence: None, ..Config::with_cases(cases) }
}
