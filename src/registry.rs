//! Amazon ECR's semantics as a state machine: repositories, images, layers, tags, replication rules, lifecycle.
//!
//! It can be tested with no engine: every operation takes the moment it happens at, and nothing in here waits, draws
//! random numbers or knows a price. Facts are cited by the numbers under which the manual restates them (A1, B10, ..).

use crate::cloud::RegistryId;

mod patterns;

pub use patterns::{Patterns, glob};

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
}

/// One rule of a replication configuration (fact A2).
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicationRule {
    /// Destinations, without the source itself.
    pub destinations: Vec<RegistryId>,
    /// Repository-name prefixes; none = every repository (A12, A13, A14).
    pub prefixes: Vec<String>,
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
    /// Tags for which the opposite holds.
    pub except: Patterns,
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

/// One lifecycle rule; its action is to expire.
#[derive(Clone, Debug, PartialEq)]
pub struct LifecycleRule {
    /// Lower is applied first; unique.
    pub priority: u32,
    /// Which images it sees.
    pub selection: Selection,
    /// When it acts on them.
    pub count: Count,
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
}
