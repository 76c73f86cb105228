//! Mapped files that survive when the file under them shrinks.
//!
//! One of the three rooms for `unsafe`. Reading a mapped page behind the end of its file raises
//! SIGBUS, which ends the process unless somebody handles it. A library must not take a process-wide
//! signal unasked, so nothing is mapped until the host calls [`survive_shrinking_maps`]. The handler
//! puts zero pages where the file was cut off and makes a note in the mapping's slot; a fault at any
//! other address goes to the handler that was there before.

#![allow(unsafe_code)] // the second of the three rooms: mapping, and the signal that comes with it

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use memmap2::{Mmap, UncheckedAdvice};

/// Mappings that may exist at a time; further files are read into memory.
const SLOTS: usize = 1024;

/// The addresses of one mapping, for the signal handler: atomics alone, since it may take no lock.
struct Slot {
    /// How often the slot was taken.
    taken: AtomicUsize,
    start: AtomicUsize,
    end: AtomicUsize,
    lost_pages: AtomicBool,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        taken: AtomicUsize::new(0),
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        lost_pages: AtomicBool::new(false),
    }
}; SLOTS];

static HANDLED: AtomicBool = AtomicBool::new(false);
static PAGE: AtomicUsize = AtomicUsize::new(4096);
static PREVIOUS: AtomicPtr<libc::sigaction> = AtomicPtr::new(std::ptr::null_mut());

/// Asks the library to handle SIGBUS from now on, so that it may map large files instead of reading
/// them. Faults that are not the library's go to the handler that was there before. Call it once,
/// after the host has set up its own handlers; later calls change nothing.
pub fn survive_shrinking_maps() -> io::Result<()> {
    static ONCE: Once = Once::new();
    let mut result = Ok(());
    ONCE.call_once(|| result = install());
    result?;
    if HANDLED.load(Ordering::Acquire) {
        Ok(())
    } else {
        Err(io::Error::other("SIGBUS could not be handled"))
    }
}

fn install() -> io::Result<()> {
    // SAFETY: sysconf only reads a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    PAGE.store(usize::try_from(page).unwrap_or(4096), Ordering::Release);
    // SAFETY: a sigaction of zeros is valid: the default action and an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_sigbus as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
    // SAFETY: as above.
    let previous = Box::into_raw(Box::new(unsafe { std::mem::zeroed::<libc::sigaction>() }));
    // SAFETY: asks for the present action; `previous` is a live allocation that is never freed.
    unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), previous) };
    PREVIOUS.store(previous, Ordering::Release);
    // SAFETY: `action` is initialised and its handler has the signature that SA_SIGINFO asks for.
    if unsafe { libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    HANDLED.store(true, Ordering::Release);
    Ok(())
}

/// The handler: loads atomics and makes at most one system call, both allowed in a signal handler.
extern "C" fn on_sigbus(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the kernel hands a valid siginfo to a handler with SA_SIGINFO.
    let info_ref = unsafe { &*info };
    // SAFETY: SIGBUS fills the address field.
    let address = unsafe { info_ref.si_addr() } as usize;
    let by_the_kernel = info_ref.si_code > 0;
    let end_at = |slot: &'static Slot| Some((slot, slot.end_of_what_holds(address)?));
    match TABLE.iter().filter(|_| by_the_kernel).find_map(end_at) {
        Some((slot, end)) if slot.put_zero_pages(address, end) => {}
        _ => pass_on(signal, info, context),
    }
}

impl Slot {
    /// Puts a mapping into a slot that the caller has claimed. The start is set last, which makes the
    /// slot count.
    fn take(&self, start: usize, end: usize) {
        self.taken.fetch_add(1, Ordering::AcqRel);
        self.lost_pages.store(false, Ordering::Release);
        self.end.store(end, Ordering::Release);
        self.start.store(start, Ordering::Release);
    }

    /// Frees the slot. The end is cleared last, which lets others claim it.
    fn give_back(&self) {
        self.start.store(0, Ordering::Release);
        self.end.store(0, Ordering::Release);
    }

    /// Where the mapping in this slot ends, if it holds `address`.
    ///
    /// Other threads give slots back and take them again meanwhile. The start of one mapping with the
    /// end of another would claim memory that belongs to neither, so both count only where the slot
    /// was not taken anew while they were read: `take` counts before it sets them.
    fn end_of_what_holds(&self, address: usize) -> Option<usize> {
        let taken = self.taken.load(Ordering::Acquire);
        let start = self.start.load(Ordering::Acquire);
        let end = self.end.load(Ordering::Acquire);
        let is_one = self.taken.load(Ordering::Acquire) == taken;
        (is_one && start != 0 && (start..end).contains(&address)).then_some(end)
    }

