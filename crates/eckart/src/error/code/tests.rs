//! Tests: the words of codes, and those of the operating system.
//! In: the table.  Out: nothing.
//! Invariant: words are distinct, and follow from their variants.
//! Not here: which code an error has.

use super::*;
use std::collections::BTreeSet;

#[test]
fn words_are_distinct_and_in_one_form() {
    let words: BTreeSet<&str> = Code::all().map(Code::as_str).collect();
    assert_eq!(words.len(), Code::all().len(), "a word stands twice");
    for code in Code::all() {
        // The word is the variant in small letters, so that either can be guessed from the other.
        let variant = format!("{code:?}").to_ascii_lowercase();
        assert_eq!(code.as_str().replace('-', ""), variant);
        assert!(code.as_str().bytes().all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit()), "{code}");
        assert_eq!(Code::from_name(code.as_str()), Some(code));
        for text in [code.meaning(), code.remedy()] {
            let begins = text.starts_with(|c: char| c.is_uppercase() || c == '`');
            assert!(begins && text.ends_with('.'), "{code}: {text}");
        }
    }
}

#[test]
fn the_systems_refusals_have_codes_by_kind() {
    for (kind, code) in [
        (ErrorKind::NotFound, Code::FileNotFound),
        (ErrorKind::PermissionDenied, Code::PermissionDenied),
        (ErrorKind::StorageFull, Code::NoSpace),
        (ErrorKind::QuotaExceeded, Code::NoSpace),
        (ErrorKind::FileTooLarge, Code::NoSpace),
        (ErrorKind::IsADirectory, Code::IsADirectory),
        (ErrorKind::TimedOut, Code::Io),
    ] {
        assert_eq!(Code::of_io(&std::io::Error::from(kind)), code);
    }
}
