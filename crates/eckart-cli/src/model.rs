//! Model: a saved model, asked about its rows and columns by name.
//! In: a model file, words of the command line.  Out: `Model`: numbers for names, names for numbers.
//! Invariant: a name that is not there is an error that says so; rows without names are numbered from 1.
//! Not here: what is asked of it (see `transform`, `recommend`, `similar`, `evaluate`).

use std::collections::BTreeMap;
use std::path::Path;

use eckart::apply::{Predictor, in_order_of};
use eckart::data::{Matching, Side};
use eckart::{Code, Error, Factorization, Matrix, Result, Table, Warning};

use crate::load::titles_of;

/// A model with its names.
#[derive(Debug)]
pub(crate) struct Model {
    pub fit: Factorization,
    /// n x m: the shape of its data.
    pub shape: (usize, usize),
    /// What columns are called, by their id.
    titles: BTreeMap<String, String>,
    /// Whether the names of its rows and columns decide.
    pub matching: Matching,
}

/// The place of `word` among the names of some lines, such as the rows of a file.
///
/// # Errors
/// `Data` where it stands there twice: nothing says which is meant.
pub(crate) fn only_one(names: &[String], word: &str, of: &str) -> Result<Option<usize>> {
    let mut places = (0..names.len()).filter(|&at| names[at] == word);
    match (places.next(), places.next()) {
        (Some(one), Some(other)) => Err(Error::data(
            Code::DuplicateNames,
            format!(
                "{} and {} of the {of} are both called {word:?}, so that nothing says which is meant",
                one + 1,
                other + 1
            ),
            "Give each a name of its own",
        )),
        (found, _) => Ok(found),
    }
}

/// What is said of predictions that are not of the scale of the data.
pub(crate) fn scale_unknown(predictor: &Predictor) -> Option<Warning> {
    (!predictor.is_to_scale()).then(|| {
        let message = format!(
            "the objective compares {} with a function of the data that nothing known undoes: predictions are in \
             order, but not of the scale of the data, and have no errors",
            predictor.compared()
        );
        Warning::new(Code::ScaleUnknown, message)
    })
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    /// As [`Factorization::load`]; `Setting` where its factors don't tell the shape of its data.
    pub(crate) fn load(file: &Path, matching: Matching) -> Result<Self> {
        let fit = Factorization::load(file)?;
        let shape = Predictor::new(&fit).map_or((0, 0), |predictor| predictor.shape());
        Ok(Self { fit, shape, titles: BTreeMap::new(), matching })
    }

    /// The same with what columns are called.
    ///
    /// # Errors
    /// As [`titles_of`].
    pub(crate) fn titled(mut self, file: Option<&Path>) -> Result<Self> {
        if let Some(file) = file {
            self.titles = titles_of(file, self.fit.col_names.as_deref())?;
        }
        Ok(self)
    }

    fn names(&self, side: Side) -> Option<&Vec<String>> {
        match side {
            Side::Rows => self.fit.row_names.as_ref(),
            Side::Cols => self.fit.col_names.as_ref(),
        }
    }

    /// The number, from 0, of the row or column that `word` names.
    ///
    /// # Errors
    /// `Setting` where there is none; `Data` where several have that name.
    pub(crate) fn number(&self, side: Side, word: &str) -> Result<usize> {
        let (what, count) = match side {
            Side::Rows => ("row", self.shape.0),
            Side::Cols => ("column", self.shape.1),
        };
        if let Some(names) = self.names(side) {
            return only_one(names, word, &format!("{what}s of the model"))?.ok_or_else(|| {
                let first: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
                Error::setting(
                    Code::UnknownName,
                    format!("the model has no {what} {word:?}; its {count} {what}s begin with {}", first.join(", ")),
                )
            });
        }
        let number = word.parse().ok().filter(|number| (1..=count).contains(number));
        number.map(|number: usize| number - 1).ok_or_else(|| {
            Error::setting(
                Code::UnknownName,
                format!("the model's {what}s have no names: {word:?} must be a number from 1 to {count}"),
            )
        })
    }

    /// Whether a row or column is called `word`, or has it for its number where they have no names.
    pub(crate) fn has(&self, side: Side, word: &str) -> bool {
        self.names(side).map_or_else(|| self.number(side, word).is_ok(), |names| names.iter().any(|name| name == word))
    }

    /// The name of a row or column; its number from 1 where it has none.
    pub(crate) fn name(&self, side: Side, at: usize) -> String {
        self.names(side).and_then(|names| names.get(at).cloned()).unwrap_or_else(|| (at + 1).to_string())
    }

    /// What a column is called, where that was given.
    pub(crate) fn title(&self, at: usize) -> Option<&str> {
        self.titles.get(&self.name(Side::Cols, at)).map(String::as_str)
    }

    /// A column as people read it: its title and id, or its id.
    pub(crate) fn shown(&self, at: usize) -> String {
        let name = self.name(Side::Cols, at);
        self.title(at).map_or(name.clone(), |title| format!("{title} [{name}]"))
    }

    /// The entries of the table in a file, in the order of the model's rows and columns; what the model does not know,
    /// what the file lacks, and what was matched by position, is told to `tell`.
    ///
    /// # Errors
    /// As [`in_order_of`]; `Shape` where there are no names and the shape is not that of the model's data.
    pub(crate) fn entries(&self, mut table: Table, file: &Path, tell: &mut dyn FnMut(Warning)) -> Result<Matrix> {
        std::mem::take(&mut table.warnings).into_iter().for_each(&mut *tell);
        self.entries_of(&table, file, &mut |_, warning| tell(warning))
    }

    /// The same of the table that a file holds; also tells of which side something is left out or lacking.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn entries_of(&self, table: &Table, file: &Path, tell: &mut dyn FnMut(Side, Warning)) -> Result<Matrix> {
        let placed = in_order_of(&self.fit, table, &Side::BOTH, self.matching).map_err(|error| error.in_file(file))?;
        placed.told.into_iter().for_each(|(side, warning)| tell(side, warning));
        let placed = placed.matrix;
        if placed.shape() != self.shape {
            let ((n, m), (rows, cols)) = (self.shape, placed.shape());
            let text = format!("{} is {rows} x {cols}, the model's data is {n} x {m}", file.display());
            let list = if cols <= 4 { "; if its lines are entries `row,column,value`, say --format coo" } else { "" };
            return Err(Error::shape(
                Code::WrongShape,
                text,
                format!("Give it with names, or in the model's order{list}"),
            ));
        }
        Ok(placed)
    }
}
