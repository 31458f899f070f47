//! Repositories: what their images look like, when they are pushed, and how they are named.

use super::surroundings::LIFECYCLE_TYPE;
use super::{Group, Plausible, Table, Type, at_most_one, exactly_one, exclusive, key, plausible, required, table};

/// An entry of `[[repositories]]`.
pub static REPOSITORY: Table = Table {
    name_from: Some("name"),
    ..exclusive(
        "a repository",
        &[
            required(
                "name",
                Type::Repository,
                "one home each, unique in the file; with `catalogue` or `manifests` a label",
            ),
            key("enabled", Type::Bool, "true", "", "false = as if absent"),
            key("count", Type::Count(1), "none", "", "members NAME-01, NAME-02, ..; rates are per member"),
            key(
                "catalogue",
                Type::Path,
                "none",
                "",
                "CSV, one repository a row: column `name`, the others are key paths of this table such as `image.size`",
            ),
            key("manifests", Type::Table(&MANIFESTS), "none", "", "real images with real layers"),
            required("registry", Type::Registry, "home: where clients push; they sit in its region")
                .unless("catalogue"),
            key("image", Type::Table(&IMAGE), "{}", "", "what its images look like"),
            key(
                "push",
                Type::Table(&PUSH),
                "{ rate = \"5/day\" }",
                "theory A6",
                "when versions appear; none if promoted into",
            ),
            key("tags", Type::Table(&TAGS), "{ release = \"v{n}\" }", "", "how versions are named"),
            key(
                "promote",
                Type::OneOrMany(&Type::Table(&PROMOTE)),
                "none",
                "",
                "where versions go next; one, or a list",
            ),
            key("weight", Type::Number(0.0), "1", "", "popularity factor in clusters"),
            key("lifecycle", LIFECYCLE_TYPE, "none", "A39", "at home: JSON in a file, or a table"),
            key("mutability", Type::Word(&["mutable", "immutable"]), "the registry's", "A39", "at home"),
            key("mutability_except", Type::Selector, "[]", "A27", "up to 5 tag patterns for which the opposite holds"),
            key(
                "existing",
                Type::Count(0),
                "0",
                "",
                "versions at home when the run starts, one mean interval apart (24 h without a rate)",
            ),
        ],
        &[at_most_one(&[&["count"], &["catalogue"], &["manifests"]])],
    )
};

static MANIFESTS: Table = table(
    "`manifests`",
    &[
        required("images", Type::Path, "CSV with `repository, tag, created, n_layers, compressed_bytes, layer_ids`"),
        required("layers", Type::Path, "CSV with `layer_id, compressed_bytes`"),
        key("select", Type::Selector, "\"*\"", "", "which repositories of the file"),
        key("top", Type::Count(1), "all", "", "then those with most versions"),
    ],
);

static IMAGE: Table = exclusive(
    "`image`",
    &[
        key(
            "preset",
            Type::Word(&["service", "ai", "base", "small"]),
            "\"service\"",
            "theory A2, A6",
            "fills the next rows; without `count` or `catalogue` a repository takes the medians, members draw",
        ),
        key(
            "size",
            Type::Law(&Type::Size),
            "210 MB; 3.5 GB; 234 MB; 17 MB",
            "theory A2, A6",
            "compressed bytes of one platform, base included; one draw per repository and trial",
        )
        .plausibly(&[
            plausible("210 MB", "42 MB..420 MB:log", "theory A6"),
            plausible("3.5 GB", "1.6 GB..20 GB:log", "theory A2, A6"),
            plausible("234 MB", "47 MB..468 MB:log", "theory A6"),
            plausible("17 MB", "4 MB..480 MB:log", "theory A2"),
            SERVICE_SIZES,
            AI_SIZES,
        ]),
        key("layers", Type::Law(&Type::Count(1)), "8; 17; 8; 8", "theory A2", "own and base layers")
            .plausibly(&[plausible("8", "3..17:log", "theory A2"), plausible("17", "8..67:log", "theory A2")]),
        key(
            "largest_layer",
            Type::Law(&Type::Share),
            "59 %; 44 % for ai",
            "theory 0.4, A2",
            "of own bytes; the others are equal",
        )
        .plausibly(&[plausible("59%", "44%..82%", "theory A2"), plausible("44%", "30%..80%", "an assumption")]),
        key("layer_sizes", Type::List(&Type::Size), "none", "", "replaces `size`, `layers` and `largest_layer`"),
        key(
            "new_bytes",
            Type::OneOf(&[Type::Share, Type::Size]),
            "25 %; 25 %; 77 %; 77 %",
            "theory A6; ai: choice",
            "what a version adds to the one before, from the top layers down; `\"100%\"` shares nothing",
        )
        .plausibly(&[plausible("25%", "5%..100%:log", "theory A6"), plausible("77%", "5%..100%:log", "theory A6")]),
        key("base", Type::Name, "none", "", "a base in `[bases]`: bottom layers shared by all that name it"),
        key("compression", Type::Number(1.0), "2.6", "theory A2.5", "uncompressed over compressed, for unpacking")
            .plausibly(&[plausible("2.6", "1.5..4", "theory A6")]),
        key("platforms", Type::Count(1), "1", "A23", "above 1: an index with so many children, all copied, one pulled"),
        key("attachments", Type::Table(&ATTACHMENTS), "none", "A24", "signatures and SBOMs pushed with each version"),
    ],
    &[
        at_most_one(&[&["layer_sizes"], &["size"]]),
        at_most_one(&[&["layer_sizes"], &["layers"]]),
        at_most_one(&[&["layer_sizes"], &["largest_layer"]]),
    ],
);

