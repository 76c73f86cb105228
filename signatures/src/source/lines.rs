//! A source line by line, in memory that does not grow with the file.
//!
//! A line ends with LF or CR LF. A lone CR, a NUL and all other control characters but the tabulator
//! stay in the line, where the record check refuses them. A line longer than [`LONGEST`] is passed
//! over and reported with its length.

use std::io::{self, BufRead};

/// The longest line that is read: several times the longest record of any format.
pub(crate) const LONGEST: usize = 1 << 20;

/// The mark that some editors put at the start of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Without its end.
    Whole(&'a [u8]),
    /// Longer than [`LONGEST`]: its start.
    TooLong { start: &'a [u8], length: u64 },
}

/// Reads lines.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Starts at the first line.
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), number: 0 }
    }

    /// The next line and its number, from 1.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.buffer.clear();
        let length = self.fill()?;
        if length == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        let mut line = self.buffer.as_slice();
        if self.number == 1 {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if length > self.buffer.len() as u64 {
            let start = line.get(..256).unwrap_or(line);
            return Ok(Some((self.number, Line::TooLong { start, length })));
        }
        line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some((self.number, Line::Whole(line))))
    }

    /// Reads up to and with the next LF, keeps at most [`LONGEST`] bytes, and says how many there were.
    fn fill(&mut self) -> io::Result<u64> {
        let mut length = 0_u64;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = memchr::memchr(b'\n', available);
            let used = end.map_or(available.len(), |end| end.saturating_add(1));
            let room = LONGEST.saturating_sub(self.buffer.len()).min(used);
            self.buffer.extend_from_slice(available.get(..room).unwrap_or_default());
            self.reader.consume(used);
            length = length.saturating_add(used as u64);
            if end.is_some() || used == 0 {
                return Ok(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, String)> {
        let mut lines = Lines::new(text);
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            found.push((number, format!("{line:?}").chars().take(60).collect()));
        }
        found
    }

    #[test]
    fn line_ends_of_all_systems() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfa\r\nb\n\nc\rd"[..]);
        for (number, text) in [(1, "a"), (2, "b"), (3, ""), (4, "c\rd")] {
            assert_eq!(lines.next().unwrap(), Some((number, Line::Whole(text.as_bytes()))));
        }
        assert_eq!(lines.next().unwrap(), None);
        assert!(all(b"").is_empty());
    }

    /// A hundred mebibytes without an end of line, made as they are read.
    struct Endless {
        left: usize,
        piece: Vec<u8>,
    }

    impl io::Read for Endless {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            unreachable!("lines are read from the buffer")
        }
    }

    impl BufRead for Endless {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            Ok(&self.piece[..self.left.min(self.piece.len())])
        }

        fn consume(&mut self, used: usize) {
            self.left -= used;
        }
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        const LENGTH: usize = 100 << 20;
        let endless = Endless { left: LENGTH, piece: vec![b'x'; 1 << 16] };
        let mut lines = Lines::new(endless.chain(&b"\nnext\n"[..]));
        match lines.next().unwrap() {
            Some((1, Line::TooLong { length, start })) => {
                assert_eq!((length, start.len()), (LENGTH as u64 + 1, 256));
            }
            other => panic!("{other:?}"),
        }
        assert!(lines.buffer.capacity() <= 2 * LONGEST);
        assert_eq!(lines.next().unwrap(), Some((2, Line::Whole(b"next"))));
    }
}
