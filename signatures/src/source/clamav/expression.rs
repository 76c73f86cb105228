//! The logic of a ClamAV logical signature: `index`, `( )`, `&`, `|`, and behind an index or a block
//! `=X`, `>X`, `<X`, behind a block with `,Y` for at least Y different sub-signatures.
//!
//! `&` and `|` have equal precedence and associate to the right: `0&1|2` is `0&(1|2)`. In brackets it is
//! the last operator that divides: `(0&1|2&3)` is `(0&(1|2))&3`. Behind an index, the last of several
//! comparisons counts, and `,Y` says nothing. All this was tried with ClamAV 1.4.
//!
//! Runs of one operator come out left-associated, which says the same and keeps the evaluator's stack
//! short.

#![warn(clippy::arithmetic_side_effects)]

use pellucid::matcher::expression::{Comparison, ExpressionOp, MAX_DEPTH};
use pellucid::set::layout::{MAX_COUNT, MAX_PARTS};

use super::super::parse_number;
use super::Field;
use crate::diagnostic::Fault;

/// Reads the logic field into postfix order.
pub(super) fn parse(field: Field<'_>) -> Result<Vec<ExpressionOp>, Fault> {
    let mut parser =
        Parser { text: field.text, at: 0, waiting: Vec::new(), output: Vec::new(), operand: 0 };
    parser.run().map_err(|fault| fault.moved(field.at))?;
    Ok(parser.output)
}

