//! A tree held against the key tables: unknown keys, keys of other kinds, values of the wrong type, keys that exclude
//! or need each other, keys that are missing, and what does not work in this version.
//!
//! It is done twice: for each file by itself, so that all of its problems come at once, and for the whole, when files
//! and command line are merged, for what only shows then. What is said twice is kept once. Nothing is interpreted here.

use std::collections::HashSet;

use super::diagnostics::{Diagnostic, Diagnostics, Finding, Severity, findings};
use super::keys::strategies::{EXTENSION_KEYS, FOREIGN_ADVICE, RULE, WILDCARD};
use super::keys::{Group, Key, LINE_ITEMS, MapKey, Table, Type};
use super::tree::{Entry, Node, Origin, Value};
use super::{lexical, scalar};

/// What is being checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// One file: keys may be missing, since others may have them.
    File,
    /// The merged scenario.
    Whole,
}

/// The places of refused keys and values, so that nobody goes on with them.
pub type Refused = HashSet<Origin>;

/// Checks a tree of type `ty`, and adds what it refuses to `refused`.
pub fn check(node: &Node, ty: Type, stage: Stage, diagnostics: &mut Diagnostics, refused: &mut Refused) {
    let extensions = node.get("extensions").map(Node::items).unwrap_or_default();
    let extensions = extensions.iter().filter_map(Node::text).map(str::to_string).collect();
    let mut checker = Checker { stage, diagnostics, refused, extensions };
    checker.value(node, ty, None, "");
}

/// Takes the refused keys and values out of a tree.
pub fn prune(node: &mut Node, refused: &Refused) {
    match &mut node.value {
        Value::Table(entries) => {
            entries.retain(|entry| !refused.contains(&entry.key_origin) && !refused.contains(&entry.node.origin));
            entries.iter_mut().for_each(|entry| prune(&mut entry.node, refused));
        }
        Value::List(items) => {
            items.retain(|item| !refused.contains(&item.origin));
            items.iter_mut().for_each(|item| prune(item, refused));
        }
        _ => {}
    }
}

struct Checker<'a> {
    stage: Stage,
    diagnostics: &'a mut Diagnostics,
    refused: &'a mut Refused,
    extensions: Vec<String>,
}

