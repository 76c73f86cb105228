"""The C interface as ctypes sees it: structs and functions as pellucid.h declares them."""

import ctypes
import os
from ctypes import POINTER, Structure, c_char, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p


class Text(Structure):
    _fields_ = [("data", POINTER(c_char)), ("length", c_size_t)]

    def __str__(self):
        return ctypes.string_at(self.data, self.length).decode("utf-8")


class SetInfo(Structure):
    _fields_ = [("struct_size", c_size_t)] + [
        (name, Text) for name in ("name", "origin", "channel", "licence", "description", "compiler")
    ] + [("version", c_uint64), ("is_signed", c_uint64), ("file_bytes", c_uint64), ("signatures", c_uint64)]


class Pair(Structure):
    _fields_ = [("key", c_char_p), ("key_length", c_size_t), ("value", c_char_p), ("value_length", c_size_t)]


class Password(Structure):
    _fields_ = [("bytes", c_char_p), ("length", c_size_t)]


class Finding(Structure):
    _fields_ = [("struct_size", c_size_t)] + [
        (name, Text) for name in ("name", "set", "source", "author", "licence")
    ] + [("object", c_size_t), ("offset", c_uint64), ("verdict", c_uint32), ("method", c_uint32), ("severity", c_uint32)]


class Reason(Structure):
    _fields_ = [("struct_size", c_size_t), ("name", Text), ("detail", Text), ("object", c_size_t), ("code", c_uint32)]


class EnteredObject(Structure):
    _fields_ = [("struct_size", c_size_t), ("name", Text), ("index", c_size_t), ("parent", c_size_t),
                ("depth", c_uint64), ("bytes", c_uint64), ("types", POINTER(Text)), ("type_count", c_size_t)]


class Progress(Structure):
    _fields_ = [("struct_size", c_size_t), ("objects", c_uint64), ("unpacked_bytes", c_uint64), ("elapsed_us", c_uint64)]


OnProgress = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(Progress))
OnObject = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(EnteredObject))
OnFinding = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(Finding))
OnLog = ctypes.CFUNCTYPE(None, c_void_p, POINTER(c_char), c_size_t)
ReadAt = ctypes.CFUNCTYPE(c_int64, c_void_p, c_uint64, c_void_p, c_size_t)


class Callbacks(Structure):
    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("on_progress", OnProgress),
                ("on_object", OnObject), ("on_finding", OnFinding), ("on_log", OnLog)]


class Reader(Structure):
    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("size", c_uint64), ("read_at", ReadAt)]


LIMITS = ("max_depth", "max_objects", "max_total_bytes", "max_object_bytes", "max_ratio", "max_time_ms",
          "max_memory_bytes", "max_facts", "max_key_work")


class ScanOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("flags", c_uint64), ("cancel", c_void_p)] + [
        (name, c_uint64) for name in LIMITS
    ] + [("passwords", POINTER(Password)), ("password_count", c_size_t), ("name", c_char_p),
         ("name_length", c_size_t), ("metadata", POINTER(Pair)), ("metadata_count", c_size_t),
         ("callbacks", POINTER(Callbacks)), ("threads", c_uint64)]


def _load():
    library = ctypes.CDLL(os.environ.get("PELLUCID_LIBRARY", "libpellucid.so.0"))
    handle, out, size = c_void_p, POINTER(c_void_p), c_size_t
    options = POINTER(ScanOptions)
    functions = {
        "version": (c_char_p, []),
        "status_name": (c_char_p, [c_int32]),
        "verdict_name": (c_char_p, [c_uint32]),
        "completeness_name": (c_char_p, [c_uint32]),
        "method_name": (c_char_p, [c_uint32]),
        "error_message": (Text, [handle]),
        "error_free": (None, [handle]),
        "set_open_builtin": (c_int32, [out, out]),
        "set_open_path": (c_int32, [c_char_p, size, c_void_p, out, out]),
        "set_open_memory": (c_int32, [c_char_p, size, c_void_p, out, out]),
        "set_about": (c_int32, [handle, POINTER(SetInfo)]),
        "set_free": (None, [handle]),
        "engine_new": (c_int32, [out, size, c_void_p, out, out]),
        "engine_swap": (c_int32, [handle, out, size, out]),
        "engine_free": (None, [handle]),
        "scan_path": (c_int32, [handle, c_char_p, size, options, out, out]),
        "scan_fd": (c_int32, [handle, c_int, options, out, out]),
        "scan_memory": (c_int32, [handle, c_char_p, size, options, out, out]),
        "scan_reader": (c_int32, [handle, POINTER(Reader), options, out, out]),
        "stream_new": (c_int32, [handle, options, out, out]),
        "stream_write": (c_int32, [handle, c_char_p, size, out]),
        "stream_finish": (c_int32, [handle, out, out]),
        "stream_free": (None, [handle]),
        "cancel_new": (c_int32, [out]),
        "cancel_request": (c_int32, [handle]),
        "cancel_free": (None, [handle]),
        "result_verdict": (c_uint32, [handle]),
        "result_completeness": (c_uint32, [handle]),
        "result_finding_count": (size, [handle]),
        "result_finding": (c_int32, [handle, size, POINTER(Finding)]),
        "result_reason_count": (size, [handle]),
        "result_reason": (c_int32, [handle, size, POINTER(Reason)]),
        "result_json": (c_int32, [handle, POINTER(Text)]),
        "result_free": (None, [handle]),
    }
    for name, (result, arguments) in functions.items():
        function = getattr(library, "pellucid_" + name)
        function.restype, function.argtypes = result, arguments
    return library


library = _load()
