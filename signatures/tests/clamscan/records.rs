//! Many records of one format over many files, each record judged for itself: refused, or hitting these
//! files. A record that `clamscan` refuses costs it the whole load, so it is taken out and the load
//! begins again.

use std::collections::{BTreeMap, BTreeSet};

use pellucid::matcher::{Element, Pattern, Subject, naive};
use pellucid::set::SignatureSet;
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::Level;

use crate::trial::{Found, Trial};

/// Names of the files that a record hits, or why it is refused.
pub(crate) type Judged = Result<BTreeSet<String>, String>;

/// Records of one format, each named by [`name`], and files.
#[derive(Clone)]
pub(crate) struct Records {
    /// The format's extension.
    pub(crate) format: &'static str,
    pub(crate) lines: Vec<String>,
    pub(crate) files: Vec<Vec<u8>>,
}

/// The name of the record of that number.
pub(crate) fn name(number: usize) -> String {
    format!("Case.{number:04}")
}

fn file_name(number: usize) -> String {
    format!("{number:04}")
}

/// How a comparison came out.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) compared: usize,
    pub(crate) refused_by_both: usize,
    /// Records that `clamscan` refuses and we take.
    pub(crate) taken: Vec<(String, String)>,
    /// Records that `clamscan` takes and we refuse.
    pub(crate) refused: Vec<(String, String)>,
    /// Records that make `clamscan` crash.
    pub(crate) crashes: Vec<String>,
    /// Findings that only we have, each confirmed by the plain matcher, and why `clamscan` has not.
    pub(crate) more: BTreeMap<&'static str, usize>,
    /// What cannot be explained.
    pub(crate) wrong: Vec<String>,
}

impl Records {
    fn trial(&self, numbers: &[usize]) -> Trial {
        let mut trial = Trial::default();
        for (number, bytes) in self.files.iter().enumerate() {
            trial.file(&file_name(number), bytes.clone());
        }
        for &number in numbers {
            trial.source(&format!("a.{}", self.format), format!("{}\n", self.lines[number]));
        }
        trial
    }

    /// What `clamscan` says of each record; `None` where it crashes.
    fn theirs(&self, numbers: Vec<usize>) -> BTreeMap<usize, Option<Judged>> {
        let mut judged = BTreeMap::new();
        let mut left = numbers;
        while !left.is_empty() {
            match self.trial(&left).theirs() {
                Ok(found) => {
                    judged.extend(left.iter().map(|&n| (n, Some(Ok(files_of(&found, n))))));
                    break;
                }
                Err(refusal) => match refusal.line {
                    Some(line) => {
                        let bad = left.remove(line - 1);
                        judged.insert(bad, Some(Err(refusal.reason())));
                    }
                    None if left.len() == 1 => {
                        judged.insert(left[0], None);
                        break;
                    }
                    None => {
                        judged.extend(left.iter().flat_map(|&number| self.theirs(vec![number])));
                        break;
                    }
                },
            }
        }
        judged
    }

    /// What we say of each record. Findings in views of the files are left out.
    fn ours(&self) -> Vec<Judged> {
        let all: Vec<usize> = (0..self.lines.len()).collect();
        let (set, report) = self.trial(&all).build();
        let found = set.map(|set| self.search(set)).unwrap_or_default();
        let mut judged: Vec<Judged> = all.iter().map(|&n| Ok(files_of(&found, n))).collect();
        for diagnostic in &report.diagnostics {
            if matches!(diagnostic.level, Level::Error | Level::Skipped) {
                let line = diagnostic.line.unwrap() as usize;
                judged[line - 1] = Err(format!("{}: {}", diagnostic.reason, diagnostic.message));
            }
        }
        judged
    }

    fn search(&self, set: SignatureSet) -> Found {
        let engine = Engine::builder().set(set).build().unwrap();
        let mut found = Found::new();
        for (number, bytes) in self.files.iter().enumerate() {
            let report = engine.scan(Input::Memory(bytes), &ScanOptions::default());
            let plain = report.findings.into_iter().filter(|finding| finding.view.is_none());
            found.extend(plain.map(|finding| (file_name(number), finding.name)));
        }
        found
    }

    /// Compares everything.
    pub(crate) fn compare(&self, tally: &mut Tally) {
        let theirs = self.theirs((0..self.lines.len()).collect());
        for (number, ours) in self.ours().into_iter().enumerate() {
            let line = self.lines[number].clone();
            match (ours, theirs[&number].clone()) {
                (_, None) => tally.crashes.push(line),
                (Err(_), Some(Err(_))) => tally.refused_by_both += 1,
                (Err(ours), Some(Ok(_))) => tally.refused.push((line, ours)),
                (Ok(_), Some(Err(theirs))) => tally.taken.push((line, theirs)),
                (Ok(ours), Some(Ok(theirs))) => {
                    tally.compared += 1;
                    if ours != theirs {
                        self.explain(number, &ours, tally);
                    }
                }
            }
        }
    }

    /// Looks at a record alone, on which the two differ. (`clamscan` mixes up records that differ in
    /// their lone bytes alone.)
    fn explain(&self, number: usize, ours: &BTreeSet<String>, tally: &mut Tally) {
        let line = &self.lines[number];
        let theirs = match self.theirs(vec![number]).remove(&number) {
            Some(Some(Ok(theirs))) => theirs,
            _ => return tally.crashes.push(line.clone()),
        };
        for file in theirs.difference(ours) {
            tally.wrong.push(format!("only clamscan: {line} in {}", self.shown(file)));
        }
        let more: Vec<&String> = ours.difference(&theirs).collect();
        if more.is_empty() {
            return;
        }
        let patterns =
            naive::patterns(&self.trial(&[number]).build().0.unwrap()).expect("sound rows");
        for file in more {
            let data = self.bytes(file);
            let confirmed = patterns.iter().any(|pattern| !starts(pattern, data).is_empty());
            match patterns.iter().find_map(|pattern| reason_for_more(pattern, data)) {
                Some(reason) if confirmed => *tally.more.entry(reason).or_default() += 1,
                _ => tally.wrong.push(format!("only we: {line} in {}", self.shown(file))),
            }
        }
    }

    fn bytes(&self, file: &str) -> &[u8] {
        &self.files[file.parse::<usize>().unwrap()]
    }

    fn shown(&self, file: &str) -> String {
        self.bytes(file).escape_ascii().to_string()
    }
}

fn files_of(found: &Found, number: usize) -> BTreeSet<String> {
    let name = name(number);
    found.iter().filter(|(_, found)| *found == name).map(|(file, _)| file.clone()).collect()
}

fn starts(pattern: &Pattern, data: &[u8]) -> Vec<u64> {
    naive::starts(pattern, &Subject::new(data))
}

/// Offsets of each part that `clamscan` remembers.
const REMEMBERED: usize = 9;

/// Why `clamscan` may miss a pattern that is there: what it does with elements of varying length, and
/// that it forgets.
fn reason_for_more(pattern: &Pattern, data: &[u8]) -> Option<&'static str> {
    let varies = |element: &Element| match element {
        Element::Choice(strings) => strings.iter().any(|s| s.len() != strings[0].len()),
        Element::Boundary(boundary) => boundary.extent().0 != boundary.extent().1,
        _ => false,
    };
    if pattern.parts().flatten().any(varies) {
        return Some("elements of varying length");
    }
    let often = |part: &Vec<Element>| {
        let alone = Pattern::new(part.clone());
        starts(&alone, data).len() > REMEMBERED
    };
    (!pattern.rest.is_empty() && pattern.parts().any(often)).then_some("more than nine places")
}
