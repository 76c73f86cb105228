//! Pellucid
pub mod identify;
pub mod input;
pub mod inspect;
pub mod limits;
pub mod reader;
pub mod unpack;
pub mod verdict;
