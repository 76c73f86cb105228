//! Where and when a measurement was made: numbers of another machine are other numbers.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

const SECONDS_OF_DAY: u64 = 86_400;

/// The machine, the day, and the state of this repository.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// `YYYY-MM-DD`, UTC.
    pub date: String,
    /// The model of its processor.
    pub processor: String,
    /// Threads that run at once.
    pub cores: usize,
    /// In bytes.
    pub memory: u64,
    /// Its release.
    pub kernel: String,
    /// The distribution.
    pub system: String,
    /// How busy it was when the measurement began: runnable processes, over the last minute.
    pub load: String,
    /// The commit, with `-dirty` where files were changed since.
    pub commit: String,
}

impl Machine {
    /// This machine, now.
    pub fn here() -> Self {
        let processor = value_of("/proc/cpuinfo", "model name");
        let memory = value_of("/proc/meminfo", "MemTotal");
        let kibibytes: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
        let load = read("/proc/loadavg");
        Self {
            date: today(),
            processor,
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory: kibibytes.saturating_mul(1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            system: value_of("/etc/os-release", "PRETTY_NAME").trim_matches('"').to_owned(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            commit: commit(),
        }
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

impl Machine {
    /// The machine and the state of the project as a list in Markdown.
    pub fn lines(&self) -> String {
        format!(
            "- machine: {}, {} cores, {} of memory\n\
             - system: {}, kernel {}; load at the start: {}\n\
             - commit: {}",
            self.processor,
            self.cores,
            size(self.memory),
            self.system,
            self.kernel,
            self.load,
            self.commit,
        )
    }
}

/// A number of bytes for people.
pub fn size(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    match bytes {
        0..1_048_576 => format!("{:.1} KiB", mebibytes * 1024.0),
        1_048_576..10_737_418_240 => format!("{mebibytes:.1} MiB"),
        _ => format!("{:.1} GiB", mebibytes / 1024.0),
    }
}

/// The value of the first `key : value` or `key=value` line of a file; `unknown` where there is none.
fn value_of(file: &str, key: &str) -> String {
    let text = read(file);
    let value = text.lines().find_map(|line| {
        let (name, value) = line.split_once([':', '='])?;
        (name.trim() == key).then(|| value.trim().to_owned())
    });
    value.unwrap_or_else(|| "unknown".to_owned())
}

fn commit() -> String {
    let described = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty"])
        .output();
    let text = described.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    date_of(seconds / SECONDS_OF_DAY)
}

/// The date `days` after 1 January 1970.
fn date_of(mut days: u64) -> String {
    let mut year = 1970;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let february = days_of_year(year) - 337;
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}

fn days_of_year(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    if leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        let cases = [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (11_322, "2000-12-31"),
            (20_778, "2026-11-21"),
        ];
        for (days, date) in cases {
            assert_eq!(date_of(days), date);
        }
    }

    #[test]
    fn sizes_are_readable() {
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(5 << 20), "5.0 MiB");
        assert_eq!(size(24 << 30), "24.0 GiB");
    }

    #[test]
    fn values_are_found_by_key() {
        assert_eq!(value_of("/nonexistent", "key"), "unknown");
        assert_ne!(value_of("/proc/meminfo", "MemTotal"), "unknown");
    }
}
