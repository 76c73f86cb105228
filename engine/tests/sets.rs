//! Sets that are not what they seem: each is refused with what was expected, found and where.

mod common;

use std::path::Path;

use common::{Source, set};
use pellucid::set::layout::{
    AlwaysRow, AnchorRow, BucketRow, ConditionRow, LogicalRow, PatternRow, PlaceEntry, PlaceRow,
    Section, SegmentRow,
};
use pellucid::set::tree;
use pellucid::set::{SetErrorKind, SignatureSet, Unverified};
use pellucid::verdict::{Completeness, Reason, Report, Verdict};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

fn bytes() -> Vec<u8> {
    let mut tree = SourceTree::new();
    tree.add("set.toml", "origin = \"example.org\"\nchannel = \"test\"\nversion = 7\n");
    tree.add("a.csv", "900150983cd24fb0d6963f7d28e17f72,Test.Abc,3\n");
    tree.add("a.ndb", "Test.Body:0:*:6162636465{2-5}66676869\nTest.Start:1:EP+0:558bec??\n");
    tree.add("a.ldb", "Test.Logic;Engine:81-255,Target:0;0&1>2;6162;6364\n");
    build_tree(tree, &BuildOptions::default()).expect("a set").set
}

fn open(bytes: Vec<u8>) -> Result<SignatureSet, (SetErrorKind, String)> {
    Unverified::from_bytes(bytes)
        .and_then(Unverified::verify)
        .and_then(SignatureSet::open)
        .map_err(|error| (error.kind(), error.to_string()))
}

#[test]
fn a_sound_set_says_what_it_is() {
    let set = open(bytes()).expect("opened");
    let (about, counts) = (set.about(), set.counts());
    assert_eq!((about.origin, about.channel, about.version), ("example.org", "test", 7));
    assert_eq!((counts.md5, counts.patterns, counts.logicals), (1, 4, 1));
    assert_eq!(set.label().name, "example.org/test@7");
}

#[test]
fn every_single_changed_bit_is_refused() {
    let sound = bytes();
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(open(damaged).is_err(), "byte {at} of {}", sound.len());
    }
}

#[test]
fn every_truncation_and_every_addition_is_refused() {
    let sound = bytes();
    for length in 0..sound.len() {
        assert!(open(sound[..length].to_vec()).is_err(), "cut to {length} of {}", sound.len());
    }
    let longer = [&sound[..], b"\0"].concat();
    assert_eq!(open(longer).expect_err("too long").0, SetErrorKind::Truncated);
}

#[test]
fn errors_name_what_was_expected_what_was_found_and_where() {
    let (kind, message) = open(b"MZ this is a program".to_vec()).expect_err("foreign");
    assert_eq!(kind, SetErrorKind::Foreign);
    assert!(message.contains("MZ this") && message.contains("pellucid set build"), "{message}");

    let mut newer = bytes();
    newer[8] = 2;
    let (kind, message) = open(newer).expect_err("newer");
    assert_eq!(kind, SetErrorKind::Version);
    assert!(message.contains("version 1 expected, 2.0 found"), "{message}");

    let mut damaged = bytes();
    damaged[100] ^= 1;
    let (kind, message) = open(damaged).expect_err("damaged");
    assert_eq!(kind, SetErrorKind::Damaged);
    assert!(message.contains("bytes 0 to"), "{message}");

    let cut = bytes()[..200].to_vec();
    let (kind, message) = open(cut).expect_err("cut");
    assert_eq!(kind, SetErrorKind::Truncated);
    assert!(message.contains("200 found"), "{message}");
}

