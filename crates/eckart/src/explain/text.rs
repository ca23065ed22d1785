//! Text: an explanation for people.
//! In: an `Explanation`.  Out: lines, wrapped at 100 columns.
//! Invariant: plain text, the same from the command, Rust and Python.
//! Not here: colours (the command adds its own).

use std::fmt;

use super::section::{Content, Datum, Explanation};
use crate::plan::{bytes, flops};
use crate::report::numbers::{count, short};

/// The widest line, where its words allow it.
const WIDTH: usize = 100;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, section) in self.sections.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{}", section.title)?;
            section.contents.iter().try_for_each(|content| write_content(f, content))?;
        }
        Ok(())
    }
}

fn write_content(f: &mut fmt::Formatter<'_>, content: &Content) -> fmt::Result {
    match content {
        Content::Paragraph(_, text) => f.write_str(&wrapped("  ", text)),
        Content::Layout(_, text) => text.lines().try_for_each(|line| writeln!(f, "{line}")),
        Content::Facts(_, facts) => {
            let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
            for (name, cell) in facts {
                let lines = match cell {
                    Datum::List(cells) => cells.iter().map(said).collect(),
                    cell => vec![said(cell)],
                };
                for (at, line) in lines.iter().enumerate() {
                    let name = if at == 0 { name.as_str() } else { "" };
                    let body = wrapped(&" ".repeat(width + 4), line);
                    write!(f, "  {name:<width$}  {}", body.trim_start())?;
                }
            }
            Ok(())
        }
        Content::Table(_, columns, rows) => write_table(f, columns, rows),
    }
}

fn write_table(f: &mut fmt::Formatter<'_>, columns: &[&str], rows: &[Vec<Datum>]) -> fmt::Result {
    let header: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    let body: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(said).collect()).collect();
    let all = || std::iter::once(&header).chain(&body);
    let width = |k: usize| all().map(|row| row[k].chars().count()).max().unwrap_or(0);
    let is_number = |k: usize| rows.iter().any(|row| !matches!(row[k], Datum::Text(_)));
    for row in all() {
        let cell = |(k, text): (usize, &String)| {
            let width = width(k);
            if is_number(k) { format!("{text:>width$}") } else { format!("{text:<width$}") }
        };
        let line: Vec<String> = row.iter().enumerate().map(cell).collect();
        writeln!(f, "  {}", line.join("  ").trim_end())?;
    }
    Ok(())
}

/// A value in words.
pub(super) fn said(cell: &Datum) -> String {
    match cell {
        Datum::Text(text) => text.clone(),
        Datum::Number(number) => number.to_string(),
        Datum::Count(number) => count(*number),
        Datum::Bytes(number) => bytes(*number as usize),
        Datum::Flops(number) => flops(*number),
        Datum::Seconds(seconds) if *seconds < 1.0 => format!("{} ms", short(1e3 * seconds)),
        Datum::Seconds(seconds) => format!("{} s", short(*seconds)),
        Datum::List(cells) => cells.iter().map(said).collect::<Vec<_>>().join(", "),
    }
}

fn wrapped(indent: &str, text: &str) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let width = word.chars().count();
        if used > 0 && used + 1 + width > WIDTH {
            out.push('\n');
            used = 0;
        }
        if used == 0 {
            out += indent;
            used = indent.len();
        } else {
            out.push(' ');
            used += 1;
        }
        out += word;
        used += width;
    }
    out.push('\n');
    out
}
