//! A part of a body put together: its run, the lone bytes beside it, and its boundaries.
//!
//! `hh[x-y]` before a run and `[x-y]hh` behind it ask for a byte in the neighbourhood. Offsets and gaps
//! are measured from the run, not from the lone byte (tried with ClamAV 1.4). A boundary at the very
//! start or end of a run looks at the bytes beside it; one between other elements takes the bytes that
//! it stands for. A negated one at the start takes its byte, too. A lone byte whose second digit is `?`
//! asks for nothing, not even for a byte.

#![warn(clippy::arithmetic_side_effects)]

use pellucid::matcher::{Boundary, ByteMask, Element, Nearby, Part, Side};

use crate::diagnostic::Fault;

/// The longest distance between a lone byte and its run.
pub(super) const MAX_ANCHOR: u64 = 32;

/// `[x-y]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    pub(super) min: u8,
    pub(super) max: u8,
}

/// What stands between two gaps, as it is read: runs with anchors between them.
#[derive(Debug, Default)]
pub(super) struct PartInWork {
    /// Finished runs, each with the anchor behind it.
    before: Vec<(Part, Anchor)>,
    /// The run in work.
    pub(super) run: Part,
}

impl PartInWork {
    /// Ends the run in work; false where an anchor cannot stand.
    pub(super) fn anchor(&mut self, anchor: Anchor) -> bool {
        if self.run.is_empty() || self.before.len() >= 2 {
            return false;
        }
        self.before.push((std::mem::take(&mut self.run), anchor));
        true
    }

    /// The part, or what is wrong with it.
    pub(super) fn finish(self) -> Result<Part, Fault> {
        let Beside { before, mut run, behind } =
            beside(self.before, self.run).ok_or_else(|| {
                Fault::error("anchored byte", "`[x-y]` stands between two runs")
                    .help("on one side of `[x-y]` stands a single byte; use a gap between runs")
            })?;
        if !has_fixed_pair(&run) {
            return Err(Fault::error("too short", "no two neighbouring fixed bytes in this part")
                .help("every part between gaps needs two bytes without wildcards side by side"));
        }
        set_sides(&mut run);
        let nearby = |lone: Option<(ByteMask, Anchor)>, behind: bool| {
            lone.filter(|(byte, _)| byte.mask & 0x0f != 0).map(|(byte, Anchor { min, max })| {
                Element::Nearby(Nearby { byte, behind, min, max })
            })
        };
        run.splice(0..0, nearby(before, false));
        run.extend(nearby(behind, true));
        Ok(run)
    }
}

/// A run and the lone bytes beside it.
struct Beside {
    before: Option<(ByteMask, Anchor)>,
    run: Part,
    behind: Option<(ByteMask, Anchor)>,
}

/// Which of the runs are lone bytes; none where two of them are longer.
fn beside(before: Vec<(Part, Anchor)>, last: Part) -> Option<Beside> {
    let lone = |part: &Part| match part.as_slice() {
        [Element::Byte(byte)] => Some(*byte),
        _ => None,
    };
    let mut runs = before.into_iter();
    let (first, second) = (runs.next(), runs.next());
    Some(match (first, second) {
        (None, _) => Beside { before: None, run: last, behind: None },
        (Some((run, anchor)), None) => match (lone(&run), lone(&last)) {
            (Some(byte), _) => Beside { before: Some((byte, anchor)), run: last, behind: None },
            (None, Some(byte)) => Beside { before: None, run, behind: Some((byte, anchor)) },
            (None, None) => return None,
        },
        (Some((first, before)), Some((run, behind))) => Beside {
            before: Some((lone(&first)?, before)),
            run,
            behind: Some((lone(&last)?, behind)),
        },
    })
}

/// Says of the boundaries at the ends of a run that they stand there.
fn set_sides(run: &mut Part) {
    if let Some(Element::Boundary(last)) = run.last_mut() {
        last.side = Side::Behind;
    }
    if let Some(Element::Boundary(first @ Boundary { negated: false, .. })) = run.first_mut() {
        first.side = Side::Before;
    }
    for element in run {
        if let Element::Boundary(inside @ Boundary { side: Side::Inside, .. }) = element {
            inside.wide = false;
        }
    }
}

/// An exact byte, or a letter of either case.
pub(super) fn is_fixed_byte(byte: ByteMask) -> bool {
    byte.mask == 0xff || byte.mask == 0xdf && byte.value.is_ascii_uppercase()
}

fn has_fixed_pair(run: &Part) -> bool {
    let is_fixed =
        |element: &Element| matches!(element, Element::Byte(byte) if is_fixed_byte(*byte));
    run.iter().zip(run.iter().skip(1)).any(|(a, b)| is_fixed(a) && is_fixed(b))
}
