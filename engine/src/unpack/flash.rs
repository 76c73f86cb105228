//! Flash movies (SWF File Format Specification, version 19): what is packed, and what is carried along.
//!
//! `CWS` is packed with zlib, `ZWS` with LZMA. The whole movie is handed out as it was before that, as
//! `FWS`, and opened as such in turn. In an `FWS` the data of `DefineBinaryData` is handed out, which is
//! where movies carry other movies, and scripts what they decrypt. Everything else lies there as it is.

use std::io::Read;

use super::decoders::{Inflate, lzma_raw};
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::Problem;

/// Signature, version and length.
const HEADER: u64 = 8;
const END: u16 = 0;
const DEFINE_BINARY_DATA: u16 = 87;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let movie = content.slice(offset, u64::MAX);
    let notes = Notes::default();
    if movie.first() == Some(&b'F') {
        let at = first_tag(&movie).unwrap_or(movie.len() as u64);
        return Ok(walked(Movie { movie, at, notes }));
    }
    Ok(walked(Packed { movie: Some(movie), notes }))
}

/// A movie that is packed.
struct Packed<'a> {
    movie: Option<Content<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Packed<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        let Some(movie) = self.movie.take() else { return Ok(None) };
        Ok(Some(unpack(&movie, budget)?))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

fn unpack<'a>(movie: &[u8], budget: &Budget) -> Result<Entry<'a>, Stop> {
    const NAME: &str = "unpacked movie";
    let header = movie.get(1..8).unwrap_or_default();
    let front = [b"F", header].concat();
    let packed = movie.len() as u64;
    let decoded = if movie.first() == Some(&b'C') {
        // zlib's own header has two bytes.
        let stream = Inflate::new(movie.get(10..).unwrap_or_default());
        budget.decode(front.chain(stream), packed)?
    } else {
        // The length of the stream, then its properties.
        let mut reader = Reader::at(movie, 12).unwrap_or(Reader::new(&[]));
        let properties = reader.array().unwrap_or([0xff; 5]);
        let size = Reader::at(movie, 4).and_then(|mut length| length.u32_le()).unwrap_or(0);
        let size = Some(u64::from(size).saturating_sub(HEADER));
        budget.decode(front.chain(lzma_raw(properties, size, reader.rest(), budget)?), packed)?
    };
    Ok(Entry::decoded(NAME, decoded))
}

/// A movie whose tags are walked.
struct Movie<'a> {
    movie: Content<'a>,
    at: u64,
    notes: Notes,
}

impl<'a> Walk<'a> for Movie<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            let Ok(tag) = Tag::read(&self.movie, self.at) else {
                self.notes.truncated("the movie ends before its last tag");
                return Ok(None);
            };
            self.at = tag.data.saturating_add(tag.size);
            if tag.code == END {
                return Ok(None);
            }
            if tag.code == DEFINE_BINARY_DATA && tag.size > BEFORE_BINARY_DATA {
                return Ok(Some(self.binary_data(&tag, budget)));
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Movie<'a> {
    fn binary_data(&mut self, tag: &Tag, budget: &Budget) -> Entry<'a> {
        let start = tag.data.saturating_add(BEFORE_BINARY_DATA);
        let size = tag.size.saturating_sub(BEFORE_BINARY_DATA);
        let number = Reader::at(&self.movie, tag.data).and_then(|mut reader| reader.u16_le());
        let name = format!("binary data {}", number.unwrap_or_default());
        Entry::in_place(name, self.movie.slice(start, size), budget)
    }
}

/// A number, and four bytes that are kept free.
const BEFORE_BINARY_DATA: u64 = 6;

/// Where the first tag begins: behind a rectangle, whose numbers have as many bits as it says, and the
/// rate and number of frames.
fn first_tag(movie: &[u8]) -> Option<u64> {
    let bits = u64::from(movie.get(8)? >> 3);
    let rectangle = bits.saturating_mul(4).saturating_add(5).div_ceil(8);
    Some(HEADER.saturating_add(rectangle).saturating_add(4))
}

struct Tag {
    code: u16,
    data: u64,
    size: u64,
}

