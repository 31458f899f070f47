//! Daily series of the registries: what is stored, what leaves, how busy the busiest second and minute are.
//!
//! Nodes at rest are caught up with as late as at the end of the day, one after the other. So the minutes of the last day
//! stay open, and where such nodes ask, the seconds of the day are counted each on its own.

use crate::cloud::RegistryId;
use crate::sim::Calendar;
use crate::units::{DAY, NANOS, Span, Time};

use super::DailySeries;

/// Minutes that a transfer can be spread over; a longer one counts in full in the last of them.
const MINUTES: usize = 3 * 24 * 60;
const MINUTE: i64 = 60 * NANOS;
/// Past minutes that stay open: a day, for nodes at rest, and an hour for transfers whose course is known only when they
/// end.
const OPEN: i64 = 25 * 60;

/// The series of every registry while a trial runs.
pub(super) struct Series<'a> {
    calendar: &'a Calendar,
    /// A day began then, before everything.
    origin: Time,
    registries: Vec<Running>,
}

struct Running {
    daily: DailySeries,
    /// Bytes leaving by minute, a ring that starts at `minute`.
    egress: Vec<u64>,
    minute: i64,
    manifest: Busiest,
    download: Busiest,
    seconds: Option<Seconds>,
}

/// Calls by second of the day.
#[derive(Default)]
struct Seconds {
    manifest: Counted,
    download: Counted,
    login: Counted,
    /// Calls by others than nodes, which are not in the series: the busiest second of the day.
    others: [Busiest; 2],
    most: [u32; 2],
}

/// Calls of one kind by second of the day, and the most within one.
struct Counted {
    seconds: Vec<u16>,
}

impl Default for Counted {
    fn default() -> Self {
        Counted { seconds: vec![0; (DAY / NANOS) as usize] }
    }
}

impl Counted {
    #[inline]
    fn add(&mut self, second: usize, calls: u32) {
        let sum = &mut self.seconds[second];
        *sum = sum.saturating_add(u16::try_from(calls).unwrap_or(u16::MAX));
    }

    /// The most within a second, and begins anew; the largest number when there were more than can be counted.
    fn take(&mut self) -> u32 {
        let most = self.seconds.iter().copied().max().unwrap_or(0);
        self.seconds.fill(0);
        if most < u16::MAX { u32::from(most) } else { u32::MAX }
    }
}

/// The most calls within a second of a day; the largest number when that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Peaks {
    /// For manifests.
    pub manifest: u32,
    /// For layers.
    pub download: u32,
    /// Logins.
    pub login: u32,
}

/// Calls within the current second.
#[derive(Default)]
struct Busiest {
    second: i64,
    calls: u32,
}

impl Busiest {
    fn add(&mut self, second: i64, calls: u32) -> u32 {
        if second != self.second {
            *self = Busiest { second, calls: 0 };
        }
        self.calls = self.calls.saturating_add(calls);
        self.calls
    }
}

impl<'a> Series<'a> {
    /// No usage yet; demand begins so long before the period.
    pub fn new(registries: usize, calendar: &'a Calendar, warm_up: Span) -> Self {
        let days = calendar.days.len();
        let daily = DailySeries {
            stored: vec![0; days],
            egress: vec![0; days],
            peak_egress: vec![0.0; days],
            peak_batch_get_image: vec![0; days],
            peak_get_download_url: vec![0; days],
            pulls: vec![0; days],
        };
        let running = || Running {
            daily: daily.clone(),
            egress: vec![0; MINUTES],
            minute: 0,
            manifest: Busiest::default(),
            download: Busiest::default(),
            seconds: None,
        };
        let origin = Time(calendar.first_day.0 - (warm_up.0 / DAY + 1) * DAY);
        Series { calendar, origin, registries: (0..registries).map(|_| running()).collect() }
    }

    fn day(&self, at: Time) -> Option<usize> {
        (at >= Time::START && at < self.calendar.end).then(|| self.calendar.day(at))
    }

