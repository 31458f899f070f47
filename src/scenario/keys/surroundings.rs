//! What surrounds the estate: the run, prices, the network, the service, accounts and registries.

use super::laws::LIFECYCLE;
use super::{MapKey, Table, Type, at_most_one, exclusive, key, plausible, required, table};
use crate::units::parse::PriceUnit;

/// `[run]`.
pub static RUN: Table = exclusive(
    "`[run]`",
    &[
        key(
            "start",
            Type::Date,
            "2026-01-01T00:00:00Z",
            "choice",
            "never \"today\": a scenario gives the same result tomorrow. Bill months are UTC calendar months",
        ),
        key(
            "duration",
            Type::Period,
            "\"90d\"",
            "choice",
            "figures per month are the period's over the months covered",
        ),
        key(
            "warm_up",
            Type::Duration,
            "\"0d\"",
            "theory E1.2",
            "demand and strategies run for so long before `start`; nothing of it is metered or judged",
        ),
        key("trials", Type::Count(1), "20", "choice; theory E1.4", "independent random runs"),
        key(
            "precision",
            Type::Share,
            "none",
            "theory E1.4",
            "run until each strategy's cost interval (the bound's excepted) is within this share of its mean; looked \
             at after 10, 20, 40, .. trials",
        ),
        key("max_trials", Type::Count(10), "1000", "choice", "with `precision` only; reaching it is reported")
            .with("precision"),
        key(
            "demand",
            Type::Number(0.0),
            "1",
            "",
            "factor on the demand of all clusters: their `nodes` (rounded, at least 1) and the rates of `pulls.rate` and \
             `pulls.scale_up`; what is listed one by one stays",
        ),
        key("seed", Type::Count(0), "1", "", "master seed of all random streams"),
        key("baseline", Type::Name, "first enabled strategy", "", "the strategy that comparisons are paired against"),
    ],
    &[at_most_one(&[&["trials"], &["precision"]])],
);

/// `[prices]`.
pub static PRICES: Table = exclusive(
    "`[prices]`",
    &[
        key("book", Type::Word(&["aws-2026-09"]), "\"aws-2026-09\"", "C1, C20, C21, C30 to C33", "built-in price book"),
        key(
            "file",
            Type::Path,
            "none",
            "",
            "a price book of one's own (`replisim prices show` prints one to start from), or a price list of the provider \
             (`.json`, `.csv`), laid over the newest built-in book",
        ),
        key(
            "cross_region_pull",
            Type::Word(&["inter-region", "internet"]),
            "\"inter-region\"",
            "C13, C14, C15",
            "how pulls across regions are priced; the lower reading by default, so that replication is not oversold",
        )
        .plausibly(&[plausible("inter-region", "inter-region,internet", "C13, C14, C15")]),
        key("free_tier", Type::Bool, "false", "C8, C16", "count free allowances"),
        key(
            "discount",
            Type::OneOf(&[Type::Share, Type::Map(MapKey::LineItem, &Type::Share)]),
            "\"0%\"",
            "",
            "off list prices; one share, or a table by line item",
        ),
        key("already_used", Type::Table(&ALREADY_USED), "none", "C21", "usage per month that fills tiers before ours"),
        key(
            "gb_month",
            Type::WordOr(&["calendar"], &Type::Period),
            "\"calendar\"",
            "",
            "byte-hours over the hours of that UTC month, or over a fixed time such as `\"720h\"`",
        ),
        key("override", Type::Table(&PRICE_OVERRIDE), "none", "", "prices in place of the book's"),
    ],
    &[at_most_one(&[&["book"], &["file"]])],
);

static ALREADY_USED: Table = table(
    "`already_used`",
    &[key("internet", Type::Size, "none", "C21", "sent to the internet, per source region and month")],
);

static PRICE_OVERRIDE: Table = table(
    "`prices.override`",
    &[
        key("storage", REGIONAL[0], "the book's", "C1", "a price, or a table by region"),
        key(
            "inter_region",
            Type::OneOf(&[Type::Price(PriceUnit::Gb), Type::Map(MapKey::RegionOrPair, &Type::Price(PriceUnit::Gb))]),
            "the book's",
            "C20",
            "a price, or a table by source region or by `\"a>b\"`",
        ),
        key("internet", REGIONAL[1], "the book's", "C21", "flat, replaces the tiers; a price, or a table by region"),
        key("nat_data", REGIONAL[1], "the book's", "C31", "a price, or a table by region"),
        key("nat_hour", REGIONAL[2], "the book's", "C30", "a price, or a table by region"),
        key("endpoint_hour", REGIONAL[2], "the book's", "C32", "a price, or a table by region"),
    ],
);

/// Prices per GB-month, per GB and per hour that may differ by region.
const REGIONAL: [Type; 3] = [
    Type::OneOf(&[Type::Price(PriceUnit::GbMonth), Type::Map(MapKey::Region, &Type::Price(PriceUnit::GbMonth))]),
    Type::OneOf(&[Type::Price(PriceUnit::Gb), Type::Map(MapKey::Region, &Type::Price(PriceUnit::Gb))]),
    Type::OneOf(&[Type::Price(PriceUnit::Hour), Type::Map(MapKey::Region, &Type::Price(PriceUnit::Hour))]),
];

