//! Traces: what was pushed and pulled, one event a row.
//!
//! Times are RFC 3339 or seconds since the start of the run. Rows may come in any order; they are given back in order
//! of time, rows of one time in file order. Rows outside the run are left to the caller.

use std::ops::Range;

use jiff::Timestamp;

use crate::demand::{MOST_BYTES, MOST_LAYERS};
use crate::units::{NANOS, Time};

use super::rows::Rows;
use super::{MOST_PROBLEMS, Problem};

/// One push.
#[derive(Clone, Debug, PartialEq)]
pub struct PushRow {
    /// When.
    pub at: Time,
    /// Where to.
    pub repository: String,
    /// Its tag.
    pub tag: String,
    /// Compressed bytes of the whole image.
    pub bytes: u64,
    /// Bytes that the version before does not have.
    pub new_bytes: Option<u64>,
    /// Rows of one digest are one image.
    pub digest: Option<String>,
    /// Layers.
    pub layers: Option<u32>,
    /// The row's bytes.
    pub span: Range<usize>,
}

/// One pull.
#[derive(Clone, Debug, PartialEq)]
pub struct PullRow {
    /// When.
    pub at: Time,
    /// What.
    pub repository: String,
    /// By which tag.
    pub tag: Option<String>,
    /// Which node of the cluster, from 1.
    pub node: Option<u32>,
    /// Which cluster; none = the one that names the trace.
    pub cluster: Option<String>,
    /// The row's bytes.
    pub span: Range<usize>,
}

/// Reads a push trace: `time,repository,tag,bytes`, perhaps `new_bytes,digest,layers`.
///
/// # Errors
/// Every problem of the header, or the first [`MOST_PROBLEMS`] of the rows.
pub fn pushes(text: &str, start: Timestamp) -> Result<Vec<PushRow>, Vec<Problem>> {
    let required = ["time", "repository", "tag", "bytes"];
    let mut rows = Rows::open(text, &required, &["new_bytes", "digest", "layers"], false)?;
    let [time, repository, tag, bytes, new_bytes, digest, layers] =
        ["time", "repository", "tag", "bytes", "new_bytes", "digest", "layers"].map(|name| rows.column(name));
    let mut out = collect(&mut rows, |rows| {
        let row = PushRow {
            at: moment(rows, time, start)?,
            repository: rows.needed(repository, "a repository")?,
            tag: rows.needed(tag, "a tag")?,
            bytes: rows.needed(bytes, "whole bytes")?,
            new_bytes: rows.parse(new_bytes, "whole bytes")?,
            digest: rows.parse(digest, "a digest")?,
            layers: rows.parse(layers, "a count of layers")?,
            span: rows.span(None),
        };
        if row.new_bytes.is_some_and(|new| new > row.bytes) {
            return Err(rows.wrong(new_bytes, "an image cannot have more new bytes than bytes"));
        }
        if row.bytes > MOST_BYTES {
            return Err(rows.wrong(bytes, "the image is too large; at most 100 TB"));
        }
        if row.layers.is_some_and(|layers| layers == 0 || u64::from(layers) > MOST_LAYERS) {
            return Err(rows.wrong(layers, format!("an image has at least one layer and at most {MOST_LAYERS}")));
        }
        Ok(row)
    })?;
    out.sort_by_key(|row| row.at);
    Ok(out)
}

/// Reads a pull trace: `time,repository`, perhaps `tag,node,cluster`.
///
/// # Errors
/// Every problem of the header, or the first [`MOST_PROBLEMS`] of the rows.
pub fn pulls(text: &str, start: Timestamp) -> Result<Vec<PullRow>, Vec<Problem>> {
    let mut rows = Rows::open(text, &["time", "repository"], &["tag", "node", "cluster"], false)?;
    let [time, repository, tag, node, cluster] =
        ["time", "repository", "tag", "node", "cluster"].map(|name| rows.column(name));
    let mut out = collect(&mut rows, |rows| {
        let row = PullRow {
            at: moment(rows, time, start)?,
            repository: rows.needed(repository, "a repository")?,
            tag: rows.parse(tag, "a tag")?,
            node: rows.parse(node, "a node's number")?,
            cluster: rows.parse(cluster, "a cluster")?,
            span: rows.span(None),
        };
        if row.node == Some(0) {
            return Err(rows.wrong(node, "nodes count from 1"));
        }
        Ok(row)
    })?;
    out.sort_by_key(|row| row.at);
    Ok(out)
}

