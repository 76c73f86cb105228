//! Pages and their views, as ClamAV 1.4.6 leaves them behind with `--leave-temps`.

use super::*;
use crate::limits::{Cancel, Limit, Limits};
use crate::matcher::Target;

type Made = Vec<(View, Vec<u8>)>;

fn views_within(data: &[u8], limits: Limits) -> (Made, Result<(), Stop>) {
    let budget = Budget::new(limits, Cancel::new());
    let mut made = Vec::new();
    let ended = normalise(data, Views::of(Target::Html), &budget, &mut made);
    (made.into_iter().map(|made| (made.view, made.written.bytes().to_vec())).collect(), ended)
}

fn view(data: &[u8], wanted: View) -> Vec<u8> {
    let (made, ended) = views_within(data, Limits::default());
    assert_eq!(ended, Ok(()));
    made.into_iter().find(|(view, _)| *view == wanted).map(|(_, bytes)| bytes).unwrap_or_default()
}

/// Pages behind `<html>`, what the page view holds behind that, and the words.
#[track_caller]
fn hold(cases: &[(&[u8], &[u8], &[u8])]) {
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
    for (source, page, words) in cases {
        let data = [b"<html>", *source].concat();
        let made = (view(&data, View::Page), view(&data, View::Words));
        let expected = (shown(&[b"<html>", *page].concat()), shown(words));
        assert_eq!((shown(&made.0), shown(&made.1)), expected, "{}", shown(source));
    }
}

#[test]
fn white_space_is_one_space_and_none_behind_tags() {
    hold(&[
        (b"a  b\n\t c", b"a b c", b" a b c"),
        (b" a \r\n", b"a", b" a "),
        (b"a\rb", b"ab", b" ab"),
        (b"<b> x </b> <i>\ny</i>", b"<b>x </b><i>y</i>", b" x y "),
        (b"x <b>y", b"x <b>y", b" x y"),
        (b"a \x01b", b"a \x01b", b" a b"),
        (b"a\n<b>\nc", b"a <b>c", b" a c"),
    ]);
}

#[test]
fn comments_and_declarations_are_left_out() {
    hold(&[
        (b"a<!-- c -->b", b"ab", b" a b"),
        (b"a <!-- c --> b", b"a b", b" a b"),
        (b"a<!--c<b>-->d", b"a-->d", b" a -->d"),
        (b"a<!DOCTYPE html PUBLIC \"x\">b", b"ab", b" a b"),
        (b"a<!--[if IE]><b>x</b><![endif]-->y", b"a<b>x</b>y", b" a x y"),
        (b"a<![CDATA[ x<b>Y ]]>z", b"ay ]]>z", b" a y ]]>z"),
        (b"a<?php ECHO \"X>Y\";  ?>b", b"a<?php echo \"x>y\"; ?>b", b" a y\"; ?>b"),
        (b"a<!-- never ends", b"a", b" a "),
    ]);
}

#[test]
fn tags_are_written_anew() {
    hold(&[
        (b"<A  HREF = 'X' >y</A >", b"<a href=\"x\">y</a>", b" X y "),
        (b"< b\n>x< / b>", b"<b>x</ b>", b" x "),
        (b"<a b c= d e>", b"<a b c=d e>", b" "),
        (b"<a b=\"c\"d='e'/>", b"<a b=\"c\" d=\"e\" />", b" "),
        (b"<a b=\"C  D\te\">", b"<a b=\"c d e\">", b" "),
        (b"<a b=\"c>d\">e", b"<a b=\"c>d\">e", b" e"),
        (b"<p a==b = c>", b"<p a==b=c>", b" "),
        (b"<p = a>", b"<p=a>", b" "),
        (b"<p=a>", b"<p=a>", b" "),
        (b"a < b", b"a <b", b" a "),
        (b"a > b", b"a > b", b" a > b"),
        (b"<>x<1>", b"<>x<1>", b" x "),
        (b"<b<i>x", b"<b<i>x", b" x"),
        (b"x<", b"x<", b" x "),
    ]);
}

/// A quoted value is left at its second white space, or at its second `>`.
#[test]
fn quotes_are_forgotten_in_long_values() {
    hold(&[
        (b"<p a='b c'>d", b"<p a=\"b c\">d", b" d"),
        (b"<p a='b c d'>e", b"<p a=\"b c d'>e", b" e"),
        (b"<p a=\"b 'c' d 'e'\">", b"<p a=\"b \"c\" d 'e'\">", b" "),
        (b"<p a=\"b c>d\">e", b"<p a=\"b c>d\">e", b" d\">e"),
        (b"<p a=\"b> c> d\">e", b"<p a=\"b>c>d\">e", b" d\">e"),
        (b"<p a='b = c'>d", b"<p a=\"b = c'>d", b" d"),
        (b"<p a='b c = d'>e", b"<p a=\"b c=d\">e", b" e"),
        (b"<p a=b'c\"d>", b"<p a=b\"c\"d>", b" "),
        (b"<p a=\"c\"d>", b"<p a=\"c\" d>", b" "),
    ]);
}

