//! Nothing comes before its cause.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use replisim::engine::journal::Entry;
use replisim::units::{Span, Time};

use super::diary::{Diary, Stock, diaries};
use super::drawn::{self, Scope};
use super::{fixed, scenario};

/// What stands against the order of causes in a trial.
#[derive(Default)]
struct Court {
    now: Option<Time>,
    stock: Stock,
    /// When each image was first pushed.
    pushed: BTreeMap<u32, Time>,
    /// Copies that are ordered and not done; whether they have begun and moved.
    copies: BTreeMap<u64, (bool, bool)>,
    /// Pulls that are not over: when asked, and whether an image was found for it.
    pulls: BTreeMap<u64, (Time, bool)>,
    numbers: BTreeSet<(bool, u64)>,
    objections: Vec<String>,
}

impl Court {
    fn must(&mut self, holds: bool, what: &str, entry: &Entry) {
        if !holds && self.objections.len() < 5 {
            self.objections.push(format!("{:?}: {what}: {entry:?}", self.now));
        }
    }

    fn hear(&mut self, at: Time, entry: &Entry) {
        let runs_on = self.now.is_none_or(|now| at >= now);
        self.must(runs_on, "time runs back", entry);
        self.now = Some(at);
        match entry {
            Entry::Pushed(what) => {
                self.pushed.entry(what.image.id).or_insert(at);
            }
            Entry::Placed(what) => {
                let known = self.pushed.contains_key(&what.image.id);
                self.must(known, "copied before it was pushed", entry);
            }
            Entry::CopyOrdered(copy) => {
                let known = self.pushed.get(&copy.image.id).is_some_and(|pushed| *pushed <= at);
                self.must(known, "ordered before it was pushed", entry);
                let new = self.numbers.insert((true, copy.id)) && self.copies.insert(copy.id, (false, false)).is_none();
                self.must(new, "ordered twice", entry);
            }
            Entry::CopyBegun { copy, .. } => {
                let (known, is_source) =
                    (self.copies.get(&copy.id).copied(), self.stock.has((copy.from, copy.repository), copy.image.id));
                let is_there = self.stock.has((copy.to, copy.repository), copy.image.id);
                self.must(known.is_some(), "begun before it was ordered", entry);
                // Once cut, it goes on with what it had read.
                self.must(is_source || is_there || known.is_some_and(|it| it.0), "copied from where it is not", entry);
                self.copies.insert(copy.id, (true, false));
            }
            Entry::CopyMoved { copy, cut, .. } => {
                let begun = self.copies.get(&copy.id).is_some_and(|it| it.0 && !it.1);
                self.must(begun, "moved before it began", entry);
                self.copies.insert(copy.id, (true, !cut));
            }
            Entry::CopyArrived { copy, .. } => {
                let moved = self.copies.remove(&copy.id) == Some((true, true));
                self.must(moved, "arrived before it had moved", entry);
            }
            Entry::CopyFailed { copy, .. } => {
                let known = self.copies.remove(&copy.id).is_some();
                self.must(known, "failed before it was ordered", entry);
            }
            Entry::PullAsked(pull) => {
                // It may not be pushed yet: a deploy is timed by when it should have been, and an outage may keep it out.
                let new = self.numbers.insert((false, pull.id)) && self.pulls.insert(pull.id, (at, false)).is_none();
                self.must(new, "asked twice", entry);
            }
            Entry::PullFound { pull, registry, image, warm } => {
                // A node that has every layer asks for a manifest that it need not get.
                let is_there = self.stock.has((*registry, pull.repository), image.id);
                self.must(is_there || *warm, "found where it is not", entry);
                self.must(pull.moving || image.id == pull.image.id, "another image under a tag that stays", entry);
                match self.pulls.get_mut(&pull.id) {
                    Some(known) => known.1 = true,
                    None => self.must(false, "found before it was asked for", entry),
                }
            }
            Entry::PullMoved { pull, times, .. } => {
                let found = self.pulls.get(&pull.id).is_some_and(|it| it.1 && it.0 <= times.0);
                self.must(found && times.0 <= times.1, "moved before it was found", entry);
            }
            Entry::PullServed { pull, times, .. } => {
                let found = self.pulls.remove(&pull.id);
                self.must(found.is_some_and(|it| it.1), "served before it was found", entry);
                let parts = [times.waiting, times.queueing, times.transfer, times.unpack];
                self.must(parts.iter().all(|part| *part >= Span::ZERO), "takes less than no time", entry);
                // Told when it is known, which is at its download's end or before; never after.
                let asked = found.map_or(at, |it| it.0);
                let downloaded = asked + times.waiting + times.queueing + times.transfer;
                self.must(downloaded >= at, "over before it is told", entry);
            }
            Entry::PullFailed { pull, .. } => {
                let known = self.pulls.remove(&pull.id).is_some();
                self.must(known, "failed before it was asked for", entry);
            }
            _ => {}
        }
        self.stock.follow(entry);
    }
}

fn objections(diary: &Diary) -> Vec<String> {
    let mut court = Court::default();
    for (at, entry) in &diary.entries {
        court.hear(*at, entry);
    }
    // Every outage ends here, so nothing waits for ever.
    court.objections.extend(court.copies.keys().map(|copy| format!("copy {copy} has no end")));
    court.objections.extend(court.pulls.keys().map(|pull| format!("pull {pull} has no end")));
    court.objections
}

proptest! {
    #![proptest_config(fixed(48))]

    /// Why: an effect before its cause is a bug in the loop whatever its numbers look like; and what begins must end, or
    /// waiting times and counts leave the worst cases out.
    #[test]
    fn nothing_comes_before_its_cause_and_all_that_begins_ends(text in drawn::scenario(Scope::ALL)) {
        let scenario = scenario(&text, &[]);
        let mut entries = 0;
        for diary in diaries(&scenario) {
            let objections = objections(&diary);
            prop_assert!(objections.is_empty(), "{}:\n{}\n{text}", diary.strategy.name, objections.join("\n"));
            let asked = |it: &&(Time, Entry)| matches!(it.1, Entry::PullAsked(_)) && diary.in_period(it.0);
            prop_assert_eq!(diary.entries.iter().filter(asked).count() as u64, diary.outcome.pulls);
            entries += diary.entries.len();
        }
        prop_assert!(entries > 0 || text.contains("list = []"), "nothing happens\n{text}");
    }
}
