//! How far a run is: one bar on standard error, only on a terminal.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use replisim::study::Progress;
use replisim::study::statistics::Estimate;

/// Trials done, the widest cost interval so far, and the time left.
pub struct Bar {
    bar: ProgressBar,
    /// Half the interval's width over the mean, by strategy.
    widths: Mutex<BTreeMap<String, f64>>,
}

impl Bar {
    /// A bar, drawn unless it is not wanted or nobody would see it.
    pub fn new(hidden: bool) -> Bar {
        let bar = bar(hidden, "{bar:30} {pos}/{len} trials, {elapsed} gone, {eta} left {wide_msg}");
        Bar { bar, widths: Mutex::new(BTreeMap::new()) }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn planned(&self, jobs: u64) {
        self.bar.inc_length(jobs);
    }

    fn trial_done(&self) {
        self.bar.inc(1);
    }

    fn interval(&self, strategy: &str, cost: Estimate) {
        let Some(half) = cost.half_width.filter(|_| cost.mean > 0.0) else { return };
        let mut widths = self.widths.lock().unwrap_or_else(PoisonError::into_inner);
        widths.insert(strategy.to_string(), half / cost.mean);
        let widest = widths.iter().max_by(|a, b| a.1.total_cmp(b.1));
        if let Some((strategy, width)) = widest {
            self.bar.set_message(format!("(cost known to ±{:.1}%: {strategy})", width * 100.0));
        }
    }
}

/// Points of a sweep done, and the time left.
pub struct PointBar(ProgressBar);

impl PointBar {
    /// A bar for a sweep of which `done` points are finished and `left` are not.
    pub fn new(hidden: bool, done: usize, left: usize) -> PointBar {
        let bar = bar(hidden, "{bar:30} {pos}/{len} points, {elapsed} gone, {eta} left");
        bar.set_length((done + left) as u64);
        bar.set_position(done as u64);
        // What an earlier sitting has done says nothing of how fast this one is.
        bar.reset_eta();
        PointBar(bar)
    }

    /// One more.
    pub fn point_done(&self) {
        self.0.inc(1);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// A bar that looks like this, drawn unless it is not wanted or nobody would see it.
fn bar(hidden: bool, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if hidden || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    } else {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
