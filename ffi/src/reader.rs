//! Content that the host reads for us, through a function of its own.

use std::ffi::c_void;
use std::io::{self, Read};

use crate::error::Failure;
use crate::record::{Record, ends};

/// In `size`: the host does not know how long the content is.
pub const PELLUCID_SIZE_UNKNOWN: u64 = u64::MAX;

/// A function of the host's that reads the content to scan.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Set by the caller: sizeof(pellucid_reader).
    pub struct_size: usize,
    /// Handed to `read_at`.
    pub user: *mut c_void,
    /// The content's length in bytes, or PELLUCID_SIZE_UNKNOWN.
    pub size: u64,
    /// Writes up to `length` bytes of the content, from `offset` on, to `buffer`, and returns how many:
    /// fewer than asked for is allowed, 0 means that there are no more, and a negative number that
    /// reading failed. Called on the thread that scans; it may not throw, longjmp, or scan. If the
    /// content ends before `size`, the result says PELLUCID_REASON_TRUNCATED, and after a failure
    /// PELLUCID_REASON_UNREADABLE; what was read before is scanned.
    pub read_at: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            offset: u64,
            buffer: *mut c_void,
            length: usize,
        ) -> i64,
    >,
}

// SAFETY: `repr(C)`, begins with its size; an integer, a raw pointer and a nullable function pointer,
// which the header asks to be a function where it is not NULL.
unsafe impl Record for Reader {
    const ENDS: &'static [usize] = ends!(Reader { struct_size, user, size, read_at });
}

type ReadAt = unsafe extern "C" fn(*mut c_void, u64, *mut c_void, usize) -> i64;

/// The host's function as a reader from start to end.
pub(crate) struct FromStart {
    read_at: ReadAt,
    user: *mut c_void,
    size: u64,
    offset: u64,
}

impl FromStart {
    pub(crate) fn new(reader: Reader) -> Result<Self, Failure> {
        let read_at = reader.read_at.ok_or_else(|| Failure::argument("read_at is NULL"))?;
        Ok(Self { read_at, user: reader.user, size: reader.size, offset: 0 })
    }
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(self.offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if length == 0 {
            return Ok(0);
        }
        let buffer = buffer.as_mut_ptr().cast();
        // SAFETY: the header asks for a function of this type; `length` bytes are writable there.
        let count = unsafe { (self.read_at)(self.user, self.offset, buffer, length) };
        let count = match usize::try_from(count) {
            Ok(0) if self.size != PELLUCID_SIZE_UNKNOWN => {
                let message = format!("{} of {} bytes came", self.offset, self.size);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
            Ok(count) if count <= length => count,
            Ok(count) => {
                let message = format!("read_at was asked for {length} bytes and speaks of {count}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            Err(_) => {
                let message = format!("read_at failed at byte {} with {count}", self.offset);
                return Err(io::Error::other(message));
            }
        };
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}
