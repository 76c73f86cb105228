//! Samples of all types, built for the tests: the smallest that a careful reader accepts.

#![allow(clippy::arithmetic_side_effects, reason = "samples are built from constants")]

use super::FileType::{self, *};
use super::fields::crc32;

/// One sample of a type.
pub(super) struct Sample {
    pub(super) file_type: FileType,
    /// Where the type begins in it.
    pub(super) offset: u64,
    /// What else it rightly is.
    pub(super) also: &'static [FileType],
    pub(super) build: fn() -> Vec<u8>,
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sample of {:?}", self.file_type)
    }
}

macro_rules! samples {
    ($($file_type:ident $([$($also:ident),*])? $(@ $offset:literal)? = $build:expr;)*) => {
        &[$(Sample {
            file_type: $file_type,
            offset: 0 $(+ $offset)?,
            also: &[$($($also),*)?],
            build: || Vec::from($build),
        },)*]
    };
}

/// At least one sample for every type and for every row of the table.
pub(super) const SAMPLES: &[Sample] = samples! {
    Empty = b"";
    Pe = pe();
    DosExe = dos(b"MZ");
    DosExe = dos(b"ZM");
    Elf = elf();
    MachO = b"\xfe\xed\xfa\xce\0\0\0\x12\0\0\0\0\0\0\0\x02";
    MachO = b"\xfe\xed\xfa\xcf\x01\0\0\x12\0\0\0\0\0\0\0\x02";
    MachO = b"\xce\xfa\xed\xfe\x07\0\0\0\x03\0\0\0\x02\0\0\0";
    MachO = b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0\x02\0\0\0";
    MachOFat = b"\xca\xfe\xba\xbe\0\0\0\x02\x01\0\0\x07\0\0\0\x03";
    MachOFat = b"\xca\xfe\xba\xbf\0\0\0\x01\x01\0\0\x07\0\0\0\x03";
    JavaClass = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10\x0a\0\x03";
    JavaClass = b"\xca\xfe\xba\xbe\0\x03\0\x2d\0\x10\x0a\0\x03";
    Dex = b"dex\n035\0checksum";
    Wasm = b"\0asm\x01\0\0\0";
    PythonBytecode = b"\xa7\x0d\r\n\0\0\0\0\0\0\0\0\0\0\0\0\xe3";
    PythonBytecode = b"\x03\xf3\r\n\x12\x34\x56\x78c\0\0\0\0";
    Zip = zip(&[(b"name", b"content")]);
    Zip = zip(&[]);
    Jar [Zip] = zip(&[(b"META-INF/MANIFEST.MF", b"Manifest-Version: 1.0")]);
    Apk [Zip] = zip(&[(b"AndroidManifest.xml", b"\x03\0\x08\0")]);
    Ooxml [Zip] = zip(&[(b"[Content_Types].xml", b"<Types/>"), (b"visio/document.xml", b"<x/>")]);
    Docx [Zip, Ooxml] = office(b"word/document.xml");
    Xlsx [Zip, Ooxml] = office(b"xl/workbook.xml");
    Pptx [Zip, Ooxml] = office(b"ppt/presentation.xml");
    Odf [Zip] = zip(&[(b"mimetype", b"application/vnd.oasis.opendocument.text")]);
    Epub [Zip] = zip(&[(b"mimetype", b"application/epub+zip")]);
    Epub [Zip] = zip(&[(b"META-INF/container.xml", b"<container/>")]);
    Gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    Bzip2 = b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0";
    Bzip2 = b"BZh91AY&SY\x01\x02\x03\x04";
    Xz = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46";
    Lzma = b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x01\x02";
    Lzip = b"LZIP\x01\x0c\0\0";
    Zstd = b"\x28\xb5\x2f\xfd\x04\0\x01\0\0";
    Zstd = b"\x5e\x2a\x4d\x18\x02\0\0\0ab\x28\xb5\x2f\xfd\x04\0\x01\0\0";
    Lz4 = b"\x04\x22\x4d\x18\x64\x40\xa7";
    Lz4 = b"\x02\x21\x4c\x18\x01\0\0\0\0";
    Lz4 = b"\x50\x2a\x4d\x18\0\0\0\0\x04\x22\x4d\x18\x64\x40\xa7";
    Compress = b"\x1f\x9d\x90\x61\xc4\x8c\x01";
    SevenZip = seven_zip();
    Rar = rar4();
    Rar = rar5();
    Rar = b"RE~^\x07\0\x01";
    Cab = cab();
    Arj = arj();
    Lha = lha();
    Lha = with_method(b"-pm2-");
    Ace = b"\x12\x34\x31\0\0\0\x90**ACE**\x14\x14\x02\0";
    Zoo = b"ZOO 2.10 Archive.\x1a\0\0\xdc\xa7\xc4\xfd\x2a\0\0\0";
    Szdd = b"SZDD\x88\xf0\x27\x33A\0\x20\x02\0\0";
    Szdd = b"SZ \x88\xf0\x27\x33\xd1\x20\x02\0\0";
    Tar = tar(b"name", b"content");
    Cpio [Ascii] = format!("070707{}", "0".repeat(70));
    Cpio [Ascii] = format!("070701{}", "0aF".repeat(40));
    Cpio = binary_cpio(u16::to_le_bytes);
    Cpio = binary_cpio(u16::to_be_bytes);
    Ar [Ascii] = b"!<arch>\nname/           0           0     0     644     0         `\n";
    Ar [Ascii] = b"!<thin>\n//                                              0         `\n";
    Deb [Ar, Ascii] = b"!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n";
    Rpm = b"\xed\xab\xee\xdb\x03\0\0\0\0\x01name";
    Iso9660 = iso9660();
    Udf = udf();
    Mbr = mbr();
    Gpt = gpt();
    Gpt = [&[0; 4096][..], b"EFI PART\0\0\x01\0"].concat();
    Apm = [&b"ER\x02\0"[..], &[0; 508], b"PM\0\0\0\0\0\x01"].concat();
    Fat = fat();
    Ext = ext();
    HfsPlus = [&[0; 1024][..], b"H+\0\x04\0\0\x01\0"].concat();
    HfsPlus = [&[0; 1024][..], b"HX\0\x05\0\0\x01\0"].concat();
    Squashfs = squashfs();
    Squashfs = [&b"sqsh"[..], &[0; 24], b"\0\x03\0\0"].concat();
    Dmg = trailer(b"koly\0\0\0\x04\0\0\x02\0");
    Vhd = trailer(b"conectix\0\0\0\x02");
    Vhdx = b"vhdxfileQ\0E\0M\0U\0";
    Vmdk = b"KDMV\x01\0\0\0\x03\0\0\0";
    Vmdk = b"COWD\x01\0\0\0\x03\0\0\0";
    Vmdk [Ascii] = b"# Disk DescriptorFile\nversion=1\n";
    Qcow2 = b"QFI\xfb\0\0\0\x03\0\0\0\0";
    Wim = b"MSWIM\0\0\0\xd0\0\0\0";
    Ntfs = at(3, b"NTFS    ");
    ExFat = at(3, b"EXFAT   ");
    Refs = at(3, b"ReFS\0\0\0\0");
    BitLocker = at(3, b"-FVE-FS-");
    Apfs = at(32, b"NXSB\0\x10\0\0");
    Hfs = [at(1024, b"BD"), vec![0; 18], b"\0\0\x10\0".to_vec()].concat();
    Btrfs = at(65_600, b"_BHRfS_M");
    Xfs = b"XFSB\0\0\x10\0";
    Zfs = at(16_404, b"\0\0\0\x07version\0");
    F2fs = at(1024, b"\x10\x20\xf5\xf2");
    Jfs = at(32_768, b"JFS1\x01\0\0\0");
    Reiserfs = at(65_588, b"ReIsEr2Fs");
    Reiserfs = at(8244, b"ReIsErFs");
    Nilfs = at(1024, b"\x02\0\0\0\0\0\x34\x34\x18\x01");
    Ufs = at(9564, b"\x54\x19\x01\0");
    Ufs = at(66_908, b"\x19\x01\x54\x19");
    Erofs = at(1024, b"\xe2\xe1\xf5\xe0");
    Cramfs = at(16, b"Compressed ROMFS");
    Romfs = b"-rom1fs-\0\0\0\x90\0";
    Jffs2 = b"\x85\x19\x03\x20\x0c\0\0\0\xb1\xb0\x1e\xe4";
    Jffs2 = b"\x19\x85\xe0\x01\0\0\0\x2c\0\0\0\0";
    Ubi = b"UBI#\x01\0\0\0\0\0\0\0";
    Lvm = [at(512, b"LABELONE"), vec![0; 16], b"LVM2 001".to_vec()].concat();
    LinuxRaid = b"\xfc\x4e\x2b\xa9\x01\0\0\0\0";
    LinuxRaid = at(4096, b"\xfc\x4e\x2b\xa9\x01\0\0\0");
    Luks = b"LUKS\xba\xbe\0\x02\0";
    Vdi = at(64, b"\x7f\x10\xda\xbe\x01\0\x01\0");
    Parallels = b"WithoutFreeSpace\x02\0\0\0";
    Parallels = b"WithouFreSpacExt\x02\0\0\0";
    Qed = b"QED\0\0\0\x01\0";
    Bochs = b"Bochs Virtual HD Image\0";
    Ewf = b"EVF\x09\x0d\x0a\xff\0\x01\x01\0";
    Ewf = b"LVF\x09\x0d\x0a\xff\0\x01\x01\0";
    Ewf = b"EVF2\r\n\x81\0\x02\x01";
    Aff = b"AFF10\r\n\0";
    SparseImage = b"sprs\0\0\0\x03";
    DmgEncrypted = b"encrcdsa\0\0\0\x02";
    DmgEncrypted = [&[0; 40][..], b"cdsaencr"].concat();
    AndroidSparse = b"\x3a\xff\x26\xed\x01\0\0\0\x1c\0\x0c\0";
    Partclone = b"partclone-image\0";
    RawCd = b"\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\x02\0\x01";
    Nrg = [&[0; 40][..], b"NER5\0\0\0\0\0\0\0\x20"].concat();
    Nrg = [&[0; 40][..], b"NERO\0\0\0\x20"].concat();
    Daa = b"DAA\0\0\0\0\0\0\0";
    Ciso = b"CISO\x18\0\0\0\0\0\x10\0\0\0\0\0\0\x08\0\0";
    Alz = b"ALZ\x01\x0a\0\0\0BLZ\x01";
    Egg = b"EGGA\0\x01\x12\x34\x56\x78\0\0\0\0\x22\x82\xe2\x08";
    StuffIt = b"SIT!\0\x01\0\0\x12\x34rLau\x01";
    StuffIt = b"StuffIt (c)1997-2002 Aladdin Systems, Inc.\0";
    StuffIt = b"StuffIt!\0\0\0\x01";
    Arc = b"\x1a\x02README.TXT\0\0\0\x01\0\0\0\x21\x5a\0\0\0\0\x01\0\0\0\0";
    FreeArc = b"ArC\x01\0\x08";
    Uharc = b"UHA\x06\0";
    Sqx = b"\x12\x34R\x10\0\0\0-sqx-";
    Zpaq = b"7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3zPQ\x02\x01";
    Zpaq = b"zPQ\x01\x01\0";
    Mar = b"MAR1\0\0\x10\0";
    InstallShield3 = b"\x13\x5d\x65\x8c\x3a\x01\x02\0";
    Kwaj = b"KWAJ\x88\xf0\x27\xd1\x03\0\x0e\0";
    Lzfse = b"bvx2\0\x10\0\0";
    Lzop = b"\x89LZO\0\r\n\x1a\n\x10\x40";
    Lrzip = b"LRZI\0\x06\x06\0";
    Rzip = b"RZIP\x02\x01\0\0";
    Snappy = b"\xff\x06\0\0sNaPpY\0";
    AndroidBackup = b"ANDROID BACKUP\n5\n1\nnone\n\x78\xda\0";
    Pst = b"!BDN\x12\x34\x56\x78SM\x17\0";
    Dbx = b"\xcf\xad\x12\xfe\xc5\xfd\x74\x6f";
    WinHelp = b"\x3f\x5f\x03\0\x10\0\0\0";
    OpensslEncrypted = b"Salted__\0\x01\x02\x03\x04\x05\x06\x07";
    Age [Ascii] = b"age-encryption.org/v1\n-> X25519 abc\n";
    Age [Ascii] = b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n";
    Nsis = [&b"\0\0\0\0\xef\xbe\xad\xdeNullsoftInst"[..], &[0; 12]].concat();
    Chm = b"ITSF\x03\0\0\0\x60\0\0\0";
    Sis = b"\0\0\0\x01\x12\x3a\0\x10\x19\x04\0\x10\0\0\0\0";
    Sis = b"\x7a\x1a\x20\x10\0\0\0\0";
    InstallShield = installshield();
    InstallShield = b"a.exe\0Disk1\\a.exe\x000.0.0.0\x003\0abc";
    AutoIt = b"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7dAU3!EA06\0\0\0\0";
    Xar = b"xar!\0\x1c\0\x01\0\0\0\0";
    Ole2 = ole2();
    Msi [Ole2] = installer_package();
    Rtf [Ascii] = b"{\\rtf1\\ansi hello}";
    Rtf [Ascii] @ 2 = b"\r\n{\\rtf1\\ansi hello}";
    Pdf = pdf();
    OneNote = b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3\0\0";
    OneNote = b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f\0\0";
    Hwp3 = b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05\0\0";
    ActiveMime = b"ActiveMime\0\0\x01\xf0\x04\0\0\0";
    Tnef = b"\x78\x9f\x3e\x22\x01\0\x01\x06\x90\x08\0";
    Html [Ascii] @ 1 = b"\n<html><body>x</body></html>";
    Xml [Ascii] = b"<?xml version=\"1.0\"?>\n<doc/>";
    Svg [Ascii] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    Mail [Ascii] = b"From: a@example.org\r\nTo: b@example.org\r\n\r\nbody\r\n";
    Mbox [Ascii] = b"From a@example.org Thu Jul 31 13:49:50 2008\nFrom: a\nTo: b\n\nbody\n";
    BinHex [Ascii] = b"(This file must be converted with BinHex 4.0)\n:\n";
    Yenc [Text8Bit] = b"=ybegin line=128 size=3 name=a\n\x8b\x8c\x8d\n=yend size=3\n";
    Uuencode [Ascii] = b"begin 644 name\n#0V%T\n`\nend\n";
    ShellScript [Ascii] = b"#!/bin/sh\nexit 0\n";
    Python [Ascii] = b"import os\nif __name__ == '__main__':\n    os.getcwd()\n";
    Perl [Ascii] = b"use strict;\nuse warnings;\nmy $x = 1;\n";
    Ruby [Ascii] = b"#!/usr/bin/env ruby\nputs 1\n";
    Php [Ascii] = b"<?php echo 1; ?>";
    Php [Gif] @ 15 = [&gif()[..], b"\n<?php echo 1; ?>"].concat();
    Jsp [Ascii] = b"<%@ page import=\"java.util.*\" %>\n";
    Asp [Ascii] = b"<%@ Page Language=\"C#\" %>\n";
    PowerShell [Ascii] = b"$ErrorActionPreference = 'Stop'\nGet-Content x\n";
    Batch [Ascii] = b"@echo off\r\necho x\r\n";
    VbScript [Ascii] = b"Option Explicit\r\nDim s\r\nSet s = CreateObject(\"x\")\r\n";
    JavaScript [Ascii] = b"'use strict';\nmodule.exports = 1;\n";
    Lua [Ascii] = b"local x = 1\nlocal function f(y)\n  return y\nend\n";
    EncodedScript = [b"#@~", &b"^DgAAAA==^#~@\0"[..]].concat();
    Wsf [Ascii] = b"<job id=\"x\"><script language=\"VBScript\">x</script></job>";
    Lnk = lnk();
    Url [Ascii] = b"[InternetShortcut]\r\nURL=http://example.org/\r\n";
    Registry [Ascii] = b"REGEDIT4\r\n\r\n[HKEY_CURRENT_USER\\x]\r\n";
    Registry [Ascii] = b"Windows Registry Editor Version 5.00\r\n\r\n";
    InstallShieldCab = [&b"ISc(\0\x95\0\x01"[..], &[0; 32]].concat();
    Inno = [&b"Inno Setup Setup Data (6.3.0)"[..], &[0; 41]].concat();
    Inno = b"idska32\x1a\0\0\0\0";
    PyInstaller = pyinstaller();
    Pyz = b"PYZ\0\xa7\x0d\x0d\x0a\0\0\0\x0c\0\0\0\0\xdb";
    Asar = b"\x04\0\0\0\x14\0\0\0\x10\0\0\0\x0c\0\0\0{\"files\":{}}\0\0\0\0";
    DotNetResources = b"\xce\xca\xef\xbe\x01\0\0\0\x10\0\0\0\0";
    Png = png();
    Jpeg = jpeg();
    Gif = gif();
    Gif = [&b"GIF87a"[..], &gif()[6..]].concat();
    Bmp = bmp();
    Tiff = b"II*\0\x08\0\0\0\0\0";
    Tiff = b"MM\0*\0\0\0\x08\0\0";
    Tiff = b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0";
    Tiff = b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10";
    Webp [Riff] = webp();
    Ico = icon(1);
    Ico = icon(2);
    Emf = [&b"\x01\0\0\0\x6c\0\0\0"[..], &[0; 32], b" EMF\0\0\x01\0"].concat();
    Wmf = b"\xd7\xcd\xc6\x9a\0\0\0\0\0\0";
    Wmf = b"\x01\0\x09\0\0\x03\x20\0\0\0";
    Wmf = b"\x01\0\x09\0\0\x01\x20\0\0\0";
    Psd = b"8BPS\0\x01\0\0\0\0\0\0\0\x03";
    Psd = b"8BPS\0\x02\0\0\0\0\0\0\0\x03";
    Flash = b"FWS\x06\x40\0\0\0\x78\0";
    Flash = b"CWS\x0a\x40\0\0\0\x78\xda";
    Flash = b"ZWS\x0d\x40\0\0\0\x10\0";
    Riff = b"RIFF\x04\0\0\0WAVE";
    Riff = b"RIFX\0\0\0\x04WAVE";
    Mp4 = b"\0\0\0\x18ftypisom\0\0\0\0";
    Mp4 = b"\0\0\0\x18moov\0\0\0\x10mvhd";
    Mp4 = b"\0\0\0\x18mdat\0\0\0\x10";
    Ogg = b"OggS\0\x02\0\0\0\0";
    Mp3 = b"ID3\x04\0\0\0\0\x0f\x76TSSE";
    Mp3 = mpeg_frame().repeat(2);
    Flac = b"fLaC\0\0\0\x22\x10\0";
    Matroska = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01";
    Asf = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c";
    Midi = b"MThd\0\0\0\x06\0\x01\0\x02\0\x60";
    Font = b"\0\x01\0\0\0\x0b\0\x80\0\x03\0\x30";
    Font = b"OTTO\0\x0b\0\x80\0\x03\0\x30";
    Font = b"true\0\x0b\0\x80\0\x03\0\x30";
    Font = b"ttcf\0\x01\0\0\0\0\0\x02";
    Font = b"wOFF\0\x01\0\0\0\0\x10\0";
    Font = b"wOF2\0\x01\0\0\0\0\x10\0";
    Sqlite = b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20";
    Ascii = b"plain text\n";
    Utf8 = "gr\u{fc}n".as_bytes();
    Utf16Le = b"\xff\xfet\0e\0x\0t\0";
    Utf16Be = b"\xfe\xff\0t\0e\0x\0t";
    Utf32Le = b"\xff\xfe\0\0t\0\0\0e\0\0\0";
    Utf32Be = b"\0\0\xfe\xff\0\0\0t\0\0\0e";
    Text8Bit = b"gr\xfcn\n";
    Data = b"\0\x01\x02\x03";
};

