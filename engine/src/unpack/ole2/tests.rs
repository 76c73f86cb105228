use std::io::{Cursor, Write};

use super::open;
use crate::limits::{Limit, Limits};
use crate::unpack::ole1::samples::package;
use crate::unpack::testing::{
    Change, Walked, budget, deflated, noise, survives_damage, walk_at, walk_with,
};
use crate::unpack::{Opening, Passwords};
use crate::verdict::Reason;

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

/// A compound file as the crate `cfb` writes it.
fn file(version: cfb::Version, streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file =
        cfb::CompoundFile::create_with_version(version, Cursor::new(Vec::new())).unwrap();
    for (path, content) in streams {
        if let Some((storage, _)) = path.rsplit_once('/')
            && !storage.is_empty()
        {
            file.create_storage_all(storage).unwrap();
        }
        file.create_stream(path).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn sample() -> Vec<u8> {
    let (small, large) = (b"small stream".to_vec(), noise(100_000));
    file(cfb::Version::V3, &[("/small", &small), ("/storage/deep/large", &large), ("/empty", b"")])
}

/// Source of a macro, compressed without a copy.
fn source(text: &[u8]) -> Vec<u8> {
    let body: Vec<u8> = text.chunks(8).flat_map(|eight| [&[0], eight].concat()).collect();
    let header = 0xb000 | (body.len() as u16 - 1);
    [&[1][..], &header.to_le_bytes(), &body].concat()
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(data.len() as u32).to_le_bytes(), data].concat()
}

#[test]
fn streams_of_both_versions_are_read_whole() {
    let (small, large) = (noise(200), noise(300_000));
    for version in [cfb::Version::V3, cfb::Version::V4] {
        let bytes =
            file(version, &[("/s", &small), ("/folder/l", &large), ("/limit", &large[..4096])]);
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        assert_eq!(walked.content("s"), small);
        assert_eq!(walked.content("folder/l"), large);
        assert_eq!(walked.content("limit"), &large[..4096]);
    }
}

/// More than 109 sectors of the table: their places go on outside of the header.
#[test]
fn large_files_have_a_list_of_their_table() {
    let large = noise(109 * 128 * 512 + 500_000);
    let bytes = file(cfb::Version::V3, &[("/l", &large)]);
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert!(walked.content("l") == large);
}

#[test]
fn many_streams_and_an_offset_are_no_matter() {
    let names: Vec<String> = (0..500).map(|n| format!("/storage{}/stream{n}", n % 7)).collect();
    let streams: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
    let bytes = [b"in front".to_vec(), file(cfb::Version::V3, &streams)].concat();
    let walked = walk_at(open, &bytes, 8, Limits::default());
    assert_eq!(walked.reasons(), []);
    assert_eq!(walked.entries.len(), 500);
    assert_eq!(walked.content("storage3/stream3"), b"/storage3/stream3");
}

#[test]
fn macros_are_decompressed_where_dir_says_and_where_source_begins() {
    let text = b"Attribute VB_Name = \"M\"\r\nSub AutoOpen()\r\nEnd Sub\r\n";
    let other = b"Sub Hidden()\r\nEnd Sub\r\n";
    let wide: Vec<u8> = "Quiet".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dir = [
        record(9, &[0; 4]),
        vec![0; 2],
        record(0x1a, b"Quiet"),
        record(0x32, &wide),
        record(0x31, &7_u32.to_le_bytes()),
    ];
    let bytes = file(
        cfb::Version::V3,
        &[
            ("/Macros/VBA/dir", &source(&dir.concat())),
            ("/Macros/VBA/M", &[b"compiled".to_vec(), source(text)].concat()),
            ("/Macros/VBA/Quiet", &[b"1234567".to_vec(), source(other)].concat()),
        ],
    );
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("Macros/VBA/M.vba"), text);
    assert_eq!(walked.content("Macros/VBA/Quiet.vba"), other);
    assert_eq!(walked.content("Macros/VBA/dir.vba"), dir.concat());
}

#[test]
fn packages_hand_out_their_file() {
    let native = |data: &[u8]| [&(data.len() as u32).to_le_bytes(), data].concat();
    let whole = native(&package("x.exe", b"content"));
    let cut = &whole[..whole.len() - 2];
    let bytes = file(
        cfb::Version::V3,
        &[
            ("/a/\u{1}Ole10Native", &whole),
            ("/b/\u{1}Ole10Native", cut),
            ("/c/\u{1}Ole10Native", b"1234other"),
        ],
    );
    let walked = walk(&bytes);
    assert_eq!(walked.content("x.exe"), b"content");
    assert_eq!(walked.content("native data"), b"other");
    assert_eq!(walked.content("a/Ole10Native"), whole);
    assert_eq!(walked.reasons(), [Reason::Truncated]);
}

