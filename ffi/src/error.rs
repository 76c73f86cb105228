//! What went wrong: an object of the caller's, with a code and words that help the next action.

use pellucid::EngineError;
use pellucid::set::{SetError, SetErrorKind};

use crate::boundary::{free_box, value};
use crate::status::{
    PELLUCID_ABSENT, PELLUCID_ENGINE, PELLUCID_INTERNAL, PELLUCID_INVALID_ARGUMENT,
    PELLUCID_OUT_OF_RANGE, PELLUCID_SET_DAMAGED, PELLUCID_SET_FOREIGN, PELLUCID_SET_INVALID,
    PELLUCID_SET_TRUNCATED, PELLUCID_SET_UNREADABLE, PELLUCID_SET_VERSION, PELLUCID_SYSTEM,
    PELLUCID_UNSUPPORTED,
};
use crate::text::Text;

/// Why a call failed. Made by the call that failed, owned by its caller, immutable: any number of
/// threads may read it.
pub struct Error(Failure);

impl Error {
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// A failure on its way out.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: i32,
    message: String,
}

impl Failure {
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self { code: PELLUCID_INVALID_ARGUMENT, message: message.into() }
    }

    pub(crate) fn range(what: &str, index: usize, count: usize) -> Self {
        let message = format!("{what} {index} was asked for, but there are {count}");
        Self { code: PELLUCID_OUT_OF_RANGE, message }
    }

    pub(crate) fn absent(message: impl Into<String>) -> Self {
        Self { code: PELLUCID_ABSENT, message: message.into() }
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self { code: PELLUCID_UNSUPPORTED, message: message.into() }
    }

    pub(crate) fn internal(message: &str) -> Self {
        let message = format!("a defect of the library, please report it: {message}");
        Self { code: PELLUCID_INTERNAL, message }
    }
}

impl From<SetError> for Failure {
    fn from(error: SetError) -> Self {
        let code = match error.kind() {
            SetErrorKind::Unreadable => PELLUCID_SET_UNREADABLE,
            SetErrorKind::Foreign => PELLUCID_SET_FOREIGN,
            SetErrorKind::Version => PELLUCID_SET_VERSION,
            SetErrorKind::Truncated => PELLUCID_SET_TRUNCATED,
            SetErrorKind::Damaged => PELLUCID_SET_DAMAGED,
            _ => PELLUCID_SET_INVALID,
        };
        Self { code, message: error.to_string() }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self { code: PELLUCID_ENGINE, message: error.to_string() }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { code: PELLUCID_SYSTEM, message: error.to_string() }
    }
}

/// The status code that the failed call returned; PELLUCID_OK for NULL.
///
/// Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_error_code(error: Option<&Error>) -> i32 {
    value(0, || error.map(|error| error.0.code))
}

/// What went wrong, for people: what was expected, what was found, and where. Empty for NULL.
///
/// The text lives as long as the error. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_error_message(error: Option<&Error>) -> Text {
    value(Text::of(""), || error.map(|error| Text::of(&error.0.message)))
}

/// Frees an error; NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pellucid_error_free(error: *mut Error) {
    // SAFETY: errors come from `Box::into_raw`; the header asks for one free and no use after it.
    unsafe { free_box(error) };
}
