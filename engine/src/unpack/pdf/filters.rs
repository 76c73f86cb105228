//! The filters of streams (ISO 32000-2, 7.4), one after the other.
//!
//! Chains end at the codecs of images, whose data are a format of their own. Each step is charged, and
//! held against the size of the stream as it lies in the file, so that a chain of filters explodes no
//! better than one.

use std::io::{self, Read};

use super::syntax::{self, Token, digit, is_space};
use crate::input::Content;
use crate::limits::{Budget, DecodeEnd, Decoded, Stop};
use crate::reader::Reader;
use crate::unpack::decoders::{ByStep, Inflate, MsbLzw, Step, Stepwise};
use crate::unpack::{Entry, shown};
use crate::verdict::{Problem, Reason};

/// One filter of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    kind: Kind,
    predictor: Option<Predictor>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Flate,
    Lzw {
        early: bool,
    },
    Hexadecimal,
    Base85,
    RunLength,
    /// `Crypt`: decryption was done before.
    Nothing,
    Image,
    Unknown(Vec<u8>),
}

/// How rows of samples were made easier to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Predictor {
    is_png: bool,
    /// Bytes of a row, and of one pixel.
    row: usize,
    pixel: usize,
}

impl Filter {
    pub(super) const FLATE: Self = Self { kind: Kind::Flate, predictor: None };

    /// The filters that a stream's dictionary names.
    pub(super) fn chain(dictionary: &[Token]) -> Vec<Self> {
        let names = syntax::list(syntax::value(dictionary, &[b"Filter", b"F"]));
        let parameters = syntax::list(syntax::value(dictionary, &[b"DecodeParms", b"DP"]));
        let none: &[Token] = &[];
        let parameters = parameters.into_iter().chain(std::iter::repeat(none));
        let filters = names.into_iter().zip(parameters);
        filters
            .filter_map(|(name, parameters)| Self::read(syntax::bytes(name)?, parameters))
            .collect()
    }

    fn read(name: &[u8], parameters: &[Token]) -> Option<Self> {
        let early = syntax::number(syntax::value(parameters, &[b"EarlyChange"])) != Some(0);
        let kind = match name {
            b"FlateDecode" | b"Fl" => Kind::Flate,
            b"LZWDecode" | b"LZW" => Kind::Lzw { early },
            b"ASCIIHexDecode" | b"AHx" => Kind::Hexadecimal,
            b"ASCII85Decode" | b"A85" => Kind::Base85,
            b"RunLengthDecode" | b"RL" => Kind::RunLength,
            b"Crypt" => Kind::Nothing,
            b"DCTDecode" | b"DCT" | b"JPXDecode" | b"CCITTFaxDecode" | b"CCF" | b"JBIG2Decode" => {
                Kind::Image
            }
            _ => Kind::Unknown(name.to_vec()),
        };
        Some(Self { kind, predictor: Predictor::read(parameters) })
    }
}

impl Predictor {
    fn read(parameters: &[Token]) -> Option<Self> {
        let number = |key: &[u8], usual: i64| {
            let number = syntax::number(syntax::value(parameters, &[key])).unwrap_or(usual);
            usize::try_from(number).ok()
        };
        let kind = number(b"Predictor", 1)?;
        let (columns, colours) = (number(b"Columns", 1)?, number(b"Colors", 1)?);
        let bits = colours.checked_mul(number(b"BitsPerComponent", 8)?)?;
        let row = columns.checked_mul(bits)?.div_ceil(8);
        let pixel = bits.div_ceil(8);
        let is_png = match kind {
            2 if bits == colours.checked_mul(8)? => false,
            10.. => true,
            _ => return None,
        };
        (row > 0 && pixel > 0).then_some(Self { is_png, row, pixel })
    }

    /// Undoes the prediction in place; less is left than there was, where rows name their kind.
    fn undo(self, data: &mut Vec<u8>) {
        let step = if self.is_png { self.row.saturating_add(1) } else { self.row };
        let mut above = Vec::new();
        let mut done = Vec::new();
        for row in data.chunks(step) {
            let (kind, row) = match (self.is_png, row.split_first()) {
                (true, Some((&kind, row))) => (kind, row),
                _ => (1, row),
            };
            let row = undo_row(kind, row, &above, self.pixel);
            done.extend_from_slice(&row);
            above = row;
        }
        *data = done;
    }
}

