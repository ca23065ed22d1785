//! Table: a dense matrix as rows of cells, with or without the names of its rows and columns.
//! In: the rows of a CSV text.  Out: a dense `Table`.
//! Invariant: what is a name and what a number is detected only where it is plain; a doubtful file is refused with the
//! choice.
//! Not here: splitting into cells (see `records`); the rules in full stand at `read_csv`.

pub(in crate::data) mod index;
mod layout;
mod parts;

use super::text::cells::{CellFormat, CellValue, decimal_help};
use super::text::number::{Choice, inexact, name_whole_floats, shown};
use super::text::records::{Record, Records, cell_text};
use crate::data::memory::room_for_one;
use crate::data::{Dtype, ReadOptions, Table};
use crate::error::{Code, Error, Result};
use index::{are_few, first_row_is_doubtful, is_index};
use layout::TableLayout;
use parts::{FirstCells, Parts, left_out};

/// Reads the table that begins with `first`; `sample` are the first rows, that one included.
pub(in crate::data) fn read(
    first: &Record,
    records: &mut Records<'_>,
    sample: &[Record],
    format: &CellFormat,
    options: &ReadOptions,
) -> Result<Table> {
    // What is under the first row says what it is: a row of nothing does not.
    let (second, nothing) = records.take_filled()?;
    let blank = records.blank();
    let layout = TableLayout::detect(first, second.as_ref(), sample, format, options)?;
    let headed = layout.header.is_some();
    let mut body = Body::new(layout, format, first.line, options);
    if !headed {
        body.add(first.cells.len(), |k| &first.cells[k], first.line)?;
    }
    body.pass_over(nothing);
    if let Some(second) = second {
        body.refuse_gap(blank)?;
        body.add(second.cells.len(), |k| &second.cells[k], second.line)?;
        while records.advance()? {
            body.refuse_gap(records.blank())?;
            body.add(records.len(), |k| records.cell(k), records.line())?;
        }
    }
    body.finish(options)
}

/// The rows of a table as they arrive.
struct Body<'a> {
    layout: TableLayout,
    format: &'a CellFormat,
    /// The line of the first row, header or not.
    first_line: u64,
    values: Vec<f64>,
    row_names: Vec<String>,
    /// The first cells of rows of numbers, which may be names.
    first_cells: FirstCells,
    /// How many row names are no numbers, and the line of the first row.
    texts: (usize, u64),
    rows: usize,
    /// Of each cell of a row, the name included, whether any row has something there.
    filled: Vec<bool>,
    /// Rows of nothing that were left out.
    left_out: usize,
    /// Rows of nothing that may be the last ones.
    pending: usize,
}

impl<'a> Body<'a> {
    fn new(layout: TableLayout, format: &'a CellFormat, first_line: u64, options: &ReadOptions) -> Self {
        let filled = vec![false; layout.width];
        let called = layout.header.as_ref().map(|names| names[0].as_str());
        // Of two columns the first is names only where it is called so.
        let may_name = layout.width > 2 || options.known_columns.is_some() || called.is_some_and(is_index);
        let first_cells = FirstCells::new(!layout.names && options.row_names.is_none() && may_name);
        let (values, row_names, texts) = (Vec::new(), Vec::new(), (0, 0));
        let (rows, left_out, pending) = (0, 0, 0);
        Self { layout, format, first_line, values, row_names, first_cells, texts, rows, filled, left_out, pending }
    }

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

    /// Passes over rows without a name and a number: they are rows only where others follow that have no names either.
    fn pass_over(&mut self, rows: usize) {
        if self.layout.names || self.rows == 0 {
            self.left_out += rows;
        } else {
            self.pending += rows;
        }
    }

