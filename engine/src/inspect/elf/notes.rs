//! Notes: small records that linkers and systems leave, among them the build's identification.

use goblin::elf::program_header::PT_NOTE;
use goblin::elf::section_header::SHT_NOTE;

use super::super::ledger::Ledger;
use super::super::record::slice;
use super::image::Image;
use crate::reader::Reader;

/// Type of the note that has the build's identification, under the name "GNU".
const BUILD_ID: u32 = 3;
/// A digest; nobody writes a longer one.
const LONGEST_BUILD_ID: usize = 64;

/// The build's identification: from the segments, or from the sections where there are none.
pub(super) fn build_id(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Option<Vec<u8>> {
    let segments = image.segments.iter().filter(|segment| segment.p_type == PT_NOTE);
    let segments = segments.map(|segment| (image.segment_range(segment), segment.p_align));
    let sections = image.section_headers.iter().filter(|section| section.sh_type == SHT_NOTE);
    let sections = sections.map(|section| (image.section_range(section), section.sh_addralign));
    let mut steps = 0;
    for (range, alignment) in segments.chain(sections) {
        let mut notes = Reader::new(slice(image.data, &range));
        while let Some(note) = next_note(image, &mut notes, alignment) {
            if !ledger.admits(steps, "notes") {
                return None;
            }
            steps = steps.saturating_add(1);
            if note.kind == BUILD_ID && note.name == b"GNU\0" {
                return note.content.get(..LONGEST_BUILD_ID).or(Some(note.content)).map(Vec::from);
            }
        }
    }
    None
}

struct Note<'a> {
    kind: u32,
    name: &'a [u8],
    content: &'a [u8],
}

/// The note at the reader's place, passed over with its padding.
fn next_note<'a>(image: &Image<'_>, notes: &mut Reader<'a>, alignment: u64) -> Option<Note<'a>> {
    let header = notes.bytes(12).ok()?;
    let name_size = image.u32(header, 0)?;
    let content_size = image.u32(header, 4)?;
    let kind = image.u32(header, 8)?;
    let alignment = if alignment == 8 { 8 } else { 4 };
    let name = notes.bytes(name_size.into()).ok()?;
    pad(notes, alignment);
    let content = notes.bytes(content_size.into()).ok()?;
    pad(notes, alignment);
    Some(Note { kind, name, content })
}

/// Goes to the next place that is a multiple of `alignment`, or to the end.
fn pad(notes: &mut Reader<'_>, alignment: u64) {
    let position = notes.position() as u64;
    let padding = position.next_multiple_of(alignment).saturating_sub(position);
    if notes.skip(padding).is_err() {
        let rest = notes.remaining() as u64;
        let _ = notes.skip(rest);
    }
}
