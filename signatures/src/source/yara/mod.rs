//! YARA rules (`.yar .yara`), checked with yara-x.
//!
//! A set carries rules as source, each file in a namespace of its own, named by its path; the engine
//! compiles them when it opens the set. So a file is compiled here twice: alone, for its diagnostics,
//! where a file with an error is refused as a whole, and then together with all others exactly as the
//! engine will do it, which also tells the rules and their metadata. Includes are not allowed: a file
//! must mean the same wherever it lies.
//!
//! yara-x recurses over a rule's syntax and does not catch its own panics. The nesting is bounded before
//! it sees a file ([`outline`]), both compilations run on a thread of their own, and the rules that come
//! out are counted against those that went in.

pub(crate) mod gate;

use std::collections::HashSet;
use std::io::BufRead;
use std::thread;

use pellucid::matcher::yara::outline::{self, Outline};
use pellucid::verdict::Class;
use yara_x::errors::CompileError;
use yara_x::warnings::Warning;
use yara_x::{Compiler as YaraCompiler, MetaValue, Rule, SourceCode};

use self::gate::Literal;
use super::Current;
use super::tree::read_whole;
use crate::build::exceptions::Exceptions;
use crate::compile::Compiler;
use crate::diagnostic::{Diagnostic, Fault, quoted};
use crate::lint;
use crate::report::{BuildError, BuildReport};

/// The longest file of rules that is read.
const LONGEST: u64 = 64 << 20;

/// Stack of the thread that compiles.
const STACK: usize = 8 << 20;

/// Files of rules that compile on their own.
#[derive(Debug)]
pub(crate) struct Rules {
    files: Vec<RuleFile>,
}

#[derive(Debug)]
struct RuleFile {
    path: String,
    namespace: String,
    shown: String,
    kind: &'static str,
    source: String,
    /// How many of its rules are private because they are switched off.
    switched_off: u64,
    /// What a file must contain for any of its rules to match.
    gate: Option<Vec<Literal>>,
}

/// A fault and the byte of the source that it is about.
type Remark = (Option<usize>, Fault);

impl Rules {
    pub(crate) fn new() -> Self {
        Self { files: Vec::new() }
    }

    /// Reads a file and compiles it alone.
    pub(crate) fn read(
        &mut self,
        file: &Current<'_>,
        input: &mut dyn BufRead,
        exceptions: &mut Exceptions,
        report: &mut BuildReport,
    ) -> Result<(), BuildError> {
        let kind = file.kind;
        let whole = read_whole(input, LONGEST).map_err(|error| file.unreadable(error))?;
        let Some(bytes) = whole else {
            let fault = Fault::error("too long", "a file of rules is longer than 64 MiB");
            report.leave_out_file(file.shown, kind, fault);
            return Ok(());
        };
        let source = match String::from_utf8(bytes) {
            Ok(source) => source,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let fault = Fault::error("not UTF-8", "the file is not UTF-8");
                report.leave_out(kind, 1, fault, |fault| {
                    Diagnostic::of_text(file.shown, error.as_bytes(), Some(at), fault)
                });
                return Ok(());
            }
        };
        let (errors, warnings) = match on_own_stack(|| compile_alone(&source))? {
            Ok(remarks) => remarks,
            Err(panic) => {
                let message = format!("the YARA compiler failed on this file: {panic}");
                (vec![(None, Fault::error("compiler failed", message))], Vec::new())
            }
        };
        let text = source.as_bytes();
        let is_broken = !errors.is_empty();
        let mut records = is_broken.then(|| count_rules(&source));
        for (at, fault) in errors {
            report.leave_out(kind, records.take().unwrap_or(0), fault, |fault| {
                Diagnostic::of_text(file.shown, text, at, fault)
            });
        }
        for (at, fault) in warnings {
            report.say(kind, fault, |fault| Diagnostic::of_text(file.shown, text, at, fault));
        }
        match is_broken {
            true => {
                report.say(kind, whole_file(), |fault| Diagnostic::of_file(file.shown, fault));
            }
            false => self.push(file, source, exceptions, report)?,
        }
        Ok(())
    }

    fn push(
        &mut self,
        file: &Current<'_>,
        source: String,
        exceptions: &mut Exceptions,
        report: &mut BuildReport,
    ) -> Result<(), BuildError> {
        let (source, switched_off) = switch_off(file, source, exceptions, report);
        // A parser that fails here costs the gate, not the rules.
        let gate = on_own_stack(|| gate::of_source(&source))?.ok().flatten();
        let path = file.path.to_owned();
        let before = self.files.iter().rev().take_while(|other| other.path == path).count();
        let namespace = match before {
            0 => path.clone(),
            before => format!("{path}#{}", before.saturating_add(1)),
        };
        let (shown, kind) = (file.shown.into(), file.kind);
        self.files.push(RuleFile { path, namespace, shown, kind, source, switched_off, gate });
        Ok(())
    }

    /// Compiles all files together, and adds them to the set.
    pub(crate) fn finish(
        &mut self,
        compiler: &mut Compiler,
        report: &mut BuildReport,
    ) -> Result<(), BuildError> {
        if self.files.is_empty() {
            return Ok(());
        }
        let compiled = on_own_stack(|| compile_together(&self.files))?;
        let rules = compiled.and_then(|compiled| compiled).map_err(BuildError::Yara)?;
        let mut names = HashSet::new();
        for (file, rules) in self.files.iter().zip(&rules) {
            let outline = outline::read(&file.source).unwrap_or_default();
            if outline.rules.len() != rules.len() {
                let fault = lost(outline.rules.len(), rules.len());
                report.leave_out(file.kind, count_rules(&file.source), fault, |fault| {
                    Diagnostic::of_file(&file.shown, fault)
                });
                continue;
            }
            for rule in rules {
                file.lint(rule, &outline, &mut names, report);
            }
            let count = u32::try_from(rules.len())
                .map_err(|_| BuildError::TooMuch { what: "rules", most: u32::MAX.into() })?;
            report.taken(file.kind, u64::from(count).saturating_sub(file.switched_off));
            if count == 0 {
                let fault = Fault::note("no rules", "no rule in this file");
                report.say(file.kind, fault, |fault| Diagnostic::of_file(&file.shown, fault));
                continue;
            }
            compiler.begin_file(&file.path);
            compiler.rules(&file.namespace, &file.source, count, file.gate.as_deref())?;
        }
        Ok(())
    }
}

