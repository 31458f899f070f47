//! Configurations, and what is found of one kind in each.

use super::*;

const CACHE: &str = "\"pull-through-cache\"";

/// A configuration, the files beside it, and what is found of one kind: which, and the text that it stands at.
pub type Case = (&'static str, &'static str, String, Vec<String>);

pub fn rule_cases() -> Vec<Case> {
    let to = |rest: &str| format!("{{ from = \"us-east-1\", to = {rest} }}");
    let rules = |rules: &[String]| ruled(&["prod/api"], &rules.join(", "));
    let zones =
        |count: usize| (0..count).map(|n| to(&format!("\"eu-west-1\", prefixes = [\"p{n:02}\"]"))).collect::<Vec<_>>();
    let file = |json: String| (estate(&["prod/api"], FILED, ""), vec![json]);
    let filter = |filter: &str, kind: &str| {
        file(json_rule(
            EU,
            &format!(", \"repositoryFilters\": [{{\"filter\": \"{filter}\", \"filterType\": \"{kind}\"}}]"),
        ))
    };
    let many = |count: usize| (0..count).map(|n| format!("\"prod/{n:03}\"")).collect::<Vec<_>>().join(", ");
    let mut cases: Vec<Case> = vec![
        // Published articles filter by `prod-*` (A11), and by `myapp-.*`.
        ("illegal-filter", "\"Prod\"", filtered(&["prod/api"], "[\"Prod\"]"), vec![]),
        ("extension-needed", "tags", rules(&[to("\"eu-west-1\", tags = \"v*\"")]), vec![]),
        ("filter-count", "[]", filtered(&["prod/api"], "[]"), vec![]),
        ("destination-is-source", "\"us-east-1\"", rules(&[to("\"us-east-1\"")]), vec![]),
        ("partition-crossed", "\"us-gov-west-1\"", rules(&[to("\"us-gov-west-1\"")]), vec![]),
        ("too-many-rules", "{ from", rules(&zones(26)), vec![]),
        ("many-rules", "{ from", rules(&zones(11)), vec![]),
        ("rule-selects-nothing", "{ from", filtered(&["api"], "[\"prod/\"]"), vec![]),
        ("filter-selects-nothing", "\"dev/\"", filtered(&["prod/api"], "[\"prod/\", \"dev/\"]"), vec![]),
        ("idle-filter", "\"-prod\"", filtered(&["prod/api"], "[\"-prod\", \"prod/\"]"), vec![]),
        ("filter-covered", "\"prod/a\"", filtered(&["prod/api"], "[\"prod/a\", \"prod/\"]"), vec![]),
        (
            "rule-covered",
            "{ from",
            rules(&[to("\"eu-west-1\", prefixes = [\"prod/\"]"), to("[\"eu-west-1\", \"eu-west-2\"]")]),
            vec![],
        ),
        ("prefix-catches-sibling", "\"prod\"", filtered(&["prod/api", "prod-test/api"], "[\"prod\"]"), vec![]),
        ("prefix-catches-sibling", "\"shop/api\"", filtered(&["shop/api", "shop/api-v2"], "[\"shop/api\"]"), vec![]),
        ("prefix-catches-sibling", "\"prod\"", filtered(&["prod-api", "product"], "[\"prod\"]"), vec![]),
        ("copies-nobody-pulls", "{ from", rules(&[to("[\"eu-west-1\", \"eu-west-2\"]")]), vec![]),
        (
            "copies-nobody-pulls",
            "\"replication\"",
            estate(&["prod/api", "tools"], REPLICATION, "runs = \"prod/*\"\n"),
            vec![],
        ),
        (
            "no-chain",
            "{ from",
            rules(&[to("\"eu-west-1\""), "{ from = \"eu-west-1\", to = \"eu-west-2\" }".into()]),
            vec![],
        ),
        (
            "loop",
            "{ from",
            rules(&[to("\"eu-west-1\""), "{ from = \"eu-west-1\", to = \"us-east-1\" }".into()]),
            vec![],
        ),
        (
            "not-possible-today",
            "{ from",
            format!("extensions = [\"tag-filter\"]\n{}", rules(&[to("\"eu-west-1\", tags = \"v*\"")])),
            vec![],
        ),
        (
            "extension-unused",
            "\"rename\"",
            format!("extensions = [\"rename\"]\n{}", rules(&[to("\"eu-west-1\"")])),
            vec![],
        ),
        (
            "rename-without-effect",
            "\"{name}\"",
            format!("extensions = [\"rename\"]\n{}", rules(&[to("\"eu-west-1\", rename = \"{name}\"")])),
            vec![],
        ),
        (
            "from-without-effect",
            "from",
            estate(&["a1"], "{ kind = \"replication\", from = \"us-east-1\" }", ""),
            vec![],
        ),
        (
            "not-copied",
            "{ kind",
            filtered(&["prod/api", "base"], "[\"prod/\"]").replace("if_missing = \"home\"\n", ""),
            vec![],
        ),
        ("existing-stay-behind", "{ kind", estate(&["a1"], "{ kind = \"replication\", since = \"4d\" }", ""), vec![]),
        (
            "existing-stay-behind",
            "\"replication\"",
            estate(&["a1"], REPLICATION, "").replace("[[clusters]]", "existing = 3\n[[clusters]]"),
            vec![],
        ),
        (
            "mounting-on-one-side",
            "\"replication\"",
            estate(&["a1"], REPLICATION, "[[registries]]\nregistry = \"eu-west-1\"\nblob_mounting = true\n"),
            vec![],
        ),
        (
            "opt-in-region",
            "\"eu-south-1\"",
            estate(&["a1"], REPLICATION, "").replace("\"eu-west-1\"", "\"eu-south-1\""),
            vec![],
        ),
    ];
    for (id, at, (text, files)) in [
        ("illegal-filter", "\"prod-*\"", filter("prod-*", "PREFIX_MATCH")),
        ("filter-type", "\"WILDCARD\"", filter("prod", "WILDCARD")),
        (
            "filter-selects-nothing",
            "\"dev/\"",
            file(json_rule(
                EU,
                ", \"repositoryFilters\": [{\"filter\": \"prod/\", \"filterType\": \"PREFIX_MATCH\"}, {\"filter\": \"dev/\", \"filterType\": \"PREFIX_MATCH\"}]",
            )),
        ),
        ("filter-count", "[]", file(json_rule(EU, ", \"repositoryFilters\": []"))),
        ("no-destination", "{\"destinations\"", file(json_rule("", ""))),
        ("duplicate-destination", EU, file(json_rule(&format!("{EU}, {EU}"), ""))),
    ] {
        cases.push((id, at, text, files));
    }
    cases.push(("filter-count", "[\"prod/000\"", filtered(&["prod/api"], &format!("[{}]", many(101))), vec![]));
    let accounts = "accounts = { home = \"111122223333\", bu = { count = 26, first = \"300000000001\" } }\n";
    let pattern = rules(&["{ from = \"home/us-east-1\", to = \"bu-*/us-east-1\" }".into()])
        .replace("registry = \"us-east-1\"", "registry = \"home/us-east-1\"")
        .replace("registry = \"eu-west-1\"", "registry = \"bu-01/us-east-1\"");
    cases.push(("too-many-destinations", "\"bu-*/us-east-1\"", accounts.to_string() + &pattern, vec![]));
    cases
}

