//! One entry: what its two headers claim, and what its bytes say.
//!
//! An entry is described twice, in the central directory and in front of its data. Programs differ in
//! whom they believe, and malware lives in the difference. So every way to read the data that a header
//! gives rise to is a [`Reading`] and is handed out; sizes are found by decoding; and each
//! contradiction is a problem in words.

use std::collections::VecDeque;

use super::locks::Locked;
use super::methods::Packed;
use super::records::{
    CENTRAL, Central, Claim, DEFLATED, DESCRIPTOR, END, LOCAL, Local, STORED, descriptor_crc,
    method_name,
};
use super::spans::Key;
use crate::identify::crc32;
use crate::input::Content;
use crate::limits::{Budget, Stop};
use crate::reader::Reader;
use crate::unpack::decoders::Inflate;
use crate::unpack::passwords::Keyring;
use crate::unpack::{Entry, Listing, shown};
use crate::verdict::{Problem, Reason};

/// An entry under its headers.
#[derive(Debug)]
pub(super) struct Member {
    name: Vec<u8>,
    /// Where its local header begins.
    pub(super) start: u64,
    /// Where its data begins.
    pub(super) data: u64,
    /// What the headers claim: the central directory first, where it lists the entry.
    claims: Vec<Claim>,
    readings: VecDeque<Reading>,
    /// To be handed out with the next reading.
    problems: Vec<Problem>,
    /// What its headers say, to be handed out with the first reading.
    listings: Vec<Listing>,
    /// Whether the passwords were tried.
    passwords_tried: bool,
}

/// A way to read an entry's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Deflated,
    Stored(u64),
    /// Stored, of a length that only a descriptor behind the data tells.
    StoredAndFollowed,
    Packed(Packed),
    /// A method that is not decoded here, and the packed length.
    Other(u16, u64),
}

/// Decrypted data.
pub(super) struct Plain {
    pub(super) content: Content<'static>,
    /// Bytes of the lock around the data.
    pub(super) overhead: usize,
    pub(super) method: u16,
    /// Whether the code over all of the data fits; `None` for a lock that has none.
    pub(super) code_fits: Option<bool>,
}

/// What became of a reading.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) entry: Entry<'a>,
    /// Where the data ends, if length and checksum bear it out.
    pub(super) end: Option<u64>,
    /// Input that was read without putting anything out.
    idle: u64,
}

impl Member {
    /// An entry of the central directory, whose local header should be at `start`.
    pub(super) fn listed(zip: &[u8], central: &Central<'_>, start: u64) -> Self {
        let Ok(local) = Local::read(zip, start) else {
            let detail = format!("no local header at offset {start}");
            return Self::lost(central.name, start, Problem::new(Reason::Truncated, detail));
        };
        let mut problems = Vec::new();
        if !local.is_signed {
            problems.push(corrupted(format!("no local header's signature at offset {start}")));
        }
        problems.extend(disagreement(central, &local).map(corrupted));
        let claims = match local.is_signed {
            true => vec![central.claim, local.claim],
            false => vec![central.claim],
        };
        Self::new(central.name, start, local.data, claims, problems)
    }

    /// An entry that was found by its local header alone.
    pub(super) fn unlisted(local: &Local<'_>, start: u64, problem: Option<Problem>) -> Self {
        let problems = problem.into_iter().collect();
        Self::new(local.name, start, local.data, vec![local.claim], problems)
    }

    /// An entry whose data are not there.
    pub(super) fn lost(name: &[u8], start: u64, problem: Problem) -> Self {
        Self {
            name: name.to_vec(),
            start,
            data: start,
            claims: Vec::new(),
            readings: VecDeque::new(),
            problems: vec![problem],
            listings: Vec::new(),
            passwords_tried: false,
        }
    }

    fn new(name: &[u8], start: u64, data: u64, claims: Vec<Claim>, problems: Vec<Problem>) -> Self {
        let readings = readings(&claims);
        let (name, listings, passwords_tried) = (name.to_vec(), Vec::new(), false);
        Self { name, start, data, claims, readings, problems, listings, passwords_tried }
    }

    /// The same, of which the headers say this.
    pub(super) fn saying(self, listings: Vec<Listing>) -> Self {
        Self { listings, ..self }
    }

    /// A folder: nothing to read, and nothing to report.
    pub(super) fn is_folder(&self, zip: &[u8]) -> bool {
        // Some archivers compress the nothing that a folder holds, to two bytes.
        let nothing_follows = |packed| {
            let end = self.data.saturating_add(packed);
            descriptor_crc(zip, end, packed, 0).is_some()
        };
        let is_empty = match self.claims.first() {
            Some(claim) if claim.is_followed() => [0, 2].into_iter().any(nothing_follows),
            Some(_) => self.claims.iter().all(|claim| claim.size == 0),
            None => false,
        };
        self.name.ends_with(b"/") && is_empty
    }

