//! What one scan is asked for: its budget, its name, who is called back, and how it is ended early.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::time::Duration;

use pellucid::Threads;
use pellucid::limits::Limits;
use pellucid::observe::Observed;

use crate::boundary::{array, bytes, call, free_box, required};
use crate::callbacks::{Callbacks, Host};
use crate::error::Failure;
use crate::record::{self, Record, ends};
use crate::set::no_flags;
use crate::status::{PELLUCID_INVALID_ARGUMENT, PELLUCID_OK};

/// Ends scans early. Any thread may use it, while they run too; it has one owner.
pub struct Cancel(pellucid::limits::Cancel);

/// Scan the file itself and nothing in it. What it holds is then named as not looked at, with
/// PELLUCID_REASON_LIMIT_DEPTH.
pub const PELLUCID_SCAN_DO_NOT_UNPACK: u64 = 1;
/// Keep the facts about each PE and ELF program for pellucid_result_program and its neighbours. Costs
/// time and memory for each program.
pub const PELLUCID_SCAN_KEEP_FACTS: u64 = 2;

/// More threads than this have nothing to do in one scan.
const MOST_THREADS: usize = 255;

/// One thing that the host knows about what it scans; it is copied into the result's JSON. Both are
/// UTF-8 without a NUL at the end.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// What it is, such as "sender".
    pub key: *const c_char,
    /// Bytes of `key`.
    pub key_length: usize,
    /// What the host knows.
    pub value: *const c_char,
    /// Bytes of `value`.
    pub value_length: usize,
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

/// What a scan may cost; NULL in its place asks for the defaults. In each `max_` field 0 stands for the
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
    /// Passwords to try on encrypted archives, before those of the signature sets, or NULL. They are
    /// copied.
    pub passwords: *const Password,
    /// How many there are.
    pub password_count: usize,
    /// What the host calls the content, for the result and its JSON: UTF-8, or NULL. It is copied.
    pub name: *const c_char,
    /// Bytes of `name`.
    pub name_length: usize,
    /// What else the host knows, for the result's JSON: keys that differ, or NULL. They are copied.
    pub metadata: *const Pair,
    /// How many there are.
    pub metadata_count: usize,
    /// Whom to call while the scan runs, or NULL. The table is copied.
    pub callbacks: *const Callbacks,
    /// How many threads may look at what containers hold, the calling one included: 0 and 1 stand for
    /// that one alone. The others are started by the scan and have ended when it returns; what it says
    /// is the same with any number. With callbacks, which are told of objects in their order, none is
    /// started.
    pub threads: u64,
}

// SAFETY: `repr(C)`, begins with its size; integers and raw pointers only.
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
        name,
        name_length,
        metadata,
        metadata_count,
        callbacks,
        threads,
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
            name: std::ptr::null(),
            name_length: 0,
            metadata: std::ptr::null(),
            metadata_count: 0,
            callbacks: std::ptr::null(),
            threads: 1,
        }
    }

    fn limits(&self) -> Result<Limits, Failure> {
        no_flags(self.flags & !(PELLUCID_SCAN_DO_NOT_UNPACK | PELLUCID_SCAN_KEEP_FACTS))?;
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

    fn threads(&self) -> Threads {
        match usize::try_from(self.threads.saturating_sub(1)).unwrap_or(usize::MAX) {
            0 => Threads::default(),
            more => Threads::more(more.min(MOST_THREADS)),
        }
    }
}

/// A scan's options, checked and copied.
pub(crate) struct Asked {
    pub(crate) options: pellucid::ScanOptions,
    pub(crate) about: About,
}

/// What the host calls the content and knows about it.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) name: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
}

impl Asked {
    /// Reads what a caller asks for.
    ///
    /// # Safety
    /// `options` is NULL or a struct of the size that it says, whose pointers are NULL or what the
    /// header says.
    pub(crate) unsafe fn read(options: *const ScanOptions) -> Result<Self, Failure> {
        // SAFETY: as for this function.
        let given = unsafe { record::read(options) }?;
        // Asked first: flags of a later header may give the pointers another meaning.
        let limits = given.limits()?;
        // SAFETY: the caller vouches that it is NULL or alive; such handles are only ever shared.
        let cancel = unsafe { given.cancel.as_ref() };
        // SAFETY: the caller vouches that it is NULL or a table of the size that it says.
        let callbacks = unsafe { record::read(given.callbacks) }?;
        // SAFETY: the caller vouches for the passwords.
        let passwords = unsafe { passwords(&given) }?;
        let options = pellucid::ScanOptions {
            limits,
            passwords,
            cancel: cancel.map(|cancel| cancel.0.clone()).unwrap_or_default(),
            facts: given.flags & PELLUCID_SCAN_KEEP_FACTS != 0,
            observed: Host::of(callbacks).map(Observed::by).unwrap_or_default(),
            threads: given.threads(),
        };
        // SAFETY: the caller vouches for the texts.
        let about = unsafe { About::read(&given) }?;
        Ok(Self { options, about })
    }
}

