//! ZIP from its end, and the family: Java archives, Android packages, office documents, books.
//!
//! Follows APPNOTE 6.3.10. A ZIP archive is found by the end record that every reader looks for first,
//! at the end of the data, so anything may stand before it. What the archive is for shows in the names
//! of its entries; they are taken from the central directory and from the local headers, because the
//! two can differ.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::FileType;
use super::collector::Collector;
use super::fields::{from, has, part, place_le, u16_le, u32_le, u64_le};

const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
const END_RECORD: &[u8] = b"PK\x05\x06";
const END_RECORD_64: &[u8] = b"PK\x06\x06";
const END_LOCATOR_64: &[u8] = b"PK\x06\x07";

/// The end record and the longest comment behind it.
const END_MOST: usize = 22 + 0xffff;
/// How many local headers are looked at for their names.
const LOCAL_HEADERS_MOST: usize = 1024;

static END_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(END_RECORD));

/// Types that hold other files as they are, so that an end record inside may belong to one of those.
const HOLDERS: &[FileType] = &[
    FileType::Tar,
    FileType::Cpio,
    FileType::Ar,
    FileType::Iso9660,
    FileType::Udf,
    FileType::Rar,
    FileType::SevenZip,
    FileType::Cab,
];

/// Adds the archive that ends the data, and the kinds of the archive at 0 or found so. Returns the
/// bytes that belong to the archive that ends the data.
pub(super) fn identify(data: &[u8], collector: &mut Collector) -> Option<Range<usize>> {
    let begins_here = collector.has_any(&[FileType::Zip]);
    let archive = archive_from_end(data, collector.has_any(HOLDERS));
    if begins_here {
        add_kinds(data, 0, archive.as_ref(), collector);
    }
    let archive = archive?;
    if archive.start > 0 || !begins_here {
        collector.add(FileType::Zip, archive.start);
        add_kinds(data, archive.start, Some(&archive), collector);
    }
    Some(archive.start..archive.end)
}

/// Where an archive lies, as its end record tells.
#[derive(Debug)]
struct Archive {
    start: usize,
    directory: Range<usize>,
    end: usize,
}

/// Finds the last end record whose directory is there. Only that directory is walked.
fn archive_from_end(data: &[u8], must_end_data: bool) -> Option<Archive> {
    let earliest = data.len().saturating_sub(END_MOST);
    let places = END_FINDER.find_iter(from(data, earliest));
    let ends = places.map(|place| earliest.saturating_add(place)).filter_map(|place| {
        let end = end_of_archive(data, place)?;
        let directory = directory_of(data, place)?;
        (!must_end_data || end == data.len()).then_some((directory, end))
    });
    let (directory, end) = ends.last()?;
    let start = first_local_header(data, &directory)?;
    Some(Archive { start, directory: directory.range, end })
}

/// Where the comment behind an end record ends, or is cut off.
fn end_of_archive(data: &[u8], end_record: usize) -> Option<usize> {
    let comment = usize::from(u16_le(data, end_record.checked_add(20)?)?);
    Some(end_record.checked_add(22)?.checked_add(comment)?.min(data.len()))
}

/// The directory that belongs to an end record.
fn directory_of(data: &[u8], end_record: usize) -> Option<Directory> {
    directory_before_64(data, end_record)
        .or_else(|| directory_before(data, end_record))
        .or_else(|| directory_as_stored(data, end_record))
}

/// A central directory, and where its archive says that it is.
struct Directory {
    range: Range<usize>,
    stored_place: u64,
}

/// The directory that ends where the end record begins.
fn directory_before(data: &[u8], end_record: usize) -> Option<Directory> {
    let size = place_le(data, end_record.checked_add(12)?)?;
    let stored_place = u32_le(data, end_record.checked_add(16)?)?.into();
    let start = end_record.checked_sub(size)?;
    has(data, start, DIRECTORY_ENTRY)
        .then_some(Directory { range: start..end_record, stored_place })
}

/// The directory at the place that the end record names, with something else behind it.
fn directory_as_stored(data: &[u8], end_record: usize) -> Option<Directory> {
    let start = place_le(data, end_record.checked_add(16)?)?;
    let is_there = start < end_record && has(data, start, DIRECTORY_ENTRY);
    is_there.then_some(Directory { range: start..end_record, stored_place: start as u64 })
}

/// The directory of an archive with 64-bit end records before the plain one.
fn directory_before_64(data: &[u8], end_record: usize) -> Option<Directory> {
    let locator = end_record.checked_sub(20)?;
    let end_record_64 = locator.checked_sub(56)?;
    if !has(data, locator, END_LOCATOR_64) || !has(data, end_record_64, END_RECORD_64) {
        return None;
    }
    let size = usize::try_from(u64_le(data, end_record_64.checked_add(40)?)?).ok()?;
    let stored_place = u64_le(data, end_record_64.checked_add(48)?)?;
    let start = end_record_64.checked_sub(size)?;
    has(data, start, DIRECTORY_ENTRY)
        .then_some(Directory { range: start..end_record_64, stored_place })
}

