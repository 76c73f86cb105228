//! Strings in quotation marks, characters by their numbers, and lists of them, as several languages
//! write them.

/// Longer strings are left as they are.
const LONGEST: usize = 64 << 10;
/// Items of a list that are read.
const ITEMS: usize = 256;

/// One string.
#[derive(Clone, Debug)]
pub(super) struct Literal<'d> {
    /// The mark around it.
    pub(super) quote: u8,
    /// Behind its end.
    pub(super) end: usize,
    content: Content<'d>,
}

#[derive(Clone, Debug)]
enum Content<'d> {
    /// As written, with escapes.
    Written(&'d [u8]),
    /// Characters by their numbers.
    Numbers(Vec<u8>),
}

impl Literal<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// The first byte.
    pub(super) fn first(&self) -> Option<u8> {
        match &self.content {
            Content::Written(text) => text.first().copied(),
            Content::Numbers(text) => text.first().copied(),
        }
    }

    /// Puts the content out; gives how much there was that could not be read before.
    pub(super) fn put_out(&self, out: &mut Vec<u8>) -> u64 {
        match &self.content {
            Content::Written(text) => unescape(text, out),
            Content::Numbers(text) => {
                out.extend_from_slice(text);
                let told = text.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
                (told as u64).saturating_mul(super::CUT)
            }
        }
    }
}

/// Reads strings, and remembers where none ends, so that no line is gone through again and again.
pub(super) struct Literals<'d> {
    text: &'d [u8],
    /// Up to where no string of either mark ends.
    none_before: [usize; 2],
}

impl<'d> Literals<'d> {
    pub(super) fn new(text: &'d [u8]) -> Self {
        Self { text, none_before: [0; 2] }
    }

    /// What begins at a place.
    pub(super) fn at(&mut self, place: usize) -> Option<Literal<'d>> {
        match self.text.get(place)? {
            b'"' | b'\'' => self.quoted(place),
            b'c' | b'C' | b'f' | b'F' => self.call(place),
            b'[' => self.cast(place),
            _ => None,
        }
    }

    /// A string in quotation marks, which ends in its line.
    fn quoted(&mut self, place: usize) -> Option<Literal<'d>> {
        let quote = *self.text.get(place)?;
        let none_before = self.none_before.get_mut(usize::from(quote == b'"'))?;
        if place < *none_before {
            return None;
        }
        let start = place.checked_add(1)?;
        let rest = self.text.get(start..)?;
        let rest = rest.get(..LONGEST).unwrap_or(rest);
        match closing(rest, quote) {
            Ok(length) => {
                let content = Content::Written(rest.get(..length)?);
                Some(Literal { quote, end: start.checked_add(length)?.checked_add(1)?, content })
            }
            Err(read) => {
                *none_before = start.saturating_add(read);
                None
            }
        }
    }

    /// `Chr(65)`, `ChrW$(&H41)`, `fromCharCode(65, 66)`; `String.` in front of the last stays.
    fn call(&self, place: usize) -> Option<Literal<'d>> {
        const NAMES: [&[u8]; 5] = [b"chrw$(", b"chr$(", b"chrw(", b"chr(", b"fromcharcode("];
        let before = place.checked_sub(1).and_then(|before| self.text.get(before));
        if before.is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let rest = self.text.get(place..)?;
        let mut names = NAMES.iter();
        let mut inside = names.find_map(|name| super::word(rest, name))?;
        let mut characters = Vec::new();
        while characters.len() < ITEMS {
            let (character, behind) = number(inside.trim_ascii_start())?;
            push(character, &mut characters)?;
            let behind = behind.trim_ascii_start();
            match behind.split_first()? {
                (b',', behind) => inside = behind,
                (b')', behind) => {
                    let end = self.text.len().checked_sub(behind.len())?;
                    return Some(Literal {
                        quote: b'"',
                        end,
                        content: Content::Numbers(characters),
                    });
                }
                _ => return None,
            }
        }
        None
    }

    /// `[char]65`
    fn cast(&self, place: usize) -> Option<Literal<'d>> {
        let behind = super::word(self.text.get(place..)?, b"[char]")?;
        let (character, behind) = number(behind.trim_ascii_start())?;
        let mut characters = Vec::new();
        push(character, &mut characters)?;
        let end = self.text.len().checked_sub(behind.len())?;
        Some(Literal { quote: b'"', end, content: Content::Numbers(characters) })
    }

    /// Strings with commas between them, and where the last one ends.
    pub(super) fn list(&mut self, place: usize) -> Option<(Vec<Literal<'d>>, usize)> {
        let mut items = vec![self.at(place)?];
        while items.len() < ITEMS {
            let end = items.last()?.end;
            let comma = skip_space(self.text, end);
            if self.text.get(comma) != Some(&b',') {
                return Some((items, end));
            }
            let next = skip_space(self.text, comma.saturating_add(1));
            items.push(self.at(next)?);
        }
        None
    }
}

