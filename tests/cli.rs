//! The program as it is used: arguments, exit codes, what goes to which stream.
//!
//! Help texts are held against `tests/golden/help`; after a wanted change, run with `REPLISIM_GOLDEN=write` and look at
//! the difference.

use std::path::Path;

use assert_cmd::Command;

/// Commands with tests of their own.
mod cli {
    mod breakeven;
    mod diff;
    mod events;
    mod explain;
    mod import;
    mod optimize;
    mod plain;
    mod report;
    mod robust;
    mod sensitivity;
    mod sweep;
}

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
        ("sweep", &["sweep", "--help"]),
        ("merge", &["merge", "--help"]),
        ("sensitivity", &["sensitivity", "--help"]),
        ("breakeven", &["breakeven", "--help"]),
        ("check", &["check", "--help"]),
        ("diff", &["diff", "--help"]),
        ("explain", &["explain", "--help"]),
        ("import", &["import", "--help"]),
        ("report", &["report", "--help"]),
        ("optimize", &["optimize", "--help"]),
        ("init", &["init", "--help"]),
        ("schema", &["schema", "--help"]),
        ("prices", &["prices", "--help"]),
        ("prices-show", &["prices", "show", "--help"]),
        ("prices-diff", &["prices", "diff", "--help"]),
        ("prices-import", &["prices", "import", "--help"]),
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
        &["import"],
        &["import", "a.json", "--account", "12"],
        &["import", "a.json", "--region", "eu-wset-1"],
        &["import", "a.json", "--parameter", "Stage"],
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
    for template in ["default", "multi-account", "promotion"] {
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
fn a_price_list_becomes_a_book_that_a_scenario_takes_and_so_does_the_list_itself() {
    let dir = tempfile::tempdir().expect("a directory");
    let list = r#"{"offerCode": "AmazonECR", "version": "20260911124425", "publicationDate": "2026-09-11T12:44:25Z",
        "products": {"S": {"sku": "S", "attributes": {"usagetype": "EU-TimedStorage-ByteHrs", "regionCode": "eu-west-1"}},
            "X": {"sku": "X", "attributes": {"usagetype": "EU-ImageSigning", "regionCode": "eu-west-1"}}},
        "terms": {"OnDemand": {"S": {"S.T": {"priceDimensions": {"S.T.1": {"unit": "GB-Mo", "beginRange": "0",
            "endRange": "Inf", "pricePerUnit": {"USD": "0.1234000000"}}}}}}}}"#;
    std::fs::write(dir.path().join("index.json"), list).expect("writable");
    let import = |arguments: &[&str]| finish(replisim().current_dir(&dir).args(["prices", "import"]).args(arguments));
    let (code, book, told) = import(&["index.json"]);
    assert_eq!(code, 0);
    assert!(book.contains("[[storage]]\nprice = \"$0.1234/GB-month\"\nregions = \"eu-west-1\""), "{book}");
    assert!(told.starts_with("taken from AmazonECR-20260911124425: storage at 1 place\nleft in index.json: 1 product"));
    assert!(told.contains("\nstays of aws-2026-09: storage at "), "{told}");
    assert_eq!(import(&["index.json", "--out", "mine.toml", "--quiet"]), (0, String::new(), String::new()));
    let diff = finish(replisim().current_dir(&dir).args(["prices", "diff", "aws-2026-09", "mine.toml"]));
    assert_eq!(diff.1, "storage eu-west-1: $0.1/GB-month -> $0.1234/GB-month (+23.4 %)\n");
    let diff = finish(replisim().current_dir(&dir).args(["prices", "diff", "mine.toml", "index.json"]));
    assert_eq!(diff.1, "mine.toml and index.json have the same prices\n", "a list stands for the book made of it");

    // The same for programs: the book as text, or where it went.
    let json = |arguments: &[&str]| -> serde_json::Value {
        let (code, stdout, stderr) = import(arguments);
        assert_eq!((code, stderr.as_str()), (0, ""));
        serde_json::from_str(&stdout).expect("JSON")
    };
    let printed = json(&["index.json", "--json"]);
    assert_eq!((&printed["base"], printed["out"].is_null()), (&"aws-2026-09".into(), true));
    assert_eq!(printed["book"], book.trim_end_matches('\n').to_string() + "\n");
    assert_eq!(printed["taken"], serde_json::json!(["AmazonECR-20260911124425: storage at 1 place"]));
    assert!(printed["left"][0].as_str().is_some_and(|left| left.starts_with("index.json: 1 product ")), "{printed}");
    assert!(printed["stays"].as_str().is_some_and(|stays| stays.starts_with("storage at ")), "{printed}");
    let written = json(&["index.json", "--json", "--out", "again.toml"]);
    assert_eq!((&written["out"], written["book"].is_null()), (&"again.toml".into(), true));
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).expect("written");
    assert_eq!(read("again.toml").replace("again.toml", "mine.toml"), read("mine.toml"));

    std::fs::write(dir.path().join("bad.json"), list.replace("0.1234000000", "cheap")).expect("writable");
    let (code, _, told) = import(&["bad.json"]);
    assert_eq!(code, 2);
    assert!(told.contains("expected a price such as") && told.contains("--> bad.json:5:"), "{told}");

    let scenario = |prices: &str| {
        format!(
            "schema = 1\nrun = {{ duration = \"2d\", trials = 1 }}\nprices = {{ file = \"{prices}\" }}\n\
             [[repositories]]\nname = \"app\"\nregistry = \"us-east-1\"\n\
             [[clusters]]\nname = \"c\"\nregistry = \"eu-west-1\"\n"
        )
    };
    for prices in ["index.json", "mine.toml"] {
        std::fs::write(dir.path().join("s.toml"), scenario(prices)).expect("writable");
        let (code, _, told) = finish(replisim().current_dir(&dir).args(["check", "s.toml"]));
        assert_eq!((code, told.contains("error")), (0, false), "{told}");
    }
    std::fs::write(dir.path().join("s.toml"), scenario("bad.json")).expect("writable");
    let (code, _, told) = finish(replisim().current_dir(&dir).args(["check", "s.toml"]));
    assert_eq!(code, 2);
    assert!(told.contains("--> bad.json:5:"), "{told}");
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

