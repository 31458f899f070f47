//! What is said of a study, from rows made by hand.

use super::*;
use crate::study::breakeven::tables::{CheapestRow, KeyRecord, Named, PointRow, Record};

/// Two strategies over demand that cross at 0.5, which is 6 pulls per image.
fn found() -> Breakeven {
    let strategies = [("pull", "cross-region-pull"), ("copy", "replication")];
    let crossing = |key: &str, at: f64, unit: &str| CrossingRow {
        key: key.into(),
        reading: "inter-region".into(),
        strategy_a: "copy".into(),
        strategy_b: "pull".into(),
        crossing: Some(at),
        ci_low: Some(at * 0.9),
        ci_high: Some(at * 1.1),
        unit: unit.into(),
        method: "root".into(),
        ..CrossingRow::default()
    };
    let point = |value: &str, strategy: usize, cost: f64| PointRow {
        key: "run.demand".into(),
        value: value.into(),
        number: value.parse().ok(),
        reading: "inter-region".into(),
        strategy: strategies[strategy].0.into(),
        kind: strategies[strategy].1.into(),
        cost_usd_month: cost,
        point: "grid".into(),
        ..PointRow::default()
    };
    let cheapest = |value: &str, name: &str| CheapestRow {
        key: "run.demand".into(),
        value: value.into(),
        number: value.parse().ok(),
        reading: "inter-region".into(),
        cheapest: name.into(),
        significant: Some(true),
        ..CheapestRow::default()
    };
    Breakeven {
        crossings: vec![crossing("run.demand", 0.5, ""), crossing(PULLS_PER_IMAGE, 6.0, "pulls")],
        points: vec![point("0.1", 0, 1.0), point("0.1", 1, 3.0), point("1", 0, 6.0), point("1", 1, 3.0)],
        cheapest: vec![cheapest("0.1", "pull"), cheapest("1", "copy")],
        record: Record {
            title: "A|B <c>".into(),
            scenario: "it's.toml".into(),
            reading: "inter-region".into(),
            strategies: strategies.map(|(name, kind)| Named { name: name.into(), kind: kind.into() }).to_vec(),
            keys: vec![KeyRecord {
                key: "run.demand".into(),
                asked: "0.1..1:2log".into(),
                values: vec!["0.1".into(), "1".into()],
                is_range: true,
                is_logarithmic: true,
                ..KeyRecord::default()
            }],
            destinations: vec!["eu-west-1".into()],
            retention_days: Some(30.0),
            trials: 20,
            ..Record::default()
        },
    }
}

#[test]
fn the_first_sentence_is_the_answer() {
    assert_eq!(
        sentences::answer(&found())[0],
        "Above 6.0 pulls per image over its 30 days (95\u{a0}% interval 5.4 to 6.6), replicating to eu-west-1 is cheaper \
         than pulling across (run.demand = 0.5)."
    );
}

/// What holds above a crossing holds up to the next one only, and the sentence says so.
#[test]
fn a_crossing_that_is_crossed_back_says_up_to_where_it_holds() {
    let mut found = found();
    found.cheapest.push(CheapestRow { value: "2".into(), number: Some(2.0), ..found.cheapest[0].clone() });
    let back = |row: &CrossingRow, at: f64| CrossingRow {
        strategy_a: "pull".into(),
        strategy_b: "copy".into(),
        crossing: Some(at),
        ci_low: None,
        ci_high: None,
        ..row.clone()
    };
    let more = [back(&found.crossings[0], 1.5), back(&found.crossings[1], 18.0)];
    found.crossings.extend(more);
    let told = sentences::answer(&found);
    assert!(told[0].contains("5.4 to 6.6) and up to 18.0, replicating to eu-west-1 is cheaper"), "{told:?}");
    assert!(told[1].starts_with("Above 18.0 pulls per image"), "{told:?}");
    assert!(told[1].contains("pulling across is cheaper than replicating") && !told[1].contains("up to"), "{told:?}");
}

