//! cpio archives in all their kinds (cpio(5)): the old binary one in both byte orders, POSIX.1's
//! portable one (odc), and SVR4's without and with checksums (newc, crc).
//!
//! Entries are handed out in place. Folders, devices and links hold nothing. Where no header stands,
//! the walk goes on at the next place that begins like one. Behind the entry `TRAILER!!!` further
//! archives may follow, as in the images that Linux boots from; other data there are handed out too.

use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

const TRAILER: &[u8] = b"TRAILER!!!";
/// The longest target of a link that is taken for one.
const TARGET: u64 = 4096;
/// The shortest header.
const SHORTEST: usize = 26;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    let alone = offset == 0;
    Ok(walked(Cpio { archive, alone, at: 0, behind_trailer: false, notes: Notes::default() }))
}

/// One cpio archive, or several behind each other, being walked.
struct Cpio<'a> {
    archive: Content<'a>,
    /// Whether the object is nothing but this archive.
    alone: bool,
    at: u64,
    behind_trailer: bool,
    notes: Notes,
}

/// The kinds of headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    LittleEndian,
    BigEndian,
    Portable,
    New { has_checksum: bool },
}

impl Kind {
    /// The kind whose magic number stands here.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xc7, 0x71, ..] => Some(Kind::LittleEndian),
            [0x71, 0xc7, ..] => Some(Kind::BigEndian),
            [b'0', b'7', b'0', b'7', b'0', b'7', ..] => Some(Kind::Portable),
            [b'0', b'7', b'0', b'7', b'0', b'1', ..] => Some(Kind::New { has_checksum: false }),
            [b'0', b'7', b'0', b'7', b'0', b'2', ..] => Some(Kind::New { has_checksum: true }),
            _ => None,
        }
    }

    /// Header with name, and data, are filled up to multiples of this.
    fn alignment(self) -> u64 {
        match self {
            Kind::LittleEndian | Kind::BigEndian => 2,
            Kind::Portable => 1,
            Kind::New { .. } => 4,
        }
    }
}

/// What a header says.
struct Header {
    kind: Kind,
    mode: u64,
    size: u64,
    /// The sum of all bytes of the data, where the kind has one.
    sum: Option<u64>,
    name: Vec<u8>,
    /// Where the data begin.
    data: u64,
}

impl Header {
    /// Reads the header at `at`; `None` where its numbers are none.
    fn read(archive: &[u8], at: u64, kind: Kind) -> Result<Option<Self>, OutOfBounds> {
        let mut reader = Reader::at(archive, at)?;
        let Some((mode, size, sum, name_length)) = fields(&mut reader, kind)? else {
            return Ok(None);
        };
        let name = reader.bytes(name_length)?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let name = name.get(..Entry::NAME).unwrap_or(name).to_vec();
        let read = (reader.position() as u64).saturating_sub(at);
        let data = at.saturating_add(filled_up(read, kind));
        Ok(Some(Self { kind, mode, size, sum, name, data }))
    }

    /// Folders, devices, pipes, sockets, and links with a target of a sane length.
    fn holds_nothing(&self) -> bool {
        match self.mode & 0o170_000 {
            0o040_000 | 0o020_000 | 0o060_000 | 0o010_000 | 0o140_000 => self.size == 0,
            0o120_000 => self.size <= TARGET,
            _ => false,
        }
    }
}

/// Mode, size, sum and length of the name.
type Fields = (u64, u64, Option<u64>, u64);

fn fields(reader: &mut Reader<'_>, kind: Kind) -> Result<Option<Fields>, OutOfBounds> {
    match kind {
        Kind::LittleEndian => binary(reader, |reader| reader.u16_le()).map(Some),
        Kind::BigEndian => binary(reader, |reader| reader.u16_be()).map(Some),
        Kind::Portable => portable(reader),
        Kind::New { has_checksum } => new(reader, has_checksum),
    }
}

/// 13 words of 16 bits: long numbers have their upper half first, in either order.
fn binary<'d>(
    reader: &mut Reader<'d>,
    word: fn(&mut Reader<'d>) -> Result<u16, OutOfBounds>,
) -> Result<Fields, OutOfBounds> {
    let mut words = [0_u64; 13];
    for place in &mut words {
        *place = word(reader)?.into();
    }
    let [_, _, _, mode, _, _, _, _, _, _, name_length, high, low] = words;
    Ok((mode, high << 16 | low, None, name_length))
}

