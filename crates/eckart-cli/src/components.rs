//! Components: what each component is made of, by name.
//! In: factors, and the names of the data's columns or rows.  Out: `Components`, the largest first.
//! Law: a component's size is the length of its row of H times that of its column of W; signs are kept in the weights.
//! Not here: how it is printed (see `report`, `json`).

use eckart::expr::text::{Dim, parse_statement};
use eckart::{Factorization, Matrix};

use crate::load::Data;

/// The components of a factorization.
#[derive(Debug)]
pub(crate) struct Components {
    /// The factor whose numbers are the weights.
    pub factor: String,
    /// The factor that says how much of each component there is, where there is one.
    pub partner: Option<String>,
    /// Whether they are made of the data's columns, rather than its rows.
    pub of_columns: bool,
    /// The components, the largest first.
    pub list: Vec<Component>,
}

/// One component.
#[derive(Debug)]
pub(crate) struct Component {
    /// Its row of H, counted from 0.
    pub index: usize,
    /// The length of its row of H times that of its column of W.
    pub size: f64,
    /// Its size among all.
    pub share: f64,
    /// What it is made of, the largest weight first; without zeros.
    pub top: Vec<Part>,
}

/// A column (or row) of the data in a component.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its name or id.
    pub name: String,
    /// What the id is called.
    pub title: Option<String>,
    /// The number in the factor.
    pub weight: f64,
}

/// The components by the names of the data's columns, else of its rows; `None` where neither have names, or no factor
/// holds components.
pub(crate) fn components(fit: &Factorization, data: &Data, top: usize) -> Option<Components> {
    let (rows, cols) = data.matrix.shape();
    // At rank 1 an offset, declared with a side of 1, has the shape of a factor.
    let declared = parse_statement(&fit.statement).map(|statement| statement.declared).unwrap_or_default();
    let is_offset =
        |name: &str| declared.iter().any(|d| d.name == name && (d.rows == Dim::Number(1) || d.cols == Dim::Number(1)));
    let of_rows = fit.factors.iter().position(|(name, m)| m.shape() == (rows, fit.rank) && !is_offset(name));
    // For square data of full rank, W and H have the same shape: H is the later one.
    let of_cols = fit.factors.iter().rposition(|(name, m)| m.shape() == (fit.rank, cols) && !is_offset(name));
    let columns = |at: usize| Lines { matrix: &fit.factors[at].1, across: false };
    let lines = |at: usize| Lines { matrix: &fit.factors[at].1, across: true };
    let (names, at, parts, partner, amounts) = match (&data.col_names, &data.row_names, of_cols, of_rows) {
        (Some(names), _, Some(h), w) => (names, h, lines(h), w, w.map(columns)),
        (None, Some(names), h, Some(w)) => (names, w, columns(w), h, h.map(lines)),
        _ => return None,
    };
    let sizes: Vec<f64> =
        (0..fit.rank).map(|k| parts.length(k) * amounts.as_ref().map_or(1.0, |amounts| amounts.length(k))).collect();
    let total: f64 = sizes.iter().sum();
    let component = |index: usize| {
        let (size, share) = (sizes[index], if total > 0.0 { sizes[index] / total } else { 0.0 });
        Component { index, size, share, top: largest(&parts.line(index), names, data, top) }
    };
    let mut list: Vec<Component> = (0..fit.rank).map(component).collect();
    list.sort_by(|a, b| b.size.total_cmp(&a.size));
    let name = |at: usize| fit.factors[at].0.clone();
    let of_columns = data.col_names.is_some();
    Some(Components { factor: name(at), partner: partner.filter(|other| *other != at).map(name), of_columns, list })
}

/// The rows of a matrix, or its columns.
struct Lines<'a> {
    matrix: &'a Matrix,
    across: bool,
}

impl Lines<'_> {
    fn line(&self, k: usize) -> Vec<f64> {
        let (rows, cols) = self.matrix.shape();
        if self.across {
            (0..cols).map(|j| self.matrix.get(k, j)).collect()
        } else {
            (0..rows).map(|i| self.matrix.get(i, k)).collect()
        }
    }

    fn length(&self, k: usize) -> f64 {
        self.line(k).iter().map(|x| x * x).sum::<f64>().sqrt()
    }
}

/// The largest weights, by size, with their names.
fn largest(weights: &[f64], names: &[String], data: &Data, top: usize) -> Vec<Part> {
    let mut order: Vec<usize> = (0..weights.len()).filter(|&j| weights[j] != 0.0).collect();
    order.sort_by(|&a, &b| weights[b].abs().total_cmp(&weights[a].abs()).then(a.cmp(&b)));
    let part = |j: usize| Part {
        title: data.titles.get(&names[j]).cloned().filter(|_| data.col_names.is_some()),
        name: names[j].clone(),
        weight: weights[j],
    };
    order.into_iter().take(top).map(part).collect()
}
