//! What begins anywhere else: one pass over the data for magic numbers, each checked on the spot.
//!
//! Programs, archives and documents are looked for everywhere; streams only behind the text of a
//! script (self-extracting archives), and script code only in images and shortcuts, because there
//! alone it is telling. A magic number counts for nothing by itself: every 7-Zip library carries that
//! of 7z. So checksums are recomputed and fields compared, each check looks at a bounded number of
//! bytes, and the checks together at not much more than the data has (`Effort`); if that is used up,
//! the answer says that there may be more.
//!
//! Archives and images that hold other files as they are would show all of these a second time: they
//! are searched only behind their end, where their format tells it, and else not at all. Whoever lists
//! them sees what is inside.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::FileType;
use super::collector::Collector;
use super::fields::{from, u32_le, up_to};
use super::zip::LocalHeader;
use super::{archives, disks, documents, installers, programs, streams};

/// One thing to look for.
struct Kind {
    literal: &'static [u8],
    /// How many bytes a check looks at, at most.
    effort: usize,
    /// Where the object begins, if one is there; given all the data and the place of the literal.
    check: fn(&[u8], usize) -> Option<usize>,
    file_type: FileType,
}

impl Kind {
    const fn new(
        file_type: FileType,
        literal: &'static [u8],
        effort: usize,
        check: fn(&[u8], usize) -> Option<usize>,
    ) -> Self {
        Self { literal, effort, check, file_type }
    }
}

/// A check of the data from the place of the literal on.
macro_rules! at_literal {
    ($is:expr) => {
        |data, at| $is(from(data, at)).then_some(at)
    };
}

/// A check of what follows the line feed that a script ends with.
macro_rules! behind_line_feed {
    ($is:expr) => {
        |data, at| {
            let start = at.saturating_add(1);
            $is(from(data, start)).then_some(start)
        }
    };
}

/// Looked for in everything.
const ANYWHERE: &[Kind] = &[
    Kind::new(FileType::Pe, b"PE\0\0", 4096, programs::embedded_pe),
    Kind::new(FileType::Elf, b"\x7fELF", 64, at_literal!(programs::is_likely_elf)),
    Kind::new(FileType::SevenZip, b"7z\xbc\xaf\x27\x1c", 32, at_literal!(archives::is_sound_7z)),
    Kind::new(FileType::Rar, b"Rar!\x1a\x07", 512, at_literal!(archives::is_sound_rar)),
    Kind::new(FileType::Cab, b"MSCF\0\0\0\0", 36, at_literal!(archives::is_sound_cab)),
    Kind::new(FileType::Zip, b"PK\x03\x04", 64, zip_start),
    Kind::new(FileType::Pdf, b"%PDF-", 4096, at_literal!(documents::is_likely_pdf)),
    Kind::new(FileType::Ole2, documents::OLE2_MAGIC, 34, at_literal!(documents::is_likely_ole2)),
    Kind::new(FileType::Iso9660, b"\x01CD001\x01", 256, disks::embedded_iso9660),
    Kind::new(FileType::Nsis, programs::NSIS_MAGIC, 8, nsis_start),
    Kind::new(
        FileType::InstallShield,
        installers::INSTALLSHIELD,
        64,
        at_literal!(installers::is_installshield_list),
    ),
    Kind::new(FileType::AutoIt, installers::AUTOIT, 32, at_literal!(installers::is_autoit)),
    Kind::new(FileType::Inno, installers::INNO, 96, at_literal!(installers::is_inno)),
    Kind::new(
        FileType::PyInstaller,
        installers::PYINSTALLER_COOKIE,
        128,
        installers::pyinstaller_start,
    ),
];

/// Looked for behind the text of a script.
const BEHIND_SCRIPT: &[Kind] = &[
    Kind::new(FileType::Gzip, b"\n\x1f\x8b\x08", 8192, behind_line_feed!(streams::is_likely_gzip)),
    Kind::new(FileType::Bzip2, b"\nBZh", 10, behind_line_feed!(streams::is_bzip2)),
    Kind::new(FileType::Xz, b"\n\xfd7zXZ", 12, behind_line_feed!(streams::is_sound_xz)),
    Kind::new(FileType::Zstd, b"\n\x28\xb5\x2f\xfd", 5, behind_line_feed!(streams::is_likely_zstd)),
    Kind::new(FileType::Lz4, b"\n\x04\x22\x4d\x18", 7, behind_line_feed!(streams::is_likely_lz4)),
    Kind::new(FileType::Lzma, b"\n\x5d\0\0", 14, behind_line_feed!(streams::is_lzma)),
    Kind::new(FileType::Lzop, b"\n\x89LZO\0", 10, behind_line_feed!(streams::is_lzop)),
    Kind::new(FileType::Compress, b"\n\x1f\x9d\x90", 3, behind_line_feed!(streams::is_compress)),
    Kind::new(FileType::Tar, b"ustar", 512, tar_start),
];

