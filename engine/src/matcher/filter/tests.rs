//! Every kernel against a search without any cleverness, over all widths, steps and borders.

use proptest::prelude::*;

use super::*;
use crate::set::Damaged;
use crate::set::layout::{AnchorRow, BucketRow, CELLS};

/// A pattern of which a run is known, as long as its class asks for or a byte longer.
#[derive(Clone, Debug)]
struct Run {
    bytes: Vec<u8>,
    class: usize,
}

const CLASSES: [(u8, u8); 13] = [
    (8, 8),
    (8, 4),
    (6, 4),
    (4, 4),
    (8, 2),
    (7, 2),
    (5, 2),
    (4, 2),
    (8, 1),
    (4, 1),
    (3, 1),
    (2, 1),
    (1, 1),
];

fn run() -> impl Strategy<Value = Run> {
    let byte = prop::sample::select(vec![0, b'a', b'A', b'b', 0xff, 0x20, 0x5b]);
    let parts = (prop::collection::vec(byte, 16), 0..CLASSES.len(), 0..2_usize);
    parts.prop_map(|(mut bytes, class, longer)| {
        let (width, step) = CLASSES[class];
        bytes.truncate(Plan::new(width, step).run() + longer);
        Run { bytes, class }
    })
}

/// The tables of some runs.
fn tables(runs: &[Run]) -> (Written, Vec<AnchorRow>) {
    let mut plans: Vec<Plan> =
        CLASSES.iter().map(|&(width, step)| Plan::new(width, step)).collect();
    let mut anchors = Vec::new();
    for run in runs {
        let plan = &mut plans[run.class];
        plan.add(&run.bytes, anchors.len() as u32);
        let last = run.bytes[run.bytes.len() - 1];
        anchors.push(AnchorRow {
            segment: 0.into(),
            lead_min: 0.into(),
            spread: 0.into(),
            check_at: (run.bytes.len() as i16 - 1).into(),
            check: u64::from(last).into(),
            check_mask: 0xff.into(),
        });
    }
    (write(&plans, anchors.len()).unwrap(), anchors)
}

/// The runs that are there, letters in either case, found by comparing at every position.
fn naive(runs: &[Run], data: &[u8]) -> Vec<Seen> {
    let folded = |bytes: &[u8]| bytes.iter().map(|byte| byte & 0xdf).collect::<Vec<u8>>();
    let mut seen = Vec::new();
    for (anchor, run) in (0..).zip(runs) {
        for (start, text) in data.windows(run.bytes.len()).enumerate() {
            if folded(text) == folded(&run.bytes) && text.last() == run.bytes.last() {
                seen.push(Seen { anchor, run: start });
            }
        }
    }
    seen
}

/// Keeps what it is told of.
#[derive(Default)]
struct Kept {
    seen: Vec<Seen>,
    damaged: Option<Damaged>,
    spent: u64,
}

impl Sink<()> for Kept {
    fn seen(&mut self, seen: Seen) -> Result<(), ()> {
        self.seen.push(seen);
        Ok(())
    }

    fn spend(&mut self, cells: u64) -> Result<(), ()> {
        self.spent += cells;
        Ok(())
    }

    fn damaged(&mut self, damaged: Damaged) {
        self.damaged = Some(damaged);
    }
}

