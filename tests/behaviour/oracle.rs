//! The whole program against a second reading of the contract that shares no code with it.
//!
//! The oracle walks hour by hour over plain sets: at each full hour come pushes, then copies, then lifecycle and
//! time-to-live, then the job, then pulls; what is stored after that is stored for the hour. Scenarios are small and
//! random (fixed seeds), in whole hours, on an ideal network: every amount of every bill must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::common::{Random, run, summary};
use replisim::study::tables::Tables;

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-southeast-1"];
const ACCOUNTS: [&str; 2] = ["one", "two"];
/// Dollars for a GB out of each region to another.
const CROSSING: [f64; 3] = [0.02, 0.02, 0.09];
/// Starts, and the hours in the months from there on.
const STARTS: [(&str, [usize; 3]); 3] = [
    ("2026-01-20", [12 * 24, 28 * 24, 31 * 24]),
    ("2026-02-10", [19 * 24, 31 * 24, 30 * 24]),
    ("2026-04-01", [30 * 24, 31 * 24, 30 * 24]),
];
const GB: f64 = (1u64 << 30) as f64;

/// Account and region.
type Place = (usize, usize);
/// Repository, place in the image from the bottom, and the version that brought it (0 for all that share it).
type Layer = (usize, usize, usize);
/// Repository and version.
type Image = (usize, usize);

#[derive(Clone, Copy)]
enum Expire {
    Never,
    Keep(usize),
    Days(usize),
}

struct Repository {
    home: Place,
    megabytes: Vec<u64>,
    /// Layers that a version brings, from the top down.
    fresh: usize,
    pushes: Vec<usize>,
    expire: Expire,
}

struct Cluster {
    place: Place,
    remembers: bool,
    /// Hour, repository, version.
    pulls: Vec<(usize, Image)>,
}

struct Case {
    start: usize,
    hours: usize,
    repositories: Vec<Repository>,
    clusters: Vec<Cluster>,
    replicas: Expire,
    ttl: usize,
    job_at: Vec<usize>,
    runner: Runner,
    centre: Place,
}

#[derive(Clone, Copy)]
enum Runner {
    Source,
    Destination,
    At(Place),
}

#[derive(Clone, Copy, PartialEq)]
enum Strategy {
    Across,
    Central,
    Replicate,
    Cache(Option<usize>),
    Job,
}

/// By place and repository: images with the hour of their arrival and of their last use, oldest first.
type Shelves = BTreeMap<(Place, usize), Vec<(Image, usize, usize)>>;

/// What stands where, and what a bill should hold of it: dollars by line item, account, region and month; and counts.
#[derive(Default)]
struct Books {
    shelves: Shelves,
    dollars: BTreeMap<(&'static str, usize, usize, usize), f64>,
    cold: u64,
    failed: u64,
    copies: u64,
}

impl Case {
    fn draw(seed: u64) -> Case {
        let mut random = Random(seed);
        let hours = 24 * random.between(20, 45);
        let place = |random: &mut Random| (random.below(2), random.below(3));
        let expire = |random: &mut Random| match random.below(3) {
            0 => Expire::Never,
            1 => Expire::Keep(random.between(1, 4)),
            _ => Expire::Days(random.between(3, 15)),
        };
        let repositories: Vec<Repository> = (0..random.between(1, 3))
            .map(|_| {
                let layers = random.between(1, 4);
                let mut pushes: Vec<usize> = (0..random.between(1, 7)).map(|_| random.below(hours)).collect();
                pushes.sort_unstable();
                pushes.dedup();
                Repository {
                    home: place(&mut random),
                    megabytes: (0..layers).map(|_| random.between(1, 900) as u64).collect(),
                    fresh: random.between(1, layers),
                    pushes,
                    expire: expire(&mut random),
                }
            })
            .collect();
        let mut places: Vec<Place> = (0..random.between(1, 4)).map(|_| place(&mut random)).collect();
        places.sort_unstable();
        places.dedup();
        let clusters: Vec<Cluster> = places
            .iter()
            .map(|place| {
                let pull = |random: &mut Random| {
                    let repository = random.below(repositories.len());
                    let version = random.below(repositories[repository].pushes.len());
                    let since = repositories[repository].pushes[version];
                    (since + random.below((hours - since).min(200)), (repository, version))
                };
                let mut pulls: Vec<(usize, Image)> = (0..random.below(9)).map(|_| pull(&mut random)).collect();
                pulls.sort_unstable();
                Cluster { place: *place, remembers: random.below(3) == 0, pulls }
            })
            .collect();
        let mentioned = |random: &mut Random| match random.below(2) {
            0 => clusters[random.below(clusters.len())].place,
            _ => repositories[random.below(repositories.len())].home,
        };
        let runner = match random.below(3) {
            0 => Runner::Source,
            1 => Runner::Destination,
            _ => Runner::At(mentioned(&mut random)),
        };
        let centre = mentioned(&mut random);
        let mut job_at: Vec<usize> = (0..random.between(1, 3)).map(|_| random.below(24)).collect();
        job_at.sort_unstable();
        job_at.dedup();
        let (start, ttl) = (random.below(3), random.between(1, 150));
        Case { start, hours, replicas: expire(&mut random), ttl, job_at, runner, centre, repositories, clusters }
    }

