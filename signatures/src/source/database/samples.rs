//! Databases for tests, signed with keys that were made for them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::Kind;
use super::header::LENGTH;
use super::signature::tests::{sign_archive, sign_files};
use super::tar::tests::archive;

/// What a database is made of. Each part can be spoilt.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) kind: Kind,
    pub(crate) version: u64,
    pub(crate) level: u64,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) compressed: bool,
}

/// A database with these files.
pub(crate) fn sample(kind: Kind, files: &[(&str, &str)]) -> Sample {
    let files = files.iter().map(|(name, text)| (String::from(*name), text.as_bytes().into()));
    Sample { kind, version: 7, level: 81, files: files.collect(), compressed: kind != Kind::Cld }
}

impl Sample {
    /// The same of another version.
    pub(crate) fn version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// Compressed or not.
    pub(crate) fn compressed(self, compressed: bool) -> Self {
        Self { compressed, ..self }
    }

    /// With another file, which no list knows if it comes after [`Sample::listed`].
    pub(crate) fn with(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.into(), content.into()));
        self
    }

    /// With its list of files, signed where databases of its kind are signed.
    pub(crate) fn listed(self) -> Self {
        let mut text = self.header("X", "X");
        text.truncate(text.trim_end().len());
        text.push('\n');
        for (name, content) in &self.files {
            let digest = digits(&Sha256::digest(content));
            text += &format!("{name}:{}:{digest}\n", content.len());
        }
        if self.kind != Kind::Cud {
            text += &format!("DSIG:{}\n", sign_files(text.as_bytes()));
        }
        self.with("test.info", text).with("COPYING", "words")
    }

    /// The archive behind the header.
    pub(crate) fn body(&self) -> Vec<u8> {
        let files: Vec<(&str, &[u8])> =
            self.files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        let archive = archive(&files);
        if self.compressed { gzip(&archive) } else { archive }
    }

    fn header(&self, md5: &str, signature: &str) -> String {
        let header =
            format!("ClamAV-VDB:now:{}:2:{}:{md5}:{signature}:me:77", self.version, self.level);
        format!("{header:LENGTH$}")
    }

    /// The bytes of the file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.around(&self.body())
    }

    /// The right header, and behind it this archive.
    pub(crate) fn around(&self, body: &[u8]) -> Vec<u8> {
        let md5 = digits(&Md5::digest(body));
        let header = match self.kind {
            Kind::Cvd => self.header(&md5, &sign_archive(body)),
            Kind::Cld => self.header("X", "X"),
            Kind::Cud => self.header(&md5, "X"),
        };
        [header.as_bytes(), body].concat()
    }
}

/// Compressed bytes.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
