//! The body of a signature: hexadecimal digits with wildcards.
//!
//! ```text
//! body  := part (gap part)*
//! gap   := "*" | "{n}" | "{-n}" | "{n-}" | "{n-m}"        an upper end of 0 means that there is none
//! part  := [hh "[x-y]"] elem+ ["[x-y]" hh]                x <= y <= 32, a lone byte on the far side
//! elem  := hh | "??" | "h?" | "?h" | ["!"] "(" alt ("|" alt)* ")" | ["!"] "(" ("B"|"L"|"W") ")"
//! ```
//! `{n}` up to 127 stands for n times `??` and does not end a part. Every part needs two neighbouring
//! fixed bytes. Strings of a choice but the first may be empty. Choices inside of choices are multiplied
//! out. Nothing here recurses, and a body's size
//! is bounded ([`MAX_BYTES`]) whatever its text says.
//!
//! The styles are ClamAV's modifiers, in all that it makes of them (tried with 1.4): a full word is the
//! body with `(W)` before and behind it; of wide bodies, boundaries and `{n}` are not widened, but a
//! boundary `(W)` beside a run looks for wide letters; and in both styles `[x-y]` is a gap like any
//! other.

#![warn(clippy::arithmetic_side_effects)]

use pellucid::matcher::{
    Boundary, BoundaryKind, ByteMask, Element, Gap, Offset, Part, Pattern, Side, Target,
};

use super::super::{hex_digit, parse_number};
use super::alternatives::{Alternatives, MAX_STRINGS};
use super::part::{Anchor, MAX_ANCHOR, PartInWork, is_fixed_byte};
use crate::diagnostic::Fault;

/// Bytes that a body may hold, all its choices multiplied out.
pub(super) const MAX_BYTES: usize = 1 << 16;
/// How deep choices may nest.
const MAX_NESTING: usize = 15;
/// Gaps of fixed length up to this are written out as bytes.
const MAX_INLINE_GAP: u32 = 127;

/// How the bytes of a body are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// Letters match in either case.
    pub(super) any_case: bool,
    /// A zero follows every byte.
    pub(super) wide: bool,
    /// No ASCII letter or digit stands beside it.
    pub(super) full_word: bool,
}

/// The parts of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) first: Part,
    pub(super) rest: Vec<(Gap, Part)>,
}

impl Body {
    /// The pattern of this body at an offset.
    pub(super) fn at(self, target: Target, offset: Offset) -> Pattern {
        let Body { first, rest } = self;
        Pattern { target, offset, first, rest }
    }
}

