//! Images of another tool, whole and changed.

use std::path::Path;

use super::*;
use crate::identify::{FileType, identify};
use crate::limits::{Limit, Limits};
use crate::unpack::Open;
use crate::unpack::testing::{
    Walked, assert_holds_sample, noise, refusal, run, sample_tree, survives_damage, walk_at,
};

const OPEN: Open =
    |content, offset, opening| open(Volume::of(content.slice(offset, u64::MAX)), opening.budget);

fn walk(bytes: &[u8]) -> Walked {
    walk_at(OPEN, bytes, 0, Limits::default())
}

/// An image of a folder, made by squashfs-tools.
fn made_of(folder: &Path, switches: &str) -> Option<Vec<u8>> {
    let place = tempfile::tempdir().unwrap();
    let mut arguments = vec![folder.to_str().unwrap(), "image", "-quiet", "-no-progress"];
    arguments.extend(switches.split(' ').filter(|switch| !switch.is_empty()));
    run(place.path(), "mksquashfs", &arguments)?;
    Some(std::fs::read(place.path().join("image")).unwrap())
}

const KINDS: [&str; 11] = [
    "",
    "-comp lzo",
    "-comp lzo -Xalgorithm lzo1x_1 -b 4096",
    "-comp xz",
    "-comp xz -Xbcj x86",
    "-comp lz4",
    "-comp zstd",
    "-b 4096 -comp gzip",
    "-noI -noD -noF -noX",
    "-no-fragments",
    "-always-use-fragments -b 1M",
];

#[test]
fn images_of_another_tool_are_read() {
    for switches in KINDS {
        let folder = sample_tree();
        let Some(bytes) = made_of(folder.path(), switches) else { return };
        assert!(identify(&bytes).types_at_start().contains(FileType::Squashfs), "{switches}");
        assert_holds_sample(&walk(&bytes), switches);
        let cut = walk(&bytes[..bytes.len() / 2]);
        assert!(cut.reasons().contains(&Reason::Truncated), "{switches}");
    }
}

#[test]
fn many_files_links_and_holes_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..1500 {
        std::fs::write(folder.path().join(format!("file-{number}")), number.to_string()).unwrap();
    }
    std::fs::hard_link(folder.path().join("file-7"), folder.path().join("linked")).unwrap();
    std::os::unix::fs::symlink("file-7", folder.path().join("symbolic")).unwrap();
    let holes = [noise(5000), vec![0; 1_500_000], noise(100)].concat();
    std::fs::write(folder.path().join("holes"), &holes).unwrap();
    for switches in ["", "-b 4096 -noI"] {
        let Some(bytes) = made_of(folder.path(), switches) else { return };
        let walked = walk(&bytes);
        assert_eq!((walked.entries.len(), walked.reasons()), (1501, vec![]), "{switches}");
        assert_eq!(walked.content("file-1499"), b"1499");
        assert!(walked.content("holes") == holes);
    }
}

#[test]
fn what_is_not_read_says_so() {
    let folder = sample_tree();
    let Some(mut bytes) = made_of(folder.path(), "") else { return };
    bytes[20] = 9;
    assert_eq!(refusal(OPEN, &bytes, Limits::default()), Some(Reason::Unsupported("squashfs")));
    bytes[20] = 1;
    bytes[28] = 3;
    assert_eq!(refusal(OPEN, &bytes, Limits::default()), Some(Reason::Unsupported("squashfs")));
    bytes[28] = 4;
    bytes[14] = 99;
    assert_eq!(refusal(OPEN, &bytes, Limits::default()), Some(Reason::Corrupted));
    assert_eq!(refusal(OPEN, &bytes[..50], Limits::default()), Some(Reason::Truncated));
}

/// A file of nothing but holes costs four bytes for each block of it.
#[test]
fn sizes_that_lie_end_at_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), vec![0; 3 << 20]).unwrap();
    let Some(mut bytes) = made_of(folder.path(), "-noI -noD -noF -b 4096") else { return };
    let size = (3_u32 << 20).to_le_bytes();
    let at = memchr::memmem::rfind(&bytes, &size).unwrap();
    bytes[at..at + 4].fill(0xff);
    let limits = Limits { object_bytes: 1 << 20, ..Limits::default() };
    let walked = walk_at(OPEN, &bytes, 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)], "{}", walked.words());
    let limits = Limits { memory: 3000, ..Limits::default() };
    assert!(walk_at(OPEN, &bytes, 0, limits).reasons().contains(&Reason::Limit(Limit::Memory)));
}

#[test]
fn damaged_images_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("folder/file"), noise(9000)).unwrap();
    for switches in ["-noI -noD -noF -b 4096 -no-xattrs -nopad", "-comp lz4 -nopad"] {
        let Some(bytes) = made_of(folder.path(), switches) else { return };
        survives_damage(OPEN, &bytes);
    }
}
