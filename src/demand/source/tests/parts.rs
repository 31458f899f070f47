//! Versions of several images, and what is done to them after their push: indexes, attachments, edits.

use std::collections::BTreeSet;

use super::super::fixture::{list, listed};
use super::*;
use crate::registry::Layer;

fn of(app: Repository) -> Vec<Occurrence> {
    all(&demand(vec![app], Vec::new()))
}

fn every_day() -> Repository {
    Repository { pushes: Pushes::Times(daily(&[0], 5)), ..repository("app") }
}

fn platforms(n: u32, app: Repository) -> Repository {
    Repository { image: ImageLaw { platforms: n, ..app.image }, ..app }
}

fn sizes(layers: &[Layer]) -> Vec<u64> {
    layers.iter().map(|layer| layer.bytes).collect()
}

#[test]
fn an_index_is_pushed_after_its_children_which_have_no_tag() {
    // A23: the service wants the children first.
    let occurrences = of(platforms(3, every_day()));
    let pushes = pushes(&occurrences);
    assert_eq!(pushes.len(), 5 * 4);
    for version in pushes.chunks(4) {
        let (children, index) = (&version[..3], version[3]);
        assert!(children.iter().all(|child| child.tag.is_none() && !child.release && child.new_image));
        assert!(children.iter().all(|child| child.at == index.at && child.image.children.is_empty()));
        assert!(index.release && index.new_image && index.image.layers.is_empty());
        let named: Vec<u32> = index.image.children.iter().map(|child| child.id).collect();
        assert_eq!(named, children.iter().map(|child| child.image.id).collect::<Vec<_>>());
        let layers: BTreeSet<u32> = index.image.all_layers().iter().map(|layer| layer.id).collect();
        assert_eq!(layers.len(), index.image.all_layers().len());
    }
    let tags: Vec<&str> = pushes.iter().filter_map(|push| push.tag.as_deref()).collect();
    assert_eq!(tags, ["v1", "v2", "v3", "v4", "v5"]);
}

#[test]
fn more_platforms_leave_the_bytes_that_nodes_pull_as_they_are() {
    let drawn = |app: Repository| {
        let size = Law::Lognormal { median: 200e6, sigma: 1.0, max: None };
        let layers = LayerLaw::Drawn { size, count: Law::Geometric { mean: 6.0 }, largest: Law::Constant(0.5) };
        Repository { image: ImageLaw { layers, ..app.image }, ..app }
    };
    let pulled = |n| {
        let occurrences = of(platforms(n, drawn(every_day())));
        let tagged = pushes(&occurrences).into_iter().filter(|push| push.tag.is_some());
        tagged.map(|push| sizes(&push.image.pulled().layers)).collect::<Vec<_>>()
    };
    assert_eq!(pulled(1), pulled(4));
    // The other platforms are drawn by themselves.
    let occurrences = of(platforms(2, drawn(every_day())));
    let index = &pushes(&occurrences)[2].image;
    assert_ne!(sizes(&index.children[0].layers), sizes(&index.children[1].layers));
}

#[test]
fn each_platform_has_a_base_of_its_own_that_repositories_share() {
    let base = Base { name: "java".into(), key: EntityKey::named("base", "java"), bytes: 90, layers: 3, renew: None };
    let on_base = |name: &str| {
        let image = ImageLaw { base: Some(0), platforms: 2, ..repository(name).image };
        Repository { image, pushes: Pushes::Times(vec![Time(0)]), ..repository(name) }
    };
    let demand = Demand { bases: vec![base], ..demand(vec![on_base("a"), on_base("b")], Vec::new()) };
    let occurrences = all(&demand);
    let images: Vec<&Arc<Image>> =
        pushes(&occurrences).into_iter().filter(|push| push.tag.is_some()).map(|push| &push.image).collect();
    let [a, b] = images[..] else { panic!("two versions") };
    for platform in 0..2 {
        assert_eq!(a.children[platform].layers[..3], b.children[platform].layers[..3]);
    }
    assert!(a.children[0].layers.iter().all(|layer| !a.children[1].layers.contains(layer)));
}