impl About {
    /// # Safety
    /// The texts are NULL or have as many bytes as the fields beside them say.
    unsafe fn read(given: &ScanOptions) -> Result<Self, Failure> {
        // SAFETY: as for this function.
        let name = unsafe { bytes(given.name.cast(), given.name_length, "name") }?;
        let name = (!given.name.is_null()).then(|| text(name));
        let mut metadata: Vec<(String, String)> = Vec::new();
        // SAFETY: as for this function.
        for pair in unsafe { array(given.metadata, given.metadata_count, "metadata") }? {
            // SAFETY: as for this function.
            let key = unsafe { bytes(pair.key.cast(), pair.key_length, "key") }?;
            // SAFETY: as for this function.
            let value = unsafe { bytes(pair.value.cast(), pair.value_length, "value") }?;
            let (key, value) = (text(key), text(value));
            if metadata.iter().any(|(known, _)| *known == key) {
                return Err(Failure::argument(format!("the metadata has {key:?} twice")));
            }
            metadata.push((key, value));
        }
        Ok(Self { name, metadata })
    }
}

/// The passwords among the options.
///
/// # Safety
/// `passwords` is NULL or points to `password_count` structs, whose bytes are readable.
unsafe fn passwords(given: &ScanOptions) -> Result<Vec<Vec<u8>>, Failure> {
    // SAFETY: as for this function.
    let list = unsafe { array(given.passwords, given.password_count, "passwords") }?;
    let copied = list.iter().map(|password| {
        // SAFETY: the caller vouches for the bytes.
        let bytes = unsafe { bytes(password.bytes.cast(), password.length, "a password") };
        bytes.map(<[u8]>::to_vec)
    });
    copied.collect()
}

/// Text of a host's; what is no UTF-8 is replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::PELLUCID_UNSUPPORTED;

    fn given(change: impl FnOnce(&mut ScanOptions)) -> ScanOptions {
        // SAFETY: NULL is allowed.
        let mut options = unsafe { record::read(std::ptr::null()) }.unwrap();
        change(&mut options);
        options
    }

    fn limits(change: impl FnOnce(&mut ScanOptions)) -> Result<Limits, i32> {
        given(change).limits().map_err(|failure| failure.code)
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
    fn flags_are_known_or_refused() {
        assert_eq!(limits(|options| options.flags = 1).unwrap().depth, 0);
        assert_eq!(limits(|options| options.flags = 7), Err(PELLUCID_UNSUPPORTED));
    }

    #[test]
    fn passwords_are_copied_or_refused() {
        let list = [b"one".as_slice(), b"", b"\xff"]
            .map(|bytes| Password { bytes: bytes.as_ptr().cast(), length: bytes.len() });
        let copied = |passwords, password_count| {
            let options = ScanOptions { passwords, password_count, ..ScanOptions::defaults() };
            // SAFETY: the list outlives the call, and a count that is not its own is refused.
            unsafe { super::passwords(&options) }.map_err(|failure| failure.code)
        };
        let expected = vec![b"one".to_vec(), Vec::new(), b"\xff".to_vec()];
        assert_eq!(copied(list.as_ptr(), 3), Ok(expected));
        assert_eq!(copied(std::ptr::null(), 0), Ok(Vec::new()));
        assert_eq!(copied(std::ptr::null(), 1), Err(PELLUCID_INVALID_ARGUMENT));
        assert_eq!(copied(list.as_ptr(), usize::MAX), Err(PELLUCID_INVALID_ARGUMENT));
    }

    fn about(change: impl FnOnce(&mut ScanOptions)) -> Result<About, i32> {
        // SAFETY: every pointer below is NULL or static, with its length.
        unsafe { About::read(&given(change)) }.map_err(|failure| failure.code)
    }

    fn pair(key: &'static str, value: &'static str) -> Pair {
        let (key_length, value_length) = (key.len(), value.len());
        Pair { key: key.as_ptr().cast(), key_length, value: value.as_ptr().cast(), value_length }
    }

    #[test]
    fn names_and_pairs_are_copied() {
        let pairs = [pair("sender", "a@example.org"), pair("empty", "")];
        let about = about(|options| {
            (options.name, options.name_length) = (c"mail 1".as_ptr(), 6);
            (options.metadata, options.metadata_count) = (pairs.as_ptr(), 2);
        })
        .unwrap();
        assert_eq!(about.name.as_deref(), Some("mail 1"));
        assert_eq!(about.metadata[0], ("sender".into(), "a@example.org".into()));
        assert_eq!(about.metadata[1], ("empty".into(), String::new()));
    }

    #[test]
    fn pairs_are_an_array_of_keys_that_differ() {
        let twice = [pair("a", "1"), pair("a", "2")];
        let refused = |pairs: *const Pair, count| {
            about(|options| (options.metadata, options.metadata_count) = (pairs, count)).err()
        };
        assert_eq!(refused(twice.as_ptr(), 2), Some(PELLUCID_INVALID_ARGUMENT));
        assert_eq!(refused(twice.as_ptr(), usize::MAX), Some(PELLUCID_INVALID_ARGUMENT));
        assert_eq!(refused(std::ptr::null(), 1), Some(PELLUCID_INVALID_ARGUMENT));
        assert_eq!(refused(std::ptr::null(), 0), None);
    }
}
