//! The `replisim` program. Everything it knows of arguments, terminals and exit codes is in [`cli`]; everything else
//! is the library's.

use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    cli::main()
}
