//! `replisim explain` as it is used.

use super::super::{finish, replisim, run};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/worked-example.toml");

#[test]
fn the_life_of_an_image_goes_to_standard_output() {
    let (code, text, stderr) = run(&["explain", SCENARIO, "--image", "app@7", "--strategy", "replicate"]);
    assert_eq!(code, 0, "{stderr}");
    for said in ["app:", "== replicate (replication)", "Selection", "What happened", "Pulls: 8, 8 cold", "Money: $"] {
        assert!(text.contains(said), "{said} is missing in: {text}");
    }
    assert!(!text.contains("== noon-job"), "{text}");
}

#[test]
fn the_json_has_the_documented_shape() {
    let (code, json, stderr) = run(&["explain", SCENARIO, "--image", "app", "--json"]);
    assert_eq!(code, 0, "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
    };
    let page = include_str!("../../docs/explain.md");
    let life = &json["strategies"][2];
    let shown = [
        &json,
        &json["image"],
        life,
        &life["selection"],
        &life["selection"]["rules"][0],
        &life["selection"]["rules"][0]["destinations"][0],
        &life["places"][0],
        &life["copies"][0],
        &life["events"][0],
        &life["pulls"],
        &life["pulls"]["groups"][0],
        &life["pulls"]["list"][0],
        &life["costs"][0],
        &life["costs"][0]["parts"][0],
    ];
    for (index, value) in shown.into_iter().enumerate() {
        assert!(!keys(value).is_empty(), "object {index} is there");
        for key in keys(value) {
            assert!(page.contains(&format!("`{key}`")), "`{key}` is not in docs/explain.md");
        }
    }
    let sum: f64 = life["costs"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["cost_usd"].as_str()?.parse::<f64>().ok())
        .sum();
    let total: f64 = life["cost_usd"].as_str().and_then(|text| text.parse().ok()).expect("a decimal");
    assert!((sum - total).abs() < 1e-9, "{sum} {total}");
}

#[test]
fn wrong_usage_is_exit_code_2_with_a_hint() {
    for (arguments, said) in [
        (&["--image", "ap:v1"][..], "no repository `ap`"),
        (&["--image", "app:v99"], "trial 1 pushes no `app:v99`"),
        (&["--image", "app", "--strategy", "replicat"], "did you mean `replicate`?"),
        (&["--image", "app", "--strategy", "bound"], "`bound` is a lower bound"),
        (&["--image", "app", "--trial", "0"], "--trial"),
        (&[], "--image"),
    ] {
        let (code, stdout, stderr) = finish(replisim().args(["explain", SCENARIO]).args(arguments));
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{said} is missing in: {stderr}");
    }
}

#[test]
fn a_trial_and_settings_can_be_chosen() {
    let chosen = ["--strategy", "replicate", "--trial", "3", "--set", "prices.override.inter_region=$0.05/GB"];
    let (code, text, stderr) = finish(replisim().args(["explain", SCENARIO, "--image", "app"]).args(chosen));
    assert_eq!(code, 0, "{stderr}");
    assert!(text.contains("of trial 3") && text.contains("x $0.05 = $"), "{text}");
}
