//! `replisim completions` and `replisim man`: made from the arguments, so that they never tell of another program.

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::Arguments;
use super::{Exit, Stop, output};

/// Prints a shell's completions.
pub fn completions(shell: Shell) -> Result<Exit, Stop> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "replisim", &mut text);
    output::print(&String::from_utf8_lossy(&text)).map(|()| Exit::Done)
}

/// Prints the manual page: the program's, then one section for each command.
pub fn page() -> Result<Exit, Stop> {
    let mut command = Arguments::command();
    command.build();
    let mut text = Vec::new();
    let pages = std::iter::once(command.clone()).chain(command.get_subcommands().cloned());
    for page in pages.filter(|page| page.get_name() != "help") {
        clap_mangen::Man::new(page)
            .render(&mut text)
            .map_err(|error| Stop::Failed(format!("cannot write: {error}")))?;
    }
    output::print(&String::from_utf8_lossy(&text)).map(|()| Exit::Done)
}