/// Reads a body. Faults are at bytes of `text`.
pub(super) fn parse(text: &str, style: Style) -> Result<Body, Fault> {
    let mut parser = Parser {
        text: text.as_bytes(),
        at: 0,
        style,
        bytes_left: MAX_BYTES,
        parts: Vec::new(),
        gap: None,
        part: PartInWork::default(),
        part_at: 0,
    };
    parser.beside_a_full_word();
    while let Some(next) = parser.peek() {
        parser.step(next)?;
    }
    parser.end()
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    style: Style,
    bytes_left: usize,
    /// Finished parts, each with the gap before it; none before the first.
    parts: Vec<(Option<Gap>, Part)>,
    /// The gap before the part in work.
    gap: Option<Gap>,
    part: PartInWork,
    /// Where the part in work begins.
    part_at: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    fn error(&self, reason: &'static str, message: impl Into<String>) -> Fault {
        Fault::error(reason, message).at(self.at)
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let found = match self.peek() {
            Some(byte) => format!("`{}`", byte.escape_ascii()),
            None => "the end".into(),
        };
        self.error("body", format!("{expected} expected, {found} found"))
    }

    fn step(&mut self, next: u8) -> Result<(), Fault> {
        match next {
            b'*' => {
                self.finish_part()?;
                self.advance(1);
                self.begin_part(Gap { min: 0, max: None });
            }
            b'{' => self.gap(b'}')?,
            b'[' if self.style.wide || self.style.full_word => self.gap(b']')?,
            b'[' => self.anchor()?,
            b'(' | b'!' => self.bracket()?,
            _ => {
                let byte = self.byte()?;
                self.push(byte)?;
            }
        }
        Ok(())
    }

    /// Two characters that stand for one byte.
    fn byte(&mut self) -> Result<ByteMask, Fault> {
        let high = self.nibble("a byte in hexadecimal")?;
        self.advance(1);
        let low = self.nibble("the byte's second digit")?;
        self.advance(1);
        let part = |(high, low): (u8, u8)| high << 4 | low;
        let mask = ByteMask { value: part((high.0, low.0)), mask: part((high.1, low.1)) };
        let fold = self.style.any_case && mask.mask == 0xff;
        Ok(if fold { ByteMask::either_case(mask.value) } else { mask })
    }

    /// A digit's value and mask.
    fn nibble(&self, expected: &str) -> Result<(u8, u8), Fault> {
        match self.peek() {
            Some(b'?') => Ok((0, 0)),
            Some(digit) => match hex_digit(digit) {
                Some(value) => Ok((value, 0xf)),
                None => Err(self.unexpected(expected)),
            },
            None => Err(self.unexpected(expected)),
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => Err(self.error("too long", format!("more than {MAX_BYTES} bytes"))),
        }
    }

    fn push(&mut self, byte: ByteMask) -> Result<(), Fault> {
        self.spend(if self.style.wide { 2 } else { 1 })?;
        self.part.run.push(Element::Byte(byte));
        if self.style.wide {
            self.part.run.push(Element::Byte(ByteMask::exact(0)));
        }
        Ok(())
    }

    /// The text between the bracket at hand and its `end`, which is passed over.
    fn bracketed(&mut self, end: u8) -> Result<&'t str, Fault> {
        let text = self.text.get(self.at.saturating_add(1)..).unwrap_or_default();
        let length = text
            .iter()
            .position(|&byte| byte == end)
            .ok_or_else(|| self.error("brackets", format!("no `{}` follows", char::from(end))))?;
        self.advance(length.saturating_add(2));
        let inside = text.get(..length).unwrap_or_default();
        Ok(std::str::from_utf8(inside).unwrap_or_default())
    }

    /// `{n}`, `{-n}`, `{n-}`, `{n-m}`, up to the bracket `end`.
    fn gap(&mut self, end: u8) -> Result<(), Fault> {
        let start = self.at;
        let text = self.bracketed(end)?;
        let gap = parse_gap(text).map_err(|message| {
            Fault::error("gap", message)
                .at(start)
                .help("gaps are `*`, `{n}`, `{-n}`, `{n-}` and `{n-m}`, below 2^32")
        })?;
        if gap.max == Some(gap.min) && gap.min <= MAX_INLINE_GAP && !text.contains('-') {
            return self.skip_bytes(gap.min);
        }
        let behind = std::mem::replace(&mut self.at, start);
        self.finish_part()?;
        self.at = behind;
        self.begin_part(gap);
        Ok(())
    }

    /// A short gap of fixed length. It is never widened.
    fn skip_bytes(&mut self, count: u32) -> Result<(), Fault> {
        let count = count as usize;
        self.spend(count)?;
        self.part.run.extend(std::iter::repeat_n(Element::Byte(ByteMask::ANY), count));
        Ok(())
    }

    /// `[x-y]` between a lone byte and its run.
    fn anchor(&mut self) -> Result<(), Fault> {
        let at = self.at;
        let bad = |message: &str| {
            Fault::error("anchored byte", message)
                .at(at)
                .help("write `hh[x-y]` before or `[x-y]hh` behind a run of bytes, x <= y <= 32")
        };
        let text = self.bracketed(b']')?;
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        let number = |text: &str| parse_number(text).filter(|&number| number <= MAX_ANCHOR);
        let (min, max) = number(min).zip(number(max)).ok_or_else(|| bad("not an anchor"))?;
        let (min, max) = (u8::try_from(min).unwrap_or(0), u8::try_from(max).unwrap_or(0));
        if max < min {
            return Err(bad("a distance that ends before it begins"));
        }
        match self.part.anchor(Anchor { min, max }) {
            true => Ok(()),
            false => Err(bad("an anchor needs a byte on one side and a run on the other")),
        }
    }

    /// Begins the part behind a gap.
    fn begin_part(&mut self, gap: Gap) {
        self.gap = Some(gap);
        self.part_at = self.at;
    }

    fn finish_part(&mut self) -> Result<(), Fault> {
        if self.part.run.is_empty() {
            return Err(self.unexpected("bytes"));
        }
        let part = std::mem::take(&mut self.part);
        let part = part.finish().map_err(|fault| fault.at(self.part_at))?;
        self.parts.push((self.gap.take(), part));
        Ok(())
    }

    fn end(mut self) -> Result<Body, Fault> {
        if !self.part.run.is_empty() {
            self.beside_a_full_word();
        }
        self.finish_part()?;
        let mut parts = self.parts.into_iter();
        let first = parts.next().map(|(_, part)| part).unwrap_or_default();
        let rest = parts.map(|(gap, part)| (gap.unwrap_or(Gap { min: 0, max: None }), part));
        Ok(Body { first, rest: rest.collect() })
    }
}

