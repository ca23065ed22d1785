//! See `eckart_fuzz::svmlight`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::svmlight(bytes));
