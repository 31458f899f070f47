//! Repository names as a tree of prefixes, and the cheapest filters on it.
//!
//! A filter on a name selects every repository that begins so; there are no exclusions (A10 to A16). What filters can
//! tell apart is therefore a tree: each node is a set of names that share a beginning which no other name has, and
//! covering a node covers everything below it. With a gain on each name, the cheapest set of at most k filters is found
//! exactly by dynamic programming: a node is covered by one filter, or its filters are shared out over its children.

use crate::formats::replication::refused_filter;

/// What covering a repository changes: first how many requirements it breaks (or, below zero, keeps), then
/// 10^-9 dollars over all trials. Compared in that order.
pub type Gain = (i64, i128);

fn add(one: Gain, other: Gain) -> Gain {
    (one.0 + other.0, one.1.saturating_add(other.1))
}

/// A filter of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filter {
    /// No filter: every repository of the registry (A13).
    All,
    /// A prefix.
    Prefix(String),
}

/// A set of names that a filter can select.
#[derive(Clone, Debug)]
struct Node {
    /// What selects it; `None` = the service takes no prefix that does.
    filter: Option<Filter>,
    /// Positions of names below it.
    names: std::ops::Range<usize>,
    children: Vec<usize>,
}

/// The tree of a registry's repository names.
#[derive(Clone, Debug)]
pub struct Trie {
    /// Children before parents; the last is the root.
    nodes: Vec<Node>,
    /// By position in the order of names: index of the repository.
    order: Vec<usize>,
}

/// Cheapest coverings by number of filters.
#[derive(Clone, Debug)]
pub struct Covering {
    /// By node, then filters used at most: what is gained.
    tables: Vec<Vec<Gain>>,
}

impl Trie {
    /// Of these names; an empty list has no tree.
    pub fn of(names: &[&str]) -> Option<Trie> {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_key(|index| names[*index]);
        let sorted: Vec<&str> = order.iter().map(|index| names[*index]).collect();
        let mut trie = Trie { nodes: Vec::new(), order };
        if sorted.is_empty() {
            return None;
        }
        trie.grow(&sorted, 0..sorted.len(), None);
        Some(trie)
    }

    /// Adds the node of a range of sorted names; `above` is the length of the parent's common beginning.
    fn grow(&mut self, sorted: &[&str], range: std::ops::Range<usize>, above: Option<usize>) -> usize {
        let (first, last) = (sorted[range.start], sorted[range.end - 1]);
        // Names are ASCII (A11), so bytes are characters.
        let common = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
        let mut children = Vec::new();
        let mut from = range.start;
        // A name that ends where the others go on cannot be told from them: it has no node of its own.
        while from < range.end && sorted[from].len() == common {
            from += 1;
        }
        while from < range.end {
            let letter = sorted[from].as_bytes()[common];
            let until = (from..range.end).find(|at| sorted[*at].as_bytes()[common] != letter).unwrap_or(range.end);
            children.push(self.grow(sorted, from..until, Some(common)));
            from = until;
        }
        let filter = filter(&first[..common], above, range.len() == 1);
        self.nodes.push(Node { filter, names: range, children });
        self.nodes.len() - 1
    }

