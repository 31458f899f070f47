//! Rules and policies out of files that hold more than them: `describe-registry`, CloudFormation, Terraform.
//!
//! What such a file leaves open is the registry for which the scenario names it. Parameters have their defaults: a
//! template that needs others goes through `replisim import`.

use crate::cloud::RegistryId;
use crate::formats::native::{self, Form, Home, Native, Settings};
use crate::formats::replication::Rule;
use crate::formats::{Problem, policy::Policy};
use crate::registry::LifecyclePolicy;
use crate::scenario::values::{Loaded, Reading};

/// What a file that holds more says, for a registry; `None` = it is no such file.
fn read(r: &mut Reading<'_>, file: &Loaded, registry: Option<RegistryId>) -> Option<Option<(Form, Native)>> {
    let address = registry.map(|registry| r.places.address(registry));
    let settings = Settings {
        account: address.map(|(_, _, account)| account.to_string()),
        region: address.map(|(_, region, _)| region.to_string()),
        ..Settings::default()
    };
    let read = native::read_larger(&file.text, &settings)?;
    let read = read.map_err(|failure| {
        let form = failure.form.map(|form| format!("in {form}")).unwrap_or_default();
        let label = |label: String| if label.is_empty() { form.clone() } else { label };
        failure.problems.into_iter().map(|one| Problem { label: label(one.label), ..one }).collect()
    });
    let read = r.rows(file, read);
    if let Some((_, native)) = &read {
        r.warned(file, native.warnings.clone());
    }
    Some(read)
}

/// Whether something is of a registry, as far as its file says.
fn is_of(r: &Reading<'_>, home: &Home, registry: RegistryId) -> bool {
    let (_, region, account) = r.places.address(registry);
    home.account.as_ref().is_none_or(|one| one.value == account)
        && home.region.as_ref().is_none_or(|one| one.value == region)
}

/// The only one of a file, or an error that says what there is instead.
fn only<T>(r: &mut Reading<'_>, file: &Loaded, form: Form, found: Vec<T>, what: &str) -> Option<T> {
    let count = found.len();
    let mut found = found.into_iter();
    match (found.next(), count) {
        (Some(one), 1) => Some(one),
        _ => {
            let origin = r.place(file, 0..0);
            let has = if count == 0 { "has no".into() } else { format!("has {count} times a") };
            r.error(&origin, format!("this file, {form}, {has} {what}"), "one is wanted");
            None
        }
    }
}

/// The replication rules of a registry; `None` = it is no such file.
pub fn rules(r: &mut Reading<'_>, file: &Loaded, from: RegistryId) -> Option<Option<Vec<Rule>>> {
    let read = read(r, file, Some(from))?;
    Some(read.and_then(|(form, native)| {
        let own = native.replications.into_iter().filter(|one| is_of(r, &one.home, from)).collect();
        let what = format!("replication configuration of {}", r.places.name(from));
        only(r, file, form, own, &what).map(|one| one.rules)
    }))
}

/// The policy of registries; `None` = it is no such file.
pub fn policy(r: &mut Reading<'_>, file: &Loaded, registries: &[usize]) -> Option<Option<Policy>> {
    let registries: Vec<RegistryId> = registries.iter().map(|id| RegistryId(*id as u16)).collect();
    let one = match registries.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    let read = read(r, file, one)?;
    Some(read.and_then(|(form, native)| {
        let own = native.policies.into_iter().filter(|one| registries.iter().any(|id| is_of(r, &one.home, *id)));
        let own = own.collect();
        only(r, file, form, own, "registry policy for here").map(|one| one.policy)
    }))
}

/// The lifecycle policy of a repository, else the only one; `None` = it is no such file.
pub fn lifecycle(
    r: &mut Reading<'_>,
    file: &Loaded,
    repository: &str,
    home: Option<RegistryId>,
) -> Option<Option<LifecyclePolicy>> {
    let read = read(r, file, home)?;
    Some(read.and_then(|(form, native)| {
        let is_own =
            |one: &native::NativeLifecycle| one.repository.as_ref().is_some_and(|name| name.value == repository);
        let (own, others): (Vec<_>, Vec<_>) = native.lifecycles.into_iter().partition(is_own);
        let found = if own.is_empty() { others } else { own };
        only(r, file, form, found, &format!("lifecycle policy for `{repository}`")).map(|one| one.policy)
    }))
}
