//! A route: flows that cross the same pipes, and differ by their ceilings.
//!
//! Its flows rise together from nothing. Those of the classes with the lowest ceilings stop first, the others at the route's
//! *level*: what its own pipes allow (its *cap*), or what a shared pipe leaves it. So a route has one level, and the rate of
//! a class is its ceiling or the level, whichever is less.

use super::class::Class;
use crate::units::Time;

/// Flows with the same pipes: classes that differ by their ceilings.
#[derive(Debug)]
pub(super) struct Route {
    /// Ascending.
    pub(super) pipes: Vec<u32>,
    /// Capacity of the narrowest of its own pipes (bytes/s); infinite without any.
    pub(super) own: f64,
    pub(super) island: u32,
    /// All classes, by ascending ceiling.
    pub(super) ladder: Vec<(f64, u32)>,
    /// Classes that have flows, and perhaps some that had, by ascending ceiling.
    pub(super) busy: Vec<Rung>,
    /// Whether one of them has lost its flows.
    pub(super) emptied: bool,
    /// Whether its island lists it as having flows.
    pub(super) listed: bool,
    /// Whether flows came or went since it was settled, ...
    pub(super) touched: bool,
    /// ... whether any that their ceilings hold, or that are the first of their class to end, ...
    stirred: bool,
    /// ... and how many more came than went that the level holds.
    more_held: f64,
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
    /// What each of them gets (bytes/s); not a number, which equals no other, when it is to be set anew: as another flow is
    /// the first to end. Flows that climb come and go without that.
    pub(super) rate: f64,
    /// When the first of them ends.
    pub(super) next: Time,
    pub(super) class: u32,
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
    pub(super) fn new(pipes: Vec<u32>, island: u32) -> Route {
        Route {
            pipes,
            own: f64::INFINITY,
            island,
            ladder: Vec::new(),
            busy: Vec::new(),
            emptied: false,
            listed: false,
            touched: false,
            stirred: false,
            more_held: 0.0,
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

    /// Counts flows that come into a class, or leave it; its rate is set anew where that is so.
    pub(super) fn count(&mut self, rung: u32, change: f64, anew: bool) {
        let rung = &mut self.busy[rung as usize];
        let held = rung.ceiling > self.level;
        self.stirred |= anew || !held;
        self.more_held += if held { change } else { 0.0 };
        rung.flows += change;
        rung.rate = if anew { f64::NAN } else { rung.rate };
        self.emptied |= rung.flows == 0.0;
        self.flows += change;
    }

    /// Lists a class among those with flows.
    pub(super) fn list(&mut self, class: u32, classes: &mut [Class]) {
        let ceiling = classes[class as usize].ceiling;
        let place = self.busy.partition_point(|rung| rung.ceiling <= ceiling);
        self.busy.insert(place, Rung { ceiling, flows: 0.0, rate: f64::NAN, next: Time::NEVER, class });
        self.number_rungs(place, classes);
        self.stirred = true;
    }

    /// Whether those that came and went make a difference to a route of which nobody else wants anything: not where as many
    /// move on between classes that the level holds. Asked once for each settling.
    pub(super) fn is_stirred(&mut self) -> bool {
        std::mem::take(&mut self.stirred) | (std::mem::take(&mut self.more_held) != 0.0)
    }

    /// Unlists the classes without flows.
    pub(super) fn unlist(&mut self, classes: &mut [Class]) {
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
    pub(super) fn demand_at(&self, level: f64) -> Demand {
        let mut demand = Demand::default();
        for rung in &self.busy {
            demand.add(rung, level);
        }
        demand
    }

    /// Works out what its own pipes allow each flow: they rise together until these are full.
    pub(super) fn cap(&self) -> f64 {
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
