//! `pellucid set info`: what a set says about itself, and what is in it. All of it is checked, to the
//! last row.

use std::io::{self, Write};

use pellucid::json::hexadecimal as digits;
use pellucid::set::SignatureSet;
use serde_json::{Value, json};

use crate::args::InfoArgs;
use crate::outcome::{Failure, Outcome};
use crate::shown;
use crate::units::{count, size};

/// `pellucid set info`
pub(crate) fn run(args: &InfoArgs) -> Result<Outcome, Failure> {
    let set = match &args.file {
        Some(path) => super::open_checked(path)?,
        None => super::open_builtin()?,
    };
    let text = if args.json { format!("{:#}\n", document(&set)) } else { lines(&set) };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Outcome::Good)
}

/// The counts with their names, which are keys in JSON and, with spaces, labels in text.
fn counts(set: &SignatureSet) -> [(&'static str, u64); 14] {
    let counts = set.counts();
    [
        ("signatures", counts.signatures),
        ("md5", counts.md5),
        ("sha1", counts.sha1),
        ("sha256", counts.sha256),
        ("patterns", counts.patterns),
        ("logicals", counts.logicals),
        ("listings", counts.listings),
        ("file_types", counts.file_types),
        ("passwords", counts.passwords),
        ("yara_files", counts.yara_files),
        ("yara_rules", counts.yara_rules),
        ("yara_gated", counts.yara_gated),
        ("certificates", counts.certificates),
        ("removals", counts.removals),
    ]
}

fn document(set: &SignatureSet) -> Value {
    let about = set.about();
    let label = set.label();
    json!({
        "name": label.name,
        "signed": label.signed,
        "origin": about.origin,
        "channel": about.channel,
        "version": about.version,
        "licence": about.licence,
        "description": about.description,
        "compiler": about.compiler,
        "root": digits(&set.root()),
        "bytes": set.file_length(),
        "counts": counts(set).into_iter().map(|(n, v)| (n.to_owned(), json!(v))).collect::<Value>(),
        "sections": set.sections()
            .map(|(section, bytes)| json!({"name": format!("{section:?}"), "bytes": bytes}))
            .collect::<Vec<_>>(),
    })
}

fn lines(set: &SignatureSet) -> String {
    let about = set.about();
    let label = set.label();
    let vouched = match label.signed {
        true => "signed",
        false => "unsigned: every byte is as it was written, but nobody vouches for who wrote it",
    };
    let mut text = String::new();
    for (name, value) in [
        ("Set", shown::name(&label.name)),
        ("Description", shown::name(about.description)),
        ("Licence", shown::name(about.licence)),
        ("Compiler", shown::name(about.compiler)),
        ("Signature", vouched.to_owned()),
        ("Root hash", digits(&set.root())),
        ("Size", size(set.file_length())),
    ] {
        if !value.is_empty() {
            text += &format!("{name:12} {value}\n");
        }
    }
    text += "\nContents\n";
    for (name, number) in counts(set).into_iter().filter(|&(_, number)| number > 0) {
        text += &format!("  {:12} {:>14}\n", name.replace('_', " "), count(number));
    }
    text += "\nSections\n";
    for (section, bytes) in set.sections() {
        text += &format!("  {:12} {:>14}\n", format!("{section:?}"), size(bytes));
    }
    text
}
