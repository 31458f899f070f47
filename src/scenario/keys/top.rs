//! The top level of a scenario.

use super::clusters::CLUSTER;
use super::judgement::{FAULT, OBJECTIVE};
use super::repositories::{BASE, REPOSITORY};
use super::strategies::STRATEGY;
use super::surroundings::{ACCOUNTS, NETWORK, PRICES, REGISTRY, RUN, SERVICE, VALUE};
use super::{MapKey, Table, Type, key, required, table};

/// Powers that the service lacks.
pub const EXTENSIONS: &[&str] = &["tag-filter", "status-filter", "wildcard-filter", "exclude-filter", "rename"];

/// The whole file.
pub static SCENARIO: Table = table(
    "a scenario",
    &[
        required("schema", Type::Version, "format version"),
        key("title", Type::Text, "the file's name", "", "shown on reports"),
        key("description", Type::Text, "\"\"", "", "shown on reports"),
        key("extends", Type::Path, "none", "", "one base scenario; chains up to 8 deep, no cycles"),
        key(
            "extensions",
            Type::List(&Type::Word(EXTENSIONS)),
            "[]",
            "A10, A16, A28",
            "powers that the service lacks; reports carry the mark \"not possible today\"",
        ),
        key("run", Type::Table(&RUN), "{}", "", "period, trials and seed"),
        key("prices", Type::Table(&PRICES), "{}", "", "price book and how it is read"),
        key("network", Type::Table(&NETWORK), "{}", "", "round trips, links and the client"),
        key("service", Type::Table(&SERVICE), "{}", "", "the registry service's own behaviour"),
        key("accounts", Type::Map(MapKey::Name, &ACCOUNTS), "main = \"000000000001\"", "", "accounts by name"),
        key("registries", Type::Named(&REGISTRY), "[]", "", "settings of registries; later entries win"),
        key("bases", Type::Map(MapKey::Name, &Type::Table(&BASE)), "{}", "", "shared base images by name"),
        required("repositories", Type::Named(&REPOSITORY), "what is pushed where"),
        required("clusters", Type::Named(&CLUSTER), "who runs it"),
        key(
            "strategies",
            Type::Named(&STRATEGY),
            "all six kinds",
            "",
            "how images reach clusters; a plain text is a strategy of that kind, named like it",
        ),
        key("faults", Type::Named(&FAULT), "[]", "", "what is feared"),
        key("objectives", Type::Named(&OBJECTIVE), "[]", "", "what is required"),
        key("value", Type::Table(&VALUE), "none", "", "what lost time is worth; shown beside the bill, never in it"),
        key(
            "defaults",
            Type::Table(&DEFAULTS),
            "{}",
            "",
            "keys that every element of a list takes unless it has its own",
        ),
        key("overrides", Type::Overrides, "{}", "", "paths and the values that they are set to"),
    ],
);

/// `[defaults]`.
pub static DEFAULTS: Table = table(
    "`[defaults]`",
    &[
        key("repositories", Type::Partial(&REPOSITORY), "{}", "", "keys of every repository"),
        key("clusters", Type::Partial(&CLUSTER), "{}", "", "keys of every cluster"),
        key("registries", Type::Partial(&REGISTRY), "{}", "", "keys of every entry of `registries`"),
    ],
);
