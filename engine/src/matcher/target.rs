//! Which objects a signature is meant for.
//!
//! ClamAV takes each object for one kind of file, mostly by its first bytes. What it goes by is laxer
//! than what a format asks for (two bytes make a Windows program), and signatures are written for what
//! it goes by. So the kinds that targets name are told here as ClamAV 1.4 tells them (tried, magic by
//! magic), not as `identify` does.

use super::Subject;
use crate::identify::{FileType, TypeSet};

/// Which objects a signature is meant for. The numbers are ClamAV's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Target {
    /// Every object.
    #[default]
    Any = 0,
    /// PE programs.
    Pe = 1,
    /// OLE2 compound documents.
    Ole2 = 2,
    /// HTML, in its normal form only.
    Html = 3,
    /// Mail messages.
    Mail = 4,
    /// Images.
    Graphics = 5,
    /// ELF programs.
    Elf = 6,
    /// Texts, in their normal form only.
    Text = 7,
    /// Mach-O programs.
    MachO = 9,
    /// PDF documents.
    Pdf = 10,
    /// Flash movies.
    Flash = 11,
    /// Java classes.
    Java = 12,
    /// What ClamAV makes itself; no object is of this target.
    Internal = 13,
    /// Data of no known type.
    Other = 14,
}

impl Target {
    /// Every target.
    pub const ALL: [Target; 14] = [
        Target::Any,
        Target::Pe,
        Target::Ole2,
        Target::Html,
        Target::Mail,
        Target::Graphics,
        Target::Elf,
        Target::Text,
        Target::MachO,
        Target::Pdf,
        Target::Flash,
        Target::Java,
        Target::Internal,
        Target::Other,
    ];

    /// The target of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|&target| target as u8 == number)
    }

    /// Whether signatures of this target are looked for in `subject`: an object of its kind, or a view
    /// that is made for it.
    pub fn accepts(self, subject: &Subject<'_>) -> bool {
        use FileType::*;
        if let Some(view) = subject.view {
            return view.is_for(self);
        }
        let has = |wanted: &[FileType]| wanted.iter().any(|&kind| subject.types.contains(kind));
        match self {
            Target::Any => true,
            Target::Mail => subject.kind.is_none() && has(&[Mail, Mbox]),
            Target::Other => {
                subject.kind.is_none() && subject.added.is_empty() && has(UNKNOWN_TO_CLAMAV)
            }
            Target::Html | Target::Text | Target::Internal => false,
            target => {
                subject.kind == Some(target)
                    || target.types().iter().any(|&kind| subject.added.contains(kind))
            }
        }
    }

    /// The types that make an object one of this target where a signature set adds them.
    fn types(self) -> &'static [FileType] {
        use FileType::*;
        match self {
            Target::Pe => &[Pe],
            Target::Ole2 => &[Ole2],
            Target::Graphics => &[Png, Jpeg, Gif, Bmp, Tiff],
            Target::Elf => &[Elf],
            Target::MachO => &[MachO, MachOFat],
            Target::Pdf => &[Pdf],
            Target::Flash => &[Flash],
            Target::Java => &[JavaClass],
            _ => &[],
        }
    }

    /// The target that an object with these first bytes is of, where bytes alone tell. `types` are those
    /// at its start.
    pub(crate) fn of(data: &[u8], types: TypeSet) -> Option<Self> {
        let magic = MAGICS.iter().find(|(magic, _)| data.starts_with(magic));
        match magic {
            Some((_, target)) => Some(*target),
            None => shared_magic(data).or_else(|| late_pdf(data, types).then_some(Target::Pdf)),
        }
    }
}

/// First bytes that make a kind of file.
const MAGICS: &[(&[u8], Target)] = &[
    (b"MZ", Target::Pe),
    (b"\x7fELF", Target::Elf),
    (b"\xfe\xed\xfa\xce", Target::MachO),
    (b"\xfe\xed\xfa\xcf", Target::MachO),
    (b"\xce\xfa\xed\xfe", Target::MachO),
    (b"\xcf\xfa\xed\xfe", Target::MachO),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Target::Ole2),
    (b"%PDF-", Target::Pdf),
    (b"FWS", Target::Flash),
    (b"CWS", Target::Flash),
    (b"ZWS", Target::Flash),
    (b"GIF", Target::Graphics),
    (b"\x89PNG", Target::Graphics),
    (b"\xff\xd8\xff", Target::Graphics),
    (b"BM", Target::Graphics),
    (b"II*", Target::Graphics),
    (b"MM\0", Target::Graphics),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Target::Graphics),
];

