//! Places for labels that hide nothing: of several boxes the one with the least in it.

use super::canvas::{Area, Point};

/// What labels must not cover.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    lines: Vec<Vec<Point>>,
    boxes: Vec<Area>,
}

impl Taken {
    /// A line through these points.
    pub fn line(&mut self, points: Vec<Point>) {
        self.lines.push(points);
    }

    /// A mark or an earlier label.
    pub fn area(&mut self, area: Area) {
        self.boxes.push(area);
    }

    /// A dot.
    pub fn dot(&mut self, (x, y): Point, radius: f64) {
        self.area(Area { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius });
    }

    /// The first of these boxes that covers nothing, or else the one that covers least; from then on it is taken.
    pub fn choose(&mut self, boxes: impl IntoIterator<Item = Area>) -> Option<Area> {
        let mut best: Option<(f64, Area)> = None;
        for area in boxes {
            let covered = self.covered(area);
            if best.is_none_or(|(least, _)| covered < least) {
                best = Some((covered, area));
            }
        }
        let (_, area) = best?;
        self.area(area);
        Some(area)
    }

    /// How much a box covers: length of lines, and the half circumference of what it shares with other boxes.
    fn covered(&self, area: Area) -> f64 {
        let segments = self.lines.iter().flat_map(|line| line.windows(2));
        let lines: f64 = segments.map(|ends| inside(area, ends[0], ends[1])).sum();
        let shared = |other: &Area| {
            let across = area.right.min(other.right) - area.left.max(other.left);
            let down = area.bottom.min(other.bottom) - area.top.max(other.top);
            if across > 0.0 && down > 0.0 { across + down } else { 0.0 }
        };
        lines + self.boxes.iter().map(shared).sum::<f64>()
    }
}

/// Length of the part of a line between two points that lies in a box (Liang and Barsky).
fn inside(area: Area, (x, y): Point, (to_x, to_y): Point) -> f64 {
    let (across, down) = (to_x - x, to_y - y);
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    for (step, room) in
        [(-across, x - area.left), (across, area.right - x), (-down, y - area.top), (down, area.bottom - y)]
    {
        if step == 0.0 {
            if room < 0.0 {
                return 0.0;
            }
        } else if step < 0.0 {
            enters = enters.max(room / step);
        } else {
            leaves = leaves.min(room / step);
        }
    }
    (leaves - enters).max(0.0) * libm::hypot(across, down)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOX: Area = Area { left: 10.0, top: 20.0, right: 50.0, bottom: 40.0 };

    #[test]
    fn the_first_free_box_is_taken_and_then_no_longer_free() {
        let mut taken = Taken::default();
        taken.line(vec![(0.0, 30.0), (100.0, 30.0)]);
        let below = Area { top: 50.0, bottom: 70.0, ..BOX };
        let further = Area { top: 80.0, bottom: 100.0, ..BOX };
        let choose = |taken: &mut Taken| taken.choose([BOX, below, further]);
        assert_eq!(choose(&mut taken), Some(below));
        assert_eq!(choose(&mut taken), Some(further));
        // All are taken: what covers least is the line, not a whole label.
        assert_eq!(choose(&mut taken), Some(BOX));
        assert_eq!(taken.choose([]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(20260105), failure_persistence: None, ..ProptestConfig::with_cases(200) })]
        /// The slow twin: a thousand points of the line, and how many of them lie in the box.
        #[test]
        fn the_length_inside_is_that_of_the_points_inside(
            from in (0.0f64..60.0, 0.0f64..60.0), to in (0.0f64..60.0, 0.0f64..60.0)
        ) {
            const STEPS: usize = 1000;
            let along = |step: usize| {
                let share = (step as f64 + 0.5) / STEPS as f64;
                (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
            };
            let is_in = |(x, y): Point| (BOX.left..=BOX.right).contains(&x) && (BOX.top..=BOX.bottom).contains(&y);
            let length = libm::hypot(to.0 - from.0, to.1 - from.1);
            let counted = length * (0..STEPS).filter(|step| is_in(along(*step))).count() as f64 / STEPS as f64;
            prop_assert!((inside(BOX, from, to) - counted).abs() <= 2.0 * length / STEPS as f64 + 1e-9);
        }
    }
}
