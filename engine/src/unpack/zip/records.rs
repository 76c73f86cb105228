//! ZIP's records, field by field (PKWARE APPNOTE.TXT 6.3.10, chapter 4).
//!
//! Only reading: whether a record tells the truth is asked in `member.rs`.

use super::winzip::Field;
use crate::reader::{OutOfBounds, Reader};

pub(super) const LOCAL: &[u8; 4] = b"PK\x03\x04";
pub(super) const CENTRAL: &[u8; 4] = b"PK\x01\x02";
pub(super) const END: &[u8; 4] = b"PK\x05\x06";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
pub(super) const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
/// The start of a file that was to be split and needed no splitting.
pub(super) const UNSPLIT: &[u8; 4] = b"PK00";

/// The methods that are decoded here.
pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;
/// AES encryption, the real method is in an extra field.
const AES: u16 = 99;

/// Names of compression methods (APPNOTE 4.4.5).
const METHODS: &[(u16, &str)] = &[
    (STORED, "stored"),
    (1, "shrunk"),
    (2, "reduced, factor 1"),
    (3, "reduced, factor 2"),
    (4, "reduced, factor 3"),
    (5, "reduced, factor 4"),
    (6, "imploded"),
    (7, "tokenized"),
    (DEFLATED, "deflated"),
    (9, "deflate64"),
    (10, "PKWARE implode"),
    (12, "bzip2"),
    (14, "LZMA"),
    (16, "IBM z/OS CMPSC"),
    (18, "IBM TERSE"),
    (19, "IBM LZ77"),
    (20, "Zstandard, deprecated number"),
    (93, "Zstandard"),
    (94, "MP3"),
    (95, "xz"),
    (96, "JPEG variant"),
    (97, "WavPack"),
    (98, "PPMd"),
    (AES, "AES"),
];

pub(super) fn method_name(method: u16) -> Option<&'static str> {
    METHODS.iter().find(|(number, _)| *number == method).map(|(_, name)| *name)
}

/// What a header says about an entry's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) flags: u16,
    pub(super) method: u16,
    /// The time of day at which the file was last changed.
    pub(super) time: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// How it is encrypted, where that is AES.
    pub(super) aes: Option<Field>,
}

impl Claim {
    const ENCRYPTED: u16 = 1;
    const FOLLOWED: u16 = 1 << 3;
    const STRONGLY_ENCRYPTED: u16 = 1 << 6;
    const MASKED: u16 = 1 << 13;

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & (Self::ENCRYPTED | Self::STRONGLY_ENCRYPTED | Self::MASKED) != 0
            || self.method == AES
    }

    /// Whether the one bit for encryption is set, which is all that some programs look at.
    pub(super) fn has_encryption_bit(&self) -> bool {
        self.flags & Self::ENCRYPTED != 0
    }

    /// Whether it is encrypted in a way that a password opens here.
    pub(super) fn has_lock(&self) -> bool {
        let is_aes = self.method == AES && self.aes.is_some();
        let is_traditional = self.method != AES && self.flags & Self::ENCRYPTED != 0;
        self.flags & Self::STRONGLY_ENCRYPTED == 0 && (is_aes || is_traditional)
    }

    /// Whether another claim describes the same lock.
    pub(super) fn has_lock_of(&self, other: &Self) -> bool {
        (self.method, self.aes, self.packed) == (other.method, other.aes, other.packed)
    }

    /// The last byte in front of encrypted data: of the checksum, or of the time where the checksum
    /// was not known yet.
    pub(super) fn check_byte(&self) -> u8 {
        match self.is_followed() {
            true => self.time.to_be_bytes()[0],
            false => self.crc.to_be_bytes()[0],
        }
    }

    /// Whether the checksum is left away, because a code proves the data.
    pub(super) fn leaves_checksum_away(&self) -> bool {
        self.crc == 0 && self.aes.is_some_and(|aes| aes.leaves_checksum_away())
    }

    /// Whether checksum and sizes follow the data, in a descriptor.
    pub(super) fn is_followed(&self) -> bool {
        self.flags & Self::FOLLOWED != 0
    }
}

