//! What the system says that a scan took: in a process of its own, since others would count too.

use std::process::Command;

use pellucid::Input;

use crate::{engine, limits, scan};

/// Names the bomb that the process is to scan.
const ASKED: &str = "PELLUCID_TEST_BOMB";
/// What a process takes beside what is charged: the program, the engine, decoders' tables, the tree.
const BESIDE: u64 = 48 << 20;

fn bomb(name: &str) -> Vec<u8> {
    match name {
        "ratio" => crate::common::gzip(&vec![0; 40 << 20]),
        "crowd" => {
            let files = vec![("a", &b"x"[..]); 65_535];
            crate::common::zip(&files)
        }
        _ => Vec::new(),
    }
}

/// Peak of resident memory, in bytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

#[test]
fn a_process_takes_no_more_than_the_limit_and_what_it_needs_itself() {
    if let Ok(name) = std::env::var(ASKED) {
        let bytes = bomb(&name);
        let engine = engine();
        // From here on: the peak so far is forgotten.
        std::fs::write("/proc/self/clear_refs", "5").expect("the peak is reset");
        let report = scan(&engine, Input::Memory(&bytes), limits());
        println!("reasons {:?}", crate::common::reasons(&report));
        println!("peak {}", peak().expect("the peak").saturating_sub(bytes.len() as u64));
        return;
    }
    if std::fs::write("/proc/self/clear_refs", "5").is_err() {
        return eprintln!("skipped: the system does not reset a process's peak of memory");
    }
    for (name, reason) in [("ratio", "limit:object-bytes"), ("crowd", "limit:objects")] {
        let test = "measured::a_process_takes_no_more_than_the_limit_and_what_it_needs_itself";
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", test, "--nocapture"]).env(ASKED, name);
        let output = command.output().expect("run");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(reason), "{name}: {text}");
        let peak = text.lines().find_map(|line| line.strip_prefix("peak ")).expect("a peak");
        let peak: u64 = peak.parse().expect("a number");
        assert!(peak <= limits().memory + BESIDE, "{name}: {peak} bytes");
    }
}
