//! Settings: how long to search, from where, and why a search ended.
//! In: the user's wishes.  Out: plain values with defaults.
//! Invariant: every limit has a reason of its own to stop.
//! Not here: the loop (see `driver`).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::run::SimdLevel;

/// How a factorization is searched for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The method by name (see [`crate::solve::METHODS`]); `None` lets the problem choose.
    pub method: Option<String>,
    /// Where the first start begins.
    pub init: Init,
    /// How many starts; the one of least cost is returned. All but the first begin at random.
    pub n_init: usize,
    /// Whether starts are halved as they go (successive halving, Jamieson and Talwalkar 2016): after 10 iterations
    /// the half whose cost is higher is dropped, after 20 half of the rest, and so on, until one is left, which goes
    /// on to its end; a start that falls late is missed. All that go on are held in memory.
    pub successive_halving: bool,
    /// Start k of a seed has the same numbers whatever the number of starts.
    pub seed: u64,
    /// Iterations of one start, at most. An iteration moves every factor once.
    pub max_iter: usize,
    /// A start has settled when three iterations in a row each lower the cost by at most this share of what it has
    /// fallen since the start began, and is stationary when no factor's residual (see
    /// [`crate::solve::Start::residuals`]) is more than this. Where less than a tenth of the cost is left, as after a
    /// start of the wrong scale, ten times what is left counts as the cost at the beginning.
    pub tol: f64,
    /// Stop as soon as the cost is at or below this.
    pub target: Option<f64>,
    /// Stop after this time, all starts counted.
    pub time_limit: Option<Duration>,
    /// Threads; `None` for the pool that is there. Results don't depend on it.
    pub threads: Option<usize>,
    /// The vector registers that are computed with; `None` for those that `ECKART_REGISTERS` names, or else the
    /// widest that the processor has. Other registers add up in another order: results differ in their last bits.
    pub registers: Option<SimdLevel>,
    /// Bytes a plan may need; `None` for what is free.
    pub memory_limit: Option<usize>,
    /// Whether the components of every start are kept ([`crate::solve::Factorization::kept`]), so that they can be
    /// compared.
    pub keep_starts: bool,
    /// Where and how often the search writes down how far it is.
    pub checkpoint: Option<Checkpoint>,
    /// A checkpoint of the same search to go on from: it ends with the same bits as one that was never stopped.
    /// `max_iter`, `time_limit`, `n_init`, `threads` and `memory_limit` may be other ones than before: a start that
    /// came to a lower limit of iterations goes on.
    pub resume: Option<PathBuf>,
    /// Raised from elsewhere (Ctrl-C, another thread) to end the search with the best factors so far.
    pub interrupt: Interrupt,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: None,
            init: Init::default(),
            n_init: 1,
            successive_halving: false,
            seed: 0,
            max_iter: 500,
            tol: 1e-5,
            target: None,
            time_limit: None,
            threads: None,
            registers: None,
            memory_limit: None,
            keep_starts: false,
            checkpoint: None,
            resume: None,
            interrupt: Interrupt::default(),
        }
    }
}

impl Settings {
    /// Refuses values that mean nothing.
    pub(in crate::solve) fn check(&self) -> Result<()> {
        let refuse = |code: Code, message: String| Err(Error::setting(code, message));
        if self.n_init == 0 {
            return refuse(Code::SettingOutOfRange, "0 starts find nothing: ask for 1 or more".into());
        }
        if self.n_init > 1 << 32 {
            return refuse(
                Code::SettingOutOfRange,
                format!("{} starts are more than the random streams there are", self.n_init),
            );
        }
        if self.successive_halving && self.keep_starts {
            return refuse(
                Code::SettingsConflict,
                "starts are compared when all have come to their end: keep them, or halve them".into(),
            );
        }
        if self.successive_halving && (self.checkpoint.is_some() || self.resume.is_some()) {
            return refuse(
                Code::SettingsConflict,
                "a search that halves its starts can't be written down: ask for no checkpoint, or no halving".into(),
            );
        }
        if !(self.tol >= 0.0 && self.tol < 1.0) {
            return refuse(Code::SettingOutOfRange, format!("tol is {}, it must be at least 0 and below 1", self.tol));
        }
        if self.target.is_some_and(f64::is_nan) {
            return refuse(Code::SettingOutOfRange, "target is not a number".into());
        }
        Ok(())
    }
}

