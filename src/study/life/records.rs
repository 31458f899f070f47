//! What is told of an image, in the shape of the JSON.

use serde::Serialize;

/// Events that are kept; the rest is counted.
pub const EVENTS: usize = 1000;

/// Something that happened to the image.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// UTC.
    pub time: String,
    /// Seconds since the start of the run.
    pub seconds: f64,
    /// What: `pushed`, `copy-ordered`, `copy-begun`, `copy-arrived`, `expired`, ..
    pub event: &'static str,
    /// Where.
    pub place: Option<String>,
    /// Under which tag.
    pub tag: Option<String>,
    /// The number of the copy.
    pub copy: Option<u64>,
    /// Bytes that it moved, or is to move.
    pub bytes: Option<u64>,
    /// Why, and what is good to know, in words.
    pub text: String,
}

/// A copy of the image.
#[derive(Clone, Debug, Serialize)]
pub struct CopyLife {
    /// Its number in the trial.
    pub copy: u64,
    /// `rule`, `backfill`, `job` or `fetch`.
    pub by: &'static str,
    /// The first rule that leads there, by its position in `selection`.
    pub rule: Option<usize>,
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// Under which tag.
    pub tag: Option<String>,
    /// When it was ordered.
    pub ordered: String,
    /// When its bytes began to move, last.
    pub begun: Option<String>,
    /// When it was whole at its destination.
    pub arrived: Option<String>,
    /// From the order to its begin: the service's delay, retries, the place in its queue, outages.
    pub delay_s: Option<f64>,
    /// How long its own bytes moved.
    pub transfer_s: Option<f64>,
    /// How long it waited for layers that other copies brought.
    pub following_s: Option<f64>,
    /// Bytes moved, those of attempts that were cut or failed too.
    pub bytes: u64,
    /// Why it failed for good.
    pub failed: Option<&'static str>,
}

/// A stay of the image in a registry.
#[derive(Clone, Debug, Serialize)]
pub struct Stay {
    /// The registry.
    pub place: String,
    /// When it came.
    pub arrived: String,
    /// How: `push`, `copy`, `placed` (copied before the run).
    pub by: &'static str,
    /// When it went; `null` = it is there at the end.
    pub gone: Option<String>,
    /// What took it.
    pub gone_by: Option<String>,
    /// Days within the run.
    pub days: f64,
    /// `standard` or `archive`, at the end.
    pub class: Option<&'static str>,
    /// Tags that it has at the end, or had when it went.
    pub tags: Vec<String>,
}
