//! Pack: many matrices as few tensors.
//! In: a list of values for each of some starts.  Out: tensors of their counts, shapes, types and numbers; and back.
//! Invariant: numbers keep their bits, and are not copied to be written; the number of tensors is always the same.
//! Not here: what the matrices are (see `file`).

use crate::data::{Dtype, TensorSource};
use crate::facts::Shape;
use crate::run::{Rect, Value};
use crate::solve::result::save::{Tables, bytes, wholes};

/// Lists of matrices, ready to be written.
pub(super) struct Pack {
    name: String,
    /// How many matrices each list has.
    counts: Vec<usize>,
    /// Of each matrix its rows, then its columns.
    sides: Vec<usize>,
    /// Of each matrix the bits of one number.
    bits: Vec<u8>,
    narrow: Vec<Rect<f32>>,
    wide: Vec<Rect<f64>>,
}

impl Pack {
    pub(super) fn of<'a>(name: &str, lists: impl Iterator<Item = &'a [Value]>) -> Self {
        let mut pack = Self {
            name: name.to_owned(),
            counts: Vec::new(),
            sides: Vec::new(),
            bits: Vec::new(),
            narrow: Vec::new(),
            wide: Vec::new(),
        };
        for list in lists {
            pack.counts.push(list.len());
            for value in list {
                let Shape { rows, cols } = value.shape();
                pack.sides.extend([rows, cols]);
                match value.dtype() {
                    Dtype::F32 => {
                        pack.bits.push(32);
                        pack.narrow.push(value.rect());
                    }
                    Dtype::F64 => {
                        pack.bits.push(64);
                        pack.wide.push(value.rect());
                    }
                }
            }
        }
        pack
    }

    pub(super) fn sources(&self) -> Vec<TensorSource<'_>> {
        let name = |what: &str| format!("{}.{what}", self.name);
        let narrow = self.narrow.iter().map(|rect| rect.data.len()).sum();
        let wide = self.wide.iter().map(|rect| rect.data.len()).sum();
        vec![
            TensorSource::offsets(&self.name, &self.counts, |count| *count),
            wholes(&name("shapes"), &self.sides, |side| *side),
            bytes(&name("bits"), &self.bits, |bits| *bits),
            TensorSource::list(name("f32"), narrow, || self.narrow.iter().flat_map(|rect| rect.data.iter().copied())),
            TensorSource::list(name("f64"), wide, || self.wide.iter().flat_map(|rect| rect.data.iter().copied())),
        ]
    }
}

/// The lists of `count` that a file holds under a name; `None` where it is damaged.
pub(super) fn unpacked(tables: &mut Tables, name: &str, count: usize) -> Option<Vec<Vec<Value>>> {
    let (sides, bits) = (tables.wholes(&format!("{name}.shapes"))?, tables.bytes(&format!("{name}.bits"))?);
    if sides.len() != 2 * bits.len() {
        return None;
    }
    let ranges = tables.ranges(name, count, bits.len())?;
    let (narrow, wide) = (tables.narrow_floats(&format!("{name}.f32"))?, tables.floats(&format!("{name}.f64"))?);
    let (mut narrow, mut wide) = (&narrow[..], &wide[..]);
    let mut values = Vec::with_capacity(bits.len());
    for (pair, bits) in sides.chunks(2).zip(bits) {
        let shape = Shape { rows: pair[0], cols: pair[1] };
        let entries = shape.rows.checked_mul(shape.cols)?;
        values.push(match bits {
            32 => Value::of_rect(Rect::new(shape, cut(&mut narrow, entries)?)),
            64 => Value::of_rect(Rect::new(shape, cut(&mut wide, entries)?)),
            _ => return None,
        });
    }
    let whole = narrow.is_empty() && wide.is_empty();
    whole.then(|| ranges.into_iter().map(|[from, to]| values[from..to].to_vec()).collect())
}

/// The next numbers.
fn cut<T: Copy>(numbers: &mut &[T], count: usize) -> Option<Vec<T>> {
    let (own, rest) = numbers.split_at_checked(count)?;
    *numbers = rest;
    Some(own.to_vec())
}