/// One row (PNG, third edition, 9.2); bytes that are not there count as 0.
fn undo_row(kind: u8, row: &[u8], above: &[u8], pixel: usize) -> Vec<u8> {
    let mut done: Vec<u8> = Vec::with_capacity(row.len());
    for (at, &byte) in row.iter().enumerate() {
        let before = at.checked_sub(pixel);
        let at_or_0 =
            |row: &[u8], at: Option<usize>| at.and_then(|at| row.get(at)).copied().unwrap_or(0);
        let (left, up) = (at_or_0(&done, before), at_or_0(above, Some(at)));
        let corner = at_or_0(above, before);
        let predicted = match kind {
            1 => left,
            2 => up,
            3 => u8::midpoint(left, up),
            4 => paeth(left, up, corner),
            _ => 0,
        };
        done.push(byte.wrapping_add(predicted));
    }
    done
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left).saturating_add(up.into()).saturating_sub(corner.into());
    let distance = |value: u8| estimate.saturating_sub(value.into()).saturating_abs();
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
}

/// Sends a stream's data through its filters.
pub(super) fn apply<'a>(
    name: Vec<u8>,
    data: Content<'a>,
    filters: &[Filter],
    budget: &Budget,
) -> Result<Entry<'a>, Stop> {
    let packed = data.len() as u64;
    let mut problems = Vec::new();
    let mut content = data;
    let mut is_decoded = false;
    for filter in filters {
        let decoded = match &filter.kind {
            Kind::Nothing => continue,
            Kind::Image => break,
            Kind::Unknown(name) => {
                let detail = format!("the filter {} is not known", shown(name));
                problems.push(Problem::new(Reason::Unsupported("filter"), detail));
                break;
            }
            kind => decode(kind, &content, packed, budget)?,
        };
        is_decoded = true;
        let Decoded { mut bytes, grant, end } = decoded;
        if let Some(predictor) = filter.predictor {
            // Rows are rewritten into a second buffer for a moment.
            let _second = budget.hold(bytes.len() as u64)?;
            predictor.undo(&mut bytes);
        }
        content = Content::held(bytes, grant);
        match end {
            DecodeEnd::Complete => {}
            DecodeEnd::Stopped(stop) => {
                problems.push(stop.into());
                break;
            }
            DecodeEnd::Failed(error) => problems.push(crate::unpack::decoders::problem(&error)),
        }
    }
    let mut entry = match is_decoded {
        true => Entry::new(name, content),
        false => Entry::in_place(name, content, budget),
    };
    entry.problems.append(&mut problems);
    Ok(entry)
}

fn decode(kind: &Kind, data: &[u8], packed: u64, budget: &Budget) -> Result<Decoded, Stop> {
    match kind {
        Kind::Lzw { early } => budget.decode(MsbLzw::new(data, *early, budget)?, packed),
        Kind::Hexadecimal => budget.decode(Stepwise::new(Hexadecimal::new(data)), packed),
        Kind::Base85 => budget.decode(Stepwise::new(Base85::new(data)), packed),
        Kind::RunLength => budget.decode(Stepwise::new(RunLength::new(data)), packed),
        _ => budget.decode(Zlib::new(data), packed),
    }
}

/// Whether data begin with zlib's header.
pub(super) fn is_zlib(data: &[u8]) -> bool {
    matches!(data, [method, flags, ..]
        if method & 0xf == 8 && method >> 4 <= 7 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

/// Deflate with zlib's header or, as many readers take it, without.
struct Zlib<'d>(Inflate<'d>);

impl<'d> Zlib<'d> {
    fn new(data: &'d [u8]) -> Self {
        let body = if is_zlib(data) { data.get(2..).unwrap_or_default() } else { data };
        Self(Inflate::new(body))
    }
}

impl Read for Zlib<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

struct Hexadecimal<'d> {
    reader: Reader<'d>,
    half: Option<u8>,
    ended: bool,
}

