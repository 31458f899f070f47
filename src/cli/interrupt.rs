//! Ctrl-C: the first one asks the run to stop between two jobs, the second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exit, Stop, output};

/// The flag that a run looks at, set by Ctrl-C or a termination signal.
///
/// # Errors
///
/// When the system takes no signal handler.
pub fn flag() -> Result<Arc<AtomicBool>, Stop> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
        output::note("stopping after the trials that are under way; press Ctrl-C again to stop at once");
    })
    .map_err(|error| Stop::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(flag)
}
