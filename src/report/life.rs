//! The life of an image, for people on a terminal and as JSON.

use crate::study::life::{Cost, Event, Life, Lives, Part, Pull, PullGroup, Stay};

use super::numbers::{bytes, count, duration, grouped, list, of, percent};
use super::terminal::{WIDTH, paragraph};

/// Single pulls that are shown for each cluster; JSON has more.
const PULLS_SHOWN: usize = 3;
/// Events that are shown of each strategy; JSON has more.
const EVENTS_SHOWN: usize = 60;
/// Parts of a quantity that are shown.
const PARTS_SHOWN: usize = 3;
/// Rules that are shown one by one, of those that do not copy the image.
const OTHERS_SHOWN: usize = 8;

/// The lives as JSON, with a line break at its end.
pub fn lives_json(lives: &Lives) -> String {
    // Strings, numbers and lists only: nothing that JSON could refuse.
    let mut text = serde_json::to_string_pretty(lives).unwrap_or_default();
    text.push('\n');
    text
}

/// The lives as text of at most a hundred columns, ending with a line break.
pub fn lives_text(lives: &Lives) -> String {
    let mut out = Page::default();
    head(&mut out, lives);
    for life in &lives.strategies {
        out.text.push_str(&format!("\n{}\n", rule(&life.strategy, life.kind)));
        selection(&mut out, life);
        timeline(&mut out, life);
        pulls(&mut out, life);
        costs(&mut out, life, lives.image.home.contains('/'));
    }
    if lives.strategies.len() > 1 {
        together(&mut out, lives);
    }
    if !lives.left_out.is_empty() {
        out.text.push('\n');
        out.line("", &format!("Not told: {} (a lower bound is no system).", lives.left_out.join(", ")));
    }
    out.text
}

/// Text that is kept within the width.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// A paragraph behind `hang`; its further lines are indented as far.
    fn line(&mut self, hang: &str, text: &str) {
        paragraph(&mut self.text, text, hang);
    }

    fn title(&mut self, text: &str) {
        self.text.push_str(&format!("\n  {text}\n"));
    }
}

/// `== replicate (replication) ====..`
fn rule(name: &str, kind: &str) -> String {
    let title = if name == kind { format!("== {name} ") } else { format!("== {name} ({kind}) ") };
    let rest = (WIDTH - 20).saturating_sub(title.chars().count());
    format!("{title}{}", "=".repeat(rest))
}

fn head(out: &mut Page, lives: &Lives) {
    let image = &lives.image;
    let name = image.tag.as_ref().map_or(String::new(), |tag| format!(":{tag}"));
    let parts = match image.platforms {
        0 => of(image.layers as f64, "layer", "layers"),
        platforms => format!("an index of {platforms} images, {} layers", image.layers),
    };
    let pushed = image.pushed.as_ref().map_or("never by itself".to_owned(), |at| short(at));
    out.line(
        "",
        &format!(
            "{}{name} is image {} of trial {}: {} in {parts}; pushed {pushed} UTC in {}.",
            image.repository,
            image.number,
            lives.trial,
            exact_bytes(image.bytes),
            image.home
        ),
    );
    if let (Some(tag), true) = (&image.tag, image.holders > 1) {
        let earlier: Vec<String> =
            image.earlier.iter().rev().map(|number| format!("{}@{number}", image.repository)).collect();
        let before = match earlier.as_slice() {
            [] => "this one was the first".to_owned(),
            earlier => format!("before this one, the latest first: {}", earlier.join(", ")),
        };
        out.line("", &format!("The tag `{tag}` moved; {} images held it; {before}.", count(image.holders as f64)));
    }
    if let Some(subject) = image.subject {
        out.line("", &format!("It is a signature or an SBOM of image {subject}."));
    }
    out.line("", "Times are UTC. GB on a bill are of 2^30 bytes.");
}

