//! The archive inside of a ClamAV database: the oldest form of tar, files only.
//!
//! An entry is a header of 512 bytes (name, size in octal digits, checksum, type), the content, and zeros
//! up to the next 512. The archive ends with a header of zeros, or with the file: ClamAV's tools write no
//! end, and the list of files is what tells whether the last ones were cut off. ClamAV knows no other entries than regular
//! files and no names with a path, and neither does this reader. Names never become paths here either:
//! they name a source and say its format.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::io::{self, BufRead, Read, Take};

use super::super::compressed::{MOST_UNPACKED, Trouble};
use crate::diagnostic::{Fault, quoted};

const BLOCK: usize = 512;

/// The most files of one database: a hundred times those of ClamAV's own.
pub(crate) const MOST_ENTRIES: u64 = 20_000;

/// Reads an archive from its start to its end.
#[derive(Debug)]
pub(crate) struct Tar<R> {
    input: R,
    /// Bytes up to the next header.
    left: u64,
    /// Of these, how many are padding.
    padding: u64,
    entries: u64,
}

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) size: u64,
}

impl<R: BufRead> Tar<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, left: 0, padding: 0, entries: 0 }
    }

    /// The next file; whatever was not read of the last one is passed over.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Trouble> {
        self.pass_over()?;
        let mut block = [0; BLOCK];
        if !self.fill(&mut block)? || block.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        self.entries = self.entries.saturating_add(1);
        if self.entries > MOST_ENTRIES {
            return Err(bad(format!("more than {MOST_ENTRIES} files")).into());
        }
        let entry = parse(&block)?;
        self.left = entry.size.next_multiple_of(BLOCK as u64);
        self.padding = self.left.saturating_sub(entry.size);
        Ok(Some(entry))
    }

    /// The content of the file that came last.
    pub(crate) fn content(&mut self) -> Content<'_, R> {
        let size = self.left.saturating_sub(self.padding);
        Content { inner: (&mut self.input).take(size), left: &mut self.left }
    }

    /// What the archive is read from.
    pub(crate) fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// The same, to keep.
    pub(crate) fn into_input(self) -> R {
        self.input
    }

    /// Reads a header, unless the file ends.
    fn fill(&mut self, block: &mut [u8; BLOCK]) -> io::Result<bool> {
        let (first, rest) = block.split_at_mut(1);
        if self.input.read(first)? == 0 {
            return Ok(false);
        }
        self.input.read_exact(rest)?;
        Ok(true)
    }

    fn pass_over(&mut self) -> io::Result<()> {
        let rest = &mut (&mut self.input).take(self.left);
        let passed = io::copy(rest, &mut io::sink())?;
        match passed == self.left {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The content of one file. It ends with an error where the archive ends first.
#[derive(Debug)]
pub(crate) struct Content<'t, R> {
    inner: Take<&'t mut R>,
    left: &'t mut u64,
}

impl<R: BufRead> BufRead for Content<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let ends = self.inner.limit() == 0;
        let piece = self.inner.fill_buf()?;
        match piece.is_empty() && !ends {
            true => Err(io::ErrorKind::UnexpectedEof.into()),
            false => Ok(piece),
        }
    }

    fn consume(&mut self, used: usize) {
        self.inner.consume(used);
        *self.left = self.left.saturating_sub(used as u64);
    }
}

impl<R: BufRead> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut piece = self.fill_buf()?;
        let read = piece.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

fn bad(message: impl Into<String>) -> Fault {
    Fault::error("archive", message)
}

/// Reads the header of an entry.
fn parse(block: &[u8; BLOCK]) -> Result<Entry, Fault> {
    let field = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
    let name = name(field(0, 100))?;
    if octal(field(148, 156)) != Some(checksum(block)) {
        return Err(bad(format!("the checksum of the entry {} is wrong", quoted(&name))));
    }
    if !matches!(field(156, 157), b"0" | b"\0") {
        return Err(bad(format!("the entry {} is no regular file", quoted(&name))));
    }
    let size = octal(field(124, 136));
    match size {
        Some(size) if size <= MOST_UNPACKED => Ok(Entry { name, size }),
        Some(size) => {
            let message = format!("the entry {} says that it has {size} bytes", quoted(&name));
            Err(bad(message).help(format!("at most {} GiB are read", MOST_UNPACKED >> 30)))
        }
        None => Err(bad(format!("the entry {} has no size", quoted(&name)))),
    }
}

/// A plain file name: printable, and nothing that could lead elsewhere.
fn name(field: &[u8]) -> Result<String, Fault> {
    let name = field.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(name);
    if text.contains(['/', '\\']) || text.starts_with('.') {
        return Err(bad(format!("the entry {} has a path in its name", quoted(&text))));
    }
    if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad(format!("the entry {} has no name that can be shown", quoted(&text))));
    }
    Ok(text.into_owned())
}

