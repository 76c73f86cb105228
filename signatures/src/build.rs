//! The conductor: sources in, set out. Every record takes the steps read, lint, compile, in this order,
//! and is counted once.

mod databases;
pub(crate) mod exceptions;

use std::io::BufRead;
use std::path::PathBuf;

use pellucid::verdict::Class;

use self::databases::Chosen;
use self::exceptions::Exceptions;
use crate::compile::{Added, Compiler, prepare};
use crate::diagnostic::{Diagnostic, Fault, Level};
use crate::lint;
use crate::progress::{Progress, Watch};
use crate::report::{BuildError, BuildReport, OTHER_FILE, grouped};
use crate::source::about::{self, About};
use crate::source::compressed::Trouble;
use crate::source::database::signature::Keys;
use crate::source::lines::{LONGEST, Line, Lines};
use crate::source::tree::{SourceFile, SourceTree};
use crate::source::yara::Rules;
use crate::source::{self, Current, FORMATS, Format, LineReader, Reader, Unit};

/// How to build.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BuildOptions {
    /// Whether any error in the sources fails the build.
    pub strict: bool,
    /// Who is told how far the build is.
    pub watch: Option<Watch>,
}

impl BuildOptions {
    /// Whether any error in the sources fails the build.
    pub fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// Who is told how far the build is, several times a second on a long one.
    pub fn watch(self, watch: impl Fn(Progress<'_>) + Send + Sync + 'static) -> Self {
        Self { watch: Some(Watch::new(watch)), ..self }
    }
}

/// Records between two words to a [`Watch`].
const STRIDE: u64 = 8192;

/// A finished build.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Build {
    /// The bytes of the set.
    pub set: Vec<u8>,
    /// What became of the sources.
    pub report: BuildReport,
}

/// Builds a set of files and folders.
///
/// The bytes depend on the contents and the relative paths of the files alone: neither on where they
/// lie nor on the order of `sources`.
pub fn build(sources: &[PathBuf], options: &BuildOptions) -> Result<Build, BuildError> {
    build_tree(SourceTree::list(sources)?, options)
}

/// Builds a set of a tree.
pub fn build_tree(tree: SourceTree, options: &BuildOptions) -> Result<Build, BuildError> {
    build_with_keys(tree, options, Keys::clamav())
}

/// The same, with other keys that ClamAV databases may be signed with.
fn build_with_keys(
    tree: SourceTree,
    options: &BuildOptions,
    keys: Keys,
) -> Result<Build, BuildError> {
    let (files, notes) = tree.into_files()?;
    let about = read_about(&files)?;
    let (report, compiler) = (BuildReport::default(), Compiler::new(&about)?);
    let watch = options.watch.clone();
    let (rules, exceptions) = (Rules::new(), Exceptions::default());
    let mut builder = Builder { report, compiler, rules, keys, exceptions, watch, records: 0 };
    for (shown, fault) in notes {
        builder.report.say(OTHER_FILE, fault, |fault| Diagnostic::of_file(&shown, fault));
    }
    let mut chosen = builder.choose(&files)?;
    builder.all_exceptions(&files, &chosen)?;
    for file in files.iter().filter(|file| file.path != about::PATH) {
        builder.file(file, &mut chosen)?;
    }
    builder.finish(&about, options)
}

/// Reads `set.toml`, which may be missing but not be there twice.
fn read_about(files: &[SourceFile]) -> Result<About, BuildError> {
    let mut found = files.iter().filter(|file| file.path == about::PATH);
    let Some(file) = found.next() else { return Ok(About::default()) };
    let refuse = |file: &SourceFile, message: &str| {
        let fault = Fault::error("set.toml", message);
        BuildError::About(Box::new(Diagnostic::of_file(&file.shown, fault)))
    };
    if let Some(second) = found.next() {
        return Err(refuse(second, "a second set.toml that differs; a set has one"));
    }
    match file.whole(about::LONGEST)? {
        Some(bytes) => about::parse(&bytes, &file.shown).map_err(BuildError::About),
        None => Err(refuse(file, "the file is longer than 1 MiB")),
    }
}

struct Builder {
    report: BuildReport,
    compiler: Compiler,
    rules: Rules,
    keys: Keys,
    exceptions: Exceptions,
    watch: Option<Watch>,
    /// Records read so far.
    records: u64,
}

