//! Max-min fair rates on an island: progressive filling.
//!
//! The rates of all flows rise together. When a pipe is full, the flows on it have their rate; so has a flow that
//! reaches its ceiling, or what its route's own pipes allow; the others rise on. In steps: each shared pipe offers its flows
//! an even share of what it has left, and the pipe with the least share is next. Flows on it that stop for reasons of their
//! own before they have that share are granted what they stop at; when there are none, those on it that still rise get the
//! share. What flows get is taken from all shared pipes that they cross, which can only raise what these offer to others: so
//! nobody gets less than the least share, and nobody on its pipe more, whatever happens elsewhere later.
//!
//! A route is one entry here, however many flows it has, and its own pipes are none. Cost: the length of all routes, plus,
//! for each time that a pipe is next, the number of shared pipes and of the routes on that one.

use super::layout::{Layout, Pipe};
use super::route::{Rise, Route};

/// Works out the levels of an island's routes whose caps are known, and what its pipes have left. `offers` is scratch
/// space.
pub(super) fn fill(layout: &mut Layout, island: u32, offers: &mut Vec<f64>) {
    let Layout { pipes, routes, rises, islands, .. } = layout;
    let island = &islands[island as usize];
    for &pipe in &island.pipes {
        pipes[pipe as usize].rising = 0.0;
    }
    for &route in &island.busy {
        let (rise, route) = (&mut rises[route as usize], &mut routes[route as usize]);
        route.level = route.cap;
        (rise.flows, rise.rung, rise.bound) = (route.flows, 0, route.bound(0));
        for &pipe in &rise.pipes {
            pipes[pipe as usize].rising += rise.flows;
        }
    }
    offers.clear();
    for &pipe in &island.pipes {
        let pipe = &mut pipes[pipe as usize];
        (pipe.left, pipe.place) = (pipe.capacity, offers.len());
        offers.push(pipe.offer());
    }
    // Most of what stops early does so before any pipe is full.
    if let Some((_, share)) = least(offers) {
        for &route in &island.busy {
            stop_by(share, &mut rises[route as usize], &routes[route as usize], pipes, offers);
        }
    }
    while let Some((place, share)) = least(offers) {
        let next = island.pipes[place];
        let crossing = std::mem::take(&mut pipes[next as usize].routes);
        let mut stopped = false;
        for &route in &crossing {
            stopped |= stop_by(share, &mut rises[route as usize], &routes[route as usize], pipes, offers);
        }
        if !stopped {
            for &route in &crossing {
                let rise = &mut rises[route as usize];
                if rise.flows > 0.0 {
                    routes[route as usize].level = share;
                    rise.stop_at(share, next, pipes, offers);
                }
            }
            let full = &mut pipes[next as usize];
            (full.rising, full.left, offers[place]) = (0.0, 0.0, f64::INFINITY);
        }
        pipes[next as usize].routes = crossing;
    }
}

/// The place of the least offer, and what it is, while somebody waits for one that is finite.
fn least(offers: &[f64]) -> Option<(usize, f64)> {
    let (mut place, mut least) = (0, f64::INFINITY);
    for (other, &offer) in offers.iter().enumerate() {
        (place, least) = if offer < least { (other, offer) } else { (place, least) };
    }
    (least < f64::INFINITY).then_some((place, least))
}

/// Those of a route's flows that are bound at no more than `share` stop where they are bound; whether there are any.
fn stop_by(share: f64, rise: &mut Rise, route: &Route, pipes: &mut [Pipe], offers: &mut [f64]) -> bool {
    if rise.bound > share {
        return false;
    }
    let (mut flows, mut taken) = (0.0, 0.0);
    while rise.bound <= share {
        let stopped = route.busy[rise.rung].flows;
        flows += stopped;
        taken += stopped * rise.bound;
        rise.rung += 1;
        rise.bound = route.bound(rise.rung);
    }
    rise.flows -= flows;
    for &pipe in &rise.pipes {
        pipes[pipe as usize].give(flows, taken, offers);
    }
    true
}

impl Route {
    /// The rate at which its flows from this rung on stop for reasons of their own; infinite when there are none.
    fn bound(&self, rung: usize) -> f64 {
        self.busy.get(rung).map_or(f64::INFINITY, |rung| rung.ceiling.min(self.cap))
    }
}

impl Rise {
    /// All flows that still rise stop at a rate, which fills a pipe.
    fn stop_at(&mut self, rate: f64, full: u32, pipes: &mut [Pipe], offers: &mut [f64]) {
        let flows = std::mem::take(&mut self.flows);
        self.bound = f64::INFINITY;
        for &pipe in self.pipes.iter().filter(|pipe| **pipe != full) {
            pipes[pipe as usize].give(flows, flows * rate, offers);
        }
    }
}