impl Tag {
    fn read(movie: &[u8], at: u64) -> Result<Self, OutOfBounds> {
        const LONG: u16 = 0x3f;
        let mut reader = Reader::at(movie, at)?;
        let word = reader.u16_le()?;
        let size = match word & LONG {
            LONG => reader.u32_le()?,
            short => short.into(),
        };
        let data = reader.position() as u64;
        // A tag that is cut off still says what it is.
        Ok(Self { code: word >> 6, data, size: size.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{
        Walked, assert_each_limit_is_told, deflated, noise, survives_damage, walk_at,
    };
    use crate::verdict::Reason;

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    fn binary(number: u16, data: &[u8]) -> Vec<u8> {
        let size = data.len() as u32 + 6;
        let word = (DEFINE_BINARY_DATA << 6 | 0x3f).to_le_bytes();
        [&word[..], &size.to_le_bytes(), &number.to_le_bytes(), &[0; 4], data].concat()
    }

    /// What follows the header: a rectangle of 15 bits for each number, and tags.
    fn body(tags: &[Vec<u8>]) -> Vec<u8> {
        let front = [0x78, 0, 5, 0x5f, 0, 0, 0x0f, 0xa0, 0, 0, 24, 1, 0];
        let colour = [0x43, 0x02, 1, 2, 3];
        [&front[..], &colour, &tags.concat(), &[0x40, 0, 0, 0]].concat()
    }

    fn movie(signature: &[u8], body: &[u8], packed: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32 + 8).to_le_bytes();
        [signature, &[10], &length, packed].concat()
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        movie(b"CWS", body, &[&[0x78, 0x9c][..], &deflated(body), &[0; 4]].concat())
    }

    #[test]
    fn binary_data_is_taken_out() {
        let body = body(&[binary(3, b"data"), binary(4, b""), binary(9, &noise(300))]);
        let walked = walk(&movie(b"FWS", &body, &body));
        assert_eq!(walked.names(), ["binary data 3", "binary data 9"]);
        assert_eq!(walked.content("binary data 3"), b"data");
        assert_eq!(walked.content("binary data 9"), noise(300));
        assert_eq!(walked.reasons(), []);
    }

    #[test]
    fn packed_movies_become_plain_ones() {
        let body = body(&[binary(3, b"data")]);
        let plain = movie(b"FWS", &body, &body);
        let walked = walk(&zlib(&body));
        assert_eq!(walked.content("unpacked movie"), plain);
        assert_eq!(walked.reasons(), []);
    }

    /// As Python's `lzma` packs it with `FORMAT_ALONE`, whose field for the size is left away.
    #[test]
    fn lzma_is_unpacked() {
        let stream = [
            0x5d, 0, 0, 0x80, 0, 0, 0x30, 0x98, 0x88, 0x98, 0x3e, 0xcb, 0xe2, 0x6f, 0x38, 0x81,
            0xb9, 0x90, 0xff, 0xfd, 0, 0x10, 0,
        ];
        let packed = [&18_u32.to_le_bytes()[..], &stream].concat();
        let walked = walk(&movie(b"ZWS", b"abcdefgh", &packed));
        assert_eq!(walked.content("unpacked movie"), movie(b"FWS", b"abcdefgh", b"abcdefgh"));
    }

    #[test]
    fn every_cut_says_so() {
        let body = body(&[binary(3, b"data"), binary(4, &noise(100))]);
        for (whole, name) in [(zlib(&body), "unpacked movie"), (movie(b"FWS", &body, &body), "")] {
            for length in 9..whole.len() - 4 {
                let walked = walk(&whole[..length]);
                assert_eq!(walked.reasons(), [Reason::Truncated], "{name} {length}");
            }
        }
        let cut = walk(&movie(b"FWS", &body, &body[..body.len() - 54]));
        assert_eq!(cut.content("binary data 4").len(), 50);
    }

    #[test]
    fn each_limit_gives_its_reason() {
        use Limit::{Memory, ObjectBytes, Ratio, TotalBytes};
        let body = body(&[binary(3, &vec![0; 4 << 20])]);
        assert_each_limit_is_told(open, &zlib(&body), &[ObjectBytes, TotalBytes, Memory, Ratio]);
    }

    #[test]
    fn damaged_movies_do_no_harm() {
        let body = body(&[binary(3, b"data"), binary(4, &noise(100))]);
        survives_damage(open, &zlib(&body));
        survives_damage(open, &movie(b"FWS", &body, &body));
    }
}
