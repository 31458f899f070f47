//! What people read is true: commands parse, files exist, columns and numbers are those of the results.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use replisim::report::csv::Row;
use replisim::report::terminal_summary;
use replisim::study::tables::{
    BillRow, ComparisonRow, DisruptionRow, FailureRow, LatencyRow, ObjectiveRow, RecoveryRow, RepositoryRow,
    SummaryRow, TimelineRow, TrialRow,
};

use super::common::{QUICKSTART, read, root};

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const PAGES: [&str; 17] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/scenario.md",
    "docs/results.md",
    "docs/model.md",
    "docs/worked-example.md",
    "docs/explain.md",
    "docs/breakeven.md",
    "docs/sweep.md",
    "docs/sensitivity.md",
    "docs/optimize.md",
    "docs/diff.md",
    "docs/events.md",
    "docs/statistics.md",
    "docs/speed.md",
    "docs/native-files.md",
    "docs/from-your-account.md",
];

/// Fenced blocks in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next()).map(str::to_owned).collect()
}

#[test]
fn the_first_scenario_is_the_bundled_quickstart() {
    let bundled = text("scenarios/quickstart.toml");
    let lines: Vec<&str> = bundled.lines().skip_while(|line| line.starts_with('#')).collect();
    assert_eq!(blocks(&text("README.md"), "toml")[0], lines.join("\n"));
}

#[test]
fn every_scenario_shown_passes_check() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (index, block) in blocks(&text("README.md"), "toml").iter().enumerate() {
        let path = dir.path().join(format!("readme-{index}.toml"));
        fs::write(&path, block).expect("a temporary file");
        read(&path, &[]);
    }
}

#[test]
fn every_template_of_init_passes_check() {
    for (name, _) in replisim::scenario::TEMPLATES {
        read(&root().join(format!("assets/templates/{name}.toml")), &[]);
    }
}

#[test]
fn every_command_shown_parses() {
    let mut seen = 0;
    for page in PAGES {
        let page_text = text(page);
        let shell = blocks(&page_text, "sh").join("\n");
        // Commands in blocks, and those named in a line of prose.
        for line in shell.lines().chain(page_text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))) {
            let line = line.trim();
            let starts = ["cargo run --release -- ", "cargo run -- ", "replisim "];
            let Some(typed) = starts.iter().find_map(|start| line.strip_prefix(start)) else { continue };
            let typed = words(typed);
            seen += 1;
            // With `--help` at its end a command that parses says how it is used, and does nothing.
            let output = Command::cargo_bin("replisim")
                .expect("the program is built with its tests")
                .args(&typed)
                .arg("--help")
                .output()
                .expect("the program starts");
            assert!(output.status.success(), "{page}: {line}: {}", String::from_utf8_lossy(&output.stderr));
            for word in typed.iter().filter(|word| word.starts_with("scenarios/") && !word.contains('*')) {
                assert!(root().join(word).is_file(), "{page}: {word}");
            }
        }
    }
    assert!(seen >= 10, "{seen} commands");
}

/// A line as a shell takes it apart: quotes hold a word together, and a comment or a redirection ends it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quote) = (vec![String::new()], None);
    for letter in line.chars() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            ('#' | '>', None) => break,
            (_, None) if letter.is_whitespace() => words.push(String::new()),
            _ => words.last_mut().expect("there is one").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_file_linked_exists() {
    for page in PAGES {
        let here = Path::new(page).parent().unwrap_or(Path::new(""));
        for link in text(page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if link.contains("://") {
                continue;
            }
            let target = if file.is_empty() { Path::new(page).to_owned() } else { here.join(file) };
            assert!(root().join(&target).exists(), "{page}: {link}");
            if !anchor.is_empty() {
                let headings: Vec<String> =
                    text(&target.to_string_lossy()).lines().filter(|it| it.starts_with('#')).map(slug).collect();
                assert!(headings.iter().any(|heading| heading == anchor), "{page}: {link}");
            }
        }
    }
}

/// A heading as the anchor that it gets.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    words.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it)).collect::<String>().replace(' ', "-")
}

#[test]
fn every_bundled_scenario_is_in_the_readme() {
    let readme = text("README.md");
    for entry in fs::read_dir(root().join("scenarios")).expect("scenarios are bundled") {
        let path = entry.expect("entries can be read").path();
        if path.extension().is_some_and(|it| it == "toml") {
            let name = path.file_name().expect("has a name").to_string_lossy().into_owned();
            assert!(readme.contains(&format!("(scenarios/{name})")), "{name}");
        }
    }
}

/// After a wanted change, run with `REPLISIM_GOLDEN=write` and look at the difference.
#[test]
fn the_summary_in_the_readme_is_what_the_run_prints() {
    let printed = terminal_summary(&QUICKSTART, &[]);
    let readme = text("README.md");
    let shown = &blocks(&readme, "text")[0];
    if std::env::var_os("REPLISIM_GOLDEN").is_some_and(|it| it == "write") {
        fs::write(root().join("README.md"), readme.replace(shown, printed.trim_end()))
            .expect("README.md can be written");
        return;
    }
    assert_eq!(shown.trim_end(), printed.trim_end(), "README.md shows another summary");
}

#[test]
fn the_quickstart_is_told_with_its_numbers() {
    let summary = text("outputs/quickstart/summary.csv");
    let header: Vec<&str> = summary.lines().next().unwrap_or("").split(',').collect();
    let cost = header.iter().position(|name| *name == "cost_usd_month").expect("a column");
    let readme = text("README.md");
    let shown = &blocks(&readme, "text")[0];
    for row in summary.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let dollars: f64 = cells[cost].parse().expect("a number");
        let line = shown.lines().find(|line| line.starts_with(cells[0]) && line.contains(" to ")).expect("its row");
        assert!(line.contains(&format!("${dollars:.2}")), "{line} {dollars}");
    }
    // What the prose takes from the report.
    let report = text("outputs/quickstart/report.md");
    let tail = report.lines().find_map(|line| line.strip_prefix("- But ")).expect("a sentence on the tail");
    let prose = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(prose.contains(tail.trim_end_matches('.')), "{tail}");
}

#[test]
fn the_manual_of_results_lists_every_column() {
    let page = text("docs/results.md");
    let listed = |file: &str| -> Vec<String> {
        let section = page.split(&format!("## `{file}`\n")).nth(1).unwrap_or_else(|| panic!("no section on {file}"));
        let table = section.split("## `").next().unwrap_or("").split("| column |").nth(1).expect("a table of columns");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        rows.filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned())).collect()
    };
    fn holds<R: Row>(listed: &dyn Fn(&str) -> Vec<String>) {
        assert_eq!(listed(R::FILE), R::HEADER, "{}", R::FILE);
        let path = root().join("outputs/quickstart").join(R::FILE);
        let csv = fs::read_to_string(&path).expect("the example is committed");
        assert_eq!(csv.lines().next().unwrap_or(""), R::HEADER.join(","));
    }
    holds::<SummaryRow>(&listed);
    holds::<ComparisonRow>(&listed);
    holds::<BillRow>(&listed);
    holds::<TrialRow>(&listed);
    holds::<RepositoryRow>(&listed);
    holds::<LatencyRow>(&listed);
    holds::<TimelineRow>(&listed);
    holds::<ObjectiveRow>(&listed);
    holds::<RecoveryRow>(&listed);
    holds::<FailureRow>(&listed);
    holds::<DisruptionRow>(&listed);
}
