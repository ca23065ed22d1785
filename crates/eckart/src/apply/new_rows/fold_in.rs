//! Fold in: the factors of rows that a model has not seen, everything else held as it is.
//! In: a `Factorization` (or a `Problem` that holds all but the rows' factors), new rows of its data.  Out: `Folded`.
//! Invariant: a row gets the same bits alone or among others, wherever the objective can be taken apart by rows.
//! Not here: one row's problem (see `row`), names (see the command).

use std::sync::{Arc, Mutex, PoisonError};

use super::folded::{Folded, RowsFound, unfit_rows};
use super::prepare::{KnownData, Prepared, RowWorker, are_independent};
use super::row_problem::{RowFactor, RowProblem};
use crate::data::{Dtype, Matrix, Side};
use crate::error::{Code, Error, Result};
use crate::expr::Var;
use crate::facts::{Given, Shape, Sign, unmasked};
use crate::run::{available_memory, for_rows};
use crate::solve::{Factorization, Problem, Settings, sentinel};

/// Where rows are searched for: when that ends.
const SEARCH_TOL: f64 = 1e-9;
const SEARCH_MOST: usize = 5000;

/// Of the columns, one in so many has an entry in a sparse row, when its plan is made.
const TYPICAL_SHARE: usize = 100;

/// A model, made ready to take in new rows: its row factors (W, and an offset `b[n,1]` where there is one) are found
/// for them, all other factors held.
///
/// What depends on the held factors alone is computed when the first rows of a kind come (dense or sparse, f32 or f64),
/// so that a single row takes little more than the products with its own entries.
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
    ready: Mutex<Vec<(Vec<KnownData>, Arc<RowsReady>)>>,
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
        Ok(Self::of(RowProblem::of(model)?, &model.factors, Vec::new()))
    }

    /// Makes factors ready that no search here has found, or that were changed since: `problem` says the objective and
    /// its numbers, holds every factor that does not belong to rows ([`Problem::fix`]), and gives data that is the
    /// same for all rows. `target` names the data, `fitted` is the shape that it had when the factors were found.
    ///
    /// # Errors
    /// As [`FoldIn::new`]; `Setting` where a factor that does not belong to rows is not held; those of
    /// [`Problem::bind`].
    pub fn holding(problem: &Problem, target: &str, fitted: Shape) -> Result<Self> {
        let matched = problem.matched()?;
        let problem = &*matched;
        let shared = problem.matrices().iter().filter(|(name, _)| name != target).cloned().collect();
        Ok(Self::of(RowProblem::holding(problem, target, fitted)?, problem.fixed(), shared))
    }

    fn of(problem: RowProblem, known: &[(String, Matrix)], shared: Vec<(String, Matrix)>) -> Self {
        let narrow = known.iter().all(|(_, factor)| factor.dtype() == Dtype::F32);
        let dtype = if narrow { Dtype::F32 } else { Dtype::F64 };
        Self { problem, shared, dtype, memory_limit: available_memory(), ready: Mutex::default() }
    }

    /// Makes a model ready to take in new columns instead: they are given as rows of the transposed data.
    ///
    /// # Errors
    /// `Setting` where no factor of the model belongs to columns of its data.
    pub fn of_columns(model: &Factorization) -> Result<Self> {
        Ok(Self::of(RowProblem::of_columns(model)?, &model.factors, Vec::new()))
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

    /// Whether the objective reads data of that name.
    ///
    /// # Errors
    /// `Setting` where it does not, with the data that it reads.
    pub fn check_name(&self, name: &str) -> Result<()> {
        let RowProblem { used, target, .. } = &self.problem;
        if used.contains(name) {
            return Ok(());
        }
        let others: Vec<&str> = used.iter().map(String::as_str).filter(|known| known != target).collect();
        let reads = if others.is_empty() { "nothing".to_owned() } else { others.join(", ") };
        let message = format!("the objective does not use the data {name}: it reads {reads} beside {target}");
        Err(Error::setting(Code::UnusedData, message))
    }

    /// Whether data of that name has a row for each of so many new rows, as the objective reads it. A single line for
    /// several rows, such as weights of columns, is the same for all of them.
    pub fn reads_by_rows(&self, name: &str, matrix: &Matrix, rows: usize) -> bool {
        let may = self.problem.beside.iter().any(|known| known == name);
        may && (matrix.rows() != 1 || rows == 1)
    }

    /// The factors of the rows of `x`, n' x m.
    ///
    /// # Errors
    /// `Shape` where `x` has another number of columns than the model's data; `Data` where it has missing entries that
    /// the objective does not speak of; `Setting` where the objective needs further data.
    pub fn transform(&self, x: &Matrix) -> Result<Folded> {
        self.transform_with(x, &[])
    }

    /// As [`FoldIn::transform`], with the new rows' part of further matrices that have a row for each row of X. Terms
    /// that need X not, but such a matrix that is not given, are left out.
    ///
    /// # Errors
    /// As there; `Shape` where a matrix has another number of rows than `x`.
    pub fn transform_with(&self, x: &Matrix, beside: &[(&str, &Matrix)]) -> Result<Folded> {
        self.check(x, beside)?;
        let mut data = vec![(self.problem.target.as_str(), x)];
        data.extend_from_slice(beside);
        let names: Vec<&str> = data.iter().map(|(name, _)| *name).collect();
        let left_out = self.problem.left_out(&names).iter().map(ToString::to_string).collect();
        let mut found = match &*self.ready(&data)? {
            RowsReady::Apart(prepared) => RowsFound::of(apart(prepared, &data)?),
            RowsReady::Alone => self.searched_alone(&data)?,
            RowsReady::Together => self.searched(&data, SEARCH_MOST)?,
        };
        if let (None, Some(&i)) = (&found.first, found.undefined.first()) {
            found.first = self.searched(&one_row(&data, i)?.borrowed(), 0)?.first.map(|first| first.in_row(i));
        }
        if let (Some(first), Some(names)) = (&mut found.first, &self.problem.col_names) {
            first.name(Side::Cols, names);
        }
        let mut factors = Vec::new();
        for RowFactor { name, across, .. } in &self.problem.factors {
            let Some((_, rows)) = found.factors.iter().find(|(known, _)| known == name) else { continue };
            let matrix = if *across { rows.transposed()? } else { rows.clone() };
            factors.push((name.clone(), matrix.cast(self.dtype)?));
        }
        let is_zero =
            |matrix: &Matrix| matrix.is_nonnegative() && matrix.values_f64().iter().all(|entry| *entry == 0.0);
        let shrunk = self.problem.has_penalty() && factors.iter().all(|(_, matrix)| is_zero(matrix)) && !is_zero(x);
        let about_rows = sentinel(&self.problem.target, x)
            .into_iter()
            .chain(unfit_rows(x, &found.factors, self.problem.has_penalty())?)
            .collect();
        Ok(Folded { factors, left_out, shrunk, undefined: found.undefined, first: found.first, about_rows })
    }

    /// The factors of rows, by one search for all of them.
    fn searched(&self, data: &[(&str, &Matrix)], max_iter: usize) -> Result<RowsFound> {
        let settings = Settings { n_init: Some(1), tol: SEARCH_TOL, max_iter, ..Settings::default() };
        self.problem.solve_together(data, &self.shared, &settings)
    }

    /// The factors of rows, each by itself: by a search, or as a row of counts is solved, whatever the others are.
    fn searched_alone(&self, data: &[(&str, &Matrix)]) -> Result<RowsFound> {
        let rows = data.first().map_or(0, |(_, x)| x.rows());
        let (mut found, mut all) = (RowsFound::default(), Vec::<(String, Vec<f64>, usize)>::new());
        for i in 0..rows {
            let row = one_row(data, i)?;
            let row = row.borrowed();
            let of_row = match &*self.ready(&row)? {
                RowsReady::Apart(prepared) => RowsFound::of(apart(prepared, &row)?),
                RowsReady::Alone | RowsReady::Together => self.searched(&row, SEARCH_MOST)?,
            };
            if !of_row.undefined.is_empty() {
                found.undefined.push(i);
                found.first = found.first.or_else(|| of_row.first.map(|first| first.in_row(i)));
            }
            for (name, own) in of_row.factors {
                match all.iter_mut().find(|(known, ..)| *known == name) {
                    Some((_, numbers, _)) => numbers.extend(own.values_f64()),
                    None => all.push((name, own.values_f64(), own.cols())),
                }
            }
        }
        let whole = all.into_iter().map(|(name, all, cols)| Ok((name, Matrix::dense(rows, cols, all)?)));
        found.factors = whole.collect::<Result<_>>()?;
        Ok(found)
    }

    /// Whether a row gets the same bits alone as among others: not where the objective couples rows, which are then
    /// searched for together, as a fit does it.
    ///
    /// # Errors
    /// As [`FoldIn::transform`].
    pub fn is_by_rows(&self, x: &Matrix, beside: &[(&str, &Matrix)]) -> Result<bool> {
        let mut data = vec![(self.problem.target.as_str(), x)];
        data.extend_from_slice(beside);
        Ok(!matches!(&*self.ready(&data)?, RowsReady::Together))
    }

    fn check(&self, x: &Matrix, beside: &[(&str, &Matrix)]) -> Result<()> {
        let (target, cols) = (&self.problem.target, self.problem.fitted.cols);
        if x.cols() != cols {
            let message = format!("the new rows of {target} are {}, the model's data has {cols} columns", Shape::of(x));
            let index = match x.cols() == cols + 1 {
                true => "; where the first column of a file holds names, say --index-col (index_col=True)",
                false => "",
            };
            let help = format!("Give rows of the same columns, in the same order{index}");
            return Err(Error::shape(Code::WrongShape, message, help));
        }
        if let Some(part) = (x.missing() > 0).then(|| self.problem.unsaid()).flatten() {
            return Err(unmasked(target, x, &part));
        }
        for (name, matrix) in beside {
            if !self.problem.beside.iter().any(|known| known == name) {
                let message = format!("the objective has no data {name} with a row for each row of {target}");
                return Err(Error::setting(Code::UnusedData, message));
            }
            if self.problem.square.iter().any(|known| known == name) {
                return Err(Error::setting(
                    Code::RowsCoupled,
                    format!(
                        "{name} has a row and a column for each row of {target}: it couples new rows with those of the \
                         fit. Leave {name} out, and its term is left out for them, or fit again with the new rows \
                         among those of {target}"
                    ),
                ));
            }
            if matrix.rows() != x.rows() {
                let message = format!("{name} has {} rows, the new rows of {target} are {}", matrix.rows(), x.rows());
                return Err(Error::shape(Code::WrongShape, message, "Give a row for each"));
            }
        }
        Ok(())
    }

    /// What is ready for data of this kind, made ready now if it is the first.
    fn ready(&self, data: &[(&str, &Matrix)]) -> Result<Arc<RowsReady>> {
        let counts = data.iter().all(|(_, matrix)| matrix.is_nonnegative());
        let kinds = |counts: bool| -> Vec<KnownData> {
            data.iter().map(|(name, matrix)| ((*name).to_owned(), kind(matrix, counts))).collect()
        };
        // Some structures hold for counts only. The others must not depend on signs: a row may have none that are
        // negative among others that have some.
        let mut held = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ready_for = |key: Vec<KnownData>| -> Result<Arc<RowsReady>> {
            if let Some((_, ready)) = held.iter().find(|(known, _)| *known == key) {
                return Ok(ready.clone());
            }
            let prepared = Prepared::new(&self.problem, &key, &self.shared, self.memory_limit)?;
            let ready = Arc::new(match prepared {
                Some(prepared) => RowsReady::Apart(Box::new(prepared)),
                None if are_independent(&self.problem, &key, &self.shared)? => RowsReady::Alone,
                None => RowsReady::Together,
            });
            held.push((key, ready.clone()));
            Ok(ready)
        };
        let ready = ready_for(kinds(false))?;
        if counts && !matches!(*ready, RowsReady::Apart(_)) { ready_for(kinds(true)) } else { Ok(ready) }
    }
}

