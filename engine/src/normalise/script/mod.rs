//! Scripts: JavaScript with its names, spaces and comments taken out.
//!
//! A script is cut into tokens, and written again without white space and comments, in lower case, with
//! all strings in double quotes. On the way
//!
//! - strings that are added to each other become one, and their escapes are resolved,
//! - `unescape("...")` becomes the string that it gives, `eval("...")` the script that it runs, and the
//!   arguments of a well-known packer the script that they hold,
//! - variables, functions and their parameters are numbered by their declarations: `n000`, `n001`, ...
//!
//! - `lexer.rs` cuts text into tokens, `strings.rs` and `numbers.rs` read literals,
//! - `tokens.rs` keeps them, `scopes.rs` the names that are declared,
//! - `folding.rs` replaces calls by what they give,
//! - `writer.rs` writes them down.
//!
//! Not JavaScript's own grammar, but ClamAV's notion of it, which shows in the view: a comment of one line
//! ends at the first space, a backslash before a closing quote always hides it, regular expressions are not
//! known, and only the first variable of a `var` inside of braces is numbered.

mod folding;
mod lexer;
mod numbers;
mod scopes;
mod strings;
mod tokens;
mod writer;

use self::lexer::{Ending, Lexer};
use self::tokens::Tokens;
use super::sink::Sink;
use crate::limits::{Budget, Stop};

/// Writes a script to `out`, with a line end before it if it is not the first. `cuts` says where the pieces
/// begin in which it was read. What was read before the budget refused more is written all the same.
pub(super) fn normalise(
    source: &[u8],
    cuts: &[usize],
    out: &mut Sink<'_>,
    budget: &Budget,
) -> Result<(), Stop> {
    if !out.is_empty() {
        out.push(b'\n');
    }
    let mut tokens = Tokens::new(budget)?;
    let ended = Lexer::new(source, cuts, Ending::Script).read_all(&mut tokens, budget);
    let ended = ended.and_then(|()| folding::fold(&mut tokens, budget));
    out.extend(b"<script>");
    writer::write(&tokens, out);
    out.extend(b"</script>");
    ended
}

#[cfg(test)]
mod tests;
