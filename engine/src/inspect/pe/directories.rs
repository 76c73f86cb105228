//! The smaller data directories, and the rich header.

use std::ops::Range;

use goblin::pe::debug::{
    IMAGE_DEBUG_DIRECTORY_SIZE, IMAGE_DEBUG_TYPE_CODEVIEW, ImageDebugDirectory,
};

use super::super::ledger::Ledger;
use super::super::record::{clamped, record, slice};
use super::image::{Directory, Image};
use crate::reader::Reader;

/// Bytes behind the DOS header in which a rich header is looked for; real ones take some hundreds.
const RICH_HEADER_WITHIN: u64 = 4096;

/// The path that the first CodeView record has.
pub(super) fn debug_path(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Option<String> {
    let directory = image.directory(Directory::Debug)?;
    let size = IMAGE_DEBUG_DIRECTORY_SIZE as u64;
    let count = u64::from(directory.size).checked_div(size)?;
    let mut address = u64::from(directory.virtual_address);
    for index in 0..count {
        let taken = usize::try_from(index).unwrap_or(usize::MAX);
        if !ledger.admits(taken, "debug directory") {
            break;
        }
        let entry = image.array::<{ IMAGE_DEBUG_DIRECTORY_SIZE }>(address);
        let entry: ImageDebugDirectory = record(&entry?)?;
        if entry.data_type == IMAGE_DEBUG_TYPE_CODEVIEW {
            return code_view_path(image.data, &entry, ledger);
        }
        address = address.saturating_add(size);
    }
    None
}

/// Newer records have a GUID before the path, older ones a timestamp.
fn code_view_path(
    data: &[u8],
    entry: &ImageDebugDirectory,
    ledger: &mut Ledger<'_>,
) -> Option<String> {
    let start = entry.pointer_to_raw_data.into();
    let mut reader =
        Reader::new(slice(data, &clamped(start, entry.size_of_data.into(), data.len())));
    match &reader.array::<4>().ok()? {
        b"RSDS" => reader.skip(20).ok()?,
        b"NB10" => reader.skip(12).ok()?,
        _ => return None,
    }
    Some(ledger.text(reader.rest())).filter(|path| !path.is_empty())
}

/// From the mark "DanS", which is masked with a key, to "Rich" and that key.
pub(super) fn rich_header(image: &Image<'_>) -> Option<Range<u64>> {
    let stub_size = image.pe_offset.checked_sub(0x40)?.min(RICH_HEADER_WITHIN);
    let stub = slice(image.data, &clamped(0x40, stub_size, image.data.len()));
    let end = memchr::memmem::find(stub, b"Rich")?;
    let mut behind = Reader::at(stub, end as u64).ok()?;
    behind.skip(4).ok()?;
    let mask = behind.array::<4>().ok()?;
    let mut start_mark = *b"DanS";
    start_mark.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    let start = memchr::memmem::rfind(stub.get(..end)?, &start_mark)? as u64;
    let end = behind.position() as u64;
    Some(start.saturating_add(0x40)..end.saturating_add(0x40))
}

/// The one directory whose address is an offset.
pub(super) fn certificates(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Option<Range<u64>> {
    let directory = image.directory(Directory::Certificates)?;
    let (start, size) = (u64::from(directory.virtual_address), u64::from(directory.size));
    let range = clamped(start, size, image.data.len());
    if range.end.saturating_sub(range.start) < size {
        ledger.anomaly(|| format!("the certificates at {start:#x} end behind the file"));
    }
    (!range.is_empty()).then_some(range)
}

/// The callbacks' absolute addresses, up to a zero.
pub(super) fn tls_callbacks(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Vec<u64> {
    let mut callbacks = Vec::new();
    let Some(mut address) = tls_callback_table(image) else {
        return callbacks;
    };
    while let Some(callback) = image.pointer(address).filter(|&callback| callback != 0) {
        if !ledger.admits(callbacks.len(), "TLS callbacks") {
            break;
        }
        callbacks.push(callback);
        address = address.saturating_add(image.pointer_size());
    }
    callbacks
}

/// The fourth pointer of the TLS directory.
fn tls_callback_table(image: &Image<'_>) -> Option<u64> {
    let directory = image.directory(Directory::Tls)?;
    let before = image.pointer_size().saturating_mul(3);
    let table = image.pointer(u64::from(directory.virtual_address).saturating_add(before))?;
    image.relative(table).filter(|_| table != 0)
}

/// Whether the header of the .NET runtime is there.
pub(super) fn dotnet(image: &Image<'_>) -> bool {
    let directory = image.directory(Directory::DotNet);
    let header =
        directory.and_then(|directory| image.array::<72>(directory.virtual_address.into()));
    header.and_then(|bytes| record::<u32>(&bytes)).is_some_and(|size| size >= 72)
}
