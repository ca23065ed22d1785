//! Triplets: a sparse matrix as a list of its entries, by the ids of their rows and columns.
//! In: the rows `row,column[,value,...]` of a CSV text.  Out: a sparse `Table` named by the ids.
//! Invariant: the order of rows and columns follows from the ids alone where they are numbers, else from first
//! appearance.
//! Not here: when a text is such a list (said by `read_csv`, with the words below).

use indexmap::IndexMap;

use super::entries::EntryList;
use super::text::number::{Choice, is_missing, parse, shown, small_integer};
use super::text::records::{Record, Records, cell_text};
use crate::data::{Matrix, ReadOptions, Table};
use crate::error::{Code, Error, Result};

/// Names of a column of row ids, in lower case, without marks and a final "id".
const ROWS: &str = "user u row r sample i doc document customer person reviewer subject cell source player session";
/// Names of a column of column ids.
const COLS: &str = "item col column c feature j movie film book track song artist product term word token tag gene \
                    target business game anime";
/// Names of a column of values.
const VALUES: &str = "rating value val v x count counts n weight score stars freq frequency tf tfidf plays playcount \
                      clicks quantity amount";

pub(in crate::data) fn is_header(first: &Record) -> bool {
    let is = |k: usize, words: &str| {
        let cell = String::from_utf8_lossy(&first.cells[k]).to_ascii_lowercase();
        let bare: String = cell.chars().filter(|c| c.is_alphanumeric()).collect();
        let known = |name: &str| words.split(' ').any(|word| word == name);
        known(&bare) || bare.strip_suffix("id").is_some_and(known)
    };
    match first.cells.len() {
        0 | 1 => false,
        2 => is(0, ROWS) && is(1, COLS),
        _ => is(0, ROWS) && is(1, COLS) && is(2, VALUES),
    }
}

/// Whether a table may as well be a list of entries `row,column,value`: three or four columns without a gap, the first
/// two of whole numbers. An objective that speaks of missing entries makes that a doubt, for such a table has none.
pub fn may_be_entries(x: &Matrix) -> bool {
    let (rows, cols) = x.shape();
    let is_id = |value: f64| value >= 0.0 && value.fract() == 0.0;
    let like_a_list = !x.is_sparse() && x.missing() == 0 && (3..=4).contains(&cols) && rows > 1;
    like_a_list && (0..rows).all(|i| is_id(x.get(i, 0)) && is_id(x.get(i, 1)))
}

pub(in crate::data) fn read(first: Record, mut records: Records<'_>, options: &ReadOptions) -> Result<Table> {
    let width = first.cells.len();
    if width < 2 {
        return Err(Error::data(
            Code::RaggedRows,
            "a list of entries has the columns row, column and value, but this row has one cell",
            "Check the delimiter",
        )
        .at_line(first.line));
    }
    let headed = options.header.unwrap_or_else(|| {
        is_header(&first) || first.cells.get(2).is_some_and(|value| !is_missing(value) && parse(value).is_none())
    });
    let mut list = List { width, entries: EntryList::default(), rows: IdTable::default(), cols: IdTable::default() };
    if !headed {
        list.add(width, |k| &first.cells[k], first.line)?;
    }
    while records.advance()? {
        list.add(records.len(), |k| records.cell(k), records.line())?;
    }
    list.finish(options)
}

/// The entries as they arrive.
struct List {
    width: usize,
    entries: EntryList,
    rows: IdTable,
    cols: IdTable,
}

impl List {
    fn add<'c>(&mut self, count: usize, cell: impl Fn(usize) -> &'c [u8], line: u64) -> Result<()> {
        if count != self.width {
            return Err(Error::data(
                Code::RaggedRows,
                format!("the row has {count} cells where {} are expected", self.width),
                "Give every entry the same columns, and quote cells that hold the delimiter",
            )
            .at_line(line));
        }
        let value = if self.width > 2 { value(cell(2)).map_err(|e| e.at_line(line))? } else { 1.0 };
        let row = self.rows.index(cell(0), line)?;
        let col = self.cols.index(cell(1), line)?;
        self.entries.push(row, col, value, line);
        Ok(())
    }

    fn finish(mut self, options: &ReadOptions) -> Result<Table> {
        if self.entries.len() == 0 {
            return Err(Error::data(Code::NoEntries, "there is a header but no entry", "Check how the file was made"));
        }
        if let Some(order) = self.rows.sort() {
            self.entries.renumber_rows(&order);
        }
        if let Some(order) = self.cols.sort() {
            self.entries.renumber_cols(&order);
        }
        let (row_names, col_names) = (self.rows.names, self.cols.names);
        let choice = options.dtype.map_or(Choice::ExactToF32, Choice::Fixed);
        let label = |i: usize, j: usize| format!("row id {:?}, column id {:?}", row_names[i], col_names[j]);
        let shape = (row_names.len(), col_names.len());
        let matrix = self.entries.into_matrix(shape, choice, options.duplicates, &label)?;
        Ok(Table { matrix, row_names: Some(row_names), col_names: Some(col_names) })
    }
}

