//! The tables' bytes, from the windows that the compiler chose. The same windows in the same order
//! give the same bytes.

use zerocopy::IntoBytes;
use zerocopy::little_endian::{U32, U64};

use super::hash::{self, FOLD};
use super::tables::{PHASE_BITS, lane_of, mask_of};
use crate::set::layout::TableRow;

/// A window that gives an anchor away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// Its bytes, as a number in little endian; folding is done here.
    pub bytes: u64,
    /// The row of the anchor.
    pub anchor: u32,
    /// Bytes from the start of the anchor's run to the window, below the table's step.
    pub phase: u8,
}

/// The windows of one width, probed at one distance.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Bytes in a window, 1 to 4 or 8.
    pub width: u8,
    /// Probes stand so many bytes apart: 1, 2, 4 or 8.
    pub step: u8,
    /// The windows.
    pub windows: Vec<Window>,
}

/// The sections.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// One row a table.
    pub tables: Vec<TableRow>,
    /// The words of the filters.
    pub filters: Vec<u8>,
    /// The directories.
    pub heads: Vec<U32>,
    /// Their cells.
    pub cells: Vec<U32>,
}

/// Bits of a filter for each window, while they fit [`CACHE_BITS`].
const BITS_A_WINDOW: usize = 24;
/// Bits of a filter for each window at the least, rounded up.
const LEAST_BITS_A_WINDOW: usize = 8;
/// A filter of this size leaves half of a second-level cache of 2 MiB to others.
const CACHE_BITS: usize = 1 << 23;
/// The smallest filter: smaller ones would not be faster.
const LEAST_BITS: usize = 1 << 15;

/// Writes the tables. `anchors` is how many rows the windows point into; `None` where there are too
/// many for the cells.
pub fn write(plans: &[Plan], anchors: usize) -> Option<Written> {
    let row_bits = usize::BITS.wrapping_sub(anchors.leading_zeros()).max(1);
    if row_bits > 32 - PHASE_BITS {
        return None;
    }
    let mut written = Written::default();
    for plan in plans.iter().filter(|plan| !plan.windows.is_empty()) {
        let log2_bits = filter_bits(plan.windows.len()).trailing_zeros();
        let words_at = written.filters.len() as u64;
        let lane = lane_of(plan.width.into());
        let log2_words = log2_bits.wrapping_sub(lane.trailing_zeros().wrapping_add(3));
        let folded = folded(plan);
        match lane {
            4 => push_narrow(&folded, log2_words, &mut written.filters),
            _ => push_wide(&folded, log2_words, &mut written.filters),
        }
        let log2_heads =
            plan.windows.len().next_power_of_two().trailing_zeros().clamp(5, 28).wrapping_sub(1);
        let heads_at = u32::try_from(written.heads.len()).ok()?;
        let cells_at = u32::try_from(written.cells.len()).ok()?;
        let cells = directory(&folded, log2_heads, row_bits, &mut written)?;
        written.tables.push(TableRow {
            width: plan.width,
            step: plan.step,
            log2_words: log2_words as u8,
            log2_heads: log2_heads as u8,
            row_bits: row_bits as u8,
            reserved: [0; 3],
            words_at: words_at.into(),
            heads_at: heads_at.into(),
            cells_at: cells_at.into(),
            cells: cells.into(),
            reserved_too: 0.into(),
        });
    }
    Some(written)
}

/// The windows as a search sees them.
fn folded(plan: &Plan) -> Vec<Window> {
    let mask = mask_of(plan.width.into()) & FOLD;
    plan.windows.iter().map(|window| Window { bytes: window.bytes & mask, ..*window }).collect()
}

fn filter_bits(windows: usize) -> usize {
    let wished = windows.saturating_mul(BITS_A_WINDOW).next_power_of_two().min(CACHE_BITS);
    let least = windows.saturating_mul(LEAST_BITS_A_WINDOW).next_power_of_two();
    wished.max(least).clamp(LEAST_BITS, 1 << 33)
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
        let (place, bits) = hash::narrow(window.bytes as u32);
        if let Some(word) = words.get_mut((place >> 32_u32.wrapping_sub(log2_words)) as usize) {
            *word |= hash::narrow_bits(bits);
        }
    }
    let words: Vec<U32> = words.into_iter().map(U32::from).collect();
    filters.extend_from_slice(words.as_bytes());
}

/// Adds a directory; returns how many cells it has.
fn directory(
    windows: &[Window],
    log2_heads: u32,
    row_bits: u32,
    written: &mut Written,
) -> Option<u32> {
    let low = row_bits.wrapping_add(PHASE_BITS);
    let tag_mask = u32::MAX.checked_shl(low).unwrap_or(0);
    let mut placed: Vec<(u32, u32)> = windows
        .iter()
        .map(|window| {
            let hash = hash::directory(window.bytes);
            let bucket = (hash >> 64_u32.wrapping_sub(log2_heads)) as u32;
            let cell = window.anchor << PHASE_BITS | u32::from(window.phase);
            (bucket, hash as u32 & tag_mask | cell)
        })
        .collect();
    placed.sort_unstable();
    placed.dedup();
    let mut cells = placed.iter().peekable();
    let mut count = 0_u32;
    for bucket in 0..1_u32 << log2_heads {
        written.heads.push(count.into());
        while let Some((_, cell)) = cells.next_if(|(own, _)| *own == bucket) {
            written.cells.push((*cell).into());
            count = count.checked_add(1)?;
        }
    }
    written.heads.push(count.into());
    Some(count)
}
