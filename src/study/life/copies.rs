//! The copies of the image: ordered, begun, moved, arrived.

use std::sync::Arc;

use super::follow::Follower;
use super::records::CopyLife;
use super::words::Words;
use crate::billing::LineItem;
use crate::engine::journal::{CopyKind, Copying, Reference};
use crate::units::{Span, Time};

/// A copy of the image, with its moments.
pub(super) struct Copied {
    pub(super) copy: Arc<Copying>,
    pub(super) ordered: Time,
    pub(super) begun: Option<Time>,
    pub(super) moved: Option<Time>,
    pub(super) arrived: Option<Time>,
    pub(super) bytes: u64,
    pub(super) failed: Option<&'static str>,
}

impl Copied {
    /// In the shape of the JSON; the rule is the selection's to say.
    pub(super) fn told(self, words: &Words<'_>) -> CopyLife {
        let seconds = |from: Option<Time>, to: Option<Time>| Some((to? - from?).as_seconds());
        let Copied { copy, ordered, begun, moved, arrived, bytes, failed } = self;
        CopyLife {
            copy: copy.id,
            by: ordered_by(copy.kind),
            rule: None,
            from: words.place(copy.from),
            to: words.place(copy.to),
            tag: copy.tag.as_deref().map(str::to_string),
            ordered: words.moment(ordered),
            begun: begun.map(|at| words.moment(at)),
            arrived: arrived.map(|at| words.moment(at)),
            delay_s: seconds(Some(ordered), begun),
            transfer_s: seconds(begun, moved),
            following_s: seconds(moved, arrived),
            bytes,
            failed,
        }
    }
}

impl Follower<'_> {
    pub(super) fn copy_ordered(&mut self, at: Time, copy: &Arc<Copying>) {
        let text = match copy.kind {
            CopyKind::Push => "a replication rule orders a copy",
            CopyKind::Backfill => "a backfill orders a copy",
            CopyKind::Job => "the job orders a copy",
            CopyKind::Fetch => "a pull finds nothing: the cache fetches it",
        };
        let text = format!("{text} from {} (copy {})", self.words.place(copy.from), copy.id);
        self.tell_copy(at, "copy-ordered", copy, None, text);
        self.copies.insert(
            copy.id,
            Copied { copy: copy.clone(), ordered: at, begun: None, moved: None, arrived: None, bytes: 0, failed: None },
        );
    }

    pub(super) fn copy_begun(&mut self, at: Time, copy: &Copying, bytes: u64) {
        let Some(copied) = self.copies.get_mut(&copy.id) else { return };
        copied.begun = Some(at);
        let delay = at - copied.ordered;
        let text = format!("copy {} begins {} after its order", copy.id, seconds(delay));
        self.tell_copy(at, "copy-begun", copy, Some(bytes), text);
    }

    pub(super) fn copy_moved(&mut self, at: Time, copy: &Copying, bytes: u64, cut: bool) {
        let Some(copied) = self.copies.get_mut(&copy.id) else { return };
        copied.moved = Some(at);
        copied.bytes = copied.bytes.saturating_add(bytes);
        let begun = copied.begun.unwrap_or(at);
        if cut {
            self.tell_copy(at, "copy-cut", copy, Some(bytes), format!("an outage cuts copy {}", copy.id));
        }
        if begun >= self.scenario.model.calendar.end {
            return;
        }
        let cloud = &self.scenario.model.cloud;
        let (from, to) = (cloud.registry(copy.from), cloud.registry(copy.to));
        let what = || format!("copy {}", copy.id);
        match copy.runner.map(|runner| cloud.registry(runner)) {
            None => self.costs.moved(LineItem::Copy, from.account, (from.region, to.region), bytes, at, &what),
            Some(runner) => {
                let via = runner.region;
                self.costs.moved(LineItem::Pull, from.account, (from.region, via), bytes, at, &what);
                self.costs.moved(LineItem::Copy, runner.account, (via, to.region), bytes, at, &what);
            }
        }
    }

    pub(super) fn copy_arrived(&mut self, at: Time, copy: &Arc<Copying>, tag_set: bool, new_image: bool) {
        let (registry, repository, image) = (copy.to, copy.repository, copy.image.clone());
        let tag = copy.tag.clone().filter(|_| tag_set);
        self.takes_tag(at, &Reference { registry, repository, image, tag: tag.clone() });
        if !self.is_ours(copy) {
            return;
        }
        if new_image {
            self.scan(copy.to, at);
        }
        if copy.image.id == self.image.id {
            self.arrives(at, copy.to, tag.as_ref(), "copy");
        }
        let Some(copied) = self.copies.get_mut(&copy.id) else { return };
        copied.arrived = Some(at);
        let (begun, moved) = (copied.begun.unwrap_or(at), copied.moved.unwrap_or(at));
        let mut text = format!(
            "copy {} is whole {} after its order: {} delay, {} transfer",
            copy.id,
            seconds(at - copied.ordered),
            seconds(begun - copied.ordered),
            seconds(moved - begun),
        );
        let bytes = copied.bytes;
        if at > moved {
            text += &format!(", {} for layers of other copies", seconds(at - moved));
        }
        if copy.tag.is_some() && !tag_set {
            text += "; its tag may not move there and was dropped (A26)";
        }
        if self.made.get(&copy.to).is_some_and(|(made, ..)| *made == at) {
            text += "; the service makes the repository";
        }
        self.tell_copy(at, "copy-arrived", copy, Some(bytes), text);
    }
}

fn ordered_by(kind: CopyKind) -> &'static str {
    match kind {
        CopyKind::Push => "rule",
        CopyKind::Backfill => "backfill",
        CopyKind::Job => "job",
        CopyKind::Fetch => "fetch",
    }
}

/// `0 s`, `3.412 s`, `2 h 5 min`.
fn seconds(span: Span) -> String {
    let seconds = span.as_seconds();
    match seconds {
        s if s < 600.0 => format!("{} s", (s * 1000.0).round() / 1000.0),
        s if s < 172_800.0 => format!("{} h {} min", (s / 3600.0) as u64, ((s % 3600.0) / 60.0) as u64),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
