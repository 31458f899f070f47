//! Whole scenarios: the examples of the format, its messages, merging, paths, and hostile text.

use proptest::prelude::*;

use super::*;

/// A directory with scenario files.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Files {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            std::fs::write(directory.path().join(name), text).expect("a writable directory");
        }
        Files(directory)
    }

    /// Reads `name`; what is shown has the directory taken off its paths.
    fn read(&self, name: &str, sets: &[&str]) -> (Option<Draft>, String) {
        let mut diagnostics = Diagnostics::default();
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_string()).collect();
        let draft = read(&self.0.path().join(name), &sets, &mut diagnostics);
        let shown = diagnostics.render(false).replace(&format!("{}/", self.0.path().display()), "");
        (draft, shown)
    }
}

fn read_one(text: &str, sets: &[&str]) -> (Option<Draft>, String) {
    Files::new(&[("shop.toml", text)]).read("shop.toml", sets)
}

/// The value at a path of keys and indices, as text.
fn at(draft: &Option<Draft>, path: &str) -> Option<String> {
    let root = &draft.as_ref().expect("a draft").root;
    let node = path.split('/').try_fold(root, |node, part| match part.parse::<usize>() {
        Ok(index) => node.items().get(index),
        Err(_) => node.get(part),
    })?;
    Some(match &node.value {
        super::super::tree::Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    })
}

const BASE: &str = r#"schema = 1
[[repositories]]
name = "prod/api"
registry = "us-east-1"
[[clusters]]
name = "eu"
registry = "eu-west-1"
pulls = { deploy = "10m" }
"#;

/// Errors of `BASE` with more text behind it.
fn errors(more: &str) -> String {
    read_one(&format!("{BASE}{more}"), &[]).1
}

#[test]
fn the_examples_of_the_format_are_read() {
    for (name, text) in [
        ("quickstart", QUICKSTART),
        ("worked-example", WORKED_EXAMPLE),
        ("global-saas", GLOBAL_SAAS),
        ("enterprise", ENTERPRISE),
        ("dev-to-prod", DEV_TO_PROD),
    ] {
        let (draft, shown) = read_one(text, &[]);
        assert_eq!(shown, "", "{name}");
        assert!(draft.is_some_and(|draft| draft.files[0].sha256.len() == 64));
    }
}

#[test]
fn a_first_useful_scenario_is_short() {
    assert!(QUICKSTART.lines().count() < 25);
    assert!(BASE.lines().count() < 10);
    assert_eq!(read_one(BASE, &[]).1, "");
}

#[test]
fn every_key_of_the_format_works() {
    let shown = read_one(DISASTER_RECOVERY, &[]).1;
    assert_eq!(shown, "");
    let fine = "[[registries]]\nregistry = \"us-east-1\"\npolicy = \"none\"\nblob_mounting = true\nrepositories = [\"a/b\"]\n\
                region_enabled = false\n[service]\npull_time_lag = \"12h\"\ncopy_counts_as_pull = true\n\
                [prices]\nfile = \"a.toml\"\n[service.quotas]\nput_image = \"unlimited\"\n[value]\ndowntime = \"$5/h\"\n\
                [defaults.repositories]\nimage.platforms = 1\nlifecycle = \"a.json\"\n";
    assert_eq!(errors(fine), "");
}

