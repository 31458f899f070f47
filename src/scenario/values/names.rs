//! Names of accounts, regions, registries, repositories and clusters, and selection by them.
//!
//! Registries need no declaration: the first mention makes one. What matches nothing is an error that says what names
//! there are, since a selector that silently selects nothing would make a strategy look cheap.

use super::{Reading, one_or_many};
use crate::cloud::regions::Partition;
use crate::cloud::{Account, AccountId, RegionId, Registry, RegistryId, regions};
use crate::formats::did_you_mean;
use crate::registry::{Patterns, glob};
use crate::scenario::tree::{Node, Origin};

/// Accounts, and the regions and registries in order of first mention.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Accounts in file order.
    pub accounts: Vec<Account>,
    /// Region codes.
    pub regions: Vec<String>,
    /// Where each region is first named.
    pub region_origins: Vec<Origin>,
    /// Registries.
    pub registries: Vec<Registry>,
}

impl Places {
    /// The region with this code, which is known to exist.
    pub fn region(&mut self, code: &str, origin: &Origin) -> RegionId {
        let index = self.regions.iter().position(|region| region == code).unwrap_or_else(|| {
            self.regions.push(code.to_string());
            self.region_origins.push(origin.clone());
            self.regions.len() - 1
        });
        RegionId(index as u16)
    }

    /// The registry of an account in a region.
    pub fn registry(&mut self, account: AccountId, region: RegionId) -> RegistryId {
        let wanted = Registry { account, region };
        let index = self.registries.iter().position(|registry| *registry == wanted).unwrap_or_else(|| {
            self.registries.push(wanted);
            self.registries.len() - 1
        });
        RegistryId(index as u16)
    }

    /// A registry's name as people write it: the region alone when there is one account.
    pub fn name(&self, id: RegistryId) -> String {
        let registry = self.registries[usize::from(id.0)];
        let region = &self.regions[usize::from(registry.region.0)];
        match self.accounts.as_slice() {
            [_] => region.clone(),
            accounts => format!("{}/{region}", accounts[usize::from(registry.account.0)].name),
        }
    }

    /// What names a registry in an ARN: partition, region and the account's id.
    pub fn address(&self, id: RegistryId) -> (Partition, &str, &str) {
        let registry = self.registries[usize::from(id.0)];
        let region = &self.regions[usize::from(registry.region.0)];
        let partition = regions::find(region).map_or(Partition::Aws, |region| region.partition);
        (partition, region, &self.accounts[usize::from(registry.account.0)].id)
    }

    /// A registry's full name, `ACCOUNT/REGION`, whatever the number of accounts.
    pub fn full_name(&self, id: RegistryId) -> String {
        let registry = self.registries[usize::from(id.0)];
        let account = &self.accounts[usize::from(registry.account.0)].name;
        format!("{account}/{}", self.regions[usize::from(registry.region.0)])
    }
}

/// A registry that a list of registries names.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Which.
    pub registry: RegistryId,
    /// Where it is written.
    pub origin: Origin,
    /// Whether a pattern with `*` brought it.
    pub pattern: bool,
}