/// Where a string ends; else how far it was looked for. A backslash takes the next character with it.
fn closing(text: &[u8], quote: u8) -> Result<usize, usize> {
    let mut at = 0_usize;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr3(quote, b'\\', b'\n', rest) else {
            return Err(text.len());
        };
        let place = at.saturating_add(found);
        match text.get(place) {
            Some(b'\\') => at = place.saturating_add(2),
            Some(byte) if *byte == quote => return Ok(place),
            _ => return Err(place),
        }
    }
}

/// White space, of which there is never much between strings.
pub(super) fn skip_space(text: &[u8], from: usize) -> usize {
    const MOST: usize = 64;
    let rest = text.get(from..).unwrap_or_default().iter().take(MOST);
    from.saturating_add(rest.take_while(|byte| byte.is_ascii_whitespace()).count())
}

/// Where what is added to a string begins: `+`, `&` or `.`, and a mark that the line goes on.
pub(super) fn join_operator(text: &[u8], end: usize) -> Option<usize> {
    let place = skip_space(text, end);
    let operator = *text.get(place)?;
    let behind = place.checked_add(1)?;
    if !matches!(operator, b'+' | b'&' | b'.') || text.get(behind) == Some(&operator) {
        return None;
    }
    let next = skip_space(text, behind);
    match text.get(next..)?.first_chunk::<2>() {
        Some([b'_' | b'`' | b'\\', b'\r' | b'\n']) => Some(skip_space(text, next.checked_add(1)?)),
        _ => Some(next),
    }
}

/// A number, in one of the ways of writing it, and what follows.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    const DIGITS: usize = 7;
    let (digits, radix) = match text {
        [b'&', b'h' | b'H', digits @ ..] | [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        _ => (text, 10),
    };
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
    let length = digits.iter().take(DIGITS).take_while(is_digit).count();
    let (digits, behind) = digits.split_at_checked(length)?;
    let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    Some((value, behind))
}

/// One byte for what is ASCII, else UTF-8.
fn push(character: u32, into: &mut Vec<u8>) -> Option<()> {
    let character = char::from_u32(character)?;
    into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(())
}

/// Puts a string out with the characters that it escapes (`\x41`, `\u0041`), as far as they are letters
/// and digits; gives how many there were.
fn unescape(text: &[u8], out: &mut Vec<u8>) -> u64 {
    let (mut rest, mut count) = (text, 0_u64);
    while let Some(found) = memchr::memchr(b'\\', rest) {
        let (front, escape) = rest.split_at_checked(found).unwrap_or_default();
        out.extend_from_slice(front);
        rest = match escaped(escape) {
            Some((byte, behind)) => {
                count = count.saturating_add(1);
                out.push(byte);
                behind
            }
            // Both bytes, so that a backslash that is escaped begins nothing.
            None => {
                let (both, behind) = escape.split_at_checked(2).unwrap_or((escape, &[]));
                out.extend_from_slice(both);
                behind
            }
        };
    }
    out.extend_from_slice(rest);
    count
}

fn escaped(escape: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, behind) = match escape {
        [b'\\', b'x', digits @ ..] => digits.split_at_checked(2)?,
        [b'\\', b'u', digits @ ..] => digits.split_at_checked(4)?,
        _ => return None,
    };
    let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    let byte = u8::try_from(value).ok()?;
    byte.is_ascii_alphanumeric().then_some((byte, behind))
}

/// Puts a form out with `{0}`, `{1}` and so on replaced by items; gives how much that counts.
pub(super) fn format(form: &[u8], items: &[Literal<'_>], out: &mut Vec<u8>) -> u64 {
    let (mut rest, mut count) = (form, 0_u64);
    while let Some(found) = memchr::memchr(b'{', rest) {
        let (front, behind) = rest.split_at_checked(found).unwrap_or_default();
        out.extend_from_slice(front);
        let inside = behind.get(1..).unwrap_or_default();
        let replaced = number(inside).and_then(|(number, behind)| {
            let item = items.get(usize::try_from(number).ok()?)?;
            Some((item, behind.strip_prefix(b"}")?))
        });
        match replaced {
            // A form may repeat its items: what it comes to is bounded like any string.
            Some((item, behind)) if out.len() < super::LONGEST => {
                count = count.saturating_add(1).saturating_add(item.put_out(out));
                rest = behind;
            }
            _ => {
                out.push(b'{');
                rest = inside;
            }
        }
    }
    out.extend_from_slice(rest);
    count
}
