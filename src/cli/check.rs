//! `replisim check`: every problem of every file, then what a good scenario amounts to.

use replisim::scenario::review::listed;
use replisim::scenario::{self, Diagnostics, Severity};
use serde_json::{Value, json};

use super::arguments::{CheckArguments, Shared};
use super::check_text::{Findings, GROUPS_SHOWN, ReachFindings, ReplicationFindings, describe};
use super::{Exit, Stop, output};

/// Checks all files.
pub fn run(arguments: &CheckArguments, shared: &Shared) -> Result<Exit, Stop> {
    let mut is_good = true;
    let mut files: Vec<Value> = Vec::new();
    for path in &arguments.scenarios {
        let mut diagnostics = Diagnostics::default();
        let scenario = scenario::load(path, &arguments.set, &mut diagnostics);
        let warned = diagnostics.items().iter().any(|item| item.severity == Severity::Warning);
        let is_valid = scenario.is_some() && !diagnostics.has_errors();
        is_good &= is_valid && !(arguments.strict && warned);
        let findings = scenario.filter(|_| is_valid).map(|scenario| describe(&scenario));
        let name = path.display().to_string();
        if shared.json {
            let problems = diagnostics.reports();
            files.push(json!({ "file": name, "ok": is_valid, "problems": problems, "findings": findings }));
            continue;
        }
        output::problems(&diagnostics, shared.quiet);
        if let Some(findings) = findings.filter(|_| !shared.quiet) {
            output::print(&(text(&name, &findings) + &notes(&diagnostics)))?;
        }
    }
    if shared.json {
        output::print_json(&json!({ "files": files }))?;
    }
    Ok(if is_good { Exit::Done } else { Exit::Wrong })
}

/// What is told about a good file.
fn text(file: &str, findings: &Findings) -> String {
    let mut text = format!("{file}: ok: {}\n", findings.counts);
    for strategy in &findings.replication {
        text += &format!("  {}:\n", strategy.strategy);
        for rule in &strategy.rules {
            text += &format!("    {} -> {}: {}\n", rule.from, listed(&rule.to), rule.selects);
        }
        text += &reach(strategy);
        if let Some(rest) = &strategy.selected_by_no_rule {
            text += &format!("    no rule selects {rest}\n");
        }
        for source in &strategy.destinations {
            text += &format!("    {}: {} of {} destinations\n", source.from, source.used, source.of);
        }
    }
    for policy in &findings.policies {
        text += &format!("  registry policy to apply in {} (facts A31, A33):\n", policy.registries.join(", "));
        text += &indented(&format!("{:#}", policy.policy));
    }
    text
}

/// The repositories that more than one rule selects: the rules alone do not tell where these go.
fn reach(strategy: &ReplicationFindings) -> String {
    let several = |group: &&ReachFindings| group.reaches.iter().any(|one| one.rule != group.reaches[0].rule);
    let groups: Vec<&ReachFindings> = strategy.repositories.iter().filter(several).collect();
    let mut text = String::new();
    for group in groups.iter().take(GROUPS_SHOWN) {
        let reaches: Vec<String> = group
            .reaches
            .iter()
            .map(|one| match &one.prefix {
                Some(prefix) => format!("{} (rule {}, `{prefix}`)", one.destination, one.rule),
                None => format!("{} (rule {})", one.destination, one.rule),
            })
            .collect();
        text += &format!("    {} -> {}\n", listed(&group.repositories), reaches.join(", "));
    }
    if groups.len() > GROUPS_SHOWN {
        text += &format!("    and {} more groups of repositories; --json has them\n", groups.len() - GROUPS_SHOWN);
    }
    text
}

/// Notes of one kind that are told one by one.
const NOTES_SHOWN: usize = 3;

/// What is good to know, in a line each. Policies to apply have been told with the policy itself.
fn notes(diagnostics: &Diagnostics) -> String {
    let mut text = String::new();
    for group in diagnostics.notes().into_iter().filter(|group| group[0].apply.is_none()) {
        for note in group.iter().take(NOTES_SHOWN) {
            let finding = note.finding.map(|finding| (finding.id, finding.fact));
            let (id, fact) = finding.unwrap_or_default();
            let fact =
                if fact.is_empty() || note.message.contains("fact") { String::new() } else { format!("; fact {fact}") };
            text += &format!("  note[{id}]: {} ({}{fact})\n", note.message, diagnostics.place(&note.origin));
        }
        if group.len() > NOTES_SHOWN {
            text += &format!("    and {} more of these; --json has them\n", group.len() - NOTES_SHOWN);
        }
    }
    text
}

fn indented(block: &str) -> String {
    block.lines().map(|line| format!("    {line}\n")).collect()
}
