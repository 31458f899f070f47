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
        for warning in native.warnings.clone() {
            let place = r.place(file, warning.span);
            r.diagnostics.warning(&place, warning.message, warning.label);
        }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::registry::{Count, RegistryPolicy};
    use crate::scenario::{Diagnostics, Scenario, load};

    /// A scenario that names files, or what is said of it.
    fn scenario(rules: &str, policy: &str, lifecycle: &str) -> Result<Scenario, String> {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
        let text = format!(
            "schema = 1\nstrategies = [{{ kind = \"replication\", rules = {rules}, from = \"dev/us-east-1\" }}]\naccounts = {{ dev \
             = \"111122223333\", prod = \"444455556666\" }}\n[[registries]]\nregistry = \"dev/us-east-1\"\npolicy = \
             {policy}\n[[repositories]]\nname = \"prod/api\"\nregistry = \"dev/us-east-1\"\nlifecycle = \
             {lifecycle}\n[[clusters]]\nname = \"eu\"\nregistry = \"dev/eu-west-1\"\n"
        );
        let dir = tempfile::tempdir().expect("a directory");
        for entry in std::fs::read_dir(files).expect("a folder") {
            let path = entry.expect("an entry").path();
            std::fs::copy(&path, dir.path().join(path.file_name().expect("a name"))).expect("copied");
        }
        let path = dir.path().join("s.toml");
        std::fs::write(&path, text).expect("written");
        let mut diagnostics = Diagnostics::default();
        load(&path, &[], &mut diagnostics).ok_or_else(|| diagnostics.render(false))
    }

    #[test]
    fn rules_and_policies_may_be_taken_out_of_larger_files() {
        for (rules, count) in [
            ("\"describe-registry.json\"", 1),
            ("\"literal.json\"", 1),
            ("\"terraform-plan.json\"", 2),
            ("\"terraform-state.json\"", 1),
            ("[{ file = \"literal.json\", from = \"dev/us-east-1\" }]", 1),
            ("\"replication.json\"", 2),
        ] {
            for (policy, lifecycle) in [
                ("\"terraform-state.json\"", "\"terraform-plan.json\""),
                ("\"get-registry-policy.json\"", "{ keep = 25 }"),
            ] {
                let scenario = scenario(rules, policy, lifecycle).unwrap_or_else(|said| panic!("{rules}: {said}"));
                assert_eq!(scenario.model.strategies[0].rules().count(), count, "{rules}");
                let home = scenario.model.registries.iter().find(|one| !one.lifecycle.is_empty()).expect("a lifecycle");
                assert_eq!(home.lifecycle[0].1.rules[0].count, Count::MoreThan(25));
                assert_ne!(home.policy, RegistryPolicy::Open);
            }
        }
    }

    #[test]
    fn what_a_larger_file_lacks_or_leaves_open_is_said_with_its_form() {
        let lifecycle = "{ keep = 1 }";
        let said = scenario("\"cache.yaml\"", "\"allow\"", lifecycle).expect_err("no rules");
        let message = "this file, a CloudFormation template, has no replication configuration of dev/us-east-1";
        assert!(said.contains(message), "{said}");
        let said = scenario("\"imports.yaml\"", "\"allow\"", lifecycle).expect_err("open");
        assert!(
            said.contains("`DrAccount` is exported by another stack") && said.contains("imports.yaml:9:"),
            "{said}"
        );
        let said = scenario("\"terraform-unknown.json\"", "\"allow\"", lifecycle).expect_err("open");
        assert!(said.contains("is known after apply only"), "{said}");
        let said = scenario("\"literal.json\"", "\"literal.json\"", lifecycle).expect_err("no policy");
        assert!(said.contains("has no registry policy for here"), "{said}");
        let said = scenario("\"literal.json\"", "\"allow\"", "\"describe-registry.json\"").expect_err("no lifecycle");
        assert!(said.contains("has no lifecycle policy for `prod/api`"), "{said}");
    }
}
