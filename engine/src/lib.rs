//! Pellucid
mod engine;
pub mod identify;
pub mod input;
pub mod inspect;
pub mod limits;
pub mod matcher;
pub mod reader;
mod scan;
pub mod set;
pub mod unpack;
pub mod verdict;
pub mod walk;
pub use engine::{Engine, EngineBuilder, EngineError, ScanOptions};
pub use input::Input;