    /// Calls to a registry are counted second by second: they may be told out of order within a day.
    pub fn count_seconds(&mut self, registry: RegistryId) {
        self.registries[usize::from(registry.0)].seconds.get_or_insert_default();
    }

    /// A registry serves so many pulls.
    pub fn served(&mut self, registry: RegistryId, at: Time, pulls: u64) {
        if let Some(day) = self.day(at) {
            self.registries[usize::from(registry.0)].daily.pulls[day] += pulls;
        }
    }

    /// The second of its day.
    fn second(&self, at: Time) -> usize {
        second_since(self.origin, at)
    }

    /// The second since the midnight from which all days count: it begins when the second of a day does, whenever the run may.
    fn second_since_origin(&self, at: Time) -> i64 {
        at.0.wrapping_sub(self.origin.0).div_euclid(NANOS)
    }

    /// Counts requests for manifests to a registry where seconds are counted: each at its moment.
    #[inline]
    pub fn manifests(&mut self, registry: RegistryId) -> impl FnMut(Time) {
        let origin = self.origin;
        let mut counted =
            self.registries[usize::from(registry.0)].seconds.as_mut().map(|seconds| &mut seconds.manifest);
        move |at| {
            if let Some(counted) = &mut counted {
                counted.add(second_since(origin, at), 1);
            }
        }
    }

    /// A pull's calls to a registry where seconds are counted.
    #[inline]
    pub fn count_calls(&mut self, registry: RegistryId, at: Time, downloads: u32) {
        let second = self.second(at);
        if let Some(seconds) = &mut self.registries[usize::from(registry.0)].seconds {
            seconds.manifest.add(second, 1);
            if downloads > 0 {
                seconds.download.add(second, downloads);
            }
        }
    }

    /// A node logs in.
    pub fn login(&mut self, registry: RegistryId, at: Time) {
        let second = self.second(at);
        if let Some(seconds) = &mut self.registries[usize::from(registry.0)].seconds {
            seconds.login.add(second, 1);
        }
    }

    /// The calls of somebody who is no node.
    pub fn other_calls(&mut self, registry: RegistryId, at: Time, downloads: u32) {
        let second = self.second_since_origin(at);
        let Some(seconds) = &mut self.registries[usize::from(registry.0)].seconds else { return };
        for ((busiest, most), calls) in seconds.others.iter_mut().zip(&mut seconds.most).zip([1, downloads]) {
            *most = (*most).max(busiest.add(second, calls));
        }
    }

    /// The day that ends now is complete: its peaks, where seconds are counted.
    pub fn close_seconds(&mut self, registry: RegistryId, now: Time) -> Option<Peaks> {
        let day = self.day(Time(now.0 - 1));
        let running = &mut self.registries[usize::from(registry.0)];
        if running.seconds.is_some() {
            running.advance(now.0.div_euclid(MINUTE) - OPEN, self.calendar);
        }
        let seconds = running.seconds.as_mut()?;
        let (manifest, download, login) = (seconds.manifest.take(), seconds.download.take(), seconds.login.take());
        if let Some(day) = day {
            running.daily.peak_batch_get_image[day] = manifest;
            running.daily.peak_get_download_url[day] = download;
        }
        let [others, downloads] = std::mem::take(&mut seconds.most);
        let (manifest, download) = (manifest.saturating_add(others), download.saturating_add(downloads));
        Some(Peaks { manifest, download, login })
    }

    /// A pull's calls to a registry, answered or refused.
    pub fn calls(&mut self, registry: RegistryId, at: Time, downloads: u32) {
        if self.registries[usize::from(registry.0)].seconds.is_some() {
            self.count_calls(registry, at, downloads);
            return;
        }
        let Some(day) = self.day(at) else { return };
        let second = self.second_since_origin(at);
        let running = &mut self.registries[usize::from(registry.0)];
        let daily = &mut running.daily;
        daily.peak_batch_get_image[day] = daily.peak_batch_get_image[day].max(running.manifest.add(second, 1));
        daily.peak_get_download_url[day] =
            daily.peak_get_download_url[day].max(running.download.add(second, downloads));
    }

