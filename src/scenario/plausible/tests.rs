use super::super::keys::all_tables;
use super::super::tree::FileId;
use super::super::{load, read, scalar};
use super::*;

const ESTATE: &str = r#"
schema = 1
strategies = ["cross-region-pull", "replication"]
[run]
duration = "5d"
[[repositories]]
name = "shop/api"
registry = "us-east-1"
push = "4/day"
[[repositories]]
name = "shop/web"
count = 3
registry = "us-east-1"
image = { compression = 2.0, preset = "ai" }
push = { rate = "4/day" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
unpack = "ssd"
[[clusters]]
name = "asia"
registry = "ap-southeast-1"
nodes = 4
pulls = { rate = "3/day" }
"#;

fn factors_of(text: &str, sets: &[&str]) -> Vec<Factor> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.toml");
    std::fs::write(&path, text.replace("push = \"4/day\"\n", "")).unwrap();
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let draft = read(&path, &sets, &mut Diagnostics::default()).unwrap();
    factors(&draft, &|further| load(&path, &[sets.clone(), further.to_vec()].concat(), &mut Diagnostics::default()))
}

fn paths<'a>(factors: &'a [Factor], key: &str) -> &'a [String] {
    factors.iter().find(|factor| factor.key == key).map_or(&[], |factor| &factor.paths)
}

#[test]
fn every_plausible_value_is_one_of_its_key_and_the_default_is_among_them() {
    let mut diagnostics = Diagnostics::default();
    let mut seen = 0;
    for table in all_tables() {
        let kinds = table.kinds.map(|kinds| kinds.kinds).unwrap_or_default();
        for key in table.keys.iter().chain(kinds.iter().flat_map(|kind| kind.keys)) {
            for plausible in key.plausible {
                seen += 1;
                let what = format!("{} {}: {}", table.what, key.name, plausible.values);
                assert!(!plausible.source.is_empty(), "{what} has a source");
                let origin = Origin { file: diagnostics.add_file("", ""), span: 0..0 };
                let nothing = Draft::of(Node { value: Value::Table(Vec::new()), origin });
                let whole = matches!(key.ty, Type::Count(_) | Type::Law(Type::Count(_)));
                // Any count will do for the grammar to know that only whole numbers count.
                let path = if whole { "run.trials" } else { "title" };
                let vary = Vary::read(&format!("{path}={}", plausible.values), &nothing, &mut diagnostics);
                let vary = vary.unwrap_or_else(|| panic!("{what} does not parse"));
                for value in vary.values.iter().map(String::as_str).chain([plausible.default]) {
                    assert!(fits(key.ty, value), "{what}: `{value}` is none of {:?}", key.ty);
                }
                match &vary.range {
                    // Words of a key stand for a quantity in the range; they cannot be compared.
                    Some(range) => {
                        if let Some(measure) = vary.measure(plausible.default) {
                            let (from, to) = range.ends();
                            assert!((from..=to).contains(&measure), "{what}: {measure} is outside");
                        }
                    }
                    None if plausible.words.is_none() => {
                        assert!(vary.values.iter().any(|value| value == plausible.default), "{what}: no default");
                    }
                    None => assert!(vary.values.len() == 4, "{what}: a value for each level"),
                }
            }
        }
    }
    assert!(seen > 40, "{seen} ranges");
}

/// Whether a plain value is of a type; laws are held against the key tables when they are set.
fn fits(ty: Type, value: &str) -> bool {
    if value.starts_with('{') {
        return matches!(ty, Type::Law(_));
    }
    let origin = Origin { file: FileId(0), span: 0..0 };
    let read = match (value.parse::<i64>(), value.parse::<f64>(), value) {
        (Ok(whole), ..) => Value::Integer(whole),
        (_, Ok(number), _) => Value::Number(number),
        _ => Value::Text(value.into()),
    };
    let node = Node { value: read, origin };
    match ty {
        Type::WordOr(words, inner) => words.contains(&value) || fits(*inner, value),
        Type::Law(inner) => fits(*inner, value),
        Type::OneOf(types) => types.iter().any(|ty| fits(*ty, value)),
        Type::Short(..) => true,
        plain => scalar::check(plain, &node, "").is_ok(),
    }
}

