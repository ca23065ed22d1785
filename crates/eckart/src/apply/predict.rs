//! Predict: what a model says of entries of its data, seen or not.
//! In: a `Factorization`; rows by number or by their factors, or entries.  Out: numbers.
//! Invariant: offsets and all other parts of what the objective compares the data with count, as they did in the fit;
//! what is compared with a function of the data is taken back to the data's scale, or said not to be.
//! Not here: factors of new rows (see `fold_in`), orders (see `recommend`).

use std::sync::{Arc, Mutex, PoisonError};

use super::new_rows::row_problem::RowProblem;
use crate::data::{Dtype, Matrix};
use crate::error::{Code, Error, Result};
use crate::expr::text::parse_statement;
use crate::expr::{Dag, Expr, Var, matrix, observed};
use crate::facts::{Given, Givens, Shape, masks};
use crate::function::Compiled;
use crate::run::{Held, Inputs, available_memory};
use crate::solve::{Factorization, Reconstruction, ReconstructionScale};

/// What a model says of its data, such as `W @ H + b + c + mu`, or `exp(W @ H)` of one that compares `log(X)` with
/// `W @ H`, ready to be computed for rows and entries.
#[derive(Debug)]
pub struct Predictor {
    problem: RowProblem,
    compared: Reconstruction,
    formula: Expr,
    /// Whether the objective asks which entries of the data are there.
    masked: bool,
    dtype: Dtype,
    memory_limit: usize,
    /// The factors of the rows of the fit, in the problem's order.
    rows: Vec<(String, Matrix)>,
    /// Plans by the number of rows they are for.
    ready: Mutex<Vec<(usize, Arc<Compiled>)>>,
}

impl Predictor {
    /// Makes a model ready.
    ///
    /// # Errors
    /// `Setting` where the objective compares its data with nothing, or with what other data is needed for.
    pub fn new(model: &Factorization) -> Result<Self> {
        let (problem, compared) = RowProblem::of_prediction(model)?;
        let formula = compared.predicts().unwrap_or(&compared.part).clone();
        let objective = parse_statement(&model.statement)?.objective;
        let masked = masks(&Dag::new(&[objective]), &Var::input(&model.target));
        let rows = problem.factors.iter().filter_map(|factor| {
            let found = model.factor(&factor.name)?;
            Some((factor.name.clone(), found.clone()))
        });
        let rows: Vec<(String, Matrix)> = rows.collect();
        let narrow = model.factors.iter().all(|(_, factor)| factor.dtype() == Dtype::F32);
        let dtype = if narrow { Dtype::F32 } else { Dtype::F64 };
        let (memory_limit, ready) = (available_memory(), Mutex::default());
        Ok(Self { problem, compared, formula, masked, dtype, memory_limit, rows, ready })
    }

    /// The formula of the prediction, in the text language.
    pub fn formula(&self) -> String {
        self.formula.to_string()
    }

    /// What the objective compares with its data, or with a function of it: the formula of the prediction, but for that
    /// function.
    pub fn compared(&self) -> String {
        self.compared.part.to_string()
    }

    /// Whether predictions are of the scale of the data. Where the objective compares a function of the data that
    /// nothing known undoes, such as `X > 0`, they only order what they predict.
    pub fn is_to_scale(&self) -> bool {
        self.compared.scale != ReconstructionScale::Unknown
    }

    /// The columns that row i of `x`, data of the model's columns, has an entry in, and their numbers: those that are
    /// stored; of dense data those that are not missing, and where the objective does not say `observed`, as of counts,
    /// not 0.
    pub fn entries_of_row(&self, x: &Matrix, i: usize) -> Vec<(usize, f64)> {
        match x.pattern() {
            Some(pattern) => {
                let columns = pattern.range(i).map(|at| pattern.indices()[at] as usize);
                columns.map(|j| (j, x.get(i, j))).collect()
            }
            None => {
                let counts = |v: f64| !v.is_nan() && (self.masked || v != 0.0);
                (0..x.cols()).map(|j| (j, x.get(i, j))).filter(|(_, v)| counts(*v)).collect()
            }
        }
    }

    /// n x m: the shape of the data that the model was fitted to.
    pub fn shape(&self) -> (usize, usize) {
        (self.problem.fitted.rows, self.problem.fitted.cols)
    }

    /// All entries of some rows of the fit, by their numbers from 0: k x m.
    ///
    /// # Errors
    /// `Data` where there is no such row.
    pub fn rows(&self, rows: &[usize]) -> Result<Matrix> {
        self.of(&self.cut(rows)?)
    }

    /// The factors of some rows of the fit.
    ///
    /// # Errors
    /// `Data` where there is no such row.
    pub fn cut(&self, rows: &[usize]) -> Result<Vec<(String, Matrix)>> {
        self.cut_of(&self.rows, rows)
    }

