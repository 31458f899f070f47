//! Who pushes and pulls what, and when.
//!
//! Demand is drawn before any strategy looks at it: every strategy of a trial sees the same pushes and the same
//! requests (time, node, reference). Nothing in here depends on how an image reaches a cluster, on money, or on the
//! network. Calendars and time zones are gone by now: opening hours are an [`Intensity`], schedules are lists of times.
//!
//! This file says what is asked for (plain data from the scenario); [`Source`] draws it, one [`Occurrence`] after the
//! other, in order of time; [`NodeCacheState`] is what a node keeps of what it pulled.

mod assignment;
mod books;
mod cache;
mod cluster;
mod fleet;
mod image;
mod occurrence;
mod publisher;
mod repository;
mod source;
mod tag;
mod versions;

pub use cache::{Found, Kept, NodeCacheState};
pub use image::{MOST_BYTES, MOST_LAYERS};
pub use occurrence::{Asked, Digest, Edit, EditKind, Fingerprint, Occurrence, Push, Request, Warm};
pub use source::{PullAtRate, Source, Stage, Until};

use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::registry::Patterns;
use crate::sim::{EntityKey, Intensity, Law};
use crate::units::{Bandwidth, Span, Time};

/// A repository, as an index into [`Demand::repositories`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryId(pub u32);

/// A cluster, as an index into [`Demand::clusters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub u16);

/// Everything that is asked for.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// Repositories, members of a `count` spelt out, in file order.
    pub repositories: Vec<Repository>,
    /// Shared base images.
    pub bases: Vec<Base>,
    /// Clusters, members of `registries` spelt out, in file order.
    pub clusters: Vec<Cluster>,
}

/// A repository and what is pushed to it.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Full name.
    pub name: String,
    /// For random streams.
    pub key: EntityKey,
    /// Home: where clients push.
    pub home: RegistryId,
    /// What its images look like.
    pub image: ImageLaw,
    /// When versions appear.
    pub pushes: Pushes,
    /// Versions per push event; at least 1.
    pub batch: Law,
    /// The versions of a batch are spread evenly over this.
    pub batch_within: Span,
    /// How versions are named.
    pub tags: Tags,
    /// Where versions go next.
    pub promotions: Vec<Promotion>,
    /// Versions at home when the run starts.
    pub existing: u32,
    /// Distance between the pushes of existing versions, before the start.
    pub existing_gap: Span,
    /// Popularity factor in clusters.
    pub weight: f64,
}

/// A shared base image.
#[derive(Clone, Debug)]
pub struct Base {
    /// Name in the scenario.
    pub name: String,
    /// For random streams.
    pub key: EntityKey,
    /// Compressed bytes.
    pub bytes: u64,
    /// Layers.
    pub layers: u32,
    /// Renewals; `None` = never.
    pub renew: Option<Intensity>,
}

/// The shape of a repository's images, drawn once per trial.
#[derive(Clone, Debug)]
pub struct ImageLaw {
    /// Sizes of the layers.
    pub layers: LayerLaw,
    /// What a version adds to the one before, taken from the top layers down.
    pub new_bytes: NewBytes,
    /// Index into [`Demand::bases`].
    pub base: Option<u32>,
    /// Uncompressed bytes over compressed ones.
    pub compression: f64,
    /// Above 1: a version is an index with so many images, one per platform (A23).
    pub platforms: u32,
    /// Signatures and SBOMs pushed with each version (A24).
    pub attachments: Option<Attachments>,
}

/// What is pushed with each version and refers to it.
#[derive(Clone, Debug)]
pub struct Attachments {
    /// How many.
    pub count: u32,
    /// Compressed bytes of each.
    pub size: Law,
}

/// Where layer sizes come from.
#[derive(Clone, Debug)]
pub enum LayerLaw {
    /// Compressed bytes and layer count of the whole image, base included; `largest` is the largest layer's share of
    /// the image's own bytes, the other own layers are equal.
    Drawn {
        /// Bytes.
        size: Law,
        /// Own and base layers.
        count: Law,
        /// Share of own bytes in the largest own layer.
        largest: Law,
    },
    /// Own layers given one by one, bottom first.
    Listed(Vec<u64>),
}

/// What a version adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NewBytes {
    /// A share of the whole image's bytes, base included, in [0, 1]; never more than its own bytes.
    Share(f64),
    /// So many bytes; never more than its own bytes.
    Bytes(u64),
}

