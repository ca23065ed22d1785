//! Role: what the sides of each factor stand for: rows of the data, its columns, components.
//! In: a statement, the name of the data, the shapes of factors.  Out: a `FactorRole` a factor.
//! Invariant: told by the formula, never by lengths that happen to be equal; the same for a search and for its file.
//! Not here: what follows from it (see `bind`, `report`, `apply`).

use std::collections::BTreeMap;

use crate::data::Side;
use crate::expr::text::{Declaration, Dim, Statement};
use crate::expr::{Dag, Var};
use crate::facts::{Links, Shape, SideLength};

/// What a factor's numbers belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorRole {
    /// The lines of the data that it has entries for.
    pub of: DataSide,
    /// Which of its own lines are components: the columns of W (n x r), the rows of H (r x m), the columns of V in
    /// the formula `X - W @ V.T`. `None` for an offset, for a factor between two others (S of `W @ S @ H`), and for one
    /// as large as the data.
    pub components: Option<FactorAxis>,
}

/// Lines of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataSide {
    /// Its rows: W, and an offset n x 1.
    Rows,
    /// Its columns: H, and an offset 1 x m.
    Columns,
    /// Both: a factor n x m, or W of `X - W @ W.T`, where rows and columns of the data are the same.
    Both,
    /// Neither: a single number, or what belongs to other data alone.
    Neither,
}

/// Lines of a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorAxis {
    /// Its rows.
    Rows,
    /// Its columns.
    Columns,
}

impl FactorRole {
    /// Of a factor of which the formula says nothing.
    pub(super) const NONE: Self = Self { of: DataSide::Neither, components: None };

    /// Whether it says how much of each component a row of the data has, as W does; W of `X - W @ W.T` is both sides.
    pub fn is_rows(&self) -> bool {
        matches!(self.of, DataSide::Rows | DataSide::Both) && self.components.is_some()
    }

    /// For the rows and for the columns of a factor of that shape which lines of the data they are, where they are any.
    pub(in crate::solve) fn lines_of_data(&self, shape: (usize, usize)) -> [Option<Side>; 2] {
        let at = |which: Side, line: Side| match which {
            Side::Rows => [Some(line), None],
            Side::Cols => [None, Some(line)],
        };
        match (self.of, self.components) {
            (DataSide::Neither, _) => [None, None],
            (DataSide::Both, None) => [Some(Side::Rows), Some(Side::Cols)],
            (DataSide::Rows | DataSide::Both, Some(FactorAxis::Columns)) => at(Side::Rows, Side::Rows),
            (DataSide::Rows | DataSide::Both, Some(FactorAxis::Rows)) => at(Side::Cols, Side::Rows),
            (DataSide::Columns, Some(FactorAxis::Rows)) => at(Side::Cols, Side::Cols),
            (DataSide::Columns, Some(FactorAxis::Columns)) => at(Side::Rows, Side::Cols),
            // An offset lies along its longer side.
            (DataSide::Rows, None) => at(if shape.0 == 1 && shape.1 > 1 { Side::Cols } else { Side::Rows }, Side::Rows),
            (DataSide::Columns, None) => {
                at(if shape.1 == 1 && shape.0 > 1 { Side::Rows } else { Side::Cols }, Side::Cols)
            }
        }
    }

    /// Whether it says what each component is made of, in columns of the data, as H does.
    pub fn is_cols(&self) -> bool {
        matches!(self.of, DataSide::Columns | DataSide::Both) && self.components.is_some()
    }
}

impl DataSide {
    const ALL: [Self; 4] = [Self::Rows, Self::Columns, Self::Both, Self::Neither];

    /// Its name in files: `rows`, `columns`, `both`, `neither`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Columns => "columns",
            Self::Both => "both",
            Self::Neither => "neither",
        }
    }

    pub(in crate::solve) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == name)
    }
}

impl FactorAxis {
    /// Its name in files: `rows`, `columns`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Columns => "columns",
        }
    }

    pub(in crate::solve) fn from_name(name: &str) -> Option<Self> {
        [Self::Rows, Self::Columns].into_iter().find(|axis| axis.name() == name)
    }
}

/// The roles of the factors of `statement`, whose data is `target`, in their order.
///
/// Sides are equal where the formula says so: W has rows of X since `X - W @ H` subtracts entry by entry. A side is
/// one of components where it is the inner side of a product of factors.
pub(in crate::solve) fn roles(
    statement: &Statement,
    params: &BTreeMap<String, f64>,
    target: &str,
    factors: &[(String, Shape)],
) -> Vec<FactorRole> {
    let dag = Dag::new(&[statement.objective.with_numbers(params)]);
    let declared = |var: &Var| statement.declared.iter().find(|d| d.name == var.name());
    let shape = |var: &Var| factors.iter().find(|(name, _)| var.name() == name).map(|(_, shape)| *shape);
    let sides = |var: &Var| {
        let lengths = shape(var).map_or([0; 2], |shape| [shape.rows, shape.cols]);
        let open = [SideLength::Open, SideLength::Open];
        declared(var).map_or(open, |declared| declared_sides(declared, lengths))
    };
    let of_factors = dag.depends(|id| dag.expr(id).as_var().is_some_and(|var| shape(var).is_some()));
    let links = Links::of(&dag, &sides, &|id| of_factors[id.index()]);
    factors.iter().map(|(name, _)| role(&links, &Var::input(target), &Var::input(name))).collect()
}

