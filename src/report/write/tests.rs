//! Tests of the writer.

use std::cell::Cell;

use super::*;
use crate::report::fixture;

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn really(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .expect("readable")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_failure_midway_leaves_earlier_files_untouched() {
    let dir = tempfile::tempdir().expect("temporary directory");
    replace(dir.path(), &[file("a.csv", "1"), file("b.csv", "1")], &[], &really).expect("first run");
    // Of the four moves (old a, new a, old b, new b) each in turn fails.
    for failing in 0..4 {
        let moves = Cell::new(0);
        let fails = |from: &Path, to: &Path| {
            moves.set(moves.get() + 1);
            if moves.get() == failing + 1 { Err(io::Error::other("disk on fire")) } else { really(from, to) }
        };
        let error = replace(dir.path(), &[file("a.csv", "2"), file("b.csv", "2")], &[], &fails).expect_err("fails");
        assert!(error.to_string().contains("disk on fire; earlier results are unchanged"), "{error}");
        for name in ["a.csv", "b.csv"] {
            assert_eq!(std::fs::read_to_string(dir.path().join(name)).expect("still there"), "1");
        }
        assert_eq!(names(dir.path()), ["a.csv", "b.csv"], "nothing else is left behind");
    }
}

#[test]
fn unknown_files_stay_and_stale_charts_go() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let first = [file("charts/lag.svg", "old"), file("a.csv", "1")];
    replace(dir.path(), &first, &[], &really).expect("first run");
    std::fs::write(dir.path().join("mine.txt"), "keep").expect("writable");
    replace(dir.path(), &[file("a.csv", "2")], &["charts/lag.svg".to_owned()], &really).expect("second run");
    assert_eq!(names(dir.path()), ["a.csv", "charts", "mine.txt"]);
    assert!(names(&dir.path().join("charts")).is_empty());
    assert_eq!(std::fs::read_to_string(dir.path().join("a.csv")).expect("there"), "2");
}

#[test]
fn a_file_where_the_directory_should_be_is_said_plainly() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let place = dir.path().join("results");
    std::fs::write(&place, "").expect("writable");
    let error = replace(&place, &[], &[], &really).expect_err("is a file");
    assert!(error.to_string().ends_with("it is a file, not a directory"), "{error}");
    let inside = place.join("deeper");
    assert!(matches!(prepare(&inside), Err(WriteError::Directory { .. })));
}

#[test]
fn a_directory_in_the_way_of_a_file_stops_everything() {
    let dir = tempfile::tempdir().expect("temporary directory");
    std::fs::create_dir(dir.path().join("b.csv")).expect("writable");
    let error = replace(dir.path(), &[file("a.csv", "1"), file("b.csv", "1")], &[], &really).expect_err("fails");
    assert!(error.to_string().contains("a directory is in the way"), "{error}");
    assert_eq!(names(dir.path()), ["b.csv"]);
}

#[test]
fn charts_of_faults_that_are_gone_are_taken_away() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let mut tables = fixture::run(&[("pull", "cross-region-pull")], 1);
    run(dir.path(), &tables).expect("writes");
    let chart = dir.path().join("charts/pulls-around-use1-down.png");
    assert!(chart.is_file());
    std::fs::write(dir.path().join("charts/pulls-around-mine.txt"), "keep").expect("writable");
    tables.run.faults.clear();
    run(dir.path(), &tables).expect("writes again");
    assert!(!chart.exists() && dir.path().join("charts/pulls-around-mine.txt").exists());
}

#[test]
fn a_run_reads_back_as_it_was_written() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let tables = fixture::run(&[("pull", "cross-region-pull"), ("copy", "replication")], 2);
    let written = run(dir.path(), &tables).expect("writes");
    assert!(written.iter().all(|path| path.is_file()));
    assert!(written.contains(&dir.path().join("charts/cost.png")));
    assert!(read::tables(dir.path()).expect("reads") == tables);
}

