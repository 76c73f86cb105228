//! Texts: what is written in them in another form becomes an object of its own.
//!
//! - `readings.rs` goes through what a text can be read as,
//! - `blobs.rs`: runs of base64 and hexadecimal, such as `data:` URLs and `-EncodedCommand`,
//! - `fold/`: strings that are put together from pieces,
//! - `charset.rs`: legacy encodings as UTF-8,
//! - `wide.rs`: UTF-16 and UTF-32 as UTF-8,
//! - `script_encoder.rs`: scripts under Microsoft's Script Encoder.

mod blobs;
mod charset;
mod fold;
mod readings;
mod script_encoder;
mod wide;

pub(super) use charset::{Charset, converted, declared};
pub(super) use readings::open_text;
pub(super) use script_encoder::open_encoded_script;
pub(super) use wide::{open_utf16_be, open_utf16_le, open_utf32_be, open_utf32_le};
