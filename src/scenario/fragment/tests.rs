use std::path::{Path, PathBuf};

use super::*;
use crate::formats::native;
use crate::registry::RegistryPolicy;
use crate::scenario::{Scenario, load};
use crate::strategy::Kind;

const ACCOUNT: &str = "111122223333";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name)
}

fn settings(parameters: &[(&str, &str)]) -> Settings {
    Settings {
        account: Some(ACCOUNT.into()),
        region: Some("us-east-1".into()),
        parameters: parameters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
    }
}

/// What is made of texts, or what is said of them.
fn made_of(files: &[(&str, String)], settings: &Settings, beside: bool) -> Result<(Fragment, String), String> {
    let mut diagnostics = Diagnostics::default();
    let mut sources = Vec::new();
    for (name, text) in files {
        let read = native::read(text, settings);
        let file = diagnostics.add_file(*name, text.clone());
        match read {
            Ok((form, native)) => sources.push(Source { file, form, native }),
            Err(failure) => {
                for problem in failure.problems {
                    diagnostics.error(&at(file, &problem.span), problem.message, problem.label);
                }
            }
        }
    }
    let made = fragment(&sources, settings, beside, &mut diagnostics).filter(|_| !diagnostics.has_errors());
    made.map(|made| (made, diagnostics.render(false))).ok_or_else(|| diagnostics.render(false))
}

fn made(files: &[&str], parameters: &[(&str, &str)], beside: bool) -> Result<(Fragment, String), String> {
    let read = |name: &&str| std::fs::read_to_string(path(name)).expect("a test's file");
    let files: Vec<(&str, String)> = files.iter().map(|name| (*name, read(name))).collect();
    made_of(&files, &settings(parameters), beside)
}

/// The scenario that a fragment is; its problems end the test.
fn loaded(fragment: &Fragment) -> Scenario {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in &fragment.files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let path = dir.path().join("scenario.toml");
    std::fs::write(&path, &fragment.scenario).expect("written");
    let mut diagnostics = Diagnostics::default();
    let scenario = load(&path, &[], &mut diagnostics);
    scenario.unwrap_or_else(|| panic!("{}\n{}", fragment.scenario, diagnostics.render(false)))
}

/// Rules of the strategy that was configured: from, to, prefixes, deletes.
fn rules(scenario: &Scenario) -> Vec<(String, Vec<String>, Vec<String>, bool)> {
    let cloud = &scenario.model.cloud;
    let name = |id: crate::cloud::RegistryId| {
        let registry = cloud.registries[usize::from(id.0)];
        let account = &cloud.accounts[usize::from(registry.account.0)].id;
        format!("{account}/{}", cloud.regions[usize::from(registry.region.0)])
    };
    let Kind::Replication(_) = &scenario.model.strategies[0].kind else { panic!("replication comes first") };
    scenario.model.strategies[0]
        .rules()
        .map(|(from, rule)| {
            let to = rule.destinations.iter().map(|to| name(*to)).collect();
            (name(*from), to, rule.prefixes.clone(), rule.deletes)
        })
        .collect()
}

