//! Points in time, as certificates and countersignatures write them: UTCTime and GeneralizedTime of
//! RFC 5280, section 4.1.2.5, in seconds since 1970.
//!
//! As in ClamAV, UTCTime may leave the seconds out, and a day need only be one that some month has. Its
//! years from 50 on are of the last century. GeneralizedTime is read as it is meant; ClamAV takes its
//! century for the year.

use super::der::{GENERALIZED_TIME, Malformed, UTC_TIME, Value};

const NO_TIME: Malformed = Malformed("this is not a time");

/// Reads a time.
pub(super) fn read(value: &Value<'_>) -> Result<i64, Malformed> {
    let digits = value.content.strip_suffix(b"Z").ok_or(NO_TIME)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(NO_TIME);
    }
    let (pairs, odd) = digits.as_chunks::<2>();
    let number = |&[ten, one]: &[u8; 2]| (ten & 0x0f).saturating_mul(10).saturating_add(one & 0x0f);
    let mut pairs = pairs.iter().map(|pair| i64::from(number(pair)));
    let mut next = || pairs.next().ok_or(NO_TIME);
    let year = match value.tag {
        UTC_TIME if matches!(digits.len(), 10 | 12) => match next()? {
            short @ 0..50 => short.saturating_add(2000),
            short => short.saturating_add(1900),
        },
        GENERALIZED_TIME if digits.len() == 14 => {
            next()?.saturating_mul(100).saturating_add(next()?)
        }
        _ => return Err(NO_TIME),
    };
    let (month, day, hour, minute) = (next()?, next()?, next()?, next()?);
    let second = pairs.next().unwrap_or(0);
    let is_time = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && odd.is_empty();
    is_time.then(|| seconds(year, month, day, hour, minute, second)).ok_or(NO_TIME)
}

/// Seconds since 1970 of a date of the Gregorian calendar.
#[allow(clippy::arithmetic_side_effects, reason = "years have four digits, the rest two")]
fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> i64 {
    // Years begin in March here, so that the day that some years have more is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = 365 * year + leap_days + day_of_year - 719_468;
    days * 86_400 + hour * 3_600 + minute * 60 + second
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Result<i64, Malformed> {
        read(&Value { tag: UTC_TIME, content: text.as_bytes(), whole: &[] })
    }

    fn generalized(text: &str) -> Result<i64, Malformed> {
        read(&Value { tag: GENERALIZED_TIME, content: text.as_bytes(), whole: &[] })
    }

    #[test]
    fn both_forms() {
        assert_eq!(utc("700101000000Z"), Ok(0));
        assert_eq!(utc("000229120000Z"), Ok(951_825_600));
        assert_eq!(utc("2611212359Z"), Ok(1_795_305_540), "without seconds");
        assert_eq!(utc("491231235959Z"), Ok(2_524_607_999));
        assert_eq!(utc("500101000000Z"), Ok(-631_152_000));
        assert_eq!(generalized("20610101000000Z"), Ok(2_871_763_200));
        assert_eq!(generalized("19691231235959Z"), Ok(-1));
        assert_eq!(utc("260231000000Z"), utc("260303000000Z"), "some month has 31 days");
    }

    #[test]
    fn what_is_no_time() {
        for bad in [
            "",
            "Z",
            "26Z",
            "261301000000Z",
            "260001000000Z",
            "260132000000Z",
            "260100000000Z",
            "260101240000Z",
            "260101006000Z",
            "260101000060Z",
            "260101000000",
            "26010100000Z",
            "2a0101000000Z",
            "260101000000+0100",
            "2601010000000Z",
            "20260101000000Z",
        ] {
            assert!(utc(bad).is_err(), "{bad}");
        }
        for bad in ["260101000000Z", "20260101000000.5Z", "202601010000Z"] {
            assert!(generalized(bad).is_err(), "{bad}");
        }
    }
}
