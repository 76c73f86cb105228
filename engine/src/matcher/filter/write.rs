//! The tables' bytes, from the windows that the compiler chose. The same windows in the same order
//! give the same bytes.

use zerocopy::IntoBytes;
use zerocopy::little_endian::{U32, U64};

use super::hash::{self, FOLD};
use super::tables::{PHASE_BITS, is_behind, lane_of};
use crate::set::layout::{BucketRow, CELLS, TableRow};

/// A window that gives an anchor away, folded.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Its bytes, as a number in little endian.
    bytes: u64,
    /// Bytes of the run beside it, as a number in little endian.
    beside: u32,
    /// The row of the anchor.
    anchor: u32,
    /// Bytes from the start of the anchor's run to the window, below the table's step.
    phase: u8,
}

/// The windows of one width, probed at one distance.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    width: u8,
    step: u8,
    beside: u8,
    target: u8,
    windows: Vec<Window>,
}

impl Plan {
    /// A plan without windows. They are of `width` bytes, 1 to 8, and probes stand `step` bytes apart, 1,
    /// 2, 4, or 8 if windows have eight bytes.
    pub const fn new(width: u8, step: u8) -> Self {
        // A table with runs that lack a byte has less to tell beside its windows.
        let beside = if takes_short_runs(width, step) { 1 } else { step / 2 };
        Self { width, step, beside, target: 0, windows: Vec::new() }
    }

    /// For objects of the target of that number only; see [`TableRow`].
    pub fn for_target(self, target: u8) -> Self {
        Self { target, ..self }
    }

    /// Bytes that a run must have, so that one of its windows falls on a probe wherever it stands.
    pub const fn run(&self) -> usize {
        let run = (self.width as usize).saturating_add(self.step as usize).saturating_sub(1);
        run.saturating_sub(takes_short_runs(self.width, self.step) as usize)
    }

    /// How many windows there are.
    pub fn windows(&self) -> usize {
        self.windows.len()
    }

    /// Adds the windows of a run; bytes behind the first `width + step - 1` are not looked at. Where
    /// the run has one byte less, the last window is added with each byte that may follow.
    pub fn add(&mut self, run: &[u8], anchor: u32) {
        let (width, step) = (usize::from(self.width), usize::from(self.step));
        let folded: Vec<u8> = run.iter().map(|byte| byte & FOLD as u8).collect();
        for phase in 0..step {
            let bytes = folded.get(phase..).unwrap_or_default();
            let beside = self.beside(&folded, phase);
            let window = |bytes: u64| Window { bytes, beside, anchor, phase: phase as u8 };
            match bytes.get(..width) {
                Some(bytes) => self.windows.push(window(number_of(bytes))),
                None => {
                    let known = number_of(bytes);
                    let any = (0..=u8::MAX).filter(|byte| byte & !(FOLD as u8) == 0);
                    let place = (bytes.len() as u32).wrapping_mul(8);
                    self.windows.extend(any.map(|byte| window(known | u64::from(byte) << place)));
                }
            }
        }
    }

    /// What the tag of the window in that phase tells of.
    fn beside(&self, run: &[u8], phase: usize) -> u32 {
        let (width, beside) = (usize::from(self.width), usize::from(self.beside));
        let start = match is_behind(phase, self.step.into()) {
            true => phase.saturating_add(width),
            false => phase.saturating_sub(beside),
        };
        number_of(run.get(start..start.saturating_add(beside)).unwrap_or_default()) as u32
    }
}

/// Whether the windows of a class, but the last one of a run, may be those of a run that is one byte
/// shorter than the class asks for: then patterns of six bytes need no pass of their own.
const fn takes_short_runs(width: u8, step: u8) -> bool {
    width == 4 && step == 4
}

/// Bytes as a number in little endian.
fn number_of(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The sections.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// One row a table.
    pub tables: Vec<TableRow>,
    /// The words of the filters.
    pub filters: Vec<u8>,
    /// The directories.
    pub buckets: Vec<BucketRow>,
}

/// Bits of a filter for each window, while they fit [`CACHE_BITS`].
const BITS_A_WINDOW: usize = 24;
/// A filter that would have fewer bits than this for each window gives up on the cache.
const LEAST_BITS_A_WINDOW: usize = 8;
/// Bits for each window, at least, of one that does: what need not be looked up makes up for the longer
/// way to it.
const FAR_BITS_A_WINDOW: usize = 16;
/// A filter of this size leaves half of a second-level cache of 2 MiB to others.
const CACHE_BITS: usize = 1 << 23;
/// The smallest filter: smaller ones would not be faster.
const LEAST_BITS: usize = 1 << 15;

/// So many anchors have numbers that fit the cells.
pub const MOST_ANCHORS: u64 = (1 << (32 - PHASE_BITS)) - 1;

