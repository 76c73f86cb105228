//! Boundaries: `(B)`, `(L)`, `(W)` and their negations, at every place in a part.

use super::ndb;
use crate::table::framed;
use crate::trial::{Found, Trial};
use crate::{Case, hold};

/// What a boundary accepts at one place, byte by byte.
struct Place {
    /// The body; its run is in no other body.
    body: &'static str,
    /// A file has this with every byte in the place of `#`.
    around: &'static [u8],
    accepts: fn(u8) -> bool,
}

fn before_a_word(byte: u8) -> bool {
    b" -./<@_".contains(&byte)
}

fn behind_a_word(byte: u8) -> bool {
    b"\n\r \"'-/=>_".contains(&byte)
}

const fn place(body: &'static str, around: &'static [u8], accepts: fn(u8) -> bool) -> Place {
    Place { body, around, accepts }
}

const PLACES: &[Place] = &[
    // At the start and at the end of a part, a boundary looks at the byte beside it.
    place("(B)616161", b"#aaa", before_a_word),
    place("616162(B)", b"aab#", behind_a_word),
    place("(L)616163", b"#aac", |byte| byte == b'\n'),
    place("616164(L)", b"aad#", |byte| byte == b'\n'),
    place("616165(L)", b"aae#\n", |byte| byte == b'\n' || byte == b'\r'),
    place("(W)616166", b"#aaf", |byte| !byte.is_ascii_alphanumeric()),
    place("616167(W)", b"aag#", |byte| !byte.is_ascii_alphanumeric()),
    place("616168!(B)", b"aah#", |byte| !behind_a_word(byte)),
    place("616169!(L)", b"aai#", |byte| byte != b'\n'),
    place("61616a!(W)", b"aaj#", |byte| byte.is_ascii_alphanumeric()),
    // Also at the ends of inner parts.
    place("616261*(B)616262", b"aba#abb", before_a_word),
    place("616263(B)*616264", b"abc#abd", behind_a_word),
    place("616265{-3}(L)616266", b"abe#abf", |byte| byte == b'\n'),
    place("616267(W){1-9}616268", b"abg#abh", |byte| !byte.is_ascii_alphanumeric()),
    place("616269!(W)*61626a", b"abi#abj", |byte| byte.is_ascii_alphanumeric()),
    // Beside a run with a lone byte on the other side.
    place("(B)616361[1-1]7a", b"#aca.z", before_a_word),
    place("7a[1-1]616362(B)", b"z.acb#", behind_a_word),
    // Between other elements they take the byte; (B) takes those of either side.
    place("616461(B)616462", b"ada#adb", |byte| before_a_word(byte) || behind_a_word(byte)),
    place("616463(L)616464", b"adc#add", |byte| byte == b'\n'),
    place("616465(W)616466", b"ade#adf", |byte| !byte.is_ascii_alphanumeric()),
    place("616467!(B)616468", b"adg#adh", |byte| !before_a_word(byte) && !behind_a_word(byte)),
    place("616469!(L)61646a", b"adi#adj", |byte| byte != b'\n'),
    place("61646b!(W)61646c", b"adk#adl", |byte| byte.is_ascii_alphanumeric()),
    place("61646d(B)??", b"adm#.", |byte| before_a_word(byte) || behind_a_word(byte)),
    // A negated one at the start of a part takes the byte as well.
    place("616561*!(B)616562", b"aea#aeb", |byte| !before_a_word(byte) && !behind_a_word(byte)),
    place("616563*!(L)616564", b"aec#aed", |byte| byte != b'\n'),
    place("616565*!(W)616566", b"aee#aef", |byte| byte.is_ascii_alphanumeric()),
    // Several in a row: those outside look, those inside take.
    place("616661(W)(B)", b"afa.#", behind_a_word),
    place("(B)(W)616662", b"#.afb", before_a_word),
    place("616663(W)!(W)", b"afc.#", |byte| byte.is_ascii_alphanumeric()),
];

fn file(place: &Place, byte: u8) -> Vec<u8> {
    let around: Vec<u8> =
        place.around.iter().map(|&other| if other == b'#' { byte } else { other }).collect();
    framed(&around)
}

#[test]
fn every_byte_at_every_place() {
    let mut trial = Trial::default();
    let mut expected = Found::new();
    for (number, place) in PLACES.iter().enumerate() {
        trial.source("a.ndb", format!("Place.{number}:0:*:{}\n", place.body));
    }
    for byte in 0..=255_u8 {
        // All places in one file; a frame keeps them apart.
        let all: Vec<u8> = PLACES.iter().flat_map(|place| file(place, byte)).collect();
        let name = format!("{byte:02x}");
        trial.file(&name, all);
        for (number, place) in PLACES.iter().enumerate() {
            if (place.accepts)(byte) {
                expected.insert((name.clone(), format!("Place.{number}")));
            }
        }
    }
    let ours = trial.ours();
    let missed: Found = expected.difference(&ours).cloned().collect();
    let more: Found = ours.difference(&expected).cloned().collect();
    assert!(missed.is_empty() && more.is_empty(), "missed {missed:?}, too many {more:?}");
    trial.assert_same();
}

const LENGTHS: &[Case] = &[
    ndb("#:0:*:616161(L)616162", &[b"aaa\naab", b"aaa\r\naab"], &[b"aaa\raab", b"aaa\n\naab"]),
    ndb(
        "#:0:*:616163(L)(L)616164",
        &[b"aac\n\naad", b"aac\n\r\naad"],
        &[b"aac\naad", b"aac\r\naad"],
    ),
    ndb("#:0:*:616165(B)(B)616166", &[b"aae  aaf", b"aae\r\naaf"], &[b"aae aaf", b"aae   aaf"]),
    ndb("#:0:*:616167(W)*(W)616168", &[b"aag.aah", b"aag..aah"], &[b"aagx.aah", b"aag.xaah"]),
    ndb("#:0:*:616169{2-2}(W)61616a", &[b"aai..aaj", b"aaix.aaj"], &[b"aai.aaj", b"aai.xaaj"]),
    ndb("#:0:*:61616b(W){2-2}61616c", &[b"aak..aal", b"aak.xaal"], &[b"aak.aal", b"aakx.aal"]),
    ndb("#:0:*:61616d{1-1}!(W)61616e", &[b"aam.xaan", b"aamxxaan"], &[b"aamxaan", b"aamx.aan"]),
    ndb("#:0:*:61616f!(W){2-2}616170", &[b"aaoxxaap", b"aaox.aap"], &[b"aaoxaap", b"aao.xaap"]),
];

#[test]
fn what_they_take_and_what_they_only_look_at() {
    hold(LENGTHS, framed);
}
