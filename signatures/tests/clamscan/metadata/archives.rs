//! Archives that say what they are told to, true or not.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// An entry of a ZIP archive: its data, and what its two headers say.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    method: u16,
    packed: Vec<u8>,
    crc: u32,
    pub(super) central: Head,
    pub(super) local: Head,
    /// Whether the directory lists it.
    pub(super) listed: bool,
}

/// What one header says.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) packed: u32,
    pub(super) size: u32,
}

impl Entry {
    pub(super) fn stored(name: &[u8], data: &[u8]) -> Self {
        Self::new(name, 0, data.to_vec(), data)
    }

    pub(super) fn deflated(name: &[u8], data: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).unwrap();
        Self::new(name, 8, encoder.finish().unwrap(), data)
    }

    fn new(name: &[u8], method: u16, packed: Vec<u8>, data: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let (name, size) = (name.to_vec(), data.len() as u32);
        let head = Head { name, flags: 0, packed: packed.len() as u32, size };
        Self { method, packed, crc: crc.sum(), central: head.clone(), local: head, listed: true }
    }

    /// The same, marked as encrypted in both headers.
    pub(super) fn encrypted(mut self) -> Self {
        self.central.flags |= 1;
        self.local.flags |= 1;
        self
    }

    fn fields(&self, head: &Head) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(head.flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0, 0, 0x21, 0x50]);
        bytes.extend(self.crc.to_le_bytes());
        bytes.extend(head.packed.to_le_bytes());
        bytes.extend(head.size.to_le_bytes());
        bytes.extend((head.name.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }
}

/// A ZIP archive behind other data, with a comment.
pub(super) fn zip_with(prefix: &[u8], entries: &[Entry], comment: &[u8]) -> Vec<u8> {
    let (mut archive, mut directory, mut count) = (prefix.to_vec(), Vec::new(), 0_u16);
    for entry in entries {
        let offset = (archive.len() - prefix.len()) as u32;
        archive.extend(b"PK\x03\x04\x14\0");
        archive.extend(entry.fields(&entry.local));
        archive.extend(&entry.local.name);
        archive.extend(&entry.packed);
        if entry.listed {
            count += 1;
            directory.extend(b"PK\x01\x02\x14\0\x14\0");
            directory.extend(entry.fields(&entry.central));
            directory.extend([0; 10]);
            directory.extend(offset.to_le_bytes());
            directory.extend(&entry.central.name);
        }
    }
    let start = (archive.len() - prefix.len()) as u32;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend((comment.len() as u16).to_le_bytes());
    archive.extend(comment);
    archive
}

pub(super) fn zip(entries: &[Entry]) -> Vec<u8> {
    zip_with(b"", entries, b"")
}

/// A ZIP archive with one entry of that name.
pub(super) fn zip_of(name: &[u8]) -> Vec<u8> {
    zip(&[Entry::stored(name, b"content")])
}

/// A member of a tar archive: name, type and size.
pub(super) type Member<'m> = (&'m [u8], u8, usize);

/// A tar archive of POSIX or older form.
pub(super) fn tar(members: &[Member<'_>], is_posix: bool) -> Vec<u8> {
    let mut archive = Vec::new();
    for &(name, kind, size) in members {
        let mut header = [0_u8; 512];
        let kept = name.len().min(100);
        header[..kept].copy_from_slice(&name[..kept]);
        header[100..108].copy_from_slice(b"0000644\0");
        header[108..124].copy_from_slice(b"0000000\x000000000\0");
        header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        header[136..148].copy_from_slice(b"00000000000\0");
        header[156] = kind;
        if is_posix {
            header[257..265].copy_from_slice(b"ustar\x0000");
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(vec![b'x'; size.next_multiple_of(512)]);
    }
    archive.extend([0; 1024]);
    archive
}
