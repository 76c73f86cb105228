//! The command as a person or a script meets it: arguments in, output and exit status out.

#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

mod formats;
mod manual;
mod run;
mod samples;
mod scan;
mod sets;
mod single;
