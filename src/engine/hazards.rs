//! Faults as the engine meets them: who is down, which links are slow, which permissions are missing, at a moment.
//!
//! All strikes of a trial are known when it begins, so a transfer whose whole life no outage and no slow link touches
//! can still be priced in closed form; the others go event by event ([`Hazards::disturbs`]).

use crate::cloud::{Cloud, RegionId, RegistryId};
use crate::faults::{Fault, FaultKind, Strike};
use crate::units::{Span, Time};

use super::downloads::Legs;

/// The strikes of a trial.
pub(super) struct Hazards<'a> {
    cloud: &'a Cloud,
    faults: &'a [Fault],
    strikes: Vec<Strike>,
    /// Strikes that move or cut bytes: outages of regions and slow links.
    disturbing: Vec<Strike>,
    /// Those in force, by index.
    active: Vec<usize>,
}

impl<'a> Hazards<'a> {
    pub fn new(cloud: &'a Cloud, faults: &'a [Fault], strikes: Vec<Strike>) -> Self {
        let disturbs = |strike: &&Strike| {
            matches!(faults[strike.fault].kind, FaultKind::RegionOutage(_) | FaultKind::SlowLink { .. })
        };
        let disturbing = strikes.iter().filter(disturbs).copied().collect();
        Hazards { cloud, faults, strikes, disturbing, active: Vec::new() }
    }

    pub fn strikes(&self) -> &[Strike] {
        &self.strikes
    }

    /// The fault of a strike.
    pub fn fault(&self, strike: usize) -> &'a Fault {
        &self.faults[self.strikes[strike].fault]
    }

    pub fn begin(&mut self, strike: usize) {
        self.active.push(strike);
    }

    pub fn end(&mut self, strike: usize) {
        self.active.retain(|active| *active != strike);
    }

    /// Whether anything is wrong at the moment.
    pub fn any_in_force(&self) -> bool {
        !self.active.is_empty()
    }

    fn in_force(&self) -> impl Iterator<Item = (&'a FaultKind, Strike)> + '_ {
        self.active.iter().map(|strike| (&self.fault(*strike).kind, self.strikes[*strike]))
    }

    /// Until when a region is down; `None` = it is up.
    pub fn region_down(&self, region: RegionId) -> Option<Time> {
        let hits = |(kind, strike): (&FaultKind, Strike)| match kind {
            FaultKind::RegionOutage(down) if *down == region => Some(strike.until),
            _ => None,
        };
        self.in_force().filter_map(hits).max()
    }

    /// Until when calls to a registry fail; `None` = it answers.
    pub fn registry_down(&self, registry: RegistryId) -> Option<Time> {
        if self.active.is_empty() {
            return None;
        }
        let hits = |(kind, strike): (&FaultKind, Strike)| match kind {
            FaultKind::RegistryOutage(down) if *down == registry => Some(strike.until),
            _ => None,
        };
        self.in_force().filter_map(hits).max().max(self.region_down(self.cloud.registry(registry).region))
    }

    /// Share of a registry's quotas that is left.
    pub fn quota_share(&self, registry: RegistryId) -> f64 {
        let share = |(kind, _): (&FaultKind, Strike)| match kind {
            FaultKind::Throttling { registry: throttled, quota } if *throttled == registry => *quota,
            _ => 1.0,
        };
        self.in_force().map(share).product()
    }

    /// What is left of the bandwidth from one region to another, and what a round trip takes longer.
    pub fn link(&self, from: RegionId, to: RegionId) -> (f64, Span) {
        let mut left = (1.0, Span::ZERO);
        for (kind, _) in self.in_force() {
            if let FaultKind::SlowLink { bandwidth, extra_rtt, .. } = kind
                && slows(kind, from, to)
            {
                left = (left.0 * bandwidth, left.1 + *extra_rtt);
            }
        }
        left
    }

    /// Whether anything that moves or cuts bytes begins or ends on one of these legs after `from` and before `to`.
    pub fn disturbs(&self, legs: &Legs, from: Time, to: Time) -> bool {
        let inside = |at: Time| from < at && at < to;
        self.disturbing.iter().any(|strike| {
            let touches = |leg: &(RegionId, RegionId)| match &self.faults[strike.fault].kind {
                FaultKind::RegionOutage(region) => leg.0 == *region || leg.1 == *region,
                kind => slows(kind, leg.0, leg.1),
            };
            (inside(strike.from) || inside(strike.until)) && legs.iter().flatten().any(touches)
        })
    }

    /// Whether a permission is missing at a registry.
    pub fn lacks(&self, registry: RegistryId, action: &str) -> bool {
        self.in_force().any(|(kind, _)| match kind {
            FaultKind::MissingPermission { registry: at, lacks } => {
                *at == registry && lacks.iter().any(|lacked| lacked == action)
            }
            _ => false,
        })
    }

    /// Whether the jobs of a strategy stand still.
    pub fn job_stopped(&self, strategy: usize) -> bool {
        self.in_force().any(|(kind, _)| match kind {
            FaultKind::JobStopped { strategy: stopped } => stopped.is_none_or(|stopped| stopped == strategy),
            _ => false,
        })
    }

    /// Share of attempts to copy that fail at a moment, also one to come.
    pub fn copy_failures(&self, from: RegistryId, to: RegistryId, at: Time) -> f64 {
        let succeeds = |strike: &Strike| match &self.faults[strike.fault].kind {
            FaultKind::CopyFailures { from: source, to: destination, share }
                if source.is_none_or(|source| source == from)
                    && destination.is_none_or(|destination| destination == to)
                    && strike.from <= at
                    && at < strike.until =>
            {
                1.0 - share
            }
            _ => 1.0,
        };
        1.0 - self.strikes.iter().map(succeeds).product::<f64>()
    }
}

fn slows(kind: &FaultKind, from: RegionId, to: RegionId) -> bool {
    match kind {
        FaultKind::SlowLink { from: source, to: destination, .. } => {
            source.is_none_or(|source| source == from) && destination.is_none_or(|destination| destination == to)
        }
        _ => false,
    }
}
