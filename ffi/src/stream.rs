//! A scan whose content the host pushes, piece by piece.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use crate::boundary::{bytes, call, free_box, required};
use crate::engine::Engine;
use crate::error::{Error, Failure};
use crate::options::{About, Asked, ScanOptions};
use crate::result::ScanResult;

/// Content that comes in pieces: begun, written to, finished. One thread at a time may use it; it has
/// one owner.
pub struct Stream(Option<(pellucid::Stream, About)>);

/// Begins a scan of content that comes in pieces. It uses the sets that the engine has now, whatever
/// becomes of the engine meanwhile.
///
/// `options` may be NULL; they are copied, and the cancel handle may be freed. `max_time_ms` counts
/// from pellucid_stream_finish. On success `*stream` is the caller's, to be freed with
/// pellucid_stream_free. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_stream_new(
    engine: Option<&Engine>,
    options: *const ScanOptions,
    stream: Option<&mut MaybeUninit<*mut Stream>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let out = required(stream, "stream")?;
        let engine = required(engine, "engine")?;
        // SAFETY: the header asks for NULL or a struct of the size that it says.
        let asked = unsafe { Asked::read(options) }?;
        let begun = (engine.current().stream(asked.options), asked.about);
        out.write(Box::into_raw(Box::new(Stream(Some(begun)))));
        Ok(())
    })
}

/// Takes the next `length` bytes at `data`, which are copied. At most half of `max_memory_bytes` is
/// kept: of what comes behind, nothing, and the result will say PELLUCID_REASON_LIMIT_MEMORY. Fails
/// with PELLUCID_INVALID_ARGUMENT after pellucid_stream_finish. Any thread, one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_stream_write(
    stream: Option<&mut Stream>,
    data: *const c_void,
    length: usize,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let (stream, _) = required(stream, "stream")?.0.as_mut().ok_or_else(finished)?;
        // SAFETY: the header asks for NULL or `length` readable bytes.
        let piece = unsafe { bytes(data, length, "data") }?;
        stream.write(piece);
        Ok(())
    })
}

/// Scans what was written. Afterwards the stream can only be freed.
///
/// On success `*result` is the caller's, to be freed with pellucid_result_free. Fails with
/// PELLUCID_INVALID_ARGUMENT when called again. Any thread, one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_stream_finish(
    stream: Option<&mut Stream>,
    result: Option<&mut MaybeUninit<*mut ScanResult>>,
    error: Option<&mut MaybeUninit<*mut Error>>,
) -> i32 {
    call(error, || {
        let out = required(result, "result")?;
        let (stream, about) = required(stream, "stream")?.0.take().ok_or_else(finished)?;
        out.write(Box::into_raw(Box::new(ScanResult::new(stream.finish(), about, ""))));
        Ok(())
    })
}

/// Frees a stream, finished or not; NULL is nothing. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_stream_free(stream: *mut Stream) {
    // SAFETY: streams come from `Box::into_raw`; the header asks for one free and no use after it.
    unsafe { free_box(stream) };
}

fn finished() -> Failure {
    Failure::argument("the stream is finished; begin another")
}
