//! Logical signatures: the logic over sub-signatures.

use proptest::prelude::*;

use crate::table::framed;
use crate::trial::Trial;
use crate::{Case, hold};

/// Precedence, counts, and what counts as a different sub-signature. 0 is `aaxx`, 1 is `bbyy`, 2 is
/// `cczz`.
const LOGIC: &[Case] = &[
    Case {
        format: "ldb",
        record: "#;Target:0;0&1|2;61617878;62627979;63637a7a",
        hits: &[b"aaxx.bbyy", b"aaxx.cczz"],
        misses: &[b"cczz", b"bbyy.cczz", b"aaxx"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;(0&1|2);61617878;62627979;63637a7a",
        hits: &[b"aaxx.bbyy", b"cczz"],
        misses: &[b"aaxx", b"bbyy"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;(0|1&2);61617878;62627979;63637a7a",
        hits: &[b"aaxx.cczz", b"bbyy.cczz"],
        misses: &[b"aaxx", b"aaxx.bbyy", b"cczz"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;0=2&1=1|2>0;61617878;62627979;63637a7a",
        hits: &[b"aaxx.aaxx.bbyy", b"aaxx.cczz.aaxx"],
        misses: &[b"aaxx.bbyy", b"aaxx.aaxx.aaxx.bbyy", b"aaxx.aaxx.bbyy.bbyy", b"aaxx.aaxx"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;(0|1|2)=3,2;61617878;62627979;63637a7a",
        hits: &[b"aaxx.bbyy.cczz", b"aaxx.aaxx.cczz"],
        misses: &[b"aaxx.aaxx.aaxx", b"aaxx.bbyy", b"aaxx.aaxx.bbyy.bbyy"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;(0|1|2)>2,3;61617878;62627979;63637a7a",
        hits: &[b"aaxx.bbyy.cczz", b"aaxx.aaxx.bbyy.cczz"],
        misses: &[b"aaxx.aaxx.bbyy", b"aaxx.aaxx.aaxx.aaxx"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;(0|1|2)<3,2;61617878;62627979;63637a7a",
        hits: &[b"aaxx.bbyy", b"bbyy.cczz"],
        misses: &[b"aaxx.aaxx", b"aaxx.bbyy.cczz", b"nothing"],
    },
    // Without a hit.
    Case {
        format: "ldb",
        record: "#;Target:0;0=0&1=0&2=0;61617878;62627979;63637a7a",
        hits: &[b"nothing", b"aaxaabbybb"],
        misses: &[b"aaxx", b"cczz"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;(0|1)<1&2=0;61617878;62627979;63637a7a",
        hits: &[b"nothing", b"ccz"],
        misses: &[b"aaxx", b"bbyy", b"cczz"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;0=0|1&2;61617878;62627979;63637a7a",
        hits: &[b"nothing", b"bbyy", b"aaxx.bbyy.cczz"],
        misses: &[b"aaxx", b"aaxx.cczz"],
    },
    // A part that is compared is a different one even without a match.
    Case {
        format: "ldb",
        record: "#;Target:0;(0=0|1|2)>0,2;61617878;62627979;63637a7a",
        hits: &[b"bbyy", b"cczz", b"aaxx.bbyy.cczz"],
        misses: &[b"nothing", b"aaxx.bbyy"],
    },
    // The parts of a compared block are none outside of it.
    Case {
        format: "ldb",
        record: "#;Target:0;((0|1)>1&2)>2,1;61617878;62627979;63637a7a",
        hits: &[b"aaxx.bbyy.cczz", b"aaxx.aaxx.cczz"],
        misses: &[b"aaxx.cczz", b"aaxx.bbyy"],
    },
    // Of several comparisons behind an index the last one counts; what stands behind the comma says nothing.
    Case {
        format: "ldb",
        record: "#;Target:0;0>1=1&1&2;61617878;62627979;63637a7a",
        hits: &[b"aaxx.bbyy.cczz", b"cczz.aaxx.bbyy.bbyy"],
        misses: &[b"aaxx.aaxx.bbyy.cczz", b"aaxx.aaxx.bbyy"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;0>=2,3&1&2;61617878;62627979;63637a7a",
        hits: &[b"aaxx.aaxx.bbyy.cczz", b"aaxx.bbyy.cczz.aaxx.bbyy"],
        misses: &[b"aaxx.bbyy.cczz", b"aaxx.aaxx.aaxx.bbyy.cczz"],
    },
    // Overlapping matches count, and so does every width.
    Case {
        format: "ldb",
        record: "#;Target:0;0=3;61616161",
        hits: &[b"aaaaaa", b"aaaa.aaaa.aaaa"],
        misses: &[b"aaaaa", b"aaaaaaa"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0;(0|1)=3,2;6162::wa;6364",
        hits: &[b"aba\0b\0cd", b"ab.cd.ab"],
        misses: &[b"aba\0b\0ab", b"cd.cd.cd", b"abcd"],
    },
    Case {
        format: "ldb",
        record: "#;Target:0; 0 & 1 ;61617878;62627979",
        hits: &[b"aaxxbbyy", b"bbyyaaxx"],
        misses: &[b"aaxx", b"bbyy"],
    },
];

#[test]
fn logic() {
    hold(LOGIC, framed);
}

/// How often each of three sub-signatures is in a file.
fn files() -> impl Iterator<Item = (String, Vec<u8>)> {
    let counts = (0..64_usize).map(|number| [number / 16, number / 4 % 4, number % 4]);
    counts.map(|[a, b, c]| {
        let content = [b"aaxx.".repeat(a), b"bbyy.".repeat(b), b"cczz.".repeat(c)].concat();
        (format!("{a}{b}{c}"), framed(&content))
    })
}

/// A comparison, behind an index or a block.
fn comparison() -> impl Strategy<Value = String> {
    let distinct = prop::option::of(0..4_u32);
    let compare = (prop::sample::select(&['=', '>', '<']), 0..5_u32, distinct);
    prop::option::of(compare).prop_map(|compare| match compare {
        Some((sign, number, Some(distinct))) => format!("{sign}{number},{distinct}"),
        Some((sign, number, None)) => format!("{sign}{number}"),
        None => String::new(),
    })
}

fn chain(operand: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let step = (prop::sample::select(&['&', '|']), operand);
    prop::collection::vec(step, 2..5).prop_map(|steps| {
        let chain: String =
            steps.into_iter().map(|(operator, it)| format!("{operator}{it}")).collect();
        chain[1..].to_owned()
    })
}

/// Expressions that ClamAV takes: every block has an operator. All three indices are named.
fn expression() -> impl Strategy<Value = String> {
    let index = (0..3_u32, comparison()).prop_map(|(index, compare)| format!("{index}{compare}"));
    let operand = index.prop_recursive(3, 24, 4, |inner| {
        (chain(inner), comparison()).prop_map(|(chain, compare)| format!("({chain}){compare}"))
    });
    (chain(operand), prop::bool::ANY).prop_map(|(chain, first)| match first {
        true => format!("(0&1&2)|{chain}"),
        false => format!("{chain}&((0|1|2)<99)"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Random expressions over all counts of three sub-signatures up to three.
    #[test]
    fn random_logic(expressions in prop::collection::vec(expression(), 30)) {
        let mut trial = Trial::default();
        for (number, expression) in expressions.iter().enumerate() {
            let record = format!("S{number};Target:0;{expression};61617878;62627979;63637a7a\n");
            trial.source("random.ldb", record);
        }
        for (name, bytes) in files() {
            trial.file(&name, bytes);
        }
        trial.assert_same();
    }
}
