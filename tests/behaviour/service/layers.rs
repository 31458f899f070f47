//! Layers that move once, and layers that are shared (A70 to A76).

use super::super::common::summary;
use super::*;

#[test]
fn a73_a76_only_new_layers_move_and_each_is_stored_once() {
    // 60 MB stay, 40 MB are new in the second version.
    let image = "image = { layer_sizes = [\"60 MB\", \"40 MB\"], new_bytes = \"40 MB\" }\n";
    let rows = "{ at = \"1h\", tag = \"a\" }, { at = \"1d\", tag = \"b\" }";
    let home = repository("app", &format!("{image}push = {{ list = [{rows}] }}"));
    let tables = run(&[&days(2, &replication("")), &home, &eu(IDLE)]);
    assert_eq!(summary(&tables, "r").cross_region_bytes, 140e6);
    assert_eq!(by_day(&tables, "stored", "us-east-1"), [100e6, 140e6]);
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [100e6, 140e6]);
}

#[test]
fn a76_layers_on_their_way_are_waited_for_and_not_moved_twice() {
    // 100 MB take 100 s; the second version, pushed 50 s later, needs 60 MB of the first and 40 MB of its own.
    let image = "image = { layer_sizes = [\"60 MB\", \"40 MB\"], new_bytes = \"40 MB\" }\n";
    let rows = "{ at = \"0s\", tag = \"a\" }, { at = \"50s\", tag = \"b\" }";
    let home = repository("app", &format!("{image}push = {{ list = [{rows}] }}"));
    let head = "schema = 1\nrun = { duration = \"1d\", trials = 1 }\nnetwork = { preset = \"ideal\", stream_max = \"1 MB/s\" }\n";
    let tables = run(&[head, &replication(""), "\n", &home, &eu(IDLE)]);
    let row = summary(&tables, "r");
    assert_eq!((row.copies, row.cross_region_bytes), (2.0, 140e6));
    // Both layers of the first flow side by side: it is whole after 60 s; the second's own bytes after 50 + 40 s.
    took(&tables, "copy", "max", 60.0);
    took(&tables, "copy", "min", 40.0);
}

/// Two repositories that share a base of 80 MB, each with 20 MB of its own.
fn shared_base(mounting: &str) -> Tables {
    let top = format!("{}\nbases = {{ os = {{ size = \"80 MB\", layers = 1 }} }}\n{mounting}", replication(""));
    let image = "image = { size = \"100 MB\", layers = 2, base = \"os\" }\n";
    let push = |at: &str| format!("{image}push = {{ list = [{{ at = \"{at}\", tag = \"v\" }}] }}");
    run(&[&days(2, &top), &repository("one", &push("1h")), &repository("two", &push("2h")), &eu(IDLE)])
}

#[test]
fn a74_a75_mounting_shares_layers_in_a_registry_and_copies_skip_them_when_both_sides_mount() {
    let registries = |of: &[&str]| {
        let one = |registry: &&str| format!("{{ registry = \"{registry}\", blob_mounting = true }}");
        format!("registries = [{}]", of.iter().map(one).collect::<Vec<_>>().join(", "))
    };
    let (us, eu) = ("us-east-1", "eu-west-1");
    // (mounting, bytes moved, stored at home, stored there)
    for (mounting, moved, home, there) in [
        (String::new(), 200e6, 200e6, 200e6),
        (registries(&[us]), 200e6, 120e6, 200e6),
        // Moved again, since the source does not mount; stored once all the same.
        (registries(&[eu]), 200e6, 200e6, 120e6),
        (registries(&[us, eu]), 120e6, 120e6, 120e6),
    ] {
        let tables = shared_base(&mounting);
        let row = summary(&tables, "r");
        assert_eq!((row.copies, row.cross_region_bytes), (2.0, moved), "{mounting}");
        assert_eq!(by_day(&tables, "stored", us)[1], home, "{mounting}");
        assert_eq!(by_day(&tables, "stored", eu)[1], there, "{mounting}");
    }
}

#[test]
fn a74_images_of_a_cache_are_not_mounted() {
    let top = "strategies = [{ name = \"c\", kind = \"pull-through-cache\" }]\nbases = { os = { size = \"80 MB\", layers = 1 } }\n\
               registries = [{ registry = \"us-east-1\", blob_mounting = true }, { registry = \"eu-west-1\", blob_mounting = true }]";
    let image =
        "image = { size = \"100 MB\", layers = 2, base = \"os\" }\npush = { list = [{ at = \"1h\", tag = \"v\" }] }";
    let both = "pulls = { list = [{ at = \"1d\", repository = \"one\" }, { at = \"1d\", repository = \"two\" }] }";
    let tables = run(&[&days(2, top), &repository("one", image), &repository("two", image), &eu(both)]);
    assert_eq!(summary(&tables, "c").cross_region_bytes, 200e6);
    assert_eq!(by_day(&tables, "stored", "eu-west-1")[1], 200e6);
    assert_eq!(by_day(&tables, "stored", "us-east-1")[1], 120e6);
}
