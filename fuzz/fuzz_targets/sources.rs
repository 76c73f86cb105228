//! Compiles arbitrary bytes as a source of each kind; what compiles must open, and look at its own source.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pellucid::set::{SignatureSet, Unverified};
use pellucid::verdict::Reason;
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};

const NAMES: [&str; 24] = [
    "a.csv", "a.hdb", "a.hsb", "a.fp", "a.ndb", "a.ldb", "a.ldu", "set.toml", "a.db", "a.sdb",
    "a.mdb", "a.msb", "a.imp", "a.ign", "a.ign2", "a.cdb", "a.ftm", "a.crb", "a.pwdb", "a.idb",
    "a.zmd", "a.rmd", "a.wdb", "a.cat",
];

fuzz_target!(|data: &[u8]| {
    let Some((&kind, text)) = data.split_first() else { return };
    let name = NAMES[usize::from(kind) % NAMES.len()];
    let mut tree = SourceTree::new();
    tree.add(name, text);
    let Ok(build) = build_tree(tree, &BuildOptions::default()) else { return };
    let verified = Unverified::from_bytes(build.set).and_then(Unverified::verify);
    let set = SignatureSet::open(verified.expect("its own tree fits"));
    let set = set.expect("its own rows are right");
    let engine = Engine::builder().set(set).build().expect("an engine");
    let report = engine.scan(Input::Memory(text), &ScanOptions::default());
    let damaged = |reason: &Reason| matches!(reason, Reason::SetDamaged | Reason::InternalError);
    let problems = report.objects.iter().flat_map(|object| &object.problems);
    assert!(!problems.map(|problem| &problem.reason).any(damaged), "{report:?}");
});
