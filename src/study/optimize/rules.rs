//! From what should be replicated where to the cheapest rules that the service takes.
//!
//! A rule sends what its filters select to all of its destinations. A registry takes so many rules, so many
//! destinations over all rules, and so many filters in a rule (A4 to A6). Here every destination belongs to one group;
//! a group has one set of filters, spread over as many rules as it is given. For given groups both the filters and the
//! shares of rules are exact (dynamic programming); what remains is the grouping:
//!
//! - every destination by itself, where the rules suffice for that: nothing is cheaper, the rules do not bind;
//! - else every partition of the destinations, if there are at most [`EXHAUSTIVE`];
//! - else pairs of groups are merged, the cheapest merger first, until the rules suffice.
//!
//! Destinations in the same rules share filters for nothing, so groups with equal filters are written as one. Of more
//! destinations than the service takes those with the largest savings are kept.

use super::trie::{Covering, Filter, Gain, Trie};

/// Up to so many destinations every grouping is tried (203 partitions of six).
pub const EXHAUSTIVE: usize = 6;

/// What a registry takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rules of a configuration (A4).
    pub rules: usize,
    /// Destinations over all rules (A5).
    pub destinations: usize,
    /// Filters in a rule (A6).
    pub filters: usize,
}

/// What the service takes: A4 (the quota page's figure, which every account has), A5, A6.
pub const SERVICE: Limits = Limits { rules: 10, destinations: 25, filters: 100 };

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Positions in the list of destinations, ascending.
    pub destinations: Vec<usize>,
    /// Any of these.
    pub filters: Vec<Filter>,
}

/// How sure it is that no cheaper rules exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// No limit stood in the way: these are the cheapest rules that filters by prefix can make.
    Exact,
    /// A limit stood in the way; of all groupings of destinations this is the cheapest.
    BestGrouping,
    /// A limit stood in the way; destinations were grouped greedily.
    Greedy,
}

/// The cheapest rules of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// In order of their first destination.
    pub rules: Vec<Rule>,
    /// What they gain.
    pub gain: Gain,
    /// How sure that is.
    pub exactness: Exactness,
}

/// Destinations with one set of filters.
#[derive(Clone)]
struct Group {
    members: Vec<usize>,
    covering: Covering,
}

/// Groups with the rules that each is given.
struct Shared {
    gain: Gain,
    groups: Vec<(Group, usize)>,
}

/// Finds the rules of a registry with these repositories; `gains` is by destination, then repository: what changes
/// when it is replicated there.
pub fn rules(names: &[&str], gains: &[Vec<Gain>], limits: Limits) -> Rules {
    let Some(trie) = Trie::of(names) else {
        return Rules { rules: Vec::new(), gain: (0, 0), exactness: Exactness::Exact };
    };
    let most = limits.rules * limits.filters;
    let alone = |index: usize| Group { members: vec![index], covering: trie.cover(&gains[index], names.len()) };
    let mut wanted: Vec<Group> = (0..gains.len()).map(alone).filter(|group| group.best() < (0, 0)).collect();
    let all_fit = wanted.len() <= limits.destinations;
    // A stable sort: of equal savings the earlier destination stays.
    wanted.sort_by_key(Group::best);
    wanted.truncate(limits.destinations);
    wanted.sort_by_key(|group| group.members.clone());
    let finder = Finder { trie: &trie, gains, limits, most };
    let unlimited = wanted.iter().fold((0, 0), |sum, group| plus(sum, group.best()));
    let merged = finder.merge_equal(wanted.clone());
    let mut found = finder.share(merged.clone());
    let mut exactness = if all_fit { Exactness::Exact } else { Exactness::BestGrouping };
    if found.gain != unlimited {
        exactness = Exactness::BestGrouping;
        if wanted.len() <= EXHAUSTIVE {
            finder.partitions(&wanted, &mut Vec::new(), &mut found);
        } else {
            exactness = Exactness::Greedy;
            finder.merge_greedily(merged, &mut found);
        }
    }
    let mut rules = Vec::new();
    for (group, share) in &found.groups {
        let filters = trie.filters(&group.covering, share * limits.filters);
        for filters in filters.chunks(limits.filters.max(1)) {
            rules.push(Rule { destinations: group.members.clone(), filters: filters.to_vec() });
        }
    }
    rules.sort_by(|a, b| a.destinations.cmp(&b.destinations));
    Rules { rules, gain: found.gain, exactness }
}

impl Group {
    /// What it gains when nothing is scarce.
    fn best(&self) -> Gain {
        self.covering.gain(usize::MAX)
    }
}