#[test]
fn what_the_file_leaves_open_moves_and_what_it_says_does_not() {
    let factors = factors_of(ESTATE, &[]);
    let keys: Vec<&str> = factors.iter().map(|factor| factor.key.as_str()).collect();
    assert_eq!(paths(&factors, "clusters.nodes"), ["clusters.eu.nodes"], "{keys:?}");
    assert_eq!(paths(&factors, "clusters.unpack"), ["clusters.asia.unpack"]);
    assert_eq!(paths(&factors, "clusters.cache"), ["clusters.eu.cache", "clusters.asia.cache"]);
    assert_eq!(paths(&factors, "repositories.image.compression"), ["repositories.\"shop/api\".image.compression"]);
    assert_eq!(paths(&factors, "repositories.push.rate"), ["repositories.\"shop/api\".push.rate"]);
    assert_eq!(paths(&factors, "strategies.delay"), ["strategies.replication.delay"]);
    assert!(keys.contains(&"prices.cross_region_pull") && keys.contains(&"network.stream_max"));
    assert!(!keys.iter().any(|key| key.contains("scale_up") || key.contains("failover")), "{keys:?}");
}

#[test]
fn a_cluster_without_deploys_gets_none() {
    // `asia` pulls at a rate: its absent `deploy` is no default in force.
    let factors = factors_of(ESTATE, &[]);
    assert_eq!(paths(&factors, "clusters.pulls.deploy.nodes"), ["clusters.eu.pulls.deploy.nodes"]);
}

#[test]
fn each_default_of_a_key_has_its_own_range() {
    let factors = factors_of(ESTATE, &[]);
    let sizes: Vec<&Factor> = factors.iter().filter(|factor| factor.key.contains("image.size")).collect();
    let told: Vec<_> = sizes.iter().map(|it| (it.key.as_str(), it.paths.len(), it.from.as_str())).collect();
    // A lone service has the median size; members of an AI group draw from the measured law.
    assert_eq!(
        told,
        [("repositories.image.size (default 210 MB)", 1, "42 MB"), ("repositories.image.size (default x1)", 1, "x0.5")]
    );
}

#[test]
fn what_a_setting_says_is_no_assumption() {
    let keys = |sets: &[&str]| factors_of(ESTATE, sets).into_iter().map(|factor| factor.key).collect::<Vec<_>>();
    assert!(!keys(&["prices.cross_region_pull=internet"]).contains(&"prices.cross_region_pull".to_string()));
    let ideal = keys(&["network.preset=ideal"]);
    assert!(!ideal.contains(&"clusters.unpack".to_string()), "unpacking takes no time: {ideal:?}");
}

#[test]
fn lists_and_whole_numbers_move_in_jumps() {
    let factors = factors_of(ESTATE, &[]);
    let of = |key: &str| factors.iter().find(|factor| factor.key == key).unwrap();
    let reading = of("prices.cross_region_pull");
    assert_eq!(reading.settings(0.34), ["prices.cross_region_pull=inter-region"]);
    assert_eq!(reading.settings(0.67), ["prices.cross_region_pull=internet"]);
    assert_eq!((reading.position(1.0 / 3.0), reading.position(2.0 / 3.0)), (0.0, 1.0));
    let nodes = of("clusters.nodes");
    assert_eq!(nodes.settings(1.0 / 3.0), ["clusters.eu.nodes=8"]);
    assert!((nodes.position(1.0 / 3.0) - libm::log(8.0 / 3.0) / libm::log(50.0 / 3.0)).abs() < 1e-12);
    assert_eq!(of("network.stream_max").position(0.25), 0.25);
}

/// Run with `REPLISIM_UPDATE=1` to write the table anew.
#[test]
fn the_manuals_table_of_ranges_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sensitivity.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once("<!-- ranges -->\n").expect("a place for the ranges");
    let (_, after) = rest.split_once("<!-- end -->").expect("its end");
    let fresh = format!("{before}<!-- ranges -->\n{}<!-- end -->{after}", ranges_table());
    if std::env::var_os("REPLISIM_UPDATE").is_some() {
        std::fs::write(&path, &fresh).expect("the page is writable");
    } else {
        assert!(fresh == page, "docs/sensitivity.md is out of date; REPLISIM_UPDATE=1 writes its table anew");
    }
}
