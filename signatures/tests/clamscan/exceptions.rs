//! Exceptions: what they switch off, and what they do not.

use std::fmt::Write as _;

use md5::Digest;

use crate::trial::{Found, Trial};

const FILE: &[u8] = b"\x00\x01some needle in here\x02";
const BODY: &str = "Body:0:*:6e6565646c65";
const LOGIC: &str = "Logic;Engine:51-255,Target:0;0;6e6565646c65";

fn md5(bytes: impl AsRef<[u8]>) -> String {
    let digest = md5::Md5::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Which of the four signatures are left under an exception.
fn left(extension: &str, exception: &str) -> Vec<String> {
    let mut trial = Trial::default();
    trial.file("file", FILE);
    let hash = format!("{}:{}:Hash", md5(FILE), FILE.len());
    trial.source("a.ndb", format!("{BODY}\r\n"));
    trial.source("b.ldb", format!("{LOGIC}\n"));
    trial.source("c.hdb", format!("{hash}\n"));
    trial.source("d.ndb", "Body.More:0:*:6e6565646c65\n");
    trial.source(&format!("z.{extension}"), exception.replace("HASH", &md5(&hash)));
    let found: Found = trial.ours();
    trial.assert_same();
    found.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn what_an_exception_switches_off() {
    let all = ["Body", "Body.More", "Hash", "Logic"];
    let (body, logic) = (md5(BODY), md5(LOGIC).to_uppercase());
    for (exception, off) in [
        ("# nothing\n".to_owned(), &[][..]),
        ("Body\n".to_owned(), &["Body"]),
        ("Body\r\nHash\n".to_owned(), &["Body", "Hash"]),
        ("Logic\nHash\nBody\nBody.More\n".to_owned(), &all),
        ("body\nHAS\nLogic.\n".to_owned(), &[]),
        ("Body.UNOFFICIAL\n".to_owned(), &[]),
        (format!("Body:{body}\nLogic:{logic}\nHash:HASH\n"), &["Body", "Logic", "Hash"]),
        (format!("Body:{logic}\nBody.More:{body}\n"), &[]),
        ("a.ndb:1:Body\nother.db:99:Logic\n".to_owned(), &["Body", "Logic"]),
        (format!("Body:{body}:5\n"), &[]),
    ] {
        let left_over: Vec<&str> = all.into_iter().filter(|name| !off.contains(name)).collect();
        for extension in ["ign", "ign2"] {
            assert_eq!(left(extension, &exception), left_over, "{extension}: {exception}");
        }
    }
}

#[test]
fn an_allow_list_can_be_switched_off() {
    for (exception, found) in [("# nothing\n", false), ("Good\n", true)] {
        let mut trial = Trial::default();
        trial.file("file", FILE).source("a.ndb", format!("{BODY}\n"));
        trial.source("b.fp", format!("{}:{}:Good\n", md5(FILE), FILE.len()));
        trial.source("c.ign2", exception);
        assert_eq!(!trial.ours().is_empty(), found, "{exception}");
        trial.assert_same();
    }
}
