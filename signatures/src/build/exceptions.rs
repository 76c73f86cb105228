//! Exceptions on their way through the conductor: they are read before everything else, since they speak
//! of all the records of a build, wherever these come from.
//!
//! A record that one of them names is left out, and the report says by which. A name alone, without the
//! MD5 of a record, goes into the set as well, where it switches off signatures of lower sets.

use std::collections::BTreeMap;
use std::io::BufRead;

use md5::{Digest, Md5};

use super::{Builder, is_record};
use crate::diagnostic::{Diagnostic, Fault, quoted};
use crate::report::BuildError;
use crate::source::Current;
use crate::source::clamav::exception::{self, Exception};
use crate::source::lines::{Line, Lines};

/// The exceptions of a build.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    /// By name, and by name and record.
    all: BTreeMap<String, BTreeMap<Option<[u8; 16]>, Place>>,
}

/// Where an exception stands, and how many records it switched off.
#[derive(Debug)]
struct Place {
    kind: &'static str,
    shown: String,
    number: u64,
    line: Vec<u8>,
    used: u64,
}

impl Exceptions {
    /// Why a record of that name is left out, if it is. `line` is all of the record.
    pub(crate) fn of_record(&mut self, name: &str, line: &[u8]) -> Option<Fault> {
        let places = self.all.get_mut(name)?;
        if let Some(place) = places.get_mut(&None) {
            return Some(place.switch_off());
        }
        let md5: [u8; 16] = Md5::digest(line).into();
        places.get_mut(&Some(md5)).map(Place::switch_off)
    }

    /// The same for something that has a name and is no line.
    #[cfg_attr(not(feature = "yara"), allow(dead_code, reason = "only rules are no lines"))]
    pub(crate) fn of_name(&mut self, name: &str) -> Option<Fault> {
        self.all.get_mut(name)?.get_mut(&None).map(Place::switch_off)
    }

    /// The names that lower sets lose.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let alone = self.all.iter().filter(|(_, places)| places.contains_key(&None));
        alone.map(|(name, _)| name.as_str())
    }
}

impl Place {
    fn switch_off(&mut self) -> Fault {
        self.used = self.used.saturating_add(1);
        let message = format!("switched off by {}:{}", self.shown, self.number);
        Fault::skipped("switched off", message)
    }
}

impl Builder {
    /// Reads a file of exceptions.
    pub(super) fn exceptions(
        &mut self,
        current: &Current<'_>,
        input: &mut dyn BufRead,
    ) -> Result<(), BuildError> {
        self.report.file(current.kind);
        let mut lines = Lines::new(input);
        let mut taken = 0_u64;
        loop {
            let next = lines.next().map_err(|error| current.unreadable(error))?;
            let Some((number, line)) = next else { break };
            let (line, read) = match line {
                Line::Whole(line) if !is_record(line) => continue,
                Line::Whole(line) => (line, crate::lint::text(line).and_then(exception::record)),
                Line::TooLong { start, .. } => {
                    (start, Err(Fault::error("line too long", "no name is so long")))
                }
            };
            match read {
                Ok(exception) => {
                    self.exception(current, number, line, &exception);
                    taken = taken.saturating_add(1);
                }
                Err(fault) => self.leave_out(current, number, line, fault),
            }
        }
        self.report.taken(current.kind, taken);
        Ok(())
    }

    fn exception(
        &mut self,
        current: &Current<'_>,
        number: u64,
        line: &[u8],
        exception: &Exception<'_>,
    ) {
        if let Some(name) = exception.name.strip_suffix(".UNOFFICIAL") {
            let fault = Fault::warning("unofficial", "names in sources have no `.UNOFFICIAL`")
                .help(format!("write {}; ClamAV adds the rest when it reports", quoted(name)));
            self.report.say(current.kind, fault, |fault| {
                Diagnostic::of_line(current.shown, number, line, fault)
            });
        }
        let places = self.exceptions.all.entry(exception.name.to_owned()).or_default();
        places.entry(exception.record).or_insert_with(|| Place {
            kind: current.kind,
            shown: current.shown.to_owned(),
            number,
            line: line.to_vec(),
            used: 0,
        });
    }

    /// Counts what was switched off, and speaks of exceptions for records that are not there.
    pub(super) fn account_for_exceptions(&mut self) {
        let places = self.exceptions.all.values().flat_map(|places| places.iter());
        for (record, place) in places {
            self.report.switched_off = self.report.switched_off.saturating_add(place.used);
            if place.used == 0 && record.is_some() {
                let fault = Fault::note("no effect", "no record here has this name and MD5");
                self.report.say(place.kind, fault, |fault| {
                    Diagnostic::of_line(&place.shown, place.number, &place.line, fault)
                });
            }
        }
    }
}
