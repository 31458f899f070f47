//! Numbers as people read them.
//!
//! Three significant figures are enough for a sentence, and more would claim a precision that a simulation lacks. This
//! module turns floats into words for sentences, table cells and axes; it knows units, but not what is being counted.
//! The CSV files do not go through here: they keep every digit.

/// Minus sign of typography, so that negative amounts do not look hyphenated.
const MINUS: &str = "−";

/// Rounds to three significant figures and groups thousands: `1.18`, `12.3`, `540`, `1,230`.
fn significant(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = match magnitude {
        0.0 => 0,
        m if m < 9.995 => 2,
        m if m < 99.95 => 1,
        _ => 0,
    };
    grouped(value, decimals)
}

/// A fixed number of decimals with thousands separated by commas.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    // "-0.00" would be a lie about the sign of nothing.
    if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        out.push_str(MINUS);
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Drops `.0` and `.00`: `2.00` is `2`, `2.50` stays.
fn without_empty_decimals(text: String) -> String {
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole.to_owned(),
        _ => text,
    }
}

/// Dollars in a sentence: `$0.0042`, `$1.18`, `$540`, `$1,230`, `$12.3k`, `$4.56M`.
pub fn money(usd: f64) -> String {
    let sign = if usd < 0.0 { MINUS } else { "" };
    let amount = usd.abs();
    let digits = if amount < 0.000_000_5 {
        return "$0".to_owned();
    } else if amount < 0.095 {
        small(amount)
    } else if amount < 99.995 {
        grouped(amount, 2)
    } else if amount < 9_999.5 {
        grouped(amount, 0)
    } else if amount < 999_500.0 {
        format!("{}k", significant(amount / 1e3))
    } else if amount < 999_500_000.0 {
        format!("{}M", significant(amount / 1e6))
    } else {
        format!("{}bn", significant(amount / 1e9))
    };
    format!("{sign}${digits}")
}

