//! `cross-region-pull`: images stay in their home registry; every cold pull crosses. The null strategy.

use crate::cloud::RegistryId;
use crate::demand::{Asked, RepositoryId};
use crate::units::Time;

use super::behaviour::{Behaviour, Route, View, resolve};

/// Every pull goes home.
pub struct PullFromHome;

impl Behaviour for PullFromHome {
    fn asks(&self, repository: RepositoryId, _at: RegistryId, view: &dyn View) -> RegistryId {
        view.home(repository)
    }

    fn route(&mut self, request: &Asked, _at: RegistryId, _now: Time, view: &dyn View) -> Route {
        let home = view.home(request.repository);
        Route::From(home, resolve(request, home, view))
    }
}
