//! `replisim diff`: scenarios and finished runs, exit codes, and the workflow of the manual.

use std::path::Path;

use saphyr_parser::{Event, Parser};

use crate::{finish, replisim};

const WORKED: &str = include_str!("../../scenarios/worked-example.toml");

/// A folder with `old.toml`, and `new.toml` in which copies are dearer.
fn pair() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let prices = "prices = { book = \"aws-2026-09\",";
    let dearer = WORKED.replace(prices, &format!("{prices} override = {{ inter_region = \"$0.03/GB\" }},"));
    assert_ne!(dearer, WORKED);
    std::fs::write(dir.path().join("old.toml"), WORKED).expect("writable");
    std::fs::write(dir.path().join("new.toml"), dearer).expect("writable");
    dir
}

fn diff(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    finish(replisim().current_dir(dir).arg("diff").args(arguments))
}

#[test]
fn a_folder_and_a_scenario_give_the_same_difference() {
    let dir = pair();
    for name in ["old", "new"] {
        let arguments = ["run", &format!("{name}.toml"), "--out", name, "--quiet"];
        let (code, _, stderr) = finish(replisim().current_dir(&dir).args(arguments));
        assert_eq!(code, 0, "{stderr}");
    }
    let (code, told, stderr) = diff(dir.path(), &["old.toml", "new.toml", "--format", "json"]);
    assert_eq!(code, 0, "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(json["changed"], true);
    for pair in [["old", "new"], ["old.toml", "new"], ["old", "new.toml"]] {
        assert_eq!(diff(dir.path(), &[pair[0], pair[1], "--json"]), (0, told.clone(), String::new()), "{pair:?}");
    }
    let (_, text, _) = diff(dir.path(), &["old", "new", "--strategy", "replicate"]);
    assert!(text.starts_with("replicate costs $0.11 a month more (+10\u{a0}%).\n"), "{text}");
    assert!(text.contains("\n- prices.override.inter_region: new, $0.03/GB\n"), "{text}");
    let (code, _, stderr) = diff(dir.path(), &["old", "new", "--seed", "2"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("are for scenarios"), "{stderr}");
}

#[test]
fn the_new_scenario_is_run_with_the_seed_and_trials_of_the_old_one() {
    let dir = pair();
    let other = WORKED.replace("trials = 1 }", "trials = 9, seed = 5 }");
    std::fs::write(dir.path().join("other.toml"), other).expect("writable");
    let (code, told, _) = diff(dir.path(), &["old.toml", "other.toml", "--strategy", "replicate", "--json"]);
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&json["changed"], &json["method"]), (&false.into(), &"paired".into()));
    assert_eq!(json["notes"][0], "NEW was run with the other's seed 1 (its own is 5)");
    assert_eq!(json["notes"][1], "NEW was run with the other's 1 trials (its own are 9)");
}

#[test]
fn a_rule_that_changes_is_told_with_the_file_that_it_stands_in() {
    let dir = tempfile::tempdir().expect("a directory");
    let scenario = include_str!("../../scenarios/dev-to-prod.toml");
    let rules = include_str!("../../scenarios/dev-to-prod.replication.json");
    for (side, rules) in [("base", rules.to_string()), ("head", rules.replace("prod-microservice", "dev-"))] {
        std::fs::create_dir(dir.path().join(side)).expect("writable");
        std::fs::write(dir.path().join(side).join("a.toml"), scenario).expect("writable");
        std::fs::write(dir.path().join(side).join("dev-to-prod.replication.json"), rules).expect("writable");
    }
    let sides = ["base/a.toml", "head/a.toml", "--trials", "2", "--set", "run.duration=5d", "--strategy", "by-prefix"];
    let (code, told, stderr) = diff(dir.path(), &[&sides[..], &["--json", "--quiet"]].concat());
    assert_eq!(code, 0, "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(json["inputs"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(
        (&json["inputs"][0]["kind"], &json["inputs"][0]["name"]),
        (&"file".into(), &"dev-to-prod.replication.json".into())
    );
    assert_eq!(json["strategies"][0]["changed"], true);
}

