//! Rows: the step of a plan that moves the rows of a factor.
//! In: a `RowSolver`, the factor, and what the solver reads.  Out: the factor moved, by how much the objective fell.
//! Invariant: the factor that is read stays as it is.
//! Not here: how rows are moved (see `run::rows`).

use super::cuts::Cuts;
use crate::data::Shards;
use crate::error::{Error, Result};
use crate::facts::Shape;
use crate::rows::{RowObjective, RowSolver};
use crate::run::dot;
use crate::run::machine::cut::Cut;
use crate::run::rows::grams::{LinearTerm, Weights};
use crate::run::rows::likelihood::likelihood_rows;
use crate::run::value::Numbers;
use crate::run::value::held::Held;
use crate::run::value::pool::Pool;
use crate::run::value::rect::Rect;
use crate::run::value::slot::Slot;

/// The factor and the decrease, or the number that its entries were multiplied by.
pub(super) fn run<T: Numbers>(
    solver: &RowSolver,
    args: &[Slot<T>],
    cuts: Option<&Cuts>,
    pool: &Pool<T>,
) -> Result<Vec<Slot<T>>> {
    let upright = |at: usize| {
        let rect: Rect<T> = argument(args, at)?.rect();
        Ok::<_, Error>(if solver.transposed { rect.transposed(pool) } else { rect })
    };
    let mut rect = upright(0)?;
    let rank = rect.shape.cols;
    let cut = cut_of(cuts, rect.shape, args);
    let array = rect.make_mut();
    let result = match &solver.rows {
        RowObjective::Quadratic(rows) => {
            let linear = upright(1)?;
            let grams =
                rows.places().map(|&at| Ok::<_, Error>(argument(args, at)?.clone().value()))?.into_grams(rank, cut);
            let result = match (solver.rescales, rows.bounded) {
                (true, _) => {
                    let by = dot(array, &linear.data) / grams.curvature(array);
                    rescale(array, by)
                }
                (false, true) => rows.run(&grams, LinearTerm::OfGradient(&linear.data), array),
                (false, false) => rows.run(&grams, LinearTerm::Known(&linear.data), array),
            };
            if solver.transposed {
                release(linear, pool);
            }
            result
        }
        RowObjective::Poisson(likelihood) => {
            let (counts, columns) = (Weights(argument(args, 1)?.wide()), argument(args, 2)?.rect());
            let linear: Rect<T> = argument(args, 3)?.rect();
            if solver.rescales {
                // To where the sum of the products is that of the counts, which is best along the ray.
                rescale(array, counts.total() / dot(array, &linear.data))
            } else {
                likelihood_rows(array, &counts, &columns, &linear, (*likelihood, &cut))
            }
        }
    };
    if solver.transposed {
        let back = rect.transposed(pool);
        release(std::mem::replace(&mut rect, back), pool);
    }
    Ok(vec![Slot::Wide(Held::Dense(rect)), Slot::number(result)])
}

/// How the rows of a factor are cut: as the data whose rows they are, else into tasks of about the same work.
fn cut_of<T: Numbers>(cuts: Option<&Cuts>, factor: Shape, args: &[Slot<T>]) -> Cut {
    let rows = factor.rows;
    let data = cuts.and_then(|cuts| cuts.of_data(rows));
    let sparse = args.iter().find_map(|arg| match arg {
        Slot::Wide(Held::Sparse(entries)) if entries.shape().rows == rows => Some(entries.indptr()),
        _ => None,
    });
    match (cuts, data, sparse) {
        (Some(_), None, Some(indptr)) => Cut::of(Shards::of_tasks(indptr)),
        _ => {
            let shapes = args.iter().map(Slot::shape).filter(|shape| shape.rows == rows);
            Cuts::of_rows(cuts, rows, shapes.map(|shape| shape.cols).fold(factor.cols, usize::max))
        }
    }
}

fn argument<T>(args: &[Slot<T>], at: usize) -> Result<&Slot<T>> {
    args.get(at).ok_or_else(|| Error::Bug("a row solver lacks an argument".into()))
}

fn release<T: Numbers>(rect: Rect<T>, pool: &Pool<T>) {
    Slot::release(Some(Slot::Wide(Held::Dense(rect))), pool);
}

/// Multiplies all by a number where that is above 0; returns what they were multiplied by.
fn rescale<T: Numbers>(array: &mut [T], by: f64) -> f64 {
    if !(by > 0.0 && by.is_finite()) {
        return 1.0;
    }
    array.iter_mut().for_each(|b| *b = T::from_f64(b.to_f64() * by));
    by
}
