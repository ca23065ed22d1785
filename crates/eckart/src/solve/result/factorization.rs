//! Factorization: what a search found.
//! In: the search.  Out: factors by name, the starts with their histories, quality, everything needed to run it again.
//! Invariant: factors have the data's number type; the statement parses back to the objective.
//! Not here: files (see `save`).

use std::collections::BTreeMap;

use super::history::{Agreement, Kept, RankChoice, Start};
use super::numerics::Numerics;
use crate::data::{Ids, Matrix, Side, Table};
use crate::error::{Code, Warning};
use crate::solve::problem::role::{FactorAxis, FactorRole};
use crate::solve::result::quality::Quality;
use crate::solve::result::undefined::Undefined;
use crate::solve::search::settings::{Init, StopReason};

/// The names of the rows and of the columns of factors, by their names, where these are components.
pub type ComponentNames = BTreeMap<String, [Option<Vec<String>>; 2]>;

/// What tables call each of `count` components that nothing has named: "component 1", "component 2".
pub fn numbered_components(count: usize) -> Vec<String> {
    (1..=count).map(|k| format!("component {k}")).collect()
}

/// The best factors of a search, and how they were found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Factorization {
    /// The statement in the text language.
    pub statement: String,
    /// The parameters by name.
    pub params: BTreeMap<String, f64>,
    /// The name of the matrix that was factorized.
    pub target: String,
    /// The rank asked for.
    pub rank: usize,
    /// The seed.
    pub seed: u64,
    /// The most iterations of a start that the search was allowed.
    pub max_iter: usize,
    /// The tolerance at which a start ended (see [`crate::Settings::tol`]).
    pub tol: f64,
    /// The cost at which the search was to end, where one was asked for.
    pub target_cost: Option<f64>,
    /// The number of starts that the search was to make; `starts` has those that it came to.
    pub n_init: usize,
    /// Whether they were halved (see [`crate::Settings::successive_halving`]).
    pub successive_halving: bool,
    /// Where the first start began.
    pub init: Init,
    /// The names of the factors whose first value was given ([`crate::Problem::init_from`]).
    pub started: Vec<String>,
    /// The method's name.
    pub method: String,
    /// What the method does with each factor and why, a line each; empty where it treats all alike.
    pub ways: Vec<String>,
    /// What the objective says that its author hardly meant, each with what to add (see [`crate::solve::lints`]).
    pub warnings: Vec<Warning>,
    /// The factors by name, in the order in which the objective names them, the fixed ones among them.
    pub factors: Vec<(String, Matrix)>,
    /// What each factor belongs to, in the same order.
    pub roles: Vec<(String, FactorRole)>,
    /// Standard errors of factors, each of the factor's shape, where whoever computed them put them here; saved with
    /// the factors.
    pub std_errors: Vec<(String, Matrix)>,
    /// The names of the fixed factors ([`crate::Problem::fix`]).
    pub fixed: Vec<String>,
    /// The value of the objective at the factors, before they are rounded to the data's number type.
    pub cost: f64,
    /// All starts.
    pub starts: Vec<Start>,
    /// The start whose factors these are.
    pub best: usize,
    /// The components of every start, where [`crate::Settings::keep_starts`] asked for them; they are not saved.
    pub kept: Vec<Kept>,
    /// Why the last checkpoint could not be written, where it could not: the file then holds an earlier one. Not saved.
    pub checkpoint_error: Option<Warning>,
    /// What is infinite or undefined of the objective where the search began, if it could not go on from there: the
    /// entry, the function and its numbers. Not saved.
    pub undefined: Option<Undefined>,
    /// How far the starts agree, where that was asked for.
    pub agreement: Option<Agreement>,
    /// How the rank was chosen, where it was.
    pub rank_choice: Option<RankChoice>,
    /// How well the factors explain the data.
    pub quality: Option<Quality>,
    /// The names of the data's rows, where whoever had the data gave them.
    pub row_names: Option<Vec<String>>,
    /// The names of the data's columns.
    pub col_names: Option<Vec<String>>,
    /// The row names in the type in which they were given, where that was no text: `row_names` are their texts.
    pub row_ids: Option<Ids>,
    /// The same of the column names.
    pub col_ids: Option<Ids>,
    /// What components are called, where a fixed factor named them, or an initial one from which these factors come: of
    /// each factor the names of its rows and of its columns, those of them that are components.
    pub component_names: ComponentNames,
    /// What computed the factors.
    pub numerics: Numerics,
    /// How long the whole search took, in seconds.
    pub seconds: f64,
}

impl Factorization {
    /// The factor of that name.
    pub fn factor(&self, name: &str) -> Option<&Matrix> {
        self.factors.iter().find(|(known, _)| known == name).map(|(_, matrix)| matrix)
    }

    /// The factor of that name, with the names of the rows and columns of the data that its own belong to: those of W
    /// are called as the rows of X. Components have the names that a given factor brought, if one did.
    pub fn table(&self, name: &str) -> Option<Table> {
        let (matrix, role) = (self.factor(name)?, self.role(name)?);
        let own = role.lines_of_data(matrix.shape());
        let names = |side: Side| {
            let names = match own[side as usize] {
                Some(Side::Rows) => self.row_names.as_ref(),
                Some(Side::Cols) => self.col_names.as_ref(),
                None => self.component_names.get(name).and_then(|sides| sides[side as usize].as_ref()),
            };
            names.filter(|names| names.len() == side.of(matrix.shape())).cloned()
        };
        Some(Table::named(matrix.clone(), names(Side::Rows), names(Side::Cols)))
    }

