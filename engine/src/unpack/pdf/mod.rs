//! PDF (ISO 32000-2): every stream through its filters, and JavaScript that stands in strings.
//!
//! The cross-reference table is not asked: streams are found by their keyword, from front to back, with
//! the dictionary in front of it, so that broken documents, older versions of objects, and objects that
//! no table lists are all read. Nothing nests: object streams are decoded like any other, and searched
//! for scripts. A stream without a filter that begins like zlib is inflated all the same.
//!
//! - `syntax.rs` reads tokens, `filters.rs` undoes filters,
//! - `crypt.rs` opens documents that have the empty password, or one that is known,
//! - `scripts.rs` finds JavaScript in strings, `names.rs` the names of embedded files.

mod crypt;
mod filters;
mod names;
mod scripts;
mod syntax;
#[cfg(test)]
mod tests;

use self::crypt::{Key, Lock};
use self::filters::Filter;
use self::names::Names;
use self::scripts::Scripts;
use self::syntax::Token;
use super::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

/// How much is read of one dictionary, and of the numbers in front of it.
const DICTIONARY: usize = 64 << 10;
/// Keywords that may stand in strings of one dictionary.
const IN_STRINGS: u32 = 4;
/// References that are followed in one document: each is a search.
const FOLLOWED: u32 = 100;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let document = content.slice(offset, u64::MAX);
    let mut pdf = Pdf {
        document,
        at: 0,
        lock: Locked::No,
        followed: 0,
        decoded: None,
        between: None,
        in_objects: None,
        names: Names::default(),
        notes: Notes::default(),
    };
    pdf.unlock(opening)?;
    pdf.names.read(&pdf.document, pdf.lock.key(), opening.budget)?;
    if opening.budget.find_last(&pdf.document, b"%%EOF")?.is_none() {
        pdf.notes.truncated("no end mark");
    }
    Ok(walked(pdf))
}

/// One document being walked.
struct Pdf<'a> {
    document: Content<'a>,
    /// Behind the last stream.
    at: usize,
    lock: Locked,
    /// References that were followed.
    followed: u32,
    /// The stream whose data looked compressed although nothing said so.
    decoded: Option<(Vec<u8>, Content<'a>)>,
    /// The text between streams, and that of an object stream.
    between: Option<Scripts<'a>>,
    in_objects: Option<Scripts<'a>>,
    names: Names,
    notes: Notes,
}

/// Whether a document is encrypted.
enum Locked {
    No,
    Opened(Key),
    Closed,
}

impl Locked {
    fn key(&self) -> Option<&Key> {
        match self {
            Locked::Opened(key) => Some(key),
            Locked::No | Locked::Closed => None,
        }
    }
}

/// A stream and the object that it is.
struct Stream {
    number: i64,
    generation: i64,
    dictionary: Vec<Token>,
    /// Where its data begin.
    data: usize,
    end: usize,
    is_cut: bool,
}

impl Stream {
    fn is_of_type(&self, name: &[u8]) -> bool {
        syntax::bytes(syntax::value(&self.dictionary, &[b"Type"])) == Some(name)
    }

    fn name(&self) -> Vec<u8> {
        let mut name = format!("object {} {}", self.number, self.generation).into_bytes();
        for key in [&b"Type"[..], b"Subtype"] {
            if let Some(kind) = syntax::bytes(syntax::value(&self.dictionary, &[key])) {
                name.extend(b" ");
                name.extend(super::shown(kind).bytes());
            }
        }
        name
    }
}

