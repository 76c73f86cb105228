//! The dynamic table: what the dynamic loader is told.
//!
//! It is found by its program header, or by its section where there is none. The number of dynamic
//! symbols is not stored anywhere, so it is taken from their section where that agrees with the
//! table, else from the hash tables, else from the place of the strings, which linkers put behind
//! the symbols.

use goblin::elf::dynamic::{
    DT_GNU_HASH, DT_HASH, DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB,
    DT_SYMTAB, Dyn,
};
use goblin::elf::header::EM_S390;
use goblin::elf::program_header::PT_DYNAMIC;
use goblin::elf::section_header::{SHT_DYNAMIC, SHT_DYNSYM};
use goblin::elf::sym::{STB_GLOBAL, STB_GNU_UNIQUE, STB_WEAK, STV_DEFAULT, STV_PROTECTED, Sym};
use scroll::ctx::SizeWith;

use super::super::facts::Elf;
use super::super::ledger::Ledger;
use super::super::record::{clamped, record_at, slice};
use super::image::Image;

/// The number that Linux uses for the Alpha.
const EM_ALPHA: u16 = 0x9026;

/// Fills in what the dynamic table says.
pub(super) fn read(image: &Image<'_>, ledger: &mut Ledger<'_>, elf: &mut Elf) {
    let Some(table) = find_table(image) else {
        return;
    };
    let entries = read_entries(image, table, ledger);
    let dynamic = Dynamic { image, strings: strings(image, &entries), entries };
    for entry in &dynamic.entries {
        match entry.d_tag {
            DT_NEEDED => elf.needed.push(dynamic.string(entry.d_val, ledger)),
            DT_SONAME => elf.name = Some(dynamic.string(entry.d_val, ledger)),
            DT_RPATH | DT_RUNPATH => elf.search_paths.push(dynamic.string(entry.d_val, ledger)),
            _ => {}
        }
    }
    dynamic.symbols(ledger, elf);
}

/// The table's bytes, and what is behind them.
fn find_table<'a>(image: &Image<'a>) -> Option<&'a [u8]> {
    let segment = image.segments.iter().find(|segment| segment.p_type == PT_DYNAMIC);
    let section = || image.section_headers.iter().find(|section| section.sh_type == SHT_DYNAMIC);
    match segment {
        Some(segment) => image
            .bytes(segment.p_vaddr)
            .or_else(|| Some(slice(image.data, &image.segment_range(segment)))),
        None => section().map(|section| slice(image.data, &image.section_range(section))),
    }
}

fn read_entries(image: &Image<'_>, table: &[u8], ledger: &mut Ledger<'_>) -> Vec<Dyn> {
    let size = Dyn::size_with(&image.context) as u64;
    let mut entries: Vec<Dyn> = Vec::new();
    while ledger.admits(entries.len(), "dynamic table") {
        let place = (entries.len() as u64).saturating_mul(size);
        let entry: Option<Dyn> = record_at(table, place, image.context);
        match entry {
            Some(entry) if entry.d_tag == DT_NULL => break,
            Some(entry) => entries.push(entry),
            None => {
                ledger.anomaly(|| "the dynamic table has no end".to_owned());
                break;
            }
        }
    }
    entries
}

fn value(entries: &[Dyn], tag: u64) -> Option<u64> {
    entries.iter().find(|entry| entry.d_tag == tag).map(|entry| entry.d_val)
}

/// The string table.
fn strings<'a>(image: &Image<'a>, entries: &[Dyn]) -> &'a [u8] {
    let table = value(entries, DT_STRTAB).and_then(|address| image.bytes(address));
    let table = table.unwrap_or_default();
    let size = value(entries, DT_STRSZ).unwrap_or(u64::MAX);
    slice(table, &clamped(0, size, table.len()))
}

struct Dynamic<'i, 'a> {
    image: &'i Image<'a>,
    strings: &'a [u8],
    entries: Vec<Dyn>,
}

