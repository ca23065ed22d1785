//! Triplets: a sparse matrix as a list of its entries, by the ids of their rows and columns.
//! In: the rows of a CSV text, which columns are ids and values.  Out: a sparse `Table` named by the ids.
//! Invariant: the order of rows and columns follows from the ids alone where they are numbers, else from first
//! appearance.
//! Not here: when a text is such a list, and which columns are meant (see `columns`).

pub(in crate::data) mod columns;
pub(in crate::data) mod header;
mod ids;

use std::collections::BTreeSet;

use super::entries::EntryList;
use super::text::cells::{CellFormat, CellValue, decimal_help};
use super::text::number::{Choice, inexact, shown};
use super::text::records::{Record, Records};
use crate::data::{Matrix, ReadOptions, Table};
use crate::error::{Code, Error, Result};
use header::EntryColumns;
use ids::IdTable;

/// How far a table of numbers looks like a list of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListEvidence {
    /// It does not.
    Table,
    /// It may be one: three or more columns without a gap, the first two of whole numbers. An objective that speaks of
    /// missing entries makes that a doubt, for such a table has none.
    Possible,
    /// It hardly is anything else: many rows, ids that stand twice and more in two columns, and no pair that does.
    Probable,
}

/// How far a dense table looks like a list of entries `row,column,value,...`.
pub fn list_evidence(x: &Matrix) -> ListEvidence {
    const MOST_COLUMNS: usize = 12;
    /// As many pairs as this would stand twice by chance in columns of no list.
    const CHANCE: usize = 10;
    const FEWEST_ROWS: usize = 30;
    /// As many rows are looked at.
    const MOST_ROWS: usize = 20_000;
    let (rows, cols) = (x.rows().min(MOST_ROWS), x.cols());
    let is_id = |value: f64| value >= 0.0 && value.fract() == 0.0;
    let whole = |j: usize| (0..rows).all(|i| is_id(x.get(i, j)));
    if x.is_sparse() || x.missing() > 0 || !(2..=MOST_COLUMNS).contains(&cols) || rows < 2 {
        return ListEvidence::Table;
    }
    let column = |j: usize| (0..rows).map(|i| x.get(i, j).to_bits()).collect::<BTreeSet<u64>>().len();
    let pairs =
        |p: usize, q: usize| (0..rows).map(|i| (x.get(i, p).to_bits(), x.get(i, q).to_bits())).collect::<BTreeSet<_>>();
    let repeats = |distinct: usize| 2 * distinct <= rows && distinct > 1;
    if rows >= FEWEST_ROWS && cols <= 4 {
        let ids: Vec<(usize, usize)> = (0..cols)
            .filter(|&j| whole(j))
            .map(|j| (j, column(j)))
            .filter(|(_, distinct)| repeats(*distinct))
            .collect();
        // Two columns alone, and others than the first two, may look so by chance.
        let by_place = |p: usize, q: usize| cols > 2 && (p, q) == (0, 1);
        let is_rare = |p: usize, q: usize| rows * rows >= 2 * CHANCE * p * q;
        let of_pairs = |at: usize| ids[at + 1..].iter().map(move |q| (at, q));
        let is_list = (0..ids.len()).flat_map(of_pairs).any(|(at, &(q, of_q))| {
            let (p, of_p) = ids[at];
            (by_place(p, q) || is_rare(of_p, of_q)) && pairs(p, q).len() == rows
        });
        if is_list {
            return ListEvidence::Probable;
        }
    }
    if cols == 2 || !whole(0) || !whole(1) {
        return ListEvidence::Table;
    }
    // More columns than a time beside a value need ids that repeat.
    let likely = cols <= 4 || (column(0) < rows && column(1) < rows && pairs(0, 1).len() == rows);
    if likely { ListEvidence::Possible } else { ListEvidence::Table }
}

pub(in crate::data) fn read(
    first: &Record,
    records: &mut Records<'_>,
    (columns, headed): (EntryColumns, bool),
    format: &CellFormat,
    options: &ReadOptions,
) -> Result<Table> {
    let width = first.cells.len();
    let (entries, rows, cols) = (EntryList::default(), IdTable::default(), IdTable::default());
    let mut list = List { width, columns, format, entries, rows, cols };
    if !headed {
        list.add(width, |k| &first.cells[k], first.line)?;
    }
    while records.advance()? {
        list.add(records.len(), |k| records.cell(k), records.line())?;
    }
    let mut table = list.finish(options)?;
    table.reading = Some(columns.said(first, headed));
    Ok(table)
}

