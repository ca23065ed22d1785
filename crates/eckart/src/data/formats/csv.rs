//! Csv: a matrix as comma, tab or semicolon separated text.
//! In: such a text, a table or a list of entries; a dense `Table`.  Out: a `Table`, dense or sparse; such a text.
//! Invariant: what is detected is documented at `read_csv`; what is written reads back the same.
//! Not here: splitting into cells (see `records`), tables (see `table`) and lists of entries (see `triplets`).

use std::io::{self, Read, Write};
use std::path::Path;

use super::text::records::{Records, delimiter, write_cell};
use super::{table, triplets};
use crate::data::sink::write_file;
use crate::data::source::{PEEK, Peeked, empty_file, extension};
use crate::data::{Dtype, ReadOptions, Table};
use crate::error::{Code, Error, Result};

/// The table, or the list of entries, in a CSV text.
///
/// **A list of entries** is `row,column,value` (further columns are passed over) or `row,column` (each value is 1). It
/// is taken for one exactly where a header's first three names, or its only two, say so: a word for a row (user, row,
/// sample, doc, i, ...), one for a column (item, movie, col, feature, term, j, ...) and one for a value (rating, value,
/// count, weight, ...), with or without a final "id"; or where [`ReadOptions::triplets`] is `Some(true)`, with or
/// without a header. The result is sparse, and its rows and columns are named by the ids: in order of number where all
/// are whole numbers, else in order of first appearance. It is f32 where every value is exact in f32, else f64.
///
/// **A table** is dense. Its first row is a header where any of its cells is not a number; its first column holds names
/// where the first cell under the header is not a number, or where the header's first cell is empty, or the header has
/// one cell less than the rows. Where that leaves a doubt (`a,1,2` over `b,3,4`), the file is refused until
/// [`ReadOptions::header`] decides. An empty cell, `NA`, `N/A`, `NaN`, `null` and `?` are missing entries (`NaN`). It
/// is f32 where all numbers are integers of at most 2^24, else f64.
///
/// # Errors
/// `Data`, with the line: a ragged row, a cell that is not a number or infinite, no rows or columns, an open quote; in
/// a list of entries also an empty id, a missing value and, unless [`ReadOptions::duplicates`] settles it, a repeated
/// entry.
pub fn read_csv(input: impl Read, options: &ReadOptions) -> Result<Table> {
    let input = Peeked::new(input, PEEK);
    let prefix = input.prefix();
    if prefix.starts_with(b"\xff\xfe") || prefix.starts_with(b"\xfe\xff") {
        return Err(Error::data(Code::NotUtf8, "the text is UTF-16", "Save it as UTF-8"));
    }
    let delimiter = options.delimiter.unwrap_or_else(|| delimiter(prefix, prefix.len() < PEEK));
    let mut records = Records::new(input, delimiter);
    let Some(first) = records.take()? else {
        return Err(empty_file());
    };
    if options.triplets.unwrap_or_else(|| triplets::is_header(&first)) {
        triplets::read(first, records, options)
    } else {
        table::read(first, records, options)
    }
}

/// Writes a dense matrix as CSV: a header where it has names, then its rows, each after its name where it has one. The
/// name of the file may end in `.gz`, and in `.tsv` for tabs; `-` is standard output.
///
/// Where only the rows have names, the columns are numbered from 1. Missing entries are empty cells (`NaN` where a row
/// without a name begins with one, since an empty first cell can be read as the corner of a header).
///
/// # Errors
/// `Data` where the matrix is sparse or the number of names does not fit; `Io` where the file can't be written.
pub fn write_csv(path: impl AsRef<Path>, table: &Table) -> Result<()> {
    let path = path.as_ref();
    if table.matrix.is_sparse() {
        let message = "a sparse matrix is not written as CSV, which has a cell for every zero";
        return Err(Error::data(Code::SparseNotWritten, message, "Name the file .mtx"));
    }
    let (rows, cols) = table.matrix.shape();
    for (what, names, side) in [("row", &table.row_names, rows), ("column", &table.col_names, cols)] {
        if let Some(names) = names
            && names.len() != side
        {
            let message = format!("{} {what} names for a {rows} x {cols} matrix", names.len());
            return Err(Error::data(Code::NameCount, message, format!("Give one name a {what}")));
        }
    }
    let delimiter = if extension(path).as_deref() == Some("tsv") { b'\t' } else { b',' };
    write_file(path, |out| write_table(out, table, delimiter))
}

