//! Signature sets: opening them for other commands, `pellucid set build` and `pellucid set info`.

pub(crate) mod build;
pub(crate) mod info;
mod replace;

use std::path::{Path, PathBuf};

use pellucid::Engine;
use pellucid::set::{SetError, SetErrorKind, SignatureSet, Unverified};

use crate::outcome::Failure;

/// An engine with the sets that were asked for: the built-in one beneath, where it is wanted or
/// nothing else is there.
pub(crate) fn engine(files: &[PathBuf], builtin: bool) -> Result<Engine, Failure> {
    let mut builder = Engine::builder();
    if builtin || files.is_empty() {
        builder = builder.set(open_builtin()?);
    }
    for file in files {
        builder = builder.set(open(file)?);
    }
    builder
        .build()
        .map_err(|error| Failure::Message(format!("cannot make an engine of the sets: {error}")))
}

/// Opens a set file.
fn open(path: &Path) -> Result<SignatureSet, Failure> {
    Unverified::from_path(path)
        .and_then(Unverified::verify)
        .and_then(SignatureSet::open)
        .map_err(|error| refused(path, &error))
}

/// Opens a set file and checks all of it.
fn open_checked(path: &Path) -> Result<SignatureSet, Failure> {
    let set = open(path)?;
    set.check_all().map_err(|error| refused(path, &error))?;
    Ok(set)
}

/// Opens the set that is part of this program.
fn open_builtin() -> Result<SignatureSet, Failure> {
    SignatureSet::builtin()
        .map_err(|error| Failure::Message(format!("cannot use the built-in set: {error}")))
}

fn refused(path: &Path, error: &SetError) -> Failure {
    match error.kind() {
        // These errors name the file themselves.
        SetErrorKind::Unreadable => Failure::Message(format!("cannot use the set {error}")),
        _ => Failure::on_file("use the set", path, error),
    }
}