/// Sizes of members that draw from the measured services: every quantile times 0.2, 0.43, 0.93 or 2.
const SERVICE_SIZES: Plausible = Plausible {
    default: "{ quantiles = [[\"10%\", \"21 MB\"], [\"25%\", \"66 MB\"], [\"50%\", \"210 MB\"], [\"75%\", \"461 MB\"], [\"90%\", \"1143 MB\"], [\"95%\", \"2622 MB\"]] }",
    values: "{ quantiles = [[\"10%\", \"4.2 MB\"], [\"25%\", \"13.2 MB\"], [\"50%\", \"42 MB\"], [\"75%\", \"92.2 MB\"], [\"90%\", \"228.6 MB\"], [\"95%\", \"524.4 MB\"]] },{ quantiles = [[\"10%\", \"9.03 MB\"], [\"25%\", \"28.38 MB\"], [\"50%\", \"90.3 MB\"], [\"75%\", \"198.23 MB\"], [\"90%\", \"491.49 MB\"], [\"95%\", \"1127.46 MB\"]] },{ quantiles = [[\"10%\", \"19.53 MB\"], [\"25%\", \"61.38 MB\"], [\"50%\", \"195.3 MB\"], [\"75%\", \"428.73 MB\"], [\"90%\", \"1062.99 MB\"], [\"95%\", \"2438.46 MB\"]] },{ quantiles = [[\"10%\", \"42 MB\"], [\"25%\", \"132 MB\"], [\"50%\", \"420 MB\"], [\"75%\", \"922 MB\"], [\"90%\", \"2286 MB\"], [\"95%\", \"5244 MB\"]] }",
    source: "theory A6",
    words: Some(("x0.2", "x2")),
};

/// Sizes of members that draw from the measured AI images: every quantile times 0.5, 0.8, 1.25 or 2.
const AI_SIZES: Plausible = Plausible {
    default: "{ quantiles = [[\"10%\", \"0.29 GB\"], [\"25%\", \"1.6 GB\"], [\"50%\", \"3.5 GB\"], [\"75%\", \"7.4 GB\"], [\"90%\", \"10.1 GB\"], [\"95%\", \"10.9 GB\"]] }",
    values: "{ quantiles = [[\"10%\", \"0.145 GB\"], [\"25%\", \"0.8 GB\"], [\"50%\", \"1.75 GB\"], [\"75%\", \"3.7 GB\"], [\"90%\", \"5.05 GB\"], [\"95%\", \"5.45 GB\"]] },{ quantiles = [[\"10%\", \"0.232 GB\"], [\"25%\", \"1.28 GB\"], [\"50%\", \"2.8 GB\"], [\"75%\", \"5.92 GB\"], [\"90%\", \"8.08 GB\"], [\"95%\", \"8.72 GB\"]] },{ quantiles = [[\"10%\", \"0.3625 GB\"], [\"25%\", \"2 GB\"], [\"50%\", \"4.375 GB\"], [\"75%\", \"9.25 GB\"], [\"90%\", \"12.625 GB\"], [\"95%\", \"13.625 GB\"]] },{ quantiles = [[\"10%\", \"0.58 GB\"], [\"25%\", \"3.2 GB\"], [\"50%\", \"7 GB\"], [\"75%\", \"14.8 GB\"], [\"90%\", \"20.2 GB\"], [\"95%\", \"21.8 GB\"]] }",
    source: "an assumption",
    words: Some(("x0.5", "x2")),
};

