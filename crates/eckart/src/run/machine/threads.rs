//! Threads: how many work at once, and with which registers.
//! In: a number, or none for one per core that this process may use; a level of registers.  Out: the work's result.
//! Invariant: results don't depend on the number; where the system gives no further thread, the one that is there does
//! all the work, and that is told.
//! Not here: the cut into tasks (see `shard_sums`).

use std::num::NonZero;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::simd::{SimdLevel, check_level, check_process_level, set_simd_level, simd_level};
use crate::error::{Code, Error, Result};

/// More threads than this are a slip.
const MOST: usize = 4096;

/// Whether threads were asked for that the system did not give.
static LACKING: AtomicBool = AtomicBool::new(false);

/// Whether the system refused threads, as limits of containers do, so that fewer did the work.
pub(crate) fn threads_are_lacking() -> bool {
    LACKING.load(Ordering::Relaxed)
}

/// Sees to it that there is a pool: rayon's own panics where its threads can't be had. Whether they can is tried first,
/// since a pool that failed once can't be made again; where not, this thread alone is the pool.
pub(in crate::run) fn ready() {
    static TRIED: Once = Once::new();
    if rayon::current_thread_index().is_some() {
        return;
    }
    TRIED.call_once(|| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let can = |count: usize| {
            let tried = (0..count).map(|_| thread::Builder::new().spawn(thread::park));
            let had: Vec<_> = tried.map_while(Result::ok).collect();
            let all = had.len() == count;
            for thread in had {
                thread.thread().unpark();
                let _ = thread.join();
            }
            all
        };
        if !can(cores) {
            LACKING.store(true, Ordering::Relaxed);
            // A pool that the program made itself stands.
            let _ = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
        }
    });
}

/// Does `work` with `threads` threads; with `None`, in the pool that is there (by default one thread per core that the
/// process may use, cgroup limits included).
///
/// # Errors
/// `Setting` where there are to be none, or more than 4096.
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
    ready();
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
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(threads).start_handler(move |_| set_simd_level(level)).build();
    let Ok(pool) = pool else {
        LACKING.store(true, Ordering::Relaxed);
        set_simd_level(level);
        let done = work();
        set_simd_level(here);
        return Ok(done);
    };
    Ok(pool.install(work))
}

/// How many threads work at once here.
pub(crate) fn threads() -> usize {
    ready();
    rayon::current_num_threads()
}
