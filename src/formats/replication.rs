//! A replication configuration, as `put-replication-configuration` takes it (facts A2 to A11).
//!
//! What the service would refuse is refused here with the fact's number: filters that are not plain prefixes, account
//! ids that are not twelve digits, unknown keys. Whether regions and accounts exist is the scenario's to say; but where a
//! file is refused anyway, its regions that do not exist are told with the rest.

use std::ops::Range;

use super::Problem;
use super::json::{self, Json, Value};
use super::strict::{Placed, Strict};
use crate::cloud::regions;

/// The most filters in a rule (A6).
pub const MOST_FILTERS: usize = 100;
/// The most destinations in one rule of a configuration; the quota over all rules is lower (A5).
pub const MOST_DESTINATIONS: usize = 100;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule's bytes.
    pub span: Range<usize>,
    /// Where to.
    pub destinations: Vec<Destination>,
    /// Prefixes of repository names; none = every repository (A13).
    pub prefixes: Vec<Placed<String>>,
    /// Deletions at the source are carried out at the destinations too (A41).
    pub deletes: bool,
}

/// A destination of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The destination's bytes.
    pub span: Range<usize>,
    /// A region code.
    pub region: Placed<String>,
    /// Twelve digits.
    pub account: Placed<String>,
}

/// How a form of the configuration calls its parts.
#[derive(Clone, Copy, Debug)]
pub struct Spelling {
    rules: &'static str,
    destinations: &'static str,
    region: &'static str,
    account: &'static str,
    filters: &'static str,
    filter: &'static str,
    kind: &'static str,
    /// The switch for deletes, and the key in it; `None` = the form has none.
    deletes: Option<(&'static str, &'static str)>,
    /// An empty list of filters is as good as none.
    empty_filters: bool,
    /// The fact that says so.
    fact: &'static str,
}

/// As the service's interface takes it (A2, A41).
pub const SERVICE: Spelling = Spelling {
    rules: "rules",
    destinations: "destinations",
    region: "region",
    account: "registryId",
    filters: "repositoryFilters",
    filter: "filter",
    kind: "filterType",
    deletes: Some(("deleteReplication", "enabled")),
    empty_filters: false,
    fact: "fact A2",
};

/// As CloudFormation takes it (A9).
pub const CLOUDFORMATION: Spelling = Spelling {
    rules: "Rules",
    destinations: "Destinations",
    region: "Region",
    account: "RegistryId",
    filters: "RepositoryFilters",
    filter: "Filter",
    kind: "FilterType",
    deletes: Some(("DeleteReplication", "Enabled")),
    empty_filters: false,
    fact: "fact A9",
};

/// As Terraform prints it: blocks are lists, and absent ones are empty.
pub const TERRAFORM: Spelling = Spelling {
    rules: "rule",
    destinations: "destination",
    region: "region",
    account: "registry_id",
    filters: "repository_filter",
    filter: "filter",
    kind: "filter_type",
    deletes: None,
    empty_filters: true,
    fact: "the provider's schema",
};

/// Reads a configuration.
///
/// # Errors
/// Every problem of the file, in file order (of problems of syntax only the first).
pub fn read(text: &str) -> Result<Vec<Rule>, Vec<Problem>> {
    let json = json::parse(text).map_err(|problem| vec![problem])?;
    judge(&json, &SERVICE)
}

/// Reads a configuration of this form.
///
/// # Errors
/// Every problem of it, in file order.
pub fn judge(json: &Json, spelling: &'static Spelling) -> Result<Vec<Rule>, Vec<Problem>> {
    let mut reader = Reader { strict: Strict::new(spelling.fact), spelling, regions: Vec::new() };
    let rules = reader.configuration(json);
    if reader.strict.is_wrong() {
        for region in rules.iter().flat_map(|rule| &rule.destinations).map(|it| &it.region).chain(&reader.regions) {
            if let Some(message) = regions::refused(&region.value) {
                reader.strict.problem(&region.span, message, "fact A8");
            }
        }
    }
    reader.strict.finish().map(|_| rules)
}

