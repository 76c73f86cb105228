//! The built-in set's sources against samples made for every one of their rules.

mod builtin_samples;

use std::path::Path;

#[test]
fn every_rule_has_two_positive_and_two_negative_samples() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("sources");
    let names = builtin_samples::names_in_sources(&sources).unwrap();
    assert!(names.len() > 20, "the sources are read: {names:?}");
    assert_eq!(builtin_samples::uncovered(&names), Vec::<String>::new());
}

#[test]
fn a_scanner_that_finds_nothing_disagrees_with_every_positive_sample() {
    let positive = builtin_samples::samples().iter().filter(|s| !s.expect.is_empty()).count();
    assert_eq!(builtin_samples::disagreements(|_| Vec::new()).len(), positive);
}
