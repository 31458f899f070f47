//! Every kind of finding: one list, from which the code takes names and the manual its table.
//!
//! A finding is told where it is found, with a sentence about the case at hand; here is what all its cases have in
//! common. To add one: a line here, and the code that looks for it.

use super::Severity::{self, Error, Note, Warning};

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name, which does not change from release to release.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Number of the fact behind it, as in the manual; may be empty.
    pub fact: &'static str,
    /// When it is told.
    pub when: &'static str,
    /// What to do.
    pub mend: &'static str,
}

/// Makes a constant of each line, and the list of all.
macro_rules! findings {
    ($($name:ident: $severity:ident $id:literal $fact:literal, $when:literal => $mend:literal;)*) => {
        $(
            #[doc = $when]
            pub static $name: Finding =
                Finding { id: $id, severity: $severity, fact: $fact, when: $when, mend: $mend };
        )*
        /// All of them, in the order of the manual.
        pub static ALL: &[&Finding] = &[$(&$name),*];
    };
}

findings! {
    ILLEGAL_FILTER: Error "illegal-filter" "A11",
        "a filter with `*`, capitals or other characters that the service refuses"
        => "write the plain prefix that the message offers";
    EXTENSION_NEEDED: Error "extension-needed" "A10, A16, A28",
        "a key of a rule for a power that the service lacks, such as `tags`"
        => "do what the message offers, or name the power in `extensions` to price it";
    FILTER_TYPE: Error "filter-type" "A10",
        "a filter type other than `PREFIX_MATCH` in a replication configuration"
        => "filter by the beginning of repository names";
    FILTER_COUNT: Error "filter-count" "A6",
        "an empty list of filters, or more than 100 in a rule"
        => "leave the list out to select every repository; split the rule";
    NO_DESTINATION: Error "no-destination" "A2",
        "a rule without a destination" => "name one";
    DESTINATION_IS_SOURCE: Error "destination-is-source" "A7",
        "a rule that copies to its own registry" => "take the destination out";
    PARTITION_CROSSED: Error "partition-crossed" "A37",
        "a destination in another partition" => "copy there with a job of your own";
    TOO_MANY_DESTINATIONS: Error "too-many-destinations" "A5",
        "the 26th destination over all rules of a registry, or more than 100 in one rule"
        => "copy to fewer registries";
    TOO_MANY_RULES: Error "too-many-rules" "A4",
        "more than 25 rules of a registry" => "join rules with equal destinations";
    MANY_RULES: Warning "many-rules" "A4",
        "more than 10 rules of a registry: the quota page promises 10"
        => "join rules with equal destinations, or ask for the quota";
    DUPLICATE_DESTINATION: Warning "duplicate-destination" "A15",
        "a destination that a rule names twice" => "take one out: it gets one copy";
    RULE_SELECTS_NOTHING: Warning "rule-selects-nothing" "A12",
        "a rule that selects no repository of its registry" => "mend its filters, or take it out";
    FILTER_SELECTS_NOTHING: Warning "filter-selects-nothing" "A12",
        "a filter that selects nothing in a rule that selects something" => "mend it, or take it out";
    IDLE_FILTER: Warning "idle-filter" "O16",
        "a legal filter with which no repository name can begin, such as `-prod`" => "write how names begin";
    FILTER_COVERED: Warning "filter-covered" "A14",
        "a filter that begins with another of its rule, and so adds nothing" => "take it out";
    RULE_COVERED: Warning "rule-covered" "A15",
        "a rule all of whose copies another rule makes too" => "take it out";
    PREFIX_CATCHES_SIBLING: Warning "prefix-catches-sibling" "A12",
        "a filter that ends within a name's part: `prod` selects `prod/api`, and `prod-test/api` too"
        => "end it with the separator: `prod/`";
    NOT_COPIED: Warning "not-copied" "A17",
        "a cluster elsewhere runs repositories that no rule of the strategy copies to its registry"
        => "select them, or set `if_missing = \"home\"`";
    COPIES_NOBODY_PULLS: Note "copies-nobody-pulls" "C1, C12",
        "a rule copies repositories to registries in which no cluster runs them"
        => "leave the destination out, unless it is kept for a bad day";
    NO_CHAIN: Note "no-chain" "A20",
        "rules lead from A to B and from B to C, for a repository that is at home in A: C gets nothing of it"
        => "copy from A to C too";
    LOOP: Note "loop" "A20",
        "rules lead from A to B and back" => "nothing: each side copies its own pushes only";
    NOT_POSSIBLE_TODAY: Note "not-possible-today" "A10, A16, A28",
        "a rule uses a power that the service lacks (`extensions`)" => "do not apply it; it is priced only";
    EXTENSION_UNUSED: Warning "extension-unused" "",
        "an extension that no rule uses" => "take it out of `extensions`";
    FROM_WITHOUT_EFFECT: Warning "from-without-effect" "",
        "`from` beside rules from clusters, which begin at every home" => "take it out";
    RENAME_WITHOUT_EFFECT: Warning "rename-without-effect" "",
        "a `rename` that gives the old name" => "take it out";
    COPY_REFUSED: Warning "copy-refused" "A31",
        "the destination's registry policy does not let the source account copy there"
        => "apply the policy that stands with the finding";
    CREATION_REFUSED: Warning "creation-refused" "A32",
        "the policy lets images in, but not the creation of the repository, which is not there"
        => "allow `ecr:CreateRepository`, or make the repository";
    POLICY_NEEDED: Note "policy-needed" "A31, A33",
        "copies into another account, whose registry must allow them" => "apply the policy that stands with the finding";
    POLICY_ELSEWHERE: Warning "policy-elsewhere" "A33",
        "a resource of a registry policy that names another account, region or partition"
        => "name the registry's own, or `*`";
    POLICY_TOO_LONG: Error "policy-too-long" "A34",
        "a registry policy of more than 10,240 characters" => "use patterns in fewer statements";
    PRINCIPAL_NOT_ACCOUNT: Warning "principal-not-account" "A30, A33",
        "a role or a user as principal of a registry policy" => "name the account: `arn:aws:iam::ID:root`";
    POLICY_NOT_JUDGED: Warning "policy-not-judged" "A33",
        "conditions or variables in a registry policy, which are read the strict way" => "check them by hand";
    ACTION_UNKNOWN: Warning "action-unknown" "A31",
        "an action of a registry policy that is misspelt, or not of this service" => "write `ecr:ReplicateImage`";
    REGION_NOT_ENABLED: Warning "region-not-enabled" "A37",
        "a destination whose account has not enabled the region" => "enable the region in that account";
    OPT_IN_REGION: Note "opt-in-region" "A37",
        "a region that an account must enable before it can be used" => "enable it in each account that uses it";
    EXISTING_STAY_BEHIND: Note "existing-stay-behind" "A18",
        "images are pushed before the rules exist, and clusters elsewhere run their repositories"
        => "`existing_images = \"backfill\"`, or push them again";
    MOUNTING_ON_ONE_SIDE: Note "mounting-on-one-side" "A75",
        "`blob_mounting` at the source or the destination of a rule, not at both" => "turn it on at both";
    LIFECYCLE_REFUSED: Error "lifecycle-refused" "B1 to B7",
        "a lifecycle policy that the service would refuse" => "see the message";
    LIFECYCLE_DOUBTFUL: Warning "lifecycle-doubtful" "B3",
        "a lifecycle policy whose text hardly means what it says" => "see the message";
    LIFECYCLE_SHADOWED: Warning "lifecycle-shadowed" "B12",
        "a lifecycle rule that never acts, since an earlier one claims all that it selects"
        => "give it the lower priority number, or take it out";
    LIFECYCLE_MATCHES_NO_TAG: Warning "lifecycle-matches-no-tag" "B3",
        "a prefix or pattern of a lifecycle rule that no tag of the repositories fits" => "mend it";
    LIFECYCLE_LIST_MEANS_AND: Warning "lifecycle-list-means-and" "B14",
        "several prefixes or patterns in a lifecycle rule, and no image has a tag for each of them"
        => "one rule for each";
    UNTAGGED_SWEEPS_COPIES: Warning "untagged-sweeps-copies" "A26",
        "copies arrive without their tag, which is taken and immutable, and a rule for untagged images expires them"
        => "make the tag mutable there, or take the rule out";
    COPIES_EXPIRE_BY_AGE: Warning "copies-expire-by-age" "B24",
        "copies that a cluster needs expire by age: they age from their arrival, and without pushes none is left"
        => "count images instead: `keep`";
    STANDBY_KEEPS_TOO_FEW: Warning "standby-keeps-too-few" "B15, B24",
        "a policy keeps fewer copies than the versions that a cluster asks for" => "raise `keep`";
    KEEP_COUNTS_CHILDREN: Note "keep-counts-children" "B20, O10",
        "a lifecycle rule counts images of repositories whose versions are several images each"
        => "multiply `keep` by the images of a version";
    ARCHIVE_EMPTIES_STANDBY: Warning "archive-empties-standby" "B17, B24",
        "copies that no running cluster pulls are archived by days since the last pull, and cannot be pulled then"
        => "leave that rule out at a standby";
    IMMUTABLE_DROPS_TAG: Warning "immutable-drops-tag" "A26",
        "a tag that moves into immutable copies: later images arrive there without it"
        => "make it mutable there, with `mutability_except` for example";
    TEMPLATE_SELECTS_NOTHING: Warning "template-selects-nothing" "A38",
        "a creation template under whose prefix nothing is created: `prod` means `prod/..`"
        => "name whole parts of names, or `ROOT`";
    TEMPLATE_PREFIX: Note "template-prefix" "A38",
        "a creation template beside repositories that begin alike but are not under it: `prod` is not `prod-x`"
        => "add a template for them if they are meant";
    TEMPLATE_UNUSED: Warning "template-unused" "A38",
        "a creation template for a purpose that no strategy has" => "take it out, or mend `for`";
    CACHE_UNSUPPORTED: Error "cache-unsupported" "A85",
        "a pull-through cache in a region of GovCloud" => "use another kind of strategy there";
    CACHE_NEVER_REFRESHES: Warning "cache-never-refreshes" "A85",
        "a tag that moves, in a cache whose tags are immutable: it is never refreshed"
        => "make it mutable there, with `mutability_except` for example";
    CACHE_NEEDS_ROLE: Note "cache-needs-role" "A83",
        "a pull-through cache whose upstream is in another account" => "give the cache rule an IAM role";
    CACHE_NEEDS_JOB: Note "cache-needs-job" "B5",
        "`ttl` of a pull-through cache: the service cannot expire by the last pull" => "run a clean-up job, or use `lifecycle`";
    JOB_COSTS_NOTHING: Note "job-costs-nothing" "",
        "a job whose runner or people cost nothing: it looks cheaper than it is" => "set `runner_cost` and `toil`";
    NOTHING_CROSSES: Warning "nothing-crosses" "",
        "all that every cluster runs is at home in its registry: the strategies do not differ"
        => "add a cluster elsewhere, or mend `runs`";
    CLUSTER_IS_LOCAL: Note "cluster-is-local" "",
        "a cluster all of whose images are at home in its registry: no strategy changes that"
        => "nothing, if it is there for its load or for a fault";
    DEPLOY_NEVER_TRIGGERED: Warning "deploy-never-triggered" "",
        "a deploy that no release, build or tag of what the cluster runs triggers" => "mend `on`";
    FAULT_WITHOUT_EFFECT: Warning "fault-without-effect" "",
        "a fault that changes nothing" => "see the message";
    STANDBY_STRUCK: Warning "standby-struck" "",
        "a cluster that fails over on a fault which strikes its own registry" => "put the standby elsewhere";
    OUTSIDE_THE_RUN: Warning "outside-the-run" "",
        "rows of a trace outside the run, or a trace without a row of a repository" => "mend the times";
    TRACE_WITHOUT_CLUSTER: Warning "trace-without-cluster" "",
        "rows of a pull trace by a cluster that the scenario does not have" => "mend the name, if one was meant";
    LONG_RUN: Warning "long-run" "",
        "more than 10^10 expected pushes and pulls" => "fewer trials or strategies, a shorter run";
    STORED_OUTSIDE: Warning "stored-outside" "",
        "a strategy stores images outside the regions that a `residency` objective allows"
        => "mend its rules, or the objective";
}

/// The findings as a table of the manual.
#[cfg(test)]
pub fn manual() -> String {
    let mut out = String::from("| finding | severity | told when | what to do | fact |\n|---|---|---|---|---|\n");
    for finding in ALL {
        let severity = format!("{:?}", finding.severity).to_lowercase();
        let Finding { id, when, mend, fact, .. } = finding;
        out += &format!("| `{id}` | {severity} | {when} | {mend} | {fact} |\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_joined_by_dashes_and_each_is_one_finding_s() {
        let mut ids: Vec<&str> = ALL.iter().map(|finding| finding.id).collect();
        assert!(
            ids.iter()
                .all(|id| id.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase())))
        );
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
    }
}