impl Builder {
    /// Reads the exceptions wherever they are.
    fn all_exceptions(
        &mut self,
        files: &[SourceFile],
        chosen: &Chosen<'_>,
    ) -> Result<(), BuildError> {
        for file in files {
            let format = source::format_of(&file.path);
            let Some(format) = format.filter(|format| format.is_exceptions()) else { continue };
            if let Err(trouble) = file.check_compression() {
                self.report.file(format.kind);
                self.refuse_file(file, format.kind, trouble)?;
                continue;
            }
            let current = Current { path: &file.path, shown: &file.shown, kind: format.kind };
            self.exceptions(&current, &mut *file.open()?)?;
        }
        self.exceptions_of_databases(chosen)
    }

    /// Takes what is in a file, unless it was read before or another copy of it was chosen.
    fn file(&mut self, file: &SourceFile, chosen: &mut Chosen<'_>) -> Result<(), BuildError> {
        let Some(format) = source::format_of(&file.path) else {
            self.unknown(&file.shown);
            return Ok(());
        };
        if matches!(format.reader, Reader::Database(_)) {
            let database = chosen.remove(databases::stem(&file.path));
            return database.map_or(Ok(()), |database| self.database(&database));
        }
        if format.is_exceptions() {
            return Ok(());
        }
        if let Err(trouble) = file.check_compression() {
            self.report.file(format.kind);
            return self.refuse_file(file, format.kind, trouble);
        }
        let current = Current { path: &file.path, shown: &file.shown, kind: format.kind };
        self.records(&current, format, &mut *file.open()?)
    }

    /// Refuses a file as a whole.
    fn refuse_file(
        &mut self,
        file: &SourceFile,
        kind: &str,
        trouble: Trouble,
    ) -> Result<(), BuildError> {
        match trouble {
            Trouble::Unreadable(error) => return Err(file.unreadable(error)),
            Trouble::Fault(fault) => self.report.leave_out_file(&file.shown, kind, fault),
        }
        Ok(())
    }

    /// Takes the records of a file, wherever its bytes come from.
    fn records(
        &mut self,
        current: &Current<'_>,
        format: &Format,
        input: &mut dyn BufRead,
    ) -> Result<(), BuildError> {
        self.report.file(current.kind);
        self.compiler.begin_file(current.path);
        self.tell(Progress::Reading { file: current.shown, records: self.records });
        match format.reader {
            Reader::Lines(reader, class) => self.lines(current, input, reader, class),
            Reader::Yara => self.rules.read(current, input, &mut self.exceptions, &mut self.report),
            Reader::Unread(why, unit) => self.unread(current, input, why, unit),
            // They were read before.
            Reader::Exceptions => Ok(()),
            Reader::Database(_) => {
                let fault = Fault::error("nested", "a database inside of a database");
                self.report.leave_out_file(current.shown, current.kind, fault);
                Ok(())
            }
        }
    }

    fn unknown(&mut self, shown: &str) {
        self.report.file(OTHER_FILE);
        let known: Vec<&str> = FORMATS
            .iter()
            .filter(|format| !matches!(format.reader, Reader::Unread(..)))
            .map(|format| format.extension)
            .collect();
        let fault = Fault::skipped("unknown extension", "no source format has this extension")
            .help(format!("formats are told by extension: {}", known.join(", ")));
        self.report.leave_out_file(shown, OTHER_FILE, fault);
    }

    /// A format that is known but not read: its records are counted.
    fn unread(
        &mut self,
        current: &Current<'_>,
        input: &mut dyn BufRead,
        why: &'static str,
        unit: Unit,
    ) -> Result<(), BuildError> {
        let (records, message) = match unit {
            Unit::Line => {
                let records = count_records(current, input)?;
                (records, format!("{} records left out", grouped(records)))
            }
            Unit::File => (1, "the file is left out".into()),
        };
        if records == 0 {
            return Ok(());
        }
        let fault = Fault::skipped("unsupported format", message).help(why);
        self.report.leave_out(current.kind, records, fault, |fault| {
            Diagnostic::of_file(current.shown, fault)
        });
        Ok(())
    }

