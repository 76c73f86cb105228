#!/usr/bin/env python3
"""Writes small seeds for every fuzz target into fuzz/corpus, where cargo fuzz looks for them.

Run it once before fuzzing: `python3 fuzz/seeds.py [MORE_FILES...]`. Files named on the command line
are added to the corpora of the parsers, cut at 64 KiB.
"""

import gzip
import hashlib
import io
import json
import marshal
import os
import plistlib
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
PARSERS = ["identify", "pe", "elf", "zip", "gzip", "tar", "scan"]


def seed(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def a_zip(method, names=("a.txt", "b/c.bin")):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in names:
            archive.writestr(name, b"content of " + name.encode() * 9)
        archive.comment = b"comment"
    return out.getvalue()


def a_tar(form):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name in ("short", "d/" * 70 + "long"):
            info = tarfile.TarInfo(name)
            info.size = 11
            info.pax_headers = {"comment": "pax"}
            archive.addfile(info, io.BytesIO(b"hello world"))
    return out.getvalue()


def a_pe(bits):
    optional = 0xE0 if bits == 32 else 0xF0
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    machine = 0x14C if bits == 32 else 0x8664
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, optional, 0x102)
    magic = 0x10B if bits == 32 else 0x20B
    header = struct.pack("<HBBIIIII", magic, 1, 0, 512, 0, 0, 0x1000, 0x1000)
    header = header.ljust(28 if bits == 32 else 24, b"\0")
    header += struct.pack("<I" if bits == 32 else "<Q", 0x400000)
    header += struct.pack("<IIHHHHHHIIIIHH", 0x1000, 512, 4, 0, 0, 0, 4, 0, 0, 0x3000, 512, 0, 3, 0)
    header += struct.pack("<IIII" if bits == 32 else "<QQQQ", 1 << 20, 4096, 1 << 20, 4096)
    header += struct.pack("<II", 0, 16)
    header += struct.pack("<II", 0, 0) + struct.pack("<II", 0x1010, 40)
    header = header.ljust(optional, b"\0")
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", 512, 0x1000, 512, 512, 0, 0, 0, 0, 0x60000020)
    imports = struct.pack("<IIIII", 0x1060, 0, 0, 0x1080, 0x1060).ljust(80, b"\0")
    imports += struct.pack("<QQ", 0x1070, 0) + b"\0\0f\0" + b"k.dll\0"
    return (dos + coff + header + section).ljust(512, b"\0") + (b"\x90" * 16 + imports).ljust(512, b"\0")


