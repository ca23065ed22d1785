//! Any bytes as an archive of NumPy's arrays: a matrix, or an error.
#![no_main]

use eckart::data::{ReadOptions, read_npz};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(matrix) = read_npz(bytes, &ReadOptions::default()) {
        assert!(matrix.rows() > 0 && matrix.cols() > 0);
    }
});
