//! Messages as mail programs write them (Python's `email` writes some while the tests run), as attackers
//! write them, and as they break.

use super::{open_mail, open_mbox};
use crate::limits::{Limit, Limits};
use crate::unpack::testing::{Walked, run, survives_damage, walk_at};
use crate::verdict::Reason;

fn walk(message: impl AsRef<[u8]>) -> Walked {
    walk_at(open_mail, message.as_ref(), 0, Limits::default())
}

/// Names and contents.
fn parts(walked: &Walked) -> Vec<(&str, String)> {
    let text = |bytes: &Option<Vec<u8>>| {
        String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
    };
    walked.entries.iter().map(|entry| (entry.name.as_str(), text(&entry.bytes))).collect()
}

fn held(message: &str) -> Vec<(String, String)> {
    let walked = walk(message);
    parts(&walked).into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

const MESSAGE: &str = "From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n\
    preamble\r\n\
    --outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n\
    --inner\r\nContent-Type: text/plain\r\n\r\nplain words\r\n\
    --inner\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    <html>=20w=\r\nords\r\n\
    --inner--\r\n\
    --outer\r\nContent-Type: application/octet-stream; name=x.exe\r\n\
    Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n\
    --outer--\r\nepilogue\r\n";

#[test]
fn parts_come_out_in_order_and_decoded() {
    let walked = walk(MESSAGE);
    assert_eq!(
        parts(&walked),
        [
            ("text/plain", "plain words".to_owned()),
            ("text/html", "<html> words".to_owned()),
            ("x.exe", "hello".to_owned()),
        ]
    );
    assert_eq!(walked.reasons(), []);
    let sizes: Vec<_> = walked.listings.iter().map(|listing| listing.size).collect();
    assert_eq!(sizes, [11, 12, 5]);
    assert!(walked.listings.iter().all(|it| it.container_size == MESSAGE.len() as u64));
}

#[test]
fn line_ends_of_every_kind_do() {
    for end in ["\n", "\r"] {
        let message = MESSAGE.replace("\r\n", end);
        assert_eq!(walk(&message).names(), ["text/plain", "text/html", "x.exe"], "{end:?}");
    }
}

#[test]
fn a_message_without_parts_is_one() {
    let expected = pairs(&[("body", "words")]);
    assert_eq!(held("From: a\nTo: b\n\nwords"), expected);
    let expected = pairs(&[("x.txt", "hello")]);
    assert_eq!(
        held(
            "From: a\nContent-Type: text/plain; name=x.txt\nContent-Transfer-Encoding: BASE64\n\naGVsbG8="
        ),
        expected
    );
    assert_eq!(held("From: a\nTo: b\n\n \r\n\t\n"), []);
    assert_eq!(held("From: a\nTo: b"), []);
}

#[test]
fn a_header_that_nothing_ends_hides_no_body() {
    let message = "From: a\nTo: b\nContent-Transfer-Encoding: base64\naGVsbG8=\n";
    assert_eq!(held(message), pairs(&[("body", "hello")]));
    let message = "From: a\nTo: b\nContent-Type: multipart/x; boundary=b\n\n\
                   --b\nContent-Type: text/plain\none\n\n--b\n\ntwo\n--b--\n";
    assert_eq!(held(message), pairs(&[("text/plain", "one\n"), ("body", "two")]));
}

#[test]
fn lines_in_front_of_the_header_are_passed_over() {
    for line in ["From a@b Thu Jul 31 13:49:50 2008\n", ">From a\n>From b\r\n"] {
        assert_eq!(held(&format!("{line}From: a\nTo: b\n\nwords")), pairs(&[("body", "words")]));
    }
}

/// Mail programs do not agree about these; whatever one of them shows is handed out.
#[test]
fn what_is_said_twice_is_read_twice() {
    let attachment = "--b\nContent-Type: a/b; name=x\nContent-Transfer-Encoding: 7bit\n\
                      Content-Transfer-Encoding: base64\n\naGVsbG8=\n--b--\n";
    let message = format!(
        "From: a\nTo: b\nContent-Type: multipart/mixed; boundary=a\nContent-Type: multipart/mixed; boundary=b\n\n{attachment}"
    );
    assert_eq!(held(&message), pairs(&[("x", "aGVsbG8="), ("x", "hello")]));
    let message = format!(
        "From: a\nTo: b\nContent-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n{attachment}"
    );
    assert_eq!(held(&message), pairs(&[("x", "aGVsbG8="), ("x", "hello")]));
}

#[test]
fn boundaries_that_nobody_declared_are_guessed() {
    let attachment = "text\n--b\nContent-Type: a/b; name=x\n\nhello\n--b--\n";
    for declared in ["", "; boundary=", "; boundary=other", "; boundary=\"b c\""] {
        let message =
            format!("From: a\nTo: b\nContent-Type: multipart/mixed{declared}\n\n{attachment}");
        assert_eq!(held(&message), pairs(&[("x", "hello")]), "{declared}");
    }
    let walked = walk("From: a\nTo: b\nContent-Type: multipart/mixed; boundary=b\n\nno parts\n");
    assert_eq!(parts(&walked), [("multipart/mixed", "no parts\n".to_owned())]);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn parts_are_found_where_their_container_is_over() {
    let message = "From: a\nTo: b\nContent-Type: multipart/mixed; boundary=b\n\n\
        --b\n\none\n--b--\nepilogue\n--b\nContent-Type: multipart/x; boundary=c\n\n\
        --c\n\ntwo\n--b\n\nthree\n--c\n\nfour\n--b--\n";
    let expected = [("body", "one"), ("body", "two"), ("body", "three"), ("body", "four")];
    assert_eq!(held(message), pairs(&expected));
}

#[test]
fn folded_and_commented_fields_hide_nothing() {
    let message = "From: a\nTo: b\nCONTENT-type\t:\n multipart/(x)mixed;\n\tboundary*0=b;\n boundary*1=\"c\"\n\n\
        --bc\nContent-Disposition: attachment;\n filename*0*=utf-8''a%2E;\n filename*1=exe\n\
        Content-Transfer-Encoding: (x) base64 (y)\n\naGVsbG8=\n--bc--\n";
    assert_eq!(held(message), pairs(&[("a.exe", "hello")]));
}

#[test]
fn base64_that_nobody_declared_is_decoded_as_well() {
    let line = "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let walked = walk(format!("From: a\nTo: b\n\n{line}\n{line}\n"));
    assert_eq!(walked.names(), ["body", "body"]);
    assert!(walked.entries[1].bytes.as_deref().unwrap().starts_with(b"MZ\x90\0"));
    let walked = walk("From: a\nTo: b\nContent-Transfer-Encoding: rot13\n\nwords\n");
    assert_eq!(walked.reasons(), [Reason::Unsupported("transfer-encoding")]);
}

#[test]
fn nested_messages_are_entries_or_walked_at_once() {
    let nested = |inner: &str| {
        format!(
            "From: a\nTo: b\nContent-Type: multipart/mixed; boundary=b\n\n\
             --b\nContent-Type: message/rfc822\n\n{inner}\n--b\n\nbehind\n--b--\n"
        )
    };
    let inner = "Subject: x\nTo: y\n\nhello";
    let expected = pairs(&[("message/rfc822", inner), ("body", "behind")]);
    assert_eq!(held(&nested(inner)), expected);
    let inner = "Content-Type: multipart/x; boundary=c\n\n--c\n\nhello\n--c--\n";
    assert_eq!(held(&nested(inner)), pairs(&[("body", "hello"), ("body", "behind")]));
    let walked = walk(
        "From: a\nTo: b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\naGVsbG8=",
    );
    assert_eq!(parts(&walked), [("message/rfc822", "hello".to_owned())]);
    assert_eq!(walked.reasons(), [Reason::Corrupted]);
}

#[test]
fn what_is_encrypted_or_elsewhere_says_so() {
    let reasons = |kind: &str| {
        walk(format!("From: a\nTo: b\nContent-Type: {kind}\n\n--b\n\nx\n--b--\n")).reasons()
    };
    assert_eq!(reasons("multipart/encrypted; boundary=b"), [Reason::Encrypted]);
    assert_eq!(reasons("application/pkcs7-mime; smime-type=enveloped-data"), [Reason::Encrypted]);
    assert_eq!(reasons("application/pkcs7-mime"), [Reason::Unsupported("smime")]);
    assert_eq!(reasons("message/partial"), [Reason::Unsupported("message-partial")]);
}

#[test]
fn a_mailbox_has_messages() {
    let mailbox = "From a@b Thu Jul 31 13:49:50 2008\nFrom: a\nTo: b\n\none\nFrom here on\n\n\
        From c@d Thu Jul 31 13:51:21 2008\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n\
        --b\nContent-Type: a/b; name=x\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n--b--\n\n\
        From c@d Thu Jul 31 13:51:22 2008\nSubject: y\n\n>From there\n";
    let walked = walk_at(open_mbox, mailbox.as_bytes(), 0, Limits::default());
    let expected = [
        ("1/body", "one\nFrom here on\n\n".to_owned()),
        ("2/x", "hello".to_owned()),
        ("3/body", ">From there\n".to_owned()),
    ];
    assert_eq!(parts(&walked), expected);
    assert_eq!(walked.reasons(), []);
}

#[test]
fn a_thousand_nested_containers_are_walked() {
    let nested = |depth: usize| {
        let mut message = "From: a\nTo: b\n".to_owned();
        for number in 0..depth {
            message +=
                &format!("Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n");
        }
        message + "Content-Type: text/plain; name=x\n\nhello"
    };
    let walked = walk(nested(1000));
    assert_eq!(parts(&walked), [("x", "hello".to_owned())]);
    assert_eq!(walked.reasons(), [Reason::Truncated], "none of them ends");
    let walked = walk(nested(5000));
    assert!(walked.reasons().contains(&Reason::Limit(Limit::Depth)), "{:?}", walked.reasons());
}

#[test]
fn floods_of_fields_and_boundaries_cost_no_memory() {
    let fields = format!("From: a\nTo: b\n{}\nhello", "a:\n".repeat(300_000));
    assert_eq!(held(&fields), pairs(&[("body", "hello")]));
    let folded =
        format!("From: a\nTo: b\nContent-Type: x/y;\n{}\nhello", " a=b;\n".repeat(300_000));
    assert_eq!(held(&folded), pairs(&[("x/y", "hello")]));
    let boundaries = "--b\n".repeat(200_000);
    let message = format!("From: a\nTo: b\nContent-Type: multipart/x; boundary=b\n\n{boundaries}");
    assert_eq!(held(&message), []);
    let lines = "--\n".repeat(200_000);
    let message =
        format!("From: a\nTo: b\nContent-Type: multipart/x; boundary=b\n\n--b\n\n{lines}\n--b--");
    assert_eq!(held(&message).len(), 1);
}

/// Each header would search through all that is behind it.
#[test]
fn floods_of_messages_in_messages_are_searched_once() {
    let inner = "Content-Type: message/rfc822\n\n".repeat(50_000);
    let head = "From: a\nTo: b\nContent-Type: multipart/x; boundary=b\n\n--b\n";
    let message = format!("{head}{inner}A: b\n\nhello{}", "\n-- \n".repeat(100_000));
    let walked = walk(message);
    assert_eq!(walked.entries.len(), 1);
    assert!(walked.entries[0].bytes.as_deref().unwrap().starts_with(b"hello"));
}

#[test]
fn the_budget_bounds_what_comes_out() {
    let limits = Limits { object_bytes: 3, ..Limits::default() };
    let walked = walk_at(open_mail, MESSAGE.as_bytes(), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::ObjectBytes)]);
    let limits = Limits { total_bytes: 20, ..Limits::default() };
    let walked = walk_at(open_mail, MESSAGE.as_bytes(), 0, limits);
    assert_eq!(walked.reasons(), [Reason::Limit(Limit::TotalBytes)]);
}