pub fn permission_cases() -> Vec<Case> {
    let filed = || accounts("policy = \"file-0.json\"\n");
    let root = "arn:aws:iam::111122223333:root";
    let both = "\"ecr:ReplicateImage\", \"ecr:CreateRepository\"";
    let at = |statement: String| vec![statement];
    let long = format!("{{\"Version\": \"2012-10-17\", \"Id\": \"{}\", \"Statement\": []}}", "x".repeat(10_240));
    vec![
        ("copy-refused", "\"replication\"", accounts("policy = \"none\"\n"), vec![]),
        ("creation-refused", "\"replication\"", filed(), at(statement(root, "\"ecr:ReplicateImage\"", "*", ""))),
        ("policy-needed", "\"replication\"", accounts(""), vec![]),
        (
            "policy-elsewhere",
            "\"arn:aws:ecr:us-east-1:444455556666:repository/*\"",
            filed(),
            at(statement(root, both, "arn:aws:ecr:us-east-1:444455556666:repository/*", "")),
        ),
        ("policy-too-long", "{", filed(), vec![long]),
        // Fact S5: articles name a role of the source account.
        (
            "principal-not-account",
            "\"arn:aws:iam::111122223333:role/ECRReplication\"",
            filed(),
            at(statement("arn:aws:iam::111122223333:role/ECRReplication", both, "*", "")),
        ),
        (
            "policy-not-judged",
            "{\"StringEquals\"",
            filed(),
            at(statement(root, both, "*", ", \"Condition\": {\"StringEquals\": {\"aws:x\": \"y\"}}")),
        ),
        ("action-unknown", "\"ecr:ReplicateImages\"", filed(), at(statement(root, "\"ecr:ReplicateImages\"", "*", ""))),
        ("region-not-enabled", "\"replication\"", accounts("region_enabled = false\n"), vec![]),
    ]
}

