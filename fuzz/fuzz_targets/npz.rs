//! See `eckart_fuzz::npz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::npz(bytes));
