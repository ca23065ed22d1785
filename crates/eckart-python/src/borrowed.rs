//! Borrowed: the numbers of a NumPy array, read where they lie while the engine works without the interpreter's lock.
//! In: a contiguous NumPy array.  Out: an `Array` that keeps the NumPy array alive.
//! Invariant: the numbers are only read; the one `unsafe` of the package stands here.
//! Not here: what may be borrowed and what is converted first (see `python/eckart/_arrays.py`).

use std::sync::Arc;

use eckart::Code;
use eckart::data::Array;
use numpy::{Element, PyArray1, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::errors::value_error;

/// A NumPy array whose numbers are contiguous.
struct Borrowed<T: 'static> {
    numbers: *const T,
    len: usize,
    /// Keeps the numbers in their place: NumPy does not move or free an array's numbers while someone holds it, and
    /// refuses `resize` then.
    _owner: Py<PyArray1<T>>,
}

// SAFETY: numbers are plain (`Element + Copy`) and only read here, from any thread. Whoever writes into the array from
// another thread during a call breaks NumPy's own rule for code that runs without the interpreter's lock, and the
// package's documentation says so. Between calls the package looks whether the numbers have changed (`fingerprint`).
#[expect(unsafe_code, reason = "a pointer into memory that the array beside it keeps")]
unsafe impl<T: Copy + Send + Sync> Send for Borrowed<T> {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "a pointer into memory that the array beside it keeps")]
unsafe impl<T: Copy + Send + Sync> Sync for Borrowed<T> {}

impl<T> AsRef<[T]> for Borrowed<T> {
    #[expect(unsafe_code, reason = "NumPy's memory has no lifetime that Rust could see")]
    fn as_ref(&self) -> &[T] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: pointer and length are those of a contiguous, aligned NumPy array (checked in `borrow`), which
        // `_owner` keeps alive and in its place.
        unsafe { std::slice::from_raw_parts(self.numbers, self.len) }
    }
}

/// The numbers of `array`, not copied.
///
/// # Errors
/// `ValueError` where they are not contiguous or not aligned.
pub(crate) fn borrow<T: Element + Copy + Sync + 'static>(array: &Bound<'_, PyArray1<T>>) -> PyResult<Array<T>> {
    let numbers = array.data().cast_const();
    if !array.is_contiguous() || !numbers.is_aligned() {
        return Err(value_error(
            Code::UnsupportedType,
            "the array is not contiguous and aligned: give numpy.ascontiguousarray(x)",
        ));
    }
    Ok(Array::lent(Arc::new(Borrowed { numbers, len: array.len(), _owner: array.clone().unbind() })))
}
