//! What a line looks like: the service's envelope and details, field by field as its user guide shows them (A62 to A64).

use serde::Serialize;

/// One line.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Event {
    /// Of the envelope: always `0`.
    pub version: &'static str,
    /// A UUID that is the same in every run of the same scenario.
    pub id: String,
    /// What happened.
    pub detail_type: &'static str,
    /// `aws.ecr`, or `replisim` for what the service does not send by itself.
    pub source: &'static str,
    /// Twelve digits: the account in which it is emitted.
    pub account: String,
    /// Virtual time: RFC 3339, UTC, whole seconds.
    pub time: String,
    /// Where it is emitted.
    pub region: String,
    /// ARNs of the repositories that it is about, where the service names them.
    pub resources: Vec<String>,
    /// The facts.
    pub detail: Detail,
    /// The strategy under which it happened; not the service's.
    pub strategy: String,
    /// What else the simulator knows; not the service's.
    pub replisim: Extra,
}

/// What the simulator adds to a line besides the strategy.
#[derive(Clone, Debug, Serialize)]
pub struct Extra {
    /// The trial, from 1.
    pub trial: u64,
    /// Why a copy failed, in the words of `failures.csv`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
}

/// The facts of an event.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Detail {
    /// Of `ECR Image Action` and `ECR Referrer Action`.
    Image(ImageAction),
    /// Of `ECR Replication Action`.
    Replication(ReplicationAction),
    /// Of `ECR Pull Through Cache Action`.
    Cache(CacheAction),
    /// Of `replisim.ReplicationStatus`.
    Status(ImageReplicationStatus),
}

/// A push, a deletion, or a change of the storage class.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageAction {
    /// `SUCCESS`.
    pub result: &'static str,
    /// Which repository.
    pub repository_name: String,
    /// Which image.
    pub image_digest: String,
    /// `PUSH`, `DELETE` or `UPDATE_STORAGE_CLASS`.
    pub action_type: &'static str,
    /// Under which tag; an image without one has no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
    /// `ARCHIVE` or `STANDARD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_storage_class: Option<&'static str>,
    /// Tells images from indexes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_media_type: Option<&'static str>,
    /// What the manifest is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_media_type: Option<&'static str>,
    /// When an archived image was restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_activated_at: Option<String>,
}

/// A copy by a replication rule, told where it goes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReplicationAction {
    /// `SUCCESS` or `FAILED`.
    pub result: &'static str,
    /// Which repository, by its name at the destination.
    pub repository_name: String,
    /// Which image.
    pub image_digest: String,
    /// Twelve digits.
    pub source_account: String,
    /// `REPLICATE`.
    pub action_type: &'static str,
    /// From where.
    pub source_region: String,
    /// Under which tag; a copy by digest, or one whose tag was dropped, has no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
}

/// A fetch of a pull-through cache.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CacheAction {
    /// `1`.
    pub rule_version: &'static str,
    /// `SUCCESS` or `FAILED`.
    pub sync_status: &'static str,
    /// `ROOT`: cached repositories keep their upstream's name.
    pub ecr_repository_prefix: &'static str,
    /// Which repository.
    pub repository_name: String,
    /// The registry that the cache stands in front of.
    pub upstream_registry_url: String,
    /// Under which tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
    /// Which image.
    pub image_digest: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
}

/// What `describe-image-replication-status` answers, asked at the source (A60).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReplicationStatus {
    /// Which repository.
    pub repository_name: String,
    /// Which image was asked for.
    pub image_id: ImageId,
    /// One for each destination.
    pub replication_statuses: Vec<DestinationStatus>,
}

/// An image as the service's API names it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageId {
    /// Its digest.
    pub image_digest: String,
    /// The tag of the copy that changed the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
}

/// How far the copies to one destination are.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DestinationStatus {
    /// Where to.
    pub region: String,
    /// Twelve digits.
    pub registry_id: String,
    /// `IN_PROGRESS`, `COMPLETE` or `FAILED` (A61).
    pub status: &'static str,
    /// Why it failed: a free string of the service's, here in the words of `failures.csv`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<&'static str>,
}
