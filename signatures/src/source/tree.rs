//! The source tree: every file by its path inside the sources.
//!
//! The order is that of the relative paths, byte by byte, and never that of arguments or of the file
//! system. Files of the same relative path, out of several sources, are put in the order of their
//! contents' digests, so that they too have one order. Hidden files and symbolic links are left out
//! with a note: what a tree holds must not depend on where a link leads.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::compressed::{self, PIECE, Trouble, pour, read_out, strip_gz};
use crate::diagnostic::Fault;
use crate::report::BuildError;

/// Source files, on disk or in memory.
#[derive(Debug, Default)]
pub struct SourceTree {
    files: Vec<SourceFile>,
    notes: Vec<Note>,
}

/// Something about a file that is left out: its path, and why.
pub(crate) type Note = (String, Fault);

/// One file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Its path inside the sources, with `/`.
    pub(crate) path: String,
    /// Its path as the caller would write it.
    pub(crate) shown: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Disk(PathBuf),
    Memory(Vec<u8>),
}

impl SourceTree {
    /// A tree without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file held in memory. `path` is relative, with `/`.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> &mut Self {
        let path = path.into();
        let (shown, content) = (path.clone(), Content::Memory(bytes.into()));
        self.files.push(SourceFile { path, shown, content });
        self
    }

    /// Lists the files of each source, a file or a folder, without reading them.
    pub fn list(sources: &[PathBuf]) -> Result<Self, BuildError> {
        let mut tree = Self::new();
        for source in sources {
            let metadata = fs::metadata(source).map_err(|error| unreadable(source, error))?;
            if metadata.is_dir() {
                tree.walk(source)?;
            } else {
                let name = source.file_name().unwrap_or(source.as_os_str()).to_owned();
                tree.push(source.clone(), Path::new(&name));
            }
        }
        tree.notes.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(tree)
    }

    fn walk(&mut self, root: &Path) -> Result<(), BuildError> {
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))?;
            for entry in entries {
                let entry = entry.map_err(|error| unreadable(&folder, error))?;
                let path = entry.path();
                let kind = entry.file_type().map_err(|error| unreadable(&path, error))?;
                if entry.file_name().as_encoded_bytes().starts_with(b".") {
                    self.note(&path, "hidden", "is hidden: left out");
                } else if kind.is_symlink() {
                    self.note(&path, "symbolic link", "is a symbolic link: left out");
                } else if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    let inside = path.strip_prefix(root).unwrap_or(&path).to_owned();
                    self.push(path, &inside);
                } else {
                    self.note(&path, "special file", "is not a regular file: left out");
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, path: PathBuf, inside: &Path) {
        let names: Option<Vec<&str>> = inside.iter().map(|name| name.to_str()).collect();
        match names {
            Some(names) => {
                let (shown, content) = (path.display().to_string(), Content::Disk(path));
                self.files.push(SourceFile { path: names.join("/"), shown, content });
            }
            None => self.note(&path, "file name", "has a name that is not UTF-8: left out"),
        }
    }

    fn note(&mut self, path: &Path, reason: &'static str, message: &str) {
        let fault = Fault::note(reason, message);
        self.notes.push((path.display().to_string(), fault));
    }

    /// Puts the files in their one order, and drops a file that is there twice, word for word.
    pub(crate) fn into_files(mut self) -> Result<(Vec<SourceFile>, Vec<Note>), BuildError> {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        let (mut files, mut notes) = (Vec::with_capacity(self.files.len()), self.notes);
        let mut same_path: Vec<SourceFile> = Vec::new();
        for file in self.files {
            if same_path.first().is_some_and(|first| first.path != file.path) {
                settle(std::mem::take(&mut same_path), &mut files, &mut notes)?;
            }
            same_path.push(file);
        }
        settle(same_path, &mut files, &mut notes)?;
        Ok((files, notes))
    }
}

/// Orders files of one path by content.
fn settle(
    mut same_path: Vec<SourceFile>,
    files: &mut Vec<SourceFile>,
    notes: &mut Vec<Note>,
) -> Result<(), BuildError> {
    if same_path.len() < 2 {
        files.append(&mut same_path);
        return Ok(());
    }
    let mut keyed = Vec::new();
    for file in same_path {
        keyed.push((file.digest()?, file));
    }
    keyed.sort_by_key(|(digest, _)| *digest);
    let mut last = None;
    for (digest, file) in keyed {
        if last == Some(digest) {
            let fault = Fault::note("same file", "the same file again, word for word: left out");
            notes.push((file.shown, fault));
        } else {
            files.push(file);
        }
        last = Some(digest);
    }
    Ok(())
}

