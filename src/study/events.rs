//! What the service would send to an event bus in the first trial of each strategy, and how far the copies of each image
//! are, as its API would answer.
//!
//! Events are those of the user guide (A62 to A64), told from the journal of a trial as it happens, so that a year of
//! them needs no memory. What happens within the period is told; of copies the same ones that the tables count: those
//! whose turn came within it, which may arrive later.

mod shapes;
mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::cloud::RegistryId;
use crate::demand::RepositoryId;
use crate::engine::journal::{CopyKind, Copying, Entry};
use crate::engine::{self, Cause, Model};
use crate::registry::{Image, LifecycleAction};
use crate::scenario::Scenario;
use crate::units::{NANOS, Time};

pub use shapes::{
    CacheAction, DestinationStatus, Detail, Event, Extra, ImageAction, ImageId, ImageReplicationStatus,
    ReplicationAction,
};

use super::digests::{digest, hex};
use super::{Options, Progress, StudyError};
use status::{Destination, Place, Statuses};

/// The trial that is told.
const TRIAL: u64 = 1;

/// Runs the first trial of each strategy and tells `sink` of its events: strategy by strategy, each in order of time. When
/// `sink` breaks off, nothing more is told or run.
///
/// # Errors
///
/// When `interrupt` is set, which is looked at between strategies.
pub fn events(
    scenario: &Scenario,
    options: &Options,
    progress: &dyn Progress,
    interrupt: &AtomicBool,
    sink: &mut dyn FnMut(&Event) -> ControlFlow<()>,
) -> Result<(), StudyError> {
    let all = || (0..scenario.model.strategies.len()).collect();
    let strategies = options.strategies.clone().unwrap_or_else(all);
    progress.planned(strategies.len() as u64);
    for strategy in strategies {
        if interrupt.load(Ordering::Relaxed) {
            return Err(StudyError::Interrupted);
        }
        let mut teller = Teller::new(&scenario.model, strategy, scenario.run.seed, &mut *sink);
        let mut follow = |at: Time, entry: &Entry| teller.follow(at, entry);
        engine::run_with_journal(&scenario.model, strategy, scenario.run.seed, TRIAL, &mut follow);
        if teller.stopped {
            break;
        }
        progress.trial_done();
    }
    if interrupt.load(Ordering::Relaxed) { Err(StudyError::Interrupted) } else { Ok(()) }
}

/// Turns the journal of one trial into events.
struct Teller<'a> {
    model: &'a Model,
    strategy: &'a str,
    seed: u64,
    /// `run.start`.
    start: Timestamp,
    /// Events told.
    count: u64,
    /// Names that a rule gave to repositories.
    names: BTreeMap<(RegistryId, RepositoryId), Arc<str>>,
    /// Images in the archive class, to know what a push or a copy brings back (A48).
    archived: BTreeSet<Place>,
    statuses: Statuses,
    /// Numbers of the copies under way that the tables count.
    begun: BTreeSet<u64>,
    sink: &'a mut dyn FnMut(&Event) -> ControlFlow<()>,
    stopped: bool,
}

/// When and where an event is emitted.
#[derive(Clone, Copy)]
struct Stamp {
    at: Time,
    registry: RegistryId,
    /// It belongs to the run.
    told: bool,
}

