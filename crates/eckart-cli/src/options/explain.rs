//! Explain: the options of `eckart explain`.
//! In: the command's words.  Out: `ExplainArgs`.
//! Invariant: options of `fit` that change its plans are options of `explain`.
//! Not here: what is shown (see `commands::explain`).

use std::path::PathBuf;

use clap::Args;

use super::objective::{FactorsArgs, ObjectiveArgs};
use super::reading::{MatchArgs, ReadingArgs};
use super::search::SearchArgs;
use super::values::{ShapeArg, rank, shape};

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The matrix X; `-` reads standard input. Without a file, give a --shape.
    #[arg(value_name = "DATA", conflicts_with = "shape")]
    pub file: Option<PathBuf>,
    /// Plan without data, for an X of this shape: 1000x500, or 1000x500:20000 with 20000 stored entries; of f64, unless
    /// --dtype says f32.
    #[arg(long, value_name = "NxM[:NNZ]", value_parser = shape)]
    pub shape: Option<ShapeArg>,
    /// Number of components.
    #[arg(short, long, value_name = "R", help_heading = "Objective", value_parser = rank,
        allow_negative_numbers = true)]
    pub rank: usize,
    #[command(flatten)]
    pub objective: ObjectiveArgs,
    #[command(flatten)]
    pub factors: FactorsArgs,
    #[command(flatten)]
    pub search: SearchArgs,
    /// Count the components of all starts, as `fit --consensus` keeps and compares them.
    #[arg(long, help_heading = "Search")]
    pub consensus: bool,
    #[command(flatten)]
    pub pictures: PicturesArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub matching: MatchArgs,
    /// Print the explanation as one JSON object.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// Where the plan is drawn.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pictures")]
pub(crate) struct PicturesArgs {
    /// Draw the plan as SVG, for any browser; `-` prints it instead of the text.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Write the plan as a Graphviz graph; `-` prints it instead of the text.
    #[arg(long, value_name = "FILE")]
    pub dot: Option<PathBuf>,
}