#[test]
fn a_message_cut_anywhere_keeps_what_is_in_front() {
    let end = MESSAGE.find("--outer--").unwrap();
    for length in 0..MESSAGE.len() {
        let walked = walk(&MESSAGE[..length]);
        assert!(walked.entries.len() <= 4, "{length}");
        if (end..end + 9).contains(&length) {
            assert_eq!(walked.reasons(), [Reason::Truncated], "{length}");
            assert_eq!(walked.content("x.exe"), b"hello");
        }
    }
}

#[test]
fn damage_does_no_harm() {
    survives_damage(open_mail, MESSAGE.as_bytes());
    let mailbox = format!("From a\n{MESSAGE}\n\nFrom b\n{MESSAGE}");
    survives_damage(open_mbox, mailbox.as_bytes());
}

const PYTHON: &str = r#"
import sys
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email import charset
m = EmailMessage()
m['From'], m['To'], m['Subject'] = 'a@example.org', 'b@example.org', 'r\u00e9sum\u00e9'
m.set_content('plain w\u00f6rds\n', cte='quoted-printable')
m.add_alternative('<html>w\u00f6rds</html>\n', subtype='html', cte='base64')
m.add_attachment(bytes(range(256)), maintype='application', subtype='octet-stream', filename='r\u00e9sum\u00e9.exe')
m.add_attachment('x' * 100 + '\n', filename='long name ' * 12 + '.txt')
inner = EmailMessage()
inner['From'], inner['Subject'] = 'c@example.org', 'inner'
inner.set_content('inner words\n')
m.add_attachment(inner)
sys.stdout.buffer.write(m.as_bytes())
"#;

