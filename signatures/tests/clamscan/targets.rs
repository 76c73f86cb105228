//! Which objects a target takes: every kind of file that ClamAV tells by its first bytes, against every
//! target.

use crate::table::bare;
use crate::trial::Trial;

/// First bytes, and the target that a file is of.
const KINDS: &[(&[u8], u8)] = &[
    (b"MZ", 1),
    (b"ZM", 14),
    (b"\x7fELF", 6),
    (b"\x7fEL", 14),
    (b"\xfe\xed\xfa\xce", 9),
    (b"\xcf\xfa\xed\xfe", 9),
    (b"\xca\xfe\xba\xbe\0\0\0\x02", 9),
    (b"\xca\xfe\xba\xbe\0\0\0\x1f", 9),
    (b"\xca\xfe\xba\xbe\0\0\0\x20", 12),
    (b"\xca\xfe\xba\xbe\0\0\0\x3f", 12),
    (b"\xca\xfe\xba\xbe\0\0\0\x40", 14),
    (b"\xca\xfe\xba\xbe\0\x01\0\x34", 14),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 2),
    (b"\xd0\xcf\x11\xe0", 14),
    (b"%PDF-1.4", 10),
    (b"\xfe\xfd%pdf-9.", 10),
    (b"\xfe\xfd%PDF-9", 14),
    (b"%PDF", 14),
    (b"FWS", 11),
    (b"CWS\x09", 11),
    (b"ZWS", 11),
    (b"GIF", 5),
    (b"\x89PNG", 5),
    (b"\xff\xd8\xff", 5),
    (b"\xff\xd8", 14),
    (b"BM", 5),
    (b"II*", 5),
    (b"MM\0*", 5),
    (b"MM\0+", 5),
    (b"\0\0\0\x0cjP  \r\n\x87\n", 5),
    (b"8BPS\0\x01", 14),
    (b"\xd7\xcd\xc6\x9a", 14),
    (b"\0\0\x01\0", 14),
    (b"\x28\xb5\x2f\xfd\x04\0", 14),
    (b"fLaC\0\0\0\x22", 14),
    (b"!<arch>\n", 14),
    (b"\xf0\0\0\0\0\xf1", 14),
];

#[test]
fn first_bytes_tell_the_target() {
    let mut trial = Trial::default();
    let targets = || (0..=14_u8).filter(|target| ![3, 7, 8].contains(target));
    for target in targets() {
        trial.source("a.ndb", format!("Target.{target:02}:{target}:*:2e2d2b2e\n"));
    }
    for (number, (first, _)) in KINDS.iter().enumerate() {
        trial.file(&format!("{number:02}"), [first, b"\0\0\0\0.-+.\0\0\0\0".as_slice()].concat());
    }
    let ours = trial.ours();
    for (number, (first, expected)) in KINDS.iter().enumerate() {
        let hit =
            |target: &u8| ours.contains(&(format!("{number:02}"), format!("Target.{target:02}")));
        let found: Vec<u8> = targets().filter(hit).collect();
        assert_eq!(found, [0, *expected], "{}", bare(first).escape_ascii());
    }
    trial.assert_same();
}

/// A PDF may begin up to here.
#[test]
fn a_pdf_may_begin_late() {
    let mut trial = Trial::default();
    trial.source("a.ndb", "Pdf:10:*:2e2d2b2e\n");
    for offset in [1000, 1017, 1018, 1023] {
        let before = b"\xfe\0\0\0\0\xfe\xfd\xfc".repeat(200);
        let file = [&before[..offset], b"%PDF-1.4.-+."].concat();
        trial.file(&offset.to_string(), file);
    }
    let hits: Vec<String> = trial.ours().into_iter().map(|(file, _)| file).collect();
    assert_eq!(hits, ["1000", "1017"]);
    trial.assert_same();
}
