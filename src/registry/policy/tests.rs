//! Policies judged by hand, and against a judge that asks every question by itself.

use super::super::fixed;
use super::*;
use proptest::prelude::*;

const SOURCE: &str = "111122223333";
const HERE: &str = "arn:aws:ecr:us-east-1:444455556666:repository/prod/api";

fn statement(allow: bool, account: &str, action: &str, resource: &str) -> Statement {
    Statement {
        allow,
        accounts: vec![account.into()],
        actions: vec![action.into()],
        resources: vec![resource.into()],
        ..Statement::default()
    }
}

fn judged(statements: Vec<Statement>) -> Result<(), Denial> {
    RegistryPolicy::Statements(statements).judge(SOURCE, REPLICATE_IMAGE, HERE)
}

#[test]
fn without_a_statement_nobody_else_may_and_an_open_registry_lets_everyone_in() {
    assert_eq!(judged(Vec::new()), Err(Denial::NotAllowed));
    assert!(RegistryPolicy::Open.allows(SOURCE, REPLICATE_IMAGE, HERE));
    assert!(!RegistryPolicy::Statements(Vec::new()).allows(SOURCE, CREATE_REPOSITORY, HERE));
}

#[test]
fn a31_a_statement_allows_its_account_its_action_and_its_resource_only() {
    let prefix = "arn:aws:ecr:us-east-1:444455556666:repository/prod/*";
    let allowed = |account, action, resource| judged(vec![statement(true, account, action, resource)]).is_ok();
    assert!(allowed(SOURCE, REPLICATE_IMAGE, prefix));
    assert!(allowed("*", "ecr:*", "*"));
    assert!(allowed(SOURCE, "*", "arn:aws:ecr:*:444455556666:repository/prod/ap?"));
    assert!(allowed(SOURCE, "ecr:replicateimage", prefix), "capitals of an action do not matter");
    assert!(!allowed("999988887777", REPLICATE_IMAGE, prefix));
    assert!(!allowed(SOURCE, CREATE_REPOSITORY, prefix));
    // A33: the policy lives in one region; a resource of another names nothing here.
    assert!(!allowed(SOURCE, REPLICATE_IMAGE, "arn:aws:ecr:us-west-2:444455556666:repository/*"));
    assert!(!allowed(SOURCE, REPLICATE_IMAGE, "arn:aws:ecr:us-east-1:444455556666:repository/prod/"));
    assert!(!allowed(SOURCE, REPLICATE_IMAGE, "arn:aws:ecr:us-east-1:444455556666:repository/Prod/*"));
}

#[test]
fn a_denial_wins_and_is_named() {
    let allow = statement(true, "*", "ecr:*", "*");
    let deny = Statement { sid: Some("NotProd".into()), ..statement(false, SOURCE, "ecr:Rep*", "*prod*") };
    let denial = judged(vec![allow.clone(), deny.clone()]).expect_err("denied");
    assert_eq!(denial.to_string(), "statement `NotProd` of the registry policy denies it");
    let denial = judged(vec![Statement { sid: None, ..deny }, allow]).expect_err("denied");
    assert_eq!(denial, Denial::Denied { position: 0, sid: None });
    assert_eq!(denial.to_string(), "statement 1 of the registry policy denies it");
    assert_eq!(judged(Vec::new()).expect_err("nothing").to_string(), "no statement of the registry policy allows it");
}

#[test]
fn what_a_statement_leaves_out_it_is_not_about() {
    let all = statement(true, "*", "*", "*");
    let judge = |not: Statement| judged(vec![all.clone(), Statement { allow: false, ..not }]);
    let others = Statement { not_accounts: true, ..statement(false, SOURCE, "*", "*") };
    assert_eq!(judge(others.clone()), Ok(()));
    assert!(judge(Statement { accounts: vec!["999988887777".into()], ..others }).is_err());
    let others = Statement { not_actions: true, ..statement(false, "*", "ecr:ReplicateImage", "*") };
    assert_eq!(judge(others.clone()), Ok(()));
    assert!(judge(Statement { actions: vec!["ecr:Put*".into()], ..others }).is_err());
    let others = Statement { not_resources: true, ..statement(false, "*", "*", HERE) };
    assert_eq!(judge(others.clone()), Ok(()));
    assert!(judge(Statement { resources: vec!["*/dev/*".into()], ..others }).is_err());
}

