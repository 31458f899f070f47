//! Versions, releases, tags, lists, manifests, promotions.

use super::super::fixture::list;
use super::super::fixture::listed;
use super::*;

fn pushed(repositories: Vec<Repository>) -> Vec<Push> {
    pushes(&all(&demand(repositories, Vec::new()))).into_iter().cloned().collect()
}

fn tags(pushes: &[Push]) -> Vec<(u32, &str, bool)> {
    pushes.iter().map(|push| (push.repository.0, push.tag.as_deref().unwrap_or_default(), push.release)).collect()
}

fn every_day(days: i64) -> Pushes {
    Pushes::Times(daily(&[0], days))
}

fn promotion(to: u32, of: VersionFilter, every: u32, after: i64, tag: &str) -> Promotion {
    let after = Law::Constant(after as f64);
    Promotion { to: RepositoryId(to), of, every, after, tag: TagTemplate(tag.into()) }
}

#[test]
fn each_kth_version_is_a_release_and_takes_the_moving_tags() {
    let mut app = Repository { pushes: every_day(4), ..repository("app") };
    app.tags = Tags {
        release_every: 2,
        release: TagTemplate("v{r}-{date}".into()),
        build: TagTemplate("build-{n}".into()),
        moving: vec!["latest".into(), "stable".into()],
    };
    let pushes = pushed(vec![app]);
    let expected = [
        (0, "build-1", false),
        (0, "v1-20260402", true),
        (0, "latest", true),
        (0, "stable", true),
        (0, "build-3", false),
        (0, "v2-20260404", true),
        (0, "latest", true),
        (0, "stable", true),
    ];
    assert_eq!(tags(&pushes), expected);
    let new: Vec<bool> = pushes.iter().map(|push| push.new_image).collect();
    assert_eq!(new, [true, true, false, false, true, true, false, false]);
    assert_eq!(pushes[1].image, pushes[3].image);
}

#[test]
fn a_batch_is_spread_evenly() {
    let app = Repository {
        pushes: every_day(1),
        batch: Law::Constant(4.0),
        batch_within: Span(2 * HOUR),
        ..repository("app")
    };
    let at: Vec<i64> = pushed(vec![app]).iter().map(|push| push.at.0 * 2 / HOUR).collect();
    assert_eq!(at, [0, 1, 2, 3]);
}

#[test]
fn pushes_come_at_the_rate_times_the_mean_batch() {
    let app = Repository { pushes: rate(40.0), batch: Law::Geometric { mean: 3.0 }, ..repository("app") };
    let count = pushed(vec![app]).len() as f64;
    // 1200 events of mean 3 and variance 6: deviation √(1200 × 15) = 134.
    assert!((count - 3600.0).abs() < 4.0 * 134.0, "{count}");
}

