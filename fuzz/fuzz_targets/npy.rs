//! See `eckart_fuzz::npy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eckart_fuzz::npy(bytes));
