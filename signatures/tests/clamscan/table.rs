//! Tables of records, each with files that it must hit and files that it must not.

use crate::trial::{Found, Trial};

/// One record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// The format's extension.
    pub(crate) format: &'static str,
    /// The record; `#` at its start stands for a name, which is the case's own.
    pub(crate) record: &'static str,
    /// Files that it must hit.
    pub(crate) hits: &'static [&'static [u8]],
    /// Files that it must not hit.
    pub(crate) misses: &'static [&'static [u8]],
}

/// Logical signatures, each with files that it must hit and files that it must not.
macro_rules! logical_cases {
    ($($record:literal [$($hit:literal)*] [$($miss:literal)*])*) => {
        &[$($crate::table::Case {
            format: "ldb",
            record: concat!("#;Engine:81-255,Target:0;", $record),
            hits: &[$($hit),*],
            misses: &[$($miss),*],
        }),*]
    };
}
pub(crate) use logical_cases;

/// Holds a table against us and against `clamscan`. `frame` makes the file out of what the table says,
/// for example by putting it in the middle of other bytes.
pub(crate) fn hold(cases: &[Case], frame: impl Fn(&[u8]) -> Vec<u8>) {
    let mut trial = Trial::default();
    let (mut hits, mut misses) = (Found::new(), Found::new());
    for (number, case) in cases.iter().enumerate() {
        assert!(!case.hits.is_empty() && !case.misses.is_empty(), "{}", case.record);
        let name = format!("Case.{number:04}");
        let record = case.record.strip_prefix('#').unwrap();
        trial.source(&format!("table.{}", case.format), format!("{name}{record}\n"));
        for (expected, what, files) in
            [(&mut hits, "hit", case.hits), (&mut misses, "miss", case.misses)]
        {
            for (index, bytes) in files.iter().enumerate() {
                let file = format!("{number:04}-{what}-{index}");
                trial.file(&file, frame(bytes));
                expected.insert((file, name.clone()));
            }
        }
    }
    let ours = trial.ours();
    let missed: Found = hits.difference(&ours).cloned().collect();
    assert!(missed.is_empty(), "we do not find:\n{}", trial.explain(&missed));
    let wrong: Found = misses.intersection(&ours).cloned().collect();
    assert!(wrong.is_empty(), "we find:\n{}", trial.explain(&wrong));
    trial.assert_same();
}

/// The bytes as they are.
pub(crate) fn bare(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// The bytes between others that are no text, so that no view of text comes into play.
pub(crate) fn framed(bytes: &[u8]) -> Vec<u8> {
    [b"\xf0\0\0\0\0\xf1", bytes, b"\xf2\0\0\0\0\xf3"].concat()
}
