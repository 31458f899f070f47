//! Flows that are always as many: whenever one ends, another begins.
//!
//! A closed population keeps the number in flight where a bench wants it, however fast or slow the links are. Sizes come
//! from a table that is drawn beforehand, so that only the sharing is measured; the comparison with other engines
//! (`benches/peers`) makes the same table, so that ends can be compared to the nanosecond.

use replisim::cloud::law::ramp_rates;
use replisim::network::{ClassId, Fabric, FlowId, PipeId};
use replisim::sim::Queue;
use replisim::units::{Bandwidth, Span, Time};

/// Sizes in the table; the k-th flow to begin has the k-th size, round and round.
const SIZES: usize = 65_536;

/// A way that flows take: the classes of its slow start, each after its time from the flow's beginning; one class where
/// a connection is up to speed at once.
pub type Way = Vec<(Span, ClassId)>;

/// A flow's window has grown: (place, the how-manieth flow of that place, step of its way).
type Growth = (usize, u32, usize);

/// So many flows over a number of ways.
pub struct Population {
    fabric: Fabric,
    ways: Vec<Way>,
    /// Way by place, while it is taken, and the how-manieth flow takes it.
    places: Vec<(usize, FlowId, u32)>,
    growths: Queue<Growth>,
    sizes: Vec<u64>,
    begun: usize,
    now: Time,
    done: Vec<u64>,
}

impl Population {
    /// `flows` flows over one link of 100 Gbit/s, which is all that holds them; with `ramp` each climbs for eight round
    /// trips of 100 ms to the 35.5 MB/s of such a distance.
    pub fn on_a_link(flows: usize, ramp: bool) -> Population {
        let mut fabric = Fabric::new();
        let link = fabric.pipe(Bandwidth(100e9 / 8.0));
        let way = way(&mut fabric, &[link], ramp);
        Population::new(fabric, vec![way], flows)
    }

    /// `flows` flows; the k-th to begin takes the k-th way, round and round.
    pub fn new(fabric: Fabric, ways: Vec<Way>, flows: usize) -> Population {
        let mut random = Random(42);
        let sizes = (0..SIZES).map(|_| random.size()).collect();
        let (places, growths) = (Vec::with_capacity(flows), Queue::new());
        let mut population =
            Population { fabric, ways, places, growths, sizes, begun: 0, now: Time(0), done: Vec::new() };
        for place in 0..flows {
            let begun = population.begin(place, 0);
            population.places.push(begun);
        }
        population
    }

    /// Runs until at least so many flows have ended, and returns when the last of them did.
    pub fn run(&mut self, ends: usize) -> Time {
        let mut left = ends;
        while left > 0 {
            let end = self.fabric.next_completion().unwrap_or(Time::NEVER);
            match self.growths.peek() {
                Some((at, _)) if at < end => self.grow(),
                _ => {
                    self.now = end;
                    self.fabric.take_completed(end, &mut self.done);
                    left = left.saturating_sub(self.done.len());
                    let mut done = std::mem::take(&mut self.done);
                    for place in done.drain(..) {
                        let place = place as usize;
                        self.places[place] = self.begin(place, self.places[place].2 + 1);
                    }
                    self.done = done;
                }
            }
        }
        self.now
    }

    fn begin(&mut self, place: usize, number: u32) -> (usize, FlowId, u32) {
        let (way, size) = (self.begun % self.ways.len(), self.sizes[self.begun % SIZES]);
        self.begun += 1;
        let until = self.await_growth(place, way, number, 1);
        let flow = self.fabric.start(self.now, self.ways[way][0].1, size, place as u64, until);
        (way, flow, number)
    }

    /// The moment at which a flow takes this step, if there is one.
    fn await_growth(&mut self, place: usize, way: usize, number: u32, step: usize) -> Time {
        let steps = &self.ways[way];
        let Some((from, _)) = steps.get(step) else { return Time::NEVER };
        let at = self.now + (*from - steps[step - 1].0);
        self.growths.push(at, 0, (place, number, step));
        at
    }

    /// Takes the next growth, which may be that of a flow that has ended.
    fn grow(&mut self) {
        let Some((at, (place, number, step))) = self.growths.pop() else { return };
        let (way, flow, current) = self.places[place];
        if number == current {
            self.now = at;
            let until = self.await_growth(place, way, number, step + 1);
            self.fabric.move_to(at, flow, self.ways[way][step].1, until);
        }
    }
}

/// The classes of a connection's life on these pipes.
pub fn way(fabric: &mut Fabric, pipes: &[PipeId], ramp: bool) -> Way {
    if !ramp {
        return vec![(Span::ZERO, fabric.class(pipes, Bandwidth::UNLIMITED))];
    }
    let steps = ramp_rates(Span::from_seconds(0.1), Bandwidth(35.5e6));
    steps.map(|(from, rate)| (from, fabric.class(pipes, rate))).collect()
}

/// SplitMix64: the generator of the common table, in every language.
pub struct Random(pub u64);

impl Random {
    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Lognormal bytes of median 200 MB and sigma 1 (Box and Muller).
    fn size(&mut self) -> u64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        (200e6 * (radius * (std::f64::consts::TAU * self.uniform()).cos()).exp()) as u64
    }
}
