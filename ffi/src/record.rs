//! Structs that both sides see and that may grow: each begins with `struct_size`, set by the caller.
//!
//! A caller that was compiled with an older header has a shorter struct: what it lacks is zero, and
//! zero always means "as it was before the field came". A caller with a newer header has a longer one:
//! going in, what we do not know must be zero, else it asks for something that we cannot do; coming
//! out, we set it to zero.

use std::mem::MaybeUninit;
use std::ptr;
use std::slice;

use crate::error::Failure;

/// A size beyond this is not a struct's size but memory that nobody set.
const LARGEST: usize = 4096;

/// A struct that begins with its size.
///
/// # Safety
/// The type is `repr(C)`, its first field is `struct_size: usize`, and any bytes are a value of it:
/// it consists of integers, raw pointers, and arrays and structs of them.
pub(crate) unsafe trait Record: Copy {
    /// Where a caller's struct may end: behind any field but the middle of one.
    const ENDS: &'static [usize];
}

/// [`Record::ENDS`] of a type, from the names of all its fields in their order; one that is missing
/// does not compile.
macro_rules! ends {
    ($type:ident { struct_size, $($field:ident),+ $(,)? }) => {{
        const _: fn($type) = |$type { struct_size: _, $($field: _),+ }| {};
        &[$(std::mem::offset_of!($type, $field),)+ size_of::<$type>()]
    }};
}
pub(crate) use ends;

/// Reads a caller's record; NULL is one with nothing set.
///
/// # Safety
/// `record` is NULL or points to a `struct_size` and, where that is one of a struct, to as many
/// readable bytes, all of them set beyond the end of `T`.
pub(crate) unsafe fn read<T: Record>(record: *const T) -> Result<T, Failure> {
    let mut ours = zeroed::<T>();
    if record.is_null() {
        return Ok(ours);
    }
    // SAFETY: not NULL, and the caller vouches for the first field.
    let size = unsafe { declared_size(record) }?;
    // SAFETY: the size was accepted, so the caller vouches for as many bytes.
    if unsafe { tail(record, size) }.iter().any(|&byte| byte != 0) {
        return Err(Failure::unsupported(format!(
            "the options were set by a newer header: beyond {} bytes something is not zero",
            size_of::<T>()
        )));
    }
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are readable there and writable here, bytes need no alignment, and `ours`
    // is a local that nobody else points to.
    unsafe {
        ptr::copy_nonoverlapping(record.cast::<u8>(), (&raw mut ours).cast::<u8>(), known);
    }
    Ok(ours)
}

/// Fills a caller's record, as far as it goes; its `struct_size` stays.
///
/// # Safety
/// `record` is NULL or points to a `struct_size` and, where that is one of a struct, to as many
/// writable bytes.
pub(crate) unsafe fn fill<T: Record>(record: *mut T, ours: T) -> Result<(), Failure> {
    if record.is_null() {
        return Err(Failure::argument("the struct to fill is NULL"));
    }
    // SAFETY: not NULL, and the caller vouches for the first field.
    let size = unsafe { declared_size(record) }?;
    // SAFETY: the size was accepted, so the caller vouches for as many bytes.
    unsafe { fill_accepted(record, ours, size) };
    Ok(())
}

/// Sets `struct_size` and fills the rest.
///
/// # Safety
/// `record` is NULL or points to `size` writable bytes.
pub(crate) unsafe fn initialise<T: Record>(
    record: *mut T,
    ours: T,
    size: usize,
) -> Result<(), Failure> {
    if record.is_null() {
        return Err(Failure::argument("the struct to fill is NULL"));
    }
    accept::<T>(size)?;
    // SAFETY: an accepted size has room for the first field, and the write asks for no alignment.
    unsafe { record.cast::<usize>().write_unaligned(size) };
    // SAFETY: the caller vouches for `size` bytes.
    unsafe { fill_accepted(record, ours, size) };
    Ok(())
}

/// Copies all but the size, and sets what we do not know to zero.
///
/// # Safety
/// `size` was accepted, and `record` points to as many writable bytes.
unsafe fn fill_accepted<T: Record>(record: *mut T, ours: T, size: usize) {
    let known = size.min(size_of::<T>());
    let first = size_of::<usize>();
    let from = (&raw const ours).cast::<u8>().wrapping_add(first);
    let to = record.cast::<u8>().wrapping_add(first);
    // SAFETY: an accepted size is at least `first`; both sides have `known` bytes from their start;
    // `ours` is a local that nobody else points to.
    unsafe { ptr::copy_nonoverlapping(from, to, known.saturating_sub(first)) };
    let beyond = record.cast::<u8>().wrapping_add(known);
    // SAFETY: the record has `size` writable bytes, of which `known` lie before.
    unsafe { ptr::write_bytes(beyond, 0, size.saturating_sub(known)) };
}

/// The size that the caller says, when it can be one of this struct.
///
/// # Safety
/// `record` points to its first field.
unsafe fn declared_size<T: Record>(record: *const T) -> Result<usize, Failure> {
    // SAFETY: the caller vouches for the field; the read asks for no alignment.
    let size = unsafe { record.cast::<usize>().read_unaligned() };
    accept::<T>(size)?;
    Ok(size)
}

fn accept<T: Record>(size: usize) -> Result<(), Failure> {
    let longer = size > size_of::<T>() && size <= LARGEST;
    if longer || T::ENDS.contains(&size) {
        return Ok(());
    }
    Err(Failure::argument(format!(
        "struct_size is {size}; set it to sizeof the struct, which is {} here",
        size_of::<T>()
    )))
}