/// `[network]`.
pub static NETWORK: Table = table(
    "`[network]`",
    &[
        key(
            "preset",
            Type::Word(&["measured", "ideal"]),
            "\"measured\"",
            "",
            "`ideal` = zero times and no limits for calls, links and unpacking by default; keys of the file still apply",
        ),
        key("stream_max", Type::Bandwidth, "\"70 MB/s\"", "theory B3", "most that one connection carries")
            .plausibly(&[plausible("70 MB/s", "35 MB/s..140 MB/s:log", "theory A6")]),
        key(
            "stream_window",
            Type::WordOr(&["unlimited"], &Type::Size),
            "\"3.55 MB\"",
            "theory B3",
            "one connection runs at `stream_window` / RTT at most",
        )
        .plausibly(&[plausible("3.55 MB", "1.775 MB..7.1 MB:log", "theory A6")]),
        key(
            "client",
            Type::Word(&["containerd", "skopeo-1.9"]),
            "\"containerd\"",
            "",
            "fills the next five keys, the layers at a time (3; 6) and the requests of a push by a job's machine (1; 11)",
        ),
        key(
            "request_round_trips",
            Type::Count(1),
            "1; 3",
            "",
            "round trips of a request: 1 on a kept connection, 3 on a new TLS connection",
        ),
        key(
            "request_time",
            Type::Duration,
            "\"0s\"; \"4 ms\"",
            "",
            "what a request costs besides its round trips: both ends' work on it",
        ),
        key(
            "serial_requests",
            Type::Count(1),
            "3; 4",
            "",
            "requests one after the other in a pull, one of them for the first layers; skopeo makes the last one after them",
        ),
        key("client_start", Type::Duration, "\"0s\"; \"16 ms\"", "", "time before the first request"),
        key(
            "layer_start",
            Type::Duration,
            "\"0s\"; \"11 ms\"",
            "",
            "the client's work on a layer besides its bytes, one layer after the other",
        ),
        key(
            "slow_start",
            Type::Word(&["delay", "ramp", "none"]),
            "\"delay\"",
            "theory B4.2",
            "closed-form delay ahead of each connection; or the window's ramp inside the sharing, exact and slower",
        ),
        key(
            "congestion",
            Type::Word(&["none", "cubic", "bbr"]),
            "\"none\"",
            "choice",
            "what of a link's rate arrives, for `efficiency`: all of it, 82 % or 97 %; `none` = rates are goodput",
        ),
        key("efficiency", Type::Fraction, "by `congestion`", "", "goodput over rate after headers")
            .plausibly(&[plausible("1.0", "0.9..1.0", "an assumption: headers and repeats")]),
        key(
            "rtt",
            Type::Map(MapKey::Pair, &Type::Duration),
            "built-in matrix",
            "theory B1",
            "round-trip time by `\"a>b\"`, both ways unless both are given; other pairs are estimated from distance",
        ),
        key(
            "pair_limit",
            Type::OneOf(&[Type::Bandwidth, Type::Map(MapKey::Pair, &Type::Bandwidth)]),
            "\"unlimited\"",
            "theory 0.3",
            "shared by all flows of the pair; one bandwidth, or a table by `\"a>b\"`",
        ),
        key(
            "pair_buffer",
            Type::OneOf(&[Type::Size, Type::Map(MapKey::Pair, &Type::Size)]),
            "\"0 B\"",
            "choice",
            "what can queue ahead of a pair at its limit: half of it stands on average, and requests and windows wait for \
             it; one size, or a table by `\"a>b\"`",
        ),
        key(
            "registry_egress",
            Type::OneOf(&[Type::Bandwidth, Type::Map(MapKey::Registry, &Type::Bandwidth)]),
            "\"unlimited\"",
            "choice",
            "shared by all flows out of a registry; one bandwidth, or a table by registry",
        )
        .plausibly(&[plausible(
            "unlimited",
            "unlimited,10 Gbit/s,1 Gbit/s",
            "an assumption: no limit is published",
        )]),
    ],
);

/// `[service]`.
pub static SERVICE: Table = table(
    "`[service]`",
    &[
        key(
            "lifecycle_delay",
            Type::Law(&Type::Duration),
            "uniform 0 to 24 h",
            "B22",
            "drawn once per repository and trial: its daily run time",
        )
        .plausibly(&[plausible("{ uniform = { min = \"0s\", max = \"24h\" } }", "0s..24h", "B22")]),
        key(
            "pull_time_lag",
            Type::Duration,
            "\"24h\"",
            "B23",
            "how late the recorded last pull may be, for lifecycle only",
        ),
        key("quotas", Type::WordOr(&["unlimited"], &Type::Table(&QUOTAS)), "see below", "A.9", "calls per registry"),
        key("retry_moves_bytes_again", Type::Bool, "false", "choice", "a retried copy is metered twice"),
        key("copy_counts_as_pull", Type::Bool, "false", "choice", "a copy refreshes the source's last pull time"),
        key(
            "copies_attachments",
            Type::Bool,
            "true",
            "A24",
            "signatures and SBOMs are replicated like any other image; nothing is said of them, so it can be switched off",
        ),
        key(
            "moved_tag_deletes",
            Type::Bool,
            "false",
            "A46",
            "where a rule replicates deletes, an image that loses its last tag to another one is deleted there too",
        ),
    ],
);

