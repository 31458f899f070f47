//! How long pulls and copies take, what fails, and what was copied in vain.

use std::collections::BTreeMap;

use crate::report::numbers::{count, duration, list, money, of, percent, times};
use crate::report::reading::{Reading, Strategy, fastest_first};
use crate::study::tables::RepositoryRow;

/// Sentences on times and counts.
pub fn sentences(reading: &Reading) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(pulls(reading));
    out.extend(tail(reading));
    out.extend(failures(reading));
    out.extend(copies(reading));
    out.extend(never_pulled(reading));
    out.extend(lost_time(reading));
    out
}

fn systems<'a>(reading: &Reading<'a>) -> impl Iterator<Item = Strategy<'a>> {
    reading.strategies.clone().into_iter().filter(|strategy| !strategy.is_bound())
}

/// Fastest and slowest 95th percentile of pulls.
fn pulls(reading: &Reading) -> Option<String> {
    let mut known: Vec<(Strategy, f64)> =
        systems(reading).filter_map(|strategy| Some((strategy, strategy.row.pull_p95_s?))).collect();
    fastest_first(&mut known, |it| it.1, |it| it.0.row.pull_p99_s.unwrap_or(f64::INFINITY));
    let (fast, slow) = (known.first()?, known.last()?);
    let took = |it: &(Strategy, f64)| duration(it.1);
    Some(if known.len() == 1 {
        format!("95 of 100 pulls are done within {}.", took(fast))
    } else if took(fast) == took(slow) {
        format!("95 of 100 pulls are done within {} under every strategy.", took(fast))
    } else if slow.1.is_infinite() {
        let never: Vec<&str> = known.iter().filter(|it| it.1.is_infinite()).map(|it| it.0.name()).collect();
        format!("More than 5 of 100 pulls are never done under {}.", list(&never))
    } else {
        // A quotient of nearly nothing says nothing.
        let ratio = if fast.1 >= 1e-3 { format!(", {} as long", times(slow.1 / fast.1)) } else { String::new() };
        format!(
            "95 of 100 pulls are done within {} under {}, the fastest; under {}, the slowest, they take up to {}{ratio}.",
            took(fast),
            fast.0.name(),
            slow.0.name(),
            took(slow)
        )
    })
}

/// A 99th percentile this many times the 95th is a tail that the 95th hides.
const LONG_TAIL: f64 = 3.0;

/// Strategies that are fast until they are not: such as replication, when a deploy outruns its copy.
fn tail(reading: &Reading) -> Option<String> {
    let told: Vec<String> = systems(reading)
        .filter_map(|strategy| {
            let (p95, p99) = (strategy.row.pull_p95_s?, strategy.row.pull_p99_s?);
            let is_long = p99.is_finite() && p99 >= LONG_TAIL * p95 && p99 >= 1.0;
            is_long.then(|| format!("{} under {}", duration(p99), strategy.name()))
        })
        .collect();
    (!told.is_empty()).then(|| format!("But 1 of 100 pulls takes longer than {}.", list(&told)))
}

fn failures(reading: &Reading) -> Vec<String> {
    let mut out = Vec::new();
    for strategy in systems(reading) {
        let row = strategy.row;
        if row.pulls_failed > 0.0 && row.pulls > 0.0 {
            out.push(format!(
                "Under {}, {} of {} a trial {} ({}).",
                strategy.name(),
                count(row.pulls_failed),
                of(row.pulls, "pull", "pulls"),
                if count(row.pulls_failed) == "1" { "fails" } else { "fail" },
                percent(row.pulls_failed / row.pulls)
            ));
        }
        // Failures that are known by cause are told by cause.
        let mut causes = reading.tables.failures.iter();
        let told = causes.any(|failure| failure.strategy == strategy.name() && failure.event == "copy");
        if row.copies_failed > 0.0 && !told {
            out.push(format!(
                "Under {}, {} a trial {} for good.",
                strategy.name(),
                of(row.copies_failed, "copy", "copies"),
                if count(row.copies_failed) == "1" { "fails" } else { "fail" }
            ));
        }
    }
    out
}

fn copies(reading: &Reading) -> Option<String> {
    let lags: Vec<String> = systems(reading)
        .filter_map(|strategy| {
            let (half, most) = (strategy.row.lag_p50_s?, strategy.row.lag_p95_s?);
            Some(format!("{} under {} (95 of 100 within {})", duration(half), strategy.name(), duration(most)))
        })
        .collect();
    (!lags.is_empty()).then(|| format!("Half of the copies arrive within {}.", list(&lags)))
}

