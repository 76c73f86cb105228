//! How a command ends: its exit status, or why it could not be done.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::shown;

/// The exit status of a command that ran. The numbers are promised in `pellucid scan --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All was well, and for scans: everything was looked at and nothing found.
    Good = 0,
    /// A scan found something; sources do not make a set.
    Found = 1,
    /// A scan found nothing, but not everything was looked at; an error occurred.
    Incomplete = 2,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(outcome as u8)
    }
}

/// Why a command could not be done, for people.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What went wrong and what to do.
    Message(String),
    /// Standard output could not be written.
    Output(io::Error),
}

impl Failure {
    /// Something could not be done with a file: `verb` is what, such as "read".
    pub(crate) fn on_file(verb: &str, path: &Path, error: &dyn fmt::Display) -> Self {
        Failure::Message(format!("cannot {verb} {}: {error}", shown::path(path)))
    }

    /// Whether the reader of the output went away, which is no error of anybody's.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Only writes to standard output give a bare `io::Error`; others name their file.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Message(message) => f.write_str(&shown::lines(message)),
            Failure::Output(error) => write!(f, "cannot write the output: {error}"),
        }
    }
}
