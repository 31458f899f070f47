//! Input that means harm, or a slip of the finger: an error with its place and its mend, never a panic or a run without
//! end.

use proptest::prelude::*;
use replisim::scenario::{self, Diagnostics};

use super::common;

const BASE: &str = r#"schema = 1
run = { duration = "20d", trials = 2 }
strategies = [
  { name = "r", kind = "replication" },
  { name = "c", kind = "pull-through-cache" },
  { name = "j", kind = "scheduled-copy" },
  { name = "z", kind = "centralized" },
  { name = "b", kind = "clairvoyant" },
]
[[repositories]]
name = "shop/api"
registry = "us-east-1"
push = { rate = "2/day" }
[[repositories]]
name = "shop/lib"
count = 3
registry = "us-east-1"
[[clusters]]
name = "eu"
registry = "eu-west-1"
pulls = { deploy = "10m", rate = "10/day" }
"#;

/// Reads a scenario's bytes with `--set` arguments: whether a model came of it, and what was said.
fn load(bytes: &[u8], sets: &[&str]) -> (bool, String) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("test.toml");
    std::fs::write(&path, bytes).expect("a temporary file");
    let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
    let mut diagnostics = Diagnostics::default();
    let loaded = scenario::load(&path, &sets, &mut diagnostics).is_some();
    (loaded, diagnostics.render(false))
}

