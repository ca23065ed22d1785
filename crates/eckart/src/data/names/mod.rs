//! Names: what the rows and columns of a matrix are called, from a file of their own.
//! In: a path; a file of one name per line, or a CSV file with a header.  Out: the names, in file order.
//! Invariant: a name is the line or cell, quotation marks around it taken away; the k-th belongs to row or column k, so
//! none is skipped silently.
//! Not here: whether their number fits a matrix (its caller knows).

pub(super) mod align;
pub(super) mod ids;
pub(super) mod matching;

use std::collections::BTreeSet;
use std::path::Path;

use super::Delimiter;
use super::formats::text::dialect::delimiter_of;
use super::formats::text::lines::{Lines, with_line_feeds};
use super::formats::text::number::{parse, shown};
use super::formats::text::records::{Records, cell_text};
use super::memory::room_for_one;
use super::source::{empty_file, extension, open, said_of};
use crate::error::{Code, Error, Result};

/// The names in a file of one name per line (`.gz` may be gzipped). Blank lines at its end are no names. A line in
/// quotation marks is the name between them; else a name is the whole line, its commas included.
///
/// Where every line has the same number of cells with tabs between them, as the `features.tsv` of 10x Genomics has (id,
/// symbol, type), the names are in the second column, or in the first where the second holds numbers. A name that
/// stands twice there is told apart by the id before it: `MATR3 (ENSG00000015479)`. Where two columns are names and the
/// numbers of their places (a vocabulary), the names are in the order of these.
///
/// # Errors
/// `Io` where the system refuses the file; `Data` where it holds no name, a blank line between names, or is not UTF-8.
pub fn read_names(path: impl AsRef<Path>) -> Result<Vec<String>> {
    let path = path.as_ref();
    Ok(read_lines(path, None).map_err(|error| said_of(error, path))?.0)
}

/// As [`read_names`], for all `count` rows or columns (`what`) of a matrix, and how the file was understood: `one a
/// line`, or `column 2 of 3`. Of a longer file no more is read than shows that it is longer.
///
/// # Errors
/// As [`read_names`]; `Data` where there are fewer names, or more.
pub fn read_names_of(path: impl AsRef<Path>, what: &str, count: usize) -> Result<(Vec<String>, String)> {
    let path = path.as_ref();
    let (names, reading) = read_lines(path, Some(count)).map_err(|error| said_of(error, path))?;
    if names.len() == count {
        return Ok((names, reading));
    }
    let found = if names.len() > count { format!("more than {count}") } else { names.len().to_string() };
    let message = format!("there are {found} names, and the data has {count} {what}s");
    let help =
        format!("Give one name for every {what}, one per line and without a header (of a table, the one column)");
    Err(Error::data(Code::NameCount, message, help).in_file(path))
}

/// The names in the column called `column` of a CSV file with a header.
///
/// # Errors
/// `Io` where the system refuses the file; `Data` where it has no such column, no row, a ragged row, or is not UTF-8.
pub fn read_names_column(path: impl AsRef<Path>, column: &str) -> Result<Vec<String>> {
    let path = path.as_ref();
    let mut names = Vec::new();
    let find = |header: &[Vec<u8>]| header.iter().position(|cell| cell == column.as_bytes()).map(|k| [k]);
    read_columns(path, column, find, |[name]| add(&mut names, name)).map_err(|error| said_of(error, path))?;
    Ok(names)
}

