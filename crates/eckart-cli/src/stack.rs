//! Stack: one that is large enough, whatever the shell allows (`ulimit -s`).
//! In: what the command does.  Out: what comes of it.
//! Invariant: the first thread does it where its stack is of the usual size or more, or no other can be had.
//! Not here: threads that compute (see `eckart::run`), whose stacks the shell does not limit.

use std::panic::resume_unwind;
use std::thread::Builder;

/// What Linux gives a program, unless somebody asks for less.
const USUAL: usize = 8 << 20;

/// Does it on a stack of the usual size.
pub(crate) fn on_usual_stack<T: Send + 'static>(body: fn() -> T) -> T {
    if limit().is_none_or(|bytes| bytes >= USUAL) {
        return body();
    }
    match Builder::new().name("main".to_owned()).stack_size(USUAL).spawn(body) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        Err(_) => body(),
    }
}

/// Bytes of the stack of the first thread; `None` where there is no limit, or the system does not say it.
fn limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    limits.lines().find_map(|line| line.strip_prefix("Max stack size"))?.split_whitespace().next()?.parse().ok()
}
