//! Csv: a matrix as text whose cells are separated by commas, tabs, semicolons, blanks and the like.
//! In: such a text, a table or a list of entries; a dense `Table`.  Out: a `Table`, dense or sparse; such a text.
//! Invariant: what is detected is documented at `read_csv`; what is written reads back the same.
//! Not here: splitting into cells (see `records`), tables (see `table`) and lists of entries (see `triplets`).

use std::io::{self, Read, Write};
use std::path::Path;

use super::text::cells::{CellFormat, is_grouped};
use super::text::dialect::Dialect;
use super::text::number::parse;
use super::text::records::{Records, write_cell, write_quoted};
use super::triplets::columns::entry_columns;
use super::{table, triplets};
use crate::data::sink::write_file;
use crate::data::source::{PEEK, Peeked, empty_file, extension};
use crate::data::{Dtype, ReadOptions, Table};
use crate::error::{Code, Error, PrintedAs, Result, printable};

/// The table, or the list of entries, in a CSV text. How it was understood is in [`Table::reading`].
///
/// **Cells** are separated by commas, semicolons, tabs, `|`, `::` or runs of blanks, whichever cuts the first rows into
/// as many cells each and leaves the most numbers; a first line `sep=;` says it. Lines of `#` or `%` that the text
/// begins with are comments, and so are all that begin alike; the last of them is the header where it has a name for
/// every column. A comma in a number is a decimal mark where the first rows have one that can't group thousands
/// (`0,127`) and no decimal point; else it may group thousands where commas separate the cells or decimals have a
/// point; else (`1,234;2,345`) the file is refused until [`ReadOptions::decimal`] decides. Rows and columns without a
/// name and a number are left out: those of a spreadsheet.
///
/// **A list of entries** has a column of row ids, one of column ids and one of values; without that each value is 1. It
/// is taken for one where its header has a word for a row (user, row, sample, doc, i, ...), one for a column (item,
/// movie, col, feature, term, j, ...) and one for a value (rating, value, count, weight, ...), in any order, with or
/// without a final "id", or only the first two beside times; or where [`ReadOptions::columns`] or
/// [`ReadOptions::triplets`] says so, with or without a header. Where a header has the first two words alone beside
/// other columns, or ids of text repeat in two columns while their pairs don't, the file is refused until an option
/// decides. The result is sparse, and its rows and columns are named by the ids: in order of number where all are whole
/// numbers (`7.0` is 7), else in order of first appearance. It is f32 where every value is exact in f32, else f64.
///
/// **A table** is dense. Its first row is a header where any of its cells is not a number, or all are quoted and the
/// numbers below are not; its first column holds names where the first cell under the header is not a number, or is
/// quoted while the others are not, or where the header's first cell is empty, or the header has one cell less than the
/// rows. Numbers of the first column are names where it is called as an index (`id`, `year`, `wavelength`, ...) or they
/// are whole and in order beside fractions: that is warned of. Where the rest leaves a doubt (`a,1,2` over `b,3,4`, a
/// first row of years; a row that is a header, or a column that holds names, by one cell alone, which may be a damaged
/// number), the file is refused until [`ReadOptions::header`] or [`ReadOptions::row_names`] decides. An
/// empty cell, `NA`, `N/A`, `NaN`, `null`, `None`, `?` and the like are missing entries (`NaN`). It is f32 where all
/// numbers are integers of at most 2^24, else f64.
///
/// # Errors
/// `Data`, with the line: a ragged row, a cell that is not a number or infinite, no rows or columns, an open quote; in
/// a list of entries also an empty id or one such as `NA`, a missing value and, unless [`ReadOptions::duplicates`]
/// settles it, a repeated entry.
pub fn read_csv(input: impl Read, options: &ReadOptions) -> Result<Table> {
    let input = Peeked::new(input, PEEK);
    let prefix = input.prefix();
    if prefix.starts_with(b"\xff\xfe") || prefix.starts_with(b"\xfe\xff") {
        return Err(Error::data(Code::NotUtf8, "the text is UTF-16", "Save it as UTF-8"));
    }
    let mut dialect = Dialect::detect(prefix, prefix.len() < PEEK, options)?;
    let format = CellFormat::new(options, dialect.commas);
    let mut records = Records::new(input, dialect.delimiter.clone()).without_comments(dialect.comment.clone());
    if dialect.sep_line {
        records.skip_line()?;
    }
    records = records.without_margin(dialect.margin);
    let mut first = records.take_filled()?.0.ok_or_else(empty_file)?;
    let above = dialect.sample.iter().take_while(|row| row.line < first.line).count();
    dialect.sample.drain(..above);
    if let Some(heading) = dialect.heading.take() {
        records.put_back(std::mem::replace(&mut first, heading.clone()));
        dialect.sample.insert(0, heading);
    }
    let mut table = match entry_columns(&first, &dialect.sample, &format, options)? {
        Some(columns) => triplets::read(&first, &mut records, columns, &format, options)?,
        None => table::read(&first, &mut records, &dialect.sample, &format, options)?,
    };
    let said = table.reading.into_iter().chain(dialect.said(records.comments())).collect::<Vec<_>>();
    table.reading = Some(printable(&said.join("; "), PrintedAs::Line).into_owned());
    Ok(table)
}

