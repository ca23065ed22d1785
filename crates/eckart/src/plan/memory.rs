//! Memory: whether a plan may have what it needs.
//! In: a `Plan`, a limit.  Out: nothing, or an error that names the largest buffer.
//! Invariant: what is refused is refused before anything runs.
//! Not here: when a buffer is freed (see `liveness`).

use super::explain;
use super::program::{Buffer, Kernel, Plan, RowTiling};
use crate::error::{Error, Result};

impl Plan {
    /// Refuses a plan that needs more than `limit` bytes, naming the largest buffer: where it is inside a tiling, as a
    /// block of it; where it is a result, as that.
    ///
    /// # Errors
    /// `Limit`.
    pub fn check_memory(&self, limit: usize) -> Result<()> {
        if self.peak_bytes <= limit {
            return Ok(());
        }
        Err(Error::limit(format!(
            "this needs {} of memory and may have {}; {}",
            explain::bytes(self.peak_bytes),
            explain::bytes(limit),
            self.largest_part(),
        )))
    }

    /// "the largest part is ...".
    fn largest_part(&self) -> String {
        let part = |what: &str, b: &Buffer| {
            format!("the largest part is {what}{} ({}, {})", b.text, explain::shape(b), explain::bytes(b.bytes))
        };
        // Of equals the first, but a result before all: it can't be helped.
        let outer = (0..self.buffers.len()).rev().max_by_key(|at| (self.buffers[*at].bytes, self.outputs.contains(at)));
        let outer_bytes = outer.map_or(0, |at| self.buffers[at].bytes);
        let tilings =
            self.steps.iter().filter_map(|step| if let Kernel::Tiled(f) = &step.kernel { Some(f) } else { None });
        // What is computed there comes before what is cut out for it.
        let computed = |tiling: &RowTiling, at: usize| at >= tiling.params.len();
        let blocks: Vec<(&RowTiling, usize)> =
            tilings.flat_map(|tiling| (0..tiling.buffers.len()).map(move |at| (&**tiling, at))).collect();
        let largest = blocks.iter().rev().max_by_key(|(tiling, at)| (tiling.buffers[*at].bytes, computed(tiling, *at)));
        match (outer, largest.map(|(tiling, at)| (tiling, &tiling.buffers[*at]))) {
            (_, Some((tiling, block))) if block.bytes > outer_bytes => {
                format!("{} for each block of {} rows", part("", block), tiling.height)
            }
            (Some(at), _) if self.outputs.contains(&at) => {
                format!("{}, which is held in full because it is asked for", part("the result ", &self.buffers[at]))
            }
            (Some(at), _) => part("", &self.buffers[at]),
            (None, _) => "it has no part".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{Code, check_error};
    use crate::expr::Var;
    use crate::expr::text::parse_expr;
    use crate::facts::{Given, Givens};
    use crate::plan::plan;

    /// What a plan of `formula` says that may have no memory at all; X is 4000 x 300.
    #[track_caller]
    fn check(formula: &str, says: &[&str]) {
        let x = Given::data(4000, 300, None);
        let mut givens: Givens = [(Var::input("X"), x)].into();
        givens.insert(Var::input("W"), Given::dense(4000, 2));
        givens.insert(Var::input("H"), Given::dense(2, 300));
        let plan = plan(&[parse_expr(formula).unwrap()], &givens).unwrap();
        let error = plan.check_memory(0).unwrap_err();
        says.iter().for_each(|text| check_error(&error, Code::OverLimit, text));
        assert!(plan.check_memory(plan.peak_bytes).is_ok());
    }

    #[test]
    fn the_buffer_at_fault_is_named() {
        check(
            "sum(exp(W @ H))",
            &["may have 0 B", "the largest part is W @ H (252 x 300, 605 kB)", "block of 252 rows"],
        );
        check("exp(W @ H) - X", &["the result exp(W @ H) - X (4000 x 300, 9.6 MB)", "because it is asked for"]);
        check("W.T @ X", &["the result W.T @ X (2 x 300, 4.8 kB)"]);
        check("sum(W**2)", &["the result sum(W**2) (1 x 1, 8 B)"]);
    }
}