/// Looked for in images and shortcuts, which other programs are made to read as code.
const IN_PICTURES: &[Kind] = &[
    Kind::new(FileType::Php, b"<?php", 0, |_, at| Some(at)),
    Kind::new(FileType::Php, b"<?PHP", 0, |_, at| Some(at)),
    Kind::new(FileType::Html, b"<script", 0, |_, at| Some(at)),
    Kind::new(FileType::Html, b"<SCRIPT", 0, |_, at| Some(at)),
    Kind::new(FileType::Html, b"<hta:app", 0, |_, at| Some(at)),
    Kind::new(FileType::Html, b"<HTA:APP", 0, |_, at| Some(at)),
];

/// Looked for in PDF: Word opens one that has a message in it as that message, macros and all.
const IN_PDF: &[Kind] = &[Kind::new(FileType::Mail, b"MIME-Version:", 4096, web_archive)];

static ANYWHERE_SEARCH: LazyLock<Search> = LazyLock::new(|| Search::new(ANYWHERE));
static BEHIND_SCRIPT_SEARCH: LazyLock<Search> = LazyLock::new(|| Search::new(BEHIND_SCRIPT));
static IN_PICTURES_SEARCH: LazyLock<Search> = LazyLock::new(|| Search::new(IN_PICTURES));
static IN_PDF_SEARCH: LazyLock<Search> = LazyLock::new(|| Search::ignoring_case(IN_PDF));

/// Builds what takes milliseconds, so that no scan has to.
pub(super) fn prepare() {
    for search in [&ANYWHERE_SEARCH, &BEHIND_SCRIPT_SEARCH, &IN_PICTURES_SEARCH, &IN_PDF_SEARCH] {
        LazyLock::force(search);
    }
}

const SCRIPTS: &[FileType] = &[
    FileType::ShellScript,
    FileType::Python,
    FileType::Perl,
    FileType::Ruby,
    FileType::Php,
    FileType::Lua,
    FileType::JavaScript,
    FileType::PowerShell,
    FileType::Batch,
];

const PICTURES: &[FileType] = &[
    FileType::Png,
    FileType::Jpeg,
    FileType::Gif,
    FileType::Bmp,
    FileType::Webp,
    FileType::Tiff,
    FileType::Ico,
    FileType::Lnk,
];

/// The start of a ZIP archive whose end was not found; how its entries go on is up to `Chain`.
fn zip_start(data: &[u8], at: usize) -> Option<usize> {
    LocalHeader::parse(data, at)?.is_followed_well(data).then_some(at)
}

/// An NSIS header begins with four bits of flags before its magic number, at a multiple of 512.
fn nsis_start(data: &[u8], at: usize) -> Option<usize> {
    let start = at.checked_sub(4)?;
    (start.is_multiple_of(512) && u32_le(data, start)? <= 0xf).then_some(start)
}

/// A tar header right behind a line.
fn tar_start(data: &[u8], at: usize) -> Option<usize> {
    let start = at.checked_sub(257)?;
    let is_behind_line = data.get(start.checked_sub(1)?) == Some(&b'\n');
    (is_behind_line && archives::is_tar(from(data, start))).then_some(start)
}

/// A message of several parts that begins here.
fn web_archive(data: &[u8], at: usize) -> Option<usize> {
    let header = up_to(from(data, at), 4096).to_ascii_lowercase();
    memchr::memmem::find(&header, b"multipart/").is_some().then_some(at)
}

/// Bytes searched between two questions whether to go on.
const STEP: usize = 16 << 20;

