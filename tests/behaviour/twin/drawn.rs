//! Small scenarios drawn at random.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::super::common::Random;
use super::{follow, from_files};

/// Places; all in one account.
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-southeast-1"];

fn one<'a>(random: &mut Random, of: &[&'a str]) -> &'a str {
    of[random.below(of.len())]
}

fn lifecycle(random: &mut Random) -> String {
    match random.below(4) {
        0 => String::new(),
        1 => format!("lifecycle = {{ keep = {} }}", random.between(1, 5)),
        2 => format!("lifecycle = {{ days = {}, untagged_days = 1 }}", random.between(1, 4)),
        _ => "lifecycle = \"policy.json\"".into(),
    }
}

/// A policy that the service takes.
fn policy(random: &mut Random) -> String {
    let mut rules = Vec::new();
    let tagged = ["\"v*\"", "\"*1\"", "\"v*\", \"lat*\""];
    for priority in 1..random.between(2, 4) {
        let list = tagged[(priority - 1) % 3];
        let (count, action) = match random.below(3) {
            0 => {
                (format!("\"countType\": \"imageCountMoreThan\", \"countNumber\": {}", random.between(1, 4)), "expire")
            }
            1 => (
                format!(
                    "\"countType\": \"sinceImagePushed\", \"countUnit\": \"days\", \"countNumber\": {}",
                    random.between(1, 3)
                ),
                one(random, &["expire", "archive"]),
            ),
            _ => (
                format!(
                    "\"countType\": \"sinceImagePulled\", \"countUnit\": \"days\", \"countNumber\": {}",
                    random.between(1, 3)
                ),
                "archive",
            ),
        };
        let action = match action {
            "archive" => "{\"type\": \"transition\", \"targetStorageClass\": \"archive\"}",
            _ => "{\"type\": \"expire\"}",
        };
        rules.push(format!(
            "{{\"rulePriority\": {priority}, \"selection\": {{\"tagStatus\": \"tagged\", \"tagPatternList\": [{list}], \
             {count}}}, \"action\": {action}}}"
        ));
    }
    rules.push(format!(
        "{{\"rulePriority\": 9, \"selection\": {{\"tagStatus\": \"any\", \"countType\": \"imageCountMoreThan\", \
         \"countNumber\": {}}}, \"action\": {{\"type\": \"expire\"}}}}",
        random.between(2, 8)
    ));
    format!("{{\"rules\": [{}]}}", rules.join(",\n"))
}

/// Pushes and edits of tags that are there.
fn edits(random: &mut Random, days: usize) -> String {
    let mut tags: Vec<(String, usize)> = Vec::new();
    let mut rows = Vec::new();
    let mut images = 0;
    for step in 0..random.between(4, 4 * days) {
        let at = format!("{}m", step * 300 + random.below(300));
        let action = if tags.len() < 2 { 0 } else { random.below(7) };
        match action {
            0 | 1 => {
                let tag = format!("v{}", random.between(1, 9));
                images += 1;
                tags.retain(|(other, _)| *other != tag);
                tags.push((tag.clone(), images));
                rows.push(format!("{{ at = \"{at}\", tag = \"{tag}\" }}"));
            }
            2 => {
                let (same_as, image) = tags[random.below(tags.len())].clone();
                let tag = format!("t{step}");
                tags.push((tag.clone(), image));
                rows.push(format!("{{ at = \"{at}\", tag = \"{tag}\", same_as = \"{same_as}\" }}"));
            }
            3 | 4 => {
                let place = random.below(tags.len());
                let action = one(random, &["archive", "restore"]);
                rows.push(format!("{{ at = \"{at}\", tag = \"{}\", action = \"{action}\" }}", tags[place].0));
            }
            5 => {
                let (tag, _) = tags.remove(random.below(tags.len()));
                rows.push(format!("{{ at = \"{at}\", tag = \"{tag}\", action = \"untag\" }}"));
            }
            _ => {
                let (tag, image) = tags.remove(random.below(tags.len()));
                tags.retain(|(_, other)| *other != image);
                rows.push(format!("{{ at = \"{at}\", tag = \"{tag}\", action = \"delete\" }}"));
            }
        }
    }
    format!("push = {{ list = [{}] }}", rows.join(", "))
}

