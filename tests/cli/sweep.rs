//! `replisim sweep` and `replisim merge`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use crate::{finish, replisim, scenario};

/// Every file below a directory, by its path there.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(place) = left.pop() {
        for entry in std::fs::read_dir(&place).expect("a directory of results") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("below it").to_owned();
                found.insert(name, std::fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

const SIZES: &str = "repositories.app.image.size=100 MB..400 MB:5";

fn sweep(dir: &Path, more: &[&str]) -> (i32, String, String) {
    let file = scenario("worked-example.toml");
    finish(replisim().current_dir(dir).args(["sweep", &file, "--vary", SIZES]).args(more))
}

#[test]
fn a_sweep_is_one_tidy_table_the_same_for_any_number_of_threads() {
    let dir = tempfile::tempdir().expect("a directory");
    let (code, stdout, stderr) = sweep(dir.path(), &[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("5 points: every combination of the values of"), "{stdout}");
    let one = files(&dir.path().join("outputs/worked-example-sweep"));
    let names: Vec<String> = one.keys().map(|name| name.display().to_string()).collect();
    assert_eq!(names, ["charts/sweep-cost.png", "charts/sweep-cost.svg", "report.md", "sweep.csv", "sweep.json"]);
    let table = String::from_utf8_lossy(&one[Path::new("sweep.csv")]).into_owned();
    assert!(table.starts_with("point,repositories.app.image.size,repositories.app.image.size [MB],strategy,kind,"));
    // Five points of seven strategies; the last line is the bound at 400 MB.
    assert_eq!(table.lines().count(), 1 + 5 * 7);
    assert!(table.lines().last().is_some_and(|line| line.starts_with("5,400 MB,400,bound,clairvoyant,")), "{table}");
    for jobs in ["1", "3"] {
        let (code, stdout, _) = sweep(dir.path(), &["--jobs", jobs, "--out", jobs, "--quiet"]);
        assert_eq!((code, stdout.as_str()), (0, ""));
        assert!(files(&dir.path().join(jobs)) == one, "{jobs} threads");
    }
    let (code, json, _) = sweep(dir.path(), &["--resume", "--out", "1", "--json"]);
    assert_eq!(code, 0, "a finished sweep is told again");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON and nothing else");
    assert_eq!(json["rows"].as_array().map(Vec::len), Some(35));
}

#[test]
fn shards_make_the_whole_byte_for_byte() {
    let dir = tempfile::tempdir().expect("a directory");
    assert_eq!(sweep(dir.path(), &["--out", "whole", "--quiet"]).0, 0);
    let whole = files(&dir.path().join("whole"));
    for of in [1, 2, 3, 7] {
        let mut merge = vec!["merge".to_string()];
        for index in 1..=of {
            let (shard, out) = (format!("{index}/{of}"), format!("{index}-of-{of}"));
            assert_eq!(sweep(dir.path(), &["--shard", &shard, "--out", &out, "--quiet"]).0, 0, "{shard}");
            merge.insert(1, out);
        }
        let out = format!("merged-{of}");
        merge.extend(["--out".into(), out.clone(), "--quiet".into()]);
        let (code, stdout, stderr) = finish(replisim().current_dir(&dir).args(&merge));
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
        assert!(files(&dir.path().join(out)) == whole, "{of} shards");
    }
    let merge = |dirs: &[&str]| finish(replisim().current_dir(&dir).arg("merge").args(dirs));
    let (code, _, stderr) = merge(&["1-of-3", "2-of-7", "--out", "x"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("`2-of-7` is shard 2/7, the first directory is one of 3"), "{stderr}");
    let (code, _, stderr) = merge(&["1-of-3", "--out", "x"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("2/3 and 3/3 shards are missing"), "{stderr}");
    let (code, _, stderr) = merge(&["1-of-2", "2-of-2", "--out", "2-of-2"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("is one of the shards"), "{stderr}");
}

const LONG: [&str; 5] = ["--vary", "repositories.app.image.size=100 MB..400 MB:20", "--trials", "2", "--quiet"];

/// A sweep that has kept a point or two and is still at it.
fn under_way(dir: &Path, out: &str, more: &[&str]) -> Child {
    let mut child = Process::new(assert_cmd::cargo::cargo_bin("replisim"))
        .current_dir(dir)
        .args(["sweep", &scenario("worked-example.toml"), "--out", out, "--jobs", "1"])
        .args(LONG)
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let journal = dir.join(out).join(".sweep.jsonl");
    let lines = || std::fs::read(&journal).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
    let before = lines();
    while lines() < before.max(1) + 1 {
        assert!(child.try_wait().expect("a child").is_none(), "it ended before it could be stopped");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[cfg(unix)]
#[test]
fn a_sweep_that_was_killed_and_stopped_goes_on_to_the_same_bytes() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = |out: &str, more: &[&str]| {
        let file = scenario("worked-example.toml");
        finish(replisim().current_dir(&dir).args(["sweep", &file, "--out", out]).args(LONG).args(more))
    };
    assert_eq!(run("whole", &[]).0, 0);
    let whole = files(&dir.path().join("whole"));

    let mut child = under_way(dir.path(), "out", &[]);
    child.kill().expect("SIGKILL can be sent");
    child.wait().expect("the program ends");
    assert!(dir.path().join("out/.sweep.jsonl").exists() && !dir.path().join("out/sweep.csv").exists());

    let (code, _, stderr) = run("out", &[]);
    assert_eq!(code, 2);
    assert!(stderr.contains("of 20 points: add --resume to go on with it"), "{stderr}");
    let (code, _, stderr) = run("out", &["--resume", "--seed", "7"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("another one: it differs in --set and the seed;"), "{stderr}");
    let (code, _, stderr) = finish(replisim().current_dir(&dir).args(["merge", "out", "--out", "x"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("`out` holds an unfinished sweep"), "{stderr}");

    let child = under_way(dir.path(), "out", &["--resume"]);
    Process::new("kill").args(["-INT", &child.id().to_string()]).status().expect("a signal can be sent");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("of 20 points are kept in `out`: --resume goes on"), "{stderr}");

    let (code, _, stderr) = run("out", &["--resume", "--jobs", "2"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(files(&dir.path().join("out")) == whole);
}

#[test]
fn what_is_wrong_is_told_before_anything_is_run() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = scenario("worked-example.toml");
    let told = |arguments: &[&str]| {
        let (code, stdout, stderr) = finish(replisim().current_dir(&dir).args(["sweep", &file]).args(arguments));
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        stderr
    };
    let unknown = told(&["--vary", "clusters.remote.nodse=1..40:40", "--vary", "run.trials=1,2"]);
    assert_eq!(unknown.matches("did you mean `nodes`?").count(), 1, "{unknown}");
    assert!(unknown.contains("(at point 1 (clusters.remote.nodse=1, run.trials=1))"), "{unknown}");
    for (arguments, said) in [
        (&["--vary", "run.seed"][..], "expected KEY=V1,V2"),
        (&["--vary", "run.trials=1,0"], "at point 2 (run.trials=0)"),
        (&["--vary", "run.seed=1,2", "--vary", "run.seed=3"], "`run.seed` is varied twice"),
        (&["--vary", "run.seed=1,2", "--lhs", "5"], "give `run.seed` as FROM..TO"),
        (&["--vary", "run.seed=1,2", "--strategy", "replicat"], "did you mean `replicate`?"),
        (&["--vary", "run.seed=1,2", "--shard", "3/2"], "a shard is I/N with I from 1 to N"),
        (&["--vary", "run.seed=1,2", "--set", "run.duration=x"], "run.duration"),
    ] {
        let stderr = told(arguments);
        assert!(stderr.contains(said), "{said} is missing in: {stderr}");
    }
    assert_eq!(std::fs::read_dir(&dir).expect("readable").count(), 0, "nothing is left behind");
}

#[cfg(unix)]
#[test]
fn the_commands_of_the_manual_work() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(dir.path().join("scenarios")).expect("writable");
    std::fs::copy(scenario("quickstart.toml"), dir.path().join("scenarios/quickstart.toml")).expect("copied");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sweep.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let commands: String = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    // The same commands with less to simulate; what is varied is set last and wins.
    let script = format!(
        "replisim() {{ if [ $1 = sweep ]; then \"$REPLISIM\" \"$@\" --trials 1 --set run.duration=1d --quiet; \
         else \"$REPLISIM\" \"$@\" --quiet; fi; }}\n{commands}"
    );
    let output = Process::new("sh")
        .args(["-ec", &script])
        .env("REPLISIM", assert_cmd::cargo::cargo_bin("replisim"))
        .current_dir(&dir)
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for place in ["outputs/quickstart-sweep", "map", "sample", "part-1", "part-2", "whole"] {
        assert!(dir.path().join(place).join("charts/sweep-cost.png").is_file(), "{place}");
    }
    let header = std::fs::read_to_string(dir.path().join("whole/sweep.csv")).expect("written");
    for column in header
        .lines()
        .next()
        .unwrap_or_default()
        .split(',')
        .filter(|name| name.contains("_ci_") && name.contains("cheapest"))
    {
        assert!(page.contains(&format!("`{column}`")), "{column}");
    }
}
