//! See `eckart_fuzz::mtx`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::mtx(bytes));
