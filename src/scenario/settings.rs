//! What a scenario says, key by key, so that two runs can be told apart by their words and not by hashes.

use std::collections::BTreeMap;

use super::tree::{Node, Value};

/// Every value of a merged tree by its dotted path, as `--set` would take it. An element of a list goes by its name,
/// else by its index; names that a path could not hold are quoted.
pub fn settings(root: &Node) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    walk(root, String::new(), &mut found);
    found
}

fn walk(node: &Node, path: String, found: &mut BTreeMap<String, String>) {
    let below = |part: &str| if path.is_empty() { part.to_string() } else { format!("{path}.{part}") };
    match &node.value {
        Value::Table(entries) => entries.iter().for_each(|entry| walk(&entry.node, below(&part(&entry.key)), found)),
        Value::List(items) if items.iter().any(|item| matches!(item.value, Value::Table(_))) => {
            for (index, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Node::text);
                let path = below(&name.map_or_else(|| index.to_string(), part));
                // The path holds the name already.
                let entries = item.entries().iter().filter(|entry| name.is_none() || entry.key != "name");
                entries.for_each(|entry| walk(&entry.node, format!("{path}.{}", part(&entry.key)), found));
            }
        }
        _ => {
            found.insert(path, text(node));
        }
    }
}

/// A key as a part of a path.
fn part(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'));
    if plain { key.to_string() } else { format!("\"{key}\"") }
}

/// A value that is no table, in words.
fn text(node: &Node) -> String {
    match &node.value {
        Value::Text(text) | Value::Moment(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Table(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Diagnostics, read};
    use super::*;

    #[test]
    fn every_value_goes_by_the_path_that_set_would_take() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("a.toml");
        let text = std::fs::read_to_string("scenarios/worked-example.toml").expect("it ships");
        std::fs::write(&file, text.replace("name = \"app\"", "name = \"prod/app\"")).expect("writable");
        let sets = ["run.trials=7".to_string()];
        let draft = read(&file, &sets, &mut Diagnostics::default()).expect("valid");
        let found = settings(&draft.root);
        let value = |path: &str| found.get(path).map(String::as_str);
        assert_eq!(value("run.trials"), Some("7"), "{found:?}");
        assert_eq!(value("prices.book"), Some("aws-2026-09"));
        assert_eq!(value("repositories.\"prod/app\".image.size.constant"), Some("200 MB"));
        assert_eq!(value("strategies.cache-12h.ttl"), Some("12h"));
        assert_eq!(value("clusters.remote.registries"), Some("[eu-west-1, ap-southeast-1]"));
    }
}
