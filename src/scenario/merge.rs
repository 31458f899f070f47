//! One scenario over another.
//!
//! Tables merge key by key, lists of named elements merge by name with new ones at the end, every other value is
//! replaced. Giving one key of an exclusive group takes the others away, with the keys that only had a meaning beside
//! them: `push = { times = .. }` over `push = { rate = .., hours = .. }` leaves `times` alone.

use std::collections::HashMap;

use super::keys::{Table, Type};
use super::tree::{Entry, Node, Value};

/// `high` over `low`, both expanded and of type `ty`.
pub fn merge(low: Node, high: Node, ty: Type) -> Node {
    match (&low.value, &high.value) {
        (Value::Table(_), Value::Table(_)) => tables(low, high, ty),
        (Value::List(_), Value::List(_)) => match ty {
            Type::Named(table) if !is_list_of_kinds(&high) => named(low, high, table),
            _ => high,
        },
        _ => high,
    }
}

/// Whether a list was written as plain kinds: such a list replaces the one below it.
fn is_list_of_kinds(node: &Node) -> bool {
    // An element that was a plain text stands where its kind stands.
    node.items().iter().all(|item| item.get("kind").is_some_and(|kind| kind.origin == item.origin))
}

fn tables(mut low: Node, high: Node, ty: Type) -> Node {
    let Value::Table(entries) = high.value else { return low };
    low.origin = high.origin;
    let mut places = places(low.entries().iter().map(|entry| entry.key.as_str()));
    for entry in entries {
        if let Some(table) = ty.table()
            && clear(&mut low, &entry.key, table)
        {
            places = self::places(low.entries().iter().map(|entry| entry.key.as_str()));
        }
        let inner = ty.inside(&low, &entry.key);
        let Some(known) = low.entries_mut() else { return low };
        match places.get(&entry.key) {
            Some(at) => {
                let blank = Node { value: Value::Bool(false), origin: entry.key_origin.clone() };
                let old = std::mem::replace(&mut known[*at].node, blank);
                known[*at].node = match inner {
                    Some(inner) => merge(old, entry.node, inner),
                    None => entry.node,
                };
                known[*at].key_origin = entry.key_origin;
            }
            None => {
                places.insert(entry.key.clone(), known.len());
                known.push(entry);
            }
        }
    }
    low
}

/// Where each name first stands.
fn places<'a>(names: impl Iterator<Item = &'a str>) -> HashMap<String, usize> {
    let mut places = HashMap::new();
    for (index, name) in names.enumerate() {
        places.entry(name.to_string()).or_insert(index);
    }
    places
}

/// Sets one entry of a table: what was there gives way, and so do the keys that it excludes.
pub fn set(node: &mut Node, entry: Entry, ty: Type) {
    if let Some(table) = ty.table() {
        clear(node, &entry.key, table);
    }
    let Some(entries) = node.entries_mut() else { return };
    match entries.iter_mut().find(|known| known.key == entry.key) {
        Some(known) => *known = entry,
        None => entries.push(entry),
    }
}

/// Takes away the keys that `key` excludes, and those that need them. Whether there were any.
fn clear(node: &mut Node, key: &str, table: &'static Table) -> bool {
    let mut gone: Vec<&str> = Vec::new();
    for group in table.groups_for(node) {
        if group.alternatives.iter().any(|keys| keys.contains(&key)) {
            let others = group.alternatives.iter().filter(|keys| !keys.contains(&key));
            gone.extend(others.flat_map(|keys| keys.iter().copied()));
        }
    }
    let dependent =
        table.keys_for(node).into_iter().filter(|known| known.needs.is_some_and(|other| gone.contains(&other)));
    let dependent: Vec<&str> = dependent.map(|known| known.name).collect();
    let mut removed = false;
    for name in gone.into_iter().chain(dependent) {
        removed |= node.remove(name).is_some();
    }
    removed
}

/// Merges two lists of named elements.
fn named(mut low: Node, high: Node, table: &'static Table) -> Node {
    let Value::List(new) = high.value else { return low };
    let Value::List(items) = &mut low.value else { return low };
    let name = |item: &Node| item.get("name").and_then(Node::text).unwrap_or_default().to_string();
    let names: Vec<String> = items.iter().map(name).collect();
    let places = places(names.iter().map(String::as_str));
    for item in new {
        let place = item.get("name").and_then(Node::text).and_then(|name| places.get(name).copied());
        match place {
            Some(index) => {
                let blank = Node { value: Value::Bool(false), origin: item.origin.clone() };
                let old = std::mem::replace(&mut items[index], blank);
                items[index] = merge(old, item, Type::Table(table));
            }
            None => items.push(item),
        }
    }
    low.origin = high.origin;
    low
}

/// Puts `[defaults]` under the elements of the lists that they are for, and takes the table out.
pub fn apply_defaults(root: &mut Node) {
    let Some(defaults) = root.remove("defaults") else { return };
    let Value::Table(lists) = defaults.node.value else { return };
    for default in lists {
        let Some(ty) = super::keys::top::DEFAULTS.key_for(root, &default.key).map(|key| key.ty) else { continue };
        let Some(Value::List(items)) = root.get_mut(&default.key).map(|list| &mut list.value) else { continue };
        for item in items.iter_mut().filter(|item| matches!(item.value, Value::Table(_))) {
            let own = item.clone();
            *item = merge(default.node.clone(), own, ty);
        }
    }
}

/// Removes the elements with `enabled = false`.
pub fn drop_disabled(root: &mut Node) {
    for key in super::keys::top::SCENARIO.keys.iter().filter(|key| matches!(key.ty, Type::Named(_))) {
        if let Some(Value::List(items)) = root.get_mut(key.name).map(|list| &mut list.value) {
            items.retain(|item| item.get("enabled").and_then(Node::bool) != Some(false));
        }
    }
}
