//! What single commands print. Times are ISO 8601 or, from older versions of the command line, seconds of the epoch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::{Pulls, Repository};

/// A day: the interval of pull counts when nothing shows another.
const DAY: i64 = 86_400;

/// A second of the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

impl<'t> Deserialize<'t> for Moment {
    fn deserialize<D: Deserializer<'t>>(from: D) -> Result<Moment, D::Error> {
        from.deserialize_any(MomentText)
    }
}

struct MomentText;

impl Visitor<'_> for MomentText {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as \"2026-09-20T08:15:00+00:00\" or seconds of the Unix epoch")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
        let time = text.parse::<Timestamp>().map_err(|_| {
            E::custom(format!("expected a time such as \"2026-09-20T08:15:00+00:00\", found \"{text}\""))
        })?;
        Ok(Moment(time.as_second()))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Moment, E> {
        // Years 1 to 9999, as `Timestamp` has them; also refuses what is no number.
        let is_time = (Timestamp::MIN.as_second() as f64..=Timestamp::MAX.as_second() as f64).contains(&seconds);
        if is_time { Ok(Moment(seconds.floor() as i64)) } else { Err(E::custom(format!("{seconds} is no time"))) }
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Moment, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Moment, E> {
        self.visit_f64(seconds as f64)
    }
}

/// `describe-repositories`.
#[derive(Deserialize)]
pub(super) struct Repositories {
    pub(super) repositories: Vec<Described>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    pub(super) registry_id: Option<String>,
    pub(super) repository_name: String,
    created_at: Option<Moment>,
    image_tag_mutability: Option<String>,
    #[serde(default)]
    image_tag_mutability_exclusion_filters: Vec<Exclusion>,
}

#[derive(Deserialize)]
struct Exclusion {
    filter: String,
}

impl Described {
    pub(super) fn into_repository(self) -> Repository {
        let filters = self.image_tag_mutability_exclusion_filters;
        Repository {
            name: self.repository_name,
            created: self.created_at.map(|time| time.0),
            // `IMMUTABLE` or `IMMUTABLE_WITH_EXCLUSION`.
            immutable: self.image_tag_mutability.is_some_and(|word| word.starts_with("IMMUTABLE")),
            mutable_tags: filters.into_iter().map(|exclusion| exclusion.filter).collect(),
            images: Vec::new(),
            lifecycle: None,
        }
    }
}

/// `describe-images`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Images {
    pub(super) image_details: Vec<Image>,
}

/// A manifest in a repository.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    pub(super) repository_name: String,
    /// Of the manifest.
    #[serde(rename = "imageDigest")]
    pub digest: String,
    /// Its tags; none = untagged.
    #[serde(rename = "imageTags", default)]
    pub tags: Vec<String>,
    /// Compressed; of an index, its largest image.
    #[serde(rename = "imageSizeInBytes", default)]
    pub bytes: u64,
    image_pushed_at: Moment,
    last_recorded_pull_time: Option<Moment>,
    image_manifest_media_type: Option<String>,
    artifact_media_type: Option<String>,
}

impl Image {
    /// Second of the Unix epoch in which it came: by a push, or as a copy.
    pub fn pushed(&self) -> i64 {
        self.image_pushed_at.0
    }

    /// Second of the Unix epoch of the last pull on record.
    pub fn pulled(&self) -> Option<i64> {
        self.last_recorded_pull_time.map(|time| time.0)
    }

    /// Whether it is an index over images of several platforms.
    pub fn is_index(&self) -> bool {
        self.image_manifest_media_type.as_ref().is_some_and(|kind| {
            kind == "application/vnd.oci.image.index.v1+json"
                || kind == "application/vnd.docker.distribution.manifest.list.v2+json"
        })
    }

    /// Whether it is about another image: a signature, a list of parts, an attestation.
    pub fn is_attachment(&self) -> bool {
        let other_kind = self.artifact_media_type.as_ref().is_some_and(|kind| {
            kind != "application/vnd.docker.container.image.v1+json"
                && kind != "application/vnd.oci.image.config.v1+json"
        });
        other_kind || self.tags.iter().any(|tag| tag.starts_with("sha256-"))
    }
}

/// `get-lifecycle-policy`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lifecycle {
    pub(super) repository_name: String,
    pub(super) lifecycle_policy_text: String,
}

/// `get-metric-data`.
#[derive(Deserialize)]
pub(super) struct Metrics {
    #[serde(rename = "MetricDataResults")]
    pub(super) results: Vec<Series>,
}

/// Pulls of one repository; its label is the repository's name.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Series {
    label: String,
    #[serde(default)]
    timestamps: Vec<Moment>,
    #[serde(default)]
    values: Vec<f64>,
}

/// Pulls of a registry; nothing when none is on record. Intervals without a pull are not recorded, so the time is that
/// from the first to the last interval of any repository.
pub(super) fn pulls(results: &[Series]) -> Option<Pulls> {
    let times: BTreeSet<i64> = results.iter().flat_map(|series| &series.timestamps).map(|time| time.0).collect();
    let (start, last) = (*times.first()?, *times.last()?);
    let gaps = times.iter().zip(times.iter().skip(1)).map(|(a, b)| b - a);
    let interval = gaps.min().unwrap_or(DAY);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for series in results {
        let sum: f64 = series.values.iter().filter(|value| value.is_finite() && **value > 0.0).sum();
        if sum > 0.0 {
            let count = counts.entry(series.label.clone()).or_default();
            *count = count.saturating_add(sum.round() as u64);
        }
    }
    Some(Pulls { start, seconds: last - start + interval, counts })
}
