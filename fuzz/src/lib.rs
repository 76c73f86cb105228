//! What the fuzz targets share: budgets that are small enough to reach.

use std::time::Duration;

use pellucid::identify::FileType;
use pellucid::input::Content;
use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::unpack::{self, Opening, Passwords};

/// Limits that short inputs reach.
pub fn tiny_limits() -> Limits {
    let mut limits = Limits::default();
    limits.depth = 4;
    limits.objects = 200;
    limits.total_bytes = 4 << 20;
    limits.object_bytes = 1 << 20;
    limits.memory = 4 << 20;
    limits.time = Duration::from_secs(20);
    limits.facts = 500;
    limits.key_work = 100_000;
    limits
}

/// A budget over [`tiny_limits`].
pub fn tiny_budget() -> Budget {
    Budget::new(tiny_limits(), Cancel::new())
}

/// Walks `data` as a container of one type, wherever it is said to begin, to its end.
pub fn walk_as(file_type: FileType, data: &[u8]) {
    let budget = tiny_budget();
    let content = Content::borrowed(data);
    let identified = pellucid::identify::identify(data).found;
    let found = identified.into_iter().find(|found| found.file_type == file_type);
    let found = found.unwrap_or_else(|| pellucid::identify::Found::new(file_type, 0));
    let passwords = Passwords::new([b"".to_vec(), b"secret".to_vec()]);
    let opening = Opening { budget: &budget, passwords: &passwords };
    let Some(Ok(mut unpacker)) = unpack::open(&content, found, &opening) else { return };
    let mut entries = 0;
    while let Some(entry) = unpacker.next_entry(&budget) {
        assert!(
            entry.content.is_some() || !entry.problems.is_empty() || !entry.listings.is_empty(),
            "nothing read, nothing said"
        );
        entries += 1;
        if budget.enter(1).is_err() {
            break;
        }
    }
    assert!(entries <= tiny_limits().objects + 1);
    unpacker.problems();
}
