use super::open;
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{
    Change, Walked, budget, deflated, made_by, noise, survives_damage, walk_at, walk_with,
};
use crate::unpack::{Opening, Passwords};
use crate::verdict::Reason;

fn walk(bytes: &[u8]) -> Walked {
    walk_at(open, bytes, 0, Limits::default())
}

fn object(number: u32, dictionary: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("{number} 0 obj\n<<{dictionary}>>\nstream\n");
    [head.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
}

fn document(objects: &[Vec<u8>]) -> Vec<u8> {
    [b"%PDF-1.7\n", &objects.concat()[..], b"startxref\n0\n%%EOF\n"].concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    [b"\x78\x9c", &deflated(bytes)[..], &[0; 4]].concat()
}

#[test]
fn streams_are_found_without_a_table() {
    let bytes = document(&[
        object(1, "/Type/EmbeddedFile/Length 3/Subtype/a#2Fb", b"abc"),
        object(2, "/Filter/FlateDecode", &packed(b"the content")),
        object(
            3,
            "/Filter[/AHx/Fl]",
            packed(b"twice").iter().map(|b| format!("{b:02x}")).collect::<String>().as_bytes(),
        ),
    ]);
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.names(), ["object 1 0 EmbeddedFile a/b", "object 2 0", "object 3 0"]);
    assert_eq!(walked.content("object 1 0 EmbeddedFile a/b"), b"abc");
    assert_eq!(walked.content("object 2 0"), b"the content");
    assert_eq!(walked.content("object 3 0"), b"twice");
}

#[test]
fn lengths_are_believed_only_where_the_end_stands() {
    let inner = b"abc\nendstream in the data";
    let told = document(&[object(1, &format!("/Length {}", inner.len()), inner)]);
    assert_eq!(walk(&told).content("object 1 0"), inner);
    for length in ["0", "5", "99999", "-1", "18446744073709551615", "7 0 R"] {
        let wrong = document(&[object(1, &format!("/Length {length}"), b"abcdefgh")]);
        assert_eq!(walk(&wrong).content("object 1 0"), b"abcdefgh\n", "{length}");
    }
}

#[test]
fn dictionaries_may_be_written_in_many_ways() {
    let data = packed(b"content");
    let heads = [
        "1 0 obj<</Filter/Fl>>stream\r\n",
        "1 0 obj % comment >>\n<< /Fi#6cter % more\n /FlateDecode >> stream \r\n",
        "1 0 obj <</A(not the end >> \\) stream\n of 9 9 it)/B<</C[1 2]>>/Filter[/Fl]>>\nstream\r",
        "<</Filter/Fl>>stream\n",
        "1 0 obj<</Length 1>>stream\n",
    ];
    for head in heads {
        let bytes = [b"%PDF-1.7\n", head.as_bytes(), &data, b"endstream %%EOF"].concat();
        let walked = walk(&bytes);
        let found = walked.entries.iter().any(|entry| entry.bytes.as_deref() == Some(b"content"));
        assert!(found, "{head}: {:?}", walked.names());
    }
}

#[test]
fn filters_may_stand_in_another_object() {
    let bytes = document(&[
        object(1, "/Filter 12 0 R", &b"616263"[..]),
        b"112 0 obj /Fl endobj 12 0 obj [/ASCIIHexDecode] endobj\n".to_vec(),
    ]);
    assert_eq!(walk(&bytes).content("object 1 0"), b"abc");
}

