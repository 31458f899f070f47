use super::*;
use crate::study::sensitivity::End;

fn bar(key: &str, low: f64, high: f64, flips: u64) -> Bar {
    let end = |value: &str, lead: f64| End {
        value: value.into(),
        lead,
        best: if lead < 0.0 { "pull" } else { "copy" }.into(),
        turns: lead < -0.2,
        ..End::default()
    };
    let (low, high) = (end("1 MB", low), end("9 MB", high));
    Bar { key: key.into(), default: "3 MB".into(), source: "A6".into(), low, high, flips }
}

fn study(bars: Vec<Bar>) -> Sensitivity {
    let effects = bars.iter().map(|bar| EffectRow {
        key: bar.key.clone(),
        strategy: "copy".into(),
        metric: "cost_lead".into(),
        unit: "usd/month".into(),
        mu: bar.high.lead - bar.low.lead,
        mu_star: bar.width() * 1.1,
        sigma: Some(bar.width() / 2.0),
        flips: bar.flips,
        ..EffectRow::default()
    });
    let record = Record {
        title: "Shop <b>".into(),
        figure: "cost".into(),
        unit: "usd/month".into(),
        best: "copy".into(),
        second: "pull".into(),
        value: 40.0,
        lead: 12.0,
        trials: 5,
        trajectories: 10,
        points: 99,
        ..Record::default()
    };
    Sensitivity { record, effects: effects.collect(), bars }
}

#[test]
fn the_first_sentence_is_the_answer() {
    let told = |bars| answer(&study(bars));
    assert_eq!(
        told(vec![bar("size", -3.0, 30.0, 4), bar("wage", 10.0, 14.0, 0)]),
        "The choice of copy over pull turns on size; nothing else in its plausible range changes it."
    );
    assert_eq!(
        told(vec![bar("size", -3.0, 30.0, 4), bar("wage", 10.0, 14.0, 1)]),
        "The choice of copy over pull turns on size; the others change it only together."
    );
    assert_eq!(
        told(vec![bar("wage", 10.0, 14.0, 1)]),
        "No key alone changes the choice of copy over pull; together with others, wage can."
    );
    assert_eq!(
        told(vec![bar("wage", 10.0, 14.0, 0), bar("size", 11.0, 12.0, 0)]),
        "copy stays cheapest over the plausible range of each of 2 keys; nothing must be known better to choose it over pull."
    );
    assert_eq!(
        told(vec![bar("delay", -0.01, 30.0, 0)]),
        "copy stays cheapest over the plausible range of the one key; nothing must be known better to choose it over pull.",
        "a lead just below zero is nothing to choose by"
    );
    let mut tie = study(vec![bar("delay", -5.0, 0.00002, 3), bar("size", 0.0, 0.00002, 0)]);
    tie.record.lead = 0.00001;
    let told = "As the scenario is, copy and pull are level; delay moves them furthest apart, by $5.00 a month.";
    assert_eq!(answer(&tie), told);
    assert_eq!(sentences(&tie)[1], "Both stand at $40.00 a month; the lead below is that of copy.");
    tie.bars.remove(0);
    assert_eq!(answer(&tie), "As the scenario is, copy and pull are level, and no key alone moves them apart.");
    let mut alone = study(Vec::new());
    alone.record.second.clear();
    assert!(answer(&alone).starts_with("There is nothing to choose"));
}

#[test]
fn files_are_written_and_charts_are_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("REPLISIM_CHARTS").map(|dir| Path::new(&dir).join("sensitivity"));
    let place = kept.unwrap_or_else(|| dir.path().to_owned());
    let mut bars = vec![bar("repositories.image.size", -13.0, 42.0, 7), bar("prices.cross_region_pull", 12.0, 31.0, 0)];
    bars.extend(
        (0..14).map(|n| bar(&format!("clusters.key-{n}"), 11.0 - f64::from(n) / 9.0, 14.0 - f64::from(n) / 9.0, 0)),
    );
    let study = study(bars);
    let written = write(&place, &study).unwrap();
    assert_eq!(written.len(), 7, "{written:?}");
    let page = std::fs::read_to_string(place.join("report.md")).unwrap();
    assert!(page.starts_with("The choice of copy over pull turns on repositories.image.size;"), "{page}");
    assert!(page.contains("Shop \\<b\\>") && page.contains("(charts/tornado.svg)"));
    let table = std::fs::read_to_string(place.join("sensitivity.csv")).unwrap();
    assert!(table.starts_with(
        "key,range_from,range_to,source,strategy,metric,unit,mu,mu_star,mu_star_ci_low,mu_star_ci_high,sigma,flips\n"
    ));
    let back: Sensitivity = serde_json::from_slice(&std::fs::read(place.join("sensitivity.json")).unwrap()).unwrap();
    assert_eq!(back, study);
}

#[test]
fn charts_without_anything_to_show_say_why() {
    let still = study(vec![bar("wage", 12.0, 12.0, 0)]);
    let (figures, left_out) = charts(&still);
    assert!(figures.is_empty() && left_out.len() == 2, "{left_out:?}");
    assert!(charts(&study(Vec::new())).0.is_empty());
}

#[test]
fn one_key_and_many_have_their_own_verb() {
    assert_eq!(further_keys(1), "1 key that moves it less");
    assert_eq!(further_keys(2), "2 keys that move it less");
}

#[test]
fn the_summary_fits_a_terminal() {
    let bars =
        (0..20).map(|n| bar(&format!("repositories.image.a-rather-long-key-{n}"), -1234.5, 98_765.4, 3)).collect();
    let text = summary(&study(bars), Path::new("outputs/a-sensitivity"));
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    assert!(text.contains("and 8 keys that move it less"));
}
