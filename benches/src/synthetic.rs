//! Text that looks like programs to a matcher: machine code, zeros, strings and tables.
//!
//! What matters to a matcher is how often short runs of bytes recur: a few instructions are
//! everywhere, most operands are rare, zeros come in long runs.

use crate::random::Random;

/// Beginnings of x86-64 instructions, the most frequent ones of compiled C first.
const INSTRUCTIONS: [&[u8]; 24] = [
    b"\x48\x8b",
    b"\x48\x89",
    b"\xe8",
    b"\x0f\x84",
    b"\x48\x8d",
    b"\x85\xc0",
    b"\x89",
    b"\xc3",
    b"\x48\x83\xc4",
    b"\x48\x83\xec",
    b"\x31\xc0",
    b"\xeb",
    b"\x74",
    b"\x75",
    b"\x55",
    b"\x41\x57",
    b"\x41\x56",
    b"\x4c\x89",
    b"\x83\xf8",
    b"\xff\x15",
    b"\x0f\xb6",
    b"\xcc\xcc",
    b"\x66\x90",
    b"\x44\x8b",
];

const WORDS: [&str; 16] = [
    "Get",
    "Set",
    "Create",
    "File",
    "Window",
    "Handle",
    "Error",
    "kernel32.dll",
    "Proc",
    "Address",
    "Memory",
    "Key",
    "Value",
    "failed: %s\n",
    "W",
    "Ex",
];

/// `size` bytes of program-like text, fixed by the seed.
pub fn program_text(size: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut text = Vec::with_capacity(size.saturating_add(4096));
    while text.len() < size {
        match random.below(20) {
            0 => push_zeros(&mut text, &mut random),
            1..=3 => push_strings(&mut text, &mut random),
            4 => push_table(&mut text, &mut random),
            _ => push_code(&mut text, &mut random),
        }
    }
    text.truncate(size);
    text
}

fn push_code(text: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.between(20, 200) {
        // The smaller of two draws: early entries are the frequent ones.
        let choice = random.below(INSTRUCTIONS.len()).min(random.below(INSTRUCTIONS.len()));
        text.extend(INSTRUCTIONS.get(choice).copied().unwrap_or_default());
        text.push(random.byte() & 0xc7);
        if random.percent(40) {
            let operand = random.next_u64() >> random.between(32, 56);
            text.extend(operand.to_le_bytes().iter().take(4));
        }
    }
}

fn push_zeros(text: &mut Vec<u8>, random: &mut Random) {
    text.resize(text.len().saturating_add(random.between(16, 1024)), 0);
}

fn push_strings(text: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.between(4, 40) {
        for _ in 0..random.between(1, 4) {
            text.extend(random.pick(&WORDS).map_or("", |word| word).bytes());
        }
        text.push(0);
    }
}

/// Addresses that grow by small steps.
fn push_table(text: &mut Vec<u8>, random: &mut Random) {
    let mut address = random.next_u64() >> 40;
    for _ in 0..random.between(16, 128) {
        address = address.wrapping_add(random.between(8, 512) as u64);
        text.extend(address.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_fixed_by_its_seed() {
        assert_eq!(program_text(10_000, 1), program_text(10_000, 1));
        assert_ne!(program_text(10_000, 1), program_text(10_000, 2));
        assert_eq!(program_text(12_345, 3).len(), 12_345);
    }

    #[test]
    fn bytes_are_spread_unevenly_like_those_of_programs() {
        let text = program_text(1 << 20, 4);
        let mut counts = [0_usize; 256];
        text.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
        assert!(counts.iter().all(|&count| count > 0), "every byte occurs");
        assert!(counts[0] > text.len() / 20, "zeros are frequent");
    }
}
