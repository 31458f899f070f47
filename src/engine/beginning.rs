//! The beginning of a trial: what is there, and what is known to come.

use std::collections::BTreeSet;

use crate::demand::ClusterId;
use crate::units::{DAY, Time};

use super::run::{Event, Node, Trial, order};

impl Trial<'_> {
    /// Puts the world as it stands when the run begins.
    pub fn begin(&mut self, may_rest: bool) {
        for (index, cluster) in self.model.demand.clusters.iter().enumerate() {
            let count = self.source.nodes(ClusterId(index as u16));
            self.nodes.push((0..count).map(|_| Node::new(cluster.cache, cluster.parallel_images)).collect());
        }
        for id in self.world.shelf_ids() {
            self.schedule_upkeep(id);
        }
        for push in self.source.existing() {
            if !self.store_push(&push) {
                continue;
            }
            let mut placed = BTreeSet::new();
            for component in &mut self.components {
                placed.extend(component.behaviour.on_existing(&push, &self.world));
            }
            for registry in placed {
                self.place(registry, &push);
            }
        }
        for warm in self.source.initial() {
            self.admit(warm.cluster, warm.node, &warm.image);
        }
        let mut actions = Vec::new();
        for index in 0..self.components.len() {
            self.components[index].behaviour.on_begin(&self.world, &mut actions);
            self.execute(index, &mut actions);
        }
        let days = |day: &i64| Time(self.model.calendar.first_day.0 - day * DAY);
        let warm_up = (0..).map(|day| days(&day)).take_while(|end| *end > self.now).filter(|end| *end < Time::START);
        for end in warm_up.chain((self.now < Time::START).then_some(Time::START)).collect::<Vec<_>>() {
            self.queue.push(end, order::DAY_END, Event::WarmUpDayEnd);
        }
        for day in 0..self.model.calendar.days.len() {
            let end = self.model.calendar.day_end(day).min(self.model.calendar.end);
            self.queue.push(end, order::DAY_END, Event::DayEnd(day));
        }
        for (index, strike) in self.world.hazards.strikes().iter().enumerate() {
            self.queue.push(strike.from, order::FAULT, Event::Fault(index, true));
            // Also after the end of the period: what is under way then is followed until it is done.
            if strike.until < Time::NEVER {
                self.queue.push(strike.until, order::FAULT, Event::Fault(index, false));
            }
        }
        self.let_rest(may_rest);
    }
}
