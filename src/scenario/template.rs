//! The commented scenarios of `replisim init`.

/// Names and texts, the default first.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("default", include_str!("../../assets/templates/default.toml")),
    ("multi-account", include_str!("../../assets/templates/multi-account.toml")),
    ("promotion", include_str!("../../assets/templates/promotion.toml")),
];

/// The text of a template, if there is one of that name.
pub fn template(name: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::super::{Diagnostics, read};
    use super::*;

    #[test]
    fn every_template_passes_the_reader() {
        for (name, text) in TEMPLATES {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let path = directory.path().join("scenario.toml");
            std::fs::write(&path, text).expect("a writable directory");
            let mut diagnostics = Diagnostics::default();
            assert!(read(&path, &[], &mut diagnostics).is_some(), "{name}");
            assert_eq!(diagnostics.render(false), "", "{name}");
        }
        assert!(template("default").is_some() && template("none").is_none());
    }

    #[test]
    fn commented_lines_of_the_default_are_right_too() {
        let text = template("default").expect("there is a default");
        // A line `#key = value` is a suggestion; `# text` is prose.
        let suggestion = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
        let suggested: Vec<&str> = text.lines().filter(suggestion).collect();
        assert!(suggested.len() > 5);
        for line in suggested {
            let with = text.replace(&format!("{line}\n"), &format!("{}\n", &line[1..]));
            let directory = tempfile::tempdir().expect("a temporary directory");
            let path = directory.path().join("scenario.toml");
            std::fs::write(&path, with).expect("a writable directory");
            let mut diagnostics = Diagnostics::default();
            let _ = read(&path, &[], &mut diagnostics);
            assert_eq!(diagnostics.render(false), "", "{line}");
        }
    }
}