/// Strategies up to which each gets a sentence of its own on copies in vain.
const FEW: usize = 3;

fn repositories<'a>(reading: &Reading<'a>, strategy: &'a str) -> impl Iterator<Item = &'a RepositoryRow> {
    reading.tables.repositories.iter().filter(move |row| row.strategy == strategy)
}

/// Copies that nobody ever pulled, and which repository has most of them.
fn never_pulled(reading: &Reading) -> Vec<String> {
    let counts: Vec<(Strategy, f64, f64)> = systems(reading)
        .map(|it| {
            (
                it,
                repositories(reading, it.name()).map(|row| row.copies).sum(),
                repositories(reading, it.name()).map(|row| row.copies_never_pulled).sum(),
            )
        })
        .filter(|(_, copied, _): &(Strategy, f64, f64)| *copied > 0.0)
        .collect();
    if counts.len() > FEW {
        let shares: Vec<String> = counts
            .iter()
            .map(|(it, copied, unused)| format!("{} under {}", percent(unused / copied), it.name()))
            .collect();
        return vec![format!("Of the copies, these shares are never pulled: {}.", list(&shares))];
    }
    let mut out = Vec::new();
    for (strategy, copied, unused) in counts {
        if unused <= 0.0 {
            out.push(format!("Under {}, every copy is pulled at least once.", strategy.name()));
            continue;
        }
        let mut by_repository: BTreeMap<&str, f64> = BTreeMap::new();
        for row in repositories(reading, strategy.name()) {
            *by_repository.entry(&row.repository).or_default() += row.copies_never_pulled;
        }
        let most = by_repository.iter().max_by(|a, b| a.1.total_cmp(b.1));
        let mostly = match most {
            Some((name, own)) if by_repository.len() > 1 => {
                format!("; {} of these are of {name}", percent(own / unused))
            }
            _ => String::new(),
        };
        out.push(format!(
            "Under {}, {} of {} a trial ({}) {} never pulled{mostly}.",
            strategy.name(),
            count(unused),
            of(copied, "copy", "copies"),
            percent(unused / copied),
            if count(unused) == "1" { "is" } else { "are" }
        ));
    }
    out
}

fn lost_time(reading: &Reading) -> Option<String> {
    let value = &reading.run().value;
    if value.iter().all(|row| row.waiting_usd_month == 0.0) {
        return None;
    }
    let worth: Vec<String> = value
        .iter()
        .filter(|row| reading.strategy(&row.strategy).is_some_and(|it| !it.is_bound()))
        .map(|row| format!("{} under {}", money(row.waiting_usd_month), row.strategy))
        .collect();
    (!worth.is_empty())
        .then(|| format!("Beside the bill, the time that nodes wait is worth, a month, {}.", list(&worth)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_ratio_of_pulls_is_that_of_the_rows() {
        let tables = fixture::tables();
        let text = sentences(&Reading::of(&tables)).join(" ");
        let (fast, slow) = (tables.summary[1].pull_p95_s.expect("set"), tables.summary[4].pull_p95_s.expect("set"));
        assert!(
            text.contains(&format!(
                "under centralized, the slowest, they take up to {}, {}",
                duration(slow),
                times(slow / fast)
            )),
            "{text}"
        );
    }

    #[test]
    fn a_tail_behind_the_95th_percentile_is_told() {
        let mut tables = fixture::alone();
        (tables.summary[0].pull_p95_s, tables.summary[0].pull_p99_s) = (Some(10.0), Some(12.0));
        assert_eq!(tail(&Reading::of(&tables)), None);
        tables.summary[0].pull_p99_s = Some(150.0);
        let said = tail(&Reading::of(&tables));
        assert_eq!(said.as_deref(), Some("But 1 of 100 pulls takes longer than 2.5 min under cross-region-pull."));
    }

    #[test]
    fn copies_in_vain_name_their_repository() {
        let tables = fixture::tables();
        let text = never_pulled(&Reading::of(&tables)).join(" ");
        assert!(text.contains("are never pulled; ") && text.contains("of these are of ml/train_gpu|large"), "{text}");
    }

    #[test]
    fn one_failure_is_singular() {
        let mut tables = fixture::alone();
        (tables.summary[0].pulls, tables.summary[0].pulls_failed) = (24_012.4, 1.0);
        assert!(failures(&Reading::of(&tables))[0].contains(" 1 of 24,012 pulls a trial fails"));
    }
}