struct Finder<'a> {
    trie: &'a Trie,
    gains: &'a [Vec<Gain>],
    limits: Limits,
    /// Filters in all rules together.
    most: usize,
}

impl Finder<'_> {
    fn group(&self, mut members: Vec<usize>) -> Group {
        members.sort_unstable();
        let repositories = self.gains[members[0]].len();
        let sum =
            |repository: usize| members.iter().fold((0, 0), |sum, member| plus(sum, self.gains[*member][repository]));
        let gains: Vec<Gain> = (0..repositories).map(sum).collect();
        let covering = self.trie.cover(&gains, repositories.min(self.most));
        Group { members, covering }
    }

    /// Puts destinations together that want the very same filters.
    fn merge_equal(&self, groups: Vec<Group>) -> Vec<Group> {
        let mut known: Vec<(Vec<Filter>, Vec<usize>)> = Vec::new();
        for group in groups {
            let filters = self.trie.filters(&group.covering, usize::MAX);
            match known.iter_mut().find(|(other, _)| *other == filters) {
                Some((_, members)) => members.extend(group.members),
                None => known.push((filters, group.members)),
            }
        }
        known.into_iter().map(|(_, members)| self.group(members)).collect()
    }

    /// Shares the rules out over groups: exact, one group after the other.
    fn share(&self, groups: Vec<Group>) -> Shared {
        let rules = self.limits.rules;
        // By rules used at most: the gain, and the share of each group so far.
        let mut best: Vec<(Gain, Vec<usize>)> = vec![((0, 0), Vec::new()); rules + 1];
        for group in &groups {
            let useful = group.covering.most_useful().div_ceil(self.limits.filters.max(1)).min(rules);
            let next = |left: usize| {
                let options = (0..=useful.min(left)).map(|share| {
                    let (gain, shares) = &best[left - share];
                    (plus(*gain, group.covering.gain(share * self.limits.filters)), shares, share)
                });
                // Of equal gains the smaller share, which comes first.
                let found = options.min_by(|a, b| a.0.cmp(&b.0));
                found.map_or(((0, 0), Vec::new()), |(gain, shares, share)| {
                    let mut shares = shares.clone();
                    shares.push(share);
                    (gain, shares)
                })
            };
            best = (0..=rules).map(next).collect();
        }
        let (gain, shares) = best.pop().unwrap_or_default();
        let groups = groups.into_iter().zip(shares).filter(|(_, share)| *share > 0).collect();
        Shared { gain, groups }
    }

    /// Tries every partition of the destinations.
    fn partitions(&self, rest: &[Group], parts: &mut Vec<Vec<usize>>, found: &mut Shared) {
        let Some((first, rest)) = rest.split_first() else {
            let shared = self.share(parts.iter().map(|members| self.group(members.clone())).collect());
            if shared.gain < found.gain {
                *found = shared;
            }
            return;
        };
        for part in 0..=parts.len() {
            if part == parts.len() {
                parts.push(Vec::new());
            }
            parts[part].extend(&first.members);
            self.partitions(rest, parts, found);
            let kept = parts[part].len() - first.members.len();
            parts[part].truncate(kept);
        }
        parts.retain(|part| !part.is_empty());
    }

    /// Merges the pair of groups that is cheapest to merge, again and again, and keeps the best on the way.
    fn merge_greedily(&self, mut groups: Vec<Group>, found: &mut Shared) {
        while groups.len() > 1 {
            let mut best: Option<(Gain, usize, usize, Group)> = None;
            for one in 0..groups.len() {
                for other in one + 1..groups.len() {
                    let members = [groups[one].members.as_slice(), groups[other].members.as_slice()].concat();
                    let merged = self.group(members);
                    let apart = plus(groups[one].best(), groups[other].best());
                    let loss = (merged.best().0 - apart.0, merged.best().1.saturating_sub(apart.1));
                    if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
                        best = Some((loss, one, other, merged));
                    }
                }
            }
            let Some((_, one, other, merged)) = best else { return };
            groups.remove(other);
            groups[one] = merged;
            let shared = self.share(groups.clone());
            if shared.gain < found.gain {
                *found = shared;
            }
        }
    }
}

fn plus(one: Gain, other: Gain) -> Gain {
    (one.0 + other.0, one.1.saturating_add(other.1))
}

/// Whether filters select a name.
pub fn selects(filters: &[Filter], name: &str) -> bool {
    filters.iter().any(|filter| match filter {
        Filter::All => true,
        Filter::Prefix(prefix) => name.starts_with(prefix.as_str()),
    })
}
