//! Where a signature is in a program, and what of the program it covers.

use super::signer::{
    CHECKSUM, DIRECTORY, Hash, Signing, attach, content_of, digest_of, entry, program,
};
use super::{
    Case, NEEDLE, NOBODY, People, TRUSTED, block, by_leaf, case, check, people, root_trust,
};

fn expect(what: &'static str, program: Vec<u8>, finds: &'static [&'static str]) -> Case {
    case(what, [root_trust()], program, finds)
}

/// A signed program with other bytes at one place.
fn patched(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut program = by_leaf().make();
    program[at..at + bytes.len()].copy_from_slice(bytes);
    program
}

/// A program that was changed at some places, and then signed.
fn built(changes: &[(usize, &[u8])], behind: &[u8]) -> Vec<u8> {
    let mut program = program(NEEDLE);
    for (at, bytes) in changes {
        program[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    program.extend_from_slice(behind);
    Signing { program, ..by_leaf() }.make()
}

#[test]
fn whatever_was_changed_shows() {
    let size = |signed: &[u8]| (signed.len() - 1024) as u32;
    let whole = by_leaf().make();
    assert_eq!(whole[DIRECTORY + 4..DIRECTORY + 8], size(&whole).to_le_bytes());
    check([
        expect("nothing", whole, TRUSTED),
        expect("the first bytes", patched(2, b"x"), NOBODY),
        expect("the headers", patched(0x58 + 40, b"x"), NOBODY),
        expect("the sections", patched(800, b"x"), NOBODY),
        expect("the last byte", patched(1023, b"x"), NOBODY),
        expect("the checksum, which is left out", patched(CHECKSUM, b"abcd"), TRUSTED),
        expect("before the checksum", patched(CHECKSUM - 1, b"x"), NOBODY),
        expect("behind the checksum", patched(CHECKSUM + 4, b"\x02"), NOBODY),
        expect("behind the directory's entry", patched(DIRECTORY + 8, b"x"), NOBODY),
    ]);
}

#[test]
fn the_signature_covers_the_file_as_it_lies() {
    let section = 0x138;
    check([
        expect("bytes behind the sections", built(&[], b"behind"), TRUSTED),
        expect("of no even number", built(&[], b"behind all"), TRUSTED),
        expect("small headers", built(&[(0x94, &[0x10, 0])], &[]), TRUSTED),
        expect("large headers", built(&[(0x94, &[0, 4])], &[]), TRUSTED),
        expect("a section over the headers", built(&[(section + 20, &[0, 0])], &[]), TRUSTED),
        expect("sixteen directories and more", built(&[(0xb4, &[200])], &[]), TRUSTED),
        expect("five directories", built(&[(0xb4, &[5])], &[]), TRUSTED),
        expect("four directories", built(&[(0xb4, &[4])], &[]), NOBODY),
    ]);
}

#[test]
fn signatures_reach_to_the_end_of_the_file() {
    let append = |bytes: &[u8]| [&by_leaf().make()[..], bytes].concat();
    let sized = |change: i32| {
        let size = (by_leaf().make().len() - 1024) as i32 + change;
        patched(DIRECTORY + 4, &size.to_le_bytes())
    };
    let covered = {
        let signing = by_leaf();
        let digest = digest_of(Hash::Sha256, &[&signing.program[..], b"appended"].concat());
        Signing { content: Some(content_of(Hash::Sha256, &digest)), ..signing }.make()
    };
    check([
        expect("a byte behind them", append(b"x"), NOBODY),
        expect("zeros behind them", append(&[0; 8]), NOBODY),
        expect("an archive behind them", append(b"PK\x03\x04 and so on"), NOBODY),
        expect("what is behind them is digested", [&covered[..], b"appended"].concat(), NOBODY),
        expect("they are said to be longer", sized(8), NOBODY),
        expect("they are said to be shorter", sized(-8), NOBODY),
        expect("they are said to be empty", patched(DIRECTORY + 4, &[0; 4]), NOBODY),
        expect("they are said to be elsewhere", patched(DIRECTORY, &[0, 2, 0, 0]), NOBODY),
        case(
            "a blocked certificate, and bytes behind",
            [block(&people().leaf)],
            append(b"x"),
            NOBODY,
        ),
    ]);
}

#[test]
fn entries_of_the_directory() {
    let signed_data = by_leaf().signed_data();
    let whole = entry(&signed_data);
    let directory = |bytes: &[u8]| attach(&program(NEEDLE), bytes);
    let at = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        directory(&changed)
    };
    let exact = [&whole[..8], &signed_data].concat();
    let mut broken = by_leaf();
    broken.digest = Some(vec![0; 32]);
    let wrong = entry(&broken.signed_data());
    check([
        expect("nothing is filled up", directory(&exact), TRUSTED),
        expect("filled up with something", directory(&[&exact[..], b"1234567"].concat()), TRUSTED),
        expect("filled up with many zeros", directory(&[&exact[..], &[0; 64]].concat()), TRUSTED),
        expect("its length is not looked at", at(0, &[9, 9, 9, 9]), TRUSTED),
        expect("revision 1", at(4, &[0, 1]), NOBODY),
        expect("revision 3", at(4, &[0, 3]), NOBODY),
        expect("a certificate alone", at(6, &[1, 0]), NOBODY),
        expect("the first of two is wrong", directory(&[&wrong[..], &whole].concat()), NOBODY),
    ]);
}

/// ClamAV does not mind what stands behind the signed data; there no signature covers it.
#[test]
fn bytes_that_no_signature_covers() {
    let signed_data = by_leaf().signed_data();
    let with = |bytes: &[u8]| attach(&program(NEEDLE), &entry(&[&signed_data, bytes].concat()));
    let whole = entry(&signed_data);
    let twice = attach(&program(NEEDLE), &[&whole[..], &whole].concat());
    check([
        expect("an archive", with(b"PK\x03\x04 and so on"), NOBODY).but_they_find(TRUSTED),
        expect("eight bytes", with(b"12345678"), NOBODY).but_they_find(TRUSTED),
        expect("a second entry", twice, NOBODY).but_they_find(TRUSTED),
    ]);
}

#[test]
fn programs_of_64_bits() {
    let People { leaf, intermediate, .. } = people();
    let narrow = program(NEEDLE);
    let mut wide = vec![0; 1024];
    let mut put = |at: usize, bytes: &[u8]| wide[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &narrow[..0x58]);
    put(0x44, &[0x64, 0x86]);
    put(0x54, &[0xf0, 0, 0x22, 0]);
    put(0x58, &[0x0b, 0x02]);
    put(0x5c, &narrow[0x5c..0x70]);
    put(0x70, &narrow[0x74..0x78]); // image base, of eight bytes
    put(0x78, &narrow[0x78..0xa0]);
    put(0xc4, &narrow[0xb4..0xb8]); // directories
    put(0x148, &narrow[0x138..0x160]);
    put(512, &narrow[512..]);
    let directory = DIRECTORY + 16;
    let pieces = [&wide[..CHECKSUM], &wide[CHECKSUM + 4..directory], &wide[directory + 8..]];
    let digest = Some(Hash::Sha256.of(&pieces.concat()));
    let signing = Signing { digest, ..Signing::new(Vec::new(), leaf, &[leaf, intermediate]) };
    let entry = entry(&signing.signed_data());
    let numbers = [1024, entry.len() as u32].map(u32::to_le_bytes).concat();
    wide[directory..directory + 8].copy_from_slice(&numbers);
    check([expect("signed", [wide, entry].concat(), TRUSTED)]);
}
