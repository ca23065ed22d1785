//! Any bytes as CSV, as a table and as a list of entries: a matrix with as many names as rows, or an error.
#![no_main]

use eckart::data::{Decimal, Delimiter, ReadOptions, Table, read_csv};
use libfuzzer_sys::fuzz_target;

fn check(table: &Table) {
    let (rows, cols) = table.matrix.shape();
    assert!(table.row_names.as_ref().is_none_or(|names| names.len() == rows));
    assert!(table.col_names.as_ref().is_none_or(|names| names.len() == cols));
}

fuzz_target!(|bytes: &[u8]| {
    for triplets in [None, Some(true), Some(false)] {
        for header in [None, Some(true), Some(false)] {
            for row_names in [None, Some(true)] {
                let options = ReadOptions { triplets, header, row_names, ..ReadOptions::default() };
                if let Ok(table) = read_csv(bytes, &options) {
                    check(&table);
                }
            }
        }
    }
    for delimiter in [Delimiter::Byte(b';'), Delimiter::Text("::".into()), Delimiter::Blanks] {
        let said = ReadOptions {
            delimiter: Some(delimiter),
            decimal: Some(Decimal::Comma),
            comment: Some("#".into()),
            na_values: Some(vec!["-1".into()]),
            ..ReadOptions::default()
        };
        for columns in [None, Some(vec!["2".to_owned(), "1".to_owned()])] {
            if let Ok(table) = read_csv(bytes, &ReadOptions { columns, ..said.clone() }) {
                check(&table);
            }
        }
    }
});