/// A shipped scenario.
fn scenario(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).display().to_string()
}

/// Every table of a run, by name.
fn tables(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut tables: Vec<_> = std::fs::read_dir(dir)
        .expect("a directory of results")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("readable")))
        .map(|(path, bytes)| (path.rsplit('/').next().unwrap_or_default().to_string(), bytes))
        .collect();
    tables.sort();
    tables
}

#[test]
fn tables_are_the_same_for_any_number_of_threads_and_differ_with_the_seed() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = scenario("quickstart.toml");
    const SHORT: [&str; 5] = ["--trials", "3", "--set", "run.duration=8d", "--quiet"];
    let run = |out: &str, more: &[&str]| {
        let (code, stdout, stderr) =
            finish(replisim().current_dir(&dir).args(["run", &file, "--out", out]).args(SHORT).args(more));
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
        tables(&dir.path().join(out))
    };
    let one = run("one", &["--jobs", "1"]);
    assert_eq!(one.len(), 12);
    assert_eq!(run("three", &["--jobs", "3"]), one);
    assert_eq!(run("one", &["--jobs", "2"]), one, "into the same directory again");
    assert_ne!(run("seed", &["--seed", "2"]), one);
}

#[test]
fn results_go_beside_where_one_stands_and_the_summary_to_standard_output() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = scenario("worked-example.toml");
    let (code, stdout, _) = finish(replisim().current_dir(&dir).args(["run", &file]));
    assert_eq!(code, 0);
    // Only a line with paths in it may be longer: a path cannot be folded.
    let mut lines = stdout.lines().filter(|line| !line.contains("outputs/"));
    assert!(stdout.contains("cache-12h") && lines.all(|line| line.chars().count() <= 100), "{stdout}");
    assert!(dir.path().join("outputs/worked-example/summary.csv").is_file());

    let (code, json, stderr) = finish(replisim().current_dir(&dir).args(["run", &file, "--json"]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    serde_json::from_str::<serde_json::Value>(&json).expect("JSON and nothing else");
}

#[test]
fn only_the_strategies_named_are_run() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = |names: &[&str]| {
        let names = names.iter().flat_map(|name| ["--strategy", name]);
        let file = scenario("worked-example.toml");
        finish(replisim().current_dir(&dir).args(["run", &file, "--out", "out"]).args(names))
    };
    let (code, _, _) = run(&["bound", "replicate"]);
    assert_eq!(code, 0);
    let summary = std::fs::read_to_string(dir.path().join("out/summary.csv")).expect("written");
    let names: Vec<&str> = summary.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(names, ["replicate", "bound"], "in the scenario's order");
    let comparison = std::fs::read_to_string(dir.path().join("out/comparison.csv")).expect("written");
    assert_eq!(comparison.lines().count(), 1, "without the baseline only the header");

    let (code, _, stderr) = run(&["replicat"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("did you mean `replicate`?"), "{stderr}");
}

#[test]
fn a_missed_objective_is_exit_code_3_when_asked_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = scenario("worked-example.toml");
    let run = |target: &str, more: &[&str]| {
        let set = format!("objectives=[{{ metric = \"cost\", at_most = \"{target}/month\" }}]");
        finish(replisim().current_dir(&dir).args(["run", &file, "--quiet", "--set", &set]).args(more)).0
    };
    assert_eq!(run("$1", &[]), 0);
    assert_eq!(run("$1", &["--fail-on-miss"]), 3);
    assert_eq!(run("$2", &["--fail-on-miss"]), 0);
}

#[test]
fn a_directory_that_takes_no_results_is_found_out_before_the_run() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("taken"), "a file").expect("writable");
    let file = scenario("worked-example.toml");
    let (code, stdout, stderr) = finish(replisim().current_dir(&dir).args(["run", &file, "--out", "taken"]));
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("taken"), "{stderr}");
}

