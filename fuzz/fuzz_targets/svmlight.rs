//! Any bytes as SVMlight: a sparse matrix, or an error.
#![no_main]

use eckart::data::{ReadOptions, read_svmlight};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(matrix) = read_svmlight(bytes, &ReadOptions::default()) {
        assert!(matrix.is_sparse() && matrix.stored() > 0);
    }
});