static ATTACHMENTS: Table = table(
    "`attachments`",
    &[required("count", Type::Count(1), "how many"), required("size", Type::Size, "bytes of each")],
);

/// An entry of `[bases]`.
pub static BASE: Table = table(
    "a base",
    &[
        required("size", Type::Size, "compressed bytes"),
        key("layers", Type::Count(1), "4", "choice", "its layers").plausibly(&[plausible(
            "4",
            "1..10",
            "an assumption",
        )]),
        key("renew", Type::Rate, "none", "", "at a renewal each user's next push carries the new base as new bytes"),
    ],
);

static PUSH_GROUPS: [Group; 1] = [exactly_one(&[&["rate"], &["times"], &["list"], &["trace"]])];

static PUSH: Table = exclusive(
    "`push`",
    &[
        key("rate", Type::Rate, "none", "theory A6", "pushes at random moments").plausibly(&[plausible(
            "5/day",
            "0.045/day..50/day:log",
            "theory A6",
        )]),
        key(
            "arrivals",
            Type::Word(&["poisson", "even"]),
            "\"poisson\"",
            "",
            "`even`: the k-th after k - 1/2 intervals of open time",
        )
        .with("rate"),
        key(
            "hours",
            Type::Hours,
            "\"always\"",
            "",
            "nothing happens outside. `/day` counts per open day, `/h`, `/m`, `/s` per open time, `/week` and `/15d` \
             per calendar time",
        )
        .with("rate"),
        key("growth", Type::ShareRate, "none", "", "compounding change of the rate, such as `\"4%/30d\"`").with("rate"),
        key("times", Type::Schedule, "none", "", "one batch at each moment; deterministic"),
        key("batch", Type::Law(&Type::Count(1)), "1", "theory A3", "versions per event"),
        key("batch_within", Type::Duration, "\"0s\"", "theory A3", "the versions of a batch are spread evenly over it"),
        key("list", Type::List(&Type::Table(&LISTED)), "none", "", "one push each"),
        key(
            "trace",
            Type::Path,
            "none",
            "",
            "CSV `time,repository,tag,bytes` [`new_bytes`, `digest`, `layers`]; time is RFC 3339 or seconds since start",
        ),
    ],
    &PUSH_GROUPS,
);

static LISTED: Table = table(
    "a listed push",
    &[
        required("at", Type::Moment, "when"),
        required("tag", Type::Tag, "its tag"),
        key("size", Type::Size, "`image.size`", "", "compressed bytes"),
        key("new_bytes", Type::OneOf(&[Type::Share, Type::Size]), "`image.new_bytes`", "", "what it adds"),
        key("same_as", Type::Tag, "none", "A21", "puts the tag on the image that holds this one"),
        key(
            "action",
            Type::Word(&["push", "untag", "delete", "archive", "restore"]),
            "\"push\"",
            "A17, A40 to A49",
            "done to the image that holds the tag: `untag` takes the tag away, and the image with its last one; `delete` \
             takes the image with all its tags",
        ),
    ],
);

static TAGS: Table = table(
    "`tags`",
    &[
        key(
            "release_every",
            Type::Count(0),
            "1",
            "",
            "each k-th version is a release, the others are builds; 0 = none",
        ),
        key(
            "release",
            Type::TagTemplate,
            "\"v{n}\"",
            "",
            "holes: `{n}` version, `{r}` release, `{date}`; without `{n}` and `{r}` it is a moving tag",
        ),
        key("build", Type::TagTemplate, "\"build-{n}\"", "", "tag of a build"),
        key(
            "moving",
            Type::List(&Type::Tag),
            "[]",
            "A19, A22",
            "further tags set on every release, such as `\"latest\"`; each is one more copy to replicate",
        ),
    ],
);

static PROMOTE: Table = table(
    "`promote`",
    &[
        key(
            "to",
            Type::Repository,
            "itself",
            "A74",
            "same image, new tag; in another repository layers are stored again",
        ),
        key("of", Type::Word(&["release", "build", "all"]), "\"all\"", "", "which versions count"),
        key("every", Type::Count(1), "1", "", "each k-th of them"),
        key("after", Type::Law(&Type::Duration), "\"0s\"", "", "so long after its push"),
        key("tag", Type::TagTemplate, "\"v{r}\"", "", "here `{r}` counts promotions, `{n}` is the version"),
    ],
);