fn search(runs: &[Run], data: &[u8], kernel: Kernel) -> Vec<Seen> {
    let (written, anchors) = tables(runs);
    let sections = Sections {
        tables: &written.tables,
        filters: &written.filters,
        buckets: written.buckets.as_slice().into(),
        anchors: anchors.as_slice().into(),
    };
    assert_eq!((check(&sections), check_all(&sections)), (Ok(()), Ok(())));
    let search = Search::new(&sections, kernel, |_| true);
    let (mut buffers, mut kept) = (Buffers::default(), Kept::default());
    for start in (0..data.len()).step_by(REGION) {
        let region = start..data.len().min(start + REGION);
        search.region(data, region, &mut buffers, &mut kept).unwrap();
    }
    assert!(kept.damaged.is_none() && kept.spent >= kept.seen.len() as u64);
    let mut seen = kept.seen;
    // What is only partly there may be seen too: windows are, the rest is for the verification.
    seen.retain(|at| {
        let run = &runs[at.anchor as usize].bytes;
        let text = data.get(at.run..at.run + run.len());
        text.is_some_and(|text| {
            text.iter().zip(run).all(|(a, b)| a & 0xdf == b & 0xdf) && text.last() == run.last()
        })
    });
    seen.sort();
    seen.dedup();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 3 } else { 300 }))]

    #[test]
    fn every_run_is_seen_by_every_kernel(
        runs in prop::collection::vec(run(), 1..12),
        pieces in prop::collection::vec((0..12_usize, 0..20_usize), 0..40),
        large in prop::bool::weighted(0.2),
    ) {
        let mut data = vec![b'x'; if large && !cfg!(miri) { 4090 } else { 0 }];
        for (number, gap) in pieces {
            data.extend_from_slice(&runs[number % runs.len()].bytes);
            data.resize(data.len() + gap, 0);
        }
        let expected = naive(&runs, &data);
        for kernel in Kernel::available() {
            prop_assert_eq!(&search(&runs, &data, kernel), &expected, "{:?}", kernel);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "four million bytes")]
fn runs_across_blocks_and_regions_are_seen() {
    let runs: Vec<Run> = (0..CLASSES.len())
        .map(|class| {
            let (width, step) = CLASSES[class];
            let bytes = b"0123456789abcde"[..Plan::new(width, step).run()].to_vec();
            Run { bytes, class }
        })
        .collect();
    let mut places: Vec<usize> = (0..16).map(|before| 4096 - before).collect();
    places.extend([REGION - 9, REGION - 1]);
    for place in places {
        let mut data = vec![b'x'; place];
        data.extend_from_slice(b"0123456789abcde");
        let expected: Vec<Seen> = (0..runs.len() as u32)
            .map(|anchor| Seen { anchor, run: place })
            .filter(|seen| runs[seen.anchor as usize].bytes.len() > 1)
            .collect();
        let mut seen = search(&runs, &data, Kernel::best());
        seen.retain(|seen| runs[seen.anchor as usize].bytes.len() > 1);
        assert_eq!(seen, expected, "{place}");
    }
}

#[test]
fn data_that_is_nothing_but_windows_is_looked_up_in_full() {
    let run = Run { bytes: vec![0; 15], class: 0 };
    let data = vec![0; if cfg!(miri) { 2_000 } else { 20_000 }];
    for kernel in Kernel::available() {
        let seen = search(std::slice::from_ref(&run), &data, kernel);
        assert_eq!(seen.len(), data.len() - 14, "{kernel:?}");
    }
}

#[test]
fn forged_tables_are_refused_or_harmless() {
    let runs = [&b"0123456789abcde"[..], b"edcba9876543210"];
    let runs = runs.map(|bytes| Run { bytes: bytes.to_vec(), class: 0 });
    let (written, anchors) = tables(&runs);
    let good = written.tables[0];
    let changes: [fn(&mut crate::set::layout::TableRow); 13] = [
        |row| row.width = 9,
        |row| row.width = 0,
        |row| row.width = 7, // Probes eight bytes apart need windows of eight.
        |row| row.step = 3,
        |row| row.log2_words = 29,
        |row| row.log2_words += 1,
        |row| row.buckets = 0.into(),
        |row| row.buckets_at = 9.into(),
        |row| row.row_bits = 30,
        |row| row.beside = 5,
        |row| row.target = 200,
        |row| row.words_at = 8.into(),
        |row| row.all_buckets = u32::MAX.into(),
    ];
    for change in changes {
        let mut row = good;
        change(&mut row);
        let rows = [row];
        let sections = Sections {
            tables: &rows,
            filters: &written.filters,
            buckets: written.buckets.as_slice().into(),
            anchors: anchors.as_slice().into(),
        };
        assert_eq!(check(&sections), Err(0), "{row:?}");
    }
    let of = |cell: u32, next: u32| {
        vec![BucketRow { cells: [cell.into(); CELLS], next: next.into() }; written.buckets.len()]
    };
    let holes = written.buckets.iter().map(|bucket| BucketRow {
        cells: std::array::from_fn(|slot| match slot {
            0 => 0.into(),
            _ => bucket.cells[slot - 1],
        }),
        next: 0.into(),
    });
    // Another tag; no row; buckets that go on with others that are not there; cells behind a gap,
    // which may be found.
    let none = of(0b1110_0000, 0);
    for (buckets, most, is_damaged) in [
        (of(u32::MAX, 0), 0, false),
        (none, 0, false),
        (of(0, u32::MAX), 0, true),
        (holes.collect(), 4, false),
    ] {
        let sections = Sections {
            tables: &written.tables,
            filters: &written.filters,
            buckets: buckets.as_slice().into(),
            anchors: anchors.as_slice().into(),
        };
        let mut buffers = Buffers::default();
        let text = b"0123456789abcdeedcba98765432100123456789abcde";
        let search = Search::new(&sections, Kernel::best(), |_| true);
        let mut kept = Kept::default();
        let found = search.region(text, 0..text.len(), &mut buffers, &mut kept);
        assert_eq!(found, Ok(()));
        assert!(kept.seen.len() <= most, "{:?}", kept.seen);
        assert_eq!(kept.damaged.is_some(), is_damaged);
        assert_eq!(check_all(&sections), Err(0));
    }
}

