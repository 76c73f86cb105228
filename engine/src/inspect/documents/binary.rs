//! The streams of Word (MS-DOC 2.8.25) and Excel (MS-XLS 2.4) before 2007.

use super::Remarks;
use crate::limits::{Budget, Stop};
use crate::reader::{OutOfBounds, Reader};

/// What is read of one field.
const LONGEST: usize = 512;

pub(super) fn look(data: &[u8], remarks: &mut Remarks, budget: &Budget) -> Result<(), Stop> {
    const WORD: &[u8] = b"\xec\xa5";
    const EXCEL: &[u8] = b"\x09\x08\x10\0\0\x06";
    if data.starts_with(WORD) {
        fields(data, remarks, budget)
    } else if data.starts_with(EXCEL) {
        records(data, remarks, budget)
    } else {
        Ok(())
    }
}

/// Fields begin with a character of their own, in a text of one or two bytes for each.
fn fields(data: &[u8], remarks: &mut Remarks, budget: &Budget) -> Result<(), Stop> {
    let mut rest = data;
    while let Some(found) = budget.find(rest, b"\x13")? {
        rest = rest.get(found.saturating_add(1)..).unwrap_or_default();
        let near = rest.get(..LONGEST).unwrap_or(rest);
        let is_wide = near.first() == Some(&0);
        let near = if is_wide { near.get(1..).unwrap_or_default() } else { near };
        let units = near.chunks(if is_wide { 2 } else { 1 });
        let bytes = units.filter_map(|unit| unit.first().copied());
        let instruction: String =
            bytes.take_while(|byte| !matches!(byte, 0x13..=0x15)).map(char::from).collect();
        remarks.add_field(&instruction);
    }
    Ok(())
}

/// The records of a workbook that say what it reaches for.
fn records(data: &[u8], remarks: &mut Remarks, budget: &Budget) -> Result<(), Stop> {
    const STEP: usize = 1024;
    let mut reader = Reader::new(data);
    for count in 0_usize.. {
        if count % STEP == 0 {
            budget.check()?;
        }
        let Ok((kind, record)) = record(&mut reader) else { break };
        match kind {
            SHEET if record.get(5) == Some(&MACROS) => remarks.add("Excel 4.0 macro sheet", ""),
            OTHER_BOOK => {
                if let Some(link) = dde_link(record) {
                    remarks.add("DDE link", &link);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

const SHEET: u16 = 0x85;
const MACROS: u8 = 1;
const OTHER_BOOK: u16 = 0x1ae;

fn record<'d>(reader: &mut Reader<'d>) -> Result<(u16, &'d [u8]), OutOfBounds> {
    let kind = reader.u16_le()?;
    let size = reader.u16_le()?;
    Ok((kind, reader.bytes(size.into())?))
}

/// A program and a topic with a character of their own between them (MS-XLS 2.4.271).
fn dde_link(record: &[u8]) -> Option<String> {
    const BETWEEN: char = '\u{3}';
    let mut reader = Reader::at(record, 2).ok()?;
    let count = u64::from(reader.u16_le().ok()?);
    let is_wide = reader.u8().ok()? & 1 != 0;
    let width = if is_wide { 2 } else { 1 };
    let text = reader.bytes(count.checked_mul(width)?).ok()?;
    let text: String = match is_wide {
        true => {
            let units = text
                .chunks_exact(2)
                .map(|unit| unit.iter().rev().fold(0, |u, &b| u << 8 | u16::from(b)));
            char::decode_utf16(units).filter_map(Result::ok).collect()
        }
        false => text.iter().copied().map(char::from).collect(),
    };
    let (program, topic) = text.split_once(BETWEEN)?;
    Some(format!("{program}|{topic}"))
}
