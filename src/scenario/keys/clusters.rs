//! Clusters: nodes that pull images, what makes them pull, and what the bytes go through.

use super::{Table, Type, exactly_one, exclusive, key, plausible, required, table};

/// An entry of `[[clusters]]`.
pub static CLUSTER: Table = Table {
    name_from: Some("name"),
    ..exclusive(
        "a cluster",
        &[
            required("name", Type::Name, "unique"),
            key("enabled", Type::Bool, "true", "", "false = as if absent"),
            key("registry", Type::Registry, "one of the two", "", "where nodes are, and whose copies they pull"),
            key(
                "registries",
                Type::Registries,
                "one of the two",
                "",
                "one cluster each, reported as NAME@ACCOUNT/REGION",
            ),
            key("nodes", Type::Count(1), "10", "choice", "nodes at the start").plausibly(&[plausible(
                "10",
                "3..50:log",
                "an assumption",
            )]),
            key("runs", Type::Selector, "\"*\"", "", "repositories that nodes may run"),
            key("growth", Type::ShareRate, "none", "", "compounding change of `nodes` and of pull rates"),
            key(
                "per_node",
                Type::Count(1),
                "20",
                "choice",
                "distinct repositories on a node, drawn by popularity once per trial; all if there are fewer",
            )
            .plausibly(&[plausible("20", "5..50:log", "an assumption")]),
            key("popularity", Type::Number(0.0), "0.9", "theory A6", "Zipf exponent over `runs`, times `weight`")
                .plausibly(&[plausible("0.9", "0.6..1.2", "theory A6")]),
            key("pulls", Type::Table(&PULLS), "{ deploy = \"10m\" }", "", "what makes it pull; triggers add up"),
            key(
                "cache",
                Type::WordOr(&["none", "unlimited"], &Type::OneOf(&[Type::Size, Type::Table(&WARM)])),
                "\"80 GB\"",
                "choice; theory A5.2",
                "least recently used images, freed from 85 % to 80 %; `none` = every pull is cold",
            )
            .plausibly(&[plausible("80 GB", "20 GB..200 GB:log", "an assumption: node disks in use")]),
            key(
                "path",
                Type::Short(&["local", "remote"], &PATH),
                "\"s3-gateway\"",
                "C34, C37",
                "what layer bytes cross; from another region `s3-gateway` means `nat`",
            )
            .plausibly(&[plausible("s3-gateway", "s3-gateway,nat", "C34, C35")]),
            key("nat_gateways", Type::Count(0), "0", "C30", "whose hours are charged to the scenario"),
            key("endpoints", Type::Count(0), "0", "C32", "interface endpoints whose hours are charged to the scenario"),
            key(
                "if_missing",
                Type::Word(&["wait", "home", "fail"]),
                "by kind",
                "",
                "the pull registry has no such image (yet): ask again, pull from home, or fail; by default `home` for \
                 `scheduled-copy`, else `wait`",
            ),
            key("backoff", Type::Table(&BACKOFF), "{ first = \"10s\", max = \"5m\" }", "choice", "doubling waits"),
            key("give_up", Type::Duration, "\"1h\"", "choice", "after so long the pull has failed"),
            key("node_bandwidth", Type::Bandwidth, "\"5 Gbit/s\"", "theory A6", "a node's link")
                .plausibly(&[plausible("5 Gbit/s", "1 Gbit/s..25 Gbit/s:log", "an assumption: node types in use")]),
            key("parallel_layers", Type::Count(1), "the client's 3", "theory A5.3", "downloads per pull")
                .plausibly(&[plausible("3", "1..20:log", "theory A6")]),
            key("parallel_images", Type::Count(1), "1", "theory A5.1", "pulls per node at once")
                .plausibly(&[plausible("1", "1..5", "theory A5.1")]),
            key(
                "unpack",
                Type::WordOr(&["disk", "ssd", "instant"], &Type::Short(&["rate"], &UNPACK)),
                "\"disk\"",
                "theory A5.4, A5.5",
                "uncompressed bytes per second and image: `disk` = 65 MB/s, `ssd` = 156 MB/s, a bandwidth, or a table",
            )
            .plausibly(&[plausible("disk", "40 MB/s..400 MB/s:log", "theory A6")]),
            key("parallel_unpack", Type::Count(1), "1", "theory A6", "layers unpacked at once")
                .plausibly(&[plausible("1", "1..10:log", "theory A6")]),
            key("layer_overhead", Type::Duration, "\"30 ms\"", "theory A6", "time per layer besides its bytes")
                .plausibly(&[plausible("30 ms", "20 ms..40 ms", "theory A6")]),
        ],
        &[exactly_one(&[&["registry"], &["registries"]])],
    )
};

static WARM: Table =
    table("`cache`", &[required("warm", Type::Share, "that chance of a warm pull, without bookkeeping")]);

const WAYS: &[&str] = &["s3-gateway", "nat", "internet", "none"];

static PATH: Table = table(
    "`path`",
    &[
        key("local", Type::Word(WAYS), "\"s3-gateway\"", "C34", "from the node's own region"),
        key("remote", Type::Word(WAYS), "\"s3-gateway\"", "C37", "from another region; `none`: such pulls fail"),
    ],
);

