//! The one table of formats: every type that can hold other data, how it is opened, and what is told
//! of it in `docs/formats.md`, which a test compares with this file.

use super::{
    Open, OpenVolume, activemime, alz, ar, arj, asar, autoit, cab, chm, cpio, disks, egg, exfat,
    ext, fat, flash, gzip, hfs_plus, hwp3, inno, installshield, iso9660, lha, lnk, lzop, mail,
    nsis, ntfs, ole2, onenote, pdf, program, pyinstaller, rpm, rtf, seven_zip, sis, squashfs,
    streams, tar, text, udf, xar, zip,
};
use crate::identify::FileType;

/// A type that can hold other data.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The type.
    pub file_type: FileType,
    pub(super) how: How,
    /// What is told of it, empty where it is not opened.
    pub told: Told,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// It is opened.
    Opens(Open),
    /// It is a file system, which is opened on a disk that lies in pieces too.
    OpensVolume(OpenVolume),
    /// It always holds data that cannot be read yet.
    NotYet,
    /// It always holds data that only its key opens.
    Locked,
}

/// What `docs/formats.md` says of a type that is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// What is read.
    pub reads: &'static str,
    /// By which code.
    pub by: &'static str,
    /// What bounds it, beside the budget that bounds everything.
    pub bounds: &'static str,
    /// What is not read.
    pub leaves: &'static str,
}

impl Format {
    const fn new(file_type: FileType, how: How) -> Self {
        Self { file_type, how, told: Told { reads: "", by: "", bounds: "", leaves: "" } }
    }

    /// The same, with what is told of it.
    const fn told(mut self, told: Told) -> Self {
        self.told = told;
        self
    }
}

const fn opens(file_type: FileType, open: Open) -> Format {
    Format::new(file_type, How::Opens(open))
}

const fn opens_volume(file_type: FileType, open: OpenVolume) -> Format {
    Format::new(file_type, How::OpensVolume(open))
}

const fn not_yet(file_type: FileType) -> Format {
    Format::new(file_type, How::NotYet)
}

const fn locked(file_type: FileType) -> Format {
    Format::new(file_type, How::Locked)
}

/// RAR is a feature, since its library is young.
const fn rar() -> Format {
    #[cfg(feature = "rar")]
    return opens(FileType::Rar, super::rar::open);
    #[cfg(not(feature = "rar"))]
    return not_yet(FileType::Rar);
}

/// Told of each table of partitions.
const DISK: Told = Told {
    reads: "every partition, logical ones too; the code that boots and what lies between partitions, where it is not blank",
    by: "own",
    bounds: "in place; 1,024 partitions",
    leaves: "",
};

/// Told of each narrow text.
const BLOBS: Told = Told {
    reads: "runs of base64 and hexadecimal that stand for something that can be told, through lines and strings that are put together: `-EncodedCommand`, `data:` URLs (whatever they hold), parts of documents that are kept in one file of XML; strings that a script puts together from pieces, put together; declared legacy encodings and UTF-7 in UTF-8",
    by: "own; `encoding_rs`",
    bounds: "64 characters of base64 (16 where it is announced), 128 of hexadecimal; strings where words were cut at least twice, of up to 64 KiB",
    leaves: "what stands for unknown data; texts that are mail or another document; variables and functions of scripts; encodings that are not declared",
};

/// Told of each wide text.
const WIDE: Told = Told { reads: "the text in UTF-8", by: "own", bounds: "", leaves: "" };