/// The entries as they arrive.
struct List<'a> {
    width: usize,
    columns: EntryColumns,
    format: &'a CellFormat,
    entries: EntryList,
    rows: IdTable,
    cols: IdTable,
}

impl List<'_> {
    fn add<'c>(&mut self, count: usize, cell: impl Fn(usize) -> &'c [u8], line: u64) -> Result<()> {
        if count != self.width {
            // A row of nothing, as spreadsheets leave them, or cells of nothing at the end of a row.
            let from = if (0..count).all(|k| cell(k).is_empty()) { 0 } else { self.width };
            if count > from && (from..count).all(|k| cell(k).is_empty()) {
                return if from == 0 { Ok(()) } else { self.add(self.width, cell, line) };
            }
            return Err(Error::data(
                Code::RaggedRows,
                format!("the row has {count} cells where {} are expected", self.width),
                "Give every entry the same columns, and quote cells that hold the delimiter",
            )
            .at_line(line));
        }
        let EntryColumns { row, col, value } = self.columns;
        let (row, col) = (cell(row), cell(col));
        if (row.is_empty() || col.is_empty()) && (0..count).all(|k| cell(k).is_empty()) {
            return Ok(());
        }
        let value = match value {
            Some(k) => self.value(cell(k)).map_err(|e| e.at_line(line))?,
            None => 1.0,
        };
        let row = self.rows.index(row, self.format, line)?;
        let col = self.cols.index(col, self.format, line)?;
        self.entries.push(row, col, value, line)
    }

    fn value(&self, cell: &[u8]) -> Result<f64> {
        match self.format.read(cell) {
            CellValue::Number(value) if self.format.is_rounded(cell, value) => {
                let help = "Where it is an id, say the columns by columns (--columns ROW,COL[,VALUE])";
                Err(inexact(cell, ", a value,", help))
            }
            CellValue::Number(value) if value.is_finite() => Ok(value),
            CellValue::Number(_) => Err(Error::data(
                Code::InfiniteValue,
                format!("the value {} is not finite", shown(cell)),
                "Leave the entry out",
            )),
            CellValue::Missing => {
                let message = format!("the value is missing ({})", shown(cell));
                Err(Error::data(Code::MissingValue, message, "Leave missing entries out of the list"))
            }
            CellValue::Text => Err(Error::data(
                Code::NotANumber,
                format!("the value {} is not a number", shown(cell)),
                decimal_help(cell)
                    .unwrap_or("Say the columns by columns (--columns ROW,COL,VALUE), by their names or numbers"),
            )),
        }
    }

    fn finish(mut self, options: &ReadOptions) -> Result<Table> {
        if self.entries.len() == 0 {
            return Err(Error::data(Code::NoEntries, "there is a header but no entry", "Check how the file was made"));
        }
        let row_ids = self.rows.sort().map(|(order, ids)| {
            self.entries.renumber_rows(&order);
            ids
        });
        let col_ids = self.cols.sort().map(|(order, ids)| {
            self.entries.renumber_cols(&order);
            ids
        });
        let (row_names, col_names) = (self.rows.names, self.cols.names);
        let choice = options.dtype.map_or(Choice::ExactToF32, Choice::Fixed);
        let label = |i: usize, j: usize| format!("row id {:?}, column id {:?}", row_names[i], col_names[j]);
        let shape = (row_names.len(), col_names.len());
        let matrix = self.entries.into_matrix(shape, choice, options.duplicates, &label)?;
        Ok(Table { row_ids, col_ids, ..Table::named(matrix, Some(row_names), Some(col_names)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dtype, Duplicates, Ids, read_csv};
    use crate::error::check_error;

    /// Row ids, column ids and entries of a list.
    #[track_caller]
    fn check_with(options: &ReadOptions, list: &str, rows: &str, cols: &str, entries: &[(usize, usize, f64)]) {
        let table = read_csv(list.as_bytes(), options).unwrap();
        assert_eq!(
            (table.row_names.unwrap().join(" "), table.col_names.unwrap().join(" ")),
            (rows.into(), cols.into())
        );
        let pattern = table.matrix.pattern().expect("a list gives a sparse matrix");
        let places = (0..pattern.nnz()).map(|at| (pattern.row_of(at), pattern.indices()[at] as usize));
        let found: Vec<_> = places.zip(table.matrix.values_f64()).map(|((i, j), v)| (i, j, v)).collect();
        assert_eq!(found, entries);
    }

    #[track_caller]
    fn check(list: &str, rows: &str, cols: &str, entries: &[(usize, usize, f64)]) {
        check_with(&ReadOptions::default(), list, rows, cols, entries);
    }

    #[track_caller]
    fn refuses(list: &str, code: Code, part: &str) {
        let options = ReadOptions { triplets: Some(true), ..ReadOptions::default() };
        check_error(&read_csv(list.as_bytes(), &options).unwrap_err(), code, part);
    }

    #[test]
    fn lists_are_detected() {
        check("user,item,rating,timestamp\n10,b,4,0\n9,a,5,0\n", "9 10", "b a", &[(0, 1, 5.0), (1, 0, 4.0)]);
        check("userId\tmovie_id\tRating\n1\t2\t0.5\n", "1", "2", &[(0, 0, 0.5)]);
        check("i,j,v\n2,1,0\n", "2", "1", &[(0, 0, 0.0)]);
        check("user,item\nu,x\nu,y\n", "u", "x y", &[(0, 0, 1.0), (0, 1, 1.0)]);
        check(",user,rating,item\n0,u,4,x\n1,v,5,x\n", "u v", "x", &[(0, 0, 4.0), (1, 0, 5.0)]);
    }

    #[test]
    fn tables_that_may_be_lists_are_seen() {
        use ListEvidence::{Possible, Probable};
        let of = |cols: usize, numbers: &[f64]| {
            list_evidence(&Matrix::dense(numbers.len() / cols, cols, numbers.to_vec()).unwrap())
        };
        assert_eq!(of(3, &[1.0, 2.0, 0.5, 4.0, 5.0, 6.0]), Possible);
        assert_eq!(of(4, &[1.0, 2.0, 0.5, 9.5, 4.0, 5.0, 6.0, 7.5]), Possible);
        assert_eq!(of(3, &[1.0, 2.0, 3.0]), ListEvidence::Table, "one row");
        assert_eq!(of(2, &[1.0, 2.0, 4.0, 5.0]), ListEvidence::Table, "two columns");
        assert_eq!(of(3, &[1.5, 2.0, 3.0, 4.0, 5.0, 6.0]), ListEvidence::Table, "no id");
        assert_eq!(of(3, &[1.0, -2.0, 3.0, 4.0, 5.0, 6.0]), ListEvidence::Table, "no id");
        assert_eq!(of(3, &[1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0]), ListEvidence::Table, "missing");
        // Ids that repeat while their pairs don't, in a table too wide for a value and a time.
        let wide = |pairs: [[f64; 2]; 4]| pairs.iter().flat_map(|[i, j]| [*i, *j, 0.5, 0.5, 0.5]).collect::<Vec<_>>();
        assert_eq!(of(5, &wide([[1.0, 1.0], [1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])), Possible);
        assert_eq!(of(5, &wide([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]])), ListEvidence::Table);
        let all: Vec<f64> = (0..36).flat_map(|k| [f64::from(k / 6), f64::from(k % 6), f64::from(k)]).collect();
        assert_eq!(of(3, &all), Probable);
        // Without a value; after it. Two columns of numbers that hardly repeat are a table.
        let pairs = |k: u32| [f64::from(k / 6), f64::from(k * 5 % 6)];
        assert_eq!(of(2, &(0..36).flat_map(pairs).collect::<Vec<f64>>()), Probable);
        let last: Vec<f64> = (0..36).flat_map(|k| [0.5 + f64::from(k % 5), pairs(k)[0], pairs(k)[1]]).collect();
        assert_eq!(of(3, &last), Probable);
        let apart: Vec<f64> = (0..36).flat_map(|k| [f64::from(k % 18), f64::from(k % 17)]).collect();
        assert_eq!(of(2, &apart), ListEvidence::Table);
    }

    #[test]
    fn whole_floats_are_the_integers_they_are() {
        check(
            "user,item,rating\n101.0,7,1\n101,8,2\n9.0,7,3\n",
            "9 101",
            "7 8",
            &[(0, 0, 3.0), (1, 0, 1.0), (1, 1, 2.0)],
        );
        check("user,item,rating\n1.5,7,1\n2.0,7,2\n", "1.5 2.0", "7", &[(0, 0, 1.0), (1, 0, 2.0)]);
        check(
            "user,item,rating\n101.0,7,1\n101,8,2\nann,7,3\n",
            "101 ann",
            "7 8",
            &[(0, 0, 1.0), (0, 1, 2.0), (1, 0, 3.0)],
        );
    }

    #[test]
    fn rows_of_nothing_are_none() {
        check("user,item,rating\na,x,1\n,,\nb,x,2,\n,,,,\n", "a b", "x", &[(0, 0, 1.0), (1, 0, 2.0)]);
    }

    #[test]
    fn ids_keep_their_order_or_are_sorted() {
        // All whole numbers: by number, as which they come back. One that is none, or is written in an odd way: as they
        // appear, as texts.
        check("i,j,v\n10,1,1\n9,2,1\n-1,1,1\n", "-1 9 10", "1 2", &[(0, 0, 1.0), (1, 1, 1.0), (2, 0, 1.0)]);
        check("i,j,v\n10,1,1\n09,1,1\n", "10 09", "1", &[(0, 0, 1.0), (1, 0, 1.0)]);
        let ids = |list: &str| {
            let table = read_csv(list.as_bytes(), &ReadOptions::default()).unwrap();
            (table.row_ids, table.col_ids)
        };
        let numbers = |list: &[i64]| Some(Ids::I64(list.to_vec()));
        assert_eq!(ids("i,j,v\n10.0,b,1\n-9,2,1\n"), (numbers(&[-9, 10]), None));
        assert_eq!(ids("i,j,v\n09,8,1\n9,7,1\n"), (None, numbers(&[7, 8])));
        assert_eq!(ids("id,a,b\n9,8,1\n7,7,1\n"), (None, None), "a table has names");
    }

    #[test]
    fn fractions_are_no_ids() {
        let table =
            read_csv(&b"user,product,score\n1.5,1.25,3\n0.5,2,4\n2.5,1,4\n"[..], &ReadOptions::default()).unwrap();
        assert_eq!((table.matrix.shape(), table.row_names), ((3, 3), None));
        check_with(
            &ReadOptions::default(),
            "sample,feature,value\na,100.5,1\na,200.25,2\nb,100.5,3\n",
            "a b",
            "100.5 200.25",
            &[(0, 0, 1.0), (0, 1, 2.0), (1, 0, 3.0)],
        );
        let said = ReadOptions { triplets: Some(true), ..ReadOptions::default() };
        check_with(&said, "user,item,score\n0.5,1.25,3\n", "0.5", "1.25", &[(0, 0, 3.0)]);
    }

    #[test]
    fn options_decide() {
        let list = ReadOptions { triplets: Some(true), ..ReadOptions::default() };
        check_with(&list, "1,2,3\n", "1", "2", &[(0, 0, 3.0)]);
        check_with(&list, "who,what,how\na,b,3\n", "a", "b", &[(0, 0, 3.0)]);
        check_with(&list, "a,b\n", "a", "b", &[(0, 0, 1.0)]);
        let sum = ReadOptions { duplicates: Duplicates::Sum, ..list.clone() };
        check_with(&sum, "a,b,1\na,b,2\n", "a", "b", &[(0, 0, 3.0)]);
        let dtype = |list: &str| read_csv(list.as_bytes(), &ReadOptions::default()).unwrap().matrix.dtype();
        assert_eq!((dtype("i,j,v\n1,1,2.5\n"), dtype("i,j,v\n1,1,0.1\n")), (Dtype::F32, Dtype::F64));
    }

    #[test]
    fn what_is_wrong_is_said() {
        refuses("user,item,rating\n", Code::NoEntries, "");
        refuses("a,b,1\na,c\n", Code::RaggedRows, "line 2: the row has 2 cells where 3 are expected");
        refuses("a,b,1\na,c,\n", Code::MissingValue, "line 2");
        refuses("a,b,1\na,c,NaN\n", Code::MissingValue, "line 2");
        refuses("a,b,1\na,c,inf\n", Code::InfiniteValue, "line 2: the value \"inf\"");
        refuses("a,b,1\na,c,9007199254740993\n", Code::InexactInteger, "line 2: \"9007199254740993\"");
        refuses("a,b,1\na,c,x\n", Code::NotANumber, "line 2: the value \"x\"");
        refuses("a,b,1\n,c,2\n", Code::EmptyId, "line 2");
        refuses("a,b,1\nNA,c,2\n", Code::EmptyId, "line 2");
        refuses("a,b,1\na,null,2\n", Code::EmptyId, "--na-values");
        refuses(
            "a,b,1\nc,d,2\n\na,b,2\n",
            Code::DuplicateEntry,
            "line 4: the entry at row id \"a\", column id \"b\" stands already on line 1",
        );
        refuses("a\n", Code::RaggedRows, "line 1");
    }
}
