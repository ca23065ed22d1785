//! Page: what a page of `report` says of the model that it is about, and whether the page is whole.
//! In: the HTML of a page.  Out: the same with a sum of it in its last line; the summary that a page holds.
//! Invariant: a page that was cut, or of which any byte was changed, is refused; older ones, without a sum, are read.
//! Not here: what people see on a page (see `report`), what a summary says (see `show`).

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::data::sha256;
use crate::error::{Code, Error, Result};

/// The name of the element of a page that says what the page is of, and its beginning.
pub(crate) const PAGE_META: &str = "eckart-model";
/// The name of the element that says that the page ends with its sum.
pub(crate) const PAGE_SUM_META: &str = "eckart-checksum";
/// What it says.
pub(crate) const PAGE_SUM: &str = "sha256";

/// What the last line of a page begins with; the rest is the SHA-256 of all bytes before that line, in hexadecimal
/// digits.
const LAST_LINE: &str = "<!-- sha256 ";

pub(crate) fn with_sum(mut html: String) -> String {
    let line = last_line(html.as_bytes());
    html.push_str(&line);
    html
}

fn last_line(before: &[u8]) -> String {
    format!("{LAST_LINE}{} -->\n", sha256(before))
}

/// The bytes of a page; `None` where the file is no HTML.
pub(super) fn page_bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    const BEGINS: &[u8] = b"<!doctype html>";
    let named = |source| Error::Io { path: path.to_owned(), source };
    // What can't be opened is named by the reader of safetensors files, which also knows standard input.
    let Ok(file) = std::fs::File::open(path) else { return Ok(None) };
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Ok(None);
    }
    let mut input = BufReader::new(file);
    let is_page = input.fill_buf().map_err(named)?.get(..BEGINS.len()).is_some_and(|b| b.eq_ignore_ascii_case(BEGINS));
    let mut bytes = Vec::new();
    if is_page {
        input.read_to_end(&mut bytes).map_err(named)?;
    }
    Ok(is_page.then_some(bytes))
}

/// What a page says of the model that it is of.
///
/// # Errors
/// `Data` where it says nothing, or is not whole.
pub(super) fn page(bytes: &[u8]) -> Result<Map<String, Value>> {
    let text = String::from_utf8_lossy(bytes);
    let begin = |name: &str| format!("<meta name=\"{name}\" content=\"");
    let Some((_, rest)) = text.split_once(&begin(PAGE_META)) else {
        return Err(Error::data(
            Code::NotAModel,
            "this is an HTML page that does not say which model it is of",
            "Give a page that `eckart report` wrote, or the model itself",
        ));
    };
    let checksum = check(bytes, text.contains(&begin(PAGE_SUM_META)))?;
    let content = rest.split_once('"').map(|(content, _)| content);
    let found = content.and_then(|content| serde_json::from_str::<Value>(&unescaped(content)).ok());
    let Some(Value::Object(mut shown)) = found else {
        return Err(Error::data(Code::DamagedFile, "what the page says of its model can't be read", AGAIN));
    };
    shown.insert("kind".into(), json!("page"));
    shown.insert("checksum".into(), json!(checksum));
    Ok(shown)
}

const AGAIN: &str = "Copy it again from where it was whole, or write it again with `report`";

/// Whether a page is as it was written: `ok`, or `none` where it is whole by its end and has no sum.
fn check(bytes: &[u8], has_sum: bool) -> Result<&'static str> {
    let cut = || Error::data(Code::TruncatedFile, "the page was cut off before its end", AGAIN);
    if !has_sum {
        return if bytes.trim_ascii_end().ends_with(b"</html>") { Ok("none") } else { Err(cut()) };
    }
    let at = bytes.windows(LAST_LINE.len()).rposition(|bytes| bytes == LAST_LINE.as_bytes()).ok_or_else(cut)?;
    let (before, found) = bytes.split_at(at);
    let expected = last_line(before);
    if found == expected.as_bytes() {
        return Ok("ok");
    }
    if expected.as_bytes().starts_with(found) {
        return Err(cut());
    }
    let message = "the page is damaged, or was changed: it is not what was written, by the SHA-256 in its last line";
    Err(Error::data(Code::DamagedFile, message, AGAIN))
}

/// What stands for text in an attribute of a page.
fn unescaped(text: &str) -> String {
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    marks.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;

    fn written() -> String {
        let meta = format!("<meta name=\"{PAGE_META}\" content=\"{{&quot;rank&quot;:2}}\">");
        let sum = format!("<meta name=\"{PAGE_SUM_META}\" content=\"{PAGE_SUM}\">");
        format!("<!doctype html>\n<html>{meta}\n{sum}<p>1,797 rows</p></html>\n")
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_refused() {
        let bytes = with_sum(written()).into_bytes();
        let shown = page(&bytes).unwrap();
        assert_eq!((&shown["rank"], &shown["checksum"], &shown["kind"]), (&json!(2), &json!("ok"), &json!("page")));
        for at in 0..bytes.len() {
            assert!(page(&bytes[..at]).is_err(), "cut off at {at}");
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(page(&other).is_err(), "byte {at}");
        }
        for cut in [1, 20, 100] {
            check_error(&page(&bytes[..bytes.len() - cut]).unwrap_err(), Code::TruncatedFile, "cut off");
        }
        let changed = with_sum(written()).replace("1,797", "1,798");
        check_error(&page(changed.as_bytes()).unwrap_err(), Code::DamagedFile, "SHA-256");
    }

    #[test]
    fn pages_without_a_sum_are_read_where_they_are_whole() {
        let old = written().replace(&format!("<meta name=\"{PAGE_SUM_META}\" content=\"{PAGE_SUM}\">"), "");
        assert_eq!(page(old.as_bytes()).unwrap()["checksum"], "none");
        check_error(&page(&old.as_bytes()[..old.len() - 9]).unwrap_err(), Code::TruncatedFile, "cut off");
        check_error(&page(b"<!doctype html><p>x</p></html>").unwrap_err(), Code::NotAModel, "HTML page");
    }
}
