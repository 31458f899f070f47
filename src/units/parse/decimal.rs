//! Decimal fractions that are scaled exactly.

/// A non-negative decimal number as written.
#[derive(Clone, Debug)]
pub(super) struct Decimal<'a> {
    /// Its digits, with the point.
    pub text: &'a str,
    /// Its digits without the point, as a number.
    digits: u128,
    /// Digits behind the point.
    decimals: u32,
}

impl<'a> Decimal<'a> {
    /// Splits a text into the number that it begins with and what follows, blanks between them dropped.
    ///
    /// `None` when it begins with no number: digits, or digits, a point, and digits; at most 28 digits.
    pub fn split(text: &'a str) -> Option<(Decimal<'a>, &'a str)> {
        let bytes = text.as_bytes();
        let whole = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        if whole == 0 {
            return None;
        }
        let mut end = whole;
        if bytes.get(whole) == Some(&b'.') {
            let decimals = bytes[whole + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if decimals == 0 {
                return None;
            }
            end = whole + 1 + decimals;
        }
        let (text, rest) = text.split_at(end);
        if text.len() > 29 {
            return None;
        }
        let digits = text.bytes().filter(u8::is_ascii_digit).fold(0u128, |n, b| n * 10 + u128::from(b - b'0'));
        let decimals = (end - whole).saturating_sub(1) as u32;
        Some((Decimal { text, digits, decimals }, rest.trim_start()))
    }

    /// This many `unit`s; `None` when that is not whole, or does not fit.
    pub fn times(&self, unit: u128) -> Option<u128> {
        let scaled = self.digits.checked_mul(unit)?;
        let scale = 10u128.pow(self.decimals);
        scaled.is_multiple_of(scale).then(|| scaled / scale)
    }

    /// The nearest float.
    pub fn float(&self) -> f64 {
        // Digits with at most one point are what the standard reader takes.
        self.text.parse().unwrap_or(f64::INFINITY)
    }

    /// The float nearest to a hundredth of this: `15` gives the float that is written 0.15.
    pub fn hundredth(&self) -> f64 {
        format!("{}e-2", self.text).parse().unwrap_or(f64::INFINITY)
    }
}
