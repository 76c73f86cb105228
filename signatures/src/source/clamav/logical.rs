//! ClamAV's logical signatures (`.ldb .ldu`): `name;target block;logic;sub0;...;sub63`.
//!
//! Sub-signatures are byte patterns, `[offset:]hexsig[::iwfa]`: `i` letters of either case, `w` wide (a
//! zero behind every byte), `f` a full word, `a` ASCII; `w` and `a` together are two patterns, either of
//! which counts. Or they are regular expressions (`regex.rs`), byte comparisons (`comparison.rs`) or macros
//! (`macros.rs`). A record with images among them is skipped.

use std::borrow::Cow;

use pellucid::matcher::expression::ExpressionOp;
use pellucid::matcher::{Offset, Pattern, Target};
use pellucid::set::layout::MAX_PARTS;
use pellucid::verdict::Class;

use super::super::{Content, Logical, Record};
use super::hex::{self, Style};
use super::{
    Field, class_of, comparison, expect, expression, fields, macros, offset, regex, target_block,
};
use crate::diagnostic::{Fault, quoted};

const FORM: &str = "name;target block;logic;sub0;sub1;...";

/// Reads one line.
pub(crate) fn record(line: &str, class: Class) -> Result<Option<Record<'_>>, Fault> {
    let mut fields = fields(line, ';');
    let name = expect(fields.next(), line, "the name", FORM)?.text;
    let block = expect(fields.next(), line, "the target block", FORM)?;
    let logic = expect(fields.next(), line, "the logic", FORM)?;
    let rest = fields.next();
    let subs = rest.map_or_else(Vec::new, |first| sub_fields(line, first.at));
    let block = target_block::parse(block)?;
    let mut logical = Logical {
        target: block.target,
        sizes: block.sizes,
        condition: block.condition,
        patterns: Vec::with_capacity(subs.len()),
        regexes: Vec::new(),
        comparisons: Vec::new(),
        macros: Vec::new(),
        expression: expression::parse(logic)?,
    };
    check_numbers(&logical.expression, subs.len(), logic)?;
    for (part, sub) in (0_u8..).zip(&subs) {
        add_sub(&mut logical, part, *sub)?;
    }
    check_references(&logical, &subs)?;
    let class = class_of(name, class);
    Ok(Some(Record { name: Cow::Borrowed(name), class, content: Content::Logical(logical) }))
}

/// The sub-signatures, from byte `at` on, at most one more than there may be. A semicolon between the
/// slashes of a regular expression divides nothing.
fn sub_fields(line: &str, at: usize) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let (mut start, mut in_expression, mut before) = (at, false, b'\0');
    for (place, byte) in line.bytes().enumerate().skip(at) {
        match byte {
            b'/' if before != b'\\' => in_expression = !in_expression,
            b';' if !in_expression => {
                fields.extend(line.get(start..place).map(|text| Field { text, at: start }));
                start = place.saturating_add(1);
                if fields.len() > MAX_PARTS {
                    return fields;
                }
            }
            _ => {}
        }
        before = byte;
    }
    fields.extend(line.get(start..).map(|text| Field { text, at: start }));
    fields
}