impl<'d> Hexadecimal<'d> {
    fn new(data: &'d [u8]) -> Self {
        Self { reader: Reader::new(data), half: None, ended: false }
    }
}

impl ByStep for Hexadecimal<'_> {
    fn step(&mut self) -> io::Result<Step> {
        let byte = if self.ended { b'>' } else { self.reader.u8().unwrap_or(b'>') };
        if byte == b'>' {
            self.ended = true;
            return Ok(self.half.take().map_or(Step::End, |high| Step::Byte(high << 4)));
        }
        match (digit(byte), self.half.take()) {
            (None, half) if is_space(byte) => self.half = half,
            (None, _) => return Err(broken("a character that is no digit")),
            (Some(low), Some(high)) => return Ok(Step::Byte(high << 4 | low)),
            (digit, None) => self.half = digit,
        }
        Ok(Step::Nothing)
    }
}

struct Base85<'d> {
    reader: Reader<'d>,
    group: u32,
    digits: usize,
    /// Bytes of the last group that are still to be put out, from the highest.
    bytes: [u8; 4],
    left: usize,
    ended: bool,
}

impl<'d> Base85<'d> {
    fn new(data: &'d [u8]) -> Self {
        let mut reader = Reader::new(data);
        if data.starts_with(b"<~") {
            let _ = reader.skip(2);
        }
        Self { reader, group: 0, digits: 0, bytes: [0; 4], left: 0, ended: false }
    }

    fn put(&mut self, count: usize) {
        self.bytes = self.group.to_be_bytes();
        self.left = count;
        (self.group, self.digits) = (0, 0);
    }

    /// A last group of fewer digits stands for one byte fewer than it has.
    fn finish(&mut self) {
        self.ended = true;
        let count = self.digits.saturating_sub(1);
        while self.digits > 0 && self.digits < 5 {
            self.group = self.group.wrapping_mul(85).wrapping_add(84);
            self.digits = self.digits.saturating_add(1);
        }
        self.put(count);
    }
}

impl ByStep for Base85<'_> {
    fn step(&mut self) -> io::Result<Step> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let [first, ..] = self.bytes;
            self.bytes.rotate_left(1);
            return Ok(Step::Byte(first));
        }
        if self.ended {
            return Ok(Step::End);
        }
        match self.reader.u8().unwrap_or(b'~') {
            b'~' => self.finish(),
            b'z' if self.digits == 0 => self.put(4),
            byte @ b'!'..=b'u' => {
                let value = u32::from(byte.saturating_sub(b'!'));
                self.group = self.group.wrapping_mul(85).wrapping_add(value);
                self.digits = self.digits.saturating_add(1);
                if self.digits == 5 {
                    self.put(4);
                }
            }
            byte if is_space(byte) => {}
            _ => return Err(broken("a character that is no digit")),
        }
        Ok(Step::Nothing)
    }
}

struct RunLength<'d> {
    reader: Reader<'d>,
    literal: u8,
    repeated: (u8, u8),
    ended: bool,
}

impl<'d> RunLength<'d> {
    fn new(data: &'d [u8]) -> Self {
        Self { reader: Reader::new(data), literal: 0, repeated: (0, 0), ended: false }
    }
}

