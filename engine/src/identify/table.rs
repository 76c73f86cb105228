//! The types that show themselves at their beginning: one row each.
//!
//! To add a type, add it to `file_types!` in `mod.rs`, a row here, and a sample in `samples.rs`; the
//! tests below fail while the sample is missing. A row is a magic number, with a check where the magic
//! alone says too little. Figures are from the formats' own specifications and public lists of magic
//! numbers.

use super::collector::Collector;
use super::fields::part;
use super::{FileType, TypeSet, archives, disks, documents, images, installers, programs, streams};

/// How one type is recognised at the beginning of its data.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) file_type: FileType,
    magic: &'static [u8],
    at: usize,
    mask: &'static [u8],
    check: Option<fn(&[u8]) -> bool>,
}

impl Row {
    /// A type with this magic number at its start.
    const fn magic(file_type: FileType, magic: &'static [u8]) -> Self {
        Self { file_type, magic, at: 0, mask: &[], check: None }
    }

    /// A type that only a function can recognise.
    const fn check(file_type: FileType, check: fn(&[u8]) -> bool) -> Self {
        Self { file_type, magic: &[], at: 0, mask: &[], check: Some(check) }
    }

    /// The magic number stands further on.
    const fn at(mut self, at: usize) -> Self {
        self.at = at;
        self
    }

    /// Only the bits of the mask count.
    const fn mask(mut self, mask: &'static [u8]) -> Self {
        self.mask = mask;
        self
    }

    /// The magic number says too little; this has to hold as well.
    const fn when(mut self, check: fn(&[u8]) -> bool) -> Self {
        self.check = Some(check);
        self
    }

    /// Whether data that begins here has the type.
    pub(super) fn matches(&self, data: &[u8]) -> bool {
        self.has_magic(data) && self.check.is_none_or(|check| check(data))
    }

    fn has_magic(&self, data: &[u8]) -> bool {
        let Some(seen) = part(data, self.at, self.magic.len()) else { return false };
        if self.mask.is_empty() {
            return seen == self.magic;
        }
        let pairs = seen.iter().zip(self.magic).zip(self.mask);
        pairs.into_iter().all(|((seen, magic), mask)| seen & mask == magic & mask)
    }

    /// Whether the row is sure enough to be asked behind the end of something else.
    pub(super) fn is_sure(&self) -> bool {
        self.magic.len() >= 4 || self.check.is_some()
    }
}

/// Adds what begins at 0.
pub(super) fn identify(data: &[u8], collector: &mut Collector) {
    for row in ROWS.iter().filter(|row| row.matches(data)) {
        collector.add(row.file_type, 0);
    }
}

/// What data show by a magic number at their start that is long enough to be sure.
pub(crate) fn magic_types(data: &[u8]) -> TypeSet {
    ROWS.iter().filter(|row| row.is_sure() && row.matches(data)).map(|row| row.file_type).collect()
}

use FileType::*;

