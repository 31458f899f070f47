//! `recommendation.md`, and the same in short for the terminal and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::words::{Others, address, selectors};
use crate::cloud::RegistryId;
use crate::report::numbers;
use crate::report::terminal::paragraph;
use crate::report::write::File;
use crate::scenario::Scenario;
use crate::study::optimize::Optimum;
use crate::study::optimize::plan::Group;
use crate::study::optimize::rules::{EXHAUSTIVE, Exactness, SERVICE};
use crate::study::optimize::verify::{Part, Rival};
use crate::study::optimize::ways::{Keep, Way};
use crate::study::statistics::Estimate;
use crate::study::tables::ObjectiveRow;

/// Groups that the first sentence names; the table has all.
const NAMED: usize = 4;
/// Repositories that a sentence names.
const LISTED: usize = 3;

/// The page.
pub fn file(scenario: &Scenario, optimum: &Optimum) -> File {
    let text = [
        format!("# {}: what to replicate\n\n{}\n", scenario.title, answer(scenario, optimum)),
        choices(scenario, optimum),
        costs(optimum),
        not_expressed(scenario, optimum),
        distance(optimum),
        objectives(optimum),
        steps(scenario, optimum),
        assumptions(scenario, optimum),
    ];
    File { name: "recommendation.md".into(), bytes: text.join("\n").into_bytes() }
}

/// The answer in a paragraph; its first sentence is all of it.
pub fn answer(scenario: &Scenario, optimum: &Optimum) -> String {
    let groups = optimum.plan.groups(&scenario.model, &optimum.cells);
    let verified = &optimum.verified;
    let mut clauses: Vec<String> = groups.iter().take(NAMED).map(|group| clause(scenario, optimum, group)).collect();
    if groups.len() > NAMED {
        clauses.push(format!(
            "serve {} as in the table below",
            numbers::of((groups.len() - NAMED) as f64, "further group", "further groups")
        ));
    }
    if clauses.is_empty() {
        clauses.push("replicate nothing: every cluster pulls from the registry that its images are pushed to".into());
    }
    let mut text = capital(&clauses.join("; "));
    let _ = write!(text, ": {} a month", numbers::money(verified.cost.mean));
    if let Some(baseline) = verified.rival(Part::Baseline) {
        let _ = write!(text, ", {} the baseline `{}`", against(baseline), baseline.name);
    }
    if let Some(best) = verified.best_pure() {
        let _ = write!(text, " and {} {}, the cheapest single way", against(best), best.name);
    }
    text.push('.');
    if verified.best_pure().is_some_and(|best| best.saving.mean < -0.000_000_5) {
        text += " What was saved on the trials of the choice is lost on fresh ones: more `--trials` choose better.";
    }
    let missed = verified.missed();
    if !optimum.unmet.is_empty() {
        let _ = write!(text, " **No choice was found that meets {}**; this is the nearest.", code_list(&optimum.unmet));
    } else if !missed.is_empty() {
        let _ = write!(
            text,
            " **It meets {} on the trials that it was chosen on, and not on fresh ones**: more `--trials` choose better.",
            code_list(&missed)
        );
    } else if let Some(best) = verified.best_pure().filter(|best| !best.missed.is_empty()) {
        let _ = write!(text, " {} would miss {}.", capital(&best.name), code_list(&best.missed));
    }
    text
}

