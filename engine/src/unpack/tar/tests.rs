//! Archives built block by block, and those of other tools.

use std::time::Duration;

use ::tar::{EntryType, GnuExtSparseHeader, Header};

use super::{BLOCK, open};
use crate::identify::clam_types::ClamType;
use crate::limits::{Budget, Cancel, Limit, Limits};
use crate::unpack::Listing;
use crate::unpack::testing::{
    Change, Walked, assert_holds_sample, made_by, noise, run, sample_tree, survives_damage,
    walk_at, walk_under,
};
use crate::verdict::Reason;

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn header(name: &str, kind: u8, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(EntryType::new(kind));
    header.set_size(size);
    header.set_cksum();
    header
}

/// A header and its data, padded to whole blocks.
fn member(header: &Header, data: &[u8]) -> Vec<u8> {
    let mut bytes = [&header.as_bytes()[..], data].concat();
    bytes.resize(bytes.len().next_multiple_of(BLOCK as usize), 0);
    bytes
}

fn file(name: &str, data: &[u8]) -> Vec<u8> {
    member(&header(name, b'0', data.len() as u64), data)
}

fn extended(kind: u8, text: &[u8]) -> Vec<u8> {
    member(&header("ahead", kind, text.len() as u64), text)
}

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let record = |(key, value): &(&str, &str)| {
        let body = key.len() + value.len() + 3;
        let length = (body..).find(|length| length.to_string().len() + body == *length).unwrap();
        format!("{length} {key}={value}\n")
    };
    extended(b'x', records.iter().map(record).collect::<String>().as_bytes())
}

fn end() -> Vec<u8> {
    vec![0; 1024]
}

#[test]
fn files_are_handed_out_in_place() {
    let walked = walk(&[file("a", b"content"), file("b", &noise(1000)), end()].concat());
    assert_eq!(walked.names(), ["a", "b"]);
    assert_eq!(walked.content("a"), b"content");
    assert_eq!(walked.content("b"), noise(1000));
    assert_eq!(walked.reasons(), []);
}

#[test]
fn an_archive_may_begin_later_and_need_no_end_mark() {
    let bytes = [b"in front".to_vec(), file("a", b"content")].concat();
    let walked = walk_at(open, &bytes, 8, Limits::default());
    assert_eq!(walked.content("a"), b"content");
    assert_eq!(walked.reasons(), []);
}

#[test]
fn links_folders_and_devices_hold_nothing() {
    let kinds = b"123456VD";
    let members = kinds.iter().map(|&kind| member(&header("x", kind, 0), b""));
    let bytes = [members.collect::<Vec<_>>().concat(), file("a", b"content"), end()].concat();
    let walked = walk(&bytes);
    assert_eq!(walked.names(), ["a"]);
    assert_eq!(walked.reasons(), []);
}

/// Held against ClamAV in `signatures/tests/clamscan/metadata`.
#[test]
fn files_are_listed_up_to_the_end_mark() {
    let long = pax(&[("path", "another name"), ("size", "7")]);
    let parts = [
        member(&header("folder/", b'5', 0), b""),
        file("a", b"content"),
        long,
        file("b", b"content"),
        member(&header("dump", b'D', 0), b""),
        end(),
        file("behind", b"content"),
    ];
    let bytes = parts.concat();
    let walked = walk(&bytes);
    assert_eq!(walked.names(), ["a", "another name", "behind"]);
    let told = |listing: &Listing| {
        assert_eq!(listing.container_size, bytes.len() as u64);
        assert_eq!(listing.packed, listing.size);
        (listing.name().to_vec(), listing.position, listing.size, listing.container)
    };
    let told: Vec<_> = walked.listings.iter().map(told).collect();
    let expected = [(&b"a"[..], 1, 7), (b"b", 2, 7), (b"dump", 3, 0)];
    let kind = ClamType::POSIX_TAR;
    assert_eq!(told, expected.map(|(name, position, size)| (name.to_vec(), position, size, kind)));
    let old = [&bytes[..257], &[0; 8], &bytes[265..]].concat();
    assert!(walk(&old).listings.iter().all(|listing| listing.container == ClamType::OLD_TAR));
    let embedded = walk_at(open, &[b"in front", &bytes[..]].concat(), 8, Limits::default());
    assert_eq!((embedded.entries.len(), embedded.listings.len()), (3, 0));
}

