//! Which tags a pattern of a lifecycle rule and the templates of a scenario have in common.

/// One step of a text: what it may hold there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// This character.
    Byte(u8),
    /// One digit or more: a hole such as `{n}`.
    Digits,
    /// Any run of characters.
    Any,
}

/// A set of tags: all texts that its steps can spell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(Vec<Step>);

impl Shape {
    /// All tags that match a pattern in which `*` is any run of characters.
    pub fn pattern(text: &str) -> Shape {
        Shape(text.bytes().map(|byte| if byte == b'*' { Step::Any } else { Step::Byte(byte) }).collect())
    }

    /// All tags that a template makes; a date is some digits here.
    pub fn template(text: &str) -> Shape {
        let mut steps = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((byte, tail)) = rest.split_first() {
            let hole = ["{n}", "{r}", "{date}"].iter().find_map(|hole| rest.strip_prefix(hole.as_bytes()));
            steps.push(if hole.is_some() { Step::Digits } else { Step::Byte(*byte) });
            rest = hole.unwrap_or(tail);
        }
        Shape(steps)
    }

    /// Whether some tag is of both shapes.
    pub fn overlaps(&self, other: &Shape) -> bool {
        // Positions are walked side by side; a hole that has its first digit may take more of them or be over.
        let (a, b) = (self.spelt(), other.spelt());
        let mut seen = vec![false; (a.len() + 1) * (b.len() + 1)];
        let mut open = vec![(0, 0)];
        while let Some((i, j)) = open.pop() {
            if std::mem::replace(&mut seen[i * (b.len() + 1) + j], true) {
                continue;
            }
            if i == a.len() && j == b.len() {
                return true;
            }
            let (one, two) = (a.get(i), b.get(j));
            if one.is_some_and(|one| one.repeats) {
                open.push((i + 1, j));
            }
            if two.is_some_and(|two| two.repeats) {
                open.push((i, j + 1));
            }
            if let (Some(one), Some(two)) = (one, two)
                && one.holds.meets(two.holds)
            {
                let (next_i, next_j) = (i + usize::from(!one.repeats), j + usize::from(!two.repeats));
                open.push((next_i, next_j));
            }
        }
        false
    }

    /// The steps as single characters and repeated ones: a hole is a digit, and then any number of digits.
    fn spelt(&self) -> Vec<Spelt> {
        self.0
            .iter()
            .flat_map(|step| match step {
                Step::Byte(byte) => vec![Spelt { holds: Held::Byte(*byte), repeats: false }],
                Step::Digits => [false, true].map(|repeats| Spelt { holds: Held::Digit, repeats }).to_vec(),
                Step::Any => vec![Spelt { holds: Held::Any, repeats: true }],
            })
            .collect()
    }
}

/// A place of a text: what stands there, once or any number of times.
#[derive(Clone, Copy)]
struct Spelt {
    holds: Held,
    repeats: bool,
}

/// Which characters may stand at a place.
#[derive(Clone, Copy)]
enum Held {
    Byte(u8),
    Digit,
    Any,
}

impl Held {
    fn meets(self, other: Held) -> bool {
        match (self, other) {
            (Held::Any, _) | (_, Held::Any) | (Held::Digit, Held::Digit) => true,
            (Held::Byte(one), Held::Byte(two)) => one == two,
            (Held::Byte(byte), Held::Digit) | (Held::Digit, Held::Byte(byte)) => byte.is_ascii_digit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_meet_where_a_tag_is_of_both() {
        let meets = |pattern: &str, template: &str| Shape::pattern(pattern).overlaps(&Shape::template(template));
        for (pattern, template) in [
            ("v*", "v{n}"),
            ("v2026*", "v{n}"),
            ("*", "build-{n}"),
            ("*-7", "a-{n}"),
            ("r*-*", "r{r}-{date}"),
            ("v1", "v{n}"),
        ] {
            assert!(meets(pattern, template), "{pattern} {template}");
        }
        for (pattern, template) in
            [("v", "v{n}"), ("vx*", "v{n}"), ("*-", "a-{n}"), ("release*", "build-{n}"), ("V*", "v{n}")]
        {
            assert!(!meets(pattern, template), "{pattern} {template}");
        }
        assert!(Shape::pattern("build-1*").overlaps(&Shape::template("build-{n}")));
        assert!(!Shape::pattern("prod*").overlaps(&Shape::pattern("beta*")));
        assert!(Shape::pattern("v*").overlaps(&Shape::pattern("v1*")));
        // A character of several bytes is none that a tag has, and no reason to fall over.
        assert!(!Shape::template("é{n}").overlaps(&Shape::pattern("v*")));
    }

    /// The slow twin: every tag of up to four characters of a small alphabet.
    #[test]
    fn shapes_overlap_exactly_when_some_short_tag_is_of_both() {
        let alphabet = ["", "a", "1", "2"];
        let texts: Vec<String> =
            (0..256).map(|n| (0..4).map(|place| alphabet[n >> (2 * place) & 3]).collect()).collect();
        let of = |text: &str, shape: &Shape| shape.overlaps(&Shape(text.bytes().map(Step::Byte).collect()));
        let shapes: Vec<Shape> = ["a*", "*1", "a1", "*a*"]
            .map(Shape::pattern)
            .into_iter()
            .chain(["{n}", "a{n}", "{n}a", "a"].map(Shape::template))
            .collect();
        for one in &shapes {
            for two in &shapes {
                let both = texts.iter().any(|text| of(text, one) && of(text, two));
                assert_eq!(one.overlaps(two), both, "{one:?} {two:?}");
            }
        }
    }
}
