//! Evaluate: the options of `eckart evaluate`.
//! In: the command's words.  Out: `EvaluateArgs`.
//! Invariant: a model is fitted here as by `fit`.
//! Not here: what is measured (see `commands::evaluate`).

use std::path::PathBuf;

use clap::Args;

use super::objective::{FactorsArgs, ObjectiveArgs};
use super::reading::{MatchArgs, ReadingArgs};
use super::search::SearchArgs;
use super::values::share;

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The model that `eckart fit -o` saved; with --holdout, the data to fit and test on.
    #[arg(value_name = "MODEL|DATA")]
    pub file: PathBuf,
    /// The entries to test on, read as `fit` reads data.
    #[arg(value_name = "TEST", required_unless_present = "holdout", conflicts_with = "holdout")]
    pub test: Option<PathBuf>,
    /// Hold out this share of the entries of DATA, fit the rest, and test on what was held out.
    #[arg(long, alias = "split", value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub holdout: Option<f64>,
    /// The data that the model was fitted to, read as TEST is: what a row has there is left out of its list.
    #[arg(long, alias = "known", value_name = "FILE", conflicts_with = "holdout")]
    pub train: Option<PathBuf>,
    /// Length of the lists for precision, recall, NDCG and MAP.
    #[arg(short, long, value_name = "N", default_value_t = 10, allow_negative_numbers = true)]
    pub top: usize,
    /// A test entry counts as relevant where it is at least this [default: every test entry].
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub relevant: Option<f64>,
    /// Print the figures as one JSON object.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Number of components, with --holdout.
    #[arg(short, long, value_name = "R", help_heading = "Objective", allow_negative_numbers = true)]
    pub rank: Option<usize>,
    #[command(flatten)]
    pub objective: ObjectiveArgs,
    #[command(flatten)]
    pub factors: FactorsArgs,
    #[command(flatten)]
    pub search: SearchArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub matching: MatchArgs,
}