#[test]
fn a_promotion_carries_the_index_and_its_children_but_no_attachments() {
    let mut dev = platforms(2, every_day());
    dev.pushes = Pushes::Times(vec![Time(0)]);
    dev.image.attachments = Some(Attachments { count: 1, size: Law::Constant(5.0) });
    let to = |to, tag: &str| Promotion {
        to: RepositoryId(to),
        of: VersionFilter::All,
        every: 1,
        after: Law::Constant(HOUR as f64),
        tag: TagTemplate(tag.into()),
    };
    dev.promotions = vec![to(1, "prod-{r}"), to(0, "in-place-{r}")];
    let occurrences = all(&demand(vec![dev, repository("prod")], Vec::new()));
    let seen: Vec<(u32, u32, Option<&str>, bool, bool)> = pushes(&occurrences)
        .iter()
        .map(|push| (push.repository.0, push.image.id, push.tag.as_deref(), push.new_image, push.promoted))
        .collect();
    let expected = [
        (0, 0, None, true, false),
        (0, 1, None, true, false),
        (0, 2, Some("v1"), true, false),
        (0, 3, None, true, false),
        (1, 0, None, true, true),
        (1, 1, None, true, true),
        (1, 2, Some("prod-1"), true, true),
        (0, 2, Some("in-place-1"), false, true),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn attachments_follow_their_version_and_count_as_none() {
    // A24: they are pushed artefacts like any other, and name their subject.
    let mut app = every_day();
    app.image.attachments = Some(Attachments { count: 2, size: Law::Uniform { min: 1000.0, max: 9000.0 } });
    app.tags.moving = vec!["latest".into()];
    let reader = Cluster { triggers: vec![Trigger::Times(daily(&[1], 5))], ..cluster("c") };
    let occurrences = all(&demand(vec![app], vec![reader]));
    let pushes = pushes(&occurrences);
    let mut drawn = BTreeSet::new();
    for (day, group) in pushes.chunks(4).enumerate() {
        let tags: Vec<Option<&str>> = group.iter().map(|push| push.tag.as_deref()).collect();
        assert_eq!(tags, [Some(&*format!("v{}", day + 1)), Some("latest"), None, None]);
        for attachment in &group[2..] {
            assert_eq!(attachment.image.subject, Some(group[0].image.id));
            assert!(!attachment.release && attachment.new_image && attachment.at == group[0].at);
            let [layer] = attachment.image.layers[..] else { panic!("one layer") };
            assert!((1000..=9000).contains(&layer.bytes));
            drawn.insert(layer.bytes);
        }
    }
    assert_eq!((pushes.len(), drawn.len()), (20, 10), "each has a draw of its own");
    let asked: Vec<&str> = requests(&occurrences).iter().map(|pull| &*pull.tag).collect();
    assert_eq!(asked, ["v1", "v2", "v3", "v4", "v5"]);
}

#[test]
fn parts_of_versions_shift_no_other_draw() {
    let plain = rich();
    let mut parts = rich();
    for repository in &mut parts.repositories {
        repository.image.platforms = 3;
        repository.image.attachments = Some(Attachments { count: 2, size: Law::Constant(7000.0) });
    }
    let lines = |demand: &Demand| {
        let tagged = |o: &Occurrence| !matches!(o, Occurrence::Push(push) if push.tag.is_none());
        let mut occurrences: Vec<Occurrence> = all(demand).into_iter().filter(tagged).collect();
        for occurrence in &mut occurrences {
            if let Occurrence::Push(push) = occurrence {
                push.image = Arc::new(push.image.pulled().clone());
            }
        }
        seen(demand, &occurrences, |_| true)
    };
    assert_eq!(lines(&plain), lines(&parts));
}

fn edit(hour: i64, tag: &str, kind: EditKind) -> ListedPush {
    ListedPush { edit: Some(kind), ..listed(hour * HOUR, tag) }
}

fn same_as(hour: i64, tag: &str, of: &str) -> ListedPush {
    ListedPush { same_as: Some(of.into()), ..listed(hour * HOUR, tag) }
}

fn push(hour: i64, tag: &str) -> ListedPush {
    listed(hour * HOUR, tag)
}

/// What a node asks for at half past each hour, and every occurrence.
fn asked(rows: Vec<ListedPush>, existing: u32, version: VersionChoice) -> (Vec<(i64, String)>, Vec<Occurrence>) {
    let app = Repository { pushes: Pushes::List(list(rows)), existing, ..repository("app") };
    let times = (0..12).map(|hour| Time(hour * HOUR + HOUR / 2)).collect();
    let reader = Cluster { triggers: vec![Trigger::Times(times)], version, ..cluster("c") };
    let occurrences = all(&demand(vec![app], vec![reader]));
    let asked = requests(&occurrences).iter().map(|pull| (pull.at.0 / HOUR, pull.tag.to_string())).collect();
    (asked, occurrences)
}

#[test]
fn the_newest_version_is_the_newest_that_still_has_a_tag() {
    let rows = vec![
        push(0, "a"),
        push(1, "b"),
        same_as(2, "b-too", "b"),
        edit(3, "b", EditKind::Untag),
        push(4, "c"),
        edit(5, "c", EditKind::Archive),
        edit(6, "c", EditKind::Restore),
        edit(7, "c", EditKind::Delete),
        edit(8, "b-too", EditKind::Untag),
        edit(9, "a", EditKind::Delete),
        push(10, "a"),
    ];
    let (asked, occurrences) = asked(rows, 0, VersionChoice::Newest);
    let expected = ["a", "b", "b", "b-too", "c", "c", "c", "b-too", "a", "", "a", "a"]
        .into_iter()
        .zip(0..)
        .filter(|(t, _)| !t.is_empty());
    assert_eq!(asked, expected.map(|(tag, hour)| (hour, tag.to_string())).collect::<Vec<_>>());
    let edits: Vec<(i64, &str, EditKind)> = occurrences
        .iter()
        .filter_map(|o| if let Occurrence::Edit(e) = o { Some((e.at.0 / HOUR, &*e.tag, e.kind)) } else { None })
        .collect();
    let kinds = [
        (3, "b", EditKind::Untag),
        (5, "c", EditKind::Archive),
        (6, "c", EditKind::Restore),
        (7, "c", EditKind::Delete),
        (8, "b-too", EditKind::Untag),
        (9, "a", EditKind::Delete),
    ];
    assert_eq!(edits, kinds);
}

#[test]
fn an_image_whose_tag_moved_on_is_not_asked_for_when_the_next_one_is_deleted() {
    let rows = vec![push(0, "latest"), push(1, "latest"), edit(2, "latest", EditKind::Delete)];
    let (asked, _) = asked(rows, 0, VersionChoice::Newest);
    assert_eq!(asked, [(0, "latest".into()), (1, "latest".into())]);
}

#[test]
fn existing_versions_may_be_taken_away_and_are_what_is_left() {
    let rows = vec![push(1, "new"), edit(2, "new", EditKind::Delete), edit(3, "v3", EditKind::Untag)];
    let (asked, _) = asked(rows, 3, VersionChoice::Newest);
    let tags: Vec<&str> = asked.iter().take(5).map(|(_, tag)| tag.as_str()).collect();
    assert_eq!(tags, ["v3", "new", "v3", "v2", "v2"]);
}

#[test]
fn rows_of_one_moment_happen_in_the_order_of_the_list() {
    let rows = vec![
        push(1, "a"),
        edit(1, "a", EditKind::Delete),
        push(1, "a"),
        same_as(1, "b", "a"),
        edit(1, "a", EditKind::Untag),
    ];
    let (asked, occurrences) = asked(rows, 0, VersionChoice::NewestOf(3));
    let words: Vec<String> = occurrences
        .iter()
        .filter_map(|o| match o {
            Occurrence::Push(push) => push.tag.as_deref().map(|tag| format!("{tag} {}", push.image.id)),
            Occurrence::Edit(edit) => Some(format!("{:?} {}", edit.kind, edit.tag)),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["a 0", "Delete a", "a 1", "b 1", "Untag a"]);
    assert!(asked.len() == 11 && asked.iter().all(|(_, tag)| tag == "b"));
}

#[test]
fn a_tag_on_what_was_deleted_is_not_put() {
    let rows = vec![push(0, "a"), edit(1, "a", EditKind::Delete), same_as(2, "b", "a")];
    let (_, occurrences) = asked(rows, 0, VersionChoice::Newest);
    assert_eq!(pushes(&occurrences).len(), 1);
}

proptest::proptest! {
    /// The books against a slow twin: all tags in a list, walked through for each question.
    #[test]
    fn edits_leave_the_newest_tagged_version(rows in proptest::collection::vec((0usize..4, 0u8..5), 1..30)) {
        let names = ["a", "b", "c", "d"];
        let listed: Vec<ListedPush> = (0i64..).zip(&rows).map(|(at, (tag, action))| {
            let tag = names[*tag];
            let row = listed(at * DAY / 2, tag);
            match action {
                0..=1 => row,
                2 => ListedPush { same_as: Some(names[(at as usize) % 4].into()), ..row },
                3 => ListedPush { edit: Some(EditKind::Untag), ..row },
                _ => ListedPush { edit: Some(EditKind::Delete), ..row },
            }
        }).collect();
        let mut holders: Vec<(&str, usize)> = Vec::new();
        let mut expected = Vec::new();
        for (at, row) in listed.iter().enumerate() {
            let holder = |tag: &str, holders: &[(&str, usize)]| holders.iter().find(|(t, _)| *t == tag).map(|(_, i)| *i);
            let image = match &row.same_as {
                Some(of) => holder(of, &holders),
                None => Some(at),
            };
            match row.edit {
                Some(EditKind::Untag) => holders.retain(|(tag, _)| *tag != row.tag),
                Some(_) => if let Some(image) = holder(&row.tag, &holders) {
                    holders.retain(|(_, other)| *other != image);
                },
                None => if let Some(image) = image {
                    holders.retain(|(tag, _)| *tag != row.tag);
                    holders.push((&row.tag, image));
                },
            }
            expected.push(holders.iter().map(|(_, image)| *image).max());
        }
        if listed.iter().any(|row| row.edit.is_some()) {
            let half = DAY / 2;
            let times = (0..listed.len() as i64).map(|at| Time(at * half + HOUR)).filter(|at| *at < END).collect();
            let app = Repository { pushes: Pushes::List(list(listed.clone())), ..repository("app") };
            let reader = Cluster { triggers: vec![Trigger::Times(times)], ..cluster("c") };
            let occurrences = all(&demand(vec![app], vec![reader]));
            // Images by the row that brought them.
            let mut rows: Vec<(u32, usize)> = Vec::new();
            for push in pushes(&occurrences).into_iter().filter(|push| push.new_image) {
                rows.push((push.image.id, (push.at.0 / half) as usize));
            }
            let asked: Vec<(usize, usize)> = requests(&occurrences)
                .iter()
                .map(|pull| {
                    let row = rows.iter().find(|(id, _)| *id == pull.image.id).map_or(usize::MAX, |(_, row)| *row);
                    ((pull.at.0 / half) as usize, row)
                })
                .collect();
            let expected: Vec<(usize, usize)> =
                expected.iter().enumerate().filter_map(|(at, image)| Some((at, (*image)?))).collect();
            proptest::prop_assert_eq!(asked, expected);
        }
    }
}