fn selection(out: &mut Page, life: &Life) {
    out.title("Selection");
    for reason in &life.selection.reasons {
        out.line("    - ", reason);
    }
    let mut others = 0;
    for verdict in &life.selection.rules {
        if !verdict.selected {
            others += 1;
            if others > OTHERS_SHOWN {
                continue;
            }
        }
        let mark = if verdict.selected { "yes" } else { "no " };
        let to: Vec<&str> = verdict.destinations.iter().map(|destination| destination.to.as_str()).collect();
        let to = if to.len() > 6 { format!("{}, .. ({})", to[..5].join(", "), to.len()) } else { to.join(", ") };
        let deletes = if verdict.deletes { "; deletions follow" } else { "" };
        out.line(
            &format!("    {mark} rule {} ", verdict.rule),
            &format!("{} -> {to}: {}{deletes}", verdict.from, verdict.reason),
        );
        for destination in verdict.destinations.iter().filter(|_| verdict.selected) {
            if let Some(reason) = &destination.reason {
                out.line("               ", &format!("{}: {reason}", destination.to));
            }
        }
    }
    if others > OTHERS_SHOWN {
        out.line("    ", &format!("and {} more rules that do not select it; --json has them", others - OTHERS_SHOWN));
    }
}

fn timeline(out: &mut Page, life: &Life) {
    out.title("What happened");
    // A copy's arrival tells when it was ordered and begun.
    let arrived =
        |event: &Event| life.copies.iter().any(|copy| Some(copy.copy) == event.copy && copy.arrived.is_some());
    let shown = |event: &&Event| !matches!(event.event, "copy-begun" | "copy-ordered") || !arrived(event);
    let told: Vec<&Event> = life.events.iter().filter(shown).collect();
    for event in told.iter().take(EVENTS_SHOWN) {
        // A fault has its name in place of a place.
        let place = event.place.as_ref().map_or(String::new(), |place| format!(" {place}"));
        let tag = event.tag.as_ref().map_or(String::new(), |tag| format!(" `{tag}`"));
        let moved = event.bytes.map_or(String::new(), |count| format!(", {}", bytes(count as f64)));
        let hang = format!("    {:23}  ", short(&event.time));
        let rule = life.copies.iter().find(|copy| Some(copy.copy) == event.copy).and_then(|copy| copy.rule);
        let rule = rule.map_or(String::new(), |rule| format!(" (rule {rule})"));
        out.line(&hang, &format!("{}{place}{tag}{moved}: {}{rule}", event.event, event.text));
    }
    let hidden = told.len().saturating_sub(EVENTS_SHOWN) as u64 + life.events_in_all - life.events.len() as u64;
    if hidden > 0 {
        out.line("    ", &format!("and {hidden} more events; --json has the first {}", crate::study::life::EVENTS));
    }
    for (what, places) in at_the_end(&life.places) {
        out.line("    at the end               ", &format!("still in {} {what}", list(&places)));
    }
}

/// What is to be said of the registries that still hold the image, and which these are; in the order of the first of each.
fn at_the_end(places: &[Stay]) -> Vec<(String, Vec<&str>)> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for stay in places.iter().filter(|stay| stay.gone.is_none()) {
        let class = stay.class.filter(|class| *class == "archive").map_or("", |_| ", in the archive");
        let tags = if stay.tags.is_empty() { "untagged".to_owned() } else { stay.tags.join(", ") };
        let what = format!("({tags}){class}, {:.2} days of the run", stay.days);
        match groups.iter_mut().find(|(known, _)| *known == what) {
            Some((_, places)) => places.push(&stay.place),
            None => groups.push((what, vec![&stay.place])),
        }
    }
    groups
}

fn pulls(out: &mut Page, life: &Life) {
    let pulls = &life.pulls;
    let another = match pulls.given_another {
        0 => String::new(),
        count => format!("; {count} more asked for it by a tag that moves and were given another image"),
    };
    if pulls.count == 0 {
        out.title(&format!("Pulls: none{another}"));
        return;
    }
    let failed = if pulls.failed > 0 { format!(", {} failed", pulls.failed) } else { String::new() };
    let (all, cold) = (count(pulls.count as f64), count(pulls.cold as f64));
    out.title(&format!("Pulls: {all}, {cold} cold{failed}{another}"));
    for group in &pulls.groups {
        out.line("    ", &one_group(group));
        let mine = |pull: &&Pull| pull.cluster == group.cluster && pull.from == group.from;
        let mut singly: Vec<&Pull> = pulls.list.iter().filter(mine).collect();
        singly.sort_by(|a, b| a.time.cmp(&b.time));
        for pull in singly.into_iter().take(PULLS_SHOWN) {
            out.line(&format!("      {:23}  ", short(&pull.time)), &one_pull(pull));
        }
    }
}

