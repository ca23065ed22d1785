//! Asked: what can be asked of a model, on the command line.
//! In: the command's words.  Out: arguments, checked as far as one word can be by itself.
//! Invariant: an option means the same in every command; every default is shown.
//! Not here: how a model is made (see `args`), the answers (see `transform`, `recommend`, `similar`, `evaluate`).

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::options::values::{named_file, share};
use crate::options::{ObjectiveArgs, ReadingArgs, SearchArgs};

#[derive(Debug, Args)]
pub(crate) struct TransformArgs {
    /// The model that `eckart fit -o` saved.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// The new rows: a file as `fit` reads it; `-` reads standard input.
    #[arg(value_name = "NEW")]
    pub file: PathBuf,
    /// Gives a further matrix of the objective its file; may be repeated.
    #[arg(long = "data", value_name = "NAME=FILE", value_parser = named_file)]
    pub matrices: Vec<(String, PathBuf)>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// The names of the new rows, one a line.
    #[arg(long, value_name = "FILE", help_heading = "Names")]
    pub rows: Option<PathBuf>,
    /// The names of the columns, one a line: where both sides have them, columns are matched by name.
    #[arg(long, value_name = "FILE", help_heading = "Names")]
    pub cols: Option<PathBuf>,
    /// Where the rows' factors go: NAME.npy, NAME.csv or NAME.tsv (a file a factor where there are several), or
    /// NAME.safetensors [default: CSV on standard output].
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Print what was found as one JSON object, for machines; without -o with all numbers.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whom").required(true)))]
pub(crate) struct RecommendArgs {
    /// The model that `eckart fit -o` saved.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// A row of the data by its name, or by its number from 1 where rows have none; may be repeated.
    #[arg(short, long = "user", value_name = "ID", group = "whom")]
    pub users: Vec<String>,
    /// All rows.
    #[arg(long, group = "whom")]
    pub all: bool,
    /// The data: what a row already has an entry for is left out. A row that the model has not seen is taken from it.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Show also what each prediction is made of, and with --data which known columns speak most for it.
    #[arg(long)]
    pub explain: bool,
    #[command(flatten)]
    pub listing: ListingArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true)))]
pub(crate) struct SimilarArgs {
    /// The model that `eckart fit -o` saved.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// A column of the data by its name, or by its number from 1 where columns have none; may be repeated.
    #[arg(short, long = "item", value_name = "ID", group = "what")]
    pub items: Vec<String>,
    /// A row of the data; may be repeated.
    #[arg(short, long = "user", value_name = "ID", group = "what")]
    pub users: Vec<String>,
    /// All columns.
    #[arg(long, group = "what")]
    pub all: bool,
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// How lists are shown.
#[derive(Debug, Args)]
pub(crate) struct ListingArgs {
    /// How long a list is.
    #[arg(short, long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// What the ids of columns are called: a CSV file with a header and the columns id,title.
    #[arg(long, value_name = "FILE")]
    pub titles: Option<PathBuf>,
    /// Write the lists to a CSV file, a line each.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Print the lists as one JSON object, for machines.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The model that `eckart fit -o` saved; with --split, the data to fit and test on.
    #[arg(value_name = "MODEL|DATA")]
    pub file: PathBuf,
    /// The entries to test on, as `fit` reads them.
    #[arg(value_name = "TEST", required_unless_present = "split", conflicts_with = "split")]
    pub test: Option<PathBuf>,
    /// Hold out this share of the data's entries, fit the rest, and test on what was held out.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub split: Option<f64>,
    /// The data that the model was fitted to: what a row has an entry for there is no candidate for its list. It is
    /// read as TEST is.
    #[arg(long, value_name = "FILE", conflicts_with = "split")]
    pub known: Option<PathBuf>,
    /// How long the lists are that precision, recall, NDCG and MAP speak of.
    #[arg(short, long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// A test entry counts as relevant for them where it is at least this [default: every test entry].
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub relevant: Option<f64>,
    /// Print the figures as one JSON object, for machines.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// How many components; with --split.
    #[arg(short, long, value_name = "R", help_heading = "Objective")]
    pub rank: Option<usize>,
    #[command(flatten)]
    pub objective: ObjectiveArgs,
    #[command(flatten)]
    pub search: SearchArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
}