/// Boundaries.
impl Parser<'_> {
    /// The boundary `(W)` that stands before and behind a full word.
    fn beside_a_full_word(&mut self) {
        if self.style.full_word {
            self.push_boundary(BoundaryKind::Symbol, false);
        }
    }

    fn push_boundary(&mut self, kind: BoundaryKind, negated: bool) {
        let (side, wide) = (Side::Inside, self.style.wide && kind == BoundaryKind::Symbol);
        self.part.run.push(Element::Boundary(Boundary { kind, side, negated, wide }));
    }

    /// The boundary at hand, if there is one.
    fn boundary(&self) -> Option<BoundaryKind> {
        match self.text.get(self.at..self.at.saturating_add(3)) {
            Some(b"(B)") => Some(BoundaryKind::Word),
            Some(b"(L)") => Some(BoundaryKind::Line),
            Some(b"(W)") => Some(BoundaryKind::Symbol),
            _ => None,
        }
    }

    /// A boundary or a choice, with or without a `!` before it.
    fn bracket(&mut self) -> Result<(), Fault> {
        let at = self.at;
        let negated = self.peek() == Some(b'!');
        if negated {
            self.advance(1);
        }
        let Some(kind) = self.boundary() else { return self.choice(negated, at) };
        self.advance(3);
        self.spend(1)?;
        self.push_boundary(kind, negated);
        Ok(())
    }
}

/// Choices.
impl Parser<'_> {
    /// `(..|..)` or `!(..|..)`, which begins at `at`.
    fn choice(&mut self, negated: bool, at: usize) -> Result<(), Fault> {
        let mut strings = self.strings()?;
        self.spend(strings.iter().map(Vec::len).sum())?;
        strings.sort_unstable();
        strings.dedup();
        if negated {
            check_negated(&strings, at)?;
            self.part.run.push(Element::NoneOf(strings));
        } else if let [only] = strings.as_slice() {
            self.part.run.extend(only.iter().copied().map(Element::Byte));
        } else {
            self.part.run.push(Element::Choice(strings));
        }
        Ok(())
    }

    /// The strings between brackets, those of inner brackets multiplied out.
    fn strings(&mut self) -> Result<Vec<Vec<ByteMask>>, Fault> {
        let mut open: Vec<Alternatives> = Vec::new();
        loop {
            match self.peek() {
                Some(b'(') => {
                    if self.boundary().is_some() {
                        return Err(self.error("choice", "no boundaries inside of a choice"));
                    }
                    if open.len() >= MAX_NESTING {
                        let message = format!("choices nest deeper than {MAX_NESTING}");
                        return Err(self.error("choice", message));
                    }
                    open.push(Alternatives::default());
                    self.advance(1);
                    if matches!(self.peek(), Some(b'|' | b')')) {
                        return Err(self.error("choice", "the first string is empty"));
                    }
                }
                Some(b')') => {
                    let Some(closed) = open.pop() else { return Err(self.unexpected("`(`")) };
                    self.advance(1);
                    let strings = closed.all();
                    let Some(outer) = open.last_mut() else { return Ok(strings) };
                    if !outer.follow_with(&strings) {
                        return Err(self.too_many());
                    }
                }
                Some(b'|') if !open.is_empty() => {
                    let full = open.last_mut().is_none_or(|top| !top.next());
                    if full {
                        return Err(self.too_many());
                    }
                    self.advance(1);
                }
                Some(b'*' | b'{' | b'[') => {
                    return Err(self.error("choice", "no gaps inside of a choice"));
                }
                _ if open.is_empty() => return Err(self.unexpected("`(`")),
                _ => {
                    let byte = self.byte()?;
                    let zero = self.style.wide.then(|| ByteMask::exact(0));
                    let grown = open.last_mut().is_some_and(|top| top.push(byte, zero));
                    if !grown {
                        return Err(self.too_many());
                    }
                }
            }
        }
    }

    fn too_many(&self) -> Fault {
        let message = format!("a choice of more than {MAX_STRINGS} strings or {MAX_BYTES} bytes");
        self.error("too long", message)
    }
}

