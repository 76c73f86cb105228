//! Calls that are replaced by what they give.
//!
//! Each pass goes over the tokens once, and what it puts in is not looked at again: a script can hold
//! scripts that hold scripts, but not without end.

use super::lexer::{Ending, Lexer};
use super::tokens::{Text, Token, Tokens, keyword};
use super::{strings, writer};
use crate::limits::{Budget, Limit, Stop};

/// Longer scripts are not unpacked.
const UNPACKED_MOST: usize = 16 << 20;
/// The tokens of the packer's arguments, from the packed script to the empty object.
const PACKER_ARGUMENTS: usize = 17;

pub(super) fn fold(tokens: &mut Tokens, budget: &Budget) -> Result<(), Stop> {
    unescape(tokens, budget)?;
    evaluate(tokens, budget)
}

/// Replaces `unescape("...")` by the string that it gives. What stands where the closing bracket belongs
/// is lost.
fn unescape(tokens: &mut Tokens, budget: &Budget) -> Result<(), Stop> {
    let Some(name) = tokens.known_name(b"unescape") else { return Ok(()) };
    budget.check()?;
    let (mut from, mut to) = (0_usize, 0_usize);
    while let Some(&token) = tokens.list.get(from) {
        let mut token = token;
        match call_with_string(tokens, from, name) {
            Some(argument) => {
                token = Token::String(unescaped(argument, tokens)?);
                if tokens.list.len() <= from.saturating_add(3) {
                    tokens.open_brackets = tokens.open_brackets.saturating_sub(1);
                }
                from = from.saturating_add(4);
            }
            None => from = from.saturating_add(1),
        }
        if let Some(slot) = tokens.list.get_mut(to) {
            *slot = token;
        }
        to = to.saturating_add(1);
    }
    tokens.list.truncate(to);
    Ok(())
}

fn unescaped(argument: Text, tokens: &mut Tokens) -> Result<Text, Stop> {
    let argument = tokens.text(argument).to_vec();
    let start = tokens.begin_text()?;
    strings::unescape(&argument, tokens)?;
    tokens.end_text(start)
}

/// The string, where the tokens from `place` are a name that is no property, a bracket and a string.
fn call_with_string(tokens: &Tokens, place: usize, called: u32) -> Option<Text> {
    let before = place.checked_sub(1).and_then(|before| tokens.list.get(before));
    match tokens.list.get(place..)? {
        &[Token::Name { name, .. }, Token::Sign(b'('), Token::String(text), ..]
            if name == called && before != Some(&Token::Sign(b'.')) =>
        {
            Some(text)
        }
        _ => None,
    }
}

/// Replaces `eval("...")` by the script that it runs, and the arguments of the packer by what they hold.
fn evaluate(tokens: &mut Tokens, budget: &Budget) -> Result<(), Stop> {
    let eval = tokens.known_name(b"eval");
    let mut packer = Packer::new(tokens);
    if eval.is_none() && packer.is_none() {
        return Ok(());
    }
    let grown = tokens.list.capacity().saturating_mul(size_of::<Token>());
    let _second_list = budget.hold(grown as u64)?;
    let list = std::mem::take(&mut tokens.list);
    let mut from = 0_usize;
    while let Some(&token) = list.get(from) {
        let rest = list.get(from..).unwrap_or_default();
        let before = from.checked_sub(1).and_then(|before| list.get(before));
        if let Some((script, length)) = evaluated(rest, before, eval) {
            if length == 3 {
                tokens.open_brackets = tokens.open_brackets.saturating_sub(1);
            }
            let first = tokens.list.len();
            read_inside(tokens.text(script).to_vec(), tokens, budget)?;
            if ends_script(tokens, first) {
                return Ok(());
            }
            from = from.saturating_add(length);
        } else if let Some(script) = packer.as_mut().and_then(|packer| packer.look(rest, tokens)) {
            read_inside(script?, tokens, budget)?;
            from = from.saturating_add(PACKER_ARGUMENTS);
        } else {
            tokens.push(token)?;
            from = from.saturating_add(1);
        }
    }
    Ok(())
}

fn read_inside(script: Vec<u8>, tokens: &mut Tokens, budget: &Budget) -> Result<(), Stop> {
    let _copy = budget.hold(script.len() as u64)?;
    Lexer::new(&script, &[], Ending::Argument).read_all(tokens, budget)
}

/// Cuts the tokens behind a `</script>` that stands among those from `first`, and says whether there is
/// one: it ends the script that `eval` stands in.
fn ends_script(tokens: &mut Tokens, first: usize) -> bool {
    let end = (first..tokens.list.len()).find(|&place| writer::is_end(tokens, place));
    end.inspect(|&place| tokens.list.truncate(place.saturating_add(writer::END))).is_some()
}

