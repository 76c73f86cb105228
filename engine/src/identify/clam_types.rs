//! ClamAV's names for kinds of files (`CL_TYPE_ZIP`), and which of our types each stands for.
//!
//! The names are those that ClamAV 1.4 takes in `Container:` and `Intermediates:` of logical
//! signatures, in container metadata and in file types; most are listed in its documentation, the
//! others were tried. A name whose kind we do not tell apart stands for no type: it is taken, and
//! nothing is of that kind.

use super::FileType::{self, *};
use super::TypeSet;

/// One of ClamAV's kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClamType(u8);

impl ClamType {
    /// Anything, or nothing asked.
    pub const ANY: Self = Self::known(b"CL_TYPE_ANY");
    /// Mail messages.
    pub const MAIL: Self = Self::known(b"CL_TYPE_MAIL");
    /// ZIP archives, office documents left aside.
    pub const ZIP: Self = Self::known(b"CL_TYPE_ZIP");
    /// Hangul documents of the newest kind.
    pub const OOXML_HWP: Self = Self::known(b"CL_TYPE_OOXML_HWP");
    /// Presentations.
    pub const OOXML_PPT: Self = Self::known(b"CL_TYPE_OOXML_PPT");
    /// Text documents.
    pub const OOXML_WORD: Self = Self::known(b"CL_TYPE_OOXML_WORD");
    /// Spreadsheets.
    pub const OOXML_XL: Self = Self::known(b"CL_TYPE_OOXML_XL");
    /// tar archives from before POSIX.
    pub const OLD_TAR: Self = Self::known(b"CL_TYPE_OLD_TAR");
    /// tar archives since.
    pub const POSIX_TAR: Self = Self::known(b"CL_TYPE_POSIX_TAR");

    /// The kind of a name in the list, looked up by the compiler, which stops at any other.
    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "done by the compiler, which would not pass an overrun"
    )]
    const fn known(name: &[u8]) -> Self {
        let mut row = 0;
        while !is_same(NAMES[row].0.as_bytes(), name) {
            row += 1;
        }
        Self(row as u8)
    }

    /// Every kind, in the order of their names.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).map_while(Self::from_number)
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let row = NAMES.binary_search_by_key(&name, |(known, _)| known).ok()?;
        u8::try_from(row).ok().map(Self)
    }

    /// The kind of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        NAMES.get(usize::from(number)).map(|_| Self(number))
    }

    /// The number that stands for it in a set: its place in the list.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).map_or("", |(name, _)| name)
    }

    /// The types that it stands for.
    pub fn types(self) -> &'static [FileType] {
        NAMES.get(usize::from(self.0)).map_or(&[], |(_, types)| types)
    }

    /// Whether it is `CL_TYPE_ANY`: for `Container:` the lack of a container, for `Intermediates:` a
    /// layer that is not asked for.
    pub fn is_any(self) -> bool {
        self == Self::ANY
    }

    /// Whether something of these types is of this kind.
    pub fn fits(self, types: TypeSet) -> bool {
        self.types().iter().any(|&file_type| types.contains(file_type))
    }
}

