//! Dialect: what separates the cells of a text, what its commas are, and which of its lines are comments.
//! In: the beginning of a text, options.  Out: `Dialect`; the first rows.
//! Invariant: options come before what is detected; the same beginning gives the same dialect.
//! Not here: what rows mean (see `csv`, `table`, `triplets`).

use super::cells::{CellFormat, Commas, is_decimal_comma, is_grouped};
use super::lines::with_line_feeds;
use super::number::{parse, shown};
use super::records::{Record, Records};
use crate::data::{Decimal, Delimiter, ReadOptions};
use crate::error::{Code, Error, Result};

/// How many rows the delimiter is chosen by.
const TRIED: usize = 20;
/// How many rows are looked at before the first is read.
const SAMPLE: usize = 1000;

/// How a text is written.
#[derive(Debug)]
pub(in crate::data) struct Dialect {
    pub(in crate::data) delimiter: Delimiter,
    /// What a comment begins with.
    pub(in crate::data) comment: Option<Vec<u8>>,
    pub(in crate::data) commas: Commas,
    /// How many cells at the beginning of every row hold nothing: columns that a spreadsheet was left.
    pub(in crate::data) margin: usize,
    /// Whether the first line only says the delimiter, as spreadsheets write it: `sep=;`.
    pub(in crate::data) sep_line: bool,
    /// The first rows.
    pub(in crate::data) sample: Vec<Record>,
    /// The last comment before them, where it names their columns.
    pub(in crate::data) heading: Option<Record>,
}

impl Dialect {
    /// The dialect of a text that begins with `prefix`, or is it where that is `whole`.
    ///
    /// # Errors
    /// `Data` where commas may be decimal marks or marks of thousands.
    pub(in crate::data) fn detect(prefix: &[u8], whole: bool, options: &ReadOptions) -> Result<Self> {
        let text = &*with_line_feeds(prefix.strip_prefix(b"\xef\xbb\xbf").unwrap_or(prefix));
        let (sep, text) = sep_line(text);
        // A row that the prefix cuts is left out, but for the only one.
        let end = text.iter().rposition(|&b| b == b'\n').map_or(text.len(), |at| at + 1);
        let text = if whole { text } else { &text[..end] };
        let comment = match &options.comment {
            Some(mark) => Some(mark.clone().into_bytes()).filter(|mark| !mark.is_empty()),
            None => comment_mark(text),
        };
        let sep_line = sep.is_some();
        let delimiter =
            options.delimiter.clone().or(sep).unwrap_or_else(|| choose(text, comment.as_ref(), options.decimal));
        let mut sample = rows(text, &delimiter, comment.as_ref(), SAMPLE);
        let skipped = u64::from(sep_line);
        sample.iter_mut().for_each(|row| row.line += skipped);
        let margin = margin(&sample);
        sample.iter_mut().for_each(|row| row.leave_out(margin));
        let commas = commas(&sample, &delimiter, options.decimal)?;
        let format = CellFormat::new(options, commas);
        let heading = match (&comment, &options.comment, options.header) {
            (Some(mark), None, None | Some(true)) => heading(text, mark, &delimiter, &sample, &format),
            _ => None,
        };
        Ok(Self { delimiter, comment, commas, margin, sep_line, sample, heading })
    }
}

impl Dialect {
    /// What is out of the ordinary: "delimiter ;; decimal comma; 2 lines of comments".
    pub(in crate::data) fn said(&self, comments: usize) -> Vec<String> {
        let mut said = Vec::new();
        if !matches!(self.delimiter, Delimiter::Byte(b',' | b'\t')) {
            said.push(format!("delimiter {}", self.delimiter.name()));
        }
        if self.commas == Commas::Decimal {
            said.push("decimal comma".into());
        }
        if self.margin > 0 {
            said.push(format!(
                "first {} column{} of nothing left out",
                self.margin,
                if self.margin == 1 { "" } else { "s" }
            ));
        }
        if comments > 0 {
            said.push(format!("{comments} line{} of comments", if comments == 1 { "" } else { "s" }));
        }
        said
    }
}

/// The delimiter of a header.
pub(in crate::data) fn delimiter_of(header: &[u8]) -> Delimiter {
    choose(header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header), None, None)
}

