//! The end of a trial: the books are closed.

use crate::cloud::RegistryId;
use crate::ledger::{Item, Ledger};
use crate::strategy::{Kind, Strategy};
use crate::units::Time;

use super::metering::Meters;
use super::run::Trial;
use super::{Model, Outcome};

impl Trial<'_> {
    /// Hands over what the trial leaves behind.
    pub fn close(mut self, strategy: &Strategy) -> Outcome {
        let end = self.model.calendar.end;
        self.outcome.demand_hash = self.seen.value();
        self.recoveries.cut_short(self.source.unfinished());
        for id in self.world.shelf_ids() {
            let counts = self.world.shelf_mut(id).close(&mut self.meters, end);
            if counts.pulls > 0 || counts.copies > 0 {
                self.outcome.by_repository.push(counts);
            }
        }
        self.outcome.by_repository.sort_by_key(|counts| (counts.repository, counts.registry));
        self.kept_for_the_scenario();
        let kinds = std::iter::once(&strategy.kind).chain(strategy.exceptions.iter().map(|exception| &exception.kind));
        for kind in kinds {
            if let Kind::ScheduledCopy(job) = kind {
                let seat = self.world.homes().first().copied().unwrap_or(RegistryId(0));
                toil(&mut self.meters, self.model, job.toil_hours, seat);
            }
        }
        for index in 0..self.lanes.len() {
            self.lanes[index].close(&mut self.meters, end);
        }
        self.outcome.pull_times = self.times.close();
        self.outcome.series = self.series.close();
        let stored = self.outcome.series.iter().filter_map(|daily| daily.stored.last());
        self.outcome.stored_bytes_end = stored.fold(0, |sum, bytes| sum.saturating_add(*bytes));
        self.outcome.probes = self.probes.close();
        self.outcome.strikes = self.recoveries.close();
        let ledger = self.meters.close();
        self.outcome.stored_in = stored_in(&ledger);
        self.outcome.ledger = ledger;
        self.outcome
    }

    /// NAT gateways and interface endpoints that the scenario keeps.
    fn kept_for_the_scenario(&mut self) {
        let (begin, end) = (Time::START, self.model.calendar.end);
        for cluster in &self.model.demand.clusters {
            for (item, count) in [(Item::NatHours, cluster.nat_gateways), (Item::EndpointHours, cluster.endpoints)] {
                if count > 0 {
                    self.meters.hours(item, cluster.registry, begin, end, (u128::from(count), 1));
                }
            }
        }
    }
}

/// (repository, region) pairs that stored a byte.
fn stored_in(ledger: &Ledger) -> Vec<(u32, u16)> {
    let mut pairs: Vec<(u32, u16)> = ledger
        .by_repository()
        .filter(|(key, _)| matches!(key.item, Item::Storage | Item::Archive))
        .flat_map(|(key, shares)| shares.map(move |(repository, ..)| (repository, key.region.0)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// People's hours a month, day by day.
fn toil(meters: &mut Meters, model: &Model, hours: f64, seat: RegistryId) {
    if hours <= 0.0 {
        return;
    }
    let worked = libm::round(hours * crate::units::HOUR as f64) as u128;
    for month in 0..model.calendar.months.len() {
        let (from, to) = (model.calendar.month_starts[month], model.calendar.month_starts[month + 1]);
        meters.hours(Item::People, seat, from, to, (worked, model.calendar.month_length(month) as u128));
    }
}
