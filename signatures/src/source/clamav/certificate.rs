//! ClamAV's certificates (`.crb`): `name;trusted;subject;serial;pubkey;exp;code;time;cert;notBefore;
//! comment[;minFL[;maxFL]]`.
//!
//! `trusted` is 1 to trust and 0 to block. `subject` and `serial` are SHA-1 of the contents of the
//! fields in the certificate; without a serial number any will do. `pubkey` is the modulus in
//! hexadecimal. The exponent is not looked at: ClamAV takes 65537. `code`, `time` and `cert` say what
//! the certificate may sign.
//!
//! ClamAV gives up the whole file at a broken record. It takes a beginning of validity that is no number
//! for 0, and 32 bits of one; both are refused here.

use std::borrow::Cow;

use pellucid::verdict::Class;

use super::super::{Certificate, Content, Record, hex_digit, parse_hex, parse_number};
use super::{Field, check_levels, class_of, expect, fields};
use crate::diagnostic::{Fault, quoted};

const FORM: &str = "name;trusted;subject;serial;pubkey;exponent;code;time;cert;notBefore;comment\
                    [;minFL[;maxFL]]";

/// Moduli of more bytes belong to keys that nothing is verified with.
const LONGEST_MODULUS: usize = 513;

/// Reads one line.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ';');
    let mut next = |what: &str| expect(fields.next(), line, what, FORM);
    let name = next("the name")?.text;
    let trusted = parse_flag(next("the trust")?)?;
    let subject = next("the subject")?;
    let subject = parse_sha1(subject)?.ok_or_else(|| no_sha1(subject))?;
    let serial = parse_sha1(next("the serial number")?)?;
    let modulus = parse_modulus(next("the key")?)?;
    next("the exponent")?;
    let certificate = Certificate {
        trusted,
        subject,
        serial,
        modulus,
        may_sign_code: parse_flag(next("the use for code")?)?,
        may_sign_times: parse_flag(next("the use for time stamps")?)?,
        may_sign_certificates: parse_flag(next("the use for certificates")?)?,
        not_before: parse_not_before(next("the beginning of validity")?)?,
    };
    next("the comment")?;
    check_levels(fields, FORM)?;
    let class = if trusted { Class::Trusted } else { class_of(name, class) };
    let content = Content::Certificate(certificate);
    Ok(Some(Record { name: Cow::Borrowed(name), class, content }))
}

fn parse_flag(field: Field<'_>) -> Result<bool, Fault> {
    match field.text {
        "0" => Ok(false),
        "1" => Ok(true),
        text => {
            let message = format!("{} is neither 0 nor 1", quoted(text));
            Err(Fault::error("flag", message).at(field.at))
        }
    }
}

/// A SHA-1, if the field is not empty.
fn parse_sha1(field: Field<'_>) -> Result<Option<[u8; 20]>, Fault> {
    match field.text {
        "" => Ok(None),
        text => parse_hex(text).map(Some).ok_or_else(|| no_sha1(field)),
    }
}

fn no_sha1(field: Field<'_>) -> Fault {
    Fault::error("hash", format!("{} is not a SHA-1", quoted(field.text)))
        .at(field.at)
        .help("it is 40 hexadecimal digits; `pellucid inspect` shows it for signed programs")
}

fn parse_modulus(field: Field<'_>) -> Result<Vec<u8>, Fault> {
    let no_key = || {
        Fault::error("key", format!("{} is not the modulus of a key", quoted(field.text)))
            .at(field.at)
            .help("write it in hexadecimal digits, as `pellucid inspect` does")
    };
    let digits = field.text.trim_start_matches('0').as_bytes();
    let digits: Option<Vec<u8>> = digits.iter().map(|&digit| hex_digit(digit)).collect();
    let digits = digits.filter(|digits| !digits.is_empty()).ok_or_else(no_key)?;
    let pairs = digits.rchunks(2).rev();
    let modulus: Vec<u8> =
        pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if modulus.len() > LONGEST_MODULUS {
        let bits = LONGEST_MODULUS.saturating_mul(8);
        let message = format!("a key of more than {bits} bits, which nothing is verified with");
        return Err(Fault::skipped("long key", message).at(field.at));
    }
    Ok(modulus)
}