fn check_negated(strings: &[Vec<ByteMask>], at: usize) -> Result<(), Fault> {
    let length = strings.first().map_or(0, Vec::len);
    let alike = strings.iter().all(|string| string.len() == length);
    let fixed = strings.iter().flatten().all(|byte| is_fixed_byte(*byte));
    match length > 0 && alike && fixed {
        true => Ok(()),
        false => {
            Err(Fault::error("choice", "`!` before strings of different lengths or wildcards")
                .at(at)
                .help("`!(..)` takes strings of equal length without wildcards"))
        }
    }
}

/// The inside of a gap's brackets.
fn parse_gap(text: &str) -> Result<Gap, &'static str> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    if min.is_empty() && max.is_empty() {
        return Err("a gap needs a length");
    }
    let number = |text: &str| match text {
        "" => Some(0),
        text => parse_number(text).and_then(|number| u32::try_from(number).ok()),
    };
    let (min, max) = number(min).zip(number(max)).ok_or("not a gap")?;
    match max {
        0 => Ok(Gap { min, max: None }),
        max if max < min => Err("a gap that ends before it begins"),
        max => Ok(Gap { min, max: Some(max) }),
    }
}

#[cfg(test)]
mod tests {
    use pellucid::matcher::Nearby;

    use super::*;

    const PLAIN: Style = Style { any_case: false, wide: false, full_word: false };
    const WIDE: Style = Style { wide: true, ..PLAIN };
    const ANY_CASE: Style = Style { any_case: true, ..PLAIN };
    const WORD: Style = Style { full_word: true, ..PLAIN };

    /// A body, written short: bytes as digits, `.` any byte, `~` a letter of either case, boundaries as
    /// letters with `<` or `>` for what they look at.
    fn show(text: &str, style: Style) -> Result<String, String> {
        let body = parse(text, style).map_err(|fault| {
            format!("{}@{}", fault.reason, fault.at.map_or(String::new(), |at| at.to_string()))
        })?;
        let mut shown = show_part(&body.first);
        for (gap, part) in &body.rest {
            let max = gap.max.map_or(String::new(), |max| max.to_string());
            shown += &format!(" {}..{max} {}", gap.min, show_part(part));
        }
        Ok(shown)
    }

    fn show_part(part: &Part) -> String {
        let strings = |strings: &[Vec<ByteMask>]| {
            let shown: Vec<String> =
                strings.iter().map(|s| s.iter().map(show_byte).collect()).collect();
            shown.join("|")
        };
        let element = |element: &Element| match element {
            Element::Byte(byte) => show_byte(byte),
            Element::Choice(s) => format!("({})", strings(s)),
            Element::NoneOf(s) => format!("!({})", strings(s)),
            Element::Boundary(boundary) => show_boundary(boundary),
            Element::Nearby(Nearby { byte, behind, min, max }) => {
                let side = if *behind { '>' } else { '<' };
                format!("[{side}{} {min}-{max}]", show_byte(byte))
            }
        };
        part.iter().map(element).collect()
    }

    fn show_boundary(boundary: &Boundary) -> String {
        let negated = if boundary.negated { "!" } else { "" };
        let wide = if boundary.wide { "w" } else { "" };
        let kind = match boundary.kind {
            BoundaryKind::Word => 'B',
            BoundaryKind::Line => 'L',
            BoundaryKind::Symbol => 'W',
        };
        let side = match boundary.side {
            Side::Before => "<",
            Side::Behind => ">",
            Side::Inside => "",
        };
        format!("{negated}({side}{kind}{wide})")
    }

    fn show_byte(byte: &ByteMask) -> String {
        match byte.mask {
            0xff => format!("{:02x}", byte.value),
            0 => ".".into(),
            0xdf => format!("~{}", char::from(byte.value)),
            mask => format!("<{:02x}/{mask:02x}>", byte.value),
        }
    }

    #[test]
    fn elements_and_gaps() {
        for (text, shown) in [
            ("aAbB", "aabb"),
            ("aabb??c?dd?e", "aabb.<c0/f0>dd<0e/0f>"),
            ("aabb*ccdd", "aabb 0.. ccdd"),
            ("aabb{0}ccdd{0-0}eeff{-0}1122", "aabb 0.. ccdd 0.. eeff 0.. 1122"),
            ("aabb{5-}ccdd{5-0}eeff", "aabb 5.. ccdd 5.. eeff"),
            ("aabb{-5}ccdd{2-5}eeff{7-7}1122", "aabb 0..5 ccdd 2..5 eeff 7..7 1122"),
            ("{1}aabb{2}cc{1}", ".aabb..cc."),
            ("aabb{128}ccdd", "aabb 128..128 ccdd"),
            ("aabb{-4294967295}ccdd", "aabb 0..4294967295 ccdd"),
        ] {
            assert_eq!(show(text, PLAIN), Ok(shown.into()), "{text}");
        }
    }

