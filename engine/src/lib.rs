//! Pellucid
pub mod identify;
pub mod input;
pub mod inspect;
pub mod limits;
pub mod matcher;
pub mod reader;
pub mod set;
pub mod unpack;
pub mod verdict;
