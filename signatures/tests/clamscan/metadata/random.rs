//! Random records over random archives.

use proptest::prelude::*;

use super::archives::{Entry, tar, zip_with};
use crate::trial::Trial;

/// Numbers that meet often.
fn size() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(1), Just(7), Just(100), Just(300), 0..400_u32]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("*".to_owned()),
        2 => size().prop_map(|number| number.to_string()),
        3 => (size(), size()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        2 => prop::sample::select(vec!["a", "b", "c", "_", "/", "\\.", ".", "()"]),
        1 => prop::sample::select(vec!["[ab]", "[^a]", "[a-c]", "[-a]", "[^-b]", "[]a]", "[.b]"]),
    ];
    let times = prop::sample::select(vec!["", "", "", "*", "+", "?", "{2}", "{1,2}"]);
    let repeated = (character, times).prop_map(|(character, times)| format!("{character}{times}"));
    let branch = || prop::collection::vec(repeated.clone(), 1..4).prop_map(|atoms| atoms.concat());
    let times = prop::sample::select(vec!["", "+", "?"]);
    let group = (branch(), branch(), times)
        .prop_map(|(one, other, times)| format!("({one}|{other}){times}"));
    let middle = (branch(), prop::option::of(group), branch())
        .prop_map(|(before, group, behind)| before + &group.unwrap_or_default() + &behind);
    // Anchors only once at a place: ClamAV finds nothing where a border of a word is asked for twice.
    let start = prop::sample::select(vec!["", "", "^", "\\<", "(?i)", "(?i)^"]);
    let end = prop::sample::select(vec!["", "", "$", "\\>"]);
    (start, middle, end).prop_map(|(start, middle, end)| format!("{start}{middle}{end}"))
}

fn record() -> impl Strategy<Value = String> {
    let container = prop::sample::select(vec![
        "*",
        "*",
        "CL_TYPE_ANY",
        "CL_TYPE_ZIP",
        "CL_TYPE_POSIX_TAR",
        "CL_TYPE_OLD_TAR",
        "CL_TYPE_OOXML_WORD",
    ]);
    let name = prop_oneof![1 => Just("*".to_owned()), 2 => pattern()];
    let encrypted = prop::sample::select(vec!["*", "*", "0", "1"]);
    let position = prop::sample::select(vec!["*", "*", "0", "1", "2", "1-2", "2-4"]);
    (container, number(), name, number(), number(), encrypted, position).prop_map(
        |(container, container_size, name, packed, size, encrypted, position)| {
            format!(
                "{container}:{container_size}:{name}:{packed}:{size}:{encrypted}:{position}:*:*"
            )
        },
    )
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let letter = prop::sample::select(b"aabbcAB._/-\xc3 ".to_vec());
    let name = prop::collection::vec(letter, 1..8);
    prop_oneof![9 => name, 1 => Just(b"word/document.xml".to_vec())]
}

fn entry() -> impl Strategy<Value = Entry> {
    let lies = prop::option::weighted(0.3, (size(), size()));
    let flags = prop::sample::select(vec![0, 0, 0, 1, 8, 0x800]);
    (name(), size(), any::<bool>(), lies, prop::option::weighted(0.2, name()), flags).prop_map(
        |(name, size, is_stored, lies, other_name, flags)| {
            let data = vec![b'x'; size as usize];
            let mut entry = match is_stored {
                true => Entry::stored(&name, &data),
                false => Entry::deflated(&name, &data),
            };
            entry.local.flags = flags & 1;
            entry.central.flags = flags & !8;
            // Stored data are read in the length of every claim, and may so hold other archives.
            if let Some((packed, size)) = lies.filter(|_| !is_stored) {
                (entry.central.packed, entry.local.size) = (packed, size);
            }
            if let Some(name) = other_name {
                entry.local.name = name;
            }
            entry
        },
    )
}

fn archive() -> impl Strategy<Value = Vec<u8>> {
    let zip = (prop::collection::vec(entry(), 1..5), 0..200_usize)
        .prop_map(|(entries, comment)| zip_with(b"", &entries, &vec![b'c'; comment]));
    let behind = prop::collection::vec(entry(), 1..4)
        .prop_map(|entries| zip_with(&b"some text ".repeat(9), &entries, b""));
    let kind = prop::sample::select(b"00075\0L1gxSDQV".to_vec());
    let members = prop::collection::vec((name(), kind, size()), 1..5);
    let tar = (members, any::<bool>()).prop_map(|(members, is_posix)| {
        let members: Vec<_> = members
            .iter()
            .map(|(name, kind, size)| {
                // Of what is no file, some has data by its nature and some has none. Where that is
                // the other way round, ClamAV and we do not agree about what stands behind it.
                let size = match kind {
                    b'0' | 0 | b'7' | b'S' | b'D' | b'Q' => *size as usize,
                    b'L' | b'g' | b'x' => 10,
                    _ => 0,
                };
                (name.as_slice(), *kind, size)
            })
            .collect();
        tar(&members, is_posix)
    });
    prop_oneof![4 => zip, 1 => behind, 2 => tar]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn records_and_archives(
        records in prop::collection::vec(record(), 60),
        archives in prop::collection::vec(archive(), 12),
    ) {
        let mut trial = Trial::default();
        for (index, record) in records.iter().enumerate() {
            trial.source("t.cdb", format!("Random.{index}:{record}\n"));
        }
        for (index, archive) in archives.into_iter().enumerate() {
            trial.file(&format!("{index}"), archive);
        }
        trial.assert_same();
    }
}

/// Numbers that look thrown, and are the same each time.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % sides
    }
}