/// Adds what begins inside; `archive` is the ZIP archive that was found from its end. When `goes_on`
/// says no, the rest is left away and the answer says that there may be more.
pub(super) fn identify(
    data: &[u8],
    archive: Option<Range<usize>>,
    goes_on: &dyn Fn() -> bool,
    collector: &mut Collector,
) {
    let mut effort = Effort::new(data.len(), goes_on);
    let start = searched_from(data, archive.as_ref(), collector);
    let archive = archive.unwrap_or(data.len()..data.len());
    for span in [start..archive.start, start.max(archive.end)..data.len()] {
        ANYWHERE_SEARCH.run(data, span.clone(), &mut effort, collector);
        if let Some(script_end) = script_end(data, collector) {
            let span = span.start.max(script_end)..span.end;
            BEHIND_SCRIPT_SEARCH.run(data, span, &mut effort, collector);
        }
        if collector.at_start().any(|file_type| PICTURES.contains(&file_type)) {
            IN_PICTURES_SEARCH.run(data, span, &mut effort, collector);
        } else if collector.at_start().any(|file_type| file_type == FileType::Pdf) {
            IN_PDF_SEARCH.run(data, span, &mut effort, collector);
        }
    }
}

/// Where the text of a script may end: a little before the first NUL, which no text has and which
/// every stream has near its beginning.
fn script_end(data: &[u8], collector: &Collector) -> Option<usize> {
    const NEAR: usize = 64 << 10;
    let first_nul = collector.has_any(SCRIPTS).then(|| memchr::memchr(0, data))??;
    Some(first_nul.saturating_sub(NEAR))
}

/// Where the search begins: behind the containers at 0 that hold other files as they are. What only
/// has the magic number of one is searched like anything else.
fn searched_from(data: &[u8], archive: Option<&Range<usize>>, collector: &Collector) -> usize {
    let ends = collector.at_start().map(|file_type| match file_type {
        FileType::Zip if archive.is_some_and(|archive| archive.start == 0) => 0,
        FileType::Tar => archives::end_of_tar(data),
        FileType::SevenZip if archives::is_sound_7z(data) => {
            archives::end_of_7z(data).unwrap_or(data.len())
        }
        FileType::Cab if archives::is_sound_cab(data) => {
            archives::end_of_cab(data).unwrap_or(data.len())
        }
        file_type if is_holder(file_type, data) => data.len(),
        _ => 0,
    });
    ends.max().unwrap_or(0)
}

/// Whether everything behind 0 belongs to a container.
fn is_holder(file_type: FileType, data: &[u8]) -> bool {
    use FileType::*;
    match file_type {
        Zip => LocalHeader::parse(data, 0).is_some(),
        Rar => archives::is_sound_rar(data),
        Ar => archives::is_sound_ar(data),
        Asar | Pyz | InstallShieldCab => true,
        Mbr => !disks::begins_with_partition(data),
        Arj | Alz | Egg | Lha | Ace | Zoo | Cpio | Nsis | Gpt | Apm | Fat | ExFat | Ext
        | HfsPlus | Ntfs | Iso9660 | Udf | Squashfs | Dmg | Vdi | Parallels | RawCd | Vhd
        | Vhdx | Vmdk | Qcow2 | Wim => true,
        _ => false,
    }
}

/// How many bytes the checks may look at: a little more than the data has. And for how long.
struct Effort<'g> {
    left: usize,
    goes_on: &'g dyn Fn() -> bool,
}

impl<'g> Effort<'g> {
    const AT_LEAST: usize = 1 << 20;

