//! The scenarios, and how long the engine takes for them.

use replisim::engine::{self, Outcome};
use replisim::scenario::Scenario;

use crate::estates::{REGIONS, Steady, of};
use crate::{Panel, Point, Series, cpu};

/// Pulls of a run from which the cost of a pull is told where the estate grows, and of the run that is taken off it, since
/// setting up an estate is not the cost of pulls.
const PULLS: [f64; 2] = [50_000_000.0, 10_000_000.0];

/// Flows of a run.
const FLOWS: f64 = 200_000.0;

/// More and more pulls by the same estate.
pub fn pulls(decades: i32) -> Panel {
    let line = |name, warm| Series {
        name,
        points: (5..=decades)
            .map(|decade| {
                let (outcome, seconds) = run(&Steady::new(10f64.powi(decade), warm).scenario());
                told("pulls", Point { x: 10f64.powi(decade), items: outcome.pulls, seconds })
            })
            .collect(),
    };
    Panel {
        name: "pulls",
        title: "One pull, of more and more",
        axis: "pulls in the run",
        series: vec![line("warm", true), line("cold", false)],
    }
}

/// More and more flows on one link at once.
pub fn flows() -> Panel {
    let line = |name, slow_start| Series {
        name,
        points: [10.0, 100.0, 1_000.0, 10_000.0]
            .into_iter()
            .map(|flows| {
                let (outcome, seconds) = run(&shared_link(flows, slow_start));
                told("flows", Point { x: flows, items: outcome.pulls_cold, seconds })
            })
            .collect(),
    };
    Panel {
        name: "flows",
        title: "One flow over a shared link, among more and more",
        axis: "flows in flight",
        series: vec![line("slow start as a delay", "delay"), line("as a ramp", "ramp")],
    }
}

/// The same number of pulls by estates of more and more repositories.
pub fn repositories() -> Panel {
    let at = |count| (count as f64, Steady { repositories: count, ..Steady::new(0.0, true) });
    Panel {
        name: "repositories",
        title: "One pull, from an estate of more and more repositories",
        axis: "repositories",
        series: warm_and_cold("repositories", &[10, 100, 1_000, 10_000].map(at)),
    }
}

/// The same number of pulls by estates of more and more regions, each with a cache: the service replicates to 25 at most.
pub fn regions() -> Panel {
    let cache = r#""pull-through-cache""#;
    let at = |count| (count as f64, Steady { regions: count, strategy: cache, ..Steady::new(0.0, true) });
    Panel {
        name: "regions",
        title: "One pull, in an estate of more and more regions",
        axis: "regions",
        series: warm_and_cold("regions", &[2, 4, 8, 16, REGIONS.len()].map(at)),
    }
}

fn warm_and_cold(panel: &str, estates: &[(f64, Steady)]) -> Vec<Series> {
    let line = |name, warm| Series {
        name,
        points: estates
            .iter()
            .map(|(x, estate)| {
                let [(much, more), (little, less)] =
                    PULLS.map(|pulls| run(&Steady { pulls, warm, ..*estate }.scenario()));
                told(panel, Point { x: *x, items: much.pulls - little.pulls, seconds: more - less })
            })
            .collect(),
    };
    vec![line("warm", true), line("cold", false)]
}

/// Flows of 20 MB/s at most, on average so many at once, out of one registry whose egress is one standard deviation wider
/// than they need: so it is full a good part of the time, whatever their number.
fn shared_link(flows: f64, slow_start: &str) -> Scenario {
    let sizes = [40, 100, 160, 260, 440]; // 200 MB on average: ten seconds
    let (rate, egress) = (flows / 10.0, (flows + flows.sqrt()) * 20.0);
    let seconds = FLOWS / rate;
    let repositories = sizes.map(|size| {
        format!(
            r#"{{ name = "of-{size}", registry = "us-east-1", push = {{ rate = "1/30d" }}, existing = 1,
                 image = {{ size = "{size} MB", layers = 1, new_bytes = "100%" }} }}"#
        )
    });
    of(&format!(
        r#"
        schema = 1
        strategies = ["cross-region-pull"]
        run = {{ duration = "{seconds:.0}s", trials = 1 }}
        repositories = [{}]

        [network]
        preset = "ideal"
        stream_max = "20 MB/s"
        slow_start = "{slow_start}"
        rtt = {{ "us-east-1>eu-west-1" = "80 ms" }}
        registry_egress = "{egress:.0} MB/s"

        [[clusters]]
        name = "nodes"
        registry = "eu-west-1"
        nodes = 1000
        popularity = 0
        cache = "none"
        parallel_images = 64
        pulls = {{ rate = "{rate}/s" }}
        "#,
        repositories.join(", ")
    ))
}

/// The outcome, and the processor time (s) that it took.
fn run(scenario: &Scenario) -> (Outcome, f64) {
    let begun = cpu::seconds();
    let outcome = engine::run(&scenario.model, 0, scenario.run.seed, 1);
    let seconds = cpu::seconds() - begun;
    (outcome, seconds)
}

/// Says how it goes, since a run of 10^8 pulls takes a while.
fn told(panel: &str, point: Point) -> Point {
    eprintln!("{panel}: {} items at {} took {:.0} ns each", point.items, point.x, point.nanoseconds_per_item());
    point
}
