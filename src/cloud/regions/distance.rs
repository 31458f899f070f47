//! How round-trip time grows with distance, for pairs that nobody measured.
//!
//! `rtt = a + b × km`, km along the great circle, fitted to the 420 measured ordered pairs by least squares of the
//! *relative* error, so that near pairs count as much as far ones. The line's median error is 12.6 %, and one pair in ten
//! is off by a third or more; the worst take a detour (Cape Town to Sydney or São Paulo: two to three times the line).
//! A table that rests on an estimate must say so.

use super::RegionInfo;
use crate::units::Span;

/// Round-trip time at no distance (ms).
pub(super) const AT_ZERO: f64 = 3.757;
/// Round-trip time per kilometre [ms/km]. Light in glass needs 0.0098.
pub(super) const PER_KM: f64 = 0.015828;
/// Mean radius of the earth (km).
const EARTH_RADIUS: f64 = 6371.0;

/// Great-circle distance (km), by the haversine formula.
pub(super) fn kilometres(from: &RegionInfo, to: &RegionInfo) -> f64 {
    let (north, south) = (from.latitude.to_radians(), to.latitude.to_radians());
    let high = libm::sin((north - south) / 2.0);
    let wide = libm::sin((from.longitude - to.longitude).to_radians() / 2.0);
    let chord = high * high + libm::cos(north) * libm::cos(south) * wide * wide;
    2.0 * EARTH_RADIUS * libm::asin(libm::sqrt(chord.min(1.0)))
}

/// The line's round-trip time, to the whole millisecond like the measured ones.
pub(super) fn estimate(from: &RegionInfo, to: &RegionInfo) -> Span {
    let milliseconds = AT_ZERO + PER_KM * kilometres(from, to);
    Span(libm::round(milliseconds) as i64 * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::super::{find, measured};
    use super::*;

    /// (distance (km), round-trip time (ms)) of the measured pairs.
    fn pairs() -> Vec<(f64, f64)> {
        let region = |code| find(code).expect("measured regions are in the table");
        let mut pairs = Vec::new();
        for (row, from) in measured::REGIONS.iter().enumerate() {
            for (column, to) in measured::REGIONS.iter().enumerate().filter(|(column, _)| *column != row) {
                let rtt = f64::from(measured::MILLISECONDS[row][column]);
                pairs.push((kilometres(region(from), region(to)), rtt));
            }
        }
        pairs
    }

    #[test]
    fn the_constants_are_the_fit_to_the_table() {
        let pairs = pairs();
        assert_eq!(pairs.len(), 420);
        // Least squares with weight 1 / rtt²: the relative error.
        let sum = |term: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|&(km, ms)| term(km, ms) / (ms * ms)).sum::<f64>();
        let weight = sum(&|_, _| 1.0);
        let (km, ms) = (sum(&|km, _| km) / weight, sum(&|_, ms| ms) / weight);
        let slope = sum(&|x, y| (x - km) * (y - ms)) / sum(&|x, _| (x - km) * (x - km));
        let intercept = ms - slope * km;
        assert!((slope - PER_KM).abs() < 1e-6, "{slope}");
        assert!((intercept - AT_ZERO).abs() < 1e-3, "{intercept}");
    }

    #[test]
    fn the_error_is_as_stated() {
        let mut errors: Vec<f64> = pairs().iter().map(|&(km, ms)| ((AT_ZERO + PER_KM * km) / ms - 1.0).abs()).collect();
        errors.sort_by(f64::total_cmp);
        let quantile = |q: f64| errors[(q * (errors.len() - 1) as f64) as usize];
        assert!((quantile(0.5) - 0.126).abs() < 0.001, "{}", quantile(0.5));
        assert!((quantile(0.9) - 0.326).abs() < 0.001, "{}", quantile(0.9));
        assert!((quantile(1.0) - 0.689).abs() < 0.001, "{}", quantile(1.0));
    }

    #[test]
    fn distances_are_those_of_the_atlas() {
        let km = |a, b| kilometres(find(a).expect("known"), find(b).expect("known"));
        assert_eq!(km("us-east-1", "us-east-1"), 0.0);
        // London to Sydney, Tokyo to Singapore, and across the date line Sydney to San José in California.
        assert!((km("eu-west-2", "ap-southeast-2") - 16_990.0).abs() < 30.0);
        assert!((km("ap-northeast-1", "ap-southeast-1") - 5_315.0).abs() < 30.0);
        assert!((km("ap-southeast-2", "us-west-1") - 11_970.0).abs() < 40.0);
    }
}