fn one_group(group: &PullGroup) -> String {
    let Some(from) = &group.from else {
        let causes: Vec<String> = group.causes.iter().map(|(cause, count)| format!("{count} {cause}")).collect();
        let failed = format!("{} ({}): {} failed: {}", group.cluster, group.region, group.count, causes.join(", "));
        return format!("{failed}; {} moved in vain", bytes(group.bytes as f64));
    };
    let times = format!(
        "median {}, worst {}",
        duration(group.median_s.unwrap_or_default()),
        duration(group.worst_s.unwrap_or_default())
    );
    let parts = parts([group.mean_waiting_s, group.mean_queueing_s, group.mean_transfer_s, group.mean_unpack_s]);
    let mean = if parts.is_empty() { String::new() } else { format!("; on average {parts}") };
    format!(
        "{} ({}) from {from}: {}, {} cold, {}; {times}{mean}",
        group.cluster,
        group.region,
        of(group.count as f64, "pull", "pulls"),
        group.cold,
        bytes(group.bytes as f64)
    )
}

fn one_pull(pull: &Pull) -> String {
    let heat = if pull.cold { format!("cold, {}", bytes(pull.bytes as f64)) } else { "warm".to_owned() };
    let who = format!("pull {} by node {} (`{}`): {heat}", pull.pull, pull.node, pull.tag);
    match (pull.cause, pull.seconds) {
        (None, Some(seconds)) => {
            let parts = parts([pull.waiting_s, pull.queueing_s, pull.transfer_s, pull.unpack_s]);
            let parts = if parts.is_empty() { parts } else { format!(" ({parts})") };
            format!("{who}, {}{parts}", duration(seconds))
        }
        (cause, _) => format!("{who}, failed: {}", cause.unwrap_or_default()),
    }
}

/// The parts of a pull's time that are not nothing: waiting, queueing, transfer, unpack.
fn parts(seconds: [Option<f64>; 4]) -> String {
    let named = ["waiting", "queueing", "transfer", "unpack"].into_iter().zip(seconds.into_iter().flatten());
    let parts = named.filter(|(_, seconds)| *seconds > 0.0);
    parts.map(|(name, seconds)| format!("{name} {}", duration(seconds))).collect::<Vec<_>>().join(", ")
}

/// `accounts` = there are several, so that who pays is worth saying.
fn costs(out: &mut Page, life: &Life, accounts: bool) {
    let share = match (number(&life.cost_usd), number(&life.bill_usd)) {
        (cost, bill) if bill > 0.0 => format!(", {} of the trial's ${}", percent(cost / bill), trimmed(&life.bill_usd)),
        _ => String::new(),
    };
    out.title(&format!("Money: ${}{share}", trimmed(&life.cost_usd)));
    for cost in &life.costs {
        let price = cost.unit_price_usd.as_deref().map_or("nothing".to_owned(), |price| format!("${price}"));
        let averaged = if cost.averaged { " on average" } else { "" };
        let what = match (&cost.from_region, &cost.to_region) {
            (Some(from), Some(to)) if accounts => {
                format!("{} {from} -> {to} ({} pays)", cost.line_item, cost.account)
            }
            (Some(from), Some(to)) => format!("{} {from} -> {to}", cost.line_item),
            _ if accounts => format!("{} {}/{}", cost.line_item, cost.account, cost.region),
            _ => format!("{} {}", cost.line_item, cost.region),
        };
        let quantity = format!("{} {} x {price}{averaged}", rounded(&cost.quantity), cost.unit);
        out.line(&format!("    {} ", cost.month), &format!("{what}: {quantity} = ${}", trimmed(&cost.cost_usd)));
        for part in cost.parts.iter().take(PARTS_SHOWN) {
            out.line("            ", &one_part(part));
        }
        let more = cost.parts_in_all.saturating_sub(cost.parts.len().min(PARTS_SHOWN) as u64);
        if more > 0 {
            out.line("            ", &format!("and {more} more"));
        }
    }
    if life.costs.is_empty() {
        out.line("    ", "nothing: it is charged for no byte within the run");
    }
    let nobodys = number(&life.nobodys_usd);
    if nobodys > 0.0 {
        let hours = trimmed(&life.nobodys_usd);
        out.line("    ", &format!("Hours and people, ${hours} of the bill, belong to no image."));
    }
}

