//! Primitives in a frame of 1600 × 900 units, drawn by plotters' SVG backend.
//!
//! plotters' backends take whole pixels, which would turn flat curves into stairs; so everything is drawn at four times
//! the size and the `<svg>` element is rewritten to show it at one. All sizes here are in units of the frame. Text is
//! placed by its baseline.

use std::fmt::Write;

use plotters::coord::Shift;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor, ShapeStyle, TextStyle};

use super::font::{self, Weight};
use super::palette::Colour;

/// Units across.
pub const WIDTH: f64 = 1600.0;
/// Units down.
pub const HEIGHT: f64 = 900.0;
/// Pixels of the backend per unit.
const FINE: f64 = 4.0;
/// The backend puts the baseline so many ems below the top of a text.
const ASCENT: f64 = 0.76;

/// A place in the frame, from the top left.
pub type Point = (f64, f64);

/// Where a text hangs on its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

/// A box of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Bottom edge.
    pub bottom: f64,
}

impl Area {
    /// Units across.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Units down.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Type {
    /// Units per em.
    pub size: f64,
    /// Weight.
    pub weight: Weight,
    /// Colour.
    pub colour: Colour,
    /// Alignment.
    pub anchor: Anchor,
}

impl Type {
    /// Regular text that begins at its point.
    pub const fn new(size: f64, colour: Colour) -> Type {
        Type { size, weight: Weight::Regular, colour, anchor: Anchor::Start }
    }

    /// The same in semi-bold.
    pub const fn bold(self) -> Type {
        Type { weight: Weight::SemiBold, ..self }
    }

    /// The same, hanging otherwise.
    pub const fn anchored(self, anchor: Anchor) -> Type {
        Type { anchor, ..self }
    }

    /// Width of a text of this type.
    pub fn width(&self, text: &str) -> f64 {
        font::width(text, self.size, self.weight)
    }
}

/// The drawing surface.
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws with `paint` and returns the SVG document; `alt` describes it to those who cannot see it.
pub fn svg(alt: &str, paint: impl FnOnce(&Canvas)) -> String {
    let mut buffer = String::new();
    let (width, height) = ((WIDTH * FINE) as u32, (HEIGHT * FINE) as u32);
    {
        let canvas = Canvas { area: SVGBackend::with_string(&mut buffer, (width, height)).into_drawing_area() };
        canvas.rectangle(Area { left: 0.0, top: 0.0, right: WIDTH, bottom: HEIGHT }, super::palette::WHITE);
        paint(&canvas);
        // Writing into memory cannot fail, and there is nobody to tell.
        let _ = canvas.area.present();
    }
    let body = buffer.split_once('>').map_or("", |(_, body)| body);
    let mut label = String::new();
    for letter in alt.chars() {
        match letter {
            '&' => label.push_str("&amp;"),
            '<' => label.push_str("&lt;"),
            '>' => label.push_str("&gt;"),
            '"' => label.push_str("&quot;"),
            letter => label.push(letter),
        }
    }
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-label=\"{label}\" stroke-linejoin=\"round\">"
    );
    // The backend puts texts on lines of their own; a trailing line break could be taken for a space.
    out.push_str(&body.replace("\n</text>", "</text>"));
    if out.contains(is_no_xml) { out.replace(is_no_xml, "\u{fffd}") } else { out }
}

/// Whether XML has no place for a letter, whatever is written for it: names of files and titles may hold such.
fn is_no_xml(letter: char) -> bool {
    letter < ' ' && !['\t', '\n', '\r'].contains(&letter) || ['\u{fffe}', '\u{ffff}'].contains(&letter)
}

fn fine(point: Point) -> (i32, i32) {
    ((point.0 * FINE).round() as i32, (point.1 * FINE).round() as i32)
}

