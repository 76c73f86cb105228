use super::*;
use crate::limits::{Cancel, Limits};

fn fold(text: &str) -> String {
    let mut out = Vec::new();
    let beginnings = Beginnings::of(text.as_bytes(), &budget()).unwrap();
    Folded::new(text.as_bytes(), &beginnings).read_to_end(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn budget() -> Budget {
    Budget::new(Limits::default(), Cancel::new())
}

fn handed_out(text: &str) -> Option<String> {
    let entry = folded(&Content::borrowed(text.as_bytes()), &budget()).unwrap()?;
    assert!(entry.problems.is_empty());
    Some(String::from_utf8(entry.content.unwrap().to_vec()).unwrap())
}

#[test]
fn strings_are_put_together() {
    let cases = [
        ("x = \"a\" + \"b\";", "x = \"ab\";"),
        ("x = 'a'+'b' + \"c\"", "x = 'abc'"),
        ("x = \"a\" & \"b\" & y & \"c\" & \"d\"", "x = \"ab\" & y & \"cd\""),
        ("x = \"a\" & _\r\n    \"b\"", "x = \"ab\""),
        ("$x = 'a' . 'b';", "$x = 'ab';"),
        ("x = \"a\" +\n  \"b\"", "x = \"ab\""),
        ("(\"a\\\"\" + 'b')", "(\"a\\\"b\")"),
        ("x = Chr(112) & \"ow\" & ChrW(&H65) & chr$( 114 )", "x = \"power\""),
        ("[char]0x49+[CHAR]69 + [char] 88", "\"IEX\""),
        ("String.fromCharCode(0x61, 98,99)", "String.\"abc\""),
        ("eval('\\x61l\\u0065rt\\n\\\\x61')", "eval('alert\\n\\\\x61')"),
        ("(\"{2}{0}{1}\" -f 'we','r','po')", "(\"power\")"),
        ("('{0}{1}{0}'-F 'a',\"b\")", "('aba')"),
        ("('p','o','w') -join ''", "\"pow\""),
        ("-join ('p' , 'o')", "\"po\")"),
        ("['p','o'].join(\"\")", "\"po\")"),
        ("('p','o') -join '-'", "\"p-o\""),
        ("c^m^d /c", "cmd /c"),
        ("I`E`X x", "IEX x"),
    ];
    for (text, expected) in cases {
        assert_eq!(fold(text), expected, "{text}");
    }
}

#[test]
fn everything_else_stays_as_it_is() {
    let texts = [
        "a + \" + \" + b",
        "don't touch what isn't a string + 'x",
        "x = \"a\" + y + \"b\"",
        "x = 'a' ++ 'b' && \"c\" && \"d\"",
        "x = \"not\nended\" + \"here\"",
        "f(\"a\", \"b\") ['a', 'b'] ('a', 'b')",
        "chrome(5) xchr(65) chr(x) chr(65 [char]x fromCharCode()",
        "2^x^y [^a^b] ^ ` ``code`` `a` b^",
        "'{0}' -f $x '{9}' -f 'a' \"{0}\" -foo 'x'",
        "\"\\u00e9\\x00\\u12\"",
        "-join 'x' -joined('a','b')",
        "",
    ];
    for text in texts {
        let expected = text.replace("'{9}' -f 'a'", "'{9}'");
        assert_eq!(fold(text), expected);
    }
}

#[test]
fn only_texts_with_words_that_were_cut_are_handed_out() {
    let script = "Set s = CreateObject(\"WScr\" & \"ipt.Sh\" & \"ell\")";
    assert_eq!(handed_out(script).unwrap(), "Set s = CreateObject(\"WScript.Shell\")");
    assert!(handed_out("x = Chr(72) & Chr(105)").is_some());
    assert!(handed_out("p^o^w^e^r^s^h^e^l^l").is_some());
    let ordinary = [
        "print(\"some words \" + \"that go on, \" + \"in pieces\")",
        "a = 'x' + 'y'",
        "s = \"\\x00\\x01\\x02\" + \"\\u0041\"",
        "\"GET \" + \"/\" + \"?a=\" + \"&b=\"",
    ];
    for text in ordinary {
        assert_eq!(handed_out(text), None, "{text}");
    }
}

#[test]
fn long_strings_come_in_pieces_and_stay_whole() {
    let pieces = "\"ab\"+".repeat(400_000) + "\"\"";
    let whole = fold(&pieces);
    assert_eq!(whole.replace("\"+\"", ""), format!("\"{}\"", "ab".repeat(400_000)));
    let long = format!("\"{}\"", "x".repeat(200_000));
    assert_eq!(fold(&long), long);
}

/// Beginnings that come to nothing, each gone through once.
#[test]
fn hostile_texts_are_walked_once() {
    for case in [
        "\\\"",
        "'",
        "\"",
        "('a',",
        "chr(1,",
        "\"{0}{0}\"-f'",
        "^a",
        "`",
        "[char]",
        "-join(",
        "\"a\"+",
    ] {
        let text = case.repeat(100_000);
        folded(&Content::borrowed(text.as_bytes()), &budget()).unwrap();
    }
    let form = format!("'{}'-f '{}'", "{0}".repeat(20_000), "x".repeat(60_000));
    assert!(fold(&form).len() < 3 << 20, "items that are repeated end");
}

#[test]
fn any_bytes_do_no_harm() {
    use crate::unpack::testing::noise;
    let letters = b"\"'+&.(),[]chr0123456789^`-fjoin{}\\x \n_";
    let text: Vec<u8> =
        noise(200_000).iter().map(|&byte| letters[usize::from(byte) % letters.len()]).collect();
    let mut out = Vec::new();
    let beginnings = Beginnings::of(&text, &budget()).unwrap();
    Folded::new(&text, &beginnings).read_to_end(&mut out).unwrap();
    assert!(out.len() <= text.len() * 2);
}
