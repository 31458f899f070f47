//! The event queue by itself: the hold model.
//!
//! So many events are pending; each that is taken puts one back, an exponential time later. It is how event queues have
//! been compared since the seventies, and it shows where memory begins to cost: a thousand entries fit into the nearest
//! cache, a million do not. The engine keeps one entry per source of events, so thousands are what it has.

use divan::Bencher;
use divan::counter::ItemsCount;
use replisim::sim::{EntityKey, Purpose, Queue, Stream};
use replisim::units::{Span, Time};

/// Holds in one sample.
const HOLDS: usize = 10_000;

#[divan::bench(args = [1_000, 1_000_000])]
fn hold(bencher: Bencher, pending: usize) {
    let mut stream = Stream::new(1, 1, EntityKey::named("bench", "queue"), Purpose::PullRate);
    let mut later = move || Span::from_seconds(stream.exponential());
    let mut queue = Queue::new();
    (0..pending).for_each(|event| queue.push(Time(0) + later(), 0, event));
    let mut hold = move || {
        for _ in 0..HOLDS {
            if let Some((now, event)) = queue.pop() {
                queue.push(now + later(), 0, event);
            }
        }
    };
    // Until the gaps between pending events are those that holding makes.
    (0..pending / HOLDS).for_each(|_| hold());
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(hold);
}
