//! Codes: what the codes of errors, doubts and warnings mean, listed or one whole.
//! In: maybe a code.  Out: text, or JSON.
//! Invariant: the table is the library's, the same that docs/codes.md and `eckart.codes()` list.
//! Not here: the table (see the library's `Code`).

use eckart::error::CodeKind;
use eckart::{Code, Error, Result};
use serde_json::{Value, json};

use crate::options::CodesArgs;
use crate::output::page::Page;

/// `eckart codes [CODE]`
pub(crate) fn codes(args: &CodesArgs) -> Result<String> {
    let Some(word) = &args.code else {
        let all = || json!({ "codes": Code::all().map(object).collect::<Vec<Value>>() });
        return Ok(if args.json { format!("{}\n", all()) } else { table() });
    };
    let found = Code::from_name(word);
    let code = found.ok_or_else(|| Error::setting(Code::UnknownChoice, format!("there is no code {word}")))?;
    if args.json {
        return Ok(format!("{}\n", object(code)));
    }
    let mut page = Page::new();
    page.heading(&format!("{code}: {}", code.kind()));
    page.fact("meaning", 8, code.meaning());
    page.fact("remedy", 8, code.remedy());
    Ok(page.finish())
}

/// The doubts, the errors and the warnings, each in the order of their codes.
fn table() -> String {
    let mut page = Page::new();
    for (kind, heading) in [
        (CodeKind::Doubt, "Doubts: the input is ambiguous, and is rejected"),
        (CodeKind::Error, "Errors: it can't be done as given"),
        (CodeKind::Warning, "Warnings: it was done, but probably not as intended"),
    ] {
        page.heading(heading);
        let mut all: Vec<Code> = Code::all().filter(|code| code.kind() == kind).collect();
        all.sort_by_key(|code| code.as_str());
        let width = all.iter().map(|code| code.as_str().len()).max().unwrap_or_default();
        all.iter().for_each(|code| page.fact(code.as_str(), width, code.meaning()));
    }
    page.paragraph("`eckart codes CODE` says what to do about one.");
    page.finish()
}

fn object(code: Code) -> Value {
    json!({
        "code": code.as_str(),
        "kind": code.kind().as_str(),
        "meaning": code.meaning(),
        "remedy": code.remedy(),
    })
}
