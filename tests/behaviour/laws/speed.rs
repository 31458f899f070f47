//! Nothing is faster than the narrowest thing that it passes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use replisim::cloud::{RegionId, RegistryId};
use replisim::engine::journal::Entry;
use replisim::strategy::Kind;
use replisim::units::Time;

use super::diary::{Diary, diaries};
use super::drawn::{self, Scope};
use super::{fixed, scenario};

/// Something that flows share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pipe {
    Pair(RegionId, RegionId),
    Egress(RegistryId),
}

/// Bytes that moved between two moments, and what they passed.
struct Transfer {
    bytes: u64,
    from: Time,
    to: Time,
    pipes: Vec<Pipe>,
    /// Bytes a second of what is its own: its connections, its node's link.
    own: f64,
    what: String,
}

/// Capacity of a shared pipe, in bytes a second of goodput.
fn capacity(diary: &Diary, pipe: Pipe) -> f64 {
    let links = &diary.model.cloud.links;
    let rate = match pipe {
        Pipe::Pair(from, to) => links.pair_limit[usize::from(from.0)][usize::from(to.0)].0,
        Pipe::Egress(registry) => {
            let limit = links.registry_egress[usize::from(registry.0)].0;
            match &diary.strategy.kind {
                Kind::Centralized(central) if central.registry == registry => limit.min(central.egress.0),
                _ => limit,
            }
        }
    };
    rate * links.efficiency
}

/// What one connection can carry over a distance.
fn connection(diary: &Diary, from: RegionId, to: RegionId) -> f64 {
    let links = &diary.model.cloud.links;
    let rtt = diary.model.cloud.rtt(from, to).0 as f64 / 1e9;
    match links.stream_window {
        Some(window) if rtt > 0.0 => (window.0 as f64 / rtt).min(links.stream_max.0),
        _ => links.stream_max.0,
    }
}

fn transfers(diary: &Diary) -> Vec<Transfer> {
    let cloud = &diary.model.cloud;
    let region = |registry: RegistryId| cloud.registry(registry).region;
    let mut begun = BTreeMap::new();
    let mut found = Vec::new();
    for (at, entry) in &diary.entries {
        match entry {
            Entry::CopyBegun { copy, bytes } => {
                begun.insert(copy.id, (*at, *bytes));
            }
            Entry::CopyMoved { copy, bytes, cut } => {
                let (from, own) = begun[&copy.id];
                let via = region(copy.runner.unwrap_or(copy.to));
                let mut legs = vec![(region(copy.from), via)];
                legs.extend(copy.runner.map(|_| (via, region(copy.to))));
                let stream = legs.iter().map(|leg| connection(diary, leg.0, leg.1)).fold(f64::INFINITY, f64::min);
                let mut pipes: Vec<Pipe> = legs.iter().map(|leg| Pipe::Pair(leg.0, leg.1)).collect();
                pipes.push(Pipe::Egress(copy.from));
                let parallel = f64::from(cloud.links.client.parallel_layers);
                // What a failed attempt moved is metered and takes no time of its own.
                let bytes = if *cut { *bytes } else { own };
                found.push(Transfer { bytes, from, to: *at, pipes, own: stream * parallel, what: format!("{copy:?}") });
            }
            Entry::PullMoved { pull, registry, bytes, times } => {
                let cluster = &diary.model.demand.clusters[usize::from(pull.cluster.0)];
                let (from, to) = (region(*registry), region(cluster.registry));
                let parallel = connection(diary, from, to) * f64::from(cluster.parallel_layers);
                let own = parallel.min(cluster.node_bandwidth.0 * cloud.links.efficiency);
                let pipes = vec![Pipe::Pair(from, to), Pipe::Egress(*registry)];
                found.push(Transfer {
                    bytes: *bytes,
                    from: times.0,
                    to: times.1,
                    pipes,
                    own,
                    what: format!("{pull:?}"),
                });
            }
            _ => {}
        }
    }
    found.retain(|transfer| transfer.bytes > 0);
    found
}

/// A window in which more passed a pipe than it can carry.
fn overfull(transfers: &[&Transfer], capacity: f64) -> Option<String> {
    let mut by_end = transfers.to_vec();
    by_end.sort_by_key(|transfer| transfer.to);
    for first in transfers {
        let (mut bytes, mut inside) = (0u128, 0);
        for transfer in by_end.iter().filter(|transfer| transfer.from >= first.from) {
            bytes += u128::from(transfer.bytes);
            inside += 1;
            let seconds = (transfer.to - first.from).0 as f64 / 1e9;
            // Completions are told in whole nanoseconds.
            let most = capacity * (seconds + 1e-9 * f64::from(inside)) * (1.0 + 1e-9) + f64::from(inside);
            if bytes as f64 > most {
                return Some(format!("{bytes} B in {seconds} s from {:?}: {}", first.from, first.what));
            }
        }
    }
    None
}

proptest! {
    #![proptest_config(fixed(48))]

    /// Why: a transfer that beats its node's link, its connections or a link that it shares with others would make every
    /// time in the report too good.
    #[test]
    fn no_transfer_is_faster_than_the_narrowest_thing_that_it_passes(text in drawn::scenario(Scope::ALL)) {
        for diary in diaries(&scenario(&text, &[])) {
            let transfers = transfers(&diary);
            let mut shared: BTreeMap<Pipe, Vec<&Transfer>> = BTreeMap::new();
            for transfer in &transfers {
                let seconds = (transfer.to - transfer.from).0 as f64 / 1e9;
                let narrowest = transfer.pipes.iter().map(|pipe| capacity(&diary, *pipe)).fold(transfer.own, f64::min);
                let most = narrowest * (seconds + 1e-9) * (1.0 + 1e-9) + 1.0;
                prop_assert!(
                    transfer.bytes as f64 <= most,
                    "{} B in {seconds} s, at {narrowest} B/s: {}\n{text}", transfer.bytes, transfer.what
                );
                for pipe in &transfer.pipes {
                    shared.entry(*pipe).or_default().push(transfer);
                }
            }
            for (pipe, transfers) in shared {
                let capacity = capacity(&diary, pipe);
                if capacity.is_finite() {
                    let overfull = overfull(&transfers, capacity);
                    prop_assert!(overfull.is_none(), "{pipe:?} carries {}\n{text}", overfull.unwrap_or_default());
                }
            }
        }
    }
}