    /// Works out the cheapest coverings with up to `most` filters, for gains by repository.
    pub fn cover(&self, gains: &[Gain], most: usize) -> Covering {
        let mut sums = vec![(0, 0); self.order.len() + 1];
        for (at, index) in self.order.iter().enumerate() {
            sums[at + 1] = add(sums[at], gains[*index]);
        }
        let mut tables: Vec<Vec<Gain>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut table = vec![(0, 0)];
            for child in &node.children {
                table = combined(&table, &tables[*child], most);
            }
            if node.filter.is_some() && most > 0 {
                let (low, high) = (sums[node.names.start], sums[node.names.end]);
                let whole = (high.0 - low.0, high.1 - low.1);
                if table.len() == 1 {
                    table.push(table[0]);
                }
                for best in &mut table[1..] {
                    *best = whole.min(*best);
                }
            }
            tables.push(table);
        }
        Covering { tables }
    }

    /// The filters of the cheapest covering with at most `most` of them; as few as that takes.
    pub fn filters(&self, covering: &Covering, most: usize) -> Vec<Filter> {
        let root = self.nodes.len() - 1;
        let mut found = Vec::new();
        self.trace(covering, root, covering.needed(root, most), &mut found);
        found
    }

    fn trace(&self, covering: &Covering, node: usize, filters: usize, found: &mut Vec<Filter>) {
        let goal = covering.tables[node][filters];
        if filters == 0 {
            return;
        }
        let children = &self.nodes[node].children;
        // Prefixes of the children's combined tables, so that the shares can be told backwards.
        let mut steps = vec![vec![(0, 0)]];
        for child in children {
            let next = combined(&steps[steps.len() - 1], &covering.tables[*child], filters);
            steps.push(next);
        }
        let best = |table: &[Gain], at: usize| table[at.min(table.len() - 1)];
        if best(&steps[children.len()], filters) > goal {
            found.extend(self.nodes[node].filter.clone());
            return;
        }
        let mut left = filters;
        let mut shares = Vec::new();
        for (at, child) in children.iter().enumerate().rev() {
            let table = &covering.tables[*child];
            let wanted = best(&steps[at + 1], left);
            let share = (0..=left.min(table.len() - 1))
                .find(|share| add(best(&steps[at], left - share), table[*share]) == wanted)
                .unwrap_or(0);
            shares.push((*child, share));
            left -= share;
        }
        for (child, share) in shares.into_iter().rev() {
            self.trace(covering, child, covering.needed(child, share), found);
        }
    }
}

impl Covering {
    /// What is gained with at most so many filters.
    pub fn gain(&self, filters: usize) -> Gain {
        let Some(table) = self.tables.last() else { return (0, 0) };
        table[filters.min(table.len() - 1)]
    }

    /// Filters that the cheapest covering of all takes.
    pub fn most_useful(&self) -> usize {
        self.needed(self.tables.len() - 1, usize::MAX)
    }

    /// The fewest filters that gain as much as `most` do.
    fn needed(&self, node: usize, most: usize) -> usize {
        let table = &self.tables[node];
        let most = most.min(table.len() - 1);
        (0..=most).find(|filters| table[*filters] == table[most]).unwrap_or(most)
    }
}

/// Shares filters out between what was combined so far and one more child.
fn combined(one: &[Gain], other: &[Gain], most: usize) -> Vec<Gain> {
    let length = (one.len() + other.len() - 2).min(most) + 1;
    let mut table = vec![(i64::MAX, i128::MAX); length];
    for (a, first) in one.iter().enumerate() {
        for (b, second) in other.iter().enumerate().take(length.saturating_sub(a)) {
            table[a + b] = table[a + b].min(add(*first, *second));
        }
    }
    for at in 1..length {
        table[at] = table[at].min(table[at - 1]);
    }
    table
}

/// The filter of a node whose names begin with `common`, of which the parent's share `above` characters. A whole name
/// is written out; a beginning is cut at a `/` where that says the same, because that is how people read it.
fn filter(common: &str, above: Option<usize>, is_one: bool) -> Option<Filter> {
    let shortest = above.map_or(0, |above| above + 1);
    let slash = common.rfind('/').map(|at| at + 1).filter(|at| *at >= shortest && !is_one);
    let mut lengths: Vec<usize> = slash.into_iter().collect();
    lengths.extend((shortest.max(1)..=common.len()).rev());
    let prefix = lengths.into_iter().map(|length| &common[..length]).find(|prefix| refused_filter(prefix).is_none());
    match (prefix, above) {
        (Some(prefix), _) => Some(Filter::Prefix(prefix.into())),
        (None, None) => Some(Filter::All),
        (None, Some(_)) => None,
    }
}
