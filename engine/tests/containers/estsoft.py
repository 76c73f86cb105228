"""Writes ESTsoft's archives of the file `marker`, since no program here does: `estsoft.py FORM OUT`."""

import bz2
import struct
import sys
import zlib


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


PACK = {"stored": bytes, "deflate": deflated, "bzip2": bz2.compress}


def alz(form, data):
    packed = PACK[form](data)
    method = {"stored": 0, "bzip2": 1, "deflate": 2}[form]
    head = b"BLZ\x01" + struct.pack("<HBIBB", 6, 0x20, 0, 0x40, 0)
    head += struct.pack("<BBIII", method, 0, zlib.crc32(data), len(packed), len(data))
    return b"ALZ\x01\x0a\0\0\0" + head + b"marker" + packed + b"CLZ\x01" + bytes(8) + b"CLZ\x02"


END = struct.pack("<I", 0x08E28222)


def egg(form, data):
    method = ["stored", "deflate", "bzip2"].index(form)
    out = b"EGGA" + struct.pack("<HII", 0x100, 0x1234, 0) + END
    out += struct.pack("<IIQ", 0x0A8590E3, 1, len(data))
    out += struct.pack("<IBH", 0x0A8591AC, 0, 6) + b"marker" + END
    for part in (data[:1000], data[1000:]):
        packed = PACK[form](part)
        numbers = (0x02B50C13, method, 0, len(part), len(packed), zlib.crc32(part))
        out += struct.pack("<IBBIII", *numbers) + END + packed
    return out + END


with open("marker", "rb") as file:
    CONTENT = file.read()
ARCHIVE, METHOD = sys.argv[1].split("-")
with open(sys.argv[2], "wb") as file:
    file.write({"alz": alz, "egg": egg}[ARCHIVE](METHOD, CONTENT))
