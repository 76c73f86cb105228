//! 2 What is it? A set of types, from content alone.
//!
//! One run of bytes can be several things at once: a program with an archive behind it, a document
//! that is also a script. So the answer is a set, with the place where each type begins. The file's
//! name is never asked.
//!
//! Six looks at the data, each bounded:
//!
//! 1. `table.rs`: the types that begin at 0 and show themselves by a magic number there; the checks
//!    behind the magics are in `programs.rs`, `archives.rs`, `streams.rs`, `documents.rs`, `images.rs`.
//! 2. `disks.rs`: images that are known by something far from their beginning.
//! 3. `zip.rs`: archives that are found from their end, and what kind of ZIP they are.
//! 4. `text.rs`: the encoding of text; in it `markup.rs` and `scripts.rs`.
//! 5. `seams.rs`: what begins exactly where the first type ends: an overlay, a trailer.
//! 6. `embedded.rs`: one pass over everything for what begins anywhere else.
//!
//! What is found at 0 may be broken and is still named: a reader of that format will look at it and
//! say what is wrong. What is found elsewhere has to prove itself by checksums or by several fields
//! that agree, because magic numbers alone occur in every program that knows the format.

#![warn(clippy::arithmetic_side_effects)]

mod archives;
pub mod clam_types;
mod collector;
mod disks;
mod documents;
mod embedded;
mod fields;
mod images;
mod installers;
mod markup;
mod programs;
#[cfg(test)]
mod samples;
mod scripts;
mod seams;
mod streams;
mod table;
mod text;
mod zip;

use std::fmt;

use collector::Collector;
pub(crate) use disks::has_partitions;
pub(crate) use fields::crc32;
pub(crate) use installers::{PYINSTALLER_COOKIE, pyinstaller_start};
pub(crate) use table::magic_types;
pub(crate) use text::{CONTENT_SAMPLE, is_mail};

/// Builds what identification shares between scans. Engines do it when they are made: children that a
/// host forks would else each do it again.
pub(crate) fn prepare() {
    embedded::prepare();
    scripts::prepare();
}

/// Says what `data` is, from the content alone. Takes time linear in its length and allocates nothing
/// but the answer.
pub fn identify(data: &[u8]) -> Identification {
    identify_while(data, &|| true)
}

/// As [`identify`]; `goes_on` is asked now and then, since a file may have terabytes of holes. When it
/// says no, [`Identification::more`] is set.
pub(crate) fn identify_while(data: &[u8], goes_on: &dyn Fn() -> bool) -> Identification {
    let mut collector = Collector::default();
    if data.is_empty() {
        collector.add(FileType::Empty, 0);
        return collector.finish();
    }
    table::identify(data, &mut collector);
    disks::identify(data, &mut collector);
    documents::find_pdf_near_start(data, &mut collector);
    let archive = zip::identify(data, &mut collector);
    text::identify(data, &mut collector);
    seams::identify(data, &mut collector);
    embedded::identify(data, archive, goes_on, &mut collector);
    if collector.is_empty() {
        collector.add(FileType::Data, 0);
    }
    collector.finish()
}

/// Where the last section or segment of a program at the start of `data` ends.
pub(crate) fn end_of_program(file_type: FileType, data: &[u8]) -> Option<usize> {
    match file_type {
        FileType::Pe => programs::end_of_pe(data),
        FileType::Elf => programs::end_of_elf(data),
        _ => None,
    }
}

macro_rules! file_types {
    ($($variant:ident $name:literal $what:literal,)*) => {
        /// A type that content can have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum FileType {
            $(#[doc = $what] $variant,)*
        }

        impl FileType {
            /// Every type.
            pub const ALL: &[FileType] = &[$(FileType::$variant,)*];

            /// The name in machine-readable output: lower case, stable.
            pub fn name(self) -> &'static str {
                match self { $(FileType::$variant => $name,)* }
            }

            /// The name for people.
            pub fn description(self) -> &'static str {
                match self { $(FileType::$variant => $what,)* }
            }
        }
    };
}

