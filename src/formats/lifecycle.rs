//! A lifecycle policy, as `put-lifecycle-policy` takes it and as `get-lifecycle-policy` prints it (facts B1 to B7).
//!
//! What the service would refuse is refused here, where it stands, with the rule it stands in and the fact's number.
//! What a rule means once it is read is the registry's to say; here is only what may be written.

use std::ops::Range;

use super::Problem;
use super::json::{Json, Value};
use super::strict::{Document, Strict, document};
use crate::registry::{
    Count, LifecycleAction, LifecyclePolicy, LifecycleProblem, LifecycleRule, Patterns, Selection, StorageClass,
};

/// Rules of a policy, at most (A.9).
pub const MOST_RULES: usize = 50;
/// Characters of a policy (A.9); below the least the interface refuses it, which a copy without its blanks may meet.
pub const CHARACTERS: std::ops::RangeInclusive<usize> = 100..=30_720;

/// A policy that the service would take.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifecycle {
    /// The policy.
    pub policy: LifecyclePolicy,
    /// What hardly means what it says.
    pub warnings: Vec<Problem>,
}

/// Reads a policy.
///
/// # Errors
/// Every problem of the file, in file order (of problems of syntax only the first).
pub fn read(text: &str) -> Result<Lifecycle, Vec<Problem>> {
    judge(&document(text, "lifecyclePolicyText").map_err(|problem| vec![problem])?)
}

/// Reads a policy out of a document.
///
/// # Errors
/// As [`read`].
pub fn judge(document: &Document) -> Result<Lifecycle, Vec<Problem>> {
    let mut reader = Reader { strict: Strict::new("fact B7") };
    let start = document.json.span.start..document.json.span.start + 1;
    let found = document.characters;
    if found > *CHARACTERS.end() {
        let message = format!("{found} characters; the service takes at most 30,720 in a policy");
        reader.strict.problem(&start, message, "fact A.9");
    } else if found < *CHARACTERS.start() {
        let message = format!("{found} characters; the service's interface wants at least 100 in a policy");
        reader.strict.warning(&start, message, "fact A.9: indent it, or add descriptions");
    }
    let mut rules = reader.policy(&document.json);
    rules.sort_by_key(|(rule, _)| rule.priority);
    let (rules, places): (Vec<LifecycleRule>, Vec<Range<usize>>) = rules.into_iter().unzip();
    let policy = LifecyclePolicy { rules };
    for problem in policy.problems() {
        // What the text alone shows was told from it, at the very key.
        let from_text = matches!(
            problem,
            LifecycleProblem::NoTags { .. }
                | LifecycleProblem::CountZero { .. }
                | LifecycleProblem::NotOnePattern { .. }
        );
        let Some(rule) = problem.rule().filter(|_| !from_text) else { continue };
        reader.strict.within(format!("rule of priority {}", policy.rules[rule].priority));
        reader.strict.problem(&places[rule], problem.to_string(), format!("fact {}", problem.fact()));
    }
    let warnings = reader.strict.finish()?;
    Ok(Lifecycle { policy, warnings })
}