#[test]
fn conditions_never_allow_and_always_deny() {
    let under = |allow| Statement { conditional: true, ..statement(allow, "*", "*", "*") };
    assert_eq!(judged(vec![under(true)]), Err(Denial::NotAllowed));
    assert!(judged(vec![statement(true, "*", "*", "*"), under(false)]).is_err());
    assert_eq!(judged(vec![under(true), statement(true, "*", "*", "*")]), Ok(()));
}

#[test]
fn a33_a_resource_reaches_one_registry_or_many() {
    let reaches = |pattern| reaches(pattern, Partition::Aws, "us-east-1", "444455556666");
    for pattern in [
        "*",
        "arn:aws:ecr:*",
        "arn:*",
        "arn:aws:ecr:us-east-1:444455556666:repository/*",
        "arn:aws:ecr:us-*:*:repository/x",
        "arn:*:ecr:us-east-?:444455556666:*",
        "*:repository/prod/*",
    ] {
        assert!(reaches(pattern), "{pattern}");
    }
    for pattern in [
        "arn:aws:ecr:us-west-2:444455556666:repository/*",
        "arn:aws:ecr:us-east-1:111122223333:repository/*",
        "arn:aws-us-gov:ecr:us-east-1:444455556666:repository/*",
        "arn:aws:s3:*",
        "arn:aws:ecr",
        "arn:aws:ecr:us-east-1:444455556666:repository/",
        "",
    ] {
        assert!(!reaches(pattern), "{pattern}");
    }
    let gov = repository_arn(Partition::AwsUsGov, "us-gov-west-1", SOURCE, "a/b");
    assert_eq!(gov, "arn:aws-us-gov:ecr:us-gov-west-1:111122223333:repository/a/b");
}

/// The slow twin of [`wild`]: every way of dividing the text.
fn slow(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|taken| slow(rest, &text[taken..])),
        Some((b'?', rest)) => !text.is_empty() && slow(rest, &text[1..]),
        Some((byte, rest)) => text.first() == Some(byte) && slow(rest, &text[1..]),
    }
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let words = (prop::sample::select(vec!["*", "1", "2"]), "[a*?]{1,2}", "[x*?]{1,2}");
    (flags, words).prop_map(
        |((allow, not_accounts, not_actions, not_resources, conditional), (account, action, on))| Statement {
            not_accounts,
            not_actions,
            not_resources,
            conditional,
            ..statement(allow, account, &action, &on)
        },
    )
}

proptest! {
    #![proptest_config(fixed(2000))]

    #[test]
    fn patterns_match_as_every_division_of_the_text_says(pattern in "[ab*?]{0,7}", text in "[ab]{0,8}") {
        prop_assert_eq!(wild(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()), "{} {}", pattern, text);
    }

    #[test]
    fn the_order_of_statements_changes_nothing(statements in prop::collection::vec(any_statement(), 0..5)) {
        let allows = |statements: Vec<Statement>| RegistryPolicy::Statements(statements).allows("1", "a", "x");
        let reversed = statements.iter().rev().cloned().collect();
        prop_assert_eq!(allows(statements), allows(reversed));
    }

    #[test]
    fn another_denial_never_allows_more(statements in prop::collection::vec(any_statement(), 0..5), one in any_statement()) {
        let allows = |statements: Vec<Statement>| RegistryPolicy::Statements(statements).allows("1", "a", "x");
        let mut more = statements.clone();
        more.push(Statement { allow: false, ..one });
        prop_assert!(allows(statements) || !allows(more));
    }
}
