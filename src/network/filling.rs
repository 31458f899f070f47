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

use super::layout::{Layout, Pipe, Route};

/// Works out the levels of an island's routes whose caps are known, and what its pipes have left. `offers` is scratch
/// space.
pub(super) fn fill(layout: &mut Layout, island: u32, offers: &mut Vec<f64>) {
    let Layout { pipes, routes, islands, .. } = layout;
    let island = &islands[island as usize];
    for &pipe in &island.pipes {
        pipes[pipe as usize].rising = 0.0;
    }
    for &route in &island.busy {
        let route = &mut routes[route as usize];
        route.begin_to_rise();
        for &pipe in &route.shared {
            pipes[pipe as usize].rising += route.rising;
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
            routes[route as usize].stop_by(share, pipes, offers);
        }
    }
    while let Some((place, share)) = least(offers) {
        let next = island.pipes[place] as usize;
        let crossing = std::mem::take(&mut pipes[next].routes);
        let mut stopped = false;
        for &route in &crossing {
            stopped |= routes[route as usize].stop_by(share, pipes, offers);
        }
        if !stopped {
            for &route in &crossing {
                routes[route as usize].stop_at(share, pipes, offers);
            }
        }
        pipes[next].routes = crossing;
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

impl Pipe {
    /// An even share of what it has left; infinite when nobody waits for it.
    fn offer(&self) -> f64 {
        if self.rising > 0.0 { self.left / self.rising } else { f64::INFINITY }
    }
}

impl Route {
    fn begin_to_rise(&mut self) {
        (self.rising, self.level, self.rung) = (self.flows, self.cap, 0);
        self.bound = self.bound();
    }

    /// The rate at which some of its flows stop next for reasons of their own; infinite when none rises.
    fn bound(&self) -> f64 {
        self.busy.get(self.rung).map_or(f64::INFINITY, |rung| rung.ceiling.min(self.cap))
    }

    /// Those of its flows that are bound at no more than `share` stop where they are bound; whether there are any.
    fn stop_by(&mut self, share: f64, pipes: &mut [Pipe], offers: &mut [f64]) -> bool {
        if self.bound > share {
            return false;
        }
        let (mut flows, mut taken) = (0.0, 0.0);
        while self.bound <= share {
            let rung = &self.busy[self.rung];
            flows += rung.flows;
            taken += rung.flows * self.bound;
            self.rung += 1;
            self.bound = self.bound();
        }
        self.take(flows, taken, pipes, offers);
        true
    }

    /// All of its flows that still rise stop at a rate.
    fn stop_at(&mut self, rate: f64, pipes: &mut [Pipe], offers: &mut [f64]) {
        if self.rising > 0.0 {
            (self.level, self.bound) = (rate, f64::INFINITY);
            self.take(self.rising, self.rising * rate, pipes, offers);
        }
    }

    /// So many of its flows have stopped, and take so much of the shared pipes.
    fn take(&mut self, flows: f64, taken: f64, pipes: &mut [Pipe], offers: &mut [f64]) {
        self.rising -= flows;
        for &pipe in &self.shared {
            let pipe = &mut pipes[pipe as usize];
            pipe.rising -= flows;
            pipe.left = (pipe.left - taken).max(0.0);
            offers[pipe.place] = pipe.offer();
        }
    }
}
