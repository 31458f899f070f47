//! Exports of a few lines, right and wrong.

use super::*;

const PLACE: &str = "prod-111122223333/us-east-1";

/// Reads an export of these files.
fn export(files: &[(&str, &str)]) -> Result<Export, Vec<(String, usize, String)>> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    read(folder.path()).map_err(|wrong| {
        let told = |wrong: Wrong| {
            let line = wrong.text[..wrong.problem.span.start].matches('\n').count() + 1;
            let name = wrong.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            (name, line, wrong.problem.message)
        };
        wrong.into_iter().map(told).collect()
    })
}

/// An export of one registry with one repository, and these files in it.
fn with(files: &[(&str, &str)]) -> Result<Export, Vec<(String, usize, String)>> {
    let list = "{\"repositories\": [{\"registryId\": \"111122223333\", \"repositoryName\": \"a/b\",\n\
                \"createdAt\": 1750000000.5, \"imageTagMutability\": \"IMMUTABLE_WITH_EXCLUSION\",\n\
                \"imageTagMutabilityExclusionFilters\": [{\"filterType\": \"WILDCARD\", \"filter\": \"latest*\"}]}]}";
    let mut all = vec![(format!("{PLACE}/describe-repositories.json"), list)];
    all.extend(files.iter().map(|(name, text)| (format!("{PLACE}/{name}"), *text)));
    export(&all.iter().map(|(name, text)| (name.as_str(), *text)).collect::<Vec<_>>())
}

#[test]
fn all_that_the_commands_print_is_read() {
    let images = "{\"imageDetails\": [{\"registryId\": \"111122223333\", \"repositoryName\": \"a/b\", \"imageDigest\": \"d\",\n\
                  \"imageTags\": [\"v1\"], \"imageSizeInBytes\": 7, \"imagePushedAt\": \"2026-09-20T08:15:00.123000+02:00\",\n\
                  \"lastRecordedPullTime\": 1790000000.25, \"artifactMediaType\": \"application/vnd.oci.image.config.v1+json\",\n\
                  \"imageManifestMediaType\": \"application/vnd.oci.image.index.v1+json\", \"unknown\": [1]}]}";
    let metrics = "{\"MetricDataResults\": [{\"Id\": \"p\", \"Label\": \"a/b\", \"Timestamps\": [\"2026-09-03T00:00:00Z\", \
                   \"2026-09-01T00:00:00Z\", \"2026-09-02T00:00:00Z\"], \"Values\": [2.0, 3.0, 5.0]}], \"Messages\": []}";
    let registry = "{\"registryId\": \"111122223333\", \"replicationConfiguration\": {\"rules\": [{\"destinations\": \
                    [{\"region\": \"eu-west-1\", \"registryId\": \"111122223333\"}]}]}}";
    let found = with(&[
        ("describe-images/a__b.json", images),
        ("describe-images/empty.json", ""),
        ("lifecycle/a__b.json", "{\"repositoryName\": \"a/b\", \"lifecyclePolicyText\": \"{}\"}"),
        ("describe-registry.json", registry),
        ("get-metric-data.json", metrics),
        ("get-metric-data-2.json", metrics),
    ]);
    let registry = &found.expect("a good export").registries[0];
    assert_eq!((registry.account.as_str(), registry.account_name.as_deref()), ("111122223333", Some("prod")));
    let repository = &registry.repositories[0];
    assert_eq!((repository.created, repository.immutable), (Some(1_750_000_000), true));
    assert_eq!(
        (repository.mutable_tags.as_slice(), repository.lifecycle.as_deref()),
        (&["latest*".to_string()][..], Some("{}"))
    );
    let image = &repository.images[0];
    assert_eq!((image.pushed(), image.pulled()), (1_789_884_900, Some(1_790_000_000)));
    assert!(image.is_index() && !image.is_attachment());
    let pulls = registry.pulls.as_ref().expect("pulls");
    assert_eq!((pulls.seconds, pulls.counts["a/b"]), (3 * 86_400, 20), "three days, two files");
    let replication = registry.replication.as_ref().expect("rules");
    assert!(replication.text.starts_with("{\"rules\"") && replication.rules.len() == 1);
}

#[test]
fn what_is_wrong_is_told_with_its_file_and_line() {
    let of = |name: &str, text: &str| with(&[(name, text)]).expect_err("wrong")[0].clone();
    let (file, line, message) = of("describe-images.json", "{\"imageDetails\": [\n{\"repositoryName\": \"a/b\"}]}");
    assert_eq!((file.as_str(), line, message.as_str()), ("describe-images.json", 2, "missing field `imageDigest`"));
    let image =
        "{\"imageDetails\": [\n{\"repositoryName\": \"a/b\", \"imageDigest\": \"d\", \"imagePushedAt\": \"noon\"}]}";
    let (_, line, message) = of("describe-images.json", image);
    assert_eq!((line, message.as_str()), (2, "expected a time such as \"2026-09-20T08:15:00+00:00\", found \"noon\""));
    let other = image.replace("a/b", "c").replace("\"noon\"", "1e9");
    assert!(of("describe-images/c.json", &other).2.starts_with("images of `c`, a repository not in "));
    let rules = "{\"replicationConfiguration\":\n{\"rules\": [{\"destinations\":\n[{\"region\": \"eu-west-1\", \"registryId\": \"1\"}]}]}}";
    let (_, line, message) = of("describe-registry.json", rules);
    assert_eq!((line, message.as_str()), (3, "`registryId` is an account id of 12 digits, found `1`"));
    assert!(of("describe-images.json", &image.replace("\"noon\"", "1e300")).2.ends_with("is no time"));
    for hostile in ["{", "[", "\u{0}", "{\"MetricDataResults\": 1}", &"[".repeat(100_000)] {
        assert!(with(&[("get-metric-data.json", hostile)]).is_err());
    }
    let list = "{\"repositories\": []}";
    let of = |name: &str| export(&[(name, list)]).expect_err("wrong")[0].2.clone();
    assert!(of("prod/us-east-1/describe-repositories.json").starts_with("expected a directory named by an account id"));
    assert_eq!(
        of("111122223333/us-esat-1/describe-repositories.json"),
        "no region `us-esat-1`, did you mean `us-east-1`?"
    );
    assert!(of("describe-repositories.json").starts_with("no export in here"));
}
