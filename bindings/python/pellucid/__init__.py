"""Pellucid: an antivirus scan engine.

Sets and engines may be used by any number of threads at a time, and scans let other threads run. What a
scan found is never an exception: it is in the :class:`Result`. Calls that fail raise :class:`Error`.
"""

import ctypes
import json
import os
from ctypes import byref, c_void_p
from dataclasses import dataclass

from . import _library
from ._library import LIMITS, library

__all__ = ["Cancel", "CONTINUE", "Engine", "Error", "Finding", "Reason", "Result", "Set", "SKIP", "STOP",
           "Stream", "version"]

#: Answers of callbacks: go on; leave this object out; end the scan.
CONTINUE, SKIP, STOP = 0, 1, 2

_OK, _NO_OFFSET, _SIZE_UNKNOWN = 0, 2**64 - 1, 2**64 - 1


class Error(Exception):
    """A call that failed. `code` is the status of pellucid.h, `name` its name."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.name = library.pellucid_status_name(code).decode()


def version():
    """The version of the library."""
    return library.pellucid_version().decode()


def _call(function, *arguments):
    error = c_void_p()
    status = function(*arguments, byref(error))
    if status != _OK:
        message = str(library.pellucid_error_message(error))
        library.pellucid_error_free(error)
        raise Error(status, message)


def _check(status):
    if status != _OK:
        raise Error(status, library.pellucid_status_name(status).decode())


class _Handle:
    """What the library gave out, freed once, when the last reference is gone."""

    _free = None

    def __init__(self, handle):
        self._handle = handle

    def __del__(self):
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            type(self)._free(handle)


class Set(_Handle):
    """A signature set."""

    _free = library.pellucid_set_free

    @classmethod
    def builtin(cls):
        """The set that is built into the library."""
        handle = c_void_p()
        _call(library.pellucid_set_open_builtin, byref(handle))
        return cls(handle)

    @classmethod
    def open(cls, path):
        """The set in a file."""
        path, handle = os.fsencode(path), c_void_p()
        _call(library.pellucid_set_open_path, path, len(path), None, byref(handle))
        return cls(handle)

    @classmethod
    def from_bytes(cls, data):
        """The set in a bytes object, which is copied."""
        handle = c_void_p()
        _call(library.pellucid_set_open_memory, data, len(data), None, byref(handle))
        return cls(handle)

    def _about(self):
        info = _library.SetInfo(struct_size=ctypes.sizeof(_library.SetInfo))
        _check(library.pellucid_set_about(self._handle, byref(info)))
        return info

    @property
    def name(self):
        """`origin/channel@version`"""
        return str(self._about().name)

    @property
    def signatures(self):
        """How many signatures it holds."""
        return self._about().signatures


class Cancel(_Handle):
    """Ends the scans that it is given to, from any thread."""

    _free = library.pellucid_cancel_free

    def __init__(self):
        handle = c_void_p()
        _check(library.pellucid_cancel_new(byref(handle)))
        super().__init__(handle)

    def request(self):
        """Ends them, soon."""
        _check(library.pellucid_cancel_request(self._handle))


@dataclass(frozen=True)
class Finding:
    """One signature that hit."""

    name: str
    verdict: str
    method: str
    severity: int
    object: int
    offset: "int | None"
    set: str
    source: str


@dataclass(frozen=True)
class Reason:
    """Why something was not looked at in full."""

    name: str
    detail: str
    object: int


class Result(_Handle):
    """What a scan says."""

    _free = library.pellucid_result_free

    @property
    def verdict(self):
        """`clean`, `trusted`, `pua`, `suspicious` or `malicious`."""
        return library.pellucid_verdict_name(library.pellucid_result_verdict(self._handle)).decode()

    @property
    def completeness(self):
        """`complete`, `partial` or `not-scanned`."""
        number = library.pellucid_result_completeness(self._handle)
        return library.pellucid_completeness_name(number).decode()

    @property
    def is_clean(self):
        """Nothing harmful was found, and all of it was looked at."""
        return self.verdict in ("clean", "trusted") and self.completeness == "complete"

    @property
    def findings(self):
        """A list of :class:`Finding`."""
        def finding(index):
            one = _library.Finding(struct_size=ctypes.sizeof(_library.Finding))
            _check(library.pellucid_result_finding(self._handle, index, byref(one)))
            return Finding(str(one.name), library.pellucid_verdict_name(one.verdict).decode(),
                           library.pellucid_method_name(one.method).decode(), one.severity, one.object,
                           None if one.offset == _NO_OFFSET else one.offset, str(one.set), str(one.source))
        return [finding(i) for i in range(library.pellucid_result_finding_count(self._handle))]

    @property
    def reasons(self):
        """A list of :class:`Reason`."""
        def reason(index):
            one = _library.Reason(struct_size=ctypes.sizeof(_library.Reason))
            _check(library.pellucid_result_reason(self._handle, index, byref(one)))
            return Reason(str(one.name), str(one.detail), one.object)
        return [reason(i) for i in range(library.pellucid_result_reason_count(self._handle))]

    def to_dict(self):
        """Everything, as `pellucid scan --format ndjson` prints it."""
        text = _library.Text()
        _check(library.pellucid_result_json(self._handle, byref(text)))
        return json.loads(str(text))


class _Options:
    """A scan's options, and what has to live as long as they do."""

    def __init__(self, name=None, metadata=None, passwords=(), cancel=None, on_object=None, on_finding=None,
                 on_progress=None, on_log=None, threads=1, **limits):
        unknown = set(limits) - set(LIMITS)
        if unknown:
            raise TypeError(f"unknown option {min(unknown)}; limits are {', '.join(LIMITS)}")
        self.raised = None
        self._cancel = cancel
        options = _library.ScanOptions(struct_size=ctypes.sizeof(_library.ScanOptions), threads=threads, **limits)
        if cancel is not None:
            options.cancel = cancel._handle
        if name is not None:
            encoded = os.fsencode(name)
            options.name, options.name_length = encoded, len(encoded)
        pairs = [(key.encode(), value.encode()) for key, value in (metadata or {}).items()]
        pairs = [_library.Pair(key, len(key), value, len(value)) for key, value in pairs]
        options.metadata, options.metadata_count = (_library.Pair * len(pairs))(*pairs), len(pairs)
        words = [_library.Password(word, len(word)) for word in passwords]
        options.passwords, options.password_count = (_library.Password * len(words))(*words), len(words)
        self._callbacks = self._table(on_object, on_finding, on_progress, on_log)
        options.callbacks = ctypes.pointer(self._callbacks)
        self.struct = options

    def _table(self, on_object, on_finding, on_progress, on_log):
        table = _library.Callbacks(struct_size=ctypes.sizeof(_library.Callbacks))

        def guarded(function, arguments):
            try:
                answer = function(*arguments)
                return CONTINUE if answer is None else int(answer)
            except BaseException as error:  # it has to cross C, and is raised again behind it
                self.raised = self.raised or error
                return STOP

        if on_object is not None:
            table.on_object = _library.OnObject(lambda _, entered: guarded(on_object, (
                str(entered.contents.name), entered.contents.bytes, entered.contents.depth,
                [str(entered.contents.types[i]) for i in range(entered.contents.type_count)])))
        if on_finding is not None:
            table.on_finding = _library.OnFinding(
                lambda _, finding: guarded(on_finding, (str(finding.contents.name),)))
        if on_progress is not None:
            table.on_progress = _library.OnProgress(
                lambda _, progress: guarded(on_progress, (progress.contents.objects, progress.contents.unpacked_bytes)))
        if on_log is not None:
            table.on_log = _library.OnLog(
                lambda _, line, length: guarded(on_log, (ctypes.string_at(line, length).decode(),)) and None)
        return table

    def finish(self, handle):
        result = Result(handle)
        if self.raised is not None:
            raise self.raised
        return result


