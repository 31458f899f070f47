//! Exponential draws for the many: the ziggurat of Marsaglia and Tsang (2000).
//!
//! The area under `e^-x` is cut into 256 layers of equal area, and nearly every draw is one look into a table and one
//! multiplication. What is left calls `libm`, so that draws are the same on every platform; crates take the platform's
//! logarithm there.

use std::sync::LazyLock;

/// Layers.
const LAYERS: usize = 256;
/// Where the tail begins, and the area of each layer (Marsaglia and Tsang, for 256 layers).
const TAIL: f64 = 7.697_117_470_131_05;
const AREA: f64 = 3.949_659_822_581_557e-3;

/// Right ends of the layers, from the widest up, and the law's density there.
struct Table {
    x: [f64; LAYERS + 1],
    density: [f64; LAYERS + 1],
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut x = [0.0; LAYERS + 1];
    // The lowest layer has the tail in it: as a rectangle it would be this wide.
    (x[0], x[1]) = (AREA * libm::exp(TAIL), TAIL);
    for layer in 2..LAYERS {
        x[layer] = -libm::log(AREA / x[layer - 1] + libm::exp(-x[layer - 1]));
    }
    Table { x, density: x.map(|x| libm::exp(-x)) }
});

/// An exponential with mean 1, from random bits.
#[inline(always)]
pub(super) fn exponential(mut bits: impl FnMut() -> u64) -> f64 {
    let table = &*TABLE;
    loop {
        let random = bits();
        // The layer by the lowest bits, the place in it by the highest.
        let layer = random as usize % LAYERS;
        let at = uniform(random) * table.x[layer];
        if at < table.x[layer + 1] {
            return at;
        }
        if let Some(draw) = outside(table, layer, at, uniform(bits())) {
            return draw;
        }
    }
}

/// What comes of a point that is not surely under the curve; `None` = it is not. One in a hundred comes here.
#[cold]
fn outside(Table { density, .. }: &Table, layer: usize, at: f64, uniform: f64) -> Option<f64> {
    if layer == 0 {
        return Some(TAIL - libm::log(1.0 - uniform));
    }
    let height = density[layer] + (density[layer + 1] - density[layer]) * uniform;
    (height < libm::exp(-at)).then_some(at)
}

/// In [0, 1), 53 bits.
fn uniform(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::{EntityKey, Gaps};

    /// The share of draws below each quantile of the law, the tail's included, is what it should be.
    #[test]
    fn draws_follow_the_law() {
        let mut gaps = Gaps::new(EntityKey(9));
        let draws = 2_000_000;
        let limits = [0.001, 0.01, 0.1, 0.3, 0.7, 1.0, 2.0, 4.0, 7.0, 7.697, 8.0, 10.0];
        let mut below = [0u64; 12];
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..draws {
            let draw = gaps.draw();
            assert!(draw >= 0.0);
            (sum, squares) = (sum + draw, squares + draw * draw);
            limits.iter().zip(&mut below).for_each(|(limit, count)| *count += u64::from(draw < *limit));
        }
        let n = f64::from(draws);
        for (limit, count) in limits.iter().zip(below) {
            let share = -f64::exp_m1(-limit);
            let z = (count as f64 - n * share) / (n * share * (1.0 - share)).sqrt();
            assert!(z.abs() < 4.0, "{limit}: {z}");
        }
        // The mean's deviation is 1, that of the squares (whose mean is 2) the root of 20.
        assert!(((sum / n - 1.0) * n.sqrt()).abs() < 4.0, "{}", sum / n);
        assert!(((squares / n - 2.0) / 20f64.sqrt() * n.sqrt()).abs() < 4.0, "{}", squares / n);
    }

    #[test]
    fn draws_are_these_on_every_platform() {
        let mut gaps = Gaps::new(EntityKey(3));
        let draws: Vec<u64> = (0..4).map(|_| gaps.draw().to_bits()).collect();
        let known = [
            4_587_183_828_970_778_178,
            4_607_599_065_911_658_308,
            4_616_998_169_717_182_399,
            4_588_437_091_148_183_767,
        ];
        assert_eq!(draws, known);
    }
}
