//! Encoded files that lie in a text without a header of their own: uuencode, yEnc and BinHex, by their
//! first lines. Identification finds those at the start of an object, and uuencode near it; the text of
//! a message may hold them anywhere.

use memchr::memmem;

use super::binhex;
use crate::identify::CONTENT_SAMPLE;
use crate::limits::{Budget, Stop};

/// First lines, and from where on identification does not see them any more.
const MARKS: [(&[u8], usize); 3] =
    [(b"begin ", CONTENT_SAMPLE / 2), (b"=ybegin ", 1), (binhex::LINE, 1)];

/// Places between two looks at the clock.
const STEP: usize = 4096;

/// Where the first file of each kind begins. Its reader goes on to the others.
pub(super) fn find(text: &[u8], budget: &Budget) -> Result<Vec<usize>, Stop> {
    let mut found = Vec::new();
    for (mark, from) in MARKS {
        let rest = text.get(from..).unwrap_or_default();
        for (count, at) in memmem::find_iter(rest, mark).enumerate() {
            if count % STEP == 0 {
                budget.check()?;
            }
            let at = from.saturating_add(at);
            let before = text.get(at.saturating_sub(1));
            if matches!(before, Some(b'\n' | b'\r')) && begins(text, at) {
                found.push(at);
                break;
            }
        }
    }
    Ok(found)
}

/// Whether the line that begins here begins a file: a word of mail may be `begin`, too.
fn begins(text: &[u8], at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    match rest.strip_prefix(b"begin ") {
        Some(mode) => mode.first().is_some_and(|digit| matches!(digit, b'0'..=b'7')),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::budget;

    fn found(text: &str) -> Vec<usize> {
        find(text.as_bytes(), &budget(Limits::default())).unwrap()
    }

    #[test]
    fn files_are_found_where_identification_does_not_look() {
        let far = "x\n".repeat(CONTENT_SAMPLE);
        assert_eq!(found(&format!("{far}begin 644 a\n")), [far.len()]);
        assert_eq!(found(&format!("{far}begin with me\n")).len(), 0);
        assert_eq!(found("x\n=ybegin line=128 size=1 name=a\n"), [2]);
        assert_eq!(found("x\r(This file must be converted with BinHex 4.0)\n"), [2]);
        assert_eq!(found("=ybegin line=128\nbegin 644 a\n").len(), 0, "identification finds these");
        assert_eq!(found("x =ybegin line=128").len(), 0);
    }
}
