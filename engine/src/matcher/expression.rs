//! The expression of a logical signature: which of its parts must match, and how often.
//!
//! Stored as operations in postfix order, a byte for the kind and its arguments:
//!
//! | byte | operation | arguments |
//! |---|---|---|
//! | 1 | a part | number u8 |
//! | 2 | both | |
//! | 3 | either | |
//! | 4 | compare the matches of a block | comparison u8 (0 `=`, 1 `>`, 2 `<`), number u32, distinct u32 |
//! | 5 | compare the matches of a part | number u8, comparison u8, number u32 |
//!
//! A comparison of a block holds when the matches of all parts in it, added up, are as it says, and at
//! least `distinct` different parts in it hold. The rules are ClamAV's, each tried with 1.4:
//!
//! - What does not hold counts as no matches: of `(0&1)>1`, those of 0 count only where 1 matches too.
//! - A part that is compared holds as a part even without a match: `(0=0|1)>0,2` holds where 1 matches and
//!   0 does not.
//! - The parts of a compared block are not told apart outside of it, though its matches count:
//!   `((0|1)>0|2)>0,2` never holds.

#![warn(clippy::arithmetic_side_effects)]

use crate::reader::{OutOfBounds, Reader};
use crate::set::layout::{MAX_COUNT, MAX_PARTS};

const PART: u8 = 1;
const AND: u8 = 2;
const OR: u8 = 3;
const COMPARE: u8 = 4;
const COMPARE_PART: u8 = 5;

/// How deep an expression may nest.
pub const MAX_DEPTH: usize = 256;

/// What a count is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Comparison {
    /// Exactly.
    Equal = 0,
    /// More than.
    More = 1,
    /// Less than.
    Less = 2,
}

impl Comparison {
    /// The comparison of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        let all = [Comparison::Equal, Comparison::More, Comparison::Less];
        all.into_iter().find(|&comparison| comparison as u8 == number)
    }
}

/// One operation in postfix order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExpressionOp {
    /// The part of this number.
    Part(u8),
    /// The two before both hold.
    And,
    /// One of the two before holds.
    Or,
    /// The matches of the block before are counted.
    Compare {
        /// How.
        comparison: Comparison,
        /// With what.
        number: u32,
        /// How many different parts must hold.
        distinct: u32,
    },
    /// The matches of one part are counted.
    ComparePart {
        /// Which part.
        part: u8,
        /// How.
        comparison: Comparison,
        /// With what.
        number: u32,
    },
}

/// An expression that cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenExpression {
    /// It ends inside an operation.
    Ends(OutOfBounds),
    /// There is no operation or comparison of this number.
    Unknown(u8),
    /// It names a part that the signature does not have.
    Part(u8),
    /// A comparison with a number that counts do not reach.
    Number(u32),
    /// It nests deeper than [`MAX_DEPTH`].
    Depth,
    /// It does not come down to one value.
    Shape,
}

impl From<OutOfBounds> for BrokenExpression {
    fn from(out_of_bounds: OutOfBounds) -> Self {
        BrokenExpression::Ends(out_of_bounds)
    }
}

