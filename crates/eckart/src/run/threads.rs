//! Threads: how many work at once.
//! In: a number, or none for one a core that this process may use.  Out: the work's result.
//! Law: results don't depend on it.
//! Not here: the cut into tasks (see `fold`).

use crate::error::{Error, Result};

/// More threads than this are a slip.
const MOST: usize = 4096;

/// Does `work` with `threads` threads; with `None`, in the pool that is there (by default one thread a core that the
/// process may use, cgroup limits included).
///
/// # Errors
/// `Setting` where the threads can't be had, or are more than 4096.
pub fn with_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T> {
    let Some(threads) = threads else {
        // All of it on a thread of the pool: else each kernel would wake one up and wait for it.
        return Ok(if rayon::current_thread_index().is_none() { rayon::scope(|_| work()) } else { work() });
    };
    if threads == 0 {
        return Err(Error::Setting("0 threads can't do any work: give 1 or more".into()));
    }
    if threads > MOST {
        return Err(Error::Setting(format!(
            "{threads} threads are more than any machine runs at once: give {MOST} at most"
        )));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Error::Setting(format!("{threads} threads can't be started: {e}")))?;
    Ok(pool.install(work))
}

/// How many threads work at once here.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}