    fn layers(&self, (repository, version): Image) -> Vec<Layer> {
        let Repository { megabytes, fresh, .. } = &self.repositories[repository];
        let first = megabytes.len() - fresh;
        (0..megabytes.len()).map(|layer| (repository, layer, if layer < first { 0 } else { version })).collect()
    }

    fn bytes(&self, layer: Layer) -> f64 {
        self.repositories[layer.0].megabytes[layer.1] as f64 * 1e6
    }

    /// The month of an hour, and the hours of that whole month.
    fn month(&self, hour: usize) -> (usize, f64) {
        let whole = [[744, 672, 744], [672, 744, 720], [720, 744, 720]][self.start];
        let mut left = hour;
        let month = STARTS[self.start].1.iter().position(|hours| {
            let here = left < *hours;
            left = left.saturating_sub(*hours);
            here
        });
        let month = month.expect("runs are shorter than three months");
        (month, whole[month] as f64)
    }

    /// Whether two places are in different regions, and what a GB from the first to the second costs.
    fn crossing(&self, from: Place, to: Place) -> f64 {
        if from.1 == to.1 { 0.0 } else { CROSSING[from.1] }
    }

    fn destinations(&self, home: Place) -> impl Iterator<Item = Place> {
        self.clusters.iter().map(|cluster| cluster.place).filter(move |place| *place != home)
    }

    fn simulate(&self, strategy: Strategy) -> Books {
        let mut books = Books::default();
        let mut nodes: Vec<BTreeSet<Layer>> = vec![BTreeSet::new(); self.clusters.len()];
        let mut to_do: Vec<(Image, Place)> = Vec::new();
        let home = |repository: usize| match strategy {
            Strategy::Central => self.centre,
            _ => self.repositories[repository].home,
        };
        for hour in 0..self.hours {
            let (month, whole) = self.month(hour);
            for (repository, spec) in self.repositories.iter().enumerate() {
                let Some(version) = spec.pushes.iter().position(|push| *push == hour) else { continue };
                let image = (repository, version);
                books.shelves.entry((home(repository), repository)).or_default().push((image, hour, hour));
                for to in self.destinations(spec.home) {
                    match strategy {
                        Strategy::Replicate => self.copy(&mut books, image, spec.home, None, to, hour),
                        Strategy::Job => to_do.push((image, to)),
                        _ => {}
                    }
                }
            }
            for ((place, repository), images) in &mut books.shelves {
                let at_home = *place == home(*repository);
                if let (Strategy::Cache(Some(ttl)), false) = (strategy, at_home) {
                    images.retain(|(.., used)| used + ttl > hour);
                }
                if hour % 24 == 0 {
                    match if at_home { self.repositories[*repository].expire } else { self.replicas } {
                        Expire::Never => {}
                        Expire::Keep(kept) => drop(images.drain(..images.len().saturating_sub(kept))),
                        Expire::Days(days) => images.retain(|(_, since, _)| hour - since <= days * 24),
                    }
                }
            }
            if strategy == Strategy::Job && self.job_at.contains(&(hour % 24)) {
                for (image, to) in std::mem::take(&mut to_do) {
                    let from = self.repositories[image.0].home;
                    if holds(&books.shelves, from, image) {
                        self.copy(&mut books, image, from, Some(self.runner), to, hour);
                    }
                }
            }
            for (cluster, node) in self.clusters.iter().zip(&mut nodes) {
                for (_, image) in cluster.pulls.iter().filter(|(at, _)| *at == hour) {
                    self.pull(&mut books, strategy, cluster, node, *image, hour);
                }
            }
            for ((place, _), images) in &books.shelves {
                let layers: BTreeSet<Layer> = images.iter().flat_map(|(image, ..)| self.layers(*image)).collect();
                let bytes: f64 = layers.iter().map(|layer| self.bytes(*layer)).sum();
                *books.dollars.entry(("storage", place.0, place.1, month)).or_default() += bytes / GB * 0.1 / whole;
            }
        }
        books
    }

