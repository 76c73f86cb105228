//! Runs the command and keeps what it said.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What one run said.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            status: output.status.code().expect("ended by itself, not by a signal"),
            out: String::from_utf8(output.stdout).expect("the output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }

    /// Asserts the exit status; shows everything when it is another one.
    #[track_caller]
    pub(crate) fn ends_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "\nout:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    /// The output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}:\n{}", self.out))
    }

    /// The output as JSON lines.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let line = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}:\n{line}"))
        };
        self.out.lines().map(line).collect()
    }
}

/// The command, without a terminal and without the environment's wishes about colours.
pub(crate) fn command<I: AsRef<OsStr>>(args: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pellucid"));
    command.args(args).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

/// Runs the command to its end.
pub(crate) fn run<I: AsRef<OsStr>>(args: impl IntoIterator<Item = I>) -> Said {
    Said::new(command(args).output().expect("the command runs"))
}

/// Runs the command with `input` on a pipe to its standard input.
pub(crate) fn run_with_input<I: AsRef<OsStr>>(
    args: impl IntoIterator<Item = I>,
    input: &[u8],
) -> Said {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    child.stdin.take().expect("piped").write_all(input).expect("the command reads its input");
    Said::new(child.wait_with_output().expect("the command ends"))
}

/// `pellucid scan --set TEST-SET ARGS...`
pub(crate) fn scan<I: AsRef<OsStr>>(args: impl IntoIterator<Item = I>) -> Said {
    run(scan_args(args))
}

/// The arguments of a scan with the test set.
pub(crate) fn scan_args<I: AsRef<OsStr>>(args: impl IntoIterator<Item = I>) -> Vec<PathBuf> {
    let mut all =
        vec![PathBuf::from("scan"), PathBuf::from("--set"), crate::samples::test_set().to_owned()];
    all.extend(args.into_iter().map(|arg| PathBuf::from(arg.as_ref())));
    all
}