fn code_list(names: &[String]) -> String {
    numbers::list(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<String>>())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `$4.10 ($3.90 to $4.30) less than`.
fn against(rival: &Rival) -> String {
    let saving = rival.saving;
    if libm::fabs(saving.mean) < 0.000_000_5 {
        return "as much as".into();
    }
    let (amount, word) = if saving.mean >= 0.0 { (saving, "less than") } else { (negative(saving), "more than") };
    format!("{}{} {word}", numbers::money(amount.mean), interval(amount))
}

fn negative(estimate: Estimate) -> Estimate {
    Estimate { mean: -estimate.mean, ..estimate }
}

fn interval(estimate: Estimate) -> String {
    match (estimate.low(), estimate.high()) {
        (Some(low), Some(high)) => format!(" ({} to {})", numbers::money(low), numbers::money(high)),
        _ => String::new(),
    }
}

fn registries(scenario: &Scenario, places: &[RegistryId]) -> String {
    let names: Vec<String> = places.iter().map(|place| scenario.model.cloud.registry_name(*place)).collect();
    if names.len() > LISTED + 1 { format!("{} registries", names.len()) } else { numbers::list(&names) }
}

fn repositories(scenario: &Scenario, optimum: &Optimum, group: &Group) -> String {
    let selectors = selectors(scenario, optimum, group, Others::All);
    if selectors == ["*"] {
        return "everything".into();
    }
    if selectors.len() > LISTED {
        return numbers::of(group.repositories.len() as f64, "repository", "repositories");
    }
    numbers::list(&selectors.iter().map(|one| format!("`{one}`")).collect::<Vec<String>>())
}

fn clause(scenario: &Scenario, optimum: &Optimum, group: &Group) -> String {
    let (what, places) = (repositories(scenario, optimum, group), registries(scenario, &group.destinations));
    match group.way {
        Way::Across => format!("let {places} pull {what} across"),
        Way::Replicate => format!("replicate {what} to {places}"),
        Way::Cache(Keep::AsConfigured) => format!("cache {what} in {places}"),
        Way::Cache(Keep::Days(days)) => {
            format!("cache {what} in {places} for {}", numbers::of(f64::from(days), "day", "days"))
        }
        Way::Cache(Keep::Ttl(ttl)) => {
            format!("cache {what} in {places} until {} after the last pull", numbers::duration(ttl.as_seconds()))
        }
    }
}

fn choices(scenario: &Scenario, optimum: &Optimum) -> String {
    let mut text =
        String::from("## Choice\n\n| way | repositories | registries | measured cost a month |\n|---|---|---|---:|\n");
    for group in optimum.plan.groups(&scenario.model, &optimum.cells) {
        let cost: i128 = optimum
            .cells
            .cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.runs && group.destinations.contains(&cell.destination))
            .filter(|(_, cell)| group.repositories.iter().any(|one| one.0 == cell.repository))
            .map(|(index, cell)| cell.ways[optimum.plan.columns[index]].cost.0)
            .sum();
        let names: Vec<String> =
            group.destinations.iter().map(|place| scenario.model.cloud.registry_name(*place)).collect();
        let which: Vec<String> =
            selectors(scenario, optimum, &group, Others::All).iter().map(|one| format!("`{one}`")).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            group.way,
            which.join(", "),
            names.join(", "),
            numbers::amount(optimum.cells.per_month(cost, scenario))
        );
    }
    let spare: i128 = optimum
        .cells
        .cells
        .iter()
        .enumerate()
        .filter(|(index, cell)| !cell.runs && optimum.plan.columns[*index] == 1)
        .map(|(_, cell)| cell.ways[1].cost.0)
        .sum();
    if spare > 0 {
        let amount = numbers::amount(optimum.cells.per_month(spare, scenario));
        let _ = writeln!(text, "| replicate, though nobody pulls it | selected by a prefix | | {amount} |");
    }
    text += "\nCosts are of transfer, storage and network paths at these registries. Storage at home is the same for every \
             choice and not among them. `optimize.csv` has every repository and registry.\n";
    text
}

fn costs(optimum: &Optimum) -> String {
    let verified = &optimum.verified;
    let mut text = String::from(
        "## Against what\n\n| | cost a month | the recommendation saves | pull p95 | objectives missed |\n|---|---:|---:|---:|---|\n",
    );
    let p95 = |seconds: Option<f64>| seconds.map_or_else(String::new, numbers::duration);
    let _ = writeln!(
        text,
        "| **recommended** | {}{} | | {} | {} |",
        numbers::amount(verified.cost.mean),
        interval(verified.cost),
        p95(verified.summary.pull_p95_s),
        verified.missed().join(", ")
    );
    for rival in &verified.rivals {
        let name =
            if rival.part == Part::Baseline { format!("`{}` (baseline)", rival.name) } else { rival.name.clone() };
        let (pulls, missed) = match rival.part {
            Part::Bound => (String::new(), String::new()),
            _ => (p95(rival.summary.pull_p95_s), rival.missed.join(", ")),
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {}{} | {pulls} | {missed} |",
            numbers::amount(rival.summary.cost_usd_month),
            numbers::amount(rival.saving.mean),
            interval(rival.saving),
        );
    }
    let _ = writeln!(
        text,
        "\nAll of it from full runs of the same {}, on seed {}: none of them had a part in the choice. Intervals of 95 %, \
         differences paired by trial.",
        numbers::of(verified.summary.trials as f64, "trial", "trials"),
        optimum.fresh_seed
    );
    text
}

