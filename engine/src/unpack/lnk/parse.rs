//! The parts of a shortcut: header, list of shell items, link information, texts, extra blocks.

use crate::reader::{OutOfBounds, Reader};
use crate::verdict::{Problem, Reason};

/// Texts of extra blocks that are kept; a shortcut has two or three.
const EXTRA: usize = 16;

// LinkFlags, MS-SHLLINK 2.1.1.
const HAS_ITEMS: u32 = 1;
const HAS_INFORMATION: u32 = 1 << 1;
const HAS_RELATIVE_PATH: u32 = 1 << 3;
const HAS_ARGUMENTS: u32 = 1 << 5;
const IS_UNICODE: u32 = 1 << 7;
/// The flags of the five texts, in their order.
const TEXTS: [u32; 5] = [1 << 2, HAS_RELATIVE_PATH, 1 << 4, HAS_ARGUMENTS, 1 << 6];

/// What a shortcut says.
#[derive(Debug, Default)]
pub(super) struct Shortcut {
    /// The target by its shell items, by the link information, and in extra blocks.
    items: String,
    information: String,
    extra: Vec<String>,
    relative_path: String,
    arguments: String,
    /// Description, working folder, icon.
    others: Vec<String>,
    /// Where the last block ends.
    pub(super) end: u64,
    pub(super) problem: Option<Problem>,
}

impl Shortcut {
    pub(super) fn read(file: &[u8]) -> Self {
        let mut shortcut = Self::default();
        let mut reader = Reader::new(file);
        if let Err(broken) = shortcut.parse(&mut reader) {
            shortcut.problem = Some(Problem::new(Reason::Truncated, broken.to_string()));
        }
        shortcut.end = reader.position() as u64;
        shortcut
    }

