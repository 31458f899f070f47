//! The clairvoyant bound: each layer's reads in each region, served as cheaply as hindsight can.
//!
//! The trial runs as under `cross-region-pull` (home storage is the same under every strategy), but its pulls take no
//! time and end up here: what a node's cache lacks is a read of those layers in the cluster's region. A region with the
//! repository's home in it reads for nothing; elsewhere the rule of [`clairvoyant`](crate::strategy::clairvoyant)
//! decides between holding and fetching, with the price weights of the model.

use std::collections::BTreeMap;

use crate::cloud::RegionId;
use crate::demand::Asked;
use crate::ledger::Item;
use crate::registry::Layer;
use crate::strategy::clairvoyant::{Read, Reads};
use crate::units::Time;

use super::Model;
use super::metering::Meters;

/// The reads of a trial.
pub(super) struct Bound<'a> {
    model: &'a Model,
    /// By layer and region.
    reads: BTreeMap<(u32, RegionId), Reads>,
}

impl<'a> Bound<'a> {
    pub fn new(model: &'a Model) -> Self {
        Bound { model, reads: BTreeMap::new() }
    }

    /// A node needs these layers now.
    pub fn read(&mut self, request: &Asked, layers: &[Layer], meters: &mut Meters) {
        let model = self.model;
        let cluster = &model.demand.clusters[usize::from(request.cluster.0)];
        let region = model.cloud.registry(cluster.registry).region;
        let home = model.cloud.registry(model.demand.repositories[request.repository.0 as usize].home);
        if home.region == region {
            return;
        }
        let (from, fetch) = model.bound.fetch[usize::from(region.0)];
        for layer in layers {
            let reads = self.reads.entry((layer.id, region)).or_default();
            match reads.read(request.at, |from, to| holding(model, region, from, to), fetch) {
                Read::Held(since) => {
                    meters.hold(cluster.registry, request.repository, layer.bytes, since, request.at);
                }
                Read::Fetch => {
                    let (repository, at) = (request.repository, request.at);
                    meters.transfer(Item::Copy, home.account, (from, region), repository, layer.bytes, at);
                }
            }
        }
    }
}

/// Weight of a byte held in a region from one moment to another, in the currency of the model's hints.
fn holding(model: &Model, region: RegionId, from: Time, to: Time) -> f64 {
    let weights = &model.bound.store[usize::from(region.0)];
    let mut from = from.max(Time::START);
    let mut sum = 0.0;
    while from < to {
        let month = model.calendar.month(from);
        // The last month has no successor in the run: everything after its start counts as it.
        let until = if month + 1 < weights.len() { model.calendar.month_starts[month + 1].min(to) } else { to };
        sum += weights[month] * (until - from).0 as f64;
        from = until;
    }
    sum
}
