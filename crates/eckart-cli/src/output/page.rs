//! Page: the layout of what is printed: headings, facts, tables, wrapped text.
//! In: texts.  Out: one text as wide as the terminal and at most 100 columns, where its parts allow it.
//! Invariant: plain text unless a terminal reads it and NO_COLOR is not set; no line ends in a blank; what is in a file
//! can't command a terminal.
//! Not here: what is said (see `report`, `explain`).

use std::borrow::Cow;
use std::io::{IsTerminal, stdout};

use comfy_table::{CellAlignment, ContentLineStyle, LineStyle, Table, TableStyle};
use eckart::error::{PrintedAs, printable};

/// The widest line, and its width where no terminal tells one.
const WIDTH: usize = 100;
/// Narrower terminals get lines that are too long for them.
const MOST_NARROW: usize = 50;
/// Under each header a rule, and no other lines.
const RULED: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('-').junction(' '))
    .content_lines(ContentLineStyle::none().junction(' '));

/// What begins and ends bold text on a terminal.
pub(crate) const BOLD: [&str; 2] = ["\x1b[1m", "\x1b[0m"];

/// A text that grows.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    bold: bool,
}

impl Page {
    /// An empty page for standard output.
    pub(crate) fn new() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { text: String::new(), bold: stdout().is_terminal() && !refused && !dumb }
    }

    /// A heading, after a blank line.
    pub(crate) fn heading(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let [on, off] = if self.bold { BOLD } else { [""; 2] };
        self.text += &format!("{on}{}{off}\n", wrapped(&line(text), 4).trim());
    }

    /// A paragraph, indented.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.text += &wrapped(&lines(text), 2);
    }

    /// A fact after its name; the names of a list are as wide as `width`.
    pub(crate) fn fact(&mut self, name: &str, width: usize, text: &str) {
        let (name, body) = (line(name), wrapped(&line(text), width + 4));
        self.text += &format!("  {name:<width$}  {}", body.trim_start());
    }

    /// A text that has its own layout.
    pub(crate) fn block(&mut self, text: &str) {
        self.text += &lines(text);
    }

    /// A table; columns are set to the right but those named in `left`.
    pub(crate) fn table(&mut self, header: &[&str], left: &[usize], rows: Vec<Vec<String>>) {
        let mut table = Table::new();
        let rows = rows.into_iter().map(|row| row.iter().map(|cell| line(cell).into_owned()).collect::<Vec<_>>());
        table.load_style(RULED).set_header(header.to_vec()).add_rows(rows);
        for (k, column) in table.column_iter_mut().enumerate() {
            column.set_cell_alignment(if left.contains(&k) { CellAlignment::Left } else { CellAlignment::Right });
            column.set_padding((0, 1));
        }
        for line in table.lines() {
            self.text += &format!("  {}\n", line.trim_end());
        }
    }

    /// All of it.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

fn line(text: &str) -> Cow<'_, str> {
    printable(text, PrintedAs::Line)
}

fn lines(text: &str) -> Cow<'_, str> {
    printable(text, PrintedAs::Lines)
}

/// A blank at which no line ends.
pub(crate) const FIRM: char = '\u{a0}';

/// The columns of the terminal, at most those of a page.
pub(crate) fn terminal_width() -> usize {
    let columns = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let known = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).or_else(columns);
    known.map_or(WIDTH, |width| width.clamp(MOST_NARROW, WIDTH))
}

/// The words of `text` in lines of a page; see [`filled`].
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let width = if stdout().is_terminal() { terminal_width() } else { WIDTH };
    filled(text, indent, width)
}

/// The words of `text` in lines of at most `most` columns, `indent` blanks before each. A longer word gets its own
/// line; words joined by [`FIRM`] stay together.
pub(crate) fn filled(text: &str, indent: usize, most: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let width = word.chars().count();
        if used > 0 && used + 1 + width > most {
            out.push('\n');
            used = 0;
        }
        if used == 0 {
            out += &" ".repeat(indent);
            used = indent;
        } else {
            out.push(' ');
            used += 1;
        }
        out.extend(word.chars().map(|c| if c == FIRM { ' ' } else { c }));
        used += width;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_longer_than_a_page() {
        let text = wrapped(&"word ".repeat(50), 4);
        assert!(text.lines().all(|line| line.len() <= WIDTH && line.starts_with("    word")), "{text}");
        assert_eq!(text.split_whitespace().count(), 50);
        assert_eq!(wrapped("a  b", 2), "  a b\n");
    }

    #[test]
    fn tables_are_plain() {
        let mut page = Page { text: String::new(), bold: false };
        page.table(&["name", "size"], &[0], vec![vec!["a".into(), "1".into()], vec!["bc".into(), "1,000".into()]]);
        assert_eq!(page.finish(), "  name   size\n  ----- ------\n  a         1\n  bc    1,000\n");
    }
}
