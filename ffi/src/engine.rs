//! Engines: a stack of sets, ready to scan; immutable, shared by threads and by reference count.

use std::mem::MaybeUninit;
use std::slice;

use crate::boundary::{call, free_shared, required, retain_shared, share};
use crate::error::{Error, Failure};
use crate::record::{self, Record, ends};
use crate::set::{Set, no_flags};

/// A stack of sets, ready to scan. Any number of threads may scan with it at a time; it is counted,
/// see pellucid_engine_retain.
pub struct Engine(pub(crate) pellucid::Engine);

/// How to build an engine; NULL in its place asks for the defaults. There is no option yet.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// Set by the caller: sizeof(pellucid_engine_options).
    pub struct_size: usize,
    /// 0: no flag is defined yet, and others are refused.
    pub flags: u64,
}

// SAFETY: `repr(C)`, begins with its size, integers only.
unsafe impl Record for EngineOptions {
    const ENDS: &'static [usize] = ends!(EngineOptions { struct_size, flags });
}

/// Sets `struct_size` to the given `struct_size`, sizeof(pellucid_engine_options), and everything else
/// to its default. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_engine_options_init(
    options: *mut EngineOptions,
    struct_size: usize,
) -> i32 {
    let defaults = EngineOptions { struct_size, flags: 0 };
    // SAFETY: the header asks for NULL or a struct of that size.
    call(None, || unsafe { record::initialise(options, defaults, struct_size) })
}

/// Builds an engine from `count` sets, the bottom of the stack first: upper ones may allow or take
/// away what lower ones find. YARA rules are compiled here, which may take seconds.
///
/// The sets stay the caller's and may be freed at once. `options` may be NULL. On success `*engine` is
/// the caller's, to be freed with pellucid_engine_free. Fails with PELLUCID_ENGINE when there is no
/// set, or when one does not compile. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_engine_new(
    sets: *const *mut Set,
    count: usize,
    options: *const EngineOptions,
    engine: Option<&mut MaybeUninit<*mut Engine>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let out = required(engine, "engine")?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let options = unsafe { record::read(options) }?;
        no_flags(options.flags)?;
        // SAFETY: the header asks for NULL or `count` sets.
        let stack = unsafe { stack(sets, count) }?;
        let built = stack
            .into_iter()
            .fold(pellucid::Engine::builder(), |builder, set| builder.set(set.set.clone()))
            .build()?;
        out.write(share(Engine(built)));
        Ok(())
    })
}

/// The sets in an array from C.
///
/// # Safety
/// Unless NULL, `sets` has `count` elements, each NULL or a set that lives during `'a`.
unsafe fn stack<'a>(sets: *const *mut Set, count: usize) -> Result<Vec<&'a Set>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if sets.is_null() || !sets.is_aligned() {
        return Err(Failure::argument("sets is not an array of sets"));
    }
    let bytes = count.checked_mul(size_of::<*mut Set>());
    if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(Failure::argument(format!("there cannot be {count} sets")));
    }
    // SAFETY: not NULL, aligned, of a size that fits an isize, and the caller vouches for the elements.
    let handles = unsafe { slice::from_raw_parts(sets, count) };
    let set = |(index, &handle): (usize, &*mut Set)| {
        // SAFETY: the caller vouches that it is NULL or a living set; sets are only ever shared.
        let set = unsafe { handle.as_ref() };
        required(set, &format!("sets[{index}]"))
    };
    handles.iter().enumerate().map(set).collect()
}

/// Makes the caller one more owner of the engine and returns it again; each owner frees it once. NULL
/// stays NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_engine_retain(engine: *const Engine) -> *mut Engine {
    // SAFETY: engines come from `share`; the header asks that the caller holds an owner's count.
    unsafe { retain_shared(engine) }
}

/// Frees an engine; NULL is nothing. Results that it gave stay valid. Any thread, but not while a scan
/// runs with the count that is given up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_engine_free(engine: *mut Engine) {
    // SAFETY: engines come from `share`; the header asks for one free for each owner.
    unsafe { free_shared(engine) };
}
