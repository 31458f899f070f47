//! Each finding once at least, where it stands; and configurations of which nothing is found.

use std::collections::HashSet;

use super::super::diagnostics::findings::ALL;
use super::super::{Diagnostics, Scenario, load};

mod cases;

use cases::{lifecycle_cases, other_cases, permission_cases, rule_cases};

/// Reads a scenario; the files are beside it as `file-0.json`, `file-1.json` and so on.
fn read(text: &str, files: &[&str]) -> (Option<Scenario>, Diagnostics) {
    let folder = tempfile::tempdir().expect("a folder");
    let text = if text.contains("schema") { text.to_string() } else { format!("schema = 1\n{text}") };
    std::fs::write(folder.path().join("shop.toml"), text).expect("written");
    for (number, file) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("file-{number}.json")), file).expect("written");
    }
    let mut diagnostics = Diagnostics::default();
    let scenario = load(&folder.path().join("shop.toml"), &[], &mut diagnostics);
    (scenario, diagnostics)
}

/// A scenario in which nothing is wrong.
pub fn good(text: &str) -> Scenario {
    let (scenario, diagnostics) = read(text, &[]);
    scenario.unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

/// Identity and marked text of all that is found, by place.
fn found(text: &str, files: &[&str]) -> Vec<(String, String)> {
    let (_, diagnostics) = read(text, files);
    let of = |item: &super::Diagnostic| {
        let (_, text) = diagnostics.file(item.origin.file);
        let id = item.finding.map_or_else(|| item.message.clone(), |finding| finding.id.to_string());
        (id, text[item.origin.span.clone()].lines().next().unwrap_or_default().to_string())
    };
    diagnostics.sorted().into_iter().map(of).collect()
}

/// Repositories of us-east-1, a cluster in eu-west-1, and a strategy.
fn estate(repositories: &[&str], strategy: &str, more: &str) -> String {
    let table = |name: &&str| format!("[[repositories]]\nname = \"{name}\"\nregistry = \"us-east-1\"\n");
    let tables: String = repositories.iter().map(table).collect();
    format!(
        "strategies = [{strategy}]\n{tables}[[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\nif_missing = \"home\"\n{more}"
    )
}

/// As [`estate`], with replication by these rules.
fn ruled(repositories: &[&str], rules: &str) -> String {
    estate(repositories, &format!("{{ kind = \"replication\", rules = [{rules}] }}"), "")
}

fn filtered(repositories: &[&str], prefixes: &str) -> String {
    ruled(repositories, &format!("{{ from = \"us-east-1\", to = \"eu-west-1\", prefixes = {prefixes} }}"))
}

fn json_rule(destinations: &str, more: &str) -> String {
    format!("{{\"rules\": [{{\"destinations\": [{destinations}]{more}}}]}}")
}

const EU: &str = r#"{"region": "eu-west-1", "registryId": "000000000001"}"#;
const FILED: &str = r#"{ kind = "replication", from = "us-east-1", rules = "file-0.json" }"#;

/// Two accounts: `dev` pushes, `prod` runs, with these settings of its registry.
fn accounts(settings: &str) -> String {
    format!(
        "strategies = [\"replication\"]\naccounts = {{ dev = \"111122223333\", prod = \"444455556666\" }}\n[[repositories]]\n\
         name = \"prod/api\"\nregistry = \"dev/us-east-1\"\n[[clusters]]\nname = \"eu\"\nregistry = \"prod/eu-west-1\"\n\
         [[registries]]\nregistry = \"prod/eu-west-1\"\n{settings}"
    )
}

/// A statement of a policy that lets `dev` do this to that.
fn statement(principal: &str, action: &str, resource: &str, more: &str) -> String {
    format!(
        "{{\"Version\": \"2012-10-17\", \"Statement\": [{{\"Effect\": \"Allow\", \"Principal\": {{\"AWS\": \"{principal}\"}}, \
         \"Action\": [{action}], \"Resource\": \"{resource}\"{more}}}]}}"
    )
}

const REPLICATION: &str = "\"replication\"";

/// A template for `shop` in eu-west-1.
fn templated(repository: &str, template: &str, strategy: &str, more: &str) -> String {
    estate(&[], strategy, &format!("{more}[[registries]]\nregistry = \"eu-west-1\"\ntemplates = [{template}]\n"))
        .replace(
            "[[clusters]]",
            &format!("[[repositories]]\nname = \"shop/api\"\nregistry = \"us-east-1\"\n{repository}\n[[clusters]]"),
        )
}

/// A lifecycle policy of these rules: status and list, count and number, action.
fn policy(rules: &[(&str, &str, u32, &str)]) -> String {
    let rule = |(at, (images, count, number, action)): (usize, &(&str, &str, u32, &str))| {
        let unit = if *count == "imageCountMoreThan" { "" } else { "\"countUnit\": \"days\", " };
        let target = if *action == "transition" { ", \"targetStorageClass\": \"archive\"" } else { "" };
        format!(
            "{{\"rulePriority\": {}, \"description\": \"a rule of a test\", \"selection\": {{{images}, {unit}\"countType\": \"{count}\", \
             \"countNumber\": {number}}}, \"action\": {{\"type\": \"{action}\"{target}}}}}",
            at + 1
        )
    };
    format!("{{\"rules\": [{}]}}", rules.iter().enumerate().map(rule).collect::<Vec<_>>().join(", "))
}

const ANY: &str = "\"tagStatus\": \"any\"";
const UNTAGGED: &str = "\"tagStatus\": \"untagged\"";
const COUNT: &str = "imageCountMoreThan";

fn tagged(list: &str) -> String {
    format!("\"tagStatus\": \"tagged\", \"tagPatternList\": [{list}]")
}

/// A home whose lifecycle is in a file, and these keys of the repository.
fn lived(keys: &str) -> String {
    estate(&[], "\"cross-region-pull\"", "").replace(
        "[[clusters]]",
        &format!("[[repositories]]\nname = \"api\"\nregistry = \"us-east-1\"\nlifecycle = \"file-0.json\"\n{keys}\n[[clusters]]"),
    )
}

/// Every kind of finding is told at least once, at its place.
#[test]
fn each_finding_is_told_where_it_stands() {
    let mut told = HashSet::new();
    let mut wrong = Vec::new();
    let cases = [rule_cases(), permission_cases(), lifecycle_cases(), other_cases()].concat();
    for (id, at, text, files) in &cases {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let found = found(text, &files);
        if !found.iter().any(|(other, place)| other == id && place.starts_with(at)) {
            wrong.push(format!("{id} at {at}: {found:#?}\n{text}"));
        }
        told.insert(*id);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let untold: Vec<&str> = ALL.iter().map(|finding| finding.id).filter(|id| !told.contains(id)).collect();
    assert_eq!(untold, Vec::<&str>::new(), "findings without a case");
}

/// Configurations as articles and teams publish them, once they are right.
#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let rule = |prefixes: &str| format!("{{ from = \"us-east-1\", to = \"eu-west-1\", prefixes = {prefixes} }}");
    let built = "tags = { release_every = 10, release = \"v{n}\", build = \"build-{n}\" }";
    let (v, builds) = (tagged("\"v*\""), tagged("\"build-*\""));
    let lived_on = |rules: &[(&str, &str, u32, &str)]| (lived(built), vec![policy(rules)]);
    let plain = |text: String| (text, Vec::new());
    let filed = |filter: &str| {
        let filters =
            format!(", \"repositoryFilters\": [{{\"filter\": \"{filter}\", \"filterType\": \"PREFIX_MATCH\"}}]");
        (estate(&["prod/api", "prod/web"], FILED, ""), vec![json_rule(EU, &filters)])
    };
    for (text, files) in [
        plain(estate(&["prod/api"], REPLICATION, "")),
        // A prefix with its separator, of whichever kind, and one that is a whole name.
        plain(ruled(&["prod/api", "prod-test/api"], &rule("[\"prod/\", \"prod-\"]"))),
        plain(ruled(&["prod-api", "prod-web", "prod-test"], &rule("[\"prod\"]"))),
        plain(ruled(&["prod/api", "prod/web"], &rule("[\"prod\"]"))),
        plain(ruled(&["shop/api-01", "shop/api-02"], &rule("[\"shop/api\"]"))),
        plain(ruled(&["prod/api", "base"], &format!("{}, {}", rule("[\"prod/\"]"), rule("[\"base\"]")))),
        filed("prod"),
        filed("prod/"),
        // Releases and builds expire by rules of their own, and what is left untagged by another.
        lived_on(&[
            (&v, COUNT, 50, "expire"),
            (&builds, "sinceImagePushed", 14, "expire"),
            (UNTAGGED, "sinceImagePushed", 1, "expire"),
        ]),
        lived_on(&[
            (UNTAGGED, "sinceImagePushed", 1, "expire"),
            (&v, COUNT, 50, "expire"),
            (ANY, COUNT, 300, "expire"),
        ]),
        plain(templated(built, "{ prefix = \"shop\", lifecycle = { keep = 20, untagged_days = 7 } }", REPLICATION, "")),
        plain(templated(
            "tags = { moving = [\"latest\"] }",
            "{ prefix = \"shop\", mutability = \"immutable\", mutability_except = [\"latest\"] }",
            REPLICATION,
            "",
        )),
    ] {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        assert_eq!(found(&text, &files), [], "{text}");
    }
}

/// The policy that stands with a finding is one that the service would take, and mends it.
#[test]
fn a_refused_copy_comes_with_the_policy_that_lets_it_in() {
    let (_, diagnostics) = read(&accounts("policy = \"none\"\n"), &[]);
    let reports = diagnostics.reports();
    let refused = reports.iter().find(|report| report.id == Some("copy-refused")).expect("fact A31");
    assert_eq!(refused.fact, Some("A31"));
    let policy = refused.apply.as_ref().expect("a policy").to_string();
    let (scenario, diagnostics) = read(&accounts("policy = \"file-0.json\"\n"), &[&policy]);
    assert!(scenario.is_some());
    assert_eq!(diagnostics.reports(), []);
}

/// 5,000 repositories, 25 rules, 100 filters each: names are bisected, so that this is a matter of moments (a search of
/// every name by every filter would compare 12.5 million texts, many times over).
#[test]
fn a_large_estate_is_reviewed_in_a_moment() {
    let filters: Vec<String> = (0..100).map(|n| format!("\"team-{n:02}/\"")).collect();
    let rule = format!("{{ from = \"us-east-1\", to = \"eu-west-1\", prefixes = [{}] }}", filters.join(", "));
    let groups: String = (0..100)
        .map(|n| format!("[[repositories]]\nname = \"team-{n:02}/api\"\ncount = 50\nregistry = \"us-east-1\"\n"))
        .collect();
    let text = ruled(&[], &vec![rule; 25].join(", ")).replace("[[clusters]]", &format!("{groups}[[clusters]]"));
    let (scenario, _) = read(&text, &[]);
    let scenario = scenario.expect("a scenario");
    let rules: usize = scenario.model.strategies[0].rules().count();
    assert_eq!((scenario.model.demand.repositories.len(), rules), (5_000, 25));
    let origins = super::Origins {
        regions: Vec::new(),
        repositories: vec![origin(); 5_000],
        clusters: vec![origin()],
        strategies: vec![origin()],
        rules: vec![vec![
            super::RuleOrigins {
                rule: origin(),
                destinations: vec![origin()],
                filters: vec![origin(); 100],
                is_written: true
            };
            25
        ]],
        templates: Vec::new(),
    };
    let mut diagnostics = Diagnostics::default();
    diagnostics.add_file("shop.toml", "");
    let start = std::time::Instant::now();
    super::review(&scenario.model, &origins, &mut diagnostics);
    assert!(start.elapsed().as_secs_f64() < 5.0, "{:?}, even without optimisation", start.elapsed());
    assert!(diagnostics.items().iter().any(|item| item.finding.is_some_and(|finding| finding.id == "rule-covered")));
}

fn origin() -> super::Origin {
    super::Origin { file: super::super::tree::FileId(0), span: 0..0 }
}
