//! What versions are made of, and what a list does to them.

use super::*;
use crate::demand::{EditKind, ListedPush};
use crate::sim::Law;

fn with(keys: &str) -> String {
    QUICK.replace("[[clusters]]", &format!("{keys}\n[[clusters]]"))
}

fn rows(list: &str, more: &str) -> Vec<ListedPush> {
    let scenario = good(&with(&format!("push = {{ list = [{list}] }}\n{more}")));
    let Pushes::List(rows) = &scenario.model.demand.repositories[0].pushes else { panic!("a list") };
    rows.to_vec()
}

fn refused(list: &str, more: &str) -> Vec<String> {
    messages(&with(&format!("push = {{ list = [{list}] }}\n{more}")))
}

#[test]
fn an_image_may_have_platforms_and_attachments() {
    let image = |keys: &str| good(&with(&format!("image = {{ {keys} }}"))).model.demand.repositories[0].image.clone();
    assert_eq!(image("platforms = 2").platforms, 2);
    let attachments = image("attachments = { count = 2, size = \"8 kB\" }").attachments.expect("attachments");
    assert_eq!((attachments.count, attachments.size), (2, Law::Constant(8000.0)));
    assert!(image("").attachments.is_none());
    let said = |keys: &str| messages(&with(&format!("image = {{ {keys} }}")));
    assert_eq!(said("platforms = 101"), ["the count is too large; at most 100"]);
    assert_eq!(said("attachments = { count = 2 }"), ["`attachments` needs `size`"]);
    assert_eq!(said("attachments = { count = 2, size = \"101 TB\" }"), ["the image is too large; at most 100 TB"]);
}

#[test]
fn many_images_of_a_version_count_as_pushes() {
    let much = "push = { rate = \"20000/s\" }\nimage = { platforms = 100 }";
    let said = messages(&with(much));
    assert!(said.iter().any(|one| one.starts_with("about 1.6e13 images are pushed in a trial")), "{said:?}");
}

#[test]
fn a_list_may_take_away_what_it_pushed() {
    let list = r#"
        { at = "3d", tag = "a", action = "delete" },
        { at = "1d", tag = "a" },
        { at = "2d", tag = "b", same_as = "a" },
        { at = "2d", tag = "b", action = "untag" },
        { at = "2d", tag = "a", action = "archive" },
        { at = "2d", tag = "a", action = "restore" },
        { at = "4d", tag = "a", action = "push" },
    "#;
    let edits: Vec<(i64, String, Option<EditKind>)> =
        rows(list, "").into_iter().map(|row| (row.at.0 / DAY, row.tag, row.edit)).collect();
    let expected = [
        (1, "a", None),
        (2, "b", None),
        (2, "b", Some(EditKind::Untag)),
        (2, "a", Some(EditKind::Archive)),
        (2, "a", Some(EditKind::Restore)),
        (3, "a", Some(EditKind::Delete)),
        (4, "a", None),
    ];
    assert_eq!(edits, expected.map(|(day, tag, edit)| (day, tag.to_string(), edit)));
}

#[test]
fn what_no_image_holds_can_be_neither_edited_nor_tagged() {
    let push = "{ at = \"1d\", tag = \"a\" }";
    for (list, message) in [
        ("{ at = \"2d\", tag = \"b\", action = \"delete\" }", "`delete` of `b` names no earlier push of this list"),
        ("{ at = \"0d\", tag = \"a\", action = \"untag\" }", "`untag` of `a` names no earlier push of this list"),
        (
            "{ at = \"2d\", tag = \"a\", action = \"untag\" }, { at = \"3d\", tag = \"a\", action = \"archive\" }",
            "`archive` of `a` comes too late: no image holds that tag any more",
        ),
        (
            "{ at = \"2d\", tag = \"b\", same_as = \"a\" }, { at = \"3d\", tag = \"a\", action = \"delete\" }, \
             { at = \"4d\", tag = \"c\", same_as = \"b\" }",
            "`same_as = \"b\"` comes too late: no image holds that tag any more",
        ),
        (
            "{ at = \"2d\", tag = \"a\", action = \"delete\", size = \"5 MB\" }",
            "`size` belongs to a push, not to `delete`",
        ),
    ] {
        assert_eq!(refused(&format!("{push}, {list}"), ""), [message], "{list}");
    }
}

#[test]
fn a_list_may_take_away_what_was_there_at_the_start() {
    let more = "existing = 4\ntags = { release_every = 2, release = \"r{r}-{date}\", moving = [\"latest\"] }";
    // Four versions, a day apart, the last one on 31 December: the first release, version 2, is of the 29th.
    for tag in ["build-1", "build-3", "r1-20251230", "r2-20251231", "latest"] {
        let list = format!("{{ at = \"1d\", tag = \"{tag}\", action = \"untag\" }}");
        assert_eq!(refused(&list, more).len(), usize::from(tag == "r1-20251230"), "{tag}");
    }
    let list = "{ at = \"1d\", tag = \"r1-20251229\", action = \"delete\" }, { at = \"2d\", tag = \"x\", same_as = \"latest\" }";
    assert_eq!(refused(list, more), Vec::<String>::new());
    let late = "{ at = \"1d\", tag = \"r2-20251231\", action = \"delete\" }, { at = \"2d\", tag = \"x\", same_as = \"latest\" }";
    assert_eq!(refused(late, more), ["`same_as = \"latest\"` comes too late: no image holds that tag any more"]);
}

#[test]
fn demand_multiplies_nodes_and_rates_of_every_cluster() {
    let text = |run: &str| format!("{run}\n{QUICK}nodes = 10\npulls = {{ rate = \"8/day\", scale_up = \"2/day\" }}\n");
    let rates = |scenario: &Scenario| -> Vec<f64> {
        let triggers = scenario.model.demand.clusters[0].triggers.iter();
        let rate = |trigger: &Trigger| match trigger {
            Trigger::Rate { intensity } | Trigger::ScaleUp { intensity, .. } => Some(intensity.total()),
            _ => None,
        };
        triggers.filter_map(rate).collect()
    };
    let (one, more) = (good(&text("")), good(&text("run = { demand = 2.5 }")));
    assert_eq!(more.model.demand.clusters[0].nodes, 25);
    for (base, scaled) in rates(&one).into_iter().zip(rates(&more)) {
        assert!((scaled / base - 2.5).abs() < 1e-12);
    }
    // A cluster has a node at least, and not more than a cluster may have.
    assert_eq!(good(&text("run = { demand = 0.01 }")).model.demand.clusters[0].nodes, 1);
    let message = "so much demand needs more than 1000000 nodes in cluster `eu`";
    assert_eq!(messages(&text("run = { demand = 1000000 }")), [message]);
}
