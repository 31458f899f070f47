//! Slow start: a connection's window doubles every round trip until it fills the path.
//!
//! A connection sends [`INITIAL_WINDOW`] bytes in its first round trip, twice as many in the next, and so on, until a
//! window holds `rate × rtt`; from then on it sends without a pause. There is no loss in this model. After `r` round
//! trips `INITIAL_WINDOW × (2^r - 1)` bytes have left (theory B4.2).
//!
//! Two readings of the same ramp: the delay counts the pauses between windows that are each sent at full rate, so a
//! small object that fits the first window costs nothing extra; the ramp's rates spread each window over its round
//! trip, so that flows on the ramp can share a link. They agree on every object that outlives the ramp.

use crate::units::{Bandwidth, Span};

/// Bytes in the first window: 10 segments of 1,448 bytes, Linux's default on a path of 1,500-byte packets.
pub const INITIAL_WINDOW: u64 = 10 * SEGMENT;

/// Payload of a packet (bytes).
const SEGMENT: u64 = 1_448;

/// Doublings after which a window holds more than any object: 2^40 first windows are 16 PB.
const MOST_ROUNDS: u32 = 40;

/// Round trips from the first byte until windows of `rate × rtt` follow one another without a pause.
fn rounds(rate: Bandwidth, rtt: Span) -> u32 {
    let full = rate.0 * rtt.as_seconds();
    (0..MOST_ROUNDS).find(|round| window(*round) as f64 >= full).unwrap_or(MOST_ROUNDS)
}

/// Bytes sent in a round of the ramp.
fn window(round: u32) -> u64 {
    INITIAL_WINDOW << round
}

/// Bytes sent while the window still grows: `INITIAL_WINDOW × (2^r - 1)`, with `r` the rounds until it is full.
pub fn ramp_bytes(rate: Bandwidth, rtt: Span) -> u64 {
    if rtt <= Span::ZERO { 0 } else { window(rounds(rate, rtt)) - INITIAL_WINDOW }
}

/// The time that slow start adds to `bytes / rate`: every window that does not fill the path is followed by a pause,
/// unless it was the last.
pub fn slow_start_delay(rate: Bandwidth, rtt: Span, bytes: u64) -> Span {
    let full = rate.0 * rtt.as_seconds();
    let (mut window, mut sent, mut pauses) = (INITIAL_WINDOW, 0u64, 0);
    while (window as f64) < full && sent + window < bytes {
        sent += window;
        window *= 2;
        pauses += 1;
    }
    if pauses == 0 {
        return Span::ZERO;
    }
    Span::from_seconds(f64::from(pauses) * rtt.as_seconds() - sent as f64 / rate.0)
}

/// The rate that a window allows, spread over its round trip.
pub fn window_rate(window: u64, rtt: Span) -> Bandwidth {
    match rtt > Span::ZERO {
        true => Bandwidth(window as f64 / rtt.as_seconds()),
        false => Bandwidth::UNLIMITED,
    }
}

/// A window a round trip later: twice as large while the path has room, and one segment larger once it is full and
/// begins to lose packets, as congestion avoidance has it (RFC 5681). So who comes to a full path waits for room, and
/// who was there first keeps most of it.
pub fn next_window(window: u64, full: bool) -> u64 {
    if full { window.saturating_add(SEGMENT) } else { window.saturating_mul(2) }
}

/// The ramp as steps for the sharing of links: from each moment after the first byte on, the rate that the window
/// allows. The first step begins at zero, the last one is `ceiling`.
pub fn ramp_rates(rtt: Span, ceiling: Bandwidth) -> impl Iterator<Item = (Span, Bandwidth)> {
    let rounds = if rtt <= Span::ZERO { 0 } else { rounds(ceiling, rtt) };
    let climb = (0..rounds).map(move |round| (Span(rtt.0 * i64::from(round)), window_rate(window(round), rtt)));
    let top = (Span(rtt.0.saturating_mul(i64::from(rounds))), ceiling);
    climb.chain(std::iter::once(top))
}

/// Round trips before the first byte when many connections are opened at once: the handshake, and the agreement on what
/// to send.
const OPENING_ROUND_TRIPS: f64 = 2.0;