/// Octal digits: six to a number, eleven for time and size.
fn portable(reader: &mut Reader<'_>) -> Result<Option<Fields>, OutOfBounds> {
    let mut numbers = [None; 11];
    for (place, digits) in numbers.iter_mut().zip([6, 6, 6, 6, 6, 6, 6, 6, 11, 6, 11]) {
        *place = number(reader.bytes(digits)?, 8);
    }
    let [_, _, _, mode, _, _, _, _, _, name_length, size] = numbers;
    Ok((|| Some((mode?, size?, None, name_length?)))())
}

/// Thirteen numbers of eight hexadecimal digits behind the magic number.
fn new(reader: &mut Reader<'_>, has_checksum: bool) -> Result<Option<Fields>, OutOfBounds> {
    reader.skip(6)?;
    let mut numbers = [None; 13];
    for place in &mut numbers {
        *place = number(reader.bytes(8)?, 16);
    }
    let [_, mode, _, _, _, _, size, _, _, _, _, name_length, sum] = numbers;
    Ok((|| Some((mode?, size?, sum.filter(|_| has_checksum), name_length?)))())
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let digits = std::str::from_utf8(digits.trim_ascii()).ok()?;
    u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))
}

fn filled_up(length: u64, kind: Kind) -> u64 {
    length.checked_next_multiple_of(kind.alignment()).unwrap_or(u64::MAX)
}

impl<'a> Walk<'a> for Cpio<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if self.behind_trailer && !self.pass_padding() {
                return Ok(None);
            }
            let rest = self.archive.slice(self.at, u64::MAX);
            let Some(kind) = Kind::of(&rest) else {
                if self.behind_trailer {
                    return Ok(self.rest(budget));
                }
                if !self.look_on(budget)? {
                    return Ok(None);
                }
                continue;
            };
            self.behind_trailer = false;
            match Header::read(&self.archive, self.at, kind) {
                Ok(Some(header)) => {
                    if let Some(entry) = self.read(header, budget) {
                        return Ok(Some(entry));
                    }
                }
                Ok(None) => {
                    self.notes.corrupted(format!("no numbers in the header at {}", self.at));
                    self.at = self.at.saturating_add(1);
                }
                Err(_) => {
                    self.notes.truncated(format!("the header at offset {} is cut off", self.at));
                    return Ok(None);
                }
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Cpio<'a> {
    /// Zeros behind the trailer, up to what follows; `false` where nothing does.
    fn pass_padding(&mut self) -> bool {
        let rest = self.archive.slice(self.at, u64::MAX);
        let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
        self.at = self.at.saturating_add(zeros as u64);
        zeros < rest.len()
    }

    /// What follows the archives, and is none: often another one, compressed.
    fn rest(&mut self, budget: &Budget) -> Option<Entry<'a>> {
        if !self.alone {
            return None;
        }
        let rest = self.archive.slice(self.at, u64::MAX);
        self.at = self.archive.len() as u64;
        Some(Entry::in_place("behind the archive", rest, budget))
    }

    /// Looks for a header where none stands; `false` where there is no more.
    fn look_on(&mut self, budget: &Budget) -> Result<bool, Stop> {
        let rest = self.archive.slice(self.at, u64::MAX);
        if rest.len() < SHORTEST {
            self.notes.truncated("no trailer at the end");
            return Ok(false);
        }
        self.notes.corrupted(format!("no header at offset {}", self.at));
        let found = budget.find(&rest, b"07070")?;
        let Some(found) = found.filter(|_| self.alone) else { return Ok(false) };
        // Not here: the magic number's last digit was wrong.
        self.at = self.at.saturating_add(found.max(1) as u64);
        Ok(true)
    }

    /// Reads an entry's content; `None` where it has none by its nature.
    fn read(&mut self, header: Header, budget: &Budget) -> Option<Entry<'a>> {
        let data = self.archive.slice(header.data, header.size);
        let there = data.len() as u64;
        let end = header.data.saturating_add(filled_up(header.size, header.kind));
        self.at = end;
        if header.name == TRAILER && header.size == 0 {
            self.behind_trailer = true;
            return None;
        }
        if header.holds_nothing() {
            return None;
        }
        let is_wrong = header.sum.is_some_and(|sum| sum != sum_of(&data));
        let mut entry = Entry::in_place(header.name, data, budget);
        if there < header.size {
            entry = entry.cut_to(there, header.size);
        } else if is_wrong {
            entry = entry.with(Problem::new(Reason::Corrupted, "the checksum is wrong"));
        }
        Some(entry)
    }
}

/// The sum of all bytes, in 32 bits.
fn sum_of(data: &[u8]) -> u64 {
    data.iter().fold(0_u32, |sum, &byte| sum.wrapping_add(byte.into())).into()
}

#[cfg(test)]
mod tests;