#[test]
fn existing_versions_take_the_first_numbers_and_the_newest_release_is_everywhere() {
    let mut app = Repository { pushes: every_day(1), existing: 5, existing_gap: Span(HOUR), ..repository("app") };
    app.tags.release_every = 2;
    let nodes = Cluster { nodes: 3, version: VersionChoice::Deployed, ..cluster("c") };
    let calm = Cluster { runs: Vec::new(), ..cluster("runs nothing") };
    let demand = demand(vec![app], vec![nodes, calm]);
    let calendar = calendar();
    let mut source = Source::new(&demand, &calendar, 1, 1, Time(0), END, &[]);
    let existing = source.existing();
    let expected =
        [(0, "build-1", false), (0, "v2", true), (0, "build-3", false), (0, "v4", true), (0, "build-5", false)];
    assert_eq!(tags(&existing), expected);
    let hours: Vec<i64> = existing.iter().map(|push| push.at.0 / HOUR).collect();
    assert_eq!(hours, [-5, -4, -3, -2, -1]);
    let warm = source.initial();
    assert_eq!(warm.iter().map(|warm| warm.node).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(warm.iter().all(|warm| warm.image == existing[3].image && warm.cluster == ClusterId(0)));
    let next = drain(&mut source);
    assert_eq!(pushes(&next)[0].tag.as_deref(), Some("v6"));
    // The line goes on: a quarter of the bytes is new.
    let new = |layer: &&crate::registry::Layer| !existing[4].image.layers.contains(layer);
    let added: u64 = pushes(&next)[0].image.layers.iter().filter(new).map(|layer| layer.bytes).sum();
    assert_eq!(added, 50_000_000);
}

#[test]
fn a_list_names_tags_sizes_and_further_tags() {
    let same_as = |at, tag, same_as: &str| ListedPush { same_as: Some(same_as.into()), ..listed(at, tag) };
    let rows = vec![
        ListedPush { bytes: Some(1000), ..listed(0, "one") },
        ListedPush { bytes: Some(1000), new_bytes: Some(NewBytes::Bytes(10)), ..listed(HOUR, "two") },
        same_as(2 * HOUR, "stable", "one"),
        same_as(3 * HOUR, "stable", "two"),
        same_as(4 * HOUR, "lost", "never-pushed"),
    ];
    let mut app = Repository { pushes: Pushes::List(list(rows)), ..repository("app") };
    app.tags.release_every = 2;
    let pulls = [(3, "stable"), (1, "two"), (1, "stable")];
    let pulls = pulls.map(|(hour, tag)| ListedPull {
        at: Time(hour * HOUR),
        repository: RepositoryId(0),
        tag: Some(tag.into()),
        node: None,
    });
    let mut pulls = pulls.to_vec();
    pulls.sort_by_key(|pull| pull.at);
    let reader = Cluster { triggers: vec![Trigger::List(list(pulls))], ..cluster("c") };
    let occurrences = all(&demand(vec![app], vec![reader]));
    let pushes: Vec<Push> = pushes(&occurrences).into_iter().cloned().collect();
    assert_eq!(tags(&pushes), [(0, "one", false), (0, "two", true), (0, "stable", false), (0, "stable", false)]);
    assert_eq!(pushes[2].image, pushes[0].image);
    assert_eq!(pushes[3].image, pushes[1].image);
    assert!(!pushes[2].new_image);
    let added = pushes[1].image.layers.iter().filter(|layer| !pushes[0].image.layers.contains(layer));
    assert_eq!(added.map(|layer| layer.bytes).sum::<u64>(), 10);
    // "stable" is not there at 01:00: nothing is asked for. It moves, "two" does not.
    let asked: Vec<(&str, bool)> = requests(&occurrences).iter().map(|pull| (&*pull.tag, pull.moving)).collect();
    assert_eq!(asked, [("two", false), ("stable", true)]);
    assert_eq!(requests(&occurrences)[1].image, pushes[1].image);
}

#[test]
fn rows_of_one_digest_are_one_image_in_every_repository() {
    let row = |at, tag, digest: &str| ListedPush { digest: Some(digest.into()), ..listed(at, tag) };
    let rows = vec![row(0, "a", "x"), row(HOUR, "b", "y"), row(2 * HOUR, "c", "x"), row(3 * HOUR, "a", "x")];
    let one = Repository { pushes: Pushes::List(list(rows)), ..repository("one") };
    let two = Repository { pushes: Pushes::List(list(vec![row(4 * HOUR, "d", "x")])), ..repository("two") };
    let pushes = pushed(vec![one, two]);
    let images: Vec<u32> = pushes.iter().map(|push| push.image.id).collect();
    assert_eq!(images, [0, 1, 0, 0, 0]);
    let new: Vec<bool> = pushes.iter().map(|push| push.new_image).collect();
    assert_eq!(new, [true, true, false, false, true]);
}

#[test]
fn real_images_are_spread_over_the_period_after_the_existing_ones() {
    let images = (0..6).map(|i| RealImage { tag: format!("t{i}"), layers: vec![(i, 10), (100, 5)] }).collect();
    let app = Repository {
        pushes: Pushes::Manifests(list(images)),
        existing: 3,
        image: ImageLaw { base: None, ..repository("app").image },
        ..repository("app")
    };
    let demand = demand(vec![app], Vec::new());
    let calendar = calendar();
    let mut source = Source::new(&demand, &calendar, 1, 1, Time(0), END, &[]);
    assert_eq!(tags(&source.existing()), [(0, "t0", true), (0, "t1", true), (0, "t2", true)]);
    let occurrences = drain(&mut source);
    let pushed: Vec<(i64, &str)> = pushes(&occurrences)
        .into_iter()
        .map(|push| (push.at.0 / DAY, push.tag.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(pushed, [(5, "t3"), (15, "t4"), (25, "t5")]);
    let layers: Vec<u32> = pushes(&occurrences)[0].image.layers.iter().map(|layer| layer.id).collect();
    assert_eq!(layers, [4, 1], "the shared layer keeps its id");
}

#[test]
fn promotion_in_place_is_a_further_tag_and_a_release() {
    let mut app = Repository { pushes: every_day(4), ..repository("app") };
    app.tags.release_every = 0;
    app.tags.moving = vec!["latest".into()];
    app.promotions = vec![promotion(0, VersionFilter::All, 2, HOUR, "v{r}-of-{n}")];
    let pushes = pushed(vec![app]);
    let expected = [
        (0, "build-1", false),
        (0, "build-2", false),
        (0, "v1-of-2", true),
        (0, "latest", true),
        (0, "build-3", false),
        (0, "build-4", false),
        (0, "v2-of-4", true),
        (0, "latest", true),
    ];
    assert_eq!(tags(&pushes), expected);
    assert_eq!((pushes[2].image.id, pushes[2].at), (pushes[1].image.id, Time(DAY + HOUR)));
    assert!(pushes[2].promoted && !pushes[2].new_image && !pushes[1].promoted);
}

#[test]
fn promotion_into_another_repository_is_a_version_there_and_goes_on() {
    let mut dev = Repository { pushes: every_day(2), ..repository("dev") };
    dev.tags.release_every = 0;
    dev.promotions =
        vec![promotion(1, VersionFilter::Build, 1, 0, "rc-{n}"), promotion(2, VersionFilter::Release, 1, 0, "never")];
    let mut stage = repository("stage");
    stage.promotions = vec![promotion(2, VersionFilter::Release, 1, HOUR, "v{r}")];
    // A ring: back to where it came from is a further tag there, and it ends.
    let mut prod = Repository { existing: 1, ..repository("prod") };
    prod.promotions = vec![promotion(0, VersionFilter::All, 1, 0, "in-prod-{n}")];
    let pushes = pushed(vec![dev, stage, prod]);
    let of_a_day = |n: u32| {
        vec![
            (0, format!("build-{n}"), false, true),
            (1, format!("rc-{n}"), true, true),
            (2, format!("v{n}"), true, true),
            (0, format!("in-prod-{}", n + 1), true, false),
        ]
    };
    let seen: Vec<(u32, String, bool, bool)> = pushes
        .iter()
        .map(|push| {
            (push.repository.0, push.tag.as_deref().unwrap_or_default().to_string(), push.release, push.new_image)
        })
        .collect();
    assert_eq!(seen, [of_a_day(1), of_a_day(2)].concat());
    let images: Vec<u32> = pushes.iter().map(|push| push.image.id).collect();
    // Image 0 is the existing one.
    assert_eq!(images, [1, 1, 1, 1, 2, 2, 2, 2]);
}
