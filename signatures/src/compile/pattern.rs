//! A pattern cut into segments: pieces without unbounded gaps, each a program and its literal.

use pellucid::matcher::program::{self, TooLong};
use pellucid::matcher::{Gap, Part, Pattern};

use super::literal::{self, Literal};
use super::windows::runs::{self, Stretch};

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Bytes that must at least lie before it, from the end of the piece before.
    pub(crate) gap: u32,
    pub(crate) program: Vec<u8>,
    pub(crate) literal: Option<Literal>,
    /// What the search can look for.
    pub(crate) stretches: Vec<Stretch>,
}

/// The segments of a pattern, in order.
pub(crate) fn segments(pattern: &Pattern) -> Result<Vec<Segment>, TooLong> {
    let mut segments = Vec::new();
    let (mut gap, mut first) = (0, &pattern.first);
    let mut rest: Vec<(Gap, &Part)> = Vec::new();
    for (before, part) in &pattern.rest {
        if before.max.is_some() {
            rest.push((*before, part));
            continue;
        }
        segments.push(segment(gap, first, std::mem::take(&mut rest))?);
        (gap, first) = (before.min, part);
    }
    segments.push(segment(gap, first, rest)?);
    Ok(segments)
}

fn segment(gap: u32, first: &Part, rest: Vec<(Gap, &Part)>) -> Result<Segment, TooLong> {
    let literal = literal::choose(first, rest.iter().copied());
    let stretches = runs::stretches(first, rest.iter().copied());
    Ok(Segment { gap, program: program::encode(first, rest)?, literal, stretches })
}

#[cfg(test)]
mod tests {
    use pellucid::matcher::{ByteMask, Element};

    use super::*;

    #[test]
    fn unbounded_gaps_cut_a_pattern() {
        let part = |text: &[u8]| -> Part {
            text.iter().map(|&byte| Element::Byte(ByteMask::exact(byte))).collect()
        };
        let mut pattern = Pattern::new(part(b"ab"));
        pattern.rest = vec![
            (Gap { min: 1, max: Some(2) }, part(b"cd")),
            (Gap { min: 5, max: None }, part(b"ef")),
        ];
        let found = segments(&pattern).unwrap();
        let shape: Vec<_> = found.iter().map(|s| (s.gap, s.program.len())).collect();
        assert_eq!(shape, [(0, 5 + 9 + 5), (5, 5)]);
        assert_eq!(found[1].literal.as_ref().unwrap().bytes, b"ef");
    }
}