/// What the caller has beyond our struct.
///
/// # Safety
/// `record` points to `size` readable bytes, all of them set beyond the end of `T`.
unsafe fn tail<'a, T: Record>(record: *const T, size: usize) -> &'a [u8] {
    let length = size.saturating_sub(size_of::<T>());
    if length == 0 {
        return &[];
    }
    let start = record.cast::<u8>().wrapping_add(size_of::<T>());
    // SAFETY: not NULL, bytes need no alignment, and the caller vouches for `length` set bytes there.
    unsafe { slice::from_raw_parts(start, length) }
}

fn zeroed<T: Record>() -> T {
    // SAFETY: by the trait's contract any bytes are a value, zeros too.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{PELLUCID_INVALID_ARGUMENT, PELLUCID_UNSUPPORTED};

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Options {
        struct_size: usize,
        first: u64,
        second: u64,
    }

    // SAFETY: `repr(C)`, begins with its size, integers only.
    unsafe impl Record for Options {
        const ENDS: &'static [usize] = ends!(Options { struct_size, first, second });
    }

    /// The same struct as a later header may have it.
    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Newer {
        known: Options,
        third: u64,
    }

    const OURS: usize = size_of::<Options>();

    fn newer(size: usize, third: u64) -> Newer {
        Newer { known: Options { struct_size: size, first: 1, second: 2 }, third }
    }

    fn read_newer(given: &Newer) -> Result<Options, i32> {
        // SAFETY: every size below is refused or fits `Newer`.
        unsafe { read((&raw const *given).cast::<Options>()) }.map_err(|failure| failure.code)
    }

    fn fill_newer(given: &mut Newer, ours: Options) -> Result<(), i32> {
        // SAFETY: every size below is refused or fits `Newer`.
        unsafe { fill((&raw mut *given).cast::<Options>(), ours) }.map_err(|failure| failure.code)
    }

    #[test]
    fn null_sets_nothing() {
        // SAFETY: NULL is allowed.
        let options = unsafe { read(ptr::null::<Options>()) }.unwrap();
        assert_eq!(options, Options { struct_size: 0, first: 0, second: 0 });
    }

    #[test]
    fn what_an_older_caller_lacks_is_zero() {
        let read =
            |size| read_newer(&newer(size, 0)).map(|options| (options.first, options.second));
        assert_eq!(read(OURS), Ok((1, 2)));
        assert_eq!(read(OURS - 8), Ok((1, 0)));
        assert_eq!(read(size_of::<usize>()), Ok((0, 0)));
    }

    #[test]
    fn a_newer_caller_may_not_ask_for_what_is_unknown() {
        assert_eq!(read_newer(&newer(OURS + 8, 0)).map(|options| options.second), Ok(2));
        assert_eq!(read_newer(&newer(OURS + 8, 1)), Err(PELLUCID_UNSUPPORTED));
        assert!(
            read_newer(&newer(OURS, 1)).is_ok(),
            "what lies behind the struct is not looked at"
        );
    }

    #[test]
    fn other_sizes_are_a_mistake() {
        for size in [0, 1, 7, 9, OURS - 1, OURS - 4, LARGEST + 1, usize::MAX] {
            assert_eq!(read_newer(&newer(size, 0)), Err(PELLUCID_INVALID_ARGUMENT), "{size}");
            let mut given = newer(size, 9);
            let filled = fill_newer(&mut given, newer(OURS, 0).known);
            assert_eq!(filled, Err(PELLUCID_INVALID_ARGUMENT));
            assert_eq!(given, newer(size, 9), "a failure changes nothing");
        }
    }

    #[test]
    fn a_record_is_filled_as_far_as_it_goes() {
        let ours = Options { struct_size: 77, first: 5, second: 6 };
        let fill = |size| {
            let mut given = newer(size, 3);
            fill_newer(&mut given, ours).unwrap();
            (given.known.struct_size == size, given.known.first, given.known.second, given.third)
        };
        assert_eq!(fill(OURS - 8), (true, 5, 2, 3));
        assert_eq!(fill(OURS), (true, 5, 6, 3));
        assert_eq!(fill(OURS + 8), (true, 5, 6, 0));
    }

    #[test]
    fn initialising_sets_the_size() {
        let ours = Options { struct_size: 0, first: 5, second: 6 };
        let mut given = newer(12345, 3);
        let target = (&raw mut given).cast::<Options>();
        // SAFETY: `Newer` has as many bytes.
        unsafe { initialise(target, ours, OURS + 8) }.unwrap();
        assert_eq!(given.known, Options { struct_size: OURS + 8, ..ours });
        assert_eq!(given.third, 0);
        // SAFETY: NULL is refused.
        let refused = unsafe { initialise(ptr::null_mut(), ours, OURS) };
        assert_eq!(refused.map_err(|failure| failure.code), Err(PELLUCID_INVALID_ARGUMENT));
    }

    #[test]
    fn records_need_not_be_aligned() {
        let mut raw = [0_u8; 64];
        let odd = raw.as_mut_ptr().wrapping_add(1).cast::<Options>();
        let ours = Options { struct_size: 0, first: 5, second: 6 };
        // SAFETY: 63 bytes follow.
        unsafe { initialise(odd, ours, OURS) }.unwrap();
        // SAFETY: it was initialised just now.
        let back = unsafe { read(odd.cast_const()) }.unwrap();
        assert_eq!(back, Options { struct_size: OURS, ..ours });
    }
}
