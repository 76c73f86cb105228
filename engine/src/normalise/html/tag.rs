//! What is remembered of a tag while it is read: its name, and where it leads.

/// Names are compared with those of a few tags and attributes; more of a name is not kept.
const NAME: usize = 8;
/// As much of a value as ClamAV keeps, quotes included.
const VALUE: usize = 1024;

/// A short name in lower case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    bytes: [u8; NAME],
    length: usize,
}

impl Name {
    pub(super) fn add(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte.to_ascii_lowercase();
        }
        self.length = self.length.saturating_add(1);
    }

    pub(super) fn is(&self, name: &[u8]) -> bool {
        self.length == name.len() && self.bytes.get(..self.length) == Some(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }
}

/// How the value of an attribute is quoted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quote {
    #[default]
    None,
    Single,
    Double,
}

/// A tag being read.
#[derive(Debug, Default)]
pub(super) struct Tag {
    pub(super) name: Name,
    pub(super) attribute: Name,
    pub(super) quote: Quote,
    /// The value being read, with its quotes.
    value: Vec<u8>,
    /// The value of the attribute that says where a link or an image leads.
    target: Option<Vec<u8>>,
}

impl Tag {
    /// Forgets all, for the next tag.
    pub(super) fn clear(&mut self) {
        (self.name, self.attribute, self.quote) = Default::default();
        self.value.clear();
        self.target = None;
    }

    /// Another attribute begins.
    pub(super) fn begin_attribute(&mut self) {
        self.attribute = Name::default();
        self.quote = Quote::None;
    }

    /// A value begins.
    pub(super) fn begin_value(&mut self) {
        self.quote = Quote::None;
        self.value.clear();
    }

    pub(super) fn add_to_value(&mut self, byte: u8) {
        if self.value.len() < VALUE {
            self.value.push(byte);
        }
    }

    /// Whether the value so far is this word, a quote before it left aside.
    pub(super) fn value_is(&self, word: &[u8]) -> bool {
        self.value.strip_prefix(b"\"").unwrap_or(&self.value) == word
    }

    /// The value is complete. ClamAV takes for its closing quote whatever stands last in a value that
    /// began with a quote, and leaves it away.
    pub(super) fn end_value(&mut self) {
        let value = std::mem::take(&mut self.value);
        if self.target.is_none() && self.leads_somewhere() {
            let inside = match value.as_slice() {
                [b'"', inside @ .., _] => inside,
                [b'"'] => &[],
                all => all,
            };
            self.target = Some(inside.to_vec());
        }
        self.value = value;
        self.value.clear();
    }

    /// The value was something else than it seemed: it leads nowhere.
    pub(super) fn drop_value(&mut self) {
        self.value.clear();
    }

    fn leads_somewhere(&self) -> bool {
        (self.name.is(b"a") && self.attribute.is(b"href"))
            || (self.name.is(b"img") && self.attribute.is(b"src"))
    }

    /// Where the link or the image leads.
    pub(super) fn target(&self) -> Option<&[u8]> {
        self.target.as_deref()
    }
}