/// The first rows of a text, at most `most`: up to where they can't be split.
fn rows(text: &[u8], delimiter: &Delimiter, comment: Option<&Vec<u8>>, most: usize) -> Vec<Record> {
    let mut records = Records::new(text, delimiter.clone()).without_comments(comment.cloned());
    let mut rows = Vec::new();
    while rows.len() < most
        && let Ok(Some(row)) = records.take()
    {
        rows.push(row);
    }
    rows
}

/// How many cells at the beginning of all rows hold nothing.
fn margin(rows: &[Record]) -> usize {
    let empty = |row: &Record| row.cells.iter().take_while(|cell| cell.is_empty()).count();
    let filled = rows.iter().filter(|row| !row.is_nothing());
    if filled.clone().count() < 2 { 0 } else { filled.map(empty).min().unwrap_or(0) }
}

/// The delimiter that a first line `sep=;` says, and what comes after it.
fn sep_line(text: &[u8]) -> (Option<Delimiter>, &[u8]) {
    let end = text.iter().position(|&b| b == b'\n').map_or(text.len(), |at| at + 1);
    let line = text[..end].trim_ascii_start();
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => (Some(Delimiter::Byte(*delimiter)), &text[end..]),
        _ => (None, text),
    }
}

/// `#`, or `%`, where the text begins with lines of it, and goes on without.
fn comment_mark(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.split(|&b| b == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let first = lines.next()?;
    let mark = match first {
        [b'#', ..] => b'#',
        [b'%', b'%' | b' ' | b'\t' | b'\r', ..] | [b'%'] => b'%',
        _ => return None,
    };
    lines.any(|line| line.first() != Some(&mark)).then(|| vec![mark])
}

/// The delimiter that cuts the first rows alike, where there is one all of them, and leaves the most numbers; of equals
/// the first of the list.
///
/// The order matters where decimals are written with a comma: there commas are as regular as the semicolons between
/// the cells.
fn choose(text: &[u8], comment: Option<&Vec<u8>>, decimal: Option<Decimal>) -> Delimiter {
    let bytes = [b'\t', b';', b',', b'|'].map(Delimiter::Byte);
    let others = [Delimiter::Text("::".into()), Delimiter::Blanks];
    let mut best: Option<((bool, u64), Delimiter)> = None;
    // Between commas a decimal comma stands in quotation marks.
    let no_commas = decimal == Some(Decimal::Comma) && !text.contains(&b'"');
    let is_open = |candidate: &&Delimiter| !no_commas || **candidate != bytes[2];
    for candidate in bytes.iter().chain(&others).filter(is_open) {
        let score = score(&rows(text, candidate, comment, TRIED), candidate);
        if let Some(score) = score
            && best.as_ref().is_none_or(|(most, _)| score > *most)
        {
            best = Some((score, candidate.clone()));
        }
    }
    if let Some((_, delimiter)) = best {
        return delimiter;
    }
    if no_commas {
        return Delimiter::Byte(b';');
    }
    // None is regular: the one that is most frequent on the first row is said to be so by the errors that follow.
    let width = |delimiter: &Delimiter| rows(text, delimiter, comment, 1).first().map_or(0, |row| row.cells.len());
    let by_width = [&bytes[2], &bytes[1], &bytes[0], &bytes[3], &others[0]];
    let widest = by_width.into_iter().rev().max_by_key(|delimiter| width(delimiter));
    let all_numbers = |row: &Record| row.cells.len() > 1 && row.cells.iter().all(|cell| parse(cell).is_some());
    match widest {
        Some(delimiter) if width(delimiter) > 1 => delimiter.clone(),
        _ if rows(text, &others[1], comment, 1).first().is_some_and(all_numbers) => Delimiter::Blanks,
        _ => Delimiter::Byte(b','),
    }
}

/// How good the rows of a delimiter are: whether the first is as long as the others, and the share of numbers in
/// these, in thousandths of what is not missing; `None` where they are not of one length.
fn score(rows: &[Record], delimiter: &Delimiter) -> Option<(bool, u64)> {
    let (first, rest) = rows.split_first()?;
    let body = if rest.is_empty() { rows } else { rest };
    let (begins, width) = (first.cells.len(), body[0].cells.len());
    // The first row may have one cell less: its first column holds names and is not named itself.
    if width < 2 || body.iter().any(|row| row.cells.len() != width) || begins + 1 < width || begins > width {
        return None;
    }
    let cells = || body.iter().flat_map(|row| &row.cells).filter(|cell| !cell.is_empty());
    let numbers = cells().filter(|cell| is_numeric(cell, delimiter)).count() as u64;
    Some((begins == width, 1000 * numbers / (cells().count() as u64).max(1)))
}

/// Whether a cell can be a number, in one convention or another.
fn is_numeric(cell: &[u8], delimiter: &Delimiter) -> bool {
    let other = || is_grouped(cell, b',') || (*delimiter != Delimiter::Byte(b',') && is_decimal_comma(cell));
    parse(cell).is_some() || other()
}

/// What the commas in the numbers of the first rows are.
fn commas(rows: &[Record], delimiter: &Delimiter, decimal: Option<Decimal>) -> Result<Commas> {
    match decimal {
        Some(Decimal::Comma) => return Ok(Commas::Decimal),
        Some(Decimal::Point) => return Ok(Commas::Thousands),
        None => {}
    }
    let (mut points, mut decimals, mut group, mut pointed) = (false, false, None, None);
    for (row, cell) in rows.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell))) {
        match cell.contains(&b',') {
            true if is_grouped(cell, b',') => group = group.or(Some((row.line, cell))),
            true => decimals |= is_decimal_comma(cell),
            false if is_grouped(cell, b'.') => pointed = pointed.or(Some((row.line, cell))),
            false => points |= cell.contains(&b'.') && parse(cell).is_some(),
        }
    }
    match (group, delimiter) {
        _ if decimals => Ok(if points { Commas::Unknown } else { Commas::Decimal }),
        // Between commas such a cell is quoted, which is how spreadsheets write what they show.
        (_, Delimiter::Byte(b',')) => Ok(Commas::Thousands),
        (Some(_), _) if points => Ok(Commas::Thousands),
        (Some((line, cell)), _) => Err(Error::data(
            Code::DecimalMark,
            format!("{} has a decimal comma, or a mark of thousands", shown(cell)),
            "Say which: `--decimal ,` for decimals, `--decimal .` for thousands; in Python decimal=\",\" or \
             decimal=\".\"",
        )
        .at_line(line)),
        // Where commas separate the cells, points are decimals.
        (None, Delimiter::Byte(b';' | b'\t')) if !points => match pointed {
            Some((line, cell)) => Err(Error::data(
                Code::DecimalMark,
                format!(
                    "{} has decimals, or marks of thousands, as all points do here: three digits follow",
                    shown(cell)
                ),
                "Say which: `--decimal .` for decimals, `--decimal ,` for thousands; in Python decimal=\".\" or \
                 decimal=\",\"",
            )
            .at_line(line)),
            None => Ok(Commas::Unknown),
        },
        (None, _) => Ok(Commas::Unknown),
    }
}

