//! Max-min fair rates of classes of flows over shared pipes: progressive filling.
//!
//! The textbook raises all rates together until a pipe is full or a flow is at its ceiling, freezes those flows, and goes
//! on with the rest. Here all that can be frozen is frozen in one round. In a round each pipe offers an even share of
//! what it has left; a class's *bound* is the least of the shares on its route and its ceiling. Shares never fall from
//! round to round, so
//!
//! * a class whose ceiling is its bound ends at its ceiling, and
//! * when a pipe's share is the bound of every class on it, all of them end at that share: they fill it.
//!
//! The pipe with the least share of all is always such a pipe, or a class on it is at its ceiling, so each round
//! freezes someone.

/// A class as the filling sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Flows in the class, at least one.
    pub(super) flows: f64,
    /// The most that one of its flows may have [bytes/s].
    pub(super) ceiling: f64,
    /// Its pipes: a stretch of the table of routes.
    pub(super) route: (u32, u32),
    /// The answer: what each of its flows gets [bytes/s].
    pub(super) rate: f64,
}

impl Share {
    fn route<'a>(&self, routes: &'a [u32]) -> &'a [u32] {
        &routes[self.route.0 as usize..self.route.1 as usize]
    }
}

/// A pipe during one filling.
#[derive(Clone, Copy, Debug, Default)]
struct Pipe {
    /// Capacity not given away yet.
    left: f64,
    /// Flows on it without a rate yet.
    flows: f64,
    /// `left / flows` at the beginning of the round.
    share: f64,
    /// Whether some class on it is bound elsewhere.
    loose: bool,
}

/// Progressive filling; keeps its scratch space from one call to the next.
#[derive(Debug, Default)]
pub(super) struct Filling {
    pipes: Vec<Pipe>,
    open: Vec<u32>,
}

impl Filling {
    /// Works out the rate of every class. `capacity` [bytes/s] is by pipe number; `pipes` are those that the classes use.
    pub(super) fn fill(&mut self, capacity: &[f64], pipes: &[u32], routes: &[u32], classes: &mut [Share]) {
        self.pipes.resize(capacity.len(), Pipe::default());
        for &pipe in pipes {
            self.pipes[pipe as usize] = Pipe { left: capacity[pipe as usize], ..Pipe::default() };
        }
        for class in classes.iter() {
            for &pipe in class.route(routes) {
                self.pipes[pipe as usize].flows += class.flows;
            }
        }
        self.open.clear();
        self.open.extend(0..classes.len() as u32);
        while !self.open.is_empty() {
            self.round(pipes, routes, classes);
        }
    }

