//! What an opening bracket and the bytes behind it stand for.

#![warn(clippy::arithmetic_side_effects)]

use super::escape::{Reference, is_name};
use super::parse::{OpenedKind, Options, Parser};
use super::token::Group;
use super::{Problem, RegexError};

/// Opens brackets; the bracket itself, at `at`, is passed over.
pub(super) fn open(parser: &mut Parser<'_>, at: usize) -> Result<(), RegexError> {
    if parser.cursor.eat(b"?") {
        return special(parser, at);
    }
    if parser.cursor.rest().starts_with(b"*") {
        let is_verb = parser
            .cursor
            .rest()
            .get(1)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b':');
        let problem = match is_verb {
            true => Problem::Unsupported("a verb"),
            false => Problem::Malformed("nothing there to repeat"),
        };
        return Err(parser.wrong(at, problem));
    }
    if parser.options.no_capture {
        return parser.open(at, Group::Plain, OpenedKind::Plain);
    }
    let number = parser.capture(at)?;
    parser.open(at, Group::Capture(number), OpenedKind::Plain)
}

/// What stands behind `(?`.
fn special(parser: &mut Parser<'_>, at: usize) -> Result<(), RegexError> {
    let unsupported = |what| RegexError { at, problem: Problem::Unsupported(what) };
    let look = OpenedKind::Look;
    let cursor = &mut parser.cursor;
    if cursor.eat(b"#") {
        let comment = cursor.take_until(b")");
        return match comment {
            Some(_) => Ok(()),
            None => Err(parser.malformed(at, "a comment without its closing bracket")),
        };
    }
    if cursor.eat(b":") {
        parser.open(at, Group::Plain, OpenedKind::Plain)
    } else if cursor.eat(b"|") {
        let first = parser.captures;
        parser.open(at, Group::Plain, OpenedKind::Reset { first, most: first })
    } else if cursor.eat(b">") {
        parser.open(at, Group::Atomic, OpenedKind::Plain)
    } else if cursor.eat(b"=") {
        parser.open(at, Group::Ahead { negated: false }, look)
    } else if cursor.eat(b"!") {
        parser.open(at, Group::Ahead { negated: true }, look)
    } else if cursor.eat(b"<=") {
        parser.open(at, Group::Behind { negated: false }, look)
    } else if cursor.eat(b"<!") {
        parser.open(at, Group::Behind { negated: true }, look)
    } else if cursor.eat(b"*") || cursor.eat(b"<*") {
        Err(unsupported("a look-around that is not atomic"))
    } else if cursor.eat(b"P=") {
        named_back(parser, at)
    } else if cursor.eat(b"P<") || cursor.eat(b"<") {
        named(parser, at, b">")
    } else if cursor.eat(b"'") {
        named(parser, at, b"'")
    } else if cursor.eat(b"(") {
        condition(parser, at)
    } else if cursor.eat(b"C") {
        Err(unsupported("a callout"))
    } else if is_call(cursor.rest()) {
        Err(unsupported("recursion"))
    } else {
        options(parser, at)
    }
}

/// A call of a group, or of the whole.
fn is_call(rest: &[u8]) -> bool {
    match rest {
        [b'R' | b'&' | b'0'..=b'9', ..] | [b'P', b'>', ..] => true,
        [b'+' | b'-', digit, ..] => digit.is_ascii_digit(),
        _ => false,
    }
}

/// A group with a name.
fn named(parser: &mut Parser<'_>, at: usize, end: &[u8]) -> Result<(), RegexError> {
    let Some(name) = parser.cursor.take_until(end) else {
        return Err(parser.malformed(at, "a group name without an end"));
    };
    let number = parser.capture(at)?;
    parser.name(at, name, number)?;
    parser.open(at, Group::Capture(number), OpenedKind::Plain)
}

/// `(?P=name)`
fn named_back(parser: &mut Parser<'_>, at: usize) -> Result<(), RegexError> {
    match parser.cursor.take_until(b")") {
        Some(name) => parser.back(at, Reference::Name(name)),
        None => return Err(parser.malformed(at, "a group name without an end")),
    }
    Ok(())
}

/// What stands behind `(?(`: a group's number or name. Other conditions are not supported.
fn condition(parser: &mut Parser<'_>, at: usize) -> Result<(), RegexError> {
    let unsupported =
        RegexError { at, problem: Problem::Unsupported("a condition on something but a group") };
    let Some(inside) = parser.cursor.take_until(b")") else { return Err(unsupported) };
    let reference = match inside {
        [b'<', name @ .., b'>'] | [b'\'', name @ .., b'\''] if is_name(name) => {
            Reference::Name(name)
        }
        [sign @ (b'+' | b'-'), digits @ ..] => match (sign, parse(digits)) {
            (b'+', Some(number @ 1..)) => Reference::After(number),
            (b'-', Some(number @ 1..)) => Reference::Before(number),
            _ => return Err(unsupported),
        },
        inside => match parse(inside) {
            Some(number) => Reference::Number(number),
            None if is_name(inside) && !is_keyword(inside) => Reference::Name(inside),
            None => return Err(unsupported),
        },
    };
    let place = parser.place();
    parser.refer(place, at, reference);
    parser.open(at, Group::IfMatched(0), OpenedKind::Condition { alternatives: 1 })
}

/// What is no name of a group behind `(?(`.
fn is_keyword(name: &[u8]) -> bool {
    name.starts_with(b"R") || name == b"DEFINE" || name.starts_with(b"VERSION")
}

fn parse(digits: &[u8]) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

/// Letters that switch options on and off: for the rest of the group, or for a group of their own.
fn options(parser: &mut Parser<'_>, at: usize) -> Result<(), RegexError> {
    let before = parser.options;
    let mut options = before;
    let resets = parser.cursor.eat(b"^");
    if resets {
        options = Options { ungreedy: before.ungreedy, ..Options::default() };
    }
    let mut on = true;
    loop {
        let letter = parser.cursor.next();
        match letter {
            Some(b'i') => options.any_case = on,
            Some(b'm') => options.multi_line = on,
            Some(b's') => options.dot_all = on,
            Some(b'n') => options.no_capture = on,
            Some(b'U') => options.ungreedy = on,
            Some(b'x') => {
                options.extended = on;
                options.more_extended = on && parser.cursor.eat(b"x");
            }
            Some(b'-') if on && !resets => on = false,
            Some(b'J') => {
                let problem = Problem::Unsupported("several groups of one name");
                return Err(parser.wrong(at, problem));
            }
            Some(b')') => {
                parser.options = options;
                return Ok(());
            }
            Some(b':') => {
                parser.open(at, Group::Plain, OpenedKind::Plain)?;
                parser.options = options;
                return Ok(());
            }
            Some(_) => return Err(parser.malformed(at, "an unknown letter behind (?")),
            None => return Err(parser.malformed(at, "an opening bracket without a closing one")),
        }
    }
}