/// When versions appear.
#[derive(Clone, Debug)]
pub enum Pushes {
    /// Never by itself: it is promoted into, or stays as it is.
    None,
    /// At a rate.
    Rate {
        /// Expected push events.
        intensity: Intensity,
        /// Evenly spaced instead of Poisson.
        even: bool,
    },
    /// One batch at each moment.
    Times(Vec<Time>),
    /// One image each, from a list or a trace; ascending in time.
    List(Arc<[ListedPush]>),
    /// Real images with real layers, pushed evenly over the period.
    Manifests(Arc<[RealImage]>),
}

/// One push of a list or trace.
#[derive(Clone, Debug)]
pub struct ListedPush {
    /// When.
    pub at: Time,
    /// Its tag.
    pub tag: String,
    /// Bytes of the whole image, if given.
    pub bytes: Option<u64>,
    /// Bytes that the version before does not have, if given.
    pub new_bytes: Option<NewBytes>,
    /// Layers, if given.
    pub layers: Option<u32>,
    /// Digest of a trace row: rows of one digest are one image.
    pub digest: Option<String>,
    /// Puts `tag` on the image that holds this tag instead of pushing a new one.
    pub same_as: Option<String>,
    /// Not a push: this is done to the image that holds `tag`.
    pub edit: Option<EditKind>,
}

/// A real image: layers by (global number, compressed bytes), bottom first, each at most once.
#[derive(Clone, Debug)]
pub struct RealImage {
    /// Tag.
    pub tag: String,
    /// Layers.
    pub layers: Vec<(u32, u64)>,
}

/// How versions are named (`tags`).
#[derive(Clone, Debug)]
pub struct Tags {
    /// Each k-th version is a release, the others are builds; 0 = none is.
    pub release_every: u32,
    /// Tag of a release.
    pub release: TagTemplate,
    /// Tag of a build.
    pub build: TagTemplate,
    /// Further tags set on every release.
    pub moving: Vec<String>,
}

/// A tag with holes `{n}` (version), `{r}` (release or promotion), `{date}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagTemplate(pub String);

impl TagTemplate {
    /// Whether every version gets the same tag, so that it moves.
    pub fn is_moving(&self) -> bool {
        !self.0.contains("{n}") && !self.0.contains("{r}")
    }
}

/// A promotion: the same image under a new tag, here or in another repository of the same registry.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// Where to; the repository itself = only a further tag, a release.
    pub to: RepositoryId,
    /// Which versions count.
    pub of: VersionFilter,
    /// Each k-th of them; at least 1.
    pub every: u32,
    /// So long after its push, in nanoseconds.
    pub after: Law,
    /// Its tag there; `{r}` counts promotions.
    pub tag: TagTemplate,
}

/// Which versions.
#[derive(Clone, Debug, PartialEq)]
pub enum VersionFilter {
    /// Releases.
    Release,
    /// Builds.
    Build,
    /// All.
    All,
    /// By tag.
    Tags(Patterns),
}

/// Nodes in one account and region that pull images.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Name; members of `registries` are `NAME@ACCOUNT/REGION`.
    pub name: String,
    /// For random streams.
    pub key: EntityKey,
    /// Where its nodes are, and whose copies they pull.
    pub registry: RegistryId,
    /// Nodes at the start; at least 1.
    pub nodes: u32,
    /// Repositories that nodes may run, in file order: ids ascend.
    pub runs: Vec<RepositoryId>,
    /// Continuous growth of `nodes` and of pull rates, per nanosecond (already inside the triggers' intensities).
    pub growth: f64,
    /// Distinct repositories on a node.
    pub per_node: u32,
    /// Zipf exponent over `runs`, times each repository's weight.
    pub popularity: f64,
    /// What makes it pull.
    pub triggers: Vec<Trigger>,
    /// What triggers other than a deploy ask for.
    pub version: VersionChoice,
    /// What a node keeps.
    pub cache: NodeCache,
    /// What layer bytes cross.
    pub path: Path,
    /// NAT gateways whose hours are charged.
    pub nat_gateways: u32,
    /// Interface endpoints whose hours are charged.
    pub endpoints: u32,
    /// What happens when the pull registry has no such image; `None` = by the strategy's kind.
    pub if_missing: Option<IfMissing>,
    /// First wait of the back-off.
    pub backoff_first: Span,
    /// Longest wait of the back-off.
    pub backoff_max: Span,
    /// After so long the pull has failed.
    pub give_up: Span,
    /// A node's link, shared by the connections of its pull.
    pub node_bandwidth: Bandwidth,
    /// Downloads per pull; at least 1.
    pub parallel_layers: u32,
    /// Pulls per node at once; at least 1.
    pub parallel_images: u32,
    /// Unpacking.
    pub unpack: Unpack,
}

impl Cluster {
    /// Whether it has no nodes until a fault strikes: a failover is all that makes it pull.
    pub fn is_cold_standby(&self) -> bool {
        !self.triggers.is_empty() && self.triggers.iter().all(|trigger| matches!(trigger, Trigger::Failover { .. }))
    }

