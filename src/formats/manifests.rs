//! Real images with their real layer digests: two CSV files, one of images and one of layers.
//!
//! `repository, tag, created, n_layers, compressed_bytes, layer_ids` (layer ids parted by spaces, bottom first) and
//! `layer_id, compressed_bytes`; further columns are ignored. Layers that two images name are the same blob, so real
//! sharing between versions and repositories is kept.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::demand::{MOST_BYTES, MOST_LAYERS, RealImage};
use crate::registry::Patterns;

use super::rows::Rows;
use super::{MOST_PROBLEMS, Problem};

/// A real repository.
#[derive(Clone, Debug)]
pub struct RealRepository {
    /// Its name in the file.
    pub name: String,
    /// Versions in order of `created`; those without one come last, in file order.
    pub images: Vec<RealImage>,
}

/// An image and when it was created, if the file says.
type Dated = (Option<Timestamp>, RealImage);

/// Layers by id: their place in the file and their bytes.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    by_id: HashMap<u64, (u32, u64)>,
}

impl Layers {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

/// Reads the file of layers.
///
/// # Errors
/// Every problem of the header, or the first [`MOST_PROBLEMS`] of the rows.
pub fn layers(text: &str) -> Result<Layers, Vec<Problem>> {
    let mut rows = Rows::open(text, &["layer_id", "compressed_bytes"], &[], true)?;
    let [id, bytes] = ["layer_id", "compressed_bytes"].map(|name| rows.column(name));
    let mut out = Layers::default();
    let mut problems = Vec::new();
    while problems.len() < MOST_PROBLEMS {
        let row = match rows.step() {
            Ok(false) => break,
            Ok(true) => rows.needed::<u64>(id, "a layer's number").and_then(|key| {
                let bytes = match rows.needed::<u64>(bytes, "whole bytes")? {
                    size if size > MOST_BYTES => {
                        return Err(rows.wrong(bytes, "the layer is too large; at most 100 TB"));
                    }
                    size => size,
                };
                let number = out.by_id.len() as u32;
                match out.by_id.insert(key, (number, bytes)) {
                    None => Ok(()),
                    Some(_) => Err(rows.wrong(id, format!("layer {key} is there twice"))),
                }
            }),
            Err(problem) => Err(problem),
        };
        problems.extend(row.err());
    }
    if problems.is_empty() { Ok(out) } else { Err(problems) }
}

/// Reads the file of images: the repositories that `select` selects (all without it), of these the `top` with most
/// versions (all without it; of two with equally many the one that comes first), in file order. Layer numbers are
/// the layers' places in their file plus `first_layer`.
///
/// # Errors
/// Every problem of the header, or the first [`MOST_PROBLEMS`] of the selected rows.
pub fn images(
    text: &str,
    layers: &Layers,
    select: Option<&Patterns>,
    top: Option<usize>,
    first_layer: u32,
) -> Result<Vec<RealRepository>, Vec<Problem>> {
    let required = ["repository", "tag", "created", "n_layers", "compressed_bytes", "layer_ids"];
    let mut rows = Rows::open(text, &required, &[], true)?;
    let [repository, tag, created, n_layers, _, layer_ids] = required.map(|name| rows.column(name));
    let mut index: HashMap<String, Option<usize>> = HashMap::new();
    let mut found: Vec<(String, Vec<Dated>)> = Vec::new();
    let mut problems = Vec::new();
    while problems.len() < MOST_PROBLEMS {
        match rows.step() {
            Ok(false) => break,
            Ok(true) => {}
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        }
        let name = rows.get(repository);
        let slot = match index.get(name) {
            Some(slot) => *slot,
            None => {
                let slot = select.is_none_or(|select| select.matches(name)).then(|| {
                    found.push((name.to_string(), Vec::new()));
                    found.len() - 1
                });
                index.insert(name.to_string(), slot);
                slot
            }
        };
        let Some(slot) = slot else { continue };
        let row = (|| {
            let tag: String = rows.needed(tag, "a tag")?;
            let created = rows.parse(created, "a time such as 2024-05-01T12:00:00Z")?;
            let listed: usize = rows.needed(n_layers, "a count of layers")?;
            let layers = image_layers(&rows, layer_ids, listed, layers, first_layer)?;
            Ok((created, RealImage { tag, layers }))
        })();
        match row {
            Ok(image) => found[slot].1.push(image),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if let Some(top) = top
        && top < found.len()
    {
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by_key(|i| (std::cmp::Reverse(found[*i].1.len()), *i));
        order.truncate(top);
        order.sort_unstable();
        found = order.into_iter().map(|i| std::mem::take(&mut found[i])).collect();
    }
    let in_order = |(name, mut images): (String, Vec<Dated>)| {
        images.sort_by_key(|(created, _)| (created.is_none(), *created));
        RealRepository { name, images: images.into_iter().map(|(_, image)| image).collect() }
    };
    Ok(found.into_iter().map(in_order).collect())
}

/// The layers of an image, each once, at its first place.
fn image_layers(
    rows: &Rows<'_>,
    column: Option<usize>,
    listed: usize,
    layers: &Layers,
    first_layer: u32,
) -> Result<Vec<(u32, u64)>, Problem> {
    let mut out: Vec<(u32, u64)> = Vec::with_capacity(listed.min(256));
    let mut count = 0;
    for id in rows.get(column).split_ascii_whitespace() {
        let known = id.parse().ok().and_then(|id: u64| layers.by_id.get(&id));
        let Some((number, bytes)) = known else {
            return Err(rows.wrong(column, format!("no layer `{id}` in the file of layers")));
        };
        count += 1;
        if count > MOST_LAYERS as usize {
            return Err(rows.wrong(column, format!("too many layers; at most {MOST_LAYERS}")));
        }
        let layer = (first_layer + number, *bytes);
        // Images have at most some hundred layers: scanning beats a set.
        if !out.contains(&layer) {
            out.push(layer);
        }
    }
    if count != listed {
        return Err(rows.wrong(column, format!("{count} layers are listed, `n_layers` says {listed}")));
    }
    if out.is_empty() {
        return Err(rows.wrong(column, "an image has at least one layer"));
    }
    if out.iter().fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes)) > MOST_BYTES {
        return Err(rows.wrong(column, "the image is too large; at most 100 TB"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: &str = "layer_id,digest,compressed_bytes\n10,aa,100\n7,bb,20\n8,cc,3\n";
    const IMAGES: &str = "repository,tag,created,arch,n_layers,compressed_bytes,layer_ids\n\
        a/app,2,2024-02-01T00:00:00Z,amd64,2,120,10 7\n\
        b/tool,x,,amd64,1,3,8\n\
        a/app,none,,amd64,1,100,10\n\
        a/app,1,2024-01-01T00:00:00Z,amd64,3,220,10 7 10\n\
        c/one,y,2024-01-01T00:00:00.5Z,amd64,1,3,8\n";

    #[test]
    fn what_no_image_is_is_refused() {
        let messages = |problems: Vec<Problem>| problems.into_iter().map(|p| p.message).collect::<Vec<_>>();
        let large = "layer_id,compressed_bytes\n1,100000000000001\n2,5\n";
        assert_eq!(messages(layers(large).expect_err("large")), ["the layer is too large; at most 100 TB"]);
        let two = layers("layer_id,compressed_bytes\n1,60000000000000\n2,60000000000000\n").expect("layers");
        let image = "repository,tag,created,n_layers,compressed_bytes,layer_ids\na,1,,2,5,1 2\n";
        let problems = images(image, &two, None, None, 0).expect_err("large");
        assert_eq!(messages(problems), ["the image is too large; at most 100 TB"]);
        let many = format!(
            "repository,tag,created,n_layers,compressed_bytes,layer_ids\na,1,,10001,5,{}\n",
            "1 ".repeat(10_001)
        );
        assert_eq!(messages(images(&many, &two, None, None, 0).expect_err("many")), ["too many layers; at most 10000"]);
    }

    #[test]
    fn versions_are_in_order_of_creation_and_layers_are_shared() {
        let layers = layers(LAYERS).expect("layers");
        let repositories = images(IMAGES, &layers, None, None, 1000).expect("images");
        let names: Vec<&str> = repositories.iter().map(|repository| repository.name.as_str()).collect();
        assert_eq!(names, ["a/app", "b/tool", "c/one"]);
        let tags: Vec<&str> = repositories[0].images.iter().map(|image| image.tag.as_str()).collect();
        assert_eq!(tags, ["1", "2", "none"]);
        assert_eq!(repositories[0].images[0].layers, [(1000, 100), (1001, 20)]);
        assert_eq!(repositories[0].images[1].layers, repositories[0].images[0].layers);
    }

    #[test]
    fn a_selector_and_the_top_choose_repositories() {
        let layers = layers(LAYERS).expect("layers");
        let names = |select: Option<&Patterns>, top| -> Vec<String> {
            images(IMAGES, &layers, select, top, 0).expect("images").into_iter().map(|r| r.name).collect()
        };
        assert_eq!(names(None, Some(2)), ["a/app", "b/tool"]);
        assert_eq!(names(Some(&Patterns(vec!["*".into(), "!a/*".into()])), Some(1)), ["b/tool"]);
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let layers = layers(LAYERS).expect("layers");
        let bad =
            "repository,tag,created,n_layers,compressed_bytes,layer_ids\na,1,,1,1,99\na,2,,2,1,8\na,3,soon,1,1,8\n";
        let messages: Vec<String> =
            images(bad, &layers, None, None, 0).expect_err("bad").into_iter().map(|p| p.message).collect();
        assert_eq!(
            messages,
            [
                "no layer `99` in the file of layers",
                "1 layers are listed, `n_layers` says 2",
                "expected a time such as 2024-05-01T12:00:00Z, found `soon`",
            ]
        );
        let twice = super::layers("layer_id,compressed_bytes\n1,1\n1,2\n").expect_err("twice");
        assert_eq!(twice[0].message, "layer 1 is there twice");
    }
}