/// Byte comparisons refer to byte patterns, and macros to the byte pattern before them.
fn check_references(logical: &Logical, subs: &[Field<'_>]) -> Result<(), Fault> {
    let is_pattern = |part: u8| logical.patterns.iter().any(|(pattern, _)| *pattern == part);
    let at = |part: u8| subs.get(usize::from(part)).map_or(0, |sub| sub.at);
    macros::check(logical).map_err(|(part, fault)| fault.at(at(part)))?;
    let mut wrong = logical.comparisons.iter().filter(|(_, it)| !is_pattern(it.trigger));
    wrong.next().map_or(Ok(()), |(part, comparison)| {
        let message = format!("sub-signature {} is not a byte pattern", comparison.trigger);
        Err(Fault::error("byte comparison", message).at(at(*part)))
    })
}

/// Reads a sub-signature of any kind.
fn add_sub(logical: &mut Logical, part: u8, sub: Field<'_>) -> Result<(), Fault> {
    if sub.text.starts_with("fuzzy_img#") {
        let message = "an image sub-signature is not matched yet";
        return Err(Fault::skipped("image sub-signature", message).at(sub.at));
    }
    if sub.text.starts_with("${") {
        logical.macros.push((part, macros::parse(sub)?));
    } else if sub.text.contains('/') {
        logical.regexes.push((part, regex::parse(sub, part, logical.target)?));
    } else if sub.text.contains('#') {
        logical.comparisons.push((part, comparison::parse(sub)?));
    } else {
        let (pattern, twin) = parse_pattern(sub, logical.target)?;
        logical.patterns.extend([Some(pattern), twin].into_iter().flatten().map(|one| (part, one)));
    }
    Ok(())
}

/// Every sub-signature up to the highest one named must be there, and no more.
fn check_numbers(ops: &[ExpressionOp], subs: usize, logic: Field<'_>) -> Result<(), Fault> {
    let named = ops.iter().filter_map(|op| match op {
        ExpressionOp::Part(part) | ExpressionOp::ComparePart { part, .. } => {
            Some(usize::from(*part))
        }
        _ => None,
    });
    let wanted = named.max().map_or(0, |highest| highest.saturating_add(1));
    if wanted == subs {
        return Ok(());
    }
    let found = if subs > MAX_PARTS { "more".into() } else { subs.to_string() };
    let message = format!("the logic names {wanted} sub-signatures, {found} follow");
    Err(Fault::error("sub-signatures", message).at(logic.at))
}

/// Reads a byte pattern; the second one is its wide twin where it asks for both widths.
fn parse_pattern(sub: Field<'_>, target: Target) -> Result<(Pattern, Option<Pattern>), Fault> {
    let (signature, letters) = match sub.text.split_once("::") {
        Some((signature, letters)) => (signature, letters),
        None => (sub.text, ""),
    };
    let letters_at = sub.at.saturating_add(signature.len()).saturating_add(2);
    let modifiers = parse_modifiers(Field { text: letters, at: letters_at })?;
    let (place, body) = match signature.split_once(':') {
        Some((place, body)) => {
            let at = sub.at.saturating_add(place.len()).saturating_add(1);
            (offset::parse(Field { text: place, at: sub.at }, target)?, Field { text: body, at })
        }
        None => (Offset::Anywhere, Field { text: signature, at: sub.at }),
    };
    let pattern = |wide: bool| {
        let style = Style { any_case: modifiers.any_case, wide, full_word: modifiers.full_word };
        let hex = hex::parse(body.text, style).map_err(|fault| fault.moved(body.at))?;
        Ok(hex.at(target, place))
    };
    let both = modifiers.wide && modifiers.ascii;
    Ok((pattern(modifiers.wide && !both)?, both.then(|| pattern(true)).transpose()?))
}

#[derive(Clone, Copy, Debug, Default)]
struct Modifiers {
    any_case: bool,
    wide: bool,
    full_word: bool,
    ascii: bool,
}

fn parse_modifiers(field: Field<'_>) -> Result<Modifiers, Fault> {
    let mut modifiers = Modifiers::default();
    for (index, letter) in field.text.char_indices() {
        match letter {
            'i' => modifiers.any_case = true,
            'w' => modifiers.wide = true,
            'f' => modifiers.full_word = true,
            'a' => modifiers.ascii = true,
            _ => {
                let message = format!("{} is not a modifier", quoted(&letter.to_string()));
                return Err(Fault::error("modifier", message)
                    .at(field.at.saturating_add(index))
                    .help("modifiers are i, w, f and a"));
            }
        }
    }
    Ok(modifiers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExpressionOp::*;

    fn read(line: &str) -> Result<Logical, String> {
        match record(line, Class::Malicious) {
            Ok(Some(Record { content: Content::Logical(logical), .. })) => Ok(logical),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.told(0)),
        }
    }

    #[test]
    fn a_record() {
        let line = "A;Engine:51-255,Target:1,FileSize:10-20;0&1;EP+4:aabb;6162*6364::fi";
        let logical = read(line).unwrap();
        assert_eq!((logical.target, logical.sizes), (Target::Pe, 10..=20));
        assert_eq!(logical.expression, [Part(0), Part(1), And]);
        let [(0, first), (1, second)] = logical.patterns.as_slice() else { panic!() };
        assert_eq!(first.offset, Offset::EntryPoint { delta: 4, shift: 0 });
        assert_eq!((second.first.len(), second.rest.len()), (3, 1), "a boundary on either side");
    }

    #[test]
    fn both_widths_are_patterns_of_one_part() {
        let logical = read("A;Target:0;0>1&1;6162::wa;6364").unwrap();
        let lengths = logical.patterns.iter().map(|(part, pattern)| (*part, pattern.first.len()));
        assert_eq!(lengths.collect::<Vec<_>>(), [(0, 2), (0, 4), (1, 2)]);
        let subs = vec!["6162::wa"; 64].join(";");
        let logic = (0..64).map(|n| n.to_string()).collect::<Vec<_>>().join("&");
        assert_eq!(read(&format!("A;Target:0;{logic};{subs}")).unwrap().patterns.len(), 128);
    }

    #[test]
    fn parts_of_every_kind() {
        let line = "A;Target:0;(0|1)&2&3;2(>>4#ib2#=1);1(>>1#db2#>1);6162;0&2/a;b\\/;c/g";
        assert!(read(line).is_err(), "1 is no byte pattern");
        let line = "A;Target:0;(0|1)&2&3;2(>>4#ib2#=1);6364;6162;0&2/a;b\\/;c/g";
        let logical = read(line).unwrap();
        let numbers = |parts: &[(u8, Pattern)]| parts.iter().map(|it| it.0).collect::<Vec<_>>();
        assert_eq!(numbers(&logical.patterns), [1, 2]);
        assert_eq!((logical.comparisons[0].0, logical.comparisons[0].1.trigger), (0, 2));
        let [(3, regex)] = logical.regexes.as_slice() else { panic!() };
        assert_eq!((regex.text.as_slice(), regex.options.global), (&b"a;b\\/;c"[..], true));
    }

    #[test]
    fn hostile_records_are_refused_by_name() {
        let deep =
            |open: &str, close: &str| format!("{}0{}", open.repeat(10_000), close.repeat(10_000));
        let many = "1".repeat(10_000);
        for (line, reason) in [
            (format!("A;Target:0;{};aabb", deep("(", ")")), "logic"),
            (format!("A;Target:0;{};aabb", deep("(", "")), "logic"),
            (format!("A;Target:0;{};aabb", deep("", ")")), "logic"),
            (format!("A;Target:0;0>{many};aabb"), "logic"),
            (format!("A;Target:0;(0>1,{many});aabb"), "logic"),
            (format!("A;Target:0;{many};aabb"), "logic"),
            (format!("A;Target:0;0&1;aabb;{}/a/", deep("(", ")")), "logic"),
            (format!("A;Target:0;0&1;aabb;0>{many}/a/"), "logic"),
            (format!("A;Target:0;0&1;aabb;0/{}/", deep("(", ")")), "regular expression"),
            (format!("A;Target:0;0&1;aabb;0/{}/", deep("(", "")), "regular expression"),
            (format!("A;Target:0;0&1;aabb;0/a{{{many}}}/"), "regular expression"),
            (format!("A;Target:0;0&1;aabb;0(>>{many}#ib1#=1)"), "byte comparison"),
            (format!("A;Target:0;0&1;aabb;0(>>1#ib{many}#=1)"), "byte comparison"),
            (format!("A;Target:0;0&1;aabb;${{1-{many}}}1$"), "macro"),
        ] {
            let error = read(&line).unwrap_err();
            assert!(error.starts_with(&format!("Error {reason} @")), "{error}: {line:.60}");
        }
    }

    #[test]
    fn what_is_refused_and_what_is_skipped() {
        for (line, reason) in [
            ("A", "Error fields @1"),
            ("A;Target:0", "Error fields @10"),
            ("A;Target:0;0", "Error sub-signatures @11"),
            ("A;Target:0;0;aabb;ccdd", "Error sub-signatures @11"),
            ("A;Target:0;1;aabb", "Error sub-signatures @11"),
            ("A;Target;0;aabb", "Error target block @2"),
            ("A;Target:0;0&;aabb", "Error logic @13"),
            ("A;Target:0;0;aabx", "Error body @16"),
            ("A;Target:0;0;4:aab::i", "Error body @18"),
            ("A;Target:0;0;aabb::x", "Error modifier @19"),
            ("A;Target:0;0;EP+1:aabb", "Error offset @13"),
            ("A;Engine:217-255,Target:0;0;aabb", "Skipped engine level"),
            ("A;Target:8;0;aabb", "Skipped unknown target @9"),
            ("A;Target:0;0&1;aabb;1/a.b/i", "Error trigger @20"),
            ("A;Target:0;0&1;aabb;0/a;b", "Error regular expression @20"),
            ("A;Target:0;0&1;aabb;1(>>26#ib2#>512)", "Error byte comparison @20"),
            ("A;Target:0;0;${6-7}12$", "Skipped macro without a byte pattern before it @13"),
            ("A;Target:0;0&1;aabb*ccdd;${6-7}12$", "Skipped macro behind a pattern with gaps @25"),
            ("A;Target:0;0&1;aabb;${6-7}32$", "Error macro @20"),
            ("A;Target:0;0&1;aabb;$12:ccdd", "Error offset @20"),
            ("A;Target:0;0;fuzzy_img#af2ad01ed42993c7#0", "Skipped image sub-signature @13"),
        ] {
            assert_eq!(read(line).unwrap_err(), reason, "{line}");
        }
        let many = format!("A;Target:0;0{}", ";aabb".repeat(100_000));
        assert_eq!(read(&many).unwrap_err(), "Error sub-signatures @11");
    }
}
