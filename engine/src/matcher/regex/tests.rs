//! What expressions match. The expectations were compared with PCRE2 10.42.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::limits::{Cancel, Limit, Limits};

fn flags(letters: &str) -> Flags {
    let has = |letter| letters.contains(letter);
    Flags {
        any_case: has('i'),
        dot_all: has('s'),
        multi_line: has('m'),
        extended: has('x'),
        dollar_is_end: has('E'),
        ungreedy: has('U'),
    }
}

fn budget() -> Budget {
    Budget::new(Limits::default(), Cancel::new())
}

/// Every match, each search beginning where the last match ended, up to the first empty one.
fn all(regex: &Regex, data: &[u8]) -> Vec<(usize, usize)> {
    let budget = budget();
    let mut search = regex.search(data, &budget);
    let (mut from, mut found) = (0, Vec::new());
    while let Some(one) = search.find(from, false).unwrap() {
        found.push((one.start, one.end));
        if one.end <= from {
            break;
        }
        from = one.end;
    }
    found
}

/// The engine that serves it (`L` or `B`) and all matches.
fn shown(text: &str, letters: &str, data: &[u8]) -> String {
    let regex = Regex::new(text.as_bytes(), flags(letters)).unwrap();
    let engine = if regex.is_linear() { "L" } else { "B" };
    let matches = all(&regex, data);
    let matches = matches.iter().map(|(start, end)| format!(" {start}-{end}"));
    matches.fold(engine.to_owned(), |line, one| line + &one)
}

#[test]
fn matches_are_those_of_pcre() {
    for (text, letters, data, expected) in [
        ("foo", "", "foo foofoo", "L 0-3 4-7 7-10"),
        ("a|ab", "", "abab", "L 0-1 2-3"),
        ("ab|a", "", "aba", "L 0-2 2-3"),
        ("a+?", "", "aaa", "L 0-1 1-2 2-3"),
        ("a+?", "U", "aaa", "L 0-3"),
        ("(?U)a+", "", "aa", "L 0-1 1-2"),
        ("a{2,3}", "", "aaaaaa", "L 0-3 3-6"),
        ("a{,2}", "", "a{,2}", "L 0-5"),
        ("Foo", "i", "fOO", "L 0-3"),
        ("(?i)a(?-i)b", "", "AbAB", "L 0-2"),
        ("(a(?i)b|c)", "", "aBC", "L 0-2 2-3"),
        ("a.b", "", "a\nb a b", "L 4-7"),
        ("a.b", "s", "a\nb", "L 0-3"),
        ("f o\\ o # it", "x", "fo o", "L 0-4"),
        ("[^a-c\\d]+", "", "xa1yz", "L 0-1 3-5"),
        ("[[:alpha:]]+", "", "ab12c", "L 0-2 4-5"),
        ("\\x41\\102\\cA\\e", "", "AB\x01\x1b", "L 0-4"),
        ("\\Qa.b\\E+", "", "a.bb", "L 0-4"),
        ("\\bfoo\\b", "", "foo_ foo", "L 5-8"),
        ("[[:<:]]a", "", "ba a", "L 3-4"),
        ("a/b", "", "a/b", "L 0-3"),
        // Ends of text and lines.
        ("foo$", "", "foo\n", "L 0-3"),
        ("foo$", "", "foo\n\n", "L"),
        ("foo$", "E", "foo\n", "L"),
        ("foo\\Z", "", "foo\n", "L 0-3"),
        ("foo\\z", "", "foo\n", "L"),
        ("^b$", "m", "a\nb\nc", "L 2-3"),
        ("^", "m", "a\n", "L 0-0"),
        ("(a|b$)|\n", "", "b\n", "L 0-1 1-2"),
        ("a$\n", "", "a\n", "B 0-2"),
        // What only the other engine can do.
        ("(\\w)\\1", "", "abccd", "B 2-4"),
        ("(?i)(a)\\1", "", "aA", "B 0-2"),
        ("a(?=b)", "", "abac", "B 0-1"),
        ("a(?!b)", "", "abac", "B 2-3"),
        ("(?<=x|yz)a", "", "xayzaa", "B 1-2 4-5"),
        ("(?<!x)a", "", "xaa", "B 2-3"),
        ("(?>a+)ab", "", "aaab", "B"),
        ("a++b", "", "aaab", "B 0-4"),
        ("a++ab", "", "aaab", "B"),
        ("\\R\\R", "", "\r\n\n", "B 0-3"),
        ("foo\\Kbar", "", "foobar", "B 3-6"),
        ("\\Gab", "", "ababxab", "B 0-2 2-4"),
        ("(a)?(?(1)b|c)", "", "abc", "B 0-2 2-3"),
        ("(?|(a)|(b))\\1", "", "aabb", "B 0-2 2-4"),
        ("(?<n>a)\\k<n>", "", "aa", "B 0-2"),
        ("(?:a?){3}+b", "", "aab", "B 0-3"),
        ("((a)|b)+\\2", "", "aba", "B 0-3"),
    ] {
        assert_eq!(shown(text, letters, data.as_bytes()), expected, "{text:?} {letters} {data:?}");
    }
}

