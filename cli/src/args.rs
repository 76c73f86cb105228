//! What can be asked of the command line, and its help.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use pellucid::limits::Limits;

use crate::units::{parse_duration, parse_size};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "pellucid",
    version,
    about = "An antivirus scanner that can be seen through",
    arg_required_else_help = true,
    after_help = "\
Examples:
  pellucid scan ~/Downloads
  pellucid set build -o mine.pset rules/
  pellucid identify mystery.bin

`pellucid help COMMAND` tells more about each command."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Scan(ScanArgs),
    /// Build signature sets and look at them
    #[command(
        subcommand,
        after_help = "\
Examples:
  pellucid set build -o mine.pset rules/
  pellucid set info mine.pset"
    )]
    Set(SetCommand),
    Identify(IdentifyArgs),
    Inspect(InspectArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Scan files and folders, and say what was found and whether all of it was looked at
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  everything was looked at, and nothing was found
  1  something malicious, suspicious or potentially unwanted was found
  2  nothing was found, but something was not looked at in full, or an error occurred

Examples:
  pellucid scan ~/Downloads
  pellucid scan --set mine.pset --builtin /srv/files
  pellucid scan --format ndjson --max-depth 30 /srv/mail > results.ndjson
  curl -s https://example.org/file | pellucid scan -")]
pub(crate) struct ScanArgs {
    /// What to scan; folders with everything in them; `-` is standard input
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Use this signature set instead of the built-in one; of several, later ones overrule earlier ones
    #[arg(long = "set", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) sets: Vec<PathBuf>,
    /// Use the built-in set as well, beneath those of --set
    #[arg(long)]
    pub(crate) builtin: bool,
    /// How to say it: for people, one JSON line a file, one JSON document, or SARIF 2.1.0
    #[arg(long, value_enum, default_value_t = ScanFormat::Text)]
    pub(crate) format: ScanFormat,
    /// List clean files as well (text format; the other formats always list every file)
    #[arg(short = 'v', long = "all", visible_alias = "verbose")]
    pub(crate) all: bool,
    /// No progress bar, and no summary beside machine-readable output
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Scan with this many threads: as many files at a time, and archives with those that have no file
    /// [default: the number of processors]
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    #[command(flatten)]
    pub(crate) passwords: PasswordArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// What encrypted archives are opened with, besides the passwords of the signature sets.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Try this password on encrypted archives; may be given several times, and other users of this
    /// machine can see it in the list of processes
    #[arg(long, value_name = "TEXT")]
    pub(crate) password: Vec<OsString>,
    /// Try each line of this file as a password
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) passwords_file: Vec<PathBuf>,
}

/// How much the scan of one file may cost.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits, for each file")]
pub(crate) struct LimitArgs {
    /// How deep things may be nested in each other [default: 16]
    #[arg(long, value_name = "N")]
    max_depth: Option<u32>,
    /// How many things are looked at, those inside counted [default: 100000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_objects: Option<u64>,
    /// How much may be unpacked altogether [default: 4GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_bytes: Option<u64>,
    /// How large one unpacked thing may be [default: 512MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_object_bytes: Option<u64>,
    /// How many bytes may be unpacked from each byte [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_ratio: Option<u64>,
    /// How long it may take, such as 500ms, 30s or 2m [default: 2m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// How much memory its content may take [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_memory: Option<u64>,
    /// How many sections, imports and the like are read from a program [default: 20000]
    #[arg(long, value_name = "N")]
    max_facts: Option<u32>,
    /// How much work trying passwords may be: one password costs 1, or 8,000 where the archive is
    /// encrypted with AES [default: 100000000]
    #[arg(long, value_name = "N")]
    max_key_work: Option<u64>,
}

impl LimitArgs {
    /// The engine's limits, changed by what was asked for.
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.depth = self.max_depth.unwrap_or(limits.depth);
        limits.objects = self.max_objects.unwrap_or(limits.objects);
        limits.total_bytes = self.max_bytes.unwrap_or(limits.total_bytes);
        limits.object_bytes = self.max_object_bytes.unwrap_or(limits.object_bytes);
        limits.ratio = self.max_ratio.unwrap_or(limits.ratio);
        limits.time = self.timeout.unwrap_or(limits.time);
        limits.memory = self.max_memory.unwrap_or(limits.memory);
        limits.facts = self.max_facts.unwrap_or(limits.facts);
        limits.key_work = self.max_key_work.unwrap_or(limits.key_work);
        limits
    }
}

/// How results of a scan are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScanFormat {
    Text,
    Ndjson,
    Json,
    Sarif,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SetCommand {
    Build(BuildArgs),
    Info(InfoArgs),
}

/// Build a signature set from sources: folders with a set.toml, YARA rules, hash lists, ClamAV databases
#[derive(Debug, Args)]
#[command(after_help = "\
Sources are told by extension: .yar .yara, .csv (hash,name,size,class), ClamAV's .cvd .cld .cud and the
files inside of them (.hdb .ndb .ldb ...), each also as a .gz copy. A .cvd or .cld must be signed by ClamAV.