/// What ClamAV has no name for, but we do.
const UNKNOWN_TO_CLAMAV: &[FileType] = {
    use FileType::*;
    &[
        Data,
        Utf32Le,
        Utf32Be,
        DosExe,
        MachOFat,
        JavaClass,
        Dex,
        PythonBytecode,
        Wasm,
        Lua,
        Zstd,
        Lz4,
        Lzip,
        Lzma,
        Compress,
        Squashfs,
        Qcow2,
        Vhd,
        Vhdx,
        Vmdk,
        Wim,
        Ace,
        Zoo,
        Ar,
        Deb,
        Rpm,
        Ico,
        Emf,
        Wmf,
        Psd,
        Flac,
        Matroska,
        Midi,
        Asf,
        Mp4,
        Font,
        Apfs,
        Hfs,
        Btrfs,
        Xfs,
        Zfs,
        F2fs,
        Jfs,
        Reiserfs,
        Nilfs,
        Ufs,
        Erofs,
        Cramfs,
        Romfs,
        Jffs2,
        Ubi,
        Lvm,
        LinuxRaid,
        Vdi,
        Parallels,
        Qed,
        Bochs,
        Ewf,
        Aff,
        SparseImage,
        AndroidSparse,
        Partclone,
        RawCd,
        Nrg,
        Daa,
        Ciso,
        StuffIt,
        Arc,
        FreeArc,
        Uharc,
        Sqx,
        Zpaq,
        Mar,
        InstallShield3,
        Kwaj,
        Lzfse,
        Lzop,
        Lrzip,
        Rzip,
        Snappy,
        AndroidBackup,
        Pst,
        Dbx,
        WinHelp,
        Luks,
        BitLocker,
        DmgEncrypted,
        OpensslEncrypted,
        Age,
    ]
};

/// Universal programs of macOS and Java classes begin alike.
fn shared_magic(data: &[u8]) -> Option<Target> {
    let [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, number] = *data.first_chunk::<8>()? else { return None };
    match number {
        ..0x20 => Some(Target::MachO),
        0x20..0x40 => Some(Target::Java),
        _ => None,
    }
}

/// Whether a PDF begins further on, where nothing else does at the start.
fn late_pdf(data: &[u8], types: TypeSet) -> bool {
    use FileType::*;
    const HEAD: usize = 1024;
    let head = data.get(..HEAD).unwrap_or(data);
    let is_free = [Data, Ascii, Utf8, Text8Bit].iter().any(|&kind| types.contains(kind))
        && ![Html, Mail, Mbox, Rtf].iter().any(|&kind| types.contains(kind));
    let is_pdf = |window: &[u8]| {
        (window.starts_with(b"%PDF-") || window.starts_with(b"%pdf-")) && window.ends_with(b".")
    };
    is_free && head.windows(b"%PDF-1.".len()).any(is_pdf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_survive_their_stored_form() {
        for target in Target::ALL {
            assert_eq!(Target::from_number(target as u8), Some(target));
        }
        assert_eq!(Target::from_number(8), None);
    }

    #[test]
    fn first_bytes_tell_the_kind() {
        let of = |data: &[u8]| Target::of(data, TypeSet::default());
        for (data, target) in [
            (&b"MZ"[..], Some(Target::Pe)),
            (b"ZM", None),
            (b"\x7fELF\x02", Some(Target::Elf)),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", Some(Target::MachO)),
            (b"\xca\xfe\xba\xbe\0\0\0\x34", Some(Target::Java)),
            (b"\xca\xfe\xba\xbe\0\0\0\x40", None),
            (b"\xca\xfe\xba\xbe\0\x01\0\x34", None),
            (b"\xca\xfe\xba\xbe", None),
            (b"", None),
        ] {
            assert_eq!(of(data), target, "{}", data.escape_ascii());
        }
    }

    #[test]
    fn a_pdf_may_begin_late_where_nothing_else_is() {
        let at = |offset: usize| [vec![0xfe; offset], b"%pdf-1.4".to_vec()].concat();
        let of = |data: &[u8], kind| Target::of(data, [kind].into_iter().collect());
        assert_eq!(of(&at(1017), FileType::Data), Some(Target::Pdf));
        assert_eq!(of(&at(1018), FileType::Data), None);
        assert_eq!(of(&at(10), FileType::Zip), None);
        assert_eq!(of(b"..%PDF-", FileType::Data), None);
        assert_eq!(of(&at(0), FileType::Ascii), Some(Target::Pdf));
    }
}
