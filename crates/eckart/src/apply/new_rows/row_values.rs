//! Row values: the numbers of one row, and its Gram.
//! In: what is the same for all rows, and what was computed of this one.  Out: numbers, weights by column, an r x r
//! Gram.
//! Invariant: a part that all rows share is computed once, and read.
//! Not here: which part is which (see `prepare`).

use crate::error::{Error, Result};
use crate::run::{Held, Value};

/// A value that is the same for all rows, or one computed of each.
pub(in crate::apply) enum RowPart {
    Once(Vec<f64>),
    Each(usize),
    /// The row of the target itself.
    Data,
}

/// Sums of products of columns, by a row's weights.
pub(in crate::apply) struct Weighted {
    /// What all weights are multiplied by.
    pub scale: f64,
    pub weights: RowPart,
    pub left: Vec<f64>,
    pub right: Option<Vec<f64>>,
}

/// What the Gram of a row is made of, all r x r.
pub(in crate::apply) struct RowGram {
    pub shared: Vec<f64>,
    pub scaled: Vec<(RowPart, Vec<f64>)>,
    pub weighted: Vec<Weighted>,
}

/// What was computed of a row.
pub(in crate::apply) struct Values<'a> {
    pub values: Vec<Value>,
    /// The row of the target.
    pub row: &'a dyn Fn() -> Option<Value>,
}

impl Values<'_> {
    fn value(&self, part: &RowPart) -> Result<Value> {
        let value = match part {
            RowPart::Each(at) => self.values.get(*at).cloned(),
            RowPart::Data => (self.row)(),
            RowPart::Once(_) => None,
        };
        value.ok_or_else(|| Error::Bug("a row has no value".into()))
    }

    /// All numbers of a part.
    pub(in crate::apply) fn numbers(&self, part: &RowPart) -> Result<Vec<f64>> {
        match part {
            RowPart::Once(numbers) => Ok(numbers.clone()),
            RowPart::Each(_) | RowPart::Data => Ok(self.value(part)?.to_dense().data.clone()),
        }
    }

    /// Visits the columns of a part that are not 0, and their numbers.
    pub(in crate::apply) fn each(&self, part: &RowPart, mut visit: impl FnMut(usize, f64)) -> Result<()> {
        let dense = |numbers: &[f64], visit: &mut dyn FnMut(usize, f64)| {
            numbers.iter().enumerate().filter(|(_, x)| **x != 0.0).for_each(|(j, &x)| visit(j, x));
        };
        if let RowPart::Once(numbers) = part {
            dense(numbers, &mut visit);
            return Ok(());
        }
        match self.value(part)?.cast::<f64>() {
            Held::Sparse(entries) => {
                let columns = entries.indices().iter().zip(entries.values.iter());
                columns.for_each(|(&j, &x)| visit(j as usize, x));
            }
            Held::Dense(all) => dense(&all.data, &mut visit),
        }
        Ok(())
    }
}

impl RowGram {
    /// The Gram of a row; `workspace` holds it where it is not that of all rows.
    pub(in crate::apply) fn of<'a>(
        &'a self,
        values: &Values,
        width: usize,
        workspace: &'a mut Vec<f64>,
    ) -> Result<&'a [f64]> {
        if self.scaled.is_empty() && self.weighted.is_empty() {
            return Ok(&self.shared);
        }
        workspace.clone_from(&self.shared);
        for (rows, gram) in &self.scaled {
            let by = values.numbers(rows)?.first().copied().unwrap_or(0.0);
            workspace.iter_mut().zip(gram).for_each(|(g, a)| *g += by * a);
        }
        for Weighted { scale, weights, left, right } in &self.weighted {
            values.each(weights, |j, weight| {
                let a = &left[j * width..(j + 1) * width];
                let b = right.as_ref().map_or(a, |right| &right[j * width..(j + 1) * width]);
                for k in 0..width {
                    let (x, y) = (0.5 * scale * weight * a[k], 0.5 * scale * weight * b[k]);
                    let line = workspace[k * width..=k * width + k].iter_mut();
                    line.zip(a.iter().zip(b)).for_each(|(g, (a, b))| *g += x * b + y * a);
                }
            })?;
        }
        for k in 0..width {
            for l in 0..k {
                workspace[l * width + k] = workspace[k * width + l];
            }
        }
        Ok(workspace)
    }
}
