//! The first two stages of looking candidates up, for all of them at once: where to look and what for,
//! then whether anything is there. Neither has a branch that depends on the data.

use super::candidates::Candidates;
use super::hash::{self, FOLD};
use super::kernels::prefetch;
use super::tables::{Table, Tags, mask_of};

/// A candidate, where to look it up and what for.
#[derive(Clone, Copy)]
pub(super) struct Probe {
    /// Counted from the start of the region.
    pub(super) position: u32,
    pub(super) bucket: u32,
    pub(super) tags: Tags,
}

/// Those of a table's candidates, which are emptied. The region begins at `base`.
pub(super) fn of(
    table: &Table<'_>,
    candidates: &mut Candidates,
    data: &[u8],
    base: usize,
    probes: &mut Vec<Probe>,
) {
    let mask = mask_of(table.width) & FOLD;
    probes.clear();
    probes.extend(candidates.as_slice().iter().map(|&position| {
        let around = Around::read(data, base.wrapping_add(position as usize));
        let hash = hash::directory(around.window() & mask);
        let bucket = table.bucket(hash);
        prefetch::item(table.unread(), bucket as usize);
        Probe { position, bucket, tags: table.tags(hash, &around) }
    }));
    candidates.length = 0;
}

/// Leaves the probes whose buckets may have something for them. `Vec::retain` would branch on each: a
/// seventh more time for all of looking up.
pub(super) fn sift(table: &Table<'_>, probes: &mut Vec<Probe>) {
    let mut kept = 0_usize;
    for number in 0..probes.len() {
        let Some(&probe) = probes.get(number) else { break };
        if let Some(slot) = probes.get_mut(kept) {
            *slot = probe;
        }
        // Written over by the next one, if it is none.
        let is_one = table.may_have(probe.bucket, probe.tags);
        kept = kept.wrapping_add(usize::from(is_one));
    }
    probes.truncate(kept);
}

/// What stands around a place in the data: four bytes before it and twelve from it on, zeros where there
/// are none.
pub(super) struct Around(u128);

impl Around {
    #[inline]
    fn read(data: &[u8], at: usize) -> Self {
        let all = at.checked_sub(4).and_then(|start| data.get(start..)?.first_chunk());
        match all {
            Some(all) => Self(u128::from_le_bytes(*all)),
            None => Self::read_at_an_end(data, at),
        }
    }

    #[cold]
    fn read_at_an_end(data: &[u8], at: usize) -> Self {
        let byte = |place: usize| {
            let place = at.checked_add(place)?.checked_sub(4)?;
            data.get(place).copied()
        };
        Self(u128::from_le_bytes(std::array::from_fn(|place| byte(place).unwrap_or(0))))
    }

    /// Eight bytes from the place on.
    #[inline]
    fn window(&self) -> u64 {
        (self.0 >> 32) as u64
    }

    /// Four bytes from so many behind the place on, at most eight.
    #[inline]
    pub(super) fn behind(&self, distance: usize) -> u32 {
        (self.0 >> 32 >> (distance.wrapping_mul(8) & 127)) as u32
    }

    /// Four bytes from so many before the place on, at most four.
    #[inline]
    pub(super) fn before(&self, distance: usize) -> u32 {
        (self.0 >> (32_usize.wrapping_sub(distance.wrapping_mul(8)) & 127)) as u32
    }
}

/// Eight bytes as a number in little endian, zeros where there are none.
#[inline]
pub(super) fn read(data: &[u8], at: usize) -> u64 {
    let rest = data.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(all) => u64::from_le_bytes(*all),
        None => rest.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_around_a_place_are_those_of_the_data_and_zeros() {
        let data: Vec<u8> = (1..=40).collect();
        for length in 0..data.len() {
            let data = &data[..length];
            // Two places beyond the end, too: a window may begin there.
            for at in 0..length + 2 {
                let around = Around::read(data, at);
                assert_eq!(around.window(), read(data, at));
                for distance in 0..=8 {
                    assert_eq!(around.behind(distance), read(data, at + distance) as u32);
                }
                for distance in 0..=4 {
                    let shifted = [&[0; 4], data].concat();
                    let expected = read(&shifted, at + 4 - distance) as u32;
                    assert_eq!(around.before(distance), expected, "{at} {distance} {length}");
                }
            }
        }
    }
}