impl Reading<'_> {
    /// The region of a code written somewhere.
    pub fn region_code(&mut self, origin: &Origin, code: &str) -> Option<RegionId> {
        if regions::find(code).is_none() {
            let near = regions::near(code).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            self.error(origin, format!("no region `{code}`{near}"), "regions have codes such as eu-west-1");
            return None;
        }
        Some(self.places.region(code, origin))
    }

    /// A registry: `ACCOUNT/REGION`, or the region alone when there is one account.
    pub fn registry(&mut self, node: &Node) -> Option<RegistryId> {
        let text = self.text(node, "a registry such as \"prod/eu-west-1\"")?;
        let found = self.matching(&node.origin, text)?;
        match found.as_slice() {
            [registry] if !text.contains('*') => Some(*registry),
            _ => {
                self.error(&node.origin, "one registry is wanted here, not a pattern", "");
                None
            }
        }
    }

    /// A registry that stands in for one that could not be read, so that the rest can be looked at; no model comes of it.
    pub fn stand_in(&mut self, origin: &Origin) -> RegistryId {
        let region = self.places.region("us-east-1", origin);
        self.places.registry(AccountId(0), region)
    }

    /// The registries that a text names; `*` may stand in the account.
    fn matching(&mut self, origin: &Origin, text: &str) -> Option<Vec<RegistryId>> {
        let (account, region) = match text.rsplit_once('/') {
            Some((account, region)) => (Some(account), region),
            None => (None, text),
        };
        if region.contains('*') {
            self.error(origin, "`*` may stand for accounts only, not for regions", "such as \"bu-*/us-east-1\"");
            return None;
        }
        let accounts: Vec<AccountId> = match account {
            Some(pattern) => (0..self.places.accounts.len())
                .filter(|index| glob(pattern, &self.places.accounts[*index].name))
                .map(|index| AccountId(index as u16))
                .collect(),
            None if self.places.accounts.len() == 1 => vec![AccountId(0)],
            None if regions::find(region).is_none() => {
                // Not a region either: say what is wrong with the region, the account is the smaller trouble.
                self.region_code(origin, region);
                return None;
            }
            None => {
                let first = self.places.accounts.first().map(|account| account.name.as_str()).unwrap_or_default();
                let message = format!("`{region}` needs an account; write \"{first}/{region}\"");
                self.error(origin, message, self.accounts_label());
                return None;
            }
        };
        if accounts.is_empty() {
            let account = account.unwrap_or_default();
            let names = self.places.accounts.iter().map(|account| account.name.as_str());
            let message = match account.contains('*') {
                true => format!("`{account}` matches no account"),
                false => format!("no account `{account}`{}", did_you_mean(account, names)),
            };
            self.error(origin, message, self.accounts_label());
            return None;
        }
        let region = self.region_code(origin, region)?;
        Some(accounts.into_iter().map(|account| self.places.registry(account, region)).collect())
    }

    fn accounts_label(&self) -> String {
        let names: Vec<&str> = self.places.accounts.iter().map(|account| account.name.as_str()).collect();
        format!("accounts: {}", listed_names(&names))
    }

    /// Registries: patterns in order, `!` takes away, duplicates vanish.
    pub fn registries(&mut self, node: &Node) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        for item in one_or_many(node) {
            let Some(text) = self.text(item, "registries such as [\"bu-*/us-east-1\"]") else { continue };
            let (plain, takes_away) = text.strip_prefix('!').map_or((text, false), |plain| (plain, true));
            let Some(found) = self.matching(&item.origin, plain) else { continue };
            if takes_away {
                let before = wanted.len();
                wanted.retain(|wanted| !found.contains(&wanted.registry));
                if wanted.len() == before {
                    self.error(&item.origin, format!("`{text}` takes nothing away"), "");
                }
                continue;
            }
            for registry in found {
                if wanted.iter().all(|wanted| wanted.registry != registry) {
                    wanted.push(Wanted { registry, origin: item.origin.clone(), pattern: plain.contains('*') });
                }
            }
        }
        if wanted.is_empty() {
            self.error(&node.origin, "no registry is left", "");
        }
        wanted
    }

    /// Patterns over names or tags, as written.
    pub fn patterns(&mut self, node: &Node) -> Option<Patterns> {
        let mut patterns = Vec::new();
        for item in one_or_many(node) {
            patterns.push(self.text(item, "a selector such as [\"prod/*\", \"!prod/old-*\"]")?.to_string());
        }
        Some(Patterns(patterns))
    }

    /// Which of `names` the selector `key` of `table` selects (all without the key). Selecting nothing is an error,
    /// and so is a pattern that matches nothing.
    pub fn selected(&mut self, table: &Node, key: &str, what: Named<'_>) -> Vec<bool> {
        let Some(node) = table.get(key) else { return vec![true; what.names.len()] };
        let Some(patterns) = self.patterns(node) else { return vec![false; what.names.len()] };
        let matches = |pattern: &str, index: usize| {
            glob(pattern, what.names[index]) || what.groups.get(index).is_some_and(|group| glob(pattern, group))
        };
        let mut selected = vec![false; what.names.len()];
        for pattern in &patterns.0 {
            let (plain, select) = pattern.strip_prefix('!').map_or((pattern.as_str(), true), |plain| (plain, false));
            for (index, selected) in selected.iter_mut().enumerate() {
                if matches(plain, index) {
                    *selected = select;
                }
            }
        }
        let label = || format!("{}: {}", what.plural, listed_names(what.names));
        if !selected.contains(&true) {
            self.error(&node.origin, format!("`{key}` selects no {}", what.one), label());
            return selected;
        }
        for item in one_or_many(node) {
            let text = item.text().unwrap_or_default();
            let pattern = text.strip_prefix('!').unwrap_or(text);
            if !(0..what.names.len()).any(|index| matches(pattern, index)) {
                self.error(&item.origin, format!("`{text}` matches no {}", what.one), label());
            }
        }
        selected
    }

    /// The index of the thing that is called so.
    pub fn named(&mut self, node: &Node, what: Named<'_>) -> Option<usize> {
        let text = self.text(node, &format!("the name of a {}", what.one))?;
        let found = what.names.iter().position(|name| *name == text);
        if found.is_none() {
            let near = did_you_mean(text, what.names.iter().copied());
            let label = format!("{}: {}", what.plural, listed_names(what.names));
            self.error(&node.origin, format!("no {} `{text}`{near}", what.one), label);
        }
        found
    }
}

/// The names of things of one sort, and the words for it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The names.
    pub names: &'a [&'a str],
    /// Under which names several were written as one, in the order of `names`; empty when there is no such thing.
    pub groups: &'a [&'a str],
    /// One of them.
    pub one: &'a str,
    /// Several.
    pub plural: &'a str,
}

