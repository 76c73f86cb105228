//! Logical signatures: macros, and the groups of body signatures that they refer to.

use proptest::prelude::*;

use crate::table::framed;
use crate::trial::Trial;

/// Two members of group 12, one of group 30, and one of group 12 for another target.
const MEMBERS: &str = "D1:0:$12:626262\nD2:0:$12:6363??63\nD3:0:$30:626264\nD4:10:$12:646464\n";

/// Texts around `aaa`, which is part 0, and what `${6-7}12$` behind it counts in them.
const TEXTS: &[(&[u8], u32)] = &[
    (b"aaa...bbb", 0),
    (b"aaa...bbb....aaa", 2),
    (b"aaa...bbbaaa", 2),
    (b"aaa....cc.c....aaa", 2),
    (b"aaa...bbb....aaa...cccc", 1),
    (b"aaa.........aaa...cccc", 0),
    (b"aaa.........aaa...cccc.........aaa", 2),
    (b"aaa...bbb.........bbb....aaa", 0),
    (b"aaa...bbb....bbd....aaa", 2),
    (b"aaa...bbd....aaa", 0),
    (b"aaa...ddd....aaa", 0),
    (b"aaa..bbb....aaa", 0),
    (b"aaa.....bbb....aaa", 0),
    (b"bbb...aaa....bbb", 0),
    (b"aaa...bbb....aaa...bbb....aaa", 1),
    (b"aaa...bbb....aaa...bbb....aaa...bbb...aaa", 3),
    (b"aaaa...bbb....aaa", 2),
    (b"aaaa..bbb....aaa", 0),
];

#[test]
fn counts() {
    let mut trial = Trial::default();
    trial.source("members.ndb", MEMBERS);
    for count in 0..5 {
        trial.source(
            "macros.ldb",
            format!("Own.{count};Engine:51-255,Target:0;0&1={count};616161;${{6-7}}12$\n"),
        );
        trial.source(
            "macros.ldb",
            format!("Before.{count};Engine:51-255,Target:0;(0={count})|(1>9);616161;${{6-7}}12$\n"),
        );
    }
    for (text, _) in TEXTS {
        trial.file(&text.escape_ascii().to_string(), framed(text));
    }
    let ours = trial.ours();
    for (text, count) in TEXTS {
        let finding = (text.escape_ascii().to_string(), format!("Own.{count}"));
        assert!(ours.contains(&finding), "{finding:?}");
    }
    trial.assert_same();
}

#[test]
fn members_hit_nothing_alone_and_only_for_their_target() {
    let mut trial = Trial::default();
    trial.source("members.ndb", MEMBERS);
    trial.source("macros.ldb", "Any;Engine:51-255,Target:0;0&1;616161;${6-7}12$\n");
    trial.source("macros.ldb", "Pdf;Engine:51-255,Target:10;0&1;616161;${6-7}12$\n");
    trial.source("macros.ldb", "Nobody;Engine:51-255,Target:0;0&1;616161;${0-99}31$\n");
    trial.source("macros.ldb", "No.Range;Engine:51-255,Target:0;0&1;616161;${7-6}12$\n");
    trial.source("macros.ldb", "Without;Engine:51-255,Target:0;0&1=0;616161;${0-99}31$\n");
    trial.source("macros.ldb", "Beside;Engine:51-255,Target:0;0&1&2;616161;${6-7}12$;7878\n");
    for (name, text) in [
        ("b", &b"aaa...bbb....aaa"[..]),
        ("x", b"xxaaa...bbb....aaa"),
        ("d", b"aaa...ddd....aaa"),
        ("alone", b"...bbb...ddd"),
    ] {
        trial.file(name, framed(text));
        trial.file(&format!("{name}.pdf"), [b"%PDF-1.4\n".to_vec(), framed(text)].concat());
    }
    assert_eq!(trial.ours().iter().filter(|(_, name)| name == "Any").count(), 4);
    assert_eq!(trial.ours().iter().filter(|(_, name)| name == "Pdf").count(), 1);
    trial.assert_same();
}

fn literal() -> impl Strategy<Value = String> {
    let bytes = prop::collection::vec(prop::sample::select(b"ab"), 3..5);
    bytes.prop_map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 40, ..ProptestConfig::with_cases(16) })]

    /// Random parts, groups, distances and texts. Parts begin otherwise than members do: which of two that
    /// begin with the same three bytes at one place comes first, hangs on the order of loading.
    #[test]
    fn random_macros(
        part in literal(),
        members in prop::collection::vec(literal(), 1..4),
        (min, more) in (0..7_u32, 0..7_u32),
        texts in prop::collection::vec(prop::collection::vec(prop::sample::select(b"aabbcc."), 6..28), 12),
    ) {
        let mut trial = Trial::default();
        for (number, member) in members.iter().enumerate() {
            trial.source("random.ndb", format!("M{number}:0:$5:{member}\n"));
        }
        let subs = format!("63{part};${{{min}-{}}}5$", min + more);
        for count in 0..9 {
            trial.source("random.ldb", format!("Own.{count};Engine:51-255,Target:0;0&1={count};{subs}\n"));
            trial.source("random.ldb", format!("Before.{count};Engine:51-255,Target:0;(0={count})|(1>99);{subs}\n"));
        }
        for (number, text) in texts.iter().enumerate() {
            trial.file(&format!("file{number}"), framed(text));
        }
        trial.assert_same();
    }
}
