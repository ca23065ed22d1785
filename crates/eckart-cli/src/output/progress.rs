//! Progress: what is seen while a search runs, and how it is told to end.
//! In: what the search tells after each iteration.  Out: a bar on a terminal; a raised flag.
//! Invariant: nothing is drawn where no person watches; the first Ctrl-C, SIGTERM or SIGHUP keeps the model, a further
//! Ctrl-C ends at once.
//! Not here: the search (see the library's `solve`).

use std::io::{IsTerminal, Write, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eckart::Interrupt;
use eckart::error::{PrintedAs, printable};
use eckart::solve::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::numbers::precise;

/// What a process that Ctrl-C ended returns, by the custom of shells.
const ENDED_BY_SIGINT: i32 = 130;
/// The bar is drawn anew at least so often, so that the clock moves in long iterations too.
const TICK: Duration = Duration::from_millis(200);

/// A bar, or nothing where none is wanted.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar on standard error where that is a terminal, unless it is to be quiet.
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet || !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {msg}  {elapsed}"));
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Says what is being done.
    pub(crate) fn say(&self, text: String) {
        self.0.set_message(printable(&text, PrintedAs::Line).into_owned());
    }

    /// Shows an iteration.
    pub(crate) fn show(&self, now: &Progress) {
        if self.0.is_hidden() {
            return;
        }
        if self.0.length() != Some(now.max_iter as u64) {
            self.0.set_length(now.max_iter as u64);
            self.0.set_style(style("{msg} {wide_bar} {pos}/{len}  {elapsed}"));
        }
        let starts = if now.starts > 1 { format!("start {}/{}  ", now.start + 1, now.starts) } else { String::new() };
        let best = if now.start > 0 { format!("  best {}", precise(now.best)) } else { String::new() };
        self.0.set_position(now.iteration as u64);
        self.0.set_message(format!("{starts}cost {}{best}", precise(now.cost)));
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    /// An error must not stand behind half a bar.
    fn drop(&mut self) {
        self.clear();
    }
}

/// A style that is known to be sound; the default where it should not be.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Lets the first Ctrl-C raise a flag that ends the search, and the second end the process. Being told to end in
/// another way (SIGTERM, SIGHUP, SIGXCPU) raises the flag as well, and no more, however often it is told: shells,
/// `timeout` and terminals that are closed send such signals twice. Where the system has no thread to hear of it, the
/// first of any ends the process.
pub(crate) fn listen_to_signals(bar: &Bar, quiet: bool) -> Interrupt {
    static ASKED: AtomicBool = AtomicBool::new(false);
    let interrupt = Interrupt::default();
    let (flag, bar) = (interrupt.clone(), bar.0.clone());
    let heard = move |is_ctrl_c: bool| {
        let again = ASKED.swap(true, Ordering::SeqCst);
        if again && is_ctrl_c {
            std::process::exit(ENDED_BY_SIGINT);
        }
        flag.raise();
        if !quiet && !again {
            let text = "stopping after this iteration, keeping the model; Ctrl-C again ends at once";
            // The terminal may be gone.
            bar.suspend(|| drop(writeln!(stderr(), "{text}")));
        }
    };
    // What can't be heard ends the process, as it does any other.
    let _ = listen(heard);
    interrupt
}

/// Calls `heard` for each signal to end, with whether it is Ctrl-C.
#[cfg(unix)]
fn listen(heard: impl Fn(bool) + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXCPU};
    let mut wanted = vec![SIGINT, SIGTERM, SIGXCPU];
    // `nohup` has it ignored, and so it stays.
    wanted.extend((!is_ignored(SIGHUP)).then_some(SIGHUP));
    let listener = std::thread::Builder::new().name("signals".into());
    // A handler without a thread behind it would swallow them: the thread is first.
    listener.spawn(move || {
        let mut signals = signal_hook::iterator::Signals::new(wanted);
        signals.iter_mut().for_each(|signals| signals.forever().for_each(|signal| heard(signal == SIGINT)));
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn listen(heard: impl Fn(bool) + Send + 'static) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || heard(true))
}

/// Whether this process was begun with a signal ignored, where the system says so.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}
