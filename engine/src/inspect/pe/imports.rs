//! The import tables: which libraries a program needs, and what of them.
//!
//! A table ends as it does for the loader: at the first descriptor without a name or without an
//! address table. The sizes in the data directories are not used. goblin's import parser is not
//! called, because a small file can make it build hundreds of millions of entries: descriptors may
//! share one long table. Here all tables of a program together end at the limit.

use goblin::pe::import::ImportDirectoryEntry;

use super::super::facts::{ImportedSymbol, Library};
use super::super::ledger::Ledger;
use super::super::record::record;
use super::image::{Directory, Image};

/// The libraries of both tables.
pub(super) struct Imports {
    pub(super) libraries: Vec<Library>,
    /// Whether the tables were read to their ends.
    pub(super) complete: bool,
}

/// One descriptor of either table, with addresses relative to the image.
struct Descriptor {
    name: u64,
    lookup: u64,
    addresses: u64,
    delayed: bool,
}

/// Reads the import table, then the one of delayed imports.
pub(super) fn read(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Imports {
    let mut walk = Walk { image, ledger, libraries: Vec::new(), taken: 0, complete: true };
    if let Some(directory) = image.directory(Directory::Imports) {
        walk.table(directory.virtual_address.into(), 20, descriptor);
    }
    if let Some(directory) = image.directory(Directory::DelayedImports) {
        walk.table(directory.virtual_address.into(), 32, delayed_descriptor);
    }
    Imports { libraries: walk.libraries, complete: walk.complete }
}

/// The descriptor at `address`: `Some(None)` is the end of the table, `None` is not there.
fn descriptor(image: &Image<'_>, address: u64) -> Option<Option<Descriptor>> {
    let entry: ImportDirectoryEntry = record(&image.array::<20>(address)?)?;
    let last = entry.name_rva == 0 || entry.import_address_table_rva == 0;
    Some((!last).then(|| Descriptor {
        name: entry.name_rva.into(),
        lookup: entry.import_lookup_table_rva.into(),
        addresses: entry.import_address_table_rva.into(),
        delayed: false,
    }))
}

/// The same for delayed imports. Old linkers stored absolute addresses.
fn delayed_descriptor(image: &Image<'_>, address: u64) -> Option<Option<Descriptor>> {
    let field = |index: u64| image.u32(address.saturating_add(index.saturating_mul(4)));
    let relative = field(0)? & 1 != 0;
    let place = |index| {
        let value = u64::from(field(index)?);
        if relative || value == 0 { Some(value) } else { image.relative(value) }
    };
    let name = place(1)?;
    let (lookup, addresses) = (place(4)?, place(3)?);
    Some((name != 0).then_some(Descriptor { name, lookup, addresses, delayed: true }))
}

struct Walk<'w, 'a, 'b> {
    image: &'w Image<'a>,
    ledger: &'w mut Ledger<'b>,
    libraries: Vec<Library>,
    /// Libraries and symbols so far.
    taken: usize,
    complete: bool,
}

impl<'a> Walk<'_, 'a, '_> {
    fn table(
        &mut self,
        start: u64,
        size: u64,
        read: fn(&Image<'a>, u64) -> Option<Option<Descriptor>>,
    ) {
        let mut address = start;
        while self.admits() {
            match read(self.image, address) {
                Some(Some(descriptor)) => self.library(&descriptor),
                Some(None) => break,
                None => {
                    self.ledger
                        .anomaly(|| format!("the import table at {start:#x} leaves the program"));
                    break;
                }
            }
            address = address.saturating_add(size);
        }
    }

    fn admits(&mut self) -> bool {
        let admitted = self.ledger.admits(self.taken, "imports");
        self.complete &= admitted;
        self.taken = self.taken.saturating_add(1);
        admitted
    }

    fn library(&mut self, descriptor: &Descriptor) {
        let name = self.image.text(descriptor.name, self.ledger).unwrap_or_else(|| {
            let address = descriptor.name;
            self.ledger.anomaly(|| format!("the library name at {address:#x} is not in the file"));
            String::new()
        });
        let symbols = self.symbols(&name, descriptor);
        self.libraries.push(Library { name, delayed: descriptor.delayed, symbols });
    }

    /// The symbols of one library: from the lookup table, else from the address table, which the
    /// loader has not overwritten yet.
    fn symbols(&mut self, library: &str, descriptor: &Descriptor) -> Vec<ImportedSymbol> {
        let first = |table: u64| self.image.pointer(table).filter(|&value| value != 0);
        let use_lookup = descriptor.lookup != 0 && first(descriptor.lookup).is_some();
        let mut address = if use_lookup { descriptor.lookup } else { descriptor.addresses };
        let mut symbols = Vec::new();
        while self.admits() {
            let Some(value) = self.image.pointer(address) else {
                self.ledger.anomaly(|| format!("the imports from {library:?} leave the program"));
                break;
            };
            if value == 0 {
                break;
            }
            let Some(symbol) = self.symbol(value) else {
                self.ledger
                    .anomaly(|| format!("an import from {library:?} has no name: {value:#x}"));
                break;
            };
            symbols.push(symbol);
            address = address.saturating_add(self.image.pointer_size());
        }
        symbols
    }

    /// The highest bit makes it an ordinal; else a hint of two bytes and the name are there.
    fn symbol(&mut self, value: u64) -> Option<ImportedSymbol> {
        let ordinal_flag = if self.image.bits == 64 { 1 << 63 } else { 1 << 31 };
        if value & ordinal_flag != 0 {
            let [low, high, ..] = value.to_le_bytes();
            return Some(ImportedSymbol::Ordinal(u16::from_le_bytes([low, high])));
        }
        let name = self.image.text(value.checked_add(2)?, self.ledger)?;
        (!name.is_empty()).then_some(ImportedSymbol::Name(name))
    }
}