/// `cp new.pset used.pset` cuts a mapped set off and fills it with other bytes, unverified.
#[test]
fn a_set_that_is_written_to_under_the_engine_does_not_make_files_clean() {
    pellucid::input::survive_shrinking_maps().expect("a handler");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("used.pset");
    let scan_after = |change: &dyn Fn()| {
        std::fs::write(&path, bytes()).expect("written");
        let set = Unverified::from_path(&path).and_then(Unverified::verify).expect("verified");
        let set = SignatureSet::open(set).expect("opened");
        let engine = Engine::builder().set(set).build().expect("an engine");
        change();
        let report = engine.scan(Input::Memory(b"abc"), &ScanOptions::default());
        (report.verdict, report.reasons())
    };
    let write = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).expect("written");
    let changed = vec![Reason::ChangedWhileScanning];
    assert_eq!(scan_after(&|| {}), (Verdict::Malicious, vec![]));
    // What is left may be damaged in the eyes of who reads it, too.
    let cut_off = scan_after(&|| write(&path, b"")).1;
    assert!(cut_off.starts_with(&changed), "{cut_off:?}");
    let other_bytes = scan_after(&|| write(&path, &[0; 100_000])).1;
    assert!(other_bytes.starts_with(&changed), "{other_bytes:?}");
    let renamed = scan_after(&|| {
        let other = folder.path().join("new.pset");
        write(&other, b"other");
        std::fs::rename(other, &path).expect("renamed");
    });
    assert_eq!(renamed, (Verdict::Malicious, vec![]), "replaced as it should be");
}

#[test]
fn a_path_that_is_no_file_is_refused_at_once() {
    for path in ["/", "/dev/null", "/no/such/file"] {
        let error = Unverified::from_path(path.as_ref()).err().expect("refused");
        assert_eq!(error.kind(), SetErrorKind::Unreadable, "{error}");
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[test]
fn a_set_is_opened_from_a_file_as_from_memory() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes()).expect("written");
    let from_file =
        Unverified::from_path(file.path()).and_then(Unverified::verify).expect("verified");
    let from_file = SignatureSet::open(from_file).expect("opened");
    let from_memory = open(bytes()).expect("opened");
    assert_eq!(from_file.root(), from_memory.root());
    let other = set(&[Source::new("a.csv", "900150983cd24fb0d6963f7d28e17f72,Other\n")]);
    assert_ne!(from_file.root(), other.root());
}

/// The number of 64 bits at a place.
fn number(bytes: &[u8], at: usize) -> usize {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk()).expect("eight bytes");
    u64::from_le_bytes(*field) as usize
}

/// Changes a sound set and makes its hash tree agree again: what anybody can do to an unsigned set.
fn forged(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    forged_from(bytes(), change)
}

fn forged_from(mut bytes: Vec<u8>, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    bytes.truncate(number(&bytes, 24));
    change(&mut bytes);
    let leaves: Vec<_> = tree::leaves(&bytes).collect();
    bytes.extend(leaves.concat());
    bytes.extend(tree::root(&leaves));
    bytes
}

/// Where a section lies in the file, and its length.
fn place_of(bytes: &[u8], kind: Section) -> (usize, usize) {
    let is_kind = |&row: &usize| number(bytes, row) as u32 == kind as u32;
    let row = (64..).step_by(32).take(64).find(is_kind).expect("the section is there");
    (number(bytes, row + 8), number(bytes, row + 16))
}

#[test]
fn rows_that_share_bytes_are_refused() {
    // Each row could name all of a section: checking them would take the square of its length.
    let shared = forged(|bytes| {
        let (_, programs) = place_of(bytes, Section::Programs);
        change_rows(bytes, Section::Segments, |row: &mut SegmentRow| {
            row.program = 0.into();
            row.program_length = u32::try_from(programs).expect("small").into();
        });
    });
    let error = open(shared).expect("opened").check_all().expect_err("refused");
    assert_eq!(error.kind(), SetErrorKind::Invalid);
    assert!(error.to_string().contains("Segments"), "{error}");
    let sound = open(forged(|_| {})).expect("opened");
    assert_eq!(sound.check_all(), Ok(()), "the forgery itself is not what is refused");
}

#[test]
fn texts_begin_and_end_with_a_character() {
    let cut = forged(|bytes| {
        let (strings, length) = place_of(bytes, Section::Strings);
        let at =
            strings + bytes[strings..strings + length].iter().rposition(|_| true).expect("text");
        // The last two bytes become one character; the text that ends with it now ends inside.
        bytes[at - 1..=at].copy_from_slice("ä".as_bytes());
        let (about, _) = place_of(bytes, Section::About);
        let offset = u32::try_from(length - 2).expect("small").to_le_bytes();
        bytes[about..about + 4].copy_from_slice(&offset);
        bytes[about + 4..about + 8].copy_from_slice(&1_u32.to_le_bytes());
    });
    let (kind, message) = open(cut).expect_err("refused");
    assert_eq!(kind, SetErrorKind::Invalid);
    assert!(message.contains("text out of range"), "{message}");
}