/// The fields that local and central headers share, from the flags to the extra field's length.
fn claim(reader: &mut Reader<'_>) -> Result<(Claim, u16, u16), OutOfBounds> {
    let (flags, method) = (reader.u16_le()?, reader.u16_le()?);
    let (time, _date) = (reader.u16_le()?, reader.u16_le()?);
    let crc = reader.u32_le()?;
    let (packed, size) = (reader.u32_le()?.into(), reader.u32_le()?.into());
    let lengths = (reader.u16_le()?, reader.u16_le()?);
    Ok((Claim { flags, method, time, crc, packed, size, aes: None }, lengths.0, lengths.1))
}

/// A local header.
#[derive(Debug)]
pub(super) struct Local<'d> {
    pub(super) name: &'d [u8],
    pub(super) claim: Claim,
    /// Whether it begins with its signature.
    pub(super) is_signed: bool,
    /// Where its data begins.
    pub(super) data: u64,
}

impl<'d> Local<'d> {
    pub(super) fn read(zip: &'d [u8], at: u64) -> Result<Self, OutOfBounds> {
        let mut reader = Reader::at(zip, at)?;
        let is_signed = &reader.array::<4>()? == LOCAL;
        let _version = reader.u16_le()?;
        let (mut claim, name_length, extra_length) = claim(&mut reader)?;
        let name = reader.bytes(name_length.into())?;
        let mut extra = reader.sub(extra_length.into())?;
        extend(&mut extra, &mut claim, &mut 0);
        Ok(Self { name, claim, is_signed, data: reader.position() as u64 })
    }
}

/// An entry of the central directory.
#[derive(Debug)]
pub(super) struct Central<'d> {
    pub(super) name: &'d [u8],
    /// Never followed by a descriptor: the directory is written last and knows everything.
    pub(super) claim: Claim,
    pub(super) volume: u16,
    /// Where its local header is, before the directory's base is added.
    pub(super) offset: u64,
}

impl<'d> Central<'d> {
    /// Reads the record here; `None` where something else begins, or it is cut off.
    pub(super) fn read(reader: &mut Reader<'d>) -> Option<Self> {
        (&reader.array::<4>().ok()? == CENTRAL).then_some(())?;
        Self::fields(reader).ok()
    }

    fn fields(reader: &mut Reader<'d>) -> Result<Self, OutOfBounds> {
        let _versions = reader.u32_le()?;
        let (mut claim, name_length, extra_length) = claim(reader)?;
        claim.flags &= !Claim::FOLLOWED;
        let comment_length = reader.u16_le()?;
        let volume = reader.u16_le()?;
        let _internal_attributes = reader.u16_le()?;
        let _external_attributes = reader.u32_le()?;
        let mut offset = reader.u32_le()?.into();
        let name = reader.bytes(name_length.into())?;
        let mut extra = reader.sub(extra_length.into())?;
        extend(&mut extra, &mut claim, &mut offset);
        reader.skip(comment_length.into())?;
        Ok(Self { name, claim, volume, offset })
    }
}

/// Reads the extra fields that say more about the data.
fn extend(extra: &mut Reader<'_>, claim: &mut Claim, offset: &mut u64) {
    const ZIP64: u16 = 1;
    while let (Ok(kind), Ok(length)) = (extra.u16_le(), extra.u16_le()) {
        let Ok(mut field) = extra.sub(length.into()) else { return };
        match kind {
            ZIP64 => widen(&mut field, [&mut claim.size, &mut claim.packed, offset]),
            Field::NUMBER => claim.aes = Field::read(&mut field).ok().or(claim.aes),
            _ => {}
        }
    }
}

/// Replaces the fields that a zip64 extra field widens: those whose 32 bits are all set, in this order.
fn widen(field: &mut Reader<'_>, narrow: [&mut u64; 3]) {
    for narrow in narrow {
        if *narrow == u64::from(u32::MAX) {
            *narrow = field.u64_le().unwrap_or(*narrow);
        }
    }
}