impl<'a> Walk<'a> for Pdf<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            if let Some((name, content)) = self.decoded.take() {
                return Ok(Some(filters::apply(name, content, &[Filter::FLATE], budget)?));
            }
            for text in [&mut self.between, &mut self.in_objects] {
                let Some(scripts) = text else { continue };
                if let Some(entry) = scripts.next(self.lock.key(), budget)? {
                    return Ok(Some(entry));
                }
                *text = None;
            }
            let from = self.at;
            let Some(stream) = self.next_stream(budget)? else {
                if from >= self.document.len() {
                    return Ok(None);
                }
                self.at = self.document.len();
                self.between = Some(self.scripts(from, self.at));
                continue;
            };
            self.between = Some(self.scripts(from, stream.data));
            if let Some(entry) = self.read(stream, budget)? {
                return Ok(Some(entry));
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Pdf<'a> {
    fn scripts(&self, from: usize, to: usize) -> Scripts<'a> {
        let length = to.saturating_sub(from) as u64;
        Scripts::new(self.document.slice(from as u64, length), true)
    }

    /// The next stream: its keyword at the end of a line, behind an object's beginning or dictionary.
    fn next_stream(&mut self, budget: &Budget) -> Result<Option<Stream>, Stop> {
        const KEYWORD: &[u8] = b"stream";
        let document = self.document.clone();
        let (mut floor, mut at) = (self.at, self.at);
        let mut in_strings = 0_u32;
        while let Some(found) = budget.find(document.get(at..).unwrap_or_default(), KEYWORD)? {
            let place = at.saturating_add(found);
            at = place.saturating_add(KEYWORD.len());
            let Some(data) = behind_line_end(&document, at) else { continue };
            let before = document.get(floor..place).unwrap_or_default();
            if before.ends_with(b"end") {
                floor = at;
                continue;
            }
            let cut = before.len().saturating_sub(DICTIONARY);
            let head = head(before.get(cut..).unwrap_or_default());
            let ends_in_string = head
                .as_ref()
                .is_some_and(|head| matches!(head.dictionary.last(), Some(Token::Text(_))));
            if ends_in_string && in_strings < IN_STRINGS {
                in_strings = in_strings.saturating_add(1);
                continue;
            }
            in_strings = 0;
            if let Some(mut stream) = head {
                stream.data = data;
                self.find_end(&mut stream, budget)?;
                self.at = stream.end;
                return Ok(Some(stream));
            }
            floor = at;
        }
        Ok(None)
    }

    /// Finds the end of a stream: where its length says, if the keyword is there, else the keyword.
    fn find_end(&self, stream: &mut Stream, budget: &Budget) -> Result<(), Stop> {
        const END: &[u8] = b"endstream";
        let told = syntax::number(syntax::value(&stream.dictionary, &[b"Length"]));
        let told = told.and_then(|length| stream.data.checked_add(usize::try_from(length).ok()?));
        let rest = told.and_then(|end| self.document.get(end..)).unwrap_or_default();
        let spaces = rest.iter().take(4).take_while(|&&byte| syntax::is_space(byte)).count();
        if let Some(end) = told
            && rest.get(spaces..).unwrap_or_default().starts_with(END)
        {
            stream.end = end;
            return Ok(());
        }
        let rest = self.document.get(stream.data..).unwrap_or_default();
        let length = match budget.find(rest, END)? {
            Some(length) => length,
            None => {
                stream.is_cut = true;
                rest.len()
            }
        };
        stream.end = stream.data.saturating_add(length);
        Ok(())
    }

    fn read(&mut self, stream: Stream, budget: &Budget) -> Result<Option<Entry<'a>>, Stop> {
        let is_table = stream.is_of_type(b"XRef");
        let data = self
            .document
            .slice(stream.data as u64, (stream.end.saturating_sub(stream.data)) as u64);
        let data = match &self.lock {
            Locked::Closed if !is_table => return Ok(None),
            Locked::Opened(key) if !is_table && !key.is_plain() => {
                let plain = key.decrypt(stream.number, stream.generation, &data);
                let decoded = budget.decode(plain, data.len() as u64)?;
                Content::held(decoded.bytes, decoded.grant)
            }
            _ => data,
        };
        let chain = self.filters(&stream, budget)?;
        if chain.is_empty() && filters::is_zlib(&data) {
            self.decoded = Some(([&stream.name()[..], b" inflated"].concat(), data.clone()));
        }
        let mut name = stream.name();
        if let Some(told) = self.names.of(stream.number) {
            name.extend(b" ");
            name.extend(told.bytes());
        }
        let mut entry = filters::apply(name, data, &chain, budget)?;
        if stream.is_cut {
            let problem = Problem::new(Reason::Truncated, "the stream does not end");
            entry = entry.with(problem);
        }
        if stream.is_of_type(b"ObjStm") {
            if let Some(objects) = &entry.content {
                self.names.read(objects, None, budget)?;
            }
            self.in_objects = entry.content.clone().map(|content| Scripts::new(content, false));
        }
        Ok(Some(entry))
    }

    /// The filters of a stream, which may stand in another object.
    fn filters(&mut self, stream: &Stream, budget: &Budget) -> Result<Vec<Filter>, Stop> {
        let value = syntax::value(&stream.dictionary, &[b"Filter", b"F"]);
        let Some((number, generation)) = syntax::reference(value) else {
            return Ok(Filter::chain(&stream.dictionary));
        };
        let value = self.object(number, generation, budget)?;
        let dictionary = [&[Token::Open, Token::Name(b"Filter".to_vec())], &value[..]].concat();
        Ok(Filter::chain(&dictionary))
    }

    /// The last object of this number that stands in the document itself.
    fn object(
        &mut self,
        number: i64,
        generation: i64,
        budget: &Budget,
    ) -> Result<Vec<Token>, Stop> {
        self.followed = self.followed.saturating_add(1);
        if self.followed > FOLLOWED {
            return Ok(Vec::new());
        }
        let document: &[u8] = &self.document;
        let head = format!("{number} {generation} obj");
        let mut before = document;
        while let Some(place) = budget.find_last(before, head.as_bytes())? {
            before = document.get(..place).unwrap_or_default();
            if !before.last().is_some_and(u8::is_ascii_digit) {
                let rest = document.get(place.saturating_add(head.len())..).unwrap_or_default();
                return Ok(syntax::first_value(rest.get(..DICTIONARY).unwrap_or(rest)));
            }
        }
        Ok(Vec::new())
    }

    /// Looks for an encryption dictionary, and tries to open what it locks.
    fn unlock(&mut self, opening: &Opening<'_>) -> Result<(), Stop> {
        let budget = opening.budget;
        let document = self.document.clone();
        let Some(at) = budget.find_last(&document, b"/Encrypt")? else { return Ok(()) };
        let value_at = |at: usize| {
            let rest = document.get(at..).unwrap_or_default();
            let near = rest.get(..DICTIONARY).unwrap_or(rest);
            // Three tokens make a reference.
            let tokens = syntax::tokens(near.get(..64).unwrap_or(near));
            match tokens.split_first_chunk::<3>() {
                Some((reference, _)) if syntax::reference(reference).is_some() => {
                    reference.to_vec()
                }
                _ => syntax::first_value(near),
            }
        };
        let mut dictionary = value_at(at.saturating_add(b"/Encrypt".len()));
        if let Some((number, generation)) = syntax::reference(&dictionary) {
            dictionary = self.object(number, generation, budget)?;
        }
        if !matches!(dictionary.first(), Some(Token::Open)) {
            return Ok(());
        }
        let id = match budget.find_last(&document, b"/ID")? {
            Some(at) => value_at(at.saturating_add(b"/ID".len())),
            None => Vec::new(),
        };
        let id = id.iter().find_map(|token| match token {
            Token::Text(text) => Some(text.as_slice()),
            _ => None,
        });
        let lock = Lock::read(&dictionary, id.unwrap_or_default());
        let key = match lock {
            Some(lock) => lock.open(opening.passwords, budget)?,
            None => None,
        };
        self.lock = match key {
            Some(key) => Locked::Opened(key),
            None => {
                self.notes.add(Problem::new(Reason::Encrypted, "no known password opens it"));
                Locked::Closed
            }
        };
        Ok(())
    }
}