    fn lines(
        &mut self,
        current: &Current<'_>,
        input: &mut dyn BufRead,
        reader: LineReader,
        class: Class,
    ) -> Result<(), BuildError> {
        let mut lines = Lines::new(input);
        let mut taken = 0_u64;
        loop {
            let next = lines.next().map_err(|error| current.unreadable(error))?;
            let Some((number, line)) = next else { break };
            self.records = self.records.saturating_add(1);
            if self.records.is_multiple_of(STRIDE) {
                self.tell(Progress::Reading { file: current.shown, records: self.records });
            }
            let line = match line {
                Line::Whole(line) if is_record(line) => line,
                Line::Whole(_) => continue,
                Line::TooLong { start, length } => {
                    let message = format!("a line of {length} bytes; at most {LONGEST} are read");
                    self.leave_out(current, number, start, Fault::error("line too long", message));
                    continue;
                }
            };
            match self.record(current, number, line, reader, class)? {
                Ok(records) => taken = taken.saturating_add(records),
                Err(fault) => self.leave_out(current, number, line, fault),
            }
        }
        self.report.taken(current.kind, taken);
        Ok(())
    }

    /// Takes one record; the number of records in it is one, or none for a heading.
    fn record(
        &mut self,
        current: &Current<'_>,
        number: u64,
        line: &[u8],
        reader: LineReader,
        class: Class,
    ) -> Result<Result<u64, Fault>, BuildError> {
        let prepared = lint::text(line).and_then(|text| {
            let Some(record) = reader(text, class)? else { return Ok(None) };
            lint::record(&record)?;
            if let Some(switched_off) = self.exceptions.of_record(&record.name, line) {
                return Err(switched_off);
            }
            let content = prepare::prepare(&record.content)?;
            Ok(Some((record, content)))
        });
        let (record, content) = match prepared {
            Ok(Some(prepared)) => prepared,
            Ok(None) => return Ok(Ok(0)),
            Err(fault) => return Ok(Err(fault)),
        };
        let severity = record.class.default_severity();
        let added = self.compiler.add(&record.name, record.class, severity, &content)?;
        if added == Added::Again {
            self.report.merged = self.report.merged.saturating_add(1);
        }
        let remarks = [lint::cost(&content), lint::added(added, &record.name)];
        for fault in remarks.into_iter().flatten() {
            self.report.say(current.kind, fault, |fault| {
                Diagnostic::of_line(current.shown, number, line, fault)
            });
        }
        Ok(Ok(1))
    }

    fn tell(&self, progress: Progress<'_>) {
        if let Some(watch) = &self.watch {
            watch.tell(progress);
        }
    }

    fn leave_out(&mut self, current: &Current<'_>, number: u64, line: &[u8], fault: Fault) {
        self.report.leave_out(current.kind, 1, fault, |fault| {
            Diagnostic::of_line(current.shown, number, line, fault)
        });
    }

    fn finish(mut self, about: &About, options: &BuildOptions) -> Result<Build, BuildError> {
        self.tell(Progress::Writing);
        self.rules.finish(&mut self.compiler, &mut self.report)?;
        self.account_for_exceptions();
        if options.strict && self.report.count(Level::Error) > 0 {
            return Err(BuildError::Strict(Box::new(self.report)));
        }
        let mut about = about.clone();
        about.removals.extend(self.exceptions.names().map(str::to_owned));
        if self.compiler.is_empty() && about.removals.is_empty() {
            return Err(BuildError::Nothing(Box::new(self.report)));
        }
        let finished = self.compiler.finish(&about)?;
        self.report.merged = self.report.merged.saturating_add(finished.merged);
        Ok(Build { set: finished.set, report: self.report })
    }
}

/// Whether a line holds a record: it is neither blank nor a comment.
fn is_record(line: &[u8]) -> bool {
    !line.starts_with(b"#") && !line.trim_ascii().is_empty()
}

fn count_records(current: &Current<'_>, input: &mut dyn BufRead) -> Result<u64, BuildError> {
    let mut lines = Lines::new(input);
    let mut records = 0_u64;
    while let Some((_, line)) = lines.next().map_err(|error| current.unreadable(error))? {
        let counts = match line {
            Line::Whole(line) => is_record(line),
            Line::TooLong { .. } => true,
        };
        records = records.saturating_add(counts.into());
    }
    Ok(records)
}
