//! A registry's call quotas: a token bucket in virtual time.
//!
//! The bucket holds one second's worth of calls and fills at the quota's rate. A client that finds too few in it is
//! refused and comes back later; a refused call takes nothing. Instead of filling a bucket the virtual-scheduling form
//! of the algorithm keeps one moment: when the bucket would be full again if nobody called any more. Calls move it by
//! 1/rate each, and they pass as long as it is no further ahead than a full bucket is worth:
//!
//! ```text
//! full' = max(full, now) + calls / rate;   passes when full' - now <= burst / rate
//! ```
//!
//! All in integers, at 2^-32 ns, so that rates that do not divide a second drift by less than a nanosecond in a billion
//! calls.

use crate::units::{NANOS, Time};

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

/// Far beyond any run, and far from overflowing (2^-32 ns).
const MOST_INTERVAL: f64 = 1e30;

/// The quota of one operation at one registry.
#[derive(Clone, Debug)]
pub struct Quota {
    /// Calls a second; infinite = no quota.
    rate: f64,
    bucket: Bucket,
}

#[derive(Clone, Debug)]
enum Bucket {
    /// Lets everything pass.
    Open,
    /// Lets nothing pass.
    Shut,
    Limited {
        /// Distance of two calls at the quota's rate (2^-32 ns).
        interval: i128,
        /// How long an empty bucket takes to fill: one second, or one call if that is more (2^-32 ns).
        burst: i128,
        /// When the bucket would be full again (2^-32 ns).
        full: i128,
    },
}

impl Quota {
    /// A quota of `rate` calls a second, with a burst of one second's worth (at least one call). An infinite rate is no
    /// quota; one that is not above zero lets nothing pass.
    pub fn per_second(rate: f64) -> Quota {
        Quota { rate, bucket: Bucket::new(rate, i128::MIN) }
    }

    /// From now on only this share of the quota is left; 1 brings all of it back. No quota stays none.
    pub fn throttle(&mut self, share: f64) {
        let full = match self.bucket {
            Bucket::Limited { full, .. } => full,
            Bucket::Open | Bucket::Shut => i128::MIN,
        };
        if self.rate != f64::INFINITY {
            self.bucket = Bucket::new(self.rate * share, full);
        }
    }

    /// Takes so many calls at once if the bucket has them; otherwise takes none and says `false`. More calls than the
    /// bucket can ever hold pass when it is full. Ask in the order of time.
    pub fn try_take(&mut self, now: Time, calls: u32) -> bool {
        if calls == 0 {
            return true;
        }
        match &mut self.bucket {
            Bucket::Open => true,
            Bucket::Shut => false,
            Bucket::Limited { interval, burst, full } => {
                let now = i128::from(now.0) << FRACTION;
                let base = (*full).max(now);
                let next = base.saturating_add(interval.saturating_mul(i128::from(calls)));
                let passes = next.saturating_sub(now) <= *burst || base == now;
                if passes {
                    *full = next;
                }
                passes
            }
        }
    }
}

impl Bucket {
    fn new(rate: f64, full: i128) -> Bucket {
        if rate == f64::INFINITY {
            return Bucket::Open;
        }
        if rate.is_nan() || rate <= 0.0 {
            return Bucket::Shut;
        }
        let second = i128::from(NANOS) << FRACTION;
        // A rate of one call in a million years is as good as none.
        let interval = libm::round(second as f64 / rate).clamp(1.0, MOST_INTERVAL) as i128;
        Bucket::Limited { interval, burst: interval.max(second), full }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = NANOS;

    #[test]
    fn a_refused_call_takes_nothing() {
        let mut quota = Quota::per_second(10.0);
        assert!(quota.try_take(Time(0), 8) && !quota.try_take(Time(0), 3) && quota.try_take(Time(0), 2));
        assert!(!quota.try_take(Time(0), 1) && !quota.try_take(Time(SECOND / 10 - 1), 1));
        assert!(quota.try_take(Time(SECOND / 10), 1) && quota.try_take(Time(SECOND / 10), 0));
        // Above the bucket's size only a full bucket will do, and the debt is paid off like any other.
        assert!(!quota.try_take(Time(SECOND), 20) && quota.try_take(Time(3 * SECOND), 20));
        assert!(!quota.try_take(Time(4 * SECOND), 1) && quota.try_take(Time(4 * SECOND + SECOND / 10), 1));
    }

    #[test]
    fn an_idle_second_fills_the_bucket_and_no_more() {
        let mut quota = Quota::per_second(100.0);
        assert!(quota.try_take(Time(-SECOND), 100) && quota.try_take(Time(-SECOND / 2), 50));
        assert!(!quota.try_take(Time(-SECOND / 2), 1));
        let idle = Time(60 * SECOND);
        assert!(quota.try_take(idle, 100) && !quota.try_take(idle, 1));
    }

    #[test]
    fn calls_at_the_quota_s_rate_always_pass() {
        let mut quota = Quota::per_second(3000.0);
        assert!((0..30_000i64).all(|call| quota.try_take(Time(call * SECOND / 3000), 1)));
        // Nor does the bucket leak: the whole burst but the last call's share is still there.
        assert!(quota.try_take(Time(10 * SECOND), 2999));
    }

    #[test]
    fn a_rate_below_one_a_second_still_lets_one_call_through() {
        let mut quota = Quota::per_second(0.5);
        assert!(quota.try_take(Time(0), 1) && !quota.try_take(Time(2 * SECOND - 1), 1));
        assert!(quota.try_take(Time(2 * SECOND), 1));
    }

    #[test]
    fn a_throttled_quota_is_a_smaller_one_until_it_is_not() {
        let mut quota = Quota::per_second(10.0);
        quota.throttle(0.2);
        assert!(quota.try_take(Time(0), 2) && !quota.try_take(Time(0), 1) && quota.try_take(Time(SECOND / 2), 1));
        quota.throttle(0.0);
        assert!(!quota.try_take(Time(3600 * SECOND), 1));
        quota.throttle(1.0);
        assert!(quota.try_take(Time(3600 * SECOND), 10) && !quota.try_take(Time(3600 * SECOND), 1));
        let mut free = Quota::per_second(f64::INFINITY);
        free.throttle(0.0);
        assert!(free.try_take(Time(0), u32::MAX));
    }

    #[test]
    fn absurd_rates_do_not_overflow() {
        for rate in [0.0, -1.0, f64::NAN] {
            assert!(!Quota::per_second(rate).try_take(Time(0), 1), "{rate}");
        }
        let mut slow = Quota::per_second(f64::MIN_POSITIVE);
        assert!(slow.try_take(Time(i64::MAX), u32::MAX) && !slow.try_take(Time(i64::MAX), 1));
        assert!(Quota::per_second(f64::MAX).try_take(Time(i64::MIN), u32::MAX));
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
        fn it_is_a_bucket(
            rate in prop::sample::select(vec![1i64, 2, 5, 10, 100, 1000]),
            asks in prop::collection::vec((0i64..3 * SECOND, 0i64..30), 1..60),
        ) {
            let mut quota = Quota::per_second(rate as f64);
            let full = i128::from(rate) * i128::from(SECOND);
            let mut tokens = full;
            let mut now = 0i64;
            for (gap, calls) in asks {
                now += gap;
                tokens = (tokens + i128::from(gap) * i128::from(rate)).min(full);
                let wanted = i128::from(calls) * i128::from(SECOND);
                let passes = calls == 0 || tokens >= wanted || tokens == full;
                prop_assert_eq!(quota.try_take(Time(now), calls as u32), passes);
                if passes {
                    tokens -= wanted;
                }
            }
        }
    }
}