    fn new(length: usize, goes_on: &'g dyn Fn() -> bool) -> Self {
        Self { left: length.saturating_add(Self::AT_LEAST), goes_on }
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// A searcher for the literals of some kinds.
struct Search {
    kinds: &'static [Kind],
    literals: Option<AhoCorasick>,
    longest: usize,
}

impl Search {
    fn new(kinds: &'static [Kind]) -> Self {
        Self::with(kinds, false)
    }

    fn ignoring_case(kinds: &'static [Kind]) -> Self {
        Self::with(kinds, true)
    }

    fn with(kinds: &'static [Kind], ignores_case: bool) -> Self {
        // With few literals and leftmost matches the searcher compares many bytes at once.
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::LeftmostFirst).ascii_case_insensitive(ignores_case);
        let literals = builder.build(kinds.iter().map(|kind| kind.literal)).ok();
        let longest = kinds.iter().map(|kind| kind.literal.len()).max().unwrap_or(0);
        Self { kinds, literals, longest }
    }

    /// Searches a span, step by step; the steps overlap by a literal.
    fn run(
        &self,
        data: &[u8],
        span: Range<usize>,
        effort: &mut Effort<'_>,
        collector: &mut Collector,
    ) {
        let mut chain = Chain::default();
        let mut at = span.start;
        while at < span.end {
            if !(effort.goes_on)() {
                return collector.note_more();
            }
            let stop = at.saturating_add(STEP).min(span.end);
            let end = stop.saturating_add(self.longest.saturating_sub(1)).min(span.end);
            at = self.run_step(data, at..end, stop, effort, &mut chain, collector).max(stop);
        }
    }

    /// Looks at what begins in `span` and before `stop`; gives the end of the last literal.
    fn run_step(
        &self,
        data: &[u8],
        span: Range<usize>,
        stop: usize,
        effort: &mut Effort<'_>,
        chain: &mut Chain,
        collector: &mut Collector,
    ) -> usize {
        let Some(literals) = &self.literals else { return stop };
        let mut last_end = 0;
        let found = literals.find_iter(Input::new(data).span(span));
        for found in found.take_while(|found| found.start() < stop) {
            last_end = found.end();
            let Some(kind) = self.kinds.get(found.pattern().as_usize()) else { continue };
            if !effort.spend(kind.effort) {
                collector.note_more();
                continue;
            }
            let start = (kind.check)(data, found.start());
            let new =
                start.filter(|&start| kind.file_type != FileType::Zip || chain.begins(data, start));
            if let Some(start) = new {
                collector.add(kind.file_type, start);
            }
        }
        last_end
    }
}

/// The entries of one ZIP archive, which count once.
#[derive(Default)]
struct Chain {
    /// Where the next entry is expected; `None` before the first.
    next: Option<usize>,
}

impl Chain {
    /// Whether the local header at `start` begins an archive rather than carries on the last one.
    fn begins(&mut self, data: &[u8], start: usize) -> bool {
        let is_first = self.next.is_none_or(|next| next < start);
        // An entry of unknown length may be followed by entries anywhere.
        let end = LocalHeader::parse(data, start).and_then(|header| header.end);
        self.next = Some(end.unwrap_or(usize::MAX));
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FileType, Found, Identification, identify, samples};

    fn places(data: &[u8], file_type: FileType) -> Vec<u64> {
        let found = identify(data).found;
        found.iter().filter(|it| it.file_type == file_type).map(|it| it.offset).collect()
    }

    #[test]
    fn a_message_in_a_pdf_is_found() {
        let message =
            "Mime-VERSION: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n";
        let pdf = [&samples::pdf()[..], b"\n", message.as_bytes()].concat();
        assert_eq!(places(&pdf, FileType::Mail), [samples::pdf().len() as u64 + 1]);
        let text = [&samples::pdf()[..], b"\nMIME-Version: 1.0 is a field"].concat();
        assert_eq!(places(&text, FileType::Mail), [0_u64; 0]);
    }

