//! The numbers of verdicts, completeness and methods. 0 is none of them, so that memory that nobody
//! set never reads as "clean".

use std::ffi::{CStr, c_char};

use pellucid::verdict::{Completeness, Method, Verdict};

use crate::text::name_of;

/// Nothing was found in what was looked at. Only together with PELLUCID_COMPLETE does it mean clean.
pub const PELLUCID_VERDICT_CLEAN: u32 = 1;
/// An allow-list names this very content.
pub const PELLUCID_VERDICT_TRUSTED: u32 = 2;
/// Potentially unwanted: not harmful as such.
pub const PELLUCID_VERDICT_PUA: u32 = 3;
/// Built like something harmful.
pub const PELLUCID_VERDICT_SUSPICIOUS: u32 = 4;
/// Harmful. Verdicts are ordered: a larger number outweighs a smaller one.
pub const PELLUCID_VERDICT_MALICIOUS: u32 = 5;

/// All of it was looked at.
pub const PELLUCID_COMPLETE: u32 = 1;
/// Some of it was looked at; the reasons say what is missing.
pub const PELLUCID_PARTIAL: u32 = 2;
/// None of it was looked at; the reasons say why. Completeness is ordered: a larger number is worse.
pub const PELLUCID_NOT_SCANNED: u32 = 3;

/// Found by a digest of the whole object.
pub const PELLUCID_METHOD_HASH: u32 = 1;
/// Found by a byte pattern.
pub const PELLUCID_METHOD_PATTERN: u32 = 2;
/// Found by a logical expression over byte patterns.
pub const PELLUCID_METHOD_LOGICAL: u32 = 3;
/// Found by a YARA rule.
pub const PELLUCID_METHOD_YARA: u32 = 4;
/// A judgement of the engine itself.
pub const PELLUCID_METHOD_HEURISTIC: u32 = 5;
/// Found by a digest of one section of a Windows program; the offset is the section's.
pub const PELLUCID_METHOD_SECTION_HASH: u32 = 6;
/// Found by a digest of what a Windows program imports.
pub const PELLUCID_METHOD_IMPORT_HASH: u32 = 7;
/// A certificate of a signed program.
pub const PELLUCID_METHOD_CERTIFICATE: u32 = 8;
/// Found by what a container says of one of its entries.
pub const PELLUCID_METHOD_LISTING: u32 = 9;

pub(crate) fn verdict_number(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Clean => PELLUCID_VERDICT_CLEAN,
        Verdict::Trusted => PELLUCID_VERDICT_TRUSTED,
        Verdict::Pua => PELLUCID_VERDICT_PUA,
        Verdict::Suspicious => PELLUCID_VERDICT_SUSPICIOUS,
        Verdict::Malicious => PELLUCID_VERDICT_MALICIOUS,
    }
}

pub(crate) fn completeness_number(completeness: Completeness) -> u32 {
    match completeness {
        Completeness::Complete => PELLUCID_COMPLETE,
        Completeness::Partial => PELLUCID_PARTIAL,
        Completeness::NotScanned => PELLUCID_NOT_SCANNED,
    }
}

pub(crate) fn method_number(method: Method) -> u32 {
    match method {
        Method::Hash => PELLUCID_METHOD_HASH,
        Method::Pattern => PELLUCID_METHOD_PATTERN,
        Method::Logical => PELLUCID_METHOD_LOGICAL,
        Method::Yara => PELLUCID_METHOD_YARA,
        Method::Heuristic => PELLUCID_METHOD_HEURISTIC,
        Method::SectionHash => PELLUCID_METHOD_SECTION_HASH,
        Method::ImportHash => PELLUCID_METHOD_IMPORT_HASH,
        Method::Certificate => PELLUCID_METHOD_CERTIFICATE,
        Method::Listing => PELLUCID_METHOD_LISTING,
    }
}