impl SourceFile {
    /// Opens it for reading from its start, unpacked if it is compressed.
    pub(crate) fn open(&self) -> Result<Box<dyn BufRead + '_>, BuildError> {
        self.read().map_err(|error| self.unreadable(error))
    }

    /// Reads a compressed file to its end: whether it is whole, and not too long when unpacked.
    pub(crate) fn check_compression(&self) -> Result<(), Trouble> {
        match strip_gz(&self.path) {
            Some(_) => Ok(read_out(&mut *self.read()?)?),
            None => Ok(()),
        }
    }

    /// The same, with the error of the system.
    pub(crate) fn read(&self) -> io::Result<Box<dyn BufRead + '_>> {
        let stored = self.read_stored()?;
        Ok(match strip_gz(&self.path) {
            Some(_) => Box::new(compressed::unpack(stored)),
            None => stored,
        })
    }

    /// Opens it as it lies there.
    fn read_stored(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(match &self.content {
            Content::Memory(bytes) => Box::new(bytes.as_slice()),
            Content::Disk(path) => Box::new(BufReader::with_capacity(PIECE, File::open(path)?)),
        })
    }

    /// All of it, or nothing if it is longer than `longest`.
    pub(crate) fn whole(&self, longest: u64) -> Result<Option<Vec<u8>>, BuildError> {
        read_whole(&mut *self.open()?, longest).map_err(|error| self.unreadable(error))
    }

    fn digest(&self) -> Result<[u8; 32], BuildError> {
        let mut hash = Sha256::new();
        let stored = self.read_stored();
        let read = stored.and_then(|mut stored| pour(&mut *stored, |piece| hash.update(piece)));
        read.map_err(|error| self.unreadable(error))?;
        Ok(hash.finalize().into())
    }

    /// The error of a read that failed.
    pub(crate) fn unreadable(&self, error: io::Error) -> BuildError {
        unreadable(Path::new(&self.shown), error)
    }
}

/// All of `input`, or nothing if it is longer than `longest`.
pub(crate) fn read_whole(input: &mut dyn BufRead, longest: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    input.take(longest.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= longest))
}

fn unreadable(path: &Path, error: io::Error) -> BuildError {
    BuildError::Unreadable { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(tree: SourceTree) -> (Vec<String>, usize) {
        let (files, notes) = tree.into_files().unwrap();
        (files.into_iter().map(|file| file.path).collect(), notes.len())
    }

    #[test]
    fn a_folder_is_listed_in_one_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        fs::create_dir(root.join(".git")).unwrap();
        for name in ["b.csv", "a.ndb", "b/c/x.hdb", ".hidden.csv", "B.csv", ".git/y.csv"] {
            fs::write(root.join(name), name).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.join("a.ndb"), root.join("link.ndb")).unwrap();
        let tree = SourceTree::list(&[root.to_owned()]).unwrap();
        let expected = ["B.csv", "a.ndb", "b.csv", "b/c/x.hdb"].map(String::from).to_vec();
        assert_eq!(paths(tree), (expected, if cfg!(unix) { 3 } else { 2 }));
        let single = SourceTree::list(&[root.join("b/c/x.hdb")]).unwrap();
        assert_eq!(paths(single), (vec!["x.hdb".into()], 0));
        assert!(matches!(
            SourceTree::list(&[root.join("absent")]),
            Err(BuildError::Unreadable { .. })
        ));
    }

    #[test]
    fn files_of_one_path_are_ordered_by_content() {
        let contents = |order: [&str; 3]| {
            let mut tree = SourceTree::new();
            for text in order {
                tree.add("a.csv", text);
            }
            let (files, notes) = tree.into_files().unwrap();
            let whole = |file: &SourceFile| file.whole(9).unwrap().unwrap();
            (files.iter().map(whole).collect::<Vec<_>>(), notes.len())
        };
        let one = contents(["x", "y", "x"]);
        assert_eq!(one, contents(["y", "x", "x"]));
        assert_eq!((one.0.len(), one.1), (2, 1));
    }

    #[test]
    fn a_whole_file_is_bounded() {
        let mut tree = SourceTree::new();
        tree.add("a", "12345");
        let (files, _) = tree.into_files().unwrap();
        assert_eq!(files[0].whole(5).unwrap().as_deref(), Some(&b"12345"[..]));
        assert_eq!(files[0].whole(4).unwrap(), None);
    }
}
