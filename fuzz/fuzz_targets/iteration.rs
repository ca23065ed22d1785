//! See `eckart_fuzz::iteration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::iteration(bytes));