/// Where the first local header stands: the smallest stored place, moved by as much as the directory
/// itself has moved.
fn first_local_header(data: &[u8], directory: &Directory) -> Option<usize> {
    let entries = DirectoryEntries { data, at: directory.range.start, end: directory.range.end };
    let first = entries.map(|entry| u64::from(entry.local_header)).min()?;
    let moved = (directory.range.start as u64).wrapping_sub(directory.stored_place);
    let moved_place = usize::try_from(first.wrapping_add(moved)).ok();
    let plain_place = usize::try_from(first).ok();
    let is_header = |place: &usize| has(data, *place, LOCAL_HEADER);
    moved_place.filter(is_header).or(plain_place.filter(is_header))
}

struct DirectoryEntry<'a> {
    name: &'a [u8],
    local_header: u32,
}

/// Walks a central directory; each step is 46 bytes at least.
struct DirectoryEntries<'a> {
    data: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Iterator for DirectoryEntries<'a> {
    type Item = DirectoryEntry<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = part(self.data, self.at, 46).filter(|_| self.at < self.end)?;
        if !entry.starts_with(DIRECTORY_ENTRY) {
            return None;
        }
        let name_length = usize::from(u16_le(entry, 28)?);
        let more = usize::from(u16_le(entry, 30)?).checked_add(u16_le(entry, 32)?.into())?;
        let name_place = self.at.checked_add(46)?;
        let name = part(self.data, name_place, name_length)?;
        self.at = name_place.checked_add(name_length)?.checked_add(more)?;
        Some(DirectoryEntry { name, local_header: u32_le(entry, 42)? })
    }
}

/// A local header with fields that make sense.
#[derive(Debug)]
pub(super) struct LocalHeader<'a> {
    name: &'a [u8],
    /// Where the entry's content begins.
    content: usize,
    /// Where the entry ends; unknown while it is written as a stream.
    pub(super) end: Option<usize>,
}

impl<'a> LocalHeader<'a> {
    /// Reads the local header at `place`.
    pub(super) fn parse(data: &'a [u8], place: usize) -> Option<Self> {
        const FLAGS_IN_USE: u16 = 0x3fff;
        let header = part(data, place, 30).filter(|header| header.starts_with(LOCAL_HEADER))?;
        let is_version = u16_le(header, 4)? & 0xff <= 63;
        let flags = u16_le(header, 6)?;
        let is_method = matches!(u16_le(header, 8)?, 0..=20 | 92..=99);
        let name_length = usize::from(u16_le(header, 26)?);
        let name_place = place.checked_add(30)?;
        let name = part(data, name_place, name_length)?;
        let is_name = !name.is_empty() && !name.iter().any(u8::is_ascii_control);
        if !is_version || flags & !FLAGS_IN_USE != 0 || !is_method || !is_name {
            return None;
        }
        let extra = usize::from(u16_le(header, 28)?);
        let content = name_place.checked_add(name_length)?.checked_add(extra)?;
        let is_stream = flags & 8 != 0;
        let size = place_le(header, 18).filter(|&size| !is_stream && size != 0xffff_ffff);
        let end = size.and_then(|size| content.checked_add(size));
        Some(Self { name, content, end })
    }

    /// Whether another record, or the end of the data, comes where the entry ends.
    pub(super) fn is_followed_well(&self, data: &[u8]) -> bool {
        self.end.is_none_or(|end| end >= data.len() || has(data, end, b"PK"))
    }
}

/// Walks local headers while each ends where the next begins.
fn local_headers(data: &[u8], start: usize) -> impl Iterator<Item = LocalHeader<'_>> {
    let first = LocalHeader::parse(data, start);
    let next = |header: &LocalHeader<'_>| LocalHeader::parse(data, header.end?);
    std::iter::successors(first, next).take(LOCAL_HEADERS_MOST)
}

/// What an archive is for, gathered from its names.
#[derive(Default)]
struct Kinds {
    manifest: bool,
    android: bool,
    content_types: bool,
    text: bool,
    sheet: bool,
    slides: bool,
    open_document: bool,
    book: bool,
}

