//! The pieces in which ClamAV reads a page. They show, because white space at the beginning of a piece is
//! dropped: two words can run together where one piece ends and the next begins.

/// Bytes of a piece.
const LENGTH: usize = 8191;

/// The next piece: it ends behind the last white space in its reach, or where its reach ends, if there is
/// none or if white space follows.
pub(super) fn next(rest: &[u8]) -> &[u8] {
    let Some((piece, [follows, ..])) = rest.split_at_checked(LENGTH) else { return rest };
    if is_space(*follows) {
        return piece;
    }
    let last_space = piece.iter().rposition(|&byte| is_space(byte));
    let end = last_space.map_or(LENGTH, |at| at.saturating_add(1));
    piece.get(..end).unwrap_or(piece)
}

/// How much white space a piece begins with.
pub(super) fn leading_space(piece: &[u8]) -> usize {
    piece.iter().take_while(|&&byte| is_space(byte)).count()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(mut data: &[u8]) -> Vec<usize> {
        let mut lengths = Vec::new();
        while !data.is_empty() {
            let piece = next(data);
            lengths.push(piece.len());
            data = &data[piece.len()..];
        }
        lengths
    }

    #[test]
    fn pieces_end_behind_white_space() {
        let word = |length: usize| "w".repeat(length);
        assert_eq!(lengths(word(20_000).as_bytes()), [8191, 8191, 3618]);
        let behind = format!("{} {}", word(50), word(20_000));
        assert_eq!(lengths(behind.as_bytes()), [51, 8191, 8191, 3618]);
        let before = format!("{} {}", word(8191), word(10));
        assert_eq!(lengths(before.as_bytes()), [8191, 11], "the space is the next piece's");
        assert_eq!(leading_space(b" \n x "), 3);
        assert_eq!(lengths(b""), [0; 0]);
    }
}