#[test]
fn a_size_in_a_links_header_counts_only_if_data_are_there() {
    let link = |kind, data: &[u8]| member(&header("link", kind, 700), data);
    for kind in *b"125" {
        let without = walk(&[link(kind, b""), file("a", b"content"), end()].concat());
        assert_eq!(without.names(), ["a"]);
        assert_eq!(without.reasons(), []);
        let with = walk(&[link(kind, &noise(700)), file("a", b"content"), end()].concat());
        assert_eq!(with.names(), ["link", "a"]);
        assert_eq!(with.content("link"), noise(700));
    }
}

#[test]
fn long_names_of_every_kind_are_read() {
    let name = "n".repeat(300);
    let gnu = [extended(b'L', format!("{name}\0").as_bytes()), file("short", b"1")].concat();
    let link = [extended(b'K', b"target\0"), gnu.clone()].concat();
    let posix = [pax(&[("path", &name), ("mtime", "1.5")]), file("short", b"1")].concat();
    for bytes in [gnu, link, posix] {
        assert_eq!(walk(&[bytes, end()].concat()).names(), [name.as_str()]);
    }
    let mut ustar = Header::new_ustar();
    ustar.as_ustar_mut().unwrap().name[..4].copy_from_slice(b"name");
    ustar.as_ustar_mut().unwrap().prefix[..6].copy_from_slice(b"prefix");
    ustar.set_size(0);
    ustar.set_cksum();
    assert_eq!(walk(&member(&ustar, b"")).names(), ["prefix/name"]);
}

#[test]
fn a_name_of_megabytes_is_cut() {
    let name = "n".repeat(3 << 20);
    let walked = walk(&[extended(b'L', name.as_bytes()), file("short", b"1"), end()].concat());
    assert_eq!(walked.entries[0].name.len(), crate::unpack::Entry::NAME);
    assert_eq!(walked.content(&name[..crate::unpack::Entry::NAME]), b"1");
}

#[test]
fn pax_headers_give_sizes_and_differences_are_named() {
    let content = noise(1000);
    let hidden = file("hidden", b"inside");
    let bytes = [pax(&[("size", "1000")]), member(&header("a", b'0', 0), &content), end()];
    let walked = walk(&bytes.concat());
    assert_eq!(walked.content("a"), content);
    assert_eq!(walked.reasons(), [Reason::Corrupted], "programs differ in whom they believe");
    let size = hidden.len().to_string();
    let bytes = [pax(&[("size", &size)]), member(&header("a", b'0', 0), &hidden), end()];
    assert_eq!(walk(&bytes.concat()).content("a"), hidden);
    let equal = [pax(&[("size", "1000")]), file("a", &content), end()];
    assert_eq!(walk(&equal.concat()).reasons(), []);
}

