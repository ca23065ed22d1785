//! Solve: from an objective to its best factors.
//! In: a `Problem` and `Settings`.  Out: a `Factorization`: factors, history, why it stopped.
//! Invariant: a stopped run always returns the best factors so far and says why; the same seed gives the same bits.
//! Not here: values of formulas (see `function`, `run`).

mod block;
mod derive;
mod method;
mod problem;
mod result;
mod search;

pub use crate::rows::{FactorRegularizer, GramParts, Regularizer, SampledGram};
pub use block::plans::{Runs, SearchPlan};
pub use derive::{Coupled, Poisson, Quadratic, Subproblem, derive};
pub(crate) use method::relaxed::rules_without;
pub use method::table::{METHODS, MethodRow};
pub use problem::lints::lints;
pub(crate) use problem::matching::SameSides;
pub use problem::role::{DataSide, FactorAxis, FactorRole};
pub(crate) use problem::sentinels::sentinel;
pub use problem::{Bound, Factor, Problem};
pub(crate) use result::MOST_COMPARED;
pub(crate) use result::compared::{Objective, Reconstruction, ReconstructionScale};
pub use result::quality::Quality;
pub use result::save::{FileSummary, load_factors, save_factors, show};
pub(crate) use result::save::{PAGE_META, PAGE_SUM, PAGE_SUM_META, with_sum};
pub use result::{
    Agreement, ComponentNames, Factorization, Iteration, Kept, NUMERICS, Numerics, RankChoice, RankScore, Start,
    Undefined, numbered_components,
};
pub use search::context::{Flow, Progress};
pub use search::driver::solve;
pub use search::memory::{MemoryLine, MemoryTotal};
pub use search::outline::{Outline, outline};
pub use search::settings::{Init, Interrupt, SETTINGS, Setting, SettingKind, SettingValue, Settings, StopReason};
