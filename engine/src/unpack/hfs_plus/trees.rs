//! Leaves of a B-tree, node by node as they lie in its file.

use crate::input::Content;
use crate::limits::Budget;
use crate::reader::{OutOfBounds, Reader};
use crate::verdict::Problem;

/// What a leaf has in place of its level.
const LEAF: u8 = 0xff;
/// What stands before the records of a node.
const HEAD: u64 = 14;

/// The records of all leaves.
#[derive(Clone)]
pub(super) struct Leaves<'a> {
    tree: Content<'a>,
    node: u64,
    /// The node at hand, and its next record.
    at: u64,
    record: u16,
    /// Leaves whose records are not where they should be.
    pub(super) broken: u64,
}

impl<'a> Leaves<'a> {
    pub(super) fn new(tree: Content<'a>) -> Self {
        let node = Reader::at(&tree, 32).and_then(|mut reader| reader.u16_be());
        let node = u64::from(node.unwrap_or(0)).max(512);
        Self { tree, node, at: 0, record: 0, broken: 0 }
    }

    /// The next record; `None` behind the last node.
    pub(super) fn next(&mut self, budget: &Budget) -> Result<Option<Content<'a>>, Problem> {
        while self.at < self.tree.len() as u64 {
            budget.check()?;
            let node = self.tree.slice(self.at, self.node);
            match record(&node, self.record, self.node) {
                Ok(Some((start, length))) => {
                    self.record = self.record.saturating_add(1);
                    return Ok(Some(node.slice(start, length)));
                }
                Ok(None) => {}
                Err(_) => self.broken = self.broken.saturating_add(1),
            }
            self.at = self.at.saturating_add(self.node);
            self.record = 0;
        }
        Ok(None)
    }
}

/// Where a record of a leaf is; `None` behind the last, and in other nodes. The places of records stand
/// at the node's end, the first one last.
fn record(node: &[u8], number: u16, size: u64) -> Result<Option<(u64, u64)>, OutOfBounds> {
    let kind = Reader::at(node, 8)?.u8()?;
    let count = Reader::at(node, 10)?.u16_be()?;
    if kind != LEAF || number >= count {
        return Ok(None);
    }
    let place = |number: u16| {
        let from_end = u64::from(number).saturating_add(1).saturating_mul(2);
        Reader::at(node, size.saturating_sub(from_end))?.u16_be()
    };
    let (start, end) = (u64::from(place(number)?), u64::from(place(number.saturating_add(1))?));
    let wrong = OutOfBounds { position: start, wanted: end, available: size };
    if start < HEAD || end > size {
        return Err(wrong);
    }
    let length = end.checked_sub(start).ok_or(wrong)?;
    Ok(Some((start, length)))
}