#[test]
fn presentations_hand_out_their_objects() {
    use flate2::{Compression, write::ZlibEncoder};
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(b"packed object").unwrap();
    let packed = [&13_u32.to_le_bytes()[..], &zlib.finish().unwrap()].concat();
    let atom = |version: u16, kind: u16, data: &[u8]| {
        [&version.to_le_bytes()[..], &record(kind, data)].concat()
    };
    let inner = [atom(0x10, 0x1011, &packed), atom(0, 0x1011, b"stored object")].concat();
    let stream = [atom(0, 0x3e9, &[0; 40]), atom(0xf, 0x3e8, &inner)].concat();
    let walked = walk(&file(cfb::Version::V3, &[("/PowerPoint Document", &stream)]));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("object 1"), b"packed object");
    assert_eq!(walked.content("object 2"), b"stored object");
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn attachments_of_messages_have_their_names() {
    let inner = "/__attach_version1.0_#00000001/__substg1.0_3701000D/__attach_version1.0_#00000000";
    let names = [
        "/__attach_version1.0_#00000000/__substg1.0_37010102".to_owned(),
        "/__attach_version1.0_#00000000/__substg1.0_3704001F".to_owned(),
        "/__attach_version1.0_#00000000/__substg1.0_3707001F".to_owned(),
        format!("{inner}/__substg1.0_37010102"),
        format!("{inner}/__substg1.0_3704001E"),
        "/__attach_version1.0_#00000002/__substg1.0_37010102".to_owned(),
        "/__substg1.0_10090102".to_owned(),
    ];
    let text = b"\x15\0\0\0\x09\0\0\0MELA\0\0\0\0{\\rtf1 x}";
    let (short, long) = (wide("INVOIC~1.EXE"), wide("invoice \u{e9}.exe\0"));
    let contents: [&[u8]; 7] =
        [b"first", &short, &long, b"in a message", b"inner.txt", b"without a name", text];
    let streams: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(contents).collect();
    let walked = walk(&file(cfb::Version::V3, &streams));
    assert_eq!(walked.content("invoice \u{e9}.exe"), b"first");
    assert_eq!(walked.content("inner.txt"), b"in a message");
    assert_eq!(walked.content(&names[5][1..]), b"without a name");
    assert_eq!(walked.content("text of the message"), b"{\\rtf1 x}");
    assert_eq!(walked.reasons(), [], "{}", walked.words());
}

/// What says that a document is of Hangul, with these properties.
fn hangul_header(properties: u32) -> Vec<u8> {
    let mut header = b"HWP Document File".to_vec();
    header.resize(32, 0);
    header.extend([0x0500_0300, properties].map(u32::to_le_bytes).concat());
    header.resize(256, 0);
    header
}

/// A Hangul document with these properties.
fn hangul(properties: u32, streams: &[(&str, &[u8])]) -> Vec<u8> {
    let header = hangul_header(properties);
    let header = [("/FileHeader", &header[..])];
    file(cfb::Version::V3, &[&header[..], streams].concat())
}

#[test]
fn streams_of_hangul_documents_are_unpacked() {
    let script = [&6_u32.to_le_bytes()[..], &wide("a = 1;")].concat();
    let (body, packed) = (deflated(b"the text"), deflated(&script));
    let plain = noise(300);
    let streams: [(&str, &[u8]); 4] = [
        ("/BodyText/Section0", &body),
        ("/Scripts/DefaultJScript", &packed),
        ("/BinData/BIN0001.OLE", &plain),
        ("/PrvText", &body),
    ];
    let walked = walk(&hangul(1, &streams));
    assert_eq!(walked.content("BodyText/Section0 inflated"), b"the text");
    assert_eq!(walked.content("Scripts/DefaultJScript inflated"), script);
    assert_eq!(walked.content("Scripts/DefaultJScript text"), wide("a = 1;"));
    assert_eq!(walked.content("BinData/BIN0001.OLE"), plain);
    assert_eq!(walked.entries.len(), 8, "{:?}", walked.names());
    assert_eq!(walked.reasons(), []);
    assert_eq!(walk(&hangul(0, &streams)).entries.len(), 5, "nothing is packed");
    assert_eq!(walk(&hangul(3, &streams)).reasons(), [Reason::Encrypted]);
    let distributed = walk(&hangul(5, &[("/ViewText/Section0", &body)]));
    assert_eq!(distributed.reasons(), [Reason::Unsupported("hwp-distribution")]);
}

