//! Shell: command lines as a shell reads them.
//! In: words.  Out: a text.
//! Invariant: what a shell makes of the text are the words.
//! Not here: which words (see `again`).

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
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
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
        let words = ["eckart", "fit", "my file.csv", "--rank", "3"].map(str::to_owned);
        assert_eq!(command_line(words), "eckart fit 'my file.csv' --rank 3");
        let long = command_line((0..40).map(|k| format!("--option-{k}")));
        assert!(long.lines().all(|line| line.len() < 100) && long.split(" \\\n    ").count() > 3, "{long}");
    }
}