/// Enough hashes and names for many chunks, and one of three bytes that is looked for.
fn large() -> Vec<u8> {
    let mut list = String::from("900150983cd24fb0d6963f7d28e17f72,Zest.Abc,3\n");
    for number in 0_u64..20_000 {
        let digest = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let size = if number % 7 == 0 { String::new() } else { (number * 31 + 1).to_string() };
        list += &format!("{digest:016x}{number:016x},Test.{digest:016x},{size}\n");
    }
    let mut tree = SourceTree::new();
    tree.add("a.csv", list);
    build_tree(tree, &BuildOptions::default()).expect("a set").set
}

fn scan(set: SignatureSet, bytes: &[u8]) -> Report {
    let engine = Engine::builder().set(set).build().expect("an engine");
    engine.scan(Input::Memory(bytes), &ScanOptions::default())
}

#[test]
fn a_large_set_is_sound_to_the_last_row() {
    let set = open(large()).expect("opened");
    assert_eq!(set.check_all(), Ok(()));
    assert_eq!((set.counts().md5, set.counts().signatures), (20_001, 20_001));
    let report = scan(set, b"abc");
    assert_eq!(report.findings[0].name, "Zest.Abc");
    assert_eq!(report.completeness, Completeness::Complete);
}

#[test]
fn damage_is_never_silent() {
    let sound = large();
    let (mut refused, mut told, mut unneeded) = (0, 0, 0);
    for start in (0..number(&sound, 24)).step_by(1 << 16) {
        let mut damaged = sound.clone();
        damaged[start] ^= 1;
        let Ok(set) = open(damaged) else {
            refused += 1;
            continue;
        };
        let (kind, message) =
            set.check_all().map_err(|e| (e.kind(), e.to_string())).expect_err("it is damaged");
        assert_eq!(kind, SetErrorKind::Damaged);
        assert!(message.contains(&format!("bytes {start} to")), "{message}");
        let report = scan(set, b"abc");
        if report.reasons() == [Reason::SetDamaged] {
            told += 1;
        } else {
            assert_eq!(report.findings[0].name, "Zest.Abc", "{start}");
            assert_eq!(report.completeness, Completeness::Complete);
            unneeded += 1;
        }
    }
    assert!(refused > 0 && told > 0 && unneeded > 0, "{refused} {told} {unneeded}");
}

#[test]
fn a_hit_whose_name_is_damaged_is_still_a_hit() {
    let mut damaged = large();
    let (names, length) = place_of(&damaged, Section::Names);
    damaged[names + length - 1] ^= 1;
    let report = scan(open(damaged).expect("opened"), b"abc");
    assert_eq!((report.verdict, report.reasons()), (Verdict::Malicious, vec![Reason::SetDamaged]));
    assert!(report.findings[0].name.contains("its name is damaged"), "{report:?}");
}

/// Writes a number of 32 bits.
fn put(bytes: &mut [u8], at: usize, number: u32) {
    let field = bytes.get_mut(at..at + 4).expect("inside");
    field.copy_from_slice(&number.to_le_bytes());
}

