//! Compound files, OLE2 (MS-CFB 14.0): the office documents of before 2007, Outlook messages, Windows
//! Installer packages, and the macros inside of newer documents.
//!
//! The walk is our own, because libraries give up on a file at its first broken table. Every directory
//! entry that is a stream is handed out, whether the tree of the directory leads to it or not. Nothing
//! is trusted: chains end where they leave the file or lead back into themselves, sizes are what was
//! read. Where a part of the sector table is cut off, sectors are taken in a row, which is how most
//! programs write them; where the directory is lost, it is looked for by its first name.
//!
//! What streams hold in forms of their own is handed out behind them: the source of VBA macros, files
//! in packages, the compressed objects of presentations, the streams of Hangul documents, the text of
//! Outlook messages. Documents that are encrypted are said to be so.
//!
//! - `sectors.rs` follows chains of sectors, `directory.rs` reads the directory,
//! - `derived.rs` knows which streams hold something else, `vba.rs` decompresses macros,
//! - `outlook.rs` names attachments, `hwp.rs` unpacks Hangul documents, `locked.rs` opens documents that
//!   have a password, `older.rs` those of before 2007.

mod derived;
mod directory;
mod hwp;
mod locked;
mod older;
mod outlook;
mod sectors;
#[cfg(test)]
mod tests;
pub(super) mod vba;

use std::collections::{BTreeMap, VecDeque};
use std::io::Read as _;
use std::sync::Arc;

use self::derived::Derived;
use self::directory::{Directory, Kind};
use self::hwp::Properties;
use self::older::{Lock, Part, Unlocked};
use self::outlook::Attachments;
use self::sectors::{Chain, Sectors};
use self::vba::Modules;
use super::{Entry, Notes, Opened, Opening, Walk, shown, walked};
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::verdict::{Problem, Reason};

/// Keys that are tried on a document.
const KEYS: usize = 4;

pub(super) fn open<'a>(content: Content<'a>, offset: u64, opening: &Opening<'_>) -> Opened<'a> {
    let file = content.slice(offset, u64::MAX);
    let mut notes = Notes::default();
    let mut sectors = Sectors::open(file, &mut notes, opening.budget)?;
    let directory = Directory::open(&sectors, &mut notes, opening.budget)?;
    if let Some(root) = directory.entry(&sectors, 0) {
        sectors.open_small(&root, &mut notes, opening.budget)?;
    }
    let mut ole2 = Ole2 {
        sectors,
        directory,
        at: 0,
        modules: Modules::default(),
        attachments: Attachments::default(),
        properties: None,
        keys: Vec::new(),
        unlocked: BTreeMap::new(),
        looked_at: 0,
        derived: VecDeque::new(),
        notes,
    };
    ole2.find_modules(opening.budget)?;
    ole2.find_kind(opening)?;
    Ok(walked(ole2))
}

/// One compound file being walked.
struct Ole2<'a> {
    sectors: Sectors<'a>,
    directory: Directory,
    /// The directory entry to be read next.
    at: u32,
    modules: Modules,
    attachments: Attachments,
    /// Of a Hangul document.
    properties: Option<Properties>,
    /// Of a document that has a password which is known. There is one; where a file has more, each is tried,
    /// since it is not known which of them counts.
    keys: Vec<locked::Key>,
    /// Streams of documents of before 2007 that have such a password.
    unlocked: BTreeMap<u32, Unlocked>,
    /// How many main streams of such documents were looked at.
    looked_at: usize,
    /// What the last stream holds in forms of its own.
    derived: VecDeque<Derived<'a>>,
    notes: Notes,
}

impl<'a> Walk<'a> for Ole2<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        loop {
            budget.check()?;
            while let Some(mut derived) = self.derived.pop_front() {
                if let Some(entry) = derived.next(budget)? {
                    self.derived.push_front(derived);
                    return Ok(Some(entry));
                }
            }
            let at = self.at;
            if at >= self.directory.count() {
                return Ok(None);
            }
            self.at = at.saturating_add(1);
            if let Some(stream) = self.directory.entry(&self.sectors, at)
                && stream.kind == Kind::Stream
            {
                return Ok(Some(self.read(at, &stream, budget)?));
            }
        }
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

