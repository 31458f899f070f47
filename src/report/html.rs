//! `report.html`: one file with everything in it, for a browser, a mail or a printer.
//!
//! Charts are inline SVG, the font travels inside, there is no script and nothing is fetched.

use minijinja::value::Serde;

use super::Rendered;
use super::markdown::environment;
use super::page::Page;

const TEMPLATE: &str = include_str!("../../assets/templates/report.html.jinja");
const STYLE: &str = include_str!("../../assets/templates/report.css");

impl Rendered<'_> {
    /// The report as a page.
    ///
    /// # Errors
    /// When the template is broken, which a test would have found.
    pub(crate) fn html(&self) -> Result<String, minijinja::Error> {
        let mut environment = environment()?;
        environment.add_global("style", STYLE);
        environment.render_named_str("report.html", TEMPLATE, Serde(Page::of(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_page_stands_alone_and_names_stay_names() {
        let tables = fixture::tables();
        let page = Rendered::of(&tables).html().expect("renders");
        for forbidden in ["<script", "<link", "src=\"http", "url(http", "<b>tools</b>"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("&lt;b&gt;tools&lt;") && page.contains("Shop: &lt;API &amp; web&gt;"));
        assert_eq!(page.matches("<svg ").count(), 11);
        assert_eq!(page.matches("role=\"img\"").count(), 11);
        assert_eq!(page.matches("<h1>").count(), 1);
    }

    #[test]
    fn hostile_titles_do_not_break_out() {
        let mut tables = fixture::alone();
        tables.run.title = "</title><script>alert(1)</script>".into();
        tables.run.notes = vec!["<img src=x onerror=alert(1)>".into()];
        let page = Rendered::of(&tables).html().expect("renders");
        assert!(!page.contains("<script>") && !page.contains("<img src=x"));
    }
}
