//! Models: the named objectives, listed or one whole.
//! In: maybe a name.  Out: text.
//! Invariant: the statement is shown as it can be typed; every number in it beside its default.
//! Not here: the objectives themselves (see the library's `model`).

use std::fmt::Write;

use eckart::expr::text::parse_statement;
use eckart::model::{MODELS, Model, find};
use eckart::{Code, Error, Result};

use crate::options::ModelsArgs;
use crate::output::page::wrapped;

/// `eckart models [NAME]`
pub(crate) fn models(args: &ModelsArgs) -> Result<String> {
    match &args.name {
        Some(name) => {
            let model =
                find(name).ok_or_else(|| Error::setting(Code::UnknownModel, format!("there is no model {name}")))?;
            Ok(shown(model)?
                + &format!(
                    "\nFit it:     eckart fit DATA --model {name} --rank R\nChange it:  eckart fit DATA --rank R \
                     --objective \"...\"\n"
                ))
        }
        None => {
            let all = MODELS.iter().map(shown).collect::<Result<Vec<String>>>()?;
            Ok(all.join("\n") + "\nFit one with: eckart fit DATA --model NAME --rank R [--param NAME=VALUE]\n")
        }
    }
}

/// A list of names and summaries, for someone who has named none.
pub(crate) fn menu() -> String {
    MODELS.iter().map(|model| format!("\n  {:<14} {}", model.name, model.summary)).collect()
}

fn shown(model: &Model) -> Result<String> {
    let statement = parse_statement(model.statement)?.to_string();
    let mut text = format!("{}: {}\n{}", model.name, model.summary, wrapped(&statement, 4));
    for (name, value) in model.params {
        let _ = writeln!(text, "    with {name} = {value}  (--param {name}=VALUE)");
    }
    Ok(text)
}