fn collect<T>(
    rows: &mut Rows<'_>,
    mut read: impl FnMut(&Rows<'_>) -> Result<T, Problem>,
) -> Result<Vec<T>, Vec<Problem>> {
    let (mut out, mut problems) = (Vec::new(), Vec::new());
    loop {
        match rows.step() {
            Ok(false) => break,
            Ok(true) => match read(rows) {
                Ok(row) => out.push(row),
                Err(problem) => problems.push(problem),
            },
            Err(problem) => problems.push(problem),
        }
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
    }
    if problems.is_empty() { Ok(out) } else { Err(problems) }
}

fn moment(rows: &Rows<'_>, column: Option<usize>, start: Timestamp) -> Result<Time, Problem> {
    let cell = rows.get(column);
    instant(cell, start).ok_or_else(|| {
        let message =
            format!("expected a time such as 2026-01-05T09:30:00Z or seconds since the start, found `{cell}`");
        rows.wrong(column, message)
    })
}

/// RFC 3339, or (fractional) seconds since the start; `None` when it is neither or cannot be held.
fn instant(text: &str, start: Timestamp) -> Option<Time> {
    if let Ok(seconds) = text.parse::<f64>() {
        let nanos = seconds * NANOS as f64;
        // Far inside what a clock can hold, so that adding to it cannot overflow.
        return (nanos.abs() < 4e18).then(|| Time(libm::round(nanos) as i64));
    }
    let timestamp: Timestamp = text.parse().ok()?;
    i64::try_from(timestamp.as_nanosecond() - start.as_nanosecond()).ok().map(Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().expect("a timestamp")
    }

    #[test]
    fn pushes_come_back_in_order_of_time() {
        let text = "time,repository,tag,bytes,digest\n\
                    90.5,shop/api,v2,200,sha256:b\n\
                    2026-01-01T01:00:00+01:00,shop/api,v1,100,\n";
        let rows = pushes(text, start()).expect("a trace");
        assert_eq!(rows.iter().map(|row| row.at).collect::<Vec<_>>(), [Time(0), Time(90_500_000_000)]);
        assert_eq!((rows[0].tag.as_str(), rows[0].bytes, &rows[0].digest), ("v1", 100, &None));
        assert_eq!(rows[1].digest.as_deref(), Some("sha256:b"));
        assert_eq!(&text[rows[1].span.clone()], "90.5,shop/api,v2,200,sha256:b");
    }

    #[test]
    fn pulls_may_name_tag_node_and_cluster() {
        let rows = pulls("time,repository,node,cluster\n0,app,3,eu\n5,app,,\n", start()).expect("a trace");
        assert_eq!((rows[0].node, rows[0].cluster.as_deref()), (Some(3), Some("eu")));
        assert_eq!((rows[1].node, rows[1].cluster.as_deref()), (None, None));
    }

    #[test]
    fn every_bad_row_is_named() {
        let text =
            "time,repository,tag,bytes,new_bytes\nyesterday,app,v1,1,\n0,,v1,1,\n0,app,v1,10,11\n0,app,v1,1.5,\n";
        let messages: Vec<String> = pushes(text, start()).expect_err("bad").into_iter().map(|p| p.message).collect();
        assert_eq!(
            messages,
            [
                "expected a time such as 2026-01-05T09:30:00Z or seconds since the start, found `yesterday`",
                "expected a repository, found nothing",
                "an image cannot have more new bytes than bytes",
                "expected whole bytes, found `1.5`",
            ]
        );
        let problem = &pulls("time,repository,node\n0,app,0\n", start()).expect_err("node 0")[0];
        assert_eq!(problem.message, "nodes count from 1");
    }

    #[test]
    fn what_no_image_is_is_no_image_of_a_trace() {
        let text =
            "time,repository,tag,bytes,layers\n0,a,v1,100000000000001,\n0,a,v2,5,0\n0,a,v3,5,10001\n0,a,v4,5,3\n";
        let messages: Vec<String> = pushes(text, start()).expect_err("bad").into_iter().map(|p| p.message).collect();
        let layers = "an image has at least one layer and at most 10000";
        assert_eq!(messages, ["the image is too large; at most 100 TB", layers, layers]);
    }

    #[test]
    fn a_reader_gives_up_after_so_many_problems() {
        let text = format!("time,repository\n{}", "x,app\n".repeat(1000));
        assert_eq!(pulls(&text, start()).expect_err("bad").len(), MOST_PROBLEMS);
    }
}
