//! Pipes, the routes over them, and the islands that they form.
//!
//! A *route* is a set of pipes that flows cross together. Most pipes are crossed by one route only, and what such an *own*
//! pipe allows each flow depends on that route's flows alone; the narrowest of them is all that counts. *Shared* pipes make
//! one route's flows depend on another's: routes that are connected by them, directly or over others, are an *island*, and
//! no event changes a rate on another island.

use std::collections::HashMap;

use super::NOWHERE;
use super::class::Class;
use crate::units::Time;

/// A pipe is taken to have room for more while this part of its capacity is left. Much more than the crumbs that rounding
/// makes of what is left, by 10^-16 of the capacity an event, however many events pass between two fillings.
const ROOM: f64 = 1e-6;

/// A pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    /// (bytes/s)
    pub(super) capacity: f64,
    /// The routes that cross it.
    pub(super) routes: Vec<u32>,
    /// Capacity not in use (bytes/s); of a shared pipe only, and not while its island is to be filled.
    pub(super) left: f64,
    /// During a filling: flows on it without a rate.
    pub(super) rising: f64,
    /// During a filling: its place among the pipes of its island.
    pub(super) place: usize,
}

impl Pipe {
    /// Whether it holds nobody back, and could carry more.
    pub(super) fn has_room(&self) -> bool {
        self.left > ROOM * self.capacity.min(f64::MAX)
    }
}

/// Flows with the same pipes: classes that differ by their ceilings.
#[derive(Debug)]
pub(super) struct Route {
    /// Ascending.
    pipes: Vec<u32>,
    /// Capacity of the narrowest of its own pipes (bytes/s); infinite without any.
    own: f64,
    pub(super) island: u32,
    /// All classes, by ascending ceiling.
    ladder: Vec<(f64, u32)>,
    /// Classes that have flows, and perhaps some that had, by ascending ceiling.
    pub(super) busy: Vec<Rung>,
    /// Whether one of them has lost its flows.
    pub(super) emptied: bool,
    /// Whether its island lists it as having flows.
    pub(super) listed: bool,
    /// Whether flows came or went since its rates were set.
    pub(super) touched: bool,
    /// Flows on it.
    pub(super) flows: f64,
    /// What each flow would get if there were its own pipes only (bytes/s).
    pub(super) cap: f64,
    /// What each flow gets that its ceiling does not hold back (bytes/s).
    pub(super) level: f64,
    /// What its flows ask of pipes at this level.
    pub(super) demand: Demand,
}

/// What a filling knows of a route, close together.
#[derive(Debug, Default)]
pub(super) struct Rise {
    /// The route's shared pipes.
    pub(super) pipes: Vec<u32>,
    /// Flows without a rate, ...
    pub(super) flows: f64,
    /// ... the first of the busy classes that has them, ...
    pub(super) rung: usize,
    /// ... and the rate at which they stop for reasons of their own (bytes/s).
    pub(super) bound: f64,
}

/// A class that has flows, as its route sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rung {
    /// The most that one flow may have (bytes/s).
    pub(super) ceiling: f64,
    /// Flows in the class.
    pub(super) flows: f64,
    /// What each of them gets (bytes/s).
    pub(super) rate: f64,
    /// When the first of them ends.
    pub(super) next: Time,
    pub(super) class: u32,
    /// Whether flows came or went since the rate was set.
    pub(super) touched: bool,
}

/// What the flows of a route ask of pipes, at some level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Demand {
    /// Taken together by flows at their ceilings (bytes/s).
    pub(super) fixed: f64,
    /// Flows that could take more.
    pub(super) held: f64,
}

impl Demand {
    /// Adds that of a class.
    pub(super) fn add(&mut self, rung: &Rung, level: f64) {
        if rung.ceiling <= level {
            self.fixed += rung.flows * rung.ceiling;
        } else {
            self.held += rung.flows;
        }
    }
}

impl Route {
    fn new(pipes: Vec<u32>, island: u32) -> Route {
        Route {
            pipes,
            own: f64::INFINITY,
            island,
            ladder: Vec::new(),
            busy: Vec::new(),
            emptied: false,
            listed: false,
            touched: false,
            flows: 0.0,
            cap: f64::INFINITY,
            level: f64::INFINITY,
            demand: Demand::default(),
        }
    }

    /// What its flows take of each of its pipes (bytes/s).
    pub(super) fn used(&self) -> f64 {
        let Demand { fixed, held } = self.demand;
        if held > 0.0 { fixed + held * self.level } else { fixed }
    }

