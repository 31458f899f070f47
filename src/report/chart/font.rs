//! The embedded font: two weights of Inter, cut down to what charts need (see `assets/fonts`).
//!
//! The same bytes measure text here, travel inside SVG files and pages, and are the only fonts that the PNG renderer
//! loads, so charts look the same on a machine without fonts.

use std::sync::{Arc, LazyLock};

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use resvg::usvg::fontdb;

/// Name of the embedded family.
pub const FAMILY: &str = "Inter";
/// What SVG text asks for: a reader without the font still gets one without serifs.
pub const FAMILIES: &str = "Inter, sans-serif";

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
const SEMI_BOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.otf");

/// How heavy text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// 400.
    Regular,
    /// 600, asked for as `bold`.
    SemiBold,
}

impl Weight {
    fn style(self) -> FontStyle {
        match self {
            Weight::Regular => FontStyle::Normal,
            Weight::SemiBold => FontStyle::Bold,
        }
    }
}

/// plotters divides sizes by this to get from its "size" to pixels per em.
const PLOTTERS_SIZE: f64 = 1.24;

/// The font of a text of `pixels` per em, as plotters wants it.
pub fn description(pixels: f64, weight: Weight) -> FontDesc<'static> {
    LazyLock::force(&REGISTERED);
    FontDesc::new(FontFamily::Name(FAMILIES), pixels * PLOTTERS_SIZE, weight.style())
}

static REGISTERED: LazyLock<()> = LazyLock::new(|| {
    for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, SEMI_BOLD)] {
        // Embedded bytes: whether they parse is settled by a test, and a failure only makes measuring fall back.
        let _ = register_font(FAMILIES, style, bytes);
    }
});

/// Width of a text (pixels) at `pixels` per em. Slightly generous: kerning is not counted.
pub fn width(text: &str, pixels: f64, weight: Weight) -> f64 {
    // Measured large, because plotters answers in whole pixels.
    const LARGE: f64 = 1000.0;
    let measured = description(LARGE, weight).box_size(text).map(|(width, _)| f64::from(width));
    // Without the font: the mean width of a Latin letter.
    measured.unwrap_or(0.55 * LARGE * text.chars().count() as f64) * pixels / LARGE
}

/// The text, shortened with an ellipsis until it is at most `room` wide.
pub fn fit(text: &str, pixels: f64, weight: Weight, room: f64) -> String {
    if width(text, pixels, weight) <= room {
        return text.to_owned();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.pop().is_some() {
        let shorter = format!("{}…", letters.iter().collect::<String>().trim_end());
        if width(&shorter, pixels, weight) <= room {
            return shorter;
        }
    }
    String::new()
}

/// Breaks a text at spaces into lines of at most `room`; a number stays with what follows it, as in `1 Apr` or `12 s`.
pub fn wrap(text: &str, pixels: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match words.last_mut() {
            Some(number) if number.ends_with(|letter: char| letter.is_ascii_digit()) => {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), pixels, weight) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// The fonts for the PNG renderer.
pub fn database() -> Arc<fontdb::Database> {
    static DATABASE: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut database = fontdb::Database::new();
        database.load_font_data(REGULAR.to_vec());
        database.load_font_data(SEMI_BOLD.to_vec());
        database.set_sans_serif_family(FAMILY);
        Arc::new(database)
    });
    Arc::clone(&DATABASE)
}

/// `@font-face` rules that carry both weights.
pub fn css() -> &'static str {
    static CSS: LazyLock<String> = LazyLock::new(|| {
        [(400, REGULAR), (700, SEMI_BOLD)]
            .map(|(weight, bytes)| {
                format!(
                    "@font-face{{font-family:{FAMILY};font-weight:{weight};src:url(data:font/otf;base64,{}) format(\"opentype\")}}",
                    base64(bytes)
                )
            })
            .concat()
    });
    &CSS
}

/// RFC 4648 base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * position) & 63) as usize];
            out.push(if position <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_weights_are_there_and_measured() {
        assert_eq!(database().len(), 2);
        let (regular, bold) =
            (width("Replication", 20.0, Weight::Regular), width("Replication", 20.0, Weight::SemiBold));
        assert!(regular > 90.0 && regular < bold && bold < 130.0, "{regular} {bold}");
        assert!((width("1111", 20.0, Weight::Regular) - width("8888", 20.0, Weight::Regular)).abs() < 0.1, "tabular");
    }

    #[test]
    fn long_names_are_shortened_to_their_room() {
        let short = fit("replicate-production-only-with-exceptions", 18.0, Weight::Regular, 120.0);
        assert!(short.ends_with('…') && width(&short, 18.0, Weight::Regular) <= 120.0, "{short}");
        assert_eq!(fit("short", 18.0, Weight::Regular, 120.0), "short");
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, code) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }
}
