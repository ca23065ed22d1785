//! Any bytes as a .npy file: a matrix or an error, never a panic; the same whatever type is asked for.
#![no_main]

use eckart::data::{Dtype, ReadOptions, read_npy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(matrix) = read_npy(bytes, &ReadOptions::default()) {
        let wide = ReadOptions { dtype: Some(Dtype::F64), ..ReadOptions::default() };
        let again = read_npy(bytes, &wide).expect("f64 holds what was read");
        assert_eq!((matrix.shape(), matrix.missing()), (again.shape(), again.missing()));
    }
});
