//! Random body signatures, each as ClamAV's text and, put together here without any parser, as the
//! pattern that the text means; and data in which they match often enough.

use std::fmt::Write;

use pellucid::matcher::{
    Boundary, BoundaryKind, ByteMask, Element, Gap, Nearby, Offset, Part, Pattern, Side,
};
use proptest::prelude::*;

/// Few different bytes, so that things meet: letters of both cases, a digit, zero, others.
const ALPHABET: [u8; 10] = [0x00, b'a', b'A', b'b', b'B', b'1', 0x60, 0xff, b'\n', b'-'];

/// One element, as its author thinks of it.
#[derive(Clone, Debug)]
enum Step {
    Byte(u8),
    HighNibble(u8),
    LowNibble(u8),
    Any,
    /// `{n}`, which is never widened.
    Skip(u8),
    Choice(Vec<Vec<u8>>),
    NoneOf(Vec<u8>),
    Boundary(BoundaryKind, bool),
}

/// A lone byte, and how far from its run it may be.
type Lone = Option<(u8, u8, u8)>;

/// What stands between two gaps.
#[derive(Clone, Debug)]
struct Group {
    before: Lone,
    steps: Vec<Step>,
    behind: Lone,
}

/// What stands between two parts.
#[derive(Clone, Debug)]
enum Between {
    Star,
    AtLeast(u32),
    AtMost(u32),
    Range(u32, u32),
    /// A gap of fixed length that is too long to be written out.
    Exactly(u32),
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Anywhere,
    Start(u8, u8),
    End(u8, u8),
}

#[derive(Clone, Copy, Debug, Default)]
struct Style {
    any_case: bool,
    wide: bool,
    full_word: bool,
}

/// A signature's text, and what it means.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) pattern: Pattern,
}

fn byte() -> impl Strategy<Value = u8> {
    prop::sample::select(&ALPHABET)
}

fn boundary() -> impl Strategy<Value = Step> {
    let kind =
        prop::sample::select(&[BoundaryKind::Word, BoundaryKind::Line, BoundaryKind::Symbol]);
    (kind, prop::bool::weighted(0.3)).prop_map(|(kind, negated)| Step::Boundary(kind, negated))
}

/// All strings but the first may be empty.
fn choice() -> impl Strategy<Value = Step> {
    let string = |least| prop::collection::vec(byte(), least..4);
    (string(1), prop::collection::vec(string(0), 1..3))
        .prop_map(|(first, more)| Step::Choice([vec![first], more].concat()))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => byte().prop_map(Step::Byte),
        1 => byte().prop_map(Step::HighNibble),
        1 => byte().prop_map(Step::LowNibble),
        1 => Just(Step::Any),
        1 => (1..4_u8).prop_map(Step::Skip),
        1 => choice(),
        1 => prop::collection::vec(byte(), 1..3).prop_map(Step::NoneOf),
        1 => boundary(),
    ]
}

/// Two neighbouring fixed bytes, which every part needs, amid other elements.
fn group() -> impl Strategy<Value = Group> {
    let some = || prop::collection::vec(step(), 0..4);
    let lone = || {
        let lone = (byte(), 0..4_u8, 0..4_u8).prop_map(|(byte, min, more)| (byte, min, min + more));
        prop::option::weighted(0.1, lone)
    };
    (lone(), some(), byte(), byte(), some(), lone()).prop_map(
        |(before, some, a, b, more, behind)| {
            let steps = [some, vec![Step::Byte(a), Step::Byte(b)], more].concat();
            Group { before, steps, behind }
        },
    )
}

fn between() -> impl Strategy<Value = Between> {
    prop_oneof![
        Just(Between::Star),
        (1..6_u32).prop_map(Between::AtLeast),
        (1..6_u32).prop_map(Between::AtMost),
        (0..4_u32, 1..4_u32).prop_map(|(min, more)| Between::Range(min, min + more)),
        (128..131_u32).prop_map(Between::Exactly),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        4 => Just(Place::Anywhere),
        1 => (0..20_u8, 0..20_u8).prop_map(|(at, shift)| Place::Start(at, shift)),
        1 => (0..40_u8, 0..20_u8).prop_map(|(back, shift)| Place::End(back, shift)),
    ]
}

fn style() -> impl Strategy<Value = Style> {
    (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2))
        .prop_map(|(any_case, wide, full_word)| Style { any_case, wide, full_word })
}

/// A random signature.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    let rest = prop::collection::vec((between(), group()), 0..3);
    (place(), style(), group(), rest)
        .prop_map(|(place, style, first, rest)| write_case(place, style, first, rest))
}

