//! Walks arbitrary bytes as a PDF document.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::identify::FileType;

fuzz_target!(|data: &[u8]| pellucid_fuzz::walk_as(FileType::Pdf, data));
