//! Documents: compound files by MS-CFB, and PDF by ISO 32000 as readers handle it.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::FileType;
use super::collector::Collector;
use super::fields::{from, has, part, place_le, u8, u16_le, up_to};

pub(super) const OLE2_MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Readers accept a PDF header that begins in the first kibibyte.
const PDF_START_MOST: usize = 1024;
/// How far behind its header the first object of a PDF is looked for.
const PDF_OBJECT_MOST: usize = 4096;

static PDF_HEADER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"%PDF-"));
static PDF_OBJECT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b" obj"));

/// Whether the root of a compound file is of one of the classes of Windows Installer: package, patch
/// or transform.
pub(super) fn is_installer_package(data: &[u8]) -> bool {
    const CLASS_REST: &[u8] = b"\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";
    let class = || {
        let sector_bits = u16_le(data, 30).filter(|bits| (7..=16).contains(bits))?;
        let sector = place_le(data, 48)?.checked_add(1)?;
        let root = sector.checked_mul(1_usize.checked_shl(sector_bits.into())?)?;
        part(data, root.checked_add(80)?, 16)
    };
    class().is_some_and(|class| match class.split_first_chunk::<2>() {
        Some(([0x82 | 0x84 | 0x86, 0x10], rest)) => rest == CLASS_REST,
        _ => false,
    })
}

/// Whether the header of a compound file seen inside other data has the fixed values.
pub(super) fn is_likely_ole2(data: &[u8]) -> bool {
    let is_sector = matches!((u16_le(data, 26), u16_le(data, 30)), (Some(3), Some(9)))
        || matches!((u16_le(data, 26), u16_le(data, 30)), (Some(4), Some(12)));
    is_sector && has(data, 28, b"\xfe\xff") && u16_le(data, 32) == Some(6)
}

/// Adds a PDF at 0, or further on where readers would still accept it.
pub(super) fn find_pdf_near_start(data: &[u8], collector: &mut Collector) {
    let start = up_to(data, PDF_START_MOST.saturating_add(PDF_HEADER.needle().len()));
    let mut headers = PDF_HEADER.find_iter(start);
    let found = headers.find(|&place| place == 0 || leads_to_object(from(data, place)));
    if let Some(place) = found {
        collector.add(FileType::Pdf, place);
    }
}

/// Whether a PDF header seen inside other data has a version, ends its line and leads to an object.
pub(super) fn is_likely_pdf(data: &[u8]) -> bool {
    let is_version = matches!(part(data, 5, 3), Some([b'1' | b'2', b'.', b'0'..=b'9']));
    let ends_line = matches!(u8(data, 8), Some(b'\r' | b'\n' | b' '));
    is_version && ends_line && leads_to_object(data)
}

/// Whether `1 0 obj`, with any numbers, follows closely.
fn leads_to_object(data: &[u8]) -> bool {
    let close = up_to(data, PDF_OBJECT_MOST);
    PDF_OBJECT.find_iter(close).take(8).any(|place| {
        let mut words = up_to(close, place).rsplit(|byte| !byte.is_ascii_digit());
        let numbers = [words.next(), words.next()];
        numbers.iter().all(|number| number.is_some_and(|digits| !digits.is_empty()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{FileType, identify, samples};

    fn pdf_place(data: &[u8]) -> Option<u64> {
        let found = identify(data).found;
        found.iter().find(|found| found.file_type == FileType::Pdf).map(|found| found.offset)
    }

    #[test]
    fn a_pdf_may_begin_within_the_first_kibibyte() {
        let document = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n";
        for before in [0, 1, 500, 1024] {
            let data = [vec![b'\n'; before], document.to_vec()].concat();
            assert_eq!(pdf_place(&data), Some(before as u64));
        }
    }

    #[test]
    fn a_program_text_that_names_the_magic_is_no_pdf() {
        assert_eq!(pdf_place(b"if data.startswith(b'%PDF-1.4'):\n    return 'pdf object'\n"), None);
        assert_eq!(pdf_place(b"x = '%PDF-1.4\\n%d 0 obj'\n"), None);
    }

    #[test]
    fn at_0_the_magic_alone_is_enough() {
        assert_eq!(pdf_place(b"%PDF-"), Some(0));
    }

    #[test]
    fn installer_packages_are_told_by_their_class() {
        let package = samples::installer_package();
        assert!(identify(&package).types().contains(FileType::Msi));
        let mut document = package.clone();
        document[512 + 80] = 0;
        assert!(!identify(&document).types().contains(FileType::Msi));
        let mut far = package;
        far[48..52].copy_from_slice(&[0xff; 4]);
        assert!(!identify(&far).types().contains(FileType::Msi));
    }
}
