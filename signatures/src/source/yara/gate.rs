//! Gates: bytes of which some must stand in a file for any rule of a source to match it.
//!
//! Evaluating rules costs, even where none comes near to matching. So the set keeps for each source a
//! few literals that the search for byte patterns looks for anyway, and the rules are evaluated only
//! where one was found. What is derived here is a *necessary* condition, never a sufficient one; wherever
//! that is in doubt there is no gate, and the rules are evaluated for every file.
//!
//! A rule's condition is followed down to strings that must be found: through `and` (the rarest operand
//! is enough), `or` (every operand must have one), `of`, counts, and rules that were declared before. Of
//! a string its bytes are taken, of a hexadecimal string its rarest fixed run, of a regular expression a
//! literal that every match contains. Where no string is necessary, a comparison of the first bytes
//! (`uint16(0) == 0x5A4D`, `pe.is_pe`) is taken. Negations, `for ... of`, `xor` and alphabets of one's
//! own for base64 have no gate.
//!
//! The walks recurse over syntax whose nesting was bounded before (`outline`, and the parser of regular
//! expressions).

#![warn(clippy::arithmetic_side_effects)]

use std::collections::HashMap;

use pellucid::matcher::{ByteMask, Element, Offset, Pattern, Target};
use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use yara_x_parser::ast::{
    AST, BinaryExpr, Expr, HexPattern, HexToken, Item, Of, OfItems, Pattern as YaraPattern,
    PatternModifier, PatternModifiers, PatternSet, Quantifier, RegexpPattern, RuleFlags,
};

use crate::rarity;

/// Shorter literals are found too often to keep a gate shut.
const SHORTEST: usize = 4;

/// What is kept of a longer one.
const LONGEST: usize = 48;

/// A literal that is less surprising, in bits, stands in most files.
const SURPRISE: u32 = 16;

/// More alternatives cost more than they save.
const MOST: usize = 256;

/// Bytes to look for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Literal {
    bytes: Vec<u8>,
    any_case: bool,
    /// Where they must stand; anywhere, if nothing is said.
    at: Option<u32>,
}

/// Literals of which one must be found.
type Clause = Vec<Literal>;

impl Literal {
    /// The pattern that the search looks for.
    pub(crate) fn pattern(&self) -> Pattern {
        let mask = |&byte: &u8| match self.any_case {
            true => ByteMask::either_case(byte),
            false => ByteMask::exact(byte),
        };
        let first = self.bytes.iter().map(mask).map(Element::Byte).collect();
        let offset = match self.at {
            Some(at) => Offset::Start { at: at.into(), shift: 0 },
            None => Offset::Anywhere,
        };
        Pattern { target: Target::Any, offset, ..Pattern::new(first) }
    }

    /// How much work finding it makes, about: a share of all files and positions.
    fn cost(&self) -> u64 {
        const BITS: u32 = 48;
        match self.at {
            // The start of a program is rarer than a file without it, but not rare.
            Some(_) => 1 << (BITS - 4),
            None => 1_u64.checked_shl(BITS.saturating_sub(surprise(&self.bytes))).unwrap_or(1),
        }
    }
}

/// Surprise in bits, as a chain of three-byte runs.
fn surprise(bytes: &[u8]) -> u32 {
    let first = bytes.first_chunk::<2>().map_or(0, |&[a, b]| rarity::of_pair(a, b));
    let rest = bytes.array_windows::<3>().map(|&[a, b, c]| rarity::of_third(a, b, c));
    rest.fold(first, u32::saturating_add) / 8
}

fn cost(clause: &Clause) -> u64 {
    clause.iter().fold(0, |sum, literal| sum.saturating_add(literal.cost()))
}

/// The gate of a source that compiles; `None` where some rule may match without any literal.
pub(crate) fn of_source(source: &str) -> Option<Vec<Literal>> {
    let ast = AST::from(source);
    if !ast.errors().is_empty() {
        return None;
    }
    let (mut known, mut gate) = (HashMap::new(), Vec::new());
    for item in &ast.items {
        let rule = match item {
            Item::Rule(rule) => rule,
            Item::Import(_) => continue,
            Item::Include(_) => return None,
        };
        let patterns = rule.patterns.as_deref().unwrap_or_default();
        let clause = Condition { patterns, rules: &known }.necessary(&rule.condition);
        if !rule.flags.contains(RuleFlags::Private) {
            gate.extend(clause.clone()?);
        }
        known.insert(rule.identifier.name, clause);
    }
    gate.sort_unstable();
    gate.dedup();
    Some(gate)
}