    /// Lists a class among those with flows.
    pub(super) fn list(&mut self, class: u32, classes: &mut [Class]) {
        let ceiling = classes[class as usize].ceiling;
        let place = self.busy.partition_point(|rung| rung.ceiling <= ceiling);
        self.busy.insert(place, Rung { ceiling, flows: 0.0, rate: 0.0, next: Time::NEVER, class, touched: true });
        self.number_rungs(place, classes);
    }

    /// Unlists the classes without flows.
    fn unlist(&mut self, classes: &mut [Class]) {
        self.busy.retain(|rung| {
            if rung.flows == 0.0 {
                classes[rung.class as usize].rest();
            }
            rung.flows > 0.0
        });
        self.number_rungs(0, classes);
    }

    fn number_rungs(&self, from: usize, classes: &mut [Class]) {
        for (rung, place) in self.busy[from..].iter().zip(from as u32..) {
            classes[rung.class as usize].rung = place;
        }
    }

    /// What its flows ask for at a level.
    fn demand_at(&self, level: f64) -> Demand {
        let mut demand = Demand::default();
        for rung in &self.busy {
            demand.add(rung, level);
        }
        demand
    }

    /// Works out what its own pipes allow each flow: they rise together until these are full.
    fn cap(&self) -> f64 {
        if self.own < f64::INFINITY {
            let (mut rising, mut left) = (self.flows, self.own);
            for rung in &self.busy {
                if rung.ceiling * rising > left {
                    return left / rising;
                }
                left -= rung.ceiling * rung.flows;
                rising -= rung.flows;
            }
        }
        f64::INFINITY
    }
}

/// Routes that shared pipes connect.
#[derive(Debug, Default)]
pub(super) struct Island {
    pub(super) pipes: Vec<u32>,
    routes: Vec<u32>,
    /// Routes that have flows, and perhaps some that had.
    pub(super) busy: Vec<u32>,
    /// Whether it is to be filled anew.
    pub(super) stale: bool,
}

/// All pipes, routes, classes and islands.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) pipes: Vec<Pipe>,
    pub(super) routes: Vec<Route>,
    pub(super) rises: Vec<Rise>,
    pub(super) classes: Vec<Class>,
    pub(super) islands: Vec<Island>,
    /// Route by ascending pipes.
    interned: HashMap<Vec<u32>, u32>,
    /// Routes whose flows came or went, and islands to be filled.
    pub(super) touched: Vec<u32>,
    pub(super) stale: Vec<u32>,
    /// To look a route up without a new list for it.
    looked_up: Vec<u32>,
}

impl Layout {
    pub(super) fn pipe(&mut self, capacity: f64) -> u32 {
        self.pipes.push(Pipe { capacity, routes: Vec::new(), left: capacity, rising: 0.0, place: 0 });
        self.pipes.len() as u32 - 1
    }

    /// The class over these pipes, in any order, with this ceiling.
    pub(super) fn class(&mut self, pipes: impl Iterator<Item = u32>, ceiling: f64) -> u32 {
        let mut sorted = std::mem::take(&mut self.looked_up);
        sorted.clear();
        sorted.extend(pipes);
        sorted.sort_unstable();
        sorted.dedup();
        let route = match self.interned.get(&sorted) {
            Some(&route) => route,
            None => self.route(sorted.clone()),
        };
        self.looked_up = sorted;
        let ladder = &mut self.routes[route as usize].ladder;
        match ladder.binary_search_by(|(other, _)| other.total_cmp(&ceiling)) {
            Ok(place) => ladder[place].1,
            Err(place) => {
                let class = self.classes.len() as u32;
                ladder.insert(place, (ceiling, class));
                self.classes.push(Class::new(route, ceiling));
                class
            }
        }
    }

    /// Changes what a pipe can carry.
    pub(super) fn set_capacity(&mut self, pipe: u32, capacity: f64) {
        let pipe = &mut self.pipes[pipe as usize];
        if pipe.capacity != capacity {
            pipe.capacity = capacity;
            for route in pipe.routes.clone() {
                self.look_at_pipes(route);
            }
        }
    }

