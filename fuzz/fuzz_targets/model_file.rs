//! See `eckart_fuzz::model_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::model_file(bytes));
