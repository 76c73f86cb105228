//! Writes values of ASN.1: tag, length, content.

/// A value out of the pieces of its content.
pub(crate) fn value(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let content = pieces.concat();
    let mut value = vec![tag];
    match content.len() {
        length @ 0..128 => value.push(length as u8),
        length => {
            let bytes = length.to_be_bytes();
            let bytes = &bytes[bytes.iter().position(|&byte| byte != 0).unwrap()..];
            value.push(0x80 | bytes.len() as u8);
            value.extend_from_slice(bytes);
        }
    }
    value.extend(content);
    value
}

pub(crate) fn sequence(pieces: &[&[u8]]) -> Vec<u8> {
    value(0x30, pieces)
}

pub(crate) fn set(pieces: &[&[u8]]) -> Vec<u8> {
    value(0x31, pieces)
}

/// `[number]`, constructed.
pub(crate) fn context(number: u8, pieces: &[&[u8]]) -> Vec<u8> {
    value(0xa0 | number, pieces)
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    value(0x04, &[bytes])
}

pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    value(0x03, &[&[0], bytes])
}

/// A number that is not negative.
pub(crate) fn integer(magnitude: &[u8]) -> Vec<u8> {
    match magnitude.first() {
        Some(0..0x80) => value(0x02, &[magnitude]),
        _ => value(0x02, &[&[0], magnitude]),
    }
}

/// An object identifier, by its encoding.
pub(crate) fn identifier(encoded: &[u8]) -> Vec<u8> {
    value(0x06, &[encoded])
}

/// An AlgorithmIdentifier.
pub(crate) fn algorithm(encoded: &[u8]) -> Vec<u8> {
    sequence(&[&identifier(encoded), &[5, 0]])
}

/// The content of a value.
pub(crate) fn content(value: &[u8]) -> &[u8] {
    match value[1] {
        0..0x80 => &value[2..],
        long => &value[2 + usize::from(long & 0x7f)..],
    }
}
