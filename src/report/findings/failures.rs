//! When things fail: who recovers from which fault and what is missing meanwhile, and what fails why.

use std::collections::BTreeMap;

use crate::report::numbers::{count, duration, list, money, of};
use crate::report::reading::{Reading, Recovery, Standby};
use crate::study::tables::{FailureRow, FaultText};

/// Sentences on recovery, a few for each fault.
pub fn recovery(reading: &Reading) -> Vec<String> {
    let mut out = Vec::new();
    for fault in &reading.run().faults {
        let recoveries = reading.recoveries(fault);
        let judged: Vec<(&Recovery, Standby)> =
            recoveries.iter().filter_map(|recovery| Some((recovery, recovery.standby?))).collect();
        out.extend(back(fault, &judged));
        out.extend(never(fault, &judged));
        out.extend(judged.iter().filter_map(|(recovery, standby)| late(fault, recovery, *standby)));
        out.extend(pulls(fault, &recoveries));
    }
    out.extend(downtime(reading));
    out
}

fn name<'a>(recovery: &Recovery<'a>) -> &'a str {
    recovery.strategy.name()
}

fn place(fault: &FaultText) -> String {
    if fault.standby.is_empty() { "the standby".to_owned() } else { list(&fault.standby) }
}

/// Who recovers, the fastest first.
fn back(fault: &FaultText, judged: &[(&Recovery, Standby)]) -> Option<String> {
    let mut known: Vec<&(&Recovery, Standby)> = judged.iter().filter(|it| it.1.median.is_finite()).collect();
    known.sort_by(|a, b| a.1.median.total_cmp(&b.1.median));
    let told: Vec<String> = known
        .iter()
        .map(|(recovery, standby)| {
            let within = duration(standby.median);
            let worst = match duration(standby.worst) {
                worst if worst == within => String::new(),
                worst if standby.worst.is_infinite() => format!(" ({worst} in some strikes)"),
                worst => format!(" (at worst {worst})"),
            };
            format!("{within} under {}{worst}", name(recovery))
        })
        .collect();
    let verb = if fault.standby.len() > 1 { "take" } else { "takes" };
    (!told.is_empty()).then(|| format!("When {}, {} {verb} over within {}.", fault.text, place(fault), list(&told)))
}

/// `11 of 25 releases`.
fn releases(fault: &FaultText, missing: u64) -> String {
    if fault.needed > 0 {
        format!("{missing} of {} releases", fault.needed)
    } else {
        of(missing as f64, "release", "releases")
    }
}

/// Who does not recover, by what is missing.
fn never(fault: &FaultText, judged: &[(&Recovery, Standby)]) -> Vec<String> {
    let mut by_missing: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for (recovery, standby) in judged.iter().filter(|it| it.1.median.is_infinite()) {
        by_missing.entry(standby.missing).or_default().push(name(recovery));
    }
    let told = by_missing.into_iter().rev().map(|(missing, names)| {
        let verb = if names.len() == 1 { "recovers" } else { "recover" };
        let cause = match missing {
            0 => format!("although no release is missing in {}", place(fault)),
            1 => format!("{} is missing in {}", releases(fault, 1), place(fault)),
            missing => format!("{} are missing in {}", releases(fault, missing), place(fault)),
        };
        let joint = if missing == 0 { "," } else { ":" };
        format!("{} never {verb} while {}{joint} {cause}.", list(&names), fault.text)
    });
    told.collect()
}

/// What is missing at first where it recovers all the same.
fn late(fault: &FaultText, recovery: &Recovery, standby: Standby) -> Option<String> {
    if standby.missing == 0 || standby.median.is_infinite() {
        return None;
    }
    let age = standby.oldest.map_or(String::new(), |oldest| format!(", the oldest pushed {} before", duration(oldest)));
    let verb = if standby.missing == 1 { "is" } else { "are" };
    Some(format!(
        "Under {}, up to {} {verb} missing in {} when it begins{age}.",
        name(recovery),
        releases(fault, standby.missing),
        place(fault)
    ))
}

/// Failed pulls of each strategy.
fn pulls(fault: &FaultText, recoveries: &[Recovery]) -> Option<String> {
    let (none, some): (Vec<&Recovery>, Vec<&Recovery>) = recoveries.iter().partition(|it| it.pulls_failed == 0.0);
    let none: Vec<&str> = none.into_iter().map(name).collect();
    if some.is_empty() {
        return (!none.is_empty()).then(|| format!("No pull fails while {}.", fault.text));
    }
    let told: Vec<String> = some.iter().map(|it| format!("{} under {}", count(it.pulls_failed), name(it))).collect();
    let none = if none.is_empty() { String::new() } else { format!("; none under {}", list(&none)) };
    Some(format!("Pulls fail while {}: {}{none}.", fault.text, list(&told)))
}

/// What the time to recover is worth.
fn downtime(reading: &Reading) -> Vec<String> {
    let mut by_fault: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in &reading.run().value {
        if reading.strategy(&row.strategy).is_none_or(|it| it.is_bound()) {
            continue;
        }
        for down in &row.downtime {
            let told = format!("{} under {}", money(down.usd_month), row.strategy);
            by_fault.entry(&down.fault).or_default().push(told);
        }
    }
    let told = by_fault.into_iter().map(|(fault, worth)| {
        format!(
            "Beside the bill, the time to recover from {fault} is worth, a month, {}; a recovery that never comes counts \
             until the end.",
            list(&worth)
        )
    });
    told.collect()
}

/// Registries up to which each is named.
const FEW: usize = 3;

