//! How a block of a 7z archive is unpacked: its coders, each reading what another puts out or a packed
//! stream.
//!
//! The decoders are those of `lzma-rust2`, `ppmd-rust`, `bzip2`, `flate2` and `deflate64`, in the form
//! that reads for itself. The memory of all is charged before any is made: dictionaries as far as the
//! declared size can fill them, models as large as they say.

use std::io::{self, Read};

use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::bcj2::Bcj2Reader;
use lzma_rust2::filter::delta::DeltaReader;
use lzma_rust2::{Lzma2Reader, LzmaReader};
use ppmd_rust::Ppmd7Decoder;

use super::header::{Block, Coder};
use super::lock::{self, Keys};
use crate::input::Content;
use crate::limits::{Budget, Grant};
use crate::unpack::solid::Input;
use crate::verdict::{Problem, Reason};

/// What any decoder takes beside its window.
const BASE: u64 = 1 << 20;

type Source<'a> = Box<dyn Read + 'a>;

/// A reader that keeps the memory charged that it takes.
struct Charged<'a> {
    reader: Source<'a>,
    _grant: Grant,
}

impl Read for Charged<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }
}

/// Makes the reader of a block; `packed` are its packed streams.
pub(super) fn reader<'a>(
    block: &Block,
    packed: &[Content<'a>],
    keys: &mut Keys<'_>,
    budget: &Budget,
) -> Result<Source<'a>, Problem> {
    let main = block.main().ok_or_else(|| wrong("a block whose coders go round"))?;
    let memory = block.coders.iter().fold(0_u64, |sum, coder| sum.saturating_add(memory(coder)));
    let grant = budget.hold(memory)?;
    let mut left: Vec<_> = block.coders.iter().map(Some).collect();
    let reader = chain(block, main, packed, &mut left, keys, budget)?;
    Ok(Box::new(Charged { reader, _grant: grant }))
}

/// The reader of one coder. Each is taken once, so this ends after as many calls as there are coders, of
/// which `header.rs` admits few.
fn chain<'a>(
    block: &Block,
    index: usize,
    packed: &[Content<'a>],
    left: &mut Vec<Option<&Coder>>,
    keys: &mut Keys<'_>,
    budget: &Budget,
) -> Result<Source<'a>, Problem> {
    let coder = left.get_mut(index).and_then(Option::take);
    let coder = coder.ok_or_else(|| wrong("a block whose coders go round"))?;
    let before = block.coders.iter().take(index);
    let first = before.fold(0_u64, |sum, coder| sum.saturating_add(coder.inputs));
    let mut sources = Vec::new();
    for input in first..first.saturating_add(coder.inputs) {
        let bond = block.bonds.iter().find(|(bound, _)| *bound == input);
        sources.push(match bond {
            Some(&(_, output)) => {
                let output = usize::try_from(output).unwrap_or(usize::MAX);
                chain(block, output, packed, left, keys, budget)?
            }
            None => {
                let stream = block.packed.iter().position(|&stream| stream == input);
                let stream = stream.and_then(|stream| packed.get(stream));
                let stream = stream.ok_or_else(|| wrong("a coder without input"))?;
                Box::new(Input::new(stream.clone()))
            }
        });
    }
    decoder(coder, sources, keys, budget)
}

/// The memory that a coder takes.
fn memory(coder: &Coder) -> u64 {
    let word = |at: usize| {
        let bytes = coder.properties.get(at..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
    };
    let window = match coder.method.as_slice() {
        [0x21] => u64::from(lzma2_dictionary(coder)),
        [3, 1, 1] => word(1),
        [3, 4, 1] => return word(1).saturating_add(BASE),
        [4, 2, 2] => 4 << 20,
        _ => 0,
    };
    window.min(coder.size.saturating_mul(2)).saturating_add(BASE)
}

/// Two bits of mantissa above an exponent.
fn lzma2_dictionary(coder: &Coder) -> u32 {
    match coder.properties.first() {
        Some(&byte @ 0..40) => (2 | u32::from(byte & 1)) << u32::from(byte / 2).saturating_add(11),
        _ => u32::MAX,
    }
}

fn decoder<'a>(
    coder: &Coder,
    mut sources: Vec<Source<'a>>,
    keys: &mut Keys<'_>,
    budget: &Budget,
) -> Result<Source<'a>, Problem> {
    if coder.method == [3, 3, 1, 0x1b] {
        return Ok(Box::new(Bcj2Reader::try_new(sources, coder.size).map_err(|e| failed(&e))?));
    }
    let source = sources.pop().filter(|_| sources.is_empty());
    let source = source.ok_or_else(|| wrong("a coder with too many inputs"))?;
    let start = 0;
    Ok(match coder.method.as_slice() {
        [] | [0] => source,
        [0x21] => Box::new(Lzma2Reader::new(source, lzma2_dictionary(coder), None)),
        [3, 1, 1] => lzma(coder, source)?,
        [3, 4, 1] => ppmd(coder, source)?,
        [4, 2, 2] => Box::new(bzip2::read::MultiBzDecoder::new(source)),
        [4, 1, 8] => Box::new(flate2::read::DeflateDecoder::new(source)),
        [4, 1, 9] => Box::new(deflate64::Deflate64Decoder::new(source)),
        [3] => {
            let distance = coder.properties.first().copied().unwrap_or(0);
            Box::new(DeltaReader::new(source, usize::from(distance).saturating_add(1)))
        }
        [4] | [3, 3, 1, 3] => Box::new(BcjReader::new_x86(source, start)),
        [5] | [3, 3, 2, 5] => Box::new(BcjReader::new_ppc(source, start)),
        [6] | [3, 3, 4, 1] => Box::new(BcjReader::new_ia64(source, start)),
        [7] | [3, 3, 5, 1] => Box::new(BcjReader::new_arm(source, start)),
        [8] | [3, 3, 7, 1] => Box::new(BcjReader::new_arm_thumb(source, start)),
        [9] | [3, 3, 8, 5] => Box::new(BcjReader::new_sparc(source, start)),
        [0xa] => Box::new(BcjReader::new_arm64(source, start)),
        [0xb] => Box::new(BcjReader::new_riscv(source, start)),
        lock::METHOD => lock::open(coder, source, keys, budget)?,
        method => {
            let detail = format!("7z method {method:02x?}");
            return Err(Problem::new(Reason::Unsupported("7z-method"), detail));
        }
    })
}

fn lzma<'a>(coder: &Coder, source: Source<'a>) -> Result<Source<'a>, Problem> {
    let properties: &[u8; 5] =
        coder.properties.first_chunk().ok_or_else(|| wrong("LZMA without properties"))?;
    let [first, dictionary @ ..] = *properties;
    let dictionary = u32::from_le_bytes(dictionary);
    let reader = LzmaReader::new_with_props(source, coder.size, first, dictionary, None);
    Ok(Box::new(reader.map_err(|error| failed(&error))?))
}

fn ppmd<'a>(coder: &Coder, source: Source<'a>) -> Result<Source<'a>, Problem> {
    let properties: &[u8; 5] =
        coder.properties.first_chunk().ok_or_else(|| wrong("PPMd without properties"))?;
    let [order, memory @ ..] = *properties;
    let reader = Ppmd7Decoder::new(source, order.into(), u32::from_le_bytes(memory));
    let reader = reader.map_err(|error| wrong(format!("PPMd: {error}")))?;
    // The model knows no end: it makes something of nothing.
    Ok(Box::new(reader.take(coder.size)))
}

fn failed(error: &io::Error) -> Problem {
    crate::unpack::decoders::problem(error)
}

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::new(Reason::Corrupted, detail)
}
