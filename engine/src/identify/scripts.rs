//! Scripts: by their first line, by their tags, and by clues in their text.
//!
//! Most script languages have no mark of their own. So words and phrases are weighed: each clue counts
//! once for its language, and a language is named when its clues weigh enough together. A clue that
//! is rare elsewhere can be enough alone. To add a language or a clue, add a row.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Match};

use super::FileType::{self, *};
use super::collector::Collector;
use super::fields::up_to;
use super::markup::begins_line;
use super::text::Text;

/// Programs that a first line can name, by the beginning of their file name.
const INTERPRETERS: &[(&str, FileType)] = &[
    ("sh", ShellScript),
    ("bash", ShellScript),
    ("dash", ShellScript),
    ("ash", ShellScript),
    ("zsh", ShellScript),
    ("ksh", ShellScript),
    ("mksh", ShellScript),
    ("csh", ShellScript),
    ("tcsh", ShellScript),
    ("fish", ShellScript),
    ("busybox", ShellScript),
    ("rbash", ShellScript),
    ("python", Python),
    ("pypy", Python),
    ("perl", Perl),
    ("ruby", Ruby),
    ("php", Php),
    ("lua", Lua),
    ("luajit", Lua),
    ("node", JavaScript),
    ("nodejs", JavaScript),
    ("deno", JavaScript),
    ("bun", JavaScript),
    ("osascript", JavaScript),
    ("pwsh", PowerShell),
    ("powershell", PowerShell),
];

/// How much of a first line is read.
const FIRST_LINE_MOST: usize = 256;
/// What the clues of a language must weigh together.
const ENOUGH: u8 = 4;

/// A word or phrase that speaks for a language.
struct Clue {
    language: FileType,
    weight: u8,
    /// Compared without regard to case.
    text: &'static str,
    /// Counts only where a line begins.
    begins_line: bool,
}

/// Anywhere in the text.
const fn clue(language: FileType, weight: u8, text: &'static str) -> Clue {
    Clue { language, weight, text, begins_line: false }
}

/// Where a line begins.
const fn line(language: FileType, weight: u8, text: &'static str) -> Clue {
    Clue { language, weight, text, begins_line: true }
}