/// The program reads the header at the top, and does not care for the case of names.
#[test]
fn a_second_header_of_a_hangul_document_hides_nothing() {
    let (packed, other) = (hangul_header(1), deflated(b"the text"));
    for second in [0, 2] {
        let second = hangul_header(second);
        let streams: [(&str, &[u8]); 3] =
            [("/a/FileHeader", &second), ("/FileHeader", &packed), ("/bodytext/Section0", &other)];
        let walked = walk(&file(cfb::Version::V3, &streams));
        assert_eq!(walked.content("bodytext/Section0 inflated"), b"the text");
    }
}

/// A text of a document for distribution, written in Python after the format's description and opened by
/// pyhwp 0.1b15.
const DISTRIBUTED: &[u8] = include_bytes!("fixtures/distributed.section");

#[test]
fn texts_for_distribution_are_read() {
    let text = b"needle in a text for distribution ".repeat(20);
    let walked = walk(&hangul(5, &[("/ViewText/Section0", DISTRIBUTED)]));
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("ViewText/Section0 inflated"), text);
    for length in 0..260 {
        let walked = walk(&hangul(5, &[("/ViewText/Section0", &DISTRIBUTED[..length])]));
        assert!(!walked.reasons().is_empty(), "{length} bytes");
    }
}

#[test]
fn a_packed_stream_that_is_cut_off_says_so() {
    let packed = deflated(&b"text ".repeat(1000));
    let walked = walk(&hangul(1, &[("/BodyText/Section0", &packed[..packed.len() - 3])]));
    assert_eq!(walked.reasons(), [Reason::Truncated]);
    assert!(walked.content("BodyText/Section0 inflated").starts_with(b"text text"));
}

#[test]
fn encrypted_documents_say_so() {
    let word = [&[0xec, 0xa5][..], &[0; 8], &[0, 1], &[0; 20]].concat();
    let book = [record_of_book(0x809, &[0; 16]), record_of_book(0x2f, &[0; 6])].concat();
    let slides = [&[0; 12][..], &0xf3d1_c4df_u32.to_le_bytes()].concat();
    let cases: [(&str, &[u8]); 4] = [
        ("/EncryptedPackage", b"ciphertext"),
        ("/WordDocument", &word),
        ("/Workbook", &book),
        ("/Current User", &slides),
    ];
    for (name, content) in cases {
        assert_eq!(
            walk(&file(cfb::Version::V3, &[(name, content)])).reasons(),
            [Reason::Encrypted]
        );
    }
    let plain = record_of_book(0x809, &[0; 16]);
    assert_eq!(walk(&file(cfb::Version::V3, &[("/Workbook", &plain)])).reasons(), []);
}

/// As msoffcrypto-tool 6.1 encrypts `plain.zip` with `VelvetSweatshop` (agile), and as the standard
/// encryption of the same is written with Python's `cryptography`, checked with msoffcrypto-tool.
const LOCKED: [(&[u8], &[u8]); 2] = [
    (include_bytes!("fixtures/agile.info"), include_bytes!("fixtures/agile.package")),
    (include_bytes!("fixtures/standard.info"), include_bytes!("fixtures/standard.package")),
];
const PLAIN: &[u8] = include_bytes!("fixtures/plain.zip");

fn locked(information: &[u8], package: &[u8]) -> Vec<u8> {
    file(cfb::Version::V3, &[("/EncryptionInfo", information), ("/EncryptedPackage", package)])
}

#[test]
fn documents_with_the_password_that_excel_knows_are_opened() {
    for (information, package) in LOCKED {
        let walked = walk(&locked(information, package));
        assert_eq!(walked.reasons(), [], "{}", walked.words());
        assert_eq!(walked.content("decrypted document"), PLAIN);
    }
}