/// What a condition can refer to.
#[derive(Clone, Copy)]
struct Condition<'c> {
    patterns: &'c [YaraPattern<'c>],
    /// Rules declared before, with their clauses.
    rules: &'c HashMap<&'c str, Option<Clause>>,
}

impl Condition<'_> {
    /// Literals of which one is found wherever the condition holds.
    fn necessary(self, condition: &Expr<'_>) -> Option<Clause> {
        match condition {
            Expr::PatternMatch(found) => self.pattern(found.identifier.name),
            Expr::FieldAccess(path) => match path.operands.as_slice() {
                [Expr::Ident(module), Expr::Ident(field)]
                    if module.name == "pe" && field.name == "is_pe" =>
                {
                    Some(vec![Literal { bytes: b"MZ".to_vec(), any_case: false, at: Some(0) }])
                }
                _ => None,
            },
            Expr::Ident(rule) => self.rules.get(rule.name)?.clone(),
            Expr::And(all) => best(all.operands().filter_map(|each| self.necessary(each))),
            Expr::Or(any) => union(any.operands().map(|each| self.necessary(each)), 1),
            Expr::Of(of) => self.of(of),
            Expr::ForIn(each) => match &each.quantifier {
                // `all` holds for nothing at all. Names may mean variables here, and not rules.
                Quantifier::All { .. } => None,
                quantifier => {
                    least(quantifier)?;
                    Condition { rules: &HashMap::new(), ..self }.necessary(&each.body)
                }
            },
            Expr::Gt(sides) => self.count(sides, 0),
            Expr::Ge(sides) => self.count(sides, 1),
            Expr::Eq(sides) => self.count(sides, 1).or_else(|| first_bytes(sides)),
            _ => None,
        }
    }

    /// `#a > 0` and its kin, where the number is at least `least`.
    fn count(self, sides: &BinaryExpr<'_>, least: i64) -> Option<Clause> {
        match (&sides.lhs, &sides.rhs) {
            (Expr::PatternCount(count), Expr::LiteralInteger(number)) if number.value >= least => {
                self.pattern(count.identifier.name)
            }
            _ => None,
        }
    }

    fn of(self, of: &Of<'_>) -> Option<Clause> {
        let clauses: Vec<Option<Clause>> = match &of.items {
            OfItems::BoolExprTuple(each) => each.iter().map(|each| self.necessary(each)).collect(),
            OfItems::PatternSet(set) => {
                self.members(set).map(|name| self.pattern_called(name)).collect()
            }
        };
        match &of.quantifier {
            Quantifier::All { .. } => best(clauses.into_iter().flatten()),
            quantifier => union(clauses.into_iter(), least(quantifier)?),
        }
    }

    fn members<'s>(&'s self, set: &'s PatternSet<'_>) -> impl Iterator<Item = &'s YaraPattern<'s>> {
        self.patterns.iter().filter(move |pattern| match set {
            PatternSet::Them { .. } => true,
            PatternSet::Set(items) => items.iter().any(|item| item.matches(pattern.identifier())),
        })
    }

    /// The pattern that `$a` or `#a` names.
    fn pattern(self, name: &str) -> Option<Clause> {
        let bare = |name: &str| name.get(1..).filter(|rest| !rest.is_empty()).map(str::to_owned);
        let name = bare(name)?;
        let mut named = self.patterns.iter();
        let pattern = named.find(|it| bare(it.identifier().name).as_ref() == Some(&name))?;
        self.pattern_called(pattern)
    }

    fn pattern_called(self, pattern: &YaraPattern<'_>) -> Option<Clause> {
        let modifiers = pattern.modifiers();
        if modifiers.xor().is_some() {
            return None;
        }
        let nocase = modifiers.nocase().is_some();
        let (texts, any_case) = match pattern {
            YaraPattern::Text(text) => (vec![text.text.value.to_vec()], nocase),
            YaraPattern::Hex(hex) => (vec![fixed_run(hex)?], nocase),
            YaraPattern::Regexp(regexp) => {
                (of_regexp(regexp)?, nocase || regexp.regexp.case_insensitive)
            }
        };
        let is_wide = modifiers.wide().is_some();
        let is_narrow = !is_wide || modifiers.ascii().is_some();
        let wides = texts.iter().filter(|_| is_wide).map(|text| wide(text));
        let forms = texts.iter().filter(|_| is_narrow).cloned().chain(wides).collect();
        in_base64(forms, modifiers)?.iter().map(|text| literal(text, any_case)).collect()
    }
}

