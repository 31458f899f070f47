use super::*;
use view::View;

fn first_sentence(finished: &Finished) -> String {
    findings::verdict(&View::of(finished))
}

#[test]
fn a_sweep_reads_back_as_it_was_written_even_times_that_never_end() {
    for finished in [fixture::one_key(), fixture::words(), fixture::two_keys(), fixture::three_keys()] {
        let dir = tempfile::tempdir().expect("a directory");
        let written = write(dir.path(), &finished).expect("writes");
        assert!(written.iter().all(|path| path.is_file()));
        assert_eq!(read(dir.path()).expect("reads"), finished);
        assert_eq!(Finished::of(finished.record.clone(), &fixture::points(&finished)).expect("joins"), finished);
        assert_eq!(finished.missing(), [0; 0]);
    }
}

#[test]
fn a_key_with_a_unit_has_a_column_of_numbers_as_well() {
    let finished = fixture::one_key();
    let text = String::from_utf8(table::write(&finished.record, &finished.rows).expect("memory")).expect("UTF-8");
    let head = "point,\"repositories.\"\"shop/api\"\".push.rate\",\"repositories.\"\"shop/api\"\".push.rate [/day]\",strategy,kind,trials,";
    assert!(text.starts_with(head), "{text}");
    let end = ",stored_bytes_end,difference_usd_month,difference_ci_low_usd_month,difference_ci_high_usd_month,above_cheapest_usd_month,above_cheapest_ci_low_usd_month,above_cheapest_ci_high_usd_month\n";
    assert!(text.contains(end));
    assert!(text.contains("\n2,10/day,10,pull,cross-region-pull,20,4,"), "{text}");
    let plain = fixture::two_keys();
    assert!(
        table::header(&plain.record)
            .expect("memory")
            .starts_with("point,clusters.eu.nodes,run.duration,run.duration [d],strategy,")
    );
    let foreign = table::read(&plain.record, text.as_bytes()).expect_err("other keys");
    assert!(foreign.to_string().contains("expected `point,clusters.eu.nodes"), "{foreign}");
}

#[test]
fn the_first_sentence_says_who_is_cheapest_where_and_what_is_too_close() {
    // pull 0.4x, copy 9 + 0.02x, cache 4 + 0.12x; intervals of differences are ±0.4.
    assert_eq!(
        first_sentence(&fixture::one_key()),
        "pull is the cheapest with \"shop/api\".push.rate from 2/day to 10/day, cache from 20/day to 40/day, copy at 90/day"
    );
    let mut finished = fixture::one_key();
    for row in finished.rows.iter_mut().filter(|row| row.point == 3 && row.summary.strategy == "pull") {
        row.margins.above_cheapest_ci_low_usd_month = Some(-0.1);
    }
    assert!(first_sentence(&finished).ends_with("copy at 90/day; at 20/day the cheapest are too close to call"));
    finished.rows.retain(|row| ["pull", "bound"].contains(&row.summary.strategy.as_str()));
    assert_eq!(first_sentence(&finished), "pull costs $0.80 to $36.00 a month over 5 points");
    finished.rows.retain(|row| row.summary.strategy == "bound");
    assert_eq!(first_sentence(&finished), "No strategy was run");
    finished.rows.clear();
    assert_eq!(first_sentence(&finished), "This shard has no points");
    let three = fixture::three_keys();
    assert_eq!(first_sentence(&three), "pull is the cheapest at all 8 points, at $0.40 to $1.28 a month");
    let map = fixture::two_keys();
    assert_eq!(
        first_sentence(&map),
        "copy is the cheapest at 10 of 32 points (clusters.eu.nodes from 20 to 60), cache at 9 (clusters.eu.nodes from 10 \
         to 40), pull at 8 (clusters.eu.nodes from 1 to 10); at 5 the cheapest are too close to call"
    );
    assert_eq!(
        headline(&View::of(&map), &str::to_owned),
        "copy is the cheapest at 10 of 32 points, cache at 9, pull at 8; at 5 the cheapest are too close to call",
        "the map shows where"
    );
    let mut even = fixture::three_keys();
    for row in even.rows.iter_mut().filter(|row| row.summary.strategy == "cache") {
        row.margins.above_cheapest_ci_low_usd_month = Some(-0.1);
    }
    let told = "pull and cache are the cheapest at all 8 points, too close to call, at $0.40 to $1.28 a month";
    assert_eq!(first_sentence(&even), told);
}

