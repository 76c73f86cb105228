//! Bombs, built by code, and every limit reached.

use std::time::Duration;

use super::*;
use crate::limits::{Budget, Cancel, Limit};
use crate::unpack::testing::{Change, budget, noise, walk_under};

fn walk_limited(bytes: &[u8], change: impl FnOnce(&mut Limits)) -> Walked {
    let mut limits = Limits::default();
    change(&mut limits);
    walk_at(open, bytes, 0, limits)
}

/// Two bombs and a harmless entry behind them.
fn bomb() -> Vec<u8> {
    let zeros = vec![0; 4 << 20];
    let mut archive = Archive::default();
    archive.deflated("bomb", &zeros);
    archive.deflated("again", &zeros);
    archive.deflated("behind", b"content");
    archive.finish()
}

#[test]
fn a_limit_of_one_entry_leaves_the_others() {
    let cases: [(Change, Limit); 3] = [
        (|_| {}, Limit::Ratio),
        (|l| l.object_bytes = 1 << 20, Limit::ObjectBytes),
        (|l| l.memory = 1 << 20, Limit::Memory),
    ];
    for (change, limit) in cases {
        let walked = walk_limited(&bomb(), change);
        assert_eq!(walked.names(), ["bomb", "again", "behind"]);
        assert_eq!(walked.entries[0].reasons(), [Reason::Limit(limit)]);
        assert!(!walked.content("bomb").is_empty(), "what came before the limit is kept");
        assert_eq!(walked.content("behind"), b"content");
        assert_eq!(walked.problems, []);
    }
}

#[test]
fn a_limit_of_the_scan_ends_the_walk() {
    let limits: Change = |l| (l.total_bytes, l.ratio) = (5 << 20, u64::MAX);
    let walked = walk_limited(&bomb(), limits);
    assert_eq!(walked.names(), ["bomb", "again"]);
    assert_eq!(walked.entries[0].reasons(), []);
    assert_eq!(walked.entries[1].reasons(), [Reason::Limit(Limit::TotalBytes)]);
    let walked = walk_limited(&bomb(), |l| l.time = Duration::ZERO);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Time)]);
    let cancel = Cancel::new();
    cancel.cancel();
    let walked = walk_under(open, &bomb(), 0, &Budget::new(Limits::default(), cancel));
    assert_eq!(walked.reasons(), [Reason::Cancelled]);
    assert!(walked.entries.is_empty());
}

#[test]
fn stored_entries_meet_the_same_limits() {
    let mut archive = Archive::default();
    archive.stored("large", &noise(3000));
    archive.stored("small", b"content");
    let bytes = archive.finish();
    let walked = walk_limited(&bytes, |l| l.object_bytes = 1000);
    assert_eq!(walked.content("large"), &noise(3000)[..1000]);
    assert_eq!(walked.entries[0].reasons(), [Reason::Limit(Limit::ObjectBytes)]);
    assert_eq!(walked.content("small"), b"content");
    let walked = walk_limited(&bytes, |l| l.total_bytes = 1000);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
    assert_eq!(walked.names(), ["large"]);
}

#[test]
fn more_entries_than_objects_end_the_walk() {
    let mut archive = Archive::default();
    (0..50).for_each(|n| archive.stored(&n.to_string(), b"x"));
    let walked = walk_limited(&archive.finish(), |l| l.objects = 10);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Objects)]);
    assert!(walked.entries.len() <= 11);
}

#[test]
fn sixty_five_thousand_entries_and_one_more_are_all_read() {
    for count in [65_535_u64, 65_536] {
        let mut archive = Archive::default();
        (0..count).for_each(|n| archive.stored(&n.to_string(), b"x"));
        let walked = walk(&archive.finish_wide(0));
        assert_eq!(walked.entries.len() as u64, count);
        assert_eq!(walked.reasons(), []);
    }
}

