//! Sources that are compressed with gzip: copies of any source file (`x.ndb.gz`), and what is inside of
//! ClamAV's databases.
//!
//! Compressed sources are read twice. The first time shows whether they are whole, down to the last
//! checksum, and stay under [`MOST_UNPACKED`]; only then are records taken, so that a damaged file is
//! refused as a whole instead of losing its tail. Nothing is ever held unpacked.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::diagnostic::Fault;

/// The most bytes that one compressed source may unpack to: several times ClamAV's largest database.
pub(crate) const MOST_UNPACKED: u64 = 4 << 30;

/// Read at a time.
pub(crate) const PIECE: usize = 1 << 16;

/// Why a source cannot be used.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It cannot be read at all: the system says so.
    Unreadable(io::Error),
    /// It can be read, and is not what it should be.
    Fault(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Trouble::Fault(fault)
    }
}

impl From<io::Error> for Trouble {
    /// What decoders say of their data is a fault of the source.
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match error.kind() {
            UnexpectedEof => Fault::error("truncated", "the file ends too early").into(),
            InvalidData | InvalidInput => Fault::error("damaged", error.to_string()).into(),
            _ => Trouble::Unreadable(error),
        }
    }
}

/// Whether the name says that the file is compressed; then also the name without that.
pub(crate) fn strip_gz(path: &str) -> Option<&str> {
    let (stem, extension) = path.rsplit_once('.')?;
    extension.eq_ignore_ascii_case("gz").then_some(stem)
}

/// The unpacked bytes of `packed`: at most [`MOST_UNPACKED`], then an error.
pub(crate) fn unpack<R: BufRead>(packed: R) -> BufReader<Ceiling<MultiGzDecoder<R>>> {
    let decoder = MultiGzDecoder::new(packed);
    BufReader::with_capacity(PIECE, Ceiling::new(decoder))
}

/// Reads to the end, and forgets what it reads.
pub(crate) fn read_out(input: &mut dyn BufRead) -> io::Result<()> {
    pour(input, |_| {})
}

/// Reads to the end, piece by piece.
pub(crate) fn pour(input: &mut dyn BufRead, mut into: impl FnMut(&[u8])) -> io::Result<()> {
    loop {
        let used = match input.fill_buf() {
            Ok([]) => return Ok(()),
            Ok(piece) => {
                into(piece);
                piece.len()
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        input.consume(used);
    }
}

/// A reader that gives no more than so many bytes, and fails where there are more.
#[derive(Debug)]
pub(crate) struct Ceiling<R> {
    inner: R,
    left: u64,
}

impl<R> Ceiling<R> {
    /// Gives at most [`MOST_UNPACKED`].
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, left: MOST_UNPACKED }
    }

    /// What it reads from.
    pub(crate) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> Read for Ceiling<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                let message = format!("it unpacks to more than {} GiB", MOST_UNPACKED >> 30);
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        match unpack(packed).read_to_end(&mut bytes).map_err(Trouble::from) {
            Ok(_) => Ok(bytes),
            Err(Trouble::Fault(fault)) => Err(fault.reason.into_owned()),
            Err(Trouble::Unreadable(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn names() {
        assert_eq!(strip_gz("a/x.ndb.gz"), Some("a/x.ndb"));
        assert_eq!(strip_gz("x.NDB.GZ"), Some("x.NDB"));
        assert_eq!(strip_gz("x.ndb"), None);
        assert_eq!(strip_gz("gz"), None);
    }

    #[test]
    fn several_members_are_one_file() {
        let packed = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(unpacked(&packed).as_deref(), Ok(&b"one two"[..]));
    }

    #[test]
    fn damage_is_named() {
        let packed = gzip(&b"0123456789".repeat(100));
        assert_eq!(unpacked(&packed[..packed.len() - 1]), Err("truncated".into()));
        let mut flipped = packed.clone();
        let at = flipped.len() - 6;
        flipped[at] ^= 1;
        assert_eq!(unpacked(&flipped), Err("damaged".into()), "the checksum");
        assert_eq!(unpacked(b"no gzip at all"), Err("damaged".into()));
        assert_eq!(unpacked(&[&packed[..], b"junk behind it"].concat()), Err("damaged".into()));
    }

    /// Gives zeros without end, and counts them.
    struct Zeros(u64);

    impl Read for Zeros {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(0);
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }

    #[test]
    fn a_bomb_is_left_at_the_ceiling() {
        let mut bomb = BufReader::new(Ceiling { inner: Zeros(0), left: 1_000_000 });
        let error = read_out(&mut bomb).unwrap_err();
        assert_eq!(error.to_string(), "it unpacks to more than 4 GiB");
        assert!(bomb.get_ref().inner.0 < 1_100_000);
    }
}
