//! Databases of ClamAV on their way through the conductor: which copy is taken, and file by file what is
//! in it.
//!
//! Of several databases of one name in one folder (`daily.cvd` and `daily.cld`) ClamAV loads the newest
//! by the version in the header, and of the same version the updated one. So does Pellucid, with one
//! difference: a copy that is damaged or not signed does not keep an older one from being taken.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::Builder;
use crate::diagnostic::{Diagnostic, Fault, quoted};
use crate::report::{BuildError, DatabaseReport, OTHER_FILE};
use crate::source::compressed::{Trouble, strip_gz};
use crate::source::database::{self, Database, Kind, Members};
use crate::source::tree::SourceFile;
use crate::source::{self, Current, Format, Reader, clamav};

/// Databases by folder and name, without extension.
type Copies<'t> = BTreeMap<&'t str, Vec<Candidate<'t>>>;

/// The copy of each that is taken.
pub(super) type Chosen<'t> = BTreeMap<&'t str, Taken<'t>>;

/// A database that was checked.
pub(super) struct Taken<'t> {
    file: &'t SourceFile,
    /// What the report calls it.
    kind: &'static str,
    database: Database,
}

/// One of several databases of a name.
#[derive(Clone, Copy)]
struct Candidate<'t> {
    file: &'t SourceFile,
    kind: Kind,
    /// What the report calls it.
    format: &'static Format,
}

/// Finds the databases among the files.
fn copies(files: &[SourceFile]) -> Copies<'_> {
    let mut copies = Copies::new();
    for file in files {
        if let Some(format) = source::format_of(&file.path)
            && let Reader::Database(kind) = format.reader
        {
            let copy = Candidate { file, kind, format };
            copies.entry(stem(&file.path)).or_default().push(copy);
        }
    }
    copies
}

/// A path without the extension that says its format.
pub(super) fn stem(path: &str) -> &str {
    let path = strip_gz(path).unwrap_or(path);
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

impl Builder {
    /// Chooses the newest good copy of each database.
    pub(super) fn choose<'t>(&mut self, files: &'t [SourceFile]) -> Result<Chosen<'t>, BuildError> {
        let mut chosen = Chosen::new();
        for (stem, copies) in copies(files) {
            if let Some(taken) = self.newest(copies)? {
                chosen.insert(stem, taken);
            }
        }
        Ok(chosen)
    }

    fn newest<'t>(
        &mut self,
        mut copies: Vec<Candidate<'t>>,
    ) -> Result<Option<Taken<'t>>, BuildError> {
        copies.sort_by_cached_key(|copy| {
            let is_updated = copy.kind == Kind::Cld;
            (Reverse(version(copy.file)), Reverse(is_updated), copy.file.path.clone())
        });
        let mut taken: Option<Taken<'t>> = None;
        for Candidate { file, kind, format } in copies {
            self.report.file(format.kind);
            if let Some(Taken { file: other, database, .. }) = &taken {
                let (version, path) = (database.header.version, quoted(&other.path));
                let message = format!("version {version} in {path} is taken instead");
                let fault = Fault::skipped("another copy", message);
                self.report.leave_out_file(&file.shown, format.kind, fault);
                continue;
            }
            match database::check(file, kind, &self.keys) {
                Ok(database) => taken = Some(Taken { file, kind: format.kind, database }),
                Err(trouble) => self.refuse_file(file, format.kind, trouble)?,
            }
        }
        Ok(taken)
    }

    /// Reads the exceptions in those databases that have some.
    pub(super) fn exceptions_of_databases(
        &mut self,
        chosen: &Chosen<'_>,
    ) -> Result<(), BuildError> {
        for taken in chosen.values().filter(|taken| taken.database.has_exceptions) {
            self.members(taken, |builder, current, format, content| match format {
                Some(format) if format.is_exceptions() => builder.exceptions(current, content),
                _ => Ok(()),
            })?;
        }
        Ok(())
    }

    /// Takes the files of a database that was checked.
    pub(super) fn database(&mut self, taken: &Taken<'_>) -> Result<(), BuildError> {
        self.tell_database(taken.file, taken.kind, &taken.database);
        self.members(taken, |builder, current, format, content| match format {
            Some(format) if format.is_exceptions() => Ok(()), // they were read before
            Some(format) => builder.records(current, format, content),
            None => {
                builder.unknown(current.shown);
                Ok(())
            }
        })
    }

    /// Goes through the files of a database.
    fn members(
        &mut self,
        Taken { file, database, .. }: &Taken<'_>,
        mut take: impl FnMut(
            &mut Self,
            &Current<'_>,
            Option<&Format>,
            &mut dyn BufRead,
        ) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let unreadable = |trouble| match trouble {
            Trouble::Unreadable(error) => file.unreadable(error),
            Trouble::Fault(fault) => file.unreadable(io::Error::other(fault.message)),
        };
        let mut input = file.open()?;
        let mut members = Members::new(&mut *input).map_err(unreadable)?;
        while let Some(name) = members.next().map_err(unreadable)? {
            let path = format!("{}/{name}", file.path);
            let shown = format!("{}/{name}", file.shown);
            let format = source::format_of(&name).filter(|_| strip_gz(&name).is_none());
            let kind = format.map_or(OTHER_FILE, |format| format.kind);
            let current = Current { path: &path, shown: &shown, kind };
            take(self, &current, format, &mut members.content())?;
        }
        members.finish(database).map_err(unreadable)
    }

    fn tell_database(&mut self, file: &SourceFile, kind: &'static str, database: &Database) {
        let Database { header, signed, .. } = database;
        if header.level > clamav::LEVEL {
            let message = format!(
                "made for engine level {}; Pellucid stands for {}",
                header.level,
                clamav::LEVEL
            );
            let fault = Fault::warning("engine level", message)
                .help("records that need that level are skipped one by one");
            self.report.say(kind, fault, |fault| Diagnostic::of_file(&file.shown, fault));
        }
        self.report.databases.push(DatabaseReport {
            file: file.shown.clone(),
            version: header.version,
            built: header.time.clone(),
            builder: header.builder.clone(),
            level: header.level,
            declared_signatures: header.signatures,
            signed: *signed,
        });
    }
}

