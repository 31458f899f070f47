//! `image` and `[bases]`: what versions look like.

use super::presets::Preset;
use super::run::table_or_empty;
use crate::demand::{Attachments, Base, ImageLaw, LayerLaw, MOST_BYTES, MOST_LAYERS, NewBytes};
use crate::scenario::tree::Node;
use crate::scenario::values::{Named, Quantity, Reading, one_or_many};
use crate::sim::{EntityKey, Law};
use crate::units::parse::HoursText;

/// Uncompressed bytes over compressed ones, the median of measured layers (theory A2).
const COMPRESSION: f64 = 2.6;
/// Layers of a base that does not say.
const BASE_LAYERS: u32 = 4;

/// The most platforms of an image.
const MOST_PLATFORMS: u32 = 100;
/// The most attachments of a version.
const MOST_ATTACHMENTS: u32 = 1_000;

/// Reads `[bases]`.
pub fn bases(r: &mut Reading<'_>, root: &Node) -> Vec<Base> {
    let mut bases = Vec::new();
    for entry in root.get("bases").map(Node::entries).unwrap_or_default() {
        let (name, table) = (&entry.key, &entry.node);
        let bytes = r.needed(table, "size", "a base").and_then(|n| image_size(r, n)).unwrap_or_default();
        let layers = r.optional(table, "layers", |r, n| r.count_up_to(n, 1, MOST_LAYERS as u32));
        if layers.is_none() {
            let text = format!("the base {name} has {BASE_LAYERS} layers");
            r.assume(&format!("bases.{name}.layers"), BASE_LAYERS.to_string(), "choice", text);
        }
        let renew = r.optional(table, "renew", |r, n| r.rate(n));
        bases.push(Base {
            name: name.clone(),
            key: EntityKey::named("base", name),
            bytes,
            layers: layers.unwrap_or(BASE_LAYERS),
            renew: renew.map(|rate| r.intensity(&rate, &HoursText::Always, 0.0)),
        });
    }
    bases
}

/// Bytes of an image or a layer.
pub fn image_size(r: &mut Reading<'_>, node: &Node) -> Option<u64> {
    let bytes = r.size(node)?;
    if bytes > MOST_BYTES {
        r.error(&node.origin, "the image is too large; at most 100 TB", "");
        return None;
    }
    Some(bytes)
}

/// A share of the version, or bytes.
pub fn new_bytes(r: &mut Reading<'_>, node: &Node) -> Option<NewBytes> {
    if node.text().is_some_and(|text| text.trim().ends_with('%')) {
        r.share(node).map(NewBytes::Share)
    } else {
        r.size(node).map(NewBytes::Bytes)
    }
}

/// Signatures and SBOMs.
fn attachments(r: &mut Reading<'_>, table: &Node) -> Option<Attachments> {
    let count = r.needed(table, "count", "`attachments`").and_then(|n| r.count_up_to(n, 1, MOST_ATTACHMENTS));
    let size = r.needed(table, "size", "`attachments`").and_then(|n| image_size(r, n));
    Some(Attachments { count: count?, size: Law::Constant(size? as f64) })
}

/// Reads `image`. A `lone` repository takes its preset's medians, members draw from its laws.
pub fn image(r: &mut Reading<'_>, repository: &Node, bases: &[Base], lone: bool) -> ImageLaw {
    let table = &table_or_empty(repository, "image");
    let written = |keys: &[&str]| keys.iter().all(|key| table.get(key).is_some());
    let preset = r.or(table, "preset", Preset::Service, |r, n| r.word(n, &Preset::WORDS));
    if !written(&["layer_sizes"]) && !written(&["size", "layers", "largest_layer", "new_bytes"]) {
        let name = Preset::WORDS.iter().find(|(_, known)| *known == preset).map_or("service", |(name, _)| *name);
        let text = format!(
            "image sizes, layer counts and shares of new bytes that are not written are those of the preset {name}: \
             measured public images"
        );
        r.assume("image.preset", name, preset.source(), text);
    }
    let or_median = |law: Law| if lone { Law::Constant(law.median()) } else { law };
    let layers = match table.get("layer_sizes") {
        Some(list) => {
            let sizes: Vec<u64> = one_or_many(list).iter().filter_map(|n| image_size(r, n)).collect();
            if sizes.is_empty() {
                r.error(&list.origin, "an image has at least one layer", "");
            }
            if sizes.iter().fold(0, |sum: u64, size| sum.saturating_add(*size)) > MOST_BYTES {
                r.error(&list.origin, "the image is too large; at most 100 TB", "");
            }
            LayerLaw::Listed(sizes)
        }
        None => LayerLaw::Drawn {
            size: r.or(table, "size", or_median(preset.size()), |r, n| {
                let law = r.law(n, Quantity::Size)?;
                if law.median() > MOST_BYTES as f64 {
                    r.error(&n.origin, "the image is too large; at most 100 TB", "");
                }
                Some(law)
            }),
            count: r.or(table, "layers", or_median(preset.layers()), |r, n| {
                let law = r.law(n, Quantity::Count)?;
                if law == Law::Constant(0.0) {
                    r.error(&n.origin, "an image has at least one layer", "");
                }
                if law.median() > MOST_LAYERS as f64 {
                    r.error(&n.origin, format!("too many layers; at most {MOST_LAYERS}"), "");
                }
                Some(law)
            }),
            largest: r.or(table, "largest_layer", or_median(preset.largest_layer()), |r, n| r.law(n, Quantity::Share)),
        },
    };
    let new_bytes = r.or(table, "new_bytes", NewBytes::Share(preset.new_bytes()), new_bytes);
    let platforms = r.or(table, "platforms", 1, |r, n| r.count_up_to(n, 1, MOST_PLATFORMS));
    if let (true, Some(node)) = (platforms > 1 && repository.get("manifests").is_some(), table.get("platforms")) {
        r.error(&node.origin, "the real images of `manifests` are of one platform", "");
    }
    let attachments = r.optional(table, "attachments", attachments);
    let names: Vec<&str> = bases.iter().map(|base| base.name.as_str()).collect();
    let base = r
        .optional(table, "base", |r, n| r.named(n, Named { names: &names, groups: &[], one: "base", plural: "bases" }));
    let compression = r.optional(table, "compression", |r, n| r.number(n, 1.0));
    if compression.is_none() {
        let text = "images unpack to 2.6 times their compressed bytes, the median of measured layers";
        r.assume("image.compression", COMPRESSION.to_string(), "theory A2", text);
    }
    ImageLaw {
        layers,
        new_bytes,
        base: base.map(|base| base as u32),
        compression: compression.unwrap_or(COMPRESSION),
        platforms,
        attachments,
    }
}
