// Package pellucid scans files, memory and streams with libpellucid, over cgo.
//
// Sets and engines may be used by any number of goroutines at a time. What a scan found is never an
// error: it is in the Result. Build with CGO_CFLAGS and CGO_LDFLAGS from `pkg-config pellucid`.
package pellucid

/*
#cgo LDFLAGS: -lpellucid
#include <pellucid.h>
#include <stdlib.h>
*/
import "C"

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"
	"unsafe"
)

// Error is a call that failed.
type Error struct {
	Code    int32
	Message string
}

func (e *Error) Error() string { return e.Message }

func failure(status C.int32_t, err *C.pellucid_error) error {
	defer C.pellucid_error_free(err)
	message := text(C.pellucid_error_message(err))
	if message == "" {
		message = C.GoString(C.pellucid_status_name(status))
	}
	return &Error{int32(status), message}
}

func text(t C.pellucid_string) string { return C.GoStringN(t.data, C.int(t.length)) }

// Set is a signature set.
type Set struct{ handle *C.pellucid_set }

// OpenSet opens the set in a file.
func OpenSet(path string) (*Set, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	set, err := &Set{}, (*C.pellucid_error)(nil)
	status := C.pellucid_set_open_path(name, C.size_t(len(path)), nil, &set.handle, &err)
	if status != C.PELLUCID_OK {
		return nil, failure(status, err)
	}
	runtime.SetFinalizer(set, func(set *Set) { C.pellucid_set_free(set.handle) })
	return set, nil
}

// Engine is a stack of sets, ready to scan.
type Engine struct{ handle *C.pellucid_engine }

// NewEngine makes the sets ready, the bottom of the stack first.
func NewEngine(sets ...*Set) (*Engine, error) {
	engine, err := &Engine{}, (*C.pellucid_error)(nil)
	stack, free := stackOf(sets)
	defer free()
	status := C.pellucid_engine_new(stack, C.size_t(len(sets)), nil, &engine.handle, &err)
	runtime.KeepAlive(sets)
	if status != C.PELLUCID_OK {
		return nil, failure(status, err)
	}
	runtime.SetFinalizer(engine, func(engine *Engine) { C.pellucid_engine_free(engine.handle) })
	return engine, nil
}

// Swap gives the engine other sets; scans that are running end with those they began with.
func (e *Engine) Swap(sets ...*Set) error {
	var err *C.pellucid_error
	stack, free := stackOf(sets)
	defer free()
	status := C.pellucid_engine_swap(e.handle, stack, C.size_t(len(sets)), &err)
	runtime.KeepAlive(sets)
	runtime.KeepAlive(e)
	if status != C.PELLUCID_OK {
		return failure(status, err)
	}
	return nil
}

// C may not keep Go's pointers, nor look into Go's slices of them: the array is C's.
func stackOf(sets []*Set) (**C.pellucid_set, func()) {
	size := unsafe.Sizeof((*C.pellucid_set)(nil))
	array := C.malloc(C.size_t(uintptr(len(sets)+1) * size))
	for i, set := range sets {
		*(**C.pellucid_set)(unsafe.Add(array, uintptr(i)*size)) = set.handle
	}
	return (**C.pellucid_set)(array), func() { C.free(array) }
}

// Finding is one signature that hit. Offset is -1 where the method does not know where.
type Finding struct {
	Name, Verdict string
	Object        int
	Offset        int64
}

// Result is what a scan says.
type Result struct {
	Verdict, Completeness string
	Findings              []Finding
	Reasons               []string
	JSON                  string
}

// IsClean says that nothing harmful was found, and that all of it was looked at.
func (r *Result) IsClean() bool {
	return (r.Verdict == "clean" || r.Verdict == "trusted") && r.Completeness == "complete"
}

