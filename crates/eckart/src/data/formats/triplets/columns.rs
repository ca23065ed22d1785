//! Columns: which columns of a text are the row ids, the column ids and the values of a list of entries.
//! In: the first rows of a text, options.  Out: `EntryColumns`, whether there is a header, the words that say so.
//! Invariant: columns go by their names before their places; what both leave open is refused with the options that
//! decide it.
//! Not here: the entries themselves (see `triplets`).

use std::collections::BTreeSet;

use super::header::{
    COLS, EntryColumns, HeaderColumns, MOST, ROWS, VALUES, is_of_time, is_one_of, names_values, others, told,
};
use crate::data::ReadOptions;
use crate::data::formats::text::cells::{CellFormat, CellValue};
use crate::data::formats::text::number::{parse, parse_index, shown};
use crate::data::formats::text::records::Record;
use crate::error::{Code, Error, Result};

/// The columns of a list of entries, and whether the first row is a header; `None` where the text is a table.
///
/// # Errors
/// `Data` where it may be either, or the columns or the header are open; where a column that was said is not there.
pub(in crate::data) fn entry_columns(
    first: &Record,
    sample: &[Record],
    format: &CellFormat,
    options: &ReadOptions,
) -> Result<Option<(EntryColumns, bool)>> {
    let text = Sample { first, body: sample.get(1..).unwrap_or_default(), format };
    let columns = match (&options.columns, options.triplets) {
        (Some(names), _) => text.chosen(names)?,
        (None, Some(true)) => text.among(options.header)?,
        (None, Some(false)) => return Ok(None),
        (None, None) if options.header == Some(false) => return text.refuse_repeats().map(|()| None),
        (None, None) => match told(&first.cells) {
            // Fractions in both columns are no ids, whatever these are called.
            HeaderColumns::Entries(columns) if text.has_fractions(columns) => return Ok(None),
            HeaderColumns::Entries(columns) => columns,
            HeaderColumns::Open(row) if text.repeats(row) || names_values(&first.cells) => return Err(text.open()),
            HeaderColumns::Open(_) | HeaderColumns::Nothing => return text.refuse_repeats().map(|()| None),
        },
    };
    let headed = match options.header {
        Some(header) => header,
        None => text.is_headed(columns, options.columns.as_deref().unwrap_or_default())?,
    };
    if options.columns.is_none() {
        text.refuse_dates(columns, headed)?;
    }
    Ok(Some((columns, headed)))
}

/// The first rows of a text.
struct Sample<'a> {
    first: &'a Record,
    /// Those below the first.
    body: &'a [Record],
    format: &'a CellFormat,
}

