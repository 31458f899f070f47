//! `replisim optimize`: a scenario in; rules, cache rules and policies that the service takes out.

use std::path::{Component, Path, PathBuf};

use replisim::report::recommendation::{self, Base};
use replisim::scenario::{self, Diagnostics};
use replisim::study::optimize::requirement::{Requirement, requirement};
use replisim::study::optimize::rules::SERVICE;
use replisim::study::optimize::verify::Means;
use replisim::study::optimize::{Choices, optimize};

use super::arguments::{OptimizeArguments, Shared};
use super::progress::Bar;
use super::target::Target;
use super::{Exit, Stop, input, interrupt, output};

/// Finds, verifies and writes the recommendation.
pub fn run(arguments: &OptimizeArguments, shared: &Shared) -> Result<Exit, Stop> {
    let requirements: Result<Vec<Requirement>, String> =
        arguments.objective.iter().map(|text| requirement(text)).collect();
    let requirements = requirements.map_err(Stop::Usage)?;
    let sets = arguments.simulation.sets();
    let mut scenario = input::load(&arguments.scenario, &sets, shared)?;
    for requirement in &requirements {
        requirement.add(&mut scenario).map_err(Stop::Usage)?;
    }
    let target = Target::prepare(arguments.out.as_deref(), &arguments.scenario, "-optimize")?;
    let dir = &target.directory;
    if let Some(foreign) = recommendation::foreign(dir) {
        return Err(Stop::Usage(format!(
            "`{}` is there and no earlier recommendation left it; name another directory with --out",
            foreign.display()
        )));
    }

    let interrupted = interrupt::flag()?;
    let bar = Bar::new(shared.quiet || shared.json);
    let means = Means { jobs: arguments.simulation.threads(), progress: &bar, interrupt: &interrupted };
    let choices = Choices { with_jobs: arguments.with_jobs, limits: SERVICE };
    let optimum = optimize(&scenario, choices, means);
    bar.clear();
    let optimum = optimum.map_err(|error| target.give_up(error))?;

    let path = relative(dir, &arguments.scenario);
    let lists_strategies = lists_strategies(&arguments.scenario, &sets);
    let base = Base { path: &path, lists_strategies, requirements: &requirements };
    let files = recommendation::files(&scenario, &optimum, &base);
    files.iter().try_for_each(|file| input::spare(&scenario, &dir.join(&file.name), "--out"))?;
    let written = recommendation::write(dir, &files).map_err(|error| target.give_up(error))?;
    proved(&dir.join("scenario.toml"), &sets)?;
    if shared.json {
        output::print_json(&recommendation::summary_json(&scenario, &optimum))?;
    } else if !shared.quiet {
        let mut text = recommendation::terminal(&scenario, &optimum);
        let page = written.iter().find(|path| path.ends_with("recommendation.md"));
        text +=
            &format!("\n{} files in {}; begin with {}\n", written.len(), dir.display(), page.unwrap_or(dir).display());
        output::print(&text)?;
    }
    Ok(Exit::Done)
}

/// Whether the scenario names its strategies; else it runs one of each kind.
fn lists_strategies(path: &Path, sets: &[String]) -> bool {
    scenario::read(path, sets, &mut Diagnostics::default()).is_some_and(|draft| draft.root.get("strategies").is_some())
}

/// Reads back what was written, through the reader of every scenario: what it refuses must not be handed out.
fn proved(path: &Path, sets: &[String]) -> Result<(), Stop> {
    let mut diagnostics = Diagnostics::default();
    if scenario::load(path, sets, &mut diagnostics).is_none() {
        let problems = diagnostics.render(false);
        return Err(Stop::Failed(format!("internal error: the files of the recommendation are refused:\n{problems}")));
    }
    Ok(())
}

/// The way from a directory that exists to a file that exists.
fn relative(from: &Path, to: &Path) -> String {
    let (Ok(from), Ok(to)) = (from.canonicalize(), to.canonicalize()) else { return to.display().to_string() };
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(shared)).collect();
    path.display().to_string().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenario_is_found_from_the_results() {
        let dir = tempfile::tempdir().expect("a directory");
        let out = dir.path().join("outputs/shop-optimize");
        std::fs::create_dir_all(&out).expect("made");
        let file = dir.path().join("shop.toml");
        std::fs::write(&file, "").expect("written");
        assert_eq!(relative(&out, &file), "../../shop.toml");
    }
}