/// The costs of each point of the first duration at every other duration as well.
fn one_key_decides() -> Finished {
    let mut finished = fixture::two_keys();
    let first = finished.rows.clone();
    for row in &mut finished.rows {
        let same = |other: &&SweepRow| {
            (&other.values[0], &other.values[1], &other.summary.strategy)
                == (&row.values[0], &"30d".to_owned(), &row.summary.strategy)
        };
        let model = first.iter().find(same).expect("a row of the first duration");
        (row.summary, row.margins) = (model.summary.clone(), model.margins.clone());
    }
    finished
}

#[test]
fn a_key_that_alone_decides_who_leads_is_the_only_one_in_the_sentence() {
    let mut finished = one_key_decides();
    assert_eq!(
        first_sentence(&finished),
        "pull is the cheapest with clusters.eu.nodes from 1 to 10, cache from 20 to 40, copy at 60; at 15 the cheapest are \
         too close to call; run.duration changes nothing about this"
    );
    // In a sample no value comes twice: of the other key nothing is known.
    finished.record.method = crate::study::sweep::Method::LatinHypercube;
    assert!(first_sentence(&finished).ends_with("too close to call"), "{}", first_sentence(&finished));
}

/// Leaders differ between points though nobody wins: it is said where each of them is among the cheapest.
#[test]
fn where_nobody_wins_it_is_said_who_is_among_the_cheapest() {
    let mut finished = fixture::one_key();
    for row in &mut finished.rows {
        let is_level = row.summary.strategy == "cache" || (row.summary.strategy == "copy" && row.point >= 3);
        if is_level && row.margins.above_cheapest_ci_low_usd_month.is_some() {
            row.margins.above_cheapest_ci_low_usd_month = Some(-0.1);
        }
    }
    assert_eq!(
        first_sentence(&finished),
        "Nobody leads beyond chance: cache is among the cheapest at all 5 points, copy at 3 (\"shop/api\".push.rate from \
         20/day to 90/day), pull at 2 (\"shop/api\".push.rate from 2/day to 10/day)"
    );
}