#[test]
fn what_init_writes_passes_check() {
    let dir = tempfile::tempdir().expect("a directory");
    for template in ["default", "multi-account", "promotion"] {
        let file = format!("{template}.toml");
        finish(replisim().current_dir(&dir).args(["init", &file, "--template", template]));
        let (code, stdout, stderr) = finish(replisim().current_dir(&dir).args(["check", "--strict", &file]));
        assert_eq!((code, stderr.as_str()), (0, ""), "{template}");
        assert!(stdout.starts_with(&format!("{file}: ok: ")), "{stdout}");
    }
}

#[test]
fn check_tells_every_problem_of_every_file() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("bad.toml"), "schema = 1\ntitel = \"x\"\nrun = { duration = \"90 MB\" }\n")
        .expect("writable");
    let good = scenario("dev-to-prod.toml");
    let check = |more: &[&str]| {
        finish(replisim().current_dir(&dir).args(["check", "bad.toml", &good, "nowhere.toml"]).args(more))
    };
    let (code, stdout, stderr) = check(&[]);
    assert_eq!(code, 2);
    for said in ["bad.toml:2:1", "bad.toml:3:", "did you mean `title`?", "nowhere.toml"] {
        assert!(stderr.contains(said), "{said} is missing in: {stderr}");
    }
    // The good file between them is told all the same: what its rules select, and what the other account must allow.
    for said in
        ["1 of 2 repositories (prefix `prod-microservice`): prod-microservice", "no rule selects dev-microservice"]
    {
        assert!(stdout.contains(said), "{said} is missing in: {stdout}");
    }
    assert!(stdout.contains("registry policy to apply in prod/us-east-2") && stdout.contains("ecr:ReplicateImage"));

    let (code, json, _) = check(&["--json"]);
    assert_eq!(code, 2);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let ok: Vec<_> = (0..3).map(|file| json["files"][file]["ok"].as_bool()).collect();
    assert_eq!(ok, [Some(false), Some(true), Some(false)]);
    let problems = json["files"][0]["problems"].as_array().expect("a list");
    assert!(problems.iter().any(|problem| problem["line"] == 2 && problem["column"] == 1), "{problems:?}");
}

#[test]
fn a_finding_has_a_name_a_place_and_a_fact_and_a_note_changes_no_exit_code() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = "schema = 1\nstrategies = [{ kind = \"replication\", rules = [\n  { to = [\"eu-west-1\", \"eu-west-2\"], prefixes = \
                [\"prod\"] }] }]\n[[repositories]]\nname = \"prod/api\"\nregistry = \"us-east-1\"\n[[clusters]]\nname = \"eu\"\n\
                registry = \"eu-west-1\"\n";
    let sibling = "[[repositories]]\nname = \"prod-test/api\"\nregistry = \"us-east-1\"\n";
    std::fs::write(dir.path().join("noted.toml"), text).expect("writable");
    std::fs::write(dir.path().join("warned.toml"), text.to_string() + sibling).expect("writable");
    let check = |args: &[&str]| finish(replisim().current_dir(&dir).arg("check").args(args));

    let (code, stdout, stderr) = check(&["--strict", "noted.toml"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("note[copies-nobody-pulls]: no cluster in eu-west-2 runs"), "{stdout}");
    let (code, _, stderr) = check(&["warned.toml"]);
    assert_eq!(code, 0);
    assert!(stderr.starts_with("warning[prefix-catches-sibling]: "), "{stderr}");
    let (code, json, _) = check(&["--strict", "--json", "warned.toml"]);
    assert_eq!(code, 2);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let told = &json["files"][0]["problems"];
    let found = told.as_array().expect("a list").iter().find(|one| one["id"] == "prefix-catches-sibling").expect("A12");
    assert_eq!((found["severity"].as_str(), found["fact"].as_str()), (Some("warning"), Some("A12")));
    assert_eq!((found["line"].as_u64(), found["column"].as_u64()), (Some(3), Some(50)));
    let reach = &json["files"][0]["findings"]["replication"][0]["repositories"][0];
    assert_eq!(reach["repositories"], serde_json::json!(["prod/api", "prod-test/api"]));
    assert_eq!(reach["reaches"][0], serde_json::json!({ "destination": "eu-west-1", "rule": 1, "prefix": "prod" }));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_exit_code_130_and_leaves_nothing_behind() {
    use std::process::{Command as Process, Stdio};
    let dir = tempfile::tempdir().expect("a directory");
    // Far more trials than there is time for.
    let child = Process::new(assert_cmd::cargo::cargo_bin("replisim"))
        .current_dir(&dir)
        .args(["run", &scenario("quickstart.toml"), "--trials", "1000000", "--jobs", "1", "--out", "out"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The directory is made after the scenario is read and just before the handler is set.
    while !dir.path().join("out").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    Process::new("kill").args(["-INT", &child.id().to_string()]).status().expect("a signal can be sent");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(output.stdout.is_empty());
    let left = std::fs::read_dir(&dir).expect("readable").count();
    assert_eq!(left, 0, "not even an empty directory");
}