#[test]
fn scripts_in_strings_are_handed_out_wherever_they_stand() {
    let bytes = document(&[
        b"1 0 obj <</S/JavaScript/JS(app.alert\\(1\\);\\n(nested) \\101)>> endobj\n".to_vec(),
        b"2 0 obj <</J#53 <6162 63>>> endobj\n".to_vec(),
        b"3 0 obj <</JS 4 0 R /JSx (no) /JS << >> /JS()>> endobj\n".to_vec(),
        object(5, "/Type/ObjStm/N 1/First 4/Filter/Fl", &packed(b"9 0 <</JS(inside)>>")),
    ]);
    let walked = walk(&bytes);
    let scripts: Vec<_> =
        walked.entries.iter().filter(|entry| entry.name == "JavaScript").collect();
    let scripts: Vec<_> = scripts.iter().map(|entry| entry.bytes.as_deref().unwrap()).collect();
    assert_eq!(scripts, [&b"app.alert(1);\n(nested) A"[..], b"abc", b"inside"]);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn embedded_files_have_their_names() {
    let wide: String = "r\u{e9}.exe".encode_utf16().map(|unit| format!("{unit:04x}")).collect();
    let bytes = document(&[
        b"7 0 obj <</Type/Filespec/F(old.exe)/EF<</F 1 0 R/UF 1 0 R>>/UF(new \\(1\\).exe)>> endobj\n".to_vec(),
        object(1, "/Type/EmbeddedFile", b"one"),
        format!("8 0 obj <</UF<feff{wide}>/EF<</F 2 0 R>>/F(no)>> endobj\n").into_bytes(),
        object(2, "/Type/EmbeddedFile", b"two"),
        object(9, "/Type/ObjStm/N 2/First 9", b"3 0 4 30 <</F(in.js)/EF<</F 4 0 R>>>> <</F(x)>>"),
        object(4, "/Type/EmbeddedFile", b"four"),
        b"10 0 obj <</EFF/X/EF 5 0 R/F(y)>> <</EF<<>>/F(z)>> <</EF<</F 6 0 R>>/F()>> endobj\n".to_vec(),
        object(6, "/Type/EmbeddedFile", b"six"),
    ]);
    let walked = walk(&bytes);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    assert_eq!(walked.content("object 1 0 EmbeddedFile new (1).exe"), b"one\n");
    assert_eq!(walked.content("object 2 0 EmbeddedFile r\u{e9}.exe"), b"two\n");
    assert_eq!(walked.content("object 4 0 EmbeddedFile in.js"), b"four\n");
    assert_eq!(walked.content("object 6 0 EmbeddedFile"), b"six\n");
}

/// Strings that never end are each read to the end: a few of them, not a million.
#[test]
fn strings_without_end_are_no_hiding_place_and_no_bomb() {
    let bytes = document(&[b"1 0 obj <</JS(((((( >> endobj 2 0 obj <</JS(second)>>".to_vec()]);
    assert!(walk(&bytes).entries.iter().any(|entry| entry.bytes.as_deref() == Some(b"second")));
    let many = document(&[b"/JS(".repeat(200_000)]);
    let walked = walk(&many);
    assert!(walked.entries.len() <= 20);
    assert!(walked.reasons().contains(&Reason::Truncated));
}

#[test]
fn deep_nesting_ends() {
    for open in ["<<", "[", "(", "<</A", "<</A["] {
        let nested = open.repeat(300_000);
        let bytes = document(&[
            format!("1 0 obj {nested} stream\nx\nendstream").into_bytes(),
            object(2, "", b"behind"),
        ]);
        let walked = walk(&bytes);
        assert_eq!(walked.content("object 2 0"), b"behind\n", "{open}");
    }
}

/// Keywords and objects without end: the walk stays linear.
#[test]
fn floods_of_keywords_end() {
    for word in [
        "stream\n",
        "endstream\n",
        "obj<<",
        "1 0 obj<<>>stream\n",
        "/Encrypt 1 0 R ",
        "/EF<</F 1 0 R",
    ] {
        let walked = walk(&document(&[word.repeat(30_000).into_bytes()]));
        assert!(walked.entries.len() <= 30_000, "{word}");
    }
}

#[test]
fn every_cut_says_so() {
    let whole = document(&[
        object(1, "/Filter/FlateDecode", &packed(&noise(300))),
        b"2 0 obj <</JS(script)>> endobj\n".to_vec(),
    ]);
    for length in 0..whole.len() - 2 {
        assert!(walk(&whole[..length]).reasons().contains(&Reason::Truncated), "{length}");
    }
}

#[test]
fn a_broken_stream_is_said_and_the_next_is_read() {
    let mut data = packed(&noise(3000));
    data[1500..1600].fill(0xff);
    let bytes = document(&[object(1, "/Filter/Fl", &data[..2000]), object(2, "", b"next")]);
    let walked = walk(&bytes);
    assert!(!walked.reasons().is_empty());
    assert_eq!(walked.content("object 2 0"), b"next\n");
}

#[test]
fn each_limit_gives_its_reason() {
    let zeros = document(&[object(1, "/Filter[/Fl/Fl]", &packed(&packed(&vec![0; 20 << 20])))]);
    let cases: [(Change, Limit); 5] = [
        (|_| {}, Limit::Ratio),
        (|l| l.object_bytes = 5000, Limit::ObjectBytes),
        (|l| l.total_bytes = 5000, Limit::TotalBytes),
        (|l| l.memory = 50_000, Limit::Memory),
        (|l| l.ratio = 2000, Limit::Ratio),
    ];
    for (change, limit) in cases {
        let mut limits = Limits::default();
        change(&mut limits);
        assert!(walk_at(open, &zeros, 0, limits).reasons().contains(&Reason::Limit(limit)));
    }
}

#[test]
fn damaged_documents_do_no_harm() {
    let bytes = document(&[
        object(1, "/Filter[/AHx/Fl]/DecodeParms[null<</Predictor 12/Columns 4>>]", b"789c0102"),
        object(2, "/Type/ObjStm/Filter/LZWDecode", &[0x80, 0x0b, 0x60, 0x50]),
        b"3 0 obj <</JS(x(y)\\z)/Filter 2 0 R>> endobj".to_vec(),
        b"trailer <</Encrypt<</Filter/Standard/R 3/V 2/P -4/O(o)/U(u)>>/ID[<00><00>]>>".to_vec(),
    ]);
    survives_damage(open, &bytes);
}

/// Documents of qpdf: object streams, and every encryption with the empty user password.
#[test]
fn documents_of_qpdf_open() {
    let folder = tempfile::tempdir().unwrap();
    let plain = plain_document();
    std::fs::write(folder.path().join("plain.pdf"), &plain).unwrap();
    let streams = ["--object-streams=generate", "plain.pdf", "out.pdf"];
    let Some(bytes) = made_by(folder.path(), "qpdf", &streams, "out.pdf") else { return };
    check(&walk(&bytes), "object streams");
    let ways: [(&str, &[&str]); 6] = [
        ("40", &["--allow-weak-crypto"]),
        ("128", &["--allow-weak-crypto"]),
        ("128aes", &["--allow-weak-crypto"]),
        ("128clear", &["--allow-weak-crypto"]),
        ("256r5", &["--allow-weak-crypto"]),
        ("256", &[]),
    ];
    for (way, before) in ways {
        let bits = &way[..way.len().min(3)].trim_end_matches('a');
        let mut arguments = before.to_vec();
        arguments.extend(["--encrypt", "", "owner", bits]);
        arguments.extend(match way {
            "128aes" => &["--use-aes=y"][..],
            "128clear" => &["--use-aes=y", "--cleartext-metadata"],
            "256r5" => &["--force-R5"],
            _ => &[],
        });
        arguments.extend(["--", "plain.pdf", "out.pdf"]);
        let bytes = made_by(folder.path(), "qpdf", &arguments, "out.pdf").unwrap();
        let walked = walk(&bytes);
        check(&walked, way);
        let is_named = |name: &&str| name.ends_with("EmbeddedFile f");
        assert!(walked.names().iter().any(is_named), "{way}: {:?}", walked.names());
        let owner = arguments.iter().position(|word| word.is_empty()).unwrap();
        arguments[owner] = "secret";
        let bytes = made_by(folder.path(), "qpdf", &arguments, "out.pdf").unwrap();
        assert_eq!(walk(&bytes).reasons(), [Reason::Encrypted], "{way}");
        let budget = budget(Limits::default());
        let passwords = Passwords::new([b"other".to_vec(), b"secret".to_vec()]);
        let opening = Opening { budget: &budget, passwords: &passwords };
        check(&walk_with(open, &bytes, 0, &opening), way);
    }
}

fn check(walked: &Walked, way: &str) {
    assert_eq!(walked.reasons(), [], "{way}: {}", walked.words());
    let has =
        |content: &[u8]| walked.entries.iter().any(|entry| entry.bytes.as_deref() == Some(content));
    assert!(has(&noise(5000)), "{way}: the stream");
    assert!(has(b"app.alert(1)"), "{way}: the script");
}

/// A whole document, with a table, that other programs read.
fn plain_document() -> Vec<u8> {
    let data = packed(&noise(5000));
    let checksum = noise(5000).iter().fold((1_u32, 0_u32), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65521;
        (low, (high + low) % 65521)
    });
    let end = data.len() - 4;
    let data = [&data[..end], &(checksum.1 << 16 | checksum.0).to_be_bytes()].concat();
    let head = format!("/Type/EmbeddedFile/Filter/FlateDecode/Length {}", data.len());
    let objects = [
        b"1 0 obj\n<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>/Names<</EmbeddedFiles<</Names[(f)4 0 R]>>>>>>\nendobj\n".to_vec(),
        b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n".to_vec(),
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>\nendobj\n".to_vec(),
        b"4 0 obj\n<</Type/Filespec/F(f)/EF<</F 5 0 R>>>>\nendobj\n".to_vec(),
        object(5, &head, &data),
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = "xref\n0 6\n0000000000 65535 f \n".to_owned();
    for object in &objects {
        table += &format!("{:010} 00000 n \n", bytes.len());
        bytes.extend(object);
    }
    let at = bytes.len();
    bytes.extend(table.bytes());
    bytes.extend(format!("trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n").bytes());
    bytes
}
