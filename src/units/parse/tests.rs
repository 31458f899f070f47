//! Hand-worked texts, and texts that nobody would write.

use proptest::prelude::*;

use super::*;
use crate::units::DAY;

#[test]
fn sizes_are_exact() {
    for (text, bytes) in [
        ("200 MB", 200_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("0 B", 0),
        ("3.55MB", 3_550_000),
        ("0.001 kB", 1),
        ("9223372 TB", 9_223_372_000_000_000_000),
    ] {
        assert_eq!(size(text), Ok(Bytes(bytes)), "{text}");
    }
    assert_eq!(size("0.5 B").unwrap_err().message, "\"0.5 B\" does not come to whole bytes");
    assert_eq!(size("9300000 TB").unwrap_err().message, "the size is too large");
    assert_eq!(size("90d").unwrap_err().message, "expected a size such as \"200 MB\", found a duration");
    assert_eq!(size("5 Gb").unwrap_err().message, "expected a size such as \"200 MB\", found \"5 Gb\"");
    assert_eq!(size("-5 GB").unwrap_err().message, "expected a size such as \"200 MB\", found \"-5 GB\"");
}

#[test]
fn durations_add_up() {
    for (text, nanos) in [
        ("90d", 90 * DAY),
        ("4h30m", 4 * HOUR + HOUR / 2),
        ("80 ms", 80_000_000),
        ("1 week 2 day", 9 * DAY),
        ("1.5h", 3 * HOUR / 2),
        ("0s", 0),
        ("2min", 120 * NANOS),
    ] {
        assert_eq!(duration(text), Ok(Span(nanos)), "{text}");
    }
    let error = duration("90 MB").unwrap_err();
    assert_eq!(error.message, "expected a duration such as \"90d\", found a size");
    assert_eq!(error.label, "time units: ns us ms s m h d w");
    assert_eq!(duration("3 months").unwrap_err().message, "a month has no fixed length; write \"30d\"");
    assert_eq!(duration("400000d").unwrap_err().message, "the duration is too long");
    assert_eq!(duration("0.5ns").unwrap_err().message, "the duration does not come to whole nanoseconds");
    assert!(duration("").is_err() && duration("5").is_err() && duration("m").is_err());
}

#[test]
fn rates_keep_their_unit() {
    assert_eq!(rate("3/day"), Ok(RateText { count: 3.0, per_count: 1.0, unit: RateUnit::Day }));
    assert_eq!(rate("1/15d"), Ok(RateText { count: 1.0, per_count: 15.0, unit: RateUnit::Day }));
    assert_eq!(rate("0.5 / h"), Ok(RateText { count: 0.5, per_count: 1.0, unit: RateUnit::Hour }));
    assert_eq!(share_rate("10%/day"), Ok(RateText { count: 0.1, per_count: 1.0, unit: RateUnit::Day }));
    assert_eq!(rate("2/month").unwrap_err().message, "a rate per month is ambiguous; write \"2/30d\"");
    assert_eq!(rate("2/month").unwrap_err().label, "");
    assert_eq!(rate("2/2month").unwrap_err().message, "a rate per month is ambiguous; write \"2/60d\"");
    assert_eq!(rate("10%/day").unwrap_err().message, "expected a rate such as \"3/day\", found a share rate");
    assert!(rate("3/0d").is_err() && rate("3").is_err() && rate("3/parsec").is_err());
}

#[test]
fn shares_lie_between_nothing_and_everything() {
    assert_eq!(share("15%"), Ok(0.15));
    assert_eq!(share("0.5 %"), Ok(0.005));
    assert_eq!(share("100%"), Ok(1.0));
    assert_eq!(share("120%").unwrap_err().message, "a share is at most 100%");
    assert_eq!(share("0.15").unwrap_err().message, "expected a share such as \"15%\", found a number without a unit");
}

#[test]
fn bandwidths_come_in_bits_and_bytes() {
    assert_eq!(bandwidth("5 Gbit/s"), Ok(Bandwidth(625_000_000.0)));
    assert_eq!(bandwidth("70 MB/s"), Ok(Bandwidth(70_000_000.0)));
    assert_eq!(bandwidth("1 KiB/s"), Ok(Bandwidth(1024.0)));
    assert_eq!(bandwidth("unlimited"), Ok(Bandwidth::UNLIMITED));
    assert_eq!(bandwidth("0 B/s").unwrap_err().message, "a bandwidth is above zero");
    assert_eq!(bandwidth("5 GB").unwrap_err().message, "expected a bandwidth such as \"5 Gbit/s\", found a size");
}

#[test]
fn prices_are_exact() {
    assert_eq!(price("$0.02/GB"), Ok(PriceText { pico: 20_000_000_000, unit: PriceUnit::Gb }));
    assert_eq!(price("$0.10/GiB-month").map(|p| p.unit), Ok(PriceUnit::GbMonth));
    assert_eq!(money("$500/month", PriceUnit::Month), Ok(Usd(500_000_000_000)));
    assert_eq!(
        price_per("$90/h", PriceUnit::Gb).unwrap_err().message,
        "expected a price such as \"$0.02/GB\", found a price per hour"
    );
    assert!(price("$1/parsec").is_err() && price("$-1/GB").is_err() && price("5").is_err());
    assert_eq!(toil("4h/month"), Ok(Span(4 * HOUR)));
    assert!(toil("4h").is_err());
}

#[test]
fn clock_texts_keep_their_zone() {
    let weekdays = Weekdays([true, true, true, true, true, false, false]);
    assert_eq!(
        hours("Mon-Fri 09:00-18:00 America/New_York"),
        Ok(HoursText::Weekly { days: weekdays, from: 540, to: 1080, zone: "America/New_York".into() })
    );
    assert_eq!(hours("always"), Ok(HoursText::Always));
    assert_eq!(
        hours("22:00-06:00"),
        Ok(HoursText::Weekly { days: Weekdays::ALL, from: 1320, to: 360, zone: "UTC".into() })
    );
    assert_eq!(
        schedule("Mon-Fri 14:00,09:30 Europe/Dublin"),
        Ok(ScheduleText { days: weekdays, minutes: vec![570, 840], zone: "Europe/Dublin".into() })
    );
    assert_eq!(schedule("Sat-Mon 00:00").map(|s| s.days), Ok(Weekdays([true, false, false, false, false, true, true])));
    assert_eq!(schedule("00:00 Mars/Olympus").unwrap_err().message, "no time zone \"Mars/Olympus\"");
    assert!(hours("09:00-09:00").is_err() && hours("25:00-26:00").is_err() && schedule("24:00").is_err());
    assert_eq!(duration("09:00").unwrap_err().message, "expected a duration such as \"90d\", found a schedule");
}

#[test]
fn moments_count_from_the_start_or_from_1970() {
    assert_eq!(moment("45d"), Ok(MomentText::SinceStart(Span(45 * DAY))));
    let at = MomentText::Absolute(1_771_459_200_000_000_000);
    for text in ["2026-02-19T00:00:00Z", "2026-02-19", "2026-02-19T01:00:00+01:00", "2026-02-19 00:00:00Z"] {
        assert_eq!(moment(text), Ok(at), "{text}");
    }
    assert!(moment("2026-02-19T00:00:00").unwrap_err().message.contains("needs an offset"));
    assert!(moment("2026-02-30").is_err() && moment("soon").is_err());
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,60}") {
        let _ = (size(&text), duration(&text), rate(&text), share_rate(&text), share(&text), bandwidth(&text));
        let _ = (price(&text), toil(&text), hours(&text), schedule(&text), moment(&text), found(&text));
    }

    #[test]
    fn no_nearly_right_text_makes_a_reader_panic(text in "[$%/:., 0-9A-Zdhmsinu-]{0,40}") {
        let _ = (size(&text), duration(&text), rate(&text), share_rate(&text), share(&text), bandwidth(&text));
        let _ = (price(&text), toil(&text), hours(&text), schedule(&text), moment(&text), found(&text));
    }

    #[test]
    fn whole_sizes_and_durations_round_trip(n in 0u64..1_000_000) {
        prop_assert_eq!(size(&format!("{n} B")), Ok(Bytes(n)));
        prop_assert_eq!(duration(&format!("{n}us")), Ok(Span(n as i64 * 1000)));
    }
}
