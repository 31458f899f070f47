//! What one connection, and many, can carry over a distance.
//!
//! * One connection runs at `min(stream_max, stream_window / rtt)` once it is up to speed ([`stream_ceiling`]). The
//!   defaults, 70 MB/s and 3.55 MB, were fitted to 1,494 object reads between 17 regions: median error 7 %, one read in
//!   ten is off by 22 % or more (theory B3).
//! * Before that its window doubles every round trip ([`slow_start_delay`], [`ramp_rates`]; theory B4.2).
//! * Many connections are held by a cap on the machine and lose only their ramp to distance ([`many_connections`];
//!   theory B2).
//! * A pull is several connections behind one node link ([`download_time`]; theory B4.4).
//!
//! All of it is arithmetic on one pull that meets no other; what pulls do to each other is the `network` room's.

mod download;
mod slow_start;

pub use download::download_time;
pub use slow_start::{INITIAL_WINDOW, many_connections, ramp_bytes, ramp_rates, slow_start_delay};

use super::Links;
use crate::units::{Bandwidth, Span};

/// The rate of one connection that is up to speed and alone: `min(stream_max, stream_window / rtt)`.
///
/// Both limits are goodput as measured, so [`Links::efficiency`] does not apply to them.
pub fn stream_ceiling(links: &Links, rtt: Span) -> Bandwidth {
    match links.stream_window {
        Some(window) if rtt > Span::ZERO => Bandwidth(links.stream_max.0.min(window.0 as f64 / rtt.as_seconds())),
        _ => links.stream_max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{Client, SlowStart};
    use crate::units::Bytes;

    fn links(stream_window: Option<Bytes>) -> Links {
        Links {
            rtt: Vec::new(),
            estimated: Vec::new(),
            stream_max: Bandwidth(70e6),
            stream_window,
            slow_start: SlowStart::Delay,
            efficiency: 1.0,
            pair_limit: Vec::new(),
            registry_egress: Vec::new(),
            client: Client {
                request_round_trips: 1,
                serial_requests: 3,
                start: Span::ZERO,
                layer_start: Span::ZERO,
                parallel_layers: 3,
            },
        }
    }

    #[test]
    fn a_connection_is_bound_by_its_window_when_it_is_far() {
        let links = links(Some(Bytes(3_550_000)));
        let rate = |milliseconds: i64| stream_ceiling(&links, Span(milliseconds * 1_000_000)).0;
        assert_eq!(rate(0), 70e6);
        assert_eq!(rate(50), 70e6);
        assert_eq!(rate(100), 35.5e6);
        assert_eq!(rate(200), 17.75e6);
        assert_eq!(stream_ceiling(&self::links(None), Span::seconds(1)).0, 70e6);
    }

    /// Medians of measured reads of 10, 160 and 320 MiB by one connection, over all pairs of regions (theory B3). A
    /// client that started afresh added 0.38 s + 11.1 round trips in all, slow start included.
    #[test]
    fn a_single_stream_read_takes_what_was_measured() {
        let links = links(Some(Bytes(3_550_000)));
        let seconds = |mebibytes: u64, rtt: Span| {
            let rate = stream_ceiling(&links, rtt).0;
            0.384 + 11.1 * rtt.as_seconds() + (mebibytes << 20) as f64 / rate
        };
        let (near, far) = (Span(1_000_000), Span(170_000_000));
        for (mebibytes, local, remote) in [(10, 0.59, 2.6), (160, 2.5, 9.3), (320, 5.3, 17.1)] {
            assert!((seconds(mebibytes, near) / local - 1.0).abs() < 0.12, "{mebibytes} MiB");
            assert!((seconds(mebibytes, far) / remote - 1.0).abs() < 0.12, "{mebibytes} MiB");
        }
    }
}
