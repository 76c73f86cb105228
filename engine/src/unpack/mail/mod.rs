//! Mail, and the ways in which files were sent in mail before MIME.
//!
//! * [`message`]: messages, their parts, mailboxes. [`header`] reads headers, [`parameters`] and
//!   [`words`] their values, [`boundaries`] finds the lines between parts, [`encodings`] has base64 and
//!   quoted-printable, [`inside`] finds files that lie in texts.
//!
//! * [`uuencode`], [`yenc`], [`binhex`]: files in printable characters.
//! * [`tnef`]: what Outlook makes of a message, with [`lzfu`] for its text.
//!
//! The readers are our own: a library that builds the whole tree of a message holds every field and
//! every decoded part before the budget can say a word (`mail-parser` needs a hundred bytes for a field
//! of three), and gives one reading where mail programs differ. Here one part is decoded at a time, and
//! what can be read in two ways is handed out twice.

mod binhex;
mod boundaries;
mod encodings;
mod header;
mod inside;
mod lzfu;
mod message;
mod parameters;
mod tnef;
mod uuencode;
mod words;
mod yenc;

pub(super) use binhex::open as open_binhex;
pub(super) use encodings::Base64;
pub(super) use lzfu::Lzfu;
pub(super) use message::{open_mail, open_mbox};
pub(super) use tnef::open as open_tnef;
pub(super) use uuencode::open as open_uuencode;
pub(super) use yenc::open as open_yenc;

#[cfg(test)]
mod tests;
