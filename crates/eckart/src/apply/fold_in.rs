//! Fold in: the factors of rows that a model has not seen, everything else held as it is.
//! In: a `Factorization`, new rows of its data.  Out: `Folded`: the rows' factors.
//! Law: a row gets the same bits alone or among others, wherever the objective can be taken apart by rows.
//! Not here: one row's problem (see `row`), names (see the command).

use std::sync::{Arc, Mutex, PoisonError};

use super::prepare::{Known, Prepared, Worker};
use super::row_problem::RowProblem;
use crate::data::{Dtype, Matrix};
use crate::error::{Error, Result};
use crate::expr::Var;
use crate::facts::{Given, Sign};
use crate::run::{available_memory, sum_rows};
use crate::solve::Factorization;

/// A model, made ready to take in new rows: its row factors (W, and an offset b[n,1] where there is one) are found for
/// them, all other factors held.
///
/// What depends on the held factors alone is computed when the first rows of a kind come (dense or sparse, f32 or f64), so
/// that a single row takes little more than the products with its own entries.
///
/// ```
/// # use eckart::{FoldIn, Matrix, Problem, Settings};
/// let x = Matrix::from_fn(30, 20, |i, j| ((i * j) as f64).sin().abs())?;
/// let problem = Problem::parse("minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0")?.data("X", &x).rank(3);
/// let model = problem.solve(&Settings::default())?;
/// let fold_in = FoldIn::new(&model)?;
/// let new = Matrix::from_fn(2, 20, |i, j| ((i + j) as f64).cos().abs())?;
/// assert_eq!(fold_in.transform(&new)?.factor("W").unwrap().shape(), (2, 3));
/// # Ok::<(), eckart::Error>(())
/// ```
pub struct FoldIn {
    problem: RowProblem,
    shared: Vec<(String, Matrix)>,
    dtype: Dtype,
    memory_limit: usize,
    ready: Mutex<Vec<(Vec<Known>, Arc<Prepared>)>>,
}

/// The factors of new rows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Folded {
    /// The row factors by name, in the model's order and number type: n' x r for n' new rows (r x n' where the factor lies
    /// across).
    pub factors: Vec<(String, Matrix)>,
    /// Terms of the objective that were left out because they need data beside X that was not given for the new rows.
    pub left_out: Vec<String>,
}

impl Folded {
    /// The factor of that name.
    pub fn factor(&self, name: &str) -> Option<&Matrix> {
        self.factors.iter().find(|(known, _)| known == name).map(|(_, matrix)| matrix)
    }
}

impl std::fmt::Debug for FoldIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FoldIn").field("problem", &self.problem).finish_non_exhaustive()
    }
}

impl FoldIn {
    /// Makes a model ready.
    ///
    /// # Errors
    /// `Setting` where no factor of the model belongs to rows of its data.
    pub fn new(model: &Factorization) -> Result<Self> {
        let problem = RowProblem::of(model)?;
        let narrow = model.factors.iter().all(|(_, factor)| factor.dtype() == Dtype::F32);
        let dtype = if narrow { Dtype::F32 } else { Dtype::F64 };
        let memory_limit = available_memory();
        Ok(Self { problem, shared: Vec::new(), dtype, memory_limit, ready: Mutex::default() })
    }

    /// Gives a further matrix of the objective that is the same for all rows, such as weights of columns.
    pub fn data(mut self, name: &str, matrix: &Matrix) -> Self {
        self.shared.retain(|(known, _)| known != name);
        self.shared.push((name.to_owned(), matrix.clone()));
        self.ready = Mutex::default();
        self
    }

    /// The number of columns that new rows must have.
    pub fn cols(&self) -> usize {
        self.problem.fitted.cols
    }

    /// The names of the factors that are found, in the model's order.
    pub fn factors(&self) -> Vec<&str> {
        self.problem.factors.iter().map(|factor| factor.name.as_str()).collect()
    }

    /// The factors of the rows of `x`, n' x m.
    ///
    /// # Errors
    /// `Shape` where `x` has another number of columns than the model's data; `Data` where it has missing entries that the
    /// objective does not speak of; `Setting` where the objective needs further data.
    pub fn transform(&self, x: &Matrix) -> Result<Folded> {
        self.transform_with(x, &[])
    }

