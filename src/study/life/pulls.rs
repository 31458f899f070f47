//! Who pulled an image: every pull counted, each place in a line, the first ones singly.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cloud::RegistryId;
use crate::demand::ClusterId;
use crate::engine::Cause;
use crate::engine::journal::{PullParts, Pulling};
use crate::sim::Histogram;
use crate::units::{Span, Time};

use super::words::Words;

/// Pulls that are listed one by one; groups count all.
pub const PULLS: usize = 1000;

/// The pulls of an image that were asked for within the run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pulls {
    /// How many, with those that failed.
    pub count: u64,
    /// How many downloaded at least one layer.
    pub cold: u64,
    /// How many failed.
    pub failed: u64,
    /// How many asked for it by a tag that moves, and were given another image.
    pub given_another: u64,
    /// By cluster and by the registry that served them.
    pub groups: Vec<PullGroup>,
    /// The first thousand, in the order in which they were over.
    pub list: Vec<Pull>,
}

/// Pulls of one cluster from one registry.
#[derive(Clone, Debug, Serialize)]
pub struct PullGroup {
    /// The cluster.
    pub cluster: String,
    /// Where its nodes are.
    pub region: String,
    /// Who served them; `null` = nobody: they failed.
    pub from: Option<String>,
    /// How many.
    pub count: u64,
    /// Of these, how many downloaded at least one layer.
    pub cold: u64,
    /// Bytes downloaded, those of cut downloads too.
    pub bytes: u64,
    /// When the first was asked for.
    pub first: String,
    /// When the last was asked for.
    pub last: String,
    /// Half took at most so long, right to a thousandth; `null` = they failed.
    pub median_s: Option<f64>,
    /// The longest.
    pub worst_s: Option<f64>,
    /// Means of the parts of the time: waiting, queueing, transfer, unpack.
    pub mean_waiting_s: Option<f64>,
    /// See `mean_waiting_s`.
    pub mean_queueing_s: Option<f64>,
    /// See `mean_waiting_s`.
    pub mean_transfer_s: Option<f64>,
    /// See `mean_waiting_s`.
    pub mean_unpack_s: Option<f64>,
    /// Of failed ones: how many by cause.
    pub causes: BTreeMap<&'static str, u64>,
}

/// One pull.
#[derive(Clone, Debug, Serialize)]
pub struct Pull {
    /// Its number in the trial.
    pub pull: u64,
    /// When it was asked for.
    pub time: String,
    /// Who asked.
    pub cluster: String,
    /// Number of the node in its cluster.
    pub node: u32,
    /// By which tag.
    pub tag: String,
    /// Who served it; `null` = it failed.
    pub from: Option<String>,
    /// It downloaded at least one layer.
    pub cold: bool,
    /// Bytes downloaded.
    pub bytes: u64,
    /// From the first request to unpacked.
    pub seconds: Option<f64>,
    /// Until the image was there.
    pub waiting_s: Option<f64>,
    /// Behind other pulls and quotas.
    pub queueing_s: Option<f64>,
    /// Requests and bytes.
    pub transfer_s: Option<f64>,
    /// Unpacking.
    pub unpack_s: Option<f64>,
    /// Why it failed.
    pub cause: Option<&'static str>,
}

/// What is kept of a group.
#[derive(Default)]
struct Sums {
    count: u64,
    cold: u64,
    bytes: u64,
    first: Option<Time>,
    last: Time,
    times: Histogram,
    worst: Span,
    parts: [i128; 4],
    causes: BTreeMap<&'static str, u64>,
}

/// How a pull ended.
pub(super) enum End {
    Served(RegistryId, PullParts),
    Failed(Cause),
}

/// Counts pulls.
pub(super) struct Tally<'a> {
    words: Words<'a>,
    pulls: Pulls,
    groups: BTreeMap<(ClusterId, Option<RegistryId>), Sums>,
}

impl<'a> Tally<'a> {
    pub fn new(words: Words<'a>) -> Tally<'a> {
        Tally { words, pulls: Pulls::default(), groups: BTreeMap::new() }
    }

    /// A pull was given another image than its tag stands for at home.
    pub fn given_another(&mut self) {
        self.pulls.given_another += 1;
    }

    /// A pull is over that was asked for at `asked` and has moved so many bytes; `cold` = it downloaded layers.
    pub fn over(&mut self, pull: &Pulling, asked: Time, bytes: u64, cold: bool, end: &End) {
        if asked < Time::START {
            return;
        }
        let (from, parts) = match end {
            End::Served(registry, parts) => (Some(*registry), Some(*parts)),
            End::Failed(_) => (None, None),
        };
        let total = parts.map(|it| it.waiting + it.queueing + it.transfer + it.unpack);
        let cause = if let End::Failed(cause) = end { Some(cause.name()) } else { None };
        self.pulls.count += 1;
        self.pulls.cold += u64::from(cold);
        self.pulls.failed += u64::from(cause.is_some());
        let sums = self.groups.entry((pull.cluster, from)).or_default();
        sums.count += 1;
        sums.cold += u64::from(cold);
        sums.bytes = sums.bytes.saturating_add(bytes);
        sums.first = Some(sums.first.map_or(asked, |first| first.min(asked)));
        sums.last = sums.last.max(asked);
        if let (Some(parts), Some(total)) = (parts, total) {
            sums.times.record(total, 1);
            sums.worst = sums.worst.max(total);
            let parts = [parts.waiting, parts.queueing, parts.transfer, parts.unpack];
            for (sum, part) in sums.parts.iter_mut().zip(parts) {
                *sum += i128::from(part.0);
            }
        }
        if let Some(cause) = cause {
            *sums.causes.entry(cause).or_default() += 1;
        }
        if self.pulls.list.len() < PULLS {
            self.pulls.list.push(Pull {
                pull: pull.id,
                time: self.words.moment(asked),
                cluster: self.words.cluster(pull.cluster).to_string(),
                node: pull.node,
                tag: pull.tag.to_string(),
                from: from.map(|registry| self.words.place(registry)),
                cold,
                bytes,
                seconds: total.map(Span::as_seconds),
                waiting_s: parts.map(|parts| parts.waiting.as_seconds()),
                queueing_s: parts.map(|parts| parts.queueing.as_seconds()),
                transfer_s: parts.map(|parts| parts.transfer.as_seconds()),
                unpack_s: parts.map(|parts| parts.unpack.as_seconds()),
                cause,
            });
        }
    }

    /// What was counted.
    pub fn close(mut self) -> Pulls {
        for ((cluster, from), sums) in &self.groups {
            let served = from.is_some();
            let mean = |part: usize| {
                let seconds = sums.parts[part] as f64 / 1e9 / sums.count.max(1) as f64;
                served.then_some(seconds)
            };
            self.pulls.groups.push(PullGroup {
                cluster: self.words.cluster(*cluster).to_string(),
                region: self.words.region_of(*cluster).to_string(),
                from: from.map(|registry| self.words.place(registry)),
                count: sums.count,
                cold: sums.cold,
                bytes: sums.bytes,
                first: self.words.moment(sums.first.unwrap_or_default()),
                last: self.words.moment(sums.last),
                median_s: sums.times.quantile(0.5),
                worst_s: served.then(|| sums.worst.as_seconds()),
                mean_waiting_s: mean(0),
                mean_queueing_s: mean(1),
                mean_transfer_s: mean(2),
                mean_unpack_s: mean(3),
                causes: sums.causes.clone(),
            });
        }
        self.pulls
    }
}
