//! Embedded objects as OLE 1 kept them (MS-OLEDS 2.2 and 2.3.6), and the files in their packages.
//!
//! They occur in the `Ole10Native` streams of compound files and in the objects of RTF.

use super::shown;
use crate::reader::{OutOfBounds, Reader};

/// Names and paths are not longer than this.
const NAME: usize = 4096;

/// A file in a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Package<'d> {
    /// The name that is shown.
    pub(super) label: &'d [u8],
    /// Where the content begins in the package, and its size as it is said to be.
    pub(super) start: usize,
    pub(super) size: u32,
}

impl<'d> Package<'d> {
    /// Reads the native data of a package that holds a file.
    pub(super) fn read(data: &'d [u8]) -> Option<Self> {
        Self::parse(data).ok()?
    }

    fn parse(data: &'d [u8]) -> Result<Option<Self>, OutOfBounds> {
        let mut reader = Reader::new(data);
        if reader.u16_le()? != 2 {
            return Ok(None);
        }
        let Some(label) = text(&mut reader)? else { return Ok(None) };
        if text(&mut reader)?.is_none() {
            return Ok(None);
        }
        reader.skip(2)?;
        // 3 stands for an embedded file, 1 for a link to one.
        if reader.u16_le()? != 3 {
            return Ok(None);
        }
        let path = reader.u32_le()?;
        reader.skip(path.into())?;
        let size = reader.u32_le()?;
        Ok(Some(Self { label, start: reader.position(), size }))
    }

    /// Its name for people.
    pub(super) fn name(&self) -> Vec<u8> {
        let file = self.label.rsplit(|byte| matches!(byte, b'\\' | b'/')).next();
        let file = file.filter(|name| !name.is_empty()).unwrap_or(b"package");
        shown(file).into_bytes()
    }
}

/// A text that ends with a zero byte; `None` where none ends within reason.
fn text<'d>(reader: &mut Reader<'d>) -> Result<Option<&'d [u8]>, OutOfBounds> {
    let rest = reader.rest();
    let near = rest.get(..NAME).unwrap_or(rest);
    let Some(length) = memchr::memchr(0, near) else { return Ok(None) };
    let text = reader.bytes(length as u64)?;
    reader.skip(1)?;
    Ok(Some(text))
}

/// An object of OLE 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Object<'d> {
    /// The class that it is of.
    pub(super) class: &'d [u8],
    /// Where the native data begins, and its size as it is said to be.
    pub(super) start: usize,
    pub(super) size: u32,
}

impl<'d> Object<'d> {
    /// Reads an embedded object; a link holds no data.
    pub(super) fn read(data: &'d [u8]) -> Option<Self> {
        Self::parse(data).ok()?
    }

    fn parse(data: &'d [u8]) -> Result<Option<Self>, OutOfBounds> {
        let mut reader = Reader::new(data);
        // The version is not looked at by the programs that read it.
        reader.skip(4)?;
        if reader.u32_le()? != 2 {
            return Ok(None);
        }
        let class = counted(&mut reader)?;
        counted(&mut reader)?;
        counted(&mut reader)?;
        let size = reader.u32_le()?;
        Ok(Some(Self { class, start: reader.position(), size }))
    }
}

/// A text behind its length, its zero byte left aside.
fn counted<'d>(reader: &mut Reader<'d>) -> Result<&'d [u8], OutOfBounds> {
    let length = reader.u32_le()?;
    let text = reader.bytes(length.into())?;
    Ok(text.strip_suffix(b"\0").unwrap_or(text))
}

#[cfg(test)]
pub(super) mod samples {
    /// A package that holds a file.
    pub(in crate::unpack) fn package(name: &str, content: &[u8]) -> Vec<u8> {
        let path = format!("C:\\{name}\0");
        let mut bytes = vec![2, 0];
        bytes.extend(name.bytes().chain([0]));
        bytes.extend(path.bytes());
        bytes.extend([0, 0, 3, 0]);
        bytes.extend((path.len() as u32).to_le_bytes());
        bytes.extend(path.bytes());
        bytes.extend((content.len() as u32).to_le_bytes());
        bytes.extend(content);
        bytes
    }

    /// An embedded object of a class.
    pub(in crate::unpack) fn object(class: &str, native: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 5, 0, 0, 2, 0, 0, 0];
        bytes.extend((class.len() as u32 + 1).to_le_bytes());
        bytes.extend(class.bytes().chain([0]));
        bytes.extend([0; 8]);
        bytes.extend((native.len() as u32).to_le_bytes());
        bytes.extend(native);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_names_its_file_and_where_it_begins() {
        let bytes = samples::package("dir\\x.exe", b"content");
        let package = Package::read(&bytes).unwrap();
        assert_eq!(package.name(), b"x.exe");
        assert_eq!((&bytes[package.start..], package.size), (&b"content"[..], 7));
    }

    #[test]
    fn an_object_names_its_class() {
        let bytes = samples::object("Package", b"native");
        let object = Object::read(&bytes).unwrap();
        assert_eq!(object.class, b"Package");
        assert_eq!((&bytes[object.start..], object.size), (&b"native"[..], 6));
    }

    #[test]
    fn cut_and_other_data_are_none_of_them() {
        let (package, object) =
            (samples::package("a", b"c"), samples::object("Package", b"native"));
        for length in 0..package.len() - 1 {
            assert_eq!(Package::read(&package[..length]), None, "{length}");
        }
        for length in 0..object.len() - 6 {
            assert_eq!(Object::read(&object[..length]), None, "{length}");
        }
        assert_eq!(Package::read(&[9; 100]), None);
        assert_eq!(Object::read(&[9; 100]), None);
    }
}
