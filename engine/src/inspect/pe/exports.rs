//! The export table: what a program offers to others.

use std::collections::HashSet;

use goblin::pe::export::ExportDirectoryTable;

use super::super::facts::{Export, Exports};
use super::super::ledger::Ledger;
use super::super::record::record;
use super::image::{Directory, Image};

/// Reads the table, where there is one.
pub(super) fn read(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Option<Exports> {
    let directory = image.directory(Directory::Exports)?;
    let start = u64::from(directory.virtual_address);
    let table = image.array::<40>(start).and_then(|bytes| record::<ExportDirectoryTable>(&bytes));
    let Some(table) = table else {
        ledger.anomaly(|| format!("the export table at {start:#x} is not in the program"));
        return None;
    };
    let end = start.saturating_add(directory.size.into());
    let mut walk = Walk {
        image,
        ledger,
        table,
        range: start..end,
        symbols: Vec::new(),
        named: HashSet::new(),
    };
    walk.names();
    walk.numbers();
    let symbols = walk.symbols;
    let name = image.text(table.name_rva.into(), ledger).unwrap_or_default();
    Some(Exports { name, timestamp: table.time_date_stamp, symbols })
}

struct Walk<'w, 'a, 'b> {
    image: &'w Image<'a>,
    ledger: &'w mut Ledger<'b>,
    table: ExportDirectoryTable,
    /// Addresses in the table itself are texts that name another library's symbol.
    range: std::ops::Range<u64>,
    symbols: Vec<Export>,
    /// Indices of addresses that have a name.
    named: HashSet<u32>,
}

impl Walk<'_, '_, '_> {
    /// Each name has the index of its address in a table beside it.
    fn names(&mut self) {
        for step in 0..self.table.number_of_name_pointers {
            if !self.ledger.admits(step as usize, "exports") {
                return;
            }
            let name = self.image.u32(element(self.table.name_pointer_rva, step, 4));
            let index = self.image.array(element(self.table.ordinal_table_rva, step, 2));
            let (Some(name), Some(index)) = (name, index.map(u16::from_le_bytes)) else {
                self.ledger.anomaly(|| "the names of the exports leave the program".to_owned());
                return;
            };
            self.named_export(name, index.into());
        }
    }

    fn named_export(&mut self, name: u32, index: u32) {
        let Some(address) = self.address(index) else {
            self.ledger.anomaly(|| format!("an exported name has the missing address {index}"));
            return;
        };
        let Some(name) = self.image.text(name.into(), self.ledger) else {
            self.ledger.anomaly(|| format!("the name of export {index} is not in the file"));
            return;
        };
        if address != 0 {
            self.named.insert(index);
            self.push(Some(name), index, address);
        }
    }

    /// Addresses without a name; those that are zero are gaps.
    fn numbers(&mut self) {
        for index in 0..self.table.address_table_entries {
            let taken = self.symbols.len().max(index as usize);
            if !self.ledger.admits(taken, "exports") {
                return;
            }
            match self.address(index) {
                Some(0) => {}
                Some(_) if self.named.contains(&index) => {}
                Some(address) => self.push(None, index, address),
                None => {
                    self.ledger.anomaly(|| "the exports' addresses leave the program".to_owned());
                    return;
                }
            }
        }
    }

    fn address(&self, index: u32) -> Option<u32> {
        let there = index < self.table.address_table_entries;
        let place = element(self.table.export_address_table_rva, index, 4);
        there.then(|| self.image.u32(place)).flatten()
    }

    fn push(&mut self, name: Option<String>, index: u32, address: u32) {
        let forward = self.range.contains(&address.into());
        let forward =
            forward.then(|| self.image.text(address.into(), self.ledger).unwrap_or_default());
        let ordinal = self.table.ordinal_base.wrapping_add(index);
        self.symbols.push(Export { name, ordinal, address, forward });
    }
}

/// The address of an array's element.
fn element(array: u32, index: u32, size: u64) -> u64 {
    u64::from(array).saturating_add(u64::from(index).saturating_mul(size))
}