/// The version that a database claims; the oldest of all where it claims none.
fn version(file: &SourceFile) -> u64 {
    let header = file.read().map_err(Trouble::from);
    let header = header.and_then(|mut input| database::read_header(&mut *input));
    header.map_or(0, |header| header.version)
}

#[cfg(test)]
mod tests {
    use pellucid::set::{SignatureSet, Unverified};

    use super::super::{Build, BuildOptions, build_with_keys};
    use super::*;
    use crate::diagnostic::Level;
    use crate::report::BuildReport;
    use crate::source::database::samples::{Sample, gzip, sample};
    use crate::source::database::signature::tests::keys;
    use crate::source::tree::SourceTree;
    use Kind::{Cld, Cud, Cvd};

    const MD5: &str = "0123456789abcdef0123456789abcdef";

    /// A database with one signature of this name.
    fn named(kind: Kind, name: &str, version: u64) -> Vec<u8> {
        let list = format!("{MD5}:5:{name}\n");
        sample(kind, &[("a.hdb", &list)]).version(version).listed().bytes()
    }

    fn built(files: &[(&str, Vec<u8>)]) -> Build {
        let mut tree = SourceTree::new();
        for (path, bytes) in files {
            tree.add(*path, bytes.clone());
        }
        build_with_keys(tree, &BuildOptions::default(), keys()).unwrap()
    }

    fn taken(report: &BuildReport) -> Vec<&str> {
        report.databases.iter().map(|database| database.file.as_str()).collect()
    }

    fn said(report: &BuildReport) -> Vec<String> {
        report.diagnostics.iter().map(|said| format!("{}: {}", said.file, said.message)).collect()
    }

    #[test]
    fn what_is_in_a_database_is_read_like_files() {
        let files = [
            ("a.ndb", "A:0:*:61626364\nbroken\n"),
            ("a.cbc", "binary\n"),
            ("a.idb", "icon one\nicon two\n"),
            ("empty.idb", "# only a comment\n"),
            ("a.cvd", "another"),
            ("a.ndb.gz", "packed"),
            ("notes", "words"),
        ];
        for (path, kind) in [("x/daily.cvd", Cvd), ("x/daily.cld", Cld), ("x/daily.cud", Cud)] {
            let Build { set, report } = built(&[(path, sample(kind, &files).listed().bytes())]);
            let total = report.total;
            assert_eq!((total.taken, total.skipped, total.refused), (1, 5, 2), "{report}");
            let said = said(&report);
            assert!(said[0].starts_with(&format!("{path}/a.ndb: the target")), "{said:?}");
            assert_eq!(report.diagnostics[0].line, Some(2));
            assert_eq!(said[1], format!("{path}/a.cbc: the file is left out"));
            assert_eq!(said[2], format!("{path}/a.idb: 2 records left out"));
            assert_eq!(said[3], format!("{path}/a.cvd: a database inside of a database"));
            assert!(said[4].starts_with(&format!("{path}/a.ndb.gz: no source format")));
            assert!(said[5].starts_with(&format!("{path}/notes: no source format")));
            assert_eq!((said.len(), report.files), (6, 8));
            let [database] = report.databases.as_slice() else { panic!("{report}") };
            assert_eq!((database.version, database.signed), (7, kind != Cud));
            let set = Unverified::from_bytes(set).and_then(Unverified::verify);
            assert_eq!(SignatureSet::open(set.unwrap()).unwrap().counts().signatures, 1);
        }
    }