static BACKOFF: Table = table(
    "`backoff`",
    &[
        key("first", Type::Period, "\"10s\"", "choice", "first wait"),
        key("max", Type::Period, "\"5m\"", "choice", "longest wait"),
    ],
);

static UNPACK: Table = table(
    "`unpack`",
    &[
        required("rate", Type::Bandwidth, "uncompressed bytes per second"),
        key("burst", Type::Size, "none", "theory A5.4", "after so many uncompressed bytes `then` applies").with("then"),
        key("then", Type::Bandwidth, "`rate`", "theory A5.4", "the rate after the burst").with("burst"),
    ],
);

/// A trigger: its short form stands for one key of its table, and there may be a list of them.
macro_rules! trigger {
    ($key:literal, $table:expr) => {
        Type::OneOrMany(&Type::Short(&[$key], $table))
    };
}

/// `pulls`.
static PULLS: Table = table(
    "`pulls`",
    &[
        key(
            "deploy",
            trigger!("within", &DEPLOY),
            "none",
            "",
            "on each push, a share of the nodes that run it pull it",
        ),
        key("scale_up", trigger!("rate", &SCALE_UP), "none", "", "new nodes, gone after `keep`"),
        key("churn", trigger!("rate", &CHURN), "none", "", "each node is replaced at this rate"),
        key("rate", trigger!("rate", &RATE), "none", "", "a random node pulls one repository that it runs"),
        key("times", trigger!("times", &TIMES), "none", "", "every node pulls all that it runs"),
        key("list", Type::List(&Type::Table(&LISTED)), "none", "", "one pull each"),
        key("trace", trigger!("file", &TRACE), "none", "", "CSV `time,repository` [`tag`, `node`, `cluster`]"),
        key(
            "failover",
            trigger!("of", &FAILOVER),
            "none",
            "",
            "when that fault starts, all nodes come up empty and pull all that they run; alone, the cluster is a cold \
             standby without nodes until then",
        ),
        key(
            "version",
            Type::WordOr(&["deployed", "newest"], &Type::Table(&NEWEST_OF)),
            "\"deployed\" with a `deploy` or `failover`, else \"newest\"",
            "",
            "what triggers other than `deploy` ask for; without deploys, the newest release when the fault starts is deployed",
        ),
    ],
);

static DEPLOY: Table = table(
    "`deploy`",
    &[
        key(
            "on",
            Type::WordOr(&["release", "build", "all"], &Type::Selector),
            "\"release\"",
            "",
            "which pushes: `release`, `build`, `all`, or tag patterns",
        ),
        key("delay", Type::Law(&Type::Duration), "\"0s\"", "", "between the push and the start of the deploy")
            .plausibly(&[plausible("0s", "0s..1h", "an assumption")]),
        key("within", Type::Duration, "\"10m\"", "", "each node pulls at a uniform moment in this")
            .plausibly(&[plausible("10m", "1m..1h:log", "an assumption")]),
        key("nodes", Type::Share, "\"100%\"", "", "share of the nodes that run the repository")
            .plausibly(&[plausible("100%", "25%..100%", "an assumption")]),
    ],
);

static SCALE_UP: Table = table(
    "`scale_up`",
    &[
        required("rate", Type::Rate, "scale-ups"),
        key("nodes", Type::Count(1), "1", "", "new nodes in each"),
        key("within", Type::Duration, "\"1m\"", "", "they come up uniformly in this"),
        key("keep", Type::Law(&Type::Duration), "\"4h\"", "", "how long each stays").plausibly(&[plausible(
            "4h",
            "1h..24h:log",
            "an assumption",
        )]),
        key("hours", Type::Hours, "\"always\"", "", "opening hours"),
    ],
);

static CHURN: Table = table("`churn`", &[required("rate", Type::ShareRate, "share of the nodes replaced per time")]);

static RATE: Table = table(
    "`pulls.rate`",
    &[
        required("rate", Type::Rate, "pulls of the whole cluster"),
        key("hours", Type::Hours, "\"always\"", "", "opening hours"),
    ],
);

static TIMES: Table = table("`pulls.times`", &[required("times", Type::Schedule, "when")]);

static TRACE: Table = table("`pulls.trace`", &[required("file", Type::Path, "the trace")]);

static LISTED: Table = table(
    "a listed pull",
    &[
        required("at", Type::Moment, "when"),
        required("repository", Type::Repository, "what"),
        key("tag", Type::Tag, "by `version`", "", "by which tag"),
        key("node", Type::Count(1), "a random one that runs it", "", "which node, from 1"),
    ],
);

static FAILOVER: Table = table(
    "`failover`",
    &[
        required("of", Type::Name, "the fault"),
        key(
            "after",
            Type::Law(&Type::Duration),
            "\"15m\"",
            "choice",
            "from the fault's start until the first node may come up",
        )
        .plausibly(&[plausible("15m", "5m..1h:log", "an assumption")]),
        key("within", Type::Duration, "\"30m\"", "choice", "each node comes up at a uniform moment in this")
            .plausibly(&[plausible("30m", "10m..2h:log", "an assumption")]),
    ],
);

static NEWEST_OF: Table = exclusive(
    "`version`",
    &[required("newest_of", Type::Count(1), "one of the last so many versions, uniformly")],
    &[],
);