/// The program opens the document by the stream at the top.
#[test]
fn a_second_key_of_a_document_hides_nothing() {
    let [one, other] = LOCKED;
    for ((information, package), (second, _)) in [(one, other), (other, one)] {
        for folder in ["/a", "/z"] {
            let second_name = format!("{folder}/EncryptionInfo");
            let streams: [(&str, &[u8]); 3] = [
                (&second_name, second),
                ("/EncryptionInfo", information),
                ("/EncryptedPackage", package),
            ];
            let walked = walk(&file(cfb::Version::V3, &streams));
            let mut contents = walked.entries.iter().map(|entry| entry.bytes.as_deref());
            assert!(contents.any(|content| content == Some(PLAIN)), "{}", walked.words());
        }
    }
    let names: Vec<String> = (0..6).map(|number| format!("/{number}/EncryptionInfo")).collect();
    let streams: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], other.0)).collect();
    assert_eq!(walk(&file(cfb::Version::V3, &streams)).reasons(), [Reason::Encrypted]);
}

#[test]
fn documents_with_another_password_stay_closed_and_open_with_it() {
    for (information, package) in LOCKED {
        let mut changed = information.to_vec();
        let salt = memchr::memmem::find(information, b"<p:encryptedKey").map_or(0, |at| {
            at + memchr::memmem::find(&information[at..], b"saltValue=\"").unwrap() + 11
        });
        let salt = if salt == 0 { information.len() - 60 } else { salt };
        changed[salt] ^= 1;
        assert_eq!(walk(&locked(&changed, package)).reasons(), [Reason::Encrypted]);
    }
    for length in [0, 3, 8, 40, 100, 500] {
        let (information, package) = LOCKED[0];
        let walked = walk(&locked(&information[..length], package));
        assert_eq!(walked.reasons(), [Reason::Encrypted], "{length}");
    }
}

#[test]
fn a_locked_document_that_is_cut_off_says_so() {
    for (information, package) in LOCKED {
        let walked = walk(&locked(information, &package[..package.len() - 32]));
        assert_eq!(walked.reasons(), [Reason::Truncated]);
        assert!(PLAIN.starts_with(walked.content("decrypted document")));
        assert!(!walked.content("decrypted document").is_empty());
    }
}

#[test]
fn keys_that_take_too_long_meet_the_limit() {
    let (information, package) = LOCKED[0];
    let text = String::from_utf8_lossy(information).replace("\"100000\"", "\"4000000000\"");
    let walked = walk(&locked(text.as_bytes(), package));
    let limits = [Reason::Limit(Limit::KeyWork), Reason::Encrypted];
    let mut reasons = walked.reasons();
    reasons.sort_unstable();
    assert!(limits.iter().all(|reason| reasons.contains(reason)), "{reasons:?}");
}

/// As LibreOffice 7.4 keeps `marker-of-containers-5c1d8e` in a workbook under `VelvetSweatshop`, and in a
/// text under `secret`.
const VELVET: &[u8] = include_bytes!("fixtures/velvet.xls");
const SECRET: &[u8] = include_bytes!("fixtures/secret.doc");
/// LibreOffice's workbook, encrypted in Python under `secret`, checked with msoffcrypto-tool.
const BOOKS: [(&str, &[u8]); 2] = [
    ("RC4 by CryptoAPI", include_bytes!("fixtures/cryptoapi.book")),
    ("XOR obfuscation", include_bytes!("fixtures/xor.book")),
];
const HIDDEN: &[u8] = b"marker-of-containers-5c1d8e";

fn holds(walked: &Walked, name: &str) -> bool {
    memchr::memmem::find(walked.content(name), HIDDEN).is_some()
}

fn walk_knowing(password: &str, bytes: &[u8]) -> Walked {
    let passwords = Passwords::new([password.as_bytes().to_vec()]);
    let opening = Opening { budget: &budget(Limits::default()), passwords: &passwords };
    walk_with(open, bytes, 0, &opening)
}

#[test]
fn a_workbook_that_excel_opens_unasked_is_read() {
    let walked = walk(VELVET);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert!(holds(&walked, "Workbook decrypted") && !holds(&walked, "Workbook"));
    let records = walked.content("Workbook decrypted");
    // Sheets say where they begin, which is not encrypted, and what they are, which is.
    let sheet = memchr::memmem::find(records, b"\x85\0\x0d\0").unwrap();
    assert_eq!(&records[sheet + 8..sheet + 10], [0, 0], "a worksheet that is shown");
}

