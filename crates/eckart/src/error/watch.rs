//! Watch: work of many steps that whoever waits for it may end.
//! In: a question; steps, as they are done.  Out: the answer, where it is an error.
//! Invariant: an answer ends the work or changes nothing of it; work of few steps is never asked about.
//! Not here: who asks (see `solve`), which steps count (see `rewrite`, `function`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::error::Result;

/// Steps between two questions: a twentieth of a second, or two. What takes less is never asked about.
const EVERY: u64 = 40_000_000;

type Question = Rc<dyn Fn() -> Result<()>>;

thread_local! {
    static QUESTION: RefCell<Option<Question>> = const { RefCell::new(None) };
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Gives back the question that was there before, and the steps up to it.
struct Restore(Option<Question>, u64);

impl Drop for Restore {
    fn drop(&mut self) {
        QUESTION.set(self.0.take());
        STEPS.set(self.1);
    }
}

/// Does `work`; this thread's calls of [`count`] in it ask `question` from time to time.
pub(crate) fn watched<T>(question: impl Fn() -> Result<()> + 'static, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(QUESTION.replace(Some(Rc::new(question))), STEPS.replace(0));
    work()
}

/// The steps of this thread since the work that is watched began; 0 where none is.
pub(crate) fn spent() -> u64 {
    if QUESTION.with_borrow(Option::is_some) { STEPS.get() } else { 0 }
}

/// So many steps were done; an error where the work is to end.
pub(crate) fn count(steps: u64) -> Result<()> {
    let before = STEPS.get();
    let now = before.saturating_add(steps);
    STEPS.set(now);
    if before / EVERY == now / EVERY {
        return Ok(());
    }
    let question = QUESTION.with_borrow(Clone::clone);
    question.map_or(Ok(()), |question| question())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Error};

    #[test]
    fn long_work_is_asked_about_and_short_work_is_not() {
        let ended = || Err(Error::setting(Code::Interrupted, "ended"));
        watched(ended, || {
            assert!(count(EVERY - 1).is_ok());
            assert_eq!(spent(), EVERY - 1);
            assert_eq!(count(1).unwrap_err().code(), Code::Interrupted);
            watched(|| Ok(()), || assert!(count(EVERY).is_ok()));
            assert_eq!(count(EVERY).unwrap_err().code(), Code::Interrupted);
        });
        assert!(count(EVERY).is_ok());
        assert_eq!(spent(), 0);
    }
}
