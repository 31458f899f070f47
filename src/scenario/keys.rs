//! The key tables: every table and key of a scenario, described once.
//!
//! This description is the format. From it come the checks of keys and values, the expansion of short forms, the
//! reading of `--set` by type, the JSON Schema and the key tables of the manual; none of them knows a key by itself.
//! The tables are in the folder beside this file, one file per part of the estate.

use super::tree::{Node, Value};
use crate::units::parse::PriceUnit;

pub mod clusters;
pub mod judgement;
pub mod laws;
pub mod repositories;
pub mod strategies;
pub mod surroundings;
pub mod top;

/// A table of a scenario.
#[derive(Debug)]
pub struct Table {
    /// How messages call it: "a cluster", "`[run]`".
    pub what: &'static str,
    /// Keys in the order of the manual; of a table with kinds, those of every kind.
    pub keys: &'static [Key],
    /// Keys that exclude each other.
    pub groups: &'static [Group],
    /// Keys that depend on a kind.
    pub kinds: Option<&'static Kinds>,
    /// From which key an element takes its `name` when it has none.
    pub name_from: Option<&'static str>,
}

/// The kinds of a table's elements.
#[derive(Debug)]
pub struct Kinds {
    /// The key that picks the kind.
    pub tag: &'static str,
    /// Name and own keys of each kind.
    pub kinds: &'static [KindKeys],
}

/// One kind.
#[derive(Debug)]
pub struct KindKeys {
    /// Value of the tag.
    pub name: &'static str,
    /// What it is, for the manual.
    pub meaning: &'static str,
    /// Its own keys.
    pub keys: &'static [Key],
    /// Keys of the kind that exclude each other.
    pub groups: &'static [Group],
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub ty: Type,
    /// Its default as people write it; `required`, `none`, or a value.
    pub default: &'static str,
    /// Where the default comes from: facts, `choice` (ours), or nothing where there is nothing to prove.
    pub source: &'static str,
    /// One line.
    pub meaning: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// It need not be there where this key is, whose file may say it.
    pub unless: Option<&'static str>,
    /// It has a meaning only beside this key.
    pub needs: Option<&'static str>,
    /// What the default could plausibly be instead, where it is an assumption; one entry for each default of the key.
    pub plausible: &'static [Plausible],
}

/// The values that an assumption plausibly has. Studies of sensitivity move it over them.
#[derive(Clone, Copy, Debug)]
pub struct Plausible {
    /// The default that it is about, as `--set` takes it.
    pub default: &'static str,
    /// A range or a list, in order, as `--vary` takes it.
    pub values: &'static str,
    /// Facts, or why it is assumed.
    pub source: &'static str,
    /// How the ends are called where their values are too long to read.
    pub words: Option<(&'static str, &'static str)>,
}

