//! Downloads with which nothing contends, worked out once for all nodes of a cluster that lack the same layers.
//!
//! After a push the nodes that run the image lack the same layers, one after the other, so the last download of each
//! repository is worth remembering. It holds as long as all that it was worked out from is the same.

use crate::demand::{Cluster, ClusterId, RepositoryId, Unpack};
use crate::registry::Layer;
use crate::units::{Bandwidth, Span};

use super::Model;
use super::downloads::{Downloads, Line};

/// What a download depends on besides its cluster.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub layers: Vec<Layer>,
    pub compression: f64,
    pub rtt: Span,
    /// Of one connection.
    pub ceiling: Bandwidth,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Price {
    pub took: Span,
    pub unpack: Span,
    pub bytes: u64,
}

/// The last download of each repository, by cluster.
pub(super) struct Prices {
    last: Vec<Vec<Option<(Wanted, Price)>>>,
    plain: bool,
}

impl Prices {
    /// Nothing has been downloaded yet.
    pub fn new(model: &Model) -> Prices {
        let last = vec![vec![None; model.demand.repositories.len()]; model.demand.clusters.len()];
        Prices { last, plain: model.plain }
    }

    /// What a download comes to, by `work` when it is not like the last one.
    pub fn of(
        &mut self,
        (cluster, repository): (ClusterId, RepositoryId),
        wanted: &Wanted,
        work: impl FnOnce(&Wanted) -> Price,
    ) -> Price {
        let last = &mut self.last[usize::from(cluster.0)][repository.0 as usize];
        match last {
            Some((known, price)) if known == wanted && !self.plain => *price,
            _ => {
                let price = work(wanted);
                *last = Some((wanted.clone(), price));
                price
            }
        }
    }
}

/// What a download with which nothing contends comes to.
pub(super) fn price(
    prices: &mut Prices,
    downloads: &mut Downloads,
    cluster: &Cluster,
    pair: (ClusterId, RepositoryId),
    line: &Line,
    wanted: &Wanted,
) -> Price {
    prices.of(pair, wanted, |wanted| {
        let sizes = sizes(&wanted.layers);
        let took = downloads.alone(line, &sizes, cluster.parallel_layers, cluster.node_bandwidth);
        let unpack = unpack_time(&cluster.unpack, &sizes, wanted.compression);
        Price { took, unpack, bytes: sizes.iter().sum() }
    })
}

/// Compressed sizes (bytes).
pub(super) fn sizes(layers: &[Layer]) -> Vec<u64> {
    layers.iter().map(|layer| layer.bytes).collect()
}

/// How long a node unpacks layers of these compressed sizes, in order, `parallel` at a time (theory A5: a rate that
/// falls when a burst of uncompressed bytes is spent, and an overhead per layer).
pub(super) fn unpack_time(unpack: &Unpack, sizes: &[u64], compression: f64) -> Span {
    let mut workers = vec![Span::ZERO; (unpack.parallel as usize).clamp(1, sizes.len().max(1))];
    let mut burst = unpack.burst.map_or(f64::INFINITY, |bytes| bytes as f64);
    for size in sizes {
        let bytes = *size as f64 * compression;
        let fast = bytes.min(burst);
        burst -= fast;
        // An unlimited rate takes no time.
        let seconds = fast / unpack.rate.0 + (bytes - fast) / unpack.then.0;
        let worker = workers.iter_mut().min().map(|worker| {
            *worker += unpack.layer_overhead + Span::from_seconds(seconds);
        });
        debug_assert!(worker.is_some(), "there is always a worker");
    }
    workers.into_iter().max().unwrap_or(Span::ZERO)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::worked_example;
    use super::*;

    /// The twin works out every download anew.
    #[test]
    fn what_is_remembered_is_what_would_be_worked_out() {
        let mut prices = Prices::new(&worked_example());
        let layer = |id, bytes| Layer { id, bytes };
        let base = Wanted {
            layers: vec![layer(1, 10), layer(2, 20)],
            compression: 2.0,
            rtt: Span::seconds(1),
            ceiling: Bandwidth(5.0),
        };
        let others = [
            Wanted { layers: vec![layer(2, 20)], ..base.clone() },
            Wanted { layers: vec![layer(1, 10), layer(3, 20)], ..base.clone() },
            Wanted { compression: 3.0, ..base.clone() },
            Wanted { rtt: Span::seconds(2), ..base.clone() },
            Wanted { ceiling: Bandwidth(6.0), ..base.clone() },
        ];
        let mut worked = 0;
        for other in others {
            for wanted in [&base, &base, &other] {
                let price = prices.of((ClusterId(1), RepositoryId(0)), wanted, |wanted| {
                    worked += 1;
                    Price { took: Span(worked), unpack: wanted.rtt, bytes: wanted.layers.len() as u64 }
                });
                assert_eq!(price, Price { took: Span(worked), unpack: wanted.rtt, bytes: wanted.layers.len() as u64 });
            }
        }
        assert_eq!(worked, 10, "the second of two alike is remembered, and nothing else");
    }
}
