//! Majorized: the minimum of a function that has a quadratic majorizer of known curvature.
//! In: its gradient as a function, the majorizer's G (r x r), a regularizer.  Out: b.
//! Invariant: each step minimizes a majorizer; extrapolation is dropped where it points back.
//! Not here: the gradient (see `apply`), the quadratic that each step minimizes (see `quadratic`).

use eckart_kernels::RowTerms;

use super::quadratic::{Workspace, dot, quadratic};
use super::regularizer::RowRegularizer;
use crate::error::Result;

/// Steps, at most.
const STEPS: usize = 2000;
/// A step below this share of the numbers' size is the last.
const STILL: f64 = 1e-11;

/// Moves `b` to the minimum, in steps on the majorizer that touches at the last one extrapolated (Nesterov 1983, begun
/// anew as O'Donoghue and Candes 2015 do it, section 3.2).
pub(crate) fn majorized(
    b: &mut [f64],
    gradient: &mut dyn FnMut(&[f64]) -> Result<Vec<f64>>,
    gram: &[f64],
    regularizer: &RowRegularizer,
    workspace: &mut Workspace,
) -> Result<()> {
    let r = b.len();
    let (mut ahead, mut momentum) = (b.to_vec(), 1.0_f64);
    for _ in 0..STEPS {
        let slope = gradient(&ahead)?;
        let linear: Vec<f64> = gram.chunks(r).zip(&slope).map(|(row, g)| dot(row, &ahead) - 0.5 * g).collect();
        let mut new = ahead.clone();
        quadratic(&mut new, RowTerms { linear: &linear, gram }, regularizer, workspace);
        let back: Vec<f64> = (0..r).map(|k| ahead[k] - new[k]).collect();
        let turns = gram.chunks(r).enumerate().map(|(k, row)| (new[k] - b[k]) * dot(row, &back)).sum::<f64>() > 0.0;
        let next = if turns { 1.0 } else { 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt()) };
        let share = if turns { 0.0 } else { (momentum - 1.0) / next };
        let size = new.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let moved = (0..r).map(|k| (new[k] - b[k]).abs().max(back[k].abs())).fold(0.0, f64::max);
        for k in 0..r {
            ahead[k] = new[k] + share * (new[k] - b[k]);
        }
        b.copy_from_slice(&new);
        momentum = next;
        if moved <= STILL * size {
            break;
        }
    }
    Ok(())
}
