//! Pipes, the routes over them, and the islands that they form.
//!
//! A *route* is a set of pipes that flows cross together. Most pipes are crossed by one route only, and what such an *own*
//! pipe allows each flow depends on that route's flows alone; the narrowest of them is all that counts. *Shared* pipes make
//! one route's flows depend on another's: routes that are connected by them, directly or over others, are an *island*, and
//! no event changes a rate on another island.

use std::collections::HashMap;

use super::NOWHERE;
use super::class::Class;
use super::route::{Rise, Route};

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

/// What comes of a route whose flows came or went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Settled {
    /// All rates are as before, and the same flows are the first to end.
    AsBefore,
    /// It has its level; the rates of its classes are to be set.
    Alone,
    /// Its island is to be filled.
    Not,
}

/// All pipes, routes (and what fillings know of them), classes and islands.
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

    /// Works out the level of a route whose flows came or went, if that is nobody else's business: if its shared pipes have
    /// room before and after, or if it asks the same of them as before. Otherwise its island is marked.
    pub(super) fn settle_alone(&mut self, number: u32) -> Settled {
        let (route, pipes) = (&mut self.routes[number as usize], &mut self.pipes);
        let shared = &self.rises[number as usize].pipes;
        let island = &mut self.islands[route.island as usize];
        route.touched = false;
        let stirred = route.is_stirred();
        if std::mem::take(&mut route.emptied) {
            route.unlist(&mut self.classes);
        }
        if !std::mem::replace(&mut route.listed, true) {
            island.busy.push(number);
        }
        if !stirred && shared.is_empty() && !island.stale {
            return Settled::AsBefore;
        }
        route.cap = route.cap();
        if island.stale {
            return Settled::Not;
        }
        let has_room = |pipes: &[Pipe]| shared.iter().all(|&pipe| pipes[pipe as usize].has_room());
        if shared.is_empty() {
            route.level = route.cap;
            return Settled::Alone;
        }
        if route.demand_at(route.level) == route.demand {
            return if stirred { Settled::Alone } else { Settled::AsBefore };
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
        if alone { Settled::Alone } else { Settled::Not }
    }

    /// Notes that an island was filled, and unlists its routes without flows.
    pub(super) fn filled(&mut self, island: u32) {
        let island = &mut self.islands[island as usize];
        island.stale = false;
        island.busy.retain(|&route| {
            let route = &mut self.routes[route as usize];
            route.listed = !route.busy.is_empty();
            route.listed
        });
    }

    /// Notes that a flow came into a class, whose rate is perhaps to be set anew by that.
    pub(super) fn came(&mut self, class: u32, anew: bool) {
        let (routes, classes) = (&mut self.routes, &mut self.classes);
        let number = classes[class as usize].route;
        let route = &mut routes[number as usize];
        if classes[class as usize].rung == NOWHERE {
            route.list(class, classes);
        }
        route.count(classes[class as usize].rung, 1.0, anew);
        self.touch(number);
    }

    /// Notes that a flow left a class, whose rate is perhaps to be set anew by that.
    pub(super) fn left(&mut self, class: u32, anew: bool) {
        let class = &self.classes[class as usize];
        let number = class.route;
        self.routes[number as usize].count(class.rung, -1.0, anew);
        self.touch(number);
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

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: f64 = f64::INFINITY;

    /// Settles all that was touched; tells the routes that did so alone, and fills nothing.
    fn alone(layout: &mut Layout) -> Vec<u32> {
        let touched = std::mem::take(&mut layout.touched);
        touched.into_iter().filter(|&route| layout.settle_alone(route) != Settled::Not).collect()
    }

    /// Pretends that islands were filled.
    fn fill(layout: &mut Layout) {
        while let Some(island) = layout.stale.pop() {
            crate::network::filling::fill(layout, island, &mut Vec::new());
            for &route in &layout.islands[island as usize].busy.clone() {
                let route = &mut layout.routes[route as usize];
                route.demand = route.demand_at(route.level);
            }
            layout.filled(island);
        }
    }

    #[test]
    fn a_route_settles_alone_while_shared_pipes_have_room() {
        let mut layout = Layout::default();
        let (own, shared) = (layout.pipe(10.0), layout.pipe(100.0));
        let class = layout.class([own, shared].into_iter(), NONE);
        let other = layout.class([shared].into_iter(), 60.0);
        layout.came(class, true);
        assert!(alone(&mut layout).is_empty());
        fill(&mut layout);
        // Another flow on its own pipe, which is full: both get half of it, and the shared pipe notices nothing.
        layout.came(class, true);
        assert_eq!(alone(&mut layout), [0]);
        assert_eq!((layout.routes[0].level, layout.pipes[shared as usize].left), (5.0, 90.0));
        layout.came(other, true);
        assert_eq!(alone(&mut layout), [1]);
        assert_eq!(layout.pipes[shared as usize].left, 30.0);
        // This one fills the shared pipe.
        layout.came(other, true);
        assert!(alone(&mut layout).is_empty());
        fill(&mut layout);
        assert_eq!((layout.routes[0].level, layout.routes[1].level), (5.0, 45.0));
        // One for another changes nothing, full or not; one less is good for all.
        layout.came(other, true);
        layout.left(other, true);
        assert_eq!(alone(&mut layout), [1]);
        layout.left(other, true);
        assert!(alone(&mut layout).is_empty());
    }

    #[test]
    fn a_flow_that_grows_where_its_ceiling_does_not_hold_it_back_changes_nothing() {
        let mut layout = Layout::default();
        let (first, shared) = (layout.pipe(50.0), layout.pipe(30.0));
        let low = layout.class([first, shared].into_iter(), 20.0);
        let high = layout.class([first, shared].into_iter(), 40.0);
        let other = layout.class([shared].into_iter(), NONE);
        for class in [low, other] {
            layout.came(class, true);
        }
        assert!(alone(&mut layout).is_empty());
        fill(&mut layout);
        layout.left(low, true);
        layout.came(high, true);
        assert_eq!(alone(&mut layout), [0]);
        assert_eq!(layout.routes[0].level, 15.0);
    }

    #[test]
    fn a_pipe_is_shared_from_the_second_route_on() {
        let mut layout = Layout::default();
        let pipes = [layout.pipe(10.0), layout.pipe(20.0), layout.pipe(30.0)];
        let class = layout.class([pipes[1], pipes[0], pipes[1]].into_iter(), NONE);
        assert_eq!(layout.class([pipes[0], pipes[1]].into_iter(), NONE), class);
        assert_eq!((layout.routes[0].own, layout.rises[0].pipes.len()), (10.0, 0));
        let other = layout.class([pipes[2], pipes[0]].into_iter(), NONE);
        assert_ne!(layout.classes[class as usize].route, layout.classes[other as usize].route);
        assert_eq!(
            layout.routes.iter().map(|route| (route.own, route.island)).collect::<Vec<_>>(),
            [(20.0, 0), (30.0, 0)]
        );
        assert!(layout.rises.iter().all(|rise| rise.pipes == [pipes[0]]));
    }
}