/// Makes the rules private that an exception names: others may build on them, but they report nothing.
/// An exception means a rule's identifier, as in ClamAV. One that is private already stays as it is.
fn switch_off(
    file: &Current<'_>,
    source: String,
    exceptions: &mut Exceptions,
    report: &mut BuildReport,
) -> (String, u64) {
    let outline = outline::read(&source).unwrap_or_default();
    let (mut private, mut switched_off, mut done) = (String::new(), 0_u64, 0);
    for ((at, name), &(keyword, is_private)) in outline.rules.iter().zip(&outline.keywords) {
        if is_private {
            continue;
        }
        let Some(fault) = exceptions.of_name(name) else { continue };
        report.leave_out(file.kind, 1, fault, |fault| {
            Diagnostic::of_text(file.shown, source.as_bytes(), Some(*at), fault)
        });
        private.push_str(source.get(done..keyword).unwrap_or_default());
        private.push_str("private ");
        (switched_off, done) = (switched_off.saturating_add(1), keyword);
    }
    private.push_str(source.get(done..).unwrap_or_default());
    (private, switched_off)
}

/// How many rules a file declares; one, where that cannot be told.
fn count_rules(source: &str) -> u64 {
    outline::read(source).map_or(1, |outline| outline.rules.len().max(1) as u64)
}

/// Rules of a file may build on each other, so that one broken rule costs all of them.
fn whole_file() -> Fault {
    Fault::note("whole file", "every rule of this file is left out")
        .help("mend the errors, or move the broken rules to a file of their own")
}

/// The compiler left rules out without an error.
fn lost(declared: usize, compiled: usize) -> Fault {
    let message =
        format!("{declared} rules are declared, but {compiled} come out of the YARA compiler");
    Fault::error("rules lost", message).help("split the file, and make its conditions simpler")
}

impl RuleFile {
    /// Speaks of a rule's name and metadata.
    fn lint(
        &self,
        rule: &RuleFacts,
        outline: &Outline<'_>,
        names: &mut HashSet<String>,
        report: &mut BuildReport,
    ) {
        let again = (!names.insert(rule.name.clone())).then(|| lint::same_name(&rule.name));
        let faults: Vec<Fault> = again.into_iter().chain(rule.faults.iter().cloned()).collect();
        if faults.is_empty() {
            return;
        }
        let declared = outline.rules.iter().find(|(_, name)| *name == rule.identifier);
        let at = declared.map(|(at, _)| *at);
        for fault in faults {
            report.say(self.kind, fault, |fault| {
                Diagnostic::of_text(&self.shown, self.source.as_bytes(), at, fault)
            });
        }
    }
}

/// What the compiled rules say of one rule.
#[derive(Debug)]
struct RuleFacts {
    identifier: String,
    /// The finding's name.
    name: String,
    faults: Vec<Fault>,
}