/// What is set, and how the first message begins.
const REFUSED: &[(&str, &str)] = &[
    (r#"repositories."shop/api".image.size=9000000 TB"#, "the image is too large; at most 100 TB"),
    (r#"repositories."shop/api".image.layers=1000000000"#, "too many layers; at most 10000"),
    (r#"repositories."shop/api".push.rate=10000000000/s"#, "about 1.7e16 versions are pushed in a trial"),
    (r#"repositories."shop/api".push.growth=1000000%/1s"#, "about inf versions are pushed in a trial"),
    (r#"repositories."shop/api".push.batch=20000"#, "a batch has at most 10000 versions"),
    (r#"repositories."shop/api".push.batch={constant=0}"#, "`batch` is a count, at least 1"),
    (r#"repositories."shop/api".existing=1000000000"#, "the count is too large; at most 100000"),
    (r#"repositories."shop/lib".count=4294967295"#, "the count is too large; at most 1000000"),
    ("clusters.eu.nodes=4294967295", "the count is too large; at most 1000000"),
    ("clusters.eu.growth=10000%/day", "nodes pull about"),
    ("clusters.eu.pulls.rate=1000000000/s", "nodes pull about 1.7e15 times in a trial, most of them in `eu`"),
    ("clusters.eu.pulls.version={newest_of=0}", "`newest_of` is a count, at least 1"),
    ("clusters.eu.cache={warm=0.8}", "expected a share such as \"15%\", found a number"),
    (r#"clusters.eu.backoff={first="1ms",max="1ms"}"#, "a node of `eu` that finds nothing asks 3600000 times"),
    ("clusters.eu.parallel_images=4000000000", "the count is too large; at most 10000"),
    ("strategies.r.retries=4000000000", "the count is too large; at most 30"),
    ("strategies.j.every=1ns", "this would run more than"),
    (r#"strategies.r.exceptions=[{clusters="eu",kind="centralized"}]"#, "an exception cannot be `centralized`"),
    (r#"strategies.r.exceptions=[{clusters="eu",kind="clairvoyant"}]"#, "an exception cannot be `clairvoyant`"),
    (r#"strategies.b.exceptions=[{clusters="eu",kind="replication"}]"#, "`clairvoyant` takes no exceptions"),
    (r#"strategies.z.exceptions=[{clusters="eu",kind="replication"}]"#, "`centralized` takes no exceptions"),
    (
        r#"registries=[{registry="eu-west-1",templates=[{prefix="ROOT",for=[],lifecycle={keep=1}}]}]"#,
        "a template for nothing has no effect",
    ),
    ("network.stream_window=0 B", "a window of nothing moves nothing"),
    ("service.quotas.batch_get_image=0/s", "a quota is above zero"),
    ("service.quotas.batch_get_image=1/365d", "a quota is at least one call a day"),
    ("run.trials=9223372036854775807", "too many trials; at most 10000000"),
    ("run.duration=520000w", "the duration is too long"),
    ("run.start=1066-10-14", "the start lies outside the years 1970 to 2200"),
];

#[test]
fn absurd_values_and_keys_without_effect_are_refused_with_their_place() {
    assert!(load(BASE.as_bytes(), &[]).0);
    for (set, message) in REFUSED {
        let (loaded, said) = load(BASE.as_bytes(), &[set]);
        assert!(!loaded, "{set} is accepted");
        assert!(said.starts_with(&format!("error: {message}")), "{set}:\n{said}");
        assert!(said.contains("\n  --> "), "{set}:\n{said}");
    }
}

#[test]
fn ids_of_a_group_of_accounts_stay_within_twelve_digits() {
    let set = r#"accounts={main="000000000001",bu={count=9,first="999999999995"}}"#;
    let (loaded, said) = load(BASE.as_bytes(), &[set]);
    assert!(!loaded && said.contains("error: the ids of 9 accounts from here on have more than 12 digits"), "{said}");
}

#[test]
fn one_slip_is_one_message() {
    for set in [
        "clusters.eu.cache={warm=0.8}",
        "clusters.eu.pulls.version={newest_of=0}",
        r#"repositories."shop/api".push.batch={constant=0}"#,
    ] {
        let (_, said) = load(BASE.as_bytes(), &[set]);
        assert_eq!(said.matches("error: ").count(), 1, "{said}");
    }
}

#[test]
fn what_has_no_effect_is_warned_of() {
    let (loaded, said) = load(BASE.as_bytes(), &["strategies.r.from=us-east-1"]);
    assert!(loaded && said.starts_with("warning[from-without-effect]: `from` has no effect here"), "{said}");
    let (loaded, said) = load(BASE.as_bytes(), &["clusters.eu.pulls.rate=1000/s", "run.trials=100"]);
    assert!(loaded && said.contains("which may take hours"), "{said}");
}

#[test]
fn a_listed_push_adds_a_share_or_bytes() {
    let list = |new: &str| {
        format!(r#"repositories."shop/api".push={{list=[{{at="1d",tag="a"}},{{at="2d",tag="b",new_bytes="{new}"}}]}}"#)
    };
    for new in ["10%", "5 MB"] {
        let (loaded, said) = load(BASE.as_bytes(), &[&list(new)]);
        assert!(loaded, "{said}");
    }
}

#[test]
fn files_that_are_no_scenario_are_told_what_they_are() {
    let base = BASE.as_bytes();
    let with = |before: &[u8], after: &[u8]| [before, base, after].concat();
    let deep = format!("schema = 1\nx = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let cases: [(Vec<u8>, &str); 5] = [
        (with(b"", b"title = \"caf\xe9\"\n"), "error: the file is not UTF-8"),
        (with(b"", b"title = \"a\0b\"\n"), "error: not valid TOML"),
        (with(b"\xff\xfe", b""), "error: the file is not UTF-8"),
        (deep.into_bytes(), "error: not valid TOML"),
        (Vec::new(), "error: missing key `schema`"),
    ];
    for (bytes, message) in cases {
        let (loaded, said) = load(&bytes, &[]);
        assert!(!loaded && said.starts_with(message), "{message}:\n{said}");
    }
    let (loaded, said) = load(b"extends = \"test.toml\"\nschema = 1\n", &[]);
    assert!(!loaded && said.lines().next().is_some_and(|line| line.ends_with("test.toml` extends itself")), "{said}");
    for bytes in [with(b"\xef\xbb\xbf", b""), BASE.replace('\n', "\r\n").into(), BASE.replace(" = ", "\t=\t").into()] {
        let (loaded, said) = load(&bytes, &[]);
        assert!(loaded, "{said}");
    }
}

/// Pieces that a mutation puts in.
const TOKENS: [&str; 14] =
    ["\"", "[", "]", "{", "}", "=", "\n", "0", "-1", "1e308", "\"9000000 TB\"", "\"*\"", "\u{feff}", "\0"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_shipped_scenario_makes_the_reader_panic(
        which in 0usize..4,
        cuts in prop::collection::vec((0.0f64..1.0, 0usize..12, prop::sample::select(&TOKENS[..])), 1..4),
    ) {
        let name = ["quickstart", "worked-example", "enterprise", "dev-to-prod"][which];
        let mut text = std::fs::read_to_string(common::bundled(name)).expect("a shipped scenario").into_bytes();
        for (place, length, token) in cuts {
            let begin = (place * text.len() as f64) as usize;
            let end = (begin + length).min(text.len());
            text.splice(begin..end, token.bytes());
        }
        load(&text, &[]);
    }
}
