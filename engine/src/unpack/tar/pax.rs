//! pax extended headers: records of the form `LENGTH KEY=VALUE\n` (IEEE Std 1003.1-2017, pax), with the
//! keys that say where an entry's content is. GNU tar's keys for files with holes are described in its
//! manual, "Sparse Formats".

use super::cut_name;

/// What extended headers say about an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: Sparse,
}

/// The keys of a file with holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sparse {
    pub(super) name: Option<Vec<u8>>,
    /// The size with the holes.
    pub(super) real_size: Option<u64>,
    /// Offsets and lengths in turn, as decimal text with commas (formats 0.0 and 0.1).
    pub(super) numbers: Vec<u8>,
    /// Whether there were more of them than are kept.
    pub(super) is_cut: bool,
    /// Whether the map stands in front of the data (format 1.0).
    pub(super) map_in_data: bool,
}

impl Sparse {
    /// Text of numbers that is kept: some 50,000 pieces.
    const NUMBERS: usize = 1 << 20;

    fn add(&mut self, numbers: &[u8]) {
        let length = self.numbers.len().saturating_add(numbers.len());
        self.is_cut |= length > Self::NUMBERS;
        if !self.is_cut {
            self.numbers.extend_from_slice(numbers);
            self.numbers.push(b',');
        }
    }
}

impl Pax {
    /// Reads the records; false where they break off.
    pub(super) fn read(&mut self, mut text: &[u8]) -> bool {
        // Some archivers pad with zeros inside of the size.
        while text.first().is_some_and(|&byte| byte != 0) {
            let Some((key, value, rest)) = record(text) else { return false };
            self.set(key, value);
            text = rest;
        }
        true
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"path" => self.path = Some(cut_name(value)),
            b"size" => self.size = number(value),
            b"GNU.sparse.name" => self.sparse.name = Some(cut_name(value)),
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.sparse.real_size = number(value),
            b"GNU.sparse.major" => self.sparse.map_in_data = number(value) == Some(1),
            b"GNU.sparse.map" | b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                self.sparse.add(value);
            }
            _ => {}
        }
    }
}

/// Splits off the first record: its key, its value, what follows.
fn record(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = text.iter().take(20).position(|&byte| byte == b' ')?;
    let length = usize::try_from(number(text.get(..space)?)?).ok()?;
    let body = text.get(space.checked_add(1)?..length)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', body)?;
    Some((body.get(..equals)?, body.get(equals.checked_add(1)?..)?, text.get(length..)?))
}

/// A decimal number and nothing else.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_unknown_keys_passed_over() {
        let mut pax = Pax::default();
        assert!(pax.read(b"20 ctime=1234567890\n16 path=a=b\nc\xff\xfe\n12 size=123\n\0\0"));
        assert_eq!(pax.path.as_deref(), Some(&b"a=b\nc\xff\xfe"[..]));
        assert_eq!(pax.size, Some(123));
    }

    #[test]
    fn broken_records_end_the_reading_and_keep_what_came_before() {
        for broken in [
            &b"x path=a\n"[..],
            b"99 path=b\n",
            b"9 path=bc\n",
            b"3 a\n",
            b"0 path=b\n",
            b"18446744073709551616 path=b\n",
            b"-1 path=b\n",
            b"path",
        ] {
            let mut pax = Pax::default();
            assert!(!pax.read(&[b"10 path=a\n", broken].concat()), "{broken:?}");
            assert_eq!(pax.path.as_deref(), Some(&b"a"[..]));
        }
    }
}
