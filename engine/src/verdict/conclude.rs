//! From findings to a verdict: what an allow-list overrules, and what remains.

use std::collections::HashMap;

use super::{Class, Completeness, Finding, Object, Report, Verdict};
use crate::scan::Raised;

/// Removes the findings that an allow-list overrules. A `trusted` hit on an object speaks for that
/// object and everything in it, against its own set and all lower ones.
pub(crate) fn overrule(raised: Vec<Raised>, objects: &[Object]) -> Vec<Finding> {
    let mut trusted: HashMap<usize, usize> = HashMap::new();
    for Raised { finding, height } in &raised {
        if finding.class == Class::Trusted {
            let highest = trusted.entry(finding.object).or_insert(*height);
            *highest = (*highest).max(*height);
        }
    }
    let remains = |raised: &Raised| {
        let allowed_up_to = highest_trust(raised.finding.object, objects, &trusted);
        raised.finding.class == Class::Trusted
            || allowed_up_to.is_none_or(|highest| highest < raised.height)
    };
    raised.into_iter().filter(remains).map(|raised| raised.finding).collect()
}

/// The highest set that trusts an object or one that it lies in.
fn highest_trust(
    object: usize,
    objects: &[Object],
    trusted: &HashMap<usize, usize>,
) -> Option<usize> {
    if trusted.is_empty() {
        return None;
    }
    let way_up = std::iter::successors(Some(object), |&index| objects.get(index)?.parent);
    way_up.filter_map(|index| trusted.get(&index).copied()).max()
}

/// The report over what remains.
pub(crate) fn report(findings: Vec<Finding>, objects: Vec<Object>, bytes: u64) -> Report {
    let harmful = findings.iter().filter(|finding| finding.class != Class::Trusted);
    let trusted = findings.iter().any(|f| f.class == Class::Trusted && f.object == 0);
    let clean = if trusted { Verdict::Trusted } else { Verdict::Clean };
    let verdict = harmful.map(|finding| finding.class.verdict()).max().unwrap_or(clean);
    let completeness = completeness(&objects);
    Report { verdict, completeness, findings, objects, bytes, ..Report::default() }
}

/// The file is complete if all its objects are, and not scanned only if the file itself was not.
fn completeness(objects: &[Object]) -> Completeness {
    let whole = objects.iter().all(|object| object.completeness == Completeness::Complete);
    match objects.first() {
        Some(file) if file.completeness == Completeness::NotScanned => Completeness::NotScanned,
        _ if whole => Completeness::Complete,
        _ => Completeness::Partial,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Method;

    fn raised(class: Class, object: usize, height: usize) -> Raised {
        let finding = Finding {
            name: class.name().into(),
            class,
            method: Method::Hash,
            severity: 0,
            object,
            offset: None,
            view: None,
            set: String::new(),
            source: String::new(),
            author: String::new(),
            licence: String::new(),
        };
        Raised { finding, height }
    }

    fn nested(count: usize) -> Vec<Object> {
        let object = |index: usize| Object { parent: index.checked_sub(1), ..Object::default() };
        (0..count).map(object).collect()
    }

    fn verdict(raised: Vec<Raised>) -> Verdict {
        let objects = nested(3);
        report(overrule(raised, &objects), objects, 0).verdict
    }

    #[test]
    fn trust_speaks_for_the_object_and_all_in_it() {
        assert_eq!(verdict(vec![raised(Class::Malicious, 2, 0)]), Verdict::Malicious);
        let trusted_file = vec![raised(Class::Malicious, 2, 0), raised(Class::Trusted, 0, 0)];
        assert_eq!(verdict(trusted_file), Verdict::Trusted);
        let trusted_part = vec![raised(Class::Malicious, 0, 0), raised(Class::Trusted, 1, 0)];
        assert_eq!(verdict(trusted_part), Verdict::Malicious, "trust does not climb");
        let only_inside = vec![raised(Class::Malicious, 2, 0), raised(Class::Trusted, 2, 0)];
        assert_eq!(verdict(only_inside), Verdict::Clean, "the file itself is not on the list");
    }

    #[test]
    fn an_upper_set_is_not_overruled_by_a_lower_one() {
        let lower_trust = vec![raised(Class::Malicious, 0, 1), raised(Class::Trusted, 0, 0)];
        assert_eq!(verdict(lower_trust), Verdict::Malicious);
        let upper_trust = vec![raised(Class::Malicious, 0, 0), raised(Class::Trusted, 0, 1)];
        assert_eq!(verdict(upper_trust), Verdict::Trusted);
    }

    #[test]
    fn one_incomplete_object_makes_the_file_partial() {
        let mut objects = nested(2);
        assert_eq!(completeness(&objects), Completeness::Complete);
        objects[1].completeness = Completeness::NotScanned;
        assert_eq!(completeness(&objects), Completeness::Partial);
        objects[0].completeness = Completeness::NotScanned;
        assert_eq!(completeness(&objects), Completeness::NotScanned);
    }
}
