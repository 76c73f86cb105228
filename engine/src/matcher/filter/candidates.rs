//! Positions that a filter let through, in a buffer of fixed size.

/// Lanes that one call of a kernel looks at, at most.
pub(super) const LANES: usize = 1024;
/// Candidates are looked up when there are as many as this: enough to hide the memory's latency
/// behind each other, few enough to stay in the first-level cache.
pub(super) const ENOUGH: usize = 512;
/// A kernel may write a whole vector behind its last candidate.
pub(super) const SLACK: usize = 16;
const ROOM: usize = ENOUGH + LANES + SLACK;

/// Positions, counted from the start of the region that is searched.
pub(super) struct Candidates {
    pub(super) positions: Box<[u32; ROOM]>,
    pub(super) length: usize,
}

impl Default for Candidates {
    fn default() -> Self {
        Self { positions: Box::new([0; ROOM]), length: 0 }
    }
}

impl Candidates {
    /// Whether they are to be looked up before the next call of a kernel.
    pub(super) fn is_enough(&self) -> bool {
        self.length >= ENOUGH
    }

    #[inline]
    pub(super) fn push(&mut self, position: u32) {
        if let Some(slot) = self.positions.get_mut(self.length) {
            *slot = position;
            self.length = self.length.wrapping_add(1);
        }
    }

    /// Gives a writer to whoever finds many. What it adds is there once its length was put back.
    #[inline]
    pub(super) fn writer(&mut self) -> Writer<'_> {
        Writer { positions: self.positions.as_mut_slice(), length: self.length }
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        self.positions.get(..self.length).unwrap_or_default()
    }
}

/// Adds positions. Its length stays in a register, where that of [`Candidates`] would go through memory
/// for each position.
pub(super) struct Writer<'c> {
    positions: &'c mut [u32],
    pub(super) length: usize,
}

impl Writer<'_> {
    /// Adds a position, or leaves it to be written over: a branch that nobody can foresee would cost
    /// more.
    #[inline]
    pub(super) fn push_if(&mut self, is_one: bool, position: u32) {
        if let Some(slot) = self.positions.get_mut(self.length) {
            *slot = position;
            self.length = self.length.wrapping_add(usize::from(is_one));
        }
    }

    /// Takes out those behind so many first ones that are none after all.
    #[inline]
    pub(super) fn retain_behind(&mut self, first: usize, mut is_one: impl FnMut(u32) -> bool) {
        let end = std::mem::replace(&mut self.length, first);
        for at in first..end {
            let Some(&position) = self.positions.get(at) else { break };
            self.push_if(is_one(position), position);
        }
    }
}
