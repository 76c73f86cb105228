//! Decoders that unpack one block after another.

use std::io::{self, Read};

/// A decoder that puts out a block at a time.
pub(in crate::unpack) trait ByBlock {
    /// Unpacks the next block into what is empty; `false` behind the last. What it put there before it
    /// failed is handed out when reading goes on.
    fn next_block(&mut self, block: &mut Vec<u8>) -> io::Result<bool>;
}

/// Reads what is in the blocks. It holds one of them, which whoever made the decoder has charged.
pub(in crate::unpack) struct Blockwise<B> {
    blocks: B,
    block: Vec<u8>,
    /// Bytes of the block that were handed out.
    taken: usize,
}

impl<B> Blockwise<B> {
    pub(in crate::unpack) fn new(blocks: B) -> Self {
        Self { blocks, block: Vec::new(), taken: 0 }
    }

    pub(in crate::unpack) fn get_ref(&self) -> &B {
        &self.blocks
    }
}

impl<B: ByBlock> Read for Blockwise<B> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.taken >= self.block.len() {
            self.block.clear();
            self.taken = 0;
            if !self.blocks.next_block(&mut self.block)? {
                return Ok(0);
            }
        }
        let count = self.block.get(self.taken..).unwrap_or_default().read(into)?;
        self.taken = self.taken.saturating_add(count);
        Ok(count)
    }
}