/// Runs `work` on a thread with enough stack; the inner error is its panic.
fn on_own_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<Result<T, String>, BuildError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread
            .map_err(|error| BuildError::Yara(format!("no thread to compile on: {error}")))?;
        Ok(thread.join().map_err(|panic| match panic.downcast::<String>() {
            Ok(message) => *message,
            Err(_) => "it panicked".into(),
        }))
    })
}

fn new_compiler() -> YaraCompiler<'static> {
    let mut compiler = YaraCompiler::new();
    compiler.enable_includes(false);
    compiler
}

/// Errors and warnings of one file.
fn compile_alone(source: &str) -> (Vec<Remark>, Vec<Remark>) {
    if let Err(too_deep) = outline::read(source) {
        let fault = Fault::error("nested too deep", too_deep.message).help(too_deep.help);
        return (vec![(Some(too_deep.at), fault)], Vec::new());
    }
    let mut compiler = new_compiler();
    // The errors are kept by the compiler: all of them, not the first one only.
    let _ = compiler.add_source(source);
    let errors = compiler.errors().iter().map(error_remark).collect();
    (errors, compiler.warnings().iter().map(warning_remark).collect())
}

fn error_remark(error: &CompileError) -> Remark {
    let labels = error.labels().map(|label| (label.span().start(), label.text().to_owned()));
    let (at, message) = place(error.title(), labels.collect());
    (
        at,
        Fault::error("does not compile", message).help(format!("error {} of YARA-X", error.code())),
    )
}

fn warning_remark(warning: &Warning) -> Remark {
    let labels = warning.labels().map(|label| (label.span().start(), label.text().to_owned()));
    let (at, message) = place(warning.title(), labels.collect());
    let code = warning.code();
    (at, Fault::warning(code, message).help(format!("warning {code} of YARA-X")))
}

/// The place of the first label, and all words in one line.
fn place(title: &str, labels: Vec<(usize, String)>) -> (Option<usize>, String) {
    let texts = labels.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty());
    let words: Vec<&str> = std::iter::once(title).chain(texts).collect();
    let message = words.join(": ").replace(['\n', '\r'], " ");
    (labels.first().map(|(at, _)| *at), message)
}

/// Compiles the files as the engine does; gives the rules of each.
fn compile_together(files: &[RuleFile]) -> Result<Vec<Vec<RuleFacts>>, String> {
    let mut compiler = new_compiler();
    compiler.switch_all_warnings(false);
    for file in files {
        compiler.new_namespace(&file.namespace);
        let source = SourceCode::from(file.source.as_str()).with_origin(&file.path);
        compiler.add_source(source).map_err(|error| error.to_string())?;
    }
    let compiled = compiler.build();
    let mut rules = compiled.iter().peekable();
    let mut facts = Vec::with_capacity(files.len());
    for file in files {
        let mut own = Vec::new();
        while let Some(rule) = rules.next_if(|rule| rule.namespace() == file.namespace) {
            own.push(rule_facts(&rule));
        }
        facts.push(own);
    }
    match rules.next() {
        Some(rule) => Err(format!("rule {} is in no file's namespace", rule.identifier())),
        None => Ok(facts),
    }
}

fn rule_facts(rule: &Rule<'_, '_>) -> RuleFacts {
    let identifier = rule.identifier().to_owned();
    let mut facts = RuleFacts { name: identifier.clone(), identifier, faults: Vec::new() };
    for (key, value) in rule.metadata() {
        match (key, value) {
            ("name", MetaValue::String(name)) => match lint::name(name) {
                Ok(()) => facts.name = name.into(),
                Err(fault) => facts.faults.push(fault.weakened()),
            },
            ("class", value) => facts.faults.extend(class_fault(&value)),
            ("severity", value) => facts.faults.extend(severity_fault(&value)),
            _ => {}
        }
    }
    facts
}

fn class_fault(value: &MetaValue<'_>) -> Option<Fault> {
    let found = match value {
        MetaValue::String(class) if Class::from_name(class).is_some() => return None,
        MetaValue::String(class) => quoted(class),
        other => format!("{other:?}"),
    };
    let message = format!("class {found} is unknown and counts as malicious");
    Some(
        Fault::warning("class", message).help("classes are malicious, suspicious, pua and trusted"),
    )
}

fn severity_fault(value: &MetaValue<'_>) -> Option<Fault> {
    let message = match value {
        MetaValue::Integer(0..=100) => return None,
        MetaValue::Integer(number) => format!("severity {number} is outside of 0 to 100"),
        _ => "a severity is a number".into(),
    };
    Some(Fault::warning("severity", message).help("write a number from 0 to 100, without quotes"))
}
