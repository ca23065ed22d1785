//! Search: a factorization that Python can watch and stop.
//! In: an objective, matrices, numbers, settings, a listener.  Out: `Factorization`.
//! Invariant: the interpreter's lock is released while the engine works; Ctrl-C ends a search with the best factors so
//! far.
//! Not here: defaults and names of arguments (see `python/eckart/_factorize.py`).

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use eckart::run::simd_level_by_name;
use eckart::solve::{Checkpoint, Flow, Init, Progress, solve};
use eckart::{Code, Error, Interrupt, Problem, Settings};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{raised, value_error};
use crate::factorization::Factorization;
use crate::matrix::Matrix;
use crate::threads::threads;

/// How long Ctrl-C may go unnoticed.
const LOOK: Duration = Duration::from_millis(50);

/// A problem as Python states it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Stated<'py> {
    /// A statement of the language.
    objective: String,
    /// Matrices by name; the first is factorized.
    data: Vec<(String, Bound<'py, Matrix>)>,
    numbers: Vec<(String, f64)>,
    rank: usize,
    /// Factors that stay as they are.
    hold: Vec<(String, Bound<'py, Matrix>)>,
    /// Where the first start of a factor begins.
    start: Vec<(String, Bound<'py, Matrix>)>,
}

impl Stated<'_> {
    pub(crate) fn problem(&self) -> eckart::Result<Problem> {
        let mut problem = Problem::parse(&self.objective)?.rank(self.rank);
        let statement = problem.statement().to_string();
        for (name, matrix) in &self.data {
            let masked = statement.contains(&format!("observed({name})"));
            if let Some(file) = matrix.get().doubtful.as_ref().filter(|_| masked) {
                return Err(list_or_table(&matrix.get().matrix, name).in_file(file));
            }
            problem = problem.data(name, &matrix.get().matrix);
        }
        for (name, matrix) in &self.hold {
            problem = problem.fix(name, &matrix.get().matrix);
        }
        for (name, matrix) in &self.start {
            problem = problem.init_from(name, &matrix.get().matrix);
        }
        Ok(self.numbers.iter().fold(problem, |problem, (name, value)| problem.param(name, *value)))
    }
}

/// The refusal of a table that may as well be a list of entries.
fn list_or_table(x: &eckart::Matrix, name: &str) -> Error {
    let (rows, cols) = x.shape();
    let message = format!(
        "{name} is a table of {rows} x {cols} without a missing entry, or a list of {rows} entries `row,column,value`, \
         and the objective speaks of entries that are missing"
    );
    let help = "Say which: read it with triplets=True for the list, with triplets=False for the table";
    Error::data(Code::ListOrTable, message, help)
}

/// Settings as Python gives them.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Wishes {
    method: Option<String>,
    init: String,
    restarts: usize,
    halving: bool,
    seed: u64,
    max_iter: usize,
    tol: f64,
    target: Option<f64>,
    time_limit: Option<f64>,
    threads: Option<usize>,
    /// The name of a level of vector registers.
    registers: Option<String>,
    memory_limit: Option<usize>,
    keep_starts: bool,
    /// The file of checkpoints, and the least time between two, in seconds.
    checkpoint: Option<(PathBuf, f64)>,
    resume: Option<PathBuf>,
}

impl Wishes {
    pub(crate) fn settings(&self) -> PyResult<Settings> {
        let time = |name: &str, seconds: f64| {
            let no_time = format!("{name} is {seconds}: give seconds, 0 or more");
            Duration::try_from_secs_f64(seconds).map_err(|_| value_error(Code::SettingOutOfRange, &no_time))
        };
        let checkpoint = self.checkpoint.as_ref().map(|(file, seconds)| {
            Ok::<_, PyErr>(Checkpoint { file: file.clone(), every: time("checkpoint_every", *seconds)? })
        });
        Ok(Settings {
            method: self.method.clone(),
            init: Init::from_name(&self.init).map_err(raised)?,
            n_init: self.restarts,
            successive_halving: self.halving,
            seed: self.seed,
            max_iter: self.max_iter,
            tol: self.tol,
            target: self.target,
            time_limit: self.time_limit.map(|seconds| time("time_limit", seconds)).transpose()?,
            threads: threads(self.threads),
            registers: self.registers.as_deref().map(simd_level_by_name).transpose().map_err(raised)?,
            memory_limit: self.memory_limit,
            keep_starts: self.keep_starts,
            checkpoint: checkpoint.transpose()?,
            resume: self.resume.clone(),
            ..Settings::default()
        })
    }
}

/// The best factors of a problem. `listener` is called with a dict after every iteration and ends the search by
/// returning a true value.
#[pyfunction]
pub(crate) fn factorize(
    py: Python<'_>,
    stated: Stated<'_>,
    wishes: Wishes,
    listener: Option<Bound<'_, PyAny>>,
) -> PyResult<Factorization> {
    let (problem, settings) = (stated.problem().map_err(raised)?, wishes.settings()?);
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