    #[test]
    fn the_newest_copy_is_taken() {
        for (cvd, cld, expected) in [(7, 8, "daily.cld"), (8, 7, "daily.cvd"), (7, 7, "daily.cld")]
        {
            let report = built(&[
                ("daily.cvd", named(Cvd, "Whole", cvd)),
                ("daily.cld", named(Cld, "Updated", cld)),
                ("other/daily.cvd", named(Cvd, "Elsewhere", 1)),
            ])
            .report;
            assert_eq!(taken(&report), [expected, "other/daily.cvd"]);
            assert_eq!((report.total.taken, report.total.skipped), (2, 1));
            let said = said(&report);
            assert!(said[0].ends_with(&format!("in `{expected}` is taken instead")), "{said:?}");
        }
    }

    #[test]
    fn exceptions_of_one_database_speak_of_all() {
        let list = format!("{MD5}:5:A\n{MD5}:6:B\n");
        let exceptions = sample(Cvd, &[("a.hdb", &list), ("z.ign2", "A\n")]).listed().bytes();
        let report = built(&[
            ("a.cvd", named(Cvd, "A", 1)),
            ("b.cvd", exceptions),
            ("c.hdb", list.into_bytes()),
        ])
        .report;
        assert_eq!((report.switched_off, report.total.taken), (3, 3), "{report}");
        assert_eq!((report.files, report.kinds["ClamAV exception"].files), (6, 1));
        // A copy that is not taken has no say.
        let other = sample(Cvd, &[("z.ign2", "A\n")]).listed().version(1).bytes();
        let report = built(&[("a.cvd", named(Cvd, "A", 2)), ("a.cld", other)]).report;
        assert_eq!((report.switched_off, report.total.taken), (0, 1), "{report}");
    }

    #[test]
    fn a_bad_copy_does_not_stand_in_the_way_of_a_good_one() {
        let unlisted = sample(Cld, &[("a.hdb", "")]).listed().version(9);
        let report = built(&[
            ("daily.cvd", named(Cvd, "Whole", 7)),
            ("daily.cld", unlisted.bytes()),
            ("a.cvd", b"nothing of the kind".to_vec()),
        ])
        .report;
        assert_eq!(taken(&report), ["daily.cvd"]);
        assert_eq!((report.total.taken, report.total.refused), (1, 2));
        assert_eq!(report.kinds["ClamAV database"].reasons["header"], 2);
        assert_eq!(report.count(Level::Error), 2);
    }

    #[test]
    fn a_database_for_a_later_level_is_taken_with_a_word() {
        let bytes = Sample { level: 999, ..sample(Cud, &[("a.hdb", &format!("{MD5}:5:A\n"))]) };
        let bytes = bytes.listed().bytes();
        let report = built(&[("x.cud", bytes)]).report;
        assert_eq!(said(&report), ["x.cud: made for engine level 999; Pellucid stands for 216"]);
        assert_eq!(report.total.taken, 1);
    }

    #[test]
    fn a_line_without_end_costs_itself() {
        let text = format!("{MD5}:5:A\n{}\n{MD5}:6:B\n", "x".repeat(4 << 20));
        let bytes = sample(Cvd, &[("a.hdb", &text)]).listed().bytes();
        assert!(bytes.len() < 1 << 16, "it is a small bomb");
        let report = built(&[("x.cvd", bytes)]).report;
        assert_eq!((report.total.taken, report.total.refused), (2, 1));
        assert_eq!(report.kinds["ClamAV hash"].reasons["line too long"], 1);
    }

    #[test]
    fn compressed_copies_are_read() {
        let list = format!("{MD5}:5:A\n").into_bytes();
        let report = built(&[
            ("a.hdb.gz", gzip(&list)),
            ("daily.cvd.gz", gzip(&named(Cvd, "Whole", 7))),
            ("cut.hdb.gz", gzip(&list)[..20].to_vec()),
            ("not.hdb.gz", list),
        ])
        .report;
        assert_eq!((report.total.taken, report.total.refused), (2, 2), "{report}");
        assert_eq!(taken(&report), ["daily.cvd.gz"]);
        let reasons = &report.kinds["ClamAV hash"].reasons;
        assert_eq!((reasons["truncated"], reasons["damaged"]), (1, 1));
    }
}
