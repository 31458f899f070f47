use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::scenario::Vary;

fn scenario_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/worked-example.toml")
}

fn keys(texts: &[&str]) -> Vec<Vary> {
    let mut diagnostics = Diagnostics::default();
    let draft = scenario::read(&scenario_file(), &[], &mut diagnostics).unwrap();
    texts.iter().map(|text| Vary::read(text, &draft, &mut diagnostics).unwrap()).collect()
}

fn sweep(texts: &[&str], settings: &[&str]) -> Sweep {
    let plan = Plan::new(keys(texts), None, 1).unwrap();
    let settings = settings.iter().map(ToString::to_string).collect();
    Sweep { path: scenario_file(), settings, strategies: Vec::new(), plan }
}

fn run(sweep: &Sweep, points: &[usize], jobs: usize) -> Result<BTreeMap<usize, Vec<SweepRow>>, SweepError> {
    let never = AtomicBool::new(false);
    let mut diagnostics = Diagnostics::default();
    let inputs = sweep.check(points, jobs, &never, &mut diagnostics)?;
    assert!(!diagnostics.has_errors(), "{}", diagnostics.render(false));
    let kept = Mutex::new(BTreeMap::new());
    let keep = |point: usize, rows: Vec<SweepRow>| {
        assert!(kept.lock().unwrap().insert(point, rows).is_none(), "a point is finished once");
        Ok(())
    };
    sweep.run(points, &inputs, jobs, &never, &keep)?;
    Ok(kept.into_inner().unwrap())
}

#[test]
fn points_of_a_grid_have_the_first_key_slowest_and_say_what_they_set() {
    let plan = Plan::new(keys(&["run.seed=1,2", "run.trials=3,4,5"]), None, 1).unwrap();
    assert_eq!(plan.points.len(), 6);
    assert_eq!(plan.settings(1), ["run.seed=1", "run.trials=4"]);
    assert_eq!(plan.words(3), "point 4 (run.seed=2, run.trials=3)");
}

#[test]
fn plans_that_nobody_means_are_refused() {
    let wide = "run.seed=1..9000:9000";
    let plan = |texts: &[&str], latin| Plan::new(keys(texts), latin, 1).unwrap_err();
    assert_eq!(plan(&["run.seed=1,2", "run.seed=3"], None), PlanError::Twice("run.seed".into()));
    let five = ["run.seed", "run.trials", "run.max_trials", "run.duration", "run.warmup"]
        .map(|key| format!("{key}=1..9000:9000"));
    assert_eq!(plan(&five.each_ref().map(String::as_str), None), PlanError::TooMany, "the count itself overflows");
    assert_eq!(plan(&[wide], Some(1_000_000)), PlanError::TooMany);
    assert_eq!(plan(&[wide, "run.trials=1,2"], Some(5)), PlanError::NoRange("run.trials".into()));
}

proptest! {
    #[test]
    fn each_stratum_of_a_latin_hypercube_is_met_exactly_once(count in 1usize..200, seed: u64) {
        let mut strata: Vec<usize> = plan::shares("a.key", count, seed).iter().map(|share| (share * count as f64) as usize).collect();
        strata.sort_unstable();
        prop_assert_eq!(strata, (0..count).collect::<Vec<_>>());
    }

    #[test]
    fn shards_share_out_every_point_once(points in 0usize..60, of in 1u64..9) {
        for point in 0..points {
            let holding = (1..=of).filter(|index| Shard { index: *index, of }.holds(point)).count();
            prop_assert_eq!(holding, 1);
        }
    }
}

#[test]
fn points_of_a_latin_hypercube_over_counts_are_not_run_twice() {
    let plan = Plan::new(keys(&["run.trials=1..4"]), Some(12), 1).unwrap();
    let mut values: Vec<&str> = plan.points.iter().map(|point| point[0].as_str()).collect();
    values.sort_unstable();
    assert_eq!(values, ["1", "2", "3", "4"], "each stratum is met, and each value once");
}

#[test]
fn a_latin_hypercube_lies_within_its_ranges_and_another_key_changes_nobodys_values() {
    let (one, two) = ("run.duration=30d..90d", "run.trials=1..1000:log");
    let alone = Plan::new(keys(&[one]), Some(40), 7).unwrap();
    let both = Plan::new(keys(&[two, one]), Some(40), 7).unwrap();
    let column = |plan: &Plan, key: usize| plan.points.iter().map(|point| point[key].clone()).collect::<Vec<_>>();
    assert_eq!(column(&alone, 0), column(&both, 1));
    assert_ne!(column(&alone, 0), column(&Plan::new(keys(&[one]), Some(40), 8).unwrap(), 0));
    let vary = &alone.keys[0];
    // Strata of 1.5 days from 30 on, each met once; six digits are fine enough for that.
    let mut strata: Vec<usize> =
        column(&alone, 0).iter().map(|value| ((vary.measure(value).unwrap() - 30.0) / 1.5) as usize).collect();
    strata.sort_unstable();
    assert_eq!(strata, (0..40).collect::<Vec<_>>());
    assert_eq!(both.method, Method::LatinHypercube);
}

