//! Files that scenarios name, and scenarios from files.

use super::*;

#[test]
fn the_services_own_rules_are_read_and_held_against_the_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rules.json");
    let text = format!(
        r#"
strategies = [{{ name = "by-prefix", kind = "replication", rules = {:?} }}]
accounts = {{ dev = "111122223333", prod = "444455556666" }}
[[repositories]]
name = "dev-microservice"
registry = "dev/us-west-2"
promote = {{ to = "prod-microservice", every = 12, after = "4h", tag = "v{{r}}" }}
[[repositories]]
name = "prod-microservice"
registry = "dev/us-west-2"
mutability = "immutable"
[[clusters]]
name = "prod"
registry = "prod/us-east-2"
runs = "prod-microservice"
"#,
        path.display().to_string()
    );
    let json = r#"{"rules": [{"destinations": [{"region": "us-east-2", "registryId": "444455556666"}],
        "repositoryFilters": [{"filter": "prod-microservice", "filterType": "PREFIX_MATCH"}]}]}"#;
    std::fs::write(&path, json).expect("written");
    let first = good(&text);
    let Kind::Replication(rules) = &first.model.strategies[0].kind else { panic!("replication") };
    assert_eq!(first.model.cloud.registry_name(rules.rules[0].0), "dev/us-west-2");
    assert_eq!(first.model.cloud.registry_name(rules.rules[0].1.destinations[0]), "prod/us-east-2");
    assert_eq!(first.inputs.len(), 1);
    assert!(first.model.registries[0].home_mutability[0].1.immutable);

    std::fs::write(&path, json.replace("us-east-2", "us-west-2").replace("444455556666", "111122223333"))
        .expect("written");
    assert_eq!(messages(&text), ["a rule of dev/us-west-2 cannot copy to dev/us-west-2 itself"]);
    std::fs::write(&path, json.replace("444455556666", "999955556666").replace("us-east-2", "us-esat-2"))
        .expect("written");
    let (_, found) = scenario(&text);
    let said: Vec<(&str, &str)> = found.iter().map(|(message, label, _)| (message.as_str(), label.as_str())).collect();
    assert_eq!(said[0].0, "no region `us-esat-2`, did you mean `us-east-2`?");
    let accounts = "accounts: 111122223333 (dev), 444455556666 (prod)";
    assert_eq!(said[1], ("no account has the id 999955556666", accounts));
    std::fs::write(&path, json.replace("prod-microservice", "prod-*")).expect("written");
    let (_, found) = scenario(&text);
    let message = "invalid filter `prod-*`: the service takes plain prefixes without `*`; write \"prod-\"";
    assert_eq!((found[0].0.as_str(), found[0].1.as_str(), found[0].2.as_str()), (message, "fact A11", "\"prod-*\""));
}

