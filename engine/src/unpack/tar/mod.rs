//! tar archives: v7, POSIX ustar and pax (IEEE Std 1003.1-2017, pax), and GNU tar's extensions.
//!
//! Fields are read by the `tar` crate's `Header`; the walk from block to block is our own, because
//! broken archives are to be read as well. A block whose checksum is wrong is passed over until one
//! with a right checksum comes; what follows the end mark is looked at for further archives. Contents
//! are handed out in place. Links, folders and devices hold nothing and are passed over, unless data
//! stand behind them.
//!
//! - `pax.rs` reads the extended headers,
//! - `sparse.rs` reads the maps of files with holes and fills the holes.

mod pax;
mod sparse;
#[cfg(test)]
mod tests;

use ::tar::Header;

use self::pax::Pax;
use self::sparse::Map;
use super::{Entry, Listing, Notes, Opened, Opening, Walk, walked};
use crate::identify::clam_types::ClamType;
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

const BLOCK: u64 = 512;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, _: &Opening<'_>) -> Opened<'a> {
    let archive = content.slice(offset, u64::MAX);
    Ok(walked(Tar {
        lister: Lister::new(&archive, offset),
        archive,
        at: 0,
        zeros: 0,
        lost: false,
        global: Pax::default(),
        ahead: Ahead::default(),
        notes: Notes::default(),
    }))
}

/// One tar archive, or several behind each other, being walked.
struct Tar<'a> {
    archive: Content<'a>,
    lister: Lister,
    at: u64,
    /// Zero blocks in a row before this one; two are the end mark.
    zeros: u64,
    /// Whether a header with a right checksum is being looked for.
    lost: bool,
    global: Pax,
    ahead: Ahead,
    notes: Notes,
}

/// What headers in front of an entry said about it.
#[derive(Default)]
struct Ahead {
    long_name: Option<Vec<u8>>,
    pax: Pax,
}

/// An entry whose header was read; `at` is behind the header.
struct Member {
    header: [u8; BLOCK as usize],
    name: Vec<u8>,
    kind: u8,
    size: u64,
    pax: Pax,
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> for Tar<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        while let Some(block) = self.next_header(budget)? {
            let header = Header::from_byte_slice(&block);
            let kind = header.entry_type().as_byte();
            let size = header.entry_size();
            match (kind, size) {
                (b'L' | b'K' | b'x' | b'X' | b'g', Ok(size)) => self.read_ahead(kind, size),
                (_, size) => {
                    let member = self.member(block, size.ok());
                    if let Some(entry) = self.read(member, budget) {
                        return Ok(Some(entry));
                    }
                }
            }
        }
        Ok(None)
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Tar<'a> {
    /// Goes to the next block that is a header; `at` is then behind it.
    fn next_header(&mut self, budget: &Budget) -> Result<Option<[u8; BLOCK as usize]>, Stop> {
        loop {
            budget.check()?;
            let mut reader = match Reader::at(&self.archive, self.at) {
                Ok(reader) if !reader.is_empty() => reader,
                _ => return Ok(None),
            };
            let Ok(block) = reader.array::<{ BLOCK as usize }>() else {
                self.judge_remainder(self.at);
                return Ok(None);
            };
            let at = self.at;
            self.at = at.saturating_add(BLOCK);
            if block.iter().all(|&byte| byte == 0) {
                self.lister.ended = true;
                self.zeros = self.zeros.saturating_add(1);
            } else if has_right_checksum(&block) {
                (self.zeros, self.lost) = (0, false);
                return Ok(Some(block));
            } else {
                self.lose(at);
            }
        }
    }

    /// A block that should be a header and is none. Behind the end mark anything may stand.
    fn lose(&mut self, at: u64) {
        if self.zeros < 2 && !self.lost {
            self.notes.corrupted(format!("no header with a right checksum at offset {at}"));
            self.lost = true;
        }
        if self.lost {
            self.zeros = 0;
        }
    }

    /// Less than a block at the end.
    fn judge_remainder(&mut self, at: u64) {
        let is_empty = self.archive.slice(at, BLOCK).iter().all(|&byte| byte == 0);
        if !is_empty && self.zeros < 2 && !self.lost {
            self.notes.truncated(format!("the header at offset {at} is cut off"));
        }
    }

    /// Reads a header that speaks of the entry behind it.
    fn read_ahead(&mut self, kind: u8, size: u64) {
        let archive = self.archive.clone();
        let text = archive.slice(self.at, size);
        if (text.len() as u64) < size {
            self.notes.truncated("an extended header is cut off");
        }
        self.pass_over(size);
        match kind {
            b'L' => self.ahead.long_name = Some(cut_name(until_zero(&text))),
            // The target of a link: nothing to look at.
            b'K' => {}
            _ => {
                let target = if kind == b'g' { &mut self.global } else { &mut self.ahead.pax };
                if !target.read(&text) {
                    self.notes.corrupted(format!("a broken pax header before offset {}", self.at));
                }
            }
        }
    }

    /// Puts together what all headers say about an entry.
    fn member(&mut self, header: [u8; BLOCK as usize], size: Option<u64>) -> Member {
        let ahead = std::mem::take(&mut self.ahead);
        let fields = Header::from_byte_slice(&header);
        let mut pax = ahead.pax;
        // A global name for all entries would make no sense; a size is odd, and believed by some.
        pax.size = pax.size.or(self.global.size);
        let name = pax.sparse.name.clone().or(pax.path.clone()).or(ahead.long_name);
        let mut problems = Vec::new();
        if size.is_none() {
            problems.push(Problem::new(Reason::Corrupted, "the size is no number"));
        }
        if let (Some(told), Some(size)) = (pax.size, size)
            && told != size
            && told <= LARGEST_OCTAL
        {
            let detail = format!("the pax header says {told} bytes, the header {size}");
            problems.push(Problem::new(Reason::Corrupted, detail));
        }
        Member {
            name: name.unwrap_or_else(|| fields.path_bytes().into_owned()),
            kind: fields.entry_type().as_byte(),
            size: pax.size.or(size).unwrap_or(0),
            pax,
            problems,
            header,
        }
    }

