//! Names and moments in words.

use jiff::{SignedDuration, Timestamp};

use crate::cloud::RegistryId;
use crate::demand::ClusterId;
use crate::scenario::Scenario;
use crate::units::Time;

/// Says what ids and moments of a scenario are.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    scenario: &'a Scenario,
    start: Timestamp,
}

impl<'a> Words<'a> {
    pub fn new(scenario: &'a Scenario) -> Words<'a> {
        let start = scenario.model.calendar.start.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        Words { scenario, start }
    }

    /// RFC 3339 in UTC, to the millisecond.
    pub fn moment(&self, at: Time) -> String {
        let moment = self.start.checked_add(SignedDuration::from_nanos(at.0));
        // What no calendar can name is told by its distance.
        moment.map_or_else(|_| format!("{} s", at.seconds()), |moment| format!("{moment:.3}"))
    }

    /// `prod/eu-west-1`, or the region alone.
    pub fn place(&self, registry: RegistryId) -> String {
        self.scenario.model.cloud.registry_name(registry)
    }

    /// The name of a cluster.
    pub fn cluster(&self, cluster: ClusterId) -> &'a str {
        &self.scenario.model.demand.clusters[usize::from(cluster.0)].name
    }

    /// The region of a cluster's nodes.
    pub fn region_of(&self, cluster: ClusterId) -> &'a str {
        let cloud = &self.scenario.model.cloud;
        cloud.region(cloud.registry(self.scenario.model.demand.clusters[usize::from(cluster.0)].registry).region)
    }
}
