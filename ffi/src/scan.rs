//! One scan: what to scan, what it may cost, and how to end it early.

use std::ffi::{c_char, c_int, c_void};
use std::fs::File;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::fd::FromRawFd;
use std::time::Duration;

use pellucid::input::Input;
use pellucid::limits::Limits;

use crate::boundary::{bytes, call, free_box, path, required};
use crate::engine::Engine;
use crate::error::{Error, Failure};
use crate::record::{self, Record, ends};
use crate::result::ScanResult;
use crate::set::no_flags;
use crate::status::{PELLUCID_INVALID_ARGUMENT, PELLUCID_OK};

/// Ends scans early. Any thread may use it, while they run too; it has one owner.
pub struct Cancel(pellucid::limits::Cancel);

/// Scan the file itself and nothing in it. What it holds is then named as not looked at, with
/// PELLUCID_REASON_LIMIT_DEPTH.
pub const PELLUCID_SCAN_DO_NOT_UNPACK: u64 = 1;

/// What a scan may cost; NULL in its place asks for the defaults. In each field 0 stands for the
/// default too, and UINT64_MAX for "as much as it takes". Reaching a limit never makes a result look
/// clean: it becomes partial, with the reason.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ScanOptions {
    /// Set by the caller: sizeof(pellucid_scan_options).
    pub struct_size: usize,
    /// PELLUCID_SCAN_... values, combined with `|`; unknown ones are refused.
    pub flags: u64,
    /// Ends the scan when it is asked to, or NULL. Must stay alive until the scan returns.
    pub cancel: *const Cancel,
    /// How deep objects may nest; the file itself is at depth 0.
    pub max_depth: u64,
    /// How many objects one scan may look at, the file included.
    pub max_objects: u64,
    /// Bytes that all unpackers together may put out.
    pub max_total_bytes: u64,
    /// Bytes that one unpacked object may have.
    pub max_object_bytes: u64,
    /// Bytes out for each byte in.
    pub max_ratio: u64,
    /// Milliseconds of wall-clock time.
    pub max_time_ms: u64,
    /// Bytes of file content held in memory at a time.
    pub max_memory_bytes: u64,
    /// Things (sections, imports, ...) read from one program.
    pub max_facts: u64,
    /// Work spent on trying passwords: one costs 1, or 8,000 where an archive is encrypted with AES.
    pub max_key_work: u64,
    /// Passwords to try on encrypted archives, before those of the signature sets; NULL for none.
    pub passwords: *const Password,
    /// How many passwords there are.
    pub password_count: usize,
}

/// A password.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Password {
    /// Its bytes, of any encoding, without a NUL at the end.
    pub bytes: *const c_char,
    /// How many bytes it has.
    pub length: usize,
}

// SAFETY: `repr(C)`, begins with its size; integers and a raw pointer only.
unsafe impl Record for ScanOptions {
    const ENDS: &'static [usize] = ends!(ScanOptions {
        struct_size,
        flags,
        cancel,
        max_depth,
        max_objects,
        max_total_bytes,
        max_object_bytes,
        max_ratio,
        max_time_ms,
        max_memory_bytes,
        max_facts,
        max_key_work,
        passwords,
        password_count,
    });
}

impl ScanOptions {
    fn defaults() -> Self {
        let limits = Limits::default();
        Self {
            struct_size: size_of::<Self>(),
            flags: 0,
            cancel: std::ptr::null(),
            max_depth: limits.depth.into(),
            max_objects: limits.objects,
            max_total_bytes: limits.total_bytes,
            max_object_bytes: limits.object_bytes,
            max_ratio: limits.ratio,
            max_time_ms: limits.time.as_millis().try_into().unwrap_or(u64::MAX),
            max_memory_bytes: limits.memory,
            max_facts: limits.facts.into(),
            max_key_work: limits.key_work,
            passwords: std::ptr::null(),
            password_count: 0,
        }
    }