#[test]
fn a_lying_count_of_entries_allocates_nothing() {
    let mut archive = sample();
    archive.count = u64::MAX;
    let walked = walk(&archive.finish_wide(0));
    assert_is_sample(&walked);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

/// Declared sizes are for checking only.
#[test]
fn sizes_of_exabytes_are_lies() {
    let (head, data) = Head::deflated("a", b"content");
    let lie = head.changed(|head| (head.packed, head.size) = (1 << 62, 1 << 62));
    let mut archive = Archive::default();
    archive.add(&lie, &data);
    archive
        .add(&Head::stored("s", b"x").changed(|h| (h.packed, h.size) = (1 << 62, 1 << 62)), b"x");
    let walked = walk_limited(&archive.finish(), |l| l.memory = 1 << 20);
    assert_eq!(walked.content("a"), b"content");
    assert!(walked.content("s").starts_with(b"x"));
    assert_eq!(walked.reasons(), [Reason::Corrupted, Reason::Truncated]);
}

/// Many entries over one kernel of data, each quoting the local headers behind it in a stored block of
/// its deflate stream, so that every checksum is right (David Fifield, "A better zip bomb", 2019).
fn overlapping_bomb(entries: usize, kernel: &[u8], packed: Vec<u8>) -> Vec<u8> {
    let mut tail =
        [Head::new("0", DEFLATED, kernel, packed.len() as u64).local(), packed.clone()].concat();
    let mut heads = vec![(Head::new("0", DEFLATED, kernel, packed.len() as u64), tail.len())];
    let mut content = kernel.to_vec();
    let mut stream = packed;
    for n in 1..entries {
        let quoted = heads.last().map(|(head, _)| head.local()).unwrap();
        let length = quoted.len() as u16;
        let quote = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
        content = [&quoted[..], &content].concat();
        stream = [&quote[..], &quoted, &stream].concat();
        let head = Head::new(&n.to_string(), DEFLATED, &content, stream.len() as u64);
        tail = [&head.local()[..], &quote, &tail].concat();
        heads.push((head, tail.len()));
    }
    let mut archive = Archive::default();
    let all = tail.len();
    archive.raw(&tail);
    heads.iter().for_each(|(head, from_end)| archive.list(head, (all - from_end) as u64));
    archive.finish()
}

#[test]
fn overlapping_entries_are_named_and_the_budget_bounds_them() {
    let kernel = noise(10_000);
    let bytes = overlapping_bomb(50, &kernel, deflated(&kernel));
    let walked = walk(&bytes);
    assert_eq!(walked.entries.len(), 50);
    assert!(walked.entries.iter().all(|entry| entry.problems.is_empty()), "{}", walked.words());
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
    assert!(walked.words().contains("entries overlap"));
    let walked = walk_limited(&bytes, |l| l.total_bytes = 100_000);
    assert!(walked.entries.len() < 12);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes), Reason::Corrupted]);
}

/// Entries that share data which put nothing out: reading alone is charged.
#[test]
fn data_without_output_are_charged_as_they_are_read() {
    let mut idle = [0, 0, 0, 0xff, 0xff].repeat(20_000);
    idle.extend([1, 0, 0, 0xff, 0xff]);
    let bytes = overlapping_bomb(500, b"", idle);
    let budget = budget(Limits { total_bytes: 1 << 20, ..Limits::default() });
    let walked = walk_under(open, &bytes, 0, &budget);
    assert!(walked.entries.len() < 20, "{} entries", walked.entries.len());
    assert!(walked.reasons().contains(&Reason::Limit(Limit::TotalBytes)));
}

#[test]
fn a_file_of_nothing_but_signatures_is_passed_over() {
    for record in [LOCAL, CENTRAL, END, DESCRIPTOR, b"PK\x06\x06", b"PK\x06\x07"] {
        let walked = walk(&record.repeat(200_000));
        assert!(walked.entries.is_empty());
        assert!(walked.problems.len() < 20);
    }
}

#[test]
fn memory_is_given_back_after_each_entry() {
    let mut archive = Archive::default();
    (0..20).for_each(|n| archive.deflated(&n.to_string(), &noise(100_000)));
    let walked = walk_limited(&archive.finish(), |l| l.memory = 300_000);
    assert_eq!(walked.entries.len(), 20);
    assert_eq!(walked.reasons(), []);
}