/// A number in octal digits: after spaces, up to a NUL or space.
fn octal(field: &[u8]) -> Option<u64> {
    let field = field.trim_ascii_start();
    let end = field.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(field.len());
    let digits = field.get(..end).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = char::from(digit).to_digit(8)?;
        number.checked_mul(8)?.checked_add(digit.into())
    })
}

/// The sum of all bytes, those of the checksum itself counted as spaces.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let summed = block.iter().enumerate().map(|(at, &byte)| match (148..156).contains(&at) {
        true => u64::from(b' '),
        false => u64::from(byte),
    });
    summed.sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// One entry: header and padded content. `size` is what the header says.
    pub(crate) fn entry(name: &str, kind: u8, size: &str, content: &[u8]) -> Vec<u8> {
        let mut block = [0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..124 + size.len()].copy_from_slice(size.as_bytes());
        block[156] = kind;
        let sum = format!("{:06o}\0 ", checksum(&block));
        block[148..156].copy_from_slice(sum.as_bytes());
        let mut bytes = [&block[..], content].concat();
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        bytes
    }

    /// An archive of files.
    pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, content) in files {
            bytes.extend(entry(name, b'0', &format!("{:o}", content.len()), content));
        }
        bytes.extend([0; 2 * BLOCK]);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
        let (mut tar, mut found) = (Tar::new(bytes), Vec::new());
        let mut read = || {
            while let Some(entry) = tar.next()? {
                let mut content = Vec::new();
                tar.content().read_to_end(&mut content)?;
                found.push((entry.name, content));
            }
            Ok(())
        };
        match read() {
            Ok(()) => Ok(found),
            Err(Trouble::Fault(fault)) => Err(fault.message),
            Err(Trouble::Unreadable(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn files_come_in_their_order() {
        let long = vec![b'x'; 1025];
        let files: [(&str, &[u8]); 3] = [("a.ndb", b"one"), ("empty", b""), ("b.hdb", &long)];
        let found = read(&archive(&files)).unwrap();
        let expected: Vec<_> =
            files.iter().map(|(name, content)| (String::from(*name), content.to_vec())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_not_read_is_passed_over() {
        let bytes = archive(&[("a", &[1; 700]), ("b", &[2; 3])]);
        let mut tar = Tar::new(bytes.as_slice());
        tar.next().unwrap();
        tar.content().read_exact(&mut [0; 10]).unwrap();
        let next = tar.next().unwrap().unwrap();
        assert_eq!((next.name.as_str(), next.size), ("b", 3));
    }

    #[test]
    fn names_with_a_path_are_refused() {
        for name in ["../evil.ndb", "/etc/passwd", "a/b", "..", ".hidden", "c:\\x"] {
            let fault = read(&entry(name, b'0', "0", b"")).unwrap_err();
            assert!(fault.ends_with("has a path in its name"), "{fault}");
        }
        for name in ["", "a b", "a\u{1b}[31m", "\u{202e}x"] {
            let fault = read(&entry(name, b'0', "0", b"")).unwrap_err();
            assert!(fault.ends_with("has no name that can be shown"), "{name:?} {fault}");
        }
    }

    #[test]
    fn only_files_are_known() {
        assert!(read(&[entry("a", 0, "0", b""), vec![0; 512]].concat()).is_ok());
        for kind in *b"1257xgLK" {
            assert!(read(&entry("a", kind, "0", b"")).unwrap_err().ends_with("no regular file"));
        }
    }

    #[test]
    fn sizes_that_lie_are_named() {
        let whole = archive(&[("a.ndb", b"content")]);
        for end in 0..=whole.len() {
            match read(&whole[..end]) {
                Ok(files) if matches!(end, 0 | 1024 | 1536..) => {
                    assert_eq!(files.len(), usize::from(end > 0))
                }
                other => assert_eq!(other, Err("the file ends too early".into()), "{end}"),
            }
        }
        let short = [entry("a", b'0', "4000", b"no 2048 bytes"), vec![0; 512]].concat();
        assert_eq!(read(&short), Err("the file ends too early".into()));
        for (size, fault) in [
            ("77777777777", "says that it has 8589934591 bytes"),
            ("777777777777", "says that it has 68719476735 bytes"),
            ("9", "has no size"),
            ("", "has no size"),
            ("-1", "has no size"),
        ] {
            let message = read(&entry("a", b'0', size, b"")).unwrap_err();
            assert!(message.ends_with(fault), "{message}");
        }
    }

    #[test]
    fn a_header_that_was_changed_is_refused() {
        let mut bytes = archive(&[("a.ndb", b"content")]);
        bytes[0] = b'b';
        assert_eq!(read(&bytes), Err("the checksum of the entry `b.ndb` is wrong".into()));
    }

    #[test]
    fn entries_without_end_are_bounded() {
        let mut endless = entry("a", b'0', "0", b"").repeat(MOST_ENTRIES as usize + 1);
        endless.extend([0; 1024]);
        assert_eq!(read(&endless), Err("more than 20000 files".into()));
    }
}
