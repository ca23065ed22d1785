//! Majorized: the minimum of a function that has a quadratic majorizer of known curvature.
//! In: its gradient as a function, the majorizer's G (r x r), a regularizer.  Out: b.
//! Invariant: each step minimizes a majorizer; extrapolation is dropped where it points back.
//! Not here: the gradient (see `apply`), the quadratic that each step minimizes (see `quadratic`).

use eckart_kernels::RowTerms;

use super::acceleration::{Acceleration, largest};
use super::quadratic::{Workspace, dot, quadratic};
use super::regularizer::RowRegularizer;
use crate::error::Result;

/// Steps, at most.
const STEPS: usize = 2000;
/// A step below this share of the numbers' size is the last.
const STILL: f64 = 1e-11;

/// Moves `b` to the minimum, in accelerated steps on the majorizer that touches where each begins.
pub(crate) fn majorized(
    b: &mut [f64],
    gradient: &mut dyn FnMut(&[f64]) -> Result<Vec<f64>>,
    gram: &[f64],
    regularizer: &RowRegularizer,
    workspace: &mut Workspace,
) -> Result<()> {
    let r = b.len();
    let mut acceleration = Acceleration::new(b);
    for _ in 0..STEPS {
        let ahead = &acceleration.ahead;
        let slope = gradient(ahead)?;
        let linear: Vec<f64> = gram.chunks(r).zip(&slope).map(|(row, g)| dot(row, ahead) - 0.5 * g).collect();
        let mut new = ahead.clone();
        quadratic(&mut new, RowTerms { linear: &linear, gram }, regularizer, workspace);
        let back: Vec<f64> = (0..r).map(|k| ahead[k] - new[k]).collect();
        let is_back = gram.chunks(r).enumerate().map(|(k, row)| (new[k] - b[k]) * dot(row, &back)).sum::<f64>() > 0.0;
        let step = largest((0..r).map(|k| new[k] - b[k]).chain(back));
        acceleration.step(b, &new, is_back);
        if step <= STILL * largest(new.into_iter()) {
            break;
        }
    }
    Ok(())
}
