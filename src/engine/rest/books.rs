//! The books of resting nodes: what was caught up with is written down for many pulls at once, at the end of each day at the
//! latest, and the day is asked whether a quota may have bound.

use crate::cloud::RegistryId;
use crate::demand::{ClusterId, PathKind};
use crate::ledger::Item;
use crate::registry::quota::Call;
use crate::units::{Span, Time};

use super::super::run::Trial;

impl Trial<'_> {
    /// All nodes are caught up with and their pulls written down: a day ends, or the period begins.
    pub fn close_day(&mut self) {
        for (id, cluster) in (0u16..).map(ClusterId).zip(&self.model.demand.clusters) {
            if !self.rests(id) {
                continue;
            }
            for node in 0..cluster.nodes {
                self.catch_up(id, node);
                let count = self.source.runs(id, node).len() as u32;
                (0..count).for_each(|place| self.write_down(id, node, place));
                // A pull that queues has come up again.
                self.plan(id, node);
            }
            self.source.forget(id, self.now);
        }
        for registry in (0..self.model.cloud.registries.len() as u16).map(RegistryId) {
            let Some(peaks) = self.series.close_seconds(registry, self.now) else { continue };
            let quota = |call: Call| self.model.service.quotas[call as usize];
            let within = |calls: u32, call| calls < u32::MAX && f64::from(calls) * 2.0 <= quota(call);
            self.rest.quota_reached |= !(within(peaks.manifest, Call::BatchGetImage)
                && within(peaks.download, Call::GetDownloadUrlForLayer)
                && within(peaks.login, Call::GetAuthorizationToken));
        }
    }

    /// Writes down the pulls of a place that are not in the books yet. All of them are of the day that ends now or later.
    pub(super) fn write_down(&mut self, cluster: ClusterId, node: u32, place: u32) {
        let Some(desk) = &mut self.rest.desks[usize::from(cluster.0)] else { return };
        let place = &mut desk.nodes[node as usize][place as usize];
        let (pulls, queued, metered) = (u64::from(place.pulls), u64::from(place.queued), u64::from(place.metered));
        (place.pulls, place.queued, place.metered) = (0, 0, 0);
        let Some(ask) = desk.asks[place.slot as usize].as_ref().filter(|_| pulls > 0) else { return };
        let config = &self.model.demand.clusters[usize::from(cluster.0)];
        let repository = config.runs[place.slot as usize];
        let before = Time(self.now.0 - 1);
        let measured = self.meters.measured(before);
        self.outcome.pulls += if measured { pulls } else { 0 };
        let Some((registry, shelf)) = ask.asks else { return };
        if let Some(shelf) = shelf {
            self.world.note_pull(shelf, ask.digest.image, place.last, if measured { pulls } else { 0 });
        }
        if !measured {
            return;
        }
        self.series.served(registry, before, pulls);
        let (parts, alike) = (ask.usual.parts(Span::ZERO), pulls - queued);
        match ask.usual.cold {
            None => self.times.record(cluster, registry, parts, alike),
            Some((_, price)) => {
                self.outcome.pulls_cold += pulls;
                self.times.record_of(cluster, repository, parts, alike);
                let here = self.model.cloud.registry(config.registry);
                let there = self.model.cloud.registry(registry);
                let path = if here.region == there.region { config.path.local } else { config.path.remote };
                let bytes = u128::from(price.bytes) * u128::from(pulls - metered);
                self.series.egress_of_day(registry, before, u64::try_from(bytes).unwrap_or(u64::MAX));
                self.meters.transfer(Item::Pull, there.account, (there.region, here.region), repository, bytes, before);
                if path == PathKind::Nat {
                    self.meters.nat(here.account, there.region, here.region, repository, bytes, before);
                }
            }
        }
        self.probes.pulls(cluster, repository, &ask.tag, Some(parts.total()), alike);
    }
}
