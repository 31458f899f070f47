//! Strategies: six kinds, each with keys of its own, and exceptions that are served in another way.

use super::{Group, Key, KindKeys, Kinds, Table, Type, at_most_one, exactly_one, exclusive, key, plausible, required};
use crate::units::parse::PriceUnit;

/// The kinds' names, in the order of the manual and of the default list.
pub const KIND_NAMES: &[&str] =
    &["cross-region-pull", "replication", "pull-through-cache", "scheduled-copy", "centralized", "clairvoyant"];

const IF_MISSING: Key = key(
    "if_missing",
    Type::Word(&["wait", "home", "fail"]),
    "the cluster's, else by kind",
    "",
    "what a pull does when its registry lacks the image; wins over the cluster's",
);

/// An entry of `[[strategies]]`.
pub static STRATEGY: Table = Table {
    what: "a strategy",
    keys: &[
        key("name", Type::Name, "the kind", "", "its name in every table and chart"),
        key("enabled", Type::Bool, "true", "", "false = as if absent"),
        required("kind", Type::Word(KIND_NAMES), "how it works"),
        IF_MISSING,
        key(
            "exceptions",
            Type::List(&Type::Table(&EXCEPTION)),
            "[]",
            "",
            "pairs of repository and cluster that are served by another kind; the first match counts",
        ),
    ],
    groups: &[],
    kinds: Some(&KINDS),
    name_from: Some("kind"),
};

/// An entry of `exceptions`.
static EXCEPTION: Table = Table {
    what: "an exception",
    keys: &[
        key("repositories", Type::Selector, "\"*\"", "", "which repositories"),
        key("clusters", Type::Selector, "\"*\"", "", "which clusters"),
        required("kind", Type::Word(KIND_NAMES), "how they are served"),
        IF_MISSING,
    ],
    groups: &[],
    kinds: Some(&KINDS),
    name_from: None,
};

static KINDS: Kinds = Kinds {
    tag: "kind",
    kinds: &[
        KindKeys {
            name: "cross-region-pull",
            meaning: "images stay at home; every cold pull crosses",
            keys: &[],
            groups: &[],
        },
        KindKeys { name: "replication", meaning: "rules copy pushed images", keys: REPLICATION, groups: &[] },
        KindKeys { name: "pull-through-cache", meaning: "the first pull fetches and stores", keys: CACHE, groups: &[] },
        KindKeys { name: "scheduled-copy", meaning: "a job copies what is new", keys: JOB, groups: JOB_GROUPS },
        KindKeys { name: "centralized", meaning: "one registry for all", keys: CENTRALIZED, groups: &[] },
        KindKeys { name: "clairvoyant", meaning: "not a system: a lower bound", keys: CLAIRVOYANT, groups: &[] },
    ],
};

/// Rules as a file or as a list.
static RULES: Type = Type::OneOf(&[Type::Path, Type::List(&Type::Table(&RULE))]);

const REPLICATION: &[Key] = &[
    key(
        "rules",
        Type::WordOr(&["from-clusters"], &RULES),
        "\"from-clusters\"",
        "",
        "the service's JSON in a file, a list of rules, or `from-clusters`: for each home registry one rule without \
         filter to every other registry whose clusters run something of it",
    ),
    key("from", Type::Registry, "the only home", "A1", "source registry of a path; required when there are several"),
    key(
        "delay",
        Type::WordOr(&["typical", "fast", "slow"], &Type::Law(&Type::Duration)),
        "\"typical\"",
        "theory A6; A67, A68, A69",
        "service time before bytes move: `typical` = p50 3 s, p90 15 s, p99 120 s, p99.9 1,800 s (an assumption), \
         `fast` = 2 s, `slow` = lognormal with median 30 s and p99 30 m",
    )
    .plausibly(&[plausible("typical", "fast,typical,slow", "A67, A68, A69")]),
    key(
        "since",
        Type::Moment,
        "before the start",
        "A17, A18",
        "the rules exist from then on; earlier images are not copied",
    ),
    key(
        "parallel_copies",
        Type::WordOr(&["unlimited"], &Type::Count(1)),
        "\"unlimited\"",
        "A69",
        "per source registry",
    )
    .plausibly(&[plausible("unlimited", "unlimited,20,5", "an assumption: no limit is published")]),
    key("copy_failures", Type::Share, "\"0%\"", "", "share of attempts that fail").plausibly(&[plausible(
        "0%",
        "0%..2%",
        "an assumption: no rate is published",
    )]),
    key("retries", Type::Count(0), "3", "", "attempts after the first, after 1 m, doubling"),
    key(
        "existing_images",
        Type::Word(&["absent", "present", "backfill"]),
        "\"absent\"",
        "A18, A50",
        "images there at the start: not copied, already copied, or backfilled from the start",
    ),
];

const CACHE: &[Key] = &[
    key(
        "refresh",
        Type::Duration,
        "\"24h\"",
        "A81",
        "age of the upstream check after which a moving tag is asked for again",
    ),
    key(
        "ttl",
        Type::WordOr(&["never"], &Type::Period),
        "\"never\"",
        "B5",
        "dropped so long after the last pull; the service cannot do this, it takes a clean-up job",
    ),
    key("share_fetch", Type::Bool, "true", "", "pulls that meet a fetch under way join it"),
];

