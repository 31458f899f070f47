//! From values to places, and where to put ticks.
//!
//! plotters maps the coordinate; which values get a label is decided here, because its own choice is unstable on
//! logarithmic axes (a range without a power of ten gets no labels at all). Ticks go 1-2-5, times go by the clock.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

/// Pixels of plotters' coordinate per unit: places are not rounded to whole units.
const FINE: f64 = 64.0;

/// How values are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Law {
    Linear,
    Logarithmic,
    /// Stretched at both ends, for shares in (0, 1).
    Logit,
}

impl Law {
    fn apply(self, value: f64) -> f64 {
        match self {
            Law::Linear => value,
            Law::Logarithmic => libm::log10(value),
            Law::Logit => libm::log(value / (1.0 - value)),
        }
    }
}

/// A map from values to places on one axis.
pub struct Scale {
    law: Law,
    values: (f64, f64),
    places: (f64, f64),
    coordinate: RangedCoordf64,
}

impl Scale {
    /// Evenly spread.
    pub fn linear(values: (f64, f64), places: (f64, f64)) -> Scale {
        Scale::new(Law::Linear, values, places)
    }

    /// Evenly spread in the logarithm; values must be positive.
    pub fn logarithmic(values: (f64, f64), places: (f64, f64)) -> Scale {
        Scale::new(Law::Logarithmic, values, places)
    }

    /// Evenly spread in log(p / (1 - p)); values must lie in (0, 1).
    pub fn logit(values: (f64, f64), places: (f64, f64)) -> Scale {
        Scale::new(Law::Logit, values, places)
    }

    fn new(law: Law, values: (f64, f64), places: (f64, f64)) -> Scale {
        let coordinate = RangedCoordf64::from(law.apply(values.0)..law.apply(values.1));
        Scale { law, values, places, coordinate }
    }

    /// Place of a value; values outside are put on the edge.
    pub fn at(&self, value: f64) -> f64 {
        let value = value.clamp(self.values.0, self.values.1);
        let limits = ((self.places.0 * FINE) as i32, (self.places.1 * FINE) as i32);
        f64::from(self.coordinate.map(&self.law.apply(value), limits)) / FINE
    }
}

/// Ticks 1-2-5 from zero to at least `top`, about `count` of them; the last one is the end of the axis.
pub fn from_zero(top: f64, count: usize) -> Vec<f64> {
    if !(top > 0.0 && top.is_finite()) {
        return vec![0.0, 1.0];
    }
    let raw = top / count.max(1) as f64;
    let decade = libm::pow(10.0, libm::floor(libm::log10(raw)));
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * decade)
        .find(|step| *step >= raw * 0.999_999)
        .unwrap_or(10.0 * decade);
    let steps = libm::ceil(top / step - 1e-9).max(1.0) as usize;
    (0..=steps).map(|index| index as f64 * step).collect()
}

/// Ticks 1-2-5 from at most `low` (not above zero) to at least `high` (not below zero), zero among them.
pub fn around_zero(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (low, high) = (low.min(0.0), high.max(0.0));
    let ticks = from_zero(high - low, count);
    let step = ticks[1];
    let first = libm::floor(low / step + 1e-9) as i64;
    let last = libm::ceil(high / step - 1e-9) as i64;
    (first..=last.max(first + 1)).map(|index| index as f64 * step).collect()
}

/// Like [`from_zero`], for seconds: round in the unit in which they are written, so that no tick says 1.7 min.
pub fn clock_ticks(top: f64, count: usize) -> Vec<f64> {
    let unit = match top {
        top if top >= 86_400.0 => 86_400.0,
        top if top >= 3_600.0 => 3_600.0,
        top if top >= 60.0 => 60.0,
        _ => 1.0,
    };
    from_zero(top / unit, count).into_iter().map(|tick| tick * unit).collect()
}

/// Clock-like times (s) with a rank: lower ranks are the ones to keep when room is short.
const TIMES: [(f64, u8); 30] = [
    (1e-3, 0),
    (2e-3, 2),
    (5e-3, 2),
    (1e-2, 0),
    (2e-2, 2),
    (5e-2, 2),
    (0.1, 0),
    (0.2, 2),
    (0.5, 2),
    (1.0, 0),
    (2.0, 2),
    (5.0, 2),
    (10.0, 0),
    (30.0, 1),
    (60.0, 0),
    (120.0, 2),
    (300.0, 1),
    (600.0, 0),
    (1_800.0, 1),
    (3_600.0, 0),
    (7_200.0, 2),
    (21_600.0, 1),
    (43_200.0, 2),
    (86_400.0, 0),
    (172_800.0, 2),
    (604_800.0, 0),
    (1_209_600.0, 2),
    (2_592_000.0, 0),
    (7_776_000.0, 1),
    (31_536_000.0, 0),
];