/// A `countType`, and the count of a number of that type.
type Counting = (&'static str, fn(u32) -> Count);

struct Reader {
    strict: Strict,
}

impl Reader {
    fn policy(&mut self, json: &Json) -> Vec<(LifecycleRule, Range<usize>)> {
        self.strict.object(json, "a lifecycle policy", &["rules"], &["rules"]);
        let Some(list) = json.get("rules") else { return Vec::new() };
        let rules = self.strict.list(list, "rules");
        if matches!(list.value, Value::List(_)) && !(1..=MOST_RULES).contains(&rules.len()) {
            let message = format!("{} rules; the service takes 1 to {MOST_RULES} in a policy", rules.len());
            self.strict.problem(&list.span, message, "fact A.9");
        }
        let rules = rules.iter().take(MOST_RULES).enumerate();
        let rules = rules.filter_map(|(at, rule)| Some((self.rule(at, rule)?, rule.span.clone()))).collect();
        self.strict.within("");
        rules
    }

    fn rule(&mut self, at: usize, json: &Json) -> Option<LifecycleRule> {
        let part = match json.get("rulePriority").map(|priority| &priority.value) {
            Some(Value::Number(priority)) if priority.len() <= 10 => format!("rule of priority {priority}"),
            _ => format!("rule {}", at + 1),
        };
        self.strict.within(part);
        let known = ["rulePriority", "description", "selection", "action"];
        self.strict.object(json, "a rule", &known, &["rulePriority", "selection", "action"]);
        let priority = json.get("rulePriority").and_then(|n| self.strict.count(n, "rulePriority"));
        if let Some(description) = json.get("description") {
            self.strict.text(description, "description");
        }
        let selection = json.get("selection").map(|selection| self.selection(selection));
        let action = json.get("action").and_then(|action| self.action(action));
        let (selection, class, count) = selection?;
        Some(LifecycleRule { priority: priority?, selection: selection?, class, count: count?, action: action? })
    }

    /// Which images, of which class, when; what cannot be read is `None`.
    fn selection(&mut self, json: &Json) -> (Option<Selection>, StorageClass, Option<Count>) {
        let known =
            ["tagStatus", "tagPatternList", "tagPrefixList", "storageClass", "countType", "countUnit", "countNumber"];
        self.strict.object(json, "a selection", &known, &["tagStatus", "countType", "countNumber"]);
        let classes = [("standard", StorageClass::Standard), ("archive", StorageClass::Archive)];
        let class = json.get("storageClass").and_then(|n| self.strict.word(n, "storageClass", &classes));
        (self.images(json), class.unwrap_or_default(), self.count(json))
    }

    /// `tagStatus` and the list that it wants, or must not have (B1).
    fn images(&mut self, json: &Json) -> Option<Selection> {
        let words = [("tagged", None), ("untagged", Some(false)), ("any", Some(true))];
        let status = json.get("tagStatus").and_then(|n| self.strict.word(n, "tagStatus", &words))?;
        let (prefixes, patterns) = (json.get("tagPrefixList"), json.get("tagPatternList"));
        match (status, prefixes, patterns) {
            (Some(any), None, None) => Some(if any { Selection::Any } else { Selection::Untagged }),
            (Some(any), one, other) => {
                let status = if any { "any" } else { "untagged" };
                for (list, key) in [(one, "tagPrefixList"), (other, "tagPatternList")] {
                    if let Some(list) = list {
                        let message = format!("`{key}` goes with `tagStatus` \"tagged\", not with \"{status}\"");
                        self.strict.problem(&list.span, message, "fact B1");
                    }
                }
                None
            }
            (None, Some(_), Some(other)) => {
                let message = "`tagPrefixList` and `tagPatternList` exclude each other; keep one";
                self.strict.problem(&other.span, message, "fact B1");
                None
            }
            (None, None, None) => {
                let message = "`tagStatus` \"tagged\" wants `tagPatternList` or `tagPrefixList`";
                self.strict.problem(&json.span, message, "fact B1");
                None
            }
            (None, Some(list), None) => Some(Selection::Prefixes(self.tags(list, "tagPrefixList"))),
            (None, None, Some(list)) => {
                let patterns = self.tags(list, "tagPatternList").into_iter();
                Some(Selection::Patterns(patterns.map(|one| Patterns(vec![one])).collect()))
            }
        }
    }

    /// Patterns or prefixes of tags: at least one, each of characters that a tag may have.
    fn tags(&mut self, json: &Json, key: &str) -> Vec<String> {
        let items = self.strict.list(json, key);
        if matches!(json.value, Value::List(_)) && items.is_empty() {
            self.strict.problem(&json.span, format!("`{key}` is empty; it holds at least one"), "fact B1");
        }
        let mut tags = Vec::new();
        for item in items {
            let Some(tag) = self.strict.text(item, key) else { continue };
            let strange = |c: &char| !c.is_ascii_alphanumeric() && !"._-*".contains(*c);
            if tag.value.is_empty() {
                self.strict.problem(&tag.span, format!("an empty text in `{key}` selects nothing"), "fact B1");
            } else if let Some(c) = tag.value.chars().find(strange) {
                self.strict.problem(&tag.span, format!("no tag holds `{c}`"), "letters, digits, `_`, `.` and `-`");
            } else if key == "tagPrefixList" && tag.value.contains('*') {
                let message = format!("a prefix has no wildcards; no tag begins with `{}`", tag.value);
                self.strict.warning(&tag.span, message, "fact B3: patterns stand in `tagPatternList`");
            }
            tags.push(tag.value);
        }
        tags
    }

    /// `countType`, `countUnit` and `countNumber` (B7).
    fn count(&mut self, json: &Json) -> Option<Count> {
        let kinds: [Counting; 4] = [
            ("imageCountMoreThan", Count::MoreThan),
            ("sinceImagePushed", Count::DaysSincePush),
            ("sinceImagePulled", Count::DaysSincePull),
            ("sinceImageTransitioned", Count::DaysSinceTransition),
        ];
        let number = json.get("countNumber").and_then(|n| self.strict.count(n, "countNumber"));
        let kind = json.get("countType").and_then(|n| self.strict.word(n, "countType", &kinds));
        let unit = json.get("countUnit").map(|n| (n, self.strict.word(n, "countUnit", &[("days", ())])));
        let count = kind?(number.unwrap_or(1));
        match (count, unit) {
            (Count::MoreThan(_), Some((unit, _))) => {
                self.strict.problem(
                    &unit.span,
                    "`countUnit` has no meaning beside `imageCountMoreThan`; leave it out",
                    "fact B7",
                );
            }
            (Count::MoreThan(_), None) | (_, Some(_)) => {}
            (_, None) => self.strict.problem(&json.span, "this `countType` wants `countUnit` \"days\"", "fact B7"),
        }
        number.map(|_| count)
    }

    fn action(&mut self, json: &Json) -> Option<LifecycleAction> {
        self.strict.object(json, "an action", &["type", "targetStorageClass"], &["type"]);
        let words = [("expire", LifecycleAction::Expire), ("transition", LifecycleAction::Archive)];
        let action = json.get("type").and_then(|n| self.strict.word(n, "type", &words));
        let target = json.get("targetStorageClass");
        if let Some(target) = target {
            self.strict.word(target, "targetStorageClass", &[("archive", ())]);
        }
        match (action, target) {
            (Some(LifecycleAction::Expire), Some(target)) => {
                self.strict.problem(&target.span, "`targetStorageClass` goes with the action `transition`", "fact B5");
            }
            (Some(LifecycleAction::Archive), None) => {
                let message = "the action `transition` wants `targetStorageClass` \"archive\"";
                self.strict.problem(&json.span, message, "fact B5");
            }
            _ => {}
        }
        action
    }
}

#[cfg(test)]
mod tests;