fn not_expressed(scenario: &Scenario, optimum: &Optimum) -> String {
    let plan = &optimum.plan;
    let gap = optimum.cells.per_month(plan.cost - plan.wished, scenario);
    let mut text = String::from("## What could not be expressed\n\n");
    if plan.cost <= plan.wished {
        text += "Nothing: every repository gets to every registry in its cheapest way, with prefix filters alone.\n";
    } else {
        let _ = writeln!(
            text,
            "{} a month: so much less would it cost if every repository could be told apart from every other at every \
             registry. The service selects by prefix and excludes nothing (A10 to A16), and a cache's images go by one age \
             in a namespace (A38).",
            numbers::money(gap)
        );
    }
    let rules: Vec<usize> = {
        let mut homes: Vec<RegistryId> = plan.rules.iter().map(|(home, _)| *home).collect();
        homes.dedup();
        homes.iter().map(|home| plan.rules.iter().filter(|(from, _)| from == home).count()).collect()
    };
    let filters = plan.rules.iter().map(|(_, rule)| rule.prefixes.len()).max().unwrap_or(0);
    let exact = match plan.exactness {
        Exactness::Exact => "no limit stood in the way, and no rules are cheaper".to_string(),
        Exactness::BestGrouping => "a limit stood in the way; no grouping of the destinations is cheaper".to_string(),
        Exactness::Greedy => format!(
            "a limit stood in the way; above {EXHAUSTIVE} destinations they are grouped step by step, so cheaper rules may exist"
        ),
    };
    let _ = writeln!(
        text,
        "\nUsed: {} of {} rules in the busiest registry, at most {} of {} filters in a rule: {exact}.",
        rules.iter().max().unwrap_or(&0),
        SERVICE.rules,
        filters,
        SERVICE.filters
    );
    text
}

fn distance(optimum: &Optimum) -> String {
    let verified = &optimum.verified;
    let Some(bound) = verified.rival(Part::Bound) else { return String::new() };
    let above = negative(bound.saving);
    let share = if bound.summary.cost_usd_month > 0.0 { above.mean / bound.summary.cost_usd_month } else { 0.0 };
    format!(
        "## Distance to the bound\n\nWith perfect foresight transfer and storage would cost {} a month; the recommendation \
         costs {}{} more, {} above it. No system reaches the bound.\n",
        numbers::money(bound.summary.cost_usd_month),
        numbers::money(above.mean),
        interval(above),
        numbers::percent(share)
    )
}

fn objectives(optimum: &Optimum) -> String {
    let rows = &optimum.verified.objectives;
    if rows.is_empty() {
        return "## Objectives\n\nThe scenario has none: only cost counted. `--objective 'pull_time p95 <= 1m'` adds one.\n".into();
    }
    let mut text = String::from("## Objectives\n\n| objective | target | observed | met |\n|---|---:|---:|---|\n");
    for row in rows {
        let unit = |value: f64| numbers::with_unit(value, &row.unit);
        let met = match row.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "nothing to measure",
        };
        let observed = row.observed.map_or_else(String::new, unit);
        let _ = writeln!(text, "| `{}` | {} | {observed} | {met} |", row.objective, unit(row.target));
    }
    if optimum.rounds > 1 {
        let _ = writeln!(
            text,
            "\nThe cheapest choice missed an objective when it was run; {} to this one.",
            numbers::of((optimum.rounds - 1) as f64, "repair led", "repairs led")
        );
    }
    text
}

fn steps(scenario: &Scenario, optimum: &Optimum) -> String {
    let model = &scenario.model;
    let mut text = String::from(
        "## To apply it\n\n- `replisim check scenario.toml` and `replisim run scenario.toml` beside this page check the very files.\n\
         - `aws ecr put-replication-configuration --replication-configuration file://replication.json` in the home registry; \
         it replaces what is there.\n- Or `main.tf`, which holds the same.\n",
    );
    let mut foreign: Vec<String> = Vec::new();
    for (home, rule) in &optimum.plan.rules {
        for to in &rule.destinations {
            if address(model, *home).1 != address(model, *to).1 {
                foreign.push(model.cloud.registry_name(*to));
            }
        }
    }
    foreign.sort();
    foreign.dedup();
    if !foreign.is_empty() {
        let _ = writeln!(
            text,
            "- Registries of other accounts must allow the copies (A31): {}. `replisim check` prints their policies.",
            foreign.join(", ")
        );
    }
    let ways: Vec<Way> = optimum.plan.groups(model, &optimum.cells).iter().map(|group| group.way).collect();
    if ways.iter().any(|way| matches!(way, Way::Cache(_))) {
        text += "- Cache rules are made before the first pull, creation templates before the first repository: a template \
                 does not change a repository that exists. Nodes pull through the cache's registry, by the same names.\n";
    }
    if ways.iter().any(|way| matches!(way, Way::Cache(Keep::Ttl(_)))) {
        text += "- The service cannot drop images so long after their last pull (B5): a clean-up job of yours has to, and \
                 what that costs is not in these figures.\n";
    }
    text
}

