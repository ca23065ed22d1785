//! State: what a method has learned of a start, so that the start can go on in another process.
//! In: numbers and arrays, in the order of the method.  Out: the same, checked against the shapes of the factors.
//! Invariant: what is restored is what was put, or an error: a damaged file makes no wrong search.
//! Not here: the file (see `checkpoint`).

use crate::error::{Code, Error, Result};
use crate::facts::Shape;
use crate::run::Value;

/// What a method has learned of a start, written down in an order that is its own.
#[derive(Debug, Clone, Default)]
pub(in crate::solve) struct MethodState {
    /// Numbers and, by their length, arrays.
    pub numbers: Vec<f64>,
    /// Factors, or what is of their shape.
    pub values: Vec<Value>,
    next: (usize, usize),
    /// The shapes of the factors, which what is taken up must have.
    shapes: Vec<Shape>,
}

/// Whole numbers up to here are exact in f64.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

impl MethodState {
    pub(in crate::solve) fn of(numbers: Vec<f64>, values: Vec<Value>) -> Self {
        Self { numbers, values, next: (0, 0), shapes: Vec::new() }
    }

    /// The same, to be taken up by a method whose factors have these shapes.
    pub(in crate::solve) fn for_factors(self, shapes: Vec<Shape>) -> Self {
        Self { shapes, ..self }
    }

    pub(in crate::solve) fn put(&mut self, number: f64) {
        self.numbers.push(number);
    }

    /// A number that may not be there.
    pub(in crate::solve) fn put_maybe(&mut self, number: Option<f64>) {
        self.put(f64::from(u8::from(number.is_some())));
        self.put(number.unwrap_or(0.0));
    }

    pub(in crate::solve) fn put_values(&mut self, values: &[Value]) {
        self.put(values.len() as f64);
        self.values.extend_from_slice(values);
    }

    pub(in crate::solve) fn put_array(&mut self, array: &[f64]) {
        self.values.push(Value::dense(Shape { rows: 1, cols: array.len() }, array.to_vec()));
    }

    pub(in crate::solve) fn take(&mut self) -> Result<f64> {
        let number = self.numbers.get(self.next.0).copied();
        self.next.0 += 1;
        number.ok_or_else(damaged)
    }

    pub(in crate::solve) fn take_maybe(&mut self) -> Result<Option<f64>> {
        let (there, number) = (self.take()?, self.take()?);
        Ok((there != 0.0).then_some(number))
    }

    pub(in crate::solve) fn take_count(&mut self) -> Result<usize> {
        let count = self.take()?;
        if count >= 0.0 && count <= self.values.len() as f64 { Ok(count as usize) } else { Err(damaged()) }
    }

    /// A whole number, such as one of iterations.
    pub(in crate::solve) fn take_whole(&mut self) -> Result<usize> {
        let number = self.take()?;
        if (0.0..=MOST_WHOLE).contains(&number) && number.fract() == 0.0 { Ok(number as usize) } else { Err(damaged()) }
    }

    /// What was put by `put_values`: a matrix of the shape of each factor; `None` where none was put.
    pub(in crate::solve) fn take_values(&mut self) -> Result<Option<Vec<Value>>> {
        let count = self.take_count()?;
        if count == 0 {
            return Ok(None);
        }
        let values: Vec<Value> = (0..count).map(|_| self.take_value()).collect::<Result<_>>()?;
        if values.iter().map(Value::shape).eq(self.shapes.iter().copied()) { Ok(Some(values)) } else { Err(damaged()) }
    }

    /// The same where it must have been put.
    pub(in crate::solve) fn take_factors(&mut self) -> Result<Vec<Value>> {
        self.take_values()?.ok_or_else(damaged)
    }

    /// A number for each entry of all factors.
    pub(in crate::solve) fn take_array(&mut self) -> Result<Vec<f64>> {
        let value = self.take_value()?;
        let entries = self.shapes.iter().map(|shape| shape.entries()).sum();
        if value.shape() == (Shape { rows: 1, cols: entries }) {
            Ok(value.to_dense().data.clone())
        } else {
            Err(damaged())
        }
    }

    fn take_value(&mut self) -> Result<Value> {
        let value = self.values.get(self.next.1).cloned();
        self.next.1 += 1;
        value.ok_or_else(damaged)
    }
}

fn damaged() -> Error {
    Error::data(Code::CheckpointDamaged, "the checkpoint does not hold what its method needs", "Begin anew, without it")
}
