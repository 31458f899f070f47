//! A registry's call quotas: a token bucket in virtual time.
//!
//! The bucket holds one second's worth of calls and fills at the quota's rate. Clients that find it empty queue first
//! come, first served. Instead of filling a bucket the virtual-scheduling form of the algorithm keeps one moment: when
//! the bucket would be full again if nobody called any more. Each call moves it by the distance 1/rate, and a call has
//! to wait as long as that moment is further ahead than a full bucket is worth:
//!
//! ```text
//! full = max(full, now) + calls / rate;   wait = max(0, full - now - burst / rate)
//! ```
//!
//! So a herd of n calls on a full bucket of b waits (n - b) / rate until its last one is served. All in integers, at
//! 2^-32 ns, so that rates that do not divide a second drift by less than a nanosecond in a billion calls.

use crate::units::{NANOS, Span, Time};

/// An operation with a quota of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A login.
    GetAuthorizationToken,
    /// The manifest of a pull.
    BatchGetImage,
    /// A layer of a pull.
    GetDownloadUrlForLayer,
    /// A layer of a push, asked about.
    BatchCheckLayerAvailability,
    /// A layer of a push, begun.
    InitiateLayerUpload,
    /// A part of one.
    UploadLayerPart,
    /// A layer of a push, ended.
    CompleteLayerUpload,
    /// The manifest of a push.
    PutImage,
}

impl Call {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// All of them; the position of each is its `as usize`.
    pub const ALL: [Call; Call::COUNT] = [
        Call::GetAuthorizationToken,
        Call::BatchGetImage,
        Call::GetDownloadUrlForLayer,
        Call::BatchCheckLayerAvailability,
        Call::InitiateLayerUpload,
        Call::UploadLayerPart,
        Call::CompleteLayerUpload,
        Call::PutImage,
    ];

    /// Its name in scenarios, and the service's default in calls a second (A.9).
    pub fn default_quota(self) -> (&'static str, f64) {
        match self {
            Call::GetAuthorizationToken => ("get_authorization_token", 500.0),
            Call::BatchGetImage => ("batch_get_image", 2_000.0),
            Call::GetDownloadUrlForLayer => ("get_download_url_for_layer", 3_000.0),
            Call::BatchCheckLayerAvailability => ("batch_check_layer_availability", 1_000.0),
            Call::InitiateLayerUpload => ("initiate_layer_upload", 100.0),
            Call::UploadLayerPart => ("upload_layer_part", 500.0),
            Call::CompleteLayerUpload => ("complete_layer_upload", 100.0),
            Call::PutImage => ("put_image", 10.0),
        }
    }
}

/// Binary digits below the nanosecond.
const FRACTION: u32 = 32;

/// The quota of one operation at one registry.
#[derive(Clone, Debug)]
pub struct Quota {
    /// `None` = no quota.
    bucket: Option<Bucket>,
    busiest: Busiest,
}

#[derive(Clone, Debug)]
struct Bucket {
    /// Distance of two calls at the quota's rate (2^-32 ns).
    interval: i128,
    /// How long a full bucket takes to fill: one second, or one call if that is more (2^-32 ns).
    burst: i128,
    /// When the bucket would be full again (2^-32 ns).
    full: i128,
}

#[derive(Clone, Copy, Debug, Default)]
struct Busiest {
    second: i64,
    calls: u32,
    peak: u32,
}

impl Quota {
    /// A quota of `rate` calls a second, with a burst of one second's worth (at least one call). An infinite rate is no
    /// quota; a rate below one call in 30 years, zero or negative ones included, counts as one call in 30 years.
    pub fn per_second(rate: f64) -> Quota {
        let bucket = (rate != f64::INFINITY).then(|| {
            let interval = libm::round(NANOS as f64 * (1u64 << FRACTION) as f64 / rate.max(1e-9)) as i128;
            Bucket { interval, burst: interval.max(fine(NANOS)), full: i128::MIN }
        });
        Quota { bucket, busiest: Busiest::default() }
    }

