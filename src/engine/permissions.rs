//! What a copy is not allowed to do: registry policies, regions that are not enabled, permissions that a fault takes.

use crate::cloud::{AccountId, RegistryId};
use crate::registry::{CreatedBy, policy};
use crate::strategy::behaviour::Copy;

use super::outcome::Cause;
use super::run::Trial;

impl Trial<'_> {
    /// Why a copy may not be made (A31, A32, A37); one within an account needs no permission of a policy (A30).
    pub fn forbidden(&self, order: &Copy, by: CreatedBy) -> Option<Cause> {
        let cloud = &self.model.cloud;
        let (from, to) = (cloud.registry(order.from), cloud.registry(order.to));
        let settings = |registry: RegistryId| &self.model.registries[usize::from(registry.0)];
        if !settings(order.from).region_enabled || !settings(order.to).region_enabled {
            return Some(Cause::RegionDisabled);
        }
        let lacks = |action| self.world.hazards.lacks(order.to, action);
        if by == CreatedBy::Cache || order.runner.is_some() {
            // Fetches and jobs act for the destination's own account: only a fault takes their permissions.
            let action = if by == CreatedBy::Cache { policy::IMPORT_UPSTREAM_IMAGE } else { policy::PUT_IMAGE };
            return lacks(action).then_some(Cause::NotAllowed);
        }
        if from.account == to.account {
            return None;
        }
        let repository = &self.model.demand.repositories[order.repository.0 as usize].name;
        let name = order.name.as_deref().unwrap_or(repository);
        let owner = |account: AccountId| cloud.accounts[usize::from(account.0)].id.as_str();
        let arn = policy::repository_arn(cloud.partition(to.region), cloud.region(to.region), owner(to.account), name);
        let allows = |action| settings(order.to).policy.allows(owner(from.account), action, &arn) && !lacks(action);
        if !allows(policy::REPLICATE_IMAGE) {
            return Some(Cause::NotAllowed);
        }
        let is_there = self.world.find(order.to, order.repository).is_some();
        (!is_there && !allows(policy::CREATE_REPOSITORY)).then_some(Cause::CannotCreate)
    }
}
