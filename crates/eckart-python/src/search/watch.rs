//! Watch: a search that Python can watch and stop.
//! In: a problem, settings, a listener.  Out: `Factorization`.
//! Invariant: the interpreter's lock is released while the engine works; Ctrl-C ends a search with the best factors so
//! far.
//! Not here: defaults and names of arguments (see `python/eckart/_factorize.py`).

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use eckart::solve::{Flow, Progress, solve};
use eckart::{Code, Error, Interrupt};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::problem::Stated;
use super::settings::settings_of;
use crate::errors::raised;
use crate::factorization::Factorization;

/// How long Ctrl-C may go unnoticed.
const LOOK: Duration = Duration::from_millis(50);

/// The best factors of a problem. `listener` is called with a dict after every iteration and ends the search by
/// returning a true value.
#[pyfunction]
pub(crate) fn factorize(
    py: Python<'_>,
    stated: Stated<'_>,
    given: &Bound<'_, PyDict>,
    listener: Option<Bound<'_, PyAny>>,
) -> PyResult<Factorization> {
    let (problem, settings) = (stated.problem().map_err(raised)?, settings_of(given)?);
    let interrupt = settings.interrupt.clone();
    let (events, heard) = channel();
    let (answers, answer) = sync_channel(1);
    let listens = listener.is_some();
    let work = move || {
        let progress = events.clone();
        let mut listen = move |now: &Progress| if listens { ask(now, &progress, &answer) } else { Flow::Continue };
        let done = solve(&problem, &settings, &mut listen);
        // Nobody hears it where a second Ctrl-C has ended the call.
        let _ = events.send(Event::Done(Box::new(done)));
    };
    begin(work)?;
    watch(py, heard, &answers, &interrupt, listener.as_ref()).map(Factorization::from)
}

/// Work that Ctrl-C ends, by raising `interrupt`, with what it has come to by then.
pub(crate) fn interruptible<T: Send + 'static>(
    py: Python<'_>,
    interrupt: &Interrupt,
    work: impl FnOnce() -> eckart::Result<T> + Send + 'static,
) -> PyResult<T> {
    let ((events, heard), (answers, _)) = (channel(), sync_channel(1));
    begin(move || drop(events.send(Event::Done(Box::new(work())))))?;
    watch(py, heard, &answers, interrupt, None)
}

fn begin(work: impl FnOnce() + Send + 'static) -> PyResult<()> {
    let started = std::thread::Builder::new().name("eckart-search".into()).spawn(work);
    let refused =
        |error| raised(Error::setting(Code::ThreadsFailed, format!("the search's thread can't be started: {error}")));
    started.map(drop).map_err(refused)
}

/// What the search's thread says.
enum Event<T> {
    /// An iteration is done, and an answer is awaited.
    Now(Progress),
    Done(Box<eckart::Result<T>>),
}

fn ask<T>(now: &Progress, events: &Sender<Event<T>>, answer: &Receiver<Flow>) -> Flow {
    let told = events.send(Event::Now(*now)).is_ok();
    if told { answer.recv().unwrap_or(Flow::Stop) } else { Flow::Stop }
}

/// Waits for the search, on the thread that called: only there does Python see Ctrl-C.
///
/// The first Ctrl-C ends the search and keeps the model; a second one, while the search is still in an iteration, is
/// raised. An exception of the listener ends the search and is raised.
fn watch<T: Send>(
    py: Python<'_>,
    mut heard: Receiver<Event<T>>,
    answers: &SyncSender<Flow>,
    interrupt: &Interrupt,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<T> {
    let mut failed: Option<PyErr> = None;
    loop {
        let (event, receiver) = py.detach(move || (heard.recv_timeout(LOOK), heard));
        heard = receiver;
        let signal = py.check_signals();
        match event {
            Ok(Event::Done(done)) => {
                let found = done.map_err(raised);
                return failed.map_or(found, Err);
            }
            Ok(Event::Now(now)) => {
                let wants_end = listener.map_or(Ok(false), |listener| tell(listener, &now));
                let ends = match wants_end {
                    Ok(ends) => ends,
                    Err(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => true,
                    Err(error) => {
                        failed = Some(error);
                        true
                    }
                };
                // The search may have ended at a limit of its own: then nobody waits.
                let _ = answers.try_send(if ends { Flow::Stop } else { Flow::Continue });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(raised(Error::Bug("the search's thread ended without a result".into())));
            }
        }
        if let Err(error) = signal {
            if interrupt.is_raised() || !error.is_instance_of::<PyKeyboardInterrupt>(py) {
                interrupt.raise();
                return Err(error);
            }
            interrupt.raise();
        }
    }
}

/// Calls the listener; returns whether it wants the search to end.
fn tell(listener: &Bound<'_, PyAny>, now: &Progress) -> PyResult<bool> {
    let about = PyDict::new(listener.py());
    about.set_item("start", now.start)?;
    about.set_item("starts", now.starts)?;
    about.set_item("iteration", now.iteration)?;
    about.set_item("max_iter", now.max_iter)?;
    about.set_item("cost", now.cost)?;
    about.set_item("best", now.best)?;
    listener.call1((about,))?.is_truthy()
}
