//! The command `pellucid`: scans files, builds and shows signature sets, for people and for scripts.
//!
//! A thin layer: it turns arguments into calls of the engine and of the set builder, and their
//! answers into text, JSON or SARIF. It judges nothing itself.
//!
//! - [`args`]: what can be asked, and its help;
//! - [`scan`]: `pellucid scan`, its formats, progress and summary;
//! - [`set`]: `pellucid set build` and `set info`;
//! - [`identify`], [`inspect`]: what the engine sees in single files;
//! - [`manual`]: shell completions and man pages, made from [`args`];
//! - [`outcome`], [`shown`], [`style`], [`units`], [`hexadecimal`]: exit status, names, colours and
//!   numbers for all of them.

mod args;
mod identify;
mod inspect;
mod manual;
mod outcome;
mod scan;
mod set;
mod shown;
mod style;
mod units;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command, SetCommand};
use crate::outcome::{Failure, Outcome};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = survive_shrinking_files().and_then(|()| run(&cli.command));
    match result {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            tell(&failure);
            Outcome::Incomplete.into()
        }
    }
}

/// A file that shrinks while it is mapped must not kill the program.
fn survive_shrinking_files() -> Result<(), Failure> {
    pellucid::input::survive_shrinking_maps()
        .map_err(|error| Failure::Message(format!("cannot guard against shrinking files: {error}")))
}

fn run(command: &Command) -> Result<Outcome, Failure> {
    match command {
        Command::Scan(args) => scan::run(args),
        Command::Set(SetCommand::Build(args)) => set::build::run(args),
        Command::Set(SetCommand::Info(args)) => set::info::run(args),
        Command::Identify(args) => identify::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Completions(args) => manual::completions(args),
        Command::Man(args) => manual::man(args),
    }
}

/// Says on standard error what went wrong; if nobody listens there, there is nobody to tell.
fn tell(failure: &Failure) {
    if !failure.is_broken_pipe() {
        let _ = writeln!(io::stderr(), "pellucid: {failure}");
    }
}
