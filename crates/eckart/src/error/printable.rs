//! Printable: texts of files as a terminal may show them.
//! In: a text; whether it is one line, several, or JSON.  Out: the same, with each character that a terminal would obey
//! written out.
//! Invariant: no control character is left, nor one that reorders what stands beside it; all else stays as it is.
//! Not here: HTML (see `report`), words of a shell and literals of a program (see `report::shell`).

use std::borrow::Cow;

/// What a text is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintedAs {
    /// One line, or a part of one: a line end in it is written out, too.
    Line,
    /// Lines, which may have tabs.
    Lines,
    /// JSON, whose reader gets the characters that were there.
    Json,
}

/// The text with control characters, and those that change the direction of writing, written out: `\u{1b}`. What
/// reads it as a terminal is told nothing by them.
///
/// ```
/// use eckart::error::{PrintedAs, printable};
/// assert_eq!(printable("a\u{1b}[2J\n", PrintedAs::Line), "a\\u{1b}[2J\\u{a}");
/// ```
pub fn printable(text: &str, printed: PrintedAs) -> Cow<'_, str> {
    let stays = |c: char| !commands(c) || (printed != PrintedAs::Line && (c == '\n' || c == '\t'));
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match printed {
            _ if stays(c) => out.push(c),
            PrintedAs::Json => out += &format!("\\u{:04x}", u32::from(c)),
            PrintedAs::Line | PrintedAs::Lines => out.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal does something else with a character than show it: control characters, separators of lines, marks
/// of direction, and what has no width. Joiners stay: words of some languages have them.
fn commands(c: char) -> bool {
    let is_mark = matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}');
    c.is_control() || is_mark || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        let hostile = "\u{1b}]0;x\u{7}\r\u{9b}2J\u{7f}\u{202e}\u{2067}\u{200f}\u{2028}\0";
        for printed in [PrintedAs::Line, PrintedAs::Lines, PrintedAs::Json] {
            let shown = printable(hostile, printed);
            assert!(!shown.chars().any(commands), "{shown}");
        }
        assert_eq!(printable("é \u{4e2d}\u{a0}\n\t", PrintedAs::Lines), "é \u{4e2d}\u{a0}\n\t");
        assert_eq!(printable("a\nb\tc", PrintedAs::Line), "a\\u{a}b\\u{9}c");
        let json = serde_json::Value::from(hostile).to_string();
        assert_eq!(serde_json::from_str::<String>(&printable(&json, PrintedAs::Json)).unwrap(), hostile);
    }
}