/// Every name, sorted. A set holds places in this list, so a change needs a new version of the format.
const NAMES: &[(&str, &[FileType])] = &[
    ("CL_TYPE_7Z", &[SevenZip]),
    ("CL_TYPE_7ZSFX", &[]),
    ("CL_TYPE_ALZ", &[Alz]),
    ("CL_TYPE_ANY", &[]),
    ("CL_TYPE_APM", &[Apm]),
    ("CL_TYPE_ARJ", &[Arj]),
    ("CL_TYPE_ARJSFX", &[]),
    ("CL_TYPE_AUTOIT", &[AutoIt]),
    ("CL_TYPE_BINARY_DATA", &[Data]),
    ("CL_TYPE_BINHEX", &[BinHex]),
    ("CL_TYPE_BZ", &[Bzip2]),
    ("CL_TYPE_CABSFX", &[]),
    ("CL_TYPE_CPIO_CRC", &[Cpio]),
    ("CL_TYPE_CPIO_NEWC", &[Cpio]),
    ("CL_TYPE_CPIO_ODC", &[Cpio]),
    ("CL_TYPE_CPIO_OLD", &[Cpio]),
    ("CL_TYPE_CRYPTFF", &[]),
    ("CL_TYPE_DMG", &[Dmg]),
    ("CL_TYPE_EGG", &[Egg]),
    ("CL_TYPE_EGGSFX", &[]),
    ("CL_TYPE_ELF", &[Elf]),
    ("CL_TYPE_GIF", &[Gif]),
    ("CL_TYPE_GPT", &[Gpt]),
    ("CL_TYPE_GRAPHICS", &[Bmp]),
    ("CL_TYPE_GZ", &[Gzip]),
    ("CL_TYPE_HTML", &[Html]),
    ("CL_TYPE_HTML_UTF16", &[]),
    ("CL_TYPE_HWP3", &[Hwp3]),
    ("CL_TYPE_HWPOLE2", &[]),
    ("CL_TYPE_IGNORED", &[]),
    ("CL_TYPE_INTERNAL", &[]),
    ("CL_TYPE_ISHIELD_MSI", &[InstallShield]),
    ("CL_TYPE_ISO9660", &[Iso9660]),
    ("CL_TYPE_JAVA", &[JavaClass]),
    ("CL_TYPE_JPEG", &[Jpeg]),
    ("CL_TYPE_LHA_LZH", &[Lha]),
    ("CL_TYPE_LNK", &[Lnk]),
    ("CL_TYPE_MACHO", &[MachO]),
    ("CL_TYPE_MACHO_UNIBIN", &[MachOFat]),
    ("CL_TYPE_MAIL", &[Mail, Mbox]),
    ("CL_TYPE_MBR", &[Mbr]),
    ("CL_TYPE_MHTML", &[]),
    ("CL_TYPE_MSCAB", &[Cab]),
    ("CL_TYPE_MSCHM", &[Chm]),
    ("CL_TYPE_MSEXE", &[Pe, DosExe]),
    ("CL_TYPE_MSOLE2", &[Ole2]),
    ("CL_TYPE_MSSZDD", &[Szdd]),
    ("CL_TYPE_NULSFT", &[Nsis]),
    ("CL_TYPE_OLD_TAR", &[Tar]),
    ("CL_TYPE_ONENOTE", &[OneNote]),
    ("CL_TYPE_OOXML_HWP", &[]),
    ("CL_TYPE_OOXML_PPT", &[Pptx]),
    ("CL_TYPE_OOXML_WORD", &[Docx]),
    ("CL_TYPE_OOXML_XL", &[Xlsx]),
    ("CL_TYPE_PART_ANY", &[]),
    ("CL_TYPE_PART_HFSPLUS", &[HfsPlus]),
    ("CL_TYPE_PDF", &[Pdf]),
    ("CL_TYPE_PNG", &[Png]),
    ("CL_TYPE_POSIX_TAR", &[Tar]),
    ("CL_TYPE_PS", &[]),
    ("CL_TYPE_PYTHON_COMPILED", &[PythonBytecode]),
    ("CL_TYPE_RAR", &[Rar]),
    ("CL_TYPE_RARSFX", &[]),
    ("CL_TYPE_RIFF", &[Riff]),
    ("CL_TYPE_RTF", &[Rtf]),
    ("CL_TYPE_SCRENC", &[EncodedScript]),
    ("CL_TYPE_SCRIPT", &[]),
    ("CL_TYPE_SFX", &[]),
    ("CL_TYPE_SIS", &[Sis]),
    ("CL_TYPE_SWF", &[Flash]),
    ("CL_TYPE_TEXT_ASCII", &[Ascii]),
    ("CL_TYPE_TEXT_UTF16BE", &[Utf16Be]),
    ("CL_TYPE_TEXT_UTF16LE", &[Utf16Le]),
    ("CL_TYPE_TEXT_UTF8", &[Utf8]),
    ("CL_TYPE_TIFF", &[Tiff]),
    ("CL_TYPE_TNEF", &[Tnef]),
    ("CL_TYPE_UDF", &[Udf]),
    ("CL_TYPE_UUENCODED", &[Uuencode]),
    ("CL_TYPE_XAR", &[Xar]),
    ("CL_TYPE_XDP", &[]),
    ("CL_TYPE_XML_HWP", &[]),
    ("CL_TYPE_XML_WORD", &[]),
    ("CL_TYPE_XML_XL", &[]),
    ("CL_TYPE_XZ", &[Xz]),
    ("CL_TYPE_ZIP", &[Zip]),
    ("CL_TYPE_ZIPSFX", &[]),
];

/// Whether two names are equal, for the compiler.
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "done by the compiler, which would not pass an overrun"
)]
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_come_back() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        for (number, (name, types)) in (0..).zip(NAMES) {
            let kind = ClamType::from_name(name).unwrap();
            assert_eq!((kind.number(), kind.name(), kind.types()), (number, *name, *types));
            assert_eq!(ClamType::from_number(number), Some(kind));
        }
        assert_eq!(ClamType::from_number(u8::MAX), None);
        assert_eq!(ClamType::POSIX_TAR.name(), "CL_TYPE_POSIX_TAR");
        assert_eq!(ClamType::from_name("CL_TYPE_zip"), None);
        assert_eq!(ClamType::from_name("ZIP"), None);
    }

    #[test]
    fn kinds_fit_what_they_stand_for() {
        let fits = |name: &str, file_type: FileType| {
            ClamType::from_name(name).unwrap().fits(TypeSet::from_iter([file_type]))
        };
        assert!(fits("CL_TYPE_ZIP", Zip) && fits("CL_TYPE_OOXML_XL", Xlsx));
        assert!(!fits("CL_TYPE_ZIP", Gzip) && !fits("CL_TYPE_ANY", Zip));
        assert!(ClamType::from_name("CL_TYPE_ANY").unwrap().is_any());
    }
}
