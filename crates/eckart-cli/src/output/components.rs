//! Components: what each component is made of, by name.
//! In: factors, and the names of the data's columns or rows.  Out: `Components`, the largest first.
//! Invariant: a component's size is `norm(W[:,k]) * norm(H[k,:])`; signs are kept in the
//! weights.
//! Not here: how it is printed (see `report`, `json`).

use eckart::Factorization;
use eckart::report::{ComponentSides, largest};

use crate::load::Data;

/// The components of a factorization.
#[derive(Debug)]
pub(crate) struct Components {
    /// The factor whose numbers are the weights.
    pub factor: String,
    /// What the size of a component is.
    pub measure: String,
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
    /// What it is called, where a given factor named it.
    pub name: Option<String>,
    /// `norm(W[:,k]) * norm(H[k,:])`.
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
    let sides = ComponentSides::of(fit);
    let (names, lines, partner) = match (&data.col_names, &data.row_names, sides.cols, sides.rows) {
        (Some(names), _, Some(h), w) => (names, h, w),
        (None, Some(names), h, Some(w)) => (names, w, h),
        _ => return None,
    };
    let partner = partner.filter(|other| other.name != lines.name);
    let sizes = sides.sizes();
    let total: f64 = sizes.iter().sum();
    let component = |index: usize| {
        let (size, share) = (sizes[index], if total > 0.0 { sizes[index] / total } else { 0.0 });
        let name = sides.name(index).map(str::to_owned);
        Component { index, name, size, share, top: heaviest(&lines.line(index), names, data, top) }
    };
    let list = ComponentSides::order(&sizes).into_iter().map(component).collect();
    let measure = match partner {
        Some(other) => format!("{} * {}", other.norm(), lines.norm()),
        None => lines.norm(),
    };
    Some(Components { factor: lines.name.to_owned(), measure, of_columns: data.col_names.is_some(), list })
}

/// The largest weights, by size, with their names.
fn heaviest(weights: &[f64], names: &[String], data: &Data, top: usize) -> Vec<Part> {
    let part = |j: usize| Part {
        title: data.titles.get(&names[j]).cloned().filter(|_| data.col_names.is_some()),
        name: names[j].clone(),
        weight: weights[j],
    };
    largest(weights, top).into_iter().map(part).collect()
}