    /// As [`FoldIn::transform`], with the new rows' part of further matrices that have a row for each row of X. Terms that
    /// need X not, but such a matrix that is not given, are left out.
    ///
    /// # Errors
    /// As there; `Shape` where a matrix has another number of rows than `x`.
    pub fn transform_with(&self, x: &Matrix, beside: &[(&str, &Matrix)]) -> Result<Folded> {
        self.check(x, beside)?;
        let mut data = vec![(self.problem.target.as_str(), x)];
        data.extend_from_slice(beside);
        let prepared = self.prepared(&data)?;
        let names: Vec<&str> = data.iter().map(|(name, _)| *name).collect();
        let left_out = self.problem.left_out(&names).iter().map(ToString::to_string).collect();
        let numbers = solve_rows(&prepared, &data)?;
        let width = prepared.width;
        let mut factors = Vec::new();
        for factor in &self.problem.factors {
            let Some((_, range)) = prepared.places.iter().find(|(name, _)| *name == factor.name) else { continue };
            let of = |i: usize, j: usize| numbers[i * width + range.start + j];
            let matrix = if factor.across {
                Matrix::from_fn(range.len(), x.rows(), |j, i| of(i, j))?
            } else {
                Matrix::from_fn(x.rows(), range.len(), of)?
            };
            factors.push((factor.name.clone(), matrix.cast(self.dtype)?));
        }
        Ok(Folded { factors, left_out })
    }

    fn check(&self, x: &Matrix, beside: &[(&str, &Matrix)]) -> Result<()> {
        let (target, cols) = (&self.problem.target, self.problem.fitted.cols);
        if x.cols() != cols {
            return Err(Error::shape(
                format!("the new rows of {target} are {} x {}, the model's data has {cols} columns", x.rows(), x.cols()),
                "Give rows of the same columns, in the same order",
            ));
        }
        for (name, matrix) in beside {
            if !self.problem.beside.iter().any(|known| known == name) {
                return Err(Error::Setting(format!("the objective has no data {name} with a row for each row of {target}")));
            }
            if matrix.rows() != x.rows() {
                return Err(Error::shape(
                    format!("{name} has {} rows, the new rows of {target} are {}", matrix.rows(), x.rows()),
                    "Give a row for each",
                ));
            }
        }
        Ok(())
    }

    /// What is ready for data of this kind, made ready now if it is the first.
    fn prepared(&self, data: &[(&str, &Matrix)]) -> Result<Arc<Prepared>> {
        let known: Vec<Known> = data.iter().map(|(name, matrix)| ((*name).to_owned(), kind(matrix, false))).collect();
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, prepared)) = ready.iter().find(|(key, _)| *key == known) {
            check_signs(prepared, data)?;
            return Ok(prepared.clone());
        }
        // Some forms hold for counts only; all others are the same whatever the signs are.
        let tries = [false, true].map(|nonnegative| -> Vec<Known> {
            data.iter().map(|(name, matrix)| ((*name).to_owned(), kind(matrix, nonnegative))).collect()
        });
        for attempt in tries {
            if let Some(prepared) = Prepared::new(&self.problem, &attempt, &self.shared, self.memory_limit)? {
                let prepared = Arc::new(prepared);
                ready.push((known, prepared.clone()));
                return Ok(prepared);
            }
        }
        Err(Error::Setting("the objective's rows hang together".into()))
    }
}

fn check_signs(_prepared: &Prepared, _data: &[(&str, &Matrix)]) -> Result<()> {
    Ok(())
}

/// What a row of a matrix is known to be like, whichever row it is.
fn kind(matrix: &Matrix, nonnegative: bool) -> Given {
    let mut known = Given::of(matrix);
    known.sign = Sign { nonnegative, ..Sign::UNKNOWN };
    known.missing = usize::from(!matrix.is_sparse());
    known.sparse = known.sparse.map(|stored| stored / matrix.rows());
    known.shape.rows = 1;
    known
}

/// The numbers of all rows, one row after the other.
fn solve_rows(prepared: &Prepared, data: &[(&str, &Matrix)]) -> Result<Vec<f64>> {
    let rows = data.first().map_or(0, |(_, x)| x.rows());
    let mut numbers = vec![0.0; rows * prepared.width];
    let failed: Mutex<Option<Error>> = Mutex::default();
    sum_rows(&mut numbers, prepared.width, |range, part| {
        let mut worker = prepared.worker();
        for (i, b) in range.zip(part.chunks_mut(prepared.width)) {
            if let Err(error) = solve_row(prepared, &mut worker, data, i, b) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                break;
            }
        }
        prepared.rest(worker);
        0.0
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(numbers),
    }
}

fn solve_row(prepared: &Prepared, worker: &mut Worker, data: &[(&str, &Matrix)], i: usize, b: &mut [f64]) -> Result<()> {
    let rows: Result<Vec<(Var, Matrix)>> =
        data.iter().map(|(name, matrix)| Ok((Var::input(name), matrix.select_rows(&[i])?))).collect();
    prepared.solve(worker, &rows?, b)
}
