//! `replisim import`: configuration files, or the export of an account, in; a scenario out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use replisim::cloud::regions;
use replisim::formats::account::{self, Wrong};
use replisim::formats::did_you_mean;
use replisim::formats::native::{self, Form, MOST_JSON, Settings};
use replisim::registry::names::is_account_id;
use replisim::report::write::{File, replace};
use replisim::scenario::fragment::{Fragment, Source, fragment};
use replisim::scenario::tree::{FileId, Origin};
use replisim::scenario::{self, Diagnostics, estate};
use serde_json::json;

use super::arguments::{ImportArguments, Shared};
use super::{Exit, Stop, output};

/// The scenario's name in a directory.
const SCENARIO: &str = "scenario.toml";

/// Reads all files, and prints or writes the scenario.
pub fn run(arguments: &ImportArguments, shared: &Shared) -> Result<Exit, Stop> {
    let settings = settings(arguments)?;
    if let Some(dir) = arguments.out.as_deref().filter(|dir| dir.join(SCENARIO).exists()) {
        let message = format!("`{}` exists already; name a new directory", dir.join(SCENARIO).display());
        return Err(Stop::Usage(message));
    }
    let mut diagnostics = Diagnostics::default();
    let mut recognised: Vec<String> = Vec::new();
    let made = match arguments.files.as_slice() {
        [dir] if dir.is_dir() => export(dir, arguments.out.is_some(), &mut diagnostics)?,
        files if files.iter().any(|file| file.is_dir()) => {
            return Err(Stop::Usage("an account export is a directory of its own; import other files apart".into()));
        }
        _ => {
            let sources = read(arguments, &settings, &mut diagnostics, &mut recognised)?;
            parameters(&sources, &settings, &diagnostics)?;
            fragment(&sources, &settings, arguments.out.is_some(), &mut diagnostics)
        }
    };
    let made = made.filter(|_| !diagnostics.has_errors());
    let made = made.map(|made| proved(made, &mut diagnostics)).transpose()?.flatten();
    if shared.json {
        let files: BTreeMap<&str, &str> =
            made.iter().flat_map(|made| &made.files).map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let scenario = made.as_ref().map(|made| &made.scenario);
        output::print_json(&json!({ "ok": made.is_some(), "problems": diagnostics.reports(), "scenario": scenario,
            "files": files }))?;
    } else {
        output::problems(&diagnostics, shared.quiet);
    }
    let Some(made) = made else {
        if !shared.json {
            recognised.iter().for_each(|line| output::note(line));
        }
        return Ok(Exit::Wrong);
    };
    if !shared.quiet && !shared.json {
        made.notes.iter().for_each(|note| output::note(&format!("note: {note}")));
    }
    match &arguments.out {
        Some(dir) => write(dir, &made, shared)?,
        None if !shared.json => output::print(&made.scenario)?,
        None => {}
    }
    Ok(Exit::Done)
}

/// The scenario of an account export.
fn export(dir: &Path, beside: bool, diagnostics: &mut Diagnostics) -> Result<Option<Fragment>, Stop> {
    let export = match account::read(dir) {
        Ok(export) => export,
        Err(wrong) => {
            for Wrong { file, text, problem } in wrong {
                let file = diagnostics.add_file(file.display().to_string(), text);
                report(file, vec![problem], diagnostics);
            }
            return Ok(None);
        }
    };
    let (scenario, files) = estate::scenario(&export);
    let files: Vec<(String, String)> =
        files.into_iter().map(|(path, text)| (path.display().to_string(), text)).collect();
    if !beside && !files.is_empty() {
        let message = format!("the scenario needs {} files beside it: name a directory with --out DIR", files.len());
        return Err(Stop::Usage(message));
    }
    Ok(Some(Fragment { scenario, files, notes: Vec::new() }))
}

/// What the command line says that files do not.
fn settings(arguments: &ImportArguments) -> Result<Settings, Stop> {
    if let Some(account) = arguments.account.as_ref().filter(|account| !is_account_id(account)) {
        return Err(Stop::Usage(format!("`{account}` is no account id, which has 12 digits")));
    }
    if let Some(message) = arguments.region.as_deref().and_then(regions::refused) {
        return Err(Stop::Usage(message));
    }
    let mut parameters = BTreeMap::new();
    for parameter in &arguments.parameter {
        let Some((name, value)) = parameter.split_once('=') else {
            return Err(Stop::Usage(format!("a parameter is NAME=VALUE, found `{parameter}`")));
        };
        if parameters.insert(name.to_string(), value.to_string()).is_some() {
            return Err(Stop::Usage(format!("the parameter `{name}` is given twice")));
        }
    }
    Ok(Settings { account: arguments.account.clone(), region: arguments.region.clone(), parameters })
}

