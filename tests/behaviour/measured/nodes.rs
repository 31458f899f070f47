//! Image pulls on real nodes: the kubelet's "Successfully pulled image" events of a published study.
//!
//! The unit is an image's median over the nodes of a platform. A platform sets its disk, what a pull costs at least, and
//! what a layer costs. For layers of one large file these numbers were read off the runs called `pulling-test`, so the
//! other runs are predictions (the one run on EKS had to serve for both). For real images they were read off these
//! same images: how well three numbers describe a platform, not a prediction.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use replisim::engine::journal::Entry;
use replisim::engine::run_with_journal;

use super::super::common::read;
use super::{Compared, median, number, print_groups, print_rows, rows};

/// What a platform's nodes are like.
struct Platform {
    name: &'static str,
    /// The experiments of the study that ran on it, and their runs.
    runs: &'static [(&'static str, &'static str)],
    /// Experiments that the numbers below were read off.
    known: &'static str,
    /// `unpack` and `client_start` for layers of one large, compressible file.
    files: (&'static str, &'static str),
    /// The same for real images: what fits the page cache is fast, the many files beyond are not.
    images: (&'static str, &'static str),
    layer: &'static str,
}

const PLATFORMS: [Platform; 4] = [
    Platform {
        name: "GKE n1-standard-16, default disk, public registry",
        runs: &[("pulling-test", "run1"), ("pulling", "run1")],
        known: "pulling-test",
        files: (r#"{ rate = "190 MB/s", burst = "5.8 GB", then = "110 MB/s" }"#, "600ms"),
        images: (r#"{ rate = "300 MB/s", burst = "300 MB", then = "80 MB/s" }"#, "200ms"),
        layer: "30ms",
    },
    Platform {
        name: "GKE n1-standard-16, default disk, registry in the region",
        runs: &[
            ("pulling-test", "run2"),
            ("pulling-test", "without-streaming"),
            ("pulling", "run2"),
            ("pulling", "without-streaming"),
        ],
        known: "pulling-test",
        files: (r#"{ rate = "195 MB/s", burst = "5.8 GB", then = "110 MB/s" }"#, "500ms"),
        images: (r#"{ rate = "300 MB/s", burst = "300 MB", then = "80 MB/s" }"#, "200ms"),
        layer: "30ms",
    },
    Platform {
        name: "GKE n1-standard-16, local SSD",
        runs: &[("pulling-test", "run3"), ("pulling", "run3")],
        known: "pulling-test",
        files: (r#"{ rate = "190 MB/s" }"#, "120ms"),
        images: (r#"{ rate = "500 MB/s" }"#, "100ms"),
        layer: "18ms",
    },
    Platform {
        name: "EKS c5a.4xlarge, gp2",
        runs: &[("pulling-aws", "run1")],
        known: "pulling-aws",
        files: (r#"{ rate = "350 MB/s", burst = "8 GB", then = "133 MB/s" }"#, "500ms"),
        images: (r#"{ rate = "65 MB/s" }"#, "200ms"),
        layer: "30ms",
    },
];

/// An image: its keys in `image`.
struct Image {
    keys: String,
    what: String,
}

/// Seconds that one node takes for each image, pulled one by one.
fn predict(images: &[Image], cluster: &str, network: &str) -> Vec<f64> {
    let mut text = format!(
        "schema = 1\nstrategies = [\"cross-region-pull\"]\nrun = {{ duration = \"30d\", trials = 1 }}\n\
         service = {{ quotas = \"unlimited\" }}\nnetwork = {{ {network} }}\n"
    );
    let mut pulls = String::new();
    for (index, image) in images.iter().enumerate() {
        write!(
            text,
            "[[repositories]]\nname = \"i{index}\"\nregistry = \"us-east-2\"\nimage = {{ {} }}\n\
             push = {{ list = [{{ at = \"0s\", tag = \"v\" }}] }}\n",
            image.keys
        )
        .expect("text");
        write!(pulls, "{{ at = \"{}s\", repository = \"i{index}\" }}, ", 1000 * (index + 1)).expect("text");
    }
    write!(
        text,
        "[[clusters]]\nname = \"node\"\nregistry = \"us-east-2\"\nnodes = 1\ncache = \"none\"\n{cluster}\n\
         pulls = {{ list = [{}] }}\n",
        pulls.trim_end_matches(", ")
    )
    .expect("text");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("node.toml");
    std::fs::write(&path, &text).expect("a temporary file");
    let scenario = read(&path, &[]);
    let mut seconds = vec![f64::NAN; images.len()];
    run_with_journal(&scenario.model, 0, scenario.run.seed, 1, &mut |_, entry| {
        if let Entry::PullServed { pull, times, .. } = entry {
            let name = &scenario.model.demand.repositories[pull.repository.0 as usize].name;
            let index: usize = name[1..].parse().expect("an image's number");
            seconds[index] = (times.waiting + times.queueing + times.transfer + times.unpack).as_seconds();
        }
    });
    assert!(seconds.iter().all(|seconds| seconds.is_finite()), "a pull did not end:\n{text}");
    seconds
}

/// An image of a platform in one experiment: experiment, name, layers, uncompressed bytes, compressed bytes.
type Key = (String, String, u64, u64, u64);

/// Medians of a platform's pulls: of made-up images when `synthetic`, else of real ones from 20 MB on.
fn measured(platform: &Platform, synthetic: bool) -> Option<BTreeMap<Key, f64>> {
    let mut pulls: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for row in rows("container-chonks/pull_events.csv")? {
        let there = platform.runs.contains(&(row["experiment"].as_str(), row["run"].as_str()));
        if !there || row["uncompressed_bytes"].is_empty() == synthetic {
            continue;
        }
        let [layers, whole, size] =
            ["layers", "uncompressed_bytes", "kubelet_image_size_bytes"].map(|column| number(&row, column) as u64);
        if !synthetic && size < 20_000_000 {
            continue;
        }
        let key = (row["experiment"].clone(), row["image"].clone(), layers, whole, size);
        pulls.entry(key).or_default().push(number(&row, "pull_s"));
    }
    Some(pulls.into_iter().map(|(key, seconds)| (key, median(&seconds))).collect())
}

fn group(platform: &Platform, experiment: &str) -> String {
    let role = if experiment == platform.known { "calibrated" } else { "predicted" };
    format!("{}: {role}", platform.name)
}

#[test]
fn unpacking_on_nodes() {
    let mut compared = Vec::new();
    for platform in &PLATFORMS {
        let Some(measured) = measured(platform, true) else { return };
        // What crosses the network is a thousandth of what is unpacked.
        let images: Vec<Image> = measured
            .keys()
            .map(|(_, _, layers, whole, _)| {
                let layer = format!("\"{} B\"", whole / layers / 1000);
                let keys = format!("layer_sizes = [{}], compression = 1000", vec![layer; *layers as usize].join(", "));
                Image { keys, what: format!("{layers} layers, {:.2} GB", *whole as f64 / 1e9) }
            })
            .collect();
        let cluster = format!("unpack = {}\nlayer_overhead = \"{}\"", platform.files.0, platform.layer);
        let predicted = predict(&images, &cluster, &format!("client_start = \"{}\"", platform.files.1));
        for ((((experiment, ..), measured), image), predicted) in measured.iter().zip(&images).zip(predicted) {
            let (group, what) = (group(platform, experiment), image.what.clone());
            compared.push(Compared { group, what, measured: *measured, predicted });
        }
    }
    print_rows("Unpacking", "s", &compared);
    for (group, median) in print_groups("Unpacking, by platform", &compared) {
        assert!(median <= 0.10, "{group}: {median}");
    }
}

#[test]
fn pulls_of_real_images() {
    let (mut compared, mut by_default) = (Vec::new(), Vec::new());
    for platform in &PLATFORMS {
        let Some(measured) = measured(platform, false) else { return };
        if measured.is_empty() {
            continue;
        }
        let images: Vec<Image> = measured
            .keys()
            .map(|(_, name, _, _, size)| {
                let short = name.rsplit('/').next().unwrap_or(name).split([':', '@']).next().unwrap_or(name);
                Image { keys: format!("size = \"{size} B\""), what: format!("{short}, {} MB", size / 1_000_000) }
            })
            .collect();
        let cluster = format!("unpack = {}\nlayer_overhead = \"{}\"", platform.images.0, platform.layer);
        let own = predict(&images, &cluster, &format!("client_start = \"{}\"", platform.images.1));
        let word = if platform.name.contains("SSD") { "ssd" } else { "disk" };
        let default = predict(&images, &format!("unpack = \"{word}\""), "");
        for (index, measured) in measured.values().copied().enumerate() {
            let what = images[index].what.clone();
            let group = format!("{}: its own disk", platform.name);
            compared.push(Compared { group, what: what.clone(), measured, predicted: own[index] });
            let group = format!("{}: the default `{word}`", platform.name);
            by_default.push(Compared { group, what, measured, predicted: default[index] });
        }
    }
    print_rows("Pulls of real images", "s", &compared);
    let medians = print_groups("Pulls of real images, by platform", &compared);
    print_groups("Pulls of real images with the default disks", &by_default);
    for (group, median) in medians {
        assert!(median <= 0.25, "{group}: {median}");
    }
}