fn write_case(place: Place, style: Style, first: Group, rest: Vec<(Between, Group)>) -> Case {
    let mut writer = Writer { style, text: String::new() };
    match place {
        Place::Anywhere => {}
        Place::Start(at, shift) => write!(writer.text, "{at},{shift}:").unwrap(),
        Place::End(back, shift) => write!(writer.text, "EOF-{back},{shift}:").unwrap(),
    }
    let last = rest.len();
    let mut pattern = Pattern::new(writer.part(first, true, last == 0));
    pattern.offset = match place {
        Place::Anywhere => Offset::Anywhere,
        Place::Start(at, shift) => Offset::Start { at: at.into(), shift: shift.into() },
        Place::End(back, shift) => Offset::End { back: back.into(), shift: shift.into() },
    };
    for (number, (between, group)) in rest.into_iter().enumerate() {
        let gap = writer.gap(&between);
        pattern.rest.push((gap, writer.part(group, false, number + 1 == last)));
    }
    let letters = [(style.any_case, 'i'), (style.wide, 'w'), (style.full_word, 'f')];
    writer.text += "::";
    writer.text.extend(letters.into_iter().filter(|(on, _)| *on).map(|(_, letter)| letter));
    Case { text: writer.text, pattern }
}

/// Writes a signature down, and says what each piece means.
struct Writer {
    style: Style,
    text: String,
}

impl Writer {
    fn gap(&mut self, between: &Between) -> Gap {
        let (text, min, max) = match *between {
            Between::Star => ("*".into(), 0, None),
            Between::AtLeast(min) => (format!("{{{min}-}}"), min, None),
            Between::AtMost(max) => (format!("{{-{max}}}"), 0, Some(max)),
            Between::Range(min, max) => (format!("{{{min}-{max}}}"), min, Some(max)),
            Between::Exactly(count) => (format!("{{{count}}}"), count, Some(count)),
        };
        self.text += &text;
        Gap { min, max }
    }

    fn part(&mut self, group: Group, is_first: bool, is_last: bool) -> Part {
        let mut part = Part::new();
        // In these styles a lone byte would be a part of its own.
        let lone = |lone: Lone| lone.filter(|_| !self.style.wide && !self.style.full_word);
        let (before, behind) = (lone(group.before), lone(group.behind));
        if let Some((byte, min, max)) = before {
            write!(self.text, "{byte:02x}[{min}-{max}]").unwrap();
        }
        let word = [self.boundary(BoundaryKind::Symbol, false)];
        if self.style.full_word && is_first {
            part.extend(word.clone());
        }
        for step in &group.steps {
            part.extend(self.step(step));
        }
        if self.style.full_word && is_last {
            part.extend(word);
        }
        set_sides(&mut part);
        if let Some((byte, min, max)) = before {
            part.insert(0, self.nearby(byte, false, min, max));
        }
        if let Some((byte, min, max)) = behind {
            write!(self.text, "[{min}-{max}]{byte:02x}").unwrap();
            part.push(self.nearby(byte, true, min, max));
        }
        part
    }

    fn nearby(&self, byte: u8, behind: bool, min: u8, max: u8) -> Element {
        Element::Nearby(Nearby { byte: self.mask(byte), behind, min, max })
    }

    fn boundary(&self, kind: BoundaryKind, negated: bool) -> Element {
        let wide = self.style.wide && kind == BoundaryKind::Symbol;
        Element::Boundary(Boundary { kind, side: Side::Inside, negated, wide })
    }

    fn mask(&self, byte: u8) -> ByteMask {
        match self.style.any_case {
            true => ByteMask::either_case(byte),
            false => ByteMask::exact(byte),
        }
    }

    fn widen(&self, bytes: Vec<ByteMask>) -> Vec<ByteMask> {
        let zero = self.style.wide.then(|| ByteMask::exact(0));
        bytes.into_iter().flat_map(|byte| [Some(byte), zero]).flatten().collect()
    }

