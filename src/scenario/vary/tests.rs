use super::*;

fn read(text: &str) -> Result<Vary, String> {
    let mut diagnostics = Diagnostics::default();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.toml");
    let scenario = "schema = 1\n[[repositories]]\nname = \"ab\"\nregistry = \"us-east-1\"\n[[clusters]]\nname = \"eu\"\n\
                    registry = \"eu-west-1\"\npulls = { scale_up = \"1/day\" }\n";
    std::fs::write(&path, scenario).unwrap();
    let draft = crate::scenario::read(&path, &[], &mut diagnostics).unwrap();
    let vary = Vary::read(text, &draft, &mut diagnostics);
    vary.ok_or_else(|| diagnostics.items()[0].message.clone())
}

fn values(text: &str) -> Vec<String> {
    read(text).unwrap().values
}

#[test]
fn lists_split_at_commas_outside_brackets_and_quotes() {
    assert_eq!(values("clusters.eu.nodes=1, 2,40"), ["1", "2", "40"]);
    assert_eq!(values("repositories.ab.push={ times = \"00:00,12:00\" },{ rate = \"3/day\" }").len(), 2);
    assert_eq!(values("strategies=[\"replication\", \"clairvoyant\"]"), ["[\"replication\", \"clairvoyant\"]"]);
    assert_eq!(values("clusters.eu.nodes=4,4,5"), ["4", "5"], "a repeated value is one point");
    assert_eq!(values("repositories.\"a,b=c\".count=1,2"), ["1", "2"]);
}

#[test]
fn ranges_take_both_ends_and_keep_the_unit() {
    assert_eq!(values("run.duration=30d..90d:3"), ["30d", "60d", "90d"]);
    assert_eq!(values("repositories.ab.push.rate=1/day..4/day:4"), ["1/day", "2/day", "3/day", "4/day"]);
    assert_eq!(values("repositories.ab.image.size=100 MB..1 GB:4"), ["100 MB", "400 MB", "700 MB", "1 GB"]);
    assert_eq!(values("repositories.ab.image.size=1 B..4 B:3"), ["1 B", "2 B", "4 B"].map(String::from), "whole bytes");
    assert_eq!(values("prices.override.inter_region=$0.01/GB..$0.02/GB:3"), ["$0.01/GB", "$0.015/GB", "$0.02/GB"]);
    assert_eq!(values("clusters.eu.pulls.churn=5%/day..10%/day:2"), ["5%/day", "10%/day"]);
    assert_eq!(values("repositories.ab.image.compression=1..2:5"), ["1", "1.25", "1.5", "1.75", "2"]);
    assert_eq!(values("run.duration=30d..90d").len(), 10);
}

#[test]
fn counts_are_rounded_and_duplicates_dropped() {
    assert_eq!(values("clusters.eu.nodes=1..4:7"), ["1", "2", "3", "4"]);
    assert_eq!(values("clusters.eu.nodes=1..100:3log"), ["1", "10", "100"]);
}

#[test]
fn the_logarithm_spaces_by_ratios() {
    assert_eq!(values("clusters.eu.pulls.scale_up=1/day..1000/day:4log"), ["1/day", "10/day", "100/day", "1000/day"]);
    assert_eq!(values("clusters.eu.pulls.scale_up=1/day..1000/day:log").len(), 10);
}

#[test]
fn what_is_no_range_is_said() {
    for (text, message) in [
        ("clusters.eu.nodes", "expected KEY=V1,V2 or KEY=FROM..TO such as clusters.eu.nodes=10..100:5"),
        ("clusters.eu.nodes=", "value 1 of 1 is empty"),
        ("clusters.eu.nodes=1,,2", "value 2 of 3 is empty"),
        ("run.duration=30d..5 GB", "a range has one kind of quantity, but `30d` and `5 GB` are two"),
        ("run.duration=30d..90d:x", "behind `:` comes a number of points, `log`, or both such as `20log`; found `x`"),
        ("run.duration=30d..90d:1", "a range has 2 to 10000 points, both ends included"),
        ("run.duration=0d..90d:log", "a range in the logarithm begins and ends above zero"),
        (
            "clusters.eu.registry=a..b",
            "`a` is no quantity that a range could begin or end with; list the values: KEY=V1,V2",
        ),
        ("clusters..eu=1", "a part of the path is empty"),
    ] {
        assert_eq!(read(text).unwrap_err(), message, "{text}");
    }
}

#[test]
fn measures_are_numbers_in_the_first_unit() {
    let vary = read("run.duration=36h..2w:3").unwrap();
    assert_eq!((vary.unit().as_str(), vary.measure("3d")), ("h", Some(72.0)));
    assert_eq!(vary.range.as_ref().unwrap().ends(), (36.0, 336.0));
    let list = read("clusters.eu.nodes=2,4").unwrap();
    assert_eq!((list.unit().as_str(), list.measure("4"), list.measure("x")), ("", Some(4.0), None));
    assert_eq!((list.at(0.0), list.at(0.7), list.at(1.0)), ("2".to_string(), "4".to_string(), "4".to_string()));
    assert_eq!(read("run.duration=4h30m..9h:2").unwrap().measure("9h"), Some(9.0));
}

#[test]
fn a_grid_is_every_combination_the_first_key_slowest() {
    let keys = [read("clusters.eu.nodes=1,2").unwrap(), read("run.duration=7d,9d").unwrap()];
    let points: Vec<Vec<String>> = grid(&keys).collect();
    assert_eq!(points, [["1", "7d"], ["1", "9d"], ["2", "7d"], ["2", "9d"]].map(|it| it.map(String::from).to_vec()));
    assert_eq!(grid(&[]).collect::<Vec<_>>(), [Vec::<String>::new()]);
}
