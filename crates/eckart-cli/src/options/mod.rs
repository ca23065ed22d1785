//! Options: what can be said on the command line, and how it is taught.
//! In: the command's words.  Out: `Cli`, checked as far as one word can be by itself.
//! Invariant: an option means the same in every command; every default is shown.
//! Not here: what fits together (the library says), files (see `load`, `output`).

mod cli;
mod evaluate;
mod examples;
mod explain;
mod fit;
mod objective;
mod page;
mod reading;
mod rows;
pub(crate) mod search;
pub(crate) mod values;

pub(crate) use cli::{Cli, CodesArgs, Command, ModelsArgs, ShowArgs, commands_with, usage};
pub(crate) use evaluate::EvaluateArgs;
pub(crate) use explain::{ExplainArgs, PicturesArgs};
pub(crate) use fit::FitArgs;
pub(crate) use objective::{FactorsArgs, ObjectiveArgs};
pub(crate) use page::{LookArgs, ReportArgs};
pub(crate) use reading::{NamesArgs, ReadingArgs};
pub(crate) use rows::{ListingArgs, RecommendArgs, SimilarArgs, TransformArgs};
