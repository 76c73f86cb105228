//! Archives built by hand, and those of another tool.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{
    Walked, deflated, noise, refusal, run, sample_files, sample_tree, survives_damage, walk_at,
};

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn archive(list: &str, heap: &[u8]) -> Vec<u8> {
    let packed = [b"\x78\x9c", &deflated(list.as_bytes())[..], &[0; 4]].concat();
    let mut bytes = b"xar!\0\x1c\0\x01".to_vec();
    bytes.extend((packed.len() as u64).to_be_bytes());
    bytes.extend((list.len() as u64).to_be_bytes());
    bytes.extend([0; 4]);
    [bytes, packed, heap.to_vec()].concat()
}

fn data(offset: u64, length: u64, encoding: &str) -> String {
    let style = format!("<encoding style=\"{encoding}\"/>");
    format!("<data><length>{length}</length><offset>{offset}</offset>{style}</data>")
}

#[test]
fn every_stretch_that_is_listed_is_handed_out() {
    let zlib = [b"\x78\x9c", &deflated(b"packed content")[..], &[0; 4]].concat();
    let heap = [b"stored", &zlib[..]].concat();
    let list = format!(
        "<xar><toc><checksum><offset>0</offset></checksum><file id=\"1\"><name>a&amp;b</name>\
         <file id=\"2\"><name>c</name>{}<ea id=\"9\"><name>fork</name><offset>2</offset>\
         <length>3</length></ea></file></file><file id=\"3\">{}<name>late</name></file></toc></xar>",
        data(0, 6, "application/octet-stream"),
        data(6, zlib.len() as u64, "application/x-gzip"),
    );
    let walked = walk(&archive(&list, &heap));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.names(), ["a&b/c", "a&b/c/fork", "3"]);
    assert_eq!(walked.content("a&b/c"), b"stored");
    assert_eq!(walked.content("a&b/c/fork"), b"ore");
    assert_eq!(walked.content("3"), b"packed content");
}

#[test]
fn sizes_and_places_that_lie_are_truncated() {
    let list = format!(
        "<xar><file id=\"1\">{}</file><file id=\"2\">{}</file><file id=\"3\">{}</file></xar>",
        data(0, u64::MAX, ""),
        data(u64::MAX, 3, ""),
        data(0, 3, "application/x-gzip"),
    );
    let walked = walk(&archive(&list, b"abcdef"));
    assert_eq!((walked.entries.len(), walked.content("1")), (3, &b"abcdef"[..]));
    assert_eq!(walked.reasons(), [Reason::Truncated]);
    let whole = archive(&list, b"abcdef");
    assert!(refusal(open, &whole[..10], Limits::default()).is_some());
    assert_eq!(walk(&whole[..40]).reasons(), [Reason::Truncated]);
}

#[test]
fn other_encodings_are_unsupported_by_name() {
    let list = format!("<xar><file id=\"1\">{}</file></xar>", data(0, 3, "application/x-new"));
    let walked = walk(&archive(&list, b"abc"));
    assert_eq!(walked.reasons(), [Reason::Unsupported("xar-encoding")]);
    assert!(walked.words().contains("application/x-new"));
}

#[test]
fn deep_and_large_lists_end() {
    let walked = walk(&archive(&"<file id=\"1\">".repeat(100_000), b""));
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    let limits = Limits { total_bytes: 1 << 20, ..Limits::default() };
    let file = format!("<file id=\"1\">{}</file>", data(0, 50_000, ""));
    let walked = walk_at(open, &archive(&file.repeat(1000), &noise(50_000)), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
    let walked = walk(&archive(&" ".repeat(8 << 20), b""));
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Ratio)]);
}

#[test]
fn archives_of_another_tool_are_read() {
    for compression in ["gzip", "none", "bzip2", "lzma", "xz"] {
        let folder = sample_tree();
        let option = format!("xar:compression={compression}");
        let arguments = ["-cf", "x.xar", "--format", "xar", "--options", &option, "tree"];
        if run(folder.path(), "bsdtar", &arguments).is_none() {
            return;
        }
        let walked = walk(&std::fs::read(folder.path().join("x.xar")).unwrap());
        assert_eq!(walked.reasons(), [], "{compression}: {}", walked.words());
        assert_eq!(walked.entries.len(), 3, "an empty file has nothing in the heap");
        for (name, bytes) in sample_files().into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
            assert!(walked.content(&name) == bytes, "{compression}: {name}");
        }
    }
}

#[test]
fn damaged_archives_do_no_harm() {
    let list = format!("<xar><file id=\"1\"><name>a</name>{}</file></xar>", data(0, 6, ""));
    survives_damage(open, &archive(&list, b"stored"));
}
