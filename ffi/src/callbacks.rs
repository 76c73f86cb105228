//! What a host is called back for while a scan runs: progress, objects, findings, log.

use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;

use pellucid::observe::{Entered as EngineEntered, Observer, Progress as EngineProgress, Step};
use pellucid::verdict::{Finding as EngineFinding, Problem};

use crate::record::{Record, ends};
use crate::result::Finding;
use crate::text::Text;

/// A callback's answer: go on.
pub const PELLUCID_CONTINUE: i32 = 0;
/// An answer to on_object: leave this object out, with everything in it. The result says so with
/// PELLUCID_REASON_SKIPPED.
pub const PELLUCID_SKIP: i32 = 1;
/// A callback's answer: end the scan. It returns a result with PELLUCID_REASON_CANCELLED and what was
/// found so far. Every number but PELLUCID_CONTINUE and PELLUCID_SKIP is taken for this one.
pub const PELLUCID_STOP: i32 = 2;

/// How far a scan is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// sizeof(pellucid_progress) of this library.
    pub struct_size: usize,
    /// Objects that were entered, the file included.
    pub objects: u64,
    /// Bytes that were unpacked.
    pub unpacked_bytes: u64,
    /// Microseconds since the scan began.
    pub elapsed_us: u64,
}

/// An object that was identified and is about to be searched. Everything in it is borrowed until the
/// callback returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EnteredObject {
    /// sizeof(pellucid_entered_object) of this library.
    pub struct_size: usize,
    /// Its name inside the parent; empty for the file itself. It comes from the scanned file: never use
    /// it as a path.
    pub name: Text,
    /// Its index in the result to come.
    pub index: usize,
    /// The index of the parent; the file itself, index 0, is its own.
    pub parent: usize,
    /// How deep it lies; the file itself is at depth 0.
    pub depth: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// Names of its types, such as "zip".
    pub types: *const Text,
    /// How many there are.
    pub type_count: usize,
}

/// Functions of the host's, each of which may be NULL. They are called on the thread that scans, while
/// it scans, with `user` as their first argument. They may not throw, longjmp, or scan. The table is
/// copied when the scan begins; what `user` leads to has to live until it ends.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Callbacks {
    /// Set by the caller: sizeof(pellucid_callbacks).
    pub struct_size: usize,
    /// Handed to every callback.
    pub user: *mut c_void,
    /// The scan is at work: called some twenty times a second, from deep inside. Returns
    /// PELLUCID_CONTINUE or PELLUCID_STOP.
    pub on_progress:
        Option<unsafe extern "C" fn(user: *mut c_void, progress: *const Progress) -> i32>,
    /// An object is about to be searched. Returns PELLUCID_CONTINUE, PELLUCID_SKIP or PELLUCID_STOP.
    pub on_object:
        Option<unsafe extern "C" fn(user: *mut c_void, object: *const EnteredObject) -> i32>,
    /// A signature hit. An allow-list may still overrule it: what counts is the result. The texts are
    /// borrowed until the callback returns. Returns PELLUCID_CONTINUE or PELLUCID_STOP.
    pub on_finding: Option<unsafe extern "C" fn(user: *mut c_void, finding: *const Finding) -> i32>,
    /// Something could not be looked at in full: one line for people, `length` bytes of UTF-8 without a
    /// NUL, borrowed until the callback returns.
    pub on_log: Option<unsafe extern "C" fn(user: *mut c_void, line: *const c_char, length: usize)>,
}

// SAFETY: `repr(C)`, begins with its size; a raw pointer and nullable function pointers, which the
// header asks to be functions where they are not NULL.
unsafe impl Record for Callbacks {
    const ENDS: &'static [usize] =
        ends!(Callbacks { struct_size, user, on_progress, on_object, on_finding, on_log });
}

/// A host's functions as an observer.
pub(crate) struct Host(Callbacks);

// SAFETY: one scan has one `Host` and calls it on the thread that scans; `user` is only handed back.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    /// The observer of a table; none where nothing is to be called.
    pub(crate) fn of(callbacks: Callbacks) -> Option<Self> {
        let Callbacks { on_progress, on_object, on_finding, on_log, .. } = callbacks;
        let some = on_progress.is_some() || on_object.is_some() || on_finding.is_some();
        (some || on_log.is_some()).then_some(Self(callbacks))
    }
}

impl Observer for Host {
    fn object(&self, entered: &EngineEntered<'_>) -> Step {
        let Some(on_object) = self.0.on_object else { return Step::Continue };
        let types: Vec<Text> = entered.object.types.iter().map(|t| Text::of(t.name())).collect();
        let object = EnteredObject {
            struct_size: size_of::<EnteredObject>(),
            name: Text::of(&entered.object.name),
            index: entered.index,
            parent: entered.object.parent.unwrap_or(0),
            depth: entered.depth.into(),
            bytes: entered.object.size,
            types: types.as_ptr(),
            type_count: types.len(),
        };
        // SAFETY: the header asks for a function of this type; the record lives during the call.
        match unsafe { on_object(self.0.user, &raw const object) } {
            PELLUCID_CONTINUE => Step::Continue,
            PELLUCID_SKIP => Step::Skip,
            _ => Step::Stop,
        }
    }

    fn finding(&self, finding: &EngineFinding) -> ControlFlow<()> {
        let Some(on_finding) = self.0.on_finding else { return ControlFlow::Continue(()) };
        let finding = Finding::of(finding);
        // SAFETY: the header asks for a function of this type; the record lives during the call.
        flow(unsafe { on_finding(self.0.user, &raw const finding) })
    }

    fn problem(&self, object: usize, problem: &Problem) {
        let Some(on_log) = self.0.on_log else { return };
        let line = format!("object {object}: {problem}");
        // SAFETY: the header asks for a function of this type; the line lives during the call.
        unsafe { on_log(self.0.user, line.as_ptr().cast(), line.len()) };
    }

    fn progress(&self, progress: EngineProgress) -> ControlFlow<()> {
        let Some(on_progress) = self.0.on_progress else { return ControlFlow::Continue(()) };
        let progress = Progress {
            struct_size: size_of::<Progress>(),
            objects: progress.objects,
            unpacked_bytes: progress.unpacked_bytes,
            elapsed_us: progress.elapsed.as_micros().try_into().unwrap_or(u64::MAX),
        };
        // SAFETY: the header asks for a function of this type; the record lives during the call.
        flow(unsafe { on_progress(self.0.user, &raw const progress) })
    }
}

fn flow(answer: i32) -> ControlFlow<()> {
    match answer {
        PELLUCID_CONTINUE => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    }
}
