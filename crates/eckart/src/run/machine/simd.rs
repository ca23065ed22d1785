//! SIMD: the level of vector registers that kernels compute with, chosen or the widest there is.
//! In: a level asked for, `ECKART_REGISTERS`, the processor.  Out: a level.
//! Invariant: all threads of a piece of work have one level, which says with their arguments which bits come out.
//! Not here: what a level is (see the crate of the kernels).

use std::cell::Cell;
use std::fmt;
use std::sync::OnceLock;

pub use eckart_kernels::SimdLevel;

use crate::error::{Code, Error, Result};

/// The environment variable that names the level of a process.
const VARIABLE: &str = "ECKART_REGISTERS";

thread_local! {
    /// The level of this thread, where work was begun with one of its own.
    static HERE: Cell<Option<SimdLevel>> = const { Cell::new(None) };
}

/// The level of the process, or why there is none.
static PROCESS: OnceLock<Result<SimdLevel, NoLevel>> = OnceLock::new();

/// Why a level can't be had.
#[derive(Debug, Clone)]
enum NoLevel {
    /// No level has this name.
    Unknown(String),
    /// The processor has no such registers.
    Lacking(SimdLevel),
}

impl NoLevel {
    fn code(&self) -> Code {
        match self {
            Self::Unknown(_) => Code::UnknownChoice,
            Self::Lacking(_) => Code::UnsupportedRegisters,
        }
    }
}

impl fmt::Display for NoLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |levels: &[SimdLevel]| levels.iter().map(|level| level.name()).collect::<Vec<_>>().join(", ");
        match self {
            Self::Unknown(name) => {
                write!(f, "`{name}` is no level of registers: there are {}", names(&SimdLevel::ALL))
            }
            Self::Lacking(level) => {
                write!(f, "this processor has no registers of the level {level}: it has {}", names(&SimdLevel::all()))
            }
        }
    }
}

/// The level of the kernels that are called from this thread.
pub(crate) fn simd_level() -> SimdLevel {
    // A name that means nothing was refused when the work began.
    HERE.get().unwrap_or_else(|| process().as_ref().map_or_else(|_| SimdLevel::best(), |level| *level))
}

/// Gives this thread a level of its own.
pub(in crate::run) fn set_simd_level(level: SimdLevel) {
    HERE.set(Some(level));
}

fn process() -> &'static Result<SimdLevel, NoLevel> {
    PROCESS.get_or_init(|| match std::env::var_os(VARIABLE) {
        Some(name) if !name.is_empty() => by_name(&name.to_string_lossy()),
        _ => Ok(SimdLevel::best()),
    })
}

/// Refuses a level that `ECKART_REGISTERS` names and this processor lacks.
///
/// # Errors
/// `Setting`, with the levels that there are.
pub(in crate::run) fn check_process_level() -> Result<()> {
    process().as_ref().map(drop).map_err(|why| Error::setting(why.code(), format!("{VARIABLE}: {why}")))
}

/// Refuses a level that this processor lacks.
///
/// # Errors
/// `Setting`, with the levels that there are.
pub(in crate::run) fn check_level(level: SimdLevel) -> Result<()> {
    available(level).map(drop).map_err(|why| Error::setting(why.code(), why.to_string()))
}

/// The level of that name, where this processor has it: `base`, `avx2` or `avx512`.
///
/// # Errors
/// `Setting` for any other name, and for a level that this processor lacks.
pub fn simd_level_by_name(name: &str) -> Result<SimdLevel> {
    by_name(name).map_err(|why| Error::setting(why.code(), why.to_string()))
}

fn by_name(name: &str) -> Result<SimdLevel, NoLevel> {
    let level = SimdLevel::ALL.into_iter().find(|level| level.name() == name);
    level.ok_or_else(|| NoLevel::Unknown(name.to_owned())).and_then(available)
}

fn available(level: SimdLevel) -> Result<SimdLevel, NoLevel> {
    if SimdLevel::all().contains(&level) { Ok(level) } else { Err(NoLevel::Lacking(level)) }
}

/// Sets the level of the process, as `ECKART_REGISTERS` does; work that is begun with a level of its own keeps that.
///
/// # Errors
/// `Setting` where this processor lacks the level, or where the process has computed with another one already.
pub fn use_simd_level(level: SimdLevel) -> Result<()> {
    check_level(level)?;
    match PROCESS.get_or_init(|| Ok(level)) {
        Ok(known) if *known == level => Ok(()),
        _ => Err(Error::setting(
            Code::SettingsConflict,
            format!(
                "the registers are to be {level}, and this process has begun with others: choose them before \
                 anything is computed"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_levels_or_refused() {
        for level in SimdLevel::all() {
            assert_eq!(simd_level_by_name(level.name()).unwrap(), level);
        }
        for level in SimdLevel::ALL {
            assert_eq!(simd_level_by_name(level.name()).is_ok(), SimdLevel::all().contains(&level));
        }
        let error = simd_level_by_name("sse").unwrap_err().to_string();
        assert!(error.contains("`sse`") && error.contains("base, avx2, avx512"), "{error}");
    }

    #[test]
    fn threads_of_a_pool_have_its_level() {
        use crate::run::with_machine;
        use rayon::prelude::*;
        for level in SimdLevel::all() {
            let levels = |threads| {
                with_machine(threads, Some(level), || (0..64).into_par_iter().map(|_| simd_level()).collect::<Vec<_>>())
            };
            for threads in [None, Some(1), Some(3)] {
                assert!(levels(threads).unwrap().iter().all(|found| *found == level), "{level} {threads:?}");
            }
        }
        assert_eq!(HERE.get(), None);
    }
}