#[test]
fn bytes_are_no_characters() {
    assert_eq!(shown("\\xe9", "i", b"\xc9\xe9"), "L 1-2");
    assert_eq!(shown("\\w", "", b"\xe9"), "L");
    assert_eq!(shown("\\h\\v", "", b"\xa0\x85"), "L 0-2");
    assert_eq!(shown("..", "", b"\xff\0"), "L 0-2");
    let regex = Regex::new(b"\xc3[\xa9]", Flags::default()).unwrap();
    assert_eq!(all(&regex, "é".as_bytes()), [(0, 2)]);
}

#[test]
fn an_anchored_search_stays_where_it_is() {
    for text in ["a+", "a++"] {
        let regex = Regex::new(text.as_bytes(), Flags::default()).unwrap();
        let budget = budget();
        let mut search = regex.search(b"baab", &budget);
        let mut find = |from, anchored| search.find(from, anchored).unwrap();
        assert_eq!(find(0, true), None);
        assert_eq!(find(1, true), Some(Match { start: 1, end: 3 }));
        assert_eq!(find(2, true), Some(Match { start: 2, end: 3 }));
        assert_eq!(find(0, false), Some(Match { start: 1, end: 3 }));
        assert_eq!((find(4, true), find(5, false)), (None, None));
    }
}