    fn limits(&self) -> Result<Limits, Failure> {
        no_flags(self.flags & !PELLUCID_SCAN_DO_NOT_UNPACK)?;
        let defaults = Self::defaults();
        let chosen = |own: u64, default: u64| if own == 0 { default } else { own };
        let narrow = |wide: u64| u32::try_from(wide).unwrap_or(u32::MAX);
        let mut limits = Limits::default();
        limits.depth = narrow(chosen(self.max_depth, defaults.max_depth));
        limits.objects = chosen(self.max_objects, defaults.max_objects);
        limits.total_bytes = chosen(self.max_total_bytes, defaults.max_total_bytes);
        limits.object_bytes = chosen(self.max_object_bytes, defaults.max_object_bytes);
        limits.ratio = chosen(self.max_ratio, defaults.max_ratio);
        limits.time = Duration::from_millis(chosen(self.max_time_ms, defaults.max_time_ms));
        limits.memory = chosen(self.max_memory_bytes, defaults.max_memory_bytes);
        limits.facts = narrow(chosen(self.max_facts, defaults.max_facts));
        limits.key_work = chosen(self.max_key_work, defaults.max_key_work);
        if self.flags & PELLUCID_SCAN_DO_NOT_UNPACK != 0 {
            limits.depth = 0;
        }
        Ok(limits)
    }
}

/// What the engine is asked for.
///
/// # Safety
/// `options` is NULL or a struct of the size that it says, whose `cancel` is NULL or alive, and whose
/// `passwords` are as many as it says.
unsafe fn scan_options(options: *const ScanOptions) -> Result<pellucid::ScanOptions, Failure> {
    // SAFETY: as for this function.
    let given = unsafe { record::read(options) }?;
    // SAFETY: the caller vouches that it is NULL or alive; such handles are only ever shared.
    let cancel = unsafe { given.cancel.as_ref() };
    let cancel = cancel.map(|cancel| cancel.0.clone()).unwrap_or_default();
    let limits = given.limits()?;
    // SAFETY: as for this function.
    let passwords = unsafe { passwords(&given) }?;
    Ok(pellucid::ScanOptions { limits, cancel, passwords, ..Default::default() })
}

/// The passwords among the options.
///
/// # Safety
/// `passwords` is NULL or points to `password_count` structs, whose bytes are readable.
unsafe fn passwords(given: &ScanOptions) -> Result<Vec<Vec<u8>>, Failure> {
    let count = given.password_count;
    if count == 0 {
        return Ok(Vec::new());
    }
    if given.passwords.is_null() {
        return Err(Failure::argument(format!("passwords is NULL, but password_count is {count}")));
    }
    let length = count.checked_mul(size_of::<Password>());
    if length.is_none_or(|length| isize::try_from(length).is_err()) {
        return Err(Failure::argument(format!("there cannot be {count} passwords")));
    }
    // SAFETY: not NULL, its length fits an isize, and the caller vouches for the structs.
    let list = unsafe { std::slice::from_raw_parts(given.passwords, count) };
    let copied = list.iter().map(|password| {
        // SAFETY: the caller vouches for the bytes.
        let bytes = unsafe { bytes(password.bytes.cast(), password.length, "a password") };
        bytes.map(<[u8]>::to_vec)
    });
    copied.collect()
}

/// Sets `struct_size` to the given `struct_size`, sizeof(pellucid_scan_options), and everything else to
/// its default, as numbers that can be read and changed. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_scan_options_init(
    options: *mut ScanOptions,
    struct_size: usize,
) -> i32 {
    // SAFETY: the header asks for NULL or a struct of that size.
    call(None, || unsafe { record::initialise(options, ScanOptions::defaults(), struct_size) })
}

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
        let options = unsafe { scan_options(options) }?;
        scan(engine, Input::Path(path), &options, result)
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
        let options = unsafe { scan_options(options) }?;
        scan(engine, Input::File(&file), &options, result)
    })
}

/// A descriptor of the caller's as a file that is never closed. It is not duplicated: closing the
/// duplicate would drop the POSIX locks that the host may hold on the file.
///
/// # Safety
/// When `fd` is open, it stays open as long as the file is used.
unsafe fn lent_file(fd: c_int) -> Result<ManuallyDrop<File>, Failure> {
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
        let options = unsafe { scan_options(options) }?;
        scan(engine, Input::Memory(bytes), &options, result)
    })
}