#[test]
fn older_documents_open_with_their_password_alone() {
    assert_eq!(walk(SECRET).reasons(), [Reason::Encrypted]);
    assert_eq!(walk_knowing("Secret", SECRET).reasons(), [Reason::Encrypted]);
    let walked = walk_knowing("secret", SECRET);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    let text = walked.content("WordDocument decrypted");
    let wide: Vec<u8> = HIDDEN.iter().flat_map(|&byte| [byte, 0]).collect();
    assert!(memchr::memmem::find(text, &wide).is_some());
    assert_eq!(walked.content("1Table decrypted").len(), walked.content("1Table").len());
    for (name, book) in BOOKS {
        let bytes = file(cfb::Version::V3, &[("/Workbook", book)]);
        assert_eq!(walk(&bytes).reasons(), [Reason::Encrypted], "{name}");
        let walked = walk_knowing("secret", &bytes);
        assert_eq!(walked.reasons(), [], "{name}: {}", walked.words());
        assert!(holds(&walked, "Workbook decrypted"), "{name}");
    }
}

#[test]
fn older_documents_that_are_damaged_do_no_harm() {
    for (name, book) in BOOKS {
        for length in (0..300).chain([book.len() - 1]) {
            let bytes = file(cfb::Version::V3, &[("/Workbook", &book[..length])]);
            let walked = walk_knowing("secret", &bytes);
            let is_whole = walked.names().iter().any(|name| name.ends_with("decrypted"));
            assert!(is_whole || length < 240, "{name}: {length}");
        }
    }
    survives_damage(open, VELVET);
}

fn record_of_book(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
}

#[test]
fn names_of_installer_packages_are_readable() {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    // "!_Tables"-like: a table's sign, then two letters in one character, then one alone.
    let stored: String = [0x4840, 0x3800 + (10 | 11 << 6), 0x4800 + 36]
        .into_iter()
        .map(|c| char::from_u32(c).unwrap())
        .collect();
    file.create_stream(format!("/{stored}")).unwrap().write_all(b"rows").unwrap();
    let mut bytes = file.into_inner().into_inner();
    let directory = u32::from_le_bytes(bytes[48..52].try_into().unwrap()) as usize;
    let class = (directory + 1) * 4096 + 80;
    bytes[class..class + 16].copy_from_slice(b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46");
    assert_eq!(walk(&bytes).content("!ABa"), b"rows");
}

/// The number at `place` of the sector table, which the header says begins in the sector it names.
fn set_link(bytes: &mut [u8], sector: u32, link: u32) {
    let table = u32::from_le_bytes(bytes[76..80].try_into().unwrap());
    let place = (table as usize + 1) * 512 + sector as usize * 4;
    bytes[place..place + 4].copy_from_slice(&link.to_le_bytes());
}

fn link(bytes: &[u8], sector: u32) -> u32 {
    let table = u32::from_le_bytes(bytes[76..80].try_into().unwrap());
    let place = (table as usize + 1) * 512 + sector as usize * 4;
    u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap())
}

/// Where the chain of `large` begins: the sector that begins with its first bytes.
fn first_of_large(bytes: &[u8]) -> u32 {
    let start = &noise(100_000)[..512];
    let place = bytes.chunks(512).position(|sector| sector == start).unwrap();
    place as u32 - 1
}

#[test]
fn chains_that_lead_back_or_astray_end_and_keep_what_came_before() {
    let whole = noise(100_000);
    let first = first_of_large(&sample());
    let cases = [
        (first, Reason::Corrupted),
        (first + 1, Reason::Corrupted),
        (u32::MAX, Reason::Corrupted),
        (0xffff_fffe, Reason::Corrupted),
        (0x00ff_ffff, Reason::Truncated),
    ];
    for (target, reason) in cases {
        let mut bytes = sample();
        let tenth = (0..9).fold(first, |at, _| link(&bytes, at));
        set_link(&mut bytes, tenth, target);
        let walked = walk(&bytes);
        assert_eq!(walked.reasons(), [reason], "{target:#x}");
        let large = walked.content("storage/deep/large");
        assert_eq!(large[..5120], whole[..5120]);
        assert!(large.len() <= 3 * 5120, "{} bytes of a circle", large.len());
        assert_eq!(walked.content("small"), b"small stream");
    }
}

#[test]
fn the_list_of_the_table_may_lead_back_into_itself() {
    let large = noise(109 * 128 * 512 + 500_000);
    let mut bytes = file(cfb::Version::V3, &[("/l", &large)]);
    let further = u32::from_le_bytes(bytes[68..72].try_into().unwrap());
    let place = (further as usize + 1) * 512;
    bytes[place..place + 512].fill(0xff);
    bytes[place + 508..place + 512].copy_from_slice(&further.to_le_bytes());
    assert!(walk(&bytes).reasons().contains(&Reason::Corrupted));
}

