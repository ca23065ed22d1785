//! Stop: what ends a search from outside, and why one ended.
//! In: a raised flag; a reason's name or number.  Out: `Interrupt`, `StopReason`.
//! Invariant: reasons keep their numbers, which files hold.
//! Not here: when to stop (see `driver`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that ends a search. Clones are the same flag, those in clones of [`crate::Settings`], too: searches that are
/// to be ended apart each need `Interrupt::default()`. It stays raised until it is lowered; a search that is begun with
/// a raised one is refused.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks the search to end after its current iteration.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Takes that back, for the next search.
    pub fn lower(&self) {
        self.0.store(false, Ordering::Relaxed);
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
    /// Converged: in 3 successive iterations k, `c[k-1] - c[k] <= tol * (min(c[0], 10 c[k]) - c[k])`, c being the cost.
    Settled,
    /// Converged: the relative projected-gradient norm (KKT residual) of every factor is at most `tol`.
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
            Self::Settled => "converged",
            Self::Stationary => "converged (KKT)",
            Self::Target => "target reached",
            Self::MaxIter => "iteration limit",
            Self::TimeLimit => "time limit",
            Self::Interrupted => "interrupted",
            Self::Diverged => "diverged",
            Self::Dropped => "dropped (halving)",
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