    /// What is run: the target, as Windows looks for it, and the arguments.
    pub(super) fn command_line(&self) -> String {
        let extra = self.extra.first();
        let told = [extra, Some(&self.information), Some(&self.items), Some(&self.relative_path)];
        let target = told.into_iter().flatten().find(|target| !target.is_empty());
        let parts = target.into_iter().chain(Some(&self.arguments).filter(|text| !text.is_empty()));
        parts.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Every other text, one in a line.
    pub(super) fn texts(&self) -> String {
        let targets = [&self.items, &self.information, &self.relative_path];
        let all = targets.into_iter().chain(&self.extra).chain(&self.others);
        let lines = all.filter(|text| !text.is_empty());
        lines.map(|text| format!("{text}\n")).collect()
    }

    /// Reads part by part; the reader is left behind the last one that is whole.
    fn parse(&mut self, reader: &mut Reader<'_>) -> Result<(), OutOfBounds> {
        const HEADER: u64 = 76;
        let mut header = *reader;
        header.skip(20)?;
        let flags = header.u32_le()?;
        header.seek(HEADER)?;
        *reader = header;
        if flags & HAS_ITEMS != 0 {
            let size = reader.u16_le()?;
            self.items = items(reader.bytes(size.into())?);
        }
        if flags & HAS_INFORMATION != 0 {
            let size = reader.peek(4).map(number)?;
            let size = u64::from(size).max(4);
            self.information = information(reader.bytes(size)?).unwrap_or_default();
        }
        for flag in TEXTS.into_iter().filter(|flag| flags & flag != 0) {
            let text = counted(reader, flags & IS_UNICODE != 0)?;
            match flag {
                HAS_RELATIVE_PATH => self.relative_path = text,
                HAS_ARGUMENTS => self.arguments = text,
                _ => self.others.push(text),
            }
        }
        self.parse_extra(reader)
    }

    /// Blocks up to one of less than four bytes, which ends them; some programs leave that away.
    fn parse_extra(&mut self, reader: &mut Reader<'_>) -> Result<(), OutOfBounds> {
        while let Ok(size) = reader.peek(4).map(number) {
            if size < 4 {
                return reader.skip(4);
            }
            let block = reader.bytes(u64::from(size))?;
            // Environment variables, Darwin and icons have one form: two texts of 260 characters.
            let signature = block.get(4..8).map_or(0, number);
            if matches!(signature, 0xa000_0001 | 0xa000_0006 | 0xa000_0007)
                && self.extra.len() < EXTRA
            {
                self.extra.push(of_two(block));
            }
        }
        Ok(())
    }
}

/// A little-endian number of four bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// A text behind the number of its characters.
fn counted(reader: &mut Reader<'_>, is_unicode: bool) -> Result<String, OutOfBounds> {
    let mut behind = *reader;
    let count = u64::from(behind.u16_le()?);
    let text = match is_unicode {
        true => wide(behind.bytes(count.saturating_mul(2))?),
        false => narrow(behind.bytes(count)?),
    };
    *reader = behind;
    Ok(text)
}

/// The wide text of a block, or where it is empty the other one.
fn of_two(block: &[u8]) -> String {
    const NARROW: usize = 260;
    let (_, texts) = block.split_at_checked(8).unwrap_or_default();
    let middle = NARROW.min(texts.len());
    let (first, second) = texts.split_at_checked(middle).unwrap_or_default();
    let second = wide(up_to_zero_wide(second));
    if second.is_empty() { narrow(up_to_zero(first)) } else { second }
}

/// The path that a list of shell items leads to: a drive, then folders, then a file. What they are
/// made of is not in the specification, but known for long.
fn items(list: &[u8]) -> String {
    let mut reader = Reader::new(list);
    let mut path = String::new();
    while let Ok(size @ 3..) = reader.u16_le() {
        let Ok(item) = reader.bytes(u64::from(size).saturating_sub(2)) else { break };
        let Some(name) = item_name(item) else { continue };
        if !path.is_empty() && !path.ends_with('\\') {
            path.push('\\');
        }
        path.push_str(&name);
    }
    path
}

/// The name in a shell item, which is given without its size.
fn item_name(item: &[u8]) -> Option<String> {
    const NAME: usize = 12;
    match item.first()? & 0x70 {
        0x20 => Some(narrow(up_to_zero(item.get(1..)?))),
        0x30 => long_name(item).or_else(|| {
            let name = item.get(NAME..)?;
            let is_wide = item.first()? & 4 != 0;
            Some(if is_wide { wide(up_to_zero_wide(name)) } else { narrow(up_to_zero(name)) })
        }),
        _ => None,
    }
    .filter(|name| !name.is_empty())
}

/// The long name in the extension `beef0004` of an item, whose place is in the item's last two bytes.
fn long_name(item: &[u8]) -> Option<String> {
    let at = item.len().checked_sub(2).and_then(|last| item.get(last..)).map(number)?;
    // Places count from the size in front of the item.
    let extension = item.get(usize::try_from(at).ok()?.checked_sub(2)?..)?;
    if extension.get(4..8).map(number) != Some(0xbeef_0004) {
        return None;
    }
    let name = usize::try_from(extension.get(16..18).map(number)?).ok()?;
    Some(wide(up_to_zero_wide(extension.get(name..)?)))
}

/// The path in the link information (MS-SHLLINK 2.3): on a volume, or behind the name of a share.
fn information(block: &[u8]) -> Option<String> {
    let field = |at: usize| block.get(at..at.checked_add(4)?).map(number);
    let from = |place: u32| block.get(usize::try_from(place).ok()?..);
    let (header, flags) = (field(4)?, field(8)?);
    if header >= 0x24
        && let Some(path) = field(28).filter(|&place| place > 0).and_then(from)
    {
        let suffix = field(32).filter(|&place| place > 0).and_then(from).unwrap_or_default();
        return Some(wide(up_to_zero_wide(path)) + &wide(up_to_zero_wide(suffix)));
    }
    let suffix = narrow(up_to_zero(from(field(24)?).unwrap_or_default()));
    if flags & 1 != 0 {
        return Some(narrow(up_to_zero(from(field(16)?)?)) + &suffix);
    }
    let share = from(field(20)?)?;
    let name = share.get(usize::try_from(share.get(8..12).map(number)?).ok()?..)?;
    Some(narrow(up_to_zero(name)) + "\\" + &suffix)
}

fn up_to_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn up_to_zero_wide(bytes: &[u8]) -> &[u8] {
    let units = bytes.chunks_exact(2).take_while(|unit| *unit != [0, 0]).count();
    bytes.get(..units.saturating_mul(2)).unwrap_or(bytes)
}

fn wide(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|unit| unit.iter().rev().fold(0, pair));
    let decoded = char::decode_utf16(units);
    decoded.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn pair(unit: u16, byte: &u8) -> u16 {
    unit << 8 | u16::from(*byte)
}

/// The machine's own encoding is not told; that of western Europe has every ASCII character in common
/// with the others.
fn narrow(bytes: &[u8]) -> String {
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}
