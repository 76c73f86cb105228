//! A file from its blocks, one after the other, and its end in a block that it shares.

use std::io::{self, Read};

use super::inodes::{File, NO_FRAGMENT};
use super::tables::Image;
use crate::input::Content;
use crate::limits::Budget;
use crate::unpack::volume::problem_in_reader;
use crate::verdict::Problem;

/// Reads one file.
pub(super) struct FileReader<'i, 'a> {
    image: &'i Image<'a>,
    file: File<'a>,
    budget: Budget,
    /// Bytes that are left of the file.
    left: u64,
    /// What was not yet read of the block at hand.
    block: Content<'a>,
    /// Zeros that stand for a block.
    zeros: u64,
}

impl<'i, 'a> FileReader<'i, 'a> {
    pub(super) fn new(image: &'i Image<'a>, file: File<'a>, budget: &Budget) -> Self {
        let (left, budget) = (file.size, budget.clone());
        Self { image, file, budget, left, block: Content::borrowed(&[]), zeros: 0 }
    }

    /// Unpacks the next block.
    fn advance(&mut self) -> Result<(), Problem> {
        if self.left < self.image.block && self.file.fragment != NO_FRAGMENT {
            let fragment = self.image.fragment(self.file.fragment, &self.budget)?;
            self.block = fragment.slice(self.file.offset.into(), self.left);
            return Ok(());
        }
        let size = self.file.sizes.u32(&self.budget)?;
        let there = self.left.min(self.image.block);
        if size == 0 {
            self.zeros = there;
            return Ok(());
        }
        self.block = self.image.file_block(self.file.start, size, &self.budget)?.slice(0, there);
        let packed = u64::from(size & 0xff_ffff);
        self.file.start = self.file.start.saturating_add(packed);
        Ok(())
    }
}

impl Read for FileReader<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || into.is_empty() {
            return Ok(0);
        }
        if self.block.is_empty() && self.zeros == 0 {
            self.advance().map_err(|problem| problem_in_reader(&problem))?;
        }
        let count = if self.zeros > 0 {
            let count = io::repeat(0).take(self.zeros).read(into)?;
            self.zeros = self.zeros.saturating_sub(count as u64);
            count
        } else {
            let count = (&*self.block).read(into)?;
            self.block = self.block.slice(count as u64, u64::MAX);
            count
        };
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}