#[test]
fn messages_read_as_the_format_says() {
    let text = BASE.replace(
        "registry = \"us-east-1\"",
        "registry = \"us-east-1\"\npush = { rate = \"3/day\", times = \"00:00\" }",
    );
    assert_eq!(
        read_one(&text, &[]).1,
        "\
error: `rate` and `times` exclude each other; keep one
  --> shop.toml:5:26
5  | push = { rate = \"3/day\", times = \"00:00\" }
   |          ----            ^^^^^
shop.toml: 1 error
"
    );
    let shown = errors("[[faults]]\nkind = \"region-outage\"\nregoin = \"us-east-1\"\n");
    assert!(
        shown.contains(
            "\
error: unknown key `regoin`, did you mean `region`?
  --> shop.toml:11:1
11 | regoin = \"us-east-1\"
   | ^^^^^^ keys of a region-outage: name, enabled, kind, at, rate, lasts, region
"
        ),
        "{shown}"
    );
    for (more, message, mark) in [
        ("nodes = \"40\"\n", "error: `nodes` is a count; write 40 without quotes\n", "         ^^^^\n"),
        (
            "[run]\nduration = \"90 MB\"\n",
            "error: expected a duration such as \"90d\", found a size\n",
            "            ^^^^^^^ time units: ns us ms s m h d w\n",
        ),
        (
            "[bases.java]\nsize = \"1 MB\"\nrenew = \"2/month\"\n",
            "error: a rate per month is ambiguous; write \"2/30d\"\n",
            "         ^^^^^^^^^\n",
        ),
        (
            "[[strategies]]\nkind = \"replication\"\nttl = \"12h\"\n",
            "error: `ttl` is a key of pull-through-cache, not of replication\n",
            "   | ^^^ replicas expire by lifecycle: set one in the `templates` of `[[registries]]`\n",
        ),
        (
            "[[strategies]]\nkind = \"replication\"\nrules = [{ to = \"eu-west-1\", tags = [\"v*\"] }]\n",
            "error[extension-needed]: replication cannot filter by tag (facts A10, A16)\n",
            "^^^^ use a repository prefix, or add \"tag-filter\" to `extensions` to price it anyway\n",
        ),
        (
            "[[strategies]]\nkind = \"replication\"\nrules = [{ to = \"eu-west-1\", prefixes = [\"prod-*\"] }]\n",
            "error[illegal-filter]: invalid filter `prod-*`: the service takes plain prefixes without `*`; write \"prod-\"\n",
            "^^^^^^^^ fact A11; add \"wildcard-filter\" to `extensions` to price it anyway\n",
        ),
    ] {
        let shown = errors(more);
        assert!(shown.contains(message), "{message}\n{shown}");
        assert!(shown.contains(mark), "{mark}\n{shown}");
        assert!(shown.ends_with("shop.toml: 1 error\n"), "{shown}");
    }
}

#[test]
fn all_problems_come_at_once_in_line_order() {
    let shown = errors("nods = 3\ngrowth = \"5\"\n[run]\nseed = -1\n[prices]\nfree_tier = \"true\"\n[netwrok]\n");
    let heads: Vec<&str> = shown.lines().filter(|line| line.starts_with("error") || line.starts_with("shop")).collect();
    assert_eq!(
        heads,
        [
            "error: unknown key `nods`, did you mean `nodes`?",
            "error: expected a share rate such as \"10%/day\", found a number without a unit",
            "error: `seed` is a count, at least 0",
            "error: `free_tier` is true or false; write true without quotes",
            "error: unknown key `netwrok`, did you mean `network`?",
            "shop.toml: 5 errors",
        ]
    );
}

#[test]
fn what_is_missing_is_named_where_it_should_be() {
    let shown = read_one("title = \"x\"\n[[clusters]]\nname = \"eu\"\n[[strategies]]\nname = \"x\"\n", &[]).1;
    for message in [
        "error: missing key `schema`\n  --> shop.toml:1:1",
        "error: missing key `repositories`",
        "error: one of `registry` or `registries` must be given\n  --> shop.toml:2:1",
        "error: missing key `kind`\n  --> shop.toml:4:1",
    ] {
        assert!(shown.contains(message), "{message}\n{shown}");
    }
    assert!(shown.contains("shop.toml: 4 errors"), "{shown}");
    let shown = errors("[[objectives]]\nmetric = \"lag\"\nquantile = \"p99\"\n");
    assert!(shown.contains("`quantile` needs `at_most` beside it"), "{shown}");
    let shown = errors("[[objectives]]\nmetric = \"lag\"\n");
    assert!(shown.contains("one of `quantile` and `at_most` or `within` and `at_least` must be given"), "{shown}");
}

#[test]
fn names_are_unique() {
    let shown = errors("[[clusters]]\nname = \"eu\"\nregistry = \"us-east-1\"\n");
    assert!(
        shown.contains("error: two clusters are called `eu`; give one another `name`\n  --> shop.toml:10:8"),
        "{shown}"
    );
    let shown = errors("[[strategies]]\nkind = \"replication\"\n[[strategies]]\nkind = \"replication\"\n");
    assert!(shown.contains("two strategies are called `replication`; give one another `name`"), "{shown}");
}

#[test]
fn laws_are_checked_in_the_unit_of_what_they_draw() {
    let image = |value: &str| errors(&format!("[defaults.repositories]\nimage.size = {value}\n"));
    for fine in [
        "\"30 MB\"",
        "{ lognormal = { median = \"30 MB\", p99 = \"1 GB\" } }",
        "{ uniform = { min = \"30 MB\", max = \"1 GB\" } }",
        "{ quantiles = [[\"10%\", \"21 MB\"], [\"90%\", \"1.1 GB\"]] }",
        "{ quantiles = \"sizes.csv\" }",
        "{ lognormal = { median = \"30 MB\", sigma = 1.8, max = \"9 GB\" } }",
    ] {
        assert_eq!(image(fine), "", "{fine}");
    }
    for (wrong, message) in [
        ("\"30s\"", "expected a size such as \"200 MB\", found a duration"),
        ("30", "expected a size such as \"200 MB\", found a number"),
        ("{ lognormal = { median = \"30s\", p99 = \"1 GB\" } }", "expected a size"),
        ("{ lognormal = { median = \"3 MB\" } }", "one of `p90`, `p95`, `p99` or `sigma` must be given"),
        ("{ geometric = { mean = 3 } }", "`geometric` is a law of counts"),
        ("{ normal = 3 }", "unknown key `normal`"),
        ("{ constant = \"1 B\", values = \"a.csv\" }", "`constant` and `values` exclude each other"),
        ("{ quantiles = [[\"10%\", \"21 s\"]] }", "expected a size"),
        // One mistake, told once, though the short form stands for two keys.
        ("\"1 B\"\n[[strategies]]\nkind = \"Foo\"", "shop.toml: 1 error"),
        ("\"1 B\"\n[[clusters]]\nname = \"x\"\nregistry = \"eu-west-1\"\npath = \"tube\"", "shop.toml: 1 error"),
    ] {
        assert!(image(wrong).contains(message), "{wrong}\n{}", image(wrong));
    }
}

#[test]
fn bases_defaults_overrides_and_arguments_win_in_this_order() {
    let base = format!("{BASE}nodes = 10\n[run]\ntrials = 5\nseed = 3\n[defaults.clusters]\nper_node = 7\nnodes = 2\n");
    let file = r#"extends = "base.toml"
[run]
precision = "2%"
[[clusters]]
name = "eu"
growth = "1%/30d"
[[clusters]]
name = "asia"
registry = "ap-southeast-1"
pulls.scale_up = "1/day"
[overrides]
'clusters.eu.nodes' = 60
'repositories."prod/*".push.rate' = "4/day"
clusters.asia.nodes = 3
"#;
    let files = Files::new(&[("base.toml", &base), ("shop.toml", &file.replace("clusters.asia.nodes = 3\n", ""))]);
    let (draft, shown) = files.read(
        "shop.toml",
        &[
            "clusters.eu.nodes=61",
            "clusters.eu.pulls.deploy.within=5m",
            "run.duration=30d",
            "defaults.clusters.popularity=1.5",
        ],
    );
    assert_eq!(shown, "");
    for (path, value) in [
        ("clusters/0/nodes", "Integer(61)"),
        ("clusters/0/growth", "1%/30d"),
        ("clusters/0/per_node", "Integer(7)"),
        ("clusters/0/popularity", "Number(1.5)"),
        ("clusters/0/pulls/deploy/within", "5m"),
        ("clusters/1/nodes", "Integer(2)"),
        ("clusters/1/pulls/scale_up/rate", "1/day"),
        ("repositories/0/push/rate", "4/day"),
        ("run/precision", "2%"),
        ("run/duration", "30d"),
        ("run/seed", "Integer(3)"),
    ] {
        assert_eq!(at(&draft, path).as_deref(), Some(value), "{path}");
    }
    for gone in ["run/trials", "extends", "defaults", "overrides", "clusters/1/pulls/deploy"] {
        assert_eq!(at(&draft, gone), None, "{gone}");
    }
    assert_eq!(draft.map(|draft| draft.files.len()), Some(2));
    let files = Files::new(&[("base.toml", &base), ("shop.toml", file)]);
    assert!(files.read("shop.toml", &[]).1.contains("a path into a list is one quoted key"));
}

#[test]
fn a_list_of_kinds_replaces_and_a_list_of_tables_merges() {
    let base = format!("{BASE}[[strategies]]\nname = \"rep\"\nkind = \"replication\"\nretries = 5\n");
    let read = |strategies: &str| {
        let file = format!("extends = \"base.toml\"\nstrategies = {strategies}\n");
        let (draft, shown) = Files::new(&[("base.toml", &base), ("shop.toml", &file)]).read("shop.toml", &[]);
        assert_eq!(shown, "");
        draft
    };
    let draft = read("[\"clairvoyant\"]");
    assert_eq!(at(&draft, "strategies/0/name").as_deref(), Some("clairvoyant"));
    assert_eq!(at(&draft, "strategies/1"), None);
    let draft = read("[{ name = \"rep\", kind = \"replication\", since = \"1d\" }, \"clairvoyant\"]");
    assert_eq!(at(&draft, "strategies/0/retries").as_deref(), Some("Integer(5)"));
    assert_eq!(at(&draft, "strategies/0/since").as_deref(), Some("1d"));
    assert_eq!(at(&draft, "strategies/1/name").as_deref(), Some("clairvoyant"));
}

#[test]
fn exclusive_keys_are_cleared_with_what_needs_them() {
    let more = "[defaults.repositories]\npush = { rate = \"3/day\", hours = \"09:00-18:00\" }\n";
    let (draft, shown) = read_one(&format!("{BASE}{more}"), &["repositories.\"prod/api\".push.times=00:00"]);
    assert_eq!(shown, "");
    assert_eq!(at(&draft, "repositories/0/push/times").as_deref(), Some("00:00"));
    assert_eq!(at(&draft, "repositories/0/push/rate"), None);
    assert_eq!(at(&draft, "repositories/0/push/hours"), None);
}

#[test]
fn disabled_elements_are_gone_before_anything_is_asked_of_them() {
    let more = "[[clusters]]\nname = \"us\"\nenabled = false\n[[strategies]]\nkind = \"replication\"\n";
    let (draft, shown) = read_one(&format!("{BASE}{more}"), &["strategies.replication.enabled=false"]);
    assert_eq!(shown, "");
    assert_eq!(at(&draft, "clusters/1"), None);
    assert_eq!(at(&draft, "strategies").as_deref(), Some("List([])"));
}

#[test]
fn paths_say_where_they_fail() {
    for (set, message) in [
        ("clusters.ue.nodes=3", "error: no element `ue`, did you mean `eu`?\n  --> --set:1:10"),
        ("clusters.eu.nods=3", "error: unknown key `nods`, did you mean `nodes`?\n  --> --set:1:13"),
        ("clusters.eu.nodes=many", "error: expected a count such as 40, found \"many\"\n  --> --set:1:19"),
        ("clusters.\"us-*\".nodes=3", "error: no element `us-*`"),
        ("clusters.us-*.nodes=3", "error: a part with `/` or `*` is quoted: \"us-*\""),
        ("clusters.eu=3", "error: a path sets a key of an element, not the whole element"),
        ("run.seed.deep=3", "error: `seed` has no elements that a path could name"),
        ("run.seed", "error: expected KEY=VALUE such as run.duration=30d"),
        ("run..seed=1", "error: a part of the path is empty"),
        ("run.duration=30", "error: expected a duration such as \"90d\", found a number without a unit"),
        ("extends=a.toml", "error: `extends` cannot be set by a path"),
        ("strategies=[\"replication\"", "error: not a TOML value"),
        ("clusters.\"eu.nodes=1", "error: expected KEY=VALUE"),
    ] {
        let (_, shown) = read_one(BASE, &[set]);
        assert!(shown.contains(message), "{set}\n{shown}");
        assert!(shown.ends_with("--set: 1 error\n"), "{shown}");
    }
    for fine in [
        "clusters.0.nodes=3",
        "title=Two words",
        "title=5",
        "run.start=2026-04-01",
        "clusters.eu.runs=prod/*",
        "clusters.eu.unpack.rate=70 MB/s",
        "network.rtt.\"us-east-1>eu-west-1\"=80ms",
        "strategies=[\"replication\"]",
        "repositories.\"prod/*\".image.size.lognormal={ median = \"1 MB\", sigma = 1 }",
        "prices.override.storage=$0.2/GB-month",
        "accounts.prod=111122223333",
        "clusters.eu.cache=none",
        "run.precision=5%",
    ] {
        assert_eq!(read_one(BASE, &[fine]).1, "", "{fine}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named_where_they_are_named() {
    let files = Files::new(&[
        ("a.toml", "extends = \"b.toml\"\n"),
        ("b.toml", "extends = \"a.toml\"\n"),
        ("c.toml", "schema = 1\nextends = \"none.toml\"\n"),
    ]);
    assert_eq!(
        files.read("d.toml", &[]).1,
        "error: cannot read `d.toml`: there is no such file\n  --> d.toml\nd.toml: 1 error\n"
    );
    assert!(files.read("a.toml", &[]).1.contains("error: `a.toml` extends itself\n  --> b.toml:1:11"));
    let (draft, shown) = files.read("c.toml", &[]);
    assert!(draft.is_none());
    assert!(shown.contains("error: cannot read `none.toml`: there is no such file\n  --> c.toml:2:11"), "{shown}");
    assert!(files.read("", &[]).1.contains("it is a directory"));
    std::fs::write(files.0.path().join("latin.toml"), b"title = \"caf\xe9\"\n").expect("writable");
    let shown = files.read("latin.toml", &[]).1;
    assert!(shown.contains("error: the file is not UTF-8\n  --> latin.toml:1:13"), "{shown}");
}

#[test]
fn chains_of_bases_have_a_limit() {
    let chain = |length: usize| {
        let names: Vec<String> = (0..=length).map(|n| format!("{n}.toml")).collect();
        let texts: Vec<String> = (0..=length)
            .map(|n| if n == length { BASE.to_string() } else { format!("extends = \"{}.toml\"\n", n + 1) })
            .collect();
        let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        Files::new(&files).read("0.toml", &[]).1
    };
    assert_eq!(chain(8), "");
    assert!(chain(9).contains("the chain of bases is longer than 8"));
}

#[test]
fn paths_in_values_are_relative_to_the_file_that_names_them() {
    let files = Files::new(&[("base.toml", BASE), ("shop.toml", "extends = \"base.toml\"\n")]);
    let (draft, _) = files.read("shop.toml", &["repositories.0.push.trace=t.csv"]);
    let draft = draft.expect("a draft");
    let repository = &draft.root.get("repositories").expect("there").items()[0];
    let name = repository.get("name").expect("there");
    assert_eq!(draft.resolve(&name.origin, "rules/a.json"), files.0.path().join("rules/a.json"));
    let trace = repository.get("push").and_then(|push| push.get("trace")).expect("there");
    assert_eq!(draft.resolve(&trace.origin, "t.csv"), PathBuf::from("t.csv"));
}

#[test]
fn refused_values_are_not_in_the_draft() {
    let (draft, shown) = read_one(&format!("{BASE}nodes = \"40\"\nnods = 4\nper_node = 5\n"), &[]);
    assert!(shown.contains("2 errors"), "{shown}");
    assert_eq!(at(&draft, "clusters/0/nodes"), None);
    assert_eq!(at(&draft, "clusters/0/nods"), None);
    assert_eq!(at(&draft, "clusters/0/per_node").as_deref(), Some("Integer(5)"));
}

#[test]
fn absurdly_many_problems_or_elements_end_soon() {
    let keys: String = (0..20_000).map(|n| format!("k{n} = {n}\n")).collect();
    let (draft, shown) = read_one(&format!("[[strategies]]\n{keys}"), &[]);
    assert!(draft.is_none());
    assert!(shown.ends_with("shop.toml: 1000 errors\n"));
    let accounts: String = (0..20_000).map(|n| format!("a{n} = \"{n:012}\"\n")).collect();
    let base = format!("{BASE}[accounts]\n{accounts}");
    let file = format!("extends = \"base.toml\"\n[accounts]\n{accounts}");
    assert_eq!(Files::new(&[("base.toml", &base), ("shop.toml", &file)]).read("shop.toml", &[]).1, "");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let files = Files::new(&[("shop.toml", &"#".repeat(MAX_FILE as usize + 1))]);
    assert!(files.read("shop.toml", &[]).1.starts_with("error: cannot read `shop.toml`: it is larger than 16 MB\n"));
}

/// A value of some TOML type.
fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1".to_string()),
        Just("-0.5".to_string()),
        Just("true".to_string()),
        Just("[]".to_string()),
        Just("{}".to_string()),
        Just("[[\"10%\", 3], 4]".to_string()),
        Just("{ constant = { a = 1 }, name = [2] }".to_string()),
        Just("2026-01-01T00:00:00Z".to_string()),
        "\"[a-z0-9%/$*!. ]{0,12}\"",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_value_of_any_key_makes_the_reader_panic(key in 0usize..10_000, value in any_value(), other in any_value()) {
        let mut paths = Vec::new();
        for table in super::super::keys::all_tables() {
            for name in table.keys.iter().map(|key| key.name) {
                paths.push(name);
            }
        }
        let name = paths[key % paths.len()];
        let text = format!("{BASE}{name} = {value}\n[[repositories]]\n{name} = {value}\n[[strategies]]\n{name} = {other}\n\
                            [network]\n{name} = {value}\n[defaults.clusters]\n{name} = {other}\npulls.{name} = {value}\n");
        let (_, shown) = read_one(&text, &[&format!("{name}={value}"), &format!("clusters.eu.{name}={other}")]);
        prop_assert!(!shown.is_empty());
    }

    #[test]
    fn no_path_makes_the_reader_panic(path in "[a-z.\"*0-9=\\[{ ]{0,30}", value in any_value()) {
        let _ = read_one(BASE, &[&format!("{path}={value}"), &path]);
    }
}

const QUICKSTART: &str = include_str!("examples/quickstart.toml");
const WORKED_EXAMPLE: &str = include_str!("examples/worked-example.toml");
const GLOBAL_SAAS: &str = include_str!("examples/global-saas.toml");
const ENTERPRISE: &str = include_str!("examples/enterprise.toml");
const DISASTER_RECOVERY: &str = include_str!("examples/disaster-recovery.toml");
const DEV_TO_PROD: &str = include_str!("examples/dev-to-prod.toml");
