//! Calls of the C interface in any order and with any numbers, as a host with a broken heart would make
//! them: handles are alive or NULL, everything else is arbitrary.

#![no_main]

use std::ffi::c_void;
use std::ptr;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use pellucid_ffi::engine::{
    Engine, pellucid_engine_free, pellucid_engine_new, pellucid_engine_swap,
};
use pellucid_ffi::error::{Error, pellucid_error_code, pellucid_error_free};
use pellucid_ffi::options::{
    Cancel, ScanOptions, pellucid_cancel_free, pellucid_cancel_new, pellucid_cancel_request,
    pellucid_scan_options_init,
};
use pellucid_ffi::program::{Program, pellucid_result_facts_json, pellucid_result_program};
use pellucid_ffi::reader::Reader;
use pellucid_ffi::result::{
    Finding, Object, ScanResult, pellucid_result_completeness, pellucid_result_finding,
    pellucid_result_finding_count, pellucid_result_free, pellucid_result_json,
    pellucid_result_object, pellucid_result_object_count, pellucid_result_reason_count,
};
use pellucid_ffi::scan::{pellucid_scan_memory, pellucid_scan_reader};
use pellucid_ffi::set::{Set, pellucid_set_free, pellucid_set_open_memory};
use pellucid_ffi::status::{PELLUCID_INTERNAL, PELLUCID_OK};
use pellucid_ffi::stream::{
    Stream, pellucid_stream_finish, pellucid_stream_free, pellucid_stream_new,
    pellucid_stream_write,
};
use pellucid_ffi::text::{Text, pellucid_text_free};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use std::mem::MaybeUninit;

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    OpenSet { own: bool, bytes: &'a [u8] },
    FreeSet,
    NewEngine { count: u8 },
    Swap { count: u8 },
    FreeEngine,
    Scan { bytes: &'a [u8], limits: [u16; 4], flags: u8, size: u16 },
    Read { bytes: &'a [u8], size: u64, lie: Option<i64> },
    NewStream,
    Write { bytes: &'a [u8] },
    Finish,
    FreeStream,
    NewCancel,
    Cancel,
    FreeCancel,
    Ask { index: u64 },
    FreeResult,
}

/// What the host holds: each handle once, or NULL.
struct Host {
    set: *mut Set,
    engine: *mut Engine,
    stream: *mut Stream,
    result: *mut ScanResult,
    cancel: *mut Cancel,
}

/// What the host's reader gives.
struct Content<'a> {
    bytes: &'a [u8],
    lie: Option<i64>,
}

unsafe extern "C" fn read_at(
    user: *mut c_void,
    offset: u64,
    buffer: *mut c_void,
    length: usize,
) -> i64 {
    // SAFETY: `user` is the content that the call below hands in.
    let content = unsafe { &*user.cast::<Content<'_>>() };
    let rest = content.bytes.get(offset as usize..).unwrap_or_default();
    let count = rest.len().min(length);
    // SAFETY: the library gives `length` writable bytes.
    unsafe { ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), count) };
    content.lie.unwrap_or(count as i64)
}

/// Runs a call that may put out a handle; the old one is freed by the caller.
fn handle<T>(
    call: impl FnOnce(&mut MaybeUninit<*mut T>, &mut MaybeUninit<*mut Error>) -> i32,
) -> Option<*mut T> {
    let (mut out, mut error) =
        (MaybeUninit::new(ptr::dangling_mut()), MaybeUninit::new(ptr::null_mut()));
    let status = call(&mut out, &mut error);
    assert_ne!(status, PELLUCID_INTERNAL);
    // SAFETY: both were initialised above.
    let (out, error) = unsafe { (out.assume_init(), error.assume_init()) };
    // SAFETY: NULL, or made by the call.
    assert_eq!(pellucid_error_code(unsafe { error.as_ref() }), status);
    assert_eq!(out == ptr::dangling_mut(), status != PELLUCID_OK, "outputs stay as they were");
    // SAFETY: NULL, or made by the call and not used any more.
    unsafe { pellucid_error_free(error) };
    (status == PELLUCID_OK).then_some(out)
}

impl Host {
    fn make(&mut self, call: Call<'_>) {
        // SAFETY: every handle is alive or NULL, and every length is that of its bytes.
        unsafe {
            match call {
                Call::OpenSet { own, bytes } => {
                    let set = own.then(own_set);
                    let bytes = set.as_deref().unwrap_or(bytes);
                    let data = bytes.as_ptr().cast();
                    if let Some(set) = handle(|out, error| {
                        pellucid_set_open_memory(
                            data,
                            bytes.len(),
                            ptr::null(),
                            Some(out),
                            Some(error),
                        )
                    }) {
                        pellucid_set_free(std::mem::replace(&mut self.set, set));
                    }
                }
                Call::FreeSet => {
                    pellucid_set_free(std::mem::replace(&mut self.set, ptr::null_mut()))
                }
                Call::NewEngine { count } => {
                    let sets = [self.set; 3];
                    if let Some(engine) = handle(|out, error| {
                        let count = usize::from(count % 4);
                        pellucid_engine_new(
                            sets.as_ptr(),
                            count,
                            ptr::null(),
                            Some(out),
                            Some(error),
                        )
                    }) {
                        pellucid_engine_free(std::mem::replace(&mut self.engine, engine));
                    }
                }
                Call::Swap { count } => {
                    let sets = [self.set; 3];
                    let count = usize::from(count % 4);
                    pellucid_engine_swap(self.engine.as_ref(), sets.as_ptr(), count, None);
                }
                Call::FreeEngine => {
                    pellucid_engine_free(std::mem::replace(&mut self.engine, ptr::null_mut()));
                }
                Call::Scan { bytes, limits, flags, size } => {
                    let mut options = self.options(limits, flags);
                    if size % 2 == 1 {
                        options.struct_size = usize::from(size) % size_of::<ScanOptions>();
                    }
                    let engine = self.engine.as_ref();
                    let data = bytes.as_ptr().cast();
                    self.keep(handle(|out, error| {
                        pellucid_scan_memory(
                            engine,
                            data,
                            bytes.len(),
                            &options,
                            Some(out),
                            Some(error),
                        )
                    }));
                }
                Call::Read { bytes, size, lie } => {
                    let mut content = Content { bytes, lie };
                    let user = (&raw mut content).cast();
                    let size = if size % 4 == 0 { u64::MAX } else { size % (1 << 20) };
                    let reader = Reader {
                        struct_size: size_of::<Reader>(),
                        user,
                        size,
                        read_at: Some(read_at),
                    };
                    let options = self.options([4, 100, 100, 100], 0);
                    let engine = self.engine.as_ref();
                    self.keep(handle(|out, error| {
                        pellucid_scan_reader(engine, &reader, &options, Some(out), Some(error))
                    }));
                }
                Call::NewStream => {
                    let options = self.options([4, 100, 100, 100], 0);
                    let engine = self.engine.as_ref();
                    if let Some(stream) = handle(|out, error| {
                        pellucid_stream_new(engine, &options, Some(out), Some(error))
                    }) {
                        pellucid_stream_free(std::mem::replace(&mut self.stream, stream));
                    }
                }
                Call::Write { bytes } => {
                    let data = bytes.as_ptr().cast();
                    pellucid_stream_write(self.stream.as_mut(), data, bytes.len(), None);
                }
                Call::Finish => {
                    let stream = self.stream.as_mut();
                    let result =
                        handle(|out, error| pellucid_stream_finish(stream, Some(out), Some(error)));
                    self.keep(result);
                }
                Call::FreeStream => {
                    pellucid_stream_free(std::mem::replace(&mut self.stream, ptr::null_mut()));
                }
                Call::NewCancel => {
                    let mut out = MaybeUninit::uninit();
                    assert_eq!(pellucid_cancel_new(Some(&mut out)), PELLUCID_OK);
                    let cancel = out.assume_init();
                    pellucid_cancel_free(std::mem::replace(&mut self.cancel, cancel));
                }
                Call::Cancel => {
                    pellucid_cancel_request(self.cancel.as_ref());
                }
                Call::FreeCancel => {
                    pellucid_cancel_free(std::mem::replace(&mut self.cancel, ptr::null_mut()));
                }
                Call::Ask { index } => self.ask(index as usize),
                Call::FreeResult => self.keep(Some(ptr::null_mut())),
            }
        }
    }

    fn keep(&mut self, result: Option<*mut ScanResult>) {
        let Some(result) = result else { return };
        // SAFETY: the old one is NULL or alive, and not used any more.
        unsafe { pellucid_result_free(std::mem::replace(&mut self.result, result)) };
    }

    fn options(&self, limits: [u16; 4], flags: u8) -> ScanOptions {
        let mut options = MaybeUninit::<ScanOptions>::uninit();
        // SAFETY: the size is the struct's own.
        let mut options = unsafe {
            let size = size_of::<ScanOptions>();
            assert_eq!(pellucid_scan_options_init(options.as_mut_ptr(), size), PELLUCID_OK);
            options.assume_init()
        };
        options.flags = flags.into();
        options.cancel = self.cancel;
        options.max_depth = (limits[0] % 6).into();
        options.max_objects = limits[1].into();
        options.max_memory_bytes = u64::from(limits[2]) << 8;
        options.max_total_bytes = u64::from(limits[3]) << 8;
        options.threads = (limits[0] % 3).into();
        options
    }

    fn ask(&self, index: usize) {
        // SAFETY: the result is NULL or alive; the records are of the sizes that they say.
        unsafe {
            let result = self.result.as_ref();
            let mut finding: Finding = MaybeUninit::zeroed().assume_init();
            finding.struct_size = size_of::<Finding>();
            let there = index < pellucid_result_finding_count(result);
            assert_eq!(pellucid_result_finding(result, index, &mut finding) == PELLUCID_OK, there);
            let mut object: Object = MaybeUninit::zeroed().assume_init();
            object.struct_size = size_of::<Object>();
            let there = index < pellucid_result_object_count(result);
            assert_eq!(pellucid_result_object(result, index, &mut object) == PELLUCID_OK, there);
            let mut program: Program = MaybeUninit::zeroed().assume_init();
            program.struct_size = size_of::<Program>();
            pellucid_result_program(result, index, &mut program);
            let mut json = MaybeUninit::<Text>::uninit();
            if pellucid_result_json(result, Some(&mut json)) == PELLUCID_OK {
                assert!(json.assume_init().length > 2);
            }
            if pellucid_result_facts_json(result, index, Some(&mut json)) == PELLUCID_OK {
                pellucid_text_free(json.assume_init());
            }
            let complete = pellucid_result_completeness(result) == 1;
            assert_eq!(complete, result.is_some() && pellucid_result_reason_count(result) == 0);
        }
    }
}

/// A set that opens.
fn own_set() -> Vec<u8> {
    let mut tree = SourceTree::new();
    tree.add("a.ndb", "A:0:*:4d5a??00\nB:0:0:504b0304\nC:0:*:6e6565646c65\n");
    build_tree(tree, &BuildOptions::default()).expect("a set").set
}

fuzz_target!(|data: &[u8]| {
    let mut host = Host {
        set: ptr::null_mut(),
        engine: ptr::null_mut(),
        stream: ptr::null_mut(),
        result: ptr::null_mut(),
        cancel: ptr::null_mut(),
    };
    let mut unstructured = Unstructured::new(data);
    host.make(Call::OpenSet { own: true, bytes: &[] });
    host.make(Call::NewEngine { count: 1 });
    for _ in 0..64 {
        if unstructured.is_empty() {
            break;
        }
        let Ok(call) = Call::arbitrary(&mut unstructured) else { break };
        host.make(call);
    }
    for last in
        [Call::FreeStream, Call::FreeEngine, Call::FreeSet, Call::FreeCancel, Call::FreeResult]
    {
        host.make(last);
    }
});