/// What is asked of a truncated file: its streams, as far as they are there.
#[test]
fn without_its_table_a_file_is_read_in_a_row() {
    let mut bytes = sample();
    bytes[76..80].copy_from_slice(&0x00ff_ffff_u32.to_le_bytes());
    let walked = walk(&bytes);
    let large = walked.entries.iter().find(|entry| entry.name.contains("large")).unwrap();
    assert_eq!(large.bytes.as_deref().unwrap()[..512], noise(512));
}

#[test]
fn a_lost_directory_is_found_again() {
    let mut bytes = sample();
    bytes[48..52].copy_from_slice(&0x00ff_ffff_u32.to_le_bytes());
    let walked = walk(&bytes);
    assert!(walked.reasons().contains(&Reason::Corrupted));
    assert!(walked.words().contains("not where the header says"), "{}", walked.words());
    assert_eq!(walked.content("storage/deep/large"), noise(100_000));
}

#[test]
fn records_outside_of_the_tree_are_read() {
    let mut bytes = sample();
    let directory = u32::from_le_bytes(bytes[48..52].try_into().unwrap());
    let root = (directory as usize + 1) * 512;
    bytes[root + 76..root + 80].copy_from_slice(&[0xff; 4]);
    let walked = walk(&bytes);
    assert_eq!(walked.content("small"), b"small stream");
    assert_eq!(walked.content("storage/deep/large").len(), 100_000);
}

#[test]
fn every_cut_says_so_and_ends() {
    let whole = file(cfb::Version::V3, &[("/small", b"small stream"), ("/large", &noise(5000))]);
    for length in 0..whole.len() {
        let budget = crate::unpack::testing::budget(Limits::default());
        let opening = crate::unpack::Opening { budget: &budget, passwords: &Default::default() };
        let content = crate::input::Content::borrowed(&whole[..length]);
        let mut reasons = Vec::new();
        match open(content, 0, &opening) {
            Err(problem) => reasons.push(problem.reason),
            Ok(mut ole2) => {
                while let Some(entry) = ole2.next_entry(&budget) {
                    reasons.extend(entry.problems.iter().map(|problem| problem.reason));
                }
                reasons.extend(ole2.problems().iter().map(|problem| problem.reason));
            }
        }
        let tail_is_slack = whole[length..].iter().all(|&byte| byte == 0 || byte == 0xff);
        assert!(!reasons.is_empty() || tail_is_slack, "{length} of {} bytes", whole.len());
    }
}

#[test]
fn each_limit_gives_its_reason() {
    let bytes = sample();
    let cases: [(Change, Limit); 4] = [
        (|l| l.object_bytes = 5000, Limit::ObjectBytes),
        (|l| l.total_bytes = 5000, Limit::TotalBytes),
        (|l| l.memory = 60_000, Limit::Memory),
        (|l| l.ratio = 0, Limit::Ratio),
    ];
    let large = file(cfb::Version::V3, &[("/l", &noise(2 << 20))]);
    for (change, limit) in cases {
        let mut limits = Limits::default();
        change(&mut limits);
        let bytes = if limit == Limit::Ratio { &large } else { &bytes };
        assert_eq!(walk_at(open, bytes, 0, limits).reasons(), [Reason::Limit(limit)]);
    }
}

/// One chunk of three bytes comes to 4,096: more than a thousand to one.
#[test]
fn a_macro_that_explodes_meets_the_ratio() {
    let bomb = [&b"\x01"[..], &b"\x03\xb0\x02a\xfc\x0f".repeat(100_000)].concat();
    let stream = [source(b"Attribute VB_Name"), bomb[1..].to_vec()].concat();
    let walked = walk_at(
        open,
        &file(cfb::Version::V3, &[("/VBA/M", &stream)]),
        0,
        Limits { ratio: 500, ..Limits::default() },
    );
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::Ratio)], "{}", walked.words());
}

#[test]
fn damaged_files_do_no_harm() {
    let native = [&[9; 4][..], &package("x", b"c")].concat();
    survives_damage(
        open,
        &file(
            cfb::Version::V3,
            &[
                ("/VBA/dir", &source(&record(0x31, &[0; 4]))),
                ("/VBA/M", &source(b"Attribute VB_Name")),
                ("/\u{1}Ole10Native", &native),
                ("/large", &noise(5000)),
            ],
        ),
    );
    let script = deflated(&wide("....a = 1;"));
    survives_damage(open, &hangul(1, &[("/BodyText/S", &script), ("/Scripts/D", &script)]));
}
