//! 4 What does it say, whatever it looks like? Views of text with the author's freedom taken out.
//!
//! Case, white space, comments and the writing of characters can be changed without changing what a
//! script or a page does. So ClamAV searches texts a second time in a normal form, and authors write
//! signatures for that form: target 7 for texts, target 3 for HTML. A *view* is such a form: a buffer of
//! its own, searched beside the object's bytes as a further [`Subject`] of the same object. Sizes and
//! offsets that signatures ask for are those of the view, and each signature is decided in each view by
//! itself. A place in a view is no place in the object, so findings in views have none.
//!
//! The forms are ClamAV's, byte for byte, down to its oddities, because signatures were made from what it
//! puts out; `docs/clamav.md` says where they differ. They are known from what `clamscan --leave-temps`
//! leaves behind, and the tests compare with that.
//!
//! - `text.rs`: texts of any kind.
//! - `sink.rs`: the buffer that a view is written to, under the budget.
//!
//! Every view is made in one pass, in time linear in its input and output, without recursion. What the
//! budget refuses is cut off, and said.
//!
//! [`Subject`]: crate::matcher::Subject

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod html;
mod script;
mod sink;
mod text;

use crate::identify::{FileType, Identification};
use crate::limits::{Budget, Stop};
use crate::matcher::Target;

use self::sink::{Sink, Written};

/// A normal form of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum View {
    /// Text in lower case, with single spaces for white space.
    Text,
    /// HTML without comments.
    Page,
    /// HTML without tags.
    Words,
    /// The scripts of HTML.
    Scripts,
}

impl View {
    /// Every view.
    pub const ALL: [View; 4] = [View::Text, View::Page, View::Words, View::Scripts];

    /// The name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            View::Text => "text",
            View::Page => "page",
            View::Words => "words",
            View::Scripts => "scripts",
        }
    }

    /// Whether signatures of this target are looked for in the view.
    pub fn is_for(self, target: Target) -> bool {
        match self {
            View::Text => matches!(target, Target::Any | Target::Text),
            View::Page | View::Words => matches!(target, Target::Any | Target::Html),
            View::Scripts => matches!(target, Target::Any | Target::Html | Target::Text),
        }
    }
}

/// A set of views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Views(u8);

impl Views {
    /// The views in which signatures of this target are looked for.
    pub fn of(target: Target) -> Self {
        View::ALL.into_iter().filter(|view| view.is_for(target)).collect()
    }

    /// Whether it holds a view.
    pub fn contains(self, view: View) -> bool {
        self.0 & (1 << view as u8) != 0
    }

    /// Whether it holds none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The views of either.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<View> for Views {
    fn from_iter<I: IntoIterator<Item = View>>(views: I) -> Self {
        Self(views.into_iter().fold(0, |bits, view| bits | (1 << view as u8)))
    }
}

/// One view of an object.
#[derive(Debug)]
pub struct Viewed {
    /// Which.
    pub view: View,
    /// Its bytes, as far as the budget went.
    pub written: Written,
}

/// Makes the views of an object that are wanted and that its kind has. Where the budget refused more, what
/// there was by then is searched all the same, and the second half says why it ended.
pub fn views(
    data: &[u8],
    identified: &Identification,
    wanted: Views,
    budget: &Budget,
) -> (Vec<Viewed>, Result<(), Stop>) {
    let mut made = Vec::new();
    let ended =
        if wanted.is_empty() { Ok(()) } else { make(data, identified, wanted, budget, &mut made) };
    (made, ended)
}

fn make(
    data: &[u8],
    identified: &Identification,
    wanted: Views,
    budget: &Budget,
    made: &mut Vec<Viewed>,
) -> Result<(), Stop> {
    let types = identified.types_at_start();
    if !types.iter().all(|kind| NORMALISED.contains(&kind)) {
        return Ok(());
    }
    let has_tags = html::kind::is_page(data, budget)?;
    if wanted.contains(View::Text) && !has_tags && text::is_text(data) {
        let mut sink = Sink::new(budget)?;
        text::normalise(data, &mut sink);
        let (written, ended) = sink.finish();
        made.push(Viewed { view: View::Text, written });
        ended?;
    }
    if has_tags || identified.types().contains(FileType::Html) {
        let is_utf16_le = types.contains(FileType::Utf16Le);
        let readable = html::kind::readable(data, is_utf16_le, budget)?;
        html::normalise(&readable.bytes, wanted, budget, made)?;
    }
    Ok(())
}

/// What can be text or hold a page. Mail, RTF and PDF have rooms of their own and are not normalised.
#[rustfmt::skip]
const NORMALISED: &[FileType] = {
    use FileType::*;
    &[
        Ascii, Utf8, Text8Bit, Utf16Le, Utf16Be, Utf32Le, Utf32Be, Data, Html, Xml, Svg, Wsf, Url, Registry,
        ShellScript, Python, Perl, Ruby, Php, Jsp, Asp, PowerShell, Batch, VbScript, JavaScript, Lua,
        EncodedScript, Gif, Ico,
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::identify;
    use crate::limits::{Cancel, Limit, Limits};

    fn text_of(data: &[u8], limits: Limits) -> (Option<Vec<u8>>, Result<(), Stop>) {
        let budget = Budget::new(limits, Cancel::new());
        let (views, ended) = views(data, &identify(data), Views::of(Target::Text), &budget);
        (views.into_iter().next().map(|viewed| viewed.written.bytes().to_vec()), ended)
    }

    #[test]
    fn texts_have_a_view_and_programs_have_none() {
        let text = |data: &[u8]| text_of(data, Limits::default()).0;
        assert_eq!(text(b"Some  Words\r\n").as_deref(), Some(&b"some words "[..]));
        let wide: Vec<u8> = "Some  Words".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&wide).as_deref(), Some(&b"some words"[..]));
        assert_eq!(text(b"#!/bin/sh\necho A\n").as_deref(), Some(&b"#!/bin/sh echo a "[..]));
        assert_eq!(text(b"MZ\0\0\0\0\0\0"), None);
        assert_eq!(text(b"{\\rtf1 Some  Words}"), None);
        assert_eq!(text(b"Subject: X\r\nTo: Y\r\n\r\nSome  Words"), None);
    }

    #[test]
    fn a_view_that_nobody_wants_is_not_made() {
        let budget = Budget::new(Limits::default(), Cancel::new());
        let (views, ended) = views(b"text", &identify(b"text"), Views::default(), &budget);
        assert!(views.is_empty() && ended.is_ok());
    }

    #[test]
    fn a_view_ends_where_the_budget_does() {
        let limits = Limits { memory: 100_000, ..Limits::default() };
        let (text, ended) = text_of(&b"Words and ".repeat(1 << 20), limits);
        assert_eq!(ended, Err(Stop::Limit(Limit::Memory)));
        assert!(text.is_some_and(|text| text.len() > 10_000 && text.len() < 100_000));
        let cancel = Cancel::new();
        let budget = Budget::new(Limits::default(), cancel.clone());
        cancel.cancel();
        let (_, ended) = views(b"text", &identify(b"text"), Views::of(Target::Any), &budget);
        assert_eq!(ended, Err(Stop::Cancelled));
    }
}