file_types! {
    Empty "empty" "Empty file",
    Pe "pe" "Windows program (PE)",
    DosExe "dos-exe" "DOS program (MZ)",
    Elf "elf" "Unix program (ELF)",
    MachO "macho" "macOS program (Mach-O)",
    MachOFat "macho-fat" "macOS universal program",
    JavaClass "java-class" "Java class",
    Dex "dex" "Android program (DEX)",
    Wasm "wasm" "WebAssembly module",
    PythonBytecode "pyc" "Python bytecode",
    Zip "zip" "ZIP archive",
    Jar "jar" "Java archive",
    Apk "apk" "Android package",
    Ooxml "ooxml" "Office Open XML document",
    Docx "docx" "Office Open XML text",
    Xlsx "xlsx" "Office Open XML spreadsheet",
    Pptx "pptx" "Office Open XML presentation",
    Odf "odf" "OpenDocument document",
    Epub "epub" "EPUB book",
    Gzip "gzip" "gzip stream",
    Bzip2 "bzip2" "bzip2 stream",
    Xz "xz" "xz stream",
    Lzma "lzma" "LZMA stream",
    Lzip "lzip" "lzip stream",
    Zstd "zstd" "Zstandard stream",
    Lz4 "lz4" "LZ4 stream",
    Compress "compress" "compress stream (.Z)",
    SevenZip "7z" "7-Zip archive",
    Rar "rar" "RAR archive",
    Cab "cab" "Cabinet archive",
    Arj "arj" "ARJ archive",
    Lha "lha" "LHA archive",
    Ace "ace" "ACE archive",
    Zoo "zoo" "Zoo archive",
    Szdd "szdd" "SZDD stream",
    Tar "tar" "tar archive",
    Cpio "cpio" "cpio archive",
    Ar "ar" "ar archive",
    Deb "deb" "Debian package",
    Rpm "rpm" "RPM package",
    Iso9660 "iso9660" "ISO 9660 image",
    Udf "udf" "UDF image",
    Mbr "mbr" "Disk with an MBR",
    Gpt "gpt" "Disk with a GPT",
    Apm "apm" "Disk with an Apple partition map",
    Fat "fat" "FAT file system",
    Ext "ext" "ext2, ext3 or ext4 file system",
    HfsPlus "hfs-plus" "HFS+ file system",
    Squashfs "squashfs" "SquashFS image",
    Dmg "dmg" "macOS disk image",
    Vhd "vhd" "VHD disk image",
    Vhdx "vhdx" "VHDX disk image",
    Vmdk "vmdk" "VMDK disk image",
    Qcow2 "qcow2" "QCOW2 disk image",
    Wim "wim" "Windows image (WIM)",
    Nsis "nsis" "NSIS installer data",
    Chm "chm" "Compiled HTML help",
    Sis "sis" "Symbian installation file",
    InstallShield "installshield" "InstallShield installer data",
    InstallShieldCab "installshield-cab" "InstallShield cabinet",
    AutoIt "autoit" "Compiled AutoIt script",
    Inno "inno" "Inno Setup installer data",
    PyInstaller "pyinstaller" "PyInstaller archive",
    Pyz "pyz" "PyInstaller archive of modules",
    Asar "asar" "Electron archive (asar)",
    DotNetResources "dotnet-resources" ".NET resources",
    Xar "xar" "xar archive",
    Ole2 "ole2" "OLE2 compound document",
    Msi "msi" "Windows installer package",
    Rtf "rtf" "Rich Text document",
    Pdf "pdf" "PDF document",
    OneNote "onenote" "OneNote section",
    Hwp3 "hwp3" "Hangul document of version 3",
    ActiveMime "activemime" "Macros of pages and messages (ActiveMime)",
    Tnef "tnef" "TNEF attachment",
    Html "html" "HTML",
    Xml "xml" "XML",
    Svg "svg" "SVG image",
    Mail "mail" "Mail message",
    Mbox "mbox" "Mailbox",
    BinHex "binhex" "BinHex text",
    Uuencode "uuencode" "uuencoded text",
    Yenc "yenc" "yEnc text",
    ShellScript "shell" "Shell script",
    Python "python" "Python script",
    Perl "perl" "Perl script",
    Ruby "ruby" "Ruby script",
    Php "php" "PHP script",
    Jsp "jsp" "JSP page",
    Asp "asp" "ASP or ASPX page",
    PowerShell "powershell" "PowerShell script",
    Batch "batch" "Windows batch file",
    VbScript "vbscript" "VBScript",
    JavaScript "javascript" "JavaScript",
    Lua "lua" "Lua script",
    EncodedScript "encoded-script" "Encoded script (.vbe, .jse)",
    Wsf "wsf" "Windows script file",
    Lnk "lnk" "Windows shortcut",
    Url "url" "Internet shortcut",
    Registry "registry" "Windows registry text",
    Png "png" "PNG image",
    Jpeg "jpeg" "JPEG image",
    Gif "gif" "GIF image",
    Bmp "bmp" "BMP image",
    Tiff "tiff" "TIFF image",
    Webp "webp" "WebP image",
    Ico "ico" "Windows icon",
    Emf "emf" "Enhanced metafile",
    Wmf "wmf" "Windows metafile",
    Psd "psd" "Photoshop image",
    Flash "flash" "Flash movie",
    Riff "riff" "RIFF media",
    Mp4 "mp4" "MP4 or QuickTime media",
    Ogg "ogg" "Ogg media",
    Mp3 "mp3" "MP3 audio",
    Flac "flac" "FLAC audio",
    Matroska "matroska" "Matroska or WebM media",
    Asf "asf" "Windows media (ASF)",
    Midi "midi" "MIDI music",
    Font "font" "Font",
    Sqlite "sqlite" "SQLite database",
    Ascii "ascii" "ASCII text",
    Utf8 "utf-8" "UTF-8 text",
    Utf16Le "utf-16le" "UTF-16 text, little-endian",
    Utf16Be "utf-16be" "UTF-16 text, big-endian",
    Utf32Le "utf-32le" "UTF-32 text, little-endian",
    Utf32Be "utf-32be" "UTF-32 text, big-endian",
    Text8Bit "text-8bit" "Text in a legacy encoding",
    Ntfs "ntfs" "NTFS file system",
    ExFat "exfat" "exFAT file system",
    Refs "refs" "ReFS file system",
    Apfs "apfs" "APFS container",
    Hfs "hfs" "HFS file system",
    Btrfs "btrfs" "Btrfs file system",
    Xfs "xfs" "XFS file system",
    Zfs "zfs" "ZFS device",
    F2fs "f2fs" "F2FS file system",
    Jfs "jfs" "JFS file system",
    Reiserfs "reiserfs" "ReiserFS file system",
    Nilfs "nilfs" "NILFS2 file system",
    Ufs "ufs" "UFS file system",
    Erofs "erofs" "EROFS image",
    Cramfs "cramfs" "cramfs image",
    Romfs "romfs" "romfs image",
    Jffs2 "jffs2" "JFFS2 image",
    Ubi "ubi" "UBI image",
    Lvm "lvm" "LVM2 physical volume",
    LinuxRaid "linux-raid" "Member of a Linux RAID",
    Vdi "vdi" "VDI disk image",
    Parallels "parallels" "Parallels disk image",
    Qed "qed" "QED disk image",
    Bochs "bochs" "Bochs disk image",
    Ewf "ewf" "EnCase evidence file",
    Aff "aff" "AFF disk image",
    SparseImage "sparseimage" "macOS sparse disk image",
    AndroidSparse "android-sparse" "Android sparse image",
    Partclone "partclone" "Partclone image",
    RawCd "raw-cd" "CD image of raw sectors",
    Nrg "nrg" "Nero CD image",
    Daa "daa" "PowerISO image (DAA)",
    Ciso "ciso" "Compressed ISO image (CSO)",
    Alz "alz" "ALZ archive",
    Egg "egg" "EGG archive",
    StuffIt "stuffit" "StuffIt archive",
    Arc "arc" "ARC archive",
    FreeArc "freearc" "FreeArc archive",
    Uharc "uharc" "UHARC archive",
    Sqx "sqx" "SQX archive",
    Zpaq "zpaq" "ZPAQ archive",
    Mar "mar" "Mozilla archive (MAR)",
    InstallShield3 "installshield-3" "InstallShield 3 archive",
    Kwaj "kwaj" "KWAJ stream",
    Lzfse "lzfse" "LZFSE stream",
    Lzop "lzop" "lzop stream",
    Lrzip "lrzip" "lrzip stream",
    Rzip "rzip" "rzip stream",
    Snappy "snappy" "Snappy stream",
    AndroidBackup "android-backup" "Android backup",
    Pst "pst" "Outlook data file",
    Dbx "dbx" "Outlook Express folder",
    WinHelp "winhelp" "Windows help",
    Luks "luks" "LUKS encrypted disk",
    BitLocker "bitlocker" "BitLocker encrypted disk",
    DmgEncrypted "dmg-encrypted" "Encrypted macOS disk image",
    OpensslEncrypted "openssl-encrypted" "File encrypted by openssl enc",
    Age "age" "File encrypted by age",
    Data "data" "Unknown data",
}

