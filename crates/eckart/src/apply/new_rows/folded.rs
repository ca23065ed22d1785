//! Folded: the factors of new rows, and what there is to tell of them.
//! In: what `fold_in` found.  Out: `Folded`, warnings.
//! Invariant: a row whose factors say nothing of it is told.
//! Not here: how factors are found (see `fold_in`).

use crate::data::{Matrix, Side};
use crate::error::{Code, Result, Warning};
use crate::solve::Undefined;

/// The factors of new rows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Folded {
    /// The row factors by name, in the model's order and number type: n' x r for n' new rows (r x n' where the factor
    /// lies across).
    pub factors: Vec<(String, Matrix)>,
    /// Terms of the objective that were left out because they need data beside X that was not given for the new rows.
    pub left_out: Vec<String>,
    /// Whether penalties left nothing but zeros of rows that are not zeros.
    pub shrunk: bool,
    /// The rows at which the objective is infinite or undefined, from 0: their factors are missing (`NaN`).
    pub undefined: Vec<usize>,
    /// What is undefined of the first of them, where that is known.
    pub(super) first: Option<Undefined>,
    /// What the new rows say that their owner hardly meant.
    pub(super) about_rows: Vec<Warning>,
}

impl Folded {
    /// A warning for each term that was left out, of factors that are all 0, and of rows that have none.
    pub fn warnings(&self) -> impl Iterator<Item = Warning> + '_ {
        let shrunk = self.shrunk.then(|| {
            let message = "all factors of the new rows were shrunk to 0: lower the weights of the penalties";
            Warning::new(Code::FactorsShrunk, message)
        });
        let left_out = self.left_out.iter().map(|term| {
            let message = format!("the term {term} is left out: it needs data that was not given for the new rows");
            Warning::new(Code::TermLeftOut, message)
        });
        left_out.chain(shrunk).chain(self.about_rows.iter().cloned()).chain(self.told_undefined())
    }

    fn told_undefined(&self) -> Option<Warning> {
        let rows = match self.undefined.len() {
            0 => return None,
            1 => "1 new row".to_owned(),
            count => format!("{count} new rows"),
        };
        let what = match &self.first {
            Some(first) => first.to_string(),
            None => format!("the first is row {}. Scale the data, or correct it there", self.undefined[0] + 1),
        };
        let message = format!("the cost of {rows} is infinite or undefined, which leaves no factors (NaN): {what}");
        Some(Warning::new(Code::Diverged, message))
    }

    /// Calls the new rows by their names where one is spoken of.
    pub fn name_rows(&mut self, names: &[String]) {
        if let Some(first) = &mut self.first {
            first.name(Side::Rows, names);
        }
    }

    /// The factor of that name.
    pub fn factor(&self, name: &str) -> Option<&Matrix> {
        self.factors.iter().find(|(known, _)| known == name).map(|(_, matrix)| matrix)
    }
}

/// Warns of rows that have negative entries, and for them no factors but 0.
pub(super) fn unfit_rows(x: &Matrix, factors: &[(String, Matrix)], penalized: bool) -> Result<Option<Warning>> {
    let is_zero = |i: usize| factors.iter().all(|(_, matrix)| (0..matrix.cols()).all(|k| matrix.get(i, k) == 0.0));
    let mut unfit = Vec::new();
    for i in (0..x.rows()).filter(|&i| !x.is_nonnegative() && is_zero(i)) {
        if !x.select_rows(&[i])?.is_nonnegative() {
            unfit.push(i + 1);
        }
    }
    let told = unfit.first().map(|first| {
        let (rows, have) = if unfit.len() == 1 { ("row", "has") } else { ("rows", "have") };
        let why = match penalized {
            true => "bounds of factors, or penalties, leave them none. Lower the penalties, mark",
            false => "factors with bounds can't fit them. Mark",
        };
        let message = format!(
            "{} of the {} new rows {have} negative entries, and no factors but 0 (the first is row {first}): {why} \
             entries that are none as missing, or leave the {rows} out",
            unfit.len(),
            x.rows(),
        );
        Warning::new(Code::NegativeEntries, message)
    });
    Ok(told)
}

/// The factors of rows, each n' x its width, and the rows at which the objective is undefined.
#[derive(Default)]
pub(super) struct RowsFound {
    pub factors: Vec<(String, Matrix)>,
    pub undefined: Vec<usize>,
    pub first: Option<Undefined>,
}

impl RowsFound {
    /// Of factors that are NaN where the objective is undefined.
    pub(super) fn of(factors: Vec<(String, Matrix)>) -> Self {
        let rows = factors.first().map_or(0, |(_, matrix)| matrix.rows());
        let is_undefined =
            |i: &usize| factors.iter().any(|(_, matrix)| matrix.cols() > 0 && matrix.get(*i, 0).is_nan());
        let undefined = (0..rows).filter(is_undefined).collect();
        Self { factors, undefined, first: None }
    }
}
