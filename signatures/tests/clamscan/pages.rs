//! HTML: what its three views hold, and what is searched for in them.

use crate::trial::{Found, Trial};
use crate::views::{Sample, hex, hold_samples};

const PAGES: &[Sample] = &[
    // White space and case.
    Sample {
        target: 3,
        text: "some words",
        hits: &[b"<html>Some \n\t Words", b"<TABLE>SOME<!-- -->\r\n Words some words"],
        misses: &[b"<html>somewords", b"Some Words without a tag"],
    },
    Sample {
        target: 3,
        text: "<b>x</b><i>",
        hits: &[b"<html><B>x</B> <I>y", b"<html>\n<b>\n x</b\t>\n\n<i>"],
        misses: &[b"<html><b>x</b>y<i>", b"<html><b>x </b><i>"],
    },
    // Comments and declarations.
    Sample {
        target: 3,
        text: "onetwo",
        hits: &[b"<html>one<!-- a <b --> two", b"<html>one<!x>two", b"<html>ONE<!---->\n\n TWO"],
        misses: &[b"<html>one two", b"<html><!-- onetwo -->"],
    },
    // Attributes.
    Sample {
        target: 3,
        text: "<p id=\"x y\" class=z>",
        hits: &[b"<html><P ID = 'X  Y' CLASS = Z >"],
        misses: &[b"<html><p\nid=\"x\ny\"class=z>", b"<html><p id=x y class=z>", b"<html><p class=z id=\"x y\">"],
    },
    // Character references.
    Sample {
        target: 3,
        text: "<evil>&",
        hits: &[b"<html>&lt;EVIL&#62;&amp;", b"<html>&lt;evil&gt;& "],
        misses: &[b"<html><&#x65;&#86;&#105;l>&&", b"<html>&ltevil&gt&amp;", b"<html>&LT;evil&GT;&"],
    },
    Sample {
        target: 3,
        text: "x&#x2026;&euro",
        hits: &[b"<html>x&#8230;&euro "],
        misses: &[b"<html>X&hellip;&euro", b"<html>x&hellip;&euro;", b"<html>x...&euro"],
    },
    // Scripts and style sheets, in the page.
    Sample {
        target: 3,
        text: "varx=\"ab\"+y;</script>",
        hits: &[b"<html><script>var x = 'a b' + y;\n</script>", b"<script>\nVAR\tX=\"ab\"+ Y ;</SCRIPT >"],
        misses: &[b"<html><p>var x = 'a b' + y;</script>", b"<html><script>var x='a b'-y;</script>"],
    },
    // The words.
    Sample {
        target: 3,
        text: "click HTTP://Here.test/A here",
        hits: &[
            b"<html><B>Click</B><a href='HTTP://Here.test/A'>HERE",
            b"<html>click <p><img alt=x src=HTTP://Here.test/A> here",
        ],
        misses: &[b"<html>click HTTP://Here.test/A here", b"<html>click<a HTTP://Here.test/A> here"],
    },
    // Scripts of their own: for targets 3 and 7.
    Sample {
        target: 3,
        text: "var n000=\"abc\";n000.run(n001)",
        hits: &[
            b"<script>var Payload = 'a' + \"b\" + '\\x63'; /* x */ Payload . run ( Other ) ; var Other</script>",
        ],
        misses: &[
            b"<table><SCRIPT type=x>var q=unescape('%61%62%63');q.run(z);function w(){};var z;</SCRIPT>",
            b"<script>var Payload = 'a' + 'bc'; payload.run(Other); var Other</script>",
            b"var Payload = 'abc'; Payload.run(Other); var Other",
        ],
    },
    Sample {
        target: 7,
        text: "<script>n000(\"evil\")",
        hits: &[
            b"<script>Run('Ev'+'il');var Run</script>",
            b"<b><script>eval(\"R('evil');\");var R</script>",
        ],
        misses: &[b"<script>Run('evil')</script>", b"<script>n000(Evil)</script>"],
    },
    // Full stops of other scripts, and UTF-16.
    Sample {
        target: 3,
        text: "evil.test/",
        hits: &[b"<html>evil\xe3\x80\x82TEST/", b"<\0h\0t\0m\0l\0>\0E\0v\0i\0l\0.\0t\0e\0s\0t\0/\0"],
        misses: &[b"<html>evil\xe3\x80\x81test/", b"\xff\xfeE\0v\0i\0l\0.\0t\0e\0s\0t\0/\0"],
    },
];

