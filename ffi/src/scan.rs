//! One scan: of a path, a descriptor, memory, or what the host reads.

use std::ffi::{c_char, c_int, c_void};
use std::fs::File;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::fd::FromRawFd;

use pellucid::input::Input;

use crate::boundary::{bytes, call, path, required};
use crate::engine::Engine;
use crate::error::{Error, Failure};
use crate::options::{Asked, ScanOptions};
use crate::reader::{FromStart, Reader};
use crate::record;
use crate::result::ScanResult;

/// Scans a file. One that does not exist or cannot be read is no failure of the call: it gives a
/// result that is PELLUCID_NOT_SCANNED, with the reason.
///
/// `path` is `path_length` bytes of any encoding, without a NUL at the end; symbolic links are
/// followed. `options` may be NULL. On success `*result` is the caller's, to be freed with
/// pellucid_result_free. Any thread, any number at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_scan_path(
    engine: Option<&Engine>,
    path: *const c_char,
    path_length: usize,
    options: *const ScanOptions,
    result: Option<&mut MaybeUninit<*mut ScanResult>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        // SAFETY: the header asks for NULL or `path_length` readable bytes.
        let path = unsafe { self::path(path, path_length) }?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let asked = unsafe { Asked::read(options) }?;
        scan(engine, Input::Path(path), asked, &path.to_string_lossy(), result)
    })
}

/// Scans the whole file behind an open descriptor, wherever its position is. The position is not
/// touched and the descriptor not closed; it must stay open until the call returns.
///
/// `options` may be NULL. On success `*result` is the caller's, to be freed with pellucid_result_free.
/// Any thread, any number at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_scan_fd(
    engine: Option<&Engine>,
    fd: c_int,
    options: *const ScanOptions,
    result: Option<&mut MaybeUninit<*mut ScanResult>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        // SAFETY: the header asks for a descriptor that stays open.
        let file = unsafe { lent_file(fd) }?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let asked = unsafe { Asked::read(options) }?;
        scan(engine, Input::File(&file), asked, "", result)
    })
}

/// Scans `length` bytes of the file behind an open descriptor, from `offset` on. A file that ends before
/// gives a result with PELLUCID_REASON_TRUNCATED. All else is as for pellucid_scan_fd.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_scan_fd_part(
    engine: Option<&Engine>,
    fd: c_int,
    offset: u64,
    length: u64,
    options: *const ScanOptions,
    result: Option<&mut MaybeUninit<*mut ScanResult>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        // SAFETY: the header asks for a descriptor that stays open.
        let file = unsafe { lent_file(fd) }?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let asked = unsafe { Asked::read(options) }?;
        scan(engine, Input::Part { file: &file, offset, length }, asked, "", result)
    })
}

/// A descriptor of the caller's as a file that is never closed. It is not duplicated: closing the
/// duplicate would drop the POSIX locks that the host may hold on the file.
///
/// # Safety
/// When `fd` is open, it stays open as long as the file is used.
pub(crate) unsafe fn lent_file(fd: c_int) -> Result<ManuallyDrop<File>, Failure> {
    // SAFETY: this asks for the descriptor's flags; any number may be asked.
    let open = unsafe { libc::fcntl(fd, libc::F_GETFD) } != -1;
    if !open {
        return Err(Failure::argument(format!("descriptor {fd} is not open")));
    }
    // SAFETY: it is open, so it is not -1, and stays so; `ManuallyDrop` keeps the file from closing
    // what it does not own.
    Ok(ManuallyDrop::new(unsafe { File::from_raw_fd(fd) }))
}

/// Scans `length` bytes at `data`, which must not change until the call returns. `data` may be NULL
/// when `length` is 0.
///
/// `options` may be NULL. On success `*result` is the caller's, to be freed with pellucid_result_free;
/// it keeps nothing of `data`. Any thread, any number at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_scan_memory(
    engine: Option<&Engine>,
    data: *const c_void,
    length: usize,
    options: *const ScanOptions,
    result: Option<&mut MaybeUninit<*mut ScanResult>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        // SAFETY: the header asks for NULL or `length` readable bytes that do not change.
        let bytes = unsafe { bytes(data, length, "data") }?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let asked = unsafe { Asked::read(options) }?;
        scan(engine, Input::Memory(bytes), asked, "", result)
    })
}

/// Scans what `reader` reads, from start to end, into memory: at most half of `max_memory_bytes`.
///
/// `options` may be NULL. On success `*result` is the caller's, to be freed with pellucid_result_free.
/// A reader that fails or ends too early is no failure of the call: the result says so. Any thread, any
/// number at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_scan_reader(
    engine: Option<&Engine>,
    reader: *const Reader,
    options: *const ScanOptions,
    result: Option<&mut MaybeUninit<*mut ScanResult>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        if reader.is_null() {
            return Err(Failure::argument("reader is NULL"));
        }
        // SAFETY: the header asks for a struct of the size that it says.
        let reader = unsafe { record::read(reader) }?;
        let mut reader = FromStart::new(reader)?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let asked = unsafe { Asked::read(options) }?;
        scan(engine, Input::Reader(&mut reader), asked, "", result)
    })
}

fn scan(
    engine: Option<&Engine>,
    input: Input<'_>,
    asked: Asked,
    name: &str,
    result: Option<&mut MaybeUninit<*mut ScanResult>>,
) -> Result<(), Failure> {
    let engine = required(engine, "engine")?;
    let out = required(result, "result")?;
    let report = engine.current().scan(input, &asked.options);
    out.write(Box::into_raw(Box::new(ScanResult::new(report, asked.about, name))));
    Ok(())
}

/// Installs a handler for SIGBUS in this process, so that a file which shrinks while it is scanned
/// harms only its own scan. Large files are mapped from then on; without it they are read into memory,
/// up to `max_memory_bytes`. Sets that are opened from a path are mapped too, and so shared between
/// processes. A fault that is not the library's goes on to the handler that was there before.
///
/// Call it after the host has set up its own handlers and before it opens a set; later calls change
/// nothing. Fails with PELLUCID_SYSTEM when the system refuses. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_survive_shrinking_maps(
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || Ok(pellucid::input::survive_shrinking_maps()?))
}
