//! Stands in for `yara.rs` where the compiler is built without the feature `yara`: files of rules are
//! left out, and the report says so.

use std::io::BufRead;

use super::Current;
use crate::build::exceptions::Exceptions;
use crate::compile::Compiler;
use crate::diagnostic::Fault;
use crate::report::{BuildError, BuildReport};

/// The files of rules, none of which is read.
#[derive(Debug)]
pub(crate) struct Rules;

impl Rules {
    pub(crate) fn new() -> Self {
        Self
    }

    /// Leaves the file out.
    pub(crate) fn read(
        &mut self,
        file: &Current<'_>,
        _: &mut dyn BufRead,
        _: &mut Exceptions,
        report: &mut BuildReport,
    ) -> Result<(), BuildError> {
        let fault = Fault::skipped("unsupported", "this compiler was built without YARA")
            .help("build it with the feature `yara`");
        report.leave_out_file(file.shown, file.kind, fault);
        Ok(())
    }

    /// Has nothing to add.
    pub(crate) fn finish(
        &mut self,
        _: &mut Compiler,
        _: &mut BuildReport,
    ) -> Result<(), BuildError> {
        Ok(())
    }
}