fn value(cell: &[u8]) -> Result<f64> {
    if is_missing(cell) {
        let message = format!("the value is missing ({})", shown(cell));
        return Err(Error::data(Code::MissingValue, message, "Leave missing entries out of the list"));
    }
    match parse(cell) {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err(Error::data(
            Code::InfiniteValue,
            format!("the value {} is not finite", shown(cell)),
            "Leave the entry out",
        )),
        None => Err(Error::data(
            Code::NotANumber,
            format!("the value {} is not a number", shown(cell)),
            "The columns are row, column and value, in this order; decimals have a point",
        )),
    }
}

/// The ids of a side, numbered as they appear.
#[derive(Debug, Default)]
struct IdTable {
    // Only looked up, never walked: their order reaches nothing. Numbers have a map of their own, which is twice as
    // fast.
    by_number: IndexMap<u64, u32>,
    by_text: IndexMap<Box<[u8]>, u32>,
    names: Vec<String>,
    last: u32,
}

impl IdTable {
    /// The index of `id`, a new one where it is new.
    fn index(&mut self, id: &[u8], line: u64) -> Result<u32> {
        // Files are mostly sorted by one side: its id is that of the line before.
        if self.names.get(self.last as usize).is_some_and(|name| name.as_bytes() == id) {
            return Ok(self.last);
        }
        let whole = whole_number(id);
        let known = whole.map_or_else(|| self.by_text.get(id), |n| self.by_number.get(&n));
        if let Some(&index) = known {
            self.last = index;
            return Ok(index);
        }
        if id.is_empty() {
            return Err(
                Error::data(Code::EmptyId, "an id is empty", "Give every entry a row id and a column id").at_line(line)
            );
        }
        let index = u32::try_from(self.names.len()).map_err(|_| {
            Error::data(Code::TooLarge, "more than 2^32 different ids", "Cut the file up").at_line(line)
        })?;
        self.names.push(cell_text(id, line)?);
        match whole {
            Some(number) => self.by_number.insert(number, index),
            None => self.by_text.insert(id.into(), index),
        };
        self.last = index;
        Ok(index)
    }

    /// Where all ids are whole numbers, sorts them by number; the new index of each old one.
    fn sort(&mut self) -> Option<Vec<u32>> {
        let number = |name: &String| match name.strip_prefix('-') {
            Some(digits) => whole_number(digits.as_bytes()).filter(|&n| n > 0).map(|n| -(n as i64)),
            None => whole_number(name.as_bytes()).map(|n| n as i64),
        };
        let numbers = self.names.iter().map(number).collect::<Option<Vec<i64>>>()?;
        let mut order: Vec<u32> = (0..numbers.len() as u32).collect();
        order.sort_unstable_by_key(|&k| numbers[k as usize]);
        let mut new = vec![0; order.len()];
        for (to, &from) in order.iter().enumerate() {
            new[from as usize] = to as u32;
        }
        self.names = order.iter().map(|&k| std::mem::take(&mut self.names[k as usize])).collect();
        Some(new)
    }
}

/// The number that an id is, where it is written the one usual way: "01" is an id of its own beside "1".
fn whole_number(id: &[u8]) -> Option<u64> {
    if id.len() > 1 && id[0] == b'0' { None } else { small_integer(id) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_that_may_be_lists_are_seen() {
        let of = |rows, cols, numbers: &[f64]| {
            super::may_be_entries(&crate::data::Matrix::dense(rows, cols, numbers.to_vec()).unwrap())
        };
        assert!(of(2, 3, &[1.0, 2.0, 0.5, 4.0, 5.0, 6.0]));
        assert!(of(2, 4, &[1.0, 2.0, 0.5, 9.5, 4.0, 5.0, 6.0, 7.5]));
        assert!(!of(1, 3, &[1.0, 2.0, 3.0]), "one row");
        assert!(!of(2, 2, &[1.0, 2.0, 4.0, 5.0]), "two columns");
        assert!(!of(2, 3, &[1.5, 2.0, 3.0, 4.0, 5.0, 6.0]), "no id");
        assert!(!of(2, 3, &[1.0, -2.0, 3.0, 4.0, 5.0, 6.0]), "no id");
        assert!(!of(2, 3, &[1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0]), "missing");
    }

    use super::*;
    use crate::data::{Dtype, Duplicates, read_csv};
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
        let first = |text: &str| is_header(&Record { line: 1, cells: text.split(',').map(|c| c.into()).collect() });
        assert!(first("Row,Column,Count") && first("sample,feature,weight,batch"));
        assert!(!first("user,item,timestamp") && !first("item,user,rating") && !first("gene,a,b") && !first("user"));
    }

    #[test]
    fn ids_keep_their_order_or_are_sorted() {
        // All whole numbers: by number. One that is none, or is written in an odd way: as they appear.
        check("i,j,v\n10,1,1\n9,2,1\n-1,1,1\n", "-1 9 10", "1 2", &[(0, 0, 1.0), (1, 1, 1.0), (2, 0, 1.0)]);
        check("i,j,v\n10,1,1\n09,1,1\n", "10 09", "1", &[(0, 0, 1.0), (1, 0, 1.0)]);
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
        refuses("a,b,1\na,c,x\n", Code::NotANumber, "line 2: the value \"x\"");
        refuses("a,b,1\n,c,2\n", Code::EmptyId, "line 2");
        refuses(
            "a,b,1\nc,d,2\n\na,b,2\n",
            Code::DuplicateEntry,
            "line 4: the entry at row id \"a\", column id \"b\" stands already on line 1",
        );
        refuses("a\n", Code::RaggedRows, "line 1");
    }
}