/// How rows of a kind are solved.
enum RowsReady {
    /// Each by itself.
    Apart(Box<Prepared>),
    /// Each by a search of its own.
    Alone,
    /// All in one search: they are coupled.
    Together,
}

/// One row of each matrix.
struct OneRow<'a>(Vec<(&'a str, Matrix)>);

impl OneRow<'_> {
    fn borrowed(&self) -> Vec<(&str, &Matrix)> {
        self.0.iter().map(|(name, matrix)| (*name, matrix)).collect()
    }
}

fn one_row<'a>(data: &[(&'a str, &Matrix)], i: usize) -> Result<OneRow<'a>> {
    let row = data.iter().map(|(name, matrix)| Ok((*name, matrix.select_rows(&[i])?)));
    Ok(OneRow(row.collect::<Result<_>>()?))
}

/// What a row of a matrix is known to be like, whichever row it is.
fn kind(matrix: &Matrix, nonnegative: bool) -> Given {
    let mut known = Given::of(matrix);
    known.sign = Sign { nonnegative, ..Sign::UNKNOWN };
    known.missing = usize::from(!matrix.is_sparse());
    // Not how many entries it has: one plan serves all rows, so that a row's bits don't depend on those beside it.
    known.sparse = known.sparse.map(|_| (matrix.cols() / TYPICAL_SHARE).max(1));
    known.shape.rows = 1;
    known
}

