//! Laws over any quantity, in its base unit: `constant`, `uniform`, `exponential`, `lognormal`, `geometric`,
//! `quantiles` and `values`. A plain value is a constant.

use std::sync::Arc;

use super::{Reading, one_or_many};
use crate::formats::quantiles;
use crate::scenario::tree::{Node, Origin, Value};
use crate::sim::Law;
use crate::units::parse::{self, ParseError};

/// What a law is over, and so how its values are written. Draws are in the base unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Bytes.
    Size,
    /// Nanoseconds.
    Duration,
    /// Whole numbers.
    Count,
    /// Fractions.
    Share,
}

/// Standard normal quantiles of 90 %, 95 % and 99 %.
const NORMAL: [(&str, f64); 3] =
    [("p90", 1.281_551_565_544_600_5), ("p95", 1.644_853_626_951_472_2), ("p99", 2.326_347_874_040_841)];

const LAWS: [&str; 7] = ["constant", "uniform", "exponential", "lognormal", "geometric", "quantiles", "values"];

impl Reading<'_> {
    /// One value of a quantity in its base unit.
    pub fn value(&mut self, node: &Node, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Size => self.size(node).map(|bytes| bytes as f64),
            Quantity::Duration => self.duration(node).map(|span| span.0 as f64),
            Quantity::Count => match &node.value {
                Value::Number(number) => Some(*number).filter(|number| *number >= 0.0),
                _ => self.count(node, 0).map(f64::from),
            },
            Quantity::Share => self.share(node),
        }
    }

    /// A law, or a plain value.
    pub fn law(&mut self, node: &Node, quantity: Quantity) -> Option<Law> {
        let Value::Table(entries) = &node.value else { return self.value(node, quantity).map(Law::Constant) };
        let [entry] = entries.as_slice() else {
            // What a refused part has left empty has been reported.
            if entries.is_empty() {
                return None;
            }
            self.error(&node.origin, "a law has one name", format!("laws: {}", LAWS.join(", ")));
            return None;
        };
        let (body, origin) = (&entry.node, &entry.key_origin);
        match entry.key.as_str() {
            "constant" => self.value(body, quantity).map(Law::Constant),
            "uniform" => {
                let (min, max) = (self.part(body, "min", quantity), self.part(body, "max", quantity));
                let (min, max) = (min?, max?);
                if min > max {
                    self.error(&body.origin, "`min` is above `max`", "");
                    return None;
                }
                Some(Law::Uniform { min, max })
            }
            "exponential" => {
                let max = self.optional(body, "max", |r, n| r.value(n, quantity));
                Some(Law::Exponential { mean: self.part(body, "mean", quantity)?, max })
            }
            "lognormal" => self.lognormal(body, quantity),
            "geometric" if quantity != Quantity::Count => {
                self.error(origin, "a geometric law is one of counts", "");
                None
            }
            "geometric" => {
                let mean = self.needed(body, "mean", "a geometric law")?;
                Some(Law::Geometric { mean: self.number(mean, 1.0)? })
            }
            "quantiles" => self.quantiles(body, quantity),
            "values" => self.sample(body, quantity),
            name => {
                let near = crate::formats::did_you_mean(name, LAWS);
                self.error(origin, format!("unknown law `{name}`{near}"), format!("laws: {}", LAWS.join(", ")));
                None
            }
        }
    }

    fn part(&mut self, body: &Node, key: &str, quantity: Quantity) -> Option<f64> {
        let node = self.needed(body, key, "this law")?;
        self.value(node, quantity)
    }

    fn lognormal(&mut self, body: &Node, quantity: Quantity) -> Option<Law> {
        let median = self.part(body, "median", quantity)?;
        let max = self.optional(body, "max", |r, n| r.value(n, quantity));
        if let Some(sigma) = body.get("sigma") {
            return Some(Law::Lognormal { median, sigma: self.number(sigma, 0.0)?, max });
        }
        for (key, z) in NORMAL {
            let Some(node) = body.get(key) else { continue };
            let value = self.value(node, quantity)?;
            if median <= 0.0 || value < median {
                self.error(&node.origin, format!("`{key}` is below the median, or the median is zero"), "");
                return None;
            }
            return Some(Law::Lognormal { median, sigma: libm::log(value / median) / z, max });
        }
        self.error(&body.origin, "a lognormal law needs one of `p90`, `p95`, `p99`, `sigma`", "");
        None
    }

    fn quantiles(&mut self, body: &Node, quantity: Quantity) -> Option<Law> {
        let mut points: Vec<(f64, f64)> = Vec::new();
        let mut origins: Vec<Origin> = Vec::new();
        if body.text().is_some() {
            let file = self.file(body)?;
            let rows = self.rows(&file, quantiles::points(&file.text))?;
            for ((q, q_span), (v, v_span)) in rows {
                let (q_origin, v_origin) = (self.place(&file, q_span), self.place(&file, v_span));
                let q = self.cell(&q_origin, &q, Quantity::Share);
                let v = self.cell(&v_origin, &v, quantity);
                points.extend(q.zip(v));
                origins.push(v_origin);
            }
            if points.len() < origins.len() {
                return None;
            }
        } else {
            for item in one_or_many(body) {
                let [q, v] = item.items() else {
                    let message = "a point is a pair such as [\"50%\", \"210 MB\"]";
                    self.error(&item.origin, message, "");
                    return None;
                };
                let (q, v) = (self.share(q), self.value(v, quantity));
                points.push((q?, v?));
                origins.push(item.origin.clone());
            }
        }
        for (pair, origin) in points.windows(2).zip(origins.iter().skip(1)) {
            if pair[0].0 >= pair[1].0 || pair[0].1 > pair[1].1 {
                self.error(origin, "points ascend in quantile and value", "");
                return None;
            }
        }
        if points.is_empty() {
            self.error(&body.origin, "a quantile law needs a point", "");
            return None;
        }
        Some(Law::Quantiles(points))
    }

    fn sample(&mut self, body: &Node, quantity: Quantity) -> Option<Law> {
        let file = self.file(body)?;
        let cells = self.rows(&file, quantiles::values(&file.text))?;
        let total = cells.len();
        let values: Vec<f64> = cells
            .into_iter()
            .filter_map(|(text, span)| {
                let origin = self.place(&file, span);
                self.cell(&origin, &text, quantity)
            })
            .collect();
        (values.len() == total).then(|| Law::Values(Arc::from(values)))
    }

    /// A cell of a file as a quantity.
    fn cell(&mut self, origin: &Origin, text: &str, quantity: Quantity) -> Option<f64> {
        let read: Result<f64, ParseError> = match quantity {
            Quantity::Size => parse::size(text).map(|bytes| bytes.0 as f64),
            Quantity::Duration => parse::duration(text).map(|span| span.0 as f64),
            Quantity::Share => parse::share(text),
            Quantity::Count => text.parse::<u32>().map(f64::from).map_err(|_| ParseError {
                message: format!("expected a count, found {}", parse::found(text)),
                label: String::new(),
            }),
        };
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(origin, error.message, error.label);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    fn law(text: &str, quantity: Quantity) -> (Option<Law>, Vec<(String, String, String)>) {
        read(&format!("law = {text}"), "2026-01-01T00:00:00Z", 30, |reading, root| {
            reading.optional(root, "law", |r, n| r.law(n, quantity))
        })
    }

    #[test]
    fn a_plain_value_is_a_constant_in_the_base_unit() {
        assert_eq!(law("\"30s\"", Quantity::Duration).0, Some(Law::Constant(30e9)));
        assert_eq!(law("{ constant = \"200 MB\" }", Quantity::Size).0, Some(Law::Constant(200e6)));
        assert_eq!(law("8", Quantity::Count).0, Some(Law::Constant(8.0)));
    }

    #[test]
    fn a_lognormal_law_is_fixed_by_its_median_and_one_quantile() {
        let Some(Law::Lognormal { median, sigma, max: None }) =
            law("{ lognormal = { median = \"30s\", p99 = \"30m\" } }", Quantity::Duration).0
        else {
            panic!("a lognormal law")
        };
        assert_eq!(median, 30e9);
        assert!((sigma - 60f64.ln() / 2.326_347_874).abs() < 1e-9);
        let (none, problems) = law("{ lognormal = { median = \"30s\" } }", Quantity::Duration);
        assert_eq!(none, None);
        assert_eq!(problems[0].0, "a lognormal law needs one of `p90`, `p95`, `p99`, `sigma`");
    }

    #[test]
    fn quantiles_are_pairs_in_order() {
        let text = "{ quantiles = [[\"10%\", \"21 MB\"], [\"50%\", \"210 MB\"], [\"90%\", \"1.1 GB\"]] }";
        let points = vec![(0.1, 21e6), (0.5, 210e6), (0.9, 1.1e9)];
        assert_eq!(law(text, Quantity::Size).0, Some(Law::Quantiles(points)));
        let (_, problems) = law("{ quantiles = [[\"50%\", \"2 MB\"], [\"10%\", \"3 MB\"]] }", Quantity::Size);
        let expected = ("points ascend in quantile and value", "[\"10%\", \"3 MB\"]");
        assert_eq!((problems[0].0.as_str(), problems[0].2.as_str()), expected);
    }

    #[test]
    fn an_unknown_law_and_a_wrong_unit_are_named() {
        let (_, problems) = law("{ lognromal = { median = 1 } }", Quantity::Size);
        assert_eq!(problems[0].0, "unknown law `lognromal`, did you mean `lognormal`?");
        let (_, problems) = law("{ exponential = { mean = \"3 MB\" } }", Quantity::Duration);
        assert_eq!(problems[0].0, "expected a duration such as \"90d\", found a size");
        let (_, problems) = law("{ geometric = { mean = 3 } }", Quantity::Size);
        assert_eq!(problems[0].0, "a geometric law is one of counts");
    }

    #[test]
    fn a_table_of_points_may_stand_in_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sizes.csv");
        std::fs::write(&path, "quantile,value\n10%,21 MB\n90%,1 GB\n").expect("written");
        let text = format!("{{ quantiles = {:?} }}", path.display().to_string());
        assert_eq!(law(&text, Quantity::Size).0, Some(Law::Quantiles(vec![(0.1, 21e6), (0.9, 1e9)])));
        std::fs::write(&path, "value\n21 MB\n3 s\n").expect("written");
        let (none, problems) = law(&text.replace("quantiles", "values"), Quantity::Size);
        assert_eq!(none, None);
        assert_eq!(
            problems,
            [(
                "expected a size such as \"200 MB\", found a duration".to_string(),
                "size units: B kB MB GB TB, KiB MiB GiB TiB".to_string(),
                "3 s".to_string(),
            )]
        );
    }
}
