//! `--format json`: everything, as one document. New keys may be added.

use std::borrow::Cow;
use std::io::{self, Write};

use pellucid::json;
use serde::Serialize;
use serde_json::{Value, json};

use super::Seen;

/// All of it, with what is known of the program between the types and the path's bytes.
#[derive(Serialize)]
struct Document<'s> {
    path: Cow<'s, str>,
    size: u64,
    types: Vec<&'static str>,
    found: Vec<Value>,
    #[serde(flatten)]
    facts: Value,
    path_bytes: Option<String>,
}

pub(super) fn write(out: &mut Vec<u8>, seen: &Seen<'_>) -> io::Result<()> {
    let found = seen.identification.found.iter();
    let document = Document {
        path: seen.path.to_string_lossy(),
        size: seen.size,
        types: seen.identification.types().iter().map(|t| t.name()).collect(),
        found: found.map(|f| json!({"type": f.file_type.name(), "offset": f.offset})).collect(),
        facts: json::facts(&seen.facts),
        path_bytes: json::path_if_lossy(seen.path),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}
