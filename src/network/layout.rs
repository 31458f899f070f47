//! Pipes, the routes over them, and the islands that they form.
//!
//! A *route* is a set of pipes that flows cross together. Most pipes are crossed by one route only, and what such an *own*
//! pipe allows each flow depends on that route's flows alone; the narrowest of them is all that counts. *Shared* pipes make
//! one route's flows depend on another's: routes that are connected by them, directly or over others, are an *island*, and
//! no event changes a rate on another island.

use std::collections::HashMap;

use super::class::Class;

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
    /// During a filling: `left / rising`.
    pub(super) share: f64,
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
    /// Those of its pipes that other routes cross too.
    pub(super) shared: Vec<u32>,
    /// Capacity of the narrowest of its own pipes (bytes/s); infinite without any.
    own: f64,
    pub(super) island: u32,
    /// All classes, by ascending ceiling.
    ladder: Vec<(f64, u32)>,
    /// Classes that have flows, and perhaps some that had, by ascending ceiling.
    pub(super) busy: Vec<u32>,
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
    /// During a filling: flows without a rate, ...
    pub(super) rising: f64,
    /// ... the first class in `busy` that has them, ...
    pub(super) rung: usize,
    /// ... and at what rate they stop rising for reasons of their own (bytes/s).
    pub(super) bound: f64,
}

/// What the flows of a route ask of pipes, at some level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Demand {
    /// Taken together by flows at their ceilings (bytes/s).
    pub(super) fixed: f64,
    /// Flows that could take more.
    pub(super) held: f64,
}

impl Route {
    fn new(pipes: Vec<u32>, island: u32) -> Route {
        Route {
            pipes,
            shared: Vec::new(),
            own: f64::INFINITY,
            island,
            ladder: Vec::new(),
            busy: Vec::new(),
            listed: false,
            touched: false,
            flows: 0.0,
            cap: f64::INFINITY,
            level: f64::INFINITY,
            demand: Demand::default(),
            rising: 0.0,
            rung: 0,
            bound: 0.0,
        }
    }

    /// What its flows take of each of its pipes (bytes/s).
    pub(super) fn used(&self) -> f64 {
        let Demand { fixed, held } = self.demand;
        if held > 0.0 { fixed + held * self.level } else { fixed }
    }

    /// Lists a class among those with flows.
    pub(super) fn list(&mut self, class: u32, classes: &[Class]) {
        let ceiling = classes[class as usize].ceiling;
        let place = self.busy.partition_point(|&other| classes[other as usize].ceiling <= ceiling);
        self.busy.insert(place, class);
    }

    /// What its flows ask for at a level.
    pub(super) fn demand_at(&self, level: f64, classes: &[Class]) -> Demand {
        let mut demand = Demand::default();
        for &class in &self.busy {
            let class = &classes[class as usize];
            if class.ceiling <= level {
                demand.fixed += class.flows() * class.ceiling;
            } else {
                demand.held += class.flows();
            }
        }
        demand
    }

    /// Counts its flows, and works out what its own pipes allow them: they rise together until these are full.
    pub(super) fn count(&mut self, classes: &[Class]) {
        self.flows = self.busy.iter().map(|&class| classes[class as usize].flows()).sum();
        self.cap = f64::INFINITY;
        if self.own.is_infinite() {
            return;
        }
        let (mut rising, mut left) = (self.flows, self.own);
        for &class in &self.busy {
            let class = &classes[class as usize];
            if class.ceiling * rising > left {
                self.cap = left / rising;
                return;
            }
            left -= class.ceiling * class.flows();
            rising -= class.flows();
        }
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
        self.pipes.push(Pipe { capacity, routes: Vec::new(), left: capacity, rising: 0.0, share: 0.0 });
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
        let (route, classes, pipes) = (&mut self.routes[number as usize], &mut self.classes, &mut self.pipes);
        let island = &mut self.islands[route.island as usize];
        route.touched = false;
        route.busy.retain(|&class| !classes[class as usize].rests());
        route.count(classes);
        if !std::mem::replace(&mut route.listed, true) {
            island.busy.push(number);
        }
        if island.stale {
            return false;
        }
        let has_room = |pipes: &[Pipe], route: &Route| route.shared.iter().all(|&pipe| pipes[pipe as usize].has_room());
        if route.shared.is_empty() {
            route.level = route.cap;
            return true;
        }
        if route.demand_at(route.level, classes) == route.demand {
            return true;
        }
        let mut alone = has_room(pipes, route);
        if alone {
            let before = route.used();
            route.level = route.cap;
            route.demand = route.demand_at(route.level, classes);
            let more = route.used() - before;
            for &pipe in &route.shared {
                pipes[pipe as usize].left -= more;
            }
            alone = has_room(pipes, route);
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
        route.shared = shared;
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
