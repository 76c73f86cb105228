//! Offsets in programs: entry point, sections, version strings.

use crate::programs::Program;
use crate::trial::{Found, Trial};

/// An offset, and places of the file where a match there is one and where it is none.
struct Spot {
    offset: &'static str,
    hits: &'static [usize],
    misses: &'static [usize],
}

const fn spot(offset: &'static str, hits: &'static [usize], misses: &'static [usize]) -> Spot {
    Spot { offset, hits, misses }
}

/// Holds spots in copies of one file, each with the spot's own text in one place.
fn hold(target: u8, file: &[u8], spots: &[Spot]) {
    let mut trial = Trial::default();
    let (mut hits, mut misses) = (Found::new(), Found::new());
    for (number, spot) in spots.iter().enumerate() {
        let name = format!("Spot.{number}");
        let text = [b'<', b'0' + number as u8 / 10, b'0' + number as u8 % 10, b'>'];
        let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
        trial.source("a.ndb", format!("{name}:{target}:{}:{hex}\n", spot.offset));
        for (expected, places) in [(&mut hits, spot.hits), (&mut misses, spot.misses)] {
            for &place in places {
                let mut copy = file.to_vec();
                copy[place..place + text.len()].copy_from_slice(&text);
                let file = format!("{number}-{place:x}");
                trial.file(&file, copy);
                expected.insert((file, name.clone()));
            }
        }
    }
    let ours = trial.ours();
    assert!(hits.is_subset(&ours), "missed: {:?}", hits.difference(&ours).collect::<Vec<_>>());
    assert!(misses.is_disjoint(&ours), "{:?}", misses.intersection(&ours).collect::<Vec<_>>());
    trial.assert_same();
}

/// Code at 0x400, imports at 0x600, two sections of 0x200 bytes at 0x800 and 0xa00, and as much behind
/// them.
fn windows(bits: u8) -> Vec<u8> {
    let mut program = Program::new(bits);
    program.sections = vec![vec![b'.'; 0x200], vec![b','; 0x200]];
    let file = program.build();
    assert_eq!(file.len(), 0xe00);
    file
}

const WINDOWS: &[Spot] = &[
    spot("EP+0", &[0x400], &[0x3fc, 0x401]),
    spot("EP+16", &[0x410], &[0x400, 0x411]),
    spot("EP-8", &[0x3f8], &[0x400, 0x3f7]),
    spot("EP+0,8", &[0x400, 0x408], &[0x3ff, 0x409]),
    spot("EP-8,8", &[0x3f8, 0x400], &[0x3f7, 0x401]),
    spot("EP+", &[0x400], &[0x3fc, 0x401]),
    spot("S0+0", &[0x400], &[0x3fc, 0x401]),
    spot("S2+0", &[0x800], &[0x7fc, 0x801]),
    spot("S2+32", &[0x820], &[0x800, 0x821]),
    spot("S2+32,4", &[0x820, 0x824], &[0x81f, 0x825]),
    spot("S3+508", &[0xbfc], &[0xbfb, 0xbfd]),
    spot("S3+512", &[0xc00], &[0xbff, 0xc01]),
    spot("S4+0", &[], &[0x400, 0xc00]),
    spot("SL+0", &[0xa00], &[0x800, 0xa01]),
    spot("SL+8,4", &[0xa08, 0xa0c], &[0xa07, 0xa0d]),
    // In a section, and right behind it.
    spot("SE2", &[0x800, 0x900, 0x9ff, 0xa00], &[0x7ff, 0xa01]),
    spot("SE2,3", &[0x800, 0xa03], &[0x7ff, 0xa04]),
    spot("SE3", &[0xa00, 0xbfc, 0xc00], &[0x9ff, 0xc01]),
    spot("SE", &[0x400, 0x5ff], &[0x3ff, 0x601]),
    spot("SE4", &[], &[0x400, 0xc00]),
    spot("EOF-4", &[0xdfc], &[0xdfb, 0x400]),
    spot("EOF-16,4", &[0xdf0, 0xdf4], &[0xdef, 0xdf5]),
    spot("VI", &[], &[0x400, 0x800]),
    spot("*", &[0x40c, 0xdfc], &[]),
    spot("1024", &[0x400], &[0x3fc, 0x401]),
];

