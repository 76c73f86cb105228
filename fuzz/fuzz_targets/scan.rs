//! Scans arbitrary bytes from end to end under limits that are reached soon.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pellucid::set::{SignatureSet, Unverified};
use pellucid::verdict::Completeness;
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

const PATTERNS: &str = "\
A:0:*:4d5a??00
B:0:0:504b0304
C:1:EP+0:558bec
D:6:S0+0:7f454c46
E:0:EOF-4:00000000
F:0:*:75737461{1-20}(30|20)*0000
";

const LOGICALS: &str = "\
G;Engine:81-255,Target:0;(0|1)>2,1;68656c6c6f;776f726c64::i
H;Engine:81-255,Target:0;0=0&1;deadbeef;0000
";

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut tree = SourceTree::new();
    tree.add("a.ndb", PATTERNS).add("a.ldb", LOGICALS);
    tree.add(
        "a.csv",
        "d41d8cd98f00b204e9800998ecf8427f,Other\n900150983cd24fb0d6963f7d28e17f72,Abc\n",
    );
    let set = build_tree(tree, &BuildOptions::default()).expect("a set").set;
    let verified = Unverified::from_bytes(set).and_then(Unverified::verify).expect("verifies");
    let set = SignatureSet::open(verified).expect("opens");
    Engine::builder().set(set).build().expect("an engine")
});

fuzz_target!(|data: &[u8]| {
    let options = ScanOptions { limits: pellucid_fuzz::tiny_limits(), ..ScanOptions::default() };
    let report = ENGINE.scan(Input::Memory(data), &options);
    assert!(!report.objects.is_empty());
    assert!(report.objects.len() as u64 <= options.limits.objects);
    assert_eq!(report.completeness == Completeness::Complete, report.reasons().is_empty());
    assert!(!report.reasons().iter().any(|reason| reason.to_string() == "internal-error"));
    for (index, object) in report.objects.iter().enumerate() {
        assert!(object.parent.is_none_or(|parent| parent < index));
    }
});
