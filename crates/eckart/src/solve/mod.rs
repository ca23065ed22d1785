//! Solve: from an objective to its best factors.
//! In: a `Problem` and `Settings`.  Out: a `Factorization`: factors, history, why it stopped.
//! Law: a stopped run always returns the best factors so far and says why; the same seed gives the same bits.
//! Not here: values of formulas (see `function`, `run`).

mod alternating;
mod balance;
mod bind;
mod block;
mod checkpoint;
mod choice;
mod cholesky;
mod company;
mod derive;
mod driver;
mod kept;
mod kkt;
mod lbfgs;
mod ledger;
mod lint;
mod local;
mod method;
mod normalized_gradient;
mod outside;
mod problem;
mod prox;
mod proximal_gradient;
mod quality;
mod result;
mod revive;
mod save;
mod settings;
mod split;
mod start;
mod starts;
mod ties;

pub(crate) use cholesky::Cholesky;
pub use derive::{Coupled, Form, Poisson, Quadratic, Sampled, derive};
pub use driver::{Flow, Progress, solve};
pub use lint::lints;
pub use method::{METHODS, MethodRow};
pub use problem::{Bound, Factor, Problem};
pub use prox::Prox;
pub use quality::Quality;
pub(crate) use quality::reconstruction;
pub use result::{
    Agreement, DataSide, FactorAxis, FactorRole, Factorization, Kept, NUMERICS, Numerics, RankChoice, RankScore, Start,
    Step,
};
pub use save::{FileSummary, load_factors, save_factors, show};
pub(crate) use save::{PAGE_META, PAGE_SUM, PAGE_SUM_META, with_sum};
pub use settings::{Checkpoint, Init, Interrupt, Settings, StopReason};
pub(crate) use split::terms;