#[test]
fn the_sample_of_real_images_keeps_its_shared_layers() {
    let scenario = good(
        r#"
[[repositories]]
name = "real"
registry = "us-east-1"
manifests = { images = "data/images-sample.csv", layers = "data/layers-sample.csv" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
"#,
    );
    let repositories = &scenario.model.demand.repositories;
    assert_eq!(repositories.len(), 6);
    let mut distinct = std::collections::BTreeMap::new();
    let (mut images, mut listed) = (0, 0);
    for repository in repositories {
        let Pushes::Manifests(real) = &repository.pushes else { panic!("real images") };
        for image in real.iter() {
            images += 1;
            listed += image.layers.iter().map(|(_, bytes)| bytes).sum::<u64>();
            distinct.extend(image.layers.iter().copied());
        }
    }
    assert_eq!((images, distinct.len()), (60, 134));
    assert_eq!((listed, distinct.values().sum::<u64>()), (30_278_212_457, 7_817_207_464));
    // The version without a date comes last.
    let Pushes::Manifests(probe) = &repositories[5].pushes else { panic!("real images") };
    assert_eq!(probe[7].tag, "v4");
    assert_eq!(scenario.inputs.len(), 2);
}

#[test]
fn traces_are_cut_to_the_run_and_shared_out() {
    let text = r#"
run = { duration = "10d" }
[[repositories]]
name = "shop/api"
registry = "us-east-1"
push = { trace = "data/pushes-sample.csv" }
[[repositories]]
name = "shop/web"
registry = "us-east-1"
push = { trace = "data/pushes-sample.csv" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 8
pulls = { trace = "data/pulls-sample.csv" }
"#;
    let (scenario, problems) = scenario(text);
    let scenario = scenario.expect("a scenario");
    assert!(problems.iter().all(|(message, ..)| message.contains("lie outside the run and are left out")));
    let Pushes::List(api) = &scenario.model.demand.repositories[0].pushes else { panic!("a list") };
    let Pushes::List(web) = &scenario.model.demand.repositories[1].pushes else { panic!("a list") };
    assert_eq!((api[0].at, api[0].bytes, api[0].layers), (Time(10 * HOUR), Some(191_000_000), Some(9)));
    assert!(!web.is_empty() && web.iter().all(|push| push.at < Time(10 * DAY)));
    let [Trigger::List(pulls)] = scenario.model.demand.clusters[0].triggers.as_slice() else { panic!("a list") };
    assert!(pulls.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert_eq!(pulls[0].node, Some(3));
}

#[test]
fn a_catalogue_is_one_repository_a_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("catalogue.csv");
    std::fs::write(&path, "name,image.size,push.rate,weight\nshop/api,300 MB,,2.5\nshop/web,,1/week,\n")
        .expect("written");
    let text = format!(
        "[[repositories]]\nname = \"shop\"\nregistry = \"us-east-1\"\ncatalogue = {:?}\npush = {{ times = \"00:00\" }}\n\
         [[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\n",
        path.display().to_string()
    );
    let scenario = good(&text);
    let [api, web] = scenario.model.demand.repositories.as_slice() else { panic!("two rows") };
    assert!(
        matches!(&api.image.layers, crate::demand::LayerLaw::Drawn { size, .. } if *size == crate::sim::Law::Constant(3e8))
    );
    assert!(matches!(api.pushes, Pushes::Times(_)) && matches!(web.pushes, Pushes::Rate { .. }));
    assert_eq!((api.weight, web.weight), (2.5, 1.0));
    std::fs::write(&path, "name,image.siez\nShop,3\nshop/web,\nshop/web,\n").expect("written");
    assert_eq!(
        messages(&text),
        [
            "unknown column `image.siez`, did you mean `image.size`?",
            "`Shop` is no repository name",
            "repository `shop/web` is there twice",
        ]
    );
}

#[test]
fn a_file_is_loaded_through_both_halves() {
    let (scenario, problems) = loaded(WORKED, &["run.duration=60d"]);
    let scenario = scenario.unwrap_or_else(|| panic!("{problems:#?}"));
    assert_eq!(scenario.model.calendar.months, ["2026-04", "2026-05"]);
    assert!(scenario.inputs[0].file.ends_with("shop.toml"));
    let [Trigger::Times(pulls)] = scenario.model.demand.clusters[0].triggers.as_slice() else {
        panic!("pulls at moments")
    };
    assert_eq!(pulls.len(), 240);
}

#[test]
fn the_short_and_the_long_form_make_one_model() {
    // The reader of trees understands short forms too; through the file they have been expanded.
    let (of_file, problems) =
        loaded(&format!("schema = 1\n{QUICK}pulls = {{ deploy = \"5m\", churn = \"10%/day\" }}\n"), &[]);
    let of_file = of_file.unwrap_or_else(|| panic!("{problems:#?}"));
    let of_tree = good(&format!("{QUICK}pulls = {{ deploy = \"5m\", churn = \"10%/day\" }}\n"));
    assert_eq!(format!("{:?}", of_file.model.demand), format!("{:?}", of_tree.model.demand));
    assert_eq!(format!("{:?}", of_file.model.strategies), format!("{:?}", of_tree.model.strategies));
}

#[test]
fn what_was_refused_is_not_missed_again() {
    let text = format!("schema = 1\n{QUICK}nodes = \"40\"\n").replace("\"us-east-1\"", "5");
    let (scenario, problems) = loaded(&text, &[]);
    assert!(scenario.is_none());
    let said: Vec<&str> = problems.iter().map(|(message, ..)| message.as_str()).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said.contains(&"`nodes` is a count; write 40 without quotes"));
}

#[test]
fn the_examples_of_the_format_load() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scenario/read/examples");
    for name in ["quickstart", "worked-example", "dev-to-prod", "global-saas", "enterprise", "disaster-recovery"] {
        let mut diagnostics = Diagnostics::default();
        let scenario = load(&folder.join(format!("{name}.toml")), &[], &mut diagnostics);
        assert!(scenario.is_some(), "{name}: {:#?}", problems(&diagnostics));
    }
}

#[test]
fn a_catalogue_may_say_where_each_repository_is_at_home() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a temporary file");
    let text = "schema = 1\nstrategies = [\"cross-region-pull\"]\n[[repositories]]\nname = \"all\"\ncatalogue = \"c.csv\"\n\
                [[clusters]]\nname = \"x\"\nregistry = \"ap-southeast-1\"\n";
    write("c.toml", text);
    let said = || {
        let mut diagnostics = Diagnostics::default();
        let scenario = load(&folder.path().join("c.toml"), &[], &mut diagnostics);
        (scenario, problems(&diagnostics))
    };
    write("c.csv", "name,registry\nteam/a,us-east-1\nteam/b,eu-west-1\n");
    let (scenario, problems) = said();
    let scenario = scenario.unwrap_or_else(|| panic!("{problems:#?}"));
    assert_eq!(scenario.model.demand.repositories.len(), 2);
    assert_ne!(scenario.model.demand.repositories[0].home, scenario.model.demand.repositories[1].home);
    write("c.csv", "name,weight\nteam/a,2\n");
    let (scenario, problems) = said();
    assert!(scenario.is_none());
    assert_eq!(problems[0].0, "a repository needs `registry`");
}

#[test]
fn a_rule_of_a_policy_that_is_wrong_in_several_ways_is_told_of_all() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let policy = r#"{"rules": [
        {"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}, "action": {"type": "expire"}},
        {"rulePriority": 1, "selection": {"tagStatus": "tagged", "tagPatternList": ["a*b*c*d*e*"], "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 3}, "action": {"type": "expire"}}]}"#;
    std::fs::write(folder.path().join("policy.json"), policy).expect("written");
    let text = format!("schema = 1\n{QUICK}")
        .replace("name = \"shop/api\"", "name = \"shop/api\"\nlifecycle = \"policy.json\"");
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).expect("written");
    let mut diagnostics = Diagnostics::default();
    assert!(load(&path, &[], &mut diagnostics).is_none());
    let said = problems(&diagnostics);
    for part in ["5 wildcards", "can only archive", "another rule has this priority"] {
        assert!(said.iter().any(|(message, ..)| message.contains(part)), "{part}: {said:#?}");
    }
}
