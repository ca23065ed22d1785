//! Rows: the options of commands that ask a fitted model about rows and columns.
//! In: the command's words.  Out: `TransformArgs`, `RecommendArgs`, `SimilarArgs`.
//! Invariant: an option means the same in every command; every default is shown.
//! Not here: the answers (see `commands`).

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::reading::{MatchArgs, ReadingArgs};
use super::values::named_file;

#[derive(Debug, Args)]
pub(crate) struct TransformArgs {
    /// The model that `eckart fit -o` saved.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// The new rows, read as `fit` reads data; `-` reads standard input.
    #[arg(value_name = "NEW")]
    pub file: PathBuf,
    /// Read a further matrix of the objective from a file; may be repeated. A text is read as X is: --delimiter,
    /// --decimal, --comment, --na-values, --header, --index-col and --duplicates hold for it, too.
    #[arg(long = "data", value_name = "NAME=FILE", value_parser = named_file)]
    pub matrices: Vec<(String, PathBuf)>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub matching: MatchArgs,
    /// The names of the new rows, one per line.
    #[arg(long, alias = "rows", value_name = "FILE", help_heading = "Names")]
    pub row_names: Option<PathBuf>,
    /// The names of the columns, one per line: columns are matched by name where model and data have names.
    #[arg(long, alias = "cols", value_name = "FILE", help_heading = "Names")]
    pub col_names: Option<PathBuf>,
    /// Where the factors of the rows go: NAME.npy, NAME.csv or NAME.tsv (one file per factor where there are several),
    /// or NAME.safetensors [default: CSV on standard output].
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Print the result as one JSON object; without -o it holds the values.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whom").required(true)))]
pub(crate) struct RecommendArgs {
    /// The model that `eckart fit -o` saved.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// A row of the data by name, or by number from 1 where rows have no names; may be repeated.
    #[arg(short, long = "user", value_name = "ID", group = "whom")]
    pub users: Vec<String>,
    /// All rows.
    #[arg(long, group = "whom")]
    pub all: bool,
    /// The data that the model was fitted to: what a row has there is left out of its list. New users are folded in.
    #[arg(long, alias = "data", value_name = "FILE")]
    pub train: Option<PathBuf>,
    /// Show the terms of each prediction and, with --train, which rated columns contribute most to it.
    #[arg(long)]
    pub explain: bool,
    #[command(flatten)]
    pub listing: ListingArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub matching: MatchArgs,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true)))]
pub(crate) struct SimilarArgs {
    /// The model that `eckart fit -o` saved.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// A column of the data by name, or by number from 1 where columns have no names; may be repeated.
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
    /// Length of a list.
    #[arg(short, long, value_name = "N", default_value_t = 10, allow_negative_numbers = true)]
    pub top: usize,
    /// Titles of columns: a CSV file with a header and the columns id and title, or else those two first.
    #[arg(long, value_name = "FILE")]
    pub titles: Option<PathBuf>,
    /// Write the lists to a CSV file.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Print the lists as one JSON object.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}
