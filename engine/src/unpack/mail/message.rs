//! Messages (RFC 5322) with their parts (MIME, RFC 2045 to 2047), and mailboxes of them (RFC 4155).
//!
//! One walk from the front to the end, without nesting: behind each header comes a body up to the next
//! boundary of any container that was declared so far. A nested message is an entry of its own where
//! identification will know it for one; where its header has too little of mail for that, the walk goes
//! on in it. Of a message that says two things at once, both are done.

use std::collections::VecDeque;
use std::ops::Range;

use super::boundaries::{
    Boundaries, Boundary, find_message, guess, line_at, next_line, without_line_end,
};
use super::encodings::{Base64, Encoding, QuotedPrintable, looks_like_base64};
use super::header::{Closed, Header, Part};
use super::inside;
use crate::identify;
use crate::identify::clam_types::ClamType;
use crate::input::Content;
use crate::limits::{Budget, Limit, Stop};
use crate::unpack::text::{self, Charset};
use crate::unpack::{Entry, Listing, Notes, Opened, Opening, Walk, shown, walked};
use crate::verdict::{Problem, Reason};

pub(in crate::unpack) fn open_mail<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    Ok(walked(Messages::new(content.slice(offset, u64::MAX), None)))
}

pub(in crate::unpack) fn open_mbox<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    Ok(walked(Messages::new(content.slice(offset, u64::MAX), Some(0))))
}

/// A message or a mailbox being walked.
struct Messages<'a> {
    data: Content<'a>,
    /// In a mailbox, how many messages have begun.
    message: Option<u64>,
    /// Where the next header begins; nothing at the end.
    header: Option<usize>,
    /// Where the message ends, once it has begun.
    end: usize,
    boundaries: Boundaries,
    /// The last search for one.
    searched: Option<Searched>,
    /// Whether the message has a container whose end was not seen yet.
    is_open: bool,
    /// What is still to be handed out of the last part.
    pending: VecDeque<Leaf>,
    /// A text that was handed out and is in a legacy character set.
    legacy: Option<(Content<'a>, Charset)>,
    notes: Notes,
}

/// What a search for a boundary found: it holds until there are more of them, so that headers behind each
/// other do not each search through the rest of the message.
#[derive(Clone, Copy)]
struct Searched {
    from: usize,
    end: usize,
    boundaries: usize,
    found: Option<Boundary>,
}

/// One reading of the content of a part.
struct Leaf {
    name: Vec<u8>,
    /// Which message of the mailbox it is in.
    message: Option<u64>,
    place: Range<usize>,
    encoding: Encoding,
    charset: Option<Charset>,
    /// Whether it must turn out to be a message.
    is_message: bool,
    problem: Option<Problem>,
}

