//! Walks arbitrary bytes as mail, and as what was sent in mail; the first byte says as which.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::identify::FileType;

const TYPES: [FileType; 6] = [
    FileType::Mail,
    FileType::Mbox,
    FileType::Uuencode,
    FileType::Yenc,
    FileType::BinHex,
    FileType::Tnef,
];

fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else { return };
    let file_type = TYPES[usize::from(kind) % TYPES.len()];
    pellucid_fuzz::walk_as(file_type, data);
});
