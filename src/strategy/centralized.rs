//! `centralized`: one registry for all, in one region; all push and pull there.
//!
//! The engine makes the central registry the home of every repository and limits its egress; what is left to decide
//! here is nothing: a pull goes home.

pub use super::cross_region_pull::PullFromHome as PullFromCentre;