/// Writes an expression.
pub fn encode(ops: &[ExpressionOp]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for op in ops {
        match *op {
            ExpressionOp::Part(part) => bytes.extend([PART, part]),
            ExpressionOp::And => bytes.push(AND),
            ExpressionOp::Or => bytes.push(OR),
            ExpressionOp::Compare { comparison, number, distinct } => {
                bytes.extend([COMPARE, comparison as u8]);
                bytes.extend_from_slice(&number.to_le_bytes());
                bytes.extend_from_slice(&distinct.to_le_bytes());
            }
            ExpressionOp::ComparePart { part, comparison, number } => {
                bytes.extend([COMPARE_PART, part, comparison as u8]);
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
    }
    bytes
}

fn read_op(reader: &mut Reader<'_>) -> Result<ExpressionOp, BrokenExpression> {
    Ok(match reader.u8()? {
        PART => ExpressionOp::Part(reader.u8()?),
        AND => ExpressionOp::And,
        OR => ExpressionOp::Or,
        COMPARE => {
            let comparison = read_comparison(reader)?;
            let (number, distinct) = (reader.u32_le()?, reader.u32_le()?);
            ExpressionOp::Compare { comparison, number, distinct }
        }
        COMPARE_PART => {
            let (part, comparison) = (reader.u8()?, read_comparison(reader)?);
            ExpressionOp::ComparePart { part, comparison, number: reader.u32_le()? }
        }
        other => return Err(BrokenExpression::Unknown(other)),
    })
}

fn read_comparison(reader: &mut Reader<'_>) -> Result<Comparison, BrokenExpression> {
    let number = reader.u8()?;
    Comparison::from_number(number).ok_or(BrokenExpression::Unknown(number))
}

/// What is known about a sub-expression.
#[derive(Clone, Copy, Debug, Default)]
struct Value {
    holds: bool,
    /// Matches of all its parts.
    count: u64,
    /// A bit for each of its parts that holds, those of compared blocks left aside.
    parts: u64,
}

/// Evaluates an expression over the number of matches of each part.
pub fn holds(expression: &[u8], counts: &[u32]) -> Result<bool, BrokenExpression> {
    let mut reader = Reader::new(expression);
    let mut stack: Vec<Value> = Vec::with_capacity(8);
    while !reader.is_empty() {
        let value = match read_op(&mut reader)? {
            ExpressionOp::Part(part) => {
                let value = part_value(part, counts)?;
                Value { holds: value.count > 0, ..value }
            }
            ExpressionOp::And => join(&mut stack, |a, b| a && b)?,
            ExpressionOp::Or => join(&mut stack, |a, b| a || b)?,
            ExpressionOp::Compare { comparison, number, distinct } => {
                let value = stack.pop().ok_or(BrokenExpression::Shape)?;
                let holds = compare(value.count, comparison, number)?
                    && value.parts.count_ones() >= distinct;
                Value { holds, parts: 0, ..value }
            }
            ExpressionOp::ComparePart { part, comparison, number } => {
                let value = part_value(part, counts)?;
                Value { holds: compare(value.count, comparison, number)?, ..value }
            }
        };
        if stack.len() >= MAX_DEPTH {
            return Err(BrokenExpression::Depth);
        }
        stack.push(if value.holds { value } else { Value::default() });
    }
    match stack.as_slice() {
        [value] => Ok(value.holds),
        _ => Err(BrokenExpression::Shape),
    }
}

/// Whether an expression names only parts below `parts`.
pub(crate) fn names_only(expression: &[u8], parts: u8) -> bool {
    let mut reader = Reader::new(expression);
    let mut ops = std::iter::from_fn(|| read_op(&mut reader).ok());
    ops.all(|op| match op {
        ExpressionOp::Part(part) | ExpressionOp::ComparePart { part, .. } => part < parts,
        _ => true,
    })
}

/// The greatest number that matches are compared with; 0 where none are.
pub(crate) fn greatest_number(expression: &[u8]) -> u32 {
    let mut reader = Reader::new(expression);
    let ops = std::iter::from_fn(|| read_op(&mut reader).ok());
    let numbers = ops.map(|op| match op {
        ExpressionOp::Compare { number, .. } | ExpressionOp::ComparePart { number, .. } => number,
        _ => 0,
    });
    numbers.max().unwrap_or(0)
}

/// The value of a part, as if it held.
fn part_value(part: u8, counts: &[u32]) -> Result<Value, BrokenExpression> {
    match counts.get(usize::from(part)) {
        Some(&count) if usize::from(part) < MAX_PARTS => {
            let parts = 1_u64.wrapping_shl(part.into());
            Ok(Value { holds: true, count: count.into(), parts })
        }
        _ => Err(BrokenExpression::Part(part)),
    }
}

fn join(
    stack: &mut Vec<Value>,
    holds: impl Fn(bool, bool) -> bool,
) -> Result<Value, BrokenExpression> {
    let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else {
        return Err(BrokenExpression::Shape);
    };
    Ok(Value {
        holds: holds(left.holds, right.holds),
        count: left.count.saturating_add(right.count),
        parts: left.parts | right.parts,
    })
}

fn compare(count: u64, comparison: Comparison, number: u32) -> Result<bool, BrokenExpression> {
    if number >= MAX_COUNT {
        return Err(BrokenExpression::Number(number));
    }
    Ok(match comparison {
        Comparison::Equal => count == u64::from(number),
        Comparison::More => count > number.into(),
        Comparison::Less => count < number.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExpressionOp::*;

    fn value(ops: &[ExpressionOp], counts: &[u32]) -> Result<bool, BrokenExpression> {
        holds(&encode(ops), counts)
    }

    fn more(number: u32, distinct: u32) -> ExpressionOp {
        Compare { comparison: Comparison::More, number, distinct }
    }

    fn equal(part: u8, number: u32) -> ExpressionOp {
        ComparePart { part, comparison: Comparison::Equal, number }
    }

    #[test]
    fn and_or_and_counts() {
        let both = [Part(0), Part(1), And];
        assert_eq!(value(&both, &[1, 1]), Ok(true));
        assert_eq!(value(&both, &[1, 0]), Ok(false));
        assert_eq!(value(&[Part(0), Part(1), Or], &[0, 3]), Ok(true));
        assert_eq!(value(&[equal(0, 0)], &[0]), Ok(true));
        assert_eq!(value(&[equal(0, 0)], &[1]), Ok(false));
        let two_of_three = [Part(0), Part(1), Or, Part(2), Or, more(2, 2)];
        assert_eq!(value(&two_of_three, &[3, 0, 0]), Ok(false), "only one part");
        assert_eq!(value(&two_of_three, &[2, 0, 1]), Ok(true));
    }

    #[test]
    fn what_does_not_hold_is_not_counted() {
        let both_more_than_once = [Part(0), Part(1), And, more(1, 0)];
        assert_eq!(value(&both_more_than_once, &[2, 0]), Ok(false));
        assert_eq!(value(&both_more_than_once, &[1, 1]), Ok(true));
        let none = Compare { comparison: Comparison::Equal, number: 0, distinct: 0 };
        assert_eq!(value(&[Part(0), Part(1), And, none], &[2, 0]), Ok(true));
        let one_or_not = [equal(0, 0), Part(1), Or, more(0, 0)];
        assert_eq!(value(&one_or_not, &[1, 0]), Ok(false));
        assert_eq!(value(&one_or_not, &[1, 1]), Ok(true));
    }

    #[test]
    fn different_parts_are_those_that_hold() {
        let none_or = [equal(0, 0), Part(1), Or, more(0, 2)];
        assert_eq!(value(&none_or, &[0, 1]), Ok(true), "a part without a match");
        assert_eq!(value(&none_or, &[1, 1]), Ok(false), "0 does not hold");
        let nested = |distinct| [Part(0), Part(1), Or, more(0, 0), Part(2), Or, more(0, distinct)];
        assert_eq!(value(&nested(1), &[1, 1, 1]), Ok(true));
        assert_eq!(value(&nested(2), &[1, 1, 1]), Ok(false), "a compared block has no parts");
        assert_eq!(value(&nested(1), &[1, 1, 0]), Ok(false));
    }

    #[test]
    fn broken_expressions_are_named() {
        assert_eq!(value(&[], &[]), Err(BrokenExpression::Shape));
        assert_eq!(value(&[Part(0), Part(0)], &[1]), Err(BrokenExpression::Shape));
        assert_eq!(value(&[And], &[1]), Err(BrokenExpression::Shape));
        assert_eq!(value(&[Part(1)], &[1]), Err(BrokenExpression::Part(1)));
        assert_eq!(
            value(&[Part(0), more(MAX_COUNT, 0)], &[1]),
            Err(BrokenExpression::Number(MAX_COUNT))
        );
        assert_eq!(value(&[equal(1, 0)], &[1]), Err(BrokenExpression::Part(1)));
        assert_eq!(holds(&[9], &[]), Err(BrokenExpression::Unknown(9)));
        assert_eq!(value(&[Part(0); 300], &[1]), Err(BrokenExpression::Depth));
        assert!(matches!(holds(&[PART], &[]), Err(BrokenExpression::Ends(_))));
    }
}