/// Writes a dense matrix as CSV: a header where it has names, then its rows, each after its name where it has one. The
/// name of the file may end in `.gz`, and in `.tsv` for tabs; `-` is standard output.
///
/// Where only the rows have names, the columns are numbered from 1. Names are quoted where numbers among them could be
/// taken for data. Missing entries are empty cells (`NaN` where row or column has no name, since a row or a
/// column of nothing is left out by readers, and an empty first cell can be the corner of a header).
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
    let are_numbers = |names: &Vec<String>| names.iter().all(|name| parse(name.as_bytes()).is_some());
    let any_number = |names: &Vec<String>| names.iter().any(|name| parse(name.as_bytes()).is_some());
    // Names of numbers under an empty corner are plain beside a row or a column of texts.
    let quote = match (&table.row_names, &table.col_names) {
        (Some(rows), Some(cols)) => are_numbers(rows) && are_numbers(cols),
        (None, Some(cols)) => any_number(cols),
        (_, None) => false,
    };
    let write_name = |out: &mut dyn Write, name: &str| {
        if quote { write_quoted(out, name) } else { write_cell(out, name) }
    };
    if named || table.col_names.is_some() {
        for j in 0..cols {
            if named || j > 0 {
                out.write_all(&[delimiter])?;
            }
            match &table.col_names {
                Some(names) => write_name(out, &names[j])?,
                None => write!(out, "{}", j + 1)?,
            }
        }
        out.write_all(b"\n")?;
    }
    let nameless_row = |i: usize| table.row_names.as_ref().is_none_or(|names| names[i].is_empty());
    let nameless_column = |j: usize| table.col_names.as_ref().map_or(!named, |names| names[j].is_empty());
    for i in 0..rows {
        if let Some(names) = &table.row_names {
            write_name(out, &names[i])?;
        }
        for j in 0..cols {
            if named || j > 0 {
                out.write_all(&[delimiter])?;
            }
            let nameless = nameless_row(i) || nameless_column(j);
            write_number(out, table.matrix.get(i, j), table.matrix.dtype(), nameless)?;
            if delimiter == b'\t' && looks_grouped(table.matrix.get(i, j), table.matrix.dtype()) {
                out.write_all(b"0")?;
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The shortest text that reads as the same number.
fn write_number(out: &mut dyn Write, value: f64, dtype: Dtype, nameless: bool) -> io::Result<()> {
    match dtype {
        _ if value.is_nan() => out.write_all(if nameless { b"NaN" } else { b"" }),
        _ if value.fract() == 0.0 && value.abs() < 1e15 => write!(out, "{value}"),
        Dtype::F32 => write!(out, "{:?}", value as f32),
        Dtype::F64 => write!(out, "{value:?}"),
    }
}

/// Whether a number is written with three decimals, which between tabs may be thousands: a zero after them says that
/// they are none.
fn looks_grouped(value: f64, dtype: Dtype) -> bool {
    let mut text = Vec::new();
    write_number(&mut text, value, dtype, false).is_ok() && is_grouped(&text, b'.')
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

    #[test]
    fn three_decimals_between_tabs_are_decimals() {
        let table = Table::from(Matrix::dense(2, 2, vec![1.125, 12.375, 3.0, -1.5e2]).unwrap());
        assert_eq!(back(&table, "a.tsv", &ReadOptions::default()).matrix.values_f64(), table.matrix.values_f64());
    }

    /// A name alone among numbers could be a damaged number: what is written leaves no doubt.
    #[test]
    fn names_of_which_some_are_numbers_come_back() {
        let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<String>>();
        for (rows, cols) in [(None, Some("x 5 2")), (Some("x 7 3"), Some("a 5 2")), (Some("x 7 3"), None)] {
            let matrix = Matrix::dense(3, 3, vec![1.0, 5.0, 2.0, 2.0, 4.0, 1.0, 2.5, 3.0, 3.0]).unwrap();
            let table = Table::named(matrix, rows.map(names), cols.map(names));
            let found = back(&table, "a.csv", &ReadOptions::default());
            assert_eq!(found.row_names, table.row_names);
            assert!(cols.is_none() || found.col_names == table.col_names);
        }
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