/// A set of types.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TypeSet([u128; 2]);

const _: () = assert!(FileType::ALL.len() <= 256, "TypeSet holds 256 types");

impl TypeSet {
    /// Adds a type.
    pub fn insert(&mut self, file_type: FileType) {
        let [low, high] = &mut self.0;
        let bit = 1 << (file_type as u8 % 128);
        if (file_type as u8) < 128 { *low |= bit } else { *high |= bit }
    }

    /// Whether it holds a type.
    pub fn contains(self, file_type: FileType) -> bool {
        let [low, high] = self.0;
        let bits = if (file_type as u8) < 128 { low } else { high };
        bits & 1 << (file_type as u8 % 128) != 0
    }

    /// Whether it holds none.
    pub fn is_empty(self) -> bool {
        self.0 == [0, 0]
    }

    /// Its types, in the order of [`FileType::ALL`].
    pub fn iter(self) -> impl Iterator<Item = FileType> {
        FileType::ALL.iter().copied().filter(move |&file_type| self.contains(file_type))
    }
}

impl FromIterator<FileType> for TypeSet {
    fn from_iter<I: IntoIterator<Item = FileType>>(types: I) -> Self {
        let mut set = Self::default();
        types.into_iter().for_each(|file_type| set.insert(file_type));
        set
    }
}

