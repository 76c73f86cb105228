//! Mail, and the ways in which files were sent in mail before MIME.
//!
//! * [`message`]: messages, their parts, mailboxes. [`header`] reads headers, [`parameters`] and
//!   [`words`] their values, [`boundaries`] finds the lines between parts, [`encodings`] has base64 and
//!   quoted-printable, [`inside`] finds files that lie in texts.
//!
//! The readers are our own: a library that builds the whole tree of a message holds every field and
//! every decoded part before the budget can say a word (`mail-parser` needs a hundred bytes for a field
//! of three), and gives one reading where mail programs differ. Here one part is decoded at a time, and
//! what can be read in two ways is handed out twice.

mod boundaries;
mod encodings;
mod header;
mod inside;
mod message;
mod parameters;
mod words;

pub(super) use message::{open_mail, open_mbox};

#[cfg(test)]
mod tests;
