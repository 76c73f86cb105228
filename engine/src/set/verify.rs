//! From bytes that nobody vouches for to bytes that are known to be those that were written.
//!
//! The sole maker of [`Verified`]. So far a set is verified against its own hash tree, which shows
//! damage but not forgery: signatures are not part of the format yet, and every result says so.
//!
//! Verifying means that the tree is authenticated; it takes 64 bytes for each 65,536 of the set. The
//! bytes themselves are compared with it before they are used, chunk by chunk (`chunks.rs`).

#![warn(clippy::arithmetic_side_effects)]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use zerocopy::FromBytes;

use super::chunks::{Chunks, SetBytes};
use super::error::{SetError, SetErrorKind};
use super::layout::{CHUNK, Header, MAGIC, VERSION_MAJOR};
use super::tree::{self, Hash};
use crate::input::{self, Mapping, Watch};

/// Bytes with the header of a set. Nothing else about them is believed.
pub struct Unverified {
    bytes: SetBytes,
    tree_offset: usize,
}

/// Bytes of a set that agree with a hash tree whose root is known: each before it is used.
pub struct Verified {
    pub(super) chunks: Chunks,
    pub(super) root: Hash,
}

impl Unverified {
    /// Reads a set file. It is mapped where [`input::survive_shrinking_maps`] was asked for, so that
    /// processes share it; else it is read into memory. A mapped file must not be written to, but
    /// replaced by renaming a new one over it: after a write, scans say that they are not complete.
    pub fn from_path(path: &Path) -> Result<Self, SetError> {
        let unreadable = |error: std::io::Error| {
            SetError::new(SetErrorKind::Unreadable, format!("{}: {error}", path.display()))
        };
        // Asked before it is opened, since opening a pipe would wait for a writer.
        if !path.metadata().map_err(unreadable)?.is_file() {
            return Err(unreadable(std::io::Error::other("not a regular file")));
        }
        let file = File::open(path).map_err(unreadable)?;
        match Mapping::of(&file) {
            Some(mapping) => Self::mapped(mapping, file).map_err(unreadable)?,
            None => Self::from_bytes(input::read_whole(&file).map_err(unreadable)?),
        }
    }

    /// Reads the set in an open regular file, whatever its position, which is left as it was. What holds
    /// for [`Unverified::from_path`] holds here.
    pub fn from_file(file: &File) -> Result<Self, SetError> {
        let unreadable =
            |error: std::io::Error| SetError::new(SetErrorKind::Unreadable, error.to_string());
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(unreadable(std::io::Error::other("not a regular file")));
        }
        match Mapping::of(file) {
            Some(mapping) => {
                Self::mapped(mapping, file.try_clone().map_err(unreadable)?).map_err(unreadable)?
            }
            None => Self::from_bytes(input::read_whole(file).map_err(unreadable)?),
        }
    }

    fn mapped(mapping: Mapping, file: File) -> std::io::Result<Result<Self, SetError>> {
        let mapping = Arc::new(mapping);
        let watch = Watch::over(file, Arc::clone(&mapping))?;
        Ok(Self::new(SetBytes::Mapped(mapping, Arc::new(watch))))
    }

    /// Takes a set from memory.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SetError> {
        Self::new(SetBytes::Held(bytes.into()))
    }

    /// Takes a set that is part of the program.
    pub fn from_static(bytes: &'static [u8]) -> Result<Self, SetError> {
        Self::new(SetBytes::Static(bytes))
    }

    fn new(bytes: SetBytes) -> Result<Self, SetError> {
        let header = read_header(&bytes)?;
        let tree_offset = check_length(&header, bytes.len())?;
        Ok(Self { bytes, tree_offset })
    }

    /// Authenticates the hash tree. Its leaves are copied, so that what is read later is compared with
    /// what was vouched for now, whatever becomes of the file.
    pub fn verify(self) -> Result<Verified, SetError> {
        let tree = self.bytes.get(self.tree_offset..).unwrap_or_default();
        let (stored, rest) = tree.as_chunks::<32>();
        let Some((stored_root, leaves)) = stored.split_last().filter(|_| rest.is_empty()) else {
            return Err(SetError::new(SetErrorKind::Truncated, "the hash tree is cut short"));
        };
        let (leaves, stored_root): (Box<[Hash]>, Hash) = (leaves.into(), *stored_root);
        let root = tree::root(&leaves);
        if root != stored_root {
            return Err(SetError::new(
                SetErrorKind::Damaged,
                format!("root hash expected {}, found {}", hex(&stored_root), hex(&root)),
            ));
        }
        Ok(Verified { root, chunks: Chunks::new(self.bytes, self.tree_offset, leaves) })
    }
}

fn read_header(bytes: &[u8]) -> Result<Header, SetError> {
    let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    if magic != MAGIC {
        let message = format!("not a signature set: starts with {}", printable(magic));
        return Err(SetError::new(SetErrorKind::Foreign, message));
    }
    let Ok((header, _)) = Header::read_from_prefix(bytes) else {
        let message = format!("header of 64 bytes expected, {} bytes found", bytes.len());
        return Err(SetError::new(SetErrorKind::Truncated, message));
    };
    if header.major.get() != VERSION_MAJOR {
        let message = format!(
            "format version {VERSION_MAJOR} expected, {}.{} found",
            header.major, header.minor
        );
        return Err(SetError::new(SetErrorKind::Version, message));
    }
    if header.chunk.get() != CHUNK {
        let message =
            format!("chunks of {CHUNK} bytes expected, {} found at offset 32", header.chunk);
        return Err(SetError::new(SetErrorKind::Damaged, message));
    }
    Ok(header)
}

/// Checks the lengths against each other; gives the start of the hash tree.
fn check_length(header: &Header, length: usize) -> Result<usize, SetError> {
    let declared = header.file_length.get();
    if declared != length as u64 {
        let message = format!("{declared} bytes expected, {length} found");
        return Err(SetError::new(SetErrorKind::Truncated, message));
    }
    let tree_offset = header.tree_offset.get();
    let chunks = tree_offset.div_ceil(CHUNK.into());
    let tree_length = chunks.checked_add(1).and_then(|hashes| hashes.checked_mul(32));
    let expected = tree_length.and_then(|tree| tree_offset.checked_add(tree));
    match usize::try_from(tree_offset) {
        Ok(tree_offset) if expected == Some(declared) => Ok(tree_offset),
        _ => Err(SetError::new(
            SetErrorKind::Damaged,
            format!("hash tree at {tree_offset} does not fit a file of {declared} bytes"),
        )),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn printable(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        "nothing (empty file)".into()
    } else {
        format!("\"{}\"", bytes.escape_ascii())
    }
}