/// Reads every file; what is wrong in one does not hide what is wrong in the next.
fn read(
    arguments: &ImportArguments,
    settings: &Settings,
    diagnostics: &mut Diagnostics,
    recognised: &mut Vec<String>,
) -> Result<Vec<Source>, Stop> {
    let mut sources = Vec::new();
    for path in &arguments.files {
        let name = path.display().to_string();
        let text = match text(path) {
            Ok(text) => text,
            Err(why) => {
                let file = diagnostics.add_file(&name, "");
                diagnostics.error(&Origin { file, span: 0..0 }, format!("`{name}` {why}"), "");
                continue;
            }
        };
        let read = native::read(&text, settings);
        let file = diagnostics.add_file(&name, text);
        match read {
            Ok((form, native)) => sources.push(Source { file, form, native }),
            Err(failure) => {
                recognised.extend(failure.form.map(|form| read_as(&name, form)));
                report(file, failure.problems, diagnostics);
            }
        }
    }
    Ok(sources)
}

fn read_as(name: &str, form: Form) -> String {
    format!("note: {name} was read as {form}")
}

fn report(file: FileId, problems: Vec<replisim::formats::Problem>, diagnostics: &mut Diagnostics) {
    for problem in problems {
        diagnostics.error(&Origin { file, span: problem.span }, problem.message, problem.label);
    }
}

/// The text of a file, or why there is none.
fn text(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > MOST_JSON as u64 {
        return Err(format!("has {} MB; at most {} MB are read", size / 1_000_000, MOST_JSON / 1_000_000));
    }
    native::decode(fs::read(path).map_err(|error| format!("cannot be read: {error}"))?)
}

/// A parameter that no template has is a slip.
fn parameters(sources: &[Source], settings: &Settings, diagnostics: &Diagnostics) -> Result<(), Stop> {
    if diagnostics.has_errors() {
        return Ok(());
    }
    let known: Vec<&str> = sources.iter().flat_map(|source| &source.native.parameters).map(String::as_str).collect();
    for name in settings.parameters.keys().filter(|name| !name.starts_with("AWS::")) {
        if !known.contains(&name.as_str()) {
            let near = did_you_mean(name, known.iter().copied());
            return Err(Stop::Usage(format!("no file has a parameter `{name}`{near}")));
        }
    }
    Ok(())
}

/// The fragment, once it has been held against everything that `check` knows; what is wrong is told of the fragment.
fn proved(made: Fragment, diagnostics: &mut Diagnostics) -> Result<Option<Fragment>, Stop> {
    let failed = |error: std::io::Error| Stop::Failed(format!("cannot try the scenario: {error}"));
    let dir = tempfile::tempdir().map_err(failed)?;
    for (name, text) in made.files.iter().map(|(name, text)| (name.as_str(), text)).chain([(SCENARIO, &made.scenario)])
    {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(dir.path())).map_err(failed)?;
        fs::write(&path, text).map_err(failed)?;
    }
    let mut found = Diagnostics::default();
    let loaded = scenario::load(&dir.path().join(SCENARIO), &[], &mut found);
    if loaded.is_some() && !found.has_errors() {
        return Ok(Some(made));
    }
    let file = diagnostics.add_file("the scenario made of these files", &made.scenario);
    for item in found.sorted().into_iter().filter(|item| item.severity == scenario::Severity::Error) {
        let (name, _) = found.file(item.origin.file);
        let span = if name.ends_with(SCENARIO) { item.origin.span.clone() } else { 0..0 };
        diagnostics.error(&Origin { file, span }, &item.message, &item.label);
    }
    Ok(None)
}

fn write(dir: &Path, made: &Fragment, shared: &Shared) -> Result<(), Stop> {
    let file = |name: &str, text: &str| File { name: name.into(), bytes: text.as_bytes().to_vec() };
    let mut files = vec![file(SCENARIO, &made.scenario)];
    files.extend(made.files.iter().map(|(name, text)| file(name, text)));
    let written = replace(dir, &files, &[], &|from, to| fs::rename(from, to))?;
    if !shared.quiet && !shared.json {
        let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
        output::note(&format!("wrote {}; now run: replisim check {}", names.join(", "), dir.join(SCENARIO).display()));
    }
    Ok(())
}
