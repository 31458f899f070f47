//! `push` and `tags`: when versions appear, and what they are called.

use std::sync::Arc;

use super::listed;
use super::repositories::MOST_EXISTING;
use super::run::table_or_empty;
use crate::demand::{ListedPush, NewBytes, Pushes, TagTemplate, Tags};
use crate::formats::traces::{self, PushRow};
use crate::scenario::diagnostics::findings;
use crate::scenario::tree::Node;
use crate::scenario::values::{Quantity, Reading, mean_interval, one_or_many};
use crate::sim::Law;
use crate::units::parse::{self, HoursText};
use crate::units::{DAY, Span, Time};

/// Pushes of a repository that does not say.
const RATE: &str = "5/day";
/// The most versions of a batch.
const MOST_BATCH: f64 = 10_000.0;
/// Distance of existing versions when there is no rate.
const GAP: Span = Span(DAY);

/// When versions appear, as far as it is the same for all members of a group.
#[derive(Clone)]
pub struct Plan {
    /// When.
    pub pushes: Pushes,
    /// Rows of a trace, of which each member takes its own.
    pub trace: Option<Arc<[PushRow]>>,
    /// Versions per event.
    pub batch: Law,
    /// Spread over this.
    pub batch_within: Span,
    /// Distance of existing versions.
    pub gap: Span,
}

impl Plan {
    /// No pushes of its own.
    pub fn none() -> Plan {
        Plan { pushes: Pushes::None, trace: None, batch: Law::Constant(1.0), batch_within: Span::ZERO, gap: GAP }
    }

    /// The pushes of one repository.
    pub fn of(&self, name: &str) -> Pushes {
        let Some(rows) = &self.trace else { return self.pushes.clone() };
        let own = rows.iter().filter(|row| row.repository == name);
        Pushes::List(own.map(of_trace).collect())
    }
}

fn of_trace(row: &PushRow) -> ListedPush {
    ListedPush {
        at: row.at,
        tag: row.tag.clone(),
        bytes: Some(row.bytes),
        new_bytes: row.new_bytes.map(NewBytes::Bytes),
        layers: row.layers,
        digest: row.digest.clone(),
        same_as: None,
        edit: None,
    }
}

/// Reads `push`; without it, the default rate.
pub fn pushes(r: &mut Reading<'_>, repository: &Node) -> Plan {
    let table = &table_or_empty(repository, "push");
    let hours = r.or(table, "hours", HoursText::Always, |r, n| r.hours(n));
    let growth = r.or(table, "growth", 0.0, |r, n| r.growth(n));
    let even = r.or(table, "arrivals", false, |r, n| r.word(n, &[("poisson", false), ("even", true)]));
    let mut plan = Plan {
        batch: r.or(table, "batch", Law::Constant(1.0), |r, n| {
            let law = r.law(n, Quantity::Count)?;
            if matches!(law, Law::Constant(value) if value < 1.0) {
                r.error(&n.origin, "a batch has at least one version", "");
            }
            if law.median() > MOST_BATCH {
                r.error(&n.origin, format!("a batch has at most {MOST_BATCH} versions"), "");
            }
            Some(law)
        }),
        batch_within: r.or(table, "batch_within", Span::ZERO, |r, n| r.duration(n)),
        ..Plan::none()
    };
    if let Some(node) = table.get("times") {
        plan.pushes = Pushes::Times(r.schedule(node).unwrap_or_default());
    } else if let Some(node) = table.get("list") {
        let tags = tags(r, repository);
        let existing = r.or(repository, "existing", 0, |r, n| r.count_up_to(n, 0, MOST_EXISTING));
        plan.pushes = listed::list(r, node, &tags, existing, plan.gap);
    } else if let Some(node) = table.get("trace") {
        plan.trace = trace(r, node);
    } else {
        let rate = match table.get("rate") {
            Some(node) => r.rate(node),
            None => {
                r.assume("push.rate", RATE, "theory A6", format!("repositories without `push` get {RATE} pushes"));
                parse::rate(RATE).ok()
            }
        };
        if let Some(rate) = rate {
            plan.gap = mean_interval(&rate, &hours).unwrap_or(GAP);
            plan.pushes = Pushes::Rate { intensity: r.intensity(&rate, &hours, growth), even };
        }
    }
    plan
}

fn trace(r: &mut Reading<'_>, node: &Node) -> Option<Arc<[PushRow]>> {
    let file = r.file(node)?;
    let start = r.window.start;
    let mut rows = r.rows(&file, traces::pushes(&file.text, start))?;
    let all = rows.len();
    let end = r.window.end;
    rows.retain(|row| row.at >= Time::START && row.at < end);
    if rows.len() < all {
        let message =
            format!("{} of {all} rows of `{}` lie outside the run and are left out", all - rows.len(), file.name);
        let label = r.span_of_run();
        r.found(&findings::OUTSIDE_THE_RUN, &node.origin, message, label);
    }
    Some(rows.into())
}

/// Reads `tags`.
pub fn tags(r: &mut Reading<'_>, repository: &Node) -> Tags {
    let table = &table_or_empty(repository, "tags");
    Tags {
        release_every: r.or(table, "release_every", 1, |r, n| r.count(n, 0)),
        release: r.or(table, "release", TagTemplate("v{n}".into()), template),
        build: r.or(table, "build", TagTemplate("build-{n}".into()), template),
        moving: r.or(table, "moving", Vec::new(), |r, n| {
            one_or_many(n).iter().map(|tag| r.text(tag, "a tag").map(str::to_string)).collect()
        }),
    }
}

/// A tag with holes.
pub fn template(r: &mut Reading<'_>, node: &Node) -> Option<TagTemplate> {
    let text = r.text(node, "a tag such as \"v{n}\"")?;
    let plain = text.replace("{n}", "1").replace("{r}", "1").replace("{date}", "20260105");
    if plain.contains(['{', '}']) {
        r.error(&node.origin, format!("unknown hole in the tag `{text}`"), "holes: {n} version, {r} release, {date}");
        return None;
    }
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if plain.is_empty() || plain.len() > 128 || !plain.chars().all(good) || plain.starts_with(['.', '-']) {
        let label = "tags have up to 128 letters, digits, and . _ - (not at the start)";
        r.error(&node.origin, format!("`{text}` is no tag"), label);
        return None;
    }
    Some(TagTemplate(text.to_string()))
}
