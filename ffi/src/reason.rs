//! The numbers of the reasons why something was not looked at in full.

use pellucid::limits::Limit;
use pellucid::verdict::Reason;

/// A reason that this header does not know; its name says which.
pub const PELLUCID_REASON_OTHER: u32 = 1;
/// A password or key is needed.
pub const PELLUCID_REASON_ENCRYPTED: u32 = 2;
/// The engine cannot look inside this; the name says what it is.
pub const PELLUCID_REASON_UNSUPPORTED: u32 = 3;
/// The data contradicts its own format.
pub const PELLUCID_REASON_CORRUPTED: u32 = 4;
/// The data ends before its format says so.
pub const PELLUCID_REASON_TRUNCATED: u32 = 5;
/// The file became another one under the scan.
pub const PELLUCID_REASON_CHANGED_WHILE_SCANNING: u32 = 6;
/// The system refused to open or read it: it does not exist, or access is denied.
pub const PELLUCID_REASON_UNREADABLE: u32 = 7;
/// Not a regular file: a socket, pipe or device; the name says which.
pub const PELLUCID_REASON_SPECIAL_FILE: u32 = 8;
/// The scan was cancelled.
pub const PELLUCID_REASON_CANCELLED: u32 = 9;
/// A defect of the engine, confined to this object.
pub const PELLUCID_REASON_INTERNAL_ERROR: u32 = 10;
/// A callback left it out.
pub const PELLUCID_REASON_SKIPPED: u32 = 11;
/// A piece of a signature set that was needed is not what was written.
pub const PELLUCID_REASON_SET_DAMAGED: u32 = 12;
/// A limit that this header does not know; its name says which.
pub const PELLUCID_REASON_LIMIT_OTHER: u32 = 100;
/// `max_depth` was reached.
pub const PELLUCID_REASON_LIMIT_DEPTH: u32 = 101;
/// `max_objects` was reached.
pub const PELLUCID_REASON_LIMIT_OBJECTS: u32 = 102;
/// `max_total_bytes` was reached.
pub const PELLUCID_REASON_LIMIT_TOTAL_BYTES: u32 = 103;
/// `max_object_bytes` was reached.
pub const PELLUCID_REASON_LIMIT_OBJECT_BYTES: u32 = 104;
/// `max_ratio` was reached.
pub const PELLUCID_REASON_LIMIT_RATIO: u32 = 105;
/// `max_time_ms` was reached.
pub const PELLUCID_REASON_LIMIT_TIME: u32 = 106;
/// `max_memory_bytes` was reached.
pub const PELLUCID_REASON_LIMIT_MEMORY: u32 = 107;
/// `max_facts` was reached.
pub const PELLUCID_REASON_LIMIT_FACTS: u32 = 108;
/// `max_key_work` was reached.
pub const PELLUCID_REASON_LIMIT_KEY_WORK: u32 = 109;

pub(crate) fn reason_number(reason: Reason) -> u32 {
    match reason {
        Reason::Limit(limit) => limit_number(limit),
        Reason::Encrypted => PELLUCID_REASON_ENCRYPTED,
        Reason::Unsupported(_) => PELLUCID_REASON_UNSUPPORTED,
        Reason::Corrupted => PELLUCID_REASON_CORRUPTED,
        Reason::Truncated => PELLUCID_REASON_TRUNCATED,
        Reason::ChangedWhileScanning => PELLUCID_REASON_CHANGED_WHILE_SCANNING,
        Reason::SetDamaged => PELLUCID_REASON_SET_DAMAGED,
        Reason::Unreadable => PELLUCID_REASON_UNREADABLE,
        Reason::SpecialFile(_) => PELLUCID_REASON_SPECIAL_FILE,
        Reason::Cancelled => PELLUCID_REASON_CANCELLED,
        Reason::InternalError => PELLUCID_REASON_INTERNAL_ERROR,
        Reason::Skipped => PELLUCID_REASON_SKIPPED,
        _ => PELLUCID_REASON_OTHER,
    }
}

fn limit_number(limit: Limit) -> u32 {
    match limit {
        Limit::Depth => PELLUCID_REASON_LIMIT_DEPTH,
        Limit::Objects => PELLUCID_REASON_LIMIT_OBJECTS,
        Limit::TotalBytes => PELLUCID_REASON_LIMIT_TOTAL_BYTES,
        Limit::ObjectBytes => PELLUCID_REASON_LIMIT_OBJECT_BYTES,
        Limit::Ratio => PELLUCID_REASON_LIMIT_RATIO,
        Limit::Time => PELLUCID_REASON_LIMIT_TIME,
        Limit::Memory => PELLUCID_REASON_LIMIT_MEMORY,
        Limit::Facts => PELLUCID_REASON_LIMIT_FACTS,
        Limit::KeyWork => PELLUCID_REASON_LIMIT_KEY_WORK,
        _ => PELLUCID_REASON_LIMIT_OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_meaning() {
        let published = [
            (Reason::Encrypted, 2),
            (Reason::Unsupported("rar"), 3),
            (Reason::Corrupted, 4),
            (Reason::Truncated, 5),
            (Reason::ChangedWhileScanning, 6),
            (Reason::Unreadable, 7),
            (Reason::SpecialFile("pipe"), 8),
            (Reason::Cancelled, 9),
            (Reason::InternalError, 10),
            (Reason::Skipped, 11),
            (Reason::SetDamaged, 12),
            (Reason::Limit(Limit::Depth), 101),
            (Reason::Limit(Limit::Objects), 102),
            (Reason::Limit(Limit::TotalBytes), 103),
            (Reason::Limit(Limit::ObjectBytes), 104),
            (Reason::Limit(Limit::Ratio), 105),
            (Reason::Limit(Limit::Time), 106),
            (Reason::Limit(Limit::Memory), 107),
            (Reason::Limit(Limit::Facts), 108),
            (Reason::Limit(Limit::KeyWork), 109),
        ];
        for (reason, number) in published {
            assert_eq!(reason_number(reason), number, "{reason}");
        }
    }
}