    #[test]
    fn choices_are_sorted_and_multiplied_out() {
        for (text, shown) in [
            ("aabb(dd|cc)", "aabb(cc|dd)"),
            ("aabb(cc|ddee|)", "aabb(|cc|ddee)"),
            ("aabb(cc|cc)(dd)", "aabbccdd"),
            ("aabb(1?|cc)", "aabb(<10/f0>|cc)"),
            ("aabb(11(22|33)44|55)", "aabb(112244|113344|55)"),
            ("aabb((11|22)(33|44))", "aabb(1133|1144|2233|2244)"),
            ("aabb!(cc|dd)", "aabb!(cc|dd)"),
            ("aabb!(cc)", "aabb!(cc)"),
        ] {
            assert_eq!(show(text, PLAIN), Ok(shown.into()), "{text}");
        }
    }

    #[test]
    fn lone_bytes_stand_beside_their_run() {
        for (text, shown) in [
            ("aa[2-4]bbcc", "[<aa 2-4]bbcc"),
            ("bbcc[2]aa", "bbcc[>aa 2-2]"),
            ("aa[0-0]bbcc[1-32]dd*eeff", "[<aa 0-0]bbcc[>dd 1-32] 0.. eeff"),
            ("aabb{2-}cc[1-2]ddee", "aabb 2.. [<cc 1-2]ddee"),
            ("?a[1-2]bbcc[1-2]?d", "[<<0a/0f> 1-2]bbcc[><0d/0f> 1-2]"),
            ("a?[1-2]bbcc[1-2]??", "bbcc"),
        ] {
            assert_eq!(show(text, PLAIN), Ok(shown.into()), "{text}");
        }
        assert_eq!(show("41[2-4]bbcc", ANY_CASE), Ok("[<~A 2-4]bbcc".into()));
    }

    #[test]
    fn in_wide_bodies_and_full_words_anchors_are_gaps() {
        assert_eq!(show("aa[2-4]bbcc", WIDE), Ok("aa00 2..4 bb00cc00".into()));
        assert_eq!(show("aa[0-0]bb", WIDE), Ok("aa00 0.. bb00".into()));
        assert_eq!(show("aabb[2-4]ccdd", WORD), Ok("(<W)aabb 2..4 ccdd(>W)".into()));
    }

    #[test]
    fn boundaries_know_where_they_stand() {
        for (text, shown) in [
            ("(B)aabb(L)", "(<B)aabb(>L)"),
            ("aabb(W)cc*(L)ddee", "aabb(W)cc 0.. (<L)ddee"),
            ("(B)(B)aabb(W)(W)", "(<B)(B)aabb(W)(>W)"),
            ("!(B)aabb!(B)", "!(B)aabb!(>B)"),
            ("aa[1-2](B)bbcc!(W)[0-3]dd", "[<aa 1-2](<B)bbcc!(>W)[>dd 0-3]"),
            ("{1}(B)aabb", ".(B)aabb"),
        ] {
            assert_eq!(show(text, PLAIN), Ok(shown.into()), "{text}");
        }
    }

    #[test]
    fn a_full_word_stands_between_boundaries() {
        for (text, shown) in [
            ("aabb*ccdd", "(<W)aabb 0.. ccdd(>W)"),
            ("(B)aabb!(L)", "(<W)(B)aabb!(L)(>W)"),
            ("(B)aabb*ccdd(W)", "(<W)(B)aabb 0.. ccdd(W)(>W)"),
        ] {
            assert_eq!(show(text, WORD), Ok(shown.into()), "{text}");
        }
        let wide_word = Style { full_word: true, ..WIDE };
        assert_eq!(show("aa(W)(L)", wide_word), Ok("(<Ww)aa00(W)(L)(>Ww)".into()));
        assert_eq!(show("(W)aa(L)", WIDE), Ok("(<Ww)aa00(>L)".into()));
    }

