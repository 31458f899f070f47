//! The three forms, held against golden files; after a wanted change run with `REPLISIM_GOLDEN=write`.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::scenario::{self, Diagnostics};
use crate::study::diff::diff;
use crate::study::tables::Tables;
use crate::study::{Options, Unseen, compare};

fn run(sets: &[&str]) -> Tables {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let mut diagnostics = Diagnostics::default();
    let scenario = scenario::load(Path::new("scenarios/worked-example.toml"), &sets, &mut diagnostics);
    let scenario = scenario.unwrap_or_else(|| panic!("{}", diagnostics.render(false)));
    compare(&scenario, &Options { strategies: None, jobs: 2 }, &Unseen, &AtomicBool::new(false)).expect("a result")
}

const OLD: [&str; 3] = [
    "run.trials=3",
    "repositories.app.push={ rate = \"1/day\" }",
    "objectives=[{ name = \"budget\", metric = \"cost\", at_most = \"$1.16/month\" }]",
];

fn changed() -> Difference {
    let new = ["prices.override={ inter_region = \"$0.03/GB\" }", "repositories.app.lifecycle={ keep = 5 }"];
    let (mut old, mut new) = (run(&OLD), run(&[&OLD[..], &new].concat()));
    crate::study::diff::keep(&mut old, &["pull-across".into(), "replicate".into()]);
    crate::study::diff::keep(&mut new, &["replicate".into(), "bound".into(), "pull-across".into()]);
    diff(&old, &new).expect("amounts")
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/diff").join(name);
    if std::env::var_os("REPLISIM_GOLDEN").is_some_and(|word| word == "write") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(&path, text).expect("the golden can be written");
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default(), "{}", path.display());
}

#[test]
fn the_three_forms_are_those_of_the_manual() {
    let found = changed();
    let told = text(&found);
    assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
    golden("change.txt", &told);
    golden("change.md", &markdown(&found));
    golden("change.json", &json(&found));
}

#[test]
fn nothing_changed_is_one_line() {
    let tables = run(&[]);
    let found = diff(&tables, &tables).expect("amounts");
    assert_eq!((text(&found).as_str(), markdown(&found).as_str()), ("No change.\n", "No change.\n"));
    let value: serde_json::Value = serde_json::from_str(&json(&found)).expect("JSON");
    assert_eq!(value["changed"], false);

    let mut other = tables.clone();
    other.run.settings.insert("title".into(), "New".into());
    let line = "No change: the results are the same, though 1 thing differs in the inputs.\n";
    assert_eq!(text(&diff(&tables, &other).expect("amounts")), line);
}

#[test]
fn a_comment_is_one_sentence_one_table_and_the_rest_folded() {
    let told = markdown(&changed());
    let (shown, folded) = told.split_once("<details>").expect("details");
    assert_eq!(shown.matches("| --- |").count(), 1, "{shown}");
    assert!(shown.starts_with("**") && folded.trim_end().ends_with("</details>") && !folded.contains("<details>"));
    assert!(told.len() <= 65_536);
}

#[test]
fn what_chance_explains_is_not_called_a_change() {
    let mut found = changed();
    for it in &mut found.strategies {
        (it.cost.ci_low, it.cost.ci_high, it.cost.significant) = (Some(-1.0), Some(2.0), Some(false));
        it.objectives.clear();
    }
    found.added.clear();
    let told = text(&found);
    assert!(told.starts_with("2 strategies’ costs do not differ significantly."), "{told}");
    assert!(told.contains("not significant\n"), "{told}");
}

#[test]
fn names_cannot_become_markup() {
    let mut found = changed();
    found.strategies[0].strategy = "a|b<img>@team".into();
    let told = markdown(&found);
    assert!(!told.contains("<img>") && !told.contains("@team"), "{told}");
    assert!(told.contains("a\\|b\\<img\\>@&#8203;team"), "{told}");
}
