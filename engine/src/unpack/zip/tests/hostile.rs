//! Archives that lie: every difference between programs is handed out and named.

use super::*;
use crate::unpack::testing::{noise, survives_damage};

/// The only entry, as the two headers describe it.
pub(super) fn twofold(central: &Head, local: &Head, data: &[u8]) -> Walked {
    let mut archive = Archive::default();
    let offset = archive.local(local, data);
    archive.list(central, offset);
    walk(&archive.finish())
}

#[test]
fn headers_that_disagree_are_named_and_the_data_read_as_they_are() {
    let bytes = b"content ".repeat(50);
    let (head, data) = Head::deflated("name", &bytes);
    type Change = fn(&mut Head);
    let cases: [(Change, &str); 5] = [
        (|head| head.name = b"eman".to_vec(), "name (eman / name)"),
        (|head| head.crc ^= 1, "CRC-32"),
        (|head| head.packed = 3, "packed size (3 /"),
        (|head| head.size = 1 << 40, "size (1099511627776 / 400)"),
        (|head| head.flags |= 1, "encryption (true / false)"),
    ];
    for (change, words) in cases {
        let walked = twofold(&head.changed(change), &head, &data);
        assert_eq!(walked.entries.len(), 1);
        assert_eq!(walked.entries[0].bytes.as_deref(), Some(&bytes[..]));
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
        assert!(walked.words().contains(words), "{}", walked.words());
        let walked = twofold(&head, &head.changed(change), &data);
        assert_eq!(walked.entries[0].bytes.as_deref(), Some(&bytes[..]), "the other way round");
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
    }
}

#[test]
fn where_the_methods_differ_both_contents_are_handed_out() {
    let bytes = b"content ".repeat(50);
    let (head, data) = Head::deflated("name", &bytes);
    let stored = head.changed(|head| (head.method, head.size) = (STORED, head.packed));
    for (central, local) in [(&head, &stored), (&stored, &head)] {
        let walked = twofold(central, local, &data);
        let contents: Vec<_> = walked.entries.iter().filter_map(|e| e.bytes.as_deref()).collect();
        assert!(contents.contains(&&bytes[..]) && contents.contains(&&data[..]));
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
        assert!(walked.words().contains("method"));
    }
}

#[test]
fn a_made_up_method_in_one_header_does_not_hide_the_content() {
    let bytes = b"content ".repeat(50);
    let (head, data) = Head::deflated("name", &bytes);
    let bogus = head.changed(|head| head.method = 0x2345);
    for (central, local) in [(&head, &bogus), (&bogus, &head)] {
        let walked = twofold(central, local, &data);
        assert_eq!(walked.names(), ["name"]);
        assert_eq!(walked.content("name"), bytes);
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
    }
    let both = twofold(&bogus, &bogus, &data);
    assert_eq!(both.content("name"), data, "taken as stored, as Android does");
    assert_eq!(both.reasons(), [Reason::Unsupported("zip-method")]);
}

