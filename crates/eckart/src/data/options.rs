//! Options: how a file is to be read.
//! In: nothing.  Out: `ReadOptions`, `Format`, `Duplicates`.
//! Invariant: the defaults detect what they can, and refuse what is doubtful.
//! Not here: reading (see `files`, `formats`).

use std::path::Path;

use super::Dtype;
use super::source::extension;

/// A file format that holds a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// NumPy's array file: `.npy`.
    Npy,
    /// Matrix Market, coordinate or array: `.mtx`.
    Mtx,
    /// Comma, tab or semicolon separated text, a table or triplets: `.csv`.
    Csv,
    /// The same with tabs: `.tsv`.
    Tsv,
}

impl Format {
    /// The format that the name of `path` promises, with or without `.gz` after it.
    ///
    /// ```
    /// use eckart::data::Format;
    /// assert_eq!(Format::of_name("ratings.csv.gz".as_ref()), Some(Format::Csv));
    /// assert_eq!(Format::of_name("ratings".as_ref()), None);
    /// ```
    pub fn of_name(path: &Path) -> Option<Self> {
        match extension(path)?.as_str() {
            "npy" => Some(Format::Npy),
            "mtx" => Some(Format::Mtx),
            "csv" => Some(Format::Csv),
            "tsv" => Some(Format::Tsv),
            _ => None,
        }
    }

    /// Whether files of it are text, whose layout may be doubtful.
    pub fn is_text(self) -> bool {
        match self {
            Self::Csv | Self::Tsv => true,
            Self::Npy | Self::Mtx => false,
        }
    }
}

/// What to do where a sparse file names an entry more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Duplicates {
    /// Refuse the file, naming both lines.
    #[default]
    Error,
    /// Add the numbers up.
    Sum,
    /// Keep the last in file order.
    Last,
}

/// How to read a file. The default detects everything and refuses what is doubtful.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The format; `None` goes by the file's extension, else by its first bytes.
    pub format: Option<Format>,
    /// The type of the numbers; `None` takes f32 where it holds the file's numbers exactly, by the rule each format
    /// states. Asking for f32 rounds, and refuses numbers too large for it.
    pub dtype: Option<Dtype>,
    /// Whether a CSV file is a list of entries `row,column[,value]` rather than a table; `None` goes by the names in
    /// its header (see [`crate::data::read_csv`]).
    pub triplets: Option<bool>,
    /// What to do with an entry that a sparse file names more than once.
    pub duplicates: Duplicates,
    /// Whether the first row of a CSV file holds names; `None` detects it.
    pub header: Option<bool>,
    /// Whether the first column of a CSV table holds names; `None` detects it.
    pub row_names: Option<bool>,
    /// The byte between the cells of a CSV file; `None` chooses among comma, tab and semicolon.
    pub delimiter: Option<u8>,
}
