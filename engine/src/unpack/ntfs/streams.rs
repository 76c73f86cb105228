//! The data of one file: its streams, gathered from all records that the file has, and handed out.

use super::lznt1::Units;
use super::mft::Mft;
use super::record::{Attribute, DATA, LIST, NUMBER, REPARSE, Record, RunList, Sizes, Value};
use super::{elsewhere, told};
use crate::limits::{Budget, Grant, Stop};
use crate::reader::{OutOfBounds, Reader};
use crate::unpack::volume::Runs;
use crate::unpack::{Entry, Notes};
use crate::verdict::{Problem, Reason};

/// What is read of a list of attributes; Windows writes no longer ones.
const LIST_MOST: u64 = 256 << 10;
const PACKED: u16 = 0xff;
const ENCRYPTED: u16 = 0x4000;

/// What a reparse point says of the data of its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reparse {
    #[default]
    None,
    /// They are in another stream, packed by the system.
    Packed,
    Deduplicated,
}

impl Reparse {
    fn of(tag: u32) -> Self {
        match tag {
            0x8000_0017 => Self::Packed,
            0x8000_0013 => Self::Deduplicated,
            _ => Self::None,
        }
    }
}

/// The streams of a file.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub(super) data: Vec<Stream>,
    pub(super) reparse: Reparse,
}

/// One stream of a file.
#[derive(Debug)]
pub(super) struct Stream {
    /// In UTF-16; that of the file itself has none.
    pub(super) name: Vec<u8>,
    flags: u16,
    /// What is in a record.
    here: Option<Vec<u8>>,
    /// Where it lies else.
    pub(super) pieces: Option<Pieces>,
    sizes: Sizes,
    pub(super) reparse: Reparse,
    problem: Option<Problem>,
    /// For what it holds beside its pieces.
    _grant: Grant,
}