const CLUES: &[Clue] = &[
    line(Batch, 4, "@echo off"),
    line(Batch, 2, "@rem "),
    line(Batch, 2, "setlocal"),
    line(Batch, 1, "rem "),
    line(Batch, 1, "if exist "),
    line(Batch, 2, "if errorlevel "),
    line(Batch, 2, "if not errorlevel "),
    line(Batch, 1, "goto "),
    line(Batch, 1, "start /b "),
    line(Batch, 2, "set /a "),
    line(Batch, 2, "set /p "),
    clue(Batch, 2, "%~dp0"),
    clue(Batch, 2, "goto :eof"),
    clue(Batch, 2, "%errorlevel%"),
    clue(Batch, 2, "enabledelayedexpansion"),
    clue(Batch, 1, "cmd /c "),
    clue(Batch, 1, "cmd.exe /c "),
    clue(Batch, 1, "%temp%"),
    clue(Batch, 1, "%appdata%"),
    clue(PowerShell, 3, "[cmdletbinding("),
    clue(PowerShell, 4, "$erroractionpreference"),
    clue(PowerShell, 3, "invoke-expression"),
    clue(PowerShell, 3, "invoke-webrequest"),
    clue(PowerShell, 3, "new-object "),
    clue(PowerShell, 2, "net.webclient"),
    clue(PowerShell, 2, "downloadstring("),
    clue(PowerShell, 2, "write-host "),
    clue(PowerShell, 2, "write-output "),
    clue(PowerShell, 2, "$env:"),
    clue(PowerShell, 2, "get-childitem"),
    clue(PowerShell, 2, "get-content "),
    clue(PowerShell, 2, "set-content "),
    clue(PowerShell, 2, "start-process "),
    clue(PowerShell, 2, "out-null"),
    clue(PowerShell, 2, "test-path "),
    clue(PowerShell, 2, "where-object "),
    clue(PowerShell, 2, "foreach-object "),
    clue(PowerShell, 2, "import-module "),
    clue(PowerShell, 2, "add-type "),
    clue(PowerShell, 2, "[convert]::"),
    clue(PowerShell, 2, "[system.convert]::"),
    clue(PowerShell, 2, "[text.encoding]::"),
    clue(PowerShell, 2, "[system.text.encoding]::"),
    clue(PowerShell, 3, "[system.reflection.assembly]::"),
    clue(PowerShell, 2, "-executionpolicy "),
    clue(PowerShell, 1, "-encodedcommand "),
    clue(PowerShell, 1, "iex("),
    clue(PowerShell, 1, "|iex"),
    clue(PowerShell, 1, "iex "),
    line(PowerShell, 1, "param("),
    line(PowerShell, 1, "param ("),
    line(VbScript, 3, "on error resume next"),
    line(VbScript, 2, "option explicit"),
    line(VbScript, 1, "dim "),
    line(VbScript, 2, "end sub"),
    line(VbScript, 2, "end function"),
    line(VbScript, 1, "end if"),
    line(VbScript, 1, "set "),
    line(VbScript, 1, "sub "),
    line(VbScript, 1, "private sub "),
    line(VbScript, 1, "public function "),
    line(VbScript, 2, "msgbox "),
    line(VbScript, 2, "execute("),
    line(VbScript, 2, "executeglobal "),
    line(VbScript, 3, "attribute vb_name"),
    clue(VbScript, 3, "= createobject("),
    clue(VbScript, 3, "=createobject("),
    clue(VbScript, 1, "createobject("),
    clue(VbScript, 2, "wscript.shell"),
    clue(VbScript, 1, "wscript.sleep"),
    clue(VbScript, 1, "wscript.echo "),
    clue(VbScript, 2, "chr(34)"),
    clue(VbScript, 1, "& vbcrlf"),
    clue(JavaScript, 4, "new activexobject("),
    clue(JavaScript, 3, "wscript.createobject("),
    clue(JavaScript, 1, "wscript.shell"),
    clue(JavaScript, 3, "\"use strict\""),
    clue(JavaScript, 3, "'use strict'"),
    clue(JavaScript, 4, "module.exports"),
    clue(JavaScript, 2, "string.fromcharcode"),
    clue(JavaScript, 2, "document.getelementbyid("),
    clue(JavaScript, 2, "document.createelement("),
    clue(JavaScript, 1, "document.write("),
    clue(JavaScript, 1, "window."),
    clue(JavaScript, 2, "console.log("),
    clue(JavaScript, 1, "typeof "),
    clue(JavaScript, 1, "==="),
    clue(JavaScript, 1, "function("),
    clue(JavaScript, 1, "function ("),
    clue(JavaScript, 2, "(function("),
    clue(JavaScript, 2, "(function ("),
    clue(JavaScript, 2, "!function("),
    clue(JavaScript, 2, "=>{"),
    clue(JavaScript, 1, "=> {"),
    clue(JavaScript, 2, ".prototype."),
    clue(JavaScript, 1, "= require("),
    clue(JavaScript, 1, "parseint("),
    clue(JavaScript, 1, "unescape("),
    clue(JavaScript, 1, "eval("),
    line(JavaScript, 2, "export default "),
    line(JavaScript, 2, "export function "),
    line(JavaScript, 2, "export const "),
    line(JavaScript, 2, "import {"),
    line(JavaScript, 1, "var "),
    line(JavaScript, 1, "let "),
    line(JavaScript, 1, "const "),
    line(JavaScript, 1, "function "),
    line(Python, 3, "from __future__ import"),
    line(Python, 4, "if __name__ =="),
    line(Python, 3, "def __init__(self"),
    line(Python, 2, "import os"),
    line(Python, 2, "import sys"),
    line(Python, 2, "import re"),
    line(Python, 1, "import "),
    line(Python, 1, "from "),
    line(Python, 1, "def "),
    line(Python, 1, "class "),
    line(Python, 1, "elif "),
    line(Python, 2, "except "),
    line(Python, 2, "try:"),
    line(Python, 1, "else:"),
    line(Python, 1, "\"\"\""),
    line(Python, 1, "print("),
    clue(Python, 2, "(self, "),
    clue(Python, 2, "(self):"),
    clue(Python, 1, "self."),
    clue(Python, 1, " is none"),
    clue(Python, 1, " not in "),
    clue(Python, 2, "__import__("),
    clue(Python, 1, "exec("),
    line(Perl, 3, "use strict;"),
    line(Perl, 3, "use warnings;"),
    line(Perl, 2, "my $"),
    line(Perl, 2, "my ($"),
    line(Perl, 2, "our @"),
    line(Perl, 2, "our $"),
    line(Perl, 1, "sub "),
    line(Perl, 1, "package "),
    line(Perl, 1, "=head1 "),
    line(Perl, 1, "=cut"),
    clue(Perl, 2, "@_;"),
    clue(Perl, 1, "->{"),
    clue(Perl, 1, "=~ "),
    clue(Perl, 2, "$_[0]"),
    clue(Perl, 1, "qw("),
    line(Ruby, 2, "# frozen_string_literal:"),
    line(Ruby, 2, "require_relative "),
    line(Ruby, 2, "require '"),
    line(Ruby, 1, "module "),
    line(Ruby, 1, "def self."),
    line(Ruby, 1, "attr_reader "),
    line(Ruby, 1, "attr_accessor "),
    line(Ruby, 1, "elsif "),
    line(Ruby, 1, "unless "),
    clue(Ruby, 2, " do |"),
    clue(Ruby, 1, ".each {"),
    clue(Ruby, 1, "nil?"),
    line(Lua, 3, "local function "),
    line(Lua, 1, "local "),
    line(Lua, 1, "function "),
    line(Lua, 1, "elseif "),
    line(Lua, 2, "end)"),
    clue(Lua, 1, " then\n"),
    clue(Lua, 1, " ~= "),
    clue(Lua, 2, "ipairs("),
    clue(Lua, 2, " pairs("),
    line(Php, 4, "<?php"),
    line(Php, 2, "<? "),
    clue(Php, 2, "<?php"),
    clue(Php, 2, "?>"),
    clue(Php, 2, "$_get["),
    clue(Php, 2, "$_post["),
    clue(Php, 2, "$_request["),
    clue(Php, 2, "$_server["),
    clue(Php, 2, "eval(base64_decode("),
    clue(Php, 2, "eval(gzinflate("),
    clue(Jsp, 4, "<%@ page import="),
    clue(Jsp, 4, "<%@page import="),
    clue(Jsp, 4, "<%@ page language=\"java"),
    clue(Jsp, 4, "<%@page language=\"java"),
    clue(Jsp, 4, "<%@ page contenttype="),
    clue(Jsp, 4, "<%@ page pageencoding="),
    clue(Jsp, 4, "<%@ taglib "),
    clue(Jsp, 4, "<jsp:"),
    line(Jsp, 2, "<%"),
    clue(Jsp, 2, "getruntime().exec("),
    clue(Jsp, 2, "request.getparameter("),
    clue(Jsp, 2, "out.print"),
    clue(Asp, 4, "<%@ page language=\"c#"),
    clue(Asp, 4, "<%@page language=\"c#"),
    clue(Asp, 4, "<%@ page language=\"vb"),
    clue(Asp, 4, "<%@ page language=\"jscript"),
    clue(Asp, 4, "<%@page language=\"jscript"),
    clue(Asp, 4, "<%@ page language=\"csharp"),
    clue(Asp, 4, "<%@ language="),
    clue(Asp, 4, "<%@language="),
    clue(Asp, 4, "<%@ webhandler"),
    clue(Asp, 4, "<%@ webservice"),
    clue(Asp, 4, "<%@ import namespace="),
    clue(Asp, 4, "<%@ control "),
    line(Asp, 2, "<%"),
    clue(Asp, 2, "server.createobject("),
    clue(Asp, 2, "response.write"),
    clue(Asp, 2, "request.form("),
    clue(Asp, 2, "request.item["),
    clue(Asp, 2, "request.querystring("),
    clue(Asp, 2, "eval request("),
    clue(Asp, 2, "execute request("),
    clue(Asp, 2, "runat=\"server\""),
];

