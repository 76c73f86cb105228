//! What archives say of their entries. Held against ClamAV in `signatures/tests/clamscan/metadata`.

use super::*;
use crate::identify::clam_types::ClamType;
use crate::unpack::Listing;

/// Kind, name, position and size of what is listed.
fn told(listings: &[Listing]) -> Vec<(&'static str, &str, u64, u64)> {
    let all = listings.iter();
    all.map(|l| (l.container.name(), std::str::from_utf8(l.name()).unwrap(), l.position, l.size))
        .collect()
}

fn archive() -> Archive {
    let mut archive = Archive::default();
    archive.add(&Head::stored("folder/", b""), b"");
    archive.stored("a", b"12");
    archive.deflated("b", b"123");
    archive
}

#[test]
fn both_headers_list_an_entry_in_the_order_of_the_directory() {
    let bytes = archive().finish();
    let walked = walk(&bytes);
    assert_eq!(walked.names(), ["a", "b"]);
    let twice = [("folder/", 1, 0), ("a", 2, 2), ("b", 3, 3)]
        .map(|(name, position, size)| [("CL_TYPE_ZIP", name, position, size); 2]);
    assert_eq!(told(&walked.listings), twice.as_flattened());
    assert!(walked.listings.iter().all(|l| l.container_size == bytes.len() as u64));
}

#[test]
fn a_second_record_of_an_entry_lists_it_again() {
    let mut archive = archive();
    let head = Head::stored("a", b"12");
    archive.list(&head, 0x2a + 7);
    let walked = walk(&archive.finish());
    let positions: Vec<u64> = walked.listings.iter().map(|listing| listing.position).collect();
    assert_eq!(positions[..6], [1, 1, 2, 2, 3, 3]);
    assert!(positions[6..].iter().all(|&position| position == 4) && positions.len() > 6);
}

#[test]
fn behind_other_data_every_local_header_is_an_archive() {
    let inside = [b"0123456789", &archive().finish()[..]].concat();
    let walked = walk_at(open, &inside, 10, Limits::default());
    let alone =
        [("folder/", 0), ("a", 2), ("b", 3)].map(|(name, size)| ("CL_TYPE_ZIP", name, 0, size));
    assert_eq!(told(&walked.listings), alone);
    assert_eq!(walked.listings[0].container_size, inside.len() as u64 - 10);
    assert!(walked.listings.is_sorted_by(|one, other| one.container_size > other.container_size));
}

#[test]
fn office_documents_are_containers_of_their_own() {
    for (folder, kind) in [
        ("word/", ClamType::OOXML_WORD),
        ("xl/", ClamType::OOXML_XL),
        ("ppt/", ClamType::OOXML_PPT),
        ("Contents/content.hpf", ClamType::OOXML_HWP),
        ("words/", ClamType::ZIP),
    ] {
        let of = |names: &[&str]| {
            let mut archive = Archive::default();
            names.iter().for_each(|name| archive.stored(name, b"<x/>"));
            walk(&archive.finish()).listings[0].container
        };
        assert_eq!(of(&[folder]), kind);
        assert_eq!(of(&["a", "b", folder]), kind);
        assert_eq!(of(&["a", "b", "c", folder]), ClamType::ZIP, "too far");
        assert_eq!(of(&["a", "[Content_Types].xml", "c", "d", folder]), kind, "in the directory");
    }
}

#[test]
fn an_entry_whose_data_are_lost_is_listed_once() {
    let mut archive = archive();
    archive.list(&Head::stored("lost", b"1234"), 1 << 20);
    let walked = walk(&archive.finish());
    assert_eq!(walked.names(), ["a", "b", "lost"]);
    assert_eq!(told(&walked.listings).last(), Some(&("CL_TYPE_ZIP", "lost", 4, 4)));
    assert_eq!(walked.listings.len(), 7);
}