impl<'a> Ole2<'a> {
    /// Reads one stream, and sees what it holds.
    fn read(
        &mut self,
        at: u32,
        stream: &directory::Record,
        budget: &Budget,
    ) -> Result<Entry<'a>, Stop> {
        let mut name = self.directory.path(&self.sectors, at).into_bytes();
        if outlook::is_content(stream)
            && let Some(told) = self.attachments.name(&self.directory, &self.sectors, at, budget)?
        {
            name = told;
        }
        let chain = Chain::of(&self.sectors, stream);
        let entry = Entry::decoded(name, budget.decode(chain, self.sectors.size())?);
        let Some(content) = &entry.content else { return Ok(entry) };
        let module = self.modules.offset(self.directory.parent(at), &stream.name);
        self.derived = derived::of(&entry.name, &stream.name, content, module, budget)?;
        if outlook::is_compressed_text(stream) {
            self.derived.push_back(Derived::Text { stream: Some(content.clone()) });
        }
        if let Some(properties) = self.properties {
            let problem = hangul(properties, &entry.name, content, &mut self.derived, budget)?;
            problem.into_iter().for_each(|problem| self.notes.add(problem));
        }
        if let Some(unlocked) = self.unlocked.get(&at) {
            let decoded = budget.decode(unlocked.decrypt(content), content.len() as u64)?;
            let name = [&entry.name[..], b" decrypted"].concat();
            let entries = [Entry::decoded(name, decoded)].into();
            self.derived.push_back(Derived::Unpacked { entries });
            return Ok(entry);
        }
        if !derived::is_encrypted(&stream.name, content) {
            return Ok(entry);
        }
        if stream.is_named("EncryptedPackage") && !self.keys.is_empty() {
            let decrypted = self.keys.iter().map(|key| {
                let package = locked::Package::new(key, content);
                let decoded = budget.decode(package, content.len() as u64)?;
                Ok(Entry::decoded("decrypted document", decoded))
            });
            let entries = decrypted.collect::<Result<_, Stop>>()?;
            self.derived.push_back(Derived::Unpacked { entries });
            return Ok(entry);
        }
        Ok(entry.with(Problem::new(Reason::Encrypted, "the document has a password")))
    }

    /// Reads where the sources of macros begin in their streams.
    fn find_modules(&mut self, budget: &Budget) -> Result<(), Stop> {
        for at in 0..self.directory.count() {
            let Some(record) = self.directory.entry(&self.sectors, at) else { continue };
            if record.kind == Kind::Stream && record.is_named("dir") {
                budget.check()?;
                let packed =
                    budget.decode(Chain::of(&self.sectors, &record), self.sectors.size())?;
                self.modules.read(self.directory.parent(at), &packed.bytes, budget)?;
            }
        }
        Ok(())
    }
    /// Reads what says that this is a message, a Hangul document or one with a password.
    fn find_kind(&mut self, opening: &Opening<'_>) -> Result<(), Stop> {
        let budget = opening.budget;
        self.attachments = Attachments::find(&self.directory, &self.sectors, budget)?;
        for at in 0..self.directory.count() {
            let Some(record) = self.directory.entry(&self.sectors, at) else { continue };
            if record.kind == Kind::Stream && hwp::is_header(&record) {
                let header = self.beginning(&record, budget)?;
                self.properties = match (self.properties, Properties::read(&header)) {
                    (Some(known), Some(read)) => Some(known.and(read)),
                    (known, read) => known.or(read),
                };
            }
            if record.kind == Kind::Stream && record.is_named("EncryptionInfo") {
                let information = self.beginning(&record, budget)?;
                match locked::Key::find(&information, opening.passwords, budget) {
                    Ok(Some(_)) if self.keys.len() >= KEYS => {
                        let detail = "the document has more keys than are tried";
                        self.notes.add(Problem::new(Reason::Encrypted, detail));
                    }
                    Ok(key) => self.keys.extend(key),
                    Err(stop) => self.notes.add(stop.into()),
                }
            }
            if record.kind == Kind::Stream
                && let Err(stop) = self.unlock(at, &record, opening)
            {
                self.notes.add(stop.into());
            }
        }
        let problem = self.properties.and_then(Properties::problem);
        problem.into_iter().for_each(|problem| self.notes.add(problem));
        Ok(())
    }

    /// Finds out how a document of before 2007 is read whose main stream this is, if it is one and has
    /// a password that is known.
    fn unlock(
        &mut self,
        at: u32,
        record: &directory::Record,
        opening: &Opening<'_>,
    ) -> Result<(), Stop> {
        /// Documents in a document.
        const MOST: usize = 256;
        /// What Word's text begins with is not encrypted.
        const CLEAR: usize = 68;
        let is_workbook = record.is_named("Workbook") || record.is_named("Book");
        let is_main = is_workbook || record.is_named("WordDocument");
        if !is_main || self.looked_at >= MOST {
            return Ok(());
        }
        self.looked_at = self.looked_at.saturating_add(1);
        let beginning = self.beginning(record, opening.budget)?;
        if is_workbook {
            let Some(lock) = Lock::of_workbook(&beginning) else { return Ok(()) };
            if let Some(key) = lock.open(opening.passwords, opening.budget)? {
                self.unlocked.insert(at, Unlocked::new(&Arc::new(key), Part::Workbook));
            }
            return Ok(());
        }
        let Some((table, header)) = older::locked_text(&beginning) else { return Ok(()) };
        let Some((table, stream)) = self.sibling(at, table, opening.budget)? else { return Ok(()) };
        let beginning = self.beginning(&stream, opening.budget)?;
        let Ok(Some(lock)) = Lock::read(Reader::new(&beginning)) else { return Ok(()) };
        if let Some(key) = lock.open(opening.passwords, opening.budget)?.map(Arc::new) {
            self.unlocked.insert(at, Unlocked::new(&key, Part::Text(CLEAR)));
            self.unlocked.insert(table, Unlocked::new(&key, Part::Text(header)));
            if let Some((data, _)) = self.sibling(at, "Data", opening.budget)? {
                self.unlocked.insert(data, Unlocked::new(&key, Part::Text(0)));
            }
        }
        Ok(())
    }

    /// A stream beside another.
    fn sibling(
        &self,
        at: u32,
        name: &str,
        budget: &Budget,
    ) -> Result<Option<(u32, directory::Record)>, Stop> {
        let parent = self.directory.parent(at);
        for other in 0..self.directory.count() {
            budget.check()?;
            if self.directory.parent(other) == parent
                && let Some(record) = self.directory.entry(&self.sectors, other)
                && record.kind == Kind::Stream
                && record.is_named(name)
            {
                return Ok(Some((other, record)));
            }
        }
        Ok(None)
    }

    /// The beginning of a stream that says something of the others.
    fn beginning(&self, record: &directory::Record, budget: &Budget) -> Result<Vec<u8>, Stop> {
        const MOST: u64 = 16 << 10;
        budget.check()?;
        let chain = Chain::of(&self.sectors, record).take(MOST);
        Ok(budget.decode(chain, self.sectors.size())?.bytes)
    }
}

/// What a stream of a Hangul document holds, behind what was found in it already; why it cannot be read,
/// if so.
fn hangul<'a>(
    properties: Properties,
    name: &[u8],
    stream: &Content<'a>,
    derived: &mut VecDeque<Derived<'a>>,
    budget: &Budget,
) -> Result<Option<Problem>, Stop> {
    let mut stream = stream.clone();
    let mut entries = VecDeque::new();
    if properties.is_scrambled(name) {
        let Some(clear) = hwp::unscramble(name, &stream, budget)? else {
            let detail = format!("{} does not begin with its key", shown(name));
            return Ok(Some(Problem::new(Reason::Unsupported("hwp-distribution"), detail)));
        };
        stream = clear.content.clone().unwrap_or(stream);
        entries.push_back(clear);
    }
    if properties.is_packed(name) {
        entries.extend(hwp::unpack(name, &stream, budget)?);
    }
    derived.push_back(Derived::Unpacked { entries });
    Ok(None)
}
