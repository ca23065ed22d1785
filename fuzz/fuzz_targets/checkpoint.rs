//! See `eckart_fuzz::checkpoint`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::checkpoint(bytes));