/// Names for a label: runs of members of one group in short (`prod/api-01 to prod/api-40`), and no more than a few.
pub fn listed_names(names: &[&str]) -> String {
    const MOST: usize = 8;
    let group = |name: &str| {
        let (stem, number) = name.rsplit_once('-')?;
        (number.len() >= 2 && number.bytes().all(|b| b.is_ascii_digit())).then(|| stem.to_string())
    };
    let mut parts: Vec<String> = Vec::new();
    let mut at = 0;
    while at < names.len() {
        let stem = group(names[at]);
        let end = (at + 1..names.len()).find(|i| stem.is_none() || group(names[*i]) != stem).unwrap_or(names.len());
        let end = if stem.is_none() { at + 1 } else { end };
        match end - at {
            1 => parts.push(names[at].to_string()),
            2 => parts.extend([names[at].to_string(), names[at + 1].to_string()]),
            _ => parts.push(format!("{} to {}", names[at], names[end - 1])),
        }
        at = end;
    }
    if parts.is_empty() {
        return "none".into();
    }
    if parts.len() > MOST {
        let more = parts.len() - MOST;
        parts.truncate(MOST);
        parts.push(format!("and {more} more"));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    fn with_accounts(reading: &mut Reading<'_>, names: &[&str]) {
        let account = |name: &&str| Account { name: name.to_string(), id: "000000000001".into() };
        reading.places.accounts = names.iter().map(account).collect();
    }

    #[test]
    fn patterns_of_registries_apply_in_order() {
        let text = "r = [\"bu-*/us-east-1\", \"!bu-02/us-east-1\", \"bu-01/eu-west-1\", \"bu-01/us-east-1\"]";
        let (names, problems) = read(text, "2026-01-01T00:00:00Z", 1, |reading, root| {
            with_accounts(reading, &["platform", "bu-01", "bu-02", "bu-03"]);
            let wanted = reading.registries(root.get("r").expect("r"));
            wanted.iter().map(|w| (reading.places.name(w.registry), w.pattern)).collect::<Vec<_>>()
        });
        assert!(problems.is_empty(), "{problems:?}");
        let names: Vec<(&str, bool)> = names.iter().map(|(name, pattern)| (name.as_str(), *pattern)).collect();
        assert_eq!(names, [("bu-01/us-east-1", true), ("bu-03/us-east-1", true), ("bu-01/eu-west-1", false)]);
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        let text =
            "a = \"prd/eu-west-1\"\nb = \"eu-west-1\"\nc = \"prod/eu-west1\"\nd = [\"x-*/eu-west-1\"]\ne = \"*/us-*\"";
        let ((), problems) = read(text, "2026-01-01T00:00:00Z", 1, |reading, root| {
            with_accounts(reading, &["platform", "prod"]);
            for key in ["a", "b", "c"] {
                assert_eq!(reading.optional(root, key, |r, n| r.registry(n)), None);
            }
            assert!(reading.registries(root.get("d").expect("d")).is_empty());
            assert!(reading.registries(root.get("e").expect("e")).is_empty());
        });
        let said: Vec<(&str, &str)> =
            problems.iter().map(|(message, label, _)| (message.as_str(), label.as_str())).collect();
        let accounts = "accounts: platform, prod";
        assert_eq!(said[0], ("no account `prd`, did you mean `prod`?", accounts));
        assert_eq!(said[1], ("`eu-west-1` needs an account; write \"platform/eu-west-1\"", accounts));
        assert_eq!(said[2].0, "no region `eu-west1`, did you mean `eu-west-1`?");
        assert_eq!(said[3], ("`x-*` matches no account", accounts));
        assert!(said.iter().any(|(message, _)| message.starts_with("`*` may stand for accounts only")));
    }

    #[test]
    fn a_selector_that_matches_nothing_is_an_error() {
        let names = ["prod/api-01", "prod/api-02", "prod/api-03", "shared/base"];
        let what = Named { names: &names, groups: &[], one: "repository", plural: "repositories" };
        let text = "runs = [\"prd/*\"]\nsome = [\"prod/*\", \"!prod/old-*\"]\ngood = \"shared/*\"";
        let ((), problems) = read(text, "2026-01-01T00:00:00Z", 1, |reading, root| {
            reading.selected(root, "runs", what);
            assert_eq!(reading.selected(root, "some", what), [true, true, true, false]);
            assert_eq!(reading.selected(root, "good", what), [false, false, false, true]);
            assert_eq!(reading.selected(root, "absent", what), [true; 4]);
        });
        let label = "repositories: prod/api-01 to prod/api-03, shared/base".to_string();
        assert_eq!(
            problems,
            [
                ("`runs` selects no repository".into(), label.clone(), "[\"prd/*\"]".into()),
                ("`!prod/old-*` matches no repository".into(), label, "\"!prod/old-*\"".into()),
            ]
        );
    }

    #[test]
    fn long_lists_of_names_are_cut() {
        let names: Vec<String> = (b'a'..=b'l').map(|letter| format!("repo{}", letter as char)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(listed_names(&names).ends_with("repoh, and 4 more"));
        assert_eq!(listed_names(&[]), "none");
    }
}