#[test]
fn pages() {
    hold_samples(PAGES);
}

/// Which tags make a page of a text.
#[test]
fn tags_make_pages() {
    let mut trial = Trial::default();
    for target in [3, 7] {
        trial.source("a.ndb", format!("T{target}:{target}:*:{}\n", hex("text")));
    }
    let files: &[(&str, &[u8])] = &[
        ("html", b"Text <HTML>"),
        ("head", b"Text <head>"),
        ("link", b"Text <A class=x HREF=y"),
        ("image", b"Text <img"),
        ("late", &[&b" words of text ".repeat(300)[..], b"<iframe x>"].concat()),
        ("mixed", b"Text <ScRiPt>"),
        ("spaced", b"Text < script>"),
        ("attribute", b"Text <p class=x>"),
        ("anchor", b"Text <a name=x>"),
    ];
    for (name, bytes) in files {
        trial.file(name, *bytes);
    }
    let ours = trial.ours();
    let has = |file: &str, name: &str| ours.contains(&(file.to_owned(), name.to_owned()));
    for (name, _) in files {
        let is_page = ["html", "head", "link", "image", "late"].contains(name);
        assert_eq!(has(name, "T3"), is_page, "{name}");
        assert_eq!(has(name, "T7"), !is_page, "{name}");
    }
    trial.assert_same();
}

/// Each view is a file of its own to ClamAV: it has its own end, and parts of one
/// signature do not meet across views.
#[test]
fn a_signature_is_decided_in_each_view_of_a_page() {
    let page = b"<html><p title='Quux'>Some  Words<script>Run('a'+'b')</script></html>";
    let mut trial = Trial::default();
    trial.file("page", &page[..]);
    let records = [
        ("Page.And.Words", "Target:3", "0&1", vec![hex("title=\"quux"), hex(" some words ")]),
        ("Page.And.Script", "Target:3", "0&1", vec![hex("title=\"quux"), hex("\"ab\"")]),
        ("Page.Alone", "Target:3", "0&1=0", vec![hex("some words"), hex("\"ab\"")]),
        ("Words.Alone", "Target:3", "0&1=0", vec![hex("some words"), hex("title=")]),
        ("Once.In.Each", "Target:3", "0=1", vec![hex("some words")]),
        ("Twice", "Target:3", "0=2", vec![hex("some words")]),
        ("End.Of.Page", "Target:3", "0", vec![format!("EOF-7:{}", hex("</html>"))]),
        ("End.Of.Script", "Target:7", "0", vec![format!("EOF-9:{}", hex("</script>"))]),
        ("Start.Of.Words", "Target:0", "0", vec![format!("0:{}", hex(" some words "))]),
        ("Only.Text", "Target:7", "0", vec![hex("title=\"quux")]),
    ];
    for (name, block, logic, subs) in records {
        let line = format!("{name};Engine:51-255,{block};{logic};{}\n", subs.join(";"));
        trial.source("a.ldb", line);
    }
    let ours = trial.ours();
    let has = |name: &str| ours.contains(&("page".to_owned(), name.to_owned()));
    for name in [
        "Page.Alone",
        "Words.Alone",
        "Once.In.Each",
        "End.Of.Page",
        "End.Of.Script",
        "Start.Of.Words",
    ] {
        assert!(has(name), "{name}");
    }
    for name in ["Page.And.Words", "Page.And.Script", "Twice", "Only.Text"] {
        assert!(!has(name), "{name}");
    }
    trial.assert_same();
}

/// ClamAV does not search the own bytes of a page, neither for patterns nor for digests. We do.
#[test]
fn the_own_bytes_of_pages_are_searched_too() {
    let mut trial = Trial::default();
    trial.file("page", &b"<html>Own  Bytes</html>"[..]);
    trial
        .source("a.ndb", format!("Own:0:*:{}\nView:0:*:{}\n", hex("Own  Bytes"), hex("own bytes")));
    let found = |name: &str| ("page".to_owned(), name.to_owned());
    assert_eq!(trial.ours(), [found("Own"), found("View")].into());
    let difference = trial.difference();
    let more: Found = difference.more.into_iter().filter(|it| *it != found("Own")).collect();
    assert!(difference.missed.is_empty() && more.is_empty());
}
