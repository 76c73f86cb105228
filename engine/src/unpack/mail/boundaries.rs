//! The lines between the parts of a message (RFC 2046, 5.1.1), and between the messages of a mailbox.
//!
//! All boundaries that a message ever declared stay in force, whatever is nested in what: a part that
//! stands behind the end of its container, or in a container that lost its end, is a part all the same.

use std::collections::BTreeSet;
use std::ops::Bound;

use memchr::{memchr2, memmem};

use crate::limits::{Budget, Stop};

/// A line between parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Boundary {
    /// Where the line begins.
    pub(super) start: usize,
    /// Where the next one begins.
    pub(super) next: usize,
    /// Whether it says that the container ends.
    pub(super) closes: bool,
}

/// The boundaries in force.
#[derive(Debug, Default)]
pub(super) struct Boundaries(BTreeSet<Vec<u8>>);

impl Boundaries {
    /// How many there may be. They are also the containers that may be nested in one message.
    pub(super) const MOST: usize = 1024;
    /// As much of a boundary as counts; RFC 2046 allows 70.
    const LONGEST: usize = 256;
    /// Places between two looks at the clock.
    const STEP: usize = 4096;

    /// Puts one in force; says whether there was room.
    pub(super) fn add(&mut self, boundary: &[u8]) -> bool {
        let boundary = boundary.get(..Self::LONGEST).unwrap_or(boundary);
        let is_known = boundary.is_empty() || self.0.contains(boundary);
        if !is_known && self.0.len() < Self::MOST {
            self.0.insert(boundary.to_vec());
            return true;
        }
        is_known
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= Self::MOST
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first line from `from` on, which begins a line, and before `end` that is one of them.
    pub(super) fn find(
        &self,
        data: &[u8],
        from: usize,
        end: usize,
        budget: &Budget,
    ) -> Result<Option<Boundary>, Stop> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let hay = data.get(from..end.min(data.len())).unwrap_or_default();
        for (count, at) in memmem::find_iter(hay, b"--").enumerate() {
            if count % Self::STEP == 0 {
                budget.check()?;
            }
            let begins_line = at == 0 || matches!(hay.get(at.wrapping_sub(1)), Some(b'\n' | b'\r'));
            if let Some(found) =
                begins_line.then(|| self.at(data, from.saturating_add(at))).flatten()
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The boundary whose line begins here.
    pub(super) fn at(&self, data: &[u8], start: usize) -> Option<Boundary> {
        let line = line_at(data, start).strip_prefix(b"--")?;
        let length = self.longest_in_front(line)?;
        let behind = line.get(length..).unwrap_or_default().trim_ascii_end();
        let next = next_line(data, start);
        // A boundary is in force in front of other text, too; but a line of a script may look like one.
        let stands =
            behind.is_empty() || behind.starts_with(b"--") || is_field(line_at(data, next));
        stands.then_some(Boundary { start, next, closes: behind.starts_with(b"--") })
    }

    /// The length of the longest one that `line` begins with.
    fn longest_in_front(&self, line: &[u8]) -> Option<usize> {
        let mut probe = line.get(..Self::LONGEST).unwrap_or(line);
        loop {
            let up_to = (Bound::Unbounded, Bound::Included(probe));
            let candidate = self.0.range::<[u8], _>(up_to).next_back()?;
            if probe.starts_with(candidate) {
                return Some(candidate.len());
            }
            // Whatever begins the line begins what the two have in common.
            let common = probe.iter().zip(candidate).take_while(|(a, b)| a == b).count();
            probe = probe.get(..common).unwrap_or_default();
        }
    }
}

/// A boundary that nobody declared: the first line from `from` on that begins with `--` and has a field
/// of a header behind it.
pub(super) fn guess(data: &[u8], from: usize, end: usize) -> Option<&[u8]> {
    /// Lines that may be looked at.
    const LINES: usize = 10_000;
    let hay = data.get(..end.min(data.len())).unwrap_or_default();
    let mut at = from;
    for _ in 0..LINES {
        let line = line_at(hay, at);
        let next = next_line(hay, at);
        let name = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end).unwrap_or_default();
        if !name.is_empty() && is_field(line_at(hay, next)) {
            return Some(name);
        }
        if next >= hay.len() {
            break;
        }
        at = next;
    }
    None
}

/// Where the next message of a mailbox begins from `from` on: a line `From ` behind an empty one and in
/// front of a field.
pub(super) fn find_message(
    data: &[u8],
    from: usize,
    budget: &Budget,
) -> Result<Option<usize>, Stop> {
    let hay = data.get(from..).unwrap_or_default();
    for (count, at) in memmem::find_iter(hay, b"\nFrom ").enumerate() {
        if count % Boundaries::STEP == 0 {
            budget.check()?;
        }
        let start = from.saturating_add(at).saturating_add(1);
        let before = data.get(..start.saturating_sub(1)).unwrap_or_default();
        let is_behind_empty = before.ends_with(b"\n") || before.ends_with(b"\n\r");
        if is_behind_empty && is_field(line_at(data, next_line(data, start))) {
            return Ok(Some(start));
        }
    }
    Ok(None)
}

/// Whether a line is a field of a header: a name of letters and `-`, and a colon.
pub(super) fn is_field(line: &[u8]) -> bool {
    let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let trimmed = name.trim_ascii_end();
    name.len() < line.len() && !trimmed.is_empty() && trimmed.iter().all(is_name)
}

/// The line that begins at a place, without its end.
pub(super) fn line_at(data: &[u8], start: usize) -> &[u8] {
    let rest = data.get(start..).unwrap_or_default();
    let length = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    rest.get(..length).unwrap_or(rest)
}

/// Where the line behind the one at `start` begins.
pub(super) fn next_line(data: &[u8], start: usize) -> usize {
    let end = start.saturating_add(line_at(data, start).len());
    let ends = match data.get(end..).unwrap_or_default() {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    };
    end.saturating_add(ends)
}

/// The place before the line end in front of `at`: it belongs to the boundary.
pub(super) fn without_line_end(data: &[u8], from: usize, at: usize) -> usize {
    let before = data.get(from..at).unwrap_or_default();
    let ends = match before {
        [.., b'\r', b'\n'] => 2,
        [.., b'\r' | b'\n'] => 1,
        _ => 0,
    };
    at.saturating_sub(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::unpack::testing::budget;

    fn boundaries(names: &[&str]) -> Boundaries {
        let mut boundaries = Boundaries::default();
        assert!(names.iter().all(|name| boundaries.add(name.as_bytes())));
        boundaries
    }

    fn found(names: &[&str], data: &str) -> Vec<(usize, bool)> {
        let (boundaries, budget) = (boundaries(names), budget(Limits::default()));
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(boundary) =
            boundaries.find(data.as_bytes(), at, data.len(), &budget).unwrap()
        {
            found.push((boundary.start, boundary.closes));
            at = boundary.next;
        }
        found
    }

    #[test]
    fn a_boundary_is_a_line_of_its_own() {
        for (data, expected) in [
            ("--a\nx\n--a--\n", vec![(0, false), (6, true)]),
            ("x\r\n--a  \r\n--a--", vec![(3, false), (10, true)]),
            ("x\r--a\r", vec![(2, false)]),
            ("x --a\n ---a\n-a", vec![]),
            ("--b\n--\n----\n", vec![]),
        ] {
            assert_eq!(found(&["a"], data), expected, "{data:?}");
        }
    }

    #[test]
    fn text_behind_a_boundary_needs_a_field_in_the_next_line() {
        assert_eq!(found(&["a"], "--abc\nContent-Type: x\n"), [(0, false)]);
        assert_eq!(found(&["a"], "--abc\nlocal x = 1\n"), []);
        assert_eq!(found(&["a"], "--a--xyz\n"), [(0, true)]);
    }

    #[test]
    fn the_longest_boundary_counts() {
        let names = ["a", "a--b", "a-c", "ab", "b"];
        for (line, length) in [
            ("a", Some(1)),
            ("ax", Some(1)),
            ("a--b", Some(4)),
            ("a--bz", Some(4)),
            ("a-", Some(1)),
            ("a-d", Some(1)),
            ("abz", Some(2)),
            ("c", None),
            ("", None),
            ("A", None),
        ] {
            assert_eq!(boundaries(&names).longest_in_front(line.as_bytes()), length, "{line}");
        }
    }

    #[test]
    fn boundaries_have_an_end() {
        let mut boundaries = Boundaries::default();
        assert!((0..Boundaries::MOST).all(|n| boundaries.add(n.to_string().as_bytes())));
        assert!(boundaries.is_full() && !boundaries.add(b"more") && boundaries.add(b"7"));
        assert!(boundaries.add(b""), "none is as good as known");
    }

    #[test]
    fn messages_begin_behind_an_empty_line_and_with_a_header() {
        let budget = budget(Limits::default());
        let find = |data: &str| find_message(data.as_bytes(), 0, &budget).unwrap();
        assert_eq!(find("a\n\nFrom b\nTo: c\n"), Some(3));
        assert_eq!(find("a\r\n\r\nFrom b\r\nTo: c\r\n"), Some(5));
        assert_eq!(find("a\nFrom b\nTo: c\n"), None);
        assert_eq!(find("a\n\nFrom here on\nno header\n"), None);
        assert_eq!(find("a\n\n>From b\nTo: c\n"), None);
    }
}