#[test]
fn broken_pax_headers_are_named() {
    let walked = walk(&[extended(b'x', b"99 path=x\n"), file("a", b"content"), end()].concat());
    assert_eq!(walked.content("a"), b"content");
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn base_256_sizes_are_read_and_huge_ones_are_truncated() {
    for size in [1 << 40, u64::MAX] {
        let walked = walk(&member(&header("a", b'0', size), b"content"));
        assert!(walked.content("a").starts_with(b"content"));
        assert_eq!(walked.reasons(), [Reason::Truncated]);
    }
    let mut small = header("a", b'0', 0);
    small.as_gnu_mut().unwrap().size = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    small.set_cksum();
    let walked = walk(&[member(&small, b"content"), end()].concat());
    assert_eq!(walked.content("a"), b"content");
    assert_eq!(walked.reasons(), []);
}

#[test]
fn a_size_that_is_no_number_is_named() {
    let mut odd = header("a", b'0', 0);
    odd.as_gnu_mut().unwrap().size = *b"not a number";
    odd.set_cksum();
    let walked = walk(&[member(&odd, b""), file("b", b"content"), end()].concat());
    assert_eq!(walked.content("b"), b"content");
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn every_cut_is_truncated_and_keeps_what_is_there() {
    let whole = [file("a", &noise(700)), file("b", &noise(700))].concat();
    for length in 1..whole.len() {
        let walked = walk(&whole[..length]);
        // Only padding is missing from the end of a member's data to its last block.
        let in_padding = |border: usize| (border - 324..=border).contains(&length);
        let expected =
            if in_padding(1536) || in_padding(3072) { vec![] } else { vec![Reason::Truncated] };
        assert_eq!(walked.reasons(), expected, "{length} bytes");
        assert!(walked.entries.iter().all(|e| noise(700).starts_with(e.bytes.as_ref().unwrap())));
    }
}

#[test]
fn a_broken_header_is_named_and_the_walk_goes_on_behind_it() {
    let mut bytes = [file("a", b"1"), file("b", &noise(5000)), file("c", b"3"), end()].concat();
    bytes[1024 + 20] ^= 1;
    let walked = walk(&bytes);
    assert_eq!(walked.names(), ["a", "c"]);
    assert_eq!(walked.content("c"), b"3");
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    assert_eq!(walked.problems.len(), 1);
}

#[test]
fn signed_checksums_of_old_archivers_are_right_too() {
    let mut old = Header::new_old();
    old.as_old_mut().name[..3].copy_from_slice(b"\xe4\xf6\xfc");
    old.set_size(1);
    old.as_old_mut().cksum = *b"        ";
    let sum: i32 = old.as_bytes().iter().map(|&byte| i32::from(byte.cast_signed())).sum();
    old.as_old_mut().cksum[..7].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let walked = walk(&[member(&old, b"1"), end()].concat());
    assert_eq!(walked.entries.len(), 1);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn what_follows_the_end_mark_is_looked_at() {
    let first = [file("a", b"1"), end()].concat();
    let between = noise(2048);
    let walked = walk(&[&first[..], &between, &file("b", b"2"), &end(), &noise(100)].concat());
    assert_eq!(walked.names(), ["a", "b"]);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn volumes_say_that_the_beginning_is_elsewhere() {
    let walked = walk(&[member(&header("a", b'M', 4), b"tail"), end()].concat());
    assert_eq!(walked.content("a"), b"tail");
    assert_eq!(walked.reasons(), [Reason::Truncated]);
}

/// A file with holes in the old GNU form: `pieces` of the given offsets and lengths.
fn sparse(size: u64, pieces: &[(u64, u64)], data: &[u8]) -> Vec<u8> {
    let mut head = header("s", b'S', data.len() as u64);
    let gnu = head.as_gnu_mut().unwrap();
    gnu.set_real_size(size);
    let (first, more) = pieces.split_at(pieces.len().min(4));
    for (slot, piece) in gnu.sparse.iter_mut().zip(first) {
        slot.set_offset(piece.0);
        slot.set_length(piece.1);
    }
    gnu.set_is_extended(!more.is_empty());
    head.set_cksum();
    let mut blocks = Vec::new();
    for (index, chunk) in more.chunks(21).enumerate() {
        let mut block = GnuExtSparseHeader::new();
        for (slot, piece) in block.sparse_mut().iter_mut().zip(chunk) {
            slot.set_offset(piece.0);
            slot.set_length(piece.1);
        }
        block.set_is_extended(index + 1 < more.len().div_ceil(21));
        blocks.extend_from_slice(block.as_bytes());
    }
    let mut bytes = [&head.as_bytes()[..], &blocks, data].concat();
    bytes.resize(bytes.len().next_multiple_of(BLOCK as usize), 0);
    bytes
}

fn with_holes(size: usize, pieces: &[(u64, u64)], mut data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; size];
    for &(offset, length) in pieces {
        let (now, later) = data.split_at(length as usize);
        bytes[offset as usize..][..now.len()].copy_from_slice(now);
        data = later;
    }
    bytes
}

#[test]
fn holes_are_filled_in_every_form() {
    let pieces: Vec<_> = (0..60).map(|n| (n * 1000, 10)).chain([(100_000, 0)]).collect();
    let data = noise(600);
    let expected = with_holes(100_000, &pieces, &data);
    let each = |separator: &str| {
        let numbers = pieces.iter().map(|(offset, length)| format!("{offset}{separator}{length}"));
        numbers.collect::<Vec<_>>().join(separator)
    };
    let old = sparse(100_000, &pieces, &data);
    let map = each(",");
    let in_header =
        pax(&[("GNU.sparse.name", "s"), ("GNU.sparse.size", "100000"), ("GNU.sparse.map", &map)]);
    let mut records = vec![("GNU.sparse.size", "100000".to_string())];
    for (offset, length) in &pieces {
        records.push(("GNU.sparse.offset", offset.to_string()));
        records.push(("GNU.sparse.numbytes", length.to_string()));
    }
    let records: Vec<_> = records.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let mut in_data = format!("{}\n{}\n", pieces.len(), each("\n")).into_bytes();
    in_data.resize(in_data.len().next_multiple_of(512), 0);
    in_data.extend(&data);
    let one = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "s"),
        ("GNU.sparse.realsize", "100000"),
    ];
    for bytes in [
        old,
        [in_header, file("x", &data)].concat(),
        [pax(&records), file("s", &data)].concat(),
        [pax(&one), file("GNUSparseFile.0/s", &in_data)].concat(),
    ] {
        let walked = walk(&[bytes, file("behind", b"content"), end()].concat());
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        assert!(walked.content("s") == expected);
        assert_eq!(walked.content("behind"), b"content");
    }
}

#[test]
fn holes_of_exabytes_leave_what_is_stored() {
    let far = (8 << 60) - 10;
    let bytes = sparse(8 << 60, &[(0, 5), (far, 5)], b"firstlast!");
    let walked = walk(&[bytes, file("behind", b"content"), end()].concat());
    assert_eq!(walked.content("s"), b"firstlast!");
    assert_eq!(walked.entries[0].reasons(), [Reason::Limit(Limit::ObjectBytes)]);
    assert_eq!(walked.content("behind"), b"content");
}

#[test]
fn holes_beyond_the_ratio_leave_what_is_stored() {
    let walked = walk(&[sparse(100 << 20, &[(0, 10)], b"0123456789"), end()].concat());
    assert_eq!(walked.content("s"), b"0123456789");
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Ratio)]);
}