/// Two significant figures of something well below one, in plain decimals.
fn small(value: f64) -> String {
    let decimals = (1.0 - libm::floor(libm::log10(value))).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Dollars in a table cell: cents always, and four decimals below ten cents.
pub fn amount(usd: f64) -> String {
    let sign = if usd < 0.0 { MINUS } else { "" };
    let decimals = if usd != 0.0 && usd.abs() < 0.095 { 4 } else { 2 };
    format!("{sign}${}", grouped(usd.abs(), decimals))
}

/// Dollars on an axis: as short as exactness allows.
pub fn money_tick(usd: f64) -> String {
    let (value, suffix) = scaled_tick(usd);
    format!("${value}{suffix}")
}

/// Three significant figures, without zeros that say nothing but the first one
/// behind the point.
pub fn figures(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let decimals = (2.0 - libm::floor(libm::log10(value.abs()))).clamp(0.0, 9.0) as usize;
    let text = grouped(value, decimals);
    match text.split_once('.') {
        Some((whole, fraction)) => {
            let fraction = fraction.trim_end_matches('0');
            format!("{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
        }
        None => text,
    }
}

/// A value as a scenario writes it, with a long number in three figures: `0.796214/day` as `0.796/day`. What is not a
/// number and a unit stays as it is.
pub fn brief(text: &str) -> String {
    let bare = text.strip_prefix('$').unwrap_or(text);
    let end = bare.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(bare.len());
    let (number, unit) = bare.split_at(end);
    let is_long = number.trim_start_matches(['0', '.']).chars().filter(char::is_ascii_digit).count() > 3;
    match number.parse::<f64>() {
        Ok(value) if is_long && number.contains('.') && !unit.contains(|letter: char| letter.is_ascii_digit()) => {
            format!("{}{}{unit}", &text[..text.len() - bare.len()], figures(value))
        }
        _ => text.to_owned(),
    }
}

/// A count on an axis: `200`, `5k`, `2M`.
pub fn count_tick(value: f64) -> String {
    let (value, suffix) = scaled_tick(value);
    format!("{value}{suffix}")
}

fn scaled_tick(value: f64) -> (String, &'static str) {
    let (divisor, suffix) = match value.abs() {
        v if v >= 1e9 => (1e9, "bn"),
        v if v >= 1e6 => (1e6, "M"),
        v if v >= 1e4 => (1e3, "k"),
        _ => (1.0, ""),
    };
    (plain(value / divisor), suffix)
}

/// A tick value without the dust of binary fractions: 0.30000000000000004 is 0.3.
fn plain(value: f64) -> String {
    let text = grouped(value, 9);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Seconds in words: `0.4 ms`, `850 ms`, `3.4 s`, `12 s`, `3.4 min`, `2.1 h`, `3.2 days`; infinite is `never`.
pub fn duration(seconds: f64) -> String {
    time(seconds, |value| if value < 9.95 { grouped(value, 1) } else { grouped(value, 0) })
}

/// The same with three significant figures, for differences and their intervals: `−27.6 s`.
pub fn fine_duration(seconds: f64) -> String {
    time(seconds, significant)
}

fn time(seconds: f64, digits: fn(f64) -> String) -> String {
    let sign = if seconds < 0.0 { MINUS } else { "" };
    let length = seconds.abs();
    let (value, unit) = match length {
        s if s.is_infinite() => return "never".to_owned(),
        0.0 => return "0 s".to_owned(),
        s if s < 0.9995 => (s * 1e3, "ms"),
        s if s < 59.5 => (s, "s"),
        s if s < 3_570.0 => (s / 60.0, "min"),
        s if s < 172_800.0 => (s / 3_600.0, "h"),
        s => (s / 86_400.0, "days"),
    };
    format!("{sign}{} {unit}", without_empty_decimals(digits(value)))
}

/// Bytes in decimal units, as scenario files write sizes: `850 kB`, `12.3 GB`, `1.18 TB`.
pub fn bytes(count: f64) -> String {
    let sign = if count < 0.0 { MINUS } else { "" };
    let (value, unit) = byte_unit(count.abs());
    format!("{sign}{} {unit}", without_empty_decimals(significant(value)))
}

/// Bytes on an axis.
pub fn bytes_tick(count: f64) -> String {
    let (value, unit) = byte_unit(count);
    format!("{} {unit}", plain(value))
}

fn byte_unit(count: f64) -> (f64, &'static str) {
    match count {
        b if b >= 999.5e12 => (b / 1e15, "PB"),
        b if b >= 999.5e9 => (b / 1e12, "TB"),
        b if b >= 999.5e6 => (b / 1e9, "GB"),
        b if b >= 999.5e3 => (b / 1e6, "MB"),
        b if b >= 999.5 => (b / 1e3, "kB"),
        b => (b, "B"),
    }
}

/// A mean count: whole when it is whole or large, else one decimal.
pub fn count(value: f64) -> String {
    let text = if value.abs() < 99.95 { grouped(value, 1) } else { grouped(value, 0) };
    without_empty_decimals(text)
}

/// A share as a percentage: `0.4 %`, `12 %`, `99.9 %`. The space is one that does not break.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value != 0.0 && value.abs() < 0.095 {
        return format!("{}{}\u{a0}%", if value < 0.0 { MINUS } else { "" }, small(value.abs()));
    }
    // Close to either end the distance to it is what matters.
    let size = value.abs();
    let decimals = if size < 9.95 || (90.0..100.0).contains(&size) { 1 } else { 0 };
    let mut text = without_empty_decimals(grouped(value, decimals));
    if text.ends_with("100") && size < 100.0 {
        text = text.replace("100", "99.9+");
    }
    format!("{text}\u{a0}%")
}

/// How many times one thing is another: `1.4 times`, `12 times`.
pub fn times(ratio: f64) -> String {
    let text = if ratio < 9.95 { grouped(ratio, 1) } else { grouped(ratio, 0) };
    format!("{} times", without_empty_decimals(text))
}

/// A number with its noun: `1 trial`, `20 trials`, `1,000 copies`.
pub fn of(number: f64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(number), if count(number) == "1" { singular } else { plural })
}

/// Names in a row: `a`, `a and b`, `a, b and c`.
pub fn list<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// Any value with the unit that a table gives for it.
pub fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "s" => duration(value),
        "share" => percent(value),
        "usd" => money(value),
        "usd/month" => format!("{} a month", money(value)),
        "bytes" => bytes(value),
        "bytes/s" => format!("{}/s", bytes(value)),
        "calls/s" => format!("{} calls/s", count(value)),
        "count" => count(value),
        other => format!("{} {other}", count(value)),
    }
}