/// What a declaration says of the sides of a factor; `lengths` are those that they have, 0 where nothing says it.
pub(super) fn declared_sides(declared: &Declaration, lengths: [usize; 2]) -> [SideLength; 2] {
    let of = |dim: &Dim, length: usize| match dim {
        // A side of the rank's length may be 1 as well, and is no offset's.
        Dim::Name(name) if length != 1 || name == "r" => SideLength::Name(name.clone()),
        Dim::Number(1) => SideLength::Number(1),
        _ if length == 1 => SideLength::Number(1),
        Dim::Name(_) | Dim::Number(_) => SideLength::Open,
    };
    [of(&declared.rows, lengths[0]), of(&declared.cols, lengths[1])]
}

fn role(links: &Links, target: &Var, factor: &Var) -> FactorRole {
    let own = [0, 1].map(|which| links.side(factor, which));
    let has = |which: usize| {
        let line = links.side(target, which);
        line.is_some() && own.contains(&line)
    };
    let of = match (has(0), has(1)) {
        (true, true) => DataSide::Both,
        (true, false) => DataSide::Rows,
        (false, true) => DataSide::Columns,
        (false, false) => DataSide::Neither,
    };
    let of_data = |side: usize| [0, 1].iter().any(|&which| links.side(target, which) == Some(side));
    let counts = own.map(|side| side.is_some_and(|side| links.is_inner(side) && !of_data(side)));
    let components = match counts {
        [true, false] => Some(FactorAxis::Rows),
        [false, true] => Some(FactorAxis::Columns),
        [true, true] | [false, false] => None,
    };
    FactorRole { of, components }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Matrix;
    use crate::solve::Problem;
    use crate::solve::problem::pairs::pairs;

    /// The roles of all factors for an X that is n x m, in words: `W rows/columns`.
    #[track_caller]
    fn check(text: &str, (n, m, rank): (usize, usize, usize), expected: &str) {
        let filled = |n, m| Matrix::from_fn(n, m, |i, j| (1.0 + i as f64 + 2.0 * j as f64).sin().abs()).unwrap();
        let mut problem = Problem::parse(text).unwrap().data("X", filled(n, m)).rank(rank);
        if text.contains('Y') {
            problem = problem.data("Y", filled(n, 1));
        }
        let bound = problem.bind().unwrap();
        let said = bound.factors.iter().map(|factor| {
            let FactorRole { of, components } = factor.role;
            format!("{} {}/{}", factor.var.name(), of.name(), components.map_or("none", FactorAxis::name))
        });
        assert_eq!(said.collect::<Vec<_>>().join(", "), expected, "{text}");
        for pair in pairs(&bound) {
            for side in [pair.left, pair.right] {
                let axis = if side.by_rows { FactorAxis::Rows } else { FactorAxis::Columns };
                // A factor between two others has components both ways.
                let factor = &bound.factors[side.index];
                let between = factor.var.name() == "S";
                assert_eq!(factor.role.components, (!between).then_some(axis), "{text}");
            }
        }
    }

    #[test]
    fn a_formula_says_what_sides_stand_for() {
        let wh = "W rows/columns, H columns/rows";
        check("sum((X - W @ H)**2)", (6, 5, 2), wh);
        check("sum((W @ H - X)**2) + sum(abs(W)) + sum(H**2)", (6, 5, 2), wh);
        check("sum(observed(X) * (X - W @ H)**2)", (6, 5, 2), wh);
        check("sum(kl(X, W @ H))", (6, 5, 2), wh);
        check("sum(softplus(W @ H) - X * (W @ H))", (6, 5, 2), wh);
        check("sum((X - W @ H.T)**2)", (6, 5, 2), "W rows/columns, H columns/columns");
        check("sum((X.T - H.T @ W.T)**2)", (6, 5, 2), "H columns/rows, W rows/columns");
        // Written the other way round, and by other names.
        check("sum((X - A.T @ B.T)**2)", (6, 5, 2), "A rows/rows, B columns/columns");
        check("sum((X - W @ S @ H)**2)", (6, 5, 2), "W rows/columns, S neither/none, H columns/rows");
        check("sum((X - X @ G @ H)**2)", (6, 5, 2), "G columns/columns, H columns/rows");
    }

    #[test]
    fn lengths_that_happen_to_be_equal_say_nothing() {
        let wh = "W rows/columns, H columns/rows";
        check("sum((X - W @ H)**2)", (4, 4, 4), wh);
        check("sum((X - W @ H)**2)", (4, 3, 3), wh);
        check("sum((X - W @ H)**2)", (4, 4, 1), wh);
        check("sum((X - W @ H)**2)", (4, 1, 1), wh);
        check("sum((X - W @ H.T)**2)", (4, 4, 4), "W rows/columns, H columns/columns");
        check("sum((X - W @ W.T)**2)", (4, 4, 2), "W both/columns");
    }

    #[test]
    fn offsets_are_no_components() {
        let ratings = "over W[n,r], H[r,m], b[n,1], c[1,m], mu[1,1]: sum(observed(X) * (X - W @ H - b - c - mu)**2)";
        let offsets = "W rows/columns, H columns/rows, b rows/none, c columns/none, mu neither/none";
        check(ratings, (6, 5, 2), offsets);
        check(ratings, (5, 5, 1), offsets);
        check("over W[n,r], H[r,m], E[n,m]: sum((X - W @ H - E)**2) + sum(abs(E))", (6, 5, 2), {
            "W rows/columns, H columns/rows, E both/none"
        });
        let coupled = "over W[n,r], H[r,m], K[r,1]: sum((X - W @ H)**2) + sum((Y - W @ K)**2)";
        check(coupled, (6, 5, 2), "W rows/columns, H columns/rows, K neither/rows");
    }
}