impl Sample<'_> {
    fn width(&self) -> usize {
        self.first.cells.len()
    }

    /// The cells of a column below the first row.
    fn below(&self, k: usize) -> impl Iterator<Item = &Vec<u8>> {
        self.body.iter().filter_map(move |row| row.cells.get(k)).filter(|cell| !cell.is_empty())
    }

    /// Whether both columns of ids have numbers that are not whole.
    fn has_fractions(&self, columns: EntryColumns) -> bool {
        let is_one = |cell: &Vec<u8>| matches!(self.format.read(cell), CellValue::Number(v) if v.fract() != 0.0);
        [columns.row, columns.col].iter().all(|&k| self.below(k).any(is_one))
    }

    /// Whether an id stands twice in a column.
    fn repeats(&self, k: usize) -> bool {
        self.below(k).collect::<BTreeSet<_>>().len() < self.below(k).count()
    }

    /// The columns that were said.
    fn chosen(&self, names: &[String]) -> Result<EntryColumns> {
        if !(2..=3).contains(&names.len()) {
            let message = format!("columns names {} of a list of entries: write ROW,COL or ROW,COL,VALUE", names.len());
            return Err(Error::setting(Code::BadOptionValue, message));
        }
        let place = |name: &String| {
            let named = self.first.cells.iter().position(|cell| cell == name.as_bytes());
            let number = parse_index(name.as_bytes()).filter(|k| (1..=self.width()).contains(k)).map(|k| k - 1);
            // A number is a place: the first row may be an entry that holds it.
            number.or(named).ok_or_else(|| {
                let known: Vec<String> = self.first.cells.iter().map(|cell| shown(cell)).collect();
                let message = format!("there is no column {name:?}");
                let help = format!("Its columns are {}; they also go by their numbers from 1", known.join(", "));
                Error::data(Code::UnknownName, message, help).at_line(self.first.line)
            })
        };
        let places = names.iter().map(place).collect::<Result<Vec<usize>>>()?;
        if places.iter().collect::<BTreeSet<_>>().len() < places.len() {
            return Err(Error::setting(Code::GivenTwice, format!("columns {} names one twice", names.join(","))));
        }
        Ok(EntryColumns { row: places[0], col: places[1], value: places.get(2).copied() })
    }

    /// The columns of what was said to be a list: by their names where these are known, else by their places.
    fn among(&self, header: Option<bool>) -> Result<EntryColumns> {
        let width = self.width();
        if width < 2 {
            return Err(Error::data(
                Code::RaggedRows,
                "a list of entries has the columns row, column and value, but this row has one cell",
                "Check the delimiter (--delimiter)",
            )
            .at_line(self.first.line));
        }
        let start = usize::from(width > 2 && header != Some(false) && self.counts_rows());
        let third = (width > start + 2).then_some(start + 2);
        let places = EntryColumns { row: start, col: start + 1, value: third };
        if header == Some(false) {
            return Ok(places);
        }
        if let HeaderColumns::Entries(columns) = told(&self.first.cells) {
            return Ok(columns);
        }
        let cells = &self.first.cells;
        let one = |words: &str| {
            let found: Vec<usize> = (0..width).filter(|&k| is_one_of(&cells[k], words, 2)).collect();
            if let [only] = found[..] { Some(only) } else { None }
        };
        let (row, col) = (one(ROWS), one(COLS));
        let in_place = row.is_none_or(|k| k == places.row) && col.is_none_or(|k| k == places.col);
        let (row, col) = match (row, col) {
            _ if in_place => (places.row, places.col),
            (Some(row), Some(col)) => (row, col),
            _ => return Err(self.open()),
        };
        let rest = others(cells, &[row, col]);
        let value = match (one(VALUES).filter(|k| *k != row && *k != col), &rest[..]) {
            (Some(value), _) => Some(value),
            _ if in_place => third.filter(|&k| !is_of_time(&cells[k])),
            (None, [value]) => Some(*value),
            (None, []) => None,
            (None, _) => return Err(self.open()),
        };
        Ok(EntryColumns { row, col, value })
    }

    /// Whether the first column only counts the rows, as data frames are written: it has no name, and goes 0, 1, 2, ...
    fn counts_rows(&self) -> bool {
        let unnamed = matches!(&self.first.cells[0][..], b"" | b"Unnamed: 0" | b"index");
        let mut numbers = self.body.iter().map(|row| row.cells.first().and_then(|cell| parse_index(cell)));
        let from = numbers.next().flatten();
        unnamed && from.is_some_and(|from| from < 2 && numbers.enumerate().all(|(k, n)| n == Some(from + 1 + k)))
    }

    /// Whether the first row is a header.
    fn is_headed(&self, columns: EntryColumns, said: &[String]) -> Result<bool> {
        let EntryColumns { row, col, value } = columns;
        let cell = |k: usize| self.first.cells[k].as_slice();
        if said.iter().any(|name| parse_index(name.as_bytes()).is_none()) {
            return Ok(true);
        }
        if let Some(k) = value {
            return Ok(matches!(told(&self.first.cells), HeaderColumns::Entries(_))
                || self.format.read(cell(k)) == CellValue::Text);
        }
        let mut rest = (0..self.width()).filter(|&k| k != row && k != col);
        let beside = |k: usize| is_of_time(cell(k)) || is_one_of(cell(k), VALUES, 2);
        let known = is_one_of(cell(row), ROWS, 2) || is_one_of(cell(col), COLS, 2) || rest.any(beside);
        // A text over numbers heads their column.
        let heads = |k: usize| {
            let mut below = self.below(k).peekable();
            self.format.is_text(cell(k)) && below.peek().is_some() && below.all(|cell| parse(cell).is_some())
        };
        if known || matches!(told(&self.first.cells), HeaderColumns::Entries(_)) || heads(row) || heads(col) {
            return Ok(true);
        }
        let again = |k: usize| self.below(k).any(|other| other == cell(k));
        let both = self.format.is_text(cell(row)) && self.format.is_text(cell(col));
        if !both || self.body.is_empty() || again(row) || again(col) {
            return Ok(false);
        }
        Err(Error::data(
            Code::HeaderOrData,
            format!("{} and {} can be the names of columns, or the first entry", shown(cell(row)), shown(cell(col))),
            "Say which: `--header` or `--header=false`, in Python header=True or header=False",
        )
        .at_line(self.first.line))
    }

    /// Refuses times as values that nobody named.
    fn refuse_dates(&self, columns: EntryColumns, headed: bool) -> Result<()> {
        let Some(value) = columns.value else { return Ok(()) };
        if headed && is_one_of(&self.first.cells[value], VALUES, 1) {
            return Ok(());
        }
        let mut cells = self.below(value).peekable();
        if cells.peek().is_none() || !cells.all(|cell| is_time(cell)) {
            return Ok(());
        }
        let name = |k: usize| self.name(k, headed);
        let (row, col) = (name(columns.row), name(columns.col));
        Err(Error::data(
            Code::DatesAsValues,
            format!("the values of this list, in {}, look like dates or times", self.shown(value, headed)),
            format!(
                "Say the columns: `--columns {row},{col}` where each entry is 1, `--columns {row},{col},{}` where they \
                 are values; in Python columns=({row:?}, {col:?}, ...)",
                name(value)
            ),
        )
        .at_line(self.first.line))
    }

    /// Refuses a table that can't be one of numbers and looks like a list: two columns of ids, one of them of texts,
    /// that repeat while their pairs hardly do.
    fn refuse_repeats(&self) -> Result<()> {
        const FEWEST: usize = 4;
        if self.body.len() < FEWEST || !(2..=MOST).contains(&self.width()) {
            return Ok(());
        }
        let is_id = |cell: &[u8]| match self.format.read(cell) {
            CellValue::Number(value) => value >= 0.0 && value.fract() == 0.0,
            CellValue::Missing => false,
            CellValue::Text => !is_time(cell),
        };
        let ids =
            |k: &usize| self.repeats(*k) && self.body.iter().all(|row| row.cells.get(*k).is_some_and(|c| is_id(c)));
        let ids: Vec<usize> = (0..self.width()).filter(ids).collect();
        let is_text = |k: usize| self.below(k).any(|cell| self.format.is_text(cell));
        let numbers = |k: usize| self.body.iter().all(|row| row.cells.get(k).is_some_and(|c| self.format.is_number(c)));
        for (at, &row) in ids.iter().enumerate() {
            for &col in &ids[at + 1..] {
                let pairs: BTreeSet<_> = self.body.iter().map(|r| (&r.cells[row], &r.cells[col])).collect();
                let mut rest = (0..self.width()).filter(|&k| k != row && k != col);
                let value = rest.clone().find(|&k| numbers(k));
                // In a log of purchases some pairs stand twice.
                let fits = 5 * pairs.len() >= 4 * self.body.len() && (is_text(row) || is_text(col));
                if fits && (value.is_some() || rest.next().is_none()) {
                    return Err(self.entries(EntryColumns { row, col, value }));
                }
            }
        }
        Ok(())
    }

    /// The refusal of what may be a list by its ids.
    fn entries(&self, columns: EntryColumns) -> Error {
        let headed = self.first.cells.iter().all(|cell| !self.format.is_number(cell));
        let name = |k: usize| self.name(k, headed);
        let (row, col) = (self.shown(columns.row, headed), self.shown(columns.col, headed));
        let value = columns.value.map_or_else(String::new, |k| format!(",{}", name(k)));
        let message =
            format!("{row} and {col} hold ids that repeat, while their pairs hardly do, as in a list of entries");
        let help = format!(
            "Say what it is: `--columns {},{}{value}` for a list of entries (`--format coo` for its first three \
             columns), `--format table` for a table; in Python columns=(...), format=\"coo\" or format=\"table\"",
            name(columns.row),
            name(columns.col)
        );
        Error::data(Code::ListOrTable, message, help).at_line(self.first.line)
    }

    /// The refusal of a list whose columns are open.
    fn open(&self) -> Error {
        let names: Vec<_> = self.first.cells.iter().map(|cell| String::from_utf8_lossy(cell)).collect();
        let message =
            format!("this is a list of entries, or a table: its header leaves it open ({})", names.join(", "));
        let help = "Say which: `--columns ROW,COL,VALUE` by their names for a list, `--format table` for a table; in \
                    Python columns=(row, col, value) or format=\"table\"";
        Error::data(Code::ListOrTable, message, help).at_line(self.first.line)
    }

    /// A column as an option calls it.
    fn name(&self, k: usize, headed: bool) -> String {
        let name = String::from_utf8_lossy(&self.first.cells[k]).into_owned();
        if headed && !name.is_empty() { name } else { (k + 1).to_string() }
    }

    /// A column as people call it.
    fn shown(&self, k: usize, headed: bool) -> String {
        let name = self.name(k, headed);
        if name == (k + 1).to_string() { format!("column {name}") } else { format!("column {} ({name})", k + 1) }
    }
}

