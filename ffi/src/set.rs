//! Signature sets: opened from the library itself, a file or memory; shared by reference count.

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;

use pellucid::set::{SignatureSet, Unverified};
use pellucid::verdict::SetLabel;

use crate::boundary::{bytes, call, free_shared, path, required, retain_shared, share};
use crate::error::{Error, Failure};
use crate::record::{self, Record, ends};
use crate::scan::lent_file;
use crate::text::Text;

/// A signature set: opened, checked, immutable. Any number of threads may use it; it is counted, see
/// pellucid_set_retain.
pub struct Set {
    pub(crate) set: SignatureSet,
    label: SetLabel,
}

impl From<SignatureSet> for Set {
    fn from(set: SignatureSet) -> Self {
        Self { label: set.label(), set }
    }
}

/// Compare every byte with the hash tree and check every row now, which takes a second for a gigabyte;
/// by default what is large is checked when it is first used.
pub const PELLUCID_SET_CHECK_ALL: u64 = 1;

/// How to open a set; NULL in its place asks for the defaults.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetOptions {
    /// Set by the caller: sizeof(pellucid_set_options).
    pub struct_size: usize,
    /// 0 or PELLUCID_SET_CHECK_ALL; others are refused.
    pub flags: u64,
}

// SAFETY: `repr(C)`, begins with its size, integers only.
unsafe impl Record for SetOptions {
    const ENDS: &'static [usize] = ends!(SetOptions { struct_size, flags });
}

impl SetOptions {
    fn check(self) -> Result<Self, Failure> {
        no_flags(self.flags & !PELLUCID_SET_CHECK_ALL)?;
        Ok(self)
    }

    fn open(self, unverified: Unverified) -> Result<Set, Failure> {
        let set = SignatureSet::open(unverified.verify()?)?;
        if self.flags & PELLUCID_SET_CHECK_ALL != 0 {
            set.check_all()?;
        }
        Ok(Set::from(set))
    }
}

/// Refuses flags of a later header.
pub(crate) fn no_flags(flags: u64) -> Result<(), Failure> {
    if flags == 0 {
        return Ok(());
    }
    Err(Failure::unsupported(format!("flags {flags:#x} are not known to this library")))
}

/// What a set says of itself. The texts live as long as the set.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SetInfo {
    /// Set by the caller: sizeof(pellucid_set_info).
    pub struct_size: usize,
    /// `origin/channel@version`.
    pub name: Text,
    /// Who publishes it.
    pub origin: Text,
    /// Which of the publisher's sets it is.
    pub channel: Text,
    /// The licence of the set as a whole.
    pub licence: Text,
    /// What it holds, in a sentence.
    pub description: Text,
    /// The compiler that built it, with its version.
    pub compiler: Text,
    /// Grows with every publication.
    pub version: u64,
    /// 1 when independent parties signed it, else 0. No set is signed yet.
    pub is_signed: u64,
    /// Bytes of the set's file.
    pub file_bytes: u64,
    /// Signatures of all kinds.
    pub signatures: u64,
    /// MD5 digests.
    pub md5: u64,
    /// SHA-1 digests.
    pub sha1: u64,
    /// SHA-256 digests.
    pub sha256: u64,
    /// Byte patterns.
    pub patterns: u64,
    /// Logical expressions over byte patterns.
    pub logicals: u64,
    /// Source files of YARA rules.
    pub yara_files: u64,
    /// YARA rules.
    pub yara_rules: u64,
    /// Signatures of lower sets that this one takes away.
    pub removals: u64,
    /// The root of the hash tree over the file: what names the set beyond doubt.
    pub root: [u8; 32],
}

// SAFETY: `repr(C)`, begins with its size; integers, an array of them, and texts, which are a raw
// pointer and an integer.
unsafe impl Record for SetInfo {
    const ENDS: &'static [usize] = ends!(SetInfo {
        struct_size,
        name,
        origin,
        channel,
        licence,
        description,
        compiler,
        version,
        is_signed,
        file_bytes,
        signatures,
        md5,
        sha1,
        sha256,
        patterns,
        logicals,
        yara_files,
        yara_rules,
        removals,
        root,
    });
}

impl SetInfo {
    fn of(set: &Set) -> Self {
        let about = set.set.about();
        let counts = set.set.counts();
        Self {
            struct_size: size_of::<Self>(),
            name: Text::of(&set.label.name),
            origin: Text::of(about.origin),
            channel: Text::of(about.channel),
            licence: Text::of(about.licence),
            description: Text::of(about.description),
            compiler: Text::of(about.compiler),
            version: about.version,
            is_signed: set.label.signed.into(),
            file_bytes: set.set.file_length(),
            signatures: counts.signatures,
            md5: counts.md5,
            sha1: counts.sha1,
            sha256: counts.sha256,
            patterns: counts.patterns,
            logicals: counts.logicals,
            yara_files: counts.yara_files,
            yara_rules: counts.yara_rules,
            removals: counts.removals,
            root: set.set.root(),
        }
    }
}

