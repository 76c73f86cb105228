//! Documents that reach outside of themselves: templates and objects elsewhere, DDE, scripts on events.
//!
//! These are facts, remarked upon like a packer: ordinary documents have them too, so that none makes a
//! document harmful by itself. They are looked for where they stand, in the one part of a document that
//! is at hand: a template in the relationships of an Office Open XML document, a field in its text.
//!
//! - `xml.rs`: parts of Office Open XML (ECMA-376) and OpenDocument (1.3),
//! - `rtf.rs`: Rich Text Format,
//! - `binary.rs`: the streams of Word and Excel before 2007 (MS-DOC, MS-XLS).

mod binary;
mod rtf;
#[cfg(test)]
mod tests;
mod xml;

use crate::identify::{FileType, TypeSet};
use crate::limits::{Budget, Stop};

/// Says what a document, or a part of one, reaches for. An early end says so, too: what was seen until
/// then is kept.
pub(crate) fn remarks(
    data: &[u8],
    types: TypeSet,
    budget: &Budget,
) -> (Vec<String>, Result<(), Stop>) {
    let mut remarks = Remarks::default();
    let ended = look(data, types, &mut remarks, budget);
    (remarks.0, ended)
}

fn look(data: &[u8], types: TypeSet, remarks: &mut Remarks, budget: &Budget) -> Result<(), Stop> {
    if types.contains(FileType::Rtf) {
        return rtf::look(data, remarks, budget);
    }
    if types.contains(FileType::Xml) {
        return xml::look(data, remarks, budget);
    }
    binary::look(data, remarks, budget)
}

/// What was remarked.
#[derive(Debug, Default)]
struct Remarks(Vec<String>);

impl Remarks {
    /// How many are kept: more of them say nothing new.
    const MOST: usize = 16;

    /// Adds a remark, whose end is a text of the document's author.
    fn add(&mut self, kind: &str, text: &str) {
        const LONGEST: usize = 200;
        let text = text.trim();
        let shown: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        let more = if text.chars().nth(LONGEST).is_some() { "..." } else { "" };
        let remark =
            if shown.is_empty() { kind.to_owned() } else { format!("{kind}: {shown}{more}") };
        if self.0.len() < Self::MOST && !self.0.contains(&remark) {
            self.0.push(remark);
        }
    }

    /// Adds a field's instruction if it is one for DDE: the first word says what a field does; within
    /// other fields, only the name that starts programs unasked counts.
    fn add_field(&mut self, instruction: &str) {
        let mut words = instruction.split_whitespace();
        let first = words.next().unwrap_or_default();
        let is_named = |word: &str, name: &str| word.eq_ignore_ascii_case(name);
        if is_named(first, "DDE")
            || is_named(first, "DDEAUTO")
            || words.any(|word| is_named(word, "DDEAUTO"))
        {
            let words: Vec<&str> = instruction.split_whitespace().collect();
            self.add("DDE field", &words.join(" "));
        }
    }
}

/// Whether an address leads out of the machine or the document: a URL, or a share.
fn is_external(address: &str) -> bool {
    let address = address.trim_start();
    address.contains("://") || address.starts_with("\\\\") || address.starts_with("//")
}