    /// Takes so many calls at once and says how long the last of them has to wait for its turn.
    ///
    /// First come, first served is in the order of asking: ask in the order of time.
    pub fn take(&mut self, now: Time, calls: u32) -> Span {
        self.busiest.count(now, calls);
        let Some(bucket) = &mut self.bucket else { return Span::ZERO };
        let now = fine(now.0);
        bucket.full = bucket.full.max(now).saturating_add(bucket.interval.saturating_mul(i128::from(calls)));
        let wait = bucket.full.saturating_sub(now).saturating_sub(bucket.burst);
        if wait <= 0 {
            return Span::ZERO;
        }
        // Rounded up: no call goes ahead of its turn.
        let nanos = wait.saturating_add((1 << FRACTION) - 1) >> FRACTION;
        Span(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Calls asked for in the busiest second since the last time this was asked, seconds being those of the clock.
    /// Calls count when they are asked for, not when they are served, so demand beyond the quota shows.
    pub fn take_peak(&mut self) -> u32 {
        std::mem::take(&mut self.busiest).peak
    }
}

impl Busiest {
    fn count(&mut self, now: Time, calls: u32) {
        let second = now.0.div_euclid(NANOS);
        if second != self.second {
            self.second = second;
            self.calls = 0;
        }
        self.calls = self.calls.saturating_add(calls);
        self.peak = self.peak.max(self.calls);
    }
}

/// Nanoseconds in steps of 2^-32 ns.
fn fine(nanos: i64) -> i128 {
    i128::from(nanos) << FRACTION
}

#[cfg(test)]
mod tests {
    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = NANOS;

    #[test]
    fn a_herd_waits_for_what_is_beyond_the_burst() {
        // (n - b) / r with b = r.
        for (rate, calls, expected) in [
            (2000.0, 2000, 0),
            (2000.0, 5000, 1_500_000_000),
            (2000.0, 2001, 500_000),
            (3000.0, 4000, 333_333_334),
            (10.0, 1, 0),
            (10.0, 11, 100_000_000),
            (1.0, 3, 2_000_000_000),
        ] {
            let together = Quota::per_second(rate).take(Time(7), calls);
            assert!((together.0 - expected).abs() <= 1, "{calls} at {rate}: {together:?}");
            // One by one at the same moment it is the same queue.
            let mut quota = Quota::per_second(rate);
            let last = (0..calls).map(|_| quota.take(Time(7), 1)).last();
            assert_eq!(last, Some(together));
        }
    }

    #[test]
    fn an_idle_second_fills_the_bucket_and_no_more() {
        let mut quota = Quota::per_second(100.0);
        assert_eq!(quota.take(Time(0), 100), Span::ZERO);
        assert_eq!(quota.take(Time(SECOND / 2), 50), Span::ZERO);
        assert_eq!(quota.take(Time(SECOND / 2), 1), Span(SECOND / 100));
        let idle = Time(60 * SECOND);
        assert_eq!(quota.take(idle, 100), Span::ZERO);
        assert_eq!(quota.take(idle, 1), Span(SECOND / 100));
    }

    #[test]
    fn calls_at_the_quota_s_rate_never_wait() {
        let mut quota = Quota::per_second(3000.0);
        for call in 0..30_000i64 {
            assert_eq!(quota.take(Time(call * SECOND / 3000), 1), Span::ZERO);
        }
        // Nor does the bucket leak: the whole burst but the last call's share is still there.
        assert_eq!(quota.take(Time(10 * SECOND), 2999), Span::ZERO);
    }

    #[test]
    fn a_rate_below_one_a_second_still_lets_one_call_through() {
        let mut quota = Quota::per_second(0.5);
        assert_eq!(quota.take(Time(0), 1), Span::ZERO);
        assert_eq!(quota.take(Time(0), 1), Span::seconds(2));
        assert_eq!(quota.take(Time(0), 1), Span::seconds(4));
    }

    #[test]
    fn no_quota_never_waits_but_counts() {
        let mut quota = Quota::per_second(f64::INFINITY);
        assert_eq!(quota.take(Time(0), u32::MAX), Span::ZERO);
        assert_eq!(quota.take(Time(1), 5), Span::ZERO);
        assert_eq!(quota.take_peak(), u32::MAX);
    }

    #[test]
    fn absurd_rates_wait_long_and_do_not_overflow() {
        for rate in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE] {
            let mut quota = Quota::per_second(rate);
            quota.take(Time(0), u32::MAX);
            quota.take(Time(0), u32::MAX);
            assert_eq!(quota.take(Time(0), u32::MAX), Span(i64::MAX), "{rate}");
        }
        assert_eq!(Quota::per_second(f64::MAX).take(Time(0), 1), Span::ZERO);
    }

    #[test]
    fn moments_before_the_start_count_like_others() {
        let mut quota = Quota::per_second(10.0);
        assert_eq!(quota.take(Time(-5 * SECOND - 1), 20), Span::seconds(1));
        assert_eq!(quota.take(Time(-SECOND / 2), 3), Span::ZERO);
        assert_eq!(quota.take(Time(SECOND / 2), 4), Span::ZERO);
        assert_eq!(quota.take_peak(), 20);
    }

    #[test]
    fn the_peak_is_that_of_a_second_of_the_clock_since_last_asked() {
        let mut quota = Quota::per_second(10.0);
        for (at, calls) in [(0, 4), (SECOND - 1, 3), (SECOND, 5), (3 * SECOND, 6)] {
            quota.take(Time(at), calls);
        }
        assert_eq!(quota.take_peak(), 7);
        assert_eq!(quota.take_peak(), 0);
        quota.take(Time(4 * SECOND), 2);
        assert_eq!(quota.take_peak(), 2);
    }

    #[test]
    fn the_quotas_of_a_pull_are_in_the_table() {
        assert_eq!(Call::BatchGetImage.default_quota(), ("batch_get_image", 2000.0));
        assert_eq!(Call::GetDownloadUrlForLayer.default_quota(), ("get_download_url_for_layer", 3000.0));
        assert!(Call::ALL.iter().enumerate().all(|(position, call)| *call as usize == position));
    }

    proptest! {
        #![proptest_config(fixed(400))]

        /// The bucket itself, filled and emptied: tokens in units of 1/rate, so that all numbers are whole.
        #[test]
        fn it_is_a_bucket_with_a_queue(
            rate in prop::sample::select(vec![1i64, 2, 5, 10, 100, 1000]),
            asks in prop::collection::vec((0i64..3 * SECOND, 0u32..300), 1..40),
        ) {
            let mut quota = Quota::per_second(rate as f64);
            // Tokens x a second's nanoseconds; negative = owed to those who queue.
            let mut tokens = i128::from(rate) * i128::from(SECOND);
            let mut now = 0i64;
            for (gap, calls) in asks {
                now += gap;
                tokens = (tokens + i128::from(gap) * i128::from(rate)).min(i128::from(rate) * i128::from(SECOND));
                tokens -= i128::from(calls) * i128::from(SECOND);
                let owed = (-tokens).max(0);
                let expected = (owed + i128::from(rate) - 1) / i128::from(rate);
                prop_assert_eq!(i128::from(quota.take(Time(now), calls).0), expected);
            }
        }
    }
}
