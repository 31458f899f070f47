//! Screening by elementary effects (Morris 1991), with the mean of absolute effects of Campolongo (2007).
//!
//! Every key has a share of its range from 0 to 1, on four levels. A trajectory begins somewhere on the grid and moves one
//! key after the other, each exactly once, by Δ = p / (2(p − 1)) = 2/3: k + 1 points for k elementary effects. The step of
//! two thirds visits every level equally often. Draws are by (seed, trajectory, key), so another key in the study changes
//! nobody's start and direction.

use crate::sim::{EntityKey, Purpose, Stream};
use crate::study::statistics::Estimate;

/// Levels of the grid less one: 0, 1/3, 2/3, 1.
const LAST: u8 = 3;
/// Levels that a step spans.
const STEP: u8 = 2;

/// A way through the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trajectory {
    /// Level of each key at its beginning.
    start: Vec<u8>,
    /// The keys in the order in which they move.
    pub order: Vec<usize>,
}

impl Trajectory {
    /// The `index`-th way for keys of these names, from 0.
    pub fn draw(keys: &[&str], seed: u64, index: u64) -> Trajectory {
        let mut draws: Vec<(u64, u8)> = Vec::with_capacity(keys.len());
        for key in keys {
            let mut stream = Stream::new(seed, index, EntityKey::named("sensitivity", key), Purpose::Design);
            draws.push((stream.bits(), stream.below(u64::from(LAST) + 1) as u8));
        }
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|key| (draws[*key].0, *key));
        Trajectory { start: draws.into_iter().map(|(_, level)| level).collect(), order }
    }

    /// Its points, one more than it has keys: the share of its range that each key has. From each to the next, the next
    /// key of the order moves.
    pub fn points(&self) -> Vec<Vec<f64>> {
        let share = |levels: &[u8]| levels.iter().map(|level| f64::from(*level) / f64::from(LAST)).collect();
        let mut levels = self.start.clone();
        let mut points = vec![share(&levels)];
        for key in &self.order {
            // Only one direction stays on the grid.
            let level = &mut levels[*key];
            *level = if *level >= STEP { *level - STEP } else { *level + STEP };
            points.push(share(&levels));
        }
        points
    }
}

/// What one key does to one figure, over its whole range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Mean of the elementary effects: their direction; opposite ones cancel.
    pub mu: f64,
    /// Mean of their absolute values, and its interval over trajectories: how much the key matters.
    pub mu_star: Estimate,
    /// Their standard deviation: the effect depends on other keys, or is not linear. `None` with one trajectory.
    pub sigma: Option<f64>,
}