impl<'a> Walk<'a> for Messages<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        if self.message == Some(0) {
            self.begin_message(0, budget)?;
        }
        loop {
            budget.check()?;
            if let Some((text, charset)) = self.legacy.take()
                && let Some(entry) = text::converted(&text, charset, budget)?
            {
                return Ok(Some(entry));
            }
            if let Some(leaf) = self.pending.pop_front() {
                let charset = leaf.charset;
                let entry = self.read(leaf, budget);
                // A page that says the same of itself is converted when it is opened.
                let charset = charset.filter(|_| {
                    entry.content.as_ref().is_some_and(|text| text::declared(text) != charset)
                });
                self.legacy = entry.content.clone().zip(charset);
                return Ok(Some(entry));
            }
            let Some(header) = self.header.take() else { return Ok(None) };
            self.walk_part(header, budget)?;
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Messages<'a> {
    fn new(data: Content<'a>, message: Option<u64>) -> Self {
        let header = Some(if message.is_none() { first_field(&data) } else { 0 });
        Self {
            end: data.len(),
            data,
            message,
            header,
            boundaries: Boundaries::default(),
            searched: None,
            is_open: false,
            pending: VecDeque::new(),
            legacy: None,
            notes: Notes::default(),
        }
    }

    /// Begins the message of a mailbox whose line `From ` is here.
    fn begin_message(&mut self, at: usize, budget: &Budget) -> Result<(), Stop> {
        let Some(message) = &mut self.message else { return Ok(()) };
        if at >= self.data.len() {
            return Ok(());
        }
        *message = message.saturating_add(1);
        if self.boundaries.is_full() {
            self.boundaries.clear();
        }
        (self.is_open, self.searched) = (false, None);
        let header = next_line(&self.data, at);
        let next = find_message(&self.data, header.saturating_sub(1), budget)?;
        self.end = next.unwrap_or(self.data.len());
        self.header = Some(header);
        Ok(())
    }

    /// Reads the header of a message or a part, and finds the end of the body.
    fn walk_part(&mut self, at: usize, budget: &Budget) -> Result<(), Stop> {
        let data = self.data.clone();
        let (header, body) = Header::read(&data, at, self.end, &self.boundaries, budget)?;
        let part = header.part();
        let mut next = self.next_boundary(&part, body, budget)?;
        let mut holds_parts = part.is_container && next.is_some_and(|it| part.declares(&data, it));
        if part.is_container && !holds_parts {
            let limit = next.map_or(self.end, |next| next.start);
            if let Some(boundary) = guess(&data, body, limit) {
                self.boundaries.add(boundary);
                next = self.find_boundary(body, budget)?;
                holds_parts = true;
            }
        }
        let end = next.map_or(self.end, |next| without_line_end(&data, body, next.start));
        if holds_parts {
            self.is_open = true;
            self.note_closed(&part);
            return self.go_on(next, budget);
        }
        if part.is_container {
            let detail = format!("the parts of {} are not to be found", shown(&part.label()));
            self.notes.corrupted(detail);
        }
        if self.goes_on_inside(&part, &data, body..end) {
            self.header = Some(body);
            return Ok(());
        }
        self.hand_out(&part, body..end, budget)?;
        if let Some(odd) = header.odd.filter(|odd| *odd < body) {
            let end = next.map_or(self.end, |next| without_line_end(&data, odd, next.start));
            self.hand_out(&part, odd..end, budget)?;
        }
        self.go_on(next, budget)
    }

    /// Puts the boundaries of a container in force, and finds the next one.
    fn next_boundary(
        &mut self,
        part: &Part,
        from: usize,
        budget: &Budget,
    ) -> Result<Option<Boundary>, Stop> {
        for boundary in &part.boundaries {
            if !self.boundaries.add(boundary) {
                let detail = format!("more than {} containers in one message", Boundaries::MOST);
                self.notes.add(Problem::new(Reason::Limit(Limit::Depth), detail));
            }
        }
        self.find_boundary(from, budget)
    }

    fn find_boundary(&mut self, from: usize, budget: &Budget) -> Result<Option<Boundary>, Stop> {
        let (boundaries, end) = (self.boundaries.len(), self.end);
        let is_known = |last: &Searched| {
            let is_ahead = last.found.is_none_or(|found| found.start >= from);
            (last.boundaries, last.end) == (boundaries, end) && last.from <= from && is_ahead
        };
        if let Some(last) = self.searched.filter(is_known) {
            return Ok(last.found);
        }
        let found = self.boundaries.find(&self.data, from, end, budget)?;
        self.searched = Some(Searched { from, end, boundaries, found });
        Ok(found)
    }

    /// Whether a nested message would not be known for one by itself.
    fn goes_on_inside(&self, part: &Part, data: &[u8], body: Range<usize>) -> bool {
        let is_plain = part.encodings == [Encoding::Plain];
        let content = data.get(body).unwrap_or_default();
        part.is_message && is_plain && !content.is_empty() && !identify::is_mail(content)
    }

    /// Goes to the next part, or to the next message.
    fn go_on(&mut self, mut next: Option<Boundary>, budget: &Budget) -> Result<(), Stop> {
        while let Some(boundary) = next {
            self.is_open = !boundary.closes;
            if !boundary.closes {
                self.header = Some(boundary.next);
                return Ok(());
            }
            next = self.find_boundary(boundary.next, budget)?;
        }
        if std::mem::take(&mut self.is_open) {
            self.notes.truncated("the boundary that ends a multipart is missing");
        }
        self.begin_message(self.end, budget)
    }

    fn note_closed(&mut self, part: &Part) {
        if let Some(closed) = part.closed {
            self.notes.add(closed.problem());
        }
    }

    /// Lists every reading of a part's content.
    fn hand_out(&mut self, part: &Part, place: Range<usize>, budget: &Budget) -> Result<(), Stop> {
        let data = self.data.clone();
        let content = data.get(place.clone()).unwrap_or_default();
        if content.trim_ascii().is_empty() {
            return Ok(());
        }
        for &encoding in &part.encodings {
            let problem = match encoding {
                Encoding::Unknown => Some(Closed::encoding()),
                _ => part.closed.map(Closed::problem),
            };
            self.push(part, place.clone(), encoding, problem);
        }
        let is_read_as_it_stands =
            part.encodings.iter().any(|it| matches!(it, Encoding::Plain | Encoding::Unknown));
        if is_read_as_it_stands {
            if looks_like_base64(content) {
                self.push(part, place.clone(), Encoding::Base64, None);
            }
            for found in inside::find(content, budget)? {
                let start = place.start.saturating_add(found);
                self.push(part, start..place.end, Encoding::Plain, None);
            }
        }
        Ok(())
    }

    fn push(
        &mut self,
        part: &Part,
        place: Range<usize>,
        encoding: Encoding,
        problem: Option<Problem>,
    ) {
        let (name, is_message) = (part.label(), part.is_message);
        let message = self.message;
        let charset = part.charset;
        self.pending.push_back(Leaf {
            name,
            message,
            place,
            encoding,
            charset,
            is_message,
            problem,
        });
    }

    fn read(&self, leaf: Leaf, budget: &Budget) -> Entry<'a> {
        let (start, length) = (leaf.place.start as u64, leaf.place.len() as u64);
        let content = self.data.slice(start, length);
        let name = match leaf.message {
            Some(number) => [format!("{number}/").as_bytes(), &leaf.name].concat(),
            None => leaf.name.clone(),
        };
        let decoded = match leaf.encoding {
            Encoding::Plain | Encoding::Unknown => None,
            Encoding::Base64 => Some(budget.decode(Base64::new(&content), length)),
            Encoding::QuotedPrintable => {
                Some(budget.decode(QuotedPrintable::new(&content), length))
            }
        };
        let mut entry = match decoded {
            None => Entry::in_place(name, content, budget),
            Some(Ok(decoded)) => Entry::decoded(name, decoded),
            Some(Err(stop)) => Entry::unread(name, stop.into()),
        };
        entry.listings.push(self.listing(&leaf.name, &entry));
        entry.problems.extend(leaf.problem);
        let is_mail = || entry.content.as_ref().is_some_and(|content| identify::is_mail(content));
        if leaf.is_message && !is_mail() {
            let detail = "a nested message without the header of one";
            entry.problems.push(Problem::new(Reason::Corrupted, detail));
        }
        entry
    }
}

