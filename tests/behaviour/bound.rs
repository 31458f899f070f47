//! The clairvoyant bound lies below every strategy that it covers, in every trial.

use super::common::{bundled, read, run_on};

#[test]
fn no_strategy_without_failed_pulls_is_below_the_bound() {
    let mut compared = 0;
    for name in ["quickstart", "worked-example", "shop", "real-images"] {
        let sets: &[&str] = if name == "worked-example" { &[] } else { &["run.trials=2", "run.duration=10d"] };
        let tables = run_on(&read(&bundled(name), sets), 2);
        let kind = |strategy: &str| {
            tables.summary.iter().find(|row| row.strategy == strategy).map(|row| row.kind.clone()).unwrap_or_default()
        };
        // The bound covers storage and transfer.
        let covered = |strategy: &str, trial: u64| -> f64 {
            let rows = tables.bill.iter().filter(|row| row.strategy == strategy && row.trial == trial);
            rows.filter(|row| ["storage", "copy", "pull"].contains(&row.line_item.as_str()))
                .map(|row| row.cost_usd.parse::<f64>().expect("a decimal"))
                .sum()
        };
        for bound in tables.trials.iter().filter(|row| kind(&row.strategy) == "clairvoyant") {
            let below = covered(&bound.strategy, bound.trial);
            assert!(below > 0.0);
            for row in tables.trials.iter().filter(|row| row.trial == bound.trial && row.pulls_failed == 0) {
                let cost = covered(&row.strategy, row.trial);
                assert!(cost >= below * (1.0 - 1e-9), "{name}: {} costs {cost}, the bound {below}", row.strategy);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
}
