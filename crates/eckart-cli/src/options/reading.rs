//! Reading: how a file is read where its name and content do not say it, and what rows and columns are called.
//! In: the command's words.  Out: `ReadingArgs`, `NamesArgs`, `MatchArgs`.
//! Invariant: every format that the library reads has its name here; names given by hand come before those of the data.
//! Not here: formats (see the library's `data`).

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};
use eckart::Dtype;
use eckart::data::{Decimal, Delimiter, Duplicates, Format, Matching, ReadOptions};

use super::values::{decimal, delimiter};

#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadingArgs {
    /// The format of the data, where its name does not tell.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<FormatArg>,
    /// The number type, f32 or f64 [default: f32 where it holds the file's numbers exactly].
    #[arg(long, value_name = "TYPE", value_enum)]
    pub dtype: Option<DtypeArg>,
    /// Earlier name of `--format coo` and `--format table`.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide = true)]
    triplets: Option<bool>,
    /// The columns of a list of entries, by their names in the header or their numbers from 1 [default: by the words of
    /// the header, else the first three]. Without VALUE each entry is 1.
    #[arg(long, value_name = "ROW,COL[,VALUE]", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// What to do with an entry that a sparse file names twice.
    #[arg(long, value_name = "RULE", value_enum, default_value_t = DuplicatesArg::Error)]
    pub duplicates: DuplicatesArg,
    /// The first row of a CSV file holds names; with =false, numbers [default: detected].
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub header: Option<bool>,
    /// The first column of a CSV table holds row names; with =false, numbers [default: detected].
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub index_col: Option<bool>,
    /// What separates the cells of texts: `,`, `;`, tab, blanks, `::` or other characters [default: detected].
    #[arg(long, value_name = "TEXT", value_parser = delimiter)]
    pub delimiter: Option<Delimiter>,
    /// The decimal mark of texts: `.` or `,` [default: detected].
    #[arg(long, value_name = "MARK", value_parser = decimal)]
    pub decimal: Option<Decimal>,
    /// Lines of a text that begin with this are comments; an empty one has none [default: # or %, where it begins so].
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// The cells of a text that are missing, besides empty ones [default: NA, NaN, N/A, null, None, ? and their like].
    #[arg(long, value_name = "TEXT,...", value_delimiter = ',', allow_hyphen_values = true)]
    pub na_values: Option<Vec<String>>,
}

impl ReadingArgs {
    /// Whether a text is a list of entries, where that was said.
    pub(crate) fn triplets(&self) -> Option<bool> {
        match self.format {
            _ if self.columns.is_some() => Some(true),
            Some(FormatArg::Coo) => Some(true),
            Some(FormatArg::Table) => Some(false),
            _ => self.triplets,
        }
    }

    /// The format, where it was said.
    pub(crate) fn format(&self) -> Option<Format> {
        match self.format? {
            FormatArg::Npy => Some(Format::Npy),
            FormatArg::Mtx => Some(Format::Mtx),
            FormatArg::Csv => Some(Format::Csv),
            FormatArg::Tsv => Some(Format::Tsv),
            FormatArg::Npz => Some(Format::Npz),
            FormatArg::Svmlight => Some(Format::Svmlight),
            FormatArg::Coo | FormatArg::Table => None,
        }
    }

    /// Whether entries that stand twice are taken.
    pub(crate) fn settles_duplicates(&self) -> bool {
        !matches!(self.duplicates, DuplicatesArg::Error)
    }

    /// How to read a file.
    pub(crate) fn options(&self) -> ReadOptions {
        ReadOptions {
            format: self.format(),
            dtype: self.dtype.map(Into::into),
            triplets: self.triplets(),
            duplicates: self.duplicates.into(),
            header: self.header,
            row_names: self.index_col,
            delimiter: self.delimiter.clone(),
            decimal: self.decimal,
            comment: self.comment.clone(),
            na_values: self.na_values.clone(),
            columns: self.columns.clone(),
            ..ReadOptions::default()
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Names")]
pub(crate) struct NamesArgs {
    /// The names of X's rows, one per line [default: those in the data or the model].
    #[arg(long, alias = "rows", value_name = "FILE")]
    pub row_names: Option<PathBuf>,
    /// The names of X's columns, one per line, such as a vocabulary [default: those in the data or the model].
    #[arg(long, aliases = ["cols", "vocab"], value_name = "FILE")]
    pub col_names: Option<PathBuf>,
    /// Titles of X's columns: a CSV file with a header and the columns id and title, or else those two first.
    #[arg(long, value_name = "FILE")]
    pub titles: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Names")]
pub(crate) struct MatchArgs {
    /// Match rows and columns of files, and of models, by their names, in any order; or by their position.
    #[arg(long = "match", value_name = "BY", default_value = Matching::Names.name(), value_parser = parser())]
    pub by: Matching,
}

fn parser() -> impl TypedValueParser<Value = Matching> {
    let words = PossibleValuesParser::new(Matching::ALL.map(Matching::name));
    words.map(|word| Matching::from_name(&word).unwrap_or_default())
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// NumPy array.
    Npy,
    /// Matrix Market.
    Mtx,
    /// Comma-separated text: a table, or entries where the header names them.
    Csv,
    /// Tab-separated text, likewise.
    Tsv,
    /// NumPy archive: one array, or a sparse matrix of SciPy.
    Npz,
    /// SVMlight or LIBSVM: label column:value ...
    Svmlight,
    /// Text with one entry per line: row,column[,value].
    Coo,
    /// Text with one row of the matrix per line.
    Table,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DtypeArg {
    F32,
    F64,
}

impl From<DtypeArg> for Dtype {
    fn from(dtype: DtypeArg) -> Self {
        match dtype {
            DtypeArg::F32 => Self::F32,
            DtypeArg::F64 => Self::F64,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DuplicatesArg {
    /// Reject the file and name both lines.
    Error,
    /// Add the values.
    Sum,
    /// Keep the last value.
    Last,
}

impl From<DuplicatesArg> for Duplicates {
    fn from(duplicates: DuplicatesArg) -> Self {
        match duplicates {
            DuplicatesArg::Error => Self::Error,
            DuplicatesArg::Sum => Self::Sum,
            DuplicatesArg::Last => Self::Last,
        }
    }
}