    /// The entry without its content, where anything is said of it.
    pub(super) fn mention<'a>(self) -> Option<Entry<'a>> {
        Entry::mentioned(self.name, self.listings)
    }

    /// What identifies it among entries that share a local header.
    pub(super) fn key(&self) -> Key {
        let claim = self.claims.first();
        (self.start, claim.map_or(0, |c| c.method), claim.map_or(0, |c| c.packed))
    }

    /// Reads it in the next way; `None` when every way was tried.
    pub(super) fn next<'a>(
        &mut self,
        zip: &Content<'a>,
        keyring: &mut Keyring,
        budget: &Budget,
    ) -> Option<Outcome<'a>> {
        let mut problems = std::mem::take(&mut self.problems);
        let listings = std::mem::take(&mut self.listings);
        let Some(reading) = self.readings.pop_front() else {
            let first = (!problems.is_empty()).then(|| problems.remove(0))?;
            let entry = Entry { listings, ..Entry::unread(self.name.clone(), first) };
            return Some(Outcome { entry, end: None, idle: 0 });
        };
        let outcome = charge_idle(self.read(reading, zip, budget), budget);
        let mut outcome = self.judge_encryption(outcome, zip, keyring, budget);
        problems.append(&mut outcome.entry.problems);
        outcome.entry.problems = problems;
        outcome.entry.listings = listings;
        Some(outcome)
    }

    fn read<'a>(&self, reading: Reading, zip: &Content<'a>, budget: &Budget) -> Outcome<'a> {
        match reading {
            Reading::Deflated => self.inflate(zip, budget),
            Reading::Stored(length) => self.stored(zip, length, budget),
            Reading::StoredAndFollowed => self.stored_and_followed(zip, budget),
            Reading::Packed(packed) => self.unpack(zip, &packed, budget),
            Reading::Other(method, packed) => self.other(zip, method, packed, budget),
        }
    }

    fn inflate<'a>(&self, zip: &Content<'a>, budget: &Budget) -> Outcome<'a> {
        let rest = zip.slice(self.data, u64::MAX);
        let mut inflate = Inflate::new(&rest);
        let entry = Entry::of(self.name.clone(), budget.decode(&mut inflate, self.ratio_base(zip)));
        let read = inflate.total_in();
        let size = entry.content.as_ref().map_or(0, |content| content.len() as u64);
        let idle = read.saturating_sub(size);
        let is_complete = inflate.is_complete() && entry.problems.is_empty();
        let end = self.data.saturating_add(read);
        if is_complete {
            self.check(entry, zip, end, idle)
        } else {
            Outcome { entry, end: None, idle }
        }
    }

    /// Data in any other method that is known: as much as the headers say, or up to their own end.
    fn unpack<'a>(&self, zip: &Content<'a>, packed: &Packed, budget: &Budget) -> Outcome<'a> {
        let data = zip.slice(self.data, packed.packed.unwrap_or(u64::MAX));
        let told = packed.packed.filter(|&told| told > data.len() as u64);
        let (mut entry, read) = self.decode(&data, packed, self.ratio_base(zip), budget);
        if let Some(told) = told {
            entry = entry.cut_to(data.len() as u64, told);
        }
        let size = entry.content.as_ref().map_or(0, |content| content.len() as u64);
        let idle = read.saturating_sub(size);
        if !entry.problems.is_empty() {
            return Outcome { entry, end: None, idle };
        }
        let end = self.data.saturating_add(packed.packed.unwrap_or(read));
        self.check(entry, zip, end, idle)
    }

    /// What a decoder makes of data, and how many of them it read.
    fn decode(
        &self,
        data: &[u8],
        packed: &Packed,
        base: u64,
        budget: &Budget,
    ) -> (Entry<'static>, u64) {
        let name = self.name.clone();
        let mut stream = match packed.begin(data, budget) {
            Some(Ok(stream)) => stream,
            Some(Err(stop)) => return (Entry::unread(name, stop.into()), 0),
            None => return (Entry::unread(name, not_decoded(packed.method)), 0),
        };
        let entry = Entry::of(name, budget.decode(&mut stream, base));
        let rest = stream.rest().len();
        (entry, data.len().saturating_sub(rest) as u64)
    }

    fn stored<'a>(&self, zip: &Content<'a>, length: u64, budget: &Budget) -> Outcome<'a> {
        let content = zip.slice(self.data, length);
        let there = content.len() as u64;
        let entry = Entry::in_place(self.name.clone(), content, budget);
        if there < length {
            return Outcome { entry: entry.cut_to(there, length), end: None, idle: 0 };
        }
        if !entry.problems.is_empty() {
            return Outcome { entry, end: None, idle: 0 };
        }
        self.check(entry, zip, self.data.saturating_add(length), 0)
    }

    /// Looks for the descriptor that names its own distance; without one the data reach to the next
    /// record.
    fn stored_and_followed<'a>(&self, zip: &Content<'a>, budget: &Budget) -> Outcome<'a> {
        let data = zip.slice(self.data, u64::MAX);
        match self.followed_length(zip, &data, budget) {
            Ok((length, idle)) => Outcome { idle, ..self.stored(zip, length, budget) },
            Err(stop) => {
                let entry = Entry::unread(self.name.clone(), stop.into());
                Outcome { entry, end: None, idle: 0 }
            }
        }
    }

    /// The length of stored data that only a descriptor tells, and how much was read in vain.
    fn followed_length(
        &self,
        zip: &[u8],
        data: &[u8],
        budget: &Budget,
    ) -> Result<(u64, u64), Stop> {
        let mut at = 0_usize;
        while let Some(found) = budget.find(data.get(at..).unwrap_or_default(), DESCRIPTOR)? {
            at = at.saturating_add(found);
            let length = at as u64;
            if descriptor_crc(zip, self.data.saturating_add(length), length, length).is_some() {
                return Ok((length, 0));
            }
            at = at.saturating_add(DESCRIPTOR.len());
        }
        let mut length = data.len();
        for record in [LOCAL, CENTRAL, END] {
            let before = data.get(..length).unwrap_or_default();
            length = budget.find(before, record)?.unwrap_or(length);
        }
        Ok((length as u64, data.len().saturating_sub(length) as u64))
    }

    /// A method that is not decoded here. Some programs take unknown numbers for stored data.
    fn other<'a>(
        &self,
        zip: &Content<'a>,
        method: u16,
        packed: u64,
        budget: &Budget,
    ) -> Outcome<'a> {
        let is_encrypted = self.claims.iter().any(Claim::is_encrypted);
        let entry = if is_encrypted || method_name(method).is_some() {
            Entry::unread(self.name.clone(), not_decoded(method))
        } else {
            let content = zip.slice(self.data, packed);
            let problem = unsupported(format!("unknown method {method}; taken as stored"));
            Entry::in_place(self.name.clone(), content, budget).with(problem)
        };
        Outcome { entry, end: None, idle: 0 }
    }

    /// Compares a content that was read in full with what the headers say.
    fn check<'a>(&self, mut entry: Entry<'a>, zip: &[u8], end: u64, idle: u64) -> Outcome<'a> {
        let content = entry.content.as_deref().unwrap_or_default();
        let (size, packed) = (content.len() as u64, end.saturating_sub(self.data));
        let crc = crc32(content);
        let told: Vec<_> = self.told(zip, end, packed, size).collect();
        let has_crc = |told: &Claim| told.crc == crc || told.leaves_checksum_away();
        let is_borne_out = told.iter().any(|told| has_crc(told) && told.size == size);
        let mut complain = |words: String| entry.problems.push(corrupted(words));
        if told.is_empty() {
            complain("no checksum is given: there is no descriptor behind the data".into());
        }
        if let Some(wrong) = told.iter().find(|told| !has_crc(told)) {
            complain(format!("CRC-32 is {crc:08x}, a header says {:08x}", wrong.crc));
        }
        if let Some(wrong) = told.iter().find(|told| told.size != size) {
            complain(format!("{size} bytes unpacked, a header says {}", wrong.size));
        }
        if let Some(wrong) = told.iter().find(|told| told.packed != packed) {
            complain(format!("{packed} bytes packed, a header says {}", wrong.packed));
        }
        Outcome { entry, end: is_borne_out.then_some(end), idle }
    }

    /// Every statement about checksum and sizes; `packed` and `size` are the true ones.
    fn told(&self, zip: &[u8], end: u64, packed: u64, size: u64) -> impl Iterator<Item = Claim> {
        let descriptor = descriptor_crc(zip, end, packed, size);
        self.claims.iter().filter_map(move |claim| match (descriptor, claim.is_followed()) {
            (_, false) => Some(*claim),
            (Some(crc), true) => Some(Claim { crc, packed, size, ..*claim }),
            (None, true) => None,
        })
    }

    /// The base of the ratio: a packed length that the next record bears out, or all that is there.
    fn ratio_base(&self, zip: &[u8]) -> u64 {
        let rest = (zip.len() as u64).saturating_sub(self.data);
        let borne_out = |packed: &u64| {
            let end = self.data.saturating_add(*packed);
            // Behind the data may be a descriptor of any of its four lengths.
            [0, 12, 16, 20, 24].into_iter().any(|more| is_border(zip, end.saturating_add(more)))
        };
        self.claims.iter().map(|claim| claim.packed).filter(borne_out).max().unwrap_or(rest)
    }

    /// A mark of encryption says little: some programs ignore it, so that archives carry it to keep
    /// scanners out. Data that decode to their checksum are not encrypted.
    fn judge_encryption<'a>(
        &mut self,
        mut outcome: Outcome<'a>,
        zip: &Content<'a>,
        keyring: &mut Keyring,
        budget: &Budget,
    ) -> Outcome<'a> {
        let marks = self.claims.iter().filter(|claim| claim.is_encrypted()).count();
        let is_empty = outcome.entry.content.as_ref().is_some_and(|content| content.is_empty());
        if marks == 0 || outcome.entry.ends_walk() {
            return outcome;
        }
        if outcome.end.is_some() {
            if !is_empty {
                outcome.entry.problems.push(corrupted("marked as encrypted, and is not"));
            }
            return outcome;
        }
        let stop = match self.unlock(zip, keyring, budget) {
            Ok(Some(opened)) => {
                if marks == self.claims.len() {
                    self.readings.clear();
                }
                return charge_idle(opened, budget);
            }
            Ok(None) => None,
            Err(stop) => Some(stop),
        };
        if marks == self.claims.len() {
            outcome.entry = Entry::unread(self.name.clone(), encrypted(keyring));
        } else {
            outcome.entry.problems.push(encrypted(keyring));
        }
        outcome.entry.problems.extend(stop.map(Problem::from));
        outcome
    }

    /// Tries the passwords, once for all readings.
    fn unlock<'a>(
        &mut self,
        zip: &Content<'a>,
        keyring: &mut Keyring,
        budget: &Budget,
    ) -> Result<Option<Outcome<'a>>, Stop> {
        if std::mem::replace(&mut self.passwords_tried, true) {
            return Ok(None);
        }
        let locked = Locked { data: zip.slice(self.data, u64::MAX), claims: &self.claims };
        let read = |plain| self.read_plain(plain, zip, budget);
        locked.open(keyring, budget, &read)
    }

    /// Reads decrypted data; `None` where they do not bear out that the password was right.
    fn read_plain(&self, plain: Plain, zip: &[u8], budget: &Budget) -> Option<Outcome<'static>> {
        let Plain { overhead, method, code_fits, .. } = plain;
        let is_proven = code_fits == Some(true);
        let (mut entry, read, is_whole) = self.decode_plain(plain, budget);
        if code_fits == Some(false) {
            entry.problems.push(corrupted("the authentication code does not fit"));
        }
        let size = entry.content.as_ref().map_or(0, |content| content.len() as u64);
        let idle = read.saturating_sub(size);
        if !is_whole {
            let is_limit = |problem: &Problem| matches!(problem.reason, Reason::Limit(_));
            let is_limited = entry.problems.iter().any(is_limit);
            return (is_proven || is_limited).then_some(Outcome { entry, end: None, idle });
        }
        let packed = read.saturating_add(overhead as u64);
        let end = self.data.saturating_add(packed);
        // Noise is no whole stream of just these lengths: then a wrong checksum proves nothing.
        let has_lengths = method != STORED
            && self
                .told(zip, end, packed, size)
                .any(|told| (told.packed, told.size) == (packed, size));
        let outcome = self.check(entry, zip, end, idle);
        (is_proven || has_lengths || outcome.end.is_some()).then_some(outcome)
    }

    /// What the headers say of the data under a lock.
    fn packed_plain(&self, method: u16) -> Packed {
        let claim = self.claims.first();
        let told = claim.filter(|claim| !claim.is_followed());
        let (flags, size) = (claim.map_or(0, |claim| claim.flags), told.map(|claim| claim.size));
        Packed { method, flags, packed: None, size }
    }

    /// The entry that decrypted data give, how many of them were read, and whether that was the whole.
    fn decode_plain(&self, plain: Plain, budget: &Budget) -> (Entry<'static>, u64, bool) {
        let (name, length) = (self.name.clone(), plain.content.len() as u64);
        match plain.method {
            STORED => (Entry::new(name, plain.content), length, true),
            DEFLATED => {
                let mut inflate = Inflate::new(&plain.content);
                let entry = Entry::of(name, budget.decode(&mut inflate, length));
                let is_whole = inflate.is_complete() && entry.problems.is_empty();
                (entry, inflate.total_in(), is_whole)
            }
            method => {
                let packed = self.packed_plain(method);
                let (entry, read) = self.decode(&plain.content, &packed, length, budget);
                let is_whole = entry.problems.is_empty();
                (entry, if is_whole { length.max(read) } else { read }, is_whole)
            }
        }
    }
}

