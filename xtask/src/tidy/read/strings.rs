//! The strings of scripts in other languages than Rust: those of a page, and those of the Python package.

/// How a language writes strings and comments.
struct Language {
    /// Longer quotes first.
    quotes: &'static [&'static str],
    comment: &'static str,
}

const PYTHON: Language = Language { quotes: &["\"\"\"", "'''", "\"", "'"], comment: "#" };
const SCRIPT: Language = Language { quotes: &["\"", "'", "`"], comment: "//" };

/// The strings in the text of the file `path`, each with the line it begins on; none of a language that is not known.
pub(crate) fn strings<'a>(path: &str, text: &'a str) -> Vec<(usize, &'a str)> {
    match path.rsplit('.').next() {
        Some("py") => read(text, &PYTHON),
        Some("js") => read(text, &SCRIPT),
        _ => Vec::new(),
    }
}

fn read<'a>(text: &'a str, language: &Language) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < text.len() {
        let rest = &text[at..];
        let quote = language.quotes.iter().find(|quote| rest.starts_with(**quote));
        let len = if let Some(quote) = quote {
            let inside = quote.len() + inside_len(&rest[quote.len()..], quote);
            found.push((line, &rest[quote.len()..inside]));
            (inside + quote.len()).min(rest.len())
        } else if rest.starts_with(language.comment) {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        line += rest[..len].matches('\n').count();
        at += len;
    }
    found
}

/// The length of the text before the next `quote` that no backslash precedes.
fn inside_len(text: &str, quote: &str) -> usize {
    let mut at = 0;
    while at < text.len() && !text[at..].starts_with(quote) {
        let escaped = usize::from(text[at..].starts_with('\\'));
        at += text[at..].chars().take(1 + escaped).map(char::len_utf8).sum::<usize>();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_told_from_comments() {
        let found = strings("a.py", "x = \"a 'b'\"  # \"no\"\ny = '''c\n\"d\" \\'''e'''\nz = 'é'");
        assert_eq!(found, [(1, "a 'b'"), (2, "c\n\"d\" \\'''e"), (4, "é")]);
        assert_eq!(strings("a.js", "f(`a ${b}`, '//') // \"c\""), [(1, "a ${b}"), (1, "//")]);
        assert_eq!(strings("a.css", "\"a\""), []);
    }

    #[test]
    fn broken_text_does_not_panic() {
        for text in ["\"", "'''", "\"\\", "'é", "#"] {
            strings("a.py", text);
        }
    }
}
