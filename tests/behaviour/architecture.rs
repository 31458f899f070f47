//! The house keeps its order: a room imports only rooms above it (the list in `src/lib.rs`).

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms, top to bottom. `cli` is the binary and may use every room.
const ROOMS: [&str; 15] = [
    "units", "sim", "cloud", "registry", "faults", "network", "demand", "strategy", "ledger", "engine", "billing",
    "formats", "scenario", "study", "report",
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("source folders can be read") {
        let path = entry.expect("entries can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The room that a file belongs to: the first part of its path below `src`.
fn room(file: &Path, src: &Path) -> String {
    let first = file.strip_prefix(src).expect("found below src").components().next().expect("has a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_string()
}

/// Names that follow `crate::` in a text, one level of braces included; comments and doc links are not imports.
fn imports(text: &str) -> Vec<String> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect();
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let list = &list[..list.find("};").unwrap_or(list.len())];
            let mut depth = 0;
            let mut word = String::new();
            for character in list.chars().chain([',']) {
                match character {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut word)),
                    _ if depth == 0 && !character.is_whitespace() => word.push(character),
                    _ => {}
                }
            }
        } else {
            names.push(rest.to_string());
        }
    }
    let first = |name: String| name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
    names.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_room_imports_only_rooms_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > ROOMS.len(), "the sources were found");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let here = room(&file, &src);
        if ["lib", "main", "cli"].contains(&here.as_str()) {
            continue;
        }
        let Some(floor) = ROOMS.iter().position(|name| *name == here) else {
            wrong.push(format!("{} is in no room of the list", file.display()));
            continue;
        };
        for name in imports(&fs::read_to_string(&file).expect("sources are text")) {
            seen += 1;
            match ROOMS.iter().position(|room| *room == name) {
                Some(other) if other <= floor => {}
                Some(_) => wrong.push(format!("{here} imports {name}, which is below it ({})", file.display())),
                None => wrong.push(format!("{here} imports crate::{name}, which is no room ({})", file.display())),
            }
        }
    }
    assert!(seen > 50, "the imports were read: {seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_in_the_library_is_this_list() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs is text");
    let rooms: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | [`"))
        .filter_map(|line| line.split('`').next())
        .collect();
    assert_eq!(rooms, ROOMS);
}
