//! The data of InstallShield's self-extracting programs, as they lie behind the program (the format as
//! its public readers have it; tried with ClamAV's test files).
//!
//! Two kinds: a plain list, where each file stands behind its name, path, version and size as texts; and
//! a list of records of 312 bytes with names, whose files are scrambled with their names and packed with
//! zlib. InstallShield's own cabinets among them are opened by [`cabinet`].

pub(super) mod cabinet;

use super::decoders::Inflate;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::Problem;

const SIGNATURE: &[u8] = b"InstallShield\0";
/// The bytes of the header of a scrambled list, of a record, and of a name in it.
const HEADER: u64 = 46;
const NAME: u64 = 260;
const RECORD: u64 = 312;
/// The longest text of a plain list.
const TEXT: u64 = 1024;
/// What the names are mixed with, and after how many bytes they begin anew.
const MAGIC: [u8; 4] = [0x13, 0x35, 0x86, 0x07];
const TURN: usize = 1024;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let list = content.slice(offset, u64::MAX);
    let is_scrambled = list.starts_with(SIGNATURE);
    let count = Reader::at(&list, SIGNATURE.len() as u64).and_then(|mut reader| reader.u16_le());
    let left = if is_scrambled { count.unwrap_or(0) } else { u16::MAX };
    let at = if is_scrambled { HEADER } else { 0 };
    Ok(walked(List { list, is_scrambled, at, left, notes: Notes::default() }))
}

/// One list being walked.
struct List<'a> {
    list: Content<'a>,
    is_scrambled: bool,
    at: u64,
    left: u16,
    notes: Notes,
}

/// A file and where its data begin.
struct File {
    name: Vec<u8>,
    flags: u32,
    size: u64,
    data: u64,
}

impl File {
    const SCRAMBLED: u32 = 6;

    fn scrambled(list: &[u8], at: u64) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(list, at)?;
        let mut record = reader.sub(RECORD)?;
        let name = record.bytes(NAME)?.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
        let flags = record.u32_le()?;
        record.skip(4)?;
        let size = record.u32_le()?.into();
        Ok(Self { name, flags, size, data: reader.position() as u64 })
    }

    /// `None` where no list goes on.
    fn plain(list: &[u8], at: u64) -> Option<Self> {
        let mut reader = Reader::at(list, at).ok()?;
        let name = text(&mut reader)?.to_vec();
        text(&mut reader)?;
        text(&mut reader)?;
        let size = std::str::from_utf8(text(&mut reader)?).ok()?.parse().ok()?;
        let is_named = !name.is_empty();
        is_named.then(|| Self { name, flags: 0, size, data: reader.position() as u64 })
    }
}

/// A text up to its zero.
fn text<'d>(reader: &mut Reader<'d>) -> Option<&'d [u8]> {
    let most = TEXT.min(reader.remaining() as u64);
    let length = memchr::memchr(0, reader.peek(most).ok()?)?;
    let text = reader.bytes(length as u64).ok()?;
    reader.skip(1).ok()?;
    Some(text)
}

impl<'a> Walk<'a> for List<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        budget.check()?;
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let file = if self.is_scrambled {
            let Ok(file) = File::scrambled(&self.list, self.at) else {
                self.notes.truncated("a record is cut off");
                return Ok(None);
            };
            file
        } else {
            let Some(file) = File::plain(&self.list, self.at) else { return Ok(None) };
            file
        };
        let content = self.list.slice(file.data, file.size);
        self.at = file.data.saturating_add(file.size);
        let there = content.len() as u64;
        let entry = match file.flags & File::SCRAMBLED {
            0 => Entry::in_place(file.name, content, budget),
            _ => unpack(file.name, &content, budget),
        };
        Ok(Some(entry.cut_to(there, file.size)))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