/// Times within the scale's range, thinned so that labels are at least `room` apart.
pub fn times(scale: &Scale, room: f64) -> Vec<f64> {
    let inside = |value: f64| value >= scale.values.0 * 0.999 && value <= scale.values.1 * 1.001;
    let mut kept: Vec<f64> = Vec::new();
    for rank in 0..=2 {
        for (value, _) in TIMES.iter().filter(|(value, own)| *own == rank && inside(*value)) {
            if kept.iter().all(|other| (scale.at(*other) - scale.at(*value)).abs() >= room) {
                kept.push(*value);
            }
        }
    }
    kept.sort_by(f64::total_cmp);
    kept
}

/// Pushes labels apart until neighbours are at least `gap` from each other and all lie in `room`; keeps their order.
///
/// Takes wanted places and returns the ones to use, in the order given.
pub fn spread(wanted: &[f64], gap: f64, room: (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    // Clusters of touching labels: each sits centred on the mean of what its members want.
    let mut clusters: Vec<(f64, usize)> = Vec::new();
    for index in &order {
        clusters.push((wanted[*index], 1));
        while let [.., (upper, above), (lower, below)] = clusters[..] {
            let needed = gap * (above + below) as f64 / 2.0;
            if lower - upper >= needed {
                break;
            }
            clusters.truncate(clusters.len() - 2);
            let count = above + below;
            clusters.push(((upper * above as f64 + lower * below as f64) / count as f64, count));
        }
    }
    let mut places: Vec<f64> = Vec::with_capacity(wanted.len());
    for (centre, count) in clusters {
        places.extend((0..count).map(|index| centre + (index as f64 - (count as f64 - 1.0) / 2.0) * gap));
    }
    // Back into the room: down from the top edge, then up from the bottom edge.
    let mut floor = room.0;
    for place in &mut places {
        *place = place.max(floor);
        floor = *place + gap;
    }
    let mut ceiling = room.1;
    for place in places.iter_mut().rev() {
        *place = place.min(ceiling);
        ceiling = *place - gap;
    }
    let mut out = vec![0.0; wanted.len()];
    for (place, index) in places.into_iter().zip(order) {
        out[index] = place;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_of_minutes_are_round_minutes() {
        assert_eq!(clock_ticks(246.0, 4), [0.0, 120.0, 240.0, 360.0]);
        assert_eq!(clock_ticks(110.0, 4), [0.0, 30.0, 60.0, 90.0, 120.0]);
        assert_eq!(clock_ticks(25.0, 4), from_zero(25.0, 4));
    }

    #[test]
    fn ticks_go_one_two_five() {
        assert_eq!(from_zero(9.3, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(from_zero(100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(from_zero(0.0, 5), [0.0, 1.0]);
    }

    #[test]
    fn ticks_around_zero_hold_both_ends() {
        assert_eq!(around_zero(-14.6, 0.0, 5), [-15.0, -10.0, -5.0, 0.0]);
        assert_eq!(around_zero(-3.0, 11.0, 5), [-5.0, 0.0, 5.0, 10.0, 15.0]);
        assert_eq!(around_zero(0.0, 0.0, 5), [0.0, 1.0]);
    }

    #[test]
    fn a_logarithmic_scale_is_even_in_decades() {
        let scale = Scale::logarithmic((1.0, 100.0), (0.0, 200.0));
        assert!((scale.at(10.0) - 100.0).abs() < 0.05);
        assert!((scale.at(1e9) - 200.0).abs() < 0.05, "clipped to the edge");
    }

    #[test]
    fn a_range_without_a_power_of_ten_still_has_ticks() {
        let scale = Scale::logarithmic((31.0, 320.0), (0.0, 900.0));
        assert_eq!(times(&scale, 80.0), [60.0, 120.0, 300.0]);
    }

    proptest! {
        #[test]
        fn spread_labels_keep_order_distance_and_room(wanted in proptest::collection::vec(0.0..500.0f64, 1..12)) {
            let places = spread(&wanted, 30.0, (0.0, 500.0));
            let mut pairs: Vec<(f64, f64)> = wanted.iter().copied().zip(places).collect();
            pairs.sort_by(|a, b| a.1.total_cmp(&b.1));
            for pair in pairs.windows(2) {
                prop_assert!(pair[1].1 - pair[0].1 >= 30.0 - 1e-6);
                prop_assert!(pair[0].0 <= pair[1].0);
            }
            prop_assert!(pairs[0].1 >= -1e-6 && pairs[pairs.len() - 1].1 <= 500.0 + 1e-6);
        }

        #[test]
        fn the_axis_reaches_its_top(top in 1e-6..1e12f64) {
            let ticks = from_zero(top, 5);
            prop_assert!(ticks[ticks.len() - 1] >= top * (1.0 - 1e-8));
            prop_assert!(ticks.len() >= 2 && ticks.len() <= 8);
        }
    }
}