// ScanPath scans a file. The scan ends with the context, with the reason "cancelled" in the result.
func (e *Engine) ScanPath(ctx context.Context, path string) (*Result, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	options, release, err := optionsOf(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var result *C.pellucid_result
	var failed *C.pellucid_error
	status := C.pellucid_scan_path(e.handle, name, C.size_t(len(path)), options, &result, &failed)
	runtime.KeepAlive(e)
	return finish(status, result, failed)
}

// ScanReader scans what comes out of a reader, to its end.
func (e *Engine) ScanReader(ctx context.Context, reader io.Reader) (*Result, error) {
	options, release, err := optionsOf(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var stream *C.pellucid_stream
	var failed *C.pellucid_error
	if status := C.pellucid_stream_new(e.handle, options, &stream, &failed); status != C.PELLUCID_OK {
		return nil, failure(status, failed)
	}
	runtime.KeepAlive(e)
	defer C.pellucid_stream_free(stream)
	piece := make([]byte, 64*1024)
	for {
		count, err := reader.Read(piece)
		if count > 0 {
			data := unsafe.Pointer(&piece[0])
			status := C.pellucid_stream_write(stream, data, C.size_t(count), &failed)
			if status != C.PELLUCID_OK {
				return nil, failure(status, failed)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading what to scan: %w", err)
		}
	}
	var result *C.pellucid_result
	status := C.pellucid_stream_finish(stream, &result, &failed)
	return finish(status, result, failed)
}

// optionsOf carries a context's deadline and end over to a scan.
func optionsOf(ctx context.Context) (*C.pellucid_scan_options, func(), error) {
	var cancel *C.pellucid_cancel
	if status := C.pellucid_cancel_new(&cancel); status != C.PELLUCID_OK {
		return nil, nil, failure(status, nil)
	}
	options := (*C.pellucid_scan_options)(C.malloc(C.sizeof_pellucid_scan_options))
	C.pellucid_scan_options_init(options, C.sizeof_pellucid_scan_options)
	options.cancel = cancel
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline).Milliseconds()
		if left < 1 {
			left = 1
		}
		options.max_time_ms = C.uint64_t(left)
	}
	if ctx.Err() != nil {
		C.pellucid_cancel_request(cancel)
	}
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ctx.Done():
			C.pellucid_cancel_request(cancel)
		case <-done:
		}
	}()
	release := func() {
		close(done)
		<-watched
		C.pellucid_cancel_free(cancel)
		C.free(unsafe.Pointer(options))
	}
	return options, release, nil
}

func finish(status C.int32_t, result *C.pellucid_result, failed *C.pellucid_error) (*Result, error) {
	if status != C.PELLUCID_OK {
		return nil, failure(status, failed)
	}
	defer C.pellucid_result_free(result)
	said := &Result{
		Verdict:      C.GoString(C.pellucid_verdict_name(C.pellucid_result_verdict(result))),
		Completeness: C.GoString(C.pellucid_completeness_name(C.pellucid_result_completeness(result))),
	}
	for i := C.size_t(0); i < C.pellucid_result_finding_count(result); i++ {
		var one C.pellucid_finding
		one.struct_size = C.sizeof_pellucid_finding
		if C.pellucid_result_finding(result, i, &one) == C.PELLUCID_OK {
			verdict := C.GoString(C.pellucid_verdict_name(one.verdict))
			said.Findings = append(said.Findings,
				Finding{text(one.name), verdict, int(one.object), int64(one.offset)})
		}
	}
	for i := C.size_t(0); i < C.pellucid_result_reason_count(result); i++ {
		var one C.pellucid_reason
		one.struct_size = C.sizeof_pellucid_reason
		if C.pellucid_result_reason(result, i, &one) == C.PELLUCID_OK {
			said.Reasons = append(said.Reasons, text(one.name))
		}
	}
	var json C.pellucid_string
	if C.pellucid_result_json(result, &json) == C.PELLUCID_OK {
		said.JSON = text(json)
	}
	return said, nil
}
