//! What is feared and what is required: faults and objectives.

use super::{Group, Key, KindKeys, Kinds, Table, Type, at_most_one, exactly_one, key, required};
use crate::units::parse::PriceUnit;

/// An entry of `[[faults]]`.
pub static FAULT: Table = Table {
    what: "a fault",
    keys: &[
        key("name", Type::Name, "the kind", "", "for reports and for `failover`"),
        key("enabled", Type::Bool, "true", "", "false = as if absent"),
        required(
            "kind",
            Type::Word(&[
                "region-outage",
                "registry-outage",
                "slow-link",
                "throttling",
                "copy-failures",
                "missing-permission",
                "job-stopped",
            ]),
            "what happens",
        ),
        key("at", Type::Moment, "the whole run for copy-failures", "", "when"),
        key("rate", Type::Rate, "none", "", "at random moments"),
        key("lasts", Type::Law(&Type::Duration), "the whole run for copy-failures", "", "how long"),
    ],
    groups: &[at_most_one(&[&["at"], &["rate"]])],
    kinds: Some(&FAULTS),
    name_from: Some("kind"),
};

const FROM_TO: [Key; 2] = [
    key("from", Type::WordOr(&["*"], &Type::Region), "\"*\"", "", "region"),
    key("to", Type::WordOr(&["*"], &Type::Region), "\"*\"", "", "region"),
];

static FAULTS: Kinds = Kinds {
    tag: "kind",
    kinds: &[
        fault(
            "region-outage",
            "its registries and clusters are down; flows to and from it are cut",
            &[required("region", Type::Region, "which")],
        ),
        fault("registry-outage", "only calls to it fail", &[required("registry", Type::Registry, "which")]),
        fault(
            "slow-link",
            "scales the pair's limit and each connection's ceiling on it",
            &[
                FROM_TO[0],
                FROM_TO[1],
                key("bandwidth", Type::Share, "\"100%\"", "", "share left"),
                key("extra_rtt", Type::Duration, "\"0s\"", "", "added to each round trip"),
            ],
        ),
        fault(
            "throttling",
            "less of each quota",
            &[required("registry", Type::Registry, "which"), required("quota", Type::Share, "share left")],
        ),
        fault(
            "copy-failures",
            "attempts of replication and jobs fail",
            &[
                key("from", Type::WordOr(&["*"], &Type::Registry), "\"*\"", "", "source registry"),
                key("to", Type::WordOr(&["*"], &Type::Registry), "\"*\"", "", "destination registry"),
                required("share", Type::Share, "of attempts"),
            ],
        ),
        fault(
            "missing-permission",
            "its policy lacks permissions that other accounts need (A31, A32)",
            &[
                required("registry", Type::Registry, "the destination"),
                key(
                    "lacks",
                    Type::List(&Type::Word(ACTIONS)),
                    "[\"ecr:ReplicateImage\"]",
                    "A31, A32",
                    "what is not allowed",
                ),
            ],
        ),
        fault(
            "job-stopped",
            "runs are skipped; on return the job catches up",
            &[key("strategy", Type::Name, "every scheduled-copy", "", "which")],
        ),
    ],
};

const ACTIONS: &[&str] = &[
    "ecr:ReplicateImage",
    "ecr:CreateRepository",
    "ecr:BatchImportUpstreamImage",
    "ecr:BatchGetImage",
    "ecr:PutImage",
];

const fn fault(name: &'static str, meaning: &'static str, keys: &'static [Key]) -> KindKeys {
    KindKeys { name, meaning, keys, groups: &[] }
}

const METRICS: &[&str] =
    &["lag", "pull_time", "release_everywhere", "recovery", "images_missing", "pulls_failed", "cost", "residency"];

/// An entry of `[[objectives]]`.
pub static OBJECTIVE: Table = Table {
    what: "an objective",
    keys: &[
        key("name", Type::Name, "the metric", "", "for reports"),
        key("enabled", Type::Bool, "true", "", "false = as if absent"),
        required("metric", Type::Word(METRICS), "what is judged"),
        key("strategies", Type::Selector, "\"*\"", "", "strategies that it judges"),
        key(
            "repositories",
            Type::Selector,
            "\"*\"",
            "",
            "only events of these; not with `recovery`, `images_missing` and `cost`",
        ),
        key("tags", Type::Selector, "\"*\"", "", "the same; not with `residency` either"),
        key("clusters", Type::Selector, "\"*\"", "", "the same; not with `residency` either"),
        key("in_trials", Type::Share, "once over all trials together", "", "share of trials that must meet it"),
    ],
    groups: &[],
    kinds: Some(&OBJECTIVES),
    name_from: Some("metric"),
};

const TIMES: &[Key] = &[
    key("quantile", Type::Quantile, "one of two forms", "", "with `at_most`: this quantile is at most so long")
        .with("at_most"),
    key("at_most", Type::Duration, "one of two forms", "", "the limit of `quantile`").with("quantile"),
    key("within", Type::Duration, "one of two forms", "", "with `at_least`: such a share is within this")
        .with("at_least"),
    key("at_least", Type::Share, "one of two forms", "", "the share of `within`").with("within"),
];

const TIMES_GROUPS: &[Group] = &[exactly_one(&[&["quantile", "at_most"], &["within", "at_least"]])];

const FAULT_KEY: Key = key("fault", Type::Name, "all", "", "after which fault");

static OBJECTIVES: Kinds = Kinds {
    tag: "metric",
    kinds: &[
        KindKeys { name: "lag", meaning: "of each copy", keys: TIMES, groups: TIMES_GROUPS },
        KindKeys {
            name: "pull_time",
            meaning: "of each pull; failed pulls count as infinite",
            keys: TIMES,
            groups: TIMES_GROUPS,
        },
        KindKeys {
            name: "release_everywhere",
            meaning: "from the push of a release to its presence in every registry whose clusters run it",
            keys: TIMES,
            groups: TIMES_GROUPS,
        },
        KindKeys {
            name: "recovery",
            meaning: "from the fault's start until the last node of the clusters with a `failover` on it has unpacked \
                      all that it asked for; never = infinite",
            keys: &[required("at_most", Type::Duration, "the limit"), FAULT_KEY],
            groups: &[],
        },
        KindKeys {
            name: "images_missing",
            meaning: "deployed images absent where they are needed when the fault starts",
            keys: &[required("at_most", Type::Count(0), "the limit"), FAULT_KEY],
            groups: &[],
        },
        KindKeys {
            name: "pulls_failed",
            meaning: "share of pulls that fail",
            keys: &[required("at_most", Type::Share, "the limit")],
            groups: &[],
        },
        KindKeys {
            name: "cost",
            meaning: "mean over trials",
            keys: &[
                required("at_most", Type::Price(PriceUnit::Month), "the limit"),
                key("account", Type::Name, "all", "", "of one account"),
            ],
            groups: &[],
        },
        KindKeys {
            name: "residency",
            meaning: "no byte of these repositories is ever stored outside these regions",
            keys: &[required("regions", Type::Selector, "where they may be")],
            groups: &[],
        },
    ],
};
