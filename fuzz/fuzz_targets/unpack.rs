//! Walks arbitrary bytes as any container; the first byte chooses the format.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::unpack::FORMATS;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else { return };
    if let Some(format) = FORMATS.get(usize::from(choice) % FORMATS.len()) {
        pellucid_fuzz::walk_as(format.file_type, data);
    }
});
