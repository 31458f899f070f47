//! Jobs in parallel, results in order.
//!
//! [`in_order`] makes item 0, 1, 2, .. on the threads of a pool and folds them in exactly that order, whichever is
//! ready first, so no result depends on the number of threads. Jobs are handed out in order too, and nobody may run
//! ahead of the fold by more than a window: memory holds a bounded number of unfolded items.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Unfolded items that may exist per thread.
const WINDOW_PER_THREAD: usize = 8;

/// Makes `count` items on all threads of `pool` and folds them by index, until the fold breaks or `stop` is set
/// (it is looked at between jobs). Returns whether every item was folded.
pub(super) fn in_order<T: Send>(
    pool: &rayon::ThreadPool,
    count: usize,
    stop: &AtomicBool,
    make: impl Fn(usize) -> T + Sync,
    fold: impl FnMut(usize, T) -> ControlFlow<()> + Send,
) -> bool {
    let window = WINDOW_PER_THREAD * pool.current_num_threads();
    let line = Line {
        state: Mutex::new(State { next: 0, folded: 0, waiting: BTreeMap::new(), over: false, fold }),
        moved: Condvar::new(),
    };
    pool.broadcast(|_| {
        let mut abandoned = EndOnPanic { line: &line, armed: true };
        while let Some(index) = line.take(count, window, stop) {
            line.put(index, make(index));
        }
        abandoned.armed = false;
    });
    line.lock().folded == count
}

struct State<T, F> {
    /// The next index to hand out.
    next: usize,
    /// Items folded: the next index to fold.
    folded: usize,
    /// Items made before their turn.
    waiting: BTreeMap<usize, T>,
    /// Nothing more is handed out.
    over: bool,
    fold: F,
}

struct Line<T, F> {
    state: Mutex<State<T, F>>,
    /// Told whenever `folded` or `over` changes.
    moved: Condvar,
}

impl<T, F: FnMut(usize, T) -> ControlFlow<()>> Line<T, F> {
    /// The next index, as soon as the window has room for it. The thread that holds the lowest index never waits here,
    /// so the line always moves.
    fn take(&self, count: usize, window: usize, stop: &AtomicBool) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.over || state.next == count || stop.load(Ordering::Relaxed) {
                return None;
            }
            if state.next < state.folded + window {
                state.next += 1;
                return Some(state.next - 1);
            }
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lays an item down and folds all whose turn it is.
    fn put(&self, index: usize, item: T) {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.waiting.insert(index, item);
        while !state.over {
            let Some(item) = state.waiting.remove(&state.folded) else { break };
            state.over = (state.fold)(state.folded, item).is_break();
            state.folded += usize::from(!state.over);
        }
        drop(guard);
        self.moved.notify_all();
    }
}

impl<T, F> Line<T, F> {
    /// A thread that panicked leaves the state as it was between two folds or marks it over: it can be read.
    fn lock(&self) -> MutexGuard<'_, State<T, F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the other threads go home when a job panics, so that the panic is seen instead of a hang.
struct EndOnPanic<'a, T, F> {
    line: &'a Line<T, F>,
    armed: bool,
}

impl<T, F> Drop for EndOnPanic<'_, T, F> {
    fn drop(&mut self) {
        if self.armed {
            self.line.lock().over = true;
            self.line.moved.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn items_are_folded_by_index_on_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let mut seen = Vec::new();
            // Early items are the slow ones: later ones wait for them.
            let make = |index: usize| {
                std::thread::sleep(Duration::from_micros(if index.is_multiple_of(7) { 800 } else { 20 }));
                index * 3
            };
            let done = in_order(&pool(threads), 100, &AtomicBool::new(false), make, |index, item| {
                seen.push((index, item));
                ControlFlow::Continue(())
            });
            assert!(done);
            assert_eq!(seen, (0..100).map(|index| (index, index * 3)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn nobody_runs_further_ahead_than_the_window() {
        let (folded, furthest) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let make = |index: usize| {
            furthest.fetch_max(index.saturating_sub(folded.load(Ordering::SeqCst)), Ordering::SeqCst);
            if index == 0 {
                std::thread::sleep(Duration::from_millis(30));
            }
        };
        in_order(&pool(3), 200, &AtomicBool::new(false), make, |index, ()| {
            folded.store(index, Ordering::SeqCst);
            ControlFlow::Continue(())
        });
        let furthest = furthest.into_inner();
        assert!(furthest <= 3 * WINDOW_PER_THREAD, "{furthest} ahead");
    }

    #[test]
    fn a_break_and_a_stop_end_it_early() {
        let mut folds = 0;
        let done = in_order(
            &pool(2),
            50,
            &AtomicBool::new(false),
            |index| index,
            |index, _| {
                folds += 1;
                if index == 9 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert!(!done);
        assert_eq!(folds, 10);

        let stop = AtomicBool::new(false);
        let made = AtomicUsize::new(0);
        let make = |index: usize| {
            made.fetch_add(1, Ordering::SeqCst);
            if index == 4 {
                stop.store(true, Ordering::SeqCst);
            }
        };
        assert!(!in_order(&pool(2), 1000, &stop, make, |_, ()| ControlFlow::Continue(())));
        assert!(made.into_inner() < 1000);
    }

    #[test]
    fn a_panic_in_a_job_is_a_panic_and_not_a_hang() {
        let outcome = std::panic::catch_unwind(|| {
            let make = |index: usize| assert!(index != 3, "job 3 fails");
            in_order(&pool(2), 500, &AtomicBool::new(false), make, |_, ()| ControlFlow::Continue(()))
        });
        assert!(outcome.is_err());
    }
}