    #[test]
    fn case_and_width() {
        assert_eq!(show("41625d", ANY_CASE), Ok("~A~B5d".into()));
        assert_eq!(show("6162(63|64)6?", ANY_CASE), Ok("~A~B(~C|~D)<60/f0>".into()));
        assert_eq!(show("61??{2}(62|63)", WIDE), Ok("6100.00..(6200|6300)".into()));
        let both = Style { any_case: true, ..WIDE };
        assert_eq!(show("61", both), Ok("~A00".into()));
    }

    #[test]
    fn what_is_refused() {
        for (text, reason) in [
            ("", "body@0"),
            ("aab", "body@3"),
            ("aabg", "body@3"),
            ("aa bb", "body@2"),
            ("aä", "body@1"),
            ("*aabb", "body@0"),
            ("aabb*", "body@5"),
            ("aabb**ccdd", "body@5"),
            ("aabb{200}", "body@9"),
            ("aabb{}ccdd", "gap@4"),
            ("aabb{-}ccdd", "gap@4"),
            ("aabb{5-2}ccdd", "gap@4"),
            ("aabb{1-2-3}ccdd", "gap@4"),
            ("aabb{4294967296}ccdd", "gap@4"),
            ("aabb{99999999999999999999-}ccdd", "gap@4"),
            ("aabb{5", "brackets@4"),
            ("aabb}", "body@4"),
            ("aa", "too short@0"),
            ("aa??bb??cc", "too short@0"),
            ("aabb*cc??", "too short@5"),
            ("aabb{2-3}cc{2-3}ddee", "too short@9"),
            ("(aabb|ccdd)", "too short@0"),
            ("aa[2-3]bb", "too short@0"),
            ("aabb[2-3]ccdd", "anchored byte@0"),
            ("aa[2-33]bbcc", "anchored byte@2"),
            ("aa[3-2]bbcc", "anchored byte@2"),
            ("aa[]bbcc", "anchored byte@2"),
            ("[2-3]aabb", "anchored byte@0"),
            ("aa[1-2]bb[1-2]cc[1-2]dd", "anchored byte@16"),
            ("aabb[1-2]ccdd[1-2]ee", "anchored byte@0"),
            ("aabb[1-2]", "body@9"),
            ("aabb(cc", "body@7"),
            ("aabb)", "body@4"),
            ("aabb(cc|dd))", "body@11"),
            ("aabb|cc", "body@4"),
            ("aabb!cc", "body@5"),
            ("aabb!(cc|ddee)", "choice@4"),
            ("aabb!(c?|dd)", "choice@4"),
            ("aabb!()", "choice@6"),
            ("aabb()", "choice@5"),
            ("aabb(|cc)", "choice@5"),
            ("aabb(cc|(|dd))", "choice@9"),
            ("aabb(cc*dd)", "choice@7"),
            ("aabb(cc{3}dd)", "choice@7"),
            ("aabb(!(cc))", "body@5"),
            ("aabb(C)", "body@6"),
            ("aabb(b)", "body@6"),
            ("aabb(B", "body@6"),
            ("aabb(cc|(B))", "choice@8"),
            ("aabb((B))", "choice@5"),
            ("(B)", "too short@0"),
            ("(W)*aabb", "too short@0"),
            ("(B)aa[1-2]bbcc", "anchored byte@0"),
            ("aabb[1-2](W)", "anchored byte@0"),
        ] {
            assert_eq!(show(text, PLAIN), Err(reason.into()), "{text}");
        }
    }

    #[test]
    fn hostile_bodies_are_bounded() {
        let nested = format!("aabb{}cc{}", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(show(&nested, PLAIN), Err("choice@19".into()));
        let exploding = format!("aabb({})", "(11|22)".repeat(40));
        assert!(show(&exploding, PLAIN).unwrap_err().starts_with("too long"));
        let list = format!("aabb({})", ["11"; 10_000].join("|"));
        assert!(show(&list, PLAIN).unwrap_err().starts_with("too long"));
        let many = format!("aabb{}", format!("({})", ["11223344"; 64].join("|")).repeat(1000));
        assert!(show(&many, PLAIN).unwrap_err().starts_with("too long"));
        assert!(show(&"aa".repeat(70_000), PLAIN).unwrap_err().starts_with("too long"));
        assert!(show(&format!("aabb{}", "{127}".repeat(600)), PLAIN).is_err());
        let wide = "aa".repeat(40_000);
        assert!(show(&wide, PLAIN).is_ok() && show(&wide, WIDE).is_err());
    }
}
