//! Opens arbitrary bytes as a set: as they are, and behind a header and a hash tree that fit them, so
//! that the checks behind the tree are reached. What opens must scan.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::set::layout::{CHUNK, Header, MAGIC, VERSION_MAJOR, VERSION_MINOR};
use pellucid::set::{SignatureSet, Unverified, tree};
use pellucid::{Engine, Input, ScanOptions};
use zerocopy::IntoBytes;

fuzz_target!(|data: &[u8]| {
    open(data.to_vec());
    if let Some((&sections, rest)) = data.split_first() {
        open(sealed(sections.into(), rest));
    }
});

fn open(bytes: Vec<u8>) {
    let Ok(verified) = Unverified::from_bytes(bytes).and_then(Unverified::verify) else { return };
    let Ok(set) = SignatureSet::open(verified) else { return };
    set.about();
    set.counts();
    let Ok(engine) = Engine::builder().set(set).build() else { return };
    let options = ScanOptions { limits: pellucid_fuzz::tiny_limits(), ..ScanOptions::default() };
    engine.scan(Input::Memory(b"MZ some text 0123456789 \0\0\0\0"), &options);
}

/// A file whose header and hash tree fit `body`, which begins with the section table.
fn sealed(sections: u32, body: &[u8]) -> Vec<u8> {
    let tree_offset = (size_of::<Header>() + body.len()) as u64;
    let header = Header {
        magic: MAGIC,
        major: VERSION_MAJOR.into(),
        minor: VERSION_MINOR.into(),
        sections: sections.into(),
        file_length: (tree_offset + 32 * (tree_offset.div_ceil(CHUNK.into()) + 1)).into(),
        tree_offset: tree_offset.into(),
        chunk: CHUNK.into(),
        reserved: [0; 28],
    };
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(body);
    let leaves: Vec<_> = tree::leaves(&bytes).collect();
    bytes.extend_from_slice(leaves.as_flattened());
    bytes.extend_from_slice(&tree::root(&leaves));
    bytes
}
