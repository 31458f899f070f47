//! What is refused or warned of, and in which words.

use super::*;

#[test]
fn names_that_are_not_there_are_errors_with_what_is_there() {
    let text = r#"
run = { baseline = "replicate" }
strategies = ["replication", { kind = "replication" }, { name = "x", kind = "scheduled-copy", runner = "eu-wset-1" }]
objectives = [{ metric = "lag", quantile = "p100", at_most = "30s" }, { metric = "lag", quantile = "p99", at_most = "1d", strategies = "y" }]
[[repositories]]
name = "shop/api"
registry = "us-east-1"
push = { list = [{ at = "100d", tag = "v1" }, { at = "1d", tag = "v{x}" , same_as = "v0" }] }
promote = { to = "shop/apo" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
runs = ["shop/*", "lab/*"]
"#;
    let (built, found) = scenario(text);
    assert!(built.is_none());
    let said: Vec<&str> = found.iter().map(|(message, ..)| message.as_str()).collect();
    for message in [
        "this moment lies after the end of the run",
        "`same_as = \"v0\"` names no earlier push of this list",
        "no repository `shop/apo`, did you mean `shop/api`?",
        "`lab/*` matches no repository",
        "strategy `replication` is there twice",
        "no region `eu-wset-1`, did you mean `eu-west-1`?",
        "no strategy `replicate`, did you mean `replication`?",
        "expected a quantile such as \"p99\", found `p100`",
        "`strategies` selects no strategy",
    ] {
        assert!(said.contains(&message), "{message:?} in {said:#?}");
    }
}

#[test]
fn rules_keep_to_the_services_limits() {
    let accounts = "accounts = { hub = \"111122223333\", bu = { count = 26, first = \"300000000001\" } }\n";
    let rest = "[[repositories]]\nname = \"api\"\nregistry = \"hub/us-east-1\"\n\
                [[clusters]]\nname = \"eu\"\nregistry = \"bu-01/us-east-1\"\n";
    let rule =
        |rules: &str| format!("strategies = [{{ kind = \"replication\", rules = [{rules}] }}]\n{accounts}{rest}");
    let said = messages(&rule("{ to = [\"bu-*/us-east-1\"] }"));
    assert_eq!(said, ["this is the 26th destination of hub/us-east-1; the service takes 25 over all rules"]);
    // A pattern leaves the rule's own registry out; written out it is an error.
    let all = "{ to = [\"*/us-east-1\", \"!bu-02/us-east-1\", \"!bu-03/us-east-1\"] }";
    assert_eq!(messages(&rule(all)), Vec::<String>::new());
    assert_eq!(
        messages(&rule("{ to = [\"hub/us-east-1\"] }")),
        ["a rule of hub/us-east-1 cannot copy to hub/us-east-1 itself"]
    );
    let many = |count: usize| vec!["{ to = [\"bu-01/us-east-1\"] }"; count].join(", ");
    let limits =
        |count| messages(&rule(&many(count))).into_iter().filter(|said| !said.starts_with("another rule makes"));
    assert_eq!(limits(10).next(), None);
    assert!(scenario(&rule(&many(11))).0.is_some_and(|scenario| scenario.model.strategies.len() == 1));
    assert_eq!(messages(&rule(&many(26))), ["26 rules for hub/us-east-1; the service takes at most 25"]);
    let message = "images are not copied from hub/us-east-1 to bu-01/us-gov-west-1: they lie in different partitions";
    assert!(messages(&rule("{ to = [\"bu-01/us-gov-west-1\"] }")).contains(&message.to_string()));
}

#[test]
fn a_region_without_a_price_says_how_to_give_one() {
    let text = QUICK.replace("us-east-1", "mx-central-1");
    let (built, found) = scenario(&text);
    assert!(built.is_none());
    assert!(found.iter().any(|(message, ..)| message.starts_with("no sourced price for ")), "{found:#?}");
    assert!(found.iter().all(|(_, label, at)| label.contains("prices.override.") && at.contains("mx-central-1")));
}

#[test]
fn residency_is_judged_before_anything_runs() {
    let text = format!(
        "strategies = [\"cross-region-pull\", \"replication\", \"pull-through-cache\"]\n\
         objectives = [{{ metric = \"residency\", repositories = \"shop/*\", regions = \"us-*\" }}]\n{QUICK}"
    );
    let (built, found) = scenario(&text);
    let Metric::Residency { regions, .. } = &built.expect("a scenario").objectives[0].metric else {
        panic!("residency")
    };
    assert_eq!(regions, &[true, false]);
    let said: Vec<&str> = found.iter().map(|(message, ..)| message.as_str()).collect();
    assert_eq!(
        said,
        [
            "the strategy `replication` stores images outside the allowed regions, in eu-west-1",
            "the strategy `pull-through-cache` stores images outside the allowed regions, in eu-west-1",
        ]
    );
}

#[test]
fn several_homes_want_a_word() {
    let text = format!("{QUICK}\n[[repositories]]\nname = \"shop/web\"\nregistry = \"eu-west-1\"\n");
    let scenario = good(&text);
    assert_eq!(scenario.model.strategies.len(), 5);
    assert!(scenario.notes.iter().any(|note| note.contains("`centralized` is left out")));
    let text = format!("strategies = [\"centralized\"]\n{text}");
    let said = messages(&text);
    assert!(said.contains(&"`registry` is needed: there are several home registries".to_string()), "{said:?}");
}