/// All rows.
pub(super) const ROWS: &[Row] = &[
    // Programs
    Row::magic(Pe, b"MZ").when(programs::is_pe),
    Row::magic(DosExe, b"MZ").when(programs::is_dos_program),
    Row::magic(DosExe, b"ZM").when(programs::is_dos_program),
    Row::magic(Elf, b"\x7fELF"),
    Row::magic(MachO, b"\xfe\xed\xfa\xce"),
    Row::magic(MachO, b"\xfe\xed\xfa\xcf"),
    Row::magic(MachO, b"\xce\xfa\xed\xfe"),
    Row::magic(MachO, b"\xcf\xfa\xed\xfe"),
    Row::magic(MachOFat, b"\xca\xfe\xba\xbe").when(programs::is_fat_macho),
    Row::magic(MachOFat, b"\xca\xfe\xba\xbf").when(programs::is_fat_macho),
    Row::magic(JavaClass, b"\xca\xfe\xba\xbe").when(programs::is_java_class),
    Row::magic(Dex, b"dex\n0\0\0\0").mask(b"\xff\xff\xff\xff\xff\0\0\xff"),
    Row::magic(Wasm, b"\0asm"),
    Row::magic(PythonBytecode, b"\r\n").at(2).when(programs::is_python_bytecode),
    // Archives
    Row::magic(Zip, b"PK\x03\x04"),
    Row::magic(Zip, b"PK\x05\x06"),
    Row::magic(SevenZip, b"7z\xbc\xaf\x27\x1c"),
    Row::magic(Rar, b"Rar!\x1a\x07\0"),
    Row::magic(Rar, b"Rar!\x1a\x07\x01\0"),
    Row::magic(Rar, b"RE~^").when(archives::is_rar14),
    Row::magic(Cab, b"MSCF\0\0\0\0"),
    Row::magic(Arj, b"\x60\xea").when(archives::is_arj),
    Row::magic(Lha, b"-l").at(2).when(archives::is_lha),
    Row::magic(Lha, b"-pm").at(2).when(archives::is_lha),
    Row::magic(Ace, b"**ACE**").at(7),
    Row::magic(Zoo, b"\xdc\xa7\xc4\xfd").at(20),
    Row::magic(Alz, b"ALZ\x01"),
    Row::magic(Egg, b"EGGA\0\x01"),
    Row::magic(StuffIt, b"rLau").at(10),
    Row::magic(StuffIt, b"StuffIt (c)1997-"),
    Row::magic(StuffIt, b"StuffIt!"),
    Row::magic(Arc, b"\x1a").when(archives::is_arc),
    Row::magic(FreeArc, b"ArC\x01"),
    Row::magic(Uharc, b"UHA").when(archives::is_uharc),
    Row::magic(Sqx, b"-sqx-").at(7),
    Row::magic(Zpaq, b"7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3zPQ"),
    Row::magic(Zpaq, b"zPQ").when(archives::is_zpaq),
    Row::magic(Mar, b"MAR1\0"),
    Row::magic(InstallShield3, b"\x13\x5d\x65\x8c"),
    Row::magic(AndroidBackup, b"ANDROID BACKUP\n"),
    Row::magic(Pst, b"!BDN").when(archives::is_pst),
    Row::magic(Dbx, b"\xcf\xad\x12\xfe"),
    Row::magic(WinHelp, b"\x3f\x5f\x03\0"),
    Row::check(Tar, archives::is_tar),
    Row::magic(Cpio, b"07070").when(archives::is_text_cpio),
    Row::magic(Cpio, b"\xc7\x71").when(archives::is_binary_cpio),
    Row::magic(Cpio, b"\x71\xc7").when(archives::is_binary_cpio),
    Row::magic(Ar, b"!<arch>\n"),
    Row::magic(Ar, b"!<thin>\n"),
    Row::magic(Deb, b"!<arch>\ndebian-binary"),
    Row::magic(Rpm, b"\xed\xab\xee\xdb"),
    Row::magic(Xar, b"xar!\0"),
    Row::magic(Chm, b"ITSF"),
    Row::magic(Sis, b"\x19\x04\0\x10").at(8),
    Row::magic(Sis, b"\x7a\x1a\x20\x10"),
    Row::magic(InstallShield, installers::INSTALLSHIELD).when(installers::is_installshield_list),
    Row::check(InstallShield, installers::is_installshield_plain),
    Row::magic(InstallShieldCab, b"ISc(").when(installers::is_installshield_cab),
    Row::magic(Inno, installers::INNO).when(installers::is_inno),
    Row::magic(Inno, b"idska32\x1a"),
    Row::magic(AutoIt, installers::AUTOIT).when(installers::is_autoit),
    Row::magic(Nsis, programs::NSIS_MAGIC).at(4),
    Row::magic(Pyz, b"PYZ\0").when(programs::is_pyz),
    Row::magic(Asar, b"\x04\0\0\0").when(installers::is_asar),
    Row::magic(DotNetResources, b"\xce\xca\xef\xbe").when(programs::is_dotnet_resources),
    // Streams
    Row::magic(Gzip, streams::GZIP_MAGIC),
    Row::magic(Bzip2, b"BZh").when(streams::is_bzip2),
    Row::magic(Xz, b"\xfd7zXZ\0"),
    Row::magic(Lzma, b"").when(streams::is_lzma),
    Row::magic(Lzip, b"LZIP").when(streams::is_lzip),
    Row::magic(Zstd, b"\x28\xb5\x2f\xfd"),
    Row::magic(Zstd, streams::SKIPPABLE).mask(b"\xf0\xff\xff\xff").when(streams::leads_to_zstd),
    Row::magic(Lz4, b"\x04\x22\x4d\x18"),
    Row::magic(Lz4, b"\x02\x21\x4c\x18"),
    Row::magic(Lz4, streams::SKIPPABLE).mask(b"\xf0\xff\xff\xff").when(streams::leads_to_lz4),
    Row::magic(Compress, b"\x1f\x9d").when(streams::is_compress),
    Row::magic(Szdd, b"SZDD\x88\xf0\x27\x33"),
    Row::magic(Szdd, b"SZ \x88\xf0\x27\x33\xd1"),
    Row::magic(Kwaj, b"KWAJ\x88\xf0\x27\xd1"),
    Row::magic(Lzfse, b"bvx").when(streams::is_lzfse),
    Row::magic(Lzop, streams::LZOP),
    Row::magic(Lrzip, b"LRZI\0"),
    Row::magic(Rzip, b"RZIP\x02"),
    Row::magic(Snappy, b"\xff\x06\0\0sNaPpY"),
    Row::magic(OpensslEncrypted, b"Salted__"),
    Row::magic(Age, b"age-encryption.org/v1\n"),
    Row::magic(Age, b"-----BEGIN AGE ENCRYPTED FILE-----"),
    // Disk images; those known by a place far from the start are in disks.rs
    Row::magic(Apm, b"ER").when(disks::is_apple_map),
    Row::magic(Gpt, b"EFI PART").at(512),
    Row::magic(Gpt, b"EFI PART").at(4096),
    Row::magic(Mbr, b"\x55\xaa").at(510).when(disks::is_mbr),
    Row::check(Fat, disks::is_fat),
    Row::magic(HfsPlus, b"H+\0\x04").at(1024),
    Row::magic(HfsPlus, b"HX\0\x05").at(1024),
    Row::magic(Ext, b"\x53\xef").at(1080).when(disks::is_ext),
    Row::magic(Ntfs, b"NTFS    ").at(3),
    Row::magic(ExFat, b"EXFAT   ").at(3),
    Row::magic(Refs, b"ReFS\0\0\0\0").at(3),
    Row::magic(BitLocker, b"-FVE-FS-").at(3),
    Row::magic(Apfs, b"NXSB").at(32),
    Row::magic(Hfs, b"BD").at(1024).when(disks::is_hfs),
    Row::magic(Btrfs, b"_BHRfS_M").at(65_600),
    Row::magic(Xfs, b"XFSB").when(disks::is_xfs),
    Row::magic(Zfs, b"\0\0\0\x07version").at(16_404),
    Row::magic(F2fs, b"\x10\x20\xf5\xf2").at(1024),
    Row::magic(Jfs, b"JFS1").at(32_768),
    Row::magic(Reiserfs, b"ReIsEr").at(65_588),
    Row::magic(Reiserfs, b"ReIsEr").at(8244),
    Row::magic(Nilfs, b"\x34\x34").at(1030).when(disks::is_nilfs),
    Row::magic(Ufs, b"\x54\x19\x01\0").at(9564),
    Row::magic(Ufs, b"\x19\x01\x54\x19").at(66_908),
    Row::magic(Erofs, b"\xe2\xe1\xf5\xe0").at(1024),
    Row::magic(Cramfs, b"Compressed ROMFS").at(16),
    Row::magic(Romfs, b"-rom1fs-"),
    Row::magic(Jffs2, b"\x85\x19").when(disks::is_jffs2),
    Row::magic(Jffs2, b"\x19\x85").when(disks::is_jffs2),
    Row::magic(Ubi, b"UBI#\x01\0\0\0"),
    Row::magic(Lvm, b"LVM2 001").at(536),
    Row::magic(LinuxRaid, b"\xfc\x4e\x2b\xa9\x01\0\0\0"),
    Row::magic(LinuxRaid, b"\xfc\x4e\x2b\xa9\x01\0\0\0").at(4096),
    Row::magic(Luks, b"LUKS\xba\xbe"),
    Row::magic(Vdi, b"\x7f\x10\xda\xbe").at(64),
    Row::magic(Parallels, b"WithoutFreeSpace"),
    Row::magic(Parallels, b"WithouFreSpacExt"),
    Row::magic(Qed, b"QED\0"),
    Row::magic(Bochs, b"Bochs Virtual HD Image\0"),
    Row::magic(Ewf, b"EVF\x09\x0d\x0a\xff\0"),
    Row::magic(Ewf, b"LVF\x09\x0d\x0a\xff\0"),
    Row::magic(Ewf, b"EVF2\r\n\x81\0"),
    Row::magic(Aff, b"AFF10\r\n\0"),
    Row::magic(SparseImage, b"sprs\0\0\0"),
    Row::magic(DmgEncrypted, b"encrcdsa"),
    Row::check(DmgEncrypted, disks::is_dmg_encrypted),
    Row::magic(AndroidSparse, b"\x3a\xff\x26\xed\x01\0"),
    Row::magic(Partclone, b"partclone-image"),
    Row::magic(RawCd, b"\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0").when(disks::is_raw_cd),
    Row::check(Nrg, disks::is_nrg),
    Row::magic(Daa, b"DAA\0\0\0\0\0"),
    Row::magic(Ciso, b"CISO").when(disks::is_ciso),
    Row::magic(Squashfs, b"hsqs").when(archives::is_squashfs),
    Row::magic(Squashfs, b"sqsh").when(archives::is_squashfs),
    Row::magic(Vmdk, b"KDMV"),
    Row::magic(Vmdk, b"COWD"),
    Row::magic(Vmdk, b"# Disk DescriptorFile"),
    Row::magic(Qcow2, b"QFI\xfb"),
    Row::magic(Vhdx, b"vhdxfile"),
    Row::magic(Wim, b"MSWIM\0\0\0"),
    // Documents
    Row::magic(Ole2, documents::OLE2_MAGIC),
    Row::magic(Msi, documents::OLE2_MAGIC).when(documents::is_installer_package),
    Row::magic(Rtf, b"{\\rt"),
    Row::magic(OneNote, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"),
    Row::magic(OneNote, b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f"),
    Row::magic(Hwp3, b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05"),
    Row::magic(ActiveMime, b"ActiveMime\0\0"),
    Row::magic(Tnef, b"\x78\x9f\x3e\x22"),
    Row::magic(Yenc, b"=ybegin "),
    Row::magic(Lnk, b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
    Row::magic(Sqlite, b"SQLite format 3\0"),
    // Images
    Row::magic(Png, b"\x89PNG\r\n\x1a\n"),
    Row::magic(Jpeg, b"\xff\xd8\xff"),
    Row::magic(Gif, b"GIF87a"),
    Row::magic(Gif, b"GIF89a"),
    Row::magic(Bmp, b"BM").when(images::is_bmp),
    Row::magic(Tiff, b"II*\0"),
    Row::magic(Tiff, b"MM\0*"),
    Row::magic(Tiff, b"II+\0\x08\0"),
    Row::magic(Tiff, b"MM\0+\0\x08"),
    Row::magic(Webp, b"RIFF\0\0\0\0WEBP").mask(b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff"),
    Row::magic(Ico, b"\0\0\x01\0").when(images::is_icon),
    Row::magic(Ico, b"\0\0\x02\0").when(images::is_icon),
    Row::magic(Emf, b" EMF").at(40).when(images::is_emf),
    Row::magic(Wmf, b"\xd7\xcd\xc6\x9a\0\0"),
    Row::magic(Wmf, b"\x01\0\x09\0\0\x03"),
    Row::magic(Wmf, b"\x01\0\x09\0\0\x01"),
    Row::magic(Psd, b"8BPS\0\x01"),
    Row::magic(Psd, b"8BPS\0\x02"),
    // Media
    Row::magic(Flash, b"FWS").when(images::is_flash),
    Row::magic(Flash, b"CWS").when(images::is_flash),
    Row::magic(Flash, b"ZWS").when(images::is_flash),
    Row::magic(Riff, b"RIFF").when(images::is_riff),
    Row::magic(Riff, b"RIFX").when(images::is_riff),
    Row::magic(Mp4, b"ftyp").at(4),
    Row::magic(Mp4, b"moov").at(4),
    Row::magic(Mp4, b"mdat").at(4),
    Row::magic(Ogg, b"OggS\0"),
    Row::magic(Mp3, b"ID3").when(images::is_id3),
    Row::magic(Mp3, b"\xff\xe0").mask(b"\xff\xe0").when(images::is_mpeg_audio),
    Row::magic(Flac, b"fLaC"),
    Row::magic(Matroska, b"\x1a\x45\xdf\xa3"),
    Row::magic(Asf, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    Row::magic(Midi, b"MThd\0\0\0\x06"),
    Row::magic(Font, b"\0\x01\0\0").when(images::is_font),
    Row::magic(Font, b"OTTO\0"),
    Row::magic(Font, b"true\0"),
    Row::magic(Font, b"ttcf\0"),
    Row::magic(Font, b"wOFF"),
    Row::magic(Font, b"wOF2"),
];

#[cfg(test)]
mod tests {
    use super::super::samples::SAMPLES;
    use super::super::{FileType, identify};
    use super::ROWS;

    #[test]
    fn every_row_has_a_sample() {
        for row in ROWS {
            let mut samples = SAMPLES.iter().filter(|sample| sample.file_type == row.file_type);
            assert!(samples.any(|sample| row.matches(&(sample.build)())), "no sample for {row:?}");
        }
    }

    #[test]
    fn every_type_has_a_sample() {
        for &file_type in FileType::ALL {
            let found = SAMPLES.iter().any(|sample| sample.file_type == file_type);
            assert!(found, "no sample for {file_type:?}");
        }
    }

    #[test]
    fn every_sample_is_recognised_where_it_begins() {
        for sample in SAMPLES {
            let identification = identify(&(sample.build)());
            let found = identification.found.iter();
            let place = found.clone().find(|found| found.file_type == sample.file_type);
            let place = place.unwrap_or_else(|| panic!("{sample:?}: {identification:?}"));
            assert_eq!(place.offset, sample.offset, "{sample:?}");
        }
    }

    #[test]
    fn a_sample_cut_short_anywhere_does_no_harm() {
        for sample in SAMPLES {
            let whole = (sample.build)();
            let places = (0..whole.len().min(300)).chain((300..whole.len()).step_by(997));
            for length in places {
                let identification = identify(&whole[..length]);
                assert!(!identification.found.is_empty());
            }
        }
    }

    #[test]
    fn no_sample_is_taken_for_something_unrelated() {
        for sample in SAMPLES {
            let types = identify(&(sample.build)()).types();
            let strangers: Vec<FileType> = types
                .iter()
                .filter(|found| *found != sample.file_type && !sample.also.contains(found))
                .collect();
            assert!(strangers.is_empty(), "{sample:?} is also {strangers:?}");
        }
    }
}
