//! Calls and jumps of x86 that Inno Setup made absolute (since 5.2, and with the highest byte turned as
//! since 5.3.9): made relative again.

use super::super::Entry;
use crate::input::Content;
use crate::limits::{Budget, Stop};

/// Calls that reach over a multiple of this are as they were, in files.
pub(super) const BLOCK: usize = 0x1_0000;
/// The bytes of a call.
const CALL: usize = 5;

/// The entry with its calls as they were.
pub(super) fn put_back<'a>(
    entry: Entry<'a>,
    block: Option<usize>,
    budget: &Budget,
) -> Result<Entry<'a>, Stop> {
    let Some(content) = &entry.content else { return Ok(entry) };
    let grant = budget.hold(content.len() as u64)?;
    let mut bytes = content.to_vec();
    make_relative(&mut bytes, block);
    Ok(Entry { content: Some(Content::held(bytes, grant)), ..entry })
}

fn make_relative(bytes: &mut [u8], block: Option<usize>) {
    let mut at = 0_usize;
    while let Some(call) = at.checked_add(CALL).and_then(|end| bytes.get_mut(at..end)) {
        let [0xe8 | 0xe9, a, b, c, d] = call else {
            at = at.saturating_add(1);
            continue;
        };
        let left =
            block.map_or(CALL, |block| block.saturating_sub(at.checked_rem(block).unwrap_or(0)));
        if left < CALL {
            at = at.saturating_add(1);
            continue;
        }
        at = at.saturating_add(CALL);
        if !matches!(*d, 0 | 0xff) {
            continue;
        }
        // As far as 24 bits reach: a larger place comes around.
        let behind = u32::try_from(at & 0xff_ffff).unwrap_or(0);
        let relative = u32::from_le_bytes([*a, *b, *c, 0]).wrapping_sub(behind);
        [*a, *b, *c, _] = relative.to_le_bytes();
        if relative & 0x80_0000 != 0 {
            *d = !*d;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_relative_again() {
        // A call at 1 to 0x1006: six bytes less are stored for it.
        let mut bytes = [0x90, 0xe8, 0x06, 0x10, 0, 0, 0x90];
        make_relative(&mut bytes, Some(BLOCK));
        assert_eq!(bytes, [0x90, 0xe8, 0x00, 0x10, 0, 0, 0x90]);
        // A call back, whose highest byte was turned.
        let mut bytes = [0xe8, 0x00, 0, 0, 0];
        make_relative(&mut bytes, Some(BLOCK));
        assert_eq!(bytes, [0xe8, 0xfb, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn other_operands_and_calls_over_blocks_stay() {
        let mut bytes = [0xe8, 1, 2, 3, 4];
        make_relative(&mut bytes, Some(BLOCK));
        assert_eq!(bytes, [0xe8, 1, 2, 3, 4]);
        let mut bytes = vec![0; BLOCK + 10];
        bytes[BLOCK - 4] = 0xe8;
        let before = bytes.clone();
        make_relative(&mut bytes, Some(BLOCK));
        assert!(bytes == before);
        make_relative(&mut bytes, None);
        assert!(bytes != before);
    }
}