/// Alternatives of which at most one, or exactly one, may be given. Each is a set of keys that go together.
#[derive(Debug)]
pub struct Group {
    /// The alternatives; the first key of each is the one that messages name.
    pub alternatives: &'static [&'static [&'static str]],
    /// Whether one must be given.
    pub required: bool,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// The format's version: 1.
    Version,
    /// A truth value.
    Bool,
    /// A whole number, at least this.
    Count(u64),
    /// A number, at least this.
    Number(f64),
    /// A number above 0, at most 1.
    Fraction,
    /// Any text.
    Text,
    /// A name.
    Name,
    /// A name that may also hold `/` and `*`.
    WideName,
    /// A repository's name.
    Repository,
    /// One of some words.
    Word(&'static [&'static str]),
    /// Bytes.
    Size,
    /// A length of time.
    Duration,
    /// A length of time above zero.
    Period,
    /// A moment, relative or absolute.
    Moment,
    /// An absolute moment.
    Date,
    /// Events per time.
    Rate,
    /// A part of the whole.
    Share,
    /// A part of the whole per time.
    ShareRate,
    /// Bytes per time.
    Bandwidth,
    /// Dollars per something.
    Price(PriceUnit),
    /// Working time per month.
    Toil,
    /// Opening hours.
    Hours,
    /// Moments of the week.
    Schedule,
    /// A quantile such as `p99`.
    Quantile,
    /// A registry.
    Registry,
    /// A registry whose account may hold `*`.
    RegistryPattern,
    /// A list of registries; a text is a list of one.
    Registries,
    /// A list of patterns; a text is a list of one.
    Selector,
    /// A region's code.
    Region,
    /// A file.
    Path,
    /// An account's number.
    AccountId,
    /// A tag with holes.
    TagTemplate,
    /// A tag.
    Tag,
    /// A plain prefix of repository names.
    Prefix,
    /// One of some words, or something else.
    WordOr(&'static [&'static str], &'static Type),
    /// One of several types; which one is told by the shape, then by trying.
    OneOf(&'static [Type]),
    /// A value or a law of values; plain values expand to `{ constant = X }`.
    Law(&'static Type),
    /// Inside a law: what the law draws.
    Drawn,
    /// A pair of a share and what the law draws.
    QuantilePoint,
    /// A list.
    List(&'static Type),
    /// One, or a list of them.
    OneOrMany(&'static Type),
    /// A table.
    Table(&'static Table),
    /// A table, or a plain value that stands for these keys of it.
    Short(&'static [&'static str], &'static Table),
    /// A list of named elements; a plain text is an element with only this key.
    Named(&'static Table),
    /// Keys of a table's elements, none of them required.
    Partial(&'static Table),
    /// A table with free keys.
    Map(MapKey, &'static Type),
    /// Paths and values of their types.
    Overrides,
}

/// What the free keys of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKey {
    /// Names.
    Name,
    /// Regions.
    Region,
    /// Pairs of regions.
    Pair,
    /// Regions or pairs of them.
    RegionOrPair,
    /// Registries.
    Registry,
    /// Line items of a bill.
    LineItem,
}

/// Line items of a bill, as in `bill.csv`.
pub const LINE_ITEMS: &[&str] =
    &["storage", "archive", "retrieval", "copy", "pull", "nat", "endpoint", "scan", "runner", "people"];

/// Every table of the format, each once, in the order of the manual.
pub fn all_tables() -> Vec<&'static Table> {
    let mut tables: Vec<&'static Table> = Vec::new();
    let mut waiting: Vec<&'static Table> = vec![&top::SCENARIO];
    while let Some(table) = waiting.pop() {
        if tables.iter().any(|known| std::ptr::eq(*known, table)) {
            continue;
        }
        tables.push(table);
        let kinds = table.kinds.map(|kinds| kinds.kinds).unwrap_or_default();
        let keys = table.keys.iter().chain(kinds.iter().flat_map(|kind| kind.keys));
        let mut inner: Vec<&'static Table> = keys.flat_map(|key| key.ty.tables()).collect();
        inner.reverse();
        waiting.append(&mut inner);
    }
    tables
}

/// A key with a default; `source` may be empty.
const fn key(name: &'static str, ty: Type, default: &'static str, source: &'static str, meaning: &'static str) -> Key {
    Key { name, ty, default, source, meaning, required: false, unless: None, needs: None, plausible: &[] }
}

/// What a default could be instead.
const fn plausible(default: &'static str, values: &'static str, source: &'static str) -> Plausible {
    Plausible { default, values, source, words: None }
}

/// A key that must be there.
const fn required(name: &'static str, ty: Type, meaning: &'static str) -> Key {
    Key { required: true, ..key(name, ty, "required", "", meaning) }
}

impl Key {
    /// It need not be there where `other` is.
    const fn unless(self, other: &'static str) -> Key {
        Key { unless: Some(other), ..self }
    }

    /// It has a meaning only beside `other`.
    const fn with(self, other: &'static str) -> Key {
        Key { needs: Some(other), ..self }
    }

    /// What its default could be instead.
    const fn plausibly(self, plausible: &'static [Plausible]) -> Key {
        Key { plausible, ..self }
    }
}

/// A table without kinds and exclusive keys.
const fn table(what: &'static str, keys: &'static [Key]) -> Table {
    Table { what, keys, groups: &[], kinds: None, name_from: None }
}

/// A table with exclusive keys.
const fn exclusive(what: &'static str, keys: &'static [Key], groups: &'static [Group]) -> Table {
    Table { what, keys, groups, kinds: None, name_from: None }
}

/// At most one of these.
const fn at_most_one(alternatives: &'static [&'static [&'static str]]) -> Group {
    Group { alternatives, required: false }
}

/// Exactly one of these.
const fn exactly_one(alternatives: &'static [&'static [&'static str]]) -> Group {
    Group { alternatives, required: true }
}

impl Table {
    /// The kind that `node` is of, when it says so and there is such a kind.
    pub fn kind_of(&self, node: &Node) -> Option<&'static KindKeys> {
        let kinds = self.kinds?;
        let name = node.get(kinds.tag)?.text()?;
        kinds.kinds.iter().find(|kind| kind.name == name)
    }

    /// The keys that `node` may have: the common ones and those of its kind; without a known kind, those of all kinds.
    pub fn keys_for(&self, node: &Node) -> Vec<&'static Key> {
        let mut keys: Vec<&'static Key> = self.keys.iter().collect();
        match (self.kinds, self.kind_of(node)) {
            (_, Some(kind)) => keys.extend(kind.keys),
            (Some(kinds), None) => keys.extend(kinds.kinds.iter().flat_map(|kind| kind.keys)),
            (None, None) => {}
        }
        keys
    }

    /// The description of `name` in a table like `node`.
    pub fn key_for(&self, node: &Node, name: &str) -> Option<&'static Key> {
        self.keys_for(node).into_iter().find(|key| key.name == name)
    }

    /// The groups of exclusive keys of a table like `node`.
    pub fn groups_for(&self, node: &Node) -> Vec<&'static Group> {
        let mut groups: Vec<&'static Group> = self.groups.iter().collect();
        if let Some(kind) = self.kind_of(node) {
            groups.extend(kind.groups);
        }
        groups
    }

    /// How messages call a table like `node`.
    pub fn what_for(&self, node: &Node) -> String {
        match self.kind_of(node) {
            Some(kind) if self.name_from.is_some() => match self.kinds {
                Some(kinds) if kinds.tag == "metric" => format!("an objective on {}", kind.name),
                _ if kind.name.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {}", kind.name),
                _ => format!("a {}", kind.name),
            },
            Some(kind) => kind.name.to_string(),
            None => self.what.to_string(),
        }
    }
}

impl Type {
    /// The table behind a type, looking through lists, words and short forms.
    pub fn table(self) -> Option<&'static Table> {
        match self {
            Type::Table(table) | Type::Short(_, table) | Type::Named(table) | Type::Partial(table) => Some(table),
            Type::WordOr(_, ty) | Type::List(ty) | Type::OneOrMany(ty) => ty.table(),
            Type::OneOf(types) => types.iter().find_map(|ty| ty.table()),
            Type::Law(_) => Some(&laws::LAW),
            _ => None,
        }
    }

    /// Every table that a value of this type may hold at once, without those inside them.
    fn tables(self) -> Vec<&'static Table> {
        match self {
            Type::Table(table) | Type::Short(_, table) | Type::Named(table) | Type::Partial(table) => vec![table],
            Type::WordOr(_, ty) | Type::List(ty) | Type::OneOrMany(ty) | Type::Map(_, ty) => ty.tables(),
            Type::OneOf(types) => types.iter().flat_map(|ty| ty.tables()).collect(),
            Type::Law(_) => vec![&laws::LAW],
            _ => Vec::new(),
        }
    }

    /// The type of `name` inside `node`, a table of this type.
    pub fn inside(self, node: &Node, name: &str) -> Option<Type> {
        match self {
            Type::Map(_, ty) => Some(*ty),
            Type::OneOf(types) => types.iter().find_map(|ty| ty.inside(node, name)),
            Type::WordOr(_, ty) | Type::OneOrMany(ty) => ty.inside(node, name),
            Type::Named(_) | Type::List(_) => None,
            other => other.table()?.key_for(node, name).map(|key| key.ty),
        }
    }

    /// The type of the elements of a list of this type.
    pub fn element(self) -> Option<Type> {
        match self {
            Type::Named(table) => Some(Type::Table(table)),
            Type::List(ty) | Type::OneOrMany(ty) => Some(*ty),
            Type::WordOr(_, ty) => ty.element(),
            Type::OneOf(types) => types.iter().find_map(|ty| ty.element()),
            _ => None,
        }
    }

    /// Whether a table may stand here.
    pub fn takes_table(self) -> bool {
        match self {
            Type::Table(_) | Type::Short(..) | Type::Partial(_) | Type::Map(..) | Type::Law(_) | Type::Overrides => {
                true
            }
            Type::WordOr(_, ty) | Type::OneOrMany(ty) => ty.takes_table(),
            Type::OneOf(types) => types.iter().any(|ty| ty.takes_table()),
            _ => false,
        }
    }

    /// Whether a list may stand here.
    pub fn takes_list(self) -> bool {
        match self {
            Type::List(_) | Type::OneOrMany(_) | Type::Named(_) | Type::Selector | Type::Registries => true,
            Type::QuantilePoint => true,
            Type::WordOr(_, ty) => ty.takes_list(),
            Type::OneOf(types) => types.iter().any(|ty| ty.takes_list()),
            _ => false,
        }
    }

    /// Of several types, the one that a value of this shape is meant to be.
    pub fn choose(types: &'static [Type], node: &Node) -> Type {
        let fits = |ty: &&Type| match node.value {
            Value::Table(_) => ty.takes_table(),
            Value::List(_) => ty.takes_list(),
            _ => super::scalar::check(**ty, node, "").is_ok(),
        };
        // A plain value that fits nothing is told what the first plain type would be.
        let plain = |ty: &&Type| !ty.takes_table() && !ty.takes_list();
        let chosen = types.iter().find(fits).or_else(|| types.iter().find(plain));
        *chosen.unwrap_or(&types[0])
    }
}