/// A way to encode text.
type Encode = fn(&str) -> Vec<u8>;

/// The wide encodings, their marks, and how to encode.
pub(super) const WIDE: [(FileType, &[u8], Encode); 4] = [
    (Utf16Le, b"\xff\xfe", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    (Utf16Be, b"\xfe\xff", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    (Utf32Le, b"\xff\xfe\0\0", |text| {
        text.chars().flat_map(|it| u32::from(it).to_le_bytes()).collect()
    }),
    (Utf32Be, b"\0\0\xfe\xff", |text| {
        text.chars().flat_map(|it| u32::from(it).to_be_bytes()).collect()
    }),
];

fn put(data: &mut [u8], at: usize, bytes: &[u8]) {
    data[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A 32-bit program of one section.
pub(super) fn pe() -> Vec<u8> {
    let mut program = vec![0; 0x400];
    put(&mut program, 0, b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0");
    put(&mut program, 0x3c, &0x80_u32.to_le_bytes());
    put(&mut program, 0x80, b"PE\0\0\x4c\x01\x01\0");
    put(&mut program, 0x80 + 20, &[0xe0, 0, 0x02, 0x01, 0x0b, 0x01]);
    let section = 0x80 + 24 + 0xe0;
    put(&mut program, section, b".text\0\0\0");
    put(&mut program, section + 16, &0x200_u32.to_le_bytes());
    put(&mut program, section + 20, &0x200_u32.to_le_bytes());
    program
}

fn dos(magic: &[u8; 2]) -> Vec<u8> {
    let mut program = vec![0; 64];
    put(&mut program, 0, magic);
    put(&mut program, 2, b"\x40\0\x01\0\0\0\x02\0\0\0\xff\xff");
    program
}

/// A 64-bit program of one segment.
pub(super) fn elf() -> Vec<u8> {
    let mut program = vec![0; 0x100];
    put(&mut program, 0, b"\x7fELF\x02\x01\x01");
    put(&mut program, 16, b"\x02\0\x3e\0\x01\0\0\0");
    put(&mut program, 32, &64_u64.to_le_bytes());
    put(&mut program, 52, b"\x40\0\x38\0\x01\0\x40\0");
    put(&mut program, 64 + 32, &0x100_u64.to_le_bytes());
    program
}

/// An Office Open XML document with this entry.
fn office(entry: &[u8]) -> Vec<u8> {
    zip(&[(b"[Content_Types].xml", b"<Types/>"), (entry, b"<x/>")])
}

/// A ZIP archive of stored entries.
pub(super) fn zip(entries: &[(&[u8], &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let place = archive.len() as u32;
        let mut fields = b"\x0a\0\0\0\0\0\0\0\0\0".to_vec();
        fields.extend(crc32(content).to_le_bytes());
        fields.extend((content.len() as u32).to_le_bytes().repeat(2));
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        archive.extend([b"PK\x03\x04", &fields[..], name, content].concat());
        directory.extend([b"PK\x01\x02\x0a\0", &fields[..], &[0; 10]].concat());
        directory.extend(place.to_le_bytes());
        directory.extend(*name);
    }
    let place = archive.len() as u32;
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend((entries.len() as u16).to_le_bytes().repeat(2));
    end.extend((directory.len() as u32).to_le_bytes());
    end.extend(place.to_le_bytes());
    end.extend([0, 0]);
    [archive, directory, end].concat()
}

/// Makes the offsets of an archive of one entry count from `before` bytes earlier.
pub(super) fn move_zip(archive: &mut [u8], before: u32) {
    let entry = memchr::memmem::find(archive, b"PK\x01\x02").unwrap();
    let end = archive.len() - 22;
    for field in [entry + 42, end + 16] {
        let place = u32::from_le_bytes(*archive[field..].first_chunk().unwrap());
        put(archive, field, &(place + before).to_le_bytes());
    }
}

/// A tar archive of one entry, without the zeros at the end.
pub(super) fn tar(name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut archive = vec![0; 512];
    put(&mut archive, 0, name);
    put(&mut archive, 100, b"0000644\0");
    put(&mut archive, 124, format!("{:011o}\0", content.len()).as_bytes());
    put(&mut archive, 257, b"ustar\x0000");
    seal_tar(&mut archive);
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
    archive
}

/// Puts the right checksum into a tar header.
pub(super) fn seal_tar(header: &mut [u8]) {
    put(header, 148, b"        ");
    let sum: u32 = header[..512].iter().map(|&byte| u32::from(byte)).sum();
    put(header, 148, format!("{sum:06o}\0 ").as_bytes());
}

/// An empty 7z archive with a start header that tells of no more.
pub(super) fn seven_zip() -> Vec<u8> {
    let start_header = [0; 20];
    [b"7z\xbc\xaf\x27\x1c\0\x04", &crc32(&start_header).to_le_bytes()[..], &start_header].concat()
}

/// The mark and the main header of RAR 4.
pub(super) fn rar4() -> Vec<u8> {
    let header = b"\x73\0\0\x0d\0\0\0\0\0\0\0";
    [b"Rar!\x1a\x07\0", &crc32(header).to_le_bytes()[..2], header].concat()
}

/// The mark and the main header of RAR 5.
pub(super) fn rar5() -> Vec<u8> {
    let header = b"\x05\x01\x05\x06\0\0";
    [b"Rar!\x1a\x07\x01\0", &crc32(header).to_le_bytes()[..], header].concat()
}

/// A cabinet header for one folder and one file.
pub(super) fn cab() -> Vec<u8> {
    let mut cabinet = vec![0; 100];
    put(&mut cabinet, 0, b"MSCF");
    put(&mut cabinet, 8, &100_u32.to_le_bytes());
    put(&mut cabinet, 16, &44_u32.to_le_bytes());
    put(&mut cabinet, 24, b"\x03\x01\x01\0\x01\0");
    cabinet
}

/// An ARJ main header.
pub(super) fn arj() -> Vec<u8> {
    let header = [&b"\x1e\x0b\x01\x02\0\0\x02"[..], &[0; 23], b"name\0\0"].concat();
    let length = (header.len() as u16).to_le_bytes();
    [b"\x60\xea", &length[..], &header, &crc32(&header).to_le_bytes()].concat()
}

fn lha() -> Vec<u8> {
    with_method(b"-lh5-")
}

/// An LHA header of level 0.
fn with_method(method: &[u8]) -> Vec<u8> {
    let header = [method, &[1; 8], b"\0\0\0\0\x20\0\x04name\x12\x34"].concat();
    let sum = header.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    [&[header.len() as u8, sum], &header[..], b"\x80"].concat()
}

/// An old cpio header with 16-bit words in the given order.
fn binary_cpio(word: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let fields = [0o070_707, 0, 0, 0o100_644, 0, 0, 1, 0, 0, 0, 5, 0, 0];
    [fields.map(word).concat(), b"name\0\0".to_vec()].concat()
}

/// A list of one scrambled file.
fn installshield() -> Vec<u8> {
    let mut data = b"InstallShield\0\x01\0".to_vec();
    data.resize(400, 0);
    put(&mut data, 46, b"setup.ini");
    data
}

/// An archive of one empty file.
pub(super) fn pyinstaller() -> Vec<u8> {
    let list = b"\0\0\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0xa\0";
    let lengths = [4 + 20 + 88_u32, 4, 20, 311].map(u32::to_be_bytes).concat();
    [&b"data"[..], list, b"MEI\x0c\x0b\x0a\x0b\x0e", &lengths, &[0; 64]].concat()
}

/// An image up to its first volume descriptor.
pub(super) fn iso9660() -> Vec<u8> {
    let mut image = vec![0; 32_768 + 2048];
    put(&mut image, 32_768, b"\x01CD001\x01");
    image
}

fn udf() -> Vec<u8> {
    let mut image = vec![0; 32_768 + 2 * 2048];
    put(&mut image, 32_768, b"\0BEA01\x01");
    put(&mut image, 32_768 + 2048, b"\0NSR03\x01");
    image
}

/// Zeros up to a place, and what stands there.
fn at(place: usize, bytes: &[u8]) -> Vec<u8> {
    [&vec![0; place], bytes].concat()
}

/// The superblock of a small ext2 file system.
fn ext() -> Vec<u8> {
    let mut disk = vec![0; 2048];
    put(&mut disk, 1024, b"\x10\0\0\0\x64\0\0\0");
    put(&mut disk, 1064, b"\x10\0\0\0");
    put(&mut disk, 1080, b"\x53\xef\x01\0");
    disk
}

/// The boot sector of a floppy disk.
fn fat() -> Vec<u8> {
    let mut disk = vec![0; 512];
    put(&mut disk, 0, b"\xeb\x3c\x90MSDOS5.0");
    put(&mut disk, 11, &[0, 2, 1, 1, 0, 2, 224, 0, 64, 11, 0xf0, 9, 0]);
    disk
}

/// A boot record with one partition.
fn mbr() -> Vec<u8> {
    let mut disk = vec![0; 2048];
    put(&mut disk, 446, &[0x80, 0, 0, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0]);
    put(&mut disk, 510, b"\x55\xaa");
    disk
}

fn gpt() -> Vec<u8> {
    let mut disk = mbr();
    put(&mut disk, 512, b"EFI PART\0\0\x01\0");
    disk
}

/// A SquashFS superblock of version 4.
pub(super) fn squashfs() -> Vec<u8> {
    [&b"hsqs"[..], &[0; 24], b"\x04\0\0\0"].concat()
}

/// 4 KiB of a disk with a trailer of 512 bytes.
fn trailer(start: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 4096];
    put(&mut image, 4096 - 512, start);
    image
}

/// The header of a compound file with sectors of 512 bytes.
pub(super) fn ole2() -> Vec<u8> {
    let mut file = vec![0; 1536];
    put(&mut file, 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    put(&mut file, 24, b"\x3e\0\x03\0\xfe\xff\x09\0\x06\0");
    file
}

/// A compound file whose root, in sector 0, has the class of installer packages.
pub(super) fn installer_package() -> Vec<u8> {
    let mut file = ole2();
    put(&mut file, 512 + 80, b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46");
    file
}

/// A PDF of one object.
pub(super) fn pdf() -> Vec<u8> {
    b"%PDF-1.4\n%\xe2\xe3\x00\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n".to_vec()
}

/// A shortcut's header.
pub(super) fn lnk() -> Vec<u8> {
    [&b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"[..], &[0; 56]].concat()
}

/// An image without pixels.
pub(super) fn png() -> Vec<u8> {
    let header = b"\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55";
    [b"\x89PNG\r\n\x1a\n", &header[..], b"\0\0\0\0IEND\xae\x42\x60\x82"].concat()
}

/// Markers and a scan; an end marker inside a segment does not count.
pub(super) fn jpeg() -> Vec<u8> {
    let segment = b"\xff\xe0\0\x06\xff\xd9\xff\xd9";
    let scan = b"\xff\xda\0\x02\x12\xff\0\x34\xff\xd0\x56";
    [b"\xff\xd8", &segment[..], scan, b"\xff\xd9"].concat()
}

/// An image without frames.
pub(super) fn gif() -> Vec<u8> {
    b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()
}

/// A bitmap of one pixel.
pub(super) fn bmp() -> Vec<u8> {
    let mut image = vec![0; 58];
    put(&mut image, 0, b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0");
    image
}

/// A RIFF file of one chunk.
pub(super) fn webp() -> Vec<u8> {
    b"RIFF\x0c\0\0\0WEBPVP8 \0\0\0\0".to_vec()
}

fn icon(kind: u8) -> Vec<u8> {
    let mut image = vec![0; 22 + 40];
    put(&mut image, 0, &[0, 0, kind, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 40, 0, 0, 0, 22]);
    image
}

/// A frame of 128 kbit/s at 44.1 kHz.
pub(super) fn mpeg_frame() -> Vec<u8> {
    let mut frame = vec![0; 417];
    put(&mut frame, 0, b"\xff\xfb\x90\0");
    frame
}