    fn pull(
        &self,
        books: &mut Books,
        strategy: Strategy,
        cluster: &Cluster,
        node: &mut BTreeSet<Layer>,
        image: Image,
        hour: usize,
    ) {
        let home = if strategy == Strategy::Central { self.centre } else { self.repositories[image.0].home };
        let missing: Vec<Layer> = self.layers(image).into_iter().filter(|layer| !node.contains(layer)).collect();
        let here = cluster.place;
        let mut from = match strategy {
            Strategy::Across | Strategy::Central => home,
            _ => here,
        };
        if !missing.is_empty() && !holds(&books.shelves, from, image) {
            let at_home = holds(&books.shelves, home, image);
            match strategy {
                Strategy::Cache(_) if at_home => self.copy(books, image, home, None, here, hour),
                Strategy::Job if at_home => from = home,
                _ => {
                    books.failed += 1;
                    return;
                }
            }
        }
        // Any request renews a time-to-live.
        for entry in books.shelves.entry((from, image.0)).or_default().iter_mut().filter(|entry| entry.0 == image) {
            entry.2 = hour;
        }
        books.cold += u64::from(!missing.is_empty());
        let bytes = missing.iter().map(|layer| self.bytes(*layer)).sum();
        self.moved(books, "pull", from, here, bytes, hour);
        if cluster.remembers {
            node.extend(missing);
        }
    }

    fn copy(&self, books: &mut Books, image: Image, from: Place, runner: Option<Runner>, to: Place, hour: usize) {
        let images = books.shelves.entry((to, image.0)).or_default();
        let there: BTreeSet<Layer> = images.iter().flat_map(|(image, ..)| self.layers(*image)).collect();
        let bytes = self.layers(image).into_iter().filter(|layer| !there.contains(layer)).map(|l| self.bytes(l)).sum();
        images.push((image, hour, hour));
        books.copies += 1;
        let via = match runner {
            None => return self.moved(books, "copy", from, to, bytes, hour),
            Some(Runner::Source) => from,
            Some(Runner::Destination) => to,
            Some(Runner::At(place)) => place,
        };
        self.moved(books, "pull", from, via, bytes, hour);
        self.moved(books, "copy", via, to, bytes, hour);
    }

    /// The source's owner pays; a runner's push is paid by the runner's.
    fn moved(&self, books: &mut Books, item: &'static str, from: Place, to: Place, bytes: f64, hour: usize) {
        let cost = bytes / GB * self.crossing(from, to);
        *books.dollars.entry((item, from.0, from.1, self.month(hour).0)).or_default() += cost;
    }