#[test]
fn a_shard_is_read_strictly() {
    assert_eq!("2/3".parse(), Ok(Shard { index: 2, of: 3 }));
    assert_eq!(Shard { index: 2, of: 3 }.to_string(), "2/3");
    for text in ["0/3", "4/3", "1/0", "3", "a/b", "1/2/3", "-1/2"] {
        assert!(text.parse::<Shard>().is_err(), "{text}");
    }
}

#[test]
fn rows_do_not_depend_on_threads_or_on_what_else_is_run() {
    let sweep = sweep(&["run.seed=1..10:10"], &[]);
    let all: Vec<usize> = (0..10).collect();
    let one = run(&sweep, &all, 1).unwrap();
    assert_eq!(one.len(), 10);
    assert_eq!(run(&sweep, &all, 2).unwrap(), one, "points side by side");
    let some = run(&sweep, &[3, 7], 2).unwrap();
    assert_eq!(some, one.into_iter().filter(|(point, _)| [3, 7].contains(point)).collect(), "trials side by side");
}

#[test]
fn margins_are_against_the_baseline_and_the_cheapest_system() {
    let sweep = sweep(&["run.seed=1"], &[]);
    let rows = &run(&sweep, &[0], 1).unwrap()[&0];
    let scenario = sweep.load(0, &mut Diagnostics::default()).unwrap();
    let baseline = &scenario.model.strategies[scenario.run.baseline].name;
    let cost = |name: &str| rows.iter().find(|row| row.summary.strategy == name).unwrap().summary.cost_usd_month;
    let systems = rows.iter().filter(|row| row.summary.kind != "clairvoyant");
    let lowest = systems.map(|row| row.summary.cost_usd_month).fold(f64::INFINITY, f64::min);
    for row in rows {
        let own = row.summary.cost_usd_month;
        let expected = (row.summary.strategy != *baseline).then(|| own - cost(baseline));
        let near = |a: Option<f64>, b: Option<f64>| a.zip(b).map_or(a == b, |(a, b)| (a - b).abs() < 1e-9);
        assert!(near(row.margins.difference_usd_month, expected), "{row:?}");
        assert!(near(row.margins.above_cheapest_usd_month, (own != lowest).then_some(own - lowest)), "{row:?}");
    }
}

#[test]
fn what_is_wrong_at_many_points_is_told_once_with_the_first_of_them() {
    let sweep = sweep(&["run.sede=1..50:50", "run.trials=0,1"], &[]);
    let mut diagnostics = Diagnostics::default();
    let points: Vec<usize> = (0..100).collect();
    sweep.check(&points, 2, &AtomicBool::new(false), &mut diagnostics).unwrap();
    let told: Vec<&str> = diagnostics.items().iter().map(|item| item.message.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|told| told.ends_with("(at point 1 (run.sede=1, run.trials=0))")), "{told:?}");
}

#[test]
fn a_file_that_changes_under_the_sweep_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.toml");
    std::fs::copy(scenario_file(), &path).unwrap();
    let sweep = Sweep { path: path.clone(), ..sweep(&["run.seed=1,2"], &[]) };
    let never = AtomicBool::new(false);
    let inputs = sweep.check(&[0, 1], 1, &never, &mut Diagnostics::default()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + "\n# another\n").unwrap();
    let error = sweep.run(&[0, 1], &inputs, 1, &never, &|_, _| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "an input of point 1 (run.seed=1) has changed since the sweep began");
}

#[test]
fn a_point_that_cannot_be_kept_and_a_wish_to_stop_end_the_sweep() {
    let sweep = sweep(&["run.seed=1..20:20"], &[]);
    let points: Vec<usize> = (0..20).collect();
    let stop = AtomicBool::new(false);
    let inputs = sweep.check(&points, 2, &stop, &mut Diagnostics::default()).unwrap();
    let full = |_: usize, _: Vec<SweepRow>| Err("the disk is full".to_string());
    assert_eq!(sweep.run(&points, &inputs, 2, &stop, &full).unwrap_err().to_string(), "the disk is full");
    let kept = Mutex::new(0);
    let third = |_: usize, _: Vec<SweepRow>| {
        *kept.lock().unwrap() += 1;
        stop.store(*kept.lock().unwrap() >= 3, Ordering::Relaxed);
        Ok(())
    };
    assert!(matches!(sweep.run(&points, &inputs, 1, &stop, &third), Err(SweepError::Interrupted)));
    assert_eq!(*kept.lock().unwrap(), 3);
}
