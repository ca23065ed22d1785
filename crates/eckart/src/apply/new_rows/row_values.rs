//! Row values: the numbers of one row, and its Gram.
//! In: what is the same for all rows, and what was computed of this one.  Out: numbers, weights by column, an r x r
//! Gram.
//! Invariant: a part that all rows share is computed once, and read.
//! Not here: which part is which (see `prepare`).

use crate::error::{Error, Result};
use crate::rows::GramParts;
use crate::run::Cut;
use crate::run::rows::exact::Workspace;
use crate::run::{Held, Value};

/// A value that is the same for all rows (dense, f64), or one computed of each.
pub(in crate::apply) enum RowPart {
    Once(Value),
    Each(usize),
    /// The row of the target itself.
    Data,
}

/// The Grams of rows: one for all, or the parts of each.
pub(in crate::apply) enum RowGrams {
    Shared(Vec<f64>),
    Each(GramParts<RowPart>),
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
            RowPart::Once(value) => Some(value.clone()),
            RowPart::Each(at) => self.values.get(*at).cloned(),
            RowPart::Data => (self.row)(),
        };
        value.ok_or_else(|| Error::Bug("a row has no value".into()))
    }

    pub(in crate::apply) fn numbers(&self, part: &RowPart) -> Result<Vec<f64>> {
        Ok(self.value(part)?.into_rect().data.into_vec())
    }

    /// Visits the columns of a part that are not 0, and their numbers.
    pub(in crate::apply) fn each(&self, part: &RowPart, mut visit: impl FnMut(usize, f64)) -> Result<()> {
        match self.value(part)?.cast::<f64>() {
            Held::Sparse(entries) => {
                let columns = entries.indices().iter().zip(entries.values.iter());
                columns.for_each(|(&j, &x)| visit(j as usize, x));
            }
            Held::Dense(all) => {
                all.data.iter().enumerate().filter(|(_, x)| **x != 0.0).for_each(|(j, &x)| visit(j, x));
            }
        }
        Ok(())
    }
}

impl RowGrams {
    /// Grams of side `width`; what must be the same for all rows has been found to be.
    pub(in crate::apply) fn new(parts: GramParts<RowPart>, width: usize) -> Result<Self> {
        if !parts.is_shared() {
            return Ok(Self::Each(parts));
        }
        let values = Values { values: Vec::new(), row: &|| None };
        Ok(Self::Shared(parts.map(|part| values.value(part))?.into_grams::<f64>(width, Cut::none(1)).shared))
    }

    /// The Gram of a row; `own` (r x r) holds it where it is not that of all rows.
    pub(in crate::apply) fn of<'a>(
        &'a self,
        values: &Values,
        workspace: &mut Workspace,
        own: &'a mut [f64],
        width: usize,
    ) -> Result<&'a [f64]> {
        match self {
            Self::Shared(gram) => Ok(gram),
            Self::Each(parts) => {
                let grams = parts.map(|part| values.value(part))?.into_grams::<f64>(width, Cut::none(1));
                grams.of_row(0, workspace.gram_of(width), own);
                Ok(own)
            }
        }
    }
}
