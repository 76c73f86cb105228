//! Scans with sets whose rows are forged: a sound set of every kind of signature, any of its bytes
//! changed behind the header, its hash tree made to agree. What opens must scan, may miss what it names,
//! and never does worse.

#![no_main]

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use pellucid::set::layout::Header;
use pellucid::set::{SignatureSet, Unverified, tree};
use pellucid::{Engine, Input, ScanOptions};
use pellucid_signatures::{BuildOptions, SourceTree, build_tree};
use zerocopy::FromBytes;

/// Some neighbouring bytes that are changed.
#[derive(Arbitrary, Debug)]
struct Change {
    at: u16,
    bytes: [u8; 4],
    count: u8,
}

/// The bytes of the set that its tree covers.
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut sources = SourceTree::new();
    sources.add(
        "a.ndb",
        "One:0:*:6f6e652070696563652061742061\nTwo:0:*:74776f2070696563657320*6f662069742066\n\
         Program:1:*:6f6e652070696563652061742063\nStart:0:0:64617461\nEnd:0:EOF-4,2:7465??74\nShort:0:*:6f74\nChoice:0:*:{-4}61(6262|63)(L)\n",
    );
    sources.add(
        "a.ldb",
        "And;Engine:81-255,Target:0;0&1>1&2;6c6f676963616c2070617274;6c617465;706172743f?0a::i\n\
         Never;Engine:81-255,Target:0;0=0;6e65766572207468657265\n\
         Regex;Engine:81-255,Target:0;0&1;6c6f676963616c;0/log+[a-z]*/i\n\
         Byte;Engine:81-255,Target:0;0&1;6c6f676963616c;0(>>0#ib1#>1)\n",
    );
    sources.add("a.hdb", "900150983cd24fb0d6963f7d28e17f72:3:Hash\n");
    let mut set = build_tree(sources, &BuildOptions::default()).expect("a set").set;
    let (header, _) = Header::ref_from_prefix(&set).expect("a header");
    let body = header.tree_offset.get() as usize;
    set.truncate(body);
    set
});

const TEXT: &[u8] =
    b"data: one piece at a. two pieces of it. two pieces of it for all. a bb logical part \
    one, late, late; otter test";

fuzz_target!(|bytes: &[u8]| {
    let mut forged = SOUND.clone();
    let mut input = Unstructured::new(bytes);
    while let Ok(change) = Change::arbitrary(&mut input) {
        let at = size_of::<Header>() + usize::from(change.at);
        let places = forged.iter_mut().skip(at).take(usize::from(change.count % 16));
        places.zip(change.bytes.iter().cycle()).for_each(|(place, byte)| *place = *byte);
        if input.is_empty() {
            break;
        }
    }
    let leaves: Vec<_> = tree::leaves(&forged).collect();
    forged.extend_from_slice(leaves.as_flattened());
    forged.extend_from_slice(&tree::root(&leaves));
    let Ok(verified) = Unverified::from_bytes(forged).and_then(Unverified::verify) else { return };
    let Ok(set) = SignatureSet::open(verified) else { return };
    let _ = set.check_all();
    let Ok(engine) = Engine::builder().set(set).build() else { return };
    let options = ScanOptions { limits: pellucid_fuzz::tiny_limits(), ..ScanOptions::default() };
    for text in [TEXT, b"abc", &[b"MZ", TEXT].concat()] {
        engine.scan(Input::Memory(text), &options);
    }
});
