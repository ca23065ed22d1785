//! Text: whatever a text is, it is read or refused with words; what is read is printed and reads the same again.
// The fuzz crate's Cargo.toml lists this target as `text`; it needs nothing but `eckart` and `libfuzzer-sys`.
#![no_main]

use eckart::expr::text::parse_statement;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(statement) = parse_statement(text) else { return };
    match parse_statement(&statement.to_string()) {
        Ok(again) => assert_eq!(again, statement),
        // `-1 * x` is printed `-x`, which is one level deeper.
        Err(error) => assert!(error.to_string().contains("nested deeper"), "{error}"),
    }
});