#[test]
fn offsets_in_windows_programs() {
    hold(1, &windows(32), WINDOWS);
    hold(1, &windows(64), WINDOWS);
}

/// With an entry point outside of everything no offset is known, not even one from the end.
#[test]
fn without_an_entry_point_in_the_file_nothing_is_known() {
    let mut file = windows(32);
    file[0x68..0x6c].copy_from_slice(&0x0dad_0000_u32.to_le_bytes());
    const NOWHERE: &[Spot] = &[
        spot("EP+0", &[], &[0, 0x400]),
        spot("S2+0", &[], &[0x800, 0xa00]),
        spot("SE2", &[], &[0x800, 0x900]),
        spot("SL+0", &[], &[0x800, 0xa00]),
        spot("EOF-4", &[], &[0xdfc, 0x400]),
        spot("1024", &[0x400], &[0x3fc, 0x401]),
        spot("*", &[0x40c, 0xdfc], &[]),
    ];
    hold(1, &file, NOWHERE);
    const ANY_TARGET: &[Spot] = &[
        spot("EOF-4", &[], &[0xdfc, 0x400]),
        spot("EOF-512,508", &[], &[0xdfc, 0xc00]),
        spot("1024,8", &[0x400, 0x408], &[0x3ff, 0x409]),
    ];
    // What is behind the program is an object of its own here, which has an end.
    const IN_THE_PROGRAM: &[Spot] =
        &[spot("EOF-4", &[], &[0x400]), spot("1024,8", &[0x400, 0x408], &[0x3ff, 0x409])];
    hold(0, &file, IN_THE_PROGRAM);
    for magic in [&b"MZ"[..], b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe\0\0\0\x02"] {
        let mut file = vec![0; 0xe00];
        file[..magic.len()].copy_from_slice(magic);
        hold(0, &file, ANY_TARGET);
    }
}