/// Charges input that was read without putting anything out like output: with headers that share data,
/// reading alone could go on for ever.
fn charge_idle<'a>(mut outcome: Outcome<'a>, budget: &Budget) -> Outcome<'a> {
    let idle = outcome.idle.min(budget.limits().object_bytes);
    if let Err(stop) = budget.put_out(idle) {
        outcome.entry.problems.push(stop.into());
    }
    outcome
}

/// The ways to read the data that the claims give rise to.
fn readings(claims: &[Claim]) -> VecDeque<Reading> {
    let listed = claims.first().filter(|claim| !claim.is_followed());
    let mut readings = Vec::new();
    for claim in claims {
        match claim.method {
            DEFLATED => readings.push(Reading::Deflated),
            // The local header leaves the length to the directory, where there is one.
            STORED if claim.is_followed() => readings.push(match listed {
                Some(listed) => Reading::Stored(listed.packed),
                None => Reading::StoredAndFollowed,
            }),
            // An encryption header makes the packed length the larger one.
            STORED if claim.is_encrypted() => readings.push(Reading::Stored(claim.packed)),
            STORED => readings.extend([claim.packed, claim.size].map(Reading::Stored)),
            method if Packed::is_known(method) => {
                // What follows the data, the directory may know before.
                let told = if claim.is_followed() { listed } else { Some(claim) };
                readings.push(Reading::Packed(Packed {
                    method,
                    flags: claim.flags,
                    packed: told.map(|told| told.packed),
                    size: told.map(|told| told.size),
                }));
            }
            method => readings.push(Reading::Other(method, claim.packed)),
        }
    }
    without_repetition(&mut readings);
    if readings.iter().any(|reading| !matches!(reading, Reading::Other(..))) {
        readings.retain(|reading| !matches!(reading, Reading::Other(..)));
    }
    readings.into()
}

