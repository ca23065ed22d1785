//! Similar: which rows or columns of the data have factors that point the same way.
//! In: a `Factorization`, a row or a column.  Out: others by number with their cosines, the largest first.
//! Invariant: offsets don't count; what has no factors (all are 0) is like nothing, itself included: its cosines are 0.
//! Not here: names (see the command).

use super::new_rows::row_problem::RowProblem;
use super::recommend::{Scored, largest};
use crate::data::Matrix;
use crate::error::{Code, Error, Result};
use crate::expr::text::{Dim, parse_statement};
use crate::solve::Factorization;

/// The factors of all rows, or of all columns, of a model's data.
#[derive(Debug, Clone)]
pub struct Directions {
    /// Width numbers each, of length 1, or all 0.
    units: Vec<f64>,
    width: usize,
}

impl Directions {
    /// Those of the rows.
    ///
    /// # Errors
    /// `Setting` where no factor belongs to rows.
    pub fn of_rows(model: &Factorization) -> Result<Self> {
        let problem = RowProblem::of(model)?;
        let offset = offsets(model)?;
        let own = problem.factors.iter().filter(|factor| !offset.contains(&factor.name));
        let parts = own.filter_map(|factor| Some((model.factor(&factor.name)?.clone(), !factor.across)));
        Self::of(parts.collect(), problem.fitted.rows, "row")
    }

    /// Those of the columns.
    ///
    /// # Errors
    /// `Setting` where no factor belongs to columns.
    pub fn of_cols(model: &Factorization) -> Result<Self> {
        let problem = RowProblem::of(model)?;
        let offset = offsets(model)?;
        let is_row = |name: &str| problem.factors.iter().any(|factor| factor.name == name);
        let own = model.factors.iter().filter(|(name, _)| !offset.contains(name) && !is_row(name));
        let cols = problem.fitted.cols;
        let parts = own.filter_map(|(_, matrix)| match matrix.shape() {
            (_, m) if m == cols => Some((matrix.clone(), false)),
            (n, _) if n == cols => Some((matrix.clone(), true)),
            _ => None,
        });
        Self::of(parts.collect(), cols, "column")
    }

    /// From factors that have a row (or, where `false`, a column) for each of `count`.
    fn of(parts: Vec<(Matrix, bool)>, count: usize, what: &str) -> Result<Self> {
        let width: usize = parts.iter().map(|(matrix, down)| if *down { matrix.cols() } else { matrix.rows() }).sum();
        if width == 0 {
            return Err(Error::setting(
                Code::NoComponents,
                format!("no factor of the model says what a {what} is like"),
            ));
        }
        let mut units = Vec::with_capacity(count * width);
        for at in 0..count {
            let from = units.len();
            for (matrix, down) in &parts {
                let own = if *down { matrix.cols() } else { matrix.rows() };
                units.extend((0..own).map(|k| if *down { matrix.get(at, k) } else { matrix.get(k, at) }));
            }
            let length = units[from..].iter().map(|x| x * x).sum::<f64>().sqrt();
            let by = if length > 0.0 { 1.0 / length } else { 0.0 };
            units[from..].iter_mut().for_each(|x| *x *= by);
        }
        Ok(Self { units, width })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.units.len() / self.width
    }

    /// The cosine between two, from -1 to 1.
    ///
    /// # Panics
    /// Where one is not there, as for a slice.
    pub fn cosine(&self, a: usize, b: usize) -> f64 {
        let of = |at: usize| &self.units[at * self.width..(at + 1) * self.width];
        of(a).iter().zip(of(b)).map(|(x, y)| x * y).sum()
    }

    /// The `top` that are most like one, itself left out.
    ///
    /// # Errors
    /// `Data` where it is not there.
    pub fn similar(&self, to: usize, top: usize) -> Result<Vec<Scored>> {
        if to >= self.count() {
            return Err(Error::data(
                Code::IndexOutOfRange,
                format!("there is no number {}: there are {}", to + 1, self.count()),
                "",
            ));
        }
        let others = (0..self.count()).filter(|&other| other != to);
        Ok(largest(others.map(|index| Scored { index, score: self.cosine(to, index) }).collect(), top))
    }
}

/// The factors that are declared with a side of 1.
fn offsets(model: &Factorization) -> Result<Vec<String>> {
    let one = Dim::Number(1);
    let declared = parse_statement(&model.statement)?.declared;
    Ok(declared.into_iter().filter(|d| d.rows == one || d.cols == one).map(|d| d.name).collect())
}