#[test]
fn links_and_images_are_words() {
    hold(&[
        (
            b"<a href=\"HTTP://A.b/C\">x</a>y",
            b"<a href=\"http://a.b/c\">x</a>y",
            b" HTTP://A.b/C x y",
        ),
        (b"<img src=A.gif alt=B>y", b"<img src=a.gif alt=b>y", b" A.gif y"),
        (b"<a href=\"A B C\">y", b"<a href=\"a b c\">y", b" A  y"),
        (b"<a href=\"A>y</a><b c=\"d\">z", b"<a href=\"a>y</a><b c=\"d\">z", b" A>y</ z"),
        (b"<a href=\"\">y", b"<a href=\"\">y", b" y"),
        (b"<a name=\"A\" href=B href=C>y", b"<a name=\"a\" href=b href=c>y", b" B y"),
        (b"<area href=\"A\">y", b"<area href=\"a\">y", b" y"),
        (b"<a href=\"?A&amp;B=1&Cd=2\">y", b"<a href=\"?a&b=1&cd=2\">y", b" ?A&B=1&cd=2 y"),
        (b"<a href=\"A\"", b"<a href=\"a\"", b" "),
    ]);
}

#[test]
fn references_are_resolved() {
    hold(&[
        (b"&lt;B&gt; &amp;amp;", b"<b> &amp;", b" b amp;"),
        (b"&LT; &foo; & &;", b"&lt; &foo; & &;", b" "),
        (b"&lt &ltx", b"&lt &ltx", b" "),
        (b"&#65;&#x42;&#67", b"ab", b" "),
        (b"&#65x &#x41g", b"Ax Ag", b" x g"),
        (b"&#160;&eacute;&#254;", b"\xa0\xe9\xfe", b" "),
        (b"&#255;&hellip;&#x1F600;", b"&#x00ff;&#x2026;&#xf600;", b" "),
        (b"&#65536;&#0;", b"\0", b" "),
        (b"a&x-y;&x.y", b"a&x-y;&x.y", b" a .y"),
        (b"<a b=\"&quot;&#34;\" c=&lt;>", b"<a b=\"\"\"\" c=<>", b" "),
        (b"<a &amp;>", b"<a &amp;>", b" "),
        (b"x&", b"x", b" x "),
        (b"x&lt", b"x<", b" x "),
        (b"&toolongforanyname;x", b"&toolongforanyname;x", b" x"),
        (b"&#99999999999999999999999;x", b"\xff9999;x", b" 9999;x"),
        (b"&#xfffffffffffffffff;x", b"\xfff;x", b" f;x"),
        (b"<a href=\"&#65;&#65B\">x", b"<a href=\"aAb\">x", b" AB x"),
    ]);
}

#[test]
fn scripts_and_style_sheets_lose_their_space() {
    hold(&[
        (b"<SCRIPT>\n Foo ( 'A  B' ) ;\n</SCRIPT> c", b"<script>foo(\"ab\");</script>c", b" c"),
        (b"<style>A { B:  C }</style> d", b"<style>a{b:c}</style>d", b" d"),
        (b"<script>a<b && c>d</script>e", b"<script>a<b&&c>d</script>e", b" e"),
        (b"<script>&lt;a<&lt;</script>", b"<script><a<&lt;</script>", b" "),
        (b"<script>x</script >y", b"<script>x</script>y", b" >y"),
        (b"<script>x< /script>y", b"<script>x</script>y", b" y"),
        (b"<script>x</ script>y</script>z", b"<script>x</script>y</script>z", b" z"),
        (b"<script><!-- a</b> &lt; --></script>b c", b"<script><!--a</b><--></script>b c", b" b c"),
        (b"<script><!-- </script>b", b"<script><!--</script>b", b" "),
        (b"<style></script> a</style>b c", b"<style></script>a</style>b c", b" a b c"),
        (b"<script>x", b"<script>x", b" "),
    ]);
}

