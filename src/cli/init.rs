//! `replisim init`: a commented scenario to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use replisim::scenario;

use super::arguments::{InitArguments, Shared};
use super::{Exit, Stop, output};

/// Writes the template; an existing file stays as it is.
pub fn run(arguments: &InitArguments, shared: &Shared) -> Result<Exit, Stop> {
    let name = &arguments.template;
    let text = scenario::template(name).ok_or_else(|| Stop::Usage(format!("no template `{name}`")))?;
    let file = arguments.file.display();
    // Created and opened in one step, so that nothing can come between looking and writing.
    let mut target =
        OpenOptions::new().write(true).create_new(true).open(&arguments.file).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Stop::Usage(format!("`{file}` exists already; name a new file")),
            _ => Stop::Failed(format!("cannot write `{file}`: {error}")),
        })?;
    target.write_all(text.as_bytes()).map_err(|error| {
        // Half a scenario is worse than none; should it have to stay, the message says enough.
        let _ = std::fs::remove_file(&arguments.file);
        Stop::Failed(format!("cannot write `{file}`: {error}"))
    })?;
    if !shared.quiet {
        output::note(&format!("wrote {file}; now run: replisim run {file}"));
    }
    Ok(Exit::Done)
}
