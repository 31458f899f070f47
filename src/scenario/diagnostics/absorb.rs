//! Problems of many looks at one scenario as one list.

use super::{Diagnostic, Diagnostics, Severity};
use crate::scenario::tree::{FileId, Origin};

impl Diagnostics {
    /// Takes the errors and warnings of another look at the same scenario, under other settings. What has been told
    /// before at the same place is not told again, whatever the argument of `--set` was; what is new says `of` which
    /// look it is.
    pub fn absorb(&mut self, other: &Diagnostics, of: &str) {
        let mut taken: Vec<Option<FileId>> = vec![None; other.files.len()];
        for item in other.items.iter().filter(|item| item.severity != Severity::Note) {
            if self.is_full() || self.has_told(other, item) {
                continue;
            }
            let mut here = |origin: &Origin| {
                let file = *taken[origin.file.0 as usize].get_or_insert_with(|| self.same_file(other, origin.file));
                Origin { file, span: origin.span.clone() }
            };
            let origin = here(&item.origin);
            let also = item.also.as_ref().map(|(origin, label)| (here(origin), label.clone()));
            let message = format!("{} ({of})", item.message);
            self.report(Diagnostic { origin, also, message, ..item.clone() });
        }
    }

    /// Whether the problem stands here already, perhaps as that of another look.
    fn has_told(&self, other: &Diagnostics, item: &Diagnostic) -> bool {
        let (name, _) = other.file(item.origin.file);
        self.items.iter().any(|told| {
            told.origin.span.start == item.origin.span.start
                && self.file(told.origin.file).0 == name
                && told
                    .message
                    .strip_prefix(&item.message)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
        })
    }

    /// The file here that is a file of another look.
    fn same_file(&mut self, other: &Diagnostics, file: FileId) -> FileId {
        let (name, text) = other.file(file);
        match self.files.iter().position(|(known, here)| known == name && here == text) {
            Some(place) => FileId(place as u32),
            None => self.add_file(name, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(set: &str, problems: &[(usize, usize, &str)]) -> Diagnostics {
        let mut look = Diagnostics::default();
        let files = [look.add_file("shop.toml", "schema = 1\n"), look.add_file("--set", set)];
        for (file, start, message) in problems {
            look.error(&Origin { file: files[*file], span: *start..*start + 1 }, *message, "");
        }
        look
    }

    #[test]
    fn what_many_looks_find_is_told_once_and_says_which_look_it_was() {
        let mut all = look("", &[(0, 0, "known before")]);
        all.absorb(&look("a=1", &[(0, 0, "known before"), (1, 0, "no key `a`")]), "at point 1");
        all.absorb(&look("a=2", &[(1, 0, "no key `a`"), (1, 2, "2 is too large"), (0, 9, "odd")]), "at point 2");
        let told: Vec<_> = all.sorted().iter().map(|it| (all.place(&it.origin), it.message.clone())).collect();
        let expected = [
            ("shop.toml:1:1", "known before"),
            ("shop.toml:1:10", "odd (at point 2)"),
            ("--set:1:1", "no key `a` (at point 1)"),
            ("--set:1:3", "2 is too large (at point 2)"),
        ];
        assert_eq!(told, expected.map(|(place, message)| (place.to_string(), message.to_string())));
    }
}
