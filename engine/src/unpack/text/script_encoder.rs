//! Scripts under Microsoft's Script Encoder (`.vbe`, `.jse`, and inside of pages): `#@~^`, a length, the
//! text, a checksum, `==^#~@`.
//!
//! Not encryption: each character is replaced by one of three tables, in an order that repeats after
//! 64. The tables are what clamscan 1.4 makes of every character.

use std::io;

use crate::input::Content;
use crate::limits::Budget;
use crate::reader::Reader;
use crate::unpack::decoders::{ByStep, Step, Stepwise};
use crate::unpack::{Entry, Notes, Opened, Opening, Walk, walked};
use crate::verdict::Problem;

const BEGIN: &[u8] = b"#@~^";
const END: &[u8] = b"==^#~@";
/// Characters of the length and the checksum, before their padding.
const NUMBER: usize = 6;

/// Which table is used for which character.
const ORDER: &[u8; 64] = b"0120121221210212021200122102122100212120200120210212001220012021";
/// What characters from the space on stand for, in each table; and the tab.
const TABLES: [(&[u8; 96], u8); 3] = [
    (b".GzVBj/&IA42[vrC89pEhqO\tbD#u<~>^@wJa]\"KoN;LPg*}tT+-,0nkf5%!dMRc?{x)(sY3\x7fmUS|:_eFX1ilZH'\\=$y7`Q 6", 0x57),
    (b"-uR`q^I\\b})6 |z\x7fkc3+hQfv1dTC<:>~@E,*t'7DyY/o&rj9{?8wgSG4x]0#Z[lHUpi.L!$NP\tVs5aKX;W\"mM%(FJ2A=_OBe", 0x6e),
    (b"20!)[83=X:5e9\\VsfNEkbYx^}Jmq<`>S@B'Hru17MR\"TjGd- \x7f.L]~loytC&v%$+(#A4\t*D?w;UiacPgQIOFh|6pnz/_KZ,W", 0x7b),
];

pub(in crate::unpack) fn open_encoded_script<'a>(
    content: Content<'a>,
    offset: u64,
    _: &Opening<'_>,
) -> Opened<'a> {
    let text = content.slice(offset, u64::MAX);
    Ok(walked(Encoded { text, at: 0, notes: Notes::default() }))
}

/// A text with encoded scripts in it.
struct Encoded<'a> {
    text: Content<'a>,
    at: usize,
    notes: Notes,
}

impl<'a> Walk<'a> for Encoded<'a> {
    fn advance(&mut self, budget: &Budget) -> Result<Option<Entry<'a>>, Problem> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(found) = budget.find(rest, BEGIN)? else { return Ok(None) };
        // A length of four bytes in base64, and its padding.
        let start = found.saturating_add(BEGIN.len()).saturating_add(NUMBER).saturating_add(2);
        let behind = rest.get(start..).unwrap_or_default();
        let found_end = budget.find(behind, END)?;
        let length = found_end.map_or(behind.len(), |end| end.saturating_sub(NUMBER));
        let script = behind.get(..length).unwrap_or_default();
        self.at = self.at.saturating_add(start).saturating_add(length);
        if found_end.is_none() {
            self.notes.truncated("an encoded script does not end");
            self.at = self.text.len();
        }
        let decoder = Stepwise::new(Decoder { reader: Reader::new(script), place: 0 });
        let decoded = budget.decode(decoder, script.len() as u64)?;
        Ok(Some(Entry::decoded("decoded script", decoded)))
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}

struct Decoder<'d> {
    reader: Reader<'d>,
    place: usize,
}

impl Decoder<'_> {
    fn next(&mut self, byte: u8) -> u8 {
        let table = ORDER.get(self.place & 63).map_or(0, |digit| digit & 3);
        self.place = self.place.wrapping_add(1);
        let Some((table, tab)) = TABLES.get(usize::from(table)) else { return byte };
        match byte {
            b'\t' => *tab,
            _ => {
                let index = usize::from(byte).checked_sub(0x20);
                index.and_then(|index| table.get(index)).copied().unwrap_or(byte)
            }
        }
    }
}

impl ByStep for Decoder<'_> {
    fn step(&mut self) -> io::Result<Step> {
        let Ok(byte) = self.reader.u8() else { return Ok(Step::End) };
        let meant = match byte {
            b'\r' | b'\n' => return Ok(Step::Nothing),
            0x80.. => return Ok(Step::Byte(byte)),
            b'@' => {
                let Ok(sign) = self.reader.u8() else { return Ok(Step::End) };
                self.place = self.place.wrapping_add(1);
                match sign {
                    b'&' => b'\n',
                    b'#' => b'\r',
                    b'!' => b'<',
                    b'*' => b'>',
                    b'$' => b'@',
                    _ => sign,
                }
            }
            _ => self.next(byte),
        };
        Ok(Step::Byte(meant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::{survives_damage, walk_at};
    use crate::verdict::Reason;

    /// An example of the encoder's, as it is shown in its documentation's copies.
    fn hello() -> Vec<u8> {
        [BEGIN, b"DgAAAA==\\ko$K6,JC\x7fV^GJqAQAAA", END].concat()
    }

    #[test]
    fn scripts_are_decoded_wherever_they_stand() {
        let page = [b"<script>", &hello()[..], b"</script>", &hello()].concat();
        let walked = walk_at(open_encoded_script, &page, 0, Limits::default());
        assert_eq!(walked.entries.len(), 2);
        assert_eq!(walked.content("decoded script"), b"MsgBox \"Hello\"");
        assert_eq!(walked.reasons(), []);
    }

    #[test]
    fn signs_stand_for_characters_that_pages_and_lines_need() {
        let encoded = [BEGIN, b"DgAAAA==@&@#@!@*@$AAAAAA", END].concat();
        let walked = walk_at(open_encoded_script, &encoded, 0, Limits::default());
        assert_eq!(walked.content("decoded script"), b"\n\r<>@");
    }

    #[test]
    fn every_cut_says_so() {
        let whole = hello();
        for length in BEGIN.len()..whole.len() {
            let walked = walk_at(open_encoded_script, &whole[..length], 0, Limits::default());
            assert_eq!(walked.reasons(), [Reason::Truncated], "{length}");
        }
    }

    #[test]
    fn damaged_scripts_do_no_harm() {
        survives_damage(open_encoded_script, &hello().repeat(3));
    }
}