/// Every type that can hold other data. The ZIP family is opened as [`FileType::Zip`], Debian packages
/// as [`FileType::Ar`], and Windows Installer packages as [`FileType::Ole2`], which always accompany them.
pub const FORMATS: &[Format] = &[
    opens(FileType::Pe, program::open_pe).told(Told {
        reads: "resources, those of .NET included; what is behind the program, where nothing in it is opened already; a program that lies in other data",
        by: "own; records by `goblin`",
        bounds: "in place; resources by `limit:facts`, of those over each other the first; 16 programs in one object, each up to the next one",
        leaves: "icons, pictures, menus, dialogs, texts and versions, unless they begin like something that is opened; packed programs are told by the packer's name",
    }),
    opens(FileType::Elf, program::open_elf).told(Told {
        reads: "a program that lies in other data",
        by: "own",
        bounds: "in place; 16 programs in one object, each up to the next one",
        leaves: "",
    }),
    opens(FileType::MachOFat, program::universal::open).told(Told {
        reads: "the program of each processor, 32-bit and 64-bit lists",
        by: "own",
        bounds: "in place; 64 programs, none over another",
        leaves: "",
    }),
    opens(FileType::DotNetResources, program::dotnet::open).told(Told {
        reads: "byte arrays and streams, texts of 64 bytes and more; versions 1 and 2",
        by: "own",
        bounds: "in place",
        leaves: "serialised objects (their bytes are searched)",
    }),
    opens(FileType::Zip, zip::open).told(Told {
        reads: "central directory, and local headers that it does not list; zip64, descriptors, prepended and appended data; stored, deflate, deflate64, bzip2, LZMA, xz, Zstandard, PPMd, implode, shrink, reduce; ZipCrypto and AES with passwords",
        by: "own walk; `flate2`, `deflate64`, `bzip2`, `lzma-rust2`, `ruzstd`, `ppmd-rust`, own for the three oldest; `aes`",
        bounds: "one entry at a time; passwords by `key-work`",
        leaves: "methods of IBM and for media, volumes of split archives",
    }),
    opens(FileType::Gzip, gzip::open).told(Told {
        reads: "members behind each other, as one content",
        by: "own headers; `flate2`",
        bounds: "",
        leaves: "",
    }),
    opens(FileType::Tar, tar::open).told(Told {
        reads: "v7, ustar, pax, GNU long names and sparse files; archives behind each other",
        by: "own walk; fields by `tar`",
        bounds: "sparse files count as large as they are",
        leaves: "volumes",
    }),
    opens(FileType::Bzip2, streams::open_bzip2).told(Told {
        reads: "streams behind each other",
        by: "`bzip2`, on its pure Rust back end",
        bounds: "4 MiB for the decoder",
        leaves: "",
    }),
    opens(FileType::Xz, streams::open_xz).told(Told {
        reads: "streams behind each other, padding; all filters",
        by: "`lzma-rust2`",
        bounds: "the window grows with the output",
        leaves: "what precedes a broken check in one block is kept, the blocks behind it are not read",
    }),
    opens(FileType::Lzma, streams::open_lzma).told(Told {
        reads: "one stream with a header of 13 bytes",
        by: "`lzma-rust2`",
        bounds: "the window grows with the output",
        leaves: "",
    }),
    opens(FileType::Lzip, streams::open_lzip).told(Told {
        reads: "members behind each other",
        by: "`lzma-rust2`",
        bounds: "the window grows with the output",
        leaves: "version 0",
    }),
    opens(FileType::Zstd, streams::open_zstd).told(Told {
        reads: "frames behind each other, frames without content",
        by: "`ruzstd`",
        bounds: "the window is charged before it is taken",
        leaves: "dictionaries",
    }),
    opens(FileType::Lz4, streams::open_lz4).told(Told {
        reads: "frames and legacy frames behind each other, frames without content",
        by: "`lz4_flex`",
        bounds: "three blocks, at most 24 MiB",
        leaves: "dictionaries",
    }),
    opens(FileType::Lzop, lzop::open).told(Told {
        reads: "files behind each other, stored or packed with LZO1X",
        by: "own",
        bounds: "a block, at most 64 MiB",
        leaves: "checksums are not compared; contents behind a filter (`unsupported`)",
    }),
    opens(FileType::Compress, streams::open_compress).told(Told {
        reads: "one stream of codes of 9 to 16 bits",
        by: "own",
        bounds: "256 KiB",
        leaves: "a stream cut off between two codes cannot be told from a whole one",
    }),
    opens(FileType::SevenZip, seven_zip::open).told(Told {
        reads: "blocks of LZMA, LZMA2, PPMd, bzip2, deflate, deflate64, copied, with BCJ, BCJ2 and delta filters; packed headers; AES with passwords",
        by: "own walk; `lzma-rust2`, `ppmd-rust`, `bzip2`, `flate2`, `deflate64`, `aes`",
        bounds: "windows as far as the declared size fills them, models as large as they say; passwords by `key-work`",
        leaves: "methods that 7-Zip itself does not have, volumes",
    }),
    rar().told(Told {
        reads: "versions 1.3 to 7, solid or not; encrypted data and headers with passwords",
        by: "`rars` (feature `rar`, on by default; without it `unsupported`)",
        bounds: "a copy of the archive, and a quarter of `limit:memory` for decoders; a password counts 1,000,000 in `key-work`",
        leaves: "members that go on in another volume; archives with a broken header anywhere",
    }),
    opens(FileType::Cab, cab::open).told(Told {
        reads: "stored, MSZIP, Quantum, LZX; checksums of blocks",
        by: "own walk; `flate2`, `lzxd`, own for Quantum",
        bounds: "4 MiB for the decoder; a folder is read again for files that lie before the place reached, charged like output",
        leaves: "files that go on from or into another cabinet",
    }),
    opens(FileType::Arj, arj::open).told(Told {
        reads: "methods 0 to 4; the simple encryption with passwords",
        by: "own walk; `delharc`, own for method 4",
        bounds: "",
        leaves: "GOST encryption; files that go on in another volume",
    }),
    opens(FileType::Lha, lha::open).told(Told {
        reads: "header levels 0 to 3; lh0, lh1, lh4 to lh7, lzs, lz4, lz5, pm0, pm1, pm2",
        by: "`delharc`; own walk",
        bounds: "a header of at most 1 MiB",
        leaves: "lh2, lh3, lhx and other variants",
    }),
    opens(FileType::Alz, alz::open).told(Told {
        reads: "stored, deflate, bzip2; checksums",
        by: "own walk; `flate2`, `bzip2`",
        bounds: "4 MiB for the decoder",
        leaves: "files with a password (`encrypted`), volumes",
    }),
    opens(FileType::Egg, egg::open).told(Told {
        reads: "stored, deflate, bzip2; files of several blocks",
        by: "own walk; `flate2`, `bzip2`",
        bounds: "4 MiB for the decoder; the list of a file's blocks, charged to `limit:memory`",
        leaves: "AZO, LZMA, solid archives, volumes (`unsupported`), files with a password (`encrypted`); checksums are not compared",
    }),
    not_yet(FileType::Ace),
    not_yet(FileType::Zoo),
    opens(FileType::Szdd, streams::open_szdd).told(Told {
        reads: "both forms, `SZDD` and `SZ `",
        by: "own",
        bounds: "",
        leaves: "",
    }),
    opens(FileType::Cpio, cpio::open).told(Told {
        reads: "binary in both byte orders, odc, newc, crc; archives behind each other and what follows them",
        by: "own",
        bounds: "in place",
        leaves: "",
    }),
    opens(FileType::Ar, ar::open).told(Told {
        reads: "System V, GNU and BSD names, thin archives (their index); Debian packages",
        by: "own",
        bounds: "in place",
        leaves: "",
    }),
    opens(FileType::Rpm, rpm::open).told(Told {
        reads: "the payload",
        by: "own",
        bounds: "in place",
        leaves: "fields of the headers",
    }),
    opens_volume(FileType::Iso9660, iso9660::open).told(Told {
        reads: "every tree, with the names of Rock Ridge and Joliet; hidden files, files of several parts, boot images, zisofs; also behind other data",
        by: "own walk; `flate2`",
        bounds: "in place; each folder once",
        leaves: "interleaved files",
    }),
    opens_volume(FileType::Udf, udf::open).told(Told {
        reads: "revisions 1.02 to 2.60 on plain, sparable and metadata partitions; hidden files, named streams, deleted files whose entry is still there",
        by: "own",
        bounds: "in place; each folder once",
        leaves: "virtual partitions (packet writing on CD-R), sparing tables",
    }),
    opens_volume(FileType::HfsPlus, hfs_plus::open).told(Told {
        reads: "HFS+ and HFSX: both forks of every file",
        by: "own",
        bounds: "in place where a fork lies in a row; names of folders and further extents, charged to `limit:memory`",
        leaves: "files that the system compressed (their packed forks are handed out)",
    }),
    opens_volume(FileType::Squashfs, squashfs::open).told(Told {
        reads: "version 4, packed with gzip, LZMA, LZO, xz, LZ4 or Zstandard, shared ends of files, holes",
        by: "own walk; `flate2`, `lzma-rust2`, `lz4_flex`, `ruzstd`",
        bounds: "three blocks, at most 1 MiB each",
        leaves: "versions before 4",
    }),
    opens(FileType::Dmg, disks::open_dmg).told(Told {
        reads: "UDIF images, stored, ADC, zlib, bzip2, LZMA, and what is on them",
        by: "own; `flate2`, `bzip2`, `lzma-rust2`",
        bounds: "as vhd; chunks of 64 MiB",
        leaves: "LZFSE, encrypted images; checksums are not compared",
    }),
    opens(FileType::Mbr, disks::open).told(DISK),
    opens(FileType::Gpt, disks::open).told(DISK),
    opens(FileType::Apm, disks::open).told(DISK),
    opens_volume(FileType::Fat, fat::open).told(Told {
        reads: "FAT12, FAT16, FAT32, long names; deleted files whose clusters are free, as if they lay in a row",
        by: "own",
        bounds: "in place where a file lies in a row; folders of 2 MiB",
        leaves: "",
    }),
    opens_volume(FileType::ExFat, exfat::open).told(Told {
        reads: "files in a row and in chains; deleted files whose clusters are free, as if they lay in a row",
        by: "own",
        bounds: "in place where a file lies in a row; folders of 256 MiB",
        leaves: "checksums are not compared",
    }),
    opens_volume(FileType::Ext, ext::open).told(Told {
        reads: "ext2, ext3, ext4: lists of blocks, extents, data in inodes, holes",
        by: "own",
        bounds: "in place where a file lies in a row; folders of 64 MiB; the lists of a file's pieces, charged to `limit:memory`",
        leaves: "the journal, deleted files, what was encrypted with a key (`encrypted`)",
    }),
    opens_volume(FileType::Ntfs, ntfs::open).told(Told {
        reads: "versions 1.2 to 3.1: every file in use with its alternate streams, in its record or in runs; holes, files that the file system packed",
        by: "own",
        bounds: "in place where a file lies in a row; the lists of a file's pieces, charged to `limit:memory`",
        leaves: "the file system's own tables and journals, deleted files, what EFS encrypted (`encrypted`), deduplicated files and those of compact OS (`unsupported`; their packed streams are handed out)",
    }),
    opens(FileType::Vhd, disks::open_vhd).told(Told {
        reads: "fixed and dynamic disks, and what is on them",
        by: "own",
        bounds: "files are put together one by one, not the disk",
        leaves: "images that only hold differences",
    }),
    opens(FileType::Vdi, disks::open_vdi).told(Told {
        reads: "fixed and dynamic disks, and what is on them",
        by: "own",
        bounds: "as vhd",
        leaves: "images that only hold differences",
    }),
    opens(FileType::Parallels, disks::open_parallels).told(Told {
        reads: "expandable disks of both forms, and what is on them",
        by: "own",
        bounds: "as vhd",
        leaves: "snapshots inside",
    }),
    opens(FileType::RawCd, disks::open_raw_cd).told(Told {
        reads: "the data of sectors of 2,352 bytes, and what is on the disc",
        by: "own",
        bounds: "as vhd",
        leaves: "sectors with more bytes; error correction is not looked at",
    }),
    opens(FileType::Vhdx, disks::open_vhdx).told(Told {
        reads: "fixed and dynamic disks, and what is on them",
        by: "own",
        bounds: "as vhd",
        leaves: "images that only hold differences, logs that were not written back",
    }),
    opens(FileType::Vmdk, disks::open_vmdk).told(Told {
        reads: "sparse images and those made for streams, and what is on them",
        by: "own; `flate2`",
        bounds: "as vhd",
        leaves: "images that only hold differences or name other files, ESX's old kind (`COWD`)",
    }),
    opens(FileType::Qcow2, disks::open_qcow2).told(Told {
        reads: "versions 2 and 3, stored and packed clusters, and what is on them",
        by: "own; `flate2`, `ruzstd`",
        bounds: "as vhd",
        leaves: "version 1, images that stand on another file, divided clusters, snapshots inside",
    }),
    not_yet(FileType::Wim),
    not_yet(FileType::Refs),
    not_yet(FileType::Apfs),
    not_yet(FileType::Hfs),
    not_yet(FileType::Btrfs),
    not_yet(FileType::Xfs),
    not_yet(FileType::Zfs),
    not_yet(FileType::F2fs),
    not_yet(FileType::Jfs),
    not_yet(FileType::Reiserfs),
    not_yet(FileType::Nilfs),
    not_yet(FileType::Ufs),
    not_yet(FileType::Erofs),
    not_yet(FileType::Cramfs),
    not_yet(FileType::Romfs),
    not_yet(FileType::Jffs2),
    not_yet(FileType::Ubi),
    not_yet(FileType::Lvm),
    not_yet(FileType::LinuxRaid),
    not_yet(FileType::Qed),
    not_yet(FileType::Bochs),
    not_yet(FileType::Ewf),
    not_yet(FileType::Aff),
    not_yet(FileType::SparseImage),
    not_yet(FileType::AndroidSparse),
    not_yet(FileType::Partclone),
    not_yet(FileType::Nrg),
    not_yet(FileType::Daa),
    not_yet(FileType::Ciso),
    not_yet(FileType::StuffIt),
    not_yet(FileType::Arc),
    not_yet(FileType::FreeArc),
    not_yet(FileType::Uharc),
    not_yet(FileType::Sqx),
    not_yet(FileType::Zpaq),
    not_yet(FileType::Mar),
    not_yet(FileType::InstallShield3),
    not_yet(FileType::Kwaj),
    not_yet(FileType::Lzfse),
    not_yet(FileType::Lrzip),
    not_yet(FileType::Rzip),
    not_yet(FileType::Snappy),
    not_yet(FileType::AndroidBackup),
    not_yet(FileType::Pst),
    not_yet(FileType::Dbx),
    not_yet(FileType::WinHelp),
    locked(FileType::Luks),
    locked(FileType::BitLocker),
    locked(FileType::DmgEncrypted),
    locked(FileType::OpensslEncrypted),
    locked(FileType::Age),
    opens(FileType::Nsis, nsis::open).told(Told {
        reads: "files packed by themselves or as one stream, stored, deflate, LZMA with or without filter, NSIS's variant of bzip2, by the names that the script gives them; the script as one more file",
        by: "own walk; `lzma-rust2`, `flate2`, own for bzip2",
        bounds: "dictionaries and blocks are charged, so is a third of the script for the names",
        leaves: "the folders that files go to",
    }),
    opens(FileType::InstallShield, installshield::open).told(Told {
        reads: "both lists behind self-extracting programs, plain and scrambled",
        by: "own; `flate2`",
        bounds: "",
        leaves: "",
    }),
    opens(FileType::InstallShieldCab, installshield::cabinet::open).told(Told {
        reads: "versions 5 and later: files of the list, stored, packed or scrambled; without a list, packed files by their chunks",
        by: "own; `flate2`",
        bounds: "chunks of at most 64 KiB",
        leaves: "files of several volumes as one; a list in another file (`data1.hdr`), and with it names, stored and scrambled files",
    }),
    opens(FileType::AutoIt, autoit::open).told(Told {
        reads: "scripts and installed files of `EA05` and `EA06`",
        by: "own",
        bounds: "",
        leaves: "older scripts; the script as text (its tokens are searched)",
    }),
    opens(FileType::Inno, inno::open).told(Told {
        reads: "the setup's own data with its script, the program that installs, and files in chunks of LZMA2, LZMA, zlib, bzip2 or as they are, calls put back, SHA-1 compared; the table of files of versions 4.1 to 6.4 and their names, else chunks as a whole",
        by: "own walk; `lzma-rust2`, `flate2`, `bzip2`",
        bounds: "dictionaries are charged",
        leaves: "names of files before version 5.2.5; encrypted files (`encrypted`); files of several slices; versions before 4.1.6",
    }),
    opens(FileType::PyInstaller, pyinstaller::open).told(Told {
        reads: "files, stored or packed with zlib",
        by: "own; `flate2`",
        bounds: "",
        leaves: "encrypted modules of releases before 6",
    }),
    opens(FileType::Pyz, pyinstaller::pyz::open).told(Told {
        reads: "compiled modules; of Python's `marshal` what the list of them needs",
        by: "own; `flate2`",
        bounds: "16 bytes for each value of the list that is referred to, charged to `limit:memory`",
        leaves: "the code of a module as text (its names and texts are searched)",
    }),
    opens(FileType::Asar, asar::open).told(Told {
        reads: "files, by the tree in front of them",
        by: "own",
        bounds: "in place; folders 512 deep",
        leaves: "files that lie beside the archive (`truncated`)",
    }),
    opens(FileType::Sis, sis::open).told(Told {
        reads: "files of releases before 9, in every language, stored or packed",
        by: "own walk; `flate2`",
        bounds: "",
        leaves: "release 9 and later",
    }),
    opens(FileType::Chm, chm::open).told(Told {
        reads: "stored files and those in the LZX section",
        by: "own walk; `lzxd`",
        bounds: "4 MiB for the decoder; a file is unpacked from the last new beginning before it, charged like output",
        leaves: "",
    }),
    opens(FileType::Xar, xar::open).told(Told {
        reads: "every stretch that the list gives to a file or an attribute: stored, gzip, bzip2, LZMA, xz",
        by: "own walk; `flate2`, `bzip2`, `lzma-rust2`",
        bounds: "256 elements of the list inside of one another",
        leaves: "checksums are not compared",
    }),
    opens(FileType::Ole2, ole2::open).told(Told {
        reads: "every stream, in the directory's tree or not; VBA macros in source; files in packages (`Ole10Native`), objects in presentations; attachments of Outlook messages by their names, compressed RTF; the packed streams of Hangul documents (HWP 5), those for distribution as well; Office Open XML documents, workbooks and texts of Word since 97 under `VelvetSweatshop` (which Excel opens unasked) or a known password (AES, RC4, of workbooks XOR); broken tables and lost directories",
        by: "own",
        bounds: "lists of sectors, four bytes for each, charged to `limit:memory`; passwords by `key-work`",
        leaves: "presentations of PowerPoint 97 and others with a password, texts of Word that are only obfuscated (`encrypted`)",
    }),
    opens(FileType::Pdf, pdf::open).told(Told {
        reads: "every stream, in a table or not, old versions included: Flate, LZW, ASCIIHex, ASCII85, RunLength, predictors; JavaScript in strings; names of embedded files; messages that Word would find in it; RC4 and AES with the empty password or a known one",
        by: "own walk; `flate2`, `weezl`, `aes`",
        bounds: "the ratio counts from the stream in the file; dictionaries of 64 KiB; 100 references are followed",
        leaves: "image codecs, encryption by certificates",
    }),
    opens(FileType::OneNote, onenote::open).told(Told {
        reads: "attached files, wherever they stand, also where tables or lengths are broken",
        by: "own",
        bounds: "in place",
        leaves: "their names; the form in which services hand sections out (`unsupported`)",
    }),
    opens(FileType::Hwp3, hwp3::open).told(Told {
        reads: "the text",
        by: "own; `flate2`",
        bounds: "",
        leaves: "documents with a password (`encrypted`); attached objects (the text is searched)",
    }),
    opens(FileType::ActiveMime, activemime::open).told(Told {
        reads: "the compound document in it, wherever it begins in the first 4 KiB",
        by: "own; `flate2`",
        bounds: "",
        leaves: "",
    }),
    opens(FileType::Tnef, mail::open_tnef).told(Told {
        reads: "attachments, attached objects, the text of the message, plain, HTML and compressed RTF",
        by: "own",
        bounds: "in place",
        leaves: "checksums are not compared",
    }),
    opens(FileType::Mail, mail::open_mail).told(Told {
        reads: "parts in base64, quoted-printable and as they stand, nested messages, names and texts in other character sets; duplicate fields in every reading, containers without their boundaries",
        by: "own",
        bounds: "one part at a time; 1,024 containers in a message",
        leaves: "S/MIME, pieces of split messages",
    }),
    opens(FileType::Mbox, mail::open_mbox).told(Told {
        reads: "its messages, each with its parts",
        by: "own",
        bounds: "as mail",
        leaves: "",
    }),
    opens(FileType::BinHex, mail::open_binhex).told(Told {
        reads: "both forks, runs, checksums",
        by: "own",
        bounds: "",
        leaves: "",
    }),
    opens(FileType::Uuencode, mail::open_uuencode).told(Told {
        reads: "files behind each other, also with base64 (`begin-base64`)",
        by: "own",
        bounds: "",
        leaves: "",
    }),
    opens(FileType::Yenc, mail::open_yenc).told(Told {
        reads: "files behind each other, checksums",
        by: "own",
        bounds: "",
        leaves: "pieces of one file are not put together (`truncated`)",
    }),
    opens(FileType::EncodedScript, text::open_encoded_script).told(Told {
        reads: "scripts under Microsoft's Script Encoder, wherever they begin",
        by: "own",
        bounds: "",
        leaves: "the checksum is not looked at",
    }),
    opens(FileType::Ascii, text::open_text).told(BLOBS),
    opens(FileType::Utf8, text::open_text).told(BLOBS),
    opens(FileType::Text8Bit, text::open_text).told(BLOBS),
    opens(FileType::Utf16Le, text::open_utf16_le).told(WIDE),
    opens(FileType::Utf16Be, text::open_utf16_be).told(WIDE),
    opens(FileType::Utf32Le, text::open_utf32_le).told(WIDE),
    opens(FileType::Utf32Be, text::open_utf32_be).told(WIDE),
    opens(FileType::Rtf, rtf::open).told(Told {
        reads: "objects and pictures, however their digits are written; files in packages and the data of objects",
        by: "own",
        bounds: "16 data begun inside of one another",
        leaves: "",
    }),
    opens(FileType::Lnk, lnk::open).told(Told {
        reads: "the command line and every other text in UTF-8; what follows the last block",
        by: "own; `encoding_rs`",
        bounds: "16 texts of extra blocks",
        leaves: "property stores (their bytes are searched)",
    }),
    opens(FileType::Flash, flash::open).told(Told {
        reads: "movies packed with zlib or LZMA as plain ones; the data of `DefineBinaryData`",
        by: "own; `flate2`, `lzma-rust2`",
        bounds: "",
        leaves: "images and sounds (their bytes are searched)",
    }),
];