impl Messages<'_> {
    /// What ClamAV asks of a part: no place, and the size that it turned out to have.
    fn listing(&self, name: &[u8], entry: &Entry<'_>) -> Listing {
        let size = entry.content.as_ref().map_or(0, |content| content.len() as u64);
        let mut listing = Listing::new(ClamType::MAIL, self.data.len() as u64, name);
        (listing.packed, listing.size) = (size, size);
        listing
    }
}

/// Behind the lines `From ` and `>From ` that mailboxes leave in front of a header.
fn first_field(data: &[u8]) -> usize {
    let mut at = 0;
    while matches!(data.get(at..), Some([b'>', ..] | [b'F', b'r', b'o', b'm', b' ', ..])) {
        at = next_line(data, at);
    }
    at
}

impl Part {
    /// Whether it was this part that declared a boundary.
    fn declares(&self, data: &[u8], boundary: Boundary) -> bool {
        let line = line_at(data, boundary.start).strip_prefix(b"--").unwrap_or_default();
        self.boundaries.iter().any(|declared| line.starts_with(declared))
    }
}

impl Closed {
    fn problem(self) -> Problem {
        match self {
            Closed::Encrypted => Problem::new(Reason::Encrypted, "mail that is encrypted"),
            Closed::Wrapped => Problem::new(
                Reason::Unsupported("smime"),
                "the message inside of S/MIME is not read",
            ),
            Closed::Fragment => Problem::new(
                Reason::Unsupported("message-partial"),
                "a piece of a message whose other pieces are elsewhere",
            ),
        }
    }

    /// A transfer encoding that nobody knows.
    fn encoding() -> Problem {
        let detail = "an unknown transfer encoding; the text is taken as it stands";
        Problem::new(Reason::Unsupported("transfer-encoding"), detail)
    }
}
