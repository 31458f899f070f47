//! Max-min fair rates of classes of flows over shared pipes: progressive filling.
//!
//! The rates of all flows rise together. When a pipe is full, the flows on it have their rate; so has a flow that
//! reaches its ceiling; the others rise on. In steps: each pipe offers its flows an even share of what it has left. The
//! ceilings below the least share on offer are granted; when there is none, the flows on the pipe with the least share get
//! that share. What a class gets is taken from its pipes, which raises the shares that they offer to the others.
//!
//! A class is one entry here, however many flows it has: the cost is the length of all routes, plus the number of pipes
//! in use for every level at which something fills.

/// A class as the filling sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Flows in the class, at least one.
    pub(super) flows: f64,
    /// The most that one of its flows may have (bytes/s).
    pub(super) ceiling: f64,
    /// Its pipes: a stretch of the table of routes.
    pub(super) route: (u32, u32),
    /// The answer: what each of its flows gets (bytes/s); not a number until then.
    pub(super) rate: f64,
}

impl Share {
    fn route<'a>(&self, routes: &'a [u32]) -> &'a [u32] {
        &routes[self.route.0 as usize..self.route.1 as usize]
    }
}

/// A pipe during one filling.
#[derive(Clone, Debug, Default)]
struct Pipe {
    /// Capacity not given away yet.
    left: f64,
    /// Flows on it without a rate yet.
    flows: f64,
    /// `left / flows`.
    share: f64,
    /// The classes on it.
    classes: Vec<u32>,
}

/// Progressive filling; keeps its scratch space from one call to the next.
#[derive(Debug, Default)]
pub(super) struct Filling {
    pipes: Vec<Pipe>,
    /// Pipes that carry flows without a rate.
    rising: Vec<u32>,
}

impl Filling {
    /// Works out the rate of every class; they come by ascending ceiling. `capacity` (bytes/s) is by pipe number; `pipes`
    /// are those that the classes may use.
    pub(super) fn fill(&mut self, capacity: &[f64], pipes: &[u32], routes: &[u32], classes: &mut [Share]) {
        debug_assert!(classes.is_sorted_by(|a, b| a.ceiling <= b.ceiling));
        self.lay_out(capacity, pipes, routes, classes);
        let (mut open, mut lowest_ceiling) = (classes.len(), 0);
        while open > 0 {
            let (share, bottleneck) = self.least_share();
            let before = open;
            while let Some(class) = classes.get_mut(lowest_ceiling) {
                if class.rate.is_nan() {
                    if class.ceiling > share {
                        break;
                    }
                    self.grant(class, class.ceiling, routes);
                    open -= 1;
                }
                lowest_ceiling += 1;
            }
            if open < before {
                continue;
            }
            let members = std::mem::take(&mut self.pipes[bottleneck].classes);
            for &class in &members {
                let class = &mut classes[class as usize];
                if class.rate.is_nan() {
                    self.grant(class, share, routes);
                    open -= 1;
                }
            }
            self.pipes[bottleneck].classes = members;
        }
    }

    /// What the latest filling left of a pipe (bytes/s); `None` when nothing has crossed it or it has no limit.
    pub(super) fn left(&self, pipe: u32) -> Option<f64> {
        self.pipes.get(pipe as usize).map(|pipe| pipe.left).filter(|left| left.is_finite())
    }

    fn lay_out(&mut self, capacity: &[f64], pipes: &[u32], routes: &[u32], classes: &mut [Share]) {
        self.pipes.resize(capacity.len(), Pipe { left: f64::INFINITY, ..Pipe::default() });
        for &number in pipes {
            let pipe = &mut self.pipes[number as usize];
            (pipe.left, pipe.flows) = (capacity[number as usize], 0.0);
            pipe.classes.clear();
        }
        for (index, class) in classes.iter_mut().enumerate() {
            class.rate = f64::NAN;
            for &pipe in class.route(routes) {
                let pipe = &mut self.pipes[pipe as usize];
                pipe.flows += class.flows;
                pipe.classes.push(index as u32);
            }
        }
        self.rising.clear();
        for &number in pipes {
            let pipe = &mut self.pipes[number as usize];
            if pipe.flows > 0.0 {
                pipe.share = pipe.left / pipe.flows;
                self.rising.push(number);
            }
        }
    }

    /// The least share on offer, and by which pipe; infinite when no pipe is in the way.
    fn least_share(&mut self) -> (f64, usize) {
        let (mut share, mut bottleneck) = (f64::INFINITY, 0);
        let pipes = &self.pipes;
        self.rising.retain(|&number| {
            let pipe = &pipes[number as usize];
            if pipe.flows > 0.0 && pipe.share < share {
                (share, bottleneck) = (pipe.share, number as usize);
            }
            pipe.flows > 0.0
        });
        (share, bottleneck)
    }

    /// Gives each flow of a class its rate, and takes that from its pipes.
    fn grant(&mut self, class: &mut Share, rate: f64, routes: &[u32]) {
        class.rate = rate;
        for &pipe in class.route(routes) {
            let pipe = &mut self.pipes[pipe as usize];
            pipe.flows -= class.flows;
            // An infinite rate goes over infinite pipes only, which have as much as before.
            if rate.is_finite() {
                pipe.left = (pipe.left - class.flows * rate).max(0.0);
                pipe.share = pipe.left / pipe.flows;
            }
        }
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
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|&a, &b| shares[a].ceiling.total_cmp(&shares[b].ceiling));
        let mut sorted: Vec<Share> = order.iter().map(|&index| shares[index]).collect();
        let pipes: Vec<u32> = (0..capacity.len() as u32).collect();
        Filling::default().fill(capacity, &pipes, &routes, &mut sorted);
        for (index, share) in order.into_iter().zip(sorted) {
            shares[index] = share;
        }
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