/// Windows that many runs share fill their bucket and others behind it, among others that are there.
#[test]
#[cfg_attr(miri, ignore = "millions of comparisons")]
fn what_finds_no_room_in_its_bucket_is_seen() {
    let shared = (0..300_u32).map(|number| format!("shared window{number:04}"));
    let others = (0..300_u32).map(|number| format!("{number:04}another window"));
    let runs: Vec<Run> =
        shared.chain(others).map(|text| Run { bytes: text.into_bytes(), class: 0 }).collect();
    let (written, _) = tables(&runs);
    let row = written.tables[0];
    assert!(row.all_buckets.get() > row.buckets.get() + 50, "{row:?}");
    let data: Vec<u8> = runs.iter().flat_map(|run| [&run.bytes[..], b"-"].concat()).collect();
    let expected = naive(&runs, &data);
    assert_eq!(expected.len(), runs.len());
    for kernel in Kernel::available() {
        assert_eq!(search(&runs, &data, kernel), expected, "{kernel:?}");
    }
}

/// Ends the search when so much was spent.
struct Patient(u64);

impl Sink<()> for Patient {
    fn seen(&mut self, _seen: Seen) -> Result<(), ()> {
        Ok(())
    }

    fn spend(&mut self, cells: u64) -> Result<(), ()> {
        self.0 = self.0.checked_sub(cells).ok_or(())?;
        Ok(())
    }

    fn damaged(&mut self, _damaged: Damaged) {}
}

/// A forged directory may be one long walk, in which every cell has the right tag: its end is asked for
/// on the way, and no long list is made.
#[test]
fn a_walk_through_all_buckets_asks_the_budget() {
    let runs = [Run { bytes: b"0123456789abcde".to_vec(), class: 0 }];
    let (mut written, anchors) = tables(&runs);
    let count = 3_000_u32;
    let cell = |next: u32| BucketRow { cells: [0b1111_1000.into(); CELLS], next: next.into() };
    written.buckets = (1..=count).map(cell).collect();
    let row = &mut written.tables[0];
    (row.row_bits, row.all_buckets) = (29, count.into());
    let sections = Sections {
        tables: &written.tables,
        filters: &written.filters,
        buckets: written.buckets.as_slice().into(),
        anchors: anchors.as_slice().into(),
    };
    let text = b"0123456789abcde0123456789abcde";
    let search = Search::new(&sections, Kernel::best(), |_| true);
    let walk = |patience| {
        let mut buffers = Buffers::default();
        let ended = search.region(text, 0..text.len(), &mut buffers, &mut Patient(patience));
        assert!(buffers.longest_list() < 1 << 14, "{}", buffers.longest_list());
        ended
    };
    assert_eq!(walk(u64::MAX), Ok(()));
    assert_eq!(walk(u64::from(count)), Err(()));
}