impl<'a> Teller<'a> {
    fn new(
        model: &'a Model,
        strategy: usize,
        seed: u64,
        sink: &'a mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Teller<'a> {
        Teller {
            model,
            strategy: &model.strategies[strategy].name,
            seed,
            // The reader of scenarios wrote it.
            start: model.calendar.start.parse().unwrap_or_default(),
            count: 0,
            names: BTreeMap::new(),
            archived: BTreeSet::new(),
            statuses: Statuses::default(),
            begun: BTreeSet::new(),
            sink,
            stopped: false,
        }
    }

    fn follow(&mut self, at: Time, entry: &Entry) {
        match entry {
            Entry::Pushed(what) => {
                let stamp = self.stamp(at, what.registry);
                self.brought_back(stamp, what.repository, &what.image);
                self.action(stamp, what.repository, &what.image, "PUSH", what.tag.as_deref());
            }
            Entry::Created { registry, repository, name: Some(name), .. } => {
                self.names.insert((*registry, *repository), name.clone());
            }
            Entry::CopyOrdered(copy) if is_replication(copy) => {
                let changed = self.statuses.ordered(source(copy), copy.to).map(<[_]>::to_vec);
                self.status(self.stamp(at, copy.from), copy, changed);
            }
            // A copy that was cut begins again, and counts as of then.
            Entry::CopyBegun { copy, .. } if self.measured(at) => {
                self.begun.insert(copy.id);
            }
            Entry::CopyBegun { copy, .. } => {
                self.begun.remove(&copy.id);
            }
            Entry::CopyArrived { copy, tag_set, .. } => self.arrived(at, copy, *tag_set),
            Entry::CopyFailed { copy, cause } => self.failed(at, copy, *cause),
            Entry::ImageDeleted { registry, repository, image, tags, .. } => {
                self.deleted(self.stamp(at, *registry), *repository, image, tags);
            }
            Entry::Evicted { registry, repository, image } => {
                self.deleted(self.stamp(at, *registry), *repository, image, &[]);
            }
            Entry::Upkeep { registry, repository, acts } => {
                let stamp = self.stamp(at, *registry);
                for act in acts {
                    match act.action {
                        LifecycleAction::Expire => self.deleted(stamp, *repository, &act.image, &act.tags),
                        LifecycleAction::Archive => self.archive(stamp, *repository, &act.image),
                    }
                }
            }
            Entry::Archived(what) => {
                self.archive(self.stamp(at, what.registry), what.repository, &what.image);
            }
            Entry::Restored { registry, repository, image } => {
                self.brought_back(self.stamp(at, *registry), *repository, image);
            }
            _ => {}
        }
    }

    fn arrived(&mut self, at: Time, copy: &Copying, tag_set: bool) {
        let stamp = Stamp { at, registry: copy.to, told: self.begun.remove(&copy.id) };
        let tag = copy.tag.as_deref().filter(|_| tag_set);
        self.brought_back(stamp, copy.repository, &copy.image);
        match copy.kind {
            CopyKind::Push | CopyKind::Backfill => {
                self.replicated(stamp, copy, "SUCCESS", tag, None);
                let changed = self.statuses.ended(source(copy), copy.to, None).map(<[_]>::to_vec);
                self.status(Stamp { registry: copy.from, ..stamp }, copy, changed);
            }
            // To the service, a job is a client that pushes.
            CopyKind::Job => self.action(stamp, copy.repository, &copy.image, "PUSH", tag),
            CopyKind::Fetch => self.fetched(stamp, copy, None),
        }
    }

    fn failed(&mut self, at: Time, copy: &Copying, cause: Cause) {
        let stamp = self.stamp(at, copy.to);
        self.begun.remove(&copy.id);
        match copy.kind {
            CopyKind::Push | CopyKind::Backfill => {
                // A region that the account has not enabled has no bus to send to (A37).
                if cause != Cause::RegionDisabled {
                    self.replicated(stamp, copy, "FAILED", copy.tag.as_deref(), Some(cause));
                }
                let changed = self.statuses.ended(source(copy), copy.to, Some(cause)).map(<[_]>::to_vec);
                self.status(Stamp { registry: copy.from, ..stamp }, copy, changed);
            }
            // The service never hears of a push that a job did not finish.
            CopyKind::Job => {}
            CopyKind::Fetch => self.fetched(stamp, copy, Some(cause)),
        }
    }

    fn deleted(&mut self, stamp: Stamp, repository: RepositoryId, image: &Image, tags: &[Arc<str>]) {
        let place = (stamp.registry, repository, image.id);
        self.archived.remove(&place);
        self.statuses.gone(place);
        // One for each pair of digest and tag, as the API lists what it deleted.
        if tags.is_empty() {
            self.action(stamp, repository, image, "DELETE", None);
        }
        for tag in tags {
            self.action(stamp, repository, image, "DELETE", Some(tag));
        }
    }

    fn archive(&mut self, stamp: Stamp, repository: RepositoryId, image: &Image) {
        self.archived.insert((stamp.registry, repository, image.id));
        self.storage_class(stamp, repository, image, "ARCHIVE");
    }

    /// An image that was archived is in the standard class again.
    fn brought_back(&mut self, stamp: Stamp, repository: RepositoryId, image: &Image) {
        if self.archived.remove(&(stamp.registry, repository, image.id)) {
            self.storage_class(stamp, repository, image, "STANDARD");
        }
    }

    fn storage_class(&mut self, stamp: Stamp, repository: RepositoryId, image: &Image, class: &'static str) {
        let (manifest, artifact) = media_types(image);
        let detail = ImageAction {
            target_storage_class: Some(class),
            manifest_media_type: Some(manifest),
            artifact_media_type: artifact,
            last_activated_at: (class == "STANDARD").then(|| self.moment(stamp.at, NANOS / 1000)),
            ..self.image_action(stamp, repository, image, "UPDATE_STORAGE_CLASS")
        };
        self.tell(stamp, action_type(image), Vec::new(), Detail::Image(detail), None);
    }

    fn action(
        &mut self,
        stamp: Stamp,
        repository: RepositoryId,
        image: &Image,
        action: &'static str,
        tag: Option<&str>,
    ) {
        let mut detail = self.image_action(stamp, repository, image, action);
        detail.image_tag = tag.map(str::to_string);
        if image.subject.is_some() {
            let (manifest, artifact) = media_types(image);
            (detail.manifest_media_type, detail.artifact_media_type) = (Some(manifest), artifact);
        }
        self.tell(stamp, action_type(image), Vec::new(), Detail::Image(detail), None);
    }

    fn image_action(
        &self,
        stamp: Stamp,
        repository: RepositoryId,
        image: &Image,
        action_type: &'static str,
    ) -> ImageAction {
        let repository_name = self.name(stamp.registry, repository).to_string();
        let image_digest = self.digest(image);
        ImageAction { result: "SUCCESS", repository_name, image_digest, action_type, ..ImageAction::default() }
    }

    fn replicated(
        &mut self,
        stamp: Stamp,
        copy: &Copying,
        result: &'static str,
        tag: Option<&str>,
        cause: Option<Cause>,
    ) {
        let (source_account, source_region) = self.address(copy.from);
        let detail = ReplicationAction {
            result,
            repository_name: self.name(copy.to, copy.repository).to_string(),
            image_digest: self.digest(&copy.image),
            source_account,
            action_type: "REPLICATE",
            source_region,
            image_tag: tag.map(str::to_string),
        };
        let resources = vec![self.arn(copy.to, copy.repository)];
        self.tell(stamp, "ECR Replication Action", resources, Detail::Replication(detail), cause);
    }

    fn fetched(&mut self, stamp: Stamp, copy: &Copying, cause: Option<Cause>) {
        let (account, region) = self.address(copy.from);
        let detail = CacheAction {
            rule_version: "1",
            sync_status: if cause.is_some() { "FAILED" } else { "SUCCESS" },
            ecr_repository_prefix: "ROOT",
            repository_name: self.name(copy.to, copy.repository).to_string(),
            upstream_registry_url: format!("{account}.dkr.ecr.{region}.amazonaws.com"),
            image_tag: copy.tag.as_deref().map(str::to_string),
            image_digest: self.digest(&copy.image),
            failure_code: cause.map(Cause::name),
            failure_reason: cause.map(|cause| cause.name().replace('-', " ")),
        };
        let resources = vec![self.arn(copy.to, copy.repository)];
        self.tell(stamp, "ECR Pull Through Cache Action", resources, Detail::Cache(detail), cause);
    }

    /// Tells how far an image's copies are, if that has changed.
    fn status(&mut self, stamp: Stamp, copy: &Copying, changed: Option<Vec<Destination>>) {
        let Some(destinations) = changed else { return };
        let each = |destination: &Destination| {
            let (registry_id, region) = self.address(destination.to);
            let (status, failure_code) = destination.status();
            DestinationStatus { region, registry_id, status, failure_code }
        };
        let detail = ImageReplicationStatus {
            repository_name: self.name(copy.from, copy.repository).to_string(),
            image_id: ImageId {
                image_digest: self.digest(&copy.image),
                image_tag: copy.tag.as_deref().map(str::to_string),
            },
            replication_statuses: destinations.iter().map(each).collect(),
        };
        let resources = vec![self.arn(copy.from, copy.repository)];
        self.tell(stamp, "replisim.ReplicationStatus", resources, Detail::Status(detail), None);
    }

    fn tell(
        &mut self,
        stamp: Stamp,
        detail_type: &'static str,
        resources: Vec<String>,
        detail: Detail,
        cause: Option<Cause>,
    ) {
        if !stamp.told || self.stopped {
            return;
        }
        let (account, region) = self.address(stamp.registry);
        let event = Event {
            version: "0",
            id: self.id(),
            detail_type,
            source: if matches!(detail, Detail::Status(_)) { "replisim" } else { "aws.ecr" },
            account,
            time: self.moment(stamp.at, NANOS),
            region,
            resources,
            detail,
            strategy: self.strategy.to_string(),
            replisim: Extra { trial: TRIAL, cause: cause.map(Cause::name) },
        };
        self.count += 1;
        self.stopped = (self.sink)(&event).is_break();
    }

    fn stamp(&self, at: Time, registry: RegistryId) -> Stamp {
        Stamp { at, registry, told: self.measured(at) }
    }

    /// Whether a moment lies within the period.
    fn measured(&self, at: Time) -> bool {
        (Time::START..self.model.calendar.end).contains(&at)
    }

    /// The account's id and the region's code.
    fn address(&self, registry: RegistryId) -> (String, String) {
        let cloud = &self.model.cloud;
        let registry = cloud.registry(registry);
        (cloud.accounts[usize::from(registry.account.0)].id.clone(), cloud.region(registry.region).to_string())
    }

    /// A repository's name in a registry.
    fn name(&self, registry: RegistryId, repository: RepositoryId) -> &str {
        match self.names.get(&(registry, repository)) {
            Some(name) => name,
            None => &self.model.demand.repositories[repository.0 as usize].name,
        }
    }

    fn arn(&self, registry: RegistryId, repository: RepositoryId) -> String {
        let cloud = &self.model.cloud;
        let partition = cloud.partition(cloud.registry(registry).region).name();
        let ((account, region), name) = (self.address(registry), self.name(registry, repository));
        format!("arn:{partition}:ecr:{region}:{account}:repository/{name}")
    }

    fn digest(&self, image: &Image) -> String {
        digest(self.seed, TRIAL, image.id)
    }

    /// A UUID of version 8 (its bits are the maker's own) for the next event.
    fn id(&self) -> String {
        let hash = Sha256::digest(format!("replisim event {} {TRIAL} {} {}", self.seed, self.count, self.strategy));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let text = hex(&bytes);
        [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
    }

    /// A moment as RFC 3339, cut to so many nanoseconds.
    fn moment(&self, at: Time, unit: i64) -> String {
        let nanos = self.start.as_nanosecond().saturating_add(i128::from(at.0));
        let unit = i128::from(unit);
        Timestamp::from_nanosecond(nanos.div_euclid(unit) * unit).unwrap_or(Timestamp::MAX).to_string()
    }
}

fn is_replication(copy: &Copying) -> bool {
    matches!(copy.kind, CopyKind::Push | CopyKind::Backfill)
}

/// Where the status of a copy is asked for.
fn source(copy: &Copying) -> Place {
    (copy.from, copy.repository, copy.image.id)
}

/// Signatures and SBOMs have events of their own.
fn action_type(image: &Image) -> &'static str {
    if image.subject.is_some() { "ECR Referrer Action" } else { "ECR Image Action" }
}

/// Of the manifest, and of what it is about; an index is about nothing of its own. Which sort of attachment a referrer is,
/// the model does not know.
fn media_types(image: &Image) -> (&'static str, Option<&'static str>) {
    if !image.children.is_empty() {
        return ("application/vnd.oci.image.index.v1+json", None);
    }
    let artifact = match image.subject {
        None => "application/vnd.oci.image.config.v1+json",
        Some(_) => "application/octet-stream",
    };
    ("application/vnd.oci.image.manifest.v1+json", Some(artifact))
}
