//! Table: a dense matrix as rows of cells, with or without the names of its rows and columns.
//! In: the rows of a CSV text.  Out: a dense `Table`.
//! Invariant: what is a name and what a number is detected only where it is plain; a doubtful file is refused with the
//! choice.
//! Not here: splitting into cells (see `records`); the rules in full stand at `read_csv`.

use super::text::number::{Choice, is_missing, parse, shown};
use super::text::records::{Record, Records, cell_text};
use crate::data::{Dtype, ReadOptions, Table};
use crate::error::{Code, Error, Result};

pub(in crate::data) fn read(first: Record, mut records: Records<'_>, options: &ReadOptions) -> Result<Table> {
    let second = records.take()?;
    let layout = TableLayout::detect(&first, second.as_ref(), options)?;
    let mut body = Body { layout, values: Vec::new(), row_names: Vec::new(), rows: 0 };
    if body.layout.header.is_none() {
        body.add(first.cells.len(), |k| &first.cells[k], first.line)?;
    }
    if let Some(second) = second {
        body.refuse_gap(records.blank())?;
        body.add(second.cells.len(), |k| &second.cells[k], second.line)?;
        while records.advance()? {
            body.refuse_gap(records.blank())?;
            body.add(records.len(), |k| records.cell(k), records.line())?;
        }
    }
    body.finish(options.dtype)
}

/// What the first two rows say of a table.
#[derive(Debug)]
struct TableLayout {
    /// The names of the columns of numbers, where there is a header.
    header: Option<Vec<String>>,
    /// Whether the first column holds names.
    names: bool,
    /// How many cells a row has, the name included.
    width: usize,
}

impl TableLayout {
    fn detect(first: &Record, second: Option<&Record>, options: &ReadOptions) -> Result<Self> {
        let width = first.cells.len();
        let corner = first.cells[0].as_slice();
        let under = second.is_some_and(|row| is_text(&row.cells[0]));
        let text = first.cells.iter().any(|cell| is_text(cell));
        // One cell less than the rows: the header of a column of names that has no name itself.
        let short = second.is_some_and(|row| row.cells.len() == width + 1)
            && options.header != Some(false)
            && options.row_names != Some(false)
            && (text || under || options.row_names == Some(true));
        let header = match options.header {
            Some(header) => header,
            None => short || Self::has_header(first, second.is_some(), under)?,
        };
        let blank_corner = width > 1 && corner.is_empty();
        let names = options
            .row_names
            .unwrap_or_else(|| short || (width > 1 && if header { blank_corner || under } else { is_text(corner) }));
        let skip = usize::from(names && !short);
        let header = match header {
            true => Some(first.cells.iter().skip(skip).map(|c| cell_text(c, first.line)).collect::<Result<Vec<_>>>()?),
            false => None,
        };
        let width = width + usize::from(short);
        if width == usize::from(names) {
            let message = "there is a column of names but none of numbers";
            return Err(Error::data(Code::NoNumbers, message, "Check the delimiter"));
        }
        Ok(Self { header, names, width })
    }

    /// Whether the first row is a header; `under` says that the cell under its first is text.
    fn has_header(first: &Record, has_second: bool, under: bool) -> Result<bool> {
        let (corner, rest) = (first.cells[0].as_slice(), &first.cells[1..]);
        if rest.iter().any(|cell| is_text(cell)) {
            return Ok(true);
        }
        if rest.is_empty() || !has_second {
            return Ok(rest.is_empty() && is_text(corner));
        }
        if is_text(corner) {
            // A name over numbers heads their column; a name over a name may be a name of either.
            return if under { Err(doubtful(first)) } else { Ok(true) };
        }
        if corner.is_empty() {
            // The columns of a data frame without names are numbered.
            let numbered = |from: usize| rest.iter().enumerate().all(|(k, c)| parse(c) == Some((from + k) as f64));
            return if under || numbered(0) || numbered(1) { Ok(true) } else { Err(doubtful(first)) };
        }
        Ok(false)
    }
}

/// Whether a cell is neither a number nor missing. One like `1,5` is a number that can't be read, not a name.
fn is_text(cell: &[u8]) -> bool {
    !is_missing(cell) && parse(cell).is_none() && !has_decimal_comma(cell)
}

fn has_decimal_comma(cell: &[u8]) -> bool {
    cell.contains(&b',') && cell.iter().all(|b| b"+-0123456789,.".contains(b))
}

fn doubtful(first: &Record) -> Error {
    Error::data(
        Code::HeaderOrData,
        "this row can be a header whose columns are named by numbers, or the first row of the numbers",
        "Say which: `--header` or `--header=false`, in Python header=True or header=False",
    )
    .at_line(first.line)
}

/// The rows of a table as they arrive.
struct Body {
    layout: TableLayout,
    values: Vec<f64>,
    row_names: Vec<String>,
    rows: usize,
}

