//! 5 Which signatures hit?

pub mod expression;
pub mod pattern;
pub mod program;

pub use pattern::{ByteMask, Element, Gap, Offset, Part, Pattern, Target};
