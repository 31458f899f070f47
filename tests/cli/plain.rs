//! The slow, obvious way gives the tables of the fast one, byte for byte.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::run;

const SCENARIOS: [(&str, &[&str]); 2] =
    [("scenarios/quickstart.toml", &["run.duration=10d"]), ("benches/peers/pulls.toml", &["run.duration=40s"])];

fn tables(scenario: &str, sets: &[&str], plain: bool) -> BTreeMap<PathBuf, Vec<u8>> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(scenario);
    let (path, out) = (path.to_string_lossy(), dir.path().join("out"));
    let mut arguments = vec!["run", &path, "--quiet", "--trials", "2", "--out", out.to_str().expect("UTF-8")];
    sets.iter().for_each(|set| arguments.extend(["--set", set]));
    arguments.extend(plain.then_some("--plain"));
    let (code, _, errors) = run(&arguments);
    assert_eq!(code, 0, "{errors}");
    let entries = std::fs::read_dir(&out).expect("results").map(|entry| entry.expect("readable").path());
    let tables = entries.filter(|path| path.extension().is_some_and(|extension| extension == "csv"));
    let name = |path: &PathBuf| PathBuf::from(path.file_name().expect("a name"));
    tables.map(|path| (name(&path), std::fs::read(&path).expect("readable"))).collect()
}

#[test]
fn plain_runs_give_the_same_tables() {
    for (scenario, sets) in SCENARIOS {
        let fast = tables(scenario, sets, false);
        assert!(fast.len() >= 10, "{:?}", fast.keys());
        for (name, plain) in tables(scenario, sets, true) {
            assert!(fast.get(&name) == Some(&plain), "{scenario}: {}", name.display());
        }
    }
}