impl Body {
    /// A blank line is no row of a table with several columns, but of a single column it may be a missing entry.
    fn refuse_gap(&self, blank: Option<u64>) -> Result<()> {
        match blank {
            Some(line) if self.layout.width == 1 && self.rows > 0 => Err(Error::data(
                Code::BlankLine,
                "the line is blank",
                "Write NA for a missing entry, or take the line out",
            )
            .at_line(line)),
            _ => Ok(()),
        }
    }

    fn add<'c>(&mut self, count: usize, cell: impl Fn(usize) -> &'c [u8], line: u64) -> Result<()> {
        let TableLayout { names, width, .. } = self.layout;
        if count != width {
            return Err(Error::data(
                Code::RaggedRows,
                format!("the row has {count} cells where {width} are expected"),
                "Give every row a cell for every column, and quote cells that hold the delimiter",
            )
            .at_line(line));
        }
        if names {
            self.row_names.push(cell_text(cell(0), line)?);
        }
        for k in usize::from(names)..width {
            let number = self.number(cell(k), k).map_err(|e| e.at_line(line))?;
            self.values.push(number);
        }
        self.rows += 1;
        Ok(())
    }

    /// The number in cell k of a row.
    fn number(&self, cell: &[u8], k: usize) -> Result<f64> {
        if is_missing(cell) {
            return Ok(f64::NAN);
        }
        match parse(cell) {
            Some(value) if !value.is_infinite() => Ok(value),
            Some(_) => Err(Error::data(
                Code::InfiniteValue,
                format!("the cell {} in {} is infinite", shown(cell), self.column(k)),
                "Replace it by a finite number, or leave it empty where the entry is missing",
            )),
            None => {
                let help = match (has_decimal_comma(cell), k) {
                    (true, _) => "Write decimals with a point and thousands without a mark",
                    (_, 0) => {
                        "Where the first column holds names, set index_col (--index-col); leave missing cells empty"
                    }
                    _ => "Leave missing cells empty or write NA, and take out columns that hold text",
                };
                let message = format!("the cell {} in {} is not a number", shown(cell), self.column(k));
                Err(Error::data(Code::NotANumber, message, help))
            }
        }
    }

    /// Column k of the text, by its name where it has one.
    fn column(&self, k: usize) -> String {
        let name = self.layout.header.as_ref().and_then(|h| h.get(k - usize::from(self.layout.names)));
        match name {
            Some(name) => format!("column {} ({name})", k + 1),
            None => format!("column {}", k + 1),
        }
    }

    fn finish(self, dtype: Option<Dtype>) -> Result<Table> {
        let Self { layout: TableLayout { header, names, width }, values, row_names, rows } = self;
        if rows == 0 {
            let message = "there is a header but no row of numbers";
            return Err(Error::data(Code::NoEntries, message, "Check how the file was made"));
        }
        let cols = width - usize::from(names);
        let matrix = dtype.map_or(Choice::IntegersToF32, Choice::Fixed).dense(rows, cols, values)?;
        Ok(Table { matrix, row_names: names.then_some(row_names), col_names: header })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::read_csv;
    use crate::error::check_error;

    /// Row names, column names and numbers of a text, each separated by blanks; `-` where there are no names.
    #[track_caller]
    fn check_with(options: &ReadOptions, text: &str, rows: &str, cols: &str, numbers: &str) {
        let table = read_csv(text.as_bytes(), options).unwrap();
        let names = |names: Option<Vec<String>>| names.map_or("-".to_owned(), |n| n.join(" "));
        let values: Vec<String> = table.matrix.values_f64().iter().map(ToString::to_string).collect();
        assert_eq!((names(table.row_names).as_str(), names(table.col_names).as_str()), (rows, cols));
        assert_eq!(values.join(" "), numbers);
    }

    #[track_caller]
    fn check(text: &str, rows: &str, cols: &str, numbers: &str) {
        check_with(&ReadOptions::default(), text, rows, cols, numbers);
    }

    #[track_caller]
    fn refuses(text: &str, code: Code, part: &str) {
        check_error(&read_csv(text.as_bytes(), &ReadOptions::default()).unwrap_err(), code, part);
    }

    #[test]
    fn names_are_detected() {
        check("1,2\n3,4\n", "-", "-", "1 2 3 4");
        check("a,b\n1,2\n3,4\n", "-", "a b", "1 2 3 4");
        check("gene,a,b\nr,1,2\ns,3,4\n", "r s", "a b", "1 2 3 4");
        check("a,b\nr,1,2\ns,3,4\n", "r s", "a b", "1 2 3 4");
        check(",a,b\n7,1,2\n8,3,4\n", "7 8", "a b", "1 2 3 4");
        check(",0,1\n0,1,2\n1,3,4\n", "0 1", "0 1", "1 2 3 4");
        check(",2001,2005\nr,1,2\n", "r", "2001 2005", "1 2");
        check("x,2001,2005\n7,1,2\n", "-", "x 2001 2005", "7 1 2");
        check("r,1,2\n", "r", "-", "1 2");
        check("x\n1\n2\n", "-", "x", "1 2");
        check("5\n", "-", "-", "5");
        check("a;b\n1;2\n", "-", "a b", "1 2");
        check("\"x\ny\"\tb\n1\t2\n", "-", "x\ny b", "1 2");
        check("\u{feff}a,b\n1,2\n", "-", "a b", "1 2");
    }

    #[test]
    fn options_decide() {
        let header = |header| ReadOptions { header: Some(header), ..ReadOptions::default() };
        check_with(&header(true), "r,1,2\ns,3,4\n", "s", "1 2", "3 4");
        check_with(&header(false), "r,1,2\ns,3,4\n", "r s", "-", "1 2 3 4");
        check_with(&header(true), "1,2\n3,4\n", "-", "1 2", "3 4");
        let names = |names| ReadOptions { row_names: Some(names), ..ReadOptions::default() };
        check_with(&names(true), "1,2\n3,4\n", "1 3", "-", "2 4");
        check_with(&names(false), ",a,b\n7,1,2\n", "-", " a b", "7 1 2");
        check_with(&names(true), "1,2\n7,3,4\n", "7", "1 2", "3 4");
        let bar = ReadOptions { delimiter: Some(b'|'), ..ReadOptions::default() };
        check_with(&bar, "1|2\n", "-", "-", "1 2");
        let table = ReadOptions { triplets: Some(false), ..ReadOptions::default() };
        check_with(&table, "user,item,rating\n1,2,3\n", "-", "user item rating", "1 2 3");
    }

    #[test]
    fn missing_cells_and_types() {
        check("a,b\n1,\nNA,4\n?,null\n", "-", "a b", "1 NaN NaN 4 NaN NaN");
        let dtype = |text: &str| read_csv(text.as_bytes(), &ReadOptions::default()).unwrap().matrix.dtype();
        assert_eq!((dtype("1,NA\n"), dtype("1,0.5\n"), dtype("1,16777217\n")), (Dtype::F32, Dtype::F64, Dtype::F64));
        let narrow = ReadOptions { dtype: Some(Dtype::F32), ..ReadOptions::default() };
        assert_eq!(read_csv(&b"1,0.1\n"[..], &narrow).unwrap().matrix.get(0, 1), f64::from(0.1f32));
        let error = read_csv(&b"1,1e39\n"[..], &narrow).unwrap_err();
        check_error(&error, Code::F32Overflow, "1e39 at row 1, column 2");
    }

    #[test]
    fn what_is_wrong_is_said() {
        refuses("", Code::EmptyFile, "");
        refuses("\n \n", Code::EmptyFile, "");
        refuses("a,b\n", Code::NoEntries, "");
        refuses("a,b\n1,2\n3\n", Code::RaggedRows, "line 3: the row has 1 cells where 2 are expected");
        refuses("a,b\n1,2\n\n3,4,5\n", Code::RaggedRows, "line 4: the row has 3 cells where 2 are expected");
        refuses("1,2\n3,4,5\n", Code::RaggedRows, "line 2: the row has 3 cells where 2 are expected");
        refuses("a,b\n1,x\n", Code::NotANumber, "line 2: the cell \"x\" in column 2 (b)");
        refuses("g,a,b\nr,1,2\ns,1,y\n", Code::NotANumber, "line 3: the cell \"y\" in column 3 (b)");
        refuses("1,2\nr,3\n", Code::NotANumber, "--index-col");
        refuses(
            "a;b\n1,5;2\n",
            Code::NotANumber,
            "line 2: the cell \"1,5\" in column 1 (a) is not a number. Write decimals with a point",
        );
        refuses("a,b\n1,inf\n", Code::InfiniteValue, "line 2: the cell \"inf\" in column 2 (b)");
        refuses("a,1,2\nb,3,4\n", Code::HeaderOrData, "line 1");
        refuses(",5,2\n1,3,4\n", Code::HeaderOrData, "line 1");
        refuses("x\n1\n\n3\n", Code::BlankLine, "line 3");
        refuses("a,\"b\n1,2\n", Code::UnclosedQuote, "line 1");
        let error = read_csv(&b"a,\xff\n1,2\n"[..], &ReadOptions::default()).unwrap_err();
        check_error(&error, Code::NotUtf8, "line 1: the name \"\u{fffd}\"");
        let error = read_csv(&b"\xff\xfea\0"[..], &ReadOptions::default()).unwrap_err();
        check_error(&error, Code::NotUtf8, "UTF-16");
    }
}