impl<'a> Dynamic<'_, 'a> {
    fn string(&self, offset: u64, ledger: &mut Ledger<'_>) -> String {
        ledger.text(slice(self.strings, &(offset..u64::MAX)))
    }

    fn symbols(&self, ledger: &mut Ledger<'_>, elf: &mut Elf) {
        let Some(table) =
            value(&self.entries, DT_SYMTAB).and_then(|address| self.image.bytes(address))
        else {
            return;
        };
        let size = self.symbol_size();
        let mut taken = 0;
        for index in 1..self.symbol_count(ledger) {
            let place = index.saturating_mul(size);
            let symbol: Option<Sym> = record_at(table, place, self.image.context);
            let Some(symbol) = symbol else {
                ledger.anomaly(|| "the dynamic symbols run out of the file".to_owned());
                return;
            };
            if !ledger.admits(taken, "dynamic symbols") {
                return;
            }
            taken = taken.saturating_add(1);
            self.symbol(&symbol, ledger, elf);
        }
    }

    fn symbol(&self, symbol: &Sym, ledger: &mut Ledger<'_>, elf: &mut Elf) {
        let list = match (symbol.st_shndx, symbol.st_bind(), symbol.st_visibility()) {
            (0, ..) => &mut elf.imports,
            (_, STB_GLOBAL | STB_WEAK | STB_GNU_UNIQUE, STV_DEFAULT | STV_PROTECTED) => {
                &mut elf.exports
            }
            _ => return,
        };
        let name = self.string(symbol.st_name as u64, ledger);
        if !name.is_empty() {
            list.push(name);
        }
    }

    fn symbol_size(&self) -> u64 {
        Sym::size_with(&self.image.context) as u64
    }

    fn symbol_count(&self, ledger: &mut Ledger<'_>) -> u64 {
        self.count_by_section()
            .or_else(|| self.count_by_hash())
            .or_else(|| Some(self.count_by_gnu_hash(ledger)?.max(self.count_by_place()?)))
            .or_else(|| self.count_by_place())
            .unwrap_or(0)
    }

    /// The section counts only where it is the one that the table speaks of.
    fn count_by_section(&self) -> Option<u64> {
        let address = value(&self.entries, DT_SYMTAB)?;
        let mut sections = self.image.section_headers.iter();
        let section =
            sections.find(|section| section.sh_type == SHT_DYNSYM && section.sh_addr == address)?;
        section.sh_size.checked_div(self.symbol_size())
    }

    /// The second number of the old hash table. On two machines its numbers have 64 bits.
    fn count_by_hash(&self) -> Option<u64> {
        let table = self.image.bytes(value(&self.entries, DT_HASH)?)?;
        let wide =
            self.image.bits() == 64 && matches!(self.image.header.e_machine, EM_S390 | EM_ALPHA);
        if wide {
            return record_at::<u64, _, scroll::Error>(table, 8, self.image.context.le);
        }
        self.image.u32(table, 4).map(u64::from)
    }

    /// One more than the last symbol of the chain that starts last.
    fn count_by_gnu_hash(&self, ledger: &mut Ledger<'_>) -> Option<u64> {
        let table = self.image.bytes(value(&self.entries, DT_GNU_HASH)?)?;
        let field = |index: u64| self.image.u32(table, index.saturating_mul(4)).map(u64::from);
        let (buckets, first, bloom) = (field(0)?, field(1)?, field(2)?);
        let bloom_fields = bloom.saturating_mul(u64::from(self.image.bits() / 32));
        let bucket_fields = bloom_fields.saturating_add(4);
        let chain_fields = bucket_fields.saturating_add(buckets);
        let mut last = 0;
        for index in 0..buckets {
            last = last.max(field(bucket_fields.saturating_add(index))?);
            if !ledger.goes_on("dynamic symbols") {
                return None;
            }
        }
        let Some(mut link) = last.checked_sub(first) else {
            return Some(first);
        };
        while field(chain_fields.saturating_add(link))? & 1 == 0 {
            link = link.saturating_add(1);
            if !ledger.goes_on("dynamic symbols") {
                return None;
            }
        }
        first.checked_add(link)?.checked_add(1)
    }

    fn count_by_place(&self) -> Option<u64> {
        let strings = value(&self.entries, DT_STRTAB)?;
        let symbols = value(&self.entries, DT_SYMTAB)?;
        strings.checked_sub(symbols)?.checked_div(self.symbol_size())
    }
}
