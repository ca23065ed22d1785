//! Subject: what a page is about, made ready once for all its sections.
//! In: a `Report`.  Out: shapes, names, components in order, fitted rows, residuals.
//! Invariant: what does not fit together is refused here, before anything is drawn.
//! Not here: any markup (see the sections).

pub(super) mod fitted;
pub(super) mod look;
pub(super) mod names;
pub(super) mod residuals;
pub(super) mod sides;

use super::options::Report;
use super::subject::fitted::{Fitted, spread_row};
use super::subject::look::Look;
use super::subject::names::Names;
use super::subject::residuals::Residuals;
use super::subject::sides::{ComponentLines, ComponentSides};
use crate::apply::Consensus;
use crate::data::Matrix;
use crate::error::{Code, Error, Result};
use crate::solve::{Agreement, Factorization};

/// The components as they are shown, and what each place of one is called.
pub(super) struct Shown<'a> {
    /// The factor that they are lines of.
    pub(super) lines: ComponentLines<'a>,
    /// The names of a line's places.
    pub(super) names: Names<'a>,
    pub(super) look: Look,
}

/// Everything that sections ask for.
pub(super) struct Subject<'a> {
    pub(super) report: &'a Report<'a>,
    pub(super) fit: &'a Factorization,
    /// How far its starts agree, where that is known.
    pub(super) agreement: Option<&'a Agreement>,
    /// n x m, where anything says it.
    pub(super) shape: Option<(usize, usize)>,
    pub(super) rows: Names<'a>,
    pub(super) cols: Names<'a>,
    pub(super) sides: ComponentSides<'a>,
    /// The size of each component, by its place in the factors.
    pub(super) sizes: Vec<f64>,
    /// The components, largest first.
    pub(super) order: Vec<usize>,
    /// The components as they are shown; `None` where no factor holds any.
    pub(super) shown: Option<Shown<'a>>,
    /// Where the fit misses the data, where both are at hand.
    pub(super) comparison: Option<Comparison>,
}

/// The data beside what the factors say of it.
pub(super) struct Comparison {
    /// The formula of fitted values.
    pub(super) formula: String,
    pub(super) residuals: Residuals,
    /// Some rows from the best fitted to the worst.
    pub(super) compared: Vec<ComparedRow>,
}

/// A row of the data beside what the factors say of it.
pub(super) struct ComparedRow {
    pub(super) row: usize,
    /// ||x - s|| / ||x||.
    pub(super) error: f64,
    /// s.
    pub(super) fitted: Vec<f64>,
}

/// Rows that are shown beside their reconstructions.
const COMPARED: usize = 9;

impl<'a> Subject<'a> {
    /// Makes ready what `report` is about.
    pub(super) fn of(report: &'a Report<'a>) -> Result<Self> {
        let fit = report.fit;
        let told = ComponentSides::shape(fit);
        check_shape(report.data, told)?;
        let shape = report.data.map(Matrix::shape).or(told);
        let (n, m) = shape.unwrap_or((0, 0));
        // Where nothing says the shape, names can't be placed.
        let known = |names: &'a Option<Vec<String>>| names.as_deref().filter(|_| shape.is_some());
        let rows = Names::new("row", known(&report.row_names), n)?;
        let cols = Names::new("column", known(&report.col_names), m)?.titled(&report.titles);
        let sides = ComponentSides::of(fit);
        check_ranks(fit.agreement.as_ref(), report.consensus, fit.rank)?;
        let of_consensus = report.consensus.map(|consensus| &consensus.agreement);
        let sizes = sides.sizes();
        let shown = shown(report, &sides, &rows, &cols)?;
        let comparison = report.data.map(|data| comparison(report, data)).transpose()?.flatten();
        Ok(Self {
            report,
            fit,
            agreement: of_consensus.or(fit.agreement.as_ref()),
            shape,
            order: ComponentSides::order(&sizes),
            rows,
            cols,
            sides,
            sizes,
            shown,
            comparison,
        })
    }

    /// The share that component k has of all sizes.
    pub(super) fn share(&self, k: usize) -> f64 {
        let total: f64 = self.sizes.iter().sum();
        if total > 0.0 { self.sizes[k] / total } else { 0.0 }
    }