fn parse_not_before(field: Field<'_>) -> Result<i64, Fault> {
    let time = match field.text {
        "" => Some(0),
        text => parse_number(text).and_then(|time| i64::try_from(time).ok()),
    };
    time.ok_or_else(|| {
        Fault::error("time", format!("{} is not a number of seconds", quoted(field.text)))
            .at(field.at)
            .help("write the seconds since 1970, or nothing")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "00112233445566778899AABBCCDDEEFF01234567";
    const SERIAL: &str = "fedcba98765432100123456789abcdef01234567";

    fn line() -> Vec<String> {
        format!("A.B;1;{SUBJECT};{SERIAL};00C0fFeE;010001;1;0;1;1234;for whom")
            .split(';')
            .map(String::from)
            .collect()
    }

    fn read(change: &[(usize, &str)]) -> Result<(String, Class, Certificate), String> {
        let mut fields = line();
        for &(number, text) in change {
            fields[number] = text.into();
        }
        match record(&fields.join(";"), Class::Malicious) {
            Ok(Some(Record { name, class, content: Content::Certificate(certificate) })) => {
                Ok((name.into_owned(), class, certificate))
            }
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(format!("{:?} {}", fault.level, fault.reason)),
        }
    }

    #[test]
    fn all_fields() {
        let (name, class, certificate) = read(&[]).unwrap();
        assert_eq!((name.as_str(), class), ("A.B", Class::Trusted));
        assert_eq!(certificate.subject[..3], [0x00, 0x11, 0x22]);
        assert_eq!(certificate.serial.unwrap()[..2], [0xfe, 0xdc]);
        assert_eq!(certificate.modulus, [0xc0, 0xff, 0xee]);
        assert!(certificate.trusted && certificate.may_sign_code);
        assert!(!certificate.may_sign_times && certificate.may_sign_certificates);
        assert_eq!(certificate.not_before, 1234);
    }

    #[test]
    fn what_may_be_left_open() {
        assert_eq!(read(&[(1, "0")]).unwrap().1, Class::Malicious);
        assert_eq!(read(&[(0, "PUA.X"), (1, "0")]).unwrap().1, Class::Pua);
        assert_eq!(read(&[(0, "PUA.X")]).unwrap().1, Class::Trusted);
        assert_eq!(read(&[(3, "")]).unwrap().2.serial, None);
        assert_eq!(read(&[(4, "abc")]).unwrap().2.modulus, [0x0a, 0xbc], "an odd number of digits");
        assert_eq!(read(&[(9, "")]).unwrap().2.not_before, 0);
        for field in [5, 10] {
            assert!(read(&[(field, "")]).is_ok(), "{field}");
        }
        assert!(read(&[(10, "comment;1;216")]).is_ok());
    }

    #[test]
    fn what_is_refused() {
        for (field, text, reason) in [
            (1, "", "Error flag"),
            (1, "2", "Error flag"),
            (1, "01", "Error flag"),
            (2, "", "Error hash"),
            (2, "*", "Error hash"),
            (2, &SUBJECT[1..], "Error hash"),
            (3, "*", "Error hash"),
            (3, "00:11", "Error hash"),
            (4, "", "Error key"),
            (4, "0000", "Error key"),
            (4, "0xabc", "Error key"),
            (4, &"f".repeat(1027), "Skipped long key"),
            (6, "x", "Error flag"),
            (7, "", "Error flag"),
            (8, "11", "Error flag"),
            (9, "-1", "Error time"),
            (9, "soon", "Error time"),
            (9, "99999999999999999999", "Error time"),
            (10, "comment;217", "Skipped engine level"),
            (10, "comment;1;100", "Skipped engine level"),
            (10, "comment;x", "Error engine level"),
            (10, "comment;1;216;more", "Error fields"),
        ] {
            assert_eq!(read(&[(field, text)]), Err(reason.into()), "{field} {text}");
        }
        assert!(read(&[(4, &"f".repeat(1026))]).is_ok());
        for fields in 0..11 {
            let short = line()[..fields].join(";");
            assert!(record(&short, Class::Malicious).is_err(), "{short}");
        }
    }
}