    fn add<'c>(&mut self, count: usize, cell: impl Fn(usize) -> &'c [u8], line: u64) -> Result<()> {
        let TableLayout { names, width, .. } = self.layout;
        if width > 1 && (0..count).all(|k| cell(k).is_empty()) {
            // Without a name and a number it is a row only where others follow that have no names either.
            if names {
                self.left_out += 1
            } else {
                self.pending += 1
            }
            return Ok(());
        }
        if count < width || (width..count).any(|k| !cell(k).is_empty()) {
            return Err(Error::data(
                Code::RaggedRows,
                format!("the row has {count} cells where {width} are expected"),
                "Give every row a cell for every column, and quote cells that hold the delimiter",
            )
            .at_line(line));
        }
        if self.pending > 0 {
            self.first_cells.miss();
        }
        self.values.resize(self.values.len() + self.pending * width, f64::NAN);
        self.rows += 1 + std::mem::take(&mut self.pending);
        if names {
            if self.row_names.is_empty() {
                self.texts.1 = line;
            }
            self.texts.0 += usize::from(self.format.is_text(cell(0)));
            self.row_names.push(cell_text(cell(0), line)?);
        }
        for k in 0..width {
            let cell = cell(k);
            self.filled[k] |= !cell.is_empty();
            if k > 0 || !names {
                let number = match self.number(cell, k) {
                    Ok(number) => number,
                    Err(error) => self.rounded(k, cell, error.at_line(line))?,
                };
                if k == 0 {
                    self.first_cells.add(cell, number, line)?;
                }
                room_for_one(&mut self.values)?;
                self.values.push(number);
            }
        }
        Ok(())
    }

    /// The number in cell k of a row that is refused, where it may be a name as well.
    fn rounded(&mut self, k: usize, cell: &[u8], error: Error) -> Result<f64> {
        match self.format.read(cell) {
            CellValue::Number(value) if k == 0 => self.first_cells.put_off(error).map(|()| value),
            _ => Err(error),
        }
    }

    /// The number in cell k of a row.
    fn number(&self, cell: &[u8], k: usize) -> Result<f64> {
        match self.format.read(cell) {
            CellValue::Missing => Ok(f64::NAN),
            CellValue::Number(value) if self.format.is_rounded(cell, value) => {
                let help = match k {
                    0 => "Where the first column holds names, set index_col (--index-col)",
                    _ => "Where they are names, put them first and set index_col (--index-col), or header (--header)",
                };
                Err(inexact(cell, &format!(" in {}", self.column(k)), help))
            }
            CellValue::Number(value) if !value.is_infinite() => Ok(value),
            CellValue::Number(_) => Err(Error::data(
                Code::InfiniteValue,
                format!("the cell {} in {} is infinite", shown(cell), self.column(k)),
                "Replace it by a finite number, or leave it empty where the entry is missing",
            )),
            CellValue::Text => {
                let help = match (decimal_help(cell), k) {
                    (Some(help), _) => help,
                    (_, 0) => {
                        "Where the first column holds names, set index_col (--index-col); leave missing cells empty, \
                         or say their mark by na_values (--na-values)"
                    }
                    _ => {
                        "Leave missing cells empty, or say their mark by na_values (--na-values); where lines are \
                         entries, say their columns (--columns ROW,COL,VALUE); take out columns of text"
                    }
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

    fn finish(mut self, options: &ReadOptions) -> Result<Table> {
        if self.rows == 0 {
            let message = "there is a header but no row of numbers";
            return Err(Error::data(Code::NoEntries, message, "Check how the file was made"));
        }
        self.refuse_single_texts()?;
        self.left_out += self.pending;
        name_whole_floats(&mut self.row_names);
        let columns = self.leave_out_columns()?;
        let unnamed = self.layout.names && self.row_names.iter().all(String::is_empty);
        let (rows, cols) = (self.rows, self.values.len() / self.rows);
        if options.header.is_none() {
            self.refuse_numbers_above(cols)?;
        }
        let corner = self.layout.corner();
        let row_names = if self.layout.names && !unnamed { Some(std::mem::take(&mut self.row_names)) } else { None };
        let mut table = Parts { values: self.values, cols, row_names, col_names: self.layout.header, index: corner };
        let mut warnings = Vec::new();
        if options.row_names.is_none() && table.row_names.is_none() && !unnamed {
            warnings.extend(table.take_index(self.first_line, self.first_cells, options)?);
        }
        if options.row_names != Some(false) {
            warnings.extend(table.ids_as_data(options));
        }
        let Parts { values, cols, row_names, col_names, index } = table;
        let mut said = vec!["table".to_owned()];
        said.extend(row_names.as_ref().map(|_| match index.as_deref() {
            Some(name) if !name.is_empty() => format!("row names: column 1 ({name})"),
            _ => "row names: column 1".into(),
        }));
        said.extend(col_names.as_ref().map(|_| format!("column names: line {}", self.first_line)));
        said.extend(left_out(self.left_out, columns + usize::from(unnamed)));
        let matrix = dense(rows, cols, values, options.dtype)?;
        Ok(Table { reading: Some(said.join("; ")), warnings, ..Table::named(matrix, row_names, col_names) })
    }

    /// Refuses a header, or a column of names, that is one by a cell alone, which may be a damaged number.
    fn refuse_single_texts(&self) -> Result<()> {
        if let Some((at, text)) = self.layout.header_by.as_ref().filter(|_| self.rows > 1) {
            return Err(layout::header_by_one(*at, text, self.first_line));
        }
        let (texts, line) = self.texts;
        if !self.layout.names_by_text || !are_few(texts, self.rows) {
            return Ok(());
        }
        let called = self.layout.corner().filter(|name| !name.is_empty());
        let column = called.map_or_else(|| "column 1".into(), |name| format!("column 1 ({name})"));
        Err(layout::names_by_one(&column, &self.row_names[0], line))
    }

    /// Refuses a first row of numbers that may be a header, or a second one: columns of a frame that are named twice
    /// over have a second line of names, under an empty corner.
    fn refuse_numbers_above(&self, cols: usize) -> Result<()> {
        let named = |names: &[String]| !names.is_empty() && names.iter().all(|name| !name.is_empty());
        let is_second = match self.row_names.split_first() {
            Some((first, rest)) => first.is_empty() && named(rest),
            None => false,
        };
        let is_whole = self.values[..cols].iter().all(|value| value.fract() == 0.0);
        match self.layout.header {
            Some(_) if is_second && is_whole => Err(layout::second_header(self.first_line)),
            None if first_row_is_doubtful(&self.values, cols) => Err(layout::doubtful(self.first_line)),
            _ => Ok(()),
        }
    }

    /// Leaves out the columns without a name and a number; without a header, those at the end. Returns how many.
    fn leave_out_columns(&mut self) -> Result<usize> {
        let skip = usize::from(self.layout.names);
        let filled = &self.filled[skip..];
        let cols = filled.len();
        let last = filled.iter().rposition(|&filled| filled).map_or(0, |at| at + 1);
        let stays = |j: usize| match &self.layout.header {
            Some(names) => filled[j] || !names[j].is_empty(),
            None => j < last || self.rows == 1 || cols == 1,
        };
        let kept: Vec<usize> = (0..cols).filter(|&j| stays(j)).collect();
        if kept.is_empty() {
            let message = "no column has a name or a number";
            return Err(Error::data(Code::NoNumbers, message, "Check how the file was made"));
        }
        if kept.len() < cols {
            self.values = self.values.chunks_exact(cols).flat_map(|row| kept.iter().map(|&j| row[j])).collect();
            if let Some(names) = &mut self.layout.header {
                *names = kept.iter().map(|&j| std::mem::take(&mut names[j])).collect();
            }
        }
        Ok(cols - kept.len())
    }
}

fn dense(rows: usize, cols: usize, values: Vec<f64>, dtype: Option<Dtype>) -> Result<crate::data::Matrix> {
    dtype.map_or(Choice::IntegersToF32, Choice::Fixed).dense(rows, cols, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Decimal, read_csv};
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

    /// A name is what stands there, not the number that it writes.
    #[test]
    fn numbers_that_are_names_keep_their_text() {
        let long = "tweet_id,a,b\n1212360731695427585,1,2\n1212360731695427586,2,1\n";
        check(long, "1212360731695427585 1212360731695427586", "a b", "1 2 2 1");
        check("zip,a,b\n01001,1,2.5\n00501,2,1\n1001,3,3\n", "01001 00501 1001", "a b", "1 2.5 2 1 3 3");
        check("wavelength,s\n1100.0,1\n1100.50,2\n", "1100.0 1100.50", "s", "1 2");
        let comma = ReadOptions { decimal: Some(Decimal::Comma), ..ReadOptions::default() };
        check_with(&comma, "nm;s\n1100,0;1\n1100,5;2\n", "1100,0 1100,5", "s", "1 2");
        // Whole floats are the integers that they are, however it was said that they are names.
        check("id,a,b\n1.0,1,2\n2.0,3,4\n", "1 2", "a b", "1 2 3 4");
        check(",a,b\n1.0,1,2\n2.0,3,4\n", "1 2", "a b", "1 2 3 4");
        // A column that a missing cell keeps from naming rows is of numbers, which are not rounded.
        refuses("id,a,b\n9007199254740993,1,2\n,3,4\n", Code::InexactInteger, "line 2: \"9007199254740993\"");
        refuses("a,b\n1,9007199254740993\n", Code::InexactInteger, "column 2 (b)");
        check("a,b\n1,9007199254740994\n", "-", "a b", "1 9007199254740994");
    }

    #[test]
    fn known_columns_tell_which_one_is_not() {
        let known = |names: &str| ReadOptions {
            known_columns: Some(names.split(' ').map(str::to_owned).collect()),
            ..ReadOptions::default()
        };
        check_with(&known("a b"), "batch,a,b\n0012,1,2\n", "0012", "a b", "1 2");
        check_with(&known("batch a b"), "batch,a,b\n0012,1,2\n", "-", "batch a b", "12 1 2");
        check_with(&known("a b c"), "batch,a,d\n0012,1,2\n", "-", "batch a d", "12 1 2");
    }

    #[test]
    fn ids_that_are_read_as_numbers_are_told() {
        let warned = |text: &str, options: &ReadOptions| -> Vec<Code> {
            read_csv(text.as_bytes(), options).unwrap().warnings.iter().map(|warning| warning.code).collect()
        };
        let usual = ReadOptions::default();
        let text = ",patient_id,a,b\nr,653,1,0.5\ns,102,2,0.25\nt,729,3,0.5\n";
        assert_eq!(warned(text, &usual), [Code::IdsAsData]);
        assert!(warned(&text.replace("patient_id", "day"), &usual).is_empty());
        // A panel: years repeat for each id.
        let panel = "id,year,gdp\n1,2000,5.5\n1,2001,6.5\n2,2000,7.5\n2,2001,8.5\n";
        assert_eq!(warned(panel, &usual), [Code::IdsAsData]);
        // Names of samples that look like fractions, in their own order.
        for text in ["sample,a\n1.8,1\n1.9,2\n1.10,3\n", "wavelength,a\n1100.5,1\n900.5,2\n1000.5,3\n"] {
            assert_eq!(warned(text, &usual), [Code::IdsAsData], "{text}");
        }
        assert!(warned("dose,a\n1.8,1\n1.9,2\n1.10,3\n", &usual).is_empty());
        // A second line of names.
        let twice = ",a,a,b,b\n,2019,2020,2019,2020\nr,1,2,3,1\ns,3,2,1,1\nt,1,1,2,3\nu,1,2,3,1\nv,1,1,2,3\n";
        refuses(twice, Code::HeaderOrData, "line 2");
        let header = ReadOptions { header: Some(true), ..usual };
        assert_eq!(read_csv(twice.as_bytes(), &header).unwrap().matrix.rows(), 6);
    }

    #[test]
    fn quoted_numbers_are_names() {
        check("\"5\",\"2\"\n1,3\n", "-", "5 2", "1 3");
        check("\"\",\"5\",\"2\"\n\"7\",1,3\n\"8\",2,4\n", "7 8", "5 2", "1 3 2 4");
        check("\"7\",1,3\n\"8\",2,4\n", "7 8", "-", "1 3 2 4");
        check("\"1\",\"3\"\n\"2\",\"4\"\n", "-", "-", "1 3 2 4");
        check("\"5\" \"2\"\n\"7\" 1 3\n", "7", "5 2", "1 3");
    }

    /// A cell that alone makes a header of a row, or names of a column, may be a damaged number.
    #[test]
    fn single_texts_among_numbers_are_asked_about() {
        let column = "line 2: column 1 (a) can be the names of the rows, or numbers: its cell \"1.2.3\"";
        refuses("a,b\n1.2.3,0.5\n2,0.25\n3,4\n", Code::IndexOrData, column);
        refuses("a,b\n1.2.3,0.5\n2,0.25\n,4\n", Code::IndexOrData, column);
        for (text, at) in [("1O", 1), ("oops", 2)] {
            let cells: Vec<&str> = (1..4).map(|k| if k == at { text } else { "0.5" }).collect();
            let part = format!("only its cell \"{text}\" in column {at} is no number");
            refuses(&format!("{}\n1,2,3\n4,5,6\n", cells.join(",")), Code::HeaderOrData, &part);
        }
        // Two rows show nothing; half of the names are no numbers; the names are marked; the header counts up.
        check("a,b\nx,0.5\n2,0.25\n", "x 2", "b", "0.5 0.25");
        check("a,b,c\nx,1,5\n2,1,5\ny,1,5\n3,1,5\n", "x 2 y 3", "b c", "1 5 1 5 1 5 1 5");
        check(",b\nx,1\n2,5\n3,5\n", "x 2 3", "b", "1 5 5");
        check("a,b\n\"x\",1\n\"2\",5\n\"3\",5\n", "x 2 3", "b", "1 5 5");
        check("x,1,2,3\n5,1,1,1\n4,1,1,1\n", "-", "x 1 2 3", "5 1 1 1 4 1 1 1");
        check("sample,3,1\n5,2,1\n2,1,1\n2,1,1\n", "-", "sample 3 1", "5 2 1 2 1 1 2 1 1");
        let said = ReadOptions { row_names: Some(true), header: Some(true), ..ReadOptions::default() };
        check_with(&said, "a,0.5\nx,0.5\n2,5\n3,5\n", "x 2 3", "0.5", "0.5 5 5");
    }

    #[test]
    fn nothing_is_left_out() {
        check("a,b,\n1,2,\n3,4,\n", "-", "a b", "1 2 3 4");
        check("a,b\n1,2,\n3,4,\n", "-", "a b", "1 2 3 4");
        check(",,\na,b,\n1,2,\n,,\n", "-", "a b", "1 2");
        check(",a,b\n,1,2\n,3,4\n", "-", "a b", "1 2 3 4");
        check(",,,\n,n,a,b\n,r,1,2\n,s,3,4\n", "r s", "a b", "1 2 3 4");
        // A row of nothing between others that have no names is one, and so is a column that has one.
        check("1,2\n,\n3,4\n,\n", "-", "-", "1 2 NaN NaN 3 4");
        check("n,a,b\n,,\nr,1,2\n,,\ns,3,4\n", "r s", "a b", "1 2 3 4");
        check("a,b\n1,\n3,\n", "-", "a b", "1 NaN 3 NaN");
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
        let bar = ReadOptions { delimiter: Some(b'|'.into()), ..ReadOptions::default() };
        check_with(&bar, "1|2\n", "-", "-", "1 2");
        let comma = ReadOptions { decimal: Some(Decimal::Comma), ..ReadOptions::default() };
        check_with(&comma, "x\n1,5\n2,5\n", "-", "x", "1.5 2.5");
        check_with(&comma, "x,y\n\"1,5\",\"2,5\"\n", "-", "x y", "1.5 2.5");
        let table = ReadOptions { triplets: Some(false), ..ReadOptions::default() };
        check_with(&table, "user,item,rating\n1,2,3\n", "1", "item rating", "2 3");
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
        refuses("a;b\n1,5;2.5\n", Code::NotANumber, "line 2: the cell \"1,5\" in column 1 (a) is not a number");
        refuses("a;b\n1,5;2.5\n", Code::NotANumber, "--decimal ,");
        refuses("a,b\n2,1.234.567\n1,2\n", Code::NotANumber, "group thousands");
        refuses("a,b\n1,inf\n", Code::InfiniteValue, "line 2: the cell \"inf\" in column 2 (b)");
        refuses("a,1,2\nb,3,4\n", Code::HeaderOrData, "line 1");
        refuses(",5,2\n1,3,4\n", Code::HeaderOrData, "line 1");
        refuses("x\n1\n\n3\n", Code::BlankLine, "line 3");
        refuses("a,\"b\n1,2\n", Code::UnclosedQuote, "line 1");
        refuses("x\n1,5\n2,5\n", Code::DecimalMark, "line 2: \"1,5\"");
        let error = read_csv(&b"a,\xff\n1,2\n"[..], &ReadOptions::default()).unwrap_err();
        check_error(&error, Code::NotUtf8, "line 1: the name \"\u{fffd}\"");
        let error = read_csv(&b"\xff\xfea\0"[..], &ReadOptions::default()).unwrap_err();
        check_error(&error, Code::NotUtf8, "UTF-16");
    }
}
