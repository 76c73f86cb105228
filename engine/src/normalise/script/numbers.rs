//! Numbers: how far one goes, and how it is written again.

/// The length of the number that a text begins with: digits; behind a point digits and exponents.
pub(super) fn length(text: &[u8]) -> usize {
    let whole = digits(text);
    if text.get(whole) != Some(&b'.') {
        return whole;
    }
    let mut length = whole.saturating_add(1);
    loop {
        length = length.saturating_add(digits(text.get(length..).unwrap_or_default()));
        if !matches!(text.get(length), Some(b'e' | b'E')) {
            return length;
        }
        length = length.saturating_add(1);
        if matches!(text.get(length), Some(b'+' | b'-')) {
            length = length.saturating_add(1);
        }
        if !text.get(length).is_some_and(u8::is_ascii_digit) {
            return length;
        }
    }
}

/// The digits before the point.
pub(super) fn whole_part(literal: &[u8]) -> &[u8] {
    literal.get(..digits(literal)).unwrap_or(literal)
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The number as C's `printf` writes it: whole ones with `%d`, cut to 32 bits, others with `%g`.
pub(super) fn written(literal: &[u8]) -> String {
    match literal.iter().position(|&byte| byte == b'.') {
        None => whole(literal).to_string(),
        Some(_) => shortest(fraction(literal)),
    }
}

/// Digits as a number of 64 bits, at most the greatest one, and of that the lower half.
fn whole(digits: &[u8]) -> i32 {
    let value = digits
        .iter()
        .fold(0_i64, |value, &digit| value.saturating_mul(10).saturating_add((digit & 15).into()));
    let [a, b, c, d, ..] = value.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// As much of a literal as makes a number.
fn fraction(literal: &[u8]) -> f64 {
    let whole = digits(literal);
    let mut length = whole.saturating_add(1);
    length = length.saturating_add(digits(literal.get(length..).unwrap_or_default()));
    let exponent = exponent_length(literal.get(length..).unwrap_or_default());
    let number = literal.get(..length.saturating_add(exponent)).unwrap_or(literal);
    std::str::from_utf8(number).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

/// The length of an exponent that is complete.
fn exponent_length(text: &[u8]) -> usize {
    let sign = match text {
        [b'e' | b'E', b'+' | b'-', ..] => 2_usize,
        [b'e' | b'E', ..] => 1,
        _ => return 0,
    };
    match digits(text.get(sign..).unwrap_or_default()) {
        0 => 0,
        count => sign.saturating_add(count),
    }
}

/// A number as `%g` writes it: six digits, no zeros at the end.
fn shortest(value: f64) -> String {
    const DIGITS: i32 = 6;
    if !value.is_finite() {
        return "inf".to_owned();
    }
    let scientific = format!("{value:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..DIGITS).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.unsigned_abs());
    }
    let places = usize::try_from(DIGITS.saturating_sub(1).saturating_sub(exponent)).unwrap_or(0);
    without_zeros(&format!("{value:.places$}")).to_owned()
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}