fn names(scenario: &Scenario) -> Vec<&str> {
    scenario.model.demand.repositories.iter().map(|repository| repository.name.as_str()).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[test]
fn a_replication_configuration_is_a_strategy_with_stand_ins() {
    let (fragment, said) = made(&["replication.json"], &[], false).expect("a fragment");
    assert_eq!(said, "");
    let scenario = loaded(&fragment);
    let source = || format!("{ACCOUNT}/us-east-1");
    let expected = [
        (source(), texts(&["111122223333/eu-west-1", "444455556666/us-west-2"]), texts(&["prod/", "shared-"]), false),
        (source(), texts(&["111122223333/ap-southeast-1"]), Vec::new(), false),
    ];
    assert_eq!(rules(&scenario), expected);
    assert_eq!(names(&scenario), ["shared-example", "prod/example"]);
    assert!(fragment.scenario.contains("source = \"111122223333\"\naccount-444455556666 = \"444455556666\"\n"));
    assert!(fragment.scenario.contains("nodes = 10   # not in the file: replace"));
    assert_eq!(scenario.model.demand.clusters.len(), 3, "one for each destination");
    assert!(fragment.notes[0].contains("shared-example, prod/example; 3 clusters"), "{:?}", fragment.notes);
}

#[test]
fn describe_registry_says_whose_it_is() {
    let (fragment, _) = made(&["describe-registry.json"], &[], false).expect("a fragment");
    let scenario = loaded(&fragment);
    let expected =
        (format!("{ACCOUNT}/us-east-1"), texts(&["444455556666/us-east-2"]), texts(&["prod-microservice"]), true);
    assert_eq!(rules(&scenario), [expected]);
    let text = std::fs::read_to_string(path("describe-registry.json")).expect("a test's file");
    let open = Settings { region: Some("us-east-1".into()), ..Settings::default() };
    assert!(made_of(&[("d.json", text.clone())], &open, false).is_ok(), "the account is in the file");
    let said = made_of(&[("d.json", text)], &Settings::default(), false).expect_err("the region is not");
    assert!(
        said.contains("the file does not say of which region this is") && said.contains("give --region R"),
        "{said}"
    );
    assert!(!said.contains("of which account"), "{said}");
}

#[test]
fn a_template_with_parameters_mappings_and_conditions_is_worked_out() {
    let files = ["multi-region.yaml"];
    let (fragment, said) = made(&files, &[("TargetAccount", "444455556666")], true).expect("a fragment");
    let scenario = loaded(&fragment);
    let expected = (
        format!("{ACCOUNT}/us-east-1"),
        texts(&["111122223333/eu-west-1", "111122223333/ap-southeast-2", "444455556666/eu-central-1"]),
        texts(&["prod/", "prod/api"]),
        false,
    );
    assert_eq!(rules(&scenario), [expected]);
    assert_eq!(names(&scenario), ["prod/api", "prod/worker"]);
    for said_of in
        ["the repository policy of `Api` is left out", "its condition `IsShared` does not hold", "registry-1.docker.io"]
    {
        assert!(said.contains(said_of), "{said_of}: {said}");
    }
    let text = &fragment.scenario;
    assert!(text.contains("lifecycle = { keep = 50 }"), "{text}");
    assert!(text.contains("mutability = \"immutable\"\nmutability_except = [\"dev-*\"]"), "{text}");
    assert!(text.contains("lifecycle = \"lifecycle/prod/worker.json\""), "{text}");
    assert!(
        text.contains("{ prefix = \"ROOT\", mutability = \"immutable\", lifecycle = { untagged_days = 3 } }"),
        "{text}"
    );
    let (_, policy) = fragment.files.iter().find(|(name, _)| name == "policy.json").expect("a policy");
    assert!(policy.contains("arn:aws:ecr:us-east-1:111122223333:repository/prod/api"), "{policy}");
    let settings = scenario.model.registries.iter().find(|one| one.policy != RegistryPolicy::Open).expect("a policy");
    assert!(
        settings
            .policy
            .judge("444455556666", "ecr:ReplicateImage", "arn:aws:ecr:us-east-1:111122223333:repository/prod/api")
            .is_ok()
    );

    // Another stage: other names, another lifecycle, one destination less, one repository more.
    let (fragment, _) = made(&files, &[("TargetAccount", "444455556666"), ("Stage", "dev")], true).expect("a fragment");
    let scenario = loaded(&fragment);
    assert_eq!(rules(&scenario)[0].1, texts(&["111122223333/eu-west-1", "111122223333/ap-southeast-2"]));
    assert_eq!(names(&scenario), ["dev/api", "dev/worker", "shared"]);
    assert!(fragment.scenario.contains("lifecycle = { keep = 5 }"));
}

#[test]
fn what_a_template_leaves_open_is_named_where_it_stands() {
    let said = made(&["multi-region.yaml"], &[], true).expect_err("TargetAccount is open");
    assert!(said.contains("the parameter `TargetAccount` has no default"), "{said}");
    assert!(said.contains("give --parameter TargetAccount=VALUE"), "{said}");
    let said = made(&["imports.yaml"], &[], false).expect_err("much is open");
    let expected = [
        ("the parameter `DrRegion` has no default", "imports.yaml:8:"),
        ("`DrAccount` is exported by another stack", "imports.yaml:9:"),
        ("the mappings have no `Regions` > `eu` > `Name`", "imports.yaml:10:"),
        ("`011112222333` without quotes is an octal number", "imports.yaml:11:"),
        ("`Account` of `Lookup` is known at deployment only", "imports.yaml:13:"),
        ("invalid filter `prod/*`", "imports.yaml:15:"),
        ("`Unnamed` has no `RepositoryName`", "imports.yaml:17:"),
    ];
    for (message, place) in expected {
        assert!(said.contains(message) && said.contains(place), "{message} {place}: {said}");
    }
    assert!(said.contains("imports.yaml: 7 errors"), "nothing follows from holes: {said}");
}

#[test]
fn a_literal_template_needs_no_parameter_and_no_file() {
    let (fragment, said) = made(&["literal.json"], &[], false).expect("a fragment");
    assert_eq!(said, "");
    assert!(fragment.scenario.contains("lifecycle = { keep = 100, untagged_days = 7 }"), "{}", fragment.scenario);
    assert_eq!(rules(&loaded(&fragment))[0].1, texts(&["111122223333/us-west-2", "111122223333/us-east-2"]));
}

#[test]
fn terraform_plans_and_states_are_read_with_their_modules() {
    let (fragment, said) = made(&["terraform-plan.json"], &[], true).expect("a fragment");
    let scenario = loaded(&fragment);
    assert_eq!(names(&scenario), ["prod/api", "eu/tools"]);
    assert_eq!(rules(&scenario).len(), 2);
    let text = &fragment.scenario;
    assert!(text.contains("name = \"eu/tools\"\nregistry = \"source/eu-central-1\""), "its provider's region: {text}");
    assert!(text.contains("name = \"prod/api\"\nregistry = \"source/us-east-1\"\nmutability = \"immutable\"\nlifecycle = { keep = 25 }"), "{text}");
    assert!(
        text.contains(
            "{ prefix = \"prod\", mutability = \"immutable\", lifecycle = { keep = 25 }, for = [\"replication\"] }"
        ),
        "{text}"
    );
    assert!(said.contains("quay.io") && said.contains("aws_ecr_repository_policy is not read"), "{said}");

    let (fragment, _) = made(&["terraform-state.json"], &[], true).expect("a fragment");
    loaded(&fragment);
    let text = &fragment.scenario;
    assert!(text.contains("name = \"tools\"\nregistry = \"source/eu-west-1\"\nmutability = \"immutable\"\nmutability_except = [\"latest*\"]"), "{text}");
    assert!(text.contains("policy = \"policy.json\""), "{text}");
}

#[test]
fn what_is_known_after_apply_only_is_named_with_its_address() {
    let said = made(&["terraform-unknown.json"], &[], true).expect_err("an account is open");
    let message = "`replication_configuration[0].rule[0].destination[1].registry_id` of \
                   `aws_ecr_replication_configuration.this` is known after apply only";
    assert!(said.contains(message) && said.contains("1 error"), "{said}");
}

#[test]
fn policies_need_a_directory_and_say_so() {
    for file in ["registry-policy.json", "get-registry-policy.json", "get-lifecycle-policy.json"] {
        let said = made(&[file], &[], false).expect_err("a file is needed");
        assert!(said.contains("it needs a file beside the scenario") && said.contains("give --out DIR"), "{said}");
        let (fragment, _) = made(&[file], &[], true).expect("a fragment");
        assert_eq!(fragment.files.len(), 1);
        loaded(&fragment);
    }
    let (fragment, said) = made(&["get-repository-policy.json"], &[], false).expect("a fragment");
    assert!(
        said.contains("this is the policy of a repository") && !fragment.scenario.contains("\npolicy = "),
        "{said}"
    );
}

#[test]
fn files_about_the_same_registry_are_put_together() {
    let files = ["describe-registry.json", "get-lifecycle-policy.json", "get-registry-policy.json", "lifecycle.json"];
    let (fragment, _) = made(&files, &[], true).expect("a fragment");
    let scenario = loaded(&fragment);
    assert_eq!(names(&scenario), ["prod/api", "example", "prod-microservice/example"]);
    assert!(
        fragment.scenario.contains("name = \"example\"   # not in the file: replace; stands for a lifecycle policy")
    );
    let said = made(&["replication.json", "describe-registry.json"], &[], true).expect_err("two configurations");
    assert!(said.contains("a second replication configuration of 111122223333/us-east-1"), "{said}");
    let said = made(&["get-lifecycle-policy.json", "get-lifecycle-policy.json"], &[], true).expect_err("two policies");
    assert!(said.contains("a second lifecycle policy of `prod/api`"), "{said}");
}

#[test]
fn caches_of_the_service_have_an_upstream_and_a_cluster() {
    let text = std::fs::read_to_string(path("cache.yaml")).expect("a test's file");
    let here =
        Settings { account: Some("444455556666".into()), region: Some("eu-west-1".into()), ..Settings::default() };
    let (fragment, _) = made_of(&[("cache.yaml", text)], &here, false).expect("a fragment");
    let scenario = loaded(&fragment);
    assert_eq!(names(&scenario), ["prod/example"]);
    assert!(fragment.scenario.contains("registry = \"account-111122223333/us-east-1\""), "{}", fragment.scenario);
    assert!(fragment.scenario.contains("kind = \"pull-through-cache\""));
}

#[test]
fn a_wrong_region_and_a_copy_to_itself_are_told_where_they_stand() {
    let said = made(&["replication-star.json"], &[], false).expect_err("wrong");
    assert!(said.contains("write \"prod-\"") && said.contains("replication-star.json:2:"), "{said}");
    let text =
        std::fs::read_to_string(path("replication-star.json")).expect("a test's file").replace("prod-*", "prod-");
    let said = made_of(&[("r.json", text)], &settings(&[]), false).expect_err("wrong");
    assert!(said.contains("cannot copy to itself") && said.contains("fact A7"), "{said}");
    assert!(said.contains("no region `eu-wset-1`, did you mean `eu-west-1`?"), "{said}");
}

#[test]
fn an_empty_configuration_is_a_scenario_without_rules() {
    let (fragment, _) = made_of(&[("r.json", "{\"rules\": []}".into())], &settings(&[]), false).expect("a fragment");
    let scenario = loaded(&fragment);
    assert_eq!(names(&scenario), ["example"]);
    assert!(!fragment.scenario.contains("as-configured"));
}