    /// Whether its nodes fail over on the fault with this index.
    pub fn fails_over_on(&self, fault: usize) -> bool {
        self.triggers.iter().any(|trigger| matches!(trigger, Trigger::Failover { of, .. } if *of == fault))
    }

    /// Whether what is deployed on it is the newest release at the moment of a fault: it fails over, and has no deploys
    /// of its own.
    pub(crate) fn deploys_by_fault(&self) -> bool {
        let has = |kind: fn(&Trigger) -> bool| self.triggers.iter().any(kind);
        has(|trigger| matches!(trigger, Trigger::Failover { .. }))
            && !has(|trigger| matches!(trigger, Trigger::Deploy { .. }))
    }
}

/// What makes a cluster pull (`pulls`).
#[derive(Clone, Debug)]
pub enum Trigger {
    /// On each push of `on`, a share of the nodes that run the repository pull it, each uniformly in `within`.
    Deploy {
        /// Which pushes.
        on: VersionFilter,
        /// Between push and start of the deploy, in nanoseconds.
        delay: Law,
        /// Length of the deploy.
        within: Span,
        /// Share of the nodes, in [0, 1].
        nodes: f64,
    },
    /// New nodes, gone after `keep`.
    ScaleUp {
        /// Expected scale-ups.
        intensity: Intensity,
        /// Nodes in each.
        nodes: u32,
        /// They come up uniformly in this.
        within: Span,
        /// How long each stays, in nanoseconds.
        keep: Law,
    },
    /// Each node is replaced at a rate.
    Churn {
        /// Expected replacements per node.
        intensity: Intensity,
    },
    /// Poisson over the cluster: a random node pulls one repository that it runs.
    Rate {
        /// Expected pulls of the whole cluster.
        intensity: Intensity,
    },
    /// Every node pulls all that it runs, at each moment (ascending).
    Times(Vec<Time>),
    /// One pull each, ascending in time.
    List(Arc<[ListedPull]>),
    /// When a fault strikes, all nodes come up empty, uniformly in `within`, and pull all that they run. A cluster with
    /// no other trigger has no nodes until then; they stay when the fault is over.
    Failover {
        /// Index of the fault.
        of: usize,
        /// Between the fault's start and the first node, in nanoseconds.
        after: Law,
        /// How long the nodes take to come up.
        within: Span,
    },
}

/// One pull of a list or trace.
#[derive(Clone, Debug)]
pub struct ListedPull {
    /// When.
    pub at: Time,
    /// What.
    pub repository: RepositoryId,
    /// By which tag; `None` = the cluster's [`VersionChoice`].
    pub tag: Option<String>,
    /// Node from 0; `None` = a random one that runs the repository.
    pub node: Option<u32>,
}

/// What triggers other than a deploy ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionChoice {
    /// The newest version that a deploy of this cluster has started on; without deploys, the newest release when the
    /// last fault struck that it fails over on.
    Deployed,
    /// The newest version pushed.
    Newest,
    /// One of the last so many versions, uniformly.
    NewestOf(u32),
}

/// What a node keeps of the images it pulled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NodeCache {
    /// Nothing: every pull is cold.
    None,
    /// Everything.
    Unlimited,
    /// Least recently used images go when 85 % of so many bytes are used, until 80 % are.
    Bytes(u64),
    /// This chance of a warm pull, no bookkeeping.
    Warm(f64),
}

/// What layer bytes cross between a registry and a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// From the node's own region.
    pub local: PathKind,
    /// From another region.
    pub remote: PathKind,
}

/// One way out of a node's network. From another region an S3 gateway means a NAT gateway (fact C37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// S3 gateway endpoint: no charge per GB.
    S3Gateway,
    /// NAT gateway: its price per GB.
    Nat,
    /// Straight to the internet: no charge per GB at the node.
    Internet,
    /// No way: such pulls fail.
    None,
}

/// What to do when the pull registry lacks the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Back off and ask again.
    Wait,
    /// Pull from the home registry.
    Home,
    /// Fail.
    Fail,
}

/// How fast a node unpacks (theory of pulls: unpacking is often the slowest part).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unpack {
    /// Uncompressed bytes per second and layer at work.
    pub rate: Bandwidth,
    /// After so many uncompressed bytes of one image the rate falls to `then`.
    pub burst: Option<u64>,
    /// The rate after the burst.
    pub then: Bandwidth,
    /// Layers unpacked at once; at least 1.
    pub parallel: u32,
    /// Time per layer besides its bytes.
    pub layer_overhead: Span,
}
