//! `pellucid identify`: what files are, from their content alone.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use pellucid::identify::{Found, Identification, identify};
use pellucid::input::{self, Input};
use pellucid::json::path_if_lossy;
use pellucid::limits::{Budget, Cancel, Limits};
use pellucid::verdict::Problem;
use serde::Serialize;

use crate::args::{IdentifyArgs, IdentifyFormat};
use crate::outcome::{Failure, Outcome};
use crate::shown;
use crate::units::{self, count};

/// `pellucid identify`
pub(crate) fn run(args: &IdentifyArgs) -> Result<Outcome, Failure> {
    let mut out = io::stdout().lock();
    let mut outcome = Outcome::Good;
    for path in &args.paths {
        match look(path) {
            Ok(seen) => out.write_all(&written(path, &seen, args.format)?)?,
            Err(problem) => {
                crate::tell(&Failure::on_file("identify", path, &problem));
                outcome = Outcome::Incomplete;
            }
        }
    }
    out.flush()?;
    Ok(outcome)
}

/// What was seen of one file.
struct Seen {
    size: u64,
    identification: Identification,
    problem: Option<Problem>,
}

fn look(path: &Path) -> Result<Seen, Problem> {
    with_content(path, |bytes, problem, _| Seen {
        size: bytes.len() as u64,
        identification: identify(bytes),
        problem,
    })
}

/// Gets at the bytes of a file, or of standard input for `-`, under the default limits.
pub(crate) fn with_content<T>(
    path: &Path,
    look: impl FnOnce(&[u8], Option<Problem>, &Budget) -> T,
) -> Result<T, Problem> {
    let budget = Budget::new(Limits::default(), Cancel::new());
    let (mut buffer, mut stdin) = (Vec::new(), io::stdin());
    let input = if path == Path::new("-") { Input::Reader(&mut stdin) } else { Input::Path(path) };
    let (content, problem) = input::open(input, &mut buffer, &budget)?;
    Ok(look(&content, problem, &budget))
}

fn written(path: &Path, seen: &Seen, format: IdentifyFormat) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    match format {
        IdentifyFormat::Text => writeln!(out, "{}", text(path, seen))?,
        IdentifyFormat::Ndjson => {
            serde_json::to_writer(&mut out, &Record::new(path, seen))?;
            out.push(b'\n');
        }
    }
    Ok(out)
}

fn text(path: &Path, seen: &Seen) -> String {
    let types: Vec<_> = seen.identification.found.iter().map(one).collect();
    let size = units::size(seen.size);
    let note = seen.problem.as_ref().map_or_else(String::new, |problem| format!(" [{problem}]"));
    format!("{}: {}; {size}{note}", shown::path(path), types.join(", "))
}

fn one(found: &Found) -> String {
    match found.offset {
        0 => found.file_type.description().to_owned(),
        offset => format!("{} at byte {}", found.file_type.description(), count(offset)),
    }
}

/// One line of `--format ndjson`. New keys may be added at the end.
#[derive(Serialize)]
struct Record<'s> {
    path: Cow<'s, str>,
    size: u64,
    types: Vec<&'static str>,
    found: Vec<Place>,
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

#[derive(Serialize)]
struct Place {
    #[serde(rename = "type")]
    file_type: &'static str,
    offset: u64,
}

impl<'s> Record<'s> {
    fn new(path: &'s Path, seen: &Seen) -> Self {
        let found = &seen.identification.found;
        Self {
            path: path.to_string_lossy(),
            size: seen.size,
            types: seen.identification.types().iter().map(|t| t.name()).collect(),
            found: found
                .iter()
                .map(|f| Place { file_type: f.file_type.name(), offset: f.offset })
                .collect(),
            reasons: seen.problem.iter().map(|p| p.reason.to_string()).collect(),
            path_bytes: path_if_lossy(path),
        }
    }
}