    /// The factors of some of the rows that have these factors, such as those that [`super::FoldIn`] found.
    ///
    /// # Errors
    /// `Data` where there is no such row.
    pub fn cut_of(&self, factors: &[(String, Matrix)], rows: &[usize]) -> Result<Vec<(String, Matrix)>> {
        let of = |(name, matrix): &(String, Matrix)| {
            let own = if self.is_across(name) { matrix.select_cols(rows)? } else { matrix.select_rows(rows)? };
            Ok((name.clone(), own))
        };
        factors.iter().map(of).collect()
    }

    pub(super) fn part(&self) -> &Expr {
        &self.compared.part
    }

    /// The value of a part of the formula for rows that have these factors.
    pub(super) fn of_formula(&self, part: &Expr, factors: &[(String, Matrix)]) -> Result<Matrix> {
        let compiled = Compiled::new(std::slice::from_ref(part), &self.givens(1), self.memory_limit)?;
        compiled.run(&self.inputs(factors))?.remove(0).into_matrix(self.dtype)
    }

    /// All entries of rows that have these factors, such as those that [`super::FoldIn`] found: n' x m.
    ///
    /// # Errors
    /// `Setting` where a factor is lacking; `Shape` where one does not fit.
    pub fn of(&self, factors: &[(String, Matrix)]) -> Result<Matrix> {
        let mut count = 0;
        for factor in &self.problem.factors {
            let found = factors.iter().find(|(name, _)| *name == factor.name).map(|(_, matrix)| matrix);
            let found = found.ok_or_else(|| {
                Error::setting(Code::FactorMissing, format!("{} is lacking: it belongs to rows", factor.name))
            })?;
            let (width, rows) = if factor.across { found.shape() } else { (found.cols(), found.rows()) };
            if width != factor.width || (count > 0 && rows != count) {
                let text = format!("{} is {}", factor.name, Shape::of(found));
                let help = format!("It has {} numbers per row in the model", factor.width);
                return Err(Error::shape(Code::WrongShape, text, help));
            }
            count = rows;
        }
        self.compiled(count)?.run(&self.inputs(factors))?.remove(0).into_matrix(self.dtype)
    }

    /// The entries that `at`, an n x m matrix, stores (or where it is not missing), in the order of its rows.
    ///
    /// # Errors
    /// `Shape` where `at` has another shape than the data of the fit.
    pub fn entries(&self, at: &Matrix) -> Result<Vec<f64>> {
        if at.shape() != self.shape() {
            let text =
                format!("the entries are of a {} matrix, the model's data is {}", Shape::of(at), self.problem.fitted);
            return Err(Error::shape(Code::WrongShape, text, "Give entries of the same rows and columns"));
        }
        if at.stored() == 0 {
            return Ok(Vec::new());
        }
        let place = "the entries asked for";
        let mut givens = self.givens(at.rows());
        givens.insert(Var::input(place), Given::of(at));
        let root = observed(matrix(place)) * &self.formula;
        let compiled = Compiled::new(&[root], &givens, self.memory_limit)?;
        let mut inputs = self.inputs(&self.rows);
        inputs.set_matrix(&Var::input(place), at);
        match compiled.run(&inputs)?.remove(0).cast::<f64>() {
            Held::Sparse(entries) => Ok(entries.values.to_vec()),
            Held::Dense(all) => {
                let there = at.to_dense_f64();
                Ok(all.data.iter().zip(&there).filter(|(_, there)| !there.is_nan()).map(|(x, _)| *x).collect())
            }
        }
    }

    fn is_across(&self, name: &str) -> bool {
        self.problem.factors.iter().any(|factor| factor.name == name && factor.across)
    }

    fn compiled(&self, rows: usize) -> Result<Arc<Compiled>> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, compiled)) = ready.iter().find(|(known, _)| *known == rows) {
            return Ok(compiled.clone());
        }
        // A prediction may have to be stretched to the rows: that of offsets alone is narrower.
        let root = crate::expr::expand(&self.formula, matrix(&self.problem.target));
        let compiled = Arc::new(Compiled::new(&[root], &self.givens(rows), self.memory_limit)?);
        // A number of rows that was asked for once may never come again.
        ready.truncate(8);
        ready.push((rows, compiled.clone()));
        Ok(compiled)
    }

    fn givens(&self, rows: usize) -> Givens {
        let mut givens = Givens::new();
        for (name, matrix) in &self.problem.held {
            givens.insert(Var::input(name), Given::of(matrix));
        }
        for factor in &self.problem.factors {
            let (n, m) = if factor.across { (factor.width, rows) } else { (rows, factor.width) };
            givens.insert(Var::input(&factor.name), Given { dtype: self.dtype, ..Given::dense(n, m) });
        }
        let shape = Shape { rows, cols: self.problem.fitted.cols };
        givens
            .insert(Var::input(&self.problem.target), Given { shape, dtype: self.dtype, ..Given::data(rows, 1, None) });
        givens
    }

    /// The values of factors of rows, and of all others.
    fn inputs(&self, factors: &[(String, Matrix)]) -> Inputs {
        let mut inputs = Inputs::default();
        let all = self.problem.held.iter().chain(factors);
        all.for_each(|(name, matrix)| inputs.set_matrix(&Var::input(name), matrix));
        inputs
    }
}
