//! File systems of other tools, whole and changed.

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

/// A file system that holds a folder, made by e2fsprogs.
fn made_of(folder: &Path, switches: &str, size: &str) -> Option<Vec<u8>> {
    let place = tempfile::tempdir().unwrap();
    let folder = folder.to_str().unwrap();
    let mut arguments: Vec<_> = switches.split(' ').collect();
    arguments.extend(["-q", "-F", "-d", folder, "disk", size]);
    run(place.path(), "/usr/sbin/mke2fs", &arguments)?;
    Some(std::fs::read(place.path().join("disk")).unwrap())
}

const KINDS: [&str; 7] = [
    "-t ext2 -b 1024",
    "-t ext2 -r 0",
    "-t ext3 -b 4096",
    "-t ext4",
    "-t ext4 -O ^extent,^64bit -b 1024",
    "-t ext4 -O inline_data -I 256",
    "-t ext4 -O 64bit,metadata_csum,^resize_inode,meta_bg -b 2048",
];

#[test]
fn file_systems_of_another_tool_are_read() {
    for switches in KINDS {
        let folder = sample_tree();
        let Some(bytes) = made_of(folder.path(), switches, "4M") else { return };
        assert!(identify(&bytes).types_at_start().contains(FileType::Ext), "{switches}");
        assert_holds_sample(&walk(&bytes), switches);
        let cut = walk(&bytes[..bytes.len() / 2]);
        assert!(cut.reasons().contains(&Reason::Truncated), "{switches}");
    }
}

#[test]
fn large_files_links_and_holes_are_read() {
    for switches in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let large = noise(3 << 20);
        std::fs::write(folder.path().join("large"), &large).unwrap();
        std::fs::hard_link(folder.path().join("large"), folder.path().join("linked")).unwrap();
        std::os::unix::fs::symlink("large", folder.path().join("symbolic")).unwrap();
        let mut holes = noise(5000);
        holes.resize(1_500_000, 0);
        holes.extend(noise(100));
        std::fs::write(folder.path().join("holes"), &holes).unwrap();
        std::fs::write(folder.path().join("small"), noise(120)).unwrap();
        let Some(bytes) = made_of(folder.path(), switches, "10M") else { return };
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{switches}: {}", walked.words());
        assert_eq!(walked.entries.len(), 3, "{switches}: {:?}", walked.names());
        let first = walked.names().into_iter().find(|name| ["large", "linked"].contains(name));
        assert!(walked.content(first.unwrap()) == large, "{switches}");
        assert!(walked.content("holes") == holes, "{switches}");
        assert!(walked.content("small") == noise(120), "{switches}");
    }
}

/// A small file system with a file and a folder.
fn small(switches: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("folder/file"), noise(20_000)).unwrap();
    made_of(folder.path(), &format!("{switches} -N 32"), "100K")
}

/// Where the file's inode is: the one whose size is 20,000.
fn inode_of_file(bytes: &[u8]) -> usize {
    let size = 20_000_u32.to_le_bytes();
    let is_it = |at: &usize| bytes[*at + 4..*at + 8] == size && bytes[*at + 1] & 0xf0 == 0x80;
    (1024..bytes.len() - 128).step_by(128).find(is_it).unwrap()
}

#[test]
fn sizes_that_lie_end_at_the_budget() {
    for switches in ["-t ext2 -b 1024", "-t ext4 -b 1024"] {
        let Some(mut bytes) = small(switches) else { return };
        let inode = inode_of_file(&bytes);
        bytes[inode + 4..inode + 8].fill(0xff);
        bytes[inode + 108..inode + 112].fill(0x0f);
        let limits = Limits { object_bytes: 1 << 20, ..Limits::default() };
        let walked = walk_at(OPEN, &bytes, 0, limits);
        assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)], "{switches}");
        assert!(walked.content("folder/file").starts_with(&noise(12 << 10)), "{switches}");
    }
}

#[test]
fn lists_and_trees_that_lead_back_end() {
    let Some(mut bytes) = small("-t ext2 -b 1024") else { return };
    let inode = inode_of_file(&bytes);
    // Three levels of lists that are all one block, which lists itself.
    let block = 90_u32;
    bytes[inode + 4..inode + 8].copy_from_slice(&(900_u32 << 20).to_le_bytes());
    bytes[inode + 40 + 14 * 4..inode + 40 + 15 * 4].copy_from_slice(&block.to_le_bytes());
    let list = block.to_le_bytes().repeat(256);
    bytes[90 << 10..91 << 10].copy_from_slice(&list);
    let limits = Limits { object_bytes: 4 << 20, memory: 64 << 20, ..Limits::default() };
    let walked = walk_at(OPEN, &bytes, 0, limits.clone());
    assert!(matches!(walked.reasons()[..], [Reason::Limit(_)]), "{:?}", walked.reasons());
    let Some(mut bytes) = small("-t ext4 -b 1024") else { return };
    let inode = inode_of_file(&bytes);
    // A tree whose nodes are all one block, and have itself below them.
    let node = [
        &[0x0a, 0xf3, 2, 0, 4, 0, 1, 0, 0, 0, 0, 0][..],
        &[0, 0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0].repeat(2),
    ]
    .concat();
    bytes[inode + 40..inode + 40 + node.len()].copy_from_slice(&node);
    bytes[90 << 10..(90 << 10) + node.len()].copy_from_slice(&node);
    let walked = walk_at(OPEN, &bytes, 0, limits);
    assert_eq!(walked.reasons(), [], "nothing but a hole");
    assert_eq!(walked.content("folder/file"), vec![0; 20_000]);
}

#[test]
fn what_has_no_sizes_is_corrupted() {
    let mut bytes = vec![0; 4096];
    assert_eq!(refusal(OPEN, &bytes, Limits::default()), Some(Reason::Corrupted));
    bytes.truncate(1100);
    assert_eq!(refusal(OPEN, &bytes, Limits::default()), Some(Reason::Truncated));
}

#[test]
fn damaged_file_systems_do_no_harm() {
    for switches in ["-t ext2 -b 1024", "-t ext4 -b 1024 -O inline_data -I 256"] {
        let Some(bytes) = small(switches) else { return };
        survives_damage(OPEN, &bytes);
    }
}