/// What is in front of a stream's keyword: `number generation obj`, and a dictionary.
fn head(before: &[u8]) -> Option<Stream> {
    let (number, generation, start) = last_object(before).unwrap_or_else(|| {
        let start = memchr::memmem::find(before, b"<<").unwrap_or(before.len());
        (0, 0, start)
    });
    let dictionary = syntax::first_value(before.get(start..)?);
    let is_dictionary = matches!(dictionary.first(), Some(Token::Open));
    is_dictionary.then_some(Stream {
        number,
        generation,
        dictionary,
        data: 0,
        end: 0,
        is_cut: false,
    })
}

/// The last `number generation obj` of a text, and where it ends.
fn last_object(text: &[u8]) -> Option<(i64, i64, usize)> {
    memchr::memmem::rfind_iter(text, b"obj").find_map(|at| {
        let mut words = text.get(..at)?.trim_ascii_end().rsplitn(3, |byte| syntax::is_space(*byte));
        let mut number = || {
            let word = words.next()?;
            let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            let digits = word.get(word.len().checked_sub(digits)?..)?;
            std::str::from_utf8(digits).ok()?.parse().ok()
        };
        let (generation, number) = (number()?, number()?);
        Some((number, generation, at.checked_add(3)?))
    })
}

/// Where data begin behind the keyword: on the next line.
fn behind_line_end(document: &[u8], at: usize) -> Option<usize> {
    let mut reader = Reader::at(document, at as u64).ok()?;
    while let Some(b' ' | b'\t') = reader.rest().first() {
        reader.skip(1).ok()?;
    }
    match reader.rest() {
        [b'\r', b'\n', ..] => reader.skip(2).ok()?,
        [b'\r' | b'\n', ..] => reader.skip(1).ok()?,
        _ => return None,
    }
    Some(reader.position())
}