    /// Bytes that leave a registry, evenly over a stretch of time. `now` is when this is known.
    pub fn egress(&mut self, registry: RegistryId, now: Time, from: Time, took: Span, bytes: u64) {
        let Some(day) = self.day(from) else { return };
        let calendar = self.calendar;
        let running = &mut self.registries[usize::from(registry.0)];
        running.daily.egress[day] = running.daily.egress[day].saturating_add(bytes);
        running.advance(now.0.div_euclid(MINUTE) - OPEN, calendar);
        running.spread(from, took, bytes);
    }

    /// Bytes that have left a registry on the day of `at`; [`Series::spread`] says in which minutes.
    pub fn egress_of_day(&mut self, registry: RegistryId, at: Time, bytes: u64) {
        let Some(day) = self.day(at) else { return };
        let daily = &mut self.registries[usize::from(registry.0)].daily;
        daily.egress[day] = daily.egress[day].saturating_add(bytes);
    }

    /// Minutes in which bytes leave a registry that [`Series::egress_of_day`] counts.
    #[inline]
    pub fn spread(&mut self, registry: RegistryId, from: Time, took: Span, bytes: u64) {
        if from >= Time::START {
            self.registries[usize::from(registry.0)].spread(from, took, bytes);
        }
    }

    /// Bytes stored when a day ends.
    pub fn stored(&mut self, registry: RegistryId, day: usize, bytes: u64) {
        self.registries[usize::from(registry.0)].daily.stored[day] = bytes;
    }

    /// Closes all minutes and hands over the series.
    pub fn close(mut self) -> Vec<DailySeries> {
        let calendar = self.calendar;
        for running in &mut self.registries {
            let end = running.minute + MINUTES as i64;
            running.advance(end, calendar);
        }
        self.registries.into_iter().map(|running| running.daily).collect()
    }
}

fn second_since(origin: Time, at: Time) -> usize {
    (at.0.wrapping_sub(origin.0) as u64 / NANOS as u64 % (DAY / NANOS) as u64) as usize
}

impl Running {
    /// Spreads bytes evenly over the minutes of a stretch of time.
    #[inline]
    fn spread(&mut self, from: Time, took: Span, bytes: u64) {
        let end = (from + took).0;
        // What lies beyond the ring counts in its last minute.
        let limit = self.minute + MINUTES as i64 - 1;
        let first = from.0.div_euclid(MINUTE).clamp(self.minute, limit);
        if end <= (first + 1) * MINUTE {
            let cell = &mut self.egress[first as usize % MINUTES];
            *cell = cell.saturating_add(bytes);
            return;
        }
        // The last byte goes just before the end.
        let last = (end - 1).div_euclid(MINUTE).clamp(first, limit);
        let begin = from.0.max(first * MINUTE);
        let mut gone = 0;
        for minute in first..=last {
            let by_now = match minute == last {
                true => bytes,
                false => (u128::from(bytes) * ((minute + 1) * MINUTE - begin) as u128 / (end - begin) as u128) as u64,
            };
            let cell = &mut self.egress[minute as usize % MINUTES];
            *cell = cell.saturating_add(by_now - gone);
            gone = by_now;
        }
    }

    /// Closes the minutes before `minute`.
    fn advance(&mut self, minute: i64, calendar: &Calendar) {
        if minute <= self.minute {
            return;
        }
        let steps = (minute - self.minute).clamp(0, MINUTES as i64);
        for closing in self.minute..self.minute + steps {
            let slot = &mut self.egress[closing.rem_euclid(MINUTES as i64) as usize];
            let at = Time((closing * MINUTE).clamp(0, calendar.end.0 - 1));
            let peak = &mut self.daily.peak_egress[calendar.day(at)];
            *peak = peak.max(*slot as f64 / 60.0);
            *slot = 0;
        }
        self.minute = self.minute.max(minute);
    }
}
