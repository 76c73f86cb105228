//! Files that the tests scan, and the signature set that knows them. All harmless, all built here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::Crc;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A hash list with one file of each class: MD5 of [`content`].
pub(crate) const HASHES: &str = "\
# hash,name,size,class
5887418c96259bf60a9be49ba6ef5680,Test.Malicious,34,malicious
6e059313e86a1762f98699867aede9db,Test.Suspicious,35,suspicious
387db2fbe764bc9216e688a1e40dd90b,Test.Pua,28,pua
c77623c9330a0608cc6ac8f630faa0c6,Test.Trusted,32,trusted
";

const ABOUT: &str = "\
origin = \"example.org\"
channel = \"test\"
version = 7
licence = \"CC0-1.0\"
";

/// What the test set finds as `class`.
pub(crate) fn content(class: &str) -> Vec<u8> {
    format!("A {class} file, for tests only.\n").into_bytes()
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// A folder of sources for a set with this hash list.
pub(crate) fn sources(hashes: &str) -> TempDir {
    folder(&[("set.toml", ABOUT.as_bytes()), ("hashes.csv", hashes.as_bytes())])
}

/// The set of [`HASHES`], built once by the command itself.
pub(crate) fn test_set() -> &'static Path {
    static SET: OnceLock<PathBuf> = OnceLock::new();
    SET.get_or_init(|| {
        let sources = sources(HASHES);
        let set = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command-test.pset");
        let args = [Path::new("set"), Path::new("build"), Path::new("-o"), &set, sources.path()];
        crate::run::run(args).ends_with(0);
        set
    })
}

/// The EICAR test file, put together here so that this source is not one.
#[cfg(feature = "yara")]
pub(crate) fn eicar() -> Vec<u8> {
    ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR", "-STANDARD-ANTIVIRUS", "-TEST-FILE!$H+H*"]
        .concat()
        .into_bytes()
}

/// A ZIP archive with these files, stored.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let fields = zip_fields(name, content);
        let offset = u32::try_from(archive.len()).unwrap();
        archive.extend(b"PK\x03\x04");
        archive.extend(&fields);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (start, length) = (archive.len() as u32, directory.len() as u32);
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].concat());
    archive.extend([length.to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0; 2]);
    archive
}

/// What local and central headers have in common, from "version needed" to "extra length".
fn zip_fields(name: &str, content: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(content);
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    fields.extend(crc.sum().to_le_bytes());
    fields.extend([size, size].concat());
    fields.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    fields.extend([0, 0]);
    fields
}

/// An unsigned ClamAV database with these files.
pub(crate) fn database(files: &[(&str, &[u8])]) -> Vec<u8> {
    let header = "ClamAV-VDB:now:5:1:81:X:X:me:77";
    let listed = files.iter().map(|(name, content)| {
        let digest: String = Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect();
        format!("{name}:{}:{digest}\n", content.len())
    });
    let info = format!("{header}\n{}", listed.collect::<String>());
    let mut database = format!("{header:512}").into_bytes();
    for (name, content) in [("some.info", info.as_bytes())].iter().chain(files) {
        let named = format!("{name:\0<124}{:011o}\0", content.len());
        let plain = |sum: &str| format!("{named:\0<148}{sum:<8}");
        let sum: u64 = plain("").bytes().map(u64::from).sum();
        database.extend(format!("{:\0<512}", plain(&format!("{sum:06o}"))).as_bytes());
        database.extend(*content);
        database.resize(database.len().next_multiple_of(512), 0);
    }
    database
}
