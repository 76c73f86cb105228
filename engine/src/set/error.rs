//! Why a set is refused.

use std::fmt;

use super::chunks::Damaged;

/// What kind of thing is wrong with a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetErrorKind {
    /// The system could not read the file.
    Unreadable,
    /// It is not a signature set.
    Foreign,
    /// It is made for another version of the format, or for an engine with other features.
    Version,
    /// It is shorter or longer than it says.
    Truncated,
    /// Its bytes are not those that were written.
    Damaged,
    /// Its bytes are as written, but contradict the format.
    Invalid,
}

/// Why a set was refused: what was expected, what was found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetError {
    kind: SetErrorKind,
    message: String,
}

impl SetError {
    pub(crate) fn new(kind: SetErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(SetErrorKind::Invalid, message)
    }

    /// What kind of thing is wrong.
    pub fn kind(&self) -> SetErrorKind {
        self.kind
    }

    fn advice(&self) -> &'static str {
        match self.kind {
            SetErrorKind::Unreadable => "check the path and its permissions",
            SetErrorKind::Foreign => "expected a file made by `pellucid set build`",
            SetErrorKind::Version => "use a set and an engine of the same version",
            SetErrorKind::Truncated | SetErrorKind::Damaged => "fetch or build the set again",
            SetErrorKind::Invalid => "build the set again; if this comes back, report a bug",
        }
    }
}

impl From<Damaged> for SetError {
    fn from(damaged: Damaged) -> Self {
        let kind = match damaged {
            Damaged::Chunk { .. } => SetErrorKind::Damaged,
            Damaged::Entry { .. } => SetErrorKind::Invalid,
        };
        Self::new(kind, damaged.to_string())
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.advice())
    }
}

impl std::error::Error for SetError {}