/// Writes the tables. `anchors` is how many rows the windows point into; `None` where they are more than
/// [`MOST_ANCHORS`].
pub fn write(plans: &[Plan], anchors: usize) -> Option<Written> {
    let row_bits = usize::BITS.wrapping_sub(anchors.leading_zeros()).max(1);
    if row_bits > 32 - PHASE_BITS {
        return None;
    }
    let mut written = Written::default();
    let mut plans: Vec<&Plan> = plans.iter().filter(|plan| !plan.windows.is_empty()).collect();
    plans.sort_by_key(|plan| (plan.target, plan.width, plan.step));
    for plan in plans {
        let log2_bits = filter_bits(plan.windows.len()).trailing_zeros();
        let words_at = written.filters.len() as u64;
        let lane = lane_of(plan.step.into());
        let log2_words = log2_bits.wrapping_sub(lane.trailing_zeros().wrapping_add(3));
        match lane {
            4 => push_narrow(&plan.windows, log2_words, &mut written.filters),
            _ => push_wide(&plan.windows, log2_words, &mut written.filters),
        }
        let buckets_at = u32::try_from(written.buckets.len()).ok()?;
        let buckets = u32::try_from(plan.windows.len().div_ceil(WINDOWS_A_BUCKET)).ok()?;
        let all_buckets = directory(&plan.windows, buckets, row_bits, &mut written.buckets)?;
        written.tables.push(TableRow {
            width: plan.width,
            step: plan.step,
            log2_words: log2_words as u8,
            row_bits: row_bits as u8,
            beside: plan.beside,
            target: plan.target,
            reserved: [0; 2],
            words_at: words_at.into(),
            buckets_at: buckets_at.into(),
            buckets: buckets.into(),
            all_buckets: all_buckets.into(),
            reserved_too: 0.into(),
        });
    }
    Some(written)
}

fn filter_bits(windows: usize) -> usize {
    let rounded = |a_window: usize| windows.saturating_mul(a_window).next_power_of_two();
    let bits = match rounded(LEAST_BITS_A_WINDOW) > CACHE_BITS {
        true => rounded(FAR_BITS_A_WINDOW),
        false => rounded(BITS_A_WINDOW).min(CACHE_BITS),
    };
    bits.clamp(LEAST_BITS, 1 << 33)
}

fn push_wide(windows: &[Window], log2_words: u32, filters: &mut Vec<u8>) {
    let mut words = vec![0_u64; 1 << log2_words];
    for window in windows {
        let hash = hash::wide(window.bytes);
        if let Some(word) = words.get_mut((hash >> 64_u32.wrapping_sub(log2_words)) as usize) {
            *word |= hash::wide_bits(hash);
        }
    }
    let words: Vec<U64> = words.into_iter().map(U64::from).collect();
    filters.extend_from_slice(words.as_bytes());
}

fn push_narrow(windows: &[Window], log2_words: u32, filters: &mut Vec<u8>) {
    let mut words = vec![0_u32; 1 << log2_words];
    for window in windows {
        let hash = hash::narrow(window.bytes);
        if let Some(word) = words.get_mut((hash >> 32_u32.wrapping_sub(log2_words)) as usize) {
            *word |= hash::narrow_bits(hash, log2_words);
        }
    }
    let words: Vec<U32> = words.into_iter().map(U32::from).collect();
    filters.extend_from_slice(words.as_bytes());
}

/// Windows for each bucket: then few of them need a second one.
const WINDOWS_A_BUCKET: usize = 4;
const EMPTY: BucketRow = BucketRow { cells: [U32::ZERO; CELLS], next: U32::ZERO };

/// Adds a directory for so many buckets; returns how many it has, those that go on with others included.
fn directory(
    windows: &[Window],
    buckets: u32,
    row_bits: u32,
    written: &mut Vec<BucketRow>,
) -> Option<u32> {
    let low = row_bits.wrapping_add(PHASE_BITS);
    let tag_mask = u32::MAX.checked_shl(low).unwrap_or(0);
    let mut cells: Vec<(u32, u32)> = windows
        .iter()
        .map(|window| {
            let hash = hash::directory(window.bytes);
            // No cell is zero, which stands for none.
            let row = window.anchor.wrapping_add(1);
            let cell = row << PHASE_BITS | u32::from(window.phase);
            let tag = hash::tag(hash, window.beside) & tag_mask;
            (hash::bucket(hash, buckets), tag | cell)
        })
        .collect();
    cells.sort_unstable();
    cells.dedup();
    let start = written.len();
    written.resize(start.checked_add(buckets as usize)?, EMPTY);
    for same in cells.chunk_by(|a, b| a.0 == b.0) {
        let mut bucket = start.checked_add(same.first()?.0 as usize)?;
        for (number, some) in same.chunks(CELLS).enumerate() {
            if number > 0 {
                let further = u32::try_from(written.len().checked_sub(start)?).ok()?;
                written.get_mut(bucket)?.next = further.into();
                bucket = written.len();
                written.push(EMPTY);
            }
            let row = written.get_mut(bucket)?;
            row.cells.iter_mut().zip(some).for_each(|(slot, (_, cell))| *slot = (*cell).into());
        }
    }
    u32::try_from(written.len().checked_sub(start)?).ok()
}
