//! `replisim merge`: the shards of a sweep in, the whole sweep out.

use replisim::report::sweep as files;

use super::arguments::{MergeArguments, Shared};
use super::{Exit, Stop, sweep};

/// Joins the shards.
pub fn run(arguments: &MergeArguments, shared: &Shared) -> Result<Exit, Stop> {
    let place = |path: &std::path::Path| path.canonicalize().ok();
    if let Some(out) = place(&arguments.out)
        && arguments.shards.iter().any(|shard| place(shard).as_ref() == Some(&out))
    {
        return Err(Stop::Usage(format!("--out `{}` is one of the shards; choose another", arguments.out.display())));
    }
    let finished =
        files::merge::merge(&arguments.shards).map_err(|problems| Stop::Usage(problems.join("\n       ")))?;
    let written = files::write(&arguments.out, &finished)?;
    sweep::tell(&finished, &written, shared)
}