    /// Reads an entry's content; `None` where it has none by its nature.
    fn read(&mut self, mut member: Member, budget: &Budget) -> Option<Entry<'a>> {
        let listing = self.lister.list(&member.header);
        if self.holds_nothing(&member) {
            return Entry::mentioned(member.name, listing.into_iter().collect());
        }
        let map = self.map(&mut member, budget);
        let data = self.archive.slice(self.at, member.size);
        if (data.len() as u64) < member.size {
            let detail = format!("{} of {} bytes are there", data.len(), member.size);
            member.problems.push(Problem::new(Reason::Truncated, detail));
        }
        if member.kind == b'M' {
            let detail = "the file's beginning is in another volume";
            member.problems.push(Problem::new(Reason::Truncated, detail));
        }
        self.pass_over(member.size);
        let mut entry = match map {
            Some(map) => map.fill(member.name, data, budget),
            None => Entry::in_place(member.name, data, budget),
        };
        member.problems.append(&mut entry.problems);
        entry.problems = member.problems;
        entry.listings.extend(listing);
        Some(entry)
    }

    /// Links, devices, folders and labels. Some archivers write a size into their headers that means
    /// nothing, others (pax, for hard links) write the data; the block behind the header decides.
    fn holds_nothing(&self, member: &Member) -> bool {
        let is_folder = member.name.ends_with(b"/");
        match member.kind {
            b'1'..=b'6' | b'V' | b'D' => member.size == 0 || !self.data_stands_here(),
            _ => is_folder && member.size == 0,
        }
    }

    /// Whether the block here is neither zero nor a header.
    fn data_stands_here(&self) -> bool {
        let block = self.archive.slice(self.at, BLOCK);
        let is_header = block.first_chunk().is_some_and(has_right_checksum);
        !is_header && block.iter().any(|&byte| byte != 0)
    }

    /// The map of a file with holes, in any of the four forms.
    fn map(&mut self, member: &mut Member, budget: &Budget) -> Option<Map> {
        if member.kind == b'S' {
            let (map, length) = Map::of_header(&member.header, &self.archive, self.at, budget);
            self.pass_over(length);
            return Some(map);
        }
        let sparse = std::mem::take(&mut member.pax.sparse);
        let size = sparse.real_size?;
        if !sparse.map_in_data {
            return Some(Map::of_pax(&sparse, size, budget));
        }
        let data = self.archive.slice(self.at, member.size);
        let (map, length) = Map::of_data(&data, size, budget);
        self.pass_over(length);
        member.size = member.size.saturating_sub(length);
        Some(map)
    }

    /// Goes on behind data of `size` bytes, at the next block.
    fn pass_over(&mut self, size: u64) {
        let blocks = size.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX);
        self.at = self.at.saturating_add(blocks);
    }
}

/// What the headers say of the entries, in ClamAV's terms, as tried with 1.4: of files alone, up to the
/// first block of zeros, by the plain fields of their headers; of no archive behind other data.
struct Lister {
    kind: ClamType,
    size: u64,
    position: u64,
    ended: bool,
}

impl Lister {
    fn new(archive: &[u8], offset: u64) -> Self {
        let is_posix = archive.get(257..262) == Some(b"ustar");
        let kind = if is_posix { ClamType::POSIX_TAR } else { ClamType::OLD_TAR };
        Self { kind, size: archive.len() as u64, position: 0, ended: offset > 0 }
    }

    fn list(&mut self, header: &[u8; BLOCK as usize]) -> Option<Listing> {
        let fields = Header::from_byte_slice(header);
        let size = fields.entry_size().ok()?;
        let is_file = !matches!(
            fields.entry_type().as_byte(),
            b'1'..=b'6' | b'A' | b'E' | b'I' | b'K' | b'L' | b'N' | b'V' | b'X' | b'g' | b'x'
        );
        if self.ended || !is_file {
            return None;
        }
        self.position = self.position.saturating_add(1);
        let mut listing = Listing::new(self.kind, self.size, &fields.as_old().name);
        (listing.packed, listing.size, listing.position) = (size, size, self.position);
        Some(listing)
    }
}

/// The largest size that eleven octal digits hold; larger ones may stand in a pax header alone.
const LARGEST_OCTAL: u64 = (1 << 33) - 1;

/// Compares a header's checksum with the sum of its bytes, as unsigned numbers or, as some old
/// archivers have it, as signed ones.
fn has_right_checksum(block: &[u8; BLOCK as usize]) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let is_octal = |byte: &u8| matches!(byte, b'0'..=b'7' | b' ' | 0);
    if !block.get(FIELD).is_some_and(|field| field.iter().all(is_octal)) {
        return false;
    }
    let Ok(told) = Header::from_byte_slice(block).cksum() else { return false };
    let counted = block.iter().enumerate();
    let counted = counted.map(|(at, &byte)| if FIELD.contains(&at) { b' ' } else { byte });
    let (unsigned, signed) = counted.fold((0_u32, 0_i32), |(unsigned, signed), byte| {
        let as_signed = i32::from(byte.cast_signed());
        (unsigned.wrapping_add(byte.into()), signed.wrapping_add(as_signed))
    });
    told == unsigned || told.cast_signed() == signed
}

fn until_zero(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn cut_name(name: &[u8]) -> Vec<u8> {
    name.get(..Entry::NAME).unwrap_or(name).to_vec()
}