#[test]
fn what_is_malformed_is_named() {
    for (text, error) in [
        ("(a", "at byte 0: an opening bracket without a closing one"),
        ("a)", "at byte 1: a closing bracket without an opening one"),
        ("[a", "at byte 0: a class without its closing bracket"),
        ("a\\", "at byte 1: a backslash at the end"),
        ("*a", "at byte 0: nothing there to repeat"),
        ("a**", "at byte 2: nothing there to repeat"),
        ("^*", "at byte 1: nothing there to repeat"),
        ("a{3,2}", "at byte 1: counts out of order"),
        ("a{65536}", "at byte 1: a count above 65,535"),
        ("\\1", "at byte 0: a reference to no group"),
        ("\\x{100}", "at byte 0: a character beyond 255"),
        ("(?z)", "at byte 0: an unknown letter behind (?"),
        ("(?<a>.)(?<a>.)", "at byte 7: two groups of one name"),
        ("(?=\\K)", "at byte 3: \\K in a look-around"),
        ("(?R)", "at byte 0: recursion is not supported"),
        ("(?C1)", "at byte 0: a callout is not supported"),
        ("(*ACCEPT)", "at byte 0: a verb is not supported"),
        ("\\p{L}", "at byte 0: a Unicode property is not supported"),
        ("(?<=a*)b", "at byte 0: a look-behind of variable length is not supported"),
        ("(?(R)a)", "at byte 0: a condition on something but a group is not supported"),
    ] {
        let found = Regex::check(text.as_bytes(), Flags::default()).unwrap_err();
        assert_eq!(found.to_string(), error, "{text}");
        assert!(Regex::new(text.as_bytes(), Flags::default()).is_err());
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(shown(&nested(250), "", b"a"), "L 0-1");
    let deep = Regex::new(nested(100_000).as_bytes(), Flags::default()).unwrap_err();
    assert_eq!(deep.problem, Problem::TooLarge);
    let deep = Regex::new(nested(20_000).as_bytes(), Flags::default()).unwrap_err();
    assert_eq!(deep.to_string(), "at byte 250: brackets nest deeper than 250");
    let long = "a".repeat(1 << 16);
    assert_eq!(shown(&long, "", long.as_bytes()), "B 0-65536");
    let many = "(a)".repeat(21_000);
    assert!(Regex::new(many.as_bytes(), Flags::default()).is_ok());
}

#[test]
fn huge_repetitions_are_left_to_the_other_engine() {
    for text in ["(?:a{1000}){1000}", "(a|b){60000}"] {
        assert_eq!(shown(text, "", b"aab"), "B", "{text}");
    }
    let regex = Regex::new(b"(?:(?:.{0,1000}){0,1000}){0,1000}b", Flags::default()).unwrap();
    assert_eq!(regex.search(b"aa", &budget()).find(0, false), Err(Stop::Limit(Limit::Time)));
    assert_eq!(shown("a.{0,60000}b", "s", &[&b"a"[..], &[0; 60_000], b"b"].concat()), "B 0-60002");
}

/// Texts and expressions that were made for each other end in time, with a reason.
#[test]
fn too_many_ways_end_with_a_limit() {
    let text = [b"a".repeat(60), b"!".to_vec()].concat();
    for expression in
        ["(?=(a+)+$)b|(a+)+$", "(a|aa)+\\1$", "(?:a?){50}(?:a){50}(?=b)", "(.*)*\\1x(?=y)"]
    {
        let regex = Regex::new(expression.as_bytes(), Flags::default()).unwrap();
        assert!(!regex.is_linear());
        let budget = budget();
        let found = regex.search(&text, &budget).find(0, false);
        assert_eq!(found, Err(Stop::Limit(Limit::Time)), "{expression}");
    }
    // The same without what needs the other engine.
    let regex = Regex::new(b"(a|aa)+$|(?:a?){50}(?:a){50}b|(.*)*x", Flags::default()).unwrap();
    assert_eq!(regex.search(&text, &budget()).find(0, false), Ok(None));
}

#[test]
fn the_clock_is_looked_at() {
    let limits = Limits { time: Duration::ZERO, ..Limits::default() };
    let over = Budget::new(limits, Cancel::new());
    let text = vec![b'a'; 1 << 20];
    for expression in ["a*b", "(a)*\\1b"] {
        let regex = Regex::new(expression.as_bytes(), Flags::default()).unwrap();
        let found = regex.search(&text, &over).find(0, false);
        assert_eq!(found, Err(Stop::Limit(Limit::Time)), "{expression}");
    }
}

#[test]
fn memory_is_charged() {
    let limits = Limits { memory: 1 << 10, ..Limits::default() };
    let tight = Budget::new(limits, Cancel::new());
    let text = vec![b'a'; 1 << 20];
    for expression in ["a*b", "(?:(a)|b)*\\1c"] {
        let regex = Regex::new(expression.as_bytes(), Flags::default()).unwrap();
        let found = regex.search(&text, &tight).find(0, false);
        assert_eq!(found, Err(Stop::Limit(Limit::Memory)), "{expression}");
    }
}

/// Expressions that both engines can serve, over few different bytes.
fn expression() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(&[
        "a", "b", "A", "1", ".", "\\w", "\\s", "[^a]", "[ab\\n]", "^", "$", "\\b", "\\B", "\\A",
        "\\z", "\\n",
    ]);
    let atom = atom.prop_map(str::to_owned);
    let repeat = prop::sample::select(&["", "", "", "*", "+?", "?", "{2}", "{0,2}", "{1,}?"]);
    atom.prop_recursive(4, 24, 4, move |inner| {
        let repeated = (inner, repeat.clone()).prop_map(|(atom, repeat)| {
            let is_place = matches!(atom.as_str(), "^" | "$" | "\\b" | "\\B" | "\\A" | "\\z");
            if is_place { atom } else { format!("{atom}{repeat}") }
        });
        let sequence = prop::collection::vec(repeated, 1..4).prop_map(|atoms| atoms.concat());
        prop::collection::vec(sequence, 1..3).prop_map(|them| format!("({})", them.join("|")))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The two engines find the same; where brackets are repeated, they begin at the same place. (PCRE2,
    /// and our backtracking engine, end a repetition with the first round that matches nothing: of "a "
    /// `([ab]*|\s)*` matches one byte there, and two by the automata.)
    #[test]
    fn both_engines_agree(
        expression in expression(),
        letters in prop::sample::select(&["", "i", "m", "ms", "E"]),
        data in prop::collection::vec(prop::sample::select(b"abA1 \n"), 0..12),
    ) {
        let one = Regex::new(expression.as_bytes(), flags(letters)).unwrap();
        // A look-ahead that always holds leaves no choice of engine.
        let other = Regex::new(format!("(?=){expression}").as_bytes(), flags(letters)).unwrap();
        prop_assert!(!other.is_linear());
        let (one, other) = (all(&one, &data), all(&other, &data));
        if [")*", ")+", "){"].iter().any(|repeated| expression.contains(repeated)) {
            let start = |found: &Vec<(usize, usize)>| found.first().map(|first| first.0);
            prop_assert_eq!(start(&one), start(&other), "{} {}", expression, letters);
        } else {
            prop_assert_eq!(one, other, "{} {}", expression, letters);
        }
    }

    /// Whatever bytes come as an expression: an answer, and no panic.
    #[test]
    fn any_bytes_are_answered(
        text in prop::collection::vec(prop::sample::select(b"ab(?[]{}|*+\\^$1,:=!<>&'-PRQEkgx#.\xff"), 0..40),
        data in prop::collection::vec(prop::sample::select(b"ab(1\n\xff"), 0..20),
    ) {
        if let Ok(regex) = Regex::new(&text, Flags::default()) {
            let _ = regex.search(&data, &budget()).find(0, false);
        }
    }
}
