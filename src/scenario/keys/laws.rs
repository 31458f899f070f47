//! Laws that a value may be drawn from, by the law's name.

use super::{Group, Table, Type, at_most_one, exactly_one, exclusive, key, required, table};

/// `X or law`: a plain value is `{ constant = X }`.
pub static LAW: Table = exclusive(
    "a law",
    &[
        key("constant", Type::Drawn, "none", "", "always this; what a plain value means"),
        key("uniform", Type::Table(&UNIFORM), "none", "", "uniform between two values"),
        key("exponential", Type::Table(&EXPONENTIAL), "none", "", "exponential"),
        key("lognormal", Type::Table(&LOGNORMAL), "none", "", "lognormal by its median and one more figure"),
        key("geometric", Type::Table(&GEOMETRIC), "none", "", "geometric on 1, 2, 3, ..; for counts"),
        key(
            "quantiles",
            Type::OneOf(&[Type::Path, Type::List(&Type::QuantilePoint)]),
            "none",
            "",
            "points such as `[[\"10%\", \"21 MB\"], [\"50%\", \"210 MB\"]]` or a CSV with columns `quantile,value`; \
             straight lines in the logarithm, flat outside the outer points, linear where a value is zero",
        ),
        key("values", Type::Path, "none", "", "CSV with a column `value`; each row is equally likely"),
    ],
    &[exactly_one(&[
        &["constant"],
        &["uniform"],
        &["exponential"],
        &["lognormal"],
        &["geometric"],
        &["quantiles"],
        &["values"],
    ])],
);

static UNIFORM: Table = table(
    "`uniform`",
    &[required("min", Type::Drawn, "smallest value"), required("max", Type::Drawn, "largest value")],
);

static EXPONENTIAL: Table = table(
    "`exponential`",
    &[
        required("mean", Type::Drawn, "mean"),
        key("max", Type::Drawn, "none", "", "draws above it are repeated, up to 100 times, then clipped"),
    ],
);

static LOGNORMAL_GROUPS: [Group; 1] = [exactly_one(&[&["p90"], &["p95"], &["p99"], &["sigma"]])];

static LOGNORMAL: Table = exclusive(
    "`lognormal`",
    &[
        required("median", Type::Drawn, "median"),
        key("p90", Type::Drawn, "none", "", "90 % of draws are below"),
        key("p95", Type::Drawn, "none", "", "95 % of draws are below"),
        key("p99", Type::Drawn, "none", "", "99 % of draws are below"),
        key("sigma", Type::Number(0.0), "none", "", "standard deviation of the natural logarithm"),
        key("max", Type::Drawn, "none", "", "draws above it are repeated, up to 100 times, then clipped"),
    ],
    &LOGNORMAL_GROUPS,
);

static GEOMETRIC: Table = table("`geometric`", &[required("mean", Type::Number(1.0), "mean")]);

/// `lifecycle` as a table.
pub static LIFECYCLE: Table = exclusive(
    "`lifecycle`",
    &[
        key("keep", Type::Count(1), "none", "B15", "the so many youngest images stay"),
        key("days", Type::Count(1), "none", "B16", "images go so many days after their push"),
        key("untagged_days", Type::Count(1), "none", "B16", "images without a tag go so many days after their push"),
    ],
    &[at_most_one(&[&["keep"], &["days"]])],
);