/// Builds what takes milliseconds, so that no scan has to.
pub(super) fn prepare() {
    LazyLock::force(&CLUE_SEARCH);
}

static CLUE_SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
    builder.build(CLUES.iter().map(|clue| clue.text)).ok()
});

/// The languages that have clues; those of pages first.
const LANGUAGES: [FileType; 11] =
    [Php, Jsp, Asp, Batch, PowerShell, VbScript, JavaScript, Python, Perl, Ruby, Lua];

/// Languages that stand on pages of other types; there they say nothing new.
const PAGE_LANGUAGES: &[FileType] = &[JavaScript, VbScript];
const PAGES: &[FileType] = &[Html, Xml, Svg, Php, Jsp, Asp];

/// Adds the languages of a text.
pub(super) fn identify(text: Text<'_>, collector: &mut Collector) {
    identify_first_line(text, collector);
    let weights = weigh(text.bytes);
    let named = LANGUAGES.into_iter().zip(weights).filter(|(_, weight)| *weight >= ENOUGH);
    for (language, _) in named {
        if !(PAGE_LANGUAGES.contains(&language) && collector.has_any(PAGES)) {
            collector.add(language, text.place(0));
        }
    }
}

/// Adds the language whose interpreter the first line names.
pub(super) fn identify_first_line(text: Text<'_>, collector: &mut Collector) {
    let Some(line) = text.bytes.strip_prefix(b"#!") else { return };
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let interpreter = interpreter(up_to(line, FIRST_LINE_MOST));
    if let Some(language) = interpreter.and_then(language_of) {
        collector.add(language, text.place(0));
    }
}

