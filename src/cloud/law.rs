//! What one connection, and many, can carry over a distance.
//!
//! * One connection runs at `min(stream_max, stream_window / rtt)` once it is up to speed ([`stream_ceiling`]). The
//!   defaults, 70 MB/s and 3.55 MB, were fitted to 1,494 object reads between 17 regions: median error 7 %, one read in
//!   ten is off by 22 % or more (theory B3).
//! * Before that its window doubles every round trip ([`slow_start_delay`], [`ramp_rates`]; theory B4.2).
//! * A full path queues, and what crosses it waits ([`standing_queue`]); of its rate, headers and the sawtooth of the
//!   congestion control leave a share ([`CUBIC_GOODPUT`], [`BBR_GOODPUT`]).
//! * Many connections are held by a cap on the machine and lose only their ramp to distance ([`many_connections`];
//!   theory B2).
//! * A pull is several connections behind one node link ([`download_time`]; theory B4.4).
//!
//! All of it is arithmetic on one pull that meets no other; what pulls do to each other is the `network` room's.

mod download;
mod slow_start;

pub use download::download_time;
pub use slow_start::{
    INITIAL_WINDOW, many_connections, next_window, ramp_bytes, ramp_rates, slow_start_delay, window_rate,
};

use super::Links;
use crate::units::{Bandwidth, Bytes, Span};

/// What headers leave of a rate: 1,448 of 1,500 bytes are payload (IPv4 and TCP with time stamps).
const PAYLOAD: f64 = 1448.0 / 1500.0;

/// Goodput over rate with `bbr`, which paces at the rate that it measures: headers are all that is lost.
pub const BBR_GOODPUT: f64 = PAYLOAD;

/// Goodput over rate with `cubic`: a loss cuts the window to 0.7 (RFC 9438), so it stands at 0.85 of what the path and
/// its buffer hold on average. A short transfer does not live to see the window recover.
pub const CUBIC_GOODPUT: f64 = PAYLOAD * 0.85;

/// The part of a full path's buffer that stands full on average: between empty after a loss and full before the next.
const STANDING: f64 = 0.5;

/// What a byte, and so an answer, waits ahead of a path that is full.
pub fn standing_queue(buffer: Bytes, rate: Bandwidth) -> Span {
    match rate.0 > 0.0 {
        true => Span::from_seconds(STANDING * buffer.0 as f64 / rate.0),
        false => Span::ZERO,
    }
}

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

    fn links(stream_window: Option<Bytes>) -> Links {
        Links {
            rtt: Vec::new(),
            estimated: Vec::new(),
            stream_max: Bandwidth(70e6),
            stream_window,
            slow_start: SlowStart::Delay,
            efficiency: 1.0,
            pair_limit: Vec::new(),
            pair_buffer: Vec::new(),
            registry_egress: Vec::new(),
            client: Client::CONTAINERD,
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

    #[test]
    fn a_full_path_holds_half_its_buffer() {
        // 1 MB ahead of 200 Mbit/s (25 MB/s): 40 ms when full.
        assert_eq!(standing_queue(Bytes(1_000_000), Bandwidth(25e6)), Span(20_000_000));
        assert_eq!(standing_queue(Bytes(0), Bandwidth(25e6)), Span::ZERO);
        assert_eq!(standing_queue(Bytes(1), Bandwidth(0.0)), Span::ZERO);
        assert_eq!(standing_queue(Bytes(1), Bandwidth::UNLIMITED), Span::ZERO);
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
