//! `replisim import`.

use std::path::Path;

use crate::{finish, replisim};

/// A configuration file as somebody might have it.
fn native(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name).display().to_string()
}

const HERE: [&str; 4] = ["--account", "111122223333", "--region", "us-east-1"];

#[test]
fn an_imported_fragment_passes_check() {
    let dir = tempfile::tempdir().expect("a directory");
    for file in ["replication.json", "describe-registry.json", "literal.json", "lifecycle.json"] {
        let (code, fragment, stderr) = finish(replisim().arg("import").arg(native(file)).args(HERE));
        assert_eq!(code, 0, "{file}: {stderr}");
        assert!(stderr.contains("placeholders, to be replaced") && stderr.contains("cluster"), "{stderr}");
        std::fs::write(dir.path().join("a.toml"), fragment).expect("writable");
        let (code, _, stderr) = finish(replisim().current_dir(&dir).args(["check", "a.toml"]));
        assert_eq!(code, 0, "{file}: {stderr}");
    }
}

#[test]
fn an_import_into_a_directory_has_its_files_beside_it_and_is_never_written_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let import = |more: &[&str]| {
        let file = native("multi-region.yaml");
        finish(replisim().current_dir(&dir).args(["import", &file]).args(HERE).args(more))
    };
    let parameter = ["--parameter", "TargetAccount=444455556666"];
    let (code, stdout, stderr) = import(&parameter);
    assert_eq!((code, stdout.as_str()), (2, ""), "a policy needs a file");
    assert!(stderr.contains("give --out DIR"), "{stderr}");
    let out = [parameter[0], parameter[1], "--out", "estate"];
    let (code, stdout, stderr) = import(&out);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    for file in ["scenario.toml", "policy.json", "lifecycle/prod/worker.json"] {
        assert!(dir.path().join("estate").join(file).is_file(), "{file}");
    }
    let (code, _, stderr) = finish(replisim().current_dir(&dir).args(["check", "estate/scenario.toml"]));
    assert_eq!(code, 0, "{stderr}");
    let (code, _, stderr) = import(&out);
    assert_eq!(code, 2);
    assert!(stderr.contains("exists already"), "{stderr}");
}

#[test]
fn an_import_that_cannot_be_resolved_names_file_line_and_form() {
    let (code, stdout, stderr) = finish(replisim().arg("import").arg(native("imports.yaml")).args(HERE));
    assert_eq!((code, stdout.as_str()), (2, ""));
    for said in ["imports.yaml:9:", "`DrAccount` is exported by another stack", "was read as a CloudFormation template"]
    {
        assert!(stderr.contains(said), "{said} is missing in: {stderr}");
    }
    let parameter = ["--parameter", "Stgae=dev", "--parameter", "TargetAccount=444455556666"];
    let (code, _, stderr) =
        finish(replisim().arg("import").arg(native("multi-region.yaml")).args(HERE).args(parameter));
    assert_eq!(code, 2);
    assert!(stderr.contains("no file has a parameter `Stgae`, did you mean `Stage`?"), "{stderr}");
    let (code, _, stderr) =
        finish(replisim().arg("import").arg(native("nowhere.json")).arg(native("main.tf")).args(HERE));
    assert_eq!(code, 2);
    assert!(stderr.contains("cannot be read") && stderr.contains("terraform show -json"), "{stderr}");
    let (code, json, _) = finish(replisim().arg("import").arg(native("imports.yaml")).args(HERE).arg("--json"));
    assert_eq!(code, 2);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["ok"], false);
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(7));
}
