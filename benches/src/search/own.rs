//! Pellucid's search: a set with the literals as body signatures, opened as every set is.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::matcher::filter::Kernel;
use pellucid::matcher::{Matcher, Scratch, Subject};
use pellucid::set::{SignatureSet, Unverified};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

use crate::literals::Literals;
use crate::text::Text;
use crate::{ENOUGH, Run};
use pellucid_benches::cost::processor_time;

/// With the fastest probes that this processor can run.
pub(crate) fn run(literals: &Literals, text: &Text) -> Result<Run> {
    run_with("pellucid", Kernel::best(), literals, text)
}

/// Without vector instructions.
pub(crate) fn portable(
    literals: &Literals,
    text: &Text,
    _patience: Duration,
) -> Result<Option<Run>> {
    run_with("portable", Kernel::Portable, literals, text).map(Some)
}

/// With vectors of 256 bits, where there are longer ones too.
#[cfg(target_arch = "x86_64")]
pub(crate) fn avx2(literals: &Literals, text: &Text, _patience: Duration) -> Result<Option<Run>> {
    if !Kernel::available().contains(&Kernel::Avx2) {
        eprintln!("avx2: skipped, this processor does not have it");
        return Ok(None);
    }
    run_with("avx2", Kernel::Avx2, literals, text).map(Some)
}

fn run_with(name: &'static str, kernel: Kernel, literals: &Literals, text: &Text) -> Result<Run> {
    let start = Instant::now();
    let set = build(&literals.ndb())?;
    let bytes = set.len() as u64;
    let matcher = open(set, kernel)?;
    let preparation = start.elapsed().as_secs_f64();
    let mut run = Run {
        name,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        preparation,
        bytes: Some(bytes),
        files: text.files.len(),
        seconds: Vec::new(),
        hits: Default::default(),
    };
    let mut scratch = Scratch::default();
    let total = |round: &[f64]| round.iter().sum::<f64>();
    let mut spent = 0.0;
    while spent < ENOUGH {
        let seconds = round(&matcher, text, &mut scratch, &mut run)?;
        spent += total(&seconds);
        if run.seconds.is_empty() || total(&seconds) < total(&run.seconds) {
            run.seconds = seconds;
        }
    }
    Ok(run)
}

/// Seconds for each file.
fn round(matcher: &Matcher, text: &Text, scratch: &mut Scratch, run: &mut Run) -> Result<Vec<f64>> {
    let mut limits = Limits::default();
    limits.time = Duration::MAX;
    let (mut seconds, mut findings) = (Vec::new(), Vec::new());
    for (number, file) in (0_u32..).zip(&text.files) {
        let budget = Budget::new(limits.clone(), Cancel::new());
        let subject = Subject { types: file.types, ..Subject::new(&file.bytes) };
        findings.clear();
        let start = processor_time()?;
        let searched = matcher.search(&subject, scratch, &budget, &mut findings);
        seconds.push(processor_time()? - start);
        searched.map_err(|stop| anyhow::anyhow!("{}: {stop:?}", file.path.display()))?;
        for finding in &findings {
            let literal = Literals::number(&finding.name)
                .with_context(|| format!("an unknown finding: {}", finding.name))?;
            run.hits.insert((literal, number));
        }
    }
    Ok(seconds)
}

pub(crate) fn build(ndb: &str) -> Result<Vec<u8>> {
    let mut sources = SourceTree::new();
    sources.add("literals.ndb", ndb);
    Ok(build_tree(sources, &BuildOptions::default())?.set)
}

fn open(set: Vec<u8>, kernel: Kernel) -> Result<Matcher> {
    let verified = Unverified::from_bytes(set)?.verify()?;
    Ok(Matcher::with_kernel(&SignatureSet::open(verified)?, kernel)?)
}
