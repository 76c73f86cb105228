//! Engines: a stack of sets, ready to scan; immutable, shared by threads and by reference count.

use std::mem::MaybeUninit;
use std::sync::{PoisonError, RwLock};

use crate::boundary::{array, call, free_shared, required, retain_shared, share};
use crate::error::{Error, Failure};
use crate::record::{self, Record, ends};
use crate::set::{Set, no_flags};

/// A stack of sets, ready to scan. Any number of threads may scan with it at a time, while its sets are
/// swapped too; it is counted, see pellucid_engine_retain.
pub struct Engine(RwLock<pellucid::Engine>);

impl Engine {
    /// The engine as it is now; a swap does not touch it.
    pub(crate) fn current(&self) -> pellucid::Engine {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

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
        out.write(share(Engine(RwLock::new(build(stack)?))));
        Ok(())
    })
}

/// Gives the engine other sets, `count` of them, the bottom of the stack first. Scans that are running
/// end with the sets that they began with, and so do streams; those that begin later use the new ones.
/// Nobody waits for anybody. A call that fails leaves the engine as it was.
///
/// The sets stay the caller's and may be freed at once. Fails as pellucid_engine_new does. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_engine_swap(
    engine: Option<&Engine>,
    sets: *const *mut Set,
    count: usize,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let engine = required(engine, "engine")?;
        // SAFETY: the header asks for NULL or `count` sets.
        let stack = unsafe { stack(sets, count) }?;
        let built = build(stack)?;
        let mut current = engine.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, built);
        drop(current);
        drop(before); // may be the last of a large engine: not under the lock
        Ok(())
    })
}

fn build(stack: Vec<&Set>) -> Result<pellucid::Engine, Failure> {
    let builder = pellucid::Engine::builder();
    let builder = stack.into_iter().fold(builder, |builder, set| builder.set(set.set.clone()));
    Ok(builder.build()?)
}

/// The sets in an array from C.
///
/// # Safety
/// Unless NULL, `sets` has `count` elements, each NULL or a set that lives during `'a`.
unsafe fn stack<'a>(sets: *const *mut Set, count: usize) -> Result<Vec<&'a Set>, Failure> {
    // SAFETY: as for this function.
    let handles = unsafe { array(sets, count, "sets") }?;
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