/// At least how many of some things must hold; `None` where none need.
fn least(quantifier: &Quantifier<'_>) -> Option<usize> {
    match quantifier {
        Quantifier::Any { .. } => Some(1),
        Quantifier::Expr(Expr::LiteralInteger(number)) => {
            usize::try_from(number.value).ok().filter(|&number| number > 0)
        }
        Quantifier::Percentage(Expr::LiteralInteger(share)) => (share.value > 0).then_some(1),
        _ => None,
    }
}

/// The clause that is found least often.
fn best(clauses: impl Iterator<Item = Clause>) -> Option<Clause> {
    clauses.min_by_key(cost)
}

/// One of several things holds, `least` of them do: the clauses together, if fewer than that have none.
fn union(clauses: impl Iterator<Item = Option<Clause>>, least: usize) -> Option<Clause> {
    let (mut together, mut without) = (Vec::new(), 0_usize);
    for clause in clauses {
        match clause {
            Some(clause) => together.extend(clause),
            None => without = without.saturating_add(1),
        }
    }
    (without < least && !together.is_empty() && together.len() <= MOST).then_some(together)
}

/// A literal that is worth looking for.
fn literal(bytes: &[u8], any_case: bool) -> Option<Literal> {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes).to_vec();
    let is_rare = bytes.len() >= SHORTEST && surprise(&bytes) >= SURPRISE;
    is_rare.then_some(Literal { bytes, any_case, at: None })
}

/// The texts, or what base64 makes of them where the modifiers say so.
fn in_base64(texts: Vec<Vec<u8>>, modifiers: &PatternModifiers<'_>) -> Option<Vec<Vec<u8>>> {
    let (narrow, wides) = (modifiers.base64(), modifiers.base64wide());
    let alphabets = [narrow, wides].into_iter().flatten();
    let is_own = |modifier: &PatternModifier<'_>| {
        matches!(
            modifier,
            PatternModifier::Base64 { alphabet: Some(_), .. }
                | PatternModifier::Base64Wide { alphabet: Some(_), .. }
        )
    };
    match (narrow, wides) {
        _ if alphabets.into_iter().any(is_own) => None,
        (None, None) => Some(texts),
        _ => {
            let encoded: Vec<_> = texts.iter().flat_map(|text| base64(text)).collect();
            let narrow = encoded.iter().filter(|_| narrow.is_some()).cloned();
            let wides = encoded.iter().filter(|_| wides.is_some()).map(|text| wide(text));
            Some(narrow.chain(wides).collect())
        }
    }
}

/// Zeros behind each byte but the last, which a match might end before.
fn wide(text: &[u8]) -> Vec<u8> {
    let mut wide: Vec<u8> = text.iter().flat_map(|&byte| [byte, 0]).collect();
    wide.pop();
    wide
}

/// `uint16(0) == 0x5A4D` and its kin.
fn first_bytes(sides: &BinaryExpr<'_>) -> Option<Clause> {
    let (Expr::FuncCall(call), Expr::LiteralInteger(value)) = (&sides.lhs, &sides.rhs) else {
        return None;
    };
    let [Expr::LiteralInteger(at)] = call.args.as_slice() else { return None };
    if call.object.is_some() {
        return None;
    }
    let value = u32::try_from(value.value).ok()?;
    let bytes = match call.identifier.name {
        "uint16" => u16::try_from(value).ok()?.to_le_bytes().to_vec(),
        "uint16be" => u16::try_from(value).ok()?.to_be_bytes().to_vec(),
        "uint32" => value.to_le_bytes().to_vec(),
        "uint32be" => value.to_be_bytes().to_vec(),
        _ => return None,
    };
    let at = Some(u32::try_from(at.value).ok()?);
    Some(vec![Literal { bytes, any_case: false, at }])
}

/// The rarest run of fixed bytes.
fn fixed_run(hex: &HexPattern<'_>) -> Option<Vec<u8>> {
    let (mut runs, mut run) = (Vec::new(), Vec::new());
    for token in hex.sub_patterns.iter() {
        match token {
            HexToken::Byte(byte) if byte.mask == 0xff => run.push(byte.value),
            _ => runs.push(std::mem::take(&mut run)),
        }
    }
    runs.push(run);
    runs.into_iter().max_by_key(|run| surprise(run))
}