/// Why the service refuses this as a prefix filter, or `None` (A11: 2 to 256 characters of
/// `(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*`).
pub fn refused_filter(filter: &str) -> Option<String> {
    if filter.contains('*') {
        let plain = filter.trim_end_matches('*').trim_end_matches('/');
        let kept = if filter.trim_end_matches('*').ends_with('/') { format!("{plain}/") } else { plain.to_string() };
        let mend = match kept.as_str() {
            "" => "leave the filters out to select every repository".to_string(),
            kept if kept.contains('*') => "one filter per prefix".to_string(),
            kept => format!("write \"{kept}\""),
        };
        return Some(format!("invalid filter `{filter}`: the service takes plain prefixes without `*`; {mend}"));
    }
    let length = filter.chars().count();
    if !(2..=256).contains(&length) {
        return Some(format!("invalid filter `{filter}`: the service takes 2 to 256 characters, not {length}"));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if let Some(c) = filter.chars().find(|c| !plain(*c) && !"._-/".contains(*c)) {
        let small = filter.to_ascii_lowercase();
        if small != filter && refused_filter(&small).is_none() {
            return Some(format!("invalid filter `{filter}`: no name has capitals; write \"{small}\""));
        }
        return Some(format!("invalid filter `{filter}`: `{c}` cannot be in a repository name"));
    }
    let mut parts: Vec<&str> = filter.split('/').collect();
    parts.pop();
    if parts.iter().any(|part| !part.starts_with(plain)) {
        return Some(format!("invalid filter `{filter}`: each part before a `/` begins with a letter or digit"));
    }
    None
}

struct Reader {
    strict: Strict,
    spelling: &'static Spelling,
    /// Of destinations without an account.
    regions: Vec<Placed<String>>,
}

impl Reader {
    fn configuration(&mut self, json: &Json) -> Vec<Rule> {
        let key = self.spelling.rules;
        self.strict.object(json, "a replication configuration", &[key], &[key]);
        let Some(rules) = json.get(key) else { return Vec::new() };
        self.strict.list(rules, key).iter().map(|rule| self.rule(rule)).collect()
    }

    fn rule(&mut self, json: &Json) -> Rule {
        let Spelling { destinations, filters, deletes, empty_filters, .. } = *self.spelling;
        let mut known = vec![destinations, filters];
        known.extend(deletes.map(|(key, _)| key));
        self.strict.object(json, "a rule", &known, &[destinations]);
        let mut rule = Rule { span: json.span.clone(), destinations: Vec::new(), prefixes: Vec::new(), deletes: false };
        if let Some(list) = json.get(destinations) {
            let items = self.strict.list(list, destinations);
            if items.len() > MOST_DESTINATIONS {
                let message = format!("{} destinations; a rule takes at most {MOST_DESTINATIONS}", items.len());
                self.strict.problem(&list.span, message, "fact A5");
            }
            rule.destinations = items.iter().filter_map(|item| self.destination(item)).collect();
        }
        if let Some(list) = json.get(filters) {
            let items = self.strict.list(list, filters);
            let least = usize::from(!empty_filters);
            if matches!(list.value, Value::List(_)) && !(least..=MOST_FILTERS).contains(&items.len()) {
                let mend = if items.is_empty() { "; leave the key out to select every repository" } else { "" };
                let message = format!("{} filters; a rule takes 1 to {MOST_FILTERS}{mend}", items.len());
                self.strict.problem(&list.span, message, "fact A6");
            }
            rule.prefixes = items.iter().filter_map(|item| self.filter(item)).collect();
        }
        if let Some((key, switch)) = deletes
            && let Some(deletes) = json.get(key)
        {
            self.strict.object(deletes, key, &[switch], &[switch]);
            let enabled = deletes.get(switch).and_then(|enabled| self.strict.flag(enabled, switch));
            rule.deletes = enabled.unwrap_or(false);
        }
        rule
    }

    fn destination(&mut self, json: &Json) -> Option<Destination> {
        let Spelling { region, account: key, .. } = *self.spelling;
        self.strict.object(json, "a destination", &[region, key], &[region, key]);
        let region = json.get(region).and_then(|node| self.strict.text(node, region));
        let account = json.get(key).and_then(|node| self.strict.text(node, key));
        if let Some(account) = &account
            && (account.value.len() != 12 || !account.value.bytes().all(|b| b.is_ascii_digit()))
        {
            let message = format!("`{key}` is an account id of 12 digits, found `{}`", account.value);
            self.strict.problem(&account.span, message, "fact A8");
        }
        match (region, account) {
            (Some(region), Some(account)) => Some(Destination { span: json.span.clone(), region, account }),
            (region, _) => {
                self.regions.extend(region);
                None
            }
        }
    }

    fn filter(&mut self, json: &Json) -> Option<Placed<String>> {
        let Spelling { filter, kind, .. } = *self.spelling;
        self.strict.object(json, "a filter", &[filter, kind], &[filter, kind]);
        if let Some(node) = json.get(kind)
            && let Some(text) = self.strict.text(node, kind)
            && text.value != "PREFIX_MATCH"
        {
            let message = format!("unknown filter type `{}`; the service knows only PREFIX_MATCH", text.value);
            self.strict.problem(&text.span, message, "fact A10");
        }
        let filter = json.get(filter).and_then(|node| self.strict.text(node, filter))?;
        if let Some(message) = refused_filter(&filter.value) {
            self.strict.problem(&filter.span, message, "fact A11");
        }
        Some(filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"rules": [{"destinations": [{"region": "us-east-2", "registryId": "444455556666"}],
        "repositoryFilters": [{"filter": "prod-microservice", "filterType": "PREFIX_MATCH"}],
        "deleteReplication": {"enabled": false}}]}"#;

    #[test]
    fn the_services_own_file_is_read_verbatim() {
        let rules = read(GOOD).expect("a configuration");
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0].destinations[0].region.value, "us-east-2");
        assert_eq!(rules[0].destinations[0].account.value, "444455556666");
        assert_eq!(rules[0].prefixes[0].value, "prod-microservice");
        assert_eq!(read(r#"{"rules": []}"#).expect("empty"), []);
    }

    #[test]
    fn a_star_is_refused_where_it_stands() {
        let text = GOOD.replace("prod-microservice", "prod-*");
        let problems = read(&text).expect_err("A11");
        assert_eq!(problems.len(), 1);
        let message = "invalid filter `prod-*`: the service takes plain prefixes without `*`; write \"prod-\"";
        assert_eq!((problems[0].message.as_str(), problems[0].label.as_str()), (message, "fact A11"));
        assert_eq!(&text[problems[0].span.clone()], "\"prod-*\"");
    }

    #[test]
    fn every_problem_is_reported_in_file_order() {
        let text = r#"{"rules": [{"destination": [], "repositoryFilters": []},
            {"destinations": [{"region": "eu-west-1", "registryId": 444455556666}, {"region": 1}],
             "repositoryFilters": [{"filter": "x", "filterType": "WILDCARD"}],
             "deleteReplication": {"enabled": "true"}}], "version": 1}"#;
        let messages: Vec<String> = read(text).expect_err("many").into_iter().map(|p| p.message).collect();
        assert_eq!(
            messages,
            [
                "a rule needs `destinations`",
                "unknown key `destination`, did you mean `destinations`?",
                "0 filters; a rule takes 1 to 100; leave the key out to select every repository",
                "`registryId` is a string, found a number; write \"444455556666\" in quotes",
                "a destination needs `registryId`",
                "`region` is a string, found a number; write \"1\" in quotes",
                "invalid filter `x`: the service takes 2 to 256 characters, not 1",
                "unknown filter type `WILDCARD`; the service knows only PREFIX_MATCH",
                "`enabled` is true or false, found a string; write true without quotes",
                "unknown key `version`",
            ]
        );
    }

    /// What is a placeholder still is told with the file's other mistakes, not after they are mended.
    #[test]
    fn a8_a_region_that_does_not_exist_is_told_with_everything_else() {
        let text = GOOD.replace("us-east-2", "<recovery-region>").replace("prod-microservice", "x");
        let problems = read(&text).expect_err("A8");
        let messages: Vec<&str> = problems.iter().map(|it| it.message.as_str()).collect();
        let filter = "invalid filter `x`: the service takes 2 to 256 characters, not 1";
        assert_eq!(messages, ["no region `<recovery-region>`", filter]);
        assert_eq!(&text[problems[0].span.clone()], "\"<recovery-region>\"");
        // Alone it is told by the scenario, which knows the accounts too.
        let rules = read(&GOOD.replace("us-east-2", "us-esat-2")).expect("a configuration");
        assert_eq!(rules[0].destinations[0].region.value, "us-esat-2");
    }

    #[test]
    fn a41_a_rule_may_replicate_deletes() {
        assert!(!read(GOOD).expect("a configuration")[0].deletes);
        assert!(read(&GOOD.replace("false", "true")).expect("a configuration")[0].deletes);
        let problems = read(&GOOD.replace("{\"enabled\": false}", "{}")).expect_err("A41");
        assert_eq!(problems[0].message, "deleteReplication needs `enabled`");
        let problems = read(&GOOD.replace("{\"enabled\": false}", "true")).expect_err("A41");
        assert_eq!(problems[0].message, "expected deleteReplication, an object, found a truth value");
    }

    #[test]
    fn filters_follow_the_services_grammar() {
        for good in ["prod", "prod/", "prod-", "a.b_c-/x", "team/a/b", "p-/", "-prod"] {
            assert_eq!(refused_filter(good), None, "{good}");
        }
        for bad in ["*", "prod/*", "Prod", "a b", "/prod", "a//b", ".*", "x"] {
            assert!(refused_filter(bad).is_some(), "{bad}");
        }
        let message = refused_filter("prod/*").expect("refused");
        assert!(message.ends_with("write \"prod/\""), "{message}");
        assert!(refused_filter("*").expect("refused").ends_with("leave the filters out to select every repository"));
    }

    #[test]
    fn account_ids_have_twelve_digits() {
        let problems = read(&GOOD.replace("444455556666", "44445555666")).expect_err("A8");
        assert_eq!(problems[0].message, "`registryId` is an account id of 12 digits, found `44445555666`");
    }
}