/// How objects of that type are opened; `None`: they hold nothing.
pub(super) fn how(file_type: FileType) -> Option<How> {
    FORMATS.iter().find(|format| format.file_type == file_type).map(|format| format.how)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::is_opened;

    const BEGIN: &str = "<!-- formats: begin -->\n";
    const END: &str = "<!-- formats: end -->\n";

    /// The table of `docs/formats.md`.
    fn table() -> String {
        let mut table = "| type | what is read | by | bounds | what is not |\n".to_owned();
        table += "|---|---|---|---|---|\n";
        let (mut later, mut locked) = (Vec::new(), Vec::new());
        for Format { file_type, how, told } in FORMATS {
            let name = format!("`{}` {}", file_type.name(), file_type.description());
            match how {
                _ if !told.reads.is_empty() => {
                    let Told { reads, by, bounds, leaves } = told;
                    table += &format!("| {name} | {reads} | {by} | {bounds} | {leaves} |\n");
                }
                How::Opens(_) | How::OpensVolume(_) | How::NotYet => later.push(name),
                How::Locked => locked.push(name),
            }
        }
        table += &format!("\nRecognised and reported as `unsupported`: {}.\n", later.join(", "));
        table + "\nRecognised and reported as `encrypted`: " + &locked.join(", ") + ".\n"
    }

    /// `PELLUCID_WRITE_DOCS=1 cargo test -p pellucid --lib formats` writes the table anew.
    #[test]
    fn the_document_has_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/formats.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (front, rest) = text.split_once(BEGIN).unwrap();
        let (written, back) = rest.split_once(END).unwrap();
        if std::env::var_os("PELLUCID_WRITE_DOCS").is_some() {
            std::fs::write(path, [front, BEGIN, &table(), END, back].concat()).unwrap();
            return;
        }
        assert_eq!(written, table(), "write it anew: PELLUCID_WRITE_DOCS=1 cargo test ... formats");
    }

    #[test]
    fn of_every_opened_type_something_is_told() {
        for Format { file_type, told, .. } in FORMATS {
            let is_told = !told.reads.is_empty() && !told.by.is_empty();
            assert!(is_told || !is_opened(*file_type), "{}", file_type.name());
        }
    }
}