Every record is taken, skipped (Pellucid does not do what it asks for) or refused (it is broken); the
summary and the report count them by kind and reason. A bad record never costs another one. The report
lists the first 1,000 of each kind and reason, with file, line and what to do; its counts are always exact.

The output appears whole or not at all: an older file of that name stays until the new one is written.

Exit status:
  0  the set was built
  1  the sources do not make a set: a bad record under --strict, or nothing usable in them
  2  an error occurred, such as an unreadable source or a full disk

Examples:
  pellucid set build -o mine.pset rules/
  pellucid set build -o clamav.pset /var/lib/clamav
  pellucid set build -o mine.pset --strict --report report.json rules/ hashes.csv
  pellucid set build -o mine.pset --report - rules/ | jq '.kinds[] | .reasons'
  pellucid scan --set mine.pset ~/Downloads")]
pub(crate) struct BuildArgs {
    /// The set to write
    #[arg(short, long, value_name = "OUT.pset", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// Refuse to build when any record is bad, instead of leaving it out
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write what was taken and what was wrong to this file, as JSON; `-` is standard output
    #[arg(long, value_name = "FILE.json", value_hint = ValueHint::FilePath)]
    pub(crate) report: Option<PathBuf>,
    /// Files or folders to build from
    #[arg(required = true, value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub(crate) sources: Vec<PathBuf>,
}

/// Show what a signature set says about itself and what is in it
#[derive(Debug, Args)]
#[command(
    override_usage = "pellucid set info [--json] <FILE>\n       pellucid set info [--json] --builtin",
    after_help = "\
Examples:
  pellucid set info mine.pset
  pellucid set info --json mine.pset
  pellucid set info --builtin"
)]
pub(crate) struct InfoArgs {
    /// The set
    #[arg(value_name = "FILE", required_unless_present = "builtin", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Show the set that is built into this program
    #[arg(long, conflicts_with = "file")]
    pub(crate) builtin: bool,
    /// Say it as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say what files are, from their content alone
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pellucid identify mystery.bin
  pellucid identify --format ndjson ~/Downloads/*")]
pub(crate) struct IdentifyArgs {
    /// The files
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) paths: Vec<PathBuf>,
    /// How to say it: for people, or one JSON line a file
    #[arg(long, value_enum, default_value_t = IdentifyFormat::Text)]
    pub(crate) format: IdentifyFormat,
}

/// How types of files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IdentifyFormat {
    Text,
    Ndjson,
}

/// Show what the parsers see in a program (PE or ELF): sections, imports, exports, resources, oddities
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pellucid inspect setup.exe
  pellucid inspect --format json /bin/ls | jq .program.sections")]
pub(crate) struct InspectArgs {
    /// The program
    #[arg(value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) path: PathBuf,
    /// How to say it: for people, or one JSON document
    #[arg(long, value_enum, default_value_t = InspectFormat::Text)]
    pub(crate) format: InspectFormat,
}

/// How facts about a program are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InspectFormat {
    Text,
    Json,
}

/// Write the completions of a shell to standard output
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pellucid completions bash > ~/.local/share/bash-completion/completions/pellucid
  pellucid completions fish > ~/.config/fish/completions/pellucid.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Write the manual page to standard output, or the pages of all commands to a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pellucid man | man -l -
  pellucid man --out /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_tells_the_true_defaults() {
        let limits = Limits::default();
        let told = |name: &str| {
            let mut command = Cli::command();
            let scan = command.find_subcommand_mut("scan").unwrap();
            let help =
                scan.get_arguments().find(|arg| arg.get_id() == name).unwrap().get_help().unwrap();
            let help = help.to_string();
            help.rsplit_once("[default: ").unwrap().1.trim_end_matches(']').to_owned()
        };
        assert_eq!(told("max_depth"), limits.depth.to_string());
        assert_eq!(told("max_objects"), limits.objects.to_string());
        assert_eq!(parse_size(&told("max_bytes")), Ok(limits.total_bytes));
        assert_eq!(parse_size(&told("max_object_bytes")), Ok(limits.object_bytes));
        assert_eq!(told("max_ratio"), limits.ratio.to_string());
        assert_eq!(parse_duration(&told("timeout")), Ok(limits.time));
        assert_eq!(parse_size(&told("max_memory")), Ok(limits.memory));
        assert_eq!(told("max_facts"), limits.facts.to_string());
        assert_eq!(told("max_key_work"), limits.key_work.to_string());
    }

    #[test]
    fn limits_are_taken_over() {
        let cli = Cli::parse_from([
            "pellucid",
            "scan",
            "--max-depth",
            "3",
            "--max-bytes",
            "1M",
            "--timeout",
            "500ms",
            "x",
        ]);
        let Command::Scan(scan) = cli.command else { panic!("not a scan") };
        let limits = scan.limits.limits();
        assert_eq!((limits.depth, limits.total_bytes), (3, 1 << 20));
        assert_eq!(limits.time, Duration::from_millis(500));
        assert_eq!(limits.ratio, Limits::default().ratio);
    }
}
