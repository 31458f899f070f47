//! AWS regions: codes, places, and round-trip times between them.
//!
//! Codes and partitions are those of the price tables (facts C20 and C30 to C32); places are public knowledge, as exact
//! as a city. Round-trip times are measured for 21 regions and estimated from distance for the
//! others. Nothing here knows which regions a scenario uses.

use crate::units::Span;

mod distance;
mod measured;

/// A group of regions that shares nothing with another: images are never copied from one to the other (fact A37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// The regions for the government of the United States.
    AwsUsGov,
}

impl Partition {
    /// As in an ARN: `aws`, `aws-us-gov`.
    pub fn name(self) -> &'static str {
        match self {
            Partition::Aws => "aws",
            Partition::AwsUsGov => "aws-us-gov",
        }
    }
}

/// A region of AWS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionInfo {
    /// As in an ARN: `eu-west-1`.
    pub code: &'static str,
    /// Where it is, as people say it.
    pub place: &'static str,
    /// Degrees north of the equator.
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
    /// Which regions it can exchange images with.
    pub partition: Partition,
}

/// A round-trip time, and how we know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtt {
    /// There and back.
    pub span: Span,
    /// True when it comes from distance alone; reports name such pairs.
    pub estimated: bool,
}

/// Round-trip time inside a region: 1 ms, our choice (no source).
pub const IN_REGION_RTT: Span = Span(1_000_000);

const fn aws(code: &'static str, place: &'static str, latitude: f64, longitude: f64) -> RegionInfo {
    RegionInfo { code, place, latitude, longitude, partition: Partition::Aws }
}

const fn gov(code: &'static str, place: &'static str, latitude: f64, longitude: f64) -> RegionInfo {
    RegionInfo { code, place, latitude, longitude, partition: Partition::AwsUsGov }
}

/// Every region, by code.
static REGIONS: [RegionInfo; 36] = [
    aws("af-south-1", "Cape Town", -33.92, 18.42),
    aws("ap-east-1", "Hong Kong", 22.32, 114.17),
    aws("ap-east-2", "Taipei", 25.03, 121.57),
    aws("ap-northeast-1", "Tokyo", 35.68, 139.69),
    aws("ap-northeast-2", "Seoul", 37.57, 126.98),
    aws("ap-northeast-3", "Osaka", 34.69, 135.50),
    aws("ap-south-1", "Mumbai", 19.08, 72.88),
    aws("ap-south-2", "Hyderabad", 17.39, 78.49),
    aws("ap-southeast-1", "Singapore", 1.35, 103.82),
    aws("ap-southeast-2", "Sydney", -33.87, 151.21),
    aws("ap-southeast-3", "Jakarta", -6.21, 106.85),
    aws("ap-southeast-4", "Melbourne", -37.81, 144.96),
    aws("ap-southeast-5", "Kuala Lumpur", 3.15, 101.69),
    aws("ap-southeast-6", "Auckland", -36.85, 174.76),
    aws("ap-southeast-7", "Bangkok", 13.76, 100.50),
    aws("ca-central-1", "Montreal", 45.50, -73.57),
    aws("ca-west-1", "Calgary", 51.05, -114.07),
    aws("eu-central-1", "Frankfurt", 50.11, 8.68),
    aws("eu-central-2", "Zurich", 47.38, 8.54),
    aws("eu-north-1", "Stockholm", 59.33, 18.07),
    aws("eu-south-1", "Milan", 45.46, 9.19),
    aws("eu-south-2", "Aragon", 41.65, -0.88),
    aws("eu-west-1", "Ireland", 53.35, -6.26),
    aws("eu-west-2", "London", 51.51, -0.13),
    aws("eu-west-3", "Paris", 48.86, 2.35),
    aws("il-central-1", "Tel Aviv", 32.08, 34.78),
    aws("me-central-1", "Dubai", 25.20, 55.27),
    aws("me-south-1", "Bahrain", 26.07, 50.56),
    aws("mx-central-1", "Queretaro", 20.59, -100.39),
    aws("sa-east-1", "Sao Paulo", -23.55, -46.63),
    aws("us-east-1", "N. Virginia", 39.04, -77.49),
    aws("us-east-2", "Ohio", 39.96, -83.00),
    gov("us-gov-east-1", "Ohio (GovCloud)", 39.96, -83.00),
    gov("us-gov-west-1", "Oregon (GovCloud)", 45.84, -119.70),
    aws("us-west-1", "N. California", 37.35, -121.95),
    aws("us-west-2", "Oregon", 45.84, -119.70),
];

/// Every region, by code.
pub fn all() -> &'static [RegionInfo] {
    &REGIONS
}

/// The region with this code.
pub fn find(code: &str) -> Option<&'static RegionInfo> {
    REGIONS.iter().find(|region| region.code == code)
}

/// How many edits away a code may be to be offered as a correction.
const FAR: usize = 3;