/// Texts of which every match of a regular expression contains one. Case is left to the caller.
fn of_regexp(pattern: &RegexpPattern<'_>) -> Option<Vec<Vec<u8>>> {
    let source = pattern.regexp.src;
    // Read as yara-x reads it, but for the case.
    let ast = ParserBuilder::new().empty_min_range(true).build().parse(source).ok()?;
    let mut translator = TranslatorBuilder::new()
        .dot_matches_new_line(pattern.regexp.dot_matches_new_line)
        .unicode(false)
        .utf8(false)
        .build();
    let hir = translator.translate(source, &ast).ok()?;
    contained(&hir)
}

fn contained(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    if let Some(texts) = exact(hir) {
        return Some(texts);
    }
    match hir.kind() {
        HirKind::Repetition(repetition) if repetition.min > 0 => contained(&repetition.sub),
        HirKind::Capture(capture) => contained(&capture.sub),
        HirKind::Concat(all) => contained_in_sequence(all),
        HirKind::Alternation(any) => {
            let texts: Option<Vec<_>> = any.iter().map(contained).collect();
            texts.map(|texts| texts.concat()).filter(|texts| texts.len() <= MOST)
        }
        _ => None,
    }
}

/// The rarest choice of texts in a sequence. Neighbours that match fixed texts are taken together.
fn contained_in_sequence(all: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let (mut choices, mut run) = (Vec::new(), vec![Vec::new()]);
    for each in all {
        match exact(each).and_then(|texts| product(&run, &texts)) {
            Some(longer) => run = longer,
            None => {
                choices.push(std::mem::replace(&mut run, vec![Vec::new()]));
                choices.extend(contained(each));
            }
        }
    }
    choices.push(run);
    // The least rare of a choice counts: it is what may be found alone.
    let weight = |texts: &Vec<Vec<u8>>| {
        let usable = |text: &Vec<u8>| if text.len() < SHORTEST { 0 } else { surprise(text) };
        texts.iter().map(usable).min()
    };
    choices.into_iter().max_by_key(weight)
}

/// All texts that it matches, if they are few.
fn exact(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    const FEW: usize = 8;
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => exact(&capture.sub),
        HirKind::Concat(all) => all.iter().try_fold(vec![Vec::new()], |run, each| {
            exact(each).and_then(|texts| product(&run, &texts))
        }),
        HirKind::Alternation(any) => {
            let texts: Vec<Vec<u8>> = any.iter().map(exact).collect::<Option<Vec<_>>>()?.concat();
            (texts.len() <= FEW).then_some(texts)
        }
        HirKind::Class(Class::Bytes(class)) => {
            let bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            let texts: Vec<Vec<u8>> = bytes.take(FEW).map(|byte| vec![byte]).collect();
            (texts.len() < FEW / 2).then_some(texts)
        }
        _ => None,
    }
}

/// Each of the texts behind each other, if those are not too many.
fn product(left: &[Vec<u8>], right: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    const MANY: usize = 32;
    if left.len().saturating_mul(right.len()) > MANY {
        return None;
    }
    let joined = left.iter().flat_map(|a| right.iter().map(move |b| [a.as_slice(), b].concat()));
    Some(joined.collect())
}