pub fn lifecycle_cases() -> Vec<Case> {
    let built = "tags = { release_every = 10, release = \"v{n}\", build = \"build-{n}\" }";
    let (v, all) = (tagged("\"v*\""), tagged("\"*\""));
    let v1 = tagged("\"v1*\"");
    let file = |rules: &[(&str, &str, u32, &str)]| vec![policy(rules)];
    let shop = |lifecycle: &str| format!("{{ prefix = \"shop\", lifecycle = {lifecycle} }}");
    let node = "\"file-0.json\"";
    vec![
        (
            "lifecycle-refused",
            "{\"rulePriority\": 1, \"description\"",
            lived(""),
            file(&[(ANY, "sinceImagePulled", 30, "expire")]),
        ),
        // Fact B3: a prefix list has no wildcards.
        (
            "lifecycle-doubtful",
            "\"v*\"",
            lived(built),
            file(&[("\"tagStatus\": \"tagged\", \"tagPrefixList\": [\"v*\"]", COUNT, 5, "expire")]),
        ),
        ("lifecycle-shadowed", node, lived(built), file(&[(&v, COUNT, 5, "expire"), (&v1, COUNT, 1, "expire")])),
        (
            "lifecycle-shadowed",
            node,
            lived(built),
            file(&[(&all, COUNT, 5, "expire"), (ANY, "sinceImagePushed", 9, "expire")]),
        ),
        ("lifecycle-matches-no-tag", node, lived(built), file(&[(&tagged("\"release-*\""), COUNT, 5, "expire")])),
        ("lifecycle-list-means-and", node, lived(built), file(&[(&tagged("\"v*\", \"build-*\""), COUNT, 5, "expire")])),
        (
            "untagged-sweeps-copies",
            node,
            templated(
                "tags = { release = \"latest\" }",
                "{ prefix = \"shop\", mutability = \"immutable\", lifecycle = \"file-0.json\" }",
                REPLICATION,
                "",
            ),
            file(&[(UNTAGGED, "sinceImagePushed", 1, "expire"), (ANY, COUNT, 9, "expire")]),
        ),
        ("copies-expire-by-age", "[[clusters]]", templated("", &shop("{ days = 14 }"), REPLICATION, ""), vec![]),
        ("standby-keeps-too-few", "{ keep = 5 }", templated(built, &shop("{ keep = 5 }"), REPLICATION, ""), vec![]),
        (
            "standby-keeps-too-few",
            "{ keep = 5 }",
            templated(
                "",
                &shop("{ keep = 5 }"),
                REPLICATION,
                "pulls = { rate = \"9/day\", version = { newest_of = 10 } }\n",
            ),
            vec![],
        ),
        (
            "keep-counts-children",
            "{ keep = 30 }",
            templated("image = { platforms = 2 }", &shop("{ keep = 30 }"), REPLICATION, ""),
            vec![],
        ),
        (
            "archive-empties-standby",
            node,
            templated(
                "",
                &shop("\"file-0.json\""),
                REPLICATION,
                "pulls = { failover = { of = \"down\" } }\n[[faults]]\nname = \"down\"\nkind = \"region-outage\"\nregion = \"us-east-1\"\nat = \"5d\"\nlasts = \"1h\"\n",
            ),
            file(&[(ANY, "sinceImagePulled", 30, "transition")]),
        ),
        (
            "immutable-drops-tag",
            "[[clusters]]",
            templated(
                "tags = { moving = [\"latest\"] }",
                "{ prefix = \"shop\", mutability = \"immutable\" }",
                REPLICATION,
                "",
            ),
            vec![],
        ),
        ("template-selects-nothing", "\"sho\"", templated("", "{ prefix = \"sho\" }", REPLICATION, ""), vec![]),
        (
            "template-prefix",
            "\"shop\"",
            templated("", "{ prefix = \"shop\" }", REPLICATION, "").replace(
                "[[clusters]]",
                "[[repositories]]\nname = \"shop-test/api\"\nregistry = \"us-east-1\"\n[[clusters]]",
            ),
            vec![],
        ),
        (
            "template-unused",
            "[\"pull-through-cache\"]",
            templated("", "{ prefix = \"shop\", for = [\"pull-through-cache\"] }", REPLICATION, ""),
            vec![],
        ),
    ]
}

