//! `--format ndjson`: one JSON object a line, one line a file.

use std::io;
use std::path::Path;

use pellucid::json::FileRecord;
use pellucid::verdict::Report;

use super::session::Format;

/// The format has no state: every line stands for itself.
pub(super) struct Ndjson;

impl Format for Ndjson {
    fn file(&mut self, out: &mut Vec<u8>, path: &Path, report: &Report) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &FileRecord::new(path, report))?;
        out.push(b'\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_line_a_file_whatever_its_name() {
        let mut out = Vec::new();
        for name in ["a", "b\nc", "d\u{2028}"] {
            Ndjson.file(&mut out, Path::new(name), &samples::infected()).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<serde_json::Value> =
            text.split_terminator('\n').map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1]["path"], "b\nc");
    }
}
