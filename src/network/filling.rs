//! Max-min fair rates on an island: progressive filling.
//!
//! The rates of all flows rise together. When a pipe is full, the flows on it have their rate; so has a flow that
//! reaches its ceiling, or what its route's own pipes allow; the others rise on. In steps: each shared pipe offers its flows
//! an even share of what it has left, and the pipe with the least share is next. Flows on it that stop for reasons of their
//! own before they have that share are granted what they stop at, which raises the share; when there are none, the others
//! on it get the share. What flows get is taken from all pipes that they cross, which only raises the shares that these
//! offer to others: so a pipe is next at its place, whatever the flows on other pipes do.
//!
//! A route is one entry here, however many flows it has, and its own pipes are none: the cost is the length of all routes,
//! plus the number of shared pipes in use for every time that a pipe is next.

use super::layout::{Layout, Pipe, Rise, Route};

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