/// Sets whose tree agrees with contents that nobody would write: they may miss what they name, and never
/// do worse.
#[test]
fn hostile_tables_are_told_where_they_are_used() {
    type Change = fn(&mut [u8]);
    let in_use: [(&str, Change); 6] = [
        ("a bucket that begins behind the rows", |bytes| {
            let (table, _) = place_of(bytes, Section::Md5);
            put(bytes, table + 4, 2);
        }),
        ("no such signature", |bytes| {
            let (table, length) = place_of(bytes, Section::Md5);
            put(bytes, table + length - 4, 1_000);
        }),
        ("names that begin behind their section", |bytes| {
            let (blocks, _) = place_of(bytes, Section::NameBlocks);
            put(bytes, blocks, u32::MAX);
        }),
        ("a name that is longer than its block", |bytes| {
            let (names, _) = place_of(bytes, Section::Names);
            bytes[names] = 15;
        }),
        ("a name that drops more than there is", |bytes| {
            let (names, _) = place_of(bytes, Section::Names);
            bytes[names] |= 0x10;
        }),
        ("a name that is no text", |bytes| {
            let (names, length) = place_of(bytes, Section::Names);
            bytes[names + 1..names + length].fill(0xff);
        }),
    ];
    for (what, change) in in_use {
        let set = open(forged(change)).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(set.check_all().expect_err(what).kind(), SetErrorKind::Invalid, "{what}");
        assert_eq!(scan(set, b"abc").reasons(), [Reason::SetDamaged], "{what}");
    }
    let in_measures: [(&str, Change); 5] = [
        ("rows of table Md5 that do not fill it", |bytes| {
            let (measures, _) = place_of(bytes, Section::HashTables);
            put(bytes, measures + 8, u32::MAX);
        }),
        ("a table that is none", |bytes| {
            let (measures, _) = place_of(bytes, Section::HashTables);
            put(bytes, measures, Section::Names as u32);
        }),
        ("groups that do not begin at 0", |bytes| {
            let (groups, _) = place_of(bytes, Section::Groups);
            put(bytes, groups, 1);
        }),
        ("more signatures than names", |bytes| {
            let (groups, length) = place_of(bytes, Section::Groups);
            put(bytes, groups + length - 8, 10_000);
        }),
        ("an origin that is not there", |bytes| {
            let (groups, _) = place_of(bytes, Section::Groups);
            bytes[groups + 8] = 200;
        }),
    ];
    for (what, change) in in_measures {
        let (kind, message) = open(forged(change)).expect_err(what);
        assert_eq!(kind, SetErrorKind::Invalid, "{what}: {message}");
    }
}

/// Order is not asked before a table is used, since that would take a look at all of it.
#[test]
fn a_table_out_of_order_may_miss_and_does_no_worse() {
    type Change = fn(&mut [u8], usize);
    let changes: [(&str, Change); 3] = [
        ("buckets", |bytes, table| {
            let (one, other) = bytes[table..].split_at_mut(8);
            one[..4].swap_with_slice(&mut other[..4]);
        }),
        ("digests", |bytes, table| {
            let end = table + place_of(bytes, Section::Md5).1;
            bytes[end - 20..end - 4].fill(0);
        }),
        ("lowest bytes", |bytes, table| {
            let measures = place_of(bytes, Section::HashTables).0;
            let buckets = number(bytes, measures) >> 32;
            bytes[table + 8 * buckets] = 0xff;
        }),
    ];
    for (what, change) in changes {
        let table = place_of(&large(), Section::Md5).0;
        let set = open(forged_from(large(), |bytes| change(bytes, table))).expect("opened");
        let report = scan(set.clone(), b"abc");
        assert_eq!(report.completeness, Completeness::Complete, "{what}");
        assert_eq!(set.check_all().expect_err(what).kind(), SetErrorKind::Invalid, "{what}");
    }
}

/// A set of two certificates: one is blocked, one trusted.
fn certificates() -> Vec<u8> {
    let (subject, other) = ("01".repeat(20), "02".repeat(20));
    let key = "c1".repeat(128);
    let mut tree = SourceTree::new();
    tree.add(
        "a.crb",
        format!(
            "Test.Blocked;0;{subject};;{key};;0;0;0;;\nTest.Trusted;1;{other};;{key};;1;1;1;;\n"
        ),
    );
    build_tree(tree, &BuildOptions::default()).expect("a set").set
}

#[test]
fn certificates_name_what_is_there_and_are_sorted() {
    const ROW: usize = 92;
    let (modulus_length, modulus, signature) = (82, 84, 88);
    let change = |change: &dyn Fn(&mut [u8])| {
        open(forged_from(certificates(), |bytes| {
            let (rows, length) = place_of(bytes, Section::Certificates);
            assert_eq!(length, 2 * ROW);
            change(&mut bytes[rows..rows + length]);
        }))
    };
    assert!(change(&|_| {}).is_ok());
    for (what, broken) in [
        ("row 1 of section Certificates: no such signature", ROW + signature),
        ("row 1 of section Certificates: modulus out of range", ROW + modulus),
        ("row 1 of section Certificates: modulus out of range", ROW + modulus_length),
        ("row 0 of section Certificates: not in rising order", 0),
    ] {
        let (kind, message) = change(&|rows| rows[broken] = 0xff).expect_err(what);
        assert_eq!(kind, SetErrorKind::Invalid);
        assert!(message.contains(what), "{message}");
    }
}

