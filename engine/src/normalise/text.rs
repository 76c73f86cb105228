//! Texts: in lower case, white space as single spaces, and nothing but ASCII.
//!
//! Tabs, line ends, vertical tabs, form feeds and spaces are white space. Other control characters and
//! all bytes from 128 are dropped, wherever they stand, so that UTF-16 and text with NULs between its
//! letters come out as plain text without being decoded.

use super::sink::{STEP, Sink};

/// How far ClamAV looks to tell texts from other data.
const SAMPLE: usize = 1024;

/// What becomes of a byte.
fn normal(byte: u8) -> Option<u8> {
    match byte {
        b'\t'..=b'\r' | b' ' => Some(b' '),
        b'!'..=0x7f => Some(byte.to_ascii_lowercase()),
        _ => None,
    }
}

/// Writes the view of a text.
pub(super) fn normalise(data: &[u8], out: &mut Sink<'_>) {
    let mut after_space = false;
    for step in data.chunks(STEP) {
        if !out.goes_on() {
            return;
        }
        for byte in step.iter().filter_map(|&byte| normal(byte)) {
            if byte != b' ' || !after_space {
                out.push(byte);
            }
            after_space = byte == b' ';
        }
    }
}

/// Whether ClamAV takes data of no known type for text: it has a byte order mark, or no two NULs side by
/// side at an even place of its first KiB, the very first left aside.
pub(super) fn is_text(data: &[u8]) -> bool {
    let sample = data.get(..SAMPLE).unwrap_or(data);
    let is_marked = sample.starts_with(b"\xff\xfe") || sample.starts_with(b"\xfe\xff");
    let mut pairs = sample.chunks_exact(2).skip(1);
    is_marked || !pairs.any(|pair| pair == [0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Budget, Cancel, Limits};

    fn normalised(data: &[u8]) -> Vec<u8> {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let mut sink = Sink::new(&budget).unwrap();
        normalise(data, &mut sink);
        let (written, ended) = sink.finish();
        assert_eq!(ended, Ok(()));
        written.bytes().to_vec()
    }

    #[test]
    fn white_space_is_one_space_and_letters_are_small() {
        assert_eq!(normalised(b"  Hello \t\r\n World\x0b\x0c!\n"), b" hello world ! ");
        assert_eq!(normalised(b"A[Z]`@\x7f"), b"a[z]`@\x7f");
    }

    #[test]
    fn what_is_no_ascii_text_is_dropped() {
        assert_eq!(normalised(b"h\0e\0l\0l\0o\0"), b"hello");
        assert_eq!(normalised("Grüße".as_bytes()), b"gre");
        assert_eq!(normalised(b"a \x01\xe4 b"), b"a b", "space on both sides is one");
        assert_eq!(normalised(b"\x80\xff\x1b"), b"");
    }

    #[test]
    fn steps_leave_no_seams() {
        let mut data = vec![b'A'; STEP - 1];
        data.extend_from_slice(b" \n B");
        let normal = normalised(&data);
        assert_eq!(normal.len(), STEP + 1);
        assert!(normal.ends_with(b"a b"));
    }

    #[test]
    fn two_nuls_side_by_side_make_no_text() {
        assert!(is_text(b"ab\0cd") && is_text(b"abc\0\0d") && is_text(b""));
        assert!(!is_text(b"abcd\0\0") && is_text(b"\0\0abcd"));
        assert!(is_text(b"\xff\xfe\0\0"), "a mark");
        let mut data = vec![b'a'; 2000];
        data[SAMPLE..].fill(0);
        assert!(is_text(&data), "behind the sample");
    }
}