/// `[service.quotas]`.
static QUOTAS: Table = table(
    "`[service.quotas]`",
    &[
        key("batch_get_image", QUOTA, "\"2000/s\"", "A.9", "manifest calls of pulls"),
        key("get_download_url_for_layer", QUOTA, "\"3000/s\"", "A.9", "layer calls of pulls"),
        key("batch_check_layer_availability", QUOTA, "\"1000/s\"", "A.9", "layer checks of pushes"),
        key("get_authorization_token", QUOTA, "\"500/s\"", "A.9", "logins"),
        key("initiate_layer_upload", QUOTA, "\"100/s\"", "A.9", "layers begun by pushes"),
        key("complete_layer_upload", QUOTA, "\"100/s\"", "A.9", "layers ended by pushes"),
        key("upload_layer_part", QUOTA, "\"500/s\"", "A.9", "parts of layers pushed"),
        key("put_image", QUOTA, "\"10/s\"", "A.9", "manifests pushed"),
    ],
);

const QUOTA: Type = Type::WordOr(&["unlimited"], &Type::Rate);

/// The value of a name in `[accounts]`.
pub static ACCOUNTS: Type = Type::OneOf(&[Type::AccountId, Type::Table(&ACCOUNT_RANGE)]);

static ACCOUNT_RANGE: Table = table(
    "a group of accounts",
    &[
        required("count", Type::Count(1), "how many; they are called NAME-01, NAME-02, .."),
        required("first", Type::AccountId, "number of the first; the others follow"),
    ],
);

/// An entry of `[[registries]]`.
pub static REGISTRY: Table = Table {
    name_from: Some("registry"),
    ..table(
        "an entry of `registries`",
        &[
            key("name", Type::WideName, "the registry", "", "for paths and for merging"),
            key("enabled", Type::Bool, "true", "", "false = as if absent"),
            required("registry", Type::RegistryPattern, "which registries; `*` in the account part"),
            key(
                "mutability",
                Type::Word(&["mutable", "immutable"]),
                "\"mutable\"",
                "A39",
                "of repositories pushed to or created here; a repository's own key wins at its home",
            ),
            key("mutability_except", Type::Selector, "[]", "A27", "up to 5 tag patterns for which the opposite holds"),
            key(
                "policy",
                Type::WordOr(&["allow", "none"], &Type::Path),
                "\"allow\"",
                "A31 to A35",
                "what other accounts may do here: everything, nothing, or what the service's JSON in a file says",
            ),
            key(
                "templates",
                Type::List(&Type::Table(&TEMPLATE)),
                "[]",
                "A38",
                "settings of repositories that the service creates here; the longest prefix decides",
            ),
            key("blob_mounting", Type::Bool, "false", "A74, A75", "layers are shared between repositories"),
            key(
                "scanning",
                Type::Word(&["none", "basic", "enhanced"]),
                "\"none\"",
                "C9",
                "`enhanced` charges each image that arrives",
            ),
            key(
                "repositories",
                Type::List(&Type::Repository),
                "[]",
                "A32",
                "already here at the start, empty; needed where `policy` forbids creation",
            ),
            key(
                "region_enabled",
                Type::Bool,
                "true",
                "A37",
                "false = the account has not enabled this region; copies into it fail",
            ),
        ],
    )
};

/// An entry of `templates`.
static TEMPLATE: Table = table(
    "a creation template",
    &[
        required("prefix", Type::WordOr(&["ROOT"], &Type::Repository), "`ROOT`, or a prefix with an implied `/`"),
        key("mutability", Type::Word(&["mutable", "immutable"]), "\"mutable\"", "A39", "of repositories made from it"),
        key("mutability_except", Type::Selector, "[]", "A27", "up to 5 tag patterns for which the opposite holds"),
        key(
            "lifecycle",
            LIFECYCLE_TYPE,
            "none",
            "A38, A39",
            "of repositories made from it: JSON in a file, or a table",
        ),
        key(
            "for",
            Type::List(&Type::Word(&["replication", "pull-through-cache"])),
            "both",
            "A38",
            "what creates the repositories that it applies to",
        ),
    ],
);

/// A lifecycle: the service's JSON in a file, or a table.
pub const LIFECYCLE_TYPE: Type = Type::OneOf(&[Type::Path, Type::Table(&LIFECYCLE)]);

/// `[value]`.
pub static VALUE: Table = table(
    "`[value]`",
    &[
        key(
            "downtime",
            Type::Price(PriceUnit::Hour),
            "none",
            "",
            "an hour of an outage, until the clusters that fail over have recovered",
        ),
        key("waiting", Type::Price(PriceUnit::Hour), "none", "", "an hour of one waiting node"),
    ],
);