fn rgb(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

impl<'a> Canvas<'a> {
    fn put<E>(&self, element: E)
    where
        for<'e> &'e E: PointCollection<'e, (i32, i32)>,
        E: Drawable<SVGBackend<'a>>,
    {
        // The backend writes into memory, which cannot fail.
        let _ = self.area.draw(&element);
    }

    /// A filled box.
    pub fn rectangle(&self, area: Area, colour: Colour) {
        let style = ShapeStyle { color: rgb(colour).to_rgba(), filled: true, stroke_width: 0 };
        self.put(Rectangle::new([fine((area.left, area.top)), fine((area.right, area.bottom))], style));
    }

    /// A line through points.
    pub fn line(&self, points: &[Point], colour: Colour, width: f64) {
        if points.len() < 2 {
            return;
        }
        let style = ShapeStyle {
            color: rgb(colour).to_rgba(),
            filled: false,
            stroke_width: ((width * FINE).round() as u32).max(1),
        };
        self.put(PathElement::new(points.iter().copied().map(fine).collect::<Vec<_>>(), style));
    }

    /// A line through points, dashed; no dashes is a solid line.
    pub fn dashed(&self, points: &[Point], colour: Colour, width: f64, dash: &[f64]) {
        if dash.is_empty() {
            return self.line(points, colour, width);
        }
        let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
        let (mut index, mut left) = (0, dash[0]);
        for pair in points.windows(2) {
            let (mut from, to) = (pair[0], pair[1]);
            loop {
                let length = libm::hypot(to.0 - from.0, to.1 - from.1);
                if length < left {
                    left -= length;
                    piece.push(to);
                    break;
                }
                let share = left / length;
                from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
                piece.push(from);
                if index % 2 == 0 {
                    self.line(&piece, colour, width);
                }
                piece = vec![from];
                index += 1;
                left = dash[index % dash.len()];
            }
        }
        if index % 2 == 0 {
            self.line(&piece, colour, width);
        }
    }

    /// A filled shape.
    pub fn polygon(&self, points: &[Point], colour: Colour) {
        let points: Vec<_> = points.iter().copied().map(fine).collect();
        self.put(Polygon::new(points, rgb(colour).filled()));
    }

    /// A filled dot.
    pub fn dot(&self, centre: Point, radius: f64, colour: Colour) {
        self.put(Circle::new(fine(centre), (radius * FINE).round() as u32, rgb(colour).filled()));
    }

    /// A text whose baseline is at the point.
    pub fn text(&self, at: Point, text: &str, look: Type) {
        let horizontal = match look.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let colour = rgb(look.colour);
        let style = TextStyle::from(font::description(look.size * FINE, look.weight))
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Top));
        self.put(Text::new(text.to_owned(), fine((at.0, at.1 - ASCENT * look.size)), style));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::palette::INK;

    #[test]
    fn the_document_is_drawn_fine_and_shown_at_slide_size() {
        let svg = svg("a \"quoted\" <alt>", |canvas| canvas.line(&[(0.0, 0.0), (1.25, 1.0)], INK, 2.0));
        assert!(svg.starts_with(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1600\" height=\"900\" viewBox=\"0 0 6400 3600\""
        ));
        assert!(svg.contains("points=\"0,0 5,4 \""), "{svg}");
        assert!(svg.contains("aria-label=\"a &quot;quoted&quot; &lt;alt&gt;\""));
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn a_name_that_xml_cannot_hold_makes_no_broken_document() {
        let svg = svg("a\u{7}\u{1b}[31m\u{ffff}b\tc", |canvas| canvas.line(&[(0.0, 0.0), (1.0, 1.0)], INK, 2.0));
        assert!(svg.contains("a\u{fffd}\u{fffd}[31m\u{fffd}b\tc"), "{svg}");
        assert!(resvg::usvg::roxmltree::Document::parse(&svg).is_ok());
    }

    #[test]
    fn dashes_cover_the_line_in_the_given_rhythm() {
        let svg = svg("", |canvas| canvas.dashed(&[(0.0, 0.0), (100.0, 0.0)], INK, 1.0, &[30.0, 20.0]));
        let pieces: Vec<&str> = svg.match_indices("points=\"").map(|(at, _)| &svg[at + 8..at + 8 + 6]).collect();
        assert_eq!(pieces.len(), 3, "on, off, on, off, and the last point");
        assert!(svg.contains("points=\"0,0 120,0 \"") && svg.contains("points=\"200,0 320,0 \""), "{svg}");
    }
}
