//! State: what a method has learned of a start, so that the start can go on in another process.
//! In: numbers and arrays, in the order of the method.  Out: the same, checked against the factors' shapes and type.
//! Invariant: what is restored is what was put, or an error: a damaged file makes no wrong search.
//! Not here: the file (see `checkpoint`).

use crate::data::Dtype;
use crate::error::{Error, Result};
use crate::facts::Shape;
use crate::run::Value;
use crate::solve::problem::Bound;
use crate::solve::result::save::{FileKind, no_such};

/// What a method has learned of a start, written down in an order that is its own.
#[derive(Debug, Clone, Default)]
pub(in crate::solve) struct MethodState {
    /// Numbers and, by their length, arrays.
    pub numbers: Vec<f64>,
    /// Factors, or what is of their shape.
    pub values: Vec<Value>,
    next: (usize, usize),
    /// What is taken up must fit; nothing where it was not read from a file.
    fits: Fits,
}

/// What is true of the state of a search.
#[derive(Debug, Clone, Default)]
struct Fits {
    /// The shapes of the factors.
    shapes: Vec<Shape>,
    /// Their type.
    dtype: Option<Dtype>,
    /// Whether all numbers are finite, as they are where the cost is.
    is_finite: bool,
}

/// Whole numbers up to here are exact in f64.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

impl MethodState {
    pub(in crate::solve) fn of(numbers: Vec<f64>, values: Vec<Value>) -> Self {
        Self { numbers, values, next: (0, 0), fits: Fits::default() }
    }

    /// The same, to be taken up by a method of a problem, whose cost was finite or not.
    pub(in crate::solve) fn of_search(self, problem: &Bound, is_finite: bool) -> Self {
        Self { fits: Fits { shapes: problem.shapes(), dtype: Some(problem.dtype()), is_finite }, ..self }
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

    pub(in crate::solve) fn put_list(&mut self, list: &[f64]) {
        self.numbers.extend_from_slice(list);
    }

    /// So many numbers of what is always finite, as `put_list` put them.
    pub(in crate::solve) fn take_list(&mut self, count: usize) -> Result<Vec<f64>> {
        (0..count).map(|_| self.take()).collect()
    }

    /// A number, of what is always finite.
    pub(in crate::solve) fn take(&mut self) -> Result<f64> {
        self.take_any()
            .and_then(|number| if number.is_finite() { Ok(number) } else { Err(no_usable("numbers.values")) })
    }

    pub(in crate::solve) fn take_maybe(&mut self) -> Result<Option<f64>> {
        let (there, number) = (self.take()?, self.take_any()?);
        Ok((there != 0.0).then_some(number))
    }

    fn take_any(&mut self) -> Result<f64> {
        let number = self.numbers.get(self.next.0).copied();
        self.next.0 += 1;
        number.ok_or_else(|| no_usable("numbers.offsets"))
    }

    pub(in crate::solve) fn take_count(&mut self) -> Result<usize> {
        let count = self.take_whole()?;
        if count <= self.values.len() { Ok(count) } else { Err(no_usable("state.offsets")) }
    }

    /// A whole number, such as one of iterations.
    pub(in crate::solve) fn take_whole(&mut self) -> Result<usize> {
        let number = self.take()?;
        let is_whole = (0.0..=MOST_WHOLE).contains(&number) && number.fract() == 0.0;
        if is_whole { Ok(number as usize) } else { Err(no_usable("numbers.values")) }
    }

    /// What was put by `put_values`: values of each factor, of its shape and type and finite where the cost is; `None`
    /// where none were put.
    pub(in crate::solve) fn take_values(&mut self) -> Result<Option<Vec<Value>>> {
        let Some(values) = self.take_shaped()? else { return Ok(None) };
        values.iter().try_for_each(|value| self.check(value, self.fits.dtype))?;
        Ok(Some(values))
    }

    /// The same where they must have been put.
    pub(in crate::solve) fn take_factors(&mut self) -> Result<Vec<Value>> {
        self.take_values()?.ok_or_else(|| no_usable("state.offsets"))
    }

    /// Gradients in all factors, which may be infinite where the cost is not, and wider than the factors.
    pub(in crate::solve) fn take_gradients(&mut self) -> Result<Vec<Value>> {
        self.take_shaped()?.ok_or_else(|| no_usable("state.offsets"))
    }

    fn take_shaped(&mut self) -> Result<Option<Vec<Value>>> {
        let count = self.take_count()?;
        if count == 0 {
            return Ok(None);
        }
        let values: Vec<Value> = (0..count).map(|_| self.take_value()).collect::<Result<_>>()?;
        let is_right = values.iter().map(Value::shape).eq(self.fits.shapes.iter().copied());
        if is_right { Ok(Some(values)) } else { Err(no_usable("state.shapes")) }
    }

    /// So many numbers.
    pub(in crate::solve) fn take_array(&mut self, count: usize) -> Result<Vec<f64>> {
        let value = self.take_flat(count)?;
        self.check(&value, Some(Dtype::F64))?;
        Ok(value.to_dense().data.clone())
    }

    /// The same of a gradient, which may be infinite where the cost is not.
    pub(in crate::solve) fn take_gradient(&mut self, count: usize) -> Result<Vec<f64>> {
        Ok(self.take_flat(count)?.to_dense().data.clone())
    }

    fn take_flat(&mut self, count: usize) -> Result<Value> {
        let value = self.take_value()?;
        if value.shape() == (Shape { rows: 1, cols: count }) { Ok(value) } else { Err(no_usable("state.shapes")) }
    }

    fn take_value(&mut self) -> Result<Value> {
        let value = self.values.get(self.next.1).cloned();
        self.next.1 += 1;
        value.ok_or_else(|| no_usable("state.offsets"))
    }

    fn check(&self, value: &Value, dtype: Option<Dtype>) -> Result<()> {
        if dtype.is_some_and(|dtype| value.dtype() != dtype) {
            return Err(no_usable("state.bits"));
        }
        let tensor = if value.dtype() == Dtype::F32 { "state.f32" } else { "state.f64" };
        if self.fits.is_finite && !value.is_finite() { Err(no_usable(tensor)) } else { Ok(()) }
    }
}

/// That a tensor of a checkpoint does not hold what the method needs.
fn no_usable(tensor: &str) -> Error {
    no_such(FileKind::Checkpoint, &format!("running.{tensor}"))
}
