//! Watching a scan from inside: what an observer is told, and what its answers do.

mod common;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Source, engine, reasons, tar, zip};
use pellucid::observe::{Entered, Observed, Observer, Progress, Step};
use pellucid::verdict::{Completeness, Finding, Problem, Report, Verdict};
use pellucid::{Input, ScanOptions};

const NEEDLE: &[u8] = b"needle-in-a-haystack";

/// Writes down what it is told; `answer` says what becomes of each object.
struct Diary<F> {
    lines: Arc<Mutex<Vec<String>>>,
    answer: F,
    after_finding: ControlFlow<()>,
}

impl<F: Fn(&str) -> Step + Send + Sync> Observer for Diary<F> {
    fn object(&self, entered: &Entered<'_>) -> Step {
        let name = entered.object.name.as_str();
        let line = format!("object {} {name} at {}", entered.index, entered.depth);
        self.lines.lock().expect("no panic").push(line);
        (self.answer)(name)
    }

    fn finding(&self, finding: &Finding) -> ControlFlow<()> {
        self.lines
            .lock()
            .expect("no panic")
            .push(format!("finding {} in {}", finding.name, finding.object));
        self.after_finding
    }

    fn problem(&self, object: usize, problem: &Problem) {
        self.lines
            .lock()
            .expect("no panic")
            .push(format!("problem {} in {object}", problem.reason));
    }
}

fn observe(
    bytes: &[u8],
    answer: impl Fn(&str) -> Step + Send + Sync + 'static,
    after_finding: ControlFlow<()>,
) -> (Report, Vec<String>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let diary = Diary { lines: Arc::clone(&lines), answer, after_finding };
    let options = ScanOptions { observed: Observed::by(diary), ..ScanOptions::default() };
    let source = Source::new("a.ndb", "Test.Needle:0:*:6e6565646c652d696e2d612d686179737461636b\n");
    let report = engine(source).scan(Input::Memory(bytes), &options);
    let lines = lines.lock().expect("no panic").clone();
    (report, lines)
}

const ON: ControlFlow<()> = ControlFlow::Continue(());

#[test]
fn an_observer_is_told_of_everything_in_order() {
    let archive = zip(&[("a", b"hay"), ("b.tar", &tar(&[("c", NEEDLE)]))]);
    let (report, lines) = observe(&archive[..archive.len() - 1], |_| Step::Continue, ON);
    assert_eq!(report.verdict, Verdict::Malicious);
    let told = |line: &str| lines.iter().position(|told| told == line);
    assert!(told("object 0  at 0") < told("object 1 a at 1"), "{lines:?}");
    let tar = lines.iter().find(|line| line.contains("b.tar")).expect("the inner archive");
    assert!(tar.ends_with("at 1") && lines.iter().any(|line| line.ends_with("c at 2")));
    assert!(lines.iter().any(|line| line.starts_with("finding Test.Needle")));
    assert!(lines.iter().any(|line| line.starts_with("problem truncated in 0")), "{lines:?}");
}

#[test]
fn what_is_skipped_is_not_looked_at_and_said() {
    let archive = zip(&[("a", NEEDLE), ("b.zip", &zip(&[("c", NEEDLE)]))]);
    // Stored entries show through in the archive's own bytes; only the objects themselves count here.
    let (report, lines) =
        observe(&archive, |name| if name == "b.zip" { Step::Skip } else { Step::Continue }, ON);
    assert_eq!(report.completeness, Completeness::Partial);
    assert_eq!(reasons(&report), ["skipped"]);
    let skipped = report.objects.iter().find(|object| object.name == "b.zip").expect("listed");
    assert_eq!(skipped.completeness, Completeness::NotScanned);
    assert!(!lines.iter().any(|line| line.contains(" c at")), "{lines:?}");
    let (whole, _) = observe(NEEDLE, |_| Step::Skip, ON);
    assert_eq!((whole.verdict, whole.completeness), (Verdict::Clean, Completeness::NotScanned));
}

#[test]
fn an_observer_ends_the_scan() {
    let archive = zip(&[("a", b"hay"), ("b", b"more hay"), ("c", NEEDLE)]);
    let stop_at_b = |name: &str| if name == "b" { Step::Stop } else { Step::Continue };
    let (report, lines) = observe(&archive, stop_at_b, ON);
    assert_eq!(report.completeness, Completeness::Partial);
    assert_eq!(reasons(&report), ["cancelled"]);
    assert!(!lines.iter().any(|line| line.contains(" c at")), "{lines:?}");
    let (report, lines) = observe(&archive, |_| Step::Continue, ControlFlow::Break(()));
    assert_eq!(report.verdict, Verdict::Malicious, "what was found before is kept");
    assert!(report.reasons().iter().any(|reason| reason.to_string() == "cancelled"));
    assert_eq!(lines.iter().filter(|line| line.starts_with("finding")).count(), 1, "{lines:?}");
}

#[test]
fn progress_comes_from_inside_long_work_and_may_end_it() {
    struct Impatient;
    impl Observer for Impatient {
        fn progress(&self, progress: Progress) -> ControlFlow<()> {
            assert!(progress.elapsed >= pellucid::observe::PULSE);
            ControlFlow::Break(())
        }
    }
    // Nothing but the observer ends this one soon.
    let mut endless = std::io::repeat(b'x');
    let mut options = ScanOptions { observed: Observed::by(Impatient), ..ScanOptions::default() };
    options.limits.memory = u64::MAX;
    options.limits.object_bytes = u64::MAX;
    options.limits.total_bytes = u64::MAX;
    options.limits.time = Duration::from_secs(600);
    let source = Source::new("a.ndb", "Test.Needle:0:*:6e6565646c652d696e2d61\n");
    let report = engine(source).scan(Input::Reader(&mut endless), &options);
    assert_eq!(reasons(&report), ["cancelled"]);
    assert_ne!(report.completeness, Completeness::Complete);
}
