//! The program as it is used: arguments, exit codes, what goes to which stream.
//!
//! Help texts are held against `tests/golden/help`; after a wanted change, run with `REPLISIM_GOLDEN=write` and look at
//! the difference.

use std::path::Path;

use assert_cmd::Command;

fn replisim() -> Command {
    let mut command = Command::cargo_bin("replisim").expect("the program is built with its tests");
    // Help is wrapped at this width, whatever the terminal.
    command.env("COLUMNS", "100").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs and returns exit code, standard output and standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    finish(replisim().args(arguments))
}

fn finish(command: &mut Command) -> (i32, String, String) {
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

#[test]
fn help_texts_are_those_of_the_manual() {
    for (name, arguments) in [
        ("replisim", &["--help"][..]),
        ("run", &["run", "--help"]),
        ("check", &["check", "--help"]),
        ("init", &["init", "--help"]),
        ("schema", &["schema", "--help"]),
        ("prices", &["prices", "--help"]),
        ("prices-show", &["prices", "show", "--help"]),
        ("prices-diff", &["prices", "diff", "--help"]),
    ] {
        let (code, help, _) = run(arguments);
        assert_eq!(code, 0);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/help").join(format!("{name}.txt"));
        if std::env::var_os("REPLISIM_GOLDEN").is_some_and(|word| word == "write") {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
            std::fs::write(&path, &help).expect("the golden can be written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(help, golden, "{}", path.display());
    }
}

#[test]
fn wrong_usage_is_exit_code_2_with_a_message_on_standard_error() {
    for arguments in [
        &[][..],
        &["rnu", "a.toml"],
        &["sweep", "a.toml"],
        &["run"],
        &["run", "a.toml", "--trials", "many"],
        &["run", "a.toml", "--jobs", "0"],
        &["run", "a.toml", "--color", "blue"],
        &["check"],
        &["prices", "show", "no-such-book"],
        &["prices", "diff", "aws-2026-09"],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert!(stdout.is_empty() && !stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_mistyped_command_gets_a_suggestion() {
    let (_, _, stderr) = run(&["chekc", "a.toml"]);
    assert!(stderr.contains("check"), "{stderr}");
}

#[test]
fn a_missing_scenario_is_exit_code_2_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    let (code, stdout, stderr) = finish(replisim().current_dir(&dir).args(["run", "nowhere.toml"]));
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("nowhere.toml"), "{stderr}");
    let left = std::fs::read_dir(&dir).expect("readable").count();
    assert_eq!(left, 0, "no output directory for a run that never began");
}

#[test]
fn init_writes_a_scenario_and_never_over_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    for template in ["regions", "accounts"] {
        let file = format!("{template}.toml");
        let (code, stdout, stderr) = finish(replisim().current_dir(&dir).args(["init", "--template", template, &file]));
        assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
        let text = std::fs::read_to_string(dir.path().join(&file)).expect("written");
        assert!(text.contains("schema = 1") && text.starts_with('#'));

        std::fs::write(dir.path().join(&file), "mine").expect("writable");
        let (code, _, stderr) = finish(replisim().current_dir(&dir).args(["init", &file]));
        assert_eq!(code, 2);
        assert!(stderr.contains("exists already"), "{stderr}");
        assert_eq!(std::fs::read_to_string(dir.path().join(&file)).expect("readable"), "mine");
    }
    let (code, _, _) = finish(replisim().current_dir(&dir).args(["init", "no/such/folder/a.toml"]));
    assert_eq!(code, 1);
}

#[test]
fn a_shown_price_book_can_be_read_again_and_differs_in_what_was_changed() {
    let (code, book, _) = run(&["prices", "show"]);
    assert_eq!(code, 0);
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("mine.toml"), &book).expect("writable");
    let diff = |arguments: &[&str]| finish(replisim().current_dir(&dir).args(["prices", "diff"]).args(arguments));
    let (code, same, _) = diff(&["aws-2026-09", "mine.toml"]);
    assert_eq!((code, same.as_str()), (0, "aws-2026-09 and mine.toml have the same prices\n"));

    std::fs::write(dir.path().join("broken.toml"), format!("{book}\nno-such-key = 1\n")).expect("writable");
    let (code, stdout, stderr) = diff(&["aws-2026-09", "broken.toml"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("broken.toml") && stderr.contains("no-such-key"), "{stderr}");
}

#[test]
fn the_schema_is_json() {
    let (code, schema, _) = run(&["schema"]);
    assert_eq!(code, 0);
    serde_json::from_str::<serde_json::Value>(&schema).expect("JSON");
}

#[test]
fn colours_go_only_where_they_are_wanted() {
    let escape = '\u{1b}';
    let (_, _, plain) = run(&["prices", "show", "no-such-book"]);
    assert!(!plain.contains(escape), "a pipe takes no colours");
    let (_, _, coloured) = run(&["prices", "show", "no-such-book", "--color", "always"]);
    assert!(coloured.contains(escape));
}

#[test]
fn a_reader_who_goes_is_no_error() {
    use std::process::{Command as Process, Stdio};
    let mut child = Process::new(assert_cmd::cargo::cargo_bin("replisim"))
        .args(["prices", "show"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
