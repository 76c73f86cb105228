//! What one run of a command costs: time, processor time, memory.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

/// What one run cost.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Cost {
    /// Wall-clock time from start to end of the process, in seconds.
    pub wall: f64,
    /// Processor time, user's and system's, in seconds.
    pub processor: f64,
    /// Peak of the resident memory, in bytes.
    pub memory: u64,
}

/// How one run ended.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Run {
    /// What it cost.
    pub cost: Cost,
    /// Its exit status; none where a signal ended it.
    pub status: Option<i32>,
}

/// Processor time that this thread has used so far, in seconds.
pub fn processor_time() -> nix::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let time = usage.user_time() + usage.system_time();
    Ok(time.num_microseconds() as f64 / 1e6)
}
