//! HTML: the page without comments, its words, and its scripts.
//!
//! Three views come out of one pass:
//!
//! - the *page*: everything in lower case, comments and declarations left out, white space as single
//!   spaces and none behind a tag, attributes in double quotes with single spaces around them, character
//!   references resolved. Scripts and style sheets lose all their white space.
//! - the *words*: texts alone, with the targets of links and images.
//! - the *scripts*, which `../script/` brings to a normal form of their own.
//!
//! - `machine.rs` reads the page, byte by byte, with `values.rs` and `raw.rs`; `tag.rs` is what it remembers
//!   of a tag,
//! - `reference.rs` and `names.rs` resolve character references,
//! - `writers.rs` writes page and words,
//! - `pieces.rs` cuts the page into the pieces that ClamAV reads,
//! - `high.rs` holds characters of other scripts back,
//! - `kind.rs` says what is a page, and narrows UTF-16.

mod high;
pub(super) mod kind;
mod machine;
mod names;
mod pieces;
mod raw;
mod reference;
mod tag;
mod values;
mod writers;

use std::ops::Range;

use self::machine::Machine;
use self::writers::{Page, Words};
use super::sink::{STEP, Sink};
use super::{View, Viewed, Views, script};
use crate::limits::{Budget, Stop};

/// Makes the wanted views of a page.
pub(super) fn normalise(
    data: &[u8],
    wanted: Views,
    budget: &Budget,
    made: &mut Vec<Viewed>,
) -> Result<(), Stop> {
    let sink = |view| wanted.contains(view).then(|| Sink::new(budget)).transpose();
    let mut scripts = sink(View::Scripts)?;
    let mut machine = Machine::new(Page::new(sink(View::Page)?), Words::new(sink(View::Words)?));
    let ended = read(data, &mut machine, scripts.as_mut(), budget);
    let views = [
        (View::Page, machine.page.finish()),
        (View::Words, machine.words.finish()),
        (View::Scripts, scripts.filter(|scripts| !scripts.is_empty())),
    ];
    let written = views.into_iter().filter_map(|(view, sink)| Some((view, sink?.finish())));
    written.fold(ended, |ended, (view, (written, end))| {
        made.push(Viewed { view, written });
        ended.and(end)
    })
}

/// Reads the page piece by piece, and each script as soon as it has ended.
fn read(
    data: &[u8],
    machine: &mut Machine<'_>,
    scripts: Option<&mut Sink<'_>>,
    budget: &Budget,
) -> Result<(), Stop> {
    let mut scripts = Scripts { data, cuts: Vec::new(), out: scripts, budget };
    let (mut place, mut looked) = (0_usize, 0_usize);
    while let Some(rest) = data.get(place..).filter(|rest| !rest.is_empty()) {
        if place >= looked {
            budget.check()?;
            looked = place.saturating_add(STEP);
        }
        if !machine.is_in_script() {
            scripts.cuts.clear();
        }
        scripts.cuts.push(place);
        let piece = pieces::next(rest);
        for (&byte, at) in piece.iter().zip(place..).skip(pieces::leading_space(piece)) {
            if let Some(ended) = machine.read(byte, at) {
                scripts.add(ended)?;
            }
        }
        place = place.saturating_add(piece.len());
    }
    let open = machine.is_in_open_script();
    let last = machine.end(data.len()).filter(|place| {
        let is_blank = || data.get(place.clone()).is_some_and(|it| it.trim_ascii().is_empty());
        !open || !is_blank()
    });
    last.map_or(Ok(()), |script| scripts.add(script))
}

/// The scripts of a page, on their way to their view.
struct Scripts<'s, 'b> {
    data: &'s [u8],
    /// Where the pieces begin that the script lies in.
    cuts: Vec<usize>,
    out: Option<&'s mut Sink<'b>>,
    budget: &'s Budget,
}

impl Scripts<'_, '_> {
    fn add(&mut self, place: Range<usize>) -> Result<(), Stop> {
        let (Some(out), Some(source)) = (&mut self.out, self.data.get(place.clone())) else {
            return Ok(());
        };
        let cuts = self.cuts.iter().filter(|cut| place.contains(*cut) && **cut != place.start);
        let cuts: Vec<usize> = cuts.map(|cut| cut.saturating_sub(place.start)).collect();
        script::normalise(source, &cuts, out, self.budget)
    }
}

#[cfg(test)]
mod tests;
