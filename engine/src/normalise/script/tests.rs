//! Scripts and their views, as ClamAV 1.4.6 leaves them behind with `--leave-temps`.

use super::*;
use crate::limits::{Cancel, Limit, Limits};

fn within(source: &[u8], cuts: &[usize], limits: Limits) -> (Vec<u8>, Result<(), Stop>) {
    let budget = Budget::new(limits, Cancel::new());
    let mut out = Sink::new(&budget).unwrap();
    let ended = normalise(source, cuts, &mut out, &budget);
    (out.finish().0.bytes().to_vec(), ended)
}

fn script(source: &[u8], cuts: &[usize]) -> String {
    let (script, ended) = within(source, cuts, Limits::default());
    assert_eq!(ended, Ok(()));
    script.iter().map(|&byte| char::from(byte)).collect()
}

/// Scripts without their end, and what their views hold between the tags.
#[track_caller]
fn hold(cases: &[(&[u8], &[u8])]) {
    for (source, expected) in cases {
        let made = script(&[source, &b"</script>"[..]].concat(), &[]);
        let expected: String = expected.iter().map(|&byte| char::from(byte)).collect();
        let expected = format!("<script>{expected}</script>");
        assert_eq!(made, expected, "{}", source.escape_ascii());
    }
}

#[test]
fn white_space_and_comments_are_dropped() {
    hold(&[
        (b"Foo ( \"A\" ) ;\n bar", b"foo(\"a\");bar"),
        (b"x /* a */ y", b"x y"),
        (b"a/*b*/c", b"a c"),
        (b"//a b\nc", b"b c"),
        (b"// a\n//b\n c", b"a c"),
        (b"x //a\ny", b"x y"),
        (b"/*/a*/b", b"b"),
        (b"/* never", b""),
        (b"a / b /c", b"a/b/c"),
        (b"<!-- a\n//-->", b"<!--a"),
        (b"a # b @ c", b"a b c"),
    ]);
}

#[test]
fn words_and_numbers_are_kept_apart() {
    hold(&[
        (b"var  x in y", b"var n000 in y"),
        (b"return \"a\"", b"return\"a\""),
        (b"1 a1 1a", b"1 a1 1 a"),
        (b"x . y", b"x.y"),
        (b"x+ +y", b"x++y"),
        (b"a1 2", b"a1 2"),
    ]);
}

#[test]
fn strings_are_in_double_quotes_and_their_escapes_resolved() {
    hold(&[
        (b"'a\"b'", b"\"a\"b\""),
        (b"\"A\\x41\\u0041\\n\\0\\q\"", b"\"aaa \x01q\""),
        (b"\"\\xZZ\\x4\"", b"\"\xff\\\""),
        (b"\"\\u12\"", b"\"\\12\""),
        (b"\"\\u20ac\\uD83D\"", b"\"\xe2\x82\xac\xed\xa0\xbd\""),
        (b"\"a\\\nb\tc\"", b"\"a b c\""),
        (b"\"\\101\\/\"", b"\"101/\""),
    ]);
}

#[test]
fn a_backslash_always_hides_a_quote() {
    hold(&[(b"\"\\\\\";a=\"b\"", b"\"\\\";a=\"b\"</script>\""), (b"'\\'a'", b"\"'a\"")]);
}

#[test]
fn added_strings_are_one() {
    hold(&[
        (b"\"a\"+'b' + \"c\"", b"\"abc\""),
        (b"\"a\"+b+\"c\"+\"d\"", b"\"a\"+b+\"cd\""),
        (b"\"a\"+(\"b\"+\"c\")", b"\"a\"+(\"bc\")"),
        (b"\"a\"++\"b\"", b"\"a\"++\"b\""),
        (b"\"a\"+ +\"b\"", b"\"a\"++\"b\""),
        (b"\"a\"/**/+//x\n\"b\"", b"\"ab\""),
        (b"\"a\" \"b\"", b"\"a\"\"b\""),
        (b"\"a\"-\"b\"", b"\"a\"-\"b\""),
    ]);
}

