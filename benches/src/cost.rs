//! What one run of a command costs: time, processor time, memory.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
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
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(Duration::from(time).as_secs_f64())
}
