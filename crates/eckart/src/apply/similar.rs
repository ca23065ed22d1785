//! Similar: which rows or columns of the data have factors that point the same way.
//! In: a `Factorization`, a row or a column.  Out: others by number with their cosines, the largest first.
//! Invariant: offsets don't count; what has no factors (all are 0) is like nothing, itself included: its cosines are 0.
//! Not here: names (see the command).

use super::consensus::matching::scale_to;
use super::recommend::{Scored, largest};
use crate::data::Matrix;
use crate::error::{Code, Error, Result};
use crate::solve::{FactorAxis, FactorRole, Factorization};

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
        Self::of(model, FactorRole::is_rows, "row")
    }

    /// Those of the columns.
    ///
    /// # Errors
    /// `Setting` where no factor belongs to columns.
    pub fn of_cols(model: &Factorization) -> Result<Self> {
        Self::of(model, FactorRole::is_cols, "column")
    }

    fn of(model: &Factorization, is: fn(&FactorRole) -> bool, what: &str) -> Result<Self> {
        // Each factor of the side, and whether its own rows are the side's.
        let part = |(name, matrix): &'_ (String, Matrix)| {
            let role = model.role(name).filter(is)?;
            Some((matrix.clone(), role.components == Some(FactorAxis::Columns)))
        };
        let parts: Vec<(Matrix, bool)> = model.factors.iter().filter_map(part).collect();
        let width_of = |(matrix, down): &(Matrix, bool)| if *down { matrix.cols() } else { matrix.rows() };
        let Some((first, down)) = parts.first() else {
            let message = format!("no factor of the model says what a {what} is like");
            return Err(Error::setting(Code::NoComponents, message));
        };
        let (count, width) = (if *down { first.rows() } else { first.cols() }, parts.iter().map(width_of).sum());
        let mut units = Vec::with_capacity(count * width);
        for at in 0..count {
            let from = units.len();
            for part in &parts {
                let (matrix, down) = part;
                units.extend((0..width_of(part)).map(|k| if *down { matrix.get(at, k) } else { matrix.get(k, at) }));
            }
            scale_to(&mut units[from..], 1.0);
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
            let message = format!("there is no number {}: there are {}", to + 1, self.count());
            return Err(Error::data(Code::IndexOutOfRange, message, ""));
        }
        let others = (0..self.count()).filter(|&other| other != to);
        Ok(largest(others.map(|index| Scored { index, score: self.cosine(to, index) }).collect(), top))
    }
}
