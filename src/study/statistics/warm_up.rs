//! Where a series has settled: MSER-5.
//!
//! A registry that starts empty fills up, so its first days are cheaper than those that follow. For the bill of a period
//! that is as it should be; for the question what a month costs in the long run the beginning has to go. MSER cuts where
//! what remains has the smallest standard error of its mean (White 1997; theory E1.2): the d ≤ n/2 that minimises
//! Σ(y_i − ȳ)²/(n − d)² over the values after d. It is applied to means of five values, because single values swing.

/// Values per batch.
const BATCH: usize = 5;

/// Where to cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// So many values go.
    pub warm_up: usize,
    /// Mean of the values that stay.
    pub mean: f64,
    /// Whether the best cut lies at the last place where one may: the series is too short to have settled.
    pub is_edge: bool,
}

/// Cuts a series by MSER-5; `None` with fewer than two batches. A rest that fills no batch stays unused.
pub fn mser_5(values: &[f64]) -> Option<Cut> {
    let batches: Vec<f64> = values.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    let cut = mser(&batches)?;
    Some(Cut { warm_up: cut.warm_up * BATCH, ..cut })
}

/// Cuts a series by MSER; `None` with fewer than two values.
pub fn mser(values: &[f64]) -> Option<Cut> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let furthest = n / 2;
    let mut best: Option<(f64, usize, f64)> = None;
    for cut in 0..=furthest {
        let (error, mean) = error_after(&values[cut..]);
        if best.is_none_or(|(least, ..)| error < least) {
            best = Some((error, cut, mean));
        }
    }
    best.map(|(_, warm_up, mean)| Cut { warm_up, mean, is_edge: warm_up == furthest })
}

/// MSER of what remains, and its mean.
fn error_after(rest: &[f64]) -> (f64, f64) {
    let count = rest.len() as f64;
    let mean = rest.iter().sum::<f64>() / count;
    let squares: f64 = rest.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / (count * count), mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: [f64; 20] =
        [20.0, 15.0, 11.0, 8.0, 6.0, 5.0, 4.5, 5.2, 4.8, 5.1, 4.9, 5.0, 5.3, 4.7, 5.05, 4.95, 5.2, 4.8, 5.1, 4.9];

    #[test]
    fn the_worked_series_is_cut_after_seven() {
        for (cut, expected) in [(0, 0.78031), (5, 0.00275), (7, 0.002_278_1), (8, 0.00237)] {
            let (error, _) = error_after(&SERIES[cut..]);
            assert!((error - expected).abs() < 6e-6, "MSER({cut}) = {error}");
        }
        let cut = mser(&SERIES).unwrap();
        assert_eq!((cut.warm_up, cut.is_edge), (7, false));
        assert!((cut.mean - 5.0).abs() < 1e-9, "{}", cut.mean);
    }

    #[test]
    fn batches_of_five_cut_at_multiples_of_five() {
        let mut series: Vec<f64> =
            (0..30).map(|day| if day < 8 { day as f64 } else { 10.0 + (day % 3) as f64 }).collect();
        series.push(99.0);
        let cut = mser_5(&series).unwrap();
        assert_eq!((cut.warm_up, cut.is_edge), (10, false));
        assert!(cut.mean > 10.0 && cut.mean < 12.0, "the odd value at the end fills no batch: {}", cut.mean);
    }

    #[test]
    fn a_series_that_still_climbs_is_cut_at_the_edge() {
        let climbing: Vec<f64> = (0..60).map(f64::from).collect();
        assert!(mser_5(&climbing).unwrap().is_edge);
        assert_eq!(mser_5(&[1.0; 9]), None);
        assert!(!mser_5(&[1.0; 20]).unwrap().is_edge, "what never changes has settled at once");
    }
}
