//! The body of a pattern: bytes as cut, with wildcards, gaps and alternatives in some of them.

use std::fmt;

use super::hex;
use crate::random::Random;

/// Fixed bytes that stay at either end of a window, and of every part.
const EDGE: usize = 6;

/// How many bytes are cut for the next pattern, those under its gap included.
pub(super) fn window(random: &mut Random) -> usize {
    random.between(4 * EDGE, 12 * EDGE)
}

/// A pattern's body; its text is ClamAV's.
pub(super) struct Body(String);

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Body {
    /// Shapes a window of at least `4 * EDGE` bytes into a body that fits it.
    pub(super) fn draw(window: &[u8], random: &mut Random) -> Self {
        Self(match random.below(10) {
            0 => wildcards(window, random),
            1 => nibbles(window, random),
            2 => gap(window, random, |width, _| format!("{{{width}}}")),
            3 => gap(window, random, |width, random| {
                format!("{{{}-{}}}", width - random.below(width), width + random.below(16))
            }),
            4 => gap(window, random, |width, random| format!("{{-{}}}", width + random.below(16))),
            5 => gap(window, random, |_, _| "*".to_owned()),
            6 => alternatives(window, random),
            _ => hex(window),
        })
    }
}

/// A place away from the edges.
fn middle(window: &[u8], random: &mut Random) -> usize {
    random.between(EDGE, window.len().saturating_sub(EDGE + 2))
}

/// Replaces the digits of one byte.
fn replace(digits: &mut [String], at: usize, with: impl FnOnce(&str) -> String) {
    if let Some(byte) = digits.get_mut(at) {
        *byte = with(byte);
    }
}

fn digits(window: &[u8]) -> Vec<String> {
    window.iter().map(|&byte| hex(&[byte])).collect()
}

fn wildcards(window: &[u8], random: &mut Random) -> String {
    let mut digits = digits(window);
    for _ in 0..random.between(1, 4) {
        replace(&mut digits, middle(window, random), |_| "??".to_owned());
    }
    digits.concat()
}

fn nibbles(window: &[u8], random: &mut Random) -> String {
    let mut digits = digits(window);
    let (high, low) = (middle(window, random), middle(window, random));
    replace(&mut digits, high, |byte| format!("?{}", byte.get(1..).unwrap_or("?")));
    replace(&mut digits, low, |byte| format!("{}?", byte.get(..1).unwrap_or("?")));
    digits.concat()
}

/// Hides some bytes between two parts.
fn gap(
    window: &[u8],
    random: &mut Random,
    text: impl FnOnce(usize, &mut Random) -> String,
) -> String {
    let width = random.between(1, window.len().saturating_sub(2 * EDGE).clamp(1, 16));
    let at = random.between(EDGE, window.len().saturating_sub(EDGE + width));
    let left = window.get(..at).unwrap_or_default();
    let right = window.get(at.saturating_add(width)..).unwrap_or_default();
    format!("{}{}{}", hex(left), text(width, random), hex(right))
}

/// Offers one or two bytes together with others of the same length.
fn alternatives(window: &[u8], random: &mut Random) -> String {
    let (at, width) = (middle(window, random), random.between(1, 2));
    let (left, rest) = window.split_at_checked(at).unwrap_or((window, &[]));
    let (chosen, right) = rest.split_at_checked(width).unwrap_or((rest, &[]));
    let other: Vec<u8> = chosen.iter().map(|byte| byte ^ (random.byte() | 1)).collect();
    format!("{}({}|{}){}", hex(left), hex(&other), hex(chosen), hex(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_stay_fixed_whatever_the_shape() {
        let mut random = Random::new(3);
        for _ in 0..2000 {
            let window: Vec<u8> = (0..window(&mut random)).map(|_| random.byte()).collect();
            let text = Body::draw(&window, &mut random).to_string();
            let whole = hex(&window);
            assert!(text.starts_with(&whole[..2 * EDGE]), "{text}");
            assert!(text.ends_with(&whole[whole.len() - 2 * EDGE..]), "{text}");
        }
    }
}