/// Ids and what they are called, of a CSV file with a header: the columns called `id` and `title`, wherever they are;
/// without them the first of the others, so that `item,title,...` and `movieId,name,...` are read as well.
///
/// # Errors
/// `Io` where the system refuses the file; `Data` where it has fewer than two columns, no row, a ragged row, or is not
/// UTF-8.
pub fn read_titles(path: impl AsRef<Path>) -> Result<Vec<(String, String)>> {
    let path = path.as_ref();
    let mut titles = Vec::new();
    let find = |header: &[Vec<u8>]| {
        let called =
            |name: &str| header.iter().position(|cell| cell.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        let (id, title) = (called("id"), called("title"));
        let first_but = |taken: Option<usize>| (0..header.len()).find(|k| Some(*k) != taken);
        let id = id.or_else(|| first_but(title))?;
        Some([id, title.or_else(|| first_but(Some(id)))?])
    };
    read_columns(path, "title", find, |[id, title]| add(&mut titles, (id, title)))
        .map_err(|error| said_of(error, path))?;
    Ok(titles)
}

/// The names, of more than `most` only one more, and how the file was understood: `one a line`, or `column 2 of 3`.
fn read_lines(path: &Path, most: Option<usize>) -> Result<(Vec<String>, String)> {
    let mut lines = Lines::new(open(path)?);
    let mut names = Vec::new();
    let mut blank = None;
    while most.is_none_or(|most| names.len() <= most) {
        let is_nothing = |number: u64, text: &[u8]| {
            let is_blank = text.trim_ascii().is_empty();
            if is_blank {
                blank.get_or_insert(number);
            }
            is_blank
        };
        if !lines.advance_past(is_nothing)? {
            break;
        }
        if let Some(line) = blank {
            return Err(
                Error::data(Code::BlankLine, "the line is blank", "Give every row or column its name").at_line(line)
            );
        }
        add(&mut names, cell_text(lines.text(), lines.number())?)?;
        lines.found();
    }
    if names.is_empty() {
        return Err(Error::data(Code::EmptyFile, "the file holds no name", "Write one name per line"));
    }
    Ok(symbols(&names).unwrap_or_else(|| (names.iter().map(|line| unquoted(line)).collect(), "one a line".to_owned())))
}

/// What stands between quotation marks, doubled ones being one; another text as it is.
fn unquoted(text: &str) -> String {
    let inside = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let is_one = |inside: &&str| !inside.replace("\"\"", "").contains('"');
    inside.filter(is_one).map_or_else(|| text.to_owned(), |inside| inside.replace("\"\"", "\""))
}

/// The second cells of lines with tabs, or the first where the second are numbers, and which they are; `None` where
/// lines differ.
fn symbols(lines: &[String]) -> Option<(Vec<String>, String)> {
    let cells = |line: &String| line.split('\t').map(|cell| unquoted(cell.trim())).collect();
    let rows: Vec<Vec<String>> = lines.iter().map(cells).collect();
    let width = rows[0].len();
    if width < 2 || rows.iter().any(|row| row.len() != width) {
        return None;
    }
    let column = usize::from(rows.iter().any(|row| parse(row[1].as_bytes()).is_none() && !row[1].is_empty()));
    let (mut known, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        if !known.insert(&row[column]) {
            twice.insert(&row[column]);
        }
    }
    let name = |row: &Vec<String>| match column {
        1 if twice.contains(&row[1]) => format!("{} ({})", row[1], row[0]),
        _ => row[column].clone(),
    };
    if let Some(places) = places(&rows, 1 - column) {
        let mut names = vec![String::new(); rows.len()];
        places.into_iter().zip(&rows).for_each(|(place, row)| names[place] = name(row));
        return Some((names, format!("column {} of 2, by the numbers of column {}", column + 1, 2 - column)));
    }
    let ids = if column == 1 && !twice.is_empty() { ", and column 1 beside names that stand twice" } else { "" };
    Some((rows.iter().map(name).collect(), format!("column {} of {width}{ids}", column + 1)))
}

/// The places that numbers beside names give them, as in a vocabulary of words and their columns: from 0 or from 1 on,
/// each once, in another order than that of the lines. Counts go down.
fn places(rows: &[Vec<String>], column: usize) -> Option<Vec<usize>> {
    const FEWEST: usize = 3;
    if rows.len() < FEWEST || rows[0].len() != 2 {
        return None;
    }
    let numbers: Vec<usize> = rows.iter().map(|row| row[column].parse().ok()).collect::<Option<_>>()?;
    let first = *numbers.iter().min()?;
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let is_all = first <= 1 && sorted.iter().copied().eq(first..first + rows.len());
    let in_order = numbers.is_sorted() || numbers.iter().rev().is_sorted();
    (is_all && !in_order).then(|| numbers.into_iter().map(|number| number - first).collect())
}

fn add<T>(all: &mut Vec<T>, one: T) -> Result<()> {
    room_for_one(all)?;
    all.push(one);
    Ok(())
}

/// Hands the cells of N columns, row after row, to `add`; `find` picks them by the header, `wanted` names them if it
/// can't.
fn read_columns<const N: usize>(
    path: &Path,
    wanted: &str,
    find: impl Fn(&[Vec<u8>]) -> Option<[usize; N]>,
    mut add: impl FnMut([String; N]) -> Result<()>,
) -> Result<()> {
    let input = open(path)?;
    let delimiter = match extension(path).as_deref() {
        Some("tsv") => Delimiter::Byte(b'\t'),
        // The header alone: titles hold commas and semicolons of their own.
        _ => delimiter_of(with_line_feeds(input.prefix()).split_inclusive(|&b| b == b'\n').next().unwrap_or_default()),
    };
    let mut records = Records::new(input, delimiter);
    let Some(header) = records.take()? else {
        return Err(empty_file());
    };
    let columns = find(&header.cells).ok_or_else(|| {
        let known: Vec<String> = header.cells.iter().map(|cell| shown(cell)).collect();
        let message = format!("there is no column {wanted:?}");
        let help = format!("Its columns are {}", known.join(", "));
        Error::data(Code::UnknownName, message, help).at_line(header.line)
    })?;
    let mut count = 0;
    while records.advance()? {
        if records.len() != header.cells.len() {
            let message = format!("the row has {} cells, the header {}", records.len(), header.cells.len());
            return Err(
                Error::data(Code::RaggedRows, message, "Quote cells that hold the delimiter").at_line(records.line())
            );
        }
        let mut cells = [const { String::new() }; N];
        for (cell, &k) in cells.iter_mut().zip(&columns) {
            *cell = cell_text(records.cell(k), records.line())?;
        }
        add(cells)?;
        count += 1;
    }
    if count == 0 {
        return Err(Error::data(Code::NoEntries, "there is a header but no name", "Check how the file was made"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    /// A file of `text` that lives as long as its folder.
    fn file(name: &str, text: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn names_are_read() {
        let check = |text: &str, names: &[&str], said: &str| {
            let (_dir, path) = file("names.txt", text.as_bytes());
            assert_eq!(
                read_names_of(path, "row", names.len()).unwrap(),
                (names.iter().map(ToString::to_string).collect(), said.to_owned())
            );
        };
        let (lines, second) = ("one a line", "column 2 of 3");
        check("a\nb c\n", &["a", "b c"], lines);
        check("\u{feff}a\r\nb, \"c\"\r\n\r\n", &["a", "b, \"c\""], lines);
        check("\"a\"\n\"b, \"\"c\"\"\"\n\"d\", \"e\"\n", &["a", "b, \"c\"", "\"d\", \"e\""], lines);
        check("s1,A\ns2,B\n", &["s1,A", "s2,B"], lines);
        let both = "column 2 of 3, and column 1 beside names that stand twice";
        check("E1\tA\tGene\nE2\tB\tGene\nE3\tA\tGene\n", &["A (E1)", "B", "A (E3)"], both);
        check("E1\tA\tGene\nE2\tB\tGene\nE3\tC\tGene\n", &["A", "B", "C"], second);
        check("\"E1\"\t\"A\"\t1\n\"E2\"\t\"B\"\t2\n", &["A", "B"], second);
        check("peace\t12\nwar\t7\n", &["peace", "war"], "column 1 of 2");
        // Words with their columns, in any order; counts, which go down, are no columns.
        check("to\t2\nthe\t0\nof\t1\n", &["the", "of", "to"], "column 1 of 2, by the numbers of column 2");
        check("3\tto\n1\tthe\n2\tof\n", &["the", "of", "to"], "column 2 of 2, by the numbers of column 1");
        check("to\t3\nthe\t2\nof\t1\n", &["to", "the", "of"], "column 1 of 2");
        check("to\t3\nthe\t1\nof\t3\n", &["to", "the", "of"], "column 1 of 2");
        check("a\tb\nc\n", &["a\tb", "c"], lines);
    }

    #[test]
    fn columns_are_read() {
        let (_dir, path) = file("items.csv", b"item,title,year\n7,\"Heat; II, the\",1\n8,Seven,\n");
        assert_eq!(read_names_column(&path, "title").unwrap(), ["Heat; II, the", "Seven"]);
        let titles = read_titles(&path).unwrap();
        assert_eq!(titles[1], ("8".to_owned(), "Seven".to_owned()));
        for header in
            ["id,year,title\n7,1,Heat\n", "title,id\nHeat,7\n", "Title,year,ID\nHeat,1,7\n", "key,name\n7,Heat\n"]
        {
            let (_dir, path) = file("titles.csv", header.as_bytes());
            assert_eq!(read_titles(&path).unwrap(), [("7".to_owned(), "Heat".to_owned())], "{header}");
        }
        let error = read_names_column(&path, "name").unwrap_err();
        check_error(
            &error,
            Code::UnknownName,
            "line 1: there is no column \"name\". Its columns are \"item\", \"title\"",
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let refuses = |text: &[u8], code: Code, part: &str| {
            let (_dir, path) = file("names.txt", text);
            check_error(&read_names(&path).unwrap_err(), code, &format!("names.txt{part}"));
        };
        refuses(b"", Code::EmptyFile, "");
        refuses(b"a\n\nb\n", Code::BlankLine, ", line 2");
        refuses(b"a\n\xff\n", Code::NotUtf8, ", line 2: the name \"\u{fffd}\"");
        let (_dir, path) = file("a.csv", b"item,title\n1\n");
        check_error(&read_titles(path).unwrap_err(), Code::RaggedRows, "line 2: the row has 1 cells, the header 2");
    }
}
