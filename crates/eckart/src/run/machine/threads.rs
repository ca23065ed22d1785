//! Threads: how many work at once, and with which registers.
//! In: a number, or none for one per core that this process may use; a level of registers.  Out: the work's result.
//! Invariant: results don't depend on the number.
//! Not here: the cut into tasks (see `shard_sums`).

use super::simd::{SimdLevel, check_level, check_process_level, set_simd_level, simd_level};
use crate::error::{Code, Error, Result};

/// More threads than this are a slip.
const MOST: usize = 4096;

/// Does `work` with `threads` threads; with `None`, in the pool that is there (by default one thread per core that the
/// process may use, cgroup limits included).
///
/// # Errors
/// `Setting` where the threads can't be had, or are more than 4096.
pub fn with_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T> {
    with_machine(threads, None, work)
}

/// As [`with_threads`], with vector registers of a level; with `None`, of the level that is in use here.
///
/// # Errors
/// As there; `Setting` where the processor lacks the level.
pub fn with_machine<T: Send>(
    threads: Option<usize>,
    level: Option<SimdLevel>,
    work: impl FnOnce() -> T + Send,
) -> Result<T> {
    check_process_level()?;
    let here = simd_level();
    let level = level.unwrap_or(here);
    check_level(level)?;
    if threads.is_none() && level == here {
        // All of it on a thread of the pool: else each kernel would wake one up and wait for it.
        return Ok(if rayon::current_thread_index().is_none() { rayon::scope(|_| work()) } else { work() });
    }
    let threads = threads.unwrap_or_else(self::threads);
    if threads == 0 {
        return Err(Error::setting(Code::SettingOutOfRange, "0 threads can't do any work: give 1 or more"));
    }
    if threads > MOST {
        let message = format!("{threads} threads are more than any machine runs at once: give {MOST} at most");
        return Err(Error::setting(Code::SettingOutOfRange, message));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .start_handler(move |_| set_simd_level(level))
        .build()
        .map_err(|e| Error::setting(Code::ThreadsFailed, format!("{threads} threads can't be started: {e}")))?;
    Ok(pool.install(work))
}

/// How many threads work at once here.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}
