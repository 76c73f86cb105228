//! One long run in LZX, in a cabinet and in a help file: frames of 32 KiB in some fifty bytes.

use crate::{Bomb, defuse};

const FRAME: u32 = 32 << 10;
const FRAMES: u32 = 192;

/// Bits in words of 16, highest first.
#[derive(Default)]
struct Words {
    bits: Vec<bool>,
}

impl Words {
    fn put(&mut self, value: u32, count: u32) -> &mut Self {
        self.bits.extend((0..count).rev().map(|bit| value >> bit & 1 != 0));
        self
    }

    fn finish(mut self) -> Vec<u8> {
        self.bits.resize(self.bits.len().next_multiple_of(16), false);
        let word = |bits: &[bool]| bits.iter().fold(0_u16, |word, bit| word << 1 | u16::from(*bit));
        self.bits.chunks(16).flat_map(|bits| word(bits).to_le_bytes()).collect()
    }

    /// The lengths of a tree whose codes are all one bit long: as differences from none, runs of zeros
    /// packed, behind the tree that these are packed with.
    fn put_tree(&mut self, elements: u32, used: &[u32]) -> &mut Self {
        // Of twenty symbols the four in use have two bits each: 0, 16 (a length of one), 17, 18.
        for symbol in 0..20 {
            self.put(if matches!(symbol, 0 | 16..=18) { 2 } else { 0 }, 4);
        }
        let mut at = 0;
        for place in used.iter().copied().chain([elements]) {
            let mut zeros = place - at;
            while zeros >= 20 {
                let run = zeros.min(51);
                self.put(0b11, 2).put(run - 20, 5);
                zeros -= run;
            }
            if zeros >= 4 {
                self.put(0b10, 2).put(zeros - 4, 4);
                zeros = 0;
            }
            for _ in 0..zeros {
                self.put(0b00, 2);
            }
            if place < elements {
                self.put(0b01, 2);
            }
            at = place + 1;
        }
        self
    }
}

/// All frames of a run: the first has the head of the one block, and its trees.
fn frames() -> Vec<Vec<u8>> {
    const LITERAL: u32 = b'x' as u32;
    /// The last distance, and a length that stands in the other tree.
    const MATCH: u32 = 256 + 7;
    let tokens = |words: &mut Words| {
        // One byte, then matches of 257 each, then what is missing.
        words.put(0, 1);
        for _ in 0..127 {
            words.put(0b11, 2);
        }
        words.put(0, 32).put(0, 32).put(0, 32).put(0, 32);
    };
    let mut first = Words::default();
    // No translation of calls; a block with its own trees, as long as everything.
    first.put(0, 1).put(1, 3).put(FRAMES * FRAME, 24);
    first.put_tree(256, &[LITERAL]).put_tree(240, &[MATCH - 256]).put_tree(249, &[247, 248]);
    tokens(&mut first);
    let mut further = Words::default();
    tokens(&mut further);
    let further = further.finish();
    std::iter::once(first.finish()).chain((1..FRAMES).map(|_| further.clone())).collect()
}

fn cabinet() -> Vec<u8> {
    let blocks: Vec<u8> = frames()
        .iter()
        .flat_map(|frame| {
            let packed = u16::try_from(frame.len()).expect("small").to_le_bytes();
            [&[0; 4][..], &packed, &0x8000_u16.to_le_bytes(), frame].concat()
        })
        .collect();
    let count = u16::try_from(FRAMES).expect("small").to_le_bytes();
    let file = [&(FRAMES * FRAME).to_le_bytes()[..], &[0; 4], &[0; 8], b"run\0"].concat();
    let data = 44 + u32::try_from(file.len()).expect("small");
    let folder = [&data.to_le_bytes()[..], &count, &[3, 15]].concat();
    let size = data + u32::try_from(blocks.len()).expect("small");
    let head = [
        &b"MSCF\0\0\0\0"[..],
        &size.to_le_bytes(),
        &[0; 4],
        &44_u32.to_le_bytes(),
        &[0; 4],
        &[3, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    ];
    [&head.concat()[..], &folder, &file, &blocks].concat()
}

/// A number in seven bits a byte.
fn small(number: usize) -> Vec<u8> {
    let digits = (0..5).rev().map(|digit| number >> (7 * digit));
    let mut bytes: Vec<_> = digits.map(|bits| bits.to_le_bytes()[0] & 0x7f).collect();
    let last = bytes.len() - 1;
    bytes[..last].iter_mut().for_each(|byte| *byte |= 0x80);
    bytes
}

fn help() -> Vec<u8> {
    const STORE: &str = "::DataSpace/Storage/MSCompressed/";
    let table = format!(
        "{STORE}Transform/{{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}}/InstanceData/ResetTable"
    );
    let frames = frames();
    let data = frames.concat();
    let control = [6_u32, 0x435a_584c, 2, FRAMES, 1, 1, 0].map(u32::to_le_bytes).concat();
    let mut resets = [2_u32, FRAMES, 8, 0x28].map(u32::to_le_bytes).concat();
    let sizes = [u64::from(FRAMES * FRAME), data.len() as u64, u64::from(FRAME)];
    resets.extend(sizes.map(u64::to_le_bytes).concat());
    let mut place = 0_u64;
    for frame in &frames {
        resets.extend(place.to_le_bytes());
        place += frame.len() as u64;
    }
    let parts = [
        (format!("{STORE}Content"), 0, data.clone()),
        (format!("{STORE}ControlData"), 0, control),
        (table, 0, resets),
    ];
    let (mut chunk, mut contents) = ([&b"PMGL"[..], &[0; 16]].concat(), Vec::new());
    let mut add = |name: &str, section: u8, place, size| {
        let line = [small(name.len()), name.into(), vec![section], small(place), small(size)];
        chunk.extend(line.concat());
    };
    for (name, section, bytes) in parts {
        add(&name, section, contents.len(), bytes.len());
        contents.extend(bytes);
    }
    add("/run", 1, 0, usize::try_from(FRAMES * FRAME).expect("small"));
    let free = 4096 - u32::try_from(chunk.len()).expect("small");
    chunk.resize(4096, 0);
    chunk[4..8].copy_from_slice(&free.to_le_bytes());
    let mut header = [&b"ITSP\x01\0\0\0"[..], &84_u32.to_le_bytes(), &[0; 4]].concat();
    header.extend(4096_u32.to_le_bytes());
    header.resize(84, 0);
    let mut bytes = [&b"ITSF\x03\0\0\0"[..], &[0; 64]].concat();
    bytes.extend([96, 84 + 4096_u64, 96 + 84 + 4096].map(u64::to_le_bytes).concat());
    [bytes, header, chunk, contents].concat()
}

#[test]
fn lzx_ends_at_the_ratio() {
    let bombs =
        [Bomb::new("cab", cabinet(), &["limit:ratio"]), Bomb::new("chm", help(), &["limit:ratio"])];
    defuse(bombs, |limits| limits.ratio = 100);
}

/// The same bytes as a bomb and as what they are: unpacked to the end where the limits allow it.
#[test]
fn what_ends_at_the_ratio_is_whole_otherwise() {
    let engine = crate::engine();
    for bytes in [cabinet(), help()] {
        let mut limits = crate::limits();
        limits.object_bytes = 8 << 20;
        let report = crate::scan(&engine, pellucid::Input::Memory(&bytes), limits);
        assert_eq!(crate::common::reasons(&report), [""; 0]);
        assert!(report.objects.iter().any(|object| object.size == u64::from(FRAMES * FRAME)));
    }
}