    fn step(&mut self, step: &Step) -> Vec<Element> {
        let single = match step {
            Step::Byte(byte) => {
                write!(self.text, "{byte:02x}").unwrap();
                self.mask(*byte)
            }
            Step::HighNibble(byte) => {
                write!(self.text, "{:x}?", byte >> 4).unwrap();
                ByteMask { value: byte & 0xf0, mask: 0xf0 }
            }
            Step::LowNibble(byte) => {
                write!(self.text, "?{:X}", byte & 0x0f).unwrap();
                ByteMask { value: byte & 0x0f, mask: 0x0f }
            }
            Step::Any => {
                self.text += "??";
                ByteMask::ANY
            }
            Step::Skip(count) => {
                write!(self.text, "{{{count}}}").unwrap();
                return vec![Element::Byte(ByteMask::ANY); (*count).into()];
            }
            Step::Choice(strings) => {
                let shown: Vec<String> = strings.iter().map(|string| hex(string)).collect();
                write!(self.text, "({})", shown.join("|")).unwrap();
                let string =
                    |string: &Vec<u8>| self.widen(string.iter().map(|b| self.mask(*b)).collect());
                return vec![Element::Choice(strings.iter().map(string).collect())];
            }
            Step::NoneOf(bytes) => {
                let shown: Vec<String> = bytes.iter().map(|byte| hex(&[*byte])).collect();
                write!(self.text, "!({})", shown.join("|")).unwrap();
                let string = |byte: &u8| self.widen(vec![self.mask(*byte)]);
                return vec![Element::NoneOf(bytes.iter().map(string).collect())];
            }
            Step::Boundary(kind, negated) => {
                let letter = match kind {
                    BoundaryKind::Word => 'B',
                    BoundaryKind::Line => 'L',
                    BoundaryKind::Symbol => 'W',
                };
                write!(self.text, "{}({letter})", if *negated { "!" } else { "" }).unwrap();
                return vec![self.boundary(*kind, *negated)];
            }
        };
        self.widen(vec![single]).into_iter().map(Element::Byte).collect()
    }
}

/// Boundaries at the ends of a run look at what is beside it.
fn set_sides(part: &mut Part) {
    if let Some(Element::Boundary(boundary)) = part.last_mut() {
        boundary.side = Side::Behind;
    }
    if let Some(Element::Boundary(boundary)) = part.first_mut()
        && !boundary.negated
    {
        boundary.side = Side::Before;
    }
    for element in part {
        if let Element::Boundary(boundary) = element {
            boundary.wide &= boundary.side != Side::Inside;
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A piece of data: noise, or something that a pattern should match.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Noise(Vec<u8>),
    Match { pattern: prop::sample::Index, seed: Vec<u8> },
}

/// Pieces of data.
pub(crate) fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let noise = prop::collection::vec(byte(), 0..12).prop_map(Piece::Noise);
    let seed = prop::collection::vec(any::<u8>(), 1..16);
    let hit = (any::<prop::sample::Index>(), seed)
        .prop_map(|(pattern, seed)| Piece::Match { pattern, seed });
    prop::collection::vec(prop_oneof![noise, hit], 1..6)
}

/// The data of pieces, in which `cases` should match.
pub(crate) fn data_of(pieces: &[Piece], cases: &[Case]) -> Vec<u8> {
    let bytes = |piece: &Piece| match piece {
        Piece::Noise(bytes) => bytes.clone(),
        Piece::Match { pattern, seed } => {
            let mut example = Example { seed: seed.iter().copied().cycle(), data: Vec::new() };
            example.pattern(&pattern.get(cases).pattern);
            example.data
        }
    };
    pieces.iter().flat_map(bytes).collect()
}

/// Bytes that a pattern matches (unless an element rules out what the seed picks).
struct Example<S> {
    seed: S,
    data: Vec<u8>,
}

impl<S: Iterator<Item = u8>> Example<S> {
    fn pattern(&mut self, pattern: &Pattern) {
        self.part(&pattern.first);
        for (gap, part) in &pattern.rest {
            let more = gap.max.map_or(3, |max| max - gap.min);
            let count = gap.min + u32::from(self.next()) % (more + 1);
            self.noise(count);
            self.part(part);
        }
    }

    fn part(&mut self, part: &Part) {
        for element in part {
            match element {
                Element::Byte(byte) => self.fit(*byte),
                Element::Choice(strings) => {
                    let string = &strings[usize::from(self.next()) % strings.len()];
                    string.iter().for_each(|byte| self.fit(*byte));
                }
                Element::NoneOf(strings) => strings[0].iter().for_each(|_| self.noise(1)),
                Element::Boundary(_) => {
                    let separators: [&[u8]; 5] = [b"\n", b"\r\n", b" ", b"-", b"a"];
                    let separator = separators[usize::from(self.next()) % separators.len()];
                    self.data.extend(separator);
                }
                Element::Nearby(Nearby { byte, behind, min, max }) => {
                    let distance = u32::from(min + self.next() % (max - min + 1));
                    if *behind {
                        self.noise(distance);
                    }
                    self.fit(*byte);
                    if !*behind {
                        self.noise(distance);
                    }
                }
            }
        }
    }

    fn fit(&mut self, byte: ByteMask) {
        let noise = self.next();
        self.data.push(byte.value | noise & !byte.mask);
    }

    fn noise(&mut self, count: u32) {
        for _ in 0..count {
            let next = ALPHABET[usize::from(self.next()) % ALPHABET.len()];
            self.data.push(next);
        }
    }

    fn next(&mut self) -> u8 {
        self.seed.next().unwrap()
    }
}