    /// The bound's dollars for everything but home storage: every vector of holds and drops is tried.
    fn hindsight(&self) -> f64 {
        let homes = self.repositories.iter().map(|repository| repository.home);
        let regions: BTreeSet<usize> = homes.chain(self.clusters.iter().map(|c| c.place)).map(|p| p.1).collect();
        let mut reads: BTreeMap<(Layer, usize), Vec<usize>> = BTreeMap::new();
        for cluster in &self.clusters {
            let mut node: BTreeSet<Layer> = BTreeSet::new();
            for (hour, image) in &cluster.pulls {
                for layer in self.layers(*image) {
                    let known = cluster.remembers && !node.insert(layer);
                    if !known && self.repositories[image.0].home.1 != cluster.place.1 {
                        reads.entry((layer, cluster.place.1)).or_default().push(*hour);
                    }
                }
            }
        }
        let optimum = reads.iter_mut().map(|((layer, region), hours)| {
            hours.sort_unstable();
            let others = regions.iter().filter(|from| *from != region);
            let enter = others.map(|from| CROSSING[*from]).fold(f64::INFINITY, f64::min);
            let hold: Vec<f64> =
                hours.windows(2).map(|gap| (gap[0]..gap[1]).map(|hour| 0.1 / self.month(hour).1).sum()).collect();
            assert!(hold.len() < 16, "small enough to try everything");
            let cost = |held: u32| {
                let gaps = hold.iter().enumerate().map(|(i, hold)| if held >> i & 1 == 1 { *hold } else { enter });
                enter + gaps.sum::<f64>()
            };
            let best = (0..1 << hold.len()).map(cost).fold(f64::INFINITY, f64::min);
            best * self.bytes(*layer) / GB
        });
        optimum.sum()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let name = |place: Place| format!("{}/{}", ACCOUNTS[place.0], REGIONS[place.1]);
        let lifecycle = |expire: Expire| match expire {
            Expire::Never => None,
            Expire::Keep(kept) => Some(format!("{{ keep = {kept} }}")),
            Expire::Days(days) => Some(format!("{{ days = {days} }}")),
        };
        let runner = match self.runner {
            Runner::Source => String::new(),
            Runner::Destination => ", runner = \"destination\"".into(),
            Runner::At(place) => format!(", runner = \"{}\"", name(place)),
        };
        let times: Vec<String> = self.job_at.iter().map(|hour| format!("{hour:02}:00")).collect();
        let mut places: Vec<Place> = self.clusters.iter().map(|cluster| cluster.place).collect();
        places.dedup();
        let replicas = lifecycle(self.replicas).map_or(String::new(), |lifecycle| {
            let entry = |place: Place| {
                let template = format!("{{ prefix = \"ROOT\", lifecycle = {lifecycle} }}");
                format!("{{ registry = \"{}\", templates = [{template}] }}", name(place))
            };
            let entries: Vec<String> = places.into_iter().map(entry).collect();
            format!("registries = [{}]\n", entries.join(", "))
        });
        write!(
            text,
            r#"schema = 1
strategies = [
  {{ name = "across", kind = "cross-region-pull" }},
  {{ name = "central", kind = "centralized", registry = "{}", egress = "unlimited" }},
  {{ name = "replicate", kind = "replication", delay = "0s" }},
  {{ name = "kept", kind = "pull-through-cache" }},
  {{ name = "ttl", kind = "pull-through-cache", ttl = "{}h" }},
  {{ name = "job", kind = "scheduled-copy", times = "{}", per_image = "0s", if_missing = "home"{runner} }},
  {{ name = "bound", kind = "clairvoyant" }},
]
{replicas}run = {{ start = {}, duration = "{}h", trials = 1 }}
network = {{ preset = "ideal" }}
service = {{ lifecycle_delay = "0s" }}
accounts = {{ one = "111122223333", two = "444455556666" }}
"#,
            name(self.centre),
            self.ttl,
            times.join(","),
            STARTS[self.start].0,
            self.hours,
        )
        .expect("text can be written");
        for (number, repository) in self.repositories.iter().enumerate() {
            let sizes: Vec<String> = repository.megabytes.iter().map(|size| format!("\"{size} MB\"")).collect();
            let fresh: u64 = repository.megabytes.iter().rev().take(repository.fresh).sum();
            let push = |(version, at): (usize, &usize)| format!("{{ at = \"{at}h\", tag = \"t{version}\" }}");
            let pushes: Vec<String> = repository.pushes.iter().enumerate().map(push).collect();
            let expire = lifecycle(repository.expire).map_or(String::new(), |text| format!("lifecycle = {text}\n"));
            writeln!(
                text,
                "[[repositories]]\nname = \"r{number}\"\nregistry = \"{}\"\nimage = {{ layer_sizes = [{}], new_bytes = \"{fresh} MB\" }}\npush = {{ list = [{}] }}\n{expire}",
                name(repository.home),
                sizes.join(", "),
                pushes.join(", "),
            )
            .expect("text can be written");
        }
        for (number, cluster) in self.clusters.iter().enumerate() {
            let pull = |(at, (repository, version)): &(usize, Image)| {
                format!("{{ at = \"{at}h\", repository = \"r{repository}\", tag = \"t{version}\" }}")
            };
            let pulls: Vec<String> = cluster.pulls.iter().map(pull).collect();
            writeln!(
                text,
                "[[clusters]]\nname = \"c{number}\"\nregistry = \"{}\"\nnodes = 1\ncache = \"{}\"\npath = \"internet\"\nif_missing = \"fail\"\npulls = {{ list = [{}] }}",
                name(cluster.place),
                if cluster.remembers { "unlimited" } else { "none" },
                pulls.join(", "),
            )
            .expect("text can be written");
        }
        text
    }
}

fn holds(shelves: &Shelves, place: Place, image: Image) -> bool {
    shelves.get(&(place, image.0)).is_some_and(|images| images.iter().any(|entry| entry.0 == image))
}

/// What the program's bill says, in the oracle's words.
fn billed(tables: &Tables, case: &Case, strategy: &str) -> BTreeMap<(String, usize, usize, usize), f64> {
    let first: usize = STARTS[case.start].0[5..7].parse().expect("a month");
    let mut dollars = BTreeMap::new();
    for row in tables.bill.iter().filter(|row| row.strategy == strategy) {
        let account = ACCOUNTS.iter().position(|name| *name == row.account).expect("one of the accounts");
        let region = REGIONS.iter().position(|name| *name == row.region).expect("one of the regions");
        let month: usize = row.month[5..7].parse().expect("a month");
        let cost: f64 = row.cost_usd.parse().expect("a decimal");
        *dollars.entry((row.line_item.clone(), account, region, month - first)).or_default() += cost;
    }
    dollars
}

#[test]
fn every_bill_agrees_with_the_oracle() {
    for seed in 0..60 {
        let case = Case::draw(seed);
        let text = case.text();
        let tables = run(&text);
        let strategies = [
            ("across", Strategy::Across),
            ("central", Strategy::Central),
            ("replicate", Strategy::Replicate),
            ("kept", Strategy::Cache(None)),
            ("ttl", Strategy::Cache(Some(case.ttl))),
            ("job", Strategy::Job),
        ];
        for (name, strategy) in strategies {
            let books = case.simulate(strategy);
            let row = summary(&tables, name);
            let counts = (row.pulls_cold as u64, row.pulls_failed as u64, row.copies as u64);
            assert_eq!(counts, (books.cold, books.failed, books.copies), "{seed} {name}: cold, failed, copies\n{text}");
            let mut found = billed(&tables, &case, name);
            for ((item, account, region, month), expected) in &books.dollars {
                let cost = found.remove(&(item.to_string(), *account, *region, *month)).unwrap_or_default();
                let what = format!("{seed} {name} {item} {account} {region} {month}");
                assert!((cost - expected).abs() < 2e-8, "{what}: {cost} is not {expected}\n{text}");
            }
            assert!(found.values().all(|cost| *cost == 0.0), "{seed} {name}: {found:?}\n{text}");
        }
        let home: f64 =
            case.simulate(Strategy::Across).dollars.iter().filter(|d| d.0.0 == "storage").map(|d| d.1).sum();
        let bound: f64 = billed(&tables, &case, "bound").values().sum();
        let expected = home + case.hindsight();
        assert!((bound - expected).abs() < 1e-6, "{seed} bound: {bound} is not {expected}\n{text}");
    }
}
