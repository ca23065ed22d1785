//! Kept: what is kept of every start where its components are to be compared with those of others.
//! In: a start's factors.  Out: `Kept`: the components, and some rows' share in them.
//! Invariant: which rows those are depends on their number alone; no more than `MOST_COMPARED` are kept.
//! Not here: the comparison (see `apply`).

use super::Kept;
use crate::data::evenly_spaced;
use crate::error::Result;
use crate::run::Value;
use crate::solve::problem::Bound;
use crate::solve::problem::role::FactorAxis;

/// Rows that are kept, and rows or columns of which starts are compared, at most.
pub(crate) const MOST_COMPARED: usize = 2000;

impl Kept {
    /// `None` where no two factors hold components.
    ///
    /// # Errors
    /// `Data` where a factor is not finite.
    pub(in crate::solve) fn of(start: usize, bound: &Bound, factors: &[Value]) -> Result<Option<Self>> {
        let Some([w, h]) = bound.components() else { return Ok(None) };
        let dtype = bound.target.1.dtype();
        // As W lies in `W @ H`, and as H does.
        let upright = |at: usize, axis: FactorAxis| {
            let matrix = factors[at].to_matrix(dtype)?;
            if bound.factors[at].role.components == Some(axis) { Ok(matrix) } else { matrix.transposed() }
        };
        let (components, all) = (upright(h, FactorAxis::Rows)?, upright(w, FactorAxis::Columns)?);
        let (n, r) = all.shape();
        let mut squares = vec![0.0; r];
        for row in all.values_f64().chunks(r) {
            squares.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * x);
        }
        let sampled = evenly_spaced(n, MOST_COMPARED);
        let rows = all.select_rows(&sampled)?;
        let lengths = squares.into_iter().map(f64::sqrt).collect();
        let shape = (n, bound.target.1.cols());
        Ok(Some(Self { start, shape, components, lengths, sampled, rows }))
    }
}
