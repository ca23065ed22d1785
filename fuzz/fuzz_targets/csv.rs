//! See `eckart_fuzz::csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::csv(bytes));