#[test]
fn maps_that_lie_leave_what_is_stored() {
    let broken: [&[(u64, u64)]; 5] = [
        &[(10, 5), (0, 5)],
        &[(0, 5), (4, 5)],
        &[(u64::MAX - 2, 5)],
        &[(95, 10)],
        &[(u64::MAX, u64::MAX)],
    ];
    for pieces in broken {
        let walked = walk(&[sparse(100, pieces, b"0123456789"), end()].concat());
        assert_eq!(walked.content("s"), b"0123456789", "{pieces:?}");
        assert_eq!(walked.reasons(), [Reason::Corrupted], "{pieces:?}");
    }
    let missing = walk(&[sparse(100, &[(0, 20)], b"0123456789"), end()].concat());
    assert!(missing.content("s").starts_with(b"0123456789"));
    assert_eq!(missing.reasons(), [Reason::Truncated]);
    let count = [("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "100")];
    for map in ["18446744073709551615\n0\n5\n", "x\n", "", "2\n0\n5\n"] {
        let data = [map.as_bytes(), &[0; 512][..]].concat();
        let walked = walk(&[pax(&count), file("s", &data), end()].concat());
        assert_eq!(walked.content("s"), data, "{map:?}");
        assert_eq!(walked.reasons(), [Reason::Corrupted], "{map:?}");
    }
    let many = "0,0,".repeat(500_000);
    let map = [("GNU.sparse.size", "100"), ("GNU.sparse.map", &many)];
    let walked = walk(&[pax(&map), file("s", b"content"), end()].concat());
    assert_eq!(walked.content("s"), b"content");
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn each_limit_gives_its_reason() {
    let pieces: Vec<_> = (0..40).map(|n| (n * 1000, 1)).collect();
    let bytes = [file("a", &noise(3000)), sparse(40_000, &pieces, &noise(40)), end()].concat();
    let cases: [(Change, Limit, &[&str]); 4] = [
        (|l| l.object_bytes = 1000, Limit::ObjectBytes, &["a", "s"]),
        (|l| l.total_bytes = 1000, Limit::TotalBytes, &["a"]),
        (|l| l.memory = 100, Limit::Memory, &["a", "s"]),
        (|l| l.time = Duration::ZERO, Limit::Time, &[]),
    ];
    for (change, limit, names) in cases {
        let mut limits = Limits::default();
        change(&mut limits);
        let walked = walk_at(open, &bytes, 0, limits);
        assert_eq!(walked.reasons(), [Reason::Limit(limit)]);
        assert_eq!(walked.names(), names);
    }
    let cancel = Cancel::new();
    cancel.cancel();
    let walked = walk_under(open, &bytes, 0, &Budget::new(Limits::default(), cancel));
    assert_eq!(walked.reasons(), [Reason::Cancelled]);
}

#[test]
fn damaged_archives_do_no_harm() {
    let pieces: Vec<_> = (0..30).map(|n| (n * 100, 1)).collect();
    let sample = [
        file("a", b"content"),
        extended(b'L', b"a long name\0"),
        file("b", b"content"),
        pax(&[("path", "c"), ("size", "7"), ("GNU.sparse.size", "9"), ("GNU.sparse.map", "1,7")]),
        file("c", b"content"),
        sparse(4000, &pieces, &noise(30)),
        end(),
    ];
    survives_damage(open, &sample.concat());
}

#[test]
fn archives_of_other_tools_are_read_in_full() {
    let python = "import sys, tarfile
with tarfile.open('x.tar', 'w', format=getattr(tarfile, sys.argv[1])) as t: t.add('tree')";
    let tools: [(&str, &[&str]); 8] = [
        ("tar", &["--format=gnu", "-cf", "x.tar", "tree"]),
        ("tar", &["--format=pax", "-cf", "x.tar", "tree"]),
        (
            "tar",
            &["--format=pax", "--pax-option=globexthdr.name=g,comment=x", "-cf", "x.tar", "tree"],
        ),
        ("bsdtar", &["--format=pax", "-cf", "x.tar", "tree"]),
        ("bsdtar", &["--format=gnutar", "-cf", "x.tar", "tree"]),
        ("7z", &["a", "-ttar", "x.tar", "tree"]),
        ("python3", &["-c", python, "PAX_FORMAT"]),
        ("python3", &["-c", python, "GNU_FORMAT"]),
    ];
    for (program, arguments) in tools {
        let folder = sample_tree();
        let Some(bytes) = made_by(folder.path(), program, arguments, "x.tar") else { continue };
        assert_holds_sample(&walk(&bytes), &format!("{program} {arguments:?}"));
    }
}

#[test]
fn short_names_in_old_formats_of_other_tools() {
    let tools: [(&str, &[&str]); 3] = [
        ("tar", &["--format=v7", "-cf", "x.tar", "tree/text"]),
        ("tar", &["--format=ustar", "-cf", "x.tar", "tree/text"]),
        ("bsdtar", &["--format=v7tar", "-cf", "x.tar", "tree/text"]),
    ];
    for (program, arguments) in tools {
        let folder = sample_tree();
        let Some(bytes) = made_by(folder.path(), program, arguments, "x.tar") else { continue };
        let walked = walk(&bytes);
        assert_eq!(walked.names(), ["tree/text"], "{program} {arguments:?}");
        assert_eq!(walked.reasons(), []);
    }
}

#[test]
fn holes_of_other_tools_are_filled() {
    for version in
        ["--format=gnu", "--sparse-version=0.0", "--sparse-version=0.1", "--sparse-version=1.0"]
    {
        let folder = tempfile::tempdir().unwrap();
        let content = with_holes(1 << 20, &[(0, 5000), (600_000, 5000)], &noise(10_000));
        let source = std::fs::File::create(folder.path().join("holes")).unwrap();
        source.set_len(1 << 20).unwrap();
        use std::os::unix::fs::FileExt;
        source.write_all_at(&content[..5000], 0).unwrap();
        source.write_all_at(&content[600_000..605_000], 600_000).unwrap();
        let kind = if version.starts_with("--format") { "--totals" } else { "--format=pax" };
        let arguments = ["-S", kind, version, "-cf", "x.tar", "holes"];
        let Some(bytes) = made_by(folder.path(), "tar", &arguments, "x.tar") else { return };
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{version}: {}", walked.words());
        assert!(walked.content("holes") == content, "{version}");
    }
}

#[test]
fn archives_appended_by_other_tools_are_read_on() {
    let folder = sample_tree();
    let Some(first) = run(folder.path(), "tar", &["-cf", "-", "tree/text"]) else { return };
    let Some(second) = run(folder.path(), "tar", &["-cf", "-", "tree/noise"]) else { return };
    let walked = walk(&[first, second].concat());
    assert_eq!(walked.names(), ["tree/text", "tree/noise"]);
    assert_eq!(walked.reasons(), []);
}