#[test]
fn stored_entries_of_two_lengths_are_handed_out_twice() {
    let bytes = b"short, and what is behind it";
    let short = Head::stored("name", &bytes[..5]);
    let long = Head::stored("name", bytes);
    let walked = twofold(&short, &long, bytes);
    let contents: Vec<_> = walked.entries.iter().filter_map(|e| e.bytes.as_deref()).collect();
    assert_eq!(contents, [&bytes[..5], &bytes[..]]);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn other_methods_are_unsupported_by_name() {
    for (method, name) in
        [(7, "tokenized"), (10, "PKWARE implode"), (18, "IBM TERSE"), (97, "WavPack")]
    {
        let head = Head::new("name", method, b"content", 7);
        let walked = twofold(&head, &head, b"packed.");
        assert_eq!(walked.reasons(), [Reason::Unsupported("zip-method")]);
        assert!(walked.words().contains(name), "{}", walked.words());
        assert_eq!(walked.entries[0].bytes, None);
    }
}

#[test]
fn encrypted_entries_say_so() {
    let secret = noise(500);
    let stored = Head::stored("s", &secret).changed(|h| (h.flags, h.size, h.crc) = (1, 488, 7));
    let deflated = stored.changed(|head| head.method = DEFLATED);
    let strong = stored.changed(|head| head.flags |= 1 << 6);
    let masked = stored.changed(|head| head.flags |= 1 << 13);
    let aes = stored.changed(|head| (head.method, head.crc) = (99, 0));
    for head in [stored, deflated, strong, masked, aes] {
        let walked = twofold(&head, &head, &secret);
        assert_eq!(walked.names(), ["s"]);
        assert_eq!(walked.entries[0].bytes, None);
        assert_eq!(walked.reasons(), [Reason::Encrypted]);
    }
}

#[test]
fn a_false_mark_of_encryption_hides_nothing() {
    let bytes = b"content ".repeat(50);
    let (deflated, packed) = Head::deflated("name", &bytes);
    for (head, data) in [(deflated, &packed), (Head::stored("name", &bytes), &bytes)] {
        let marked = head.changed(|head| head.flags |= 1);
        let walked = twofold(&marked, &marked, data);
        assert_eq!(walked.content("name"), bytes);
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
        assert!(walked.words().contains("marked as encrypted"));
    }
}

#[test]
fn wrong_checksums_and_broken_data_keep_the_content() {
    let bytes = b"content ".repeat(50);
    let head = Head::stored("name", &bytes).changed(|head| head.crc ^= 1);
    let walked = twofold(&head, &head, &bytes);
    assert_eq!(walked.content("name"), bytes);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    let text = (0..20_000_u32).flat_map(|n| n.to_string().into_bytes()).collect::<Vec<_>>();
    let (head, mut data) = Head::deflated("name", &text);
    let half = data.len() / 2;
    data[half..half + 32].fill(0xff);
    let walked = twofold(&head, &head, &data);
    assert!(walked.content("name").len() > text.len() / 4);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn entries_that_no_directory_lists_are_found() {
    let mut archive = Archive::default();
    let hidden = |name: &str| Head::stored(name, b"hidden");
    archive.local(&hidden("before"), b"hidden");
    archive.stored("listed", b"content");
    archive.raw(b"rubbish");
    archive.local(&hidden("between"), b"hidden");
    archive.deflated("last", b"content");
    archive.local(&hidden("behind"), b"hidden");
    let mut bytes = archive.finish();
    bytes.extend(hidden("tail").local());
    bytes.extend(b"hidden");
    let walked = walk(&bytes);
    assert_eq!(walked.names(), ["listed", "last", "before", "between", "behind", "tail"]);
    assert_eq!(walked.content("between"), b"hidden");
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    assert!(walked.words().contains("not listed"));
}

#[test]
fn an_entry_inside_of_false_data_is_found() {
    let inner = [Head::stored("inner", b"hidden").local(), b"hidden".to_vec()].concat();
    let outer = Head::stored("outer", &inner).changed(|head| head.crc ^= 1);
    let walked = twofold(&outer, &outer, &inner);
    assert_eq!(walked.names(), ["outer", "inner"]);
    assert_eq!(walked.content("inner"), b"hidden");
}

#[test]
fn an_archive_without_directory_is_read_and_called_truncated() {
    let walked = walk(&sample().bytes);
    assert_is_sample(&walked);
    assert_eq!(walked.reasons(), [Reason::Truncated]);
}

#[test]
fn data_behind_the_archive_do_not_hide_its_directory() {
    for count in [1, 100, 200_000] {
        let walked = walk(&[sample().finish(), noise(count)].concat());
        assert_is_sample(&walked);
        assert_eq!(walked.reasons(), []);
    }
}

#[test]
fn a_second_directory_in_the_comment_is_walked_too() {
    let mut archive = Archive::default();
    archive.stored("first", b"one");
    let (head, data) = Head::deflated("second", b"two");
    let offset = archive.local(&head, &data);
    let other = head.central(offset);
    let at = archive.bytes.len() as u64;
    archive.raw(&other);
    let inner_end = end(1, other.len() as u64, at, b"");
    for trailing in [&b""[..], b"not the end"] {
        let mut bytes = archive.clone();
        let (offset, length) = (bytes.bytes.len() as u64, bytes.central.len() as u64);
        let central = std::mem::take(&mut bytes.central);
        bytes.raw(&central);
        bytes.raw(&end(1, length, offset, &[&inner_end[..], trailing].concat()));
        let walked = walk(&bytes.bytes);
        let mut names = walked.names();
        names.sort_unstable();
        assert_eq!(names, ["first", "second"]);
        assert!(walked.words().contains("2 central directories"), "{}", walked.words());
    }
}

#[test]
fn a_count_that_lies_is_named_and_all_entries_are_read() {
    for count in [0_u64, 2, 60_000] {
        let mut archive = sample();
        archive.count = count;
        let walked = walk(&archive.finish());
        assert_is_sample(&walked);
        assert_eq!(walked.reasons(), [Reason::Corrupted]);
        assert!(walked.words().contains("4 directory entries"), "{}", walked.words());
    }
}

#[test]
fn a_directory_offset_that_lies_is_corrected() {
    for offset in [0, 1, 0x7fff_0000] {
        let walked = walk(&sample().finish_at(offset));
        assert_is_sample(&walked);
    }
}

#[test]
fn offsets_that_lead_nowhere_are_named() {
    for offset in [5, 10_000, 0xffff_fff0, u64::MAX] {
        let mut archive = Archive::default();
        archive.stored("good", b"content");
        archive.list(&Head::stored("lost", b"nothing"), offset);
        let walked = walk(&archive.finish());
        assert_eq!(walked.content("good"), b"content");
        assert_eq!(walked.names(), ["good", "lost"]);
        assert!(!walked.entries[1].reasons().is_empty());
    }
}

#[test]
fn an_entry_listed_twice_is_read_once() {
    let mut archive = Archive::default();
    let head = Head::stored("a", b"content");
    let offset = archive.local(&head, b"content");
    (0..1000).for_each(|_| archive.list(&head, offset));
    let walked = walk(&archive.finish());
    assert_eq!(walked.names(), ["a"]);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    assert!(walked.problems.len() < 20);
}

#[test]
fn parts_of_split_archives_say_so() {
    let mut last = sample().finish();
    let at = last.len() - b"comment".len() - 22;
    last[at + 4] = 2;
    let walked = walk(&last);
    assert!(walked.words().contains("volume 3"), "{}", walked.words());
    assert!(walked.reasons().contains(&Reason::Truncated));
    let first = walk(&[DESCRIPTOR, &sample().bytes[..]].concat());
    assert_is_sample(&first);
    assert!(first.words().contains("split archive"));
    let unsplit = [&b"PK00"[..], &sample().finish()].concat();
    assert_is_sample(&walk(&unsplit));
    assert_eq!(walk(&unsplit).reasons(), []);
}

#[test]
fn no_byte_that_is_changed_goes_unnoticed_and_hides_all() {
    let whole = sample().finish();
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            let walked = walk(&bytes);
            let is_untouched = |entry: &&crate::unpack::testing::Got| {
                entry.bytes.as_deref() == Some(b"stored content")
                    || entry.bytes.as_deref() == Some(&b"deflated content ".repeat(100)[..])
            };
            assert!(walked.entries.iter().any(|entry| is_untouched(&entry)), "byte {at}");
        }
    }
}

#[test]
fn a_stored_entry_whose_length_only_the_directory_knows_is_read() {
    let bytes = b"content ".repeat(50);
    let central = Head::new("name", 97, &bytes, bytes.len() as u64);
    let local = Head::stored("name", &bytes).followed();
    let walked = twofold(&central, &local, &bytes);
    assert_eq!(walked.content("name"), bytes);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn damaged_archives_do_no_harm() {
    let (head, data) = Head::deflated("followed", b"content");
    let mut archive = sample();
    let offset = archive.local(&head.followed(), &data);
    archive.raw(&head.descriptor(true, false));
    archive.list(&head.changed(|head| head.flags |= 8), offset);
    survives_damage(open, &archive.clone().finish());
    survives_damage(open, &archive.finish_wide(0));
}