impl Pipe {
    /// An even share of what it has left; infinite when nobody waits for it.
    fn offer(&self) -> f64 {
        if self.rising > 0.0 { self.left / self.rising } else { f64::INFINITY }
    }

    /// So many flows have stopped, and take so much.
    fn give(&mut self, flows: f64, taken: f64, offers: &mut [f64]) {
        self.rising -= flows;
        self.left = (self.left - taken).max(0.0);
        offers[self.place] = self.offer();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::test_runner::{Config, RngSeed};

    const NONE: f64 = f64::INFINITY;

    /// Rates for (flows, ceiling, pipes).
    fn rates(capacity: &[f64], classes: &[(u32, f64, &[u32])]) -> Vec<f64> {
        let mut layout = Layout::default();
        for &capacity in capacity {
            layout.pipe(capacity);
        }
        let numbers: Vec<u32> =
            classes.iter().map(|(_, ceiling, pipes)| layout.class(pipes.iter().copied(), *ceiling)).collect();
        for (&number, (flows, ..)) in numbers.iter().zip(classes) {
            (0..*flows).for_each(|_| layout.came(number, true));
        }
        while let Some(route) = layout.touched.pop() {
            layout.settle_alone(route);
        }
        while let Some(island) = layout.stale.pop() {
            fill(&mut layout, island, &mut Vec::new());
        }
        let class = |number: u32| &layout.classes[number as usize];
        numbers.into_iter().map(|it| class(it).ceiling.min(layout.routes[class(it).route as usize].level)).collect()
    }

    /// Theory B4.3: links of 10 and 6; flows on the first, on both, on the second.
    #[test]
    fn three_flows_on_two_links() {
        assert_eq!(rates(&[10.0, 6.0], &[(1, NONE, &[0]), (1, NONE, &[0, 1]), (1, NONE, &[1])]), [7.0, 3.0, 3.0]);
    }

    #[test]
    fn what_a_ceiling_leaves_goes_to_the_others() {
        assert_eq!(rates(&[100.0], &[(2, 10.0, &[0]), (4, NONE, &[0])]), [10.0, 20.0]);
        assert_eq!(rates(&[100.0], &[(2, 70.0, &[0]), (3, 15.0, &[0])]), [27.5, 15.0]);
        // A ceiling that comes to bind only after another class was frozen at its own.
        assert_eq!(rates(&[100.0], &[(1, 10.0, &[0]), (1, 40.0, &[0]), (1, NONE, &[0])]), [10.0, 40.0, 50.0]);
    }

    /// When the first route stops at 20, the last pipe offers the second one 51, more than the 45 of its own pipe; but the
    /// pipe before offers it 35.
    #[test]
    fn a_share_that_has_risen_may_not_be_the_least_one() {
        let classes: [(u32, f64, &[u32]); 3] = [(2, NONE, &[0, 3]), (1, NONE, &[1, 2, 3]), (1, 1.0, &[2, 3])];
        assert_eq!(rates(&[40.0, 45.0, 36.0, 92.0], &classes), [20.0, 35.0, 1.0]);
    }

    #[test]
    fn a_pipe_of_its_own_holds_a_route_back() {
        let classes: [(u32, f64, &[u32]); 3] = [(3, NONE, &[0, 1]), (1, 1.0, &[0, 1]), (1, NONE, &[0])];
        assert_eq!(rates(&[100.0, 10.0], &classes), [3.0, 1.0, 90.0]);
    }

    #[test]
    fn limits_may_be_missing_or_zero() {
        assert_eq!(rates(&[], &[(3, 5.0, &[]), (1, NONE, &[])]), [5.0, NONE]);
        assert_eq!(rates(&[0.0, 8.0], &[(1, NONE, &[0, 1]), (2, NONE, &[1])]), [0.0, 4.0]);
        assert_eq!(rates(&[NONE, 6.0], &[(1, NONE, &[0]), (2, NONE, &[0, 1])]), [NONE, 3.0]);
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
            let classes: Vec<(u32, f64, Vec<u32>)> = drawn.iter()
                .map(|&(flows, ceiling, mask)| (flows, ceiling.unwrap_or(1e9), pipes(mask))).collect();
            let borrowed: Vec<(u32, f64, &[u32])> = classes.iter().map(|(n, c, p)| (*n, *c, p.as_slice())).collect();
            let rates = rates(&capacity, &borrowed);
            let mut used = vec![0.0; capacity.len()];
            let mut most = vec![0.0f64; capacity.len()];
            for ((flows, _, route), rate) in classes.iter().zip(&rates) {
                for &pipe in route {
                    used[pipe as usize] += f64::from(*flows) * rate;
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