/// What waits for its right side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// A bracket, with the place in the output where its block begins.
    Open(usize),
    Operator(ExpressionOp),
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    waiting: Vec<Waiting>,
    output: Vec<ExpressionOp>,
    /// Where the last operand begins in the output.
    operand: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes on to the next character that is not a space.
    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
        self.skip_spaces();
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at = self.at.saturating_add(1);
        }
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let found = match self.peek() {
            Some(byte) => format!("`{}`", byte.escape_ascii()),
            None => "the end".into(),
        };
        Fault::error("logic", format!("{expected} expected, {found} found")).at(self.at)
    }

    fn run(&mut self) -> Result<(), Fault> {
        self.skip_spaces();
        loop {
            self.operand()?;
            while self.peek() == Some(b')') {
                self.close()?;
            }
            let operator = match self.peek() {
                Some(b'&') => ExpressionOp::And,
                Some(b'|') => ExpressionOp::Or,
                None => return self.end(),
                _ => return Err(self.unexpected("`&`, `|` or `)`")),
            };
            self.advance();
            if self.waiting.last() == Some(&Waiting::Operator(operator)) {
                self.waiting.pop();
                self.output.push(operator);
            }
            self.wait(Waiting::Operator(operator))?;
        }
    }

    /// Opening brackets and the index behind them.
    fn operand(&mut self) -> Result<(), Fault> {
        while self.peek() == Some(b'(') {
            self.wait(Waiting::Open(self.output.len()))?;
            self.advance();
        }
        let at = self.at;
        let number = self.number("the number of a sub-signature")?;
        let part = u8::try_from(number).ok().filter(|&part| usize::from(part) < MAX_PARTS);
        let part = part.ok_or_else(|| {
            Fault::error("logic", format!("there are at most {MAX_PARTS} sub-signatures")).at(at)
        })?;
        self.operand = self.output.len();
        let mut operand = ExpressionOp::Part(part);
        while let Some(comparison) = self.comparison()? {
            let (number, _) = self.numbers()?;
            operand = ExpressionOp::ComparePart { part, comparison, number };
        }
        self.output.push(operand);
        Ok(())
    }

    fn wait(&mut self, waiting: Waiting) -> Result<(), Fault> {
        if self.waiting.len() >= MAX_DEPTH {
            let message = format!("nests deeper than {MAX_DEPTH}");
            return Err(Fault::error("logic", message).at(self.at));
        }
        self.waiting.push(waiting);
        Ok(())
    }

    /// The last operator of the block divides it: those before it go before the last operand.
    fn close(&mut self) -> Result<(), Fault> {
        let mut last = None;
        let start = loop {
            match self.waiting.pop() {
                Some(Waiting::Operator(operator)) if last.is_none() => last = Some(operator),
                Some(Waiting::Operator(operator)) => {
                    self.output.insert(self.operand, operator);
                    self.operand = self.operand.saturating_add(1);
                }
                Some(Waiting::Open(start)) => break start,
                None => return Err(self.unexpected("`&`, `|` or the end")),
            }
        };
        self.output.extend(last);
        self.operand = start;
        self.advance();
        if let Some(comparison) = self.comparison()? {
            let (number, distinct) = self.numbers()?;
            self.output.push(ExpressionOp::Compare { comparison, number, distinct });
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        while let Some(waiting) = self.waiting.pop() {
            match waiting {
                Waiting::Operator(operator) => self.output.push(operator),
                Waiting::Open(_) => return Err(self.unexpected("`)`")),
            }
        }
        Ok(())
    }

    /// The sign of a comparison, if there is one. ClamAV takes the last of several behind an index, and
    /// refuses several behind a block.
    fn comparison(&mut self) -> Result<Option<Comparison>, Fault> {
        let mut last = None;
        loop {
            last = match self.peek() {
                Some(b'=') => Some(Comparison::Equal),
                Some(b'>') => Some(Comparison::More),
                Some(b'<') => Some(Comparison::Less),
                _ => return Ok(last),
            };
            self.advance();
        }
    }

    /// `X` or `X,Y`.
    fn numbers(&mut self) -> Result<(u32, u32), Fault> {
        let at = self.at;
        let number = self.number("a number of matches")?;
        if number >= MAX_COUNT {
            let message = format!("matches are counted up to {MAX_COUNT}");
            return Err(Fault::error("logic", message).at(at));
        }
        let mut distinct = 0;
        if self.peek() == Some(b',') {
            self.advance();
            distinct = self.number("a number of different sub-signatures")?;
        }
        Ok((number, distinct))
    }

    fn number(&mut self, expected: &str) -> Result<u32, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return Err(self.unexpected(expected));
        }
        let number = rest.get(..length).and_then(parse_number);
        let number = number
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| Fault::error("logic", "the number is too large").at(self.at))?;
        self.at = self.at.saturating_add(length);
        self.skip_spaces();
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(comparison: Comparison) -> char {
        match comparison {
            Comparison::Equal => '=',
            Comparison::More => '>',
            Comparison::Less => '<',
        }
    }

    fn show(text: &str) -> Result<String, String> {
        let ops = parse(Field { text, at: 0 })
            .map_err(|fault| format!("{}@{}", fault.reason, fault.at.unwrap()))?;
        let shown: Vec<String> = ops
            .into_iter()
            .map(|op| match op {
                ExpressionOp::Part(part) => part.to_string(),
                ExpressionOp::And => "&".into(),
                ExpressionOp::Or => "|".into(),
                ExpressionOp::Compare { comparison, number, distinct } => {
                    format!("{}{number},{distinct}", sign(comparison))
                }
                ExpressionOp::ComparePart { part, comparison, number } => {
                    format!("{part}{}{number}", sign(comparison))
                }
            })
            .collect();
        Ok(shown.join(" "))
    }

    #[test]
    fn both_operators_weigh_the_same_and_bind_to_the_right() {
        for (text, postfix) in [
            ("0", "0"),
            ("0&1", "0 1 &"),
            ("0&1|2", "0 1 2 | &"),
            ("0|1&2", "0 1 2 & |"),
            ("0&1&2&3", "0 1 & 2 & 3 &"),
            ("0&1&2|3", "0 1 & 2 3 | &"),
            ("(0&1)|2", "0 1 & 2 |"),
            ("((0))", "0"),
            (" 0 & ( 1 | 2 ) ", "0 1 2 | &"),
            ("0>3&1=0", "0>3 1=0 &"),
            ("0>3,7&1=2>1", "0>3 1>1 &"),
            ("0>=3", "0=3"),
            ("(0|1|2)>1,2&3<4", "0 1 | 2 | >1,2 3<4 &"),
            ("((0|1)>0)=2", "0 1 | >0,0 =2,0"),
        ] {
            assert_eq!(show(text), Ok(postfix.into()), "{text}");
        }
    }

    #[test]
    fn in_brackets_the_last_operator_divides() {
        for (text, postfix) in [
            ("(0&1|2)", "0 1 & 2 |"),
            ("(0|1&2)&3", "0 1 | 2 & 3 &"),
            ("(0&1|2&3)", "0 1 2 | & 3 &"),
            ("(0&1&2|3)=1", "0 1 & 2 & 3 | =1,0"),
            ("(0|1&2&3)", "0 1 2 & | 3 &"),
            ("(0&1|2&3|4)", "0 1 2 3 & | & 4 |"),
            ("(0&(1|2&3)|(4))", "0 1 2 | 3 & & 4 |"),
            ("(0|1&(2|3)>1)", "0 1 | 2 3 | >1,0 &"),
        ] {
            assert_eq!(show(text), Ok(postfix.into()), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, reason) in [
            ("", "logic@0"),
            ("a", "logic@0"),
            ("0&", "logic@2"),
            ("&0", "logic@0"),
            ("0 1", "logic@2"),
            ("(0", "logic@2"),
            ("0)", "logic@1"),
            ("()", "logic@1"),
            ("64", "logic@0"),
            ("0>", "logic@2"),
            ("(0|1)>1>2", "logic@7"),
            ("0>1>", "logic@4"),
            ("0>1,", "logic@4"),
            ("0>1000000", "logic@2"),
            ("99999999999999999999", "logic@0"),
        ] {
            assert_eq!(show(text), Err(reason.into()), "{text}");
        }
        let nested = format!("{}0{}", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(show(&nested), Err("logic@256".into()));
        assert!(show(&vec!["0"; 10_000].join("&")).is_ok(), "a long run of one operator");
        assert!(show(&vec!["0&1"; 10_000].join("|")).is_err(), "a long run of changing ones");
    }
}