/// Whether a cell is a time: `2021-03-04...`, or seconds or milliseconds since 1970, of 1980 to 2096.
fn is_time(cell: &[u8]) -> bool {
    let dated = matches!(cell, [a, b, c, d, b'-' | b'/', e, f, ..]
        if [a, b, c, d, e, f].iter().all(|digit| digit.is_ascii_digit()));
    let seconds = |value: f64| (3.2e8..4e9).contains(&value);
    dated || parse(cell).is_some_and(|value| value.fract() == 0.0 && (seconds(value) || seconds(value / 1000.0)))
}

impl EntryColumns {
    /// "list of entries; rows: user, columns: item, values: rating; ignored: timestamp"
    pub(in crate::data) fn said(self, first: &Record, headed: bool) -> String {
        let Self { row, col, value } = self;
        let name = |k: usize| match String::from_utf8_lossy(&first.cells[k]) {
            name if headed && !name.is_empty() => name.into_owned(),
            _ => format!("column {}", k + 1),
        };
        let values = value.map_or_else(|| "1 each".into(), name);
        // What has no name, but for an index, is a column of nothing.
        let is_named = |k: usize| k == 0 || !headed || !first.cells[k].is_empty();
        let ignored = |k: &usize| *k != row && *k != col && Some(*k) != value && is_named(*k);
        let ignored: Vec<String> = (0..first.cells.len()).filter(ignored).map(name).collect();
        let ignored = if ignored.is_empty() { String::new() } else { format!("; ignored: {}", ignored.join(", ")) };
        format!("list of entries; rows: {}, columns: {}, values: {values}{ignored}", name(row), name(col))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::formats::text::dialect::Dialect;
    use crate::error::check_error;

    /// Columns (from 1, 0 for none) and whether there is a header.
    fn found(text: &str, options: &ReadOptions) -> Result<Option<([usize; 3], bool)>> {
        let Dialect { commas, sample, .. } = Dialect::detect(text.as_bytes(), true, options)?;
        let found = entry_columns(&sample[0], &sample, &CellFormat::new(options, commas), options)?;
        Ok(found.map(|(c, headed)| ([c.row + 1, c.col + 1, c.value.map_or(0, |k| k + 1)], headed)))
    }

    #[track_caller]
    fn check(text: &str, expected: Option<[usize; 3]>) {
        assert_eq!(found(text, &ReadOptions::default()).unwrap().map(|found| found.0), expected, "{text}");
    }

    #[track_caller]
    fn refuses(text: &str, options: &ReadOptions, code: Code, part: &str) {
        check_error(&found(text, options).unwrap_err(), code, part);
    }

    fn list() -> ReadOptions {
        ReadOptions { triplets: Some(true), ..ReadOptions::default() }
    }

    #[test]
    fn columns_go_by_their_names() {
        check("user,item,rating\n1,2,3\n", Some([1, 2, 3]));
        check("i,j,v\n1,2,3\n", Some([1, 2, 3]));
        check("timestamp,rating,movieId,userId\n1,2,3,4\n", Some([4, 3, 2]));
        check(",user,item,rating\n0,a,b,3\n", Some([2, 3, 4]));
        check("userID,placeID,rating,food_rating\n1,2,3,4\n", Some([1, 2, 3]));
        check("item,user\nx,a\n", Some([2, 1, 0]));
        check("when,product,client_uid,timestamp\n1,2,3,4\n", None);
        check("user,item,timestamp\na,b,978300760\n", Some([1, 2, 0]));
        check("event_time,user_id,product_id\n2021-03-04,1,7\n", Some([2, 3, 0]));
        for table in ["gene,a,b\nr,1,2\n", "a,b,c,i,j,k,v\n1,2,3,4,5,6,7\n", "user,item1,item2\na,1,2\n", "x\n1\n"] {
            check(table, None);
        }
        let vocabulary = "user,item,rating,a,b,c,d,e,f,g,h,i,j\n";
        check(&(vocabulary.replacen("user", "zebra", 1) + "1,2,3,4,5,6,7,8,9,0,1,2,3\n"), None);
    }

    #[test]
    fn what_is_open_is_refused() {
        let usual = ReadOptions::default();
        let open = "customer_uid,shop_id,num_tx\na,1,2\na,2,2\nb,1,5\nb,2,1\n";
        refuses(open, &usual, Code::ListOrTable, "--columns");
        check("user,book,movie,song\na,1,2,3\nb,1,2,4\n", None);
        // A word twice; two words for the value.
        refuses("user,user,item,rating\na,b,1,2\n", &usual, Code::ListOrTable, "--columns");
        refuses("user,item,count,rating\na,b,1,2\n", &usual, Code::ListOrTable, "--columns");
        check("user,item,rating,food_rating\na,b,1,2\n", Some([1, 2, 3]));
        let texts = "Invoice,Stock,N\n1,p1,2\n1,p2,3\n2,p1,1\n2,p2,5\n";
        refuses(texts, &usual, Code::ListOrTable, "--columns Invoice,Stock,N");
        check("name,kind,N\na,p1,2\nb,p1,3\nc,p1,1\nd,p2,5\n", None);
        refuses("who,user,n,m\n1,2,3,4\n", &list(), Code::ListOrTable, "--columns");
        refuses("1,2,978300760\n1,3,978300761\n", &list(), Code::DatesAsValues, "--columns 1,2");
        refuses("ann,x\nbob,y\n", &list(), Code::HeaderOrData, "--header");
    }

    #[test]
    fn lists_that_are_said_go_by_names_then_places() {
        let check = |text: &str, columns: [usize; 3], headed: bool| {
            assert_eq!(found(text, &list()).unwrap(), Some((columns, headed)), "{text}");
        };
        check("1,2,3\n4,5,6\n", [1, 2, 3], false);
        check("who,what,how\na,b,3\n", [1, 2, 3], true);
        check("booking_id,deal_id\n100,200\n", [1, 2, 0], true);
        check("a,b\n", [1, 2, 0], false);
        check("a,b\na,c\n", [1, 2, 0], false);
        check(",who,what,n\n0,a,b,3\n1,c,d,4\n", [2, 3, 4], true);
        check("time,rating,item,user\n1,2,3,4\n", [4, 3, 2], true);
        check("who,what,date\na,b,2021-03-04\n", [1, 2, 0], true);
    }

    #[test]
    fn columns_can_be_said() {
        let said = |columns: &[&str]| ReadOptions {
            columns: Some(columns.iter().map(|&name| name.to_owned()).collect()),
            ..ReadOptions::default()
        };
        let text = "time,stars,film,who\n5,1,3,4\n";
        assert_eq!(found(text, &said(&["who", "film", "stars"])).unwrap(), Some(([4, 3, 2], true)));
        assert_eq!(found(text, &said(&["4", "3"])).unwrap(), Some(([4, 3, 0], true)));
        assert_eq!(found("1,2,978300760\n1,3,978300761\n", &said(&["1", "2", "3"])).unwrap(), Some(([1, 2, 3], false)));
        refuses(text, &said(&["who", "movie"]), Code::UnknownName, "\"film\"");
        refuses(text, &said(&["who", "who"]), Code::GivenTwice, "who");
        refuses(text, &said(&["who"]), Code::BadOptionValue, "ROW,COL");
    }
}
