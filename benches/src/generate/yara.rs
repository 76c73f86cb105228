//! The same patterns as YARA rules.

use std::fmt::Write as _;

/// Rewrites the lines of an .ndb file that [`generate`](super::generate) made as rules: one for each,
/// of the same name with `_` for `.`.
pub fn rules(ndb: &str) -> String {
    let mut rules = "import \"pe\"\nimport \"elf\"\n".to_owned();
    for fields in ndb.lines().map(|line| line.split(':').collect::<Vec<_>>()) {
        let [name, target, offset, body] = *fields.as_slice() else { continue };
        // Writing to a string cannot fail.
        let _ = writeln!(
            rules,
            "rule {} {{ strings: $a = {{ {} }} condition: {}{} }}",
            name.replace('.', "_"),
            hex_string(body),
            type_condition(target),
            place_condition(target, offset),
        );
    }
    rules
}

/// Gaps are written in other brackets, and need a least length.
fn hex_string(body: &str) -> String {
    body.replace("{-", "[0-").replace('{', "[").replace('}', "]").replace('*', "[-]")
}

fn type_condition(target: &str) -> &'static str {
    match target {
        "1" => "uint16(0) == 0x5a4d and ",
        "6" => "uint32(0) == 0x464c457f and ",
        _ => "",
    }
}

fn place_condition(target: &str, offset: &str) -> String {
    let module = if target == "6" { "elf" } else { "pe" };
    if offset == "*" {
        "$a".to_owned()
    } else if let Some(back) = offset.strip_prefix("EOF-") {
        format!("$a at filesize - {back}")
    } else if let Some(delta) = offset.strip_prefix("EP") {
        format!("$a at {module}.entry_point {delta}")
    } else if let Some((from, shift)) = offset.split_once(',') {
        format!("$a in ({from}..{from} + {shift})")
    } else {
        format!("$a at {offset}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_what_the_pattern_says() {
        let cases = [
            ("A.1:0:*:4142*43??", "rule A_1 { strings: $a = { 4142[-]43?? } condition: $a }"),
            (
                "A.2:1:EP+7:41{-5}42{3}43{1-2}(44|45)",
                "rule A_2 { strings: $a = { 41[0-5]42[3]43[1-2](44|45) } condition: \
                 uint16(0) == 0x5a4d and $a at pe.entry_point +7 }",
            ),
            (
                "A.3:6:EOF-9:4?",
                "rule A_3 { strings: $a = { 4? } condition: uint32(0) == 0x464c457f and \
                 $a at filesize - 9 }",
            ),
            ("A.4:0:12:41", "rule A_4 { strings: $a = { 41 } condition: $a at 12 }"),
            ("A.5:0:12,4:41", "rule A_5 { strings: $a = { 41 } condition: $a in (12..12 + 4) }"),
        ];
        for (line, rule) in cases {
            assert_eq!(rules(line).lines().nth(2), Some(rule));
        }
    }
}
