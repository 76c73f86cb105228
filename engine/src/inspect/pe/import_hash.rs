//! The import hash, as pefile defines it and YARA makes it.
//!
//! MD5 over `library.symbol` of every import, in the order of the tables, in lower case, joined by
//! commas. The endings `.dll`, `.ocx` and `.sys` are left away. An ordinal is written as the name
//! that the library gives it, for three libraries, and else as `ordN`. Names with characters that
//! linkers do not write are skipped. Delayed imports do not count.

use std::fmt::Write as _;

use md5::{Digest, Md5};

use super::super::facts::{ImportedSymbol, Library};
use super::ordinals;

/// The hash; none without imports.
pub(super) fn of(libraries: &[Library]) -> Option<[u8; 16]> {
    let mut hash = Md5::new();
    let mut separator = "";
    let mut text = String::new();
    for library in libraries.iter().filter(|library| !library.delayed) {
        let name = library_name(&library.name);
        let stem = without_ending(&name);
        for symbol in library.symbols.iter().filter_map(|symbol| symbol_name(&name, symbol)) {
            text.clear();
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{stem}.{}", symbol.to_lowercase());
            hash.update(text.as_bytes());
            separator = ",";
        }
    }
    (!separator.is_empty()).then(|| hash.finalize().into())
}

/// The library's name, or what pefile takes for one that no file system would.
fn library_name(name: &str) -> String {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || br"!#$%&'()-@^_`{}~+,.;=[]\/".contains(&byte);
    if name.bytes().all(allowed) { name.to_lowercase() } else { "*invalid*".to_owned() }
}

fn without_ending(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, "dll" | "ocx" | "sys")) => stem,
        _ => name,
    }
}

fn symbol_name(library: &str, symbol: &ImportedSymbol) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._?@$()<>".contains(&byte);
    match symbol {
        ImportedSymbol::Ordinal(0) => None,
        ImportedSymbol::Ordinal(number) => Some(
            ordinals::name(library, *number).map_or_else(|| format!("ord{number}"), str::to_owned),
        ),
        ImportedSymbol::Name(name) => name.bytes().all(allowed).then(|| name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(name: &str, symbols: Vec<ImportedSymbol>) -> Library {
        Library { name: name.to_owned(), delayed: false, symbols }
    }

    fn named(name: &str) -> ImportedSymbol {
        ImportedSymbol::Name(name.to_owned())
    }

    fn md5_of(text: &str) -> Option<[u8; 16]> {
        Some(Md5::digest(text).into())
    }

    #[test]
    fn names_and_ordinals_are_written_as_pefile_does() {
        let libraries = [
            library("KERNEL32.dll", vec![named("ExitProcess"), named("a b"), named("Sleep")]),
            library("WS2_32.DLL", vec![ImportedSymbol::Ordinal(3), ImportedSymbol::Ordinal(999)]),
            library("mfc.ocx.dll", vec![ImportedSymbol::Ordinal(7), ImportedSymbol::Ordinal(0)]),
            library("winspool.drv", vec![named("A")]),
        ];
        assert_eq!(
            of(&libraries),
            md5_of(
                "kernel32.exitprocess,kernel32.sleep,ws2_32.closesocket,ws2_32.ord999,\
                 mfc.ocx.ord7,winspool.drv.a"
            )
        );
    }

    #[test]
    fn no_imports_have_no_hash() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[library("a.dll", vec![])]), None);
        let delayed = Library { delayed: true, ..library("a.dll", vec![named("b")]) };
        assert_eq!(of(&[delayed]), None);
    }
}