/// The base64 of a text in each of its three positions, without the characters that its neighbours have
/// a part in.
fn base64(text: &[u8]) -> [Vec<u8>; 3] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    [0, 1, 2].map(|before: usize| {
        let bits = std::iter::repeat_n(0, before).chain(text.iter().copied());
        let bits: Vec<bool> =
            bits.flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1 == 1)).collect();
        // 8 bits of neighbours end inside of the second character, 16 inside of the third.
        let own = bits.as_chunks::<6>().0.iter().skip(before.saturating_mul(8).div_ceil(6));
        let digit = |six: &[bool; 6]| {
            let value = six.iter().fold(0, |value, &bit| value << 1 | usize::from(bit));
            DIGITS.get(value).copied().unwrap_or(b'=')
        };
        own.map(digit).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gate of one rule with these strings and this condition, in words.
    fn gate(strings: &str, condition: &str) -> Option<Vec<String>> {
        let strings =
            if strings.is_empty() { String::new() } else { format!("strings: {strings}") };
        let source = format!("rule r {{ {strings} condition: {condition} }}");
        of_source(&source).map(|gate| gate.iter().map(words).collect())
    }

    fn words(literal: &Literal) -> String {
        let case = if literal.any_case { "i" } else { "" };
        let at = literal.at.map_or_else(String::new, |at| format!("@{at}"));
        format!("{}{case}{at}", literal.bytes.escape_ascii())
    }

    const TWO: &str = r#"$a = "first string" $b = "other words""#;

    #[test]
    fn conditions_come_down_to_strings() {
        let (first, other) = ("first string".to_owned(), "other words".to_owned());
        let both = Some(vec![first.clone(), other.clone()]);
        let some = |condition: &str| gate(TWO, condition);
        assert_eq!(some("$a or $b"), both);
        assert_eq!(some("any of them"), both);
        assert_eq!(some("1 of ($a, $b)"), both);
        assert_eq!(some("10% of them"), both);
        assert_eq!(some("$a and not $b"), Some(vec![first.clone()]));
        assert_eq!(some("all of them").map(|gate| gate.len()), Some(1));
        assert_eq!(some("2 of them"), both, "more than one, but any will do");
        assert_eq!(some("#a > 0 and filesize < 5"), Some(vec![first.clone()]));
        assert_eq!(some("#b >= 2 and $b at 0"), Some(vec![other]));
        assert_eq!(some("for any i in (1..3) : ($a at i)"), Some(vec![first]));
    }

    #[test]
    fn what_may_hold_without_a_string_has_no_gate() {
        for condition in [
            "not $a and $b or filesize > 3",
            "#a >= 0 and #b == 0",
            "#a < 2 or $b",
            "none of them",
            "0 of them",
            "for any of them : (# == 0)",
            "for all i in (1..#a) : ($b)",
            "filesize > 10 and #a != 1 and #b != 2",
            "$a or uint8(0) == 1",
        ] {
            assert_eq!(gate(TWO, condition), None, "{condition}");
        }
        for strings in [
            r#"$a = "longer string" xor"#,
            r#"$a = "longer string" base64("zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210/+")"#,
            r#"$a = "abc""#,
            "$a = /[a-z]{8,}/",
            "$a = /(longer|[0-9]+)/",
            "$a = { 00 00 00 00 00 00 ?? 00 }",
            "$a = { 41 ?? 42 [2-4] 43 }",
        ] {
            assert_eq!(gate(strings, "$a"), None, "{strings}");
        }
    }

    #[test]
    fn strings_of_every_kind() {
        for (strings, expected) in [
            (r#"$a = "Powershell" nocase"#, &["Powershelli"][..]),
            (r#"$a = "Power" wide"#, &[r"P\x00o\x00w\x00e\x00r"]),
            (r#"$a = "Power" wide ascii"#, &[r"P\x00o\x00w\x00e\x00r", "Power"]),
            ("$a = { 8B 4D ?? 0F B7 C1 99 31 (22 | 33) }", &[r"\x0f\xb7\xc1\x991"]),
            ("$a = /[0-9]+evilword(one|two)*/", &["evilword"]),
            ("$a = /\\s_(GET|POST|[AB]ASE)\\[[0-9]/", &["_AASE[", "_BASE[", "_GET[", "_POST["]),
            (
                r#"$a = "DownloadString" base64"#,
                &["Eb3dubG9hZFN0cmluZ", "RG93bmxvYWRTdHJpbm", "Rvd25sb2FkU3RyaW5n"],
            ),
            ("$a = /x?(somewhere|elsewhere)[0-9]{2}/i", &["elsewherei", "somewherei"]),
        ] {
            let expected = expected.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(gate(strings, "$a"), Some(expected), "{strings}");
        }
    }

    #[test]
    fn first_bytes_are_the_last_resort() {
        let mz = Some(vec!["MZ@0".to_owned()]);
        assert_eq!(gate("", "pe.is_pe and pe.number_of_sections > 3"), mz);
        assert_eq!(gate("", "uint16(0) == 0x5A4D and filesize < 100"), mz);
        assert_eq!(gate("", "uint16be(0) == 0x4D5A"), mz);
        assert_eq!(gate("", "uint32(0) == 0x464c457f"), Some(vec![r"\x7fELF@0".into()]));
        let with_string = gate(TWO, "uint16(0) == 0x5A4D and $a");
        assert_eq!(with_string, Some(vec!["first string".into()]));
        assert_eq!(gate("", "uint16(filesize - 2) == 0x5A4D"), None);
        assert_eq!(gate("", "uint16(0) == 0x15A4D"), None);
    }

    #[test]
    fn rules_build_on_rules() {
        let source = |condition: &str| {
            format!(
                "private rule a {{ strings: $a = \"first string\" condition: $a }}\n\
                 rule b {{ condition: {condition} }}"
            )
        };
        assert_eq!(of_source(&source("a")).map(|gate| gate.len()), Some(1));
        assert_eq!(of_source(&source("not a")), None);
        let shadowed = source("for any a in (0..3) : (a == 2)");
        assert_eq!(of_source(&shadowed), None);
    }
}