    /// Works out the level of a route whose flows came or went, if that is nobody else's business; otherwise its island
    /// is marked.
    pub(super) fn settle_alone(&mut self, number: u32) -> bool {
        let (route, pipes) = (&mut self.routes[number as usize], &mut self.pipes);
        let shared = &self.rises[number as usize].pipes;
        let island = &mut self.islands[route.island as usize];
        route.touched = false;
        if std::mem::take(&mut route.emptied) {
            route.unlist(&mut self.classes);
        }
        route.cap = route.cap();
        if !std::mem::replace(&mut route.listed, true) {
            island.busy.push(number);
        }
        if island.stale {
            return false;
        }
        let has_room = |pipes: &[Pipe]| shared.iter().all(|&pipe| pipes[pipe as usize].has_room());
        if shared.is_empty() {
            route.level = route.cap;
            return true;
        }
        if route.demand_at(route.level) == route.demand {
            return true;
        }
        let mut alone = has_room(pipes);
        if alone {
            let before = route.used();
            route.level = route.cap;
            route.demand = route.demand_at(route.level);
            let more = route.used() - before;
            for &pipe in shared {
                pipes[pipe as usize].left -= more;
            }
            alone = has_room(pipes);
        }
        if !alone {
            island.stale = true;
            self.stale.push(route.island);
        }
        alone
    }

    /// Unlists the routes without flows of an island that was filled.
    pub(super) fn rest(&mut self, island: u32) {
        let island = &mut self.islands[island as usize];
        island.stale = false;
        island.busy.retain(|&route| {
            let route = &mut self.routes[route as usize];
            route.listed = !route.busy.is_empty();
            route.listed
        });
    }

    /// Notes that a flow came into a class.
    pub(super) fn came(&mut self, number: u32) {
        let class = &self.classes[number as usize];
        let (route, rung) = (class.route, class.rung);
        if rung == NOWHERE {
            self.routes[route as usize].list(number, &mut self.classes);
        }
        let route_number = route;
        let route = &mut self.routes[route as usize];
        let rung = &mut route.busy[self.classes[number as usize].rung as usize];
        rung.flows += 1.0;
        rung.touched = true;
        route.flows += 1.0;
        self.touch(route_number);
    }

    /// Notes that flows left a class.
    pub(super) fn left(&mut self, number: u32) {
        let class = &self.classes[number as usize];
        let route = &mut self.routes[class.route as usize];
        let rung = &mut route.busy[class.rung as usize];
        rung.flows -= 1.0;
        rung.touched = true;
        route.emptied |= rung.flows == 0.0;
        route.flows -= 1.0;
        self.touch(class.route);
    }

    /// Notes that flows of a route came or went.
    pub(super) fn touch(&mut self, route: u32) {
        let touched = &mut self.routes[route as usize].touched;
        if !*touched {
            *touched = true;
            self.touched.push(route);
        }
    }

    /// Notes that an island is to be filled.
    pub(super) fn mark(&mut self, island: u32) {
        let stale = &mut self.islands[island as usize].stale;
        if !*stale {
            *stale = true;
            self.stale.push(island);
        }
    }

    fn route(&mut self, pipes: Vec<u32>) -> u32 {
        let number = self.routes.len() as u32;
        self.interned.insert(pipes.clone(), number);
        self.routes.push(Route::new(pipes.clone(), number));
        self.rises.push(Rise::default());
        self.islands.push(Island { routes: vec![number], ..Island::default() });
        for pipe in pipes {
            self.pipes[pipe as usize].routes.push(number);
            let first = self.pipes[pipe as usize].routes[0];
            if first == number {
                continue;
            }
            if self.pipes[pipe as usize].routes.len() == 2 {
                let island = self.routes[first as usize].island;
                self.islands[island as usize].pipes.push(pipe);
                self.look_at_pipes(first);
            }
            self.join_islands(self.routes[first as usize].island, self.routes[number as usize].island);
        }
        self.look_at_pipes(number);
        number
    }

    /// Sees which pipes of a route are its own, and what they can carry.
    fn look_at_pipes(&mut self, number: u32) {
        let (pipes, route) = (&self.pipes, &mut self.routes[number as usize]);
        let is_shared = |pipe: &u32| pipes[*pipe as usize].routes.len() > 1;
        let (shared, own): (Vec<u32>, Vec<u32>) = route.pipes.iter().partition(|pipe| is_shared(pipe));
        self.rises[number as usize].pipes = shared;
        route.own = own.iter().map(|&pipe| pipes[pipe as usize].capacity).fold(f64::INFINITY, f64::min);
        let island = route.island;
        self.touch(number);
        self.mark(island);
    }

    /// Makes one island of two.
    fn join_islands(&mut self, island: u32, other: u32) {
        if island == other {
            return;
        }
        // An island without routes may stay among the stale ones: it has nothing to fill.
        let swallowed = std::mem::take(&mut self.islands[other as usize]);
        for &route in &swallowed.routes {
            self.routes[route as usize].island = island;
        }
        let grown = &mut self.islands[island as usize];
        grown.pipes.extend(swallowed.pipes);
        grown.routes.extend(swallowed.routes);
        grown.busy.extend(swallowed.busy);
        self.mark(island);
    }
}