fn one_part(part: &Part) -> String {
    let moment = |at: &str| short(at);
    match (&part.until, part.hours) {
        (Some(until), Some(hours)) => {
            let hours = format!("{:.4}", hours);
            let hours = hours.trim_end_matches('0').trim_end_matches('.');
            format!("{} x {hours} h, {} to {}", exact_bytes(part.bytes), moment(&part.from), moment(until))
        }
        _ if part.bytes == 0 => format!("{}, {}", part.what, moment(&part.from)),
        _ => format!("{}: {}, {}", part.what, exact_bytes(part.bytes), moment(&part.from)),
    }
}

fn together(out: &mut Page, lives: &Lives) {
    out.text.push_str("\nTogether\n");
    let width = lives.strategies.iter().map(|life| life.strategy.chars().count()).max().unwrap_or(0).min(40);
    let mut order: Vec<&Life> = lives.strategies.iter().collect();
    order.sort_by(|a, b| number(&a.cost_usd).total_cmp(&number(&b.cost_usd)));
    for life in order {
        let parts: Vec<String> = by_item(&life.costs).iter().map(|(item, usd)| format!("{item} ${usd:.6}")).collect();
        let name = format!("{:width$}", life.strategy);
        let pulls = of(life.pulls.count as f64, "pull", "pulls");
        let cold = life.pulls.cold;
        let copies = of(life.copies.len() as f64, "copy", "copies");
        let cost = number(&life.cost_usd);
        out.line(
            &format!("    {name}  "),
            &format!("${cost:.6} ({}); {copies}, {pulls} ({cold} cold)", parts.join(", ")),
        );
    }
}

/// Dollars by line item, in the order of the costs.
fn by_item(costs: &[Cost]) -> Vec<(&'static str, f64)> {
    let mut sums: Vec<(&'static str, f64)> = Vec::new();
    for cost in costs {
        let usd = number(&cost.cost_usd);
        match sums.iter_mut().find(|(item, _)| *item == cost.line_item) {
            Some((_, sum)) => *sum += usd,
            None => sums.push((cost.line_item, usd)),
        }
    }
    sums.retain(|(_, usd)| *usd > 0.0);
    sums
}

/// `2026-04-01 00:00:03.412`: a moment without its letters, and without milliseconds that are none.
fn short(at: &str) -> String {
    at.trim_end_matches('Z').trim_end_matches(".000").replacen('T', " ", 1)
}

/// `200,000,000 bytes`: what arithmetic needs.
fn exact_bytes(count: u64) -> String {
    format!("{} bytes", grouped(count as f64, 0))
}

/// At most nine decimals, without trailing zeros.
fn trimmed(amount: &str) -> &str {
    match amount.contains('.') {
        true => amount.trim_end_matches('0').trim_end_matches('.'),
        false => amount,
    }
}

/// A quantity to nine decimals: a dollar's price times it is right to 10^-9.
fn rounded(quantity: &str) -> String {
    let value: f64 = quantity.parse().unwrap_or_default();
    trimmed(&format!("{value:.9}")).to_owned()
}

fn number(amount: &str) -> f64 {
    amount.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_which_the_same_is_to_be_said_share_a_line() {
        let stay = |place: &str, days: f64, gone: Option<&str>| Stay {
            place: place.into(),
            arrived: "2026-04-08T00:00:00Z".into(),
            by: "copy",
            gone: gone.map(str::to_owned),
            gone_by: None,
            days,
            class: Some("standard"),
            tags: vec!["v8".into()],
        };
        let mut places = vec![
            stay("us-east-1", 23.0, None),
            stay("eu-west-1", 22.5, None),
            stay("eu-west-2", 5.0, Some("2026-04-13T00:00:00Z")),
            stay("sa-east-1", 23.001, None),
        ];
        places.push(Stay { class: Some("archive"), ..stay("ap-south-1", 23.0, None) });
        places.push(Stay { tags: Vec::new(), ..stay("ap-south-2", 23.0, None) });
        let lines: Vec<String> =
            at_the_end(&places).into_iter().map(|(what, places)| format!("{} {what}", list(&places))).collect();
        assert_eq!(
            lines,
            [
                "us-east-1 and sa-east-1 (v8), 23.00 days of the run",
                "eu-west-1 (v8), 22.50 days of the run",
                "ap-south-1 (v8), in the archive, 23.00 days of the run",
                "ap-south-2 (untagged), 23.00 days of the run",
            ]
        );
    }
}
