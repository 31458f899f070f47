//! Closed forms of queueing theory as z-scores: the mean over independent trials against the formula, in standard errors.
//!
//! |z| < 4 fails by chance once in 16,000 times; seeds are fixed, so it does so always or never (theory E3).

use std::collections::HashMap;

use replisim::engine::journal::Entry;
use replisim::engine::run_with_journal;
use replisim::scenario::Scenario;
use replisim::units::Time;

use super::common::read;

/// Trials of each experiment.
const TRIALS: u64 = 32;

/// Runs the trials of the first strategy; `measure` makes one number of the entries of each.
fn over_trials(text: &str, measure: impl Fn(&Scenario, &[(Time, Entry)]) -> f64) -> Vec<f64> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("theory.toml");
    std::fs::write(&path, text).expect("a temporary file");
    let scenario = read(&path, &[]);
    let one = |trial| {
        let mut entries = Vec::new();
        run_with_journal(&scenario.model, 0, scenario.run.seed, trial, &mut |at, entry| {
            entries.push((at, entry.clone()));
        });
        measure(&scenario, &entries)
    };
    (1..=TRIALS).map(one).collect()
}

/// Holds the mean of `values` against `truth`.
#[track_caller]
fn agrees(what: &str, values: &[f64], truth: f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let z = (mean - truth) / (variance / n).sqrt();
    println!("| {what} | {truth:.5} | {mean:.5} | {z:+.2} |");
    assert!(z.abs() < 4.0, "{what}: {mean} is {z} standard errors from {truth}");
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// When pulls are asked for, and how long they take (s).
fn pulls(entries: &[(Time, Entry)]) -> Vec<(f64, f64)> {
    let mut asked = HashMap::new();
    let mut pulls = Vec::new();
    for (at, entry) in entries {
        match entry {
            Entry::PullAsked(pull) => {
                asked.insert(pull.id, (*at - Time::START).as_seconds());
            }
            Entry::PullServed { pull, times, .. } => {
                let all = times.waiting + times.queueing + times.transfer + times.unpack;
                pulls.push((asked[&pull.id], all.as_seconds()));
            }
            _ => {}
        }
    }
    pulls
}

/// How long copies take from the push that orders them (s).
fn lags(entries: &[(Time, Entry)]) -> Vec<f64> {
    let mut pushed = HashMap::new();
    let mut lags = Vec::new();
    for (at, entry) in entries {
        match entry {
            Entry::Pushed(what) => {
                pushed.insert(what.image.id, *at);
            }
            Entry::CopyArrived { copy, .. } => lags.push((*at - pushed[&copy.image.id]).as_seconds()),
            _ => {}
        }
    }
    lags
}

/// Pulls out of one registry by nodes that nothing else holds up.
fn link(egress: &str, network: &str, sizes: &[&str], rate: &str) -> String {
    let repository = |(index, size): (usize, &&str)| {
        format!(
            "[[repositories]]\nname = \"r{index}\"\nregistry = \"us-east-1\"\n\
             push = {{ list = [{{ at = \"0d\", tag = \"v1\" }}] }}\nimage = {{ layer_sizes = [\"{size}\"] }}\n"
        )
    };
    format!(
        "schema = 1\nstrategies = [{{ kind = \"centralized\", egress = \"{egress}\" }}]\n\
         run = {{ duration = \"3h\", trials = 1 }}\nnetwork = {{ preset = \"ideal\"{network} }}\n{}\
         [[clusters]]\nname = \"nodes\"\nregistry = \"us-east-1\"\nnodes = 3000\nparallel_images = 40\ncache = \"none\"\n\
         popularity = 0\npulls = {{ rate = \"{rate}\" }}\n",
        sizes.iter().enumerate().map(repository).collect::<String>()
    )
}

/// Mean time of a trial's pulls, the first twenty minutes and the last excepted: the link begins idle.
fn pull_time(_: &Scenario, entries: &[(Time, Entry)]) -> f64 {
    mean(pulls(entries).into_iter().filter(|(at, _)| (1200.0..9600.0).contains(at)).map(|(_, time)| time))
}

#[test]
fn processor_sharing_is_insensitive_to_sizes() {
    // M/G/1-PS, theory E2 row 6: E[T] = E[x] / (C (1 - rho)); C = 10 MB/s, E[x] = 10 MB, rho = 0.7.
    for (what, sizes) in [("M/G/1-PS, one size", &["10 MB"][..]), ("M/G/1-PS, 1 and 19 MB", &["1 MB", "19 MB"])] {
        agrees(what, &over_trials(&link("80 Mbit/s", "", sizes, "0.7/s"), pull_time), 1.0 / 0.3);
    }
}

#[test]
fn sharing_with_a_ceiling_follows_erlang_c() {
    // Theory E2 row 7: E[T] = E[x]/r (1 + C / (c (1 - rho))). Erlang's C(3, 2) = 4/9 and C(10, 7) = 0.2217312 (row 3).
    // E[x]/r is 20 s.
    let text = link("24 Mbit/s", ", stream_max = \"1 MB/s\"", &["20 MB"], "0.1/s");
    agrees("PS with a ceiling, c = 3, a = 2", &over_trials(&text, pull_time), 20.0 * (1.0 + 4.0 / 9.0));
    let text = link("80 Mbit/s", ", stream_max = \"1 MB/s\"", &["20 MB"], "0.35/s");
    agrees("PS with a ceiling, c = 10, a = 7", &over_trials(&text, pull_time), 20.0 * (1.0 + 0.2217312 / 3.0));
}

#[test]
fn without_a_shared_link_the_pulls_in_flight_are_poisson() {
    // M/G/infinity, theory E2 row 5: the number in flight has mean and variance lambda E[S], whatever S: 1 and 19 s here.
    let text = link("unlimited", ", stream_max = \"1 MB/s\"", &["1 MB", "19 MB"], "0.5/s");
    let in_flight = |entries: &[(Time, Entry)]| -> Vec<f64> {
        let pulls = pulls(entries);
        // Further apart than any pull is long.
        let moments = (1..=100).map(|index| f64::from(index) * 100.0);
        moments.map(|now| pulls.iter().filter(|(at, time)| *at <= now && now < at + time).count() as f64).collect()
    };
    agrees("M/G/inf, mean in flight", &over_trials(&text, |_, entries| mean(in_flight(entries).into_iter())), 5.0);
    let spread = |_: &Scenario, entries: &[(Time, Entry)]| {
        mean(in_flight(entries).into_iter().map(|count| (count - 5.0).powi(2)))
    };
    agrees("M/G/inf, variance in flight", &over_trials(&text, spread), 5.0);
}

/// Pushes at random, copied one at a time, ten seconds each.
fn copy_queue(rate: &str, batch: u32) -> String {
    format!(
        "schema = 1\nstrategies = [{{ kind = \"replication\", delay = \"0s\", parallel_copies = 1 }}]\n\
         run = {{ duration = \"8h\", trials = 1 }}\nnetwork = {{ preset = \"ideal\", stream_max = \"1 MB/s\" }}\n\
         [[repositories]]\nname = \"app\"\nregistry = \"us-east-1\"\nimage = {{ layer_sizes = [\"10 MB\"], new_bytes = \"100%\" }}\n\
         push = {{ rate = \"{rate}\", batch = {batch} }}\n\
         [[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\npulls = {{ list = [] }}\n"
    )
}

fn lag(_: &Scenario, entries: &[(Time, Entry)]) -> f64 {
    mean(lags(entries).into_iter())
}

#[test]
fn copies_one_at_a_time_queue_as_in_m_d_1() {
    // Theory E2 rows 2 and 14: Wq = rho D / (2 (1 - rho)).
    for (rate, load) in [("180/h", 0.5), ("252/h", 0.7)] {
        let truth = 10.0 * (1.0 + load / (2.0 * (1.0 - load)));
        agrees(&format!("M/D/1, rho = {load}"), &over_trials(&copy_queue(rate, 1), lag), truth);
    }
}

#[test]
fn batches_of_pushes_queue_as_in_m_x_d_1() {
    // Theory E2 row 12 for any service time: Wq = (rho E[S²]/E[S] + E[S] (E[X²]/E[X] - 1)) / (2 (1 - rho)); with X = 2,
    // rho = 0.5 and S exponential that is L = 1.5, and with S fixed Wq = 1.5 S, L = 1.25.
    agrees("batches of two, M/D/1, rho = 0.5", &over_trials(&copy_queue("90/h", 2), lag), 25.0);
}

#[test]
fn a_scheduled_copy_is_as_late_as_its_period_has_it() {
    // Theory E2 row 13: the lag of a push at random is uniform over the period.
    let text = "schema = 1\nstrategies = [{ kind = \"scheduled-copy\", every = \"6h\", per_image = \"0s\", parallel = 1000 }]\n\
                run = { duration = \"60d\", trials = 1 }\nnetwork = { preset = \"ideal\" }\n\
                [[repositories]]\nname = \"app\"\nregistry = \"us-east-1\"\npush = { rate = \"40/day\" }\n\
                image = { layer_sizes = [\"1 MB\"] }\n\
                [[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\npulls = { list = [] }\n";
    let hours = |entries: &[(Time, Entry)]| lags(entries).into_iter().map(|seconds| seconds / 3600.0);
    agrees("lag of a periodic copy, mean (h)", &over_trials(text, |_, entries| mean(hours(entries))), 3.0);
    let late = |_: &Scenario, entries: &[(Time, Entry)]| mean(hours(entries).map(|lag| f64::from(lag > 5.94)));
    agrees("lag of a periodic copy, share above 99 % of it", &over_trials(text, late), 0.01);
}

#[test]
fn a_cache_hits_as_often_as_its_time_to_live_has_it() {
    // Theory E2 row 8: with Poisson pulls and a sliding time-to-live, h = 1 - exp(-lambda T); lambda T = 1 here.
    let text = "schema = 1\nstrategies = [{ kind = \"pull-through-cache\", ttl = \"2d\" }]\n\
                run = { duration = \"2000d\", trials = 1 }\nnetwork = { preset = \"ideal\" }\n\
                [[repositories]]\nname = \"app\"\nregistry = \"us-east-1\"\n\
                push = { list = [{ at = \"0d\", tag = \"v1\" }] }\nimage = { layer_sizes = [\"1 MB\"] }\n\
                [[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\ncache = \"none\"\npulls = { rate = \"1/2d\" }\n";
    let hits = |_: &Scenario, entries: &[(Time, Entry)]| {
        let count = |is: fn(&Entry) -> bool| entries.iter().filter(|(_, entry)| is(entry)).count() as f64;
        let fetched = count(|entry| matches!(entry, Entry::CopyArrived { .. }));
        1.0 - fetched / count(|entry| matches!(entry, Entry::PullServed { .. }))
    };
    agrees("hit ratio of a sliding time-to-live", &over_trials(text, hits), 1.0 - (-1.0f64).exp());
}