#[test]
fn the_report_begins_with_the_finding_and_names_stay_names() {
    let finished = fixture::one_key();
    let view = View::of(&finished);
    let text = page::markdown(&view, &chart::sweep::draw(&view));
    assert!(
        text.starts_with(
            "# Sweep: Shop: \\<API &amp; web\\>\n\npull is the cheapest with \"shop/api\".push.rate from 2/day"
        ),
        "{text}"
    );
    for part in
        ["charts/sweep-cost.svg", "| 3 | 20/day | $8.00 | $9.40 | **$6.40** | $2.20 |", "replisim sweep shop.toml"]
    {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let three = fixture::three_keys();
    let view = View::of(&three);
    let text = page::markdown(&view, &chart::sweep::draw(&view));
    assert!(text.contains("## Chart left out\n\n3 keys have more directions than a picture"), "{text}");
}

#[test]
fn the_summary_fits_a_hundred_columns_and_is_json_too() {
    for finished in [fixture::one_key(), fixture::words(), fixture::two_keys(), fixture::three_keys()] {
        let text = terminal_summary(&finished, &[]);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        let json: serde_json::Value = serde_json::from_str(&summary_json(&finished)).expect("JSON");
        assert_eq!(json["rows"].as_array().map(Vec::len), Some(finished.rows.len()));
    }
}

/// The sweep in so many shards, each written to a folder of its own.
fn shards(dir: &Path, finished: &Finished, of: u64) -> Vec<PathBuf> {
    let one = |index: u64| {
        let mut part = finished.clone();
        let shard = crate::study::sweep::Shard { index, of };
        part.record.shard = Some(shard);
        part.rows.retain(|row| shard.holds(row.point as usize - 1));
        let place = dir.join(format!("{index}-of-{of}"));
        write(&place, &part).expect("writes");
        place
    };
    (1..=of).map(one).collect()
}

#[test]
fn shards_in_any_order_make_the_whole_byte_for_byte() {
    for finished in [fixture::one_key(), fixture::two_keys()] {
        let whole = render(&finished).expect("renders");
        for of in [1, 2, 3, 7] {
            let dir = tempfile::tempdir().expect("a directory");
            let mut places = shards(dir.path(), &finished, of);
            places.rotate_left(of as usize / 2);
            let merged = merge::merge(&places).expect("belong together");
            assert!(render(&merged).expect("renders") == whole, "{of} shards");
        }
    }
}

#[test]
fn shards_that_do_not_belong_together_are_named_all_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let finished = fixture::one_key();
    let places = shards(dir.path(), &finished, 3);
    let told = |places: &[PathBuf]| {
        let problems = merge::merge(places).expect_err("refused");
        problems.join("\n").replace(&format!("{}/", dir.path().display()), "")
    };
    assert_eq!(told(&places[..1]), "2/3 and 3/3 shards are missing");
    let twice = [places[0].clone(), places[0].clone(), places[1].clone()];
    assert_eq!(told(&twice), "shard 1/3 is given twice: `1-of-3` and `1-of-3`\n3/3 shard is missing");
    let mut other = finished.clone();
    other.record.seed = 2;
    let foreign = shards(&dir.path().join("foreign"), &other, 3);
    let mixed = [places[0].clone(), foreign[1].clone(), places[2].clone()];
    assert_eq!(told(&mixed), "`foreign/2-of-3` and `1-of-3` are of different sweeps: they differ in the seed");
    let halves = shards(&dir.path().join("halves"), &finished, 2);
    assert_eq!(
        told(&[places[0].clone(), halves[1].clone()]),
        "`halves/2-of-2` is shard 2/2, the first directory is one of 3"
    );

    let text = std::fs::read_to_string(places[1].join(TABLE)).expect("readable");
    let kept: String = text.lines().filter(|line| !line.starts_with("5,")).map(|line| format!("{line}\n")).collect();
    std::fs::write(places[1].join(TABLE), kept).expect("writable");
    std::fs::remove_file(places[2].join(RECORD)).expect("removable");
    let problems = told(&places);
    assert!(problems.contains("`2-of-3` lacks point 5: its table has been changed"), "{problems}");
    assert!(problems.contains("cannot read `3-of-3/sweep.json`"), "{problems}");
    write(&places[1], &finished).expect("writes");
    assert!(told(&places).contains("`2-of-3` holds a whole sweep and no shard"));
}

#[test]
fn charts_are_drawn_for_one_and_two_keys_only_and_hold_no_nonsense() {
    let mut sample = fixture::two_keys();
    sample.record.method = crate::study::sweep::Method::LatinHypercube;
    for finished in [fixture::one_key(), fixture::words(), fixture::two_keys(), sample] {
        let figure = chart::sweep::draw(&View::of(&finished)).expect("drawn");
        assert!(!figure.svg.contains("NaN") && !figure.svg.contains("inf") && !figure.svg.contains("<API"));
        assert!(figure.title.contains("cheapest"), "{}", figure.title);
    }
    assert!(chart::sweep::draw(&View::of(&fixture::three_keys())).is_err());
    let mut empty = fixture::one_key();
    empty.rows.clear();
    assert!(chart::sweep::draw(&View::of(&empty)).is_err_and(|it| it.reason.contains("no points")));
}

/// Writes all files of all fixtures to the directory in `REPLISIM_CHARTS`, for looking at.
#[test]
fn charts_can_be_looked_at() {
    let Some(dir) = std::env::var_os("REPLISIM_CHARTS") else { return };
    let mut sample = fixture::two_keys();
    sample.record.method = crate::study::sweep::Method::LatinHypercube;
    for (name, finished) in
        [("curves", fixture::one_key()), ("words", fixture::words()), ("map", fixture::two_keys()), ("dots", sample)]
    {
        write(&Path::new(&dir).join(format!("sweep-{name}")), &finished).expect("writes");
    }
}
