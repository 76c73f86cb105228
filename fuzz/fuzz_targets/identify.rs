//! Identifies arbitrary bytes; every place must lie inside them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::identify::{Identification, identify};

fuzz_target!(|data: &[u8]| {
    let identified = identify(data);
    assert!(!identified.found.is_empty());
    assert!(identified.found.len() <= Identification::MOST);
    for found in &identified.found {
        assert!(found.offset <= data.len() as u64);
    }
    assert_eq!(identified, identify(data));
});