/// Puts a file in order again and unpacks it.
fn unpack(name: Vec<u8>, data: &[u8], budget: &Budget) -> Entry<'static> {
    let length = data.len() as u64;
    let grant = match budget.hold(length) {
        Ok(grant) => grant,
        Err(stop) => return Entry::unread(name, stop.into()),
    };
    let key: Vec<u8> =
        name.iter().zip(MAGIC.iter().cycle()).map(|(byte, magic)| byte ^ magic).collect();
    let turn = |turn: &[u8]| -> Vec<u8> {
        let mixed = turn.iter().zip(key.iter().cycle());
        mixed.map(|(byte, key)| !(key ^ byte.rotate_left(4))).collect()
    };
    let plain: Vec<u8> = data.chunks(TURN).flat_map(turn).collect();
    // A zlib stream has two bytes in front of the deflate stream.
    match plain.strip_prefix(&[0x78]).and_then(|rest| rest.split_first()) {
        Some((_, stream)) => Entry::of(name, budget.decode(Inflate::new(stream), length)),
        None => match budget.put_out(length) {
            Ok(()) => Entry::new(name, Content::held(plain, grant)),
            Err(stop) => Entry::unread(name, stop.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::unpack::testing::{Walked, deflated, noise, survives_damage, walk_at};
    use crate::verdict::Reason;

    fn walk(bytes: &[u8]) -> Walked {
        walk_at(open, bytes, 0, Limits::default())
    }

    fn plain(name: &str, content: &[u8]) -> Vec<u8> {
        let texts = format!("{name}\0Disk1\\{name}\x000.0.0.0\0{}\0", content.len());
        [texts.as_bytes(), content].concat()
    }

    fn scrambled(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut list = [SIGNATURE, &(files.len() as u16).to_le_bytes()].concat();
        list.resize(HEADER as usize, 0);
        for (name, bytes) in files {
            let key: Vec<u8> = name.bytes().zip(MAGIC.iter().cycle()).map(|(n, m)| n ^ m).collect();
            let mixed = bytes.iter().enumerate();
            let mixed = mixed.map(|(at, byte)| (!byte ^ key[at % TURN % key.len()]).rotate_left(4));
            let mixed: Vec<u8> = mixed.collect();
            let start = list.len();
            list.extend(name.as_bytes());
            list.resize(start + NAME as usize, 0);
            list.extend([6_u32, 0, mixed.len() as u32].map(u32::to_le_bytes).concat());
            list.resize(start + RECORD as usize, 0);
            list.extend(mixed);
        }
        list
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        [&[0x78, 0x9c][..], &deflated(bytes), &[0; 4]].concat()
    }

    #[test]
    fn files_of_both_lists_are_read() {
        let walked = walk(&[plain("a.exe", b"content"), plain("b.ini", &noise(3000))].concat());
        assert_eq!((walked.names(), walked.reasons()), (vec!["a.exe", "b.ini"], vec![]));
        assert_eq!(walked.content("b.ini"), noise(3000));
        let list = scrambled(&[("a.msi", zlib(&noise(3000))), ("b", b"not packed".to_vec())]);
        let walked = walk(&list);
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        assert_eq!(walked.content("a.msi"), noise(3000));
        assert_eq!(walked.content("b"), b"not packed");
    }

    #[test]
    fn every_cut_is_truncated() {
        let list = scrambled(&[("a", b"content".to_vec()), ("b", b"more".to_vec())]);
        for length in (HEADER as usize..list.len()).filter(|&length| length != 365) {
            assert!(walk(&list[..length]).reasons().contains(&Reason::Truncated), "{length}");
        }
        let list = plain("a.exe", b"content");
        for length in list.len() - 6..list.len() {
            assert_eq!(walk(&list[..length]).reasons(), [Reason::Truncated]);
        }
    }

    #[test]
    fn bombs_end_at_the_ratio() {
        let reasons = walk(&scrambled(&[("a", zlib(&vec![0; 4 << 20]))])).reasons();
        assert_eq!(reasons, [Reason::Limit(Limit::Ratio)]);
    }

    #[test]
    fn damaged_lists_do_no_harm() {
        survives_damage(open, &scrambled(&[("a", zlib(b"content")), ("b", zlib(b"more"))]));
        survives_damage(open, &[plain("a.exe", b"content"), plain("b.ini", b"more")].concat());
    }
}
