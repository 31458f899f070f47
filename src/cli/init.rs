//! `replisim init`: a commented scenario to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use super::arguments::{InitArguments, Shared, Template};
use super::{Exit, Stop, output};

/// Writes the template; an existing file stays as it is.
pub fn run(arguments: &InitArguments, shared: &Shared) -> Result<Exit, Stop> {
    let text = match arguments.template {
        Template::Regions => include_str!("../../assets/templates/regions.toml"),
        Template::Accounts => include_str!("../../assets/templates/accounts.toml"),
    };
    let file = arguments.file.display();
    // Created and opened in one step, so that nothing can come between looking and writing.
    let mut target =
        OpenOptions::new().write(true).create_new(true).open(&arguments.file).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Stop::Usage(format!("`{file}` exists already; name a new file")),
            _ => Stop::Failed(format!("cannot write `{file}`: {error}")),
        })?;
    target.write_all(text.as_bytes()).map_err(|error| Stop::Failed(format!("cannot write `{file}`: {error}")))?;
    if !shared.quiet {
        output::note(&format!("wrote {file}; now run: replisim run {file}"));
    }
    Ok(Exit::Done)
}
