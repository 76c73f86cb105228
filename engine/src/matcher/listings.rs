//! Signatures of what a container says of its entries (ClamAV's `.cdb`).
//!
//! All fields but the name are compared first, row by row. Names are regular expressions over bytes:
//! those of 64 rows are one set of expressions, which is compiled when the other fields of one of them
//! have fitted for the first time, and searched once a name.

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use regex::bytes::{RegexSet, RegexSetBuilder};

use super::{Damage, Hit, Searched};
use crate::identify::clam_types::ClamType;
use crate::limits::Budget;
use crate::set::layout::{ListingRow, NumberRange, Section};
use crate::set::{Damaged, SignatureSet};
use crate::unpack::Listing;
use crate::verdict::Method;

/// Rows whose names are searched together; as many as a word has bits.
const BLOCK: usize = 64;

/// How large one compiled name may be, in bytes.
const NAME_SIZE: usize = 256 << 10;

/// What a signature asks of a listing, as authors write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingPattern {
    /// What lists the entry; `None` for anything.
    pub container: Option<ClamType>,
    /// How large that is.
    pub container_size: RangeInclusive<u64>,
    /// An expression of the crate `regex` over bytes, for [`check_name`]; `None` for any name.
    pub name: Option<String>,
    /// The size that the entry takes up.
    pub packed: RangeInclusive<u64>,
    /// The size that it has.
    pub size: RangeInclusive<u64>,
    /// Whether it is encrypted; `None` for either.
    pub encrypted: Option<bool>,
    /// Which entry it is.
    pub position: RangeInclusive<u64>,
}

/// Whether a name pattern can be searched for: it is an expression of the crate `regex`, without
/// Unicode, and not too large.
pub fn check_name(pattern: &str) -> Result<(), regex::Error> {
    compile(&[pattern]).map(|_| ())
}

fn compile(names: &[&str]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(names)
        .unicode(false)
        .dot_matches_new_line(true)
        .size_limit(NAME_SIZE.saturating_mul(names.len()))
        .build()
}

/// The listing signatures of one set.
pub(super) struct Listings {
    /// For each block of rows: its names, once they are needed; nothing where they do not compile.
    names: Box<[OnceLock<Option<RegexSet>>]>,
}

impl Listings {
    pub(super) fn new(set: &SignatureSet) -> Self {
        let blocks = set.rows::<ListingRow>(Section::Listings).len().div_ceil(BLOCK);
        Self { names: (0..blocks).map(|_| OnceLock::new()).collect() }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Finds the rows that fit one listing.
    pub(super) fn search(
        &self,
        set: &SignatureSet,
        listing: &Listing,
        budget: &Budget,
        hits: &mut Vec<Hit>,
        damage: &mut Damage,
    ) -> Searched {
        let blocks = set.rows::<ListingRow>(Section::Listings).chunks(BLOCK);
        for (number, (rows, names)) in blocks.zip(&self.names).enumerate() {
            budget.check()?;
            let fits = bits(rows, |row| row.fits(listing));
            let named = bits(rows, ListingRow::has_name);
            let mut found = fits & !named;
            if fits & named != 0 {
                match names.get_or_init(|| compile(&names_of(set, rows)).ok()) {
                    Some(names) => found |= fits & matched(names, named, listing.name()),
                    None => {
                        let (section, entry) = (Section::Listings, number.saturating_mul(BLOCK));
                        let what = "from here on, a name pattern that does not compile";
                        damage.keep::<()>(Err(Damaged::Entry { section, entry, what }));
                    }
                }
            }
            let rows = rows.iter().enumerate().filter(|(row, _)| is_set(found, *row));
            hits.extend(rows.map(|(_, row)| row.hit()));
        }
        Ok(())
    }
}

fn names_of<'s>(set: &'s SignatureSet, rows: &[ListingRow]) -> Vec<&'s str> {
    rows.iter().filter(|row| row.has_name()).map(|row| set.text(row.name)).collect()
}

/// The rows whose names fit, out of those that have one.
fn matched(names: &RegexSet, named: u64, name: &[u8]) -> u64 {
    let matches = names.matches(name);
    let rows = (0..BLOCK).filter(|row| is_set(named, *row));
    let hit =
        rows.enumerate().filter(|(index, _)| *index < matches.len() && matches.matched(*index));
    hit.fold(0, |bits, (_, row)| bits | 1 << row)
}

fn bits(rows: &[ListingRow], holds: impl Fn(&ListingRow) -> bool) -> u64 {
    let holding = rows.iter().take(BLOCK).enumerate().filter(|(_, row)| holds(row));
    holding.fold(0, |bits, (row, _)| bits | 1 << row)
}

fn is_set(bits: u64, row: usize) -> bool {
    bits >> row & 1 == 1
}

impl ListingRow {
    /// [`ListingRow::encrypted`] where it does not matter.
    pub const EITHER: u8 = 2;

    fn has_name(&self) -> bool {
        self.name.length.get() > 0
    }

    /// Whether all but the name fits.
    fn fits(&self, listing: &Listing) -> bool {
        let is_container = self.container == ClamType::ANY.number()
            || self.container == listing.container.number();
        is_container
            && (self.encrypted == Self::EITHER || self.encrypted == u8::from(listing.encrypted))
            && self.container_size.contains(listing.container_size)
            && self.packed.contains(listing.packed)
            && self.size.contains(listing.size)
            && self.position.contains(listing.position)
    }

    fn hit(&self) -> Hit {
        Hit { signature: self.signature.get(), method: Method::Listing, offset: None }
    }
}

impl NumberRange {
    fn contains(&self, number: u64) -> bool {
        (self.least.get()..=self.greatest.get()).contains(&number)
    }
}