#[test]
fn numbers_are_written_as_c_does() {
    hold(&[
        (b"1.50 0x41 010 1e3 .5", b"1.5 0 x41 10 1 e3.5"),
        (b"2147483648 4294967296 99999999999999999999", b"-2147483648 0 -1"),
        (b"1.5e-3 1234567.8 0.00001 1.0 1.", b"0.0015 1.23457e+06 1e-05 1 1"),
        (b"1.5ex 1..x 1.2.3 1.5e3e4", b"1.5 x 1.x 1.2.3 1500"),
    ]);
}

#[test]
fn declared_names_are_numbered() {
    hold(&[
        (b"var Foo=1;foo=Foo;", b"var n000=1;foo=n000;"),
        (b"x=1;var x", b"n000=1;var n000"),
        (b"var a,b=2;a;b", b"var n000,n001=2;n000;n001"),
        (b"function f(a,b){return a+b;}f(a)", b"function n000(n001,n002){return n001+n002;}f(a)"),
        (b"var f=function(){var x;x};x", b"var n000=function(){var n001;n001};x"),
        (b"var x;x.y=1;y.x=2;y={x:x}", b"var n000;n000.y=1;y.x=2;y={n000:n000}"),
        (b"var x;{var x;}x", b"var n001;{var n001;}n001"),
        (b"let a;const b=1", b"let a;const b=1"),
        (b"catch(e){e}", b"catch(e){e}"),
        (
            b"var a=1,\nb=[c,d],e=f(g,h);c;d;e;g;h",
            b"var n000=1,n001=[c,d],n002=f(g,n003);c;d;n002;g;n003",
        ),
        (b"var if;if", b"var if;if"),
        (b"VAR X;X", b"var x;x"),
    ]);
}

#[test]
fn inside_of_braces_only_the_first_of_a_var_is_numbered() {
    hold(&[
        (b"function f(){var a,b;a;b}", b"function n000(){var n001,b;n001;b}"),
        (b"{var a,b;b}", b"{var n000,b;b}"),
        (b"var a={b:1,c:2},d;c;d", b"var n000={b:1,c:2},n001;c;n001"),
        (b"[var a,b]", b"[var n000,n001]"),
    ]);
}

#[test]
fn brackets_that_are_open_are_closed() {
    hold(&[
        (b"(x", b"(x</script>)"),
        (b"f(a,(b", b"f(a,(b</script>))"),
        (b"(x))(", b"(x))(</script>)"),
        (b"{x", b"{x"),
        (b"(\"x", b"(\"x</script>\")"),
    ]);
}

#[test]
fn what_ends_with_the_script_is_lost_or_closed() {
    hold(&[(b"\"x", b"\"x</script>\""), (b"'x", b"\"x</script>\""), (b"var", b"var</n000>")]);
}

#[test]
fn unescape_is_what_it_gives() {
    hold(&[
        (b"unescape(\"%41%u0042%zz%4\")", b"\"ab%zz%4\""),
        (b"unescape( \"%41\"+\"%42\" ).c", b"\"ab\".c"),
        (b"unescape(\"%41\",b)", b"\"a\"b)"),
        (b"x.unescape(\"%41\")", b"x.unescape(\"%41\")"),
        (b"unescape(x)", b"unescape(x)"),
        (b"unescape(\"%00%0a\")", b"\"\x01 \""),
        (b"unescape(unescape(\"%2541\"))", b"unescape(\"%41\")"),
    ]);
}

#[test]
fn eval_is_what_it_runs() {
    hold(&[
        (b"eval(\"a;\");b", b"a;b"),
        (b"eval(\"a b\");c", b"a c"),
        (b"x.eval(\"a;\")", b"x.eval(\"a;\")"),
        (b"eval(\"a;\"+x)", b"eval(\"a;\"+x)"),
        (b"eval(unescape(\"%61%3b\"))", b"a;"),
        (b"eval(\"eval('a;');\")", b"eval(\"a;\");"),
        (b"var a;eval(\"a;var b;\");b", b"var n000;n000;var n001;n001"),
        (b"eval(\"a;</script>b\");c", b"a;"),
    ]);
}

