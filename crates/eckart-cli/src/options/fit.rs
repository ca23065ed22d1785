//! Fit: the options of `eckart fit`.
//! In: the command's words.  Out: `FitArgs`.
//! Invariant: what other commands have too is a group of its own.
//! Not here: what goes together (see `commands::fit`).

use std::path::PathBuf;

use clap::Args;
use eckart::apply::LEAST_REPEATS;

use super::objective::{FactorsArgs, ObjectiveArgs};
use super::page::LookArgs;
use super::reading::{MatchArgs, NamesArgs, ReadingArgs};
use super::search::SearchArgs;
use super::values::{Ranks, ranks, share};

#[derive(Debug, Args)]
pub(crate) struct FitArgs {
    /// The matrix X: .npy, .mtx, .csv or .tsv, each also with .gz; `-` reads standard input.
    #[arg(value_name = "DATA")]
    pub file: PathBuf,
    /// Number of components; 2..20 chooses among them, with --holdout or --bcv.
    #[arg(short, long, value_name = "R", help_heading = "Objective", value_parser = ranks,
        allow_negative_numbers = true)]
    pub rank: Ranks,
    #[command(flatten)]
    pub objective: ObjectiveArgs,
    #[command(flatten)]
    pub factors: FactorsArgs,
    #[command(flatten)]
    pub search: SearchArgs,
    #[command(flatten)]
    pub choice: ChoiceArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub names: NamesArgs,
    #[command(flatten)]
    pub matching: MatchArgs,
    /// How many names to show per component; 0 shows no components.
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Names", allow_negative_numbers = true)]
    pub top: usize,
    /// Where the factors go: NAME.safetensors (everything in one file), or NAME.npy, NAME.csv, NAME.tsv (one file per
    /// factor: NAME.W.npy, NAME.H.npy).
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write a page about the result, for any browser, as `eckart report` does.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub look: LookArgs,
    /// Print nothing but errors and warnings.
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Print the result as one JSON object.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// How ranks are compared, and starts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ranks and starts")]
pub(crate) struct ChoiceArgs {
    /// Choose the rank by its loss on this share of the entries, held out by a hash of row, column and seed.
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "bcv", allow_negative_numbers = true)]
    pub holdout: Option<f64>,
    /// Choose the rank by bi-cross-validation: a quarter of the data predicted from the other three. Faster, and needs
    /// no mask.
    #[arg(long)]
    pub bcv: bool,
    /// How often each rank is fitted, with other entries held out.
    #[arg(long, value_name = "N", default_value_t = LEAST_REPEATS, allow_negative_numbers = true)]
    pub repeats: usize,
    /// Compare the starts of --n-init: the stability of each component; with -o NAME.safetensors also write the
    /// consensus components, as NAME.consensus.safetensors.
    #[arg(long)]
    pub consensus: bool,
}
