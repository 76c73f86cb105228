//! The names of files, out of the setup's data.
//!
//! What stands in front of the list of files there changes with every version; a file's own record does
//! so less. So records are looked for: no source, where the file goes (`{app}\a.exe`), eight further
//! strings, two versions of Windows, and the file's number in the table. Since version 5.2.5 they are
//! like this; where none is found, files have no names.

use memchr::memchr_iter;

use crate::input::Content;
use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};

/// Strings behind the name.
const STRINGS: usize = 8;
const VERSIONS: u64 = 20;
/// Bytes of the longest name.
const LONGEST: u32 = 1040;

/// Where names stand.
pub(super) struct Names<'a> {
    data: Content<'a>,
    /// Sorted by their numbers.
    places: Vec<Place>,
    _grant: Grant,
}

/// A file by its number, and where its name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    number: u32,
    start: u32,
    length: u32,
}

impl<'a> Names<'a> {
    /// Looks for the records of files.
    pub(super) fn read(data: Content<'a>, budget: &Budget) -> Result<Self, Stop> {
        const STEP: usize = 4096;
        // A record of 60 bytes and more becomes one of 12.
        let grant = budget.hold(data.len() as u64 / 4)?;
        let mut places = Vec::new();
        let mut next = 0;
        for (count, at) in memchr_iter(b'{', &data).enumerate() {
            if count % STEP == 0 {
                budget.check()?;
            }
            if at < next {
                continue;
            }
            if let Ok(Some((end, place))) = record(&data, at as u64) {
                places.push(place);
                next = end;
            }
        }
        places.sort_unstable();
        Ok(Self { data, places, _grant: grant })
    }

    /// The name of a file by its number.
    pub(super) fn of(&self, number: u64) -> Option<Vec<u8>> {
        let index = self.places.partition_point(|place| u64::from(place.number) < number);
        let place = self.places.get(index).filter(|place| u64::from(place.number) == number)?;
        let mut reader = Reader::at(&self.data, place.start.into()).ok()?;
        let name = reader.bytes(place.length.into()).ok()?;
        if name.get(1) != Some(&0) {
            return Some(name.to_vec());
        }
        let units = name.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        Some(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>().into())
    }
}

/// A record whose name is at `at`: where it ends, and what it says.
fn record(data: &[u8], at: u64) -> Result<Option<(usize, Place)>, OutOfBounds> {
    let Some(start) = at.checked_sub(8) else { return Ok(None) };
    let mut reader = Reader::at(data, start)?;
    let (source, length) = (reader.u32_le()?, reader.u32_le()?);
    if source != 0 || !(2..=LONGEST).contains(&length) {
        return Ok(None);
    }
    let name = reader.bytes(length.into())?;
    if !name.contains(&b'}') {
        return Ok(None);
    }
    for _ in 0..STRINGS {
        let length = reader.u32_le()?;
        reader.skip(length.into())?;
    }
    reader.skip(VERSIONS)?;
    let number = reader.u32_le()?;
    let end = data.len().saturating_sub(reader.rest().len());
    Ok(u32::try_from(at).ok().map(|start| (end, Place { number, start, length })))
}