    /// Replaces the page of `address` and all behind it, up to `end`, by zeros.
    fn put_zero_pages(&self, address: usize, end: usize) -> bool {
        let page = PAGE.load(Ordering::Acquire);
        let first = address & !page.wrapping_sub(1);
        // SAFETY: the range lies inside a mapping of ours (`end_of_what_holds`) that is alive, because
        // code is reading from it right now; what it held is lost anyway, and the new pages are as
        // readable as the old.
        let mapped = unsafe {
            libc::mmap(
                first as *mut libc::c_void,
                end.wrapping_sub(first),
                libc::PROT_READ,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        self.lost_pages.store(true, Ordering::Release);
        mapped != libc::MAP_FAILED
    }
}

/// Gives a fault that is not ours to the previous handler; without one the default action follows.
fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let previous = PREVIOUS.load(Ordering::Acquire);
    // SAFETY: `install` stored a pointer that is never freed or changed.
    let Some(previous) = (unsafe { previous.as_ref() }) else { return };
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: `previous` is an action that the system itself reported. The fault comes again
            // when this handler returns and meets it.
            unsafe { libc::sigaction(signal, previous, std::ptr::null_mut()) };
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
            // SAFETY: with SA_SIGINFO the stored address is a function of this signature.
            let handler: Handler = unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            type Handler = extern "C" fn(libc::c_int);
            // SAFETY: without SA_SIGINFO the stored address is a function of this signature.
            let handler: Handler = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}

/// A mapped file.
pub(crate) struct Mapping {
    slot: &'static Slot,
    map: Mmap,
}

impl Mapping {
    /// Maps a file, where the host asked to survive what can happen to mappings; `None` where it did
    /// not, where no slot is free, and where the system refuses.
    pub(crate) fn of(file: &File) -> Option<Self> {
        if !HANDLED.load(Ordering::Acquire) || file.metadata().ok()?.len() == 0 {
            return None;
        }
        // SAFETY: the file can change under the mapping. Shrinking is survived by the handler above;
        // other changes only change bytes that every reader treats as hostile at each read.
        let map = unsafe { Mmap::map(file) }.ok()?;
        let slot = claim(&map)?;
        Some(Self { slot, map })
    }

    /// Takes its pages out of this process; they come back from the page cache where they are read.
    pub(crate) fn give_back_pages(&self) {
        // SAFETY: the mapping is shared and nobody writes through it, so what is read afterwards is what
        // the file holds, as before; zeros that stand where it was cut off are still zeros.
        let advised = unsafe { self.map.unchecked_advise(UncheckedAdvice::DontNeed) };
        // A system that refuses keeps them.
        drop(advised);
    }

    /// Whether zeros stand where the file was cut off.
    pub(crate) fn lost_pages(&self) -> bool {
        self.slot.lost_pages.load(Ordering::Acquire)
    }
}

/// Takes a free slot for a mapping.
fn claim(map: &Mmap) -> Option<&'static Slot> {
    const CLAIMED: usize = 1;
    let start = map.as_ptr() as usize;
    let page = PAGE.load(Ordering::Acquire);
    let end = start.checked_add(map.len().checked_next_multiple_of(page)?)?;
    let free = |slot: &&Slot| {
        slot.end.compare_exchange(0, CLAIMED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    };
    let slot = TABLE.iter().find(free)?;
    slot.take(start, end);
    Some(slot)
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.slot.give_back();
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cut_at_every_kind_of_place_reads_as_zeros() {
        survive_shrinking_maps().unwrap();
        let page = PAGE.load(Ordering::Acquire) as u64;
        let size = 16 * page + 100;
        for cut in [0, 1, page - 1, page, page + 1, 15 * page, 16 * page, size - 1] {
            let file = tempfile::tempfile().unwrap();
            io::Write::write_all(&mut &file, &vec![1; size as usize]).unwrap();
            let mapping = Mapping::of(&file).unwrap();
            file.set_len(cut).unwrap();
            let ones = mapping.iter().filter(|&&byte| byte == 1).count() as u64;
            assert_eq!(ones, cut, "cut at {cut}");
            assert_eq!(mapping.lost_pages(), cut.next_multiple_of(page) < size, "cut at {cut}");
        }
        without_a_free_slot_nothing_is_mapped();
    }

    #[test]
    fn pages_that_were_given_back_come_back() {
        survive_shrinking_maps().unwrap();
        let page = PAGE.load(Ordering::Acquire) as u64;
        let file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut &file, &vec![1; 3 * page as usize]).unwrap();
        let mapping = Mapping::of(&file).unwrap();
        let ones = || mapping.iter().filter(|&&byte| byte == 1).count() as u64;
        mapping.give_back_pages();
        assert_eq!(ones(), 3 * page);
        file.set_len(page).unwrap();
        assert_eq!(ones(), page);
        mapping.give_back_pages();
        assert_eq!(ones(), page, "zeros stay zeros");
    }

    #[test]
    fn a_slot_between_two_mappings_holds_nothing() {
        let slot = |start: usize, end: usize| Slot {
            taken: AtomicUsize::new(1),
            start: AtomicUsize::new(start),
            end: AtomicUsize::new(end),
            lost_pages: AtomicBool::new(false),
        };
        assert_eq!(slot(0x1000, 0x3000).end_of_what_holds(0x2fff), Some(0x3000));
        assert_eq!(slot(0x1000, 0x3000).end_of_what_holds(0x3000), None);
        assert_eq!(slot(0x1000, 0).end_of_what_holds(0x1000), None, "given back");
        assert_eq!(slot(0, 0x3000).end_of_what_holds(0x1000), None, "being taken");
    }

    #[test]
    fn a_slot_that_changes_hands_never_mixes_two_mappings() {
        let slot = Slot {
            taken: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            lost_pages: AtomicBool::new(false),
        };
        // Low and high mappings in turn: the low start with the high end would hold what lies between.
        let between = 0x5000;
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for turn in 0..200_000 {
                    let (start, end) = [(0x1000, 0x2000), (0x8000, 0x9000)][turn % 2];
                    slot.take(start, end);
                    slot.give_back();
                }
            });
            for _ in 0..200_000 {
                assert_eq!(slot.end_of_what_holds(between), None);
            }
        });
    }

    /// Part of the test above: it takes every slot, so that nothing else may map meanwhile.
    fn without_a_free_slot_nothing_is_mapped() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(10).unwrap();
        let mappings: Vec<_> = std::iter::from_fn(|| Mapping::of(&file)).collect();
        assert!(mappings.len() <= SLOTS);
        drop(mappings);
        assert!(Mapping::of(&file).is_some());
    }
}