impl Effect {
    /// Of the elementary effects of all trajectories.
    pub fn of(effects: &[f64]) -> Effect {
        let mu = Estimate::of(effects).mean;
        let absolute: Vec<f64> = effects.iter().map(|effect| effect.abs()).collect();
        let squares: f64 = effects.iter().map(|effect| (effect - mu) * (effect - mu)).sum();
        let sigma = (effects.len() >= 2).then(|| libm::sqrt(squares / (effects.len() - 1) as f64));
        Effect { mu, mu_star: Estimate::of(&absolute), sigma }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    /// Effects of the first `keys` keys on a function of their shares.
    fn screened(keys: usize, trajectories: u64, function: impl Fn(&[f64]) -> f64) -> Vec<Effect> {
        let mut effects = vec![Vec::new(); keys];
        for index in 0..trajectories {
            let way = Trajectory::draw(&NAMES[..keys], 1, index);
            for (pair, key) in way.points().windows(2).zip(&way.order) {
                effects[*key].push((function(&pair[1]) - function(&pair[0])) / (pair[1][*key] - pair[0][*key]));
            }
        }
        effects.iter().map(|effects| Effect::of(effects)).collect()
    }

    #[test]
    fn a_line_has_its_slope_and_no_spread() {
        let effects = screened(3, 10, |x| 5.0 * x[0] - 2.0 * x[1] + 7.0);
        for (effect, slope) in effects.iter().zip([5.0, -2.0, 0.0]) {
            assert!((effect.mu - slope).abs() < 1e-12 && (effect.mu_star.mean - f64::abs(slope)).abs() < 1e-12);
            assert!(effect.sigma.unwrap() < 1e-12);
            assert!(effect.mu_star.half_width.unwrap() < 1e-12);
        }
    }

    #[test]
    fn a_product_spreads_because_its_factors_need_each_other() {
        let effects = screened(3, 200, |x| x[0] * x[1] + x[2]);
        // The effect of x0 is x1, uniform on 0, 1/3, 2/3, 1: mean 1/2, deviation sqrt(5)/6.
        for effect in &effects[..2] {
            assert!((effect.mu_star.mean - 0.5).abs() < 0.08, "{effect:?}");
            assert!((effect.sigma.unwrap() - libm::sqrt(5.0) / 6.0).abs() < 0.05, "{effect:?}");
        }
        assert!(effects[2].sigma.unwrap() < 1e-12);
    }

    #[test]
    fn ishigami_is_ranked_as_its_levels_have_it() {
        // a = 7, b = 0.1 on (−π, π). On the grid x is −π, −π/3, π/3, π. A step of x1 turns sin from 0 to √3/2 or back,
        // times 1 + b·x3⁴; one of x2 changes sin² by 3/4; x3 has no effect but through x1.
        let function = |x: &[f64]| {
            let at = |share: f64| (2.0 * share - 1.0) * PI;
            let [a, b, c] = [at(x[0]), at(x[1]), at(x[2])];
            libm::sin(a) + 7.0 * libm::pow(libm::sin(b), 2.0) + 0.1 * libm::pow(c, 4.0) * libm::sin(a)
        };
        let effects = screened(3, 400, function);
        let fourth = |x: f64| 0.1 * libm::pow(x, 4.0);
        let (inner, outer) = (fourth(PI / 3.0), fourth(PI));
        let root = libm::sqrt(3.0) / 2.0;
        let first = 1.5 * root * (1.0 + (inner + outer) / 2.0);
        let third = 1.5 * root * (outer - inner) / 2.0;
        assert!((effects[0].mu_star.mean / first - 1.0).abs() < 0.1, "{effects:?} {first}");
        assert!((effects[1].mu_star.mean - 1.5 * 7.0 * 0.75).abs() < 1e-9, "{effects:?}");
        assert!((effects[2].mu_star.mean / third - 1.0).abs() < 0.15, "{effects:?} {third}");
        // x3 acts in both directions: only the mean of absolute values sees it.
        assert!(effects[2].mu.abs() < 0.3 * effects[2].mu_star.mean);
        assert!(effects[0].sigma > effects[2].sigma.map(|sigma| sigma / 2.0) && effects[0].sigma > Some(1.0));
    }

    #[test]
    fn another_key_moves_nobody() {
        let few = Trajectory::draw(&["a", "c"], 7, 3);
        let more = Trajectory::draw(&["a", "b", "c"], 7, 3);
        assert_eq!((few.start[0], few.start[1]), (more.start[0], more.start[2]));
        let order: Vec<usize> = more.order.iter().filter(|key| **key != 1).map(|key| key / 2).collect();
        assert_eq!(few.order, order);
        assert_ne!(Trajectory::draw(&NAMES, 7, 3), Trajectory::draw(&NAMES, 8, 3));
    }

    proptest! {
        #[test]
        fn each_key_moves_exactly_once_by_two_thirds(seed: u64, index in 0u64..1000, keys in 0usize..=4) {
            let way = Trajectory::draw(&NAMES[..keys], seed, index);
            let points = way.points();
            prop_assert_eq!(points.len(), keys + 1);
            let mut moved = vec![0; keys];
            for (pair, expected) in points.windows(2).zip(&way.order) {
                for key in 0..keys {
                    let step = (pair[1][key] - pair[0][key]).abs();
                    prop_assert!((0.0..=1.0).contains(&pair[1][key]));
                    prop_assert_eq!(step > 0.0, key == *expected);
                    prop_assert!(step == 0.0 || (step - 2.0 / 3.0).abs() < 1e-12);
                    moved[key] += usize::from(step > 0.0);
                }
            }
            prop_assert!(moved.iter().all(|count| *count == 1));
        }
    }
}
