//! Colours: Okabe and Ito's palette, safe for the colour-blind, with a fixed colour per kind.
//!
//! A strategy has one colour in all charts. Variants of a kind are lighter or darker shades of its colour, and their lines
//! have different dashes, so that they can be told apart in print as well. Parts of a whole (cost groups, parts of a pull)
//! have colours of their own that no kind uses.

use crate::report::reading::Strategy;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// Text and axes.
pub const INK: Colour = Colour(0x1f, 0x29, 0x33);
/// Text of lesser weight; 4.5 : 1 against white.
pub const MUTED: Colour = Colour(0x61, 0x6e, 0x7c);
/// Grid lines.
pub const GRID: Colour = Colour(0xe4, 0xe7, 0xeb);
/// Paper.
pub const WHITE: Colour = Colour(0xff, 0xff, 0xff);
/// Limits and objectives.
pub const LIMIT: Colour = Colour(0xb4, 0x23, 0x18);

/// Storage, transfer, network path, other.
pub const GROUPS: [Colour; 4] =
    [Colour(0x3e, 0x4c, 0x6b), Colour(0x56, 0xb4, 0xe9), Colour(0xf0, 0xc9, 0x3b), Colour(0xb8, 0xc0, 0xcc)];
/// Waiting, queueing, transfer, unpack; transfer has the colour that it has on the bill.
pub const PARTS: [Colour; 4] =
    [Colour(0xc2, 0x4d, 0x6b), Colour(0xf0, 0xc9, 0x3b), Colour(0x56, 0xb4, 0xe9), Colour(0x3e, 0x4c, 0x6b)];
/// Pulls that got their image; those that did not have the colour of limits.
pub const SERVED: Colour = Colour(0x6c, 0x86, 0xa3);
/// Ground under the time that something is broken.
pub const BROKEN: Colour = Colour(0xfb, 0xe9, 0xe4);
/// The dark end of shades in tables of numbers.
pub const HEAT: Colour = Colour(0x3f, 0x8f, 0xd2);

impl Colour {
    /// Mixed with another: 0 is this one, 1 the other.
    pub fn towards(self, other: Colour, share: f64) -> Colour {
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share.clamp(0.0, 1.0)) as u8;
        Colour(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

/// Dashes of a line as lengths on and off (pixels); empty is solid.
pub type Dash = &'static [f64];

/// Colour of a strategy.
pub fn colour(strategy: &Strategy) -> Colour {
    let base = match strategy.row.kind.as_str() {
        "cross-region-pull" => Colour(0xd5, 0x5e, 0x00),
        "replication" => Colour(0x00, 0x72, 0xb2),
        "pull-through-cache" => Colour(0x00, 0x9e, 0x73),
        "scheduled-copy" => Colour(0xe6, 0x9f, 0x00),
        "centralized" => Colour(0xb9, 0x5a, 0x93),
        "clairvoyant" => Colour(0x7b, 0x87, 0x94),
        _ => INK,
    };
    match strategy.variant % 4 {
        0 => base,
        1 => base.towards(WHITE, 0.42),
        2 => base.towards(INK, 0.5),
        _ => base.towards(WHITE, 0.65),
    }
}

/// Line style of a strategy; the bound is always dashed, since it is not a system.
pub fn dash(strategy: &Strategy) -> Dash {
    if strategy.is_bound() {
        return &[4.0, 7.0];
    }
    match strategy.variant % 4 {
        0 => &[],
        1 => &[16.0, 8.0],
        2 => &[16.0, 6.0, 4.0, 6.0],
        _ => &[8.0, 8.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::reading::Reading;

    #[test]
    fn variants_of_a_kind_differ_and_a_kind_keeps_its_colour() {
        let (crowd, full) = (fixture::crowd(), fixture::tables());
        let (crowd, full) = (Reading::of(&crowd), Reading::of(&full));
        let mut styles: Vec<_> = crowd.strategies.iter().map(|it| (colour(it), dash(it))).collect();
        let count = styles.len();
        styles.dedup();
        assert_eq!(styles.len(), count);
        let first = |reading: &Reading| reading.strategies.iter().find(|it| it.row.kind == "replication").map(colour);
        assert_eq!(first(&crowd), first(&full));
    }
}