/// A handful of readings: comparing all with all is cheap.
fn without_repetition(readings: &mut Vec<Reading>) {
    let mut once = Vec::new();
    readings.retain(|reading| {
        let is_new = !once.contains(reading);
        if is_new {
            once.push(*reading);
        }
        is_new
    });
}

/// What the two headers of an entry disagree about, in words.
fn disagreement(central: &Central<'_>, local: &Local<'_>) -> Option<String> {
    if !local.is_signed {
        return None;
    }
    let (there, here) = (&central.claim, &local.claim);
    let mut words = Vec::new();
    if central.name != local.name {
        words.push(format!("name ({} / {})", shown(central.name), shown(local.name)));
    }
    if there.method != here.method {
        words.push(format!("method ({} / {})", there.method, here.method));
    }
    if there.is_encrypted() != here.is_encrypted() {
        words.push(format!("encryption ({} / {})", there.is_encrypted(), here.is_encrypted()));
    }
    if !here.is_followed() {
        for (what, there, here) in [
            ("CRC-32", there.crc.into(), here.crc.into()),
            ("packed size", there.packed, here.packed),
            ("size", there.size, here.size),
        ] {
            if there != here {
                words.push(format!("{what} ({there} / {here})"));
            }
        }
    }
    let words = words.join(", ");
    (!words.is_empty()).then(|| format!("central directory and local header disagree: {words}"))
}

/// Whether a record, or the end, is here.
fn is_border(zip: &[u8], at: u64) -> bool {
    Reader::at(zip, at).is_ok_and(|reader| reader.is_empty() || reader.rest().starts_with(b"PK"))
}

fn corrupted(detail: impl Into<String>) -> Problem {
    Problem::new(Reason::Corrupted, detail)
}

fn encrypted(keyring: &Keyring) -> Problem {
    let detail = match keyring.len() {
        0 => "a password is needed".to_owned(),
        1 => "the password does not open it".to_owned(),
        count => format!("none of {count} passwords opens it"),
    };
    Problem::new(Reason::Encrypted, detail)
}

fn not_decoded(method: u16) -> Problem {
    let name = method_name(method).unwrap_or("unknown");
    unsupported(format!("method {method} ({name})"))
}

fn unsupported(detail: String) -> Problem {
    Problem::new(Reason::Unsupported("zip-method"), detail)
}
