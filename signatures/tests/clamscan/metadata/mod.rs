//! Container metadata: every field of a record, over archives that are made for it.

mod archives;
mod file_types;
mod names;
mod passwords;
mod random;

use archives::{Entry, tar, zip, zip_of, zip_with};

use crate::trial::Trial;
use crate::{Case, hold};

/// A number that a table gives as text.
fn number(text: &[u8]) -> usize {
    std::str::from_utf8(text).unwrap().parse().unwrap()
}

/// Archives by name.
fn archive(name: &[u8]) -> Vec<u8> {
    let first = || Entry::deflated(b"first.txt", &[b'a'; 300]);
    let with = |name: &[u8]| zip(&[first(), Entry::stored(name, b"<x/>")]);
    match name {
        b"zip" => zip(&[first()]),
        b"jar" => with(b"META-INF/MANIFEST.MF"),
        b"docx" => with(b"word/document.xml"),
        b"xlsx" => with(b"xl/workbook.xml"),
        b"pptx" => with(b"ppt/presentation.xml"),
        b"hwpx" => with(b"Contents/content.hpf"),
        b"tar" => tar(&[(b"first.txt", b'0', 300)], true),
        b"old tar" => tar(&[(b"first.txt", 0, 300)], false),
        b"tar in zip" => zip(&[Entry::deflated(b"a.tar", &archive(b"tar"))]),
        b"zip in zip" => zip(&[Entry::stored(b"a.zip", &archive(b"zip"))]),
        b"zip behind text" => zip_with(&b"some text ".repeat(9), &[first()], b""),
        b"gzip" => gzip(&[b'a'; 300]),
        b"text" => b"first.txt and no archive".to_vec(),
        _ => panic!("no such archive"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const CONTAINERS: &[Case] = &[
    Case {
        format: "cdb",
        record: "#:CL_TYPE_ZIP:*:*:*:*:*:*:*:*",
        hits: &[b"zip", b"jar", b"zip in zip", b"zip behind text", b"docx"],
        misses: &[b"tar", b"gzip", b"text"],
    },
    Case {
        format: "cdb",
        record: "#:*:*:*:*:*:*:*:*:*",
        hits: &[b"zip", b"tar", b"old tar", b"docx", b"zip behind text"],
        misses: &[b"gzip", b"text"],
    },
    Case {
        format: "cdb",
        record: "#:CL_TYPE_ANY:*:*:*:*:*:*:*:*",
        hits: &[b"zip", b"old tar"],
        misses: &[b"gzip", b"text"],
    },
    Case {
        format: "cdb",
        record: "#:CL_TYPE_POSIX_TAR:*:*:*:*:*:*:*:*",
        hits: &[b"tar", b"tar in zip"],
        misses: &[b"zip", b"old tar"],
    },
    Case {
        format: "cdb",
        record: "#:CL_TYPE_OOXML_WORD:*:*:*:*:*:*:*:*",
        hits: &[b"docx"],
        misses: &[b"zip", b"xlsx", b"pptx"],
    },
    Case {
        format: "cdb",
        record: "#:CL_TYPE_OOXML_XL:*:*:*:*:*:*:*:*",
        hits: &[b"xlsx"],
        misses: &[b"zip", b"docx"],
    },
    Case {
        format: "cdb",
        record: "#:CL_TYPE_OOXML_PPT:*:*:*:*:*:*:*:*",
        hits: &[b"pptx"],
        misses: &[b"docx", b"hwpx"],
    },
    Case {
        format: "cdb",
        record: "#:CL_TYPE_OOXML_HWP:*:*:*:*:*:*:*:*",
        hits: &[b"hwpx"],
        misses: &[b"docx", b"jar"],
    },
];

#[test]
fn containers() {
    hold(CONTAINERS, archive);
}

/// The table of containers once more, where the old form of tar alone is asked for: ClamAV's name for
/// it, and the record that must not mistake the new form for it.
#[test]
fn old_tar() {
    const CASES: &[Case] = &[Case {
        format: "cdb",
        record: "#:CL_TYPE_OLD_TAR:*:*:*:*:*:*:*:*",
        hits: &[b"old tar"],
        misses: &[b"tar", b"zip"],
    }];
    hold(CASES, archive);
}

const NUMBERS: &[&str] = &["100", "99-101", "0-100", "100-4294967295", "4294967396", "100-200-300"];

/// A number in each of its fields, asked of archives with 99, 100, 101 and 500 in that field.
fn hold_numbers(field: usize, frame: fn(&[u8]) -> Vec<u8>) {
    let mut trial = Trial::default();
    for (index, number) in NUMBERS.iter().enumerate() {
        let mut fields = ["*"; 9];
        fields[field] = number;
        trial.source("t.cdb", format!("Number.{index}:{}\n", fields.join(":")));
    }
    for number in ["99", "100", "101", "500"] {
        trial.file(number, frame(number.as_bytes()));
    }
    let expected = [("99", "1 2"), ("100", "0 1 2 3 4 5"), ("101", "1 3 5"), ("500", "3")];
    let expected = expected.iter().flat_map(|(file, numbers)| {
        numbers.split(' ').map(move |n| ((*file).to_owned(), format!("Number.{n}")))
    });
    assert_eq!(trial.ours(), expected.collect());
    trial.assert_same();
}

#[test]
fn container_sizes() {
    hold_numbers(1, |text| {
        let entry = Entry::stored(b"", b"");
        let empty = zip(std::slice::from_ref(&entry)).len();
        zip_with(b"", &[entry], &vec![b'c'; number(text) - empty])
    });
}

#[test]
fn sizes() {
    hold_numbers(3, |text| zip(&[Entry::stored(b"a", &vec![7; number(text)])]));
    hold_numbers(4, |text| zip(&[Entry::deflated(b"a", &vec![7; number(text)])]));
    hold_numbers(3, |text| tar(&[(b"a", b'0', number(text))], true));
    hold_numbers(4, |text| tar(&[(b"a", b'0', number(text))], true));
}

/// What the headers say counts, not what the data are.
#[test]
fn sizes_are_claims() {
    let mut trial = Trial::default();
    for size in [7, 70, 700] {
        trial.source("t.cdb", format!("Packed.{size}:*:*:*:{size}:*:*:*:*:*\n"));
        trial.source("t.cdb", format!("Real.{size}:*:*:*:*:{size}:*:*:*:*\n"));
    }
    let mut entry = Entry::stored(b"a", b"content");
    entry.central.size = 70;
    trial.file("central", zip(std::slice::from_ref(&entry)));
    entry.local.packed = 700;
    trial.file("both", zip(&[entry]));
    let found = |names: &[&str], file: &str| {
        names.iter().map(|name| (file.to_owned(), (*name).to_owned())).collect::<Vec<_>>()
    };
    let expected = [
        found(&["Packed.7", "Real.7", "Real.70"], "central"),
        found(&["Packed.7", "Packed.700", "Real.7", "Real.70"], "both"),
    ];
    assert_eq!(trial.ours(), expected.into_iter().flatten().collect());
    trial.assert_same();
}

const ENCRYPTED: &[Case] = &[
    Case {
        format: "cdb",
        record: "#:*:*:*:*:*:1:*:*:*",
        hits: &[b"locked", b"locked folder", b"one of two"],
        misses: &[b"open", b"tar"],
    },
    Case {
        format: "cdb",
        record: "#:*:*:*:*:*:0:*:*:*",
        hits: &[b"open", b"tar", b"one of two"],
        misses: &[b"locked", b"locked folder"],
    },
    Case {
        format: "cdb",
        record: "#:*:*:*:*:*:*:*:*:*",
        hits: &[b"open", b"locked"],
        misses: &[b"text"],
    },
];

#[test]
fn encryption() {
    hold(ENCRYPTED, |name| match name {
        b"locked" => zip(&[Entry::stored(b"a", b"noise and more noise").encrypted()]),
        b"locked folder" => zip(&[Entry::stored(b"a/", b"").encrypted()]),
        b"one of two" => {
            zip(&[Entry::stored(b"a", b"x"), Entry::stored(b"b", b"noise, noise").encrypted()])
        }
        b"open" => zip_of(b"a"),
        other => archive(other),
    });
}

const POSITIONS: &[Case] = &[
    Case {
        format: "cdb",
        record: "#:*:*:^it$:*:*:*:1:*:*",
        hits: &[b"zip 1", b"tar 1"],
        misses: &[b"zip 2", b"tar 2", b"zip 4"],
    },
    Case {
        format: "cdb",
        record: "#:*:*:^it$:*:*:*:2-3:*:*",
        hits: &[b"zip 2", b"zip 3", b"tar 2"],
        misses: &[b"zip 1", b"tar 1", b"tar 4"],
    },
    Case {
        format: "cdb",
        record: "#:*:*:^it$:*:*:*:0:*:*",
        hits: &[b"sfx 1", b"sfx 3"],
        misses: &[b"zip 1", b"tar 1"],
    },
];

#[test]
fn positions() {
    hold(POSITIONS, |text| {
        let (form, number) = text.split_at(4);
        let place = self::number(number);
        let name = |index| if index == place { &b"it"[..] } else { &b"other"[..] };
        let entries: Vec<_> = (1..5).map(|index| Entry::stored(name(index), b"text")).collect();
        // Folders and links count in ZIP archives, and not in tar archives.
        let mut members: Vec<_> = vec![(&b"folder/"[..], b'5', 0), (b"link", b'2', 0)];
        members.extend((1..5).map(|index| (name(index), b'0', 5)));
        match form {
            b"zip " => zip(&entries),
            b"sfx " => zip_with(&b"some text ".repeat(9), &entries, b""),
            _ => tar(&members, true),
        }
    });
}

/// The older form, of ZIP archives: each field, and what it has for nothing.
const OLDER: &[Case] = &[
    Case {
        format: "zmd",
        record: "#:*:^it$:*:*:*:*:*:*",
        hits: &[b"4", b"in text"],
        misses: &[b"tar", b"text"],
    },
    Case {
        format: "zmd",
        record: "#:0:^it$:007:7:00000000:8:1:0",
        hits: &[b"7", b"7 and other"],
        misses: &[b"8", b"other and 7", b"locked"],
    },
    Case {
        format: "zmd",
        record: "#:1:*:*:*:*:*:*:*",
        hits: &[b"locked"],
        misses: &[b"7", b"tar"],
    },
    Case { format: "zmd", record: "#:2:*:*:*:zz::*:", hits: &[b"locked", b"7"], misses: &[b"tar"] },
    Case { format: "zmd", record: "#::it:::*:*:*:*", hits: &[b"0"], misses: &[b"4", b"locked"] },
];

#[test]
fn the_older_form() {
    let it = |size: usize| Entry::stored(b"it", &vec![b'x'; size]);
    let other = || Entry::stored(b"other", b"data");
    hold(OLDER, |name| match name {
        b"tar" | b"text" => archive(name),
        b"locked" => zip(&[Entry::stored(b"it", b"noise and more noise").encrypted()]),
        b"in text" => zip_with(&b"some text ".repeat(9), &[it(4)], b""),
        b"7 and other" => zip(&[it(7), other()]),
        b"other and 7" => zip(&[other(), it(7)]),
        size => zip(&[it(number(size))]),
    });
}

/// Entries that the directory does not list say nothing; those whose header is lost say it once.
#[test]
fn entries_without_one_of_their_headers() {
    let mut trial = Trial::default();
    trial
        .source("t.cdb", "A:*:*:^a$:*:*:*:*:*:*\nB:*:*:^b$:*:*:*:*:*:*\nL:*:*:local:*:*:*:*:*:*\n");
    let mut hidden = Entry::stored(b"a", b"content");
    hidden.listed = false;
    trial.file("hidden", zip(&[hidden, Entry::stored(b"b", b"content")]));
    let mut renamed = Entry::stored(b"a", b"content");
    renamed.local.name = b"local".to_vec();
    trial.file("renamed", zip(std::slice::from_ref(&renamed)));
    let mut lost = zip(&[renamed]);
    lost[0] = b'Q';
    trial.file("lost", [b"PK\x03\x04".as_slice(), &lost[4..]].concat());
    trial.assert_same();
}

#[test]
fn reserved_fields_and_levels() {
    const CASES: &[Case] = &[
        Case {
            format: "cdb",
            record: "#:*:*:*:*:*:*:*:FFFFFFFF:*",
            hits: &[b"zip", b"tar"],
            misses: &[b"text", b"gzip"],
        },
        Case {
            format: "cdb",
            record: "#:*:*:*:*:*:*:*:0:anything",
            hits: &[b"zip", b"tar"],
            misses: &[b"text", b"gzip"],
        },
        Case {
            format: "cdb",
            record: "#:*:*:*:*:*:*:*:*:*:51:216",
            hits: &[b"zip", b"tar"],
            misses: &[b"text", b"gzip"],
        },
    ];
    hold(CASES, archive);
    let mut trial = Trial::default();
    trial.source("t.cdb", "A:*:*:*:*:*:*:*:*:*:217\nB:*:*:*:*:*:*:*:*:*:1:215\n");
    trial.source("t.cdb", "C:*:*:*:*:*:*:*:*:*:1:\nD:*:*:*:*:*:*:*:*:*:\n");
    trial.file("zip", archive(b"zip"));
    assert_eq!(trial.ours(), [("zip".into(), "D".into())].into());
    trial.assert_same();
}