#[test]
fn without_a_crossing_the_winner_is_named() {
    let mut found = found();
    found.crossings.clear();
    found.cheapest[0].cheapest = "copy".into();
    let expected =
        "From run.demand = 0.1 to 1, replicating to eu-west-1 is the cheapest throughout: nothing crosses it.";
    assert_eq!(sentences::answer(&found), [expected]);
}

#[test]
fn notes_on_a_terminal_are_sentences_in_a_list_below_the_answer() {
    let mut found = found();
    found.record.by_default = true;
    found.record.notes = vec!["cache: this needs a clean-up job".into()];
    let text = summary(&found, &[]);
    let (answer, notes) = text.split_once("\nNotes\n").expect("a part of their own");
    assert!(answer.starts_with("Above 6.0 pulls per image") && !answer.contains("clean-up"), "{text}");
    assert!(notes.starts_with("- No key was asked for, so demand was varied:"), "{notes}");
    assert!(notes.ends_with("- cache: this needs a clean-up job.\n"), "{notes}");
}

#[test]
fn a_lead_within_the_noise_everywhere_is_no_lead_and_neighbours_are_told_together() {
    let mut found = found();
    found.crossings.clear();
    for row in &mut found.cheapest {
        (row.cheapest, row.next, row.significant) = ("copy".into(), Some("pull".into()), Some(false));
    }
    let even = "rom run.demand = 0.1 to 1, replicating to eu-west-1 and pulling across are too close to call throughout: \
         nothing crosses them.";
    assert_eq!(sentences::answer(&found), [format!("F{even}")]);
    // The same at two values of a second key, and a winner at the third.
    found.record.keys.push(KeyRecord { key: "size".into(), ..KeyRecord::default() });
    let rows = std::mem::take(&mut found.cheapest);
    for value in ["1 MB", "2 MB", "3 MB"] {
        found.cheapest.extend(rows.iter().map(|row| CheapestRow {
            fixed_key: Some("size".into()),
            fixed_value: Some(value.into()),
            significant: Some(value == "3 MB"),
            ..row.clone()
        }));
    }
    let told = sentences::answer(&found);
    assert_eq!(told[0], format!("With size = 1 MB and 2 MB: f{even}"));
    assert!(told[1].starts_with("With size = 3 MB: from run.demand = 0.1 to 1, replicating"), "{told:?}");
    assert_eq!(sentences::at(&found, "inter-region", "2 MB"), [format!("F{even}")]);
    found.crossings = vec![CrossingRow { key: "run.demand".into(), ..CrossingRow::default() }];
    let heading = "\nCrossings in run.demand and size\n1 pair of strategies does not cross within the range; ";
    assert!(summary(&found, &[]).contains(heading), "no table of nothing");
}

#[test]
fn the_summary_fits_and_the_report_escapes() {
    let found = found();
    for line in summary(&found, &[]).lines() {
        assert!(line.chars().count() <= WIDTH, "{line}");
    }
    let (figures, left_out) = charts(&found);
    assert_eq!((figures.len(), left_out.len()), (1, 1));
    assert!(!figures[0].svg.contains("NaN"));
    let text = report(&found, &figures, &left_out);
    assert!(text.contains("A\\|B \\<c\\>"), "{text}");
    assert!(text.contains("replisim breakeven 'it'\\''s.toml' --vary 'run.demand=0.1..1:2log'"), "{text}");
}

#[test]
fn quantities_have_three_figures_and_their_unit() {
    for (value, unit, expected) in [
        (6.0, "", "6.0"),
        (1.3333, "", "1.33"),
        (0.0234567, "$/GB", "$0.0235/GB"),
        (12.75, "d", "12.8 d"),
        (210.0, "MB", "210 MB"),
        (0.4, "/day", "0.4/day"),
        (0.0, "", "0"),
    ] {
        assert_eq!(quantity(value, unit), expected);
    }
}
