//! The libraries aho-corasick and daachorse: one automaton over all literals.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use anyhow::Result;
use daachorse::DoubleArrayAhoCorasick;

use crate::literals::Literals;
use crate::text::Text;
use crate::{ENOUGH, Hit, Run};
use pellucid_benches::cost::processor_time;

/// Up to so many literals aho-corasick gets its fastest automaton, whatever memory that takes; beyond
/// that it would take tens of gigabytes.
const DFA: usize = 10_000;

pub(crate) fn aho_corasick(
    literals: &Literals,
    text: &Text,
    patience: Duration,
) -> Result<Option<Run>> {
    let start = Instant::now();
    let kind =
        if literals.0.len() <= DFA { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
    let automaton = AhoCorasick::builder().kind(Some(kind)).build(&literals.0)?;
    let preparation = start.elapsed().as_secs_f64();
    let bytes = Some(automaton.memory_usage() as u64);
    let mut run = empty("aho-corasick", preparation, bytes);
    search(&mut run, text, patience, |bytes, seen| {
        automaton.find_overlapping_iter(bytes).for_each(|found| seen(found.pattern().as_u32()));
    })?;
    Ok(Some(run))
}

pub(crate) fn daachorse(
    literals: &Literals,
    text: &Text,
    patience: Duration,
) -> Result<Option<Run>> {
    let start = Instant::now();
    let automaton = DoubleArrayAhoCorasick::<u32>::new(&literals.0)
        .map_err(|error| anyhow::anyhow!("daachorse: {error}"))?;
    let preparation = start.elapsed().as_secs_f64();
    let mut run = empty("daachorse", preparation, Some(automaton.heap_bytes() as u64));
    search(&mut run, text, patience, |bytes, seen| {
        automaton.find_overlapping_iter(bytes).for_each(|found| seen(found.value()));
    })?;
    Ok(Some(run))
}

fn empty(name: &'static str, preparation: f64, bytes: Option<u64>) -> Run {
    let version = version_of(name).unwrap_or_else(|| "unknown".to_owned());
    let (files, seconds, hits) = (0, Vec::new(), Default::default());
    Run { name, version, preparation, bytes, files, seconds, hits }
}

/// Cargo.lock says what this program was linked with.
fn version_of(package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let lock = include_str!("../../../Cargo.lock");
    let version = lock.lines().skip_while(|line| *line != name).nth(1)?;
    Some(version.strip_prefix("version = ")?.trim_matches('"').to_owned())
}

/// Searches all files, or one after the other until the patience ends.
fn search(
    run: &mut Run,
    text: &Text,
    patience: Duration,
    mut find: impl FnMut(&[u8], &mut dyn FnMut(u32)),
) -> Result<()> {
    let (patience, mut spent) = (patience.as_secs_f64(), 0.0);
    while spent < ENOUGH && spent <= patience {
        let (seconds, hits) = round(text, patience - spent, &mut find)?;
        let total = seconds.iter().sum::<f64>();
        spent += total;
        let is_whole = seconds.len() >= run.seconds.len();
        if run.seconds.is_empty() || (is_whole && total < run.seconds.iter().sum()) {
            (run.files, run.seconds) = (seconds.len(), seconds);
            run.hits = hits;
        }
    }
    Ok(())
}

/// Seconds for each file, and what was found.
fn round(
    text: &Text,
    patience: f64,
    find: &mut impl FnMut(&[u8], &mut dyn FnMut(u32)),
) -> Result<(Vec<f64>, BTreeSet<Hit>)> {
    let (mut all, mut hits, mut spent) = (Vec::new(), BTreeSet::new(), 0.0);
    // The last file that each literal was found in, so that its next occurrences cost nearly nothing.
    let mut last = HashMap::new();
    for (number, file) in (0_u32..).zip(&text.files) {
        if spent > patience {
            break;
        }
        let mut found: Vec<Hit> = Vec::new();
        let start = processor_time()?;
        find(&file.bytes, &mut |literal| {
            if last.insert(literal, number) != Some(number) {
                found.push((literal, number));
            }
        });
        let seconds = processor_time()? - start;
        spent += seconds;
        all.push(seconds);
        hits.extend(found);
    }
    Ok((all, hits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linked_versions_are_known() {
        for library in ["aho-corasick", "daachorse"] {
            assert!(version_of(library).unwrap().starts_with(|c: char| c.is_ascii_digit()));
        }
    }
}
