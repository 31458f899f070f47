//! What images look like when a scenario does not say: four classes, as tables of measured quantiles.
//!
//! Own measurements of public images that other images are built on, and published ones of Docker Hub in 2017: sizes
//! are facts of the theory page A2, defaults A6. They are public images, not private services, so a scenario that
//! knows its own sizes should say them.

use crate::sim::Law;

/// A class of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Services: the measured public images that are not AI images.
    Service,
    /// CUDA, PyTorch, TensorFlow and the like.
    Ai,
    /// Base images of machine-learning and research projects.
    Base,
    /// Docker Hub in 2017.
    Small,
}

impl Preset {
    /// Names in scenarios.
    pub const WORDS: [(&'static str, Preset); 4] =
        [("service", Preset::Service), ("ai", Preset::Ai), ("base", Preset::Base), ("small", Preset::Small)];

    /// Compressed bytes of an image.
    pub fn size(self) -> Law {
        match self {
            Preset::Service => {
                table(1e6, &[(10, 21.0), (25, 66.0), (50, 210.0), (75, 461.0), (90, 1143.0), (95, 2622.0)])
            }
            Preset::Ai => table(1e9, &[(10, 0.29), (25, 1.6), (50, 3.5), (75, 7.4), (90, 10.1), (95, 10.9)]),
            Preset::Base => table(
                1e6,
                &[
                    (1, 1.6),
                    (5, 7.7),
                    (10, 23.5),
                    (20, 53.8),
                    (30, 88.1),
                    (40, 149.8),
                    (50, 234.0),
                    (60, 325.5),
                    (70, 428.5),
                    (80, 687.5),
                    (90, 1963.0),
                    (95, 4811.0),
                    (99, 10_675.0),
                    (100, 25_903.0),
                ],
            ),
            // Median 17 MB, 90 % below 480 MB.
            Preset::Small => Law::Lognormal { median: 17e6, sigma: 2.6, max: None },
        }
    }

    /// Layers of an image.
    pub fn layers(self) -> Law {
        match self {
            Preset::Ai => table(1.0, &[(10, 8.0), (50, 17.0), (90, 67.0)]),
            Preset::Small => table(1.0, &[(50, 8.0), (90, 18.0), (100, 120.0)]),
            Preset::Service | Preset::Base => table(
                1.0,
                &[
                    (5, 1.0),
                    (10, 2.0),
                    (20, 3.0),
                    (30, 5.0),
                    (40, 7.0),
                    (50, 8.0),
                    (60, 11.0),
                    (70, 13.0),
                    (80, 17.0),
                    (90, 25.0),
                    (95, 39.0),
                    (99, 88.0),
                    (100, 189.0),
                ],
            ),
        }
    }

    /// The largest layer's share of an image's own bytes.
    pub fn largest_layer(self) -> Law {
        match self {
            Preset::Ai => Law::Constant(0.44),
            _ => table(0.01, &[(25, 44.0), (50, 59.0), (75, 82.0)]),
        }
    }

    /// What a version adds to the one before, as a share.
    pub fn new_bytes(self) -> f64 {
        match self {
            Preset::Service | Preset::Ai => 0.25,
            Preset::Base | Preset::Small => 0.77,
        }
    }

    /// Where the numbers come from.
    pub fn source(self) -> &'static str {
        match self {
            Preset::Ai => "theory A2, A6; new bytes: choice",
            _ => "theory A2, A6",
        }
    }
}

/// A law from quantiles in percent and values in a unit.
fn table(unit: f64, points: &[(u32, f64)]) -> Law {
    Law::Quantiles(points.iter().map(|(percent, value)| (f64::from(*percent) / 100.0, value * unit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_those_of_the_format() {
        let medians = Preset::WORDS.map(|(_, preset)| (preset.size().median(), preset.layers().median()));
        assert_eq!(medians, [(210e6, 8.0), (3.5e9, 17.0), (234e6, 8.0), (17e6, 8.0)]);
        let largest = Preset::WORDS.map(|(_, preset)| libm::round(preset.largest_layer().median() * 100.0));
        assert_eq!(largest, [59.0, 44.0, 59.0, 59.0]);
    }
}
