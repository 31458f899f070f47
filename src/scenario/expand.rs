//! Short forms to long forms, once, before anything else looks at a scenario.
//!
//! | written | becomes |
//! |---|---|
//! | `strategies = ["replication"]` | `[{ kind = "replication", name = "replication" }]` |
//! | an element of a named list without `name` | the same with `name` (its kind, metric or registry) |
//! | `X` where a law may stand | `{ constant = X }` |
//! | `deploy = "10m"` | `{ within = "10m" }`; so with `scale_up`, `churn`, `rate`, `times`, `trace`, `failover` |
//! | `path = "nat"` | `{ local = "nat", remote = "nat" }` |
//! | `unpack = "70 MB/s"` | `{ rate = "70 MB/s" }` |
//! | a selector or registries as a text | a list of one |
//!
//! What stays a union, and is told apart by whoever reads the draft: words beside another type (`unpack = "disk"`,
//! `cache = "none"`, `ttl = "never"`, `delay = "typical"`, `deploy.on = "release"`), a path beside a list or table
//! (`rules`, `lifecycle`, `quantiles`), one table or a list of tables (triggers, `promote`), and one price, bandwidth
//! or share beside a table of them.

use super::keys::{Table, Type};
use super::tree::{Entry, Node, Value};

/// Expands a value of type `ty`, and all that is in it.
pub fn expand(node: &mut Node, ty: Type) {
    match ty {
        Type::Registries | Type::Selector if node.text().is_some() => {
            let one = node.clone();
            node.value = Value::List(vec![one]);
        }
        Type::WordOr(words, inner) if !node.text().is_some_and(|text| words.contains(&text)) => expand(node, *inner),
        Type::OneOf(types) => expand(node, Type::choose(types, node)),
        Type::Law(_) => wrap(node, &["constant"]),
        Type::List(inner) => each(node, *inner),
        Type::OneOrMany(inner) => match node.value {
            Value::List(_) => each(node, *inner),
            _ => expand(node, *inner),
        },
        Type::Table(table) | Type::Partial(table) => in_table(node, table),
        Type::Short(keys, table) => {
            wrap(node, keys);
            in_table(node, table);
        }
        Type::Named(table) => named(node, table),
        Type::Map(_, inner) => {
            for entry in node.entries_mut().into_iter().flatten() {
                expand(&mut entry.node, *inner);
            }
        }
        _ => {}
    }
}

/// Makes a plain value the value of `keys` in a table that stands at the same place.
fn wrap(node: &mut Node, keys: &[&str]) {
    if matches!(node.value, Value::Table(_)) {
        return;
    }
    let plain = node.clone();
    let entry = |key: &&str| Entry { key: (*key).to_string(), key_origin: plain.origin.clone(), node: plain.clone() };
    node.value = Value::Table(keys.iter().map(entry).collect());
}

/// Expands the elements of a list.
fn each(node: &mut Node, ty: Type) {
    if let Value::List(items) = &mut node.value {
        items.iter_mut().for_each(|item| expand(item, ty));
    }
}

/// Expands the values of a table's known keys.
fn in_table(node: &mut Node, table: &'static Table) {
    let keys = table.keys_for(node);
    for entry in node.entries_mut().into_iter().flatten() {
        if let Some(key) = keys.iter().find(|key| key.name == entry.key) {
            expand(&mut entry.node, key.ty);
        }
    }
}

/// Expands a list of named elements: texts to tables, and every element to one with a name.
fn named(node: &mut Node, table: &'static Table) {
    let Value::List(items) = &mut node.value else { return };
    for item in items {
        // Only kinds may be written as plain texts.
        if let (Some("kind"), Value::Text(_)) = (table.name_from, &item.value) {
            wrap(item, &["kind"]);
        }
        let source = table.name_from.filter(|_| item.get("name").is_none());
        if let Some(named) = source.and_then(|key| item.get(key)).filter(|node| node.text().is_some()).cloned()
            && let Some(entries) = item.entries_mut()
        {
            entries.push(Entry { key: "name".into(), key_origin: named.origin.clone(), node: named });
        }
        in_table(item, table);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Diagnostics;
    use super::super::keys::top::SCENARIO;
    use super::super::parse;
    use super::*;

    fn expanded(text: &str) -> Node {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_file("a.toml", text);
        let mut node = parse::document(file, &mut diagnostics).expect("valid TOML");
        expand(&mut node, Type::Table(&SCENARIO));
        node
    }

    fn at<'a>(node: &'a Node, path: &str) -> Option<&'a Node> {
        path.split('.').try_fold(node, |node, part| match part.parse::<usize>() {
            Ok(index) => node.items().get(index),
            Err(_) => node.get(part),
        })
    }

    #[test]
    fn short_forms_are_long_forms_at_the_same_place() {
        let text = "strategies = [\"replication\", { kind = \"clairvoyant\" }]\n\
                    [[clusters]]\nname = \"eu\"\nruns = \"prod/*\"\npath = \"nat\"\nunpack = \"70 MB/s\"\n\
                    pulls = { deploy = \"10m\", scale_up = [\"1/day\", { rate = \"2/day\", keep = \"1h\" }] }\n";
        let node = expanded(text);
        let text_of = |path: &str| at(&node, path).and_then(Node::text);
        assert_eq!(text_of("strategies.0.kind"), Some("replication"));
        assert_eq!(text_of("strategies.0.name"), Some("replication"));
        assert_eq!(text_of("strategies.1.name"), Some("clairvoyant"));
        assert_eq!(text_of("clusters.0.runs.0"), Some("prod/*"));
        assert_eq!(text_of("clusters.0.path.local"), Some("nat"));
        assert_eq!(text_of("clusters.0.path.remote"), Some("nat"));
        assert_eq!(text_of("clusters.0.unpack.rate"), Some("70 MB/s"));
        assert_eq!(text_of("clusters.0.pulls.deploy.within"), Some("10m"));
        assert_eq!(text_of("clusters.0.pulls.scale_up.0.rate"), Some("1/day"));
        assert_eq!(text_of("clusters.0.pulls.scale_up.1.keep.constant"), Some("1h"));
        let within = at(&node, "clusters.0.pulls.deploy.within").expect("there");
        assert_eq!(&text[within.origin.span.clone()], "\"10m\"");
    }

    #[test]
    fn words_stay_words() {
        let node = expanded(
            "[[clusters]]\nname = \"eu\"\nunpack = \"ssd\"\ncache = \"none\"\npulls.deploy.on = \"release\"\n\
             [[strategies]]\nkind = \"replication\"\ndelay = \"slow\"\n",
        );
        assert_eq!(at(&node, "clusters.0.unpack").and_then(Node::text), Some("ssd"));
        assert_eq!(at(&node, "clusters.0.cache").and_then(Node::text), Some("none"));
        assert_eq!(at(&node, "clusters.0.pulls.deploy.on").and_then(Node::text), Some("release"));
        assert_eq!(at(&node, "strategies.0.delay").and_then(Node::text), Some("slow"));
    }

    #[test]
    fn expanding_twice_changes_nothing() {
        let mut node = expanded("strategies = [\"replication\"]\n[[clusters]]\nname = \"eu\"\npulls.deploy = \"1m\"\n");
        let once = node.clone();
        expand(&mut node, Type::Table(&SCENARIO));
        assert_eq!(node, once);
    }
}