#[test]
fn what_is_wrong_in_either_file_is_said_with_its_place() {
    let dir = pair();
    std::fs::write(dir.path().join("broken.toml"), WORKED.replace("schema = 1", "schema = 1\nregoin = 2"))
        .expect("writable");
    for sides in [["broken.toml", "old.toml"], ["old.toml", "broken.toml"]] {
        let (code, stdout, stderr) = diff(dir.path(), &sides);
        assert_eq!((code, stdout.as_str()), (2, ""));
        assert!(stderr.contains("broken.toml:5:1"), "{stderr}");
    }
    let (code, _, stderr) = diff(dir.path(), &["nowhere.toml", "broken.toml"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("nowhere.toml") && stderr.contains("broken.toml:5:1"), "{stderr}");
    std::fs::create_dir(dir.path().join("empty")).expect("writable");
    let (code, _, stderr) = diff(dir.path(), &["empty", "old.toml"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("run.json"), "{stderr}");
    let (code, _, stderr) = diff(dir.path(), &["old.toml", "new.toml", "--strategy", "replicat"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("did you mean `replicate`?"), "{stderr}");
}

/// The scalars of a YAML text, in its order; the parser refuses what is no YAML.
fn scalars(yaml: &str) -> Vec<String> {
    let events = Parser::new_from_str(yaml).map(|event| event.expect("the workflow is YAML").0);
    let scalar = |event| if let Event::Scalar(text, ..) = event { Some(text.to_string()) } else { None };
    events.filter_map(scalar).collect()
}

#[test]
fn the_workflow_of_the_manual_is_yaml_and_its_commands_are_ours() {
    let manual = include_str!("../../docs/diff.md");
    let yaml = manual.split_once("```yaml\n").expect("a workflow").1.split_once("```").expect("its end").0;
    let scalars = scalars(yaml);
    let value = |key: &str| scalars.iter().position(|scalar| scalar == key).map(|at| scalars[at + 1].as_str());
    assert_eq!(value("pull-requests"), Some("write"));
    assert_eq!(value("paths"), Some("scenarios/**"));
    assert!(scalars.iter().any(|scalar| scalar.contains("--edit-last --create-if-none --body-file comment.md")));

    // Usable as it stands: nothing in it waits to be replaced.
    assert!(!yaml.contains("YOUR-") && value("REPLISIM_GIT") == Some("${{ vars.REPLISIM_GIT }}"), "{yaml}");

    let dir = pair();
    let scripts = scalars.iter().flat_map(|scalar| scalar.lines()).map(str::trim);
    let commands: Vec<&str> = scripts.filter(|line| line.starts_with("replisim ")).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    for command in commands {
        let (command, _) = command.split_once(" > ").unwrap_or((command, ""));
        let words = command.split_whitespace().skip(1).map(|word| match word {
            "\"$old\"" => "old.toml",
            "\"$new\"" => "new.toml",
            word => word,
        });
        let (code, stdout, stderr) = finish(replisim().current_dir(&dir).args(words));
        assert_eq!((code, stderr.as_str()), (0, ""), "{command}");
        assert!(!command.contains("diff") || stdout.starts_with("**"), "{stdout}");
    }
}

/// The program is built from the repository when it is replisim's own, else from the address in the variable.
#[cfg(unix)]
#[test]
fn the_workflow_installs_from_the_repository_or_the_address_and_says_what_is_missing() {
    use std::os::unix::fs::PermissionsExt;
    let manual = include_str!("../../docs/diff.md");
    let yaml = manual.split_once("```yaml\n").expect("a workflow").1.split_once("```").expect("its end").0;
    let script = scalars(yaml).into_iter().find(|scalar| scalar.contains("cargo install")).expect("a step");
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(dir.path().join("bin")).expect("made");
    let cargo = dir.path().join("bin/cargo");
    std::fs::write(&cargo, "#!/bin/sh\necho \"$@\"\n").expect("writable");
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).expect("made executable");
    let install = |address: &str| {
        let path = format!("{}:/usr/bin:/bin", dir.path().join("bin").display());
        let mut bash = std::process::Command::new("bash");
        bash.args(["-e", "-c", &script]).current_dir(&dir).env_clear().env("PATH", path).env("REPLISIM_GIT", address);
        let output = bash.output().expect("bash runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let (done, _, stderr) = install("");
    assert!(!done && stderr.contains("set the variable REPLISIM_GIT"), "{stderr}");
    let (done, told, _) = install("https://example.com/replisim");
    assert_eq!((done, told.as_str()), (true, "install --locked --git https://example.com/replisim replisim\n"));
    std::fs::create_dir_all(dir.path().join("base")).expect("made");
    std::fs::write(dir.path().join("base/Cargo.toml"), "[package]\nname = \"replisim\"\n").expect("writable");
    assert_eq!(install("").1, "install --locked --path base\n");
}
