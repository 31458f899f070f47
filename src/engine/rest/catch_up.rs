//! Catching up with a node: each of its pulls at its own moment, in their order.

use crate::demand::{Cluster, ClusterId, PullAtRate, Request, Until};
use crate::units::{Span, Time};

use super::super::calls::LOGIN;
use super::super::pulls::Pull;
use super::super::run::{Node, Trial};
use super::{Ask, Desk, Usual};

impl Trial<'_> {
    /// A pull of a resting node has come up.
    pub fn wake(&mut self, pull: &PullAtRate) {
        self.rouse_until(pull.cluster, pull.node, Until::pull(pull));
    }

    /// A resting node does something that is not usual.
    pub fn rouse(&mut self, cluster: ClusterId, node: u32) {
        self.rouse_until(cluster, node, Until::moment(self.now));
    }

    /// Catches up with a node where it matters now what it pulled before: if it must log in, or keeps nothing, so that its
    /// pulls take each other's places. Which images it used last is looked up when one must go ([`Trial::admit`]).
    fn rouse_until(&mut self, cluster: ClusterId, node: u32, until: Until) {
        let Some(Some(desk)) = self.rest.desks.get(usize::from(cluster.0)) else { return };
        let login = self.nodes[usize::from(cluster.0)][node as usize].login;
        if desk.forgetful || login <= self.now && self.bound.is_none() {
            self.catch_up_until(cluster, node, until);
        }
    }

    /// Catches up with a node until now.
    pub(super) fn catch_up(&mut self, cluster: ClusterId, node: u32) {
        self.catch_up_until(cluster, node, Until::moment(self.now));
    }

    /// Catches up with one place of a node until now, or with all of it where one place is not without the others.
    pub(super) fn catch_up_place(&mut self, cluster: ClusterId, node: u32, place: u32) {
        let Some(Some(desk)) = self.rest.desks.get(usize::from(cluster.0)) else { return };
        let login = self.nodes[usize::from(cluster.0)][node as usize].login;
        match desk.forgetful || login < self.now && self.bound.is_none() {
            true => self.catch_up(cluster, node),
            false => self.serve_warm(cluster, node, Until::moment(self.now), Some(place)),
        }
    }

    fn catch_up_until(&mut self, cluster: ClusterId, node: u32, until: Until) {
        match &self.rest.desks[usize::from(cluster.0)] {
            Some(Desk { forgetful: true, .. }) => self.catch_up_cold(cluster, node, until),
            Some(_) => self.catch_up_warm(cluster, node, until),
            None => {}
        }
    }

    /// Pulls of images that the node has.
    fn catch_up_warm(&mut self, cluster: ClusterId, node: u32, until: Until) {
        // The first pull after its login is over logs in again.
        while self.bound.is_none() {
            let login = self.nodes[usize::from(cluster.0)][node as usize].login;
            if until.ends_by(login) {
                break;
            }
            self.serve_warm(cluster, node, until.and(login), None);
            let Some((at, place)) = self.source.first_pull(cluster, node, until) else { return };
            let Some(desk) = &self.rest.desks[usize::from(cluster.0)] else { return };
            self.series.login(desk.nodes[node as usize][place as usize].registry, at);
            self.nodes[usize::from(cluster.0)][node as usize].login = at + LOGIN;
        }
        self.serve_warm(cluster, node, until, None);
    }

    /// Pulls of images that the node has while it need not log in, of all its places or of one.
    fn serve_warm(&mut self, cluster: ClusterId, node: u32, until: Until, only: Option<u32>) {
        let Some(desk) = &mut self.rest.desks[usize::from(cluster.0)] else { return };
        let places = &mut desk.nodes[node as usize];
        let cache = &mut self.nodes[usize::from(cluster.0)][node as usize].cache;
        let (series, seen, asks) = (&mut self.series, &mut self.seen, self.bound.is_none());
        let mut pulls = 0;
        self.source.catch_up(cluster, node, until, only, |listed, moments| {
            let place = &mut places[listed as usize];
            let (mut count, mut last) = (0, place.last);
            let mut ask = asks.then(|| series.manifests(place.registry));
            for at in moments {
                if let Some(ask) = &mut ask {
                    ask(at);
                }
                seen.note_pull(place.key, at);
                (count, last) = (count + 1, at);
            }
            if count > 0 {
                (place.pulls, place.last) = (place.pulls + count, last);
                place.found.into_iter().for_each(|found| cache.use_again(found, last));
                pulls += u64::from(count);
            }
        });
        self.outcome.events += pulls;
    }

    /// Pulls of a node that keeps nothing: each downloads all, when a place on the node is free.
    fn catch_up_cold(&mut self, cluster: ClusterId, node: u32, until: Until) {
        let now = self.now;
        let config = &self.model.demand.clusters[usize::from(cluster.0)];
        let calendar = &self.model.calendar;
        // What ends later is metered on its own, in another day.
        let last = Time(now.0.min(calendar.end.0) - 1);
        let day_end = if now > Time::START { calendar.day_end(calendar.day(last)) } else { Time::START };
        let day_end = day_end.min(calendar.end);
        let Some(desk) = &mut self.rest.desks[usize::from(cluster.0)] else { return };
        let (places, asks) = (&mut desk.nodes[node as usize], &desk.asks);
        let Node { slots, login, .. } = &mut self.nodes[usize::from(cluster.0)][node as usize];
        let (series, seen) = (&mut self.series, &mut self.seen);
        let (pulls, mut longest) = (&mut self.rest.pulls, Span::ZERO);
        pulls.clear();
        self.source.catch_up(cluster, node, until, None, |listed, moments| {
            let begin = pulls.len();
            while let Some((at, position)) = moments.next_with_position() {
                pulls.push((position.to_bits(), listed, at));
            }
            let ask = asks[places[listed as usize].slot as usize].as_ref().filter(|_| pulls.len() > begin);
            longest = longest.max(ask.map_or(Span::ZERO, |ask| ask.usual.holds()));
        });
        self.outcome.events += pulls.len() as u64;
        // Only where they take each other's places does their order matter.
        let may_queue = self.rest.crowd.may_queue(pulls, longest, slots);
        if may_queue {
            self.rest.order.sort(pulls, |(position, ..)| f64::from_bits(*position));
        }
        let mut odd = Vec::new();
        for &(_, listed, at) in pulls.iter() {
            let place = &mut places[listed as usize];
            seen.note_pull(place.key, at);
            let Some(Ask { usual: Usual { opening, cold: Some((layers, price)) }, .. }) = &asks[place.slot as usize]
            else {
                continue;
            };
            place.pulls += 1;
            place.last = place.last.max(at);
            let free = if may_queue { earliest(slots, at) } else { 0 };
            let begins = if may_queue { at.max(slots[free]) } else { at };
            if begins >= now && begins > at {
                odd.push(Odd { listed, at, begins: None });
                continue;
            }
            if may_queue && *login <= begins {
                *login = begins + LOGIN;
                series.login(place.registry, begins);
            }
            series.count_calls(place.registry, begins, *layers);
            let ends = begins + *opening + price.took;
            let until = ends + price.unpack;
            if may_queue {
                slots[free] = until;
            } else if until > now {
                let free = earliest(slots, now);
                slots[free] = until;
            }
            if begins > at || ends >= day_end {
                odd.push(Odd { listed, at, begins: Some(begins) });
                place.queued += u32::from(begins > at);
                place.metered += 1;
            } else {
                series.spread(place.registry, begins, price.took, price.bytes);
            }
        }
        if !may_queue {
            while let Some((_, listed, at)) = pulls.iter().filter(|(.., at)| *at >= *login).min() {
                *login = *at + LOGIN;
                series.login(places[*listed as usize].registry, *at);
            }
        }
        for pull in odd {
            self.catch_up_odd(cluster, node, config, pull);
        }
    }

    /// A pull that had to queue on its node, or whose bytes are still moving when the day ends.
    fn catch_up_odd(&mut self, cluster: ClusterId, node: u32, config: &Cluster, Odd { listed, at, begins }: Odd) {
        let measured = self.meters.measured(at);
        let Some(desk) = &mut self.rest.desks[usize::from(cluster.0)] else { return };
        let place = &mut desk.nodes[node as usize][listed as usize];
        let Some(Ask { image, tag, asks: Some((registry, Some(shelf))), usual, .. }) = &desk.asks[place.slot as usize]
        else {
            return;
        };
        let (registry, shelf, repository) = (*registry, *shelf, config.runs[place.slot as usize]);
        let Some(begins) = begins else {
            // It still queues: it goes on like any other.
            place.pulls -= 1;
            let (image, tag) = (image.clone(), tag.clone());
            let (moving, deploy, failover) = (false, false, None);
            let request =
                Request { at, cluster, node, repository, image: image.clone(), tag, moving, deploy, failover };
            self.outcome.pulls += u64::from(measured);
            self.world.note_pull(shelf, image.id, at, 0);
            let mut pull = Pull::new(request, config.backoff_first, (measured, false), at);
            pull.found(registry, image, at);
            let id = self.pulls.insert(pull);
            self.nodes[usize::from(cluster.0)][node as usize].queue.push_back(id);
            self.wake_node(cluster, node);
            return;
        };
        let Some((_, price)) = usual.cold else { return };
        let (parts, flows) = (usual.parts(begins - at), begins + usual.opening);
        if begins > at && measured {
            self.times.record_of(cluster, repository, parts, 1);
            self.probes.pulls(cluster, repository, tag, Some(parts.total()), 1);
        }
        self.moved_from(registry, cluster, repository, (begins, flows, price.took), price.bytes);
    }
}

/// A pull of a node that keeps nothing which is not like the others.
struct Odd {
    listed: u32,
    at: Time,
    /// When its place on the node was free; `None` = not yet.
    begins: Option<Time>,
}

/// A place that is free at this moment, or the one that is free next.
fn earliest(slots: &[Time], at: Time) -> usize {
    let free = slots.iter().position(|free| *free <= at);
    free.unwrap_or_else(|| (0..slots.len()).min_by_key(|slot| slots[*slot]).unwrap_or(0))
}
