//! Standard output and standard error.
//!
//! A closed pipe (`replisim .. | head`) is the reader's choice and no error. Nothing here may panic on a stream that
//! cannot be written: there would be nowhere left to say so.

use std::io::{ErrorKind, Write};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use replisim::scenario::Diagnostics;

use super::Stop;
use super::arguments::Color;

/// Decides about colours for both streams.
pub fn choose_colour(color: Color) {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
}

/// Prints results on standard output, ending in a line break.
///
/// # Errors
///
/// When standard output takes nothing, for another reason than a reader who has gone.
pub fn print(text: &str) -> Result<(), Stop> {
    let mut stdout = anstream::stdout().lock();
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let written = write!(stdout, "{text}{end}").and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Stop::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a value as JSON on standard output.
///
/// # Errors
///
/// As [`print`].
pub fn print_json(value: &serde_json::Value) -> Result<(), Stop> {
    print(&format!("{value:#}"))
}

/// Prints an error on standard error.
pub fn error(message: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    say(&format!("{style}error{style:#}: {message}"));
}

/// Prints a note on standard error.
pub fn note(message: &str) {
    say(message);
}

/// Prints the problems of input files on standard error: all of them, or errors only when `quiet`.
pub fn problems(diagnostics: &Diagnostics, quiet: bool) {
    // What is only a warning is not worth breaking a silence that was asked for.
    if quiet && !diagnostics.has_errors() {
        return;
    }
    // Colours are taken out again by the stream when they are not wanted.
    let text = diagnostics.render(true);
    if !text.is_empty() {
        say(text.trim_end());
    }
}

fn say(line: &str) {
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(anstream::stderr(), "{line}");
}