/// Where a search writes down how far it is, and how often. The file holds the factors of every start that has begun
/// and could go on, those that came to their last iteration too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The file, replaced as a whole each time.
    pub file: PathBuf,
    /// The time between two writes, at least; 0 writes after every iteration.
    pub every: Duration,
}

/// Where the first start of a search begins, unless [`crate::solve::Problem::init_from`] says it; further starts are
/// random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Init {
    /// `Nndsvd` for two factors that may not be negative and whose parts of the objective are quadratic with one Gram
    /// for all rows, as in non-negative factorization; else `Random`.
    #[default]
    Auto,
    /// Random numbers of the size of the data: |N(0, 1)| sqrt(mean / r) for factors that may not be negative, else
    /// small normal ones.
    Random,
    /// The non-negative parts of a truncated SVD of the data (Boutsidis and Gallopoulos 2008); many zeros.
    Nndsvd,
    /// The same with the data's mean in place of zeros.
    Nndsvda,
    /// The same with random numbers up to a hundredth of the mean in place of zeros.
    Nndsvdar,
    /// A truncated SVD of the data, its singular values shared out evenly: U sqrt(S) and sqrt(S) V.T.
    Svd,
}

impl Init {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Auto, Self::Random, Self::Nndsvd, Self::Nndsvda, Self::Nndsvdar, Self::Svd];

    /// Its name, as the command and Python say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Random => "random",
            Self::Nndsvd => "nndsvd",
            Self::Nndsvda => "nndsvda",
            Self::Nndsvdar => "nndsvdar",
            Self::Svd => "svd",
        }
    }

    /// The one of that name.
    ///
    /// # Errors
    /// `Setting` where there is none, with those there are.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|init| init.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|init| init.name()).collect();
            Error::setting(
                Code::UnknownInit,
                format!("there is no initialization {name}; there are {}", known.join(", ")),
            )
        })
    }
}

/// A flag that ends a search: clones raise the same one.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks the search to end after its current iteration.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// The cost has settled (`tol`).
    Settled,
    /// No small step of a factor lowers the cost (`tol`).
    Stationary,
    /// The cost reached `target`.
    Target,
    /// `max_iter` iterations.
    MaxIter,
    /// `time_limit` is over.
    TimeLimit,
    /// Interrupted, by Ctrl-C or a callback.
    Interrupted,
    /// The cost became infinite or undefined.
    Diverged,
    /// Others were better when starts were halved (`successive_halving`).
    Dropped,
}

impl StopReason {
    /// The reason in one word, for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Stationary => "stationary",
            Self::Target => "target",
            Self::MaxIter => "max_iter",
            Self::TimeLimit => "time_limit",
            Self::Interrupted => "interrupted",
            Self::Diverged => "diverged",
            Self::Dropped => "dropped",
        }
    }

    /// All of them. Files hold a reason by its place, so a new one is added at the end.
    const ALL: [Self; 8] = [
        Self::Settled,
        Self::Stationary,
        Self::Target,
        Self::MaxIter,
        Self::TimeLimit,
        Self::Interrupted,
        Self::Diverged,
        Self::Dropped,
    ];

    /// The one of that [`StopReason::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// Its number in files.
    pub(in crate::solve) fn code(self) -> u8 {
        self as u8
    }

    pub(in crate::solve) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Whether the whole search ends with it, further starts included.
    pub(in crate::solve) fn ends_all(self) -> bool {
        match self {
            Self::Target | Self::TimeLimit | Self::Interrupted => true,
            Self::Settled | Self::Stationary | Self::MaxIter | Self::Diverged | Self::Dropped => false,
        }
    }
}

impl std::fmt::Display for StopReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Settled => "settled",
            Self::Stationary => "stationary",
            Self::Target => "target reached",
            Self::MaxIter => "iteration limit",
            Self::TimeLimit => "time limit",
            Self::Interrupted => "interrupted",
            Self::Diverged => "diverged",
            Self::Dropped => "dropped for better ones",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/format.md has this order, and files rely on it.
    #[test]
    fn the_numbers_of_reasons_stay() {
        let names: Vec<&str> = (0..8).map(|code| StopReason::from_code(code).unwrap().name()).collect();
        let order = ["settled", "stationary", "target", "max_iter", "time_limit", "interrupted", "diverged", "dropped"];
        assert_eq!(names, order);
        assert!(StopReason::ALL.into_iter().enumerate().all(|(at, reason)| usize::from(reason.code()) == at));
        assert_eq!(StopReason::from_code(8), None);
    }
}