/// Up to three bytes are one character. The words have them garbled, and values lose them at their ends.
#[test]
fn bytes_beyond_ascii_stand_for_their_neighbours() {
    hold(&[
        (b"g\xc3\xbcx \xe4x", b"g\xc3\xbcx \xe4x", b" g\xc3\xc3x \0x"),
        (b"\xe2\x80\x94x", b"\xe2\x80\x94x", b" \xe2\x80\x80x"),
        (b"\xf0\x9f\x98\x80x", b"\xf0\x9f\x98\x80x", b" \xf0\x9f\x9f\0x"),
        (b"x\xc3\xbc", b"x", b" x"),
        (b"x \xc2\xa0 y", b"x \xc2\xa0 y", b" x \xc2\xc2y"),
        (
            b"<a href=\"x\xc3\xbcy\xc3\xbc\">z<b c=\"d\">",
            b"<a href=\"x\xc3\xbcy\">z<b c=\"\xc3\xbcd\">",
            b" x\xc3\xbcy z ",
        ),
        (b"<a href=\"\xc3\xbc z\">y", b"<a href=\" \xc3\xbcz\">y", b"  \xc3\xbcz y"),
        (b"\xe3\x80\x82x\xef\xbc\x8ex\xef\xb9\x92x", b".x.x.x", b" .x.x.x"),
        (b"x\xa1Cy\xa1O z", b"x.\0y.\0 z", b" x.\0y.\0 z"),
        (b"<\xc3\xbc \xc3\xbc=\xc3\xbcx>", b"<\xc3\xbc \xc3\xbc=\xc3\xbcx>", b" "),
        (b"<script>\xc3\xbcx</script>y", b"<script>\xc3\xbcx</script>y", b" \xc3\xc3y"),
    ]);
}

#[test]
fn data_urls_are_left_out() {
    hold(&[
        (b"<img src=data:text/plain;base64,QQ==>x", b"<img src=datax", b" "),
        (b"<img src=\"data:text/plain;base64,QQ==\" alt=y>x", b"<img src=\"data\"alt=y>x", b" x"),
        (b"<a href=\"data:x\">y", b"<a href=\"data\">y", b" y"),
        (b"<a href=\"DATA:x,y\">z", b"<a href=\"data:x,y\">z", b" DATA:x,y z"),
        (b"<a foo=data:x>y", b"<a foo=data>y", b" y"),
        (b"<p>data:x,y</p>", b"<p>data:x,y</p>", b" data:x,y "),
    ]);
}

/// ClamAV reads 8191 bytes at a time, up to the last white space; a piece that begins with white space
/// loses it.
#[test]
fn words_run_together_between_two_pieces() {
    let page = |before: usize| {
        let data = [&vec![b'a'; before][..], b"  ", &[b'b'; 9000]].concat();
        view(&data, View::Page).contains(&b' ')
    };
    assert!(page(8190) && !page(8191) && page(8192));
    let tag = [&vec![b'a'; 8188][..], b"<b c=d>"].concat();
    assert!(view(&tag, View::Page).ends_with(b"<b c=d>"), "cut behind the last space");
}

#[test]
fn each_script_is_one_of_its_own() {
    let scripts = |page: &[u8]| String::from_utf8(view(page, View::Scripts)).unwrap();
    assert_eq!(
        scripts(b"<script>var x;x</script>y<SCRIPT src=z>var y;x</SCRIPT>"),
        "<script>var n000;n000</script>\n<script>var n000;x</script>"
    );
    assert_eq!(scripts(b"<script></script>"), "<script></script>");
    assert_eq!(scripts(b"<script>"), "", "nothing to read");
    assert_eq!(scripts(b"<script>\"a</script> \n<b>"), "<script>\"a</script>  \"</script>");
    assert_eq!(scripts(b"<b>no script</b>"), "");
}

#[test]
fn the_budget_cuts_views_short() {
    let page = b"<p>Some words <script>a+b;</script>".repeat(50_000);
    let limits = Limits { memory: 200_000, ..Limits::default() };
    let (made, ended) = views_within(&page, limits);
    assert_eq!(ended, Err(Stop::Limit(Limit::Memory)));
    assert!(made.iter().any(|(view, bytes)| *view == View::Page && bytes.len() > 10_000));
    let limits = Limits { object_bytes: 1000, ..Limits::default() };
    let (made, ended) = views_within(&page, limits);
    assert_eq!(ended, Err(Stop::Limit(Limit::ObjectBytes)));
    assert!(made.iter().all(|(_, bytes)| bytes.len() <= 1000));
}

/// Nesting costs nothing, since nothing is nested here.
#[test]
fn deep_and_endless_things_end() {
    for piece in
        [&b"<div>"[..], b"<", b"<!--", b"&", b"&#", b"&amp", b"<a b='", b"</", b"<script>", b"\xe4"]
    {
        let data = piece.repeat(100_000);
        assert!(view(&data, View::Page).len() <= data.len());
    }
}
