//! Progress: what is seen while a search runs, and Ctrl-C.
//! In: what the search tells after each iteration.  Out: a bar on a terminal; a raised flag.
//! Invariant: nothing is drawn where no person watches; the first Ctrl-C keeps the model, the second ends at once.
//! Not here: the search (see the library's `solve`).

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eckart::Interrupt;
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
        self.0.set_message(text);
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

/// Lets the first Ctrl-C raise a flag that ends the search, and the second end the process. Where the system has no
/// thread to hear of it, the first ends the process.
pub(crate) fn listen_to_ctrl_c(bar: &Bar, quiet: bool) -> Interrupt {
    static ASKED: AtomicBool = AtomicBool::new(false);
    let interrupt = Interrupt::default();
    let (flag, bar) = (interrupt.clone(), bar.0.clone());
    let heard = ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(ENDED_BY_SIGINT);
        }
        flag.raise();
        if !quiet {
            bar.suspend(|| eprintln!("stopping after this iteration, keeping the model; Ctrl-C again ends at once"));
        }
    });
    // What can't be heard ends the process, as it does any other.
    let _ = heard;
    interrupt
}