/// The rows' factors, each n' x its width, every row solved by itself.
fn apart(prepared: &Prepared, data: &[(&str, &Matrix)]) -> Result<Vec<(String, Matrix)>> {
    let (rows, width) = (data.first().map_or(0, |(_, x)| x.rows()), prepared.width);
    let mut numbers = vec![0.0; rows * width];
    let failed: Mutex<Option<Error>> = Mutex::default();
    for_rows(&mut numbers, width, |range, part| {
        let mut worker = prepared.worker();
        for (i, b) in range.zip(part.chunks_mut(width)) {
            if let Err(error) = solve_row(prepared, &mut worker, data, i, b) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                break;
            }
        }
        prepared.rest(worker);
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let of = |(name, range): &(String, std::ops::Range<usize>)| {
        let matrix = Matrix::from_fn(rows, range.len(), |i, j| numbers[i * width + range.start + j])?;
        Ok((name.clone(), matrix))
    };
    prepared.places.iter().map(of).collect()
}

fn solve_row(
    prepared: &Prepared,
    worker: &mut RowWorker,
    data: &[(&str, &Matrix)],
    i: usize,
    b: &mut [f64],
) -> Result<()> {
    let rows: Result<Vec<(Var, Matrix)>> =
        data.iter().map(|(name, matrix)| Ok((Var::input(name), matrix.select_rows(&[i])?))).collect();
    prepared.solve(worker, &rows?, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    #[test]
    fn held_factors_take_in_rows_as_their_model_does() {
        let x = Matrix::from_fn(12, 9, |i, j| ((i * 3 + j * 5) % 7) as f64).unwrap();
        // A mean over the rows of the fit, and as many rows as components: neither may be taken for the other.
        let text = "minimize over W[n,k], H[k,m]: mean((X - W @ H)**2) + a*mean(abs(W)) subject to W >= 0, H >= 0";
        let problem = Problem::parse(text).unwrap().param("a", 0.5).param("k", 3.0).rank(1);
        let model = problem.clone().data("X", &x).solve(&Settings::default()).unwrap();
        let held = problem.fix("H", model.factor("H").unwrap());
        let fold_in = FoldIn::holding(&held, "X", Shape { rows: 12, cols: 9 }).unwrap();
        let rows = Matrix::from_fn(3, 9, |i, j| ((i + j) % 4) as f64).unwrap();
        let of = |fold_in: &FoldIn| fold_in.transform(&rows).unwrap().factor("W").unwrap().values_f64();
        assert_eq!(of(&fold_in), of(&FoldIn::new(&model).unwrap()));
        let lacks = Problem::parse(text).unwrap().param("a", 0.5).param("k", 3.0).rank(1);
        let error = FoldIn::holding(&lacks, "X", Shape { rows: 12, cols: 9 }).unwrap_err();
        check_error(&error, Code::DataMissing, "H is 3 x 9");
    }

    #[test]
    fn missing_entries_need_an_objective_that_speaks_of_them() {
        let x = Matrix::from_fn(12, 9, |i, j| ((i * 3 + j * 5) % 7) as f64).unwrap();
        let new = Matrix::from_fn(2, 9, |i, j| if (i, j) == (1, 4) { f64::NAN } else { 1.0 }).unwrap();
        let of = |text: &str| {
            let model = Problem::parse(text).unwrap().data("X", &x).rank(2).solve(&Settings::default()).unwrap();
            FoldIn::new(&model).unwrap().transform(&new)
        };
        let error = of("sum((X - W @ H)**2)").unwrap_err();
        check_error(&error, Code::MissingEntries, "X has 1 missing entry (NaN), at row 2, column 5");
        assert!(of("sum(observed(X) * (X - W @ H)**2)").is_ok());
    }

    #[test]
    fn rows_with_more_or_fewer_entries_share_what_is_ready() {
        let x = Matrix::from_fn(12, 9, |i, j| ((i * 3 + j * 5) % 7) as f64).unwrap();
        let text = "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0";
        let model = Problem::parse(text).unwrap().data("X", &x).rank(2).solve(&Settings::default()).unwrap();
        let fold_in = FoldIn::new(&model).unwrap();
        for count in 1..9 {
            let row = Matrix::from_triplets(1, 9, (0..count).map(|j| (0, j, 1.0 + j as f64)).collect()).unwrap();
            fold_in.transform(&row).unwrap();
        }
        assert_eq!(fold_in.ready.lock().unwrap().len(), 1);
        fold_in.transform(&x).unwrap();
        assert_eq!(fold_in.ready.lock().unwrap().len(), 2);
    }
}