fn assumptions(scenario: &Scenario, optimum: &Optimum) -> String {
    let mut text = String::from(
        "## Assumed\n\n- What a repository costs at a registry does not depend on the others there. It nearly does not: \
         call quotas, shared links and price tiers couple them. The figures above come from a run of the whole.\n",
    );
    if scenario.model.registries.iter().any(|settings| settings.blob_mounting) {
        text += "- Registries that mount layers (A74) charge a layer to one repository; choices for single repositories there are approximate.\n";
    }
    let lost =
        optimum.cells.cells.iter().any(|cell| {
            cell.ways.iter().any(|way| way.barred == Some(crate::study::optimize::cells::Barred::LosesPulls))
        });
    if lost {
        text += "- A way that loses 1 % more of its pulls than another one is not chosen: what is not served costs nothing. \
                 `optimize.csv` names these.\n";
    }
    let _ = writeln!(text, "- Eviction ages were tried at 1, 3, 7, 14 and 30 days, as far as the run is long enough.");
    for assumption in &scenario.assumptions {
        let _ = writeln!(text, "- {} ({}: {}).", assumption.text, assumption.key, assumption.source);
    }
    for note in &scenario.notes {
        let _ = writeln!(text, "- {note}.");
    }
    text
}

/// The summary on the terminal.
pub fn terminal(scenario: &Scenario, optimum: &Optimum) -> String {
    let mut text = String::new();
    paragraph(&mut text, &answer(scenario, optimum).replace(['`', '*'], ""), "");
    for row in &optimum.verified.objectives {
        text.push_str(&objective(row));
    }
    text
}

fn objective(row: &ObjectiveRow) -> String {
    let unit = |value: f64| numbers::with_unit(value, &row.unit);
    match (row.met, row.observed) {
        (Some(met), Some(observed)) => {
            let word = if met { "met" } else { "MISSED" };
            format!("objective {}: {word}, {} of {}\n", row.objective, unit(observed), unit(row.target))
        }
        _ => format!("objective {}: nothing to measure\n", row.objective),
    }
}

/// The summary as JSON.
pub fn summary_json(scenario: &Scenario, optimum: &Optimum) -> Value {
    let verified = &optimum.verified;
    let model = &scenario.model;
    let groups = optimum.plan.groups(model, &optimum.cells);
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| {
            let names: Vec<&str> =
                group.repositories.iter().map(|id| model.demand.repositories[id.0 as usize].name.as_str()).collect();
            let places: Vec<String> =
                group.destinations.iter().map(|place| model.cloud.registry_name(*place)).collect();
            json!({ "way": group.way.to_string(), "repositories": names, "destinations": places })
        })
        .collect();
    let rivals: Vec<Value> = verified
        .rivals
        .iter()
        .map(|rival| {
            json!({ "name": rival.name, "cost_usd_month": rival.summary.cost_usd_month,
                "saving_usd_month": rival.saving.mean, "saving_ci_low_usd_month": rival.saving.low(),
                "saving_ci_high_usd_month": rival.saving.high(), "objectives_missed": rival.missed })
        })
        .collect();
    let per_month = |usd: i128| optimum.cells.per_month(usd, scenario);
    json!({
        "answer": answer(scenario, optimum),
        "cost_usd_month": verified.cost.mean,
        "cost_ci_low_usd_month": verified.cost.low(),
        "cost_ci_high_usd_month": verified.cost.high(),
        "not_expressed_usd_month": per_month((optimum.plan.cost - optimum.plan.wished).max(0)),
        "choice": groups,
        "against": rivals,
        "objectives_missed": verified.missed(),
        "seed": optimum.fresh_seed,
    })
}
