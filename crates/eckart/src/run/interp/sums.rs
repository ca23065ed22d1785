//! Sums: of all entries, of rows, of columns.
//! In: a value.  Out: a number, a column or a line.
//! Invariant: f64, in an order that depends on the shape alone.
//! Not here: products (see `products`).

use super::Plain;
use crate::data::Shards;
use crate::facts::Shape;
use crate::run::machine::shard_sums::{fold, for_rows, sum_by};

/// The sum of all entries.
pub(super) fn sum(a: &Plain) -> f64 {
    let values: &[f64] = match a {
        Plain::Dense(d) => &d.data,
        Plain::Sparse(s) => s.values(),
    };
    sum_by(values.len(), |at| values[at])
}

/// The sum of each row, n x 1.
pub(super) fn rowsum(a: &Plain) -> Plain {
    let shape = Shape { rows: a.shape().rows, cols: 1 };
    let mut out = vec![0.0; shape.rows];
    for_rows(&mut out, 1, |rows, part| {
        for (i, out) in rows.zip(part) {
            *out = match a {
                Plain::Dense(d) => d.data[i * d.shape.cols..(i + 1) * d.shape.cols].iter().sum(),
                Plain::Sparse(s) => s.values()[s.pattern().range(i)].iter().sum(),
            };
        }
    });
    Plain::dense(shape, out)
}

/// The sum of each column, 1 x m.
pub(super) fn colsum(a: &Plain) -> Plain {
    let Shape { rows, cols } = a.shape();
    let data = fold(
        Shards::of(rows, cols),
        &|part| {
            let mut out = vec![0.0; cols];
            for i in part {
                match a {
                    Plain::Dense(d) => {
                        let row = &d.data[i * cols..(i + 1) * cols];
                        out.iter_mut().zip(row).for_each(|(o, &x)| *o += x);
                    }
                    Plain::Sparse(s) => {
                        for at in s.pattern().range(i) {
                            out[s.pattern().indices()[at] as usize] += s.values()[at];
                        }
                    }
                }
            }
            out
        },
        &|mut a, b| {
            a.iter_mut().zip(&b).for_each(|(x, y)| *x += y);
            a
        },
    );
    Plain::dense(Shape { rows: 1, cols }, data)
}

/// A value summed down to `shape`.
pub(super) fn sumto(a: &Plain, shape: Shape) -> Plain {
    let from = a.shape();
    match (from.rows == shape.rows, from.cols == shape.cols) {
        (true, true) => a.clone(),
        (true, false) => rowsum(a),
        (false, true) => colsum(a),
        (false, false) => Plain::scalar(sum(a)),
    }
}
