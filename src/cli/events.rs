//! `run --events`: where events go.

use std::io::{BufWriter, ErrorKind, Stdout, Write, stdout};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use replisim::report::lines::{LinesFile, line};
use replisim::scenario::Scenario;
use replisim::study::events::Event;
use replisim::study::{self, Options, Progress};

use super::{Stop, input};

/// How results of a run end.
const RESULTS: [&str; 4] = ["csv", "json", "md", "html"];

/// Whether events go to standard output.
pub fn is_printed(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Where events go.
pub enum Events {
    /// To standard output, as they come.
    Printed(BufWriter<Stdout>),
    /// Into a file, which is there when the run is done.
    Written(LinesFile),
}

impl Events {
    /// Finds out now, and not after a long run, whether events can be written: not over what the scenario is read from, nor
    /// over the other results, which go into `results`.
    pub fn begin(path: &Path, scenario: &Scenario, results: &Path) -> Result<Events, Stop> {
        if is_printed(path) {
            return Ok(Events::Printed(BufWriter::new(stdout())));
        }
        input::spare(scenario, path, "--events")?;
        // A bare name has an empty parent.
        let folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let is_beside =
            matches!((folder.canonicalize(), results.canonicalize()), (Ok(folder), Ok(results)) if folder == results);
        if is_beside && RESULTS.iter().any(|ending| path.extension().is_some_and(|it| it == *ending)) {
            return Err(Stop::Usage(format!(
                "`{}` may be a result of the run; let the name of --events end in .jsonl",
                path.display()
            )));
        }
        LinesFile::begin(path).map(Events::Written).map_err(Stop::from)
    }

    /// Writes the events of a scenario.
    pub fn write(
        &mut self,
        scenario: &Scenario,
        options: &Options,
        progress: &dyn Progress,
        interrupted: &AtomicBool,
    ) -> Result<(), Stop> {
        let mut trouble = None;
        let told = study::events(scenario, options, progress, interrupted, &mut |event| match self.one(event) {
            Ok(flow) => flow,
            Err(stop) => {
                trouble = Some(stop);
                ControlFlow::Break(())
            }
        });
        match (trouble, told) {
            (Some(stop), _) => Err(stop),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(())) => self.flush(),
        }
    }

    fn one(&mut self, event: &Event) -> Result<ControlFlow<()>, Stop> {
        match self {
            Events::Written(file) => file.line(event).map(ControlFlow::Continue).map_err(Stop::from),
            Events::Printed(out) => match line(out, event) {
                Ok(()) => Ok(ControlFlow::Continue(())),
                // The reader has seen enough.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
                Err(error) => Err(unprintable(&error)),
            },
        }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        match self {
            Events::Printed(out) => match out.flush() {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unprintable(&error)),
                _ => Ok(()),
            },
            Events::Written(_) => Ok(()),
        }
    }

    /// The run is done: the file takes its place.
    pub fn keep(self) -> Result<(), Stop> {
        match self {
            Events::Printed(_) => Ok(()),
            Events::Written(file) => file.keep().map_err(Stop::from),
        }
    }
}

fn unprintable(error: &std::io::Error) -> Stop {
    Stop::Failed(format!("cannot write to standard output: {error}"))
}