/// A stage as a process leaves it that is killed after so many moves; `None` = before it was ready.
fn killed(dir: &Path, files: &[File], stale: &[String], after: Option<usize>) {
    let moves = Cell::new(0);
    let fails = |from: &Path, to: &Path| {
        moves.set(moves.get() + 1);
        if after.is_some_and(|after| moves.get() > after) { Err(io::Error::other("killed")) } else { really(from, to) }
    };
    // What a kill leaves is what is there before the failed process takes anything back.
    let stage = dir.join(".replisim-results-abcdef");
    std::fs::create_dir_all(stage.join("old")).expect("writable");
    for file in files {
        let place = stage.join("new").join(&file.name);
        std::fs::create_dir_all(place.parent().expect("below the stage")).expect("writable");
        std::fs::write(place, &file.bytes).expect("writable");
    }
    let Some(_) = after else { return };
    std::fs::write(stage.join("ready"), stale.join("\n")).expect("writable");
    for name in files.iter().map(|file| &file.name).chain(stale) {
        for (from, to) in
            [(dir.join(name), stage.join("old").join(name)), (stage.join("new").join(name), dir.join(name))]
        {
            if from.exists() {
                std::fs::create_dir_all(to.parent().expect("below a directory")).expect("writable");
                if fails(&from, &to).is_err() {
                    return;
                }
            }
        }
    }
}

#[test]
fn whenever_a_process_is_killed_the_next_one_finds_all_old_files_or_all_new_ones() {
    let old = [file("a.csv", "1"), file("charts/lag.svg", "1"), file("run.json", "1")];
    let new = [file("a.csv", "2"), file("charts/cost.svg", "2"), file("run.json", "2")];
    let stale = ["charts/lag.svg".to_owned(), "charts/none.svg".to_owned()];
    for after in std::iter::once(None).chain((0..8).map(Some)) {
        let dir = tempfile::tempdir().expect("temporary directory");
        replace(dir.path(), &old, &[], &really).expect("first run");
        std::fs::write(dir.path().join("mine.txt"), "keep").expect("writable");
        killed(dir.path(), &new, &stale, after);
        settle(dir.path()).expect("settled");
        assert_eq!(names(dir.path()), ["a.csv", "charts", "mine.txt", "run.json"], "{after:?}");
        let (chart, text) = if after.is_none() { ("lag.svg", "1") } else { ("cost.svg", "2") };
        assert_eq!(names(&dir.path().join("charts")), [chart], "{after:?}");
        for name in ["a.csv", "run.json"] {
            assert_eq!(std::fs::read_to_string(dir.path().join(name)).expect("there"), text, "{after:?}");
        }
    }
}

#[test]
fn a_stage_takes_nothing_away_outside_its_directory() {
    let outer = tempfile::tempdir().expect("temporary directory");
    let dir = outer.path().join("results");
    let mine = outer.path().join("mine.txt");
    std::fs::create_dir(&dir).expect("writable");
    std::fs::write(&mine, "keep").expect("writable");
    killed(&dir, &[], &["../mine.txt".to_owned(), mine.display().to_string()], None);
    std::fs::create_dir_all(dir.join(".replisim-results-abcdef/new")).expect("writable");
    std::fs::write(dir.join(".replisim-results-abcdef/ready"), format!("../mine.txt\n{}", mine.display()))
        .expect("writable");
    settle(&dir).expect("settled");
    assert!(mine.exists() && names(&dir).is_empty());
    settle(&outer.path().join("nowhere")).expect("nothing to settle");
}

#[cfg(unix)]
#[test]
fn processes_that_write_into_one_directory_do_so_one_after_the_other() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let write = |text: &str| {
        let files: Vec<File> = (0..40).map(|number| file(&format!("{number}.csv"), text)).collect();
        for _ in 0..20 {
            replace(dir.path(), &files, &[], &really).expect("written");
            // Under a lock of its own the reader sees one process's files.
            settle(dir.path()).expect("settled");
        }
    };
    std::thread::scope(|scope| {
        for text in ["1", "2", "3"] {
            scope.spawn(move || write(text));
        }
    });
    let all: std::collections::BTreeSet<String> = (0..40)
        .map(|number| std::fs::read_to_string(dir.path().join(format!("{number}.csv"))).expect("there"))
        .collect();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(names(dir.path()).len(), 40);
}