/// Changes every row of a section.
fn change_rows<T>(bytes: &mut [u8], section: Section, change: impl FnMut(&mut T))
where
    T: FromBytes + IntoBytes + Immutable + KnownLayout + Unaligned,
{
    let (start, length) = place_of(bytes, section);
    let bytes = bytes.get_mut(start..start + length).expect("inside");
    let rows = <[T]>::mut_from_bytes(bytes).expect("whole rows");
    assert!(!rows.is_empty(), "{section:?}");
    rows.iter_mut().for_each(change);
}

/// A pattern of one piece, one of two, one at the start, a short one, a logical signature
/// with a condition and a part that is looked for late, and one that holds where nothing matches.
fn patterns() -> Vec<u8> {
    let mut tree = SourceTree::new();
    tree.add(
        "a.ndb",
        "One:0:*:6f6e652070696563652061742061\nTwo:0:*:74776f2070696563657320*6f662069742066\n\
         Start:0:0:64617461\nNone:0:*:6f74\n",
    );
    tree.add(
        "a.ldb",
        "Logic;Engine:81-255,Target:0;0&1>1;6c6f676963616c2070617274206f6e65;\
         6c6f6f6b656420666f72206c617465\n\
         Inside;Engine:81-255,Target:0,Container:CL_TYPE_ZIP;0;6c6f676963616c2070617274206f6e65\n\
         Never;Engine:81-255,Target:0;0=0;6e65766572207468657265\n",
    );
    build_tree(tree, &BuildOptions::default()).expect("a set").set
}

const TEXT: &[u8] =
    b"data: one piece at a. two pieces of it. two pieces of it for all. logical part one, \
    looked for late, looked for late; otdtd";

