//! Reads arbitrary bytes as a program; sections and entry point must lie inside them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::identify::{FileType, Found};
use pellucid::inspect;

fuzz_target!(|data: &[u8]| {
    let found = [Found::new(FileType::Elf, 0)];
    let size = data.len() as u64;
    if let Some(layout) = inspect::layout(data, &found) {
        assert!(layout.entry_point.is_none_or(|entry| entry <= size));
        assert!(layout.sections.iter().all(|section| section.raw.end <= size));
    }
    inspect::inspect(data, &found, &pellucid_fuzz::tiny_budget());
});