    /// What the components in the factor of that name are called: the columns of W, the rows of H; `None` where no
    /// given factor named them.
    ///
    /// ```
    /// # use eckart::{Matrix, Problem, Settings, Table};
    /// let x = Matrix::from_fn(6, 4, |i, j| (1 + i * j) as f64)?;
    /// let names = Some(vec!["B cells".to_owned(), "T cells".to_owned()]);
    /// let w = Table::named(Matrix::from_fn(6, 2, |i, k| ((i + k) % 3) as f64)?, None, names.clone());
    /// let f = Problem::parse("sum((X - W @ H)**2)")?.data("X", &x).fix("W", w).rank(2).solve(&Settings::default())?;
    /// assert_eq!(f.components_of("H"), names.as_deref());
    /// assert_eq!(f.table("H").unwrap().row_names, names);
    /// # Ok::<(), eckart::Error>(())
    /// ```
    pub fn components_of(&self, factor: &str) -> Option<&[String]> {
        let axis = self.role(factor)?.components?;
        self.component_names.get(factor)?[axis as usize].as_deref()
    }

    /// Takes the names of components that fit the factors.
    pub(in crate::solve) fn name_components(&mut self, names: ComponentNames) {
        let fitting = |(factor, mut sides): (String, [Option<Vec<String>>; 2])| {
            let (shape, role) = (self.factor(&factor)?.shape(), self.role(&factor)?);
            for (side, axis) in Side::BOTH.into_iter().zip([FactorAxis::Rows, FactorAxis::Columns]) {
                let (own, length) = (&mut sides[side as usize], side.of(shape));
                // A factor between two others has components both ways; the one side of an offset is none.
                let is_one = role.components == Some(axis) || (role.components.is_none() && length > 1);
                *own = own.take().filter(|names| is_one && names.len() == length);
            }
            sides.iter().any(Option::is_some).then_some((factor, sides))
        };
        self.component_names = names.into_iter().filter_map(fitting).collect();
    }

    /// What the factor of that name belongs to.
    pub fn role(&self, name: &str) -> Option<FactorRole> {
        self.roles.iter().find(|(known, _)| known == name).map(|(_, role)| *role)
    }

    /// Names the rows of the data: `row_ids` where they are no texts, and `row_names`, their texts.
    pub fn name_rows(&mut self, ids: Option<Ids>) {
        (self.row_names, self.row_ids) = texts_and_ids(ids);
    }

    /// The same for its columns.
    pub fn name_cols(&mut self, ids: Option<Ids>) {
        (self.col_names, self.col_ids) = texts_and_ids(ids);
    }

    /// How far each factor is from where no small step of it lowers the cost, by its name: the length of its proximal
    /// gradient step times its own length, as a share of the cost at the start (as [`crate::Settings::tol`] counts
    /// it). Fixed factors have none; nor has any where the objective has kinks.
    pub fn residuals<'a>(&'a self, start: &'a Start) -> BTreeMap<&'a str, f64> {
        let searched = self.factors.iter().map(|(name, _)| name).filter(|name| !self.fixed.contains(name));
        searched.map(String::as_str).zip(start.residuals.iter().copied()).collect()
    }

    /// Why the search ended: what ended it before its time, or else why the start whose factors these are ended.
    pub fn stop_reason(&self) -> StopReason {
        let ended = self.starts.iter().rev().map(|start| start.stop).find(|stop| stop.ends_all());
        ended.unwrap_or(self.starts[self.best].stop)
    }

    /// Warns where the search ended before it converged, or diverged. One that was asked for so many iterations and no
    /// others, by a tolerance of 0, has done what it was asked.
    pub fn ended_early(&self) -> Option<Warning> {
        let (code, message) = match self.stop_reason() {
            StopReason::Diverged => {
                let message = match &self.undefined {
                    Some(undefined) => format!("the cost is infinite or undefined at its start: {undefined}"),
                    None => "the cost became infinite or undefined: scale the data, or choose another objective or \
                             initialization; the factors before that are the result"
                        .to_owned(),
                };
                (Code::Diverged, message)
            }
            StopReason::MaxIter if self.tol > 0.0 && self.max_iter > 0 => {
                let count = self.max_iter;
                (Code::NotConverged, format!("not converged after {count} iterations: increase max_iter, or tol"))
            }
            StopReason::TimeLimit => (
                Code::NotConverged,
                "not converged within the time limit: increase it; the best factors so far are the result".to_owned(),
            ),
            StopReason::MaxIter
            | StopReason::Settled
            | StopReason::Stationary
            | StopReason::Target
            | StopReason::Interrupted
            | StopReason::Dropped => return None,
        };
        Some(Warning::new(code, message))
    }

    /// Iterations of all starts.
    pub fn iterations(&self) -> usize {
        self.starts.iter().map(|s| s.iterations).sum()
    }
}

fn texts_and_ids(ids: Option<Ids>) -> (Option<Vec<String>>, Option<Ids>) {
    match ids {
        Some(Ids::Text(texts)) => (Some(texts), None),
        Some(ids) => (Some(ids.texts()), Some(ids)),
        None => (None, None),
    }
}
