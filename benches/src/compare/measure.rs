//! Running commands under `compare-measure`, which says what they cost.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use pellucid_benches::cost::Run;

/// Runs a command with its output going to two files, and says what it cost.
pub(crate) fn run(command: &[OsString], output: &Path, errors: &Path) -> Result<Run> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let measure = own.with_file_name("compare-measure");
    let measured = Command::new(&measure)
        .args([output, errors])
        .args(command)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{}; cargo builds it with this program", measure.display()))?;
    ensure!(measured.status.success(), "measuring failed: {}", readable(command));
    serde_json::from_slice(&measured.stdout).context("the measuring process said nothing readable")
}

/// Longer commands, which name hundreds of files of rules, are shown without their middle.
const SHOWN_WORDS: usize = 24;

/// A command as one would type it.
pub(crate) fn readable(command: &[OsString]) -> String {
    let mut words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
    let left_out = words.len().saturating_sub(SHOWN_WORDS);
    if left_out > 0 {
        let middle = SHOWN_WORDS / 2;
        let note = format!("[{left_out} more]").into();
        words.splice(middle..middle.saturating_add(left_out), [note]);
    }
    words.join(" ")
}

/// The last lines that a command wrote to a file, for a message.
pub(crate) fn last_lines(file: &Path) -> String {
    let text = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(5)).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_commands_lose_their_middle() {
        let words = |count: usize| (0..count).map(|n| n.to_string().into()).collect::<Vec<_>>();
        assert_eq!(readable(&words(3)), "0 1 2");
        let shown = readable(&words(100));
        assert!(shown.contains("11 [76 more] 88") && shown.ends_with("99"), "{shown}");
    }
}