/// The program that a first line names, without its folder; `env` and its options are passed over.
fn interpreter(line: &[u8]) -> Option<&[u8]> {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let mut programs = words
        .filter(|word| !word.starts_with(b"-") && !word.contains(&b'='))
        .map(|word| word.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or(word));
    match programs.next()? {
        b"env" | b"env.exe" => programs.next(),
        program => Some(program),
    }
}

/// The language of a program, whose name may end with a version.
fn language_of(program: &[u8]) -> Option<FileType> {
    let is_version =
        |rest: &[u8]| rest.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
    let named = INTERPRETERS.iter().find(|(name, _)| {
        let rest = program.strip_prefix(name.as_bytes());
        rest.is_some_and(|rest| is_version(rest) || rest == b".exe")
    });
    named.map(|&(_, language)| language)
}

/// How much the clues in a text weigh for each language.
fn weigh(text: &[u8]) -> [u8; LANGUAGES.len()] {
    let mut weights = [0_u8; LANGUAGES.len()];
    let mut seen = [false; CLUES.len()];
    let matches = CLUE_SEARCH.iter().flat_map(|search| search.find_overlapping_iter(text));
    for found in matches {
        let index = found.pattern().as_usize();
        let (Some(clue), Some(seen)) = (CLUES.get(index), seen.get_mut(index)) else { continue };
        if *seen || !counts(clue, text, &found) {
            continue;
        }
        *seen = true;
        let slot = LANGUAGES.iter().position(|&language| language == clue.language);
        if let Some(weight) = slot.and_then(|slot| weights.get_mut(slot)) {
            *weight = weight.saturating_add(clue.weight);
        }
    }
    weights
}