/// A scenario and its policy.
fn drawn(seed: u64) -> (String, String) {
    let mut random = Random(seed);
    let r = &mut random;
    let days = r.between(3, 9);
    let mut text = format!(
        "schema = 1\nrun = {{ duration = \"{days}d\", warm_up = \"{}d\", seed = {seed} }}\n\
         service = {{ copy_counts_as_pull = {}, pull_time_lag = \"{}h\" }}\nbases = {{ os = {{ size = \"20 MB\", renew = \"1/2d\" }} }}\n",
        r.below(2),
        r.below(2) == 0,
        r.below(30),
    );
    let deletes = ["", ", deletes = true"][r.below(2)];
    let existing = one(r, &["absent", "present", "backfill"]);
    let since = ["", ", since = \"1d\""][r.below(2)];
    let (delay, prefix) = (one(r, &["0s", "typical", "20h"]), one(r, &["re", "re0", "app"]));
    text += &format!(
        "strategies = [\n  {{ kind = \"replication\", delay = \"{delay}\", existing_images = \"{existing}\"{since}, rules = [\n    \
         {{ from = \"us-east-1\", to = [\"eu-west-1\", \"ap-southeast-1\"], prefixes = [\"{prefix}\"]{deletes} }},\n    \
         {{ from = \"us-east-1\", to = \"eu-west-1\" }}, {{ from = \"eu-west-1\", to = \"us-east-1\"{deletes} }} ] }},\n  \
         {{ kind = \"pull-through-cache\", ttl = \"{}h\" }},\n  {{ kind = \"scheduled-copy\", every = \"{}h\" }} ]\n",
        r.between(5, 40),
        r.between(2, 30),
    );
    if r.below(3) == 0 {
        let (kind, lasts) = (one(r, &["region-outage\", region", "registry-outage\", registry"]), r.between(1, 60));
        text += &format!(
            "faults = [{{ kind = \"{kind} = \"{}\", at = \"{}h\", lasts = \"{lasts}h\" }}, {{ kind = \"copy-failures\", share = \"20%\" }}]\n",
            one(r, &REGIONS[..2]),
            r.between(1, days * 24 - 1),
        );
    }
    for region in REGIONS {
        let template = match r.below(2) {
            0 => String::new(),
            _ => format!(", templates = [{{ prefix = \"ROOT\", {} }}]", lifecycle(r))
                .replace(", templates = [{ prefix = \"ROOT\",  }]", ""),
        };
        let mutability = one(r, &["mutable", "mutable", "immutable"]);
        text += &format!(
            "[[registries]]\nregistry = \"{region}\"\nblob_mounting = {}\n{}\n",
            r.below(3) == 0,
            if template.is_empty() { format!("mutability = \"{mutability}\"") } else { template.replacen(", ", "", 1) },
        );
    }
    for number in 0..r.between(1, 3) {
        let push = match r.below(2) {
            0 => edits(r, days),
            _ => format!("push = {{ rate = \"{}/day\" }}", r.between(1, 5)),
        };
        let attachments = ["", ", attachments = { count = 2, size = \"1 MB\" }"][r.below(2)];
        text += &format!(
            "[[repositories]]\nname = \"re{number}\"\nregistry = \"{}\"\n{push}\nexisting = {}\n{}\n\
             tags = {{ moving = [{}] }}\n\
             image = {{ size = \"{} MB\", layers = {}, base = \"os\", platforms = {}{attachments} }}\n",
            one(r, &REGIONS[..2]),
            r.below(4),
            lifecycle(r),
            one(r, &["", "\"latest\"", "\"latest\", \"v0\""]),
            r.between(30, 300),
            r.between(5, 8),
            r.between(1, 3),
        );
    }
    for region in REGIONS {
        text += &format!(
            "[[clusters]]\nname = \"{region}\"\nregistry = \"{region}\"\nnodes = {}\nif_missing = \"{}\"\n\
             pulls = {{ rate = \"{}/day\" }}\n",
            r.between(1, 3),
            one(r, &["home", "wait", "fail"]),
            r.between(1, 20),
        );
    }
    let policy = policy(r);
    (text, policy)
}

proptest! {
    #![proptest_config(Config {
        rng_seed: RngSeed::Fixed(20260105), failure_persistence: None, max_shrink_iters: 0, ..Config::with_cases(24)
    })]

    #[test]
    fn the_twin_agrees_with_any_scenario(seed in 0u64..1 << 40) {
        let (text, policy) = drawn(seed);
        let scenario = from_files(&[("test.toml", &text), ("policy.json", &policy)]);
        let (problems, _) = follow(&scenario, 1);
        prop_assert!(problems.is_empty(), "{}\n{}\n{}", problems.join("\n"), text, policy);
    }
}
