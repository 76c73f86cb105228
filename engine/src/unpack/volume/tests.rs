//! Disks that lie in pieces.

use super::*;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::budget;

/// Blocks of four bytes, in any order; `None` are zeros.
struct Shuffled(Vec<Option<&'static [u8]>>);

impl<'a> Mapping<'a> for Shuffled {
    fn length(&self) -> u64 {
        self.0.len() as u64 * 4
    }

    fn piece(&self, at: u64, _: &Budget) -> Result<Piece<'a>, Problem> {
        let inside = at % 4;
        Ok(match self.0.get((at / 4) as usize) {
            Some(Some(bytes)) => Piece::Bytes(Content::borrowed(bytes).slice(inside, 4)),
            Some(None) => Piece::Zeros(4 - inside),
            None => Piece::Bytes(Content::borrowed(b"")),
        })
    }
}

fn shuffled() -> Volume<'static> {
    let blocks = vec![Some(&b"0123"[..]), None, Some(b"89ab"), Some(b"cd")];
    Volume::mapped(Arc::new(Shuffled(blocks)))
}

#[test]
fn bytes_are_put_together_where_they_do_not_lie_in_a_row() {
    let budget = budget(Limits::default());
    let volume = shuffled();
    assert_eq!(&*volume.get(1, 2, &budget).unwrap(), b"12");
    assert_eq!(&*volume.get(2, 8, &budget).unwrap(), b"23\0\0\0\089");
    assert_eq!(&*volume.part(2, 8).part(6, 9).get(0, 9, &budget).unwrap(), b"89");
    assert_eq!(&*volume.get(12, 4, &budget).unwrap(), b"cd", "the image is cut off");
    assert_eq!(&*volume.get(99, 4, &budget).unwrap(), b"");
}

#[test]
fn a_file_is_its_pieces_and_holes_and_not_more_than_its_size() {
    let budget = budget(Limits::default());
    let volume = shuffled();
    let mut runs = Runs::new(&budget).unwrap();
    for (place, length) in [(Some(8), 2), (None, 3), (Some(0), 2), (Some(2), 2)] {
        runs.add(place, length).unwrap();
    }
    let entry = volume.file("a", runs, 8, &budget);
    assert_eq!(entry.content.as_deref(), Some(&b"89\0\0\x00012"[..8]));
    assert!(entry.problems.is_empty());
}

#[test]
fn what_a_file_misses_is_said() {
    let limits = Limits { object_bytes: 1 << 20, ..Limits::default() };
    let budget = budget(limits);
    for (place, length, size) in [(0, 4, 9), (12, 4, 4), (99, 4, 4), (u64::MAX, 4, 4), (0, 40, 40)]
    {
        let runs = Runs::one(place, length, &budget).unwrap();
        let entry = shuffled().file("a", runs, size, &budget);
        assert_eq!(entry.problems.len(), 1, "{place}");
        assert_eq!(entry.problems[0].reason, Reason::Truncated, "{place}");
    }
    let mut holes = Runs::new(&budget).unwrap();
    holes.add(None, u64::MAX).unwrap();
    let entry = shuffled().file("a", holes, u64::MAX, &budget);
    assert_eq!(entry.problems[0].reason, Reason::Limit(Limit::ObjectBytes));
}

#[test]
fn lists_are_charged() {
    let budget = budget(Limits { memory: 1000, ..Limits::default() });
    let mut runs = Runs::new(&budget).unwrap();
    let added = (0..100).try_for_each(|n| runs.add(Some(n * 10), 1));
    assert!(added.is_err());
    drop(runs);
    let mut tree = Tree::new(&budget).unwrap();
    assert!((0..100_u64).try_for_each(|n| tree.add(n, (), vec![0; 10])).is_err());
    drop(tree);
    assert!(budget.hold(1000).is_ok(), "and given back");
}