#[test]
fn packed_scripts_are_unpacked() {
    hold(&[
        (b"eval(function(p,a,c,k,e,d){return p}('0 1=\"2\";3 0 10',62,4,'var|x|y z|w'.split('|'),0,{}));c", b"eval(function(n000,n001,n002,n003,n004,n005){return n000}(var n006=\"y z\";w var));c"),
        (b"function(p,a,c,k){}('0;1;a;',10,2,'x||'.split('|'),0,{})", b"function(n000,n001,n002,n003){}(x;1;a;)"),
        (b"function(a,b,c,d){}('0;',10,2,'x||'.split('|'),0,{})", b"function(n000,n001,n002,n003){}(\"0;\",10,2,\"x||\".split(\"|\"),0,{})"),
        (b"function(p,a,c,k){}('0;',10,2,'x'.split('|'))", b"function(n000,n001,n002,n003){}(\"0;\",10,2,\"x\".split(\"|\"))"),
    ]);
}

#[test]
fn backslashes_stand_for_names() {
    hold(&[
        (b"/\\d+\\.\\d/", b"/ d+.d/"),
        (b"\\a", b" a"),
        (b"a\\b", b"a b"),
        (b"a\\\\b", b"a  b"),
        (b"x\\u0041y", b"x\\0041y"),
        (b"a.\\b", b"a.b"),
    ]);
}

#[test]
fn regular_expressions_are_not_known() {
    hold(&[(b"/\"/;a=\"b\"", b"/\"/;a=\"b\"</script>\""), (b"a=/[/]\\//g", b"a=/[/]")]);
}

/// What stands across two of the pieces that ClamAV reads is not recognised.
#[test]
fn pieces_show() {
    let between = |source: &[u8], cut: usize| script(source, &[cut]);
    assert_eq!(between(b"a;//b c\nd;", 3), "<script>a;//b c d;</script>");
    assert_eq!(between(b"a;//bc d;", 5), "<script>a;c d;</script>");
    assert_eq!(between(b"/*a*/b;", 4), "<script></script>");
    assert_eq!(between(b"\"a\\\"b;", 3), "<script>\"a\\\"b;</script>", "a string and a name");
    assert_eq!(between(b"\"\\x41\";", 3), "<script>\"\\41\";</script>");
    assert_eq!(between(b"aa;bb;", 4), "<script>aa;bb;</script>", "names are not cut");
    assert_eq!(between(b"1.25;", 2), "<script>1;</script>");
}

#[test]
fn the_budget_is_asked() {
    let limits = || Limits { memory: 100_000, ..Limits::default() };
    for source in [b";".repeat(1 << 20), b"\"ab\",".repeat(1 << 18)] {
        assert_eq!(within(&source, &[], limits()).1, Err(Stop::Limit(Limit::Memory)));
    }
    let names: String = (0..100_000).map(|n| format!("var a{n};")).collect();
    assert_eq!(within(names.as_bytes(), &[], limits()).1, Err(Stop::Limit(Limit::Memory)));
}

/// A word that stands for a long one, many times: the packer must not become a bomb.
#[test]
fn unpacking_has_a_ceiling() {
    let (packed, words) = ("0 ".repeat(20_000), "w".repeat(20_000));
    let source =
        format!("function(p,a,c,k){{}}('{packed}',10,1,'{words}'.split('|'),0,{{}});</script>");
    let (_, ended) = within(source.as_bytes(), &[], Limits::default());
    assert_eq!(ended, Err(Stop::Limit(Limit::Ratio)));
}

#[test]
fn deep_nesting_ends() {
    for piece in
        ["function(", "function f(a){var b;", "(", "eval(\"", "var a,{", "[", "a.b", "\\\\"]
    {
        let source = piece.repeat(20_000);
        assert!(!script(source.as_bytes(), &[]).is_empty());
    }
}