class Engine(_Handle):
    """A stack of sets, ready to scan; the bottom of the stack comes first.

    Every scan takes the options ``name``, ``metadata`` (a dict), ``passwords`` (bytes), ``cancel``, the
    limits of the C interface (``max_time_ms=...``), ``threads`` that look at what containers hold, and
    the callbacks ``on_object(name, size, depth, types)``, ``on_finding(name)``,
    ``on_progress(objects, unpacked_bytes)`` and ``on_log(line)``, with which there is one thread. The
    first three may return :data:`STOP`, on_object also :data:`SKIP`; an exception in one of them ends
    the scan and is raised again.
    """

    _free = library.pellucid_engine_free

    def __init__(self, sets):
        handle, stack = c_void_p(), _stack(sets)
        _call(library.pellucid_engine_new, stack, len(stack), None, byref(handle))
        super().__init__(handle)

    def swap_sets(self, sets):
        """Gives it other sets; scans that are running end with those they began with."""
        stack = _stack(sets)
        _call(library.pellucid_engine_swap, self._handle, stack, len(stack))

    def scan_path(self, path, **options):
        """Scans a file."""
        path = os.fsencode(path)
        return self._scan(library.pellucid_scan_path, (path, len(path)), options)

    def scan_file(self, file, **options):
        """Scans the whole of an open file, whatever its position, which is left as it was."""
        return self._scan(library.pellucid_scan_fd, (file.fileno(),), options)

    def scan_bytes(self, data, **options):
        """Scans a bytes object."""
        return self._scan(library.pellucid_scan_memory, (data, len(data)), options)

    def scan_reader(self, read_at, size=None, **options):
        """Scans what `read_at(offset, length)` gives, as bytes, from start to end."""
        raised = []

        def read(_, offset, buffer, length):
            try:
                data = read_at(offset, length)
                if len(data) <= length:
                    ctypes.memmove(buffer, data, len(data))
                return len(data)
            except BaseException as error:
                raised.append(error)
                return -1

        reader = _library.Reader(struct_size=ctypes.sizeof(_library.Reader),
                                 size=_SIZE_UNKNOWN if size is None else size, read_at=_library.ReadAt(read))
        result = self._scan(library.pellucid_scan_reader, (byref(reader),), options)
        if raised:
            raise raised[0]
        return result

    def stream(self, **options):
        """Begins a scan whose content comes in pieces: a :class:`Stream`."""
        return Stream(self, _Options(**options))

    def _scan(self, function, what, options):
        options, handle = _Options(**options), c_void_p()
        _call(function, self._handle, *what, byref(options.struct), byref(handle))
        return options.finish(handle)


def _stack(sets):
    sets = list(sets)
    return (c_void_p * len(sets))(*[one._handle for one in sets])


class Stream(_Handle):
    """Content that comes in pieces; one thread at a time."""

    _free = library.pellucid_stream_free

    def __init__(self, engine, options):
        handle, self._options = c_void_p(), options
        _call(library.pellucid_stream_new, engine._handle, byref(options.struct), byref(handle))
        super().__init__(handle)

    def write(self, piece):
        """Takes the next bytes."""
        _call(library.pellucid_stream_write, self._handle, piece, len(piece))

    def finish(self):
        """Scans what came."""
        handle = c_void_p()
        _call(library.pellucid_stream_finish, self._handle, byref(handle))
        return self._options.finish(handle)
