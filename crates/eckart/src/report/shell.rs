//! Shell: command lines as a shell reads them, and texts and names in programs.
//! In: words; texts and names of a model.  Out: a text.
//! Invariant: what a shell makes of the text are the words; no text of a model is anything but a word of a command, a
//! literal or a name in a program.
//! Not here: which words (see `again`).

use crate::error::{PrintedAs, printable};

/// A command from its words, in lines of at most about 100 characters.
pub(super) fn command_line(words: impl IntoIterator<Item = String>) -> String {
    let mut text = String::new();
    let mut used = 0;
    for word in words.into_iter().map(|word| quoted(&word)) {
        let length = word.chars().count();
        let space = match used {
            0 => "",
            // An option begins a line rather than end one.
            used if used + length > 92 || (used > 60 && word.starts_with('-')) => " \\\n    ",
            _ => " ",
        };
        used = if space.len() > 1 { 4 + length } else { used + space.len() + length };
        text += space;
        text += &word;
    }
    text
}

/// A word of a shell's command line.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if printable(word, PrintedAs::Line) == word {
        format!("'{}'", word.replace('\'', "'\\''"))
    } else {
        // What a person can't see is written out.
        let written = |c: char| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if printable(c.encode_utf8(&mut [0; 4]), PrintedAs::Line).len() > c.len_utf8() => {
                format!("\\u{:04x}", u32::from(c))
            }
            c => c.to_string(),
        };
        format!("$'{}'", word.chars().map(written).collect::<String>())
    }
}

/// A text as a literal of Rust.
pub(super) fn literal(text: &str) -> String {
    format!("{text:?}")
}

/// A name as part of a name in Rust, and of a comment.
pub(super) fn name(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        assert_eq!(quoted("a/b.mtx.gz"), "a/b.mtx.gz");
        assert_eq!(quoted("sum(X) $HOME"), "'sum(X) $HOME'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a'\\\n\u{1b}\u{202e}"), "$'a\\'\\\\\\u000a\\u001b\\u202e'");
        assert_eq!(literal("\"); std::process::exit(1); //\u{202e}"), "\"\\\"); std::process::exit(1); //\\u{202e}\"");
        assert_eq!(name("W\n; x"), "W___x");
        let words = ["eckart", "fit", "my file.csv", "--rank", "3"].map(str::to_owned);
        assert_eq!(command_line(words), "eckart fit 'my file.csv' --rank 3");
        let long = command_line((0..40).map(|k| format!("--option-{k}")));
        assert!(long.lines().all(|line| line.len() < 100) && long.split(" \\\n    ").count() > 3, "{long}");
    }
}