/// What a misspelt code was probably meant to be: the region at that place (`frankfurt`), or the code fewest edits away.
pub fn near(code: &str) -> Option<&'static str> {
    let wanted = code.to_lowercase();
    if let Some(region) = REGIONS.iter().find(|region| region.place.to_lowercase() == wanted) {
        return Some(region.code);
    }
    REGIONS
        .iter()
        .map(|region| (strsim::damerau_levenshtein(region.code, &wanted), region.code))
        .min_by_key(|(edits, _)| *edits)
        .filter(|(edits, _)| *edits < FAR)
        .map(|(_, code)| code)
}

/// Why this is no region, with what was probably meant; `None` = it is one.
pub fn refused(code: &str) -> Option<String> {
    if find(code).is_some() {
        return None;
    }
    let near = near(code).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    Some(format!("no region `{code}`{near}"))
}

/// The round-trip time from one region to another: measured where it was, else estimated from distance.
pub fn rtt(from: &RegionInfo, to: &RegionInfo) -> Rtt {
    if from.code == to.code {
        return Rtt { span: IN_REGION_RTT, estimated: false };
    }
    let place = |code| measured::REGIONS.iter().position(|region| *region == code);
    match (place(from.code), place(to.code)) {
        (Some(row), Some(column)) => {
            let milliseconds = i64::from(measured::MILLISECONDS[row][column]);
            Rtt { span: Span(milliseconds * 1_000_000), estimated: false }
        }
        _ => Rtt { span: distance::estimate(from, to), estimated: true },
    }
}

/// The round-trip time that distance alone suggests, also where it was measured.
pub fn rtt_by_distance(from: &RegionInfo, to: &RegionInfo) -> Span {
    distance::estimate(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(from: &str, to: &str) -> (i64, bool) {
        let rtt = rtt(find(from).expect("known"), find(to).expect("known"));
        (rtt.span.0 / 1_000_000, rtt.estimated)
    }

    #[test]
    fn codes_are_sorted_and_distinct() {
        assert!(REGIONS.is_sorted_by(|a, b| a.code < b.code));
        assert!(measured::REGIONS.iter().all(|code| find(code).is_some()));
    }

    #[test]
    fn measured_pairs_keep_their_directions() {
        assert_eq!(milliseconds("us-east-1", "eu-west-1"), (85, false));
        assert_eq!(milliseconds("us-east-1", "ap-northeast-1"), (168, false));
        assert_eq!(milliseconds("ap-northeast-1", "us-east-1"), (169, false));
        assert_eq!(milliseconds("eu-west-1", "eu-west-1"), (1, false));
    }

    #[test]
    fn other_pairs_are_estimates_and_the_same_both_ways() {
        let (there, estimated) = milliseconds("eu-west-1", "eu-west-3");
        assert!(estimated);
        assert_eq!(there, 16); // 3.757 + 0.015828 × 784 km
        for from in &REGIONS {
            for to in REGIONS.iter().filter(|to| rtt(from, to).estimated) {
                assert_eq!(rtt(from, to), rtt(to, from));
            }
        }
    }

    #[test]
    fn no_answer_comes_faster_than_light_in_glass() {
        for from in &REGIONS {
            for to in &REGIONS {
                assert!(rtt(from, to).span.as_seconds() * 1e3 >= 0.0098 * distance::kilometres(from, to));
            }
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_corrected() {
        assert_eq!(near("eu-west1"), Some("eu-west-1"));
        assert_eq!(near("us-esat-1"), Some("us-east-1"));
        assert_eq!(near("EU-CENTRAL-1"), Some("eu-central-1"));
        assert_eq!(near("us-east-1a"), Some("us-east-1"));
        assert_eq!(near("frankfurt"), Some("eu-central-1"));
        assert_eq!(near("the-moon"), None);
    }

    /// Set `REPLISIM_DATA` to a folder with `skyplane/rtt_2022_04.csv` (the profile's own columns) to run this.
    #[test]
    fn the_table_is_the_published_profile_rounded() {
        let Some(folder) = std::env::var_os("REPLISIM_DATA") else {
            eprintln!("skipped: REPLISIM_DATA is not set");
            return;
        };
        let path = std::path::Path::new(&folder).join("skyplane/rtt_2022_04.csv");
        let Ok(mut reader) = csv::Reader::from_path(&path) else {
            eprintln!("skipped: no {}", path.display());
            return;
        };
        let headers = reader.headers().expect("a header row").clone();
        let column = |name: &str| headers.iter().position(|header| header == name).expect("the profile's columns");
        let (from, to, average) = (column("src_region"), column("dst_region"), column("avg_rtt_ms"));
        let mut compared = 0;
        for row in reader.records().map(|row| row.expect("a readable row")) {
            let (Some(from), Some(to)) = (row[from].strip_prefix("aws:"), row[to].strip_prefix("aws:")) else {
                continue;
            };
            let rounded = row[average].parse::<f64>().expect("a number").round() as i64;
            assert_eq!(milliseconds(from, to), (rounded, false), "{from} to {to}");
            compared += 1;
        }
        assert_eq!(compared, 420);
    }
}
