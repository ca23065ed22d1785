//! Options: what a page is about, and how it is to look.
//! In: a `Factorization`, its data and names where they are at hand.  Out: `Report`.
//! Invariant: nothing is drawn here; what does not fit together is refused when the page is made.
//! Not here: the page (see `page`).

use std::collections::BTreeMap;
use std::path::Path;

use super::files::File;
use super::shell::command_line;
use super::subject::look::Look;
use crate::apply::Consensus;
use crate::data::{Matching, Matrix, ReadOptions};
use crate::solve::Factorization;

/// A page about a factorization: its objective and how it was solved, the cost of every start, the components as people
/// read them, rows of the data beside their reconstructions, a table of rows by component, and how to run it again.
///
/// ```
/// # use eckart::{Matrix, Problem, Settings, report::Report};
/// let x = Matrix::from_fn(30, 16, |i, j| ((i * j) as f64).sin().abs())?;
/// let problem = Problem::parse("sum((X - W @ H)**2) subject to W >= 0, H >= 0")?.data("X", &x).rank(3);
/// let fit = problem.solve(&Settings::default())?;
/// let page = Report::new(&fit).data(&x).image(4, 4).to_html()?;
/// assert!(page.starts_with("<!doctype html>"));
/// # Ok::<(), eckart::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Report<'a> {
    pub(super) fit: &'a Factorization,
    pub(super) data: Option<&'a Matrix>,
    /// Rows and columns, from 0, that the data does not have.
    pub(super) lacking: [Vec<usize>; 2],
    pub(super) source: Option<String>,
    pub(super) title: Option<String>,
    pub(super) command: Option<String>,
    pub(super) name_options: Option<String>,
    pub(super) files: BTreeMap<String, File>,
    pub(super) matching: Matching,
    pub(super) row_names: Option<Vec<String>>,
    pub(super) col_names: Option<Vec<String>>,
    pub(super) titles: BTreeMap<String, String>,
    pub(super) look: Look,
    pub(super) by_rows: bool,
    pub(super) consensus: Option<&'a Consensus>,
}

impl<'a> Report<'a> {
    /// A page about `fit`, with the names that it holds.
    pub fn new(fit: &'a Factorization) -> Self {
        Self {
            fit,
            data: None,
            lacking: Default::default(),
            source: None,
            title: None,
            command: None,
            name_options: None,
            files: BTreeMap::new(),
            matching: Matching::Names,
            row_names: fit.row_names.clone(),
            col_names: fit.col_names.clone(),
            titles: BTreeMap::new(),
            look: Look::Fitting,
            by_rows: false,
            consensus: None,
        }
    }

    /// Adds the data, n x m: rows are then shown beside their reconstructions, and the largest residuals are listed.
    pub fn data(mut self, matrix: &'a Matrix) -> Self {
        self.data = Some(matrix);
        self
    }

    /// Says which rows and columns, by their numbers from 0, the data does not have
    /// ([`InOrder::lacking`](crate::apply::InOrder)): they are left out where data is shown, and the page says so.
    pub fn lacking(mut self, [rows, cols]: [Vec<usize>; 2]) -> Self {
        self.lacking = [rows, cols];
        self
    }

    /// Says where the data came from, such as the name of its file.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The heading of the page; without it, "10 components of" the source.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The words of the command that ran the search; without them, one is written from what the factorization knows.
    pub fn command(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.command = Some(command_line(words));
        self
    }

    /// Words such as `--col-names` and its file, for a command that is written from what the factorization knows: names
    /// that its data does not bring.
    pub fn name_options(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.name_options = Some(command_line(words)).filter(|words| !words.is_empty());
        self
    }

    /// Says from which file a matrix came, the data too, or the values that a factor was fixed at or began at, and how
    /// that was read: how to run the search again names it.
    pub fn file(mut self, name: &str, path: impl AsRef<Path>, options: &ReadOptions) -> Self {
        let path = path.as_ref().display().to_string();
        self.files.insert(name.to_owned(), File { path, options: options.clone() });
        self
    }

    /// How rows and columns of the files are matched, for the same purpose.
    pub fn match_by(mut self, matching: Matching) -> Self {
        self.matching = matching;
        self
    }

    /// A name for each row.
    pub fn row_names(mut self, names: Vec<String>) -> Self {
        self.row_names = Some(names);
        self
    }

    /// A name for each column, such as a vocabulary.
    pub fn col_names(mut self, names: Vec<String>) -> Self {
        self.col_names = Some(names);
        self
    }

    /// What the names of columns stand for, by name: the titles of items whose names are ids.
    pub fn titles(mut self, titles: BTreeMap<String, String>) -> Self {
        self.titles = titles;
        self
    }

    /// Shows components and rows as pictures of `height` x `width` pixels, whose columns lie row by row.
    pub fn image(self, height: usize, width: usize) -> Self {
        self.look(Look::Images { height, width })
    }

    /// How components are shown.
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// Shows components by the rows of the data (the columns of W), as where rows are the points of a spectrum. Without
    /// it they are shown by the columns (the rows of H), unless only rows have names.
    pub fn by_rows(mut self) -> Self {
        self.by_rows = true;
        self
    }

    /// Adds the consensus of the starts, whose matrix is drawn. What the factorization itself says of its starts and of
    /// the choice of its rank needs no adding.
    pub fn consensus(mut self, consensus: &'a Consensus) -> Self {
        self.consensus = Some(consensus);
        self
    }
}