/// `2026-04-07` as `7 Apr 2026`; anything else stays as it is.
pub fn date(iso: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = iso.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return iso.to_owned();
    };
    match (month.parse::<usize>(), day.parse::<u32>()) {
        (Ok(month @ 1..=12), Ok(day)) => format!("{day} {} {year}", MONTHS[month - 1]),
        _ => iso.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_keeps_three_figures_and_no_more() {
        let cases = [
            (0.0, "$0"),
            (1.18278, "$1.18"),
            (0.0042, "$0.0042"),
            (0.09, "$0.09"),
            (99.99, "$99.99"),
            (99.999, "$100"),
            (540.4, "$540"),
            (1234.5, "$1,234"),
            (12_345.0, "$12.3k"),
            (999_600.0, "$1.00M"),
            (4_560_000.0, "$4.56M"),
            (-3.5, "−$3.50"),
        ];
        for (usd, text) in cases {
            assert_eq!(money(usd), text, "{usd}");
        }
    }

    #[test]
    fn durations_change_unit_before_they_become_long() {
        let cases = [
            (0.0, "0 s"),
            (0.0004, "0.4 ms"),
            (0.85, "850 ms"),
            (0.9996, "1 s"),
            (3.44, "3.4 s"),
            (12.0, "12 s"),
            (59.6, "1 min"),
            (204.0, "3.4 min"),
            (7560.0, "2.1 h"),
            (276_480.0, "3.2 days"),
            (f64::INFINITY, "never"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn bytes_use_the_units_of_scenario_files() {
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(850e3), "850 kB");
        assert_eq!(bytes(12.34e9), "12.3 GB");
        assert_eq!(bytes(999.7e9), "1 TB");
        assert_eq!(bytes_tick(5e8), "500 MB");
    }

    #[test]
    fn a_share_short_of_the_whole_is_not_called_the_whole() {
        assert_eq!(percent(0.99999), "99.9+\u{a0}%");
        assert_eq!(percent(1.0), "100\u{a0}%");
        assert_eq!(percent(0.999), "99.9\u{a0}%");
        assert_eq!(percent(0.004), "0.4\u{a0}%");
        assert_eq!(percent(2.6 / 24_012.0), "0.011\u{a0}%");
        assert_eq!(percent(-0.12), "−12\u{a0}%");
        assert_eq!(percent(-0.9968), "−99.7\u{a0}%");
        assert_eq!(percent(-0.99999), "−99.9+\u{a0}%");
    }

    #[test]
    fn singular_and_plural_follow_what_is_printed() {
        assert_eq!(of(1.0, "trial", "trials"), "1 trial");
        assert_eq!(of(0.98, "copy", "copies"), "1 copy");
        assert_eq!(of(1234.0, "copy", "copies"), "1,234 copies");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn ticks_carry_no_binary_dust() {
        assert_eq!(money_tick(0.1 + 0.2), "$0.3");
        assert_eq!(money_tick(20_000.0), "$20k");
        assert_eq!(count_tick(4_000.0), "4,000");
        assert_eq!(count_tick(-0.0), "0");
    }

    #[test]
    fn dates_read_like_dates() {
        assert_eq!(date("2026-04-07"), "7 Apr 2026");
        assert_eq!(date("day 3"), "day 3");
    }

    #[test]
    fn long_numbers_of_values_are_cut_to_three_figures_and_all_else_stays() {
        for (text, expected) in [
            ("0.796214/day", "0.796/day"),
            ("0.0502377/day", "0.0502/day"),
            ("1264.91 MB", "1,265 MB"),
            ("$0.0632456/GB", "$0.0632/GB"),
            ("12345", "12345"),
            ("200 MB", "200 MB"),
            ("1d12.3456h", "1d12.3456h"),
            ("2026-04-01", "2026-04-01"),
            ("inter-region", "inter-region"),
            ("", ""),
        ] {
            assert_eq!(brief(text), expected);
        }
    }
}