impl Checker<'_> {
    fn refuse(&mut self, origin: &Origin, message: impl Into<String>, label: impl Into<String>) {
        self.refused.insert(origin.clone());
        self.diagnostics.error(origin, message, label);
    }

    fn refuse_as(
        &mut self,
        finding: &'static Finding,
        origin: &Origin,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        self.refused.insert(origin.clone());
        self.diagnostics.found(finding, origin, message, label);
    }

    /// Checks a value; `drawn` is what the law around it draws.
    fn value(&mut self, node: &Node, ty: Type, drawn: Option<Type>, key: &str) {
        if self.diagnostics.is_full() {
            return;
        }
        match ty {
            Type::WordOr(words, inner) => match node.text() {
                Some(text) if words.contains(&text) => {}
                _ if matches!(node.value, Value::Table(_) | Value::List(_)) => self.value(node, *inner, drawn, key),
                _ => self.plain(node, ty, key),
            },
            Type::OneOf(types) => self.value(node, Type::choose(types, node), drawn, key),
            Type::Law(inner) => self.law(node, *inner, key),
            Type::Drawn => self.value(node, drawn.unwrap_or(Type::Text), None, key),
            Type::QuantilePoint => match node.items() {
                [share, value] => {
                    self.value(share, Type::Share, None, key);
                    self.value(value, drawn.unwrap_or(Type::Text), None, key);
                }
                _ => self.wrong_shape(node, "a pair such as [\"50%\", \"210 MB\"]"),
            },
            Type::List(inner) => match &node.value {
                Value::List(items) => items.iter().for_each(|item| self.value(item, *inner, drawn, key)),
                _ => self.wrong_shape(node, "a list"),
            },
            Type::Selector => self.patterns(node, key, lexical::selector),
            Type::Registries => self.patterns(node, key, lexical::registry_pattern),
            Type::OneOrMany(inner) => match &node.value {
                Value::List(items) => items.iter().for_each(|item| self.value(item, *inner, drawn, key)),
                _ => self.value(node, *inner, drawn, key),
            },
            Type::Table(table) | Type::Short(_, table) => self.table(node, table, drawn, self.stage),
            Type::Partial(table) => self.partial(node, table),
            Type::Named(table) => self.named(node, table, key),
            Type::Map(keys, inner) => match &node.value {
                Value::Table(entries) => {
                    for entry in entries {
                        self.map_key(entry, keys);
                        self.value(&entry.node, *inner, None, &entry.key);
                    }
                }
                _ => self.wrong_shape(node, "a table"),
            },
            Type::Overrides => {
                if !matches!(node.value, Value::Table(_)) {
                    self.wrong_shape(node, "a table of paths such as 'clusters.eu.nodes' = 60");
                }
            }
            // With the extension it is looked at with the rule; without it, see the fact.
            Type::Prefix if node.text().is_some_and(|text| text.contains('*')) => {
                let (extension, advice) = WILDCARD;
                if self.stage == Stage::Whole
                    && !self.extensions.iter().any(|name| name == extension)
                    && let Err(error) = scalar::check(ty, node, key)
                {
                    self.refuse_as(&findings::ILLEGAL_FILTER, &node.origin, error.message, advice);
                }
            }
            _ => self.plain(node, ty, key),
        }
    }

    fn plain(&mut self, node: &Node, ty: Type, key: &str) {
        if let Err(error) = scalar::check(ty, node, key) {
            if matches!(ty, Type::Prefix) && node.text().is_some() {
                return self.refuse_as(&findings::ILLEGAL_FILTER, &node.origin, error.message, error.label);
            }
            self.refuse(&node.origin, error.message, error.label);
        }
    }

    fn wrong_shape(&mut self, node: &Node, expected: &str) {
        self.refuse(&node.origin, format!("expected {expected}, found {}", node.describe()), "");
    }

    /// A list of patterns.
    fn patterns(&mut self, node: &Node, key: &str, spelt: fn(&str) -> crate::units::parse::Parsed<()>) {
        let Value::List(items) = &node.value else {
            return self.wrong_shape(node, "a list of texts");
        };
        for item in items {
            if self.diagnostics.is_full() {
                return;
            }
            match item.text().map(spelt) {
                Some(Ok(())) => {}
                Some(Err(error)) => self.refuse(&item.origin, error.message, error.label),
                None => self.plain(item, Type::Text, key),
            }
        }
    }

    /// `X or law`, already in its long form.
    fn law(&mut self, node: &Node, inner: Type, key: &str) {
        let table = &super::keys::laws::LAW;
        match node.entries() {
            // A plain value: the error should speak of the key, not of `constant`.
            [entry] if entry.key == "constant" => self.value(&entry.node, inner, None, key),
            _ => {
                self.table(node, table, Some(inner), Stage::Whole);
                if let Some(geometric) = node.entry("geometric")
                    && !matches!(inner, Type::Count(_))
                {
                    self.refuse(&geometric.key_origin, "`geometric` is a law of counts", "");
                }
            }
        }
    }

    fn map_key(&mut self, entry: &Entry, keys: MapKey) {
        let spelt = match keys {
            MapKey::Name => lexical::name(&entry.key),
            MapKey::Region => lexical::region(&entry.key),
            MapKey::Pair => lexical::pair(&entry.key).map(drop),
            MapKey::RegionOrPair if entry.key.contains('>') => lexical::pair(&entry.key).map(drop),
            MapKey::RegionOrPair => lexical::region(&entry.key),
            MapKey::Registry => lexical::registry(&entry.key, false),
            MapKey::LineItem if LINE_ITEMS.contains(&entry.key.as_str()) => Ok(()),
            MapKey::LineItem => {
                let meant = lexical::did_you_mean(&entry.key, LINE_ITEMS.iter().copied());
                let message = format!("unknown line item `{}`{meant}", lexical::clip(&entry.key));
                return self.refuse(&entry.key_origin, message, format!("line items: {}", LINE_ITEMS.join(", ")));
            }
        };
        if let Err(error) = spelt {
            self.refuse(&entry.key_origin, error.message, error.label);
        }
    }

    fn partial(&mut self, node: &Node, table: &'static Table) {
        self.table(node, table, None, Stage::File);
        if let Some(name) = node.entry("name") {
            self.refuse(&name.key_origin, "every element has its own `name`; it cannot have a default", "");
        }
    }

    /// A list of named elements.
    fn named(&mut self, node: &Node, table: &'static Table, key: &str) {
        let Value::List(items) = &node.value else {
            return self.wrong_shape(node, &format!("a list such as [[{key}]]"));
        };
        let mut names: std::collections::HashMap<&str, &Node> = std::collections::HashMap::new();
        for item in items {
            self.table(item, table, None, self.stage);
            let Some(name) = item.get("name") else { continue };
            let Some(text) = name.text() else { continue };
            if let Some(other) = names.insert(text, name) {
                self.refused.insert(item.origin.clone());
                self.diagnostics.report(Diagnostic {
                    severity: Severity::Error,
                    finding: None,
                    message: format!("two {key} are called `{text}`; give one another `name`"),
                    origin: name.origin.clone(),
                    label: String::new(),
                    also: Some((other.origin.clone(), String::new())),
                    apply: None,
                });
            }
        }
    }

    fn table(&mut self, node: &Node, table: &'static Table, drawn: Option<Type>, stage: Stage) {
        let Value::Table(entries) = &node.value else {
            let what = table.what.trim_start_matches("a ").trim_start_matches("an ");
            return self.wrong_shape(node, &format!("a table for {what}"));
        };
        let keys = table.keys_for(node);
        for entry in entries {
            if self.diagnostics.is_full() {
                return;
            }
            match keys.iter().find(|key| key.name == entry.key) {
                Some(key) => self.entry(entry, key, table, drawn),
                None => self.unknown(entry, node, table, &keys),
            }
        }
        for group in table.groups_for(node) {
            self.group(node, group, stage);
        }
        for key in keys {
            let there = node.entry(key.name);
            match (key.needs, there) {
                (Some(other), Some(entry)) if stage == Stage::Whole && node.get(other).is_none() => {
                    let message = format!("`{}` needs `{other}` beside it", key.name);
                    self.refuse(&entry.key_origin, message, key.meaning);
                }
                // Without a known kind it is the kind that is missing, not the keys of all kinds.
                (_, None)
                    if key.required
                        && key.unless.is_none_or(|other| node.get(other).is_none())
                        && stage == Stage::Whole
                        && is_common(table, key, node) =>
                {
                    // The table stays: what else it says is still of use to others.
                    self.diagnostics.error(&node.origin, format!("missing key `{}`", key.name), key.meaning);
                }
                _ => {}
            }
        }
    }

    /// A known key and its value.
    fn entry(&mut self, entry: &Entry, key: &Key, table: &'static Table, drawn: Option<Type>) {
        if std::ptr::eq(table, &RULE)
            && let Some((_, extension, message, advice)) = EXTENSION_KEYS.iter().find(|known| known.0 == key.name)
            && !self.extensions.iter().any(|name| name == extension)
        {
            if self.stage == Stage::Whole {
                self.refuse_as(&findings::EXTENSION_NEEDED, &entry.key_origin, *message, *advice);
            }
            return;
        }
        // One mistake is told once: a name may have been taken from the kind that is wrong, and a short form may stand
        // for two keys.
        if self.refused.contains(&entry.node.origin) {
            return;
        }
        self.value(&entry.node, key.ty, drawn, key.name);
    }

    /// A key that the table does not have.
    fn unknown(&mut self, entry: &Entry, node: &Node, table: &'static Table, keys: &[&'static Key]) {
        let list = format!("keys of {}: {}", table.what_for(node), join(keys));
        if let (Some(kinds), Some(kind)) = (table.kinds, table.kind_of(node)) {
            let owners: Vec<&str> = kinds
                .kinds
                .iter()
                .filter(|other| other.keys.iter().any(|key| key.name == entry.key))
                .map(|other| other.name)
                .collect();
            if !owners.is_empty() {
                let message = format!("`{}` is a key of {}, not of {}", entry.key, owners.join(" and "), kind.name);
                let advice = FOREIGN_ADVICE.iter().find(|(key, of, _)| *key == entry.key && *of == kind.name);
                return self.refuse(&entry.key_origin, message, advice.map_or(list, |advice| advice.2.to_string()));
            }
        }
        let meant = lexical::did_you_mean(&entry.key, keys.iter().map(|key| key.name));
        self.refuse(&entry.key_origin, format!("unknown key `{}`{meant}", lexical::clip(&entry.key)), list);
    }

    /// Keys that exclude each other.
    fn group(&mut self, node: &Node, group: &Group, stage: Stage) {
        let mut given = group.alternatives.iter().filter_map(|keys| keys.iter().find_map(|key| node.entry(key)));
        match (given.next(), given.next()) {
            (Some(one), Some(other)) => {
                let swap = one.key_origin.file == other.key_origin.file
                    && one.key_origin.span.start > other.key_origin.span.start;
                let (first, second) = if swap { (other, one) } else { (one, other) };
                self.refused.insert(second.key_origin.clone());
                self.diagnostics.report(Diagnostic {
                    severity: Severity::Error,
                    finding: None,
                    message: format!("`{}` and `{}` exclude each other; keep one", first.key, second.key),
                    origin: second.key_origin.clone(),
                    label: String::new(),
                    also: Some((first.key_origin.clone(), String::new())),
                    apply: None,
                });
            }
            (None, _) if group.required && stage == Stage::Whole => {
                let names: Vec<String> = group
                    .alternatives
                    .iter()
                    .map(|keys| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and "))
                    .collect();
                let (last, others) = names.split_last().map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
                let message = format!("one of {} or {last} must be given", others.join(", "));
                self.diagnostics.error(&node.origin, message, "");
            }
            _ => {}
        }
    }
}