/// What a row says is believed where it is used, and not before: a row of every kind, with every field
/// out of its range.
#[test]
fn hostile_rows_are_told_where_they_are_used_or_hide_what_they_name() {
    type Change = fn(&mut [u8]);
    let told: [(&str, Change); 15] = [
        ("a pattern without segments", |bytes| {
            change_rows(bytes, Section::Patterns, |row: &mut PatternRow| row.segments = 0.into());
        }),
        ("segments that are not there", |bytes| {
            change_rows(bytes, Section::Patterns, |row: &mut PatternRow| {
                row.first_segment = u32::MAX.into();
            });
        }),
        ("a target that is none", |bytes| {
            change_rows(bytes, Section::Patterns, |row: &mut PatternRow| row.target = 200);
        }),
        ("an offset that means nothing", |bytes| {
            change_rows(bytes, Section::Patterns, |row: &mut PatternRow| row.offset_kind = 200);
        }),
        ("an owner that is not there", |bytes| {
            change_rows(bytes, Section::Patterns, |row: &mut PatternRow| row.owner = 999.into());
        }),
        ("a segment of another pattern", |bytes| {
            change_rows(bytes, Section::Segments, |row: &mut SegmentRow| row.pattern = 0.into());
        }),
        ("a program that is not there", |bytes| {
            change_rows(bytes, Section::Segments, |row: &mut SegmentRow| {
                row.program = u32::MAX.into();
            });
        }),
        ("a program that is none", |bytes| {
            let (programs, length) = place_of(bytes, Section::Programs);
            bytes[programs..programs + length].fill(0xff);
        }),
        ("a literal that is not there", |bytes| {
            change_rows(bytes, Section::Segments, |row: &mut SegmentRow| {
                row.literal = u32::MAX.into();
                row.literal_length = u16::MAX.into();
            });
        }),
        ("patterns that are not there", |bytes| {
            change_rows(bytes, Section::Logicals, |row: &mut LogicalRow| {
                row.first_pattern = u32::MAX.into();
            });
        }),
        ("a condition that is not there", |bytes| {
            change_rows(bytes, Section::Logicals, |row: &mut LogicalRow| row.condition = 99.into());
        }),
        ("a condition that means nothing", |bytes| {
            change_rows(bytes, Section::Conditions, |row: &mut ConditionRow| row.flags = 0xff);
        }),
        ("an expression that is not there", |bytes| {
            change_rows(bytes, Section::Logicals, |row: &mut LogicalRow| {
                row.expression_length = u32::MAX.into();
            });
        }),
        ("an expression that is none", |bytes| {
            let (expressions, length) = place_of(bytes, Section::Expressions);
            bytes[expressions..expressions + length].fill(0xff);
        }),
        ("an anchor of no segment", |bytes| {
            change_rows(bytes, Section::Anchors, |row: &mut AnchorRow| row.segment = 999.into());
        }),
    ];
    let sound = scan(open(patterns()).expect("opened"), TEXT);
    let names: Vec<&str> = sound.findings.iter().map(|finding| finding.name.as_str()).collect();
    assert_eq!(names, ["Logic", "Never", "None", "One", "Start", "Two"]);
    for (what, change) in told {
        let set = open(forged_from(patterns(), change)).unwrap_or_else(|e| panic!("{what}: {e:?}"));
        assert_eq!(set.check_all().expect_err(what).kind(), SetErrorKind::Invalid, "{what}");
        assert_eq!(scan(set, TEXT).reasons(), [Reason::SetDamaged], "{what}");
    }
    let quiet: [(&str, Change); 6] = [
        ("a lead that lies behind the data", |bytes| {
            change_rows(bytes, Section::Segments, |row: &mut SegmentRow| {
                row.lead_min = u32::MAX.into();
            });
        }),
        ("anchors that lie before their pattern", |bytes| {
            change_rows(bytes, Section::Anchors, |row: &mut AnchorRow| {
                row.lead_min = u32::MAX.into();
                row.check_at = i16::MIN.into();
            });
        }),
        ("cells of anchors that are not there", |bytes| {
            change_rows(bytes, Section::Buckets, |row: &mut BucketRow| {
                row.cells = [u32::MAX.into(); 7];
            });
        }),
        ("buckets that go on with each other", |bytes| {
            change_rows(bytes, Section::Buckets, |row: &mut BucketRow| row.next = 1.into());
        }),
        ("a place that is none", |bytes| {
            change_rows(bytes, Section::Places, |row: &mut PlaceRow| row.offset_kind = 200);
        }),
        ("targets that are none", |bytes| {
            let (targets, length) = place_of(bytes, Section::Targets);
            bytes[targets..targets + length].fill(200);
        }),
    ];
    for (what, change) in quiet {
        let set = open(forged_from(patterns(), change)).unwrap_or_else(|e| panic!("{what}: {e:?}"));
        assert!(scan(set, TEXT).findings.len() <= 6, "{what}");
    }
    let entries: [(&str, Change); 3] = [
        ("places without their patterns", |bytes| {
            change_rows(bytes, Section::Places, |row: &mut PlaceRow| row.first = 999.into());
        }),
        ("a place of a pattern that is not there", |bytes| {
            change_rows(bytes, Section::PlaceEntries, |row: &mut PlaceEntry| {
                row.pattern = 999.into();
            });
        }),
        ("nothing there that is always asked", |bytes| {
            change_rows(bytes, Section::Always, |row: &mut AlwaysRow| row.row = 999.into());
        }),
    ];
    for (what, change) in entries {
        let set = open(forged_from(patterns(), change)).unwrap_or_else(|e| panic!("{what}: {e:?}"));
        assert!(set.check_all().is_err(), "{what}");
        assert_eq!(scan(set, TEXT).reasons(), [Reason::SetDamaged], "{what}");
    }
}

/// Any byte of any row may be anything.
#[test]
fn no_forged_byte_does_worse_than_to_hide_a_signature() {
    let rows = [
        Section::Patterns,
        Section::Segments,
        Section::Programs,
        Section::Logicals,
        Section::Expressions,
        Section::Conditions,
        Section::Anchors,
        Section::Places,
        Section::PlaceEntries,
        Section::Always,
        Section::Tables,
        Section::Targets,
    ];
    let sound = patterns();
    for section in rows {
        let (start, length) = place_of(&sound, section);
        for at in start..start + length {
            for value in [0, 0xff] {
                let forged = forged_from(sound.clone(), |bytes| bytes[at] = value);
                if let Ok(set) = open(forged) {
                    let report = scan(set, TEXT);
                    let internal = report.reasons().contains(&Reason::InternalError);
                    assert!(!internal, "{value:#x} at {} of {section:?}", at - start);
                }
            }
        }
    }
}
