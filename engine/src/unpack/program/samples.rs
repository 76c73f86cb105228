//! Programs made by code, for tests.

pub(super) fn put(data: &mut [u8], at: usize, bytes: &[u8]) {
    data[at..at + bytes.len()].copy_from_slice(bytes);
}

pub(super) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// One resource directory with one entry.
fn directory(id: u32, leads_to: usize, is_directory: bool) -> Vec<u8> {
    let target = leads_to as u32 | u32::from(is_directory) << 31;
    words(&[0, 0, 0, 1 << 16, id, target])
}

/// A program of one section that holds these resources: kind, number, content.
pub(in crate::unpack) fn program(resources: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let base = 0x1000;
    let count = resources.len();
    let mut tree = words(&[0, 0, 0, (count as u32) << 16]);
    let below = tree.len() + count * 8;
    for (index, (kind, _, _)) in resources.iter().enumerate() {
        tree.extend(words(&[*kind, (below + index * 64) as u32 | 1 << 31]));
    }
    let mut at = below + count * 64;
    for (index, (_, number, content)) in resources.iter().enumerate() {
        let start = below + index * 64;
        tree.extend(directory(*number, start + 24, true));
        tree.extend(directory(1033, start + 48, false));
        tree.extend(words(&[(base + at) as u32, content.len() as u32, 0, 0]));
        at += content.len();
    }
    resources.iter().for_each(|(_, _, content)| tree.extend(*content));
    pe_with(&tree)
}

fn pe_with(section: &[u8]) -> Vec<u8> {
    let mut program = vec![0; 0x400];
    put(&mut program, 0, b"MZ");
    put(&mut program, 0x3c, &0x80_u32.to_le_bytes());
    put(&mut program, 0x80, b"PE\0\0\x4c\x01\x01\0");
    put(&mut program, 0x80 + 20, &[0xe0, 0, 0x02, 0x01, 0x0b, 0x01]);
    let optional = 0x80 + 24;
    put(&mut program, optional + 28, &words(&[0x40_0000, 0x1000, 0x200]));
    put(&mut program, optional + 56, &words(&[0x1000 + section.len() as u32, 0x400]));
    put(&mut program, optional + 92, &words(&[16]));
    put(&mut program, optional + 96 + 16, &words(&[0x1000, section.len() as u32]));
    let row = optional + 0xe0;
    put(&mut program, row, b".rsrc\0\0\0");
    let size = section.len().next_multiple_of(0x200) as u32;
    put(&mut program, row + 8, &words(&[section.len() as u32, 0x1000, size, 0x400]));
    program.extend(section);
    program.resize(0x400 + size as usize, 0);
    program
}