impl Streams {
    pub(super) fn gather(
        mft: &Mft<'_>,
        base: &Record,
        left: &mut u64,
        notes: &mut Notes,
        budget: &Budget,
    ) -> Result<Self, Problem> {
        let mut grant = budget.hold(0)?;
        let others = extensions(mft, base, left, notes, &mut grant, budget)?;
        let mut streams = Self::default();
        let mut parts = Vec::new();
        for record in std::iter::once(base).chain(&others) {
            for attribute in record.attributes() {
                match (attribute.kind, &attribute.value) {
                    (DATA, _) => {
                        grant.grow((size_of::<Attribute<'_>>() as u64).saturating_mul(2))?;
                        parts.push(attribute);
                    }
                    (REPARSE, Value::Here(value)) => {
                        let tag = Reader::new(value).u32_le().unwrap_or(0);
                        streams.reparse = Reparse::of(tag);
                    }
                    _ => {}
                }
            }
        }
        // The parts of a stream in their order, each stream behind the other.
        parts.sort_by_key(|part| (part.name, first_cluster(part)));
        for part in parts {
            streams.add(&part, mft.cluster, budget)?;
        }
        Ok(streams)
    }

    /// Adds a stream, or goes on with the last one.
    fn add(&mut self, part: &Attribute<'_>, cluster: u64, budget: &Budget) -> Result<(), Problem> {
        let goes_on = self.data.last_mut().filter(|last| last.name == part.name);
        let Some(stream) = goes_on.filter(|_| first_cluster(part) > 0) else {
            self.data.push(Stream::begin(part, cluster, budget)?);
            return Ok(());
        };
        stream.go_on(part, cluster)?;
        Ok(())
    }
}

/// The cluster of its stream that a part begins with.
fn first_cluster(part: &Attribute<'_>) -> u64 {
    match part.value {
        Value::Here(_) => 0,
        Value::Runs { first, .. } => first,
    }
}

impl Stream {
    fn begin(part: &Attribute<'_>, cluster: u64, budget: &Budget) -> Result<Self, Problem> {
        let here = match part.value {
            Value::Here(value) => value.len(),
            Value::Runs { .. } => 0,
        };
        // Lists grow by doubling, and it is moved from one to another.
        let held = size_of::<Self>().saturating_mul(4).saturating_add(part.name.len());
        let grant = budget.hold(held.saturating_add(here) as u64)?;
        let mut stream = Self {
            name: part.name.to_vec(),
            flags: part.flags,
            here: None,
            pieces: None,
            sizes: Sizes::default(),
            reparse: Reparse::None,
            problem: None,
            _grant: grant,
        };
        match part.value {
            Value::Here(value) => stream.here = Some(value.to_vec()),
            Value::Runs { sizes, .. } => {
                stream.pieces = Some(Pieces::new(budget)?);
                match sizes {
                    Some(sizes) => stream.sizes = sizes,
                    None => stream.lacks("the first part of the stream is missing"),
                }
                stream.go_on(part, cluster)?;
            }
        }
        Ok(stream)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.here.as_ref().is_some_and(Vec::is_empty)
    }

    /// Adds a further part, which has to follow.
    fn go_on(&mut self, part: &Attribute<'_>, cluster: u64) -> Result<(), Stop> {
        let Value::Runs { first, runs, .. } = part.value else { return Ok(()) };
        let (Some(pieces), at) = (&mut self.pieces, first.saturating_mul(cluster)) else {
            return Ok(());
        };
        let reached = pieces.length();
        if at < reached {
            self.lacks("parts of the stream lie over each other");
            return Ok(());
        }
        if at > reached {
            pieces.push(None, at.saturating_sub(reached))?;
        }
        let is_read = pieces.add(runs, cluster)?;
        if at > reached && first > 0 {
            self.lacks("a part of the stream is missing");
        }
        if !is_read {
            self.lacks("a run of the stream");
        }
        Ok(())
    }

    fn lacks(&mut self, detail: &str) {
        self.problem = Some(Problem::new(Reason::Corrupted, detail));
    }
}

/// The further records of a file, by its list of attributes. A record belongs to one file only, so that
/// all lists together name no more than there are: `left` of them.
fn extensions(
    mft: &Mft<'_>,
    base: &Record,
    left: &mut u64,
    notes: &mut Notes,
    grant: &mut Grant,
    budget: &Budget,
) -> Result<Vec<Record>, Problem> {
    let Some(list) = base.attributes().find(|attribute| attribute.kind == LIST) else {
        return Ok(Vec::new());
    };
    let list = match list.value {
        Value::Here(value) => value.to_vec(),
        Value::Runs { runs, sizes, .. } => {
            let mut pieces = Pieces::new(budget)?;
            let is_read = pieces.add(runs, mft.cluster)?;
            let size = sizes.unwrap_or_default().size;
            if !is_read || size == 0 || size > LIST_MOST {
                notes.corrupted(told(base.number, "its list of attributes is not all there"));
            }
            let size = size.min(LIST_MOST);
            let runs = pieces.runs(0, size, u64::MAX, budget)?;
            let entry = mft.volume.file(Vec::new(), runs, size, budget);
            for problem in entry.problems {
                notes.pass_over(told(base.number, "its list of attributes"), problem)?;
            }
            entry.content.map(|content| content.to_vec()).unwrap_or_default()
        }
    };
    grant.grow(list.len() as u64)?;
    let mut numbers = record_numbers(&list);
    numbers.retain(|&number| number != base.number);
    numbers.sort_unstable();
    numbers.dedup();
    let most = usize::try_from(*left).unwrap_or(usize::MAX);
    if numbers.len() > most {
        let detail = "lists of attributes name more records than there are";
        notes.corrupted(told(base.number, detail));
        numbers.truncate(most);
    }
    *left = left.saturating_sub(numbers.len() as u64);
    let mut records = Vec::new();
    for number in numbers {
        budget.check()?;
        let record = mft.record(number, budget)?;
        match record.filter(|record| record.is_in_use() && record.base == base.number) {
            Some(record) => {
                grant.grow(mft.record_size())?;
                records.push(record);
            }
            None => notes.corrupted(told(base.number, "a further record is missing")),
        }
    }
    Ok(records)
}

/// The numbers of all records that a list names.
fn record_numbers(list: &[u8]) -> Vec<u64> {
    let mut at = 0_u64;
    let line = |at: u64| {
        let length = Reader::at(list, at)?.sub(6)?.rest().last_chunk().copied().unwrap_or([0; 2]);
        let number = Reader::at(list, at.saturating_add(16))?.u64_le()? & NUMBER;
        Ok::<_, OutOfBounds>((u16::from_le_bytes(length), number))
    };
    std::iter::from_fn(|| {
        let (length, number) = line(at).ok().filter(|(length, _)| *length >= 24)?;
        at = at.saturating_add(length.into());
        Some(number)
    })
    .collect()
}

/// Where a stream lies, in its order; the list is charged.
#[derive(Debug)]
pub(super) struct Pieces {
    list: Vec<Piece>,
    length: u64,
    grant: Grant,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins in the stream.
    start: u64,
    /// Where on the disk; `None` is a hole.
    place: Option<u64>,
    length: u64,
}

impl Pieces {
    pub(super) fn new(budget: &Budget) -> Result<Self, Stop> {
        Ok(Self { list: Vec::new(), length: 0, grant: budget.hold(0)? })
    }

    /// Adds a list of runs; `false` where it is broken.
    pub(super) fn add(&mut self, runs: &[u8], cluster: u64) -> Result<bool, Stop> {
        let mut runs = RunList::new(runs);
        loop {
            match runs.next() {
                Ok(None) => return Ok(true),
                Err(_) => return Ok(false),
                Ok(Some(run)) => {
                    let place = run.place.map(|place| place.saturating_mul(cluster));
                    self.push(place, run.length.saturating_mul(cluster))?;
                }
            }
        }
    }

    fn push(&mut self, place: Option<u64>, length: u64) -> Result<(), Stop> {
        // Lists grow by doubling.
        self.grant.grow((size_of::<Piece>() as u64).saturating_mul(2))?;
        self.list.push(Piece { start: self.length, place, length });
        self.length = self.length.saturating_add(length);
        Ok(())
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Where the piece ends on the disk that lies farthest behind.
    pub(super) fn end(&self) -> u64 {
        let placed = self.list.iter().filter_map(|piece| Some((piece.place?, piece.length)));
        placed.map(|(place, length)| place.saturating_add(length)).max().unwrap_or(0)
    }

    fn from(&self, at: u64) -> &[Piece] {
        let behind = self.list.partition_point(|piece| piece.start <= at);
        self.list.get(behind.saturating_sub(1)..).unwrap_or_default()
    }

    /// Where a byte of the stream lies, and how many from it on lie in a row.
    pub(super) fn at(&self, at: u64) -> (Option<u64>, u64) {
        let Some(piece) = self.from(at).first() else { return (None, 0) };
        let inside = at.saturating_sub(piece.start);
        let place = piece.place.map(|place| place.saturating_add(inside));
        (place, piece.length.saturating_sub(inside))
    }

    /// So many bytes of the stream; those from `written` on are zeros.
    pub(super) fn runs(
        &self,
        at: u64,
        length: u64,
        written: u64,
        budget: &Budget,
    ) -> Result<Runs, Stop> {
        let end = at.saturating_add(length).min(self.length);
        let mut runs = Runs::new(budget)?;
        for piece in self.from(at) {
            let start = piece.start.max(at);
            let stop = piece.start.saturating_add(piece.length).min(end);
            if start >= stop {
                break;
            }
            let inside = start.saturating_sub(piece.start);
            let place = piece.place.map(|place| place.saturating_add(inside));
            let stored = stop.min(written).saturating_sub(start);
            if stored > 0 {
                runs.add(place, stored)?;
            }
            let zeros = stop.saturating_sub(start).saturating_sub(stored);
            if zeros > 0 {
                runs.add(None, zeros)?;
            }
        }
        Ok(runs)
    }
}

impl<'a> Mft<'a> {
    /// Hands a stream out.
    pub(super) fn hand_out(
        &self,
        name: Vec<u8>,
        stream: Stream,
        budget: &Budget,
    ) -> Result<Entry<'a>, Problem> {
        if let Some(problem) = elsewhere(stream.reparse) {
            return Ok(Entry::unread(name, problem));
        }
        let is_encrypted = stream.flags & ENCRYPTED != 0;
        let mut entry = match (stream.here, stream.pieces) {
            (Some(here), _) => {
                let decoded = budget.decode(here.as_slice(), here.len() as u64)?;
                Entry::decoded(name, decoded)
            }
            (None, Some(pieces)) if stream.flags & PACKED != 0 => {
                self.packed(name, pieces, stream.sizes, budget)?
            }
            (None, Some(pieces)) => {
                let Sizes { size, written, .. } = stream.sizes;
                let runs = pieces.runs(0, size, written, budget)?;
                self.volume.file(name, runs, size, budget)
            }
            (None, None) => return Err(Problem::new(Reason::Corrupted, "a stream of nothing")),
        };
        entry.problems.extend(stream.problem);
        if is_encrypted {
            entry.problems.push(Problem::new(Reason::Encrypted, "the file system encrypted it"));
        }
        Ok(entry)
    }

    fn packed(
        &self,
        name: Vec<u8>,
        pieces: Pieces,
        sizes: Sizes,
        budget: &Budget,
    ) -> Result<Entry<'a>, Problem> {
        let unit = self.cluster.checked_shl(sizes.unit.into()).unwrap_or(0);
        let Some(units) = Units::new(self.volume.clone(), pieces, unit, sizes, budget)? else {
            let detail = format!("packed by {unit} bytes");
            let problem = Problem::new(Reason::Unsupported("ntfs-compression"), detail);
            return Ok(Entry::unread(name, problem));
        };
        let entry = Entry::decoded(name, budget.decode(units, self.volume.len())?);
        Ok(entry.expecting(sizes.size))
    }
}
