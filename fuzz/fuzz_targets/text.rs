//! See `eckart_fuzz::text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::text(bytes));
