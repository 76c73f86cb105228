//! `pellucid inspect`: what the parsers see in a program.

mod json;
mod signature;
mod text;

use std::io::{self, Write};
use std::path::Path;

use pellucid::identify::{Identification, identify};
use pellucid::inspect::{Facts, inspect};

use crate::args::{InspectArgs, InspectFormat};
use crate::identify::with_content;
use crate::outcome::{Failure, Outcome};

/// What was seen of the file.
struct Seen<'a> {
    path: &'a Path,
    size: u64,
    identification: Identification,
    facts: Facts,
}

/// `pellucid inspect`
pub(crate) fn run(args: &InspectArgs) -> Result<Outcome, Failure> {
    let seen =
        look(&args.path).map_err(|problem| Failure::on_file("inspect", &args.path, &problem))?;
    let mut out = Vec::new();
    match args.format {
        InspectFormat::Text => text::write(&mut out, &seen)?,
        InspectFormat::Json => json::write(&mut out, &seen)?,
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(&out)?;
    stdout.flush()?;
    Ok(if seen.facts.problems.is_empty() { Outcome::Good } else { Outcome::Incomplete })
}

fn look(path: &Path) -> Result<Seen<'_>, pellucid::verdict::Problem> {
    with_content(path, |bytes, problem, budget| {
        let identification = identify(bytes);
        let mut facts = inspect(bytes, &identification.found, budget);
        facts.problems.extend(problem);
        Seen { path, size: bytes.len() as u64, identification, facts }
    })
}
