use super::super::program::samples::program;
use super::*;
use crate::limits::{Cancel, Limits};

fn places_in(data: &[u8]) -> Vec<(FileType, u64, u64)> {
    let budget = Budget::new(Limits::default(), Cancel::new());
    let places = places(data, &identify::identify(data), &budget);
    let tell = |place: Place| (place.found.file_type, place.found.offset, place.end);
    places.into_iter().map(tell).collect()
}

/// Bytes that are no type and no text.
fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u8).wrapping_mul(37) & 0x81).collect()
}

#[test]
fn programs_behind_each_other_end_where_the_next_begins() {
    let one = program(&[]);
    let size = one.len() as u64;
    let data = [noise(100), one.clone(), noise(50), one.clone(), noise(3)].concat();
    let places: Vec<_> =
        places_in(&data).into_iter().filter(|place| place.0 == FileType::Pe).collect();
    let second = 100 + size + 50;
    let end = data.len() as u64;
    assert_eq!(places, [(FileType::Pe, 100, second), (FileType::Pe, second, end)]);
}

#[test]
fn what_lies_in_a_resource_is_left_to_the_resource() {
    let inner = program(&[]);
    let data = program(&[(10, 1, &inner)]);
    assert_eq!(places_in(&data), [(FileType::Pe, 0, data.len() as u64)]);
}

#[test]
fn what_lies_in_a_program_that_is_handed_out_is_left_to_it() {
    let cabinet =
        [&b"MSCF\0\0\0\0\x64\0\0\0\0\0\0\0\x2c\0\0\0\0\0\0\0\x03\x01\x01\0\x01\0"[..], &[0; 70]];
    let inner = [program(&[]), cabinet.concat()].concat();
    let data = [noise(64), inner.clone()].concat();
    assert!(identify::identify(&data).types().contains(FileType::Cab));
    let places = places_in(&data);
    assert!(places.contains(&(FileType::Pe, 64, data.len() as u64)), "{places:?}");
    assert!(places.iter().all(|place| place.0 != FileType::Cab), "{places:?}");
}

#[test]
fn what_is_opened_behind_a_program_is_no_overlay() {
    let front = program(&[]);
    let data = [front.clone(), program(&[])].concat();
    let (seam, end) = (front.len() as u64, data.len() as u64);
    assert_eq!(places_in(&data), [(FileType::Pe, 0, seam), (FileType::Pe, seam, end)]);
    let data = [front, b"text that nobody knows".to_vec()].concat();
    assert_eq!(places_in(&data), [(FileType::Pe, 0, data.len() as u64)]);
}

#[test]
fn programs_in_documents_are_left_to_their_reader() {
    let mut document = vec![0; 1536];
    document[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    document[24..34].copy_from_slice(b"\x3e\0\x03\0\xfe\xff\x09\0\x06\0");
    document.extend(program(&[]));
    assert!(identify::identify(&document).types().contains(FileType::Pe));
    assert!(places_in(&document).iter().all(|place| place.0 != FileType::Pe));
}

#[test]
fn a_second_zip_is_left_to_the_walk_of_the_first() {
    let identified = Identification {
        found: [10, 20].map(|at| Found::new(FileType::Zip, at)).to_vec(),
        ..Identification::default()
    };
    let budget = Budget::new(Limits::default(), Cancel::new());
    let places = places(&[0; 30], &identified, &budget);
    assert_eq!(places.iter().map(|place| place.found.offset).collect::<Vec<_>>(), [10]);
}

#[test]
fn what_is_handed_out_in_place_never_lies_over_each_other() {
    let inner = program(&[]);
    let outer = program(&[(10, 1, &inner), (300, 2, &[1; 500])]);
    let data = [outer, noise(77), inner].concat();
    let budget = Budget::new(Limits::default(), Cancel::new());
    let parts = program::parts_of_pe(&data, &budget).0;
    let carved = places_in(&data).into_iter().filter(|place| place.1 > 0);
    let mut ranges: Vec<(u64, u64)> = carved.map(|(_, start, end)| (start, end)).collect();
    ranges.extend(
        parts.iter().filter(|part| !part.is_behind).map(|it| (it.range.start, it.range.end)),
    );
    ranges.sort_unstable();
    assert_eq!(ranges.len(), 3);
    assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{ranges:?}");
}
