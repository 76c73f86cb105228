//! Hashes of whole files, of a program's sections and of its imports; allow-lists.

use sha2::digest::{Digest, Output};

use crate::programs::Program;
use crate::trial::{Difference, Found, Trial};

fn hex<D: Digest>(bytes: &[u8]) -> String {
    let digest: Output<D> = D::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Each algorithm's name and digest.
fn digests(bytes: &[u8]) -> [(&'static str, String); 3] {
    [
        ("Md5", hex::<md5::Md5>(bytes)),
        ("Sha1", hex::<sha1::Sha1>(bytes)),
        ("Sha256", hex::<sha2::Sha256>(bytes)),
    ]
}

fn md5(bytes: &[u8]) -> String {
    hex::<md5::Md5>(bytes)
}

/// The findings that a trial must give, by us alone and beside clamscan.
fn hold(trial: &Trial, expected: &[(&str, &str)]) {
    let expected: Found =
        expected.iter().map(|&(file, name)| (file.to_owned(), name.to_owned())).collect();
    assert_eq!(trial.ours(), expected);
    trial.assert_same();
}

const KNOWN: &[u8] = b"\x00\x01known bytes\x02";
const OTHER: &[u8] = b"\x00\x01other bytes\x02";

#[test]
fn whole_files_in_every_format_by_every_digest() {
    let mut trial = Trial::default();
    trial.file("known", KNOWN).file("other", OTHER);
    let mut names = Vec::new();
    for format in ["hdb", "hsb", "hdu", "hsu"] {
        for (algorithm, digest) in digests(KNOWN) {
            let name = format!("{format}.{algorithm}");
            let upper = digest.to_uppercase();
            let (size, far) = (KNOWN.len(), KNOWN.len() + 1);
            let lines = format!(
                "{digest}:{size}:{name}\n{upper}:*:{name}.Any:73\r\n{digest}:{far}:{name}.Size\n\
                 {digest}:{size}:{name}.New:217\n{digest}:{size}:{name}.Old:1:215\n\
                 # {digest}:{size}:{name}.Comment\n"
            );
            trial.source(&format!("a.{format}"), lines);
            names.extend([name.clone(), format!("{name}.Any")]);
        }
    }
    // One name for each hash and size, so each format and algorithm goes alone.
    let found = trial.ours();
    let expected: Found = names.into_iter().map(|name| ("known".to_owned(), name)).collect();
    assert_eq!(found, expected);
    let Difference { missed, .. } = trial.difference();
    assert_eq!(missed, Found::new());
}

#[test]
fn each_format_and_digest_alone() {
    for format in ["hdb", "hsb", "hdu", "hsu"] {
        let mut trial = Trial::default();
        trial.file("known", KNOWN).file("other", OTHER);
        for (algorithm, digest) in digests(KNOWN) {
            trial.source(&format!("a.{format}"), format!("{digest}:{}:{algorithm}\n", KNOWN.len()));
        }
        hold(&trial, &[("known", "Md5"), ("known", "Sha1"), ("known", "Sha256")]);
    }
}

/// clamscan keeps one name for each hash and size: the last that it loads. We give all of them.
#[test]
fn two_names_of_one_hash() {
    let mut trial = Trial::default();
    let (digest, size) = (md5(KNOWN), KNOWN.len());
    trial.file("known", KNOWN);
    trial.source("a.hdb", format!("{digest}:{size}:First\n{digest}:{size}:Second\n"));
    let named = |name: &str| Found::from([("known".to_owned(), name.to_owned())]);
    assert_eq!(trial.ours(), &named("First") | &named("Second"));
    let Difference { missed, more } = trial.difference();
    assert_eq!(missed, Found::new());
    assert!(more.is_empty() || more == named("First"), "{more:?}");
}

/// A program with sections that are alike, and one that is not.
fn program(bits: u8) -> Program {
    let mut program = Program::new(bits);
    program.sections = vec![b"the one".to_vec(), vec![7; 0x300], b"the one".to_vec()];
    program
}

#[test]
fn sections_in_every_format_by_every_digest() {
    for format in ["mdb", "msb", "mdu", "msu"] {
        let mut trial = Trial::default();
        for bits in [32, 64] {
            trial.file(&format!("program{bits}"), program(bits).build());
        }
        let mut other = program(32);
        other.sections = vec![b"another".to_vec()];
        trial.file("other", other.build()).file("bare", program(32).section(0));
        for (algorithm, digest) in digests(&program(32).section(0)) {
            trial.source(
                &format!("a.{format}"),
                format!(
                    "512:{digest}:{algorithm}\n*:{digest}:{algorithm}.Any:73\n\
                     513:{digest}:{algorithm}.Size\n1024:{digest}:{algorithm}.Larger\n"
                ),
            );
        }
        let names = ["Md5", "Sha1", "Sha256", "Md5.Any", "Sha1.Any", "Sha256.Any"];
        let files = ["program32", "program64"];
        let expected: Vec<_> =
            files.iter().flat_map(|file| names.iter().map(|name| (*file, *name))).collect();
        hold(&trial, &expected);
    }
}

#[test]
fn a_section_is_what_stands_in_the_file() {
    let mut trial = Trial::default();
    let sound = program(32);
    trial.file("program", sound.build());
    let (one, two) = (sound.section(0), sound.section(1));
    let file = sound.build();
    // Cut short, the last section ends where the file ends.
    let end = file.windows(7).rposition(|bytes| bytes == b"the one").unwrap();
    trial.file("cut", &file[..end + 20]);
    // An entry point that is nowhere in the file breaks the headers.
    let mut broken = file.clone();
    broken[0x40 + 24 + 16..][..4].copy_from_slice(&0x70_0000_u32.to_le_bytes());
    trial.file("broken", broken);
    let unpadded = md5(b"the one");
    trial.source(
        "a.mdb",
        format!(
            "512:{}:One\n1024:{}:Two\n20:{}:Cut\n7:{unpadded}:Unpadded\n*:{unpadded}:Any:73\n",
            md5(&one),
            md5(&two),
            md5(&one[..20]),
        ),
    );
    hold(
        &trial,
        &[("program", "One"), ("program", "Two"), ("cut", "One"), ("cut", "Two"), ("cut", "Cut")],
    );
}

#[test]
fn imports_by_every_digest() {
    let mut trial = Trial::default();
    let sound = Program::new(32);
    let text = sound.imports_as_text();
    assert_eq!(text, "kernel32.exitprocess,kernel32.sleep");
    trial.file("program", sound.build());
    // Programs of 64 bits are not asked.
    trial.file("wide", Program::new(64).build());
    let mut other = sound;
    other.imports.push(("USER32.dll", vec!["MessageBoxA"]));
    trial.file("other", other.build());
    let size = text.len();
    for (algorithm, digest) in digests(text.as_bytes()) {
        trial.source(
            "a.imp",
            format!(
                "{digest}:{size}:{algorithm}\n{digest}:*:{algorithm}.Any:73\n\
                 {digest}:{}:{algorithm}.Size\n",
                size + 1
            ),
        );
    }
    let names = ["Md5", "Sha1", "Sha256", "Md5.Any", "Sha1.Any", "Sha256.Any"];
    hold(&trial, &names.map(|name| ("program", name)));
}

#[test]
fn names_of_libraries_and_functions() {
    let mut trial = Trial::default();
    let cases = [
        ("upper", vec![("FOO.DLL", vec!["AbC"])], "foo.abc"),
        ("ocx", vec![("foo.Ocx", vec!["a"])], "foo.a"),
        ("drv", vec![("foo.drv", vec!["a"])], "foo.drv.a"),
        ("twice", vec![("foo.sys.dll", vec!["a"])], "foo.a"),
        ("behind", vec![("foo1.2.dll", vec!["a"])], "foo1.2.dll.a"),
        ("none", vec![("a.dll", vec![]), ("b.dll", vec!["x"])], "b.x"),
        ("strange", vec![("a.dll", vec!["x", "y-z"])], "a.x,a.y-z"),
    ];
    for (name, imports, text) in cases {
        let program = Program { imports, ..Program::new(32) };
        trial.file(name, program.build());
        trial.source("a.imp", format!("{}:{}:{name}\n", md5(text.as_bytes()), text.len()));
    }
    let found = ["upper", "ocx", "drv", "twice", "behind", "none"];
    // `foo.a` is what two of them import, under one hash: clamscan knows its last name alone.
    let mut expected: Found = found.map(|name| (name.to_owned(), name.to_owned())).into();
    expected.insert(("ocx".into(), "twice".into()));
    expected.insert(("twice".into(), "ocx".into()));
    assert_eq!(trial.ours(), expected);
    let Difference { missed, more } = trial.difference();
    assert_eq!(missed, Found::new());
    assert!(more.iter().all(|(_, name)| name == "ocx"), "{more:?}");
}

#[test]
fn allow_lists_speak_of_whole_files() {
    let sound = program(32);
    let (file, section) = (sound.build(), sound.section(0));
    let signature = format!("512:{}:Section\n", md5(&section));
    for (list, digest) in [("fp", 0), ("sfp", 1), ("fp", 2), ("sfp", 0)] {
        let mut trial = Trial::default();
        trial.file("program", file.clone()).source("a.mdb", &signature);
        let (algorithm, of_file) = &digests(&file)[digest];
        trial.source(&format!("b.{list}"), format!("{of_file}:{}:{algorithm}\n", file.len()));
        hold(&trial, &[]);

        let mut trial = Trial::default();
        trial.file("program", file.clone()).source("a.mdb", &signature);
        let (_, of_section) = &digests(&section)[digest];
        let of_other_size = format!("{of_file}:{}:B\n", file.len() + 1);
        trial.source(&format!("b.{list}"), format!("{of_section}:512:A\n{of_other_size}"));
        hold(&trial, &[("program", "Section")]);
    }
}
