//! `push.list`: pushes one by one, and what is done to their images afterwards.
//!
//! The list is walked through in order of time, so that a row about a tag that no image holds by then is refused here
//! and not found out by a puzzled reader of results. What else sets and takes tags (promotions, lifecycle policies) is
//! not known here.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;

use super::images;
use crate::demand::{EditKind, ListedPush, Pushes, Tags};
use crate::scenario::tree::{Node, Origin};
use crate::scenario::values::{Reading, Window, one_or_many};
use crate::units::{Span, Time};

const ACTIONS: [(&str, Option<EditKind>); 5] = [
    ("push", None),
    ("untag", Some(EditKind::Untag)),
    ("delete", Some(EditKind::Delete)),
    ("archive", Some(EditKind::Archive)),
    ("restore", Some(EditKind::Restore)),
];

/// Reads the list of a repository that has so many versions at the start, so far apart.
pub fn list(r: &mut Reading<'_>, list: &Node, tags: &Tags, existing: u32, gap: Span) -> Pushes {
    let mut rows: Vec<(ListedPush, Origin)> = Vec::new();
    for item in one_or_many(list) {
        let action = r.optional(item, "action", |r, n| r.word(n, &ACTIONS)).flatten();
        if let Some(action) = item.get("action").filter(|_| action.is_some()).and_then(Node::text) {
            for key in ["size", "new_bytes", "same_as"] {
                if let Some(entry) = item.entry(key) {
                    r.error(&entry.key_origin, format!("`{key}` belongs to a push, not to `{action}`"), "");
                }
            }
        }
        let at = r.needed(item, "at", "a push").and_then(|n| r.event(n));
        let tag = r.needed(item, "tag", "a push").and_then(|n| r.text(n, "a tag").map(str::to_string));
        let push = ListedPush {
            at: at.unwrap_or_default(),
            tag: tag.clone().unwrap_or_default(),
            bytes: r.optional(item, "size", images::image_size),
            new_bytes: r.optional(item, "new_bytes", images::new_bytes),
            layers: None,
            digest: None,
            same_as: r.optional(item, "same_as", |r, n| r.text(n, "a tag").map(str::to_string)),
            edit: action,
        };
        if at.is_some() && tag.is_some() {
            let place = item.get("same_as").or_else(|| item.get("tag")).unwrap_or(item);
            rows.push((push, place.origin.clone()));
        }
    }
    rows.sort_by_key(|(push, _)| push.at);
    walk(r, &rows, tags, existing, gap);
    Pushes::List(rows.into_iter().map(|(push, _)| push).collect())
}

/// Who holds each tag, by number of the version: existing ones from 1, then those of the list.
#[derive(Default)]
struct Book {
    holders: HashMap<String, u32>,
    /// Tags that were held once.
    gone: HashSet<String>,
}

impl Book {
    fn take(&mut self, tag: &str) {
        if let Some((tag, _)) = self.holders.remove_entry(tag) {
            self.gone.insert(tag);
        }
    }

    fn take_image(&mut self, image: u32) {
        let tags: Vec<String> =
            self.holders.iter().filter(|(_, holder)| **holder == image).map(|(tag, _)| tag.clone()).collect();
        tags.iter().for_each(|tag| self.take(tag));
    }
}

/// Refuses rows about tags that no image holds when they are due.
fn walk(r: &mut Reading<'_>, rows: &[(ListedPush, Origin)], tags: &Tags, existing: u32, gap: Span) {
    let named = |push: &ListedPush| push.edit.is_some() || push.same_as.is_some();
    if !rows.iter().any(|(push, _)| named(push)) {
        return;
    }
    let mut book = Book::default();
    let mut releases = 0;
    let mut version = |book: &mut Book, number: u32, listed: Option<&str>, at: Time, r: &Reading<'_>| {
        let release = tags.release_every > 0 && number.is_multiple_of(tags.release_every);
        releases += u32::from(release);
        let template = if release { &tags.release.0 } else { &tags.build.0 };
        let tag = match listed {
            Some(tag) => tag.to_string(),
            None => {
                let plain = template.replace("{n}", &number.to_string()).replace("{r}", &releases.to_string());
                plain.replace("{date}", &date(r.window, at))
            }
        };
        book.holders.insert(tag, number);
        if release {
            book.holders.extend(tags.moving.iter().map(|tag| (tag.clone(), number)));
        }
    };
    for number in 1..=existing {
        let back = i64::from(existing - number) + 1;
        let at = Time(r.window.begin.0.saturating_sub(gap.0.max(1).saturating_mul(back)));
        version(&mut book, number, None, at, r);
    }
    let mut number = existing;
    for (push, origin) in rows {
        let about = push.same_as.as_ref().or(push.edit.is_some().then_some(&push.tag));
        let holder = about.and_then(|tag| book.holders.get(tag).copied());
        if let (Some(tag), None) = (about, holder) {
            unheld(r, push, tag, origin, book.gone.contains(tag));
            continue;
        }
        match (push.edit, holder) {
            (Some(EditKind::Untag), _) => book.take(&push.tag),
            (Some(EditKind::Delete), Some(image)) => book.take_image(image),
            (Some(_), _) => {}
            (None, Some(image)) => drop(book.holders.insert(push.tag.clone(), image)),
            (None, None) => {
                number = number.saturating_add(1);
                version(&mut book, number, Some(&push.tag), push.at, r);
            }
        }
    }
}

fn unheld(r: &mut Reading<'_>, push: &ListedPush, tag: &str, origin: &Origin, gone: bool) {
    let word = ACTIONS.iter().find(|(_, kind)| *kind == push.edit).map_or("push", |(word, _)| *word);
    let what = match push.edit {
        None => format!("`same_as = \"{tag}\"`"),
        Some(_) => format!("`{word}` of `{tag}`"),
    };
    let (message, label) = match gone {
        true => (format!("{what} comes too late: no image holds that tag any more"), "it was taken away before"),
        false => (
            format!("{what} names no earlier push of this list"),
            "an image must hold that tag before anything can be done to it",
        ),
    };
    r.error(origin, message, label);
}

/// The UTC day of a moment as in tags; nothing beyond the calendar.
fn date(window: Window, at: Time) -> String {
    let at = window.start.checked_add(jiff::SignedDuration::from_nanos(at.0));
    at.map(|at| at.to_zoned(TimeZone::UTC).strftime("%Y%m%d").to_string()).unwrap_or_default()
}