fn write_table(out: &mut dyn Write, table: &Table, delimiter: u8) -> io::Result<()> {
    let (rows, cols) = table.matrix.shape();
    let named = table.row_names.is_some();
    if named || table.col_names.is_some() {
        for j in 0..cols {
            if named || j > 0 {
                out.write_all(&[delimiter])?;
            }
            match &table.col_names {
                Some(names) => write_cell(out, &names[j])?,
                None => write!(out, "{}", j + 1)?,
            }
        }
        out.write_all(b"\n")?;
    }
    for i in 0..rows {
        if let Some(names) = &table.row_names {
            write_cell(out, &names[i])?;
        }
        for j in 0..cols {
            if named || j > 0 {
                out.write_all(&[delimiter])?;
            }
            write_number(out, table.matrix.get(i, j), table.matrix.dtype(), j == 0 && !named)?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The shortest text that reads as the same number.
fn write_number(out: &mut dyn Write, value: f64, dtype: Dtype, begins: bool) -> io::Result<()> {
    match dtype {
        _ if value.is_nan() => out.write_all(if begins { b"NaN" } else { b"" }),
        _ if value.fract() == 0.0 && value.abs() < 1e15 => write!(out, "{value}"),
        Dtype::F32 => write!(out, "{:?}", value as f32),
        Dtype::F64 => write!(out, "{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::{Matrix, read, write};
    use crate::error::check_error;

    /// What `table` reads as after it was written.
    fn back(table: &Table, file: &str, options: &ReadOptions) -> Table {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(file);
        write(&path, table).unwrap();
        read(&path, options).unwrap()
    }

    #[track_caller]
    fn refuses(table: &Table, code: Code, part: &str) {
        check_error(&write_csv("never.csv", table).unwrap_err(), code, part);
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        let sparse = Matrix::from_triplets(1, 1, vec![(0, 0, 1.0)]).unwrap();
        refuses(&sparse.into(), Code::SparseNotWritten, ".mtx");
        let mut table = Table::from(Matrix::dense(1, 2, vec![1.0, 2.0]).unwrap());
        table.col_names = Some(vec!["a".to_owned()]);
        refuses(&table, Code::NameCount, "1 column names for a 1 x 2 matrix");
    }

    #[test]
    fn row_names_alone_bring_a_header() {
        let mut table = Table::from(Matrix::dense(2, 2, vec![1.0f32, f32::NAN, 3.0, 0.1]).unwrap());
        table.row_names = Some(vec!["a".to_owned(), "b".to_owned()]);
        let mut text = Vec::new();
        write_table(&mut text, &table, b',').unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), ",1,2\na,1,\nb,3,0.1\n");
    }

    proptest! {
        #[test]
        fn tables_come_back(
            numbers in prop::collection::vec(prop_oneof![3 => -1e9..1e9, 1 => Just(f64::NAN), 1 => Just(3.0)], 6),
            names in prop::collection::vec("[a-c\",;\n\r \u{e9}]{0,3}", 5),
            (rows_named, cols_named, tabs, wide) in any::<(bool, bool, bool, bool)>(),
        ) {
            let values = numbers.iter().map(|&v| if wide { v } else { f64::from(v as f32) }).collect();
            let mut table = Table::from(Matrix::dense(2, 3, values).unwrap());
            // A letter before a name keeps it from being taken for a number or a missing cell.
            let names: Vec<String> = names.iter().map(|name| format!("x{name}")).collect();
            table.row_names = rows_named.then(|| names[..2].to_vec());
            table.col_names = cols_named.then(|| names[2..].to_vec());
            let file = if tabs { "a.tsv" } else { "a.csv.gz" };
            let options = ReadOptions { dtype: Some(Dtype::F64), ..ReadOptions::default() };
            let found = back(&table, file, &options);
            let bits = |m: &Matrix| m.values_f64().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&found.matrix), bits(&table.matrix));
            prop_assert_eq!(&found.row_names, &table.row_names);
            let counted = || Some((1..=3).map(|j| j.to_string()).collect());
            prop_assert_eq!(found.col_names, table.col_names.or_else(|| table.row_names.and_then(|_| counted())));
        }
    }
}