#[test]
fn messages_of_pythons_email_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let Some(message) = run(folder.path(), "python3", &["-c", PYTHON]) else { return };
    let walked = walk(&message);
    assert_eq!(walked.reasons(), [], "{}", walked.words());
    let long = format!("{}.txt", "long name ".repeat(12));
    let names = ["text/plain", "text/html", "résumé.exe", long.as_str(), "message/rfc822"];
    assert_eq!(walked.names(), names);
    assert_eq!(walked.content("text/plain"), "plain wörds\n".as_bytes());
    assert_eq!(walked.content("text/html"), "<html>wörds</html>\n".as_bytes());
    assert_eq!(walked.content("résumé.exe"), (0..=255).collect::<Vec<u8>>());
    assert!(walked.content("message/rfc822").ends_with(b"inner words\n"));
}

/// Writes messages of any shape, each followed by what Python reads in its parts; lengths in front of all.
const ANY_SHAPE: &str = r#"
import base64, quopri, random, struct, sys
from email import message_from_bytes
dice = random.Random(7)
out = sys.stdout.buffer

def words():
    line = lambda: b' '.join(dice.choice([b'word', b'--', b'--x', b'From', b'=', b'=3D', b'begin', b'\xe4', b'', b'Subject: x']) for _ in range(dice.randrange(9)))
    return b'\n'.join(line() for _ in range(dice.randrange(1, 12)))

