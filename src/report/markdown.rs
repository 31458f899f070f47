//! `report.md`: the story for a repository or a pull request.
//!
//! Names come from users, so everything that a template fills in is escaped: no name can make a link, a heading or a
//! table cell of its own.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};

use super::Rendered;
use super::page::Page;

const TEMPLATE: &str = include_str!("../../assets/templates/report.md.jinja");

/// A template environment for pages: HTML escapes by itself, Markdown through the filter `md`.
///
/// # Errors
/// None in practice: the syntax is the default one.
pub(crate) fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(
        |name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        },
    );
    environment.add_filter("md", |text: String| escape(&text));
    Ok(environment)
}

impl Rendered<'_> {
    /// The report in Markdown.
    ///
    /// # Errors
    /// When the template is broken, which a test would have found.
    pub(crate) fn markdown(&self) -> Result<String, minijinja::Error> {
        environment()?.render_named_str("report.md", TEMPLATE, Serde(Page::of(self)))
    }
}

/// Text that Markdown shows as it is.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '|' | '~' => {
                out.push('\\');
                out.push(letter);
            }
            '&' => out.push_str("&amp;"),
            // On GitHub a backslash does not keep a name from being told of it, nor an issue from being linked: a space of no
            // width does.
            '@' => out.push_str("@&#8203;"),
            '#' => out.push_str("\\#&#8203;"),
            // A dollar sign after a letter could close a formula.
            '$' if !before.is_whitespace() && before != '(' => out.push_str("\\$"),
            '\n' | '\r' => out.push(' '),
            letter => out.push(letter),
        }
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(escape("a|b<i>*_x_*\n# no"), "a\\|b\\<i\\>\\*\\_x\\_\\* \\#&#8203; no");
        assert_eq!(escape("@org/team fixes #12"), "@&#8203;org/team fixes \\#&#8203;12", "nobody is pinged");
        assert_eq!(escape("from −$0.10 to ($1"), "from −\\$0.10 to ($1");
    }

    #[test]
    fn the_report_tells_findings_before_tables_before_assumptions() {
        let tables = fixture::tables();
        let text = Rendered::of(&tables).markdown().expect("renders");
        let places: Vec<usize> = [
            "# Shop: \\<API &amp; web\\>",
            "is the cheapest strategy",
            "## Summary",
            "## When things fail",
            "Half recover in",
            "charts/pulls-around-use1-down.svg",
            "charts/cost.svg",
            "## Assumptions",
            "replisim run scenarios/shop.toml --seed 42 --trials 20",
        ]
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is missing in {text}")))
        .to_vec();
        assert!(places.is_sorted(), "{places:?}");
        assert!(text.contains("\\<b\\>tools\\</b\\>/\\*"), "names are escaped");
        assert!(!text.contains("\n\n\n"), "no gaps");
    }

    #[test]
    fn what_is_not_possible_today_stands_at_the_top_and_at_its_strategy() {
        let mut tables = fixture::tables();
        tables.run.notes.push("not possible today: `replication` filters by tag".into());
        let text = Rendered::of(&tables).markdown().expect("renders");
        let (mark, findings) = (text.find("> **Not possible today:"), text.find("## Findings"));
        assert!(mark.expect("a mark") < findings.expect("findings"));
        assert!(text.contains("| replication (not possible today) |"));
        assert!(Rendered::of(&tables).html().expect("renders").contains("<p class=\"mark\">Not possible today:"));
    }

    #[test]
    fn a_report_of_nothing_still_renders() {
        for tables in [fixture::nothing(), fixture::alone(), Default::default()] {
            assert!(Rendered::of(&tables).markdown().expect("renders").contains("## Charts left out"));
        }
    }
}