/// Whether a clue is not a part of longer words, and stands where it has to.
fn counts(clue: &Clue, text: &[u8], found: &Match) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let is_cut = |outer: Option<usize>, inner: Option<usize>| {
        let byte = |at: Option<usize>| at.and_then(|at| text.get(at));
        is_word(byte(outer)) && is_word(byte(inner))
    };
    !is_cut(found.start().checked_sub(1), Some(found.start()))
        && !is_cut(Some(found.end()), found.end().checked_sub(1))
        && (!clue.begins_line || begins_line(text, found.start()))
}

#[cfg(test)]
mod tests {
    use super::super::identify;
    use super::*;

    fn scripts(text: &str) -> Vec<FileType> {
        let is_language = |it: &FileType| LANGUAGES.contains(it) || *it == ShellScript;
        identify(text.as_bytes()).types().iter().filter(is_language).collect()
    }

    #[test]
    fn the_first_line_names_the_language() {
        for (line, language) in [
            ("#!/bin/sh", ShellScript),
            ("#! /usr/bin/env bash -e", ShellScript),
            ("#!/usr/bin/python3.11 -I", Python),
            ("#!/usr/bin/env -S LANG=C perl -w", Perl),
            ("#!/usr/bin/php8.2", Php),
            ("#!/usr/bin/env node", JavaScript),
            ("#!/usr/bin/pwsh", PowerShell),
        ] {
            assert_eq!(scripts(line), [language], "{line}");
        }
        assert_eq!(scripts("#!/usr/bin/shred"), []);
        assert_eq!(scripts("#!"), []);
    }

    #[test]
    fn a_first_line_counts_even_when_binary_data_follows() {
        let file = [&b"#!/bin/sh\nexit\n"[..], &[0; 64]].concat();
        assert!(identify(&file).types().contains(ShellScript));
    }

    #[test]
    fn languages_are_told_by_their_words() {
        for (text, language) in [
            ("$c = New-Object Net.WebClient\n", PowerShell),
            ("@ECHO OFF\r\ndir\r\n", Batch),
            ("Set s = CreateObject(\"WScript.Shell\")\r\n", VbScript),
            ("var s = new ActiveXObject('WScript.Shell');", JavaScript),
            ("def f(x):\n    pass\n\nif __name__ == '__main__':\n    f(1)\n", Python),
            ("use strict;\nmy $x = 1;\n", Perl),
            ("local function f(x)\n  for k, v in pairs(x) do\n", Lua),
            ("require 'set'\n[1].each do |x|\n", Ruby),
            ("\n<?php echo 1;", Php),
            ("<% Response.Write(\"x\") %>", Asp),
            ("<%@ page import=\"java.io.*\" %>", Jsp),
        ] {
            assert_eq!(scripts(text), [language], "{text}");
        }
    }

    #[test]
    fn ordinary_prose_is_no_script() {
        for text in [
            "We import the goods from abroad, and goto the next class.\nelse: nothing\n",
            "#include <stdio.h>\nint main(void) { return 0; }\n",
            "Name: value\nset x to y\n",
            "The page starts with <?php and ends there.\n",
        ] {
            assert_eq!(scripts(text), [], "{text}");
        }
    }

    #[test]
    fn a_clue_counts_once_and_only_as_a_word() {
        assert_eq!(scripts(&"rem x\n".repeat(10)), []);
        assert_eq!(scripts("use_strict;x\nimport osx\nimport system\n"), []);
    }

    #[test]
    fn code_on_a_page_is_the_page() {
        assert_eq!(scripts("<html><script>new ActiveXObject('x')</script>"), []);
    }

    #[test]
    fn every_clue_has_a_language_that_is_weighed() {
        for clue in CLUES {
            assert!(LANGUAGES.contains(&clue.language), "{}", clue.text);
            assert!((1..=ENOUGH).contains(&clue.weight), "{}", clue.text);
            assert_eq!(clue.text, clue.text.to_lowercase());
        }
    }
}