/// A block of a version resource: length, length of its value, kind, key, and what is inside.
fn block(key: &str, value_length: u16, inside: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 2];
    block.extend(value_length.to_le_bytes());
    block.extend(1_u16.to_le_bytes());
    block.extend(key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    block.resize(block.len().next_multiple_of(4), 0);
    block.extend(inside);
    let length = block.len() as u16;
    block[..2].copy_from_slice(&length.to_le_bytes());
    block.resize(block.len().next_multiple_of(4), 0);
    block
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A program with a version resource.
fn versioned() -> Vec<u8> {
    const SECTION: u32 = 0x10_000;
    let strings: Vec<u8> = [("CompanyName", "Nobody"), ("FileVersion", "7.1")]
        .into_iter()
        .flat_map(|(key, value)| block(key, value.len() as u16 + 1, &wide(value)))
        .collect();
    let information = block("StringFileInfo", 0, &block("040904B0", 0, &strings));
    let fixed = [0xfeef_04bd_u32, 0x10000, 0, 0, 0, 0, 0x3f, 0, 4, 1, 0, 0, 0];
    let fixed: Vec<u8> = fixed.into_iter().flat_map(u32::to_le_bytes).collect();
    let version = block("VS_VERSION_INFO", 52, &[fixed, information].concat());
    let level = |id: u32, target: u32| [0, 0, 0, 0x1_0000, id, target];
    let tree: Vec<u32> = [
        level(16, 0x8000_0018),
        level(1, 0x8000_0030),
        level(0x409, 0x48),
        [SECTION + 0x60, version.len() as u32, 0, 0, 0, 0],
    ]
    .concat();
    let tree: Vec<u8> = tree.into_iter().flat_map(u32::to_le_bytes).collect();
    let mut program = Program::new(32);
    program.sections = vec![[tree, version].concat()];
    let mut file = program.build();
    let resources = 0x58 + 96 + 2 * 8;
    file[resources..resources + 4].copy_from_slice(&SECTION.to_le_bytes());
    file[resources + 4..resources + 8].copy_from_slice(&0x200_u32.to_le_bytes());
    file
}

#[test]
fn version_strings() {
    let file = versioned();
    let place = |text: &str| {
        let text = wide(text);
        file.windows(text.len()).position(|window| window == text).unwrap()
    };
    let hex = |at: usize| -> String {
        file[at..at + 12].iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut trial = Trial::default();
    trial.file("versioned", file.clone()).file("plain", windows(32));
    let mut expected = Found::new();
    for (name, at, hits) in [
        ("Company", place("CompanyName"), true),
        ("Version", place("FileVersion"), true),
        ("Value", place("Nobody"), false),
        ("Table", place("040904B0"), false),
        ("Information", place("StringFileInfo"), false),
        ("Behind", place("CompanyName") + 2, false),
    ] {
        for (form, offset) in [("A", "VI"), ("B", "VI,4"), ("C", "*")] {
            trial.source("a.ndb", format!("{name}.{form}:1:{offset}:{}\n", hex(at)));
            if hits || offset == "*" {
                expected.insert(("versioned".into(), format!("{name}.{form}")));
            }
        }
    }
    assert_eq!(trial.ours(), expected);
    trial.assert_same();
}

/// An ELF program: a segment over all of it, sections at 0x200 and 0x300, and the entry point in the
/// first.
fn linux(bits: u8) -> Vec<u8> {
    let wide = bits == 64;
    let word = |number: u32| -> Vec<u8> {
        let number = u64::from(number).to_le_bytes();
        if wide { number.to_vec() } else { number[..4].to_vec() }
    };
    let half = |number: u32| number.to_le_bytes().to_vec();
    let short = |number: u16| number.to_le_bytes().to_vec();
    let (headers, entry) = if wide { (64, 56) } else { (52, 32) };
    let row: u16 = if wide { 64 } else { 40 };
    let mut file = [b"\x7fELF".to_vec(), vec![if wide { 2 } else { 1 }, 1, 1], vec![0; 9]].concat();
    file.extend([short(2), short(if wide { 62 } else { 3 }), half(1)].concat());
    file.extend([word(0x40_0220), word(headers), word(0x500), half(0)].concat());
    file.extend([headers as u16, entry, 1, row, 4, 3].map(short).concat());
    let (size, flags) = (word(0x800), half(5));
    let head = if wide { [half(1), flags.clone()].concat() } else { half(1) };
    file.extend([head, word(0), word(0x40_0000), word(0x40_0000), size.clone(), size].concat());
    file.extend(if wide { word(0x1000) } else { [flags, half(0x1000)].concat() });
    file.resize(0x500, b'.');
    for (kind, at, length) in [(0, 0, 0), (1, 0x200, 0x80), (1, 0x300, 0x40), (3, 0x400, 0x10)] {
        let address = if kind == 1 { 0x40_0000 + at } else { 0 };
        file.extend([half(0), half(kind), word(2), word(address), word(at), word(length)].concat());
        file.extend([half(0), half(0), word(1), word(0)].concat());
    }
    file.resize(0x800, b',');
    file
}

const LINUX: &[Spot] = &[
    spot("EP+0", &[0x220], &[0x21c, 0x221]),
    spot("EP-32", &[0x200], &[0x1ff, 0x220]),
    spot("EP+4,4", &[0x224, 0x228], &[0x223, 0x229]),
    spot("S1+0", &[0x200], &[0x1fc, 0x201]),
    spot("S2+16", &[0x310], &[0x300, 0x311]),
    spot("S3+0", &[0x400], &[0x300, 0x401]),
    spot("S4+0", &[], &[0x200, 0x600]),
    spot("SL+0", &[0x400], &[0x300, 0x401]),
    spot("SE1", &[0x200, 0x240, 0x280], &[0x1ff, 0x281]),
    spot("SE2,8", &[0x300, 0x348], &[0x2ff, 0x349]),
    spot("EOF-4", &[0x7fc], &[0x7fb, 0x200]),
];

#[test]
fn offsets_in_linux_programs() {
    hold(6, &linux(32), LINUX);
    hold(6, &linux(64), LINUX);
}

/// A Mach-O program with sections at 0x200 and 0x300, and a PowerPC's or another entry point.
fn darwin(bits: u8, processor: u32) -> Vec<u8> {
    let wide = bits == 64;
    let word = |number: u32| -> Vec<u8> {
        let number = u64::from(number).to_be_bytes();
        if wide { number.to_vec() } else { number[4..].to_vec() }
    };
    let half = |number: u32| number.to_be_bytes().to_vec();
    let section = |at: u32, size: u32, alignment: u32| {
        let place = [word(0x1000 + at), word(size), half(at), half(alignment)].concat();
        [vec![b's'; 32], place, vec![0; if wide { 24 } else { 20 }]].concat()
    };
    let place = [word(0x1000), word(0x800), word(0), word(0x800)].concat();
    let segment = [vec![b's'; 16], place, [7, 5, 2, 0].map(half).concat()].concat();
    let segment = [segment, section(0x200, 0x80, 0), section(0x300, 0x41, 4)].concat();
    let registers: Vec<u8> = [vec![word(0x1220)], vec![word(0); 39]].concat().concat();
    let thread = [half(if wide { 5 } else { 1 }), half(40), registers].concat();
    let commands: Vec<u8> = [(if wide { 0x19 } else { 1 }, segment), (5, thread)]
        .into_iter()
        .flat_map(|(kind, body)| [half(kind), half(body.len() as u32 + 8), body].concat())
        .collect();
    let magic = if wide { 0xfeed_facf } else { 0xfeed_face };
    let header = [magic, processor, 0, 2, 2, commands.len() as u32, 0].map(half).concat();
    let mut file = [header, if wide { half(0) } else { vec![] }, commands].concat();
    assert!(file.len() <= 0x200 || wide);
    file.resize(0x800, b'.');
    file
}

const DARWIN: &[Spot] = &[
    spot("S1+0", &[0x300], &[0x2ff, 0x301]),
    spot("S1+16,4", &[0x310, 0x314], &[0x30f, 0x315]),
    spot("S2+0", &[], &[0x300, 0x700]),
    spot("SL+0", &[0x300], &[0x301, 0x700]),
    // The section fills its alignment.
    spot("SE1", &[0x300, 0x341, 0x350], &[0x2ff, 0x351]),
    spot("EOF-4", &[0x7fc], &[0x7fb, 0x300]),
];

const POWER_PC: &[Spot] = &[
    spot("EP+0", &[0x220], &[0x21c, 0x221]),
    spot("EP+224", &[0x300], &[0x2ff, 0x301]),
    spot("S0+0", &[0x200], &[0x1fc, 0x201]),
];

/// The entry point of other processors is not looked for: it is the start.
const OTHERS: &[Spot] = &[
    spot("EP+544", &[0x220], &[0x21c, 0x221]),
    spot("EP+768,1", &[0x300, 0x301], &[0x2ff, 0x302]),
];

#[test]
fn offsets_in_mach_o_programs() {
    let power_pc = darwin(32, 18);
    hold(9, &power_pc, DARWIN);
    hold(9, &power_pc, POWER_PC);
    hold(9, &darwin(32, 7), DARWIN);
    hold(9, &darwin(32, 7), OTHERS);
    hold(9, &darwin(64, 0x0100_0007), OTHERS);
}