    fn round(&mut self, pipes: &[u32], routes: &[u32], classes: &mut [Share]) {
        for &pipe in pipes {
            let pipe = &mut self.pipes[pipe as usize];
            pipe.share = pipe.left.max(0.0) / pipe.flows;
            pipe.loose = false;
        }
        for &index in &self.open {
            let class = &mut classes[index as usize];
            let route = class.route(routes);
            class.rate = route.iter().fold(class.ceiling, |bound, &pipe| bound.min(self.pipes[pipe as usize].share));
            for &pipe in route {
                let pipe = &mut self.pipes[pipe as usize];
                pipe.loose |= class.rate < pipe.share;
            }
        }
        let pipes = &mut self.pipes;
        self.open.retain(|&index| {
            let class = &classes[index as usize];
            let route = class.route(routes);
            let frozen = class.rate >= class.ceiling
                || route.iter().map(|&pipe| &pipes[pipe as usize]).any(|pipe| !pipe.loose && pipe.share <= class.rate);
            // An infinite rate is taken from infinite pipes only, which have as much as before.
            if frozen && class.rate.is_finite() {
                for &pipe in route {
                    let pipe = &mut pipes[pipe as usize];
                    pipe.left -= class.flows * class.rate;
                    pipe.flows -= class.flows;
                }
            }
            !frozen
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::test_runner::{Config, RngSeed};

    const NONE: f64 = f64::INFINITY;

    /// Rates for (flows, ceiling, pipes).
    fn rates(capacity: &[f64], classes: &[(f64, f64, &[u32])]) -> Vec<f64> {
        let (mut routes, mut shares) = (Vec::new(), Vec::new());
        for &(flows, ceiling, pipes) in classes {
            let begin = routes.len() as u32;
            routes.extend_from_slice(pipes);
            shares.push(Share { flows, ceiling, route: (begin, routes.len() as u32), rate: f64::NAN });
        }
        let pipes: Vec<u32> = (0..capacity.len() as u32).collect();
        Filling::default().fill(capacity, &pipes, &routes, &mut shares);
        shares.iter().map(|share| share.rate).collect()
    }

    /// Theory B4.3: links of 10 and 6; flows on the first, on both, on the second.
    #[test]
    fn three_flows_on_two_links() {
        assert_eq!(rates(&[10.0, 6.0], &[(1.0, NONE, &[0]), (1.0, NONE, &[0, 1]), (1.0, NONE, &[1])]), [7.0, 3.0, 3.0]);
    }

    #[test]
    fn what_a_ceiling_leaves_goes_to_the_others() {
        assert_eq!(rates(&[100.0], &[(2.0, 10.0, &[0]), (4.0, NONE, &[0])]), [10.0, 20.0]);
        assert_eq!(rates(&[100.0], &[(2.0, 70.0, &[0]), (3.0, 15.0, &[0])]), [27.5, 15.0]);
        // A ceiling that comes to bind only after another class was frozen at its own.
        assert_eq!(rates(&[100.0], &[(1.0, 10.0, &[0]), (1.0, 40.0, &[0]), (1.0, NONE, &[0])]), [10.0, 40.0, 50.0]);
    }

    #[test]
    fn limits_may_be_missing_or_zero() {
        assert_eq!(rates(&[], &[(3.0, 5.0, &[]), (1.0, NONE, &[])]), [5.0, NONE]);
        assert_eq!(rates(&[0.0, 8.0], &[(1.0, NONE, &[0, 1]), (2.0, NONE, &[1])]), [0.0, 4.0]);
        assert_eq!(rates(&[NONE, 6.0], &[(1.0, NONE, &[0]), (2.0, NONE, &[0, 1])]), [NONE, 3.0]);
    }

    proptest::proptest! {
        #![proptest_config(Config {
            cases: 500, failure_persistence: None, rng_seed: RngSeed::Fixed(3), ..Default::default()
        })]

        /// The certificate of max-min fairness: nothing is overfull, and every class is at its ceiling or crosses a full
        /// pipe on which nobody has more.
        #[test]
        fn every_class_has_a_bottleneck(
            capacity in proptest::collection::vec(1.0..1e6f64, 1..8),
            drawn in proptest::collection::vec((1u32..50, proptest::option::of(1.0..1e6f64), 1u32..256), 1..30),
        ) {
            let pipes = |mask: u32| (0..capacity.len() as u32).filter(|pipe| mask >> pipe & 1 == 1).collect::<Vec<u32>>();
            let classes: Vec<(f64, f64, Vec<u32>)> = drawn.iter()
                .map(|&(flows, ceiling, mask)| (f64::from(flows), ceiling.unwrap_or(1e9), pipes(mask))).collect();
            let borrowed: Vec<(f64, f64, &[u32])> = classes.iter().map(|(n, c, p)| (*n, *c, p.as_slice())).collect();
            let rates = rates(&capacity, &borrowed);
            let mut used = vec![0.0; capacity.len()];
            let mut most = vec![0.0f64; capacity.len()];
            for ((flows, _, route), rate) in classes.iter().zip(&rates) {
                for &pipe in route {
                    used[pipe as usize] += flows * rate;
                    most[pipe as usize] = most[pipe as usize].max(*rate);
                }
            }
            for (used, capacity) in used.iter().zip(&capacity) {
                proptest::prop_assert!(*used <= capacity * (1.0 + 1e-9));
            }
            for ((_, ceiling, route), rate) in classes.iter().zip(&rates) {
                let bound = route.iter().map(|&pipe| pipe as usize).any(|pipe| {
                    used[pipe] >= capacity[pipe] * (1.0 - 1e-9) && *rate >= most[pipe] * (1.0 - 1e-9)
                });
                proptest::prop_assert!(rate == ceiling || bound, "{rate} of {ceiling} on {route:?}");
            }
        }
    }
}