const JOB: &[Key] =
    &[
        key("every", Type::Period, "\"1h\"", "choice", "first run one interval after the start"),
        key("times", Type::Schedule, "none", "", "at each such moment, the first one in the period included"),
        key("copies", Type::Selector, "\"*\"", "", "which repositories"),
        key("tags", Type::Selector, "\"*\"", "", "which tags"),
        key("to", Type::Registries, "from clusters", "", "where they go"),
        key(
            "runner",
            Type::WordOr(&["destination"], &Type::Registry),
            "the source",
            "",
            "where the copying machine stands; bytes are paid on each crossing",
        ),
        key("parallel", Type::Count(1), "4", "choice", "copies at a time"),
        key("per_image", Type::Duration, "\"2s\"", "choice", "time per image besides its bytes")
            .plausibly(&[plausible("2s", "0.5s..10s:log", "an assumption")]),
        key("failures", Type::Share, "\"0%\"", "", "of images: seen and retried next run").plausibly(&[plausible(
            "0%",
            "0%..5%",
            "an assumption",
        )]),
        key("silent_failures", Type::Share, "\"0%\"", "", "of images: never retried").plausibly(&[plausible(
            "0%",
            "0%..1%",
            "an assumption",
        )]),
        key("runner_cost", Type::Price(PriceUnit::Hour), "\"$0/h\"", "choice", "the machine, per hour at work")
            .plausibly(&[plausible("$0/h", "$0/h..$0.40/h", "an assumption: machines up to 8 cores")]),
        key("toil", Type::Toil, "\"0h/month\"", "choice", "the people who tend it").plausibly(&[plausible(
            "0h/month",
            "0h/month,3h/month,6h/month,9h/month",
            "an assumption",
        )]),
        key("wage", Type::Price(PriceUnit::Hour), "\"$90/h\"", "choice", "an hour of theirs").plausibly(&[plausible(
            "$90/h",
            "$50/h..$150/h",
            "an assumption",
        )]),
    ];

const JOB_GROUPS: &[Group] = &[at_most_one(&[&["every"], &["times"]])];

const CENTRALIZED: &[Key] = &[
    key("registry", Type::Registry, "the only home", "", "the one registry; required when there are several homes"),
    key("egress", Type::Bandwidth, "\"10 Gbit/s\"", "choice", "shared by all pulls").plausibly(&[plausible(
        "10 Gbit/s",
        "1 Gbit/s..25 Gbit/s:log",
        "an assumption",
    )]),
];

const CLAIRVOYANT: &[Key] = &[key(
    "push_ahead",
    Type::Bool,
    "false",
    "theory C3",
    "images may be placed ahead of their first read; with equal prices it saves nothing",
)];

/// An inline replication rule.
pub static RULE: Table = exclusive(
    "a rule",
    &[
        key("from", Type::Registry, "the only home", "A1", "source registry; required when there are several homes"),
        key("file", Type::Path, "none", "A2", "the service's JSON for this source, in place of the other keys"),
        key("to", Type::Registries, "none", "A5, A7", "destinations; the rule's own registry is left out of patterns"),
        key(
            "prefixes",
            Type::List(&Type::Prefix),
            "all",
            "A10 to A14",
            "prefixes of repository names; none = all. With the extension `wildcard-filter`, `*` is any run of characters",
        ),
        key("deletes", Type::Bool, "false", "A41", "deletions at the source are carried out at the destinations too"),
        key("tags", Type::Selector, "none", "A10, A16", "only these tags: extension `tag-filter`"),
        key(
            "status",
            Type::Word(&["tagged", "untagged"]),
            "none",
            "A10, A16",
            "only these images: extension `status-filter`",
        ),
        key("except", Type::Selector, "none", "A10, A16", "not these repositories: extension `exclude-filter`"),
        key("rename", Type::Text, "none", "A28", "the name there, such as `\"{name}-dr\"`: extension `rename`"),
    ],
    &[
        exactly_one(&[&["to"], &["file"]]),
        at_most_one(&[&["file"], &["prefixes"]]),
        at_most_one(&[&["file"], &["deletes"]]),
        at_most_one(&[&["file"], &["tags"]]),
        at_most_one(&[&["file"], &["status"]]),
        at_most_one(&[&["file"], &["except"]]),
        at_most_one(&[&["file"], &["rename"]]),
    ],
);

/// The extension that a key of a rule takes, and what the service says to it: message and advice.
pub const EXTENSION_KEYS: &[(&str, &str, &str, &str)] = &[
    (
        "tags",
        "tag-filter",
        "replication cannot filter by tag (facts A10, A16)",
        "use a repository prefix, or add \"tag-filter\" to `extensions` to price it anyway",
    ),
    (
        "status",
        "status-filter",
        "replication cannot filter by status (facts A10, A16)",
        "use a repository prefix, or add \"status-filter\" to `extensions` to price it anyway",
    ),
    (
        "except",
        "exclude-filter",
        "replication cannot leave repositories out (facts A10, A16)",
        "list the prefixes that are wanted, or add \"exclude-filter\" to `extensions` to price it anyway",
    ),
    (
        "rename",
        "rename",
        "replication keeps the repository's name (fact A28)",
        "leave it out, or add \"rename\" to `extensions` to price it anyway",
    ),
];

/// The extension that a `*` in a prefix takes, and what the service says to it: the fact and the advice.
pub const WILDCARD: (&str, &str) =
    ("wildcard-filter", "fact A11; add \"wildcard-filter\" to `extensions` to price it anyway");

/// Advice for keys that stand in a strategy of another kind: key, kind, advice.
pub const FOREIGN_ADVICE: &[(&str, &str, &str)] = &[
    ("ttl", "replication", "replicas expire by lifecycle: set one in the `templates` of `[[registries]]`"),
    ("every", "replication", "replication copies on each push; a job that runs is a scheduled-copy"),
    ("delay", "scheduled-copy", "a job's own time is `per_image`"),
];
