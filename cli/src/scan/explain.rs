//! Why something was not looked at, in plain words, and what to do about it.

use pellucid::limits::{Limit, Limits};
use pellucid::verdict::Reason;

use crate::units;

/// The reason as a part of a sentence about the object.
pub(super) fn words(reason: Reason, limits: &Limits) -> String {
    match reason {
        Reason::Limit(limit) => limit_words(limit, limits),
        Reason::Encrypted => "protected by a password".to_owned(),
        Reason::Unsupported(what) => format!("cannot look inside ({what})"),
        Reason::Corrupted => "damaged: the data contradicts its own format".to_owned(),
        Reason::Truncated => "cut off: the data ends before its format says so".to_owned(),
        Reason::ChangedWhileScanning => "changed while it was scanned".to_owned(),
        Reason::SetDamaged => "a piece of a signature set is damaged".to_owned(),
        Reason::Unreadable => "cannot be read".to_owned(),
        Reason::SpecialFile(kind) => format!("no regular file ({kind})"),
        Reason::Cancelled => "the scan was ended before it was done".to_owned(),
        Reason::Skipped => "left out as asked".to_owned(),
        Reason::InternalError => "a defect in Pellucid, confined to this object".to_owned(),
        other => other.to_string(),
    }
}

fn limit_words(limit: Limit, limits: &Limits) -> String {
    match limit {
        Limit::Depth => {
            format!("nested deeper than {}", units::counted(limits.depth.into(), "level"))
        }
        Limit::Objects => format!("more than {} inside", units::counted(limits.objects, "object")),
        Limit::TotalBytes => {
            format!("unpacks to more than {} altogether", units::size(limits.total_bytes))
        }
        Limit::ObjectBytes => format!("unpacks to more than {}", units::size(limits.object_bytes)),
        Limit::Ratio => {
            format!("unpacks to more than {} times its size", units::count(limits.ratio))
        }
        Limit::Time => format!("took longer than {}", units::duration(limits.time)),
        Limit::Memory => format!("needs more than {} of memory", units::size(limits.memory)),
        Limit::Facts => {
            format!(
                "a list of the program has more than {}",
                units::counted(limits.facts.into(), "line")
            )
        }
        Limit::KeyWork => "trying more passwords would take too long".to_owned(),
        other => format!("limit {} reached", other.name()),
    }
}

/// What a person can do about it.
pub(super) fn advice(reason: Reason) -> Option<String> {
    let advice = match reason {
        Reason::Limit(limit) => return option(limit).map(|option| format!("raise {option}")),
        Reason::Encrypted => "give its password with --password, or unpack it and scan the result",
        Reason::Unsupported(_) => "unpack it with another program and scan the result",
        Reason::Corrupted | Reason::Truncated => "get it again from where it came from",
        Reason::ChangedWhileScanning => "scan it again when nothing writes to it",
        Reason::SetDamaged => "fetch or build the set again, and scan again",
        Reason::Unreadable => {
            "check the path and its permissions, or scan as a user who may read it"
        }
        Reason::SpecialFile(_) => "to scan what comes out of it, pass that to `pellucid scan -`",
        Reason::Cancelled | Reason::Skipped => "scan it again",
        Reason::InternalError => "please report it, with the file if you may",
        _ => return None,
    };
    Some(advice.to_owned())
}

/// The option that sets a limit.
fn option(limit: Limit) -> Option<&'static str> {
    Some(match limit {
        Limit::Depth => "--max-depth",
        Limit::Objects => "--max-objects",
        Limit::TotalBytes => "--max-bytes",
        Limit::ObjectBytes => "--max-object-bytes",
        Limit::Ratio => "--max-ratio",
        Limit::Time => "--timeout",
        Limit::Memory => "--max-memory",
        Limit::Facts => "--max-facts",
        Limit::KeyWork => "--max-key-work",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::CommandFactory;

    const LIMITS: [Limit; 9] = [
        Limit::Depth,
        Limit::Objects,
        Limit::TotalBytes,
        Limit::ObjectBytes,
        Limit::Ratio,
        Limit::Time,
        Limit::Memory,
        Limit::Facts,
        Limit::KeyWork,
    ];

    #[test]
    fn every_limit_can_be_raised_by_an_option_that_exists() {
        let command = Cli::command();
        let scan = command.find_subcommand("scan").unwrap();
        for limit in LIMITS {
            let name = option(limit).and_then(|option| option.strip_prefix("--")).unwrap();
            assert!(scan.get_arguments().any(|arg| arg.get_long() == Some(name)), "{name}");
        }
    }

    #[test]
    fn limits_are_told_in_numbers() {
        let limits = Limits::default();
        assert_eq!(words(Reason::Limit(Limit::Depth), &limits), "nested deeper than 16 levels");
        assert_eq!(
            words(Reason::Limit(Limit::TotalBytes), &limits),
            "unpacks to more than 4.0 GiB altogether"
        );
    }
}