    /// What component k is called: its name, or its number, counted from 1, after `unnamed`.
    pub(super) fn component(&self, k: usize, unnamed: &str) -> String {
        self.sides.name(k).map_or_else(|| format!("{unnamed}{}", k + 1), str::to_owned)
    }

    /// Row i of the data as the objective sees it: `NaN` where it has no entry, and where it is not given.
    pub(super) fn seen_row(&self, data: &Matrix, i: usize) -> Vec<f64> {
        let mut row = spread_row(data, i, if is_observed_only(self.fit) { f64::NAN } else { 0.0 });
        let [rows, cols] = &self.report.lacking;
        if rows.binary_search(&i).is_ok() {
            row.fill(f64::NAN);
        }
        cols.iter().for_each(|&j| row[j] = f64::NAN);
        row
    }

    /// The shape of the pictures, where rows of the data are pictures.
    pub(super) fn picture(&self) -> Option<(usize, usize)> {
        let shown = self.shown.as_ref()?;
        let of_columns = self.sides.cols.is_some_and(|h| h.name == shown.lines.name);
        match shown.look {
            Look::Images { height, width } if of_columns => Some((height, width)),
            Look::Images { .. } => None,
            Look::Fitting | Look::Words | Look::Items | Look::Profile => None,
        }
    }
}

/// Refuses data that the factors can't be of.
fn check_shape(data: Option<&Matrix>, shape: Option<(usize, usize)>) -> Result<()> {
    let (Some(data), Some((n, m))) = (data, shape) else { return Ok(()) };
    if data.shape() == (n, m) {
        return Ok(());
    }
    let (rows, cols) = data.shape();
    let message = format!("the data is {rows} x {cols}, and the factors are of data of {n} x {m}");
    Err(Error::shape(Code::WrongShape, message, "Give the data that was factorized"))
}

/// Refuses what is not of a factorization of this rank.
fn check_ranks(agreement: Option<&Agreement>, consensus: Option<&Consensus>, rank: usize) -> Result<()> {
    let of = [agreement, consensus.map(|consensus| &consensus.agreement)];
    match of.into_iter().flatten().find(|agreement| agreement.stability.len() != rank) {
        Some(agreement) => Err(Error::setting(
            Code::WrongCount,
            format!(
                "there are {} figures of stability and {rank} components: give the consensus of this factorization",
                agreement.stability.len()
            ),
        )),
        None => Ok(()),
    }
}

/// Components are shown by columns, unless rows are asked for or only they have names.
fn shown<'a>(
    report: &Report<'_>,
    sides: &ComponentSides<'a>,
    rows: &Names<'a>,
    cols: &Names<'a>,
) -> Result<Option<Shown<'a>>> {
    let pictures = matches!(report.look, Look::Images { .. });
    let by_rows = report.by_rows || (!pictures && !cols.are_known() && rows.are_known());
    let (lines, names) = match (sides.rows, sides.cols) {
        (Some(w), _) if by_rows => (w, rows),
        (_, Some(h)) => (h, cols),
        (Some(w), None) => (w, rows),
        (None, None) => return Ok(None),
    };
    let look = report.look.chosen(names, lines.len())?;
    Ok(Some(Shown { lines, names: names.clone(), look }))
}

/// Whether only the stored entries of sparse data count.
fn is_observed_only(fit: &Factorization) -> bool {
    fit.quality.as_ref().is_some_and(|quality| quality.observed_only)
}

fn comparison(report: &Report<'_>, data: &Matrix) -> Result<Option<Comparison>> {
    let fit = report.fit;
    let Some(mut fitted) = Fitted::of(fit, data.shape()) else { return Ok(None) };
    let residuals = Residuals::of(data, &report.lacking, &mut fitted, (is_observed_only(fit), fit.rank))?;
    let chosen = residuals.spread(COMPARED);
    let places: Vec<usize> = chosen.iter().map(|(row, _)| *row).collect();
    let values = if places.is_empty() { None } else { Some(fitted.rows(&places)?) };
    let with_values = |(at, &(row, error)): (usize, &(usize, f64))| {
        let fitted = values.as_ref().map_or_else(Vec::new, |values| values.row_f64(at));
        ComparedRow { row, error, fitted }
    };
    let compared = chosen.iter().enumerate().map(with_values).collect();
    Ok(Some(Comparison { formula: fitted.text.clone(), residuals, compared }))
}