def leaf():
    content = words() if dice.random() < .7 else dice.randbytes(dice.randrange(300))
    how = dice.choice(['7bit', 'base64', 'quoted-printable', 'BASE64', None])
    body = {'base64': base64.encodebytes, 'BASE64': base64.encodebytes, 'quoted-printable': quopri.encodestring}.get(how, lambda it: words())(content)
    kind = dice.choice(['text/plain', 'text/html; charset=utf-8', 'application/octet-stream; name="a b.exe"', None])
    head = b''
    if kind: head += b'Content-Type: ' + kind.encode() + b'\n'
    if how: head += b'Content-Transfer-Encoding: ' + how.encode() + b'\n'
    return head + b'\n' + body

def part(depth, path):
    shape = dice.random()
    if depth == 0 or shape < .5: return leaf()
    if shape < .6: return b'Content-Type: message/rfc822\n\n' + message(depth - 1, path + b'm')
    boundary = b'=_' + path + b'_'
    form = dice.choice([b'"%s"', b'"%s"; x=y', b'\n\t"%s"'])
    parts = [b'--' + boundary + b'\n' + part(depth - 1, path + str(n).encode()) + b'\n' for n in range(dice.randrange(1, 4))]
    return b'Content-Type: multipart/mixed; boundary=' + form % boundary + b'\n\npreamble\n' + b''.join(parts) + b'--' + boundary + b'--\n'

def message(depth, path):
    return b'From: a@example.org\nTo: b@example.org\n' + part(depth, path)

def put(data): out.write(struct.pack('<I', len(data)) + data)

for _ in range(300):
    text = message(4, b'p')
    if dice.random() < .3: text = text.replace(b'\n', b'\r\n')
    leaves = [it.get_payload(decode=True) for it in message_from_bytes(text).walk() if not it.is_multipart()]
    put(text)
    out.write(struct.pack('<I', len(leaves)))
    for payload in leaves: put(payload)
"#;

/// What is in a message and in those that are in it.
fn everything(message: &[u8], depth: usize) -> Vec<Vec<u8>> {
    let mut contents = Vec::new();
    for entry in walk(message).entries {
        let bytes = entry.bytes.unwrap_or_default();
        if depth > 0 && crate::identify::is_mail(&bytes) {
            contents.extend(everything(&bytes, depth - 1));
        }
        contents.push(bytes);
    }
    contents
}

/// Every content that Python reads in the messages that a script of its writes comes out here, too. Says
/// how many were compared; nothing where Python is missing.
fn compare_with_python(script: &str) -> Option<usize> {
    let folder = tempfile::tempdir().unwrap();
    let written = run(folder.path(), "python3", &["-c", script])?;
    let mut reader = crate::reader::Reader::new(&written);
    let mut compared = 0;
    while !reader.is_empty() {
        let length = reader.u32_le().unwrap();
        let message = reader.bytes(length.into()).unwrap();
        let contents = everything(message, 9);
        for _ in 0..reader.u32_le().unwrap() {
            let length = reader.u32_le().unwrap();
            let payload = reader.bytes(length.into()).unwrap();
            let is_there = contents.iter().any(|content| content == payload);
            assert!(
                is_there || payload.trim_ascii().is_empty(),
                "{}\nof\n{}",
                payload.escape_ascii(),
                String::from_utf8_lossy(message)
            );
            compared += 1;
        }
    }
    Some(compared)
}

#[test]
fn what_python_reads_is_read() {
    assert!(compare_with_python(ANY_SHAPE).is_none_or(|compared| compared > 500));
}
