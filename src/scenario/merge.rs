//! One scenario over another.
//!
//! Tables merge key by key, lists of named elements merge by name with new ones at the end, every other value is
//! replaced. Giving one key of an exclusive group takes the others away, with the keys that only had a meaning beside
//! them: `push = { times = .. }` over `push = { rate = .., hours = .. }` leaves `times` alone.

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
    for entry in entries {
        // The kind decides which keys there are, so it is taken over before them.
        put(&mut low, entry, ty);
    }
    low
}

/// Sets one entry of a table: merged with what is there, and its exclusive keys taken away.
pub fn put(node: &mut Node, entry: Entry, ty: Type) {
    if let Some(table) = ty.table() {
        clear(node, &entry.key, table);
    }
    let inner = ty.inside(node, &entry.key);
    let Some(entries) = node.entries_mut() else { return };
    match entries.iter_mut().find(|known| known.key == entry.key) {
        Some(known) => {
            let low = std::mem::replace(
                &mut known.node,
                Node { value: Value::Bool(false), origin: entry.key_origin.clone() },
            );
            known.node = match inner {
                Some(inner) => merge(low, entry.node, inner),
                None => entry.node,
            };
            known.key_origin = entry.key_origin;
        }
        None => entries.push(entry),
    }
}

/// Takes away the keys that `key` excludes, and those that need them.
fn clear(node: &mut Node, key: &str, table: &'static Table) {
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
    for name in gone.into_iter().chain(dependent) {
        node.remove(name);
    }
}

/// Merges two lists of named elements.
fn named(mut low: Node, high: Node, table: &'static Table) -> Node {
    let Value::List(new) = high.value else { return low };
    let Value::List(items) = &mut low.value else { return low };
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(name) = item.get("name").and_then(Node::text) {
            places.entry(name.to_string()).or_insert(index);
        }
    }
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