const VERDICTS: &[(u32, &CStr)] = &[
    (PELLUCID_VERDICT_CLEAN, c"clean"),
    (PELLUCID_VERDICT_TRUSTED, c"trusted"),
    (PELLUCID_VERDICT_PUA, c"pua"),
    (PELLUCID_VERDICT_SUSPICIOUS, c"suspicious"),
    (PELLUCID_VERDICT_MALICIOUS, c"malicious"),
];

const COMPLETENESS: &[(u32, &CStr)] = &[
    (PELLUCID_COMPLETE, c"complete"),
    (PELLUCID_PARTIAL, c"partial"),
    (PELLUCID_NOT_SCANNED, c"not-scanned"),
];

const METHODS: &[(u32, &CStr)] = &[
    (PELLUCID_METHOD_HASH, c"hash"),
    (PELLUCID_METHOD_PATTERN, c"pattern"),
    (PELLUCID_METHOD_LOGICAL, c"logical"),
    (PELLUCID_METHOD_YARA, c"yara"),
    (PELLUCID_METHOD_HEURISTIC, c"heuristic"),
    (PELLUCID_METHOD_SECTION_HASH, c"section-hash"),
    (PELLUCID_METHOD_IMPORT_HASH, c"import-hash"),
    (PELLUCID_METHOD_CERTIFICATE, c"certificate"),
    (PELLUCID_METHOD_LISTING, c"listing"),
];

/// The name of a verdict, such as "malicious"; empty for a number that is none.
///
/// Static, ends with a NUL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_verdict_name(verdict: u32) -> *const c_char {
    name_of(VERDICTS, verdict).as_ptr()
}

/// The name of a completeness, such as "partial"; empty for a number that is none.
///
/// Static, ends with a NUL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_completeness_name(completeness: u32) -> *const c_char {
    name_of(COMPLETENESS, completeness).as_ptr()
}

/// The name of a method, such as "pattern"; empty for a number that is none.
///
/// Static, ends with a NUL. Any thread; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn pellucid_method_name(method: u32) -> *const c_char {
    name_of(METHODS, method).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(names: &[(u32, &'static CStr)]) -> Vec<(u32, &'static str)> {
        names.iter().map(|&(number, name)| (number, name.to_str().unwrap())).collect()
    }

    #[test]
    fn verdicts_keep_their_numbers_and_names() {
        let all = [
            (1, Verdict::Clean),
            (2, Verdict::Trusted),
            (3, Verdict::Pua),
            (4, Verdict::Suspicious),
            (5, Verdict::Malicious),
        ];
        assert_eq!(all.map(|(_, verdict)| verdict_number(verdict)), all.map(|(number, _)| number));
        assert_eq!(published(VERDICTS), all.map(|(number, verdict)| (number, verdict.name())));
    }

    #[test]
    fn completeness_keeps_its_numbers_and_names() {
        let all = [
            (1, Completeness::Complete),
            (2, Completeness::Partial),
            (3, Completeness::NotScanned),
        ];
        assert_eq!(all.map(|(_, known)| completeness_number(known)), all.map(|(number, _)| number));
        assert_eq!(published(COMPLETENESS), all.map(|(number, known)| (number, known.name())));
    }

    #[test]
    fn methods_keep_their_numbers_and_names() {
        let all = [
            (1, Method::Hash),
            (2, Method::Pattern),
            (3, Method::Logical),
            (4, Method::Yara),
            (5, Method::Heuristic),
            (6, Method::SectionHash),
            (7, Method::ImportHash),
            (8, Method::Certificate),
            (9, Method::Listing),
        ];
        assert_eq!(all.map(|(_, method)| method_number(method)), all.map(|(number, _)| number));
        assert_eq!(published(METHODS), all.map(|(number, method)| (number, method.name())));
    }

    #[test]
    fn zero_is_none_of_them() {
        for names in [VERDICTS, COMPLETENESS, METHODS] {
            assert_eq!(name_of(names, 0), c"");
        }
    }
}
