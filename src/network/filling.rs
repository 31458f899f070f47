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

use super::layout::{Layout, Pipe, Route, Rung};

/// Works out the levels of an island's routes whose caps are known, and what its pipes have left.
pub(super) fn fill(layout: &mut Layout, island: u32, rising: &mut Vec<u32>) {
    let Layout { pipes, routes, islands, .. } = layout;
    let island = &islands[island as usize];
    for &pipe in &island.pipes {
        let pipe = &mut pipes[pipe as usize];
        (pipe.left, pipe.rising) = (pipe.capacity, 0.0);
    }
    for &route in &island.busy {
        let route = &mut routes[route as usize];
        route.begin_to_rise();
        for &pipe in &route.shared {
            pipes[pipe as usize].rising += route.rising;
        }
    }
    rising.clear();
    for &number in &island.pipes {
        let pipe = &mut pipes[number as usize];
        if pipe.rising > 0.0 {
            pipe.share = pipe.left / pipe.rising;
            rising.push(number);
        }
    }
    while let Some(next) = least_share(pipes, rising) {
        let crossing = std::mem::take(&mut pipes[next].routes);
        let Pipe { share, rising: before, .. } = pipes[next];
        for &route in &crossing {
            let route = &mut routes[route as usize];
            while route.rising > 0.0 && route.bound <= share {
                route.stop_some(pipes);
            }
        }
        if pipes[next].rising == before {
            for &route in &crossing {
                let route = &mut routes[route as usize];
                if route.rising > 0.0 {
                    route.level = share;
                    route.stop(route.rising, share, pipes);
                }
            }
        }
        pipes[next].routes = crossing;
    }
}

/// The pipe that offers the least share; forgets those without flows that rise.
fn least_share(pipes: &[Pipe], rising: &mut Vec<u32>) -> Option<usize> {
    let (mut least, mut next) = (f64::INFINITY, None);
    rising.retain(|&number| {
        let pipe = &pipes[number as usize];
        let rises = pipe.rising > 0.0;
        if rises && (pipe.share < least || next.is_none()) {
            (least, next) = (pipe.share, Some(number as usize));
        }
        rises
    });
    next
}

impl Route {
    fn begin_to_rise(&mut self) {
        (self.rising, self.level, self.rung) = (self.flows, self.cap, 0);
        self.find_bound();
    }

    fn find_bound(&mut self) {
        self.bound = self.busy.get(self.rung).map_or(self.cap, |rung| rung.ceiling.min(self.cap));
    }

    /// Those of its flows that are bound lowest stop there.
    fn stop_some(&mut self, pipes: &mut [Pipe]) {
        match self.busy.get(self.rung).filter(|rung| rung.ceiling < self.cap) {
            Some(&Rung { flows, ceiling, .. }) => {
                self.stop(flows, ceiling, pipes);
                self.rung += 1;
                self.find_bound();
            }
            None => self.stop(self.rising, self.cap, pipes),
        }
    }

    /// So many of its flows stop at a rate, which is taken from the shared pipes.
    fn stop(&mut self, flows: f64, rate: f64, pipes: &mut [Pipe]) {
        self.rising -= flows;
        for &pipe in &self.shared {
            let pipe = &mut pipes[pipe as usize];
            pipe.rising -= flows;
            // An infinite rate goes over infinite pipes only, which have as much as before.
            if rate.is_finite() {
                pipe.left = (pipe.left - flows * rate).max(0.0);
                pipe.share = pipe.left / pipe.rising;
            }
        }
    }
}