def an_elf(bits, order):
    wide = bits == 64
    word = "Q" if wide else "I"
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]).ljust(12, b"\0")
    size = 64 if wide else 52
    phent, shent = (56, 64) if wide else (32, 40)
    rest = struct.pack(order + "HHI" + word * 3, 2, 62, 1, 0x400000 + 0x100, size, size + phent)
    rest += struct.pack(order + "IHHHHHH", 0, size, phent, 1, shent, 2, 1)
    if wide:
        segment = struct.pack(order + "IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 0x200, 0x200, 4096)
    else:
        segment = struct.pack(order + "IIIIIIII", 1, 0, 0x400000, 0x400000, 0x200, 0x200, 5, 4096)
    names = struct.pack(order + "II" + word * 4 + "II" + word * 2, 1, 3, 0, 0, 0x180, 16, 0, 0, 1, 0)
    image = (ident + rest + segment + b"\0" * shent + names).ljust(0x180, b"\0")
    return (image + b"\0.shstrtab\0").ljust(0x200, b"\xcc")


def an_entry(name, content):
    block = bytearray(512)
    block[0 : len(name)] = name.encode()
    block[124:135] = b"%011o" % len(content)
    block[148:156] = b" " * 8
    block[148:154] = b"%06o" % sum(block)
    return bytes(block) + content + bytes(-len(content) % 512)


def mail():
    """For each reader of the target `mail`, in its order."""
    part = b"--b\nContent-Type: a/b; name=x\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n"
    head = b"From: a\nTo: b\nContent-Type: multipart/mixed; boundary=b\n\n"
    nested = b"--b\nContent-Type: message/rfc822\n\n" + head.replace(b"=b", b"=c")
    quoted = b"--b\nContent-Transfer-Encoding: quoted-printable\n\na=3D=\nb\n--b--\n"
    message = head + part + nested + part.replace(b"--b", b"--c") + quoted
    attachment = b"\2\x0f\x80\6\0\5\0\0\0hello\x14\2"
    properties = struct.pack("<IHHII", 1, 0x1E, 0x1000, 1, 4) + b"text"
    yield "message", bytes([0]) + message
    yield "mailbox", bytes([1]) + b"From a\n" + message + b"\n\nFrom b\n" + message
    yield "uuencode", bytes([2]) + b"begin 644 a\n#0V%T\n`\nend\nbegin-base64 644 b\naGVs\n====\n"
    yield "yenc", bytes([3]) + b"=ybegin line=128 size=3 name=a\n\x8b\x8c\x8d\n=yend size=3\n"
    line = b"(This file must be converted with BinHex 4.0)\n"
    yield "binhex", bytes([4]) + line + b":#'0XB@dZCAKP!%9B43$E'&Y!!!!!)J!!!!!:\n"
    tnef = b"\x78\x9f\x3e\x22\1\0" + attachment
    tnef += b"\1\3\x90\6\0" + struct.pack("<I", len(properties)) + properties + b"\0\0"
    yield "tnef", bytes([5]) + tnef


def documents():
    """For each reader of the target `documents`, in its order."""
    shortcut = os.path.join(HERE, "..", "engine", "src", "unpack", "lnk", "fixtures", "pylnk3.lnk")
    with open(shortcut, "rb") as file:
        link = file.read()
    environment = struct.pack("<II", 0x314, 0xA0000001) + b"%x%".ljust(0x30C, b"\0")
    yield "shortcut", bytes([0]) + link
    yield "appended", bytes([0]) + link[:-4] + environment + b"\0\0\0\0" + b"appended"
    header = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
    footer = bytes.fromhex("22a7fb71790f0b4abb13899256426b24")
    attached = header + struct.pack("<QIQ", 5, 0, 0) + b"hello\0\0\0" + footer
    section = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3").ljust(64, b"\0")
    yield "section", bytes([1]) + section + attached * 2
    body = bytes.fromhex("7800055f00000fa000001801004302010203")
    body += struct.pack("<HIHI", 87 << 6 | 63, 10, 3, 0) + b"data" + bytes.fromhex("40000000")
    for signature, packed in ((b"FWS", body), (b"CWS", zlib.compress(body))):
        movie = signature + struct.pack("<BI", 10, len(body) + 8) + packed
        yield signature.decode(), bytes([2]) + movie
    deflated = zlib.compress(b"the text")[2:-4]
    front = b"HWP Document File V3.00 \x1a\1\2\3\4\5".ljust(154, b"\0") + b"\1\0\0\0"
    yield "hwp3", bytes([3]) + front + bytes(1008) + deflated
    yield "activemime", bytes([4]) + b"ActiveMime".ljust(50, b"\0") + zlib.compress(b"macros")
    texts = [
        b"x = Chr(112) & \"ow\" & ChrW(&H65) & _\r\n 'r' + \"\\x61\\u0062\" : c^m^d I`E`X",
        b"('{1}{0}' -f 'we','po') ('p','o') -join '' -join('a','b') ['a','b'].join(\"\")",
        b"String.fromCharCode(0x61, 98) + [char]0x49+[char]69",
        b"<meta charset=utf-7>+ADw-script+AD4-+2D3eAA-a+-b",
        b"<?xml version='1.0' encoding='koi8-r'?><pkg:binaryData>aGVs bG8=</pkg:binaryData>\xd0",
    ]
    for number, text in enumerate(texts):
        yield f"text-{number}", bytes([5]) + text


def databases():
    header = b"ClamAV-VDB:now:5:1:81:X:X:me:77"
    hashes = b"0123456789abcdef0123456789abcdef:5:Some.Name\n"
    info = header + b"\na.hdb:%d:%s\n" % (len(hashes), hashlib.sha256(hashes).hexdigest().encode())
    bare = an_entry("a.hdb", hashes) + an_entry("a.info", info)
    archive = an_entry("a.hdb", hashes) + an_entry("a.info", info + b"DSIG:abcdef\n")
    for name, packing in enumerate((bytes, bytes, bytes, gzip.compress)):
        for body in (archive, gzip.compress(bare)):
            whole = header.ljust(512) + body
            yield f"raw-{name}-{len(body)}", bytes([0, name]) + packing(whole)
    yield "copy", bytes([0, 4]) + gzip.compress(b"Some.Name:0:*:61626364\n")
    for form in (2, 3):
        yield f"archive-{form}", bytes([form]) + bare
    files = [hashes, b"A:0:*:61626364\n", b"B;Engine:51-255,Target:0;0&1;616263;646566\n", b"", b"A\n"]
    for form in (4, 5):
        numbered = (bytes([number]) + content for number, content in enumerate(files))
        yield f"whole-{form}", bytes([form]) + b"\xff".join(numbered)


def containers():
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield "zip", f"method-{method}", a_zip(method)
    yield "zip", "behind", b"#!/bin/sh\n" + a_zip(zipfile.ZIP_DEFLATED)
    yield "gzip", "one", gzip.compress(b"one member " * 20)
    yield "gzip", "two", gzip.compress(b"first") + gzip.compress(b"second") + b"\0" * 9
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        if form != tarfile.USTAR_FORMAT:
            yield "tar", f"form-{form}", a_tar(form)
    yield "gzip", "tar", gzip.compress(a_tar(tarfile.GNU_FORMAT) + a_zip(zipfile.ZIP_DEFLATED))
    for bits in (32, 64):
        yield "pe", f"pe{bits}", a_pe(bits)
        for order in "<>":
            yield "elf", f"elf{bits}{'le' if order == '<' else 'be'}", an_elf(bits, order)


def choices():
    """The byte that chooses each type in the target `unpack`: its place in the table of formats."""
    with open(os.path.join(HERE, "..", "engine", "src", "unpack", "formats.rs")) as file:
        table = file.read().split("pub const FORMATS")[1].split("\n];")[0]
    rows = re.findall(r"^    (?:rar\(\)|\w+\(FileType::(\w+))", table, re.MULTILINE)
    return {name or "Rar": number for number, name in enumerate(rows)}


DISK = "truncate -s 64K disk out"
SFDISK = "/usr/sbin/sfdisk -q --force"

# Images that other programs make of the folder `tree`, as the file `out`: each a type and commands.
ESTSOFT = os.path.join(HERE, "..", "engine", "tests", "containers", "estsoft.py")
IMAGES = [
    ("Iso9660", "genisoimage -quiet -no-pad -R -J -o out tree"),
    ("Iso9660", "xorriso -as mkisofs -quiet -no-pad -R -b a.txt -no-emul-boot -o out tree"),
    ("Udf", "genisoimage -quiet -no-pad -udf -o out tree"),
    ("Mbr", f"{DISK} && printf 'start=1,size=9\\nstart=20,type=5\\nsize=9\\n' | {SFDISK} out"),
    ("Gpt", f"{DISK} && printf 'label:gpt\\nstart=40,size=9\\n' | {SFDISK} out"),
    ("Fat", "/usr/sbin/mkfs.fat -C -s 1 out 64 && mcopy -s -i out tree ::/"),
    ("Ext", "/usr/sbin/mke2fs -q -F -N 32 -t ext2 -b 1024 -d tree out 100K"),
    ("Ext", "/usr/sbin/mke2fs -q -F -N 32 -t ext4 -O inline_data -I 256 -b 1024 -d tree out 100K"),
    ("Lzop", "lzop -9 -o out tree/a.txt tree/inner/b.bin"),
    ("Alz", f"cp tree/a.txt marker && python3 {ESTSOFT} alz-deflate out"),
    ("Egg", f"cp tree/a.txt marker && python3 {ESTSOFT} egg-bzip2 out"),
    ("ExFat", "truncate -s 4M out && /usr/sbin/mkfs.exfat out"),
    ("Ntfs", "truncate -s 1100K out && /usr/sbin/mkntfs -F -q -f -c 512 out && /usr/sbin/ntfscp -f out tree/a.txt a && /usr/sbin/ntfscp -f -N s out tree/a.txt a"),
    ("Squashfs", "mksquashfs tree out -quiet -nopad -noI -noF -b 4096"),
    ("Squashfs", "mksquashfs tree out -quiet -nopad -comp zstd"),
    ("Xar", "bsdtar -cf out --format xar tree"),
    ("Apm", "xorriso -as mkisofs -quiet -R -hfsplus -o out tree"),
    ("Vhd", f"{DISK} && qemu-img convert -f raw -O vpc disk out"),
    ("Vhdx", f"{DISK} && qemu-img convert -f raw -O vhdx -o block_size=1M disk out"),
    ("Vdi", f"{DISK} && qemu-img convert -f raw -O vdi disk out"),
    ("Parallels", f"{DISK} && qemu-img convert -f raw -O parallels -o cluster_size=4096 disk out"),
    ("Vmdk", f"{DISK} && qemu-img convert -f raw -O vmdk disk out"),
    ("Vmdk", f"{DISK} && qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk out"),
    ("Qcow2", f"{DISK} && qemu-img convert -f raw -O qcow2 -o cluster_size=512 disk out"),
    ("Qcow2", f"{DISK} && qemu-img convert -f raw -c -O qcow2 -o cluster_size=4096 disk out"),
]


def images():
    for number, (file_type, commands) in enumerate(IMAGES):
        programs = {line.split()[0] for part in commands.split(" && ") for line in part.split(" | ")}
        missing = [program for program in programs if not shutil.which(program)]
        if missing:
            print(f"no seed for {file_type}: not installed: {missing[0]}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "tree", "inner"))
            for name in ("a.txt", "inner/b.bin"):
                with open(os.path.join(folder, "tree", name), "wb") as file:
                    file.write(b"content of " + name.encode() * 9)
            subprocess.run(commands, shell=True, cwd=folder, check=True, capture_output=True)
            with open(os.path.join(folder, "out"), "rb") as file:
                yield f"{file_type.lower()}-{number}", file_type, file.read(4 << 20)


def appended():
    """What programs hold and installers append: a type and data."""
    pe = a_pe(32)
    yield "Pe", pe + b"appended to it"
    yield "Pe", b"data in front" + pe
    yield "MachOFat", struct.pack(">9I", 0xCAFEBABE, 1, 7, 3, 36, 8, 0, 0xFEEDFACE, 7)
    files = json.dumps({"files": {"a": {"files": {"b.js": {"size": 4, "offset": "0"}}}}}).encode()
    lengths = struct.pack("<4I", 4, len(files) + 8, len(files) + 4, len(files))
    yield "Asar", lengths + files + b"code"
    packed = zlib.compress(b"print('a script')")
    entry = struct.pack(">IIIIBc", 20, 0, len(packed), 17, 1, b"s") + b"a\0"
    cookie = struct.pack(">IIII64x", len(packed) + 20 + 88, len(packed), 20, 311)
    yield "PyInstaller", packed + entry + b"MEI\014\013\012\013\016" + cookie
    modules = marshal.dumps([("a", (0, 12, len(packed))), ("b", (0, 12, len(packed)))])
    yield "Pyz", b"PYZ\0\xa7\r\r\n" + struct.pack(">I", 12 + len(packed)) + packed + modules
    chunk = zlib.compress(b"content", 9)[2:-4]
    volume = b"ISc(" + struct.pack("<8I", 0x01009500, 0, 0x200, 0, 36, 0, 0, 9)
    yield "InstallShieldCab", volume + struct.pack("<H", len(chunk)) + chunk
    fixtures = os.path.join(HERE, "..", "engine", "src", "unpack", "inno", "fixtures")
    for name in ("5.5.9-lzma.bin", "5.5.9-lzma2.bin"):
        with open(os.path.join(fixtures, name), "rb") as file:
            yield "Inno", file.read()
    yield "Inno", b"idska32\x1azlb\x1a" + packed
    values = struct.pack("<3I4s3I", 0xBEEFCACE, 1, 4, b"read", 2, 1, 0) + b"PADP" + bytes(8)
    values += struct.pack("<I", len(values) + 11) + b"\2a\0" + bytes(4) + b"\x20\4\0\0\0data"
    yield "DotNetResources", values


def a_dmg():
    """A disk of three chunks: stored, zlib, zeros."""
    stored, packed = b"stored".ljust(512), zlib.compress(bytes(512))
    rows = [(1, 0, 1, 0, 512), (0x80000005, 1, 1, 512, len(packed)), (2, 2, 1, 0, 0), (0xFFFFFFFF, 3, 0, 0, 0)]
    table = b"mish".ljust(200, b"\0") + struct.pack(">I", len(rows))
    table += b"".join(struct.pack(">IIQQQQ", kind, 0, *numbers) for kind, *numbers in rows)
    properties = plistlib.dumps({"resource-fork": {"blkx": [{"Data": table}]}})
    trailer = bytearray(struct.pack(">4sII", b"koly", 4, 512).ljust(512, b"\0"))
    struct.pack_into(">QQ", trailer, 216, len(stored + packed), len(properties))
    return stored + packed + properties + bytes(trailer)


SOURCES = [
    b"d41d8cd98f00b204e9800998ecf8427e,Name,12,pua\n# comment\n\"x\",y\n",
    b"d41d8cd98f00b204e9800998ecf8427e:12:Name:73\n",
    b"da39a3ee5e6b4b0d3255bfef95601890afd80708:*:Name:73\n",
    b"d41d8cd98f00b204e9800998ecf8427e:12:Good\n",
    b"A:0:*:4d5a??9?{2-9}(00|0102|ff)*6162!(aa|bb)\r\nB:1:EP+4,8:558bec\nC:6:EOF-16:aabbccdd\n",
    b"A;Engine:81-255,Target:1,FileSize:1-9;(0&1)|2>3,1;6162::iw;S1+4:aabb;EOF-8:0011{4}22\n",
    b"PUA.A;Target:0;0;aabbccdd\n",
    b"origin = \"a.b\"\nversion = 7\nremovals = [\"X\"]\n",
]


def main(more):
    for target, name, data in containers():
        for parser in {target, "identify", "scan"}:
            seed(parser, f"{target}-{name}", data)
    for kind, text in enumerate(SOURCES):
        seed("sources", f"kind-{kind}", bytes([kind]) + text)
    for name, data in databases():
        seed("databases", name, data)
    for name, data in mail():
        seed("mail", name, data)
        seed("scan", f"mail-{name}", data[1:])
    for number, (file_type, data) in enumerate(appended()):
        name = f"{file_type.lower()}-{number}"
        seed("unpack", name, bytes([choices()[file_type]]) + data)
        seed("scan", name, data)
    seed("unpack", "dmg", bytes([choices()["Dmg"]]) + a_dmg())
    for name, file_type, data in images():
        seed("unpack", name, bytes([choices()[file_type]]) + data)
    for name, data in documents():
        seed("documents", name, data)
        seed("scan", f"document-{name}", data[1:])
    built = os.path.join(HERE, "..", "engine", "builtin.pset")
    with open(built, "rb") as file:
        seed("set_open", "builtin", file.read())
    seed("matcher", "some", bytes(range(64)) * 4)
    signed = os.path.join(HERE, "..", "signatures", "tests", "signed", "signed.exe")
    with open(signed, "rb") as file:
        data = file.read()
    seed("authenticode", "signed", data[1024 + 8:])
    seed("pe", "signed", data)
    for path in more:
        with open(path, "rb") as file:
            data = file.read(64 << 10)
        for parser in PARSERS:
            seed(parser, os.path.basename(path), data)


if __name__ == "__main__":
    main(sys.argv[1:])