pub fn other_cases() -> Vec<Case> {
    let outage = |region: &str| {
        format!(
            "pulls = {{ failover = {{ of = \"down\" }} }}\n[[faults]]\nname = \"down\"\nkind = \"region-outage\"\nregion = \"{region}\"\nat = \"5d\"\nlasts = \"1h\"\n"
        )
    };
    let job = "{ kind = \"scheduled-copy\", every = \"1h\" }";
    vec![
        (
            "cache-unsupported",
            "\"pull-through-cache\"",
            estate(&["a1"], CACHE, "").replace("us-east-1", "us-gov-east-1").replace("eu-west-1", "us-gov-west-1")
                + "[prices.override]\nstorage = \"$0.1/GB-month\"\ninter_region = \"$0.02/GB\"\ninternet = \"$0.09/GB\"\n",
            vec![],
        ),
        (
            "cache-never-refreshes",
            "[[clusters]]",
            templated(
                "tags = { moving = [\"latest\"] }",
                "{ prefix = \"shop\", mutability = \"immutable\" }",
                CACHE,
                "",
            ),
            vec![],
        ),
        ("cache-needs-role", "\"pull-through-cache\"", accounts("").replace(REPLICATION, CACHE), vec![]),
        ("cache-needs-job", "{ kind", estate(&["a1"], "{ kind = \"pull-through-cache\", ttl = \"12h\" }", ""), vec![]),
        ("job-costs-nothing", "{ kind", estate(&["a1"], job, ""), vec![]),
        ("nothing-crosses", "[[clusters]]", estate(&["a1"], REPLICATION, "").replace("eu-west-1", "us-east-1"), vec![]),
        (
            "cluster-is-local",
            "[[clusters]]",
            estate(&["a1"], REPLICATION, "").replace("eu-west-1", "us-east-1"),
            vec![],
        ),
        (
            "deploy-never-triggered",
            "[[clusters]]",
            estate(&["a1"], REPLICATION, "pulls = { deploy = { on = [\"x*\"], within = \"10m\" } }\n"),
            vec![],
        ),
        (
            "fault-without-effect",
            "[[faults]]",
            estate(&["a1"], REPLICATION, "[[faults]]\nkind = \"slow-link\"\nat = \"1d\"\nlasts = \"1h\"\n"),
            vec![],
        ),
        ("standby-struck", "[[faults]]", estate(&["a1"], REPLICATION, &outage("eu-west-1")), vec![]),
        (
            "outside-the-run",
            "\"file-0.json\"",
            estate(&["a1"], REPLICATION, "")
                .replace("[[clusters]]", "push = { trace = \"file-0.json\" }\n[[clusters]]"),
            vec!["time,repository,tag,bytes\n5,a1,v1,1000\n1e9,a1,v2,1000\n".into()],
        ),
        (
            "trace-without-cluster",
            "\"file-0.json\"",
            estate(&["a1"], REPLICATION, "pulls = { trace = \"file-0.json\" }\n"),
            vec!["time,repository,cluster\n5,a1,eu\n6,a1,eu-tpyo\n".into()],
        ),
        (
            "long-run",
            "{ trials",
            estate(&["a1"], REPLICATION, "").replace("strategies", "run = { trials = 4000000 }\nstrategies"),
            vec![],
        ),
        (
            "stored-outside",
            "[[objectives]]",
            estate(&["a1"], REPLICATION, "[[objectives]]\nmetric = \"residency\"\nregions = [\"us-*\"]\n"),
            vec![],
        ),
    ]
}