impl Kinds {
    fn note(&mut self, name: &[u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match name.len() {
            20 if is("META-INF/MANIFEST.MF") => self.manifest = true,
            19 if is("AndroidManifest.xml") => self.android = true,
            19 if is("[Content_Types].xml") => self.content_types = true,
            22 if is("META-INF/container.xml") => self.book = true,
            _ => {}
        }
        self.text |= name.starts_with(b"word/");
        self.sheet |= name.starts_with(b"xl/");
        self.slides |= name.starts_with(b"ppt/");
    }

    /// The first entry of OpenDocument files and of books holds their media type, as it is.
    fn note_media_type(&mut self, data: &[u8], header: &LocalHeader<'_>) {
        if header.name != b"mimetype" {
            return;
        }
        let media_type = from(data, header.content);
        self.book |= media_type.starts_with(b"application/epub+zip");
        self.open_document |= media_type.starts_with(b"application/vnd.oasis.opendocument")
            || media_type.starts_with(b"application/vnd.sun.xml");
    }

    fn types(&self) -> impl Iterator<Item = FileType> {
        let types = [
            (self.manifest, FileType::Jar),
            (self.android, FileType::Apk),
            (self.content_types, FileType::Ooxml),
            (self.content_types && self.text, FileType::Docx),
            (self.content_types && self.sheet, FileType::Xlsx),
            (self.content_types && self.slides, FileType::Pptx),
            (self.open_document, FileType::Odf),
            (self.book, FileType::Epub),
        ];
        types.into_iter().filter(|(is, _)| *is).map(|(_, file_type)| file_type)
    }
}

/// Adds what the archive that begins at `start` is for.
fn add_kinds(data: &[u8], start: usize, archive: Option<&Archive>, collector: &mut Collector) {
    let mut kinds = Kinds::default();
    for header in local_headers(data, start) {
        kinds.note(header.name);
        kinds.note_media_type(data, &header);
    }
    if let Some(archive) = archive.filter(|archive| archive.start == start) {
        let Range { start, end } = archive.directory;
        DirectoryEntries { data, at: start, end }.for_each(|entry| kinds.note(entry.name));
    }
    kinds.types().for_each(|file_type| collector.add(file_type, start));
}

#[cfg(test)]
mod tests {
    use super::super::{FileType::*, Found, identify, samples};
    use super::*;

    fn zips(data: &[u8]) -> Vec<u64> {
        let found = identify(data).found;
        found.iter().filter(|found| found.file_type == Zip).map(|found| found.offset).collect()
    }

    #[test]
    fn an_archive_is_found_behind_anything() {
        let archive = samples::zip(&[(b"a.txt", b"text"), (b"b.txt", b"more")]);
        for front in [b"\x00".to_vec(), b"plain text".to_vec(), vec![7; 100_000], samples::pe()] {
            let data = [front.clone(), archive.clone()].concat();
            assert_eq!(zips(&data), [front.len() as u64]);
        }
    }

    #[test]
    fn offsets_that_count_from_the_start_of_the_object_lead_to_the_same_place() {
        let front = vec![7; 1000];
        let mut archive = samples::zip(&[(b"a.txt", b"text")]);
        samples::move_zip(&mut archive, 1000);
        assert_eq!(zips(&[front, archive].concat()), [1000]);
    }

    #[test]
    fn a_comment_or_other_data_may_follow() {
        let mut archive = samples::zip(&[(b"a.txt", b"text")]);
        archive.extend([b'c'; 300]);
        assert_eq!(zips(&[vec![7; 10], archive].concat()), [10]);
    }

    #[test]
    fn two_archives_are_two_places() {
        let archive = samples::zip(&[(b"a.txt", b"text")]);
        assert_eq!(zips(&archive.repeat(2)), [0, archive.len() as u64]);
    }

    #[test]
    fn an_archive_stored_in_an_archive_is_left_to_the_reader() {
        let inner = samples::zip(&[(b"a.txt", b"text")]);
        assert_eq!(zips(&samples::zip(&[(b"inner.zip", &inner)])), [0]);
        let mut tar = samples::tar(b"inner.zip", &inner);
        tar.extend([0; 1024]);
        assert!(zips(&tar).is_empty());
    }

    #[test]
    fn a_name_only_in_a_local_header_counts() {
        let mut archive = samples::zip(&[(b"META-INF/MANIFEST.MF", b"x")]);
        let directory = memchr::memmem::find(&archive, DIRECTORY_ENTRY).unwrap();
        archive[directory + 46] = b'X';
        assert!(identify(&archive).types().contains(Jar));
    }

    #[test]
    fn a_name_only_in_the_central_directory_counts() {
        let mut archive = samples::zip(&[(b"META-INF/MANIFEST.MF", b"x")]);
        archive[30] = b'X';
        assert!(identify(&archive).types().contains(Jar));
    }

    #[test]
    fn an_archive_cut_short_is_still_one() {
        let archive = samples::zip(&[(b"AndroidManifest.xml", b"text")]);
        let types = identify(&archive[..55]).types();
        assert!(types.contains(Zip) && types.contains(Apk));
    }

    #[test]
    fn lying_end_records_lead_nowhere() {
        let front = vec![7_u8; 64];
        for (size, place) in [(u32::MAX, 0), (0, u32::MAX), (22, 7), (64, 0)] {
            let mut end = samples::zip(&[]);
            end[12..16].copy_from_slice(&u32::to_le_bytes(size));
            end[16..20].copy_from_slice(&u32::to_le_bytes(place));
            assert!(zips(&[front.clone(), end].concat()).is_empty());
        }
    }

    #[test]
    fn the_kinds_begin_where_the_archive_begins() {
        let jar = samples::zip(&[(b"META-INF/MANIFEST.MF", b"")]);
        let data = [vec![7; 50], jar].concat();
        let expected = [Found { offset: 50, file_type: Zip }, Found { offset: 50, file_type: Jar }];
        assert_eq!(identify(&data).found, expected);
    }
}
