//! Mail: what is searched as a message (target 4), what its parts are searched as, and what is listed
//! of them.

use crate::trial::{Found, Trial};

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// A message of parts: their headers and bodies.
fn message(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut text = "From: a@example.org\nTo: b@example.org\nSubject: Quux\nMIME-Version: 1.0\n\
                    Content-Type: multipart/mixed; boundary=\"limit\"\n\n"
        .to_owned();
    for (header, body) in parts {
        text += &format!("--limit\n{header}\n\n{body}\n");
    }
    (text + "--limit--\n").into_bytes()
}

const ENCODED: &str = "Content-Type: application/octet-stream; name=\"a.bin\"\n\
                       Content-Transfer-Encoding: base64";

/// `needle` between bytes that are no text.
const NEEDLE: &str = "AAEC/25lZWRsZQD/AQIDBAUGBwgJ/v79/Pv6+Q==";

fn trial(records: &[(&str, u8, &str)]) -> Trial {
    let mut trial = Trial::default();
    for (name, target, body) in records {
        trial.source("a.ndb", format!("{name}:{target}:{body}\n"));
    }
    trial
}

fn found(expected: &[(&str, &str)]) -> Found {
    expected.iter().map(|(file, name)| ((*file).to_owned(), (*name).to_owned())).collect()
}

#[test]
fn a_message_is_searched_as_it_stands() {
    let mut trial = trial(&[
        ("Head", 4, &format!("*:{}", hex("Quux"))),
        ("Start", 4, &format!("0:{}", hex("From:"))),
        ("End", 4, &format!("EOF-10:{}", hex("--limit--"))),
        ("Encoded", 4, &format!("*:{}", hex("25lZWRsZQ"))),
        ("Decoded", 4, &format!("*:{}", hex("needle"))),
        ("As.Text", 7, &format!("*:{}", hex("quux"))),
        ("As.Page", 3, &format!("*:{}", hex("quux"))),
    ]);
    trial.file("mail", message(&[(ENCODED, NEEDLE)]));
    trial.file("text", *b"No mail: Quux\nbut From: text\n");
    let expected = ["Head", "Start", "End", "Encoded"].map(|name| ("mail", name));
    assert_eq!(trial.ours(), found(&[&expected[..], &[("text", "As.Text")]].concat()));
    trial.assert_same();
}

#[test]
fn parts_are_searched_as_what_they_are() {
    let mut trial = trial(&[
        ("Any", 0, &format!("*:{}", hex("needle"))),
        ("Text", 7, &format!("*:{}", hex("some words"))),
        ("Page", 3, &format!("*:{}", hex("<p>more words"))),
        ("Image", 5, &format!("*:{}", hex("pixels"))),
        ("Start", 0, "0:000102ff"),
    ]);
    let image = "Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64";
    let page = "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable";
    trial.file("encoded", message(&[(ENCODED, NEEDLE)]));
    trial.file("words", message(&[("Content-Type: text/plain", "Some\n  WORDS")]));
    trial.file("page", message(&[(page, "<html><P>more=20wo=\nrds</html>")]));
    trial.file("image", message(&[(image, "iVBORw0KGgpwaXhlbHM=")]));
    let all = [(ENCODED, NEEDLE), (page, "<html><P>more=20wo=\nrds</html>")];
    trial.file("several", message(&all));
    let expected = [
        ("encoded", "Any"),
        ("encoded", "Start"),
        ("words", "Text"),
        ("page", "Page"),
        ("image", "Image"),
        ("several", "Any"),
        ("several", "Start"),
        ("several", "Page"),
    ];
    assert_eq!(trial.ours(), found(&expected));
    trial.assert_same();
}

#[test]
fn nested_messages_and_mailboxes() {
    let mut trial = trial(&[("Any", 0, &format!("*:{}", hex("needle")))]);
    let inner = String::from_utf8(message(&[(ENCODED, NEEDLE)])).unwrap();
    let nested = message(&[("Content-Type: message/rfc822", &inner.replace("limit", "inner"))]);
    trial.file("nested", nested);
    let mailbox = format!(
        "From a@b Thu Jul 31 13:49:50 2008\nFrom: a\nTo: b\n\none\n\n\
                           From c@d Thu Jul 31 13:51:21 2008\n{inner}"
    );
    trial.file("mailbox", mailbox);
    assert_eq!(trial.ours(), found(&[("nested", "Any"), ("mailbox", "Any")]));
    trial.assert_same();
}

/// Parts are listed for container metadata.
#[test]
fn parts_are_listed() {
    let mut trial = Trial::default();
    for (name, fields) in [
        ("Name", "*:a\\.bin:*:*:*:*"),
        ("Other.Name", "*:b\\.bin:*:*:*:*"),
        ("Size", "*:a\\.bin:28:28:*:*"),
        ("Other.Size", "*:a\\.bin:40:40:*:*"),
        ("Place", "*:a\\.bin:*:*:0:0"),
        ("Other.Place", "*:a\\.bin:*:*:0:1"),
    ] {
        trial.source("a.cdb", format!("{name}:CL_TYPE_MAIL:{fields}:*:*\n"));
    }
    trial.source("a.cdb", "Zip:CL_TYPE_ZIP:*:*:*:*:*:*:*:*\n");
    trial.file("mail", message(&[(ENCODED, NEEDLE)]));
    assert_eq!(trial.ours(), found(&["Name", "Size", "Place"].map(|name| ("mail", name))));
    trial.assert_same();
}
