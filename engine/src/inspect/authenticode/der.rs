//! The encoding of certificates and signatures: ASN.1 values as tag, length, content (ITU-T X.690).
//!
//! A cursor over values of definite length, which never recurses and never allocates: the walks over
//! certificates and signatures are of fixed depth. Lengths need not be minimal, because signing tools
//! of the past did not mind and ClamAV does not either; values of indefinite length and tags above 30
//! are refused, as there. Crates for DER want strict encoding, or build trees as the data tells them.

use crate::reader::{OutOfBounds, Reader};

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// `[0]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xa0;
/// `[1]`, constructed.
pub(super) const CONTEXT_1: u8 = 0xa1;
/// `[3]`, constructed.
pub(super) const CONTEXT_3: u8 = 0xa3;

/// What contradicts the encoding or the structure, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(super) &'static str);

impl From<OutOfBounds> for Malformed {
    fn from(_: OutOfBounds) -> Self {
        Malformed("a value ends behind the data")
    }
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// The value with its tag and its length.
    pub(super) whole: &'a [u8],
}

/// A cursor over values that stand one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a>(Reader<'a>);

impl<'a> Values<'a> {
    pub(super) fn of(content: &'a [u8]) -> Self {
        Self(Reader::new(content))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of the values not yet read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0.rest()
    }

    /// The tag of the next value, where there is one.
    pub(super) fn tag(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Reads the next value.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Malformed> {
        let mut reader = self.0;
        let tag = reader.u8()?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed("a tag of several bytes"));
        }
        let length = read_length(&mut reader)?;
        let content = reader.bytes(length)?;
        let whole = self.0.bytes(reader.position().saturating_sub(self.0.position()) as u64)?;
        Ok(Value { tag, content, whole })
    }

    /// Reads the next value, which must have this tag.
    pub(super) fn expect(
        &mut self,
        tag: u8,
        otherwise: &'static str,
    ) -> Result<Value<'a>, Malformed> {
        match self.tag() {
            Some(found) if found == tag => self.value(),
            _ => Err(Malformed(otherwise)),
        }
    }

    /// The content of the next value, which must have this tag.
    pub(super) fn content(
        &mut self,
        tag: u8,
        otherwise: &'static str,
    ) -> Result<&'a [u8], Malformed> {
        self.expect(tag, otherwise).map(|value| value.content)
    }

    /// A cursor over what is inside of the next value, which must have this tag.
    pub(super) fn inside(
        &mut self,
        tag: u8,
        otherwise: &'static str,
    ) -> Result<Values<'a>, Malformed> {
        self.content(tag, otherwise).map(Values::of)
    }

    /// Refuses further values.
    pub(super) fn end(&self, otherwise: &'static str) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed(otherwise)) }
    }
}

fn read_length(reader: &mut Reader<'_>) -> Result<u64, Malformed> {
    let first = reader.u8()?;
    match first {
        0..=0x7f => Ok(first.into()),
        0x80 => Err(Malformed("a value of indefinite length")),
        0x81..=0x84 => {
            let bytes = reader.bytes(u64::from(first & 0x7f))?;
            Ok(bytes.iter().fold(0, |length, &byte| length << 8 | u64::from(byte)))
        }
        _ => Err(Malformed("a length of more than 32 bits")),
    }
}

/// Reads an AlgorithmIdentifier without parameters (or with NULL), and gives its object identifier.
pub(super) fn algorithm<'a>(values: &mut Values<'a>) -> Result<&'a [u8], Malformed> {
    let mut inside = values.inside(SEQUENCE, "an algorithm is expected")?;
    let identifier = inside.content(OBJECT_IDENTIFIER, "an algorithm has no identifier")?;
    if !inside.is_empty() {
        inside.content(NULL, "an algorithm has parameters")?;
    }
    inside.end("an algorithm has more than parameters")?;
    Ok(identifier)
}

/// The bytes of a BIT STRING, which must be whole ones.
pub(super) fn whole_bytes(content: &[u8]) -> Result<&[u8], Malformed> {
    match content.split_first() {
        Some((0, bytes)) => Ok(bytes),
        _ => Err(Malformed("a bit string does not hold whole bytes")),
    }
}

/// A number without its leading zeros.
pub(super) fn magnitude(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(bytes: &[u8]) -> Result<(u8, usize, usize), Malformed> {
        Values::of(bytes).value().map(|v| (v.tag, v.content.len(), v.whole.len()))
    }

    #[test]
    fn lengths_of_every_form() {
        assert_eq!(first(&[0x30, 2, 1, 2, 9]), Ok((0x30, 2, 4)));
        assert_eq!(first(&[0x04, 0x81, 1, 7]), Ok((0x04, 1, 4)), "not minimal");
        assert_eq!(first(&[0x04, 0x84, 0, 0, 0, 1, 7]), Ok((0x04, 1, 7)), "not minimal");
        let long = [&[0x04, 0x82, 1, 0][..], &[0; 256]].concat();
        assert_eq!(first(&long), Ok((0x04, 256, 260)));
    }

    #[test]
    fn what_is_refused() {
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 1],
            &[0x30, 0x82, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 1, 7],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 7],
            &[0x1f, 0x81, 0, 0],
            &[0xbf, 1, 0],
        ] {
            assert!(first(bad).is_err(), "{bad:x?}");
        }
    }

    #[test]
    fn a_refused_value_is_not_passed_over() {
        let mut values = Values::of(&[0x04, 1, 7, 0x30, 9]);
        assert!(values.expect(0x30, "no").is_err());
        assert_eq!(values.content(0x04, "no"), Ok(&[7][..]));
        assert!(values.value().is_err());
        assert_eq!(values.rest(), [0x30, 9]);
    }

    #[test]
    fn parameters_of_algorithms() {
        let read = |bytes: &[u8]| algorithm(&mut Values::of(bytes)).map(<[u8]>::to_vec);
        assert_eq!(read(&[0x30, 3, 6, 1, 42]), Ok(vec![42]));
        assert_eq!(read(&[0x30, 5, 6, 1, 42, 5, 0]), Ok(vec![42]));
        assert!(read(&[0x30, 6, 6, 1, 42, 4, 1, 0]).is_err());
        assert!(read(&[0x30, 7, 6, 1, 42, 5, 0, 5, 0]).is_err());
    }

    #[test]
    fn numbers_and_bits() {
        assert_eq!(magnitude(&[0, 0, 1, 0]), [1, 0]);
        assert_eq!(magnitude(&[0]), [0; 0]);
        assert_eq!(whole_bytes(&[0, 1]), Ok(&[1][..]));
        assert!(whole_bytes(&[1, 2]).is_err());
        assert!(whole_bytes(&[]).is_err());
    }
}