impl fmt::Debug for TypeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A type and the place where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Found {
    /// Where it begins, in bytes from the start of the object.
    ///
    /// That is where a reader of the format has to start, not where the magic number was seen: 0 for
    /// an ISO image (recognised at 32769) and for disk images recognised by their trailer.
    ///
    /// For ZIP and its family it is the first local header. The offsets in the central directory
    /// count from there, from the start of the object, or from elsewhere, and no field says which. A
    /// reader is right in all cases if it takes the central directory to end where the end record
    /// begins and moves all stored offsets by the (signed) difference between the place where it so
    /// found the directory and the place that is stored.
    pub offset: u64,
    /// The type.
    pub file_type: FileType,
}

impl Found {
    /// A type at a place.
    pub fn new(file_type: FileType, offset: u64) -> Self {
        Self { file_type, offset }
    }
}

/// What was recognised in one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identification {
    /// Every type, and where it begins: at 0, behind something else, or at the place that its own
    /// format asks for. Sorted by offset; at most [`Identification::MOST`] entries.
    pub found: Vec<Found>,
    /// Whether more was found than `found` holds. No type is missing then, only further places of
    /// types that it already holds; unless the search was ended before it was through.
    pub more: bool,
    /// Those of the types at its start that bytes did not tell: signature sets did.
    pub(crate) added: TypeSet,
}

impl Identification {
    /// How many types with their places are kept. More of one kind carry no news.
    pub const MOST: usize = 64;

    /// Adds types that the object as a whole has, as signature sets say.
    pub(crate) fn add(&mut self, types: impl IntoIterator<Item = FileType>) {
        let known = self.types_at_start();
        self.added = types.into_iter().filter(|&file_type| !known.contains(file_type)).collect();
        self.found.extend(self.added.iter().map(|file_type| Found::new(file_type, 0)));
        self.found.sort_unstable();
        self.more |= self.found.len() > Self::MOST;
        self.found.truncate(Self::MOST);
    }

    /// The types as a set.
    pub fn types(&self) -> TypeSet {
        self.found.iter().map(|found| found.file_type).collect()
    }

    /// The types that begin at 0: what the object as a whole is.
    pub fn types_at_start(&self) -> TypeSet {
        self.found.iter().filter(|found| found.offset == 0).map(|found| found.file_type).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::samples::SAMPLES;
    use super::*;

    /// Samples behind each other, with bytes changed and noise between.
    fn mixtures() -> impl Strategy<Value = Vec<u8>> {
        let part = (0..SAMPLES.len(), prop::collection::vec(any::<u8>(), 0..40));
        let parts = prop::collection::vec(part, 1..5);
        let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
        (parts, changes).prop_map(|(parts, changes)| {
            let build = |(sample, noise): &(usize, Vec<u8>)| {
                [(SAMPLES[*sample].build)(), noise.clone()].concat()
            };
            let mut data: Vec<u8> = parts.iter().flat_map(build).collect();
            data.push(0);
            for (place, byte) in changes {
                *place.get_mut(&mut data) = byte;
            }
            data
        })
    }

    proptest! {
        #[test]
        fn every_answer_keeps_its_promises(data in mixtures()) {
            let identification = identify(&data);
            prop_assert!(!identification.found.is_empty());
            prop_assert!(identification.found.len() <= Identification::MOST);
            prop_assert!(identification.found.is_sorted());
            let inside = |found: &Found| found.offset <= data.len() as u64;
            prop_assert!(identification.found.iter().all(inside));
            prop_assert_eq!(&identify(&data), &identification, "the same again");
        }
    }

    #[test]
    fn names_are_stable_and_unique() {
        let names: std::collections::BTreeSet<_> =
            FileType::ALL.iter().map(|file_type| file_type.name()).collect();
        assert_eq!(names.len(), FileType::ALL.len());
        assert_eq!(FileType::Pe.name(), "pe");
    }

    #[test]
    fn what_the_object_is_as_a_whole_begins_at_its_start() {
        let data = [samples::png(), samples::pe()].concat();
        let identification = identify(&data);
        let whole: Vec<FileType> = identification.types_at_start().iter().collect();
        assert_eq!(whole, [FileType::Png]);
        assert!(identification.types().contains(FileType::Pe));
    }
}
