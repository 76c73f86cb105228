//! The views themselves, byte by byte: `clamscan --leave-temps` leaves the files behind that it searches.
//!
//! Random pages, scripts and texts; `PELLUCID_ROUNDS` and `PELLUCID_SEED` make it go on for longer, and
//! elsewhere.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use pellucid::identify::identify;
use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::matcher::Target;
use pellucid::normalise::{View, Views, views};
use proptest::collection::vec;
use proptest::sample::select;

use crate::random::{Random, number};
use crate::trial::clamscan_is_there;

/// Pieces of pages; between them everything that the reader of pages knows.
const PAGE: &[&[u8]] = &[
    b"<",
    b">",
    b"</",
    b"/>",
    b"<b",
    b"<a ",
    b"href",
    b"=",
    b"\"",
    b"'",
    b" ",
    b"  ",
    b"\n",
    b"\t",
    b"&",
    b"&amp;",
    b"&lt",
    b"&#65;",
    b"&#x41",
    b"&#200;",
    b"&hellip;",
    b";",
    b"<!--",
    b"-->",
    b"<!",
    b"<script>",
    b"</script>",
    b"<style>",
    b"</style>",
    b"<img src=",
    b"x",
    b"Y",
    b"1",
    b"\xe4",
    b"\xc3\xbc",
    b"\xe3\x80\x82",
    b"\xa1C",
    b"\x01",
    b"\r",
    b"\0",
    b"?",
    b"%",
    b"-",
    b"!",
    b"/",
    b"<p class=\"",
    b"<a href=\"",
    b"abc",
    b"Def",
    b"&foo;",
    b"&nbsp",
    b"`",
    b"\\",
];

/// Pieces of scripts. Calls of `eval` are in the tables: what they evaluate is kept here where ClamAV loses it
/// in front of an open comment.
const SCRIPT: &[&[u8]] = &[
    b"var ",
    b"function ",
    b"function(",
    b"(",
    b")",
    b"{",
    b"}",
    b"[",
    b"]",
    b";",
    b",",
    b".",
    b"+",
    b"\"",
    b"'",
    b"\\",
    b"a",
    b"b",
    b"c",
    b"Foo",
    b" ",
    b"\n",
    b"=",
    b"1",
    b"0",
    b".5",
    b"2.50",
    b"//",
    b"/*",
    b"*/",
    b"/",
    b"<",
    b">",
    b"unescape(\"%41\")",
    b"\"a\"+\"b\"",
    b"return ",
    b"if",
    b"for",
    b"in ",
    b"this",
    b"\\x41",
    b"\\u0041",
    b"\\n",
    b"%41",
    b"x.y",
    b"\xe4",
    b"#",
    b"$",
    b"_",
    b"-",
    b"++",
    b"+=",
    b"\"a\"",
    b"<!--",
    b"&&",
    b":",
    b"?",
];

/// What `clamscan` names the files of views.
const FILES: [(&str, View); 3] =
    [("nocomment.html", View::Page), ("notags.html", View::Words), ("javascript", View::Scripts)];

type Made = BTreeMap<View, Vec<u8>>;

/// Runs as many pages as are asked for past both, and says how many differ.
fn compare(pieces: &'static [&'static [u8]], frame: impl Fn(Vec<u8>) -> Vec<u8>) {
    if !clamscan_is_there() {
        return;
    }
    let mut random = Random::new();
    for _ in 0..number("PELLUCID_ROUNDS", 1) {
        let pages: Vec<Vec<u8>> =
            (0..300).map(|_| frame(random.draw(vec(select(pieces), 3..40)).concat())).collect();
        let theirs = theirs(&pages);
        for (page, theirs) in pages.iter().zip(&theirs) {
            let ours = ours(page);
            let shown = |made: &Made| -> Vec<String> {
                made.iter().map(|(view, it)| format!("{view:?} {}", it.escape_ascii())).collect()
            };
            assert_eq!(shown(&ours), shown(theirs), "{}", page.escape_ascii());
        }
    }
}

fn ours(page: &[u8]) -> Made {
    let budget = Budget::new(Limits::default(), Cancel::new());
    let (made, ended) = views(page, &identify(page), Views::of(Target::Html), &budget);
    assert_eq!(ended, Ok(()));
    made.into_iter().map(|made| (made.view, made.written.bytes().to_vec())).collect()
}

/// The views of each page, out of one run.
fn theirs(pages: &[Vec<u8>]) -> Vec<Made> {
    let folder = tempfile::tempdir().unwrap();
    let (databases, left) = (folder.path().join("databases"), folder.path().join("left"));
    let files = folder.path().join("files");
    for it in [&databases, &left, &files] {
        std::fs::create_dir(it).unwrap();
    }
    std::fs::write(databases.join("a.hdb"), format!("{}:9:Nothing\n", "0".repeat(32))).unwrap();
    for (number, page) in pages.iter().enumerate() {
        std::fs::write(files.join(format!("p{number:05}")), page).unwrap();
    }
    let status = Command::new("clamscan")
        .args(["--no-summary", "--quiet", "--leave-temps", "--disable-cache", "--recursive"])
        .arg(format!("--tempdir={}", left.display()))
        .arg("--database")
        .args([&databases, &files])
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    let mut made = vec![Made::new(); pages.len()];
    for entry in std::fs::read_dir(&left).unwrap() {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        let number =
            name.split_once("-p").and_then(|(_, rest)| rest.get(..5)?.parse::<usize>().ok());
        collect(&entry.unwrap().path(), &mut made[number.unwrap()]);
    }
    made
}

/// Finds the files of views in what was left of one page: two folders further down.
fn collect(folder: &Path, made: &mut Made) {
    for entry in std::fs::read_dir(folder).unwrap().flat_map(|it| {
        std::fs::read_dir(it.unwrap().path()).into_iter().flatten().map(|it| it.unwrap().path())
    }) {
        for (name, view) in FILES {
            if let Ok(bytes) = std::fs::read(entry.join(name)) {
                made.insert(view, bytes);
            }
        }
    }
}

#[test]
fn random_pages_look_the_same() {
    compare(PAGE, |page| [&b"<html>"[..], &page].concat());
}

#[test]
fn random_scripts_look_the_same() {
    compare(SCRIPT, |script| [&b"<script>"[..], &script, b"</script>"].concat());
}