fn scan(
    engine: Option<&Engine>,
    input: Input<'_>,
    options: &pellucid::ScanOptions,
    result: Option<&mut MaybeUninit<*mut ScanResult>>,
) -> Result<(), Failure> {
    let engine = required(engine, "engine")?;
    let out = required(result, "result")?;
    let report = engine.0.scan(input, options);
    out.write(Box::into_raw(Box::new(ScanResult::from(report))));
    Ok(())
}

/// Makes a handle that ends the scans whose options name it.
///
/// On success `*cancel` is the caller's, to be freed with pellucid_cancel_free. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_cancel_new(cancel: Option<&mut MaybeUninit<*mut Cancel>>) -> i32 {
    call(None, || {
        let out = required(cancel, "cancel")?;
        out.write(Box::into_raw(Box::new(Cancel(pellucid::limits::Cancel::new()))));
        Ok(())
    })
}

/// Ends the scans that hold this handle, soon: they return a result with PELLUCID_REASON_CANCELLED, as
/// do all that are started with it later. Returns at once. Any thread, and in a signal handler.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_cancel_request(cancel: Option<&Cancel>) -> i32 {
    // Without `call`, whose failures allocate: a signal handler may not.
    let Some(cancel) = cancel else { return PELLUCID_INVALID_ARGUMENT };
    cancel.0.cancel();
    PELLUCID_OK
}

/// Frees the handle; NULL is nothing. No scan that was started with it may still run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_cancel_free(cancel: *mut Cancel) {
    // SAFETY: these come from `Box::into_raw`; the header asks for one free and no use after it.
    unsafe { free_box(cancel) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::PELLUCID_UNSUPPORTED;

    fn limits(change: impl FnOnce(&mut ScanOptions)) -> Result<Limits, i32> {
        // SAFETY: NULL is allowed.
        let mut options = unsafe { record::read(std::ptr::null()) }.unwrap();
        change(&mut options);
        options.limits().map_err(|failure| failure.code)
    }

    #[test]
    fn zero_stands_for_the_default() {
        assert_eq!(limits(|_| {}), Ok(Limits::default()));
        assert_eq!(limits(|options| *options = ScanOptions::defaults()), Ok(Limits::default()));
    }

    #[test]
    fn each_field_sets_its_own_limit() {
        let set = limits(|options| {
            options.max_depth = 1;
            options.max_objects = 2;
            options.max_total_bytes = 3;
            options.max_object_bytes = 4;
            options.max_ratio = 5;
            options.max_time_ms = 6;
            options.max_memory_bytes = 7;
            options.max_facts = 8;
            options.max_key_work = 9;
        })
        .unwrap();
        assert_eq!((set.depth, set.objects, set.total_bytes, set.object_bytes), (1, 2, 3, 4));
        assert_eq!((set.ratio, set.time, set.memory), (5, Duration::from_millis(6), 7));
        assert_eq!((set.facts, set.key_work), (8, 9));
    }

    #[test]
    fn the_largest_number_is_no_overflow() {
        let set = limits(|options| (options.max_depth, options.max_time_ms) = (u64::MAX, u64::MAX));
        assert_eq!(set.unwrap().depth, u32::MAX);
    }

    #[test]
    fn passwords_are_copied_or_refused() {
        let list = [b"one".as_slice(), b"", b"\xff"]
            .map(|bytes| Password { bytes: bytes.as_ptr().cast(), length: bytes.len() });
        let given = |passwords, password_count| {
            let options = ScanOptions { passwords, password_count, ..ScanOptions::defaults() };
            // SAFETY: the list outlives the call, and a count that is not its own is refused.
            unsafe { super::passwords(&options) }.map_err(|failure| failure.code)
        };
        let copied = vec![b"one".to_vec(), Vec::new(), b"\xff".to_vec()];
        assert_eq!(given(list.as_ptr(), 3), Ok(copied));
        assert_eq!(given(std::ptr::null(), 0), Ok(Vec::new()));
        assert_eq!(given(std::ptr::null(), 1), Err(PELLUCID_INVALID_ARGUMENT));
        assert_eq!(given(list.as_ptr(), usize::MAX), Err(PELLUCID_INVALID_ARGUMENT));
    }

    #[test]
    fn flags_are_known_or_refused() {
        assert_eq!(limits(|options| options.flags = 1).unwrap().depth, 0);
        assert_eq!(limits(|options| options.flags = 3), Err(PELLUCID_UNSUPPORTED));
    }
}