/// The names of the columns, where the last of the comments before the first row has them: as many texts as the row
/// has cells, and no texts in that but in its first cell.
fn heading(text: &[u8], mark: &[u8], delimiter: &Delimiter, sample: &[Record], format: &CellFormat) -> Option<Record> {
    let first = sample.first()?;
    let mut last = None;
    for (k, line) in text.split(|&b| b == b'\n').enumerate() {
        match line.starts_with(mark) {
            true => last = Some((k as u64 + 1, line)),
            false if line.trim_ascii().is_empty() => {}
            false => break,
        }
    }
    let (line, comment) = last?;
    let stripped = comment.iter().position(|b| !mark.contains(b)).map_or(&b""[..], |at| &comment[at..]);
    let mut row = rows(stripped, delimiter, None, 1).pop()?;
    row.line = line;
    // An empty corner over names of rows: `#,a,b`.
    let first_cell = row.cells.first().is_some_and(|cell| cell.is_empty() || format.is_text(cell));
    // "measured in 2021, or so" is no list of names.
    let is_prose = *delimiter == Delimiter::Byte(b',') && stripped.windows(2).any(|pair| pair == b", ");
    let names = !is_prose && row.cells.len() > 1 && row.cells.iter().skip(1).all(|cell| format.is_text(cell));
    let numbers = first.cells.iter().skip(1).all(|cell| !format.is_text(cell));
    (names && first_cell && numbers && row.cells.len() == first.cells.len()).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    fn detect(text: &str) -> Result<Dialect> {
        Dialect::detect(text.as_bytes(), true, &ReadOptions::default())
    }

    #[test]
    fn delimiters_are_told_apart() {
        let check = |text: &str, expected: &str| assert_eq!(detect(text).unwrap().delimiter.name(), expected, "{text}");
        check("a,b\n1,2\n", ",");
        check("a\tb, c\n1\t2\n", "tab");
        check("a;b\n1,5;2,5\n3;4\n", ";");
        check("name;x, y\n", ";");
        check("x\n1\n2\n", ",");
        check("\"a;b\",c\n\"d;e;f\",2\n", ",");
        check("a,b\nr1,1,2\nr2,3,4\n", ",");
        check("name,1,2\nx;y,0,0\nz;,0,0\n", ",");
        check("1::2::5::978300760\n1::3::4::978300761\n", "::");
        check("8 3 2\n6 0 2\n", "blanks");
        check("  1.5   2\n 10.25 3\n", "blanks");
        check("\"a\" \"b\"\n\"1\" 0.5 2\n\"2\" 1 3\n", "blanks");
        check("0,5 0,25\n1,5 2,25\n", "blanks");
        check("1, 2, 3\n4, 5, 6\n", ",");
        check("New York,1\nLos Angeles,2\n", ",");
        check("a|b\n1|2\n", "|");
        check("sep=;\na,b;c\n1;2\n", ";");
        check("1 2 3\n4 5\n", "blanks");
        check("a\t\tb\n1\t\t2\n", "tab");
        check("user;item;rating\nu;m;0,125\n", ";");
        check("a;b\r1,5;2\r3;4\r", ";");
    }

    #[test]
    fn commas_are_decimals_or_thousands() {
        let check = |text: &str, expected: Commas| assert_eq!(detect(text).unwrap().commas, expected, "{text}");
        check("s;a;b\nx;0,127;1,234\n", Commas::Decimal);
        check("a;b\n1,5;2\n", Commas::Decimal);
        check("a;b\n1.234,5;2\n", Commas::Decimal);
        check("a;b\n1 234,5;2\n", Commas::Decimal);
        check("a;b\n1,234;0.5\n", Commas::Thousands);
        check("a,b\n\"1,234\",5\n", Commas::Thousands);
        check("a;b\n1,5;2.5\n", Commas::Unknown);
        check("a;b\n1;2\n", Commas::Unknown);
        let error = detect("a;b\n1,234;2\n").unwrap_err();
        check_error(&error, Code::DecimalMark, "line 2");
        check_error(&error, Code::DecimalMark, "--decimal ,");
        for text in ["a;b\n12.500;1.500\n", "a\tb\n950\t1.500\n", "a;b\n1.234.567;2\n"] {
            let error = detect(text).unwrap_err();
            check_error(&error, Code::DecimalMark, "line 2");
            check_error(&error, Code::DecimalMark, "`--decimal ,` for thousands");
        }
        // A point before other than three digits, or after a zero alone, is one of decimals; beside commas all are.
        for text in ["a;b\n12.500;1.50\n", "a\tb\n0.125\t1.500\n", "a,b\n12.500,1.500\n", "a b\n12.500 1.500\n"] {
            check(text, if text.starts_with("a,") { Commas::Thousands } else { Commas::Unknown });
        }
        check("s;a\n1,5;1.500\n", Commas::Decimal);
        let said = ReadOptions { decimal: Some(Decimal::Point), ..ReadOptions::default() };
        assert_eq!(Dialect::detect(b"a;b\n1.500;2\n", true, &said).unwrap().commas, Commas::Thousands);
        assert_eq!(Dialect::detect(b"a;b\n1,234;2\n", true, &said).unwrap().commas, Commas::Thousands);
    }

    #[test]
    fn comments_are_told_from_headers() {
        let check = |text: &str, mark: Option<&str>, heading: &str| {
            let found = detect(text).unwrap();
            assert_eq!(found.comment, mark.map(|mark| mark.as_bytes().to_vec()), "{text}");
            let cells = found.heading.map_or_else(Vec::new, |row| row.cells);
            assert_eq!(String::from_utf8(cells.join(&b' ')).unwrap(), heading, "{text}");
        };
        check("# by the lab\n# 2021\nsite,a\nx,1\n", Some("#"), "");
        check("# made by biom\n#OTU ID\ts1\ts2\nx\t1\t2\n", Some("#"), "OTU ID s1 s2");
        check("# a b c\n1.5 2 3\n", Some("#"), "a b c");
        check("#,a,b\n7,1,2\n8,3,4\n", Some("#"), " a b");
        check("# one, two\n1,2\n", Some("#"), "");
        check("#1,5,6\n#2,7,8\n", None, "");
        check("%change,b\n1,2\n", None, "");
        check("a,b\n#1,2\n", None, "");
    }
}
