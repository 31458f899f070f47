//! `replisim report --prices`: a finished run under another book.

use crate::{finish, replisim};

#[test]
fn a_run_is_priced_again_into_a_directory_of_its_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("a.toml"), include_str!("../../scenarios/worked-example.toml")).expect("writable");
    let run = |arguments: &[&str]| finish(replisim().current_dir(&dir).args(arguments));
    assert_eq!(run(&["run", "a.toml", "--out", "a", "--quiet"]).0, 0);
    let (_, book, _) = run(&["prices", "show"]);
    std::fs::write(at("mine.toml"), book.replace("\"$0.02/GB\"", "\"$0.03/GB\"")).expect("writable");

    let (code, _, stderr) = run(&["report", "a", "--prices", "mine.toml"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("--out a"), "{stderr}");
    assert_eq!(run(&["report", "a", "--prices", "no-such-book", "--out", "b"]).0, 2);
    assert!(!at("b").exists());

    assert_eq!(run(&["report", "a", "--prices", "aws-2026-09", "--out", "same", "--quiet"]).0, 0);
    for entry in std::fs::read_dir(at("a")).expect("readable").flatten() {
        let name = entry.file_name();
        if entry.path().extension().is_some_and(|it| it == "csv") {
            let read = |dir: &str| std::fs::read(at(dir).join(&name)).expect("there");
            assert!(read("a") == read("same"), "{name:?}");
        }
    }

    let (code, told, stderr) = run(&["report", "a", "--prices", "mine.toml", "--out", "b"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(told.contains("priced again with the price book mine.toml"), "{told}");
    let worked = include_str!("../../scenarios/worked-example.toml");
    let dear = worked.replace("book = \"aws-2026-09\",", "file = \"mine.toml\",");
    std::fs::write(at("dear.toml"), dear).expect("writable");
    let (code, _, stderr) = run(&["run", "dear.toml", "--out", "c", "--quiet"]);
    assert_eq!(code, 0, "{stderr}");
    let lines = |dir: &str, file: &str| -> Vec<String> {
        let text = std::fs::read_to_string(at(dir).join(file)).expect("there");
        // The bound decides by prices: a run under the book tells it, pricing again does not.
        text.lines().filter(|line| !line.starts_with("bound,")).map(str::to_string).collect()
    };
    for file in ["bill.csv", "summary.csv", "trials.csv", "comparison.csv"] {
        assert_eq!(lines("b", file), lines("c", file), "{file}");
        assert_ne!(lines("b", file), lines("a", file), "{file}");
    }

    // A bill that lost its last row still parses, and would be priced and told too low.
    let bill = std::fs::read_to_string(at("a").join("bill.csv")).expect("there");
    for (torn, said) in [
        (bill.trim_end().rsplit_once('\n').expect("rows").0.to_owned() + "\n", "is not whole: its rows of strategy `"),
        (bill.trim_end().rsplit_once(',').expect("cells").0.to_owned() + ",1e999\n", "`1e999` (strategy `"),
        (bill.trim_end().to_owned() + &"9".repeat(28) + "\n", "is no amount of dollars"),
    ] {
        std::fs::write(at("same").join("bill.csv"), torn).expect("writable");
        for command in [&["report", "same"][..], &["diff", "a", "same"]] {
            let (code, _, stderr) = run(command);
            assert_eq!(code, 2, "{stderr}");
            assert!(stderr.contains("bill.csv`") && stderr.contains(said), "{stderr}");
        }
    }

    // So is a summary that does not say what its trials come to.
    std::fs::write(at("same").join("bill.csv"), &bill).expect("writable");
    let summary = std::fs::read_to_string(at("a").join("summary.csv")).expect("there");
    let first = summary.lines().nth(1).expect("a row").to_owned();
    let cell = |index: usize, text: &str| {
        let mut cells: Vec<&str> = first.split(',').collect();
        cells[index] = text;
        summary.replace(&first, &cells.join(","))
    };
    let fewer = summary.replace(&format!("{first}\n"), "");
    for torn in
        [format!("{summary}{first}\n"), fewer, cell(3, "99.5"), cell(3, "NaN"), cell(3, "-1e400"), cell(4, "1e9")]
    {
        std::fs::write(at("same").join("summary.csv"), torn).expect("writable");
        for command in [&["report", "same"][..], &["diff", "a", "same"]] {
            let (code, _, stderr) = run(command);
            assert_eq!(code, 2, "{stderr}");
            assert!(stderr.contains("summary.csv` is not whole: what it says of strategy `"), "{stderr}");
        }
    }

    // A price list is laid over the newest book, as in a scenario; what is none says so with its place.
    let list = r#"{"offerCode": "AmazonECR", "version": "1", "publicationDate": "2026-09-11T12:44:25Z",
        "products": {"S": {"sku": "S", "attributes": {"usagetype": "TimedStorage-ByteHrs", "regionCode": "us-east-1"}}},
        "terms": {"OnDemand": {"S": {"S.T": {"priceDimensions": {"S.T.1": {"unit": "GB-Mo", "beginRange": "0",
            "endRange": "Inf", "pricePerUnit": {"USD": "0.2000000000"}}}}}}}}"#;
    std::fs::write(at("list.json"), list).expect("writable");
    let (code, told, stderr) = run(&["report", "a", "--prices", "list.json", "--out", "d"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(told.contains("priced again with the price book list.json"), "{told}");
    let storage = |dir: &str| -> f64 {
        let text = std::fs::read_to_string(at(dir).join("bill.csv")).expect("there");
        let home = |line: &&str| line.starts_with("replicate,") && line.contains(",us-east-1,storage,");
        let cost = |line: &str| line.rsplit(',').next().and_then(|cost| cost.parse::<f64>().ok());
        text.lines().filter(home).filter_map(cost).sum()
    };
    assert!(storage("a") > 0.0 && (storage("d") - 2.0 * storage("a")).abs() < 1e-8);
    std::fs::write(at("none.json"), "{\"rules\": []}").expect("writable");
    let (code, _, stderr) = run(&["report", "a", "--prices", "none.json", "--out", "e"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("none.json:1:"), "{stderr}");

    let record = std::fs::read_to_string(at("a").join("run.json")).expect("there");
    let mut old: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    old.as_object_mut().expect("a record").remove("pricing");
    old.as_object_mut().expect("a record").remove("settings");
    std::fs::write(at("a").join("run.json"), old.to_string()).expect("writable");
    let (code, _, stderr) = run(&["report", "a", "--prices", "mine.toml", "--out", "b"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("older version of replisim"), "{stderr}");
    assert_eq!(run(&["report", "a", "--quiet"]).0, 0, "an older run can still be drawn");
}