/// Opens the set that is built into the library.
///
/// On success `*set` is the caller's, to be freed with pellucid_set_free. Fails with
/// PELLUCID_UNSUPPORTED in a library that was built without one. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_set_open_builtin(
    set: Option<&mut MaybeUninit<*mut Set>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let out = required(set, "set")?;
        out.write(share(Set::from(builtin()?)));
        Ok(())
    })
}

#[cfg(feature = "builtin")]
fn builtin() -> Result<SignatureSet, Failure> {
    Ok(SignatureSet::builtin()?)
}

#[cfg(not(feature = "builtin"))]
fn builtin() -> Result<SignatureSet, Failure> {
    Err(Failure::unsupported(
        "this library was built without a signature set; open one from a file",
    ))
}

/// Opens the set in a file, which is read, or mapped where pellucid_survive_shrinking_maps was called.
/// What does not grow with the number of hashes is checked now, the rest when it is first used: a piece
/// that turns out damaged then makes scans incomplete, with PELLUCID_REASON_SET_DAMAGED. A mapped file
/// must not be changed: replace it by renaming a new one over it.
///
/// `path` is `path_length` bytes of any encoding, without a NUL at the end. `options` may be NULL. On
/// success `*set` is the caller's, to be freed with pellucid_set_free. Fails with a
/// PELLUCID_SET_... code that says what is wrong with the file. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_set_open_path(
    path: *const c_char,
    path_length: usize,
    options: *const SetOptions,
    set: Option<&mut MaybeUninit<*mut Set>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let out = required(set, "set")?;
        // SAFETY: the header asks for NULL or `path_length` readable bytes.
        let path = unsafe { self::path(path, path_length) }?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let options = unsafe { record::read(options) }?.check()?;
        out.write(share(options.open(Unverified::from_path(path)?)?));
        Ok(())
    })
}

/// Opens the set in the regular file behind an open descriptor. What holds for pellucid_set_open_path
/// holds here. The position is not touched and the descriptor not closed; the host may close it at once.
/// A mapped set keeps a duplicate: when the set is freed, POSIX locks that the process holds on the file
/// go.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_set_open_fd(
    fd: c_int,
    options: *const SetOptions,
    set: Option<&mut MaybeUninit<*mut Set>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let out = required(set, "set")?;
        // SAFETY: the header asks for a descriptor that stays open during the call.
        let file = unsafe { lent_file(fd) }?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let options = unsafe { record::read(options) }?.check()?;
        out.write(share(options.open(Unverified::from_file(&file)?)?));
        Ok(())
    })
}

/// Opens the set in `length` bytes at `data`, which are copied. It is checked as one in a file.
///
/// `options` may be NULL. On success `*set` is the caller's, to be freed with pellucid_set_free. Fails
/// with a PELLUCID_SET_... code that says what is wrong with the bytes. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_set_open_memory(
    data: *const c_void,
    length: usize,
    options: *const SetOptions,
    set: Option<&mut MaybeUninit<*mut Set>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let out = required(set, "set")?;
        // SAFETY: the header asks for NULL or `length` readable bytes.
        let bytes = unsafe { bytes(data, length, "data") }?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let options = unsafe { record::read(options) }?.check()?;
        out.write(share(options.open(Unverified::from_bytes(bytes.to_vec())?)?));
        Ok(())
    })
}

/// Fills `info` with what the set says of itself; `info->struct_size` must be set.
///
/// The texts live as long as the set. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_set_about(set: Option<&Set>, info: *mut SetInfo) -> i32 {
    call(None, || {
        let ours = SetInfo::of(required(set, "set")?);
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        unsafe { record::fill(info, ours) }
    })
}

/// Makes the caller one more owner of the set and returns it again; each owner frees it once. NULL
/// stays NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_set_retain(set: *const Set) -> *mut Set {
    // SAFETY: sets come from `share`; the header asks that the caller holds an owner's count.
    unsafe { retain_shared(set) }
}

/// Frees a set; NULL is nothing. Engines that were made from it keep what they need of it. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_set_free(set: *mut Set) {
    // SAFETY: sets come from `share`; the header asks for one free for each owner.
    unsafe { free_shared(set) };
}
