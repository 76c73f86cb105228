//! The opening end of path 3: from bytes that nobody vouches for to a usable signature set.

pub mod layout;
