//! Walks arbitrary bytes as documents of the smaller kinds; the first byte says as which.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::identify::FileType;

const TYPES: [FileType; 5] = [
    FileType::Lnk,
    FileType::OneNote,
    FileType::Flash,
    FileType::Hwp3,
    FileType::ActiveMime,
];

fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else { return };
    let file_type = TYPES[usize::from(kind) % TYPES.len()];
    pellucid_fuzz::walk_as(file_type, data);
});
