//! Tags from templates: `{n}` the version, `{r}` the release or promotion, `{date}` the UTC day as `20260105`.

use std::sync::Arc;

use super::TagTemplate;
use crate::sim::Calendar;
use crate::units::{DAY, Time};

impl TagTemplate {
    /// Fills the holes.
    pub(super) fn fill(&self, version: u32, release: u32, at: Time, calendar: &Calendar) -> Arc<str> {
        let mut tag = self.0.replace("{n}", &version.to_string()).replace("{r}", &release.to_string());
        if tag.contains("{date}") {
            tag = tag.replace("{date}", &date(at, calendar));
        }
        tag.into()
    }
}

/// The UTC day of a moment as `20260105`, also before the run.
fn date(at: Time, calendar: &Calendar) -> String {
    let first: jiff::civil::Date = calendar.days[0].parse().expect("a calendar's days are ISO dates");
    // Saturating: a day that no calendar can name is not worth a failed run.
    let day = first.saturating_add(jiff::Span::new().days((at - calendar.first_day).0.div_euclid(DAY)));
    day.strftime("%Y%m%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::HOUR;

    fn calendar() -> Calendar {
        Calendar {
            start: "2026-01-05T06:00:00Z".into(),
            end: Time(2 * DAY),
            first_day: Time(-6 * HOUR),
            days: vec!["2026-01-05".into(), "2026-01-06".into(), "2026-01-07".into()],
            months: vec!["2026-01".into()],
            month_starts: vec![Time(-4 * DAY - 6 * HOUR), Time(27 * DAY - 6 * HOUR)],
        }
    }

    #[test]
    fn holes_are_filled() {
        let tag = |template: &str, at| TagTemplate(template.into()).fill(12, 3, Time(at), &calendar()).to_string();
        assert_eq!(tag("v{r}-{n}-{date}", 0), "v3-12-20260105");
        assert_eq!(tag("{date}", 18 * HOUR), "20260106");
        assert_eq!(tag("{date}", 18 * HOUR - 1), "20260105");
        assert_eq!(tag("{date}", -6 * HOUR - 5 * DAY), "20251231");
        assert_eq!(tag("latest", 0), "latest");
    }

    #[test]
    fn a_template_without_a_number_moves() {
        assert!(TagTemplate("latest".into()).is_moving());
        assert!(TagTemplate("nightly-{date}".into()).is_moving());
        assert!(!TagTemplate("build-{n}".into()).is_moving());
    }
}
