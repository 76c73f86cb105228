//! The tokens of a script, in twelve bytes each, and the texts that they stand for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::scopes::Scopes;
use crate::limits::{Budget, Grant, Limit, Stop};

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name that can be declared: which, and in which scope it stands.
    Name { name: u32, scope: u32 },
    /// A word of the language, by its place in [`KEYWORDS`].
    Keyword(u8),
    /// A number, as it will be written.
    Number(Text),
    /// A string, its escapes resolved.
    String(Text),
    /// The `+` of an addition.
    Plus,
    /// Any other character.
    Sign(u8),
}

/// A piece of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text {
    start: u32,
    length: u32,
}

/// Words that are never numbered.
#[rustfmt::skip]
pub(super) const KEYWORDS: &[&[u8]] = &[
    b"abstract", b"boolean", b"break", b"byte", b"case", b"catch", b"char", b"class", b"const",
    b"continue", b"debugger", b"default", b"delete", b"do", b"double", b"else", b"enum", b"export",
    b"extends", b"false", b"final", b"finally", b"float", b"for", b"function", b"goto", b"if",
    b"implements", b"import", b"in", b"instanceof", b"int", b"interface", b"long", b"native", b"new",
    b"null", b"package", b"private", b"protected", b"public", b"return", b"short", b"static", b"super",
    b"switch", b"synchronized", b"this", b"throw", b"throws", b"transient", b"true", b"try", b"typeof",
    b"var", b"void", b"volatile", b"while", b"with",
];

/// The number of a keyword.
pub(super) fn keyword(word: &[u8]) -> Option<u8> {
    KEYWORDS.binary_search(&word).ok().and_then(|place| u8::try_from(place).ok())
}

/// What a name costs beside its letters: its entry in the table, and in that of the names.
const NAME_COST: u64 = 128;

/// Everything that is known of a script.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) list: Vec<Token>,
    pub(super) scopes: Scopes,
    texts: Vec<u8>,
    numbers_of_names: HashMap<Box<[u8]>, u32>,
    /// Where each name stands in the texts.
    names: Vec<Text>,
    /// Round brackets that are open.
    pub(super) open_brackets: usize,
    pub(super) grant: Grant,
}

impl Tokens {
    pub(super) fn new(budget: &Budget) -> Result<Self, Stop> {
        Ok(Self {
            list: Vec::new(),
            scopes: Scopes::default(),
            texts: Vec::new(),
            numbers_of_names: HashMap::new(),
            names: Vec::new(),
            open_brackets: 0,
            grant: budget.hold(0)?,
        })
    }

    /// Adds a token behind the others.
    pub(super) fn push(&mut self, token: Token) -> Result<(), Stop> {
        if self.list.len() == self.list.capacity() {
            let more = self.list.capacity().max(64);
            self.grant.grow((more.saturating_mul(size_of::<Token>())) as u64)?;
            self.list.reserve_exact(more);
        }
        self.list.push(token);
        Ok(())
    }

    /// Keeps a text.
    pub(super) fn add_text(&mut self, bytes: &[u8]) -> Result<Text, Stop> {
        let text = self.begin_text()?;
        self.extend_texts(bytes)?;
        self.end_text(text)
    }

    /// A text begins at the end of the texts.
    pub(super) fn begin_text(&self) -> Result<u32, Stop> {
        u32::try_from(self.texts.len()).map_err(|_| Stop::Limit(Limit::Memory))
    }

    /// Writes on in the text that has begun.
    pub(super) fn extend_texts(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let needed = self.texts.len().saturating_add(bytes.len());
        let capacity = self.texts.capacity();
        if needed > capacity {
            let wanted = needed.max(capacity.saturating_mul(2)).max(1024);
            self.grant.grow(wanted.saturating_sub(capacity) as u64)?;
            self.texts.reserve_exact(wanted.saturating_sub(self.texts.len()));
        }
        self.texts.extend_from_slice(bytes);
        Ok(())
    }

    /// The text that began at `start` is complete.
    pub(super) fn end_text(&self, start: u32) -> Result<Text, Stop> {
        let length = self.begin_text()?.saturating_sub(start);
        Ok(Text { start, length })
    }

    /// One text of two, if the second stands right behind the first.
    pub(super) fn joined(first: Text, second: Text) -> Option<Text> {
        let is_behind = first.start.checked_add(first.length) == Some(second.start);
        let length = first.length.saturating_add(second.length);
        is_behind.then_some(Text { start: first.start, length })
    }

    /// The bytes of a text.
    pub(super) fn text(&self, text: Text) -> &[u8] {
        let start = text.start as usize;
        self.texts.get(start..start.saturating_add(text.length as usize)).unwrap_or_default()
    }

    /// The number of a name; the same for the same letters.
    pub(super) fn number_of_name(&mut self, letters: &[u8]) -> Result<u32, Stop> {
        if let Some(&number) = self.numbers_of_names.get(letters) {
            return Ok(number);
        }
        self.grant.grow(NAME_COST.saturating_add(letters.len() as u64))?;
        let text = self.add_text(letters)?;
        let number = u32::try_from(self.names.len()).map_err(|_| Stop::Limit(Limit::Memory))?;
        self.names.push(text);
        if let Entry::Vacant(entry) = self.numbers_of_names.entry(letters.into()) {
            entry.insert(number);
        }
        Ok(number)
    }

    /// The letters of a name.
    pub(super) fn letters(&self, name: u32) -> &[u8] {
        self.names.get(name as usize).map_or(&[], |&text| self.text(text))
    }

    /// The name of these letters, if it occurs.
    pub(super) fn known_name(&self, letters: &[u8]) -> Option<u32> {
        self.numbers_of_names.get(letters).copied()
    }
}
