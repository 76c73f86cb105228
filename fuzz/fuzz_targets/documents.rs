//! Walks arbitrary bytes as documents of the smaller kinds and as text; the first byte says as which.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::identify::FileType;

const TYPES: [FileType; 6] = [
    FileType::Lnk,
    FileType::OneNote,
    FileType::Flash,
    FileType::Hwp3,
    FileType::ActiveMime,
    FileType::Ascii,
];

fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else { return };
    let file_type = TYPES[usize::from(kind) % TYPES.len()];
    pellucid_fuzz::walk_as(file_type, data);
});