/// The mean rate over a first stretch of `within`, when `connections` are opened at once and share `cap` evenly.
///
/// Distance costs such a transfer its ramp and nothing else. Measured between AWS regions (64 connections from one
/// machine, 5 s): 4.90 - 8.64 × rtt\[s\] Gbit/s for round trips under 300 ms (theory B2). The provider's cap of
/// 5 Gbit/s, less headers (1,448 of 1,500 bytes), and this ramp give that line within 4 %, with nothing fitted.
pub fn many_connections(cap: Bandwidth, connections: u32, rtt: Span, within: Span) -> Bandwidth {
    let each = Bandwidth(cap.0 / f64::from(connections));
    let end = within.as_seconds();
    let opened = OPENING_ROUND_TRIPS * rtt.as_seconds();
    let steps: Vec<(Span, Bandwidth)> = ramp_rates(rtt, each).collect();
    let mut bytes = 0.0;
    for (index, (from, rate)) in steps.iter().enumerate() {
        let begin = (opened + from.as_seconds()).min(end);
        let stop = steps.get(index + 1).map_or(end, |(next, _)| (opened + next.as_seconds()).min(end));
        bytes += rate.0 * (stop - begin);
    }
    Bandwidth(bytes * f64::from(connections) / end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Span = Span(100_000_000);

    #[test]
    fn a_first_window_waits_for_nobody() {
        assert_eq!(slow_start_delay(Bandwidth(1e6), RTT, INITIAL_WINDOW), Span::ZERO);
        // One byte more waits for the answer to the first window, which took 14.48 of the 100 ms.
        assert_eq!(slow_start_delay(Bandwidth(1e6), RTT, INITIAL_WINDOW + 1), Span(85_520_000));
        assert_eq!(slow_start_delay(Bandwidth(1e6), Span::ZERO, u64::MAX), Span::ZERO);
        assert_eq!(slow_start_delay(Bandwidth::UNLIMITED, RTT, 3 * INITIAL_WINDOW + 1), Span(200_000_000));
    }

    #[test]
    fn the_ramp_is_the_closed_form() {
        // 1 MB/s × 100 ms = 100 kB; log2(100,000 / 14,480) = 2.79, so 3 rounds and 7 first windows.
        let rate = Bandwidth(1e6);
        assert_eq!(ramp_bytes(rate, RTT), 7 * INITIAL_WINDOW);
        let delay = slow_start_delay(rate, RTT, 10_000_000).as_seconds();
        assert!((delay - (0.3 - 0.101_36)).abs() < 1e-9, "{delay}");
    }

    #[test]
    fn twice_the_distance_at_the_same_window_halves_the_rate_and_doubles_the_ramp() {
        let (near, far) = (Bandwidth(35.5e6), Bandwidth(17.75e6));
        let twice = Span(2 * RTT.0);
        assert_eq!(ramp_bytes(near, RTT), ramp_bytes(far, twice));
        let (short, long) = (slow_start_delay(near, RTT, 1 << 30), slow_start_delay(far, twice, 1 << 30));
        assert!((2 * short.0 - long.0).abs() <= 1, "{short:?} and {long:?}, but for rounding to the nanosecond");
        let top = |rtt, rate| ramp_rates(rtt, rate).last().expect("the top step");
        assert_eq!(top(RTT, near), (Span(8 * RTT.0), near));
        assert_eq!(top(twice, far), (Span(16 * RTT.0), far));
    }

    #[test]
    fn a_window_doubles_while_there_is_room() {
        assert_eq!(next_window(INITIAL_WINDOW, false), 28_960);
        assert_eq!(next_window(INITIAL_WINDOW, true), 15_928);
        assert_eq!(next_window(u64::MAX, false), u64::MAX);
        assert_eq!(window_rate(INITIAL_WINDOW, RTT), Bandwidth(144_800.0));
        assert_eq!(window_rate(INITIAL_WINDOW, Span::ZERO), Bandwidth::UNLIMITED);
    }

    #[test]
    fn both_readings_agree_beyond_the_ramp() {
        let rate = Bandwidth(20e6);
        let steps: Vec<(Span, Bandwidth)> = ramp_rates(RTT, rate).collect();
        assert_eq!(steps[0], (Span::ZERO, Bandwidth(144_800.0)));
        let mut sent = 0.0;
        for pair in steps.windows(2) {
            sent += pair[0].1.0 * (pair[1].0 - pair[0].0).as_seconds();
        }
        assert!((sent - ramp_bytes(rate, RTT) as f64).abs() < 1e-3);
        let bytes = 50_000_000;
        let by_steps = steps[steps.len() - 1].0.as_seconds() + (bytes as f64 - sent) / rate.0;
        let by_delay = slow_start_delay(rate, RTT, bytes).as_seconds() + bytes as f64 / rate.0;
        assert!((by_steps - by_delay).abs() < 1e-8);
    }

    #[test]
    fn an_unlimited_ramp_ends_all_the_same() {
        assert_eq!(ramp_rates(RTT, Bandwidth::UNLIMITED).count(), MOST_ROUNDS as usize + 1);
        assert_eq!(ramp_rates(Span::ZERO, Bandwidth(5.0)).collect::<Vec<_>>(), [(Span::ZERO, Bandwidth(5.0))]);
    }

    /// The line through 400 measured pairs (theory B2) from the provider's documented cap and our ramp.
    #[test]
    fn sixty_four_connections_lose_their_ramp_and_nothing_else() {
        let cap = Bandwidth(5e9 / 8.0 * 1448.0 / 1500.0);
        for milliseconds in (10..=300).step_by(10) {
            let rtt = Span(milliseconds * 1_000_000);
            let model = many_connections(cap, 64, rtt, Span::seconds(5)).0 * 8.0 / 1e9;
            let measured = 4.90 - 8.64 * rtt.as_seconds();
            assert!((model / measured - 1.0).abs() < 0.04, "{milliseconds} ms: {model} and {measured} Gbit/s");
        }
    }
}