/// The checksum in the descriptor of data of the given lengths that ends at `at`. The record has no
/// length of its own: the signature is optional and the sizes have 32 or 64 bits, so the form that fits
/// is taken.
pub(super) fn descriptor_crc(zip: &[u8], at: u64, packed: u64, size: u64) -> Option<u32> {
    let fits = |signed: bool, wide: bool| {
        let mut reader = Reader::at(zip, at).ok()?;
        if signed {
            (&reader.array::<4>().ok()? == DESCRIPTOR).then_some(())?;
        }
        let crc = reader.u32_le().ok()?;
        let lengths = match wide {
            true => (reader.u64_le().ok()?, reader.u64_le().ok()?),
            false => (reader.u32_le().ok()?.into(), reader.u32_le().ok()?.into()),
        };
        (lengths == (packed, size)).then_some(crc)
    };
    [(true, false), (true, true), (false, false), (false, true)]
        .into_iter()
        .find_map(|(signed, wide)| fits(signed, wide))
}

/// What the end of an archive says about its central directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Where this record is.
    pub(super) at: u64,
    /// Number of this volume, counted from 0.
    pub(super) volume: u32,
    pub(super) entries: u64,
    /// Length of the central directory.
    pub(super) length: u64,
    /// Where the central directory begins, before a base is added.
    pub(super) offset: u64,
    /// Where the comment, and with it the archive, ends.
    pub(super) comment_end: u64,
}

impl End {
    pub(super) fn read(zip: &[u8], at: u64) -> Option<Self> {
        let mut reader = Reader::at(zip, at).ok()?;
        reader.skip(END.len() as u64).ok()?;
        let volume = reader.u16_le().ok()?.into();
        let _directory_volume = reader.u16_le().ok()?;
        let _entries_here = reader.u16_le().ok()?;
        let entries = reader.u16_le().ok()?.into();
        let (length, offset) = (reader.u32_le().ok()?.into(), reader.u32_le().ok()?.into());
        let comment = reader.u16_le().ok()?;
        let comment_end = (reader.position() as u64).saturating_add(comment.into());
        Some(Self { at, volume, entries, length, offset, comment_end })
    }

    /// Whether a field is full, so that the zip64 record must be asked.
    pub(super) fn is_full(&self) -> bool {
        self.entries == u64::from(u16::MAX)
            || [self.length, self.offset].contains(&u64::from(u32::MAX))
    }

    /// The zip64 record that a locator in front of this one points to, or that stands in front of the
    /// locator when the offset is wrong because data were put before the archive.
    pub(super) fn wide(&self, zip: &[u8]) -> Option<Self> {
        const LOCATOR_LENGTH: u64 = 20;
        const LENGTH: u64 = 56;
        let locator_at = self.at.checked_sub(LOCATOR_LENGTH)?;
        let mut locator = Reader::at(zip, locator_at).ok()?;
        (&locator.array::<4>().ok()? == LOCATOR64).then_some(())?;
        let _volume = locator.u32_le().ok()?;
        let offset = locator.u64_le().ok()?;
        [Some(offset), locator_at.checked_sub(LENGTH)]
            .into_iter()
            .flatten()
            .find_map(|at| self.wide_at(zip, at))
    }

    fn wide_at(&self, zip: &[u8], at: u64) -> Option<Self> {
        let mut reader = Reader::at(zip, at).ok()?;
        (&reader.array::<4>().ok()? == END64).then_some(())?;
        let _length_and_versions = reader.array::<12>().ok()?;
        let volume = reader.u32_le().ok()?;
        let _directory_volume = reader.u32_le().ok()?;
        let _entries_here = reader.u64_le().ok()?;
        let entries = reader.u64_le().ok()?;
        let (length, offset) = (reader.u64_le().ok()?, reader.u64_le().ok()?);
        Some(Self { at, volume, entries, length, offset, comment_end: self.comment_end })
    }
}
