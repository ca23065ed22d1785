//! Reading: how a file is read where its name and content do not say it, and what rows and columns are called.
//! In: the command's words.  Out: `ReadingArgs`, `NamesArgs`, `MatchArgs`.
//! Invariant: every format that the library reads has its name here; names given by hand come before those of the data.
//! Not here: formats (see the library's `data`).

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, Args, Command, ValueEnum};
use eckart::data::{Decimal, Delimiter, Duplicates, Format, Matching, ReadOptions};
use eckart::{Code, Dtype, Error, Result};

use super::values::{Wrong, decimal, delimiter};

#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadingArgs {
    /// The format of the data, where its name does not tell; of a file beside it: S=coo, for the file of --data S=FILE,
    /// --fix or --init-from.
    #[arg(long, value_name = "[NAME=]FORMAT", value_parser = FormatOf)]
    format: Vec<OfFile<FormatArg>>,
    /// The number type, f32 or f64 [default: f32 where it holds the file's numbers exactly].
    #[arg(long, value_name = "TYPE", value_enum)]
    pub dtype: Option<DtypeArg>,
    /// Earlier name of `--format coo` and `--format table`.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide = true)]
    triplets: Option<bool>,
    /// The columns of a list of entries, by their names in the header or their numbers from 1 [default: by the words of
    /// the header, else the first three]. Without VALUE each entry is 1. Of a file beside the data: S=ROW,COL[,VALUE];
    /// one that has columns of the same names has them in the same place.
    #[arg(long, value_name = "[NAME=]ROW,COL[,VALUE]", value_parser = columns_of)]
    columns: Vec<OfFile<Vec<String>>>,
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

/// The name of the matrix that a command reads first.
const FIRST: &str = "X";

impl ReadingArgs {
    /// Whether X is a list of entries, where that was said.
    pub(crate) fn triplets(&self) -> Option<bool> {
        self.layout(FIRST).1.or(self.triplets)
    }

    /// The format of X, where it was said.
    pub(crate) fn format(&self) -> Option<Format> {
        self.layout(FIRST).0
    }

    /// The columns that were said of a matrix.
    pub(crate) fn columns(&self, name: &str) -> Option<&Vec<String>> {
        said_of(&self.columns, name)
    }

    /// Whether format or columns were said of a matrix by its name.
    pub(crate) fn names(&self, name: &str) -> bool {
        said_of(&self.format, name).is_some() || self.columns(name).is_some()
    }

    /// The format of a matrix, and whether it is a list of entries, as far as that was said.
    pub(crate) fn layout(&self, name: &str) -> (Option<Format>, Option<bool>) {
        let list = self.columns(name).map(|_| true);
        match said_of(&self.format, name) {
            None => (None, list),
            Some(FormatArg::Coo) => (None, Some(true)),
            Some(FormatArg::Table) => (None, list.or(Some(false))),
            Some(FormatArg::Npy) => (Some(Format::Npy), list),
            Some(FormatArg::Mtx) => (Some(Format::Mtx), list),
            Some(FormatArg::Csv) => (Some(Format::Csv), list),
            Some(FormatArg::Tsv) => (Some(Format::Tsv), list),
            Some(FormatArg::Npz) => (Some(Format::Npz), list),
            Some(FormatArg::Svmlight) => (Some(Format::Svmlight), list),
        }
    }

    /// Refuses a name that is none of X and of the matrices beside it, and one that an option gives twice.
    ///
    /// # Errors
    /// `Setting` where there is one.
    pub(crate) fn check<'a>(&self, beside: impl Iterator<Item = &'a str>) -> Result<()> {
        let known: Vec<&str> = std::iter::once(FIRST).chain(beside).collect();
        let check = |option: &str, names: Vec<&str>| {
            for (at, name) in names.iter().enumerate() {
                if !known.contains(name) {
                    let message = format!("{option} {name}=... is of no file: there is one of {}", known.join(", "));
                    return Err(Error::setting(Code::UnknownName, message));
                }
                if names[..at].contains(name) {
                    let message = format!("{option} is given twice for {name}: leave one out");
                    return Err(Error::setting(Code::GivenTwice, message));
                }
            }
            Ok(())
        };
        check("--format", self.format.iter().map(OfFile::name).collect())?;
        check("--columns", self.columns.iter().map(OfFile::name).collect())
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
            columns: self.columns(FIRST).cloned(),
            ..ReadOptions::default()
        }
    }
}

/// What is said of one file, by the name of its matrix; without one of X.
#[derive(Debug, Clone)]
struct OfFile<T> {
    name: Option<String>,
    value: T,
}

impl<T> OfFile<T> {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(FIRST)
    }
}

fn said_of<'a, T>(all: &'a [OfFile<T>], name: &str) -> Option<&'a T> {
    all.iter().find(|of| of.name() == name).map(|of| &of.value)
}

/// The name before a sign of equality, where there is one, and the rest.
fn split_name(text: &str) -> (Option<String>, &str) {
    let is_name = |name: &str| {
        let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        begins && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    match text.split_once('=') {
        Some((name, rest)) if is_name(name) => (Some(name.to_owned()), rest),
        _ => (None, text),
    }
}

/// "user,item,rating", "S=user,item,weight"
fn columns_of(text: &str) -> std::result::Result<OfFile<Vec<String>>, Wrong> {
    let (name, rest) = split_name(text);
    Ok(OfFile { name, value: rest.split(',').map(str::to_owned).collect() })
}

/// "coo", "S=coo"
#[derive(Debug, Clone, Copy)]
struct FormatOf;

impl TypedValueParser for FormatOf {
    type Value = OfFile<FormatArg>;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> std::result::Result<Self::Value, clap::Error> {
        let (name, word) = value.to_str().map_or((None, value), |text| {
            let (name, word) = split_name(text);
            (name, OsStr::new(word))
        });
        let value = EnumValueParser::<FormatArg>::new().parse_ref(command, arg, word)?;
        Ok(OfFile { name, value })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FormatArg::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_columns() {
        let check = |text: &str, name: Option<&str>, columns: &[&str]| {
            let found = columns_of(text).unwrap();
            assert_eq!(
                (found.name.as_deref(), &found.value[..]),
                (name, &columns.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>()[..]),
                "{text}"
            );
        };
        check("user,item", None, &["user", "item"]);
        check("S=user,item,w", Some("S"), &["user", "item", "w"]);
        check("user,a=b", None, &["user", "a=b"]);
        check("1,2,3", None, &["1", "2", "3"]);
    }
}
