//! Which patterns of a logical signature tell that it may hold.

use std::collections::BTreeMap;

use pellucid::matcher::expression::{Comparison, ExpressionOp};

/// What is known of an expression, with a bit for each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cover {
    /// Where the expression holds, one of these matches; `None` where it may hold without.
    pub(crate) enough: Option<u64>,
    /// Where the expression holds, all of these match.
    pub(crate) necessary: u64,
}

/// The cheapest cover of an expression in postfix order; `prices` are by part. Parts that are no patterns
/// match only where their own covers hold.
pub(crate) fn of(ops: &[ExpressionOp], prices: &[u64], others: &BTreeMap<u8, Cover>) -> Cover {
    let of_part = |part: u8| match others.get(&part) {
        Some(cover) => *cover,
        None => {
            let bit = 1_u64.checked_shl(part.into()).unwrap_or(0);
            Cover { enough: Some(bit), necessary: bit }
        }
    };
    let price = |parts: Option<u64>| {
        parts.map_or(u128::MAX, |parts| {
            let own = prices.iter().enumerate().filter(|(part, _)| parts >> part & 1 == 1);
            own.map(|(_, &price)| u128::from(price)).sum()
        })
    };
    let mut stack: Vec<Cover> = Vec::new();
    for op in ops {
        let right = match op {
            ExpressionOp::Part(_) | ExpressionOp::ComparePart { .. } => Cover::default(),
            _ => stack.pop().unwrap_or_default(),
        };
        let result = match *op {
            ExpressionOp::Part(part) => of_part(part),
            ExpressionOp::ComparePart { part, comparison, number } => {
                if asks_for_more(comparison, number) { of_part(part) } else { Cover::default() }
            }
            ExpressionOp::And => {
                let left = stack.pop().unwrap_or_default();
                let is_left = price(left.enough) <= price(right.enough);
                Cover {
                    enough: if is_left { left.enough } else { right.enough },
                    necessary: left.necessary | right.necessary,
                }
            }
            ExpressionOp::Or => {
                let left = stack.pop().unwrap_or_default();
                Cover {
                    enough: left.enough.zip(right.enough).map(|(left, right)| left | right),
                    necessary: left.necessary & right.necessary,
                }
            }
            ExpressionOp::Compare { comparison, number, .. } => {
                if asks_for_more(comparison, number) { right } else { Cover::default() }
            }
        };
        stack.push(result);
    }
    stack.pop().unwrap_or_default()
}

/// Whether a comparison holds only where something matches.
fn asks_for_more(comparison: Comparison, number: u32) -> bool {
    match comparison {
        Comparison::More => true,
        Comparison::Equal => number > 0,
        Comparison::Less => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExpressionOp::*;

    const PRICES: [u64; 4] = [5, 3, 9, 100];

    fn cover(ops: &[ExpressionOp]) -> (Option<u64>, u64) {
        let trigger = of(&[Part(1), Part(2), Or], &PRICES, &BTreeMap::new());
        let cover = of(ops, &PRICES, &BTreeMap::from([(9, trigger)]));
        (cover.enough, cover.necessary)
    }

    #[test]
    fn the_cheapest_of_all_and_every_one_of_some() {
        assert_eq!(cover(&[Part(0), Part(1), And, Part(2), And]), (Some(0b010), 0b111));
        assert_eq!(cover(&[Part(0), Part(1), Or]), (Some(0b011), 0));
        assert_eq!(cover(&[Part(0), Part(1), Or, Part(3), And]), (Some(0b011), 0b1000));
        assert_eq!(cover(&[Part(0), Part(2), Or, Part(1), And]), (Some(0b010), 0b010));
    }

    #[test]
    fn a_part_that_is_no_pattern_has_the_cover_of_its_trigger() {
        assert_eq!(cover(&[Part(9)]), (Some(0b110), 0));
        assert_eq!(cover(&[Part(9), Part(0), And]), (Some(0b001), 0b001));
    }

    #[test]
    fn what_may_hold_without_hits_has_no_cover() {
        let compare = |comparison, number| Compare { comparison, number, distinct: 0 };
        assert_eq!(cover(&[Part(0), compare(Comparison::Equal, 0)]), (None, 0));
        assert_eq!(cover(&[Part(0), compare(Comparison::Less, 3)]), (None, 0));
        assert_eq!(cover(&[Part(0), compare(Comparison::More, 3)]), (Some(1), 1));
        let but_not = [Part(0), Part(1), compare(Comparison::Equal, 0), And];
        assert_eq!(cover(&but_not), (Some(1), 1), "the other must only not be there");
        assert_eq!(cover(&[Part(0), Part(1), compare(Comparison::Equal, 0), Or]), (None, 0));
    }
}
