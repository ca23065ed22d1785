//! Options: how a file is to be read.
//! In: nothing.  Out: `ReadOptions`, `Format`, `Delimiter`, `Decimal`, `Duplicates`.
//! Invariant: the defaults detect what they can, and refuse what is doubtful.
//! Not here: reading (see `files`, `formats`).

use std::path::Path;

use super::Dtype;
use super::source::extension;
use crate::error::{Code, Error, Result};

/// A file format that holds a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// NumPy's array file: `.npy`.
    Npy,
    /// Matrix Market, coordinate or array: `.mtx`.
    Mtx,
    /// Text whose cells are separated by commas, tabs, semicolons, `::`, blanks and the like, a table or a list of
    /// entries: `.csv`.
    Csv,
    /// The same with tabs: `.tsv`.
    Tsv,
    /// An archive of NumPy's arrays: one array, or what `scipy.sparse.save_npz` writes: `.npz`.
    Npz,
    /// SVMlight, also called LIBSVM: lines of a label and `column:value`: `.svmlight`, `.libsvm`, `.svm`.
    Svmlight,
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
            "npz" => Some(Format::Npz),
            "svmlight" | "libsvm" | "svm" => Some(Format::Svmlight),
            _ => None,
        }
    }

    /// Whether files of it are text, whose layout may be doubtful.
    pub fn is_text(self) -> bool {
        match self {
            Self::Csv | Self::Tsv => true,
            Self::Npy | Self::Mtx | Self::Npz | Self::Svmlight => false,
        }
    }
}

/// What stands between the cells of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Delimiter {
    /// One byte, such as a comma.
    Byte(u8),
    /// Several characters, such as the `::` of MovieLens.
    Text(String),
    /// A run of blanks and tabs of any length.
    Blanks,
}

impl Delimiter {
    /// The delimiter that a word names: `tab`, `blanks` (or a blank), else the characters themselves, such as `;` or
    /// `::`.
    ///
    /// ```
    /// use eckart::data::Delimiter;
    /// assert_eq!(Delimiter::from_name(";").unwrap(), Delimiter::Byte(b';'));
    /// assert_eq!(Delimiter::from_name("blanks").unwrap(), Delimiter::Blanks);
    /// ```
    ///
    /// # Errors
    /// `Setting` where it is empty, or holds a quotation mark or a line end.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "tab" | "\\t" | "\t" => Ok(Self::Byte(b'\t')),
            "blanks" | "blank" | "space" | " " | "\\s+" => Ok(Self::Blanks),
            _ if name.is_empty() || name.contains(['"', '\n', '\r']) => Err(Error::setting(
                Code::BadOptionValue,
                format!("{name:?} can't separate cells: write `,`, `;`, `tab`, `blanks` or other characters"),
            )),
            _ if name.len() == 1 => Ok(Self::Byte(name.as_bytes()[0])),
            _ => Ok(Self::Text(name.to_owned())),
        }
    }

    /// Its name, as [`from_name`](Self::from_name) takes it.
    pub fn name(&self) -> String {
        match self {
            Self::Byte(b'\t') => "tab".into(),
            Self::Byte(byte) => char::from(*byte).to_string(),
            Self::Text(text) => text.clone(),
            Self::Blanks => "blanks".into(),
        }
    }
}

impl From<u8> for Delimiter {
    fn from(byte: u8) -> Self {
        Self::Byte(byte)
    }
}

/// The mark before the decimals of a number; the other one may group its thousands: `1,234.5` or `1.234,5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decimal {
    /// `1.5`
    Point,
    /// `1,5`
    Comma,
}

impl Decimal {
    /// The one that a mark, `.` or `,`, names.
    ///
    /// # Errors
    /// `Setting` where it is another mark.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "." => Ok(Self::Point),
            "," => Ok(Self::Comma),
            _ => Err(Error::setting(Code::BadOptionValue, format!("{name:?} is no decimal mark: write `.` or `,`"))),
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
    /// What stands between the cells of a CSV file; `None` detects it.
    pub delimiter: Option<Delimiter>,
    /// The mark before the decimals of a CSV file; `None` detects it.
    pub decimal: Option<Decimal>,
    /// Lines of a CSV file that begin with it are passed over; an empty text passes over none. `None` takes `#` or `%`
    /// where the file begins with such lines.
    pub comment: Option<String>,
    /// The cells of a CSV file that are missing, besides empty ones; numbers are compared as numbers. `None` takes the
    /// usual ones: `NA`, `NaN`, `N/A`, `null`, `None`, `?` and their like. An id of a list may be none of them.
    pub na_values: Option<Vec<String>>,
    /// The columns of a list of entries: those of the row ids, of the column ids and, where there is a third, of the
    /// values, each by its name in the header or by its number from 1. Saying them says that the file is such a list.
    /// `None` goes by the header, else takes the first three.
    pub columns: Option<Vec<String>>,
    /// The columns that there must be, such as those of a model that new rows are for: a first column of a CSV table
    /// that alone is none of them, of whole numbers that differ, holds the names of the rows; one of them is data.
    pub known_columns: Option<Vec<String>>,
}

impl ReadOptions {
    /// Whether an option is given that only texts with cells have.
    pub(super) fn are_of_text(&self) -> bool {
        let layout = self.triplets.is_some() || self.header.is_some() || self.row_names.is_some();
        let cells = self.delimiter.is_some() || self.decimal.is_some() || self.comment.is_some();
        layout || cells || self.na_values.is_some() || self.columns.is_some()
    }
}