    /// Bytes that are no type and no text.
    fn noise(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at as u8).wrapping_mul(37) & 0x81).collect()
    }

    #[test]
    fn sound_objects_are_found_anywhere() {
        let objects = [
            (FileType::Pe, samples::pe()),
            (FileType::Elf, samples::elf()),
            (FileType::SevenZip, samples::seven_zip()),
            (FileType::Rar, samples::rar4()),
            (FileType::Rar, samples::rar5()),
            (FileType::Cab, samples::cab()),
            (FileType::Pdf, samples::pdf()),
            (FileType::Ole2, samples::ole2()),
            (FileType::Zip, samples::zip(&[(b"name", b"content")])),
        ];
        for (file_type, object) in objects {
            let data = [noise(1001), object, noise(100_000)].concat();
            assert_eq!(places(&data, file_type), [1001], "{file_type:?}");
        }
    }

    #[test]
    fn objects_across_the_steps_of_the_search_are_found() {
        for shift in 0..9 {
            let front = super::STEP - shift;
            let data = [vec![0x81; front], samples::seven_zip(), vec![0x81; 100]].concat();
            assert_eq!(places(&data, FileType::SevenZip), [front as u64], "{shift}");
        }
    }

    #[test]
    fn a_search_that_is_ended_says_that_there_may_be_more() {
        let data = [noise(1001), samples::seven_zip()].concat();
        let identification = super::super::identify_while(&data, &|| false);
        assert!(identification.more);
        assert!(!identification.types().contains(FileType::SevenZip));
    }

    #[test]
    fn magic_numbers_alone_are_nothing() {
        let magics: &[&[u8]] = &[
            b"MZ",
            b"PE\0\0",
            b"\x7fELF",
            b"7z\xbc\xaf\x27\x1c",
            b"Rar!\x1a\x07\0",
            b"%PDF-1.4\n",
            b"Rar!\x1a\x07\x01\0",
            b"MSCF\0\0\0\0",
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"%PDF-",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"\xef\xbe\xad\xdeNullsoftInst",
        ];
        for magic in magics {
            let data = [noise(512), magic.to_vec(), noise(512)].concat();
            assert_eq!(identify(&data).types().iter().collect::<Vec<_>>(), [FileType::Data]);
        }
    }

    #[test]
    fn floods_of_magic_numbers_are_gone_through_quickly() {
        for flood in [
            &b"MZ"[..],
            b"PE\0\0",
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"Rar!\x1a\x07\x01\0",
            b"\x7fELF",
            b"\n\x1f\x8b\x08",
            b"%PDF-1.4\n1 0 obj",
            b"MSCF\0\0\0\0",
            b"\xff",
            b"\0",
        ] {
            let data = [noise(16), flood.repeat(500_000 / flood.len())].concat();
            assert!(identify(&data).found.len() <= Identification::MOST);
        }
    }

    #[test]
    fn a_flood_of_sound_headers_is_cut_and_said() {
        let data = [noise(16), samples::pe().repeat(2000)].concat();
        let identification = identify(&data);
        assert!(identification.more);
        assert!(identification.found.len() <= Identification::MOST);
    }

    #[test]
    fn a_stream_behind_a_script_is_found() {
        let script = b"#!/bin/sh\ntail -n +3 \"$0\" | gunzip\nexit 0\n";
        let stream = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x04\0\0\0\0\0".as_slice();
        assert_eq!(places(&[script, stream].concat(), FileType::Gzip), [script.len() as u64]);
        let not_behind_line = [&script[..], b"x", stream].concat();
        assert!(places(&not_behind_line, FileType::Gzip).is_empty());
        assert!(places(&[&noise(99), &b"\n"[..], stream].concat(), FileType::Gzip).is_empty());
    }

    #[test]
    fn an_archive_behind_a_script_is_found() {
        let script = b"#!/bin/sh\nexit\n".to_vec();
        let archive = [script.clone(), samples::tar(b"name", b"")].concat();
        assert_eq!(places(&archive, FileType::Tar), [script.len() as u64]);
    }

    #[test]
    fn code_in_a_picture_is_found() {
        let picture = samples::gif();
        let data = [&picture[..], b"<?php echo 1; ?>"].concat();
        assert_eq!(places(&data, FileType::Php), [picture.len() as u64]);
        let shortcut = [samples::lnk(), b"<script>new ActiveXObject".to_vec()].concat();
        assert!(identify(&shortcut).types().contains(FileType::Html));
    }

    #[test]
    fn what_an_archive_holds_is_left_to_its_reader() {
        let mut archive = samples::tar(b"program", &samples::pe());
        archive.extend([0; 1024]);
        assert!(places(&archive, FileType::Pe).is_empty());
        let end = archive.len() as u64;
        archive.extend(samples::pe());
        assert_eq!(places(&archive, FileType::Pe), [end]);
    }

    #[test]
    fn the_mark_of_an_archive_hides_nothing() {
        for mark in [&b"PK\x03\x04"[..], b"Rar!\x1a\x07\0", b"7z\xbc\xaf\x27\x1c", b"!<arch>\n"] {
            let data = [mark, &[0; 100], &samples::pe()].concat();
            assert_eq!(places(&data, FileType::Pe), [mark.len() as u64 + 100]);
        }
    }

    #[test]
    fn the_entries_of_an_archive_without_end_are_one_archive() {
        let archive = samples::zip(&[(b"a", b"1"), (b"b", b"2"), (b"c", b"3")]);
        let cut = &archive[..archive.len() - 30];
        assert_eq!(places(&[&noise(64), cut, &noise(70_000)].concat(), FileType::Zip), [64]);
    }

    #[test]
    fn everything_at_once_is_named() {
        let parts: [(FileType, Vec<u8>); 5] = [
            (FileType::Png, samples::png()),
            (FileType::Pe, samples::pe()),
            (FileType::Rar, samples::rar5()),
            (FileType::SevenZip, samples::seven_zip()),
            (FileType::Zip, samples::zip(&[(b"name", b"content")])),
        ];
        let mut expected = Vec::new();
        let mut data = Vec::new();
        for (file_type, part) in parts {
            expected.push(Found { offset: data.len() as u64, file_type });
            data.extend(part);
        }
        assert_eq!(identify(&data).found, expected);
    }
}