/// Sentences on what fails and why, by strategy and cause.
pub fn causes(reading: &Reading) -> Vec<String> {
    let rows = &reading.tables.failures;
    let alike = |a: &FailureRow, b: &FailureRow| (&a.strategy, &a.event, &a.cause) == (&b.strategy, &b.event, &b.cause);
    rows.chunk_by(alike).filter_map(cause).collect()
}

/// One cause at all the registries where it was met.
fn cause(rows: &[FailureRow]) -> Option<String> {
    let first = rows.first()?;
    let mut rows: Vec<&FailureRow> = rows.iter().collect();
    rows.sort_by(|a, b| b.count.total_cmp(&a.count));
    let total: f64 = rows.iter().map(|row| row.count).sum();
    let (singular, plural, towards) = match first.event.as_str() {
        "copy" => ("copy", "copies", "into"),
        "push" => ("push", "pushes", "to"),
        "edit" => ("edit", "edits", "in"),
        _ => ("pull", "pulls", "in"),
    };
    let registry = |row: &FailureRow| format!("{}/{}", row.account, row.region);
    let place = if rows.len() > FEW {
        format!("{towards} {} registries (most {towards} {}: {})", rows.len(), registry(rows[0]), count(rows[0].count))
    } else {
        format!("{towards} {}", list(&rows.iter().map(|row| registry(row)).collect::<Vec<_>>()))
    };
    let verb = if count(total) == "1" { "fails" } else { "fail" };
    Some(format!(
        "Under {}, {} a trial {place} {verb}: {} ({}).",
        first.strategy,
        of(total, singular, plural),
        in_words(&first.cause),
        first.cause
    ))
}

/// A cause in plain words.
pub fn in_words(cause: &str) -> &str {
    match cause {
        "not-allowed" => "the registry policy does not allow ecr:ReplicateImage",
        "cannot-create-repository" => {
            "the repository is not there and the registry policy does not allow ecr:CreateRepository"
        }
        "region-not-enabled" => "the account has not enabled the region",
        "source-gone" => "the image was gone from its source before the copy began",
        "all-attempts-failed" => "every attempt failed",
        "failed-unnoticed" => "the job failed and did not notice",
        "outage" => "a registry or its region was down",
        "image-missing" => "the registry did not have the image in time",
        "throttled" => "the registry’s quotas were exhausted",
        "no-path" => "the node has no way to the registry",
        "tag-immutable" => "the tag may not move",
        "archived" => "the image is archived and cannot be pulled",
        "needed-by-index" => "an index needs the image",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::study::tables::{SummaryRow, Tables};

    #[test]
    fn who_recovers_and_who_does_not_is_told_with_what_is_missing() {
        let tables = fixture::tables();
        let text = recovery(&Reading::of(&tables)).join(" ");
        for expected in [
            "When us-east-1 is down, eu-west-1 takes over within 52 min under replication (at worst 54 min) and 1 h under \
             scheduled-copy",
            "cross-region-pull and centralized never recover while us-east-1 is down: 25 of 25 releases are missing in \
             eu-west-1.",
            "pull-through-cache never recovers while us-east-1 is down: 11 of 25 releases are missing in eu-west-1.",
            "Under scheduled-copy, up to 4 of 25 releases are missing in eu-west-1 when it begins, the oldest pushed 16 h \
             before.",
            "; none under replication.",
            "Beside the bill, the time to recover from use1-down is worth, a month, ",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(!text.contains("clairvoyant"), "{text}");
    }

    #[test]
    fn a_fault_that_hurts_nobody_is_told_in_one_sentence() {
        let mut tables = fixture::tables();
        tables.run.value.clear();
        for row in &mut tables.recovery {
            (row.recovery_s, row.images_missing, row.oldest_missing_s, row.pulls_failed) = (None, None, None, 0);
        }
        assert_eq!(recovery(&Reading::of(&tables)), ["No pull fails while us-east-1 is down."]);
    }

    #[test]
    fn causes_are_told_in_plain_words_and_registries_are_counted_when_there_are_many() {
        let row = |event: &str, cause: &str, account: &str, count| FailureRow {
            strategy: "a".into(),
            event: event.into(),
            cause: cause.into(),
            account: account.into(),
            region: "us-east-1".into(),
            count,
        };
        let mut tables = Tables {
            summary: vec![SummaryRow { strategy: "a".into(), ..Default::default() }],
            failures: vec![row("copy", "not-allowed", "bu-07", 14.0), row("pull", "throttled", "bu-07", 1.0)],
            ..Tables::default()
        };
        assert_eq!(
            causes(&Reading::of(&tables)),
            [
                "Under a, 14 copies a trial into bu-07/us-east-1 fail: the registry policy does not allow \
                 ecr:ReplicateImage (not-allowed).",
                "Under a, 1 pull a trial in bu-07/us-east-1 fails: the registry’s quotas were exhausted (throttled).",
            ]
        );
        tables.failures = (0..4).map(|bu| row("copy", "source-gone", &format!("bu-{bu}"), f64::from(bu + 1))).collect();
        let said = causes(&Reading::of(&tables));
        assert!(said[0].contains("10 copies a trial into 4 registries (most into bu-3/us-east-1: 4) fail"), "{said:?}");
    }

    #[test]
    fn every_cause_of_the_engine_has_words() {
        use crate::engine::Cause;
        for cause in [
            Cause::NotAllowed,
            Cause::CannotCreate,
            Cause::RegionDisabled,
            Cause::SourceGone,
            Cause::Attempts,
            Cause::Unnoticed,
            Cause::Outage,
            Cause::Missing,
            Cause::Throttled,
            Cause::NoPath,
            Cause::TagImmutable,
            Cause::Archived,
            Cause::NeededByIndex,
        ] {
            assert_ne!(in_words(cause.name()), cause.name());
        }
    }
}
