//! `scenarios/worked-example.toml`, every cell to the micro-dollar. The arithmetic by hand is in the manual.

use super::common::{bundled, read, run_on, summary};

/// (strategy, storage, transfer, total) in dollars, worked out by hand.
const BY_HAND: [(&str, f64, f64, f64); 7] = [
    ("pull-across", 0.288710, 0.894070, 1.182780),
    ("central", 0.288710, 0.894070, 1.182780),
    ("replicate", 0.866130, 0.223517, 1.089647),
    ("cache-kept", 0.864578, 0.223517, 1.088095),
    ("cache-12h", 0.334914, 0.223517, 0.558431),
    ("noon-job", 0.847504, 0.670552, 1.518056),
    ("bound", 0.316650, 0.223517, 0.540167),
];

fn to_the_micro_dollar(found: f64, by_hand: f64, what: &str) {
    assert!((found - by_hand).abs() <= 0.6e-6, "{what}: {found} is not {by_hand}");
}

#[test]
fn every_cell_is_what_the_hand_says() {
    let tables = run_on(&read(&bundled("worked-example"), &[]), 1);
    for (strategy, storage, transfer, total) in BY_HAND {
        let row = summary(&tables, strategy);
        to_the_micro_dollar(row.storage_usd_month, storage, &format!("storage of {strategy}"));
        to_the_micro_dollar(row.transfer_usd_month, transfer, &format!("transfer of {strategy}"));
        to_the_micro_dollar(row.cost_usd_month, total, &format!("cost of {strategy}"));
        assert_eq!(row.network_path_usd_month + row.other_usd_month, 0.0, "{strategy}");
        assert_eq!(row.pulls_failed, 0.0, "{strategy}");
    }
    assert_eq!(summary(&tables, "replicate").copies, 60.0);
    assert_eq!(summary(&tables, "cache-12h").copies, 60.0);
    assert_eq!(summary(&tables, "noon-job").copies, 60.0);
}

#[test]
fn the_published_reading_changes_only_what_nodes_pull_across() {
    let tables = run_on(&read(&bundled("worked-example"), &["prices.cross_region_pull=internet"]), 1);
    for (strategy, _, transfer, _) in BY_HAND {
        let expected = match strategy {
            "pull-across" | "central" => 4.023314,
            "noon-job" => 2.235174,
            _ => transfer,
        };
        to_the_micro_dollar(summary(&tables, strategy).transfer_usd_month, expected, strategy);
    }
}

#[test]
fn bill_rows_sum_exactly_to_the_cost_of_the_trial() {
    let tables = run_on(&read(&bundled("worked-example"), &[]), 1);
    for trial in &tables.trials {
        let nanos = |text: &str| text.replace('.', "").parse::<i128>().expect("nine decimals");
        let rows = tables.bill.iter().filter(|row| row.strategy == trial.strategy && row.trial == trial.trial);
        assert_eq!(rows.map(|row| nanos(&row.cost_usd)).sum::<i128>(), nanos(&trial.cost_usd), "{}", trial.strategy);
    }
}