/// Whether a key may be asked for: it is common to all kinds, or of the table's own kind.
fn is_common(table: &Table, key: &Key, node: &Node) -> bool {
    table.kinds.is_none() || table.kind_of(node).is_some() || table.keys.iter().any(|common| common.name == key.name)
}

fn join(keys: &[&'static Key]) -> String {
    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::expand::expand;
    use super::super::keys::top::SCENARIO;
    use super::super::parse;
    use super::*;

    /// The messages for a whole scenario that has little but `text`, without those on what is missing.
    fn messages(text: &str) -> Vec<String> {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_file("a.toml", text);
        let mut node = parse::document(file, &mut diagnostics).expect("valid TOML");
        expand(&mut node, Type::Table(&SCENARIO));
        check(&node, Type::Table(&SCENARIO), Stage::Whole, &mut diagnostics, &mut Refused::new());
        let missing = |message: &&Diagnostic| !message.message.starts_with("missing key");
        diagnostics.sorted().into_iter().filter(missing).map(|item| item.message.clone()).collect()
    }

    #[test]
    fn a_power_that_the_service_lacks_is_asked_for_by_name() {
        let rule = "strategies = [{ kind = \"replication\", rules = [{ to = \"eu-west-1\", KEY }] }]\n";
        for (key, extension, fact) in [
            ("tags = [\"v*\"]", "tag-filter", "replication cannot filter by tag (facts A10, A16)"),
            ("status = \"tagged\"", "status-filter", "replication cannot filter by status (facts A10, A16)"),
            ("except = \"dev/*\"", "exclude-filter", "replication cannot leave repositories out (facts A10, A16)"),
            ("rename = \"{name}-dr\"", "rename", "replication keeps the repository's name (fact A28)"),
        ] {
            let rule = rule.replace("KEY", key);
            assert_eq!(messages(&rule), [fact]);
            let asked = format!("extensions = [\"{extension}\"]\n{rule}");
            assert_eq!(messages(&asked), Vec::<String>::new());
        }
        let wild = rule.replace("KEY", "prefixes = [\"prod-*\"]");
        let message = "invalid filter `prod-*`: the service takes plain prefixes without `*`; write \"prod-\"";
        assert_eq!(messages(&wild), [message]);
        assert_eq!(messages(&format!("extensions = [\"wildcard-filter\"]\n{wild}")), Vec::<String>::new());
        let file = "strategies = [{ kind = \"replication\", rules = [{ file = \"a.json\", deletes = true }] }]\n";
        assert_eq!(messages(file), ["`file` and `deletes` exclude each other; keep one"]);
    }

    #[test]
    fn tables_with_free_keys_check_their_keys() {
        for (text, message) in [
            ("accounts.Prod = \"111122223333\"", "`Prod` is not a name"),
            ("accounts.prod = 111122223333", "expected an account number such as \"111122223333\", found a number"),
            ("network.rtt.\"us-east-1\" = \"3ms\"", "`us-east-1` is not a pair of regions"),
            ("prices.discount.storge = \"3%\"", "unknown line item `storge`, did you mean `storage`?"),
            (
                "prices.override.inter_region.\"a-1>b-2\" = \"$1/h\"",
                "expected a price such as \"$0.02/GB\", found a price per hour",
            ),
        ] {
            assert_eq!(messages(text), [message], "{text}");
        }
    }
}