/// The script that `eval` runs, if the tokens are such a call, and how many tokens that are: with the
/// semicolon behind it, if there is one.
fn evaluated(rest: &[Token], before: Option<&Token>, eval: Option<u32>) -> Option<(Text, usize)> {
    let &[Token::Name { name, .. }, Token::Sign(b'('), Token::String(text), ref behind @ ..] = rest
    else {
        return None;
    };
    if Some(name) != eval || before == Some(&Token::Sign(b'.')) {
        return None;
    }
    match behind {
        [] => Some((text, 3)),
        [Token::Sign(b')'), Token::Sign(b';'), ..] => Some((text, 5)),
        [Token::Sign(b')'), ..] => Some((text, 4)),
        _ => None,
    }
}

/// Finds the arguments of Dean Edwards' packer: a script whose words are numbers, and the words.
struct Packer {
    /// The names of its first parameters: p, a, c, k.
    parameters: [u32; 4],
    split: u32,
    function: u8,
    /// Whether its head was seen, and its arguments not yet.
    is_open: bool,
}

impl Packer {
    fn new(tokens: &Tokens) -> Option<Self> {
        let known = |letters: &[u8]| tokens.known_name(letters);
        Some(Self {
            parameters: [known(b"p")?, known(b"a")?, known(b"c")?, known(b"k")?],
            split: known(b"split")?,
            function: keyword(b"function")?,
            is_open: false,
        })
    }

    /// The unpacked script, where the tokens begin with the arguments.
    fn look(&mut self, rest: &[Token], tokens: &Tokens) -> Option<Result<Vec<u8>, Stop>> {
        if self.is_head(rest) {
            self.is_open = true;
        }
        if !self.is_open {
            return None;
        }
        let (packed, base, words) = self.arguments(rest)?;
        self.is_open = false;
        let base = std::str::from_utf8(tokens.text(base)).ok()?.parse().ok()?;
        Some(unpack(tokens.text(packed), base, tokens.text(words)))
    }

    fn is_head(&self, rest: &[Token]) -> bool {
        let [Token::Keyword(function), Token::Sign(b'('), parameters @ ..] = rest else {
            return false;
        };
        let mut names = parameters.iter().step_by(2).zip(&self.parameters);
        let mut commas = parameters.iter().skip(1).step_by(2).take(3);
        *function == self.function
            && parameters.len() > 6
            && commas.all(|token| *token == Token::Sign(b','))
            && names
                .all(|(token, wanted)| matches!(token, Token::Name { name, .. } if name == wanted))
    }

    fn arguments(&self, rest: &[Token]) -> Option<(Text, Text, Text)> {
        use Token::{Name, Number, Sign, String};
        match rest.get(..PACKER_ARGUMENTS)? {
            &[
                String(packed),
                Sign(b','),
                Number(base),
                Sign(b','),
                Number(_),
                Sign(b','),
                String(words),
                Sign(b'.'),
                Name { name, .. },
                Sign(b'('),
                String(_),
                Sign(b')'),
                Sign(b','),
                Number(_),
                Sign(b','),
                Sign(b'{'),
                Sign(b'}'),
            ] if name == self.split => Some((packed, base, words)),
            _ => None,
        }
    }
}

/// Replaces the words of a packed script, which are numbers to a base, by those of the list.
fn unpack(packed: &[u8], base: u32, words: &[u8]) -> Result<Vec<u8>, Stop> {
    let words: Vec<&[u8]> = words.split(|&byte| byte == b'|').collect();
    let mut script = Vec::new();
    for piece in packed.chunk_by(|a, b| is_in_words(*a) == is_in_words(*b)) {
        let word = number(piece, base).and_then(|number| words.get(number));
        let word = word.filter(|word| !word.is_empty());
        script.extend_from_slice(word.copied().unwrap_or(piece));
        if script.len() > UNPACKED_MOST {
            return Err(Stop::Limit(Limit::Ratio));
        }
    }
    Ok(script)
}

fn is_in_words(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A number whose digits are 0 to 9, a to z, A to Z.
fn number(digits: &[u8], base: u32) -> Option<usize> {
    digits.iter().try_fold(0_usize, |number, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit.wrapping_sub(b'0'),
            b'a'..=b'z' => digit.wrapping_sub(b'a').wrapping_add(10),
            b'A'..=b'Z' => digit.wrapping_sub(b'A').wrapping_add(36),
            _ => return None,
        };
        let value = usize::from(value);
        let base = usize::try_from(base).ok()?;
        (value < base).then(|| number.checked_mul(base)?.checked_add(value)).flatten()
    })
}
