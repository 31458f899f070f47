//! Shards to the whole sweep.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Finished, journal};
use crate::report::numbers::list;
use crate::scenario::Input;
use crate::study::sweep::Shard;

/// Joins the shards in these directories. The result is what the sweep without shards would be, byte for byte.
///
/// # Errors
/// Everything that is wrong with them, one sentence each.
pub fn merge(dirs: &[PathBuf]) -> Result<Finished, Vec<String>> {
    let mut problems = Vec::new();
    let mut shards: Vec<(&Path, Shard, Finished)> = Vec::new();
    for dir in dirs {
        match shard(dir) {
            Ok((index, finished)) => shards.push((dir, index, finished)),
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(((first, _, one), others)) = shards.split_first() {
        for (dir, _, other) in others {
            let what = other.record.differences(&one.record);
            if !what.is_empty() {
                let (dir, first) = (dir.display(), first.display());
                problems.push(format!("`{dir}` and `{first}` are of different sweeps: they differ in {}", list(&what)));
            }
        }
        problems.extend(together(&shards));
    }
    if !problems.is_empty() || shards.is_empty() {
        return Err(problems);
    }
    shards.sort_by_key(|(_, shard, _)| shard.index);
    let mut inputs = BTreeMap::new();
    let mut rows = Vec::new();
    let mut record = shards[0].2.record.clone();
    for (_, _, finished) in shards {
        inputs.extend(finished.record.inputs.into_iter().map(|input| (input.file, input.sha256)));
        rows.extend(finished.rows);
    }
    // Stable: strategies of a point stay in their order.
    rows.sort_by_key(|row| row.point);
    record.shard = None;
    record.inputs = inputs.into_iter().map(|(file, sha256)| Input { file, sha256 }).collect();
    Ok(Finished { record, rows })
}

/// A directory's shard, complete in itself.
fn shard(dir: &Path) -> Result<(Shard, Finished), String> {
    if let Some((done, of)) = journal::unfinished(dir) {
        let dir = dir.display();
        return Err(format!("`{dir}` holds an unfinished sweep, {done} of {of} points: finish it with --resume first"));
    }
    let finished = super::read(dir).map_err(|error| error.to_string())?;
    let Some(shard) = finished.record.shard else {
        return Err(format!("`{}` holds a whole sweep and no shard: there is nothing to join", dir.display()));
    };
    let missing = finished.missing();
    if let Some(first) = missing.first() {
        let more = if missing.len() > 1 { format!(" and {} more points", missing.len() - 1) } else { String::new() };
        return Err(format!("`{}` lacks point {first}{more}: its table has been changed", dir.display()));
    }
    if let Some(row) = finished.rows.iter().find(|row| !finished.record.numbers().any(|it| it == row.point)) {
        return Err(format!("`{}` has point {}, which is none of shard {shard}", dir.display(), row.point));
    }
    Ok((shard, finished))
}

/// What is wrong with these shards taken together.
fn together(shards: &[(&Path, Shard, Finished)]) -> Vec<String> {
    let mut problems = Vec::new();
    let of = shards[0].1.of;
    if let Some((dir, other, _)) = shards.iter().find(|(_, shard, _)| shard.of != of) {
        problems.push(format!("`{}` is shard {other}, the first directory is one of {of}", dir.display()));
        return problems;
    }
    let mut places: BTreeMap<u64, &Path> = BTreeMap::new();
    for (dir, shard, _) in shards {
        if let Some(earlier) = places.insert(shard.index, dir) {
            problems.push(format!("shard {shard} is given twice: `{}` and `{}`", earlier.display(), dir.display()));
        }
    }
    let missing: Vec<u64> = (1..=of).filter(|index| !places.contains_key(index)).take(20).collect();
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|index| format!("{index}/{of}")).collect();
        let noun = if names.len() == 1 { "shard is" } else { "shards are" };
        problems.push(format!("{} {noun} missing", list(&names)));
    }
    problems
}
