//! Prices and sizes as a price book writes them: `"$0.10/GB-month"`, `"10240 GB"`.
//!
//! Here MB and GB are the bill's, 2^20 and 2^30 bytes, unlike in the sizes of a scenario.

use crate::units::{BILL_GB, Bytes, Price};

/// Decimals of a [`Price`].
const DECIMALS: usize = 12;

/// Reads `$NUMBER/UNIT`; the number has at most twelve decimals and no sign.
///
/// # Errors
///
/// A message that says what would be right.
pub(super) fn price(text: &str, unit: &str) -> Result<Price, String> {
    let expected = || format!("expected a price such as \"$0.05/{unit}\", found \"{text}\"");
    let (number, per) = text.trim().strip_prefix('$').and_then(|text| text.split_once('/')).ok_or_else(expected)?;
    let per = per.trim();
    if per != unit && per.replace("GiB", "GB") != unit {
        return Err(format!("this price is per {unit}, not per {per}; write \"${}/{unit}\"", number.trim()));
    }
    decimal(number.trim()).ok_or_else(expected)
}

/// A plain decimal number to 10^-12.
fn decimal(text: &str) -> Option<Price> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.is_empty() || fraction.len() > DECIMALS {
        return None;
    }
    format!("{whole}{fraction:0<DECIMALS$}").parse().ok().map(Price)
}

/// Reads `NUMBER GB` or `NUMBER MB` (also GiB, MiB), in whole units.
pub(super) fn size(text: &str) -> Option<Bytes> {
    let text = text.trim();
    let split = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let bytes = match unit.trim() {
        "GB" | "GiB" => BILL_GB,
        "MB" | "MiB" => BILL_GB >> 10,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(bytes).map(Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_to_the_last_of_twelve_decimals() {
        assert_eq!(price("$0.10/GB-month", "GB-month"), Ok(Price(100_000_000_000)));
        assert_eq!(price("$1/h", "h"), Ok(Price(1_000_000_000_000)));
        assert_eq!(price("$0.000000000001/GiB", "GB"), Ok(Price(1)));
    }

    #[test]
    fn what_is_no_price_is_refused_with_the_mend() {
        assert!(price("0.02/GB", "GB").is_err_and(|message| message.contains("such as \"$0.05/GB\"")));
        assert!(price("$0.02/h", "GB").is_err_and(|message| message.contains("write \"$0.02/GB\"")));
        for text in ["$/GB", "$-1/GB", "$1e3/GB", "$0.0000000000001/GB", "$99999999999/GB", "$0.02"] {
            assert!(price(text, "GB").is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_the_bills() {
        assert_eq!(size("10240 GB"), Some(Bytes(10_240 << 30)));
        assert_eq!(size("500MB"), Some(Bytes(500 << 20)));
        for text in ["10240", "GB", "1.5 GB", "99999999999999999999 GB", "3 TB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