impl ByStep for RunLength<'_> {
    fn step(&mut self) -> io::Result<Step> {
        let cut = |_| io::Error::new(io::ErrorKind::UnexpectedEof, "a run is cut off");
        if self.ended {
            return Ok(Step::End);
        }
        if let Some(literal) = self.literal.checked_sub(1) {
            self.literal = literal;
            return self.reader.u8().map(Step::Byte).map_err(cut);
        }
        if let (byte, Some(count)) = (self.repeated.0, self.repeated.1.checked_sub(1)) {
            self.repeated.1 = count;
            return Ok(Step::Byte(byte));
        }
        match self.reader.u8().unwrap_or(128) {
            128 => self.ended = true,
            length @ ..128 => self.literal = length.saturating_add(1),
            length => self.repeated = (self.reader.u8().map_err(cut)?, 1_u8.wrapping_sub(length)),
        }
        Ok(Step::Nothing)
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::budget;

    fn decoded(dictionary: &str, data: &[u8]) -> (Vec<u8>, Vec<Reason>) {
        let filters = Filter::chain(&syntax::first_value(dictionary.as_bytes()));
        let budget = budget(Limits::default());
        let entry = apply(Vec::new(), Content::borrowed(data), &filters, &budget).unwrap();
        let reasons = entry.problems.iter().map(|problem| problem.reason).collect();
        (entry.content.unwrap().to_vec(), reasons)
    }

    fn plain(dictionary: &str, data: &[u8]) -> Vec<u8> {
        let (bytes, reasons) = decoded(dictionary, data);
        assert_eq!(reasons, [], "{dictionary}");
        bytes
    }

    #[test]
    fn each_filter_decodes() {
        assert_eq!(plain("<</Filter/ASCIIHexDecode>>", b"61 62\n6 37>zz"), b"abcp");
        assert_eq!(plain("<</F#69lter[/AHx]>>", b"616263"), b"abc");
        assert_eq!(plain("<</Filter/ASCII85Decode>>", b"<~87cUR\nD]i,\"Ebo80~>"), b"Hello World!");
        assert_eq!(plain("<</Filter/A85>>", b"z87cUR"), b"\0\0\0\0Hell");
        assert_eq!(plain("<</Filter/RunLengthDecode>>", b"\x02abc\xfed\x80x"), b"abcddd");
        let lzw = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        assert_eq!(plain("<</Filter/LZWDecode>>", &lzw), [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
        assert_eq!(plain("<</Length 3>>", b"abc"), b"abc");
        assert_eq!(plain("<</Filter/DCTDecode>>", b"\xff\xd8"), b"\xff\xd8");
    }

    #[test]
    fn filters_follow_each_other() {
        let packed = crate::unpack::testing::deflated(b"636465");
        let hex: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(plain("<</Filter[/AHx/Fl /AHx]>>", hex.as_bytes()), b"cde");
    }

    #[test]
    fn predictions_are_undone() {
        let rows = [&[1, 1, 1, 1][..], &[2, 1, 1, 1], &[0, 9, 9, 9], &[3, 0, 0, 0], &[4, 0, 0, 0]];
        let packed = crate::unpack::testing::deflated(&rows.concat());
        let dictionary = "<</Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 3>>>>";
        let expected = [[1, 2, 3], [2, 3, 4], [9, 9, 9], [4, 6, 7], [4, 6, 7]].concat();
        assert_eq!(plain(dictionary, &packed), expected);
        let dictionary = "<</Filter[/FlateDecode]/DecodeParms[<</Predictor 2/Columns 3>>]>>";
        let packed = crate::unpack::testing::deflated(&[1, 1, 1, 5, 0, 0]);
        assert_eq!(plain(dictionary, &packed), [1, 2, 3, 5, 5, 5]);
    }

    #[test]
    fn what_is_broken_or_not_known_says_so_and_keeps_what_came_before() {
        assert_eq!(
            decoded("<</Filter/AHx>>", b"6162!!"),
            (b"ab".to_vec(), vec![Reason::Corrupted])
        );
        assert_eq!(decoded("<</Filter/RL>>", b"\x05ab"), (b"ab".to_vec(), vec![Reason::Truncated]));
        let unknown = decoded("<</Filter[/AHx/Mine]>>", b"6162");
        assert_eq!(unknown, (b"ab".to_vec(), vec![Reason::Unsupported("filter")]));
    }

    /// Runs of runs of zeros: each filter multiplies by 64, all are held against the first size.
    #[test]
    fn a_chain_of_a_thousand_filters_meets_its_limit() {
        let data = [0x81_u8, 0x81].repeat(64 << 10);
        let chain = "/RL ".repeat(1000);
        let (bytes, reasons) = decoded(&format!("<</Filter[{chain}]>>"), &data);
        assert!(bytes.len() <= 512 << 20);
        assert!(!reasons.is_empty());
        let hex = "/AHx".repeat(1000);
        let (bytes, _) = decoded(&format!("<</Filter[{hex}]>>"), &b"36".repeat(1 << 16));
        assert!(bytes.len() <= 1);
    }
}
